"""The coverage map: who published which year, in time, late, changed since, taken down, missing. `/coverage`."""

from datetime import date

import msgspec
from datasette.utils.asgi import BadRequest, Request, Response

from monitor.legal import local_date
from monitor.store import Store
from monitor.times import to_utc
from monitor.web import coverage_data as data
from monitor.web.coverage_cells import STATES, Tally, together, years_shown
from monitor.web.front_data import in_season, year_due
from monitor.web.kept import kept
from monitor.web.site import Route, Site

FEW_PORTALS, FEW_ORGANS = 40, 160
"""Up to which a map shows each organ."""
PORTALS = 60
"""Of a page of portals, in figures."""
YEARS = 8
ORGANS_DUE = 100


class Map(msgspec.Struct, frozen=True):
    """A map as it is laid out: each organ of some portals, or figures of regions or portals."""

    years: tuple[int, ...]
    portals: tuple[data.PortalMap, ...] = ()
    lines: tuple[data.Line, ...] = ()
    at: str = ""
    """When it was made, where it was kept since; UTC."""
    after: str = ""
    """What the next page begins after."""

    @property
    def rows(self) -> int:
        """Of organs."""
        return sum(len(portal.lines) for portal in self.portals)

    @property
    def total(self) -> dict[int, Tally]:
        """By year, of all lines."""
        return together(tally for line in self.lines for tally in line.years.values())


async def country(site: Site) -> Map:
    """The whole record's. Raises NoRecord."""
    return await _of_region(site, "", "")


async def _of_region(site: Site, region: str, after: str) -> Map:
    now, today = site.now, local_date(to_utc(site.now))

    def size(store: Store) -> tuple[int, int, int]:
        portals, digits = data.parts_of(store, region)
        return portals, digits, data.organs_in(store, region) if portals <= FEW_PORTALS else 0

    def each_organ(store: Store) -> Map:
        rows = data.portals_in(store, region, most=FEW_PORTALS)
        rows.sort(key=lambda row: (row["region"], row["name"]))
        maps = tuple(data.portal_map(store, row["name"], row["title"], now) for row in rows)
        return Map(years_shown((year for one in maps for year in one.years), today, YEARS + 2), portals=maps)

    def each_portal(store: Store) -> Map:
        rows = data.portals_in(store, region, after, PORTALS + 1)
        lines = tuple(data.portal_lines(store, rows[:PORTALS], today))
        return Map(_years(lines, today.year), lines=lines, after=rows[PORTALS - 1]["name"] if rows[PORTALS:] else "")

    portals, digits, organs = await site.read(size)
    if portals <= FEW_PORTALS and organs <= FEW_ORGANS:
        return await site.read(each_organ)
    if portals <= PORTALS or not digits:
        return await site.read(each_portal)
    found = await kept(
        site, f"map {region}", today, lambda store: tuple(data.region_lines(store, region, digits, today))
    )
    return Map(_years(found.value, today.year), lines=found.value, at=found.at)


def _years(lines: tuple[data.Line, ...], this: int) -> tuple[int, ...]:
    return years_shown((year for line in lines for year in line.years), date(this, 1, 1), YEARS)


async def coverage(site: Site, request: Request) -> Response:
    """`?region=33`: below a region; `?after=NAME`: further portals."""
    region, after = _region(request), request.args.get("after") or ""
    found = await _of_region(site, region, after)
    steps = [region[:digits] for digits in (2, 4, 6) if digits <= len(region)]
    names = await site.read(lambda store: data.region_names(store, steps))
    values = {
        "map": found,
        "region": region,
        "name": names.get(region, "全部地区"),
        "steps": [(step, names[step]) for step in steps],
        "states": STATES,
        "older": site.path("/coverage", region=region, after=found.after) if found.after else "",
        "newer": site.path("/coverage", region=region) if after else "",
    }
    return await site.page(request, "coverage.html", values)


def _region(request: Request) -> str:
    region = request.args.get("region") or ""
    if region and not (region.isascii() and region.isdigit() and len(region) in (2, 4, 6)):
        raise BadRequest("地区应为行政区划代码的前两位、四位或六位")
    return str(region)


async def due(site: Site, request: Request) -> Response:
    """`?kind=department|government`: whose report of the last year that is due was not seen; `?after=ID`."""
    kind = request.args.get("kind") or "department"
    if kind not in ("department", "government"):
        raise BadRequest("类别应为 department 或 government")
    given = request.args.get("after") or "0"
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise BadRequest("分页地址有误")
    today = local_date(to_utc(site.now))
    year = year_due(today, in_season(site.settings.schedule, site.zone, site.now))

    rows = await site.read(lambda store: data.owing(store, year, kind, int(given), ORGANS_DUE + 1))
    total = await kept(site, "owing", (today, year), lambda store: data.owing_count(store, year))
    more, rows = rows[ORGANS_DUE:], rows[:ORGANS_DUE]
    due_on = data.legal_date(kind, year)
    values = {
        "rows": rows,
        "total": total.value[kind],
        "kind": kind,
        "year": year,
        "due_on": due_on,
        "days": (due_on - today).days,
        "older": site.path("/coverage/due", kind=kind, after=rows[-1].organ_id) if more else "",
        "newer": site.path("/coverage/due", kind=kind) if given != "0" else "",
    }
    return await site.page(request, "due.html", values)


ROUTES: list[Route] = [("/coverage", coverage), ("/coverage/due", due)]
