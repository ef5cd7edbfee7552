"""The nursery's side: the fleet's one browser, below a keeper of its own.

    nursery ── keeper ── the browser's process ── driver ── Chromium

It starts when a pass knocks and none runs. The keeper inherits whatever it leaves behind and kills it; it tells it to end
when the nursery dies, and dies with it. A process that says nothing for a minute, or takes far more memory than it may, is
killed; the next knock starts another.
"""

import contextlib
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable

from crawler import kernel
from crawler.rendered.engine import Bounds

_SILENCE = 60.0
_HELD = 30.0
"""Seconds for which no browser is started after three in a row that did not live long."""
_SHORT = 10.0
_BEYOND = 2.0
"""The multiple of its memory beyond which nobody waits for it to see to that itself."""


Fork = Callable[[Callable[[], int], Callable[[], None], str], int]
"""Forks a keeper for what the first one does, once the second was done in each fork; both use the folder for their temporary
files. The keeper's process. Raises OSError."""


class Pool:
    """The browser of one nursery. Whoever has it waits for its `keeper` and tells `reaped`."""

    def __init__(self, temporary: str) -> None:
        """`temporary`: how its temporary folders' names begin."""
        self._prefix = temporary
        self.keeper = 0
        """The process to wait for; 0: none."""
        self._bounds = Bounds()
        self._control: socket.socket | None = None
        self._folder = ""
        self._started = self._heard = 0.0
        self._short = 0
        self._ending = False
        self.starts = 0

    def fileno(self) -> int | None:
        """What to listen on while it runs."""
        return self._control.fileno() if self._control is not None else None

    def open(self, door: socket.socket, bounds: Bounds, fork: Fork) -> None:
        """Answers a knock: a connection, or why there is none."""
        try:
            mine, theirs = socket.socketpair()
            with mine, theirs:
                self._give(theirs, bounds, fork)
                socket.send_fds(door, [b"!"], [mine.fileno()])
        except OSError as error:
            with contextlib.suppress(OSError):
                door.send(str(error).encode()[:400])

    def _give(self, connection: socket.socket, bounds: Bounds, fork: Fork) -> None:
        if self._ending:
            raise OSError("the fleet ends")
        if self._control is not None:
            with contextlib.suppress(OSError):  # it ended, and has not been waited for yet
                socket.send_fds(self._control, [b"+"], [connection.fileno()])
                return
            self._let_go()
        if self.keeper:
            raise OSError("the browser is being cleared away")
        if self._short >= 3 and time.monotonic() < self._started + _HELD:
            raise OSError("the browser does not stay alive on this machine")
        self._start(bounds, fork)
        assert self._control is not None
        socket.send_fds(self._control, [b"+"], [connection.fileno()])

    def _start(self, bounds: Bounds, fork: Fork) -> None:
        self._bounds = bounds
        self._folder = tempfile.mkdtemp(prefix=self._prefix)
        mine, theirs = socket.socketpair()
        with theirs:
            try:
                self.keeper = fork(lambda: _serve(theirs, bounds), mine.close, self._folder)
            except OSError:
                mine.close()
                shutil.rmtree(self._folder, ignore_errors=True)
                raise
        mine.setblocking(False)
        self._control = mine
        self._started = self._heard = time.monotonic()
        self.starts += 1

    def listen(self) -> None:
        """Hears that it is well."""
        if self._control is not None:
            try:
                if self._control.recv(4096):
                    self._heard = time.monotonic()
                    return
            except BlockingIOError:
                return
            except OSError:
                pass
            self._let_go()

    def watch(self, tree: dict[int, list[kernel.Process]], kill: signal.Signals) -> None:
        """Kills what is silent or beyond its memory."""
        if not self.keeper:
            return
        used = sum(one.resident for one in kernel.below(self.keeper, tree))
        if used > _BEYOND * self._bounds.memory:
            used = sum(kernel.proportional(one.pid) or one.resident for one in kernel.below(self.keeper, tree))
        if used > _BEYOND * self._bounds.memory or time.monotonic() > self._heard + _SILENCE:
            kernel.kill(self.keeper, kill)

    def reaped(self, pid: int) -> bool:
        """Whether that was its keeper."""
        if not self.keeper or pid != self.keeper:
            return False
        self.keeper = 0
        self._let_go()
        self._short = self._short + 1 if time.monotonic() < self._started + _SHORT else 0
        shutil.rmtree(self._folder, ignore_errors=True)
        return True

    def end(self) -> None:
        """No more passes: it is to end."""
        self._ending = True
        self._let_go()

    def _let_go(self) -> None:
        """Its socket ends, and that ends it."""
        if self._control is not None:
            self._control.close()
            self._control = None

    def forget(self) -> None:
        """In a fork: its socket is the nursery's."""
        self._let_go()


def _serve(control: socket.socket, bounds: Bounds) -> int:
    """In the browser's process."""
    from crawler.rendered.host import run

    return run(control, bounds)
