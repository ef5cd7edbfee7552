"""What is new in a reading, where the version that it is compared with was itself read by other rules (rule 12).

A pass normally meets versions that carry its own rules: `monitor.renew` saw to that, from the stored captures. Two
cases are left. A capture that could not be read by them: then nobody can tell what the portal changed, and the reading
is a new starting point. And a capture that was read again while no pass has read the page by those rules yet: selectors
that were set right for a new template may make little of a capture of the old one, so the reading is held against what
the version said before as well, and only what differs from both is news. Within settle's transaction; writes nothing.
"""

from typing import Literal

import msgspec

from crawler.page.model import Report
from monitor.lifecycle import Significance
from monitor.match import in_common
from monitor.record import Reread
from monitor.store import Row, Store
from monitor.versions import Draft, Held, comparable, compare, stored_held, stored_report
from monitor.watched import held_then, starting_point

Verdict = Literal["none", "completes", "silent", "baseline", "cosmetic", "content"]


class Weighed(msgspec.Struct, frozen=True):
    """`completes`: nothing new, but an attachment was read for the first time. `silent`: only the rules differ.
    `baseline`: nobody can tell."""

    verdict: Verdict
    version: int
    """The version that it is news against."""
    report: Report
    held: tuple[Held, ...]

    @property
    def significance(self) -> Significance:
        return self.verdict if self.verdict in ("cosmetic", "content") else "none"


def weigh(store: Store, version: Row, draft: Draft, *, foreign: bool, reread: Reread) -> Weighed:
    """A draft against a report's current version. `foreign`: that was read by other rules. `reread`: it is a re-reading
    of a capture that no pass has confirmed (ReportDetail.reread)."""
    report, held = stored_report(version), stored_held(store, version["id"])
    compared = compare(draft, report, held)
    if compared.significance == "none":
        return Weighed("completes" if compared.completes else "none", version["id"], report, held)
    if foreign:
        return Weighed("baseline", version["id"], report, held)
    best = Weighed(compared.significance, version["id"], report, held)
    if compared.significance == "cosmetic":
        return best
    today = {item.url: item for item in held}
    before = _read_before(store, version) if reread else []
    for earlier in before:
        # The page as it read before; its documents by what today's extractor finds in the stored bytes.
        was = stored_report(earlier)
        had = tuple(today.get(item.url, item) for item in stored_held(store, earlier["id"]))
        if compare(draft, was, had).significance != "content":
            return Weighed("silent", earlier["id"], was, had)
        if _likeness(draft.report, was) > _likeness(draft.report, best.report):
            best = Weighed("content", earlier["id"], was, had)
    if before and best.version == version["id"]:
        watched = before[-1]
        start = starting_point(stored_report(watched), report, draft.report, fresh=reread == "whole")
        then = held_then(stored_held(store, watched["id"]), held, draft.held)
        if compare(draft, start, then).significance != "content":
            return Weighed("silent", version["id"], report, held)
        return Weighed("content", version["id"], start, then)
    return best


def without_measure(before: tuple[Held, ...], draft: Draft) -> tuple[str, ...]:
    """Attachments that were replaced, and whose stored bytes could not be asked by today's extractor: their addresses."""
    now = {item.url: item for item in draft.held}
    return tuple(
        item.url
        for item in before
        if item.sha256 and not comparable(item) and item.url in now and now[item.url].sha256 != item.sha256
    )


def _read_before(store: Store, version: Row) -> list[Row]:
    """The versions of which this one is another reading, newest first."""
    found = []
    row: Row | None = version
    while row is not None and row["reread_of"] is not None:
        row = store.row("SELECT * FROM versions WHERE id = ?", (row["reread_of"],))
        if row is not None:
            found.append(row)
    return found


def _likeness(one: Report, other: Report) -> float:
    heads: int = sum(getattr(one, key) == getattr(other, key) for key in ("title", "organ", "source", "published_on"))
    return float(in_common(one.text, other.text) + 0.05 * heads)
