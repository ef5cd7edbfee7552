"""Two sets of tables → what changed in them, cell by cell. Pure.

A national table whose layout is known on both sides (`monitor.table_form`) is compared line by line, whatever the layouts. Other
tables pair off in order by what their labels say, rows by their labels, columns by their headers: a row that was put in
shifts nothing. A cell of a national table bears its code.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from monitor.diff_cells import (
    CellChange,
    GridChange,
    TableChange,
    field_change,
    is_value,
    table_name,
)
from monitor.diff_forms import compare_forms, compare_words
from monitor.diff_grid import Grid
from monitor.sequences import Pair, aligned, alike, pairs_of
from monitor.table_form import Line

_FEW = 6
"""Differences of two layouts of one table that may each be an edit; many more are the layout."""


def compare_tables(
    old: Sequence[Grid], new: Sequence[Grid], whole: frozenset[str] = frozenset()
) -> Iterator[TableChange]:
    """Changes of all tables, in the order of the document. `whole`: the national tables whose cells were all compared by
    their fields: where such a table is laid out otherwise, only its words are left to be told."""
    formed = formed_kinds(old, new)
    for kind in sorted(formed, key="二三四".index):
        yield from compare_forms(kind, _lines_of(kind, old), _lines_of(kind, new), new[0].key)
    was = [grid for grid in old if not (grid.lines and grid.kinds <= formed)]
    now = [grid for grid in new if not (grid.lines and grid.kinds <= formed)]
    for kind in "二三四":
        mine, others = ([grid for grid in grids if grid.kinds == {kind}] for grids in (was, now))
        if mine and others and not _alike(mine, others):
            yield from _restyled(kind, mine, others, kind in whole)
            was, now = ([grid for grid in grids if grid.kinds != {kind}] for grids in (was, now))
    yield from _paired(was, now)


def _restyled(kind: str, old: Sequence[Grid], new: Sequence[Grid], whole: bool) -> Iterator[TableChange]:
    """A national table in two layouts, of one of which it is not known where each cell belongs."""
    words: list[TableChange] = list(compare_words(kind, _words_of(old), _words_of(new), new[0].key))
    if not whole:
        words.append(GridChange(table_name(kind), "table", "restyled", "部分单元格未能逐一对应", ()))
    found = list(_paired(old, new))
    beside = [one for one in found if not _is_figure(one)]
    most = _FEW if _extents(old) == _extents(new) else len(words)
    yield from found if found and len(beside) <= most else words


def _is_figure(one: TableChange) -> bool:
    """Whether it is one of the form's figures that is another."""
    return isinstance(one, CellChange) and bool(one.field) and is_value(one.old) and is_value(one.new)


def _extents(grids: Sequence[Grid]) -> set[int]:
    """How many columns something stands in."""
    return {max((place for row in grid.rows for place, cell in enumerate(row, 1) if cell), default=0) for grid in grids}


def paired_tables(was: Sequence[Grid], now: Sequence[Grid]) -> Iterator[Pair]:
    """Which tables are each other's, in order."""
    return aligned(was, now, lambda grid: (grid.chapter and grid.key(grid.chapter), grid.keyed), table_likeness, 0.3)


def _paired(was: Sequence[Grid], now: Sequence[Grid]) -> Iterator[TableChange]:
    """Tables compared as the grids that they are."""
    for before, after in paired_tables(was, now):
        if after is None and before is not None:
            yield told_table(was[before], "removed")
        elif before is None and after is not None:
            yield told_table(now[after], "added")
        elif before is not None and after is not None and was[before].keyed != now[after].keyed:
            yield from _compare(was[before], now[after])


def moved_tables(old: Sequence[Grid], new: Sequence[Grid]) -> Iterator[GridChange]:
    """Tables that have another place in the prose. For two texts that differ in nothing else."""
    if [grid.keyed for grid in old] == [grid.keyed for grid in new]:
        for before, after in zip(old, new, strict=True):
            if before.place != after.place:
                yield told_table(after, "moved")


def restyled_tables(old: Sequence[Grid], new: Sequence[Grid]) -> Iterator[GridChange]:
    """Tables that are laid out otherwise, with the same words and figures. For two texts that differ in nothing else."""
    known = [grid.keyed for grid in old]
    for grid in new:
        if grid.keyed not in known:
            yield GridChange(grid.name, "table", "restyled", "数据未变", ())


def formed_kinds(old: Sequence[Grid], new: Sequence[Grid]) -> frozenset[str]:
    """The national tables that are in their form on both sides, with whatever they are joined to."""
    kinds = frozenset("二三四")
    for grids in (old, new):
        here = {kind for grid in grids if grid.lines for kind in grid.kinds}
        kinds &= here - {kind for grid in grids if not grid.lines for kind in grid.kinds}
    joined = [grid.kinds for grid in (*old, *new) if grid.lines]
    while apart := [others for others in joined if others & kinds and not others <= kinds]:
        kinds -= apart[0]
    return kinds


def _lines_of(kind: str, grids: Sequence[Grid]) -> list[Line]:
    """A table's lines wherever they stand, without the words over another table that is joined to it."""
    lines: list[Line] = []
    for grid in grids:
        for line in grid.lines or ():
            while line.kind == "header" and line.table != kind and lines and lines[-1].kind == "words":
                lines.pop()
            if line.table == kind:
                lines.append(line)
    return lines


def _alike(old: Sequence[Grid], new: Sequence[Grid]) -> bool:
    """Whether two drawings of a table have one layout: most places of the one grid say what they say in the other."""
    if [(len(grid.rows), grid.width) for grid in old] != [(len(grid.rows), grid.width) for grid in new]:
        return False
    pairs = [
        (one, other)
        for before, after in zip(old, new, strict=True)
        for row, now in zip(before.keyed, after.keyed, strict=True)
        for one, other in itertools.zip_longest(row, now, fillvalue="")
    ]
    return 5 * sum(one == other for one, other in pairs) >= 4 * len(pairs)


def _words_of(grids: Sequence[Grid]) -> list[str]:
    return [cell for grid in grids for row in grid.rows for cell in row if cell and not is_value(cell)]


def told_table(grid: Grid, change: Literal["added", "removed", "moved"]) -> GridChange:
    cells = [cell for row in grid.rows for cell in dict.fromkeys(row) if cell]
    return GridChange(grid.name, "table", change, f"{len(grid.rows)} 行 {grid.width} 列", tuple(cells[:8]))


def table_likeness(one: Grid, other: Grid) -> float:
    same_words = alike(one.words, other.words) if one.words or other.words else 0.5
    same_place = one.key(one.chapter) == other.key(other.chapter)
    same_shape = (len(one.rows), one.width) == (len(other.rows), other.width)
    same_kind = one.kind == other.kind
    return 0.6 * same_words + 0.15 * same_place + 0.1 * same_shape + 0.15 * same_kind


class Placed(NamedTuple):
    """Two drawings of a table beside each other: which columns and rows are each other's; None: it has no counterpart."""

    columns: tuple[Pair, ...]
    rows: tuple[Pair, ...]


def placed(old: Grid, new: Grid) -> Placed:
    """Rows by their labels and columns by their headers."""
    columns = _columns(old, new)
    both = [(i, j) for i, j in columns if i is not None and j is not None]

    def likeness(i: int, j: int) -> float:
        one, other = old.label_keys[i], new.label_keys[j]
        if one == other and one:
            return 1.0
        first, second = old.keyed[i], new.keyed[j]
        same = sum(a < len(first) and b < len(second) and first[a] == second[b] for a, b in both) / max(1, len(both))
        return 0.5 * same + 0.45 * (alike(pairs_of(one), pairs_of(other)) if one or other else 1.0)

    keys = old.keyed, new.keyed
    rows = aligned(
        [(0, i) for i in range(len(old.rows))],
        [(1, j) for j in range(len(new.rows))],
        lambda item: keys[item[0]][item[1]],
        lambda one, other: likeness(one[1], other[1]),
        0.4,
    )
    return Placed(tuple(columns), tuple(rows))


def _compare(old: Grid, new: Grid) -> Iterator[TableChange]:
    columns, rows = placed(old, new)
    for i, j in columns:
        if j is None and i is not None:
            yield told_column(old, i, "removed")
        elif i is None and j is not None:
            yield told_column(new, j, "added")
    both = [(i, j) for i, j in columns if i is not None and j is not None]
    told: set[tuple[str, str, str]] = set()
    keys = old.keyed, new.keyed
    for i, j in rows:
        if j is None and i is not None:
            yield told_row(old, i, "removed")
        elif i is None and j is not None:
            yield told_row(new, j, "added")
        elif i is not None and j is not None and keys[0][i] != keys[1][j]:
            for a, b in both:
                before = old.rows[i][a] if a < len(old.rows[i]) else ""
                after = new.rows[j][b] if b < len(new.rows[j]) else ""
                if old.cell_key(before) == new.cell_key(after):
                    continue
                field = field_at(old, new, (i, a), (j, b))
                if field or not (is_value(before) and is_value(after)):
                    # A spanned label is repeated in the grid, and so is a figure over several columns of one header: it
                    # changed once. Equal figures side by side are two.
                    if (field, before, after) in told:
                        continue
                    told.add((field, before, after))
                yield told_cell(new, j, b, before, after, field)


def field_at(old: Grid, new: Grid, was: tuple[int, int], now: tuple[int, int]) -> str:
    """The code of a cell that stands at (row, column) in both tables, if one of them is a figure and its labels tell."""
    cells = (grid.rows[row][column : column + 1] for grid, (row, column) in ((old, was), (new, now)))
    if not any(is_value("".join(cell)) for cell in cells):
        return ""
    return new.field(*now) or old.field(*was)


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


def told_cell(grid: Grid, row: int, column: int, old: str, new: str, field: str) -> CellChange:
    if field:
        return field_change(field, old, new)
    if grid.is_header(row):
        return CellChange(grid.name, "表头", old, new)
    label, header = grid.row_label(row), grid.column_label(row, column)
    if not is_value(old) and not is_value(new) and new in grid.label_cells(row):
        header = ""
    return CellChange(grid.name, " · ".join(filter(None, (header, label))), old, new)


def told_row(grid: Grid, row: int, change: Literal["added", "removed"]) -> GridChange:
    cells = tuple(cell for cell in grid.rows[row][len(grid.label_cells(row)) :] if cell)
    return GridChange(grid.name, "row", change, grid.row_label(row), cells)


def told_column(grid: Grid, column: int, change: Literal["added", "removed"]) -> GridChange:
    first = next((row for row in range(len(grid.rows)) if row and not grid.is_header(row)), len(grid.rows))
    cells = tuple(row[column] for row in grid.rows[first:] if column < len(row))
    return GridChange(grid.name, "column", change, grid.column_label(first, column), cells)
