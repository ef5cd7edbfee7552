"""Stored lists, read again as a portal's sections are read today: what an edit of the portal file does to them.

In: the record, the archive, the portal. Out: a `ListReread` for each section whose last complete listing was kept (the
responses stand in archive/, monitor.section_evidence). The walk is a pass's, with the stored responses for answers: where
it would ask for what was not kept, it is not complete, and what it lacks proves nothing. Nothing is written or fetched.
"""

from collections import deque
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from crawler import families
from crawler.families.base import Column, Link, Listing, ListPage, Step
from crawler.page.address import normalise, twin_of
from crawler.page.decode import decode
from crawler.portal import Portal
from monitor.archive import ArchiveError, Capture, read_capture
from monitor.briefing import list_rules_of
from monitor.store import Store

_MOST_STEPS = 500


class ListReread(msgspec.Struct, frozen=True):
    """A section's last complete listing by today's rules."""

    section: str
    links: tuple[Link, ...] = ()
    """Reports and companions, in order, each once; addresses normalised."""
    complete: bool = False
    """Nothing was missing: a link that is not among them was not there."""
    why: str = ""
    """Why it is not complete."""
    crawl: int = 0
    """The pass that read it."""

    @property
    def reports(self) -> frozenset[str]:
        """What the reports' addresses have in common with their views' (crawler.page.address.twin_of)."""
        return frozenset(twin_of(link.url) for link in self.links if link.kind == "report")


def edited_sections(store: Store, portal: Portal) -> list[str]:
    """Sections whose last complete listing was read by other rules than today's."""
    rows = store.rows(
        """SELECT url FROM sections WHERE portal = ? AND active = 1 AND first_complete_crawl IS NOT NULL
        AND rules NOT IN ('', ?) ORDER BY url""",
        (portal.name, list_rules_of(portal)),
    )
    return [row["url"] for row in rows]


def reread_lists(
    store: Store, archive: Path, portal: Portal, sections: Iterable[str], this_year: int
) -> dict[str, ListReread]:
    """By section: what its last complete listing says by today's rules. Sections of which none was kept are left out."""
    found = {}
    for section in sections:
        newest = store.row(
            """SELECT max(crawl) AS crawl FROM (SELECT crawl, min(complete) AS whole, max(broken) AS broken
            FROM section_readings WHERE portal = ? AND section = ? GROUP BY crawl) WHERE whole = 1 AND broken = 0""",
            (portal.name, section),
        )
        if newest is None or newest["crawl"] is None:
            continue
        rows = store.rows(
            "SELECT url, captures FROM section_readings WHERE portal = ? AND section = ? AND crawl = ? ORDER BY id",
            (portal.name, section, newest["crawl"]),
        )
        columns = {row["url"]: msgspec.json.decode(row["captures"], type=list[str]) for row in rows}
        if any(columns.values()):
            found[section] = _Walk(archive, portal, section, columns, this_year).walk(newest["crawl"])
    return found


class _Walk:
    """One section, column by column."""

    def __init__(
        self, archive: Path, portal: Portal, section: str, columns: dict[str, list[str]], this_year: int
    ) -> None:
        self.archive = archive
        self.portal = portal
        self.family = families.get(portal.family)
        self.section = section
        self.columns = columns
        self.this_year = this_year
        hosts = {*portal.hosts, *portal.allowed_hosts}
        self.hosts = {host.lower().removeprefix("www.") for host in hosts}
        self.links: dict[str, Link] = {}
        self.why = ""

    def walk(self, crawl: int) -> ListReread:
        waiting = deque((url, _year_in(self.section, url), 0) for url in self.columns if self._is_own(url))
        walked = {twin_of(url) for url, *_ in waiting}
        kept = {twin_of(url): url for url in self.columns}
        while waiting:
            url, year, depth = waiting.popleft()
            for column in self._column(url, year):
                key = twin_of(column.url)
                # As a pass walks them: each year's column, and those that stand in a year's own (crawler.sections).
                followed = depth == 0 or (depth == 1 and column.inside)
                if not followed or key in walked or not self._allowed(column.url):
                    continue
                walked.add(key)
                if key in kept:
                    waiting.append((kept[key], column.year, 2 if column.inside else 1))
                else:
                    self._fail(f"{column.url}: a year's column that was not read then")
        return ListReread(self.section, tuple(self.links.values()), not self.why, self.why, crawl)

    def _is_own(self, url: str) -> bool:
        """Whether a column is the section itself, or a year of it, and not one that its first page links."""
        return url == self.section or ("{year}" in self.section and _year_in(self.section, url) is not None)

    def _column(self, url: str, year: int | None) -> list[Column]:
        """Takes one column's links. The year columns that it links."""
        try:
            answers = [read_capture(self.archive, ref) for ref in self.columns[url]]
        except ArchiveError as error:
            self._fail(f"{url}: {error}")
            return []
        columns: list[Column] = []
        steps = deque([self.family.first(url)])
        asked: set[tuple[str, object, str]] = set()
        annual, pages = False, None
        while steps and len(asked) < _MOST_STEPS:
            step = steps.popleft()
            if (identity := (step.url, step.form, step.json)) in asked:
                continue
            asked.add(identity)
            answer = _answer(answers, step, first=len(asked) == 1)
            if answer is None:
                if answers or len(asked) > 1:
                    self._fail(f"{step.url}: not read then")
                continue
            answers.remove(answer)
            if answer.status != 200:
                continue  # a year's column that did not exist
            page = self._read(answer, step, url, year, annual=annual, pages=pages)
            if page.refresh:
                steps.append(Step(page.refresh))
                continue
            annual, pages = annual or page.annual, page.pages or pages
            columns += [msgspec.structs.replace(column, url=normalise(column.url)) for column in page.columns]
            for link in filter(lambda link: self._allowed(link.url), page.links):
                address = normalise(link.url)
                self.links.setdefault(twin_of(address), msgspec.structs.replace(link, url=address))
            if page.problem:
                self._fail(f"{url}: {page.problem}")
            steps.extend(page.next)
        return columns

    def _read(
        self, answer: Capture, step: Step, url: str, year: int | None, *, annual: bool, pages: int | None
    ) -> ListPage:
        listing = Listing(
            url=answer.url,
            text=decode(answer.body, answer.content_type),
            step=step,
            section=url,
            year=year,
            this_year=self.this_year,
            annual=annual,
            pages=pages,
            selectors=self.portal.selectors,
        )
        try:
            return self.family.read(listing)
        except Exception as error:  # a list that breaks its family breaks nothing else, as in a pass
            return ListPage(problem=f"unreadable: {type(error).__name__}: {error}"[:300])

    def _allowed(self, url: str) -> bool:
        try:
            host = (urlsplit(normalise(url)).hostname or "").lower()
        except ValueError:
            return False
        return host.removeprefix("www.") in self.hosts

    def _fail(self, why: str) -> None:
        self.why = self.why or why


def _answer(answers: list[Capture], step: Step, *, first: bool) -> Capture | None:
    """The stored response to a request: the first one left for its address; a column's own is the first of all."""
    if first:
        return answers[0] if answers else None
    wanted = twin_of(step.url)
    return next((answer for answer in answers if twin_of(answer.url) == wanted), None)


def _year_in(section: str, url: str) -> int | None:
    """The year that `{year}` of a section is filled in with at an address."""
    before, field, _ = section.partition("{year}")
    year = url[len(before) : len(before) + 4]
    return int(year) if field and year.isdigit() and url == section.replace("{year}", year) else None
