"""What a pass asks of the record is looked up, whatever the record has grown to: no statement of it goes through a whole table."""

import re

import msgspec

from crawler.page.model import Attachment
from monitor import bookkeeping, outbox_store, retention
from monitor.agenda import due_pages, facts_of
from monitor.briefing import list_rules_of, rules_of
from monitor.home import Home
from monitor.settings import Channel, Settings
from monitor.settle import settle
from monitor.store import Store
from tests.bench.record import fill

_SMALL = ("told", "notes", "crawls_unsettled", "deliveries_open")
"""What stays small: a lost record's journal, the service's notes; indexes of the passes that go on now, and of what is not sent."""


def scans(store: Store, statements: set[str]) -> list[str]:
    """Those of the statements that go through a table, or through what one index has of all portals, with their plans."""
    found = []
    for sql in sorted(statements):
        if not re.match(r"(SELECT|UPDATE|DELETE|INSERT|WITH)\b", sql):
            continue
        plan = [row["detail"] for row in store.rows(f"EXPLAIN QUERY PLAN {sql}")]
        found += [f"{sql}: {step}" for step in plan if _goes_through(step, sql)]
    return found


def _goes_through(step: str, sql: str) -> bool:
    if re.match(r"SCAN (\(|CONSTANT|json_each|value\b|\w+ VIRTUAL TABLE)", step) or any(
        name in step for name in _SMALL
    ):
        return False
    if step.startswith("SCAN") or "AUTOMATIC" in step:
        return True
    if not step.startswith("SEARCH"):
        return False
    # A range of ids, or the versions that are none, is as long as the record.
    return ("=?" not in step.replace(">=?", "").replace("<=?", "") and "key>? AND key<?" not in step) or (
        "(version=?)" in step and "version IS NULL" in sql
    )


def test_the_guard_sees_what_goes_through_a_table(site):
    store = site.store
    assert scans(store, {"SELECT max(crawl) FROM events WHERE organ = 'x' AND summary = 'y'"})
    assert scans(store, {"SELECT id FROM events WHERE id > 7"})
    assert scans(store, {"UPDATE reports SET title = '' WHERE title = 'x'"})
    assert scans(store, {"SELECT id FROM findings WHERE version IS NULL AND detail = ''"})
    assert not scans(store, {"SELECT max(crawl) FROM events WHERE kind = 'x' AND portal = 'y'", "SELECT 1"})


def story(site, paper) -> None:
    """Passes in which a portal does most of what portals do."""
    site.portal = msgspec.structs.replace(site.portal, organs=(paper.Organ("临海市财政局"),))
    file = Attachment(f"{paper.HOST}/files/1.pdf", "附件", "document")
    site.files[file.url] = (b"%PDF", "附件的正文")
    with_file = site.publish(paper.report(2022, files=[file]))
    for name, kind, title in (("tj", "companion", "图解"), ("unread", "report", "2015年年报")):
        site.sections[paper.SECTION].kinds[f"{paper.HOST}/{name}.html"] = kind
        site.sections[paper.SECTION].links[f"{paper.HOST}/{name}.html"] = title
    site.run()  # the baseline, and what is overdue
    site.outage()
    for _ in range(3):
        site.run()  # down
    site.recover()
    site.publish(paper.report(2024, requests=13), at=f"{paper.HOST}/art/2024.html")
    site.files[file.url] = (b"%PDF2", "附件的另一正文")
    site.publish(paper.report(2021, date="2026-02-01"))
    site.run()  # changed, appeared
    site.answer(f"{paper.HOST}/art/2023.html", "gone")
    site.remove(with_file)
    for _ in range(3):
        site.run()  # taken down
    site.answer(f"{paper.HOST}/art/2023.html", "present")
    site.remove(f"{paper.HOST}/art/2024.html")
    site.publish(paper.report(2024, requests=13), at=f"{paper.HOST}/new/2024.html")
    site.run()  # restored, moved
    site.kill()
    site.run(mode="discover")


def test_no_step_of_a_pass_goes_through_a_whole_table(site, paper, monkeypatch, tmp_path):
    store = site.store
    site.settings = Settings(channels=(Channel("office", "json://localhost"), Channel("late", "json://localhost")))
    monkeypatch.setattr(site, "settle", lambda: _settle(site))  # without the helper's own questions
    monkeypatch.setattr(site, "check", lambda: None)
    asked: set[str] = set()
    store.conn.set_trace_callback(asked.add)
    story(site, paper)
    home, now = Home(site.home), site.now
    rules, lists = rules_of(site.portal), list_rules_of(site.portal)
    facts_of(store, site.portal.name)
    due_pages(store, site.portal, "full", now, site.settings.schedule, rules, lists)
    list(bookkeeping.recover(home, store, site.settings, lambda: now))
    retention.expire(home.runs, store, site.portal.name, now, site.settings.service, 0.0)
    outbox_store.channels_due(store, now)
    outbox_store.waiting(store, now)
    outbox_store.next_due(store)
    store.conn.set_trace_callback(None)
    kinds = {row["kind"] for row in store.rows("SELECT DISTINCT kind FROM events")}
    assert kinds >= {
        "baseline",
        "overdue",
        "appeared",
        "changed",
        "taken_down",
        "restored",
        "moved",
        "portal_down",
        "portal_recovered",
    }
    asked = {sql for sql in asked if not sql.startswith(_HELPERS)}
    assert len(asked) > 100
    assert scans(store, asked) == []
    with Store.open(tmp_path / "grown.db") as grown:  # where the planner knows what is in the tables
        fill(grown, 2000, sizes=(20,))
        grown.run("ANALYZE")
        assert scans(grown, asked) == []


_HELPERS = "SELECT coalesce(max(id), 0) AS id FROM events", "SELECT * FROM events WHERE id > "


def _settle(site) -> list[object]:
    site.last = settle(site.folder, site.store, site.home / "archive", site.settings, site.now, None)
    return []


def test_a_pass_that_never_began_is_forgotten_without_a_search_for_what_refers_to_it(site):
    site.run()
    settled = site.store.last_number()
    number = site.store.start_crawl(site.portal.name, "full", site.now)
    site.store.forget_crawl(number)
    site.store.forget_crawl(settled)
    assert [row["id"] for row in site.store.rows("SELECT id FROM crawls")] == [settled]
    assert site.store.row("PRAGMA foreign_keys") == {"foreign_keys": 1}
