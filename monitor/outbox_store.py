"""Deliveries in the record: named operations, each in a transaction of its own unless it says otherwise.

States: pending → sending → sent, or → failed (tried again at `next_attempt_at`) → dead; held: quiet hours, a digest, a
muted portal; skipped: withdrawn before it was told, or its channel is gone. `attempts` counts when an attempt begins,
so that one which a crash cut off counts too.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from monitor.event_detail import decode
from monitor.event_view import EventView
from monitor.redact import redact
from monitor.store import Store

UNCERTAIN = "可能已送达："
"""How `last_error` begins where a delivery may have arrived: the next attempt is marked 可能重复."""


class Delivery(msgspec.Struct, frozen=True):
    """A row of `deliveries`, with what of its event decides whether it may go out."""

    id: int
    event: int
    channel: str
    state: str
    attempts: int
    next_attempt_at: str
    last_error: str
    sent_at: str | None
    message: str
    purpose: str
    kind: str
    portal: str | None
    muted_until: str | None
    retracted_at: str | None
    summary: str
    detected_at: str

    @property
    def uncertain(self) -> bool:
        """It may have arrived already."""
        return self.last_error.startswith(UNCERTAIN)


_SELECT = """SELECT d.id, d.event, d.channel, d.state, d.attempts, d.next_attempt_at, d.last_error, d.sent_at,
    d.message, d.purpose, e.kind, e.portal, p.muted_until, e.retracted_at, e.summary, e.detected_at
    FROM deliveries d JOIN events e ON e.id = d.event LEFT JOIN portals p ON p.name = e.portal"""


_VIEW = """SELECT e.*, p.title AS portal_title, p.region, r.last_verified_at, r.published_on,
    coalesce(t.seq, c.seq) AS shown_seq, coalesce(t.content_hash, c.content_hash) AS shown_hash,
    f.seq AS from_seq, t.seq AS to_seq
    FROM events e LEFT JOIN portals p ON p.name = e.portal LEFT JOIN reports r ON r.id = e.report
    LEFT JOIN versions f ON f.id = e.from_version LEFT JOIN versions t ON t.id = e.to_version
    LEFT JOIN versions c ON c.id = r.current_version WHERE e.id = ?"""


def waiting(store: Store, now: str) -> list[Delivery]:
    """Those whose time has come, and all that are held (what holds them may have ended early), oldest first."""
    rows = store.rows(
        f"{_SELECT} WHERE d.state = 'held' OR (d.state IN ('pending', 'failed') AND d.next_attempt_at <= ?) "
        "ORDER BY d.id",
        (now,),
    )
    return [Delivery(**row) for row in rows]


def listing(store: Store, states: Sequence[str] = (), channel: str = "", limit: int = 0) -> list[Delivery]:
    """Deliveries in `states` (none given: all) on `channel` (empty: all), newest first; `limit` 0: all."""
    rows = store.rows(f"{_SELECT} WHERE ? IN ('', d.channel) ORDER BY d.id DESC", (channel,))
    chosen = [Delivery(**row) for row in rows if not states or row["state"] in states]
    return chosen[:limit] if limit else chosen


def reclaim(store: Store, now: str) -> int:
    """Deliveries that a crash left `sending`: to be sent again, marked. Returns how many. Only the process that holds
    the home may call this: nobody else is sending."""
    with store.transaction():
        ids = [row["id"] for row in store.rows("SELECT id FROM deliveries WHERE state = 'sending'")]
        store.run(
            """UPDATE deliveries SET state = 'pending', next_attempt_at = min(next_attempt_at, ?), last_error = ?
            WHERE state = 'sending'""",
            (now, f"{UNCERTAIN}发送时程序中断"),
        )
    return len(ids)


def lease(store: Store, ids: Iterable[int]) -> list[int]:
    """Marks them `sending` and counts the attempt. Returns those that were still waiting."""
    with store.transaction():
        taken = [
            key
            for key in ids
            if store.row("SELECT 1 FROM deliveries WHERE id = ? AND state IN ('pending', 'failed', 'held')", (key,))
        ]
        store.run_many(
            "UPDATE deliveries SET state = 'sending', attempts = attempts + 1 WHERE id = ?", [(key,) for key in taken]
        )
    return taken


def mark_sent(store: Store, ids: Iterable[int], now: str) -> None:
    """The receiver took them."""
    with store.transaction():
        store.run_many(
            "UPDATE deliveries SET state = 'sent', sent_at = ?, last_error = '' WHERE id = ?",
            [(now, key) for key in ids],
        )


def put(store: Store, ids: Iterable[int], state: str, next_attempt_at: str, error: str | None = None) -> None:
    """Sets state and time of deliveries, and their `last_error` unless it is None. Takes no transaction of its own."""
    said = None if error is None else redact(error)[:1000]
    store.run_many(
        "UPDATE deliveries SET state = ?, next_attempt_at = ?, last_error = coalesce(?, last_error) WHERE id = ?",
        [(state, next_attempt_at, said, key) for key in ids],
    )


def add(store: Store, event: int, channel: str, state: str, due: str, message: str, purpose: str = "event") -> bool:
    """A new delivery, unless the channel has one of that event. Takes no transaction of its own."""
    rows = store.rows(
        "SELECT 1 FROM deliveries WHERE event = ? AND channel = ? AND purpose = ?", (event, channel, purpose)
    )
    if rows:
        return False
    values: dict[str, Any] = {"event": event, "channel": channel, "state": state, "next_attempt_at": due}
    store.insert("deliveries", {**values, "message": message, "purpose": purpose})
    return True


def retry(store: Store, now: str, ids: Sequence[int] = (), channel: str = "") -> int:
    """Makes failed, dead and skipped deliveries due at once, with all their tries; `ids` and `channel` narrow it.

    Skipped ones only by their id. Returns how many.
    """
    states = ("failed", "dead", "skipped") if ids else ("failed", "dead")
    chosen = [row.id for row in listing(store, states, channel) if not ids or row.id in set(ids)]
    with store.transaction():
        store.run_many(
            "UPDATE deliveries SET state = 'pending', attempts = 0, next_attempt_at = ? WHERE id = ?",
            [(now, key) for key in chosen],
        )
    return len(chosen)


def sent_since(store: Store, channel: str, since: str) -> int:
    """Messages (not deliveries) that the channel took at or after `since`."""
    row = store.row(
        "SELECT count(DISTINCT CASE message WHEN '' THEN 'd' || id ELSE message || '@' || sent_at END) AS n "
        "FROM deliveries WHERE channel = ? AND state = 'sent' AND sent_at >= ?",
        (channel, since),
    )
    return int(row["n"]) if row else 0


def next_due(store: Store) -> str | None:
    """When the next waiting delivery is due; None: nothing waits."""
    row = store.row("SELECT min(next_attempt_at) AS due FROM deliveries WHERE state IN ('pending', 'failed', 'held')")
    return row["due"] if row else None


def views(store: Store, events: Sequence[tuple[int, str]]) -> list[EventView]:
    """Events, each with its purpose, as their readers need them, in the order given. Raises ValueError (a detail
    that fits no schema)."""
    return [_view(store, row, purpose) for event, purpose in events if (row := store.row(_VIEW, (event,)))]


def _view(store: Store, row: dict[str, Any], purpose: str) -> EventView:
    findings: tuple[str, ...] = ()
    if row["to_version"] is not None:
        sql = """SELECT detail FROM findings WHERE version = ? AND severity IN ('warning', 'error')
            ORDER BY severity, id LIMIT 3"""
        findings = tuple(finding["detail"] for finding in store.rows(sql, (row["to_version"],)))
    return EventView(
        id=row["id"],
        kind=row["kind"],
        detected_at=row["detected_at"],
        detail=decode(row["kind"], row["detail"]),
        portal=row["portal"] or "",
        portal_title=row["portal_title"] or "",
        region=row["region"] or "",
        report=row["report"],
        organ=row["organ"] or "",
        year=row["year"],
        title=row["title"] or "",
        url=row["url"] or "",
        summary=row["summary"],
        from_seq=row["from_seq"],
        to_seq=row["to_seq"],
        hash=row["shown_hash"] or "",
        seq=row["shown_seq"],
        last_verified_at=row["last_verified_at"] or "",
        published_on=row["published_on"] or "",
        findings=findings,
        purpose="retraction" if purpose == "retraction" else "event",
    )
