"""Any two files side by side: a mirror's copy against the archive, a PDF against the page that links it.

In: files as they were saved (HTML, documents, plain text, pictures). Out: `monitor.diff.Document`s, or a CompareError
that names the file and what is wrong. What a file does not say (a PDF has no source line) is not compared. No network.
"""

from pathlib import Path

import msgspec

from crawler.documents.extractor import Extractor
from crawler.documents.kinds import HTML, PLAIN, UNKNOWN, sniff
from crawler.families import markup_of
from crawler.page import chrome, dom, flow
from crawler.page.decode import decode
from crawler.page.model import Fetched, Report
from crawler.page.reader import read_page
from crawler.page.text import parse, render
from crawler.portal import Portal
from monitor.canonical import AttachmentState, comparable
from monitor.diff import Change, Document, diff

MAX_BYTES = 100_000_000
"""Size of a file that is still read."""

_PORTAL = Portal(name="compare", title="", family="generic", sections=("http://localhost/",))
"""Stands in for the portal of a file that comes from anywhere: no selectors of its own, no organ."""


class CompareError(ValueError):
    """A file that cannot be compared; the message is one line that names it, the cause and the remedy."""


def compare(old: Path, new: Path, *, cosmetic: bool = False) -> Change:
    """What changed from one file to the other. Raises CompareError."""
    return compare_documents(load(old), load(new), cosmetic=cosmetic)


def compare_documents(old: Document, new: Document, *, cosmetic: bool = False) -> Change:
    """The change between two documents of any origin: fields that one of them does not have are left out, and the title
    that a file prints over its text is that."""
    fields = ("title", "organ", "source", "published_on")
    old, new = _untitled(old, new.title), _untitled(new, old.title)
    silent = {field: "" for field in fields if not getattr(old, field) or not getattr(new, field)}
    old, new = (msgspec.structs.replace(side, **silent) for side in (old, new))
    return diff(old, new, cosmetic=cosmetic)


def _untitled(side: Document, title: str) -> Document:
    """A document that has no title of its own, without the other's at its top."""
    first, _, rest = side.text.partition("\n")
    if side.title or not title or comparable(first) != comparable(title):
        return side
    return msgspec.structs.replace(side, text=rest)


def load(path: Path) -> Document:
    """A file as a document. Raises CompareError."""
    try:
        size = path.stat().st_size
        body = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise CompareError(f"{path}: cannot be read: {error.strerror or error}; give the path of a file") from None
    if size > MAX_BYTES:
        raise CompareError(f"{path}: {size} bytes are too many; the limit is {MAX_BYTES}")
    if not body.strip():
        raise CompareError(f"{path}: is empty; give a file with a report in it")
    return read(body, str(path))


def read(body: bytes, name: str) -> Document:
    """A file's bytes as a document; `name` is how messages call it. Raises CompareError."""
    claimed = "text/html" if name.lower().endswith((".html", ".htm", ".shtml", ".jhtml")) else ""
    kind = sniff(body, claimed)
    if kind == HTML:
        return _page(body)
    wide = body[:2] in (b"\xff\xfe", b"\xfe\xff")
    if kind in (UNKNOWN, PLAIN) and (wide or b"\0" not in body[:4096]):
        return Document(text=_plain(decode(body, PLAIN)))
    with Extractor() as documents:
        found = documents.extract(body, kind, name)
    if not found.text and not found.pixels:
        cause = "; ".join(finding.detail for finding in found.findings) or "it holds no text"
        raise CompareError(f"{name}: {cause}; give a file that has text, or save it as PDF, DOCX, HTML or plain text")
    if found.pixels:
        return Document(attachments=(AttachmentState("", Path(name).name, "picture", pixels=found.pixels),))
    return Document(text=found.text)


def _plain(text: str) -> str:
    """Plain text in the form of crawler.page.text, which a text that `nianbao show --text` wrote has already."""
    return render(parse(text.replace("\r\n", "\n").replace("\r", "\n")))


def _page(body: bytes) -> Document:
    page = read_page(Fetched("http://localhost/", 200, "", body), _PORTAL, markup_of(_PORTAL))
    if len(page.reports) == 1:
        return _document(page.reports[0])
    if page.reports:  # one page with all years: all of it, each under its own title
        return Document(text="\n".join(part for report in page.reports for part in (report.title, report.text) if part))
    tree = dom.parse(decode(body, "text/html"))
    return Document(text=render(piece.block for piece in chrome.strip(flow.read_flow(tree).pieces)))


def _document(report: Report) -> Document:
    """Attachments are left out: a saved page does not hold what it links."""
    return Document(report.title, report.organ, report.source, report.published_on, report.text)
