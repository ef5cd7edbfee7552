"""The browser's process: shows pages to passes. `python -m crawler.rendered.host FD` for a pass that has no nursery.

In: a socket over which connections come, one for each pass; its end is the end of this process. Out: on each connection
what the pass asked to see (wire.py). Every pass has a context of its own, with its own cookies, proxy and gate; it is closed
when the connection is, and that is when the pass is gone, whatever it died of. A byte on the first socket every two seconds
says that the process is well.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from typing import Any

from crawler import kernel
from crawler.guard import Guard
from crawler.rendered import wire
from crawler.rendered.engine import Bounds, Engine, EngineError
from crawler.rendered.gate import Gate, Visit
from crawler.rendered.page import PageVisit
from crawler.rendered.wire import Ask, Failed, Gone, NotShown, Shown, Visitor, Wait

logger = logging.getLogger(__name__)

BEAT = 2.0
_ALIVE = 5.0
"""Seconds between two words of comfort to a pass that waits."""
_OPEN, _CLOSE = 30.0, 10.0
"""Seconds for opening and for closing a page: the browser does both at once, unless it is beyond help."""
_TRIES = 3
"""For opening a page: the context may be gone, and then the browser."""
_AT_ONCE = 2
"""Pages of one pass."""


class Host:
    """Serves passes until its socket ends, or until nobody has needed it for long."""

    def __init__(self, control: socket.socket, bounds: Bounds) -> None:
        self._control, self._bounds = control, bounds
        self._engine = Engine(bounds)
        self._gate = Gate()
        self._guests: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()

    async def serve(self) -> None:
        """Until the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._over.set)
        await self._gate.open()
        self._control.setblocking(False)
        loop.add_reader(self._control, self._arrived)
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), BEAT / 2)
            await self._look()
        loop.remove_reader(self._control)
        for guest in self._guests:
            guest.cancel()
        await asyncio.gather(*self._guests, return_exceptions=True)
        await self._engine.end()
        await self._gate.close()

    async def _look(self) -> None:
        with contextlib.suppress(BlockingIOError):
            try:
                self._control.send(b".")
            except (BrokenPipeError, ConnectionError):
                self._over.set()
                return
        await self._engine.watch()
        if self._engine.idle_for() > self._bounds.idle:
            if self._engine.running:
                await self._engine.end()
            if not self._guests:
                self._over.set()

    def _arrived(self) -> None:
        try:
            data, sockets, _, _ = socket.recv_fds(self._control, 1024, 16)
        except BlockingIOError:
            return
        except OSError:
            data, sockets = b"", []
        for one in sockets:
            guest = asyncio.ensure_future(self._guest(socket.socket(fileno=one)))
            self._guests.add(guest)
            guest.add_done_callback(self._guests.discard)
        if not data and not sockets:
            self._over.set()

    async def _guest(self, connection: socket.socket) -> None:
        """One pass, from its first word to its end."""
        reader, writer = await asyncio.open_connection(sock=connection)
        room: _Room | None = None
        pages: set[asyncio.Task[None]] = set()
        try:
            visitor = await wire.asked(reader)
            if not isinstance(visitor, Visitor):
                return
            room = _Room(visitor, self._engine, self._gate)
            while True:
                ask = await wire.asked(reader)
                if isinstance(ask, Ask):
                    page = asyncio.ensure_future(_answer(room, ask, writer))
                    pages.add(page)
                    page.add_done_callback(pages.discard)
        except Gone:
            pass
        except Exception:  # one pass's trouble is not the others'
            logger.exception("a pass was not served")
        finally:
            for page in pages:
                page.cancel()
            await asyncio.gather(*pages, return_exceptions=True)
            if room is not None:
                await room.close()
            writer.close()


async def _answer(room: "_Room", ask: Ask, writer: asyncio.StreamWriter) -> None:
    """One page, and comfort until it is there."""
    work = asyncio.ensure_future(room.show(ask))
    try:
        while not work.done():
            await asyncio.wait({work}, timeout=_ALIVE)
            if not work.done():
                wire.say(writer, Wait())
                await writer.drain()
        said: Shown | Failed
        try:
            said = work.result()
        except NotShown as error:
            said = Failed(ask.number, error.marker, error.rule, error.detail)
        except Exception as error:
            logger.exception("%s could not be shown", ask.url)
            said = Failed(ask.number, f"{type(error).__name__}: {str(error)[:200]}")
        wire.say(writer, said)
        await writer.drain()
    except OSError:
        pass  # the pass is gone
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


class _Room:
    """A pass's context: made in whatever browser runs when it asks."""

    def __init__(self, visitor: Visitor, engine: Engine, gate: Gate) -> None:
        self._visitor, self._engine, self._gate = visitor, engine, gate
        self._visit: Visit = gate.admit(
            Guard(visitor.portal, visitor.policy), visitor.policy.allow_private, visitor.proxy
        )
        self._context: Any = None
        self._of = 0
        """The number of the browser that has it."""
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._opening = asyncio.Lock()
        self._closing: set[asyncio.Future[None]] = set()
        self._visits: set[PageVisit] = set()
        self._expected = False
        """The next page is one that was asked for."""

    async def show(self, ask: Ask) -> Shown:
        """One page. Raises NotShown."""
        async with self._places:
            for attempt in range(_TRIES):
                try:
                    async with self._engine.lease() as chromium:
                        page = await self._page(chromium, last=attempt == _TRIES - 1)
                        if page is not None:
                            return await self._show(page, ask)
                except EngineError as error:
                    raise NotShown(str(error)) from error
        raise NotShown("the browser ended")

    async def _page(self, chromium: Any, *, last: bool) -> Any:
        """An empty page; None: the context, or the browser, is not what it was."""
        from playwright.async_api import Error

        try:
            async with self._opening:
                context = await self._open(chromium)
                self._expected = True
                return await asyncio.wait_for(context.new_page(), _OPEN)
        except TimeoutError:
            await self._engine.broken("it opens no page")
        except Error as error:
            self._context = None
            if last:
                await self._engine.broken(f"it opens no page: {str(error).partition(chr(10))[0][:100]}")
        return None

    async def _show(self, page: Any, ask: Ask) -> Shown:
        started = time.monotonic()
        visit = PageVisit(page, ask, self._visit, self._visitor.policy.delay)
        self._visits.add(visit)
        try:
            return await visit.run()
        except NotShown as error:
            if error.marker == "the page crashed" and self._engine.killed_page >= started:
                raise NotShown("too much memory") from error
            raise
        finally:
            self._visits.discard(visit)
            await self._shut(page)

    async def _open(self, chromium: Any) -> Any:
        """The pass's context. Nothing of it outlives it: no file, no cookie, no permission."""
        if self._context is None or self._of != self._engine.number:
            self._context = await asyncio.wait_for(
                chromium.new_context(
                    accept_downloads=False,
                    extra_http_headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"},
                    ignore_https_errors=True,  # as Scrapy: many portals' certificates have run out
                    locale="zh-CN",
                    permissions=[],
                    proxy=self._gate.proxy(self._visit),
                    reduced_motion="reduce",
                    service_workers="block",
                    timezone_id="Asia/Shanghai",
                    user_agent=self._visitor.user_agent,
                    viewport={"width": 1280, "height": 1600},
                ),
                _OPEN,
            )
            self._of = self._engine.number
            self._engine.served += 1
            self._context.on("page", self._uninvited)
        return self._context

    def _uninvited(self, page: Any) -> None:
        """A window that a page opened."""
        expected, self._expected = self._expected, False
        if not expected:
            for visit in self._visits:
                visit.opened()
            closing = asyncio.ensure_future(_quietly(page.close()))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _shut(self, page: Any) -> None:
        try:
            await asyncio.wait_for(asyncio.shield(_quietly(page.close())), _CLOSE)
        except TimeoutError:
            self._engine.replace("a page could not be closed")
            await self.close_context()

    async def close_context(self) -> None:
        """Closes it with all its pages."""
        context, self._context = self._context, None
        if context is not None and self._of == self._engine.number:
            try:
                await asyncio.wait_for(_quietly(context.close()), _CLOSE)
            except TimeoutError:
                await self._engine.broken("a context could not be closed")

    async def close(self) -> None:
        """The pass is gone."""
        self._gate.dismiss(self._visit)
        await self.close_context()
        self._engine.grew_older()


async def _quietly(what: Any) -> None:
    with contextlib.suppress(Exception):  # it is gone already
        await what


def run(control: socket.socket, bounds: Bounds) -> int:
    """Serves in this process."""
    kernel.adopt_orphans()
    logging.basicConfig(level=logging.WARNING, format="browser: %(message)s")
    asyncio.run(Host(control, bounds).serve())
    return 0


def main(arguments: list[str]) -> int:
    """For a pass that has no nursery: ends with it."""
    parent = os.getppid()
    kernel.die_with_parent(signal.SIGTERM, parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(arguments[0])) as control:
        return run(control, Bounds())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
