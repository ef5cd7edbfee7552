"""What a page's captures say by today's rules, taken into the record: within one transaction a page, without an event.

In: a `PageReread`. Out: an `Outcome` for each of its reports. A reading that equals the version's brings the version up to
date; another one becomes a version beside it, marked `rebaseline`, as old as the capture that it reads.
"""

import msgspec

from crawler.page.model import GUESSED, Report
from crawler.portal import Portal
from monitor.attachments import known_attachments, place_attachments
from monitor.findings_store import FindingWriter
from monitor.organs import OrganLedger
from monitor.record import PortalRecord, save_detail
from monitor.rekey import key_today, printed_on
from monitor.renewed import Outcome, Result
from monitor.reread import PageReread, ReportReread, Rereader
from monitor.store import Fields, Row, Store
from monitor.versions import EXTRACTOR, Draft, Held, relink, same_reading, stored_report, write_version


class Renewal:
    """Takes pages that were read again into the record, one transaction each."""

    def __init__(
        self,
        store: Store,
        record: PortalRecord,
        rereader: Rereader,
        portal: Portal,
        rules: str,
        now: str,
        *,
        everything: bool,
    ) -> None:
        self.store = store
        self.record = record
        self.versions = rereader.versions
        self.portal = portal
        self.rules = rules
        self.now = now
        self.everything = everything
        self.organs = OrganLedger(store, record)
        self.files = known_attachments(record)
        self.ids = {url: page["id"] for url, page in record.pages.items()}

    def page(self, reread: PageReread) -> list[Outcome]:
        """One page's reports, and what is known of the page itself."""
        outcomes = [self._report(one, printed_on(reread, one)) for one in reread.reports]
        self._write_page(reread)
        return outcomes

    def _write_page(self, reread: PageReread) -> None:
        """What the page shows by today's rules. Its validators stay only if a pass that meets the same bytes again would
        learn nothing from parsing them."""
        page, source = reread.page, reread.source
        for number, report in reread.shown.items():
            self.store.run(
                "UPDATE page_reports SET text_hash = ?, unread = '' WHERE page = ? AND report = ?",
                (report.text_hash, page["id"], number),
            )
        state = source.state if source is not None else ""
        if self.record.row["rendered"] and not self.portal.render:
            # The capture is what a browser made of the page; what the server itself sends nobody has seen.
            self.store.run(
                "UPDATE page_reports SET unread = 'other' WHERE page = ? AND role <> 'attachment' AND absent = ''",
                (page["id"],),
            )
            detail = f"门户文件 {self.portal.name}.toml 关闭了 render，此前由浏览器读取；不用浏览器时读不到正文的页面不视为撤下，也无法核实"
            findings = FindingWriter(self.store, self.record.name, self.record.row["last_crawl"])
            findings.on_page("rules_unread", "warning", detail, page["url"])
        for number in reread.unshown if state else ():
            self.store.run(
                "UPDATE page_reports SET unread = ? WHERE page = ? AND report = ?", (state, page["id"], number)
            )
        for one in reread.reports:
            if one.fate == "unread" and one.id not in reread.unshown:
                self.store.run(
                    "UPDATE page_reports SET unread = ? WHERE page = ? AND report = ?",
                    (one.source.state, page["id"], one.id),
                )
        beside = [(report.organ, report.year) for report in reread.beside if report.year is not None]
        # Which counters a skeleton leaves out rests on what was read by the rules before.
        values: dict[str, object] = {
            "reread": self.rules,
            "beside": msgspec.json.encode(beside).decode(),
            "skeleton": "",
        }
        if reread.shown and not reread.unshown:
            values["rules"] = self.rules
            held = {one.source.page_hash for one in reread.reports} | ({source.page_hash} if source else set())
            if reread.beside or held != {page["body_hash"]}:
                values |= {"etag": "", "last_modified": "", "body_hash": ""}
        self.store.update("pages", page["id"], values)

    def _report(self, one: ReportReread, printed: str) -> Outcome:
        version = self.versions[one.id]
        row = self.record.reports[one.id]
        findings = FindingWriter(self.store, self.record.name, version["crawl"])
        self._note_documents(one, findings)
        if one.report is None:
            return self._unreadable(one, row, version, findings)
        was = row
        rekeyed = self._rekey(one.id, row, one.report, printed)
        draft = self._draft(one, one.report)
        number, kept = self._write(one, version, draft, self.rules)
        row = self.record.reports[one.id]
        organ = self.record.organ(row["organ_id"])
        if rekeyed and kept:
            save_detail(self.store, one.id, reread=one.age)
        figures = told = False
        writer = FindingWriter(self.store, self.record.name, None)
        if rekeyed:
            writer.on_key(one.id, was["organ_id"], was["year"])
        if not kept:
            writer.on_version(one.id, number, draft, organ, row["year"])
        elif self.everything or rekeyed or version["rules"] != self.rules:
            figures, told = writer.renew(one.id, number, draft, organ, row["year"])
        writer.settle()
        self.organs.note_alias(organ, one.report.organ)
        if lost := _loss(version["text"], one.report.text):
            findings.on_page("reread_loses_text", "warning", f"{lost}；{self._reads_by()}", row["url"])
        result: Result = "equal" if kept else "rebaselined"
        return Outcome(
            one.id, row["organ"], row["year"], row["url"], result, number, "", rekeyed, not kept or figures, not kept or told
        )  # fmt: skip

    def _draft(self, one: ReportReread, report: Report) -> Draft:
        source = one.source
        return Draft(report, source.page_hash, self.record.reports[one.id]["url"], source.status, source.ref, one.held)

    def _write(self, one: ReportReread, version: Row, draft: Draft, rules: str) -> tuple[int, bool]:
        """The version as it is read now: the one that stands, brought up to date, or another one beside it."""
        number = one.id
        if same_reading(self.store, version, draft):
            self.store.run("UPDATE versions SET rules = ? WHERE id = ? AND rules <> ?", (rules, version["id"], rules))
            relink(self.store, version["id"], draft.held)
            self._place(number, draft.held)
            return int(version["id"]), True
        crawl, captured_at = self._captured(version, draft.archive_ref)
        new = write_version(self.store, number, crawl, captured_at, rules, "rebaseline", draft, draft.fingerprints())
        self.store.update("versions", new, {"reread_of": version["id"]})
        self.store.update(
            "reports",
            number,
            {
                "current_version": new,
                "title": draft.report.title,
                "published_on": draft.report.published_on,
                **({"organ": draft.report.organ} if draft.report.organ else {}),
            },
        )
        save_detail(self.store, number, reread=one.age)
        self._place(number, draft.held)
        row = self.store.row("SELECT * FROM versions WHERE id = ?", (new,))
        report = self.store.row("SELECT * FROM reports WHERE id = ?", (number,))
        assert row is not None
        assert report is not None
        self.versions[number], self.record.reports[number] = row, report
        return new, False

    def _captured(self, version: Row, ref: str) -> tuple[int, str]:
        """The pass that captured a response, and when it was settled: a re-reading is as old as what it reads."""
        if ref == version["archive_ref"]:
            return version["crawl"], version["captured_at"]
        crawl = ref.rpartition("/")[2].partition(".")[0]
        row = self.store.row(
            "SELECT id, finished_at FROM crawls WHERE id = ? AND finished_at IS NOT NULL",
            (int(crawl) if crawl.isdigit() else 0,),
        )
        return (row["id"], row["finished_at"]) if row else (version["crawl"], version["captured_at"])

    def _place(self, number: int, held: tuple[Held, ...]) -> None:
        place_attachments(self.store, number, held, self._page_id, self.files)
        current = [self.ids[item.url] for item in held if item.extractor == EXTRACTOR and item.url in self.ids]
        self.store.run_many("UPDATE pages SET rules = ? WHERE id = ?", [(self.rules, page) for page in current])

    def _page_id(self, url: str) -> int:
        if url not in self.ids:
            self.ids[url] = self.store.insert("pages", {"portal": self.portal.name, "url": url})
        return int(self.ids[url])

    def _note_documents(self, one: ReportReread, findings: FindingWriter) -> None:
        """Findings of documents that were extracted again take the place of those of the time before."""
        rules = "('unreadable_document', 'scanned_document', 'attachment_unreadable')"
        for url in one.extracted:
            self.store.run(
                f"""DELETE FROM findings WHERE version IS NULL AND url = ? AND rule IN {rules}
                AND crawl IN (SELECT id FROM crawls WHERE portal = ?)""",  # noqa: S608
                (url, self.portal.name),
            )
        for finding in one.findings:
            findings.on_page(finding.rule, finding.severity, finding.detail, finding.url)
        for problem in one.problems:
            detail = f"附件存档无法读取：{problem}；从备份恢复存档后运行 nianbao archive reread {self.portal.name}"
            findings.on_page("capture_unreadable", "error", detail, self.record.reports[one.id]["url"])

    def _unreadable(self, one: ReportReread, row: Fields, version: Row, findings: FindingWriter) -> Outcome:
        """A report whose page cannot be read again: it stays as it was read, its documents are brought up to date."""
        number = version["id"]
        if one.extracted:
            draft = Draft(
                stored_report(version), version["page_hash"], version["url"], version["http_status"], version["archive_ref"], one.held
            )  # fmt: skip
            number, kept = self._write(one, version, draft, version["rules"])
            if not kept:
                organ = self.record.organ(row["organ_id"])
                writer = FindingWriter(self.store, self.record.name, None)
                writer.on_version(one.id, number, draft, organ, row["year"])
                writer.settle()
        if one.fate == "unread":
            detail = f"存档中的页面按现行规则读不到这份年报（{one.source.why or one.source.state}）；{self._reads_by()}"
            findings.on_page("rules_unread", "error", detail, row["url"])
        else:
            detail = f"存档无法读取：{one.source.why}；从备份恢复存档后运行 nianbao archive reread {self.portal.name}"
            findings.on_page("capture_unreadable", "error", detail, row["url"])
        return Outcome(
            one.id, row["organ"], row["year"], row["url"], "unread" if one.fate == "unread" else "lost", number, one.source.why
        )  # fmt: skip

    def _reads_by(self) -> str:
        """What of the portal file reads its pages, for whoever has to set it right."""
        own = self.portal.selectors
        said = [f"family = {self.portal.family}"]
        said += [
            f"selectors.{key} = {value}" for key in ("title", "date", "source", "body") if (value := getattr(own, key))
        ]
        return f"请核对门户文件 {self.portal.name}.toml（{'，'.join(said)}），试读：nianbao portals check {self.portal.name} --captures"

    # Keys ---------------------------------------------------------------------------------------------------------

    def _rekey(self, number: int, row: Fields, report: Report, printed: str) -> str:
        """Gives a report the organ and year that its capture says by today's rules. What it was known as; empty: as now."""
        detail = self.record.details[number]
        organ, year = key_today(self.record, number, report, printed)
        guess = report.year_from in GUESSED
        if year == report.year and not detail.corrected and (detail.year_from or not guess):
            save_detail(self.store, number, year_from=str(report.year_from) if guess else "")
        if (organ.id, year) == (row["organ_id"], row["year"]):
            return ""
        was = self.record.organ(row["organ_id"])
        organ = self.organs.row(organ)
        others = self.store.rows(
            "SELECT variant FROM reports WHERE portal = ? AND organ_id = ? AND year = ? AND id <> ?",
            (self.portal.name, organ.id, year, number),
        )
        variant = max((other["variant"] for other in others), default=-1) + 1
        self.store.update("reports", number, {"organ_id": organ.id, "year": year, "variant": variant})
        before = detail.key_before if detail.reread and detail.key_before else (row["organ_id"], row["year"])
        save_detail(self.store, number, key_before=before)
        self.record.reports[number] = {**row, "organ_id": organ.id, "year": year, "variant": variant}
        return f"{was.name} {row['year']}"


def _loss(before: str, after: str) -> str:
    """Says that a re-reading lacks most of the text, if it does."""
    old, new = len("".join(before.split())), len("".join(after.split()))
    return f"按现行规则重读，正文由 {old} 字减为 {new} 字" if new * 2 < old else ""
