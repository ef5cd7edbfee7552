"""What an operator said of reports by hand, for matching: which report a page shows under a key that was set right, and
what on a page is no report at all. Pure.

A corrected report keeps its key whatever its pages print: it is known by what they printed when it was corrected, on its
own page, on a page that shows several, and wherever it is published again.
"""

from collections.abc import Callable, Collection, Iterable

from crawler.observation import ReportSeen
from crawler.page.model import Report
from monitor.identity import OrganRow, organ_name, same_organ
from monitor.match import ALIKE, Known, KnownReport, in_common


class ByHand:
    """The operator's word on one portal's reports."""

    def __init__(self, known: Known, text_of: Callable[[int], str]) -> None:
        self._ignored = known.ignored
        self._text_of = text_of
        self._organs = {organ.id: organ for organ in known.organs}
        self._corrected = [report for report in known.reports.values() if report.printed is not None]

    def here(
        self, report: Report, organ: OrganRow | None, here: Iterable[KnownReport], taken: Collection[int], lone: bool
    ) -> KnownReport | None:
        """The corrected report that a page shows as `report`, of those that stood there (`here`); None if it is another.

        `organ` is whose report it says it is, `taken` what was matched on the page already, `lone`: the page holds one
        report and held one.
        """
        others = [item for item in here if item.id not in taken]
        rivals = [item for item in others if item.printed is not None and self._prints(item, organ, report.year)]
        if not rivals:
            edited = [item for item in others if item.printed is not None and lone and self._alike(item, report)]
            return edited[0] if edited else None
        rivals += [
            item
            for item in others
            if item not in rivals and organ is not None and item.organ == organ.id and item.year == report.year
        ]
        best = max(rivals, key=lambda item: (self._common(item, report), item.year != report.year))
        return best if best.printed is not None else None

    def elsewhere(self, organ: OrganRow, year: int) -> list[KnownReport]:
        """Corrected reports whose pages print that organ and year."""
        return [
            item
            for item in self._corrected
            if self._prints(item, organ, year) and (item.organ, item.year) != (organ.id, year)
        ]

    def is_ignored(self, addresses: Iterable[str], seen: ReportSeen) -> bool:
        """Whether an operator said of what a page shows that it is no report, or not the one that it was taken for."""
        report = seen.report
        numbers = [number for address in addresses for number in self._ignored.get(address, ())]
        return report is not None and any(_alike(self._text_of(number), report.text) for number in numbers)

    def alike(self, item: KnownReport, report: Report) -> bool:
        """Whether a text is that report's, edited at most."""
        return self._alike(item, report)

    def _prints(self, item: KnownReport, organ: OrganRow | None, year: int | None) -> bool:
        assert item.printed is not None
        if organ is None or year not in (item.year, item.printed[1]):
            return False
        names = [organ_name(name) for name in (organ.name, *organ.aliases)]
        return organ.id == item.organ or any(same_organ(name, item.printed[0]) for name in names)

    def _common(self, item: KnownReport, report: Report) -> float:
        return in_common(self._text_of(item.id), report.text)

    def _alike(self, item: KnownReport, report: Report) -> bool:
        return _alike(self._text_of(item.id), report.text)


def _alike(text: str, other: str) -> bool:
    return in_common(text, other) >= ALIKE or not (text or other)
