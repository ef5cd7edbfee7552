"""The nursery's side of passes that share a process (crawler/company.py): who is with whom, and what follows from an end.

    nursery ── keeper ── company: pass, pass, pass …

A pass joins a company that is young and has room; there are no more of them than the machine has processors, until all are full.
Whatever a pass does that another one would suffer from ends the company: a crash, too much memory, a loop that stands still. Then
nobody is blamed: each of its passes that nobody had stopped is made again, from its beginning, in a process of its own.
"""

import contextlib
import faulthandler
import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from crawler import kernel
from crawler.keeper import KILL
from crawler.observation import RUN
from crawler.orders import Ended, Gone, Order, Over, Said, Shared, Stop
from crawler.process import PATIENCE

YOUNG = 60.0
"""Seconds after its start in which a company takes passes: what lives for ever grows, and believes old answers of DNS."""
SILENCE = 30.0
"""Seconds without a sign of life after which its loop counts as standing still."""
_MOST = 8
"""Companies, before all of them are full."""
_LOG, _LOG_BYTES = "company.log", 50_000_000
_shared = msgspec.json.Decoder(Shared).decode

Fork = Callable[[str, Callable[[], int], Callable[[], None], str, int], int]
"""Forks a keeper of that name for what the first one does, once the second was done in each fork; the folder for their temporary
files, the bytes that they may take. The keeper's process. Raises OSError."""


class _Ward(msgspec.Struct):
    """A pass under way."""

    order: Order
    late: float
    stopped: str = ""
    stopped_at: float = 0.0
    asked: bool = False
    """Somebody asked for the stop, or its company was alive and it did not end: it is not made again."""


class _Company:
    """A process, as the nursery sees it."""

    def __init__(self, control: socket.socket, folder: str, order: Order) -> None:
        self.control: socket.socket | None = control
        self.folder = folder
        self.room, self.memory = order.together, order.memory
        self.born = self.heard = time.monotonic()
        self.wards: dict[int, _Ward] = {}
        self.most = 0
        self.condemned = ""

    def is_open(self, order: Order, now: float) -> bool:
        """Whether such a pass may join, if there is room."""
        return (
            self.control is not None
            and not self.condemned
            and now < self.born + YOUNG
            and (self.memory, self.room) == (order.memory, order.together)
        )

    def say(self, what: Order | Stop) -> None:
        """Raises OSError: it is gone, or does not listen."""
        if self.control is None:
            raise BrokenPipeError
        self.control.send(msgspec.json.encode(what))

    def let_go(self) -> None:
        """Its socket ends, and that ends it."""
        if self.control is not None:
            self.control.close()
            self.control = None


class Companies:
    """All that one nursery has. Whoever has them waits for their `keepers` and tells `reaped`."""

    def __init__(self, temporary: str, tell: Callable[[Said], None]) -> None:
        """`temporary`: how temporary folders' names begin. `tell`: what the supervisor is to hear."""
        self._prefix, self._tell = temporary, tell
        self._all: dict[int, _Company] = {}
        """By keeper."""

    @property
    def keepers(self) -> Iterable[int]:
        """Processes to wait for."""
        return self._all.keys()

    def filenos(self) -> dict[int, int]:
        """What to listen on, and whose it is."""
        return {one.control.fileno(): keeper for keeper, one in self._all.items() if one.control is not None}

    @staticmethod
    def fits(order: Order) -> bool:
        """Whether a pass may share a process."""
        return order.together > 1 and not order.browser and sys.platform == "linux"

    def take(self, order: Order, fork: Fork) -> None:
        """A pass joins a company, if need be a new one. Raises OSError."""
        now = time.monotonic()
        open_ones = [one for one in self._all.values() if one.is_open(order, now)]
        company = min(open_ones, key=lambda one: len(one.wards), default=None)
        if company is None or len(company.wards) >= company.room or len(open_ones) < min(os.cpu_count() or 1, _MOST):
            company = self._start(order, fork)
        company.say(order)
        company.wards[order.crawl] = _Ward(order, now + order.seconds)

    def _start(self, order: Order, fork: Fork) -> _Company:
        folder = tempfile.mkdtemp(prefix=self._prefix)
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                keeper = fork("company", lambda: _serve(theirs, folder, self._tell), mine.close, folder, order.memory)
            except OSError:
                mine.close()
                shutil.rmtree(folder, ignore_errors=True)
                raise
        mine.setblocking(False)
        company = self._all[keeper] = _Company(mine, folder, order)
        return company

    def listen(self, keeper: int) -> None:
        """Hears that it is well, and which passes have ended."""
        company = self._all.get(keeper)
        while company is not None and company.control is not None:
            try:
                got = company.control.recv(4096)
            except BlockingIOError:
                return
            except OSError:
                got = b""
            if not got:
                company.let_go()
                return
            company.heard = time.monotonic()
            said = _shared(got)
            if isinstance(said, Over) and said.crawl in company.wards:
                del company.wards[said.crawl]
                self._tell(Gone(said.crawl, company.most))
                if not company.wards:
                    company.let_go()

    def stop(self, crawl: int, why: str, asked: bool = True) -> bool:
        """Whether it is one of theirs; it is to end early."""
        for keeper, company in self._all.items():
            ward = company.wards.get(crawl)
            if ward is None:
                continue
            if not ward.stopped:
                ward.stopped, ward.stopped_at, ward.asked = why, time.monotonic(), asked
                try:
                    company.say(Stop(crawl, why))
                except OSError:
                    self._condemn(keeper, company, "it does not listen")
            return True
        return False

    def end(self, why: str) -> None:
        """All are to end."""
        for company in [*self._all.values()]:
            for crawl in [*company.wards]:
                self.stop(crawl, why)

    def watch(self, tree: dict[int, list[kernel.Process]]) -> None:
        """Holds passes to their time, and companies to their memory and to signs of life."""
        now = time.monotonic()
        for keeper, company in self._all.items():
            members = kernel.below(keeper, tree)
            used = sum(one.resident for one in members)
            if company.memory and used > company.memory:
                # What they share was counted once for each.
                used = sum(kernel.proportional(one.pid) or one.resident for one in members)
            company.most = max(company.most, used)
            if not company.wards:
                company.let_go()  # the first one never came
            if company.memory and used > company.memory:
                self._condemn(keeper, company, f"used {used / 1e6:.0f} MB of memory")
            if now > company.heard + SILENCE:
                self._condemn(keeper, company, "its loop stands still")
            if _size(Path(company.folder) / _LOG) > _LOG_BYTES:
                self._condemn(keeper, company, "wrote too much")
            for crawl, ward in [*company.wards.items()]:
                if now > ward.late:
                    self.stop(crawl, f"longer than {ward.order.seconds:g} s", asked=False)
                if ward.stopped and now > ward.stopped_at + PATIENCE:
                    ward.asked |= company.heard > ward.stopped_at + 1.5
                    self._condemn(keeper, company, "a pass did not stop")

    @staticmethod
    def _condemn(keeper: int, company: _Company, why: str) -> None:
        if not company.condemned:
            company.condemned = why
            kernel.kill(keeper, KILL)

    def reaped(self, pid: int, ending: str) -> list[Order] | None:
        """None: that was none of their keepers. Else: the passes that are to be made again. `ending`: why none is."""
        company = self._all.get(pid)
        if company is None:
            return None
        self.listen(pid)  # what it said at last
        del self._all[pid]
        company.let_go()
        shutil.rmtree(company.folder, ignore_errors=True)
        again = []
        for crawl, ward in company.wards.items():
            if (Path(ward.order.folder) / RUN).exists():
                self._tell(Ended(crawl, 0, ward.stopped))
            elif ward.asked or ending:
                self._tell(Ended(crawl, -signal.SIGKILL, ward.stopped or ending, forced=bool(ward.stopped)))
            else:
                again.append(ward.order)
                continue
            self._tell(Gone(crawl, company.most))
        return again

    def forget(self) -> None:
        """In a fork: the sockets are the nursery's."""
        for company in self._all.values():
            company.let_go()


def _serve(control: socket.socket, folder: str, tell: Callable[[Said], None]) -> int:
    """In the process itself."""
    from crawler.company import serve

    log = os.open(Path(folder) / _LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    faulthandler.enable()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))  # a pass takes about ten
    return serve(control, tell)


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0
