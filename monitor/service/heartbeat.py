"""The heartbeat: after each good pass an address is fetched, so that an outside dead man's switch notices silence.

What cannot be watched from inside (the machine is off, the network is cut, the service hangs) is noticed there: the far
side raises the alarm when the pings stop. A ping never holds up a pass: it has a thread of its own, beats that come
while one is under way or within a minute of it become one. The address is a secret (its path is the token): neither log
nor metrics show more than its host.
"""

import contextlib
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from urllib.parse import urlsplit

import requests

log = logging.getLogger(__name__)

LEAST = 60.0
"""Seconds between two pings."""
_STEP = 10.0
"""Seconds for the connection, and for each answer."""
_IN_ALL = 30.0


class Heartbeat:
    """`address` gives the address in force, empty for none. `ping` fetches it and says what went wrong, or ""."""

    def __init__(
        self,
        address: Callable[[], str],
        *,
        least: float = LEAST,
        in_all: float = _IN_ALL,
    ) -> None:
        self._address, self._least, self._in_all = address, least, in_all
        self._beat = threading.Event()
        self._stopping = threading.Event()
        self._counts = Counter(ok=0, failed=0)
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begins to listen for beats."""
        self._thread.start()

    def beat(self) -> None:
        """A pass went well. Returns at once."""
        self._beat.set()

    def stop(self) -> None:
        """Pings no more; one under way is not waited for."""
        self._stopping.set()
        self._beat.set()

    def counts(self) -> dict[str, int]:
        """Pings so far: `ok`, `failed`."""
        return dict(self._counts)

    def _run(self) -> None:
        while True:
            self._beat.wait()
            if self._stopping.is_set():
                return
            self._beat.clear()
            address = self._address()
            if address:
                self._ping(address)
                self._stopping.wait(self._least)

    def _ping(self, address: str) -> None:
        host = urlsplit(address).hostname or "its host"
        error = _in_time(lambda: ping(address), self._in_all)
        self._counts["failed" if error else "ok"] += 1
        if error:
            log.log(logging.INFO if self._failing else logging.WARNING, "heartbeat: %s: %s", host, error)
        elif self._failing:
            log.info("heartbeat: %s answers again", host)
        self._failing = bool(error)


def ping(address: str) -> str:
    """Fetches `address`. What went wrong, without the address's secrets; empty: it answered with success. A redirect is
    not followed: whoever controls the name could lead it anywhere."""
    try:
        with requests.get(address, timeout=_STEP, allow_redirects=False, stream=True) as response:
            code = response.status_code
    except (requests.RequestException, ValueError, OSError) as error:
        cause = re.search(r"\[Errno -?\d+\] ([A-Za-z ]+)|\[SSL: (\w+)\]", str(error))
        told = f": {cause[1] or cause[2]}" if cause else ""
        return f"{type(error).__name__}{told}"
    if 300 <= code < 400:
        return f"HTTP {code}: it redirects, which is not followed; set service.heartbeat to where it leads"
    return "" if 200 <= code < 300 else f"HTTP {code}"


def _in_time(work: Callable[[], str], seconds: float) -> str:
    """What `work` says, or that it came to no end: an answer that trickles never times out by itself."""
    done: Future[str] = Future()

    def run() -> None:
        with contextlib.suppress(Exception):
            done.set_result(work())

    threading.Thread(target=run, name="heartbeat ping", daemon=True).start()
    begun = time.monotonic()
    try:
        return done.result(seconds)
    except TimeoutError:
        return f"no answer within {time.monotonic() - begun:.0f} s"
