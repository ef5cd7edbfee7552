"""The tables of reports up to 2018 → figures `indicator.*`.

In: blocks in the form of `crawler.page.text`, the report's year. Out: a figure for each row of the 指标/单位/数量 tables
and of the national 政府信息公开情况统计表 (2014–2018), in whatever columns; blank, `/` and `—` are figures without a value.
A table that has not enough of these forms' own labels is another table and yields nothing. What cannot be placed, or has
several columns of numbers of which none is the report's own, is a problem. Pure; nothing here raises.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from crawler.page.chinese import plain
from crawler.page.text import Block, Table
from monitor.figures.cells import Recognised, fold, read, value
from monitor.figures.indicator_columns import Layout, layout
from monitor.figures.indicator_lines import LINE, listed, regrown
from monitor.figures.indicator_rows import Placed, Row, key, known, place
from monitor.figures.model import Figure, Problem, Source
from monitor.figures.open_fields import INDICATORS

TABLE = "附表"
"""What problems of these tables name as their table."""
_CAPTION = 40
"""Characters of the longest caption."""
_YEAR = re.compile(r"20[0-3]\d(?=年|—|-)")
_STRONG = re.compile(r"公开|信息.*数$")
"""Labels that stand in no other sort of table."""
_SUBJECT = re.compile(r"信息公开|主动公开|依申请|政务公开")
_SAME = "政府信息公开"
"""Caption of a table that goes on."""
_FEW = 3


class Found(NamedTuple):
    """The indicators of one report."""

    figures: tuple[Figure, ...] = ()
    problems: tuple[Problem, ...] = ()


class _Piece(NamedTuple):
    """One table: its caption, its rows, and whether it goes on from the one before."""

    caption: str
    rows: Sequence[Sequence[str]]
    continues: bool


def extract(blocks: Sequence[Block], year: int | None = None, source: Source = "html") -> Found:
    """The indicators of one report's blocks."""
    found: dict[str, tuple[Figure, int]] = {}
    problems: list[Problem] = []
    for number, rows in enumerate(_tables(blocks, year, problems)):
        for placed in place(rows):
            if not placed.code:
                problems.append(Problem(TABLE, f"“{_name(placed)}”不知属于哪一部分"))
                continue
            figure = _figure(placed, source, problems)
            if figure is None:
                continue
            first = found.setdefault(placed.code, (figure, number))
            if first[0].value != figure.value:
                where = "同一表格中重复且数值不同" if first[1] == number else "在几处表格中不同，取第一处"
                problems.append(Problem(TABLE, f"“{_name(placed)}”{where}"))
                if first[1] == number:
                    found[placed.code] = (Figure(placed.code, None, "", source), -1)
    certain = {code: figure for code, (figure, number) in found.items() if number >= 0}
    order = [*(code for code in INDICATORS if code in certain), *(code for code in certain if code not in INDICATORS)]
    return Found(tuple(certain[code] for code in order), tuple(dict.fromkeys(problems)))


def _name(placed: Placed) -> str:
    return plain(placed.row.labels[-1])[:30]


def _figure(placed: Placed, source: Source, problems: list[Problem]) -> Figure | None:
    """The row's figure in the unit of its code, or, for a label of its own, in the row's unit as printed."""
    row = placed.row
    unit = INDICATORS[placed.code].unit if placed.known else fold(row.unit)
    reading = read(row.cell)
    confidence = row.cell.confidence if isinstance(row.cell, Recognised) else 1.0
    if reading.kind == "empty":
        # A heading's row has no unit either: 一、主动公开情况 | —— | ——.
        return Figure(placed.code, None, row.cell, source, confidence) if fold(row.unit) or placed.known else None
    amount = _amount(row, unit) if reading.kind == "number" else None
    if amount is None:
        problems.append(Problem(TABLE, f"“{_name(placed)}”读不出数值：“{row.cell[:20]}”"))
        return None
    return Figure(placed.code, amount, row.cell, source, confidence)


def _amount(row: Row, unit: str) -> float | None:
    """The number in `unit`; None where the cell or the row's unit contradicts it."""
    reading, printed = read(row.cell), fold(row.unit)
    if "元" not in unit:
        factor = 1e4 if printed.startswith("万") else 1.0
        return None if "元" in printed else value(reading, "件", factor)
    if printed and "元" not in printed:
        return None
    factor = {"元": 1e-4, "亿元": 1e4}.get(printed or unit, 1.0)
    amount = value(reading, "万元", factor)
    return amount if amount is None or unit != "元" else round(amount * 1e4, 6)


def _tables(blocks: Sequence[Block], year: int | None, problems: list[Problem]) -> Iterator[list[Row]]:
    """The rows of each table that is one of these forms, in reading order. One cut in two is one."""
    last: Layout | None = None
    pending: list[Row] = []
    for piece in _pieces(blocks):
        years = {int(found) for found in _YEAR.findall(plain(piece.caption))}
        made = layout(piece.rows, year or (min(years) if len(years) == 1 else None))
        follows, bare = last is not None and piece.continues, False
        if last is not None and follows and last.width == len(piece.rows[0]) and not (made and made.headed):
            made, bare = msgspec.structs.replace(last, start=0), True
        rows = list(made.rows(piece.rows)) if made else []
        # Cut in two, with its header again: fewer labels will do.
        same = follows and made is not None and last is not None and made.groups == last.groups
        ours = made is not None and (bare or _is_ours(rows, _SAME if same else piece.caption, made.headed))
        if not (ours and follows) and pending:
            yield pending
            pending = []
        last = None
        if made is None or not ours:
            continue
        if made.unclear:
            problems.append(Problem(TABLE, "有多列数值，不能确定哪一列是本年度的"))
        elif year is not None and years and year not in years:
            problems.append(Problem(TABLE, f"表题年份为 {'、'.join(map(str, sorted(years)))}，不是 {year} 年，未读取"))
        else:
            last = made
            pending = [*pending, *rows]
    if pending:
        yield pending


def _is_ours(rows: Sequence[Row], caption: str, headed: bool) -> bool:
    """Whether a table has enough of these forms' own labels."""
    filled = [row for row in rows if row.cell.strip()]
    names = [row.labels[-1] for row in filled if known(row.labels[-1])]
    strong = any(_STRONG.search(key(name)) for name in names)
    if headed:
        return len(names) >= _FEW or (bool(names) and (strong or _SUBJECT.search(plain(caption)) is not None))
    return strong and len(names) >= _FEW and len(names) * 2 >= len(filled)


def _pieces(blocks: Sequence[Block]) -> Iterator[_Piece]:
    """Tables, tables flattened to a cell a line, and lists of indicators, each with the caption above it."""
    caption, between = "", 0
    cells: list[str] = []
    lines: list[str] = []
    for block in (*blocks, ""):
        if isinstance(block, str) and block.rstrip().endswith("|"):
            cells.extend(cell for part in block.split("|") if (cell := part.strip()))
            continue
        if cells:
            yield _Piece(caption, regrown(cells), False)
            cells, between = [], 0
        if isinstance(block, Table):
            yield _Piece(caption, block.rows, between == 0)
            lines, between = [], 0
            continue
        if block and len(block) <= LINE:
            lines.append(block)
        elif lines:
            yield _Piece("", listed(lines), False)
            lines = []
        between += 1
        if len(block) <= _CAPTION:
            caption = block
