"""`nianbao export`: any selection of the record as files for other programs."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from monitor.cli import completion
from monitor.cli.common import YEAR, Command, Context, check_portal, echo_json, pass_context, tell, utc_time
from monitor.event_detail import KINDS
from monitor.export.columns import TABLES, Table
from monitor.export.files import Unwritable
from monitor.export.package import FORMATS as PACKAGE_FORMATS
from monitor.export.package import Written
from monitor.export.selection import APPLIES, Selection
from monitor.export.write import Export
from monitor.export.writers import FORMATS, Format
from monitor.figure_choice import TABLES as SHEETS
from monitor.figure_choice import UnknownField, chosen_codes

_BINARY = ("xlsx", "parquet")


@click.command(cls=Command)
@click.argument("what", nargs=-1, type=click.Choice(list(TABLES)))
@click.option("--long", is_flag=True, help="Figures a line each (`details`), not a report a line.")
@click.option("--portal", help="Only this portal.", shell_complete=completion.portals)
@click.option("--organ", help="Only organs whose name holds this.")
@click.option("--year", type=YEAR, help="Only this report year.")
@click.option("--status", type=click.Choice(["live", "missing", "taken_down"]), help="Only reports in this state.")
@click.option("--since", help="Only events, findings and versions from this UTC time on.")
@click.option("--kind", type=click.Choice(list(KINDS)), help="Only events of this kind.")
@click.option("--rule", help="Only findings of this rule.", shell_complete=completion.rules)
@click.option("--severity", type=click.Choice(["info", "warning", "error"]), help="Only findings of this severity.")
@click.option(
    "--field", "fields", multiple=True, shell_complete=completion.codes,
    help="Only these figures: a code, a pattern (requests.*.total) or a part of a name; may be repeated.",
)  # fmt: skip
@click.option(
    "--table",
    "tables",
    multiple=True,
    type=click.Choice(list(SHEETS)),
    help="Only figures of this table; may be repeated.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="The form of the files; else as -o ends, else csv.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, allow_dash=True),
    help="Write to this file; several tables to files in this folder, or to sheets of this .xlsx.",
)  # fmt: skip
@click.option(
    "--package", type=click.Path(path_type=Path, file_okay=False),
    help="Write a data package with a dictionary into this folder.",
)  # fmt: skip
@click.option(
    "--bom/--no-bom", default=None, help="CSV with the mark by which Excel knows UTF-8. [default: in files of -o]"
)
@pass_context
def export(
    context: Context,
    what: tuple[str, ...],
    long: bool,
    portal: str | None,
    organ: str | None,
    year: int | None,
    status: str | None,
    since: str | None,
    kind: str | None,
    rule: str | None,
    severity: str | None,
    fields: tuple[str, ...],
    tables: tuple[str, ...],
    form: Format | None,
    output: Path | None,
    package: Path | None,
    bom: bool | None,
) -> None:
    """Writes tables of the record as CSV, XLSX, Parquet or JSON: figures (the default: a report a line), details (a figure
    a line), fields (what codes mean), reports, versions, findings, events.

    \b
      nianbao export --year 2024 -o figures.xlsx
      nianbao export findings events --portal linhai -o folder --format csv
      nianbao export --package data
    """
    if output is not None and str(output) == "-":
        output = None
    form = _form(form, output, as_json=context.json and package is None)
    chosen = _tables(what, long, whole=package is not None, sheet=form == "xlsx")
    _check(chosen, form, output, package)
    with context.home.reader() as store:
        check_portal(context, store, portal)
        try:
            codes = chosen_codes(store, fields, tables)
        except UnknownField as error:
            raise click.UsageError(str(error)) from None
        selection = Selection(
            portal=portal, organ=organ, year=year, status=status, since=since and utc_time(since), kind=kind, rule=rule,
            severity=severity, codes=codes,
        )  # fmt: skip
        _fits(chosen, selection)
        with _bars() as progress:
            work = Export(store, chosen, selection, progress)
            try:
                if package is not None:
                    filters = _told(selection, fields, tables)
                    written = work.to_package(package, form, context.clock(), filters, bom=bool(bom))
                elif output is None:
                    work.to_stream(sys.stdout.buffer, form, bom=bool(bom))
                    return
                elif form == "xlsx" or (len(chosen) == 1 and not output.is_dir()):
                    written = work.to_file(output, form, bom=bom is not False)
                else:
                    written = work.to_folder(output, form, bom=bom is not False)
            except Unwritable as error:
                raise click.UsageError(str(error)) from None
    _say(context, written, package)


def _tables(what: tuple[str, ...], long: bool, *, whole: bool, sheet: bool) -> list[Table]:
    """The tables that are meant."""
    names = list(what)
    if long:
        names = ["details" if name == "figures" else name for name in names] or ["details"]
    elif not names:
        names = list(TABLES) if whole else ["figures", "details"] if sheet else ["figures"]
    if sheet and {"figures", "details"} & set(names):
        names.append("fields")  # whoever is sent the workbook has nothing else to look codes up in
    return [TABLES[name] for name in dict.fromkeys(names)]


def _form(form: Format | None, output: Path | None, *, as_json: bool) -> Format:
    if form is not None:
        return form
    suffix = output.suffix.lower().lstrip(".") if output is not None else ""
    for known in FORMATS:
        if suffix == known:
            return known
    if suffix and output is not None and not output.is_dir():
        raise click.UsageError(
            f"{output}: of what form is it? End its name with .csv, .xlsx, .parquet or .json, or give --format"
        )
    return "json" if output is None and as_json else "csv"


def _check(chosen: list[Table], form: Format, output: Path | None, package: Path | None) -> None:
    """Raises click.UsageError where tables, form and place do not go together."""
    if package is not None:
        if output is not None:
            raise click.UsageError("-o and --package exclude each other; choose one")
        if form not in PACKAGE_FORMATS:
            raise click.UsageError("a data package holds csv or parquet; for another form give -o")
        return
    if output is None:
        if len(chosen) > 1 and form != "xlsx":
            raise click.UsageError("several tables need a place: -o FOLDER, -o FILE.xlsx or --package FOLDER")
        if form in _BINARY and sys.stdout.isatty():
            raise click.UsageError(f"{form} is nothing for a terminal; give -o FILE")
        return
    if form != "xlsx" and len(chosen) > 1 and (output.is_file() or output.suffix.lstrip(".") == form):
        raise click.UsageError(f"{output}: {form} holds one table; name a folder, or a file that ends with .xlsx")
    if form == "xlsx" and output.is_dir():
        raise click.UsageError(f"{output}: is a folder; all tables go into one workbook: name a file")


def _fits(chosen: list[Table], selection: Selection) -> None:
    """Raises click.UsageError for a filter that none of the tables has a use for: it would narrow nothing."""
    names = {table.name for table in chosen}
    for filtered, applies in APPLIES.items():
        if getattr(selection, filtered) is not None and not names & applies:
            option = "--field or --table" if filtered == "codes" else f"--{filtered}"
            raise click.UsageError(f"{option} narrows {', '.join(sorted(applies))}; leave it out, or name one of them")


def _told(selection: Selection, fields: tuple[str, ...], tables: tuple[str, ...]) -> dict[str, str]:
    """The filters as they were given."""
    told = {
        key: str(value) for key, value in msgspec.to_builtins(selection).items() if value is not None and key != "codes"
    }
    told |= {"field": " ".join(fields)} if fields else {}
    return told | ({"table": " ".join(tables)} if tables else {})


@contextlib.contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar per table on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _title, _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(title: str, done: int, total: int) -> None:
            if title not in tasks:
                tasks[title] = bars.add_task(title, total=total)
            if done % 50 == 0 or done == total:
                bars.update(tasks[title], completed=done)

        yield show


def _say(context: Context, written: list[Written], package: Path | None) -> None:
    place: Literal[""] | Path = package or ""
    if context.json:
        echo_json(
            [
                {
                    "table": one.table.name, "file": str(Path(place, one.file)), "rows": one.rows, "bytes": one.size,
                    "sha256": one.sha256,
                }
                for one in written
            ]
        )  # fmt: skip
        return
    for one in written:
        tell(f"{Path(place, one.file)}: {one.table.title}, {one.rows} rows")
