"""Pages of a portal within settle's transaction: which reports each shows, its validators, and what it was read as.

Pages and reports are n to m. Validators belong to the page, and are kept only from a response that was read present.
"""

from collections.abc import Mapping

from crawler.observation import Job, PageRead, Role
from crawler.page.address import normalise
from monitor.match import Match, Matched, where_read
from monitor.record import PortalRecord, save_detail
from monitor.store import Store


class PageLedger:
    """The pages' part of one pass."""

    def __init__(self, store: Store, record: PortalRecord, job: Job, capture: str) -> None:
        self.store = store
        self.record = record
        self.crawl = job.crawl
        self.rules = job.rules
        self.capture = capture
        self._ids = {url: page["id"] for url, page in record.pages.items()}

    def id_of(self, url: str) -> int:
        """The row of an address; made if there is none."""
        if url not in self._ids:
            self._ids[url] = self.store.insert("pages", {"portal": self.record.name, "url": url})
        return int(self._ids[url])

    def write(self, pages: dict[str, PageRead]) -> None:
        """Validators of what was read present. Those of any other answer are not kept."""
        for address, page in pages.items():
            if page.reading not in ("present", "same"):
                continue
            where = where_read(page)
            row = self.record.pages.get(where)
            if page.reading == "same" and where == address:
                if row and (page.etag or row["etag"], page.last_modified or row["last_modified"]) != (
                    row["etag"],
                    row["last_modified"],
                ):
                    kept = {key: value for key in ("etag", "last_modified") if (value := getattr(page, key))}
                    self.store.update("pages", row["id"], kept)
                continue
            values = {
                "etag": page.etag,
                "last_modified": page.last_modified,
                "body_hash": page.body_hash,
                "skeleton": page.skeleton,
                "rules": self.rules,
            }
            if self.capture and page.capture:
                values["archive_ref"] = f"{self.capture}#{page.capture}"
            if row is None or any(row[key] != value for key, value in values.items()):
                self.store.update("pages", self.id_of(where), values)

    def forget(self, where: str) -> None:
        """What a page said last is forgotten: the next pass parses whatever comes, and compares the reports on it."""
        page = self.id_of(where)
        self.store.run(
            "UPDATE pages SET etag = '', last_modified = '', body_hash = '', skeleton = '' WHERE id = ?", (page,)
        )
        self.store.run("UPDATE page_reports SET text_hash = '' WHERE page = ? AND role <> 'attachment'", (page,))

    def _note(self, url: str, report: int, role: Role, text_hash: str) -> None:
        """Notes that a page shows a report. A former address that shows it again becomes a view."""
        self.store.run(
            """INSERT INTO page_reports (page, report, role, text_hash) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET text_hash = excluded.text_hash, absent = '', unread = '',
            role = CASE WHEN role = 'primary' THEN role ELSE excluded.role END""",
            (self.id_of(url), report, role, text_hash),
        )

    def place(self, match: Match, report: int, role: Role) -> None:
        known = {
            (url, item["report"]): item
            for url in {match.where, normalise(match.page.url)}
            if url in self.record.pages
            for item in self.record.on_page.get(self.record.pages[url]["id"], ())
        }
        for url in {match.where, normalise(match.page.url)}:
            item = known.get((url, report))
            as_role: Role = role if url == match.where else "view"
            if (
                item is None
                or item["absent"]
                or item["unread"]
                or item["text_hash"] != match.seen.text_hash
                or (item["role"] not in (as_role, "primary"))
            ):
                self._note(url, report, as_role, match.seen.text_hash)

    def held_reports(self, address: str) -> bool:
        """Whether an address was a report's page before this pass."""
        page = self.record.pages.get(address)
        return page is not None and any(
            item["role"] != "attachment" for item in self.record.on_page.get(page["id"], ())
        )

    def make_primary(self, number: int, where: str) -> None:
        """Makes another address a report's primary one."""
        self.store.update("reports", number, {"url": where})
        self.store.run("UPDATE page_reports SET role = 'former' WHERE report = ? AND role = 'primary'", (number,))
        self.store.run(
            "UPDATE page_reports SET role = 'primary', absent = '' WHERE report = ? AND page = ?",
            (number, self.id_of(where)),
        )

    def write_absences(self, matched: Matched, pages: Mapping[str, PageRead]) -> None:
        """Remembers, page by page, which reports a page no longer shows: a later 304 then says the same."""
        for number, (reading, page, overwritten) in matched.readings.items():
            if reading == "present" and self.record.details[number].reason:
                save_detail(self.store, number, reason="")
            if page is None or page.reading != "present" or reading == "present":
                continue
            self.store.run(
                "UPDATE page_reports SET absent = ? WHERE report = ? AND page = ?",
                ("overwritten" if overwritten else reading, number, self.id_of(self.record.reports[number]["url"])),
            )
            save_detail(self.store, number, reason="overwritten" if overwritten else "")
        shown = {(normalise(match.page.url), match.report) for match in matched.matches}
        for address, seen in pages.items():
            row = self.record.pages.get(address)
            if seen.reading != "present" or row is None:
                continue
            for item in self.record.on_page.get(row["id"], ()):
                # Another page that showed the report: what it last said must not bring the report back later.
                if item["role"] in ("view", "former") and not item["absent"] and (address, item["report"]) not in shown:
                    self.store.run(
                        "UPDATE page_reports SET absent = 'gone' WHERE report = ? AND page = ? AND role <> 'primary'",
                        (item["report"], row["id"]),
                    )

    def write_readings(self, matched: Matched, counted: frozenset[int]) -> None:
        """Readings that changed or counted towards something, with their evidence."""
        changed = []
        for number, (reading, page, _) in matched.readings.items():
            if reading is None or page is None:
                continue
            if reading == self.record.reports[number]["last_reading"] and number not in counted:
                continue
            ref = f"{self.capture}#{page.capture}" if self.capture and page.capture else ""
            if not ref and page.reading == "same" and reading in ("gone", "weak_gone"):
                ref = self._captured_before(number)
            self.store.insert(
                "readings",
                {
                    "report": number,
                    "crawl": self.crawl,
                    "reading": reading,
                    "http_status": page.status,
                    "final_url": page.final_url or page.url,
                    "marker": page.marker,
                    "archive_ref": ref,
                    "counted": int(number in counted),
                },
            )
            changed.append((reading, number))
        self.store.run_many("UPDATE reports SET last_reading = ? WHERE id = ?", changed)

    def _captured_before(self, number: int) -> str:
        """The capture of the reading before, whose bytes came once more."""
        row = self.store.row(
            """SELECT archive_ref FROM readings WHERE report = ? AND reading IN ('gone', 'weak_gone') ORDER BY id DESC
            LIMIT 1""",
            (number,),
        )
        return str(row["archive_ref"]) if row else ""
