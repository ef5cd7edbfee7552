"""What bytes are, told by the bytes: headers and file names of attachments are often wrong. Pure; never raises."""

import io
import re
import zipfile

PDF = "application/pdf"
DOC = "application/msword"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLS = "application/vnd.ms-excel"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPT = "application/vnd.ms-powerpoint"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
OLE = "application/x-ole-storage"
OFD = "application/ofd"
RTF = "application/rtf"
ZIP = "application/zip"
RAR = "application/vnd.rar"
SEVEN_ZIP = "application/x-7z-compressed"
HTML = "text/html"
PLAIN = "text/plain"
MHTML = "multipart/related"
"""A web page with its pictures in one file, as Word and WPS save it, often under a .doc name."""
PICTURES = {
    **{"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/bmp": "BMP", "image/webp": "WEBP"},
    "image/tiff": "TIFF",
}
"""Media types whose pixels are read, and what Pillow calls them."""
UNKNOWN = "application/octet-stream"

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"{\\rtf", RTF),
    (b"Rar!\x1a\x07", RAR),
    (b"7z\xbc\xaf\x27\x1c", SEVEN_ZIP),
)
_PAGE = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|script|meta|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_OFFICE = re.compile(
    rb"urn:schemas-microsoft-com:office:|<meta[^>]{0,80}(?:name|content)=[\"']?(?:generator|progid)[^>]{0,80}(?:word|excel|wps)"
    rb"|(?:word|excel)\.(?:document|sheet)",
    re.IGNORECASE,
)
"""What office programs write at the head of a document that they save as a web page."""
_MHTML = re.compile(rb"(\xef\xbb\xbf)?\s*mime-version:", re.IGNORECASE)
_NEED_MAGIC = frozenset({PDF, DOC, DOCX, XLS, XLSX, PPT, PPTX, OFD, RTF, ZIP, RAR, SEVEN_ZIP, *PICTURES})
"""Types that begin with bytes of their own: without those, a claim to be one is false."""
_STREAMS = (("WordDocument", DOC), ("Workbook", XLS), ("PowerPoint Document", PPT), ("Book", XLS))
"""Entries of an OLE directory, which holds their names in UTF-16."""


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
    if body.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _packed(body)
    if body.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        return next((kind for name, kind in _STREAMS if f"{name}\0".encode("utf-16-le") in body), OLE)
    if _PAGE.match(head):
        return HTML
    if _MHTML.match(head) and b"multipart/" in body[:4096].lower():
        return MHTML
    essence = claimed.partition(";")[0].strip().lower()
    return essence if re.fullmatch(r"[\w.+-]+/[\w.+-]+", essence) and essence not in _NEED_MAGIC else UNKNOWN


def saved_by_office(body: bytes) -> bool:
    """Whether a web page is a document that an office program saved as one, whatever its name."""
    return _OFFICE.search(body[:2048]) is not None


def _packed(body: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = set(archive.namelist())
    except Exception:  # damaged: whoever opens it tells why
        return ZIP
    main = (("word/document.xml", DOCX), ("xl/workbook.xml", XLSX), ("ppt/presentation.xml", PPTX), ("OFD.xml", OFD))
    return next((kind for part, kind in main if part in names), ZIP)
