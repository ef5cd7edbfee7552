"""Words at places on pages, and the tables ruled on those → lines and grids in reading order. Pure.

For formats that are printed pages (PDF, OFD). Lines come in the order in which the words come; within a table's cell the
place of a word decides. Lengths are in points.
"""

import itertools
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from crawler.documents.grid import nearest, snapped
from crawler.documents.lines import HEADING, PAGE_NUMBER, wrapped
from crawler.documents.model import without_marks
from crawler.documents.ruled import SLACK, Ruled
from crawler.page.text import Block, Table

_WITHIN = ",，.．"
"""What stands within numbers, and neither begins nor ends one."""
_RUNNING = 3
"""Lines at the head or the foot of a page that may be printed on each."""


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

    A table that goes on over a page's end, with the same columns and nothing but what is printed on every page between, is
    one; its header is told once; a row that the page's end cut is one. The numbers of pages are left out where they count
    on, lines that head or foot several pages are told once.
    """
    kept, running = _unheaded([[line for line in page if isinstance(line, Placed) or line.strip()] for page in pages])
    told: list[Block] = []
    last: tuple[int, Placed] | None = None  # where the table stands in `told` that ended the last page
    for content in kept:
        own = [line for line in content if _number(line) is None and line not in running]
        for line in content:
            if isinstance(line, str):
                told.append(line)
            elif line is own[0] and last is not None and (joined := _joined(last[1], line)) is not None:
                place = last[0]
                told[place] = joined.table
                last = (place, joined)
            else:
                told.append(line.table)
                last = (len(told) - 1, line)
        if last is not None and own and not isinstance(own[-1], Placed):
            last = None
    return told


def _number(line: Line) -> int | None:
    """The number of a page, if a line is nothing else."""
    found = PAGE_NUMBER.fullmatch(line.strip()) if isinstance(line, str) else None
    return int(found[1] or found[2]) if found else None


def _unheaded(pages: list[list[Line]]) -> tuple[list[list[Line]], set[Line]]:
    """Pages without their numbers, and with lines that head or foot several of them only where they first stand. Those
    lines are told as well."""
    running: set[Line] = set()
    for _ in range(_RUNNING):
        pages = _unnumbered(pages)
        own = [[line for line in page if line not in running] for page in pages]
        for end in (0, -1):
            ends = Counter(page[end] for page in own if page and isinstance(page[end], str))
            running |= {line for line, pages_so in ends.items() if pages_so > 1 and without_marks(str(line)).strip()}
    seen: set[Line] = set()
    kept = []
    for page in pages:
        first = next((index for index, line in enumerate(page) if line not in running), len(page))
        past = next((index for index in range(len(page), first, -1) if page[index - 1] not in running), first)
        kept.append([line for index, line in enumerate(page) if first <= index < past or line not in seen])
        seen.update(line for line in page if isinstance(line, str))
    return _unnumbered(kept), running


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


def _joined(one: Placed, other: Placed) -> Placed | None:
    """A table and what goes on with it on the next page; None if that is another. Its columns are the same, though an edge
    shows only on pages where a cell ends at it."""
    if abs(one.xs[0] - other.xs[0]) > SLACK:
        return None
    inner = [part.xs[1:-1] for part in (one, other)]
    shared = sum(any(abs(a - b) <= SLACK for b in inner[1]) for a in inner[0])
    if 2 * shared < min(map(len, inner)) or (not shared and max(map(len, inner))):
        return None
    xs = snapped((*one.xs, *other.xs), SLACK)
    first, second = _widened(one, xs), _widened(other, xs)
    return Placed(Table(_on(first.table.rows, first.full, second.table.rows)), tuple(xs), second.full)


def _widened(part: Placed, xs: Sequence[float]) -> Placed:
    """The part with its cells in the columns between these edges, which hold its own."""
    places = [nearest(xs, x) for x in part.xs]
    counts = [end - start for start, end in itertools.pairwise(places)]
    beyond = len(xs) - 1 - sum(counts)
    rows = (
        (*(cell for cell, count in zip(row, counts, strict=True) for _ in range(count)), *[""] * beyond)
        for row in part.table.rows
    )
    full = (*(ends for ends, count in zip(part.full, counts, strict=True) for _ in range(count)), *[False] * beyond)
    return Placed(Table(tuple(rows)), tuple(xs), full)


def _on(
    rows: tuple[tuple[str, ...], ...], full: tuple[bool, ...], more: tuple[tuple[str, ...], ...]
) -> tuple[tuple[str, ...], ...]:
    """Rows and those of the next page, without the header that is printed again on it. The first of those is the rest of
    a row if words go on where lines were full, and what has figures or the number of an item has nothing above it."""
    again = 0
    while again < min(len(rows), len(more) - 1) and rows[again] == more[again] and any(rows[again]):
        again += 1
    more = more[again:]
    goes_on = False
    for cell, ends, above in zip(more[0], full, rows[-1], strict=True):
        if cell and above:
            number = cell[0] in _WITHIN or above[-1] in _WITHIN
            if not number and (not ends or HEADING.match(cell) or any(map(str.isdigit, cell))):
                return rows + more
            goes_on = True
    if not goes_on:
        return rows + more
    return (*rows[:-1], tuple(above + cell for above, cell in zip(rows[-1], more[0], strict=True)), *more[1:])


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
            text += (" " if word.left - _right(before) > 0.5 * word.size else "") + word.text
        parts.append(text)
    return wrapped(parts)


def _right(word: Word) -> float:
    """Where a character ends, whatever its font says: a wide one takes a square."""
    wide = unicodedata.east_asian_width(word.text[-1]) in "WF"
    return max(word.right, word.left + 0.8 * word.size) if wide else word.right
