"""Events: what happened, as rows, within settle's transaction.

Each has a key that follows from the report's history alone, never from ids or times, so that a record restored from a
backup and read again gives the same keys.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from crawler.observation import SectionLead
from monitor import event_detail as details
from monitor.evidence import PassEvidence
from monitor.findings_store import Neighbour, stored_findings
from monitor.identity import OrganRow, organ_key
from monitor.legal import due_on, late_by
from monitor.lifecycle import Said
from monitor.owed import owed, years_seen
from monitor.record import PortalRecord, ReportDetail
from monitor.store import Row, Store
from monitor.times import format_utc

if TYPE_CHECKING:
    from crawler.page.model import Report
    from monitor.versions import Held

_MOST_READINGS = 12


class Context(msgspec.Struct):
    """What settle found out about a report on its way to an event."""

    from_version: int | None = None
    to_version: int | None = None
    old: "tuple[Report, tuple[Held, ...]] | None" = None
    new: "tuple[Report, tuple[Held, ...]] | None" = None
    moved_from: str = ""
    moved_to: str = ""
    rekeyed: tuple[str, int] | None = None
    """Organ and year that it was known under before."""
    neighbours: tuple[Neighbour, ...] = ()
    """Other years' findings that its new version made appear or vanish."""


class Announcer:
    """Writes one pass's events; `events` are their ids, in the order in which they are told."""

    def __init__(self, store: Store, record: PortalRecord, crawl: int, now: str) -> None:
        self.store = store
        self.record = record
        self.crawl = crawl
        self.now = now
        self.events: list[int] = []
        self.withdrawn: list[int] = []
        """Overdue events that this pass proves to be settled."""
        self.settled_by: dict[int, int] = {}
        """By such an event: the `appeared` that says so itself."""

    def _write(self, kind: str, key: str, summary: str, detail: details.Detail, **values: object) -> None:
        # All keys that begin with `kind:key:`; `;` is the character after `:`. LIKE would take `_` for any character.
        number = self.store.row(
            "SELECT count(*) AS n FROM events WHERE key > ? AND key < ?", (f"{kind}:{key}:", f"{kind}:{key};")
        )
        assert number is not None
        self.events.append(
            self.store.insert(
                "events",
                {
                    "key": f"{kind}:{key}:{number['n'] + 1}",
                    "kind": kind,
                    "portal": self.record.name,
                    "detected_at": self.now,
                    "crawl": self.crawl,
                    "summary": summary,
                    "detail": details.encode(detail),
                    **values,
                },
            )
        )

    def _report(self, number: int) -> Row:
        row = self.store.row(
            """SELECT r.*, o.name AS organ_name, o.kind AS organ_kind FROM reports r JOIN organs o ON o.id = r.organ_id
            WHERE r.id = ?""",
            (number,),
        )
        assert row is not None
        return row

    def _write_report(
        self, kind: str, row: Row, summary: str, detail: details.Detail, context: Context, baseline: bool = False
    ) -> None:
        current = row["current_version"]
        self._write(
            kind,
            f"{self.record.name}:{row['organ_name']}:{row['year']}:{row['variant']}",
            summary,
            detail,
            report=row["id"],
            organ=row["organ_name"],
            year=row["year"],
            title=row["title"],
            url=row["url"],
            from_version=context.from_version if kind == "changed" else None,
            to_version=(context.to_version or current) if kind in ("changed", "appeared", "finding") else current,
            baseline=int(baseline),
        )

    def _about(self, row: Row) -> dict[str, object]:
        own = msgspec.json.decode(row["detail"], type=ReportDetail)
        before = self.record.reports.get(row["id"])
        same_as = ""
        if own.same_as is not None:
            other = self.store.row(
                "SELECT p.title FROM reports r JOIN portals p ON p.name = r.portal WHERE r.id = ?", (own.same_as,)
            )
            same_as = other["title"] if other else ""
        return {
            "last_verified_at": before["last_verified_at"] if before else "",
            "year_from": own.year_from or None,
            "same_as": same_as,
        }

    def said(self, said: Said, context: Context) -> None:
        """Something that the state machine said of a report."""
        assert said.report is not None
        row = self._report(said.report)
        about = self._about(row)
        match said.kind:
            case "changed":
                from monitor.changes import changed_detail  # who tells of no change needs nothing of it

                if context.rekeyed is not None:
                    self._withdraw(row)
                detail, summary = changed_detail(self.store, context, about)
                self._write_report("changed", row, summary, detail, context)
            case "taken_down":
                self._taken_down(said, row, about, context)
            case "restored":
                taken = self._last(row["id"], "taken_down")
                since = msgspec.json.decode(taken["detail"]).get("readings", [{}])[0].get("at", "") if taken else ""
                restored = details.Restored(
                    taken_down_at=taken["detected_at"] if taken else "",
                    gone_since=since,
                    **about,  # type: ignore[arg-type]
                )
                self._write_report("restored", row, "重新上线", restored, context)
            case "moved":
                moved = details.Moved(from_url=context.moved_from, to_url=context.moved_to, **about)  # type: ignore[arg-type]
                self._write_report("moved", row, f"迁至 {context.moved_to}", moved, context)
            case "delisted" | "relisted":
                summary = "页面仍在线，栏目不再列出" if said.kind == "delisted" else "栏目重新列出"
                listing = self._listing(said, row["id"], about)
                self._write_report(said.kind, row, summary, listing, context)
            case _:
                service = details.Service(
                    what="unverified",
                    reason="超过 14 天未能核实",
                    last_verified_at=row["last_verified_at"],
                )
                self._write_report("service", row, "超过 14 天未能核实", service, context)

    def _taken_down(self, said: Said, row: Row, about: dict[str, object], context: Context) -> None:
        readings = self.store.rows(
            """SELECT c.started_at, c.finished_at, r.* FROM readings r JOIN crawls c ON c.id = r.crawl
            WHERE r.report = ? AND r.counted = 1 AND r.reading IN ('gone', 'weak_gone') ORDER BY r.id DESC LIMIT ?""",
            (row["id"], min(said.count, _MOST_READINGS)),
        )
        evidence = tuple(
            details.Reading(
                at=self.now if reading["crawl"] == self.crawl else reading["finished_at"],
                status=reading["http_status"],
                marker=reading["marker"],
                final_url=reading["final_url"],
                reading=reading["reading"],
            )
            for reading in reversed(readings)
        )
        listed = self.store.row(
            "SELECT count(*) AS n FROM links WHERE portal = ? AND listed = 1 AND kind = 'report'", (self.record.name,)
        )
        down = details.TakenDown(
            readings=evidence,
            reason="overwritten" if said.reason == "overwritten" else "",
            listed=listed["n"] if listed else None,
            online_since=row["first_seen_at"],
            mass=self.record.state.mass_since is not None,
            **about,  # type: ignore[arg-type]
        )
        why = "页面已被新年度报告覆盖" if said.reason == "overwritten" else f"{said.count} 次确认"
        self._write_report("taken_down", row, why, down, context)

    def _listing(self, said: Said, report: int, about: dict[str, object]) -> details.Listing:
        section = self.store.row(
            """SELECT l.section FROM links l JOIN pages p ON p.portal = l.portal AND p.url = l.url
            JOIN page_reports x ON x.page = p.id WHERE x.report = ? ORDER BY l.changed_crawl DESC LIMIT 1""",
            (report,),
        )
        listed = self.store.row(
            "SELECT count(*) AS n FROM links WHERE portal = ? AND section = ? AND listed = 1 AND kind = 'report'",
            (self.record.name, section["section"] if section else ""),
        )
        before = self._last(report, "delisted") if said.kind == "relisted" else None
        return details.Listing(
            section=section["section"] if section else "",
            listed=listed["n"] if section and listed else None,
            since=before["detected_at"] if before else "",
            mass=said.reason == "mass",
            **about,  # type: ignore[arg-type]
        )

    def _last(self, report: int, kind: str) -> Row | None:
        return self.store.row(
            "SELECT * FROM events WHERE report = ? AND kind = ? ORDER BY id DESC LIMIT 1", (report, kind)
        )

    def appeared(self, number: int, context: Context) -> None:
        """A report that was never seen before; what was overdue of it is withdrawn."""
        from monitor.changes import headline

        row = self._report(number)
        own = msgspec.json.decode(row["detail"], type=ReportDetail)
        due = due_on(row["organ_kind"], row["year"])
        before = len(self.withdrawn)
        withdraws = self._withdraw(row)
        previous = self.store.row(
            "SELECT current_version FROM reports WHERE portal = ? AND organ_id = ? AND year = ? AND variant = 0",
            (self.record.name, row["organ_id"], row["year"] - 1),
        )
        checks = self.store.rows(
            "SELECT detail FROM findings WHERE version = ? AND severity <> 'info' ORDER BY id",
            (row["current_version"],),
        )
        conflict = self._report(own.conflict_with)["title"] if own.conflict_with else ""
        figures = headline(self.store, row["current_version"])
        detail = details.Appeared(
            published_on=row["published_on"],
            due_on=due.isoformat() if due else "",
            late_days=late_by(
                row["organ_kind"], row["year"], row["published_on"], self.now if not own.baseline else ""
            ),
            figures=figures,
            previous=headline(self.store, previous["current_version"]) if previous else None,
            checked=figures is not None,
            checks=tuple(check["detail"] for check in checks),
            withdraws=withdraws,
            conflict_with=conflict,
            **self._about(row),  # type: ignore[arg-type]
        )
        limit = f"（期限 {due:%m-%d}）" if due else ""
        summary = f"{row['published_on']} 公开{limit}" if row["published_on"] else f"新公开{limit}"
        self._write_report("appeared", row, summary, detail, context, baseline=own.baseline)
        self.settled_by |= dict.fromkeys(self.withdrawn[before:], self.events[-1])

    def _withdraw(self, row: Row) -> bool:
        """Withdraws what was said to be overdue and is there now, under whatever name its organ had then."""
        events = self.store.rows(
            """SELECT id, organ FROM events WHERE kind = 'overdue' AND portal = ? AND year = ?
            AND retracted_at IS NULL ORDER BY id""",
            (self.record.name, row["year"]),
        )
        if not events:  # as for nearly all of a new portal's reports
            return False
        organ = next(organ for organ in self.store.organs(self.record.name) if organ.id == row["organ_id"])
        names = _names(organ)
        due = [event["id"] for event in events if organ_key(event["organ"]) in names]
        for event in due:
            self.store.update("events", event, {"retracted_at": self.now})
        self.withdrawn += due
        return bool(due)

    def findings(self) -> None:
        """What does not add up in this pass's new versions, or in another year's report because of them, and did not stand in
        the version before. Hints (`info`) are told to nobody."""
        found_now = self.store.rows(
            """SELECT f.*, v.report, v.significance, v.crawl AS written_by, w.id AS previous
            FROM findings f JOIN versions v ON v.id = f.version
            LEFT JOIN versions w ON w.report = v.report AND w.seq = v.seq - 1
            WHERE f.crawl = :crawl AND f.severity <> 'info'
            AND (v.significance IN ('first', 'content') OR v.crawl <> :crawl) ORDER BY f.id""",
            {"crawl": self.crawl},
        )
        if not found_now:
            return
        from monitor.findings import Finding, compared

        for found in found_now:
            said = Finding(
                found["rule"], found["severity"], found["detail"], found["place"], tuple(msgspec.json.decode(found["fields"]))
            )  # fmt: skip
            own_pass = found["written_by"] == self.crawl
            if own_pass and said not in compared(stored_findings(self.store, found["previous"]), (said,)).caused:
                continue
            row = self._report(found["report"])
            own = msgspec.json.decode(row["detail"], type=ReportDetail)
            detail = details.Finding(found["rule"], found["severity"], found["detail"], found["url"])
            context = Context(to_version=found["version"])
            baseline = own.baseline and own_pass and found["significance"] == "first"
            self._write_report("finding", row, found["detail"], detail, context, baseline=baseline)

    def said_of_portal(self, said: Said, evidence: PassEvidence | None, leads: Sequence[SectionLead] = ()) -> None:
        """Something that the state machine said of the portal as a whole. `leads`: where its sections may be now."""
        title = self.record.row["title"]
        sections = tuple(evidence.broken) if evidence else ()
        live = sum(1 for state in self.record.states.values() if state.status != "taken_down")
        match said.kind, said.reason:
            case "portal_down", "blocked":
                reason = f"连续 {said.count} 次被拦截，无法读取"
            case "portal_down", "proxy":
                reason = f"代理服务器连续 {said.count} 次不可用，未能访问门户（门户本身可能正常）"
            case "portal_down", _:
                reason = f"连续 {said.count} 次无法读取"
            case "portal_broken", "section":
                reason = f"栏目页可以打开，但不再列出年报：{'、'.join(sections)}"
            case "portal_broken", "mass":
                reason = f"{said.count} 个年报页面同时失效，疑为网站改版"
            case "portal_broken", _:
                reason = f"{said.count} 篇年报同时移出栏目，疑为网站改版"
            case _:
                reason = "恢复读取" if said.reason == "down" else "栏目恢复正常"
        if evidence and evidence.trouble and said.kind == "portal_down":
            reason += f"（{evidence.trouble}）"
        trouble = details.PortalTrouble(
            reason=reason,
            passes=said.count if said.kind == "portal_down" else 0,
            since=format_utc(said.since) if said.since else "",
            sections=sections,
            gone=said.count if said.reason == "mass" else 0,
            total=live if said.reason == "mass" else 0,
            likely=tuple(details.LikelySection(lead.url, lead.family, lead.links) for lead in leads)
            if said.kind == "portal_broken"
            else (),
        )
        self._write(said.kind, self.record.name, reason, trouble, title=title, organ=self.record.row["organ"] or title)

    def overdue(self, now: datetime, baseline: bool) -> None:
        """Who has not published by now, each said once. At the baseline it is told in the baseline's own message."""
        rows = self.store.rows(
            "SELECT organ, year FROM events WHERE kind = 'overdue' AND portal = ?", (self.record.name,)
        )
        organs = {organ.id: organ for organ in self.store.organs(self.record.name)}
        by_name: dict[str, list[int]] = {}
        for organ in organs.values():
            for name in (organ.name, *organ.aliases):
                by_name.setdefault(name, []).append(organ.id)
        # What was said under a name that an organ has letter for letter was said; only for the rest names are folded.
        told = {(number, row["year"]) for row in rows for number in by_name.get(row["organ"], ())}
        owing = owed(self.store, self.record.name, now, told)
        if not owing:
            return
        said = {(organ_key(row["organ"]), row["year"]) for row in rows}
        years = years_seen(self.store, self.record.name)
        for missing in owing:
            organ = organs[missing.organ]
            if any((name, missing.year) in said for name in _names(organ)):
                continue
            detail = details.Overdue(
                due_on=missing.due_on.isoformat(),
                kind=organ.kind,
                last_year=max(years.get(organ.id, frozenset()), default=None),
                read_at=format_utc(now),
            )
            self._write(
                "overdue",
                f"{self.record.name}:{organ.name}:{missing.year}",
                f"期限 {missing.due_on.isoformat()}，尚未公开",
                detail,
                organ=organ.name,
                year=missing.year,
                title=f"{organ.name}{missing.year}年政府信息公开工作年度报告",
                url=next(iter(self.record.sections), ""),
                baseline=int(baseline),
            )

    def baseline(self, sections: int) -> None:
        """All that was there already, in one message."""
        last = self.store.row(
            "SELECT coalesce(max(id), 0) AS id FROM events WHERE kind = 'baseline' AND portal = ?", (self.record.name,)
        )
        assert last is not None
        years: dict[str, int] = {}
        organs: set[str] = set()
        late: list[details.OverdueOrgan] = []
        for row in self.store.compact(  # one by one: a portal may have tens of thousands
            """SELECT e.kind, e.organ, e.year, e.detail FROM events e
            WHERE e.portal = ? AND e.baseline = 1 AND e.id > ? ORDER BY e.id""",
            (self.record.name, last["id"]),
        ):
            if row["kind"] == "appeared":
                years[str(row["year"])] = years.get(str(row["year"]), 0) + 1
                organs.add(row["organ"])
            elif row["kind"] == "overdue":
                limit = msgspec.json.decode(row["detail"])["due_on"]
                late.append(details.OverdueOrgan(row["organ"], row["year"], limit))
        reports = sum(years.values())
        findings = self.store.row(
            """SELECT count(*) AS n FROM findings f JOIN versions v ON v.id = f.version JOIN reports r ON r.id = v.report
            WHERE r.portal = ? AND f.severity <> 'info'""",
            (self.record.name,),
        )
        detail = details.Baseline(
            reports=reports,
            organs=len(organs),
            years=dict(sorted(years.items(), reverse=True)),
            findings=findings["n"] if findings else 0,
            overdue=tuple(late),
            sections=sections,
        )
        summary = f"已有年报 {reports} 篇" + (f"，逾期 {len(late)}" if late else "")
        title = self.record.row["title"]
        self._write("baseline", self.record.name, summary, detail, title=title, organ=self.record.row["organ"] or title)


def _names(organ: OrganRow) -> frozenset[str]:
    return frozenset(organ_key(name) for name in (organ.name, *organ.aliases))
