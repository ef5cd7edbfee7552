"""What lists name at an address that nobody could read: no proof that a report is anywhere, but its take-down cannot be said. Pure.

In: what sections list now, the pages of one pass, the record's organs and reports. Out: ids of reports of which a list names organ
and year at an address, not their own, that was blocked, unreachable or not asked for.
"""

from collections.abc import Iterable, Mapping

from crawler.observation import LinkListed, PageRead
from crawler.page.address import twin_of
from monitor.identity import OrganRow, Organs
from monitor.store import Fields


def named_elsewhere(
    links: Iterable[Mapping[str, LinkListed]],
    pages: Mapping[str, PageRead],
    reports: Mapping[int, Fields],
    organs: list[OrganRow],
    own: str,
) -> frozenset[int]:
    """`links`: by section, by address. `own`: the portal's organ, for titles that name none."""
    by_key: dict[tuple[int, int], list[Fields]] = {}
    for report in reports.values():
        by_key.setdefault((report["organ_id"], report["year"]), []).append(report)
    found: set[int] = set()
    known = Organs(organs)
    for listed in links:
        for url, link in listed.items():
            page = pages.get(url)
            if link.kind != "report" or (page is not None and page.reading not in ("blocked", "unreachable")):
                continue
            from crawler.page import titles  # by the first link that nobody could read

            said = titles.classify(link.title)
            year = said.year or link.year
            organ = known.find(said.organ or own) if said.kind == "report" and year else None
            if organ is None or year is None:
                continue
            found |= {
                report["id"] for report in by_key.get((organ.id, year), ()) if twin_of(report["url"]) != twin_of(url)
            }
    return frozenset(found)
