"""Random timelines over the demo's portals: acts with labels, and the events that they must and must not make.

    python tests/e2e/timelines.py [SEED …] [--passes N]

Each pass a few things happen to each portal, or an outage hides all of it. The labels follow from the acts alone; the
program sees only pages. Prints the seed first, so that a failure can be played again.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor import run
from monitor.demo.acts import Portal
from monitor.demo.site import Item
from monitor.demo.text import write_paper
from monitor.demo.world import World
from monitor.home import Home
from monitor.times import format_utc

PORTALS = ("yunxi", "wangjiang", "haitang", "qingshi", "baishui", "nanzhou")
GONE = ("404", "410", "soft404", "home", "section", "refresh", "script", "other")
OUTAGES = ("503", "412", "521", "403", "login", "refused", "reset", "truncate", "empty", "202")
CONFIRMATIONS = 2
UNTOLD = {"finding", "service", "overdue", "baseline"}
"""Kinds that follow from something else than these acts."""

Label = tuple[str, str, str, int | None]
"""Portal, kind, organ, year."""


@dataclass
class Fate:
    """What the program should know of an item."""

    misses: int = 0
    down: bool = False
    hidden: bool = False


@dataclass
class Timeline:
    """One seed's story."""

    seed: int
    world: World
    dice: random.Random = field(init=False)
    fates: dict[int, Fate] = field(default_factory=dict)
    empty: Counter[str] = field(default_factory=Counter)
    """Passes in a row in which a portal could not be read."""

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def fate(self, item: Item) -> Fate:
        return self.fates.setdefault(id(item), Fate())

    def act(self, site: Portal) -> list[Label]:
        """Does something to a portal; what the next pass must say of it."""
        if site.outage is not None:
            site.end_outage()
        if self.dice.random() < 0.15:
            site.start_outage(self.dice.choice(OUTAGES))  # type: ignore[arg-type]
            self.empty[site.name] += 1
            return [(site.name, "portal_down", "", None)] if self.empty[site.name] == 3 else []
        told: list[Label] = []
        if self.empty.pop(site.name, 0) >= 3:
            told.append((site.name, "portal_recovered", "", None))
        if self.dice.random() < 0.2:
            site.redesign()
        touched: set[int] = set()
        for _ in range(self.dice.randint(0, 3)):
            told += self._one(site, touched)
        return told + self._waiting(site)

    def _one(self, site: Portal, touched: set[int]) -> list[Label]:
        """One act on one report that nothing was done to in this pass."""
        items = [item for item in site.items if id(item) not in touched]
        item = self.dice.choice(items)
        touched.add(id(item))
        fate = self.fate(item)

        def label(kind: str) -> list[Label]:
            return [(site.name, kind, item.paper.organ, item.paper.year)]

        if item.gone is not None:
            if self.dice.random() < 0.5:
                return []
            was_down, was_hidden = fate.down, fate.hidden
            site.restore(item)
            fate.misses, fate.down, fate.hidden = 0, False, False
            return label("restored") if was_down else label("relisted") if was_hidden else []
        act = self.dice.choice(("digit", "char", "cosmetic", "gone", "move", "hide", "publish", "files", "nothing"))
        match act:
            case "digit" if "requests.new.total" in item.paper.figures:
                site.edit_digit(item)
                return label("changed")
            case "char":
                site.edit_char(item)
                return label("changed")
            case "cosmetic":
                site.cosmetic(item)
            case "gone" if self._room(site):
                site.take_down(item, self.dice.choice(GONE))  # type: ignore[arg-type]
            case "move":
                # What no section lists can only be found by a redirect.
                site.move(item, self.dice.choice(("301", "relist")) if item.listed else "301")
                return label("moved")
            case "hide":
                if fate.hidden:
                    site.hide_from_list(item, False)
                    fate.hidden = False
                    return label("relisted")
                if self._room(site):
                    site.hide_from_list(item)
                    fate.hidden = True
                    return label("delisted")
            case "files" if item.paper.documents:
                if self.dice.random() < 0.5:
                    site.resave_document(item)
                else:
                    before = item.paper.documents
                    site.replace_document(item)
                    return label("changed") if item.paper.documents != before else []
            case "publish":
                organ, year = item.paper.organ, min(one.paper.year for one in site.items) - 1
                if year > 2012:
                    new = site.publish(write_paper(organ, year, seed=self.seed, size=3))
                    touched.add(id(new))
                    return [(site.name, "appeared", organ, year)]
        return []

    def _room(self, site: Portal) -> bool:
        """Few enough reports are away for the next one to be news, and not a redesign."""
        away = sum(1 for item in site.items if (item.gone is not None and not self.fate(item).down) or not item.listed)
        return away < 2

    def _waiting(self, site: Portal) -> list[Label]:
        """Take-downs that this pass confirms."""
        told: list[Label] = []
        for item in site.items:
            fate = self.fate(item)
            if item.gone is None or fate.down:
                continue
            fate.misses += 1
            if fate.misses == CONFIRMATIONS + (item.gone == "other"):
                fate.down = True
                told.append((site.name, "taken_down", item.paper.organ, item.paper.year))
        return told


def play(seed: int, passes: int, home_path: Path, portals: Sequence[str] = PORTALS) -> list[str]:
    """Plays one seed; what went wrong, a line each."""
    wrong: list[str] = []
    expected_in_all = 0
    with World(*portals, seed=seed) as world:
        home = Home(home_path)
        home.create()
        world.write_portals(home_path, confirmations=CONFIRMATIONS, after="1h")
        timeline = Timeline(seed, world)
        now = datetime(2025, 6, 1, tzinfo=UTC)
        for number in range(passes):
            expected: Counter[Label] = Counter()
            if number:
                for site in world:
                    expected.update(timeline.act(site))
            with home.writing() as store:
                chosen = [home.portals()[name] for name in portals]
                at = format_utc(now)
                settled = run.crawl(home, store, home.settings(), chosen, "full", lambda at=at: at)  # type: ignore[misc]
                rows = [
                    store.row("SELECT portal, kind, organ, year, baseline FROM events WHERE id = ?", (event,))
                    for one in settled
                    for event in one.events
                ]
            said: Counter[Label] = Counter(
                (row["portal"], row["kind"], row["organ"] if row["year"] else "", row["year"])
                for row in rows
                if row is not None and row["kind"] not in UNTOLD and not row["baseline"]
            )
            expected_in_all += expected.total()
            wrong += [f"seed {seed}, pass {number}: missed {label}" for label in (expected - said).elements()]
            wrong += [f"seed {seed}, pass {number}: false {label}" for label in (said - expected).elements()]
            now += timedelta(hours=6)
    print(f"seed {seed}: {passes} passes, {expected_in_all} events expected, {len(wrong)} wrong", flush=True)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("seeds", type=int, nargs="*", default=[random.randrange(10**6)])
    parser.add_argument("--passes", type=int, default=12)
    options = parser.parse_args()
    wrong = []
    for seed in options.seeds:
        with tempfile.TemporaryDirectory() as folder:
            wrong += play(seed, options.passes, Path(folder))
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
