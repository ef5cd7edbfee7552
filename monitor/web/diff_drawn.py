"""Tables with what changed in them → what a template draws: one version's grid, or both versions in one. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from monitor.diff_cells import is_value
from monitor.diff_grid import Grid
from monitor.web.diff_model import NONE, Cell, Drawn, Key, Kind, Line, Note, Numbers
from monitor.web.diff_places import Pairing, Side

Rows = Sequence[Sequence[str]]
Captions = Mapping[tuple[int, int, int], tuple[Key, Kind]]
"""Words over a table that changed as sentences do."""
Tell = Callable[[Key], Note]


class Pen:
    """Draws one body's tables."""

    def __init__(self, numbers: Numbers, sides: tuple[Side, Side], captions: tuple[Captions, Captions]) -> None:
        self._numbers = numbers
        self._sides = sides
        self._captions = captions

    def one(self, grid: Grid, rows: Rows, side: Literal["old", "new"], notes: tuple[Note, ...]) -> Drawn:
        """A table as one version has it. `rows`: all of its rows, as stored."""
        which = side == "new"
        marks, captions = self._sides[which], self._captions[which]
        whole: Kind = "added" if which else "removed"
        table, is_now = marks.tables.get(grid.block, (None, "same"))
        mark = self._numbers.mark(table, "-from" if is_now == "left" else "") if table is not None else NONE
        lines = []
        inner = {place: row for row, place in enumerate(grid.shown)}
        for place, printed in enumerate(rows):
            if not any(printed) and place not in inner:
                continue
            row = inner.get(place)
            own = marks.rows.get((grid.block, place))
            on = self._numbers.mark(own) if own is not None else NONE
            cells = []
            for column in range(max(grid.width, len(printed))):
                text = printed[column] if column < len(printed) else ""
                found, kind = captions.get((grid.block, place, column), (None, whole))
                if found is None:
                    found = marks.cells.get((grid.block, place, column))
                if found is None:
                    found = marks.columns.get((grid.block, column)) if row is not None else None
                head = _head(grid, row, column)
                figure, over = is_value(text), _over(grid, row, column, head)
                if found is None:
                    cells.append(Cell("same", "", text, NONE, head, figure, over))
                    continue
                here = self._numbers.mark(found)
                kind = whole if kind == "changed" else kind
                shown = (text, "") if kind == "removed" else ("", text)
                cells.append(Cell(kind, *shown, here, head, figure, over))
            lines.append(Line(whole if own is not None else "same", tuple(cells), on))
        return Drawn(grid.name, is_now, tuple(_spanned(lines, bool(grid.kind))), side, mark, notes)

    def fits(self, pair: Pairing) -> bool:
        """Whether both versions go into one table without telling of more than changed."""
        old, new = pair.old, pair.new
        before, after = self._sides
        return not any(
            (b is None and a is not None and (old.block, a) not in before.columns)
            or (a is None and b is not None and (new.block, b) not in after.columns)
            for a, b in pair.placed.columns
        ) and not any(
            (j is None and i is not None and (old.block, old.shown[i]) not in before.rows)
            or (i is None and j is not None and (new.block, new.shown[j]) not in after.rows)
            for i, j in pair.placed.rows
        ) and not any(place[0] == old.block for place in self._captions[0])  # fmt: skip

    def both(self, pair: Pairing, rows: Rows, notes: tuple[Note, ...]) -> Drawn:
        """Both versions in one table, which they fit. `rows`: of the new one, as stored."""
        old, new = pair.old, pair.new
        before, after = self._sides
        moved, is_now = after.tables.get(new.block, (None, "same"))
        mark = self._numbers.mark(moved) if moved is not None else NONE
        lines: list[Line] = []
        lead = self.one(new, rows[: new.shown[0]], "new", ()).lines if new.shown and new.shown[0] else ()
        lines.extend(lead)
        for i, j in pair.placed.rows:
            own = after.rows.get((new.block, new.shown[j])) if j is not None and i is None else None
            if own is None and i is not None and j is None:
                own = before.rows.get((old.block, old.shown[i]))
            on = self._numbers.mark(own) if own is not None else NONE
            cells = [self._cell(pair, (i, a), (j, b)) for a, b in pair.placed.columns]
            kind: Kind = "same" if own is None else "added" if i is None else "removed"
            lines.append(Line(kind, tuple(cells), on))
        return Drawn(new.name, is_now, tuple(_spanned(lines, bool(new.kind))), "", mark, notes)

    def _cell(self, pair: Pairing, was: tuple[int | None, int | None], now: tuple[int | None, int | None]) -> Cell:
        (i, a), (j, b) = was, now
        old, new = _text(pair.old, i, a), _text(pair.new, j, b)
        head = _head(pair.new, j, b) if j is not None and b is not None else _head(pair.old, i, a)
        figure = is_value(new or old)
        before, after = self._sides
        if j is None or b is None:  # the row or the column is gone
            column = before.columns.get((pair.old.block, a)) if a is not None and i is not None else None
            if i is not None and j is not None and column is not None:
                return Cell("removed", old, "", self._numbers.mark(column), head, figure)
            return Cell("same", "", old, NONE, head, figure)
        if i is None or a is None:
            column = after.columns.get((pair.new.block, b))
            if i is not None and column is not None:
                return Cell("added", "", new, self._numbers.mark(column), head, figure)
            return Cell("same", "", new, NONE, head, figure)
        place = pair.new.block, pair.new.shown[j], b
        over = _over(pair.new, j, b, head)
        caption = self._captions[1].get(place)
        gone = before.cells.get((pair.old.block, pair.old.shown[i], a))
        come = after.cells.get(place) if caption is None else caption[0]
        key = come if come is not None else gone
        if key is None:
            return Cell("same", "", new, NONE, head, figure, over)
        kind: Kind = "changed"
        if gone is None:
            return Cell("added", "", new, self._numbers.mark(key), head, figure, over)
        if come is None:
            kind, new = "removed", ""
        return Cell(kind, old, new, self._numbers.mark(key), head, figure, over)


def _text(grid: Grid, row: int | None, column: int | None) -> str:
    if row is None or column is None or column >= len(grid.rows[row]):
        return ""
    return grid.rows[row][column]


def _head(grid: Grid, row: int | None, column: int | None) -> Literal["", "row", "col"]:
    """Whether a cell is a header. `row` of the grid; None: words over it."""
    if row is None or column is None:
        return "col"
    if grid.is_header(row):
        heads = bool(grid.kind) or (row == 0 and len(grid.rows) > 1) or all(map(grid.is_header, range(row)))
        return "col" if heads and (grid.kind or not _wordy(grid) or row == 0) else ""
    cells = grid.rows[row]
    first = next((place for place, cell in enumerate(cells) if is_value(cell)), min(1, len(cells)))
    return "row" if column < first else ""


def _over(grid: Grid, row: int | None, column: int, head: str) -> tuple[str, ...]:
    return grid.header_cells(row, column) if grid.kind and row is not None and not head else ()


def _wordy(grid: Grid) -> bool:
    """Whether no row has a figure."""
    return all(map(grid.is_header, range(len(grid.rows))))


def _spanned(lines: Sequence[Line], national: bool) -> list[Line]:
    """Cells that layout prints several times as the one cell that they were: labels and headers that say the same, side by
    side or, in a national table, on top of each other; and its figures under one header."""
    covered: set[tuple[int, int]] = set()
    found = []
    for row, line in enumerate(lines):
        cells = []
        for column, cell in enumerate(line.cells):
            if (row, column) in covered:
                continue
            wide = tall = 1
            if (cell.head or cell.over) and (cell.old or cell.new):
                same = _same(cell)
                while column + wide < len(line.cells) and _same(line.cells[column + wide]) == same:
                    if (row, column + wide) in covered:
                        break
                    wide += 1
                while (
                    national
                    and cell.head
                    and row + tall < len(lines)
                    and _goes_on(lines[row + tall], line, column, wide, same)
                ):
                    tall += 1
                covered |= {(row + down, column + right) for down in range(tall) for right in range(wide)}
            cells.append(msgspec.structs.replace(cell, columns=wide, rows=tall) if wide + tall > 2 else cell)
        found.append(Line(line.kind, tuple(cells), line.mark))
    return found


def _same(cell: Cell) -> tuple[object, ...]:
    return cell.kind, cell.old, cell.new, cell.head, cell.over, cell.mark.n


def _goes_on(below: Line, above: Line, column: int, wide: int, same: tuple[object, ...]) -> bool:
    cells = below.cells[column : column + wide]
    return (
        below.kind == above.kind
        and below.mark.n == above.mark.n
        and len(cells) == wide
        and all(_same(cell) == same for cell in cells)
    )
