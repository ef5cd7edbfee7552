"""`nianbao doctor`: is this installation fit to run, does it run, and if not, what to do."""

import os
import sys

import click
import msgspec

from monitor.cli.common import Command, Context, echo_json, line, pass_context


@click.command(cls=Command)
@pass_context
def doctor(context: Context) -> None:
    """Checks home, settings, portals, database, backup, clock, browser, disk, memory, channels and the running service,
    and says what to do."""
    from monitor.checkup import checks  # with what a running service is asked with

    found = list(checks(context.home, context.clock()))
    if context.json:
        echo_json(msgspec.to_builtins(found))
    else:
        marks = {"ok": ("ok     ", "green"), "warning": ("warning", "yellow"), "error": ("ERROR  ", "red")}
        for check in found:
            mark, colour = marks[check.state]
            shown = mark if os.environ.get("NO_COLOR") else click.style(mark, fg=colour)
            click.echo(f"{shown}  {check.what}: {line(check.found)}")
            if check.remedy:
                click.echo(f"         -> {line(check.remedy)}")
    if any(check.state == "error" for check in found):
        sys.exit(1)
