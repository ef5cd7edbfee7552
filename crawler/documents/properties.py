"""Properties in a DOC file: which paragraphs are cells of a table, which end a row, the row's edges; what is hidden. Pure.

After [MS-DOC] 2.8.5 (PlcBtePapx), 2.9.175 (PapxFkp), 2.9.33 (ChpxFkp) and 2.2.5 (properties are lists of `Sprm` and operand). Damaged
properties are no properties: the text is read all the same.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from crawler.documents import model

_PAGE = 512
_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)
"""Bytes of an operand by the top three bits of its Sprm; 0: its first byte tells."""
_IN_TABLE, _ROW_END, _DEPTH = 0x2416, 0x2417, 0x6649
_EDGES, _VERTICAL, _MERGED = 0xD608, 0xD62B, 0x5624
_HIDDEN, _STRUCK = 0x083C, 0x0800
_ELSEWHERE = (0x646B, 0x6646)
"""Properties too long for their page: their place in the Data stream."""
_SHORT = {0x18: _IN_TABLE, 0x19: _ROW_END}
"""Properties that a piece may carry in itself."""


class Row(NamedTuple):
    """The definition of a table's row."""

    edges: tuple[int, ...]
    """Twips; one more than it has cells."""
    merges: tuple[int, ...]
    """Flags of each cell: bits 0 and 1 tell of merging with the left, bits 5 and 6 with the one above (1: goes on)."""


class TableMark(NamedTuple):
    """What a paragraph is in a table."""

    inside: bool
    row: Row | None
    """It ends this row."""


class Stylist:
    """Looks paragraphs up by their place in the file."""

    def __init__(self, main: bytes, table: bytes, data: bytes, changes: list[bytes]) -> None:
        self._main, self._data, self._changes = main, data, changes
        self._paragraphs = _Runs(main, table, 0x0102, paragraphs=True)
        self._characters = _Runs(main, table, 0x00FA, paragraphs=False)

    def hidden(self, start: int, end: int) -> list[tuple[int, int]]:
        """Stretches of the file between two places whose text nobody is shown: hidden, or struck out."""
        found = []
        for first, past, properties in self._characters.between(start, end):
            told = dict(_sprms(properties))
            if told.get(_HIDDEN, b"")[:1] == b"\1" or told.get(_STRUCK, b"")[:1] == b"\1":
                found.append((first, past))
        return found

    def table_mark(self, place: int, prm: int) -> TableMark:
        """Of the paragraph whose last character stands at `place`; `prm`: what its piece adds."""
        inside = row_end = False
        edges: tuple[int, ...] = ()
        merges: list[int] = []
        for code, operand in self._properties(place, prm):
            if code == _IN_TABLE:
                inside = operand[:1] == b"\1"
            elif code == _ROW_END:
                row_end = operand[:1] == b"\1"
            elif code == _DEPTH and len(operand) == 4:
                inside = inside or operand != bytes(4)
            elif code == _EDGES:
                edges, merges = _definition(operand)
            elif code == _VERTICAL and len(operand) >= 2 and operand[0] < len(merges):
                merges[operand[0]] = merges[operand[0]] & ~0x60 | (operand[1] & 3) << 5
            elif code == _MERGED and len(operand) == 2:
                for index in range(operand[0] + 1, min(operand[1], len(merges))):
                    merges[index] |= 1
        return TableMark(inside or row_end, Row(edges, tuple(merges)) if row_end else None)

    def _properties(self, place: int, prm: int) -> Iterator[tuple[int, bytes]]:
        for code, operand in _sprms(self._paragraphs.at(place)):
            if code in _ELSEWHERE and len(operand) == 4:
                at = int.from_bytes(operand, "little")
                size = int.from_bytes(self._data[at : at + 2], "little")
                yield from _sprms(self._data[at + 2 : at + 2 + size])
            else:
                yield code, operand
        if prm & 1:
            if prm >> 1 < len(self._changes):
                yield from _sprms(self._changes[prm >> 1])
        elif prm >> 1 & 0x7F in _SHORT:
            yield _SHORT[prm >> 1 & 0x7F], bytes([prm >> 8])


class _Runs:
    """Properties by place in the file: an index of pages, each with runs."""

    def __init__(self, main: bytes, table: bytes, index: int, *, paragraphs: bool) -> None:
        place, size = struct.unpack_from("<II", main, index)
        plc = table[place : place + size]
        count = max(0, (len(plc) - 4) // 8)
        self._main = main
        self._wide = paragraphs
        self._places = struct.unpack_from(f"<{count + 1}I", plc) if count else ()
        self._pages = struct.unpack_from(f"<{count}I", plc, 4 * (count + 1)) if count else ()
        self._page = lru_cache(maxsize=64)(self._read_page)

    def at(self, place: int) -> bytes:
        """The properties at a place."""
        index = bisect_right(self._places, place) - 1
        if not 0 <= index < len(self._pages):
            return b""
        starts, properties = self._page(self._pages[index] & 0x3FFFFF)
        run = bisect_right(starts, place) - 1
        return properties[run] if 0 <= run < len(properties) else b""

    def between(self, start: int, end: int) -> Iterator[tuple[int, int, bytes]]:
        """All runs with properties that reach into a stretch: first place, place past the end, properties."""
        for index in range(max(0, bisect_right(self._places, start) - 1), len(self._pages)):
            if self._places[index] >= end:
                return
            starts, properties = self._page(self._pages[index] & 0x3FFFFF)
            for run, told in enumerate(properties):
                first, past = max(starts[run], start), min(starts[run + 1], end)
                if told and first < past:
                    yield first, past, told

    def _read_page(self, number: int) -> tuple[tuple[int, ...], list[bytes]]:
        page = self._main[number * _PAGE : (number + 1) * _PAGE]
        if len(page) < _PAGE:
            return (), []
        count, step = page[-1], 13 if self._wide else 1
        if 4 * (count + 1) + step * count >= _PAGE:
            return (), []
        starts = struct.unpack_from(f"<{count + 1}I", page)
        found = []
        for index in range(count):
            at = 2 * page[4 * (count + 1) + step * index]
            if not at:
                found.append(b"")
            elif not self._wide:
                found.append(page[at + 1 : at + 1 + page[at]])
            else:
                size = 2 * page[at] - 1
                if page[at] == 0:
                    size, at = 2 * page[at + 1], at + 1
                found.append(page[at + 3 : at + 1 + size])  # two bytes name the style
        return starts, found


def _sprms(properties: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(properties):
        (code,) = struct.unpack_from("<H", properties, at)
        at += 2
        size = _SIZES[code >> 13]
        if code == _EDGES:
            size = int.from_bytes(properties[at : at + 2], "little") - 1
            at += 2
        elif not size:
            size = properties[at] if at < len(properties) else 0
            at += 1
        yield code, properties[at : at + size]
        at += max(0, size)


def _definition(operand: bytes) -> tuple[tuple[int, ...], list[int]]:
    count = operand[0] if operand else 0
    if not 0 < count <= model.MAX_COLUMNS or len(operand) < 1 + 2 * (count + 1):
        return (), []
    edges = struct.unpack_from(f"<{count + 1}h", operand, 1)
    cells = operand[1 + 2 * (count + 1) :]
    merges = [int.from_bytes(cells[20 * index : 20 * index + 2], "little") for index in range(count)]
    return edges, merges
