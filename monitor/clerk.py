"""The one thread that does all that touches the record: one errand at a time, in the order of who waits most.

First what has ended, for people wait for what it saw; then what may begin; then whatever else was asked for.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")
Errand = Callable[[], None]

_LOOK = 60.0

log = logging.getLogger(__name__)


class FleetStopped(RuntimeError):
    """There is nobody left who could do it."""


class Clerk:
    """Does errands until there are none and `over` says so. `start` it once."""

    def __init__(
        self,
        state: threading.Condition,
        begins: Callable[[], Errand | None],
        over: Callable[[], bool],
        look: Callable[[], None],
    ) -> None:
        """`state` is held when `begins` (what may begin now, if anything), `over` (nothing will ever come again) and `look` (once
        a minute, and with each notice) are called; whoever changes what they go by notifies it."""
        self._state, self._begins, self._over, self._look = state, begins, over, look
        self._ends: deque[Errand] = deque()
        self._errands: deque[Errand] = deque()
        self._done = False
        self._thread = threading.Thread(target=self._work, name="clerk", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def join(self, seconds: float | None = None) -> bool:
        """Waits for its end; whether it has come."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def conclude(self, errand: Errand) -> None:
        """Something has ended."""
        with self._state:
            self._ends.append(errand)
            self._state.notify_all()

    def do(self, errand: Errand) -> None:
        """Something else is to be done."""
        with self._state:
            self._errands.append(errand)
            self._state.notify_all()

    def record(self, work: Callable[[], T]) -> T:
        """Has something done, and waits for it. Raises what it raises, and FleetStopped."""
        if threading.current_thread() is self._thread:
            return work()
        done: Future[T] = Future()

        def errand() -> None:
            if done.set_running_or_notify_cancel():
                try:
                    done.set_result(work())
                except BaseException as error:
                    done.set_exception(error)

        with self._state:
            if self._done:
                raise FleetStopped("the fleet has stopped")
            self._errands.append(errand)
            self._state.notify_all()
        return done.result()

    def _work(self) -> None:
        while True:
            with self._state:
                while (errand := self._next()) is None:
                    if self._over():
                        self._done = True
                        return
                    self._state.wait(_LOOK)
                    self._look()
            try:
                errand()
            except Exception:  # it has told whoever waits for it; the clerk goes on
                log.exception("an errand failed")

    def _next(self) -> Errand | None:
        if self._ends:
            return self._ends.popleft()
        return self._begins() or (self._errands.popleft() if self._errands else None)
