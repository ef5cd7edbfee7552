"""Lonsun: the label's lists, reports inside a column's page, and when a list is whole."""

import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.families.base import ListPage, Step
from tests.unit.family_lists import read_list, read_report

COLUMN = "https://www.ding.gov.cn/public/column/16551?type=4&action=list&nav=3&catId=7065111"
INSIDE = "https://www.ding.gov.cn/public/column/900?type=3&nav=5&sub=3"
FILE = "/xxgk/publicInfoList_newest2020"
TITLE = "丁县人民政府办公室{}年政府信息公开工作年度报告"


def read(text: str, step: Step | None = None, url: str = COLUMN) -> ListPage:
    return read_list("lonsun", text, url, step, annual=step is not None)


def column(script: str, body: str = "", head: str = "<meta name='SiteId' content='6786551'>") -> str:
    return (
        f"<html><head><title>政府信息公开年报</title>{head}</head><body>{body}<script>{script}</script></body></html>"
    )


def rows(*years: int) -> str:
    return "".join(
        f"<ul class=clearfix><li class=mc><a href=/public/content/{year} title='{TITLE.format(year)}'>丁县…</a></li>"
        f"<li class=rq><span class=date>{year + 1}-01-20</span></li></ul>"
        for year in years
    )


def piece(*years: int, pages: int | None = 2, total: int | None = None) -> str:
    said = "".join(f"{key}:{value}," for key, value in (("pageCount", pages), ("total", total)) if value is not None)
    return f"<div class='xxgk_navli'>{rows(*years)}</div><script>Ls.pagination('#p',{{{said}}})</script>"


def asked(step: Step) -> dict[str, str]:
    if step.form is not None:
        return dict(step.form)
    return {key: values[0] for key, values in parse_qs(urlsplit(step.url).query).items()}


FULL = {
    "labelName": "publicInfoList",
    "siteId": "6786551",
    "organId": "16551",
    "type": "4",
    "catId": "7065111",
    "action": "list",
}


class TestWhatIsAskedFor:
    @pytest.mark.parametrize(
        "page",
        [
            column(
                "$.ajax({url:'/site/label/8888?IsAjax=1', data:{labelName:'publicInfoList',siteId:6786551,organId:'16551',type:4,"
                "catId:7065111,pageIndex:pageIndex,pageSize:15,action:'list',file:'/xxgk/publicInfoList_newest2020'}})"
            ),
            column(
                'var u="/site/label/8888?labelName=publicInfoList&siteId=6786551&organId=16551&type=4&catId=7065111&pageIndex="'
                '+pageIndex+"&pageSize=15&action=list&file=/xxgk/publicInfoList_newest2020"; $.get(u, draw)'
            ),
            column(f"$.get('/site/label/8888', {{labelName: 'publicInfoList', pageIndex: n, file: f}}); var f='{FILE}'"),
            column(
                f"var d = {{labelName: \"publicInfoList\", siteId: siteId, organId: organId, catId: catId, file: '{FILE}'}};"
                "Ls.ajax({ url: '/site/label/8888', data: d })"
            ),
            column(
                "", "<div data-url='/site/label/8888' data-file='/xxgk/publicInfoList_newest2020' data-site-id=6786551></div>", head=""
            ),
        ],
    )  # fmt: skip
    def test_however_the_page_names_it(self, page: str) -> None:
        (step,) = read(page).next
        assert urlsplit(step.url).path == "/site/label/8888"
        fields = asked(step)
        assert {key: fields.get(key) for key in FULL} == FULL
        assert (fields["pageIndex"], fields["pageSize"], fields["file"]) == (
            "1",
            "15",
            "/xxgk/publicInfoList_newest2020",
        )

    def test_a_prefix_and_a_form(self) -> None:
        (step,) = read(
            column("$.post('/anhuisousuoserver/site/label/8888', {labelName:'publicInfoList', pageIndex: 1})")
        ).next
        assert step.url == "https://www.ding.gov.cn/anhuisousuoserver/site/label/8888"
        assert asked(step)["organId"] == "16551"

    def test_a_script_elsewhere(self) -> None:
        (step,) = read(column("var pageCount = 3;", rows(2024))).next
        assert asked(step)["catId"] == "7065111"
        assert read(column("", "<div id=list></div>")).next

    def test_the_search_box_is_no_list(self) -> None:
        script = "$.get('/site/label/8888', {labelName: 'searchDataList', keywords: $('#w').val()})"
        assert read(column(script, rows(2024))).next == ()


class TestTheList:
    @pytest.fixture
    def step(self) -> Step:
        return read(column("$.get('/site/label/8888', {pageIndex: n})")).next[0]

    def test_to_its_last_page(self, step: Step) -> None:
        one = read(piece(2024, 2023), step)
        assert [(link.url.rpartition("/")[2], link.date) for link in one.links] == [
            ("2024", "2025-01-20"),
            ("2023", "2024-01-20"),
        ]
        two = read(piece(2022), one.next[0])
        assert (len(two.links), two.next, two.problem) == (1, (), "")

    def test_the_columns_page_may_count_where_pieces_do_not(self) -> None:
        (step,) = read(column("var pageCount = 2; $.get('/site/label/8888', {pageIndex: n})")).next
        one = read(piece(2024, 2023, pages=None), step)
        two = read(piece(2022, pages=None), one.next[0])
        assert (len(two.links), two.next, two.problem) == (1, (), "")

    def test_json(self, step: Step) -> None:
        row = {"title": TITLE.format(2024), "link": "/public/content/2024", "createDate": "2025-01-20"}
        page = read(json.dumps({"status": 1, "data": {"total": 1, "pageCount": 1, "data": [row]}}), step)
        assert [(link.title, link.date) for link in page.links] == [(TITLE.format(2024), "2025-01-20")]
        assert (page.next, page.problem) == ((), "")

    def test_a_piece_in_json(self, step: Step) -> None:
        assert len(read(json.dumps({"code": 200, "data": piece(2024, 2023)}), step).links) == 2

    def test_an_empty_category(self, step: Step) -> None:
        assert read("<div class=nodata>暂无相关信息</div>", step).problem == ""

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (piece(2024, 2023), "repeats"),
            (piece(), "page 2 of 2 is empty"),
            (piece(2022, pages=5), "pages went from 2 to 5"),
            (
                "<html><head><title>404</title></head><body><ul><li><a href='/public/content/9'>首页</a></li></ul></body></html>",
                "no list",
            ),
            ("<html><body>系统繁忙，请稍后再试</body></html>", "no list"),
            ('{"status": 500, "msg": "error"}', "error"),
            ("", "no list"),
        ],
    )
    def test_an_odd_second_page_is_never_the_end(self, step: Step, text: str, said: str) -> None:
        one = read(piece(2024, 2023), step)
        two = read(text, one.next[0])
        assert said in two.problem

    def test_the_total_is_held_to(self, step: Step) -> None:
        one = read(piece(2024, 2023, total=4), step)
        two = read(piece(2022, total=4), one.next[0])
        three = read(piece(total=4), two.next[0])
        assert "3 of 4" in three.problem


class TestAReportInsideTheColumn:
    def test_the_years(self) -> None:
        body = (
            "<select id=y><option value=''>请选择</option><option value=2024>2024</option><option>2023年</option></select>"
            "<a href='?type=3&nav=5&sub=3&timeFrame=2022&hasContent=true'>查看</a>"
            "<a href='javascript:void(0)' onclick='go(2021)'>2021年</a>"
            "<a href='?type=3&nav=5&sub=3&timeFrame=2031'>2031</a>"
        )
        found = {column.year: column.url for column in read(column("", body), url=INSIDE).columns}
        assert set(found) == {2024, 2023, 2022, 2021}
        assert found[2023] == INSIDE + "&timeFrame=2023"

    def test_it_leads_to_no_list(self) -> None:
        page = read(column("$.get('/site/label/8888', {pageIndex: n})"), url=INSIDE + "&timeFrame=2021")
        assert (page.next, page.problem) == ((), "")

    def test_it_reads_well(self) -> None:
        text = (
            "<html><head><title>丁县</title></head><body><div class=nav><a href='/'>首页</a></div>"
            f"<h1 class=newstitle>{TITLE.format(2021)}</h1>"
            "<div>发布时间：2022-01-20 信息来源：丁县人民政府办公室</div><div class='gk_content j-fontContent clearfix'>"
            + "<p>一、总体情况</p><p>本机关主动公开政府信息一百二十条，均已按时公开，未发生责任追究情形。</p>" * 5
            + "</div><div>打印 关闭</div></body></html>"
        )
        report = read_report("lonsun", text, INSIDE + "&timeFrame=2021&hasContent=true")
        assert (report.title, report.year, report.source, report.published_on) == (
            TITLE.format(2021), 2021, "丁县人民政府办公室", "2022-01-20",
        )  # fmt: skip
        assert "关闭" not in report.text


def test_hostile_pages_take_no_time() -> None:
    started = time.process_time()
    (step,) = read(column("$.get('/site/label/8888', {pageIndex: n})")).next
    for text in (
        "<script>site/label/8888" + "{" * 100_000,
        "<script>" + "'site/label/8888'," * 20_000,
        "<select>" + "<option value='/a.html'>1" * 30_000,
        "timeFrame=2020&" * 30_000,
        "<ul><li><a href=/public/content/1>x</a></li></ul>" * 10_000,
        "pageCount:" * 50_000,
    ):
        read(text)
        read(text, url=INSIDE)
        read(text, step)
    assert time.process_time() - started < 12
