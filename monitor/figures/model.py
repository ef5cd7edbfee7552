"""Figures as frozen values, and what changed between two sets of them. Pure."""

from typing import Literal, NamedTuple

import msgspec

from crawler.page.text import Block
from monitor.figures.cells import fold
from monitor.figures.fields import FIELDS, Form, label


class Problem(NamedTuple):
    """Something in a table that could not be placed."""

    table: str
    """二, 三 or 四."""
    detail: str
    """One line of Chinese."""


Source = Literal["html", "pdf", "docx", "ocr", "prose"]
"""What a figure was read from: the page; a document laid out in pages (PDF, OFD); one of a word processor or a
spreadsheet (DOCX, DOC, RTF, XLSX, XLS); a picture; running text."""


class Figure(msgspec.Struct, frozen=True):
    """One cell, or the sum of the cells of one field."""

    field: str
    value: float | None
    """In the field's unit (件, 万元). None: blank, `/`, `—`."""
    raw: str
    """As printed; the parts of a sum joined by `+`."""
    source: Source = "html"
    confidence: float = 1.0
    url: str = ""
    """Of the document or picture that it stands in; empty: the page itself."""


class Document(msgspec.Struct, frozen=True):
    """An attachment or a picture of a report, as far as it could be read."""

    source: Source
    url: str
    name: str
    blocks: tuple[Block, ...]
    """In the form of crawler.page.text. Cells of a picture are `cells.Recognised`."""


class Change(NamedTuple):
    """A cell that differs. `old` and `new` are as printed; None where the cell was not there."""

    field: str
    label: str
    old: str | None
    new: str | None


class Conflict(NamedTuple):
    """Two sources of one report that both have a table, with other cells."""

    table: str
    """二, 三 or 四."""
    source: str
    """Whose figures count, in Chinese: 网页, 附件“年报.pdf”."""
    other: str
    """Whose do not."""
    url: str
    """Of the other."""
    cells: tuple[Change, ...]
    """`old` as the first has it, `new` as the other does."""


class Figures(msgspec.Struct, frozen=True):
    """All figures of a report, in the order of the forms."""

    form: Form = ""
    """Told by the tables themselves; empty if there are none or they do not tell."""
    figures: tuple[Figure, ...] = ()
    problems: tuple[Problem, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    def by_field(self) -> dict[str, Figure]:
        return {figure.field: figure for figure in self.figures}


def changes(old: Figures, new: Figures) -> tuple[Change, ...]:
    """The cells that differ, in the order of the forms. 1,234 and 1234 are the same; blank, `/` and 0 are not.

    A figure in prose is no cell: that its sentence differs is told as text.
    """
    before, after = (
        {code: figure for code, figure in one.by_field().items() if figure.source != "prose"} for one in (old, new)
    )
    codes = [code for code in FIELDS if code in before or code in after]
    codes += [code for code in dict.fromkeys((*before, *after)) if code not in FIELDS]
    differing = []
    for code in codes:
        was, now = before.get(code), after.get(code)
        if was is None or now is None or _meaning(was) != _meaning(now):
            differing.append(Change(code, label(code), was.raw if was else None, now.raw if now else None))
    return tuple(differing)


def _meaning(figure: Figure) -> tuple[float | None, str]:
    return figure.value, fold(figure.raw) or figure.raw.strip() if figure.value is None else ""
