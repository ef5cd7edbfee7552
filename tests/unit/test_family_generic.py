"""What the plain list can do for any system: pagers of every make, and ends that are none."""

import time

import pytest

from crawler.families.base import ListPage, Step
from crawler.families.scan import live_code, without_comments
from tests.unit.family_lists import read_list

COLUMN = "http://www.ren.gov.cn/zwgk/zfxxgknb/"
TITLE = "壬县人民政府{}年政府信息公开工作年度报告"
ROW = f"<li><a href='8187641.jhtml'>{TITLE.format(2024)}</a><i>2025-01-20</i></li>"


def read(text: str, url: str = COLUMN, number: int = 0, pages: int | None = None, family: str = "generic") -> ListPage:
    return read_list(family, text, COLUMN, Step(url, number=number), pages=pages)


@pytest.mark.parametrize(
    ("pager", "here", "onward"),
    [
        # JEECMS (Zhengzhou): the address stands in code.
        (
            """<a href="javascript:void(0);" onclick="location.href=encodeURI('index_2.jhtml');">下一页</a>""",
            "index.jhtml", "index_2.jhtml",
        ),
        ("<a href=\"javascript:location.href='index_3.jhtml'\">下一页</a>", "index_2.jhtml", "index_3.jhtml"),
        ("<span class=next onclick=\"window.location='list_2.html'\">下一页</span>", "list.html", "list_2.html"),
        ("<button data-href='list-2.html'>下一页</button>", "list-1.html", "list-2.html"),
        # Chengdu.
        ("<a href='column-index-2.shtml'>2</a><a href='column-index-3.shtml'>3</a>", "column-index-1.shtml", "column-index-2.shtml"),
        ("<script>var totalPage=3;</script>", "column-index-2.shtml", "column-index-3.shtml"),
        # A list of pages to choose from.
        (
            "<select onchange='location.href=this.value'><option value=index.html>1</option>"
            "<option value=index_1.html>第2页</option></select>",
            "index.html", "index_1.html",
        ),
        # A script's own function.
        (
            "<a href='javascript:goPage(2)'>下一页</a><script>function goPage(n){location.href = 'list_' + n + '.html';}</script>",
            "list.html", "list_2.html",
        ),
        (
            "<a href='#' onclick='turn(2);return false'>下页</a>"
            "<script>var turn = function (p) { if (p == 1) { location.href = 'index.html' } else { "
            "window.location.href = 'index_' + (p-1) + '.html' } }</script>",
            "index.html", "index_1.html",
        ),
        ("<script><!--\ncreatePageHTML(3, 0, 'index', 'html');\n//--></script>", "", "index_1.html"),
        (
            "<script>/* createPageHTML(9, 0, 'old', 'html'); */var n = 3;\ncreatePageHTML(n, 0, 'index', 'html')</script>",
            "", "index_1.html",
        ),
    ],
)  # fmt: skip
def test_the_way_on(pager: str, here: str, onward: str) -> None:
    page = read(ROW + pager, COLUMN + here)
    assert [step.url for step in page.next] == [COLUMN + onward]
    assert page.problem == ""


@pytest.mark.parametrize(
    ("pager", "number"),
    [
        ("共5页 <a href='index_4.html'>上一页</a>", 4),
        ("<span>5/5页</span>", 4),
        ("<script>var countPage = 5;</script>", 4),
        ("<a href='javascript:goPage(5)' class=disabled>下一页</a>", 4),
    ],
)
def test_the_last_page(pager: str, number: int) -> None:
    page = read(ROW + pager, COLUMN + "index_5.html", number, 5)
    assert (page.next, page.problem) == ((), "")


@pytest.mark.parametrize("pager", ["", "共5页", "<a href='javascript:goPage(4)'>下一页</a>", "<a>下一页</a>"])
def test_an_end_before_the_last_page_is_none(pager: str) -> None:
    assert read(ROW + pager, COLUMN + "index_3.html", 2, 5).problem


def test_the_numbers_count_from_what_the_walk_saw() -> None:
    """`createPageHTML('box', pages, 0, …)` is Ucap's spelling with TRS's count: page 2 is `_1`, and page 3 `_2`."""
    first = read(ROW + "<script>createPageHTML('box', 3, 0, 'index', 'html', 30)</script>")
    assert [step.url for step in first.next] == [COLUMN + "index_1.html"]
    second = read(
        ROW + "<script>createPageHTML('box', 3, 1, 'index', 'html', 30)</script>", COLUMN + "index_1.html", 1, 3
    )
    assert [step.url for step in second.next] == [COLUMN + "index_2.html"]
    third = read(
        ROW + "<script>createPageHTML('box', 3, 2, 'index', 'html', 30)</script>", COLUMN + "index_2.html", 2, 3
    )
    assert (third.next, third.problem) == ((), "")


class TestComments:
    def test_scripts_that_are_wrapped_in_one_are_live(self) -> None:
        text = "a<!-->b<!-- c --><script><!--\nx('<!-- y -->')\n//--></script><!-- <script>z</script> -->d"
        assert without_comments(text) == "ab<script><!--\nx('<!-- y -->')\n//--></script>d"

    def test_code_without_its_comments(self) -> None:
        code = "<!-- old\nvar a = 'http://x/*y*/'; // no\n/* b\n */ c = `//z`;\n//-->"
        assert live_code(code).split() == ["var", "a", "=", "'http://x/*y*/';", "c", "=", "`//z`;"]

    def test_a_quote_that_nobody_closes_ends_on_its_line(self) -> None:
        assert "later()" in live_code('a = /["]/;\nlater() // never')


@pytest.mark.parametrize(
    "bomb",
    [
        "<script>" + "createPageHTML(a,b,c,d);" * 20_000,
        "<select>" + "<option value='/a.html'>1" * 30_000,
        '<a href="javascript:' + "(" * 200_000 + '">下一页</a>',
        '<a onclick="' + "'a" * 100_000 + '">下一页</a>',
        "<a onclick='f(1)'>下一页</a><script>" + "function f(a){" * 20_000,
        "共" * 100_000 + "1/" * 50_000,
        "<script>" + "'\\" * 100_000,
        "<script><!--" * 30_000,
        "<div " * 60_000,
        "<ul><li>" * 5 + "<li><a href=1.html>x</a></li>" * 8_000,
    ],
    ids=range(10),
)
def test_hostile_pages_take_no_time(bomb: str) -> None:
    started = time.process_time()
    read(bomb)
    assert time.process_time() - started < 5


class TestRows:
    @pytest.mark.parametrize(
        "markup",
        [
            # The cross-vendor template and Lonsun's: the date in a box of its own, one list for all rows, or one for each.
            "<ul><li class=mc>{a}</li><li class=rq><span class=date>2025-01-20</span></li><li class=mc><a href=1.shtml>甲</a></li></ul>",
            "<ul class=clearfix><li class=rq>2025-01-20</li><li class=mc>{a}</li></ul>",
            "<dl><dt>{a}</dt><dd>[2025-01-20]</dd><dt><a href=1.shtml>甲</a></dt></dl>",
        ],
    )
    def test_a_date_in_a_box_of_its_own(self, markup: str) -> None:
        page = read(markup.format(a=f"<a href=8187641.jhtml>{TITLE.format(2024)}</a>"))
        assert [(link.title, link.date) for link in page.links] == [(TITLE.format(2024), "2025-01-20")]

    @pytest.mark.parametrize(
        "link",
        [
            "<a href=8187641.jhtml title='{}'>壬县财政局</a>",
            "<a href=8187641.jhtml>·{}</a>",
            "<a href=8187641.jhtml><h4>{}</h4><em>发布日期 2025-01-20</em></a>",
            "<a href=8187641.jhtml>【2025-01-20】{}</a>",
            "<a href=8187641.jhtml title='·{}'>壬县人民政府…</a>",
        ],
    )
    def test_titles(self, link: str) -> None:
        page = read(f"<div>{link.format(TITLE.format(2024))}</div>")
        assert [link.title for link in page.links] == [TITLE.format(2024)]

    def test_a_menus_entry_is_no_report(self) -> None:
        """政府信息公开年报 at a column's address is the column; at a document's, or beside a date, it may be the report."""
        for row, count in (
            ("<li><a href='/col/col78554/index.html'>政府信息公开年报</a></li>", 0),
            ("<li><a href='/zwgk/gknb/'>政府信息公开年度报告</a></li>", 0),
            ("<li><a href='./202401/t20240122_2347411.html'>政府信息公开工作年报</a></li>", 1),
            ("<li><a href='show.aspx?id=7'>政府信息公开工作年报</a> 2024-01-22</li>", 1),
            ("<li><a href='/zwgk/special/'>壬县2023年政府信息公开年报</a></li>", 1),
        ):
            assert len(read(row).links) == count, row


@pytest.mark.parametrize(
    ("script", "here", "onward"),
    [
        ("$('#pg').pagination({pageCount: total, current: cur}); var total = parseInt('3'), cur = 1;", "1.html", "2.html"),
        ("var pages = {totalPage: Number(\"3\")};", "2.html", "3.html"),
        ("var totalPages = 3;", "3.html", None),
    ],
)  # fmt: skip
def test_columns_whose_pages_are_numbers(script: str, here: str, onward: str | None) -> None:
    page = read(f"{ROW}<script>{script}</script>", COLUMN + here, family="uuid")
    assert [step.url for step in page.next] == ([COLUMN + onward] if onward else [])
    assert page.problem == ""


@pytest.mark.parametrize(
    ("printed", "date"),
    [
        ("2025-03-27 10:00:00", "2025-03-27"),  # PHPCMS
        ("2025-03-02 09:05", "2025-03-02"),
        ("2025-3-2 10:00", "2025-3-2"),
        ("2025-3-11\xa011:11:11", "2025-3-11"),
        ("<b>2025-03-27</b><b>10:00</b>", "2025-03-27"),
        ("2025年3月7日 08:30", "2025年3月7日"),
        ("[2025 - 03 - 27]", "2025-03-27"),
    ],
)
@pytest.mark.parametrize(
    "row",
    ["<li><span>{}</span>·<a href='show.php?id=7'>{}</a></li>", "<li><a href='show.php?id=7'>{1}<i>{0}</i></a></li>"],
)
def test_the_date_of_a_row_with_its_time(row: str, printed: str, date: str) -> None:
    (link,) = read(f"<ul>{row.format(printed, TITLE.format(2024))}</ul>").links
    assert (link.date, link.title) == (date, TITLE.format(2024))


def test_a_page_of_rows_without_a_report_is_not_empty() -> None:
    row = "<li><span>2019-06-03 10:00:00</span>·<a href='index.php?a=show&amp;id=4900'>壬县政府信息公开年度报告制度</a></li>"
    page = read(f"<ul>{row}</ul>", COLUMN + "index.php?page=4", number=3)
    assert (page.links, page.rows) == ((), (COLUMN + "index.php?a=show&id=4900",))
