"""The legal dates of annual reports as a calendar (RFC 5545), each with how many reports were not seen yet."""

from collections.abc import Sequence
from datetime import date, timedelta

import icalendar
import msgspec
from datasette.utils.asgi import NotFound, Request, Response

from crawler.portal import OrganKind
from monitor.export.values import seen
from monitor.legal import due_on, local_date
from monitor.store import Store
from monitor.times import to_utc
from monitor.web.feeds import conditional, host, last_settled, place
from monitor.web.site import Route, Site

_SHOWN = 30
"""Organs that a date names."""
_KINDS: dict[str, tuple[str, ...]] = {"部门": ("department", "office"), "政府": ("government",)}
"""Whose dates there are: the kinds of organs of each."""


class Scope(msgspec.Struct, frozen=True):
    """Whose dates; what is empty does not narrow."""

    portal: str = ""
    region: str = ""

    @property
    def key(self) -> str:
        return self.portal or self.region or "all"


class Due(msgspec.Struct, frozen=True):
    """One legal date."""

    who: str
    """部门, 政府."""
    year: int
    """Of the reports."""
    day: date
    owing: int
    """Organs that owe the report."""
    missing: int
    """Of these, those of which it was not seen."""
    names: tuple[str, ...]
    """Some of them, where a portal or region is asked for."""


def _dates(today: date) -> list[tuple[str, int, date]]:
    """Legal dates of last year, this year and the next."""
    found: list[tuple[str, int, date]] = []
    for year in range(today.year - 2, today.year + 1):
        for who, kinds in _KINDS.items():
            kind: OrganKind = "government" if kinds == ("government",) else "department"
            day = due_on(kind, year)
            assert day is not None  # only townships have none
            found.append((who, year, day))
    return sorted(found, key=lambda one: one[2])


_OWING = """FROM {tables} WHERE {scope} AND coalesce(o.until, 9999) >= :year AND coalesce(o.since, 0) <= :year
    AND (o.declared = 1 OR EXISTS (SELECT 1 FROM reports r WHERE r.portal = o.portal AND r.organ_id = o.id
        AND r.year < :year AND r.withdrawn_at IS NULL))"""
_UNSEEN = """NOT EXISTS (SELECT 1 FROM reports r WHERE r.portal = o.portal AND r.organ_id = o.id AND r.year = :year
    AND r.withdrawn_at IS NULL)"""


def dues(store: Store, scope: Scope, today: date) -> list[Due]:
    """The legal dates around `today`, with what stands out by what the record has seen. Nothing is counted of reports of a
    year that is not over."""
    counted = {year: _counted(store, scope, year) for year in range(today.year - 2, today.year)}
    found = []
    for who, year, day in _dates(today):
        owing, missing, names = counted.get(year, {}).get(who, (0, 0, ()))
        found.append(Due(who, year, day, owing, missing, names))
    return found


def _counted(store: Store, scope: Scope, year: int) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    """Who owes a year's report and is not seen to have published it."""
    tables, narrowed = "organs o", "1"
    if scope.portal:
        narrowed = "o.portal = :portal"
    elif scope.region:
        tables = "portals p CROSS JOIN organs o ON o.portal = p.name"
        narrowed = "substr(p.region, 1, length(:region)) = :region"
    owing = _OWING.format(tables=tables, scope=narrowed)
    values = {"portal": scope.portal, "region": scope.region, "year": year}
    sql = f"SELECT o.kind, count(*) AS owing, total({_UNSEEN}) AS missing {owing} GROUP BY o.kind"
    by_kind = {row["kind"]: row for row in store.rows(sql, values)}
    found = {}
    for who, kinds in _KINDS.items():
        rows = [by_kind[kind] for kind in kinds if kind in by_kind]
        missing = int(sum(row["missing"] for row in rows))
        names: tuple[str, ...] = ()
        if missing and (scope.portal or scope.region):
            kind = " OR ".join(f"o.kind = '{kind}'" for kind in kinds)
            sql = f"SELECT o.name {owing} AND ({kind}) AND {_UNSEEN} ORDER BY o.id LIMIT {_SHOWN}"
            names = tuple(row["name"] for row in store.rows(sql, values))
        found[who] = sum(row["owing"] for row in rows), missing, names
    return found


def ics(found: Sequence[Due], scope: Scope, title: str, base: str, settled: str, today: date) -> bytes:
    """The calendar's bytes: the same for the same record and day."""
    made = icalendar.Calendar()
    made.add("prodid", "-//nianbao//staff pages//ZH")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", _line(title))
    made.add("x-wr-timezone", "Asia/Shanghai")
    for one in found:
        event = icalendar.Event()
        event.add(
            "uid", f"{one.day.isoformat()}-{'government' if one.who == '政府' else 'department'}-{scope.key}@nianbao"
        )
        event.add("dtstamp", to_utc(settled))
        event.add("dtstart", one.day)
        event.add("dtend", one.day + timedelta(days=1))
        event.add("summary", _summary(one, today))
        event.add("description", _about(one))
        event.add("url", f"{base}/")
        event.add("transp", "TRANSPARENT")
        event.add("categories", ["年报期限"])
        made.add_component(event)
    return bytes(made.to_ical())


def _summary(one: Due, today: date) -> str:
    said = f"年报公开期限：{one.who}（{one.year} 年度）"
    if not one.owing:
        return said
    if not one.missing:
        return f"{said} · 全部已公开"
    return f"{said} · {'逾期' if one.day < today else '还有'} {one.missing} 家未公开"


def _about(one: Due) -> str:
    law = "《政府信息公开条例》第四十九条：县级以上政府部门，每年 1 月 31 日前"
    if one.who == "政府":
        law = "《政府信息公开条例》第五十条：县级以上地方政府，每年 3 月 31 日前"
    told = [f"{law}公布上一年度报告。"]
    if one.owing:
        told.append(f"应公开 {one.owing} 家，已见到 {one.owing - one.missing} 家，未见到 {one.missing} 家。")
    if one.names:
        rest = f" 等 {one.missing} 家" if one.missing > len(one.names) else ""
        told.append("未见到：" + "、".join(_line(name) for name in one.names) + rest)
    return "\n".join(told)


def _line(text: str) -> str:
    return " ".join(seen(text).split())[:200]


async def calendar(site: Site, request: Request) -> Response:
    """`/calendar.ics`, with `portal` or `region`."""
    scope = Scope((request.args.get("portal") or "").strip(), (request.args.get("region") or "").strip()[:6])
    if scope.region and not (scope.region.isascii() and scope.region.isdigit()):
        raise NotFound("没有这个地区")
    today = local_date(to_utc(site.now))

    def read(store: Store) -> tuple[list[Due], str, str]:
        title = place(scope.region) if scope.region else "全部"
        if scope.portal:
            row = store.row("SELECT title FROM portals WHERE name = ?", (scope.portal,))
            if row is None:
                raise NotFound("没有这个门户")
            title = row["title"] or scope.portal
        return dues(store, scope, today), title, last_settled(store)

    found, title, settled = await site.read(read)
    body = ics(found, scope, f"年报公开期限 · {title}", host(site, request), settled, today)
    midnight = f"{today - timedelta(days=1)}T16:00:00Z"  # in China: what is late depends on the day
    headers = {"content-disposition": 'inline; filename="nianbao.ics"'}
    return conditional(request, body, max(settled, midnight), "text/calendar; charset=utf-8", headers)


ROUTES: list[Route] = [(r"/calendar\.ics", calendar)]
