"""What workers handed over, on its way into run folders; and what is cleared away afterwards.

In: passes that were handed over. Out: their run folders, complete and synced, or why they are not. In threads of its own: an object
store may take seconds.
"""

import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from monitor.markup import clean
from monitor.processes import Process
from monitor.redact import redact
from monitor.times import format_utc
from monitor.workers.crew import SEEN
from monitor.workers.depot import Depot, DepotError
from monitor.workers.parcel import ParcelError, receive
from monitor.workers.patience import Watched
from monitor.workers.register import Register, RegisterError
from monitor.workers.wire import Assignment, Handed, Parcel

_THREADS = 4
_WORDS = 1000
"""Characters that a worker may say of a pass."""
_RETRY, _TRIES = 15.0, 240
"""Seconds between two tries to fetch what was handed over, and how many there are."""

log = logging.getLogger(__name__)


class Away:
    """A pass that was given out, or is to be."""

    def __init__(self, process: Process, queue: str, task: str) -> None:
        self.process, self.queue, self.task = process, queue, task
        self.assignment: Assignment | None = None
        """None: an earlier process of this home sent it."""
        self.parcel: Parcel | None = None
        self.since = format_utc(datetime.now(UTC))
        self.watched = Watched()
        self.fetching = False
        """What it saw is on its way here."""
        self.not_before = 0.0
        """By the monotonic clock: when that is tried again."""
        self.tries = 0


class Arrivals:
    """Fetches and clears away. Any thread may use it; `close` it."""

    def __init__(self, register: Register, depot: Depot | None, over: Callable[[Away], None]) -> None:
        """`over` hears of each pass whose folder is as complete as it will ever be."""
        self._register, self._depot, self._over = register, depot, over
        self._pool = ThreadPoolExecutor(_THREADS, "fetch")
        self._closing = False

    def close(self) -> None:
        """What is on its way arrives; what waits to be fetched is left where it is."""
        self._closing = True
        self._pool.shutdown()

    def take(self, one: Away, handed: Handed) -> None:
        """Fetches what was handed over of a pass."""
        one.fetching = True
        try:
            self._pool.submit(self._fetch, one, handed)
        except RuntimeError:
            one.fetching = False  # closed

    def clear(self, one: Away) -> None:
        """What travelled of a pass is nowhere any more."""
        with contextlib.suppress(RuntimeError):  # closed: it has an end of life
            self._pool.submit(self._discard, one)

    def _fetch(self, one: Away, handed: Handed) -> None:
        if self._closing:
            return
        process = one.process
        process.worker, process.memory = handed.worker, handed.memory
        process.end, process.never, process.lost = handed.ended, clean(handed.never, _WORDS), clean(handed.lost, _WORDS)
        try:
            if handed.crawl != process.order.crawl:
                raise ParcelError(f"it is of pass {handed.crawl}")
            if handed.parcel is not None:
                receive(handed.parcel, SEEN, Path(process.order.folder), self._depot)
            elif not (handed.never or handed.lost):
                raise ParcelError("there is none")
        except (DepotError, OSError) as error:  # the depot, or this disk: what was handed over waits there
            one.tries += 1
            if one.tries < _TRIES:
                name = process.order.portal
                log.error("%s: what pass %d saw cannot be fetched: %s; tried again", name, handed.crawl, error)
                one.not_before, one.fetching = time.monotonic() + _RETRY, False
                return
            process.lost = f"its run folder could not be fetched: {error}"
        except ParcelError as error:
            process.lost = f"its run folder never arrived whole: {error}"
        except Exception as error:
            log.exception("%s: what pass %d saw cannot be taken over", process.order.portal, handed.crawl)
            process.lost = f"its run folder could not be taken over: {type(error).__name__}: {error}"
        if process.lost:
            process.end = None
        self._over(one)

    def _discard(self, one: Away) -> None:
        try:
            handed = self._register.handed(one.task)
            for parcel in (one.parcel, handed.parcel if handed else None):
                if parcel is not None and parcel.place and self._depot is not None:
                    self._depot.discard(parcel)
            self._register.forget(one.task)
        except (RegisterError, OSError, ParcelError, ValueError) as error:  # they have an end of life
            log.info("%s: what travelled of a pass is not removed: %s", one.process.order.portal, redact(str(error)))
