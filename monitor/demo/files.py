"""Small real files: PDF, DOCX and PNG bytes from a text or a row of numbers.

The same input gives the same bytes; another `saved` gives other bytes with the same text or pixels, as saving a file
again does.
"""

import io
import zipfile
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, PngImagePlugin

from monitor.demo.text import Document, Picture

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "png": "image/png",
}

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def document_bytes(document: Document) -> bytes:
    """The file behind a link, of the kind that its name says (pdf or docx)."""
    if document.file.endswith(".pdf"):
        return pdf(document.lines, document.saved)
    return docx(document.lines, document.saved)


def pdf(lines: tuple[str, ...], saved: int = 0) -> bytes:
    """One A4 page of Chinese text, in a font that every reader brings along (STSong-Light by its Unicode CMap)."""
    shown = "\n".join(f"<{line.encode('utf-16-be').hex()}> Tj T*" for line in lines)
    stream = f"BT /F1 12 Tf 72 770 Td 20 TL\n{shown}\nET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /FontDescriptor 7 0 R "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 "
        b"/Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    out += b"%% saved %d\n" % saved
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def docx(lines: tuple[str, ...], saved: int = 0) -> bytes:
    """A Word file of these paragraphs."""
    paragraphs = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in lines)
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{paragraphs}</w:body></w:document>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1 + saved % 28, 0, 0, 0)), head + text)
    return out.getvalue()


def png(picture: Picture) -> bytes:
    """A bar chart of `picture.bars`."""
    image = Image.new("RGB", (360, 160), "white")
    draw = ImageDraw.Draw(image)
    for index, height in enumerate(picture.bars):
        left = 20 + index * 55
        draw.rectangle((left, 150 - height, left + 36, 150), fill=(30 + index * 30, 90, 200 - index * 20))
    note = PngImagePlugin.PngInfo()
    note.add_text("Software", f"demo {picture.saved}")
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=note, compress_level=1 + picture.saved % 9)
    return out.getvalue()
