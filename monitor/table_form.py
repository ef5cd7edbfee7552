"""The national tables in one form, however they are laid out: what is a restyled table, and what is an edited one. Pure.

In: a body's tables as grids (spans resolved), in reading order. Out: for a table whose headers are those of the national forms
beyond doubt its `Line`s, else None: such a table is what its grid is. Two layouts of one table give the same lines: labels
over one column or three, groups as spanned cells or as rows of their own, header words over one row or three, columns that
layout doubles or keeps apart, tables cut in two. Every character of a label, a header or a figure stands in a line, each
under its own header, so that an edit of one of them gives other lines. What is recognised here is frozen with
`monitor.canonical.REVISION`; it is no reading of figures (`monitor.figures`), which may learn every day.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Literal, NamedTuple

from monitor.regional import across

Key = Callable[[str], str]
Rows = Sequence[Sequence[str]]
Kind = Literal["words", "heads", "figures"]

SEVERAL = "‖"
"""Between the figures of columns that layout doubled, where they differ."""
_NEAR = 20
"""Characters of a paragraph, such as （续表）, over which a table may go on."""
_MOST_COLUMNS = 400
_LONGEST = 3
"""Characters of words that may stand in the place of a row's only figures: 无, 不适用."""
_VALUE = re.compile(
    r"[-+]?[\d.,]+(?:%|‰|万元|萬元|亿元|億元|元|件|条|條|个|個|项|項|次|宗|份|人)?|[/\\|_*]+|-+", re.IGNORECASE
)
_OUTCOMES = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
_WHOLE = {
    "三": ("自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计"),
    "四": tuple(case + one for case in ("行政复议", "未经复议直接起诉", "复议后起诉") for one in _OUTCOMES),
}
"""Columns of tables 3 and 4, which are all there: what their headers end in."""
_PROACTIVE = re.compile(
    "^(?:(?:本年度?)?(?:制发件数|废止件数|新制作数量|新公开数量|增/?减|处理决定数量|收费金额)|现行有效件数|(?:对外)?公开总数量"
    "|上一?年度?项目数量|采购项目数量|采购总金额)(?:[(:]?单位:?万?元[)]?)?$"
)


class Line(NamedTuple):
    """A row of the form."""

    kind: Literal["words", "header", "row"]
    table: str
    """二, 三 or 四; of words in front of the first header empty."""
    cells: tuple[str, ...]
    """As printed. words: one cell; header: what stands over the labels, then over each column; row: its own label, then
    its figures."""
    words: tuple[str, ...] = ()
    """Of a header: its cells as printed, each once."""


class _Header(NamedTuple):
    table: str
    start: int
    """The first grid column of figures."""
    groups: tuple[tuple[int, ...], ...]
    """The grid columns of each column of the form."""
    cells: tuple[str, ...]
    keys: tuple[str, ...]
    words: tuple[str, ...]


class _Doubtful(ValueError):
    """The table is none of the national ones, or not beyond doubt."""


class Former:
    """Takes a body's blocks in reading order. `key`: what folding leaves of a cell; equal keys are equal cells."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._header: _Header | None = None
        self._width = 0
        self._adjacent = False
        self._above: list[tuple[str, str]] = []
        self._groups: list[str] = []

    def prose(self, paragraph: str) -> None:
        """A paragraph stands between two tables."""
        self._adjacent = False
        if len(paragraph) > _NEAR:
            self._header = None

    def table(self, rows: Rows) -> list[Line] | None:
        """A table's lines; None if it is none of the national ones beyond doubt."""
        width = max(map(len, rows), default=0)
        try:
            lines = list(self._lines([[*row, *[""] * (width - len(row))] for row in rows if any(row)], width))
        except _Doubtful:
            self._header, self._adjacent = None, False
            return None
        self._width, self._adjacent = width, True
        return lines

    def _lines(self, grid: list[list[str]], width: int) -> Iterator[Line]:
        keyed = [[self._key(cell) if cell else "" for cell in row] for row in grid]
        left = min((_first(row) for row in keyed if any(map(is_value, filter(None, row)))), default=0)
        if not keyed or width > _MOST_COLUMNS:
            raise _Doubtful
        if self._header is not None and self._width != width:
            self._header = _continued(self._header, keyed, width)
        kinds = [_kind(row, left) for row in keyed]
        body: list[int] = []
        begun = False
        place = 0
        while place < len(grid):
            end = place
            while end < len(grid) and kinds[end] == "heads":
                end += 1
            found = _sought(grid, keyed, place, end)
            if found is None:
                body.extend(range(place, max(end, place + 1)))
                place = max(end, place + 1)
                continue
            begin, end, header = found
            body.extend(range(place, begin))
            yield from self._body(grid, keyed, kinds, body)
            # Printed again over a part of its table. In table 2 each part has a header of its own, which may be the same.
            known = self._header if header.table != "二" or (self._adjacent and not begun and not body) else None
            if known is None or known.keys != header.keys:
                yield Line("header", header.table, header.cells, header.words)
            self._header, self._above = header, []
            body, begun, place = [], True, end
        if self._header is None:
            raise _Doubtful
        yield from self._body(grid, keyed, kinds, body)

    def _body(self, grid: Rows, keyed: Rows, kinds: Sequence[Kind], rows: Sequence[int]) -> Iterator[Line]:
        """Lines of the rows under one header."""
        header = self._header
        shown = [row for row in rows if any(keyed[row])]
        if header is None:
            for row in shown:
                if kinds[row] != "words":
                    raise _Doubtful
                yield Line("words", "", (next(filter(None, grid[row])),))
            return
        figures = [row for row in shown if kinds[row] != "words"]
        for row in figures:
            if kinds[row] == "heads" and max(map(len, keyed[row][header.start :])) > _LONGEST:
                raise _Doubtful  # rather a header that is not known than figures
            if any(key and is_value(key) for key in keyed[row][: header.start]):
                raise _Doubtful
        seen = {column for row in figures for column in range(header.start, len(keyed[row])) if keyed[row][column]}
        groups = [tuple(column for column in group if column in seen) for group in header.groups]
        if not seen <= {column for group in groups for column in group}:
            raise _Doubtful
        for row in shown:
            if kinds[row] == "words":
                self._groups = []
                yield Line("words", header.table, (next(filter(None, grid[row])),))
                continue
            yield from self._row(grid[row], keyed[row], groups)

    def _row(self, row: Sequence[str], keys: Sequence[str], groups: Sequence[Sequence[int]]) -> Iterator[Line]:
        header = self._header
        assert header is not None
        labels = list(zip(keys[: header.start], row[: header.start], strict=True))
        last = len(labels) - 1
        while last >= 0 and not labels[last][0]:
            last -= 1
        if len(self._above) == len(labels):
            for index in range(last):  # left blank under a label that goes on
                labels[index] = labels[index] if labels[index][0] else self._above[index]
        self._above = labels
        path = [
            label for index, label in enumerate(labels) if label[0] and (index == 0 or labels[index - 1][0] != label[0])
        ]
        upper = [key for key, _ in path[:-1]]
        known = 0
        while known < min(len(upper), len(self._groups)) and upper[known] == self._groups[known]:
            known += 1
        for _, printed in path[known:-1]:
            yield Line("words", header.table, (printed,))
        self._groups = upper
        own = path[-1][1] if path else ""
        figures = [row[group[0]] if len(group) == 1 else _one(keys, row, group) for group in groups]
        if any(figures):
            yield Line("row", header.table, (own, *figures))
        elif own:
            yield Line("words", header.table, (own,))


def _continued(header: _Header, keyed: Rows, width: int) -> _Header | None:
    """The header over a piece of its table that has other columns, for labels over all of them leave no trace of the others:
    figures are the last ones of each row. None if that is not so."""
    start = width - len(header.groups)
    if start < (header.table != "四"):
        return None
    if any(key and is_value(key) for row in keyed for key in row[:start]):
        return None
    return header._replace(start=start, groups=tuple((column,) for column in range(start, width)))


def _one(keys: Sequence[str], row: Sequence[str], group: Sequence[int]) -> str:
    """One column's figure, which layout may print several times."""
    if len({keys[column] for column in group}) == 1:
        return row[group[0]]
    return SEVERAL.join(row[column] for column in group)


def _kind(keys: Sequence[str], left: int) -> Kind:
    """What a row holds: one word, by itself or over all columns; several, as headers do; figures."""
    filled = {key for key in keys if key}
    if any(map(is_value, filled)):
        return "figures"
    return "words" if len(filled) == 1 and _first(keys) <= left else "heads"


def _first(keys: Sequence[str]) -> int:
    """The first column in which anything stands."""
    return next(index for index, key in enumerate(keys) if key)


@lru_cache(maxsize=4096)
def is_value(key: str) -> bool:
    """Whether a folded cell is a figure, or a mark in a figure's place."""
    return _VALUE.fullmatch(key) is not None


def _sought(grid: Rows, keyed: Rows, begin: int, end: int) -> tuple[int, int, _Header] | None:
    """The first header among these rows of words, as long as it can be, and where it begins and ends."""
    for first in range(begin, end):
        for last in range(end, first, -1):
            if (header := _header(grid[first:last], keyed[first:last])) is not None:
                return first, last, header
    return None


def _header(grid: Rows, keyed: Rows) -> _Header | None:
    """What rows of words are the header of; None if they are none of the national forms."""
    stacked = [_stacked(keyed, grid, column) for column in range(len(keyed[0]))]
    keys = [key for key, _ in stacked]
    for table in ("三", "四", "二"):
        names = [_name(table, key) for key in keys]
        if not any(names):
            continue
        start = next(index for index, name in enumerate(names) if name)
        if len({key for key in keys[:start] if key}) > 1:
            continue  # a column that is none of the form's in front of those that are
        named: list[tuple[str, list[int]]] = []
        for column in range(start, len(keys)):
            if not names[column]:
                if not all(row[column] in ("", row[column - 1], *row[column + 1 : column + 2]) for row in keyed):
                    break
            elif named and keys[named[-1][1][-1]] == keys[column]:
                named[-1][1].append(column)
            else:
                named.append((names[column], [column]))
        else:
            found = tuple(name for name, _ in named)
            if found == _WHOLE[table] if table in _WHOLE else len(set(found)) == len(found) and start > 0:
                over = [next(same) for key, same in groupby(stacked[:start], lambda one: one[0]) if key]
                columns = [stacked[group[0]] for _, group in named]
                return _Header(
                    table,
                    start,
                    tuple(tuple(group) for _, group in named),
                    ("".join(printed for _, printed in over), *(printed for _, printed in columns)),
                    ("".join(key for key, _ in over), *(key for key, _ in columns)),
                    tuple(dict.fromkeys(cell for row in grid for cell in row if cell)),
                )
    return None


def _stacked(keyed: Rows, grid: Rows, column: int) -> tuple[str, str]:
    """The words over a column, a spanned cell once: folded, and as printed."""
    keys: list[str] = []
    printed: list[str] = []
    for index, row in enumerate(keyed):
        key = row[column]
        if key and (not keys or keys[-1] != key):
            keys.append(key)
            printed.append(grid[index][column])
    return "".join(keys), "".join(printed)


@lru_cache(maxsize=4096)
def _name(table: str, key: str) -> str:
    """The column of a form that the words over it name; empty: none."""
    words = across(key)  # 上一年專案數量 is 上一年项目数量 behind a gateway
    if table == "二":
        return words if _proactive().match(words) else ""
    return next((name for name, folded in _whole(table) if words.endswith(folded)), "")


@lru_cache
def _proactive() -> re.Pattern[str]:
    return re.compile(across(_PROACTIVE.pattern))


@lru_cache
def _whole(table: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, across(name)) for name in _WHOLE[table])
