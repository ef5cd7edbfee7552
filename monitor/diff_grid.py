"""A table of a report as it is compared: what it is, and what its rows, columns and cells are called. Pure."""

import re
from collections.abc import Sequence
from functools import cached_property

from monitor.diff_cells import Key, field_of, is_value, table_name, tidy
from monitor.figures import labels
from monitor.figures.cells import fold
from monitor.figures.fields import request_row
from monitor.table_form import Line

_CHAPTER_TABLES = (
    ("二", re.compile("主动公开政府信息")),
    ("三", re.compile("收到和处理")),
    ("四", re.compile("行政复议|行政诉讼")),
)


_UNSURE = ("", "handled_total", "other.other")
"""Rows of table 3 whose names other tables have as well."""


class Grid:
    """A table with the chapter it stands in, and what its rows and columns are called."""

    def __init__(
        self,
        rows: Sequence[Sequence[str]],
        chapter: str,
        key: Key,
        place: int = 0,
        lines: Sequence[Line] | None = None,
        block: int = -1,
        shown: Sequence[int] = (),
    ) -> None:
        self.rows = rows
        self.chapter = chapter
        self.place = place
        """Characters of prose before it."""
        self.key = key
        self.lines = lines
        """The table in the national form, if it is in one."""
        self.block, self.shown = block, shown
        """The block of the body that it is, and which of that table's rows."""
        self.width = max(map(len, rows), default=0)
        self._keys: dict[str, str] = {}
        self._labels: dict[int, tuple[str, ...]] = {}

    def cell_key(self, cell: str) -> str:
        if cell not in self._keys:
            self._keys[cell] = self.key(cell)
        return self._keys[cell]

    @cached_property
    def kind(self) -> str:
        """二, 三 or 四 where it is one of the national tables; else empty."""
        if found := next((line.table for line in self.lines or () if line.table), ""):
            return found
        for row in self.rows:
            for cell in dict.fromkeys(row):
                if found := labels.marker(fold(cell)):
                    return found
        title = fold(self.chapter)
        return next((kind for kind, words in _CHAPTER_TABLES if words.search(title)), "")

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The national tables that are joined in it, as its own words tell."""
        if self.lines:
            return frozenset(line.table for line in self.lines if line.table)
        words = [fold(cell) for row in self.rows for cell in dict.fromkeys(row) if not is_value(cell)]
        told = frozenset(filter(None, map(labels.marker, words)))
        if not told and any(labels.row("三", word) not in _UNSURE for word in words):
            return frozenset("三")  # a piece of it
        return told

    @property
    def name(self) -> str:
        if self.kind:
            return table_name(self.kind)
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
        if row not in self._labels:
            cells: list[str] = []
            for cell in self.rows[row]:
                if is_value(cell) and (cell or cells):
                    break
                if cell and (not cells or cell != cells[-1]):
                    cells.append(cell)
            self._labels[row] = tuple(cells)
        return self._labels[row]

    @cached_property
    def label_keys(self) -> tuple[str, ...]:
        return tuple("".join(map(self.cell_key, self.label_cells(row))) for row in range(len(self.rows)))

    def is_header(self, row: int) -> bool:
        """Whether a row holds no figure: only words, and blanks at its left."""
        return self._heads[row]

    @cached_property
    def _heads(self) -> list[bool]:
        found = []
        for cells in self.rows:
            filled = [cell for cell in cells if cell]
            found.append(bool(filled) and not any(map(is_value, filled)) and all(cells[cells.index(filled[0]) :]))
        return found

    @cached_property
    def _above(self) -> list[range]:
        """For each row: the nearest rows of headers above it."""
        found = []
        above = range(0)
        for row, head in enumerate(self._heads):
            found.append(above)
            if head:
                above = range(above.start if row and self._heads[row - 1] else row, row + 1)
        return [*found, above]

    def header_cells(self, row: int, column: int) -> tuple[str, ...]:
        """Header cells over a cell, from the top, repeated ones once: those of the nearest rows of headers above it."""
        shown: list[str] = []
        for above in self._above[row]:
            cells = self.rows[above]
            if column < len(cells) and len(set(cells)) > 1 and cells[column] and cells[column] not in shown:
                shown.append(cells[column])
        return tuple(shown)

    def field(self, row: int, column: int) -> str:
        """The code of a cell of a national table; empty: it has none, or its labels do not tell."""
        if not self.kind:
            return ""
        heads = "".join(map(fold, self.header_cells(row, column)))
        return field_of(self.kind, [fold(cell) for cell in self.label_cells(row)], heads)

    def row_label(self, row: int) -> str:
        cells = self.label_cells(row) or self.rows[row][:1]
        if self.kind == "三":
            for cell in reversed(cells):
                if code := labels.row("三", fold(cell)):
                    return request_row(code) if code != "other" else cell
        if self.kind == "四" and len(cells) == 0:
            return ""
        return " ".join(tidy(cell) for cell in cells[-2:])

    def column_label(self, row: int, column: int) -> str:
        cells = self.header_cells(row, column)
        return " ".join(tidy(cell) for cell in cells[-2:]) if self.kind == "四" else tidy("".join(cells[-1:]))

    def column_keys(self) -> list[str]:
        """What each column is called by: the words above its first figures."""
        first = next((row for row in range(len(self.rows)) if row and not self.is_header(row)), len(self.rows))
        return ["".join(map(self.cell_key, self.header_cells(first, column))) for column in range(self.width)]
