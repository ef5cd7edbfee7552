"""A survey: from an address that an operator gives to a proposal for a portal file, shown before it is taken.

In: an `Order`, and a `Fetcher` whose guard is a `Reach`. Out: a `Survey`. It looks for sections (`explore`), reads the lists
of those that it takes as a crawl would (`lists`), a few of their reports (`samples`), and what the pages say of the portal
(`facts`), all within the order's budget; then it composes the portal file (`compose`). Selectors are induced only where the
general reading is poor, and kept only where they read no worse. Never raises for what a portal does.
"""

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from crawler.families.base import Link, Step
from crawler.fetching import Answer, Fetcher
from crawler.page.address import twin_of
from crawler.page.decode import decode
from crawler.page.model import Hint, Page
from crawler.portal import Portal, Selectors
from crawler.scout import compose, induce, lists, samples
from crawler.scout.asker import Asker, Spent
from crawler.scout.explore import Explorer, stands_in, year_in
from crawler.scout.found import Candidate, Found
from crawler.scout.model import Evidence, Seen
from crawler.scout.reach import Reach
from crawler.scout.survey_model import Order, SectionFound, Survey, Told

_RESERVE = 10
"""Requests that the search leaves for lists and reports."""
_PAGES, _COLUMNS = 2, 3
"""Further list pages and year columns of a section that are read."""
_MOST_SECTIONS = 6


class Surveyor:
    """One survey. `run` it once. `rendering`: pages are opened in a browser."""

    def __init__(
        self, fetcher: Fetcher, reach: Reach, order: Order, tell: Callable[[Told], None], rendering: bool = False
    ) -> None:
        self._order = order
        self._asker = Asker(fetcher, reach, order, tell, rendering)
        self._this_year = int(order.now[:4])
        self._explorer = Explorer(self._asker, order)
        self._rendering = rendering
        self._started = time.monotonic()

    @property
    def blank(self) -> str:
        """The address of a page that is likely the section and shows nothing without scripts, or ""."""
        found = self._explorer.blank
        if self._explorer.best is not None or not found:
            return ""
        given = self._explorer.given
        likely = [visit for visit in found if visit is given or visit.lead.to == "annual"]
        return max(likely, key=lambda visit: (visit.lead.to == "annual", visit.lead.score)).lead.url if likely else ""

    async def run(self) -> Survey:
        """The survey."""
        self._asker.reserve = _RESERVE
        await self._explorer.explore()
        self._asker.reserve = 0
        best = self._explorer.best
        if best is None:
            return self._finished(compose.nothing(self._order, self._explorer, self._asker, self.blank))
        chosen = [best, *self._further(best)]
        for number, candidate in enumerate(chosen):
            await self._read_on(candidate, *((_PAGES, _COLUMNS) if not number else (1, 1)))
        templates = {best.url: await self._template(best)}
        if template := templates[best.url]:
            for candidate in chosen[1:]:
                templates[candidate.url] = await self._template(candidate)
        selected = self._induce_list(best)
        sections = [self._section(candidate, templates.get(candidate.url, "")) for candidate in chosen]
        portal = self._portal(best, sections, template)
        read, spent = await self._samples(portal, chosen)
        self._explorer.spent = self._explorer.spent or spent
        portal, more = self._induce_report(portal, read)
        await self._front_page(best)
        found = Found(portal, best, tuple(sections), tuple(chosen), tuple(read), (*selected, *more), self._rendering)
        return self._finished(compose.found(self._order, self._explorer, self._asker, found))

    def _finished(self, survey: Survey) -> Survey:
        return msgspec.structs.replace(
            survey,
            tried=tuple(self._asker.tried),
            notes=tuple(self._asker.notes.values()),
            requests=self._asker.fetcher.requests,
            seconds=round(time.monotonic() - self._started, 1),
        )

    def _further(self, best: Candidate) -> list[Candidate]:
        """Other sections of the proposal: annual-report columns that list what the best one does not. Whoever gives a
        section or a report means that one."""
        given = self._explorer.given
        if self._order.known is not None or best.visit is given:
            return []
        if any(one.holds_given for one in self._explorer.candidates):
            return []
        covered = set(best.read.links)
        columns = {twin_of(column.url) for column in best.read.columns}
        found: list[Candidate] = []
        for one in sorted(self._explorer.candidates, key=lambda one: -one.value):
            if one is best or not one.annual or not one.links or twin_of(one.url) in columns:
                continue
            if stands_in(one.url, best.read.columns):
                continue
            if one.visit.is_report and twin_of(one.visit.seen.url) in covered:
                continue  # a report whose address looks like a column's
            links = set(one.read.links)
            if (links and links <= covered) or len(found) + 1 >= _MOST_SECTIONS:
                continue
            covered |= links
            found.append(one)
        return found

    async def _read_on(self, candidate: Candidate, pages: int, columns: int) -> None:
        """Reads a section's list on; where its family's way leads nowhere, the next likely one's."""
        for read, score in [(candidate.read, candidate.score), *candidate.others]:
            before = len(candidate.read.links)
            try:
                known = len(read.pages) > 1  # its first answer, or some columns, were read before
                await lists.onward(read, self._ask, self._this_year, pages, 0 if known else columns)
            except Spent as spent:
                self._explorer.spent = self._explorer.spent or str(spent)
                read.unread += 1
            if read is not candidate.read and (
                len(read.links) > before or (not read.problem and len(read.links) == before)
            ):
                candidate.others.append((candidate.read, candidate.score))
                candidate.others = [one for one in candidate.others if one[0] is not read]
                candidate.read, candidate.score = read, score
            if not candidate.read.problem:
                return

    async def _ask(self, step: Step, why: str) -> Answer | None:
        return await self._explorer.visits.ask(step, why)

    async def _template(self, best: Candidate) -> str:
        """The address of a one-year column or query page with `{year}` in its place, if another year answers as well."""
        url = best.url
        year = year_in(url)
        if not year or not (best.narrow or best.pinned or best.visit.is_report):
            return ""
        template = re.sub(rf"(?<!\d){year}(?!\d)", "{year}", url)
        for other in (int(year) - 1, int(year) + 1):
            try:
                answer = await self._explorer.visits.page(
                    template.replace("{year}", str(other)), "another year's column"
                )
            except Spent as spent:
                self._explorer.spent = self._explorer.spent or str(spent)
                return ""
            if answer is None or answer.status != 200 or twin_of(answer.url) == twin_of(url):
                continue
            read = lists.first(best.read.family, answer.url, answer, self._this_year, best.read.selectors)
            if set(read.links) - set(best.read.links) or self._explorer.visits.holds_report(answer, other):
                return template
        return ""

    def _induce_list(self, best: Candidate) -> tuple[Evidence, ...]:
        """Selectors for the list of an unknown CMS, where they read it no worse."""
        first = best.read.pages[0]
        if best.read.family != "generic" or not best.read.links:
            return ()
        induced = induce.listing(best.visit.seen, first.page)
        if induced is None or induced.selectors == Selectors():
            return ()
        again = lists.first("generic", best.url, first.answer, self._this_year, induced.selectors)
        before = {twin_of(link.url) for link in first.page.links if link.kind == "report"}
        if not before <= set(again.links) or (first.page.next and not again.leads_on):
            return ()
        for one in best.read.pages[1:]:
            again.pages.append(lists.read(again, one.step, one.answer, self._this_year, one.year, annual=again.annual))
        if not set(best.read.links) <= set(again.links):
            return ()
        again.unread, again.reason = best.read.unread, best.read.reason
        best.read = again
        return induced.evidence

    def _portal(self, best: Candidate, sections: list[SectionFound], template: str) -> Portal:
        addresses = tuple(section.url for section in sections)
        known = self._order.known
        if known is not None:
            return msgspec.structs.replace(
                known, family=best.read.family, sections=addresses, selectors=best.read.selectors
            )
        return Portal(
            "proposal", "proposal", best.read.family, addresses, selectors=best.read.selectors, render=self._rendering
        )

    def _section(self, candidate: Candidate, template: str) -> SectionFound:
        read = candidate.read
        return SectionFound(
            url=template or candidate.url,
            title=compose.title_of(candidate.visit.seen),
            how=candidate.visit.lead.why,
            via=candidate.visit.lead.via,
            links=candidate.links if not read.links else len(read.links),
            pages=len(read.pages),
            complete=not read.unread and not read.problem,
            reason=read.problem,
            columns=tuple((column.year, column.url) for column in read.columns),
            is_report=candidate.visit.is_report,
        )

    async def _samples(self, portal: Portal, chosen: list[Candidate]) -> tuple[list[samples.Sample], str]:
        """A few reports. Those that stand on the sections themselves need no further request."""
        found: list[samples.Sample] = []
        links: dict[str, tuple[Link, int | None]] = {}
        for candidate in chosen:
            if candidate.visit.is_report:
                answer = candidate.visit.answer
                page = samples.parsed(portal, answer, Hint())
                found.append(samples.Sample(candidate.url, Hint(), answer, page))
            for one in candidate.read.pages:
                for link in one.page.links:
                    if link.kind == "report" and lists.names_a_report(link):
                        links.setdefault(twin_of(link.url), (link, one.year))
        given = self._explorer.given
        wanted = given.seen.url if given is not None and given.is_report else ""
        read, spent = await samples.read(self._asker, portal, samples.choose([*links.values()], wanted))
        return [*found, *read], spent

    def _induce_report(self, portal: Portal, read: list[samples.Sample]) -> tuple[Portal, tuple[Evidence, ...]]:
        """Selectors for the reports of an unknown CMS: kept where they say more and never less."""
        if portal.family != "generic" or not read:
            return portal, ()
        poor = next((one for one in read if _lacks(one)), None)
        if poor is None:
            return portal, ()
        seen = Seen(poor.answer.url, poor.answer.status, decode(poor.answer.body, poor.answer.header("Content-Type")))
        induced = induce.report(seen, portal)
        if induced is None:
            return portal, ()
        own = induced.selectors
        selectors = msgspec.structs.replace(
            portal.selectors, title=own.title, date=own.date, source=own.source, body=own.body
        )
        proposed = msgspec.structs.replace(portal, selectors=selectors)
        again = [samples.parsed(proposed, one.answer, one.hint) for one in read]
        pairs = list(zip(read, again, strict=True))
        if sum(map(_lacks_page, again)) >= sum(map(_lacks, read)) or any(
            _lacks_page(new) > _lacks(old) for old, new in pairs
        ):
            return portal, ()
        for old, new in pairs:
            old.page = new
        return proposed, induced.evidence

    async def _front_page(self, best: Candidate) -> None:
        """The front page, if nothing that was read names the portal."""
        if compose.facts_of(self._explorer).title or self._order.known is not None:
            return
        address = urlsplit(best.url)
        try:
            await self._explorer.visits.look(
                f"{address.scheme}://{address.netloc}/", "the portal's front page, for its name"
            )
        except Spent as spent:
            self._explorer.spent = self._explorer.spent or str(spent)


def _lacks(sample: samples.Sample) -> int:
    return _lacks_page(sample.page)


def _lacks_page(page: Page) -> int:
    """How much a page fails to say; more than anything, that it holds a report."""
    return sum(len(samples.missing(report)) for report in page.reports) if page.reports else 9
