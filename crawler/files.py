"""Reads attachments: documents that report pages link, and pictures in them → the observations that they make.

They are re-checked like pages: conditionally where they are known, and an unchanged one costs a request and a hash. What new
bytes say is read in the child process of `crawler.documents`.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from crawler.documents import extractor
from crawler.documents.kinds import saved_by_office, sniff
from crawler.endings import same, where
from crawler.fetching import Answer, Fetcher, asked_for_changes
from crawler.known import KnownPages, key_of
from crawler.observation import AttachmentRead, FindingSeen, Job, Reading
from crawler.page import verdict
from crawler.page.model import Attachment, Hint, Page
from crawler.run_folder import Sink

_WORDS = ("text/html", "application/xhtml+xml", "application/json", "text/plain", "text/xml")
"""Types of an answer that stands in a file's place."""


class Files:
    """Reads one pass's attachments, each once. `parse` reads an answer as a page, `refused` tells what the guard refused,
    `columns` are the places of the portal's sections."""

    def __init__(
        self,
        job: Job,
        known: KnownPages,
        fetcher: Fetcher,
        sink: Sink,
        parse: Callable[[Answer, Hint], Page | None],
        columns: Collection[str],
        refused: Callable[[Answer], None],
    ) -> None:
        self._job = job
        self._known = known
        self._fetcher = fetcher
        self._sink = sink
        self._parse = parse
        self._columns = columns
        self._refused = refused
        self._read: set[int] = set()
        extractor.shared.hold()

    async def read(self, attachments: Iterable[Attachment], page: str) -> None:
        """Reads those that were not read in this pass. `page` links them."""
        for attachment in attachments:
            key = key_of(attachment.url)
            if key not in self._read:
                self._read.add(key)
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
        self._refused(answer)
        told: dict[str, Any] = {
            "url": attachment.url,
            "kind": attachment.kind,
            "final_url": "" if same(attachment.url, answer.url) else answer.url,
            "status": answer.status,
        }
        reading, marker = self._reading(attachment, answer, trusted)
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

    def _reading(self, attachment: Attachment, answer: Answer, asked: bool) -> tuple[Reading, str]:
        if answer.failure:
            return answer.failure, answer.marker
        if answer.status == 304:
            return (
                ("same", "status 304") if asked and asked_for_changes(answer) else ("unreachable", "status 304 unasked")
            )
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
        saved = attachment.kind == "document" and saved_by_office(answer.body)
        if wanted or saved or media_type not in _WORDS:
            return "present", ""
        page = self._parse(answer, Hint())
        if page is None:
            return "unreachable", "unreadable"
        target = page.refresh or answer.url
        if target != answer.url or not same(attachment.url, answer.url):
            reading, marker = where(attachment.url, target, page, self._columns)
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

    def close(self) -> None:
        """Lets go of the process that reads documents; with the last pass it ends."""
        extractor.shared.release()


def _cut_off(answer: Answer) -> bool:
    """Whether a file ends too early where the server did not say how long it is."""
    if answer.response is None or "partial" not in answer.response.flags:
        return False
    body = answer.body
    if body.startswith(b"%PDF"):
        return b"%%EOF" not in body[-2048:]
    return body.startswith(b"PK\x03\x04") and b"PK\x05\x06" not in body[-70_000:]
