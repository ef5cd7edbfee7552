"""Sections that only a browser can read (`render = true`), on loopback, with a real Chromium that all passes share."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crawler import browser
from crawler.observation import Job, Limits, LinkListed, Observation, PageRead, SectionRead
from crawler.page.reader import REVISION
from crawler.portal import Policy, Portal
from monitor.demo.server import Answer, Request, Response, Web
from monitor.fleet import Fleet
from tests.e2e.pages_that_misbehave import PAGES, row, serve
from tests.e2e.portals_that_break import FAULTS, Fleets, alive, below, faults, named, until
from tests.e2e.portals_that_break import answer as answer_plainly

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not browser.available(), reason="no Chromium, or the browser extra is not installed"),
]

SECTION = """<html><head><meta charset="utf-8"><title>政府信息公开年报</title></head><body><ul id="list"></ul>
<div class="pager"><a href="javascript:void(0)" id="next">下一页</a></div><img src="http://elsewhere.example/x.png">
<script src="http://elsewhere.example/x.js"></script><script>
let page = 0;
async function more() {
  const rows = await (await fetch('/api?page=' + ++page)).json();
  if (!rows.length) { document.getElementById('next').className = 'disabled'; return; }
  document.getElementById('list').innerHTML = rows.map(
    y => `<li><a href="/nb/t${y}0120_1.html">甲县人民政府${y}年政府信息公开工作年度报告</a></li>`).join('');
}
document.getElementById('next').onclick = more; more();
</script></body></html>"""
REPORT = """<html><head><meta charset="utf-8"><title>t</title></head><body>
<h1>甲县人民政府{}年政府信息公开工作年度报告</h1><div class="TRS_Editor">
<p>一、总体情况</p><p>依据《中华人民共和国政府信息公开条例》,编制本报告。</p><p>二、主动公开政府信息情况</p><p>一年来主动公开信息一百条。</p></div></body></html>"""


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/api?page="):
            number = int(self.path.rpartition("=")[2])
            body = json.dumps([[2023, 2022], [2021, 2020], [2019]][number - 1] if number <= 3 else [])
        elif self.path == "/nb/":
            body = SECTION
        elif self.path.startswith("/nb/t"):
            body = REPORT.format(self.path[5:9])
        else:
            self.send_error(404)
            return
        data = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_rendered_section(base: str, tmp_path: Path) -> None:
    portal = Portal("r", "r", "generic", (f"{base}/nb/",), render=True)
    policy = Policy(delay=0.0, allow_private=True, obey_robots=False)
    job = Job(
        portal, policy, 1, "full", portal.rules(REVISION), "2026-11-22T00:00:00Z", "nianbao-test", Limits(timeout=30)
    )
    (tmp_path / "job.json").write_bytes(msgspec.json.encode(job))
    done = subprocess.run([sys.executable, "-m", "crawler", str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "observations.jsonl").read_bytes().splitlines()
    seen = [msgspec.json.decode(line, type=Observation) for line in lines]
    (section,) = [item for item in seen if isinstance(item, SectionRead)]
    assert (section.complete, section.links) == (True, 5), (section, done.stderr)
    assert {item.url[-15:-11] for item in seen if isinstance(item, LinkListed)} == {
        "2019",
        "2020",
        "2021",
        "2022",
        "2023",
    }
    assert sum(item.reading == "present" for item in seen if isinstance(item, PageRead)) == 5


def test_what_needs_no_browser_loads_none() -> None:
    code = "import sys, crawler.spiders.portal_spider, crawler.nursery; sys.exit('playwright' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert importlib.util.find_spec("playwright")


# Passes of a fleet, and the browser that they share -------------------------------------------------------------------

QUICK = f"""{FAULTS}
    import crawler.rendered.client, crawler.rendered.page as page
    show = crawler.rendered.client.Browser.show
    crawler.rendered.client.Browser.show = lambda self, url, headers, seconds, most: show(self, url, headers, 4.0, most)
    page.CLICKING, page._SETTLE, page._ANSWER = 6.0, 3.0, 6.0
"""


@pytest.fixture
def fleets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleets]:
    before = set(below())
    with Web() as web, faults(tmp_path, monkeypatch):
        (tmp_path / "faults" / "sitecustomize.py").write_text(QUICK)
        yield Fleets(tmp_path, web)
    assert not set(below()) - before, "a process was left behind"


def scripted(page: str) -> Answer:
    """A portal whose list is one of `PAGES`, and its reports."""
    misbehave = serve("")

    def answer(request: Request) -> Response:
        if request.path == "/nb/":
            return Response(PAGES[page].encode())
        return answer_plainly(request) if request.path.startswith("/nb/") else misbehave(request)

    return answer


def drivers(pid: int | None = None) -> list[int]:
    return named("playwright/driver", below(pid))


def renderers() -> list[int]:
    return named("--type=renderer", below())


def running(fleet: Fleet, name: str) -> int:
    """The process of a portal's pass, once it has one."""

    def pid() -> int:
        return next((one.pid for one in fleet.running() if one.portal == name), 0)

    assert until(pid)
    return pid()


def sections(fleets: Fleets, name: str) -> list[tuple[bool, int, str]]:
    """Of each pass of a portal whose folder is there: what it says of its section."""
    found = []
    for folder in sorted((fleets.home.path / "runs" / name).iterdir(), key=lambda one: int(one.name)):
        for line in (folder / "observations.jsonl").read_bytes().splitlines():
            one = msgspec.json.decode(line, type=Observation)
            if isinstance(one, SectionRead):
                found.append((one.complete, one.links, one.reason))
    return found


def test_passes_share_one_browser_and_leave_nothing_in_it(fleets: Fleets) -> None:
    portals = [fleets.portal(f"r{number}", True, scripted("/more/")) for number in range(4)]
    most = 0
    with fleets.fleet(parallel=4, pass_memory="300MB", pass_time="120s") as fleet:
        assert drivers() == []  # nobody has asked for it yet
        for _ in range(2):
            passes = [fleet.submit(portal, "full") for portal in portals]
            while not all(one.done() for one in passes):
                most = max(most, len(drivers()))
                time.sleep(0.1)
            assert [one.result().outcome for one in passes] == ["ok"] * 4
        assert most == 1
        assert len(drivers()) == 1
        assert until(lambda: not renderers(), 5)
    assert sections(fleets, "r0") == [(True, 5, "")] * 2


def test_a_pass_that_is_killed_leaves_no_page_and_no_other_pass_notices(fleets: Fleets) -> None:
    hostile, sound = (
        fleets.portal("bad", True, scripted("/late-loop/")),
        fleets.portal("good", True, scripted("/good/")),
    )
    with fleets.fleet(parallel=4, pass_time="120s") as fleet:
        assert fleet.submit(sound, "full").result(120).outcome == "ok"
        (driver,) = drivers()
        victim = fleet.submit(hostile, "full")
        pid = running(fleet, "bad")
        assert until(renderers)
        other = fleet.submit(sound, "full")
        os.kill(pid, signal.SIGKILL)
        assert victim.result(60).outcome == "killed"
        assert other.result(120).outcome == "ok"
        assert until(lambda: not renderers(), 10)
        assert drivers() == [driver]


def chromium(fleet_pid: int | None = None) -> int:
    return min(named("--remote-debugging-pipe", below(fleet_pid)))


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "what", ["process", *(pytest.param(what, marks=LONG) for what in ("chromium", "driver", "keeper"))]
)
def test_a_browser_that_dies_in_the_middle_costs_a_try(fleets: Fleets, what: str) -> None:
    portal = fleets.portal("r", True, scripted("/more/"))
    with fleets.fleet(pass_time="120s") as fleet:
        future = fleet.submit(portal, "full")
        assert until(renderers)
        (driver,) = drivers()
        host = parent(driver)
        before = named("playwright/driver", below()) + named("--headless", below())
        victims = {"chromium": chromium(), "driver": driver, "process": host, "keeper": parent(host)}
        os.kill(victims[what], signal.SIGKILL)
        assert future.result(120).outcome == "ok"
        assert sections(fleets, "r") == [(True, 5, "")]
        assert until(lambda: not any(alive(pid) for pid in before), 10)
        assert len(drivers()) == 1


def test_a_nursery_that_is_killed_takes_the_browser_along(fleets: Fleets) -> None:
    with fleets.fleet(pass_time="120s") as fleet:
        assert fleet.submit(fleets.portal("r", True, scripted("/good/")), "full").result(120).outcome == "ok"
        found = below()
        (nursery,) = [pid for pid in named("crawler.nursery", found) if parent(pid) == os.getpid()]
        os.kill(nursery, signal.SIGKILL)
        assert until(lambda: not any(alive(pid) for pid in found), 20)
        assert fleet.submit(fleets.portal("r2", True, scripted("/good/")), "full").result(120).outcome == "ok"


def test_hostile_portals_end_with_a_reading_and_the_others_are_read(fleets: Fleets) -> None:
    # What else never ends: test_hostile_pages.py. To a pass it is a time-out all the same.
    bad = {"loop": "/loop/", "moves": "/moves/", "endless": "/endless/", "nothing": "/nothing/"}
    with fleets.fleet(parallel=4, pass_time="120s") as fleet:
        began = time.monotonic()
        hostile = {name: fleet.submit(fleets.portal(name, True, scripted(page)), "full") for name, page in bad.items()}
        good = [fleet.submit(fleets.portal(f"good{n}", True, scripted("/good/")), "full") for n in range(3)]
        assert [one.result(120).outcome for one in good] == ["ok"] * 3
        for name, one in hostile.items():
            assert one.result(120).outcome == "ok", name  # the pass went well; its section could not be read
        assert time.monotonic() - began < 120
    reasons = {name: sections(fleets, name)[0] for name in bad}
    assert all(not complete for complete, _, _ in reasons.values()), reasons
    assert all(reasons[name][2] in ("time-out", "redirect loop") for name in ("loop", "moves")), reasons
    assert reasons["endless"][2].startswith("it goes on")
    assert reasons["nothing"][2].endswith("/fails: status 500")


def test_two_homes_share_nothing(fleets: Fleets, tmp_path: Path) -> None:
    with Web() as web:
        (tmp_path / "second").mkdir()
        others = Fleets(tmp_path / "second", web)
        with fleets.fleet(pass_time="120s") as one, others.fleet(pass_time="120s") as other:
            passes = [
                one.submit(fleets.portal("r", True, scripted("/good/")), "full"),
                other.submit(others.portal("r", True, scripted("/good/")), "full"),
            ]
            assert [one.result(120).outcome for one in passes] == ["ok", "ok"]
            assert len(drivers()) == 2


def test_without_a_browser_what_the_page_itself_lists_is_read_and_proves_no_more(
    fleets: Fleets, tmp_path: Path
) -> None:
    none = "    import crawler.browser\n    crawler.browser.executable = lambda: '/nowhere/chromium'\n"
    (tmp_path / "faults" / "sitecustomize.py").write_text(QUICK + none)
    with fleets.fleet(pass_time="120s") as fleet:
        for name, page in (("shell", "/good/"), ("listed", "/endless/")):
            fleet.submit(fleets.portal(name, True, scripted(page)), "full").result(120)
    ((complete, links, reason),) = sections(fleets, "shell")
    assert (complete, links) == (False, 0)
    assert reason.startswith("no browser"), reason
    ((complete, links, reason),) = sections(fleets, "listed")
    assert (complete, links) == (False, 2)
    assert reason.startswith("read without a browser (no browser"), reason


def test_a_list_that_needs_no_browser_is_told(fleets: Fleets) -> None:
    """In the page itself, or in what its script asks for."""
    with fleets.fleet(pass_time="120s") as fleet:
        for name, page in (("plain", "/files/"), ("api", "/more/"), ("needed", "/good/")):
            fleet.submit(fleets.portal(name, True, scripted(page)), "full").result(120)
    with fleets.home.reader() as store:
        rows = store.rows("SELECT crawls.portal, findings.detail FROM findings JOIN crawls ON crawls.id = findings.crawl WHERE rule = ?",
                          ("render_not_needed",))  # fmt: skip
        found = {row["portal"]: row["detail"] for row in rows}
    assert set(found) == {"plain"}, found
    assert "render = false" in found["plain"]


def test_a_list_that_stands_in_its_page_is_rendered_once_and_again_when_it_changes(fleets: Fleets) -> None:
    page = [PAGES["/files/"].replace("setInterval", "setTimeout")]

    def answer(request: Request) -> Response:
        return Response(page[0].encode()) if request.path == "/nb/" else answer_plainly(request)

    portal = fleets.portal("r", True, answer)
    for browsers in (1, 0):
        with fleets.fleet(pass_time="120s") as fleet:
            assert fleet.submit(portal, "full", everything=False).result(120).outcome == "ok"
            assert len(drivers()) == browsers
    page[0] = page[0].replace(row(2023), row(2022) + row(2023))
    with fleets.fleet(pass_time="120s") as fleet:
        assert fleet.submit(portal, "full", everything=False).result(120).outcome == "ok"
        assert len(drivers()) == 1
        assert fleet.submit(portal, "full").result(120).outcome == "ok"  # somebody asked for everything
    assert sections(fleets, "r") == [(True, 2, ""), (True, 3, ""), (True, 3, "")]
    with fleets.home.reader() as store:
        (kept,) = store.rows("SELECT unrendered, rendered_at FROM sections")
        assert kept["unrendered"]
        assert kept["rendered_at"]
