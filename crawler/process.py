"""One pass in this process: the reactor, the signals, progress, and an end whatever hangs.

`warm` imports what passes need, without starting anything; `run` makes the pass of a run folder. SIGTERM and SIGINT end
it early (`cut_short`), and so does the death of the process that started this one.
"""

import asyncio
import contextlib
import importlib
import logging
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.utils.log import configure_logging
from scrapy.utils.reactor import install_reactor

from crawler import families
from crawler.loader import spider_class
from crawler.observation import ORPHANED, Job
from crawler.orders import Progressed
from crawler.page.model import Fetched
from crawler.page.reader import read_page
from crawler.portal import Portal, PortalError
from crawler.run_folder import RunFolderError, read_job

GRACE = 10.0
"""Seconds that downloads under way get after a stop."""
PATIENCE = 15.0
"""Seconds between telling a pass to end and killing it."""
_TICK = 0.2
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_COMPONENT = re.compile(r"(scrapy|twisted|crawler)\.[\w.]+\.[A-Z]\w+")
# In both scripts, and with a mirror's reading behind a character.
_PAGE = """<title>某縣人民政府2024年政府資訊公開工作年度報告</title><h1>某县人民政府2024年政府信息公开工作年度报告</h1>
<div><p>發布日期：2025-01-20 來源：某區(qū)政府辦公室</p><p>一、总体情况</p><table><tr><td>规章<td>0</table></div>""".encode()

logger = logging.getLogger("crawler")


def warm() -> None:
    """Imports what passes need: the spider, and every component that the settings name; and makes the tables that the
    reading of a first page makes."""
    importlib.import_module("crawler.spiders.portal_spider")
    portal = Portal("warm", "warm", "generic", ("http://warm.invalid/",))
    read_page(Fetched(portal.sections[0], 200, "text/html; charset=utf-8", _PAGE), portal, families.markup_of(portal))
    for value in _settings().copy_to_dict().values():
        for name in (*value, *value.values()) if isinstance(value, dict) else (value,):
            if isinstance(name, str) and _COMPONENT.fullmatch(name):
                with contextlib.suppress(ImportError, ValueError):  # optional to install, and not needed here
                    importlib.import_module(name.rpartition(".")[0])


def _settings() -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    return settings


def run(folder: Path, tell: Callable[[Progressed], None], why: Callable[[], str] = str) -> int:
    """Makes the pass; returns when it has its run.json, or 1 if it never began. Raises RunFolderError.

    `tell` hears how far it is, at most five times a second; `why` is asked for the reason of a stop.
    """
    job = read_job(folder)
    settings = _settings()
    configure_logging(settings)
    install_reactor(settings["TWISTED_REACTOR"])
    from twisted.internet import reactor as installed

    from crawler.guard import GuardedResolver

    reactor: Any = installed
    GuardedResolver(reactor, settings.getint("DNSCACHE_SIZE")).install_on_reactor()
    work = _Pass(folder, job, settings, tell, why)
    loop = asyncio.get_event_loop()
    task = loop.create_task(work.run())
    task.add_done_callback(lambda _: reactor.stop())
    for number in _SIGNALS:
        loop.add_signal_handler(number, work.stop, number.name)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)  # whoever started this may have held them back until now
    reactor.run(installSignalHandlers=False)
    return task.result()


class _Pass:
    """The pass of this process."""

    def __init__(
        self, folder: Path, job: Job, settings: Settings, tell: Callable[[Progressed], None], why: Callable[[], str]
    ) -> None:
        self._folder = folder
        self._job = job
        self._crawler = Crawler(spider_class(job.portal), settings)
        self._tell = tell
        self._why = why
        self._told = (0, 0)
        self._stopped = ""
        self._parent = os.getppid()

    def stop(self, name: str) -> None:
        """Ends the pass early."""
        self._stopped = self._stopped or self._why() or f"stopped by {name}"

    async def run(self) -> int:
        """0: the folder has its run.json."""
        crawl = asyncio.ensure_future(self._crawler.crawl_async(run=str(self._folder)))
        loop = asyncio.get_running_loop()
        stopped_at = 0.0
        while not crawl.done():
            await asyncio.wait({crawl}, timeout=_TICK)
            spider: Any = self._crawler.spider
            if os.getppid() != self._parent:
                self._stopped = self._stopped or ORPHANED
            if spider is not None:
                self._show(spider)
                if self._stopped:
                    spider.stop(self._stopped)
            if self._stopped:
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
        spider = self._crawler.spider
        if spider is not None:
            self._show(spider)
            spider.finish(self._stopped or "abandoned")
        return 0

    def _show(self, spider: Any) -> None:
        numbers = (spider.progress.done, spider.progress.total)
        if numbers != self._told:
            self._told = numbers
            self._tell(Progressed(self._job.portal.name, self._job.crawl, *numbers))
