"""`nianbao figures`: one report's figures as on paper, or a list of figures of many reports."""

import sys
from collections.abc import Mapping, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.cli import completion
from monitor.cli.common import YEAR, Command, Context, check_portal, find_report, line, pass_context, tell
from monitor.export.values import lexical
from monitor.figure_choice import TABLES, UnknownField, chosen_codes
from monitor.figure_sheets import Sheet, sheets
from monitor.figure_views import SOURCE_NAMES
from monitor.figures import label
from monitor.figures.fields import order
from monitor.store import Row, Store

DOUBTFUL = 0.9
"""A figure of less confidence is marked."""
_MOST = 200_000
"""Figures that one listing holds."""


@click.command(cls=Command)
@click.argument("report", nargs=-1, shell_complete=completion.reports)
@click.option("--long", is_flag=True, help="A line a figure, with source and confidence, not the tables as on paper.")
@click.option("--previous", is_flag=True, help="Last year's figure beside each.")
@click.option("--portal", help="Of this portal's reports.", shell_complete=completion.portals)
@click.option("--organ", help="Of organs whose name holds this.")
@click.option("--year", type=YEAR, help="Of this report year.")
@click.option(
    "--field", "fields", multiple=True, help="A code, a pattern (requests.*.total) or a part of a name; may be repeated.",
    shell_complete=completion.codes,
)  # fmt: skip
@click.option(
    "--table", "tables", multiple=True, type=click.Choice(list(TABLES)), help="Of this table; may be repeated."
)
@pass_context
def figures(
    context: Context,
    report: tuple[str, ...],
    long: bool,
    previous: bool,
    portal: str | None,
    organ: str | None,
    year: int | None,
    fields: tuple[str, ...],
    tables: tuple[str, ...],
) -> None:
    """The figures of one report's current version, laid out as in its three statutory tables; or, without REPORT, a list of
    the figures that --portal, --organ, --year, --field and --table choose. REPORT is an id, an address, or words such as
    "linhai 2020"."""
    with context.home.reader() as store:
        try:
            codes = chosen_codes(store, fields, tables)
        except UnknownField as error:
            raise click.UsageError(str(error)) from None
        if report:
            if portal or organ or year:
                raise click.UsageError("REPORT says which; leave --portal, --organ and --year out")
            _one(context, store, find_report(store, " ".join(report)), codes, long=long, previous=previous)
            return
        if not (portal or organ or year or codes is not None):
            raise click.UsageError(
                "give a report, or choose with --portal, --organ, --year, --field or --table; "
                "`nianbao export figures` writes all there is"
            )
        check_portal(context, store, portal)
        _many(context, store, portal, organ, year, codes, previous=previous)


_COLUMNS = {
    "field": "指标代码", "label": "指标", "value": "数值", "raw": "原文", "previous": "上年", "source": "来源",
    "confidence": "置信度", "url": "附件网址",
}  # fmt: skip


def _columns(*, previous: bool) -> dict[str, str]:
    return {key: name for key, name in _COLUMNS.items() if previous or key != "previous"}


def _one(
    context: Context, store: Store, report: Row, codes: Sequence[str] | None, *, long: bool, previous: bool
) -> None:
    rows = store.rows("SELECT * FROM figures WHERE version = ?", (report["current_version"],))
    rows = sorted((row for row in rows if codes is None or row["field"] in codes), key=lambda row: order(row["field"]))
    if previous:
        last = _last_year(store, report)
        if last is None:
            tell(f"there is no report of {report['year'] - 1} to set beside it", err=True)
        for row in rows:
            was = (last or {}).get(row["field"], {})
            row |= {"previous": was.get("value"), "previous_raw": was.get("raw")}
    for row in rows:
        row["label"] = label(row["field"])
    if context.json or long or not rows:
        context.show(
            _shown(context, rows), _columns(previous=previous), "this report has no figures that could be read"
        )
        return
    told = store.row(
        "SELECT 机关 AS organ, 年度 AS year, 表式 AS form FROM 统计数据 WHERE 年报编号 = ?", (report["id"],)
    )
    form = (told or {}).get("form") or ("2021" if report["year"] >= 2021 else "2019")
    by_code = {row["field"]: row for row in rows}
    for sheet in sheets(by_code, form):
        _print(sheet, by_code, codes)
        for note in _notes([by_code[code] for code in sheet.codes if code in by_code], previous=previous):
            tell(note)
        click.echo()


def _last_year(store: Store, report: Row) -> dict[str, Row] | None:
    """Figures by code of the same organ's report of the year before."""
    row = store.row(
        """SELECT current_version AS version FROM reports WHERE portal = ? AND organ_id = ? AND year = ? AND variant = 0
        AND withdrawn_at IS NULL""",
        (report["portal"], report["organ_id"], report["year"] - 1),
    )
    if row is None:
        return None
    return {one["field"]: one for one in store.rows("SELECT * FROM figures WHERE version = ?", (row["version"],))}


def _number(value: float) -> str:
    return lexical(int(value) if value.is_integer() else value)


def _text(row: Row | None) -> str:
    """A cell: its value, or as printed where it has none; `?` where it is doubtful; last year's in brackets."""
    if row is None:
        return "缺"
    text = line(row["raw"]) if row["value"] is None else _number(row["value"])
    text += "?" if row["confidence"] < DOUBTFUL else ""
    was = row.get("previous")
    if was is None and row.get("previous_raw") is None:
        return text
    return f"{text} ({line(row['previous_raw']) or '空白' if was is None else _number(was)})"


def _print(sheet: Sheet, figures: Mapping[str, Row], codes: Sequence[str] | None) -> None:
    """A table with borders on a terminal, tab-separated lines in a pipe. `codes`: lines without any of them are left out."""
    lines = [
        (one.label, tuple(one.cells if one.heading else (_text(figures.get(code)) for code in one.cells)), one.heading)
        for one in sheet.lines
        if one.heading or codes is None or any(code in figures for code in one.cells)
    ]
    if not sys.stdout.isatty():
        click.echo(sheet.title)
        for name, cells, _ in lines:
            click.echo("\t".join((name, *cells)))
        return
    width = max(len(cells) for _, cells, _ in lines)
    table = Table(title=sheet.title, title_justify="left", title_style="bold", show_header=False, pad_edge=False)
    table.add_column("", overflow="fold")
    for _ in range(width):
        table.add_column("", overflow="fold", justify="right")
    for name, cells, heading in lines:
        style = "bold" if heading else ""
        table.add_row(*(Text(cell, style or ("yellow" if cell.endswith("?") else "")) for cell in (name, *cells)))
    Console().print(table)


def _notes(rows: Sequence[Row], *, previous: bool) -> list[str]:
    """Where a table was read, and what its marks mean."""
    places: dict[tuple[str, str], float] = {}
    for row in rows:
        place = (row["source"], row["url"])
        places[place] = min(row["confidence"], places.get(place, 1.0))
    notes = []
    for (source, url), confidence in places.items():
        told = f"来源：{SOURCE_NAMES[source]}"
        told += f"，最低置信度 {confidence:g}" if confidence < 1 else ""
        notes.append(told + (f"，{url}" if url else ""))
    if any(row["confidence"] < DOUBTFUL for row in rows):
        notes.append(f"? 置信度低于 {DOUBTFUL:g}，请核对原文")
    if previous:
        notes.append("括号内为上年")
    return notes


def _many(
    context: Context,
    store: Store,
    portal: str | None,
    organ: str | None,
    year: int | None,
    codes: Sequence[str] | None,
    *,
    previous: bool,
) -> None:
    clauses = {"r.portal = ?": portal, "instr(o.name, ?)": organ, "r.year = ?": year}
    where = " AND ".join(["r.withdrawn_at IS NULL", *(clause for clause, value in clauses.items() if value)])
    values: list[object] = [value for value in clauses.values() if value]
    if codes is not None:
        where += f" AND f.field IN ({', '.join('?' for _ in codes)})"
        values += codes
    joined = """FROM reports r JOIN organs o ON o.id = r.organ_id JOIN figures f ON f.version = r.current_version
        LEFT JOIN fields d ON d.code = f.field"""
    told = store.row(f"SELECT count(*) AS n {joined} WHERE {where}", values)
    if told and told["n"] > _MOST:
        raise click.UsageError(
            f"these are {told['n']} figures; choose fewer, or write them to a file: `nianbao export figures --long -o FILE`"
        )
    was, before = "", ""
    if previous:
        was = ", b.value AS previous, b.raw AS previous_raw"
        before = """LEFT JOIN reports w ON w.portal = r.portal AND w.organ_id = r.organ_id AND w.year = r.year - 1
            AND w.variant = 0 AND w.withdrawn_at IS NULL
            LEFT JOIN figures b ON b.version = w.current_version AND b.field = f.field"""
    rows = store.rows(
        f"""SELECT r.id AS report, r.portal, o.name AS organ, r.year, f.field, coalesce(d.name, f.field) AS label, f.value, f.raw{was},
        f.source, f.confidence, f.url, f.version {joined} {before}
        WHERE {where} ORDER BY r.portal, o.name, r.year, r.variant, coalesce(d.place, 1e9), f.field""",
        values,
    )
    columns = {"report": "年报编号", "portal": "门户", "organ": "机关", "year": "年度", **_columns(previous=previous)}
    del columns["url"]
    context.show(_shown(context, rows), columns, "no report that fits has such a figure")


def _shown(context: Context, rows: list[Row]) -> list[Row]:
    """For people: whole numbers without a point."""
    if not context.json:
        for row in rows:
            for key in ("value", "previous"):
                if row.get(key) is not None:
                    row[key] = _number(row[key])
    return rows
