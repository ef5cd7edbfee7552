"""When each portal is read next: the plan of `monitor.planning`, kept by APScheduler (its one user).

A portal has one job, which fires once at its next turn and is planned anew when the pass has ended. Each job of the
service's own upkeep is planned anew when it is done. Whatever was missed (the machine slept, the process was stopped) runs once, late:
`misfire_grace_time=None` and `coalesce=True`; no job runs twice at once: `max_instances=1`. What a job does must
return at once or be the service's upkeep: passes themselves run in the fleet.

APScheduler counts on the wall clock. `mind_the_clock` compares it with the monotonic one; when it jumped, everything is
planned anew, so that a clock that was an hour or a year ahead leaves no gap behind it.
"""

import contextlib
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from monitor.planning import Turn
from monitor.times import to_utc

log = logging.getLogger(__name__)
logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it tells of each job that it adds, runs and removes

_JUMP = 20.0
"""Seconds by which the wall clock may drift from the monotonic one between two looks: what is more was set by hand, by
a time server, or is a machine that slept."""


class Timetable:
    """`clock` gives the present that turns are counted in (UTC, as the record writes it)."""

    def __init__(self, clock: Callable[[], str], due: Callable[[Turn], None]) -> None:
        self._clock, self._due = clock, due
        self._turns: dict[str, Turn] = {}
        self._upkeep: dict[str, tuple[Callable[[], None], float]] = {}
        self._offset = self._measure()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(8)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def start(self) -> None:
        """Begins to fire."""
        self._scheduler.start()

    def stop(self) -> None:
        """Fires nothing more; does not wait for upkeep under way."""
        if self._scheduler.running:
            # What it is firing is done with first: its thread would look for that job in vain, and end with a traceback.
            self._scheduler.pause()
            self._scheduler.remove_all_jobs()
            self._scheduler.shutdown(wait=False)

    def plan(self, turn: Turn) -> None:
        """Sets a portal's next turn, in place of the one it had."""
        self._turns[turn.portal] = turn
        wait = max(0.0, (to_utc(turn.at) - to_utc(self._clock())).total_seconds())
        self._in(wait, f"portal/{turn.portal}", f"{turn.mode} {turn.portal}", self._fire, turn)

    def forget(self, portal: str) -> None:
        """The portal is not read any more."""
        self._turns.pop(portal, None)
        with contextlib.suppress(JobLookupError):
            self._scheduler.remove_job(f"portal/{portal}")

    def every(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Does `work` now and then at this interval."""
        self._upkeep[name] = (work, seconds)
        self._in(0.0, f"upkeep/{name}", name, self._upkeep_due, name)

    def turns(self) -> list[Turn]:
        """What is planned and has not begun, soonest first."""
        return sorted(self._turns.values(), key=lambda turn: (turn.at, turn.portal))

    def mind_the_clock(self) -> float:
        """How far the wall clock jumped since the last look, in seconds; 0: it did not. After a jump the service's own
        jobs start anew; portals are for the caller to plan."""
        offset = self._measure()
        jumped, self._offset = offset - self._offset, offset
        if abs(jumped) < _JUMP:
            return 0.0
        log.warning("the machine's clock jumped by %+.0f s; everything is planned anew", jumped)
        for name in self._upkeep:
            self._in(0.0, f"upkeep/{name}", name, self._upkeep_due, name)
        self._scheduler.wakeup()
        return jumped

    @staticmethod
    def _measure() -> float:
        return time.time() - time.monotonic()

    def _in(self, seconds: float, key: str, name: str, work: Callable[..., None], about: Any) -> None:
        """A job that fires once. Not an interval: a clock that is set a year ahead would owe millions of them at once."""
        self._scheduler.add_job(
            work,
            DateTrigger(run_date=datetime.now(UTC) + timedelta(seconds=seconds)),
            args=(about,),
            id=key,
            name=name,
            replace_existing=True,
        )

    def _upkeep_due(self, name: str) -> None:
        work, seconds = self._upkeep[name]
        try:
            self._safely(name, work)
        finally:
            self._in(seconds, f"upkeep/{name}", name, self._upkeep_due, name)

    def _fire(self, turn: Turn) -> None:
        if self._turns.get(turn.portal) is turn:  # it comes no more; what it leads to plans the next one
            del self._turns[turn.portal]
        self._safely(f"turn of {turn.portal}", lambda: self._due(turn))

    def _safely(self, name: str, work: Callable[[], Any]) -> None:
        try:
            work()
        except Exception:
            log.exception("%s failed; it is tried again", name)
