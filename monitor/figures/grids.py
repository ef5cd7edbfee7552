"""Table rows → the cells of the three national tables. Pure.

Row by row, for tables come cut in two, joined to one, wrapped in layout, with header rows split: what a row
belongs to is told by its labels (`monitor.figures.labels`). Rows of tables 2 and 3 are held until all of them are known;
what a figure is, is then decided from the header above it and the other rows under it (`monitor.figures.align`).
"""

from collections.abc import Sequence
from typing import NamedTuple

from monitor.figures import labels
from monitor.figures.align import Applicants, Unplaced, place_clause
from monitor.figures.cells import Recognised, fold, read
from monitor.figures.fields import FIELDS, REQUEST_ROWS, REVIEW_CELLS
from monitor.figures.headers import Cells, Header, read_header, stacked_words
from monitor.figures.model import Problem
from monitor.figures.reviews import place_reviews

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
    kind: str
    name: str
    label_end: int
    cells: Sequence[str]
    sublabel: str
    words: str
    """Its label as printed."""
    header: Header
    table: int
    opened: bool
    """The first rows of a table that go on with the last row of the one before."""
    continued: bool
    """In a table that begins with no header of its own."""


class Collector:
    """Takes tables in reading order; after `close` it holds what was found of the first report among them.

    Table 2 after table 4 begins another report, or the same one again; it is collected apart, in `again`.
    """

    def __init__(self) -> None:
        self.parts: dict[str, list[Part]] = {}
        self.problems: list[Problem] = []
        self._places: dict[Problem, set[int]] = {}
        """The tables of the text that a problem is of."""
        self.seen: set[str] = set()
        """Tables that are there, be it in part."""
        self.again: Collector | None = None
        self._met: set[str] = set()
        self._kind = ""
        self._headers: dict[str, Header] = {}
        self._header: list[Sequence[str]] = []
        self._rows: list[_Row] = []
        self._incomplete: set[str] = set()
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
        self._header = []
        self._headers = {}

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Reads one table."""
        if self.again is not None:
            self.again.add(rows)
            return
        self._table += 1
        if self._kind != "四":  # whose data row may stand in another table than its header
            self._header = []
        self._open_row = self._last_row
        self._continued = True
        for index, row in enumerate(rows):
            self._read(row)
            if self.again is not None:
                self.again.add(rows[index:])
                break
        self._take_header()

    def close(self) -> None:
        """The text is at its end: places the rows."""
        rows = [self._named(index, row) for index, row in enumerate(self._rows)]
        applicants: dict[int, Applicants] = {}
        for row in rows:
            if row.name:
                self._place(row, applicants)
            elif not labels.is_no_row(row.kind, fold(row.words)):
                self._problem(row.kind, f"有一行标签无法识别：“{row.words or '（空）'}”", row.table)
        for name in self._incomplete & {f"proactive.{row}" for row in _SUMMED}:
            # One row of several is missing: the sum is.
            self.parts = {code: parts for code, parts in self.parts.items() if code.rpartition(".")[0] != name}
        if self._blank_reviews is not None and not any(self.parts.get(code) for code in REVIEW_CELLS):
            for code in REVIEW_CELLS:
                self._cell(code, [""], 1.0)

    def _read(self, row: Sequence[str]) -> None:
        words = {cell: fold(cell) for cell in dict.fromkeys(row) if cell and read(cell).kind == "words"}
        if len(words) == 1 and labels.is_note(next(iter(words))):
            return
        for folded in words.values():
            if kind := labels.marker(folded):
                if kind == "二" and "四" in self._met:
                    self.again = Collector()
                    return
                self._switch(kind)
                break
        self.seen.update(labels.announced(words.values()))
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
        if found.name != self._open_row or found.name not in _SUMMED:
            self._open_row = ""
        header_here = self._headers.setdefault(self._kind, Header(()))
        found = _Row(*found[:6], header_here, found.table, bool(self._open_row), found.continued)
        found.header.add(found.cells[found.label_end + 1 :], found.table)
        self._rows.append(found)
        self._last_row = found.name or ("" if words else self._last_row)

    def _switch(self, kind: str) -> None:
        self._continued = False
        self._met.add(kind)
        if kind != self._kind:
            self._take_header()
            self._kind = kind
            self._header = []
            self._headers.pop(kind, None)

    def _labelled(self, row: Sequence[str], words: dict[str, str]) -> _Row | None:
        """The row with its label, None if it holds no figures."""
        name, label_end, last, sublabel = "", -1, -1, ""
        for index, cell in enumerate(row):
            if not cell:
                continue
            if cell not in words:
                if last < 0 and self._numbered(row[index + 1 :], words):
                    continue
                break
            own = labels.row(self._kind, words[cell])
            last = index
            if own:
                name, label_end = own, index
            elif name in _SUMMED:
                label_end, sublabel = index, cell
            elif not name or labels.is_group(words[cell]):
                label_end = index
        tail = row[label_end + 1 :]
        if not name and not any(read(cell).kind == "number" for cell in tail):
            return None
        if not tail or (last == len(row) - 1 and not name):
            return None
        if not name and self._kind == "二" and self._last_row in _SUMMED and last >= 0 and not self._header:
            name, sublabel = self._last_row, row[last]
        if not any(tail) and self._header and name in ("other.other", "handled_total"):
            return None  # 其他 or 总计 at the end of a header row
        return _Row(
            self._kind, name, label_end, tuple(row), sublabel,
            row[label_end if name and label_end >= 0 else last] if last >= 0 else "", _NONE, self._table, False, self._continued,
        )  # fmt: skip

    def _numbered(self, behind: Sequence[str], words: dict[str, str]) -> bool:
        """Whether a number before these cells is the row's own, in a column 序号: a label comes first among them."""
        label = next(filter(None, behind), "")
        return label in words and labels.begins_row(self._kind, words[label])

    def _take_header(self) -> None:
        """The header rows before a row of figures, or at a table's end, are the header from here on."""
        if self._kind == "四" or not self._header:
            return
        header = read_header(self._kind, self._header, self._table)
        self._header = []
        if header is not None:
            self._headers[self._kind] = header

    def _named(self, index: int, row: _Row) -> _Row:
        """A row of table 3 whose label can't be read, named by its neighbours."""
        if row.name or row.kind != "三":
            return row
        near = [self._rows[place] for place in (index - 1, index + 1) if 0 <= place < len(self._rows)]
        if len(near) < 2 or any(one.kind != "三" for one in near):
            return row
        name = _between(near[0].name, near[1].name)
        return row._replace(name="" if any(one.name == name for one in self._rows) else name)

    def _place(self, row: _Row, applicants: dict[int, Applicants]) -> None:
        prefix = "requests" if row.kind == "三" else "proactive"
        if row.continued and self._elsewhere(prefix, row):
            return  # some other table with a row of that name
        try:
            if len(labels.rows(row.kind, row.words)) > 1 or any(
                read(cell).kind == "words" and labels.names(row.kind, fold(cell))
                for cell in row.cells[row.label_end + 1 :]
            ):
                raise Unplaced("并有别处的标签")
            cells, sure = self._aligned(row, applicants)
        except Unplaced as why:
            self._incomplete.add(f"{prefix}.{row.name}")
            if not (row.continued and prefix == "proactive" and not row.header.span):
                self._problem(row.kind, f"“{_short(row.words)}”一行{why}", row.table)
            return
        for column, found in cells.items():
            code = f"{prefix}.{row.name}.{column}"
            if code in FIELDS:
                factor = row.header.factor(column) if column == "amount" else 1.0
                self._cell(code, found, sure, row, factor)

    def _elsewhere(self, prefix: str, row: _Row) -> bool:
        """Whether another table has a row of this name, which this one does not go on with."""
        known = (parts for code, parts in self.parts.items() if code.startswith(f"{prefix}.{row.name}."))
        return not row.opened and any(part.table != row.table for parts in known for part in parts)

    def _aligned(self, row: _Row, applicants: dict[int, Applicants]) -> tuple[Cells, float]:
        if row.kind == "二":
            return place_clause(row.header, row.name, row.cells, row.label_end, row.table), 1.0
        found = applicants.get(id(row.header))
        if found is None:
            found = applicants[id(row.header)] = Applicants(row.header)
        return found.place(row.cells, row.label_end, row.table)

    def _cell(self, code: str, found: list[str], sure: float, row: _Row | None = None, factor: float = 1.0) -> None:
        kind = FIELDS[code].table
        known = self.parts.get(code)
        if known is None:
            known = self.parts[code] = []
        raw = found[0] or ""
        if len(found) > 1:
            distinct = dict.fromkeys(cell for cell in found if cell)
            if len(distinct) > 1:
                self._problem(kind, f"“{FIELDS[code].column_label}”列重复且数值不同：{'、'.join(distinct)}")
                return
            raw = next(iter(distinct), "")
        self.seen.add(kind)
        for cell in found:  # of blank cells too
            if isinstance(cell, Recognised):
                sure = min(sure, cell.confidence)
        table = self._table if row is None else known[-1].table if known and row.opened else row.table
        known.append(Part(table, raw, factor, sure, row.sublabel if row else ""))

    def _read_review(self, row: Sequence[str], words: dict[str, str]) -> None:
        first = next((index for index, cell in enumerate(row) if cell and cell not in words), None)
        if first is None or any(labels.is_review_head(words[cell]) for cell in row[first:] if cell in words):
            if words:
                self._header.append(row)
            elif len(row) == len(REVIEW_CELLS):
                self._blank_reviews = row
            return
        labelled = max((index for index, cell in enumerate(row[:first]) if cell in words), default=-1)
        stacked = stacked_words(self._header) if self._header else []
        try:
            placed = place_reviews(row[labelled + 1 :], [labels.review(text) for text in stacked[labelled + 1 :]])
        except Unplaced as why:
            self._problem("四", f"数据行{why}")
            return
        for code, found in placed.items():
            self._cell(code, found, 1.0)

    def beside(self, problem: Problem) -> bool:
        """Whether it is of tables alone that gave no figure: of another kind, with some words of the form's."""
        kind = (code for code in self.parts if FIELDS[code].table == problem.table)
        return self._places[problem].isdisjoint(part.table for code in kind for part in self.parts[code])

    def _problem(self, table: str, detail: str, place: int | None = None) -> None:
        problem = Problem(table, detail)
        if problem not in self.problems:
            self.problems.append(problem)
        self._places.setdefault(problem, set()).add(self._table if place is None else place)


_NONE = Header(())


def _between(before: str, after: str) -> str:
    """The one row of table 3 that stands between two others, empty if none or several do."""
    names = set()
    for order in REQUEST_ROWS.values():
        if before in order and after in order and order.index(after) - order.index(before) == 2:
            names.add(order[order.index(before) + 1])
    return names.pop() if len(names) == 1 else ""


def _short(words: str) -> str:
    return words if len(words) <= 20 else words[:20] + "…"
