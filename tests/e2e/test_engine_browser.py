"""Sections that only a browser can read (`render = true`), on loopback, with a real Chromium."""

import importlib.util
import json
import subprocess
import sys
import threading
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
    code = "import sys, crawler.spiders.portal_spider; sys.exit('playwright' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert importlib.util.find_spec("scrapy_playwright")
