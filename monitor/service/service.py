"""`nianbao serve`: the parts of the service, put together.

The timetable says when a portal is due; the fleet makes the pass and settles it; the sender tells people; the watch
looks after the service itself; others ask through the control socket and look through the health endpoint. Nothing
here decides what is true: a service that is killed at any instant leaves the record as sound as `crawl` does, and the
next one goes on from there.
"""

import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from importlib.metadata import version

from crawler.observation import SERVICE_STOPS, Mode
from crawler.portal import Portal, PortalError
from monitor import ocr, run, upkeep
from monitor.agenda import facts_of
from monitor.engine import open_engine
from monitor.fleet import Fleet, FleetStopped, Progress
from monitor.home import Home, ServiceError
from monitor.outbox import Delivered
from monitor.pictures import Pictures, portals_waiting
from monitor.planning import Turn, next_turn
from monitor.service import notify
from monitor.service.configuration import Configuration
from monitor.service.control import Control, Crawl, Said
from monitor.service.health import Examiner, HealthServer
from monitor.service.heartbeat import Heartbeat
from monitor.service.metrics import Metrics, RecordCollector, ServiceCollector
from monitor.service.pages import Pages
from monitor.service.sender import Sender
from monitor.service.state import Coming, Running, State
from monitor.service.timetable import Timetable
from monitor.service.watch import Watch
from monitor.settings import Settings
from monitor.settle import Settled
from monitor.store import Store, StoreError
from monitor.times import shift
from monitor.workers.roster import Crews

log = logging.getLogger(__name__)

_LOOK = 5.0
"""Seconds between two looks at the clock."""
_REFRESH, _UNSETTLED, _WATCH, _PICTURES, _TEND = 10.0, 60.0, 600.0, 1800.0, 86400.0
"""Seconds between two rounds of upkeep."""
_LAST_WORDS = 20.0
"""Seconds that messages under way get when the service stops."""
_NEVER_BEGAN = 60
"""Seconds after which a pass that could not be begun is tried again."""
_FLUSH = 120.0
"""Seconds that whoever asks to send waits at most."""
_UNRECORDED = (OSError, sqlite3.Error, StoreError)
"""What disk and record do to whoever writes: nothing is wrong with the work itself, and it is done again."""


class Service:
    """One service of one home. `run` it once, with the home's lock held; `store` is its fleet's."""

    def __init__(
        self,
        home: Home,
        store: Store,
        configuration: Configuration,
        clock: Callable[[], str],
        pictures: Pictures | None,
        renewed: Callable[[Settings], None] = lambda _: None,
        web: bool = False,
    ) -> None:
        """`renewed` hears of settings that took effect while the service runs. `web`: with the staff pages."""
        self._home, self._store, self._clock = home, store, clock
        self._configuration, self._renewed = configuration, renewed
        self._reload = threading.Event()
        self._since = clock()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._asked: set[str] = set()
        """Portals whose scheduled pass waits or is under way."""
        self._begun_with = self._passes_by(self._settings())
        self._engine = open_engine(home, self._settings().service)
        self._crews: Crews | None = None
        self._fleet = Fleet(home, store, self._settings, clock, self._engine, pictures=pictures)
        self._timetable = Timetable(clock, self._due)
        self._sender = Sender(lambda: Store.open(home.database), self._settings, clock)
        self._heartbeat = Heartbeat(lambda: self._settings().service.heartbeat)
        self._pages = Pages(home, configuration.settings) if web else None
        self._watch = Watch(
            home,
            self._settings,
            clock,
            pages=lambda: self._pages.down_seconds if self._pages is not None else 0.0,
            portals=lambda: self._configuration.portals,
            faults=lambda: self._configuration.faults,
            state=self._state,
        )

    def stop(self) -> None:
        """Ends `run`: from a signal, or another thread."""
        self._stop.set()

    def reload(self) -> None:
        """Settings and portal files are read again within seconds, changed or not: from a signal."""
        self._reload.set()

    def run(self) -> None:
        """Serves until `stop`."""
        with contextlib.ExitStack() as parts:
            parts.callback(self._close)
            control = Control(self._home.path, self)
            parts.callback(control.close)
            health = self._health()
            parts.callback(health.stop)
            health.start()
            self._heartbeat.start()
            self._settle_what_waits()
            self._sender.start()
            if self._pages is not None:
                parts.callback(self._pages.stop)
                self._pages.start()
            self._timetable.start()
            self._plan_all()
            self._timetable.every(_REFRESH, "configuration", self.refresh)
            self._timetable.every(_REFRESH, "workers", self._muster)
            self._timetable.every(_UNSETTLED, "unsettled passes", self._settle_what_waits)
            self._timetable.every(_WATCH, "watch", self._look_around)
            self._timetable.every(_WATCH, "portals left out", self._plan_left_out)
            self._timetable.every(_PICTURES, "pictures", self._recognise)
            self._timetable.every(_TEND, "upkeep", self._tend)
            portals = len(self._configuration.portals)
            log.info("serving %s: %d portals", self._home.path, portals)
            notify.ready(f"{portals} portals")
            while not self._stop.wait(_LOOK):
                notify.alive()
                if self._reload.is_set():
                    self._reload.clear()
                    self.refresh(anyway=True)
                if self._timetable.mind_the_clock():
                    self._plan_all()
            notify.stopping()
            log.info("stopping: passes under way are cut short, messages under way are sent")

    def _close(self) -> None:
        self._timetable.stop()
        self._fleet.stop(SERVICE_STOPS, leave=True)
        self._sender.stop(_LAST_WORDS)
        self._heartbeat.stop()

    def _state(self) -> State:
        running = self._fleet.running()
        busy = {one.portal for one in running} | self._asked
        coming = next((turn for turn in self._timetable.turns() if turn.portal not in busy), None)
        return State(
            since=self._since,
            running=tuple(
                Running(one.portal, one.mode, one.crawl, one.started, one.done, one.total) for one in running
            ),
            waiting=self._fleet.waiting(),
            coming=Coming(coming.portal, coming.mode, coming.at) if coming else None,
            crews=self._crews,
        )

    def _health(self) -> HealthServer:
        release = version("nianbao")
        names = lambda: self._configuration.portals.keys()  # noqa: E731
        examiner = Examiner(
            self._home,
            release,
            self._clock,
            self._state,
            problems=lambda: self._watch.problems,
            unrecorded_since=lambda: self._watch.unrecorded_since,
            portals=names,
        )
        problems = lambda: [(one.what, one.whom) for one in self._watch.problems]  # noqa: E731
        metrics = Metrics(
            RecordCollector(self._home, self._clock, names),
            ServiceCollector(release, self._clock, self._state, problems, self._heartbeat),
        )
        listen = self._settings().service.listens_at
        return HealthServer(self._home, examiner, metrics, listen, self._since, release)

    # Passes -----------------------------------------------------------------------------------------------------

    def _plan_all(self) -> None:
        portals = self._configuration.portals
        for turn in self._timetable.turns():
            if turn.portal not in portals:
                self._timetable.forget(turn.portal)
        with self._home.reader() as store:
            for name in portals:
                if name not in self._asked:
                    self._timetable.plan(self._next(store, name))

    def _plan_left_out(self) -> None:
        """A portal that is neither planned nor asked for: whatever failed where it should have been, it is not forgotten."""
        planned = {turn.portal for turn in self._timetable.turns()}
        left_out = [name for name in self._configuration.portals if name not in planned and name not in self._asked]
        if left_out:
            self._plan(*left_out)

    def _plan(self, *names: str) -> None:
        with self._home.reader() as store:
            for name in names:
                if name in self._configuration.portals and not self._stop.is_set():
                    self._timetable.plan(self._next(store, name))

    def _next(self, store: Store, name: str) -> Turn:
        settings = self._settings()
        portal = self._configuration.portals.get(name)  # a refresh may have taken it away meanwhile
        quiet = settings.policy.overridden(portal.policy).quiet if portal else ""
        return next_turn(facts_of(store, name), settings.schedule, settings.service.timezone, self._clock(), quiet)

    def _due(self, turn: Turn) -> None:
        portal = self._configuration.portals.get(turn.portal)
        with self._lock:
            if portal is None or turn.portal in self._asked or self._stop.is_set():
                return
            self._asked.add(turn.portal)
        log.info("%s: due: %s, %s", turn.portal, turn.mode, turn.why)
        self._submit(portal, turn.mode, everything=False)

    def _submit(
        self, portal: Portal, mode: Mode, *, everything: bool, progress: Callable[[Progress], None] = lambda _: None
    ) -> Future[Settled]:
        future = self._fleet.submit(portal, mode, everything=everything, progress=progress)
        future.add_done_callback(lambda done: self._after(portal.name, done))
        return future

    def _after(self, name: str, done: Future[Settled]) -> None:
        """A pass has ended, one way or another."""
        with self._lock:
            self._asked.discard(name)
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            self._failed(name, error)
        else:
            settled = done.result()
            log.log(
                logging.WARNING if settled.trouble else logging.INFO,
                "%s: pass %d: %s, %d reports, %d events%s",
                name, settled.crawl, settled.outcome, settled.reports_seen, len(settled.events),
                f"; {settled.trouble}" if settled.trouble else "",
            )  # fmt: skip
            if not settled.trouble:
                self._heartbeat.beat()
            self._sender.wake()
        try:
            if isinstance(
                error, ChildProcessError
            ):  # whatever keeps passes from being begun is not asked again at once
                self._timetable.plan(Turn(name, "full", shift(self._clock(), _NEVER_BEGAN), "retry"))
            else:
                self._plan(name)
        except _UNRECORDED as trouble:
            log.error("%s: its next pass could not be planned: %s; tried again in ten minutes", name, trouble)
            self._timetable.plan(Turn(name, "full", shift(self._clock(), 600), "retry"))

    def _failed(self, name: str, error: BaseException) -> None:
        if isinstance(error, PortalError):
            log.error("%s", error)
        elif isinstance(error, FleetStopped):
            log.info("%s", error)
        elif isinstance(error, ChildProcessError):  # an OSError, but none of the disk: what starts passes died
            log.error("%s; the pass is made up for in a minute", error)
        elif isinstance(error, _UNRECORDED):
            log.error(
                "%s: the pass could not be recorded: %s: %s; it is made up for", name, type(error).__name__, error
            )
            self._watch.failed(error)
        else:
            log.error("%s: the pass could not be made; it is tried again", name, exc_info=error)

    def _settle_what_waits(self) -> None:
        """Passes that ended while nothing could be written, or with the process that watched them."""
        try:
            for settled in self._fleet.recover():
                why = settled.trouble or "late"
                log.warning("%s: pass %d: %s (%s)", settled.portal, settled.crawl, settled.outcome, why)
                self._sender.wake()
        except _UNRECORDED as error:
            self._watch.failed(error)

    # What others ask (control.Desk) -----------------------------------------------------------------------------

    def crawl(self, request: Crawl) -> Iterator[Said]:
        """Passes now, whatever is due. See Desk."""
        self.refresh()
        known, faults = self._configuration.known, self._configuration.faults
        if unknown := [name for name in request.portals if name not in known]:
            fault = next((faults[name] for name in unknown if name in faults), "")
            raise ServiceError(fault or f"no portal {', '.join(unknown)}; `nianbao portals` lists them")
        chosen = [known[name] for name in dict.fromkeys(request.portals)] or [*self._configuration.portals.values()]
        before = self._sender.counts()
        answers: queue.SimpleQueue[Said] = queue.SimpleQueue()
        passes = []
        for portal in chosen:
            future = self._submit(
                portal, request.mode, everything=True, progress=lambda told: answers.put(Said(progress=told))
            )
            future.add_done_callback(lambda done, name=portal.name: answers.put(_told(name, done)))  # type: ignore[misc]
            passes.append(future)
        try:
            left = len(passes)
            while left:
                said = answers.get()
                left -= said.settled is not None
                yield said
        finally:
            for future in passes:  # nobody waits any more: what has not begun need not
                future.cancel()
        if request.send:
            yield Said(sent=self._sender.flush(_FLUSH, before))

    @contextlib.contextmanager
    def leave(self, portals: frozenset[str] | None) -> Iterator[Iterator[tuple[str, ...]]]:
        """Keeps passes off these portals (None: off all) and yields those whose passes must end first. See Desk."""
        with self._fleet.hold(portals) as waiting:
            yield waiting
        self._sender.wake()

    def send(self) -> Delivered:
        """See Desk."""
        return self._sender.flush(_FLUSH, self._sender.counts())

    # Upkeep -----------------------------------------------------------------------------------------------------

    def _settings(self) -> Settings:
        return self._configuration.settings

    def refresh(self, *, anyway: bool = False) -> None:
        """Reads settings and portal files that changed."""
        with self._lock:
            changed = self._configuration.refresh(anyway=anyway)
        if changed:
            self._renewed(self._settings())
            if self._passes_by(self._settings()) != self._begun_with:
                log.warning(
                    "service.engine, broker, results, parcels, worker_lost: what they say now counts from the next start on"
                )
            if self._pages is not None:
                self._pages.refresh(self._settings())
            log.info("settings or portal files changed: %d portals", len(self._configuration.portals))
            self._plan_all()
            self._sender.wake()

    def _passes_by(self, settings: Settings) -> tuple[object, ...]:
        """What says who makes passes, and how they are reached."""
        service = settings.service
        return (service.engine, service.broker, service.results, service.parcels, service.worker_lost)

    def _muster(self) -> None:
        self._crews = self._engine.crews(self._configuration.portals, self._clock())

    def _look_around(self) -> None:
        if self._watch.look():
            self._sender.wake()

    def _recognise(self) -> None:
        """Pictures that passes had no time for, while their portals are at rest."""
        if not ocr.available():
            return
        with self._home.reader() as store:
            names = portals_waiting(store, ocr.reads_with())
        for name in names:
            portal = self._configuration.known.get(name)
            if portal is None or self._stop.is_set():
                continue
            with self._fleet.hold(frozenset({name})) as waiting, Store.open(self._home.database) as store:
                for _ in waiting:
                    pass
                run.recognise(self._home, store, [portal], self._clock)

    def _tend(self) -> None:
        try:
            done = self._fleet.record(
                lambda: upkeep.tend(self._home, self._store, self._settings().service, self._clock(), time.time())
            )
        except FleetStopped:
            return
        except _UNRECORDED as error:
            self._watch.failed(error)
            return
        log.info("upkeep: %d run folders and leftovers removed", done.removed)
        self._engine.tend()


def _told(name: str, done: Future[Settled]) -> Said:
    """What became of a pass, for whoever asked for it."""
    if done.cancelled():
        return Said(settled=Settled(name, 0, "cancelled", trouble=SERVICE_STOPS))
    error = done.exception()
    if error is not None:
        return Said(settled=Settled(name, 0, "failed", trouble=f"{type(error).__name__}: {error}"))
    return Said(settled=done.result())
