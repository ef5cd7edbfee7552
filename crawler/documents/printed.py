"""Words at places on pages, and the tables ruled on those → lines and grids in reading order. Pure.

For formats that are printed pages (PDF, OFD). Lines come in the order in which the words come; within a table's cell the
place of a word decides. Lengths are in points.
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from crawler.documents.lines import HEADING, wrapped
from crawler.documents.ruled import SLACK, Ruled
from crawler.page.text import Block, Table

_NUMBER = re.compile(r"[-—– ]*(\d{1,3})[-—– ]*|第 ?(\d{1,3}) ?页.{0,12}")
"""A page's."""


class Word(NamedTuple):
    """Characters at a place, in reading order. `\\n` ends a line, wherever it stands."""

    text: str
    left: float = 0.0
    right: float = 0.0
    base: float = 0.0
    """Where they stand."""
    middle: float = 0.0
    """Between their foot and head."""
    size: float = 0.0


class Placed(NamedTuple):
    """A table on a page, and what its last row says about going on: nothing is written at its foot when it does."""

    table: Table
    xs: tuple[float, ...]
    full: tuple[bool, ...]
    """For each place of the last row: its last line runs to the cell's right edge, so that it may go on."""


Line = str | Placed


def lines(words: Iterable[Word], ruled: Sequence[Ruled]) -> list[Line]:
    """A page's words as lines, with each table where its first word stands."""
    made: list[Line] = [""]
    filled: dict[int, tuple[int, dict[int, list[Word]]]] = {}
    inside = False
    last = Word("")
    for word in words:
        if word.text == "\n":
            if not inside:
                made.append("")
            continue
        x = (word.left + word.right) / 2
        index = next((i for i, table in enumerate(ruled) if table.holds(x, word.middle)), None)
        if index is None:
            # PDFium takes some line breaks for spaces: what goes back and to another height begins a line.
            back = word.left < last.right and abs(word.base - last.base) > 0.5 * max(word.size, last.size)
            if inside or (back and made[-1] and last.text and word.text.strip()):
                made.append("")
            before = made[-1]
            assert isinstance(before, str)  # a table is always followed by a line of its own
            made[-1] = before + word.text
            inside = False
            last = word if word.text.strip() else last
            continue
        if index not in filled:
            made.append("")  # the place of the table
            filled[index] = (len(made) - 1, {})
        if word.text.strip():
            filled[index][1].setdefault(ruled[index].cell(x, word.middle), []).append(word)
        inside = True
    for index, (place, cells) in filled.items():
        made[place] = _placed(ruled[index], cells)
    return made


def unpaged(pages: Iterable[Sequence[Line]]) -> list[Block]:
    """The lines of all pages on end, so that it does not show where pages end: printed anew they end elsewhere.

    A table that goes on over a page's end, with the same columns and nothing but a page's number between, is one; its
    header is told once; a row that the page's end cut is one. The numbers of pages are left out where they count on.
    """
    kept = [[line for line in page if isinstance(line, Placed) or line.strip()] for page in pages]
    told: list[Block] = []
    last: tuple[int, Placed] | None = None  # where the table stands in `told` that ended the last page
    for content in _unnumbered(kept):
        begun = next((line for line in content if _number(line) is None), None)
        ended = next((line for line in reversed(content) if _number(line) is None), None)
        for line in content:
            if isinstance(line, str):
                told.append(line)
            elif line is begun and last is not None and _same_columns(last[1], line):
                place = last[0]
                before = told[place]
                assert isinstance(before, Table)
                told[place] = Table(_on(before.rows, last[1].full, line.table.rows))
                last = (place, line)
            else:
                told.append(line.table)
                last = (len(told) - 1, line)
        if last is not None and last[1] is not ended:
            last = None
    return told


def _number(line: Line) -> int | None:
    """The number of a page, if a line is nothing else."""
    found = _NUMBER.fullmatch(line.strip()) if isinstance(line, str) else None
    return int(found[1] or found[2]) if found else None


def _unnumbered(pages: list[list[Line]]) -> list[list[Line]]:
    """Pages without their numbers: first or last lines that count on from page to page. A number alone may be a figure."""
    for end in (-1, 0):
        places = [
            (index, number) for index, page in enumerate(pages) if page and (number := _number(page[end])) is not None
        ]
        if len(places) > 1 and len({number - index for index, number in places}) == 1:
            numbered = {index for index, _ in places}
            cut = slice(0, -1) if end else slice(1, None)
            pages = [page[cut] if index in numbered else page for index, page in enumerate(pages)]
    return pages


def _same_columns(one: Placed, other: Placed) -> bool:
    return len(one.xs) == len(other.xs) and all(abs(a - b) <= SLACK for a, b in zip(one.xs, other.xs, strict=True))


def _on(
    rows: tuple[tuple[str, ...], ...], full: tuple[bool, ...], more: tuple[tuple[str, ...], ...]
) -> tuple[tuple[str, ...], ...]:
    """Rows and those of the next page, without the header that is printed again on it. The first of those is the rest of
    a row if it goes on where lines were full, and has no figure and no number of an item of its own."""
    again = 0
    while again < min(len(rows), len(more) - 1) and rows[again] == more[again] and any(rows[again]):
        again += 1
    more = more[again:]
    head = more[0]
    rest = any(head) and all(
        not cell or (ends and above and not HEADING.match(cell) and not any(map(str.isdigit, cell)))
        for cell, ends, above in zip(head, full, rows[-1], strict=True)
    )
    if not rest:
        return rows + more
    return (*rows[:-1], tuple(above + cell for above, cell in zip(rows[-1], head, strict=True)), *more[1:])


def _placed(ruled: Ruled, words: dict[int, list[Word]]) -> Placed:
    """A table with these words in its cells."""
    down = ruled.ys[-1] > ruled.ys[0]
    text = {cell: _text(inside, down) for cell, inside in words.items()}
    table = Table(tuple(tuple(text.get(cell, "") for cell in row) for row in ruled.merged))
    ends = {cell: ruled.xs[column + 1] for column, cell in enumerate(ruled.merged[-1])}
    full = {cell: bool(words.get(cell)) and _full(words[cell], end, down) for cell, end in ends.items()}
    return Placed(table, tuple(ruled.xs), tuple(full[cell] for cell in ruled.merged[-1]))


def _full(words: list[Word], end: float, down: bool) -> bool:
    """The last line has no room for one more character, its cell's margin aside."""
    foot = (max if down else min)(word.base for word in words)
    size = max(word.size for word in words)
    return max(word.right for word in words if abs(word.base - foot) <= 0.4 * size) >= end - 2.0 * size


def _text(words: list[Word], down: bool) -> str:
    """The words of one cell in the order of their places: printers change fonts within a line, and order by font."""
    ordered = sorted(words, key=lambda word: word.base if down else -word.base)
    rows: list[list[Word]] = []
    for word in ordered:
        if rows and abs(word.base - rows[-1][0].base) <= max(word.size, rows[-1][0].size) * 0.4:
            rows[-1].append(word)
        else:
            rows.append([word])
    parts = []
    for row in rows:
        row.sort(key=lambda word: word.left)
        text = row[0].text
        for before, word in itertools.pairwise(row):
            text += (" " if word.left - before.right > 0.5 * word.size else "") + word.text
        parts.append(text)
    return wrapped(parts)
