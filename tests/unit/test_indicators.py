"""Figures of the tables of reports up to 2018: every layout with known truth, and tables that are none of these."""

import random
import re
import time

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.page.tables import read_table
from crawler.page.text import Block, Table, parse, render
from monitor.demo import national_tables
from monitor.figures import Figures, indicators, label, read
from monitor.figures.cells import Recognised
from monitor.figures.indicator_rows import known
from monitor.figures.model import Document
from monitor.figures.open_fields import INDICATORS
from tests.unit import old_reports

HEAD = ("指标", "单位", "数量")
TOTAL = "indicator.proactive.total"


def grid(*rows: tuple[str, ...]) -> Table:
    return Table(rows)


def values(*blocks: Block, year: int | None = None) -> dict[str, float | None]:
    found = indicators.extract(blocks, year)
    assert found.problems == ()
    return {one.field: one.value for one in found.figures}


def test_every_label_of_the_list_is_known() -> None:
    assert {field.unit for field in INDICATORS.values()} == {*"条件次篇人个元", "万元", "人次"}
    for field in INDICATORS.values():
        for name in (field.label, *field.aliases):
            assert field.code in known(name), name
    assert len([field for field in INDICATORS.values() if "2014" in field.forms]) == 58


@pytest.mark.parametrize("block", range(6))
def test_every_cell_of_generated_reports(block: int) -> None:
    shapes = set()
    for seed in range(block * 50, block * 50 + 50):
        made = old_reports.report(seed)
        assert isinstance(made.blocks[1], str)
        year = int(made.blocks[1][:4])
        found = indicators.extract(parse(render(made.blocks)), year)
        assert found.problems == (), seed
        assert {one.field: one.value for one in found.figures} == made.truth, (seed, made.shape)
        shapes.add(made.shape)
    assert len(shapes) >= 8


def test_cells_are_kept_as_printed_and_what_is_empty_has_no_value() -> None:
    rows = (HEAD, ("主动公开信息数", "条", "１,２３４"), ("申请总数", "件", "/"), ("行政复议数", "件", "—"))
    found = indicators.extract((grid(*rows, ("行政诉讼数", "件", ""), ("行政申诉数", "件", "0")),))
    assert [(one.value, one.raw) for one in found.figures] == [
        (1234.0, "１,２３４"),
        (None, "/"),
        (None, "—"),
        (None, ""),
        (0.0, "0"),
    ]


@pytest.mark.parametrize(
    ("unit", "cell", "value"),
    [
        ("万元", "3.5", 3.5),
        ("元", "3500", 0.35),
        ("万元", "3500元", 0.35),
        ("", "3500元", 0.35),
        ("", "3.5", 3.5),
        ("亿元", "0.1", 1000.0),
    ],
)
def test_money_is_in_the_unit_of_the_list(unit: str, cell: str, value: float) -> None:
    rows = (HEAD, ("主动公开信息数", "条", "1"), ("依申请公开信息收取的费用", unit, cell))
    assert values(grid(*rows))["indicator.fees.requests"] == value


def test_a_unit_that_contradicts_is_a_problem_and_no_figure() -> None:
    found = indicators.extract(
        (grid(HEAD, ("主动公开信息数", "条", "12元"), ("检索费", "元", "3件"), ("申请总数", "件", "约5")),)
    )
    assert found.figures == ()
    assert [problem.detail for problem in found.problems] == [
        "“主动公开信息数”读不出数值：“12元”",
        "“检索费”读不出数值：“3件”",
        "“申请总数”读不出数值：“约5”",
    ]
    assert {problem.table for problem in found.problems} == {indicators.TABLE}


def test_labels_that_the_list_does_not_know_have_codes_of_their_own() -> None:
    rows = (
        ("申请总数", "件", "12"),
        ("其中：1.当面申请数", "件", "5"),
        ("2.电话申请数", "件", "1"),
        ("其他", "件", "6"),
        ("对申请的答复总数", "件", "10"),
        ("其他", "件", "2"),
        ("查阅点接待次数", "次", "4"),
        ("其中：周末", "次", "3"),
    )
    assert values(grid(HEAD, *rows)) == {
        "indicator.requests.received": 12,
        "indicator.requests.in_person": 5,
        "indicator.requests.answered": 10,
        "indicator.电话申请数": 1,
        "indicator.requests.received.其他": 6,
        "indicator.requests.answered.其他": 2,
        "indicator.查阅点接待次数": 4,
        "indicator.查阅点接待次数.周末": 3,
    }
    assert label("indicator.requests.received.其他") == "附表 收到申请数 · 其他"
    assert label("indicator.查阅点接待次数.周末") == "附表 查阅点接待次数 · 周末"
    assert label("indicator.review.suit.other") == "附表 行政诉讼数量 · 其他情形数"
    assert label("indicator.complaints") == "附表 举报投诉数量"


def test_a_label_of_several_sections_needs_its_section() -> None:
    rows = (("主动公开信息数", "条", "5"), ("被依法纠错数", "件", "1"))
    found = indicators.extract((grid(HEAD, *rows),))
    assert [one.field for one in found.figures] == [TOTAL]
    assert [problem.detail for problem in found.problems] == ["“被依法纠错数”不知属于哪一部分"]


OTHER_TABLES = {
    "a budget": (("科目", "金额（万元）"), ("基本支出", "812.35"), ("项目支出", "96.1"), ("合计", "908.45")),
    "staff": (HEAD, ("编制人数", "人", "35"), ("专职人员数", "人", "5"), ("兼职人员数", "人", "4")),
    "a court's": (HEAD, ("行政复议数", "件", "120"), ("行政诉讼数", "件", "30")),
    "services": (("项目", "数量"), ("网上申请数", "1200"), ("办结数", "1100")),
    "an economy": (HEAD, ("地区生产总值", "亿元", "812"), ("常住人口", "万人", "45")),
    "words": (("主动公开信息", "责任单位"), ("规范性文件", "办公室"), ("申请总数", "各科室")),
    "one line": (("主动公开政府信息数",),),
    "nothing": (("", "", ""), ("", "", "")),
}


@pytest.mark.parametrize("rows", OTHER_TABLES.values(), ids=OTHER_TABLES)
def test_other_tables_yield_nothing(rows: tuple[tuple[str, ...], ...]) -> None:
    assert indicators.extract(("附件", Table(rows))) == indicators.Found()


def test_lists_of_two_are_prose() -> None:
    lines = ("1.主动公开信息数 120条", "2.申请总数 5件")
    assert values(*lines) == {}
    assert values(*lines, "3.行政复议数 0件") == {
        TOTAL: 120,
        "indicator.requests.received": 5,
        "indicator.review.reconsideration.total": 0,
    }


def test_columns_of_which_none_is_the_reports_own() -> None:
    rows = (("主动公开信息数", "条", "5", "6"), ("申请总数", "件", "1", "2"))
    for heads in (("2014年", "2015年"), ("区政府", "区直单位"), ("数量", "数量")):
        found = indicators.extract((Table((("指标", "单位", *heads), *rows)),), 2016)
        assert found.figures == ()
        assert [problem.detail for problem in found.problems] == ["有多列数值，不能确定哪一列是本年度的"]
    yearly = Table((("指标", "单位", "2014年", "2015年"), *rows))
    assert values(yearly, year=2015) == {TOTAL: 6, "indicator.requests.received": 2}
    assert values("2014年度政府信息公开情况统计表", yearly) == {TOTAL: 5, "indicator.requests.received": 1}
    months = Table((("指标", "单位", "本月", "本年累计"), *rows))
    assert values(months, year=2015) == {TOTAL: 6, "indicator.requests.received": 2}


def test_the_table_of_another_year() -> None:
    table = grid(HEAD, ("主动公开信息数", "条", "5"))
    found = indicators.extract(("2015年政府信息公开情况统计表", table), 2016)
    assert found.figures == ()
    assert [problem.detail for problem in found.problems] == ["表题年份为 2015，不是 2016 年，未读取"]
    assert values("2015年政府信息公开情况统计表", table, year=2015) == {TOTAL: 5}


def test_two_numbers_for_one_indicator() -> None:
    first, second = grid(HEAD, ("主动公开信息数", "条", "5")), grid(HEAD, ("主动公开政府信息数", "条", "6"))
    found = indicators.extract((first, "下表为全区情况，由各单位汇总而成，供参考。", second))
    assert [(one.field, one.value) for one in found.figures] == [(TOTAL, 5.0)]
    assert "在几处表格中不同，取第一处" in found.problems[0].detail
    twice = grid(HEAD, ("主动公开信息数", "条", "5"), ("主动公开政府信息数", "条", "6"), ("申请总数", "件", "1"))
    found = indicators.extract((twice,))
    assert [one.field for one in found.figures] == ["indicator.requests.received"]
    assert "同一表格中重复且数值不同" in found.problems[0].detail


def test_traditional_and_recognised_cells() -> None:
    cells = (HEAD, ("主動公開信息數", "條", Recognised("268", 0.91)), ("申請總數", "件", Recognised("1", 0.99)))
    found = indicators.extract((Table(cells),), source="ocr")
    assert [(one.field, one.value, one.confidence, one.source) for one in found.figures] == [
        (TOTAL, 268.0, 0.91, "ocr"),
        ("indicator.requests.received", 1.0, 0.99, "ocr"),
    ]


# --- as part of a report ---


def old_codes(found: Figures) -> list[str]:
    return [one.field for one in found.figures if one.field.startswith("indicator.")]


def test_a_report_with_national_tables_has_no_indicators() -> None:
    sheet = national_tables.sheet(random.Random(3), "2021").text
    table = render([grid(HEAD, ("主动公开信息数", "条", "5"))])
    assert old_codes(read(f"{sheet}\n附表\n{table}", year=2022)) == []
    assert old_codes(read(f"附表\n{table}", year=2018)) == [TOTAL]


def test_indicators_of_an_attachment() -> None:
    table = grid(HEAD, ("主动公开信息数", "条", "5"), ("申请总数", "件", ""))
    lent = Document("docx", "http://x/f.docx", "附表.docx", ("附表", table))
    found = read("详见附件。", (lent,), year=2016)
    assert [(one.field, one.source, one.url) for one in found.figures] == [
        (TOTAL, "docx", "http://x/f.docx"),
        ("indicator.requests.received", "docx", "http://x/f.docx"),
    ]
    on_page = read(render(["附表", grid(HEAD, ("主动公开信息数", "条", "7"))]), (lent,), year=2016)
    assert [(one.value, one.source, one.url) for one in on_page.figures] == [(7.0, "html", "")]


def test_problems_are_a_reports() -> None:
    table = render([grid(HEAD, ("主动公开信息数", "条", "若干"))])
    assert [problem.table for problem in read(table, year=2016).problems] == [indicators.TABLE]


CELLS = st.sampled_from(
    [
        *HEAD,
        "主动公开信息数",
        "其中：",
        "1.当面申请数",
        "申请总数",
        "件",
        "条",
        "万元",
        "12",
        "1,2",
        "——",
        "",
        "2016年",
        "代码",
        "甲",
        "|",
        "其他",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELLS | st.text(max_size=8), max_size=6).map(tuple), max_size=8), st.lists(CELLS, max_size=12))
def test_nothing_breaks_it(rows: list[tuple[str, ...]], lines: list[str]) -> None:
    blocks: list[Block] = [*lines, Table(tuple(rows)), *(f"{line} |" for line in lines)]
    for one in indicators.extract(blocks, 2016).figures:
        assert re.fullmatch(r"indicator\.[^\s]+", one.field)
        assert label(one.field).startswith("附表 ")


@pytest.mark.parametrize("line", ["1" * 69, "主动公开" * 17, "：" * 69, "1,1" * 23, "条 " * 34])
def test_no_line_takes_long(line: str) -> None:
    began = time.process_time()
    indicators.extract((line,) * 300, 2016)
    assert time.process_time() - began < 1.5


def test_a_table_of_a_page_with_spans() -> None:
    markup = """<table>
      <tr><td colspan=2>统 计 指 标</td><td>单位</td><td>数量</td></tr>
      <tr><td colspan=2>一、主动公开情况</td><td>——</td><td>——</td></tr>
      <tr><td rowspan=2>公开信息</td><td>（一）主动公开政府信息数<br>（不同渠道和方式公开相同信息计1条）</td><td>条</td>
        <td><p>1,204</p></td></tr>
      <tr><td>其中：主动公开规范性文件数</td><td>条</td><td>&nbsp;</td></tr>
      <tr><td colspan=2>五、行政诉讼数量</td><td>件</td><td>1</td></tr>
      <tr><td rowspan=2>结果</td><td>（二）被依法纠错数</td><td>件</td><td>0</td></tr>
      <tr><td>（三）其他情形数</td><td>件</td><td>1</td></tr>
      <tr><td colspan=2>七、依申请公开信息收取的费用</td><td>万元</td><td>120元</td></tr></table>"""
    table = read_table(lxml.html.fromstring(markup))
    assert isinstance(table, Table)
    assert values("政府信息公开情况统计表", table, year=2016) == {
        TOTAL: 1204,
        "indicator.proactive.normative_documents": None,
        "indicator.review.suit.total": 1,
        "indicator.review.suit.corrected": 0,
        "indicator.review.suit.other": 1,
        "indicator.fees.requests": 0.012,
    }
