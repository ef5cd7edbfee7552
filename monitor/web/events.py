"""What happened, filtered, page by page: `/events`, and the same for programs at `/events.json`."""

import json
from itertools import groupby
from typing import Any

import msgspec
from datasette.utils.asgi import Request, Response

from monitor.event_detail import KINDS
from monitor.store import Row
from monitor.times import shown
from monitor.web.events_data import BadFilter, Filter, Found, filter_of, found
from monitor.web.site import Route, Site

_FIELDS = (
    "id", "kind", "portal", "portal_title", "report", "organ", "year", "title", "url", "detected_at", "from_version",
    "to_version", "baseline", "summary", "detail", "retracted_at",
)  # fmt: skip
_MOST = 1000
"""Events of one answer in JSON."""


def _arguments(request: Request) -> dict[str, str]:
    return {key: request.args[key] for key in request.args}


def _query(wanted: Filter) -> dict[str, object]:
    """The address's own arguments."""
    return {
        key: (1 if value is True else value)
        for key, value in msgspec.structs.asdict(wanted).items()
        if value not in ("", None, False)
    }


async def events(site: Site, request: Request) -> Response:
    given = _arguments(request)
    problem = ""
    wanted, page = Filter(), Found((), "", "")
    try:
        wanted = filter_of(given)
        before, after = given.get("before", ""), given.get("after", "")
        page = await site.read(lambda store: found(store, wanted, site.zone, before=before, after=after))
    except BadFilter as error:
        problem = str(error)
    query = _query(wanted)
    values: dict[str, Any] = {
        "days": [
            (day, list(rows)) for day, rows in groupby(page.rows, lambda row: shown(row["detected_at"], site.zone)[:10])
        ],
        "wanted": wanted,
        "given": given,
        "kinds": KINDS,
        "problem": problem,
        "newer": site.path("/events", **query, after=page.newer) if page.newer else "",
        "older": site.path("/events", **query, before=page.older) if page.older else "",
        "json_at": site.path("/events.json", **query),
    }
    return await site.page(request, "events.html", values, status=400 if problem else 200)


async def events_json(site: Site, request: Request) -> Response:
    given = _arguments(request)
    size = given.get("size", "100")
    try:
        if not (size.isascii() and size.isdigit() and 1 <= int(size) <= _MOST):
            raise BadFilter(f"size 应为 1 到 {_MOST} 的整数")
        wanted = filter_of(given)
        page = await site.read(
            lambda store: found(
                store, wanted, site.zone, before=given.get("before", ""), after=given.get("after", ""), most=int(size)
            )
        )
    except BadFilter as error:
        return Response.json({"ok": False, "error": str(error), "status": 400}, status=400)
    query = {**_query(wanted), "size": size if size != "100" else None}
    return Response.json(
        {
            "ok": True,
            "events": [_told(row) for row in page.rows],
            "next": site.path("/events.json", **query, before=page.older) if page.older else None,
        }
    )


def _told(row: Row) -> dict[str, Any]:
    told = {key: row[key] for key in _FIELDS}
    return {**told, "baseline": bool(row["baseline"]), "detail": json.loads(row["detail"])}


ROUTES: list[Route] = [("/events", events), ("/events.json", events_json)]
