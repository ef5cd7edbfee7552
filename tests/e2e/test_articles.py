"""Reports that are split over several pages, on a site on loopback, through the crawl process into the record: each edit of
any part is told, and no trouble of a part is."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from monitor import run
from monitor.archive import article_parts, verify
from monitor.demo.world import World
from monitor.engine import Local
from monitor.home import Home
from monitor.settings import Service
from monitor.times import format_utc

TITLE = "某县人民政府2024年政府信息公开工作年度报告"
FIRST = "/nb/202501/t20250120_31.html"
SECOND, THIRD = FIRST.replace("31", "31_1"), FIRST.replace("31", "31_2")
PARTS = {
    FIRST: "<p>本报告依据《中华人民共和国政府信息公开条例》第五十条规定编制。</p><p>一、总体情况</p><p>2024年公开信息12条。</p>",
    SECOND: "<p>二、主动公开政府信息情况</p><p>公开规章3件。</p><p>三、收到和处理政府信息公开申请情况</p><p>收到申请5件。</p>",
    THIRD: '<p>五、存在的主要问题及改进情况</p><p>一是不足。</p><p>附件：<a href="P1.pdf">统计表.pdf</a></p>',
}
OTHER = (
    "<html><head><title>某县财政局2023年政府信息公开工作年度报告</title></head><body><h1>某县财政局2023年政府信息公开工作年度报告</h1>"
    "<div id=zoom><p>依据《政府信息公开条例》编制本报告。</p><p>一、总体情况</p><p>公开信息3条。</p></div></body></html>"
)


@dataclass
class Site:
    """What the portal shows; `asked` counts requests, `sent` those answered with a body."""

    parts: dict[str, str] = field(default_factory=lambda: dict(PARTS))
    counted: int = 3
    trouble: dict[str, int] = field(default_factory=dict)
    validators: bool = False
    noise: int = 0
    asked: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    base: str = ""

    def page(self, path: str) -> str:
        number = list(PARTS).index(path)
        pager = f'<script>createPageHTML({self.counted}, {number}, "t20250120_31", "html");</script>'
        counter = f"<span>浏览次数：{len(self.asked)}</span>" if self.noise else ""
        return (
            f'<html><head><meta charset="utf-8"><title>{TITLE}</title></head><body><h1>{TITLE}</h1>'
            f'<div class="i">发布日期：2025-01-20 {counter}</div><div id="zoom">{self.parts[path]}{pager}</div></body></html>'
        )

    def answer(self, path: str) -> tuple[int, str]:
        if path in self.trouble:
            return self.trouble[path], "<html><body>出错了</body></html>"
        if path == "/nb/":
            return 200, (
                f'<html><head><title>年报</title></head><body><ul><li><a href="{FIRST}">{TITLE}</a></li>'
                '<li><a href="/nb/t2.html">某县财政局2023年政府信息公开工作年度报告</a></li></ul></body></html>'
            )
        if path == "/nb/t2.html":
            return 200, OTHER
        if path in self.parts:
            return 200, self.page(path)
        return 404, "<html><body>404 Not Found</body></html>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        site = self.site
        status, text = site.answer(self.path)
        site.asked.append(self.path)
        body = b"%PDF-1.4 a table" if self.path.endswith(".pdf") else text.encode()
        status = 200 if self.path.endswith(".pdf") else status
        tag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
        if site.validators and status == 200 and self.headers.get("If-None-Match") == tag:
            status, body = 304, b""
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if site.validators and status == 200:
            self.send_header("ETag", tag)
        self.end_headers()
        if body:
            site.sent.append(self.path)
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Watch:
    """A home that reads the site, six hours a pass."""

    def __init__(self, path: Path, site: Site) -> None:
        self.site = site
        self.home = Home(path)
        self.home.create()
        (path / "portals").mkdir(exist_ok=True)
        (path / "portals" / "mou.toml").write_text(
            f'title = "某县人民政府"\nfamily = "trs"\nsections = ["{site.base}/nb/"]\n[policy]\ndelay = 0.0\nconcurrency = 2\n'
            'allow_private = true\nobey_robots = false\ntakedown_confirmations = 2\ntakedown_after = "1h"\n',
            encoding="utf-8",
        )
        self.now = datetime(2025, 6, 1, tzinfo=UTC)

    def turn(self) -> list[str]:
        """One pass; the kinds of its events."""
        self.now += timedelta(hours=6)
        self.site.asked.clear()
        self.site.sent.clear()
        at = format_utc(self.now)
        with self.home.writing() as store:
            settled = run.crawl(
                self.home, store, self.home.settings(), [self.home.portals()["mou"]], "full", lambda: at
            )
            assert not [fault for fault in verify(store, self.home.archive) if fault]
            numbers = [event for one in settled for event in one.events]
            rows = [store.row("SELECT kind, baseline FROM events WHERE id = ?", (number,)) for number in numbers]
        untold = ("finding", "service", "overdue")
        return [row["kind"] for row in rows if row and row["kind"] not in untold and not row["baseline"]]

    def rows(self, query: str) -> list[Any]:
        with self.home.writing() as store:
            return store.rows(query)

    def text(self) -> str:
        query = "SELECT v.text FROM reports r JOIN versions v ON v.id = r.current_version WHERE r.year = 2024"
        return str(self.rows(query)[0]["text"])

    def edit(self, path: str, old: str, new: str) -> None:
        assert old in self.site.parts[path]
        self.site.parts[path] = self.site.parts[path].replace(old, new)


class Kept(Local):
    """Passes of several fleets by one nursery, as those of a service's days are: each would else import Scrapy anew."""

    def close(self) -> None:
        """The next fleet goes on with it."""

    def end(self) -> None:
        """Returns when nothing is left."""
        super().close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    kept = Kept(tmp_path_factory.mktemp("nursery"), Service().parallel)
    yield kept
    kept.end()


@pytest.fixture(autouse=True)
def kept(engine: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.run.open_engine", lambda *_: engine)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Handler,), {"site": site}))
    server.daemon_threads = True
    site.base = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Watch(tmp_path, site)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("validators", [False, True])
def test_all_parts_are_one_report(watch: Watch, validators: bool) -> None:
    watch.site.validators = validators
    assert watch.turn() == ["baseline"]
    text = watch.text()
    assert [line in text for line in ("公开信息12条", "收到申请5件", "一是不足")] == [True] * 3
    assert watch.rows("SELECT count(*) n FROM reports")[0]["n"] == 2
    version = watch.rows("SELECT v.* FROM versions v JOIN attachments a ON a.version = v.id")[0]
    with watch.home.writing() as store:
        assert [part["url"] for part in article_parts(store, version["archive_ref"])] == [
            watch.site.base + path for path in (SECOND, THIRD)
        ]
    assert watch.turn() == []
    asked = [path for path in watch.site.asked if path in PARTS]
    assert sorted(asked) == sorted(PARTS)  # unchanged: each part once
    assert [path in watch.site.sent for path in PARTS] == [not validators] * 3

    watch.edit(THIRD, "一是不足", "一是不够")
    assert watch.turn() == ["changed"]
    assert "一是不够" in watch.text()
    watch.edit(SECOND, "5件", "6件")
    assert watch.turn() == ["changed"]
    watch.edit(FIRST, "12条", "13条")
    assert watch.turn() == ["changed"]
    assert watch.turn() == []
    watch.site.noise = 1
    assert [watch.turn(), watch.turn()] == [[], []]


def test_a_part_in_trouble_says_nothing(watch: Watch) -> None:
    assert watch.turn() == ["baseline"]
    for status in (503, 412):
        watch.site.trouble = {SECOND: status}
        assert watch.turn() == []
        watch.edit(THIRD, "不足", "不够")
        assert watch.turn() == []
        watch.site.trouble = {}
        assert watch.turn() == ["changed"]
        watch.edit(THIRD, "不够", "不足")
        assert watch.turn() == ["changed"]
    whole = watch.text()
    watch.site.trouble = {THIRD: 404}
    assert watch.turn() == []
    watch.site.trouble = {}
    assert watch.turn() == []
    assert watch.text() == whole
    assert watch.rows("SELECT sum(misses) n FROM page_parts")[0]["n"] == 0


def test_a_part_that_stays_gone_is_an_edit(watch: Watch) -> None:
    assert watch.turn() == ["baseline"]
    watch.site.trouble = {SECOND: 404}
    assert [watch.turn(), watch.turn()] == [[], []]  # confirmed by the second; read without it by the third
    assert watch.turn() == ["changed"]
    assert "收到申请5件" not in watch.text()
    assert "一是不足" in watch.text()
    assert [watch.turn(), watch.turn()] == [[], []]
    watch.edit(FIRST, "12条", "13条")
    assert watch.turn() == ["changed"]
    watch.site.trouble = {}
    assert watch.turn() == ["changed"]
    assert "收到申请5件" in watch.text()


def test_a_part_that_is_no_longer_linked_is_an_edit_at_once(watch: Watch) -> None:
    assert watch.turn() == ["baseline"]
    del watch.site.parts[THIRD]
    watch.site.counted = 2
    assert watch.turn() == ["changed"]
    assert "一是不足" not in watch.text()
    assert watch.turn() == []


def test_an_article_that_is_put_on_one_page_is_the_same(watch: Watch) -> None:
    assert watch.turn() == ["baseline"]
    watch.site.parts = {FIRST: "".join(PARTS.values())}
    watch.site.counted = 1
    assert [watch.turn(), watch.turn()] == [[], []]
    watch.site.parts, watch.site.counted = dict(PARTS), 3
    assert [watch.turn(), watch.turn()] == [[], []]


def test_a_new_article_waits_until_all_of_it_can_be_read(watch: Watch) -> None:
    watch.site.trouble = {FIRST: 404, SECOND: 503}
    assert watch.turn() == ["baseline"]
    del watch.site.trouble[FIRST]
    assert watch.turn() == []
    watch.site.trouble = {}
    watch.turn()
    assert "收到申请5件" in watch.text()


def test_a_part_that_was_never_there_is_left_out(watch: Watch) -> None:
    watch.site.counted = 4
    assert watch.turn() == ["baseline"]
    assert "一是不足" in watch.text()
    assert [watch.turn(), watch.turn()] == [[], []]
    watch.edit(THIRD, "不足", "不够")
    assert watch.turn() == ["changed"]


def test_an_article_is_taken_down_and_restored_as_a_whole(watch: Watch) -> None:
    assert watch.turn() == ["baseline"]
    watch.site.trouble = dict.fromkeys(PARTS, 404)
    assert [watch.turn(), watch.turn()] == [[], ["taken_down"]]
    watch.site.trouble = {}
    assert watch.turn() == ["restored"]
    assert watch.turn() == []


def test_the_demos_portals_split_their_reports(tmp_path: Path) -> None:
    """TRS counts by script, Hanweb and NFCMS link numbers, an unknown CMS has them in its query: the same reports as before."""
    names = ("yunxi", "wangjiang", "haitang", "qingshi")
    with World(*names) as world:
        home = Home(tmp_path)
        home.create()
        world.write_portals(tmp_path)
        now = datetime(2025, 6, 1, tzinfo=UTC)

        def turn() -> list[tuple[str, str, int]]:
            nonlocal now
            now += timedelta(hours=6)
            portals = [home.portals()[name] for name in names]
            with home.writing() as store:
                settled = run.crawl(home, store, home.settings(), portals, "full", lambda: format_utc(now))
                rows = [
                    store.row("SELECT * FROM events WHERE id = ?", (one,)) for done in settled for one in done.events
                ]
            told = ("changed", "moved", "taken_down", "appeared", "portal_broken")
            return [
                (row["kind"], row["portal"], row["year"])
                for row in rows
                if row and row["kind"] in told and not row["baseline"]
            ]

        assert turn() == []
        split = [(site, item) for site in world for item in site.items if item.paper.year in (2022, 2023)]
        for site, item in split:
            site.split(item)
        assert turn() == []
        for site in world:
            for item in site.items[:-1]:
                site.split(item, 2)
        assert turn() == []
        for site, item in split:
            site.edit_text(item, item.paper.prose()[-1][-4:], "另有说明。")
        assert sorted(turn()) == sorted(("changed", site.name, item.paper.year) for site, item in split)
        for site in world:
            site.redesign()
        assert turn() == []


def test_other_rules_read_all_parts_again(watch: Watch) -> None:
    assert watch.turn() == ["baseline"]
    file = watch.home.path / "portals" / "mou.toml"
    plain = file.read_text(encoding="utf-8")
    file.write_text(plain + '[selectors]\nbody = "#zoom"\n', encoding="utf-8")
    assert watch.turn() == []
    assert "收到申请5件" in watch.text()
    file.write_text(plain + '[selectors]\nbody = "div#zoom"\n', encoding="utf-8")
    watch.edit(THIRD, "不足", "不够")
    assert watch.turn() == ["changed"]
    assert watch.rows("SELECT * FROM findings WHERE rule = 'rebaselined'") == []
