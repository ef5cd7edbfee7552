"""A report's text → the figures of its three national tables. Pure.

In: text in the form of `crawler.page.text`. Out: a figure a cell, by the codes of fields.csv, with its printed form;
blank, `/` and `—` are figures without a value. What can't be placed is a problem, never a guess. Nothing here raises.
"""

from collections.abc import Iterable, Iterator, Sequence

from crawler.page.text import Block, parse
from monitor.figures import labels
from monitor.figures.cells import Reading, fold, read, value
from monitor.figures.fields import FIELDS, REQUEST_ROWS, Field, Form, label
from monitor.figures.flattened import tables
from monitor.figures.grids import Collector, Part
from monitor.figures.model import Figure, Figures, Problem, Source, changes

_OF_GROUP = frozenset(
    code for code, field in FIELDS.items() if code.startswith("requests.other.") and field.forms == {"2019"}
)
"""Cells of the row that the older form has where the newer one has a group."""
_TELLING = {
    table: {code: next(iter(one.forms)) for code, one in FIELDS.items() if one.table == table and len(one.forms) == 1}
    for table in "二三"
}
"""By table: cells that one form alone has, and which."""
_CELLS = {table: [code for code, field in FIELDS.items() if field.table == table] for table in "二三四"}


def extract(text: str, source: Source = "html") -> Figures:
    """The figures of one report's text."""
    return extract_blocks(parse(text), source)


def extract_blocks(blocks: Sequence[Block], source: Source = "html") -> Figures:
    """The figures of one report's blocks. Cells that are `cells.Recognised` lend their confidence to the figures."""
    collector = Collector()
    for item in tables(blocks):
        if item is None:
            collector.chapter()
        else:
            collector.add(item)
    collector.close()
    first = _figures(collector, source)
    again = collector.again
    while again is not None:
        again.close()
        later = _figures(again, source)
        if later.figures and changes(first, later):
            other = Problem("二", "文中另有一套不同的表格，只读取第一套")
            return Figures(first.form, first.figures, (*first.problems, other))
        again = again.again
    return first


def _figures(collector: Collector, source: Source) -> Figures:
    problems: list[Problem] = []
    found: dict[str, Figure] = {}
    for code in FIELDS:
        if (parts := collector.parts.get(code)) and (figure := _figure(code, parts, source, problems)):
            found[code] = figure
    form = _form(found)
    if form == "2021":  # the group's own line (六)其他处理
        found = {code: one for code, one in found.items() if code not in _OF_GROUP}
    missing = tuple(_missing(found, form, collector.seen))
    whole = {FIELDS[code].table for code in found} - {problem.table for problem in (*problems, *missing)}
    # Where nothing is missing, another table with rows of its own is none of the form's.
    said = [one for one in collector.problems if one.table not in whole or not collector.beside(one)]
    return Figures(form, tuple(found.values()), (*said, *problems, *missing))


def _figure(code: str, parts: Sequence[Part], source: Source, problems: list[Problem]) -> Figure | None:
    """The field's figure; None, with a problem, where its cells do not tell."""
    field = FIELDS[code]
    if len(parts) == 1:
        part, reading = parts[0], read(parts[0].raw)
        if reading.kind == "empty":
            return Figure(code, None, str(part.raw), source, part.confidence)
        amount = value(reading, field.unit, part.factor) if reading.kind == "number" else None
        if amount is not None:
            return Figure(code, amount, str(part.raw), source, part.confidence)
        return _summed(field, parts, [reading], source, problems)
    here = [part for part in parts if part.table == parts[0].table]
    if len(here) < len(parts) and {p.raw for p in here} != {p.raw for p in parts}:
        problems.append(Problem(field.table, f"“{label(code)}”在几处表格中不同，取第一处"))
    subtotals = [part for part in here if labels.is_subtotal(fold(part.sublabel))]
    here = subtotals or here
    summed = field.row in ("procurement", "other_services")
    if not summed:
        here = list({read(part.raw): part for part in reversed(here)}.values())
        if len(here) > 1:
            problems.append(
                Problem(field.table, f"“{label(code)}”重复且数值不同：{'、'.join(p.raw for p in here[::-1])}")
            )
            return None
    readings = [read(part.raw) for part in here]
    if code == "proactive.procurement.items" and _spanned(readings):
        here, readings = here[:1], readings[:1]
    return _summed(field, here, readings, source, problems)


def _summed(
    field: Field, parts: Sequence[Part], readings: Sequence[Reading], source: Source, problems: list[Problem]
) -> Figure | None:
    amounts: list[float] = []
    for part, reading in zip(parts, readings, strict=True):
        if reading.kind == "empty":
            continue
        amount = value(reading, field.unit, part.factor) if reading.kind == "number" else None
        if amount is None:
            problems.append(Problem(field.table, f"“{label(field.code)}”读不出数值：“{part.raw[:20]}”"))
            return None
        amounts.append(amount)
    if len(parts) == 1:
        return Figure(field.code, amounts[0] if amounts else None, str(parts[0].raw), source, parts[0].confidence)
    raw = "+".join(part.raw for part in parts if part.raw)
    total = round(sum(amounts), 10) if amounts else None
    return Figure(field.code, total, raw, source, min(part.confidence for part in parts))


def _spanned(readings: Sequence[Reading]) -> bool:
    """Whether a count repeated in each of as many rows as it counts is one cell that spans them."""
    return len(readings) > 1 and set(readings) == {Reading("number", float(len(readings)), readings[0].unit)}


def _form(found: Iterable[str]) -> Form:
    """Table 2 tells; where it is missing, the rows of table 3 do."""
    codes = tuple(found)
    for table in ("二", "三"):
        votes = [form for code in codes if (form := _TELLING[table].get(code))]
        if votes:
            # The blank group row of the 2021 form looks like the one row of the 2019 form, so the rarer vote loses.
            return "2021" if votes.count("2021") >= votes.count("2019") else "2019"
    return ""


def _missing(found: dict[str, Figure], form: Form, seen: set[str]) -> Iterator[Problem]:
    """One problem for each table that is there in part."""
    for table in sorted(seen, key="二三四".index):
        forms = {form} if form else set(REQUEST_ROWS)
        absent = [code for code in _CELLS[table] if code not in found and forms <= FIELDS[code].forms]
        if not form and table == "三" and not any(code.startswith("requests.other.") for code in found):
            yield Problem(table, "缺“(六)其他处理”一行")
        if absent:
            names = "、".join(label(code).removeprefix(f"表{table} ") for code in absent[:3])
            yield Problem(table, f"缺 {len(absent)} 格：{names}{' 等' if len(absent) > 3 else ''}")
