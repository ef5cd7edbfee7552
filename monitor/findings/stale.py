"""Another year left standing in a report: in its title line, its opening, its outlook, its word on fees. Pure.

A year is named for many good reasons: notices, plans, comparisons, what began or was put right. So only places count where
a report speaks of itself, and only if its own year is not named there.
"""

import re
from collections.abc import Iterator

from crawler.page.titles import classify
from monitor.findings.chapters import Chapters
from monitor.findings.model import Finding

_QUOTED = re.compile(r"《[^》\n]*》|“[^”\n]{0,40}”|\"[^\"\n]{0,40}\"")
_BEGINS = re.compile(r"^(?:\(一\)[^。,\n]{0,16}\n|\(一\))?(20\d\d)年度?,")
_OPENING = re.compile(
    r"(?:现(?:将|予公布|予公开|公布|公开|发布|向社会公布|向社会公开|向社会发布)|特(?:此)?向社会(?:公布|公开)|编制的)"
    r"[^。;\n]{0,30}?(20\d\d)年度?[^。;,\n]{0,20}?信息公开(?!条例)[^。;,\n]{0,10}?(?:报告|情况|年报)(?!的?(?:通知|要求|函|编制|格式|制度|考核))"
)
_PLAN = re.compile(r"(?:^|[。;\n])(20\d\d)年度?,?[^。;,\n]{0,14},?将(?:进一步|继续|持续|着力|重点|着重|认真|坚持)")
_FEE = re.compile(r"信息处理费|收费通知")
_YEARS = re.compile(r"(20\d\d)年(?:度)?(?!\d|以来|起|以后|\d{1,2}月|初|底|末|印发|出台|施行)")


def stale_year(chapters: Chapters, year: int | None) -> Iterator[Finding]:
    """One finding for each place."""
    if year is None:
        return
    told = set()
    for place, other, said in (
        *_title(chapters, year),
        *_announced(chapters, year),
        *_first_words(chapters, year),
        *_outlook(chapters, year),
        *_fees(chapters, year),
    ):
        if place not in told:
            told.add(place)
            detail = f"{place}写作{other}年，报告年度为{year}年：“{said}”"
            yield Finding("stale_year", "warning", detail, f"正文 {place}")


_Hit = tuple[str, str, str]
"""Place, the year that stands there, the words."""


def _title(chapters: Chapters, year: int) -> Iterator[_Hit]:
    read = {line: classify(line) for line in chapters.title_lines()}
    years = {one.year: line for line, one in read.items() if one.kind == "report" and one.year is not None}
    if years and year not in years:
        other = next(iter(years))
        yield "文中标题", str(other), _clipped(years[other])


def _announced(chapters: Chapters, year: int) -> Iterator[_Hit]:
    for place, words in chapters.openings():
        text = _QUOTED.sub("", words)
        found = _OPENING.search(text)
        if found and found[1] != str(year) and f"{year}年" not in text:
            yield place, found[1], _clipped(found[0])


def _first_words(chapters: Chapters, year: int) -> Iterator[_Hit]:
    text = chapters.text.get("一", "")
    found = _BEGINS.search(text)
    if found and found[1] != str(year) and str(year) not in text:
        yield "一、总体情况", found[1], _clipped(text[found.start(1) :])


def _outlook(chapters: Chapters, year: int) -> Iterator[_Hit]:
    """A plan for the year that the report looks back on."""
    text = chapters.text.get("五", "")
    found = _PLAN.search(text)
    if found and found[1] == str(year) and str(year + 1) not in text:
        yield "五、存在的主要问题", found[1], _clipped(text[found.start(1) :])


def _fees(chapters: Chapters, year: int) -> Iterator[_Hit]:
    for sentence in re.split(r"[。;\n]", _QUOTED.sub("", chapters.text.get("六", ""))):
        if not _FEE.search(sentence):
            continue
        years = set(_YEARS.findall(re.sub(r"[\[〔(]20\d\d[\]〕)]", "", sentence)))
        if len(years) == 1 and str(year) not in sentence:
            yield "六、其他需要报告的事项", years.pop(), _clipped(sentence)
            return


def _clipped(words: str) -> str:
    words = words.replace("\n", "").replace(",", "，")
    return words if len(words) <= 24 else words[:24] + "…"
