"""`nianbao compare`: the diff between any two files or archived versions."""

import re
import sys
from pathlib import Path

import click

from monitor.changes import document
from monitor.cli.common import Command, Context, echo_json, pass_context, print_change
from monitor.compare import CompareError, compare_documents, load
from monitor.diff import Document
from monitor.diff import diff as differences
from monitor.diff_data import as_data
from monitor.diff_render import render, summary


@click.command(cls=Command)
@click.argument("a")
@click.argument("b")
@click.option("--cosmetic", is_flag=True, help="Differences of script, width and punctuation too.")
@pass_context
def compare(context: Context, a: str, b: str, cosmetic: bool) -> None:
    """What differs between A and B: files (HTML, documents, text) or archived versions (v12: `versions.id` 12).

    Exit code 0 if they say the same, 1 if not.
    """
    compared = differences if _is_version(a) and _is_version(b) else compare_documents
    change = compared(_load(context, a), _load(context, b), cosmetic=cosmetic)
    if context.json:
        echo_json({"a": a, "b": b, **as_data(change)})
    elif change.empty:
        click.echo("no difference")
    else:
        print_change(summary(change), render(change))
    if not change.empty:
        sys.exit(1)


def _is_version(given: str) -> bool:
    return re.fullmatch(r"v[0-9]{1,18}", given) is not None and not Path(given).exists()


def _load(context: Context, given: str) -> Document:
    if _is_version(given):
        with context.home.reader() as store:
            row = store.row("SELECT * FROM versions WHERE id = ?", (int(given[1:]),))
            if row is None:
                raise click.UsageError(f"there is no version {given[1:]}; `nianbao show REPORT --json` names them")
            return document(store, row)
    try:
        return load(Path(given))
    except CompareError as error:
        raise click.UsageError(str(error)) from None
