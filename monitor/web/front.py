"""The front page: what happened, which portals are in trouble, who is due, who published what. Read in ten seconds."""

import asyncio

from datasette.utils.asgi import Request, Response

from monitor.legal import local_date
from monitor.store import Store
from monitor.times import to_utc
from monitor.web import coverage, front_data
from monitor.web.coverage_cells import STATES
from monitor.web.kept import kept
from monitor.web.site import Route, Site

_SMALL = 200
"""Portals of a record that is asked anew each time."""


def _is_small(store: Store) -> bool:
    return len(store.values("SELECT 1 FROM portals LIMIT ?", (_SMALL + 1,))) <= _SMALL


async def _told(site: Site) -> tuple[front_data.Front, str]:
    """All but the map, and when it was asked, if it was kept since."""
    now, zone, schedule = site.now, site.zone, site.settings.schedule

    def work(store: Store) -> front_data.Front:
        return front_data.front(store, schedule, zone, now)

    if await site.read(_is_small):
        return await site.read(work), ""
    made = await kept(site, "front", local_date(to_utc(now)), work)
    return made.value, made.at


async def warm(site: Site) -> None:
    """Asks a large record before anybody waits for it: the first time takes a second. Raises what Site.read raises."""
    await asyncio.gather(_told(site), coverage.country(site))


async def front(site: Site, request: Request) -> Response:
    (found, at), map_ = await asyncio.gather(_told(site), coverage.country(site))
    values = {"front": found, "map": map_, "states": STATES, "at": at}
    return await site.page(request, "front.html", values)


ROUTES: list[Route] = [("/", front)]
