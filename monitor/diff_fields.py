"""Two readings of a report's national tables → the cells that differ, by their codes. Pure.

Only cells that stand on both sides are compared: what one side lacks, a row that came or a table that could not be read, is
no other figure, and is told where it stands, as a row, a table or an attachment.
"""

from collections.abc import Callable, Mapping

import msgspec

from monitor.diff_cells import CellChange, field_change
from monitor.figures import Figure, Figures, Source
from monitor.figures.fields import FIELDS


class Compared(msgspec.Struct, frozen=True):
    """The cells of two readings."""

    cells: tuple[CellChange, ...] = ()
    """Those that differ, in the order of the forms."""
    known: frozenset[str] = frozenset()
    """Codes of the cells that stand on both sides."""
    whole: frozenset[str] = frozenset()
    """二, 三, 四: tables that hold the same fields on both sides, read without a doubt."""
    printed: frozenset[str] = frozenset()
    """Every figure of both sides as printed, folded."""


def compare_fields(old: Figures, new: Figures, fold: Callable[[str], str]) -> Compared:
    """`fold`: what makes two printed cells one, 1,234 and 1234 being two; recognised ones are compared by their number."""
    before, after = old.by_field(), new.by_field()
    known = [code for code in FIELDS if code in before and code in after]
    cells = []
    for code in known:
        was, now = before[code], after[code]
        source: Source = "ocr" if "ocr" in (was.source, now.source) else now.source
        if was.value == now.value if source == "ocr" else fold(was.raw) == fold(now.raw):
            continue
        confidence = min(one.confidence for one in (was, now) if one.source == source) if source == "ocr" else 1.0
        url = was.url if source == "ocr" and now.source != "ocr" else now.url
        cells.append(field_change(code, was.raw, now.raw, source, confidence, url))
    doubtful = {problem.table for side in (old, new) for problem in side.problems}
    whole = {
        table
        for table in "二三四"
        if _of(table, before) and _of(table, before) == _of(table, after) and table not in doubtful
    }
    printed = {
        fold(part) for side in (before, after) for one in side.values() for part in (one.raw, *one.raw.split("+"))
    }
    return Compared(tuple(cells), frozenset(known), frozenset(whole), frozenset(printed))


def _of(table: str, figures: Mapping[str, Figure]) -> set[str]:
    return {code for code in figures if code in FIELDS and FIELDS[code].table == table}
