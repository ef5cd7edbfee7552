"""Header rows → what stands above each grid column, and which rows stand under it. Pure.

A header in the markup of portals is three rows, one, or halves of words in several; what stands above a column is read
from all of them, one on the other. `align` brings rows to its columns.
"""

from collections.abc import Sequence
from itertools import groupby

from monitor.figures import labels
from monitor.figures.cells import fold

UNKNOWN = "?"
"""A header column with words that name no column of the form."""

Cells = dict[str, list[str]]
"""A column's name → the row's cells under it."""


class Header:
    """A header in force: a column's name by grid column, empty for label columns, UNKNOWN, and the rows under it."""

    def __init__(self, names: Sequence[str], factors: Sequence[float] = (), table: int = -1) -> None:
        self.factors = factors
        """What the header says of the unit, by grid column."""
        self.table = table
        """Which table of the text it stands in: the grid columns of another are others."""
        self.tails: list[Sequence[str]] = []
        """Of each row under it the cells behind its label."""
        self._pieces: dict[tuple[int, int], list[Sequence[str]]] = {}
        """The same by table and count."""
        self._width = len(names)
        named = [index for index, name in enumerate(names) if name not in ("", UNKNOWN)]
        self._first = named[0] if named else 0
        self._last = max((index for index, name in enumerate(names) if name), default=-1) if named else -1
        self.span: Sequence[str] = names[self._first : self._last + 1]
        """The columns from the first that is named to the last with words."""
        self.runs = [name for name, _ in groupby(self.span)]

    def factor(self, column: str) -> float:
        """What turns a figure of this column into the field's unit."""
        factors = self.factors[self._first :]
        return next((factor for name, factor in zip(self.span, factors, strict=False) if name == column), 1.0)

    def under(self, row: Sequence[str], label_end: int) -> Sequence[str]:
        """The cells in the header's own grid columns, if the row is as wide and all others behind its label are blank."""
        outside = (*row[label_end + 1 : self._first], *row[self._last + 1 :])
        exact = len(row) == self._width and label_end < self._first and not any(outside)
        return row[self._first : self._last + 1] if exact else []

    def add(self, tail: Sequence[str], table: int) -> None:
        """Another row under it: the cells behind its label."""
        self.tails.append(tail)
        self._pieces.setdefault((table, len(tail)), []).append(tail)

    def elsewhere(self, tail: Sequence[str], table: int) -> Cells:
        """A row's cells where its table is not the header's, whose columns without figures may be others; else empty."""
        if table == self.table or not self.runs:
            return {}
        piece = self._pieces[table, len(tail)]
        filled = [place for place in range(len(tail)) if any(one[place] for one in piece)]
        words = [name for name in self.span if name not in ("", UNKNOWN)]
        once = [name for name, _ in groupby(words)]
        if len(filled) == len(words):
            return gather(words, [tail[place] for place in filled])
        # Columns of a header may be one in a table without it; not if that has them all, and blank ones among them.
        if len(filled) == len(once) and (len(tail) == len(once) or len(tail) < len(words)):
            return gather(once, [tail[place] for place in filled])
        return {}

    def uniform(self) -> bool:
        """Whether all rows under it have equally many cells."""
        return len({len(tail) for tail in self.tails}) == 1


def read_header(kind: str, rows: Sequence[Sequence[str]], table: int) -> Header | None:
    """The header that rows of table 2 or 3 make; None if they are none, and the one before still holds."""
    stacked = stacked_words(rows)
    names = [_column(kind, words) for words in stacked]
    if any(name not in ("", UNKNOWN) for name in names):
        return Header(names, [labels.money_factor(words) for words in stacked], table)
    return Header(()) if any(map(labels.begins_clause, stacked)) else None


def stacked_words(rows: Sequence[Sequence[str]]) -> list[str]:
    """The header's words above each grid column, folded; a spanned cell once."""
    width = max(map(len, rows))
    stacked = []
    for index in range(width):
        words: list[str] = []
        for row in rows:
            cell = fold(row[index]) if index < len(row) else ""
            if cell and words[-1:] != [cell]:
                words.append(cell)
        stacked.append("".join(words))
    return stacked


def _column(kind: str, stacked: str) -> str:
    if not stacked or labels.is_label_column(stacked):
        return ""
    return labels.column(kind, stacked) or UNKNOWN


def gather(names: Sequence[str], cells: Sequence[str]) -> Cells:
    """Cells by the column that they stand under; those under no known column are left out."""
    gathered: Cells = {}
    for name, cell in zip(names, cells, strict=True):
        if name not in ("", UNKNOWN):
            gathered.setdefault(name, []).append(cell)
    return gathered
