"""robots.txt as RFC 9309 reads it, with the Crawl-delay that portals write beside it. Pure.

In: the bytes of the file. Out: `Rules`. Groups of one product token are one group, the longest match decides and an `Allow`
beats an equal `Disallow` (Protego does that); here stands what real files do beside: a byte order mark, GB18030, a page of
HTML under status 200, megabytes, `Disallow:` with nothing behind it, a delay of weeks.

A file that cannot be read closes nothing, whatever its status. The RFC would have a 5xx close everything; but the firewalls
in front of portals answer 403, 412, 503 or an error page for every file that they do not know, and a portal that means to
close its pages says so in a file.
"""

import codecs
import re

from protego import Protego

LONGEST_DELAY = 60.0
"""Seconds between two requests, at most, however long a file asks for: a portal of 200 pages is then read within four hours."""
READ = 512_000
"""Bytes of a file that are read: RFC 9309 asks for 500 KiB at least. The last line, cut, does not count."""
OWN_TOKEN = "nianbao"  # noqa: S105 (a product token, no password)

_COMPATIBLE = re.compile(r"\(\s*compatible\s*;\s*([A-Za-z_-]+)")
_PRODUCT = re.compile(r"[A-Za-z_-]+")
_HTML = re.compile(rb"\s{0,64}<(?:!doctype|html|head|body|script|\?xml|!--|meta|title|div)", re.I)


class Rules:
    """What one host's robots.txt lets one crawler do."""

    def __init__(self, parsed: Protego | None, token: str) -> None:
        self._parsed, self._token = parsed, token

    def allows(self, url: str) -> bool:
        """Whether `url` may be asked for."""
        return self._parsed is None or bool(self._parsed.can_fetch(url, self._token))

    @property
    def delay(self) -> float:
        """Seconds between two requests that it asks for (Crawl-delay, Request-rate), bounded; 0: it does not say."""
        if self._parsed is None:
            return 0.0
        rate = self._parsed.request_rate(self._token)
        asked = max(self._parsed.crawl_delay(self._token) or 0.0, rate.seconds / rate.requests if rate else 0.0)
        return min(asked, LONGEST_DELAY)


def product_token(user_agent: str) -> str:
    """The name by which a robots.txt calls whoever sends this User-Agent: `nianbao` of `nianbao/0.1 (…)`, `Watcher` of
    `Mozilla/5.0 (compatible; Watcher/2.0; …)`; our own where it names nobody."""
    named = _COMPATIBLE.search(user_agent[:1000]) or _PRODUCT.match(user_agent.strip())
    token = named[1] if named and named.re is _COMPATIBLE else named[0] if named else ""
    return OWN_TOKEN if not token or token.lower() == "mozilla" else token


def parse(body: bytes, token: str) -> Rules:
    """The rules of a file that was read with status 200. Never raises; what is no robots.txt closes nothing."""
    text = _text(body)
    if _HTML.match(body[:4096]) or text.lstrip("\ufeff \t\r\n")[:1] == "<":
        return Rules(None, token)
    try:
        return Rules(Protego.parse(text), token)
    except (ValueError, LookupError, RecursionError, OverflowError):
        return Rules(None, token)


def _text(body: bytes) -> str:
    cut = body[:READ]
    if len(body) > READ:
        cut = cut[: max(cut.rfind(b"\n"), cut.rfind(b"\r")) + 1]
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if cut.startswith(mark):
            return cut[len(mark) :].decode(encoding, "replace")
    try:
        return cut.decode("utf-8")
    except UnicodeDecodeError:
        return cut.decode("gb18030", "replace")
