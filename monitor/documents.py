"""A report's attachments and pictures as sources of figures: what their stored text says, or what was recognised in them."""

from collections.abc import Sequence

import msgspec

from crawler.documents.kinds import OFD, PDF
from crawler.page.text import Block, Table, parse
from monitor.figures import Document, Source
from monitor.figures.cells import Recognised
from monitor.store import Store
from monitor.versions import GONE, Held

_LAID_OUT = frozenset({PDF, OFD})


def documents_of(store: Store, held: Sequence[Held]) -> tuple[Document, ...]:
    """What can be read of a report's attachments, in their order."""
    found = []
    for item in held:
        if item.text:
            found.append(Document(_source(item.media_type), item.url, item.name, tuple(parse(item.text))))
        elif item.sha256 not in ("", GONE) and (blocks := recognised(store, item.sha256)):
            found.append(Document("ocr", item.url, item.name, blocks))
    return tuple(found)


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


def _source(media_type: str) -> Source:
    return "pdf" if media_type in _LAID_OUT else "docx"
