"""XLSX and XLS → the tables of their visible sheets, merged cells repeated, values as displayed. Raises Unreadable.

openpyxl and xlrd give the cells and their number formats. A sheet's used area is cut at its empty rows; what stands alone
in its row above a table is a line of text: a title, a heading.
"""

import io
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from crawler.documents import model, pictures
from crawler.documents.model import LOCKED, Content, Unreadable, mark
from crawler.documents.numbers import shown
from crawler.documents.package import Package
from crawler.page.text import Block, Table

_MERGE = re.compile(rb'<mergeCell\b[^>]*?\bref="\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})"')
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}


class Span(NamedTuple):
    """Merged cells; first and last row and column, both within."""

    top: int
    left: int
    bottom: int
    right: int


class Sheet(NamedTuple):
    """A sheet's cells that hold something, by row and column."""

    name: str
    cells: dict[tuple[int, int], str]
    spans: list[Span]


def read_xlsx(body: bytes) -> Content:
    """The visible sheets of an XLSX workbook, then the marks of its pictures."""
    import openpyxl

    package = Package(body)
    for part in package.parts:
        if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
            _check_merges(package.read(part.filename))
    book = openpyxl.load_workbook(io.BytesIO(body), data_only=True, keep_links=False)
    sheets = []
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            # The cells that are there, not the area they claim: a stray cell may lie in XFD1048576.
            cells = {
                place: text
                for place, cell in sheet._cells.items()
                if (text := shown(cell.value, cell.number_format or "General").strip())
            }
            spans = [Span(one.min_row, one.min_col, one.max_row, one.max_col) for one in sheet.merged_cells.ranges]
            sheets.append(Sheet(sheet.title, cells, spans))
    media = sorted(part.filename for part in package.parts if part.filename.startswith("xl/media/"))
    digests = [pictures.inner(package.read(name)) for name in media]
    return Content((*blocks(sheets), *map(mark, digests)), tuple(digests))


def _check_merges(xml: bytes) -> None:
    """openpyxl makes a cell of each place of a merged area; whole columns would take all memory."""
    area = 0
    for left, top, right, bottom in _MERGE.findall(xml):
        area += (abs(int(bottom) - int(top)) + 1) * (abs(_column(right) - _column(left)) + 1)
        if area > model.MAX_CELLS:
            raise Unreadable(f"its merged cells cover more than {model.MAX_CELLS} places")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def read_xls(body: bytes) -> Content:
    """The visible sheets of an XLS workbook."""
    import xlrd

    try:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 (a stream that xlrd may write its warnings to)
            book = xlrd.open_workbook(file_contents=body, formatting_info=True, logfile=nowhere, ragged_rows=True)
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            raise Unreadable(LOCKED) from None
        raise Unreadable(str(error)) from None
    sheets = []
    for sheet in book.sheets():
        if sheet.visibility != 0:
            continue
        cells = {}
        for row in range(sheet.nrows):
            for column in range(sheet.row_len(row)):
                if text := _displayed(book, sheet.cell(row, column)).strip():
                    cells[row, column] = text
        spans = [Span(top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells]
        sheets.append(Sheet(sheet.name, cells, spans))
    return Content(tuple(blocks(sheets)))


def _displayed(book: Any, cell: Any) -> str:
    import xlrd

    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return ""
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return _ERRORS.get(cell.value, "#N/A")
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return shown(bool(cell.value))
    form = "General"
    if cell.xf_index is not None and cell.xf_index < len(book.xf_list):
        form = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return shown(xlrd.xldate_as_datetime(cell.value, book.datemode), form)
        except (ValueError, OverflowError):
            return shown(cell.value)
    return shown(cell.value, form)


def blocks(sheets: Iterable[Sheet]) -> Iterator[Block]:
    """The sheets as text. A sheet's name is told where there are several. Raises Unreadable."""
    filled = [sheet for sheet in sheets if sheet.cells]
    places = 0
    for sheet in filled:
        if len(filled) > 1:
            yield sheet.name
        rows = _rows(sheet)
        places += sum(len(row) for row in rows if row)
        if places > model.MAX_CELLS:
            raise Unreadable(f"more than {model.MAX_CELLS} cells")
        part: list[tuple[str, ...]] = []
        for row in [*rows, ()]:
            if row:
                part.append(row)
            elif part:
                yield from _part(part)
                part = []


def _rows(sheet: Sheet) -> list[tuple[str, ...]]:
    """The used rows, an empty one as (); runs of empty ones as one. All are as wide as the used columns."""
    cells = dict(sheet.cells)
    columns = {column for _, column in cells}
    for span in sheet.spans:
        text = cells.get((span.top, span.left), "")
        if text and (span.bottom - span.top + 1) * (span.right - span.left + 1) <= model.MAX_CELLS:
            last = min(span.right, max(columns))  # a title merged over the whole width of the sheet
            for row in range(span.top, span.bottom + 1):
                for column in range(span.left, last + 1):
                    cells[row, column] = text
                    columns.add(column)
            if len(cells) > model.MAX_CELLS:
                raise Unreadable(f"more than {model.MAX_CELLS} cells")
    by_row: dict[int, dict[int, str]] = {}
    for (row, column), text in cells.items():
        by_row.setdefault(row, {})[column] = text
    first = min(columns)
    # A stray cell far off must not make every row as wide as the way to it: columns without anything are left out.
    far = max(columns) - first >= model.MAX_COLUMNS
    used = sorted(columns)[: model.MAX_COLUMNS] if far else list(range(first, max(columns) + 1))
    rows: list[tuple[str, ...]] = []
    last_row = None
    for row in sorted(by_row):
        if last_row is not None and row > last_row + 1:
            rows.append(())
        here = by_row[row]
        rows.append(tuple(here.get(column, "") for column in used))
        last_row = row
    return rows


def _part(rows: list[tuple[str, ...]]) -> Iterator[Block]:
    """Rows without an empty one between: lines of text above, then the table, its empty outer columns left out."""
    top = 0
    while top < len(rows) and _is_line(rows[top]):
        yield next(cell for cell in rows[top] if cell)
        top += 1
    table = rows[top:]
    if table:
        held = [index for index in range(len(table[0])) if any(row[index] for row in table)]
        yield Table(tuple(row[held[0] : held[-1] + 1] for row in table))


def _is_line(row: tuple[str, ...]) -> bool:
    held = [cell for cell in row if cell]
    return len(held) == 1 or (len(set(held)) == 1 and bool(row[0]))
