"""What the hosts of one pass ask of it, and what there is to say of them: robots.txt, pauses, `Retry-After`, certificates.

In: what hosts answered. Out: how long to pause before a host is asked, whether it is asked at all, and findings for the end of
the pass. Touches no network. Hosts are told apart without `www.`.
"""

import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

from scrapy.http import Response

from crawler.answer import Failure
from crawler.observation import FindingSeen
from crawler.page.address import bare, host_of
from crawler.robots import Rules, parse, product_token
from crawler.tls import problems
from crawler.waiting import retry_after

ASKED_TO_WAIT = "asked to wait"
"""The marker of an address that was not asked for, because its host asked to be left alone."""
_WITH_WAIT = frozenset({429, 503})
_PATIENCE = 120.0
"""Seconds that a pass waits where a host asks it to; if longer, it stops asking that host."""
_PATIENCE_IN_ALL = 300.0


class Manners:
    """Of one pass. `delay`: the policy's; `seconds`: how long the pass may take."""

    def __init__(self, delay: float, seconds: float, user_agent: str) -> None:
        self._delay = delay
        self._ends = time.monotonic() + seconds
        self._token = product_token(user_agent)
        self._slower: dict[str, float] = {}
        """The pause that a host's robots.txt asks for, where it is longer than ours."""
        self._resting: dict[str, tuple[float, Failure]] = {}
        """Hosts that are asked no more: until when (monotonic) they want that, and what their addresses read as."""
        self._waited: dict[str, float] = {}
        self._looked_at: set[str] = set()
        self.notes: dict[tuple[str, str], FindingSeen] = {}
        """Findings by rule and host."""

    def delay(self, site: str) -> float:
        """Seconds between two requests to a host."""
        return max(self._delay, self._slower.get(site, 0.0))

    def least(self, site: str) -> float:
        """Seconds that robots.txt asks for, which no jitter shortens; 0: it does not."""
        return self._slower.get(site, 0.0)

    def resting(self, url: str) -> Failure:
        """What an address reads as whose host is asked no more; "": it is asked."""
        found = self._resting.get(bare(host_of(url)))
        return found[1] if found else ""

    @property
    def retry_after(self) -> float:
        """Seconds from now on for which a host wants to be left alone; 0: none does."""
        return max((until - time.monotonic() for until, _ in self._resting.values()), default=0.0)

    @property
    def slowest(self) -> tuple[str, float]:
        """The host whose robots.txt asks for the longest pause, and that pause; ("", 0): none asks for one longer than ours."""
        return max(self._slower.items(), key=lambda one: one[1], default=("", 0.0))

    def rules(self, url: str, body: bytes | None) -> Rules:
        """The rules of the robots.txt at `url`; None: it could not be read, and closes nothing."""
        rules = parse(body, self._token) if body is not None else Rules(None, self._token)
        if rules.delay > self._delay:
            site = bare(host_of(url))
            self._slower[site] = max(rules.delay, self._slower.get(site, 0.0))
        return rules

    def asked_to_wait(self, response: Response) -> float | None:
        """The seconds that an answer asks us to wait (`Retry-After` on 429 and 503); None: it does not."""
        if response.status not in _WITH_WAIT:
            return None
        value, date = (response.headers.get(name) or b"" for name in ("Retry-After", "Date"))
        return retry_after(value.decode("latin-1"), date.decode("latin-1"), time.time())

    def waits(self, site: str, wait: float, status: int) -> bool:
        """Whether the pass waits as long as a host asks it to; if not, it asks that host no more."""
        waited = self._waited.get(site, 0.0) + wait
        if wait > _PATIENCE or waited > _PATIENCE_IN_ALL or time.monotonic() + wait > self._ends:
            self._resting[site] = (time.monotonic() + wait, "blocked" if status == 429 else "unreachable")
            return False
        self._waited[site] = waited
        return True

    def closed(self, url: str) -> None:
        """robots.txt closes `url`."""
        host, parts = host_of(url), urlsplit(url)
        detail = (
            f"robots.txt of {host} closes addresses that belong to this portal, and they are not read; ask its office to "
            f"let {self._token} in, or set obey_robots = false under [policy] once it has agreed"
        )
        where = f"{parts.scheme}://{parts.netloc}/robots.txt"
        self.notes["closed_by_robots", host] = FindingSeen("closed_by_robots", "warning", detail, where)

    def look_at_certificate(self, response: Response, url: str) -> None:
        """Says what is wrong with a host's certificate, once a pass; its pages are read all the same."""
        host = host_of(url)
        if response.certificate is None or host in self._looked_at:
            return
        self._looked_at.add(host)
        try:
            wrong = problems(response.certificate.original.to_cryptography(), host, datetime.now(UTC))
        except (ValueError, TypeError, AttributeError) as error:
            wrong = (f"it cannot be read: {error}"[:200],)
        if wrong:
            detail = f"the certificate of {host} is not in order: {'; '.join(wrong)}; its pages are read all the same"
            where = f"https://{urlsplit(url).netloc}/"
            self.notes["bad_certificate", host] = FindingSeen("bad_certificate", "info", detail, where)
