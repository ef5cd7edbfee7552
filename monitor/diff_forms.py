"""One national table, in its form on both sides (`monitor.table_form`) → what changed in it. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from monitor.diff_cells import (
    CellChange,
    GridChange,
    Key,
    TableChange,
    field_change,
    field_of,
    row_name,
    table_name,
    tidy,
)
from monitor.figures import labels
from monitor.figures.cells import fold
from monitor.figures.fields import APPLICANTS, FIELDS, REVIEW_CELLS
from monitor.sequences import aligned, alike, pairs_of
from monitor.table_form import Line


class _Row:
    """A line of a form that is no header, with the header over it."""

    def __init__(self, line: Line, heads: Sequence[str], key: Key) -> None:
        self.label, self.figures = line.cells[0], line.cells[1:]
        self.heads = heads
        self.label_key = key(self.label)
        self.key = (self.label_key, tuple(map(key, self.figures)))
        self.pairs = pairs_of(self.label_key)


def _rows(lines: Sequence[Line], key: Key) -> list[_Row]:
    heads: Sequence[str] = ()
    rows = []
    for line in lines:
        if line.kind == "header":
            heads = line.cells[1:]
        else:
            rows.append(_Row(line, heads, key))
    return rows


def compare_forms(kind: str, old: Sequence[Line], new: Sequence[Line], key: Key) -> Iterator[TableChange]:
    """One national table, in its form on both sides."""
    heads = [[word for line in lines for word in line.words] for lines in (old, new)]
    yield from compare_words(kind, heads[0], heads[1], key)
    was, now = _rows(old, key), _rows(new, key)

    def likeness(one: _Row, other: _Row) -> float:
        if one.label_key == other.label_key:
            return 1.0
        if not one.figures and not other.figures:
            return alike(one.pairs, other.pairs)
        same = sum(a == b for a, b in zip(one.key[1], other.key[1], strict=False)) / max(1, len(one.key[1]))
        return 0.5 * same + 0.45 * alike(one.pairs, other.pairs)

    for i, j in aligned(was, now, lambda row: row.key, likeness, 0.4):
        if j is None and i is not None:
            yield GridChange(table_name(kind), "row", "removed", row_name(kind, was[i].label), was[i].figures)
        elif i is None and j is not None:
            yield GridChange(table_name(kind), "row", "added", row_name(kind, now[j].label), now[j].figures)
        elif i is not None and j is not None and was[i].key != now[j].key:
            yield from _compare_rows(kind, was[i], now[j], key)


def _compare_rows(kind: str, old: _Row, new: _Row, key: Key) -> Iterator[CellChange]:
    if old.label_key != new.label_key:
        yield CellChange(table_name(kind), row_name(kind, new.label or old.label), old.label, new.label)
    heads = [[key(head) for head in side.heads] for side in (old, new)]
    columns: Iterable[tuple[int | None, int | None]]
    if sorted(heads[0]) == sorted(heads[1]) and len(set(heads[0])) == len(heads[0]):
        columns = [(heads[0].index(head), place) for place, head in enumerate(heads[1])]
    elif len(heads[0]) == len(heads[1]):
        columns = [(place, place) for place in range(len(heads[0]))]
    else:
        columns = aligned(
            heads[0], heads[1], lambda head: head, lambda one, other: alike(pairs_of(one), pairs_of(other)), 0.5
        )
    for a, b in columns:
        before = old.figures[a] if a is not None and a < len(old.figures) else ""
        after = new.figures[b] if b is not None and b < len(new.figures) else ""
        if key(before) != key(after):
            head = new.heads[b] if b is not None else old.heads[a] if a is not None else ""
            code = _code(kind, new, b, head) or _code(kind, old, a, head)
            if code:
                yield field_change(code, before, after)
            else:
                name = " · ".join(filter(None, (tidy(head), row_name(kind, new.label))))
                yield CellChange(table_name(kind), name, before, after)


def _code(kind: str, row: _Row, column: int | None, head: str) -> str:
    """A cell's code. The columns of tables 3 and 4 are all there, in the order of the form."""
    if column is None:
        return ""
    if kind == "四":
        return REVIEW_CELLS[column]
    if kind == "二":
        return field_of(kind, [fold(row.label)], fold(head))
    name = labels.row(kind, fold(row.label))
    code = f"requests.{name}.{APPLICANTS[column]}"
    return code if code in FIELDS else ""


def compare_words(kind: str, old: Sequence[str], new: Sequence[str], key: Key) -> Iterator[CellChange]:
    """Labels and headers that one side does not have; each is told once, however often and in however many pieces it is
    printed."""
    was, now = ({key(word): word for word in reversed(words)} for words in (old, new))
    gone = [one for one in dict.fromkeys(map(key, old)) if one not in now]
    come = [one for one in dict.fromkeys(map(key, new)) if one not in was]
    if len(gone) != len(come) and sorted("".join(gone)) == sorted("".join(come)):
        return
    alone = 0.5 * (len(gone) == len(come) == 1)
    for i, j in aligned(
        gone, come, lambda word: word, lambda one, other: max(alone, alike(pairs_of(one), pairs_of(other))), 0.3
    ):
        before = was[gone[i]] if i is not None else ""
        after = now[come[j]] if j is not None else ""
        named = labels.row(kind, fold(after or before))
        yield CellChange(table_name(kind), row_name(kind, after or before) if named else "表头", before, after)
