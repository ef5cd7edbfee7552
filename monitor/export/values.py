"""One cell: what the record has → a value of its column's type, and a text that harms nobody who opens it. Pure."""

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache

from monitor.export.columns import Column
from monitor.markup import STEERING
from monitor.times import to_utc

Value = int | float | str | date | None

_UNSEEN = re.compile("[\ufffe\uffff]")
"""What XML, and so XLSX, cannot hold, besides control characters."""
_AMBIGUOUS = re.compile(r'[,"\r\n]|^\s|\s$')
_STARTS = re.compile(r"\s*[=+\-@]")
_PLAIN = re.compile(r"[+-]?[\d,.\s]+%?|-+")


_cached = lru_cache(maxsize=8192)
"""Names, labels and small numbers come again in every row."""


@_cached
def _number(cell: object) -> Value:
    """Whole numbers are ints."""
    if cell is None:
        return None
    number = float(str(cell))
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


@_cached
def _date(cell: object) -> Value:
    """A date of publication is as the page has it: no date if there is none such."""
    try:
        return date.fromisoformat(str(cell))
    except ValueError:
        return None


def _datetime(cell: object) -> Value:
    try:
        return to_utc(str(cell)).astimezone(UTC)
    except ValueError:
        return None


def _integer(cell: object) -> Value:
    return None if cell is None else int(str(cell))


def _text(cell: object) -> Value:
    return None if cell is None or cell == "" else str(cell)


def _verbatim(cell: object) -> Value:
    return None if cell is None else str(cell)


_READ: dict[str, Callable[[object], Value]] = {
    "integer": _integer,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "string": _text,
}


def reader(column: Column) -> Callable[[object], Value]:
    """What turns the record's cells into values: what is missing is None."""
    return _verbatim if column.verbatim else _READ[column.type]


def seen(text: str) -> str:
    """A text without what nobody sees, and a terminal or a reader's eye is steered by."""
    return _UNSEEN.sub("", STEERING.sub("", text.replace("\r\n", "\n")))


def harmless(text: str) -> str:
    """A text, `seen`, that no spreadsheet takes for a formula: one that begins like a formula gets a `'` before it.

    Signed numbers and mere dashes are what cells of these tables hold, and do nothing.
    """
    text = seen(text)
    folded = unicodedata.normalize("NFKC", text)
    if folded.startswith(("\t", "\n")):
        return "'" + text
    if _STARTS.match(folded) and not _PLAIN.fullmatch(folded.strip()):
        return "'" + text
    return text


def lexical(value: Value) -> str:
    """A value as text files have it. None is the empty text."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def cell_of_csv(column: Column) -> Callable[[object], str]:
    """What turns the record's cells into cells of CSV: a missing value is nothing, an empty text is `""`."""
    read = reader(column)
    if column.type == "string":
        return _csv_verbatim if column.verbatim else _csv_text
    return _csv_number if column.type == "number" else lambda cell: lexical(read(cell))


@_cached
def _csv_number(cell: object) -> str:
    return lexical(_number(cell))


@_cached
def _csv_text(cell: object) -> str:
    return "" if cell is None or cell == "" else quoted(harmless(str(cell)))


@_cached
def _csv_verbatim(cell: object) -> str:
    return "" if cell is None else quoted(harmless(str(cell)))


def quoted(text: str) -> str:
    """A cell of CSV: in quotes if it would be read as something else without."""
    return text if text and not _AMBIGUOUS.search(text) else '"' + text.replace('"', '""') + '"'
