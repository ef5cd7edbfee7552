"""Table rows → the cells of the three national tables. Pure.

Row by row, for tables come cut in two, joined to one, wrapped in layout, with header rows split: what a row
belongs to is told by its labels (`monitor.figures.labels`), what a figure is by the header above it (`monitor.figures.align`), only in
table 4 by position.
"""

from collections.abc import Sequence
from typing import NamedTuple

from monitor.figures import labels
from monitor.figures.align import UNKNOWN, Unplaced, align, align_reviews
from monitor.figures.cells import Recognised, fold, read
from monitor.figures.fields import FIELDS, REQUEST_ROWS, REVIEW_CELLS
from monitor.figures.model import Problem

_SUMMED = ("other_services", "procurement")
"""Rows of table 2 that may be printed as several."""


class Part(NamedTuple):
    """One printed cell that was placed. Several rows (one a contract) give a field several parts."""

    table: int
    """Which table of the text, from 0; of a row cut in two the first."""
    raw: str
    factor: float
    """What the header says of the unit."""
    confidence: float
    sublabel: str


class _Row(NamedTuple):
    name: str
    label_end: int
    cells: Sequence[str]
    sublabel: str
    words: str


class Collector:
    """Takes tables in reading order, holds what was found of the first report among them.

    Table 2 after table 4 begins another report, or the same one again; it is collected apart, in `again`.
    """

    def __init__(self) -> None:
        self.parts: dict[str, list[Part]] = {}
        self.problems: list[Problem] = []
        self.seen: set[str] = set()
        self.again: Collector | None = None
        self._met: set[str] = set()
        self._kind = ""
        self._columns: dict[str, list[str]] = {}
        self._factors: list[float] = []
        self._header: list[Sequence[str]] = []
        self._rows: list[_Row] = []
        self._last_row = ""
        self._open_row = ""
        self._blank_reviews: Sequence[str] | None = None
        self._table = -1
        self._continued = False

    def chapter(self) -> None:
        """A chapter begins: what follows does not continue the table before."""
        if self.again is not None:
            self.again.chapter()
        self._kind = ""
        self._last_row = ""
        self._columns = {}

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Reads one table."""
        if self.again is not None:
            self.again.add(rows)
            return
        self._table += 1
        self._header = []
        self._open_row = self._last_row
        self._continued = True
        for index, row in enumerate(rows):
            self._read(row)
            if self.again is not None:
                self.again.add(rows[index:])
                break
        self._finish()

    def _read(self, row: Sequence[str]) -> None:
        words = {cell: fold(cell) for cell in dict.fromkeys(row) if cell and read(cell).kind == "words"}
        for folded in words.values():
            if kind := labels.marker(folded):
                if kind == "二" and "四" in self._met:
                    self.again = Collector()
                    return
                self._switch(kind)
                break
        self.seen.update(filter(None, map(labels.announced, words.values())))
        if not self._kind:
            return
        if self._kind == "四":
            self._read_review(row, words)
            return
        header = any(map(labels.is_header, words.values()))
        found = None if header else self._labelled(row, words)
        if found is None:
            if words:
                self._header.append(row)
            return
        self._take_header()
        if self._kind == "三":
            self._rows.append(found)
        else:
            self._place(found)

    def _switch(self, kind: str) -> None:
        self._continued = False
        self._met.add(kind)
        if kind != self._kind:
            self._finish()
            self._kind = kind
            self._header = []
            self._columns.pop(kind, None)

    def _labelled(self, row: Sequence[str], words: dict[str, str]) -> _Row | None:
        """The row with its label, None if it holds no figures."""
        name, label_end, last, sublabel = "", -1, -1, ""
        for index, cell in enumerate(row):
            if not cell:
                continue
            if cell not in words:
                break
            own = labels.row(self._kind, words[cell])
            last = index
            if own and name not in _SUMMED:
                name, label_end = own, index
            elif own == name:
                label_end = index
            elif name in _SUMMED:
                label_end, sublabel = index, cell
            elif not name or labels.is_group(words[cell]):
                label_end = index
        tail = row[label_end + 1 :]
        if not name and not any(read(cell).kind == "number" for cell in tail):
            return None
        if not tail or (last == len(row) - 1 and not name):
            return None
        if not name and self._kind == "二" and self._last_row in _SUMMED and last >= 0:
            name, sublabel = self._last_row, row[last]
        if not any(row[label_end + 1 :]) and self._header and name in ("other.other", "handled_total"):
            return None  # 其他 or 总计 at the end of a header row
        return _Row(name, label_end, tuple(row), sublabel, row[last] if last >= 0 else "")

    def _take_header(self) -> None:
        if not self._header:
            return
        stacked = _stack(self._header)
        names = [_column(self._kind, words) for words in stacked]
        if any(name not in ("", UNKNOWN) for name in names):
            self._columns[self._kind] = names
            self._factors = [labels.money_factor(words) for words in stacked]
        self._header = []

    def _place(self, row: _Row) -> None:
        if not row.name:
            self._problem(self._kind, f"有一行标签无法识别：“{row.words or '（空）'}”")
            return
        self._last_row = row.name
        if row.name != self._open_row or row.name not in _SUMMED:
            self._open_row = ""
        prefix = "requests" if self._kind == "三" else "proactive"
        columns = self._columns.get(self._kind, [])
        try:
            cells, sure = align(row.cells, row.label_end, columns, sums=self._kind == "三")
        except Unplaced as why:
            if not (self._continued and prefix == "proactive" and not columns):
                self._problem(self._kind, f"“{_short(row.words)}”一行{why}")
            return
        for column, found in cells.items():
            code = f"{prefix}.{row.name}.{column}"
            if code in FIELDS:
                self._cell(code, found, sure, row.sublabel, self._factor(column))

    def _factor(self, column: str) -> float:
        if self._kind != "二" or column != "amount":
            return 1.0
        return next(
            (factor for name, factor in zip(self._columns["二"], self._factors, strict=True) if name == column), 1.0
        )

    def _cell(self, code: str, found: list[str], sure: float, sublabel: str = "", factor: float = 1.0) -> None:
        kind = FIELDS[code].table
        known = self.parts.setdefault(code, [])
        table = known[-1].table if known and self._open_row else self._table
        if self._continued and known and known[0].table != table:
            return  # some other table with a row of that name
        distinct = dict.fromkeys(cell for cell in found if cell)
        if len(distinct) > 1:
            self._problem(kind, f"“{FIELDS[code].column_label}”列重复且数值不同：{'、'.join(distinct)}")
            return
        self.seen.add(kind)
        raw = next(iter(distinct), "")
        if isinstance(raw, Recognised):
            sure = min(sure, raw.confidence)
        known.append(Part(table, raw, factor, sure, sublabel))

    def _read_review(self, row: Sequence[str], words: dict[str, str]) -> None:
        first = next((index for index, cell in enumerate(row) if cell and cell not in words), None)
        if first is None:
            if words:
                self._header.append(row)
            elif len(row) == len(REVIEW_CELLS):
                self._blank_reviews = row
            return
        labelled = max((index for index, cell in enumerate(row[:first]) if cell in words), default=-1)
        cells = row[labelled + 1 :]
        stacked = _stack(self._header) if self._header else []
        names = [labels.column("四", text) for text in stacked]
        try:
            placed = align_reviews(cells, names, labelled + 1)
        except Unplaced as why:
            self._problem("四", f"数据行{why}")
            return
        for code, found in placed.items():
            self._cell(code, found, 1.0)

    def _finish(self) -> None:
        """Ends a table: places the rows that were held back until their neighbours were known."""
        if self._header and self._kind in ("二", "三"):
            self._take_header()
        rows, self._rows = self._rows, []
        for index, row in enumerate(rows):
            if not row.name:
                before = rows[index - 1].name if index else ""
                after = rows[index + 1].name if index + 1 < len(rows) else ""
                row = row._replace(name=_between(before, after))
            self._place(row)
        if self._blank_reviews is not None and not any(self.parts.get(code) for code in REVIEW_CELLS):
            for code in REVIEW_CELLS:
                self._cell(code, [""], 1.0)
        self._blank_reviews = None

    def _problem(self, table: str, detail: str) -> None:
        problem = Problem(table, detail)
        if problem not in self.problems:
            self.problems.append(problem)


def _stack(rows: Sequence[Sequence[str]]) -> list[str]:
    """The header's words above each grid column, folded; a spanned cell once."""
    width = max(map(len, rows))
    stacked = []
    for index in range(width):
        words: list[str] = []
        for row in rows:
            cell = fold(row[index]) if index < len(row) else ""
            if cell and words[-1:] != [cell]:
                words.append(cell)
        stacked.append("".join(words))
    return stacked


def _column(kind: str, stacked: str) -> str:
    if not stacked or labels.is_label_column(stacked):
        return ""
    return labels.column(kind, stacked) or UNKNOWN


def _between(before: str, after: str) -> str:
    """The one row of table 3 that stands between two others, empty if none or several do."""
    names = set()
    for order in REQUEST_ROWS.values():
        if before in order and after in order and order.index(after) - order.index(before) == 2:
            names.add(order[order.index(before) + 1])
    return names.pop() if len(names) == 1 else ""


def _short(words: str) -> str:
    return words if len(words) <= 20 else words[:20] + "…"
