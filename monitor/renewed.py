"""What reading captures again came to, for people. Values only."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Result = Literal["equal", "rebaselined", "unread", "lost"]

REMEDIES: dict[Result, str] = {
    "unread": "check the portal file's family and [selectors] with `nianbao portals check NAME --captures`",
    "lost": "restore HOME/archive/ from a backup, then run `nianbao archive reread NAME`",
}
"""What an operator can do; NAME stands for the portal."""


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one report."""

    report: int
    organ: str
    year: int
    url: str
    result: Result
    version: int
    """The current one, afterwards."""
    why: str = ""
    rekeyed: str = ""
    """`organ year` under which it was known before."""
    figures: bool = False
    findings: bool = False
    """Whether its figures, its findings were renewed."""


class Renewed(msgspec.Struct, frozen=True):
    """What reading a portal's captures again came to."""

    portal: str
    outcomes: tuple[Outcome, ...] = ()
    documents: int = 0
    """Attachments that were extracted again."""

    def count(self, result: Result) -> int:
        return sum(1 for one in self.outcomes if one.result == result)

    @property
    def troubles(self) -> tuple[Outcome, ...]:
        return tuple(one for one in self.outcomes if one.result in ("unread", "lost"))


def summarise(renewed: Iterable[Renewed]) -> dict[Result, int]:
    """How many reports came to what."""
    told: dict[Result, int] = {"equal": 0, "rebaselined": 0, "unread": 0, "lost": 0}
    for one in renewed:
        for outcome in one.outcomes:
            told[outcome.result] += 1
    return told
