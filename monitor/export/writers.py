"""Rows → a file's bytes, in one of four forms. Rows are taken as they come: none of the forms holds them all.

csv      UTF-8, `,`, line feeds; a missing value is nothing, an empty text is `""`; texts that look like formulas are defused
json     an array with an object a row
parquet  numbers are float64 (a count that a page misprints need not be whole), dates date32, times in UTC
xlsx     a sheet a table, its head frozen; texts are texts whatever they begin with
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import IO, Any, Literal

import msgspec

from monitor.export.columns import Column, Table
from monitor.export.selection import Cells
from monitor.export.values import Value, cell_of_csv, lexical, quoted, reader, seen
from monitor.markup import STEERING

Format = Literal["csv", "json", "parquet", "xlsx"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "parquet", "json")
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SHEET_ROWS = 1_048_575
"""Of an XLSX sheet, its head aside."""
_CELL_LENGTH = 32_767
"""Of an XLSX cell."""
_BATCH_CELLS = 200_000
"""Of a Parquet row group."""


class Content(msgspec.Struct, frozen=True):
    """A table and its rows, which can be taken once."""

    table: Table
    batches: Iterable[Sequence[Cells]]

    def values(self) -> Iterator[list[Value]]:
        readers: list[Callable[[object], Value]] = [reader(column) for column in self.table.columns]
        for batch in self.batches:
            for row in batch:
                yield [read(cell) for read, cell in zip(readers, row, strict=True)]


def write_csv(out: IO[bytes], content: Content, *, bom: bool) -> int:
    """`bom`: with the mark by which Excel knows UTF-8. How many rows."""
    out.write(b"\xef\xbb\xbf" if bom else b"")
    out.write((",".join(quoted(column.name) for column in content.table.columns) + "\n").encode())
    texts = [cell_of_csv(column) for column in content.table.columns]
    rows = 0
    for batch in content.batches:
        for row in batch:
            out.write((",".join([text(cell) for text, cell in zip(texts, row, strict=True)]) + "\n").encode())
        rows += len(batch)
    return rows


def write_json(out: IO[bytes], content: Content) -> int:
    """How many rows."""
    names = [column.name for column in content.table.columns]
    rows = 0
    for row in content.values():
        out.write(b"[\n" if rows == 0 else b",\n")
        values = (lexical(value) if isinstance(value, date) else value for value in row)
        text = json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False)
        out.write(STEERING.sub(lambda char: f"\\u{ord(char[0]):04x}", text).encode())
        rows += 1
    out.write(b"\n]\n" if rows else b"[]\n")
    return rows


def write_parquet(out: IO[bytes], content: Content) -> int:
    """How many rows."""
    import pyarrow as pa  # a tenth of a second that other commands need not wait
    from pyarrow import parquet

    told = content.table.columns
    types = {
        "integer": pa.int64(),
        "number": pa.float64(),
        "string": pa.string(),
        "date": pa.date32(),
        "datetime": pa.timestamp("ms", tz="UTC"),
    }
    schema = pa.schema([pa.field(one.name, types[one.type], metadata=_told(one)) for one in told])
    rows = 0
    held: list[list[Value]] = []
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:

        def flush() -> None:
            columns = zip(zip(*held, strict=True), schema, strict=True)
            arrays = [pa.array(cells, field.type) for cells, field in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            held.clear()

        for row in content.values():
            held.append(row)
            rows += 1
            if len(held) * len(told) >= _BATCH_CELLS:
                flush()
        if held:
            flush()
    return rows


def _told(column: Column) -> dict[str, str]:
    told = {"description": column.description, "unit": column.unit, "code": column.code}
    return {key: text for key, text in told.items() if text}


def write_xlsx(out: IO[bytes], contents: Iterable[Content]) -> dict[str, int]:
    """A workbook with a sheet a table, more where one does not hold it. How many rows, by table."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    rows = {}
    for content in contents:
        rows[content.table.name] = _Sheets(book, content.table).fill(content)
    book.save(out)
    return rows


class _Sheets:
    """The sheets of one table."""

    def __init__(self, book: Any, table: Table) -> None:
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Alignment, Font

        self.book, self.table = book, table
        self.cell = WriteOnlyCell
        self.bold, self.wrapped = Font(bold=True), Alignment(wrap_text=True, vertical="top")

    def fill(self, content: Content) -> int:
        sheet, rows, here = self._new(1), 0, 0
        for row in content.values():
            if here == _SHEET_ROWS:
                self._end(sheet, here)
                sheet, here = self._new(rows // _SHEET_ROWS + 1), 0
            sheet.append([self._value(sheet, value) for value in row])
            rows, here = rows + 1, here + 1
        self._end(sheet, here)
        return rows

    def _new(self, number: int) -> Any:
        from openpyxl.utils import get_column_letter

        sheet = self.book.create_sheet(self.table.title + (f" {number}" if number > 1 else ""))
        sheet.freeze_panes = f"{get_column_letter(self.table.fixed + 1)}2"
        for place, column in enumerate(self.table.columns, 1):
            width = (
                14 if column.type in ("number", "datetime") or column.code else 10 if column.type != "string" else 20
            )
            sheet.column_dimensions[get_column_letter(place)].width = width
        head = []
        for column in self.table.columns:
            cell = self.cell(sheet, value=column.name)
            cell.font, cell.alignment = self.bold, self.wrapped
            head.append(cell)
        sheet.append(head)
        return sheet

    def _end(self, sheet: Any, rows: int) -> None:
        from openpyxl.utils import get_column_letter

        sheet.auto_filter.ref = f"A1:{get_column_letter(len(self.table.columns))}{rows + 1}"

    def _value(self, sheet: Any, value: Value) -> Any:
        """What openpyxl writes as it is: a number, a day, or a text that is kept from being a formula or an error."""
        if isinstance(value, datetime):
            return lexical(value)  # in UTC, and says so
        if not isinstance(value, str):
            return value
        text = seen(value)
        text = text if len(text) <= _CELL_LENGTH else text[: _CELL_LENGTH - 1] + "…"
        if not text.startswith(("=", "#")):
            return text
        cell = self.cell(sheet, value=text)
        cell.data_type = "s"
        cell.quotePrefix = True  # stays a text when somebody edits it
        return cell
