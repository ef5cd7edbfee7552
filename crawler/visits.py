"""Reads report pages and their attachments: an address → the observations that it makes.

An unchanged page costs a request and a hash: it is neither decoded nor parsed. One in which only a counter, a token or a comment
is another costs its skeleton besides. Everything else goes to the pure `crawler.page.reader`; here stands only what a reader of
bytes can't know: where redirects led, what was known before.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from crawler import families
from crawler.articles import Articles, Whole
from crawler.endings import place, same, where
from crawler.fetching import Answer, Fetcher, asked_for_changes
from crawler.files import Files
from crawler.known import KnownPages, key_of
from crawler.observation import (
    FindingSeen,
    Job,
    KnownPage,
    PageRead,
    PartRead,
    Reading,
    ReportSeen,
)
from crawler.page import verdict, walls
from crawler.page.address import twin_of
from crawler.page.model import Fetched, Hint, Page
from crawler.page.refresh import by_header
from crawler.run_folder import Sink

_TURNS, _TURNS_ASKED = 64, 8
"""In one pass of so many a page is parsed whatever its skeleton says; the same where validators, once they are those of what the server
now sends, may save the whole answer."""

_BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError, MemoryError, AssertionError)
"""What a hostile page may make of whoever looks at it."""


class Judgement(msgspec.Struct):
    """What an address turned out to be."""

    reading: Reading
    marker: str
    answer: Answer
    page: Page | None = None
    body_hash: str = ""
    steady: bool = True
    """No refresh or redirect led elsewhere: the response's validators are those of the address asked for."""
    parts: tuple[PartRead, ...] = ()
    """Of an article that goes on at further addresses."""
    part_answers: Mapping[str, Answer] = {}


class Visits:
    """Reads pages and attachments of one pass."""

    def __init__(self, job: Job, known: KnownPages, fetcher: Fetcher, sink: Sink) -> None:
        self._job = job
        self._portal = job.portal
        self._markup = families.markup_of(job.portal)
        self._known = known
        self._fetcher = fetcher
        self._sink = sink
        self._articles = Articles(fetcher, self.parse)
        self._read: set[int] = set()
        self._columns: set[str] = set()
        self._lost: set[int] = set()
        """Reports whose own page reads gone in this pass."""
        self._unchanged_views: list[str] = []
        self._files = Files(job, known, fetcher, sink, self.parse, self._columns, self.refused)
        self.gone = False
        """A page was read gone in this pass."""
        self.doubt = ""
        """What was first read that is not as it was: a page says something else, or a report stands where none was known."""

    def add_column(self, url: str) -> None:
        """A section's address: a report's page that leads there is gone."""
        self._columns.add(place(url))

    def was_read(self, url: str) -> bool:
        """Whether the address was told in this pass already."""
        return key_of(url) in self._read

    async def visit(self, url: str, known: KnownPage | None, hint: Hint) -> None:
        """Reads a page once a pass, tells what it is, and reads its attachments."""
        if self.was_read(url):
            return
        self._read.add(key_of(url))
        trusted = known is not None and bool(known.body_hash) and known.rules == self._job.rules
        answer = await self._fetcher.fetch(
            url,
            etag=known.etag if known is not None and trusted else "",
            last_modified=known.last_modified if known is not None and trusted else "",
        )
        judgement = await self.judge(url, answer, known, hint)
        unread = judgement.reading == "other" or judgement.marker in (verdict.EMPTY_PAGE, verdict.LEADS_ON)
        if self._portal.render and unread and answer.status == 200:
            rendered = await self._fetcher.fetch(url, render=True)
            again = await self.judge(url, rendered, known, hint)
            judgement = again if again.reading in ("present", "same") else judgement
        await self.tell(url, judgement, known)

    async def read_heirs(self) -> None:
        """Reads once more, whole and with its files, each unchanged view of a report whose own page reads gone: it is to
        take that page's place, and views are not compared."""
        for url in self._unchanged_views:
            known = self._known.page(url)
            if known is None or not any(report.id in self._lost for report in known.reports):
                continue
            hint = Hint(title=known.title, year=known.year)
            judgement = await self.judge(url, await self._fetcher.fetch(url), None, hint)
            if judgement.reading == "present":
                await self.tell(url, judgement, None)
        self._unchanged_views.clear()

    async def judge(self, url: str, answer: Answer, known: KnownPage | None, hint: Hint) -> Judgement:
        """What an answer means for the page at `url`; follows refreshes, and an article to its last page. Tells nothing but
        refusals."""
        judgement = await self._judge(url, answer, known, hint)
        if judgement.reading == "same" and known is not None and known.parts:
            whole = await self._articles.unchanged(known)
            if whole is not None:
                return _as_whole(judgement, whole)
            if not judgement.answer.body:
                answer = await self._fetcher.fetch(url)
            judgement = await self._judge(url, answer, None, hint)
        if judgement.reading == "present" and judgement.page is not None and judgement.page.parts:
            whole = await self._articles.whole(judgement.answer, judgement.page, known, hint)
            return _as_whole(judgement, whole)
        return judgement

    async def _judge(self, url: str, answer: Answer, known: KnownPage | None, hint: Hint) -> Judgement:
        """The same of the page that stands at `url` alone."""
        trusted = known is not None and bool(known.body_hash) and known.rules == self._job.rules
        steady = True
        while True:
            self.refused(answer)
            if answer.failure:
                return Judgement(answer.failure, answer.marker, answer)
            if answer.status == 304:
                if trusted and steady and asked_for_changes(answer):
                    return Judgement("same", "status 304", answer)
                return Judgement("unreachable", "status 304 unasked", answer)
            body_hash = answer.body_hash
            # The same bytes in another folder link their files there.
            elsewhere = known is not None and bool(known.attachments) and not same(url, answer.url)
            unchanged = known is not None and trusted and answer.status == 200 and body_hash == known.body_hash
            if unchanged and not elsewhere:
                return Judgement("same", "", answer, None, body_hash, steady and same(url, answer.url))
            if known is not None and trusted and steady and self._is_alike(url, answer, known):
                # Not steady: with validators of bytes that nobody parsed, no later pass would see them.
                return Judgement("same", "", answer, None, known.body_hash, steady=False)
            page = self.parse(answer, hint)
            if page is None:
                return Judgement("unreachable", "unreadable", answer, None, body_hash)
            target = page.refresh
            if page.state == "other" or page.marker in verdict.WORDLESS:
                target = target or by_header(answer.header("Refresh"), answer.url)
            if not target or page.reports:
                break
            steady = False
            if answer.hops >= self._job.limits.redirects:
                return Judgement("unreachable", "redirect loop", answer, None, body_hash)
            hops = answer.hops + 1
            answer = await self._fetcher.fetch(target, hops=hops)
        reading, marker = where(url, answer.url, page, self._columns)
        if reading == "blocked" and marker.startswith("status "):
            marker = walls.of_headers(answer.headers, answer.status) or marker
        return Judgement(reading, marker, answer, page, body_hash, steady and same(url, answer.url))

    def _is_alike(self, url: str, answer: Answer, known: KnownPage) -> bool:
        """Whether an answer differs from what was parsed last in nothing that is looked at. Now and then nobody asks: should
        that ever be wrong, an alert is late and not lost."""
        if not known.skeleton or known.missing or answer.status != 200 or not same(url, answer.url):
            return False
        turns = _TURNS_ASKED if known.etag or known.last_modified else _TURNS
        if _in_turn(url, self._job.crawl, turns):
            return False
        from crawler.page import skeleton  # here and below: what reads pages is imported by the first page that is read

        try:
            return skeleton.same(known.skeleton, answer.body, answer.header("Content-Type"), self._portal)
        except _BROKEN:
            return False  # it is parsed, and the reader says what is wrong

    def _skeleton(self, answer: Answer, page: Page) -> str:
        from crawler.page import skeleton

        try:
            return skeleton.of_read(answer.body, answer.header("Content-Type"), self._portal, page)
        except _BROKEN:
            return ""

    def parse(self, answer: Answer, hint: Hint, further: Mapping[str, Fetched] = MappingProxyType({})) -> Page | None:
        """The page that an answer holds, with further parts of its article; None if it cannot be parsed (told as a finding)."""
        fetched = Fetched(
            url=answer.url,
            status=answer.status,
            content_type=answer.header("Content-Type"),
            body=answer.body,
            asked=answer.asked if answer.asked != answer.url else "",
        )
        from crawler.page.reader import read_page

        try:
            return read_page(fetched, self._portal, self._markup, hint, further)
        except _BROKEN as error:
            # A page that breaks the reader breaks nothing else: it is told, and its capture lets us find out.
            self._sink.tell(FindingSeen("unreadable", "error", f"{type(error).__name__}: {error}"[:500], answer.url))
            return None

    async def tell(self, url: str, judgement: Judgement, known: KnownPage | None) -> None:
        """Records a page's reading, then reads the attachments of the reports on it."""
        self._read.add(key_of(url))
        answer, page = judgement.answer, judgement.page
        reports: tuple[ReportSeen, ...] = ()
        capture = ""
        hashes = {report.text_hash for report in known.reports} if known is not None else set()
        if judgement.reading == "present" and page is not None:
            reports = tuple(
                ReportSeen(report.text_hash, None, report.attachments)
                if report.text_hash in hashes
                else ReportSeen(report.text_hash, report, report.attachments)
                for report in page.reports
            )
        new = any(seen.report is not None for seen in reports)
        # A page that stands, without a report that it showed: that is what the report's reading *gone* rests on.
        shown = {seen.text_hash for seen in reports}
        lost = known is not None and judgement.reading == "present" and (known.missing or not hashes <= shown)
        if answer.response is not None and (
            new or lost or judgement.reading in ("gone", "other") or judgement.marker == "unreadable"
        ):
            capture = self._sink.capture(answer.exchange())
        parts = tuple(self._captured(part, judgement.part_answers.get(part.url), new) for part in judgement.parts)
        bones = known.skeleton if known is not None and judgement.reading == "same" else ""
        if judgement.reading == "present" and page is not None and judgement.steady:
            bones = self._skeleton(answer, page)
        self.gone |= judgement.reading in ("gone", "other")
        if not self.doubt and _is_news(url, judgement, known, shown):
            self.doubt = f"{judgement.reading}: {url}"
        if known is not None and known.role == "primary" and judgement.reading in ("gone", "other"):
            self._lost.update(report.id for report in known.reports)
        if (
            known is not None
            and known.role == "view"
            and (judgement.reading == "same" or any(not seen.report for seen in reports))
        ):
            self._unchanged_views.append(url)
        self._sink.tell(
            PageRead(
                url=url,
                reading=judgement.reading,
                final_url="" if same(url, answer.url) else answer.url,
                status=answer.status,
                marker=judgement.marker,
                etag=answer.header("ETag") if judgement.steady else "",
                last_modified=answer.header("Last-Modified") if judgement.steady else "",
                body_hash=judgement.body_hash or (known.body_hash if known and judgement.reading == "same" else ""),
                skeleton=bones,
                capture=capture,
                reports=reports,
                companions=page.companions if page is not None and judgement.reading == "present" else (),
                parts=parts,
            )
        )
        for finding in page.findings if page is not None else ():
            self._sink.tell(FindingSeen(finding.rule, finding.severity, finding.detail, finding.url or answer.url))
        if judgement.reading == "same" and known is not None:
            await self._files.read(known.attachments, answer.url)
        elif reports:
            await self._files.read((attachment for seen in reports for attachment in seen.attachments), answer.url)

    def _captured(self, part: PartRead, answer: Answer | None, new: bool) -> PartRead:
        """A further part with its capture: behind a new report, and where it reads gone."""
        if answer is None or answer.response is None or not (new or part.reading == "gone"):
            return part
        return msgspec.structs.replace(part, capture=self._sink.capture(answer.exchange()))

    def refused(self, answer: Answer) -> None:
        """Tells what the guard refused, if anything."""
        if answer.refusal is not None:
            self._sink.tell(FindingSeen(answer.refusal.rule, "warning", answer.refusal.detail, answer.asked))

    def close(self) -> None:
        """Lets go of the process that reads documents; with the last pass it ends."""
        self._files.close()


def _is_news(url: str, judgement: Judgement, known: KnownPage | None, shown: set[str]) -> bool:
    """Whether a page says of any report what it did not say before. `shown`: text hashes of the reports on it. Blocked and
    unreachable say nothing."""
    if known is None:
        return bool(shown)
    if judgement.reading in ("gone", "other"):
        return known.own
    if judgement.reading not in ("present", "same"):
        return False
    if known.own and judgement.answer.url != url and twin_of(judgement.answer.url) != twin_of(url):
        return True
    before = {report.text_hash for report in known.reports}
    shown = before if judgement.reading == "same" else shown
    if any(report.down and report.text_hash in shown for report in known.reports):
        return True
    return not shown <= before or (known.own and shown != before)


def _in_turn(url: str, crawl: int, turns: int) -> bool:
    """Whether a page's turn comes in this pass, one of `turns`. Drawn, but for the same pass always the same."""
    drawn = hashlib.blake2b(f"{crawl} {url}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(drawn) % turns == 0


def _as_whole(judgement: Judgement, whole: Whole) -> Judgement:
    """An article's judgement: its first part's, or that of the part that could not be read."""
    told = msgspec.structs.replace(
        judgement, page=whole.page or judgement.page, parts=whole.parts, part_answers=whole.answers
    )
    if whole.failure is None:
        return told
    return msgspec.structs.replace(told, reading=whole.failure, marker=whole.marker)
