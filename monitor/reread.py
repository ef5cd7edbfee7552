"""Stored captures, read again as a portal's pages are read today (docs/lifecycle.md, rule 12).

In: the record, the archive, the portal as its file describes it now. Out: a `PageReread` for each page: which of the
reports that the record holds stand on its captures under today's rules, and how they read. Nothing is written here and
nobody is asked: `monitor.renew` takes the answer into the record, `monitor.trial` only shows it.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from crawler.documents.extractor import Extractor
from crawler.families import markup_of
from crawler.page.address import normalise
from crawler.page.model import Fetched, Hint, PageFinding, Report
from crawler.page.reader import read_page
from crawler.portal import Portal
from monitor.archive import ArchiveError, Capture, read_capture
from monitor.briefing import hint_of
from monitor.extraction import extract_again, outdated
from monitor.identity import find_organ
from monitor.match import ALIKE, in_common
from monitor.record import PortalRecord
from monitor.store import Fields, Row, Store
from monitor.versions import Held, held_now, stored_held

Fate = Literal["read", "unread", "lost"]


class Source(msgspec.Struct, frozen=True):
    """One stored response as it reads today."""

    ref: str
    url: str = ""
    status: int = 0
    page_hash: str = ""
    state: str = ""
    """What it is: present, gone, other, …; empty: it could not be read from the archive."""
    why: str = ""
    """What decided, or why it could not be read."""
    reports: tuple[Report, ...] = ()
    findings: tuple[PageFinding, ...] = ()


class ReportReread(msgspec.Struct, frozen=True):
    """One report of the record. `read`: as `report` says. `unread`: its capture shows no such report under today's
    rules. `lost`: there is no capture that can be read."""

    id: int
    fate: Fate
    source: Source
    age: Literal["whole", "part"] = "part"
    """`whole`: the capture is of the last response that was read. See ReportDetail.reread."""
    report: Report | None = None
    held: tuple[Held, ...] = ()
    """Its attachments: those that it links under today's rules, their text as it is extracted today."""
    findings: tuple[PageFinding, ...] = ()
    """Of the attachments that were extracted again."""
    extracted: tuple[str, ...] = ()
    """Addresses of those attachments."""
    problems: tuple[str, ...] = ()
    """Attachments whose stored bytes could not be read."""


class PageReread(msgspec.Struct, frozen=True):
    """One page of the record."""

    page: Fields
    source: Source | None
    """The page's own last capture; None: it has none."""
    reports: tuple[ReportReread, ...] = ()
    """Those whose primary page it is."""
    shown: Mapping[int, Report] = {}
    """By report: what the page's own capture shows of it, primary or not."""
    unshown: tuple[int, ...] = ()
    beside: tuple[Report, ...] = ()
    """Reports on the page's own capture that the record does not have there."""


class Rereader:
    """Reads one portal's captures again."""

    def __init__(self, store: Store, archive: Path, portal: Portal, record: PortalRecord) -> None:
        self.store = store
        self.archive = archive
        self.portal = portal
        self.record = record
        self.markup = markup_of(portal)
        self.links = {link["url"]: link for link in record.links if link["kind"] == "report"}
        self.versions: dict[int, Row] = {
            row["report"]: row
            for row in store.rows(
                "SELECT v.* FROM versions v JOIN reports r ON r.current_version = v.id WHERE r.portal = ?",
                (record.name,),
            )
        }
        self.primary: dict[str, list[int]] = {}
        for number, row in record.reports.items():
            self.primary.setdefault(row["url"], []).append(number)
        self._left_out = {
            row["url"]
            for row in store.rows(
                "SELECT x.url FROM page_parts x JOIN pages p ON p.id = x.page WHERE p.portal = ? AND x.gone = 1",
                (record.name,),
            )
        }
        """Parts of articles that are confirmed gone, or were never read: their articles are read without them."""
        self._last: tuple[tuple[str, Hint], Source] | None = None
        self.documents = Extractor()
        """To be closed, for it starts a process when the first document is read."""

    def pages(self) -> list[Fields]:
        """The pages that hold reports, in the order of their reports' years: last year's figures are read first."""

        def first(page: Fields) -> int:
            items = self.shown_on(page)
            return min((self.record.reports[item["report"]]["year"] for item in items), default=0)

        return sorted((page for page in self.record.pages.values() if self.shown_on(page)), key=first)

    def shown_on(self, page: Fields) -> list[Fields]:
        """What the record says of the reports on a page, attachments aside."""
        return [item for item in self.record.on_page.get(page["id"], ()) if item["role"] != "attachment"]

    def outdated(self, page: Fields, rules: str) -> bool:
        """Whether anything of a page was read by other rules than these, or extracted by another extractor."""
        numbers = self.primary.get(page["url"], [])
        if page["reread"] == rules:
            return False
        return (
            page["rules"] != rules
            or any(self.versions[number]["rules"] != rules for number in numbers)
            or any(outdated(item) for number in numbers for item in self.held(number))
        )

    def held(self, report: int) -> tuple[Held, ...]:
        return stored_held(self.store, self.versions[report]["id"])

    def page(self, page: Fields) -> PageReread:
        """Reads a page's captures again: its own, and those of versions that it no longer shows."""
        items = self.shown_on(page)
        primary = self.primary.get(page["url"], [])
        hint = hint_of(self.links.get(page["url"]), [self.record.reports[item["report"]]["title"] for item in items])
        own: Source | None = None
        shown: dict[int, Report] = {}
        here = [item["report"] for item in items if not item["absent"]]
        beside: tuple[Report, ...] = ()
        if page["archive_ref"]:
            own = self._source(page["archive_ref"], hint)
            if own.state:
                shown, beside = self._assign(here, own.reports)
        reports = []
        for number in primary:
            if own is not None and own.state and number in here:
                reports.append(self._report(page, number, own, shown.get(number)))
                continue
            source = self._source(self.versions[number]["archive_ref"], hint)
            together = [
                other for other in primary if self.versions[other]["archive_ref"] == source.ref and other not in shown
            ]
            found, extra = self._assign(together, source.reports)
            reports.append(self._report(page, number, source, found.get(number)))
            if own is None and source.state and source.page_hash == page["body_hash"] and number in here:
                # The page's own last response, though nobody noted it as such.
                shown |= {other: report for other, report in found.items() if other in here}
                beside = extra
        unshown = tuple(number for number in here if number not in shown)
        return PageReread(page, own, tuple(reports), shown, unshown, beside)

    def _source(self, ref: str, hint: Hint) -> Source:
        if self._last is not None and self._last[0] == (ref, hint):
            return self._last[1]
        source = self._read(ref, hint)
        self._last = ((ref, hint), source)
        return source

    def _read(self, ref: str, hint: Hint) -> Source:
        if not ref:
            return Source(ref, why="nothing was captured")
        try:
            capture = read_capture(self.archive, ref)
        except ArchiveError as error:
            return Source(ref, why=str(error))
        page_hash = hashlib.sha256(capture.body).hexdigest()
        try:
            further = self._further(ref)
        except ArchiveError as error:
            return Source(ref, why=str(error))
        try:
            page = read_page(_fetched(capture), self.portal, self.markup, hint, further)
        except Exception as error:  # a page that breaks the reader breaks nothing else, as in a pass
            why = f"{type(error).__name__}: {error}"[:500]
            return Source(ref, capture.url, capture.status, page_hash, "unreadable", why)
        unknown = {part.url for part in page.parts if part.state is None} - self._left_out
        if page.state == "present" and unknown:
            # Read whole, it goes on at addresses that were not captured: what it says by these rules nobody knows.
            return Source(
                ref, capture.url, capture.status, page_hash, why=f"not captured: {', '.join(sorted(unknown))}"
            )
        return Source(ref, capture.url, capture.status, page_hash, page.state, page.marker, page.reports, page.findings)

    def _further(self, ref: str) -> dict[str, Fetched]:
        """The further parts of the article that a capture begins. Raises ArchiveError."""
        rows = self.store.rows("SELECT url, archive_ref FROM article_parts WHERE first = ? ORDER BY seq", (ref,))
        return {row["url"]: _fetched(read_capture(self.archive, row["archive_ref"])) for row in rows}

    def _assign(self, known: Sequence[int], reports: Sequence[Report]) -> tuple[dict[int, Report], tuple[Report, ...]]:
        """Which reading is which report's: by key, by text, by year, by likeness, at last by being the only one."""
        found: dict[int, Report] = {}
        left = list(reports)
        waiting = list(known)

        def take(number: int, report: Report) -> None:
            found[number] = report
            waiting.remove(number)
            left[:] = [other for other in left if other is not report]

        for number in tuple(waiting):
            row = self.record.reports[number]
            for report in left:
                if report.year == row["year"] and self._same_organ(row, report):
                    take(number, report)
                    break
        for number in tuple(waiting):
            text_hash = self.versions[number]["page_text_hash"]
            if (same := next((report for report in left if report.text_hash == text_hash), None)) is not None:
                take(number, same)
        years = Counter(report.year for report in left)
        for number in tuple(waiting):
            year = self.record.reports[number]["year"]
            if years[year] == 1 and sum(self.record.reports[other]["year"] == year for other in waiting) == 1:
                take(number, next(report for report in left if report.year == year))
        pairs = [
            (in_common(self.versions[number]["text"], report.text), number, index)
            for number in waiting
            for index, report in enumerate(left)
        ]
        readings = list(left)
        for share, number, index in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
            if share >= ALIKE and number in waiting and any(readings[index] is report for report in left):
                take(number, readings[index])
        if len(known) == len(reports) == 1 and waiting:
            take(waiting[0], left[0])
        return found, tuple(left)

    def _same_organ(self, row: Fields, report: Report) -> bool:
        if not report.organ:
            return True
        organ = self.record.organ(row["organ_id"])
        return find_organ(report.organ, [organ]) is not None

    def _report(self, page: Fields, number: int, source: Source, report: Report | None) -> ReportReread:
        stored = self.held(number)
        extracted = {item.url: extract_again(self.archive, item, self.documents) for item in stored if outdated(item)}
        renewed = tuple(extracted[item.url].held if item.url in extracted else item for item in stored)
        held = renewed
        if report is not None:
            links = [msgspec.structs.replace(link, url=normalise(link.url)) for link in report.attachments]
            held = held_now(links, renewed, {}, frozenset(), "")
        return ReportReread(
            id=number,
            fate="lost" if not source.state else "unread" if report is None else "read",
            source=source,
            age="whole" if source.page_hash == page["body_hash"] else "part",
            report=report,
            held=held,
            findings=tuple(finding for one in extracted.values() for finding in one.findings),
            extracted=tuple(url for url, one in extracted.items() if not one.problem),
            problems=tuple(f"{url}: {one.problem}" for url, one in extracted.items() if one.problem),
        )


def _fetched(capture: Capture) -> Fetched:
    return Fetched(capture.url, capture.status, capture.content_type, capture.body)
