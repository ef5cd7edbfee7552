"""Findings and figures as rows, within settle's transaction: of a new version, or of something a pass could not read."""

from monitor import figures as tables
from monitor.findings import check
from monitor.identity import OrganRow
from monitor.legal import late_by
from monitor.record import PortalRecord
from monitor.store import Row, Store
from monitor.versions import Draft


class FindingWriter:
    """Writes one pass's findings."""

    def __init__(self, store: Store, record: PortalRecord, crawl: int, now: str) -> None:
        self.store = store
        self.record = record
        self.crawl = crawl
        self.now = now

    def on_page(self, rule: str, severity: str, detail: str, url: str) -> None:
        """Something that could not be read. One that an earlier pass recorded word for word is not recorded again."""
        known = self.store.row(
            """SELECT f.id FROM findings f JOIN crawls c ON c.id = f.crawl
            WHERE c.portal = ? AND f.version IS NULL AND f.rule = ? AND f.url = ? AND f.detail = ?""",
            (self.record.name, rule, url, detail),
        )
        if known is None:
            self._insert(None, url, rule, severity, detail)

    def on_version(
        self, report: int, version: int, draft: Draft, organ: OrganRow, year: int, *, first: bool, baseline: bool
    ) -> None:
        """Figures of a new version, and what does not add up in it."""
        read = tables.extract(draft.report.text)
        self.store.run_many(
            "INSERT OR REPLACE INTO figures (version, field, value, raw, source, confidence) VALUES (?, ?, ?, ?, ?, ?)",
            [(version, one.field, one.value, one.raw, one.source, one.confidence) for one in read.figures],
        )
        told = {(finding.rule, finding.detail) for finding in draft.report.findings}
        rules = {finding.rule for finding in draft.report.findings}
        for finding in draft.report.findings:
            self._insert(version, finding.url or draft.url, finding.rule, finding.severity, finding.detail)
        for found in check(
            draft.report.text,
            year=year,
            organ=organ.name,
            published_on=draft.report.published_on,
            figures=read,
            previous=self._figures(organ, year - 1),
            others=self._bodies(organ, report),
        ):
            if found.rule not in rules and (found.rule, found.detail) not in told:
                self._insert(version, draft.url, found.rule, found.severity, found.detail)
        late = late_by(organ.kind, year, draft.report.published_on, "" if baseline else self.now) if first else 0
        if late:
            self._insert(version, draft.url, "late", "warning", f"晚于法定期限 {late} 天公开")

    def conflict(self, version: int, url: str, other: int) -> None:
        """Two pages with one organ and year, and different content."""
        row = self.store.row("SELECT title, url FROM reports WHERE id = ?", (other,))
        assert row is not None
        self._insert(
            version, url, "conflict", "warning", f"同一机关、同一年度另有内容不同的页面：{row['title']} {row['url']}"
        )

    def _insert(self, version: int | None, url: str, rule: str, severity: str, detail: str) -> None:
        self.store.insert(
            "findings",
            {
                "version": version,
                "crawl": self.crawl,
                "url": url,
                "rule": rule,
                "severity": severity,
                "detail": detail,
            },
        )

    def _figures(self, organ: OrganRow, year: int) -> tables.Figures | None:
        row = self.store.row(
            "SELECT current_version FROM reports WHERE portal = ? AND organ_id = ? AND year = ? AND variant = 0",
            (self.record.name, organ.id, year),
        )
        return stored_figures(self.store, row["current_version"]) if row and row["current_version"] else None

    def _bodies(self, organ: OrganRow, report: int) -> dict[int, str]:
        rows: list[Row] = self.store.rows(
            """SELECT r.year, v.body_key FROM reports r JOIN versions v ON v.id = r.current_version
            WHERE r.portal = ? AND r.organ_id = ? AND r.id <> ? AND v.body_key <> ''""",
            (self.record.name, organ.id, report),
        )
        return {row["year"]: row["body_key"] for row in rows}


def stored_figures(store: Store, version: int) -> tables.Figures:
    """A version's figures as they were read."""
    rows = store.rows("SELECT * FROM figures WHERE version = ? ORDER BY rowid", (version,))
    return tables.Figures(
        figures=tuple(
            tables.Figure(row["field"], row["value"], row["raw"], row["source"], row["confidence"]) for row in rows
        )
    )
