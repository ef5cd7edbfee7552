"""What the watch and the health endpoint read from the record. Queries only; cheap with thousands of portals.

Times are UTC as the record writes them. All raise sqlite3.Error where the record cannot be read.
"""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from crawler.observation import OWN_ENDS
from crawler.portal import Portal
from monitor.outbox_store import UNCERTAIN
from monitor.service.matters import CUT, PortalFacts, Queue
from monitor.store import Store

NOT_ITS_FAULT = (
    *OWN_ENDS,
    "the process that watched over it",
    "the process was killed before the pass ended",
)
"""Why passes ended early that say nothing about their portal."""
_LATEST = 500
"""Passes that the machine's clock is compared with."""


def sound(store: Store) -> str:
    """What SQLite's check says against the record; empty: nothing."""
    told = store.row("PRAGMA quick_check(1)")
    answer = str(next(iter(told.values()))) if told else "no answer"
    return "" if answer == "ok" else answer


def pending_log(store: Store) -> int:
    """Bytes of the write-ahead log that cannot go over into the database, since somebody still reads what was before."""
    told = store.row("PRAGMA wal_checkpoint(PASSIVE)")
    page = store.row("PRAGMA page_size")
    if told is None or page is None:
        return 0
    return max(0, int(told["log"]) - int(told["checkpointed"])) * int(page["page_size"])


def clock_offsets(store: Store, since: str) -> dict[str, float]:
    """By portal what its `Date` headers said last, less this machine's clock, in seconds; of passes that ended since."""
    rows = store.rows(
        """SELECT portal, json_extract(detail, '$.clock_offset') AS offset FROM crawls
        WHERE id > (SELECT coalesce(max(id), 0) FROM crawls) - ? AND finished_at >= ? ORDER BY id""",
        (_LATEST, since),
    )
    return {row["portal"]: float(row["offset"]) for row in rows if row["offset"] is not None}


def queues(store: Store, names: Collection[str], late: str) -> list[Queue]:
    """The channels' deliveries that are tried again, or that were due at `late` already."""
    found = []
    for name in names:
        row = store.row(
            """SELECT (SELECT count(*) FROM deliveries WHERE channel = :name AND state = 'failed') AS failed,
            (SELECT max(sent_at) FROM deliveries WHERE channel = :name AND state = 'sent') AS last_sent,
            (SELECT last_error FROM deliveries WHERE channel = :name AND state = 'failed' ORDER BY id DESC LIMIT 1) AS error,
            (SELECT count(*) FROM deliveries WHERE channel = :name AND state IN ('pending', 'failed', 'sending')
             AND next_attempt_at <= :late) AS late,
            (SELECT min(next_attempt_at) FROM deliveries WHERE channel = :name
             AND state IN ('pending', 'failed', 'sending')) AS oldest""",
            {"name": name, "late": late},
        )
        assert row is not None
        found.append(
            Queue(
                channel=name,
                failed=row["failed"],
                late=row["late"],
                oldest=row["oldest"] or "",
                last_sent=row["last_sent"] or "",
                error=(row["error"] or "").removeprefix(UNCERTAIN),
            )
        )
    return found


def portal_facts(store: Store, portals: Mapping[str, Portal]) -> list[PortalFacts]:
    """Of those portals that the record knows."""
    rows = store.rows(
        """SELECT p.name, p.title, p.last_complete_at, p.down_said OR p.broken_said AS told,
        (SELECT started_at FROM crawls c WHERE c.portal = p.name ORDER BY c.id LIMIT 1) AS first FROM portals p"""
    )
    return [_facts(store, row) for row in rows if row["name"] in portals]


def _facts(store: Store, row: Mapping[str, object]) -> PortalFacts:
    name = str(row["name"])
    last = [
        crawl
        for crawl in store.rows(
            "SELECT outcome, finished_at, detail FROM crawls WHERE portal = ? AND outcome IS NOT NULL "
            "ORDER BY id DESC LIMIT ?",
            (name, 2 * CUT),
        )
        if not any(words in crawl["detail"] for words in NOT_ITS_FAULT)
    ][:CUT]
    return PortalFacts(
        portal=name,
        title=str(row["title"]),
        complete=str(row["last_complete_at"] or ""),
        first=str(row["first"] or ""),
        tried=last[0]["finished_at"] if last else "",
        told=bool(row["told"]),
        outcomes=tuple(crawl["outcome"] for crawl in last),
        why=_why(last[0]["detail"]) if last else "",
    )


def _why(detail: str) -> str:
    """The sentence of crawls.detail that says why a pass did not end well."""
    try:
        said = msgspec.json.decode(detail)
    except msgspec.DecodeError:
        return ""
    return next((str(said[key]) for key in ("reason", "detail", "trouble") if said.get(key)), "")


def portals_by_health(store: Store, names: Collection[str]) -> dict[str, int]:
    """How many of these portals are in each state of health."""
    counts: dict[str, int] = {}
    for row in store.rows("SELECT name, health FROM portals"):
        if row["name"] in names:
            counts[row["health"]] = counts.get(row["health"], 0) + 1
    return counts


def deliveries(store: Store) -> dict[tuple[str, str], int]:
    """Deliveries by channel and state."""
    rows = store.rows("SELECT channel, state, count(*) AS n FROM deliveries GROUP BY channel, state")
    return {(row["channel"], row["state"]): row["n"] for row in rows}


def last_pass(store: Store) -> Mapping[str, object] | None:
    """The pass that ended last."""
    return store.row(
        """SELECT id AS crawl, portal, mode, started_at, finished_at, outcome FROM crawls
        WHERE id IN (SELECT id FROM crawls ORDER BY id DESC LIMIT 200) AND finished_at IS NOT NULL
        ORDER BY finished_at DESC, id DESC LIMIT 1"""
    )


def reports_by_status(store: Store) -> Sequence[tuple[str, int]]:
    """How many reports are live, missing, taken down."""
    rows = store.rows("SELECT status, count(*) AS n FROM reports WHERE withdrawn_at IS NULL GROUP BY status")
    return [(row["status"], row["n"]) for row in rows]
