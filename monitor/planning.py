"""When a portal is to be read next, in which mode, and why. Pure.

In: what the record knows of a portal's passes (`PortalFacts`), `[schedule]`, the time zone and the present. Out: one `Turn`.
The same facts give the same turn, whenever and wherever it is asked for: nothing is lost by a restart, and a machine that was
off owes each portal one pass, not one for each that it slept through. It guarantees, for any facts and any clock:

- a turn is never further away than a day, one `jitter` and the hour of a clock change, and what the portal asks for: its quiet
  hours (20 hours at most), a day that it asked to be left alone;
- two passes of a portal begin at least five minutes apart, and what keeps failing is tried ever less often, at least daily;
- a time that lies in the future was written by a wrong clock, and idles nothing;
- no turn lies in the portal's quiet hours, nor before the time until which it asked to be left alone.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

import msgspec

from crawler.hours import Hours, parse_hours
from crawler.observation import Mode
from monitor.settings import Schedule
from monitor.times import format_utc, to_utc

DAY = 86400
FLOOR = 300
"""Seconds between the starts of two passes of a portal, at least; the first pause before a pass is tried again."""
DOWN_FLOOR = 2 * 3600
"""The same where three passes in a row read nothing; it doubles with each further one."""
DOWN_AFTER = 3
MISSING_EVERY = DAY // 2
"""Seconds between two passes of a portal of which a report is missing, at most: three readings over 24 hours are had within two
days, whatever the season."""
LATE = 3600
"""A turn that was due so long ago was missed."""

WHYS: Mapping[str, str] = MappingProxyType(
    {
        "new": "首次读取",
        "season": "公布季，全面读取",
        "offseason": "平日，全面读取",
        "discover": "查看栏目有无新年报",
        "missing": "有年报待确认",
        "retry": "上次未能读完，重试",
        "down": "多次无法读取，放慢",
        "missed": "错过了预定时间，补读",
        "asked": "网站要求稍后再访问",
        "quiet": "安静时段之后",
    }
)
"""Codes of `Turn.why`, in the words of the listings."""


class PortalFacts(msgspec.Struct, frozen=True):
    """What the record knows of a portal's passes. Times are UTC, as the record writes them; None: never."""

    portal: str
    health: str = "new"
    empty_passes: int = 0
    """Passes in a row that read nothing at all."""
    failures: int = 0
    """Passes in a row, newest first, that were killed, failed, or ended before they had read everything."""
    last_started: str | None = None
    last_full: str | None = None
    """When the last full pass began that came to its end,"""
    last_discover: str | None = None
    """and the last one that read the sections alone."""
    missing: int = 0
    """Reports that are `missing` now."""
    not_before: str | None = None
    """Until when a host of the portal asked to be left alone; what lies more than a day ahead was written by a wrong clock."""


class Turn(msgspec.Struct, frozen=True):
    """The next pass over a portal. `at` (UTC) may have passed: it is due at once."""

    portal: str
    mode: Mode
    at: str
    why: str
    """A code of WHYS."""


def next_turn(facts: PortalFacts, schedule: Schedule, zone: str, now: str, quiet: str = "") -> Turn:
    """The next pass over a portal. `quiet`: its policy's. Raises ValueError for a time that is not in the record's form."""
    present = _seconds(now)
    rhythm, seed = rhythm_of(schedule, zone), seed_of(facts.portal)
    at, mode, why = rhythm.turn(
        seed,
        present,
        _past(facts.last_started, present),
        _past(facts.last_full, present),
        _past(facts.last_discover, present),
        facts.empty_passes,
        facts.failures,
        facts.missing > 0,
        known=facts.last_started is not None,
    )
    not_before = _seconds(facts.not_before) if facts.not_before else None
    at, moved = rhythm.polite(seed, at, present, not_before, hours_of(quiet))
    return Turn(facts.portal, mode, format_utc(datetime.fromtimestamp(at, UTC)), moved or why)


@lru_cache(maxsize=1024)
def hours_of(quiet: str) -> Hours | None:
    """A policy's quiet hours. Raises ValueError."""
    return parse_hours(quiet, "policy.quiet")


def seconds_to_quiet(quiet: str, zone: str, now: str) -> float:
    """How long until a portal's quiet hours begin; within them, a moment. 0: it has none. Raises ValueError."""
    hours = hours_of(quiet)
    if hours is None:
        return 0.0
    local = to_utc(now).astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute + local.second / 60
    return 0.001 if hours.hold(minute) else (hours.start - minute) % (DAY // 60) * 60


@lru_cache(maxsize=8)
def rhythm_of(schedule: Schedule, zone: str) -> "Rhythm":
    """The rhythm of these settings. Raises ValueError for settings that are not valid."""
    return Rhythm(schedule, zone)


@lru_cache(maxsize=65536)
def seed_of(portal: str) -> int:
    """What tells a portal's times from another's: 64 bits."""
    return int.from_bytes(hashlib.blake2b(portal.encode(), digest_size=8).digest())


class _Day(msgspec.Struct, frozen=True):
    number: int
    """Of days since 1970."""
    begin: int
    end: int
    in_season: bool
    passes: tuple[int, ...]
    """Times of its full passes, before jitter."""
    every: int
    """Seconds between looks at the sections; 0: there are none."""


class Rhythm:
    """`[schedule]` in one time zone. Times in here are seconds since 1970."""

    def __init__(self, schedule: Schedule, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        start, _, end = schedule.season.partition("..")
        self._season = (_month_day(start), _month_day(end))
        self._passes = {
            True: tuple(time.fromisoformat(text) for text in schedule.season_passes),
            False: tuple(time.fromisoformat(text) for text in schedule.offseason_passes),
        }
        self._every = {True: schedule.season_discover_seconds, False: schedule.offseason_discover_seconds}
        self._jitter = schedule.jitter_seconds
        self._days: dict[int, _Day] = {}
        self._today = self._day(0)
        self._found: dict[int, tuple[int, int]] = {}
        """By portal: the full pass that was asked for last, and after when: most turns are looks in between."""

    def turn(
        self,
        seed: int,
        now: int,
        started: int | None,
        full: int | None,
        discover: int | None,
        empty: int,
        failures: int,
        missing: bool,
        *,
        known: bool,
    ) -> tuple[int, Mode, str]:
        """When, in which mode and why. `started`, `full` and `discover` lie in the past; `known`: some pass was begun."""
        if started is None:
            return now, "full", "missed" if known else "new"
        killed_once = empty == 1 and failures > 0
        if empty and not killed_once:
            full = discover = started  # a pass that found nobody in was this portal's turn all the same
        pause, slowed = FLOOR, ""
        if empty >= DOWN_AFTER:
            pause, slowed = _growing(DOWN_FLOOR, empty - DOWN_AFTER), "down"
        elif failures and empty < 2:
            pause, slowed = _growing(FLOOR, failures - 1), "retry"
        first = started + pause
        at, mode, why = self._slot(seed, max(now, first), full, max(full or 0, discover or 0), missing)
        at = max(at, first)
        return at, mode, slowed or ("missed" if now - at > LATE else why)

    def polite(self, seed: int, at: int, now: int, not_before: int | None, quiet: Hours | None) -> tuple[int, str]:
        """When a turn is taken that would be due at a time, and why not then; "": it is."""
        begin, why = max(at, now), ""
        if not_before is not None and begin < not_before <= now + DAY:
            begin, why = not_before, "asked"
        if quiet is not None and (end := self._after(quiet, seed, begin)) > begin:
            begin, why = end, "quiet"
        return (begin, why) if why else (at, "")

    def _after(self, quiet: Hours, seed: int, moment: int) -> int:
        """A moment outside of quiet hours: itself, or their end and some of the jitter, lest all portals be read at once."""
        local = datetime.fromtimestamp(moment, self._zone)
        minute = local.hour * 60 + local.minute
        if not quiet.hold(minute):
            return moment
        day = local.date() + timedelta(days=quiet.start > quiet.end and minute >= quiet.start)
        at = time(quiet.end // 60, quiet.end % 60)
        end = self._moment(day, at)
        if end <= moment:  # the clock was set back, and their end comes twice
            end = self._moment(day, at.replace(fold=1))
        awake = DAY - quiet.length * 60
        return end + min(self._late(seed, end // DAY, len(self._passes[True]) + 24), awake // 2)

    def _slot(self, seed: int, first: int, full: int | None, looked: int, missing: bool) -> tuple[int, Mode, str]:
        """The first time that stands in the timetable after the last full pass and the last look at the sections. No pass
        begins before `first`: a look that is due by then together with a full pass is that full pass."""
        if full is None:
            return looked, "full", "missed"
        full_at = self._next_pass(seed, full)
        look_at, every = self._next_look(seed, looked, MISSING_EVERY if missing else 0)
        if not every or full_at <= first or full_at <= look_at + every // 4:
            return full_at, "full", "missing" if missing else "season" if self.day(full_at).in_season else "offseason"
        return (look_at, "full", "missing") if missing else (look_at, "discover", "discover")

    def _next_pass(self, seed: int, after: int) -> int:
        """The first full pass after a moment."""
        known = self._found.get(seed)
        if known is not None and known[0] == after:
            return known[1]
        # Jitter may carry a pass over midnight: the day before counts too, and may end after the next one's first.
        day = self.day(after - self._jitter)
        found = 0
        while not found or day.passes[0] < found:
            times = [at + self._late(seed, day.number, slot) for slot, at in enumerate(day.passes)]
            found = min([at for at in (*times, found) if at > after], default=0)
            day = self._day(day.number + 1)
        self._found[seed] = (after, found)
        return found

    def _next_look(self, seed: int, after: int, at_most: int) -> tuple[int, int]:
        """The first look at the sections that is no mere repetition of what was read a moment ago, and the seconds between
        two of them; 0: there is none."""
        today = self.day(after)
        every = _shorter(today.every, at_most)
        at = _grid(seed, after, every)
        then = self.day(at or today.end)
        if then.in_season != today.in_season and (other := _shorter(then.every, at_most)):
            # The season begins: its own times count from its first midnight on.
            begun = _grid(seed, max(after, then.begin), other)
            at, every = (min(at, begun) if at else begun), other
        return at, every

    def _late(self, seed: int, number: int, slot: int) -> int:
        """By how much a portal's pass starts later than the timetable says."""
        if not self._jitter:
            return 0
        mixed = (seed ^ (number * 0x9E3779B97F4A7C15 + slot * 0xBF58476D1CE4E5B9)) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return (mixed ^ (mixed >> 31)) % (self._jitter + 1)

    def day(self, moment: int) -> _Day:
        """The local day of a moment."""
        if self._today.begin <= moment < self._today.end:
            return self._today
        # A day is found by its number in UTC, and then by the clock: zones differ by less than a day.
        for number in (moment // DAY - 1, moment // DAY, moment // DAY + 1):
            if moment < (day := self._day(number)).end:
                self._today = day
                return day
        raise AssertionError("a zone is no more than a day off UTC")

    def _day(self, number: int) -> _Day:
        day = self._days.get(number)
        if day is None:
            local = date(1970, 1, 1) + timedelta(days=number)
            first, last = self._season
            today = (local.month, local.day)
            season = first <= today <= last if first <= last else today >= first or today <= last
            day = self._days[number] = _Day(
                number,
                self._moment(local, time()),
                self._moment(local + timedelta(days=1), time()),
                season,
                tuple(sorted(self._moment(local, one) for one in self._passes[season])),
                self._every[season],
            )
        return day

    def _moment(self, day: date, at: time) -> int:
        """A local time in UTC. One that a clock change skips is as much later; one that comes twice is its first."""
        return int(datetime.combine(day, at, tzinfo=self._zone).timestamp())


def _grid(seed: int, after: int, every: int) -> int:
    """The first of a portal's own evenly spread times that is at least a quarter of `every` after a moment; 0: none."""
    if not every:
        return 0
    offset = seed % every
    return offset + -((offset - after - every // 4) // every) * every


def _shorter(every: int, at_most: int) -> int:
    return min(every or at_most, at_most) if at_most else every


def _growing(pause: int, times: int) -> int:
    """A pause that doubles each time, up to a day."""
    return min(pause << min(times, 10), DAY)


def _month_day(text: str) -> tuple[int, int]:
    return int(text[:2]), int(text[3:])


def _seconds(text: str) -> int:
    return int(to_utc(text).timestamp())


def _past(text: str | None, now: int) -> int | None:
    """A time of the record; None if there is none, or it lies in the future."""
    moment = _seconds(text) if text else None
    return moment if moment is not None and moment <= now else None
