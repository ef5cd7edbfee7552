"""What the record says of one event, for its page: in words, with what proves it and who was told."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from monitor import wording
from monitor.event_view import EventView, Style
from monitor.markup import Block, Gap, Head, Line, Links, Rows, clean, is_web
from monitor.message import summarise
from monitor.notes import Proposal
from monitor.outbox_store import views
from monitor.store import Row, Store

DELIVERY = {
    "pending": "待发送", "held": "暂缓发送", "sending": "正在发送", "sent": "已送达", "failed": "未成功，将重试", "dead": "已放弃",
    "skipped": "不发送",
}  # fmt: skip
PURPOSE = {"event": "通知", "retraction": "更正"}


class Part(msgspec.Struct, frozen=True):
    """A piece of what the event says: a heading, a line, or rows of label and value."""

    form: Literal["head", "line", "rows"]
    text: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    quiet: bool = False


class Delivery(msgspec.Struct, frozen=True):
    """Whom the event was told, and whether it got there. No address, and no receiver's words."""

    channel: str
    purpose: str
    state: str
    attempts: int
    at: str
    """When it was sent, or is tried next; empty: neither."""


class Neighbour(msgspec.Struct, frozen=True):
    """Another event of the same report."""

    id: int
    kind: str
    detected_at: str
    summary: str


class Event(msgspec.Struct, frozen=True):
    """One event, as its page shows it."""

    id: int
    key: str
    kind: str
    baseline: bool
    portal: str
    portal_title: str
    report: int | None
    organ: str
    year: int | None
    title: str
    headline: str
    """Who, which year, what: as in the alert's first line."""
    parts: tuple[Part, ...]
    checks: tuple[str, ...]
    url: str
    """The portal's own page; empty: none that a browser opens."""
    diff: tuple[int, int] | None
    """Numbers of the versions before and after."""
    detected_at: str
    last_verified_at: str
    retracted_at: str
    retracted_why: str
    retracted_by: str
    deliveries: tuple[Delivery, ...]
    before: Neighbour | None
    after: Neighbour | None

    @property
    def who(self) -> str:
        return self.organ or self.portal_title or self.portal or "nianbao"


def event_of(store: Store, number: int, zone: str) -> Event | None:
    """The event of that number; None: there is none."""
    row = store.row("SELECT * FROM events WHERE id = ?", (number,))
    if row is None:
        return None
    found = _view(store, number)
    style = Style(zone=zone)
    return Event(
        id=number,
        key=row["key"],
        kind=row["kind"],
        baseline=bool(row["baseline"]),
        portal=row["portal"] or "",
        portal_title=found.portal_title if found else row["portal"] or "",
        report=row["report"],
        organ=row["organ"] or "",
        year=row["year"],
        title=row["title"] or "",
        headline=summarise(found) if found else row["summary"],
        parts=_parts(wording.body(found, style)) if found else (Part("line", clean(row["summary"], 1000)),),
        checks=tuple(clean(one, 200) for one in wording.checks(found)[:4]) if found else (),
        url=row["url"] if row["url"] and is_web(row["url"]) else "",
        diff=(found.from_seq, found.to_seq) if found and found.report and found.from_seq and found.to_seq else None,
        detected_at=row["detected_at"],
        last_verified_at=(getattr(found.detail, "last_verified_at", "") or found.last_verified_at) if found else "",
        retracted_at=row["retracted_at"] or "",
        retracted_why=clean(found.detail.retracted_why) if found else "",
        retracted_by=clean(found.detail.retracted_by) if found else "",
        deliveries=_deliveries(store, number),
        before=_neighbour(store, row, "id < ? ORDER BY id DESC"),
        after=_neighbour(store, row, "id > ? ORDER BY id"),
    )


def _view(store: Store, number: int) -> EventView | None:
    """None where its detail is of a form that this release does not know: what was said of it then remains."""
    try:
        return next(iter(views(store, [(number, "event")])), None)
    except ValueError:
        return None


def _parts(blocks: Sequence[Block]) -> tuple[Part, ...]:
    parts = []
    for block in blocks:
        match block:
            case Head(text):
                parts.append(Part("head", text))
            case Line(text, quiet):
                parts.append(Part("line", text.strip(), quiet=quiet))
            case Rows(rows):
                parts.append(Part("rows", rows=rows))
            case Gap() | Links():
                pass
    return tuple(parts)


def _deliveries(store: Store, number: int) -> tuple[Delivery, ...]:
    sql = """SELECT channel, purpose, state, attempts, sent_at, next_attempt_at FROM deliveries WHERE event = ?
        ORDER BY id LIMIT 200"""
    return tuple(
        Delivery(
            row["channel"],
            row["purpose"],
            row["state"],
            row["attempts"],
            row["sent_at"] or (row["next_attempt_at"] if row["state"] in ("pending", "held", "failed") else ""),
        )
        for row in store.rows(sql, (number,))
    )


def _neighbour(store: Store, event: Row, rest: str) -> Neighbour | None:
    if event["report"] is None:
        return None
    sql = f"SELECT id, kind, detected_at, summary FROM events WHERE report = ? AND {rest} LIMIT 1"  # noqa: S608
    row = store.row(sql, (event["report"], event["id"]))
    return None if row is None else Neighbour(**row)


def organs_of(store: Store, portal: str) -> list[str]:
    """Names of a portal's organs, for who says that an event is another's."""
    return [
        name for (name,) in store.values("SELECT name FROM organs WHERE portal = ? ORDER BY name LIMIT 500", (portal,))
    ]


def events_by_key(store: Store, keys: Sequence[str]) -> dict[str, Row]:
    """Rows of `events`, by their keys; those that this record has."""
    found: dict[str, Row] = {}
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        sql = f"SELECT * FROM events WHERE key IN ({', '.join('?' * len(some))})"  # noqa: S608
        found |= {row["key"]: row for row in store.rows(sql, some)}
    return found


def events_by_id(store: Store, numbers: Sequence[int]) -> list[Row]:
    """Keys, ids and reports of some events."""
    sql = f"SELECT key, id, report FROM events WHERE id IN ({', '.join('?' * len(numbers))})"  # noqa: S608
    return store.rows(sql, numbers)


class Standing(msgspec.Struct, frozen=True):
    """A proposal, and what the record says of it."""

    proposal: Proposal
    event: Mapping[str, Any] | None
    """Its row of `events`; None: this record has no such event."""
    done_at: str
    """When it was carried out, as the record has it; empty: it was not."""
    command: str
    """What carries it out; empty where nothing can or need be done."""

    @property
    def settled(self) -> bool:
        return bool(self.done_at) or self.proposal.state in ("declined", "withdrawn")


def standing(store: Store, proposals: Sequence[Proposal]) -> list[Standing]:
    """Proposals beside what became of them. That one was carried out is read from the record itself."""
    events = events_by_key(store, list(dict.fromkeys(one.key for one in proposals)))
    return [_standing(store, one, events.get(one.key)) for one in proposals]


def _standing(store: Store, proposal: Proposal, event: Row | None) -> Standing:
    if event is None:
        return Standing(proposal, None, "", "")
    done = event["retracted_at"] or "" if proposal.kind == "retract" else _corrected_at(store, proposal, event)
    over = bool(done) or proposal.state in ("declined", "withdrawn")
    return Standing(proposal, event, done, "" if over else command_for(store, proposal, event))


def _corrected_at(store: Store, proposal: Proposal, event: Row) -> str:
    sql = """SELECT c.at FROM corrections c WHERE c.report = ? AND c.undone_at IS NULL AND c.at >= ?
        AND (? IS NULL OR c.to_year = ?)
        AND (? = '' OR c.to_organ = ? OR EXISTS (
            SELECT 1 FROM organs o WHERE o.portal = ? AND o.name = c.to_organ AND instr(o.aliases, ?)))
        ORDER BY c.id DESC LIMIT 1"""
    organ, year = proposal.organ, proposal.year
    given = (event["report"], proposal.at, year, year, organ, organ, event["portal"], f'"{organ}"')
    row = store.row(sql, given)
    return row["at"] if row else ""


def command_for(store: Store, proposal: Proposal, event: Row) -> str:
    """What an operator types to carry a proposal out: each word quoted for a shell, on one line."""
    why = ["--why", clean(proposal.why, 300)]
    if proposal.kind == "retract":
        words = ["nianbao", "retract", str(event["id"]), *why]
    else:
        organ = clean(proposal.organ, 100)
        known = not organ or store.row(
            "SELECT 1 FROM organs WHERE portal = ? AND (name = ? OR instr(aliases, ?))",
            (event["portal"], organ, f'"{organ}"'),
        )
        words = ["nianbao", "correct", str(event["report"])]
        words += ["--organ", organ] if organ else []
        words += ["--year", str(proposal.year)] if proposal.year is not None else []
        words += [] if known else ["--new-organ"]
        words += why
    return shlex.join(words)
