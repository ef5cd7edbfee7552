"""Whether what a page shows is a known report, whatever title, organ and year it prints: told by its body. Pure.

A report that is re-published with a slip in its title (another year, a wrong character of the organ's name) is the same report,
moved and edited; nobody took it down, and nothing new appeared.
"""

from collections.abc import Callable, Iterable

from crawler.observation import ReportSeen
from monitor.match import Content, KnownReport, in_common

SAME_BODY = 0.98
"""Share of text that two readings must have in common to be one report under another key."""
_LEAST = 120
"""Characters of the shortest text that is proof enough."""
_TELLING = 20
"""Characters of the shortest line that is looked up."""


class Alike:
    """Bodies of known reports. `text_of(report id)`, `content_of(report id)`: the current version's; `content(seen)`: what a
    report that was parsed says."""

    def __init__(
        self,
        text_of: Callable[[int], str],
        content_of: Callable[[int], Content],
        content: Callable[[ReportSeen], Content],
    ) -> None:
        self._text_of = text_of
        self._content_of = content_of
        self._content = content
        self._telling: dict[int, str] = {}

    def share(self, report: KnownReport, seen: ReportSeen) -> float:
        """How much of a known report stands in what was parsed, 0 to 1; by its files where neither has a text."""
        text, now = self._text_of(report.id), seen.report.text if seen.report is not None else ""
        if len(text) + len(now) >= _TELLING:
            return in_common(text, now)
        files = self._content_of(report.id).files
        return 1.0 if files and files == self._content(seen).files else 0.0

    def lost(self, seen: ReportSeen, gone: Iterable[KnownReport]) -> KnownReport | None:
        """The one among the reports that are gone which this is under another key; None if there is none, or more than one."""
        text = seen.report.text if seen.report is not None else ""
        if len(text) < _LEAST:
            return None
        lines = {line for line in text.splitlines() if len(line) >= _TELLING}
        found = [
            report
            for report in gone
            if self._longest_line(report.id) in lines and in_common(self._text_of(report.id), text) >= SAME_BODY
        ]
        return found[0] if len(found) == 1 else None

    def _longest_line(self, report: int) -> str:
        """A line that a text with 98 % in common has too, unless it is nearly all of it: a site that migrates compares many."""
        if report not in self._telling:
            self._telling[report] = max(self._text_of(report).splitlines(), key=len, default="")
        return self._telling[report]
