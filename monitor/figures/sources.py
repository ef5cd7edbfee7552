"""A whole report, page and attachments → its figures: each table from the first source that has it whole. Pure.

The page comes before documents, documents before pictures. A table that the first source has in part is completed from
one that has it whole, if all cells that both have agree; sources that do not agree are told as a conflict, never mixed.
Nothing here raises.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import ParamSpec

import msgspec

from crawler.page.text import Block, parse
from monitor.figures.fields import FIELDS, Form
from monitor.figures.lending import own_parts
from monitor.figures.model import Change, Conflict, Document, Figure, Figures, Problem, changes
from monitor.figures.national import extract_blocks
from monitor.figures.open_codes import Part, indicators_of, prose_of

log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_TABLES = ("二", "三", "四")
_PAGE = "网页"
_CELLS = {
    (table, form): frozenset(code for code, field in FIELDS.items() if field.table == table and form in field.forms)
    for table in _TABLES
    for form in ("2019", "2021")
}


class _Read:
    """What one source says."""

    def __init__(self, name: str, url: str, figures: Figures) -> None:
        self.name, self.url, self.figures = name, url, figures
        self._of: dict[str, dict[str, Figure]] = {}
        for one in figures.figures:
            self._of.setdefault(_table(one.field), {})[one.field] = one

    def of(self, table: str) -> dict[str, Figure]:
        return self._of.get(table, {})

    def problems(self, table: str) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.figures.problems if problem.table == table)

    def whole(self, table: str) -> bool:
        """Whether it has every cell of the table, in the form that it has."""
        held = self.of(table).keys()
        forms = (self.figures.form,) if self.figures.form else ("2019", "2021")
        return any(_CELLS[table, form] <= held for form in forms)


def _never_raising(reads: Callable[_P, Figures]) -> Callable[_P, Figures]:
    """Figures follow from a version and must not keep it from being recorded and told: what breaks their reader is a
    problem of the tables, and a line in the log."""

    @wraps(reads)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> Figures:
        try:
            return reads(*args, **kwargs)
        except Exception as error:
            log.exception("the figures of a report could not be read")
            why = f"程序出错（{type(error).__name__}），请告知开发者"
            return Figures(problems=tuple(Problem(table, why) for table in _TABLES))

    return guarded


@_never_raising
def read(
    text: str, documents: Sequence[Document] = (), *, year: int | None = None, organs: Sequence[str] = ()
) -> Figures:
    """The figures of the report for `year` of an organ with the names `organs`, whose page says `text` and links
    `documents`. An unknown year (None) or organ (none) keeps no document from lending figures."""
    page = parse(text)
    tables = read_tables(page, documents, year=year, organs=organs)
    more = list(prose_of(_parts(page, documents, year, organs), year, organs))
    if tables.figures:
        return msgspec.structs.replace(tables, figures=(*tables.figures, *more))
    listed = indicators_of(_parts(page, documents, year, organs), year)
    return msgspec.structs.replace(
        tables, figures=(*listed.figures, *more), problems=(*tables.problems, *listed.problems)
    )


@_never_raising
def read_tables(
    page: Sequence[Block], documents: Sequence[Document] = (), *, year: int | None = None, organs: Sequence[str] = ()
) -> Figures:
    """The figures of the national tables alone."""
    sources = [_Read(_PAGE, "", extract_blocks(page)), *_lent(documents, year, organs)]
    form: Form = ""
    found: dict[str, Figure] = {}
    problems: list[Problem] = []
    conflicts: list[Conflict] = []
    for table in _TABLES:
        holders = [source for source in sources if source.of(table)]
        if not holders:
            problems.extend(next(filter(None, (source.problems(table) for source in sources)), ()))
            continue
        first = holders[0]
        whole = first if first.whole(table) else next((one for one in holders if _completes(one, first, table)), first)
        found |= whole.of(table) | first.of(table)
        form = form or whole.figures.form
        problems.extend(whole.problems(table))
        conflicts.extend(_conflicts(table, first, holders[1:]))
    ordered = tuple(found[code] for code in FIELDS if code in found)
    return Figures(form, ordered, tuple(problems), tuple(conflicts))


def _parts(
    page: Sequence[Block], documents: Sequence[Document], year: int | None, organs: Sequence[str]
) -> Iterator[Part]:
    yield Part("html", "", page)
    for document in sorted(documents, key=lambda one: one.source == "ocr"):
        for blocks in own_parts(document, year, organs):
            yield Part(document.source, document.url, blocks)


def _lent(documents: Sequence[Document], year: int | None, organs: Sequence[str]) -> Iterator[_Read]:
    """What documents say, then what pictures do; of each only what is the report's own."""
    pictures: list[tuple[Document, Sequence[Block]]] = []
    for document in documents:
        for blocks in own_parts(document, year, organs):
            if document.source == "ocr":
                pictures.append((document, blocks))
                continue
            there = extract_blocks(blocks, document.source)
            if any(one.raw for one in there.figures):  # else a form that nobody has filled in
                yield _read_of(document, there, {})
    if pictures:
        yield from _recognised(pictures)


def _recognised(pictures: Sequence[tuple[Document, Sequence[Block]]]) -> Iterator[_Read]:
    """A report's pictures are one document: a table may be cut over two of them. A figure stands in the picture with which
    it first comes out."""
    so_far: list[Block] = []
    places: dict[str, str] = {}
    there = Figures()
    for document, blocks in pictures:
        so_far.extend(blocks)
        there = extract_blocks(so_far, "ocr")
        places = {one.field: document.url for one in there.figures} | places
    if not any(one.raw for one in there.figures):
        return
    yield _read_of(pictures[0][0], there, places)


def _read_of(document: Document, there: Figures, places: Mapping[str, str]) -> _Read:
    """`places`: addresses of figures that stand in another document than this one."""
    placed = tuple(msgspec.structs.replace(one, url=places.get(one.field, document.url)) for one in there.figures)
    return _Read(f"附件“{document.name}”", document.url, msgspec.structs.replace(there, figures=placed))


def _table(code: str) -> str:
    return FIELDS[code].table if code in FIELDS else ""


def _completes(other: _Read, first: _Read, table: str) -> bool:
    same_form = first.figures.form in ("", other.figures.form)
    return other.whole(table) and same_form and not _differing(table, first, other)


def _differing(table: str, one: _Read, other: _Read) -> tuple[Change, ...]:
    """The cells that both have and that differ. One may print 0 where the other prints nothing."""
    here, there = one.of(table), other.of(table)
    both = [code for code in here if code in there and (here[code].value or 0) != (there[code].value or 0)]
    return changes(*(Figures(figures=tuple(cells[code] for code in both)) for cells in (here, there)))


def _conflicts(table: str, taken: _Read, others: Sequence[_Read]) -> Iterator[Conflict]:
    """Sources that say something else than the one whose figures count. What was recognised in a picture proves nothing
    against what is written."""
    for other in others:
        recognised = any(figure.source == "ocr" for figure in other.of(table).values())
        if not recognised and (cells := _differing(table, taken, other)):
            yield Conflict(table, taken.name, other.name, other.url, cells)
