"""Results of `tests.bench.passes`, as they are kept, and the numbers that follow from them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tests.bench.measure import Cost, Summary, summary

STORED = ("nianbao.db", "archive")
"""What stays of a pass in a home; run folders go after some days."""


class Round(msgspec.Struct, frozen=True):
    """All readers' turns, one after the other."""

    costs: dict[str, list[Cost]]
    """By step: some take two turns a round."""
    disk: dict[str, dict[str, int]]
    """Bytes in the home after a step, by the parts of the home."""


class Run(msgspec.Struct, frozen=True):
    """The rounds of one size."""

    pages: int
    markup: str
    page_bytes: int
    rounds: list[Round]

    def steps(self) -> list[str]:
        """In the order of their first turn."""
        return list(self.rounds[0].costs)

    def of(self, step: str, what: str) -> Summary:
        """ "cpu", "wall", "peak" or "tree" of all turns."""
        return summary([getattr(cost, what) for one in self.rounds for cost in one.costs[step]])

    def cpu_a_page(self, step: str) -> Summary:
        """Milliseconds."""
        return summary([cost.cpu / self.pages * 1000 for one in self.rounds for cost in one.costs[step]])

    def ratio(self, step: str, to: str = "bare") -> Summary:
        """Its CPU against another's of the same round: a busy machine makes both dear."""
        return summary([_mean(one.costs[step]) / _mean(one.costs[to]) for one in self.rounds])

    def above(self, step: str, base: str = "bare") -> Summary:
        """Milliseconds of CPU a page more than another's of the same round."""
        return summary([(_mean(one.costs[step]) - _mean(one.costs[base])) / self.pages * 1000 for one in self.rounds])

    def grown(self, step: str, parts: Sequence[str] = STORED) -> Summary:
        """Bytes that a step left in these parts of the home."""
        order = [name for name in self.steps() if name in self.rounds[0].disk]
        before = order[order.index(step) - 1] if order.index(step) else None
        return summary([_held(one, step, parts) - (_held(one, before, parts) if before else 0) for one in self.rounds])


class Results(msgspec.Struct):
    """What a file holds: runs of any sizes."""

    machine: dict[str, Any]
    revision: str
    on: str
    runs: list[Run] = []

    def add(self, run: Run) -> None:
        """In place of an earlier run of the same size."""
        self.runs = [one for one in self.runs if (one.pages, one.markup) != (run.pages, run.markup)] + [run]
        self.runs.sort(key=lambda one: (one.markup, one.pages))

    def of(self, markup: str = "wps") -> list[Run]:
        """Runs on pages of this markup, the smallest first."""
        return [one for one in self.runs if one.markup == markup]


class Peer(msgspec.Struct):
    """What a tool's checks cost."""

    version: str = ""
    trouble: str = ""
    """Why it has no result, or not all."""
    costs: dict[str, list[Cost]] = {}
    stored: list[int] = []
    """Bytes that it keeps of the pages, after the second check."""


class Peers(msgspec.Struct):
    """What `tests.bench.peers` found."""

    machine: dict[str, Any]
    revision: str
    on: str
    pages: int
    rounds: int
    peers: dict[str, Peer] = {}


def _mean(costs: Sequence[Cost]) -> float:
    return sum(cost.cpu for cost in costs) / len(costs)


def _held(one: Round, step: str, parts: Sequence[str]) -> int:
    return sum(size for part, size in one.disk[step].items() if part in parts)
