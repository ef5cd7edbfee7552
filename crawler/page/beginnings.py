"""What shows, line by line, that a report begins: its title, its year alone, its opening sentence, its first chapter, its first table.

In: a body's pieces and the names that stand among them without being text. Out: `Lines`: for each piece what it is of a report's
beginning, what heads it, its marks; and the box that a report has for itself. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import islice, pairwise
from types import MappingProxyType
from typing import Any

from crawler.page import titles
from crawler.page.dates import YEAR, bare_year, year_of
from crawler.page.dom import Element, ancestors
from crawler.page.evidence import CHAPTER_ONE, OPENING, TABLE_TWO, Folder, in_long_line, marks_in, marks_in_table
from crawler.page.flow import Piece
from crawler.page.statements import period_of

HEADING = "heading"
RANK = {HEADING: 0, OPENING: 1, CHAPTER_ONE: 2, TABLE_TWO: 3}

_ORDINAL = r"(?:第?[一二三四五六七八九十]{1,3}[、.．部]分?|[▶►▷◆◇●○■□★☆▲▼➤·•*＊>》-])?"
_YEAR_LINE = re.compile(
    rf"^{_ORDINAL}[(（【\[《]?({YEAR})(?:年度?|年年?报|年?度?(?:工作)?(?:报告|年报)|年政府信息公开)?[)）】\]》]?[:：▼▲+]?$"
)
_LISTED = re.compile(r"[(（]?\d{1,2}[)）.．、]")
"""A line of a list in the text."""
_FOREWORD = re.compile(r"^(?:引言|前言|导言|序言|编制说明)[:：]?$")
_CHAPTER = re.compile(r"^第?([一二三四五六七八九十])(?:[、.．,，:：]|部分|章)")
_NUMBERS = {number: place for place, number in enumerate("一二三四五六七八九十", 1)}
_TITLE_ENDS = ("报告", "年报", ")", "）", "》")
_PART = 40
"""Characters of the longest part of a title that line breaks part."""
_SHORT = 80
"""Characters of the longest heading."""
ASIDE = 400
"""Characters that a page may show above the first or below the last of its reports."""
_MOST_LEVELS = 30
"""Boxes around each other that may be a tab's panel."""
_MOST_BARS = 80
"""Pieces among which a row of tabs or a table of contents begins."""


def heading_year(text: str, line: str) -> int | None:
    """The year that a line (`text`, folded: `line`) names as a report's heading does; None: it is no heading."""
    if len(line) > _SHORT or not line or line.endswith(("。", "；", ";")):
        return None
    if match := _YEAR_LINE.match(line):
        return year_of(match[1])
    if "公开" in line and not _LISTED.match(line) and (said := titles.classify(text)).kind == "report":
        return said.year
    return None


def _may_be_title(line: str) -> bool:
    return len(line) <= _SHORT and "公开" in line and not line.endswith(("。", "；", ";"))


class Lines:
    """The pieces of a body as the search for reports sees them. `labels`: names by the piece above which they stand. `title`: the
    pieces that are the page's title, which is no heading of any one report unless it looks like the others'."""

    def __init__(
        self, pieces: Sequence[Piece], labels: Mapping[int, str] = MappingProxyType({}), title: range = range(0)
    ) -> None:
        self.fold = fold = Folder("".join(piece.text for piece in pieces)[:20000])
        self.pieces = pieces
        self.title = range(0)
        self.folded = [fold(piece.text) for piece in pieces]
        self.labels = {place: (text, fold(text)) for place, text in labels.items()}
        self.titles: dict[int, str] = {}
        self.above: set[int] = set()
        self.told: dict[tuple[int, int], Any] = {}
        """What `sections.describe` read of a slice: the same ones are asked for again and again."""
        self._parted()
        self.kinds = [self._kinds(index) for index in range(len(pieces))]
        if title and not self._heads_one_of_several(title[-1]):
            self.title = title
            for index in title:
                self.kinds[index] = self._kinds(index)

    def __len__(self) -> int:
        return len(self.pieces)

    def _parted(self) -> None:
        """Finds titles that line breaks part into organ, year and the rest: `titles` holds the whole text by the last line,
        `above` the lines before it."""
        for index, line in enumerate(self.folded):
            if not line.endswith(_TITLE_ENDS) or len(line) > _PART or not self.is_text(index) or _YEAR_LINE.match(line):
                continue
            text = self.pieces[index].text
            said = titles.classify(text)
            for start in range(index - 1, max(-1, index - 4), -1):
                if not self._may_part(start, index):
                    break
                text = self.pieces[start].text + text
                more = titles.classify(text)
                if more.kind == "report" and ((more.organ and not said.organ) or (more.year and not said.year)):
                    self.titles[index], said = text, more
                    self.above.update(range(start, index))

    def _may_part(self, start: int, index: int) -> bool:
        """Whether a line may be a part of the title that ends at `index`."""
        one, other, line = self.pieces[start], self.pieces[index], self.folded[start]
        if (
            not self.is_text(start)
            or len(line) > _PART
            or not (one.element is other.element or (one.heading and other.heading))
        ):
            return False
        return (
            titles.is_organ_name(one.text)
            or _YEAR_LINE.match(line) is not None
            or ("公开" in line and line[-1] not in "。；;：:")
        )

    def is_text(self, index: int) -> bool:
        return isinstance(self.pieces[index].block, str)

    def text(self, index: int) -> str:
        """The line as printed; of a title that line breaks part, at its last line, the whole."""
        return self.titles.get(index) or self.pieces[index].text

    def heads(self, index: int) -> bool:
        """Whether the piece is a line that names a report, or a year alone."""
        return self.is_text(index) and self.year(index) is not None

    def year(self, index: int) -> int | None:
        """The year that the line names as a heading."""
        if index in self.title or index in self.above:
            return None
        piece = self.pieces[index]
        text = self.text(index)
        year = heading_year(text, self.folded[index] if text is piece.text else self.fold(text))
        return None if year is not None and piece.is_link and leaves(piece.element) else year

    def untitled(self, index: int) -> bool:
        """Whether the piece is a report's title that names no year."""
        piece, line = self.pieces[index], self.folded[index]
        if not self.is_text(index) or index in self.title or index in self.above or not _may_be_title(line):
            return False
        said = titles.classify(self.text(index))
        return said.kind == "report" and said.year is None and not (piece.is_link and leaves(piece.element))

    def label_year(self, index: int) -> int | None:
        """The year of the name that stands above the piece."""
        text, line = self.labels.get(index, ("", ""))
        return heading_year(text, line) or bare_year(line) if line else None

    def number(self, index: int) -> int:
        """The number of the chapter that the line opens; 0: it opens none."""
        match = _CHAPTER.match(line) if self.is_text(index) and len(line := self.folded[index]) < 40 else None
        return _NUMBERS[match[1]] if match and not self.heads(index) else 0

    def size(self, start: int, end: int) -> int:
        return sum(len(line) for line in self.folded[start:end])

    def opens(self, index: int) -> bool:
        """Whether the line is one of those that may stand above a report's first words: its title, even without a year, a foreword's
        heading, its period."""
        line = self.folded[index]
        if not self.is_text(index):
            return False
        if index in self.above or _FOREWORD.match(line) or self.heads(index) or OPENING in self.kinds[index]:
            return True
        if self.untitled(index):
            return True
        if self.pieces[index].heading and len(line) < 40 and not marks_in(line) and not self.number(index):
            return True
        return len(line) < 120 and period_of([line]) is not None

    def box(self, index: int, *others: int) -> Element | None:
        """The outermost element that holds the piece but none of the `others`; None if it is a line of one that does."""
        strange = {node for other in others for node in ancestors(self.pieces[other].element)}
        own = None
        for node in ancestors(self.pieces[index].element):
            if node in strange:
                break
            own = node
        return own

    def _heads_one_of_several(self, index: int) -> bool:
        """Whether a heading looks like others further down."""
        if HEADING not in self.kinds[index] or self.pieces[index].is_link:
            return False
        others = (other for other in range(index + 1, len(self.kinds)) if HEADING in self.kinds[other])
        shape = self.shape(index)
        return any(self.shape(other) == shape for other in others)

    def shape(self, index: int) -> tuple[str, ...]:
        """How a heading looks: lines that look alike head parts of one kind."""
        if index in self.labels and not self.heads(index):
            return ("label",)
        element = self.pieces[index].element
        looks = [
            f"{node.tag}.{node.get('class') or ''}"
            for node in (element, *element.iterchildren("b", "strong", "a", "span"))
        ]
        return ("year" if _YEAR_LINE.match(self.folded[index]) else "title", *looks[:3])

    @property
    def title_year(self) -> int | None:
        """The year that the page's title names."""
        text = "".join(self.pieces[index].text for index in self.title)
        return heading_year(text, "".join(self.folded[index] for index in self.title))

    @cached_property
    def contents(self) -> tuple[list[int], int]:
        """The years of a row of tabs or a table of contents at the body's top, and where it ends: two or more lines that follow
        each other and name a report each, of different years, or of different organs if they are links."""
        years: list[int] = []
        texts: set[str] = set()
        for index in range(min(len(self), _MOST_BARS)):
            piece, line = self.pieces[index], self.folded[index]
            shown = self.is_text(index) and (index not in self.title or piece.is_link)
            year = heading_year(piece.text, line) if shown else None
            if year is None or ((line in texts or year in years) and not piece.is_link):
                if len(years) > 1:
                    return years, index
                if year is None and index > 3:
                    break
                years, texts = ([year], {line}) if year else ([], set())
                continue
            years.append(year)
            texts.add(line)
        return [], 0

    def panels(self, first: int, count: int) -> list[int]:
        """Where the `count` boxes beside each other begin that hold all from `first` on, with marks of a report's beginning in more than
        one; none if there are no such boxes."""
        for node in islice(ancestors(self.pieces[first].element), _MOST_LEVELS) if first < len(self) else ():
            starts: dict[Element, int] = {}
            parent = node.getparent()
            if parent is None:
                break
            end = len(self)
            holder = {inner: child for child in parent for inner in child.iter()}
            for index in range(first, len(self)):
                child = holder.get(self.pieces[index].element)
                panel = next(iter(starts), child)
                if child is None or panel is None or (child.tag, child.get("class")) != (panel.tag, panel.get("class")):
                    end = index
                    break
                starts.setdefault(child, index)
            if len(starts) == count and self.size(end, len(self)) <= ASIDE:
                parts = [*starts.values(), end]
                marks = [{kind for kinds in self.kinds[one:other] for kind in kinds} for one, other in pairwise(parts)]
                if any(sum(kind in found for found in marks) > 1 for kind in (OPENING, CHAPTER_ONE, TABLE_TWO)):
                    return parts[:-1]
        return []

    def _kinds(self, index: int) -> tuple[str, ...]:
        """What of a report's beginning a piece is, in the order of `RANK`."""
        line = self.folded[index]
        found = [HEADING] if index in self.labels else []
        if not self.is_text(index):
            return (*found, TABLE_TWO) if TABLE_TWO in marks_in_table(line[:300]) else tuple(found)
        if not found and self.heads(index):
            found.append(HEADING)
        marks = marks_in(line) | (in_long_line(line) if len(line) > 300 else set())
        found += [kind for kind in (OPENING, CHAPTER_ONE) if kind in marks]
        if len(line) < 30 and TABLE_TWO in marks_in_table(line):
            found.append(TABLE_TWO)
        return tuple(found)


def leaves(element: Element) -> bool:
    """Whether a link in the element leads to another page."""
    node: Element | None = element
    while node is not None and node.tag not in ("a", "li", "p", "div", "td", "body"):
        node = node.getparent()
    links = [] if node is None else list(node.iter("a"))
    links += [outer for outer in ancestors(element) if outer.tag == "a"][:1]
    hrefs = [(link.get("href") or "").strip().lower() for link in links]
    return any(href and not href.startswith(("#", "javascript:")) for href in hrefs)
