"""A change's cells, rows and tables → where they stand in the two bodies. Pure.

`monitor.diff` says what changed and is alone to say it; here is only found where that is printed. What is not found is
told beside its table. Places are (block of the body, row, column) of the table as it is stored.
"""

import re
from collections.abc import Iterable, Iterator

from monitor.diff import Body
from monitor.diff_cells import CellChange, GridChange, TableChange, is_value, row_name
from monitor.diff_grid import Grid
from monitor.diff_tables import (
    Placed,
    field_at,
    paired_tables,
    placed,
    told_cell,
    told_column,
    told_row,
    told_table,
)
from monitor.web.diff_model import Key, Kind

Place = tuple[int, int, int]
_PARTS = re.compile(r"[+‖]")
"""Of a figure that is the sum of several cells, or printed several times."""


class Side:
    """Where one body is marked."""

    def __init__(self) -> None:
        self.cells: dict[Place, Key] = {}
        self.rows: dict[tuple[int, int], Key] = {}
        self.columns: dict[tuple[int, int], Key] = {}
        self.tables: dict[int, tuple[Key, Kind]] = {}


class Pairing:
    """Two tables that are each other's."""

    def __init__(self, old: Grid, new: Grid) -> None:
        self.old, self.new = old, new
        self.same = old.keyed == new.keyed
        self.placed = Placed(tuple((i, i) for i in range(old.width)), tuple((i, i) for i in range(len(old.rows))))
        if not self.same:
            self.placed = placed(old, new)

    def differing(self) -> Iterator[tuple[int, int, int, int, str, str]]:
        """Cells that print something else: row and column of the old, of the new, and both texts."""
        columns = [(a, b) for a, b in self.placed.columns if a is not None and b is not None]
        for i, j in () if self.same else self.placed.rows:
            if i is None or j is None or self.old.keyed[i] == self.new.keyed[j]:
                continue
            before, after = self.old.rows[i], self.new.rows[j]
            for a, b in columns:
                was, now = before[a] if a < len(before) else "", after[b] if b < len(after) else ""
                if self.old.cell_key(was) != self.new.cell_key(now):
                    yield i, a, j, b, was, now


class Places:
    """Where table changes stand. `sure`: those that must be told here; `more`: those that may be printed here again."""

    def __init__(
        self, body: Body, sure: Iterable[tuple[Key, TableChange]], more: Iterable[tuple[Key, TableChange]] = ()
    ) -> None:
        self.old, self.new = Side(), Side()
        self.notes: dict[tuple[str, int], list[Key]] = {}
        """Side and block of the table → changes of it that have no place in it; ("", -1): of no table here."""
        self.pairs: list[Pairing] = []
        sure = list(sure)
        self._left: dict[TableChange, list[Key]] = {}
        for key, change in (*sure, *more):
            self._left.setdefault(change, []).append(key)
        self._found: set[Key] = set()
        self._codes: dict[int, dict[str, list[tuple[int, int]]]] = {}
        self._grids = list(body.old.grids), list(body.new.grids)
        self._pair()
        for pairing in self.pairs:
            self._exactly(pairing)
        for key, change in (*sure, *more):
            if key in self._found:
                continue
            if isinstance(change, CellChange):
                self._field(key, change) or self._likely(key, change) or self._words(key, change)
            elif change.what == "row":
                self._row(key, change)
        for key, change in sure:
            if key not in self._found:
                self._note(key, change)

    # By the same names ------------------------------------------------------------------------------------------------

    def _take(self, change: TableChange, again: bool = True) -> Key | None:
        """The key of such a change; equal ones by turns. `again`: one that was found may be found again."""
        keys = self._left.get(change, [])
        free = [key for key in keys if key not in self._found]
        if free:
            self._found.add(free[0])
            return free[0]
        return keys[-1] if keys and again else None

    def _pair(self) -> None:
        old, new = self._grids
        alone: list[tuple[Grid | None, Grid | None]] = []
        both: list[tuple[Grid, Grid]] = []
        for i, j in paired_tables(old, new):
            if i is not None and j is not None:
                both.append((old[i], new[j]))
            else:
                alone.append((old[i] if i is not None else None, new[j] if j is not None else None))
        for before, after in alone:
            self._whole(before, after)
        for before, after in both:
            if before.keyed != after.keyed and self._whole(before, after):
                continue
            self.pairs.append(Pairing(before, after))
            key = self._take(told_table(after, "moved"), again=False)
            if key is not None:
                self.old.tables[before.block], self.new.tables[after.block] = (key, "left"), (key, "moved")

    def _whole(self, before: Grid | None, after: Grid | None) -> bool:
        gone = self._take(told_table(before, "removed"), again=False) if before is not None else None
        come = self._take(told_table(after, "added"), again=False) if after is not None else None
        if before is not None and gone is not None:
            self.old.tables[before.block] = gone, "removed"
        if after is not None and come is not None:
            self.new.tables[after.block] = come, "added"
        return gone is not None or come is not None

    def _exactly(self, pair: Pairing) -> None:
        old, new = pair.old, pair.new
        for a, b in pair.placed.columns:
            if b is None and a is not None and (key := self._take(told_column(old, a, "removed"))) is not None:
                self.old.columns[old.block, a] = key
            if a is None and b is not None and (key := self._take(told_column(new, b, "added"))) is not None:
                self.new.columns[new.block, b] = key
        for i, j in pair.placed.rows:
            if j is None and i is not None and (key := self._take(told_row(old, i, "removed"))) is not None:
                self.old.rows[old.block, old.shown[i]] = key
            if i is None and j is not None and (key := self._take(told_row(new, j, "added"))) is not None:
                self.new.rows[new.block, new.shown[j]] = key
        for i, a, j, b, was, now in pair.differing():
            field = field_at(old, new, (i, a), (j, b))
            key = self._take(told_cell(new, j, b, was, now, field))
            if key is not None:
                self._mark(self.old, old, i, a, key)
                self._mark(self.new, new, j, b, key)

    # By what they say -------------------------------------------------------------------------------------------------

    def _mark(self, side: Side, grid: Grid, row: int, column: int, key: Key) -> None:
        side.cells.setdefault((grid.block, grid.shown[row], column), key)
        self._found.add(key)

    def _field(self, key: Key, change: CellChange) -> bool:
        """A cell of a national table, by its code, wherever the layout has it."""
        if not change.field:
            return False
        for side, grids, printed in ((self.old, self._grids[0], change.old), (self.new, self._grids[1], change.new)):
            for grid in grids:
                wanted = {grid.cell_key(part) for part in (printed, *_PARTS.split(printed))}
                if id(grid) not in self._codes:
                    self._codes[id(grid)] = _coded(grid)
                for row, column in self._codes[id(grid)].get(change.field, ()):
                    if grid.cell_key(grid.rows[row][column]) in wanted:
                        self._mark(side, grid, row, column, key)
        return key in self._found

    def _likely(self, key: Key, change: CellChange) -> bool:
        """Cells of the same table that say on both sides what the change says."""
        old, new = (set(_PARTS.split(printed)) | {printed} for printed in (change.old, change.new))
        for pair in self.pairs:
            if change.table not in (pair.old.name, pair.new.name):
                continue
            before, after = ({pair.old.cell_key(part) for part in parts} for parts in (old, new))
            for i, a, j, b, was, now in pair.differing():
                if (pair.new.block, pair.new.shown[j], b) in self.new.cells:
                    continue
                if pair.old.cell_key(was) in before and pair.new.cell_key(now) in after:
                    self._mark(self.old, pair.old, i, a, key)
                    self._mark(self.new, pair.new, j, b, key)
        return key in self._found

    def _words(self, key: Key, change: CellChange) -> bool:
        """A label or a header that the other side does not have."""
        old, new = self._grids
        for side, here, there, printed in ((self.old, old, new, change.old), (self.new, new, old, change.new)):
            if not printed or is_value(printed):
                continue
            for grid in here:
                wanted = grid.cell_key(printed)
                if grid.name != change.table or any(
                    wanted in other.words for other in there if other.name == grid.name
                ):
                    continue
                for row, cells in enumerate(grid.rows):
                    for column, cell in enumerate(cells):
                        if grid.cell_key(cell) == wanted:
                            self._mark(side, grid, row, column, key)
        return key in self._found

    def _row(self, key: Key, change: GridChange) -> None:
        side, grids = (self.new, self._grids[1]) if change.change == "added" else (self.old, self._grids[0])
        for grid in grids:
            figures = {grid.cell_key(cell) for cell in change.cells}
            for row in range(len(grid.rows)) if grid.name == change.table else ():
                place = grid.block, grid.shown[row]
                label = grid.label_cells(row)
                named = {grid.row_label(row), *(row_name(grid.kind, cell) for cell in label[-1:])}
                if place not in side.rows and change.label in named and figures <= set(grid.keyed[row]):
                    side.rows[place] = key
                    self._found.add(key)
                    return

    def _note(self, key: Key, change: TableChange) -> None:
        for name, grids in (("new", self._grids[1]), ("old", self._grids[0])):
            for grid in grids:
                if grid.name == change.table:
                    self.notes.setdefault((name, grid.block), []).append(key)
                    return
        self.notes.setdefault(("", -1), []).append(key)


def _coded(grid: Grid) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for row, cells in enumerate(grid.rows) if grid.kind else ():
        if grid.is_header(row):
            continue
        for column, cell in enumerate(cells):
            if is_value(cell) and (code := grid.field(row, column)):
                found.setdefault(code, []).append((row, column))
    return found
