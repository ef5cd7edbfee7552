"""Asks for a survey's pages, one visit each: the answer, what it is by itself, and what the operator is told of it.

In: leads. Out: `Visit`s. Redirect shells are followed; each address is visited once.
"""

from urllib.parse import urlsplit

import msgspec

from crawler import families
from crawler.families.base import Step
from crawler.families.rows import base_of, is_article, rows, tree_of
from crawler.fetching import Answer
from crawler.page import verdict, walls
from crawler.page.address import host_of, twin_of
from crawler.page.decode import decode
from crawler.page.model import Fetched, Hint, Page
from crawler.page.reader import read_page
from crawler.portal import Portal
from crawler.scout import leads, recognise
from crawler.scout.asker import Asker
from crawler.scout.found import Visit
from crawler.scout.model import Lead, Seen
from crawler.scout.names import by_words
from crawler.scout.pages import LONGEST

PROBE = Portal("scout", "scout", "generic", ("http://scout.invalid/",))
"""Reads pages before anything is known of them."""

_MENU = 6
"""Pages of its own portal that a menu links, and no challenge does."""


class Visits:
    """One survey's visits, in order."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._known: set[str] = set()
        self.made: list[Visit] = []

    def claim(self, url: str) -> bool:
        """Whether an address was not asked for yet; from now on it was."""
        key = twin_of(url) + ("#" + urlsplit(url).fragment if "#" in url else "")
        if key in self._known:
            return False
        self._known.add(key)
        return True

    def release(self, url: str) -> None:
        """Its twin did not answer: it may be asked for all the same."""
        self._known.discard(twin_of(url))

    async def visit(self, lead: Lead) -> Visit | None:
        """Asks for a page, follows its refreshes. None: it was asked for before, or may not be."""
        if not self.claim(lead.url) or not self._asker.reach.admit(lead.url):
            return None
        answer = await self._asker.page(lead.url)
        visit = self._judge(lead, answer)
        for _ in range(3):
            target = visit.page.refresh
            if not target or visit.is_report or not self._asker.reach.admit(target):
                break
            answer = await self._asker.page(target)
            visit = self._judge(lead, answer)
        visit.shell = visit.is_report and not is_article(lead.url) and is_article(answer.url)
        visit.filed = visit.is_report and not visit.shell and _is_filed(visit.seen)
        self.made.append(visit)
        self._say(visit)
        return visit

    def _judge(self, lead: Lead, answer: Answer) -> Visit:
        text = decode(answer.body, answer.header("Content-Type")) if answer.body else ""
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, values in (answer.response.headers.items() if answer.response is not None else ())
            for value in values
        )
        seen = Seen(answer.url, answer.status, text, headers)
        if answer.failure:
            return Visit(lead, answer, seen, Page(answer.failure, answer.marker), ())
        fetched = Fetched(answer.url, answer.status, answer.header("Content-Type"), answer.body)
        page = read_page(fetched, PROBE, families.markup_of(PROBE), Hint())
        if page.marker in walls.LEFT_ON_GOOD_PAGES and _is_menu(seen):
            page = msgspec.structs.replace(page, state="other", marker="")
        return Visit(lead, answer, seen, page, recognise.recognise([seen]))

    def _say(self, visit: Visit) -> None:
        """What a page turned out to be, for the operator."""
        answer, page = visit.answer, visit.page
        if answer.failure == "blocked" and answer.marker == "robots":
            self._asker.note("robots", "warning", f"robots.txt closes {answer.url}")
            said = "closed by robots.txt"
        elif answer.failure:
            said = "connection closed" if "ConnectionDone" in answer.marker else answer.marker or answer.failure
        elif page.state == "blocked":
            self._asker.challenges += 1
            self._asker.note(
                "challenge",
                "warning",
                f"{answer.url} answers with a challenge or a refusal ({page.marker}); it is not broken",
            )
            said = f"refused: {page.marker}" + (
                "" if str(answer.status) in page.marker else f" (status {answer.status})"
            )
        elif page.state == "present":
            said = f"a report: {page.reports[0].title}" if page.reports else "a report"
        elif page.state == "other" or page.marker in verdict.WORDLESS:
            said = "a page"
        else:
            said = page.marker or page.state
        self._asker.said(answer, visit.lead.why, said)

    def holds_report(self, answer: Answer, year: int | None) -> bool:
        """Whether a report stands on a page that is one year's."""
        fetched = Fetched(answer.url, answer.status, answer.header("Content-Type"), answer.body)
        return bool(read_page(fetched, PROBE, families.markup_of(PROBE), Hint(year=year)).reports)

    async def look(self, url: str, why: str) -> Visit | None:
        """A page for what it says of the portal; not tried as a section. None: it is known."""
        return await self.visit(Lead(url, "", 0.0, why, "parent", "open"))

    async def page(self, url: str, why: str) -> Answer | None:
        """A page's answer; None: it may not be asked for, or says nothing."""
        return await self.ask(Step(url), why)

    async def ask(self, step: Step, why: str) -> Answer | None:
        """A list's further page; None if that says nothing."""
        if not self._asker.reach.admit(step.url):
            return None
        answer = await self._asker.step(step)
        failed = bool(answer.failure) or answer.status != 200
        self._asker.said(answer, why, (answer.marker or f"status {answer.status}") if failed else "a page of the list")
        return None if failed else answer


def _is_menu(seen: Seen) -> bool:
    """Whether a short page that holds a challenge's script is the portal's own: challenges link nothing, and good pages of
    portals behind one hold its script too ("domain notes", 1f)."""
    if seen.status != 200:
        return False
    tree = tree_of(seen.text[:LONGEST])
    own = {twin_of(row.url) for row in rows(tree, base_of(tree, seen.url)) if host_of(row.url) == host_of(seen.url)}
    return len(own) >= _MENU


def _is_filed(seen: Seen) -> bool:
    """Whether a page's trail names an annual reports' column that it is not itself."""
    crumbs = (lead for lead in leads.parents(seen) if lead.via == "crumb" and lead.title)
    return any((named := by_words(lead.title)) is not None and named.goal == "annual" for lead in crumbs)
