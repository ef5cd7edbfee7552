"""Passes, many at once: who may start now, and what follows when one has ended.

In: portals to read. Out: a Future each, of what its pass came to. As many passes run at a time as the engine has room for, one
a portal, and never two that share a host: they would only wait for each other's pauses (crawler/pace.py). Who waits for a host
holds up nobody else, and nobody who came later takes it from them.

One thread, the clerk, does all that touches the record: it briefs passes, settles them, recovers what nobody settled.
The engine makes them beside it. A pass that cannot be briefed or settled fails its own Future and nothing else; one that finished
and could not be settled waits in its folder, and is settled before its portal is read again. Passes that an engine goes on making
when this process ends are taken up by the next fleet of the home.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

from crawler.observation import STOPPED, Mode
from crawler.orders import Order
from crawler.portal import Portal
from monitor import bookkeeping
from monitor.bookkeeping import Clock
from monitor.clerk import Clerk, Errand, FleetStopped
from monitor.engine import Engine
from monitor.home import Home
from monitor.intake import RunError, finished, job_of
from monitor.markup import printable
from monitor.processes import Process, how_it_ended, written
from monitor.redact import redact
from monitor.settings import Settings
from monitor.settle import Settled
from monitor.store import Store
from monitor.turns import Progress, Turn, UnderWay, first_that_may

if TYPE_CHECKING:
    from monitor.pictures import Pictures

__all__ = ["Fleet", "FleetStopped", "Progress", "UnderWay"]

T = TypeVar("T")

log = logging.getLogger(__name__)


_BACKSTOP = 120.0
"""Seconds that processes get beyond their own limits, before they count as hanging."""
_LOGGED = 4_000
"""Characters of what a pass wrote that go to the log; its crawl.log has all of it."""


class Fleet:
    """The passes of one home. `store` is the fleet's alone as long as it lives. A context manager, or `stop` it."""

    def __init__(
        self,
        home: Home,
        store: Store,
        settings: Callable[[], Settings],
        clock: Clock,
        engine: Engine,
        *,
        pictures: "Pictures | None" = None,
        found: int = 0,
    ) -> None:
        """`settings` is asked for each pass. `engine` is the fleet's alone, which closes it. `pictures` recognises what alerts
        speak of; it is used by the clerk only. `found`: as crawler.observation.Limits has it."""
        self._home, self._store, self._settings, self._clock = home, store, settings, clock
        self._pictures = pictures
        self._found = found
        self._engine = engine
        self._state = threading.Condition()
        """Over all that follows."""
        self._waiting: list[Turn] = []
        self._under_way: list[Turn] = []
        self._held: list[frozenset[str] | None] = []
        self._stopping = ""
        self._news = True
        """Somebody may be able to begin who could not when it was last looked at."""
        engine.listen(self._room)
        over = lambda: bool(self._stopping) and not self._under_way  # noqa: E731
        self._clerk = Clerk(self._state, self._begins, over, self._end_what_hangs)
        self._adopt()
        self._clerk.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(STOPPED)

    # What others ask ----------------------------------------------------------------------------------------------

    def submit(
        self,
        portal: Portal,
        mode: Mode,
        *,
        everything: bool = True,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> Future[Settled]:
        """A pass as soon as it may start: those whose hosts are free in the order in which they came.

        `everything`: every known page is read, not only what is due. The Future fails with what kept the pass from being
        briefed, started or settled, and is cancelled by `stop`; it may be cancelled as long as the pass waits.
        """
        turn = Turn(portal, mode, everything, progress)
        with self._state:
            if self._stopping:
                turn.future.cancel()
            else:
                self._waiting.append(turn)
                self._news = True
                self._state.notify_all()
        return turn.future

    def running(self) -> list[UnderWay]:
        """The passes that are being made, in the order in which they began."""
        with self._state:
            return [turn.seen() for turn in self._under_way]

    def waiting(self) -> int:
        """How many passes have not begun."""
        with self._state:
            return sum(not turn.future.cancelled() for turn in self._waiting)

    def recover(self) -> list[Settled]:
        """Settles passes that nobody settled: of an earlier process, or of this one when the record could not be written.

        Raises OSError and sqlite3.OperationalError if it still cannot be.
        """

        return self.record(lambda: self._recover(lambda portal: not self._is_held(portal)))

    def record(self, work: Callable[[], T]) -> T:
        """Has the clerk do something with the record, between passes' own work. Raises what it raises, and FleetStopped."""
        return self._clerk.record(work)

    @contextlib.contextmanager
    def hold(self, portals: frozenset[str] | None) -> Iterator[Iterator[tuple[str, ...]]]:
        """Keeps passes off these portals (None: off all) until the context ends.

        Passes under way go on, but for those that still wait for a worker: what it gives yields the names of those each time
        that they change, and ends when there are none.
        """
        with self._state:
            self._held.append(portals)
            meant = [turn for turn in self._under_way if portals is None or turn.portal.name in portals]
        if self._engine.lasting and meant:
            with contextlib.suppress(FleetStopped):
                self.record(lambda: self._withdraw(meant, "its portal is needed at rest"))
        try:
            yield self._until_at_rest(portals)
        finally:
            with self._state:
                self._held.remove(portals)
                self._news = True
                self._state.notify_all()

    def stop(self, reason: str, *, leave: bool = False) -> None:
        """Ends all: what waits is cancelled, what runs ends early (`cut_short`) or is killed, and is settled. `leave`: passes
        that can go on without this process do, and are left to the next fleet, as those are in any case that this one took up.
        Returns when no process of this machine is left."""
        with self._state:
            first = not self._stopping
            self._stopping = self._stopping or reason
            waiting, self._waiting = self._waiting, []
            leave = leave and self._engine.lasting
            ended = [turn.process for turn in self._under_way if turn.process and not (leave or turn.adopted)]
            if first and self._engine.lasting:
                self._clerk.do(lambda: self._leave_behind(lambda turn: leave or turn.adopted))
            self._state.notify_all()
        for turn in waiting:
            turn.future.cancel()
        for process in ended if first else ():
            self._engine.stop(process.order.crawl, reason)
        if not self._clerk.join(_BACKSTOP):
            self._engine.kill()
            if self._engine.lasting:
                self._clerk.do(lambda: self._leave_behind(lambda _: True))
            self._clerk.join()
        self._engine.close()

    # What the clerk does ------------------------------------------------------------------------------------------

    def _begins(self) -> Errand | None:
        turn = self._who_may_begin()
        return partial(self._begin, turn) if turn is not None else None

    def _who_may_begin(self) -> Turn | None:
        if self._stopping or not self._news:
            return None
        full = self._engine.full(self._under_way)
        turn = first_that_may(self._waiting, self._under_way, self._is_held, full) if full is not None else None
        if turn is not None:
            self._under_way.append(turn)
        else:
            self._news = False  # thousands may wait: they are not looked through for each sign of life
        return turn

    def _room(self) -> None:
        with self._state:
            self._news = True
            self._state.notify_all()

    def _begin(self, turn: Turn) -> None:
        name = turn.portal.name
        turn.started = self._clock()
        try:
            settings = self._settings()
            suspect = bookkeeping.ended_its_process(self._store, name)
            for old in self._recover(lambda portal: portal == name):
                log.warning("%s: pass %d, settled late: %s", name, old.crawl, old.outcome)
            place = bookkeeping.brief(
                self._home,
                self._store,
                settings,
                turn.portal,
                turn.mode,
                self._clock,
                everything=turn.everything,
                found=self._found,
                progress=turn.tell,
            )
            order = Order(
                crawl=place.crawl,
                portal=name,
                folder=str(place.folder.absolute()),
                seconds=settings.service.pass_time_seconds,
                memory=settings.service.pass_memory_bytes,
                browser=turn.portal.render,
                together=1 if turn.apart else settings.service.together,
                suspect=suspect,
                browser_memory=settings.service.browser_memory_bytes,
                browser_pages=settings.service.browser_pages,
            )
            turn.place = place
            turn.process = Process(order, turn.portal, partial(self._heard, turn), partial(self._ended, turn))
            turn.overdue = self._late(order)
            try:
                self._engine.start(turn.process)
            except BaseException:
                self._store.forget_crawl(place.crawl)
                raise
        except Exception as error:
            self._leave(turn)
            turn.future.set_exception(error)
            return
        if self._stopping:  # `stop` may have been there before the pass was
            self._engine.stop(place.crawl, self._stopping)

    def _heard(self, turn: Turn, process: Process) -> None:
        if process.waits:
            turn.overdue = float("inf")
        elif turn.overdue == float("inf"):
            turn.overdue = self._late(process.order)
        turn.tell(process.done, process.total)

    def _ended(self, turn: Turn, process: Process) -> None:
        self._clerk.conclude(partial(self._conclude, turn, process))

    def _conclude(self, turn: Turn, process: Process) -> None:
        if turn not in self._under_way:
            return  # it was left behind: its folder waits for the next fleet
        assert turn.place is not None
        name, place = turn.portal.name, turn.place
        turn.process = None
        turn.tell(process.done, process.total, finished=True)
        said = written(place.folder)
        if said:
            log.warning("%s: pass %d wrote:\n%s", name, place.crawl, redact(printable(said.rstrip()[-_LOGGED:])))
        try:
            if fault := process.fault:
                self._store.forget_crawl(place.crawl)
                raise ChildProcessError(f"{name}: no process could be started for it: {fault}")
            why = redact(printable(process.lost or how_it_ended(process.end, said)))
            settled = bookkeeping.conclude(
                self._home,
                self._store,
                self._settings(),
                place,
                name,
                self._clock,
                why,
                self._pictures,
                ours=bool(process.lost),
            )
        except Exception as error:
            self._leave(turn)
            turn.future.set_exception(error)
        else:
            self._leave(turn)
            turn.future.set_result(settled)
        self._engine.forget(place.crawl)

    def _late(self, order: Order) -> float:
        """When a pass that is begun now counts as hanging, by the monotonic clock: workers are watched by their engine."""
        return float("inf") if self._engine.lasting else time.monotonic() + order.seconds + _BACKSTOP

    def _adopt(self) -> None:
        """Takes up passes that an earlier process of this home began and that somebody still makes."""
        for row in self._store.unsettled() if self._engine.lasting else ():
            folder = self._home.runs / row["portal"] / str(row["id"])
            if finished(folder):
                continue  # it only has to be settled
            try:
                job = job_of(folder)
                turn = Turn(job.portal, job.mode, everything=not job.sample, progress=lambda _: None)
                turn.place = bookkeeping.Briefed(row["id"], folder)
                turn.started, turn.overdue, turn.adopted = row["started_at"], float("inf"), True
                order = Order(crawl=row["id"], portal=row["portal"], folder=str(folder.absolute()), seconds=0.0)
                turn.process = Process(order, job.portal, partial(self._heard, turn), partial(self._ended, turn))
                turn.future.set_running_or_notify_cancel()
                self._under_way.append(turn)
                if not self._engine.adopt(turn.process):
                    self._under_way.remove(turn)
            except RunError as error:
                log.warning("%s: pass %d cannot be taken up: %s", row["portal"], row["id"], error)

    def _withdraw(self, turns: Iterable[Turn], why: str) -> None:
        """Takes back passes that nobody has begun."""
        crawls = {turn.place.crawl: turn for turn in turns if turn.place and turn.process}
        for crawl in self._engine.withdraw(crawls.keys()):
            turn = crawls[crawl]
            self._store.forget_crawl(crawl)
            self._leave(turn)
            turn.future.set_exception(
                FleetStopped(f"{turn.portal.name}: its pass had not begun, and was called off: {why}")
            )

    def _leave_behind(self, meant: Callable[[Turn], bool]) -> None:
        """Passes on workers go on; the next fleet of the home settles them."""
        self._withdraw([turn for turn in self._under_way if meant(turn)], self._stopping)
        for turn in [turn for turn in self._under_way if meant(turn)]:
            self._leave(turn)
            turn.future.set_exception(
                FleetStopped(f"{turn.portal.name}: its pass goes on at a worker, and is settled later")
            )

    def _leave(self, turn: Turn) -> None:
        with self._state:
            self._under_way.remove(turn)
            self._news = True
            self._state.notify_all()

    def _recover(self, wanted: Callable[[str], bool]) -> list[Settled]:
        with self._state:
            own = {turn.place.crawl for turn in self._under_way if turn.place}
        return [
            *bookkeeping.recover(
                self._home,
                self._store,
                self._settings(),
                self._clock,
                lambda portal, crawl: crawl not in own and wanted(portal),
            )
        ]

    def _is_held(self, portal: str) -> bool:
        return any(held is None or portal in held for held in self._held)

    def _until_at_rest(self, portals: frozenset[str] | None) -> Iterator[tuple[str, ...]]:
        def names() -> tuple[str, ...]:
            return tuple(turn.portal.name for turn in self._under_way if portals is None or turn.portal.name in portals)

        while True:
            with self._state:
                now = names()
            if not now:
                break
            yield now
            with self._state:
                self._state.wait_for(lambda seen=now: names() != seen)  # type: ignore[misc]
        with contextlib.suppress(FleetStopped):
            self.record(lambda: None)  # what the clerk was about when the hold began is done

    def _end_what_hangs(self) -> None:
        """A nursery that answers nothing is killed: its passes end by themselves, the next one starts another."""
        now = time.monotonic()
        late = [turn.portal.name for turn in self._under_way if turn.process and now > turn.overdue]
        if late:
            log.error("%s: no end of the pass was heard of; the process that starts passes is killed", ", ".join(late))
            self._engine.kill()
