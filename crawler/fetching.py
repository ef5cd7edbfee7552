"""One address → one `Answer`: guard, robots.txt, redirects, retries, and every failure as a word.

The one user of Scrapy's downloader. It asks the engine for each download (`download_async`), so that delays, slots,
cookies, decompression, proxies and TLS are Scrapy's, while scheduling is plain `await`: a pass holds only the requests
in flight. Never raises for what a portal does.
"""

import asyncio
import email.utils
import hashlib
import logging
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol
from urllib.parse import urlencode, urljoin, urlsplit

from protego import Protego
from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response

from crawler import browser
from crawler.guard import Guard, Refusal, refused_address
from crawler.observation import Limits
from crawler.page.address import host_of, normalise
from crawler.portal import Policy
from crawler.run_folder import Exchange

logger = logging.getLogger(__name__)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRY_AGAIN = frozenset({408, 500, 502, 503, 504, 522, 524})
_TRIES = 3
_DEAD_AFTER = 6
"""Failures to connect to a host in a row, after which it is asked only once each time."""
_GIVE_UP_AFTER = 30
"""… after which the pass stops asking it: the portal is down, and each address would cost a time-out."""
_CLOCK_SAMPLES = 64
_REHEARSED = 6 * 3600.0
"""Seconds: a present farther than this from the machine's clock was told, not read off it."""

Failure = Literal["", "blocked", "unreachable"]


class Answer:
    """What became of a request, redirects followed."""

    __slots__ = ("asked", "body", "failure", "hops", "marker", "refusal", "request", "response", "status", "url")

    def __init__(self, asked: str) -> None:
        self.asked = asked
        self.url = asked
        self.status = 0
        self.body = b""
        self.failure: Failure = ""
        self.marker = ""
        self.refusal: Refusal | None = None
        """What the guard refused, to be told as a finding."""
        self.hops = 0
        self.request: Request | None = None
        self.response: Response | None = None

    def header(self, name: str) -> str:
        """A response header's first value, or ""."""
        value = self.response.headers.get(name) if self.response is not None else None
        return value.decode("latin-1").strip() if value else ""

    @property
    def location(self) -> str:
        """Where a redirect leads, as sent; raw UTF-8 or GB18030 is common in it."""
        value = self.response.headers.get("Location") if self.response is not None else None
        for encoding in ("utf-8", "gb18030"):
            try:
                return value.decode(encoding).strip() if value else ""
            except UnicodeDecodeError:
                continue
        return self.header("Location")

    @property
    def body_hash(self) -> str:
        """SHA-256 (hex) of the body."""
        return hashlib.sha256(self.body).hexdigest()

    def exchange(self) -> Exchange:
        """Request and response as a capture keeps them."""
        request, response = self.request, self.response
        if request is None or response is None:
            raise ValueError(f"{self.asked}: there is no response to keep")
        return Exchange(
            url=self.url,
            status=self.status,
            headers=_pairs(response.headers),
            body=self.body,
            method=request.method,
            request_headers=_pairs(request.headers),
            request_body=request.body,
            ip_address=str(response.ip_address or ""),
        )


def _pairs(headers: Mapping[Any, Any]) -> tuple[tuple[str, str], ...]:
    secret = {b"Cookie", b"Set-Cookie", b"Proxy-Authorization", b"Authorization"}
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.items()
        if name not in secret
        for value in values
    )


class Downloads(Protocol):
    """What of Scrapy's engine is used."""

    async def download_async(self, request: Request) -> Response:
        """Downloads through the downloader's middlewares."""


class Fetcher:
    """Fetches for one portal. `engine` is asked for when the first request goes out. `ahead`: seconds by which the pass's
    present (`--now`) is ahead of this machine's clock."""

    def __init__(
        self,
        engine: Callable[[], Downloads],
        guard: Guard,
        policy: Policy,
        limits: Limits,
        user_agent: str,
        proxy: str = "",
        ahead: float = 0.0,
    ) -> None:
        self._engine = engine
        self._guard = guard
        self._policy = policy
        self._limits = limits
        self._user_agent = user_agent
        self._proxy = proxy
        self._robots: dict[str, asyncio.Task[Protego | None]] = {}
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
        """Whether the host has not answered for so long that the pass stops asking it."""
        return self._failures.get(host_of(url), 0) >= _GIVE_UP_AFTER

    async def fetch(
        self,
        url: str,
        *,
        form: tuple[tuple[str, str], ...] | None = None,
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
        conditions = [("If-None-Match", etag), ("If-Modified-Since", last_modified)]
        sent = [*headers, *((name, value) for name, value in conditions if value)]
        method, body = ("GET", b"") if form is None else ("POST", urlencode(form).encode())
        target = url
        while True:
            refusal = self._guard.refusal(target)
            if refusal is not None:
                return _refuse(answer, refusal, target)
            if robots and self._policy.obey_robots and not await self._allowed(target):
                answer.url, answer.failure, answer.marker = target, "blocked", "robots"
                return answer
            await self._exchange(answer, target, method, body, sent, max_bytes or self._limits.page_bytes, render)
            location = answer.location if answer.status in _REDIRECTS else ""
            if answer.failure or not location:
                return answer
            answer.hops += 1
            if answer.hops > self._limits.redirects:
                answer.failure, answer.marker = "unreachable", "redirect loop"
                return answer
            try:
                target = normalise(urljoin(answer.url, location))
            except (ValueError, UnicodeError):
                answer.failure, answer.marker = "unreachable", f"redirect to no address: {location[:100]}"
                return answer
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
        tries = _TRIES if self._failures.get(host, 0) < _DEAD_AFTER else 1
        for attempt in range(tries):
            request = self._request(target, method, body, headers, max_bytes, render)
            answer.request, answer.url = request, target
            self.requests += 1
            try:
                response = await self._engine().download_async(request)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # whatever a portal provokes in the downloader is a failure of this address
                answer.status, answer.body, answer.response = 0, b"", None
                answer.failure, answer.marker = _explain(error, host)
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
            self._sample_clock(response)
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
            **dict(headers),
        }
        if method == "POST":
            fields["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        settings: dict[str, Any] = {
            "download_maxsize": max_bytes,
            "download_timeout": self._limits.timeout,
            "download_fail_on_dataloss": True,
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
        rules = await asyncio.shield(task)
        return rules is None or bool(rules.can_fetch(url, self._user_agent))

    async def _read_robots(self, url: str) -> Protego | None:
        answer = await self.fetch(url, max_bytes=1_000_000, robots=False)
        if answer.failure or answer.status != 200 or answer.body.lstrip()[:1] == b"<":
            return None
        return Protego.parse(answer.body.decode("utf-8", "replace"))

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


def _explain(error: Exception, host: str) -> tuple[Failure, str]:
    """A download error as (reading, marker)."""
    words = str(error)
    if isinstance(error, CannotResolveHostError):
        private = refused_address(host)
        return ("blocked", f"private address {private}") if private else ("unreachable", "DNS")
    if isinstance(error, DownloadTimeoutError):
        return "unreachable", "time-out"
    if isinstance(error, DownloadConnectionRefusedError):
        return "unreachable", "refused"
    if isinstance(error, ResponseDataLossError):
        return "unreachable", "truncated"
    if isinstance(error, DownloadCancelledError):
        return "unreachable", "too large"
    if isinstance(error, IgnoreRequest):
        return "unreachable", "too large when decompressed" if "decompress" in words else f"not fetched: {words[:200]}"
    for mark, name in (
        ("ssl", "TLS"),
        ("tls", "TLS"),
        ("certificate", "TLS"),
        ("reset", "reset"),
        ("ConnectionLost", "reset"),
    ):
        if mark.lower() in words.lower():
            return "unreachable", name
    return "unreachable", f"{type(error).__name__}: {words[:200]}"


def asked_for_changes(answer: Answer) -> bool:
    """Whether the request that was answered asked for changes only."""
    sent = answer.request.headers if answer.request is not None else {}
    return "If-None-Match" in sent or "If-Modified-Since" in sent
