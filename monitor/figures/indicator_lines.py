"""Indicators that are no grid any more: a line a cell, or a line an indicator. Pure."""

import re
from collections.abc import Sequence

from monitor.figures.cells import fold, read
from monitor.figures.indicator_columns import is_unit
from monitor.figures.indicator_rows import heading, known

LINE = 70
"""Characters of the longest line that may be an indicator. The longest label of the national form has 26, with its note 60."""
_HEAD = re.compile(r"(?:统计)?(?:指标|项目)(?:名称)?")
_UNIT = r"万?(?:条次?|人次|件次?|次|篇|个|人|份|起|宗|项)|万元|元"
_ENTRY = re.compile(
    rf"(?P<label>.*?[^\d,，.．\s:：])\s*(?:[(（](?P<inner>{_UNIT})[)）])?\s*(?:[:：]|\s|\b)?\s*(?:(?P<before>{_UNIT})\s*[:：]?\s*)?"
    rf"(?P<cell>\d[\d,，]*(?:[.．]\d+)?|[-—/]+)\s*[(（]?(?P<unit>{_UNIT})?[)）]?[。；;，,、]?"
)
_EMPTY = re.compile(rf"\s*[（(]?(?:{_UNIT})?[)）]?[:：\s]*(?:{_UNIT})?\s*$")
_FEW = 3


def regrown(cells: Sequence[str]) -> list[list[str]]:
    """Rows of a table that was flattened to a cell a line, its blank cells lost: as many cells as the header has, each
    row from its label on. Rows with fewer are headings, or not to be placed, and end in nothing."""
    begin = next((place for place, cell in enumerate(cells) if _HEAD.fullmatch(fold(cell))), None)
    if begin is None:
        return []
    rest = cells[begin:]
    width = next(
        (place for place, cell in enumerate(rest) if place and _begins(cell) and (known(cell) or heading(cell))), 0
    )
    if not 2 <= width <= 4:
        return []
    rows: list[list[str]] = [list(rest[:width])]
    for cell in rest[width:]:
        if _begins(cell) or len(rows[-1]) == width:
            rows.append([])
        rows[-1].append(cell)
    return [row if len(row) == width else [*row[:1], *[""] * (width - 1)] for row in rows]


def _begins(cell: str) -> bool:
    return read(cell).kind == "words" and not is_unit(cell)


def listed(lines: Sequence[str]) -> list[list[str]]:
    """Short lines that follow each other → a grid of those that are indicators, if there are enough of them."""
    rows: list[list[str]] = []
    for line in lines:
        entry = _ENTRY.fullmatch(line.strip())
        if entry and known(entry["label"]):
            unit = entry["inner"] or entry["before"] or entry["unit"] or ""
            rows.append([entry["label"], unit, f"{entry['cell']}{entry['unit'] or ''}"])
        elif heading(_EMPTY.sub("", line)):  # of a section, or of one whose own number is blank
            rows.append([_EMPTY.sub("", line), "", ""])
    enough = sum(bool(row[2]) for row in rows) >= _FEW
    return [["指标", "单位", "数量"], *rows] if enough else []
