"""A portal of which everything is known: what stands where, what each pass can see of it, and so what it must say.

`Site` acts on a `History` (conftest.py: run folders settled into a real record) and on its own book-keeping alike; what a
pass must say follows from the book-keeping and from `law_model.Law`, never from the record. Two organs: a government
whose section lists a page for each year, and a bureau whose one column is overwritten every year.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from monitor.times import to_utc
from tests.unit.law_model import Fate, Law, Seen

BUREAU = "临海市教育局"
Key = tuple[str, int]
Told = tuple[str, str | None, int | None]


@dataclass
class Item:
    """A report as the site has it."""

    year: int
    url: str
    listed: bool
    number: int = 12
    """A figure in its text."""
    style: int = 0
    """How its commas are printed: cosmetic."""
    state: str = "present"
    """Of its page: present, gone, other, blocked, unreachable."""
    file: str = ""
    """Of its attachment: what it says, or gone, blocked, unreachable; empty: it has none."""
    saved: int = 0
    """How often the attachment was saved anew."""


@dataclass
class Known:
    """What the program should know of a report."""

    number: int
    urls: set[str]
    """Every address at which it was seen."""
    file: str | None = None
    """What its attachment said when last read; None: never read."""
    lost: list[datetime | None] = field(default_factory=list)
    """Readings of the attachment that count as gone, in a row."""


@dataclass
class Day:
    """The circumstances of a pass."""

    hours: float = 24
    mode: str = "full"
    outcome: str = "ok"
    clock: bool = True
    cut: bool = False
    """Page 2 of the section cannot be read."""
    outage: str = ""
    """blocked or unreachable: all of the portal."""


class Site:
    """One portal's life."""

    def __init__(self, history: Any, paper: SimpleNamespace, years: int) -> None:
        self.history, self.paper = history, paper
        self.section, self.column = history.portal.sections
        history.sections[self.column].is_report = True
        self.law = Law(history.policy)
        self.known: dict[Key, Known] = {}
        self.items: dict[int, Item] = {}
        self.redirects: dict[str, int] = {}
        """Old addresses that lead to where a year's report stands now."""
        self.shown: dict[int, int] = {2023: 12}
        """What the bureau's column shows: year and figure."""
        self.links: dict[str, int] = {}
        """What the record should have as listed now: address and year."""
        self.ever: set[str] = set()
        """What was ever listed."""
        self.last_links = 0
        self.overdue_said: set[Key] = set()
        self.emptied = False
        self.moves = 0
        self.now = to_utc(history.now)
        for year in range(2024, 2024 - years, -1):
            self.publish(year)

    # Acts ---------------------------------------------------------------------------------------------------------

    def publish(self, year: int) -> None:
        self.moves += 1
        file = f"附件{year}" if year % 3 == 0 else ""
        self.items[year] = Item(year, f"{self.paper.HOST}/p{self.moves}/{year}.html", listed=True, file=file)

    def move(self, item: Item, how: str) -> None:
        """`301`: the old address leads to the new one, which is listed; `quiet`: it is not; `relist`: the old one is gone."""
        old = item.url
        self.moves += 1
        item.url = f"{self.paper.HOST}/p{self.moves}/{item.year}.html"
        item.state = "present"
        if how != "relist":
            self.redirects[old] = item.year
        item.listed = how != "quiet"

    # Passes -------------------------------------------------------------------------------------------------------

    def _build(self, day: Day) -> None:
        """The site as the pass finds it."""
        history, paper = self.history, self.paper
        history.recover()
        history.pages.clear()
        listing = history.sections[self.section]
        listing.links = {}
        for item in self.items.values():
            files = [self._file(item)] if item.file else []
            text = paper.body(item.year, requests=item.number)
            text = text.replace("，", ",") if item.style else text
            history.show(item.url, paper.report(item.year, text=text, files=files), reading=item.state)
            if item.listed:
                listing.links[item.url] = self._title(item.year)
        for old, year in self.redirects.items():
            item = self.items[year]
            if item.state == "present":
                history.show(old, redirect=item.url)
            else:
                history.show(old, reading=item.state)
        if self.emptied:
            listing.links = {}
        if day.cut:
            listing.complete, listing.reason = False, "page 2: status 502"
            listing.links = dict(list(listing.links.items())[::2])
        reports = [paper.report(year, BUREAU, requests=number) for year, number in sorted(self.shown.items())]
        history.show(self.column, *reports)
        if day.outage:
            for url in {url for one in self.known.values() for url in one.urls} - history.pages.keys():
                history.show(url, reading="gone")  # or it would answer all the same
            history.outage(day.outage)

    def _title(self, year: int) -> str:
        return f"{self.paper.ORGAN}{year}年政府信息公开工作年度报告"

    def _file(self, item: Item) -> Any:
        url = f"{self.paper.HOST}/files/{item.year}.pdf"
        plain = item.file not in ("gone", "blocked", "unreachable")
        self.history.files[url] = (f"{item.file} {item.saved}".encode(), item.file) if plain else item.file
        return self.paper.Attachment(url, "附件.pdf", "document")

    def kill(self, hours: float) -> tuple[Counter[Told], Counter[Told]]:
        """A pass that is killed before anything answered. (What it said, what it had to say.)"""
        self.now += timedelta(hours=hours)
        said = self.history.kill(hours=hours)
        return self._said(said), self._named(self.law.nothing_read(self.now))

    def run(self, day: Day) -> tuple[Counter[Told], Counter[Told]]:
        """A pass. (What it said, what it had to say.)"""
        self.now += timedelta(hours=day.hours)
        self._build(day)
        missing = {key for key in self.known if self.law.missing(key)}
        events = self.history.run(
            hours=day.hours, mode=day.mode, outcome=day.outcome, clock=1.0 if day.clock else 9000.0
        )
        expected = self._expected(day, missing)
        return self._said(events), expected

    def _said(self, events: list[Any]) -> Counter[Told]:
        for event in events:
            if event.kind == "taken_down":
                over = event.organ == BUREAU and self.law.fates[event.organ, event.year].overwritten
                assert event.detail.reason == ("overwritten" if over else "")
            if event.kind == "moved":
                assert event.detail.to_url == event.url == self.items[event.year].url
        return Counter((one.kind, one.organ if one.year else None, one.year) for one in events if not one.baseline)

    @staticmethod
    def _named(told: list[Any]) -> Counter[Told]:
        return Counter((kind, *(key or (None, None))) for kind, key in told)

    # What the law expects -----------------------------------------------------------------------------------------

    def _expected(self, day: Day, missing: set[Key]) -> Counter[Told]:
        sections = day.mode != "recheck" or bool(missing)
        if day.outage:
            return self._named(self.law.nothing_read(self.now, day.clock))
        listing = self.history.sections[self.section].links if sections else {}
        asked = self._asked(day, missing, set(listing), sections)
        broken, read_through = self._section(set(listing), asked, sections and not day.cut)
        complete = read_through and not broken
        healthy = day.outcome == "ok" and complete
        seen, fresh = {}, []
        for item in self.items.values():
            key = (self.paper.ORGAN, item.year)
            found = {url for url in asked if self._leads_to(url) == item.year} if item.state == "present" else set()
            if key in self.known:
                seen[key] = self._page(key, item, found, asked, set(listing), complete, missing)
                self._attachment(key, item, bool(found), healthy, day.clock, seen)
            elif found:
                fresh.append(key)
                self.known[key] = Known(item.number, {*found, item.url})
                self._attachment(key, item, True, healthy, day.clock, seen)
        if self.column in asked:
            fresh += self._column(seen)
        told = self.law.read(self.now, seen, healthy, bool(broken), day.clock)
        for key in fresh:
            listed = True if self.known[key].urls & set(listing) else None
            page = self.column if key[0] == BUREAU else self.items[key[1]].url
            self.law.fates[key] = Fate(page, self.now, listed if key[0] != BUREAU else None)
            told.append(("appeared", key))
        for key, one in seen.items():
            if one.moved:
                self.law.fates[key].page = self.items[key[1]].url
        self._relist(set(listing), sections, complete, broken)
        return self._named([*told, *self._overdue(healthy and day.clock)])

    def _leads_to(self, url: str) -> int | None:
        """The year whose report an address shows, if its page is there."""
        if url in self.redirects:
            return self.redirects[url]
        return next((item.year for item in self.items.values() if item.url == url), None)

    def _asked(self, day: Day, missing: set[Key], listed: set[str], sections: bool) -> set[str]:
        """The pages that the pass reads."""
        known = {url for one in self.known.values() for url in one.urls}
        again = {url for url in known if day.mode != "discover" or self._wanted(url, missing)}
        found = (listed | {self.column} if sections else listed) - known
        return again | found

    def _wanted(self, url: str, missing: set[Key]) -> bool:
        return any(key in missing and url in one.urls for key, one in self.known.items())

    def _section(self, listed: set[str], asked: set[str], whole: bool) -> tuple[bool, bool]:
        """Whether the section is broken, and whether it was read to its end (rule 6)."""
        if listed or not whole or not self.last_links:
            return False, whole
        pages = {url for one in self.known.values() for url in one.urls}
        held = set(self.links) & pages
        if held - asked:
            return False, False  # nobody asked for what vanished: nothing can be said
        gone = {url for url in held if self._reading(url) in ("gone", "weak")}
        return not (held and gone == held), True

    def _reading(self, url: str) -> str:
        year = self._leads_to(url)
        if year is None:
            return "gone"
        return {"present": "present", "gone": "gone", "other": "weak"}.get(self.items[year].state, "")

    def _page(
        self,
        key: Key,
        item: Item,
        found: set[str],
        asked: set[str],
        listed: set[str],
        complete: bool,
        missing: set[Key],
    ) -> Seen:
        """What the pass sees of a report that has a page of its own."""
        own, known = self.law.fates[key].page, self.known[key]
        reading = self._reading(str(own)) if own in asked else ""
        leads = own != item.url and own in found
        moved = leads or (
            own != item.url
            and bool(found)
            and (reading in ("gone", "weak") or key in missing or self.law.fates[key].down)
        )
        here = moved or (reading == "present" and own == item.url)
        known.urls |= {*found, item.url} if found else set()
        edited = here and known.number != item.number
        if here:
            known.number = item.number
        proven = complete and bool(known.urls & self.ever)
        on_list = True if known.urls & listed else False if proven else None
        unread = item.url not in asked or item.state in ("blocked", "unreachable")
        named = item.url in listed and item.url != own and unread
        return Seen("gone" if leads else reading, moved, edited, on_list, named_elsewhere=named)

    def _attachment(self, key: Key, item: Item, read: bool, healthy: bool, clock: bool, seen: dict[Key, Seen]) -> None:
        """What becomes of a report's attachment: it is read with its page."""
        known = self.known[key]
        if not item.file or not read:
            return
        says: str | None = None
        if item.file == "gone":
            if healthy:
                known.lost.append(self.now if clock else None)
                moments = [moment for moment in known.lost if moment is not None]
                enough = len(known.lost) >= self.law.confirmations
                if enough and clock and moments and self.now - moments[0] >= self.law.after:
                    says = "gone"
        elif item.file not in ("blocked", "unreachable"):
            known.lost = []
            says = item.file
        one = seen.get(key)
        if says is None or (one is not None and not one.here):
            return
        if known.file is not None and known.file != says and one is not None:
            seen[key] = one._replace(edited=True)
        known.file = says

    def _column(self, seen: dict[Key, Seen]) -> list[Key]:
        """The bureau's column: what it shows, and what it shows no more."""
        fresh: list[Key] = []
        for (organ, year), known in self.known.items():
            if organ == BUREAU:
                there = year in self.shown
                over = not there and max(self.shown) > year
                edited = there and known.number != self.shown[year]
                seen[organ, year] = Seen("present" if there else "gone", edited=edited, overwritten=over)
        for year, number in self.shown.items():
            if (BUREAU, year) not in self.known:
                fresh.append((BUREAU, year))
            self.known.setdefault((BUREAU, year), Known(number, {self.column})).number = number
        return fresh

    def _relist(self, listed: set[str], sections: bool, complete: bool, broken: bool) -> None:
        """What the record keeps of the list."""
        if not sections:
            return
        year_of = {item.url: item.year for item in self.items.values()}
        new = {url: year_of[url] for url in listed}
        self.links = new if complete else {**self.links, **new}
        self.ever |= listed
        if listed or (complete and not broken):
            self.last_links = len(listed)

    def _overdue(self, may: bool) -> list[tuple[str, Key]]:
        """Who has not published by now."""
        told = []
        today = (self.now + timedelta(hours=8)).date()
        for organ, due in ((self.paper.ORGAN, (3, 31)), (BUREAU, (1, 31))) if may else ():
            years = {year for name, year in self.known if name == organ}
            last = today.year - 1 if (today.month, today.day) > due else today.year - 2
            for year in range(min(years, default=last) + 1, last + 1):
                listed = organ != BUREAU and year in self.links.values()
                if year not in years and not listed and (organ, year) not in self.overdue_said:
                    self.overdue_said.add((organ, year))
                    told.append(("overdue", (organ, year)))
        return told
