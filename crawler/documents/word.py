"""DOCX → text with the grids of its tables. Raises Unreadable, and what python-docx raises over damaged bytes.

python-docx gives the package; the walk is our own, because its tables lose rows that change their number of cells, and
its paragraphs lose what stands in content controls. What an editor struck out or hid is not read.
"""

import io
import re
from collections.abc import Iterator
from typing import Any

from crawler.documents import model, pictures
from crawler.documents.model import Content, mark
from crawler.documents.package import Package, parse_xml
from crawler.page.text import Block, Table

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_A_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_V_IMAGE = "{urn:schemas-microsoft-com:vml}imagedata"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_UNSEEN = frozenset({_FALLBACK, f"{_W}moveFrom", f"{_W}del"})
"""What an old reader shows instead (the same words again), and what was moved or struck out."""


def read(body: bytes) -> Content:
    """Body, then footnotes, endnotes, headers and footers: all that a reader sees, in a stable order."""
    import docx

    Package(body)  # its limits, before anything is unpacked
    document = docx.Document(io.BytesIO(body))
    walk = _Walk()
    blocks = list(walk.story(document.element.body, document.part))
    related = [rel.target_part for rel in document.part.rels.values() if not rel.is_external]
    notes = [
        part
        for part in related
        if re.search(r"/(footnotes|endnotes|header\d*|footer\d*)\.xml$", str(part.partname)) and part.blob
    ]
    seen: set[tuple[Any, ...]] = set()
    for part in sorted(notes, key=lambda part: str(part.partname)):
        told = tuple(walk.story(parse_xml(part.blob), part))
        if told not in seen:  # one header for odd and one for even pages usually say the same
            seen.add(told)
            blocks.extend(told)
    return Content(tuple(blocks), tuple(walk.pictures))


class _Walk:
    def __init__(self) -> None:
        self.pictures: list[str] = []
        self._digests: dict[str, str] = {}

    def story(self, element: Any, part: Any) -> Iterator[Block]:
        for child in element:
            if child.tag == f"{_W}p":
                yield from self._paragraph(child, part)
                for box in child.iter(f"{_W}txbxContent"):
                    if _paragraph_of(box) is child and not _unseen(box):
                        yield from self.story(box, part)
            elif child.tag == f"{_W}tbl":
                yield from self._table(child, part)
            elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}footnote", f"{_W}endnote", f"{_W}customXml"):
                yield from self.story(child, part)

    def _paragraph(self, element: Any, part: Any) -> Iterator[str]:
        """Its own words, without those of text boxes that hang on it."""
        words: list[str] = []
        for run in element.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}noBreakHyphen", _A_BLIP, _V_IMAGE):
            if _paragraph_of(run) is not element or _unseen(run):
                continue
            if run.tag == f"{_W}t":
                words.append(run.text or "")
            elif run.tag == f"{_W}noBreakHyphen":
                words.append("-")
            elif run.tag in (_A_BLIP, _V_IMAGE):
                words.append(self._picture(run.get(f"{_R}embed") or run.get(f"{_R}id") or "", part))
            else:
                words.append(" ")
        line = "".join(words)
        if line.strip():
            yield line

    def _picture(self, number: str, part: Any) -> str:
        related = part.rels.get(number)
        if related is None or related.is_external:
            return ""
        name = str(related.target_part.partname)
        if name not in self._digests:
            self._digests[name] = pictures.inner(related.target_part.blob)
        self.pictures.append(self._digests[name])
        return mark(self._digests[name])

    def _table(self, element: Any, part: Any) -> Iterator[Block]:
        """The grid; of a table that only lays out others, what its cells hold."""
        if any(_is_grid(inner) for inner in element.iter(f"{_W}tbl") if inner is not element):
            for row in _rows(element):
                for cell in _cells(row):
                    yield from self.story(cell, part)
            return
        rows: list[tuple[str, ...]] = []
        for row in _rows(element):
            skipped = row.find(f"{_W}trPr/{_W}gridBefore")
            cells = [""] * (_number(skipped, 0) if skipped is not None else 0)
            for cell in _cells(row):
                words = " ".join(line for inner in cell.iter(f"{_W}p") for line in self._paragraph(inner, part))
                span = _number(cell.find(f"{_W}tcPr/{_W}gridSpan"), 1)
                if _continues(cell, "vMerge") and rows:
                    above = rows[-1]
                    words = above[len(cells)] if len(cells) < len(above) else words
                elif _continues(cell, "hMerge") and cells:
                    words = cells[-1]
                cells.extend([words] * max(1, min(span, model.MAX_COLUMNS - len(cells))))
            rows.append(tuple(cells[: model.MAX_COLUMNS]))
        yield Table(tuple(rows))


def _rows(table: Any) -> Iterator[Any]:
    """The table's own rows that are shown: neither struck out nor hidden."""
    for row in table.iter(f"{_W}tr"):
        shown = all(row.find(f"{_W}trPr/{_W}{mark}") is None for mark in ("del", "hidden"))
        if shown and next(row.iterancestors(f"{_W}tbl")) is table:
            yield row


def _cells(row: Any) -> Iterator[Any]:
    for cell in row.iter(f"{_W}tc"):
        if next(cell.iterancestors(f"{_W}tr")) is row and cell.find(f"{_W}tcPr/{_W}cellDel") is None:
            yield cell


def _is_grid(table: Any) -> bool:
    """Whether a table inside another has rows and columns, or at least a row's cells, so that the other lays it out."""
    rows = [sum(1 for _ in _cells(row)) for row in _rows(table)]
    return max(rows, default=0) > (1 if len(rows) > 1 else 2)


def _continues(cell: Any, merge: str) -> bool:
    found = cell.find(f"{_W}tcPr/{_W}{merge}")
    return found is not None and found.get(f"{_W}val", "continue") == "continue"


def _paragraph_of(element: Any) -> Any:
    return next(element.iterancestors(f"{_W}p"), None)


def _unseen(element: Any) -> bool:
    return any(above.tag in _UNSEEN or _hidden(above) for above in element.iterancestors())


def _hidden(element: Any) -> bool:
    if element.tag != f"{_W}r":
        return False
    vanish = element.find(f"{_W}rPr/{_W}vanish")
    return vanish is not None and vanish.get(f"{_W}val", "true") not in ("0", "false", "off")


def _number(element: Any, default: int) -> int:
    """A measure that a table claims, within reason."""
    claimed = element.get(f"{_W}val", "") if element is not None else ""
    return min(int(claimed), model.MAX_COLUMNS) if claimed.isdecimal() else default
