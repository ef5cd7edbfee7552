"""`nianbao show` and `nianbao diff`: one report's history, and what differs between two of its versions."""

import sys
from pathlib import Path

import click
import msgspec

from monitor.bundle import write_bundle
from monitor.changes import ChoiceError, chosen, document
from monitor.cli.common import NUMBER, Command, Context, echo_json, find_report, pass_context, print_change, say, tell
from monitor.cli.timeline import show_history
from monitor.diff import diff as differences
from monitor.diff_data import as_data, findings_data
from monitor.diff_render import render, render_findings
from monitor.findings import compared
from monitor.findings_store import stored_findings
from monitor.history import ZONE, History


@click.command(cls=Command)
@click.argument("report", nargs=-1, required=True)
@click.option("--text", is_flag=True, help="Print the current version's text instead.")
@click.option(
    "--evidence",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write a bundle (ZIP) that others can check without nianbao.",
)
@pass_context
def show(context: Context, report: tuple[str, ...], text: bool, evidence: Path | None) -> None:
    """One report with its history, readings and evidence. REPORT is an id, an address, or words such as "linhai 2020"."""
    if text and evidence:
        raise click.UsageError("--text and --evidence exclude each other; choose one")
    with context.home.reader() as store:
        row = find_report(store, " ".join(report))
        if text:
            version = store.row("SELECT id, seq, title, text FROM versions WHERE id = ?", (row["current_version"],))
            if context.json:
                echo_json({"report": row["id"], "version": version})
            else:
                say(version["text"] if version else "")
            return
        history = History(store, row, context.home.archive)
        if evidence is not None:
            _bundle(context, history, evidence)
            return
        told = history.told()
    if context.json:
        echo_json(told)
    else:
        show_history(told, ZONE)


def _bundle(context: Context, history: History, path: Path) -> None:
    bundle = write_bundle(history, path)
    if context.json:
        echo_json({"file": str(path), **msgspec.to_builtins(bundle)})
    else:
        tell(f"{path}: {bundle.files} files, {bundle.captures} captures; SHA-256 {bundle.sha256}")
    for ref in bundle.missing:
        tell(f"{ref}: the capture cannot be opened; the bundle says so", err=True)
    if bundle.missing:
        sys.exit(1)


@click.command(cls=Command)
@click.argument("report")
@click.argument("from_version", metavar="[FROM", type=NUMBER, required=False)
@click.argument("to_version", metavar="TO]", type=NUMBER, required=False)
@pass_context
def diff(context: Context, report: str, from_version: int | None, to_version: int | None) -> None:
    """What differs between two versions (numbers as `show` lists them: 1, 2, …) of a report; the last change, if none are
    given: table cells by their field, text, attachments, and what does not add up since, or does now."""
    with context.home.reader() as store:
        row = find_report(store, report)
        versions = store.rows("SELECT * FROM versions WHERE report = ? ORDER BY seq", (row["id"],))
        try:
            old, new = chosen(versions, from_version, to_version)
        except ChoiceError as error:
            raise click.UsageError(str(error)) from None
        change = differences(document(store, old), document(store, new))
        effect = compared(stored_findings(store, old["id"]), stored_findings(store, new["id"]))
    if context.json:
        told = {"report": row["id"], "from": old["seq"], "to": new["seq"], **as_data(change)}
        echo_json({**told, "findings": findings_data(effect)})
        return
    shown = render(change).append_text(render_findings(effect))
    print_change(f"{row['title']}　v{old['seq']} → v{new['seq']}", shown)
