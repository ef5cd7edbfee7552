"""A table row's figures → the columns of its header. Pure.

The rule above all: never a shifted row. A row goes to the header's columns only where its cells leave one way to do
so; in doubtful cases the row's own sum has to confirm it. Otherwise the row is not placed, and the caller says so.
"""

from collections.abc import Sequence
from itertools import groupby

from monitor.figures.cells import Reading, read
from monitor.figures.fields import APPLICANTS, REVIEW_CELLS

UNKNOWN = "?"
"""A header column with words that name no column of the form."""

Columns = Sequence[str]
"""By grid column: a column's name, UNKNOWN, or empty for label columns and columns without header."""
Cells = dict[str, list[str]]


class Unplaced(ValueError):
    """A row whose cells can't be brought to columns; its text says why, in Chinese."""


def align(row: Sequence[str], label_end: int, columns: Columns, *, sums: bool) -> tuple[Cells, float]:
    """Column name → the row's cells under it, and how sure that is.

    `label_end` is the grid column of the row's last label (-1: none). `sums`: the last column is the sum of the six
    others, as in table 3. Raises Unplaced.
    """
    tail = row[label_end + 1 :]
    named = [index for index, name in enumerate(columns) if name not in ("", UNKNOWN)]
    if not named:
        once = _collapsed(tail, len(APPLICANTS)) if sums else []
        if once:
            return _canonical(once), 1.0
        if sums and _confirmed(_trimmed(tail)):
            return _canonical(_trimmed(tail)), 0.9
        raise Unplaced("没有可识别的表头")
    first = named[0]
    last = max(index for index, name in enumerate(columns) if name)
    span = columns[first : last + 1]
    runs = [name for name, _ in groupby(span)]
    if sums and _short(tail):
        raise Unplaced("少一格，无法确定缺的是哪一列")
    if sums and not set(APPLICANTS) <= set(runs):
        # A header that lost a cell stands one column off: the row's own sum decides, or an even fit.
        once = _collapsed(tail, len(APPLICANTS))
        if _confirmed(once):
            return _canonical(once), 0.9
        if len({len(list(run)) for _, run in groupby(span)}) > 1 or len(tail) % len(runs):
            raise Unplaced(f"有 {len(tail)} 格，表头只认出 {len(runs)} 列")
    if len(tail) == len(span):
        return _gather(span, tail), 1.0
    if len(tail) == len(runs):
        return _gather(runs, tail), 1.0
    if len(row) > last and not any(row[label_end + 1 : first]) and not any(row[last + 1 :]):
        return _gather(span, row[first : last + 1]), 1.0
    if len(runs) > 1 and (once := _collapsed(tail, len(runs))):
        return _gather(runs, once), 1.0
    trimmed = _trimmed(tail)
    if sums and _confirmed(trimmed):
        return _canonical(trimmed), 0.9
    raise Unplaced(f"有 {len(tail)} 格，表头有 {len(runs)} 列")


def align_reviews(cells: Sequence[str], names: Sequence[str], offset: int) -> Cells:
    """The data row of table 4 by code: by position, or by its header if that names every column.

    `names` is the header's reading by grid column, empty where it is damaged; `offset` the grid column of the first
    cell. Raises Unplaced.
    """
    here = list(names[offset:])
    count = len(REVIEW_CELLS)
    expected = [code.removeprefix("review.") for code in REVIEW_CELLS]
    if len(cells) != count and len(cells) % count == 0:
        step = len(cells) // count  # each column repeated by layout
        chunks = [cells[start : start + step] for start in range(0, len(cells), step)]
        if all(len({cell for cell in chunk if cell}) <= 1 for chunk in chunks):
            cells = [next((cell for cell in chunk if cell), "") for chunk in chunks]
            here = here[::step]
    if len(cells) == count and (
        len(here) != count or all(due.startswith(name) for name, due in zip(here, expected, strict=True))
    ):
        if not cells[-1] and any(cells) and (_sums_off(cells) or _filled_up(cells)):
            raise Unplaced("少一格，无法确定缺的是哪一列")
        return {code: [cell] for code, cell in zip(REVIEW_CELLS, cells, strict=True)}
    if (
        len(cells) == len(here)
        and here
        and all(name[-1:] not in ("", ".") or not cell for name, cell in zip(here, cells, strict=True))
    ):
        placed: Cells = {}
        for name, cell in zip(here, cells, strict=True):
            if name[-1:] not in ("", "."):
                placed.setdefault(f"review.{name}", []).append(cell)
        return placed
    raise Unplaced(f"有 {len(cells)} 格，应为 {count} 格，表头不能确定各列")


def _gather(names: Sequence[str], cells: Sequence[str]) -> Cells:
    gathered: Cells = {}
    for name, cell in zip(names, cells, strict=True):
        if name not in ("", UNKNOWN):
            gathered.setdefault(name, []).append(cell)
    return gathered


def _collapsed(cells: Sequence[str], count: int) -> Sequence[str]:
    """The cells, each of which layout repeats equally often, once; empty if that is not so."""
    step, rest = divmod(len(cells), count)
    if rest or not step:
        return []
    chunks = [cells[start : start + step] for start in range(0, len(cells), step)]
    return [chunk[0] for chunk in chunks] if all(len(set(chunk)) == 1 for chunk in chunks) else []


def _canonical(cells: Sequence[str]) -> Cells:
    return {name: [cell] for name, cell in zip(APPLICANTS, cells, strict=True)}


def _trimmed(cells: Sequence[str]) -> Sequence[str]:
    """Without blank cells at either end."""
    start, end = 0, len(cells)
    while start < end and not cells[start]:
        start += 1
    while end > start and not cells[end - 1]:
        end -= 1
    return cells[start:end]


def _numbers(cells: Sequence[str]) -> list[float] | None:
    readings: list[Reading] = [read(cell) for cell in cells]
    return [reading.amount for reading in readings] if all(one.kind == "number" for one in readings) else None


def _confirmed(cells: Sequence[str]) -> bool:
    """Whether seven figures are a row of table 3: six and their sum."""
    if len(cells) != len(APPLICANTS):
        return False
    numbers = _numbers(cells)
    return numbers is not None and sum(numbers[:-1]) == numbers[-1]


def _short(cells: Sequence[str]) -> bool:
    """Whether a row of table 3 looks like one that lost a cell or two and was filled up at its end, as browsers do."""
    return len(cells) == len(APPLICANTS) and _filled_up(cells)


def _filled_up(cells: Sequence[str]) -> bool:
    """Whether a row that should end in its sum ends in one or two blank cells after a figure above 0: for all one can
    tell the sum, shifted."""
    blank = 2 if not (cells[-1] or cells[-2]) else 1 if not cells[-1] else 0
    return blank > 0 and read(cells[-1 - blank]).amount > 0


def _sums_off(cells: Sequence[str]) -> bool:
    """Whether one of the first two totals of table 4 is not the sum of its four."""
    amounts = [read(cell).amount for cell in cells]
    return any(sum(amounts[start : start + 4]) != amounts[start + 4] for start in (0, 5))
