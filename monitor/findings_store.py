"""Findings and figures as rows, within settle's transaction: of a new version, or of something a pass could not read."""

from monitor import figures as tables
from monitor.documents import documents_of
from monitor.findings import check
from monitor.identity import OrganRow
from monitor.legal import late_by
from monitor.record import PortalRecord
from monitor.store import Row, Store
from monitor.versions import Draft

_KEPT = "'late', 'conflict'"
"""Findings of a version that do not follow from its text."""


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
        read = tables.read(draft.report.text, documents_of(self.store, draft.held))
        self._write_figures(version, read)
        for said in self._check(report, draft, organ, year, read):
            self._insert(version, *said)
        late = late_by(organ.kind, year, draft.report.published_on, "" if baseline else self.now) if first else 0
        if late:
            self._insert(version, draft.url, "late", "warning", f"晚于法定期限 {late} 天公开")

    def renew(self, report: int, version: int, draft: Draft, organ: OrganRow, year: int) -> tuple[bool, bool]:
        """Figures and findings of a version that stands, as they are read today: whether either differs.

        What follows from when it was read (late, conflict) stays. Nothing new is told to anybody.
        """
        read = tables.read(draft.report.text, documents_of(self.store, draft.held))
        figures = read.figures != stored_figures(self.store, version).figures
        if figures:
            self.store.run("DELETE FROM figures WHERE version = ?", (version,))
            self._write_figures(version, read)
        said = self._check(report, draft, organ, year, read)
        before = self.store.rows(
            f"SELECT url, rule, severity, detail FROM findings WHERE version = ? AND rule NOT IN ({_KEPT}) ORDER BY id",  # noqa: S608
            (version,),
        )
        findings = [tuple(row.values()) for row in before] != said
        if findings:
            self.store.run(f"DELETE FROM findings WHERE version = ? AND rule NOT IN ({_KEPT})", (version,))  # noqa: S608
            for one in said:
                self._insert(version, *one)
        return figures, findings

    def _write_figures(self, version: int, read: tables.Figures) -> None:
        self.store.run_many(
            """INSERT OR REPLACE INTO figures (version, field, value, raw, source, confidence, url)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
            [(version, one.field, one.value, one.raw, one.source, one.confidence, one.url) for one in read.figures],
        )

    def _check(
        self, report: int, draft: Draft, organ: OrganRow, year: int, read: tables.Figures
    ) -> list[tuple[str, str, str, str]]:
        """What does not add up: address, rule, severity, detail."""
        own = draft.report.findings
        said: list[tuple[str, str, str, str]] = [
            (one.url or draft.url, one.rule, one.severity, one.detail) for one in own
        ]
        rules = {one.rule for one in own}
        found = check(
            draft.report.text,
            year=year,
            organ=organ.name,
            published_on=draft.report.published_on,
            figures=read,
            previous=self._figures(organ, year - 1),
            others=self._bodies(organ, report),
        )
        return said + [(draft.url, one.rule, one.severity, one.detail) for one in found if one.rule not in rules]

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
            WHERE r.portal = ? AND r.organ_id = ? AND r.id <> ? AND r.withdrawn_at IS NULL AND v.body_key <> ''""",
            (self.record.name, organ.id, report),
        )
        return {row["year"]: row["body_key"] for row in rows}


def stored_figures(store: Store, version: int) -> tables.Figures:
    """A version's figures as they were read."""
    rows = store.rows("SELECT * FROM figures WHERE version = ? ORDER BY rowid", (version,))
    return tables.Figures(
        figures=tuple(
            tables.Figure(row["field"], row["value"], row["raw"], row["source"], row["confidence"], row["url"])
            for row in rows
        )
    )
