"""Which columns of a 指标/单位/数量 table are labels, units and the report's own numbers. Pure.

Told by the header; without one by what the columns hold. A table may stand in two halves side by side, have a code or a
number for each row, its labels in several columns, and several columns of numbers: then the report's own year, what is
headed 本年累计, or the total of several organs is taken, and nothing else.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from crawler.page.chinese import plain
from monitor.figures.cells import fold, read
from monitor.figures.indicator_rows import Row

_LABELS = re.compile(r"(?:统计)?(?:指标|项目|内容)(?:名称|内容|项目|信息)?|信息类别|类别|名称|统计名称|指标项")
_UNITS = re.compile(r"(?:计量|计算|统计)?单位")
_CODES = re.compile(r"(?:指标)?(?:代码|代号|序号|编号|编码|行次|行号|序)|no")
_NUMBERS = re.compile(
    r"数量?|(?:统计|本年|本年度|全年)?(?:数[据值量额字]?|结果|情况)|统计|实际|金额|[件条次]数|[合总]计|总数"
    r"|(?:本年|本期|本月|年度|全年|当年)(?:度|实际|累计|合计|数|数量)*|20\d\d年?度?(?:统计|实际|合计)?(?:数[据值量]?)?"
)
_OTHERS = re.compile(r"历年|以来|上年|上一年|去年|同期|同比|环比|增减|增长|增幅|备注|说明|比例|占比|本月|本季|上期")
_YEAR = re.compile(r"20\d\d")
_WHOLE_YEAR = re.compile(r"累计|全年|本年|当年")
_TOTAL = re.compile(r"[合总]计|总数")
_GUIDE = frozenset("甲乙丙丁")
_UNIT = re.compile(r"万?(?:条次?|人次|件次?|次|篇|个|人|份|起|宗|项)|[万亿]?元")
_IN_BRACKETS = re.compile(r"\((?:单位:?)?(万?(?:条次?|人次|件次?|次|篇|个|人|份|起|宗|项)|[万亿]?元)\)")
_HEAD = 6
"""Rows that a header may take with what stands above it."""


class Group(msgspec.Struct, frozen=True):
    """Columns that belong together: a half of a table in two halves."""

    labels: tuple[int, ...]
    units: int | None
    cells: int
    unit: str = ""
    """What the header says of all cells: 数量（条）."""


class Layout(msgspec.Struct, frozen=True):
    """How a table is read."""

    groups: tuple[Group, ...]
    start: int
    """First row below the header."""
    width: int
    headed: bool
    unclear: bool = False
    """Several columns of numbers, and none is certain to be the report's own."""

    def rows(self, grid: Sequence[Sequence[str]]) -> Iterator[Row]:
        """All rows, left half first."""
        for group in self.groups:
            for cells in grid[self.start :]:
                if row := _row(group, cells):
                    yield row


def layout(grid: Sequence[Sequence[str]], year: int | None) -> Layout | None:
    """How the table is read, if it can be; `year` is the report's."""
    for index, cells in enumerate(grid[:_HEAD]):
        heads = [_head(cell) for cell in cells]
        if any(map(_LABELS.fullmatch, heads)) and any(
            _is_number_head(head) or _UNITS.fullmatch(head) for head in heads
        ):
            return _headed(grid, index, year)
    return _unheaded(grid)


def is_unit(cell: str) -> bool:
    """Whether a cell is a unit and nothing else."""
    return _UNIT.fullmatch(fold(cell)) is not None


def _head(cell: str) -> str:
    return fold(re.sub(r"\([^()]*\)", "", plain(cell)))


def _is_number_head(folded: str) -> bool:
    return _NUMBERS.fullmatch(folded) is not None


def _headed(grid: Sequence[Sequence[str]], first: int, year: int | None) -> Layout:
    width = len(grid[first])
    last = first
    while last + 1 < len(grid) and last + 1 < first + 4 and _goes_on(grid[first], grid[last + 1]):
        last += 1
    header = grid[first : last + 1]
    stacks = [
        [head for head in dict.fromkeys(_head(row[column]) for row in header if column < len(row)) if _says(head)]
        for column in range(width)
    ]
    kinds = [_kind(stack) for stack in stacks]
    groups: list[Group] = []
    unclear = False
    for begin, end in _spans(kinds):
        columns = range(begin, end)
        numbers = [column for column in columns if kinds[column] == "number"]
        chosen = _own(numbers, stacks, year)
        unclear |= chosen is None and len(numbers) > 0
        if not numbers:
            continue
        units = next((column for column in columns if kinds[column] == "unit"), None)
        named = chosen if chosen is not None else numbers[0]
        unit = _IN_BRACKETS.search(plain("".join(row[named] for row in header if named < len(row))))
        texts = tuple(column for column in columns if kinds[column] == "label")
        groups.append(Group(texts, units, named, unit[1] if unit else ""))
    return Layout(tuple(groups), last + 1, width, headed=True, unclear=unclear)


def _goes_on(header: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether a row below the header belongs to it: its label cells are the header's own, or it is the row 甲 乙 丙."""
    heads = [_head(cell) for cell in cells]
    if heads and heads[0] in _GUIDE:
        return True
    same = [mine == theirs for mine, theirs in zip(map(_head, header), heads, strict=False) if _LABELS.fullmatch(mine)]
    return bool(same) and all(same)


def _kind(stack: Sequence[str]) -> str:
    if any(map(_LABELS.fullmatch, stack)):
        return "label"
    if any(map(_UNITS.fullmatch, stack)):
        return "unit"
    if any(map(_CODES.fullmatch, stack)) or any(map(_OTHERS.search, stack)):
        return ""
    # A column of numbers under a name of its own (区直单位) makes the table unclear, so it must not be overlooked.
    return "number" if stack else ""


def _says(head: str) -> bool:
    """Whether a header cell says anything; the row 甲 乙 丙 1 does not."""
    return bool(head) and head not in _GUIDE and not (head.isdigit() and len(head) < 3)


def _spans(kinds: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The columns of each half: from its first label column to before the next half's."""
    begins = [
        column for column, kind in enumerate(kinds) if kind == "label" and (column == 0 or kinds[column - 1] != "label")
    ]
    yield from zip(begins, [*begins[1:], len(kinds)], strict=True)


def _own(columns: Sequence[int], stacks: Sequence[Sequence[str]], year: int | None) -> int | None:
    """The one column of the report's own numbers; None if nothing tells."""
    heads = {column: "".join(stacks[column]) for column in columns}
    dated = {column: int(found[0]) for column, head in heads.items() if (found := _YEAR.search(head))}
    if dated:
        mine = [column for column, said in dated.items() if said == year]
        if year is None and len(columns) == 1:
            mine = list(columns)
        return mine[0] if len(mine) == 1 else None
    for sort in (_WHOLE_YEAR, _TOTAL):
        if len(columns) > 1 and len(mine := [column for column in columns if sort.search(heads[column])]) == 1:
            return mine[0]
    return columns[0] if len(columns) == 1 and _is_number_head(heads[columns[0]]) else None


def _unheaded(grid: Sequence[Sequence[str]]) -> Layout | None:
    """By content: a column of units between labels and numbers, or two columns."""
    width = max(map(len, grid), default=0)
    rows = [cells for cells in grid if len(cells) == width]
    if width < 2 or not rows:
        return None
    units = next((c for c in range(1, width) if sum(is_unit(row[c]) for row in rows) * 5 >= len(rows) * 3), None)
    after = 1 if units is None else units + 1
    numbers = [c for c in range(after, width) if any(read(row[c]).kind == "number" for row in rows)]
    texts = [c for c in range(after if units is None else units) if any(read(row[c]).kind == "words" for row in rows)]
    if len(numbers) != 1 or not texts or (units is None and width != 2):
        return None
    return Layout((Group(tuple(texts), units, numbers[0]),), 0, width, headed=False)


def _row(group: Group, cells: Sequence[str]) -> Row | None:
    found = dict.fromkeys(cells[column] for column in group.labels if column < len(cells) and fold(cells[column]))
    if not found:
        return None
    texts = tuple(text for text in found if read(text).kind == "words") or tuple(found)
    if fold(texts[-1]) in _GUIDE or _LABELS.fullmatch(_head(texts[-1])) or group.cells >= len(cells):
        return None
    cell = cells[group.cells]
    if cell in texts:  # a heading that spans the table
        return Row(texts, "", "")
    unit = cells[group.units] if group.units is not None and group.units < len(cells) else ""
    if not fold(unit):
        bracket = _IN_BRACKETS.search(plain(texts[-1]))
        unit = bracket[1] if bracket else group.unit
    return Row(texts, unit if is_unit(unit) else "", cell)
