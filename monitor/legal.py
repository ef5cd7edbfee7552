"""When the law wants a report published, and who has not. Pure.

条例 of 2019 (国务院令第711号), articles 49 and 50: departments of governments at county level and above by 31 January,
local governments at county level and above by 31 March. Up to report year 2018 (令第492号): 31 March for all. Towns and
sub-districts are not named by the law.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone

import msgspec

from crawler.portal import OrganKind
from monitor.identity import OrganRow
from monitor.times import to_utc

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one time zone and, since 1991, no summer time: a fixed offset needs no time zone data."""

_FIRST_YEAR_OF_2019_LAW = 2019


class Overdue(msgspec.Struct, frozen=True):
    organ: int
    year: int
    due_on: date


def due_on(kind: OrganKind, year: int) -> date | None:
    """Last day to publish the report of `year`; None for an organ that the law does not name."""
    if kind == "township":
        return None
    if year < _FIRST_YEAR_OF_2019_LAW or kind == "government":
        return date(year + 1, 3, 31)
    return date(year + 1, 1, 31)


def days_late(kind: OrganKind, year: int, published: date) -> int:
    """Days after the legal date; 0 if it was in time or no date applies."""
    due = due_on(kind, year)
    return max(0, (published - due).days) if due else 0


def late_by(kind: OrganKind, year: int, published_on: str, seen_at: str = "") -> int:
    """Days after the legal date, by the date that the portal prints (YYYY-MM-DD), else by when it was first seen (UTC, the
    record's form); 0 if neither is known."""
    if published_on:
        return days_late(kind, year, date.fromisoformat(published_on))
    return days_late(kind, year, local_date(to_utc(seen_at))) if seen_at else 0


def local_date(moment: datetime) -> date:
    """The calendar day in China at that moment (an aware datetime)."""
    return moment.astimezone(CHINA).date()


def last_due_year(kind: OrganKind, today: date) -> int | None:
    """The last report year whose legal date lies before `today` (China's date); None if none applies."""
    for year in (today.year - 1, today.year - 2):
        due = due_on(kind, year)
        if due is None:
            return None
        if due < today:
            return year
    return None


def overdue(organs: Iterable[OrganRow], years_seen: Mapping[int, frozenset[int]], now: datetime) -> list[Overdue]:
    """Who has not published what was due by `now`.

    `years_seen`: by organ id, the years of which a report was ever seen. Owed are: of an organ that the portal file
    names, the years from its `since`, else the last due year only; of an organ seen, the years after the first one
    seen; of either, none after its `until`.
    """
    today = local_date(now)
    missing = []
    for organ in organs:
        last = last_due_year(organ.kind, today)
        if last is None:
            continue
        seen = years_seen.get(organ.id, frozenset())
        owed: set[int] = set()
        if organ.declared:
            owed |= set(range(organ.since or last, last + 1))
        if seen:
            owed |= set(range(max(min(seen) + 1, organ.since or 0), last + 1))
        for year in sorted(owed - seen):
            if organ.until is None or year <= organ.until:
                due = due_on(organ.kind, year)
                assert due is not None  # its kind has a last due year
                missing.append(Overdue(organ.id, year, due))
    return missing
