"""What a page lists, read by a family: the same `families.get(name).read` that a crawl uses, for the first pages of a list.

In: a page as it answered, a family's name, selectors. Out: `ListRead`. `first` is pure; `onward` asks for further pages
and year columns through an `Asker`, a few at most.
"""

from collections import deque
from typing import Protocol

import msgspec

from crawler import families
from crawler.families.base import Column, Link, Listing, ListPage, Step
from crawler.families.rows import is_article
from crawler.fetching import Answer
from crawler.page import titles
from crawler.page.address import twin_of
from crawler.page.decode import decode
from crawler.portal import Selectors

_MOST_INSIDE = 3
"""Columns in a year's column that are read."""


class PageOfList(msgspec.Struct, frozen=True):
    """One answer of a list, and what the family read in it."""

    step: Step
    answer: Answer
    text: str
    page: ListPage
    year: int | None = None
    inside: bool = False
    """It stands in a year's column."""


class Ask(Protocol):
    """Asks for a step; None: it was not answered, and that is noted."""

    async def __call__(self, step: Step, why: str) -> Answer | None:
        """Never raises for what a portal does."""


class ListRead(msgspec.Struct):
    """A section as far as it was read by one family."""

    family: str
    section: str
    selectors: Selectors
    pages: list[PageOfList] = []
    unread: int = 0
    """Steps and columns that lead on and were not asked for."""
    reason: str = ""
    """Why it cannot be read on, where that was tried."""

    @property
    def links(self) -> dict[str, Link]:
        """Report links by key, in order; those that only name a column (政府信息公开年报) left out: they lead to lists."""
        return {
            twin_of(link.url): link
            for one in self.pages
            for link in one.page.links
            if link.kind == "report" and names_a_report(link)
        }

    @property
    def columns(self) -> tuple[Column, ...]:
        """Year columns that its first page links."""
        return self.pages[0].page.columns if self.pages else ()

    @property
    def annual(self) -> bool:
        """It says that it is the annual reports' column."""
        return any(one.page.annual for one in self.pages)

    @property
    def problem(self) -> str:
        """Why the family could not read a page of it, or ""."""
        return self.reason or next((one.page.problem for one in self.pages if one.page.problem), "")

    @property
    def leads_on(self) -> bool:
        """A page of it names a next one."""
        return any(one.page.next for one in self.pages)


def first(family: str, section: str, answer: Answer, this_year: int, selectors: Selectors) -> ListRead:
    """A section's first page, read by a family."""
    step = families.get(family).first(section)
    found = ListRead(family, section, selectors)
    found.pages.append(read(found, step, answer, this_year, None, annual=False))
    return found


def names_a_report(link: Link) -> bool:
    """Whether a link says more than the column's name, or leads to a document."""
    said = titles.classify(link.title)
    return bool(said.year or said.organ or link.date) or is_article(link.url)


async def onward(found: ListRead, ask: Ask, this_year: int, pages: int, columns: int) -> None:
    """Reads on: at most `pages` further pages of the list, and the first pages of at most `columns` year columns; and of a few of
    the columns that stand in those."""
    asked = {(one.step.url, one.step.form, one.step.json) for one in found.pages}
    steps = deque(step for one in found.pages for step in one.page.next)
    seen = {one.page.rows for one in found.pages if one.page.rows}
    while steps and pages > 0:
        step = steps.popleft()
        if (step.url, step.form, step.json) in asked:
            continue
        asked.add((step.url, step.form, step.json))
        pages -= 1
        answer = await ask(step, "the list's next page")
        if answer is None:
            found.reason = found.reason or f"page {step.number + 1} of the list was not answered"
            break
        one = read(found, step, answer, this_year, None, annual=found.annual)
        if one.page.rows and one.page.rows in seen:
            found.reason = found.reason or f"page {step.number + 1} repeats an earlier one"
            break
        seen.add(one.page.rows)
        found.pages.append(one)
        steps.extend(one.page.next)
    found.unread += len(steps)
    waiting = [column for column in found.columns if twin_of(column.url) != twin_of(found.section)]
    for column in waiting[:columns]:
        step = families.get(found.family).first(column.url)
        answer = await ask(step, f"the column of {column.year}")
        if answer is not None:
            one = read(found, step, answer, this_year, column.year, annual=found.annual)
            found.pages.append(one)
            found.unread += len(one.page.next)
            await _inside(found, one, ask, this_year)
    found.unread += len(waiting[columns:])


async def _inside(found: ListRead, column: PageOfList, ask: Ask, this_year: int) -> None:
    """Reads a few of the columns that stand in a year's column; fewer where others were read already: those are alike."""
    inside = [one for one in column.page.columns if one.inside]
    most = 1 if any(one.inside for one in found.pages) else _MOST_INSIDE
    for one in inside[:most]:
        step = families.get(found.family).first(one.url)
        answer = await ask(step, f"a column that stands in that of {one.year}")
        if answer is not None:
            page = read(found, step, answer, this_year, one.year, annual=found.annual)
            found.pages.append(msgspec.structs.replace(page, inside=True))
            found.unread += len(page.page.next)
    found.unread += len(inside[most:])


def read(found: ListRead, step: Step, answer: Answer, this_year: int, year: int | None, *, annual: bool) -> PageOfList:
    """What the family of `found` reads in the answer to a step. `year`: it is a year column's first page."""
    text = decode(answer.body, answer.header("Content-Type"))
    listing = Listing(
        url=answer.url,
        text=text,
        step=step,
        section=found.section if year is None else step.url,
        year=year,
        this_year=this_year,
        annual=annual,
        pages=next((one.page.pages for one in reversed(found.pages) if one.page.pages), None) if year is None else None,
        selectors=found.selectors,
    )
    try:
        page = families.get(found.family).read(listing)
    except Exception as error:  # a page that breaks a family breaks no survey
        page = ListPage(problem=f"unreadable: {type(error).__name__}: {error}"[:300])
    return PageOfList(step, answer, text, page, year)
