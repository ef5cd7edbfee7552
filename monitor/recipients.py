"""Who is told of an event, and what is told together.

In: events just written (or, for a replay, long ago) and the channels. Out: rows of `deliveries`. All of it runs
within the caller's transaction: an event and its deliveries are recorded together or not at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from monitor import outbox_store as record
from monitor.due import digest_time, first_chance
from monitor.journal import PERHAPS_TOLD, TOLD_BEFORE, Memory
from monitor.settings import Channel
from monitor.store import Store

DIGEST = "digest/"
"""How `deliveries.message` begins for what waits for a digest."""
_TOGETHER = frozenset({"moved", "taken_down", "delisted", "relisted", "overdue", "finding"})
"""Told together, however few, when one pass over a portal finds several."""
_MASS = 3
"""More of any other kind than this in one pass are told together."""
_OUTAGE = frozenset({"portal_down"})
_WHOLE = frozenset({"baseline", "portal_down", "portal_broken", "portal_recovered", "service"})
_FIRST = ("restored", "moved", "changed")
"""Lifecycle rule 11: the order in which several events on one report are told; the first names the message."""

_EVENT = """SELECT e.id, e.kind, e.portal, e.report, e.organ, e.detected_at, e.crawl, e.baseline, e.retracted_at,
    p.region, p.muted_until FROM events e LEFT JOIN portals p ON p.name = e.portal WHERE e.id = ?"""


def wants(channel: Channel, event: Mapping[str, Any]) -> bool:
    """Whether the channel asks for an event (columns kind, portal, region, organ). What concerns no portal is not
    narrowed by patterns of portals, nor what concerns a portal as a whole by patterns of organs."""
    if event["kind"] not in channel.kinds:
        return False
    if event["portal"] is not None and not (
        _matches(event["portal"], channel.portals) and _matches(event["region"] or "", channel.regions)
    ):
        return False
    whole = event["organ"] is None or event["kind"] in _WHOLE
    return whole or _matches(event["organ"], channel.organs)


def _matches(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def enqueue(store: Store, events: Sequence[int], channels: Iterable[Channel], now: str, zone: str) -> int:
    """Deliveries of `events` (ids) on the channels that ask for them. Returns how many are new.

    Not told: what the baseline tells (`baseline = 1`), what was withdrawn, and what a record that was lost told already
    (monitor.journal). `zone`: of digests and quiet hours.
    """
    found = (row for event in events if (row := store.row(_EVENT, (event,))))
    rows = [row for row in found if row["retracted_at"] is None and (not row["baseline"] or row["kind"] == "baseline")]
    memory = Memory(store)
    added = 0
    for channel in channels:
        told = [row for row in rows if wants(channel, row)]
        keys = _keys(told)
        for row in told:
            added += _add(store, memory, row, channel, now, zone, keys[row["id"]])
    return added


def _add(
    store: Store,
    memory: Memory,
    row: Mapping[str, Any],
    channel: Channel,
    now: str,
    zone: str,
    key: str = "",
    purpose: str = "event",
) -> bool:
    """A delivery of an event, due when the channel's settings say. Whether it is new and still to be sent."""
    before = memory.told_at(row["id"], channel.name, purpose)
    if before is not None:
        record.add(store, row["id"], channel.name, "sent", now, key, purpose, TOLD_BEFORE, before)
        return False
    until = first_chance(channel, row["muted_until"] or "", now, zone)
    if digest := digest_time(channel, now, zone):
        key = f"{DIGEST}{digest}"
    state = "held" if until else "pending"
    doubt = PERHAPS_TOLD if purpose == "event" and memory.perhaps(row["id"]) else ""
    return record.add(store, row["id"], channel.name, state, until or now, key, purpose, doubt)


def enqueue_retraction(
    store: Store, event: int, channels: Iterable[Channel], now: str, zone: str, said_by: int | None = None
) -> int:
    """After `events.retracted_at` was set: tells where it had been told (or may have been), and drops what was not
    sent yet. `said_by`: an event that says so itself; who is told of that needs no second message. Returns how many
    deliveries tell it."""
    known = {channel.name: channel for channel in channels}
    row = store.row(_EVENT, (event,))
    if row is None:
        raise ValueError(f"event {event}: there is none of that number")
    said = store.rows("SELECT channel FROM deliveries WHERE event = ? AND purpose = 'event'", (said_by,))
    knows = {delivery["channel"] for delivery in said}
    memory = Memory(store)
    added = 0
    sql = "SELECT id, channel, state, last_error, sent_parts FROM deliveries WHERE event = ? AND purpose = 'event'"
    for delivery in store.rows(sql, (event,)):
        perhaps = delivery["sent_parts"] or delivery["last_error"].startswith(record.UNCERTAIN)
        told = bool(perhaps) or delivery["state"] in ("sent", "sending")
        channel = known.get(delivery["channel"])
        if told and channel is not None and channel.name not in knows:
            added += _add(store, memory, row, channel, now, zone, purpose="retraction")
        if delivery["state"] in ("pending", "held", "failed"):
            record.put(store, [delivery["id"]], "skipped", now, "通知前事件已撤回" if not told else None)
    return added


def replay(store: Store, channels: Iterable[Channel], since: str, now: str, zone: str) -> int:
    """Deliveries of what was found at or after `since`, on channels that have none of it yet. Returns how many."""
    with store.transaction():
        rows = store.rows("SELECT id FROM events WHERE detected_at >= ? ORDER BY id", (since,))
        return enqueue(store, [row["id"] for row in rows], channels, now, zone)


def _keys(rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """For each event the key of its message: events on one report together, then reports that met the same fate in
    one pass over one portal. Empty: a message of its own."""
    reports: dict[tuple[object, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        own = row["id"] if row["report"] is None else None
        reports.setdefault((row["portal"], row["crawl"], row["report"], own), []).append(row)
    fates: dict[tuple[object, ...], list[list[Mapping[str, Any]]]] = {}
    for group in reports.values():
        kinds = [row["kind"] for row in group]
        first = next((kind for kind in _FIRST if kind in kinds), kinds[0])
        fates.setdefault((first, group[0]["portal"], group[0]["crawl"]), []).append(group)
    keys: dict[int, str] = {}
    for (kind, portal, crawl), groups in fates.items():
        together = len(groups) > (1 if kind in _TOGETHER else _MASS)
        for group in groups:
            first_row = group[0]
            if kind in _OUTAGE:
                key = f"{kind}/{first_row['detected_at'][:10]}"
            elif together:
                key = f"{kind}/{portal}/{crawl or first_row['detected_at']}"
            elif len(group) > 1:
                key = f"report/{first_row['report']}/{crawl or first_row['detected_at']}"
            else:
                key = ""
            keys |= {row["id"]: key for row in group}
    return keys
