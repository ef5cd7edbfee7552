"""Reading a stored capture again under today's rules, so that an upgrade or an edited selector never looks like an edit
of the portal (docs/lifecycle.md, rule 12)."""

from pathlib import Path

from crawler.families import markup_of
from crawler.page.model import Fetched, Hint, Report
from crawler.page.reader import read_page
from crawler.portal import Portal
from monitor.archive import ArchiveError, read_capture
from monitor.store import Row


class Rereader:
    """Reads versions' captures as a portal's pages are read now."""

    def __init__(self, archive_dir: Path, portal: Portal) -> None:
        self.archive_dir = archive_dir
        self.portal = portal

    def reread(self, version: Row, like: Report, hint: Hint) -> Report | None:
        """The stored capture's report of the same year as `like` (its only one, if it holds one); None if the capture is
        lost or holds no such report under today's rules. `hint`: what a pass that reads the page again is told of it."""
        if not version["archive_ref"]:
            return None
        try:
            capture = read_capture(self.archive_dir, version["archive_ref"])
        except ArchiveError:
            return None
        fetched = Fetched(capture.url, capture.status, capture.content_type, capture.body)
        reports = read_page(fetched, self.portal, markup_of(self.portal), hint).reports
        if len(reports) == 1:
            return reports[0]
        return next((report for report in reports if report.year == like.year), None)
