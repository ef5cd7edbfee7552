"""The front page: what happened, who is late, which portals are in trouble."""

from datasette.utils.asgi import Request, Response

from monitor.store import Row, Store
from monitor.web.site import Route, Site


def _latest(store: Store) -> list[Row]:
    return store.rows("SELECT * FROM events WHERE baseline = 0 ORDER BY id DESC LIMIT 30")


async def front(site: Site, request: Request) -> Response:
    return await site.page(request, "front.html", {"events": await site.read(_latest)})


ROUTES: list[Route] = [("/", front)]
