"""A `<table>` as a grid, or the word that it only lays out prose.

In: an lxml element. Out: `Table` with every span resolved (a spanned cell stands in each place that it covers), or None for
a table that is layout (one that holds another table is, unless that is a mere cell), whose cells are then read as paragraphs.
Columns and rows in which no cell begins are none: 370 columns of an old editor are the six that are seen. A row ends with its
last cell: one that lost a cell is shorter than the others, not blank at its end. Work is bounded, whatever the markup
claims. Pure.
"""

import re
from bisect import bisect_left
from itertools import islice

from lxml import etree

from crawler.page.dom import Element, hidden, hides, text_of
from crawler.page.text import Table, squeeze

_MOST_COLUMNS = 1000
"""HTML's own bound on colspan."""
_MOST_PLACES = 400_000
"""Grid places of one table, about a thousand times the largest of the national form; past them spans are ignored."""
_MOST_SPANS = 500
"""Cells that reach into later rows at one time."""
_PROSE = 160
"""Characters of a cell with several paragraphs that make it prose. Longest label of the national form: 45."""
_LABEL = 60
"""Characters of a cell that can be a row's label though it reads like a chapter: the statistical table of 2014 to 2018
has rows 一、主动公开情况, 二、回应解读情况."""
_CHAPTER = re.compile(
    r"(?:^|\n)\s*[一二三四五六七八]\s*[、．.]\s*"
    r"(?:[总總]体|[总總]體|概述|主[动動]公|收到和|存在|其他需|其它需|政府信息公[开開]行政)"
)
_BREAKS = frozenset(
    ["p", "div", "li", "br", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "dd", "dt", "blockquote", "section", "article"]
)
_UNSEEN = frozenset(["script", "style", "noscript", "template", "select", "textarea", "button", "xml", "rt", "rp"])
_NOT_SHOWN = re.compile(r"display\s*:\s*none", re.I)
_SPAN = re.compile(r"\s*\+?(\d{1,9})")
_GROUPS = frozenset(("thead", "tbody", "tfoot"))


class Cell:
    """A cell where it begins."""

    __slots__ = ("columns", "rows", "text")

    def __init__(self, text: str, rows: int, columns: int) -> None:
        self.rows = rows
        self.columns = columns
        self.text = text


def read_table(table: Element) -> Table | None:
    """The grid, or None for a layout table. A table without cells is an empty `Table`."""
    if not all(map(_mere_cell, table.iterdescendants("table"))):
        return None
    hiding = hides(table) or next(table.iter(*_UNSEEN), None) is not None
    rows = _rows(table, hiding)
    if sum(len(row) for row in rows) == 0:
        return None if _loose_text(table) else Table(())
    if _is_layout(rows, table):
        return None
    grid = _grid(rows)
    if not grid or max(len(row) for row in grid) < 2:
        return None
    return Table(tuple(map(tuple, grid)))


def _mere_cell(table: Element) -> bool:
    """Whether a table in another's cell is only an editor's way to write that cell's words."""
    cells = list(islice(table.iter("td", "th"), 2))
    nested = next(table.iterdescendants("table", "img"), None) is not None
    return len(cells) == 1 and not nested and len(squeeze(_cell_text(table, True))) <= _LABEL


def _rows(table: Element, hiding: bool) -> list[list[Cell]]:
    """Rows of the table itself (not of nested ones) as browsers show them: the first header before, the first footer behind
    all others. No cell reaches into another group of rows. `hiding`: something in the table is not shown; else nobody is asked."""
    head: list[list[Cell]] = []
    body: list[list[Cell]] = []
    foot: list[list[Cell]] = []
    loose: list[list[Cell]] = []
    """Rows that stand in no group."""

    def close() -> None:
        body.extend(_clipped(loose))
        loose.clear()

    for child in table.iterchildren(etree.Element):
        if child.tag in _GROUPS:
            close()
            if not (hiding and hidden(child)):
                into = (
                    head if child.tag == "thead" and not head else foot if child.tag == "tfoot" and not foot else body
                )
                into.extend(_clipped(_group(child, hiding)))
        elif child.tag == "tr":
            if not (hiding and hidden(child)):
                loose.append(_cells(child, hiding))
        elif child.tag in ("td", "th"):
            if (before := child.getprevious()) is None or before.tag not in ("td", "th"):
                loose.append([])
            loose[-1].append(_cell(child, hiding))
        elif child.tag in ("form", "font", "span", "div"):
            # Browsers move these out of the table and read the rows as if they stood in it.
            loose.extend(_cells(row, hiding) for row in child.iter("tr") if _own(row, table) and not hidden(row))
    close()
    return head + body + foot


def _group(element: Element, hiding: bool) -> list[list[Cell]]:
    """The rows of a thead, tbody or tfoot."""
    cells = [_cell(part, hiding) for part in element.iterchildren("td", "th")]
    rows = [_cells(row, hiding) for row in element.iterchildren("tr") if not (hiding and hidden(row))]
    return [cells, *rows] if cells else rows


def _clipped(rows: list[list[Cell]]) -> list[list[Cell]]:
    for index, row in enumerate(rows):
        for cell in row:
            if cell.rows > 1:
                cell.rows = min(cell.rows, len(rows) - index)
    return rows


def _own(row: Element, table: Element) -> bool:
    parent = row.getparent()
    while parent is not None and parent.tag != "table":
        parent = parent.getparent()
    return parent is table


def _cells(row: Element, hiding: bool) -> list[Cell]:
    found: list[Cell] = []
    for child in row.iterchildren(etree.Element):
        if child.tag in ("td", "th"):
            if not (hiding and _absent(child)):
                found.append(_cell(child, hiding))
        elif child.tag in ("form", "font", "span", "div", "p"):
            parts = child.iterchildren("td", "th")
            found.extend(_cell(part, hiding) for part in parts if not (hiding and _absent(part)))
    return found


def _absent(cell: Element) -> bool:
    """Whether a cell takes no place in its row. One that is only invisible keeps its own, blank."""
    return cell.get("hidden") is not None or _NOT_SHOWN.search(cell.get("style") or "") is not None


def _cell(element: Element, hiding: bool) -> Cell:
    text = "" if hiding and hidden(element) else _cell_text(element, hiding)
    return Cell(text, _span(element, "rowspan"), min(_span(element, "colspan"), _MOST_COLUMNS))


def _span(element: Element, name: str) -> int:
    written = element.get(name)
    match = _SPAN.match(written) if written else None
    if match is None:
        return 1
    value = int(match[1])
    # rowspan=0 means: to the end of the table (HTML Living Standard, 4.9.11).
    return value or (65534 if name == "rowspan" else 1)


def _cell_text(cell: Element, hiding: bool) -> str:
    """A cell's text, a line for each paragraph."""
    if not hiding:
        text = etree.tostring(cell, method="text", encoding="unicode", with_tail=False).strip()
        if len(text) < 2:  # most are: zeros
            return text
    parts = [(cell.text or "").replace("\n", " ")]
    node: Element | None = cell[0] if len(cell) else None
    while node is not None:
        inside = False
        if isinstance(tag := node.tag, str) and tag not in _UNSEEN and not (hiding and hidden(node)):
            inside = len(node) > 0
            if tag in _BREAKS:
                parts.append("\n")
            if node.text:
                parts.append(node.text.replace("\n", " "))
        if inside:
            node = node[0]
            continue
        # Behind it: what follows it, else what follows that which it is the last of.
        while True:
            if node.tag in _BREAKS:
                parts.append("\n")
            if tail := node.tail:
                parts.append(tail.replace("\n", " "))
            if (after := node.getnext()) is not None:
                node = after
                break
            if (node := node.getparent()) is cell or node is None:
                return "".join(parts)
    return "".join(parts)


def _loose_text(table: Element) -> bool:
    return any(piece.strip() for piece in table.itertext())


def _is_layout(rows: list[list[Cell]], table: Element) -> bool:
    """A table that lays out a page: one cell to a row, or a cell with prose or a chapter."""
    if all(len(row) <= 1 for row in rows):
        return True
    if any(piece.strip() for piece in _between(table)):
        return True
    for row in rows:
        for cell in row:
            if len(cell.text) <= _LABEL:
                continue
            if _CHAPTER.search(cell.text) and len(cell.text.strip()) > _LABEL:
                return True
            paragraphs = [line for line in cell.text.split("\n") if line.strip()]
            if len(paragraphs) > 2 and sum(len(line) for line in paragraphs) > _PROSE and _prosaic(paragraphs):
                return True
    return False


def _prosaic(paragraphs: list[str]) -> bool:
    return sum("。" in line or "；" in line for line in paragraphs) >= 2


def _between(table: Element) -> list[str]:
    """Text that stands in the table but in no cell: browsers show it before the table, we keep it where it is."""
    found: list[str] = []
    for node in table.iter("tr", "tbody", "thead", "tfoot"):
        if node.text and node.text.strip() and _own(node, table):
            found.append(node.text)
        found.extend(
            text_of(child)
            for child in node.iterchildren("p", "div", "span", "font")
            if _own(node, table) and not any(True for _ in child.iter("td", "th", "tr"))
        )
    return found


def _grid(rows: list[list[Cell]]) -> list[list[str]]:
    """The seen grid: rows and columns in which at least one cell begins, spanned text repeated."""
    placed, starts_rows, starts_columns = _place(rows)
    columns = {column: index for index, column in enumerate(sorted(starts_columns))}
    lines = {row: index for index, row in enumerate(sorted(starts_rows))}
    if len(columns) * len(lines) > _MOST_PLACES:
        return [[squeeze(cell.text) for cell in row] for row in rows if row]
    grid: list[list[str]] = [[] for _ in lines]
    ordered = sorted(columns)
    for cell, top, left in placed:
        text = " ".join(cell.text.split())
        first = columns[left]
        if cell.rows == cell.columns == 1 and len(places := grid[lines[top]]) == first:
            places.append(text)
            continue
        end = bisect_left(ordered, left + cell.columns)
        for row in range(top, min(top + cell.rows, len(rows))):
            if (line := lines.get(row)) is not None:
                places = grid[line]
                places += [""] * (end - len(places))
                if text:
                    places[first:end] = [text] * (end - first)
    return grid


def _place(rows: list[list[Cell]]) -> tuple[list[tuple[Cell, int, int]], set[int], set[int]]:
    """Where each cell begins (row, column), with the rows and columns in which one does."""
    placed: list[tuple[Cell, int, int]] = []
    taken: list[tuple[int, int, int]] = []  # first column, last column + 1, first row that is free again
    starts_rows: set[int] = set()
    starts_columns: set[int] = set()
    for index, row in enumerate(rows):
        taken = [span for span in taken if span[2] > index]
        column = 0
        for cell in row:
            if taken:
                column = _free(taken, column)
            placed.append((cell, index, column))
            starts_rows.add(index)
            starts_columns.add(column)
            if cell.rows > 1 and len(taken) < _MOST_SPANS:
                taken.append((column, column + cell.columns, index + cell.rows))
                taken.sort()
            column += cell.columns
    return placed, starts_rows, starts_columns


def _free(taken: list[tuple[int, int, int]], column: int) -> int:
    """The first column from `column` on that no cell from above covers."""
    for first, end, _ in taken:
        if first <= column < end:
            column = end
    return column
