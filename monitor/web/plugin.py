"""What Datasette sees of the staff pages: routes, templates' words, what may be read, what an error says."""

from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from jinja2 import Environment

from monitor.web import (
    calendar,
    coverage,
    diff,
    errors,
    event,
    events,
    feeds,
    figures,
    front,
    notes,
    portals,
    queries,
    report,
    search,
    words,
    workers,
)
from monitor.web import help as help_page
from monitor.web.record import NAME
from monitor.web.site import Handler, Route, Site

_sites: "WeakKeyDictionary[Datasette, Site]" = WeakKeyDictionary()
_AREAS = (
    front,
    report,
    coverage,
    events,
    portals,
    diff,
    help_page,
    search,
    figures,
    queries,
    feeds,
    calendar,
    event,
    notes,
    workers,
)
"""Modules with ROUTES."""


def serve(site: Site) -> None:
    """From now on, Datasette's hooks answer for this site."""
    _sites[site.datasette] = site


def _view(handler: Handler) -> Callable[..., Awaitable[Response]]:
    async def view(request: Request, datasette: Datasette) -> Response:
        return await handler(_sites[datasette], request)

    return view


@hookimpl
def register_routes(datasette: Datasette) -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
    if datasette not in _sites:
        return []
    routes: list[Route] = [*_sites[datasette].access.routes, *(route for area in _AREAS for route in area.ROUTES)]
    return [(f"^{pattern}$", _view(handler)) for pattern, handler in routes]


@hookimpl
def asgi_wrapper(datasette: Datasette) -> Callable[[Any], Any]:
    site = _sites.get(datasette)
    return site.access.guard if site is not None else lambda app: app


@hookimpl
def prepare_jinja2_environment(env: Environment, datasette: Datasette) -> None:
    site = _sites.get(datasette)
    if site is not None:
        words.teach(env, site)
        queries.teach(env, site)


@hookimpl
def extra_template_vars(request: Request | None, datasette: Datasette) -> dict[str, Any]:
    site = _sites.get(datasette)
    if site is None:
        return {}
    actor = site.actor(request) if request is not None else None
    return {
        "visitor": actor,
        "signs_in": site.access.required,
        "now": site.now,
        "zone_name": words.zone_name(site.zone),
    }


@hookimpl(tryfirst=True)
def permission_allowed(datasette: Datasette, action: str, resource: Any) -> bool | None:
    """Who gets past `access` may read the record, and ask in SQL; nobody sees Datasette's own workings."""
    if datasette not in _sites:
        return None
    database = resource[0] if isinstance(resource, tuple) else resource
    if action in ("view-instance", "view-database", "view-table", "view-query", "execute-sql"):
        return database in (None, NAME)
    return False


@hookimpl
def canned_queries(datasette: Datasette, database: str) -> dict[str, dict[str, Any]]:
    site = _sites.get(datasette)
    return queries.canned(site) if site is not None and database == NAME else {}


@hookimpl
def render_cell(row: Any, value: Any, column: str, table: str | None, datasette: Datasette) -> Any:
    site = _sites.get(datasette)
    return None if site is None else queries.cell(site, row, value, column, table)


@hookimpl(tryfirst=True)
def handle_exception(datasette: Datasette, request: Request, exception: Exception) -> Any:
    site = _sites.get(datasette)
    return None if site is None else _told(site, request, exception)


async def _told(site: Site, request: Request, exception: Exception) -> Response:
    return await queries.failed(site, request, exception) or await errors.answer(site, request, exception)


@hookimpl(tryfirst=True)
def forbidden(datasette: Datasette, request: Request, message: str) -> Any:
    site = _sites.get(datasette)
    return None if site is None else errors.refusal(site, request)
