"""Composes a survey's result: the portal file that is proposed, what speaks for and against it, and the pages behind it.

In: what the search found. Out: a `Survey` without its protocol. Every text that a page had a part in is made harmless here:
one line, no control or direction characters, not long.
"""

import re
from typing import Any

import msgspec

from crawler.page import titles
from crawler.page.address import bare, host_of, is_home, twin_of
from crawler.portal import Level, PolicyOverrides, Portal
from crawler.scout import facts, recognise, samples
from crawler.scout.asker import Asker
from crawler.scout.explore import Explorer
from crawler.scout.found import Candidate, Found
from crawler.scout.model import Evidence, Facts, Recognised, Seen
from crawler.scout.notes import note_all, seen_of
from crawler.scout.own import clean, is_own, registrable
from crawler.scout.saved import saved_pages
from crawler.scout.survey_model import Compared, Listed, Order, Outcome, Survey

_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,400})", re.I)
_MOST_LISTED = 2000
_DEPARTMENT = re.compile(r"(?:局|委员会|委|办公室|厅|署|院|中心|处|支队|总队)$")
_LEVELS = frozenset(("province", "prefecture", "county", "township", "department"))


def title_of(seen: Seen) -> str:
    """A page's title."""
    found = _TITLE.search(seen.text[:200_000])
    return clean(found[1]) if found else ""


def facts_of(explorer: Explorer) -> Facts:
    """What the pages that were read say of the portal."""
    said = facts.facts([visit.seen for visit in explorer.visits.made if visit.seen.status == 200])
    level = said.level if said.level in _LEVELS else ""
    return Facts(clean(said.title, 60), clean(said.organ, 60), said.site_id, said.region, level)


def nothing(order: Order, explorer: Explorer, asker: Asker, blank: str) -> Survey:
    """Why there is no proposal, and what could be done."""
    answered = [
        visit for visit in explorer.visits.made if visit.answer.response is not None and not visit.answer.failure
    ]
    readable = [visit for visit in explorer.visits.made if visit.readable]
    empty = next((one for one in explorer.candidates if one.annual and not one.links and not is_home(one.url)), None)
    robots = any(note.rule == "robots" for note in asker.notes.values())
    markers = ", ".join(dict.fromkeys(clean(one.said, 80) for one in asker.tried[:6] if one.said))
    if explorer.spent:
        asker.note("budget", "warning", explorer.spent)
    outcome: Outcome
    if blank:
        outcome, trouble, remedy = (
            "nothing",
            f"{blank} shows no address of a report without its scripts",
            "",
        )  # whoever starts us sees to that
    elif not answered and (robots or any(note.rule == "new_host" for note in asker.notes.values())):
        outcome, trouble = "blocked", f"nothing could be read of {host_of(order.url)} ({markers})"
        remedy = (
            "robots.txt asks programs to keep away: ask the portal's office for leave, or give another address of it"
            if robots
            else "give the address that the note names, if it is the same portal"
        )
    elif not answered:
        outcome, trouble = "unreachable", f"nothing answered ({markers})"
        remedy = "open the address in a browser; from abroad many portals answer only through a proxy in the country: --proxy"
    elif not readable and asker.challenges:
        outcome, trouble = "blocked", f"the portal answers with challenges or refusals ({markers})"
        remedy = (
            "read it from another network (--proxy), or ask its office to let the monitor in; challenges are not broken"
        )
    elif empty is not None:
        outcome, trouble = "empty", f"{empty.url} is the annual reports' column, but lists no report yet"
        remedy = (
            "look at it in a browser; if reports are there, write the file by hand (docs/portals.md), else add it later"
        )
    else:
        outcome, trouble = "nothing", f"{len(explorer.visits.made)} pages were read, and none lists annual reports"
        remedy = "give the address of the section (栏目) itself, or of one report"
    said = explorer.given.recognised if explorer.given is not None else ()
    return Survey(
        order.url, outcome, trouble=trouble, remedy=remedy, facts=facts_of(explorer), others=_others(explorer, ()),
        family=said[0].family if said else "", score=said[0].score if said else 0.0, evidence=_clean(said[0].evidence if said else ()),
    )  # fmt: skip


def found(order: Order, explorer: Explorer, asker: Asker, what: Found) -> Survey:
    """The proposal."""
    said = facts_of(explorer)
    portal = what.portal if order.known is not None else _portal(order, explorer, what, said)
    seen = [what.best.visit.seen, *(seen_of(one) for one in what.read)]
    recognised = _recognised(portal.family, seen, what.best)
    listed = _listed(what)
    reports = tuple(
        msgspec.structs.replace(
            one, title=clean(one.title), organ=clean(one.organ), source=clean(one.source), marker=clean(one.marker)
        )
        for sample in what.read
        for one in samples.told(sample.url, sample.page)[:20]
    )
    good = any(one.reading == "present" for one in reports)
    note_all(order, explorer, asker, what, portal, recognised, listed)
    survey = Survey(
        order.url, "found" if good else "nothing", portal=portal, family=portal.family, score=recognised.score,
        evidence=_clean(recognised.evidence), compared=_compared(what.best), sections=what.sections,
        others=_others(explorer, what.chosen), selected=_clean(what.selected), listed=listed[:_MOST_LISTED], reports=reports,
        facts=said,
    )  # fmt: skip
    if good:
        return msgspec.structs.replace(survey, saved=saved_pages(portal, what.chosen, what.read, int(order.now[:4])))
    read = ", ".join(dict.fromkeys(f"{one.reading} ({one.marker})" if one.marker else one.reading for one in reports))
    return msgspec.structs.replace(
        survey,
        trouble=f"{what.best.url} lists {len(listed)} links that may be reports, but none that was read is one: {read or 'none was'}",
        remedy="open one in a browser; give the address of a report, or write the file by hand (docs/portals.md)",
    )


def _portal(order: Order, explorer: Explorer, what: Found, said: Facts) -> Portal:
    own = is_own(order.url)
    organ = _only_organ(what) or said.organ
    department = bool(said.organ) and organ != said.organ and _DEPARTMENT.search(organ) is not None
    title = (organ if department else said.title) or clean(what.sections[0].title, 60) or host_of(order.url)
    level: Any = "department" if department else said.level
    best: Level = level or "county"
    return msgspec.structs.replace(
        what.portal,
        title=title,
        organ=organ,
        site_id=said.site_id if re.fullmatch(r"\d{10}|bm\d{8}", said.site_id) else "",
        region=said.region if re.fullmatch(r"\d{6}", said.region) else "",
        level=best,
        proxy=order.proxy,
        allowed_hosts=_hosts(what),
        policy=PolicyOverrides(allow_private=True) if own else PolicyOverrides(),
    )


def _only_organ(what: Found) -> str:
    """The organ whose reports alone stand in the sections, as the reports that were read name it; "" if there are several.
    A department's column on its government's portal says nothing of the department but that."""
    read = {clean(report.organ, 60) for sample in what.read for report in sample.page.reports if report.organ}
    if len(read) != 1:
        return ""
    (organ,) = read
    listed = {
        said.organ for one in _listed(what) if (said := titles.classify(one.title)).kind == "report" and said.organ
    }
    return organ if all(organ in name or name in organ for name in listed) else ""


def _hosts(what: Found) -> tuple[str, ...]:
    """Sibling hosts on which reports that were read, or their files, lie."""
    own = {bare(host_of(section.url)) for section in what.sections}
    authority = {registrable(host) for host in own} - {""}
    named = [
        host
        for sample in what.read
        if sample.page.reports
        for url in (sample.answer.url, *(item.url for report in sample.page.reports for item in report.attachments))
        if (host := bare(host_of(url))) not in own and registrable(host) in authority
    ]
    return tuple(dict.fromkeys(named))


def _recognised(family: str, seen: list[Seen], best: Candidate) -> Recognised:
    all_said = {one.family: one for one in recognise.recognise(seen)}
    first = {one.family: one for one in best.visit.recognised}
    choices = [one for one in (all_said.get(family), first.get(family)) if one is not None]
    return max(choices, key=lambda one: one.score, default=Recognised(family, best.score, ()))


def _clean(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    return tuple(Evidence(clean(one.what), clean(one.quote, 120), one.weight) for one in evidence[:8])


def _compared(best: Candidate) -> tuple[Compared, ...]:
    every = [(best.read, best.score, True), *((read, score, False) for read, score in best.others)]
    return tuple(
        Compared(best.url, read.family, score, best.counts.get(read.family, 0), not read.problem, taken)
        for read, score, taken in every
    )


def _listed(what: Found) -> tuple[Listed, ...]:
    found: dict[str, Listed] = {}
    for section, candidate in zip(what.sections, what.chosen, strict=True):
        for one in candidate.read.pages:
            for link in one.page.links:
                listed = Listed(section.url, link.url, clean(link.title), link.kind, clean(link.date, 40))
                found.setdefault(twin_of(link.url), listed)
    return tuple(found.values())


def _others(explorer: Explorer, chosen: tuple[Candidate, ...]) -> tuple[tuple[str, str], ...]:
    """Columns that links call annual reports' and that are not in the proposal."""
    taken = {twin_of(one.url) for one in chosen} | {twin_of(one.visit.lead.url) for one in chosen}
    taken |= {twin_of(column.url) for one in chosen for column in one.read.columns}
    taken |= {key for one in chosen for key in one.read.links}
    barren = {twin_of(one.visit.lead.url) for one in explorer.candidates if not one.links}
    barren |= {twin_of(one.lead.url) for one in explorer.visits.made if not one.readable}
    left = {url: title for url, title in explorer.annual.items() if twin_of(url) not in taken | barren}
    return tuple((url, clean(title, 60)) for url, title in [*left.items()][:8])
