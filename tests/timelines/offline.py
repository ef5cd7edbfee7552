"""The world without sockets: a portal's answers go straight to the pass that asks, in one process.

In: a `World` whose `web` is an `Offline`. `crawl` does what `monitor.run.crawl` does, except that the passes run here; all
of the program from `crawler.fetching` to the record is the real one. What only a network can do (a torn connection) is the
exception that Scrapy raises for it.
"""

import asyncio
import contextlib
import io
import time
from collections.abc import Callable, Sequence
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import msgspec
from scrapy import Request
from scrapy.exceptions import DownloadConnectionRefusedError, DownloadTimeoutError, ResponseDataLossError
from scrapy.http import Response

from crawler.fetching import Fetcher
from crawler.guard import Guard
from crawler.known import KnownPages
from crawler.observation import KNOWN, Mode, RunSummary
from crawler.passes import Pass
from crawler.run_folder import RunWriter, read_job
from monitor.briefing import write_briefing
from monitor.demo.server import Answer, Web
from monitor.demo.server import Request as Asked
from monitor.home import Home
from monitor.renew import renew
from monitor.settings import Settings
from monitor.settle import Settled, settle, settle_killed
from monitor.store import Store


class Killed(BaseException):
    """The crawl process is killed here."""


class OfflineListener:
    """One portal's host, as `monitor.demo.server.Listener` shows it."""

    def __init__(self, answer: Answer, host: str) -> None:
        self.answer = answer
        self.host = self.netloc = host
        self.clock_offset = 0.0
        self.refusing = False
        self.log: list[str] = []
        self.direct: list[str] = []
        """Of the log, what no redirect led to."""

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def accept(self) -> None:
        self.refusing = False

    def refuse(self) -> None:
        self.refusing = True


class Offline(Web):
    """Any number of hosts, and no socket."""

    def __init__(self) -> None:
        self.hosts: dict[str, OfflineListener] = {}

    def __enter__(self) -> "Offline":
        return self

    def __exit__(self, *_: object) -> None:
        self.hosts.clear()

    def host(self, number: int, name: str) -> str:
        return f"www.{name}.gov.cn"

    def listen(self, answer: Answer, host: str = "") -> Any:
        self.hosts[host] = OfflineListener(answer, host)
        return self.hosts[host]


class Engine:
    """Stands where Scrapy's engine does. `watch` is told each address before it is answered, and may raise `Killed`."""

    def __init__(self, web: Offline, watch: Callable[[str], None]) -> None:
        self._web = web
        self._watch = watch
        self._led: list[str] = []

    async def download_async(self, request: Request) -> Response:
        await asyncio.sleep(0)
        parts = urlsplit(request.url)
        host = parts.hostname or ""
        listener = self._web.hosts.get(host) or self._web.hosts.get(f"www.{host}")
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        self._watch(target)
        if listener is None or listener.refusing:
            raise DownloadConnectionRefusedError("refused")
        listener.log.append(target)
        if request.url in self._led:
            self._led.remove(request.url)
        else:
            listener.direct.append(target)
        headers = {
            name.decode("latin-1").lower(): values[0].decode("latin-1") for name, values in request.headers.items()
        }
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        asked = Asked(request.method, unquote(parts.path), query, form, headers, target, request.body)
        answer = listener.answer(asked)
        if answer.action == "stall":
            raise DownloadTimeoutError("no answer")
        if answer.action == "reset":
            raise ConnectionResetError("reset")
        if answer.action == "truncate" and len(answer.body) > 1:
            raise ResponseDataLossError("half")
        if 300 <= answer.status < 400 and "Location" in answer.headers:
            self._led.append(urljoin(request.url, answer.headers["Location"]))
        date = formatdate(time.time() + listener.clock_offset, usegmt=True)
        sent = {"Date": date, "Content-Type": answer.content_type, **answer.headers}
        return Response(request.url, answer.status, sent, b"" if answer.status == 304 else answer.body, request=request)


class Order(msgspec.Struct, frozen=True):
    """How one portal's pass goes."""

    kill_after: int | None = None
    """Requests after which the process is killed; None: it is not."""
    stop_after: int | None = None
    """Report pages after which the pass is cut short; None: it is not."""


async def read(folder: Path, web: Offline, order: Order, is_page: Callable[[str], bool]) -> bool:
    """Makes the pass of a folder as crawler.spiders.portal_spider does. False: it was killed."""
    job = read_job(folder)
    guard = Guard(job.portal, job.policy)
    requests = pages = 0
    made: Pass | None = None

    def watch(target: str) -> None:
        nonlocal requests, pages
        requests += 1
        pages += is_page(target)
        if order.kill_after is not None and requests > order.kill_after:
            raise Killed
        if order.stop_after is not None and pages > order.stop_after and made is not None:
            made.stop("cut short by the world")

    engine = Engine(web, watch)
    fetcher = Fetcher(lambda: engine, guard, job.policy, job.limits, job.user_agent)
    known = KnownPages(folder / KNOWN)
    writer = RunWriter(folder)
    try:
        made = Pass(job, known, fetcher, guard, writer)
        await made.run()
    except BaseExceptionGroup as errors:
        if errors.subgroup(Killed) is None:
            raise
        _drop(writer)
        return False
    finally:
        known.close()
    if order.kill_after is not None:
        _drop(writer)
        return False
    writer.finish(
        RunSummary(
            portal=job.portal.name,
            crawl=job.crawl,
            mode=job.mode,
            outcome=made.outcome,
            started_at=job.now,
            finished_at=job.now,
            requests=fetcher.requests,
            responses=fetcher.responses,
            bytes=fetcher.bytes,
            errors=fetcher.errors,
            clock_offset=fetcher.clock_offset,
            detail=made.detail,
            widened=made.widened,
        )
    )
    return True


def _drop(writer: RunWriter) -> None:
    """Closes the files of a pass that was killed, as the system does: what was not flushed is lost."""
    for file in vars(writer).values():
        if isinstance(file, io.BufferedWriter):
            file.raw.close()
            with contextlib.suppress(ValueError):
                file.close()


def crawl(
    home: Home,
    store: Store,
    settings: Settings,
    portals: Sequence[Any],
    mode: Callable[[str], Mode],
    now: str,
    web: Offline,
    orders: dict[str, Order],
    is_page: Callable[[str], Callable[[str], bool]],
    scheduled: Callable[[str], bool] = lambda _: False,
) -> list[Settled]:
    """One pass over each portal, settled. `scheduled`: whether it reads what is due, and not everything."""
    done = []
    for portal in portals:
        store.sync_portal(portal)
        renew(store, home.archive, portal, now)
        chosen = mode(portal.name)
        crawl = store.start_crawl(portal.name, chosen, now)
        policy = settings.policy.overridden(portal.policy)
        folder = write_briefing(
            store,
            home.runs,
            portal,
            policy,
            crawl,
            chosen,
            now,
            settings,
            everything=not scheduled(portal.name),
        )
        order = orders.get(portal.name, Order())
        if asyncio.run(read(folder, web, order, is_page(portal.name))):
            done.append(settle(folder, store, home.archive, settings, now))
        else:
            done.append(settle_killed(store, folder, settings, crawl, portal.name, now, "killed"))
    return done
