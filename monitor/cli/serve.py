"""`nianbao serve`: the long-running service."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from types import FrameType

import click

from monitor.cli.common import Command, Context, pass_context
from monitor.run import open_pictures
from monitor.settings import Settings
from monitor.times import shift


@click.command(cls=Command)
@click.option("--web", is_flag=True, help="Serve the staff pages too, in a process of their own.")
@pass_context
def serve(context: Context, web: bool) -> None:
    """The long-running service: reads each portal when it is due, sends alerts, watches over itself.

    Ends cleanly on SIGTERM and Ctrl-C: passes under way are cut short and recorded, messages under way are sent; a
    second signal ends it at once. SIGHUP reads settings and portal files again, which happens by itself within seconds
    of an edit. `crawl`, `correct`, `retract` and `alerts retry` beside it go through it.
    """
    from monitor.service import logs  # with its libraries: only the service pays for them
    from monitor.service.configuration import Configuration
    from monitor.service.service import Service
    from monitor.service.whole import import_all

    import_all()
    home, clock = context.home, _clock(context)
    home.create()
    with contextlib.ExitStack() as parts:
        store = parts.enter_context(home.writing())
        configuration = Configuration(home)
        secrets = logs.configure(configuration.settings, home.path)

        def renew(settings: Settings) -> None:
            secrets.know(logs.secrets_in(home.path, settings, os.environ))

        service = Service(home, store, configuration, clock, open_pictures(home, store, clock, parts), renew, web)

        def stop(number: int, _: FrameType | None) -> None:
            for again in (signal.SIGTERM, signal.SIGINT):
                signal.signal(again, lambda *_: os._exit(128 + number))
            service.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        signal.signal(signal.SIGHUP, lambda *_: service.reload())
        service.run()


def _clock(context: Context) -> Callable[[], str]:
    """The present; with --now, that time and what has gone by since."""
    start, begun = context.now, time.monotonic()
    if start is None:
        return context.clock
    return lambda: shift(start, time.monotonic() - begun)
