"""Each format with the statutory tables: text, grids with merged cells, and the figures that are read from them."""

import io
import json
import lzma
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from crawler.documents import kinds
from crawler.documents.extract import extract
from crawler.documents.numbers import shown
from crawler.page.text import Block, Table, parse
from monitor import figures
from monitor.demo.national_tables import sheet
from tests.unit.documents.making import (
    URL,
    Sheet,
    docx_blocks,
    ofd_of,
    pdf_drawn,
    pdf_of,
    picture,
    write,
    xlsx_blocks,
    xlsx_of,
    zip_of,
)

FILES = Path(__file__).parent / "files"
TABLE = Table(
    (
        ("项目", "申请人情况", "申请人情况", "申请人情况"),
        ("项目", "自然人", "法人", "总计"),
        ("新收", "3", "4", "7"),
        ("结转", "", "1", "1"),
    )
)


def stored(name: str) -> bytes:
    """A file that LibreOffice wrote."""
    return lzma.decompress((FILES / f"{name}.xz").read_bytes())


def told(body: bytes) -> list[Block]:
    found = extract(body, "", URL)
    assert found.findings == ()
    return parse(found.text)


@pytest.mark.parametrize(("name", "kind"), [("doc", kinds.DOC), ("rtf", kinds.RTF), ("xls", kinds.XLS)])
def test_statutory_tables_of_office_files(name: str, kind: str) -> None:
    found = extract(stored(f"statutory.{name}"), "", URL)
    assert (found.media_type, found.findings) == (kind, ())
    truth = json.loads((FILES / "statutory.json").read_text())
    read = figures.extract(found.text)
    assert {code: figure.value for code, figure in read.by_field().items()} == truth
    assert read.problems == ()


MAKERS: dict[str, Callable[[list[Block]], bytes]] = {
    "pdf": lambda blocks: Sheet().lay(blocks).pdf(),
    "pdf turned": lambda blocks: turned(Sheet(800, 600).lay(blocks)),
    "ofd": lambda blocks: Sheet().lay(blocks).ofd(),
    "docx": docx_blocks,
    "xlsx": xlsx_blocks,
    "zip": lambda blocks: zip_of({"年报.docx": docx_blocks(blocks)}),
}


def turned(laid: Sheet) -> bytes:
    """Wide pages as WPS prints them: upright pages, their content turned left, shown turned right."""
    streams = []
    for words, rules in laid.pages:
        drawn = [f"{x0} {laid.height - y0} m {x1} {laid.height - y1} l S" for x0, y0, x1, y1 in rules]
        shown = [write(x, laid.height - y, text, laid.size) for text, x, y in words]
        streams.append("\n".join([f"0 1 -1 0 {laid.height} 0 cm", *drawn, *shown]))
    return pdf_drawn(*streams, turned=90, box=f"0 0 {laid.height} {laid.width}")


@pytest.mark.parametrize("form", ["2019", "2021"])
@pytest.mark.parametrize("maker", MAKERS)
def test_statutory_tables_of_pages(maker: str, form: str) -> None:
    for seed in range(4):
        made = sheet(random.Random(seed), form, odd=0.0)
        read = figures.extract(extract(MAKERS[maker](made.blocks), "", URL).text).by_field()
        html = figures.extract(made.text).by_field()
        assert {code: figure.value for code, figure in read.items()} == {
            code: figure.value for code, figure in html.items()
        }
        assert len(read) >= 190


def test_what_a_doc_holds() -> None:
    """Hidden words and a field's code are not read; an astral character, notes, header, footer and picture are."""
    assert told(stored("small.doc")) == [
        "乾县2025年工作报告",
        "主动公开信息12条，详见网站。𠮷",
        TABLE,
        "表后一段",
        "页眉文字",
        "页脚文字",
        "[图像 201b2ca59ef727f4]",
    ]


def test_what_an_rtf_holds() -> None:
    assert told(stored("small.rtf")) == [
        "乾县2025年工作报告",
        "主动公开信息12条，详见网站。𠮷",
        TABLE,
        "表后一段",
        "[图像 201b2ca59ef727f4]",
    ]


def test_rtf_of_code_pages() -> None:
    """WPS and old Word write GBK bytes, some of which are ASCII: `\\'b0\\'5c` is 癨's lead and a backslash."""
    body = (
        rb"{\rtf1\ansi\ansicpg936\uc1{\fonttbl{\f0\fcharset134 SimSun;}{\f1\fcharset0 Arial;}}{\*\generator x;}"
        + rb"\f0 \'d5\'fe\'b8\'ae\f1 2020\f0\'c4\'ea\u25253\'3f\par"
        + rb"\'8b\'5c{\v \'d2\'fe}\'bd\'e1\par}"
    )
    assert told(body) == ["政府2020年报", b"\x8b\x5c\xbd\xe1".decode("gbk")]


def test_a_doc_of_a_picture_is_a_scan() -> None:
    found = extract(stored("scan.doc"), "", URL)
    assert (found.text, [finding.rule for finding in found.findings]) == ("", ["scanned_document"])
    assert len(found.pixels) == 64


def encrypted(body: bytes) -> bytes:
    """The DOC with its flag of encryption set."""
    at = body.index(b"\xec\xa5")
    flags = int.from_bytes(body[at + 10 : at + 12], "little") | 0x0100
    return body[: at + 10] + flags.to_bytes(2, "little") + body[at + 12 :]


def locked_zip() -> bytes:
    body = bytearray(zip_of({"a.pdf": pdf_of("text")}))
    for head, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(head) + flag] |= 1
    return bytes(body)


def locked_pdf() -> bytes:
    """Its dictionary of encryption, of 40 bits, fits no password."""
    keys = f"/O <{'00' * 32}> /U <{'11' * 32}>"
    lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 {keys} /P -4 >> /ID [<00> <00>] /Root 1 0 R"
    return pdf_of("text").replace(b"/Root 1 0 R", lock.encode())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (encrypted(stored("small.doc")), "encrypted"),
        (locked_zip(), "encrypted"),
        (locked_pdf(), "encrypted"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage\0".encode("utf-16-le"), "encrypted"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(99), "not opened"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(99), "not opened"),
        (zip_of({"ppt/presentation.xml": b"<a/>"}), "no reader"),
        (bytes(range(256)), "no reader"),
    ],
)
def test_what_is_not_read_says_why(body: bytes, words: str) -> None:
    found = extract(body, "", URL)
    assert (found.text, found.pixels) == ("", "")
    assert [finding.rule for finding in found.findings] == ["unreadable_document"]
    assert words in found.findings[0].detail


# PDF ------------------------------------------------------------------------------------------------------------------


def test_a_row_cut_by_a_page_end_is_one_row() -> None:
    rows = [("名称", "甲", "乙"), ("行政许可决定数量较多的部", "1", "2")]
    first = Sheet(300, 800, 10).lay(["一、总体情况", Table(tuple(rows))])
    rest = Table((("门", "", ""), ("行政处罚", "3", "4")))
    first.turn()
    streams = Sheet.pdf(first.lay([rest]))
    (table,) = (block for block in told(streams) if isinstance(block, Table))
    assert table.rows == (("名称", "甲", "乙"), ("行政许可决定数量较多的部门", "1", "2"), ("行政处罚", "3", "4"))


def test_rows_after_a_page_end_are_not_mistaken_for_rests() -> None:
    first = Sheet(300, 800, 10).lay([Table((("名称", "甲", "乙"), ("规章", "1", "2")))])
    first.turn()
    first.lay([Table((("行政强制", "", ""), ("行政处罚", "3", "4")))])
    (table,) = told(first.pdf())
    assert table == Table((("名称", "甲", "乙"), ("规章", "1", "2"), ("行政强制", "", ""), ("行政处罚", "3", "4")))


@pytest.mark.parametrize("form", ["— {} —", "{}", "第 {} 页 共 3 页"])
def test_where_pages_end_does_not_show(form: str) -> None:
    """The same words printed on pages that end elsewhere, a table's header printed on each: no change."""
    header = ("部门", "收到", "办结")
    rows = [(f"第{name}局", str(number), "7") for number, name in enumerate("一二三四五六", 10)]

    def printed(*cuts: int) -> bytes:
        laid = Sheet(300, 800, 10).lay(["一、总体情况"])
        for page, (start, end) in enumerate(zip((0, *cuts), (*cuts, 6), strict=True), 1):
            laid.lay([Table((header, *rows[start:end]))])
            laid.lay(["二、其他"] if end == 6 else [])
            laid.lay([form.format(page)])
            laid.turn()
        laid.pages.pop()
        return laid.pdf()

    expected = ["一、总体情况", Table((header, *rows)), "二、其他"]
    assert told(printed(2, 4)) == told(printed(3, 5)) == expected


def test_a_number_alone_may_be_a_figure() -> None:
    pages = [write(40, 700, f"第{name}部分") + write(40, 600, number) for name, number in (("一", "12"), ("二", "40"))]
    assert told(pdf_drawn(*pages)) == ["第一部分", "12", "第二部分", "40"]


def test_a_page_frame_and_underlines_are_no_tables() -> None:
    frame = "20 20 560 760 re S 40 690 m 200 690 l S 40 640 m 90 640 l S"
    page = "\n".join([frame, write(40, 700, "一、总体情况"), write(40, 650, "本年度主动公开信息12条。")])
    assert told(pdf_drawn(page)) == ["一、总体情况", "本年度主动公开信息12条。"]


def test_words_of_a_cell_stand_in_the_order_of_their_places() -> None:
    """Word prints quotation marks in a font of their own, after the rest of the line."""
    lines = "40 600 m 340 600 l S 40 700 m 340 700 l S 40 600 m 40 700 l S 340 600 m 340 700 l S 190 600 m 190 700 l S"
    words = [
        write(50, 680, "危及"),
        write(74, 680, "三安全"),
        write(50, 665, "一稳定"),
        write(66, 680, "“"),
        write(98, 680, "”"),
    ]
    (table,) = told(pdf_drawn("\n".join([lines, *words, write(200, 680, "12")])))
    assert table == Table((("危及“三安全”一稳定", "12"),))


def scan(colour: tuple[int, int, int] = (200, 30, 30), **how: Any) -> bytes:
    return picture("PDF", colour, (200, 300), **how)


def test_a_scan_counts_by_its_pixels() -> None:
    found = extract(scan(), "", URL)
    resaved = extract(scan(title="Another", author="x", creationDate=None), "", URL)
    whole = pypdfium2.PdfDocument(scan())
    out = io.BytesIO()
    whole.save(out)
    whole.close()
    assert scan() != out.getvalue()
    assert len(found.pixels) == 64
    assert found.pixels == resaved.pixels == extract(out.getvalue(), "", URL).pixels
    assert found.pixels != extract(scan((200, 30, 60)), "", URL).pixels


# OFD ------------------------------------------------------------------------------------------------------------------


def text_object(x: float, y: float, text: str, **how: str) -> str:
    more = "".join(f' {name}="{value}"' for name, value in how.items())
    deltas = " ".join(["4"] * (len(text) - 1))
    return (
        f'<ofd:TextObject Boundary="{x} {y} 100 5" Size="4"{more}><ofd:TextCode X="0" Y="4" DeltaX="{deltas}">{text}'
        "</ofd:TextCode></ofd:TextObject>"
    )


def test_ofd_in_the_order_of_its_places_with_its_template() -> None:
    page = text_object(20, 60, "第二行") + text_object(52, 40, "情况") + text_object(20, 40, "一、总体")
    hidden = text_object(20, 80, "看不见", Visible="false")
    block = f"<ofd:PageBlock>{text_object(20, 100, '块中')}</ofd:PageBlock>"
    made = ofd_of([page + hidden + block], template=text_object(20, 10, "某县文件"))
    assert told(made) == ["某县文件", "一、总体 情况", "第二行", "块中"]


def test_ofd_of_pictures_is_a_scan() -> None:
    shown = '<ofd:ImageObject Boundary="0 0 210 297" ResourceID="7"/>'
    red, again, blue = (
        extract(ofd_of([shown], media={"7": data}), "", URL)
        for data in (picture(), picture("BMP"), picture("PNG", (0, 0, 255)))
    )
    assert [finding.rule for finding in red.findings] == ["scanned_document"]
    assert red.pixels == again.pixels != blue.pixels


# Spreadsheets ---------------------------------------------------------------------------------------------------------


def test_a_workbook_as_it_is_seen() -> None:
    def build(book: Any) -> None:
        first = book.active
        first.title = "表一"
        first["B2"] = "年度统计表"
        first.merge_cells("B2:E2")
        rows = (
            ("部门", "件数", "比例", "日期"),
            ("办公室", 12.0, 0.125, datetime.fromisoformat("2021-01-31")),
            ("合计", 1234.5, 1, None),
        )
        for row in rows:
            first.append([None, *row])
        first["D4"].number_format = first["D5"].number_format = "0.0%"
        first["C5"].number_format = "#,##0.00"
        first["E4"].number_format = 'yyyy"年"m"月"d"日"'
        first["B8"] = "备注：无"
        second = book.create_sheet("表二")
        second["A1"] = "另一页"
        hidden = book.create_sheet("隐藏")
        hidden["A1"] = "看不见"
        hidden.sheet_state = "hidden"

    assert told(xlsx_of(build)) == [
        "表一",
        "年度统计表",
        Table(
            (
                ("部门", "件数", "比例", "日期"),
                ("办公室", "12", "12.5%", "2021年1月31日"),
                ("合计", "1,234.50", "100.0%", ""),
            )
        ),
        "备注：无",
        "表二",
        "另一页",
    ]


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (12.0, "General", "12"),
        (0.1 + 0.2, "General", "0.3"),
        (1e15, "General", "1000000000000000"),
        (0.125, "0.00%", "12.50%"),
        (1234.5, "#,##0.00", "1,234.50"),
        (-1234.5, "#,##0.0;(#,##0.0)", "(1,234.5)"),
        (0, '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', "-"),
        (-3, "0_ ;[Red]-0 ", "-3"),
        (5, '0"件"', "5件"),
        (3, "000", "003"),
        (12, "0.##", "12"),
        (12.5, "0.##", "12.5"),
        (-0.001, "0.0", "0.0"),
        (7, "@", "7"),
        (True, "General", "TRUE"),
        (datetime.fromisoformat("2021-01-31T09:05"), "yyyy/m/d h:mm", "2021-01-31 09:05"),
        (datetime.fromisoformat("2021-01-31"), 'yyyy"年"m"月"', "2021年1月"),
        (None, "0", ""),
    ],
)
def test_numbers_as_displayed(value: object, form: str, text: str) -> None:
    assert shown(value, form) == text


# Archives -------------------------------------------------------------------------------------------------------------


def test_names_that_chinese_packers_write() -> None:
    """In GBK, without the flag that says UTF-8."""
    body = zip_of({"XXXX1.txt": "第一".encode()}).replace(b"XXXX", "附件".encode("gbk"))
    assert told(body) == ["附件1.txt", "第一"]


def test_an_archive_is_all_that_is_in_it() -> None:
    parts = {"b/附件2.pdf": pdf_of("second"), "附件1.txt": "第一".encode(), "c.png": picture(), "d.bin": b"\0\1\2"}
    found = extract(zip_of(parts), "", URL)
    assert parse(found.text)[:2] == ["c.png", parse(found.text)[1]]
    assert "附件2.pdf\nsecond" in found.text
    assert [finding.rule for finding in found.findings] == ["unreadable_document"]
    assert found.findings[0].detail.startswith("d.bin: ")
    shuffled = extract(zip_of(dict(reversed(parts.items()))), "", URL)
    assert shuffled.text == found.text
    swapped = extract(zip_of({**parts, "d.bin": b"\0\1\3"}), "", URL)
    assert swapped.text != found.text
