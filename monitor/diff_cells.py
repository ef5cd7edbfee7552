"""What may be told of a table: a cell, a row, a column, the whole of it; and the names of cells. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from monitor.figures import Source, label, labels
from monitor.figures.cells import fold
from monitor.figures.fields import FIELDS, request_row

Key = Callable[[str], str]

_VALUE = re.compile(r"[-−–—+]?[\d,，.．]+\s*(?:[%％‰]|万元|亿元|元|件|条|个|项|次|宗|份|人)?|[/／\\]|[-−–—]+|")
_NAMES = {"二": "主动公开政府信息情况", "三": "收到和处理政府信息公开申请情况", "四": "行政复议、行政诉讼情况"}
_PREFIXES = {"二": "proactive", "三": "requests"}


class CellChange(msgspec.Struct, frozen=True):
    """A cell that says something else."""

    table: str
    """`表三 收到和处理政府信息公开申请情况`."""
    label: str
    """`总计 · 一、本年新收`; of a label or header `表头` or the label itself."""
    old: str
    """As printed; empty: blank, or not there."""
    new: str
    field: str = ""
    """Its code, if it has one."""
    source: Source = "html"
    """What it was read from; `ocr` if that is so of either side."""
    confidence: float = 1.0
    """The lower one of both sides."""
    url: str = ""
    """Of the document or picture that it stands in; empty: the page."""


class GridChange(msgspec.Struct, frozen=True):
    """A row, a column or a whole table that came or went, or a table that stands elsewhere in the text."""

    table: str
    what: Literal["row", "column", "table"]
    change: Literal["added", "removed", "moved", "restyled"]
    """restyled: laid out otherwise, with the same words and figures."""
    label: str
    """Of the row or column."""
    cells: tuple[str, ...]
    """What stands in it; of a table the first cells."""


TableChange = CellChange | GridChange


def field_of(kind: str, row: Sequence[str], heads: str) -> str:
    """The code of a cell by its row's labels, outermost first, and the words over it, all folded; empty: none."""
    column = labels.column(kind, heads)
    if kind == "四":
        code = f"review.{column}"
    else:
        name = next((found for words in reversed(row) if (found := labels.row(kind, words))), "")
        code = f"{_PREFIXES[kind]}.{name}.{column}"
    return code if code in FIELDS else ""


def table_name(kind: str) -> str:
    """`表三 收到和处理政府信息公开申请情况`."""
    return f"表{kind} {_NAMES[kind]}"


def field_change(
    code: str, old: str, new: str, source: Source = "html", confidence: float = 1.0, url: str = ""
) -> CellChange:
    """A cell of a national table that says something else."""
    table, _, name = label(code).partition(" ")
    return CellChange(table_name(table[-1]), name, old, new, code, source, confidence, url)


def is_value(cell: str) -> bool:
    """Whether a cell is a figure, or stands for one: a number, `/`, dashes, nothing."""
    return _VALUE.fullmatch(cell.strip()) is not None


def tidy(label: str) -> str:
    label = re.sub(r"\s+", "", label)
    return label if len(label) <= 24 else label[:23] + "…"


def row_name(kind: str, words: str) -> str:
    """A row as alerts name it, by its printed label."""
    code = labels.row("三", fold(words)) if kind == "三" else ""
    return request_row(code) if code and code != "other" else tidy(words)
