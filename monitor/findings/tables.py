"""The identities of tables 3 and 4 within a report, its form, and what of its tables could not be read. Pure.

The first identity is printed in table 3 itself; the others follow from its headings (国办公开办函〔2019〕60号, 〔2021〕30号).
A blank, `/`, unreadable or doubtfully recognised cell makes an identity not assessable, never violated.
"""

from collections.abc import Iterator, Mapping, Sequence

from monitor.figures import Figures
from monitor.figures.fields import APPLICANTS, FIELDS, REQUEST_ROWS, REVIEW_CELLS, applicant, label, request_row
from monitor.findings.model import SURE, Finding, number, values_of

_FORM_NAMES = {"2019": "2019年格式（国办公开办函〔2019〕60号）", "2021": "2021年格式（国办公开办函〔2021〕30号）"}
_BALANCE = ("new", "carried_in", "handled_total", "carried_out")
_OUTCOMES = {form: tuple(row for row in rows if row not in _BALANCE) for form, rows in REQUEST_ROWS.items()}
_MOST_NAMED = 3
_BALANCED = {column: tuple(f"requests.{row}.{column}" for row in _BALANCE) for column in APPLICANTS}
_CONCLUDED = {
    (form, column): (*(f"requests.{row}.{column}" for row in rows), f"requests.handled_total.{column}")
    for form, rows in _OUTCOMES.items()
    for column in APPLICANTS
}
_ROWS = {
    row: tuple(f"requests.{row}.{column}" for column in APPLICANTS)
    for row in dict.fromkeys((*REQUEST_ROWS["2019"], *REQUEST_ROWS["2021"]))
}


def identities(figures: Figures) -> Iterator[Finding]:
    """One finding for each sum that is not its parts'."""
    values = values_of(figures)
    recognised = {one.field for one in figures.figures if one.source == "ocr"}
    for one in (*_columns(values), *_handled(values), *_rows(values), *_reviews(values)):
        seen = "（据图片识别）" if recognised.intersection(one.fields) else ""
        yield Finding(one.rule, one.severity, one.detail + seen, one.place, one.fields)


def _columns(values: Mapping[str, float]) -> Iterator[Finding]:
    """Identity 1: what came in is what was handled or carried on."""
    for column, codes in _BALANCED.items():
        cells = _all(values, codes)
        if cells and cells[0] + cells[1] != cells[2] + cells[3]:
            yield Finding(
                "table3_column",
                "warning",
                f"表三“{applicant(column)}”列不平衡：一＋二 = {number(cells[0] + cells[1])}，"
                f"三(七)＋四 = {number(cells[2] + cells[3])}",
                f"表三 {applicant(column)}",
                codes,
            )


def _handled(values: Mapping[str, float]) -> Iterator[Finding]:
    """Identity 2: the total of all outcomes."""
    for column in APPLICANTS:
        form = "2021" if f"requests.other.other.{column}" in values else "2019"
        codes = _CONCLUDED[form, column]
        cells = _all(values, codes)
        if not cells or sum(cells[:-1]) == cells[-1]:
            continue
        said = f"表三“{applicant(column)}”列：三(一)至(六)合计 = {number(sum(cells[:-1]))}，三(七)总计 = {number(cells[-1])}"
        left = values.get(f"requests.carried_out.{column}", 0)
        if left and cells[-1] - sum(cells[:-1]) == left:
            said += f"（似把结转下年度的 {number(left)} 件计入总计）"
        yield Finding("table3_handled", "warning", said, f"表三 {applicant(column)}", codes)


def _rows(values: Mapping[str, float]) -> Iterator[Finding]:
    """Identity 3: each row's total."""
    for row, codes in _ROWS.items():
        cells = _all(values, codes)
        if cells and sum(cells[:-1]) != cells[-1]:
            yield Finding(
                "table3_row",
                "warning",
                f"表三“{request_row(row)}”各类申请人合计 = {number(sum(cells[:-1]))}，总计 = {number(cells[-1])}",
                f"表三 {request_row(row)}",
                codes,
            )


def _reviews(values: Mapping[str, float]) -> Iterator[Finding]:
    """Identity 5: each case's total in table 4."""
    for start in range(0, len(REVIEW_CELLS), 5):
        codes = REVIEW_CELLS[start : start + 5]
        cells = _all(values, codes)
        if cells and sum(cells[:-1]) != cells[-1]:
            case = FIELDS[codes[0]].row_label
            yield Finding(
                "table4_total",
                "warning",
                f"表四“{case}”不平衡：四项合计 = {number(sum(cells[:-1]))}，总计 = {number(cells[-1])}",
                f"表四 {case}",
                codes,
            )


def _all(values: Mapping[str, float], codes: Sequence[str]) -> list[float]:
    """The values of all codes; empty if one is not known."""
    cells = [values[code] for code in codes if code in values]
    return cells if len(cells) == len(codes) else []


def wrong_form(figures: Figures, year: int | None) -> Iterator[Finding]:
    """The 2021 form holds for reports on 2021 and later, the 2019 form for 2019 and 2020."""
    if year is None or not figures.form:
        return
    due = "2021" if year >= 2021 else "2019" if year >= 2019 else ""
    if figures.form != due:
        should = f"应使用{_FORM_NAMES[due]}" if due else "当时尚无此格式"
        detail = f"{year}年报告的表格为{_FORM_NAMES[figures.form]}，{should}"
        yield Finding("wrong_form", "warning", detail, "表格")


def damaged(figures: Figures) -> Iterator[Finding]:
    """What could not be read: one finding for each table."""
    for table, name in (("二", "表二"), ("三", "表三"), ("四", "表四"), ("附表", "附表")):
        details = [problem.detail for problem in figures.problems if problem.table == table]
        if details:
            yield Finding("table_damaged", "warning", f"{name}未能完整读取：{named(details, '处')}", name)


def conflicts(figures: Figures) -> Iterator[Finding]:
    """Page and attachment, or two attachments, that print one table with other figures."""
    for one in figures.conflicts:
        cells = named([f"{cell.label} {cell.old or '空'} / {cell.new or '空'}" for cell in one.cells], "格")
        detail = f"表{one.table}在{one.source}与{one.other}中不同：{cells}"
        yield Finding(
            "source_conflict", "warning", detail, f"表{one.table} {one.other}", tuple(c.field for c in one.cells)
        )


def doubtful(figures: Figures) -> Iterator[Finding]:
    """What an OCR is not sure of."""
    codes = tuple(one.field for one in figures.figures if one.source == "ocr" and one.confidence < SURE)
    if codes:
        cells = named([label(code) for code in codes], "格")
        yield Finding("doubtful_ocr", "info", f"图片表格中有 {len(codes)} 格识别不确定：{cells}", "表格", codes)


def named(items: Sequence[str], unit: str) -> str:
    """The first few of many, and how many there are."""
    shown = "；".join(items[:_MOST_NAMED])
    return shown if len(items) <= _MOST_NAMED else f"{shown} 等 {len(items)} {unit}"
