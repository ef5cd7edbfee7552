"""`nianbao archive`: the captured bytes, and whether they are still what the record says."""

import base64
import sys
from pathlib import Path

import click
import msgspec

from monitor.archive import read_capture
from monitor.archive import verify as verify_record
from monitor.cli.common import NUMBER, Command, Context, Group, echo_json, pass_context, tell


@click.group(cls=Group)
def archive() -> None:
    """Captured responses (WARC): get one, verify all."""


@archive.command(cls=Command)
@click.argument("version", type=NUMBER)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file, not to standard output.",
)
@pass_context
def get(context: Context, version: int, output: Path | None) -> None:
    """The bytes of a VERSION's page as they were captured (`versions.id`, as `nianbao show --json` tells)."""
    with context.home.reader() as store:
        row = store.row("SELECT archive_ref FROM versions WHERE id = ?", (version,))
    if row is None:
        raise click.UsageError(f"there is no version {version}; `nianbao show REPORT --json` names them")
    capture = read_capture(context.home.archive, row["archive_ref"])
    if output is not None:
        output.write_bytes(capture.body)
    if context.json:
        told = {"version": version, "url": capture.url, "captured_at": capture.captured_at, "size": len(capture.body)}
        told |= {"file": str(output)} if output else {"base64": base64.b64encode(capture.body).decode()}
        echo_json(told)
    elif output is not None:
        tell(f"{output}: {len(capture.body)} bytes of {capture.url}, captured {capture.captured_at}", err=True)
    else:
        sys.stdout.buffer.write(capture.body)


@archive.command(cls=Command)
@pass_context
def verify(context: Context) -> None:
    """Checks every stored hash against its capture, and the chain of versions. Exit code 1 if anything is wrong."""
    faults, sound = [], 0
    with context.home.reader() as store:
        for fault in verify_record(store, context.home.archive):
            if fault is None:
                sound += 1
            else:
                faults.append(fault)
    if context.json:
        echo_json({"sound": sound, "faults": msgspec.to_builtins(faults)})
    else:
        for fault in faults:
            tell(f"version {fault.version}: {fault.ref}: {fault.problem}")
        click.echo(f"{sound} versions are as captured, {len(faults)} faults")
    if faults:
        sys.exit(1)
