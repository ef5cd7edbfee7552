"""Any two files side by side."""

import io
from pathlib import Path

import docx
import pytest
from PIL import Image

from monitor.compare import CompareError, compare, load

TEXT = """一、总体情况
2020年，全县认真贯彻落实条例，主动公开政府信息300条。
（四）依申请公开情况。全年共收到政府信息公开申请248件，均按时答复。
二、主动公开政府信息情况
五、存在的主要问题及改进情况
公开的内容还不够全面，下一步将加强培训。
六、其他需要报告的事项
无。"""

HTML = """<!DOCTYPE html><html><head><meta charset="{charset}"><title>某县人民政府2020年政府信息公开工作年度报告</title>
<meta name="ArticleTitle" content="某县人民政府2020年政府信息公开工作年度报告">
<meta name="PubDate" content="2021-01-29"></head><body><div class="nav">首页 &gt; 年报</div>
<div id="zoom">{body}</div><div class="foot">浏览次数：{views}</div></body></html>"""


def html(text: str = TEXT, charset: str = "utf-8", views: int = 1) -> bytes:
    body = "".join(f"<p>{line}</p>" for line in text.splitlines())
    return HTML.format(charset=charset, body=body, views=views).encode(charset)


def docx_of(text: str) -> bytes:
    made = docx.Document()
    for line in text.splitlines():
        made.add_paragraph(line)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def saved(folder: Path, name: str, body: bytes) -> Path:
    path = folder / name
    path.write_bytes(body)
    return path


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("b.html", html(views=77)),
        ("b.htm", html(charset="gb18030")),
        ("b.txt", TEXT.encode()),
        ("b.txt", TEXT.replace("\n", "\r\n").encode("gb18030")),
        ("b.txt", TEXT.encode("utf-16")),
        ("b.docx", docx_of(TEXT)),
        ("b.bin", docx_of(TEXT)),
    ],
)
def test_the_same_report_in_another_form(tmp_path: Path, name: str, body: bytes) -> None:
    change = compare(saved(tmp_path, "a.html", html()), saved(tmp_path, name, body))
    assert change.empty, change


def test_what_differs_is_told(tmp_path: Path) -> None:
    other = TEXT.replace("248", "284")
    change = compare(saved(tmp_path, "a.html", html()), saved(tmp_path, "b.docx", docx_of(other)))
    (one,) = change.text
    assert [part.text for part in one.segments if part.kind != "same"] == ["248", "284"]
    assert one.chapter == "一、总体情况 (四)"


def test_fields_count_where_both_files_have_them(tmp_path: Path) -> None:
    other = html().replace(b"2021-01-29", b"2021-02-01")
    change = compare(saved(tmp_path, "a.html", html()), saved(tmp_path, "b.html", other))
    assert [(field.name, field.old, field.new) for field in change.fields] == [("公开日期", "2021-01-29", "2021-02-01")]


def test_a_page_that_holds_no_report_is_compared_as_it_is(tmp_path: Path) -> None:
    page = "<html><body><p>关于放假的通知</p><p>{}放假一天。</p></body></html>"
    paths = [saved(tmp_path, f"{day}.html", page.format(day).encode()) for day in ("周一", "周二")]
    (one,) = compare(*paths).text
    assert (one.before, one.after) == ("周一放假一天。", "周二放假一天。")


def test_pictures_by_their_pixels(tmp_path: Path) -> None:
    paths = []
    for name, form, colour in (("a.png", "PNG", "red"), ("b.bmp", "BMP", "red"), ("c.png", "PNG", "blue")):
        out = io.BytesIO()
        Image.new("RGB", (4, 4), colour).save(out, form)
        paths.append(saved(tmp_path, name, out.getvalue()))
    assert compare(paths[0], paths[1]).empty
    assert [item.change for item in compare(paths[0], paths[2]).attachments] == ["changed"]


def test_text_form_keeps_its_tables(tmp_path: Path) -> None:
    old = saved(tmp_path, "a.txt", "表\n| 项目 | 总计 |\n| 收到 | 248 |".encode())
    new = saved(tmp_path, "b.txt", "表\n| 项目 | 总计 |\n| 收到 | 284 |".encode())
    assert [(cell.label, cell.old, cell.new) for cell in compare(old, new).cells] == [("总计 · 收到", "248", "284")]


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("a.txt", b" \n", "is empty"),
        ("a.pdf", b"%PDF-1.4 junk", "PDFium"),
        ("a.doc", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "x-ole-storage: no reader"),
        ("a.zip", b"PK\x03\x04", "application/zip: it is damaged"),
        ("a.bin", bytes(range(256)) * 9, "octet-stream: no reader"),
    ],
)
def test_what_cannot_be_compared_is_named(tmp_path: Path, name: str, body: bytes, words: str) -> None:
    path = saved(tmp_path, name, body)
    with pytest.raises(CompareError) as error:
        load(path)
    assert words in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.html", tmp_path):
        with pytest.raises(CompareError, match="cannot be read"):
            load(path)


TABLE = (
    ("（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）", "申请人情况", *[""] * 6),
    ("", "自然人", "法人或其他组织", *[""] * 4, "总计"),
    ("", "", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", ""),
    ("一、本年新收政府信息公开申请数量", "9", "2", "1", "0", "0", "0", "12"),
    ("二、上年结转政府信息公开申请数量", "0", "0", "0", "0", "0", "0", "0"),
)
SPANS = (
    '<tr><td rowspan="3" colspan="2">{0}</td><td colspan="14">{1}</td></tr>'
    '<tr><td rowspan="2" colspan="2">{2}</td><td colspan="10">{3}</td><td rowspan="2" colspan="2">{4}</td></tr>'
)


def test_a_national_table_in_two_layouts_is_compared_by_its_fields(tmp_path: Path) -> None:
    head = SPANS.format(TABLE[0][0], TABLE[0][1], TABLE[1][1], TABLE[1][2], TABLE[1][-1])
    names = "".join(f'<th colspan="2">{name}</th>' for name in TABLE[2][2:7])
    rows = "".join("<tr>" + "".join(f'<td colspan="2">{cell}</td>' for cell in row) + "</tr>" for row in TABLE[3:])
    page = html(TEXT).decode().replace("<p>五、", f"<table>{head}<tr>{names}</tr>{rows}</table><p>五、")

    def word(figure: str) -> bytes:
        made = docx.Document()
        made.add_paragraph("某县人民政府2020年政府信息公开工作年度报告")
        for line in TEXT.splitlines():
            if line.startswith("五、"):
                made_table = made.add_table(len(TABLE), len(TABLE[0]))
                for cells, row in zip(TABLE, made_table.rows, strict=True):
                    for words, cell in zip(cells, row.cells, strict=True):
                        cell.text = figure if words == "12" else words
                for top, left, bottom, right in ((0, 0, 2, 0), (0, 1, 0, 7), (1, 1, 2, 1), (1, 2, 1, 6), (1, 7, 2, 7)):
                    made_table.cell(top, left).merge(made_table.cell(bottom, right))
            made.add_paragraph(line)
        out = io.BytesIO()
        made.save(out)
        return out.getvalue()

    shown = saved(tmp_path, "a.html", page.encode())
    assert compare(shown, saved(tmp_path, "same.docx", word("12"))).empty
    change = compare(shown, saved(tmp_path, "b.docx", word("15")))
    assert [(cell.field, cell.old, cell.new) for cell in change.cells] == [("requests.new.total", "12", "15")]
    assert (change.grids, change.text, change.fields) == ((), (), ())
