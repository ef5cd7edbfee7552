"""`nianbao backup` and `nianbao restore`: a home as one file, and back."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from monitor.backup import back_up
from monitor.cli.common import Command, Context, echo_json, pass_context, tell
from monitor.restore import restore as restore_home


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--no-archive", is_flag=True, help="Without captures: small, for every hour.")
@pass_context
def backup(context: Context, file: Path, no_archive: bool) -> None:
    """Writes record, settings, portal files and captures into one FILE, while a service runs. An older backup of that name is
    replaced once the new one is whole."""
    with _bar("backup") as progress:
        manifest = back_up(context.home, file, context.clock(), archive=not no_archive, progress=progress)
    size, captures = file.stat().st_size, sum(one.name.startswith("archive/") for one in manifest.members)
    if context.json:
        echo_json({"file": str(file), "made_at": manifest.made_at, "size": size, "captures": captures})
    else:
        without = "; captures are not in it" if no_archive else f", {captures} files of captures"
        tell(f"{file}: the record of {manifest.made_at}{without}; {size} bytes")


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Also into a home that has a record, which is put aside.")
@pass_context
def restore(context: Context, file: Path, replace: bool) -> None:
    """Puts what a backup FILE holds into the home, which may be missing. Exit code 1 if captures that the record refers to are
    neither in the backup nor in the home."""
    home = context.home
    with _bar("restore") as progress:
        restored = restore_home(home, file, context.clock(), replace=replace, progress=progress)
    if context.json:
        echo_json(msgspec.to_builtins({"home": str(home.path), **msgspec.structs.asdict(restored)}, enc_hook=str))
    else:
        tell(
            f"{home.path}: the record of {restored.made_at}: {restored.reports} reports, {restored.versions} versions, "
            f"{restored.captures} files of captures from the backup"
        )
        if restored.aside is not None:
            tell(f"what was there is in {restored.aside}")
        for name in restored.replaced:
            tell(f"{name}: the home had it otherwise; that one lies there too")
        for name in restored.lost:
            tell(f"archive/{name}: is missing; copy it there from another backup", err=True)
    if restored.lost:
        sys.exit(1)


@contextlib.contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
