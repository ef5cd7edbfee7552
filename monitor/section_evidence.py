"""What lists said, kept as evidence, within settle's transaction.

A pass that says nothing which rests on a list leaves nothing. One that does (a report through a new link, a take-down,
which rests on every section having been read, a report that is no longer listed, a report that is overdue), or that
found a link more or less, leaves a row for each column that it read, with references to the responses in archive/.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from crawler.observation import SECTIONS
from monitor.archive import keep_lists
from monitor.evidence import PassEvidence
from monitor.intake import Run, check
from monitor.store import Row, Store

RESTS_ON_LISTS = frozenset(
    {
        "baseline",
        "appeared",
        "taken_down",
        "moved",
        "delisted",
        "relisted",
        "overdue",
        "portal_broken",
        "portal_recovered",
    }
)
"""Kinds of events whose truth rests on what sections list."""


def rests_on_lists(store: Store, events: Collection[int], readings: Iterable[str | None], links_changed: bool) -> bool:
    """Whether a pass needs its lists as evidence. `readings`: those that counted towards something."""
    if links_changed or any(reading in ("gone", "weak_gone") for reading in readings):
        return True
    kinds = {row["kind"] for event in events if (row := store.row("SELECT kind FROM events WHERE id = ?", (event,)))}
    return bool(kinds & RESTS_ON_LISTS)


def write_section_readings(store: Store, run: Run, evidence: PassEvidence, archive: Path) -> None:
    """Writes a row for each column that the pass read, and moves the responses into the archive. Raises RunError if they are
    damaged."""
    portal, crawl = run.job.portal.name, run.job.crawl
    check(run, SECTIONS)
    references = keep_lists(run.folder, archive, portal, crawl) if any(one.captures for one in run.sections) else {}
    for read in run.sections:
        section = evidence.sections.get(read.section)
        captures = [references[place] for place in read.captures if place in references]
        store.insert(
            "section_readings",
            {
                "portal": portal,
                "crawl": crawl,
                "section": read.section,
                "url": read.url,
                "complete": int(read.complete),
                "is_report": int(read.is_report),
                "broken": int(section is not None and section.broken),
                "pages": read.pages,
                "links": read.links,
                "status": read.status,
                "reason": read.reason,
                "captures": msgspec.json.encode(captures).decode(),
            },
        )


def section_readings(store: Store, portal: str, crawl: int) -> list[Row]:
    """What one pass read of a portal's sections; `captures` as a list of references. Empty: it said nothing that rests
    on lists, or was made before they were kept."""
    rows = store.rows("SELECT * FROM section_readings WHERE portal = ? AND crawl = ? ORDER BY id", (portal, crawl))
    for row in rows:
        row["captures"] = msgspec.json.decode(row["captures"], type=list[str])
    return rows
