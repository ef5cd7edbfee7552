"""Events as staff look for them: filtered, newest first, page by page."""

import json
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from monitor.event_detail import KINDS
from monitor.store import Row, Store
from monitor.times import format_utc, to_utc

PAGE = 50
_FEW = 200
"""Portals, up to which their own events are looked at, and not all in the order of time."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; empty: no matter."""

    kind: str = ""
    """A kind, or several with commas."""
    portal: str = ""
    region: str = ""
    """Digits that the portal's GB/T 2260 code begins with."""
    organ: str = ""
    """A part of its name."""
    year: int | None = None
    since: str = ""
    until: str = ""
    """Local dates, both included."""
    baseline: bool = False
    """Those of the baseline too."""
    standing: bool = False
    """Not those that were retracted."""

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kind for kind in self.kind.split(",") if kind))


class Found(msgspec.Struct, frozen=True):
    """A page of events, newest first. Rows of `events` with `portal_title`."""

    rows: tuple[Row, ...]
    newer: str
    """What to give as `after` for the page before; empty: there is none."""
    older: str
    """What to give as `before` for the next one."""


class BadFilter(ValueError):
    """A value that means nothing; the message says so in Chinese."""


def filter_of(arguments: dict[str, str]) -> Filter:
    """What an address asks for. Raises BadFilter."""

    def given(name: str) -> str:
        return arguments.get(name, "").strip()[:100]

    known = Filter(
        kind=given("kind"),
        portal=given("portal"),
        region=given("region"),
        organ=given("organ"),
        year=_year(given("year")),
        since=_day(given("since")),
        until=_day(given("until")),
        baseline=given("baseline") not in ("", "0"),
        standing=given("standing") not in ("", "0"),
    )
    if strange := [kind for kind in known.kinds if kind not in KINDS]:
        raise BadFilter(f"没有“{strange[0]}”这一类型")
    if known.region and not (known.region.isascii() and known.region.isdigit()):
        raise BadFilter("地区应为行政区划代码，如 33 或 3310")
    return known


def _year(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise BadFilter("年度应为四位数字，如 2025")
    return int(text)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise BadFilter("日期应写作 2026-01-31") from None


def found(store: Store, wanted: Filter, zone: str, *, before: str = "", after: str = "", most: int = PAGE) -> Found:
    """A page. `before`, `after`: as a page gave them (a time and an id). Raises BadFilter."""
    where, values = _limits(store, wanted, zone)
    order, back = "DESC", False
    if token := before or after:
        at, number = _place(token)
        back = not before
        where.append(f"(e.detected_at, e.id) {'>' if back else '<'} (:at, :number)")
        values |= {"at": at, "number": number}
        order = "ASC" if back else "DESC"
    rows = store.rows(
        f"""SELECT e.*, p.title AS portal_title FROM events e LEFT JOIN portals p ON p.name = e.portal
        WHERE {" AND ".join(where) or "1"} ORDER BY e.detected_at {order}, e.id {order} LIMIT :most""",  # noqa: S608
        {**values, "most": most + 1},
    )
    more, rows = len(rows) > most, rows[:most]
    if back:
        rows.reverse()
    newer = more if back else bool(before)
    older = True if back else more
    return Found(tuple(rows), _token(rows[0]) if rows and newer else "", _token(rows[-1]) if rows and older else "")


def _token(row: Row) -> str:
    return f"{row['detected_at']}.{row['id']}"


def _place(token: str) -> tuple[str, int]:
    at, _, number = token.partition(".")
    try:
        to_utc(at)
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            raise ValueError(number)
    except ValueError:
        raise BadFilter("分页地址有误") from None
    return at, int(number)


def _limits(store: Store, wanted: Filter, zone: str) -> tuple[list[str], dict[str, object]]:
    where: list[str] = []
    values: dict[str, object] = {}
    if wanted.kinds:
        values |= {f"kind{place}": kind for place, kind in enumerate(wanted.kinds)}
        where.append(f"e.kind IN ({', '.join(f':kind{place}' for place in range(len(wanted.kinds)))})")
    if not wanted.baseline:
        where.append("e.baseline = 0")
    if wanted.standing:
        where.append("e.retracted_at IS NULL")
    if wanted.year is not None:
        where.append("e.year = :year")
        values["year"] = wanted.year
    if wanted.organ:
        where.append("instr(e.organ, :organ)")
        values["organ"] = wanted.organ
    if wanted.since:
        where.append("e.detected_at >= :since")
        values["since"] = _midnight(wanted.since, zone)
    if wanted.until:
        where.append("e.detected_at < :until")
        values["until"] = _midnight(wanted.until, zone, days=1)
    names = _portals(store, wanted)
    if names is not None:
        values["portals"] = json.dumps(names)
        among = "(SELECT value FROM json_each(:portals))"
        # `+`: in the order of time, until a page is full; of few portals, their own events are looked at.
        where.append(f"{'' if len(names) <= _FEW else '+'}e.portal IN {among}")
    return where, values


def _portals(store: Store, wanted: Filter) -> list[str] | None:
    """The portals that alone may have such events; None: any."""
    where, values = [], dict[str, object]()
    if wanted.portal:
        where.append("p.name = :portal")
        values["portal"] = wanted.portal
    if wanted.region:
        where.append("p.region >= :from AND p.region < :to")
        values |= {"from": wanted.region, "to": wanted.region + ":"}
    if wanted.organ and not wanted.portal:
        where.append(
            """(instr(p.organ, :organ) OR instr(p.title, :organ)
            OR p.name IN (SELECT portal FROM organs WHERE instr(name, :organ) OR instr(aliases, :organ)))"""
        )
        values["organ"] = wanted.organ
    if not where:
        return None
    return [name for (name,) in store.conn.execute(f"SELECT p.name FROM portals p WHERE {' AND '.join(where)}", values)]  # noqa: S608


def _midnight(day: str, zone: str, days: int = 0) -> str:
    """The beginning of a local day, or so many days later, UTC."""
    try:
        at = datetime.combine(date.fromisoformat(day) + timedelta(days=days), time(), ZoneInfo(zone))
        return format_utc(at)
    except OverflowError:
        raise BadFilter("日期超出范围") from None
