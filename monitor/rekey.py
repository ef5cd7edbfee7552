"""Which organ and year a stored capture says by today's rules, where the record has it under another key.

In: the record, what a page's captures read today. Out: the key that a pass by the same rules would find. Pure.
"""

from crawler.page.model import GUESSED, Report
from monitor.identity import OrganRow, find_organ, kind_of, one_organ
from monitor.record import PortalRecord
from monitor.reread import PageReread, ReportReread


def printed_on(reread: PageReread, one: ReportReread) -> str:
    """The organ's name for a report of a page. One organ's successive names on one page: the newest is the organ's
    (monitor.matching reads a page so too)."""
    readings = [other.report for other in reread.reports if other.report is not None]
    successive = one_organ([report.organ for report in readings], [report.year for report in readings])
    newest = max(readings, key=lambda report: report.year or 0, default=None)
    named = newest if successive else one.report
    return named.organ if named is not None else ""


def key_today(record: PortalRecord, number: int, report: Report, printed: str) -> tuple[OrganRow, int]:
    """Organ and year of a report of the record as `report` says, `printed` being its organ's name.

    A year that is known is not given up for a guess, and what an operator set by hand stays. An organ that the record does
    not have has the id 0.
    """
    row, detail = record.reports[number], record.details[number]
    was = record.organ(row["organ_id"])
    if detail.corrected:
        return was, row["year"]
    kept = report.year is None or (report.year_from in GUESSED and (not detail.year_from or detail.is_section))
    return _organ(record, printed, was), row["year"] if report.year is None or kept else report.year


def _organ(record: PortalRecord, printed: str, was: OrganRow) -> OrganRow:
    if not printed:
        return was
    found = find_organ(printed, record.organs)
    if found is not None:
        return found
    kind = kind_of(printed)
    return was if kind == was.kind else OrganRow(0, printed, (), kind)
