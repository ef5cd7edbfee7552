"""Folding of Chinese text and the mending of mirrors' damage. The damaged snippets are a few words each, as seen."""

import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.page import chinese

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)


@pytest.mark.parametrize(
    ("damaged", "mended"),
    [
        ("海珠區(qū)人民政府認(rèn)真", "海珠區人民政府認真"),
        ("區（qū）委", "區委"),
        ("公(gong)(gong)开", "公开"),
        ("公(gōng)(gōng)开", "公开"),
        ("女(lǚ)士", "女士"),
        ("工(ɡōnɡ)作", "工作"),
        ("公信力。\n?。ㄒ唬┲鲃?dòng)公開情況", "公信力。\n\u3000（一）主動公開情況"),
        ("海珠區(qū)分局?jǐn)?shù)據(jù)未納入", "海珠區分局數據未納入"),
        ("標(biāo)準(zhǔn)化規(guī)范化?,F(xiàn)已完成", "標準化規范化。現已完成"),
        ("規(guī)范化?，F(xiàn)已完成", "規范化。現已完成"),
    ],
)
def test_mirror_damage_is_undone(damaged: str, mended: str) -> None:
    assert chinese.repair(damaged) == mended


@pytest.mark.parametrize(
    "text",
    [
        "世界贸易组织WTO(shi)",
        "局(ju)",
        "张(a)",
        "（一）主动公开情况",
        "是否公开?是(否)",
        "收到申请417宗(含上年结转10宗)",
        "政府信息公开(disclosure)",
        "三审三校(三次)?!标准",
        "版本(v)2.0",
        "维生素(A)(B)",
        "重庆(Chongqing)",
        "甲(B)",
        "?",
        "",
    ],
)
def test_undamaged_text_stays(text: str) -> None:
    assert chinese.repair(text) == text


def test_what_cannot_be_undone_is_left_as_it_is() -> None:
    """三审三校”关: the lost byte is the first of 校; the usual guess would put a full stop before the quote."""
    assert chinese.repair("“三審三?!标P(guān),按期主動(dòng)公開") == "“三審三?!标P(guān),按期主動公開"


def test_a_split_character_without_a_known_reading_is_left() -> None:
    assert chinese.repair("局?zòng)?hēi)據") == "局?zòng)?hēi)據"


def test_readings_that_the_text_itself_spells_out_help() -> None:
    shifted = "\u3000（一）主".encode("gbk")[1:] + "縣".encode("gbk")[:1]
    damaged = "?" + shifted.decode("gbk") + "?xiàn)城"
    assert chinese.repair(damaged) == damaged
    assert chinese.repair("縣(xiàn)府" + damaged) == "縣府\u3000（一）主縣城"


@given(st.text(alphabet=st.one_of(HAN, st.sampled_from("，。、（）()?!,:0123456789abcXYZ |\n"))))
def test_repair_keeps_text_that_holds_no_reading(text: str) -> None:
    assert chinese.repair(text) == text


@given(st.text(alphabet=st.one_of(HAN, st.sampled_from("()（）?!,aàǎnjūǐ\u0301PF\ufffd")), max_size=40))
def test_repair_never_raises_and_settles(text: str) -> None:
    chinese.repair(text)


def test_the_seed_of_a_mirror() -> None:
    found = sorted(SEEDS.glob("004*.txt"))
    if not found:
        pytest.skip("../shared/seeds is not here")
    mended = chinese.repair(found[0].read_text(encoding="utf-8"))
    left = [line for line in mended.splitlines() if "?" in line or "ㄒ" in line]
    assert len(left) == 1
    assert mended.count("?") == 1
    assert "“三審三?!标P(guān)" in left[0]
    assert chinese.repair(mended) == mended


def test_other_seeds_are_not_damaged() -> None:
    found = [path for path in sorted(SEEDS.glob("*.txt")) if not path.name.startswith("004")]
    if not found:
        pytest.skip("../shared/seeds is not here")
    for path in found:
        text = path.read_text(encoding="utf-8")
        assert chinese.repair(text) == text, path.name


@pytest.mark.parametrize(
    ("text", "traditional"),
    [
        ("北京市城市管理委員會2020年政府信息公開工作年度報告", True),
        ("北京市城市管理委员会2020年政府信息公开工作年度报告", False),
        ("乾县人民政府", False),
        ("於潜镇人民政府", False),
        ("乾", False),
        ("2020", False),
        ("", False),
        ("臺州", True),
    ],
)
def test_script_of_a_text(text: str, traditional: bool) -> None:
    assert chinese.is_traditional(text) is traditional


def test_simplified_names_are_never_converted() -> None:
    for name in ("乾县人民政府2020年政府信息公开工作年度报告", "於潜镇", "覆盖率", "瞭望台"):
        assert chinese.to_simplified(name) == name


def test_traditional_text_with_regional_words() -> None:
    assert chinese.to_simplified("政府資訊公開、微網志、網路、程式、軟體、衚同、連結、複議") == (
        "政府信息公开、微博、网络、程序、软件、胡同、链接、复议"
    )


def test_plain_is_for_matching() -> None:
    assert chinese.plain(" 政府信息公開　Ａnnual（報告）\u200b") == "政府信息公开annual(报告)"
    assert chinese.plain("區(qū)政府") == "区政府"
    assert chinese.plain("⾏政") == "行政"


def test_invisible_characters_are_all_of_unicode() -> None:
    categories = ("Cc", "Cf", "Zs", "Zl", "Zp")
    unseen = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in categories]
    left = [hex(ord(char)) for char in unseen if chinese.strip_invisible("中" + char) != "中"]
    assert left == []
    assert chinese.strip_invisible(" a\tb\x00\x7f\n") == "ab"


def test_scripts_share_classes() -> None:
    classes = chinese.script_classes()
    for simplified, traditional in (
        "干乾",
        "干幹",
        "后後",
        "发發",
        "发髮",
        "台臺",
        "复複",
        "复覆",
        "胡衚",
        "于於",
        "说説",
        "产産",
    ):
        assert simplified.translate(classes) == traditional.translate(classes)
    for one, other in ("年报", "二三", "区县", "政正", "一十"):
        assert one.translate(classes) != other.translate(classes)
