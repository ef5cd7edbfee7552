"""Attachments: what the bytes are, their text or pixels, and what bad bytes get."""

import base64
import io
import struct
import zipfile
import zlib
from typing import Any

import pypdfium2
import pytest
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from crawler.documents import kinds, lines, model
from crawler.documents.extract import extract
from crawler.documents.kinds import sniff
from crawler.documents.model import Extract
from crawler.page.text import Table, parse
from tests.unit.documents.making import URL, docx_of, pdf_of, picture, zip_of


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (pdf_of("a"), kinds.PDF),
        (b"\n\n" + pdf_of("a"), kinds.PDF),
        (docx_of(lambda made: None), kinds.DOCX),
        (zip_of({"xl/workbook.xml": b"<a/>"}), kinds.XLSX),
        (zip_of({"OFD.xml": b"<a/>"}), kinds.OFD),
        (zip_of({"a": b""}), kinds.ZIP),
        (b"PK\x03\x04broken", kinds.ZIP),
        (bytes.fromhex("d0cf11e0a1b11ae1") + "WordDocument\0".encode("utf-16-le"), kinds.DOC),
        (bytes.fromhex("d0cf11e0a1b11ae1") + "Workbook\0".encode("utf-16-le"), kinds.XLS),
        (b"{\\rtf1 a}", kinds.RTF),
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("GIF"), "image/gif"),
        (picture("BMP"), "image/bmp"),
        (picture("WEBP"), "image/webp"),
        (b"\xef\xbb\xbf \r\n<!DOCTYPE html><title>404</title>", kinds.HTML),
        (b"BM is how this text begins, and it goes on", "text/plain"),
    ],
)
def test_bytes_tell_what_they_are(body: bytes, kind: str) -> None:
    assert sniff(body, "text/plain; charset=gbk") == kind


WORD = (
    '<html xmlns:w="urn:schemas-microsoft-com:office:word"><head><meta name=Generator content="Microsoft Word 11"></head>'
    "<body><p>全年收到申请248件。</p><table><tr><td>总计</td><td>248</td></tr><tr><td>其他</td><td>0</td></tr></table></body></html>"
)
"""A document as Word saves it as a web page."""


def mhtml(page: str, encoding: str = "base64") -> bytes:
    body = base64.encodebytes(page.encode()).decode()
    return (
        'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="--=_1"\r\n\r\n----=_1\r\n'
        f'Content-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n----=_1--\r\n'
    ).encode()


@pytest.mark.parametrize("body", [WORD.encode("gbk"), mhtml(WORD)], ids=["page", "MHTML"])
def test_what_word_saved_as_a_web_page_is_a_document(body: bytes) -> None:
    found = extract(body, "application/msword", URL + ".doc")
    assert parse(found.text) == ["全年收到申请248件。", Table((("总计", "248"), ("其他", "0")))]
    assert found.findings == ()


def test_any_other_web_page_is_none() -> None:
    found = extract(b"<html><body><p>404</p></body></html>", "application/msword", URL + ".doc")
    assert (found.text, found.findings[0].rule) == ("", "unreadable_document")
    assert extract(mhtml(" "), "", URL).findings[0].rule == "unreadable_document"


def test_a_false_claim_counts_for_nothing() -> None:
    assert sniff(b"whatever", "application/pdf") == kinds.UNKNOWN
    assert sniff(b"whatever", "nonsense") == kinds.UNKNOWN
    assert extract(pdf_of("Annual report"), "text/html", URL).media_type == kinds.PDF


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
    assert (found.text, found.media_type) == ("", kinds.PDF)
    assert found.pixels
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
    monkeypatch.setattr(model, "MAX_PAGES", 1)
    found = extract(pdf_of("a", "b"), "", URL)
    assert found.text == ""
    assert found.findings[0].rule == "unreadable_document"
    assert "2 pages" in found.findings[0].detail


def test_long_printed_lines_go_on() -> None:
    long = "二〇二〇年全县各级行政机关通过政府网站主动公开政府信息三千余条"
    joined = lines.paragraphs([long, "并及时回应社会关切。", "二、主动公开政府信息情况", "项目 总计", "本年新收 248"])
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
    def build(data: bytes) -> bytes:
        return docx_of(lambda made: (made.add_paragraph("正文"), made.add_picture(io.BytesIO(data))))

    red, blue = (extract(build(picture("PNG", colour)), "", URL).text for colour in ((255, 0, 0), (0, 0, 255)))
    assert red.startswith("正文\n[图像 ")
    assert red != blue
    again = extract(build(picture("BMP", (255, 0, 0))), "", URL).text
    assert again == red  # the same pixels, saved in another way


def test_a_document_of_pictures_is_their_pixels() -> None:
    def build(*colours: tuple[int, int, int], **how: object) -> bytes:
        return docx_of(lambda made: [made.add_picture(io.BytesIO(picture("PNG", one, **how))) for one in colours])

    found = extract(build((255, 0, 0), (0, 0, 255)), "", URL)
    assert (found.text, [finding.rule for finding in found.findings]) == ("", ["scanned_document"])
    assert found.pixels == extract(build((255, 0, 0), (0, 0, 255), compress_level=0), "", URL).pixels
    assert found.pixels != extract(build((0, 0, 255), (255, 0, 0)), "", URL).pixels


def test_absurd_spans_are_clamped() -> None:
    def build(made: Any) -> None:
        cell = made.add_table(1, 1).rows[0].cells[0]
        cell.text = "甲"
        cell._tc.get_or_add_tcPr().get_or_add_gridSpan().set(qn("w:val"), "100000000")

    (table,) = parse(extract(docx_of(build), "", URL).text)
    assert isinstance(table, Table)
    assert len(table.rows[0]) == model.MAX_COLUMNS


def test_a_zip_bomb_is_refused_unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "MAX_UNPACKED", 1_000_000)
    found = extract(zip_of({"word/document.xml": bytes(2_000_000)}), "", URL)
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
    assert extract("文字\r\n一行".encode(), "text/plain", URL) == Extract("文字\n一行", "", "text/plain")
