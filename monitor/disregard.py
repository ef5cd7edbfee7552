"""What an operator declared to prove nothing, within settle's transaction (`reports.detail.disregarded`).

After a wrong event was retracted, the site may go on showing what misled the pass. Such a reading says nothing, like one
that is blocked, until the report reads otherwise once; then everything counts again.
"""

from typing import TYPE_CHECKING

import msgspec

from crawler.observation import PageRead
from crawler.page.address import normalise
from monitor.lifecycle import Reading
from monitor.match import Matched
from monitor.reading_words import kind_of_reading
from monitor.record import PortalRecord, save_detail
from monitor.store import Store

if TYPE_CHECKING:
    from monitor.canonical import Fingerprints

PRESENT, CONTENT = "present: ", "content: "
UNLISTED, LISTED = "unlisted", "listed"
"""The marks: these, and the kinds of readings that are *gone*."""


class Disregard:
    """One pass's readings, less what proves nothing."""

    def __init__(self, store: Store, record: PortalRecord) -> None:
        self.store = store
        self.record = record

    def weigh(
        self, number: int, reading: Reading | None, page: PageRead | None, listed: bool | None, matched: Matched
    ) -> tuple[Reading | None, bool | None]:
        """A report's reading and whether it is listed, None where that proves nothing."""
        marks = set(self.record.details[number].disregarded)
        if not marks:
            return reading, listed
        kept = set(marks)
        if listed is not None:
            if (UNLISTED if not listed else LISTED) in marks:
                listed = None
            else:
                kept -= {LISTED, UNLISTED}
        url = self.record.reports[number]["url"]
        gone = {mark for mark in marks if not mark.startswith((PRESENT, CONTENT)) and mark not in (LISTED, UNLISTED)}
        if reading == "present":
            kept -= gone
            shown = {
                f"{PRESENT}{match.seen.text_hash}"
                for match in matched.matches
                if match.report == number and url in (match.where, normalise(match.page.url))
            }
            reading = None if shown & marks else reading
        elif reading in ("gone", "weak_gone") and page is not None:
            kept -= {mark for mark in marks if mark.startswith(PRESENT)}
            said = kind_of_reading(reading, page.status, page.marker, page.final_url or page.url, url)
            reading = None if said in gone else reading
        self._save(number, marks, kept)
        return reading, listed

    def is_disregarded(self, number: int, prints: "Fingerprints", parsed: bool) -> bool:
        """Whether a report's content is what was declared no change. Another one that was `parsed` ends it."""
        marks = set(self.record.details[number].disregarded)
        contents = {mark for mark in marks if mark.startswith(CONTENT)}
        if not contents or not parsed:
            return False
        if f"{CONTENT}{prints.content_hash} {prints.strict_hash}" in contents:
            return True
        self._save(number, marks, marks - contents)
        return False

    def _save(self, number: int, marks: set[str], kept: set[str]) -> None:
        if kept != marks:
            left = tuple(sorted(kept))
            self.record.details[number] = msgspec.structs.replace(self.record.details[number], disregarded=left)
            save_detail(self.store, number, disregarded=left)
