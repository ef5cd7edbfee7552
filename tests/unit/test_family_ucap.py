"""Ucap: lists by JSON, by forms, by numbered pages; what an answer must be to count; its report pages."""

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.families.base import ListPage, Step
from tests.unit.family_lists import read_list, read_report

COLUMN = "https://jyt.jia.gov.cn/jyt/c250121/zwgklist.shtml"
CHANNEL = "61eaab3127b040d4950fff177f09e561"
TITLE = "甲省教育厅{}年政府信息公开工作年度报告"


def read(text: str, step: Step | None = None, url: str = COLUMN) -> ListPage:
    return read_list("ucap", text, url, step, annual=step is not None)


def column(script: str, body: str = "", head: str = "") -> str:
    return (
        f"<html><head><title>政府信息公开年报</title>{head}</head><body>{body}<script>{script}</script></body></html>"
    )


def answer(years: list[int], total: int | None, **data: Any) -> str:
    rows = [
        {
            "title": TITLE.format(year),
            "url": f"/jyt/c250121/202501/{year:032x}.shtml",
            "publishedTimeStr": "2025-01-20 09:00:00",
        }
        for year in years
    ]
    inner = {"results": rows, **({} if total is None else {"total": total}), **data}
    return json.dumps({"code": 200, "msg": "操作成功", "data": inner})


def asked(step: Step) -> dict[str, str]:
    if step.json:
        return {key: str(value) for key, value in json.loads(step.json).items()}
    if step.form is not None:
        return dict(step.form)
    return {key: values[0] for key, values in parse_qs(urlsplit(step.url).query, keep_blank_values=True).items()}


class TestWhatIsAskedFor:
    @pytest.mark.parametrize(
        "page",
        [
            column(f'var channelId="{CHANNEL}";$.ajax({{url:"/common/search/"+channelId+"?page="+n+"&_isJson=true"}})'),
            column(f"$.get('/common/search/{CHANNEL}', {{page: n, _isJson: true}}, draw)"),
            column(
                "fetch(`/common/search/${window.cfg.channelId}?page=${no}`)", f"<b data-channel-id='{CHANNEL}'></b>"
            ),
            column(
                "axios.get(ctx + '/common/search/' + $('#channelId').val(), {params: {page: 1}})",
                f"<input id=channelId value={CHANNEL}>",
            ),
            column(
                f"function load(id, page) {{ $.getJSON('/common/search/' + id + '?page=' + page); }} load('{CHANNEL}', 1)"
            ),
            column(
                "var u='common\\/search\\/'+cid; $.get(host + u)", head=f'<META content="{CHANNEL}" NAME="ChannelId">'
            ),
            column(
                "var n=1", f'<div class="list" data-api="/common/search/{CHANNEL}?_isAgg=true&amp;_isJson=true"></div>'
            ),
            column("var n=1", "<div id=list></div>", head=f'<meta name="channelid" content="{CHANNEL}">'),
            column("", f"<script><!--\n$.get('/common/search/{CHANNEL}')\n//--></script>"),
            column(
                f"/* $.get('/common/search/00') */ // $.get('/common/search/11')\n$.get('/common/search/{CHANNEL}')",
                "<!-- <script>$.get('/common/search/22')</script> -->",
            ),
        ],
    )
    def test_the_channel_is_found_however_it_is_named(self, page: str) -> None:
        (step,) = read(page).next
        assert urlsplit(step.url)._replace(query="").geturl() == f"https://jyt.jia.gov.cn/common/search/{CHANNEL}"
        assert asked(step)["page"] == "1"
        assert asked(step)["_isJson"] == "true"
        assert dict(step.headers)["Referer"] == COLUMN

    @pytest.mark.parametrize(
        ("script", "as_json"),
        [
            ("$.post('/getFileListByCodeId', {channelId: '%s', page: page, size: 20}, draw)", False),
            ("var q = {'channelId': \"%s\", page: 1, size: 20}; axios.post('/getFileListByCodeId', q)", True),
            (
                "$.ajax({type: 'POST', url: '/getFileListByCodeId', data: {channelId: '%s', page: cur, size: 20}})",
                False,
            ),
            (
                "fetch('/getFileListByCodeId', {method: 'POST', headers: {'Content-Type': 'application/json'}, "
                "body: JSON.stringify({channelId: '%s', page: 1, size: 20})})",
                True,
            ),
            (
                "var xhr = new XMLHttpRequest(); xhr.open('POST', '/getFileListByCodeId'); var channelId='%s', size=20;",
                False,
            ),
        ],
    )
    def test_files_by_code(self, script: str, as_json: bool) -> None:
        (step,) = read(column(script % CHANNEL)).next
        assert step.url == "https://jyt.jia.gov.cn/getFileListByCodeId"
        assert bool(step.json) == as_json
        fields = asked(step)
        assert (fields["channelId"], fields["page"], fields["size"]) == (CHANNEL, "1", "20")
        assert fields["relateSubChannels"].lower() == "false"

    def test_search_list(self) -> None:
        head = f"<meta name='channelid' content='{CHANNEL}'>"
        script = "$.ajax({url: '/searchList/' + channelId + '?_isAgg=true&_pageSize=18&_channelName=&page=' + p})"
        (step,) = read(column(script, head=head)).next
        assert urlsplit(step.url).path == f"/searchList/{CHANNEL}"
        assert asked(step)["_pageSize"] == "18"

    def test_other_channels_beside_the_columns_own_are_not_its_list(self) -> None:
        script = f"$.get('/common/search/{'0' * 32}?page=1', news); $.get('/common/search/{CHANNEL}?page='+n, draw)"
        page = read(column(script, head=f"<meta name=channelId content={CHANNEL}>"))
        assert [urlsplit(step.url).path for step in page.next] == [f"/common/search/{CHANNEL}"]

    def test_the_tabs_of_a_page_are_all_its_lists(self) -> None:
        script = (
            f"function load(id, page) {{ $.get('/common/search/' + id + '?page=' + page, draw) }} load('{CHANNEL}', 1)"
        )
        tabs = f"<a onclick=\"load('{'1' * 32}', 1)\">部门</a><a onclick=\"load('{'2' * 32}', 1)\">乡镇</a>"
        news = f"<script>$.get('/common/search/{'9' * 32}?page=1&_pageSize=5', news)</script>"
        page = read(column(script, tabs + news, head=f"<meta name=channelId content={CHANNEL}>"))
        asked_for = {urlsplit(step.url).path.rpartition("/")[2] for step in page.next}
        assert asked_for == {CHANNEL, "1" * 32, "2" * 32}
        # So they are where the page does not say which channel it is: what never turns its page is no list.
        assert {urlsplit(step.url).path for step in read(column(script, tabs + news)).next} == {
            urlsplit(step.url).path for step in page.next
        }

    def test_the_box_that_searches_the_site_is_no_list(self) -> None:
        page = read(
            column("$.get('/common/search/1?searchWord=' + 'x' + '&q=年报')")
            + "<li><a href='202501/1.shtml'>x</a></li>"
        )
        assert page.next == ()

    def test_an_interface_without_a_channel_is_told(self) -> None:
        assert "no channel" in read(column("$.get('/common/search/' + theChannelOfAScriptElsewhere)")).problem

    def test_the_interface_may_be_the_section(self) -> None:
        url = f"https://jyt.jia.gov.cn/common/search/{CHANNEL}?_isAgg=true&_isJson=true&_pageSize=2"
        page = read(answer([2024, 2023], 3), url=url)
        assert len(page.links) == 2
        (step,) = page.next
        assert asked(step)["page"] == "2"
        assert len(read(answer([2022], 3), step).links) == 1


class TestRows:
    def test_what_a_row_says(self) -> None:
        (step,) = read(column(f"$.get('/common/search/{CHANNEL}')")).next
        rows = [
            {
                "title": "<em>甲省教育厅</em>2024年政府信息&#20844;开工作年度报告",
                "url": "//jyt.jia.gov.cn/jyt/c1/content.shtml",
            },
            {"title": TITLE.format(2023), "url": "/jyt/c250121/202401/2.shtml", "publishedTime": 1705708800000},
            {"title": "甲省教育厅2023年度部门预算", "url": "/x.shtml"},
        ]
        page = read(json.dumps({"data": {"total": 3, "results": rows}}), step)
        assert [(link.url, link.title) for link in page.links] == [
            ("https://jyt.jia.gov.cn/jyt/c1/content.shtml", TITLE.format(2024)),
            ("https://jyt.jia.gov.cn/jyt/c250121/202401/2.shtml", TITLE.format(2023)),
        ]
        assert page.links[1].date == "2024-01-20"
        assert (page.listed, page.next, page.problem) == (3, (), "")

    def test_the_pages_own_rows_and_side_bar(self) -> None:
        bar = "<ul id=nb_list><li><a href='/jyt/c250121/'>2024</a><li><a href='/jyt/c240106/'>2023年</a></ul>"
        old = f"<!-- <li><a href='/jyt/c1/202001/1.shtml'>{TITLE.format(2010)}</a></li> -->"
        page = read(column(f"$.get('/common/search/{CHANNEL}')", bar + old))
        assert page.links == ()
        # Its own folder is this column.
        assert [(item.url, item.year) for item in page.columns] == [("https://jyt.jia.gov.cn/jyt/c240106/", 2023)]

    def test_a_report_without_an_address_is_told(self) -> None:
        (step,) = read(column(f"$.get('/common/search/{CHANNEL}')")).next
        rows = [{"title": TITLE.format(2024), "url": ""}]
        assert "without an address" in read(json.dumps({"data": {"total": 1, "results": rows}}), step).problem


class TestTheEnd:
    @pytest.fixture
    def step(self) -> Step:
        return read(column(f"$.get('/common/search/{CHANNEL}?page='+p)")).next[0]

    def test_to_the_total(self, step: Step) -> None:
        one = read(answer([2024, 2023], 3), step)
        assert (len(one.links), one.problem) == (2, "")
        two = read(answer([2022], 3), one.next[0])
        assert (len(two.links), two.next, two.problem) == (1, (), "")

    def test_without_a_total_an_empty_page_is_the_end(self, step: Step) -> None:
        one = read(answer([2024, 2023], None), step)
        two = read(answer([2022], None), one.next[0])
        three = read(answer([], None), two.next[0])
        assert (three.next, three.problem) == ((), "")

    def test_without_a_total_a_server_may_repeat_its_last_page(self, step: Step) -> None:
        one = read(answer([2024, 2023], None), step)
        two = read(answer([2022], None), one.next[0])
        three = read(answer([2022], None), two.next[0])
        assert (three.next, three.problem) == ((), "")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('{"code": 500, "msg": "服务异常", "data": null}', "服务异常"),
            ('{"success": false, "data": {"results": []}}', "error"),
            ("<html><head><title>x</title></head><body>系统繁忙</body></html>", "no list"),
            ("<html><body><ul><li><a href='/jyt/c1/202501/12345.shtml'>甲</a></li></ul></body></html>", "no list"),
            ("", "no JSON"),
            ("null", "no JSON"),
            ("[]", ""),
            ('{"data": {"total": 3, "results": []}}', "2 of 3"),
            ('{"data": {"total": 3, "results": nul', "no JSON"),
            ('{"data": {"channelId": "x"}}', "no list"),
            (answer([2022], 0), "no rows and lists 1"),
            (answer([2022], 5), "from 3 to 5"),
            (answer([2024, 2023], 3), "repeats"),
            (answer([2023, 2024], 3), "repeats"),
            (answer([2022, 2021, 2020], 3), "5 rows and says 3"),
        ],
    )
    def test_an_odd_second_page_is_never_the_end(self, step: Step, text: str, said: str) -> None:
        one = read(answer([2024, 2023], 3), step)
        two = read(text, one.next[0])
        assert two.problem
        assert said in two.problem

    def test_overlapping_pages_are_not_whole(self, step: Step) -> None:
        """An index that sorts equal dates otherwise each time gives one row twice and another never."""
        one = read(answer([2024, 2023], 4), step)
        two = read(answer([2023, 2022], 4), one.next[0])
        three = read(answer([], 4), two.next[0])
        assert "3 of 4" in three.problem

    def test_nothing_is_a_list_of_nothing_only_if_it_says_so(self, step: Step) -> None:
        assert read(answer([], 0), step).problem == ""
        assert read(answer([], None), step).problem

    def test_an_answer_in_html(self, step: Step) -> None:
        rows = "".join(f"<li><a href='202501/{year}0.shtml'>{TITLE.format(year)}</a></li>" for year in (2024, 2023))
        page = read(f"<ul>{rows}</ul><script>createPageHTML('page_div',2, 1,'list','shtml',3);</script>", step)
        assert (len(page.links), len(page.next), page.problem) == (2, 1, "")


class TestPlainLists:
    @pytest.mark.parametrize(
        ("pager", "here", "onward"),
        [
            ("createPageHTML('page_div',10, 1,'zwgklist','shtml',200);", "/zwgklist.shtml", "/zwgklist_2.shtml"),
            (
                'createPageHTML("page_div" , "10" , "2" , "zwgklist" , ".shtml" , "200")',
                "/zwgklist_2.shtml",
                "/zwgklist_3.shtml",
            ),
            ("createPageHTML('page_div',10,1,'common_list','shtml',200);", "/", "/common_list_2.shtml"),
            ("var t=10,c=1,p='xlist'; createPageHTML('page_div',t,c,p,'shtml',189)", "/xlist.shtml", "/xlist_2.shtml"),
            ("createPageHTML('page_div',10,10,'zwgklist','shtml',200);", "/zwgklist_10.shtml", None),
            ("createPageHTML('page_div',1,1,'zwgklist','shtml',3);", "/zwgklist.shtml", None),
        ],
    )
    def test_numbered_pages(self, pager: str, here: str, onward: str | None) -> None:
        base = "https://jyt.jia.gov.cn/jyt/c250121"
        rows = f"<LI><A HREF=202501/{'a' * 32}.shtml TITLE='{TITLE.format(2024)}'>甲省…</A><I>2025-01-20</I>"
        page = read(column(pager, rows), url=base + here)
        assert [step.url for step in page.next] == ([base + onward] if onward else [])
        assert (len(page.links), page.problem) == (1, "")

    def test_a_template_without_its_rows_is_missed(self) -> None:
        """The pager says 5 rows on 3 pages; page 2 shows the frame and what is hot, and none of its rows."""
        hot = f"<div class=hot><a href=/xw/202601/{'b' * 32}.shtml>全省教育工作会议召开</a></div>"

        def list_page(number: int, *years: int) -> ListPage:
            rows = "".join(f"<li><a href=202501/{year:032x}.shtml>{TITLE.format(year)}</a></li>" for year in years)
            text = column(f"createPageHTML('page_div',3,{number},'zwgklist','shtml',5)", rows + hot)
            where = COLUMN if number == 1 else COLUMN.replace(".shtml", f"_{number}.shtml")
            return read_list("ucap", text, COLUMN, Step(where, number=number - 1), pages=3)

        whole = [list_page(1, 2024, 2023), list_page(2, 2022, 2021), list_page(3, 2020)]
        assert sum(page.listed for page in whole) >= (whole[-1].expected or 0) > 0
        stub = [list_page(1, 2024), list_page(2), list_page(3)]
        assert sum(page.listed for page in stub) - 2 < (stub[-1].expected or 0)

    def test_an_empty_column_that_says_so_is_not_asked_elsewhere(self) -> None:
        for body in ("<p>暂无相关信息</p>", "<script>createPageHTML('page_div',0,1,'list','shtml',0)</script>"):
            page = read(column("", body, head=f"<meta name=channelid content={CHANNEL}>"))
            assert (page.next, page.problem) == ((), "")


class TestPages:
    BODY = "<p>一、总体情况</p><p>依据条例编制本报告，本机关主动公开政府信息一百二十条，均已按时公开。</p>" * 6

    @pytest.mark.parametrize(
        "box",
        [
            "<UCAPCONTENT>{}</UCAPCONTENT>",
            "<div id='zoomcon'><UCAPCONTENT>{}</UCAPCONTENT></div>",
            '<div id="UCAP-CONTENT">{}</div>',
        ],
    )
    def test_title_date_source_and_body(self, box: str) -> None:
        text = (
            f"<html><head><title>甲省教育厅</title></head><body><div>您的位置：<a href='/'>首页</a></div>"
            f"<div class=top><h2><UCAPTITLE>{TITLE.format(2024)}</UCAPTITLE></h2><p>发布时间：2025-01-20 来源：甲省教育厅</p></div>"
            f"{box.format(self.BODY + '#PAGE_BREAK#' + '<p>二、主动公开</p>')}<div>上一篇：<a href='1.shtml'>通知</a></div></body></html>"
        )
        report = read_report("ucap", text, COLUMN)
        assert (report.title, report.organ, report.year, report.published_on) == (
            TITLE.format(2024),
            "甲省教育厅",
            2024,
            "2025-01-20",
        )
        assert "PAGE_BREAK" not in report.text
        assert "上一篇" not in report.text


def test_hostile_pages_take_no_time() -> None:
    started = time.process_time()
    for text in (
        "<script>" + "'/common/search/'+" * 20_000,
        "<script>" + "function f(a){" * 20_000 + "'/common/search/'+a",
        "<script>" + "$.ajax({url:'/common/search/x',data:{" * 3_000,
        "<script>" + "a:'" * 100_000,
        "<div data-a='{a:1," * 20_000,
        "<script>`" + "${" * 100_000,
        '{"a":' * 50_000,
    ):
        read(text)
        read(text, read(column(f"$.get('/common/search/{CHANNEL}')")).next[0])
    assert time.process_time() - started < 10
