"""A body that holds several reports, taken apart into one section each: a year's, or an organ's.

In: the body's pieces with their marks, the labels above them. Out: `Section`s in page order; one, if it is one report. A part without
a year of its own takes that of its tab, or, between two that have one, the year that is left there; one of which nothing tells the
year stays with the report above it. A report that only talks about other years stays whole. Pure.
"""

import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from crawler.page.beginnings import ASIDE, HEADING, Lines
from crawler.page.dom import ancestors
from crawler.page.evidence import CHAPTER_ONE, TABLE_TWO
from crawler.page.flow import Piece
from crawler.page.sections import Section, back, describe, parts

_HEAD = 4
"""Pieces at a report's top that may be its headings."""


def sections_of(
    pieces: Sequence[Piece], labels: Mapping[int, str] = MappingProxyType({}), title: range = range(0)
) -> list[Section]:
    """The reports in a body. One section that covers it all if there are not at least two. `title`: pieces that are the page's title."""
    lines = Lines(pieces, labels, title)
    tabs, first = lines.contents
    sections = _panels(lines, tabs, first) or parts(lines, first)
    if len(sections) > 1:
        _by_tabs(sections, tabs)
        _by_title(sections[0], sections, lines)
    if _several(sections):
        _between(sections)
        sections = _settled(sections)
    if _several(sections):
        _boxed(sections, lines, first)
        return sections
    whole = Section(0, len(pieces))
    describe(whole, lines)
    return [whole]


def without_heading(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces of a section without the lines at its top that name the report or its year."""
    lines = Lines(pieces[:_HEAD])
    start = 0
    while start < len(lines) and (start in lines.above or lines.heads(start) or lines.untitled(start)):
        start += 1
    return list(pieces[start:])


def _panels(lines: Lines, tabs: list[int], first: int) -> list[Section]:
    """The panels of a row of tabs, if there are as many, and none tells another year than its tab."""
    starts = lines.panels(first, len(tabs)) if tabs else []
    sections = [Section(start, end, start) for start, end in itertools.pairwise([*starts, len(lines)])]
    for section in sections:
        describe(section, lines)
    contradicting = [
        one for one, year in zip(sections, tabs, strict=False) if one.year not in (None, year) and not one.guessed
    ]
    return [] if contradicting else sections


def _several(sections: Sequence[Section]) -> bool:
    """Whether parts are reports: of several years, or each under a title of its own with the marks of a report."""
    if len(sections) < 2:
        return False
    if len({section.year for section in sections if section.year}) > 1:
        return True
    return all(section.title and section.titled and section.kinds & {CHAPTER_ONE, TABLE_TWO} for section in sections)


def _by_title(first: Section, sections: Sequence[Section], lines: Lines) -> None:
    """The first report may have no heading but the page's title."""
    year = lines.title_year
    if (
        (first.year is None or first.guessed)
        and year
        and all(year != other.year for other in sections if other is not first)
    ):
        first.year, first.year_from, first.guessed = year, "title", False


def _by_tabs(sections: list[Section], tabs: list[int]) -> None:
    """Gives parts the years of the tabs at their places, if both agree where a heading, a period or an opening tells."""
    if len(tabs) != len(sections):
        return
    told = [
        (section, year) for section, year in zip(sections, tabs, strict=True) if section.year and not section.guessed
    ]
    if sum(section.year == year for section, year in told) * 2 < len(told):
        return
    for section, year in zip(sections, tabs, strict=True):
        if section.year is None or section.guessed:
            section.year, section.year_from, section.guessed = year, "heading", False


def _between(sections: list[Section]) -> None:
    """Years of parts that tell none: exactly those that are missing between two neighbours, in the page's order. A guess stands
    where the others leave room for it."""
    _fill(sections, [index for index, section in enumerate(sections) if section.year and not section.guessed])
    _fill(sections, [index for index, section in enumerate(sections) if section.year])
    for section in sections:
        if section.guessed and any(one.year == section.year and not one.guessed for one in sections):
            section.year, section.year_from = None, None
    for index, section in enumerate(sections):
        if section.organ:
            continue
        near = sorted(
            (abs(index - other), index < other, other) for other in range(len(sections)) if sections[other].organ
        )
        section.organ = sections[near[0][2]].organ if near else ""


def _fill(sections: list[Section], known: list[int]) -> None:
    for left, right in itertools.pairwise(known):
        first, last = sections[left].year or 0, sections[right].year or 0
        step = -1 if first > last else 1
        if right - left > 1 and (last - first) * step == right - left:
            for offset in range(1, right - left):
                part = sections[left + offset]
                part.year, part.year_from, part.guessed = first + step * offset, "body", False


def _settled(sections: list[Section]) -> list[Section]:
    """Parts that got no year stay with the part before them: they are not known to be reports of their own."""
    kept: list[Section] = []
    waiting: Section | None = None
    for section in sections:
        if section.year is None and kept:
            kept[-1].end = section.end
            kept[-1].unread += 1
        elif section.year is None and section is not sections[-1]:
            waiting = waiting or section
        else:
            if waiting is not None:
                section.start, section.at, waiting = waiting.start, waiting.at, None
                section.unread += 1
            kept.append(section)
    return kept


def _boxed(sections: list[Section], lines: Lines, first: int) -> None:
    """Sets each report's box, and leaves out what the page says above the first and below the last one: that stays where it is when
    another report comes to stand there."""
    cores = [_core(lines, section) for section in sections]
    for place, section in enumerate(sections):
        box = lines.box(cores[place], *cores[:place][-1:], *cores[place + 1 :][:1])
        further = min(cores[place] + 1, len(lines) - 1)
        section.box = box if box is not None and box in ancestors(lines.pieces[further].element) else None
    top = sections[0]
    marked = next((index for index in range(top.start, top.end) if {*lines.kinds[index]} - {HEADING}), top.at)
    at = next((index for index in range(marked, top.start - 1, -1) if HEADING in lines.kinds[index]), top.at)
    start = back(lines, at, first - 1, cores[1])
    if start > top.start and lines.size(top.start, start) <= ASIDE:
        top.start = start
    held = [_inside(lines, section, core) for section, core in zip(sections, cores, strict=True)]
    if all(count == section.end - section.start for count, section in list(zip(held, sections, strict=True))[:-1]):
        last = sections[-1]
        last.end = max(last.at, last.start + held[-1] - 1) + 1


def _core(lines: Lines, section: Section) -> int:
    """The first piece of a section that is no heading."""
    found = (index for index in range(section.at, section.end) if index not in lines.above and not lines.heads(index))
    return next(found, section.at)


def _inside(lines: Lines, section: Section, core: int) -> int:
    """How many of a section's pieces, from its first, stand in its box or are the headings above it."""
    count = 0
    inside = set(section.box.iter()) if section.box is not None else set()
    for index in range(section.start, section.end):
        boxed = lines.pieces[index].element in inside
        if not boxed and (index >= core or not lines.opens(index)):
            break
        count += 1
    return count
