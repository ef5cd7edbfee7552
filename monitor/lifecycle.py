"""The state machine: what a pass saw of a portal's reports, and what follows. Pure.

In: the portal's and its reports' states, what one pass saw of them, the portal's policy and the present. Out: the new
states and what is to be said. It guarantees the rules of docs/lifecycle.md: nothing is called taken down but on
consecutive healthy readings, over time, that found it at no other address; and a site that was rebuilt is said once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from crawler.portal import Policy

Status = Literal["live", "missing", "taken_down"]
Health = Literal["new", "ok", "blocked", "down", "broken"]
Reading = Literal["present", "gone", "weak_gone", "blocked", "unreachable"]
Significance = Literal["none", "cosmetic", "content"]
Kind = Literal[
    "taken_down", "restored", "moved", "changed", "delisted", "relisted",
    "portal_down", "portal_broken", "portal_recovered", "service",
]  # fmt: skip

DOWN_AFTER = 3
"""Passes in a row that read nothing before a portal is said to be down (rule 5)."""
MASS_COUNT = 3
MASS_SHARE = 0.30
"""So many pages, and more than this share, gone at once: the site was rebuilt (rule 3)."""
MASS_PATIENCE = timedelta(days=7)
UNVERIFIED_AFTER = timedelta(days=14)


class ReportState(msgspec.Struct, frozen=True):
    """One report as the record has it. `page` is its primary address: reports that share one count as one page."""

    id: int
    page: str
    status: Status = "live"
    listed: bool | None = None
    misses: int = 0
    weak_misses: int = 0
    missing_since: datetime | None = None
    unlisted_since: datetime | None = None
    last_verified_at: datetime | None = None
    unverified_said: bool = False
    overwritten: bool = False
    """Its page holds another report now: not a page that is gone, for the mass guard."""


class Sighting(msgspec.Struct, frozen=True):
    """What one pass saw of one known report."""

    reading: Reading | None = None
    """None: it was not asked for."""
    moved: bool = False
    """It was found at another address in this pass, by a redirect or in a section, and its own address reads gone."""
    significance: Significance = "none"
    """Of the report as it was read, against its current version."""
    listed: bool | None = None
    """True: a section lists it. False: every section that listed it was read completely and does not. None: unknown."""
    overwritten: bool = False
    """Gone, because its page now holds another report of its organ."""
    named_elsewhere: bool = False
    """A list names it at another address, which could not be read: it may have moved there (rule 2)."""


class PortalState(msgspec.Struct, frozen=True):
    """A portal as the record has it."""

    health: Health = "new"
    empty_passes: int = 0
    down_said: bool = False
    broken_said: bool = False
    mass_since: datetime | None = None
    delist_since: datetime | None = None
    empty_since: datetime | None = None
    """First of the passes in a row that read nothing."""
    trouble_since: datetime | None = None
    """Since when it is down or broken."""


class PassFacts(msgspec.Struct, frozen=True):
    """What one pass saw of the portal as a whole."""

    now: datetime
    read_anything: bool
    """At least one response said something."""
    asked: bool = True
    """False: there was nothing to ask for (a re-check of a portal without reports)."""
    blocked: bool = False
    """It read nothing because it was refused (firewall, challenge, robots), not because nothing answered."""
    proxy: bool = False
    """It read nothing because the portal's proxy failed: nobody knows how the portal itself is."""
    healthy: bool = False
    """Every section's list was read to its end, and none is broken."""
    broken_sections: tuple[str, ...] = ()
    clock_ok: bool = True
    """False: the machine's clock contradicts the portal's; conclusions from time wait (rule 13)."""
    verified_at: datetime | None = None
    """What time it was by the portal's clock, where the machine's is wrong; None: `now`."""


class Said(msgspec.Struct, frozen=True):
    """Something that happened, to a report (by id) or to the portal (None)."""

    kind: Kind
    report: int | None = None
    reason: str = ""
    count: int = 0
    since: datetime | None = None
    """Of what is said of the portal: since when."""


class Judgement(msgspec.Struct, frozen=True):
    portal: PortalState
    reports: dict[int, ReportState]
    said: tuple[Said, ...]
    counted: frozenset[int]
    """Reports whose reading counted towards something: to be kept as evidence."""


def judge(
    portal: PortalState,
    reports: Sequence[ReportState],
    sightings: Mapping[int, Sighting],
    facts: PassFacts,
    policy: Policy,
) -> Judgement:
    """Judges one pass. A report without a sighting was not asked for. Raises nothing."""
    if not facts.asked:
        states, said = _unverified({report.id: report for report in reports}, sightings, facts)
        return Judgement(portal, states, tuple(said), frozenset())
    if not facts.read_anything:
        return _nothing_read(portal, reports, facts)
    said = []
    gone = _gone_pages(reports, sightings)
    pages = {report.page for report in reports if report.status != "taken_down"}
    mass = _too_many(len(gone), len(pages))
    mass_since = (portal.mass_since or _known_now(facts)) if mass else None
    hold = mass and not _waited(mass_since, facts, MASS_PATIENCE)

    states = {}
    counted: set[int] = set()
    for report in reports:
        sighting = sightings.get(report.id, Sighting())
        state, events, counts = _step(report, sighting, facts, policy, hold)
        states[report.id] = state
        said += events
        if counts:
            counted.add(report.id)

    restored = {event.report for event in said if event.kind == "restored"}
    listings = _listings(portal, states, sightings, facts, restored)
    states, unlisted = listings.states, listings.waiting
    said += listings.said
    states, unverified = _unverified(states, sightings, facts)
    said += unverified

    delisted = listings.broken
    broken = bool(facts.broken_sections) or mass or delisted
    down_said, broken_said = portal.down_said, portal.broken_said
    trouble_since = portal.trouble_since
    if broken and not broken_said:
        reason = "section" if facts.broken_sections else "mass" if mass else "delisted"
        since = _known_now(facts)
        said.append(Said("portal_broken", reason=reason, count=len(gone) if mass else unlisted, since=since))
        trouble_since = trouble_since or since
        broken_said, down_said = True, False
    elif not broken and (down_said or (broken_said and facts.healthy and not unlisted)):
        said.append(Said("portal_recovered", reason="down" if down_said else "broken", since=trouble_since))
        trouble_since = None
        down_said = broken_said = False
    return Judgement(
        portal=PortalState(
            health="broken" if broken_said else "ok",
            down_said=down_said,
            broken_said=broken_said,
            mass_since=mass_since,
            delist_since=listings.since,
            trouble_since=trouble_since,
        ),
        reports=states,
        said=tuple(said),
        counted=frozenset(counted),
    )


def _nothing_read(portal: PortalState, reports: Sequence[ReportState], facts: PassFacts) -> Judgement:
    """A pass that read nothing says nothing about any report; the third in a row says that the portal is down."""
    empty = portal.empty_passes + 1
    since = portal.empty_since if portal.empty_passes else _known_now(facts)
    states, said = _unverified({report.id: report for report in reports}, {}, facts)
    down = empty >= DOWN_AFTER
    if down and not portal.down_said:
        reason = "proxy" if facts.proxy else "blocked" if facts.blocked else "unreachable"
        said = [Said("portal_down", reason=reason, count=empty, since=since), *said]
    health: Health = "blocked" if facts.blocked else "down" if down else portal.health
    return Judgement(
        portal=msgspec.structs.replace(
            portal,
            health=health,
            empty_passes=empty,
            down_said=portal.down_said or down,
            empty_since=since,
            trouble_since=portal.trouble_since or (since if down else None),
            # What was said last is that it is down: a portal that is readable again and still broken is told so anew.
            broken_said=portal.broken_said and not down,
        ),
        reports=states,
        said=tuple(said),
        counted=frozenset(),
    )


def _gone_pages(reports: Sequence[ReportState], sightings: Mapping[int, Sighting]) -> set[str]:
    """Pages that are gone as far as anyone knows, moves and overwritten columns paired off.

    A page that was missing and was not read again in this pass is still gone: an outage of half a site must not
    make the other half's removal look like a single one.
    """
    gone: set[str] = set()
    for report in reports:
        sighting = sightings.get(report.id, Sighting())
        if report.status == "taken_down" or sighting.moved or sighting.overwritten:
            continue
        reads_gone = sighting.reading in ("gone", "weak_gone")
        still_missing = report.status == "missing" and sighting.reading != "present" and not report.overwritten
        if reads_gone or still_missing:
            gone.add(report.page)
    return gone


def _too_many(count: int, total: int) -> bool:
    return count >= MASS_COUNT and count > MASS_SHARE * total


def _known_now(facts: PassFacts) -> datetime | None:
    """The present, unless the machine's clock is wrong: no span is measured from such a moment (rule 13)."""
    return facts.now if facts.clock_ok else None


def _waited(since: datetime | None, facts: PassFacts, patience: timedelta) -> bool:
    return since is not None and facts.clock_ok and facts.now - since >= patience


def _step(
    report: ReportState, sighting: Sighting, facts: PassFacts, policy: Policy, hold: bool
) -> tuple[ReportState, list[Said], bool]:
    """One report's transition: its new state, what is said, whether the reading counted towards something."""
    if sighting.moved or sighting.reading == "present":
        said = []
        if report.status == "taken_down":
            said.append(Said("restored", report.id))
        if sighting.moved:
            said.append(Said("moved", report.id))
        if sighting.significance == "content":
            said.append(Said("changed", report.id))
        state = msgspec.structs.replace(
            report,
            status="live",
            misses=0,
            weak_misses=0,
            missing_since=None,
            overwritten=False,
            last_verified_at=facts.verified_at or facts.now,
            unverified_said=False,
        )
        return state, said, bool(said) or report.status == "missing"
    if sighting.reading not in ("gone", "weak_gone") or report.status == "taken_down" or not facts.healthy:
        return report, [], False
    since = report.missing_since or _known_now(facts)
    misses = report.misses + 1
    weak = report.weak_misses + (sighting.reading == "weak_gone")
    needed = policy.takedown_confirmations + (1 if weak else 0)
    long_enough = _waited(since, facts, timedelta(seconds=policy.takedown_after))
    state = msgspec.structs.replace(
        report,
        status="missing",
        misses=misses,
        weak_misses=weak,
        missing_since=since,
        overwritten=sighting.overwritten,
    )
    if misses < needed or not long_enough or (hold and not sighting.overwritten) or sighting.named_elsewhere:
        return state, [], True
    listed = False if sighting.listed is False else state.listed
    state = msgspec.structs.replace(state, status="taken_down", listed=listed, unlisted_since=None)
    reason = "overwritten" if sighting.overwritten else ""
    return state, [Said("taken_down", report.id, reason=reason, count=misses)], True


class _Listings(msgspec.Struct, frozen=True):
    """What the lists of one pass come to."""

    states: dict[int, ReportState]
    said: list[Said]
    waiting: int
    """Reports that are off the lists and held back: too many to be told one by one."""
    broken: bool
    """So many were seen live off the lists, in this pass or in one before that still holds."""
    since: datetime | None


def _listings(
    portal: PortalState,
    states: dict[int, ReportState],
    sightings: Mapping[int, Sighting],
    facts: PassFacts,
    restored: set[int | None],
) -> _Listings:
    """Delisted and relisted reports, how many are off the lists at once and held back, and since when.

    A report that was restored in this pass is not told as relisted too: that goes without saying. One whose page was not
    read is not told, but counts for the guard: what a pass left unread must not make the rest look like a few.
    """
    after = dict(states)
    said: list[Said] = []
    off = 0
    unlisted: list[ReportState] = []
    population = sum(1 for state in states.values() if state.status == "live" and state.listed)
    for state in states.values():
        sighting = sightings.get(state.id, Sighting())
        seen_live = state.status == "live" and (sighting.moved or sighting.reading == "present")
        waiting = sighting.listed is None and state.unlisted_since is not None
        if state.status == "live" and state.listed and (sighting.listed is False or waiting):
            off += 1
            if seen_live and not waiting:
                unlisted.append(state)
            continue
        if not seen_live or sighting.listed is None:
            continue
        if state.listed is False and sighting.listed and state.id not in restored:
            said.append(Said("relisted", state.id))
        after[state.id] = msgspec.structs.replace(state, listed=sighting.listed, unlisted_since=None)
    many = _too_many(off, population)
    mass = many and (_too_many(len(unlisted), population) or portal.delist_since is not None)
    since = (portal.delist_since or _known_now(facts)) if mass else None
    hold = many and not _waited(since, facts, MASS_PATIENCE)
    for state in unlisted:
        if hold:
            after[state.id] = msgspec.structs.replace(state, unlisted_since=state.unlisted_since or facts.now)
        else:
            said.append(Said("delisted", state.id))
            after[state.id] = msgspec.structs.replace(state, listed=False, unlisted_since=None)
    left = off if hold else off - len(unlisted) if many else 0
    return _Listings(after, said, left, mass and left > 0, since if left else None)


def _unverified(
    states: dict[int, ReportState], sightings: Mapping[int, Sighting], facts: PassFacts
) -> tuple[dict[int, ReportState], list[Said]]:
    """Reports that no pass could verify for long, each told once (rule 5). One that reads gone and is waiting for its
    confirmation is being verified."""
    after = dict(states)
    said: list[Said] = []
    for state in states.values():
        if state.status == "taken_down" or state.unverified_said:
            continue
        seen = sightings.get(state.id, Sighting())
        if state.status == "missing" and seen.reading in ("gone", "weak_gone") and not seen.named_elsewhere:
            continue
        if _waited(state.last_verified_at, facts, UNVERIFIED_AFTER):
            after[state.id] = msgspec.structs.replace(state, unverified_said=True)
            said.append(Said("service", state.id, reason="unverified"))
    return after, said
