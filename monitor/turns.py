"""Passes that wait and passes under way: which of them may begin now.

Pure but for the Futures. Nobody is overtaken on a host by who came later; who waits for a host holds up nobody else.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import msgspec

from crawler.observation import Mode
from crawler.page.address import bare
from crawler.portal import Portal
from monitor.bookkeeping import Briefed
from monitor.processes import Process
from monitor.settle import Settled

log = logging.getLogger(__name__)


class Progress(msgspec.Struct, frozen=True):
    """How far a portal's pass is."""

    portal: str
    done: int
    total: int
    finished: bool = False


class UnderWay(msgspec.Struct, frozen=True):
    """A pass that is being made."""

    portal: str
    mode: Mode
    crawl: int
    pid: int
    """0: not started yet, or being settled."""
    started: str
    """UTC."""
    done: int
    total: int
    worker: str = ""
    """Who makes it; empty: this machine, or nobody yet."""


class Turn:
    """One pass, from its submission to its end."""

    def __init__(self, portal: Portal, mode: Mode, everything: bool, progress: Callable[[Progress], None]) -> None:
        self.portal, self.mode, self.everything = portal, mode, everything
        self.progress = progress
        self.future: Future[Settled] = Future()
        self.hosts = hosts_of(portal)
        self.place: Briefed | None = None
        self.process: Process | None = None
        """None: not started yet, or gone."""
        self.started = ""
        self.apart = portal.render
        """It needs a process of its own."""
        self.overdue = 0.0
        """By the monotonic clock."""
        self.adopted = False
        """An earlier process of this home began it."""

    def tell(self, done: int, total: int, finished: bool = False) -> None:
        """Progress is for the eye: nothing that goes wrong with it concerns the pass."""
        try:
            self.progress(Progress(self.portal.name, done, total, finished))
        except Exception:
            log.debug("%s: progress could not be shown", self.portal.name, exc_info=True)

    def seen(self) -> UnderWay:
        """As others see it."""
        process = self.process
        crawl = self.place.crawl if self.place else 0
        pid, done, total = (process.pid, process.done, process.total) if process else (0, 0, 0)
        worker = process.worker if process else ""
        return UnderWay(self.portal.name, self.mode, crawl, pid, self.started, done, total, worker)


def hosts_of(portal: Portal) -> frozenset[str]:
    """Whom a pass over a portal may ask, as far as its file says."""
    return frozenset(bare(host.lower().rstrip(".")) for host in (*portal.hosts, *portal.allowed_hosts))


def first_that_may(
    waiting: list[Turn],
    under_way: Sequence[Turn],
    held: Callable[[str], bool],
    full: Callable[[Turn], bool] = lambda _: False,
) -> Turn | None:
    """Takes the first turn out of `waiting` that may begin; those that were called off with it. None: none may.

    A host is read by one pass at a time, a portal too; portals that are `held` wait, and take nothing from others. `full`: there is
    no process for such a one at present.
    """
    taken = {host for turn in under_way for host in turn.hosts}
    read = {turn.portal.name for turn in under_way}
    for turn in [*waiting]:
        if turn.future.cancelled():
            waiting.remove(turn)
        elif held(turn.portal.name):
            continue
        elif turn.portal.name in read or turn.hosts & taken or full(turn):
            taken |= turn.hosts  # it has waited longer than who comes after it
            read.add(turn.portal.name)
        elif turn.future.set_running_or_notify_cancel():
            waiting.remove(turn)
            return turn
    return None
