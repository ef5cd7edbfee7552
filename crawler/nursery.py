"""The nursery: a warm process that forks a child for each pass. `python -m crawler.nursery [WHOSE]`.

It has imported what a pass needs and started nothing, so that a pass begins in tens of milliseconds. Standard input:
orders; standard output: what becomes of them (crawler/orders.py). WHOSE is for those who list processes.

    nursery ── keeper ── pass ── the reader of documents …
            └─ keeper ── the browser's process ── its driver, Chromium

Each pass has a keeper between it and the nursery. Whatever the pass starts stays below its keeper, however deep and in
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
from collections.abc import Callable
from pathlib import Path

import msgspec

from crawler import kernel
from crawler.keeper import BEYOND, KILL, SIGNALS, Bell, Reason, become, clear, keep, keep_browser, reaped, tell
from crawler.observation import WATCHER_ENDED
from crawler.orders import Asked, Gone, Order, Stop
from crawler.process import warm
from crawler.rendered.engine import Bounds
from crawler.rendered.pool import Pool

_TICK, _REST = 0.5, 5.0
"""Seconds between two looks at passes, and at a browser that nobody uses."""
_TEMPORARY = "nianbao-pass-"
"""How passes' temporary folders are called; the nursery's process id follows."""

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
    gc.collect()
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
        self._ending = False

    def serve(self) -> int:
        """Until the input has ended and nothing is left."""
        bell = Bell()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to answer
        rest = b""
        while not self._ending or self._wards or self._pool.keeper:
            if self._ending and not self._wards:
                self._pool.end()
            doors = {ward.door.fileno(): ward for ward in self._wards.values() if ward.door is not None}
            beats = self._pool.fileno()
            inputs = [*doors, *(() if self._ending else (0,)), *(() if beats is None else (beats,))]
            wait = _TICK if self._wards or (self._ending and self._pool.keeper) else _REST
            rung, ready = bell.wait(wait if self._wards or self._pool.keeper else None, *inputs)
            if signal.SIGTERM in rung:
                self._end()
            if beats in ready:
                self._pool.listen()
            for number in ready:
                if number in doors:
                    self._answer(doors[number])
            if 0 in ready:
                got = os.read(0, 1 << 16)
                *lines, rest = (rest + got).split(b"\n")
                for line in lines:
                    self._hear(line)
                if not got:
                    self._end()
            self._watch()
            self._reap()
        return 0

    def _end(self) -> None:
        self._ending = True
        for keeper, ward in self._wards.items():
            self._stop(keeper, ward, WATCHER_ENDED)

    def _hear(self, line: bytes) -> None:
        match _order(line):
            case Order() as order:
                self._start(order)
            case Stop(crawl, why):
                for keeper, ward in self._wards.items():
                    if ward.order.crawl == crawl:
                        self._stop(keeper, ward, why)

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
            return keep_browser(serve, temporary, me)

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

    def _watch(self) -> None:
        """Holds passes to their limit of memory."""
        if not self._pool.keeper and not any(ward.order.memory for ward in self._wards.values()):
            return
        tree = kernel.processes()
        self._pool.watch(tree, KILL)
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
            else:
                others |= self._pool.reaped(one[0])
        if ended or others:
            clear(frozenset({*self._wards, self._pool.keeper}))
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
    sys.exit(main())
