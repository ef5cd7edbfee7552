"""Reads report pages and their attachments: an address → the observations that it makes.

An unchanged page costs a request and a hash: it is neither decoded nor parsed. Everything else goes to the pure
`crawler.page.reader`; here stands only what a reader of bytes can't know: where redirects led, what was known before.
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from urllib.parse import unquote, unquote_to_bytes, urldefrag, urlsplit

import msgspec

from crawler import families
from crawler.fetching import Answer, Fetcher
from crawler.known import KnownPages, key_of
from crawler.observation import (
    AttachmentRead,
    FindingSeen,
    Job,
    KnownPage,
    Observation,
    PageRead,
    Reading,
    ReportSeen,
)
from crawler.page import document
from crawler.page.address import is_home, normalise, twin_of
from crawler.page.model import Attachment, Fetched, Hint, Page
from crawler.page.reader import read_page
from crawler.run_folder import Exchange

_ERROR_PATH = re.compile(
    r"(?i)/(?:[\w-]*error[\w-]*|err|[\w-]*404[\w-]*|notfound|not_found|nopage|page_?lost)(?:[./?]|$)"
)
_ERROR_CODE = re.compile(r"(?i)/(?:[a-z]*[-_]?)?(40[135]|412|418|429|5\d\d|50x)\.?\w*$")
_EXTRACT_SECONDS = 120.0
_HTML = ("text/html", "application/xhtml+xml")


class Sink(Protocol):
    """Where observations and captures go."""

    def tell(self, observation: Observation) -> None:
        """Records one observation."""

    def capture(self, exchange: Exchange) -> str:
        """Keeps a response; the place where it stands."""


class Judgement(msgspec.Struct):
    """What an address turned out to be."""

    reading: Reading
    marker: str
    answer: Answer
    page: Page | None = None
    body_hash: str = ""
    steady: bool = True
    """No refresh or redirect led elsewhere: the response's validators are those of the address asked for."""


class Visits:
    """Reads pages and attachments of one pass."""

    def __init__(self, job: Job, known: KnownPages, fetcher: Fetcher, sink: Sink) -> None:
        self._job = job
        self._portal = job.portal
        self._markup = families.markup_of(job.portal)
        self._known = known
        self._fetcher = fetcher
        self._sink = sink
        self._read: set[int] = set()
        self._fetched_attachments: set[int] = set()
        self._columns: set[str] = set()
        # One thread: PDFium is not thread-safe, and one document at a time bounds memory.
        self._extractor = ThreadPoolExecutor(1, thread_name_prefix="extract")
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
        if self._portal.render and judgement.reading == "other" and answer.status == 200:
            rendered = await self._fetcher.fetch(url, render=True)
            again = await self.judge(url, rendered, known, hint)
            judgement = again if again.reading in ("present", "same") else judgement
        await self.tell(url, judgement, known)

    async def judge(self, url: str, answer: Answer, known: KnownPage | None, hint: Hint) -> Judgement:
        """What an answer means for the page at `url`; follows refreshes. Tells nothing but refusals."""
        trusted = known is not None and bool(known.body_hash) and known.rules == self._job.rules
        steady = True
        while True:
            self.refused(answer)
            if answer.failure:
                return Judgement(answer.failure, answer.marker, answer)
            if answer.status == 304:
                if trusted and steady:
                    return Judgement("same", "status 304", answer)
                return Judgement("unreachable", "status 304 unasked", answer)
            body_hash = answer.body_hash
            if known is not None and trusted and answer.status == 200 and body_hash == known.body_hash:
                return Judgement("same", "", answer, None, body_hash, steady and _same(url, answer.url))
            page = self.parse(answer, hint)
            if page is None:
                return Judgement("unreachable", "unreadable", answer, None, body_hash)
            if not page.refresh or page.reports:
                break
            steady = False
            if answer.hops >= self._job.limits.redirects:
                return Judgement("unreachable", "redirect loop", answer, None, body_hash)
            hops = answer.hops + 1
            answer = await self._fetcher.fetch(page.refresh, hops=hops)
        reading, marker = self._where(url, answer, page)
        return Judgement(reading, marker, answer, page, body_hash, steady and _same(url, answer.url))

    def _where(self, url: str, answer: Answer, page: Page) -> tuple[Reading, str]:
        """The page's own verdict, and what the place where a redirect ended adds to it."""
        if page.state in ("blocked", "unreachable", "gone") or _place(answer.url) == _place(url):
            return page.state, page.marker
        end = dead_end(answer.url)
        if end:
            return end
        if page.state != "present" and _place(answer.url) in self._columns:
            return "gone", "redirect to the section"
        return page.state, page.marker

    def parse(self, answer: Answer, hint: Hint) -> Page | None:
        """The page that an answer holds; None if it cannot be parsed (told as a finding)."""
        fetched = Fetched(
            url=answer.url,
            status=answer.status,
            content_type=answer.header("Content-Type"),
            body=answer.body,
            asked=answer.asked if answer.asked != answer.url else "",
        )
        try:
            return read_page(fetched, self._portal, self._markup, hint)
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
        if answer.response is not None and (
            new or judgement.reading in ("gone", "other") or judgement.marker == "unreadable"
        ):
            capture = self._sink.capture(answer.exchange())
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
            )
        )
        for finding in page.findings if page is not None else ():
            self._sink.tell(FindingSeen(finding.rule, finding.severity, finding.detail, finding.url or answer.url))
        if judgement.reading == "same" and known is not None:
            await self._attachments(known.attachments)
        elif reports:
            await self._attachments(attachment for seen in reports for attachment in seen.attachments)

    async def _attachments(self, attachments: Iterable[Attachment]) -> None:
        for attachment in attachments:
            key = key_of(attachment.url)
            if key not in self._fetched_attachments:
                self._fetched_attachments.add(key)
                await self._attachment(attachment)

    async def _attachment(self, attachment: Attachment) -> None:
        """Reads one attachment, conditionally if it is known."""
        if attachment.url.startswith("data:"):
            await self._inline(attachment)
            return
        known = self._known.attachment(attachment.url)
        trusted = known is not None and bool(known.body_hash) and known.rules in ("", self._job.rules)
        answer = await self._fetcher.fetch(
            attachment.url,
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
            if reading == "gone" and answer.response is not None:
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
            return ("same", "status 304") if asked else ("unreachable", "status 304 unasked")
        if answer.status == 200 and not answer.body:
            return "unreachable", "empty body"
        media_type = document.sniff(answer.body, answer.header("Content-Type")) if answer.status == 200 else ""
        wanted_html = attachment.kind == "document" and re.search(r"(?i)\.s?html?$", urlsplit(attachment.url).path)
        if answer.status == 200 and (wanted_html or media_type not in _HTML):
            return "present", ""
        page = self.parse(answer, Hint())
        if page is not None and page.state in ("gone", "blocked", "unreachable"):
            return page.state, page.marker
        if answer.status == 200 and not _same(attachment.url, answer.url):
            return dead_end(answer.url) or ("unreachable", "an HTML page instead of the file")
        return "unreachable", "an HTML page instead of the file" if answer.status == 200 else f"status {answer.status}"

    async def _extract(self, body: bytes, claimed: str, url: str, sha256: str, told: dict[str, Any]) -> None:
        """Text and pixels of a new or changed attachment, in a thread and bounded in time."""
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._extractor, document.extract, body, claimed, url)
        text, pixels, media_type = "", "", document.sniff(body, claimed)
        try:
            extract = await asyncio.wait_for(work, _EXTRACT_SECONDS)
        except TimeoutError:
            detail = f"its text could not be read within {_EXTRACT_SECONDS:.0f} s"
            self._sink.tell(FindingSeen("attachment_unreadable", "warning", detail, url))
            self._extractor = ThreadPoolExecutor(1, thread_name_prefix="extract")
        else:
            text, pixels, media_type = extract.text, extract.pixels, extract.media_type
            for finding in extract.findings:
                self._sink.tell(FindingSeen(finding.rule, finding.severity, finding.detail, finding.url or url))
        self._sink.tell(
            AttachmentRead(
                reading="present",
                sha256=sha256,
                media_type=media_type,
                size=len(body),
                text=text,
                pixels=pixels,
                **told,
            )
        )

    def refused(self, answer: Answer) -> None:
        """Tells what the guard refused, if anything."""
        if answer.refusal is not None:
            self._sink.tell(FindingSeen(answer.refusal.rule, "warning", answer.refusal.detail, answer.asked))

    def close(self) -> None:
        """Gives the extraction thread up; a document it still reads is lost."""
        self._extractor.shutdown(wait=False, cancel_futures=True)


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
    return None


def _place(url: str) -> str:
    """What an address and its views share. Without the fragment: an answer never tells it (gkmlpt's `#5021`)."""
    return twin_of(urldefrag(url).url)


def _same(one: str, other: str) -> bool:
    return one == other or normalise(one) == normalise(other)
