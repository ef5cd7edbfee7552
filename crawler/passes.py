"""One pass over one portal: its sections, the pages known of it, the links it newly lists.

A few workers take one thing after another, so that memory holds only what is in flight, however many pages there are.
`stop` ends a pass early; what is under way then is finished, nothing new is begun.

A pass over a sample (`Job.sample`) reads the known pages that are due. What it may conclude from them rests on the rest being
as it was: as soon as a list or a page is not, it reads everything, and what happened is judged on the whole portal.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from crawler.fetching import Fetcher
from crawler.guard import Guard
from crawler.known import KnownPages
from crawler.observation import QUIET, Job, KnownPage, Outcome
from crawler.page.model import Hint
from crawler.run_folder import Sink
from crawler.sections import Sections, Target
from crawler.visits import Visits

T = TypeVar("T")


def spread(things: Sequence[T], most: int) -> Sequence[T]:
    """At most so many of them, the first and the last among them, the others evenly between; 0: all."""
    if not most or len(things) <= most:
        return things
    return [things[round(place * (len(things) - 1) / max(most - 1, 1))] for place in range(most)]


class Progress(msgspec.Struct):
    """How far a pass is: things read, and things known to be read."""

    done: int = 0
    total: int = 0


class Pass:
    """One pass. `run` it once."""

    def __init__(self, job: Job, known: KnownPages, fetcher: Fetcher, guard: Guard, sink: Sink) -> None:
        self._job = job
        self._known = known
        self._fetcher = fetcher
        self._sink = sink
        self._visits = Visits(job, known, fetcher, sink)
        self._sections = Sections(job, known, fetcher, guard, self._visits, sink, lambda: bool(self.stopped))
        self._deadline = time.monotonic() + job.limits.pass_seconds
        # A second early: what is asked for at the last moment is answered in them.
        self._quiet = time.monotonic() + (job.limits.quiet_in - 1.0 if job.limits.quiet_in else float("inf"))
        self.progress = Progress()
        # One host's slot bounds what is in flight to it; attachments may lie on another host.
        self._workers = job.policy.concurrency * min(len(job.portal.hosts) + len(job.portal.allowed_hosts), 4)
        self.stopped = ""
        """Why it was cut short."""
        self.widened = ""
        """Why a pass over a sample read everything."""
        self._skipped = 0

    def stop(self, reason: str) -> None:
        """Begins nothing new."""
        self.stopped = self.stopped or reason

    @property
    def silent(self) -> list[str]:
        """Sections that name no report any more, once the pass is over; empty for one that was cut short."""
        return [] if self.stopped else self._sections.silent()

    @property
    def outcome(self) -> Outcome:
        """`cut_short` if something was left unread."""
        return "cut_short" if self.stopped or self._skipped else "ok"

    @property
    def detail(self) -> str:
        """Why it was cut short, or ""."""
        if self.stopped:
            return self.stopped
        why = "asked to be left alone" if self._fetcher.manners.retry_after else "did not answer"
        return f"{self._skipped} pages left unread: the host {why}" if self._skipped else ""

    async def run(self) -> None:
        """The pass, in the order that its mode asks for."""
        try:
            if self._job.mode == "recheck":
                await self._read_known()
                if self._known.missing or self._visits.gone:
                    await self._read_sections()
                    await self._read_found()
            else:
                await self._read_sections()
                await self._read_found()
                if self._job.sample:
                    await self._read_sample()
                else:
                    await self._read_known(only_missing=self._job.mode == "discover")
            if not self.stopped:
                await self._visits.read_heirs()
        finally:
            for note in self._fetcher.manners.notes.values():
                self._sink.tell(note)
            self._visits.close()

    async def _read_sections(self) -> None:
        try:
            await self._walk([*self._sections.targets()])
            await self._sections.tell_views()
            await self._walk(self._sections.again())
            await self._sections.tell_views()
        finally:
            self._sections.tell()

    async def _walk(self, waiting: list[Target]) -> None:
        """Walks columns, and the year columns that they link."""
        while waiting:
            self.progress.total += len(waiting)
            linked: list[Target] = []

            async def walk(target: Target, linked: list[Target] = linked) -> None:
                linked += await self._sections.walk(target)

            await self._work(walk, waiting, even_if_stopped=True)
            waiting = linked

    async def _read_found(self) -> None:
        found = spread([*self._sections.found.values()], self._job.limits.found)
        self.progress.total += len(found)
        await self._work(self._read_link, found)

    async def _read_known(self, only_missing: bool = False) -> None:
        if not only_missing:
            self.progress.total += len(self._known)
        await self._work(self._read_page, self._known.pages(only_missing))

    async def _read_sample(self) -> None:
        """What is due, and everything if that or the lists leave a doubt."""
        doubt = "a report is missing" if self._known.missing else self._visits.doubt or self._sections.doubt()
        if not doubt:
            self.progress.total += self._known.due
            await self._work(self._read_page, (page for page in self._known.pages() if page.due))
            doubt = self._visits.doubt
        if doubt and not self.stopped:
            self.widened = doubt
            await self._read_known()

    async def _read_link(self, found: tuple[str, Hint]) -> None:
        url, hint = found
        if self._fetcher.is_down(url):
            self._skipped += 1
        else:
            await self._visits.visit(url, None, hint)

    async def _read_page(self, page: KnownPage) -> None:
        if self._fetcher.is_down(page.url):
            self._skipped += 1
        else:
            await self._visits.visit(page.url, page, Hint(title=page.title, year=page.year))

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if now > self._quiet:
            self.stop(QUIET)
        elif now > self._deadline:
            host, pause = self._fetcher.manners.slowest
            slow = f": robots.txt of {host} asks for {pause:g} s between two requests" if pause else ""
            self.stop(f"longer than {self._job.limits.pass_seconds:g} s{slow}")

    async def _work(
        self, do: Callable[[T], Awaitable[None]], things: Iterable[T], even_if_stopped: bool = False
    ) -> None:
        """Does something with each thing, a few at a time; begins nothing new once the pass is stopped."""
        shared = iter(things)

        async def worker() -> None:
            for thing in shared:
                self._look_at_the_clock()
                if self.stopped and not even_if_stopped:
                    return
                await do(thing)
                self.progress.done += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(worker())
