"""Attachments and pictures of a portal's reports through one pass: what was read, what is confirmed gone.

They are re-checked like pages, and a reading *gone* counts like a page's: `takedown_confirmations` healthy readings in a
row, spread over `takedown_after`; until then, and while blocked or unreachable, the last state stands.
"""

from collections.abc import Callable, Mapping, Sequence

from crawler.page.address import normalise
from crawler.page.model import Attachment
from crawler.portal import Policy
from monitor.intake import Run
from monitor.record import PortalRecord
from monitor.store import Fields, Store
from monitor.times import to_utc
from monitor.versions import Held, held_now, relink


def known_attachments(record: PortalRecord) -> dict[str, Fields]:
    """What the record says of each attachment's address."""
    return {
        url: item
        for url, page in record.pages.items()
        for item in record.on_page.get(page["id"], ())
        if item["role"] == "attachment"
    }


def place_attachments(
    store: Store, report: int, held: Sequence[Held], page_id: Callable[[str], int], known: Mapping[str, Fields]
) -> None:
    """Notes which attachments a report has now; those that it no longer links are not asked for again."""
    store.run("DELETE FROM page_reports WHERE report = ? AND role = 'attachment'", (report,))
    for item in held:
        before = known.get(item.url, {"misses": 0, "missing_since": None})
        store.run(
            """INSERT INTO page_reports (page, report, role, text_hash, misses, missing_since)
            VALUES (?, ?, 'attachment', ?, ?, ?) ON CONFLICT DO NOTHING""",
            (page_id(item.url), report, item.text_hash, before["misses"], before["missing_since"]),
        )


class AttachmentLedger:
    """Reads and writes the attachments' part of the record."""

    def __init__(self, store: Store, record: PortalRecord, run: Run, policy: Policy, now: str) -> None:
        self.store = store
        self.policy = policy
        self.now = now
        self.read = {normalise(seen.url): seen for seen in run.attachments.values()}
        self.rules = run.job.rules
        self.rows = known_attachments(record)
        self.pages = record.pages
        self.portal = record.name
        self.by_report: dict[int, int] = {}
        for items in record.on_page.values():
            for item in items:
                if item["role"] == "attachment":
                    self.by_report[item["report"]] = self.by_report.get(item["report"], 0) + 1
        self.gone: frozenset[str] = frozenset()
        self._found: dict[str, Held] = {}
        """What `_remembered` found: an icon that every page shows is looked for once."""

    def of(self, report: int) -> int:
        """How many attachments of a report the record knows."""
        return self.by_report.get(report, 0)

    def count(self, healthy: bool, clock_ok: bool) -> None:
        """Counts readings *gone* and keeps validators of what was read. With a wrong clock no time passes (rule 13)."""
        gone = set()
        for url, item in self.rows.items():
            seen = self.read.get(url)
            if seen is None:
                continue
            misses, since = item["misses"], item["missing_since"]
            counts = seen.reading in ("gone", "other") and healthy
            if seen.reading in ("present", "same"):
                misses, since = 0, None
                # Those of other bytes are kept by `place`, with the version that holds them: a file may have been read
                # where its report was not.
                if seen.reading == "present" and seen.sha256 == self.pages[url]["body_hash"]:
                    self._keep_validators(self.pages[url]["id"], url)
            elif counts:
                misses, since = misses + 1, since or (self.now if clock_ok else None)
            age = (to_utc(self.now) - to_utc(since)).total_seconds() if since else -1
            # A page in the file's place that is no error page takes one confirmation more.
            needed = self.policy.takedown_confirmations + (seen.reading == "other")
            if counts and clock_ok and misses >= needed and age >= self.policy.takedown_after:
                gone.add(url)
            if (misses, since) != (item["misses"], item["missing_since"]):
                self.store.run(
                    "UPDATE page_reports SET misses = ?, missing_since = ? WHERE page = ?",
                    (misses, since, item["page"]),
                )
                # A new version's rows carry on from it.
                self.rows[url] = {**item, "misses": misses, "missing_since": since}
        self.gone = frozenset(gone)

    def held(self, listed: Sequence[Attachment], stored: Sequence[Held], capture: str) -> tuple[Held, ...]:
        """What became of the attachments that a report links now."""
        links = [Attachment(normalise(link.url), link.name, link.kind) for link in listed]
        return held_now(links, stored, self.read, self.gone, capture, self._remembered)

    def _remembered(self, sha256: str) -> Held | None:
        if sha256 in self._found:
            return self._found[sha256]
        # CROSS: among the portal's own; an icon of the editor's stands in reports of every portal.
        row = self.store.row(
            """SELECT a.* FROM reports r CROSS JOIN versions v ON v.report = r.id CROSS JOIN attachments a ON a.version = v.id
            WHERE r.portal = ? AND a.sha256 = ? ORDER BY a.id DESC LIMIT 1""",
            (self.portal, sha256),
        )
        if row is None:  # a version of this very pass may hold it yet
            return None
        self._found[sha256] = Held(**{field: row[field] for field in Held.__struct_fields__})
        return self._found[sha256]

    def _keep_validators(self, page: int, url: str) -> None:
        seen = self.read[url]
        self.store.update(
            "pages",
            page,
            {"etag": seen.etag, "last_modified": seen.last_modified, "body_hash": seen.sha256, "rules": self.rules},
        )

    def place(self, report: int, held: Sequence[Held], page_id: Callable[[str], int]) -> None:
        """Notes which attachments a report has now; those that it no longer links are not asked for again."""
        place_attachments(self.store, report, held, page_id, self.rows)
        for item in held:
            seen = self.read.get(item.url)
            if seen is not None and seen.reading == "present":
                self._keep_validators(page_id(item.url), item.url)

    def relink(self, version: int, held: Sequence[Held]) -> None:
        """The same attachments behind other addresses: no new version, but the next pass must ask for the new ones."""
        relink(self.store, version, held)
