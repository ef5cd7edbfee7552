"""A report's figures laid out as on paper: the three national tables, and beside them what was told elsewhere. Pure."""

import re
from collections.abc import Mapping

import msgspec

from monitor.figures.fields import APPLICANTS, FIELDS, REQUEST_ROWS, REVIEW_CELLS, applicant, label, order, request_row

_TITLES = {
    "二": "表二 主动公开政府信息情况",
    "三": "表三 收到和处理政府信息公开申请情况",
    "四": "表四 政府信息公开行政复议、行政诉讼情况",
}


class Line(msgspec.Struct, frozen=True):
    """One line of a table: a label and its cells."""

    label: str
    cells: tuple[str, ...]
    """Codes; of a heading, what it says."""
    heading: bool = False


class Sheet(msgspec.Struct, frozen=True):
    """One table."""

    title: str
    lines: tuple[Line, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(code for line in self.lines if not line.heading for code in line.cells)


def sheets(codes: Mapping[str, object], form: str) -> tuple[Sheet, ...]:
    """The tables that have at least one of these codes, in the order of the form (2019, 2021)."""
    made = (_two(form), _three(form), _four())
    found = [sheet for sheet in made if any(code in codes for code in sheet.codes)]
    placed = {code for sheet in found for code in sheet.codes}
    others = sorted((code for code in codes if code not in placed), key=order)
    if others:
        found.append(Sheet("其他数据", tuple(Line(label(code), (code,)) for code in others)))
    return tuple(found)


def _two(form: str) -> Sheet:
    """Each clause has columns of its own."""
    lines: list[Line] = []
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for code, field in FIELDS.items():
        if field.table == "二" and form in field.forms:
            clause, _, row = field.row_label.partition(" ")
            rows.setdefault((clause, row), {})[field.column_label] = code
    told: tuple[str, tuple[str, ...]] = ("", ())
    for (clause, row), cells in rows.items():
        if (clause, tuple(cells)) != told:
            told = clause, tuple(cells)
            lines.append(Line(clause, tuple(cells), heading=True))
        lines.append(Line(row, tuple(cells.values())))
    return Sheet(_TITLES["二"], tuple(lines))


def _three(form: str) -> Sheet:
    lines = [Line("", tuple(applicant(one) for one in APPLICANTS), heading=True)]
    lines += [
        Line(request_row(row), tuple(f"requests.{row}.{one}" for one in APPLICANTS))
        for row in REQUEST_ROWS.get(form, REQUEST_ROWS["2021"])
    ]
    return Sheet(_TITLES["三"], tuple(lines))


def _four() -> Sheet:
    cases: dict[str, dict[str, str]] = {}
    for code in REVIEW_CELLS:
        cases.setdefault(FIELDS[code].row_label, {})[FIELDS[code].column_label] = code
    lines = [Line("", tuple(next(iter(cases.values()))), heading=True)]
    lines += [Line(re.sub(r"\s", " ", case), tuple(cells.values())) for case, cells in cases.items()]
    return Sheet(_TITLES["四"], tuple(lines))
