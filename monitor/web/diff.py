"""What changed between two versions of a report: in one column or two, each change with an address of its own."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Hashable

import msgspec
from datasette.utils.asgi import NotFound, Request, Response
from markupsafe import Markup

from monitor.changes import ChoiceError, chosen, document
from monitor.diff import Document, traced
from monitor.diff_data import as_data, findings_data
from monitor.findings import Compared, compared
from monitor.findings_store import stored_findings
from monitor.store import Row, Store
from monitor.web.diff_coarse import coarsely, is_heavy
from monitor.web.diff_view import View, view
from monitor.web.site import Route, Site, number

_VERSION = (
    "SELECT id, seq, captured_at, significance, text_hash, figures_by FROM versions WHERE report = ? ORDER BY seq"
)
_MOST_KEPT = 16_000_000
"""Characters of pages that are kept."""
_AT_ONCE = 2
"""Comparisons that are made at the same time."""


class Asked(msgspec.Struct, frozen=True):
    """What the record says of two versions."""

    report: Row
    organ: str
    versions: tuple[Row, ...]
    old: Row
    new: Row
    documents: tuple[Document, Document]
    effect: Compared
    event: int | None
    """That told of this change."""
    files: dict[str, tuple[int, bool]]
    """`old URL`, `new URL` of an attachment → its number, and whether it is a picture that browsers show."""


class Laid(msgspec.Struct, frozen=True):
    """A comparison, laid out."""

    view: View
    html: Markup
    """The report and its attachments."""
    strict: bool
    """Told is what only the strict comparison sees."""
    coarse: bool
    """Compared by paragraphs, for there is too much that differs."""


class Kept:
    """The comparisons last asked for. Versions never change, and what figures are read of them is part of the key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._found: OrderedDict[Hashable, Laid] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Laid | None:
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: Hashable, laid: Laid) -> None:
        with self._lock:
            if key in self._found or len(laid.html) > self._most:
                return
            self._found[key] = laid
            self._size += len(laid.html)
            while self._size > self._most:
                self._size -= len(self._found.popitem(last=False)[1].html)


_kept = Kept(_MOST_KEPT)
_turns = threading.BoundedSemaphore(_AT_ONCE)


def ask(store: Store, number: int, first: int, last: int) -> Asked:
    """Raises NotFound."""
    report = _report(store, number)
    versions = store.rows(_VERSION, (number,))
    sides = []
    for seq in (first, last):
        row = store.row("SELECT * FROM versions WHERE report = ? AND seq = ?", (number, seq))
        if row is None:
            raise NotFound(f"这份年报没有 v{seq}；共有 {len(versions)} 个版本")
        sides.append(row)
    old, new = sides
    event = store.row(
        "SELECT id FROM events WHERE report = ? AND kind = 'changed' AND from_version = ? AND to_version = ?",
        (number, old["id"], new["id"]),
    )
    files = {}
    for side, row in (("old", old), ("new", new)):
        for item in store.rows("SELECT id, url, media_type FROM attachments WHERE version = ?", (row["id"],)):
            image = item["media_type"] in ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
            files[f"{side} {item['url']}"] = item["id"], image
    return Asked(
        report,
        report["organ_name"],
        tuple(versions),
        old,
        new,
        (document(store, old), document(store, new)),
        compared(stored_findings(store, old["id"]), stored_findings(store, new["id"])),
        event["id"] if event is not None else None,
        files,
    )


def _report(store: Store, number: int) -> Row:
    row = store.row(
        """SELECT r.id, r.title, r.year, r.portal, r.status, r.current_version, o.name AS organ_name, p.title AS portal_title
        FROM reports r JOIN organs o ON o.id = r.organ_id JOIN portals p ON p.name = r.portal WHERE r.id = ?""",
        (number,),
    )
    if row is None:
        raise NotFound("没有这份年报")
    return row


async def last(site: Site, request: Request) -> Response:
    """To the last change of what a report says, or to the versions of `from` and `to`."""
    report = number(request, "report")

    def asked(store: Store) -> tuple[Row, list[Row]]:
        return _report(store, report), store.rows(_VERSION, (report,))

    row, versions = await site.read(asked)
    if len(versions) < 2:
        return await site.page(request, "diff_single.html", {"report": row, "versions": versions})
    wanted = [request.args.get(name) or "" for name in ("from", "to")]
    if all(one.isascii() and one.isdigit() and len(one) < 7 for one in wanted):
        first, second = map(int, wanted)
    else:
        try:
            old, new = chosen(versions, None, None)
        except ChoiceError as error:  # its numbers do not follow each other
            raise NotFound("没有可以对比的版本") from error
        first, second = old["seq"], new["seq"]
    options = {name: request.args.get(name) for name in ("view", "cosmetic")}
    return Response.redirect(site.path(f"/diff/{report}/{first}/{second}", **options))


def _is_phone(request: Request) -> bool:
    """Whether the browser says that it is a telephone's."""
    headers = request.headers
    return headers.get("sec-ch-ua-mobile") == "?1" or "Mobi" in headers.get("user-agent", "")


async def pair(site: Site, request: Request) -> Response:
    """Two versions."""
    report, first, second = (number(request, name) for name in ("report", "first", "last"))
    wanted = request.args.get("view")
    side = wanted == "side" or (wanted != "inline" and not _is_phone(request))
    cosmetic = request.args.get("cosmetic") == "1"
    asked = await site.read(lambda store: ask(store, report, first, second))
    if request.url_vars["json"]:
        return Response.json(await asyncio.to_thread(_data, asked, cosmetic))
    laid = await asyncio.to_thread(lay, site, asked, side, cosmetic)
    seqs = [row["seq"] for row in asked.versions]
    values = {
        "asked": asked,
        "report": asked.report,
        "old": asked.old,
        "new": asked.new,
        "laid": laid,
        "view": laid.view,
        "side": side,
        "chosen_view": wanted or "",
        "cosmetic": cosmetic,
        "same": asked.old["text_hash"] == asked.new["text_hash"],
        "caused": [one for one in asked.effect.caused if one.severity != "info"],
        "cured": [one for one in asked.effect.cured if one.severity != "info"],
        "before": (first - 1, first) if first - 1 in seqs else None,
        "after": (second, second + 1) if second + 1 in seqs else None,
        "address": f"/diff/{report}/{first}/{second}",
    }
    return await site.page(request, "diff.html", values, headers={"Vary": "User-Agent, Sec-CH-UA-Mobile"})


def lay(site: Site, asked: Asked, side: bool, cosmetic: bool) -> Laid:
    """The comparison, made now or kept. For a thread: it takes up to some seconds."""
    old, new = asked.documents
    key = (old, new, side, cosmetic, asked.old["seq"], asked.new["seq"], site.path("/"), tuple(asked.files.items()))
    found = _kept.get(key)
    if found is not None:
        return found
    with _turns:
        between = range(min(asked.old["seq"], asked.new["seq"]) + 1, max(asked.old["seq"], asked.new["seq"]) + 1)
        content = any(row["significance"] == "content" and row["seq"] in between for row in asked.versions)
        coarse = is_heavy(old, new)
        strict = False
        result = coarsely(old, new) if coarse else traced(old, new, cosmetic=cosmetic)
        if result.change.empty and content and not cosmetic:  # as the event has it
            strict = True
            result = traced(old, new, cosmetic=True)
        shown = view(old, new, result, side=side, cosmetic=cosmetic or strict or coarse)
        template = site.datasette.jinja_env.overlay(enable_async=False).get_template("diff_body.html")
        times = {"old": asked.old, "new": asked.new, "files": asked.files}
        html = Markup(template.render(view=shown, side=side, **times))  # noqa: S704  # the template escapes
    laid = Laid(shown, html, strict and not result.change.empty, coarse)
    _kept.put(key, laid)
    return laid


def _data(asked: Asked, cosmetic: bool) -> dict[str, object]:
    """As `nianbao diff --json` has it."""
    old, new = asked.documents
    change = (coarsely(old, new) if is_heavy(old, new) else traced(old, new, cosmetic=cosmetic)).change
    told = {"report": asked.report["id"], "from": asked.old["seq"], "to": asked.new["seq"], **as_data(change)}
    return {**told, "findings": findings_data(asked.effect)}


ROUTES: list[Route] = [
    (r"/diff/(?P<report>\d+)", last),
    (r"/diff/(?P<report>\d+)/(?P<first>\d+)/(?P<last>\d+)(?P<json>\.json)?", pair),
]
