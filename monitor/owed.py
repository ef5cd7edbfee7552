"""Who owes a report by now, as the record stands: what `overdue` events and `nianbao overdue` both ask.

A report that a section lists is not owed, even if its page was never read (closed by robots.txt, blocked, over a size
limit): that nobody could read it is the finding `link_unread`, and says nothing about whether the organ has published.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from monitor.identity import Organs
from monitor.legal import Overdue, overdue
from monitor.store import Store


def owed(store: Store, portal: str, now: datetime, told: Collection[tuple[int, int]] = ()) -> list[Overdue]:
    """What is overdue on a portal: by organ and year, those neither seen nor listed. `told`: those (by organ's id) that the
    caller knows of."""
    organs = store.organs(portal)
    due = overdue(organs, years_seen(store, portal), now)
    missing = [one for one in due if (one.organ, one.year) not in told]
    if not missing:  # as in nearly every pass: then no list need be looked at
        return []
    named = Organs(organs)
    settled = {*_listed(store, portal, named), *_retracted(store, portal, named)}
    return [one for one in missing if (one.organ, one.year) not in settled]


def years_seen(store: Store, portal: str) -> dict[int, frozenset[int]]:
    """By organ, the years of which a report was ever seen."""
    seen: dict[int, set[int]] = {}
    for row in store.rows("SELECT organ_id, year FROM reports WHERE portal = ? AND withdrawn_at IS NULL", (portal,)):
        seen.setdefault(row["organ_id"], set()).add(row["year"])
    return {organ: frozenset(years) for organ, years in seen.items()}


def _listed(store: Store, portal: str, organs: Organs) -> Iterator[tuple[int, int]]:
    """Organ and year of the reports that sections list now, as far as the lists' words tell."""
    from crawler.page import titles  # by the first organ that owes anything: in most passes none does

    row = store.row("SELECT organ FROM portals WHERE name = ?", (portal,))
    own = row["organ"] if row is not None else ""
    # Of what an operator set right, or found to be no report, the list's words are wrong.
    for link in store.rows(
        """SELECT title, year FROM links l WHERE portal = ? AND kind = 'report' AND listed = 1 AND NOT EXISTS (
            SELECT 1 FROM pages p JOIN page_reports x ON x.page = p.id JOIN reports r ON r.id = x.report
            WHERE p.portal = l.portal AND p.url = l.url AND x.role <> 'attachment'
            AND (r.withdrawn_at IS NOT NULL OR json_extract(r.detail, '$.corrected')))""",
        (portal,),
    ):
        said = titles.classify(link["title"])
        year = said.year or link["year"]
        organ = organs.find(said.organ or own) if said.kind == "report" and year else None
        if organ is not None and year:
            yield organ.id, year


def _retracted(store: Store, portal: str, organs: Organs) -> Iterator[tuple[int, int]]:
    """Organ and year of what an operator took back by hand: not overdue, whoever counts."""
    for event in store.rows(
        """SELECT organ, year FROM events WHERE kind = 'overdue' AND portal = ? AND retracted_at IS NOT NULL
        AND coalesce(json_extract(detail, '$.retracted_why'), '') <> ''""",
        (portal,),
    ):
        organ = organs.find(event["organ"])
        if organ is not None:
            yield organ.id, event["year"]
