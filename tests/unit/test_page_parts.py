"""crawler.page.parts: articles that go on at further addresses, in the markup of several systems; and what is no further part."""

from typing import Any

import pytest

from crawler.families.base import Markup
from crawler.page.model import Fetched, Hint, Page
from crawler.page.parts import MOST
from crawler.page.reader import read_page
from crawler.portal import Portal

PORTAL = Portal(name="t", title="t", family="generic", sections=("http://www.x.gov.cn/nb/",))
BASE = "http://www.x.gov.cn/nb/202501/"
TRS = f"{BASE}t20250120_31.html"
ART = "http://www.x.gov.cn/art/2025/1/20/art_17_31.html"
SHOW = "http://www.x.gov.cn/show.aspx?id=31"
TITLE = "某市人民政府2024年政府信息公开工作年度报告"
ONE = (
    "<p>本报告依据《中华人民共和国政府信息公开条例》第五十条规定编制。</p><p>一、总体情况</p><p>2024年，我市公开信息12条。</p>"
    "<p>二、主动公开政府信息情况</p><table><tr><td>第二十条第（一）项</td><td>数量</td></tr><tr><td>规章</td><td>3</td></tr></table>"
)
TWO = (
    "<table><tr><td>规范性文件</td><td>7</td></tr><tr><td>其他</td><td>1</td></tr></table>"
    "<p>三、收到和处理政府信息公开申请情况</p><p>收到申请5件。</p>"
)
THREE = '<p>五、存在的主要问题及改进情况</p><p>一是不足。</p><p>附件：<a href="P1.pdf">统计表.pdf</a></p>'


def page(body: str, *, title: str = TITLE, below: str = "", within: str = "", beside: str = "", head: str = "") -> str:
    return (
        f'<html><head><meta charset="utf-8"><title>{title}</title><meta name="ArticleTitle" content="{title}">{head}</head><body>'
        f'<div class="nav"><a href="/">首页</a></div><div class="cont"><h1>{title}</h1>'
        f'<div class="info">发布日期：2025-01-20 浏览次数：12</div>'
        f'<div id="zoom">{body}{within}</div>{below}</div>{beside}<div class="foot">主办：某市人民政府</div></body></html>'
    )


def read(url: str, html: str, further: dict[str, str] | None = None, hint: str = "") -> Page:
    given = {
        address: Fetched(address, 404 if body == "404" else 200, "text/html; charset=utf-8", body.encode())
        for address, body in (further or {}).items()
    }
    return read_page(Fetched(url, 200, "text/html", html.encode()), PORTAL, Markup(), Hint(title=hint), given)


def urls(found: Page) -> list[str]:
    return [part.url for part in found.parts]


def trs(number: int) -> str:
    return f"{BASE}t20250120_31_{number}.html"


def art(number: int) -> str:
    return f"http://www.x.gov.cn/art/2025/1/20/art_17_31_{number}.html"


COUNTED = '<script>createPageHTML(3, 0, "t20250120_31", "html");</script>'
OLD_TRS = """<script>
var currentPage = 0;//所在页从0开始
var prevPage = currentPage-1
//var countPage = 9
var countPage = 3
if(countPage>1&&currentPage!=0) document.write("<a href=\\"t20250120_31"+"_"+prevPage+".html\\">上一页</a>");
</script>"""
HANWEB = (
    '<div class="pagination"><span class="current">1</span><a href="art_17_31_2.html">2</a><a href="art_17_31_3.html">3</a>'
    '<a href="art_17_31_2.html">下一页</a><a href="art_17_31_3.html">尾页</a></div>'
)
LISTED = (
    '<ul class="fenye"><li class="cur">1</li><li><a href="/art/2025/1/20/art_17_31_2.html">[2]</a></li>'
    '<li><a href="./art_17_31_3.html">第3页</a></li></ul>'
)
QUERY = '<p><b>1</b> <a href="?id=31&page=2">2</a> <a href="show.aspx?id=31&amp;page=3">3</a> <a href="?id=31&page=2">下页</a></p>'


@pytest.mark.parametrize(
    ("url", "html", "expected"),
    [
        (TRS, page(ONE, within=COUNTED), [trs(1), trs(2)]),
        (TRS, page(ONE, below=COUNTED), [trs(1), trs(2)]),
        (TRS, page(ONE, within=OLD_TRS), [trs(1), trs(2)]),
        (TRS, page(ONE, below='<div id="p">1 <a href="./t20250120_31_1.html">下一页</a></div>'), [trs(1)]),
        (TRS, page(ONE, below='<a href="t20250120_31_1.html">余下全文</a>'), [trs(1)]),
        (ART, page(ONE, below=HANWEB), [art(2), art(3)]),
        (ART, page(ONE, within=HANWEB), [art(2), art(3)]),
        (ART, page(ONE, below=LISTED), [art(2), art(3)]),
        (ART, page(ONE, below='<a href="art_17_31-2.html">下一頁</a>'), [art(2).replace("_2", "-2")]),
        (SHOW, page(ONE, within=QUERY), [f"{SHOW}&page=2", f"{SHOW}&page=3"]),
        (SHOW, page(ONE, below=QUERY), [f"{SHOW}&page=2", f"{SHOW}&page=3"]),
        (TRS, page(ONE, below='<a href="?page=2">2</a> <a href="?page=2">&gt;</a>'), [f"{TRS}?page=2"]),
        (
            TRS.replace("html", "shtml"),
            page(ONE, below="<script>createPageHTML('page_div1',2, 1,'t20250120_31','shtml',20)</script>"),
            [trs(2).replace("html", "shtml")],
        ),
    ],
)  # fmt: skip
def test_it_goes_on(url: str, html: str, expected: list[str]) -> None:
    assert urls(read(url, html)) == expected


@pytest.mark.parametrize(
    ("url", "html"),
    [
        # The previous and the next article, whatever they are called.
        (TRS, page(ONE, below='<div><a href="t20250120_30.html">上一篇：某局年报</a><a href="t20250120_32.html">下一篇</a></div>')),
        (TRS, page(ONE, below='<a href="t20250120_31_1.html">下一篇：某局2024年政府信息公开工作年度报告</a>')),
        (TRS, page(ONE, below='<a href="t20250120_32.html">下一页</a><a href="../202502/t20250220_31_1.html">2</a>')),
        # The list that the article stands in, and one beside it.
        (TRS, page(ONE, beside='<div><a href="index_1.html">2</a><a href="index_2.html">3</a><a href="index_1.html">下一页</a></div>')),
        (TRS, page(ONE, beside='<script>createPageHTML(5, 0, "index", "html");</script>')),
        (TRS, page(ONE, within='<script>createPageHTML(1, 0, "t20250120_31", "html");</script>')),
        (TRS, page(ONE, within='<!-- <script>createPageHTML(3, 0, "t20250120_31", "html");</script> -->')),
        (TRS, page(ONE, within='<script>//createPageHTML(3, 0, "t20250120_31", "html");</script>')),
        (TRS, page(ONE, within="<script>var countPage = 3</script>")),
        (SHOW, page(ONE, below="<p>其他信息</p>" * 14 + '<div class="r"><a href="?id=31&page=2">2</a></div>')),
        (SHOW, page(ONE, below='<a href="?id=32&page=2">2</a><a href="show2.aspx?id=31&page=2">下一页</a>')),
        # Comments and picture shows.
        (SHOW, page(ONE, below='<div class="comment-list"><a href="?id=31&page=2">2</a><a href="?id=31&page=2">下一页</a></div>')),
        (TRS, page(ONE, below='<div id="pinglun"><a href="t20250120_31_1.html">下一页</a></div>')),
        (TRS, page(ONE, within='<div class="swiper-pagination slide"><a href="#">1</a><a href="#">2</a></div>')),
        # A year, a number in the text, another host.
        (TRS, page(ONE, within='<p>参见<a href="t20250120_31_2023.html">2023</a>年报告</p>')),
        (TRS, page(ONE, below='<a href="http://www.y.gov.cn/nb/202501/t20250120_31_1.html">2</a>')),
        # A column that shows its newest report and a list that goes on.
        ("http://www.x.gov.cn/nb/index.html", page(ONE, below='<a href="index_1.html">2</a><a href="index_1.html">下一页</a>')),
        ("http://www.x.gov.cn/nb/", page(ONE, below='<a href="index_1.html">2</a><a href="?page=2">下一页</a>')),
    ],
)  # fmt: skip
def test_it_does_not(url: str, html: str) -> None:
    found = read(url, html)
    assert (found.state, found.parts, found.findings) == ("present", (), ())


def test_its_parts_are_one_report() -> None:
    whole = read(TRS, page(ONE + TWO + THREE)).reports[0]
    pager = HANWEB.replace("art_17_31_2", "t20250120_31_1").replace("art_17_31_3", "t20250120_31_2")
    parts = {trs(1): page(TWO, within=pager), trs(2): page(THREE, below=COUNTED)}
    found = read(TRS, page(ONE, within=COUNTED), parts)
    assert [part.state for part in found.parts] == ["present", "present"]
    [report] = found.reports
    assert report.text == whole.text
    assert report.text_hash == whole.text_hash
    assert [item.url for item in report.attachments] == [f"{BASE}P1.pdf"]
    assert "下一页" not in report.text
    # The table that the page break cuts stays two.
    assert report.text.count("\n\n") == whole.text.count("\n\n")


def test_a_title_that_each_part_repeats_is_no_text() -> None:
    """Some systems put it into the body's box, above each part."""
    head = f'<p style="text-align:center"><strong>{TITLE}</strong></p>'
    whole = read(ART, page(head + ONE + TWO)).reports[0]
    assert read(ART, page(head + ONE, below=HANWEB), {art(2): page(head + TWO)}).reports[0].text == whole.text


def test_a_digit_in_a_later_part_is_another_text() -> None:
    first = page(ONE, within=COUNTED)
    before = read(TRS, first, {trs(1): page(TWO), trs(2): page(THREE)}).reports[0]
    after = read(TRS, first, {trs(1): page(TWO.replace("5件", "6件")), trs(2): page(THREE)}).reports[0]
    assert before.text_hash != after.text_hash


@pytest.mark.parametrize(
    "pager", [HANWEB, LISTED, '<div>1 | <a href="art_17_31_2.html">2</a> | <a href="art_17_31_3.html">3</a></div>']
)
def test_pagers_are_no_text(pager: str) -> None:
    plain = read(ART, page(ONE, below=HANWEB), {art(2): page(TWO), art(3): page(THREE)}).reports[0]
    found = read(ART, page(ONE, within=pager), {art(2): page(TWO, within=pager), art(3): page(THREE, within=pager)})
    assert found.reports[0].text == plain.text


def test_numbers_of_the_text_are_no_pagers() -> None:
    body = ONE + "<p>12</p><p>共3页</p>" + "<p>说明如下</p><p>7</p>"
    assert "\n7" in read(ART, page(body, below=HANWEB), {}).reports[0].text
    assert "共3页" in read(ART, page(body)).reports[0].text


def test_parts_are_followed_from_part_to_part() -> None:
    def onward(number: int) -> str:
        return f'<div><a href="art_17_31_{number}.html">下一页</a></div>'

    first = page(ONE, below=onward(2))
    assert urls(read(ART, first)) == [art(2)]
    assert urls(read(ART, first, {art(2): page(TWO, below=onward(3))})) == [art(2), art(3)]
    back = '<a href="art_17_31.html">首页</a><a href="art_17_31.html">1</a>'
    found = read(ART, first, {art(2): page(TWO, below=onward(3)), art(3): page(THREE, below=back)})
    assert [part.state for part in found.parts] == ["present", "present"]
    assert found.reports[0].text == read(ART, page(ONE + TWO + THREE)).reports[0].text


ERROR = "<html><head><title>{}</title></head><body><p>您访问的页面不存在或已被删除</p></body></html>"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("404", "gone"),
        (ERROR.format("出错了"), "gone"),
        (page(ONE + TWO, title="某市教育局2024年政府信息公开工作年度报告"), "other"),
        (page("<p>要闻动态</p>", title="某市人民政府门户网站"), "other"),
        (page(ONE), "other"),  # a server that shows the first part under any number
        (page(""), "other"),
        ("<html><head><script>$_ts=window['$_ts'];$_ts.cd='x'</script></head><body></body></html>", "blocked"),
        ("<html><body><div><table><tr><td>半", "unreachable"),
    ],
)
def test_what_is_no_part_is_not_joined(answer: str, state: str) -> None:
    found = read(ART, page(ONE, below=HANWEB), {art(2): answer, art(3): page(THREE)})
    assert [part.state for part in found.parts] == [state, "present"]
    assert found.reports[0].text == read(ART, page(ONE + THREE)).reports[0].text
    titled = found.parts[0].marker == "another title"
    assert [one.url for one in found.findings if one.rule == "part_unread"] == [art(2)] * titled


@pytest.mark.parametrize("mark", ["(2)", "（第2页）", "_2", "-2", ""])
def test_a_number_may_follow_a_parts_title(mark: str) -> None:
    found = read(ART, page(ONE, below=HANWEB), {art(2): page(TWO, title=TITLE + mark)})
    assert found.parts[0].state == "present"
    assert found.reports[0].text == read(ART, page(ONE + TWO)).reports[0].text


def test_a_pager_that_only_a_script_can_follow_is_a_finding() -> None:
    for href in ("javascript:gotoPage(2)", '#" onclick="show(2)'):
        found = read(ART, page(ONE, within=f'<div>1 <a href="{href}">2</a> <a href="{href}">下一页</a></div>'))
        assert [(one.rule, found.parts) for one in found.findings] == [("part_unread", ())]


def test_an_endless_article_is_cut_with_a_finding() -> None:
    counted = '<script>createPageHTML(90, 0, "t20250120_31", "html");</script>'
    found = read(TRS, page(ONE, within=counted), {trs(one): page(f"<p>第{one}段</p>") for one in range(1, 90)})
    assert len(found.parts) == MOST
    assert [one.rule for one in found.findings] == ["part_unread"]


def test_odd_addresses_break_nothing() -> None:
    odd: Any = "http://www.x.gov.cn:99999/t_1.html"
    for href in ("http://[x/t20250120_31_1.html", odd, "t20250120_31_99999999999999.html", "?page=²"):
        assert read(TRS, page(ONE, below=f'<a href="{href}">2</a>')).parts == ()
