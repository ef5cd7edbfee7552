"""The period that a report says it covers, and the day it is dated: possible, and its year's. Pure."""

import re
from collections.abc import Iterator
from datetime import date

from monitor.findings.model import Finding

_DAY = r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日"
_TO = r"(?:至|到|止|-|—|–|~|～|─)+"
_PERIOD = re.compile(
    r"(?:统计(?:的)?(?:期限|时限|时间|期间|周期|范围|数据|日期)|数据(?:的)?统计|(?:所列|中的?|各项|有关|相关)数据|报告期)[^。；;\n]{0,24}?"
    rf"(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日(?:\([^)]{{0,6}}\))?起?[,、]?{_TO}{_DAY}"
)
_MONTHS = re.compile(
    rf"统计(?:的)?(?:期限|时限|时间|期间|周期)[^。；;\n]{{0,12}}?(\d{{4}})年(\d{{1,2}})月份?起?{_TO}(?:(\d{{4}})年)?(\d{{1,2}})月(?!\d{{1,2}}日)"
)
_DOTTED = re.compile(r"(?<!\d)(20\d\d)\.(\d{1,2})\.(\d{1,2})(?!\d)")
_PLACE = "正文 统计期限"
_LATE = 11
"""A period that goes on into this month is meant to be the year's; one that ends before may be of something else."""


def period(lines: str, year: int | None) -> Iterator[Finding]:
    """In: folded text."""
    lines = _DOTTED.sub(r"\1年\2月\3日", lines)
    if (found := _PERIOD.search(lines)) is None:
        yield from _whole_months(lines, year)
        return
    first, last = _date(found[1], found[2], found[3]), _date(found[4] or found[1], found[5], found[6])
    printed = f"{found[1]}年{found[2]}月{found[3]}日至{found[4] or found[1]}年{found[5]}月{found[6]}日"
    if first is None or last is None or last < first:
        yield Finding("impossible_period", "warning", f"统计期限不可能：{printed}", _PLACE)
    elif year is not None and (first, last) != (date(year, 1, 1), date(year, 12, 31)):
        whole = (first.month, first.day) == (1, 1) or (last.month, last.day) == (12, 31)
        ends_early = (first.month, first.day) == (1, 1) and last.month >= _LATE
        if not whole or (first.year == last.year == year and not ends_early):
            return  # of something else; or of an organ founded in the year, or 2008, when the first 条例 began on 1 May
        yield Finding("wrong_period", "warning", f"统计期限不是{year}年全年：{printed}", _PLACE)


def _whole_months(lines: str, year: int | None) -> Iterator[Finding]:
    """The same where no days are told: 2022年1月至12月."""
    if (found := _MONTHS.search(lines)) is None or year is None:
        return
    first, last = (int(found[1]), int(found[2])), (int(found[3] or found[1]), int(found[4]))
    printed = f"{first[0]}年{first[1]}月至{last[0]}年{last[1]}月"
    if last < first:
        yield Finding("impossible_period", "warning", f"统计期限不可能：{printed}", _PLACE)
    elif year not in (first[0], last[0]) and (first[1], last[1]) == (1, 12):
        yield Finding("wrong_period", "warning", f"统计期限不是{year}年全年：{printed}", _PLACE)


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def dated(year: int | None, published_on: str) -> Iterator[Finding]:
    """A year's report can't be out months before the year ends."""
    if year is not None and "2000" < published_on < f"{year}-12-01":
        detail = f"页面标注日期 {published_on} 早于{year}年度结束"
        yield Finding("published_early", "warning", detail, "公开日期")
