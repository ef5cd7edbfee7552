"""Reads report pages and their attachments: an address → the observations that it makes.

An unchanged page costs a request and a hash: it is neither decoded nor parsed. Everything else goes to the pure
`crawler.page.reader`; here stands only what a reader of bytes can't know: where redirects led, what was known before.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import unquote, unquote_to_bytes, urldefrag, urlsplit

import msgspec

from crawler import families
from crawler.articles import Articles, Whole
from crawler.documents import extractor
from crawler.documents.kinds import sniff
from crawler.fetching import Answer, Fetcher
from crawler.known import KnownPages, key_of
from crawler.observation import (
    AttachmentRead,
    FindingSeen,
    Job,
    KnownPage,
    Observation,
    PageRead,
    PartRead,
    Reading,
    ReportSeen,
)
from crawler.page import verdict
from crawler.page.address import is_home, normalise, twin_of
from crawler.page.model import Attachment, Fetched, Hint, Page
from crawler.page.reader import read_page
from crawler.page.refresh import by_header
from crawler.run_folder import Exchange

_ERROR_PATH = re.compile(
    r"(?i)/(?:[\w-]*error[\w-]*|err|[\w-]*404[\w-]*|notfound|not_found|nopage|page_?lost)(?:[./?]|$)"
)
_ERROR_CODE = re.compile(r"(?i)/(?:[a-z]*[-_]?)?(40[135]|412|418|429|5\d\d|50x)\.?\w*$")
_LOGIN_PATH = re.compile(
    r"(?i)/(?:sso|cas|uaa|oauth2?|login|signin|passport|logon)(?:[/.?]|$)|/(?:user|member)?login\.\w+$"
)
_WORDS = ("text/html", "application/xhtml+xml", "application/json", "text/plain", "text/xml")
"""Types of an answer that stands in a file's place."""


class Sink(Protocol):
    """Where observations and captures go."""

    def tell(self, observation: Observation) -> None:
        """Records one observation."""

    def capture(self, exchange: Exchange) -> str:
        """Keeps a response; the place where it stands."""

    def capture_list(self, exchange: Exchange) -> str:
        """Keeps a section's response until the pass is settled; the place where it stands, "" if it is not kept."""


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
        self._fetched_attachments: set[int] = set()
        self._columns: set[str] = set()
        extractor.shared.hold()
        self.gone = False
        """A page was read gone in this pass."""

    def add_column(self, url: str) -> None:
        """A section's address: a report's page that leads there is gone."""
        self._columns.add(_place(url))

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

    async def judge(self, url: str, answer: Answer, known: KnownPage | None, hint: Hint) -> Judgement:
        """What an answer means for the page at `url`; follows refreshes, and an article to its last page. Tells nothing but
        refusals."""
        judgement = await self._judge(url, answer, known, hint)
        if judgement.reading == "same" and known is not None and known.parts:
            whole = await self._articles.unchanged(known, known.rules == self._job.rules)
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
                if trusted and steady and _asked(answer):
                    return Judgement("same", "status 304", answer)
                return Judgement("unreachable", "status 304 unasked", answer)
            body_hash = answer.body_hash
            if known is not None and trusted and answer.status == 200 and body_hash == known.body_hash:
                return Judgement("same", "", answer, None, body_hash, steady and _same(url, answer.url))
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
        reading, marker = self._where(url, answer.url, page)
        return Judgement(reading, marker, answer, page, body_hash, steady and _same(url, answer.url))

    def _where(self, url: str, end: str, page: Page) -> tuple[Reading, str]:
        """The page's own verdict, and what the place where a redirect ended (`end`) adds to it."""
        wordless = page.marker in verdict.WORDLESS
        if _place(end) == _place(url) or (page.state in ("blocked", "unreachable", "gone") and not wordless):
            return page.state, page.marker
        if dead := dead_end(end):
            return dead
        if page.state != "present" and is_home(end.partition("?")[0]):
            return "gone", "redirect to the home page"
        if page.state != "present" and _place(end) in self._columns:
            return "gone", "redirect to the section"
        return page.state, page.marker

    def parse(self, answer: Answer, hint: Hint, further: Mapping[str, Fetched] = MappingProxyType({})) -> Page | None:
        """The page that an answer holds, with further parts of its article; None if it cannot be parsed (told as a finding)."""
        fetched = Fetched(
            url=answer.url,
            status=answer.status,
            content_type=answer.header("Content-Type"),
            body=answer.body,
            asked=answer.asked if answer.asked != answer.url else "",
        )
        try:
            return read_page(fetched, self._portal, self._markup, hint, further)
        except (
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
            MemoryError,
            AssertionError,
        ) as error:
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
        self.gone |= judgement.reading in ("gone", "other")
        self._sink.tell(
            PageRead(
                url=url,
                reading=judgement.reading,
                final_url="" if _same(url, answer.url) else answer.url,
                status=answer.status,
                marker=judgement.marker,
                etag=answer.header("ETag") if judgement.steady else "",
                last_modified=answer.header("Last-Modified") if judgement.steady else "",
                body_hash=judgement.body_hash or (known.body_hash if known and judgement.reading == "same" else ""),
                capture=capture,
                reports=reports,
                companions=page.companions if page is not None and judgement.reading == "present" else (),
                parts=parts,
            )
        )
        for finding in page.findings if page is not None else ():
            self._sink.tell(FindingSeen(finding.rule, finding.severity, finding.detail, finding.url or answer.url))
        if judgement.reading == "same" and known is not None:
            await self._attachments(known.attachments, answer.url)
        elif reports:
            await self._attachments((attachment for seen in reports for attachment in seen.attachments), answer.url)

    def _captured(self, part: PartRead, answer: Answer | None, new: bool) -> PartRead:
        """A further part with its capture: behind a new report, and where it reads gone."""
        if answer is None or answer.response is None or not (new or part.reading == "gone"):
            return part
        return msgspec.structs.replace(part, capture=self._sink.capture(answer.exchange()))

    async def _attachments(self, attachments: Iterable[Attachment], page: str) -> None:
        for attachment in attachments:
            key = key_of(attachment.url)
            if key not in self._fetched_attachments:
                self._fetched_attachments.add(key)
                await self._attachment(attachment, page)

    async def _attachment(self, attachment: Attachment, page: str) -> None:
        """Reads one attachment, conditionally if it is known. `page` links it: some servers give files to its readers only."""
        if attachment.url.startswith("data:"):
            await self._inline(attachment)
            return
        known = self._known.attachment(attachment.url)
        trusted = known is not None and bool(known.body_hash) and known.rules in ("", self._job.rules)
        answer = await self._fetcher.fetch(
            attachment.url,
            headers=(("Referer", page),),
            etag=known.etag if known is not None and trusted else "",
            last_modified=known.last_modified if known is not None and trusted else "",
            max_bytes=self._job.limits.attachment_bytes,
        )
        self.refused(answer)
        told: dict[str, Any] = {
            "url": attachment.url,
            "kind": attachment.kind,
            "final_url": "" if _same(attachment.url, answer.url) else answer.url,
            "status": answer.status,
        }
        reading, marker = self._attachment_reading(attachment, answer, trusted)
        if reading != "present":
            if reading in ("gone", "other") and answer.response is not None:
                told["capture"] = self._sink.capture(answer.exchange())
            self._sink.tell(
                AttachmentRead(
                    reading=reading,
                    marker=marker,
                    sha256=known.body_hash if known and reading == "same" else "",
                    **told,
                )
            )
            return
        sha256 = answer.body_hash
        if told["final_url"] == "":
            told |= {"etag": answer.header("ETag"), "last_modified": answer.header("Last-Modified")}
        if known is not None and trusted and sha256 == known.body_hash:
            self._sink.tell(AttachmentRead(reading="same", sha256=sha256, size=len(answer.body), **told))
            return
        told["capture"] = self._sink.capture(answer.exchange())
        await self._extract(answer.body, answer.header("Content-Type"), answer.url, sha256, told)

    async def _inline(self, attachment: Attachment) -> None:
        """A picture whose bytes stand in its address (a table pasted from Word): nothing to ask for; its page's capture
        holds it."""
        head, _, data = attachment.url.partition(",")
        try:
            body = base64.b64decode(unquote(data)) if head.endswith(";base64") else unquote_to_bytes(data)
        except ValueError as error:
            detail = f"the bytes in its address cannot be decoded: {error}"
            self._sink.tell(FindingSeen("attachment_unreadable", "warning", detail, attachment.url[:200]))
            return
        sha256 = hashlib.sha256(body).hexdigest()
        known = self._known.attachment(attachment.url)
        told: dict[str, Any] = {"url": attachment.url, "kind": attachment.kind}
        if known is not None and known.body_hash == sha256:
            self._sink.tell(AttachmentRead(reading="same", sha256=sha256, size=len(body), **told))
            return
        media_type = head.removeprefix("data:").partition(";")[0]
        await self._extract(body, media_type, attachment.url[:200], sha256, told)

    def _attachment_reading(self, attachment: Attachment, answer: Answer, asked: bool) -> tuple[Reading, str]:
        if answer.failure:
            return answer.failure, answer.marker
        if answer.status == 304:
            return ("same", "status 304") if asked and _asked(answer) else ("unreachable", "status 304 unasked")
        if answer.status != 200:
            decided = verdict.by_status(answer.status)
            return (
                (decided.state, decided.marker) if decided is not None else ("unreachable", f"status {answer.status}")
            )
        if not answer.body:
            return "unreachable", verdict.EMPTY_BODY
        if _cut_off(answer):
            return "unreachable", "truncated body"
        media_type = sniff(answer.body, answer.header("Content-Type"))
        wanted = attachment.kind == "document" and re.search(
            r"(?i)\.(?:s?html?|txt|csv|json)$", urlsplit(attachment.url).path
        )
        if wanted or media_type not in _WORDS:
            return "present", ""
        page = self.parse(answer, Hint())
        if page is None:
            return "unreachable", "unreadable"
        target = page.refresh or answer.url
        if target != answer.url or not _same(attachment.url, answer.url):
            reading, marker = self._where(attachment.url, target, page)
            if reading != "present":
                return reading, marker
        return (page.state, page.marker) if page.state != "present" else ("other", "a page instead of the file")

    async def _extract(self, body: bytes, claimed: str, url: str, sha256: str, told: dict[str, Any]) -> None:
        """Text and pixels of a new or changed attachment, read in the child process."""
        found = await extractor.shared.extract(body, claimed, url)
        for finding in found.findings:
            self._sink.tell(FindingSeen(finding.rule, finding.severity, finding.detail, finding.url or url))
        self._sink.tell(
            AttachmentRead(
                reading="present",
                sha256=sha256,
                media_type=found.media_type,
                size=len(body),
                text=found.text,
                pixels=found.pixels,
                **told,
            )
        )

    def refused(self, answer: Answer) -> None:
        """Tells what the guard refused, if anything."""
        if answer.refusal is not None:
            self._sink.tell(FindingSeen(answer.refusal.rule, "warning", answer.refusal.detail, answer.asked))

    def close(self) -> None:
        """Lets go of the process that reads documents; with the last pass it ends."""
        extractor.shared.release()


def _as_whole(judgement: Judgement, whole: Whole) -> Judgement:
    """An article's judgement: its first part's, or that of the part that could not be read."""
    told = msgspec.structs.replace(
        judgement, page=whole.page or judgement.page, parts=whole.parts, part_answers=whole.answers
    )
    if whole.failure is None:
        return told
    return msgspec.structs.replace(told, reading=whole.failure, marker=whole.marker)


def dead_end(url: str) -> tuple[Reading, str] | None:
    """What a redirect's end says by its address alone: the home page and error pages are no report's."""
    if is_home(url):
        return "gone", "redirect to the home page"
    path = urlsplit(url).path
    code = _ERROR_CODE.search(path)
    if code:
        return ("blocked", f"redirect to {path}") if code[1].startswith("4") else ("unreachable", f"redirect to {path}")
    if _ERROR_PATH.search(path):
        return "gone", f"redirect to {path}"
    if _LOGIN_PATH.search(path):
        return "blocked", f"redirect to {path}"
    return None


def _cut_off(answer: Answer) -> bool:
    """Whether a file ends too early where the server did not say how long it is."""
    if answer.response is None or "partial" not in answer.response.flags:
        return False
    body = answer.body
    if body.startswith(b"%PDF"):
        return b"%%EOF" not in body[-2048:]
    return body.startswith(b"PK\x03\x04") and b"PK\x05\x06" not in body[-70_000:]


def _asked(answer: Answer) -> bool:
    """Whether the request that was answered asked for changes only."""
    sent = answer.request.headers if answer.request is not None else {}
    return "If-None-Match" in sent or "If-Modified-Since" in sent


def _place(url: str) -> str:
    """What an address and its views share. Without the fragment: an answer never tells it (gkmlpt's `#5021`)."""
    return twin_of(urldefrag(url).url)


def _same(one: str, other: str) -> bool:
    return one == other or normalise(one) == normalise(other)
