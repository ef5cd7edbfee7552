"""Every pair of Chinese characters that anything takes for one: told apart within a script, folded between scripts."""

import itertools
import unicodedata
from collections import defaultdict

import pytest

from crawler.page import chinese
from monitor import canonical, regional
from monitor.canonical import Fingerprints, fingerprints, significance

UNIFIED = [
    chr(code) for first, last in ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0x20000, 0x2A6E0)) for code in range(first, last)
]
SIMPLIFIED = (
    "某县2020年政府信息公开工作年度报告",
    "一、总体情况：发布规范性文件12件。{}为进一步规范开发与监督，办结{}。",
)
TRADITIONAL = (
    "某縣2020年政府信息公開工作年度報告",
    "一、總體情況：發布規範性文件12件。{}為進一步規範開發與監督，辦結{}。",
)


def of(words: tuple[str, str], char: str) -> Fingerprints:
    title, text = words
    return fingerprints(title, "", "", "2021-01-29", text.format(char, char))


def folded_pairs() -> list[tuple[str, str]]:
    """Pairs that script folding takes for one."""
    groups = defaultdict(list)
    for char in UNIFIED:
        groups[char.translate(chinese.script_classes())].append(char)
    return [pair for group in groups.values() for pair in itertools.combinations(group, 2)]


PAIRS = folded_pairs()


def test_no_folding_of_marks_touches_a_character() -> None:
    """So that two captures of one script are compared by what is printed: all of CJK, one by one."""
    assert [char for char in UNIFIED if canonical.comparable(char) != regional.across(char)] == []
    marks = "\n".join(UNIFIED)
    kept = canonical.canonical(marks)
    assert kept == "".join(UNIFIED)


def test_pairs_are_many_and_hold_those_that_are_known_to_be_trouble() -> None:
    assert len(PAIRS) > 3500
    for one, other in (
        "乾干",
        "於于",
        "后後",
        "鍾钟",
        "锺钟",
        "徵征",
        "覆复",
        "藉借",
        "瞭了",
        "麽么",
        "浚濬",
        "象像",
        "坐座",
        "澄澂",
        "宁甯",
    ):
        assert (one, other) in PAIRS or (other, one) in PAIRS, one + other


def test_each_pair_is_content_between_simplified_captures() -> None:
    hidden = []
    for one, other in PAIRS:
        old, new = of(SIMPLIFIED, one), of(SIMPLIFIED, other)
        assert old.script == new.script == "simplified"
        assert old.content_hash == new.content_hash
        if significance(old, new) != "content":
            hidden.append(one + other)
    assert hidden == []


def test_each_pair_is_content_between_traditional_captures_but_forms_of_standards() -> None:
    """What is folded there is exactly what OpenCC's standards for Taiwan and Hong Kong write differently, and three
    chemical elements that have other characters there."""
    forms = {**chinese.traditional_variants(), **str.maketrans("鍅錇錼", "鈁鉳鎿")}
    wrong = []
    for one, other in PAIRS:
        old, new = of(TRADITIONAL, one), of(TRADITIONAL, other)
        assert old.script == new.script == "traditional"
        wanted = "cosmetic" if one.translate(forms) == other.translate(forms) else "content"
        if significance(old, new) != wanted:
            wrong.append(one + other)
    assert wrong == []
    folded = {char for char in map(chr, forms) if unicodedata.normalize("NFC", char) == char}
    assert len(folded) < 120, "a short list: docs/lifecycle.md says what it is"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(
            ("乾县", "干县"),
            ("於潜镇", "于潜镇"),
            ("洪洞县", "洪同县"),
            ("尤溪县", "犹溪县"),
            ("浚县", "濬县"),
            ("锺楼", "钟楼"),
        ),
        *(
            ("一件", "二件"),
            ("十件", "千件"),
            ("二十件", "二十一件"),
            ("〇件", "零件"),
            ("〇件", "0件"),
            ("〇件", "O件"),
            ("0件", "O件"),
        ),
        *(
            ("1件", "l件"),
            ("I件", "l件"),
            ("1件", "Ⅰ件"),
            ("两件", "二件"),
            ("贰件", "二件"),
            ("壹件", "一件"),
            ("a件", "A件"),
        ),
        *(
            ("已办", "己办"),
            ("已办", "巳办"),
            ("未办", "末办"),
            ("土地", "士地"),
            ("日期", "曰期"),
            ("A座", "Α座"),
            ("о件", "o件"),
        ),
        *(
            ("12.5%", "12.5‰"),
            ("1,000", "1.000"),
            ("1-2", "1、2"),
            ("10件", "1O件"),
            ("3～5", "3、5"),
            ("支持", "支援"),
            ("信息", "资讯"),
        ),
    ],
)
def test_look_alike_letters_and_numerals_are_content(one: str, other: str) -> None:
    for words in (SIMPLIFIED, TRADITIONAL):
        if words is SIMPLIFIED or not ({one, other} & {"支持", "信息", "乾县", "於潜镇", "浚县", "锺楼"}):
            assert significance(of(words, one), of(words, other)) == "content"
