"""What must be said: docs/lifecycle.md as a model of its own, written from the page and not from the program.

In: a portal's world as it stands, and how the next pass goes (`Plan`). Out: the labels that this pass must say, no more and no
less. `Fate` is what a reader of all earlier passes knows of a report.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from monitor.demo.acts import Portal
from monitor.demo.site import Item
from tests.timelines import truth
from tests.timelines.truth import Read, Words

Label = tuple[str, str, str, int | None]
"""Portal, kind, organ, year."""
Mode = Literal["full", "discover", "recheck"]

GONE = ("gone", "weak")
CONFIRMED = "confirmed gone"
DOWN_AFTER = 3
MASS_PATIENCE = timedelta(days=7)
UNVERIFIED = timedelta(days=14)


@dataclass(frozen=True)
class Plan:
    """How a pass goes."""

    now: datetime
    mode: Mode = "full"
    clock_ok: bool = True
    killed: Literal["", "early", "late"] = ""
    cut_short: bool = False
    asked: Callable[[str], bool] = lambda _: True
    """Whether a report's page or file was asked for: by the server's log, where a pass was cut short or read what was due."""
    log: frozenset[str] = frozenset()
    """What the server was asked for."""
    direct: frozenset[str] | None = None
    """Of that, what no redirect led to; None: everything was asked for directly."""
    sample: bool = False
    """It is to read what is due, and everything as soon as anything is not as it was."""


@dataclass
class FileFate:
    """A file of a report's current version. `token`: what it last said; None: nobody could read it yet."""

    token: str | None = None
    misses: int = 0
    since: datetime | None = None


@dataclass
class Fate:
    """A report as the passes so far know it."""

    item: Item
    organ: str
    year: int
    path: str
    paths: set[str]
    page: str
    files: dict[str, FileFate]
    verified: datetime
    listed: bool | None
    status: Literal["live", "missing", "down"] = "live"
    misses: int = 0
    weak: int = 0
    since: datetime | None = None
    overwritten: bool = False
    unverified_said: bool = False
    waits_off: bool = False


@dataclass
class Sight:
    """What one pass sees of one report."""

    read: Read | None = None
    moved_to: str = ""
    listed: bool | None = None
    overwritten: bool = False
    named: bool = False
    """A list names it at an address that nobody could read: it may be there (rule 2)."""
    changed: bool = False
    seen: Item | None = None

    @property
    def here(self) -> bool:
        return self.read == "present" or bool(self.moved_to)


class Model:
    """One portal."""

    def __init__(self, site: Portal, confirmations: int, after: timedelta, declared: Iterable[str] = ()) -> None:
        self.site = site
        self.confirmations = confirmations
        self.after = after
        self.declared = frozenset(declared)
        self.names: dict[str, str] = {}
        """Other names of organs, by name."""
        self.printed: dict[int, tuple[str, int]] = {}
        """Organ and year that an item's page prints, by its id, where they are not the paper's."""
        self.fates: list[Fate] = []
        self.said: Literal["ok", "down", "broken"] = "ok"
        self.empty = 0
        self.mass_since: datetime | None = None
        self.delist_since: datetime | None = None
        self.off_lists = 0
        """Reports off the lists that are not told yet: too many for that."""
        self.complete = False
        """The section has been read to its end once."""
        self.early: set[str] = set()
        """Addresses listed up to then."""
        self.last_links = 0
        self.links: set[str] = set()
        """Addresses that the list is known to hold."""
        self.overdue: set[tuple[str, int]] = set()
        self.withdrawn: set[tuple[str, int]] = set()

    # One pass ---------------------------------------------------------------------------------------------------

    def settle(self, plan: Plan) -> "Counter[Label]":
        """What the pass must say."""
        self.out: Counter[Label] = Counter()
        column = self.site.layout.holds_reports
        if plan.killed == "early":
            self._nothing_read(plan)
            return self.out
        own = {id(fate): self._own(fate, plan) for fate in self.fates}
        lists = truth.listing(self.site) if self._reads_lists(plan, own) else None
        broken = False
        if lists is not None and lists.complete and not column:
            broken, lists = self._section(plan, lists)
        complete = lists is not None and lists.complete and not broken
        healthy = complete and not plan.cut_short
        read_anything = any(sight.read not in (None, "blocked", "unreachable") for sight in own.values())
        read_anything = read_anything or (lists is not None and lists.first_page)
        if not read_anything:
            self._nothing_read(plan)
        if plan.killed or not read_anything:
            return self.out
        self.empty = 0
        first_complete, listed = self._links(lists, complete)
        found = self._found(plan, lists, listed)
        sights = self._sights(own, found, lists, complete, plan)
        for fate in self.fates:
            self._words(fate, sights[id(fate)], plan, healthy)
            if not sights[id(fate)].here and id(fate.item) in found:
                self._files_elsewhere(fate, found[id(fate.item)][1], plan, healthy)
        gone = self._gone_pages(sights)
        pages = {fate.path for fate in self.fates if fate.status != "down"}
        mass = too_many(len(gone), len(pages))
        self.mass_since = (self.mass_since or (plan.now if plan.clock_ok else None)) if mass else None
        hold = mass and not self._waited(self.mass_since, plan, MASS_PATIENCE)
        restored = {id(fate) for fate in self.fates if self._step(fate, sights[id(fate)], plan, healthy, hold)}
        off_lists = self._listings(sights, plan, restored)
        self._unverified(sights, plan)
        for item, paths in found.values():
            if not any(fate.item is item for fate in self.fates):
                early = any(path in self.early for path in paths)
                self._appear(item, paths, plan, None if column else True, early)
        self._portal(broken or mass or off_lists, healthy)
        if complete and not self.complete:
            self.complete = True
        if healthy and plan.clock_ok:
            self._overdue(plan, baseline=first_complete)
        return self.out

    def _label(self, kind: str, fate: Fate | None = None) -> None:
        self.out[self.site.name, kind, fate.organ if fate else "", fate.year if fate else None] += 1

    # What is seen -----------------------------------------------------------------------------------------------

    def _own(self, fate: Fate, plan: Plan) -> Sight:
        """What the report's own address says; not asked for: nothing."""
        column = self.site.layout.holds_reports
        waits = any(one.status == "missing" for one in self.fates if one.paths & fate.paths)
        # A list that prints another spelling of a known address makes discovery ask for it.
        spelled = fate.status == "down" and fate.path in plan.log
        if plan.mode == "discover" and not (column or waits or spelled):
            return Sight()
        if not plan.asked(fate.path):
            return Sight()
        shown = truth.look(self.site, fate.path)
        if shown.read != "present":
            # Where a redirect ends is no reading of that address: the page that was asked for reads so.
            return Sight(shown.read if plan.direct is None or fate.path in plan.direct else None)
        if any(item is fate.item for item in shown.items):
            return Sight("present", "" if shown.path == fate.path else shown.path, seen=fate.item)
        newer = any(item.paper.year > fate.year for item in shown.items)
        return Sight("gone", overwritten=newer and shown.path == fate.path)

    def _reads_lists(self, plan: Plan, own: dict[int, Sight]) -> bool:
        if plan.mode != "recheck":
            return True
        if any(fate.status == "missing" for fate in self.fates):
            return True
        if plan.cut_short:
            return False
        reads = {truth.look(self.site, path).read for fate in self.fates for path in fate.paths}
        return bool(reads & set(GONE))

    def _section(self, plan: Plan, lists: truth.Listing) -> tuple[bool, truth.Listing]:
        """Whether the section is broken (rule 6): one vanished page that stands is proof. Those that nobody asked for leave it
        open where none does."""
        if lists.items or not self.last_links:
            return False, lists
        held = [(fate, path) for fate in self.fates for path in fate.paths & self.links]
        asked = [
            path for fate, path in held if plan.asked(path) and (plan.mode != "discover" or fate.status == "missing")
        ]
        reads = [truth.look(self.site, path).read for path in asked]
        if len(asked) < len(held) and "present" not in reads:
            return False, lists._replace(complete=False)
        return not (reads and all(read in GONE for read in reads)), lists

    def _links(self, lists: truth.Listing | None, complete: bool) -> tuple[bool, set[str]]:
        """Takes over what the list says. Whether this is its first complete reading, and what it lists."""
        if lists is None:
            return False, set()
        listed = {item.path for item in lists.items}
        if not self.complete:
            self.early |= listed
        if complete:
            self.links = set(listed)
            self.last_links = len(listed)
        else:
            self.links |= listed
            self.last_links = len(listed) or self.last_links
        return complete and not self.complete, listed

    def _found(self, plan: Plan, lists: truth.Listing | None, listed: set[str]) -> dict[int, tuple[Item, list[str]]]:
        """Reports that pages show, by the item's id: the addresses that were asked for and show it."""
        found: dict[int, tuple[Item, list[str]]] = {}
        if self.site.layout.holds_reports and lists is not None:
            paths = {item.path for item in self.site.items}
        else:
            known = {path for fate in self.fates for path in fate.paths}
            paths = (listed - known) | {path for fate in self.fates for path in fate.paths if self._asks(fate, plan)}
        for path in sorted(paths):
            shown = truth.look(self.site, path)
            if shown.read == "present" and plan.asked(path):
                for item in shown.items:
                    found.setdefault(id(item), (item, []))[1].append(shown.path)
        return found

    def _asks(self, fate: Fate, plan: Plan) -> bool:
        return plan.mode != "discover" or fate.status == "missing"

    def _sights(
        self,
        own: dict[int, Sight],
        found: dict[int, tuple[Item, list[str]]],
        lists: truth.Listing | None,
        complete: bool,
        plan: Plan,
    ) -> dict[int, Sight]:
        """Own readings, with moves found elsewhere and what the lists say."""
        column = self.site.layout.holds_reports
        for fate in self.fates:
            sight = own[id(fate)]
            lost = sight.read in GONE or (sight.read != "present" and fate.status != "live")
            _, places = found.get(id(fate.item), (None, []))
            elsewhere = [path for path in places if path != fate.path]
            if lost and elsewhere:
                sight.moved_to, sight.seen = elsewhere[0], fate.item
            fate.paths.update(elsewhere)
            sight.named = lists is not None and any(self._may_be_at(fate, item, plan) for item in lists.items)
            if column or lists is None:
                continue
            paths = fate.paths | ({sight.moved_to} if sight.moved_to else set())
            here = any(item.path in paths for item in lists.items)
            sight.listed = True if here else False if complete else None
        return own

    def _may_be_at(self, fate: Fate, item: Item, plan: Plan) -> bool:
        same = self._key(item) == (fate.organ, fate.year) and item.path != fate.path
        return same and (
            not plan.asked(item.path) or truth.look(self.site, item.path).read in ("blocked", "unreachable")
        )

    def _words(self, fate: Fate, sight: Sight, plan: Plan, healthy: bool) -> None:
        """Whether what it says has changed; files are read with their page."""
        if not sight.here or sight.seen is None:
            return
        now = truth.words(self.site, sight.seen)
        before = {name: file.token for name, file in fate.files.items()}
        files: dict[str, FileFate] = {}
        for name, token in now.files:
            file = files[name] = fate.files.get(name) or FileFate()
            known = name in fate.files
            read = truth.file_read(sight.seen, name)
            if read == "present":
                file.token, file.misses, file.since = token, 0, None
            elif read == "gone" and known:
                if _folder(sight.moved_to or fate.path) != _folder(fate.path):
                    # It stands at another address now, and readings count for an address.
                    file.misses, file.since = 0, None
                elif healthy:
                    file.misses += 1
                    file.since = file.since or (plan.now if plan.clock_ok else None)
                    if file.misses >= self.confirmations and self._waited(file.since, plan, self.after):
                        file.token = CONFIRMED
        old = [files[name].token if token is None and name in files else token for name, token in before.items()]
        new = [file.token for file in files.values()]
        sight.changed = now.page != fate.page or old != new
        key = self._key(sight.seen)
        if key != (fate.organ, fate.year):
            fate.organ, fate.year = key
            sight.changed = True
            self._withdraw(fate)
        fate.page, fate.files = now.page, files

    def _files_elsewhere(self, fate: Fate, places: list[str], plan: Plan, healthy: bool) -> None:
        """Its files stood at their addresses on a page that is not yet known to be its own: their readings count."""
        if all(_folder(path) != _folder(fate.path) for path in places):
            return
        linked = {name for name, _ in truth.words(self.site, fate.item).files}
        for name, file in fate.files.items():
            read = truth.file_read(fate.item, name) if name in linked else None
            if read == "present":
                file.misses, file.since = 0, None
            elif read == "gone" and healthy:
                file.misses += 1
                file.since = file.since or (plan.now if plan.clock_ok else None)

    def _key(self, item: Item) -> tuple[str, int]:
        organ, year = self.printed.get(id(item), (item.paper.organ, item.paper.year))
        return self.names.get(organ, organ), year

    # What follows -----------------------------------------------------------------------------------------------

    def _waited(self, since: datetime | None, plan: Plan, patience: timedelta) -> bool:
        return since is not None and plan.clock_ok and plan.now - since >= patience

    def _gone_pages(self, sights: dict[int, Sight]) -> set[str]:
        gone = set()
        for fate in self.fates:
            sight = sights[id(fate)]
            if fate.status == "down" or sight.moved_to or sight.overwritten:
                continue
            waiting = fate.status == "missing" and sight.read != "present" and not fate.overwritten
            if sight.read in GONE or waiting:
                gone.add(fate.path)
        return gone

    def _step(self, fate: Fate, sight: Sight, plan: Plan, healthy: bool, hold: bool) -> bool:
        """Rules 1 to 4 and 11. True: it was restored."""
        if sight.here:
            restored = fate.status == "down"
            if restored:
                self._label("restored", fate)
            if sight.moved_to:
                self._label("moved", fate)
                fate.path = sight.moved_to
                fate.paths.add(sight.moved_to)
            if sight.changed:
                self._label("changed", fate)
            fate.status, fate.misses, fate.weak, fate.since, fate.overwritten = "live", 0, 0, None, False
            fate.verified, fate.unverified_said = plan.now, False
            return restored
        if sight.read not in GONE or fate.status == "down" or not healthy:
            return False
        fate.status = "missing"
        fate.misses += 1
        fate.weak += sight.read == "weak"
        fate.since = fate.since or (plan.now if plan.clock_ok else None)
        fate.overwritten = sight.overwritten
        enough = fate.misses >= self.confirmations + (1 if fate.weak else 0)
        enough = enough and not sight.named
        if enough and self._waited(fate.since, plan, self.after) and not (hold and not sight.overwritten):
            fate.status = "down"
            if sight.listed is False:
                fate.listed = False
            self._label("taken_down", fate)
        return False

    def _listings(self, sights: dict[int, Sight], plan: Plan, restored: set[int]) -> bool:
        """Delisted and relisted; whether so many are off the list that it waits."""
        population = sum(1 for fate in self.fates if fate.status == "live" and fate.listed)
        off, count = [], 0
        for fate in self.fates:
            sight = sights[id(fate)]
            if fate.status != "live":
                continue
            if fate.listed and (sight.listed is False or (sight.listed is None and fate.waits_off)):
                count += 1
                if sight.here and sight.listed is False:
                    off.append(fate)
                continue
            if not sight.here or sight.listed is None:
                continue
            if fate.listed is False and sight.listed and id(fate) not in restored:
                self._label("relisted", fate)
            fate.listed, fate.waits_off = sight.listed, False
        many = too_many(count, population)
        mass = many and (too_many(len(off), population) or self.delist_since is not None)
        self.delist_since = (self.delist_since or (plan.now if plan.clock_ok else None)) if mass else None
        held = many and not self._waited(self.delist_since, plan, MASS_PATIENCE)
        for fate in off:
            fate.waits_off = held
            if not held:
                self._label("delisted", fate)
                fate.listed = False
        self.off_lists = count if held else count - len(off) if many else 0
        if not self.off_lists:
            self.delist_since = None
        return mass and self.off_lists > 0

    def _unverified(self, sights: dict[int, Sight], plan: Plan) -> None:
        for fate in self.fates:
            if fate.status == "down" or fate.unverified_said:
                continue
            sight = sights.get(id(fate), Sight())
            if fate.status == "missing" and sight.read in GONE and not sight.named:
                continue
            if self._waited(fate.verified, plan, UNVERIFIED):
                fate.unverified_said = True
                self._label("service", fate)

    def _nothing_read(self, plan: Plan) -> None:
        self.empty += 1
        if self.empty >= DOWN_AFTER and self.said != "down":
            self.said = "down"
            self._label("portal_down")
        self._unverified({}, plan)

    def _portal(self, broken: bool, healthy: bool) -> None:
        if broken and self.said != "broken":
            self.said = "broken"
            self._label("portal_broken")
        elif not broken and (self.said == "down" or (self.said == "broken" and healthy and not self.off_lists)):
            self.said = "ok"
            self._label("portal_recovered")

    # What is new --------------------------------------------------------------------------------------------------

    def _appear(self, item: Item, paths: list[str], plan: Plan, listed: bool | None, early: bool) -> None:
        organ, year = self._key(item)
        if any(
            fate.status == "live" and not plan.asked(fate.path) and (fate.organ, fate.year) == (organ, year)
            for fate in self.fates
        ):
            return
        now: Words = truth.words(self.site, item)
        files = {
            name: FileFate(token if truth.file_read(item, name) == "present" else None) for name, token in now.files
        }
        fate = Fate(item, organ, year, paths[0], set(paths), now.page, files, plan.now, listed)
        self.fates.append(fate)
        if self.complete and not early:
            self._label("appeared", fate)
        self._withdraw(fate)

    # The law's dates ----------------------------------------------------------------------------------------------

    def _withdraw(self, fate: Fate) -> None:
        if (fate.organ, fate.year) in self.overdue - self.withdrawn:
            self.withdrawn.add((fate.organ, fate.year))
            self._label("withdrawn", fate)

    def _overdue(self, plan: Plan, baseline: bool) -> None:
        today = (plan.now + timedelta(hours=8)).date()
        seen: dict[str, set[int]] = {organ: set() for organ in self.declared}
        for fate in self.fates:
            seen.setdefault(fate.organ, set()).add(fate.year)
        read = {id(fate.item) for fate in self.fates}
        listed = {self._key(item) for item in truth.listing(self.site).items if id(item) not in read}
        for organ, years in seen.items():
            owed = {
                year for year in range(2008, today.year) if years and year > min(years) and due(organ, year) < today
            }
            if organ in self.declared:
                owed |= set(sorted(year for year in range(2008, today.year) if due(organ, year) < today)[-1:])
            for year in owed - years:
                if (organ, year) not in self.overdue and (organ, year) not in listed:
                    self.overdue.add((organ, year))
                    if not baseline:
                        self.out[self.site.name, "overdue", organ, year] += 1


def _folder(path: str) -> str:
    """Where a page's files stand."""
    return path.partition("?")[0].rpartition("/")[0]


def due(organ: str, year: int) -> date:
    """Articles 49 and 50; up to 2018, 31 March for all."""
    if year < 2019 or organ.endswith("人民政府"):
        return date(year + 1, 3, 31)
    return date(year + 1, 1, 31)


def too_many(count: int, total: int) -> bool:
    """Rule 3: at least three, and more than 30 %."""
    return count >= 3 and count > 0.3 * total
