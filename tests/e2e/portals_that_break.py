"""Portals on loopback whose passes misbehave: they hang, leak, crash, print, or are simply slow.

    with Web() as web, broken(tmp_path, web) as fleet: ...

What goes wrong is put into the crawl process by a `sitecustomize` on PYTHONPATH: the program itself has no hook for it.
A portal's name says what its passes do (`hang2` hangs, as `hang` does); a name that is none of these is a sound portal.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crawler import kernel
from crawler.portal import Portal, parse_portal
from monitor.demo.server import Answer, Request, Response, Web
from monitor.engine import Local
from monitor.fleet import Fleet
from monitor.home import Home
from monitor.settings import Service, Settings

PATIENCE = 2.0
FAULTS = f"""
import sys
if "crawler.nursery" in sys.orig_argv:
    import asyncio, ctypes, os, signal, time
    import crawler.passes, crawler.process

    crawler.process.GRACE, crawler.process.PATIENCE = 1.0, {PATIENCE}
    right = crawler.passes.Pass.run
    kept = []

    def leak(step):
        while True:
            kept.append(bytearray(os.urandom(1 << 10) * 1024 * step))
            time.sleep(0.02)

    async def run(self):
        name = self._job.portal.name.rstrip("0123456789")
        if name == "hang":
            while True:
                pass
        if name == "deaf":  # waits for ever, and never comes back to the loop
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
            time.sleep(600)
        if name == "leak":
            while not self.stopped:
                kept.append(bytearray(os.urandom(1 << 10) * 1024))
                await asyncio.sleep(0.02)
        if name == "flood":
            leak(400)
        if name == "segfault":
            ctypes.string_at(0)
        if name == "exit":
            os._exit(7)
        if name == "noise":
            os.write(1, b"garbage" * 20000 + b'{{"event": "gone", "crawl": 1}}\\n' + b"no end")
        if name == "orphans":  # a child that outlives its parent, in a session of its own
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.execv("/bin/sleep", ["sleep", "987"])
                os._exit(0)
        if name == "slow":
            for _ in range(600):
                if self.stopped:
                    break
                await asyncio.sleep(0.1)
        await right(self)

    crawler.passes.Pass.run = run
"""


def answer(request: Request) -> Response:
    """A list of two reports, and these."""
    if request.path == "/nb/":
        rows = "".join(
            f"<li><a href='/nb/{year}.html'>云溪县财政局{year}年政府信息公开工作年度报告</a>" for year in (2023, 2024)
        )
        return Response(f"<meta charset=utf-8><title>政府信息公开年报</title><ul>{rows}</ul>".encode())
    year = request.path[4:8]
    if not year.isdigit():
        return Response(b"<p>x", 404)
    text = (
        f"<meta charset=utf-8><title>年报</title><h1>云溪县财政局{year}年政府信息公开工作年度报告</h1><div class='TRS_Editor'>"
        "<p>一、总体情况</p><p>依据《中华人民共和国政府信息公开条例》，编制本报告。</p><p>二、主动公开政府信息情况</p>"
        f"<p>{year}年主动公开信息一百条。</p></div>"
    )
    return Response(text.encode())


def portal(url: str, name: str, render: bool = False) -> Portal:
    """A portal that `answer` serves at `url`."""
    text = (
        f'title = "{name}"\nfamily = "generic"\nsections = ["{url}/nb/"]\nrender = {str(render).lower()}\n'
        "[policy]\ndelay = 0.0\nallow_private = true\nobey_robots = false\n"
    )
    return parse_portal(name, text, frozenset({"generic"}))


class Fleets:
    """A home, a web, and fleets that read it."""

    def __init__(self, path: Path, web: Web) -> None:
        self.home = Home(path / "home")
        self.home.create()
        self._web = web
        self._hosts = 10

    def portal(self, name: str, render: bool = False, answer: Answer = answer) -> Portal:
        """A portal of that name at a host of its own."""
        self._hosts += 1
        return portal(self._web.listen(answer, f"127.0.0.{self._hosts}").url, name, render)

    @contextlib.contextmanager
    def fleet(
        self, parallel: int = 4, pass_time: str = "30s", pass_memory: str = "400MB", together: int = 1
    ) -> Iterator[Fleet]:
        """A fleet at work."""
        settings = Settings(service=Service(pass_time=pass_time, pass_memory=pass_memory, together=together))
        with (
            self.home.writing() as store,
            Fleet(
                self.home, store, lambda: settings, lambda: "2026-11-22T00:00:00Z", Local(self.home.path, parallel)
            ) as fleet,
        ):
            yield fleet

    def reasons(self) -> dict[str, list[tuple[str, str]]]:
        """Of each portal's passes: outcome and detail."""
        with self.home.reader() as store:
            found: dict[str, list[tuple[str, str]]] = {}
            for row in store.rows("SELECT portal, outcome, detail FROM crawls ORDER BY id"):
                found.setdefault(row["portal"], []).append((row["outcome"], row["detail"]))
            return found


@contextlib.contextmanager
def faults(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Puts FAULTS into nurseries that are started from here."""
    folder = path / "faults"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(FAULTS)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    yield


def until(what: Callable[[], object], within: float = 15.0) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + within
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    """Whether a process runs; one that is only waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def below(pid: int | None = None) -> list[int]:
    """Processes below this one, or another one, the dead included."""
    return [one.pid for one in kernel.below(pid or os.getpid(), kernel.processes())]


def command(pid: int) -> str:
    """Its command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ").strip()
    except OSError:
        return ""


def named(word: str, pids: list[int]) -> list[int]:
    """Those of `pids` whose command line holds `word`."""
    return [pid for pid in pids if word in command(pid)]
