"""Figures and findings of stored versions, brought to today's rules: after an upgrade, and when a picture was recognised.

In: the record. Out: the record, where anything differed; nobody is told, for nothing happened on a portal. Only the stored
text is read, so it costs milliseconds a report. In batches: a kill in between loses one batch's work, and the next pass
makes up for it.
"""

from collections.abc import Callable

from monitor.figures.revision import revision
from monitor.findings_store import FindingWriter
from monitor.store import Store

_BATCH = 50
"""Reports in one transaction."""


def refigure(store: Store, portal: str, progress: Callable[[int, int], None] = lambda _done, _total: None) -> int:
    """Reads the figures of a portal's current versions again where other rules read them. How many differed."""
    numbers = [
        row["id"]
        for row in store.rows(
            """SELECT r.id FROM reports r JOIN versions v ON v.id = r.current_version
            WHERE r.portal = ? AND v.figures_by <> ? AND r.withdrawn_at IS NULL ORDER BY r.organ_id, r.year""",
            (portal, revision()),
        )
    ]
    if not numbers:
        return 0
    findings = FindingWriter(store, portal, None)
    differing = 0
    for start in range(0, len(numbers), _BATCH):
        with store.transaction():
            for number in numbers[start : start + _BATCH]:
                differing += findings.refresh(number)
        progress(min(start + _BATCH, len(numbers)), len(numbers))
    return differing
