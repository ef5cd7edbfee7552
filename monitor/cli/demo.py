"""`nianbao demo`: the whole job, end to end, on portals served on loopback."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from monitor import outbox, run
from monitor.cli.common import Command, Context, choose, echo_json, pass_context
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
        if home.path.is_dir() and any(home.path.iterdir()):
            raise click.UsageError(f"{home.path} is not empty; give the demo a folder of its own with --home")
        good = _play(home.path, context.json)
        if not context.json:
            click.echo(f"\nThe demo's record: nianbao --home {home.path} reports")
    else:
        with tempfile.TemporaryDirectory(prefix="nianbao-demo-") as folder:
            good = _play(Path(folder), context.json)
    if context.json:
        echo_json({"good": good, "home": str(context.home.path) if keep else None})
    if not good:
        sys.exit(1)


def _play(path: Path, aside: bool) -> bool:
    """Whether everything came as it should. `aside`: shown on standard error."""
    home = Home(path)
    home.create()
    console = Console(highlight=False, stderr=aside)

    def crawl(now: str, names: Sequence[str]) -> None:
        with home.writing() as store:
            settings = home.settings()
            chosen = choose(home.portals(), tuple(names))
            run.crawl(home, store, settings, chosen, "full", lambda: now)
            outbox.deliver(store, settings, now, lambda: now)

    return tell(path, crawl, console)
