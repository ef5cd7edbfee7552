"""Walks the sections of a portal: every column, every page of its list, to the end or to why not.

A section is one address of the portal file; it becomes columns: itself, or one for each year that `{year}` is filled in
with, the year columns that its first page links, and the columns that stand in a year's column (2024n/bm/). For each column
exactly one `SectionRead` is told, and one `LinkListed` for each report or companion that it lists.

Lists change while their pages are read: when an entry goes from page 1 after that was read, the first one of page 2 slides to
page 1 and is seen on neither. So a section of several pages that names a known page no more is walked twice before that is
believed. While nothing is lost, that costs no request.
"""

import json
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import urldefrag

import msgspec

from crawler import families
from crawler.endings import dead_end
from crawler.families.base import Column, Listing, ListPage, Step
from crawler.families.inside import MOST_INSIDE
from crawler.fetching import Answer, Fetcher
from crawler.guard import Guard
from crawler.known import KnownPages, key_of
from crawler.observation import FindingSeen, Job, KnownPage, LinkKind, LinkListed, Reading, SectionRead
from crawler.page import verdict
from crawler.page.address import normalise, twin_of
from crawler.page.decode import decode
from crawler.page.model import Hint
from crawler.plain import fingerprint, proof, proof_of, source
from crawler.rendered.wire import NO_BROWSER, Shown
from crawler.run_folder import Sink
from crawler.visits import Judgement, Visits

FIRST_YEAR = 2008
"""The first report year: the Regulation came into force on 1 May 2008."""
_REFRESHES = 5
_FRAME = re.compile(
    rb"<(?:ul|ol|dl|table|tbody)\b|<\w+[^>]{0,80}\bid\s*=\s*[\"']?(?:app|root|__nuxt|__next)\b", re.IGNORECASE
)
"""A place for rows, or for what a script writes: a column that is a list all the same, of nothing. A bare page is none."""


class Target(msgspec.Struct, frozen=True):
    """One column to walk."""

    section: str
    url: str
    year: int | None = None
    linked: bool = False
    filled: bool = False
    """The section holds `{year}`."""
    inside: bool = False
    """It stands in a year's column, and was found there."""


class _Walk:
    """One column's walk, as far as it got."""

    def __init__(self, target: Target, first: "_Walk | None" = None) -> None:
        self.target = target
        self.reason = ""
        self.status = 0
        self.pages = 0
        self.told: dict[int, LinkKind] = first.told if first is not None else {}
        """Links that were told of the column, by either of its walks."""
        self.rows = 0
        self.expected: int | None = None
        self.first_page = False
        self.reading: Reading | Literal[""] = ""
        """Of its first page, where it was not read."""
        self.rendered = False
        self.unrendered = ""
        self.trouble = ""
        """What the page's script asked for in vain: a known page that the list does not name then may be missing for that."""
        self.absent = False
        self.is_report = False
        self.annual = False
        self.said: int | None = None
        """Pages that the list says it has."""
        self.seen_links: set[int] = set()
        self.seen_pages: set[tuple[str, ...]] = set()
        self.asked: set[str] = set()
        self.columns: tuple[Column, ...] = ()
        self.captures: list[str] = []

    def fail(self, reason: str) -> None:
        """The column is not complete; the first reason stands."""
        self.reason = self.reason or reason


class Sections:
    """Walks the columns of one pass."""

    def __init__(
        self,
        job: Job,
        known: KnownPages,
        fetcher: Fetcher,
        guard: Guard,
        visits: Visits,
        sink: Sink,
        stopping: Callable[[], bool],
    ) -> None:
        self._job = job
        self._portal = job.portal
        self._family = families.get(job.portal.family)
        self._known = known
        self._fetcher = fetcher
        self._guard = guard
        self._visits = visits
        self._sink = sink
        self._stopping = stopping
        self._this_year = int(job.now[:4])
        self._walked: set[str] = set()
        self._off_host: set[str] = set()
        self._unrendered = dict(job.unrendered)
        self._advised = False
        self.found: dict[int, tuple[str, Hint]] = {}
        """Listed reports that known.jsonl does not hold: what to read, and what the list said."""
        self._views: list[tuple[_Walk, Judgement]] = []
        self._shown: set[str] = set()
        """Text hashes of the reports that columns showed themselves."""
        self._listed: dict[int, set[tuple[str, str]]] = {}
        """By known page: section and title of each list that names it in this pass."""
        self._walks: dict[tuple[str, str], _Walk] = {}
        """By section and address of the column: the walk that is told of it."""
        self._doubted: dict[str, set[int]] = {}
        """Sections that are walked once more, and what their lists named the first time."""
        for _ in self.targets():
            pass  # registers them: a page that leads to a section is gone, also where no section is read

    def targets(self) -> Iterator[Target]:
        """The columns that the portal file names."""
        for section in self._portal.sections:
            if "{year}" in section:
                for year in range(self._this_year, FIRST_YEAR - 1, -1):
                    yield self._register(Target(section, section.replace("{year}", str(year)), year, filled=True))
            else:
                yield self._register(Target(section, section))

    def _register(self, target: Target) -> Target:
        self._walked.add(twin_of(target.url))
        self._visits.add_column(target.url)
        return target

    async def walk(self, target: Target) -> list[Target]:
        """Walks one column; the year columns that it links, each once a pass. What was read is told by `tell`."""
        column = target.section, target.url
        first = self._walks.get(column)
        walk = _Walk(target, first)
        await self._follow(walk)
        self._count_inside(walk)
        if first is not None and walk.reason:
            first.reason = f"read again: {walk.reason}"
        else:
            self._walks[column] = walk
        return [*self._linked(target, walk.columns)]

    def _count_inside(self, walk: _Walk) -> None:
        """A year's column is not read whole if more columns stand in it than are walked, or if one of those has its reports
        in columns of its own."""
        inside = [column for column in walk.columns if column.inside and self._guard.allows_host(column.url)]
        if walk.target.inside:
            if inside and not walk.told and not walk.is_report:
                walk.fail("it lists no report, and links columns that stand too deep to be read")
        elif len(inside) > MOST_INSIDE:
            walk.fail(f"more than {MOST_INSIDE} columns stand in it")

    async def _follow(self, walk: _Walk) -> None:
        """From the first page of a column's list to the last, or to why not."""
        if self._fetcher.is_down(walk.target.url):
            walk.fail("the host does not answer")
            return
        steps = deque([self._family.first(walk.target.url)])
        while steps:
            if self._stopping():
                walk.fail("the pass was stopped")
                break
            step = steps.popleft()
            identity = f"{step.url}\n{json.dumps(step.form)}\n{step.json}"
            if identity in walk.asked:
                if step.number:
                    continue  # a last page whose next link is itself
                walk.fail("redirect loop")
                break
            walk.asked.add(identity)
            if walk.pages >= self._job.limits.section_pages:
                walk.fail(f"more than {self._job.limits.section_pages} pages")
                break
            page = await self._step(walk, step)
            if page is None:
                break
            steps.extend(page.next)
        if not walk.reason and walk.expected is not None and walk.rows < walk.expected:
            walk.fail(f"it listed {walk.rows} of {walk.expected} rows")

    async def _step(self, walk: _Walk, step: Step) -> ListPage | None:
        """Asks for one page of the list; None ends the walk."""
        first = walk.pages == 0
        judgement: Judgement | None = None
        answer = await self._ask(walk, step)
        walk.status = answer.status or walk.status
        if first:
            judgement = await self._first(walk, step, answer)
            if judgement is None:
                return None
            answer = judgement.answer
        else:
            self._keep(walk, answer)
            if answer.failure or answer.status != 200:
                self._visits.refused(answer)
                walk.fail(f"page {walk.pages + 1}: {answer.marker or f'status {answer.status}'}")
                return None
            if dead_end(answer.url) and not dead_end(step.url):
                walk.fail(f"page {walk.pages + 1}: redirect to {answer.url}")
                return None
        page = self._read(walk, step, answer)
        if (shown := answer.shown) is not None:
            self._saw(walk, step, page, answer, shown)
        if (
            judgement is not None
            and not (page.links or page.next or page.columns)
            and not self._is_list(walk, judgement)
        ):
            return None
        walk.pages += 1
        walk.first_page = True
        if page.refresh:
            if len(walk.asked) > _REFRESHES:
                walk.fail("redirect loop")
                return None
            walk.pages -= 1
            return ListPage(next=(Step(page.refresh),))
        return self._take(walk, page, answer, step)

    def _saw(self, walk: _Walk, step: Step, page: ListPage, answer: Answer, shown: Shown) -> None:
        """What the browser says of a page of the list beside what it shows."""
        walk.pages += shown.clicks
        if shown.cut:
            walk.fail(shown.cut)
        if shown.trouble:
            walk.trouble = walk.trouble or shown.trouble
            if not page.links:
                walk.fail(shown.trouble)
        if not page.links and shown.refused:
            detail = (
                f"{answer.url} asks {', '.join(shown.refused)} for scripts or data, which allowed_hosts does not name"
            )
            self._sink.tell(FindingSeen("render_refused", "warning", detail[:1000], answer.url))
        plain = self._read(walk, step, answer, shown.served) if shown.served else None
        if walk.pages == shown.clicks:
            walk.rendered = True
            if plain is not None:
                walk.unrendered = proof(shown, page, plain, _text(answer, shown.served))
        if not self._advised and (found := source(shown, page, plain)) is not None:
            self._advised = True
            self._sink.tell(FindingSeen("render_not_needed", "info", str(found), answer.url))

    def _keep(self, walk: _Walk, answer: Answer) -> None:
        """Keeps what the list was read from: evidence, if the pass says something that rests on it."""
        if answer.response is not None and (place := self._sink.capture_list(answer.exchange())):
            walk.captures.append(place)

    async def _unchanged(self, walk: _Walk, step: Step) -> Answer | None:
        """A section's own page as it comes, if it is one that a browser shows no other (crawler.plain)."""
        section = walk.target.section
        own = walk.pages == 0 and walk.target.url == section and (section, section) not in self._walks
        known = proof_of(self._unrendered.get(section, "")) if own else None
        if known is None:
            return None
        plain = await self._fetcher.fetch(step.url, headers=step.headers)
        if plain.status != 200 or plain.failure or plain.hops:
            return None
        if fingerprint(self._read(walk, step, plain), _text(plain, plain.body)) != known.page:
            return None
        for script, digest in known.scripts:
            answer = await self._fetcher.fetch(script)
            if answer.failure or answer.status != 200 or answer.body_hash != digest:
                return None
        return plain

    async def _ask(self, walk: _Walk, step: Step) -> Answer:
        render = self._portal.render and step.form is None and not step.json and not step.state
        if render and (plain := await self._unchanged(walk, step)) is not None:
            return plain
        answer = await self._fetcher.fetch(
            step.url, form=step.form, json=step.json, headers=step.headers, render=render
        )
        if answer.marker.startswith(NO_BROWSER):
            # What stands in the page itself is better than nothing: it proves what it names, and no more.
            plain = await self._fetcher.fetch(step.url, headers=step.headers)
            if plain.status == 200 and not plain.failure:
                links = self._read(walk, step, plain).links
                if any(link.kind == "report" for link in links):
                    walk.fail(f"read without a browser ({answer.marker})")
                    return plain
        return answer

    async def _first(self, walk: _Walk, step: Step, answer: Answer) -> Judgement | None:
        """Judges a column's first page as a page: it may be a report itself, or say that it does not exist."""
        target = walk.target
        known = self._known.page(target.url)
        hint = Hint(title=known.title if known else "", organ="", year=target.year)
        judgement = await self._visits.judge(target.url, answer, known, hint)
        led_on = judgement.answer is not answer and answer.status == 200 and not answer.failure
        if led_on and self._read(walk, step, answer).links:
            # A list that also frames or leads to another page is a list.
            judgement = Judgement("other", "a list", answer)
        answer = judgement.answer
        self._keep(walk, answer)
        walk.status = answer.status or walk.status
        reading, marker = judgement.reading, judgement.marker
        in_place = twin_of(urldefrag(answer.url).url) == twin_of(urldefrag(target.url).url)
        if answer.status == 200 and not answer.failure and (in_place or marker == verdict.EMPTY_PAGE):
            # A shell without a word of its own is a list if its scripts say what to ask for; so is a page that lists
            # reports, whatever else stands on it.
            worded = reading in ("blocked", "gone") or (
                reading == "unreachable" and marker not in (verdict.CUT_OFF, "unreadable")
            )
            if worded and (marker != verdict.EMPTY_BODY):
                if known is not None and known.reports and not self._visits.was_read(target.url):
                    await self._visits.tell(target.url, judgement, known)
                return judgement
        lost = None if in_place else dead_end(answer.url)
        if lost and reading in ("present", "same", "other"):
            reading, marker = lost
        for finding in judgement.page.findings if judgement.page is not None and reading == "unreachable" else ():
            self._sink.tell(FindingSeen(finding.rule, finding.severity, finding.detail, finding.url or answer.url))
        if reading in ("blocked", "unreachable", "gone"):
            if known is not None and known.reports and not self._visits.was_read(target.url):
                await self._visits.tell(target.url, judgement, known)
            self._not_read(walk, reading, marker)
            return None
        holds = known is not None and bool(known.reports)
        walk.is_report = reading == "present" or (reading == "same" and holds)
        years = {report.year for report in (judgement.page.reports if judgement.page is not None else ())}
        if walk.is_report and not holds and years != {target.year} and self._read(walk, step, answer).view:
            walk.is_report = False
            self._views.append((walk, judgement))
            return judgement
        if (walk.is_report or holds) and not self._visits.was_read(target.url):
            await self._visits.tell(target.url, judgement, known)
        self._shown.update(
            report.text_hash for report in (judgement.page.reports if judgement.page is not None else ())
        )
        if reading == "same" and known is not None:
            self._shown.update(report.text_hash for report in known.reports)
        return judgement

    async def tell_views(self) -> None:
        """Tells the query pages that showed another year's report than was asked for (the newest, where no year or an unknown
        one was), if no column showed the same: as that report's address such a page would be lost to next year's."""
        views, self._views = self._views, []
        for walk, judgement in views:
            reports = judgement.page.reports if judgement.page is not None else ()
            repeats = all(report.text_hash in self._shown for report in reports)
            if not repeats and not self._visits.was_read(walk.target.url):
                walk.is_report = True
                self._shown.update(report.text_hash for report in reports)
                await self._visits.tell(walk.target.url, judgement, None)

    def _is_list(self, walk: _Walk, judgement: Judgement) -> bool:
        """Whether a first page that leads nowhere is a list all the same: one of nothing, not an error page."""
        if judgement.reading not in ("blocked", "unreachable", "gone"):
            return True
        if judgement.reading == "gone" and judgement.marker.startswith("暂无") and not walk.target.filled:
            return True
        if judgement.marker == verdict.EMPTY_PAGE and not walk.target.filled and _FRAME.search(judgement.answer.body):
            return True
        self._not_read(walk, judgement.reading, judgement.marker)
        return False

    def _not_read(self, walk: _Walk, reading: Reading, marker: str) -> None:
        """The column's first page is not there, or could not be read."""
        walk.reading = reading
        if reading == "gone" and (walk.target.filled or walk.target.linked):
            walk.absent = walk.first_page = True
        else:
            walk.fail(marker or reading)

    def _read(self, walk: _Walk, step: Step, answer: Answer, body: bytes | None = None) -> ListPage:
        listing = Listing(
            url=answer.url,
            text=_text(answer, answer.body if body is None else body),
            step=step,
            section=walk.target.url,
            year=walk.target.year,
            this_year=self._this_year,
            annual=walk.annual,
            pages=walk.said,
            selectors=self._portal.selectors,
        )
        try:
            return self._family.read(listing)
        except Exception as error:  # a list that breaks its family breaks nothing else
            detail = f"{type(error).__name__}: {error}"[:500]
            self._sink.tell(FindingSeen("unreadable", "error", detail, answer.url))
            self._sink.capture(answer.exchange())
            return ListPage(problem=f"unreadable: {detail}")

    def _take(self, walk: _Walk, page: ListPage, answer: Answer, step: Step) -> ListPage | None:
        """Tells what a list page lists, and whether the list goes on."""
        walk.annual |= page.annual
        walk.columns += page.columns
        walk.said = page.pages or walk.said
        walk.rows += page.listed or len(page.rows)
        walk.expected = page.expected if page.expected is not None else walk.expected
        if page.problem:
            walk.fail(page.problem)
        if step.number and page.rows and page.rows in walk.seen_pages:
            walk.fail(f"page {walk.pages} repeats an earlier one")
            return None
        if step.number and not page.links and not step.state:
            self._doubt(walk, page, answer)
        walk.seen_pages.add(page.rows)
        for link in page.links:
            key = key_of(link.url)
            if key in walk.seen_links or (walk.target.filled and twin_of(link.url) in self._walked):
                continue  # a query page's crumbs lead to another year of the same section: that is read as a column
            if not self._guard.allows_host(link.url):
                self._report_off_host(link.url, link.title, walk.target.url)
                continue
            if len(walk.seen_links) >= self._job.limits.links:
                walk.fail(f"more than {self._job.limits.links} links")
                return None
            walk.seen_links.add(key)
            known = self._known.page(link.url)
            url = known.url if known is not None else link.url
            if key not in walk.told:
                walk.told[key] = link.kind
                self._sink.tell(
                    LinkListed(
                        section=walk.target.section,
                        column=walk.target.url,
                        url=url,
                        title=link.title,
                        kind=link.kind,
                        date=link.date,
                        year=walk.target.year,
                    )
                )
            if link.kind == "report":
                if known is None:
                    self.found.setdefault(key, (url, Hint(link.title, link.date, "", walk.target.year)))
                else:
                    self._listed.setdefault(key, set()).add((walk.target.section, link.title))
        return page

    def _doubt(self, walk: _Walk, page: ListPage, answer: Answer) -> None:
        """A later page without a report link: it may be an error page or a challenge under status 200."""
        said = self._visits.parse(answer, Hint())
        if said is None or said.state in ("blocked", "unreachable", "gone"):
            walk.fail(f"page {walk.pages}: {said.marker if said is not None else 'unreadable'}")
        elif not page.rows:
            walk.fail(f"page {walk.pages} is empty")

    def _report_off_host(self, url: str, title: str, column: str) -> None:
        if url not in self._off_host:
            self._off_host.add(url)
            detail = f"{column} lists {title!r} at {url}, which is neither the portal's host nor in allowed_hosts"
            self._sink.tell(FindingSeen("off_host_link", "info", detail[:1000], url))

    def _linked(self, target: Target, columns: tuple[Column, ...]) -> Iterator[Target]:
        """The columns of a first page that nobody walks yet: each year's, and those that stand in a year's own. A year's column
        also links the other years', but those that count are the section's."""
        if target.inside:
            return
        inside = 0
        for column in columns:
            inside += column.inside
            if inside > MOST_INSIDE or (target.linked and not column.inside):
                continue
            if not self._guard.allows_host(column.url):
                self._report_off_host(column.url, str(column.year), target.url)
            elif twin_of(column.url) not in self._walked:
                yield self._register(
                    Target(target.section, normalise(column.url), column.year, linked=True, inside=column.inside)
                )

    def again(self) -> list[Target]:
        """The columns to walk once more: those of sections of several list pages, all read to their ends, that name a known
        page no more. Until they were, they prove nothing."""
        pages = Counter[str]()
        for walk in self._walks.values():
            pages[walk.target.section] += walk.pages
        several = {section for section, count in pages.items() if count > 1}
        lost = self._lost() & several if several else several
        self._doubted = {section: self._named(section) for section in lost}
        walks = [walk for walk in self._walks.values() if walk.target.section in lost]
        for walk in walks:
            walk.fail("not read again")
        return [walk.target for walk in walks]

    def tell(self) -> None:
        """Tells each column as it was walked last, or first if its second walk failed. A section whose walks differ and that
        still names a page no more changes faster than it can be read: it proves nothing."""
        restless = {section for section, named in self._doubted.items() if named != self._named(section)}
        lost = self._lost() if restless or any(walk.trouble for walk in self._walks.values()) else set()
        restless &= lost
        for walk in self._walks.values():
            if walk.target.section in restless:
                walk.fail("it changed while it was read")
            if walk.trouble and walk.target.section in lost:
                walk.fail(walk.trouble)
            self._tell(walk)

    def _partly(self) -> set[str]:
        """Sections of which a column was not read to its end."""
        return {walk.target.section for walk in self._walks.values() if walk.reason}

    def _named(self, section: str) -> set[int]:
        """What the walks of a section that are told found in its lists."""
        return {key for walk in self._walks.values() if walk.target.section == section for key in walk.seen_links}

    def _lost(self) -> set[str]:
        """Sections that name a known page no more."""
        partly = self._partly()
        return {section for page in self._known.pages() for section in self._lost_by(page, partly)}

    def _lost_by(self, page: KnownPage, partly: set[str]) -> set[str]:
        """Sections that name a known page no more. What a list that was not read to its end lacks says nothing."""
        now = {section for section, _ in self._listed.get(key_of(page.url), ())}
        return {section for section, _ in page.listed} - now - partly

    def doubt(self) -> str:
        """What lists say of a known page that they did not say before, or no more; empty: nothing. What discovery
        finds off a list waits for the next full pass, which the record tells of it: a list that is broken for long is no
        reason to read the whole portal each time."""
        discovery = self._job.mode == "discover"
        partly = self._partly()
        for page in self._known.pages():
            now = self._listed.get(key_of(page.url), set())
            before = set(page.listed)
            said = {section for section, _ in before & now}
            # Columns of one section may name a page in several ways: that one of them is known is enough.
            if new := sorted(title for section, title in now if section not in said):
                return f"listed as {new[0]!r}: {page.url}"
            if not discovery and self._lost_by(page, partly):
                return f"no longer listed: {page.url}"
        return ""

    def silent(self) -> list[str]:
        """Sections that named known pages, and are gone now or name no report: as after a redesign. One that could not be read,
        or not to its end, is none."""
        walks: dict[str, list[_Walk]] = {}
        for walk in self._walks.values():
            walks.setdefault(walk.target.section, []).append(walk)
        mute = [section for section, its in walks.items() if all(map(_is_silent, its))]
        if not mute:
            return []
        named = {section for page in self._known.pages() for section, _ in page.listed}
        return [section for section in mute if section in named]

    def _tell(self, walk: _Walk) -> None:
        self._sink.tell(
            SectionRead(
                section=walk.target.section,
                url=walk.target.url,
                complete=not walk.reason,
                first_page=walk.first_page,
                linked=walk.target.linked,
                absent=walk.absent,
                is_report=walk.is_report,
                pages=walk.pages,
                links=sum(kind == "report" for kind in walk.told.values()),
                status=walk.status,
                reading=walk.reading,
                reason=walk.reason,
                rendered=walk.rendered,
                unrendered="" if walk.is_report else walk.unrendered,
                captures=tuple(walk.captures),
            )
        )


def _text(answer: Answer, body: bytes) -> str:
    return decode(body, answer.header("Content-Type"))


def _is_silent(walk: _Walk) -> bool:
    reports = walk.is_report or any(kind == "report" for kind in walk.told.values())
    return not reports and (walk.reading == "gone" or not walk.reason)
