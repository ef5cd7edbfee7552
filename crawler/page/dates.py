"""Years and dates as Chinese government pages print them.

In: text. Out: years (int, 2003 to 2100: the first national rules on disclosure were drafted in 2003) and local dates
(YYYY-MM-DD). Full-width digits, 二〇二〇年 with every kind of zero, and spaces between the digits are read. Pure.
"""

import datetime
import re

import msgspec

FIRST, LAST = 2003, 2100

_ZERO = "〇○零Ｏ0OoО◯⭕"
_DIGITS = {
    **{character: str(value) for value, character in enumerate("0123456789")},
    **{character: str(value) for value, character in enumerate("０１２３４５６７８９")},
    **{character: str(value) for value, character in enumerate("〇一二三四五六七八九")},
    **dict.fromkeys(_ZERO, "0"),
}
_ARABIC = r"[2２]\s*[01０１]\s*\d\s*\d"
_HAN = rf"[二2２]\s*[{_ZERO}]\s*[{_ZERO}一二三四五六七八九]\s*[{_ZERO}一二三四五六七八九]"
YEAR = rf"(?:(?<!\d)(?:{_ARABIC})|{_HAN})"
"""A year's four digits; \\d takes full-width ones too."""

_YEAR_WORD = re.compile(rf"({YEAR})\s*年")
_ANY_YEAR = re.compile(rf"({YEAR})(?!\d)")
_DATE = re.compile(
    rf"({YEAR}|1970)\s*(?:[-/.]|年)\s*(\d{{1,2}}|[一二三四五六七八九十〇○零]{{1,3}})\s*(?:[-/.]|月)\s*"
    r"(\d{1,2}|[一二三四五六七八九十〇○零]{1,3})(?!\d)"
)
_COMPACT = re.compile(r"(?<!\d)(20\d\d)(\d\d)(\d\d)(?:\d{6})?(?!\d)")
_EPOCH = re.compile(r"(?<!\d)1[0-9]{9}(?:\d{3})?(?!\d)")
_PERIOD = re.compile(
    rf"(?:自|从|從|为|為|是|[:：，,])?\s*({YEAR})\s*(?:年|[-/.])\s*(\d{{1,2}})\s*(?:月|[-/.])\s*(\d{{1,2}})\s*日?\s*"
    rf"(?:起)?\s*[，,]?\s*(?:至|到|—+|–|-+|~|～|―)\s*(?:({YEAR})\s*(?:年|[-/.])\s*)?(\d{{1,2}})\s*(?:月|[-/.])\s*(\d{{1,2}})\s*日?"
)


class Period(msgspec.Struct, frozen=True):
    """The period that a report says its figures cover, local dates YYYY-MM-DD, as printed."""

    start: str
    end: str

    @property
    def possible(self) -> bool:
        """Whether it ends after it starts."""
        return self.start <= self.end


def year_of(digits: str) -> int | None:
    """`２０２０`, `二〇二〇`, `2 0 2 0` → 2020; None outside FIRST to LAST."""
    figures = "".join(_DIGITS.get(character, "") for character in digits)
    year = int(figures) if len(figures) == 4 else 0
    return year if FIRST <= year <= LAST else None


def years_in(text: str) -> list[int]:
    """Every year that a 年 follows, in order, repeated as often as it stands there."""
    return [year for found in _YEAR_WORD.findall(text) if (year := year_of(found)) is not None]


def bare_year(text: str) -> int | None:
    """The first four digits that can be a year, with or without 年."""
    for found in _ANY_YEAR.findall(text):
        if (year := year_of(found)) is not None:
            return year
    return None


def iso_date(text: str) -> str:
    """The first possible date in `text` as YYYY-MM-DD; the hour is dropped. Empty if there is none.

    1970-01-01 is what a CMS prints for an empty field; it is none.
    """
    for match in _DATE.finditer(text):
        if found := _iso(year_of(match[1]), _number(match[2]), _number(match[3])):
            return found
    if compact := _COMPACT.search(text):
        return _iso(int(compact[1]), int(compact[2]), int(compact[3]))
    return ""


def epoch_date(text: str) -> str:
    """A time stamp in seconds or milliseconds as a date in China (UTC+8, no summer time since 1992)."""
    match = _EPOCH.fullmatch(text.strip())
    if match is None:
        return ""
    zone = datetime.timezone(datetime.timedelta(hours=8))
    return datetime.datetime.fromtimestamp(int(match[0][:10]), zone).date().isoformat()


def period_in(text: str) -> Period | None:
    """The first period of figures in `text`, such as 2020年1月1日至12月31日; None if there is none.

    It must start on the first of a month and run for more than 31 days as printed, or be impossible: reports name
    other spans too. The end may be before the start (a real misprint): see `Period.possible`.
    """
    for match in _PERIOD.finditer(text):
        first = year_of(match[1])
        last = year_of(match[4]) if match[4] else first
        start = _iso(first, _number(match[2]), _number(match[3]))
        end = _iso(last, _number(match[5]), _number(match[6]))
        if start and end and start[8:] == "01" and (end < start or start[:7] != end[:7]):
            return Period(start, end)
    return None


def _iso(year: int | None, month: int, day: int) -> str:
    try:
        return datetime.date(year or 0, month, day).isoformat()
    except ValueError:
        return ""


def _number(text: str) -> int:
    """`3`, `０３`, `十二`, `三十一`, `二十` → int; 0 if it is none."""
    if text.isdigit():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (int(_DIGITS.get(tens, "1")) if tens else 1) * 10 + (int(_DIGITS.get(ones, "0")) if ones else 0)
    return int("".join(_DIGITS.get(character, "") for character in text) or "0")
