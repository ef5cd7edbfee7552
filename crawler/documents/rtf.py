r"""RTF → text with the grids of its tables. Pure, and our own: what there is on the index loses the grids.

RTF is groups in braces, control words and text. Text comes in bytes of the current font's code page (`\'b1\'a8` is 报 in
GBK) or as `\u25253?`, the `?` being for readers that know no Unicode. A table is rows between `\trowd` and `\row`, in
which `\cellx` tells each cell's right edge; what spans is told by the edges and by `\clvmgf`, `\clvmrg`, `\clmgf`, `\clmrg`.
"""

import re
from typing import NamedTuple

import msgspec

from crawler.documents import model, pictures
from crawler.documents.grid import Cell, gridded
from crawler.documents.model import Content, Unreadable, mark
from crawler.page.text import Block

SLACK = 60
"""Twips between edges that are meant to be one."""
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\"
)
_PAGES = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    134: "gbk",
    136: "cp950",
    204: "cp1251",
    238: "cp1250",
}
"""Character sets of fonts (`\\fcharset`) as codecs."""
_SKIPPED = frozenset(
    b"fonttbl colortbl stylesheet info listtable listoverridetable revtbl rsidtbl generator themedata colorschememapping "
    b"latentstyles datastore xmlnstbl fldinst object objdata objclass annotation atnid atnauthor atndate atnref atnicn "
    b"header footer headerl headerr headerf footerl footerr footerf pnseclvl private bkmkstart bkmkend mmathPr "
    b"nonshppict pgptbl filetbl operator author title company nonesttables shpinst sp wgrffmtfilter blipuid picprop".split()
)
"""Groups that hold no text of the body. Headers and footers repeat titles and page numbers."""
_WORDS = {
    b"par": "\n", b"sect": "\n", b"page": "\n", b"line": " ", b"tab": " ", b"emdash": "—", b"endash": "–",
    b"bullet": "•", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”", b"emspace": " ",
    b"enspace": " ", b"qmspace": " ",
}  # fmt: skip


class _State(msgspec.Struct):
    """What a group inherits and gives back at its end."""

    skip: bool = False
    font: int = 0
    uc: int = 1
    hidden: bool = False
    fonts: bool = False
    picture: bool = False

    def copy(self) -> "_State":
        return msgspec.structs.replace(self)


class _Edge(NamedTuple):
    right: int
    below: bool
    """Goes on from the cell above."""
    beside: bool
    """Goes on from the cell on its left."""


def read(body: bytes) -> Content:
    """The document's text. Raises Unreadable beyond the limits."""
    return _Reader(body).read()


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._blocks: list[Block] = []
        self._digests: list[str] = []
        self._text: list[str] = []
        self._bytes = bytearray()
        self._size = 0
        self._skip_chars = 0
        # The table that is being read: rows, the row's cells, its edges.
        self._rows: list[list[Cell]] = []
        self._cells: list[str] = []
        self._edges: list[_Edge] = []
        self._left = 0
        self._merge = (False, False)
        self._in_table = False
        self._picture: list[bytes] = []
        self._font_read = 0

    def read(self) -> Content:
        state = _State()
        stack: list[_State] = []
        star = False
        place = 0
        while match := _TOKEN.match(self._body, place):
            place = match.end()
            word, number, code, symbol, brace, raw = match.groups()
            if brace == b"{":
                if len(stack) >= 20 * model.MAX_DEPTH:
                    raise Unreadable("its groups are nested too deeply")
                self._flush(state)  # a group that is skipped, a bookmark say, must not take along what stands before it
                stack.append(state)
                state = state.copy()
                continue
            if brace == b"}":
                if state.picture and stack and not stack[-1].picture:
                    self._end_picture()
                if not stack:
                    break
                self._flush(state)
                state = stack.pop()
                continue
            if symbol == b"*":
                star = True
                continue
            if word == b"bin":
                place += max(0, int(number or 0))
                continue
            if star and word is not None:
                star = False
                state.skip = state.skip or word not in (b"shppict", b"shptxt", b"nesttableprops")
            self._token(state, word, int(number) if number else None, code, symbol, raw)
        self._flush(state)
        self._end_paragraph()
        self._end_table()
        return Content(tuple(self._blocks), tuple(self._digests))

    def _token(
        self, state: _State, word: bytes | None, number: int | None, code: bytes | None, symbol: bytes | None,
        raw: bytes | None,
    ) -> None:  # fmt: skip
        if word is not None:
            self._control(state, word, number)
        elif state.picture:
            if raw is not None and not state.skip:
                self._picture.append(raw)
        elif state.skip or state.hidden or state.fonts:
            return
        elif code is not None:
            if self._skip_chars:
                self._skip_chars -= 1
            else:
                self._bytes.append(int(code, 16))
        elif symbol is not None:
            shown = {b"~": " ", b"_": "-", b"-": "", b"\n": "\n", b"\r": "\n"}.get(symbol, "")
            if symbol in (b"\\", b"{", b"}"):
                self._bytes.extend(symbol)
                return
            self._flush(state)
            if shown == "\n":
                self._end_paragraph()
            else:
                self._write(state, shown)
        elif raw is not None:
            kept = raw[self._skip_chars :]
            self._skip_chars = max(0, self._skip_chars - len(raw))
            self._bytes.extend(kept)

    def _control(self, state: _State, word: bytes, number: int | None) -> None:
        if word == b"fonttbl":
            state.fonts = state.skip = True
        elif state.fonts:
            if word == b"f":
                self._font_read = number or 0
            elif word == b"fcharset" and number in _PAGES:
                self._fonts[self._font_read] = _PAGES[number]
        elif word == b"ansicpg":
            self._codec = {936: "gbk", 950: "cp950", 65001: "utf-8"}.get(number or 0, "cp1252")
        elif word == b"pict":
            state.picture = True
        elif word in _SKIPPED:
            state.skip = True
        elif state.skip or state.picture:
            return
        elif word == b"uc":
            state.uc = max(0, min(number if number is not None else 1, 8))
        elif word == b"u":
            self._flush(state)
            self._write(state, _character(number or 0))
            self._skip_chars = state.uc
        elif word == b"f":
            self._flush(state)
            state.font = number or 0
        elif word == b"v":
            self._flush(state)
            state.hidden = number != 0
        elif word == b"plain":
            self._flush(state)
            state.hidden = False
        else:
            self._layout(state, word, number)

    def _layout(self, state: _State, word: bytes, number: int | None) -> None:
        if word in (b"cell", b"nestcell"):
            self._flush(state)
            if word == b"cell":
                self._cells.append("".join(self._text))
                self._text.clear()
            else:
                self._text.append(" ")
        elif word == b"row":
            self._end_row()
        elif word == b"trowd":
            self._edges.clear()
            self._merge, self._left = (False, False), 0
        elif word == b"trleft":
            self._left = number or 0
        elif word in (b"clvmrg", b"clmrg"):
            self._merge = (self._merge[0] or word == b"clvmrg", self._merge[1] or word == b"clmrg")
        elif word == b"cellx":
            if len(self._edges) < model.MAX_COLUMNS:
                self._edges.append(_Edge(number or 0, *self._merge))
            self._merge = (False, False)
        elif word == b"intbl":
            self._in_table = True
        elif word == b"pard":
            self._flush(state)
            self._in_table = False
        elif word in _WORDS:
            self._flush(state)
            if _WORDS[word] != "\n":
                self._write(state, _WORDS[word])
            elif self._in_table or self._cells:
                self._write(state, " ")
            else:
                self._end_paragraph()

    def _flush(self, state: _State) -> None:
        """Bytes of the current font's code page as text."""
        if self._bytes:
            codec = self._fonts.get(state.font, self._codec)
            if codec == "cp1252" and max(self._bytes) > 127:
                codec = self._codec
            self._write(state, self._bytes.decode(codec, "replace"))
            self._bytes.clear()

    def _write(self, state: _State, text: str) -> None:
        if state.hidden or state.skip:
            return
        self._size += len(text)
        if self._size > model.MAX_TEXT:
            raise Unreadable(f"more than {model.MAX_TEXT} characters")
        if not self._in_table and not self._cells:
            self._end_table()
        self._text.append(text)

    def _end_paragraph(self) -> None:
        line = "".join(self._text)
        self._text.clear()
        if line.strip():
            self._end_table()
            self._blocks.append(_paired(line))

    def _end_row(self) -> None:
        left = self._left
        row: list[Cell] = []
        edges = self._edges or [_Edge(number + 1, False, False) for number in range(len(self._cells))]
        for text, edge in zip(self._cells, edges, strict=False):
            if edge.beside and row:
                row[-1] = row[-1]._replace(right=edge.right)
            else:
                row.append(Cell(left, edge.right, _paired(text), edge.below))
            left = edge.right
        self._cells.clear()
        if row:
            self._rows.append(row)

    def _end_table(self) -> None:
        if self._rows:
            self._blocks.append(gridded(self._rows, SLACK))
            self._rows = []

    def _end_picture(self) -> None:
        data = b"".join(self._picture)
        self._picture = []
        digits = re.sub(rb"[^0-9a-fA-F]", b"", data)
        if digits:
            digest = pictures.inner(bytes.fromhex(digits[: len(digits) // 2 * 2].decode()))
            self._digests.append(digest)
            self._text.append(mark(digest))


def _character(number: int) -> str:
    """`\\u` gives UTF-16 units as signed numbers; halves of a pair are joined by `_paired`."""
    return chr(number % 65536)


def _paired(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
