"""A report's attachments and pictures as sources of figures: what their stored text says, or what was recognised in them."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import msgspec

from crawler.documents.kinds import OFD, PDF, ZIP
from crawler.page.text import Block, Table, parse
from monitor.figures import Document, Source
from monitor.figures.cells import Recognised
from monitor.store import Store
from monitor.versions import GONE, Held

_LAID_OUT = frozenset({PDF, OFD})
_PACKED = re.compile(
    r"[^/\\|]{1,200}\.(?:(?P<pages>pdf|ofd)|docx?|wps|rtf|mht|xlsx?|et|csv|txt|html?|pptx?|zip|rar|7z|jpe?g|png|gif|bmp|tiff?)",
    re.IGNORECASE,
)
"""The line that crawler.documents.archive puts over each file of an archive: its name."""


def documents_of(store: Store, held: Sequence[Held]) -> tuple[Document, ...]:
    """What can be read of a report's attachments, in their order; the files of an archive are documents of their own."""
    found: list[Document] = []
    for item in held:
        name = item.name or unquote(urlsplit(item.url).path.rpartition("/")[2])
        if item.text and item.media_type == ZIP:
            found.extend(_unpacked(item.url, name, parse(item.text)))
        elif item.text:
            source: Source = "pdf" if item.media_type in _LAID_OUT else "docx"
            found.append(Document(source, item.url, name, tuple(parse(item.text))))
        if item.sha256 not in ("", GONE) and (
            blocks := recognised(store, item.sha256)
        ):  # a text may have pictures, too
            found.append(Document("ocr", item.url, name, blocks))
    return tuple(found)


def _unpacked(url: str, archive: str, blocks: Sequence[Block]) -> Iterator[Document]:
    """The files of an archive, each under its own name."""
    starts: list[tuple[int, str, Source]] = [(0, archive, "docx")]
    for index, block in enumerate(blocks):
        if isinstance(block, str) and (named := _PACKED.fullmatch(block)):
            starts.append((index + 1, block, "pdf" if named["pages"] else "docx"))
    for (start, name, source), (end, _, _) in pairwise([*starts, (len(blocks) + 1, "", "docx")]):
        if held := blocks[start : end - 1]:
            yield Document(source, url, name, tuple(held))


def recognised(store: Store, sha256: str) -> tuple[Block, ...]:
    """What was recognised in a picture or a scanned document; empty if nobody looked, or nothing was found."""
    row = store.row("SELECT blocks FROM picture_readings WHERE sha256 = ?", (sha256,))
    return decode(row["blocks"]) if row is not None else ()


_StoredCell = tuple[str, float]
_Stored = list[str | list[list[_StoredCell]]]


def encode(blocks: Sequence[Block]) -> str:
    """Blocks as `picture_readings.blocks`: a paragraph is a string, a table rows of [words, confidence]."""
    stored: _Stored = []
    for block in blocks:
        if isinstance(block, str):
            stored.append(block)
        else:
            stored.append([[(str(cell), getattr(cell, "confidence", 1.0)) for cell in row] for row in block.rows])
    return msgspec.json.encode(stored).decode()


def decode(stored: str) -> tuple[Block, ...]:
    """The inverse of `encode`. Raises msgspec.DecodeError for what `encode` did not make."""
    return tuple(
        block
        if isinstance(block, str)
        else Table(tuple(tuple(Recognised(words, sure) for words, sure in row) for row in block))
        for block in msgspec.json.decode(stored, type=_Stored)
    )
