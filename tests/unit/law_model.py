"""The law of docs/lifecycle.md told a second time, as simply as it can be: what a portal's passes must say.

A reference for tests, written from the law's words and not from `monitor.lifecycle`: it keeps what was observed and counts
it anew in each pass. In: what one pass saw of each report, by any key. Out: what is to be said, as (kind, key).
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from crawler.portal import Policy

Key = Hashable
Told = tuple[str, Key | None]
GONE = ("gone", "weak")


class Seen(NamedTuple):
    """What one pass saw of one report."""

    reading: str = ""
    """present, gone, weak (another page), or empty: blocked, unreachable, not asked for. None of those says anything."""
    moved: bool = False
    """Found at another address, while its own shows it no more."""
    edited: bool = False
    listed: bool | None = None
    """None: nothing is proven."""
    overwritten: bool = False
    named_elsewhere: bool = False
    """A list names it at another address, which nobody could read: it may stand there."""

    @property
    def here(self) -> bool:
        return self.moved or self.reading == "present"


@dataclass
class Fate:
    """One report, as far as it is known."""

    page: Key
    verified: datetime
    listed: bool | None = None
    down: bool = False
    gone: list[tuple[datetime | None, bool]] = field(default_factory=list)
    """Readings that count, since it was last there: when (None: nobody knows), and whether it was another page."""
    overwritten: bool = False
    unverified_said: bool = False
    waits_off: bool = False
    """Off the lists with too many others to be told yet."""


def too_many(count: int, of: int) -> bool:
    """Rule 3: at least 3, and more than 30 %."""
    return count >= 3 and 10 * count > 3 * of


class Law:
    """One portal."""

    def __init__(self, policy: Policy) -> None:
        self.confirmations = policy.takedown_confirmations
        self.after = timedelta(seconds=policy.takedown_after)
        self.fates: dict[Key, Fate] = {}
        self.empty = 0
        self.trouble = ""
        """What was said of the portal last: `down`, `broken`, or nothing that still holds."""
        self.rebuilt: list[datetime | None] = []
        """The passes in a row in which too much was gone at once."""
        self.redesigned: list[datetime | None] = []
        """The same for what was off the lists."""
        self.off_lists = 0
        """Reports off the lists that are not told yet, too many for that."""

    def missing(self, key: Key) -> bool:
        return bool(self.fates[key].gone) and not self.fates[key].down

    def nothing_read(self, now: datetime, clock: bool = True) -> list[Told]:
        """A pass that read nothing at all (rule 5)."""
        self.empty += 1
        told: list[Told] = []
        if self.empty >= 3 and self.trouble != "down":
            told.append(("portal_down", None))
            self.trouble = "down"
        return told + self._unverified(now, clock, {})

    def nothing_asked(self, now: datetime, clock: bool = True) -> list[Told]:
        """A pass that had nothing to ask for."""
        return self._unverified(now, clock, {})

    def read(
        self, now: datetime, seen: Mapping[Key, Seen], healthy: bool, broken: bool = False, clock: bool = True
    ) -> list[Told]:
        """A pass that read something."""
        self.empty = 0
        mass = self._mass(now, seen, clock)
        told: list[Told] = []
        for key, fate in self.fates.items():
            told += self._one(
                key, fate, seen.get(key, Seen()), now, healthy, clock, self._held(self.rebuilt, now, clock)
            )
        back = {key for kind, key in told if kind == "restored"}
        told += self._listings(now, seen, clock, back)
        if mass or self.redesigned or broken:
            if self.trouble != "broken":
                told.append(("portal_broken", None))
            self.trouble = "broken"
        elif self.trouble == "down" or (self.trouble == "broken" and healthy and not self.off_lists):
            told.append(("portal_recovered", None))
            self.trouble = ""
        return told + self._unverified(now, clock, seen)

    def _mass(self, now: datetime, seen: Mapping[Key, Seen], clock: bool) -> bool:
        pages, gone = set(), set()
        for key, fate in self.fates.items():
            one = seen.get(key, Seen())
            if fate.down:
                continue
            pages.add(fate.page)
            if one.here or one.overwritten:
                continue
            if one.reading in GONE or (fate.gone and not fate.overwritten):
                gone.add(fate.page)
        self.rebuilt = [*self.rebuilt, now if clock else None] if too_many(len(gone), len(pages)) else []
        return bool(self.rebuilt)

    @staticmethod
    def _held(passes: list[datetime | None], now: datetime, clock: bool) -> bool:
        """Whether what is gone at once is held back: not seven days yet, as far as clocks can be trusted."""
        known = [moment for moment in passes if moment is not None]
        return bool(passes) and not (clock and known and now - known[0] >= timedelta(days=7))

    def _one(
        self, key: Key, fate: Fate, seen: Seen, now: datetime, healthy: bool, clock: bool, held: bool
    ) -> list[Told]:
        if seen.here:
            told = [
                (kind, key)
                for kind, true in (("restored", fate.down), ("moved", seen.moved), ("changed", seen.edited))
                if true
            ]
            fate.down, fate.gone, fate.verified, fate.unverified_said, fate.overwritten = False, [], now, False, False
            return told
        if fate.down or not healthy or seen.reading not in GONE:
            return []
        fate.gone.append((now if clock else None, seen.reading == "weak"))
        fate.overwritten = seen.overwritten
        needed = self.confirmations + any(weak for _, weak in fate.gone)
        known = [moment for moment, _ in fate.gone if moment is not None]
        if len(fate.gone) < needed or not clock or not known or now - known[0] < self.after:
            return []
        if (held and not seen.overwritten) or seen.named_elsewhere:
            return []
        fate.down, fate.waits_off = True, False
        if seen.listed is False:
            fate.listed = False
        return [("taken_down", key)]

    def _listings(self, now: datetime, seen: Mapping[Key, Seen], clock: bool, back: set[Key | None]) -> list[Told]:
        told: list[Told] = []
        off: list[Key] = []
        all_off = 0
        listed = sum(1 for fate in self.fates.values() if fate.listed and not fate.down and not fate.gone)
        for key, fate in self.fates.items():
            one = seen.get(key, Seen())
            live = not fate.down and not fate.gone
            if live and fate.listed and (one.listed is False or (one.listed is None and fate.waits_off)):
                all_off += 1
                if one.here and one.listed is False:
                    off.append(key)
                continue
            if not one.here or one.listed is None:
                continue
            if fate.listed is False and one.listed and key not in back:
                told.append(("relisted", key))
            fate.listed, fate.waits_off = one.listed, False
        many = too_many(all_off, listed)
        since = any(moment is not None for moment in self.redesigned)
        if many and (too_many(len(off), listed) or since):
            self.redesigned = [*self.redesigned, now if clock else None]
        else:
            self.redesigned = []
        held = many and (not self.redesigned or self._held(self.redesigned, now, clock))
        for key in off:
            self.fates[key].waits_off = held
            if not held:
                self.fates[key].listed = False
                told.append(("delisted", key))
        self.off_lists = all_off if held else all_off - len(off) if many else 0
        if not self.off_lists:
            self.redesigned = []
        return told

    def _unverified(self, now: datetime, clock: bool, seen: Mapping[Key, Seen]) -> list[Told]:
        told: list[Told] = []
        for key, fate in self.fates.items():
            one = seen.get(key, Seen())
            waits = bool(fate.gone) and one.reading in GONE and not one.named_elsewhere
            if not (fate.down or fate.unverified_said or waits) and clock and now - fate.verified >= timedelta(days=14):
                fate.unverified_said = True
                told.append(("service", key))
        return told
