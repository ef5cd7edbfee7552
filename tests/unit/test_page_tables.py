"""crawler.page.tables: grids as people see them; layout told from data; hostile markup bounded."""

import time

from crawler.page.dom import parse
from crawler.page.flow import read_flow
from crawler.page.tables import read_table
from crawler.page.text import Table


def grid(html: str) -> list[list[str]]:
    table = read_table(parse(html).select("table")[0])
    assert table is not None
    return [list(row) for row in table.rows]


def test_spans_are_resolved() -> None:
    assert grid(
        """<table><thead><tr><th rowspan=2 colspan=2>申请</th><th colspan=2>申请人情况</th></tr>
        <tr><th>自然人</th><th>商业<br>企业</th></tr></thead>
        <tr><td rowspan=2>三、办理结果<td>(一)予以 公开<td>1<td>2<tr><td>(二)<td>/<td></table>"""
    ) == [
        ["申请", "申请", "申请人情况", "申请人情况"],
        ["申请", "申请", "自然人", "商业 企业"],
        ["三、办理结果", "(一)予以 公开", "1", "2"],
        ["三、办理结果", "(二)", "/", ""],
    ]


def test_columns_that_no_row_distinguishes_are_one() -> None:
    assert grid(
        "<table><tr><td colspan=370>表头</td></tr><tr><td colspan=200>a</td><td colspan=170>b</td></tr>"
        "<tr style='display:none'><td>x</td><td>y</td><td>z</td></tr><tr></tr></table>"
    ) == [["表头", "表头"], ["a", "b"]]


def test_a_title_row_that_claims_too_many_columns_adds_none() -> None:
    assert grid("<table><tr><td colspan=99>表</td></tr><tr><td>a</td><td>b</td></tr></table>") == [
        ["表", "表"],
        ["a", "b"],
    ]


def test_damaged_tables() -> None:
    assert grid("<table><form><tr><td>a</td><td>b</td></tr></form><td>c</td><td rowspan=0>d</td></table>") == [
        ["a", "b"],
        ["c", "d"],
    ]
    assert grid("<table><tr><td colspan='x2'>a</td><td rowspan=-1>b</td></tr></table>") == [["a", "b"]]


def test_layout_is_no_table() -> None:
    prose = "".join(f"<p>第{number}段文字，说明了一些情况，需要写得足够长才像是正文。</p>" for number in range(9))
    html = f"<table><tr><td width=9></td><td><h3>题</h3>{prose}<table><tr><td>1</td><td>2</td></tr></table></td></tr></table>"
    pieces = read_flow(parse(html)).pieces
    assert [piece.text for piece in pieces[:2]] == ["题", "第0段文字，说明了一些情况，需要写得足够长才像是正文。"]
    assert pieces[-1].block == Table((("1", "2"),))


def test_text_outside_of_cells_is_kept_in_place() -> None:
    pieces = read_flow(parse("<table><tr><p>注：单位万元</p><td>1</td><td>2</td></tr></table>")).pieces
    assert "".join(piece.text for piece in pieces) == "注：单位万元12"


def test_bombs_are_bounded() -> None:
    wide = "<table>" + ("<tr>" + "<td colspan=99999 rowspan=99999>x</td>" * 40 + "</tr>") * 200 + "</table>"
    nested = "<table><tr><td>" * 3000 + "深" + "</td></tr></table>" * 3000
    many = "<table>" + "<tr><td rowspan=65000>a</td><td>b</td></tr>" * 4000 + "</table>"
    started = time.perf_counter()
    for html in (wide, nested, many):
        dom = parse(html)
        assert read_flow(dom).pieces
    assert time.perf_counter() - started < 20
    assert parse(nested).flattened


def test_rows_that_read_like_chapters_are_labels() -> None:
    """The statistical table of 2014 to 2018 (政府信息公开工作情况统计表)."""
    rows = (
        ("统计指标", "单位", "统计数"),
        ("一、主动公开情况", "——", "——"),
        ("（一）主动公开政府信息数", "条", "1234"),
        ("二、回应解读情况", "——", "——"),
        ("三、依申请公开情况", "——", "——"),
    )
    html = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    assert grid(f"<table>{html}</table>") == [list(row) for row in rows]


def test_a_chapter_with_its_prose_in_a_cell_is_layout() -> None:
    prose = (
        "一、总体情况" + "2022年，本机关主动公开政府信息，依法办理申请，加强平台建设和监督保障，各项工作平稳有序。" * 2
    )
    assert read_table(parse(f"<table><tr><td>　</td><td>{prose}</td></tr></table>").select("table")[0]) is None
