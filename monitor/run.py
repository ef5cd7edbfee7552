"""Passes by hand: over each portal once, and back when all have been settled.

Whatever happens to their processes, each pass that was given a number ends as settled or as killed: at the latest when
the next process opens the home.
"""

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from crawler.observation import Mode
from crawler.portal import Portal, proxy_address
from monitor import ocr
from monitor.bookkeeping import Clock, recover
from monitor.engine import open_engine
from monitor.fleet import Fleet, FleetStopped, Progress
from monitor.home import Home
from monitor.refigure import refigure
from monitor.settings import Settings
from monitor.settle import Settled
from monitor.store import Store

if TYPE_CHECKING:
    from monitor.pictures import Pictures

__all__ = ["Clock", "Progress", "crawl", "recognise", "recover"]

_UNKNOWN = 60
"""Requests of a portal that was never read, as a guess."""

log = logging.getLogger(__name__)


def crawl(
    home: Home,
    store: Store,
    settings: Settings,
    portals: Sequence[Portal],
    mode: Mode,
    clock: Clock,
    progress: Callable[[Progress], None] = lambda _: None,
    *,
    found: int = 0,
    told: Callable[[], None] = lambda: None,
) -> list[Settled]:
    """One pass over each portal. What they came to, in the order in which they ended. `found`: at most so many of the pages
    that lists name for the first time are read (0: all), which is for trying, not for the record. `told` is called
    whenever a pass was settled: there may be something to send.

    Interrupted, it ends the passes early, and settles them. Raises PortalError for a proxy whose variable is not set, and
    what keeps the record from being written; the other passes are then ended early.
    """
    for portal in portals if settings.service.engine == "local" else ():
        proxy_address(portal, os.environ)  # a variable that is not set is an error before anything starts
    read_now = {portal.name for portal in portals}
    portals = longest_first(store, settings, portals)
    settled: list[Settled] = []
    with contextlib.ExitStack() as open_parts:
        pictures = open_pictures(home, store, clock, open_parts)
        fleet = open_parts.enter_context(
            Fleet(
                home,
                store,
                lambda: settings,
                clock,
                open_engine(home, settings.service),
                pictures=pictures,
                found=found,
            )
        )
        for old in fleet.recover():
            log.warning(
                "%s: pass %d: %s%s", old.portal, old.crawl, old.outcome, f" ({old.trouble})" if old.trouble else ""
            )
            # What became of a pass of an earlier process is no failure of this one, if it reads the portal anew.
            settled.append(msgspec.structs.replace(old, trouble="") if old.portal in read_now else old)
        told()
        passes = [fleet.submit(portal, mode, progress=progress) for portal in portals]
        for portal, one in zip(portals, passes, strict=True):
            one.add_done_callback(partial(_take, portal.name, settled, told))
        left = set(passes)
        while left:
            done, left = wait(left, return_when=FIRST_COMPLETED)
            for one in done:
                error = one.exception()
                if isinstance(error, OSError | sqlite3.Error):
                    raise error  # the disk or the record itself: no other portal would fare better
    return settled


def longest_first(store: Store, settings: Settings, portals: Sequence[Portal]) -> list[Portal]:
    """By what their pauses will take, as far as their last passes tell: the end waits for the last one."""

    def seconds(portal: Portal) -> float:
        row = store.row(
            "SELECT requests FROM crawls WHERE portal = ? AND outcome = 'ok' ORDER BY id DESC LIMIT 1", (portal.name,)
        )
        delay = settings.policy.delay if portal.policy.delay is None else portal.policy.delay
        return (row["requests"] if row else _UNKNOWN) * delay

    return sorted(portals, key=seconds, reverse=True) if len(portals) > 1 else [*portals]


def _take(name: str, settled: list[Settled], told: Callable[[], None], done: Future[Settled]) -> None:
    if done.cancelled():
        return
    error = done.exception()
    if error is None:
        settled.append(done.result())
        told()
    elif isinstance(error, FleetStopped):
        log.warning("%s", error)
    elif not isinstance(error, OSError | sqlite3.Error):
        log.error("%s could not be read", name, exc_info=error)
        settled.append(Settled(name, 0, "failed", trouble=f"{type(error).__name__}: {error}"))


def recognise(
    home: Home,
    store: Store,
    portals: Sequence[Portal],
    clock: Clock,
    progress: Callable[[Progress], None] = lambda _: None,
) -> int:
    """What passes had no time for: pictures of tables, and the figures that follow from them. How many were read.

    For after the alerts are out: it takes seconds a picture, at most a quarter of an hour, and nobody is told of it.
    """
    read = 0
    with contextlib.ExitStack() as open_readers:
        pictures = open_pictures(home, store, clock, open_readers)
        if pictures is None:
            return 0
        from monitor.pictures import AFTERWARDS

        end = time.monotonic() + AFTERWARDS
        for portal in portals:

            def show(done: int, total: int, name: str = portal.name) -> None:
                progress(Progress(name, done, total, done == total))

            if count := pictures.catch_up(portal.name, end - time.monotonic(), show):
                read += count
                refigure(store, portal.name)
    return read


def open_pictures(home: Home, store: Store, clock: Clock, open_readers: contextlib.ExitStack) -> "Pictures | None":
    """What recognises pictures, if that is installed. Its process starts with the first picture."""
    if not ocr.available():
        return None
    from monitor.ocr.recogniser import Recogniser
    from monitor.pictures import Pictures

    return Pictures(store, home.archive, open_readers.enter_context(Recogniser()), ocr.reads_with(), clock)
