"""`nianbao demo`: the whole job, end to end, on portals served on loopback."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from monitor import outbox, run
from monitor.cli.common import Command, Context, pass_context
from monitor.cli.crawl import choose
from monitor.demo.story import tell
from monitor.home import Home


@click.command(cls=Command)
@click.option("--keep", is_flag=True, help="Leave the demo's home in --home, to be looked at; it must be empty.")
@pass_context
def demo(context: Context, keep: bool) -> None:
    """The whole job, end to end, on portals served on this machine; no network, nothing left behind.

    Five portals of five kinds; reports appear, are edited, taken down, restored and moved while counters tick and a
    server fails; each message is shown as it arrives in a mailbox and at a webhook.
    """
    if keep:
        home = context.home
        if home.database.exists():
            raise click.UsageError(f"{home.path} holds a record already; give the demo a folder of its own with --home")
        _tell(home.path)
        click.echo(f"\nThe demo's record: nianbao --home {home.path} reports")
        return
    with tempfile.TemporaryDirectory(prefix="nianbao-demo-") as folder:
        _tell(Path(folder))


def _tell(path: Path) -> None:
    home = Home(path)
    home.create()
    console = Console(highlight=False)

    def crawl(now: str, names: Sequence[str]) -> None:
        with home.writing() as store:
            settings = home.settings()
            chosen = choose(home.portals(), tuple(names))
            run.crawl(home, store, settings, chosen, "full", lambda: now)
            outbox.deliver(store, settings, now, lambda: now)

    if not tell(path, crawl, console):
        sys.exit(1)
