"""The spider of every portal: one pass, told to a run folder, or as plain items.

    scrapy crawl NAME                    reads the portal and yields its reports as items
    scrapy crawl NAME -a run=FOLDER      makes the pass that FOLDER/job.json asks for and writes what it saw there

It schedules nothing with Scrapy: `start` awaits the pass (crawler/passes.py), which asks the engine for downloads.
"""

import asyncio
import logging
import math
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Self

import msgspec
from scrapy import Spider
from scrapy.crawler import Crawler

from crawler import browser, transport
from crawler.downloader import Downloader
from crawler.fetching import Fetcher
from crawler.guard import Guard, allow_proxy
from crawler.known import KnownPages
from crawler.observation import KNOWN, Job, Observation, Outcome, PageRead, RunSummary
from crawler.page.revision import REVISION
from crawler.passes import Pass, Progress
from crawler.portal import Policy, Portal, proxy_address
from crawler.rendered.wire import Visitor
from crawler.run_folder import Exchange, RunWriter, Sink, read_job

logger = logging.getLogger(__name__)

USER_AGENT = "nianbao (+https://github.com/nianbao/nianbao)"


class PortalSpider(Spider):
    """One pass over one portal. Subclasses are made by the loader; `portal` is what they read."""

    portal: ClassVar[Portal]
    out_of_memory: ClassVar[Callable[[], None] | None] = None
    """Called where a pass would fail for want of memory: where several share a process, nobody knows whose fault it is."""

    def __init__(self, run: str = "", mode: str = "full", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = Path(run) if run else None
        self.job = read_job(self.folder) if self.folder else job_of(self.portal, mode)
        self.outcome: Outcome = "failed"
        self.detail = "it never began"
        self._items = ItemSink()
        self._writer = RunWriter(self.folder, self.job.limits.section_bytes) if self.folder else None
        self._started_at = timestamp()
        self._pass: Pass | None = None
        self._fetcher: Fetcher | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Applies the job's delay, concurrency and browser before the engine is made."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        policy = spider.job.policy
        for name, value in (
            ("DOWNLOAD_DELAY", 0),  # the pauses are kept by crawler.pace, for all processes together
            ("CONCURRENT_REQUESTS_PER_DOMAIN", policy.concurrency),
            ("CONCURRENT_REQUESTS", 0),  # the pass bounds itself
            ("USER_AGENT", spider.job.user_agent),
        ):
            crawler.settings.set(name, value, priority="spider")
        transport.configure(crawler.settings, policy.old_tls)
        job = spider.job
        if job.portal.render:
            proxy = proxy_address(job.portal, os.environ)
            browser.configure(crawler.settings, Visitor(job.portal, job.policy, job.user_agent, proxy))
        return spider

    @property
    def progress(self) -> Progress:
        """How far the pass is."""
        return self._pass.progress if self._pass else Progress()

    def stop(self, reason: str) -> None:
        """Begins nothing new."""
        if self._pass is not None:
            self._pass.stop(reason)

    async def start(self) -> AsyncIterator[Any]:
        """Makes the pass; yields items only where there is no run folder."""
        work = asyncio.ensure_future(self._work(self._writer or self._items))
        if self._writer is None:
            async for item in self._items.until(work):
                yield item
        await work

    async def _work(self, sink: Sink) -> None:
        job = self.job
        guard = Guard(job.portal, job.policy)
        guard.open()
        proxy = proxy_address(job.portal, os.environ)
        if proxy:
            allow_proxy(proxy)
        known: KnownPages | None = None

        downloader: list[Downloader] = []

        def engine() -> Any:
            if self._writer is None:
                return self.crawler.engine
            if not downloader:
                downloader.append(Downloader(self.crawler, job.policy.concurrency))
            return downloader[0]

        ahead = (datetime.fromisoformat(job.now) - datetime.now(UTC)).total_seconds()
        fetcher = Fetcher(engine, guard, job.policy, job.limits, job.user_agent, proxy, ahead, job.contact)
        self._fetcher = fetcher
        try:
            known = KnownPages(self.folder / KNOWN if self.folder else None)
            self._pass = Pass(job, known, fetcher, guard, sink)
            await self._pass.run()
            if job.seek and (silent := self._pass.silent):
                from crawler.seeking import seek  # brings the scout along, for one portal in hundreds

                await seek(job, fetcher, sink, silent)
            self.outcome, self.detail = self._pass.outcome, self._pass.detail
        except asyncio.CancelledError:
            self.outcome, self.detail = "cut_short", (self._pass and self._pass.stopped) or "cancelled"
            raise
        except Exception as error:  # the boundary: one portal's failure is an outcome, the others go on
            causes = error.exceptions if isinstance(error, ExceptionGroup) else (error,)
            no_memory = PortalSpider.out_of_memory
            if no_memory is not None and any(isinstance(cause, MemoryError) for cause in causes):
                no_memory()
            logger.exception("%s failed", self.name)
            self.outcome = "failed"
            self.detail = "; ".join(f"{type(cause).__name__}: {cause}" for cause in causes)[:1000]
        finally:
            guard.close()
            fetcher.close()
            if known is not None:
                known.close()
            self.finish()

    def finish(self, reason: str = "") -> None:
        """Writes run.json, once. With a reason: the pass did not end by itself."""
        if self._writer is None or self._writer.closed:
            return
        fetcher = self._fetcher
        self._writer.finish(
            RunSummary(
                portal=self.job.portal.name,
                crawl=self.job.crawl,
                mode=self.job.mode,
                outcome="cut_short" if reason else self.outcome,
                started_at=self._started_at,
                finished_at=timestamp(),
                requests=fetcher.requests if fetcher else 0,
                responses=fetcher.responses if fetcher else 0,
                bytes=fetcher.bytes if fetcher else 0,
                errors=fetcher.errors if fetcher else 0,
                clock_offset=fetcher.clock_offset if fetcher else None,
                detail=reason or self.detail,
                widened=self._pass.widened if self._pass else "",
                retry_after=math.ceil(max(fetcher.manners.retry_after, 0.0)) if fetcher else 0.0,
                pause=fetcher.manners.slowest[1] if fetcher else 0.0,
            )
        )

    def closed(self, reason: str) -> None:
        """The engine has closed the spider, whoever asked for it."""
        self.finish("" if reason == "finished" else reason)


class ItemSink:
    """A sink for plain Scrapy use: reports become items, everything else is dropped."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def tell(self, observation: Observation) -> None:
        """Queues the reports of a page."""
        if isinstance(observation, PageRead):
            for seen in observation.reports:
                if seen.report is not None:
                    item = {"url": observation.final_url or observation.url, **msgspec.to_builtins(seen.report)}
                    self._queue.put_nowait(item)

    def capture(self, exchange: Exchange) -> str:
        """Keeps nothing."""
        return ""

    def capture_list(self, exchange: Exchange) -> str:
        """Keeps nothing."""
        return ""

    async def until(self, work: "asyncio.Future[None]") -> AsyncIterator[dict[str, Any]]:
        """Items until the work is done."""
        while not work.done() or not self._queue.empty():
            try:
                yield await asyncio.wait_for(self._queue.get(), 0.1)
            except TimeoutError:
                continue


def job_of(portal: Portal, mode: str = "full") -> Job:
    """A job for plain Scrapy use, with the default policy and the present time."""
    return Job(
        portal=portal,
        policy=Policy().overridden(portal.policy),
        crawl=0,
        mode="discover" if mode == "discover" else "full",
        rules=portal.rules(REVISION),
        now=timestamp(),
        user_agent=USER_AGENT,
    )


def timestamp() -> str:
    """The true time, UTC, in the form of the record."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
