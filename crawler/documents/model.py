"""What reading a document yields, as plain values, and the limits that every format is held to."""

import re

import msgspec

from crawler.page.model import PageFinding
from crawler.page.text import Block, render

MAX_PAGES = 500
MAX_PIXELS = 80_000_000
MAX_UNPACKED = 200_000_000
"""Bytes that the parts of a package may come to: what a bomb declares, before anything is unpacked."""
MAX_PARTS = 5_000
MAX_TEXT = 5_000_000
"""Characters of one document's text, spanned cells counted in each place."""
MAX_COLUMNS = 100
"""Columns of a table; a cell that claims to span more is damaged."""
MAX_CELLS = 500_000
"""Cells of one document's tables."""
MAX_DEPTH = 64
"""Groups, blocks or archives within each other."""
MAX_DOCUMENTS = 100
"""Documents in one archive."""

LOCKED = "it is encrypted: it asks for a password"
"""Why a document cannot be read, in every format that knows passwords."""

_MARK = re.compile(r"\[(?:第 \d+ 页 )?图像 [0-9a-f]{16}\]")


class Extract(msgspec.Struct, frozen=True):
    """What an attachment says."""

    text: str
    """In the form of crawler.page.text; empty where it has none or could not be read."""
    pixels: str
    """SHA-256 (hex) of decoded pixels: a picture's, or all pictures' of a document without text. Else empty."""
    media_type: str
    findings: tuple[PageFinding, ...] = ()


class Content(msgspec.Struct, frozen=True):
    """What one format's reader found."""

    blocks: tuple[Block, ...]
    """In reading order; a picture is a paragraph or part of one, `mark(digest)`."""
    pictures: tuple[str, ...] = ()
    """Digests (SHA-256, hex) of the pixels of its pictures, or of its pages where the format has none, in order."""
    findings: tuple[tuple[str, str], ...] = ()
    """(rule, detail) of parts that could not be read."""

    @property
    def text(self) -> str:
        return render(self.blocks)


class Unreadable(Exception):
    """Why bytes could not be read, in words for a finding."""


def mark(digest: str, page: int = 0) -> str:
    """A picture in a text: enough of its digest that one swapped for another shows."""
    return f"[第 {page} 页 图像 {digest[:16]}]" if page else f"[图像 {digest[:16]}]"


def without_marks(text: str) -> str:
    """`text` without the marks of pictures."""
    return _MARK.sub("", text)
