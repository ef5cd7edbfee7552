"""A report's text by the chapters of the national form, folded for matching. Pure.

In: text in the form of `crawler.page.text`. Out: `Chapters`: preface and chapters 一 to 六, each a run of folded paragraphs
(Simplified, NFKC, no white space); `GRID` stands where a table stood. Layout tables are paragraphs like any other.
"""

import re
from itertools import groupby

import msgspec

from crawler.page.characters import nfkc
from crawler.page.chinese import repair, strip_lines, to_simplified

GRID = "▦"
"""A row of a table, in the text of a chapter."""
_LONG = 60
"""Characters of a cell that holds prose, and of a line that no table was flattened into."""
_TITLE_LINES = 2
_OPENING_WORDS, _FIRST_WORDS = 1500, 400
_NO_TITLE = re.compile(r"^[上下]一[篇条页]|^(?:相关|附件|链接|点击|查看|下载)|[。;]$")
_HEADINGS = {
    "一": r"一[、.](?:总体情况|总体概况|概述|概况|基本情况)",
    "二": r"二[、.]主动公开(?:政府信息)?(?:的)?情况",
    "三": r"三[、.](?:(?:收到|受理)(?:和|及)?(?:处理|办理)政府信息公开申请|依申请公开(?:政府信息)?)(?:的)?情况",
    "四": r"四[、.](?:因)?政府信息公开(?:工作)?(?:被)?(?:申请)?行政复议[、,和及与]*(?:被)?(?:提起)?行政诉讼(?:的)?情况",
    "五": (
        r"五[、.](?:政府信息公开工作)?存在的?(?:主要)?(?:问题|不足)"
        r"(?:和|及|与|以及|、)?(?:其)?(?:改进|整改|下一步)?(?:工作)?(?:情况|措施|打算|意见)?"
    ),
    "六": r"六[、.]其他(?:需要|须要|须)?(?:报告|说明)的?(?:事项|情况)",
}


class Chapters(msgspec.Struct, frozen=True):
    """`preface` is what stands before chapter 一; all of it where the text has no chapters."""

    preface: str
    text: dict[str, str]
    """By number 一 to 六: what stands under that heading. A number that the report has not is not there."""

    def title_lines(self) -> list[str]:
        """The first lines, as far as they may be the report's title."""
        first = [line for line in self.preface.split("\n") if line][:_TITLE_LINES]
        return [line for line in first if len(line) <= _LONG and not _NO_TITLE.search(line)]

    def openings(self) -> tuple[tuple[str, str], ...]:
        """Where a report says what it is: the preface, or the first words of chapter 一. Place and text."""
        first = self.text.get("一", "")[:_FIRST_WORDS]
        return ("引言", self.preface[:_OPENING_WORDS]), ("一、总体情况", first)


def folded(text: str) -> str:
    """`text` folded line by line, as `crawler.page.chinese.plain` folds a paragraph."""
    return to_simplified(strip_lines(nfkc(strip_lines(repair(text))))).lower()


def chapters(lines: str) -> Chapters:
    """The chapters of a folded text. A preface that lists them, or a table of contents, is none."""
    prose = "\n".join(_prose(lines))
    starts: dict[str, re.Match[str]] = {}
    place = 0
    for number, heading in _HEADINGS.items():
        found = list(re.finditer(heading, prose[place:]))
        if not found:
            continue
        # The list comes before the chapters, so the last 总体情况 is the chapter; what follows it is in order.
        start = re.compile(heading).search(prose, place + (found[-1].start() if number == "一" else found[0].start()))
        assert start is not None
        starts[number] = start
        place = start.end()
    order = list(starts.values())
    text = {
        number: prose[start.end() : order[index + 1].start() if index + 1 < len(order) else len(prose)].strip("\n")
        for index, (number, start) in enumerate(starts.items())
    }
    return Chapters(prose[: order[0].start()] if order else prose, text)


def _prose(lines: str) -> list[str]:
    """Paragraphs; a row of figures is `GRID`. A cell that spans all columns is repeated in each, and is a paragraph."""
    prose = []
    for line in lines.split("\n"):
        if not line.startswith("|"):
            flattened = line.endswith("|") and len(line) < _LONG
            prose.append(GRID if flattened else line)
            continue
        cells = [cell for cell, _ in groupby(line.strip("|").split("|")) if cell]
        if len(cells) == 1 or any(len(cell) > _LONG for cell in cells):
            prose.extend(cells)
        elif cells:
            prose.append(GRID)
    return prose
