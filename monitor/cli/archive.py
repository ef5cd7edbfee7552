"""`nianbao archive`: the captured bytes, whether they are still what the record says, and what they say by today's rules."""

import base64
import mimetypes
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click
import msgspec

from monitor.archive import read_capture, unknown_files
from monitor.archive import verify as verify_record
from monitor.cli.common import NUMBER, Command, Context, Group, echo_json, pass_context, tell
from monitor.cli.rules import reread
from monitor.history import event_captures
from monitor.store import Store


@click.group(cls=Group)
def archive() -> None:
    """Captured responses (WARC): get one, verify all, read them again under today's rules."""


archive.add_command(reread)


@archive.command(cls=Command)
@click.argument("version", type=NUMBER, required=False)
@click.option("--reading", type=NUMBER, help="The response behind a reading instead (`readings.id`).")
@click.option("--attachment", type=NUMBER, help="A document or picture instead (`attachments.id`).")
@click.option("--event", type=NUMBER, help="All captures behind an event instead (`events.id`), into a folder.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write to this file, not to standard output; with --event, to this folder.",
)
@pass_context
def get(
    context: Context,
    version: int | None,
    reading: int | None,
    attachment: int | None,
    event: int | None,
    output: Path | None,
) -> None:
    """The bytes of a VERSION's page as they were captured (`versions.id`), or of a reading, an attachment, an event: the
    numbers that `nianbao show REPORT` tells."""
    chosen = {
        table: number
        for table, number in (("version", version), ("reading", reading), ("attachment", attachment), ("event", event))
        if number is not None
    }
    if len(chosen) != 1:
        raise click.UsageError(
            "give one of VERSION, --reading N, --attachment N and --event N; `nianbao show` tells them"
        )
    [(what, number)] = chosen.items()
    with context.home.reader() as store:
        if what == "event":
            _get_event(context, store, number, output)
            return
        row = store.row(f"SELECT archive_ref FROM {what}s WHERE id = ?", (number,))  # noqa: S608
    if row is None:
        raise click.UsageError(f"there is no {what} {number}; `nianbao show REPORT` names them")
    if not row["archive_ref"]:
        raise click.UsageError(f"{what} {number}: nothing was captured (it was never read, or lies in its page)")
    if output is not None and output.is_dir():
        raise click.UsageError(f"{output}: is a folder; name a file")
    capture = read_capture(context.home.archive, row["archive_ref"])
    if output is not None:
        output.write_bytes(capture.body)
    if context.json:
        told = {what: number, "url": capture.url, "captured_at": capture.captured_at, "size": len(capture.body)}
        told |= {"file": str(output)} if output else {"base64": base64.b64encode(capture.body).decode()}
        echo_json(told)
    elif output is not None:
        tell(f"{output}: {len(capture.body)} bytes of {capture.url}, captured {capture.captured_at}", err=True)
    else:
        sys.stdout.buffer.write(capture.body)


def _get_event(context: Context, store: Store, number: int, output: Path | None) -> None:
    """Every capture behind an event, as files in a folder; without one, a list of them."""
    row = store.row("SELECT * FROM events WHERE id = ?", (number,))
    if row is None:
        raise click.UsageError(f"there is no event {number}; `nianbao events` lists them")
    if output is not None and output.exists() and not output.is_dir():
        raise click.UsageError(f"{output}: is a file; name a folder")
    found = event_captures(store, row, context.home.archive)
    told = []
    for place, (ref, label) in enumerate(found, 1):
        capture = read_capture(context.home.archive, ref)
        one = {"ref": ref, "what": label, "url": capture.url, "status": capture.status, "size": len(capture.body)}
        if output is not None:
            output.mkdir(parents=True, exist_ok=True)
            file = output / f"{place:03}{_suffix(capture.content_type, capture.url)}"
            file.write_bytes(capture.body)
            one["file"] = str(file)
        told.append(one)
    columns = {"ref": "存档", "what": "内容", "status": "状态", "size": "字节", "url": "网址", "file": "文件"}
    context.show(told, columns, "nothing was captured for this event")


def _suffix(content_type: str, url: str) -> str:
    """How a capture's file name ends: as its type says, else its address."""
    kind = mimetypes.guess_extension(content_type.partition(";")[0].strip())
    suffix = kind or Path(urlsplit(url).path).suffix
    return suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", suffix) else ".bin"


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
        unknown = unknown_files(store, context.home.archive)
    if context.json:
        echo_json({"sound": sound, "faults": msgspec.to_builtins(faults), "unknown": unknown})
    else:
        for fault in faults:
            tell(f"{f'version {fault.version}' if fault.version else 'evidence'}: {fault.ref}: {fault.problem}")
        click.echo(f"{sound} versions and captures are as they were recorded, {len(faults)} faults")
        if unknown:
            tell(
                f"{len(unknown)} files are of passes that the record does not know, from {unknown[0]} on: they are kept"
            )
    if faults:
        sys.exit(1)
