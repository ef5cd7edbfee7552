"""Surveys in a process of their own: the reactor, Scrapy's engine, and an answer in every case.

`run` makes the survey of a folder: order.json in, survey.json out (written whole or not at all). Where the section turns out
to show nothing without scripts, and a browser is installed, it is surveyed once more with that browser.
"""

import asyncio
import importlib
import logging
import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.utils.log import configure_logging
from scrapy.utils.reactor import install_reactor

from crawler import browser, transport
from crawler.fetching import Fetcher
from crawler.guard import GuardedResolver, allow_proxy
from crawler.observation import Limits
from crawler.portal import Portal, proxy_address
from crawler.rendered.wire import Visitor
from crawler.scout.own import is_own
from crawler.scout.reach import Reach
from crawler.scout.survey import Surveyor
from crawler.scout.survey_model import ORDER, SURVEY, Note, Order, Survey, Told

_PAGE_BYTES = 8_000_000
_TIMEOUT = 25.0
"""Seconds for one answer: a survey waits for no portal as long as a pass does."""

logger = logging.getLogger("crawler")


def read_order(folder: Path) -> Order:
    """The folder's order.json. Raises OSError, msgspec.MsgspecError."""
    return msgspec.json.decode((folder / ORDER).read_bytes(), type=Order)


def run(folder: Path, tell: Callable[[Told], None]) -> int:
    """Makes the survey of a folder. 0: survey.json stands."""
    order = read_order(folder)
    settings = _settings()
    configure_logging(settings)
    install_reactor(settings["TWISTED_REACTOR"])
    reactor: Any = importlib.import_module("twisted.internet.reactor")
    GuardedResolver(reactor, settings.getint("DNSCACHE_SIZE")).install_on_reactor()
    loop = asyncio.get_event_loop()
    task = loop.create_task(_survey(order, tell))
    task.add_done_callback(lambda _: reactor.stop())
    reactor.run(installSignalHandlers=False)
    try:
        survey = task.result()
    except Exception as error:  # the boundary: whoever asked hears why
        logger.exception("%s", order.url)
        survey = Survey(order.url, "failed", trouble=f"{type(error).__name__}: {error}"[:500])
    temporary = folder / f".{SURVEY}.tmp"
    temporary.write_bytes(msgspec.json.encode(survey))
    temporary.replace(folder / SURVEY)
    return 0


def _settings() -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    return settings


async def _survey(order: Order, tell: Callable[[Told], None]) -> Survey:
    """The survey; once more with a browser, if that is what it takes."""
    started = time.monotonic()
    work = _Work(order, tell)
    await work.make(rendering=False)
    survey, blank = work.survey, work.blank
    if survey.outcome == "unreachable" and any(one.said == "TLS" for one in survey.tried) and not order.policy.old_tls:
        survey, blank = await _with_old_tls(order, tell, survey)
    if not blank:
        return survey
    if not order.browser or not browser.available():
        note = Note(
            "render",
            "warning",
            f"{blank} shows no address of a report without its scripts, and no browser is installed: make extras",
        )
        return msgspec.structs.replace(
            survey, notes=(*survey.notes, note), remedy="install the browser (make extras), then add the portal again"
        )
    left = order.seconds - (time.monotonic() - started)
    requests = max(order.requests - survey.requests, 12)
    again = _Work(msgspec.structs.replace(order, seconds=max(left, 60.0), requests=requests), tell, blank)
    await again.make(rendering=True)
    found = again.survey
    return msgspec.structs.replace(
        found,
        url=order.url,
        remedy=found.remedy or ("" if found.outcome == "found" else "look at it in a browser of your own"),
        tried=(*survey.tried, *found.tried),
        notes=tuple(dict.fromkeys((*survey.notes, *found.notes))),
        requests=survey.requests + found.requests,
        seconds=round(time.monotonic() - started, 1),
    )


async def _with_old_tls(order: Order, tell: Callable[[Told], None], before: Survey) -> tuple[Survey, str]:
    """The survey of a portal whose TLS is refused, once more with what its file would have to allow."""
    policy = msgspec.structs.replace(order.policy, old_tls=True)
    work = _Work(msgspec.structs.replace(order, policy=policy), tell)
    await work.make(rendering=False)
    found, portal = work.survey, work.survey.portal
    if portal is None:
        return before, ""
    overrides = msgspec.structs.replace(portal.policy, old_tls=True)
    note = Note(
        "tls", "warning", "it answers by old TLS only, which others can read or alter: the file says old_tls = true"
    )
    return (
        msgspec.structs.replace(
            found,
            portal=msgspec.structs.replace(portal, policy=overrides),
            tried=(*before.tried, *found.tried),
            notes=(*found.notes, note),
            requests=before.requests + found.requests,
        ),
        work.blank,
    )


class _Work:
    """One engine's worth of a survey."""

    def __init__(self, order: Order, tell: Callable[[Told], None], start: str = "") -> None:
        self._tell = tell
        own = is_own(order.url)
        # Typing such an address is consent, for that host alone: nothing that it says leads to another (crawler/scout/reach.py).
        policy = msgspec.structs.replace(order.policy, allow_private=True) if own else order.policy
        self.order = msgspec.structs.replace(order, url=start or order.url, policy=policy)
        self.survey = Survey(order.url, "failed", trouble="it never began")
        self.blank = ""
        self.rendering = False

    async def make(self, *, rendering: bool) -> None:
        """Starts an engine, surveys, and stops it."""
        self.rendering = rendering
        crawler = Crawler(ScoutSpider, _settings())
        await crawler.crawl_async(work=self)

    async def survey_with(self, crawler: Crawler) -> None:
        """With a running engine."""
        order = self.order
        reach = Reach(order.url, order.policy, _further(order))
        reach.open()
        proxy = proxy_address(Portal("proxy", "proxy", "generic", (order.url,), proxy=order.proxy), os.environ)
        if proxy:
            allow_proxy(proxy)
        limits = Limits(page_bytes=_PAGE_BYTES, timeout=_TIMEOUT, pass_seconds=order.seconds)
        ahead = (datetime.fromisoformat(order.now) - datetime.now(UTC)).total_seconds()

        def engine() -> Any:
            return crawler.engine

        fetcher = Fetcher(engine, reach, order.policy, limits, order.user_agent, proxy, ahead, order.contact)
        try:
            surveyor = Surveyor(fetcher, reach, order, self._tell, self.rendering)
            self.survey = await surveyor.run()
            self.blank = surveyor.blank
        finally:
            reach.close()
            fetcher.close()


def _further(order: Order) -> tuple[str, ...]:
    """Hosts that a known portal's file names."""
    return (*order.known.hosts, *order.known.allowed_hosts) if order.known is not None else ()


class ScoutSpider(Spider):
    """Lends a survey Scrapy's engine; schedules nothing."""

    name = "scout"

    def __init__(self, work: _Work, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._work = work

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Applies what a pass would."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        order, policy = spider._work.order, spider._work.order.policy
        for name, value in (
            ("DOWNLOAD_DELAY", 0),  # crawler.pace keeps the pauses
            ("CONCURRENT_REQUESTS_PER_DOMAIN", policy.concurrency),
            ("CONCURRENT_REQUESTS", 0),
            ("USER_AGENT", order.user_agent),
        ):
            crawler.settings.set(name, value, priority="spider")
        transport.configure(crawler.settings, policy.old_tls)
        if spider._work.rendering:
            reach = Reach(order.url, policy, _further(order))
            proxy = proxy_address(Portal("proxy", "proxy", "generic", (order.url,), proxy=order.proxy), os.environ)
            browser.configure(crawler.settings, Visitor(reach.portal(), policy, order.user_agent, proxy))
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Makes the survey; yields nothing."""
        try:
            await self._work.survey_with(self.crawler)
        except Exception as error:
            logger.exception("%s", self._work.order.url)
            self._work.survey = Survey(self._work.order.url, "failed", trouble=f"{type(error).__name__}: {error}"[:500])
        for _ in ():
            yield
