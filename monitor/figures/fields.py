"""The cells of the three national tables: their codes, places and names for readers. Pure; read once from fields.csv.

A code is `proactive.<row>.<column>` (表二), `requests.<row>.<applicant>` (表三) or `review.<case>.<outcome>` (表四).
Form `2019` is 国办公开办函〔2019〕60号, `2021` is 国办公开办函〔2021〕30号.
"""

import csv
import re
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from monitor.figures import open_fields

Form = Literal["2019", "2021", ""]


class Field(msgspec.Struct, frozen=True):
    """One cell of a national table."""

    code: str
    forms: frozenset[str]
    table: str
    """二, 三 or 四."""
    row_label: str
    column_label: str
    unit: str
    """件, or 万元 for money."""

    @property
    def row(self) -> str:
        """The code's row part: `refused.state_secret` of `requests.refused.state_secret.total`."""
        return self.code.split(".", 1)[1].rpartition(".")[0]

    @property
    def column(self) -> str:
        """The code's last part: `total`."""
        return self.code.rpartition(".")[2]


def _load() -> dict[str, Field]:
    fields: dict[str, Field] = {}
    with Path(__file__).with_name("fields.csv").open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            code = line["code"]
            forms = frozenset(("2019", "2021") if line["form"] == "both" else (line["form"],))
            if code in fields:  # licences.decisions and its like stand in both forms, under two wordings
                forms |= fields[code].forms
            fields[code] = Field(code, forms, line["table"], line["row_label"], line["column_label"], line["unit"])
    return fields


FIELDS: dict[str, Field] = _load()
"""By code, in the order of the forms."""
_PLACES = {code: place for place, code in enumerate((*FIELDS, *open_fields.INDICATORS, *open_fields.PROSE))}


def place(code: str) -> int:
    """What codes in alphabetical order are sorted by: the order of the forms, then of the open codes, then those of no
    list."""
    return _PLACES.get(code, len(_PLACES))


def order(code: str) -> tuple[int, str]:
    """What any codes are sorted by, to the same order."""
    return place(code), code


def _parts(table: str, part: str, form: str) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(getattr(field, part) for field in FIELDS.values() if field.table == table and form in field.forms)
    )


APPLICANTS = _parts("三", "column", "2021")
"""Columns of table 3, left to right: six kinds of applicant and `total`."""
REQUEST_ROWS: dict[str, tuple[str, ...]] = {form: _parts("三", "row", form) for form in ("2019", "2021")}
"""Rows of table 3, top to bottom, by form."""
CLAUSE_COLUMNS: dict[str, tuple[frozenset[str], ...]] = {
    row: tuple(
        frozenset(
            field.column for field in FIELDS.values() if (field.table, field.row) == ("二", row) and form in field.forms
        )
        for form in ("2019", "2021")
    )
    for row in dict.fromkeys(field.row for field in FIELDS.values() if field.table == "二")
}
"""Columns of each row of table 2, by form; none where a form has no such row."""
REVIEW_CELLS: tuple[str, ...] = tuple(code for code, field in FIELDS.items() if field.table == "四")
"""Codes of table 4, left to right."""

_SHORT = {
    "new": "一、本年新收",
    "carried_in": "二、上年结转",
    "carried_out": "四、结转下年度",
    "refused.barred_by_law": "三(三)2 法律法规禁止公开",
    "refused.internal_affairs": "三(三)5 内部事务信息",
    "refused.process": "三(三)6 过程性信息",
    "refused.enforcement_file": "三(三)7 行政执法案卷",
    "refused.administrative_query": "三(三)8 行政查询事项",
    "unavailable.not_held": "三(四)1 本机关不掌握",
    "unavailable.must_be_created": "三(四)2 需另行制作",
    "unavailable.still_unclear": "三(四)3 补正后仍不明确",
    "not_processed.petition": "三(五)1 信访举报投诉",
    "not_processed.excessive": "三(五)4 大量反复申请",
    "not_processed.reissue": "三(五)5 要求确认或重新出具",
    "other.not_corrected": "三(六)1 逾期不补正",
    "other.fee_unpaid": "三(六)2 逾期不缴费",
}
"""Rows of table 3 whose printed label is too long for an alert."""


def request_row(row: str) -> str:
    """A row of table 3 as alerts name it: `一、本年新收`, `三(四)1 本机关不掌握`. KeyError for an unknown row."""
    if row in _SHORT:
        return _SHORT[row]
    printed = FIELDS[f"requests.{row}.total"].row_label
    return re.sub(r"\)(\d)\.", r")\1 ", printed)


def applicant(column: str) -> str:
    """A column of table 3 as printed: `总计`. KeyError for an unknown column."""
    return FIELDS[f"requests.new.{column}"].column_label


@cache
def label(code: str) -> str:
    """A cell's name for readers: `表三 总计 · 一、本年新收`. An open code has the name that
    `open_fields` gives it, any other is its own."""
    field = FIELDS.get(code)
    if field is None:
        return open_fields.label(code)
    if field.table == "三":
        return f"表三 {field.column_label} · {request_row(field.row)}"
    row = re.sub(r"^第二十条第\(.\)项 ", "", field.row_label)
    column = re.sub(r"\(单位[:：].*\)$", "", field.column_label)
    return f"表{field.table} {row} · {column}"
