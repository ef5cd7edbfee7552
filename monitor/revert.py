"""A report's content as it was before an edit that was none: `nianbao retract` of a `changed` event.

The chain of versions is append-only: what was stored wrongly stays, and the earlier content becomes the newest version
again, marked `rebaseline`, with the earlier capture behind it. Within the caller's transaction; no event follows.
"""

from monitor.archive import chain_hash
from monitor.findings_store import FindingWriter
from monitor.store import Row, Store


def revert_content(store: Store, report: int, to: int, crawl: int, now: str) -> int:
    """Makes version `to` a report's content again. The number (`seq`) of the version that it is as."""
    old = store.row("SELECT * FROM versions WHERE id = ?", (to,))
    last = store.row("SELECT * FROM versions WHERE report = ? ORDER BY seq DESC LIMIT 1", (report,))
    assert old is not None  # a foreign key of the event
    assert last is not None  # every report has a version
    values = {name: value for name, value in old.items() if name != "id"}
    values |= {
        "seq": last["seq"] + 1,
        "crawl": crawl,
        "captured_at": now,
        "significance": "rebaseline",
        "previous_hash": chain_hash(last),
    }
    version = store.insert("versions", values)
    for table, order in (("attachments", "id"), ("figures", "field"), ("findings", "id")):
        for row in store.rows(f"SELECT * FROM {table} WHERE version = ? ORDER BY {order}", (to,)):  # noqa: S608
            store.insert(table, {name: value for name, value in row.items() if name != "id"} | {"version": version})
    store.update(
        "reports",
        report,
        {
            "current_version": version,
            "title": old["title"],
            "published_on": old["published_on"],
            **({"organ": old["organ"]} if old["organ"] else {}),
        },
    )
    _place_attachments(store, report, version)
    key = store.row("SELECT portal, organ_id, year FROM reports WHERE id = ?", (report,))
    assert key is not None  # a foreign key
    findings = FindingWriter(store, key["portal"], None)
    findings.refresh(report)  # its key and its neighbours may be others than when it was written
    findings.refresh_neighbours(key["organ_id"], key["year"])
    return int(old["seq"])


def _place_attachments(store: Store, report: int, version: int) -> None:
    """The attachments that the next pass is to ask for."""
    row: Row | None = store.row("SELECT portal FROM reports WHERE id = ?", (report,))
    assert row is not None
    store.run("DELETE FROM page_reports WHERE report = ? AND role = 'attachment'", (report,))
    for item in store.rows("SELECT url, text_hash FROM attachments WHERE version = ? ORDER BY id", (version,)):
        store.run("INSERT INTO pages (portal, url) VALUES (?, ?) ON CONFLICT DO NOTHING", (row["portal"], item["url"]))
        store.run(
            """INSERT INTO page_reports (page, report, role, text_hash)
            SELECT id, ?, 'attachment', ? FROM pages WHERE portal = ? AND url = ? ON CONFLICT DO NOTHING""",
            (report, item["text_hash"], row["portal"], item["url"]),
        )
