"""Exchanging and counting characters gives what str.translate and counting one by one give, whatever the text."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.page import characters, chinese
from crawler.page.characters import Counted, Exchange

FEW = {
    ord("甲"): "乙",
    ord("“"): '"',
    0x3000: None,
    0xFF0C: ",",
    ord("…"): "...",
    0x20003: "𠀄",
    ord("]"): "-",
    ord("^"): None,
}
GONE: dict[int, str | None] = {0x200B: None, 0x20: None, 0xE0100: None}
LARGE: dict[int, str | None] = {code: chr(code + 1) for code in range(0x4E00, 0x5400, 2)} | {0x20001: "丁"}
COUNTED = "甲乙]^-\U00020003"

texts = st.text(
    st.one_of(st.sampled_from([*map(chr, (*FEW, *GONE, 0x4E00, 0xD800)), "a", "\n", "一"]), st.characters())
)
TEXTS = st.one_of(texts, texts.map(lambda text: text + "正文一二" * 20))
"""Short ones, and those that are long enough for a class to be compiled."""


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_an_exchange_is_a_translation(text: str) -> None:
    for table in (FEW, GONE, LARGE):
        assert Exchange(table)(text) == text.translate(table)


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_what_is_counted(text: str) -> None:
    assert Counted(COUNTED)(text) == sum(char in COUNTED for char in text)


@settings(max_examples=60, deadline=None)
@given(text=st.one_of(TEXTS, TEXTS.map(lambda text: "e" + "\u0301，①℃㎡…" + text)))
def test_normal_form_kc(text: str) -> None:
    assert characters.nfkc(text) == unicodedata.normalize("NFKC", text)


def test_what_stands_for_wide_characters_stands_for_the_same_text() -> None:
    for code, other in characters.WIDE.items():
        assert unicodedata.normalize("NFKD", chr(code)) == unicodedata.normalize("NFKD", other or "")


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_what_nobody_sees_is_stripped(text: str) -> None:
    assert chinese.strip_invisible(text) == text.translate(chinese.invisible())
    lines = (line.translate(chinese.invisible()) for line in text.split("\n"))
    assert chinese.strip_lines(text) == "\n".join(lines)


def test_white_space_is_invisible() -> None:
    assert all(code in chinese.invisible() for code in range(0x110000) if chr(code).isspace())
