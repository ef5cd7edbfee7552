"""What there is to look at: events that a visitor has not seen, and events that notes name."""

from collections.abc import Callable, Sequence

import msgspec

from monitor.store import Row, Store

PAGE = 50
_BATCH, _BATCHES = 300, 10


class Unseen(msgspec.Struct, frozen=True):
    """A page of what a visitor has not seen yet."""

    events: list[Row]
    """Newest first."""
    following: tuple[str, int] | None
    """Where to go on: time and number of the last event that was looked at; None: that was all."""


def unseen(
    store: Store,
    until: str,
    before: tuple[str, int] | None,
    seen: Callable[[Sequence[str]], frozenset[str]],
    most: int = PAGE,
) -> Unseen:
    """Events found after `until` (UTC; empty: all) and before the time and number `before`, without those that `seen` names of
    their keys.

    However many of them are seen, a bounded number is looked at: the page is then short, and says where to go on.
    """
    found: list[Row] = []
    at, last = before or ("~", 0)
    for _ in range(_BATCHES):
        sql = """SELECT id, key, kind, portal, organ, year, title, summary, detected_at, retracted_at
            FROM events INDEXED BY events_by_time WHERE baseline = 0 AND detected_at > ? AND (detected_at, id) < (?, ?)
            ORDER BY detected_at DESC, id DESC LIMIT ?"""
        rows = store.rows(sql, (until, at, last, _BATCH))
        known = seen([row["key"] for row in rows]) if rows else frozenset()
        for row in rows:
            at, last = row["detected_at"], row["id"]
            if row["key"] not in known:
                found.append(row)
            if len(found) == most:
                return Unseen(found, (at, last))
        if len(rows) < _BATCH:
            return Unseen(found, None)
    return Unseen(found, (at, last))


def latest(store: Store) -> str:
    """When the last event was found; empty: there is none."""
    row = store.row("SELECT max(detected_at) AS at FROM events")
    return row["at"] or "" if row else ""
