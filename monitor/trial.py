"""A portal file tried on what is stored: what its rules would make of each report and each list. Nothing is written or fetched.

In: the record, the archive, a portal as a file describes it. Out: `Trial`: for each report whether it would be found and
what would be read otherwise; for each section whose list was kept, which links would be found; a verdict and a remedy.
"""

from pathlib import Path
from typing import Literal

import msgspec

from crawler.page.address import twin_of
from crawler.portal import Portal
from monitor import figures
from monitor.changes import document, read_document
from monitor.diff import diff
from monitor.diff_render import most_telling, summary
from monitor.documents import documents_of
from monitor.record import load_record
from monitor.rekey import key_today, printed_on
from monitor.relist import ListReread, reread_lists
from monitor.reread import PageReread, ReportReread, Rereader
from monitor.store import Fields, Store

Result = Literal["lost", "emptied", "unkept", "otherwise", "as recorded"]
ORDER: tuple[Result, ...] = ("lost", "emptied", "unkept", "otherwise", "as recorded")
_MOST_TOLD = 6


class Reading(msgspec.Struct, frozen=True):
    """What is read of a report."""

    title: str
    organ: str
    year: int
    published_on: str
    source: str
    characters: int
    figures: int
    attachments: int


class ReportTrial(msgspec.Struct, frozen=True, omit_defaults=True):
    """One report. `lost`: its capture shows no such report by these rules. `emptied`: it does, without most of its text.
    `unkept`: its capture cannot be read."""

    report: int
    url: str
    result: Result
    recorded: Reading
    read: Reading | None = None
    differs: tuple[str, ...] = ()
    """Fields of a reading that differ, and `text`."""
    summary: str = ""
    """Of the difference, in words."""
    telling: tuple[str, ...] = ()
    """The differences that tell most, one line each."""
    why: str = ""


class SectionTrial(msgspec.Struct, frozen=True, omit_defaults=True):
    """One section's kept list."""

    section: str
    kept: bool
    """Its last complete listing is in the archive."""
    complete: bool = False
    """Nothing that these rules would ask for was missing: else what is not found proves nothing."""
    why: str = ""
    recorded: int = 0
    """Report links that it listed."""
    found: int = 0
    """Report links that these rules find."""
    lost: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


class Trial(msgspec.Struct, frozen=True):
    """What a portal file would do."""

    portal: str
    family: str
    verdict: str
    remedy: str
    counts: dict[Result, int]
    """Reports by result."""
    sections: tuple[SectionTrial, ...]
    reports: tuple[ReportTrial, ...]
    beside: tuple[str, ...] = ()
    """Titles of reports on stored pages that the record does not have."""
    findings: tuple[str, ...] = ()
    """What the reader has to say of the stored pages: a selector that is no CSS, …"""

    @property
    def loses(self) -> bool:
        """Whether a report, most of its text, or a link to one would no longer be found."""
        return bool(self.counts["lost"] or self.counts["emptied"]) or any(section.lost for section in self.sections)


def attempt(store: Store, archive: Path, portal: Portal, this_year: int) -> Trial:
    """Tries a portal file on what the record has of that portal. Raises ValueError if it has nothing of it."""
    record = load_record(store, portal.name)
    rereader = Rereader(store, archive, portal, record)
    withdrawn = {row["id"] for row in store.rows("SELECT id FROM reports WHERE withdrawn_at IS NOT NULL")}
    reports: list[ReportTrial] = []
    beside: list[str] = []
    findings: dict[str, None] = {}
    with rereader.documents:
        for page in rereader.pages():
            reread = rereader.page(page)
            reports += [_tried(store, rereader, reread, one) for one in reread.reports if one.id not in withdrawn]
            beside += [f"{report.title} {page['url']}" for report in reread.beside]
            for source in {one.source.ref: one.source for one in reread.reports}.values():
                findings |= {f"{found.rule}: {found.detail}": None for found in source.findings}
    reports.sort(key=lambda one: (ORDER.index(one.result), -one.recorded.year, one.report))
    active = [
        row["url"] for row in store.rows("SELECT url FROM sections WHERE portal = ? AND active = 1", (portal.name,))
    ]
    lists = reread_lists(store, archive, portal, [url for url in active if url in portal.sections], this_year)
    sections = tuple(_section(url, lists.get(url), record.links) for url in portal.sections)
    counts = {result: sum(one.result == result for one in reports) for result in ORDER}
    verdict, remedy = _verdict(portal, counts, sections)
    return Trial(
        portal.name, portal.family, verdict, remedy, counts, sections, tuple(reports), tuple(beside), tuple(findings)
    )


def _tried(store: Store, rereader: Rereader, reread: PageReread, one: ReportReread) -> ReportTrial:
    version = rereader.versions[one.id]
    row = rereader.record.reports[one.id]
    stored = store.row("SELECT count(*) AS n FROM figures WHERE version = ?", (version["id"],))
    recorded = Reading(
        version["title"],
        rereader.record.organ(row["organ_id"]).name,
        row["year"],
        version["published_on"],
        version["source"],
        _length(version["text"]),
        stored["n"] if stored else 0,
        len(rereader.held(one.id)),
    )
    if one.report is None:
        result: Result = "lost" if one.fate == "unread" else "unkept"
        return ReportTrial(one.id, row["url"], result, recorded, why=one.source.why or one.source.state)
    report = one.report
    organ, year = key_today(rereader.record, one.id, report, printed_on(reread, one))
    read = Reading(
        report.title,
        organ.name,
        year,
        report.published_on,
        report.source,
        _length(report.text),
        len(
            figures.read(
                report.text, documents_of(store, one.held), year=year, organs=(organ.name, *organ.aliases)
            ).figures
        ),
        len(one.held),
    )
    after = read_document(store, one.id, report, one.held)
    change = diff(document(store, version), after, cosmetic=True)
    differs = [key for key in Reading.__struct_fields__ if getattr(recorded, key) != getattr(read, key)]
    if change.text or change.tables or change.attachments:
        differs.append("text")
    return ReportTrial(
        one.id,
        row["url"],
        "emptied" if read.characters * 2 < recorded.characters else "otherwise" if differs else "as recorded",
        recorded,
        read,
        tuple(differs),
        summary(change) if differs else "",
        tuple(most_telling(change, _MOST_TOLD)) if differs else (),
    )


def _section(url: str, kept: ListReread | None, links: list[Fields]) -> SectionTrial:
    listed = {
        twin_of(link["url"]): link["url"]
        for link in links
        if link["section"] == url and link["listed"] and link["kind"] == "report"
    }
    if kept is None:
        return SectionTrial(url, False, recorded=len(listed), why="no complete listing of it was kept yet")
    lost = [address for twin, address in listed.items() if twin not in kept.reports] if kept.complete else []
    new = [link.url for link in kept.links if link.kind == "report" and twin_of(link.url) not in listed]
    return SectionTrial(url, True, kept.complete, kept.why, len(listed), len(kept.reports), tuple(lost), tuple(new))


def _verdict(portal: Portal, counts: dict[Result, int], sections: tuple[SectionTrial, ...]) -> tuple[str, str]:
    total = sum(counts.values())
    links = sum(len(section.lost) for section in sections)
    if counts["lost"]:
        remedy = (
            "see below what their pages were taken for; check family and the selectors title and body of [selectors]"
        )
        return f"loses {counts['lost']} of {total} reports", remedy
    if counts["emptied"]:
        remedy = "check the selector body of [selectors]: what it names holds little of the report"
        return f"loses the text of {counts['emptied']} of {total} reports", remedy
    if links:
        remedy = "check family and the selectors link and next of [selectors]"
        return f"loses {links} of {sum(section.recorded for section in sections)} links of its sections", remedy
    if not total:
        return "nothing to try it on", f"no report of it is stored; `nianbao portals check {portal.name}` reads it live"
    if counts["unkept"]:
        remedy = "restore HOME/archive/ from a backup; what cannot be read cannot be tried"
        return f"cannot be tried on {counts['unkept']} of {total} reports", remedy
    if counts["otherwise"]:
        remedy = "if that is what you meant, put the file in place: the next pass takes it over without an alert"
        return f"reads {counts['otherwise']} of {total} reports otherwise", remedy
    return "good", ""


def _length(text: str) -> int:
    """Characters that are no white space."""
    return len("".join(text.split()))
