"""The writing half of settle: new reports and new versions of one pass, within its transaction.

What is written follows from `monitor.matching` (which report is which) and `monitor.versions` (what is new in it).
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from crawler.observation import PageRead, ReportSeen
from crawler.page.address import normalise, twin_of
from crawler.page.model import GUESSED, Attachment, Report
from monitor.announce import Announcer, Context
from monitor.articles import ArticleLedger
from monitor.attachments import AttachmentLedger
from monitor.baseline import Baseline
from monitor.disregard import Disregard
from monitor.evidence import PassEvidence
from monitor.findings_store import FindingWriter
from monitor.identity import OrganRow
from monitor.intake import Run
from monitor.legal import late_by
from monitor.lifecycle import Significance
from monitor.match import Content, Match, Matched
from monitor.observed import whole
from monitor.organs import OrganLedger
from monitor.pages import PageLedger
from monitor.record import PortalRecord, ReportDetail, save_detail
from monitor.store import Store
from monitor.versions import (
    Draft,
    Held,
    compare,
    content_of,
    drafted,
    stored_held,
    stored_report,
    with_fingerprints,
    write_version,
)
from monitor.weigh import weigh, without_measure

if TYPE_CHECKING:
    from monitor.canonical import Fingerprints


class Ledger:
    """One pass's writes."""

    def __init__(
        self,
        store: Store,
        record: PortalRecord,
        run: Run,
        now: str,
        verified_at: str,
        capture: str,
        announcer: Announcer,
    ) -> None:
        """`verified_at`: what time it is for the reports that are seen (another than `now` where the clock is wrong)."""
        self.store = store
        self.record = record
        self.run = run
        self.job = run.job
        self.now, self.verified_at = now, verified_at
        self.capture = capture
        self.announcer = announcer
        self.reports_seen = 0
        self.findings = FindingWriter(store, record.name, self.job.crawl)
        self.attachments = AttachmentLedger(store, record, run, self.job.policy, now)
        self.contexts: dict[int, Context] = {}
        self._moves: dict[int, str] | None = None
        self.organs = OrganLedger(store, record)
        self.disregard = Disregard(store, record)
        self.pages = PageLedger(store, record, self.job, capture)
        self.articles = ArticleLedger(store, self.pages, self.job.policy, now)
        self.baseline = Baseline(store, record, run, self.pages)
        self.takeovers: set[int] = set()
        """Reports whose Simplified view becomes their primary address: nothing is said of that."""
        self._uncompared: set[int] = set()
        """Reports whose new primary address was not parsed in this pass: the next one must."""
        self._today: list[int] = []
        """Reports whose current version is what today's rules read."""
        self._fresh_reports: dict[int, int] = {}
        """By index in the list of matches: the id that a new report was given."""
        self._read: dict[int, tuple[tuple[Held, ...], Content, Fingerprints]] = {}
        """By a parsed report of this pass (id() of its ReportSeen: the run keeps them all): what it says with these
        attachments."""

    # Keys ------------------------------------------------------------------------------------------------------

    def write_keys(self, matched: Matched) -> None:
        """Gives re-keyed reports their organ and year, before anything else takes them."""
        keys = [
            (match.report, self.organs.row(match.organ).id, match.year, match.variant)
            for match in matched.matches
            if match.how == "rekeyed" and match.report is not None
        ]
        for number, *_ in keys:  # two reports may exchange their years: first all of them step aside
            self.findings.on_key(number, self.record.reports[number]["organ_id"], self.record.reports[number]["year"])
            self.store.update("reports", number, {"variant": -number})
        for number, organ, year, variant in keys:
            self.store.update("reports", number, {"organ_id": organ, "year": year, "variant": variant})

    # New reports ------------------------------------------------------------------------------------------------

    def write_new(self, matched: Matched, evidence: PassEvidence) -> list[int]:
        """Writes reports that the record did not have. Their ids, in page order; views of them are noted too."""
        fresh = []
        for index, match in enumerate(matched.matches):
            if match.report is not None:
                continue
            if match.how == "view":
                assert match.twin_of is not None  # a view of a new report comes after it
                self.pages.place(match, self._fresh_reports[match.twin_of], "view")
                continue
            organ = self.organs.row(match.organ)
            fresh.append(self._write_report(index, match, organ, evidence))
        for unkeyed in matched.unkeyed:
            self.findings.on_page(
                "year_unknown", "error", f"无法确定报告年度：{unkeyed.report.title}", unkeyed.page.url
            )
        for undecided in matched.undecided:
            self.findings.on_page(
                "undecided",
                "info",
                "同机关同年度、内容不同的另一页面；原网址本次未能读取，暂不判断",
                undecided.page.url,
            )
        return fresh

    def _write_report(self, index: int, match: Match, organ: OrganRow, evidence: PassEvidence) -> int:
        assert match.seen.report is not None  # a new report was parsed
        report = whole(match.seen.report)
        self.organs.note_alias(organ, report.organ)
        is_section = match.where in evidence.section_pages or normalise(match.page.url) in evidence.section_pages
        conflict = None
        if match.how == "variant":
            conflict = (
                self._fresh_reports.get(match.twin_of) if match.twin_of is not None else self._holder(organ, match)
            )
        detail = ReportDetail(
            year_from=report.year_from if report.year_from in GUESSED else "",
            baseline=self.baseline.holds(match, evidence),
            is_section=is_section,
            conflict_with=conflict,
        )
        number = self.store.insert(
            "reports",
            {
                "portal": self.record.name,
                "organ_id": organ.id,
                "organ": report.organ or organ.name,
                "year": match.year,
                "variant": match.variant,
                "title": report.title,
                "url": match.where,
                "published_on": report.published_on,
                "first_seen_at": self.now,
                "last_seen_at": self.now,
                "last_verified_at": self.verified_at,
                "detail": msgspec.json.encode(detail).decode(),
            },
        )
        self._fresh_reports[index] = number
        self.reports_seen += 1
        self.pages.place(match, number, "primary")
        held = self.attachments.held(match.seen.attachments, (), self.capture)
        draft = drafted(report, match.page, match.where, held, self.capture, None)
        _, prints = self._said(match.seen, report, held)
        del self._read[id(match.seen)]
        body = _body_key(report.text)
        version = write_version(
            self.store, number, self.job.crawl, self.now, self.job.rules, "first", draft, prints, body
        )
        self.store.update("reports", number, {"current_version": version})
        self.attachments.place(number, held, self.pages.id_of)
        late = late_by(organ.kind, match.year, report.published_on, "" if detail.baseline else self.now)
        self.findings.on_version(number, version, draft, organ, match.year, late)
        same_as = self._copied_from(prints, body, match.year)
        if same_as is not None:
            save_detail(self.store, number, same_as=same_as)
        if conflict is not None:
            self.findings.conflict(version, match.where, conflict)
        self.contexts[number] = Context(to_version=version)
        return number

    def _holder(self, organ: OrganRow, match: Match) -> int | None:
        row = self.store.row(
            """SELECT id FROM reports WHERE portal = ? AND organ_id = ? AND year = ? AND withdrawn_at IS NULL
            ORDER BY variant LIMIT 1""",
            (self.record.name, organ.id, match.year),
        )
        return row["id"] if row else None

    def _copied_from(self, prints: "Fingerprints", body: str, year: int) -> int | None:
        """The same report on another portal, seen earlier there; who republishes often gives it another title and
        source, so that the same body counts too (`body`: its body_key)."""
        # CROSS: by the versions that say so; for the order alone SQLite would walk through every report there is.
        row = self.store.row(
            """SELECT r.id FROM versions v CROSS JOIN reports r ON r.id = v.report AND r.current_version = v.id
            WHERE (v.content_hash IN (?, ?) OR v.body_key = ?) AND r.portal <> ? AND r.year = ?
            AND r.withdrawn_at IS NULL
            ORDER BY r.id LIMIT 1""",
            (prints.content_hash, prints.strict_hash, body or None, self.record.name, year),
        )
        return row["id"] if row else None

    # Versions ---------------------------------------------------------------------------------------------------

    def moves(self, matched: Matched) -> dict[int, str]:
        """By report: the address at which it was found while its own no longer shows it."""
        if self._moves is None:
            self._moves = {}
            for match in matched.matches:
                number = match.report
                if number is None or number in self._moves:
                    continue
                row = self.record.reports[number]
                reading, _, _ = matched.readings[number]
                if match.where == row["url"]:
                    continue
                if match.how == "takeover":
                    self.takeovers.add(number)
                    self._moves[number] = match.where
                    continue
                own = normalise(match.page.url) == row["url"]
                lost = reading in ("gone", "weak_gone") or (reading != "present" and row["status"] != "live")
                if own or lost:
                    self._moves[number] = match.where
        return self._moves

    def write_versions(self, matched: Matched, healthy: bool, clock_ok: bool) -> dict[int, Significance]:
        """New versions of known reports, from the address that is theirs now. How much is new, by report."""
        self.attachments.count(healthy, clock_ok)
        moves = self.moves(matched)
        found: dict[int, Significance] = {}
        # One reading of a new primary address may tell what another left open.
        for match in sorted(matched.matches, key=lambda match: self._tells_nothing(match, moves)):
            number = match.report
            if number is None:
                continue
            row = self.record.reports[number]
            self.pages.place(match, number, "primary" if match.where == row["url"] else "view")
            if number in found or match.where != moves.get(number, row["url"]):
                continue
            self.reports_seen += 1
            if self._tells_nothing(match, moves):
                # Nothing new on that page, but views make no versions: what it has said for long was never compared.
                self._uncompared.add(number)
                found[number] = "none"
            else:
                found[number] = self._write_next(number, match)
            self._confirm(number, match)
        self.store.run(
            """UPDATE versions SET rules = ? WHERE rules <> ? AND id IN
            (SELECT current_version FROM reports WHERE id IN (SELECT value FROM json_each(?)))""",
            (self.job.rules, self.job.rules, msgspec.json.encode(self._today).decode()),
        )
        self.findings.settle()
        for report, neighbours in self.findings.neighbour_findings().items():
            self.context(report).neighbours = tuple(neighbours)
        return found

    def _tells_nothing(self, match: Match, moves: Mapping[int, str]) -> bool:
        """Whether a report moves to a page on which nothing was new since it was last read, which was as a view."""
        number = match.report
        if number is None or number not in moves or match.seen.report is not None:
            return False
        return bool(normalise(match.page.url) != self.record.reports[number]["url"])

    def _write_next(self, number: int, match: Match) -> Significance:
        row = self.record.reports[number]
        if match.how == "rekeyed":
            return self._write_rekeyed(number, match)
        listed = match.seen.attachments
        if match.seen.report is None and not listed and not self.attachments.of(number):
            return "none"
        version = self.store.row("SELECT * FROM versions WHERE id = ?", (row["current_version"],))
        assert version is not None  # every report has a version from its first transaction on
        before = stored_held(self.store, version["id"])
        if match.page.reading == "same":
            listed = tuple(Attachment(item.url, item.name, item.kind) for item in before)  # type: ignore[arg-type]
        held = self.attachments.held(listed, before, self.capture)
        report = whole(match.seen.report) if match.seen.report is not None else stored_report(version)
        if match.seen.report is None and held == before:
            return "none"
        draft = drafted(report, match.page, match.where, held, self.capture, version)
        if self.disregard.is_disregarded(number, draft.fingerprints(), match.seen.report is not None):
            return "none"
        foreign = version["rules"] != self.job.rules and match.seen.report is not None
        found = weigh(self.store, version, draft, foreign=foreign, reread=self.record.details[number].reread)
        if found.verdict == "baseline":
            self._rebaselined(match.where)
        for url in without_measure(before, draft):
            self._rebaselined(url)
        if found.verdict in ("baseline", "completes", "silent"):
            self._add(number, draft, "rebaseline")
        elif found.verdict == "none" and len(held) == len(before) and held != before:
            self.attachments.relink(version["id"], held)
            self.attachments.place(number, held, self.pages.id_of)
        if found.significance == "none":
            return "none"
        context = self.context(number)
        context.from_version = found.version
        context.to_version = self._add(number, draft, found.significance)
        context.old, context.new = (found.report, found.held), (draft.report, draft.held)
        return found.significance

    def _rebaselined(self, url: str) -> None:
        detail = "读取规则已更新，旧存档无法重读，以本次读取为新基线"
        self.findings.on_page("rebaselined", "warning", detail, url)

    def _confirm(self, number: int, match: Match) -> None:
        """A page that was read by today's rules: what its report says by them needs no other measure any more."""
        if match.page.reading not in ("present", "same"):
            return
        if self.record.details[number].reread:
            save_detail(self.store, number, reread="", key_before=None)
            self.store.run(
                "UPDATE versions SET reread_of = NULL WHERE id = (SELECT current_version FROM reports WHERE id = ?)",
                (number,),
            )
        self._today.append(number)

    def _write_rekeyed(self, number: int, match: Match) -> Significance:
        assert match.seen.report is not None  # a re-keyed report was parsed
        report = whole(match.seen.report)
        row = self.record.reports[number]
        version = self.store.row("SELECT * FROM versions WHERE id = ?", (row["current_version"],))
        assert version is not None
        before = stored_held(self.store, version["id"])
        context = self.context(number)
        context.rekeyed = (row["organ"], row["year"])
        context.from_version = context.to_version = version["id"]
        held = self.attachments.held(match.seen.attachments, before, self.capture)
        draft = drafted(report, match.page, match.where, held, self.capture, version)
        base = stored_report(version)
        # By today's rules its capture could not be read, or it had this key by those before: no news of the portal.
        silent = version["rules"] != self.job.rules
        silent |= self.record.details[number].key_before == (match.organ.id, match.year)
        save_detail(self.store, number, year_from=report.year_from if report.year_from in GUESSED else "")
        if compare(draft, base, before).significance != "none":
            context.to_version = self._add(number, draft, "rebaseline" if silent else "content")
            context.old, context.new = (base, before), (draft.report, draft.held)
        return "none" if silent else "content"

    def _add(self, number: int, draft: Draft, kind: str) -> int:
        """Writes the next version and what of the report's row follows from it."""
        version = write_version(
            self.store, number, self.job.crawl, self.now, self.job.rules, kind, draft, draft.fingerprints()
        )
        self.store.update(
            "reports",
            number,
            {
                "current_version": version,
                "title": draft.report.title,
                "published_on": draft.report.published_on,
                **({"organ": draft.report.organ} if draft.report.organ else {}),
            },
        )
        self.attachments.place(number, draft.held, self.pages.id_of)
        row = self.store.row("SELECT organ_id, year FROM reports WHERE id = ?", (number,))
        assert row is not None
        if not self.record.details[number].corrected:  # what is printed there is not its organ's name
            self.organs.note_alias(self.record.organ(row["organ_id"]), draft.report.organ)
        self.findings.on_version(number, version, draft, self.record.organ(row["organ_id"]), row["year"])
        return version

    # What readings say ------------------------------------------------------------------------------------------

    def content(self, seen: ReportSeen) -> Content:
        """What a report that was parsed in this pass says."""
        assert seen.report is not None  # only parsed reports are looked for elsewhere
        return self._said(seen, seen.report, self.attachments.held(seen.attachments, (), self.capture))[0]

    def _said(self, seen: ReportSeen, report: Report, held: tuple[Held, ...]) -> "tuple[Content, Fingerprints]":
        known = self._read.get(id(seen))
        if known is None or known[0] != held:
            known = self._read[id(seen)] = (held, *with_fingerprints(whole(report), held))
        return known[1], known[2]

    def stored_content(self, number: int) -> Content:
        """What a report's current version says."""
        version = self.store.row(
            "SELECT * FROM versions WHERE id = ?", (self.record.reports[number]["current_version"],)
        )
        assert version is not None  # every report has a version from its first transaction on
        return content_of(stored_report(version), stored_held(self.store, version["id"]))

    def content_now(self, number: int, links: tuple[Attachment, ...] | None) -> Content:
        """The same with what its page links now (None: what it linked before) as this pass read it: its text is unchanged."""
        version = self.store.row(
            "SELECT * FROM versions WHERE id = ?", (self.record.reports[number]["current_version"],)
        )
        assert version is not None
        before = stored_held(self.store, version["id"])
        if links is None:
            links = tuple(Attachment(item.url, item.name, item.kind) for item in before)  # type: ignore[arg-type]
        return content_of(stored_report(version), self.attachments.held(links, before, self.capture))

    # Moves --------------------------------------------------------------------------------------------

    def is_twin(self, number: int, where: str) -> bool:
        """Whether an address is only another view of the report's own: no move."""
        return twin_of(where) == twin_of(self.record.reports[number]["url"])

    def move(self, number: int, where: str) -> None:
        """Makes another address the primary one."""
        context = self.context(number)
        context.moved_from, context.moved_to = self.record.reports[number]["url"], where
        self.pages.make_primary(number, where)
        if number in self._uncompared:
            self.pages.forget(where)

    def touch_seen(self, numbers: Iterable[int]) -> None:
        """Reports that were verified in this pass."""
        self.store.run(
            "UPDATE reports SET last_seen_at = ?, last_verified_at = ? WHERE id IN (SELECT value FROM json_each(?))",
            (self.now, self.verified_at, msgspec.json.encode(list(numbers)).decode()),
        )

    def context(self, number: int) -> Context:
        """What an announcement about a report needs to know."""
        return self.contexts.setdefault(number, Context())

    def write_findings(self, evidence: PassEvidence, pages: Mapping[str, PageRead]) -> None:
        """What the pass could not read, or was refused. A link that was never read is one, and no report."""
        for links in evidence.links.values():
            for url, link in links.items():
                page = pages.get(url)
                if link.kind != "report" or page is None or page.reading in ("present", "same"):
                    continue
                if not self.pages.held_reports(url):
                    detail = f"栏目列出《{link.title}》，但页面从未读到年报"
                    self.findings.on_page("link_unread", "warning", detail, url)
        for seen in self.run.findings:
            self.findings.on_page(seen.rule, seen.severity, seen.detail, seen.url)
        for lead in self.run.leads:
            detail = (
                f"栏目 {lead.section} 不再显示年报，疑似新栏目：{lead.url}（系统 {lead.family}，列出 {lead.links} 篇年报）；"
                f"核对后采用：nianbao portals add {lead.url} --name {self.run.job.portal.name} --replace"
            )
            self.findings.on_page("section_moved", "warning", detail, lead.section)


def _body_key(text: str) -> str:
    from monitor.findings import body_key  # by the first new report of a pass; most have none

    return body_key(text)
