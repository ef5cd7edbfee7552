"""Hanweb: JPAAS units, search.jsp and its trees, xxgkAnnualReport.jsp, and the dataproxy's odd ends."""

import json
import re
from collections.abc import Callable
from html import escape
from typing import Any

import pytest

from crawler.families.base import Step
from crawler.families.query_pages import with_year
from tests.unit.family_reading import TITLE, form, query, read, row, urls, walk

HOST = "https://www.yi.gov.cn"
COLUMN = f"{HOST}/zwgk/gknb/index.html"
UNIT = "/api-gateway/jpaas-publish-server/front/page/build/unit"
PARAMS = {
    "parseType": "bulidstatic", "webId": "12", "tplSetId": "a&b", "pageType": "column", "tagId": "信息列表", "editType": "null",
    "pageId": "9",
}  # fmt: skip


def shell(params: dict[str, Any] = PARAMS, extra: str = "") -> str:
    return f"<html><body>{extra}<script src='/unit.js' url='{UNIT}' queryData='{escape(str(params))}'></script></body></html>"


def article(year: int, relative: bool = False) -> str:
    return f"{'' if relative else '/zwgk/gknb/'}art/{year + 1}/art_{year:032x}.html"


def piece(years: list[int], pager: str = "", relative: bool = False) -> str:
    rows = "".join(
        f"<li><a href='{article(year, relative)}' title='{TITLE.format(year)}'>甲县…</a><b>{year + 1}-01-20</b></li>"
        for year in years
    )
    return f"<div class='page-content'><ul>{rows}</ul></div>{pager}"


YEARS = list(range(2025, 2014, -1))


class Unit:
    """JPAAS's interface over eleven reports, five a page."""

    size = 5

    def __init__(
        self, pager: str = '<div class="pagination" rows="5" count="{count}" pageNo="{page}"></div>', **odd: Any
    ) -> None:
        self.pager, self.odd = pager, odd

    def __call__(self, step: Step) -> str:
        if "/build/unit" not in step.url:
            return shell()
        number = json.loads(query(step)["paramJson"])["pageNo"]
        shown = 1 if self.odd.get("deaf") else number
        if self.odd.get("clamps"):
            shown = min(number, 3)
        years = YEARS[(shown - 1) * self.size : shown * self.size]
        html = piece(years, self.pager.format(count=len(YEARS), page=shown, pages=3))
        return json.dumps({"success": True, "code": "200", "data": {"html": html}}, ensure_ascii=False)


class TestUnit:
    def test_all_pages_are_asked_for(self) -> None:
        done = walk("hanweb", COLUMN, Unit())
        assert done.links == [HOST + article(year) for year in YEARS]
        assert done.complete
        assert [json.loads(query(step)["paramJson"])["pageNo"] for step in done.asked[1:]] == [1, 2, 3]
        asked = query(done.asked[1])
        assert asked == PARAMS | {"paramJson": '{"pageNo":1,"pageSize":15}'}
        assert dict(done.asked[1].headers)["Referer"] == COLUMN
        assert dict(done.asked[1].headers)["X-Requested-With"] == "XMLHttpRequest"

    @pytest.mark.parametrize(
        "page",
        [
            f"<SCRIPT QUERYDATA='{escape(json.dumps(PARAMS))}'\n  src=x URL = '{UNIT}'></SCRIPT>",
            f"<div data-url=\"{UNIT}\" data-querydata='{json.dumps(PARAMS)}'></div>",
            f'<script url=//www.yi.gov.cn{UNIT} queryData="{escape(str(PARAMS))}"></script>',
            f"<script>var queryData = {PARAMS}; $.get('{UNIT}', queryData, show);</script>",
            f"<script>$.ajax({{type:'get', url : \"{UNIT}\", data: {json.dumps(PARAMS)}, success: function (r) {{ show(r); }}}})</script>",
            "<script>var webId='12', pageId = \"9\";\nvar tplSetId='a&b';$.ajax({url:'" + UNIT + "',"
            "data:{webId:webId,pageId:pageId,tplSetId:tplSetId,tagId:'信息列表',editType:'null',parseType:'bulidstatic',pageType:'column',paramJson:JSON.stringify(p)}});</script>",
            "<script>load('" + UNIT.replace("/", r"\/") + "?webId=12&pageId=9&tplSetId=a%26b&tagId=%E4%BF%A1%E6%81%AF%E5%88%97%E8%A1%A8"
            "&editType=null')</script>",
            f"<!-- <script url='{UNIT}' queryData=\"{{'webId':'old','pageId':'old'}}\"></script> -->"
            f'<script url="{HOST}{UNIT}" queryData="{PARAMS}"></script>',
        ],
        ids=range(8),
    )  # fmt: skip
    def test_where_its_parameters_stand(self, page: str) -> None:
        (step,) = read("hanweb", COLUMN, f"<html><body>{page}</body></html>").next
        assert step.url.startswith(HOST + UNIT + "?")
        assert query(step) == PARAMS | {"paramJson": '{"pageNo":1,"pageSize":15}'}

    def test_the_page_own_size_and_keys(self) -> None:
        params = PARAMS | {"paramJson": '{"pageNo":"1","pageSize":"30","searchWord":""}'}
        (step,) = read("hanweb", COLUMN, shell(params)).next
        assert query(step)["paramJson"] == '{"searchWord":"","pageNo":1,"pageSize":30}'

    def test_an_address_without_parameters(self) -> None:
        page = read("hanweb", COLUMN, f"<script>var api = '{UNIT}';</script>")
        assert page.next == ()
        assert "webId" in page.problem

    def test_links_count_from_the_column(self) -> None:
        def answer(step: Step) -> str:
            if "/build/unit" not in step.url:
                return shell()
            return json.dumps(
                {"data": {"html": piece([2025], '<p class="page" count="1" pageno="1"></p>', relative=True)}}
            )

        assert walk("hanweb", COLUMN, answer).links == [HOST + article(2025)]

    @pytest.mark.parametrize(
        "pager",
        [
            "<div id='x_pagination' queryData=\"{{'rows':'5','count':'{count}','pageNo':'{page}'}}\"></div>",
            "<div class=page>共{count}条记录 第{page}/{pages}页 <a href='javascript:;'>下一页</a></div>",
            "<div class='paging'>共 {pages} 页</div>",
            "<div data-total='{count}' data-page='{page}' data-size=5></div>",
        ],
    )
    def test_what_pagers_say(self, pager: str) -> None:
        done = walk("hanweb", COLUMN, Unit(pager))
        assert (len(done.links), done.problems) == (11, [])
        assert len(done.asked) == 4

    def test_no_pager_at_all(self) -> None:
        """Only a page without rows is an end then, or the last page again."""
        done = walk("hanweb", COLUMN, Unit(""))
        assert (len(done.links), done.problems, len(done.asked)) == (11, [], 5)
        done = walk("hanweb", COLUMN, Unit("", clamps=True))
        assert (len(done.links), done.problems, len(done.asked)) == (11, [], 5)

    @pytest.mark.parametrize("pager", [Unit().pager, ""])
    def test_a_site_that_ignores_the_number(self, pager: str) -> None:
        done = walk("hanweb", COLUMN, Unit(pager, deaf=True))
        assert len(done.links) == 5
        assert done.problems == ["page 2 repeats an earlier one: its number is not read"]

    @pytest.mark.parametrize(
        "wrong",
        [
            "<html><body>系统繁忙</body></html>", "", "null", "[]", '{"data":{"html":null}}', "{" * 2000,
            '{"code":"500","msg":"系统异常","data":null}', '{"success":false,"message":"no","data":{"html":""}}',
            '{"data":{"html":"<ul></ul>"}}', '{"data":{"data":{"data":{}}}}',
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("page", [1, 2])
    def test_an_answer_that_is_no_list(self, wrong: str, page: int) -> None:
        unit = Unit()

        def answer(step: Step) -> str:
            asked = "/build/unit" in step.url and json.loads(query(step)["paramJson"])["pageNo"]
            return wrong if asked == page else unit(step)

        done = walk("hanweb", COLUMN, answer)
        assert len(done.problems) == 1
        assert len(done.links) == 5 * (page - 1)

    def test_an_empty_column_says_so(self) -> None:
        def answer(step: Step) -> str:
            return (
                shell()
                if "/build/unit" not in step.url
                else '{"data":{"html":"<ul></ul><div class=\'page\' count=\'0\'></div>"}}'
            )

        assert walk("hanweb", COLUMN, answer).complete

    def test_rows_twice_and_rows_without_a_link(self) -> None:
        """The total counts both: neither makes the list short."""
        years = [2025, 2024, 2024, 2023]

        def answer(step: Step) -> str:
            if "/build/unit" not in step.url:
                return shell()
            number = json.loads(query(step)["paramJson"])["pageNo"]
            rows = piece(years[(number - 1) * 2 : number * 2])
            dead = "<ul><li><a href='javascript:;'>乙县人民政府的另一份文件</a></li></ul>" if number == 2 else ""
            return json.dumps({"data": {"html": f"{rows}{dead}<p class=page count=5 pageno={number}></p>"}})

        done = walk("hanweb", COLUMN, answer)
        assert (len(done.links), done.problems) == (3, [])

    def test_pinned_rows_hide_nothing(self) -> None:
        """One row stands on top of every page, and is counted once by the total."""
        rest = YEARS[1:]

        def answer(step: Step) -> str:
            if "/build/unit" not in step.url:
                return shell()
            number = json.loads(query(step)["paramJson"])["pageNo"]
            shown = rest[(number - 1) * 4 : number * 4]
            rows = piece([YEARS[0], *shown] if shown else [])
            return json.dumps({"data": {"html": f"{rows}<p class=page count=11 rows=5 pageno={number}></p>"}})

        done = walk("hanweb", COLUMN, answer)
        assert (sorted(done.links), done.problems) == (sorted(HOST + article(year) for year in YEARS), [])

    def test_menus_beside_the_list(self) -> None:
        menu = PARAMS | {"tagId": "左侧菜单_list"}
        news = PARAMS | {"tagId": "热点"}
        unit = Unit()

        def answer(step: Step) -> str:
            if "/build/unit" not in step.url:
                return shell(
                    extra="".join(f"<script url='{UNIT}' queryData=\"{one}\"></script>" for one in (menu, news))
                )
            if query(step)["tagId"] == "热点":
                return json.dumps({"data": {"html": "<li><a href='/art/2026/art_1_2.html'>要闻一则一则</a></li>"}})
            assert query(step)["tagId"] == "信息列表"
            return unit(step)

        done = walk("hanweb", COLUMN, answer)
        assert (len(done.links), done.problems) == (11, [])

    def test_a_menu_beside_plain_rows(self) -> None:
        """The page lists its rows itself; its only unit is a menu, the same on each page."""
        plain = f"<ul>{row(article(2025), TITLE.format(2025))}</ul>"
        for tag in ("顶部导航", "tag1"):
            menu = json.dumps(
                {"data": {"html": "<li><a href='/zwgk/'>政务公开</a></li><li><a href='/hd/'>互动交流</a></li>"}}
            )
            text = shell(PARAMS | {"tagId": tag}, plain)
            done = walk(
                "hanweb", COLUMN, lambda step, menu=menu, text=text: menu if "/build/unit" in step.url else text
            )  # type: ignore[misc]
            assert (done.links, done.problems) == ([HOST + article(2025)], [])

    def test_rows_in_the_page_are_kept_where_the_interface_fails(self) -> None:
        def answer(step: Step) -> str:
            return (
                "busy"
                if "/build/unit" in step.url
                else shell(extra=f"<ul>{row(article(2025), TITLE.format(2025))}</ul>")
            )

        done = walk("hanweb", COLUMN, answer)
        assert (done.links, done.complete) == ([HOST + article(2025)], False)


def test_a_menu_is_no_report() -> None:
    text = row("/col/col78554/index.html", "政府信息<br>公开年报") + row("/col/col90135/index.html", TITLE.format(2023))
    assert urls(read("hanweb", f"{HOST}/col/col88020/index.html", text)) == [f"{HOST}/col/col90135/index.html"]


def test_both_shapes_of_articles() -> None:
    uuid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
    text = row(f"/col/col12/art/2024/art_{uuid}.html", "甲县财政局", "2024-01-20") + row(
        "/art/2023/1/9/art_12_34.html", "甲县民政局", "2023-01-09"
    )
    page = read("hanweb", f"{HOST}/col/col12/zfxxgknb/index.html", text)
    assert urls(page) == [f"{HOST}/col/col12/art/2024/art_{uuid}.html", f"{HOST}/art/2023/1/9/art_12_34.html"]


SEARCH = f"{HOST}/module/xxgk/search.jsp"
FIELDS = {"infotypeId": "A0212", "jdid": "3096", "area": "002482429", "divid": "div12"}


def table(years: list[int], pages: str = "共{}页", count: int = 3) -> str:
    rows = "".join(
        f'<tr class="tr_main_value_{"even" if year % 2 else "odd"}" ><td><a href="/col/col1/index.html">年报</a></td>'
        f'<td><a href="{article(year)}" title="{TITLE.format(year)}">甲县</a></td><td>{year + 1}-01-20</td></tr>'
        for year in years
    )
    pager = f"<td>&nbsp;&nbsp;{pages.format(count)}&nbsp;&nbsp;<a href='javascript:;'>下一页</a></td>"
    return f"<table><tr class='tr_title'><td>名称</td></tr>{rows}</table>{pager}"


def searched(step: Step, size: int = 5) -> str:
    number = int(form(step)["currpage"])
    assert query(step)["currpage"] == str(number)
    return table(YEARS[(number - 1) * size : number * size])


class TestSearch:
    @pytest.mark.parametrize(
        "page",
        [
            "<form action='/module/xxgk/search.jsp' method=post>{}<input name=vc_title></form>".format(
                "".join(f"<input type=hidden name={key} value='{value}'>" for key, value in FIELDS.items())
            ),
            "<script>$.post(\"/module/xxgk/search.jsp?standardXxgk=1\", {infotypeId:'A0212', jdid : 3096, "
            "area:'002482429', divid:'div12'}, f)</script>",
            "<script>loadDynamic('/module/xxgk/search.jsp?infotypeId=&amp;vc_title=&area=002482429','div12','A0212','','','3096');</script>",
            "<script>var divid = 'div12', type='A0212'; ajax(\"\\/module\\/xxgk\\/search.jsp?jdid=3096&area=002482429\", "
            '"divid=" + divid, {"divid": divid, "infotypeId": type});</script>',
        ],
        ids=range(4),
    )
    def test_where_its_parameters_stand(self, page: str) -> None:
        (step,) = read("hanweb", f"{HOST}/col/col9/index.html", f"<html><body>{page}</body></html>").next
        assert step.url.startswith(SEARCH + "?")
        assert {key: form(step)[key] for key in FIELDS} == FIELDS
        assert form(step)["currpage"] == "1"

    def test_all_pages(self) -> None:
        def answer(step: Step) -> str:
            if step.form is None:
                return (
                    "<script>loadDynamic('/module/xxgk/search.jsp?area=002482429','div12','A0212','','','1');</script>"
                )
            return searched(step)

        done = walk("hanweb", f"{HOST}/col/col9/index.html", answer)
        assert (done.links, done.problems) == ([HOST + article(year) for year in YEARS], [])

    def test_a_section_that_is_the_list_itself(self) -> None:
        section = f"{SEARCH}?infotypeId=A0212&jdid=3096&area=002482429&divid=div12"
        done = walk("hanweb", section, searched)
        assert (len(done.links), done.problems) == (11, [])
        assert {key: form(done.asked[0])[key] for key in FIELDS} == FIELDS

    def test_a_search_box_is_no_list(self) -> None:
        page = read(
            "hanweb",
            COLUMN,
            f"<form action='/module/xxgk/search.jsp'><input name=vc_title></form><ul>{row(article(2020), '甲县财政局')}</ul>",
        )
        assert (len(page.links), page.next, page.problem) == (1, (), "")

    @pytest.mark.parametrize(
        "node",
        [
            "<a href='#' onclick=\"funclick('{}','{}')\">{}</a>",
            "document.write('<a onclick=\"funclick(\\'{}\\',\\'{}\\');\">{}</a>');",
            "d.add(12,1,'{2}',\"javascript:funclick('{0}','x')\");",
            "<a target=main href='search.jsp?area=1&amp;infotypeId={}&divid=div12' title='{}'>{}</a>",
        ],
        ids=range(4),
    )
    def test_the_tree(self, node: str) -> None:
        labels = {
            "A01": "机构概况",
            "A07": "政府网站工作年度报表",
            "A0212": "政府信息公开\n年报",
            "A09": "法治政府建设年度报告",
        }
        nodes = "".join(node.format(key, label.replace("\n", ""), label) for key, label in labels.items())
        framed = "<iframe SRC='/module/xxgk/tree.jsp?area=002482429&amp;divid=div12&jdid=3096'></iframe>"

        def answer(step: Step) -> str:
            if "tree.jsp" in step.url:
                return f"<html><script>{nodes}</script></html>"
            return searched(step) if step.form else f"<html><body>{framed}</body></html>"

        done = walk("hanweb", f"{HOST}/col/col9/index.html", answer)
        assert (len(done.links), done.problems) == (11, [])
        assert {key: form(done.asked[2])[key] for key in FIELDS} == FIELDS

    def test_a_tree_in_the_page(self) -> None:
        """The category that the page opens with is asked for too: it may be the one that the section is for."""
        text = (
            "<li onclick=\"funclick('A01','机构')\">机构</li><li onclick=\"funclick('A0212','年报')\">政府信息公开年报</li>"
            "<script>loadDynamic('/module/xxgk/search.jsp?area=002482429','div12','A01','','','3096')</script>"
        )
        steps = read("hanweb", f"{HOST}/col/col9/index.html", text).next
        assert [form(step)["infotypeId"] for step in steps] == ["A0212", "A01"]

    def test_a_tree_without_the_category(self) -> None:
        page = read(
            "hanweb", f"{HOST}/module/xxgk/tree.jsp?area=1&divid=div1", "<a onclick=\"funclick('A01')\">机构概况</a>"
        )
        assert "年报" in page.problem
        assert read("hanweb", f"{HOST}/module/xxgk/tree.jsp?area=1", "<html>403</html>").problem

    @pytest.mark.parametrize(
        "wrong", ["", "<html><body>访问过于频繁</body></html>", "{}", "<table><tr><td>名称</td></tr></table>", "共3页"]
    )
    @pytest.mark.parametrize("page", [1, 2, 3])
    def test_an_answer_that_is_no_list(self, wrong: str, page: int) -> None:
        section = f"{SEARCH}?infotypeId=A0212&divid=div12"
        done = walk("hanweb", section, lambda step: wrong if form(step)["currpage"] == str(page) else searched(step))
        assert not done.complete
        assert len(done.links) == 5 * (page - 1)

    def test_pages_that_repeat(self) -> None:
        done = walk("hanweb", f"{SEARCH}?infotypeId=A0212&divid=div12", lambda step: table(YEARS[:5]))
        assert (len(done.links), done.complete) == (5, False)

    def test_nothing_published(self) -> None:
        done = walk(
            "hanweb", f"{SEARCH}?infotypeId=A0212&divid=div12", lambda step: "<table><tr><td>暂无信息</td></tr></table>"
        )
        assert (done.links, done.problems) == ([], [])


REPORT = f"{HOST}/module/xxgk/xxgkAnnualReport.jsp"


class TestQueryPages:
    @pytest.mark.parametrize(
        "tabs",
        [
            "<a href='?area=7&fbtime=2023'>2023年</a><a href='xxgkAnnualReport.jsp?fbtime=2022&amp;area=7'>2022</a>",
            "<select><option value=2023>2023年度</option><option value='2022' selected>2022年</option></select>",
            "<li onclick=\"change('2023')\">2023年</li><li onclick='change(2022);'>2022年度报告</li>",
            "<a href='javascript:show(\"2023\")'>2023</a><span data-year=2022>贰零贰贰</span>",
        ],
        ids=range(4),
    )
    def test_years_of_tabs(self, tabs: str) -> None:
        other = "<a href='?area=8&fbtime=2020'>2020年</a><a onclick='f(1998)'>1998年</a>"
        page = read("hanweb", f"{REPORT}?area=7", f"<html><body>{tabs}{other}</body></html>")
        assert sorted(column.url for column in page.columns) == [
            f"{REPORT}?area=7&fbtime=2022",
            f"{REPORT}?area=7&fbtime=2023",
        ]
        assert page.problem == ""

    def test_years_are_spelled_as_the_section_is(self) -> None:
        section = f"{REPORT}?area=7&fbtime=2024&showType=2"
        page = read(
            "hanweb", section, "<a href='?fbtime=2023&area=7'>2023年</a><a href='?fbtime=2024&area=7'>2024年</a>"
        )
        assert [column.url for column in page.columns] == [f"{REPORT}?area=7&fbtime=2023&showType=2"]

    def test_organs(self) -> None:
        text = "<a href='?area=01'>甲县财政局</a><a href='?area=02&fbtime=2019'>甲县民政局</a><a href='/'>首页</a>"
        page = read("hanweb", f"{REPORT}?fbtime=2023", text, year=2023)
        assert urls(page) == [f"{REPORT}?area=01&fbtime=2023", f"{REPORT}?area=02&fbtime=2019"]
        assert urls(read("hanweb", f"{REPORT}?area=03&fbtime=2023", text)) == []

    def test_organs_of_a_page_without_a_year(self) -> None:
        text = "<select><option>2024年</option><option>2023年</option></select><a href='?area=01'>甲县财政局</a>"
        page = read("hanweb", REPORT, text)
        assert urls(page) == [f"{REPORT}?area=01&fbtime=2024", f"{REPORT}?area=01&fbtime=2023"]

    def test_named_values_in_the_path(self) -> None:
        folder = "https://www.bing.gov.cn/zt/xxgkzl/gknbxq/"
        section = f"{folder}pnidpv155pntypepvnbpnnfpv2023.html"
        assert with_year(section, 2021).endswith("/pnidpv155pntypepvnbpnnfpv2021.html")
        other = "<a href='pnidpv156pntypepvnbpnnfpv2023.html'>区财政局</a>"
        text = f"<option>2022年</option>{other}<a href='pnidpv155pntypepvnbpnnfpv2021.html'>2021年</a>"
        for family in ("generic", "trs"):
            page = read(family, section, f"<html><body><p>{'x' * 200}</p>{text}</body></html>")
            # Its years are columns; other organs are sections of their own, where they are wanted.
            assert urls(page) == []
            assert {column.url for column in page.columns} == {with_year(section, 2022), with_year(section, 2021)}
            assert page.view
            assert urls(read(family, folder, f"<p>{'x' * 200}</p>{other}")) == [
                f"{folder}pnidpv156pntypepvnbpnnfpv2023.html"
            ]
            assert not read(family, folder, other).view

    def test_other_pages_have_no_place_for_a_year(self) -> None:
        assert with_year(COLUMN, 2020) == ""


def proxy(total: int | None, size: int = 3, most: int = 10**6) -> Callable[[Step], str]:
    """A column with its first three records, and a proxy over eleven; past `most` it answers nothing."""

    def record(year: int) -> str:
        name = TITLE.format(year)
        kind = "<a href='/col/col7/index.html'>[年报]</a>"
        return f"<record><![CDATA[<li>{kind}<a href='{article(year)}' title='{name}'>甲</a></li>]]></record>"

    def answer(step: Step) -> str:
        said = "" if total is None else f"<totalrecord>{total}</totalrecord>"
        if "startrecord" not in step.url:
            script = "{proxyUrl:'/module/web/jpage/dataproxy.jsp', perPage:3, ajaxParam:{columnid:'7',unitid:'1'}}"
            held = "".join(map(record, YEARS[:size]))
            return f"<datastore>{said}{held}</datastore><script>$('#1').jpage({script})</script>"
        start, end = int(query(step)["startrecord"]), int(query(step)["endrecord"])
        return f"<datastore>{said}{''.join(map(record, YEARS[start - 1 : end]))}</datastore>" if end <= most else ""

    return answer


class TestProxy:
    def test_a_total(self) -> None:
        done = walk("hanweb", COLUMN, proxy(11, most=11))
        assert (len(done.links), done.problems) == (11, [])
        assert re.findall(r"startrecord=(\d+)&endrecord=(\d+)", " ".join(step.url for step in done.asked)) == [
            ("4", "11")
        ]

    def test_no_total_and_silence_past_the_end(self) -> None:
        right = proxy(None, most=11)
        done = walk("hanweb", COLUMN, lambda step: right(step) or "<datastore></datastore>")
        assert (len(done.links), done.problems) == (11, [])
        # No body at all is no proof that there is no more.
        done = walk("hanweb", COLUMN, right)
        assert (len(done.links), done.complete) == (11, False)

    def test_records_that_never_come(self) -> None:
        done = walk("hanweb", COLUMN, proxy(12))
        assert (len(done.links), done.complete) == (11, False)

    def test_the_first_records_again(self) -> None:
        right = proxy(11)
        first = read("hanweb", COLUMN, right(Step(COLUMN)))
        again = right(Step(f"{HOST}/x?startrecord=1&endrecord=3"))
        assert "again" in read("hanweb", COLUMN, again, first.next[0], COLUMN).problem

    def test_an_error_for_records(self) -> None:
        right = proxy(11)
        for wrong in ('{"code":500}', "<html>403</html>", ""):
            done = walk("hanweb", COLUMN, lambda step, wrong=wrong: wrong if "startrecord" in step.url else right(step))  # type: ignore[misc]
            assert (len(done.links), done.complete) == (3, False)
