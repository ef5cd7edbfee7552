"""How large an installation must be: what a plan takes of the service's one core, of its disk, and of the machines of its workers.
Pure.

In: the portals of a simulation (`monitor.costs`, or `fleet`: invented ones of a given size), `[schedule]`, a `Crew`. Out: a
`Sizing`, with what it assumes in words. Costs are measured ones: each constant names its source.
"""

import math
from collections.abc import Callable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from monitor.planning import DAY, PortalFacts, rhythm_of
from monitor.settings import Schedule
from monitor.simulate import TIGHT_WAIT, Cost, Forecast, Subject, simulate
from monitor.times import to_utc

# The service's CPU, in seconds, for a pass over 100 reports that finds nothing new, in a record of 1.4 million reports:
# tests/bench/settling.py on the machine of docs/performance.md.
BRIEF = 0.0057
"""The record brought up to date, the run folder written, the pages found that are due."""
SETTLE = 0.0068
"""The run folder read, the one transaction."""
PLAN = 0.0025
"""When the portal is read next."""
PARCELS = 0.0016
"""What goes to a worker packed; what comes back unpacked, checked, synced."""
DISPATCH = 0.0035
"""A pass sent over the broker, looked after in the register, taken back: what tests/bench/workers.py finds beside the above."""
SERVICE = BRIEF + SETTLE + PLAN + PARCELS + DISPATCH
"""All of it."""
NEW_REPORT = 0.0085
"""The service's CPU for a report that is new or edited: a first pass in a record of a million (docs/performance.md, "Growth")."""
PASS = 0.024
"""A worker's CPU for a pass, beside its requests (tests/bench/workers.py, fifty slots),"""
REQUEST = 0.0009
"""and for each request: fetched and compared."""
REPORT_BYTES = 25_000
"""Of a new version in the record, with its figures (tests/bench/results/passes.json),"""
CAPTURE_BYTES = 5_700
"""and in the archive, attachments left out."""
CRAWL_BYTES = 120
"""Of a pass in the record: its row and what indexes say of it (tests/bench/settling.py)."""
RUN_BYTES = 107_000
"""Of the run folder of a pass over 100 reports (the same)."""

BUSY = 0.7
"""Share of a machine's cores that is planned with."""
TARGET = 0.2
"""Share of one core that the service may spend on passes."""
YEARS = 5
"""Years of reports that portals show: so many of them are new each year."""
LISTED = 50
"""Reports on one page of a list, in invented fleets."""
CHANGED = 0.02
"""Share of reports that are edited within a year, as a guess."""
PORTAL_REPORTS = 100
"""Of a portal whose passes cost what was measured. Larger ones cost more in proportion, smaller ones as much."""
_PUBLISHED = (date(2001, 1, 10), date(2001, 3, 31))
"""Between which reports are published, in invented fleets: evenly."""
_AGE_SHARE = 10
"""As monitor.agenda: a report is read again after its age divided by this."""
_OVERHEAD = 2.0
"""Seconds that a pass takes beside its requests."""
_SAMPLE = 12
"""Portals whose year is played."""
_ANY = 1_000_000
"""Passes at the same time that no fleet comes to."""
_HOUR = 3600


class Machines(msgspec.Struct, frozen=True):
    """What makes passes."""

    workers: int
    """0: as many as are needed."""
    slots: int
    """Passes that each makes at the same time."""
    cores: int
    """Of each."""


class Stock(msgspec.Struct, frozen=True):
    """What is held."""

    reports: int
    """Of all portals together."""
    run_folders: int
    """That stay, per portal."""


class Sizing(msgspec.Struct, frozen=True):
    """What a plan takes. Shares are of one core."""

    workers: int
    """That the forecast was made with,"""
    slots: int
    """and passes at the same time on each."""
    for_waiting: int
    """Workers that are needed so that nobody waits too long for a slot,"""
    for_cpu: int
    """and so that their cores are not too busy in the busiest hour."""
    cores: float
    """That passes keep busy in the busiest hour, all workers together."""
    service_a_day: float
    """Share that the service spends on passes over the busiest day,"""
    service_at_worst: float
    """and in the hour with the most passes."""
    within_target: bool
    """Both stay below `TARGET`."""
    first: int
    """Seconds until all portals were read for the first time: their pauses on so many slots, or the settling of all that is new."""
    passes_a_year: int
    record_a_year: int
    """Bytes that the record grows by in a year,"""
    record_by_passes: int
    """of which: rows of passes."""
    archive_a_year: int
    """The same of the archive."""
    run_folders: int
    """Bytes of run folders that stay."""
    assumed: tuple[str, ...]
    """In sentences."""

    @property
    def needed(self) -> int:
        """Workers."""
        return max(self.for_waiting, self.for_cpu)


def fleet(portals: int, reports: int, delay: float, schedule: Schedule, zone: str, start: str) -> list[Subject]:
    """Invented portals, all alike: each at a host of its own with one section and so many reports of the last years, all of them
    known, and each portal just read."""
    lists = 1 + -(-reports // LISTED)
    full, first = lists + due(reports, schedule, zone, start), lists + reports

    def cost(requests: float) -> Cost:
        return Cost(_OVERHEAD + requests * delay, requests)

    return [
        Subject(
            PortalFacts(name, health="ok", last_started=start, last_full=start, last_discover=start),
            (name,),
            cost(full),
            cost(lists),
            cost(first),
        )
        for name in (f"portal{number:05}" for number in range(portals))
    ]


def due(reports: int, schedule: Schedule, zone: str, start: str) -> float:
    """How many of so many reports a full pass reads on average: those whose age says so (monitor.agenda)."""
    local = to_utc(start).astimezone(ZoneInfo(zone))
    between = DAY / len(rhythm_of(schedule, zone).day(int(local.timestamp())).passes)
    found = 0.0
    for number in range(reports):
        interval = min(_age(number, reports, local.date()) * DAY / _AGE_SHARE, schedule.recheck_old_seconds)
        found += min(1.0, between / interval) if interval else 1.0
    return found


def _age(number: int, reports: int, today: date) -> int:
    """Days since one of the reports of the last years was published."""
    first, last = (one.replace(year=today.year) for one in _PUBLISHED)
    each = -(-reports // YEARS)
    day = first + (last - first) * (number // YEARS) // each
    if day > today:
        day = day.replace(year=day.year - 1)
    return (today - day).days + 365 * (number % YEARS)


def needed(play: Callable[[int], Forecast], slots: int) -> tuple[int, Forecast]:
    """The fewest workers of so many slots with which no pass waits too long, and their forecast. `play`: by the number of
    passes at the same time."""
    told = play(_ANY)
    most = max(1, math.ceil(told.most_running / slots))
    least = max(1, math.floor(max((day.slots for day in told.days), default=0.0) / slots))
    while least < most:
        middle = (least + most) // 2
        forecast = play(middle * slots)
        if forecast.wait.tight:
            least = middle + 1
        else:
            most, told = middle, forecast
    return most, told


def size_of(
    subjects: Sequence[Subject],
    schedule: Schedule,
    zone: str,
    start: str,
    days: float,
    machines: Machines,
    stock: Stock,
) -> tuple[Forecast, Sizing]:
    """Plays the plan on these machines and adds up what it takes. Raises ValueError for times or settings that are not valid."""

    def play(parallel: int) -> Forecast:
        return simulate(subjects, schedule, zone, start, days, parallel)

    for_waiting, forecast = needed(play, machines.slots)
    workers = machines.workers or for_waiting
    if workers != for_waiting:
        forecast = play(workers * machines.slots)
    passes = passes_a_year(subjects, schedule, zone, start)
    first = sum(subject.first.seconds for subject in subjects)
    return forecast, sizing_of(forecast, passes, first, machines, workers, for_waiting, stock)


def sizing_of(
    forecast: Forecast, passes: int, first: float, machines: Machines, workers: int, for_waiting: int, stock: Stock
) -> Sizing:
    """Adds up. `passes`: in a year. `first`: seconds of all portals' first passes together."""
    portals = max(forecast.portals, 1)
    larger = max(1.0, stock.reports / portals / PORTAL_REPORTS)
    each = SERVICE * larger
    days = forecast.days
    cores = max((day.most_passes * PASS + day.busiest_requests * REQUEST for day in days), default=0.0) / _HOUR
    news = stock.reports / YEARS + stock.reports * CHANGED
    busiest = max((day.full + day.discover for day in days), default=0)
    # Nearly all that is new in a year comes in the days between which reports are published.
    new_a_day = news / (_PUBLISHED[1] - _PUBLISHED[0]).days
    a_day = (busiest * each + new_a_day * NEW_REPORT) / DAY
    at_worst = max((day.most_passes for day in days), default=0) * each / _HOUR
    return Sizing(
        workers=workers,
        slots=machines.slots,
        for_waiting=for_waiting,
        for_cpu=max(1, math.ceil(cores / (machines.cores * BUSY))),
        cores=round(cores, 2),
        service_a_day=round(a_day, 6),
        service_at_worst=round(at_worst, 6),
        within_target=max(a_day, at_worst) < TARGET,
        first=round(max(first / (workers * machines.slots), stock.reports * NEW_REPORT)),
        passes_a_year=passes,
        record_a_year=round(passes * CRAWL_BYTES + news * REPORT_BYTES),
        record_by_passes=passes * CRAWL_BYTES,
        archive_a_year=round(news * CAPTURE_BYTES),
        run_folders=round(portals * stock.run_folders * RUN_BYTES * larger),
        assumed=_assumed(machines, each),
    )


def passes_a_year(subjects: Sequence[Subject], schedule: Schedule, zone: str, start: str) -> int:
    """Of all portals together, from the year of some of them."""
    sample = subjects[:: max(1, len(subjects) // _SAMPLE)]
    if not sample:
        return 0
    told = simulate(sample, schedule, zone, start, 365, _ANY)
    return round(told.passes / len(sample) * len(subjects))


def _assumed(machines: Machines, each: float) -> tuple[str, ...]:
    parts = " + ".join(f"{1000 * part:.1f}" for part in (BRIEF, SETTLE, PLAN, PARCELS, DISPATCH))
    return (
        f"the service takes {1000 * each:.1f} ms of CPU a pass that finds nothing new, as measured on portals of {PORTAL_REPORTS} "
        f"reports ({parts} ms: briefing, settling, planning, parcels, broker and register; in proportion for larger ones), and "
        f"{1000 * NEW_REPORT:.1f} ms a report that is new or edited",
        f"a worker takes {1000 * PASS:.0f} ms of CPU a pass and {1000 * REQUEST:.1f} ms a request, has {machines.cores} cores, and "
        f"keeps them busy to {BUSY:.0%} at most; browsers are not counted",
        f"passes wait {TIGHT_WAIT // 60} minutes for a slot at most; those of one host follow one another",
        f"in a year a {YEARS}th of the reports is new and {CHANGED:.0%} are edited, {REPORT_BYTES / 1000:.0f} KB of record and "
        f"{CAPTURE_BYTES / 1000:.1f} KB of archive each (attachments, and the search index, come on top); a pass leaves "
        f"{CRAWL_BYTES} bytes",
    )
