"""What came with a change and what went with it: the findings of two versions, one against the other. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from monitor.findings.model import Finding


class Compared(NamedTuple):
    caused: tuple[Finding, ...]
    """Of the later version: what did not stand in the earlier one, or was about fewer figures there."""
    cured: tuple[Finding, ...]
    """Of the earlier version: what no longer stands."""


def compared(before: Sequence[Finding], after: Sequence[Finding]) -> Compared:
    """A finding is told by rule and place: one that is as wrong as before with other figures is neither caused nor cured."""
    was = {(one.rule, one.place): set[str]() for one in before}
    for one in before:
        was[one.rule, one.place] |= set(one.fields)
    now = {(one.rule, one.place) for one in after}
    return Compared(
        tuple(
            one for one in after if (one.rule, one.place) not in was or not set(one.fields) <= was[one.rule, one.place]
        ),
        tuple(one for one in before if (one.rule, one.place) not in now),
    )
