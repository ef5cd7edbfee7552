"""A body cut where reports begin, and what each part says of itself.

In: `Lines`. Out: `Section`s in page order. A report begins at a heading that names it or its year, at the opening sentence, at chapter
one, at the first table of the form: whichever of these comes again, or comes after what it belongs before, begins the next, unless
what follows only goes on with the chapters that went before. Pure.
"""

import itertools
from collections.abc import Sequence

import msgspec

from crawler.page import titles
from crawler.page.beginnings import HEADING, RANK, Lines
from crawler.page.dom import Element, ancestors
from crawler.page.evidence import CHAPTER_ONE, TABLE_TWO
from crawler.page.model import YearFrom
from crawler.page.statements import organ_in, told_year, voted_year

_SUBSTANCE = 100
"""Characters that make a part more than headings."""
_TOP = 4
"""Pieces at a part's top among which its headings stand."""


class Section(msgspec.Struct):
    """A report's part of the body: pieces from `start` to before `end`."""

    start: int
    end: int
    at: int = 0
    """The first piece that shows that a report begins."""
    box: Element | None = None
    """The element that holds it and no other report."""
    title: str = ""
    """The heading that names it, as printed; empty if none does."""
    organ: str = ""
    """The organ that its title names, else its text."""
    titled: str = ""
    """The organ that its title names."""
    year: int | None = None
    year_from: YearFrom | None = None
    guessed: bool = False
    """The year is only the one that its text names most."""
    kinds: frozenset[str] = frozenset()
    """What of a report's beginning stands in it: heading, opening, chapter one, first table."""
    chapters: tuple[int, ...] = ()
    """The numbers of its chapters, in order."""
    unread: int = 0
    """Parts that follow it of which nothing tells the year: they may be its own, or further reports."""


def parts(lines: Lines, first: int) -> list[Section]:
    """The body cut where reports begin."""
    sections = _cut(lines, first)
    for section in sections:
        section.at = max(section.at, section.start)
        describe(section, lines)
    sections = _whole(_solid(sections, lines), lines)
    for section in sections:
        describe(section, lines)
    return sections


def _cut(lines: Lines, first: int) -> list[Section]:
    """The body cut where a report begins. The first part begins at the body's top, or behind its tabs."""
    sections = [Section(first, len(lines), -1)]
    seen: dict[str, int] = {}
    size = 0
    for index in range(first, len(lines)):
        for kind in lines.kinds[index]:
            rank = RANK[kind]
            later = max((RANK[other] for other in seen), default=-1)
            again = (
                kind in seen
                and (rank > 0 or size >= _SUBSTANCE)
                and index - seen[kind] > (1 if kind == TABLE_TWO else 2)
            )
            before = rank < later and (size >= _SUBSTANCE or TABLE_TWO in seen)
            last = sections[-1]
            if again or before:
                start = back(lines, index, last.start, max(seen.items(), key=lambda item: RANK[item[0]])[1])
                if start > last.start:
                    last.end = start
                    sections.append(Section(start, len(lines), index))
                    seen, size = {}, lines.size(start, index)
            elif last.at < 0:
                last.at = index
            seen[kind] = index
        size += len(lines.folded[index])
    return sections


def back(lines: Lines, index: int, floor: int, other: int) -> int:
    """Where the report begins of which `index` is the first mark: at the top of the box that it has for itself, or at the title lines
    right before. `other` is a piece of the report above."""
    box = lines.box(index, other)
    while box is not None and index - 1 > floor and box in ancestors(lines.pieces[index - 1].element):
        index -= 1
    while index - 1 > floor and lines.opens(index - 1):
        index -= 1
    return index


def describe(section: Section, lines: Lines) -> None:
    """Reads year, title and organ of a section, and what stands in it."""
    span = (section.start, section.end)
    if (told := lines.told.get(span)) is None:
        told = lines.told[span] = _described(Section(*span), lines)
    section.year, section.year_from, section.guessed = told.year, told.year_from, told.guessed
    section.title, section.titled, section.organ = told.title, told.titled, told.organ
    section.kinds, section.chapters = told.kinds, told.chapters


def _described(section: Section, lines: Lines) -> Section:
    kinds: set[str] = set()
    for index in range(section.start, section.end):
        kinds.update(lines.kinds[index])
    section.kinds = frozenset(kinds)
    section.chapters = tuple(number for index in range(section.start, section.end) if (number := lines.number(index)))
    top = range(section.start, min(section.start + _TOP, section.end))
    heads = [index for index in itertools.takewhile(lines.is_text, top) if lines.heads(index)]
    for index in reversed(heads):
        _titled(section, lines.text(index), lines.year(index))
    for index in top:
        if index in lines.labels:
            _titled(section, lines.labels[index][0], lines.label_year(index))
    for index in top:
        if not section.title and lines.untitled(index):
            _titled(section, lines.text(index), None)
    own = (index for index in range(section.start, section.end) if index not in lines.title)
    texts = [lines.folded[index] for index in own if lines.is_text(index)]
    if section.year is not None:
        section.year_from = "heading"
    else:
        section.year, section.year_from = told_year(texts)
        if section.year is None and kinds - {TABLE_TWO} and (voted := voted_year(texts)):
            section.year, section.year_from, section.guessed = voted, "body", True
    section.organ = section.titled or organ_in(texts)
    return section


def _titled(section: Section, text: str, year: int | None) -> None:
    said = titles.classify(text)
    section.year = section.year or year
    if said.kind == "report" and year in (None, section.year):
        section.title = section.title or text
        section.titled = section.titled or said.organ


def _solid(sections: list[Section], lines: Lines) -> list[Section]:
    """Sections with substance; a part without any belongs to its neighbour: headings to the next, a tail to the last."""
    kept: list[Section] = []
    carried: int | None = None
    for section in sections:
        tables = any(not lines.is_text(index) for index in range(section.start, section.end))
        if carried is not None:
            section.start, carried = carried, None
        if lines.size(section.start, section.end) < _SUBSTANCE and not tables:
            if section is not sections[-1]:
                carried = section.start
            elif kept:
                kept[-1].end = section.end
            continue
        kept.append(section)
    if carried is not None and kept:
        kept[-1].end = sections[-1].end
    for section in kept:
        describe(section, lines)
    return kept


def _whole(sections: list[Section], lines: Lines) -> list[Section]:
    """Joins a part to the one before it that goes on with it: with its chapters, or without anything of a report's beginning."""
    alike = _alike(sections, lines)
    kept: list[Section] = []
    for place, section in enumerate(sections):
        last = kept[-1] if kept else None
        if last is None or _begins(last, section, sections[place + 1 :], lines, alike):
            kept.append(section)
        else:
            last.end = section.end
            last.kinds |= section.kinds
            last.chapters += section.chapters
    return kept


def _begins(
    last: Section, section: Section, following: Sequence[Section], lines: Lines, alike: set[tuple[str, ...]]
) -> bool:
    """Whether a part is a report of its own, and not more of the `last` one."""
    rest = (other for other in itertools.takewhile(lambda one: CHAPTER_ONE not in one.kinds, following))
    number = next((one.chapters[0] for one in (section, *rest) if one.chapters), 0)
    if CHAPTER_ONE not in section.kinds and last.chapters and number > max(last.chapters):
        return False
    if last.kinds & section.kinds & {CHAPTER_ONE, TABLE_TWO}:
        return True
    if section.year is None:
        return TABLE_TWO in section.kinds
    if HEADING in section.kinds and _head(section, lines) in alike:
        return True
    return CHAPTER_ONE in section.kinds and section.year != last.year


def _alike(sections: Sequence[Section], lines: Lines) -> set[tuple[str, ...]]:
    """How headings look under which reports stand for certain, more than one; a single one may be followed by another year's title
    and a few words about it. On a page on which nothing is certain, full titles."""
    going_on = {
        id(section)
        for before, section in itertools.pairwise(sections)
        if CHAPTER_ONE not in section.kinds
        and section.chapters
        and section.chapters[0] > max(before.chapters, default=10)
    }
    sure = [one for one in sections if one.kinds & {CHAPTER_ONE, TABLE_TWO} and id(one) not in going_on]
    shapes = [_head(section, lines) for section in sure or [one for one in sections if one.title]]
    least = 2 if sure else 3
    return {shape for shape in shapes if shape and shapes.count(shape) >= least}


def _head(section: Section, lines: Lines) -> tuple[str, ...]:
    """How the heading of a part looks."""
    top = range(section.start, min(section.start + _TOP, section.end))
    return next((lines.shape(index) for index in top if HEADING in lines.kinds[index]), ())
