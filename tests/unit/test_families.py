"""What each family reads from a list page: links, the way on, year columns, the end."""

import json
import time

import pytest

from crawler import families
from crawler.families.base import Listing, ListPage, Step
from crawler.portal import Portal, Selectors

TITLE = "甲县人民政府{}年政府信息公开工作年度报告"


def read(family: str, url: str, text: str, step: Step | None = None, section: str = "", **more: object) -> ListPage:
    asked = step or families.get(family).first(url)
    listing = Listing(url=asked.url, text=text, step=asked, section=section or url, this_year=2026, **more)  # type: ignore[arg-type]
    return families.get(family).read(listing)


def urls(page: ListPage, kind: str = "report") -> list[str]:
    return [link.url for link in page.links if link.kind == kind]


def row(url: str, title: str, date: str = "") -> str:
    return f'<li><a href="{url}">{title}</a><span>{date}</span></li>'


COLUMN = "http://www.jia.gov.cn/zwgk/zfxxgknb/"


def test_registry() -> None:
    assert families.names() == {
        "trs", "hanweb", "gkmlpt", "querylist", "ucap", "lonsun", "vsb", "uuid", "hex", "generic",
    }  # fmt: skip
    portal = Portal("p", "p", "trs", (COLUMN,), selectors=Selectors(body="#own"))
    assert families.markup_of(portal).body[:2] == ("#own", "#mainText")


class TestRows:
    def test_reports_companions_and_near_misses(self) -> None:
        page = read(
            "generic",
            COLUMN,
            row("a/t20210120_1.html", TITLE.format(2020), "2021-01-20")
            + row("a/t20210120_2.html", "一图读懂甲县人民政府2020年政府信息公开工作年度报告")
            + row("a/t20210120_3.html", "2020年政府网站工作年度报表")
            + row("a/t20210120_4.html", "甲县2020年法治政府建设年度报告")
            + row("a/t20210120_5.html", "关于编制2020年政府信息公开工作年度报告的通知")
            + row("a/t20210120_6.html", "政府信息公开工作年报")
            + row("/zwgk/zfxxgkzn/", "政府信息公开指南"),
        )
        assert urls(page) == [COLUMN + "a/t20210120_1.html", COLUMN + "a/t20210120_6.html"]
        assert urls(page, "companion") == [COLUMN + "a/t20210120_2.html"]
        assert page.links[0].date == "2021-01-20"
        assert page.annual

    def test_cut_titles_and_split_dates(self) -> None:
        link_ = f'<a href="t20210120_1.html" title="{TITLE.format(2020)}">甲县人民政府2020年政府...</a>'
        text = f"<ul><li>{link_}<b>2021\n-01-\n20</b></li></ul>"
        (link,) = read("generic", COLUMN, text).links
        assert (link.title, link.date) == (TITLE.format(2020), "2021-01-20")

    def test_comments_are_no_rows(self) -> None:
        assert read("trs", COLUMN, f"<!--<ul>{row('t1_1.html', TITLE.format(2020))}</ul>-->").links == ()

    def test_bare_organs_and_years_only_in_the_annual_column(self) -> None:
        text = (
            row("t20210120_1.html", "甲县财政局", "2021-01-20")
            + row("t20210120_2.html", "2020年")
            + row("/", "甲县人民政府")
        )
        assert len(read("trs", COLUMN, text).links) == 2
        assert read("trs", "http://www.jia.gov.cn/zwgk/bm/", text).links == ()

    def test_a_column_is_known_by_its_meta_tags(self) -> None:
        text = f'<meta name="ColumnName" content="政府信息公开年报">{row("t20210120_1.html", "甲县财政局")}'
        assert urls(read("trs", "http://www.jia.gov.cn/c123/", text))

    def test_links_to_documents(self) -> None:
        text = (
            row("./P1.pdf", "甲县2020年政府信息公开工作年度报告.pdf")
            + f"<tr><td>{TITLE.format(2019)}</td><td><a href='x.doc'>下载</a></td></tr>"
        )
        assert urls(read("generic", COLUMN, f"<table>{text}</table>")) == [COLUMN + "P1.pdf", COLUMN + "x.doc"]

    def test_the_operators_selector(self) -> None:
        text = f"<div class=a>{row('t1_1.html', TITLE.format(2020))}</div><div class=b>{row('t1_2.html', TITLE.format(2019))}</div>"
        assert urls(read("generic", COLUMN, text, selectors=Selectors(link=".b a"))) == [COLUMN + "t1_2.html"]

    def test_rubbish(self) -> None:
        for text in ("", "\x00\x01", "<a href='http://[::1'>x</a>", "<" * 5000, "{}", "<a href>x</a>"):
            for name in families.names():
                assert read(name, COLUMN, text).links == ()

    @pytest.mark.parametrize(
        "bomb",
        [
            "<div>" * 100_000 + row("t1_1.html", TITLE.format(2020)),
            "<ul><li>" * 20_000,
            "<!--" * 20_000,
            "<record>" * 20_000,
            "<script>document.write('" + "<a " * 20_000,
            '<div class="article-content">' * 20_000,
            "/a" * 50_000 + "DETAIL:{",
            "<div><div>" + "".join(f"<a href=t2020{n}_1.html>x</a>" for n in range(10_000)),
        ],
        ids=range(8),
    )
    def test_bombs(self, bomb: str) -> None:
        started = time.process_time()
        for name in families.names():
            read(name, COLUMN, bomb)
            families.get(name).unwrap(bomb)
        assert time.process_time() - started < 10


class TestYearColumns:
    @pytest.mark.parametrize(
        ("href", "text", "year"),
        [
            ("../2023n/", "2023年", 2023),
            ("../2023nb/index.html", "2023", 2023),
            ("/col/col1229709042/index.html", "2022年度", 2022),
            ("?area=1&fbtime=2021", "2021年", 2021),
            ("../2020ndgb/", "2020年公报", 2020),
            ("../c1/", "2019年年报", 2019),
        ],
    )
    def test_found(self, href: str, text: str, year: int) -> None:
        page = read("trs", COLUMN + "x/", f'<a href="{href}">{text}</a>')
        assert [column.year for column in page.columns] == [year]
        assert page.links == ()

    @pytest.mark.parametrize(
        ("href", "text"),
        [
            ("t20240120_1.html", "2023年"),
            ("../2031n/", "2031年"),
            ("/", "首页"),
            ("../1998n/", "1998年"),
            (".", "2023年"),
        ],
    )
    def test_not(self, href: str, text: str) -> None:
        assert read("trs", COLUMN + "x/", f'<a href="{href}">{text}</a>').columns == ()


class TestTrs:
    def test_rows_written_by_scripts(self) -> None:
        text = (
            f'<script>var url="./202602/t20260214_1.shtml"; var title="{TITLE.format(2025)}";'
            "var d='2026-02-14';document.writeln(url);</script>"
            f'<script>document.write(\'<li><a href="./202502/t20250214_2.shtml" title="{TITLE.format(2024)}">甲县..<\\/a></li>\');</script>'
            f'<!-- <script>var url="./old.shtml"; var title="{TITLE.format(2001)}";</script> -->'
        )
        assert sorted(urls(read("trs", COLUMN, text))) == [
            COLUMN + "202502/t20250214_2.shtml",
            COLUMN + "202602/t20260214_1.shtml",
        ]

    @pytest.mark.parametrize(
        ("script", "here", "onward"),
        [
            ('createPageHTML(3, 0, "index", "shtml");', "", "index_1.shtml"),
            ('createPageHTML(3, 1, "index", "shtml");', "index_1.shtml", "index_2.shtml"),
            ('createPageHTML(3, 2, "index", "shtml");', "index_2.shtml", None),
            ('createPageHTML(1, 0, "index", "html");', "", None),
            ('createPage(4,0,"index","html")', "index.html", "index_1.html"),
            ("createPageHTML('page_div', 10, 1, 'list', 'shtml', 200)", "list.shtml", "list_2.shtml"),
            ("createPageHTML('page_div', 10, 2, 'list', 'shtml', 200)", "list_2.shtml", "list_3.shtml"),
            ("var countPage = 2; var currentPage = 0;", "", "index_1.html"),
            ("//createPageHTML(3, 0, 'index', 'html');", "", None),
            ("function createPageHTML(_nPageCount, _nCurrIndex) {}", "", None),
        ],
    )
    def test_page_counts(self, script: str, here: str, onward: str | None) -> None:
        page = read("trs", COLUMN + here, f"<script>{script}</script>{row('t1_1.html', TITLE.format(2020))}")
        assert [step.url for step in page.next] == ([COLUMN + onward] if onward else [])
        assert page.problem == ""

    def test_a_stub_before_the_end(self) -> None:
        page = read("trs", COLUMN, "<p>x</p>", Step(COLUMN + "index_1.html", number=1), COLUMN, pages=3)
        assert page.problem == "page 2 of 3 leads no further"

    def test_redirect_shell(self) -> None:
        text = '<html><head><script>window.location.href="./202606/t1.html";</script></head><body></body></html>'
        assert read("trs", COLUMN, text).refresh == COLUMN + "202606/t1.html"
        assert read("trs", COLUMN, text.replace("<body>", "<body>" + row("t1_1.html", "甲") * 3)).refresh == ""


class TestGeneric:
    @pytest.mark.parametrize(
        ("pager", "onward"),
        [
            ('<a href="index_2.html">下一页</a>', "index_2.html"),
            ('<a rel="next" href="?page=2">older</a>', "?page=2"),
            ('<a href="?pageNum=2"><span>下一页</span></a>', "?pageNum=2"),
            ('<span class="current">1</span><a href="?page=2">2</a><a href="?page=3">3</a>', "?page=2"),
            ('<div class="more" data-url="more.html" data-page="1" data-total="3">加载更多</div>', "more.html?page=2"),
            ('<div class="more" data-url="list?p={page}" data-next="2">查看更多</div>', "list?p=2"),
        ],
    )
    def test_the_way_on(self, pager: str, onward: str) -> None:
        page = read("generic", COLUMN, row("t1_1.html", TITLE.format(2020)) + pager)
        assert [step.url for step in page.next] == [COLUMN + onward]

    @pytest.mark.parametrize(
        "pager",
        [
            '<a href="javascript:void(0)">下一页</a>',
            '<a href="#" class="disabled">下一页</a>',
            '<a href="javascript:goPage(1)" class="disabled">下一页</a>',
            "共1页",
            '<div class="more disabled" data-url="more.html" data-page="3" data-total="3">加载更多</div>',
            "",
        ],
    )
    def test_the_end(self, pager: str) -> None:
        page = read("generic", COLUMN, row("t1_1.html", TITLE.format(2020)) + pager)
        assert (page.next, page.problem) == ((), "")

    def test_a_next_link_to_the_page_itself(self) -> None:
        page = read("generic", COLUMN + "index_3.html", '<a href="index_3.html">下一页</a>')
        assert (page.next, page.problem) == ((), "")

    @pytest.mark.parametrize("pager", ["共5页", '<a href="javascript:goPage(2)">下一页</a>'])
    def test_pages_that_cannot_be_asked_for(self, pager: str) -> None:
        assert read("generic", COLUMN, row("t1_1.html", TITLE.format(2020)) + pager).problem

    def test_a_counted_page_parameter(self) -> None:
        page = read("generic", COLUMN + "list?page=2", "共 3 页")
        assert [step.url for step in page.next] == [COLUMN + "list?page=3"]
        assert read("generic", COLUMN + "list?page=3", "共 3 页").next == ()


HANWEB = "http://www.yi.gov.cn/col/col77/index.html"


def records(*numbers: int) -> str:
    return "".join(
        f'<record><![CDATA[<li><a href="/art/2021/art_77_{n}.html" title="{TITLE.format(2000 + n)}">甲...</a>'
        f"<b>2021-01-0{n}</b></li>]]></record>"
        for n in numbers
    )


class TestHanweb:
    SCRIPT = (
        "<script>$('#9').jpage({{perPage:2, totalRecord:{total}, proxyUrl:'/module/jpage/dataproxy.jsp', ajaxParam:"
        "{{col:1, appid:'1', webid:'3', path:'/', columnid:'77', sourceContentType:'3', unitid:'9', "
        "webname:'乙县', permissiontype:0}}}});</script>"
    )

    def test_the_rest_is_asked_for(self) -> None:
        page = read(
            "hanweb",
            HANWEB,
            f"<!-- <datastore><recordset>{records(1, 2)}</recordset></datastore> -->" + self.SCRIPT.format(total=5),
        )
        assert len(page.links) == 2
        (step,) = page.next
        assert step.url == "http://www.yi.gov.cn/module/jpage/dataproxy.jsp?startrecord=3&endrecord=5&perpage=2"
        assert step.form is not None
        assert dict(step.form) | {
            "columnid": "77",
            "unitid": "9",
            "webid": "3",
            "sourceContentType": "3",
            "webname": "乙县",
        } == dict(step.form)
        assert dict(step.headers)["Referer"] == HANWEB
        answer = read(
            "hanweb", HANWEB, f"<datastore><totalrecord>5</totalrecord>{records(3, 4, 5)}</datastore>", step, HANWEB
        )
        assert len(answer.links) == 3
        assert (answer.next, answer.problem) == ((), "")

    def test_all_embedded(self) -> None:
        page = read(
            "hanweb",
            HANWEB,
            f"<datastore><totalrecord>2</totalrecord>{records(1, 2)}</datastore>" + self.SCRIPT.format(total=2),
        )
        assert (page.next, page.expected, page.problem) == ((), 2, "")

    def test_a_silent_proxy(self) -> None:
        (step,) = read("hanweb", HANWEB, f"<datastore>{records(1)}</datastore>" + self.SCRIPT.format(total=5)).next
        assert read("hanweb", HANWEB, "", step, HANWEB).problem
        assert "1 of 5" in read("hanweb", HANWEB, "<datastore></datastore>", step, HANWEB).problem

    def test_records_without_a_proxy(self) -> None:
        page = read("hanweb", HANWEB, f"<datastore><totalrecord>9</totalrecord>{records(1, 2)}</datastore>")
        assert "2 of 9" in page.problem

    def test_a_plain_column(self) -> None:
        page = read(
            "hanweb",
            HANWEB,
            row("/art/2021/1/2/art_77_1.html", TITLE.format(2020)) + '<a href="index.html?uid=9&pageNum=2">下一页</a>',
        )
        assert (len(page.links), len(page.next)) == (1, 1)


GKMLPT = "http://www.bing.gov.cn/xx/gkmlpt/index"
TREE = [
    {"id": 1, "name": "政府网站年度报表"},
    {
        "id": 2,
        "name": "公开",
        "children": [{"id": 6, "name": "政府信息公开年报", "children": [{"id": 61, "name": "2023年"}]}],
    },
]


class TestGkmlpt:
    SHELL = f'<script>window._CONFIG = {{"SID": "755001", "TREE": {json.dumps(TREE)}}};</script>'

    def test_the_category_is_found_by_name(self) -> None:
        page = read("gkmlpt", GKMLPT, self.SHELL)
        assert [step.url for step in page.next] == ["http://www.bing.gov.cn/xx/gkmlpt/api/all/6?page=1&sid=755001"]
        assert [(column.url, column.year) for column in page.columns] == [
            ("http://www.bing.gov.cn/xx/gkmlpt/index#61", 2023)
        ]

    def test_the_category_of_the_address(self) -> None:
        first = families.get("gkmlpt").first(GKMLPT + "#61")
        assert first.url == GKMLPT
        page = read("gkmlpt", GKMLPT, self.SHELL, first, GKMLPT + "#61")
        assert [step.url for step in page.next] == ["http://www.bing.gov.cn/xx/gkmlpt/api/all/61?page=1&sid=755001"]

    def test_no_category(self) -> None:
        assert (
            "#<category>" in read("gkmlpt", GKMLPT, self.SHELL.replace(json.dumps("政府信息公开年报"), '"x"')).problem
        )
        assert read("gkmlpt", GKMLPT, "<script>window._CONFIG = {}</script>").problem

    def test_articles(self) -> None:
        (step,) = read("gkmlpt", GKMLPT, self.SHELL).next
        articles = [
            {
                "id": 1,
                "title": TITLE.format(2020),
                "url": "content/1/1/post_1.html",
                "display_publish_time": "2021-01-20 10:00:00",
            },
            {
                "id": 2,
                "title": "甲县财政局",
                "post_url": "http://www.bing.gov.cn/xx/gkmlpt/content/1/1/post_2.html",
                "date": 1611100800,
            },
            {"id": 3, "title": "2020年政府网站工作年度报表", "url": "post_3.html"},
        ]
        page = read("gkmlpt", GKMLPT, json.dumps({"articles": articles, "classify": {"post_count": 4}}), step, GKMLPT)
        assert [link.date for link in page.links] == ["2021-01-20", "2021-01-20"]
        assert (page.expected, page.listed) == (4, 3)
        assert "page=2" in page.next[0].url
        assert read("gkmlpt", GKMLPT, "<html>", step, GKMLPT).problem

    def test_unwrap(self) -> None:
        detail = {
            "title": '甲"乙',
            "content": "<p>一、总体情况</p>",
            "publisher": "甲局",
            "attachment": [{"url": "/a.pdf", "name": "附件"}],
        }
        page = (
            f"<html><head></head><body><script>window._CONFIG={{DETAIL: {json.dumps(detail)}}}</script></body></html>"
        )
        shown = families.get("gkmlpt").unwrap(page)
        assert '<div class="article-content"><p>一、总体情况</p><p><a href="/a.pdf">附件</a></p></div></body>' in shown
        assert 'name="ArticleTitle" content="甲&quot;乙"' in shown
        full = page.replace("</body>", '<div class="article-content">正文</div></body>')
        assert families.get("gkmlpt").unwrap(full) == full
        assert families.get("trs").unwrap(page) == page


def test_rows_of_a_list_whose_addresses_say_nothing() -> None:
    """A page of other organs' papers is no empty page: its dates say that it lists something."""
    html = (
        "<div><a href='/xxgk/show.aspx?id=7'>部门预算公开</a><em>[2024-01-02]</em></div>"
        "<div><a href='/xxgk/show.aspx?id=8'>法治政府建设年度报告</a><em>[2024-01-03]</em></div><a href='/hd/'>互动</a>"
    )
    page = read("generic", "http://a.gov.cn/xxgk/list.aspx?cat=1&page=2", html)
    assert page.rows == ("http://a.gov.cn/xxgk/show.aspx?id=7", "http://a.gov.cn/xxgk/show.aspx?id=8")
    assert read("generic", "http://a.gov.cn/xxgk/list.aspx?cat=1&page=3", "<a href='/hd/'>互动</a>").rows == ()
