"""What four workers saw is what one machine saw: the same passes over the same portals, made by both engines, and their records.

The story is that of `nianbao demo` (monitor/demo/story.py): five kinds of portals, reports that appear, change, vanish and come
back, outages and redesigns. Parcels travel in messages here; in test_faults.py they travel through a shared folder.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.demo.story import PORTALS, acts
from monitor.demo.world import World
from monitor.home import Home
from monitor.run import crawl
from monitor.store import Store
from monitor.workers.register import Register
from tests.e2e.service_home import disable_built_in
from tests.workers.ground import Worker
from tests.workers.processes import until
from tests.workers.redis_server import RedisServer
from tests.workers.watched_web import WatchedWeb, overlaps

WORKERS = 4
_REPORT = (
    "(SELECT r.portal || ' ' || o.name || ' ' || r.year || ' ' || r.variant"
    " FROM reports r JOIN organs o ON o.id = r.organ_id WHERE r.id = {})"
)
_VERSION = f"(SELECT {_REPORT.format('v.report')} || ' ' || v.seq FROM versions v WHERE v.id = {{}})"
_PASS = "(SELECT portal || ' ' || started_at FROM crawls c WHERE c.id = {})"
RECORD = {
    "crawls": "SELECT portal, mode, started_at, finished_at, outcome, reports_seen FROM crawls",
    "portals": "SELECT name, health, empty_passes, down_said, broken_said, mass_since, last_complete_at FROM portals",
    "organs": "SELECT portal, name, aliases, kind, since, until, declared FROM organs",
    "sections": "SELECT portal, url, active, last_links, broken FROM sections",
    "links": f"""SELECT portal, section, url, title, kind, date, year, listed, baseline, {_PASS.format("first_crawl")},
        {_PASS.format("changed_crawl")} FROM links""",
    "reports": f"""SELECT {_REPORT.format("x.id")}, organ, title, url, status, listed, published_on, first_seen_at, last_seen_at,
        last_verified_at, missing_since, misses, last_reading, {_VERSION.format("current_version")} FROM reports x""",
    "pages": f"""SELECT p.portal, p.url, {_REPORT.format("x.report")}, x.role, x.absent, x.misses FROM pages p
        LEFT JOIN page_reports x ON x.page = p.id""",
    "companions": f"SELECT portal, url, title, {_REPORT.format('report')}, first_seen_at FROM companions",
    "versions": f"""SELECT {_REPORT.format("x.report")}, seq, {_PASS.format("crawl")}, captured_at, content_hash, text_hash, rules,
        title, organ, source, published_on, url, http_status, text, significance FROM versions x""",
    "attachments": f"""SELECT {_VERSION.format("version")}, url, name, media_type, sha256, size, text, text_hash, pixels, kind
        FROM attachments""",
    "readings": f"""SELECT {_REPORT.format("x.report")}, {_PASS.format("crawl")}, reading, http_status, final_url, marker, counted
        FROM readings x""",
    "figures": f"SELECT {_VERSION.format('version')}, field, value, raw, source, confidence FROM figures",
    "findings": f"SELECT {_VERSION.format('version')}, {_PASS.format('crawl')}, url, rule, severity, detail FROM findings",
    "events": f"""SELECT kind, portal, {_REPORT.format("x.report")}, organ, year, title, url, detected_at, {_PASS.format("crawl")},
        {_VERSION.format("from_version")}, {_VERSION.format("to_version")}, baseline, summary, detail, retracted_at FROM events x""",
}
"""What is in the record, by what it says: without ids, and without what portals print anew with each answer (bodies' hashes)."""


class Both:
    """Two homes with the same portals, one of each engine."""

    def __init__(self, folder: Path, world: World, broker: str) -> None:
        self.homes: dict[str, Home] = {}
        for name, service in {"local": "", "celery": f'[service]\nengine = "celery"\nbroker = "{broker}"\n'}.items():
            home = folder / name
            disable_built_in(home)
            world.write_portals(home, confirmations=2, after="1h")
            (home / "nianbao.toml").write_text(service, encoding="utf-8")
            self.homes[name] = Home(home)

    def crawl(self, now: str) -> dict[str, list[str]]:
        """One pass over every portal by each engine, at the same time; how they ended."""
        return {name: sorted(self._crawl(home, now)) for name, home in self.homes.items()}

    def _crawl(self, home: Home, now: str) -> Iterator[str]:
        portals, settings = home.portals(), home.settings()
        with home.writing() as store:
            store.run("PRAGMA synchronous = OFF")
            for one in crawl(home, store, settings, [portals[name] for name in PORTALS], "full", lambda: now):
                yield f"{one.portal} {one.outcome}"

    def record(self, name: str) -> dict[str, list[tuple[Any, ...]]]:
        """What a home's record says, in an order that does not depend on ids."""
        with contextlib.closing(Store.open(self.homes[name].database)) as store:
            return {
                table: sorted((tuple(map(_plain, row.values())) for row in store.rows(sql)), key=repr)
                for table, sql in RECORD.items()
            }


def _plain(value: Any) -> Any:
    """Without what differs from one pass to the other whoever makes it: numbers of rows, and how long it took."""
    if isinstance(value, str) and value.startswith("{"):
        return json.dumps(_without(json.loads(value)), ensure_ascii=False, sort_keys=True)
    return value


def _without(detail: Any) -> Any:
    if isinstance(detail, dict):
        return {key: _without(value) for key, value in detail.items() if not re.search(r"(^|_)(id|ids|ref|took)$", key)}
    return [_without(one) for one in detail] if isinstance(detail, list) else detail


@pytest.fixture
def workers(redis: RedisServer, tmp_path: Path) -> Iterator[list[Worker]]:
    with contextlib.ExitStack() as parts:
        made = []
        register = Register(redis.url)
        parts.callback(register.close)
        for number in range(1, WORKERS + 1):
            worker = Worker(tmp_path, f"w{number}", redis)
            parts.enter_context(worker.wire)
            parts.callback(worker.machine.power_off)
            worker.machine.start()
            made.append(worker)
        until(lambda: len(register.workers()) == WORKERS, why=lambda: "\n".join(one.said for one in made))
        yield made


def test_the_same_passes_tell_the_same(
    redis: RedisServer, workers: list[Worker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.ocr.available", lambda: False)
    web = WatchedWeb()
    with World(*PORTALS, web=web) as world:
        both = Both(tmp_path, world, redis.url)
        for step in acts(world):
            ended = both.crawl(step.now)
            assert ended["celery"] == ended["local"], step.heading
    local, celery = both.record("local"), both.record("celery")
    for table in RECORD:
        assert celery[table] == local[table], table
        assert celery[table] or table == "companions", f"nothing in {table}"
    kinds = {row[0] for row in celery["events"]}
    assert {"appeared", "changed", "taken_down", "restored", "moved"} <= kinds, "little happened"
    assert len(celery["versions"]) > 50
    assert len({one.machine for one in web.asked if one.machine}) == WORKERS, "some worker made no pass"
    assert overlaps(web.asked) == []
