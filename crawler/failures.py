"""A download that failed, as (reading, marker): what Scrapy raises, in the words of the record. Pure.

Of a portal that is read through a proxy, every connection goes to the proxy: whatever keeps one from being made is the
proxy's doing, and is told as that. What comes later is the portal's, as far as anyone can tell from here.
"""

import re

from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)

from crawler.answer import Failure
from crawler.guard import refused_address
from crawler.page.verdict import PROXY
from crawler.rendered.wire import NotShown

_STATUS = re.compile(r"'status': (\d{3})")
_BEYOND = frozenset({"502", "503", "504"})
"""With these a proxy says that it did not reach the portal."""


def explain(error: Exception, host: str, *, proxied: bool) -> tuple[Failure, str]:
    """A download error as (reading, marker). `proxied`: it went through a proxy."""
    words = str(error)
    if proxied and (told := _of_the_proxy(error)) is not None:
        return told
    if isinstance(error, NotShown):
        return "unreachable", error.marker
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


def _of_the_proxy(error: Exception) -> tuple[Failure, str] | None:
    """What the proxy did; None: it did its part."""
    words = str(error)
    if isinstance(error, TunnelError):
        status = _STATUS.search(words)
        if status is None:
            return "unreachable", f"{PROXY}is none"
        if status[1] in _BEYOND:
            return "unreachable", f"status {status[1]} of the proxy"
        return "unreachable", f"{PROXY}answers {status[1]}"
    if isinstance(error, DownloadConnectionRefusedError):
        return "unreachable", f"{PROXY}refused"
    if isinstance(error, CannotResolveHostError):
        return "unreachable", f"{PROXY}DNS"
    if isinstance(error, DownloadTimeoutError) and "took longer" not in words:
        return "unreachable", f"{PROXY}time-out"
    return None
