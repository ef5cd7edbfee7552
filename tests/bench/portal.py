"""A generated portal: report pages of N, their lists, and a server in a process of its own.

In: how many pages, and in which editor's markup. Out: an address on loopback, and the `Switches` of what it does: send ETags,
count visits in the page, show one digit of every 100th report changed. All pages are made before the first is asked for; what a
page has of its own is kept compressed (20,000 pages: 80 MB), what all share once, so that only the readers are measured.
"""

import asyncio
import contextlib
import dataclasses
import hashlib
import multiprocessing
import os
import signal
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple, Protocol

from crawler import kernel
from monitor.demo.text import Paper, title_of, write_paper
from monitor.demo.word import Style, body_html

PER_LIST = 50
SIZE = 59_000
"""Bytes of a page whose own markup has fewer: its portal's menus fill it up."""
EVERY = 100
"""Which reports change."""
COUNTER = b"@@@@@@@@"
"""Where a page counts its visits."""
DIGITS = "〇一二三四五六七八九"
COLUMNS = (
    "政府文件",
    "政策解读",
    "机构职能",
    "人事信息",
    "财政预决算",
    "行政许可",
    "政府采购",
    "应急管理",
    "建议提案",
    "互动交流",
)


def organ(number: int) -> str:
    """The organ of that number."""
    return "云溪县" + "".join(DIGITS[int(digit)] for digit in f"{number:04}") + "局"


def paper(number: int, changed: bool = False) -> Paper:
    """What a report says: five organs' years each. `changed`: one digit of its second table is another."""
    name, year = organ(number // 5), 2019 + number % 5
    written = write_paper(name, year, size=3, title=title_of(name, year, 0))
    if not changed:
        return written
    cell = "proactive.penalties.decisions"
    value = int(written.figures[cell])
    other = value + 1 if value % 10 < 9 else value - 1
    return dataclasses.replace(written, figures={**written.figures, cell: other})


@cache
def menu(size: int) -> bytes:
    """A portal's menu, the same on every page, of at least so many bytes."""
    items: list[bytes] = []
    while sum(map(len, items)) < size:
        number = len(items)
        name = COLUMNS[number % len(COLUMNS)]
        items.append(f'<li class="nav-item"><a href="/zw/c{number:03}/" title="{name}">{name}</a></li>\n'.encode())
    return b'<div class="nav"><ul>\n' + b"".join(items) + b"</ul></div>\n"


def own(number: int, style: Style = "wps", changed: bool = False) -> tuple[bytes, bytes]:
    """What a page has of its own: before the menu, and behind it."""
    written = paper(number, changed)
    head = (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{written.title}</title>"
        f"<meta name='ArticleTitle' content='{written.title}'><meta name='PubDate' content='{written.year + 1}-01-10 10:00'>"
        f"<meta name='ContentSource' content='{written.organ}'></head><body>"
    )
    body = (
        f"<h1>{written.title}</h1><div class='info'>浏览次数：<span>{COUNTER.decode()}</span></div>"
        f"<div class='TRS_Editor'>{body_html(written, style)}</div></body></html>"
    )
    return head.encode(), body.encode()


def joined(head: bytes, body: bytes) -> bytes:
    """A page of at least `SIZE` bytes."""
    room = SIZE - len(head) - len(body)
    # Few sizes of menu, so that each is made once.
    return head + (menu(-(-room // 500) * 500) if room > 0 else b"") + body


def page(number: int, style: Style = "wps", changed: bool = False) -> bytes:
    """A report's page, its counter not filled in."""
    return joined(*own(number, style, changed))


def pages(count: int, style: Style = "wps") -> list[bytes]:
    """All of them."""
    return [page(number, style) for number in range(count)]


def listed(first: int, last: int, count: int) -> bytes:
    """A page of the section: the reports from `first` to before `last` of `count`."""
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


class Shelf:
    """Pages by their number, compressed. The first page is the dictionary of all: they have their markup in common."""

    def __init__(self, count: int, style: Style = "wps", told: Callable[[int], None] = lambda made: None) -> None:
        self._dictionary = own(0, style)[1][-32_768:]
        self._pages: dict[tuple[int, bool], tuple[bytes, bytes, bytes]] = {}
        """Head, compressed body, ETag; by number and whether changed."""
        for number in range(count):
            for changed in (False, True) if number % EVERY == 0 else (False,):
                head, body = own(number, style, changed)
                tag = hashlib.md5(head + body, usedforsecurity=False).hexdigest().encode()
                self._pages[number, changed] = head, self._pressed(body), tag
            told(number + 1)

    def __len__(self) -> int:
        return sum(not changed for _, changed in self._pages)

    def page(self, number: int, changed: bool = False) -> tuple[bytes, bytes]:
        """A page and its ETag, as it is now: only some pages have a changed state."""
        head, body, tag = self._pages[number, changed and number % EVERY == 0]
        return joined(head, zlib.decompressobj(15, self._dictionary).decompress(body)), tag

    def _pressed(self, body: bytes) -> bytes:
        press = zlib.compressobj(6, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY, self._dictionary)
        return press.compress(body) + press.flush()


class Switch(Protocol):
    """An event of `multiprocessing`, or of `threading`."""

    def set(self) -> None: ...
    def clear(self) -> None: ...
    def is_set(self) -> bool: ...


class Switches(NamedTuple):
    """What the portal does, to be changed between two passes."""

    noisy: Switch
    """Each page counts its visits."""
    validators: Switch
    """Each page has an ETag, and is not sent again to who has it."""
    changed: Switch
    """Every 100th report has another digit."""

    @contextlib.contextmanager
    def on(self, *names: str) -> Iterator[None]:
        """With these set and the others not; afterwards none is."""
        for name in self._fields:
            getattr(self, name).set() if name in names else getattr(self, name).clear()
        try:
            yield
        finally:
            for name in self._fields:
                getattr(self, name).clear()


class Site:
    """Requests to answers, both as bytes."""

    def __init__(self, shelf: Shelf, switches: Switches) -> None:
        self._shelf, self._switches = shelf, switches
        count = len(shelf)
        self._lists = [listed(first, min(first + PER_LIST, count), count) for first in range(0, count, PER_LIST)]
        self._visits = 0

    def answer(self, request: bytes) -> bytes:
        """The answer to a request's head."""
        path = request.split(b" ", 2)[1].decode()
        if path == "/robots.txt":
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        extra = b""
        if path == "/nb/" or path.startswith("/nb/index"):
            number = path.removeprefix("/nb/").removeprefix("index").partition(".")[0].removeprefix("_")
            body = self._lists[int(number or 0)]
        else:
            body, tag = self._shelf.page(
                int(path.rpartition("_")[2].partition(".")[0]), self._switches.changed.is_set()
            )
            if self._switches.validators.is_set():
                extra = b'ETag: "' + tag + b'"\r\n'
                if tag in request:
                    return b"HTTP/1.1 304 Not Modified\r\n" + extra + b"\r\n"
            if self._switches.noisy.is_set():
                self._visits += 1
                body = body.replace(COUNTER, b"%08d" % self._visits, 1)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n" % len(body)
        return head + extra + b"\r\n" + body


class Served(NamedTuple):
    """A portal that answers."""

    address: str
    """http://127.0.0.1:PORT"""
    switches: Switches


@contextlib.contextmanager
def served(
    count: int, style: Style = "wps", told: Callable[[int], None] = lambda made: None, patience: float = 60.0
) -> Iterator[Served]:
    """Serves `count` pages from a process of its own; `told` hears now and then how many are made."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    switches = Switches(context.Event(), context.Event(), context.Event())
    process = context.Process(target=_serve, args=(count, style, there, switches), daemon=True)
    process.start()
    there.close()
    try:
        yield Served(f"http://127.0.0.1:{_port(here, told, patience)}", switches)
    finally:
        process.terminate()
        process.join()


def _port(here, told: Callable[[int], None], patience: float) -> int:  # type: ignore[no-untyped-def]
    while here.poll(patience):
        kind, number = here.recv()
        if kind == "port":
            return int(number)
        told(number)
    raise TimeoutError("the portal's process says nothing")


def _serve(count: int, style: Style, there, switches: Switches) -> None:  # type: ignore[no-untyped-def]
    """Runs until it is terminated, or nobody is left to read."""
    kernel.die_with_parent(signal.SIGTERM, os.getppid())
    with contextlib.suppress(KeyboardInterrupt):
        shelf = Shelf(count, style, lambda made: there.send(("made", made)) if made % 1000 == 0 else None)
        loop = asyncio.new_event_loop()
        server = loop.run_until_complete(_listen(loop, Site(shelf, switches)))
        there.send(("port", server.sockets[0].getsockname()[1]))
        loop.run_forever()


async def _listen(loop: asyncio.AbstractEventLoop, site: Site) -> asyncio.Server:
    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport, self.buffer = transport, b""

        def data_received(self, data: bytes) -> None:
            self.buffer += data
            while b"\r\n\r\n" in self.buffer:
                request, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
                self.transport.write(site.answer(request))  # type: ignore[attr-defined]

    return await loop.create_server(Server, "127.0.0.1", 0)
