"""An attachment's bytes → its visible text, or its pixels. Pure; never raises.

In: the body of a response, the media type that its header claims, its address. Out: an `Extract`. What the bytes are is
told by the bytes: headers and file names of attachments are often wrong. PDF and DOCX give text in the form of
crawler.page.text; pictures give the SHA-256 of their decoded pixels. Everything else is recognised and left unread.
Bytes that cannot be read give an empty text and a finding that names address and cause.
"""

import hashlib
import io
import re
import threading
import warnings
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import msgspec

from crawler.page import word
from crawler.page.model import PageFinding
from crawler.page.text import Block, Table, render

PDF = "application/pdf"
DOC = "application/msword"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLS = "application/vnd.ms-excel"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OFD = "application/ofd"
RTF = "application/rtf"
ZIP = "application/zip"
HTML = "text/html"
PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/bmp": "BMP", "image/webp": "WEBP"}
"""Media types whose pixels are read, and what Pillow calls them."""
UNKNOWN = "application/octet-stream"

MAX_PDF_PAGES = 500
MAX_PIXELS = 80_000_000
MAX_UNPACKED = 200_000_000
"""Bytes that the parts of a DOCX may come to: what a bomb declares, before anything is unpacked."""
MAX_PARTS = 5_000
MAX_TEXT = 5_000_000
"""Characters of one document's text."""

REVISION = f"1 pypdfium2={version('pypdfium2')} python-docx={version('python-docx')}"
"""What the extracted text depends on."""

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"{\\rtf", RTF),
)
_PAGE = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|script|meta|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_NUMERIC = re.compile(r"[-−+]?[\d,.]+%?|[/／—-]+")
_PROSE = re.compile(r"[，。；！？：]")
_HEADING = re.compile(
    r"[（(]?[一二三四五六七八九十\d]{1,3}[)）、.．]|第[一二三四五六七八九十]+[章条]|表[一二三四五\d]|附"
)


class Extract(msgspec.Struct, frozen=True):
    """What an attachment says."""

    text: str
    """In the form of crawler.page.text; empty where it has none or could not be read."""
    pixels: str
    """SHA-256 (hex) of a picture's size and RGBA pixels, first frame; metadata do not count. Else empty."""
    media_type: str
    findings: tuple[PageFinding, ...] = ()


class Unreadable(Exception):
    """Why bytes could not be read, in words for a finding."""


def extract(body: bytes, media_type: str, url: str) -> Extract:
    """`body` as text or pixels. `media_type` is the header's claim, which counts only where the bytes do not tell."""
    kind = sniff(body, media_type)
    readers: dict[str, Callable[[bytes], str]] = {PDF: _pdf, DOCX: _docx}
    text = pixels = ""
    findings: list[PageFinding] = []
    try:
        if not body:
            raise Unreadable("the body is empty")
        if kind == HTML:
            raise Unreadable("a web page came instead of a document")
        if kind in PICTURES:
            pixels = _pixels(body, PICTURES[kind])
        elif kind in readers:
            text = readers[kind](body)
            if kind == PDF and not text:
                findings.append(PageFinding("scanned_document", "info", "the PDF has no text layer", url))
    except Unreadable as error:
        findings.append(PageFinding("unreadable_document", "warning", f"{kind}: {error}", url))
    except Exception as error:  # what four libraries raise over damaged bytes is no closed list; the finding tells it
        cause = f"{type(error).__name__}: {error}"
        findings.append(PageFinding("unreadable_document", "warning", f"{kind}: it is damaged: {cause}", url))
    return Extract(text, pixels, kind, tuple(findings))


def sniff(body: bytes, claimed: str = "") -> str:
    """The media type of `body` by its first bytes; else `claimed` without parameters; else octet-stream."""
    for magic, kind in _MAGIC:
        if body.startswith(magic):
            return kind
    head = body[:1024]
    if b"%PDF-" in head:
        return PDF
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return "image/webp"
    if body.startswith(b"BM") and len(body) > 26 and body[6:10] == bytes(4):
        return "image/bmp"
    if body.startswith(b"PK\x03\x04"):
        return _packed(body)
    if body.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        return XLS if "Workbook".encode("utf-16-le") in body else DOC
    if _PAGE.match(head):
        return HTML
    essence = claimed.partition(";")[0].strip().lower()
    return essence if re.fullmatch(r"[\w.+-]+/[\w.+-]+", essence) and essence not in _NEED_MAGIC else UNKNOWN


_NEED_MAGIC = frozenset({PDF, DOC, DOCX, XLS, XLSX, OFD, RTF, ZIP, *PICTURES})
"""Types that begin with bytes of their own: without those, a claim to be one is false."""


def _packed(body: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = set(archive.namelist())
    except Exception:  # damaged: whoever opens it tells why
        return ZIP
    for part, kind in (("word/document.xml", DOCX), ("xl/workbook.xml", XLSX), ("OFD.xml", OFD)):
        if part in names:
            return kind
    return ZIP


def _pixels(body: bytes, form: str) -> str:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of large pictures; the limit here is our own
        with Image.open(io.BytesIO(body), formats=[form]) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise Unreadable(f"{width} x {height} pixels; the limit is {MAX_PIXELS}")
            picture.load()
            opaque = picture.convert("RGB") if picture.mode in ("CMYK", "YCbCr", "LAB", "HSV") else picture
            data = opaque.convert("RGBA").tobytes()
    return hashlib.sha256(b"%dx%d:" % (width, height) + data).hexdigest()


_PDFIUM = threading.Lock()
"""PDFium keeps state of its own for the whole process: two threads in it at once crash it."""


def _pdf(body: bytes) -> str:
    with _PDFIUM:
        return _pdf_text(body)


def _pdf_text(body: bytes) -> str:
    import pypdfium2

    with pypdfium2.PdfDocument(body) as document:
        if len(document) > MAX_PDF_PAGES:
            raise Unreadable(f"{len(document)} pages; the limit is {MAX_PDF_PAGES}")
        lines: list[str] = []
        pictured: list[str] = []
        size = 0
        for number in range(len(document)):
            page = document[number]
            words = page.get_textpage().get_text_range()
            size += len(words)
            if size > MAX_TEXT:
                raise Unreadable(f"more than {MAX_TEXT} characters")
            if words.strip():
                lines.extend(words.splitlines())
            elif picture := _scan(page):
                pictured.append(f"[第 {number + 1} 页 图像 {picture}]")
    return render([*_paragraphs(lines), *pictured]) if any(line.strip() for line in lines) else ""


def _scan(page: Any) -> str:
    """Digest of the pictures on a page without text, so that a swapped scan among pages of text is not overlooked."""
    from pypdfium2 import raw

    digest = hashlib.sha256()
    seen = False
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        digest.update(bytes(item.get_data()))
        seen = True
    return digest.hexdigest()[:16] if seen else ""


def _paragraphs(lines: list[str]) -> list[Block]:
    """Printed lines → paragraphs and table rows.

    A line of several words with a number among them and no marks of prose is a row: without that, the cells `6 7` and
    `67` would be the same text once white space is gone. A long line without an end goes on in the next one.
    """
    blocks: list[Block] = []
    rows: list[tuple[str, ...]] = []
    open_end = False
    for raw_line in lines:
        line = raw_line.replace("\ufffe", "").replace("\x00", "").strip()
        if not line:
            continue
        words = tuple(line.split())
        if len(words) > 1 and not _PROSE.search(line) and any(map(_NUMERIC.fullmatch, words)):
            above = blocks[-1].split() if not rows and blocks and isinstance(blocks[-1], str) else []
            if len(above) == len(words):
                rows.append(tuple(above))  # as many words as the first row: its header
                blocks.pop()
            rows.append(words)
            open_end = False
            continue
        if rows:
            blocks.append(Table(tuple(rows)))
            rows = []
        last = blocks[-1] if blocks else None
        if open_end and isinstance(last, str) and not _HEADING.match(line):
            blocks[-1] = last + line
        else:
            blocks.append(line)
        open_end = len(line) >= 25 and line[-1] not in "。！？：；"
    if rows:
        blocks.append(Table(tuple(rows)))
    return blocks


def _docx(body: bytes) -> str:
    import docx

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED:
        raise Unreadable(f"{len(parts)} parts of {unpacked} bytes; the limits are {MAX_PARTS} and {MAX_UNPACKED}")
    text = render(word.blocks(docx.Document(io.BytesIO(body))))
    if len(text) > MAX_TEXT:
        raise Unreadable(f"more than {MAX_TEXT} characters")
    return text
