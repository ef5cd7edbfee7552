"""The plan played forward before anything runs: how many passes and requests a day, who waits for whom, how stale what is known
gets. Pure.

In: portals with what their passes cost (`Subject`), `[schedule]`, the limit of passes at the same time, a start and a length.
Out: a `Forecast`. Portals that are down are taken to answer again at their next pass, and reports that are missing to be
decided within two days. Waiting is as in the fleet: first come, first served, among those whose hosts nobody reads.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from crawler.observation import Mode
from monitor.planning import DAY, MISSING_EVERY, PortalFacts, Rhythm, hours_of, rhythm_of, seed_of
from monitor.settings import Schedule
from monitor.times import format_utc, to_utc

TIGHT_WAIT = 1800
"""Seconds that passes may wait for their turn before somebody is told that it is too tight."""
_UNDECIDED = 2 * DAY
_HOUR = 3600


class Cost(msgspec.Struct, frozen=True):
    """What one pass takes."""

    seconds: float
    requests: float
    measured: bool = False
    """From passes of the record, not estimated."""


class Subject(msgspec.Struct, frozen=True):
    """One portal of the simulation."""

    facts: PortalFacts
    hosts: tuple[str, ...]
    full: Cost
    discover: Cost
    first: Cost
    """The first pass over a portal: nothing of it is known yet."""
    quiet: str = ""
    """Its policy's quiet hours."""


class Day(msgspec.Struct, frozen=True):
    """One local day's load."""

    date: str
    full: int
    discover: int
    requests: int
    busiest_hour: str
    """Local time at which the hour with the most requests began."""
    busiest_requests: int
    most_passes: int
    """Most passes that began within one hour."""
    slots: float
    """Passes that ran at the same time, on average."""


class Wait(msgspec.Struct, frozen=True):
    """The worst congestion. Seconds."""

    seconds: int
    portal: str
    at: str
    """UTC: when that pass was due."""
    waiting: int
    """Most passes that waited at one time."""
    waiting_at: str
    tight: str
    """UTC: when the worst rush began in which some waited too long, a day at most; empty: there was none."""
    tight_passes: int
    """How many waited too long in it,"""
    tight_seconds: int
    """and how long at most."""


class Stale(msgspec.Struct, frozen=True):
    """How old, in seconds, what is known of a portal's reports gets at worst."""

    portal: str
    new: int
    """One that its lists name newly."""
    fresh: int
    old: int
    missing: int


class Forecast(msgspec.Struct, frozen=True):
    """What the plan comes to."""

    start: str
    end: str
    portals: int
    passes: int
    requests: int
    days: tuple[Day, ...]
    wait: Wait
    most_running: int
    stale: tuple[Stale, ...]
    """By portal, worst first."""


class _Portal:
    """One portal on its way through the simulation. Times are seconds since 1970."""

    __slots__ = (
        "discover",
        "empty",
        "failures",
        "fresh",
        "full",
        "known",
        "look",
        "mode",
        "not_before",
        "quiet",
        "seed",
        "started",
        "subject",
    )

    def __init__(self, subject: Subject, start: int) -> None:
        facts = subject.facts
        self.subject = subject
        self.seed = seed_of(facts.portal)
        self.started, self.full, self.discover = (
            _past(time, start) for time in (facts.last_started, facts.last_full, facts.last_discover)
        )
        self.known = facts.last_started is not None
        self.empty, self.failures = facts.empty_passes, facts.failures
        self.not_before = int(to_utc(facts.not_before).timestamp()) if facts.not_before else None
        self.quiet = hours_of(subject.quiet)
        self.mode: Mode = "full"
        # What was not read since long before the start is no fault of this plan.
        self.look = self.fresh = 0


def simulate(
    subjects: Sequence[Subject], schedule: Schedule, zone: str, start: str, days: float, parallel: int
) -> Forecast:
    """Plays the plan. Raises ValueError for times or settings that are not valid."""
    return _Simulation(subjects, schedule, zone, int(to_utc(start).timestamp()), int(days * DAY), parallel).play()


class _Simulation:
    def __init__(
        self, subjects: Sequence[Subject], schedule: Schedule, zone: str, start: int, length: int, parallel: int
    ) -> None:
        self.rhythm: Rhythm = rhythm_of(schedule, zone)
        self.schedule = schedule
        self.zone = zone
        self.start, self.end = start, start + length
        self.parallel = parallel
        self.portals = [_Portal(subject, start) for subject in subjects]
        self.events: list[tuple[int, int, int]] = []
        """When, 0 for an end and 1 for a beginning, and whose."""
        self.queue: deque[tuple[int, int]] = deque()
        """Who waits, and since when."""
        self.busy: set[str] = set()
        self.running = self.most_running = 0
        self.hours: dict[int, list[float]] = {}
        """By hour: full passes, others, requests, seconds of passes."""
        self.longest = (0, "", start)
        self.crowd = (0, start)
        self.rush = (start, 0, 0)
        """Since when somebody waits all the time, how many waited too long, how long at most."""
        self.tight = self.rush

    def play(self) -> Forecast:
        for number in range(len(self.portals)):
            self._plan(number, self.start)
        while self.events:
            now, kind, number = heapq.heappop(self.events)
            if kind:
                if not self.queue or now - self.rush[0] >= DAY:
                    self.rush = (now, 0, 0)
                self.queue.append((number, now))
            else:
                self._finish(number, now)
            self._begin(now)
            if len(self.queue) > self.crowd[0]:
                self.crowd = (len(self.queue), now)
        return self._forecast()

    def _plan(self, number: int, now: int) -> None:
        one = self.portals[number]
        missing = one.subject.facts.missing > 0 and now < self.start + _UNDECIDED
        at, one.mode, _ = self.rhythm.turn(
            one.seed, now, one.started, one.full, one.discover, one.empty, one.failures, missing, known=one.known
        )
        at, _ = self.rhythm.polite(one.seed, at, now, one.not_before, one.quiet)
        if at < self.end:
            heapq.heappush(self.events, (max(at, now), 1, number))

    def _begin(self, now: int) -> None:
        """Starts what may start, first come, first served."""
        kept: list[tuple[int, int]] = []
        while self.queue and self.running < self.parallel:
            number, due = self.queue.popleft()
            one = self.portals[number]
            hosts = one.subject.hosts
            if not self.busy.isdisjoint(hosts):
                kept.append((number, due))
                continue
            self.busy.update(hosts)
            self.running += 1
            cost = self._cost(one)
            self._note(one, due, now, cost)
            heapq.heappush(self.events, (now + max(int(cost.seconds), 1), 0, number))
        if kept:
            self.queue.extendleft(reversed(kept))
        if self.running > self.most_running:
            self.most_running = self.running

    def _cost(self, one: _Portal) -> Cost:
        subject = one.subject
        return subject.discover if one.mode == "discover" else subject.full if one.known else subject.first

    def _note(self, one: _Portal, due: int, now: int, cost: Cost) -> None:
        """Counts a pass that begins."""
        if now - due > self.longest[0]:
            self.longest = (now - due, one.subject.facts.portal, due)
        if now - due > TIGHT_WAIT:
            self.rush = (self.rush[0], self.rush[1] + 1, max(self.rush[2], now - due))
            self.tight = max(self.tight, self.rush, key=lambda rush: rush[1])
        hour = self.hours.setdefault(now // _HOUR, [0, 0, 0, 0])
        hour[one.mode == "discover"] += 1
        self._spread(now, cost)
        one.look = max(one.look, now - max(one.started or self.start, self.start))
        if one.mode == "full":
            one.fresh = max(one.fresh, now - max(one.full or self.start, self.start))
            one.full = now
        else:
            one.discover = now
        one.started, one.known = now, True

    def _spread(self, begin: int, cost: Cost) -> None:
        """A pass's requests and seconds, hour by hour."""
        length = max(int(cost.seconds), 1)
        at, end = begin, begin + length
        if begin // _HOUR == (end - 1) // _HOUR:
            hour = self.hours.setdefault(begin // _HOUR, [0, 0, 0, 0])
            hour[2] += cost.requests
            hour[3] += length
            return
        while at < end:
            until = min(end, (at // _HOUR + 1) * _HOUR)
            hour = self.hours.setdefault(at // _HOUR, [0, 0, 0, 0])
            hour[2] += cost.requests * (until - at) / length
            hour[3] += until - at
            at = until

    def _finish(self, number: int, now: int) -> None:
        one = self.portals[number]
        self.running -= 1
        self.busy.difference_update(one.subject.hosts)
        one.empty = one.failures = 0
        self._plan(number, now)

    def _forecast(self) -> Forecast:
        wait = Wait(
            seconds=self.longest[0],
            portal=self.longest[1],
            at=_utc(self.longest[2]),
            waiting=self.crowd[0],
            waiting_at=_utc(self.crowd[1]),
            tight=_utc(self.tight[0]) if self.tight[1] else "",
            tight_passes=self.tight[1],
            tight_seconds=self.tight[2],
        )
        return Forecast(
            start=_utc(self.start),
            end=_utc(self.end),
            portals=len(self.portals),
            passes=int(sum(hour[0] + hour[1] for hour in self.hours.values())),
            requests=round(sum(hour[2] for hour in self.hours.values())),
            days=tuple(self._days()),
            wait=wait,
            most_running=self.most_running,
            stale=tuple(sorted(map(self._stale, self.portals), key=lambda one: (-one.old, -one.fresh, one.portal))),
        )

    def _days(self) -> Iterable[Day]:
        zone = ZoneInfo(self.zone)
        days: dict[str, list[int]] = {}
        for hour in sorted(self.hours):
            days.setdefault(datetime.fromtimestamp(hour * _HOUR, zone).date().isoformat(), []).append(hour)
        for date, hours in days.items():
            busiest = max(hours, key=lambda hour: self.hours[hour][2])
            sums = [sum(self.hours[hour][place] for hour in hours) for place in range(4)]
            yield Day(
                date=date,
                full=int(sums[0]),
                discover=int(sums[1]),
                requests=round(sums[2]),
                busiest_hour=datetime.fromtimestamp(busiest * _HOUR, zone).strftime("%H:%M"),
                busiest_requests=round(self.hours[busiest][2]),
                most_passes=int(max(self.hours[hour][0] + self.hours[hour][1] for hour in hours)),
                slots=round(sums[3] / (len(hours) * _HOUR), 2),
            )

    def _stale(self, one: _Portal) -> Stale:
        """The longest gaps that the plan left; what was still open at its end counts too. An old report is due after
        `recheck_old` at the latest, and read by the next full pass."""
        look = max(one.look, self.end - max(one.started or self.start, self.start))
        fresh = max(one.fresh, self.end - max(one.full or self.start, self.start))
        return Stale(
            portal=one.subject.facts.portal,
            new=look,
            fresh=fresh,
            old=self.schedule.recheck_old_seconds + fresh,
            # A quarter more: a look right beside a full pass is left out.
            missing=min(look, MISSING_EVERY * 5 // 4 + self.longest[0]),
        )


def _past(text: str | None, now: int) -> int | None:
    moment = int(to_utc(text).timestamp()) if text else None
    return moment if moment is not None and moment <= now else None


def _utc(moment: int) -> str:
    return format_utc(datetime.fromtimestamp(moment, UTC))
