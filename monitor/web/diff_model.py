"""What the diff page lays out: two versions beside each other, with every change numbered. Plain values."""

from collections.abc import Hashable, Iterator
from typing import Literal

import msgspec

Key = Hashable
"""One change of a `monitor.diff.Change`, wherever it is printed."""
Kind = Literal["same", "changed", "added", "removed", "moved", "left"]
"""left: where something stood that stands elsewhere now."""


class Mark(msgspec.Struct, frozen=True):
    """That something is part of a change."""

    n: int
    """Which: 1 for the page's first."""
    anchor: str = ""
    """The element's id, where the change is first seen."""


NONE = Mark(0)


class Piece(msgspec.Struct, frozen=True):
    """Words of a paragraph."""

    kind: Kind
    text: str
    mark: Mark = NONE


class Para(msgspec.Struct, frozen=True):
    """A paragraph."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


class Cell(msgspec.Struct, frozen=True):
    """A cell as one version has it, or as both have it."""

    kind: Kind
    old: str
    """What is struck; empty: nothing."""
    new: str
    """What stands there."""
    mark: Mark = NONE
    head: Literal["", "row", "col"] = ""
    figure: bool = False
    over: tuple[str, ...] = ()
    """Of a figure of a national table: the headers over it."""
    columns: int = 1
    rows: int = 1


class Line(msgspec.Struct, frozen=True):
    """A row of a table. Cells that a cell above or before covers are left out."""

    kind: Kind
    cells: tuple[Cell, ...]
    mark: Mark = NONE


class Note(msgspec.Struct, frozen=True):
    """A change of a table that is no cell or row of it, or whose place is not certain."""

    text: str
    mark: Mark


class Drawn(msgspec.Struct, frozen=True):
    """A table."""

    name: str
    kind: Kind
    lines: tuple[Line, ...]
    side: Literal["", "old", "new"] = ""
    """Which version's, where both do not go into one."""
    mark: Mark = NONE
    notes: tuple[Note, ...] = ()

    @property
    def changed(self) -> tuple[tuple[str, Cell], ...]:
        """Its changed cells with an address of their own, each with what heads its row and, in a national table, its column."""
        return tuple(
            (" · ".join([*(one.new for one in line.cells if one.head == "row"), *cell.over[-1:]]), cell)
            for line in self.lines
            for cell in line.cells
            if cell.kind == "changed" and cell.mark.anchor
        )


Block = Para | Drawn


class Row(msgspec.Struct, frozen=True):
    """Parts of both versions that belong to each other. `both` in the inline view, else `old` and `new`."""

    old: tuple[Block, ...] = ()
    new: tuple[Block, ...] = ()
    both: tuple[Block, ...] = ()

    @property
    def marked(self) -> bool:
        return any(mark.n for mark in self._marks())

    @property
    def numbers(self) -> tuple[int, ...]:
        """The changes that are first seen here."""
        return tuple(sorted({mark.n for mark in self._marks() if mark.anchor == f"c{mark.n}"}))

    def _marks(self) -> Iterator[Mark]:
        for block in (*self.old, *self.new, *self.both):
            if isinstance(block, Para):
                yield from (piece.mark for piece in block.pieces)
                continue
            yield block.mark
            yield from (note.mark for note in block.notes)
            for line in block.lines:
                yield line.mark
                yield from (cell.mark for cell in line.cells)


class Stretch(msgspec.Struct, frozen=True):
    """Rows that follow each other and are shown, or folded because nothing changed in them."""

    rows: tuple[Row, ...]
    folded: bool
    says: str = ""
    """Of folded ones: `未变 12 段、1 张表`."""
    chapters: tuple[str, ...] = ()
    """Headings among the folded."""


class Numbers:
    """Gives each change its number when it is first printed."""

    def __init__(self) -> None:
        self.by_key: dict[Key, int] = {}
        self._ids: set[str] = set()

    def mark(self, key: Key, suffix: str = "") -> Mark:
        """The first one bears the id; `suffix`: of another id for the same change."""
        n = self.by_key.setdefault(key, len(self.by_key) + 1)
        name = f"c{n}{suffix}"
        if name in self._ids:
            return Mark(n)
        self._ids.add(name)
        return Mark(n, name)
