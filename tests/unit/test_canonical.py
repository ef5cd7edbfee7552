"""What counts as the same: every row of the table of cosmetic and content differences."""

import hashlib
from pathlib import Path

import opencc
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crawler.page import chinese
from monitor import canonical, canonical_revision
from monitor.canonical import AttachmentState, comparable, fingerprints, significance

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"

BODY = """一、总体情况
2020年,全县各级行政机关主动公开政府信息3,215条(其中网站2,890条)，收到申请248件，增长13.76%。
“放管服”改革——持续深化；详见国办函〔2020〕109号。
| 项目 | 自然人 | 总计 |
| 一、本年新收 | 64 | 248 |
| 二、上年结转 | 0 | 17 |
二、二〇二〇年的主要问题
乾县、於潜等地的经验值得借鉴。"""


def of(
    text: str = BODY, title: str = "临海市人民政府2020年政府信息公开工作年度报告", **more: object
) -> canonical.Fingerprints:
    fields: dict[str, object] = {"organ": "临海市人民政府", "source": "临海市人民政府", "published_on": "2021-01-29"}
    fields.update(more)
    return fingerprints(title, text=text, **fields)  # type: ignore[arg-type]


def document(text: str = "附件正文", **more: str) -> AttachmentState:
    sha256 = hashlib.sha256(repr((text, more)).encode()).hexdigest()
    return AttachmentState(
        **{"url": "http://a/1.pdf", "name": "年报.pdf", "kind": "document", "sha256": sha256, "text": text, **more}
    )


def judged(text: str, other: str) -> str:
    assert significance(of(other), of(text)) == significance(of(text), of(other))
    return significance(of(text), of(other))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("总体情况", " 总\u200b体 情\u00a0况\u3000"),
        ("一、总体情况\n", "一、总体情况"),
        ("主动公开", "主动\n公开"),
        ("248件", "248\ufeff件"),
        ("| 64 |", "|  64  |"),
        ("248件", "248\ue0100件".replace("\ue010", "\ufe0f").replace("0件", "件")),
    ],
)
def test_invisible_differences_are_none(old: str, new: str) -> None:
    assert judged(BODY, BODY.replace(old, new)) == "none"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3,215条(其中网站2,890条)", "３，２１５条（其中网站２，８９０条）"),
        ("“放管服”", '"放管服"'),
        ("“放管服”", "「放管服」"),
        ("——", "—"),
        ("——", "--"),
        ("〔2020〕", "[2020]"),
        ("〔2020〕", "［2020］"),
        ("13.76%", "13.76％"),
        ("二〇二〇年", "二○二○年"),
        ("二〇二〇年", "二零二零年"),
        ("二〇二〇年", "二０二０年"),
        ("一、总体", "⼀、总体"),
        ("2020年,", "2020年，"),
        ("行政机关", "⾏政机关"),
        ("各级", "各(gè)级"),
        ("公开", "公(gong)(gong)开"),
    ],
)
def test_cosmetic_differences(old: str, new: str) -> None:
    assert old in BODY
    assert judged(BODY, BODY.replace(old, new)) == "cosmetic"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("248", "284"),
        ("| 64 | 248 |", "| 248 | 64 |"),
        ("| 0 | 17 |", "| 01 | 7 |"),
        ("| 二、上年结转 | 0 | 17 |\n", ""),
        ("| 项目 | 自然人 | 总计 |", "| 项目 | 自然人 |"),
        ("3,215", "3、215"),
        ("13.76%", "13.76"),
        ("13.76", "1376"),
        ("乾县", "干县"),
        ("於潜", "于潜"),
        ("主动公开政府信息", "主动公开政府资讯"),
        ("政府信息3,215条", "政务信息3,215条"),
        ("248件，", "248件，未超期，"),
        ("增长", "减少"),
        ("二〇二〇年", "二〇二一年"),
        ("二〇二〇年", "二一二〇年"),
        ("收到申请248件，", ""),
        ("| 0 | 17 |", "|  | 17 |"),
        ("，增长13.76%", "；增长13.76%"),
    ],
)
def test_content_differences(old: str, new: str) -> None:
    assert old in BODY
    assert judged(BODY, BODY.replace(old, new)) == "content"


def test_zeros_are_folded_in_years_only() -> None:
    assert judged("共零件", "共〇件") == "content"
    assert judged("编号二〇〇一号", "编号二零零一号") == "content"
    assert judged("二〇〇一年年报告", "二零零一年年报告") == "cosmetic"


@pytest.mark.parametrize("field", ["organ", "source", "published_on", "title"])
def test_every_field_counts(field: str) -> None:
    assert significance(of(), of(**{field: "北京市某局2"})) == "content"


def test_fields_do_not_run_into_each_other() -> None:
    assert significance(of(organ="甲乙", source="丙"), of(organ="甲", source="乙丙")) == "content"


def test_a_grid_is_more_than_its_words() -> None:
    assert judged("| 甲 | 乙 |", "| 甲乙 |") == "content"
    assert judged("| 甲 |\n| 乙 |", "| 甲 | 乙 |") == "content"
    assert judged("| 甲 | 1 |\n|  |  |\n| 乙 | 2 |", "| 甲 | 1 |\n| 乙 | 2 |") == "cosmetic"


def test_traditional_view_is_cosmetic_and_names_are_kept_apart_in_one_script() -> None:
    simplified = "政府信息公开年度报告,网络、程序、微博、复议、胡同、视频、软件、质量、水平"
    traditional = "政府資訊公開年度報告,網路、程式、微網志、複議、衚同、影片、軟體、品質、水準"
    gateway = "政府信息公開年度報告,網絡、程序、微博、復議、胡同、視頻、軟件、質量、水平"
    old = of(simplified, "年度报告")
    for view in (traditional, gateway):
        assert significance(old, of(view, "年度報告", organ="臨海市人民政府")) == "cosmetic"
    assert significance(of(traditional, "年度報告"), of(gateway, "年度報告")) == "cosmetic"
    assert significance(of("乾縣報告", "年度報告"), of("幹縣報告", "年度報告")) == "content"
    assert significance(of("产品质量", "年度报告"), of("產品質量", "年度報告")) == "cosmetic"
    assert significance(of("产品质量", "年度报告"), of("產品品質", "年度報告")) == "cosmetic"


@pytest.mark.parametrize(
    "word", ["发布", "联系", "复印", "注销", "审核", "数据", "软件", "网络", "合并", "制作", "批准"]
)
def test_markup_within_a_word_that_a_mirror_converts_is_cosmetic(word: str) -> None:
    """Where markup stands between two characters, a converter sees no word: 發布, and 釋出 after a redesign."""
    mirror = opencc.OpenCC("s2twp").convert
    in_one = of(mirror(BODY + f"全年{word}信息一百条"))
    in_two = of(mirror(BODY + "全年") + mirror(word[0]) + mirror(word[1]) + mirror("信息一百条"))
    assert in_one.script == in_two.script == "traditional"
    assert significance(in_one, in_two) in ("none", "cosmetic")
    assert significance(in_two, of(BODY + f"全年{word}信息一百条")) == "cosmetic"


def test_a_change_of_script_does_not_hide_a_change_of_content() -> None:
    old = of("共收到申请248件,公开信息", "年度报告")
    assert significance(old, of("共收到申請284件,公開信息", "年度報告")) == "content"
    assert significance(old, of("共收到申請248件,公開消息", "年度報告")) == "content"


def test_attachments_by_text_then_pixels_then_bytes() -> None:
    base = of(attachments=[document()])
    assert significance(base, of(attachments=[document(url="http://b/2.pdf")])) == "cosmetic"  # other bytes here
    same_bytes = document()
    renamed = AttachmentState("http://b/2.pdf", "附件1.pdf", "document", same_bytes.sha256, same_bytes.text)
    moved = AttachmentState("http://b/2.pdf", "年报.pdf", "document", same_bytes.sha256, same_bytes.text)
    assert significance(base, of(attachments=[moved])) == "none"
    assert significance(base, of(attachments=[renamed])) == "cosmetic"
    assert significance(base, of(attachments=[document("附件正文。")])) == "content"
    assert significance(base, of(attachments=[])) == "content"
    assert significance(base, of(attachments=[document(), document("二")])) == "content"
    one, two = document("一"), document("二")
    assert significance(of(attachments=[one, two]), of(attachments=[two, one])) == "cosmetic"  # links in another order


def test_pictures_by_pixels() -> None:
    first = AttachmentState("u", "", "picture", "aa", "", "p1")
    recoded = AttachmentState("u", "", "picture", "bb", "", "p1")
    other = AttachmentState("u", "", "picture", "cc", "", "p2")
    opaque = AttachmentState("u", "", "document", "dd")
    swapped = AttachmentState("u", "", "document", "ee")
    assert significance(of(attachments=[first]), of(attachments=[recoded])) == "cosmetic"
    assert significance(of(attachments=[first]), of(attachments=[other])) == "content"
    assert significance(of(attachments=[opaque]), of(attachments=[swapped])) == "content"
    assert (
        significance(of(attachments=[first, other]), of(attachments=[other, first])) == "content"
    )  # they change places
    assert canonical.attachment_hash(first) == canonical.attachment_hash(recoded) != canonical.attachment_hash(other)


def test_a_picture_behind_another_address_is_no_difference() -> None:
    first = AttachmentState("http://a/W1.png", "W1.png", "picture", "aa", "", "p1")
    moved = AttachmentState("http://a/new/W2.png", "W2.png", "picture", "aa", "", "p1")
    named = AttachmentState("http://a/W1.png", "附图", "picture", "aa", "", "p1")
    assert significance(of(attachments=[first]), of(attachments=[moved])) == "none"
    assert significance(of(attachments=[first]), of(attachments=[named])) == "cosmetic"


def test_an_extraction_that_fails_on_the_same_bytes_is_no_change() -> None:
    read = AttachmentState("u", "年报.pdf", "document", "aa", "正文")
    failed = AttachmentState("u", "年报.pdf", "document", "aa", "")
    assert significance(of(attachments=[read]), of(attachments=[failed])) == "none"


def test_bytes_of_the_attachment_text_fold_like_the_body() -> None:
    assert (
        significance(of(attachments=[document("⾏政机关，“甲”")]), of(attachments=[document('行政机关,"甲"')]))
        == "cosmetic"
    )


def test_revision_names_what_it_depends_on() -> None:
    assert "opencc=" in canonical_revision.REVISION
    assert "pypdfium2=" in canonical_revision.REVISION


REPLACEMENTS = {
    "han": "一二三四五六七八九十县市区镇政务公开信息申请收到处理报告年度机关总体情况增减多少有无不",
    "digit": "0123456789",
    "letter": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
}
VISIBLE = [place for place, char in enumerate(BODY) if char.isalnum() and char != "〇"]


@given(st.sampled_from(VISIBLE), st.data())
def test_no_change_of_one_character_is_hidden(place: int, data: st.DataObject) -> None:
    kind = "digit" if BODY[place].isdigit() else "han"
    char = data.draw(st.sampled_from(REPLACEMENTS[kind]))
    assume(char != BODY[place])
    edited = BODY[:place] + char + BODY[place + 1 :]
    assert significance(of(), of(edited)) == "content"


HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
PART = st.text(st.one_of(HAN, st.sampled_from("2019，。、（）%.0123456789ABCabc| ")), min_size=1, max_size=60)


@given(PART, HAN, HAN, PART)
def test_any_two_characters_of_one_script_differ(before: str, one: str, other: str, after: str) -> None:
    assume(one != other and not {one, other} & set("零○〇"))
    head, tail = "本年度报告总体情况" + before, after + "为进一步规范开发，发挥监督"
    old, new = of(head + one + tail), of(head + other + tail)
    assume(old.script == new.script == "simplified")
    assert significance(old, new) == "content"


@given(PART, st.sampled_from("".join(REPLACEMENTS.values())), st.sampled_from("".join(REPLACEMENTS.values())), PART)
def test_digits_and_letters_are_never_folded(before: str, one: str, other: str, after: str) -> None:
    assume(one != other)
    kinds = [kind for kind in REPLACEMENTS if one in REPLACEMENTS[kind]]
    assume(other in REPLACEMENTS[kinds[0]])
    assert significance(of(before + "为" + one + "项" + after), of(before + "为" + other + "项" + after)) == "content"


@given(st.text(max_size=80))
def test_folding_never_raises_and_depends_on_the_text_only(text: str) -> None:
    assert of(text) == of(text)
    assert comparable(comparable(text)) == comparable(comparable(comparable(text)))


# The first clause of each pair is damaged as mirrors do it; the second is the clean text, written by hand.
DAMAGED = [
    ("海珠區(qū)人民政府認(rèn)真貫徹落實(shí)", "海珠区人民政府认真贯彻落实"),
    ("政府公信力。\n?。ㄒ唬┲鲃?dòng)公開情況", "政府公信力。\n（一）主动公开情况"),
    ("(廣州市海珠區(qū)分局?jǐn)?shù)據(jù)未納入)", "（广州市海珠区分局数据未纳入）"),
    ("公開標(biāo)準(zhǔn)化規(guī)范化?,F(xiàn)已完成2625項(xiàng)", "公开标准化规范化。现已完成2625项"),
    ("政府序列新媒體進(jìn)行摸查,共7個(gè)", "政府序列新媒体进行摸查，共7个"),
]


@pytest.mark.parametrize(("damaged", "clean"), DAMAGED)
def test_a_mirrors_damage_is_cosmetic(damaged: str, clean: str) -> None:
    old = of(clean, "海珠区人民政府2020年年度报告", organ="海珠区人民政府", source="")
    new = of(damaged, "海珠區(qū)人民政府2020年年度報(bào)告", organ="海珠區(qū)人民政府", source="")
    assert significance(old, new) == "cosmetic"
    counted = of(damaged.replace("7", "8").replace("2625", "2652"), "海珠區人民政府2020年年度報告", organ="", source="")
    assert significance(old, counted) == "content"


CLEAN_004 = """一、总体情况
2020年，海珠区人民政府认真贯彻落实《中华人民共和国政府信息公开条例》及国家、省、市有关政务公开工作要求，
紧紧围绕区委、区政府重大决策部署，以群众满意为目标，不断拓展公开内容，创新公开形式，完善公开制度，强化公开监督，
促进政府权力运行的公开透明，提升政府公信力。
（一）主动公开情况
海珠区人民政府充分发挥海珠区政府门户网站作为政府信息公开第一平台作用，严把网站信息发布
;;按期主动公开政务动态、规范性文件、通知公告、财政预决算等信息。
一年来，通过海珠区政府门户网站发布信息超10000条，发布规范性文件8篇，均已同步发布政策解读文件。
（二）依申请公开情况
2020年海珠区人民政府共收到政府信息公开申请417宗，上年结转申请10宗。其中予以公开141宗；部分公开13宗，不予公开103宗；
无法提供135宗；不予处理18宗；转下年度继续办理17宗。（广州市规划和资源分局海珠区分局数据未纳入上述统计）
;;同步做好区政府门户网站ipv6环境改造工作，确保网站正常运行，实现资源优化融合、数据互认共享、管理统筹规范、服务便捷高效。
;;实现公开标准化规范化。现已完成2625项基层政务公开标准事项梳理。三是延伸公开末端，实现“基层通”。
;;六、其他需要报告的事项
无其他需要报告的事项。
公开方式：主动公开"""

CLEAN_003 = """依据《中华人民共和国政府信息公开条例》（以下简称《政府信息公开条例》）第五十条规定，编制本报告。
一、总体情况
2020年，市城市管理委坚持以习近平新时代中国特色社会主义思想为指导，坚持以人民为中心的发展思想，立足加强“四个中心”功能建设
和提高“四个服务”水平，围绕城市管理重点工作和疫情防控工作，按照政府信息公开相关工作要求，认真落实《政府信息公开条例》，
坚持以“公开为常态，不公开为例外”为原则，编制2020年政务公开工作要点，全面推进政府信息主动公开，依法依规做好依申请公开，
加强政府信息全链条管理，规范政府信息公开平台建设，全力推进政府信息公开工作有序开展。
（一）主动公开方面
定期公开重要民生实事项目及市政府工作报告中重点工作的完成情况。利用专题、图解、视频、新闻发布会等多种形式，借助北京电视台、
《北京晚报》、“市民对话一把手”、微博、微信、抖音、快手等多个平台
;;针对咨询、非本机关信息等申请事项，注重与申请人沟通，切实解决申请人需求。
;;并对所有重大事项履行预公开程序，征求意见阶段同步公开文件解读，按时发布意见采纳情况说明
;;新增“垃圾分类达人秀”“北京您早——垃圾分类我们一起来”“云逛胡同”等栏目
;;提升信息公开质量和实效，同时优化调整政务网站栏目和功能，提升信息搜索等智能化水平，增强公开平台的服务性。"""


@pytest.mark.parametrize(("seed", "clean"), [("004", CLEAN_004), ("003", CLEAN_003)])
def test_seeds_equal_a_clean_simplified_copy(seed: str, clean: str) -> None:
    """`;;` parts passages that do not follow each other (between them stands what cannot be mended, or is left out)."""
    found = sorted(SEEDS.glob(f"{seed}*.txt"))
    if not found:
        pytest.skip("../shared/seeds is not here")
    whole = comparable(chinese.repair(found[0].read_text(encoding="utf-8")))
    for passage in clean.split(";;"):
        assert comparable(passage) in whole, passage[:40]


def test_a_simplified_page_in_which_a_mirror_put_some_traditional_characters_with_readings() -> None:
    plain = "海珠区人民政府全年主动公开政府信息120条，区财政局另有记载，乾县来函一件。"
    damaged = plain.replace("区", "區(qū)").replace("动", "動(dòng)").replace("务", "務(wù)")
    assert judged(plain, damaged) == "cosmetic"
    assert judged(damaged, plain) == "cosmetic"
    assert judged(plain, damaged.replace("120", "121")) == "content"
    assert judged(damaged, damaged.replace("乾县", "干县")) == "content"


def test_one_traditional_character_without_a_reading_is_an_edit_of_a_simplified_page() -> None:
    plain = "海珠区人民政府全年主动公开政府信息120条，区财政局另有记载。"
    assert judged(plain, plain.replace("区", "區", 1)) == "content"
