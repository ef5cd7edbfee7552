import random
import re
import time
from collections import Counter
from pathlib import Path

import lxml.html
import pytest

from crawler.page.tables import read_table
from crawler.page.text import Block, Table, render
from monitor import figures
from monitor.demo import forms, national_tables, word
from monitor.figures import Figures, extract
from monitor.figures.fields import APPLICANTS, FIELDS, REQUEST_ROWS, label

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"


def values(found: Figures) -> dict[str, float | None]:
    return {one.field: one.value for one in found.figures}


def text_of(*tables: list[list[str]]) -> str:
    return render([Table(tuple(map(tuple, rows))) for rows in tables])


def plain_sheet(form: str, seed: int = 1) -> national_tables.Sheet:
    rng = random.Random(seed)
    made = national_tables.Sheet(form)
    made.truth = {code: (value, f"{value:g}") for code, value in national_tables.numbers(rng, form).items()}
    return made


def request_grid(form: str = "2021", seed: int = 5) -> tuple[list[list[str]], dict[str, float | None]]:
    """Table 3 in its usual print, one row of words above the figures of 一、, and its truth."""
    made = plain_sheet(form, seed)
    words = ["项目", *(FIELDS[f"requests.new.{column}"].column_label for column in APPLICANTS)]
    rows = [
        [
            FIELDS[f"requests.{row}.total"].row_label,
            *(made.truth[f"requests.{row}.{column}"][1] for column in APPLICANTS),
        ]
        for row in REQUEST_ROWS[form]
    ]
    truth = {code: value for code, (value, _) in made.truth.items() if code.startswith("requests.")}
    return [words, *rows], truth


# --- every shape, truth known ---


@pytest.mark.parametrize("block", range(10))
def test_every_cell_of_generated_reports(block: int) -> None:
    for seed in range(block * 40, block * 40 + 40):
        rng = random.Random(seed)
        form = rng.choice(["2019", "2021"])
        made = national_tables.sheet(rng, form)
        found = extract(made.text)
        assert found.problems == (), seed
        assert found.form == form, seed
        expected = {code: value for code, (value, _) in made.truth.items()}
        assert values(found) == pytest.approx(expected, abs=1e-7), seed


@pytest.mark.parametrize("style", ["word", "wps", "plain"])
@pytest.mark.parametrize("year", [2019, 2023])
def test_html_of_the_form_through_the_page_reader(style: word.Style, year: int) -> None:
    for seed in range(5):
        form = forms.form_of(year)
        truth = forms.make_figures(seed, "某某县人民政府", year, size=30)
        blocks: list[Block] = []
        for grid in (forms.table_two(form, truth), forms.table_three(form, truth), forms.table_four(truth)):
            page = lxml.html.fromstring(f"<div>{word.table_html(grid, style, forms.Dice(seed))}</div>")
            table = read_table(page.find(".//table"))
            assert table is not None
            blocks.append(table)
        found = extract(render(blocks))
        assert found.problems == ()
        assert values(found) == truth


@pytest.mark.seeds
@pytest.mark.skipif(not SEEDS.exists(), reason="../shared/seeds is not here")
def test_flattened_tables_of_the_seed() -> None:
    lines = (SEEDS / "001_e0a159c350b73d04.txt").read_text(encoding="utf-8")
    starts = [match.start() for match in re.finditer(r"第二十条第\(一\)项", lines)]
    reports = [lines[a:b] for a, b in zip(starts, [*starts[1:], lines.index("本报告是根据")], strict=True)]
    found = [extract(render(report.split("\n"))) for report in reports]
    assert [one.form for one in found] == ["2021", "2021", "2019", "2019"]
    assert [len(one.figures) for one in found] == [200, 200, 198, 198]
    assert all(one.problems == () for one in found)
    assert {code for code, value in values(found[0]).items() if value} == {
        "requests.new.natural_person",
        "requests.new.total",
        "requests.unavailable.not_held.natural_person",
        "requests.unavailable.not_held.total",
        "requests.handled_total.natural_person",
        "requests.handled_total.total",
    }
    assert values(found[2])["proactive.procurement.items"] == 13
    assert values(found[2])["proactive.procurement.amount"] == 82.3658
    assert values(found[3])["proactive.procurement.amount"] == 58.5598
    for report, one in zip(reports, found, strict=True):  # every number that stands there, and no other
        cells = [cell.strip() for line in report.split("\n") if line.rstrip().endswith("|") for cell in line.split("|")]
        printed = Counter(cell for cell in cells if re.fullmatch(r"[-+\d.,/—]+", cell))
        assert Counter(part for figure in one.figures for part in figure.raw.split("+")) == printed
    # Two rows, 行政检查 and 行政确认, are one field.
    assert found[2].by_field()["proactive.other_services.decisions"].raw == "0+0"


@pytest.mark.seeds
@pytest.mark.skipif(not SEEDS.exists(), reason="../shared/seeds is not here")
@pytest.mark.parametrize("seed", ["000", "002", "003", "004"])
def test_seeds_without_tables_have_no_figures(seed: str) -> None:
    path = next(SEEDS.glob(f"{seed}_*"))
    assert extract(render(path.read_text(encoding="utf-8").split("\n"))) == Figures()


# --- damage: what can be placed, a problem for the rest, never a shifted row ---


def test_row_that_lost_a_cell_is_not_placed() -> None:
    for filled_up in ([], [""]):
        rows, truth = request_grid(seed=9)
        assert rows[3][7] != "0"
        rows[3] = [rows[3][0], *rows[3][2:], *filled_up]
        found = extract(text_of(rows))
        assert values(found) == {
            code: value for code, value in truth.items() if not code.startswith("requests.granted.")
        }
        assert any("予以公开" in problem.detail for problem in found.problems)


DAMAGE = [
    "lost cell",
    "lost and filled up",
    "lost column",
    "extra cell",
    "lost header word",
    "lost row",
    "two cells in one",
]


@pytest.mark.parametrize("way", DAMAGE)
def test_no_damage_shifts_a_row(way: str) -> None:
    for seed in range(60):
        rng = random.Random(seed)
        made = plain_sheet(rng.choice(["2019", "2021"]), seed)
        table = rng.choice("三四")
        grid = (national_tables.requests if table == "三" else national_tables.reviews)(rng, made)
        first = next(index for index, row in enumerate(grid) if any(cell.isdigit() for cell in row[-7:]))
        place, at = rng.randrange(first, len(grid)), rng.randrange(-7, 0)
        if len(set(grid[place])) == 1:
            continue  # a group's own line
        row = grid[place]
        if way == "lost cell":
            del row[at]
        elif way == "lost and filled up":
            del row[at]
            row.append("")
        elif way == "lost column":
            grid = [[*one[:at], *(one[at + 1 :] if at != -1 else [])] for one in grid]
        elif way == "extra cell":
            row.insert(at, "9")
        elif way == "lost header word":
            head = grid[rng.randrange(first)]
            del head[at]
            head.append("")
        elif way == "lost row":
            del grid[place]
        else:
            row[at] = f"{row[at]} {row[at]}"
        found = extract(text_of(grid))
        got, truth = values(found), {code: value for code, (value, _) in made.truth.items()}
        # A blank cell at a row's end is what a reader sees there too.
        assert not [code for code, value in got.items() if value is not None and value != truth[code]], seed
        due = {code for code in truth if FIELDS[code].table == table}
        assert set(got) == due or found.problems, seed


def test_lost_column_leaves_the_others() -> None:
    rows, truth = request_grid()
    found = extract(text_of([row[:3] + row[4:] for row in rows]))
    assert values(found) == {code: value for code, value in truth.items() if not code.endswith(".research")}
    assert [problem.table for problem in found.problems] == ["三"]


def test_doubled_column_counts_once_unless_it_differs() -> None:
    rows, truth = request_grid()
    assert values(extract(text_of([[*row[:2], *row[1:]] for row in rows]))) == truth
    other = [[*row[:2], "9" if index else row[1], *row[2:]] for index, row in enumerate(rows)]
    found = extract(text_of(other))
    assert values(found) == {
        code: value for code, value in truth.items() if not code.endswith("natural_person") or value == 9
    }
    assert found.problems


def test_header_that_lost_a_word_never_shifts() -> None:
    rows, truth = request_grid()
    rows[0] = [*rows[0][:3], *rows[0][4:], ""]
    found = extract(text_of(rows))
    assert all(truth[code] == value for code, value in values(found).items())


def test_rows_without_header_are_the_seven_columns() -> None:
    rows, truth = request_grid()
    assert values(extract(text_of(rows[1:]))) == truth


def test_misprinted_label_is_told_by_its_neighbours() -> None:
    rows, truth = request_grid()
    rows[7][0] = "某某某某"
    assert values(extract(text_of(rows))) == truth


def test_two_unknown_labels_in_a_row_are_problems() -> None:
    rows, truth = request_grid()
    rows[7][0] = rows[8][0] = "某某某某"
    found = extract(text_of(rows))
    assert len(found.figures) == len(truth) - 14
    assert any("标签无法识别" in problem.detail for problem in found.problems)


@pytest.mark.parametrize("cell", ["9" * 400, "9" + ",999" * 110 + "件", "增" + "9" * 400 + "减0"])
def test_a_number_that_no_float_holds_is_no_number(cell: str) -> None:
    """What is not finite would break sums, findings and the whole pass with them."""
    rows, truth = request_grid()
    rows[1][1] = cell
    found = extract(text_of(rows))
    assert set(values(found)) == set(truth) - {"requests.new.natural_person"}
    assert "读不出数值" in found.problems[0].detail


@pytest.mark.parametrize("cell", ["1 2", "详见附件", "5/3", "3亩", "240万元"])
def test_unreadable_cell_is_a_problem(cell: str) -> None:
    rows, truth = request_grid()
    rows[1][1] = cell
    found = extract(text_of(rows))
    assert set(values(found)) == set(truth) - {"requests.new.natural_person"}
    assert cell in found.problems[0].detail


def test_table_four_with_a_lost_cell_is_not_placed() -> None:
    made = plain_sheet("2021", 3)
    rows = national_tables.reviews(random.Random(0), made)
    found = extract(text_of([*rows[:3], rows[3][1:]]))
    assert not found.figures
    assert {problem.table for problem in found.problems} == {"四"}


def test_labels_of_damaged_mirrors_and_traditional_gateways() -> None:
    rows, truth = request_grid()
    glossed = {"予以公开": "予以公開(kāi)", "国家秘密": "國(guó)家秘密", "自然人": "自 然 人", "总计": "總計(jì)"}
    for old, new in glossed.items():
        rows = [[cell.replace(old, new) for cell in row] for row in rows]
    assert values(extract(text_of(rows))) == truth


@pytest.mark.parametrize("row", [row for row in REQUEST_ROWS["2021"] if row.startswith("other.")])
def test_group_and_row_in_one_cell_with_a_space_between(row: str) -> None:
    rows, truth = request_grid()
    own = FIELDS[f"requests.{row}.total"].row_label
    label_cell = next(one for one in rows if one[0] == own)
    label_cell[0] = f"三、本年度办理结果（六）其他处理 {national_tables.row_labels(row)[-1]}"
    found = extract(text_of(rows))
    assert values(found) == truth
    assert not [problem for problem in found.problems if "别处" in problem.detail]


def test_label_that_spans_too_little_leaves_the_row_readable() -> None:
    rows, truth = request_grid()
    wide = [[row[0], row[0], row[0], *row[1:]] for row in rows]
    wide[1] = [rows[1][0], *rows[1][1:], "", ""]
    assert values(extract(text_of(wide))) == truth


def test_tables_printed_twice_and_those_of_another_report() -> None:
    one, other = (national_tables.sheet(random.Random(seed), "2021", odd=0) for seed in (1, 2))
    once, twice = extract(one.text), extract("\n".join((one.text, "", one.text)))
    assert twice == once
    both = extract("\n".join((one.text, "", other.text)))
    assert both.figures == once.figures
    assert [problem.detail for problem in both.problems] == ["文中另有一套不同的表格，只读取第一套"]


def test_other_tables_are_left_alone() -> None:
    rows = [["指标", "单位", "数量"], ["主动公开信息数", "条", "234"], ["新增行政规范性文件数", "条", "0"]]
    assert extract(text_of(rows)) == Figures()
    made = plain_sheet("2021")
    tables = [
        national_tables.proactive(random.Random(0), made),
        [["事项", "件"], ["行政许可", "77"], ["行政处罚", "5"]],
    ]
    found = extract(text_of(*tables))
    assert found.problems == ()
    assert values(found)["proactive.licences.decisions"] == made.truth["proactive.licences.decisions"][0]


# --- cells ---


def fees(cell: str, header: str = "本年收费金额（单位：万元）") -> figures.Figure | None:
    rows = [["第二十条第（八）项"] * 2, ["信息内容", header], ["行政事业性收费", cell]]
    return extract(text_of(rows)).by_field().get("proactive.fees.amount")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("240万元", 240),
        ("2400000元", 240),
        ("0.5亿元", 5000),
        ("１２．５", 12.5),
        ("1,234.56", 1234.56),
        ("1，234", 1234),
        ("0", 0),
        ("", None),
        ("/", None),
        ("—", None),
        ("——", None),
        ("无", None),
    ],
)
def test_money(cell: str, value: float | None) -> None:
    figure = fees(cell)
    assert figure is not None
    assert figure.value == value
    assert figure.raw == cell


def test_unit_of_the_header() -> None:
    figure = fees("25000", "本年收费金额（单位：元）")
    assert figure is not None
    assert figure.value == 2.5


@pytest.mark.parametrize(
    ("cell", "value"),
    [("-3", -3), ("－3", -3), ("+2", 2), ("减少3", -3), ("增2", 2), ("0/0", 0), ("增5/减3", 2), ("持平", 0)],
)
def test_change_of_items(cell: str, value: float) -> None:
    rows = [
        ["信息内容", "上一年项目数量", "本年增/减", "处理决定数量"],
        ["行政许可", "3", cell, "9"],
    ]
    assert extract(text_of(rows)).by_field()["proactive.licences.items_change"].value == value


def procurement(*rows: list[str]) -> tuple[float | None, float | None]:
    header = [["第二十条第（九）项"] * 3, ["信息内容", "采购项目数量", "采购总金额"]]
    found = extract(text_of([*header, *rows])).by_field()
    return found["proactive.procurement.items"].value, found["proactive.procurement.amount"].value


def test_a_row_for_each_contract_is_summed() -> None:
    assert procurement(["政府集中采购", "1", "2.5万元"], ["政府集中采购", "1", "15000元"]) == (2, 4)
    # The count spans the rows.
    assert procurement(["政府集中采购", "2", "2.5"], ["政府集中采购", "2", "1.5"]) == (2, 4)


def test_blank_slash_dash_and_zero_are_told_apart() -> None:
    raws = [one.raw for cell in ("", "/", "—", "0") if (one := fees(cell)) is not None]
    assert raws == ["", "/", "—", "0"]


# --- labels and changes ---


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("requests.new.total", "表三 总计 · 一、本年新收"),
        ("requests.unavailable.not_held.natural_person", "表三 自然人 · 三(四)1 本机关不掌握"),
        ("requests.refused.state_secret.total", "表三 总计 · 三(三)1 属于国家秘密"),
        ("proactive.rules.issued", "表二 规章 · 本年制发件数"),
        ("proactive.fees.amount", "表二 行政事业性收费 · 本年收费金额"),
        ("review.direct_suit.upheld", "表四 行政诉讼 未经复议直接起诉 · 结果维持"),
        ("indicator.staff", "附表 staff"),
    ],
)
def test_labels(code: str, expected: str) -> None:
    assert label(code) == expected


def test_every_cell_has_a_name_of_its_own() -> None:
    for form in ("2019", "2021"):
        codes = [code for code, one in FIELDS.items() if form in one.forms]
        assert len(codes) == {"2019": 198, "2021": 200}[form]
        assert len({label(code) for code in codes}) == len(codes)


def test_one_digit_is_one_change() -> None:
    rows, _ = request_grid()
    old = extract(text_of(rows))
    was = rows[1][7]
    rows[1][7] = "9999"
    assert figures.changes(old, extract(text_of(rows))) == (
        ("requests.new.total", "表三 总计 · 一、本年新收", was, "9999"),
    )
    assert figures.changes(old, old) == ()


def test_restyled_numbers_are_no_change() -> None:
    before, after = fees("1,234"), fees("１２３４万元")
    assert before is not None
    assert after is not None
    assert figures.changes(Figures("2021", (before,)), Figures("2021", (after,))) == ()


def test_blank_against_zero_and_slash_are_changes() -> None:
    blank, slash, zero = (fees(cell) for cell in ("", "/", "0"))
    assert blank is not None
    assert slash is not None
    assert zero is not None
    for one, other in ((blank, slash), (blank, zero), (slash, zero)):
        (change,) = figures.changes(Figures("2021", (one,)), Figures("2021", (other,)))
        assert (change.old, change.new) == (one.raw, other.raw)
    (gone,) = figures.changes(Figures("2021", (zero,)), Figures())
    assert (gone.old, gone.new) == ("0", None)


def test_speed() -> None:
    texts = [national_tables.sheet(random.Random(seed), "2021").text for seed in range(20)]
    for text in texts:
        extract(text)
    best = min(_seconds(text) for text in texts for _ in range(3))
    assert best < 0.003


def _seconds(text: str) -> float:
    start = time.process_time()
    extract(text)
    return time.process_time() - start


# --- what offices make of the form ---


@pytest.mark.parametrize(
    ("row", "printed"),
    [
        ("new", "一、本年收到政府信息公开申请数量"),
        ("new", "一、本年度新增政府信息公开申请数量"),
        ("carried_in", "二、上年转结政府信息公开申请数量"),
        ("carried_in", "二、去年结转政府信息公开申请数量"),
        ("carried_out", "四、结转至下年度继续办理"),
        ("carried_out", "四、转结下一年度继续办理"),
    ],
)
def test_labels_as_offices_misprint_them(row: str, printed: str) -> None:
    rows, truth = request_grid()
    rows[1 + REQUEST_ROWS["2021"].index(row)][0] = printed
    found = extract(text_of(rows))
    assert (values(found), found.problems) == (truth, ())


def test_a_column_of_numbers_before_the_labels() -> None:
    rows, truth = request_grid()
    numbered = [["序号", *rows[0]], *([str(number), *row] for number, row in enumerate(rows[1:], 1))]
    found = extract(text_of(numbered))
    assert (values(found), found.problems) == (truth, ())


@pytest.mark.parametrize("remark", ["", "0", "无", "见说明"])
def test_a_column_of_remarks_behind_the_figures(remark: str) -> None:
    rows, truth = request_grid()
    found = extract(text_of([[*rows[0], "备注"], *([*row, remark] for row in rows[1:])]))
    assert (values(found), found.problems) == (truth, ())


def totals_first() -> tuple[list[list[str]], dict[str, float | None]]:
    rows, truth = request_grid()
    return [[row[0], row[-1], *row[1:-1]] for row in rows], truth


def test_columns_in_another_order() -> None:
    rows, truth = totals_first()
    found = extract(text_of(rows))
    assert (values(found), found.problems) == (truth, ())


@pytest.mark.parametrize("place", range(26))
def test_damaged_columns_in_another_order_are_never_taken_for_the_usual_ones(place: int) -> None:
    rows, truth = totals_first()
    row = rows[place]  # the first is the header
    for damaged in ([], [*row[:2], *row[3:]], [*row, ""], [*row[:1], "", *row[1:]]):
        found = extract(text_of([*rows[:place], damaged, *rows[place + 1 :]]))
        assert {code: value for code, value in values(found).items() if truth[code] != value} == {}


def test_powers_that_the_form_does_not_have_are_left_alone() -> None:
    head = ["信息内容", "上一年项目数量", "本年增/减", "处理决定数量"]
    rows = [
        ["第二十条第（五）项"] * 4, head, ["行政许可", "1", "2", "3"], ["其他对外管理服务事项", "4", "5", "6"],
        ["第二十条第（六）项"] * 4, head, ["行政确认", "11", "12", "13"], ["行政检查", "14", "15", "16"],
        ["行政处罚", "7", "8", "9"],
    ]  # fmt: skip
    found = extract(text_of(rows))
    assert sorted(one.value or 0 for one in found.figures) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert values(found)["proactive.other_services.decisions"] == 6
    assert not any("行政确认" in problem.detail or "行政检查" in problem.detail for problem in found.problems)


def test_sums_of_groups_are_no_rows_of_the_form() -> None:
    rows, truth = request_grid()
    rows.insert(5, ["（三）不予公开", "1", "0", "0", "0", "0", "0", "1"])
    found = extract(text_of(rows))
    assert (values(found), found.problems) == (truth, ())


@pytest.mark.parametrize("first", [True, False])
def test_other_tables_with_words_of_the_form_damage_none(first: bool) -> None:
    rows, truth = request_grid()
    ways = [["申请方式", "自然人", "商业企业", "总计"], ["网络", "5", "2", "7"], ["信函", "5", "1", "6"]]
    found = extract(text_of(*((ways, rows) if first else (rows, ways))))
    assert (values(found), found.problems) == (truth, ())
    rows[7][0] = rows[8][0] = "字迹不清"
    assert extract(text_of(ways, rows)).problems != ()


def test_reviews_of_two_years_side_by_side_damage_none() -> None:
    rows = review_grid()
    years = [["", "行政复议", "行政诉讼"], ["2021年", "5", "2"], ["2022年", "5", "1"]]
    found = extract(text_of(rows, years))
    assert (len(found.figures), found.problems) == (15, ())
    assert extract(text_of(years)).problems != ()


def review_grid() -> list[list[str]]:
    outcomes = ["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"]
    return [
        ["行政复议"] * 5 + ["行政诉讼"] * 10,
        ["行政复议"] * 5 + ["未经复议直接起诉"] * 5 + ["复议后起诉"] * 5,
        outcomes * 3,
        ["1", "2", "3", "4", "10", "2", "2", "2", "0", "6", "3", "1", "1", "1", "6"],
    ]


def test_reviews_that_lost_a_cell_and_a_header_word_are_not_shifted() -> None:
    rows = review_grid()
    lost = [[*row[:11], *row[12:]] for row in rows[:3]]
    found = extract(text_of([*lost, [*rows[3][:1], *rows[3][2:]]]))
    assert found.figures == ()
    assert found.problems != ()
