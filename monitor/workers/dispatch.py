"""The engine whose passes are made by workers. See monitor.engine.Engine.

In: passes, from the fleet's clerk. Out: their run folders, as workers handed them over, and what became of them. One thread, the
dispatcher, talks to broker and register: it sends what is to be made, looks at signs of life, takes what was handed over, and
gives up what nobody has heard of for too long. Nothing fails because broker or register are gone: it waits.

`sent.json` in the run folder says under which task a pass was sent, for the next process of this home.
"""

import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from crawler.portal import Portal
from monitor.bookkeeping import SENT
from monitor.engine import Full
from monitor.home import Home
from monitor.intake import job_of
from monitor.processes import Process
from monitor.redact import redact
from monitor.settings import Service
from monitor.turns import Turn, hosts_of
from monitor.workers.app import BrokerError, make_app, send
from monitor.workers.arrivals import Arrivals, Away
from monitor.workers.crew import BRIEFING
from monitor.workers.depot import Depot
from monitor.workers.parcel import ParcelError
from monitor.workers.parcel import send as pack
from monitor.workers.patience import AGAIN, Watched
from monitor.workers.register import TOMBSTONE, Held, Register, RegisterError
from monitor.workers.roster import Crews, Given, of_service, queue_of, queues_of
from monitor.workers.wire import Assignment, Parcel, WorkerSeen, kind_of

_TICK = 0.25
"""Seconds between two looks at the register, at least."""
_ROSTER = 5.0
_GAP = 10.0
"""Seconds of silence of the register that count as its own, not as the workers'."""
_AHEAD = 4
"""A queue holds one pass more for so many slots that take from it: who has made one finds the next."""

log = logging.getLogger(__name__)


class _Sent(msgspec.Struct, frozen=True):
    """sent.json."""

    task: str
    queue: str
    parcel: Parcel


class Workers:
    """Makes passes on workers. See monitor.engine.Engine."""

    lasting = True

    def __init__(self, home: Home, service: Service) -> None:
        """Raises ParcelError and ValueError for addresses that cannot be used; nothing is connected yet."""
        self._home, self._service = home, service
        self.register = Register(service.register_address)
        self._depot = Depot(service.parcels) if service.parcels else None
        self._app = make_app(service.broker)
        self._lock = threading.Lock()
        self._passes: dict[int, Away] = {}
        self._ended: dict[int, Away] = {}
        """Those that the fleet has not settled yet."""
        self._workers: tuple[WorkerSeen, ...] = ()
        self._alone: set[str] = set()
        """Queues in which passes wait and from which nobody takes."""
        self._crews: Crews | None = None
        self._trouble = {"broker": "", "register": ""}
        self._now = 0.0
        """Seconds for which the register has answered: nobody is blamed for the others."""
        self._room: Callable[[], None] = lambda: None
        self._wake, self._done = threading.Event(), threading.Event()
        self._arrivals = Arrivals(self.register, self._depot, self._over)
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)
        self._thread.start()

    # What the fleet asks ------------------------------------------------------------------------------------------

    def listen(self, room: Callable[[], None]) -> None:
        """See Engine."""
        self._room = room

    def full(self, under_way: Sequence[Turn]) -> Full | None:
        """See Engine. A queue from which no worker takes holds one pass, for the first that comes."""
        workers = self.workers()
        there = Counter(queue_of(turn.portal) for turn in under_way)
        most = {
            queue: _most(queue, workers)
            for queue in {queue for worker in workers for queue in worker.queues} | {*there}
        }
        if there and all(there[queue] >= number for queue, number in most.items()):
            return None

        def full(turn: Turn) -> bool:
            queue = queue_of(turn.portal)
            return there[queue] >= most.get(queue, 1)

        return full

    def start(self, process: Process) -> None:
        """Sends a pass as soon as the broker takes it. Raises OSError and RunError: its briefing cannot be sent."""
        folder, task = Path(process.order.folder), uuid.uuid4().hex
        one = Away(process, queue_of(process.portal), task)
        try:
            one.parcel = pack(folder, BRIEFING, self._depot, f"{task}/told")
        except ParcelError as error:
            raise OSError(str(error)) from None
        one.assignment = Assignment(
            task=task,
            order=msgspec.structs.replace(process.order, folder=""),
            hosts=tuple(sorted(hosts_of(process.portal))),
            parcel=one.parcel,
            lost=self._service.worker_lost_seconds,
            pause=job_of(folder).policy.delay,
        )
        sent = _Sent(task, one.queue, msgspec.structs.replace(one.parcel, inline=""))
        (folder / SENT).write_bytes(msgspec.json.encode(sent))
        with self._lock:
            self._passes[process.order.crawl] = one
        self._wake.set()

    def adopt(self, process: Process) -> bool:
        """See Engine: by its sent.json."""
        folder = Path(process.order.folder)
        try:
            sent = msgspec.json.decode((folder / SENT).read_bytes(), type=_Sent)
        except (OSError, msgspec.MsgspecError):
            return False
        one = Away(process, sent.queue, sent.task)
        one.parcel = sent.parcel
        one.watched = Watched(sent=self._now, inherited=True)
        with self._lock:
            self._passes[process.order.crawl] = one
        self._wake.set()
        return True

    def stop(self, crawl: int, why: str) -> None:
        """See Engine."""
        with self._lock:
            one = self._passes.get(crawl)
            if one is not None:
                one.watched.stop = one.watched.stop or why
        self._wake.set()

    def withdraw(self, crawls: Collection[int]) -> frozenset[int]:
        """See Engine. If the register does not answer, one of them may be made all the same: as nobody's."""
        with self._lock:
            meant = {crawl: one for crawl, one in self._passes.items() if crawl in crawls and not one.watched.claimed}
            taken = {crawl for crawl, one in meant.items() if one.watched.sent is None}
            gone = [self._passes.pop(crawl) for crawl in taken]
        for crawl in meant.keys() - taken:
            if self._withdrawn(meant[crawl]):
                taken.add(crawl)
                with self._lock:
                    gone += [one for one in [self._passes.pop(crawl, None)] if one is not None]
        for one in gone:
            self._arrivals.clear(one)
        return frozenset(taken)

    def _withdrawn(self, one: Away) -> bool:
        """Nobody hands anything over of it that counts."""
        try:
            return self.register.withdraw(one.task)
        except RegisterError as error:
            log.warning(
                "%s: whether its pass has begun cannot be asked: %s", one.process.order.portal, redact(str(error))
            )
            return True

    def forget(self, crawl: int) -> None:
        """See Engine: parcels and register hold nothing of it any longer."""
        with self._lock:
            one = self._ended.pop(crawl, None)
        if one is not None:
            self._arrivals.clear(one)

    def kill(self) -> None:
        """Workers watch over their passes themselves."""

    def close(self) -> None:
        """See Engine: what was given out stays so."""
        self._done.set()
        self._wake.set()
        self._thread.join()
        self._arrivals.close()
        self.register.close()
        if self._depot is not None:
            self._depot.close()

    def workers(self) -> tuple[WorkerSeen, ...]:
        """Those that are there, as of some seconds ago."""
        with self._lock:
            return self._workers

    # What others see ----------------------------------------------------------------------------------------------

    def crews(self, portals: Mapping[str, Portal], now: str) -> Crews:
        """See Engine."""
        with self._lock:
            given = [
                Given(one.queue, one.process.order.portal, one.watched.claimed, one.since)
                for one in self._passes.values()
            ]
            workers, trouble, before = self._workers, dict(self._trouble), self._crews
        found = of_service(workers, trouble, queues_of(portals), given, now, before)
        with self._lock:
            self._crews = found
        return found

    def tend(self) -> None:
        """See Engine: parcels of passes that nobody fetched, longer than anything is waited for."""
        if self._depot is None:
            return
        try:
            if count := self._depot.sweep(TOMBSTONE):
                log.info("%d parcels that nobody fetched are removed", count)
        except (ParcelError, OSError) as error:
            log.warning("old parcels cannot be removed: %s", redact(str(error)))

    # The dispatcher -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        looked = time.monotonic()
        roster = float("-inf")
        while not self._done.is_set():
            try:
                self._send()
                self._look()
                now = time.monotonic()
                self._now += min(now - looked, _GAP)
                looked = now
                if now - roster > _ROSTER:
                    roster = now
                    self._look_around()
                self._say("register", "")
            except RegisterError as error:
                self._say("register", redact(str(error)))
                looked = time.monotonic()
                self._call_off()
            except Exception as error:
                if not self._trouble["register"]:
                    log.exception("the dispatcher stumbled, and goes on")
                self._say("register", redact(f"says what nobody understands: {type(error).__name__}: {error}"))
            with self._lock:
                number = len(self._passes)
            # More of them cost more to look at, and each may wait a little longer.
            if self._wake.wait(_TICK + number / 400):
                self._wake.clear()

    def _send(self) -> None:
        """Gives out what is new, and once more what nobody claimed for long."""
        with self._lock:
            due = [one for one in self._passes.values() if one.assignment and one.watched.due(self._now)]
        for one in due:
            with self._lock:
                if one.process.order.crawl not in self._passes or one.assignment is None:
                    continue  # it was withdrawn meanwhile
                before, one.watched.sent = one.watched.sent, self._now  # it may be there as soon as it is on its way
            try:
                send(self._app, one.assignment, one.queue)
            except BrokerError as error:
                # It may have gone out all the same: that it is sent again does no harm.
                one.watched.sent = before if before is not None else self._now - AGAIN - 1
                self._say("broker", redact(str(error)))
                return
            if before is not None:
                there = sum(one.queue in worker.queues for worker in self.workers())
                log.warning(
                    "%s: pass %d is sent again: nobody took it%s",
                    one.process.order.portal,
                    one.process.order.crawl,
                    f", though {there} workers take from {one.queue}: is their broker this one?" if there else "",
                )
            self._say("broker", "")

    def _call_off(self) -> None:
        """Without the register: what nobody is known to have begun is not waited for by those who want it to end."""
        with self._lock:
            passes = [one for one in self._passes.values() if one.watched.stop and not one.watched.claimed]
        for one in passes:
            self._over(one, never=f"it was called off: {one.watched.stop}")

    def _look_around(self) -> None:
        workers = tuple(self.register.workers())
        with self._lock:
            before, self._workers = self._workers, workers
        if {(one.name, one.queues, one.slots) for one in before} != {
            (one.name, one.queues, one.slots) for one in workers
        }:
            log.info("workers: %s", ", ".join(one.name for one in workers) or "none")
            self._room()
        with self._lock:
            waiting = Counter(one.queue for one in self._passes.values() if not one.watched.claimed)
        alone = {queue for queue in waiting if not any(queue in worker.queues for worker in workers)}
        for queue in sorted(alone - self._alone):
            log.warning("no worker takes passes from the queue %s; %d wait", queue, waiting[queue])
        self._alone = alone

    def _look(self) -> None:
        """Looks after what was given out."""
        with self._lock:
            passes = [*self._passes.values()]
        held = self.register.held([one.task for one in passes]) if passes else {}
        for one in passes:
            try:
                self._see(one, held.get(one.task))
            except RegisterError:
                raise
            except Exception as error:  # one pass stops no other
                log.exception("%s: its pass cannot be looked after", one.process.order.portal)
                self._over(one, lost=f"its worker says what nobody understands: {type(error).__name__}: {error}")

    def _see(self, one: Away, held: Held | None) -> None:
        if one.fetching or time.monotonic() < one.not_before:
            return
        lost = self._service.worker_lost_seconds
        match one.watched.step(held, self._now, lost):
            case "hear":
                self._hear(one, held)
            case "stop":
                self.register.stop(one.task, one.watched.stop)
                self._hear(one, held)
            case "take":
                self._take(one)
            case "give up":
                if self.register.give_up(one.task):
                    self._over(one, lost=f"{one.process.worker or 'whoever took it'} was not heard of for {lost} s")
            case "withdraw":
                if self.register.withdraw(one.task):
                    self._over(one, never=f"it was called off: {one.watched.stop or 'the service that sent it ended'}")
            case "never":
                self._over(one, never=f"it was {held.state if held else 'lost'}")

    def _hear(self, one: Away, held: Held | None) -> None:
        if held is None or not one.watched.hear(held, self._now) or held.beat is None:
            return
        process, beat = one.process, held.beat
        one.assignment = None  # nobody needs to be told any more
        process.worker, process.pid, process.waits = held.worker, beat.pid, beat.waits
        process.done, process.total = beat.done, beat.total
        process.heard(process)

    def _take(self, one: Away) -> None:
        """What was handed over is fetched beside the dispatcher."""
        try:
            handed = self.register.handed(one.task)
        except ValueError as error:
            self._over(
                one,
                lost=f"{one.process.worker}: what it handed over cannot be read: {error}; is it of another version?",
            )
            return
        if handed is None:
            if one.watched.missing(self._now):
                self._over(one, lost=f"{one.process.worker}: what it handed over has vanished")
            return
        self._arrivals.take(one, handed)

    def _over(self, one: Away, *, never: str = "", lost: str = "") -> None:
        process = one.process
        process.never, process.lost = never or process.never, lost or process.lost
        with self._lock:
            if self._passes.pop(process.order.crawl, None) is None:
                return  # it was withdrawn meanwhile
            self._ended[process.order.crawl] = one
        process.ended(process)

    def _say(self, what: str, trouble: str) -> None:
        with self._lock:
            before, self._trouble[what] = self._trouble[what], trouble
        if trouble and not before:
            log.error("the %s cannot be reached: %s; passes wait for it", what, trouble)
        elif before and not trouble:
            log.warning("the %s answers again", what)


def _most(queue: str, workers: Sequence[WorkerSeen]) -> int:
    """Passes that may be in a queue and with those who take from it."""
    rendered = kind_of(queue) == "rendered"
    slots = sum(one.rendered_slots if rendered else one.slots for one in workers if queue in one.queues)
    return slots + -(-slots // _AHEAD) if slots else 1
