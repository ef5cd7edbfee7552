"""The one data row of table 4 → its codes. Pure.

By its header if that names every column, else by position: fifteen cells, nothing in the header against it.
"""

from collections.abc import Sequence
from itertools import groupby

from monitor.figures.align import Unplaced
from monitor.figures.cells import read
from monitor.figures.fields import REVIEW_CELLS
from monitor.figures.headers import Cells

Column = tuple[str, str]
"""Case and outcome as a header names them; either may be empty."""
_CELLS = len(REVIEW_CELLS)
_DUE = [code.split(".")[1:] for code in REVIEW_CELLS]


def place_reviews(cells: Sequence[str], names: Sequence[Column]) -> Cells:
    """Code → the row's cells of it. `names`: what the header says above each cell. Raises Unplaced."""
    if len(names) == len(cells):
        if placed := _by_header(cells, names):
            if len(placed) == _CELLS and _shifted([next(filter(None, placed[code]), "") for code in REVIEW_CELLS]):
                raise Unplaced("少一格，无法确定缺的是哪一列")
            if len(placed) < _CELLS and _contradicted(placed):
                raise Unplaced("与表头错开")
            return placed
        kept = [place for place, cell in enumerate(cells) if cell or names[place][1]]
        if len(kept) == _CELLS:  # the others are spacers
            cells, names = [cells[place] for place in kept], [names[place] for place in kept]
    cells, names = _once(cells, names)
    if len(cells) != _CELLS:
        raise Unplaced(f"有 {len(cells)} 格，应为 {_CELLS} 格，表头不能确定各列")
    # A header that lost a cell stands one column off; then the row's own sums decide.
    fits = len(names) != _CELLS or all(map(_fits, names, _DUE))
    if not (fits or _adds_up(cells)):
        raise Unplaced("与表头不符")
    if _shifted(cells):
        raise Unplaced("少一格，无法确定缺的是哪一列")
    return {code: [cell] for code, cell in zip(REVIEW_CELLS, cells, strict=True)}


def _fits(named: Column, due: Sequence[str]) -> bool:
    return all(word in ("", other) for word, other in zip(named, due, strict=True))


def _by_header(cells: Sequence[str], names: Sequence[Column]) -> Cells:
    """Empty unless the header names every column, once; columns without words and figures are spacers, but only where
    all fifteen others are there."""
    found: Cells = {}
    spacers = 0
    for (case, outcome), run in groupby(zip(names, cells, strict=True), lambda pair: pair[0]):
        words = [cell for _, cell in run]
        if case and outcome:
            if f"review.{case}.{outcome}" in found:
                return {}
            found[f"review.{case}.{outcome}"] = words
        elif any(words):
            return {}
        else:
            spacers += 1
    return found if len(found) == _CELLS or not spacers else {}


def _once(cells: Sequence[str], names: Sequence[Column]) -> tuple[Sequence[str], Sequence[Column]]:
    """Each column that layout repeats, once."""
    step, rest = divmod(len(cells), _CELLS)
    if rest or step < 2:
        return cells, names
    chunks = [cells[start : start + step] for start in range(0, len(cells), step)]
    if any(len({cell for cell in chunk if cell}) > 1 for chunk in chunks):
        return cells, names
    return [next((cell for cell in chunk if cell), "") for chunk in chunks], names[::step]


def _adds_up(cells: Sequence[str]) -> bool:
    """Whether each of the three totals is the sum of its four."""
    amounts = [read(cell).amount for cell in cells]
    return all(sum(amounts[start : start + 4]) == amounts[start + 4] for start in range(0, _CELLS, 5))


def _contradicted(placed: Cells) -> bool:
    """Whether a case with all its five cells does not add up."""
    for start in range(0, _CELLS, 5):
        cells = [next(filter(None, placed[code]), "") for code in REVIEW_CELLS[start : start + 5] if code in placed]
        amounts = [read(cell).amount for cell in cells]
        if len(cells) == 5 and sum(amounts[:4]) != amounts[4]:
            return True
    return False


def _shifted(cells: Sequence[str]) -> bool:
    """Whether the last total is blank while a total is not the sum of its four: for all one can tell a cell is lost, and
    the row was filled up at its end."""
    return not cells[-1] and any(cells) and not _adds_up(cells)
