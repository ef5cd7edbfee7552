"""Pages that do to a browser what pages can do, and a browser's process to show them.

async with hosted(Bounds(...)) as connect: shown = await connect(visitor).show(url, {}, 3.0, 20_000_000)
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from crawler import kernel
from crawler.portal import Policy, Portal
from crawler.rendered.client import Browser
from crawler.rendered.wire import Visitor
from monitor.demo.server import Request, Response

HEAD = "<!DOCTYPE html><html><head><meta charset=utf-8><title>政府信息公开年报</title></head><body>"


def row(year: int) -> str:
    """A line of a list."""
    return f"<li><a href='/nb/{year}.html'>甲县人民政府{year}年政府信息公开工作年度报告</a></li>"


ROWS = f"<ul id=list>{row(2023)}{row(2024)}</ul>"
SCRIPTED = f"{HEAD}<ul id=list></ul><script>document.getElementById('list').innerHTML = {json.dumps(row(2023) + row(2024))};</script>"
MORE = """<div><a href="javascript:void(0)" id=next>下一页</a></div><script>
let page = 0;
async function more() {
  const answer = await fetch('/api?page=' + ++page);
  if (!answer.ok) return;
  const rows = await answer.json();
  if (!rows.length) { document.getElementById('next').className = 'disabled'; return; }
  document.getElementById('list').innerHTML = rows.map(
    y => `<li><a href="/nb/${y}.html">甲县人民政府${y}年政府信息公开工作年度报告</a></li>`).join('');
}
document.getElementById('next').onclick = more; more();</script>"""
PAGES = {
    "/good/": SCRIPTED,
    "/more/": f"{HEAD}<ul id=list></ul>{MORE}",
    "/half/": f"{HEAD}<ul id=list></ul>{MORE.replace('/api?', '/half-api?')}",
    "/alerts/": f"{HEAD}{ROWS}<script>while (true) alert('x')</script>",
    "/loop/": f"{HEAD}{ROWS}<script>while (true);</script>",
    "/late-loop/": f"{HEAD}{ROWS}<script>onload = () => setTimeout(() => {{ while (true); }}, 50)</script>",
    "/moves/": f"{HEAD}{ROWS}<script>location.href = '/moves/?' + Math.random()</script>",
    "/endless/": f"{HEAD}{ROWS}<button id=m>加载更多</button><script>let n = 3000; document.getElementById('m').onclick = () =>"
    " { n++; document.getElementById('list').insertAdjacentHTML('beforeend', `<li><a href='/nb/${n}.html'>${n}年报告</a>`) }"
    "</script>",
    "/bomb/": f"{HEAD}{ROWS}<script>for (let i = 0; i < 3e6; i++) document.body.append(document.createElement('p'))</script>",
    "/text/": f"{HEAD}{ROWS}<script>for (let i = 0; i < 500; i++) document.body.append('文'.repeat(1e6))</script>",
    "/heap/": f"{HEAD}{ROWS}<script>const a = []; for (;;) a.push(new Array(1e5).fill(Math.random()))</script>",
    "/buffers/": f"{HEAD}{ROWS}<script>const a = []; while (a.length < 60) a.push(new Uint8Array(4e7).fill(7)); for (;;);</script>",
    "/windows/": f"{HEAD}{ROWS}<iframe srcdoc=''></iframe><script>setInterval(() => {{ for (let i = 0; i < 50; i++) {{"
    " open('/good/'); frames[0].open('/good/'); const a = document.createElement('a'); a.href = '/good/';"
    " a.target = '_blank'; a.rel = 'noopener'; a.click(); } }, 5)</script>",
    "/files/": f"{HEAD}{ROWS}<script>setInterval(() => {{ const a = document.createElement('a');"
    " a.href = URL.createObjectURL(new Blob(['x'.repeat(1e6)])); a.download = 'f'; a.click(); }, 5)</script>",
    "/storm/": f"{HEAD}{ROWS}<script>setInterval(() => {{ for (let i = 0; i < 100; i++) fetch('/api?page=9&r='"
    " + Math.random()) }, 5)</script>",
    "/nothing/": f"{HEAD}<ul id=list></ul><script>fetch('/fails')</script>",
    "/lies/": f"{HEAD}{ROWS}<script>Map.prototype.set = Set.prototype.has = Array.prototype.push = () => {{ throw 1 }};"
    " document.querySelectorAll = () => []; Object.prototype.toJSON = () => 1;"
    " Object.defineProperty(document, 'links', {get: () => []})</script>",
}


def serve(elsewhere: str) -> Callable[[Request], Response]:
    """Answers for one host. `elsewhere`: an address that no portal may ask."""

    def answer(request: Request) -> Response:
        if request.path in PAGES:
            return Response(PAGES[request.path].encode(), content_type="text/html")
        if request.path in ("/api", "/half-api"):
            page = int(request.query["page"])
            if request.path == "/half-api" and page == 2:
                return Response(b"x", 500)
            rows = [[2023, 2022], [2021, 2020], [2019]][page - 1] if page <= 3 else []
            return Response(json.dumps(rows).encode(), content_type="application/json")
        if request.path == "/away/":
            return Response(b"", 302, headers={"Location": f"{elsewhere}/secret"})
        if request.path == "/away-script/":
            return Response(f"{HEAD}{ROWS}<script>location.href = '{elsewhere}/secret'</script>".encode())
        if request.path == "/reaches/":
            script = (
                f"const u = '{elsewhere}/secret'; fetch(u); fetch('/hop'); new Image().src = u;"
                " navigator.sendBeacon(u); try { new WebSocket(u.replace('http', 'ws')) } catch (e) {}"
                " new Worker(URL.createObjectURL(new Blob([`fetch('${u}'); importScripts('${u}')`])));"
                " const f = document.createElement('iframe'); f.src = u; document.body.append(f);"
                " const l = document.createElement('link'); l.rel = 'preconnect'; l.href = u; document.head.append(l);"
                " try { new EventSource(u) } catch (e) {}"
                " navigator.serviceWorker && navigator.serviceWorker.register('/sw.js');"
            )
            return Response(f"{HEAD}{ROWS}<script>{script}</script>".encode())
        if request.path == "/challenge/":
            if "pass=1" in request.headers.get("cookie", ""):
                return Response(PAGES["/good/"].encode())
            return Response(b"<script>document.cookie = 'pass=1'; location.reload()</script>", 412)
        if request.path == "/hop":
            return Response(b"", 302, headers={"Location": f"{elsewhere}/secret"})
        if request.path == "/file/":
            return Response(
                b"x" * 1000, content_type="x/y", headers={"Content-Disposition": "attachment; filename=a.bin"}
            )
        if request.path == "/fails":
            return Response(b"x", 500)
        return Response(b"<p>x", 404)

    return answer


def visitor(base: str, **policy: object) -> Visitor:
    """Who may see what lies at `base`."""
    portal = Portal("p", "p", "generic", (f"{base}/nb/",), render=True)
    return Visitor(portal, Policy(delay=0.0, allow_private=True, **policy), "nianbao-test")  # type: ignore[arg-type]


class _Guest(Browser):
    def __init__(self, control: socket.socket, who: Visitor) -> None:
        super().__init__(who)
        self._host = control

    async def _connection(self) -> socket.socket:
        mine, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._host, [b"+"], [theirs.fileno()])
        mine.setblocking(False)
        return mine


class Hosted:
    """A browser's process, and guests of it."""

    def __init__(self, control: socket.socket, process: "subprocess.Popen[bytes]") -> None:
        self._control, self.process = control, process
        self.guests: list[Browser] = []

    def guest(self, who: Visitor) -> Browser:
        """One more pass."""
        self.guests.append(_Guest(self._control, who))
        return self.guests[-1]

    def below(self, word: str = "") -> list[int]:
        """The processes that it started, whose command line holds `word`."""
        found = []
        for one in kernel.below(self.process.pid, kernel.processes()):
            with contextlib.suppress(OSError):
                if word.encode() in Path(f"/proc/{one.pid}/cmdline").read_bytes():
                    found.append(one.pid)
        return found


@contextlib.asynccontextmanager
async def hosted(bounds: str = "", constants: str = "") -> AsyncIterator[Hosted]:
    """A browser's process. `bounds`: arguments of Bounds; `constants`: code that is run before."""
    control, theirs = socket.socketpair()
    code = (
        "import socket, crawler.rendered.page as page, crawler.rendered.host as host\n"
        f"{constants}\nfrom crawler.rendered.engine import Bounds\n"
        f"host.run(socket.socket(fileno={theirs.fileno()}), Bounds({bounds}))"
    )
    with theirs:
        process = subprocess.Popen([sys.executable, "-c", code], pass_fds=[theirs.fileno()], env={**os.environ})
    found = Hosted(control, process)
    try:
        yield found
    finally:
        for guest in found.guests:
            await guest.close()
        control.close()
        try:
            await asyncio.to_thread(process.wait, 30)
        finally:
            process.kill()
            process.wait()
