"""Makes the check: a short pass over each portal, settled in a folder that is thrown away."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from crawler.observation import SectionRead
from crawler.page.decode import decode
from crawler.page.model import Report
from crawler.page.provenance import Provenance, provenance
from crawler.portal import Portal
from crawler.scout.survey_model import Survey
from monitor.archive import ArchiveError, read_capture
from monitor.home import Home
from monitor.inspection import elsewhere, judge, memory
from monitor.inspection.hosts import hosts_of
from monitor.inspection.model import Compared, Inspection, LinkFound, ReportFound, SectionFound
from monitor.intake import Run, RunError, read_run
from monitor.run import Clock, Progress, crawl
from monitor.settings import Settings
from monitor.settle import Settled
from monitor.store import Row, Store

CHECKS = "checks"


def inspect(
    home: Home,
    settings: Settings,
    portals: Sequence[Portal],
    clock: Clock,
    *,
    reports: int,
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[Inspection]:
    """Checks each portal: every list page of its sections, and of the reports that they name at most so many (0: all).

    Nothing enters the record of `home`; what lists named is kept in HOME/checks for the next time. Raises PortalError for a proxy
    whose variable is not set.
    """
    quiet = msgspec.structs.replace(settings, channels=())
    done: list[Inspection] = []
    with tempfile.TemporaryDirectory(prefix="nianbao-check-") as folder:
        scratch = Home(Path(folder))
        begun = time.monotonic()
        with scratch.writing() as store:
            settled = crawl(scratch, store, quiet, portals, "discover", clock, progress, found=reports)
            latest = {one.portal: one for one in settled}
            for portal in portals:
                one = latest.get(portal.name) or Settled(portal.name, 0, "failed", trouble="its pass never ended")
                looked = _Look(home, scratch, store, quiet, portal, one, clock())
                done.append(looked.inspection(round(time.monotonic() - begun, 1)))
    hosts = hosts_of(portals, settings)
    done = [msgspec.structs.replace(one, hosts=hosts[one.portal]) for one in done]
    return _with_proposals(done, portals, settings, clock(), progress)


def _with_proposals(
    done: list[Inspection],
    portals: Sequence[Portal],
    settings: Settings,
    now: str,
    progress: Callable[[Progress], None],
) -> list[Inspection]:
    """The same, with where a section seems to be now that was not found."""
    files = {portal.name: portal for portal in portals}
    lost = [(files[one.portal], one) for one in done if one.verdict in elsewhere.LOST]
    if not lost:
        return done

    def show(name: str, requests: int, most: int) -> None:
        progress(Progress(f"{name}: a new address", requests, most, finished=False))

    found = dict(elsewhere.proposals(lost, settings, now, show))
    return [_moved(one, files[one.portal], found[one.portal]) if one.portal in found else one for one in done]


def _moved(one: Inspection, portal: Portal, survey: Survey) -> Inspection:
    proposal = elsewhere.proposal_of(portal, survey)
    if proposal is None:
        looked = f"no other section was found in {survey.requests} requests"
        return msgspec.structs.replace(one, notes=(*one.notes, looked))
    if proposal.render and not portal.render:
        browser = judge.judged("needs a browser", one.why)
        one = msgspec.structs.replace(one, verdict=browser.verdict, remedy=browser.remedy)
    return msgspec.structs.replace(one, proposal=proposal)


class _Look:
    """One portal's pass, seen as a check."""

    def __init__(
        self, home: Home, scratch: Home, store: Store, settings: Settings, portal: Portal, settled: Settled, now: str
    ) -> None:
        self._home, self._scratch, self._store = home, scratch, store
        self._settings, self._portal, self._settled, self._now = settings, portal, settled, now
        self._run: Run | None = None
        if settled.outcome not in ("killed", "failed") or settled.crawl:
            try:
                self._run = read_run(scratch.runs / portal.name / str(settled.crawl))
            except RunError:
                self._run = None

    def inspection(self, seconds: float) -> Inspection:
        """All of it."""
        portal, run = self._portal, self._run
        links = self._links()
        sections = self._sections()
        complete = bool(sections) and all(section.complete for section in sections)
        compared = self._compared(links, complete)
        reports = self._reports()
        unread = [page for page in run.pages.values() if page.reading not in ("present", "same")] if run else []
        broke = run is None or run.summary.outcome == "failed"
        judged = (
            judge.judged("failed", self._settled.trouble)
            if broke
            else judge.portal(sections, reports, unread, compared)
        )
        if complete and judged.verdict in ("good", "fewer than before"):
            memory.keep(self._home.path / CHECKS, portal.name, memory.Seen(self._now, links))
        return Inspection(
            portal=portal.name,
            title=portal.title,
            family=portal.family,
            checked_at=self._now,
            verdict=judged.verdict,
            why=judged.why,
            remedy=judged.remedy,
            trouble=self._settled.trouble,
            sections=tuple(sections),
            links=links,
            reports=tuple(reports),
            unread=tuple({"url": page.url, "reading": page.reading, "marker": page.marker} for page in unread),
            findings=tuple(self._findings()),
            notes=tuple(self._notes(reports, links)),
            compared=compared,
            requests=run.summary.requests if run else 0,
            seconds=seconds,
            policy=msgspec.to_builtins(self._settings.policy.overridden(portal.policy)),
            verified=portal.verified,
        )

    def _sections(self) -> list[SectionFound]:
        readings: dict[str, list[SectionRead]] = {}
        for reading in self._run.sections if self._run else ():
            readings.setdefault(reading.section, []).append(reading)
        return [judge.section(url, of_one) for url, of_one in readings.items()]

    def _links(self) -> tuple[LinkFound, ...]:
        found = self._run.links if self._run else ()
        named = {
            link.url: LinkFound(link.url, link.title, link.date, link.year) for link in found if link.kind == "report"
        }
        return tuple(named.values())

    def _compared(self, links: tuple[LinkFound, ...], complete: bool) -> Compared | None:
        name, sections = self._portal.name, self._portal.sections
        if self._home.database.exists():
            with self._home.reader() as store:
                known = memory.recorded(store, name, sections)
            if known is not None:
                return memory.compare(known, links, True, complete)
        before = memory.last_check(self._home.path / CHECKS, name)
        return memory.compare(before, links, False, complete) if before is not None else None

    def _reports(self) -> list[ReportFound]:
        rows = self._store.rows(
            """SELECT r.title, r.organ AS printed, o.name AS organ, r.year, r.published_on, v.url, v.source, v.archive_ref,
            v.text, v.id FROM reports r JOIN organs o ON o.id = r.organ_id JOIN versions v ON v.id = r.current_version
            WHERE r.portal = ? ORDER BY r.year DESC, r.id""",
            (self._portal.name,),
        )
        return [self._report(row) for row in rows]

    def _report(self, row: Row) -> ReportFound:
        figures = self._count("SELECT count(*) AS n FROM figures WHERE version = ? AND value IS NOT NULL", row["id"])
        attachments = self._count("SELECT count(*) AS n FROM attachments WHERE version = ?", row["id"])
        text = row["text"] or ""
        found = ReportFound(
            url=row["url"],
            title=row["title"],
            organ=row["organ"],
            year=row["year"],
            published_on=row["published_on"] or "",
            source=row["source"] or "",
            characters=len(text),
            figures=figures,
            attachments=attachments,
            where=self._where(row),
        )
        return msgspec.structs.replace(found, missing=judge.missing(found, text.count("\n| "), attachments))

    def _count(self, sql: str, key: int) -> int:
        row = self._store.row(sql, (key,))
        return int(row["n"]) if row else 0

    def _where(self, row: Row) -> Provenance:
        """Where on its page the report's parts stand; nothing for a page that was not kept, or is a file."""
        if not row["archive_ref"]:
            return Provenance()
        try:
            capture = read_capture(self._scratch.archive, row["archive_ref"])
        except (ArchiveError, OSError):
            return Provenance()
        report = Report(
            title=row["title"] or "", organ=row["printed"] or "", year=row["year"], year_from=None, source=row["source"] or "",
            published_on=row["published_on"] or "", text="", attachments=(), text_hash="",
        )  # fmt: skip
        return provenance(decode(capture.body, capture.content_type), row["url"], self._portal, report)

    def _findings(self) -> Iterator[dict[str, Any]]:
        yield from self._store.rows(
            """SELECT f.rule, f.severity, f.detail, f.url FROM findings f JOIN crawls c ON c.id = f.crawl
            WHERE c.portal = ? ORDER BY f.id""",
            (self._portal.name,),
        )

    def _notes(self, reports: Sequence[ReportFound], links: Sequence[LinkFound]) -> Iterator[str]:
        for report in reports:
            if report.missing:
                yield f"{report.url}: without {', '.join(report.missing)}"
        if any(section.startswith("http:") for section in self._portal.sections):
            yield "it is read over plain HTTP, which anybody on the way can change"
        years = {report.year for report in reports if report.year}
        if links and not years:
            yield "no year was found in what was opened"
