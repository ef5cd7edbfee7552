"""What does not add up in tables, within a report and across years; nothing where a report is right."""

import random
from pathlib import Path

import pytest

from crawler.page.text import render
from monitor.demo import forms, national_tables
from monitor.figures import Change, Conflict, Figure, Figures, extract, read
from monitor.figures.fields import APPLICANTS, REVIEW_CELLS, applicant, request_row
from monitor.findings import RULES, Earlier, Finding, Subject, body_key, check, compared
from tests.unit.right_reports import ORGANS, chain, report

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
BALANCE = ("new", "carried_in", "handled_total", "carried_out")


def figures(form: str = "2021", seed: int = 2, **changed: float | None) -> Figures:
    """Consistent figures; `requests__new__total=9` changes one."""
    truth: dict[str, float | None] = dict(national_tables.numbers(random.Random(seed), form))
    truth |= {name.replace("__", "."): value for name, value in changed.items()}
    return Figures("2021" if form == "2021" else "2019", tuple(Figure(code, v, "") for code, v in truth.items()))


def few(**values: float) -> Figures:
    return Figures(
        "2021", tuple(Figure(name.replace("__", "."), value, f"{value:g}") for name, value in values.items())
    )


def found(read: Figures, year: int = 2022, text: str = "", earlier: Figures | None = None) -> tuple[Finding, ...]:
    before = Earlier(year - 1, earlier) if earlier is not None else None
    return check(Subject(text=text, year=year, figures=read), before)


# Right reports ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(24))
def test_right_reports_have_no_finding(seed: int) -> None:
    earlier, keys = None, {}
    for one in chain(seed):
        subject = Subject(one.text, one.year, one.figures, (one.organ,), one.published_on)
        assert check(subject, earlier, keys) == (), one.year
        earlier, keys[one.year] = Earlier(one.year, one.figures, one.text), body_key(one.text)


def test_the_right_reports_tell_something() -> None:
    """They hold figures of both forms, blanks among them, and what their prose says of requests."""
    reports = [one for seed in range(len(ORGANS)) for one in chain(seed, 2020, 2021)]
    assert {one.figures.form for one in reports} == {"2019", "2021"}
    held = [figure for one in reports for figure in one.figures.figures]
    assert any(figure.value is None for figure in held)
    assert any(figure.field == "prose.requests.granted" for figure in held)


# Identities ---------------------------------------------------------------------------------------------------------


def broken(code: str) -> set[tuple[str, str]]:
    """Rule and place of each identity that holds the cell, by the form's own words."""
    family, row, column = code.split(".", 1)[0], *code.split(".", 1)[1].rsplit(".", 1)
    if family == "review":
        return {("table4_total", f"表四 {'行政复议' if row == 'reconsideration' else CASES[row]}")}
    places = {("table3_row", f"表三 {request_row(row)}")}
    if row in BALANCE:
        places.add(("table3_column", f"表三 {applicant(column)}"))
    if row not in ("new", "carried_in", "carried_out"):
        places.add(("table3_handled", f"表三 {applicant(column)}"))
    if row == "carried_in":
        places.add(("carried_over", "表三 二、上年结转"))
    return places


CASES = {"direct_suit": "行政诉讼 未经复议直接起诉", "suit_after_reconsideration": "行政诉讼 复议后起诉"}


@pytest.mark.parametrize("form", ["2019", "2021"])
def test_one_wrong_cell_breaks_the_identities_that_hold_it_and_no_other(form: str) -> None:
    rng = random.Random(5)
    year = int(form) + 1
    before = forms.make_figures(5, ORGANS[0], year - 1, 9, form)
    right = dict(forms.make_figures(5, ORGANS[0], year, 9, form))
    earlier = Earlier(year - 1, Figures(form, tuple(Figure(code, value, "") for code, value in before.items())))
    for code in right:
        if code.startswith("proactive."):
            continue
        wrong = right | {code: right[code] + rng.randrange(1, 40)}
        read = Figures(form, tuple(Figure(one, value, "") for one, value in wrong.items()))
        said = check(Subject("", year, read), earlier)
        assert {(one.rule, one.place) for one in said} == broken(code), code
        assert all(one.severity == "warning" for one in said)
        assert all(code in one.fields for one in said)


def test_column_out_of_balance() -> None:
    truth = national_tables.numbers(random.Random(2), "2021")
    right = truth["requests.handled_total.total"] + truth["requests.carried_out.total"]
    column, row = found(figures(requests__new__total=truth["requests.new.total"] + 36))
    assert (column.rule, column.place, row.rule) == ("table3_column", "表三 总计", "table3_row")
    assert column.detail == f"表三“总计”列不平衡：一＋二 = {right + 36:g}，三(七)＋四 = {right:g}"
    assert column.fields == tuple(f"requests.{one}.total" for one in BALANCE)


def test_a_row_names_its_figures() -> None:
    cells = {f"requests__new__{column}": float(n) for n, column in enumerate(APPLICANTS[:-1])}
    (one,) = found(few(**cells, requests__new__total=16))
    assert (one.rule, one.detail) == ("table3_row", "表三“一、本年新收”各类申请人合计 = 15，总计 = 16")


def test_outcomes_against_their_total() -> None:
    for form in ("2019", "2021"):
        changed = {"requests__granted__welfare": 100000, "requests__granted__total": None}
        (one,) = found(figures(form, **changed), int(form))
        assert one.rule == "table3_handled"
        assert one.detail.startswith("表三“社会公益组织”列：三(一)至(六)合计 = ")


def test_a_total_that_counts_what_is_carried_on() -> None:
    truth = national_tables.numbers(random.Random(2), "2021")
    out = truth["requests.carried_out.total"] = 7
    said = found(
        figures(requests__carried_out__total=out, requests__handled_total__total=truth["requests.handled_total.total"] + out)
    )  # fmt: skip
    assert [one.detail.partition("（")[2] for one in said if one.rule == "table3_handled"] == [
        "似把结转下年度的 7 件计入总计）"
    ]


def test_reviews_out_of_balance() -> None:
    (one,) = found(figures(review__direct_suit__total=99))
    assert (one.rule, one.place) == ("table4_total", "表四 行政诉讼 未经复议直接起诉")
    assert one.fields == REVIEW_CELLS[5:10]


def test_a_blank_cell_makes_nothing_wrong() -> None:
    changed = {"requests__granted__natural_person": None, "requests__granted__total": None}
    blank = figures(**changed, requests__handled_total__natural_person=None, requests__handled_total__total=None)
    assert found(blank) == ()


def test_a_doubtful_cell_proves_nothing_and_is_a_hint() -> None:
    read = figures(requests__new__total=99999)
    cells = tuple(
        Figure(one.field, one.value, one.raw, "ocr", 0.4 if one.field == "requests.new.total" else 0.99)
        for one in read.figures
    )
    (one,) = found(Figures(read.form, cells))
    assert (one.rule, one.severity, one.fields) == ("doubtful_ocr", "info", ("requests.new.total",))
    assert one.detail == "图片表格中有 1 格识别不确定：表三 总计 · 一、本年新收"


def test_what_a_picture_shows_is_said_to_be_recognised() -> None:
    read = figures(review__direct_suit__total=99)
    cells = tuple(Figure(one.field, one.value, one.raw, "ocr", 0.99) for one in read.figures)
    (one,) = found(Figures(read.form, cells))
    assert one.detail.endswith("总计 = 99（据图片识别）")


# Across years -------------------------------------------------------------------------------------------------------


def test_carried_over() -> None:
    (one,) = found(few(requests__carried_in__total=5), earlier=few(requests__carried_out__total=6))
    assert (one.rule, one.severity, one.fields) == ("carried_over", "warning", ("requests.carried_in.total",))
    assert one.detail == "表三2021年“四、结转下年度”与2022年“二、上年结转”不一致：总计 6 → 5"
    assert found(few(requests__carried_in__total=6), earlier=few(requests__carried_out__total=6)) == ()


def test_documents_in_force_are_a_hint() -> None:
    documents = "proactive__normative_documents"
    now = {f"{documents}__issued": 3.0, f"{documents}__abolished": 1.0}
    before = few(**{f"{documents}__in_force": 12.0})
    assert found(few(**now, **{f"{documents}__in_force": 14.0}), earlier=before) == ()
    (one,) = found(few(**now, **{f"{documents}__in_force": 15.0}), earlier=before)
    assert (one.rule, one.severity) == ("in_force", "info")
    assert one.detail == "表二“行政规范性文件”：2021年现行有效 12 件，2022年制发 3、废止 1，推算 14，填报 15"


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (2, 14, None),
        (20, 99, None),
        (20, 104, "表三 总计 · 一、本年新收：2021年 20，2022年 104，增至上年的 5.2 倍"),
        (400, 60, "表三 总计 · 一、本年新收：2021年 400，2022年 60，减至上年的 15%"),
        (400, 100, None),
        (0, 400, None),
    ],
)
def test_a_jump_is_a_hint(before: float, now: float, said: str | None) -> None:
    got = found(few(requests__new__total=now), earlier=few(requests__new__total=before))
    assert [(one.rule, one.severity, one.detail) for one in got] == ([("year_jump", "info", said)] if said else [])


@pytest.mark.parametrize(
    ("before", "now", "wrong"),
    [(12.5, 131000.0, 2022), (131000.0, 12.5, 2021), (0.3, 2400.0, None), (12.5, 900.0, None), (0.0, 131000.0, None)],
)
def test_yuan_for_ten_thousand_yuan(before: float, now: float, wrong: int | None) -> None:
    got = found(few(proactive__fees__amount=now), earlier=few(proactive__fees__amount=before))
    assert [one.rule for one in got] == (["unit_slip"] if wrong else [])
    assert wrong is None or got[0].detail.endswith(f"相差约一万倍，{wrong}年似以元填报")


# Form, tables, chapters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "form", "wrong"),
    [
        (2019, "2019", False),
        (2020, "2019", False),
        (2021, "2021", False),
        (2025, "2021", False),
        (2021, "2019", True),
        (2020, "2021", True),
        (2018, "2019", True),
        (None, "2019", False),
        (2023, "", False),
    ],
)
def test_form_of_the_year(year: int | None, form: str, wrong: bool) -> None:
    said = check(Subject("", year, Figures(form)))  # type: ignore[arg-type]
    assert [one.rule for one in said] == (["wrong_form"] if wrong else [])


def test_the_notice_of_the_form_before() -> None:
    old = "按照《关于政府信息公开工作年度报告有关事项的通知》（国办公开办函〔2019〕60号）要求，编制本报告。"
    (one,) = found(Figures(), text=report(2022, 引言=old))
    assert (one.rule, one.severity) == ("obsolete_notice", "info")
    assert found(Figures(), 2020, report(2020, 引言=old)) == ()
    new = old + "《关于印发工作年度报告格式的通知》（国办公开办函〔2021〕30号）同时执行。"
    assert found(Figures(), text=report(2022, 引言=new)) == ()
    gone = "国办公开办函〔2019〕60号自新格式印发之日起废止，本年度报告不再引用。"
    assert found(Figures(), text=report(2022, 引言=gone)) == ()


def test_damage_is_told() -> None:
    text = "| 信息内容 | 本年制发件数 | 本年废止件数 | 现行有效件数 |\n| 规章 | 1 | 2 | 3 | 4 |"
    (one,) = found(extract(text))
    assert (one.rule, one.place) == ("table_damaged", "表二")


def test_page_and_attachment_that_differ() -> None:
    cell = Change("requests.new.total", "表三 总计 · 一、本年新收", "12", "15")
    read = Figures(conflicts=(Conflict("三", "网页", "附件“年报.pdf”", "http://x/a.pdf", (cell,)),))
    (one,) = found(read)
    assert (one.rule, one.severity, one.fields) == ("source_conflict", "warning", ("requests.new.total",))
    assert one.detail == "表三在网页与附件“年报.pdf”中不同：表三 总计 · 一、本年新收 12 / 15"


HEADINGS = ("二、主动公开政府信息情况", "三、收到和处理政府信息公开申请情况", "四、政府信息公开行政复议、行政诉讼情况")


def without_tables(*said: str) -> str:
    first, _, rest = report(2022).partition("五、")
    parts = [line for pair in zip(HEADINGS, said, strict=True) for line in pair if line]
    return "\n".join([first.rstrip(), *parts, "五、" + rest])


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ("", "warning"),
        ("主动公开政府信息情况", "warning"),
        ("详见附件。", "warning"),
        ("本年度未发生。", "info"),
        ("无", "info"),
        ("我局把公开贯穿全过程，成效显著。", "warning"),
    ],
)
def test_a_table_that_is_announced_and_missing(said: str, severity: str) -> None:
    rows = render([national_tables.Table(tuple(map(tuple, table))) for table in TWO_TABLES])
    text = without_tables(said, rows.partition("\n\n")[0], rows.partition("\n\n")[2])
    (one,) = found(extract(text), text=text)
    assert (one.rule, one.severity) == ("missing_table", severity)
    assert one.detail.startswith("“二、主动公开政府信息情况”")
    assert check(Subject(text, 2022, extract(text), has_files=True)) == ()  # it may stand in there
    assert check(Subject(text.replace("2022", "2017"), 2017, Figures(), has_files=False)) == ()


MADE = national_tables.Sheet("2021")
MADE.truth = {code: (value, f"{value:g}") for code, value in forms.make_figures(3, ORGANS[0], 2022, 9, "2021").items()}
TWO_TABLES = (national_tables.requests(random.Random(3), MADE), national_tables.reviews(random.Random(3), MADE))


@pytest.mark.parametrize(
    ("said", "hint"),
    [("无", True), ("无。", True), ("存在不足。", True), ("", True), ("公开的广度和深度有待加强。", False)],
)
def test_a_chapter_on_problems_that_names_none(said: str, hint: bool) -> None:
    got = found(Figures(), text=report(2022, 五=said))
    assert [(one.rule, one.severity) for one in got] == ([("thin_chapter", "info")] if hint else [])


# Text against tables --------------------------------------------------------------------------------------------------


def prose(**said: float) -> Figures:
    """Tables in which 20 were new, 4 carried in, 21 handled, 3 carried on; and what the text says."""
    values = dict.fromkeys(national_tables.numbers(random.Random(1), "2021"), 0.0)
    values |= {f"requests.{row}.total": n for row, n in (("new", 20), ("carried_in", 4), ("carried_out", 3))}
    values |= {"requests.granted.total": 10, "requests.partly_granted.total": 2, "requests.refused.process.total": 5}
    values |= {"requests.unavailable.not_held.total": 4, "requests.handled_total.total": 21}
    values |= {"review.reconsideration.pending": 1, "review.reconsideration.upheld": 2}
    totals = {code: value for code, value in values.items() if code.endswith(".total") or code.startswith("review")}
    written = {f"prose.{name.replace('__', '.')}": value for name, value in said.items()}
    return Figures("2021", tuple(Figure(code, value, "") for code, value in (totals | written).items()))


@pytest.mark.parametrize(
    ("code", "fits", "wrong"),
    [
        ("requests__received", (20, 24), 21),
        ("requests__new", (20,), 24),
        ("requests__accepted", (20, 21, 24), 19),
        ("requests__carried_in", (4,), 3),
        ("requests__carried_out", (3,), 4),
        ("requests__granted", (10, 12), 11),
        ("requests__partly_granted", (2,), 3),
        ("requests__refused", (5, 9), 6),
        ("requests__unavailable", (4,), 5),
        ("requests__not_processed", (0,), 1),
        ("requests__other", (0,), 1),
        ("review__reconsideration", (3, 2), 4),
        ("review__suit", (0,), 1),
    ],
)
def test_text_against_tables(code: str, fits: tuple[float, ...], wrong: float) -> None:
    rules = {"table3_row", "table3_column", "table3_handled", "table4_total"}  # of no interest here
    said = lambda n: [one for one in found(prose(**{code: n})) if one.rule not in rules]  # noqa: E731
    assert [said(n) for n in fits] == [[]] * len(fits)
    (one,) = said(wrong)
    assert (one.rule, one.severity, one.fields) == ("prose_table", "warning", (f"prose.{code.replace('__', '.')}",))


def test_text_against_tables_names_the_readings() -> None:
    (one,) = [one for one in found(prose(requests__received=21)) if one.rule == "prose_table"]
    assert one.detail == "正文“收到政府信息公开申请”21 件，与表三不符：一、本年新收 20，一、本年新收加二、上年结转 24"


def test_a_text_that_counts_something_else_is_not_held_against_the_table() -> None:
    text = report(2022, 一="2022年，我局收到申请21件（规划分局数据未纳入上述统计）。")
    assert not any(one.rule == "prose_table" for one in found(prose(requests__received=21), text=text))


def test_fees_unpaid_without_a_notice() -> None:
    read = few(prose__fees__notices=1, requests__other__fee_unpaid__total=3)
    (one,) = found(read)
    assert (one.rule, one.severity) == ("fee_notices", "info")
    assert found(few(prose__fees__notices=3, requests__other__fee_unpaid__total=3)) == ()


# One version against another --------------------------------------------------------------------------------------------


def test_caused_and_cured() -> None:
    row = Finding("table3_row", "warning", "15 16", "表三 一、本年新收")
    still = Finding("table3_row", "warning", "15 17", "表三 一、本年新收")
    column = Finding("table3_column", "warning", "", "表三 总计")
    assert compared((row,), (still,)) == ((), ())
    assert compared((row,), (still, column)) == ((column,), ())
    assert compared((row, column), ()) == ((), (row, column))
    one, two = (Finding("carried_over", "warning", "", "表三 二、上年结转", fields) for fields in (("a",), ("a", "b")))
    assert compared((one,), (two,)) == ((two,), ())
    assert compared((two,), (one,)) == ((), ())


def test_hints_come_last() -> None:
    read = few(requests__new__total=900, requests__carried_in__total=1)
    said = found(read, earlier=few(requests__new__total=9, requests__carried_out__total=2))
    assert [one.severity for one in said] == ["warning", "info"]
    assert {one.rule for one in said} <= RULES


ALL_LOST = "“二、主动公开政府信息情况”、“三、收到和处理政府信息公开申请情况”、“四、行政复议、行政诉讼情况”有标题而无表格，也未见附件或图片"


@pytest.mark.seeds
@pytest.mark.skipif(not SEEDS.exists(), reason="../shared/seeds is not here")
@pytest.mark.parametrize(
    ("seed", "year", "organ", "expected"),
    [
        ("000", 2020, "北京市海淀区人民政府", []),
        ("002", 2020, "临海市人民政府", ["impossible_period"]),
        ("003", 2020, "北京市城市管理委员会", []),
        ("004", 2020, "广州市海珠区人民政府", []),
    ],
)
def test_seeds(seed: str, year: int, organ: str, expected: list[str]) -> None:
    """Their tables were pictures or are lost: 表二 to 表四 stand announced. Nothing else is wrong but Linhai's period."""
    text = render(next(SEEDS.glob(f"{seed}_*")).read_text(encoding="utf-8").split("\n"))
    subject = Subject(text, year, read(text, year=year, organs=(organ,)), (organ,), has_files=True)
    assert [one.rule for one in check(subject)] == expected
    (lost,) = [one for one in check(Subject(text, year, subject.figures, (organ,))) if one.rule == "missing_table"]
    assert lost.detail == ALL_LOST
