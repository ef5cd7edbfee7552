"""What a pass says of the portal as a whole: which sections were read, which are broken, whether it was healthy. Pure."""

from collections.abc import Mapping

import msgspec

from crawler.observation import OWN_ENDS, QUIET, Job, LinkListed, PageRead, SectionRead
from crawler.page.address import normalise, twin_of
from monitor.intake import Run
from monitor.record import PortalRecord
from monitor.relist import ListReread
from monitor.store import Row

NOT_EDITED: Mapping[str, ListReread] = {}
BLOCKED_STATUS = frozenset({401, 403, 405, 412, 418, 429, 521})


class SectionEvidence(msgspec.Struct, frozen=True):
    """One configured section with the year columns that belong to it."""

    url: str
    complete: bool
    """Every page of every column was read."""
    links: int
    """Report links."""
    is_report: bool
    broken: bool
    empty: bool
    """It lists nothing any more, and everything that it listed reads gone."""
    reason: str = ""
    edited: bool = False
    """Its last complete listing was read by other rules: what differs from that may be the operator's doing (rule 12)."""
    before: frozenset[str] = frozenset()
    """Of an edited one: reports that today's rules find on that listing, as far as it was kept."""
    whole: bool = False
    """It was kept whole: what is not in `before` was not there."""

    def stood_there(self, url: str) -> bool:
        """Whether an edited section is known to have listed an address before, by the rules that it is read by now."""
        return twin_of(url) in self.before


class PassEvidence(msgspec.Struct, frozen=True):
    sections: dict[str, SectionEvidence]
    links: dict[str, dict[str, LinkListed]]
    """By section, by normalised address: what it lists now."""
    healthy: bool
    read_anything: bool
    asked: bool
    """False: the pass had nothing to ask for."""
    blocked: bool
    broken: tuple[str, ...]
    baseline_complete: bool
    """Every section of the portal has been read completely once, and some of it has not been told yet."""
    section_pages: frozenset[str]
    """Normalised addresses of the sections' own pages."""
    proxy: bool = False
    """Nothing was read, and nothing but the portal's proxy was at fault."""
    trouble: str = ""
    """Why the pass counts as failed, for people; empty: it does not."""


def read_sections(
    run: Run, record: PortalRecord, pages: Mapping[str, PageRead], relisted: Mapping[str, ListReread] = NOT_EDITED
) -> PassEvidence:
    """What one pass's section readings come to. `relisted`: kept listings of edited sections, as they read today."""
    links: dict[str, dict[str, LinkListed]] = {}
    for link in run.links:
        links.setdefault(link.section, {})[normalise(link.url)] = link
    readings: dict[str, list[SectionRead]] = {}
    for reading in run.sections:
        readings.setdefault(reading.section, []).append(reading)
    active = [url for url, row in record.sections.items() if row["active"]]
    sections = {
        url: _section(
            url,
            readings[url],
            links.get(url, {}),
            record,
            pages,
            edited=_is_edited(run.job, record.sections[url]),
            relisted=relisted.get(url),
        )
        for url in active
        if url in readings
    }
    first = {url: record.sections[url]["first_complete_crawl"] for url in active}
    pending = [url for url in active if first[url] is None]
    # What a pass that was cut short listed is told by the next one that reads what it left unread.
    untold = pending or [url for url in active if first[url] > record.baseline_crawl]
    complete = {url for url, section in sections.items() if section.complete and not section.broken}
    broken = tuple(url for url, section in sections.items() if section.broken)
    answered = [page for page in pages.values() if page.reading not in ("blocked", "unreachable")]
    answered_attachments = [a for a in run.attachments.values() if a.reading not in ("blocked", "unreachable")]
    read_anything = bool(answered or answered_attachments) or any(reading.first_page for reading in run.sections)
    refused = any(page.reading == "blocked" for page in pages.values()) or any(
        reading.status in BLOCKED_STATUS or reading.reason.startswith(("blocked", "challenge", "robots"))
        for reading in run.sections
    )
    return PassEvidence(
        sections=sections,
        links=links,
        healthy=run.summary.outcome == "ok" and len(complete) == len(active),
        read_anything=read_anything,
        asked=_asked(run, read_anything),
        blocked=refused and not read_anything,
        proxy=not read_anything and _only_the_proxy(run, pages),
        broken=broken,
        baseline_complete=bool(untold) and run.summary.outcome == "ok" and all(url in complete for url in pending),
        section_pages=frozenset(normalise(reading.url) for reading in run.sections),
        trouble=_trouble(run, sections, read_anything, refused),
    )


def _only_the_proxy(run: Run, pages: Mapping[str, PageRead]) -> bool:
    """Whether all that could not be read failed at the proxy; what was left unread afterwards does not count."""
    if not run.job.portal.proxy:
        return False
    from crawler.page.verdict import PROXY

    told = [reading.reason for reading in run.sections] + [page.marker for page in pages.values()]
    told += [attachment.marker for attachment in run.attachments.values()]
    return bool(told) and all(why.startswith(PROXY) for why in told)


def _asked(run: Run, read_anything: bool) -> bool:
    """Whether the pass got as far as to ask the portal something, so that nothing read is the portal's doing."""
    if not read_anything and (run.summary.detail in OWN_ENDS or run.summary.detail == QUIET):
        return False
    return bool(run.sections or run.pages or run.attachments) or run.summary.outcome != "ok"


def _section(
    url: str,
    readings: list[SectionRead],
    links: Mapping[str, LinkListed],
    record: PortalRecord,
    pages: Mapping[str, PageRead],
    *,
    edited: bool,
    relisted: ListReread | None,
) -> SectionEvidence:
    # A query section of which no year exists was not read: its address is gone, or the whole portal is.
    opened = any(not reading.absent for reading in readings)
    complete = opened and all(reading.complete for reading in readings)
    first_page = opened and any(reading.first_page for reading in readings)
    is_report = any(reading.is_report for reading in readings)
    count = sum(1 for link in links.values() if link.kind == "report")
    broken = empty = False
    if first_page and complete and not count and not is_report and record.sections[url]["last_links"]:
        vanished = [
            link["url"]
            for link in record.links
            if link["section"] == url and link["listed"] and link["kind"] == "report"
        ]
        # A link that was never read is no report, and nobody asks for it once it is off the list.
        held = [address for address in vanished if address in record.pages]
        gone = [address for address in held if address in pages and pages[address].reading in ("gone", "other")]
        empty = bool(held) and len(gone) == len(held)
        stands = any(address in pages and pages[address].reading in ("present", "same") for address in held)
        # Where nothing that was read stands, what a pass left unread decides between a redesign and an emptied section.
        unsure = not stands and any(address not in pages for address in held)
        broken = not empty and not unsure
        complete = complete and not unsure
    reason = next((reading.reason for reading in readings if reading.reason), "")
    if broken and edited and not (relisted is not None and relisted.reports):
        # It is the edit that finds nothing here, not the portal that shows nothing: no redesign, and no listing either.
        broken = complete = False
        reason = "no report link by the portal file's present family and selectors"
    if not edited or relisted is None:
        return SectionEvidence(url, complete, count, is_report, broken, empty, reason, edited)
    return SectionEvidence(
        url, complete, count, is_report, broken, empty, reason, edited, relisted.reports, relisted.complete
    )


def _is_edited(job: Job, section: Row) -> bool:
    known = section["rules"] != "" and job.list_rules != "" and section["first_complete_crawl"] is not None
    return known and section["rules"] != job.list_rules


def _trouble(run: Run, sections: Mapping[str, SectionEvidence], read_anything: bool, refused: bool) -> str:
    if run.summary.outcome != "ok":
        return f"{run.summary.outcome}: {run.summary.detail}".rstrip(": ")
    if not read_anything and (run.sections or run.pages):
        return "nothing could be read" + (" (blocked)" if refused else "") + _reasons(sections)
    broken = [url for url, section in sections.items() if section.broken]
    if broken:
        return f"lists no report any more: {', '.join(broken)}"
    cut = [
        f"{url}: {section.reason or 'not read to its end'}" for url, section in sections.items() if not section.complete
    ]
    return "; ".join(cut)


def _reasons(sections: Mapping[str, SectionEvidence]) -> str:
    reasons = {section.reason for section in sections.values() if section.reason}
    return f": {'; '.join(sorted(reasons))}" if reasons else ""
