"""Two sets of tables → what changed in them, cell by cell. Pure.

Tables pair off in order by what their labels say, rows by their labels, columns by their headers: a row that was put in
shifts nothing.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Literal

import msgspec

from monitor.figures import labels
from monitor.figures.cells import fold
from monitor.figures.fields import request_row
from monitor.sequences import aligned, alike, pairs_of

Key = Callable[[str], str]

_VALUE = re.compile(r"[-−–—+]?[\d,，.．]+\s*(?:[%％‰]|万元|亿元|元|件|条|个|项|次|宗|份|人)?|[/／\\]|[-−–—]+|")
_CHAPTER_TABLES = (
    ("二", re.compile("主动公开政府信息")),
    ("三", re.compile("收到和处理")),
    ("四", re.compile("行政复议|行政诉讼")),
)
_NAMES = {"二": "主动公开政府信息情况", "三": "收到和处理政府信息公开申请情况", "四": "行政复议、行政诉讼情况"}


class CellChange(msgspec.Struct, frozen=True):
    """A cell that says something else."""

    table: str
    """`表三 收到和处理政府信息公开申请情况`."""
    row: str
    column: str
    old: str
    """As printed; empty: blank."""
    new: str

    @property
    def label(self) -> str:
        """`总计 · 一、本年新收`; the row's label alone where the column has none."""
        return " · ".join(part for part in (self.column, self.row) if part)


class GridChange(msgspec.Struct, frozen=True):
    """A row, a column or a whole table that came or went, or a table that stands elsewhere in the text."""

    table: str
    what: Literal["row", "column", "table"]
    change: Literal["added", "removed", "moved"]
    label: str
    """Of the row or column."""
    cells: tuple[str, ...]
    """What stands in it; of a table the first cells."""


class Grid:
    """A table with the chapter it stands in, and what its rows and columns are called."""

    def __init__(self, rows: Sequence[Sequence[str]], chapter: str, key: Key, place: int = 0) -> None:
        self.rows = rows
        self.chapter = chapter
        self.place = place
        """Characters of prose before it."""
        self.key = key
        self.width = max(map(len, rows), default=0)
        self._keys: dict[str, str] = {}

    def cell_key(self, cell: str) -> str:
        if cell not in self._keys:
            self._keys[cell] = self.key(cell)
        return self._keys[cell]

    @cached_property
    def kind(self) -> str:
        """二, 三 or 四 where it is one of the national tables; else empty."""
        for row in self.rows:
            for cell in dict.fromkeys(row):
                if found := labels.marker(fold(cell)):
                    return found
        title = fold(self.chapter)
        return next((kind for kind, words in _CHAPTER_TABLES if words.search(title)), "")

    @property
    def name(self) -> str:
        if self.kind:
            return f"表{self.kind} {_NAMES[self.kind]}"
        return f"表格（{self.chapter}）" if self.chapter else "表格"

    @cached_property
    def keyed(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(map(self.cell_key, row)) for row in self.rows)

    @cached_property
    def words(self) -> frozenset[str]:
        """Keys of all cells that are not figures."""
        return frozenset(self.cell_key(cell) for row in self.rows for cell in row if not is_value(cell))

    def label_cells(self, row: int) -> tuple[str, ...]:
        """The row's label: its cells before the first figure, repeated ones once."""
        cells: list[str] = []
        for cell in self.rows[row]:
            if is_value(cell) and (cell or cells):
                break
            if cell and (not cells or cell != cells[-1]):
                cells.append(cell)
        return tuple(cells)

    @cached_property
    def label_keys(self) -> tuple[str, ...]:
        return tuple("".join(map(self.cell_key, self.label_cells(row))) for row in range(len(self.rows)))

    def is_header(self, row: int) -> bool:
        """Whether a row holds no figure: only words, and blanks at its left."""
        cells = self.rows[row]
        filled = [cell for cell in cells if cell]
        return bool(filled) and not any(map(is_value, filled)) and all(cells[cells.index(filled[0]) :])

    def header_cells(self, row: int, column: int) -> tuple[str, ...]:
        """Header cells over a cell, from the top, repeated ones once: those of the nearest rows of headers above it."""
        end = row
        while end > 0 and not self.is_header(end - 1):
            end -= 1
        begin = end
        while begin > 0 and self.is_header(begin - 1):
            begin -= 1
        shown: list[str] = []
        for above in range(begin, end):
            cells = self.rows[above]
            if column < len(cells) and len(set(cells)) > 1 and cells[column] and cells[column] not in shown:
                shown.append(cells[column])
        return tuple(shown)

    def row_label(self, row: int) -> str:
        cells = self.label_cells(row) or self.rows[row][:1]
        if self.kind == "三":
            for cell in reversed(cells):
                if code := labels.row("三", fold(cell)):
                    return request_row(code) if code != "other" else cell
        if self.kind == "四" and len(cells) == 0:
            return ""
        return " ".join(_tidy(cell) for cell in cells[-2:])

    def column_label(self, row: int, column: int) -> str:
        cells = self.header_cells(row, column)
        return " ".join(_tidy(cell) for cell in cells[-2:]) if self.kind == "四" else _tidy("".join(cells[-1:]))

    def column_keys(self) -> list[str]:
        """What each column is called by: the words above its first figures."""
        first = next((row for row in range(len(self.rows)) if row and not self.is_header(row)), len(self.rows))
        return ["".join(map(self.cell_key, self.header_cells(first, column))) for column in range(self.width)]


def is_value(cell: str) -> bool:
    """Whether a cell is a figure, or stands for one: a number, `/`, dashes, nothing."""
    return _VALUE.fullmatch(cell.strip()) is not None


def _tidy(label: str) -> str:
    label = re.sub(r"\s+", "", label)
    return label if len(label) <= 24 else label[:23] + "…"


def compare_tables(old: Sequence[Grid], new: Sequence[Grid]) -> Iterator[CellChange | GridChange]:
    """Changes of all tables, in the order of the document."""
    pairs = aligned(old, new, lambda grid: (grid.chapter and grid.key(grid.chapter), grid.keyed), _same_table, 0.3)
    for before, after in pairs:
        if after is None and before is not None:
            yield _whole(old[before], "removed")
        elif before is None and after is not None:
            yield _whole(new[after], "added")
        elif before is not None and after is not None and old[before].keyed != new[after].keyed:
            yield from _compare(old[before], new[after])


def moved_tables(old: Sequence[Grid], new: Sequence[Grid]) -> Iterator[GridChange]:
    """Tables that have another place in the prose. For two texts that differ in nothing else."""
    for before, after in zip(old, new, strict=False):
        if before.place != after.place:
            yield _whole(after, "moved")


def _whole(grid: Grid, change: Literal["added", "removed", "moved"]) -> GridChange:
    cells = [cell for row in grid.rows for cell in dict.fromkeys(row) if cell]
    return GridChange(grid.name, "table", change, f"{len(grid.rows)} 行 {grid.width} 列", tuple(cells[:8]))


def _same_table(one: Grid, other: Grid) -> float:
    same_words = alike(one.words, other.words) if one.words or other.words else 0.5
    same_place = one.key(one.chapter) == other.key(other.chapter)
    same_shape = (len(one.rows), one.width) == (len(other.rows), other.width)
    same_kind = one.kind == other.kind
    return 0.6 * same_words + 0.15 * same_place + 0.1 * same_shape + 0.15 * same_kind


def _compare(old: Grid, new: Grid) -> Iterator[CellChange | GridChange]:
    columns = _columns(old, new)
    for i, j in columns:
        if j is None and i is not None:
            yield _column(old, i, "removed")
        elif i is None and j is not None:
            yield _column(new, j, "added")
    both = [(i, j) for i, j in columns if i is not None and j is not None]

    def likeness(i: int, j: int) -> float:
        one, other = old.label_keys[i], new.label_keys[j]
        if one == other and one:
            return 1.0
        first, second = old.keyed[i], new.keyed[j]
        same = sum(a < len(first) and b < len(second) and first[a] == second[b] for a, b in both) / max(1, len(both))
        return 0.5 * same + 0.45 * (alike(pairs_of(one), pairs_of(other)) if one or other else 1.0)

    told: set[tuple[str, str]] = set()
    keys = old.keyed, new.keyed
    rows = aligned(
        [(0, i) for i in range(len(old.rows))],
        [(1, j) for j in range(len(new.rows))],
        lambda item: keys[item[0]][item[1]],
        lambda one, other: likeness(one[1], other[1]),
        0.4,
    )
    for i, j in rows:
        if j is None and i is not None:
            yield _row(old, i, "removed")
        elif i is None and j is not None:
            yield _row(new, j, "added")
        elif i is not None and j is not None and keys[0][i] != keys[1][j]:
            for a, b in both:
                before = old.rows[i][a] if a < len(old.rows[i]) else ""
                after = new.rows[j][b] if b < len(new.rows[j]) else ""
                if old.cell_key(before) == new.cell_key(after):
                    continue
                if not is_value(before) or not is_value(after):
                    # A spanned label is repeated in the grid: it changed once. Equal figures side by side are two.
                    if (before, after) in told:
                        continue
                    told.add((before, after))
                yield _cell(new, j, b, before, after)


def _columns(old: Grid, new: Grid) -> list[tuple[int | None, int | None]]:
    if old.width == new.width:
        return [(column, column) for column in range(old.width)]
    return list(
        aligned(
            list(enumerate(old.column_keys())),
            list(enumerate(new.column_keys())),
            lambda item: item[1],
            lambda one, other: alike(pairs_of(one[1]), pairs_of(other[1])) if one[1] and other[1] else 0.0,
            0.5,
        )
    )


def _cell(grid: Grid, row: int, column: int, old: str, new: str) -> CellChange:
    if grid.is_header(row):
        return CellChange(grid.name, "表头", "", old, new)
    label, header = grid.row_label(row), grid.column_label(row, column)
    if not is_value(old) and not is_value(new) and new in grid.label_cells(row):
        header = ""
    return CellChange(grid.name, label, header, old, new)


def _row(grid: Grid, row: int, change: Literal["added", "removed"]) -> GridChange:
    cells = tuple(cell for cell in grid.rows[row][len(grid.label_cells(row)) :] if cell)
    return GridChange(grid.name, "row", change, grid.row_label(row), cells)


def _column(grid: Grid, column: int, change: Literal["added", "removed"]) -> GridChange:
    first = next((row for row in range(len(grid.rows)) if row and not grid.is_header(row)), len(grid.rows))
    cells = tuple(row[column] for row in grid.rows[first:] if column < len(row))
    return GridChange(grid.name, "column", change, grid.column_label(first, column), cells)
