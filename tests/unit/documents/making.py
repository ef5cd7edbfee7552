"""Documents for the tests, made by hand: PDF and OFD pages with ruled tables, DOCX, XLSX, archives, pictures."""

import io
import random
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import docx
import openpyxl
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from PIL import Image

from crawler.page.text import Block, Table

URL = "http://www.example.gov.cn/P020210129.pdf"


class Box(NamedTuple):
    """A cell that may cover several places; rows and columns, ends excluded."""

    top: int
    left: int
    bottom: int
    right: int
    text: str


def boxes(rows: Sequence[Sequence[str]]) -> list[Box]:
    """The cells of a grid: equal words side by side or above each other are one merged cell, figures never are."""
    made: list[Box] = []
    taken: set[tuple[int, int]] = set()
    for top, row in enumerate(rows):
        for left, text in enumerate(row):
            if (top, left) in taken:
                continue
            bottom, right = top + 1, left + 1
            if not re.fullmatch(r"[-\d.,/]*", text):
                while right < len(row) and row[right] == text and (top, right) not in taken:
                    right += 1
                while bottom < len(rows) and all(rows[bottom][place] == text for place in range(left, right)):
                    bottom += 1
            taken |= {(row, column) for row in range(top, bottom) for column in range(left, right)}
            made.append(Box(top, left, bottom, right, text))
    return made


# PDF ------------------------------------------------------------------------------------------------------------------


def pdf_of(*pages: str) -> bytes:
    """A PDF of Latin text, a line per line; an empty page has no text."""
    shown = []
    for page in pages:
        lines = " ".join(f"({line}) Tj 0 -20 Td" for line in page.splitlines())
        shown.append(f"BT /F1 12 Tf 50 700 Td {lines} ET")
    return pdf_drawn(*shown)


def pdf_drawn(*streams: str, turned: int = 0, box: str = "0 0 600 800", widths: str = "/DW 1000") -> bytes:
    """A PDF of pages with these content streams. /F1 is Latin, /F2 Chinese in UCS-2, whose characters have `widths`."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    objects.append(
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [<< /Type /Font "
        b"/Subtype /CIDFontType0 /BaseFont /STSong-Light "
        + widths.encode()
        + b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> "
        b"/FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /FontBBox [0 -120 1000 880] "
        b"/ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 80 >> >>] >>"
    )
    kids = []
    for stream in streams:
        data = stream.encode("latin-1")
        objects.append(b"<< /Length %d >>\nstream\n" % len(data) + data + b"\nendstream")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] /Rotate %d /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>" % (box.encode(), turned, len(objects))
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


def write(x: float, y: float, text: str, size: float = 8) -> str:
    """Chinese text at a place of a PDF page."""
    return f"BT /F2 {size} Tf {x} {y} Td <{text.encode('utf-16-be').hex()}> Tj ET"


class Sheet:
    """Blocks laid out on pages: paragraphs as lines, tables ruled, merged cells without lines inside, long words wrapped.

    `put(text, x, y)` and `rule(x0, y0, x1, y1)` are told the places, y downwards from the top, in points.
    """

    def __init__(self, width: float = 600, height: float = 800, size: float = 8) -> None:
        self.pages: list[tuple[list[tuple[str, float, float]], list[tuple[float, float, float, float]]]] = [([], [])]
        self.width, self.height, self.size = width, height, size
        self.y = 50.0

    def lay(self, blocks: Iterable[Block]) -> "Sheet":
        for block in blocks:
            if isinstance(block, str):
                self.pages[-1][0].append((block, 40, self.y))
                self.y += 2 * self.size
            else:
                self.table(block.rows)
            if self.y > self.height - 60:
                self.turn()
        return self

    def turn(self) -> None:
        """A new page."""
        self.pages.append(([], []))
        self.y = 50.0

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        width = max(map(len, rows))
        column = (self.width - 80) / width
        cells = boxes(rows)
        room = max(1, int((column - 4) / self.size))
        deep = [1] * len(rows)
        for cell in cells:
            lines = -(-len(cell.text) // (room * (cell.right - cell.left)))
            share = -(-lines // (cell.bottom - cell.top))
            for row in range(cell.top, cell.bottom):
                deep[row] = max(deep[row], share)
        tops: list[float] = []
        pages = []
        for lines in deep:
            tall = lines * 1.3 * self.size + 4
            if self.y + tall > self.height - 60:
                self.turn()
            pages.append(len(self.pages) - 1)
            tops.append(self.y)
            self.y += tall
        ends = [top + lines * 1.3 * self.size + 4 for top, lines in zip(tops, deep, strict=True)]
        for cell in cells:
            left, right = 40 + cell.left * column, 40 + cell.right * column
            for page in dict.fromkeys(pages[cell.top : cell.bottom]):
                here = [row for row in range(cell.top, cell.bottom) if pages[row] == page]
                top, bottom = tops[here[0]], ends[here[-1]]
                self.pages[page][1].extend(
                    [
                        (left, top, right, top),
                        (left, bottom, right, bottom),
                        (left, top, left, bottom),
                        (right, top, right, bottom),
                    ]
                )
                fits = room * (cell.right - cell.left)
                parts = [cell.text[at : at + fits] for at in range(0, len(cell.text), fits)]
                for index, part in enumerate(parts):
                    self.pages[page][0].append((part, left + 2, top + 2 + self.size * (1 + 1.3 * index)))
        self.y += 2 * self.size

    def pdf(self, **how: Any) -> bytes:
        streams = []
        for words, rules in self.pages:
            drawn = [f"{x0} {self.height - y0} m {x1} {self.height - y1} l S" for x0, y0, x1, y1 in rules]
            shown = [write(x, self.height - y, text, self.size) for text, x, y in words]
            streams.append("\n".join(["0.5 w", *drawn, *shown]))
        return pdf_drawn(*streams, **how)

    def ofd(self, **parts: bytes) -> bytes:
        return ofd_of([self._ofd_page(words, rules) for words, rules in self.pages], **parts)

    def _ofd_page(self, words: list[tuple[str, float, float]], rules: list[tuple[float, float, float, float]]) -> str:
        mm = 25.4 / 72
        drawn = []
        for x0, y0, x1, y1 in rules:
            box = f"{x0 * mm:.3f} {y0 * mm:.3f} {(x1 - x0) * mm:.3f} {(y1 - y0) * mm:.3f}"
            path = f"M 0 0 L {(x1 - x0) * mm:.3f} {(y1 - y0) * mm:.3f}"
            drawn.append(
                f'<ofd:PathObject Boundary="{box}"><ofd:AbbreviatedData>{path}</ofd:AbbreviatedData></ofd:PathObject>'
            )
        size = self.size * mm
        for text, x, y in random.Random(7).sample(words, len(words)):  # in any order: the places tell
            deltas = f"g {len(text) - 1} {size:.3f}" if len(text) > 1 else ""
            shown = text.replace("&", "&amp;").replace("<", "&lt;")
            box = f"{x * mm:.3f} {y * mm - size:.3f} {len(text) * size:.3f} {1.2 * size:.3f}"
            drawn.append(
                f'<ofd:TextObject Boundary="{box}" Size="{size:.3f}"><ofd:TextCode X="0" Y="{size:.3f}" '
                f'DeltaX="{deltas}">{shown}</ofd:TextCode></ofd:TextObject>'
            )
        return "".join(drawn)


OFD = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def ofd_of(pages: Sequence[str], template: str = "", media: dict[str, bytes] | None = None, **more: bytes) -> bytes:
    """An OFD of pages with these objects; `media`: files by resource id."""
    listed = "".join(f'<ofd:Page ID="{n}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n in range(len(pages)))
    common = '<ofd:TemplatePage ID="900" BaseLoc="Tpls/Tpl_0/Content.xml"/>' if template else ""
    used = '<ofd:Template TemplateID="900"/>' if template else ""
    held = "".join(
        f'<ofd:MultiMedia ID="{number}" Type="Image"><ofd:MediaFile>{number}.bin</ofd:MediaFile></ofd:MultiMedia>'
        for number in media or {}
    )
    parts = {
        "OFD.xml": f"<ofd:OFD {OFD}><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {OFD}><ofd:CommonData><ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>"
        f"{common}</ofd:CommonData><ofd:Pages>{listed}</ofd:Pages></ofd:Document>",
        "Doc_0/DocumentRes.xml": f'<ofd:Res {OFD} BaseLoc="Res"><ofd:MultiMedias>{held}</ofd:MultiMedias></ofd:Res>',
    }
    if template:
        parts["Doc_0/Tpls/Tpl_0/Content.xml"] = _ofd_content(template)
    for number, page in enumerate(pages):
        parts[f"Doc_0/Pages/Page_{number}/Content.xml"] = _ofd_content(page, used)
    files = {name: text.encode() for name, text in parts.items()}
    files |= {f"Doc_0/Res/{number}.bin": data for number, data in (media or {}).items()}
    return zip_of({**files, **more})


def _ofd_content(objects: str, used: str = "") -> str:
    return f"<ofd:Page {OFD}>{used}<ofd:Content><ofd:Layer>{objects}</ofd:Layer></ofd:Content></ofd:Page>"


# The others -----------------------------------------------------------------------------------------------------------


def picture(
    form: str = "PNG", colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (8, 6), **how: Any
) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form, **how)
    return out.getvalue()


def docx_of(build: Callable[[Any], object]) -> bytes:
    made = docx.Document()
    build(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def docx_blocks(blocks: Iterable[Block]) -> bytes:
    """A DOCX of paragraphs and tables with merged cells."""

    def build(made: Any) -> None:
        for block in blocks:
            if isinstance(block, Table):
                made.element.body.insert(len(made.element.body) - 1, _docx_table(block.rows))
            else:
                made.add_paragraph(block)

    return docx_of(build)


def _docx_table(rows: Sequence[Sequence[str]]) -> Any:
    placed = {(row, cell.left): cell for cell in boxes(rows) for row in range(cell.top, cell.bottom)}
    drawn = []
    for number, row in enumerate(rows):
        cells = [placed[number, column] for column in range(len(row)) if (number, column) in placed]
        drawn.append("<w:tr>" + "".join(_docx_cell(cell, number) for cell in cells) + "</w:tr>")
    return parse_xml(f"<w:tbl {nsdecls('w')}><w:tblPr/><w:tblGrid/>{''.join(drawn)}</w:tbl>")


def _docx_cell(cell: Box, row: int) -> str:
    merge = '<w:vMerge w:val="restart"/>' if row == cell.top else "<w:vMerge/>"
    merge = merge if cell.bottom - cell.top > 1 else ""
    text = escape(cell.text) if row == cell.top else ""
    span = f'<w:gridSpan w:val="{cell.right - cell.left}"/>'
    return f'<w:tc><w:tcPr>{span}{merge}</w:tcPr><w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p></w:tc>'


def xlsx_of(build: Callable[[Any], object]) -> bytes:
    """An XLSX; `build` gets the workbook."""
    made = openpyxl.Workbook()
    build(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def xlsx_blocks(blocks: Iterable[Block]) -> bytes:
    """An XLSX with one sheet of lines and tables, figures as numbers."""

    def build(book: Any) -> None:
        sheet, at = book.active, 1
        for block in blocks:
            if isinstance(block, str):
                sheet.cell(at, 1, block)
                at += 1
                continue
            at += 1
            for cell in boxes(block.rows):
                value = float(cell.text) if re.fullmatch(r"-?\d+(\.\d+)?", cell.text) else cell.text
                sheet.cell(at + cell.top, 1 + cell.left, value)
                if (cell.bottom, cell.right) != (cell.top + 1, cell.left + 1):
                    sheet.merge_cells(
                        start_row=at + cell.top, end_row=at + cell.bottom - 1, start_column=1 + cell.left, end_column=cell.right
                    )  # fmt: skip
            at += len(block.rows) + 1

    return xlsx_of(build)


def zip_of(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()
