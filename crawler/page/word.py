"""A DOCX document → blocks of crawler.page.text, with the grids of its tables.

In: a python-docx document, already held to the size limits. Out: what a reader sees, in a stable order. python-docx
gives the package; the walk is our own, because its tables lose rows that change their number of cells, and its
paragraphs lose what stands in content controls. A picture is a digest of its bytes, so that one swapped inside a
document that is otherwise the same is not overlooked. Pure.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from crawler.page.text import Block, Table

MAX_COLUMNS = 100
"""Columns of a table; a cell that claims to span more is damaged."""

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_A_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_R_EMBED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def blocks(document: Any) -> Iterator[Block]:
    """Body, then footnotes, endnotes, headers and footers: all that a reader sees, in a stable order."""
    from lxml import etree

    yield from _story(document.element.body, document.part)
    related = [rel.target_part for rel in document.part.rels.values() if not rel.is_external]
    notes = [
        part
        for part in related
        if re.search(r"/(footnotes|endnotes|header\d*|footer\d*)\.xml$", str(part.partname)) and part.blob
    ]
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    seen: set[tuple[Any, ...]] = set()
    for part in sorted(notes, key=lambda part: str(part.partname)):
        blocks = tuple(_story(etree.fromstring(part.blob, parser), part))
        if blocks not in seen:  # one header for odd and one for even pages usually say the same
            seen.add(blocks)
            yield from blocks


def _story(element: Any, part: Any) -> Iterator[Block]:
    for child in element:
        if child.tag == f"{_W}p":
            yield from _paragraph(child, part)
        elif child.tag == f"{_W}tbl":
            yield _table(child, part)
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}footnote", f"{_W}endnote", f"{_W}customXml"):
            yield from _story(child, part)


def _paragraph(element: Any, part: Any) -> Iterator[str]:
    words: list[str] = []
    for run in element.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr", _A_BLIP):
        if any(above.tag == _FALLBACK for above in run.iterancestors()):
            continue  # what an old reader shows instead: the same words again
        if run.tag == f"{_W}t":
            words.append(run.text or "")
        elif run.tag == _A_BLIP:
            picture = part.rels.get(run.get(_R_EMBED, ""))
            if picture is not None and not picture.is_external:
                words.append(f"[图像 {hashlib.sha256(picture.target_part.blob).hexdigest()[:16]}]")
        else:
            words.append(" ")
    line = "".join(words)
    if line.strip():
        yield line


def _table(element: Any, part: Any) -> Table:
    rows: list[tuple[str, ...]] = []
    for row in element.iter(f"{_W}tr"):
        if next(row.iterancestors(f"{_W}tbl")) is not element:
            continue  # of a table inside a cell, which is told as that cell's text
        cells: list[str] = []
        for cell in row.iter(f"{_W}tc"):
            if next(cell.iterancestors(f"{_W}tr")) is not row:
                continue
            words = " ".join(line for inner in cell.iter(f"{_W}p") for line in _paragraph(inner, part))
            span, merge = cell.find(f"{_W}tcPr/{_W}gridSpan"), cell.find(f"{_W}tcPr/{_W}vMerge")
            if merge is not None and merge.get(f"{_W}val", "continue") == "continue" and rows:
                above = rows[-1]
                words = above[len(cells)] if len(cells) < len(above) else words
            width = int(span.get(f"{_W}val", "1")) if span is not None else 1
            cells.extend([words] * max(1, min(width, MAX_COLUMNS - len(cells))))
        rows.append(tuple(cells))
    return Table(tuple(rows))
