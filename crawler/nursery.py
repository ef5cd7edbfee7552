"""The nursery: a warm process that forks a child for each pass. `python -m crawler.nursery [WHOSE]`.

It has imported what a pass needs and started nothing, so that a pass begins in tens of milliseconds. Standard input:
orders; standard output: what becomes of them (crawler/orders.py). WHOSE is for those who list processes.

    nursery ── keeper ── pass ── the reader of documents …
            ├─ keeper ── company: passes that share a process (crawler/companies)
            └─ keeper ── the browser's process ── its driver, Chromium

Each of them has a keeper between it and the nursery. Whatever the pass starts stays below its keeper, however deep and in
whatever process group, and is gone when the keeper says so. The nursery does the same for keepers: what is left of one
that was killed falls to it, and is killed. When the nursery's input ends, its supervisor died: every pass is ended.

All passes share one browser (crawler/rendered). A pass that needs it knocks at its door, a socket to the nursery.
"""

import gc
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from crawler import kernel
from crawler.companies import Companies
from crawler.keeper import BEYOND, KILL, SIGNALS, Bell, Reason, become, clear, keep, keep_shared, reaped, tell
from crawler.observation import WATCHER_ENDED
from crawler.orders import Again, Asked, Ended, Gone, Order, Stop
from crawler.process import warm, warm_more
from crawler.rendered.engine import Bounds
from crawler.rendered.pool import Pool

_TICK, _REST = 0.5, 5.0
"""Seconds between two looks at passes, and at a browser that nobody uses."""
_TEMPORARY = "nianbao-pass-"
"""How passes' temporary folders are called; the nursery's process id follows."""

_AGAIN = 4
"""Passes at a time that are made by themselves after their process had ended."""

_order = msgspec.json.Decoder(Asked).decode


def main() -> int:
    """Serves until the input ends."""
    os.set_blocking(0, False)
    pipe = os.dup(1)  # not inherited by programs that passes start
    os.set_blocking(pipe, False)
    os.dup2(2, 1)
    kernel.adopt_orphans()
    _sweep()
    warm()
    gc.freeze()  # a child that collects must not touch, and so copy, what it shares with its parent
    return Nursery(pipe).serve()


class _Ward(msgspec.Struct):
    """A pass under way, as the nursery sees it."""

    order: Order
    reason: Reason
    temporary: str
    door: socket.socket | None = None
    """Where it asks for the browser."""
    most: int = 0
    stopped: bool = False


class Nursery:
    """Keeps the keepers."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._wards: dict[int, _Ward] = {}
        """By keeper."""
        self._pool = Pool(f"{_TEMPORARY}{os.getpid()}-")
        self._companies = Companies(f"{_TEMPORARY}{os.getpid()}-", partial(tell, pipe))
        self._again: deque[Order] = deque()
        """Passes that wait to be made by themselves."""
        self._ending = False
        self._taken = 0
        self._looked = 0.0

    def serve(self) -> int:
        """Until the input has ended and nothing is left."""
        bell = Bell()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to answer
        rest = b""
        while not self._ending or self._wards or self._companies.keepers or self._pool.keeper:
            if self._ending and not self._wards:
                self._pool.end()
            companies = self._companies.filenos()
            doors = {ward.door.fileno(): ward for ward in self._wards.values() if ward.door is not None}
            beats = self._pool.fileno()
            inputs = [*doors, *companies, *(() if self._ending else (0,)), *(() if beats is None else (beats,))]
            passes = bool(self._wards or self._companies.keepers)
            wait = _TICK if passes or (self._ending and self._pool.keeper) else _REST
            rung, ready = bell.wait(wait if passes or self._pool.keeper else None, *inputs)
            if signal.SIGTERM in rung:
                self._end()
            if beats in ready:
                self._pool.listen()
            for number in ready:
                if number in doors:
                    self._answer(doors[number])
                elif number in companies:
                    self._companies.listen(companies[number])
            if 0 in ready:
                got = os.read(0, 1 << 16)
                *lines, rest = (rest + got).split(b"\n")
                for line in lines:
                    self._hear(line)
                if not got:
                    self._end()
            self._look()
            self._reap()
            self._make_again()
        return 0

    def _end(self) -> None:
        self._ending = True
        self._companies.end(WATCHER_ENDED)
        for order in self._again:
            tell(self._pipe, Ended(order.crawl, None, WATCHER_ENDED))
            tell(self._pipe, Gone(order.crawl))
        self._again.clear()
        for keeper, ward in self._wards.items():
            self._stop(keeper, ward, WATCHER_ENDED)

    def _hear(self, line: bytes) -> None:
        match _order(line):
            case Order() as order:
                self._take(order)
            case Stop(crawl, why):
                if self._companies.stop(crawl, why):
                    return
                if waits := [order for order in self._again if order.crawl == crawl]:
                    self._again.remove(waits[0])
                    tell(self._pipe, Ended(crawl, None, why))
                    tell(self._pipe, Gone(crawl))
                for keeper, ward in self._wards.items():
                    if ward.order.crawl == crawl:
                        self._stop(keeper, ward, why)

    def _take(self, order: Order) -> None:
        self._taken += 1
        if self._taken == 2:  # it makes more than the pass of one command: what is imported now is not imported in each
            warm_more()
            gc.freeze()
        if not self._companies.fits(order):
            self._start(order)
        elif order.suspect:
            self._put_off(order)
        else:
            try:
                self._companies.take(order, self._fork_company)
            except OSError as error:
                tell(self._pipe, Gone(order.crawl, error=f"{type(error).__name__}: {error}"))

    def _put_off(self, order: Order) -> None:
        self._again.append(msgspec.structs.replace(order, suspect=True))
        tell(self._pipe, Again(order.crawl))

    def _make_again(self) -> None:
        """A few at a time: each takes a process's memory."""
        alone = sum(ward.order.suspect for ward in self._wards.values())
        for _ in range(min(_AGAIN - alone, len(self._again))):
            self._start(self._again.popleft())

    def _start(self, order: Order) -> None:
        me, reason = os.getpid(), Reason()
        door = theirs = None
        try:
            if order.browser:
                door, theirs = socket.socketpair()
            temporary = tempfile.mkdtemp(prefix=f"{_TEMPORARY}{me}-")

            def forked() -> int:
                if door is not None:
                    door.close()
                return keep(order, reason, temporary, self._pipe, me, theirs)

            keeper = self._fork(forked)
        except OSError as error:
            if door is not None:
                door.close()
            tell(self._pipe, Gone(order.crawl, error=f"{type(error).__name__}: {error}"))
            return
        finally:
            if theirs is not None:
                theirs.close()
        if door is not None:
            door.setblocking(False)
        self._wards[keeper] = _Ward(order, reason, temporary, door)

    def _fork(self, what: Callable[[], int]) -> int:
        """A keeper that does `what`, and has nothing of what others are connected by. Raises OSError."""

        def forked() -> int:
            self._pool.forget()
            self._companies.forget()
            for ward in self._wards.values():
                if ward.door is not None:
                    ward.door.close()
            return what()

        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            keeper = os.fork()
            if not keeper:
                become(forked)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return keeper

    def _fork_browser(self, serve: Callable[[], int], first: Callable[[], None], temporary: str) -> int:
        me = os.getpid()

        def forked() -> int:
            os.close(self._pipe)  # its end says that no pass is left
            first()
            return keep_shared("browser", serve, temporary, me)

        return self._fork(forked)

    def _fork_company(
        self, name: str, serve: Callable[[], int], first: Callable[[], None], temporary: str, memory: int
    ) -> int:
        me = os.getpid()

        def forked() -> int:
            first()
            return keep_shared(name, serve, temporary, me, memory)

        return self._fork(forked)

    def _answer(self, ward: _Ward) -> None:
        """A pass knocks, or its door is closed."""
        assert ward.door is not None
        try:
            knocked = bool(ward.door.recv(16))
        except BlockingIOError:
            return
        except OSError:
            knocked = False
        if not knocked:
            ward.door.close()
            ward.door = None
            return
        order, least = ward.order, Bounds()
        bounds = Bounds(memory=order.browser_memory or least.memory, pages=order.browser_pages or least.pages)
        self._pool.open(ward.door, bounds, self._fork_browser)

    def _stop(self, keeper: int, ward: _Ward, why: str) -> None:
        if not ward.stopped:
            ward.stopped = True
            ward.reason.say(why)
            kernel.kill(keeper, signal.SIGTERM)

    def _look(self) -> None:
        """Twice a second at most: reading the whole tree of processes takes milliseconds."""
        if (now := time.monotonic()) >= self._looked + _TICK:
            self._looked = now
            self._watch()

    def _watch(self) -> None:
        """Holds passes to their limit of memory."""
        companies = bool(self._companies.keepers)
        if not self._pool.keeper and not companies and not any(ward.order.memory for ward in self._wards.values()):
            return
        tree = kernel.processes()
        self._pool.watch(tree, KILL)
        self._companies.watch(tree)
        for keeper, ward in self._wards.items():
            members = kernel.below(keeper, tree)
            used = sum(one.resident for one in members)
            if ward.order.memory and used > ward.order.memory:
                # What they share was counted once for each.
                used = sum(kernel.proportional(one.pid) or one.resident for one in members)
            ward.most = max(ward.most, used)
            if ward.order.memory and used > ward.order.memory:
                limit = ward.order.memory / 1e6
                if not ward.stopped:
                    self._stop(keeper, ward, f"used {used / 1e6:.0f} MB of memory, more than {limit:.0f}")
                elif used > BEYOND * ward.order.memory:
                    kernel.kill(keeper, KILL)

    def _reap(self) -> None:
        """Takes leave of keepers that ended, and of what those that were killed left behind."""
        ended, others = [], False
        while (one := reaped()) is not None:
            if one[0] in self._wards:
                ended.append(self._wards.pop(one[0]))
            elif (again := self._companies.reaped(one[0], WATCHER_ENDED if self._ending else "")) is not None:
                others = True
                for order in again:
                    self._put_off(order)
            else:
                others |= self._pool.reaped(one[0])
        if ended or others:
            clear(frozenset({*self._wards, *self._companies.keepers, self._pool.keeper}))
        for ward in ended:
            shutil.rmtree(ward.temporary, ignore_errors=True)
            ward.reason.close()
            if ward.door is not None:
                ward.door.close()
            tell(self._pipe, Gone(ward.order.crawl, ward.most))


def _sweep() -> None:
    """Removes temporary folders of nurseries that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_TEMPORARY}*-*"):
        owner = folder.name.removeprefix(_TEMPORARY).partition("-")[0]
        if owner.isdigit() and not kernel.is_there(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # to take all of it down again in order takes a tenth of a second, and somebody waits for the end
