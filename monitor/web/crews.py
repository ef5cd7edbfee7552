"""Workers and queues as the pages know them: asked in a thread of its own, kept for some seconds, never waited for by a page for
longer than a glance takes.

In: the settings' addresses, portal files, the record. Out: what was known last, when that was, and why nothing newer is. Where this
machine makes all passes itself there is nothing to ask, and no library of workers is imported.
"""

import asyncio
import logging
import threading
from collections.abc import Mapping
from time import monotonic
from weakref import WeakKeyDictionary

import msgspec

from monitor.web.site import Site
from monitor.workers.roster import Crew, Crews
from monitor.workers.wire import WorkerSeen

log = logging.getLogger(__name__)

FRESH, STALE = 5.0, 60.0
"""Seconds for which an answer is good, and for which it is shown while another is asked for."""
GLANCE = 0.5
"""Seconds that a page waits at most."""


class Known(msgspec.Struct, frozen=True):
    """What is known of workers."""

    crews: Crews
    """As of when the register answered last; if it never did, with no workers."""
    queues: Mapping[str, str] = {}
    """Of enabled portals, by name."""
    trouble: str = ""
    """Why the register does not answer now; empty: it does."""
    answered: bool = True
    """The register has answered once."""

    def reading(self, portal: str) -> "Reading | None":
        """Who reads a portal. None: nobody should, or nothing is known."""
        queue = self.queues.get(portal)
        if queue is None or not self.answered:
            return None
        return Reading(queue, self.crews.queue(queue) or Crew(queue), self.crews.reader(portal))


class Reading(msgspec.Struct, frozen=True):
    """Who reads a portal."""

    queue: str
    crew: Crew
    worker: WorkerSeen | None
    """That reads it now."""

    @property
    def nobody(self) -> bool:
        """No worker takes passes from its queue."""
        return not self.crew.workers and self.worker is None


class _Roll:
    """What one server's pages know."""

    def __init__(self, site: Site) -> None:
        from monitor.workers.outside import PortalQueues

        self._home, self._service = site.home, site.settings.service
        self._queues = PortalQueues(site.home)
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None
        self.known: Known | None = None
        self.since = float("-inf")
        """When there was an answer, good or bad."""

    def ask(self, now: str) -> threading.Thread:
        """Asks, unless somebody does already; the thread that does."""
        with self._lock:
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._ask, args=(now,), name="workers", daemon=True)
                self._asking.start()
            return self._asking

    def _ask(self, now: str) -> None:
        from monitor.workers.outside import look

        before = self.known
        try:
            queues = self._queues.read()
            found = look(self._home, self._service, now, queues, before.crews if before else None)
        except Exception as error:  # a page is no worse for it than without workers
            log.warning("workers cannot be asked for: %s: %s", type(error).__name__, error)
            found, queues = Crews(now, register=type(error).__name__), {}
        if not found.register:
            self.known = Known(found, queues)
        elif before is not None and before.answered:
            self.known = msgspec.structs.replace(before, trouble=found.register)
        else:
            self.known = Known(found, queues, found.register, answered=False)
        self.since = monotonic()


_rolls: "WeakKeyDictionary[Site, _Roll]" = WeakKeyDictionary()


async def known(site: Site) -> Known | None:
    """What is known of workers now. None: there are none, as this machine makes all passes itself, or nobody knows yet."""
    if site.settings.service.engine == "local":
        return None
    roll = _rolls.get(site)
    if roll is None:
        roll = _rolls.setdefault(site, _Roll(site))
    age = monotonic() - roll.since
    if age >= FRESH:
        asking = roll.ask(site.now)
        if age >= STALE:
            await asyncio.to_thread(asking.join, GLANCE)
    return roll.known
