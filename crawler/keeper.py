"""A pass and its keeper: what the nursery forks.

The keeper stands between the nursery and the pass. It starts the pass, tells it to end, kills it if it does not, and
clears up: whatever the pass started falls to it, in whatever process group, and is gone when the keeper says so. The browser
that all passes share has one too.
"""

import contextlib
import faulthandler
import logging
import mmap
import os
import resource
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import msgspec

from crawler import kernel
from crawler.observation import LOG, WATCHER_ENDED
from crawler.orders import Ended, Order, Progressed, Said, Started
from crawler.process import PATIENCE, run
from crawler.rendered import client
from crawler.run_folder import RunFolderError

_LOOK = 5.0
"""Seconds between two looks at what no signal tells."""
_LOG_BYTES = 50_000_000
_REASON_BYTES = 500
_CLEARING = 20.0
BEYOND = 1.25
"""A pass that goes on growing after it was stopped is killed at this multiple of its limit."""
KILL = signal.SIGUSR1
"""To a keeper: kill the pass now. No second SIGTERM: whoever ends a service may send that to all of its processes."""
SIGNALS = (signal.SIGTERM, signal.SIGCHLD, KILL)


class Bell:
    """Signals as something that `select` waits for. The process has one; a fork hangs its own."""

    def __init__(self) -> None:
        self._in, self._out = os.pipe()
        for end in (self._in, self._out):
            os.set_blocking(end, False)
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._out, warn_on_full_buffer=False)

    def wait(self, seconds: float | None, *others: int) -> tuple[bytes, list[int]]:
        """Signals that came, a byte each, and which of the other files can be read, after `seconds` at most."""
        ready, _, _ = select.select([self._in, *others], [], [], seconds)
        rung = b""
        if self._in in ready:
            with contextlib.suppress(BlockingIOError):
                rung = os.read(self._in, 4096)
        return rung, [one for one in ready if one != self._in]

    def take_down(self) -> None:
        """In a fork: the signals are nobody's."""
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        os.close(self._in)
        os.close(self._out)


class Reason:
    """Why a pass is to end early, seen by nursery, keeper and pass alike: what the first of them said."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, _REASON_BYTES)

    def say(self, why: str) -> None:
        """Once."""
        if not self.said():
            text = why.encode()[: _REASON_BYTES - 1]
            self._shared[: len(text)] = text

    def said(self) -> str:
        """Empty: nobody stopped it."""
        return self._shared[:].partition(b"\0")[0].decode("utf-8", "ignore")

    def close(self) -> None:
        """Frees it in this process."""
        self._shared.close()


def tell(pipe: int, said: Said) -> None:
    """Writes a line, whole and unmixed with others'. Progress is dropped where nobody reads."""
    line = msgspec.json.encode(said) + b"\n"
    while True:
        try:
            os.write(pipe, line)  # shorter than PIPE_BUF: all of it or nothing
        except BlockingIOError:
            if isinstance(said, Progressed):
                return
            select.select([], [pipe], [], 1.0)
        except OSError:
            return  # the supervisor is gone
        else:
            return


def become(what: Callable[[], int]) -> NoReturn:
    """In a fork: does `what` and nothing of what the parent was about."""
    code = 70
    try:
        code = what()
    except BaseException:
        traceback.print_exc()
    finally:
        logging.shutdown()
        sys.stderr.flush()
        os._exit(code)  # a document that is still being read, or a download that ignores its end, must not keep it


def keep(
    order: Order, reason: Reason, temporary: str, pipe: int, nursery: int, door: socket.socket | None = None
) -> int:
    """The keeper: starts a pass, stops it, and sees to it that nothing of it is left. `door`: where the pass asks the
    nursery for the browser."""
    bell, me = Bell(), os.getpid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    kernel.name(f"keep {order.portal}")
    kernel.adopt_orphans()
    child = os.fork()  # with SIGTERM held back: the pass lets it through when it can end by it
    if not child:
        bell.take_down()
        become(lambda: _make(order, reason, temporary, pipe, me, door))
    if door is not None:
        door.close()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    kernel.die_with_parent(signal.SIGTERM, nursery)
    tell(pipe, Started(order.crawl, child))
    late, told_at, forced = time.monotonic() + order.seconds, 0.0, False
    while True:
        until = told_at + PATIENCE if told_at and not forced else late
        rung, _ = bell.wait(min(max(until - time.monotonic(), 0.0) or _LOOK, _LOOK))
        while (one := reaped()) is not None:
            if one[0] == child:
                kernel.kill_group(child)
                clear(frozenset())
                shutil.rmtree(temporary, ignore_errors=True)
                tell(pipe, Ended(order.crawl, one[1], reason.said(), forced))
                return 0
        now = time.monotonic()
        if now > late:
            reason.say(f"longer than {order.seconds:g} s")
        if _size(Path(order.folder) / LOG) > _LOG_BYTES:
            reason.say(f"wrote more than {_LOG_BYTES / 1e6:.0f} MB into its log")
        if signal.SIGTERM in rung or os.getppid() != nursery:
            reason.say(WATCHER_ENDED)
        if told_at and (now > told_at + PATIENCE or KILL in rung):
            forced = True
            kernel.kill(child, signal.SIGKILL)
        elif reason.said() and not told_at:
            told_at = now
            kernel.kill(child, signal.SIGTERM)


def keep_shared(name: str, serve: Callable[[], int], temporary: str, nursery: int, memory: int = 0) -> int:
    """The keeper of a process that passes share: the browser, or one that makes several of them. It ends when that does; told to
    end, it tells it so. `memory`: as an order has it."""
    bell, me = Bell(), os.getpid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    kernel.name(f"keep {name}")
    kernel.adopt_orphans()
    child = os.fork()
    if not child:
        bell.take_down()
        become(lambda: _serve(name, serve, temporary, me, memory))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    kernel.die_with_parent(signal.SIGTERM, nursery)
    told_at = 0.0
    while True:
        rung, _ = bell.wait(_LOOK)
        while (one := reaped()) is not None:
            if one[0] == child:
                clear(frozenset())
                shutil.rmtree(temporary, ignore_errors=True)
                return 0
        now = time.monotonic()
        if KILL in rung or (told_at and now > told_at + PATIENCE):
            kernel.kill(child, signal.SIGKILL)
        elif (signal.SIGTERM in rung or os.getppid() != nursery) and not told_at:
            told_at = now
            kernel.kill(child, signal.SIGTERM)


def _serve(name: str, serve: Callable[[], int], temporary: str, keeper: int, memory: int) -> int:
    """The shared process itself."""
    os.setsid()
    kernel.die_with_parent(signal.SIGKILL, keeper)
    kernel.name(name)
    kernel.first_to_go()
    os.environ["TMPDIR"] = tempfile.tempdir = temporary
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _hold(memory)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    return serve()


def _hold(memory: int) -> None:
    """Holds this process to twice an order's memory: of what it asks for, used or not; it is to be stopped before it gets
    nothing."""
    if memory:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        with contextlib.suppress(ValueError, OSError):  # there is a lower one
            resource.setrlimit(resource.RLIMIT_DATA, (2 * memory, hard))


def _make(order: Order, reason: Reason, temporary: str, pipe: int, keeper: int, door: socket.socket | None) -> int:
    """The pass itself."""
    os.setsid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGCHLD, KILL))
    kernel.die_with_parent(signal.SIGKILL, keeper)
    kernel.name(f"pass {order.portal}")
    kernel.first_to_go()
    folder = Path(order.folder)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ["TMPDIR"] = tempfile.tempdir = temporary
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if door is not None:
        client.inherit(door)
    _hold(order.memory)
    try:
        return run(folder, lambda told: tell(pipe, told), reason.said)
    except RunFolderError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def reaped() -> tuple[int, int] | None:
    """A child that ended and its status, as subprocess has it; None if none did."""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, os.waitstatus_to_exitcode(status)) if pid else None


def clear(keep: frozenset[int]) -> None:
    """Kills all below this process but `keep` and what is below those, and waits for their ends."""
    me, until = os.getpid(), time.monotonic() + _CLEARING
    while time.monotonic() < until:
        tree = kernel.processes()
        orphans = [one.pid for one in tree.get(me, ()) if one.pid not in keep]
        if not orphans:
            return
        for orphan in orphans:
            for one in (orphan, *(below.pid for below in kernel.below(orphan, tree))):
                kernel.kill(one, signal.SIGKILL)
        for orphan in orphans:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(orphan, os.WNOHANG)
        time.sleep(0.01)
    sys.stderr.write(f"processes that cannot be killed: {orphans}\n")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
