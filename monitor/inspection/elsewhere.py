"""Where the sections of portals that were not found may be now: a survey each, as `portals add` makes it."""

from collections.abc import Callable, Iterator, Sequence

from crawler.page.address import twin_of
from crawler.portal import Portal
from crawler.scout.survey_model import Survey
from monitor.inspection.model import Inspection, Proposal, Verdict
from monitor.scouting import order_of, scout
from monitor.settings import Settings

LOST: frozenset[Verdict] = frozenset({"section gone", "no reports", "not reports"})
"""Verdicts after which it is worth looking."""


def proposals(
    lost: Sequence[tuple[Portal, Inspection]], settings: Settings, now: str, progress: Callable[[str, int, int], None]
) -> Iterator[tuple[str, Survey]]:
    """Each portal's name with what the survey found. `progress`: name, requests made, the most that are made."""
    names = {}
    orders = []
    for portal, inspection in lost:
        start = next((one.url for one in inspection.sections if one.judged.verdict in LOST), portal.sections[0])
        order = order_of(start.partition("{year}")[0], settings, now, known=portal)
        names[id(order)] = portal.name
        orders.append(order)
    for order, survey in scout(orders, lambda order, told: progress(names[id(order)], told.requests, told.most)):
        yield names[id(order)], survey


def proposal_of(portal: Portal, survey: Survey) -> Proposal | None:
    """What the survey proposes in place of what the portal file says; None: nothing, or the same."""
    found = survey.portal
    if survey.outcome != "found" or found is None:
        return None
    same = {twin_of(section) for section in found.sections} == {twin_of(section) for section in portal.sections}
    if same and (found.family, found.render, found.selectors) == (portal.family, portal.render, portal.selectors):
        return None
    changes = [f'family = "{found.family}"'] if found.family != portal.family else []
    changes += ["render = true"] if found.render and not portal.render else []
    how = next((section.how for section in survey.sections if section.how), "")
    return Proposal(
        sections=found.sections,
        family=found.family,
        links=sum(1 for link in survey.listed if link.kind == "report"),
        why="; ".join(filter(None, (how, *changes)))[:500],
        command=f"nianbao portals add {found.sections[0]} --name {portal.name} --replace",
        render=found.render,
    )
