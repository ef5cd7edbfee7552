"""Many portals at once: how close a crawl comes to what politeness alone allows, and what it takes.

    python -m tests.bench.fleet [--portals 200] [--pages 100] [--delay 0.5] [--rounds 1] [--home FOLDER]

One process serves every portal at an address of its own (127.1.x.y), from memory. A first crawl without pauses fills the record;
then crawls of unchanged portals are measured with a pause of `--delay` seconds between two requests to one host. The bound is what
the portal with the most requests takes if nothing but its pauses costs time. Memory: of all processes of the program together, pages
that they share divided among them, looked at every two seconds. A home that is kept (--home) is filled once.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from crawler import kernel
from monitor.home import Home

BIN = Path(sys.executable).parent
PORT = 18099
SIZE = 59_000
PER_LIST = 50
DIGITS = "〇一二三四五六七八九"
LOOK = 2.0


class Taken(msgspec.Struct):
    """What a crawl took."""

    wall: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    """Bytes of all processes together."""
    processes: int = 0
    """At the most."""
    parts: tuple[tuple[str, int], ...] = ()
    """At the peak: kinds of process, and their bytes."""
    spent: dict[int, tuple[str, float]] = {}
    """By process: its kind, and its CPU seconds when it was last seen."""


def address(number: int) -> str:
    """Of a portal."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


def organ(portal: str, number: int) -> str:
    """Whose report a page is: one in five years each."""
    return f"云溪{_digits(portal)}县{_digits(str(number // 5))}局"


def _digits(text: str) -> str:
    return "".join(DIGITS[int(digit)] for digit in text if digit.isdigit())


def page(portal: str, number: int) -> bytes:
    """A report without tables, padded with a comment."""
    year, name = 2019 + number % 5, organ(portal, number)
    title = f"{name}{year}年政府信息公开工作年度报告"
    text = (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}</title><meta name='ArticleTitle' content='{title}'>"
        f"<meta name='PubDate' content='{year + 1}-01-10 10:00'><meta name='ContentSource' content='{name}'></head><body>"
        f"<h1>{title}</h1><div class='TRS_Editor'><p>一、总体情况</p><p>{name}依据条例编制本报告。</p>"
        f"<p>二、主动公开政府信息情况</p><p>主动公开信息{number + 100}条。</p></div></body></html>"
    ).encode()
    return text + b"<!--" + b"x" * (SIZE - len(text) - 7) + b"-->"


def listed(portal: str, first: int, count: int) -> bytes:
    """A page of the section."""
    rows = "".join(
        f"<li><a href='./202401/t20240110_{number}.html'>{organ(portal, number)}{2019 + number % 5}年政府信息公开工作年度报告</a>"
        f"<span>2024-01-10</span></li>"
        for number in range(first, min(first + PER_LIST, count))
    )
    script = f'createPageHTML({-(-count // PER_LIST)}, {first // PER_LIST}, "index", "html")'
    return (
        "<html><head><meta charset='utf-8'><meta name='ColumnName' content='政府信息公开年报'></head>"
        f"<body><ul>{rows}</ul><script>{script}</script></body></html>"
    ).encode()


def serve(portals: int, count: int, port: int, ready: "multiprocessing.Queue[int]") -> None:
    """Answers for all portals; runs until it is terminated."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

    def answer(portal: str, path: str) -> bytes:
        if path == "/nb/" or path.startswith("/nb/index"):
            number = path.removeprefix("/nb/").removeprefix("index").partition(".")[0].removeprefix("_")
            body = listed(portal, int(number or 0) * PER_LIST, count)
        elif path.startswith("/nb/"):
            body = page(portal, int(path.rpartition("_")[2].partition(".")[0]))
        else:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
        return head % len(body) + body

    class Server(asyncio.Protocol):
        def __init__(self, portal: str) -> None:
            self._portal = portal

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport, self.buffer = transport, b""

        def data_received(self, data: bytes) -> None:
            self.buffer += data
            while b"\r\n\r\n" in self.buffer:
                request, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
                reply = answer(self._portal, request.split(b" ", 2)[1].decode())
                self.transport.write(reply)  # type: ignore[attr-defined]

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for number in range(portals):
            name = f"{number:03}"
            await loop.create_server(lambda name=name: Server(name), address(number), port)  # type: ignore[misc]
        ready.put(port)
        await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())


@contextlib.contextmanager
def served(portals: int, count: int, port: int) -> Iterator[None]:
    """The portals' server."""
    context = multiprocessing.get_context("spawn")
    ready: multiprocessing.Queue[int] = context.Queue()
    process = context.Process(target=serve, args=(portals, count, port, ready), daemon=True)
    process.start()
    try:
        ready.get(timeout=60)
        yield
    finally:
        process.terminate()
        process.join()


class _Watcher(threading.Thread):
    """Adds up the memory of a process and of all below it."""

    def __init__(self, pid: int, taken: Taken) -> None:
        super().__init__(daemon=True)
        self._pid, self._taken = pid, taken
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(LOOK):
            pids = [self._pid, *(one.pid for one in kernel.below(self._pid, kernel.processes()))]
            parts: dict[str, int] = {}
            for pid in pids:
                with contextlib.suppress(OSError, IndexError):
                    kind = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").split()[0]
                    parts[kind] = parts.get(kind, 0) + (kernel.proportional(pid) or 0)
                    times = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[11:13]
                    self._taken.spent[pid] = kind, sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
            self._taken.processes = max(self._taken.processes, len(pids))
            if sum(parts.values()) > self._taken.peak:
                self._taken.peak = sum(parts.values())
                self._taken.parts = tuple(sorted(parts.items(), key=lambda part: -part[1]))


def crawled(home: Path, names: list[str], *more: str) -> Taken:
    """A crawl over these portals as a whole."""
    taken = Taken()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    with subprocess.Popen(
        [str(BIN / "nianbao"), "--home", str(home), "crawl", *more, *names], stdout=subprocess.PIPE, text=True
    ) as child:
        watcher = _Watcher(child.pid, taken)
        watcher.start()
        said, _ = child.communicate()
        watcher.over.set()
        watcher.join()
    taken.wall = time.perf_counter() - begun
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken.cpu = use.ru_utime + use.ru_stime - before.ru_utime - before.ru_stime
    if child.returncode:
        raise SystemExit(f"crawl ended with {child.returncode}:\n{said[-2000:]}")
    return taken


def settings(home: Path, delay: float, parallel: int) -> None:
    """Writes nianbao.toml."""
    more = f"parallel = {parallel}\n" if parallel else ""
    (home / "nianbao.toml").write_text(
        f"[service]\n{more}[policy]\ndelay = {delay}\nconcurrency = 2\nallow_private = true\n", encoding="utf-8"
    )


def requests(home: Path) -> list[int]:
    """Of each portal's last pass, the most first."""
    with Home(home).reader() as store:
        rows = store.rows("SELECT requests FROM crawls GROUP BY portal HAVING id = max(id) ORDER BY requests DESC")
    return [row["requests"] for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--portals", type=int, default=200)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--delay", type=float, default=0.5)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=0, help="0: the program's default")
    parser.add_argument("--home", type=Path, default=None)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    names = [f"p{number:03}" for number in range(options.portals)]
    with served(options.portals, options.pages, options.port), contextlib.ExitStack() as stack:
        home = options.home or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["NIANBAO_PACE"] = stack.enter_context(tempfile.TemporaryDirectory())
        (home / "portals").mkdir(parents=True, exist_ok=True)
        if not (home / "nianbao.db").exists():
            for number, name in enumerate(names):
                (home / "portals" / f"{name}.toml").write_text(
                    f'title = "云溪{number}县"\nfamily = "trs"\n'
                    f'sections = ["http://{address(number)}:{options.port}/nb/"]\n',
                    encoding="utf-8",
                )
            settings(home, 0.0, 8)
            first = crawled(home, names)
            print(f"first: {first.wall:.1f} s, {first.cpu:.1f} s CPU, {first.peak / 1e6:.0f} MB", flush=True)
        settings(home, options.delay, options.parallel)
        for _ in range(options.rounds):
            taken = crawled(home, names)
            asked = requests(home)
            bound = (asked[0] - 1) * options.delay
            result = {
                "portals": options.portals, "requests": sum(asked), "most": asked[0], "delay": options.delay,
                "wall": round(taken.wall, 1), "bound": round(bound, 1), "ratio": round(taken.wall / bound, 3) if bound else None,
                "cpu": round(taken.cpu, 1), "peak_mb": round(taken.peak / 1e6), "processes": taken.processes,
                "cpu_by_kind": {kind: round(sum(spent for one, spent in taken.spent.values() if one == kind), 1)
                                for kind in {one for one, _ in taken.spent.values()}},
                "parts_mb": {kind: round(size / 1e6) for kind, size in taken.parts},
            }  # fmt: skip
            if options.json:
                print(json.dumps(result), flush=True)
            else:
                print("  ".join(f"{key} {value}" for key, value in result.items()), flush=True)


if __name__ == "__main__":
    main()
