"""CPU, wall and memory of a pass, against bare Scrapy reading the same pages in the same run.

    python tests/bench/passes.py [--pages 1000] [--rounds 3]

A portal of N report pages of about 59 KB, three statutory tables each, is served by a process of its own, so that only
the readers are measured. Four kinds of pass: the first; nothing changed, by body hash; nothing changed, by 304;
nothing changed but a counter in every page. In each round bare Scrapy (default settings, a spider that reads each
body) takes its turn. Figures are of whole processes, start-up included: user + system time of all of them.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

from monitor.demo.text import title_of, write_paper
from monitor.demo.word import body_html

BIN = Path(sys.executable).parent
PER_LIST = 50
SIZE = 59_000
DIGITS = "〇一二三四五六七八九"

BARE = """
import sys, scrapy
from scrapy.crawler import AsyncCrawlerProcess

class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        for number in range(int(sys.argv[2])):
            yield scrapy.Request(f"{sys.argv[1]}/nb/202401/t20240110_{number}.html", callback=self.parse)
    def parse(self, response):
        assert response.body

process = AsyncCrawlerProcess({"LOG_LEVEL": "ERROR", "REMOTE_CONTROL_ENABLED": False, "TELNETCONSOLE_ENABLED": False})
process.crawl(Bare)
process.start()
"""


def organ(number: int) -> str:
    return "云溪县" + "".join(DIGITS[int(digit)] for digit in f"{number:04}") + "局"


def pages(count: int) -> list[bytes]:
    """Report pages of count / 5 organs and five years, each padded to SIZE with prose of its own."""
    made = []
    for number in range(count):
        name, year = organ(number // 5), 2019 + number % 5
        paper = write_paper(name, year, seed=number, size=3, title=title_of(name, year, 0))
        page = (
            f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{paper.title}</title>"
            f"<meta name='ArticleTitle' content='{paper.title}'><meta name='PubDate' content='{year + 1}-01-10 10:00'>"
            f"<meta name='ContentSource' content='{name}'></head><body><h1>{paper.title}</h1>"
            f"<div class='info'>浏览次数：<span>@@@@@@@@</span></div><div class='TRS_Editor'>{body_html(paper)}</div>"
        )
        padding = "".join(f"<div style='display:none' class='n{i}'></div>" for i in range(40))
        while len(page.encode()) < SIZE:
            page += padding
        made.append((page + "</body></html>").encode())
    return made


def serve(count: int, ports: "multiprocessing.Queue[int]", noisy: Event, validators: Event) -> None:
    """Answers in one write from memory; runs until it is terminated."""
    bodies = pages(count)
    tags = [hashlib.md5(body).hexdigest().encode() for body in bodies]
    lists = [_list(first, min(first + PER_LIST, count), count) for first in range(0, count, PER_LIST)]
    ticks = 0

    def answer(request: bytes) -> bytes:
        nonlocal ticks
        path = request.split(b" ", 2)[1].decode()
        extra = b""
        if path == "/robots.txt":
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        if path == "/nb/" or path.startswith("/nb/index"):
            number = path.removeprefix("/nb/").removeprefix("index").partition(".")[0].removeprefix("_")
            body = lists[int(number or 0)]
        else:
            number = path.rpartition("_")[2].partition(".")[0]
            body = bodies[int(number)]
            if validators.is_set():
                extra = b'ETag: "' + tags[int(number)] + b'"\r\n'
                if tags[int(number)] in request:
                    return b"HTTP/1.1 304 Not Modified\r\n" + extra + b"\r\n"
            if noisy.is_set():
                ticks += 1
                body = body.replace(b"@@@@@@@@", b"%08d" % ticks)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n" % len(body)
        return head + extra + b"\r\n" + body

    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport, self.buffer = transport, b""

        def data_received(self, data: bytes) -> None:
            self.buffer += data
            while b"\r\n\r\n" in self.buffer:
                request, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
                self.transport.write(answer(request))  # type: ignore[attr-defined]

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        ports.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())


def _list(first: int, last: int, count: int) -> bytes:
    rows = "".join(
        f"<li><a href='./202401/t20240110_{number}.html' title='{organ(number // 5)}{2019 + number % 5}年政府信息公开工作年度报告'>"
        f"年度报告</a><span>2024-01-10</span></li>"
        for number in range(first, last)
    )
    script = f'createPageHTML({-(-count // PER_LIST)}, {first // PER_LIST}, "index", "html")'
    return (
        f"<html><head><meta charset='utf-8'><meta name='ColumnName' content='政府信息公开年报'></head><body><ul>{rows}</ul>"
        f"<script>{script}</script></body></html>"
    ).encode()


def measured(command: list[str], environ: dict[str, str] | None = None) -> dict[str, float]:
    """A command as a whole: CPU seconds of it and its children, wall seconds, peak memory in MB of the largest process."""
    script = (
        "import json, resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode; "
        "use = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(json.dumps([code, use.ru_utime + use.ru_stime, use.ru_maxrss / 1024]), file=sys.stderr)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, *command],
        capture_output=True, text=True, env={**os.environ, **(environ or {})}, timeout=1800, check=True,
    )  # fmt: skip
    wall = time.perf_counter() - start
    code, cpu, peak = json.loads(done.stderr.strip().splitlines()[-1])
    if code:
        raise SystemExit(f"{command} ended with {code}:\n{done.stdout}\n{done.stderr}")
    return {"cpu": cpu, "wall": wall, "peak": peak}


@contextlib.contextmanager
def served(count: int) -> Iterator[tuple[str, Event, Event]]:
    context = multiprocessing.get_context("spawn")
    ports: multiprocessing.Queue[int] = context.Queue()
    noisy, validators = context.Event(), context.Event()
    process = context.Process(target=serve, args=(count, ports, noisy, validators), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ports.get(timeout=600)}", noisy, validators
    finally:
        process.terminate()
        process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    results: dict[str, list[dict[str, float]]] = {}
    with served(options.pages) as (address, noisy, validators), tempfile.TemporaryDirectory() as folder:
        for turn in range(options.rounds):
            home = Path(folder) / str(turn)
            (home / "portals").mkdir(parents=True)
            (home / "portals" / "bench.toml").write_text(
                f'title = "云溪县"\nfamily = "trs"\nsections = ["{address}/nb/"]\n'
                "[policy]\ndelay = 0.0\nconcurrency = 16\nallow_private = true\n"
            )
            crawl = [str(BIN / "nianbao"), "--home", str(home), "crawl", "bench"]

            def take(name: str, command: list[str]) -> None:
                results.setdefault(name, []).append(measured(command))
                shown = results[name][-1]
                print(f"  {name}: {shown['cpu']:.2f} s CPU, {shown['wall']:.2f} s, {shown['peak']:.0f} MB", flush=True)

            print(f"round {turn + 1}", flush=True)
            bare = [sys.executable, "-c", BARE, address, str(options.pages)]
            take("bare Scrapy", bare)
            take("first pass", crawl)
            take("unchanged", crawl)
            take("bare Scrapy", bare)
            noisy.set()
            take("only noise", crawl)
            noisy.clear()
            take("settle noise", crawl)
            validators.set()
            take("learn ETags", crawl)
            take("unchanged, 304", crawl)
            validators.clear()
            size = sum(file.stat().st_size for file in home.rglob("*") if file.is_file())
            print(f"  disk: {size / options.pages / 1024:.1f} KB a report")
    base = statistics.median(one["cpu"] for one in results["bare Scrapy"])
    print(f"\n{options.pages} pages, {options.rounds} rounds; medians")
    print(f"{'':16}  CPU ms/page   x bare   wall s   peak MB")
    for name, figures in results.items():
        if name in ("settle noise", "learn ETags"):
            continue
        cpu, wall, peak = (statistics.median(one[key] for one in figures) for key in ("cpu", "wall", "peak"))
        print(f"{name:16}  {cpu / options.pages * 1000:11.2f}  {cpu / base:7.2f}  {wall:7.1f}  {peak:8.0f}")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
