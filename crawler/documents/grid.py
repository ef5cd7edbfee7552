"""Rows of cells with left and right edges → a grid in which a spanned cell stands in each place. Pure.

Word, in both its binary and its RTF form, knows no spans: a cell has edges, and what spans is what edges of other rows
cut. People drag edges by hand, so edges that nearly meet are one.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from crawler.documents import model
from crawler.page.text import Table


class Cell(NamedTuple):
    """A cell of a row. Edges in any unit, in order from left to right."""

    left: float
    right: float
    text: str
    continues: bool = False
    """It is merged with the cell above."""


def gridded(rows: Sequence[Sequence[Cell]], slack: float) -> Table:
    """The grid of a table. Edges nearer than `slack` are one."""
    columns = snapped((edge for row in rows for cell in row for edge in (cell.left, cell.right)), slack)
    above: tuple[str, ...] = ()
    grid = []
    for row in rows:
        cells: list[str] = []
        for cell in row:
            first, last = nearest(columns, cell.left), nearest(columns, cell.right)
            cells.extend([""] * max(0, first - len(cells)))
            for _ in range(max(1, last - first)):
                if len(cells) < model.MAX_COLUMNS:
                    here = len(cells)
                    cells.append(above[here] if cell.continues and here < len(above) else cell.text)
        above = tuple(cells)
        grid.append(above)
    return Table(tuple(grid))


def snapped(edges: Iterable[float], slack: float) -> list[float]:
    """Edges in order, those nearer than `slack` to the first of a group left out."""
    kept: list[float] = []
    for edge in sorted(edges):
        if not kept or edge - kept[-1] > slack:
            kept.append(edge)
    return kept


def nearest(edges: Sequence[float], place: float) -> int:
    """Index of the edge nearest to `place`."""
    return min(range(len(edges)), key=lambda index: abs(edges[index] - place))
