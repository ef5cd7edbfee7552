"""Atom feeds of events: all, of a portal, of a region, of a kind; the page that lists them. Titles and contents are those of
the alerts. A withdrawn event stays in with its id, now as what withdraws it, so that it reaches whoever read the first."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote, unquote

import msgspec
from datasette.utils.asgi import NotFound, Request, Response
from feedgen.feed import FeedGenerator

from monitor import outbox_store
from monitor.event_detail import KINDS
from monitor.event_view import EventView, Style
from monitor.export.values import seen
from monitor.message import PROVINCES, compose
from monitor.store import Row, Store
from monitor.times import to_utc
from monitor.web.site import Route, Site
from monitor.words import WORDS

MOST = 100
"""Entries of a feed."""
_EPOCH = "2020-01-01T00:00:00Z"
"""When a feed in which nothing happened was updated."""
_SHOWN_PORTALS = 40


class Scope(msgspec.Struct, frozen=True):
    """What a feed is of; at most one is set."""

    portal: str = ""
    region: str = ""
    kind: str = ""


class Entry(msgspec.Struct, frozen=True):
    """One event, as it is told."""

    key: str
    updated: str
    view: EventView


def latest(store: Store, scope: Scope, most: int = MOST) -> list[Entry]:
    """What happened last, or was withdrawn last, newest first; what the baseline's message sums up is left out."""
    columns = "id, key, detected_at, retracted_at"
    source, where, values = _from(scope)
    found: dict[int, Row] = {}
    for column, order in (("1", "id"), ("retracted_at IS NOT NULL", "retracted_at DESC, id")):
        sql = (
            f"SELECT {columns} FROM {source} WHERE baseline = 0 AND {where} AND {column} ORDER BY {order} DESC LIMIT ?"  # noqa: S608
        )
        found |= {row["id"]: row for row in store.rows(sql, [*values, most])}
    rows = sorted(found.values(), key=lambda row: (row["retracted_at"] or row["detected_at"], row["id"]), reverse=True)
    asked = [(row["id"], "retraction" if row["retracted_at"] else "event") for row in rows[:most]]
    return [
        Entry(row["key"], known(row["retracted_at"] or row["detected_at"]), view)
        for row, view in zip(rows, outbox_store.views(store, asked), strict=False)
    ]


def _from(scope: Scope) -> tuple[str, str, list[object]]:
    """The table (with the index by which few rows are looked at), a condition, its values."""
    if scope.portal:
        return "events INDEXED BY events_by_portal", "portal = ?", [scope.portal]
    if scope.region:
        named = "portal IN (SELECT name FROM portals WHERE substr(region, 1, length(?)) = ?)"
        return "events INDEXED BY events_by_portal", named, [scope.region, scope.region]
    if scope.kind:
        return "events", "kind = ?", [scope.kind]
    return "events", "1", []


def host(site: Site, request: Request) -> str:
    """Where these pages are, without a final slash: as the settings say, else as they are asked for."""
    return site.settings.service.web_url.rstrip("/") or f"{request.scheme}://{request.host}{site.path('/')}".rstrip("/")


def atom(entries: Sequence[Entry], title: str, address: str, base: str, style: Style, since: str) -> tuple[bytes, str]:
    """A feed, and when it was updated (UTC, the record's form). `address`: its path below `base`; `since`: when it was updated
    if nothing is in it. The same entries make the same bytes."""
    updated = max((entry.updated for entry in entries), default=since)
    feed = FeedGenerator()
    feed.id(_tag(f"feed:{address}"))
    feed.title(seen(title))
    feed.updated(to_utc(updated))
    feed.language("zh-CN")
    feed.author({"name": "年报监测"})
    feed.generator("nianbao")
    feed.link(href=f"{base}{quote(address, safe='/.')}", rel="self", type="application/atom+xml")
    feed.link(href=f"{base}/", rel="alternate", type="text/html")
    for entry in entries:
        message = compose([entry.view], style)
        one = feed.add_entry(order="append")
        one.id(_tag(f"event:{entry.key}"))
        one.title(_words(message.subject))
        one.updated(to_utc(entry.updated))
        one.published(to_utc(known(entry.view.detected_at)))
        one.category({"term": entry.view.kind, "label": WORDS["zh"].get(entry.view.kind, entry.view.kind)})
        one.link(href=f"{base}/event/{entry.view.id}", rel="alternate", type="text/html")
        one.content(_words(message.html), type="html")
    return feed.atom_str(pretty=True), updated


def _tag(name: str) -> str:
    return f"tag:nianbao,2026:{quote(name, safe=':/.')}"


def _words(text: str) -> str:
    """What XML can hold."""
    return "".join(char for char in seen(text) if not "\ud800" <= char <= "\udfff")


def conditional(request: Request, body: bytes, updated: str, media: str, headers: Mapping[str, str]) -> Response:
    """The body, or 304 to who has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    moment = to_utc(updated)
    told = {
        "etag": tag,
        "last-modified": format_datetime(moment.astimezone(UTC), usegmt=True),
        "cache-control": "private, no-cache",
        **headers,
    }
    if _has(request, tag, moment):
        return Response("", status=304, headers=told, content_type=media)
    return Response(body, headers=told, content_type=media)


def _has(request: Request, tag: str, moment: datetime) -> bool:
    named = request.headers.get("if-none-match")
    if named is not None:
        return named.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in named.split(","))
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except (TypeError, ValueError):
        return False
    return moment <= (since if since.tzinfo else since.replace(tzinfo=UTC))


def known(time: str) -> str:
    """A time of the record; what is none, as a damaged record may hold, stands for long ago."""
    try:
        to_utc(time)
    except ValueError:
        return _EPOCH
    return time


def place(region: str) -> str:
    """What a region's code, or the beginning of one, is called."""
    province = PROVINCES.get(region[:2])
    if province is None:
        return f"地区 {region}"
    return province if len(region) == 2 else f"{province} {region}"


def last_settled(store: Store) -> str:
    """When the last pass ended."""
    row = store.row("SELECT finished_at FROM crawls WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1")
    return known(row["finished_at"]) if row else _EPOCH


async def _feed(site: Site, request: Request, scope: Scope, name: str) -> Response:
    """Raises NotFound for a portal that is not there."""

    def read(store: Store) -> tuple[list[Entry], str]:
        title = name
        if scope.portal:
            row = store.row("SELECT title FROM portals WHERE name = ?", (scope.portal,))
            if row is None:
                raise NotFound("没有这个门户")
            title = row["title"] or scope.portal
        return latest(store, scope), title

    entries, title = await site.read(read)
    service, base = site.settings.service, host(site, request)
    style = Style(language=service.language, zone=service.timezone, web_url=base)
    address = unquote(request.path.removeprefix(site.path("/").rstrip("/")))
    body, updated = atom(entries, f"年报监测 · {title}", address, base, style, _EPOCH)
    return conditional(request, body, updated, "application/atom+xml; charset=utf-8", {})


async def everything(site: Site, request: Request) -> Response:
    return await _feed(site, request, Scope(), "全部")


async def of_portal(site: Site, request: Request) -> Response:
    return await _feed(site, request, Scope(portal=unquote(request.url_vars["name"])), "")


async def of_region(site: Site, request: Request) -> Response:
    region = request.url_vars["region"]
    return await _feed(site, request, Scope(region=region), place(region))


async def of_kind(site: Site, request: Request) -> Response:
    kind = request.url_vars["kind"]
    if kind not in KINDS:
        raise NotFound("没有这一类事件")
    return await _feed(site, request, Scope(kind=kind), WORDS["zh"].get(kind, kind))


async def index(site: Site, request: Request) -> Response:
    """All of them."""
    asked = (request.args.get("q") or "").strip()[:100]

    def read(store: Store) -> tuple[list[Row], list[tuple[str, str]]]:
        portals = store.rows(
            """SELECT name, title, region FROM portals WHERE instr(title, ?) > 0 OR name = ? OR substr(region, 1, length(?)) = ?
            ORDER BY region, name LIMIT ?""",
            (asked, asked, asked, asked, _SHOWN_PORTALS + 1),
        )
        regions = store.values("SELECT DISTINCT substr(region, 1, 2) FROM portals WHERE region <> '' ORDER BY 1")
        return portals, [(region, place(region)) for (region,) in regions if region.isascii() and region.isdigit()]

    portals, regions = await site.read(read)
    token = site.access.feed_token(site.actor(request)) if hasattr(site.access, "feed_token") else ""
    base = host(site, request)

    def address(path: str, **query: str) -> str:
        given = "&".join(f"{key}={quote(value)}" for key, value in {**query, "token": token}.items() if value)
        return base + quote(path, safe="/.") + (f"?{given}" if given else "")

    values = {
        "asked": asked, "portals": portals[:_SHOWN_PORTALS], "more": len(portals) > _SHOWN_PORTALS, "regions": regions,
        "kinds": [kind for kind in KINDS if kind != "service"], "address": address, "token": token, "most": MOST,
    }  # fmt: skip
    return await site.page(request, "feeds.html", values)


ROUTES: list[Route] = [
    ("/feeds", index),
    (r"/feeds/all\.atom", everything),
    (r"/feeds/portal/(?P<name>[^/]+)\.atom", of_portal),
    (r"/feeds/region/(?P<region>[0-9]{1,6})\.atom", of_region),
    (r"/feeds/kind/(?P<kind>[a-z_]+)\.atom", of_kind),
]
