"""What a report's own sentences say of it: its year, its period, its author.

In: folded lines (no white space, one script). Out: year, period, organ. Pure.
"""

import re
from collections.abc import Sequence

from crawler.page import titles
from crawler.page.dates import YEAR, Period, period_in, year_of, years_in
from crawler.page.model import YearFrom

_BODY_YEAR = re.compile(rf"({YEAR})年?度?(?:的|本级)?(?:政府|政务)?信息公开.{{0,4}}(?:年度|年报|工作|报告)")
_OF_ANOTHER = re.compile(
    r"(?:落实|对照|针对|参照|参考|比照|整改|对比|详见|参见|较|比)(?:(?!编|现将|公布|制作)[^，,。；;、]){0,24}$"
)
_PAST = re.compile(r"[^，,。；;]{0,8}(?:已于|已在|已经|已按|指出|提出|反映|发布后|公布后|公开后|存在的|中的|显示)")
"""What stands around the name of another report than this one."""
_FIRST_YEAR = re.compile(rf"^({YEAR})年度?(?:[,，、]|我|本|全|度)(?!.{{0,6}}将)")
"""A paragraph that opens with its year: 2022年，…; not one about a date or about plans."""
_ORGAN = re.compile(
    r"(?:由|系由|是由)([^，,。；;、:：由（(]{3,40}?)(?:[（(](?:以下|下)[^)）]*[)）])?(?:(?:按照|根据|依据|依照|遵照)(?:[^，,。；;（(]|[（(][^）)]{0,60}[）)]){0,160}?)?"
    r"(?:负责)?(?:编制|编写|汇总|撰写|组织编)"
)
_AUTHOR = re.compile(
    r"(?:要求|规定|精神)[,，](?!我|本|各|现|特|结合|经)([^，,。；;、:：（(]{3,30}?)(?:[（(](?:以下|下)[^)）]*[)）])?(?:组织)?(?:编制|编写|撰写)(?:了|完成)?(?:本|此|20|《)"
)
"""Of the opening sentence: 根据…要求，某局编制本年度报告。"""
_PRESENTED = re.compile(
    rf"现将(?!我|本|各|全)([^，,。；;、:：（(]{{3,40}}?)(?:{YEAR}年度?|本年度)(?:的|本级)?(?:政府|政务)?信息公开"
)
"""Of the same: 现将某局2020年度政府信息公开工作情况报告如下。"""
_SUBJECT = re.compile(
    rf"^{YEAR}年(?:度|来|以来)?[,，、]?([^，,。；;:：（(]{{4,40}}?)[（(](?:以下|下)[^)）]{{0,6}}(?:简称|称)"
)
_PERIOD_WORD = re.compile(
    r"期限|时限|期间|起止|周期|统计时间|时间范围|统计范围|所列数据|(?:报告|数据|统计).{0,12}(?:自|从|时间)"
)


def body_year(lines: Sequence[str], vote: bool = True) -> tuple[int | None, YearFrom | None]:
    """The year that folded lines speak of: as they tell it (`told_year`), else (by `vote`) the year named most by far."""
    year, year_from = told_year(lines)
    return (voted_year(lines), "body") if year is None and vote and voted_year(lines) else (year, year_from)


def told_year(lines: Sequence[str]) -> tuple[int | None, YearFrom | None]:
    """The year that folded lines tell for their own: their period's, else that of the opening sentence (编制的2018年度…报告), else
    that of 2018年，… at the start of one of the first. Last year's report is often named too: 2017年度…报告已于…公布."""
    if (period := period_of(lines)) is not None:
        return int(period.start[:4]), "period"
    for line in lines[:12]:
        for named in _BODY_YEAR.finditer(line):
            if not _OF_ANOTHER.search(line[: named.start()]) and not _PAST.match(line[named.end() :]):
                return year_of(named[1]), "body"
    for line in lines[:15]:
        if match := _FIRST_YEAR.match(line):
            return year_of(match[1]), "body"
    return None, None


def voted_year(lines: Sequence[str]) -> int | None:
    """The year that lines name most by far: a guess, for parts of which nothing tells another."""
    # A document's number, 〔2020〕17号, is in brackets and no year of work.
    counts: dict[int, int] = {}
    for line in lines:
        for place, year in enumerate(years_in(line)):
            counts[year] = counts.get(year, 0) + (
                2 if place == 0 and line.lstrip("(（一二三四五六七八九十）)、").startswith(("2", "二")) else 1
            )
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    if ranked and ranked[0][1] >= 2 and (len(ranked) == 1 or ranked[0][1] >= 2 * ranked[1][1]):
        return ranked[0][0]
    return None


def organ_in(lines: Sequence[str]) -> str:
    """The organ that the text names as its author: 由某局（以下简称…）编制; empty if it names none."""
    for line in lines[:10]:
        for pattern in (_ORGAN, _AUTHOR, _PRESENTED, _SUBJECT):
            if (match := pattern.search(line)) and titles.is_organ_name(match[1]):
                return match[1]
    return ""


def period_of(lines: Sequence[str]) -> Period | None:
    """The period that folded lines say their figures cover; None if they say none."""
    for line in lines[:40]:
        for match in _PERIOD_WORD.finditer(line):
            if (period := period_in(line[max(0, match.start() - 60) : match.end() + 80])) is not None:
                return period
    return None
