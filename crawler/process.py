"""One pass in this process: the reactor, the signals, progress, and an end whatever hangs.

`warm` imports what passes need, without starting anything; `run` makes the pass of a run folder. SIGTERM and SIGINT end
it early (`cut_short`), and so does the death of the process that started this one.
"""

import asyncio
import importlib
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.observation import ORPHANED, Job
from crawler.orders import Progressed
from crawler.portal import Portal, PortalError
from crawler.run_folder import RunFolderError, read_job
from crawler.swift import swift

if TYPE_CHECKING:  # `warm` imports them, swiftly
    from scrapy.settings import Settings

GRACE = 10.0
"""Seconds that downloads under way get after a stop."""
PATIENCE = 15.0
"""Seconds between telling a pass to end and killing it."""
_TICK = 0.2
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_MODULES = (
    *("scrapy.crawler", "scrapy.utils.log", "crawler.loader", "crawler.spiders.portal_spider", "crawler.settings"),
    *("scrapy.statscollectors", "scrapy.logformatter", "crawler.quiet", "scrapy.spidermiddlewares.start"),
    *("scrapy.dupefilters", "scrapy.squeues", "scrapy.pqueues", "encodings.idna"),
    # Of a section's first page every pass asks whether it is a report.
    *("crawler.page.reader", "crawler.families.generic"),
)
"""What every pass imports (a test holds it to that)."""
_MORE = (
    "scrapy.downloadermiddlewares.cookies",
    "crawler.seeking",
    "crawler.page.skeleton",
    "crawler.documents.extract",
)
# In both scripts, and with a mirror's reading behind a character.
_PAGE = """<title>某縣人民政府2024年政府資訊公開工作年度報告</title><h1>某县人民政府2024年政府信息公开工作年度报告</h1>
<div><p>發布日期：2025-01-20 來源：某區(qū)政府辦公室</p><p>一、总体情况</p><table><tr><td>规章<td>0</table></div>""".encode()

logger = logging.getLogger("crawler")


def warm() -> None:
    """Imports what every pass needs: the spider, and the components that it is started with."""
    with swift():
        for name in _MODULES:
            importlib.import_module(name)


def warm_more() -> None:
    """Imports what passes need that find anything new, and makes the tables that the reading of a first page makes: for
    a process that makes several."""
    from crawler import families
    from crawler.page.model import Fetched
    from crawler.page.reader import read_page

    with swift():
        for name in _MORE:
            importlib.import_module(name)
        portal = Portal("warm", "warm", "generic", ("http://warm.invalid/",))
        for family in families.names():
            families.get(family)
        read_page(
            Fetched(portal.sections[0], 200, "text/html; charset=utf-8", _PAGE), portal, families.markup_of(portal)
        )


def passes_settings() -> "Settings":
    """Of every pass."""
    from scrapy.settings import Settings

    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    # Scrapy imports what is switched off too, and aiohttp's server with it; of its own extensions a pass uses none.
    for kind, base in (("DOWNLOADER_MIDDLEWARES", True), ("SPIDER_MIDDLEWARES", True), ("EXTENSIONS", False)):
        parts = {**(settings[f"{kind}_BASE"] if base else {}), **settings[kind]}
        settings.set(f"{kind}_BASE", {}, priority="project")
        settings.set(kind, {name: place for name, place in parts.items() if place is not None}, priority="project")
    return settings


def prepare_reactor(settings: "Settings") -> Any:
    """The reactor of this process, not running yet."""
    from scrapy.utils.reactor import install_reactor

    install_reactor(settings["TWISTED_REACTOR"])
    from twisted.internet import reactor as installed

    from crawler.guard import GuardedResolver

    reactor: Any = installed
    GuardedResolver(reactor, settings.getint("DNSCACHE_SIZE")).install_on_reactor()
    return reactor


def run(folder: Path, tell: Callable[[Progressed], None], why: Callable[[], str] = str) -> int:
    """Makes the pass; returns when it has its run.json, or 1 if it never began. Raises RunFolderError.

    `tell` hears how far it is, at most five times a second; `why` is asked for the reason of a stop.
    """
    from scrapy.utils.log import configure_logging

    job = read_job(folder)
    settings = passes_settings()
    configure_logging(settings)
    reactor = prepare_reactor(settings)
    work = Work(folder, job, settings, tell)
    loop = asyncio.get_event_loop()
    task = loop.create_task(work.run(_TICK))
    task.add_done_callback(lambda _: reactor.stop())

    def stop(name: str) -> None:
        work.stop(why() or f"stopped by {name}")

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop, number.name)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)  # whoever started this may have held them back until now
    reactor.run(installSignalHandlers=False)
    return task.result()


class Work:
    """A pass of this process."""

    def __init__(self, folder: Path, job: Job, settings: "Settings", tell: Callable[[Progressed], None]) -> None:
        from scrapy.crawler import Crawler

        from crawler.loader import spider_class

        self._folder = folder
        self._job = job
        self._crawler = Crawler(spider_class(job.portal), settings)
        self._tell = tell
        self._told = (0, 0)
        self._ring = asyncio.Event()
        self._parent = os.getppid()
        self.stopped = ""
        """Why it is to end early."""

    def stop(self, why: str) -> None:
        """Ends the pass early."""
        self.stopped = self.stopped or why
        self._ring.set()

    async def run(self, tick: float) -> int:
        """0: the folder has its run.json. `tick`: seconds between two looks at how far it is."""
        crawl = asyncio.ensure_future(self._crawler.crawl_async(run=str(self._folder)))
        ring = asyncio.ensure_future(self._ring.wait())
        loop = asyncio.get_running_loop()
        stopped_at = 0.0
        try:
            while not crawl.done():
                await asyncio.wait(
                    {crawl} if ring.done() else {crawl, ring}, timeout=tick, return_when=asyncio.FIRST_COMPLETED
                )
                spider: Any = self._crawler.spider
                if os.getppid() != self._parent:
                    self.stop(ORPHANED)
                if spider is not None:
                    self._show(spider)
                    if self.stopped:
                        spider.stop(self.stopped)
                if self.stopped:
                    stopped_at = stopped_at or loop.time()
                    if loop.time() - stopped_at > GRACE:
                        break
            else:
                try:
                    crawl.result()
                except (PortalError, RunFolderError, OSError, ImportError, ValueError) as error:
                    # The pass never began: without run.json its supervisor records that.
                    logger.error("%s: %s", self._job.portal.name, error)
                    return 1
        finally:
            ring.cancel()
        spider = self._crawler.spider
        if spider is not None:
            self._show(spider)
            spider.finish(self.stopped or "abandoned")
        return 0

    def _show(self, spider: Any) -> None:
        numbers = (spider.progress.done, spider.progress.total)
        if numbers != self._told:
            self._told = numbers
            self._tell(Progressed(self._job.portal.name, self._job.crawl, *numbers))
