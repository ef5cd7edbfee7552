"""What the record says of one report, as plain values for its page."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from monitor.archive import article_parts
from monitor.figure_views import RULE_NAMES, SEVERITY_NAMES
from monitor.history import History
from monitor.legal import due_on, late_by
from monitor.markup import is_web
from monitor.reading_words import in_words
from monitor.store import Row, Store
from monitor.times import to_utc
from monitor.versions import GONE
from monitor.web.captures import there
from monitor.web.report_figures import FigureTable, figure_tables
from monitor.web.report_notes import Note, notes
from monitor.web.text import Laid, lay_out

STEPS = 40
"""Entries of a history that a page shows at first."""
_OTHERS = 60
"""Readings that counted towards nothing, latest first."""
_STALE_DAYS = 14
"""As `monitor.lifecycle` calls a report unverified."""
_LONGEST_EXTRACT = 6_000
_MOST_FILES = 300
_RANK = {"error": 0, "warning": 1, "info": 2}


class Finding(msgspec.Struct, frozen=True):
    """`severity`: error, warning, info."""

    rule: str
    severity: str
    severity_name: str
    place: str
    detail: str


class File(msgspec.Struct, frozen=True):
    """An attachment or a picture of a version."""

    id: int
    name: str
    url: str
    """Empty: no address that may become a link."""
    address: str
    kind: str
    media_type: str
    size: int | None
    sha256: str
    gone: bool
    read: bool
    captured: bool
    """Its capture seems to be there."""
    extract: str
    cut: bool


class Sibling(msgspec.Struct, frozen=True):
    id: int
    year: int
    status: str
    variant: int


class Step(msgspec.Struct, frozen=True):
    """One entry of the line of time."""

    entry: dict[str, Any]
    """As `History.timeline` tells it."""
    before: int | None = None
    """Of a version: the number of the one before it. Of a change: the version that it goes from."""
    after: int | None = None


class ReportPage(msgspec.Struct, frozen=True):
    """All of a report's page."""

    report: Row
    detail: dict[str, Any]
    organ: str
    portal: str
    url: str
    due: str
    punctual: str
    """`按期`, `逾期 3 天`, or empty: nothing is known or owed."""
    late: bool
    online: str
    stale_days: int
    notes: tuple[Note, ...]
    siblings: tuple[Sibling, ...]
    version: Row | None
    text: Laid
    findings: tuple[Finding, ...]
    hints: tuple[Finding, ...]
    figures: tuple[FigureTable, ...]
    figures_before: int | None
    """The report of the year before."""
    files: tuple[File, ...]
    companions: tuple[Row, ...]
    addresses: tuple[Row, ...]
    steps: tuple[Step, ...]
    """Latest first."""
    more_steps: int
    uncounted: tuple[dict[str, Any], ...]
    evidence: dict[str, Any] | None
    """Of a report that is gone: what its taking down rests on."""
    looked_for: dict[str, Any] | None
    page_there: bool
    versions: int


class VersionPage(msgspec.Struct, frozen=True):
    """One version's page."""

    report: Row
    organ: str
    version: Row
    text: Laid
    files: tuple[File, ...]
    parts: tuple[Row, ...]
    page_there: bool
    numbers: tuple[int, ...]


def report_page(store: Store, archive: Path, number: int, now: str, *, everything: bool = False) -> ReportPage | None:
    """None if there is no such report. `everything`: its whole history, however long."""
    report = store.row("SELECT * FROM reports WHERE id = ?", (number,))
    if report is None:
        return None
    history = History(store, report, archive)
    history.readable = cache(lambda ref: there(archive, ref))  # opening each capture would take seconds
    detail: dict[str, Any] = history.detail
    organ = store.row("SELECT name, kind FROM organs WHERE id = ?", (report["organ_id"],))
    portal = store.row("SELECT title FROM portals WHERE name = ?", (report["portal"],))
    assert organ is not None  # foreign keys
    assert portal is not None
    version = next((row for row in history.versions if row["id"] == report["current_version"]), None)
    found = _findings(store, version)
    due = due_on(organ["kind"], report["year"])
    punctual, late = _punctual(report, detail, organ["kind"], found, due)
    entries = history.timeline(counted=True)[::-1]
    shown = entries if everything else entries[:STEPS]
    figures, before = figure_tables(store, report)
    gone = report["status"] != "live"
    taken = [event for event in history.events if event["kind"] == "taken_down" and not event["retracted_at"]]
    looked = history.looked_for()
    return ReportPage(
        report=report,
        detail=detail,
        organ=organ["name"],
        portal=portal["title"],
        url=report["url"] if is_web(report["url"]) else "",
        due=due.isoformat() if due else "",
        punctual=punctual,
        late=late,
        online=history.online(),
        stale_days=_stale(report, now),
        notes=tuple(notes(store, report, detail)),
        siblings=_siblings(store, report),
        version=version,
        text=lay_out(version["text"], version["title"]) if version else Laid((), cut=False),
        findings=tuple(one for one in found if one.severity != "info"),
        hints=tuple(one for one in found if one.severity == "info"),
        figures=figures,
        figures_before=before,
        files=files_of(store, archive, version["id"]) if version else (),
        companions=tuple(
            {**row, "web": is_web(row["url"])}
            for row in store.rows(
                "SELECT url, title FROM companions WHERE portal = ? AND report = ? ORDER BY id",
                (report["portal"], number),
            )
        ),
        addresses=tuple(
            {**row, "web": is_web(row["url"])}
            for row in history.pages()
            if row["url"] != report["url"] and row["role"] != "attachment"
        ),
        steps=tuple(_steps(shown, history)),
        more_steps=len(entries) - len(shown),
        uncounted=tuple(_uncounted(history)),
        evidence=history.evidence(taken[-1]) if gone and taken else None,
        looked_for=looked if gone else None,
        page_there=bool(version) and there(archive, version["archive_ref"]) if version else False,
        versions=len(history.versions),
    )


def version_page(store: Store, archive: Path, number: int, seq: int) -> VersionPage | None:
    """None if there is no such version."""
    report = store.row("SELECT * FROM reports WHERE id = ?", (number,))
    version = store.row("SELECT * FROM versions WHERE report = ? AND seq = ?", (number, seq))
    if report is None or version is None:
        return None
    organ = store.row("SELECT name FROM organs WHERE id = ?", (report["organ_id"],))
    assert organ is not None
    return VersionPage(
        report,
        organ["name"],
        version,
        lay_out(version["text"], version["title"]),
        files_of(store, archive, version["id"]),
        tuple(article_parts(store, version["archive_ref"])),
        there(archive, version["archive_ref"]),
        tuple(row["seq"] for row in store.rows("SELECT seq FROM versions WHERE report = ? ORDER BY seq", (number,))),
    )


def version_text(store: Store, number: int, seq: int) -> str | None:
    """A version's text as it is stored."""
    row = store.row("SELECT text FROM versions WHERE report = ? AND seq = ?", (number, seq))
    return str(row["text"]) if row else None


def files_of(store: Store, archive: Path, version: int) -> tuple[File, ...]:
    """A version's attachments and pictures, in page order."""
    rows = store.rows(
        f"""SELECT id, name, url, kind, media_type, size, sha256, archive_ref, substr(text, 1, {_LONGEST_EXTRACT + 1}) AS text
        FROM attachments WHERE version = ? ORDER BY id LIMIT {_MOST_FILES}""",  # noqa: S608 (numbers)
        (version,),
    )
    return tuple(
        File(
            id=row["id"],
            name=row["name"] or row["url"].rpartition("/")[2] or f"附件 {row['id']}",
            url=row["url"] if is_web(row["url"]) else "",
            address=row["url"],
            kind=row["kind"],
            media_type=row["media_type"],
            size=row["size"],
            sha256=row["sha256"] if row["sha256"] != GONE else "",
            gone=row["sha256"] == GONE,
            read=bool(row["sha256"]),
            captured=bool(row["archive_ref"]) and there(archive, row["archive_ref"]),
            extract=row["text"][:_LONGEST_EXTRACT],
            cut=len(row["text"]) > _LONGEST_EXTRACT,
        )
        for row in rows
    )


def _findings(store: Store, version: Row | None) -> list[Finding]:
    if version is None:
        return []
    rows = store.rows(
        "SELECT rule, severity, place, detail FROM findings WHERE version = ? ORDER BY id", (version["id"],)
    )
    rows.sort(key=lambda row: _RANK.get(row["severity"], 3))
    return [
        Finding(
            RULE_NAMES.get(row["rule"]) or str(row["rule"]),
            row["severity"],
            SEVERITY_NAMES.get(row["severity"]) or str(row["severity"]),
            row["place"],
            row["detail"],
        )
        for row in rows
    ]


def _punctual(
    report: Row, detail: dict[str, Any], kind: Any, found: Iterable[Finding], due: date | None
) -> tuple[str, bool]:
    """As the program's own finding has it; else by the printed date, or by when it was first seen if it was not there before
    the portal was watched."""
    for one in found:
        if one.rule == RULE_NAMES["late"]:
            return one.detail, True
    if due is None:
        return "法律未规定期限", False
    seen = "" if detail.get("baseline") else report["first_seen_at"]
    if not report["published_on"] and not seen:
        return "", False
    try:
        days = late_by(kind, report["year"], report["published_on"], seen)
    except ValueError:  # what the portal prints is no date
        return "", False
    return (f"逾期 {days} 天", True) if days else ("按期", False)


def _stale(report: Row, now: str) -> int:
    """Days since it was last verified, if those are many; of a report that is gone, none."""
    try:
        days = (to_utc(now) - to_utc(report["last_verified_at"])).days
    except ValueError:
        return 0
    return days if days >= _STALE_DAYS and report["status"] != "taken_down" else 0


def _siblings(store: Store, report: Row) -> tuple[Sibling, ...]:
    """The organ's other years."""
    rows = store.rows(
        """SELECT id, year, status, variant FROM reports WHERE portal = ? AND organ_id = ? AND withdrawn_at IS NULL
        ORDER BY year DESC, variant LIMIT 60""",
        (report["portal"], report["organ_id"]),
    )
    return tuple(Sibling(**row) for row in rows)


def _steps(entries: Iterable[dict[str, Any]], history: History) -> Iterable[Step]:
    numbers = {row["id"]: row["seq"] for row in history.versions}
    events = {row["id"]: row for row in history.events}
    for entry in entries:
        if entry["type"] == "version":
            yield Step(entry, entry["seq"] - 1 if entry["seq"] - 1 in numbers.values() else None, entry["seq"])
        elif entry["type"] == "event":
            event = events[entry["id"]]
            yield Step(entry, numbers.get(event["from_version"]), numbers.get(event["to_version"]))
        else:
            yield Step(entry)


def _uncounted(history: History) -> Iterable[dict[str, Any]]:
    """Readings that counted towards nothing, in words."""
    url = history.report["url"]
    for row in [row for row in history.readings if not row["counted"]][: -_OTHERS - 1 : -1]:
        words = in_words(row["reading"], row["http_status"], row["marker"], row["final_url"], url)
        yield {"at": row["finished_at"] or row["started_at"], "crawl": row["crawl"], "words": words}
