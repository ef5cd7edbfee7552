"""A body that holds several years' reports, taken apart into one section a year.

In: the body's pieces with their marks. Out: `Section`s in page order; one, if it is one report. A report begins at a heading that
names it or its year, at the opening sentence, at chapter one, at the first table of the form: whichever of these comes again, or
comes after what it belongs before, begins the next. A part without a year of its own, between two that have one, takes the year that
is left there. A report that only talks about other years has none of this twice and stays whole. Pure.
"""

import itertools
import re
from collections.abc import Sequence

import msgspec

from crawler.page import titles
from crawler.page.dates import YEAR, bare_year, year_of
from crawler.page.evidence import CHAPTER_ONE, OPENING, TABLE_TWO, Folder, in_long_line, marks_in, marks_in_table
from crawler.page.flow import Piece
from crawler.page.model import YearFrom
from crawler.page.statements import body_year, organ_in

_YEAR_LINE = re.compile(rf"^[(（【\[]?({YEAR})(?:年度?|年年?报|年度?(?:工作)?报告|年政府信息公开)?[)）】\]]?[:：]?$")
_FOREWORD = re.compile(r"^(?:引言|前言|导言|序言|编制说明)[:：]?$")
_RANK = {"heading": 0, OPENING: 1, CHAPTER_ONE: 2, TABLE_TWO: 3}
_SHORT = 80
"""Characters of the longest heading."""
_PREFACE = 8
"""Pieces that a page may show above the first of its reports."""
_SUBSTANCE = 100
"""Characters that make a part more than headings."""


class Section(msgspec.Struct):
    """A report's part of the body: pieces from `start` to before `end`."""

    start: int
    end: int
    title: str = ""
    """The heading that names it, as printed; empty if none does."""
    organ: str = ""
    """The organ that its text names as its author."""
    year: int | None = None
    year_from: YearFrom | None = None
    kinds: frozenset[str] = frozenset()
    """What of a report's beginning stands in it: heading, opening, chapter one, first table."""


def sections_of(pieces: Sequence[Piece]) -> list[Section]:
    """The reports in a body. One section that covers it all if there are not at least two years."""
    fold = Folder("".join(piece.text for piece in pieces)[:20000])
    folded = [fold(piece.text) for piece in pieces]
    tabs, bar = _tab_bar(pieces, folded)
    starts = [bar] if bar else [0]
    starts = _starts(pieces, folded, starts[0])
    sections = [
        Section(start, end) for start, end in zip(starts, [*starts[1:], len(pieces)], strict=True) if end > start
    ]
    for section in sections:
        _describe(section, pieces, folded)
    sections = _whole(_solid(sections, pieces, folded))
    for section in sections:
        _describe(section, pieces, folded)
    known = {section.year for section in sections if section.year}
    if len(sections) < 2 or len(known) < 2:
        whole = Section(0, len(pieces))
        _describe(whole, pieces, folded)
        return [whole]
    sections[0].start = _behind_preface(pieces, folded, bar, sections[0].end)
    _by_tabs(sections, tabs)
    _between(sections)
    return _settled(sections)


def _behind_preface(pieces: Sequence[Piece], folded: Sequence[str], start: int, end: int) -> int:
    """Where the first report begins, behind what the page says above all of them: that stays where it is when a newer
    report comes to stand on top. `start` if no heading tells."""
    for index in range(start, min(start + _PREFACE, end)):
        kinds = _kinds(pieces[index], folded[index])
        if "heading" in kinds:
            return index
        if kinds or not isinstance(pieces[index].block, str):
            break
    return start


def without_heading(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces of a section without the lines at its top that name the report or its year."""
    start = 0
    while start < len(pieces) and start < 4 and isinstance(pieces[start].block, str):
        line = "".join(pieces[start].text.split())
        if not _is_heading(pieces[start], line):
            break
        start += 1
    return list(pieces[start:])


def _starts(pieces: Sequence[Piece], folded: Sequence[str], first: int) -> list[int]:
    """Where a report begins."""
    starts = [first]
    seen: dict[str, int] = {}
    size = 0
    for index in range(first, len(pieces)):
        for kind in _kinds(pieces[index], folded[index]):
            rank = _RANK[kind]
            later = max((_RANK[other] for other in seen), default=-1)
            again = (
                kind in seen
                and (rank > 0 or size >= _SUBSTANCE)
                and index - seen[kind] > (1 if kind == TABLE_TWO else 2)
            )
            before = rank < later and (size >= _SUBSTANCE or TABLE_TWO in seen)
            if again or before:
                start = _back_to_heading(pieces, folded, index, starts[-1])
                if start > starts[-1]:
                    starts.append(start)
                    seen, size = {}, sum(len(line) for line in folded[start:index])
            seen[kind] = index
        size += len(folded[index])
    return starts


def _kinds(piece: Piece, line: str) -> list[str]:
    """What of a report's beginning a piece is, in the order of `_RANK`."""
    if not isinstance(piece.block, str):
        return [TABLE_TWO] if TABLE_TWO in marks_in_table(line[:300]) else []
    found = []
    if _is_heading(piece, line):
        found.append("heading")
    marks = marks_in(line) | (in_long_line(line) if len(line) > 300 else set())
    found += [kind for kind in (OPENING, CHAPTER_ONE) if kind in marks]
    if len(line) < 30 and TABLE_TWO in marks_in_table(line):
        found.append(TABLE_TWO)
    return found


def _is_heading(piece: Piece, line: str) -> bool:
    """A line that names a report, or a year alone."""
    if len(line) > _SHORT or piece.is_link or line.endswith(("。", "；", ";")):
        return False
    if _YEAR_LINE.match(line):
        return True
    return "公开" in line and (said := titles.classify(piece.text)).kind == "report" and said.year is not None


def _back_to_heading(pieces: Sequence[Piece], folded: Sequence[str], index: int, floor: int) -> int:
    """The first of the foreword and title lines right before a beginning."""
    while index - 1 > floor:
        line = folded[index - 1]
        if isinstance(pieces[index - 1].block, str) and (
            _FOREWORD.match(line)
            or _is_heading(pieces[index - 1], line)
            or (pieces[index - 1].heading and len(line) < 40)
        ):
            index -= 1
        else:
            break
    return index


def _describe(section: Section, pieces: Sequence[Piece], folded: Sequence[str]) -> None:
    """Reads year, title and organ of a section."""
    section.year = section.year_from = None
    section.title = section.organ = ""
    lines = [folded[index] for index in range(section.start, section.end) if isinstance(pieces[index].block, str)]
    kinds: set[str] = set()
    for index in range(section.start, section.end):
        kinds.update(_kinds(pieces[index], folded[index]))
    section.kinds = frozenset(kinds)
    for index in range(section.start, min(section.start + 4, section.end)):
        if isinstance(pieces[index].block, str) and _is_heading(pieces[index], folded[index]):
            said = titles.classify(pieces[index].text)
            section.year = section.year or said.year or bare_year(folded[index])
            if said.kind == "report":
                section.title = section.title or pieces[index].text
                section.organ = section.organ or said.organ
    if section.year is not None:
        section.year_from = "heading"
    else:
        section.year, section.year_from = body_year(lines, vote=bool(kinds - {TABLE_TWO}))
    section.organ = section.organ or organ_in(lines)


def _solid(sections: list[Section], pieces: Sequence[Piece], folded: Sequence[str]) -> list[Section]:
    """Sections with substance; a part without any belongs to its neighbour: headings to the next, a tail to the last."""
    kept: list[Section] = []
    carried: int | None = None
    for section in sections:
        size = sum(len(folded[index]) for index in range(section.start, section.end))
        tables = any(not isinstance(pieces[index].block, str) for index in range(section.start, section.end))
        if carried is not None:
            section.start, carried = carried, None
        if size < _SUBSTANCE and not tables:
            if section is not sections[-1]:
                carried = section.start
            elif kept:
                kept[-1].end = section.end
            continue
        kept.append(section)
    if carried is not None and kept:
        kept[-1].end = sections[-1].end
    for section in kept:
        _describe(section, pieces, folded)
    return kept


def _whole(sections: list[Section]) -> list[Section]:
    """Joins a part to the one before it that is of the same year, or of none, and has none of its structure again."""
    kept: list[Section] = []
    for section in sections:
        last = kept[-1] if kept else None
        again = last is not None and last.kinds & section.kinds & {CHAPTER_ONE, TABLE_TWO}
        other_year = section.year is not None and last is not None and section.year != last.year
        bare = section.year is None and TABLE_TWO in section.kinds
        if last is None or again or bare or (other_year and section.kinds - {OPENING}):
            kept.append(section)
        else:
            last.end = section.end
            last.kinds |= section.kinds
    return kept


def _tab_bar(pieces: Sequence[Piece], folded: Sequence[str]) -> tuple[list[int], int]:
    """Years of a row of tabs at the body's top, and where it ends: two or more lines that are years alone."""
    years: list[int] = []
    for index, line in enumerate(folded[:80]):
        found = _YEAR_LINE.match(line) if isinstance(pieces[index].block, str) else None
        year = year_of(found[1]) if found else None
        if year is None or year in years:
            if len(years) > 1:
                return years, index
            if year is None and index > 3:
                break
            years = [year] if year else []
            continue
        years.append(year)
    return [], 0


def _by_tabs(sections: list[Section], tabs: list[int]) -> None:
    """Gives parts without a year the one of the tab at their place, if tabs and parts agree elsewhere."""
    if len(tabs) != len(sections):
        return
    agreeing = sum(section.year == year for section, year in zip(sections, tabs, strict=True) if section.year)
    if agreeing * 2 < sum(section.year is not None for section in sections):
        return
    for section, year in zip(sections, tabs, strict=True):
        if section.year is None:
            section.year, section.year_from = year, "heading"


def _between(sections: list[Section]) -> None:
    """Years of parts that name none: exactly those that are missing between two neighbours, in the page's order."""
    known = [index for index, section in enumerate(sections) if section.year]
    for left, right in itertools.pairwise(known):
        first, last = sections[left].year or 0, sections[right].year or 0
        step = -1 if first > last else 1
        if right - left > 1 and (last - first) * step == right - left:
            for offset in range(1, right - left):
                part = sections[left + offset]
                part.year, part.year_from = first + step * offset, "body"
    for index, section in enumerate(sections):
        if section.organ:
            continue
        near = sorted(
            (abs(index - other), index < other, other) for other in range(len(sections)) if sections[other].organ
        )
        section.organ = sections[near[0][2]].organ if near else ""


def _settled(sections: list[Section]) -> list[Section]:
    """Parts that got no year stay with the part before them: they are not known to be reports of their own."""
    kept: list[Section] = []
    for section in sections:
        if section.year is None and kept:
            kept[-1].end = section.end
        elif section.year is None and len(sections) > 1:
            sections[1].start = section.start
        else:
            kept.append(section)
    return kept
