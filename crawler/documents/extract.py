"""An attachment's bytes → its visible text, or its pixels. Pure; never raises.

In: the body of a response, the media type that its header claims, its address. Out: an `Extract`. What the bytes are is
told by the bytes. A document that holds pictures only is its pixels, as a picture is. Bytes that cannot be read, and
formats that nobody here reads, give an empty text and a finding that names address and cause.

Call it in a process of its own (crawler.documents.extractor) for whatever comes from outside.
"""

from collections.abc import Callable

from crawler.documents import archive, model, ofd, pdf, pictures, rtf, saved, sheets, word, word97
from crawler.documents.kinds import (
    DOC,
    DOCX,
    HTML,
    MHTML,
    OFD,
    OLE,
    PDF,
    PICTURES,
    PLAIN,
    RAR,
    RTF,
    SEVEN_ZIP,
    XLS,
    XLSX,
    ZIP,
    saved_by_office,
    sniff,
)
from crawler.documents.model import LOCKED, Content, Extract, Unreadable, without_marks
from crawler.page.decode import decode
from crawler.page.model import PageFinding

_MAX_DETAIL = 500


def extract(body: bytes, media_type: str, url: str) -> Extract:
    """`body` as text or pixels. `media_type` is the header's claim, which counts only where the bytes do not tell."""
    kind = sniff(body, media_type)
    try:
        if not body:
            raise Unreadable("the body is empty")
        content = _read(body, kind)
        text = content.text
        if len(text) > model.MAX_TEXT:
            raise Unreadable(f"more than {model.MAX_TEXT} characters")
    except Unreadable as error:
        return _unread(kind, str(error), url)
    except MemoryError:
        return _unread(kind, "it takes more memory than one document may", url)
    except Exception as error:  # what these libraries raise over damaged bytes is no closed list; the finding tells it
        return _unread(kind, f"it is damaged: {type(error).__name__}: {error}", url)
    findings = [PageFinding(rule, "warning", detail[:_MAX_DETAIL], url) for rule, detail in content.findings]
    if kind in PICTURES:
        return Extract("", content.pictures[0], kind, tuple(findings))
    if content.pictures and not without_marks(text).strip():
        count = len(content.pictures)
        findings.append(PageFinding("scanned_document", "info", f"{kind}: no text, {count} pages or pictures", url))
        return Extract("", pictures.combined(content.pictures), kind, tuple(findings))
    if not text:
        findings.append(PageFinding("unreadable_document", "info", f"{kind}: it holds no text and no picture", url))
    return Extract(text, "", kind, tuple(findings))


def _unread(kind: str, why: str, url: str) -> Extract:
    detail = f"{kind}: {why}"[:_MAX_DETAIL]
    return Extract("", "", kind, (PageFinding("unreadable_document", "warning", detail, url),))


def _read(body: bytes, kind: str) -> Content:
    if kind in PICTURES:
        return Content((), (pictures.pixels(body, kind),))
    if kind == ZIP:
        return archive.read(body, _read)
    if kind == HTML and saved_by_office(body):
        return saved.read_page(body)
    if kind == HTML:
        raise Unreadable("a web page came instead of a document")
    if kind in (RAR, SEVEN_ZIP):
        raise Unreadable("archives of this kind are not opened")
    if kind == OLE and "EncryptedPackage\0".encode("utf-16-le") in body:
        raise Unreadable(LOCKED)  # how Office locks a DOCX or an XLSX
    reader = _READERS.get(kind)
    if reader is None and b"\0" not in body[:4096]:
        reader = _plain if kind == PLAIN or kind in _TEXTS else None
    if reader is None:
        raise Unreadable("no reader for this kind of file")
    return reader(body)


def _plain(body: bytes) -> Content:
    return Content(tuple(decode(body, PLAIN).splitlines()))


_TEXTS = frozenset({"text/csv", "text/markdown", "text/tab-separated-values"})
_READERS: dict[str, Callable[[bytes], Content]] = {
    PDF: pdf.read,
    DOCX: word.read,
    DOC: word97.read,
    XLSX: sheets.read_xlsx,
    XLS: sheets.read_xls,
    OFD: ofd.read,
    RTF: rtf.read,
    MHTML: saved.read_mhtml,
}
