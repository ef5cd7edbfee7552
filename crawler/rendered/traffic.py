"""What a page asks for: what is let out, what came of it, and when it has asked for all that it wants.

In: the browser's events of one page. Out: for `page.py`, whether anything is under way, what was asked for in vain, the document
that stands there, and why the page must end now, if it must (`over`).
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable
from typing import Any

from crawler.guard import Refusal
from crawler.page.address import host_of
from crawler.rendered.gate import Visit
from crawler.rendered.wire import Ask, Call, NotShown

REQUESTS = 800
NAVIGATIONS = 10
WINDOWS = 3
_CALLS, _CALL_BYTES = 12, 1_000_000
_SCRIPTS, _SCRIPT_BYTES = 12, 3_000_000
_SECONDS = 15.0
"""For a body that the browser has already."""

_NEVER = frozenset(
    {"image", "media", "font", "texttrack", "ping", "manifest", "eventsource", "websocket", "cspviolationreport"}
)
_STATIC = frozenset({"document", "script", "stylesheet", "image", "font", "media"})
_DATA = frozenset({"xhr", "fetch", "script"})
_BARRED = frozenset({401, 403, 405, 412, 418, 429, 521})
"""A firewall's answers: a challenge is told, never passed."""


class Traffic:
    """One page's. `over` is called once, with the reason, when the page must end."""

    def __init__(self, page: Any, ask: Ask, visit: Visit, over: Callable[[str], None]) -> None:
        self._page, self._ask, self._visit, self._over = page, ask, visit, over
        self._fields = {name.lower(): value for name, value in ask.headers}
        self._open: dict[Any, float] = {}
        """Requests without an answer, and since when."""
        self.count = 0
        """Of requests so far."""
        self.asked = 0
        """Of those for data."""
        self.last = time.monotonic()
        """When a request last began or ended."""
        self.navigations = self._windows = 0
        self.document: Any = None
        """The answer that the page was made of."""
        self.barred: Any = None
        """The answer of a firewall, which ends the page."""
        self.refusal: NotShown | None = None
        self.foreign: dict[str, None] = {}
        """Hosts that scripts or data were wanted from, and that the guard refused."""
        self.trouble = ""
        """What was asked for in vain, first of all."""
        self._failing: set[str] = set()
        self._failed: set[str] = set()
        """Addresses without their queries that failed before the last click, and since."""
        self._heard: list[Any] = []
        self._scripts: list[Any] = []

    async def listen(self) -> None:
        """From now on."""
        page = self._page
        page.on("request", self._began)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended_badly)
        page.on("response", self._answered)
        page.on("framenavigated", self._moved)
        await page.route("**/*", self._judge)

    def opened(self) -> None:
        """The page opened a window."""
        self._windows += 1
        if self._windows > WINDOWS:
            self._over("it opens one window after the other")

    def check(self) -> None:
        """Raises NotShown for what was seen meanwhile and ends the visit."""
        if self.refusal is not None:
            raise self.refusal
        if self.navigations > NAVIGATIONS:
            raise NotShown("redirect loop")
        if self._visit.budget < 0:
            raise NotShown("too large")

    def waiting(self, since: float = 0.0) -> str:
        """What the list may be made of, was asked for after `since` (monotonic) and is not there yet; empty: nothing."""
        for request, began in self._open.items():
            if began >= since and (self._concerns(request) or (since and self._is_document(request))):
                return f"{request.method} {request.url[:300]}"
        return ""

    def forget_trouble(self) -> None:
        """What failed until now and fails again is no fault of what is asked for next."""
        self.trouble = ""
        self._failing |= self._failed

    async def _judge(self, route: Any) -> None:
        """Lets a request out, or not. The gate judges what is let out once more."""
        request = route.request
        with contextlib.suppress(Exception):  # the page may be gone
            kind, url = request.resource_type, request.url
            if kind in _NEVER or self.barred is not None:
                await route.abort()
            elif (refusal := self._visit.guard.refusal(url)) is not None:
                if self._is_document(request):
                    self._refuse(refusal, url)
                elif kind in _DATA and refusal.rule == "off_host":
                    self.foreign[host_of(url)] = None
                if kind == "stylesheet":  # some frameworks show nothing if one of theirs fails
                    await route.fulfill(status=200, content_type="text/css", body="")
                else:
                    await route.abort()
            elif self._is_document(request):
                await route.continue_(headers={**request.headers, **self._fields})
            else:
                await route.continue_()

    def _refuse(self, refusal: Refusal, url: str) -> None:
        """The page leads where the guard lets nobody go."""
        if refusal.rule == "off_host":
            refusal = Refusal("off_host_redirect", f"{self._ask.url} leads to {url[:500]}")
            self.refusal = self.refusal or NotShown(f"redirect to {host_of(url)}", *refusal)
        self.refusal = self.refusal or NotShown(refusal.rule, *refusal)

    def _began(self, request: Any) -> None:
        self._open[request] = self.last = time.monotonic()
        self.count += 1
        self.asked += request.resource_type not in _STATIC
        if self.count > REQUESTS:
            # Each one is a message to this process: a storm of them would keep all pages waiting.
            self._over(f"more than {REQUESTS} requests")
        if request.redirected_from is not None:
            self._open.pop(request.redirected_from, None)
            # Nobody is asked about redirects; the gate has refused the connection.
            refusal = self._visit.guard.refusal(request.url)
            if refusal is not None and self._is_document(request):
                self._refuse(refusal, request.url)

    def _is_document(self, request: Any) -> bool:
        try:
            return bool(request.is_navigation_request() and request.frame == self._page.main_frame)
        except Exception:  # a request of a frame that is gone, or of a worker, has none
            return False

    def _concerns(self, request: Any) -> bool:
        """Whether it is something that the list may be made of."""
        return request.resource_type in _DATA and self._visit.guard.refusal(request.url) is None

    def _ended(self, request: Any) -> None:
        self._open.pop(request, None)
        self.last = time.monotonic()

    def _ended_badly(self, request: Any) -> None:
        self._ended(request)
        if self._concerns(request) or (self.document is not None and self._is_document(request)):
            self._fail(request, "no answer")

    def _fail(self, request: Any, why: str) -> None:
        place = request.url.partition("?")[0]
        self._failed.add(place)
        if place not in self._failing:
            self.trouble = self.trouble or f"{request.method} {request.url[:300]}: {why}"

    def _answered(self, response: Any) -> None:
        request = response.request
        if self._is_document(request):
            if self.document is None and response.status in _BARRED:
                self.barred = response
                self._over("barred")
            elif self.document is not None and response.status >= 400:
                self._fail(request, f"status {response.status}")
            self.document = response
        elif self._concerns(request):
            if response.status >= 400:
                self._fail(request, f"status {response.status}")
            elif request.resource_type == "script":
                self._scripts.append(response)
            elif len(self._heard) < _CALLS:
                self._heard.append(response)

    def _moved(self, frame: Any) -> None:
        if frame == self._page.main_frame:
            self.navigations += 1
            if self.navigations > NAVIGATIONS:
                self._over("redirect loop")

    async def calls(self) -> tuple[Call, ...]:
        """What scripts asked the portal for, and got."""
        calls = []
        for response in self._heard:
            with contextlib.suppress(Exception):  # one that the browser no longer has is not worth more
                content = await body(response, _CALL_BYTES)
                media_type = response.headers.get("content-type", "")[:100]
                calls.append(Call(response.request.method, response.url[:2000], media_type, content))
        return tuple(calls)

    async def scripts(self) -> tuple[tuple[str, str], ...] | None:
        """The portal's scripts that the page is made with, and the SHA-256 (hex) of each; None: too many, or one is not there
        any more."""
        if len(self._scripts) > _SCRIPTS or self.trouble:
            return None
        found: dict[str, str] = {}
        try:
            for response in self._scripts:
                content = await body(response, _SCRIPT_BYTES)
                if not content:
                    return None
                found[response.url] = hashlib.sha256(content).hexdigest()
        except Exception:  # whatever it is, nothing is proven
            return None
        return tuple(found.items())


async def body(response: Any, most: int) -> bytes:
    """A response's body; empty if it is larger than `most`. Raises the browser's errors."""
    sizes = await asyncio.wait_for(response.request.sizes(), _SECONDS)
    if sizes["responseBodySize"] > most:
        return b""
    content: bytes = await asyncio.wait_for(response.body(), _SECONDS)
    return content if len(content) <= most else b""
