"""One page: opened, waited for, its list followed to the end, read. Bounded in time, size and number, whatever it does.

In: a page of the browser's and what is asked. Out: `Shown`, or NotShown with the reason. A list that was not followed to its
end says so (`cut`): what it does not name then proves nothing.
"""

import asyncio
import contextlib
import json
import logging
import time
from typing import Any

from crawler.page.address import host_of
from crawler.rendered import scripts
from crawler.rendered.gate import Visit
from crawler.rendered.traffic import REQUESTS, Traffic
from crawler.rendered.traffic import body as content
from crawler.rendered.wire import Ask, NotShown, Shown

logger = logging.getLogger(__name__)

CLICKS = 60
CLICKING = 120.0
"""Seconds for following a list."""
_SETTLE, _QUIET = 10.0, 0.4
"""Seconds that scripts get to fill the list at first, and after a click; and without a request before that counts as done."""
_CHANGE = 4.0
"""Seconds that a click gets to change the list when it asks for nothing."""
_ANSWERED = 1.5
"""Seconds that scripts get to show what a click brought."""
_ANSWER = 15.0
"""Seconds for anything that a page that is alive does at once."""
_ELEMENTS = 200_000
_BUDGET = 100_000_000
"""Bytes that a page may bring in."""


class PageVisit:
    """One page's life. `run` it once."""

    def __init__(self, page: Any, ask: Ask, visit: Visit, delay: float) -> None:
        self._page, self._ask, self._visit, self._delay = page, ask, visit, delay
        self._session: Any = None
        self._world = 0
        self._crashed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._traffic = Traffic(page, ask, visit, self._crash)
        self._rows: dict[str, str] = {}
        self._size = 0

    async def run(self) -> Shown:
        """Raises NotShown."""
        work: asyncio.Future[Any] = asyncio.ensure_future(self._run())
        limit = self._ask.seconds + CLICKING + 6 * _ANSWER
        try:
            done, _ = await asyncio.wait({work, self._crashed}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if (barred := self._traffic.barred) is not None:
                return await self._as_served(barred)
            if work in done:
                shown: Shown = work.result()
                return shown
            raise NotShown(str(self._crashed.result()) if self._crashed.done() else "time-out")
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            self._crashed.cancel()

    async def _run(self) -> Shown:
        page = self._page
        self._visit.budget = _BUDGET
        page.on("crash", lambda *_: self._crash("the page crashed"))
        page.on("close", lambda *_: self._crash("the browser ended"))
        page.on("dialog", lambda dialog: asyncio.ensure_future(_dismiss(dialog)))
        page.on("framenavigated", self._moved)
        await self._within(self._traffic.listen())
        await self._within(page.add_init_script(script=scripts.BEFORE.replace("MOST_REQUESTS", str(REQUESTS // 2))))
        self._session = await self._within(page.context.new_cdp_session(page))
        await self._go()
        cut, clicks = await self._follow()
        rows = json.dumps([*self._rows.items()])
        await self._evaluate(scripts.SHOW_ALL.replace("ROWS", rows))
        text = await self._evaluate(self._sized(scripts.DOCUMENT))
        if not isinstance(text, str) or len(body := text.encode("utf-8", "replace")) > self._ask.most:
            raise NotShown("too large when shown")
        self._traffic.check()
        return await self._shown(body, cut, clicks)

    # Opening ------------------------------------------------------------------------------------------------------

    async def _go(self) -> None:
        from playwright.async_api import Error, TimeoutError

        try:
            await self._page.goto(
                self._ask.url,
                timeout=self._ask.seconds * 1000,
                wait_until="domcontentloaded",
                referer=dict(self._ask.headers).get("Referer"),
            )
        except TimeoutError:
            raise NotShown("time-out") from None
        except Error as error:
            raise self._why_not(str(error)) from None
        await self._settle()

    def _why_not(self, words: str) -> NotShown:
        self._traffic.check()
        host = host_of(self._ask.url)
        if trouble := self._visit.trouble.get(host):
            private = trouble.startswith("private address")
            return NotShown(trouble, "refused_address" if private else "", f"{self._ask.url}: {trouble}")
        for mark, name in (
            ("Download is starting", "a download"),
            ("ERR_TOO_MANY_REDIRECTS", "redirect loop"),
            ("ERR_CERT", "TLS"),
            ("ERR_SSL", "TLS"),
            ("ERR_EMPTY_RESPONSE", "reset"),
            ("ERR_CONNECTION", "reset"),
            ("ERR_CONTENT_LENGTH_MISMATCH", "truncated"),
            ("ERR_INCOMPLETE_CHUNKED", "truncated"),
            ("crash", "the page crashed"),
            ("closed", "the browser ended"),
        ):
            if mark in words:
                return NotShown(name)
        return NotShown(f"the browser says {words.strip().partition(chr(10))[0][:150]}")

    def _moved(self, frame: Any) -> None:
        if frame == self._page.main_frame:
            self._world = 0

    def opened(self) -> None:
        """It opened a window."""
        self._traffic.opened()

    def _crash(self, why: str) -> None:
        if not self._crashed.done():
            self._crashed.set_result(why)

    # The list -----------------------------------------------------------------------------------------------------

    async def _settle(self) -> None:
        """Waits until the page asks for nothing more and has nothing left to do, or for long enough."""
        began = time.monotonic()
        while (now := time.monotonic()) < began + _SETTLE:
            # On a busy machine what was asked may be heard of late: quiet counts from here, and after the page was at rest.
            if not self._traffic.waiting() and now - max(self._traffic.last, began) >= _QUIET:
                await self._evaluate(scripts.REST)
                if not self._traffic.waiting() and self._traffic.last <= now:
                    return
            await asyncio.sleep(0.05)
            self._traffic.check()

    async def _follow(self) -> tuple[str, int]:
        """Tells the list to go on until nothing new comes; why it may go on after all, and how often it did."""
        await self._collect()
        traffic = self._traffic
        if waiting := traffic.waiting():
            traffic.trouble = traffic.trouble or f"{waiting}: no answer in {_SETTLE:g} s"
        end = time.monotonic() + CLICKING
        for clicks in range(CLICKS):
            if len(self._rows) > self._ask.links:
                return f"more than {self._ask.links} links", clicks
            if time.monotonic() > end:
                return f"it goes on for more than {CLICKING:g} s", clicks
            began, before, count = time.monotonic(), traffic.trouble, traffic.count
            traffic.forget_trouble()
            if not await self._evaluate(scripts.CLICK):
                traffic.trouble = before
                return "", clicks
            grew = await self._changed(began, count)
            failed, traffic.trouble = traffic.trouble, before
            if not grew:
                waiting = traffic.waiting(began)
                if failed or waiting:
                    return f"page {clicks + 2}: {failed or f'{waiting}: no answer'}", clicks
                return "", clicks
            await asyncio.sleep(max(0.0, self._delay - (time.monotonic() - began)))
        return f"it goes on after {CLICKS} pages", CLICKS

    async def _changed(self, began: float, count: int) -> bool:
        """Whether a click at `began` (monotonic), after so many requests, brings rows that were not there."""
        while (passed := time.monotonic() - began) < _SETTLE + _CHANGE:
            await asyncio.sleep(0.1)
            self._traffic.check()
            if await self._collect():
                await self._settle()
                await self._collect()
                return True
            # What it asked for is there, and made nothing new; or it asked for nothing, and had time to.
            answered = self._traffic.count > count and time.monotonic() - self._traffic.last > _ANSWERED
            if (passed > _CHANGE or answered) and not self._traffic.waiting(began):
                await self._evaluate(scripts.REST)
                if self._traffic.waiting(began):
                    continue
                if not await self._collect():
                    return False
                await self._settle()
                await self._collect()
                return True
        return False

    async def _collect(self) -> bool:
        """Takes the rows that are new; whether there were any."""
        told = await self._evaluate(self._sized(scripts.COLLECT))
        if not isinstance(told, dict) or not isinstance(rows := told.get("rows"), list):
            raise NotShown("unreadable")
        if isinstance(count := told.get("all"), int) and count > _ELEMENTS:
            raise NotShown("too large when shown")
        before = len(self._rows)
        for row in rows:
            href, html = str(row[0]), str(row[1])
            if href not in self._rows:
                self._rows[href] = html
                self._size += len(html)
        if self._size > self._ask.most:
            raise NotShown("too large when shown")
        return len(self._rows) > before

    def _sized(self, script: str) -> str:
        most = (("MOST_ELEMENTS", _ELEMENTS), ("MOST_BYTES", self._ask.most), ("MOST_ROWS", self._ask.links))
        for name, value in most:
            script = script.replace(name, str(value))
        return script

    # Reading ------------------------------------------------------------------------------------------------------

    async def _evaluate(self, script: str) -> Any:
        """What a script comes to, run out of the page's sight."""
        from playwright.async_api import Error

        for attempt in range(3):
            try:
                if not self._world:
                    tree = await self._within(self._session.send("Page.getFrameTree"))
                    world = {"frameId": tree["frameTree"]["frame"]["id"], "worldName": "nianbao"}
                    made = await self._within(self._session.send("Page.createIsolatedWorld", world))
                    self._world = made["executionContextId"]
                told = await self._within(
                    self._session.send(
                        "Runtime.evaluate",
                        {"expression": script, "contextId": self._world, "returnByValue": True, "userGesture": True,
                         "awaitPromise": True, "timeout": _ANSWER * 1000},
                    )
                )  # fmt: skip
            except Error as error:
                # It went on to another document meanwhile.
                self._world = 0
                self._traffic.check()
                if attempt == 2 or self._page.is_closed():
                    raise self._why_not(str(error)) from None
                await asyncio.sleep(0.3)
                continue
            if "exceptionDetails" in told:
                raise NotShown("the page hangs" if "terminated" in str(told["exceptionDetails"]) else "unreadable")
            return told["result"].get("value")
        return None

    async def _within(self, what: Any) -> Any:
        try:
            return await asyncio.wait_for(what, _ANSWER)
        except TimeoutError:
            self._traffic.check()
            raise NotShown("the page hangs") from None

    async def _shown(self, body: bytes, cut: str, clicks: int) -> Shown:
        document = self._traffic.document
        headers: list[tuple[str, str]] = []
        served, status = b"", 200
        if document is not None:
            status = document.status
            with contextlib.suppress(Exception):  # of a document that a script wrote there is nothing more to know
                for one in await asyncio.wait_for(document.headers_array(), _ANSWER):
                    headers.append((one["name"], one["value"]))
                served = await content(document, self._ask.most)
        return Shown(
            number=self._ask.number,
            url=self._page.url,
            status=status,
            headers=tuple(_kept(headers)),
            body=body,
            served=served,
            address=self._visit.addresses.get(host_of(self._page.url), ""),
            clicks=clicks,
            cut=cut,
            trouble=self._traffic.trouble,
            calls=await self._traffic.calls(),
            asked=self._traffic.asked,
            scripts=await self._traffic.scripts(),
            refused=tuple(self._traffic.foreign)[:10],
        )

    async def _as_served(self, document: Any) -> Shown:
        """A firewall's page, without what its script makes of it: a challenge is told, never passed."""
        body = b""
        with contextlib.suppress(Exception):  # its script has led on already: its status says enough
            body = await content(document, self._ask.most)
        return Shown(self._ask.number, document.url, document.status, tuple(_kept([])), body, body)


def _kept(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The document's headers, as they fit what it became: text in UTF-8."""
    gone = {
        "content-type",
        "content-encoding",
        "content-length",
        "transfer-encoding",
        "set-cookie",
        "etag",
        "last-modified",
    }
    kept = [(name, value) for name, value in headers[:60] if name.lower() not in gone and len(value) < 2000]
    return [("Content-Type", "text/html; charset=utf-8"), *kept]


async def _dismiss(dialog: Any) -> None:
    with contextlib.suppress(Exception):
        await dialog.dismiss()
