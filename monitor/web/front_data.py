"""The front page's questions to the record: what happened, which portals are in trouble, who is due, what was read last."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from monitor.legal import local_date
from monitor.planning import rhythm_of
from monitor.settings import Schedule
from monitor.store import Row, Store
from monitor.times import format_utc, local, shift, to_utc
from monitor.web.coverage_data import Owing, legal_date, owing, owing_count
from monitor.web.portals_data import Trouble, troubles

RANK = (
    "taken_down", "changed", "overdue", "delisted", "restored", "moved", "appeared", "relisted",
    "portal_down", "portal_broken", "portal_recovered", "service",
)  # fmt: skip
"""Kinds of events, the most serious first. Not news: the baseline; findings are told with what they were found in."""
TILES = ("taken_down", "changed", "overdue", "appeared")
"""Kinds whose count is shown though it be 0."""
DAYS = 7
_FOLD = 4
"""Events of one kind that a pass found, from which they are one line."""
_MANY = 30
"""Such lines of one kind, from which they are one line together."""


class Count(msgspec.Struct, frozen=True):
    """Events of a kind that stand."""

    kind: str
    recent: int
    """Since yesterday's midnight."""
    week: int


class Happened(msgspec.Struct, frozen=True):
    """A line of the list: one event (a row of `events` with `portal_title`), or several of a kind."""

    kind: str
    count: int
    event: Row
    """The newest of them."""
    portals: int = 1


class Stretch(msgspec.Struct, frozen=True):
    """A stretch of time, most serious first."""

    lines: tuple[Happened, ...]
    left: tuple[tuple[str, int], ...]
    """Kinds of which there is more, and how many events."""


class News(msgspec.Struct, frozen=True):
    """What happened."""

    counts: tuple[Count, ...]
    recent: Stretch
    earlier: Stretch
    baselines: int
    """Portals that were new in the week."""
    findings: Count
    yesterday: str
    """Local dates from which is counted."""
    week: str


class Deadline(msgspec.Struct, frozen=True):
    """One legal date, and who has not published."""

    kind: str
    """`department` (offices too) or `government`."""
    due_on: date
    days: int
    """Left; 0: today; negative: passed."""
    missing: int
    """Organs whose report was not seen."""
    overdue: int
    """Of those, said to be overdue."""
    first: tuple[Owing, ...]


class Season(msgspec.Struct, frozen=True):
    year: int
    in_season: bool
    deadlines: tuple[Deadline, ...]


class Pulse(msgspec.Struct, frozen=True):
    """When everything was last read."""

    at: str
    """End of the last pass, UTC; empty: there was none."""
    portal: str
    portals: int
    read: int
    """Portals whose last pass ended within a day."""
    dead: int
    waiting: int
    """Deliveries that are to go out: pending, held, failed and to be tried again."""
    health: tuple[tuple[str, int], ...]
    """Portals by health."""

    @property
    def in_trouble(self) -> int:
        return sum(count for health, count in self.health if health in ("down", "broken", "blocked"))


class Front(msgspec.Struct, frozen=True):
    """All but the map."""

    news: News
    troubles: tuple[Trouble, ...]
    season: Season
    pulse: Pulse
    organs: int


def front(store: Store, schedule: Schedule, zone: str, now: str) -> Front:
    """`now`: the record's form; `zone`: the readers'."""
    return Front(
        news(store, zone, now),
        tuple(troubles(store, 8)),
        season(store, schedule, zone, now),
        pulse(store, now),
        _one(store, "SELECT count(*) FROM organs"),
    )


# What happened ------------------------------------------------------------------------------------------------------


def midnight(zone: str, now: str, days: int) -> str:
    """The local midnight so many days before today's, UTC."""
    day = local(now, zone).date() - timedelta(days=days)
    return format_utc(datetime.combine(day, time(), ZoneInfo(zone)))


def news(store: Store, zone: str, now: str) -> News:
    """Of the last DAYS days, today included."""
    yesterday, week = midnight(zone, now, 1), midnight(zone, now, DAYS - 1)
    groups = store.rows(
        """SELECT kind, portal, crawl, retracted_at IS NOT NULL AS retracted, detected_at >= :yesterday AS recent, count(*) AS n,
            max(id) AS newest, group_concat(id) AS ids
        FROM events WHERE detected_at >= :week AND baseline = 0 GROUP BY 1, 2, 3, 4, 5""",
        {"yesterday": yesterday, "week": week},
    )
    told = [group for group in groups if group["kind"] in RANK]
    days = [f"{local(at, zone):%Y-%m-%d}" for at in (yesterday, week)]
    return News(
        counts=_counts(groups),
        recent=_stretch(store, [group for group in told if group["recent"]], 8),
        earlier=_stretch(store, [group for group in told if not group["recent"]], 4),
        baselines=len({group["portal"] for group in groups if group["kind"] == "baseline"}),
        findings=_count(groups, "finding"),
        yesterday=days[0],
        week=days[1],
    )


def _count(groups: Iterable[Row], kind: str) -> Count:
    own = [group for group in groups if group["kind"] == kind and not group["retracted"]]
    return Count(kind, sum(group["n"] for group in own if group["recent"]), sum(group["n"] for group in own))


def _counts(groups: Sequence[Row]) -> tuple[Count, ...]:
    found = (_count(groups, kind) for kind in (*TILES, *(kind for kind in RANK if kind not in TILES)))
    return tuple(count for count in found if count.week or count.kind in TILES)


def _stretch(store: Store, groups: list[Row], most: int) -> Stretch:
    lines: list[Happened] = []
    left: list[tuple[str, int]] = []
    wanted: list[tuple[str, int, int, int]] = []
    for kind in RANK:
        own = sorted((one for one in groups if one["kind"] == kind), key=lambda one: -one["newest"])
        total = sum(one["n"] for one in own)
        if len(own) > _MANY:
            wanted.append((kind, total, own[0]["newest"], len({one["portal"] for one in own})))
            continue
        shown = [line for one in own for line in _lines(kind, one)]
        wanted += shown[:most]
        if len(shown) > most:
            left.append((kind, total - sum(count for _, count, _, _ in shown[:most])))
    rows = {row["id"]: row for row in _events(store, [event for _, _, event, _ in wanted])}
    lines = [Happened(kind, count, rows[event], portals) for kind, count, event, portals in wanted]
    return Stretch(tuple(lines), tuple(left))


def _lines(kind: str, group: Row) -> list[tuple[str, int, int, int]]:
    if group["n"] >= _FOLD and not group["retracted"]:
        return [(kind, group["n"], group["newest"], 1)]
    return [(kind, 1, event, 1) for event in sorted(map(int, group["ids"].split(",")), reverse=True)]


def _events(store: Store, ids: list[int]) -> list[Row]:
    marks = ", ".join("?" * len(ids))
    return store.rows(
        f"""SELECT e.id, e.kind, e.portal, e.report, e.organ, e.year, e.title, e.detected_at, e.summary, e.retracted_at,
        p.title AS portal_title FROM events e LEFT JOIN portals p ON p.name = e.portal WHERE e.id IN ({marks})""",  # noqa: S608
        ids,
    )


# Who is due ---------------------------------------------------------------------------------------------------------


def season(store: Store, schedule: Schedule, zone: str, now: str) -> Season:
    """The countdown, or who is still missing."""
    within, today = in_season(schedule, zone, now), local_date(to_utc(now))
    year = year_due(today, within)
    missing = owing_count(store, year)
    said = _overdue(store, year)
    deadlines = []
    for kind in ("department", "government"):
        due = legal_date(kind, year)
        first = tuple(owing(store, year, kind, most=6)) if missing[kind] else ()
        deadlines.append(Deadline(kind, due, (due - today).days, missing[kind], said[kind], first))
    return Season(year, within, tuple(deadlines))


def in_season(schedule: Schedule, zone: str, now: str) -> bool:
    """Whether it is the time of year when reports are due, by the settings."""
    return rhythm_of(schedule, zone).day(int(to_utc(now).timestamp())).in_season


def year_due(today: date, in_season: bool) -> int:
    """The report year that is due, or was last: the one before this, but for a season that begins in autumn."""
    return today.year if in_season and today.month >= 7 else today.year - 1


def _overdue(store: Store, year: int) -> dict[str, int]:
    counts = {"department": 0, "government": 0}
    for government, count in store.conn.execute(
        """SELECT json_extract(e.detail, '$.kind') = 'government', count(*)
        FROM portals p CROSS JOIN events e INDEXED BY events_by_portal
        ON e.portal = p.name AND e.kind = 'overdue' AND e.year = ? WHERE e.retracted_at IS NULL GROUP BY 1""",
        (year,),
    ):
        counts["government" if government else "department"] += count
    return counts


# Whether it works ---------------------------------------------------------------------------------------------------


def pulse(store: Store, now: str) -> Pulse:
    """Reading and sending."""
    last = store.row(
        """SELECT c.finished_at, p.title FROM crawls c JOIN portals p ON p.name = c.portal
        WHERE c.outcome IS NOT NULL ORDER BY c.id DESC LIMIT 1"""
    )
    states = dict(
        store.values(
            """SELECT state, count(*) FROM deliveries WHERE state IN ('pending', 'held', 'sending', 'failed', 'dead')
            GROUP BY state"""
        )
    )
    return Pulse(
        at=last["finished_at"] if last else "",
        portal=last["title"] if last else "",
        portals=_one(store, "SELECT count(*) FROM portals"),
        read=_one(
            store,
            "SELECT count(*) FROM portals p JOIN crawls c ON c.id = p.last_crawl WHERE c.finished_at >= ?",
            shift(now, -86400),
        ),
        dead=states.pop("dead", 0),
        waiting=sum(states.values()),
        health=tuple(store.values("SELECT health, count(*) FROM portals GROUP BY health ORDER BY health")),
    )


def _one(store: Store, sql: str, *values: object) -> int:
    return int(store.values(sql, values)[0][0])
