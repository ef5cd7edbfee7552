"""Sends what is due, for as long as the service runs, or a crawl of several portals: a thread a channel, so that one
that stalls delays no other.

Each thread has a connection to the record of its own; which delivery is whose is settled by the record's leases. A
round that fails as a whole (a full disk, a locked record) is logged and tried again. Nothing is decided here: what is
due, held or given up is `monitor.outbox`.
"""

import importlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

from crawler.page.chinese import to_simplified
from monitor import outbox
from monitor.outbox import Delivered
from monitor.outbox_store import channels_due, next_due
from monitor.settings import Settings
from monitor.store import Store
from monitor.times import to_utc

log = logging.getLogger(__name__)

_LONGEST_WAIT = 20.0
"""Seconds between two looks at the outbox when nothing wakes it: what holds a delivery may have ended early."""
_SHORTEST_WAIT = 0.5
_AFTER_TROUBLE = 15.0
"""Seconds until a channel whose round failed as a whole is tried again."""


_OF_A_CHANGE = (
    "monitor.canonical", "monitor.changes", "monitor.diff_render", "monitor.findings.check", "monitor.figures.national",
    "monitor.figures.sources", "warcio.archiveiterator", "warcio.warcwriter",
)  # fmt: skip


def _warm() -> None:
    """Imports what the settling of a changed report takes, so that the first alert does not wait for it."""
    for name in _OF_A_CHANGE:
        importlib.import_module(name)
    to_simplified("資訊公開")  # reads its tables


class Sender:
    """Start it once; `wake` it when something was queued; `stop` it at the end."""

    def __init__(
        self, open_store: Callable[[], Store], settings: Callable[[], Settings], clock: Callable[[], str]
    ) -> None:
        self._open_store, self._settings, self._clock = open_store, settings, clock
        self._woken = threading.Event()
        self._stopping = False
        self._state = threading.Condition()
        self._busy: dict[str, threading.Thread] = {}
        self._not_before: dict[str, float] = {}
        self._asked = self._looked = 0
        """Tickets of those who wait for a look: how many were given, and up to which one it was had."""
        self._sent: Counter[str] = Counter()
        self._errors: dict[str, str] = {}
        self._loop = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        """Begins to send."""
        self._loop.start()
        threading.Thread(target=_warm, name="imports", daemon=True).start()

    def wake(self) -> None:
        """Something may be due."""
        self._woken.set()

    def stop(self, patience: float) -> None:
        """Begins no new message; waits at most `patience` seconds for those under way. One that is cut off by the end of
        the process is sent again by the next, marked as a possible repeat."""
        self._stopping = True
        self.wake()
        end = time.monotonic() + patience
        for thread in (self._loop, *list(self._busy.values())):
            if thread.ident is not None:
                thread.join(max(0.0, end - time.monotonic()))

    def counts(self) -> Counter[str]:
        """What was sent so far, for `flush`."""
        with self._state:
            return Counter(self._sent)

    def flush(self, patience: float, since: Counter[str]) -> Delivered:
        """Sends what is due now and waits for it, at most `patience` seconds, and not for what comes up meanwhile: in a season
        that is always something. What was sent since `counts` gave `since`, by whomever."""
        end = time.monotonic() + patience
        with self._state:
            self._not_before.clear()
            for _ in range(
                2
            ):  # a round that was under way already may have looked before it was asked; the next one has not
                self._asked += 1
                ticket = self._asked
                self.wake()
                self._state.wait_for(lambda ticket=ticket: self._looked >= ticket, end - time.monotonic())  # type: ignore[misc]
                rounds = {*self._busy.values()}
                self._state.wait_for(
                    lambda rounds=rounds: rounds.isdisjoint(self._busy.values()),  # type: ignore[misc]
                    end - time.monotonic(),
                )
        return self.since(since)

    def since(self, before: Counter[str]) -> Delivered:
        """What was sent since `counts` gave `before`."""
        with self._state:
            counts = self._sent - before
            errors = tuple(f"{name}: {error}" for name, error in self._errors.items())
        return Delivered(
            messages=counts["messages"],
            sent=counts["sent"],
            failed=counts["failed"],
            dead=counts["dead"],
            errors=errors if counts["failed"] or counts["dead"] else (),
        )

    def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()  # before the look: who wakes it during one gets another
            ticket = self._asked
            try:
                wait = self._look()
            except Exception:
                log.exception("the outbox could not be read; tried again in %g s", _AFTER_TROUBLE)
                wait = _AFTER_TROUBLE
            with self._state:
                self._looked = ticket
                self._state.notify_all()
            self._woken.wait(wait)

    def _look(self) -> float:
        """Starts a round for each channel that has something due and none under way. Seconds until the next look."""
        now = self._clock()
        with self._open_store() as store:
            due = channels_due(store, now)
            upcoming = next_due(store)
        present = time.monotonic()
        with self._state:
            for name in due:
                if name not in self._busy and self._not_before.get(name, 0.0) <= present and not self._stopping:
                    thread = threading.Thread(target=self._round, args=(name,), name=f"channel {name}", daemon=True)
                    self._busy[name] = thread
                    thread.start()
        if upcoming is None:
            return _LONGEST_WAIT
        return min(max((to_utc(upcoming) - to_utc(now)).total_seconds(), _SHORTEST_WAIT), _LONGEST_WAIT)

    def _round(self, name: str) -> None:
        done = Delivered()
        try:
            with self._open_store() as store:
                done = outbox.deliver(
                    store,
                    self._settings(),
                    self._clock(),
                    self._clock,
                    channels={name},
                    go_on=lambda: not self._stopping,
                )
        except Exception:
            log.exception("channel %s: nothing could be sent; tried again in %g s", name, _AFTER_TROUBLE)
            self._not_before[name] = time.monotonic() + _AFTER_TROUBLE
        with self._state:
            self._sent.update(messages=done.messages, sent=done.sent, failed=done.failed, dead=done.dead)
            if done.errors:
                self._errors[name] = done.errors[-1].removeprefix(f"{name}: ")
            elif done.sent:
                self._errors.pop(name, None)
            del self._busy[name]
            self._state.notify_all()
        if done.dead or done.sent:
            self.wake()  # what others are to hear of it; what a rate had put off
