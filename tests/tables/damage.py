"""Tables that lost something on the way, and what has to hold all the same: no figure is wrong, what is lost is told."""

import random
from collections.abc import Callable
from dataclasses import replace

from monitor.demo.national_tables import numbers
from monitor.figures import Figures
from monitor.figures.fields import FIELDS
from tests.tables.check import Case, Score, figures_of
from tests.tables.forms import CHAPTERS, Truth, expected, tables
from tests.tables.grid import Cell, Rows, Spanned, spans
from tests.tables.look import Look
from tests.tables.markup import heads_of, rows_html
from tests.tables.pages import page
from tests.tables.printing import printed

Damage = Callable[[random.Random, Rows, int], None]


def _cell_deleted(rng: random.Random, rows: Rows, heads: int) -> None:
    row = rng.choice([row for row in rows[heads:] if row] or [[Spanned(Cell(""))]])
    del row[rng.randrange(len(row))]


def _cell_added(rng: random.Random, rows: Rows, heads: int) -> None:
    row = rng.choice(rows[heads:])
    row.insert(rng.randrange(len(row) + 1), Spanned(Cell(rng.choice(["9", "", "0"]))))


def _row_deleted(rng: random.Random, rows: Rows, heads: int) -> None:
    del rows[rng.randrange(heads, len(rows))]


def _header_cell_lost(rng: random.Random, rows: Rows, heads: int) -> None:
    headers = [row for row in rows if any(one.cell.kind == "head" for one in row)]
    if not headers:
        return
    row = rng.choice(headers)
    del row[rng.choice([index for index, one in enumerate(row) if one.cell.kind == "head"])]


def _header_row_deleted(rng: random.Random, rows: Rows, heads: int) -> None:
    headers = [index for index, row in enumerate(rows) if any(one.cell.kind == "head" for one in row)]
    if headers:
        del rows[rng.choice(headers)]


def _column_deleted(rng: random.Random, rows: Rows, heads: int) -> None:
    """The same place, counted from the end, of up to half the rows."""
    place = rng.randrange(1, 8)
    some = [row for row in rows[heads:] if len(row) >= place and row[-place].cell.kind == "data"]
    for row in rng.sample(some, max(1, len(some) // rng.choice([2, 3, 5]))) if some else []:
        del row[-place]


def _rows_merged(rng: random.Random, rows: Rows, heads: int) -> None:
    """Two rows in one: behind each other, or cell by cell."""
    if len(rows) - heads < 2:
        return
    place = rng.randrange(heads, len(rows) - 1)
    first, second = rows[place], rows[place + 1]
    del rows[place + 1]
    if rng.random() < 0.5 or not second:
        first += second
        return
    for back in range(1, min(len(first), len(second)) + 1):
        one, other = first[-back], second[-back]
        words = rng.choice(["{}<br>{}", "{} {}", "<p>{}</p><p>{}</p>"]).format(one.cell.text, other.cell.text)
        first[-back] = replace(one, cell=Cell(words, "other"))


def _truncated(rng: random.Random, rows: Rows, heads: int) -> None:
    place = rng.randrange(2, len(rows))
    del rows[place + 1 :]
    del rows[place][rng.randrange(len(rows[place]) + 1) :]


def _span_wrong(rng: random.Random, rows: Rows, heads: int) -> None:
    """A cell that covers a row or a column more or less than it should."""
    row = rng.choice([row for row in rows if row])
    index = rng.randrange(len(row))
    one, by = row[index], rng.choice([-1, 1, 1])
    if rng.random() < 0.5:
        row[index] = replace(one, rows=max(1, one.rows + by))
    else:
        row[index] = replace(one, cols=max(1, one.cols + by))


def _blanked(rng: random.Random, rows: Rows, heads: int) -> None:
    """Words that are gone, their cell not."""
    labelled = [row for row in rows if any(one.cell.kind != "data" for one in row)]
    if not labelled:
        return
    row = rng.choice(labelled)
    index = rng.choice([index for index, one in enumerate(row) if one.cell.kind != "data"])
    row[index] = replace(row[index], cell=Cell(rng.choice(["", "□□", "…"])))


def _twice(rng: random.Random, rows: Rows, heads: int) -> None:
    """Two damages, of any kinds but a cell too few and one too many: in one row nothing would be amiss."""
    one, other = rng.sample([name for name in WAYS if name not in ("two at once", "cell added")], 2)
    for way in (one, other):
        if len(rows) > heads + 2:
            WAYS[way](rng, rows, heads)


WAYS: dict[str, Damage] = {
    "cell deleted": _cell_deleted,
    "cell added": _cell_added,
    "row deleted": _row_deleted,
    "header cell lost": _header_cell_lost,
    "header row deleted": _header_row_deleted,
    "column deleted from some rows": _column_deleted,
    "rows merged": _rows_merged,
    "truncated": _truncated,
    "span wrong": _span_wrong,
    "label blanked": _blanked,
    "two at once": _twice,
}


def draw(seed: int, way: str) -> Case:
    """A report with one of its tables damaged."""
    rng = random.Random(f"{way} {seed}")
    form, year = rng.choice(["2019", "2021"]), rng.randrange(2019, 2026)
    look = Look(
        labels=rng.choice([1, 2, 3]),
        wording=rng.choice(["form", "form", "loose", "bare"]),
        heads=rng.choice(["form", "form", "two rows", "names only", "no note"]),
        way=rng.choice(["plain", "plain", "blanks"]),
        group_lines=rng.random() < 0.3,
        unresolved=rng.random() < 0.2,
        shuffled=rng.random() < 0.1,
        script=rng.choice(["", "", "", "s2twp"]),
        markup=rng.choice(["plain", "plain", "word"]),
    )
    truth: Truth = {}
    for code, value in numbers(rng, form).items():
        truth[code] = printed(rng, value, FIELDS[code].unit, FIELDS[code].column, look.way)
    grids = tables(rng, form, truth, look)
    hit = rng.choice("二三三四")
    blocks = []
    for number, grid in grids.items():
        rows, heads = spans(grid), heads_of(grid)
        if number == hit:
            WAYS[way](rng, rows, heads)
        blocks += [CHAPTERS[number], rows_html(rng, rows, look, heads)]
    return Case(form, year, look, truth, list(blocks), page(rng, list(blocks), look, year))


def judge(case: Case, found: Figures) -> Score:
    """Each figure given is the code's own, as printed; where one is missing, a problem names its table."""
    score = Score(1)
    due = expected(case.truth)
    for one in found.figures:
        if one.field not in due:
            score.extra.append(f"{one.field} = {one.value} {one.raw!r}")
        elif due[one.field] != (one.value, one.raw):
            score.wrong.append(f"{one.field} = {due[one.field]}, read as {one.value} {one.raw!r}")
        else:
            score.right += 1
    absent = due.keys() - {one.field for one in found.figures}
    told = {problem.table for problem in found.problems}
    for table in sorted({FIELDS[code].table for code in absent} - told):
        score.told.append(f"nothing says that figures of {table} are missing")
    return score


def play(seed: int, way: str) -> Score:
    case = draw(seed, way)
    return judge(case, figures_of(case.html))
