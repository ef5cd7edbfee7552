"""A printed table before any markup: places that share a cell are spanned by it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["head", "label", "data", "other"]


@dataclass(eq=False)
class Cell:
    """One printed cell. Two cells with the same words are two."""

    text: str
    kind: Kind = "other"
    code: str = ""
    """Of a data cell: what it is a figure of."""


Grid = list[list[Cell]]


@dataclass(frozen=True)
class Spanned:
    """A cell as markup has it: at one place, with spans."""

    cell: Cell
    rows: int = 1
    cols: int = 1


Rows = list[list[Spanned]]


def spans(grid: Grid, weights: list[int] | None = None) -> Rows:
    """The grid as rows of spanning cells. `weights`: how many columns of the markup each column of the grid is."""
    done: set[tuple[int, int]] = set()
    rows: Rows = []
    for top, line in enumerate(grid):
        row = []
        for left, cell in enumerate(line):
            if (top, left) in done:
                continue
            right = left + 1
            while right < len(line) and line[right] is cell:
                right += 1
            bottom = top + 1
            while bottom < len(grid) and _covers(grid[bottom], left, right, cell):
                bottom += 1
            done.update((below, beside) for below in range(top, bottom) for beside in range(left, right))
            row.append(Spanned(cell, bottom - top, sum(weights[left:right]) if weights else right - left))
        rows.append(row)
    return rows


def _covers(row: list[Cell], left: int, right: int, cell: Cell) -> bool:
    """Whether a cell goes on in the row below, as wide as above."""
    inside = all(one is cell for one in row[left:right]) and len(row) >= right
    return inside and (left == 0 or row[left - 1] is not cell) and (right == len(row) or row[right] is not cell)


def copied(grid: Grid, change: Callable[[Cell], Cell] = replace) -> Grid:
    """The same grid of new cells."""
    made: dict[int, Cell] = {}
    for row in grid:
        for cell in row:
            if id(cell) not in made:
                made[id(cell)] = change(cell)
    return [[made[id(cell)] for cell in row] for row in grid]
