"""The portals: `/portals`, and one of them: `/portal/NAME`."""

import msgspec
from datasette.utils.asgi import BadRequest, NotFound, Request, Response

from monitor.legal import local_date
from monitor.times import to_utc
from monitor.web import crews
from monitor.web import portals_data as data
from monitor.web.coverage import Map
from monitor.web.coverage_cells import STATES, years_shown
from monitor.web.site import Route, Site

ORGANS = 120
"""Of a page of a portal's map."""


async def portals(site: Site, request: Request) -> Response:
    """`?health=`, `?region=`, `?q=`: which ones; `?after=`: the next page."""
    given = {key: (request.args.get(key) or "").strip()[:100] for key in ("health", "region", "q", "after")}
    if given["health"] not in ("", "trouble", *data.HEALTHS):
        raise BadRequest("没有这种状态")
    if given["region"] and not (given["region"].isascii() and given["region"].isdigit()):
        raise BadRequest("地区应为行政区划代码，如 33 或 3310")
    found = await site.read(
        lambda store: data.listed(store, given["health"], given["region"], given["q"], given["after"])
    )
    query = {key: given[key] for key in ("health", "region", "q")}
    values = {
        "found": found,
        "given": given,
        "healths": data.HEALTHS,
        "older": site.path("/portals", **query, after=found.after) if found.after else "",
        "newer": site.path("/portals", **query) if given["after"] else "",
        "known": await crews.known(site),
    }
    return await site.page(request, "portals.html", values)


async def portal(site: Site, request: Request) -> Response:
    """`?organs=2`: the second page of its organs."""
    name, given = request.url_vars["name"], request.args.get("organs") or "1"
    if not (given.isascii() and given.isdigit() and 0 < len(given) < 6):
        raise BadRequest("分页地址有误")
    now, page = site.now, max(int(given), 1)
    found = await site.read(lambda store: data.portal_page(store, name, now))
    if found is None:
        raise NotFound(f"没有代号为“{name}”的门户")
    years = years_shown(found.map.years, local_date(to_utc(now)), None)
    every = len(found.map.lines)
    start = (page - 1) * ORGANS
    lines = found.map.lines[start : start + ORGANS]
    known = await crews.known(site)
    values = {
        "found": found,
        "known": known,
        "reading": known.reading(name) if known else None,
        "map": Map(years, portals=(msgspec.structs.replace(found.map, lines=lines),)),
        "states": STATES,
        "newer": site.path(f"/portal/{name}", organs=page - 1) + "#map" if page > 1 else "",
        "older": site.path(f"/portal/{name}", organs=page + 1) + "#map" if start + ORGANS < every else "",
        "of_organs": f"机关 {start + 1}–{start + len(lines)} / {every}",
    }
    return await site.page(request, "portal.html", values)


ROUTES: list[Route] = [("/portals", portals), ("/portal/(?P<name>[a-z0-9_]+)", portal)]
