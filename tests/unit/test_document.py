"""Attachments: what the bytes are, their text or pixels, and what bad bytes get."""

import io
import struct
import zipfile
import zlib
from typing import Any

import docx
import pypdfium2
import pytest
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from crawler.page import document, word
from crawler.page.document import extract, sniff
from crawler.page.text import Table, parse

URL = "http://www.example.gov.cn/P020210129.pdf"


def pdf_of(*pages: str) -> bytes:
    """A PDF of Latin text, a line per line, written by hand; an empty page has no text."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    kids = []
    for page in pages:
        shown = " ".join(f"({line}) Tj 0 -20 Td" for line in page.splitlines())
        stream = f"BT /F1 12 Tf 50 700 Td {shown} ET".encode()
        objects.append(b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    xref = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return out + xref + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))


def picture(
    form: str, colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (8, 6), **kw: Any
) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form, **kw)
    return out.getvalue()


def docx_of(build: Any) -> bytes:
    made = docx.Document()
    build(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def zip_of(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (pdf_of("a"), document.PDF),
        (b"\n\n" + pdf_of("a"), document.PDF),
        (docx_of(lambda made: None), document.DOCX),
        (zip_of(xl__workbook_DOT_xml=b"<a/>"), document.XLSX),
        (zip_of(OFD_DOT_xml=b"<a/>"), document.OFD),
        (zip_of(a=b""), document.ZIP),
        (b"PK\x03\x04broken", document.ZIP),
        (bytes.fromhex("d0cf11e0a1b11ae1") + "WordDocument".encode("utf-16-le"), document.DOC),
        (bytes.fromhex("d0cf11e0a1b11ae1") + "Workbook".encode("utf-16-le"), document.XLS),
        (b"{\\rtf1 a}", document.RTF),
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("GIF"), "image/gif"),
        (picture("BMP"), "image/bmp"),
        (picture("WEBP"), "image/webp"),
        (b"\xef\xbb\xbf \r\n<!DOCTYPE html><title>404</title>", document.HTML),
        (b"BM is how this text begins, and it goes on", "text/plain"),
    ],
)
def test_bytes_tell_what_they_are(body: bytes, kind: str) -> None:
    assert sniff(body, "text/plain; charset=gbk") == kind


def test_a_false_claim_counts_for_nothing() -> None:
    assert sniff(b"whatever", "application/pdf") == document.UNKNOWN
    assert sniff(b"whatever", "nonsense") == document.UNKNOWN
    assert extract(pdf_of("Annual report"), "text/html", URL).media_type == document.PDF


def test_pdf_text_and_rows() -> None:
    found = extract(pdf_of("Annual report of the county\nNew 248 64 100\nOld 0 0 0", "Second page"), "", URL)
    assert found.findings == ()
    assert parse(found.text) == [
        "Annual report of the county",
        Table((("New", "248", "64", "100"), ("Old", "0", "0", "0"))),
        "Second page",
    ]


def test_pdf_without_text_layer() -> None:
    found = extract(picture("PDF"), "application/pdf", URL)
    assert (found.text, found.media_type) == ("", document.PDF)
    assert [(finding.rule, finding.severity, finding.url) for finding in found.findings] == [
        ("scanned_document", "info", URL)
    ]


def test_a_swapped_scan_among_pages_of_text_shows() -> None:
    def mixed(colour: tuple[int, int, int]) -> bytes:
        whole = pypdfium2.PdfDocument.new()
        for part in (pdf_of("First page"), picture("PDF", colour)):
            whole.import_pages(pypdfium2.PdfDocument(part))
        out = io.BytesIO()
        whole.save(out)
        return out.getvalue()

    red, blue = extract(mixed((255, 0, 0)), "", URL).text, extract(mixed((0, 0, 255)), "", URL).text
    assert red != blue
    assert red.startswith("First page\n[第 2 页 图像 ")
    assert red == extract(mixed((255, 0, 0)), "", URL).text


def test_too_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_PDF_PAGES", 1)
    found = extract(pdf_of("a", "b"), "", URL)
    assert found.text == ""
    assert found.findings[0].rule == "unreadable_document"
    assert "2 pages" in found.findings[0].detail


def test_long_printed_lines_go_on() -> None:
    long = "二〇二〇年全县各级行政机关通过政府网站主动公开政府信息三千余条"
    joined = document._paragraphs(
        [long, "并及时回应社会关切。", "二、主动公开政府信息情况", "项目 总计", "本年新收 248"]
    )
    assert joined == [
        long + "并及时回应社会关切。",
        "二、主动公开政府信息情况",
        Table((("项目", "总计"), ("本年新收", "248"))),
    ]


def test_docx_text_and_grid() -> None:
    def build(made: Any) -> None:
        made.add_heading("一、总体情况", 1)
        made.add_paragraph("收到申请 248 件。").add_run("\t其中")
        grid = made.add_table(3, 3)
        for row, words in zip(
            grid.rows, (("项目", "自然人", "总计"), ("一", "64", "248"), ("二", "1", "2")), strict=True
        ):
            for cell, text in zip(row.cells, words, strict=True):
                cell.text = text
        grid.cell(0, 1).merge(grid.cell(0, 2))
        grid.cell(1, 0).merge(grid.cell(2, 0))
        made.sections[0].footer.paragraphs[0].text = "页脚"

    found = extract(docx_of(build), "", URL)
    assert found.findings == ()
    assert parse(found.text) == [
        "一、总体情况",
        "收到申请 248 件。 其中",
        Table((("项目", "自然人 总计", "自然人 总计"), ("一 二", "64", "248"), ("一 二", "1", "2"))),
        "页脚",
    ]


def test_a_picture_swapped_inside_a_docx_shows() -> None:
    def build(colour: tuple[int, int, int]) -> bytes:
        return docx_of(lambda made: made.add_picture(io.BytesIO(picture("PNG", colour))))

    red, blue = extract(build((255, 0, 0)), "", URL).text, extract(build((0, 0, 255)), "", URL).text
    assert red.startswith("[图像 ")
    assert red != blue


def test_absurd_spans_are_clamped() -> None:
    def build(made: Any) -> None:
        cell = made.add_table(1, 1).rows[0].cells[0]
        cell.text = "甲"
        cell._tc.get_or_add_tcPr().get_or_add_gridSpan().set(qn("w:val"), "100000000")

    (table,) = parse(extract(docx_of(build), "", URL).text)
    assert isinstance(table, Table)
    assert len(table.rows[0]) == word.MAX_COLUMNS


def test_a_zip_bomb_is_refused_unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_UNPACKED", 1_000_000)
    found = extract(zip_of(word__document_DOT_xml=bytes(2_000_000)), "", URL)
    assert "limits" in found.findings[0].detail


def test_xml_entities_are_not_expanded() -> None:
    good = docx_of(lambda made: made.add_paragraph("正文"))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename == "word/document.xml":
                declaration = b'<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
                data = data.replace(b"?>", b"?>" + declaration, 1).replace("正文".encode(), b"x&a;y")
            new.writestr(item, data)
    assert "root:" not in extract(out.getvalue(), "", URL).text


def test_pixels_ignore_metadata_and_encoding() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "another")
    plain = extract(picture("PNG"), "", URL).pixels
    assert plain == extract(picture("PNG", pnginfo=info, compress_level=0), "", URL).pixels
    assert plain == extract(picture("BMP"), "", URL).pixels
    assert plain != extract(picture("PNG", (200, 30, 31)), "", URL).pixels
    assert plain != extract(picture("PNG", size=(6, 8)), "", URL).pixels


def test_only_the_first_frame_counts() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    still = io.BytesIO()
    frames[0].save(still, "GIF")
    assert extract(out.getvalue(), "", URL).pixels == extract(still.getvalue(), "", URL).pixels


def test_cmyk_and_palette_pictures_are_read() -> None:
    for mode in ("CMYK", "P", "L", "1"):
        out = io.BytesIO()
        Image.new(mode, (4, 4)).save(out, "JPEG" if mode == "CMYK" else "PNG")
        assert extract(out.getvalue(), "", URL).pixels


def test_a_pixel_bomb_is_refused() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    for side in (10_000, 60_000):
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        bomb = (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(bytes(100)))
            + chunk(b"IEND", b"")
        )
        found = extract(bomb, "image/png", URL)
        assert found.pixels == ""
        assert found.findings[0].rule == "unreadable_document"
        assert found.findings[0].url == URL


@pytest.mark.parametrize(
    "body", [pdf_of("text here"), docx_of(lambda made: made.add_paragraph("正文")), picture("PNG")]
)
def test_truncated_bytes_never_raise(body: bytes) -> None:
    for size in range(0, len(body), max(1, len(body) // 40)):
        extract(body[:size], "application/pdf", URL)


@given(
    st.sampled_from([pdf_of("text here"), docx_of(lambda made: made.add_paragraph("正文")), picture("GIF")]), st.data()
)
def test_damaged_bytes_never_raise(body: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(8, len(body) - 1))
    extract(body[:place] + data.draw(st.binary(min_size=1, max_size=4)) + body[place + 1 :], "", URL)


def test_what_is_no_document_says_so() -> None:
    for body, words in ((b"", "empty"), (b"<html><body>404", "web page"), (b"%PDF-1.4 junk", "PDFium")):
        (finding,) = extract(body, "", URL).findings
        assert finding.rule == "unreadable_document"
        assert words in finding.detail
    assert extract(b"plain words", "text/plain", URL) == document.Extract("", "", "text/plain")
