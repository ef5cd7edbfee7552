"""Deliveries in the record: named operations, each in a transaction of its own unless it says otherwise.

States: pending → sending → sent, or → failed (tried again at `next_attempt_at`) → dead; held: quiet hours, a digest, a
muted portal; skipped: withdrawn before it was told, or its channel is gone. `attempts` counts when an attempt begins,
so that one which a crash cut off counts too.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from monitor.due import LONGEST_DEFERRAL, LONGEST_PAUSE
from monitor.event_detail import decode
from monitor.event_view import EventView
from monitor.redact import redact
from monitor.store import Store
from monitor.times import shift

UNCERTAIN = "可能已送达："
"""How `last_error` begins where a delivery may have arrived: the next attempt is marked 可能重复."""
CHANNEL_GONE = "通道已不在设置中；恢复后自动补发"
"""`last_error` of what was skipped because its channel is no longer set."""
RETRIED = frozenset({"failed", "dead", "skipped"})
"""States that `retry` ends, the last of them only for deliveries that it is given by their ids."""
_ABSENCE = 7 * 86400.0
"""Seconds after which a channel that comes back gets no more of what it missed: it is a new one."""


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
    sent_parts: str
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
    d.sent_parts, d.message, d.purpose, e.kind, e.portal, p.muted_until, e.retracted_at, e.summary, e.detected_at
    FROM deliveries d JOIN events e ON e.id = d.event LEFT JOIN portals p ON p.name = e.portal"""


_VIEW = """SELECT e.*, p.title AS portal_title, p.region, r.last_verified_at, r.published_on,
    coalesce(t.seq, c.seq) AS shown_seq, coalesce(t.content_hash, c.content_hash) AS shown_hash,
    f.seq AS from_seq, t.seq AS to_seq
    FROM events e LEFT JOIN portals p ON p.name = e.portal LEFT JOIN reports r ON r.id = e.report
    LEFT JOIN versions f ON f.id = e.from_version LEFT JOIN versions t ON t.id = e.to_version
    LEFT JOIN versions c ON c.id = r.current_version WHERE e.id = ?"""


_OPEN = "deliveries d INDEXED BY deliveries_open WHERE d.state <> 'sent'"
"""Nearly all that there are were sent: SQLite is not left to find out that the others have an index of their own."""


_WAITING = """(d.state = 'held' OR d.state = 'pending' AND (d.next_attempt_at <= :now OR d.next_attempt_at > :deferred)
    OR d.state = 'failed' AND (d.next_attempt_at <= :now OR d.next_attempt_at > :paused))"""
"""Those whose time has come, and all that are held (what holds them may have ended early). What waits for longer than
anything ever has to was put off by a clock that was wrong."""


_MISSED = "d.state = 'skipped' AND d.next_attempt_at >= :absent AND d.last_error LIKE :gone"


def _present(now: str) -> dict[str, object]:
    return {
        "now": now,
        "deferred": shift(now, LONGEST_DEFERRAL),
        "paused": shift(now, LONGEST_PAUSE),
        "absent": shift(now, -_ABSENCE),
        "gone": f"%{CHANNEL_GONE}",
    }


def waiting(store: Store, now: str, channels: Collection[str] | None = None) -> list[Delivery]:
    """Those that may be due on `channels` (None: on all), oldest first."""
    sql = f"{_SELECT} WHERE d.id IN (SELECT d.id FROM {_OPEN} AND {_WAITING}) ORDER BY d.id"  # noqa: S608
    rows = store.rows(sql, _present(now))
    return [Delivery(**row) for row in rows if channels is None or row["channel"] in channels]


def channels_due(store: Store, now: str) -> list[str]:
    """The channels that a round of sending may find something to do for: what `waiting` gives, what was left `sending` by
    a round that broke off, what was missed while a channel was not set."""
    where = f"d.state = 'sending' OR {_WAITING} OR {_MISSED}"
    sql = f"SELECT DISTINCT d.channel FROM {_OPEN} AND ({where}) ORDER BY 1"  # noqa: S608
    return [row["channel"] for row in store.rows(sql, _present(now))]


def listing(store: Store, states: Collection[str] = (), channel: str = "", limit: int = 0) -> list[Delivery]:
    """Deliveries in `states` (none given: all) on `channel` (empty: all), newest first; `limit` 0: all."""
    rows = store.rows(f"{_SELECT} WHERE ? IN ('', d.channel) ORDER BY d.id DESC", (channel,))
    chosen = [Delivery(**row) for row in rows if not states or row["state"] in states]
    return chosen[:limit] if limit else chosen


def left_sending(store: Store, channels: Collection[str] | None = None) -> list[int]:
    """Deliveries on `channels` (None: on all) that are marked `sending`."""
    rows = store.rows(f"SELECT d.id, d.channel FROM {_OPEN} AND d.state = 'sending'")  # noqa: S608
    return [row["id"] for row in rows if channels is None or row["channel"] in channels]


def reclaim(store: Store, now: str, channels: Collection[str] | None = None) -> int:
    """Deliveries that a crash left `sending`: to be sent again, marked. Returns how many. Only whoever sends on these
    channels may call this, before it begins: nobody else is sending then."""
    with store.transaction():
        ids = left_sending(store, channels)
        store.run_many(
            """UPDATE deliveries SET state = 'pending', next_attempt_at = ?, last_error = ? WHERE id = ?""",
            [(now, f"{UNCERTAIN}发送时程序中断", key) for key in ids],
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


def mark_part(store: Store, ids: Iterable[int], progress: str) -> None:
    """The receiver took a part of their message; `progress` as in `deliveries.sent_parts`."""
    with store.transaction():
        store.run_many("UPDATE deliveries SET sent_parts = ? WHERE id = ?", [(progress, key) for key in ids])


def mark_sent(store: Store, channel: str, ids: Collection[int], now: str, progress: str = "") -> bool:
    """The receiver took them, in as many parts as `progress` says. Returns whether the channel had been given up: then it
    gets again what operators were to hear meanwhile (`service`, of other channels)."""
    with store.transaction():
        sql = "SELECT max(sent_at) AS at FROM deliveries WHERE channel = ? AND state = 'sent' AND sent_at <= ?"
        before = store.row(sql, (channel, now))
        last = (before["at"] if before else None) or ""
        store.run_many(
            "UPDATE deliveries SET state = 'sent', sent_at = ?, last_error = '', sent_parts = ? WHERE id = ?",
            [(now, progress, key) for key in ids],
        )
        dead = store.rows(
            """SELECT d.id, e.kind FROM deliveries d JOIN events e ON e.id = d.event
            WHERE d.channel = ? AND d.state = 'dead' AND d.next_attempt_at >= ?""",
            (channel, last),
        )
        unheard = [(now, row["id"]) for row in dead if row["kind"] == "service"]
        store.run_many(
            "UPDATE deliveries SET state = 'pending', attempts = 0, next_attempt_at = ? WHERE id = ?", unheard
        )
    return bool(dead)


def bring_back(store: Store, channels: Iterable[str], now: str) -> None:
    """What was skipped because its channel was not set, is due now that it is set again."""
    wanted = set(channels)
    sql = f"SELECT d.id, d.channel FROM {_OPEN} AND {_MISSED}"  # noqa: S608
    rows = store.rows(sql, _present(now))
    if ids := [row["id"] for row in rows if row["channel"] in wanted]:
        with store.transaction():
            put(store, ids, "pending", now)


def follow_renames(store: Store, addresses: Mapping[str, str]) -> None:
    """What waits for a channel waits on under its new name, if its address is known under an old one that is not set any
    more. `addresses`: a short hash of each channel's, by name."""
    before = {row["name"]: row["value"] for row in store.rows("SELECT * FROM notes WHERE name LIKE 'channel/%'")}
    known = {name.removeprefix("channel/"): address for name, address in before.items()}
    if addresses.items() <= known.items():
        return
    with store.transaction():
        for name, address in addresses.items():
            old = [one for one, its in known.items() if its == address and one not in addresses]
            if name not in known and len(old) == 1:
                store.run("UPDATE OR IGNORE deliveries SET channel = ? WHERE channel = ?", (name, old[0]))
                store.run("UPDATE OR IGNORE told SET channel = ? WHERE channel = ?", (name, old[0]))
                store.run("DELETE FROM notes WHERE name = ?", (f"channel/{old[0]}",))
            store.run("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", (f"channel/{name}", address))


def put(store: Store, ids: Iterable[int], state: str, next_attempt_at: str, error: str | None = None) -> None:
    """Sets state and time of deliveries, and their `last_error` unless it is None. Takes no transaction of its own."""
    said = None if error is None else redact(error)[:1000]
    store.run_many(
        "UPDATE deliveries SET state = ?, next_attempt_at = ?, last_error = coalesce(?, last_error) WHERE id = ?",
        [(state, next_attempt_at, said, key) for key in ids],
    )


def add(
    store: Store,
    event: int,
    channel: str,
    state: str,
    due: str,
    message: str,
    purpose: str = "event",
    error: str = "",
    sent_at: str | None = None,
) -> bool:
    """A new delivery, unless the channel has one of that event. Takes no transaction of its own."""
    rows = store.rows(
        "SELECT 1 FROM deliveries WHERE event = ? AND channel = ? AND purpose = ?", (event, channel, purpose)
    )
    if rows:
        return False
    values: dict[str, Any] = {"event": event, "channel": channel, "state": state, "next_attempt_at": due}
    values |= {"message": message, "purpose": purpose, "last_error": error, "sent_at": sent_at}
    store.insert("deliveries", values)
    return True


def retry(store: Store, now: str, ids: Sequence[int] = (), channel: str = "") -> int:
    """Makes failed, dead and skipped deliveries due at once, with all their tries; `ids` and `channel` narrow it.

    Skipped ones only by their id. Returns how many.
    """
    states = RETRIED if ids else RETRIED - {"skipped"}
    chosen = [row.id for row in listing(store, states, channel) if not ids or row.id in set(ids)]
    with store.transaction():
        store.run_many(
            "UPDATE deliveries SET state = 'pending', attempts = 0, next_attempt_at = ? WHERE id = ?",
            [(now, key) for key in chosen],
        )
    return len(chosen)


def sent_within(store: Store, channel: str, since: str, until: str) -> int:
    """Messages (not deliveries; each part counts) that the channel took between two times."""
    rows = store.rows(
        "SELECT DISTINCT CASE message WHEN '' THEN 'd' || id ELSE message || '@' || sent_at END AS message, sent_parts "
        "FROM deliveries WHERE channel = ? AND state = 'sent' AND sent_at BETWEEN ? AND ?",
        (channel, since, until),
    )
    return sum(parts_of(row["sent_parts"])[1] for row in rows)


def parts_of(progress: str) -> tuple[int, int, str]:
    """`deliveries.sent_parts`: how many parts of a message were taken, of how many, and the hash of all of them."""
    counts, _, digest = progress.partition(" ")
    taken, _, number = counts.partition("/")
    return (int(taken), int(number), digest) if number else (0, 1, "")


def next_due(store: Store) -> str | None:
    """When the next waiting delivery is due; None: nothing waits."""
    waits = f"{_OPEN} AND d.state IN ('pending', 'failed', 'held')"
    row = store.row(f"SELECT min(d.next_attempt_at) AS due FROM {waits}")  # noqa: S608
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


def mute(store: Store, portal: str, until: str | None) -> int:
    """Holds what is told of a portal until then; None: no longer. Returns how many deliveries wait because of it."""
    with store.transaction():
        store.run("UPDATE portals SET muted_until = ? WHERE name = ?", (until, portal))
        row = store.row(
            """SELECT count(*) AS n FROM deliveries d JOIN events e ON e.id = d.event
            WHERE e.portal = ? AND d.state IN ('pending', 'failed', 'held')""",
            (portal,),
        )
    return row["n"] if row else 0


def muted(store: Store, now: str) -> list[dict[str, Any]]:
    """Portals that are muted (`name`, `muted_until`), with how many deliveries wait (`waiting`), the longest first."""
    return store.rows(
        """SELECT p.name, p.muted_until, (SELECT count(*) FROM deliveries d JOIN events e ON e.id = d.event
        WHERE e.portal = p.name AND d.state IN ('pending', 'failed', 'held')) AS waiting
        FROM portals p WHERE p.muted_until > ? ORDER BY p.muted_until DESC, p.name""",
        (now,),
    )
