"""What a table cell says: a number with its unit, an empty mark, or words. Pure.

Told apart as printed: blank, `/`, `—` are empty (no value), `0` is a number. What cannot be read for certain, such as
`1 2` or `5/3`, is words: better no figure than a wrong one.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Literal, NamedTuple

from crawler.page.chinese import plain

Kind = Literal["number", "empty", "words"]


class Recognised(str):
    """A cell as it was recognised in a picture."""

    __slots__ = ("confidence",)

    confidence: float
    """0 to 1."""

    def __new__(cls, words: str, confidence: float) -> "Recognised":
        made = super().__new__(cls, words)
        made.confidence = confidence
        return made


class Reading(NamedTuple):
    """One cell, read."""

    kind: Kind
    amount: float = 0.0
    """The number as printed, its unit not applied."""
    unit: str = ""
    """The unit in the cell: 元, 万元, 亿元, 万, or a counter such as 件; empty if it has none."""


_LONGEST = 40
"""Characters of a cell that may be a figure: hundreds of digits are nobody's count, and no float holds them."""
_WORDS = Reading("words")
_EMPTY = Reading("empty")
_ZERO = Reading("number")

_EMPTY_MARK = re.compile(r"[-−‐-―─━_/\\|*.…·~、]*|无|n/?a|不适用|空", re.IGNORECASE)
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_COUNTER = "件次|人次|件|条|个|项|宗|次|份|起|篇|部|人|户|类|笔|家|例"
_AMOUNT = re.compile(
    rf"(?P<sign>[-+−–—]|增加?|新增|减少?|↑|↓)?(?P<number>{_NUMBER})\(?(?P<unit>亿元|万元|元|万(?:{_COUNTER})?|{_COUNTER})?(?:人民币)?\)?"
)
_BOTH = re.compile(
    rf"(?:\+|增加?|新增|↑)(?P<more>{_NUMBER})[件项个]?[/,、;]?(?:[-−–—]|减少?|↓)(?P<less>{_NUMBER})[件项个]?"
)
_NO_CHANGE = re.compile(r"[+-]?0/[+-]?0|〇|零|持平|(?:无|没有)(?:变化|增减)|不变")
_TRADITIONAL = str.maketrans("萬億條項個減無類筆戶變", "万亿条项个减无类笔户变")
_APART = re.compile(r"[\d.,]\s+[\d.,]|[-−‐-―]\s+\d")
"""What may be two cells in one: `0 254`, `- 3`."""
_FACTORS = {
    "件": {"万": 1e4},
    "万元": {"元": 1e-4, "亿元": 1e4, "万元": 1.0, "万": 1.0},
}


@lru_cache(maxsize=8192)
def read(raw: str) -> Reading:
    """A cell as printed → what it says."""
    text = unicodedata.normalize("NFKC", raw).strip()
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST:
        return Reading("number", float(text))
    if _APART.search(text):
        return _WORDS
    text = text.translate(_TRADITIONAL)
    text = re.sub(r"[\s\u200b-\u200f\u2060\ufeff]+", "", text)
    if _EMPTY_MARK.fullmatch(text):
        return _EMPTY
    if _NO_CHANGE.fullmatch(text):
        return _ZERO
    if len(text) <= _LONGEST and (both := _BOTH.fullmatch(text)):
        return Reading("number", _float(both["more"]) - _float(both["less"]))
    found = _AMOUNT.fullmatch(text)
    if found is None or len(text) > _LONGEST:
        return _WORDS
    negative = (found["sign"] or "+")[0] in "-−–—减↓"
    amount = _float(found["number"])
    return Reading("number", -amount if negative and amount else amount, found["unit"] or "")


def _float(number: str) -> float:
    return float(number.replace(",", ""))


def value(reading: Reading, unit: str, header_factor: float = 1.0) -> float | None:
    """A number in `unit` (件 or 万元); None if the cell's own unit contradicts it. `header_factor` is what the table's
    header says of the unit (1e-4 for 元 where 万元 is due); the cell's own unit comes first."""
    if not reading.unit:
        factor = header_factor
    elif unit == "件":
        if "元" in reading.unit:
            return None
        factor = 1e4 if reading.unit.startswith("万") else 1.0
    elif reading.unit in _FACTORS[unit]:
        factor = _FACTORS[unit][reading.unit]
    else:
        return None
    return reading.amount if factor == 1.0 else round(reading.amount * factor, 10)


@lru_cache(maxsize=8192)
def fold(raw: str) -> str:
    """A label for matching: mirror damage mended, NFKC, Simplified, only letters, digits and characters."""
    return re.sub(r"[\W_]+", "", plain(raw))
