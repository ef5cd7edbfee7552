"""A report's history with its evidence, as plain values: what `nianbao show`, `archive get --event` and bundles tell.

In: the record, the archive, a report. Out: JSON-able dicts. The timeline holds versions, events, readings and what an
operator set right, in order of time; beneath an event stands what proves it: which pass read what, when, where, in whose
words, whether the sections were read to their end and how many reports they listed, and the captured responses.
"""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import msgspec

from monitor.archive import ArchiveError, article_parts, read_capture
from monitor.identity import organ_key
from monitor.reading_words import in_words, section_in_words
from monitor.section_evidence import section_readings
from monitor.store import Row, Store
from monitor.wording import span
from monitor.words import WORDS

_SIGNIFICANCE = {"first": "首次存档", "content": "内容变更", "cosmetic": "仅版式或字形差异", "rebaseline": "重新基线"}
_ORDER = {"reading": 0, "version": 1, "event": 2, "correction": 3}
_LISTS = frozenset({"appeared", "taken_down", "moved", "delisted", "relisted", "overdue"})
"""Events of which lists are evidence."""
_GONE = ("gone", "weak_gone")
ZONE = "Asia/Shanghai"
"""Of the times in a history: it speaks of Chinese portals, wherever it is read."""


class History:
    """One report's history."""

    def __init__(self, store: Store, report: Row, archive: Path | None = None) -> None:
        self.store = store
        self.report = report
        self.archive = archive
        self.detail = msgspec.json.decode(report["detail"])
        self.versions = store.rows("SELECT * FROM versions WHERE report = ? ORDER BY seq", (report["id"],))
        self.readings = store.rows(
            """SELECT r.*, c.started_at, c.finished_at FROM readings r JOIN crawls c ON c.id = r.crawl
            WHERE r.report = ? ORDER BY r.id""",
            (report["id"],),
        )
        self.events = store.rows("SELECT * FROM events WHERE report = ? ORDER BY id", (report["id"],))
        self.events += self._overdue()
        for event in self.events:
            event["detail"] = msgspec.json.decode(event["detail"])
        self.readable: Callable[[str], bool | None] = cache(self._readable)
        self.sections: Callable[[int], list[Row]] = cache(self._sections)

    def _overdue(self) -> list[Row]:
        """What was said of its organ and year before it was there."""
        organ = self.store.row("SELECT name, aliases FROM organs WHERE id = ?", (self.report["organ_id"],))
        assert organ is not None  # a foreign key
        names = {organ_key(name) for name in (organ["name"], *msgspec.json.decode(organ["aliases"]))}
        rows = self.store.rows(
            "SELECT * FROM events WHERE kind = 'overdue' AND portal = ? AND year = ? ORDER BY id",
            (self.report["portal"], self.report["year"]),
        )
        return [row for row in rows if organ_key(row["organ"]) in names]

    def _readable(self, ref: str) -> bool | None:
        if self.archive is None:
            return None
        try:
            read_capture(self.archive, ref)
        except ArchiveError:
            return False
        return True

    def _sections(self, crawl: int) -> list[Row]:
        return section_readings(self.store, self.report["portal"], crawl)

    # The parts ------------------------------------------------------------------------------------------------------

    def capture(self, ref: str) -> dict[str, object] | None:
        """A reference, and whether it can be opened; None if there is none."""
        return {"ref": ref, "readable": self.readable(ref)} if ref else None

    def section_evidence(self, crawl: int) -> list[dict[str, object]]:
        """What a pass read of the portal's sections."""
        return [
            {
                "section": row["section"],
                "url": row["url"],
                "complete": bool(row["complete"]),
                "listed": row["links"],
                "pages": row["pages"],
                "status": row["status"],
                "reason": row["reason"],
                "words": section_in_words(
                    bool(row["complete"]),
                    bool(row["broken"]),
                    row["links"],
                    row["reason"],
                    row["status"],
                    bool(row["is_report"]),
                ),
                "captures": [self.capture(ref) for ref in row["captures"]],
            }
            for row in self.sections(crawl)
        ]

    def reading_evidence(self, row: Row) -> dict[str, object]:
        """One reading with the state of the sections in its pass."""
        sections = self.section_evidence(row["crawl"])
        overwritten = row["reading"] in _GONE and self.detail.get("reason") == "overwritten"
        return {
            "reading": row["id"],
            "at": row["finished_at"] or row["started_at"],
            "crawl": row["crawl"],
            "kind": row["reading"],
            "counted": bool(row["counted"]),
            "status": row["http_status"],
            "final_url": row["final_url"],
            "marker": row["marker"],
            "words": in_words(
                row["reading"],
                row["http_status"],
                row["marker"],
                row["final_url"],
                self.report["url"],
                overwritten=overwritten,
            ),
            "capture": self.capture(row["archive_ref"]),
            "sections": sections,
            "sections_complete": all(section["complete"] for section in sections) if sections else None,
            "listed": sum(row["links"] for row in self.sections(row["crawl"])) if sections else None,
        }

    def version_evidence(self, row: Row) -> dict[str, object]:
        """One version with its captures."""
        attachments = self.store.rows(
            "SELECT id, url, name, sha256, archive_ref FROM attachments WHERE version = ? ORDER BY id", (row["id"],)
        )
        return {
            "version": row["id"],
            "seq": row["seq"],
            "at": row["captured_at"],
            "crawl": row["crawl"],
            "url": row["url"],
            "status": row["http_status"],
            "significance": row["significance"],
            "words": _SIGNIFICANCE[row["significance"]],
            "content_hash": row["content_hash"],
            "body_hash": row["body_hash"],
            "previous_hash": row["previous_hash"],
            "capture": self.capture(row["archive_ref"]),
            "parts": [
                {"url": part["url"], "sha256": part["sha256"], "capture": self.capture(part["archive_ref"])}
                for part in article_parts(self.store, row["archive_ref"])
            ],
            "attachments": [
                {
                    "attachment": item["id"],
                    "url": item["url"],
                    "name": item["name"],
                    "sha256": item["sha256"],
                    "capture": self.capture(item["archive_ref"]),
                }
                for item in attachments
            ],
        }

    def evidence(self, event: Row) -> dict[str, object]:
        """What proves an event: its readings, versions, and sections."""
        kind, crawl = event["kind"], event["crawl"]
        readings: list[Row] = []
        versions: list[Row] = []
        if kind == "taken_down":
            readings = self._confirming(event)
        elif kind in ("restored", "moved"):
            readings = [row for row in self.readings if row["crawl"] == crawl]
        if kind in ("appeared", "changed", "restored", "moved"):
            wanted = {event["from_version"], event["to_version"]} if kind == "changed" else {event["to_version"]}
            versions = [row for row in self.versions if row["id"] in wanted]
        told: dict[str, object] = {
            "readings": [self.reading_evidence(row) for row in readings],
            "versions": [self.version_evidence(row) for row in versions],
        }
        if kind in _LISTS and crawl is not None:
            told["sections"] = self.section_evidence(crawl)
        if kind == "moved":
            told["from_url"], told["to_url"] = event["detail"].get("from_url"), event["detail"].get("to_url")
        return told

    def _confirming(self, event: Row) -> list[Row]:
        """The readings that a take-down rests on: those that counted since it was last read present."""
        run: list[Row] = []
        for row in self.readings:
            if event["crawl"] is not None and row["crawl"] > event["crawl"]:
                break
            if row["reading"] == "present":
                run = []
            elif row["counted"] and row["reading"] in _GONE:
                run.append(row)
        return run

    # The whole ------------------------------------------------------------------------------------------------------

    def timeline(self, *, counted: bool = False) -> list[dict[str, object]]:
        """Everything, in order of time; `counted`: of the readings, only those that counted towards something."""
        entries: list[dict[str, object]] = []
        for row in self.readings:
            if counted and not row["counted"]:
                continue
            told = self.reading_evidence(row)
            entries.append({"type": "reading", "id": row["id"], **told})
        for row in self.versions:
            entries.append({"type": "version", "id": row["id"], **self.version_evidence(row)})
        for event in self.events:
            entries.append(
                {
                    "type": "event",
                    "id": event["id"],
                    "at": event["detected_at"],
                    "crawl": event["crawl"],
                    "kind": event["kind"],
                    "words": f"【{WORDS['zh'][event['kind']]}】{event['summary']}",
                    "baseline": bool(event["baseline"]),
                    "retracted_at": event["retracted_at"],
                    "retracted_why": event["detail"].get("retracted_why", ""),
                    "retracted_by": event["detail"].get("retracted_by", ""),
                    "evidence": self.evidence(event),
                }
            )
        for row in self.corrections():
            said = f"{row['from_organ']} {row['from_year']} 年 → {row['to_organ']} {row['to_year']} 年"
            entries.append(
                {"type": "correction", "id": row["id"], "at": row["at"], "crawl": None, "words": said, **row}
            )
        return sorted(entries, key=lambda entry: (str(entry["at"]), _ORDER[str(entry["type"])], entry["id"]))

    def corrections(self) -> list[Row]:
        """What an operator set by hand."""
        return self.store.rows(
            """SELECT id, at, who, why, from_organ, from_year, to_organ, to_year, undone_at, undone_by FROM corrections
            WHERE report = ? ORDER BY id""",
            (self.report["id"],),
        )

    def pages(self) -> list[Row]:
        """The addresses that showed it."""
        return self.store.rows(
            """SELECT p.url, x.role, x.absent FROM page_reports x JOIN pages p ON p.id = x.page
            WHERE x.report = ? ORDER BY x.role, p.url""",
            (self.report["id"],),
        )

    def looked_for(self) -> dict[str, object] | None:
        """Where a report that is gone was sought in vain, as of the last pass that counted; None if it is not gone."""
        gone = [row for row in self.readings if row["counted"] and row["reading"] in _GONE]
        if self.report["status"] == "live" or not gone:
            return None
        last = self.reading_evidence(gone[-1])
        addresses = [page["url"] for page in self.pages() if page["role"] in ("primary", "former", "view")]
        return {"at": last["at"], "crawl": last["crawl"], "addresses": addresses, "sections": last["sections"]}

    def online(self) -> str:
        """For how long it has been seen, in words: from the first reading to the last that found it."""
        return span(self.report["first_seen_at"], self.report["last_verified_at"])

    def captures(self, events: Iterable[Row]) -> list[tuple[str, str]]:
        """All captures behind events: reference, what it shows. Each once."""
        found: dict[str, str] = {}
        for event in events:
            told = self.evidence(event)
            for reading in told["readings"]:  # type: ignore[attr-defined]
                _add(found, reading["capture"], f"reading {reading['reading']}")
            for version in told["versions"]:  # type: ignore[attr-defined]
                _add(found, version["capture"], f"v{version['seq']}")
                for part in version["parts"]:
                    _add(found, part["capture"], f"v{version['seq']} {part['url']}")
                for item in version["attachments"]:
                    _add(found, item["capture"], f"v{version['seq']} {item['name']}")
            lists = [told.get("sections", []), *(one["sections"] for one in told["readings"])]  # type: ignore[attr-defined]
            for section in (one for sections in lists for one in sections):
                for number, capture in enumerate(section["captures"], 1):
                    _add(found, capture, f"{section['url']} page {number}")
        return list(found.items())

    def told(self) -> dict[str, object]:
        """Everything, for `--json` and bundles."""
        number, current = self.report["id"], self.report["current_version"]
        return {
            "report": {**self.report, "detail": self.detail},
            "organ": self.store.row("SELECT name, aliases, kind FROM organs WHERE id = ?", (self.report["organ_id"],)),
            "online": self.online(),
            "looked_for": self.looked_for(),
            "timeline": self.timeline(),
            "pages": self.pages(),
            "versions": [{name: value for name, value in row.items() if name != "text"} for row in self.versions],
            "attachments": self.store.rows(
                """SELECT id, url, name, kind, media_type, sha256, size, archive_ref FROM attachments WHERE version = ?
                ORDER BY id""",
                (current,),
            ),
            "readings": [
                {**{k: v for k, v in row.items() if k not in ("started_at", "finished_at")}, "at": row["finished_at"]}
                for row in self.readings
            ],
            "events": self.events,
            "corrections": self.corrections(),
            "findings": self.store.rows(
                "SELECT rule, severity, detail FROM findings WHERE version = ? ORDER BY id", (current,)
            ),
            "companions": self.store.rows(
                "SELECT url, title FROM companions WHERE portal = ? AND report = ?", (self.report["portal"], number)
            ),
        }


def event_captures(store: Store, event: Row, archive: Path | None = None) -> list[tuple[str, str]]:
    """The captures behind an event: reference, what it shows. Of one on a portal as a whole: its sections."""
    report = (
        store.row("SELECT * FROM reports WHERE id = ?", (event["report"],)) if event["report"] is not None else None
    )
    if report is not None:
        history = History(store, report, archive)
        return history.captures(one for one in history.events if one["id"] == event["id"])
    if event["portal"] is None or event["crawl"] is None:
        return []
    return [
        (ref, f"{row['url']} page {number}")
        for row in section_readings(store, event["portal"], event["crawl"])
        for number, ref in enumerate(row["captures"], 1)
    ]


def _add(found: dict[str, str], capture: dict[str, object] | None, label: str) -> None:
    if capture is not None:
        found.setdefault(str(capture["ref"]), label)
