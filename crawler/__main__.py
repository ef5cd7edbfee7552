"""The crawl process: `python -m crawler RUN_FOLDER…` makes the pass of each folder, many at once, in one process.

Standard output: progress as JSON lines (`{"event": "progress"|"finished", "portal": …, "done": n, "total": m}`), at most
five a second and portal. Standard error: the log. Exit 0 even when portals failed: run.json tells; 2 for a folder that
cannot be used. SIGTERM and SIGINT end every pass early (`cut_short`); the process dies with the one that started it.
"""

import asyncio
import ctypes
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings
from scrapy.utils.log import configure_logging
from scrapy.utils.reactor import install_reactor

from crawler.loader import spider_class
from crawler.portal import PortalError
from crawler.run_folder import RunFolderError, read_job

AT_ONCE = 16
"""Passes at the same time; more would share two cores and one line without being faster."""
_TICK = 0.2
_GRACE = 10.0
"""Seconds that downloads under way get after a stop."""
_PR_SET_PDEATHSIG = 1

logger = logging.getLogger("crawler")


SUPERVISOR = "NIANBAO_SUPERVISOR"
"""Environment variable with the process id of whoever started this process and waits for it."""


def main(arguments: list[str]) -> int:
    """Runs the passes; the exit code."""
    folders = [Path(argument) for argument in arguments]
    if not folders or any(argument.startswith("-") for argument in arguments):
        sys.stderr.write("usage: python -m crawler RUN_FOLDER...\n")
        return 2
    try:
        jobs = [read_job(folder) for folder in folders]
    except RunFolderError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _die_with_parent()
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    configure_logging(settings)
    install_reactor(settings["TWISTED_REACTOR"])
    from twisted.internet import reactor as installed

    from crawler.guard import GuardedResolver

    reactor: Any = installed
    GuardedResolver(reactor, settings.getint("DNSCACHE_SIZE")).install_on_reactor()
    crew = Crew(AsyncCrawlerRunner(settings))
    loop = asyncio.get_event_loop()
    task = loop.create_task(crew.work([*zip(folders, jobs, strict=True)]))
    task.add_done_callback(lambda _: reactor.stop())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, crew.stop, signal.Signals(number).name)
    reactor.run(installSignalHandlers=False)
    task.result()
    # A document that is still being read, or a download that ignores its end, must not keep the process.
    sys.stdout.flush()
    sys.stderr.flush()
    logging.shutdown()
    os._exit(0)


class Crew:
    """The passes of one process."""

    def __init__(self, runner: AsyncCrawlerRunner) -> None:
        self._runner = runner
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._spiders: dict[str, Any] = {}
        self._told: dict[str, tuple[int, int]] = {}
        self._stopped = ""
        self._stopped_at = 0.0

    def stop(self, name: str) -> None:
        """Ends every pass early."""
        self._stopped = self._stopped or f"stopped by {name}"

    async def work(self, runs: list[tuple[Path, Any]]) -> None:
        """Makes all passes; returns when each has its run.json."""
        tasks = {asyncio.ensure_future(self._pass(folder, job)) for folder, job in runs}
        loop = asyncio.get_running_loop()
        while tasks:
            done, tasks = await asyncio.wait(tasks, timeout=_TICK)
            for task in done:
                task.result()
            for name, spider in self._spiders.items():
                if self._stopped:
                    spider.stop(self._stopped)
                self._tell(name, spider)
            if self._stopped:
                self._stopped_at = self._stopped_at or loop.time()
                if loop.time() - self._stopped_at > _GRACE:
                    break
        for spider in self._spiders.values():
            spider.finish(self._stopped or "abandoned")

    async def _pass(self, folder: Path, job: Any) -> None:
        async with self._gate:
            name = job.portal.name
            crawler = Crawler(spider_class(job.portal), self._runner.settings)
            try:
                crawl = asyncio.ensure_future(_crawl(self._runner, crawler, folder))
                while not crawl.done() and crawler.spider is None:
                    await asyncio.wait({crawl}, timeout=0.01)
                if crawler.spider is not None:
                    self._spiders[name] = crawler.spider
                await crawl
            except (PortalError, RunFolderError, OSError, ImportError, ValueError) as error:
                # The pass never began: without run.json its supervisor records that; the others go on.
                logger.error("%s: %s", name, error)
            spider = self._spiders.pop(name, None)
            if spider is not None:
                self._tell(name, spider)
            _print({"event": "finished", "portal": name, **_numbers(spider)})

    def _tell(self, name: str, spider: Any) -> None:
        numbers = (spider.progress.done, spider.progress.total)
        if numbers != self._told.get(name):
            self._told[name] = numbers
            _print({"event": "progress", "portal": name, **_numbers(spider)})


async def _crawl(runner: AsyncCrawlerRunner, crawler: Crawler, folder: Path) -> None:
    await runner.crawl(crawler, run=str(folder))


def _numbers(spider: Any) -> dict[str, int]:
    return {"done": spider.progress.done, "total": spider.progress.total} if spider is not None else {}


def _print(event: dict[str, Any]) -> None:
    try:
        sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 (nobody listens any more; the passes go on)


def _die_with_parent() -> None:
    """Linux: SIGTERM to this process when its parent dies, whatever it died of."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        supervisor = os.environ.get(SUPERVISOR)
        if supervisor and os.getppid() != int(supervisor):
            sys.exit(0)  # it died before the call above: nobody waits for this pass


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
