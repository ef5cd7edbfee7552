"""OpenCC's word lists as we read them, against the library itself, and what our folding makes of every word in them."""

from pathlib import Path

import opencc
import pytest

from crawler.page import opencc_words
from crawler.page.opencc_words import DictionaryError, dictionary
from monitor import regional
from monitor.canonical import fingerprints, significance

CONVERTERS = ("s2t", "s2tw", "s2twp", "s2hk", "s2hkp")


def phrases() -> list[str]:
    words = {
        *dictionary("STPhrases"),
        *dictionary("STPhrases_GeneratedFromRegionalPhrases"),
        *dictionary("STCharacters"),
    }
    to_simplified = opencc.OpenCC("t2s").convert
    words |= {to_simplified(word) for table in ("TWPhrases", "HKPhrases") for word in dictionary(table)}
    return sorted(words)


def test_words_are_those_that_the_library_converts() -> None:
    """Every entry, asked of the library: all of its words are there, whole and with what they become."""
    singles = dictionary("STCharacters")
    asked = sorted(singles)
    assert len(asked) > 3900
    converted = str(opencc.OpenCC("s2t").convert("\n".join(asked))).split("\n")
    assert [singles[char][0] for char in asked] == converted
    table = dictionary("TWPhrases")
    asked = sorted(table)
    assert len(asked) > 700
    converted = str(opencc.OpenCC("t2tw").convert("\n".join(asked))).split("\n")
    assert len(converted) == len(asked)
    assert table["程序"] == ("程式",)
    assert table["支持"] == ("支援",)


@pytest.mark.parametrize("converter", CONVERTERS)
def test_every_phrase_that_a_converter_knows_is_folded_with_its_conversion(converter: str) -> None:
    words = phrases()
    assert len(words) > 50_000
    converted = str(opencc.OpenCC(converter).convert("\n".join(words))).split("\n")
    other = [
        f"{word} {view}"
        for word, view in zip(words, converted, strict=True)
        if regional.across(word) != regional.across(view)
    ]
    assert other == []


def test_conversions_of_every_phrase_are_folded_together() -> None:
    words = phrases()
    views = [str(opencc.OpenCC(converter).convert("\n".join(words))).split("\n") for converter in CONVERTERS]
    other = [forms for forms in zip(*views, strict=True) if len(set(map(regional.traditional, forms))) > 1]
    assert other == []


def test_every_exchanged_word_is_content_in_simplified_text() -> None:
    """支持 and 支援, 文件 and 档案: what a conversion may exchange is an edit where both captures are Simplified."""
    to_simplified = opencc.OpenCC("t2s").convert
    asked = 0
    for word, others in dictionary("TWPhrases").items():
        one, other = to_simplified(word), to_simplified(others[0])
        if one == other:
            continue
        old, new = (
            fingerprints("某县2020年政府信息公开工作年度报告", "某县", "", "", f"本年度共{part}12件，办结")
            for part in (one, other)
        )
        assert significance(old, new) == "content", (one, other)
        asked += 1
    assert asked > 600


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:40],
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"MARISA_0.2", b"MARISA_9.9", 1),
        lambda data: data[:19] + b"X" + data[20:],
    ],
)
def test_a_file_of_another_layout_is_named(damage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    data = (opencc_words._folder() / "TWVariants.ocd2").read_bytes()
    (tmp_path / "Words.ocd2").write_bytes(damage(data))
    monkeypatch.setattr(opencc_words, "_folder", lambda: tmp_path)
    with pytest.raises(DictionaryError, match=r"Words\.ocd2"):
        dictionary("Words")
    with pytest.raises(DictionaryError, match=r"Absent\.ocd2"):
        dictionary("Absent")
