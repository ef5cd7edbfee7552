"""Looks for the sections of a portal: from the address that was given, along leads, best first.

In: an `Asker`, and the pure parts of the scout that say what a page is and where it leads. Out: `Candidate`s, each a page
with what its list yields when a family reads it, best first. What decides between two is what they yield (report links, the
report that was given among them), not what they look like.
"""

import heapq
import itertools
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from crawler.families.base import Column
from crawler.families.query_pages import is_query_page
from crawler.families.rows import is_article
from crawler.page import verdict
from crawler.page.address import bare, host_of, is_home, twin_of
from crawler.page.decode import decode
from crawler.portal import Selectors
from crawler.scout import leads, lists
from crawler.scout.asker import Asker, Spent
from crawler.scout.columns import year_of_step
from crawler.scout.found import Candidate, Visit
from crawler.scout.model import Lead, Seen
from crawler.scout.own import is_own
from crawler.scout.survey_model import Order
from crawler.scout.visits import Visits

_LIKELY = 0.25
"""A family below that is not tried on a page."""
_KNOWN = 0.1
"""Score of a known portal's family on a page that shows no sign of it."""
_ANNUAL_LEADS = 8
"""Leads to annual-report columns that are followed once one was found."""
_GUESSES = 5
_CHALLENGES = 2
_YEAR = re.compile(r"(?<!\d)(20[0-3]\d)(?!\d)")
_PAGER = re.compile(
    r"[\d\[\]().<>«»‹›|…-]{1,8}|首页|(?:上|下|前|后)一?页|尾页|末页|(?:点击)?(?:加载|查看|显示)?更多.{0,3}|more.{0,3}",
    re.I,
)
"""Links that lead on in one list, not to another."""
_SINGLE = re.compile(
    r"(?i)(?:show|view|detail|article|content|info|news|read|display)\w*\.\w{2,5}\?(?:\w+=\w*&)*\w*id=\w+"
)
"""A document that a program shows by its number (`show.aspx?id=2610`)."""
_GOALS = {"annual": 2.0, "disclosure": 1.0, "open": 0.5}


class Explorer:
    """One survey's search."""

    def __init__(self, asker: Asker, order: Order) -> None:
        self._asker = asker
        self._order = order
        self._this_year = int(order.now[:4])
        self._queue: list[tuple[float, int, Lead]] = []
        self._count = itertools.count()
        self.visits = Visits(asker)
        self.candidates: list[Candidate] = []
        self.blank: list[Visit] = []
        """Pages that show nothing without their scripts."""
        self.given: Visit | None = None
        self.spent = ""
        """Which budget ran out."""
        self.annual: dict[str, str] = {}
        """Addresses that some link calls an annual reports' column, and what it says."""

    @property
    def best(self) -> Candidate | None:
        """The candidate that yields most; for a year's column the one that links it and the other years'."""
        found = [one for one in self.candidates if one.links]
        most = max(found, key=lambda one: (one.value, one.score, -self.candidates.index(one)), default=None)
        if most is None or not (most.narrow or most.pinned):
            return most
        above = (
            one
            for one in found
            if one.annual and not (one.narrow or one.pinned) and stands_in(most.url, one.read.columns)
        )
        return next(above, most)

    async def explore(self) -> None:
        """Until a section is found that need not be doubted, or nothing is left to try."""
        try:
            await self._explore()
        except Spent as spent:
            self.spent = str(spent)

    async def _explore(self) -> None:
        await self._search()
        await self._above_its_year()

    async def _above_its_year(self) -> None:
        """The column in which the best one's year stands, if that was not asked for yet."""
        best = self.best
        url = above_year(best.url) if best is not None and (best.pinned or best.narrow) else ""
        if url and not is_home(url):
            lead = Lead(url, "", 0.7, "the columns of single years stand in it", "parent")
            visit = await self.visits.visit(lead)
            if visit is not None:
                await self._consider(visit)

    async def _search(self) -> None:
        await self._begin()
        if self._nobody_answers():
            if not is_home(self._order.url):
                await self._from_home()
            if self._nobody_answers():
                return  # every further address would cost as many time-outs
        if self.given is not None:
            await self._consider(self.given)
            self._follow(self.given)
        else:
            self._push(leads.parents(Seen(self._order.url, 0, "")), 0.5)
        best = self.best
        if best is not None and best.good and not (self.given and self._is_article(self.given)):
            return
        await self._drain()
        if not self._settled():
            await self._from_home()
        if not self._settled():
            await self._from_sitemap()
        if not self._settled():
            for lead in leads.guesses(self._order.url)[:_GUESSES]:
                self._push((lead,), -3.0)
            await self._drain()
        if self.given is not None and self.given.filed and self.best is None and not self.blank:
            self.given.filed = False  # the column that its trail names is none: it may be one that each year overwrites
            await self._consider(self.given)

    async def _begin(self) -> None:
        """The address that was given; where nothing answers, its twins: http for https, with www. and without."""
        self.given = await self.visits.visit(Lead(self._order.url, "", 1.0, "the address that was given", "given"))
        for url in _twins(self._order.url):
            before = self.given
            if before is None or before.answer.failure != "unreachable" or before.answer.hops:
                return
            scheme, marker = urlsplit(url).scheme, before.answer.marker
            if marker == "DNS" and host_of(url) == host_of(before.seen.url):
                continue
            self.visits.release(url)
            visit = await self.visits.visit(Lead(url, "", 1.0, f"the address that was given, by {scheme}", "given"))
            if visit is not None and visit.answer.failure != "unreachable" and visit.page.state != "gone":
                self.given = visit
                self._order = msgspec.structs.replace(self._order, url=url)
                self._asker.note(
                    "tls" if marker == "TLS" else "twin",
                    "warning",
                    f"{before.seen.url} does not answer; {url} does",
                )

    def _nobody_answers(self) -> bool:
        """Whether nothing that was asked for was answered by anybody."""
        return all(visit.answer.failure == "unreachable" and not visit.answer.hops for visit in self.visits.made)

    def _settled(self) -> bool:
        """A section was found, or may have been: one that needs a browser, a page asked by year; or a firewall says that there
        is no point in going on."""
        best = self.best
        if self._asker.challenges >= _CHALLENGES or (best is None and self.given in self.blank):
            return True
        if best is None:
            return False
        asked = best.visit is self.given and best.visit.is_report and is_query_page(best.url)
        return asked or ((best.annual or best.holds_given) and not best.narrow)

    async def _from_home(self) -> None:
        address = urlsplit(self._order.url)
        front = f"{address.scheme}://{address.netloc}/"
        self._push((Lead(front, "", 0.5, "the portal's front page", "parent", "open"),), 0.0)
        await self._drain()

    async def _from_sitemap(self) -> None:
        """What pages call 网站地图, sitemap.xml, and where robots.txt says that it is."""
        address = urlsplit(self._order.url)
        front = Seen(f"{address.scheme}://{address.netloc}/", 200, "")
        pages = [visit.seen for visit in self.visits.made if visit.readable] or [front]
        waiting = [*dict.fromkeys(url for page in pages for url in leads.sitemap_addresses(page))]
        for _ in range(4):
            if not waiting:
                break
            url = waiting.pop(0)
            if not self._asker.reach.allows_host(url) or not self.visits.claim(url):
                continue
            answer = await self._asker.page(url)
            if answer.failure or answer.status != 200:
                self._asker.said(answer, "the site map", answer.marker or f"status {answer.status}")
                continue
            text = decode(answer.body, answer.header("Content-Type"))
            found, further = leads.sitemap(text, answer.url)
            self._asker.said(answer, "the site map", f"{len(found)} leads")
            self._push(found, 0.0)
            waiting = [*further[:2], *waiting]
        await self._drain()

    async def _drain(self) -> None:
        """Follows leads, best first, as long as that may find something better."""
        followed = 0
        while self._queue:
            rank, _, lead = heapq.heappop(self._queue)
            best = self.best
            if best is not None and best.good and best.holds_given:
                return
            columns = {twin_of(column.url) for column in best.read.columns} if best is not None else set()
            if (
                best is not None
                and best.good
                and (twin_of(lead.url) in columns or lead.to != "annual" or followed >= _ANNUAL_LEADS or rank > -1.5)
            ):
                continue  # stays known as a further column, if it is one
            if self._asker.challenges >= _CHALLENGES:
                return
            visit = await self.visits.visit(lead)
            if visit is None:
                continue
            followed += lead.to == "annual"
            await self._consider(visit)
            self._follow(visit)

    def _push(self, found: tuple[Lead, ...], bonus: float) -> None:
        for lead in found:
            if lead.via in ("link", "year") and _PAGER.fullmatch(lead.title):
                continue
            if lead.to == "annual" and lead.title and self._asker.reach.is_sibling(lead.url):
                self.annual.setdefault(lead.url, lead.title)
            strange = host_of(lead.url) != host_of(self._order.url)
            rank = _GOALS[lead.to] + lead.score + bonus - (0.8 if strange else 0.0)
            heapq.heappush(self._queue, (-rank, next(self._count), lead))

    def _follow(self, visit: Visit) -> None:
        """Queues where a page leads."""
        if visit.answer.failure:
            return
        if self._is_article(visit) or visit is self.given:
            self._push(leads.parents(visit.seen), 0.6 if self._is_article(visit) else -0.2)
        if visit.readable and not (visit.is_report and not self._is_article(visit)):
            self._push(leads.leads(visit.seen, self._this_year), 0.0)
        elif visit.readable and is_query_page(visit.seen.url):
            # A page that is asked by organ and year links the other organs', each a section of its own.
            found = leads.leads(visit.seen, self._this_year)
            self._push(tuple(lead for lead in found if is_query_page(lead.url) and not year_in(lead.url)), 0.0)

    def _is_article(self, visit: Visit) -> bool:
        """One report's own page, rather than a column."""
        url = visit.seen.url
        if not visit.is_report or visit.shell or is_query_page(url):
            return False
        return visit.filed or is_article(url) or _SINGLE.search(url.rpartition("/")[2]) is not None

    async def _consider(self, visit: Visit) -> None:
        """Reads a page as a list with each family that it may run on; keeps what yields most."""
        if visit.answer.failure or visit.answer.status != 200 or self._is_article(visit):
            return
        tried: list[tuple[lists.ListRead, float]] = []
        for family, score in self._families(visit):
            selectors = self._order.known.selectors if self._order.known is not None else Selectors()
            read = lists.first(family, visit.section, visit.answer, self._this_year, selectors)
            likely = visit.lead.to == "annual" or visit is self.given or read.annual
            if not read.links and read.leads_on and likely and score >= _LIKELY:
                await lists.onward(read, self.visits.ask, self._this_year, pages=1, columns=0)
            tried.append((read, score))
        read, score = max(tried, key=lambda one: (len(one[0].links), not one[0].problem, one[1]))
        counts = {one.family: len(one.links) for one, _ in tried}
        if len(read.links) < 2 and read.columns:
            await lists.onward(read, self.visits.ask, self._this_year, pages=0, columns=2)
        own = len(visit.page.reports) if visit.is_report else 0
        held = sum(
            1
            for one in read.pages[1:]
            if one.year and not one.page.links and self.visits.holds_report(one.answer, one.year)
        )
        given = twin_of(self.given.seen.url) if self.given is not None and self._is_article(self.given) else ""
        candidate = Candidate(
            visit, read, [one for one in tried if one[0] is not read], score,
            links=len(read.links) + own + held, counts=counts, holds_given=bool(given) and given in read.links,
        )  # fmt: skip
        candidate.narrow = not read.columns and (visit.lead.year is not None or bool(year_in(candidate.url)))
        candidate.pinned = bool(read.columns) and bool(above_year(candidate.url))
        if candidate.links and visit.page.state == "blocked":
            self._asker.pardon(visit.answer)  # its scripts said what to ask for: it was no refusal
        if not candidate.links and visit.readable and _is_blank(visit):
            self.blank.append(visit)
        self.candidates.append(candidate)
        if candidate.links and not own:
            self._asker.says(visit.answer, f"lists {candidate.links} reports")

    def _families(self, visit: Visit) -> list[tuple[str, float]]:
        """The families to read a page with, likeliest first; the general one always."""
        likely = [
            (one.family, one.score) for one in visit.recognised if one.score >= _LIKELY and one.family != "generic"
        ]
        tried = {"generic": 0.0, **dict(likely[:3])}
        if self._order.known is not None:
            tried.setdefault(self._order.known.family, _KNOWN)  # a portal that moved may run on something else by now
        return [*tried.items()]


def _twins(url: str) -> list[str]:
    """Further spellings of an address under which a portal may answer."""
    parts = urlsplit(url)
    if parts.port is not None:
        return []
    other = "http" if parts.scheme == "https" else "https"
    found = [parts._replace(scheme=other).geturl()]
    if not is_own(url):
        host = bare(parts.netloc) if parts.netloc.startswith("www.") else f"www.{parts.netloc}"
        found.append(parts._replace(netloc=host, scheme="http").geturl())
    return found


def year_in(url: str) -> str:
    """The year that a column's folder is named after, or that a query page is asked for; "" if there is none."""
    parts = urlsplit(url)
    name = parts.path.rpartition("/")[2] if is_query_page(url) else ""
    asked = re.search(r"=(20[0-3]\d)(?=&|$)", parts.query) or re.search(r"pv(20[0-3]\d)(?!\d)", name)
    folder = _YEAR.search("/".join(parts.path.split("/")[-3:-1]))
    found = asked or folder
    return found[1] if found else ""


def above_year(url: str) -> str:
    """The folder in which a year's folder stands that an address stands in; "" if there is none."""
    parts = urlsplit(url)
    if parts.query or is_query_page(url):
        return ""
    steps = parts.path.split("/")[:-1]
    for place, step in enumerate(steps):
        if place and year_of_step(step):
            return parts._replace(path="/".join([*steps[:place], ""]), fragment="").geturl()
    return ""


def stands_in(url: str, columns: Iterable[Column]) -> bool:
    """Whether an address is that of a column, or stands in its folder."""
    key = twin_of(url)
    return any(key == (own := twin_of(column.url)) or (own.endswith("/") and key.startswith(own)) for column in columns)


def _is_blank(visit: Visit) -> bool:
    """Whether a page shows next to nothing, and has scripts that may fill it."""
    text = visit.seen.text
    return "<script" in text and (visit.page.marker in verdict.WORDLESS or text.count("<a ") < 25)
