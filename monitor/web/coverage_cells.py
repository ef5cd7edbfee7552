"""What a cell of the coverage map says: of one organ's report of one year, or of many together. Pure.

The law's dates are monitor.legal's, late is what its `late_by` calls so, and what is overdue was said by an `overdue` event:
nothing is defined anew here. A report counts under the gravest that is true of it, in the order of STATES.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache

import msgspec

from crawler.portal import OrganKind
from monitor.legal import due_on, late_by


class State(msgspec.Struct, frozen=True):
    """One of the states of a cell."""

    code: str
    sign: str
    """One character, that stands in the cell besides its colour."""
    word: str
    meaning: str
    """A sentence for the legend."""


STATES = (
    State("gone", "撤", "已撤下", "曾经公开，经多次读取确认已撤下"),
    State("overdue", "缺", "逾期未公开", "法定期限已过，门户已完整读取，仍未见到"),
    State("unsure", "？", "待确认", "暂时读不到或期限后尚未完整读取，不下结论"),
    State("changed", "改", "公开后有变更", "仍在线，公开之后内容改动过"),
    State("late", "迟", "逾期公开", "公开日期晚于法定期限"),
    State("ontime", "✓", "按期公开", "在法定期限内公开，未见改动"),
    State("there", "有", "已有", "基线时已在且页面未标日期，或法律未规定期限：不论按期与否"),
    State("due", "待", "未到期", "法定期限未到，尚未见到"),
)
BY_CODE = {state.code: state for state in STATES}
KIND_WORDS = {"government": "政府", "office": "办公室", "department": "部门", "township": "乡镇街道"}


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One organ and year."""

    state: str
    year: int
    late: int = 0
    """Days after the legal date."""
    report: int | None = None
    event: int | None = None
    """The `overdue` event."""
    published_on: str = ""
    due_on: str = ""
    status: str = ""
    """Of the report; empty: there is none."""
    baseline: bool = False
    others: int = 0
    """Further pages with the same organ and year."""

    @property
    def sign(self) -> str:
        return BY_CODE[self.state].sign

    @property
    def also(self) -> str:
        """A second sign: edited, and late besides."""
        return BY_CODE["late"].sign if self.late and self.state == "changed" else ""

    @property
    def words(self) -> str:
        """All that it says: `公开后有变更，逾期 3 天公开（2025-02-03）`."""
        said = []
        match self.state:
            case "late":
                said.append(f"逾期 {self.late} 天公开")
            case "there":
                said.append("已有（基线）" if self.baseline else "已公开，无法定期限")
            case "unsure" if not self.report:
                said.append("期限已过，尚无法确认是否公开")
            case _:
                said.append(BY_CODE[self.state].word)
        if self.late and self.state not in ("late", "overdue"):
            said.append(f"逾期 {self.late} 天公开")
        if self.published_on:
            said.append(f"页面日期 {self.published_on}")
        elif self.due_on and not self.report:
            said.append(f"期限 {self.due_on}")
        if self.others:
            said.append(f"同年度另有 {self.others} 个页面")
        return "，".join(said)


def report_state(
    kind: OrganKind, year: int, status: str, changed: bool, published_on: str, baseline: bool, first_seen_at: str
) -> tuple[str, int]:
    """The state of a report that was seen, and by how many days it was late.

    `published_on`: YYYY-MM-DD or empty; `first_seen_at`: UTC, the record's form. What was there at the baseline is not
    judged by when it was seen.
    """
    late = late_by(kind, year, published_on, "" if baseline else first_seen_at)
    if status == "taken_down":
        return "gone", late
    if status == "missing":
        return "unsure", late
    if changed:
        return "changed", late
    return undisturbed(kind, year, bool(published_on) or not baseline, late > 0), late


def undisturbed(kind: OrganKind, year: int, dated: bool, late: bool) -> str:
    """The state of a report that is live and was never edited. `dated`: it is known when it came."""
    if due_on(kind, year) is None or not dated:
        return "there"
    return "late" if late else "ontime"


@cache
def cuts() -> tuple[str, ...]:
    """The days of the year that legal dates fall on, in order: `01-31`, `03-31`."""
    kinds: tuple[OrganKind, ...] = ("government", "office", "department")
    days = (day for kind in kinds for year in (2008, 2018, 2019, 2025) if (day := due_on(kind, year)))
    return tuple(sorted({f"{day:%m-%d}" for day in days}))


def late_after(kind: OrganKind, year: int, passed: int) -> bool:
    """Whether what came after `passed` of the cuts of the year after `year` came late."""
    due = due_on(kind, year)
    return due is not None and passed > cuts().index(f"{due:%m-%d}")


class Tally(msgspec.Struct, frozen=True):
    """Many reports of one year."""

    year: int
    counts: Mapping[str, int]
    """By code of state; none that is 0."""

    @property
    def total(self) -> int:
        """All but those whose date is still to come."""
        return sum(count for code, count in self.counts.items() if code != "due")

    @property
    def parts(self) -> tuple[tuple[State, int], ...]:
        """What there is, the gravest first."""
        return tuple((state, count) for state in STATES if (count := self.counts.get(state.code, 0)))

    @property
    def notable(self) -> tuple[tuple[State, int], ...]:
        """What a reader should see in figures: all but what is as it should be."""
        return tuple(one for one in self.parts if one[0].code not in ("ontime", "there"))

    @property
    def share(self) -> str:
        """Of all that ought to be there, what is there undisturbed and in time: `96%`; never 100 % or 0 % by rounding."""
        total = self.total
        if not total:
            return ""
        good = self.counts.get("ontime", 0) + self.counts.get("there", 0)
        percent = round(100 * good / total)
        if good < total:
            percent = min(percent, 99)
        if good:
            percent = max(percent, 1)
        return f"{percent}%"

    @property
    def bar(self) -> tuple[tuple[str, float, float], ...]:
        """Pieces of a bar 100 wide: code, where it begins, how wide it is. Good first, then what is grave, never too
        thin to see; last what is still to come."""
        total = sum(self.counts.values())
        if not total:
            return ()
        pieces = [(state.code, count) for state, count in reversed(self.parts)]
        pieces.sort(key=lambda piece: piece[0] == "due")
        least = 3.0
        widths = {code: max(100 * count / total, least) for code, count in pieces}
        over = sum(widths.values()) - 100
        widest = max(widths, key=lambda code: widths[code])
        widths[widest] -= over
        placed, at = [], 0.0
        for code, _ in pieces:
            placed.append((code, round(at, 2), round(widths[code], 2)))
            at += widths[code]
        return tuple(placed)

    @property
    def words(self) -> str:
        """`共 120：按期公开 110，逾期公开 6，已撤下 4`."""
        said = "，".join(f"{state.word} {count}" for state, count in reversed(self.parts))
        return f"共 {self.total}：{said}" if said else "没有年报"


def together(tallies: Iterable[Tally]) -> dict[int, Tally]:
    """Sums by year."""
    sums: dict[int, dict[str, int]] = {}
    for tally in tallies:
        into = sums.setdefault(tally.year, {})
        for code, count in tally.counts.items():
            into[code] = into.get(code, 0) + count
    return {year: Tally(year, counts) for year, counts in sums.items()}


def years_shown(years: Iterable[int], today: date, most: int | None) -> tuple[int, ...]:
    """The columns of a map, newest first: last year's always, at most `most`, and then none that is still to come (a year
    that was misread)."""
    found = {year for year in years if most is None or year < today.year} | {today.year - 1}
    return tuple(sorted(found, reverse=True)[:most])
