"""A table row's figures → the columns of its header, for tables 2 and 3. Pure.

The rule above all: never a shifted row. What a header's columns are is decided from all rows under it; a row goes to
them only where its cells leave one way to do so, or where its own sum confirms it. Otherwise it is not placed, and the
caller says so.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise

from monitor.figures.cells import read
from monitor.figures.fields import APPLICANTS, CLAUSE_COLUMNS
from monitor.figures.headers import UNKNOWN, Cells, Header, gather

_SURE, _BY_SUM = 1.0, 0.9
_ENOUGH = 5
"""Columns of table 3 that have to be named, in their places, for the others to be told by theirs."""


class Unplaced(ValueError):
    """A row whose cells can't be brought to columns; its text says why, in Chinese."""


class Applicants:
    """The seven columns of table 3 under one header."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._names = self._decided()
        """By place in the header's span; empty: only a row's own sum tells."""
        order = [APPLICANTS.index(name) for name in header.runs if name in APPLICANTS]
        reordered = len(order) == len(set(order)) and order != sorted(order)
        self._counted = not self._names and not reordered and self._confirm_each_other()
        """Whether the rows themselves show that seven cells are the seven columns."""
        self._by_sum = not reordered and (self._counted or bool(header.runs))
        """Whether a row's own sum tells its columns: not where the header has them in another order, nor where the header
        is lost and the other rows are against it."""

    def _decided(self) -> Sequence[str]:
        header = self._header
        runs, span = header.runs, header.span
        full = [tail for tail in header.tails if len(tail) == len(span)]
        spacers = {
            index for index, name in enumerate(span) if name in ("", UNKNOWN) and not any(tail[index] for tail in full)
        }
        words = [name for name, _ in groupby(name for index, name in enumerate(span) if index not in spacers)]
        if tuple(words) == APPLICANTS or self._all_named(full):
            return span
        if len(runs) == len(APPLICANTS):
            right = [name == due for name, due in zip(runs, APPLICANTS, strict=True) if name not in ("", UNKNOWN)]
            if all(right) and len(right) >= _ENOUGH:
                places = [index for index, (_, run) in enumerate(groupby(span)) for _ in run]
                return [APPLICANTS[place] for place in places]
        # A column may be lost altogether; a header that lost only its word stands above rows with more cells.
        order = [APPLICANTS.index(name) for name in runs if name in APPLICANTS]
        rising = len(order) == len(runs) > 1 and all(one < other for one, other in pairwise(order))
        counts = {len(tail) for tail in header.tails}
        even = not any(_differs(cells) for tail in full for cells in gather(span, tail).values())
        return span if rising and even and counts in ({len(span)}, {len(runs)}) else []

    def _all_named(self, full: Sequence[Sequence[str]]) -> bool:
        """Whether the header names each column once, in another order or with 备注 behind them, and no row's sum is against
        it."""
        span = self._header.span
        places = [place for place, name in enumerate(span) if name in APPLICANTS]
        if sorted(span[place] for place in places) != sorted(APPLICANTS) or places != list(range(len(APPLICANTS))):
            return False
        ordered = [[tail[span.index(name)] for name in APPLICANTS] for tail in full]
        telling = [cells for cells in ordered if any(read(cell).amount for cell in cells)]
        return len(full) == len(self._header.tails) and bool(telling) and all(map(_confirmed, telling))

    def _confirm_each_other(self) -> bool:
        full = [cells for tail in self._header.tails if (cells := _once(tail, len(APPLICANTS)))]
        telling = [cells for cells in full if any(read(cell).amount for cell in cells)]
        good = sum(map(_confirmed, telling))
        return good * 2 > len(telling) or not (self._header.runs or telling)

    def place(self, row: Sequence[str], label_end: int, table: int) -> tuple[Cells, float]:
        """Column name → the row's cells under it, and how sure that is. Raises Unplaced."""
        header, names = self._header, self._names
        tail = row[label_end + 1 :]
        if len(tail) == len(APPLICANTS) and _filled_up(tail):
            raise Unplaced("少一格，无法确定缺的是哪一列")
        if names and label_end >= 0 and (found := header.elsewhere(tail, table)):
            return found, _SURE
        # A row without label: its first cell may be what is left of that.
        if names and (label_end >= 0 or (read(tail[0]).kind == "number" and _confirmed(tail))):
            if len(tail) == len(names):
                return gather(names, tail), _SURE
            runs = [name for name, _ in groupby(names)]
            once = _once(tail, len(runs))
            if once and (table != header.table or header.uniform()):
                return gather(runs, once), _SURE
        if names and (here := header.under(row, label_end)):
            return gather(names, here), _SURE
        cells = _once(tail, len(APPLICANTS))
        if label_end >= 0 and cells and self._by_sum and (self._counted or _confirmed(cells)):
            return _canonical(cells), _BY_SUM if header.runs else _SURE
        if self._by_sum and _told_by_sum(cells := _trimmed(tail)):
            return _canonical(cells), _BY_SUM
        if not header.runs:
            raise Unplaced("没有可识别的表头")
        raise Unplaced(f"有 {len(tail)} 格，表头认出 {len([name for name in header.runs if name in APPLICANTS])} 列")


def place_clause(header: Header, name: str, row: Sequence[str], label_end: int, table: int) -> Cells:
    """A row of table 2: column name → the cells under it. Raises Unplaced."""
    tail, span, runs = row[label_end + 1 :], header.span, header.runs
    words = [run for run in runs if run not in ("", UNKNOWN)]
    if not words:
        raise Unplaced("没有可识别的表头")
    several = len(header.tails) > 1 and header.uniform()
    if len(words) != len(set(words)) or set(words) not in CLAUSE_COLUMNS[name]:
        part = any(set(words) < columns for columns in CLAUSE_COLUMNS[name])
        if not (part and several and words == runs and len(tail) == len(span)):
            raise Unplaced(f"有 {len(tail)} 格，表头认出 {len(words)} 列，与该行不符")
    if (there := header.elsewhere(tail, table)) and not any(map(_differs, there.values())):
        return there
    if here := tail if len(tail) == len(span) else header.under(row, label_end):
        gathered = gather(span, here)
        if any(map(_differs, gathered.values())):
            raise Unplaced("的格与表头错开")
        return gathered
    if len(words) == 1 and tail and len({cell for cell in tail if cell}) <= 1:
        return {words[0]: list(tail)}
    # Two cells that are alike may be one that spans two columns, in a row that lost another.
    apart = table != header.table or all(one != other for one, other in pairwise(tail))
    if len(tail) == len(runs) and (several or apart):
        return gather(runs, tail)
    if several and (once := _once(tail, len(runs))):
        return gather(runs, once)
    raise Unplaced(f"有 {len(tail)} 格，表头有 {len(words)} 列")


def _differs(cells: Sequence[str]) -> bool:
    """Whether cells under one column, which is one printed cell, are not the same."""
    return len(set(filter(None, cells))) > 1


def _once(cells: Sequence[str], count: int) -> Sequence[str]:
    """`count` cells, each of which layout may repeat equally often, once; empty if that is not so."""
    step, rest = divmod(len(cells), count)
    if rest or step < 2:
        return cells if step == 1 and not rest else []
    chunks = [cells[start : start + step] for start in range(0, len(cells), step)]
    return [chunk[0] for chunk in chunks] if all(len(set(chunk)) == 1 for chunk in chunks) else []


def _canonical(cells: Sequence[str]) -> Cells:
    return {name: [cell] for name, cell in zip(APPLICANTS, cells, strict=True)}


def _trimmed(cells: Sequence[str]) -> Sequence[str]:
    """Without blank cells at the end."""
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _confirmed(cells: Sequence[str]) -> bool:
    """Whether seven cells are a row of table 3: six figures and their sum; what is blank or a dash counts as 0."""
    readings = [read(cell) for cell in cells]
    if len(cells) != len(APPLICANTS) or any(reading.kind == "words" for reading in readings):
        return False
    amounts = [reading.amount for reading in readings]
    return sum(amounts[:-1]) == amounts[-1]


def _told_by_sum(cells: Sequence[str]) -> bool:
    """Whether some cells can be nothing but a row of table 3: no blank and no dash, and a sum above 0."""
    return all(read(cell).kind == "number" for cell in cells) and _confirmed(cells) and read(cells[-1]).amount > 0


def _filled_up(cells: Sequence[str]) -> bool:
    """Whether a row that should end in its sum ends in a blank cell behind figures above 0: for all one can tell the sum,
    shifted."""
    return not cells[-1] and any(read(cell).amount for cell in cells)
