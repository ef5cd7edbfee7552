"""What interface families share: literals in scripts, JSON answers, pieces of HTML, and where a list stands."""

import json
import time
from typing import Any

import pytest

from crawler import families
from crawler.families import answers, literals
from crawler.families.base import Listing, Step
from crawler.families.cursor import Cursor, advance
from crawler.families.fragments import fragment


class TestLiterals:
    @pytest.mark.parametrize(
        ("code", "value"),
        [
            ('{"a":1}', {"a": 1}),
            ("{a:'x', 'b' : \"y\\u4e2d\", c-d: 3}", {"a": "x", "b": "y中", "c-d": 3}),
            ("{a: true, b: null, c: undefined, d: -1.5}", {"a": True, "b": None, "c": None, "d": -1.5}),
            ("{a: name, b: other}", {"a": "held", "b": None}),
            ("{a: 'x' + name + 1}", {"a": "xheld1"}),
            ("{a: f(1, {b: 2}), c: 'z'}", {"a": None, "c": "z"}),
            ("{a: function (x) { return {y: '}'}; }, b: 1}", {"a": None, "b": 1}),
            ("{a: x => ({b: 1}), c: 2}", {"a": None, "c": 2}),
            ("{a: y ? 'one' : 'two', c: 2}", {"a": None, "c": 2}),
            ("{ /* a: 0, */ a: [1, 'b', {c: []}], // d: 4\n e: 5, }", {"a": [1, "b", {"c": []}], "e": 5}),
            ("{name, a: 1}", {"name": "held", "a": 1}),
            ("{a: $('#box').val(), b: document.getElementById('box').value}", {"a": "in", "b": "in"}),
            ("{a: JSON.stringify({b: 1}), c: encodeURIComponent(name)}", {"a": {"b": 1}, "c": "held"}),
            ("{a: `x`, b: `y${name}`}", {"a": "x", "b": None}),
            ("  {'a':'<b>\"</b>'}", {"a": '<b>"</b>'}),
        ],
    )
    def test_values(self, code: str, value: object) -> None:
        assert literals.literal(code, 0, {"name": "held", "#box": "in"}) == value

    @pytest.mark.parametrize(
        "code", ["", "{", "{a:", "{a:'x", "[1,", "}", "{a:1", "[" * 100 + "'x'" + "]" * 100, "{a:(" * 100]
    )
    def test_none(self, code: str) -> None:
        with pytest.raises(literals.NoLiteral):
            literals.literal(code)

    def test_variables(self) -> None:
        code = "var a='1', b = \"2\"; c=3\nx.d = '4'; if (e == '5') {} var f = '6' + g; a = 'later'; // end"
        assert literals.variables(code) == {"a": "1", "b": "2", "c": "3"}


class TestAnswers:
    @pytest.mark.parametrize(
        "value",
        [
            {"data": {"results": [{"source": {"title": "甲", "urls": '{"pc":"/a.html"}'}}], "total": 1}},
            {"data": {"list": [{"TITLE": "甲", "URL": "/a.html"}], "allRow": "1"}},
            {"list": [{"topic": "甲", "infourl": "//h.gov.cn/a.html"}], "totalRec": 1},
            {"result": {"page": {"total": 1, "rows": [{"docTitle": "甲", "docPubUrl": "http://h.gov.cn/a.html"}]}}},
            {"hits": {"total": {"value": 1}, "hits": [{"_source": {"title": "甲", "url": "/a.html"}}]}},
            json.dumps({"total": 1, "rows": [{"title": "甲", "url": "/a.html"}]}),
            {"total": 1, "data": json.dumps([{"title": "甲", "link": "/a.html"}])},
        ],
        ids=range(7),
    )
    def test_shapes(self, value: Any) -> None:
        for text in (json.dumps(value), f"\ufeff callback_1({json.dumps(value)});"):
            read = answers.read(text, "http://h.gov.cn/x/")
            assert [(row.url, row.title) for row in read.rows] == [("http://h.gov.cn/a.html", "甲")]
            assert (read.total, read.problem) == (1, "")

    def test_a_count_of_a_full_page_is_no_total(self) -> None:
        rows = [{"title": "甲", "url": f"/{n}.html"} for n in range(3)]
        assert answers.read(json.dumps({"count": 3, "list": rows}), "http://h.gov.cn/", 3).total is None
        assert answers.read(json.dumps({"count": 3, "list": rows}), "http://h.gov.cn/", 15).total == 3
        assert answers.read(json.dumps({"count": 30, "list": rows}), "http://h.gov.cn/", 3).total == 30

    @pytest.mark.parametrize(
        ("value", "day"),
        [
            ("2021-1-2 10:00", "2021-01-02"), ("2021年01月02日", "2021-01-02"), (1609516800, "2021-01-02"), (1609516800000, "2021-01-02"),
            ("1609516800000", "2021-01-02"), ("", ""), (None, ""), (True, ""), (-5, ""), (1e300, ""), ({}, ""), ("20210102", ""),
        ],
    )  # fmt: skip
    def test_days(self, value: object, day: str) -> None:
        assert answers.day_of(value) == day


ONE = ["a", "b", "c"]


def pages(*rows: list[str], total: int | None = None, count: int | None = None) -> tuple[int, str]:
    """How many pages are asked for, and what is wrong in the end."""
    cursor: Cursor | None = Cursor()
    asked = 0
    while cursor is not None and asked < 30:
        page = rows[asked] if asked < len(rows) else rows[-1]
        asked += 1
        turn = advance(cursor, page, len(page), total, count)
        if turn.problem:
            return asked, turn.problem
        cursor = turn.onward
    return asked, "" if cursor is None else "no end"


class TestCursor:
    @pytest.mark.parametrize(
        ("rows", "total", "count", "asked"),
        [
            ([ONE, ["d", "e"]], 5, None, 2),
            ([ONE, ["d", "e"]], None, 2, 2),
            ([ONE, ["d", "e"], []], None, None, 3),
            ([ONE, ["d", "e"], ["d", "e"]], None, None, 3),
            ([[]], 0, None, 1),
            ([ONE], 3, None, 1),
            ([ONE, ["c", "d"], []], 5, None, 3),  # c twice
            ([["p", "a"], ["p", "b"], ["p", "c"]], 4, None, 3),  # p on each page
            ([ONE, ["d"]], 4, 2, 2),
        ],
    )
    def test_an_end(self, rows: list[list[str]], total: int | None, count: int | None, asked: int) -> None:
        assert pages(*rows, total=total, count=count) == (asked, "")

    @pytest.mark.parametrize(
        ("rows", "total", "count"),
        [
            ([ONE, ONE], 9, None),
            ([ONE, ONE], None, None),
            ([ONE, ["c", "b", "a"]], 6, None),
            ([ONE, ONE], None, 3),
            ([ONE, []], 9, None),
            ([ONE, []], None, 2),
            ([ONE, ["d", "e", "f"], ["d", "e", "f"]], 9, None),
            ([ONE, ["d", "e", "f"], ["d", "e", "f"]], None, 3),
            ([ONE, ["d", "e", "f"], ONE], None, None),
            ([["a"], ["a"]], 3, None),
        ],
    )
    def test_no_end(self, rows: list[list[str]], total: int | None, count: int | None) -> None:
        assert pages(*rows, total=total, count=count)[1] not in ("", "no end")


class TestFragments:
    def test_a_row_is_a_box(self) -> None:
        html = (
            "<ul><li><a href='/c/'>[年报]</a><a href='/art/2021/art_1_2.html'>甲县财政局</a><img></li>"
            "<li><a href='/x?id=1'>乙县民政局</a> 2021-01-02</li><li><a href='javascript:;'>丙县教育局的文件</a></li></ul>"
            "<a href='/y.pdf'>散件一份</a><div class='pagination'><a href='?p=2'>2</a><a href='?p=3'>尾页</a></div>"
        )
        read = fragment(html, "http://h.gov.cn/")
        assert read.urls == ("http://h.gov.cn/art/2021/art_1_2.html", "http://h.gov.cn/x?id=1", "http://h.gov.cn/y.pdf")
        assert read.listed == 4

    @pytest.mark.parametrize(
        ("html", "said"),
        [
            ("<p class=x count=48 rows=24 pageNo=1>", (48, None)),
            ("<p class=page total='0'>", (0, None)),
            ("<i id=c count=3></i>共 2 页", (None, 2)),
            ("共48条 第1/4页", (48, 4)),
            ("共有 48 条记录", (48, None)),
            ("第 1 页", (None, None)),
        ],
    )
    def test_pagers(self, html: str, said: tuple[int | None, int | None]) -> None:
        read = fragment(f"<div>{html}</div>", "http://h.gov.cn/")
        assert (read.total, read.pages) == said


BOMBS = (
    '\\"' * 60_000, "{a:/*," * 20_000, '{"a":' * 20_000, "<a href=a " * 20_000, "<script>url='" * 20_000, "<script>channelCode {" * 15_000,
    "<script>'page/build/unit" * 8_000, "<script>" + '\\"' * 60_000 + "channelCode queryList", "<script>" + "{channelCode:" * 10_000,
    "<script>" + "'t1_1.html','甲',(" * 8_000, "<script>loadDynamic('xxgk/search.jsp" * 5_000, "funclick('a'," * 10_000,
    "<script>articleList:[{" * 5_000, "<script>queryList channelCode {a:/*" * 4_000, "<script>" + 'a="' * 30_000 + "queryList",
    "<li count=1>" * 20_000, "<option>2020年" * 20_000, '{"data":' * 5_000, '[{"title":"a","url":"b"},' * 5_000,
)  # fmt: skip


@pytest.mark.parametrize("name", ["hanweb", "querylist", "trs", "gkmlpt"])
def test_bombs(name: str) -> None:
    """Neither a column nor an answer takes long, whatever it holds."""
    family = families.get(name)
    state = {
        "hanweb": '{"type":"unit","url":"http://h/u?webId=1","param":{},"page_key":"pageNo","size_key":"pageSize","size":15,"base":"http://h/",'
        '"referer":"http://h/","alone":true}',
        "querylist": '{"url":"http://h/queryList","fields":[],"page":"current","size_keys":["perPage"],"size":15,"body":"form","base":"http://h/",'
        '"referer":"http://h/"}',
        "gkmlpt": '{"type":"articles","base":"http://h","category":"1","sid":"2","referer":"http://h/"}',
        "trs": "",
    }[name]
    started = time.process_time()
    for bomb in BOMBS:
        for url in (
            "http://h.gov.cn/nb/",
            "http://h.gov.cn/module/xxgk/tree.jsp",
            "http://h.gov.cn/module/xxgk/xxgkAnnualReport.jsp?area=1",
        ):
            family.read(Listing(url, bomb, Step(url), url, None, 2026))
        assert not family.read(
            Listing("http://h/u", bomb, Step("http://h/u", state=state), "http://h/nb/", None, 2026)
        ).links
    assert time.process_time() - started < 40
