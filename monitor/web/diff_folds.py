"""Rows of a comparison → stretches of them: shown, or folded because nothing changed there. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from monitor.web.diff_model import Block, Drawn, Para, Row, Stretch

_CHAPTER = re.compile(r"\s*[一二三四五六七八九十]{1,3}\s*[、．.]\s*[^。；：:，,]{2,40}$")
_FEW = 2
"""Unchanged rows in line that are worth folding."""


def folded(rows: Sequence[Row]) -> list[Stretch]:
    """Rows with those folded in which nothing changed; a paragraph before and after a change stays in sight."""
    shown = [row.marked for row in rows]
    for at, marked in enumerate([row.marked for row in rows]):
        for near in (at - 1, at + 1):
            if marked and 0 <= near < len(rows) and not any(isinstance(one, Drawn) for one in _blocks(rows[near])):
                shown[near] = True
    found: list[Stretch] = []
    for open_, some in groupby(range(len(rows)), lambda at: shown[at]):
        run = tuple(rows[at] for at in some)
        if open_ or (len(run) < _FEW and not _tables(run)):
            last = found.pop().rows if found and not found[-1].folded else ()
            found.append(Stretch((*last, *run), False))
        else:
            tables = _tables(run)
            paragraphs = sum(1 for row in run if any(isinstance(one, Para) for one in _blocks(row)))
            parts = [f"{paragraphs} 段" if paragraphs else "", f"{tables} 张表" if tables else ""]
            found.append(Stretch(run, True, f"未变 {'、'.join(filter(None, parts))}", tuple(_chapters(run))))
    return found


def _blocks(row: Row) -> tuple[Block, ...]:
    return row.both or row.new or row.old


def _tables(rows: Iterable[Row]) -> int:
    return sum(1 for row in rows for one in _blocks(row) if isinstance(one, Drawn))


def _chapters(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        for one in _blocks(row):
            if isinstance(one, Para) and _CHAPTER.match(one.text):
                yield one.text.strip()
