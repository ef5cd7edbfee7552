"""The page of figures: who and what is chosen, tables and charts, what is missing or doubtful, files."""

import csv
import io
import itertools
import re
import sqlite3
from collections.abc import Iterator
from urllib.parse import urlencode

import openpyxl
import pytest
from lxml import etree

from monitor.home import Home
from monitor.store import Store
from monitor.web import chart, figures
from monitor.web import figures_data as data
from monitor.web.chart import Bar, Line, Point
from monitor.web.figures_data import Choice
from tests.unit.figures_record import HOSTILE, Made, make
from tests.web.conftest import Look, Pages, Served

PATHS = [
    "/figures",
    "/figures?region=99&field=requests.new.total&field=proactive.fees.amount&since=2021",
    "/figures?view=bars&region=99&at=2023",
    "/figures?q=没有这个机关",
]


@pytest.mark.browser
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_page_opens_without_a_fault(served: Served, look: Look, path: str, width: int, dark: bool) -> None:
    wide: list[int] = []
    seen = look(
        served.url + path,
        then=lambda page: wide.append(page.evaluate("document.documentElement.scrollWidth")),
        width=width,
        dark=dark,
    )
    assert seen.said == ()
    assert seen.faults == ()
    assert "style=" not in seen.html
    assert wide == [width]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Made]]:
    with Store.open(tmp_path_factory.mktemp("figures") / "nianbao.db") as store:
        yield store, make(store)


NEW = "field = 'requests.new.total' AND version = (SELECT current_version FROM reports WHERE organ_id = ? AND year = ?)"


def change(home: Home, *statements: tuple[str, tuple[object, ...]]) -> None:
    with sqlite3.connect(home.database) as conn:
        for sql, values in statements:
            assert conn.execute(sql, values).rowcount
    conn.close()


def organ(home: Home, name: str) -> int:
    with sqlite3.connect(home.database) as conn:
        return int(conn.execute("SELECT id FROM organs WHERE name = ?", (name,)).fetchone()[0])


def ask(pages: Pages, form: str = "", **choice: object) -> str:
    return str(pages(f"/figures{form}?" + urlencode(choice, doseq=True)).text)


# What is chosen


def test_without_a_choice_there_are_figures(pages: Pages) -> None:
    page = ask(pages)
    assert "表三 总计 · 一、本年新收" in page
    assert page.count('name="organ_id"') == 8
    assert 'class="chart"' in page
    assert "没有选机关" in page


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (Choice(name="教育局"), {"海棠区教育局", "云溪市教育局", "清河县教育局", "白沙县教育局"}),
        (Choice(portal="haitang", kind="office"), {"海棠区人民政府办公室"}),
        (Choice(portal="清河县", kind="department"), {"清河县教育局", "清河县财政局"}),
        (Choice(region="4106", kind="government"), {"清河县人民政府", "白沙县人民政府"}),
        (Choice(name="%"), set()),
        (Choice(name="' OR 1=1 --"), set()),
        (Choice(portal='"; DROP TABLE reports'), set()),
    ],
)
def test_whose_figures(record: tuple[Store, Made], choice: Choice, names: set[str]) -> None:
    assert {one.name for one in data.organs(record[0], choice, 100)} == names


def test_organs_by_id_go_before_all_else(record: tuple[Store, Made]) -> None:
    whose = data.organs(record[0], Choice(organs=(3, 1), name="教育局", region="99"), 100)
    assert {one.id for one in whose} == {1, 3}


def test_organs_come_a_page_at_a_time(record: tuple[Store, Made]) -> None:
    whole = data.organs(record[0], Choice(name="县"), 100)
    parts = [data.organs(record[0], Choice(name="县"), 3, skip) for skip in range(0, len(whole), 3)]
    assert [one for part in parts for one in part] == list(whole)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("field=nothing.of.this", "没有代码为“nothing.of.this”的指标"),
        ("field=" + "<script>", "没有代码为“&lt;script&gt;”的指标"),
        ("f=没有这样的指标", "没有名称中有"),
        ("since=two", "年度要写成四位数字"),
        ("until=99999", "年度要写成四位数字"),
        ("page=9999999", "没有这一页"),
    ],
)
def test_what_cannot_be_meant_is_said(pages: Pages, query: str, words: str) -> None:
    answer = pages(f"/figures?{query}")
    assert answer.status_code == 400
    assert words in answer.text


@pytest.mark.parametrize(
    "query",
    ["organ_id=99999999999999999999", "organ_id=x", "organ_id=999999", "kind=nobody", "page=0", "page=-1", "page=77&q=人民",
     "since=2030&until=2001", "view=pie", "at=1999&view=bars", "since=2100"],
)  # fmt: skip
def test_what_finds_nothing_is_no_error(pages: Pages, query: str) -> None:
    assert pages(f"/figures?{query}").status_code == 200


def test_a_field_is_found_by_a_part_of_its_name(pages: Pages) -> None:
    page = ask(pages, f="不掌握")
    assert "<h2>表三 总计 · 三(四)1 本机关不掌握" in page
    assert page.count("<h2>") == 1


def test_more_fields_than_a_page_shows_are_named(pages: Pages) -> None:
    page = ask(pages, f="总计", portal="haitang")
    assert page.count("<h2>") == figures.BLOCKS
    assert re.search(r"另外 \d+ 项没有显示", page)


# What is missing, what is doubtful


def test_missing_is_a_gap_and_never_zero(home: Home) -> None:
    one = organ(home, "海棠区人民政府")
    change(
        home,
        (f"UPDATE figures SET value = NULL, raw = '/' WHERE {NEW}", (one, 2021)),
        (f"DELETE FROM figures WHERE {NEW}", (one, 2022)),
        ("UPDATE reports SET withdrawn_at = '2026-01-01T00:00:00Z' WHERE organ_id = ? AND year = 2023", (one,)),
    )  # fmt: skip
    page = ask(Pages(home), organ_id=one)
    cells = re.findall(r'<td class="n">(.*?)</td>', page)
    texts = [re.sub("<[^>]+>", "", cell) for cell in cells]
    assert texts[0].isdigit()
    assert texts[1:4] == ["空", "—", ""]
    assert "所印为“/”" in cells[1]
    assert "这份年报没有这一项" in cells[2]
    path = re.search(r'<path class="line c0" d="([^"]+)"', page)
    assert path
    assert path[1].count("M") == 2  # 2020 alone, 2024 alone
    assert "L" not in path[1]
    [row] = list(csv.DictReader(io.StringIO(ask(Pages(home), ".csv", organ_id=one, since=2021, until=2021))))
    assert row["表三_总计_一、本年新收"] == ""


def test_doubtful_values_are_marked_with_why(home: Home) -> None:
    one = organ(home, "海棠区人民政府")
    change(
        home,
        (f"UPDATE figures SET source = 'ocr', confidence = 0.62 WHERE {NEW}", (one, 2020)),
        (f"UPDATE figures SET confidence = 0.9 WHERE {NEW}", (one, 2021)),
    )
    page = ask(Pages(home), organ_id=one)
    assert "OCR 识别（置信度 0.62）" in page
    assert "置信度 0.90" in page
    assert page.count('class="doubt-mark"') == 2
    assert page.count('class="mark c0 doubt"') == 2
    rows = list(csv.DictReader(io.StringIO(ask(Pages(home), ".csv", organ_id=one))))
    assert [bool(row["存疑"]) for row in rows] == [True, True, False, False, False]


def test_a_finding_makes_its_figures_doubtful(pages: Pages) -> None:
    page = ask(pages, q="望江区人民政府", field="requests.new.total")
    assert "表三收支不平衡；表三横向合计不符" in page


def test_two_reports_of_a_year_are_said_to_be(home: Home) -> None:
    one = organ(home, "海棠区人民政府")
    with sqlite3.connect(home.database) as conn:
        names = [row[1] for row in conn.execute("PRAGMA table_info(reports)") if row[1] not in ("id", "variant")]
        conn.execute(
            f"INSERT INTO reports (variant, {', '.join(names)}) SELECT 1, {', '.join(names)} "
            "FROM reports WHERE organ_id = ? AND year = 2022",
            (one,),
        )
    assert "同一年度另有页面" in ask(Pages(home), organ_id=one)


def test_an_organ_without_figures(home: Home) -> None:
    with sqlite3.connect(home.database) as conn:
        conn.execute("INSERT INTO organs (portal, name, kind) VALUES ('haitang', '海棠区新设局', 'department')")
    one = organ(home, "海棠区新设局")
    page = ask(Pages(home), organ_id=one)
    assert "没有符合条件的年报" in page
    both = ask(Pages(home), organ_id=[one, organ(home, "海棠区人民政府")])
    assert "海棠区新设局" in both
    assert ask(Pages(home), q="新设局").count("海棠区新设局") == 0  # nothing of it was ever seen
    assert ask(Pages(home), ".csv", organ_id=one).count("\n") == 1


def test_a_field_of_the_form_of_2019_only(pages: Pages) -> None:
    page = ask(pages, field="proactive.procurement.amount", portal="haitang")
    assert "单位：万元" in page
    assert "2019 年格式" in page
    assert ">—</a>" in page  # later forms have none such


def test_eighteen_years(home: Home) -> None:
    one = organ(home, "海棠区人民政府")
    with sqlite3.connect(home.database) as conn:
        names = [row[1] for row in conn.execute("PRAGMA table_info(reports)") if row[1] not in ("id", "year")]
        for year in range(2008, 2020):
            conn.execute(
                f"INSERT INTO reports (year, {', '.join(names)}) SELECT {year}, {', '.join(names)} "
                "FROM reports WHERE organ_id = ? AND year = 2020",
                (one,),
            )
        conn.execute("UPDATE reports SET year = 2025 WHERE organ_id = ? AND year = 2024", (one,))
    page = ask(Pages(home), organ_id=one)
    assert [int(year) for year in re.findall(r'<th scope="col" class="n">(\d{4})</th>', page)] == list(
        range(2008, 2026)
    )
    path = re.search(r'<path class="line c0" d="([^"]+)"', page)
    assert path
    assert path[1].count("M") == 2  # 2024 is missing


# Charts


def parsed(svg: str) -> etree._Element:
    """Well-formed, and without what the policy of these pages forbids."""
    root = etree.fromstring(svg.encode())
    for one in root.iter():
        assert one.tag in ("svg", "title", "desc", "path", "line", "text", "tspan", "rect")
        assert not {name for name in one.attrib if name == "style" or str(name).startswith("on") or "href" in str(name)}
    return root


VALUES = [0, 1, -1, -250.5, 1e9, 123456789.25, 0.001, 1e-9, 1e15]
NAMES = ["</svg><script>alert(1)</script>", "a&b<c>\"'", "甲\x00\x08乙\u202e丙", "长" * 300, "", HOSTILE]


@pytest.mark.parametrize("values", [[value] for value in VALUES] + [VALUES, [5, 5, 5], [0, 0], [-3, -7]])
def test_any_values_can_be_drawn(values: list[float]) -> None:
    years = list(range(2008, 2008 + len(values)))
    line = Line("某局", {year: Point(value) for year, value in zip(years, values, strict=True)})
    for svg in (
        chart.line_chart("a", "题", years, [line]),
        chart.bar_chart("a", "题", [Bar("某局", Point(value)) for value in values]),
    ):
        width, height = map(float, parsed(svg).attrib["viewBox"].split()[2:])
        assert "nan" not in svg
        assert "inf" not in svg
        for x, y in re.findall(
            r"[ML ](-?[\d.]+) (-?[\d.]+)", " ".join(re.findall(r'class="line[^>]* d="([^"]+)"', svg))
        ):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height
        for x, size in re.findall(r'<rect[^>]* x="(-?[\d.]+)" y="\d+" width="(-?[\d.]+)"', svg):
            assert float(x) >= 0
            assert float(x) + float(size) <= width


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_only_text(name: str) -> None:
    for svg in (
        chart.line_chart("a", name, [2020], [Line(name, {2020: Point(1, doubt=True)})]),
        chart.bar_chart("a", name, [Bar(name, Point(1)), Bar(name, None)]),
    ):
        root = parsed(svg)
        titles = root.attrib["aria-labelledby"].split()
        assert {one.attrib["id"] for one in root if "id" in one.attrib} == set(titles)
        assert root.attrib["role"] == "img"
        assert "<script" not in svg
        assert "\u202e" not in svg


def test_names_of_lines_do_not_cover_each_other() -> None:
    lines = [Line(f"第{n}局", {2020: Point(1), 2021: Point(1 + n / 100)}) for n in range(figures.LINES)]
    root = parsed(chart.line_chart("a", "题", [2020, 2021], lines))
    places = sorted(float(one.attrib["y"]) for one in root.iter("text") if one.attrib["class"] == "name")
    assert len(places) == figures.LINES
    assert all(below - above >= 14.9 for above, below in itertools.pairwise(places))
    assert places[0] > 0
    assert places[-1] < float(root.attrib["viewBox"].split()[3])


def test_a_line_that_ends_early_says_when() -> None:
    lines = [Line("甲", {2020: Point(1), 2021: Point(2)}), Line("乙", {2020: Point(3)})]
    svg = chart.line_chart("a", "题", [2020, 2021], lines)
    names = [one for one in parsed(svg).iter("text") if one.attrib["class"] == "name"]
    assert ["".join(map(str, one.itertext())) for one in names] == ["乙 3（2020）", "甲 2"]


def test_nothing_to_draw_is_no_chart() -> None:
    assert chart.line_chart("a", "题", [], []) == ""
    assert chart.line_chart("a", "题", [2020], [Line("甲", {})]) == ""
    assert chart.bar_chart("a", "题", [Bar("甲", None)]) == ""


@pytest.mark.parametrize(
    ("low", "high", "first", "last"), [(3, 97, 0, 100), (-3, 97, -20, 100), (0, 0, 0, 1), (-8, -2, -8, 0), (5, 7, 0, 8)]
)
def test_an_axis_has_round_numbers_and_zero(low: float, high: float, first: float, last: float) -> None:
    scale = chart.ticks(low, high)
    assert (scale[0], scale[-1]) == (first, last)
    assert 0 in scale
    assert len(scale) <= 9


@pytest.mark.parametrize(
    ("value", "text", "axis"),
    [
        (12345, "12,345", "1.234万"),
        (0, "0", "0"),
        (-5, "-5", "-5"),
        (3.25, "3.25", "3.25"),
        (3e8, "300,000,000", "3亿"),
    ],
)
def test_numbers_are_written_so_that_they_can_be_read(value: float, text: str, axis: str) -> None:
    assert chart.number(value) == text
    assert chart.short(value) == axis


def test_bars_compare_one_year_the_largest_first(pages: Pages) -> None:
    page = ask(pages, view="bars", region="99", at=2023)
    found = re.findall(r"<title>([^<]+)：([\d,]+)", page)
    values = [int(value.replace(",", "")) for _, value in found]
    assert len(values) >= 10
    assert values == sorted(values, reverse=True)
    assert "本年新收（件），2023 年" in page
    default = ask(pages, view="bars", region="99")
    assert "，2024 年" in default  # of 2025 only few have published


# Files


def test_a_csv_holds_all_that_was_chosen(pages: Pages) -> None:
    query = urlencode({"region": "99", "field": ["requests.new.total", "proactive.fees.amount"]}, doseq=True)
    answer = pages(f"/figures.csv?{query}")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert list(rows[0])[4:7] == ["年度", "表三_总计_一、本年新收", "表二_行政事业性收费_本年收费金额（万元）"]
    assert len(rows) == len(pages("/nianbao.json?_shape=array&sql=SELECT+DISTINCT+机关,门户,年度+FROM+年报一览").json())
    page = ask(pages, region="99", field=["requests.new.total", "proactive.fees.amount"])
    assert f'href="/figures.csv?{query.replace("&", "&amp;")}'.split("?")[0] in page
    [link] = re.findall(r'href="(/figures\.csv[^"]+)"', page)
    assert pages(link.replace("&amp;", "&")).content == answer.content


def test_hostile_names_in_files(home: Home) -> None:
    one = organ(home, "海棠区人民政府")
    change(
        home,
        ("UPDATE organs SET name = ? WHERE id = ?", (HOSTILE, one)),
        ("UPDATE portals SET title = ? WHERE name = 'haitang'", ('+甲,"乙"\r\n丙\x07',)),
    )
    pages = Pages(home)
    assert "<td>=HYPER" not in ask(pages, organ_id=one)
    rows = list(
        csv.DictReader(io.StringIO(pages(f"/figures.csv?organ_id={one}").content.decode("utf-8-sig"), newline=""))
    )
    assert rows[0]["机关"] == "'" + HOSTILE
    assert rows[0]["门户"].startswith('\'+甲,"乙"')
    assert "\x07" not in rows[0]["门户"]
    sheet = openpyxl.load_workbook(io.BytesIO(pages(f"/figures.xlsx?organ_id={one}").content)).active
    assert sheet is not None
    cell = sheet["C2"]
    assert (cell.value, cell.data_type) == (HOSTILE, "s")
    assert isinstance(sheet["F2"].value, int)


def test_a_file_of_too_many_rows_is_refused_in_words(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MOST_ROWS", 20)
    answer = pages("/figures.csv?region=99")
    assert answer.status_code == 400
    assert "超过 20 行" in answer.text
    assert pages("/figures.csv?portal=haitang").status_code == 200


def test_columns_of_a_file_have_names_of_their_own(record: tuple[Store, Made]) -> None:
    known = data.fields(record[0])
    names = [column.name for column in figures.table(known).columns]
    assert len(set(names)) == len(names)


def test_a_figure_leads_to_its_report(pages: Pages) -> None:
    page = ask(pages, portal="haitang")
    reports = {int(one) for one in re.findall(r'href="/report/(\d+)"', page)}
    found = pages("/nianbao.json?_shape=array&sql=SELECT+编号+FROM+年报一览+WHERE+门户='海棠区人民政府'").json()
    assert reports == {row["编号"] for row in found}


def test_questions_use_indexes(record: tuple[Store, Made]) -> None:
    """No report, version or figure is looked at that was not asked for."""
    store = record[0]
    plans: list[str] = []

    def explained(sql: str) -> None:
        if sql.startswith("SELECT"):
            plans.extend(row[3] for row in store.conn.execute(f"EXPLAIN QUERY PLAN {sql}"))

    asked: list[str] = []
    store.conn.set_trace_callback(asked.append)
    whose = data.organs(store, Choice(region="33"), 30)
    data.figures(store, Choice(), whose, ["requests.new.total"])
    data.count(store, Choice(), whose)
    store.conn.set_trace_callback(None)
    for sql in asked:
        explained(sql)
    assert len(plans) > 5
    scans = [plan for plan in plans if re.match(r"SCAN (r|f|v|findings|reports|figures|versions)\b", plan)]
    assert scans == []


def test_paths_of_this_file_are_pages(pages: Pages) -> None:
    assert [pages(path).status_code for path in PATHS] == [200] * len(PATHS)
