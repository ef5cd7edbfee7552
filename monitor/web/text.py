"""A stored text → headings, paragraphs and table grids for templates. Pure.

The stored form repeats a spanned cell in each place that it covers. Equal neighbours are made one cell again where that can
only be a span: in head rows, in the label columns at the left, and of figures only where one head stands over all of a row.
"""

import re
from collections.abc import Sequence

import msgspec

from crawler.page.text import Table, parse

MOST_CHARACTERS = 300_000
"""Of a text that is laid out."""
_CHAPTER = re.compile(r"第?[一二三四五六七八九十]{1,3}(?:[、．.]|章|\s)")
_CLAUSE = re.compile(r"[（(][一二三四五六七八九十]{1,3}[)）]")
_SENTENCE = re.compile(r"[。；;，,：:！!？?]$")
_INSIDE = re.compile(r"[。；;]")
_LONGEST_HEADING = 45
_WIDE = 6
"""Columns that fit a telephone."""
_FIGURE = re.compile(r"[-+]?[\d,，.]*\d[\d,，.]*\s*[%％]?")
_NOTHING = re.compile(r"[-—－–/／\s]*")
_WORDS = re.compile(r"[\u3400-\u9fff].*[\u3400-\u9fff]", re.DOTALL)


class Heading(msgspec.Struct, frozen=True, tag="heading"):
    """A line that heads what follows. `level`: 1 (一、) or 2 (（一）)."""

    level: int
    text: str


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    text: str


class Cell(msgspec.Struct, frozen=True):
    text: str
    columns: int = 1
    rows: int = 1
    head: str = ""
    """`col` or `row`: it labels its column or row."""
    figure: bool = False


class Grid(msgspec.Struct, frozen=True, tag="grid"):
    """A table: of each row the cells that begin in it."""

    rows: tuple[tuple[Cell, ...], ...]
    name: str
    """The heading that it stands under; empty: none."""

    @property
    def wide(self) -> bool:
        """It has many columns."""
        return max((sum(cell.columns for cell in row) for row in self.rows), default=0) > _WIDE


Part = Heading | Paragraph | Grid


class Laid(msgspec.Struct, frozen=True):
    """A text as it is shown."""

    parts: tuple[Part, ...]
    cut: bool
    """The text is longer than what is laid out."""


def lay_out(text: str, title: str = "") -> Laid:
    """`text`: in the form of `crawler.page.text`; `title`: a first line that repeats it is left out."""
    shown = text[:MOST_CHARACTERS]
    if cut := len(text) > MOST_CHARACTERS:
        shown = shown[: shown.rfind("\n") + 1] or shown
    parts: list[Part] = []
    heading, chapters = "", False
    for block in parse(shown):
        if isinstance(block, Table):
            parts.append(Grid(_grid(block.rows), heading))
            continue
        if not parts and title and block == title:
            title = ""
            continue
        level = _level(block)
        if level:
            heading, chapters = block, chapters or level == 1
            parts.append(Heading(level if chapters else 1, block))
        else:
            parts.append(Paragraph(block))
    return Laid(tuple(parts), cut)


def _level(line: str) -> int:
    if len(line) > _LONGEST_HEADING or _SENTENCE.search(line) or _INSIDE.search(line):
        return 0
    return 1 if _CHAPTER.match(line) else 2 if _CLAUSE.match(line) else 0


def is_figure(text: str) -> bool:
    """A number and nothing else."""
    return _FIGURE.fullmatch(text) is not None


def _grid(rows: Sequence[tuple[str, ...]]) -> tuple[tuple[Cell, ...], ...]:
    heads = _head_rows(rows)
    labels = _label_columns(rows, heads)
    taken: set[tuple[int, int]] = set()
    laid: list[tuple[Cell, ...]] = []
    for top, row in enumerate(rows):
        cells: list[Cell] = []
        for left, text in enumerate(row):
            if (top, left) in taken:
                continue
            head = "col" if top in heads else "row" if left < labels else ""
            wide, high = 1, 1
            if head and _WORDS.search(text):
                wide, high = _extent(rows, taken, heads, labels, top, left)
            elif left == labels and _under_one(rows, heads, labels, top):
                wide = len(row) - left
            taken |= {(top + down, left + right) for down in range(high) for right in range(wide)}
            # A cell over a whole row labels the rows beneath; an empty one labels nothing.
            cells.append(Cell(text, wide, high, head if text else "", is_figure(text)))
        laid.append(tuple(cells))
    return tuple(laid)


def _head_rows(rows: Sequence[tuple[str, ...]]) -> frozenset[int]:
    """Rows of words only that stand above figures: a table may have several such."""
    if not any(is_figure(cell) for row in rows for cell in row):
        return frozenset({0} if len(rows) > 1 and all(rows[0]) and len(rows[0]) > 1 else ())
    return frozenset(
        place
        for place, row in enumerate(rows)
        if not any(is_figure(cell) for cell in row)
        and all(_WORDS.search(cell) or not cell for cell in row)
        and any(row[1:])
    )


def _label_columns(rows: Sequence[tuple[str, ...]], heads: frozenset[int]) -> int:
    """Columns at the left without a figure or a blank of one below the head."""
    body = [row for place, row in enumerate(rows) if place not in heads]
    if not any(is_figure(cell) for row in body for cell in row):
        return 1 if heads else 0
    count = 0
    while all(len(row) > count + 1 and row[count] and not _is_value(row[count]) for row in body):
        count += 1
    return count


def _under_one(rows: Sequence[tuple[str, ...]], heads: frozenset[int], labels: int, top: int) -> bool:
    """Whether one head stands over all values of a row, and those are the same."""
    above = max((place for place in heads if place < top), default=-1)
    if above < 0 or not labels or len(rows[above]) != len(rows[top]) or len(rows[top]) < labels + 2:
        return False
    return len(set(rows[above][labels:])) == len(set(rows[top][labels:])) == 1 and len(set(rows[above])) > 1


def _is_value(cell: str) -> bool:
    return is_figure(cell) or _NOTHING.fullmatch(cell) is not None


def _extent(
    rows: Sequence[tuple[str, ...]],
    taken: set[tuple[int, int]],
    heads: frozenset[int],
    labels: int,
    top: int,
    left: int,
) -> tuple[int, int]:
    """How many columns and rows of one text begin at a place, among head rows or among label columns."""
    text = rows[top][left]
    in_head = top in heads

    def same(down: int, right: int) -> bool:
        if down >= len(rows) or right >= len(rows[down]) or (down, right) in taken or rows[down][right] != text:
            return False
        return down in heads if in_head else down not in heads and right < labels

    wide = 1
    while same(top, left + wide):
        wide += 1
    high = 1
    while all(same(top + high, left + right) for right in range(wide)):
        high += 1
    return wide, high
