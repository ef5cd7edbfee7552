"""queryList and its kin: where the parameters stand, how they are asked, what answers look like, and what is no answer."""

import json
from typing import Any

import pytest

from crawler.families.base import Step
from tests.unit.family_reading import TITLE, form, query, read, row, urls, walk

HOST = "https://sthjt.ding.gov.cn"
COLUMN = f"{HOST}/dingsthjt/col/col42150/index.html"
YEARS = list(range(2025, 2014, -1))
PARAMS = """var params = {
    current: 1, // the first
    unitid: '380055', webSiteCode: ['dingsthjt'],
    "channelCode": ["col42150", 'col42151'],
    dataBefore: '', perPage: '5', notReturnContent:false, titleMax: '34', templateContainerId: 'div380055',
};
loadPageData(params, '380055');"""
TEMPLATE = (
    "<script id='div380055' type='text/x-handlebars-template'>{{#each data}}<li><a href='{{pcUrl}}' title='{{title}}'>"
    "{{title}}</a><span>{{formatDate pubDate 'YYYY'}}</span></li>{{/each}}</script>"
)


def shell(code: str = PARAMS, extra: str = "") -> str:
    return (
        '<html><head><base href="/dingsthjt/"><meta name="ColumnName" content="政府信息公开年报"></head>'
        f"<body>{TEMPLATE}<div id=1></div>{extra}<script>{code}</script></body></html>"
    )


def source(year: int) -> dict[str, Any]:
    pc = f"/dingsthjt/col/col42150/content/content_{10**18 + year}.html"
    urls_ = json.dumps({"wap": "/m", "pc": pc})
    return {"title": f"<p>{TITLE.format(year)}</p>", "pubDate": f"{year + 1}-01-20 16:34", "urls": urls_, "id": "1"}


def answered(number: int, size: int = 5) -> str:
    rows = [{"score": 1.0, "source": source(year)} for year in YEARS[(number - 1) * size : number * size]]
    return json.dumps({"code": 200, "msg": "ok", "data": {"total": 11, "hot": [], "results": rows}}, ensure_ascii=False)


def asked(step: Step) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for key, value in step.form or ():
        fields.setdefault(key, []).append(value)
    return fields


def site(step: Step) -> str:
    return answered(int(asked(step)["current"][0])) if step.form else shell()


def test_all_pages() -> None:
    done = walk("querylist", COLUMN, site)
    assert (len(done.links), done.problems) == (11, [])
    assert done.links[0] == f"{HOST}/dingsthjt/col/col42150/content/content_{10**18 + 2025}.html"
    first = done.asked[1]
    assert first.url == f"{HOST}/queryList"
    fields = asked(first)
    assert fields["webSiteCode[]"] == ["dingsthjt"]
    assert fields["channelCode[]"] == ["col42150", "col42151"]
    assert (fields["perPage"], fields["pageSize"], fields["notReturnContent"]) == (["5"], ["5"], ["false"])
    assert dict(first.headers)["Referer"] == COLUMN


def test_titles_and_dates() -> None:
    (step,) = read("querylist", COLUMN, shell()).next
    link = read("querylist", COLUMN, answered(1), step, COLUMN).links[0]
    assert (link.title, link.date) == (TITLE.format(2025), "2026-01-20")


@pytest.mark.parametrize(
    ("code", "url", "kind"),
    [
        ("$.ajax({url:'/site/api/queryList', type:'post', data: {channelCode:['c1'], webSiteCode:['s'], pageNo: p, pageSize: 20}})",
         "/site/api/queryList", "form"),
        ("var q = {channelCode:['c1'], webSiteCode:['s'], pageNo:1, pageSize:20};\n$.post(ctx + '\\/queryList', q, function(d){})",
         "/queryList", "form"),
        ("fetch(`/queryList`, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(p)});"
         "var p = {channelCode:['c1'], webSiteCode:['s'], pageNo:1, pageSize:20}", "/queryList", "json"),
        ("$.ajax({type:\"GET\", url:\"/queryList\", data:{channelCode:['c1'], webSiteCode:['s'], pageNo:1, pageSize:'20'}})",
         "/queryList", "query"),
    ],
    ids=range(4),
)  # fmt: skip
def test_an_interface_that_the_page_names(code: str, url: str, kind: str) -> None:
    (step,) = read("querylist", COLUMN, shell(code)).next
    assert step.url.partition("?")[0] == HOST + url
    fields: dict[str, Any] = json.loads(step.json) if kind == "json" else form(step) if kind == "form" else query(step)
    expected = {"channelCode": ["c1"], "webSiteCode": ["s"], "pageNo": 1, "pageSize": 20}
    if kind != "json":
        expected = {"channelCode[]": "c1", "webSiteCode[]": "s", "pageNo": "1", "pageSize": "20"}
    assert fields == expected
    assert (step.form is None, bool(step.json)) == (kind != "form", kind == "json")


@pytest.mark.parametrize(
    "page",
    [
        "<div data-channelCode='c1' data-website-code=\"s\" data-unitid=7 data-perPage='20'></div><script>loadPageData()</script>",
        "<input type=hidden name=channelCode value=c1><input type=hidden name=webSiteCode value=s><input type=hidden name=unitid value=7>"
        "<input type=hidden name=perPage value=20>",
        "<script>var params = {}; params.channelCode = ['c1']; params.webSiteCode=['s'];params.unitid = \"7\"; params.perPage = 20;"
        "$.post('/queryList', params)</script>",
        "<script>$.ajax({type:'post',url:'/queryList',data:'current=1&unitid=7&webSiteCode[]=s&channelCode[]=c1&perPage=20'})</script>",
    ],
    ids=range(4),
)
def test_parameters_elsewhere(page: str) -> None:
    (step,) = read("querylist", COLUMN, f"<html><body>{page}</body></html>").next
    assert step.url == f"{HOST}/queryList"
    expected = {
        "channelCode[]": "c1",
        "webSiteCode[]": "s",
        "unitid": "7",
        "perPage": "20",
        "pageSize": "20",
        "current": "1",
    }
    assert form(step) == expected


@pytest.mark.parametrize(
    "wrong",
    ["<html>登录</html>", "", "null", '{"code":500,"msg":"系统异常"}', '{"code":200,"data":null}', '{"data":{"results":[]}}', "[" * 3000,
     '{"data":{"results":[{"source":{"a":1}}]}}', '{"code":401,"data":{"results":[],"total":0}}'],
    ids=range(9),
)  # fmt: skip
@pytest.mark.parametrize("page", ["1", "2", "3"])
def test_an_answer_that_is_no_list(wrong: str, page: str) -> None:
    done = walk("querylist", COLUMN, lambda step: wrong if step.form and form(step)["current"] == page else site(step))
    assert not done.complete
    assert len(done.links) == 5 * (int(page) - 1)


def test_the_number_is_not_read() -> None:
    done = walk("querylist", COLUMN, lambda step: answered(1) if step.form else shell())
    assert (len(done.links), done.complete) == (5, False)


@pytest.mark.parametrize(
    "urls_",
    ['{"pc":"/a/content_1.html"}', "/a/content_1.html", {"pc": "/a/content_1.html"}, "{&quot;pc&quot;:&quot;/a/content_1.html&quot;}",
     '{"wap":"/w.html","pc":"//sthjt.ding.gov.cn/a/content_1.html"}', f"{HOST}/a/content_1.html", ["/a/content_1.html"]],
    ids=range(7),
)  # fmt: skip
def test_addresses(urls_: object) -> None:
    (step,) = read("querylist", COLUMN, shell()).next
    text = json.dumps({"data": {"total": 1, "results": [{"source": {"title": TITLE.format(2020), "urls": urls_}}]}})
    page = read("querylist", COLUMN, text, step, COLUMN)
    assert (urls(page), page.problem, page.next) == ([f"{HOST}/a/content_1.html"], "", ())


def test_bare_organs_in_the_annual_column() -> None:
    (step,) = read("querylist", COLUMN, shell()).next
    text = json.dumps(
        {
            "data": {
                "total": 2,
                "list": [{"title": "丁县财政局", "url": "/x?id=1"}, {"title": "丁县部门预算", "url": "/x?id=2"}],
            }
        }
    )
    assert urls(read("querylist", COLUMN, text, step, COLUMN, annual=True)) == [f"{HOST}/x?id=1"]


class TestDialects:
    def test_suzhou(self) -> None:
        code = (
            "function load(n){$.ajax({type:'post',url:'/szinf/xxgk/interfacesWebZcwj/loadData?pageSize=4',"
            "data:{pageIndex:n,channel_id:'a1b2'}})}"
        )

        def answer(step: Step) -> str:
            if not step.form:
                return shell(code)
            assert (query(step)["pageSize"], form(step)["channel_id"]) == ("4", "a1b2")
            number = int(form(step)["pageIndex"])
            rows = [
                {
                    "TITLE": TITLE.format(year),
                    "URL": f"http://sthjt.ding.gov.cn/s/{year}/{year:032x}.shtml",
                    "PUBLISHED_TIME_FORMAT": f"{year + 1}-01-20",
                }
                for year in YEARS[(number - 1) * 4 : number * 4]
            ]
            return json.dumps({"data": {"allRow": 11, "totalPage": 3, "list": rows}})

        done = walk("querylist", COLUMN, answer)
        assert (len(done.links), done.problems, len(done.asked)) == (11, [], 4)

    def test_cac(self) -> None:
        code = (
            "var getItem = function (id, max) { var channelCode = 'A0905';\n$.ajax({type: 'POST', url: '/cms/JsonList',"
            "data: {channelCode:channelCode,perPage:'5',pageno:id}, dataType: 'json', "
            "success: function(data){ var topic = item.topic; }}) }"
        )

        def answer(step: Step) -> str:
            if not step.form:
                return shell(code)
            assert form(step)["channelCode"] == "A0905"
            number = int(form(step)["pageno"])
            rows = [
                {
                    "topic": TITLE.format(year),
                    "infourl": f"//sthjt.ding.gov.cn/{year}-01/20/c_{year}.htm",
                    "pubtime": f"{year + 1}-01-20 10:00:00.0",
                }
                for year in YEARS[(number - 1) * 5 : number * 5]
            ]
            return json.dumps({"totalRec": "11", "list": rows})

        done = walk("querylist", COLUMN, answer)
        assert (len(done.links), done.problems) == (11, [])

    def test_a_section_that_is_the_interface(self) -> None:
        section = f"{HOST}/cms/JsonList?channelCode=A0905&perPage=5"
        (step,) = walk("querylist", section, lambda step: '{"totalRec":0,"list":[]}').asked
        assert (step.url, form(step)) == (
            f"{HOST}/cms/JsonList?perPage=5",
            {"pageno": "1", "channelCode": "A0905", "perPage": "5"},
        )


def test_rows_that_the_page_embeds() -> None:
    rows = json.dumps([source(2025), source(2024)], ensure_ascii=False)
    embedded = f"<script>var listData = {{ articleList: {rows}, }};</script>"
    page = read("querylist", COLUMN, shell("", embedded))
    assert len(page.links) == 2
    assert "names no interface" in page.problem
    page = read("querylist", COLUMN, shell(PARAMS, embedded))
    assert (len(page.links), len(page.next), page.problem) == (2, 1, "")


def test_a_template_whose_interface_is_not_found() -> None:
    page = read("querylist", COLUMN, shell("loadPageData(window.p)"))
    assert "no interface" in page.problem


def test_a_plain_list() -> None:
    page = read("querylist", COLUMN, row("./content_1.html", TITLE.format(2020)) + "<a href='index_2.html'>下一页</a>")
    assert (len(page.links), len(page.next), page.problem) == (1, 1, "")
