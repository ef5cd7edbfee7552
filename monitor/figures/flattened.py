"""Blocks of a report → its tables in reading order, those that were flattened to lines (`1 |`) grown again. Pure."""

from collections.abc import Iterator, Sequence

from crawler.page.text import Block, Table
from monitor.figures import labels
from monitor.figures.cells import fold, read


def tables(blocks: Sequence[Block]) -> Iterator[Sequence[Sequence[str]] | None]:
    """Tables in reading order; None where a chapter begins."""
    cells: list[str] = []
    for block in blocks:
        if isinstance(block, str) and block.rstrip().endswith("|"):
            cells.extend(cell for part in block.split("|") if (cell := part.strip()))
            continue
        if cells:
            yield _regrown(cells)
            cells = []
        if isinstance(block, Table):
            yield block.rows
        elif labels.is_chapter(block):
            yield None
    if cells:
        yield _regrown(cells)


def _regrown(cells: Sequence[str]) -> list[list[str]]:
    """Rows of a table that was flattened to a line a cell (`1 |`), its blank cells lost.

    A row begins at each label that a row or header can begin with, and after figures. Rows that had blank cells come
    out too short, and are then not placed.
    """
    rows: list[list[str]] = []
    table, after_figure, heading = "", False, False
    for cell in cells:
        words = read(cell).kind == "words"
        folded = fold(cell) if words else ""
        kind = labels.marker(folded) if words else ""
        if kind and kind != table:
            heading = kind == "三"
        table, began = kind or table, bool(kind) and kind != table
        if heading:
            # Flattened, the three header rows of table 3 no longer stand over their columns: its seven are known.
            if labels.row(table, folded) in ("", "other.other", "handled_total"):
                continue
            heading, began = False, True
        begins = words and (
            after_figure or began or labels.is_header(folded) or (table != "四" and labels.begins_row(table, folded))
        )
        if not rows or begins or (table == "四" and not words and not after_figure):
            rows.append([])
        rows[-1].append(cell)
        after_figure = not words
    return rows
