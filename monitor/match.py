"""What matching is given and what it says: the reports and pages that the record knows, and which report is which. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import Literal

import msgspec

from crawler.observation import PageRead, ReportSeen, Role
from crawler.page.address import normalise, twin_of
from crawler.page.model import Report
from monitor.identity import OrganRow
from monitor.lifecycle import Reading

How = Literal["own", "rekeyed", "moved", "view", "takeover", "variant", "new"]
"""takeover: a Simplified view of a report whose address so far is a Traditional one; it becomes the primary one."""


class KnownReport(msgspec.Struct, frozen=True):
    """A report of the record, as matching needs it."""

    id: int
    organ: int
    year: int
    variant: int
    url: str
    status: str
    guessed: bool = False
    """Its year is a guess."""
    printed: tuple[str, int] | None = None
    """An operator set its organ or year by hand: the organ and year that its pages printed then."""


class Content(msgspec.Struct, frozen=True):
    """What a reading of a report says, for telling whether two are the same."""

    page: str
    """Canonical hash of the report as its page shows it, attachments aside."""
    files: tuple[str, ...] | None = ()
    """Canonical hashes of its attachments, in page order; None: one of them was never read."""

    def same(self, other: "Content") -> bool:
        """Whether both say the same, as far as anyone could read it."""
        return self.page == other.page and (self.files is None or other.files is None or self.files == other.files)


class OnPage(msgspec.Struct, frozen=True):
    """A report on a page of the record."""

    report: int
    role: Role
    text_hash: str
    absent: str = ""
    """Not empty: the page was last read present, but without this report; what that was for the report."""
    unread: str = ""
    """Not empty: by today's rules the stored capture of the page, which showed it, reads so."""


class Known(msgspec.Struct, frozen=True):
    """What the record knows of a portal. `pages` by normalised address."""

    reports: dict[int, KnownReport]
    pages: dict[str, tuple[OnPage, ...]]
    organs: tuple[OrganRow, ...]
    organ: str
    """The portal's organ, for pages that name none."""
    ignored: Mapping[str, tuple[int, ...]] = {}
    """By normalised address: reports of which an operator said that what it shows is no report, or not that one."""
    unproven: frozenset[str] = frozenset()
    """Pages that were last read by other rules, and whose capture could not be read again: what they say of organ and year
    may differ though nobody changed it."""


class Match(msgspec.Struct, frozen=True):
    """A report on a page. `report`: id in the record; None if it is new, and then `organ`, `year`, `variant` are its key."""

    how: How
    page: PageRead
    where: str
    """Normalised address that shows it."""
    seen: ReportSeen
    report: int | None
    organ: OrganRow
    """Id 0: not in the record yet."""
    year: int
    variant: int = 0
    twin_of: int | None = None
    """Index in the list of matches of the new report that this one is a view or a variant of."""


class Unkeyed(msgspec.Struct, frozen=True):
    """A report whose year nobody could tell."""

    page: PageRead
    report: Report


class Matched(msgspec.Struct, frozen=True):
    matches: tuple[Match, ...]
    readings: dict[int, tuple[Reading | None, PageRead | None, bool]]
    """By report: what its primary address said, the page, and whether it now holds another report (overwritten)."""
    unkeyed: tuple[Unkeyed, ...]
    undecided: tuple[Unkeyed, ...] = ()
    """Reports with the key of one whose own address could not be read, and other content: moved and edited, or a variant."""
    waiting: tuple[str, ...] = ()
    """Addresses that show a report which no pass could decide on yet: they must be parsed again, changed or not."""


ALIKE = 0.5
"""Share of its text that a report keeps when it is edited, however much; the next year's has less in common with it."""


def in_common(one: str, other: str) -> float:
    """Share (0 to 1) of the longer text's characters that stand in lines which both texts have."""
    lines, others = Counter(one.splitlines()), Counter(other.splitlines())
    common = sum(len(line) * count for line, count in (lines & others).items())
    longest = max(sum(map(len, one.splitlines())), sum(map(len, other.splitlines())), 1)
    return common / longest


def where_read(page: PageRead) -> str:
    """The address that a reading stands for: where redirects led, unless that is a twin of the one asked for."""
    if not page.final_url or twin_of(page.final_url) == twin_of(page.url):
        return normalise(page.url)
    return normalise(page.final_url)
