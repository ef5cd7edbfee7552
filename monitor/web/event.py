"""The page of one event: what was said, what proves it, who was told, and what staff make of it."""

from collections.abc import Callable
from typing import Literal, cast

import msgspec
from datasette.utils.asgi import NotFound, Request, Response

from monitor.notes import LONGEST, About, EventNotes, Notes, NotesError, Refused
from monitor.store import Store
from monitor.web import desk
from monitor.web.event_data import DELIVERY, PURPOSE, Event, Standing, event_of, organs_of, standing
from monitor.web.site import Actor, Route, Site, number

PROPOSED = {"retract": "撤回这条消息", "correct": "更正机关或年度"}
STATE = {"open": "待编辑处理", "accepted": "已同意，待执行", "declined": "不采纳", "withdrawn": "提议人已收回"}


class Seen(msgspec.Struct, frozen=True):
    """All that the page shows."""

    event: Event
    organs: list[str]
    notes: EventNotes
    proposals: list[Standing]
    trouble: str
    """Why nothing can be noted; empty: it can."""


async def _look(site: Site, request: Request) -> Seen:
    """Raises NotFound, NoRecord."""
    wanted = number(request, "event")

    def ask(store: Store) -> tuple[Event, list[str]] | None:
        found = event_of(store, wanted, site.zone)
        return None if found is None else (found, organs_of(store, found.portal) if found.report else [])

    asked = await site.read(ask)
    if asked is None:
        raise NotFound(f"没有编号为 {wanted} 的消息")
    event, organs = asked
    notes, trouble = EventNotes(), ""
    try:
        notes = await desk.on_notes(site, lambda notes: notes.of_event(event.key))
    except NotesError as error:
        trouble = str(error)
    proposals = await site.read(lambda store: standing(store, notes.proposals)) if notes.proposals else []
    return Seen(event, organs, notes, proposals, trouble)


async def page(site: Site, request: Request) -> Response:
    """`/event/ID`."""
    return await _shown(site, request, await _look(site, request))


async def _shown(
    site: Site, request: Request, seen: Seen, *, error: str = "", draft: dict[str, str] | None = None, status: int = 200
) -> Response:
    actor = site.actor(request)
    values = {
        "event": seen.event,
        "organs": seen.organs,
        "notes": seen.notes,
        "proposals": seen.proposals,
        "trouble": seen.trouble,
        "error": error,
        "draft": draft or {},
        "me": actor,
        "people": desk.people(site),
        "seen_by_me": any(who == actor.name for who, _ in seen.notes.seen),
        "once": desk.fresh(),
        "most": LONGEST,
        "delivery_words": DELIVERY,
        "purpose_words": PURPOSE,
        "proposed_words": PROPOSED,
        "state_words": STATE,
    }
    return await site.page(request, "event.html", values, status=status)


async def as_json(site: Site, request: Request) -> Response:
    """`/event/ID.json`."""
    seen = await _look(site, request)
    event = msgspec.to_builtins(seen.event)
    event["links"] = {
        "page": site.path(f"/event/{seen.event.id}"),
        "report": site.path(f"/report/{seen.event.report}") if seen.event.report else None,
        "evidence": site.path(f"/report/{seen.event.report}/evidence.zip") if seen.event.report else None,
        "diff": site.path("/diff/{}/{}/{}".format(seen.event.report, *seen.event.diff)) if seen.event.diff else None,
    }
    notes = msgspec.to_builtins(seen.notes)
    notes["seen"] = [{"who": who, "at": at} for who, at in seen.notes.seen]
    notes["comments"] = [
        {
            "id": one.id, "who": one.who, "at": one.at, "text": None if one.removed_at else one.text,
            "edited_at": one.edited_at, "removed_at": one.removed_at, "removed_by": one.removed_by,
        }
        for one in seen.notes.comments
    ]  # fmt: skip
    notes["proposals"] = [
        {**msgspec.to_builtins(one.proposal), "done_at": one.done_at or None, "command": one.command or None}
        for one in seen.proposals
    ]
    return Response.json({"ok": True, "event": event, "notes": notes, "trouble": seen.trouble or None})


# What staff do -------------------------------------------------------------------------------------------------------

Do = Callable[[Notes, Actor, str, About, dict[str, str], int], object]
"""In: the notes, who, when (the record's form), the event, the form's fields, the number at the end of the address."""


def _assign(notes: Notes, who: Actor, at: str, event: About, fields: dict[str, str], _: int) -> None:
    notes.assign(who.name, at, event, fields.get("whom", ""), who.edits)


def _comment(notes: Notes, who: Actor, at: str, event: About, fields: dict[str, str], _: int) -> None:
    notes.comment(who.name, at, event, fields.get("text", ""), desk.once(who, fields))


def _propose(notes: Notes, who: Actor, at: str, event: About, fields: dict[str, str], _: int) -> None:
    kind = fields.get("kind", "")
    if kind not in PROPOSED:
        raise Refused("请选择：撤回这条消息，还是更正机关或年度。")
    organ, year = fields.get("organ", "").strip(), fields.get("year", "").strip()
    if len(organ) > 100:
        raise Refused("机关名称过长，最多 100 字。")
    if year and not (year.isascii() and year.isdigit() and len(year) == 4 and 2000 <= int(year) <= 2100):
        raise Refused("年度要写成四位数字，例如 2024。")
    correct = kind == "correct"
    notes.propose(
        who.name, at, event, cast(Literal["retract", "correct"], kind), fields.get("why", ""),
        organ if correct else "", int(year) if correct and year else None, desk.once(who, fields),
    )  # fmt: skip


def _decide(notes: Notes, who: Actor, at: str, _: About, fields: dict[str, str], proposal: int) -> None:
    state = fields.get("state", "")
    if state not in ("accepted", "declined", "withdrawn"):
        raise Refused("请选择同意还是不采纳。")
    notes.decide(
        who.name,
        at,
        proposal,
        cast(Literal["accepted", "declined", "withdrawn"], state),
        fields.get("word", ""),
        who.edits,
    )


_ACTS: dict[str, tuple[Do, str]] = {
    "seen": (lambda notes, who, at, event, _, __: notes.see(who.name, at, [event]), "已标为已阅。"),
    "unseen": (lambda notes, who, at, event, _, __: notes.unsee(who.name, at, event), "已取消已阅。"),
    "assign": (_assign, "已更新经办人。"),
    "settle": (lambda notes, who, at, event, _, __: notes.settle(who.name, at, event, who.edits), "这件事办结了。"),
    "reopen": (lambda notes, who, at, event, _, __: notes.settle(who.name, at, event, who.edits, True), "已重新打开。"),
    "comment": (_comment, "备注已保存。"),
    "edit": (
        lambda notes, who, at, event, fields, one: notes.edit(who.name, at, one, event.key, fields.get("text", "")),
        "备注已修改。",
    ),
    "remove": (
        lambda notes, who, at, event, _, one: notes.remove(who.name, at, one, event.key, who.edits),
        "备注已删除。",
    ),
    "propose": (_propose, "提议已提交，等待编辑处理。"),
    "decide": (_decide, "提议已处理。"),
}
"""What a form may ask for, and what is said when it is done."""


async def act(site: Site, request: Request) -> Response:
    """`/event/ID/ACT`, `/event/ID/ACT/NUMBER`: a form of the page. What is refused is said on the page, with what was written."""
    seen = await _look(site, request)
    back = site.path(f"/event/{seen.event.id}") + "#notes"
    if request.method != "POST":
        return Response.redirect(back)
    name, actor = request.url_vars["act"], site.actor(request)
    known = _ACTS.get(name)
    if known is None:
        raise NotFound("没有这个操作")
    fields: dict[str, str] = await request.post_vars()
    about = About(seen.event.key, seen.event.id, seen.event.report)
    which = number(request, "which") if request.url_vars.get("which") else 0
    try:
        if name == "assign" and fields.get("whom", "") not in ("", *desk.people(site)):
            raise Refused("没有这个人；请从名单中选择。")
        if name == "propose" and fields.get("kind") == "retract" and seen.event.retracted_at:
            raise Refused("这条消息已经撤回。")
        if name == "decide" and which not in {one.id for one in seen.notes.proposals}:
            raise Refused("没有这个提议。")
        at = site.now
        await desk.on_notes(site, lambda notes: known[0](notes, actor, at, about, fields, which))
    except Refused as error:
        draft = {**fields, "act": name, "which": str(which)}
        return await _shown(site, request, seen, error=str(error), draft=draft, status=400)
    except NotesError as error:
        draft = {**fields, "act": name, "which": str(which)}
        return await _shown(site, request, seen, error=str(error), draft=draft, status=503)
    desk.say(site, request, known[1])
    if name == "decide" and fields.get("from") == "notes":
        back = site.path("/notes", tab="proposals")
    return Response.redirect(back, status=303)


ROUTES: list[Route] = [
    (r"/event/(?P<event>[0-9]{1,19})", page),
    (r"/event/(?P<event>[0-9]{1,19})\.json", as_json),
    (r"/event/(?P<event>[0-9]{1,19})/(?P<act>[a-z]+)(?:/(?P<which>[0-9]{1,19}))?", act),
]
