"""Asking in SQL: saved queries, Datasette's pages in our frame, results as files, and what a query may not do."""

import csv
import io
import json
import re
import sqlite3
import time
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import openpyxl
import pytest

from monitor.home import Home
from monitor.store import Store, read_only
from monitor.web import query_words
from monitor.web.queries import FEW, WIDE
from monitor.web.saved_queries import MONTH, NOW, SAVED, VIEWS
from tests.unit.figures_record import HOSTILE, Made, make
from tests.web.conftest import Look, Pages, Served

DOCS = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
PATHS = [
    "/query",
    "/nianbao/本月变更",
    "/nianbao/机关历年新收?机关=海棠",
    "/nianbao/年报一览?_size=20&_facet=年度",
    "/nianbao/统计数据?_size=5",
    "/nianbao/reports/1",
    "/nianbao/figures?_size=10",
    "/nianbao?sql=SELECT+年度,+count(*)+FROM+年报一览+GROUP+BY+1",
]


@pytest.mark.browser
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_page_opens_without_a_fault(served: Served, look: Look, path: str, width: int, dark: bool) -> None:
    seen = look(served.url + path, width=width, dark=dark)
    assert seen.said == ()
    assert seen.faults == ()
    assert "style=" not in seen.html
    assert "Datasette" not in seen.text


@pytest.mark.browser
def test_keys_and_clicks_of_the_editor(served: Served, look: Look) -> None:
    def use(page: Any) -> None:
        page.fill("#sql", "SELECT 41 + 1 AS 答案")
        page.press("#sql", "Control+Enter")
        page.wait_for_selector("text=答案")
        page.click("details.names > summary")
        page.click("details.names details >> nth=0")
        page.fill("#sql", "SELECT * FROM ")
        page.click("button.insert >> text=/^年报一览$/")
        assert page.input_value("#sql") == "SELECT * FROM 年报一览"

    seen = look(served.url + "/query", then=use, judged=False)
    assert "42" in seen.text
    assert seen.said == ()


def sql(pages: Pages, text: str, form: str = "", **others: str) -> Any:
    return pages(f"/nianbao{form}?" + urlencode({"sql": text, **others}))


# Saved queries


@pytest.mark.parametrize("name", [one.name for one in SAVED])
def test_a_saved_query_answers_at_its_address(pages: Pages, name: str) -> None:
    page = pages(f"/nianbao/{query_words.tilde(name)}")
    assert page.status_code == 200
    assert f"<h1>{name}</h1>" in page.text
    data = pages(f"/nianbao/{query_words.tilde(name)}.json?_shape=array")
    assert data.status_code == 200
    assert isinstance(data.json(), list)
    assert quote(query_words.tilde(name), safe="~") in pages("/query").text


def test_names_of_saved_queries_hide_no_table(pages: Pages) -> None:
    with sqlite3.connect(f"file:{pages.home.database}?mode=ro", uri=True) as conn:
        there = {name for (name,) in conn.execute("SELECT name FROM sqlite_master")}
    assert not there & {one.name for one in SAVED}
    assert {name for name, _ in VIEWS} == {name for name in there if not name.isascii()}
    assert len({one.name for one in SAVED}) == len(SAVED)


def test_parameters_stand_in_the_sql() -> None:
    for one in SAVED:
        assert set(query_words.parameters(one.sql)) == {parameter.name for parameter in one.parameters}, one.name


def test_this_month_is_the_pages_month(home: Home) -> None:
    pages = Pages(home, now="2026-01-29T01:00:00Z")
    path = f"/nianbao/{query_words.tilde('本月变更')}.json?_shape=array"
    found = pages(path).json()
    assert {row["类型"] for row in found} >= {"变更", "撤下", "迁移", "公开"}
    assert pages(path + "&" + urlencode({"月份": "2026-01"})).json() == found
    assert pages(path + "&" + urlencode({"月份": "2025-12"})).json() == []
    assert len(pages(path + "&" + urlencode({"门户": "wangjiang"})).json()) < len(found)
    pages.now = "2026-02-28T16:30:00Z"  # March in China
    assert pages(path).json() == []


def test_parameters_are_values_and_nothing_else(pages: Pages) -> None:
    name = query_words.tilde("数据不平衡")
    assert len(pages(f"/nianbao/{name}.json?_shape=array&" + urlencode({"年度": "2022"})).json()) == 2
    for hostile in ("2022 OR 1=1", "'; DROP TABLE reports; --", "') UNION SELECT 1 --", "%", "2022'"):
        answer = pages(f"/nianbao/{name}.json?_shape=array&" + urlencode({"门户": hostile}))
        assert (answer.status_code, answer.json()) == (200, [])
    page = pages(f"/nianbao/{name}?" + urlencode({"门户": '"><script>alert(1)</script>'}))
    assert "<script>alert" not in page.text


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Made]:
    path = tmp_path_factory.mktemp("queries") / "nianbao.db"
    with Store.open(path) as store:
        made = make(store)
        return path, made


SAME: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "What changed in a month": ("本月变更", {"月份": "2026-02"}, {}),
    "Which figures were edited after publication": ("公开后被改动的数值", {}, {}),
    "Figures that differ between first and current version": ("首版与现行不同的数值", {}, {}),
    "Reports edited most often": ("改动最多的年报", {}, {"门户": ""}),
    "Who is overdue, by region": ("各地逾期数", {}, {}),
    "Tables that do not add up": ("数据不平衡", {}, {}),
    "What was not carried over": ("结转不一致", {"年度": "2022"}, {}),
    "New applications of an organ, year on year": ("机关历年新收", {"机关": "海棠区人民政府"}, {}),
    "Figures read from pictures that want a look": ("图片识别待核", {"年度": "2021"}, {}),
    "Departments without tables": ("没有表格的部门年报", {"年度": "2019"}, {}),
    "Published late, and by how many days": ("逾期公开天数", {}, {}),
    "What was taken down, with the proof": ("已撤下的年报", {}, {}),
    "Portals that need a look": ("待处理的门户", {}, {}),
    "Alerts that did not get through": ("未送达的提醒", {}, {}),
}
"""Heading in docs/queries.md → the saved query, its parameters; columns whose values are told otherwise on purpose."""


@pytest.mark.parametrize("heading", SAME)
def test_saved_queries_and_the_documents_find_the_same(record: tuple[Path, Made], heading: str) -> None:
    name, given, other = SAME[heading]
    found = re.search(rf"(?ms)^## {re.escape(heading)}\n.*?^```sql\n(.*?)^```", DOCS)
    assert found
    one = next(one for one in SAVED if one.name == name)
    conn = read_only(record[0])
    try:
        told = Store(conn).rows(found[1])
        text = one.sql.replace(MONTH, "'2026-02'").replace(NOW, "'2026-03-01T00:00:00Z'")
        saved = Store(conn).rows(text, {parameter.name: given.get(parameter.name, "") for parameter in one.parameters})
    finally:
        conn.close()
    if name == "机关历年新收":  # by a part of the name
        saved = [row for row in saved if row["机关"] == "海棠区人民政府"]
    columns = [key for key in told[0] if key in saved[0] and key not in other]
    assert len(columns) >= 2
    assert sorted(str([row[key] for key in columns]) for row in told) == sorted(
        str([row[key] for key in columns]) for row in saved
    )


# Datasette's pages


def test_chinese_names_work_in_addresses(pages: Pages) -> None:
    for path in ("/nianbao/年报一览", "/nianbao/年报一览.json?_shape=array&年度=2024", "/nianbao/数据不平衡.csv"):
        answer = pages(path)
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("/nianbao/~E")
        assert pages(answer.headers["location"]).status_code == 200
    answer = pages(pages("/nianbao/年报一览.json?_shape=array&年度=2024").headers["location"])
    assert {row["年度"] for row in answer.json()} == {2024}
    assert pages(pages("/nianbao/没有这张表").headers["location"]).status_code == 404


def test_cells_lead_on_and_null_is_not_nothing(pages: Pages) -> None:
    reports = pages("/nianbao/" + query_words.tilde("年报一览")).text
    assert '<a href="/report/1">1</a>' in reports
    events = pages("/nianbao/" + query_words.tilde("变更记录")).text
    assert '<a href="/event/1">1</a>' in events
    assert '<span class="null">空</span>' in events
    assert 'title="2026-01-26T00:30:00Z（协调世界时）">2026-01-26 08:30</time>' in events
    assert '<a href="/event/77">77</a>' in sql(pages, "SELECT * FROM 变更记录 WHERE 编号 = 77").text
    assert '<a href="/report/3">3</a>' in sql(pages, "SELECT 3 AS 年报编号").text
    found = sql(pages, "SELECT NULL AS a, 0 AS b, '' AS c, -9223372036854775808 AS 年报编号, x'00ff' AS d").text
    assert '<span class="null">空</span>' in found
    assert "/report/-" not in found


def test_a_link_of_a_finding_is_no_reports(pages: Pages) -> None:
    name = query_words.tilde("核对问题")
    found = pages(f"/nianbao/{name}.json?_shape=array").json()[0]
    page = pages(f"/nianbao/{name}").text
    assert found["编号"] != found["年报编号"]
    assert f'<a href="/report/{found["年报编号"]}">' in page
    assert f'<a href="/report/{found["编号"]}">' not in page


def test_rows_are_counted_when_asked_for(pages: Pages) -> None:
    name = query_words.tilde("年报一览")
    page = pages(f"/nianbao/{name}?_size=20").text
    assert "本页 20 行" in page
    assert "共 66 行" not in page
    [link] = re.findall(r'href="([^"]+)"[^>]*>统计总行数', page)
    assert "共 66 行" in pages(link.replace("&amp;", "&")).text
    answer = pages("/nianbao")
    assert (answer.status_code, answer.headers["location"]) == (302, "/query")


def test_filters_are_said_in_chinese(pages: Pages) -> None:
    name = query_words.tilde("年报一览")
    answer = pages(
        f"/nianbao/{name}?" + urlencode({"_filter_column": "年度", "_filter_op": "gte", "_filter_value": "2024"})
    )
    assert answer.status_code == 302
    page = pages(answer.headers["location"]).text
    assert ">不小于</option>" in page
    assert "contains" not in re.sub(r'value="\w+"', "", page)
    assert pages(f"/nianbao/{name}?_facet=年度").text.count("<li><a") >= 6


# What fails


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT * FROM nothing_here", "没有名为“nothing_here”的表或视图"),
        ("SELECT 没有 FROM 年报一览", "没有名为“没有”的列"),
        ("SELECT 1 FROM", "语句没有写完"),
        ("SELEC 1", "这里只能读取"),
        ("SELECT 1; SELECT 2", "一次只能运行一条语句"),
        ("DELETE FROM reports", "这里只能读取"),
        ("ATTACH DATABASE '/etc/passwd' AS x", "这里只能读取"),
        ("PRAGMA writable_schema = 1", "这里只能读取"),
        ("WITH x AS (SELECT 1) DELETE FROM reports", "这里只能读取"),
        ("SELECT load_extension('/tmp/x')", "这里只能读取"),
        ("SELECT readfile('/etc/passwd')", "没有名为“readfile”的函数"),
        ("SELECT hex(zeroblob(15000000))", "结果太大"),
        ("SELECT zeroblob(1000000000)", "结果太大"),
        ("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT hex(zeroblob(500000)) FROM c LIMIT 900", "结果太大"),
        ("SELECT * FROM 年报一览 WHERE 标题 LIKE '" + "%a" * 600 + "'", "样式太长"),
    ],
)  # fmt: skip
def test_a_query_that_fails_says_so_in_words(pages: Pages, text: str, words: str) -> None:
    page, data = sql(pages, text), sql(pages, text, ".json")
    assert page.status_code == data.status_code == 400
    assert words in page.text
    assert 'id="sql"' in page.text  # to mend it
    assert data.json()["ok"] is False
    assert str(pages.home.path) not in page.text + data.text
    assert "Traceback" not in page.text


def test_no_query_tells_where_the_file_is(pages: Pages) -> None:
    answer = sql(pages, "SELECT * FROM pragma_database_list()", ".json")
    assert str(pages.home.path) not in answer.text
    assert answer.status_code == 400


def test_json_functions_can_be_used(pages: Pages) -> None:
    """Also by whoever is the first on a connection."""
    text = "SELECT value AS v FROM json_each('[1, 2]')"
    assert sql(pages, text, ".json", _shape="array").json() == [{"v": 1}, {"v": 2}]
    assert sql(pages, "UPDATE sqlite_master SET name = 'x'", ".json").status_code == 400
    assert sql(pages, "WITH x AS (SELECT 1) UPDATE sqlite_master SET name = 'x'", ".json").status_code == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("?sql=select+1&_timelimit=abc", 400), ("/VIEW?_size=abc", 400), ("/VIEW?_next=abc", 400), ("/VIEW?_sort=x", 400),
        ("/VIEW?_where=1;drop", 400), ("/VIEW?_where=nope", 400), ("/VIEW?年度__in=[1", 400),
        ("/VIEW.json?_shape=bad", 400), ("/reports/abc", 404), ("/figures/1", 400), ("/x.blob", 404), ("/-/x", 400), ("/~", 404),
        ("/VIEW?_size=-5", 400), ("/VIEW?nope__exact=1", 200), ("/VIEW?_trace=1", 200), (".json", 200), (".csv", 404),
        ("/reports.xlsx?_labels=on&_size=3", 200), ("/reports.csv?_stream=on", 200), ("?sql=", 302),
    ],
)  # fmt: skip
def test_addresses_that_nobody_meant(pages: Pages, path: str, status: int) -> None:
    answer = pages("/nianbao" + path.replace("VIEW", query_words.tilde("年报一览")))
    assert answer.status_code == status
    assert str(pages.home.path) not in answer.text
    assert "Traceback" not in answer.text


def test_a_query_without_end_is_stopped(pages: Pages) -> None:
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    begun = time.monotonic()
    page = sql(pages, endless)
    assert time.monotonic() - begun < 15
    assert page.status_code == 400
    assert "查询超过 2 秒，已停止" in page.text
    assert "UNION ALL SELECT x + 1" in page.text
    assert "<textarea style" not in page.text
    answer = sql(pages, endless, ".json")
    assert answer.status_code == 400
    assert "超过 2 秒" in answer.json()["error"]
    assert sql(pages, "SELECT 1 AS a", ".json", _shape="array").json() == [{"a": 1}]


def test_rows_without_end_are_cut_and_said_to_be(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages.site.datasette, "sql_time_limit_ms", 30_000)  # a busy machine is not what is looked at
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
    assert "只取了前 1,000 行" in sql(pages, endless).text
    data = sql(pages, endless, ".json").json()
    assert "rows" in data, data
    assert (len(data["rows"]), data["truncated"]) == (1000, True)
    assert sql(pages, endless, ".csv").headers["x-truncated"] == "1"


def test_an_html_result_is_only_text(pages: Pages) -> None:
    page = sql(pages, "SELECT '<script>alert(1)</script>' AS \"<b>x</b>\", 'javascript:alert(1)' AS u").text
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page
    assert 'href="javascript' not in page


def test_parameters_of_own_sql_get_fields(pages: Pages) -> None:
    page = sql(pages, "SELECT :年度 AS y, ':not' AS n, \"a:b\" -- :comment", 年度="2024")
    assert page.status_code == 200
    assert '<input name="年度" value="2024"' in page.text
    assert 'name="not"' not in page.text
    assert 'name="comment"' not in page.text


@pytest.mark.parametrize("said", ["no such table: x", "something new", "interrupted", "", 'near "\'": syntax error'])
def test_every_problem_has_words(said: str) -> None:
    assert re.search("[\u4e00-\u9fff]", query_words.problem(said))


# Files


def test_a_result_as_csv_opens_in_excel_and_runs_nothing(pages: Pages) -> None:
    hostile = HOSTILE.replace("'", "''")
    answer = sql(
        pages, f"SELECT '{hostile}' AS \"=1+1\", NULL AS 空值, -5 AS 负, 1e9 AS 大, 0.5 AS 半, 'a,b\"c' AS 逗号", ".csv"
    )
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[1] == ["'" + HOSTILE, "", "-5", "1000000000", "0.5", 'a,b"c']
    assert not rows[0][0].startswith("=")


def test_a_result_as_xlsx(pages: Pages) -> None:
    answer = pages(f"/nianbao/{query_words.tilde('年报一览')}.xlsx?_size=max")
    assert "filename*=UTF-8''%E5%B9%B4%E6%8A%A5%E4%B8%80%E8%A7%88.xlsx" in answer.headers["content-disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert [cell.value for cell in sheet[1]][:3] == ["编号", "门户", "机关"]
    assert sheet.max_row == 67
    formula = openpyxl.load_workbook(io.BytesIO(sql(pages, "SELECT '=1+1' AS a", ".xlsx").content)).active
    assert formula is not None
    assert formula["A2"].data_type == "s"


def test_a_file_of_a_broken_query_is_none(pages: Pages) -> None:
    answer = sql(pages, "SELECT * FROM nothing_here", ".csv")
    assert answer.status_code == 400
    assert "没有名为“nothing_here”的表" in answer.text
    assert pages("/nianbao.csv").status_code == 404


def test_the_home_names_what_can_be_asked(pages: Pages) -> None:
    page = pages("/query").text
    for name, _ in VIEWS:
        assert f">{name}</a>" in page
    for one in SAVED:
        assert f">{one.name}</a>" in page
    examples = re.findall(r"<code>(http[^<]*\.json[^<…]*)</code>", page)
    assert len(examples) >= 2
    for example in examples:
        path = example.replace("&amp;", "&").removeprefix("http://127.0.0.1:8766")
        assert isinstance(json.loads(pages(path).text), list)


# The wide view


def test_the_wide_view_shows_few_columns_first(pages: Pages) -> None:
    path = f"/nianbao/{query_words.tilde(WIDE)}"
    assert len(set(FEW)) == len(FEW) < 25

    def columns(address: str) -> list[str]:
        answer = pages(address)
        assert answer.status_code == 200
        head = re.search(r"<thead>.*?</thead>", answer.text, re.DOTALL)
        assert head is not None
        return [re.sub(r"<[^>]*>| [▲▼]", "", cell).strip() for cell in re.findall(r"<th.*?</th>", head[0], re.DOTALL)]

    page = pages(path).text
    assert columns(path) == list(FEW)
    assert f"只列出常用的 {len(FEW)} 列" in page
    wide = re.search(r'href="([^"]*_wide=1[^"]*)"', page)
    assert wide is not None
    assert len(columns(unescape(wide[1]))) > 200
    assert "_col" not in wide[1]
    after = re.search(
        r'href="([^"]*_wide=1[^"]*_next=[^"]*|[^"]*_next=[^"]*_wide=1[^"]*)"', pages(unescape(wide[1])).text
    )
    assert after is not None
    assert len(columns(unescape(after[1]))) > 200
    own = "表三_自然人_一、本年新收"
    assert own not in FEW
    assert columns(path + "?" + urlencode({f"{own}__gt": 1}))[-1] == own
    assert columns(path + "?" + urlencode({"_sort_desc": own}))[-1] == own
    assert columns(path + "?" + urlencode({"_col": "机关"})) == ["机关"]
    assert len(pages(path + ".json?_size=1&_shape=array").json()[0]) > 200


def test_json_of_all_that_can_be_asked(pages: Pages) -> None:
    for query in ("", "?_size=1", "?_sort=x", "?_nl=on", "?_trace=1", "?_shape=objects", "?_shape=array"):
        answer = pages(f"/nianbao.json{query}")
        assert answer.status_code == (400 if "=array" in query else 200), query
        assert answer.headers["content-type"].startswith("application/json")
    told = {one["name"]: one for one in pages("/nianbao.json").json()["queries"]}
    assert set(told) == {one.name for one in SAVED}
    assert told["机关历年新收"]["fields"] == [
        {"name": "机关", "type": "text", "hint": "名称的一部分，必填", "required": True}
    ]
    for shape, form in (("", dict), ("?_shape=objects", dict), ("?_shape=arrays", dict), ("?_shape=array", list)):
        answer = pages(f"/nianbao/{query_words.tilde('数据不平衡')}.json{shape}")
        assert (answer.status_code, type(answer.json())) == (200, form)
