"""The passes of one worker: claimed, made, handed back. No Celery: what brings assignments may be anything.

In: assignments, each in a thread of its own. Out: what became of them, in the register. One more thread renews the claims, another
minds them: a pass whose claim is lost is ended; a worker that cannot renew any (a partition, a broker that is gone) ends all its
passes before their claims run out, for nobody knows who has their hosts then.
"""

import contextlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import msgspec

from crawler.kernel import below, processes
from crawler.observation import (
    CAPTURE,
    CUT_OFF,
    JOB,
    KNOWN,
    LOG,
    OBSERVATIONS,
    RUN,
    SECTIONS,
    WATCHER_ENDED,
    RunSummary,
)
from crawler.robots import LONGEST_DELAY
from monitor.intake import RunError, job_of
from monitor.markup import printable
from monitor.processes import Process, Processes
from monitor.redact import redact
from monitor.workers.depot import Depot, DepotError
from monitor.workers.parcel import ParcelError, receive, send
from monitor.workers.register import Hold, HostBusy, Register, RegisterError, Taken
from monitor.workers.wire import Assignment, Beat, Handed, Parcel, WorkerSeen

BRIEFING = (JOB, KNOWN)
"""What a pass is told."""
SEEN = (OBSERVATIONS, CAPTURE, SECTIONS, LOG, RUN)
"""What a pass leaves, its run.json last."""
_EVERY, _SHARE = 5.0, 10
"""Seconds between two signs of life, or that share of what counts as lost, if that is less."""
_SOFT, _HARD = 0.4, 0.7
"""Shares of what counts as lost, without a renewal: passes are told to end; and killed."""
_BUSY = 120.0
"""Seconds that a pass waits for its hosts, beyond what is left of a lost worker's claim."""
_LONGEST_PAUSE = 900.0
_LAST_WORDS = 30.0
"""Seconds for which a worker that ends tries to hand over."""
_DEPOT = 3600.0
"""Seconds for which what was seen waits for a depot that does not answer."""
_AGAIN = 2.0

log = logging.getLogger(__name__)


class Unwanted(Exception):
    """The pass is not to be made by this worker: another has it, or it was withdrawn."""


class Ending(Exception):
    """The worker ends, and has not begun the pass: another one may."""


class _Pass:
    """One under way."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.hold = Hold(assignment.task, assignment.hosts, assignment.lost)
        self.over = threading.Event()
        self.process: Process | None = None
        self.nursery: Processes | None = None
        self.number = 0
        self.renewed = time.monotonic()
        self.stopped = ""
        self.mine = True
        """The claim is this worker's, as far as it knows."""

    def beat(self, worker: str) -> Beat:
        self.number += 1
        process = self.process
        if process is None:
            return Beat(worker, self.number)
        return Beat(worker, self.number, process.pid, process.done, process.total, process.waits)


class Crew:
    """Makes passes, and keeps their claims. Use `make` from any thread; `stop`, then `close` it."""

    def __init__(
        self,
        seen: WorkerSeen,
        register: Register,
        depot: Depot | None,
        scratch: Path,
        clock: Callable[[], str],
    ) -> None:
        """`seen` is how it announces itself, `scratch` a folder that is this worker's alone, `clock` the present (UTC)."""
        self._seen, self._register, self._depot, self._scratch, self._clock = seen, register, depot, scratch, clock
        self._nurseries = [Processes(scratch)]
        self._rendered = threading.BoundedSemaphore(max(1, seen.rendered_slots))
        self._lock = threading.Lock()
        self._passes: dict[str, _Pass] = {}
        self._taken = self._left = self._made = 0
        self._ending = ""
        self._ended_at = 0.0
        self._done = threading.Event()
        shutil.rmtree(scratch, ignore_errors=True)  # of a worker of that name that was killed
        scratch.mkdir(parents=True)
        self._keeper = threading.Thread(target=self._keep, name="claims", daemon=True)
        self._keeper.start()
        self._minder = threading.Thread(target=self._watch, name="minder", daemon=True)
        self._minder.start()

    @property
    def room(self) -> bool:
        """It could make one more pass."""
        with self._lock:
            return self._taken - self._left < self._seen.slots and not self._ending

    @property
    def taken(self) -> int:
        """Assignments that it was ever given."""
        with self._lock:
            return self._taken

    def make(self, assignment: Assignment) -> Handed:
        """Makes a pass and hands it over. Raises Unwanted and Ending; whatever else goes wrong is handed over as its reason."""
        with self._lock:
            self._taken += 1
        try:
            return self._make(_Pass(assignment))
        finally:
            with self._lock:
                self._left += 1

    def _make(self, one: _Pass) -> Handed:
        assignment = one.assignment
        name = assignment.order.portal
        with self._rendered if assignment.order.browser else contextlib.nullcontext():
            self._claim(one)
            handed = Handed(assignment.task, assignment.order.crawl, self._seen.name)
            pause = assignment.pause
            folder = self._scratch / assignment.task
            try:
                handed, pause = self._made_in(folder, one)
            except (ParcelError, RunError, OSError) as error:
                log.error("%s: pass %d could not be made here: %s", name, assignment.order.crawl, error)
                handed = msgspec.structs.replace(handed, never=_line(f"{self._seen.name}: {error}"))
            finally:
                self._hand(one, handed, pause)
                shutil.rmtree(folder, ignore_errors=True)
            log.info("%s: pass %d handed over", name, assignment.order.crawl)
            return handed

    def stop(self, why: str = WATCHER_ENDED) -> None:
        """Passes under way end early, and are handed over; none begins."""
        with self._lock:
            self._ending = self._ending or why
            self._ended_at = self._ended_at or time.monotonic()
            passes = [*self._passes.values()]
        for one in passes:
            self._tell_to_end(one, why)

    def close(self) -> None:
        """Ends what is left."""
        self.stop()
        for nursery in self._nurseries:
            nursery.close()
        until = time.monotonic() + 2 * _LAST_WORDS
        while time.monotonic() < until:  # what they saw is being handed over
            with self._lock:
                if self._taken == self._left:
                    break
            time.sleep(0.05)
        self._done.set()
        self._keeper.join()
        self._minder.join()
        with contextlib.suppress(RegisterError):
            self._register.leave(self._seen.name)
        shutil.rmtree(self._scratch, ignore_errors=True)

    # A pass -------------------------------------------------------------------------------------------------------

    def _claim(self, one: _Pass) -> None:
        """Raises Unwanted, Ending."""
        until = time.monotonic() + one.assignment.lost + _BUSY
        while True:
            if self._ending:
                raise Ending
            wait = _AGAIN
            try:
                one.renewed = time.monotonic()
                self._register.claim(one.hold, self._seen.name, one.beat(self._seen.name))
            except Taken as error:
                raise Unwanted(f"it is {error} already") from None
            except HostBusy as error:
                if time.monotonic() > until:
                    raise Unwanted(f"{error}, all the time") from None
                wait = min(max(error.seconds, 0.05), _AGAIN)
            except RegisterError as error:
                log.warning("the register cannot be reached: %s", redact(str(error)))
                if time.monotonic() > until:
                    raise Unwanted("the register cannot be reached") from None
            else:
                break
            time.sleep(wait)
        with self._lock:
            self._passes[one.assignment.task] = one

    def _made_in(self, folder: Path, one: _Pass) -> tuple[Handed, float]:
        """Makes the pass; what became of it, and for how long its hosts are to be left alone. Raises ParcelError, OSError."""
        assignment = one.assignment
        folder.mkdir()
        receive(assignment.parcel, BRIEFING, folder, self._depot, durable=False)
        order = msgspec.structs.replace(assignment.order, folder=str(folder.absolute()))
        log.info("%s: pass %d begins", order.portal, order.crawl)
        process = Process(order, job_of(folder).portal, lambda _: None, lambda _: one.over.set())
        with self._lock:
            one.nursery = self._free_for(order.crawl)
            one.process = process
        one.nursery.start(process)
        if why := self._ending or one.stopped:
            self._tell_to_end(one, why)
        one.over.wait()
        handed = Handed(
            assignment.task,
            assignment.order.crawl,
            self._seen.name,
            ended=process.end,
            never=_line(process.fault),
            memory=process.memory,
        )
        pause = max(assignment.pause, _pause_after(folder))
        if one.mine and not handed.never:
            try:
                handed = msgspec.structs.replace(handed, parcel=self._packed(folder, one))
            except (ParcelError, OSError) as error:
                log.error("%s: what pass %d saw cannot be handed over: %s", order.portal, assignment.order.crawl, error)
                handed = msgspec.structs.replace(handed, lost=_line(f"{self._seen.name}: {error}"))
        return handed, pause

    def _packed(self, folder: Path, one: _Pass) -> Parcel:
        """What the pass saw, on its way; a depot that does not answer is waited for. Raises ParcelError, OSError."""
        until = time.monotonic() + _DEPOT
        while True:
            try:
                return send(folder, SEEN, self._depot, f"{one.assignment.task}/seen")
            except DepotError as error:
                left = min(until, self._ended_at + _LAST_WORDS if self._ending else until) - time.monotonic()
                if left < 0 or not one.mine:
                    raise
                log.warning("%s: waits for the depot: %s", one.assignment.order.portal, error)
                time.sleep(_AGAIN)

    def _free_for(self, crawl: int) -> Processes:
        """A nursery without a pass of that number: several homes may share a worker, and each counts for itself."""
        taken = {
            id(one.nursery) for one in self._passes.values() if one.nursery and one.assignment.order.crawl == crawl
        }
        for nursery in self._nurseries:
            if id(nursery) not in taken:
                return nursery
        self._nurseries.append(Processes(self._scratch))
        return self._nurseries[-1]

    def _tell_to_end(self, one: _Pass, why: str) -> None:
        if one.nursery is not None:
            one.nursery.stop(one.assignment.order.crawl, why)

    def _hand(self, one: _Pass, handed: Handed, pause: float) -> None:
        """Until the register has it, or it is nobody's any more."""
        name = one.assignment.order.portal
        while one.mine:
            try:
                if not self._register.hand(one.hold, self._seen.name, handed, pause):
                    one.mine = False
                break
            except RegisterError as error:
                log.warning("%s: cannot be handed over yet: %s", name, redact(str(error)))
                if self._ending and time.monotonic() > self._ended_at + _LAST_WORDS:
                    log.error("%s: pass %d is lost: the register cannot be reached", name, handed.crawl)
                    break
                time.sleep(_AGAIN)
        if not one.mine:
            log.warning("%s: pass %d was given up meanwhile: what it saw is not handed over", name, handed.crawl)
            if handed.parcel and self._depot:
                self._depot.discard(handed.parcel)
        with self._lock:
            self._passes.pop(one.assignment.task, None)
            self._made += 1

    # Claims -------------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        announced = float("-inf")
        while True:
            with self._lock:
                passes = [one for one in self._passes.values() if one.mine]
            try:
                if passes:
                    self._renew(passes)
                if time.monotonic() - announced > _EVERY:
                    self._register.announce(self._as_seen())
                    announced = time.monotonic()
            except RegisterError as error:
                log.warning("claims cannot be renewed: %s", redact(str(error)))
            except Exception:
                log.exception("claims could not be renewed")
            if self._done.wait(self._interval()):
                return

    def _watch(self) -> None:
        """Beside whoever renews, who may wait long for an answer."""
        while not self._done.wait(self._interval() / 2):
            with self._lock:
                passes = [*self._passes.values()]
            self._mind(passes)

    def _interval(self) -> float:
        with self._lock:
            shortest = min((one.assignment.lost for one in self._passes.values()), default=_EVERY * _SHARE)
        return min(_EVERY, shortest / _SHARE) if shortest else _EVERY

    def _renew(self, passes: list[_Pass]) -> None:
        begun = time.monotonic()  # the claim lasts from when it was asked for, not from when the answer came
        said = self._register.renew([(one.hold, one.beat(self._seen.name)) for one in passes], self._seen.name)
        for one in passes:
            word = said[one.assignment.task]
            if word is None:
                one.mine = False
                self._end(one, CUT_OFF)
            else:
                one.renewed = begun
                if word:
                    self._end(one, word)

    def _mind(self, passes: list[_Pass]) -> None:
        """Passes end before their claims do."""
        now = time.monotonic()
        for one in passes:
            silent = now - one.renewed
            if silent > one.assignment.lost * _SOFT:
                self._end(one, CUT_OFF)
            if silent > one.assignment.lost * _HARD and not one.over.is_set():
                name = one.assignment.order.portal
                log.error("%s: no claim for %.0f s, and the pass has not ended: all passes are killed", name, silent)
                if one.nursery is not None:
                    one.nursery.kill()
            if silent > one.assignment.lost:
                one.mine = False

    def _end(self, one: _Pass, why: str) -> None:
        if not one.stopped:
            one.stopped = why
            log.warning("%s: pass %d is ended: %s", one.assignment.order.portal, one.assignment.order.crawl, why)
            self._tell_to_end(one, why)

    def _as_seen(self) -> WorkerSeen:
        with self._lock:
            running = tuple(sorted(one.assignment.order.portal for one in self._passes.values()))
            made = self._made
        return msgspec.structs.replace(self._seen, seen=self._clock(), running=running, made=made, memory=_memory())


def _pause_after(folder: Path) -> float:
    """Seconds for which the hosts of a pass want to be left alone after it."""
    try:
        summary = msgspec.json.decode((folder / RUN).read_bytes(), type=RunSummary)
    except (OSError, msgspec.MsgspecError):
        return LONGEST_DELAY  # nobody knows what robots.txt asked for
    return min(max(summary.pause, summary.retry_after), _LONGEST_PAUSE)


def _line(text: str) -> str:
    return redact(printable(" ".join(text.split())))[:1000]


def _memory() -> int:
    """Bytes that this process and all below it take."""
    me = os.getpid()
    tree = processes()
    own = next((one.resident for ones in tree.values() for one in ones if one.pid == me), 0)
    return own + sum(one.resident for one in below(me, tree))


def this_version() -> str:
    """Of nianbao."""
    return version("nianbao")
