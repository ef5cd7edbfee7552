"""Reads a few of the reports that a section lists, as a crawl with the proposed file would.

In: list links, a portal as proposed so far. Out: `Sample`s: the answer, the hint, and the page as `read_page` reads it. Asks
for three pages at most.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

from crawler import families
from crawler.families.base import Link
from crawler.fetching import Answer
from crawler.page.address import host_of, twin_of
from crawler.page.model import Fetched, Hint, Page, Report
from crawler.page.reader import read_page
from crawler.page.text import Table, parse
from crawler.portal import Portal
from crawler.scout.asker import Asker, Spent
from crawler.scout.survey_model import ReportFound

MOST = 3
_SHORT = 120
"""Characters below which a report says nothing."""
_YEAR = re.compile(r"(?<!\d)(20[0-3]\d)(?!\d)")


class Sample(msgspec.Struct):
    """A report's page as it answered."""

    url: str
    """As the list has it."""
    hint: Hint
    answer: Answer
    page: Page


def choose(links: Sequence[tuple[Link, int | None]], given: str = "") -> list[tuple[Link, int | None]]:
    """The reports to look at: the one that was given, then newest, oldest and one between, of different hosts if there are
    several. A link stands with the year of its column."""
    ordered = sorted(links, key=lambda one: _when(*one), reverse=True)
    wanted = [one for one in ordered if given and twin_of(one[0].url) == twin_of(given)]
    hosts: set[str] = {host_of(one[0].url) for one in wanted}
    for one in ordered:
        if host_of(one[0].url) not in hosts and len(wanted) < MOST:
            hosts.add(host_of(one[0].url))
            wanted.append(one)
    for place in (0, len(ordered) - 1, len(ordered) // 2, 1):
        if 0 <= place < len(ordered) and ordered[place] not in wanted and len(wanted) < MOST:
            wanted.append(ordered[place])
    return wanted


def _when(link: Link, year: int | None) -> tuple[str, str]:
    said = _YEAR.search(link.title)
    return (said[1] if said else str(year or ""), link.date)


async def read(asker: Asker, portal: Portal, links: Iterable[tuple[Link, int | None]]) -> tuple[list[Sample], str]:
    """Asks for reports and reads them. The samples, and which budget ran out ("": none)."""
    found: list[Sample] = []
    for link, year in links:
        if not asker.reach.admit(link.url):
            continue
        hint = Hint(link.title, link.date, "", year)
        try:
            answer = await asker.page(link.url)
            page = parsed(portal, answer, hint)
            for _ in range(3):
                if not page.refresh or page.reports or not asker.reach.admit(page.refresh):
                    break
                answer = await asker.page(page.refresh)
                page = parsed(portal, answer, hint)
        except Spent as spent:
            return found, str(spent)
        asker.said(answer, "a report that the section lists", page.marker or page.state)
        found.append(Sample(link.url, hint, answer, page))
    return found, ""


def parsed(portal: Portal, answer: Answer, hint: Hint) -> Page:
    """An answer as a crawl with this portal file reads it."""
    if answer.failure:
        return Page(answer.failure, answer.marker)
    fetched = Fetched(answer.url, answer.status, answer.header("Content-Type"), answer.body)
    return read_page(fetched, portal, families.markup_of(portal), hint)


def told(url: str, page: Page) -> tuple[ReportFound, ...]:
    """What a page yields, a value for each report on it; one that says why, if there is none."""
    if not page.reports:
        return (ReportFound(url, page.state, page.marker),)
    return tuple(_told(url, report) for report in page.reports)


def _told(url: str, report: Report) -> ReportFound:
    tables = sum(isinstance(block, Table) for block in parse(report.text))
    return ReportFound(
        url=url,
        reading="present",
        title=report.title,
        organ=report.organ,
        year=report.year,
        published_on=report.published_on,
        source=report.source,
        characters=len(report.text),
        tables=tables,
        attachments=len(report.attachments),
        missing=missing(report),
    )


def missing(report: Report) -> tuple[str, ...]:
    """What a report should say and does not."""
    said = {
        "organ": report.organ,
        "year": report.year,
        "date": report.published_on,
        "text": len(report.text) >= _SHORT or report.attachments,
    }
    return tuple(name for name, value in said.items() if not value)
