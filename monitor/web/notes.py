"""`/notes`: what waits for somebody. Mine, what I have not seen, all that is open, proposals, and everything that was done."""

from collections.abc import Sequence
from typing import Any

import msgspec
from datasette.utils.asgi import BadRequest, Request, Response

from monitor.notes import About, Notes, NotesError
from monitor.store import Store
from monitor.times import to_utc
from monitor.web import desk
from monitor.web.event import PROPOSED, STATE
from monitor.web.event_data import Standing, events_by_id, events_by_key, standing
from monitor.web.notes_data import PAGE, Unseen, latest, unseen
from monitor.web.site import Actor, Route, Site

TABS = {"mine": "指派给我", "unseen": "未阅", "open": "全部待办", "proposals": "提议", "all": "记录"}
ACTS = {
    "seen": "已阅", "unseen": "取消已阅", "seen_until": "此前全部已阅", "assigned": "指派给", "unassigned": "取消指派",
    "settled": "办结", "reopened": "重新打开", "commented": "备注", "edited": "修改备注", "removed": "删除备注",
    "proposed": "提议", "accepted": "同意提议", "declined": "不采纳提议", "withdrawn": "收回提议",
}  # fmt: skip


class Listed(msgspec.Struct, frozen=True):
    """A tab's lines: dicts that templates and JSON have alike, and where the next page begins."""

    rows: list[dict[str, Any]]
    following: str = ""


async def page(site: Site, request: Request) -> Response:
    """`/notes?tab=`."""
    tab, values = await _asked(site, request)
    return await site.page(request, "notes.html", {"tab": tab, "tabs": TABS, "act_words": ACTS, **values})


async def as_json(site: Site, request: Request) -> Response:
    """`/notes.json?tab=`."""
    tab, values = await _asked(site, request)
    listed: Listed = values["listed"]
    after = (
        site.path("/notes.json", tab=tab, before=listed.following, show=values["show"]) if listed.following else None
    )
    said = {"ok": True, "tab": tab, "counts": values["counts"], "rows": listed.rows, "next": after}
    return Response.json({**said, "trouble": values["trouble"] or None}, default=msgspec.to_builtins)


async def _asked(site: Site, request: Request) -> tuple[str, dict[str, Any]]:
    """Raises BadRequest, NoRecord."""
    actor = site.actor(request)
    tab, before = request.args.get("tab") or "mine", request.args.get("before") or ""
    show = "settled" if request.args.get("show") == "settled" else ""
    if tab not in TABS:
        raise BadRequest("没有这一栏")
    counts, trouble, listed = {"mine": 0, "open": 0, "proposals": 0}, "", Listed([])
    try:
        counts = await desk.on_notes(site, lambda notes: notes.counts(actor.name))
        listed = await _listed(site, actor, tab, before, show)
    except NotesError as error:
        trouble = str(error)
        if tab == "unseen":  # without the notes, all of it is
            listed = _of(await site.read(lambda store: unseen(store, "", _place(before), lambda _: frozenset())))
    values = {
        "listed": listed,
        "counts": counts,
        "trouble": trouble,
        "me": actor,
        "show": show,
        "state_words": STATE,
        "proposed_words": PROPOSED,
        "until": await site.read(latest) if tab == "unseen" else "",
    }
    return tab, values


async def _listed(site: Site, actor: Actor, tab: str, before: str, show: str) -> Listed:
    match tab:
        case "unseen":
            return await _unseen(site, actor, _place(before))
        case "proposals":
            return await _proposals(site, _number(before), show)
        case "all":
            return await _acts(site, _number(before))
        case _:
            return await _assigned(site, actor.name if tab == "mine" else None, before)


def _of(found: Unseen) -> Listed:
    return Listed(found.events, "{} {}".format(*found.following) if found.following else "")


async def _unseen(site: Site, actor: Actor, before: tuple[str, int] | None) -> Listed:
    notes = desk.notes_of(site)

    def ask(store: Store) -> Unseen:
        return unseen(store, notes.seen_until(actor.name), before, lambda keys: notes.seen_among(actor.name, keys))

    return _of(await site.read(ask))


async def _assigned(site: Site, whom: str | None, before: str) -> Listed:
    at, _, key = before.partition(" ")
    after = (at, key) if key else None
    found = await desk.on_notes(site, lambda notes: notes.assignments(whom, after, PAGE + 1))
    shown = found[:PAGE]
    events = await site.read(lambda store: events_by_key(store, [one.key for one in shown]))
    rows = [{**msgspec.to_builtins(one), "about": _about(events.get(one.key))} for one in shown]
    return Listed(rows, f"{shown[-1].at} {shown[-1].key}" if len(found) > PAGE else "")


async def _proposals(site: Site, before: int | None, show: str) -> Listed:
    states = ("declined", "withdrawn", "accepted", "open") if show else ("open", "accepted")
    found = await desk.on_notes(site, lambda notes: notes.proposals(states, before, 4 * PAGE + 1))
    shown = found[: 4 * PAGE]
    stands: Sequence[Standing] = await site.read(lambda store: standing(store, shown))
    rows = [
        {
            **msgspec.to_builtins(one.proposal),
            "about": _about(one.event),
            "done_at": one.done_at or None,
            "command": one.command or None,
        }
        for one in stands
        if one.settled is bool(show)
    ]
    return Listed(rows, str(shown[-1].id) if len(found) > 4 * PAGE else "")


async def _acts(site: Site, before: int | None) -> Listed:
    found = await desk.on_notes(site, lambda notes: notes.acts(before, PAGE + 1))
    shown = found[:PAGE]
    keys = list(dict.fromkeys(one.key for one in shown if one.key))
    events = await site.read(lambda store: events_by_key(store, keys)) if keys else {}
    rows = [{**msgspec.to_builtins(one), "about": _about(events.get(one.key or ""))} for one in shown]
    return Listed(rows, str(shown[-1].id) if len(found) > PAGE else "")


def _about(event: Any) -> dict[str, Any] | None:
    """What a line shows of an event; None: the record has it not (any more)."""
    names = ("id", "kind", "portal", "organ", "year", "title", "summary", "detected_at", "retracted_at")
    return None if event is None else {name: event[name] for name in names}


def _number(text: str) -> int | None:
    """Raises BadRequest."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("网址中的页码有误")
    return int(text)


def _place(text: str) -> tuple[str, int] | None:
    """`TIME NUMBER`. Raises BadRequest."""
    at, _, number = text.partition(" ")
    return (at, _number(number) or 0) if text else None


# What staff do -------------------------------------------------------------------------------------------------------


async def see(site: Site, request: Request) -> Response:
    """`/notes/seen`: several events at once. `one`: those with a mark, `eID`; `all`: those that `shown` names; `until`: all that
    was found up to the time in `until`."""
    if request.method != "POST":
        return Response.redirect(site.path("/notes", tab="unseen"))
    fields: dict[str, str] = await request.post_vars()
    actor, at = site.actor(request), site.now
    try:
        if fields.get("which") == "until":
            until = _time(fields.get("until", ""), at)
            await desk.on_notes(site, lambda notes: notes.see_until(actor.name, at, until))
            desk.say(site, request, "此前的消息全部标为已阅。")
        else:
            wanted = fields.get("shown", "").split(",") if fields.get("which") == "all" else _marked(fields)
            numbers = [int(one) for one in wanted if one.isascii() and one.isdigit() and len(one) < 19][:500]
            events = await site.read(lambda store: events_by_id(store, numbers))
            abouts = [About(row["key"], row["id"], row["report"]) for row in events]

            def write(notes: Notes) -> int:
                return notes.see(actor.name, at, abouts)

            done = await desk.on_notes(site, write)
            desk.say(site, request, f"{done} 条标为已阅。" if done else "没有选中未阅的消息。")
    except NotesError as error:
        site.datasette.add_message(request, str(error), site.datasette.ERROR)
    return Response.redirect(site.path("/notes", tab="unseen"), status=303)


def _marked(fields: dict[str, str]) -> list[str]:
    return [name[1:] for name in fields if name.startswith("e")]


def _time(text: str, now: str) -> str:
    """A time of the record, not later than now. Raises BadRequest."""
    try:
        to_utc(text)
    except ValueError:
        raise BadRequest("时间的写法有误") from None
    return min(text, now)


ROUTES: list[Route] = [("/notes", page), (r"/notes\.json", as_json), ("/notes/seen", see)]
