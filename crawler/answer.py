"""What became of a request, as one value. Pure but for the types of Scrapy that it holds."""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from scrapy import Request
from scrapy.http import Response

from crawler.guard import Refusal
from crawler.rendered.wire import Shown
from crawler.run_folder import Exchange

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
    def headers(self) -> tuple[tuple[str, str], ...]:
        """All of the response's headers, cookies among them; none if there is no response."""
        found = self.response.headers.items() if self.response is not None else ()
        return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, values in found for value in values)

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
    def shown(self) -> Shown | None:
        """What the browser says of the page, if it was asked."""
        found = self.request.meta.get("shown") if self.request is not None else None
        return found if isinstance(found, Shown) else None

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


def asked_for_changes(answer: Answer) -> bool:
    """Whether the request that was answered asked for changes only."""
    sent = answer.request.headers if answer.request is not None else {}
    return "If-None-Match" in sent or "If-Modified-Since" in sent
