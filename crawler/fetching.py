"""One address → one `Answer`: guard, robots.txt, pauses, redirects, retries, and every failure as a word.

Downloads are made by `crawler.downloader` (by Scrapy's engine, where `scrapy crawl` runs a spider by hand): cookies,
decompression, proxies and TLS are Scrapy's, while scheduling is plain `await`: a pass holds only the requests in flight.
Each request waits its turn (crawler/pace.py), robots.txt, hops, retries and files among them. Never raises for what a portal
does.
"""

import asyncio
import email.utils
import logging
import statistics
import time
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

from scrapy import Request
from scrapy.http import Response

from crawler import browser
from crawler.answer import Answer, asked_for_changes
from crawler.downloader import SLOT
from crawler.failures import explain
from crawler.guard import Guard, Refusal
from crawler.manners import ASKED_TO_WAIT, Manners
from crawler.observation import Limits
from crawler.pace import Pace
from crawler.page import walls
from crawler.page.address import bare, host_of, normalise
from crawler.page.verdict import PROXY
from crawler.portal import Policy
from crawler.rendered.wire import NotShown
from crawler.robots import Rules

__all__ = ["Answer", "Downloads", "Fetcher", "asked_for_changes"]

logger = logging.getLogger(__name__)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRY_AGAIN = frozenset({408, 500, 502, 503, 504, 522, 524})
_TRIES = 3
_TRIES_SHOWN = 2
"""In a browser: a hostile page takes minutes each time."""
_DEAD_AFTER = 6
"""Failures to connect to a host in a row, after which it is asked only once each time."""
_GIVE_UP_AFTER = 30
"""… after which the pass stops asking it: the portal is down, and each address would cost a time-out."""
_ROBOTS_BYTES = 5_000_000
_CLOCK_SAMPLES = 64
_REHEARSED = 6 * 3600.0
"""Seconds: a present farther than this from the machine's clock was told, not read off it."""


class Downloads(Protocol):
    """What of Scrapy's engine, or of `crawler.downloader.Downloader`, is used."""

    async def download_async(self, request: Request) -> Response:
        """Downloads through the downloader's middlewares."""


class Fetcher:
    """Fetches for one portal. `engine` is asked for when the first request goes out. `ahead`: seconds by which the pass's
    present (`--now`) is ahead of this machine's clock. `contact`: a mail address for the `From` header."""

    def __init__(
        self,
        engine: Callable[[], Downloads],
        guard: Guard,
        policy: Policy,
        limits: Limits,
        user_agent: str,
        proxy: str = "",
        ahead: float = 0.0,
        contact: str = "",
        pace: Pace | None = None,
    ) -> None:
        self._engine = engine
        self._guard = guard
        self._policy = policy
        self._limits = limits
        self._user_agent = user_agent
        self._proxy = proxy
        self._contact = contact
        self._pace = pace or Pace()
        self.manners = Manners(policy.delay, limits.pass_seconds, user_agent)
        self._robots: dict[str, asyncio.Task[Rules]] = {}
        self._failures: dict[str, int] = {}
        self._ahead = ahead if abs(ahead) > _REHEARSED else 0.0
        self._offsets: list[float] = []
        self.requests = 0
        self.responses = 0
        self.bytes = 0
        self.errors = 0

    @property
    def clock_offset(self) -> float | None:
        """Median of `Date` headers less this machine's clock, in seconds."""
        return round(statistics.median(self._offsets), 1) if self._offsets else None

    def is_down(self, url: str) -> bool:
        """Whether the pass stops asking the host: it has not answered for long, or asked to be left alone."""
        host = host_of(url)
        return self._failures.get(host, 0) >= _GIVE_UP_AFTER or bool(self.manners.resting(url))

    def close(self) -> None:
        """Lets go of what the pauses are kept with."""
        self._pace.close()

    async def fetch(
        self,
        url: str,
        *,
        form: tuple[tuple[str, str], ...] | None = None,
        json: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        etag: str = "",
        last_modified: str = "",
        max_bytes: int = 0,
        hops: int = 0,
        render: bool = False,
        robots: bool = True,
    ) -> Answer:
        """Asks for `url` and follows HTTP redirects, each hop through the guard. Validators go to the first hop only:
        they belong to what stood at this address, and another page's 304 would say nothing."""
        answer = Answer(url)
        answer.hops = hops
        method, body = ("GET", b"") if form is None else ("POST", urlencode(form).encode())
        if json:
            method, body = "POST", json.encode()
            headers = (*headers, ("Content-Type", "application/json; charset=UTF-8"))
        conditions = [("If-None-Match", etag), ("If-Modified-Since", last_modified)]
        sent = [*headers, *((name, value) for name, value in conditions if value)]
        target = url
        loops = 0
        while True:
            refusal = self._guard.refusal(target)
            if refusal is not None:
                return _refuse(answer, refusal, target)
            if resting := self.manners.resting(target):
                answer.url, answer.failure, answer.marker = target, resting, ASKED_TO_WAIT
                return answer
            if robots and self._policy.obey_robots and not await self._allowed(target):
                answer.url, answer.failure, answer.marker = target, "blocked", "robots"
                self.manners.closed(target)
                return answer
            await self._exchange(answer, target, method, body, sent, max_bytes or self._limits.page_bytes, render)
            location = answer.location if answer.status in _REDIRECTS else ""
            if answer.failure or not location:
                return answer
            answer.hops += 1
            try:
                following = normalise(urljoin(answer.url, location))
            except (ValueError, UnicodeError):
                answer.failure, answer.marker = "unreachable", f"redirect to no address: {location[:100]}"
                return answer
            loops += following == target and bool(answer.header("Set-Cookie"))
            if answer.hops > self._limits.redirects:
                answer.failure, answer.marker = "unreachable", "redirect loop"
                if loops >= self._limits.redirects:
                    answer.failure, answer.marker = "blocked", walls.COOKIE_LOOP
                return answer
            target = following
            if answer.status not in (307, 308):
                method, body = "GET", b""
            sent = [*headers]

    async def _exchange(
        self,
        answer: Answer,
        target: str,
        method: str,
        body: bytes,
        headers: list[tuple[str, str]],
        max_bytes: int,
        render: bool,
    ) -> None:
        """One hop, tried again where that may help."""
        host = host_of(target)
        site = bare(host)
        tries = _TRIES if self._failures.get(host, 0) < _DEAD_AFTER else 1
        tries = min(tries, _TRIES_SHOWN) if render else tries
        for attempt in range(tries):
            request = self._request(target, method, body, headers, max_bytes, render)
            answer.request, answer.url = request, target
            try:
                delay, least = self.manners.delay(site), self.manners.least(site)
                async with self._pace.turn(site, delay, self._policy.concurrency, least):
                    self.requests += 1
                    response = await self._engine().download_async(request)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # whatever a portal provokes in the downloader is a failure of this address
                answer.status, answer.body, answer.response = 0, b"", None
                answer.failure, answer.marker = explain(error, host, proxied=bool(self._proxy))
                if isinstance(error, NotShown) and error.rule:
                    answer.failure, answer.refusal = "blocked", Refusal(error.rule, error.detail)
                    return
                if answer.marker.startswith("private address"):
                    answer.refusal = Refusal("refused_address", f"{target}: {answer.marker}")
                    return
                self.errors += 1
                self._failures[host] = self._failures.get(host, 0) + 1
                logger.debug("%s: %s (%s)", target, answer.marker, error)
                if answer.marker.startswith("too large"):
                    return
                continue
            self._failures[host] = 0
            self.responses += 1
            self.bytes += len(response.body)
            answer.response, answer.status, answer.body = response, response.status, response.body
            answer.failure, answer.marker = "", ""
            if render and (led := _led_to(response.url, target)):
                answer.url, answer.hops = led, answer.hops + 1
            self._sample_clock(response)
            self.manners.look_at_certificate(response, target)
            if self._proxy and response.status == 407:
                answer.failure, answer.marker = "unreachable", f"{PROXY}answers 407"
                return
            if (wait := self.manners.asked_to_wait(response)) is not None:
                if self.manners.waits(site, wait, response.status):
                    self._pace.hold(site, wait)
                    if attempt < tries - 1:
                        continue
                return
            if response.status not in _TRY_AGAIN or attempt == tries - 1:
                return

    def _request(
        self,
        target: str,
        method: str,
        body: bytes,
        headers: list[tuple[str, str]],
        max_bytes: int,
        render: bool,
    ) -> Request:
        fields = {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
            "User-Agent": self._user_agent,
            **({"From": self._contact} if self._contact else {}),
            **dict(headers),
        }
        if method == "POST":
            fields.setdefault("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
        else:
            fields.pop("Content-Type", None)  # a redirect turned it into a GET
        settings: dict[str, Any] = {
            "download_maxsize": max_bytes,
            "download_timeout": self._limits.timeout,
            "download_fail_on_dataloss": True,
            SLOT: host_of(target),
            **(browser.rendered() if render else {}),
        }
        if self._proxy:
            settings["proxy"] = self._proxy
        return Request(target, method=method, body=body, headers=fields, meta=settings, dont_filter=True)

    async def _allowed(self, url: str) -> bool:
        """Whether robots.txt lets us ask for `url`. One that cannot be read closes nothing: a portal's firewall
        answers 403 or an error page for files it does not know."""
        parts = urlsplit(url)
        root = f"{parts.scheme}://{parts.netloc}"
        task = self._robots.get(root)
        if task is None:
            task = self._robots[root] = asyncio.ensure_future(self._read_robots(f"{root}/robots.txt"))
        return (await asyncio.shield(task)).allows(url)

    async def _read_robots(self, url: str) -> Rules:
        answer = await self.fetch(url, max_bytes=_ROBOTS_BYTES, robots=False)
        return self.manners.rules(url, None if answer.failure or answer.status != 200 else answer.body)

    def _sample_clock(self, response: Response) -> None:
        if len(self._offsets) >= _CLOCK_SAMPLES:
            return
        date = response.headers.get("Date")
        if date:
            try:
                then = email.utils.parsedate_to_datetime(date.decode("latin-1")).timestamp()
            except (ValueError, TypeError, OverflowError):
                return
            # Servers of a rehearsal may tell the time that it is told to take for the present.
            offset = then - time.time()
            self._offsets.append(min(offset, offset - self._ahead, key=abs))


def _refuse(answer: Answer, refusal: Refusal, target: str) -> Answer:
    answer.failure = "blocked"
    answer.refusal = refusal
    if answer.hops and refusal.rule == "off_host":
        answer.refusal = Refusal("off_host_redirect", f"{answer.asked} leads to {target[:500]}")
        answer.marker = f"redirect to {host_of(target)}"
    else:
        answer.marker = refusal.rule
    return answer


def _led_to(url: str, asked: str) -> str:
    """Where redirects and scripts led a browser; empty: nowhere else."""
    url = urldefrag(url).url
    try:
        led = normalise(url) if url.startswith(("http://", "https://")) else ""
    except (ValueError, UnicodeError):
        return ""
    return "" if led in ("", asked, normalise(urldefrag(asked).url)) else led
