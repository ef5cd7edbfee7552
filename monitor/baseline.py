"""Whether a report that the record does not have yet is news, or was there when the portal began to be watched.

Baseline is what was listed up to a section's first complete listing (rule 10), and what only an edit of the portal file,
or an upgrade, brings to light (rule 12): the portal did nothing then. Within settle's transaction; writes nothing.
"""

import msgspec

from crawler.page.address import normalise
from monitor.evidence import PassEvidence
from monitor.intake import Run
from monitor.legal import local_date
from monitor.match import Match
from monitor.pages import PageLedger
from monitor.record import PortalRecord
from monitor.store import Store
from monitor.times import to_utc


class Baseline:
    """What one pass's new reports are told by."""

    def __init__(self, store: Store, record: PortalRecord, run: Run, pages: PageLedger) -> None:
        self.store = store
        self.record = record
        self.run = run
        self.pages = pages
        self._listed = frozenset(link["url"] for link in record.links if link["baseline"])
        """What lists named up to the baseline."""

    def holds(self, match: Match, evidence: PassEvidence) -> bool:
        """Whether a new report is no news."""
        addresses = {match.where, normalise(match.page.url)}
        if any(self._shown_beside(address, match) for address in addresses):
            return True
        listed_by = {section for section, links in evidence.links.items() if addresses & links.keys()}
        shown_by = {reading.section for reading in self.run.sections if normalise(reading.url) in addresses}
        for section in listed_by | shown_by:
            if self._first_reading(section) or self._edit_shows(evidence, section, addresses, match):
                return True
        # A column that held another report when the baseline was told, or none, and holds a new one now, brings news: that
        # a list linked it then (as the crumbs of the other years' pages do) says nothing about a report.
        if any(self.pages.held_reports(address) for address in addresses):
            return False
        return not self._listed.isdisjoint(addresses - evidence.section_pages)

    def _first_reading(self, section: str) -> bool:
        row = self.record.sections.get(section)
        return row is not None and row["first_complete_crawl"] is None

    def _shown_beside(self, address: str, match: Match) -> bool:
        """Whether by today's rules the report stood on the page's stored capture already."""
        page = self.record.pages.get(address)
        beside = msgspec.json.decode(page["beside"], type=list[tuple[str, int]]) if page is not None else []
        printed = match.seen.report.organ if match.seen.report is not None else ""
        return (printed, match.year) in beside

    def _edit_shows(self, evidence: PassEvidence, section: str, addresses: set[str], match: Match) -> bool:
        """Whether it may only be an edit of the portal file that lists a report now. It is not if the kept listing lacks
        it; where that was not kept whole, if it was published on the day of the last complete one or later."""
        read = evidence.sections.get(section)
        if read is None or not read.edited:
            return False
        if any(read.stood_there(address) for address in addresses):
            return True
        if read.whole:
            return False
        last = self.record.sections[section]["last_complete_crawl"]
        row = self.store.row("SELECT finished_at FROM crawls WHERE id = ?", (last,))
        published = match.seen.report.published_on if match.seen.report is not None else ""
        if row is None or not row["finished_at"] or not published:
            return True
        return published < local_date(to_utc(row["finished_at"])).isoformat()
