"""Run folder → the one transaction. Everything that a pass means for the record is written here, or none of it.

In: a finished run folder, the record, the present. Out: `Settled`: what was recorded. Idempotent by crawl id; a pass
that is not newer than the portal's last settled one is refused. What is judged is `monitor.matching` and
`monitor.lifecycle`, which are pure; this module carries their answers into tables.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from crawler.observation import CAPTURE, Job, PageRead
from crawler.page.address import normalise
from crawler.page.chinese import is_traditional
from crawler.portal import Policy
from monitor import archive
from monitor.announce import Announcer, Context
from monitor.disregard import Disregard
from monitor.elsewhere import named_elsewhere
from monitor.evidence import PassEvidence, read_sections
from monitor.intake import Moment, Run, check, finished, holds_a_response, moment_of, read_run
from monitor.ledger import Ledger
from monitor.lifecycle import PassFacts, Sighting, judge
from monitor.listing import ListingLedger
from monitor.match import Matched
from monitor.matching import match_reports
from monitor.recipients import enqueue, enqueue_retraction
from monitor.record import PortalRecord, load_record, save_portal_state, save_report_state, told_of_portal
from monitor.relist import ListReread, edited_sections, reread_lists
from monitor.section_evidence import rests_on_lists, write_section_readings
from monitor.settings import Settings
from monitor.store import Store
from monitor.times import shift, to_utc
from monitor.unrendered import remember

if TYPE_CHECKING:
    from monitor.pictures import Pictures


class SettleRefused(RuntimeError):
    """The pass is not newer than the last one settled for its portal."""


class Settled(msgspec.Struct, frozen=True):
    """What one pass came to."""

    portal: str
    crawl: int
    outcome: str
    reports_seen: int = 0
    events: tuple[int, ...] = ()
    healthy: bool = False
    trouble: str = ""
    """Why the pass counts as failed, for people; empty: it does not."""


def settle(
    folder: Path, store: Store, archive_dir: Path, settings: Settings, now: str, pictures: "Pictures | None" = None
) -> Settled:
    """Settles one finished run. Raises RunError (damaged folder) and SettleRefused; then nothing was written.

    `now` is the present, UTC; a pass that is settled long after its end is settled as of its end (monitor.intake).
    `pictures` recognises what the alerts of this pass speak of; without it, pictures have no figures for now.
    """
    run = read_run(folder)
    job, moment = run.job, moment_of(run, now)
    done = store.row("SELECT outcome, reports_seen FROM crawls WHERE id = ?", (job.crawl,))
    if done is None:
        raise SettleRefused(f"{folder}: the record never gave the number {job.crawl} to a pass")
    if done["outcome"] is not None:
        return Settled(job.portal.name, job.crawl, done["outcome"], done["reports_seen"])
    check(run, CAPTURE)
    capture = archive.keep_capture(folder, archive_dir, job.portal.name, job.crawl)
    if pictures is not None:
        pictures.of_pass(run, capture)
    edited = edited_sections(store, job.portal)
    relisted = reread_lists(store, archive_dir, job.portal, edited, int(job.now[:4]))
    with store.transaction():
        newest = store.row("SELECT last_crawl FROM portals WHERE name = ?", (job.portal.name,))
        if newest is None or (newest["last_crawl"] or 0) >= job.crawl:
            raise SettleRefused(f"{folder}: pass {job.crawl} is not newer than the last one settled")
        return _Settlement(run, store, archive_dir, settings, moment, capture, relisted).write()


def settle_killed(
    store: Store,
    folder: Path,
    settings: Settings,
    crawl: int,
    portal: str,
    now: str,
    why: str,
    *,
    ours: bool = False,
) -> Settled:
    """Records a pass that never finished. Without a response in its folder it counts towards portal_down (rule 5), unless the
    fault is `ours`: what it saw, if anything, was at a worker and never arrived."""
    with store.transaction():
        record = load_record(store, portal)
        announcer = Announcer(store, record, crawl, now)
        # Without a folder nobody was asked, and a pass that came to its end was not settled for a reason of ours.
        if not ours and folder.is_dir() and not finished(folder) and not holds_a_response(folder):
            facts = PassFacts(now=to_utc(now), read_anything=False)
            judgement = judge(record.state, list(record.states.values()), {}, facts, Policy())
            save_portal_state(store, portal, judgement.portal)
            for number, state in judgement.reports.items():
                if state != record.states[number]:
                    save_report_state(store, state)
            for said in judgement.said:
                if said.report is not None:
                    announcer.said(said, Context())
            for said in told_of_portal(store, record, judgement.said):
                announcer.said_of_portal(said, None)
        detail = msgspec.json.encode({"reason": why}).decode()
        store.run(
            "UPDATE crawls SET outcome = 'killed', finished_at = ?, detail = ? WHERE id = ?", (now, detail, crawl)
        )
        store.run("UPDATE portals SET last_crawl = max(coalesce(last_crawl, 0), ?) WHERE name = ?", (crawl, portal))
        enqueue(store, announcer.events, settings.channels, now, settings.service.timezone)
    return Settled(portal, crawl, "killed", events=tuple(announcer.events), trouble=why)


class _Settlement:
    """One pass on its way into the record; lives within one transaction."""

    def __init__(
        self,
        run: Run,
        store: Store,
        archive_dir: Path,
        settings: Settings,
        moment: Moment,
        capture: str,
        relisted: dict[str, ListReread],
    ) -> None:
        self.run = run
        self.job: Job = run.job
        self.store = store
        self.archive_dir = archive_dir
        self.settings = settings
        self.moment, self.now = moment, moment.now
        self.capture = capture
        self.relisted = relisted
        self.pages: dict[str, PageRead] = {}
        for page in run.pages.values():
            address = normalise(page.url)
            address = page.url if address == page.url else address  # held once
            if address not in self.pages or page.reading in ("present", "same"):
                self.pages[address] = page
        self.record: PortalRecord = load_record(store, self.job.portal.name)
        self.announcer = Announcer(store, self.record, self.job.crawl, self.now)
        self.ledger = Ledger(store, self.record, run, self.now, moment.verified_at, capture, self.announcer)
        self.listing = ListingLedger(store, self.record, run, self.now)
        self.disregard = Disregard(store, self.record)

    def write(self) -> Settled:
        evidence = read_sections(self.run, self.record, self.pages, self.relisted)
        facts = self._facts(evidence)
        matched = match_reports(
            self.record.known(self.job.portal, self.job.rules),
            self.pages,
            self.record.text,
            self.ledger.stored_content,
            self.ledger.content,
            is_traditional,
            self.ledger.content_now,
        )
        self.ledger.pages.write(self.pages)
        self.ledger.articles.write(self.pages, evidence.healthy, facts.clock_ok)
        self.ledger.write_keys(matched)
        fresh = self.ledger.write_new(matched, evidence)
        significance = self.ledger.write_versions(matched, evidence.healthy, facts.clock_ok)
        self.listing.write(evidence)
        self.listing.write_page_companions()
        listed = self.listing.listed(evidence)
        self.listing.forget_edited(evidence, listed)
        sightings = self._sightings(matched, significance, listed, evidence)
        judgement = judge(self.record.state, list(self.record.states.values()), sightings, facts, self.policy)

        self.ledger.pages.write_absences(matched, self.pages)
        for address in matched.waiting:
            self.ledger.pages.forget(address)
        self.ledger.pages.write_readings(matched, judgement.counted)
        for number, state in judgement.reports.items():
            moved_to = self._moved_to(matched, number)
            if moved_to:
                self.ledger.move(number, moved_to)
            before = self.record.states[number]
            if moved_to or msgspec.structs.replace(state, last_verified_at=before.last_verified_at) != before:
                save_report_state(self.store, state)
        self.ledger.touch_seen(
            number for number, sighting in sightings.items() if sighting.reading == "present" or sighting.moved
        )
        self.listing.set_fresh(fresh, listed)
        save_portal_state(self.store, self.record.name, judgement.portal)

        for said in sorted(judgement.said, key=lambda said: said.report or 0):
            if said.report is not None:
                self.announcer.said(said, self.ledger.context(said.report))
        for number in fresh:
            self.announcer.appeared(number, self.ledger.context(number))
        for said in told_of_portal(self.store, self.record, judgement.said):
            self.announcer.said_of_portal(said, evidence, self.run.leads)
        self.ledger.write_findings(evidence, self.pages)
        self.listing.write_findings(evidence, self.ledger.findings)
        self.announcer.findings()
        self._legal(evidence, facts)
        readings = [reading for number, (reading, *_) in matched.readings.items() if number in judgement.counted]
        if rests_on_lists(self.store, self.announcer.events, readings, self.listing.changed):
            write_section_readings(self.store, self.run, evidence, self.archive_dir)
        self._finish(evidence, judgement.portal.health)
        self._tell()
        return Settled(
            portal=self.record.name,
            crawl=self.job.crawl,
            outcome=self.run.summary.outcome,
            reports_seen=self.ledger.reports_seen,
            events=tuple(self.announcer.events),
            healthy=evidence.healthy,
            trouble=evidence.trouble,
        )

    @property
    def policy(self) -> Policy:
        return self.job.policy

    def _facts(self, evidence: PassEvidence) -> PassFacts:
        return PassFacts(
            now=to_utc(self.now),
            read_anything=evidence.read_anything,
            asked=evidence.asked,
            blocked=evidence.blocked,
            proxy=evidence.proxy,
            healthy=evidence.healthy,
            broken_sections=evidence.broken,
            clock_ok=self.moment.clock_ok,
            verified_at=to_utc(self.moment.verified_at),
        )

    def _sightings(
        self,
        matched: Matched,
        significance: dict[int, Any],
        listed: dict[int, bool | None],
        evidence: PassEvidence,
    ) -> dict[int, Sighting]:
        sightings = {}
        same: dict[Sighting, Sighting] = {}
        own = self.job.portal.organ or self.job.portal.title
        named = named_elsewhere(evidence.links.values(), self.pages, self.record.reports, self.record.organs, own)
        for number, (reading, page, overwritten) in matched.readings.items():
            moved = self._moved_to(matched, number)
            if moved and (number in self.ledger.takeovers or self.ledger.is_twin(number, moved)):
                # A view of the same page: no move.
                reading, moved = "present", ""
            reading, lists = self.disregard.weigh(number, reading, page, listed.get(number), matched)
            sighting = Sighting(
                reading=reading,
                moved=bool(moved),
                significance=significance.get(number, "none"),
                listed=lists,
                overwritten=overwritten,
                named_elsewhere=number in named,
            )
            sightings[number] = same.setdefault(sighting, sighting)
        return sightings

    def _moved_to(self, matched: Matched, number: int) -> str:
        """The address at which a known report was found instead of its own; empty if it did not move."""
        return self.ledger.moves(matched).get(number, "")

    def _legal(self, evidence: PassEvidence, facts: PassFacts) -> None:
        if evidence.healthy and facts.clock_ok:
            self.store.run("UPDATE portals SET last_complete_at = ? WHERE name = ?", (self.now, self.record.name))
            first = evidence.baseline_complete
            self.announcer.overdue(to_utc(self.now), baseline=first)
        if evidence.baseline_complete:
            self.announcer.baseline(len(evidence.sections))

    def _tell(self) -> None:
        channels, zone = self.settings.channels, self.settings.service.timezone
        enqueue(self.store, self.announcer.events, channels, self.now, zone)
        for event in self.announcer.withdrawn:
            enqueue_retraction(self.store, event, channels, self.now, zone, self.announcer.settled_by.get(event))

    def _finish(self, evidence: PassEvidence, health: str) -> None:
        summary = self.run.summary
        detail = {
            "detail": summary.detail,
            "widened": summary.widened,
            "trouble": evidence.trouble,
            "health": health,
            "clock_offset": summary.clock_offset,
        }
        self.store.update(
            "crawls",
            self.job.crawl,
            {
                "finished_at": self.now,
                "outcome": summary.outcome,
                "requests": summary.requests,
                "responses": summary.responses,
                "bytes": summary.bytes,
                "errors": summary.errors,
                "reports_seen": self.ledger.reports_seen,
                "detail": msgspec.json.encode(
                    {key: value for key, value in detail.items() if value not in ("", None)}
                ).decode(),
            },
        )
        remember(self.store, self.record.name, self.run.sections, self.now)
        not_before = shift(self.now, summary.retry_after) if summary.retry_after > 0 else ""
        self.store.run(
            "UPDATE portals SET last_crawl = ?, rendered = ?, not_before = ? WHERE name = ?",
            (self.job.crawl, int(self.job.portal.render), not_before, self.record.name),
        )
