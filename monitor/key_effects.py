"""What follows when a report turns out to be another organ's or year's: findings that depend on the key, and `overdue` events.

Within the caller's transaction; nobody is told here.
"""

from collections.abc import Iterable

import msgspec

from monitor.findings_store import FindingWriter
from monitor.identity import OrganRow, organ_key
from monitor.legal import late_by
from monitor.owed import owed
from monitor.record import ReportDetail
from monitor.store import Row, Store
from monitor.times import to_utc


def renew_findings(store: Store, reports: Iterable[int], left: Iterable[Row]) -> None:
    """What does not add up under the new keys of reports, and in other years beside them; what did not under the old ones
    goes. `left`: the rows of reports whose key is free now."""
    portal = ""
    for number in reports:
        row = store.row("SELECT * FROM reports WHERE id = ?", (number,))
        assert row is not None  # the caller has it
        portal = row["portal"]
        _renew_dates(store, row)
    writer = FindingWriter(store, portal, None)
    for row in left:
        writer.on_key(row["id"], row["organ_id"], row["year"])
    writer.settle()


def _renew_dates(store: Store, row: Row) -> None:
    """Whether it came late, and stands beside another one."""
    organ = next(organ for organ in store.organs(row["portal"]) if organ.id == row["organ_id"])
    detail = msgspec.json.decode(row["detail"], type=ReportDetail)
    rules = ["late", *(["conflict"] if detail.conflict_with is None else [])]
    marks = ", ".join("?" for _ in rules)
    version = row["current_version"]
    store.run(f"DELETE FROM findings WHERE version = ? AND rule IN ({marks})", (version, *rules))  # noqa: S608
    late = late_by(organ.kind, row["year"], row["published_on"], "" if detail.baseline else row["first_seen_at"])
    if late:
        FindingWriter(store, row["portal"], None).late(version, late)


def withdraw_overdue(store: Store, portal: str, organ: OrganRow, year: int, now: str) -> tuple[int, ...]:
    """`overdue` events that a report of that organ and year proves wrong: marked. Their ids."""
    events = _overdue(store, portal, organ, year, "retracted_at IS NULL")
    for event in events:
        store.update("events", event, {"retracted_at": now})
    return events


def reinstate_overdue(store: Store, portal: str, organ: OrganRow, year: int, now: str) -> tuple[int, ...]:
    """`overdue` events that were withdrawn because a report appeared that turns out to be none of that organ and year: they
    stand again, if it is still owed. Within the caller's transaction; nobody is told."""
    if not any((one.organ, one.year) == (organ.id, year) for one in owed(store, portal, to_utc(now))):
        return ()
    where = "retracted_at IS NOT NULL AND coalesce(json_extract(detail, '$.retracted_why'), '') = ''"
    events = _overdue(store, portal, organ, year, where)
    for event in events:
        store.update("events", event, {"retracted_at": None})
        store.run(
            """UPDATE deliveries SET state = 'skipped' WHERE event = ? AND purpose = 'retraction'
            AND state IN ('pending', 'held', 'failed')""",
            (event,),
        )
    return events


def _overdue(store: Store, portal: str, organ: OrganRow, year: int, where: str) -> tuple[int, ...]:
    names = {organ_key(name) for name in (organ.name, *organ.aliases)}
    rows = store.rows(
        f"SELECT id, organ FROM events WHERE kind = 'overdue' AND portal = ? AND year = ? AND {where} ORDER BY id",  # noqa: S608
        (portal, year),
    )
    return tuple(row["id"] for row in rows if organ_key(row["organ"]) in names)
