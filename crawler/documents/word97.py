"""DOC (Word 97 to 2003, and WPS, which writes the same) → text with the grids of its tables. Raises Unreadable.

olefile gives the streams; the reading is our own, after [MS-DOC], for no library on the index reads the format without a
program that may not be installed. The text is a list of pieces (8 or 16 bit a character) in the order in which it is
read, which fast saves shuffle in the file. Paragraph properties, found by file position, tell which paragraphs are cells
and which end a row, and with the row's edges what spans.
"""

import io
import struct
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

from crawler.documents import model, pictures
from crawler.documents.grid import Cell, gridded
from crawler.documents.model import LOCKED, Content, Unreadable, mark
from crawler.documents.properties import Row, Stylist, TableMark
from crawler.page.text import Block

SLACK = 60
"""Twips between edges that are meant to be one."""
_BLIPS = {0xF01A: 0, 0xF01B: 0, 0xF01C: 0, 0xF01D: 17, 0xF01E: 17, 0xF01F: 17, 0xF029: 17, 0xF02A: 17}
"""Records of pictures and what stands before their data; 0: metafiles, which nobody here can draw."""
_TWO_IDS = frozenset({0x46B, 0x6E3, 0x6E1, 0x7A9})
"""Instances of such records whose data begin 16 bytes later."""
_HEADS = (b"\x89PNG", b"\xff\xd8\xff")
_SPACES = {0x0B: " ", 0x0E: " ", 0x09: " ", 0xA0: " ", 0x1E: "-", 0x1F: "", 0x07: "\x07"}
_UNSEEN = dict.fromkeys([*range(1, 9), 0x0F, 0x10, 0x11, 0x12, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D], "")
_ENDS = "\r\x07\x0c"
_KEPT = f"{_ENDS}\x13\x14\x15"
"""What has a meaning even where it is hidden: ends of paragraphs, marks of fields."""


class Piece(NamedTuple):
    """A run of the text as it lies in the file."""

    start: int
    """First character (of the text as read)."""
    end: int
    place: int
    """In the WordDocument stream, in bytes."""
    wide: bool
    prm: int


def read(body: bytes) -> Content:
    """Body, text boxes, footnotes, endnotes, headers and footers, in this order; comments are not read."""
    import olefile

    with olefile.OleFileIO(io.BytesIO(body), raise_defects=olefile.DEFECT_FATAL) as storage:
        main = _stream(storage, "WordDocument")
        if len(main) < 0x200 or struct.unpack_from("<H", main)[0] not in (0xA5EC, 0xA5DC):
            raise Unreadable("it is no Word document, or one from before Word 97")
        flags = struct.unpack_from("<H", main, 0x0A)[0]
        if flags & 0x8100:
            raise Unreadable(LOCKED)
        if struct.unpack_from("<H", main, 2)[0] < 0xC1:
            raise Unreadable("it is from before Word 97")
        table = _stream(storage, "1Table" if flags & 0x0200 else "0Table")
        data = _stream(storage, "Data") if storage.exists("Data") else b""
    return _Reader(main, table, data).read()


def _stream(storage: Any, name: str) -> bytes:
    if not storage.exists(name):
        raise Unreadable(f"its stream {name} is missing")
    if storage.get_size(name) > model.MAX_UNPACKED:
        raise Unreadable(f"its stream {name} is larger than {model.MAX_UNPACKED} bytes")
    found: bytes = storage.openstream(name).read()
    return found


class _Reader:
    def __init__(self, main: bytes, table: bytes, data: bytes) -> None:
        self._main, self._table, self._data = main, table, data
        self._pieces, changes = pieces(main, table)
        self._starts = [piece.start for piece in self._pieces]
        self._styles = Stylist(main, table, data, changes)

    def read(self) -> Content:
        body, notes, headers, _, comments, ends, boxes, more = struct.unpack_from("<8i", self._main, 0x4C)
        if min(body, notes, headers, comments, ends, boxes, more) < 0 or body > model.MAX_TEXT:
            raise Unreadable("its counts of characters are damaged")
        places = []
        at = 0
        for length in (body, notes, headers, comments, ends, boxes, more):
            places.append((at, min(at + length, model.MAX_TEXT)))
            at += length
        blocks: list[Block] = []
        seen: set[Block] = set()
        for index in (0, 5, 1, 4, 2, 6):
            for block in self._story(*places[index]):
                if index == 0 or block not in seen:  # a header stands once for each section
                    blocks.append(block)
                    seen.add(block)
        digests = [*_pictures(self._data), *_pictures(self._main)]
        return Content((*blocks, *map(mark, digests)), tuple(digests))

    def _story(self, start: int, end: int) -> Iterator[Block]:
        """Paragraphs and tables from one character to another."""
        rows: list[list[Cell]] = []
        cells: list[str] = []
        parts: list[str] = []
        fields: list[bool] = []  # open fields: whether their result (what is shown) has begun
        for text, last, table in self._paragraphs(start, end):
            shown = _shown(text, fields)
            if not table.inside:
                if rows:
                    yield gridded(rows, SLACK)
                    rows = []
                cells.clear()
                line = "".join((*parts, shown))
                parts.clear()
                if line.strip():
                    yield line
            elif table.row is not None:
                rows.append(_row(cells, table.row))
                cells.clear()
                parts.clear()
            else:
                parts.append(shown)
                if last == "\x07":
                    cells.append(" ".join(parts))
                    parts.clear()
        if rows:
            yield gridded(rows, SLACK)
        if "".join((*cells, *parts)).strip():
            yield " ".join((*cells, *parts))

    def _paragraphs(self, start: int, end: int) -> Iterator[tuple[str, str, TableMark]]:
        """Each paragraph: its text, the character that ends it, what it is in a table."""
        words: list[str] = []
        for piece in self._pieces[max(0, bisect_right(self._starts, start) - 1) :]:
            first, past = max(piece.start, start), min(piece.end, end)
            if first >= past:
                if piece.start >= end:
                    break
                continue
            text = self._decoded(piece, first, past)
            wide = 2 if piece.wide else 1
            base = piece.place + (first - piece.start) * wide
            for hides, shows in self._styles.hidden(base, base + len(text) * wide):
                unseen = text[(hides - base) // wide : (shows - base) // wide]
                kept = "".join(char if char in _KEPT else "\x01" for char in unseen)
                text = text[: (hides - base) // wide] + kept + text[(hides - base) // wide + len(kept) :]
            begun = 0
            for index, char in enumerate(text):
                if char in _ENDS:
                    words.append(text[begun:index])
                    begun = index + 1
                    yield "".join(words), char, self._styles.table_mark(base + index * wide, piece.prm)
                    words = []
            words.append(text[begun:])
        if "".join(words).strip():
            yield "".join(words), "\r", TableMark(False, None)

    def _decoded(self, piece: Piece, first: int, past: int) -> str:
        if piece.wide:
            at = piece.place + 2 * (first - piece.start)
            raw = self._main[at : at + 2 * (past - first)]
            # Unit by unit, so that a character's number gives its place: halves of pairs are joined when shown.
            return "".join(map(chr, struct.unpack(f"<{len(raw) // 2}H", raw[: len(raw) // 2 * 2])))
        at = piece.place + first - piece.start
        return self._main[at : at + past - first].decode("cp1252", "replace")


def pieces(main: bytes, table: bytes) -> tuple[list[Piece], list[bytes]]:
    """The document's pieces in reading order, and the property changes that fast saves attach to them."""
    place, size = struct.unpack_from("<II", main, 0x01A2)
    clx = table[place : place + size]
    changes: list[bytes] = []
    at = 0
    while at < len(clx) and clx[at] == 1:
        (length,) = struct.unpack_from("<H", clx, at + 1)
        changes.append(clx[at + 3 : at + 3 + length])
        at += 3 + length
    if at + 5 > len(clx) or clx[at] != 2:
        raise Unreadable("its table of pieces is damaged")
    (length,) = struct.unpack_from("<I", clx, at + 1)
    plc = clx[at + 5 : at + 5 + length]
    count = (len(plc) - 4) // 12
    edges = struct.unpack_from(f"<{count + 1}i", plc)
    found = []
    for index in range(count):
        _, where, prm = struct.unpack_from("<HIH", plc, 4 * (count + 1) + 8 * index)
        narrow = bool(where & 0x40000000)
        where &= 0x3FFFFFFF
        start, end = edges[index], edges[index + 1]
        if not 0 <= start <= end <= 2 * model.MAX_TEXT:
            raise Unreadable("its table of pieces is damaged")
        found.append(Piece(start, end, where // 2 if narrow else where, not narrow, prm))
    return found, changes


def _row(cells: list[str], row: Row) -> list[Cell]:
    made: list[Cell] = []
    edges = row.edges if len(row.edges) > len(cells) else tuple(range(len(cells) + 1))
    for index, text in enumerate(cells):
        flags = row.merges[index] if index < len(row.merges) else 0
        if flags & 3 == 1 and made:  # merged with the cell on its left, which shows its own text only
            made[-1] = made[-1]._replace(right=edges[index + 1])
        else:
            made.append(Cell(edges[index], edges[index + 1], text, flags >> 5 & 3 == 1))
    return made


def _shown(text: str, fields: list[bool]) -> str:
    """What a reader sees of a paragraph's text: of a field its result, not its code; no marks of Word's own."""
    kept: list[str] = []
    for char in text:
        if char == "\x13":
            fields.append(False)
        elif char == "\x14" and fields:
            fields[-1] = True
        elif char == "\x15" and fields:
            fields.pop()
        elif all(fields):
            kept.append(_UNSEEN.get(ord(char), _SPACES.get(ord(char), char)))
    return "".join(kept).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _pictures(stream: bytes) -> Iterator[str]:
    """Digests of the pictures that lie in a stream, in the order of their places."""
    at = 0
    while (found := _next_blip(stream, at)) is not None:
        start, end = found
        yield pictures.inner(stream[start:end])
        at = end


def _next_blip(stream: bytes, at: int) -> tuple[int, int] | None:
    """Where the data of the next picture lie: records are found by their type, which stands before their length."""
    while True:
        at = stream.find(b"\xf0", at)
        if at < 0 or at + 5 > len(stream):
            return None
        kind = struct.unpack_from("<H", stream, at - 1)[0] if at >= 3 else 0
        skipped = _BLIPS.get(kind, 0)
        if skipped:
            instance = struct.unpack_from("<H", stream, at - 3)[0] >> 4
            (length,) = struct.unpack_from("<I", stream, at + 1)
            start = at + 5 + skipped + (16 if instance in _TWO_IDS else 0)
            end = at + 5 + length
            if start < end <= len(stream) and stream.startswith(_HEADS, start):
                return start, end
        at += 1
