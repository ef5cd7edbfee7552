"""What follows when a report turns out to be another organ's or year's: findings that depend on the key, and `overdue` events.

Within the caller's transaction; nobody is told here.
"""

import msgspec

from monitor.findings import check
from monitor.findings_store import stored_figures
from monitor.identity import OrganRow, organ_key
from monitor.legal import late_by
from monitor.owed import owed
from monitor.record import ReportDetail
from monitor.store import Store
from monitor.times import to_utc

_BY_KEY = ("same_text", "wrong_period", "published_early", "wrong_form", "carried_over", "late")
"""Findings that depend on the organ or the year."""


def renew_findings(store: Store, number: int) -> None:
    """What does not add up under the new key; what did not under the old one goes."""
    row = store.row("SELECT * FROM reports WHERE id = ?", (number,))
    assert row is not None  # the caller has it
    version = store.row("SELECT * FROM versions WHERE id = ?", (row["current_version"],))
    assert version is not None  # every report has a version from its first transaction on
    organ = next(organ for organ in store.organs(row["portal"]) if organ.id == row["organ_id"])
    detail = msgspec.json.decode(row["detail"], type=ReportDetail)
    rules = [*_BY_KEY, *(["conflict"] if detail.conflict_with is None else [])]
    marks = ", ".join("?" for _ in rules)
    store.run(f"DELETE FROM findings WHERE version = ? AND rule IN ({marks})", (version["id"], *rules))  # noqa: S608
    previous = store.row(
        "SELECT current_version FROM reports WHERE portal = ? AND organ_id = ? AND year = ? AND variant = 0",
        (row["portal"], row["organ_id"], row["year"] - 1),
    )
    others = store.rows(
        """SELECT r.year, v.body_key FROM reports r JOIN versions v ON v.id = r.current_version
        WHERE r.portal = ? AND r.organ_id = ? AND r.id <> ? AND r.withdrawn_at IS NULL AND v.body_key <> ''""",
        (row["portal"], row["organ_id"], number),
    )
    found = check(
        version["text"],
        year=row["year"],
        organ=organ.name,
        published_on=version["published_on"],
        figures=stored_figures(store, version["id"]),
        previous=stored_figures(store, previous["current_version"]) if previous else None,
        others={other["year"]: other["body_key"] for other in others},
    )
    told = [(one.rule, one.severity, one.detail) for one in found if one.rule in _BY_KEY]
    late = late_by(organ.kind, row["year"], row["published_on"], "" if detail.baseline else row["first_seen_at"])
    if late:
        told.append(("late", "warning", f"晚于法定期限 {late} 天公开"))
    for rule, severity, sentence in told:
        values = {"version": version["id"], "crawl": version["crawl"], "url": version["url"]}
        store.insert("findings", {**values, "rule": rule, "severity": severity, "detail": sentence})


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
