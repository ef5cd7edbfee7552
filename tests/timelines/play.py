"""Plays one seed: the world acts, the program reads, the model says what must have been said.

A portal whose pass said something else leaves the stage, for what follows would only repeat it; the others play on.
"""

import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from monitor.demo.acts import Portal
from monitor.demo.world import World
from monitor.home import Home
from monitor.store import Store
from monitor.times import format_utc
from tests.timelines import offline
from tests.timelines.acts import ACTS, Scene, slim
from tests.timelines.model import Label, Mode, Model, Plan

PORTALS = (
    "yunxi",
    "wangjiang",
    "linhe",
    "nanzhou",
    "haitang",
    "qingshi",
    "baishui",
    "kunyang",
    "songling",
    "heping",
    "taihe",
)
UNTOLD = {"finding", "baseline"}
SPANS = (3, 6, 6, 12, 12, 24, 24, 26)
LONG_SPANS = (72, 24 * 8, 24 * 15)


LONGEST = timedelta(days=7)
"""`schedule.recheck_old`, by default."""


UNCALM = {"site_outage", "list_fails", "list_broken", "page_closed", "hrefs"}
"""Acts after which a pass does not read everything."""


@dataclass
class Score:
    """What was expected and said, by kind."""

    expected: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    passes: int = 0
    sampled: int = 0
    """Of them, those that read only what was due."""
    widened: int = 0
    """Those that were to, and read everything in the end."""
    asked: int = 0
    """Reports that were asked for in passes that read only what was due,"""
    left: int = 0
    """and that were not."""
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        for name in ("expected", "found", "missed", "false", "acts"):
            getattr(self, name).update(getattr(other, name))
        for name in ("passes", "sampled", "widened", "asked", "left"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong


class Stage:
    """One seed's world, record and models."""

    def __init__(
        self,
        seed: int,
        portals: Sequence[str],
        folder: Path,
        stack: ExitStack,
        without: Sequence[str] = (),
        scheduled: bool = False,
    ) -> None:
        self.scheduled = scheduled
        self.acts = {act: weight for act, weight in ACTS.items() if act.__name__ not in without}
        self.seed = seed
        self.dice = random.Random(seed)
        self.web = offline.Offline()
        self.world = stack.enter_context(World(*portals, seed=seed, empty=True, web=self.web))
        self.home = Home(folder)
        self.now = datetime(2025, 6, 1, tzinfo=UTC) + timedelta(hours=self.dice.randrange(300 * 24))
        self.scenes: dict[str, Scene] = {}
        for site in self.world:
            self.scenes[site.name] = self._scene(site)
        self.store: Store = stack.enter_context(self.home.writing())
        self.store.run("PRAGMA synchronous = OFF")
        self.files = self.home.portals()
        self.settings = self.home.settings()
        self.score = Score()
        self.asked_at: dict[int, datetime] = {}
        """By report: when a pass last asked for its page."""

    def _scene(self, site: Portal) -> Scene:
        dice = random.Random(f"{self.seed} {site.name}")
        confirmations, hours = dice.choice((2, 2, 3)), dice.choice((1, 1, 10, 30))
        last = dice.choice((2022, 2023, 2024))
        if not site.layout.holds_reports:
            site.layout.per_page = dice.choice((2, 3, 6))
        self.world.fill(site, tuple(range(last - dice.choice((1, 2)), last + 1)), organs=2)
        for item in site.items:
            item.first = item.paper = slim(item.paper, dice)  # type: ignore[attr-defined]
        site.validators = dice.random() < 0.4
        bureaus = [organ for organ in dict.fromkeys(item.paper.organ for item in site.items) if organ.endswith("局")]
        # Words that gateways exchange: 資料局, 資訊化局, 網路安全局.
        other = dice.choice(("和数据局", "和信息化局", "和网络安全局", "和服务局"))
        names = {organ.removesuffix("局") + other: organ for organ in bureaus[:1] if dice.random() < 0.6}
        lines = [f'organs = [{{ name = "{old}", aliases = ["{new}"] }}]' for new, old in names.items()]
        self.world.write_portal(self.home.path, site, confirmations, f"{hours}h", tuple(lines))
        model = Model(site, confirmations, timedelta(hours=hours), names.values())
        model.names = names
        return Scene(site, model, dice, offline=True)

    # One pass ------------------------------------------------------------------------------------------------------

    def turn(self, number: int) -> None:
        """One pass over every portal that is still on the stage."""
        plans, orders = {}, {}
        for name, scene in self.scenes.items():
            plans[name], orders[name] = self._prepare(number, scene)
        for listener in self.web.hosts.values():
            listener.log.clear()
            listener.direct.clear()
        last = self.store.row("SELECT coalesce(max(id), 0) AS id FROM events")
        assert last is not None
        settled = offline.crawl(
            self.home,
            self.store,
            self.settings,
            [self.files[name] for name in self.scenes],
            lambda name: plans[name].mode,
            format_utc(self.now),
            self.web,
            orders,
            lambda name: self._is_page(self.scenes[name]),
            lambda name: plans[name].sample,
        )
        said: Counter[Label] = Counter()
        for row in self.store.rows(
            "SELECT portal, kind, organ, year, baseline FROM events WHERE id > ? ORDER BY id", (last["id"],)
        ):
            if row["kind"] not in UNTOLD and not row["baseline"]:
                said[row["portal"], row["kind"], row["organ"] if row["year"] else "", row["year"]] += 1
        for row in self.store.rows(
            "SELECT portal, organ, year FROM events WHERE retracted_at = ?", (format_utc(self.now),)
        ):
            said[row["portal"], "withdrawn", row["organ"], row["year"]] += 1
        outcomes = {one.portal: one.outcome for one in settled}
        for name, scene in list(self.scenes.items()):
            plan = self._seen(plans[name], scene, outcomes[name])
            overlooked = self._overlooked(plan, plans[name].mode, scene) if outcomes[name] == "ok" else []
            self._compare(number, scene, plan, said)
            self.score.wrong += [f"seed {self.seed}, pass {number}, {name}: {one}" for one in overlooked]
        self.now += timedelta(hours=self.dice.choice(LONG_SPANS if self.dice.random() < 0.06 else SPANS))

    def _prepare(self, number: int, scene: Scene) -> tuple[Plan, offline.Order]:
        dice, site = scene.dice, scene.site
        scene.number, scene.now = number, self.now
        scene.touched.clear()
        scene.done = []
        mode: Mode = "full"
        order, killed, clock_ok = offline.Order(), "", True
        if number:
            mode = dice.choices(("full", "discover", "recheck"), (70, 12, 18))[0]
            chance = dice.random()
            if chance < 0.06:
                killed = dice.choice(("early", "late"))
                order = offline.Order(kill_after=0 if killed == "early" else 60)
            elif chance < 0.12 and mode == "full" and not site.layout.holds_reports:
                order = offline.Order(stop_after=dice.randint(0, 4))
            clock_ok = dice.random() > 0.08
        site.listener.clock_offset = 0.0 if clock_ok else dice.choice((-3600.0, 3600.0))
        sample = False
        if number and self.scheduled:
            turn = random.Random(f"{self.seed} {site.name} {number}").random()
            sample = turn < 0.8
            mode = "full" if turn < 0.5 else "discover" if sample else mode
        scene.calm = (
            (mode == "full" or sample)
            and order == offline.Order()
            and not (site.outage or site.failing_pages or site.list_broken)
        )
        scene.due()
        for act in (
            dice.choices(list(self.acts), list(self.acts.values()), k=dice.choice((0, 1, 1, 2, 3))) if number else ()
        ):
            name = act.__name__
            if name in UNCALM and (scene.pinned & scene.touched):
                continue
            if act(scene):
                scene.done.append(name)
                self.score.acts[name] += 1
                if name in UNCALM:
                    scene.calm = False
        # A pass that was killed before anything answered saw no clock but its own.
        return Plan(self.now, mode, clock_ok or killed == "early", killed, sample=sample), order  # type: ignore[arg-type]

    def _is_page(self, scene: Scene):  # type: ignore[no-untyped-def]
        paths = {item.path for item in scene.site.items} | {
            path for item in scene.site.items for path in item.other_paths
        }
        paths |= {path for fate in scene.model.fates for path in fate.paths}
        gate = f"/gate/big5/{scene.site.listener.netloc}"
        return lambda target: bare(target, gate) in paths

    def _seen(self, plan: Plan, scene: Scene, outcome: str) -> Plan:
        """The plan as it went: what was asked for in a pass that was cut short stands in the server's log."""
        gate = f"/gate/big5/{scene.site.listener.netloc}"
        asked = {bare(target, gate) for target in scene.site.listener.log}  # type: ignore[attr-defined]
        if not asked:  # nothing answered, and nobody told the time
            plan = replace(plan, clock_ok=True)
        direct = frozenset(bare(target, gate) for target in scene.site.listener.direct)  # type: ignore[attr-defined]
        if outcome == "cut_short" or plan.sample:
            plan = replace(plan, direct=direct)
        if plan.sample and not plan.killed:
            plan = self._sampled(plan, scene, asked)
        if outcome != "cut_short":
            return replace(plan, log=frozenset(asked))
        return replace(plan, cut_short=True, asked=asked.__contains__, log=frozenset(asked))

    def _sampled(self, plan: Plan, scene: Scene, asked: set[str]) -> Plan:
        """A pass that was to read what is due, as it went: it saw what it asked for. Columns are read whatever is due."""
        row = self.store.row("SELECT detail FROM crawls WHERE portal = ? ORDER BY id DESC LIMIT 1", (scene.site.name,))
        assert row is not None
        widened = '"widened"' in row["detail"]
        self.score.widened += widened
        self.score.sampled += not widened
        if scene.site.layout.holds_reports:
            return replace(plan, mode="full", direct=None)
        for fate in scene.model.fates if not widened else ():
            self.score.asked += fate.path in asked
            self.score.left += fate.path not in asked
        return replace(plan, mode="full", asked=asked.__contains__)

    def _overlooked(self, plan: Plan, mode: Mode, scene: Scene) -> list[str]:
        """Reports that a pass which came to its end left unread for longer than the rhythm allows."""
        found = []
        for fate in scene.model.fates:
            asked = self.asked_at.setdefault(id(fate), self.now)
            if fate.path in plan.log or (plan.sample and scene.site.layout.holds_reports):
                self.asked_at[id(fate)] = self.now
            elif plan.sample and mode == "full" and not scene.site.robots and self.now - asked > LONGEST:
                found.append(f"nobody asked for {fate.path} since {asked}")
        return found

    def _compare(self, number: int, scene: Scene, plan: Plan, said: "Counter[Label]") -> None:
        score, name = self.score, scene.site.name
        expected = scene.model.settle(plan)
        mine = Counter({label: count for label, count in said.items() if label[0] == name})
        score.passes += 1
        missed, false = expected - mine, mine - expected
        for label, count in expected.items():
            score.expected[label[1]] += count
            score.found[label[1]] += count - missed[label]
        for label, count in missed.items():
            score.missed[label[1]] += count
        for label, count in false.items():
            score.false[label[1]] += count
        if missed or false:
            how = f"{plan.mode}{' cut short' if plan.cut_short else ''}{' ' + plan.killed}{'' if plan.clock_ok else ' clock off'}"
            words = [f"missed {label[1:]}" for label in missed.elements()] + [
                f"false {label[1:]}" for label in false.elements()
            ]
            score.wrong.append(
                f"seed {self.seed}, pass {number} ({how.strip()}), {name} after {', '.join(scene.done) or 'nothing'}: "
                + "; ".join(words)
            )
            del self.scenes[name]


def bare(target: str, gate: str) -> str:
    """An address without its gateway and its session's token."""
    path, mark, query = target.removeprefix(gate).partition("?")
    kept = "&".join(part for part in query.split("&") if part and not part.startswith("_t="))
    return path + (mark + kept if kept else "")


def play(
    seed: int,
    passes: int,
    folder: Path,
    portals: Sequence[str] = PORTALS,
    without: Sequence[str] = (),
    score: Score | None = None,
    end: float | None = None,
    scheduled: bool = False,
) -> Score:
    """Plays one seed; `without`: acts (by name) that do not happen. No pass begins after `end` (by time.monotonic).
    `scheduled`: most passes read what is due, as the service's do.

    `score` is counted up pass by pass, so that a caller who interrupts this has what was played.
    """
    with ExitStack() as stack:
        # A power cut is not what is tested here, and syncing small files takes most of the time.
        stack.enter_context(mock.patch("os.fsync"))
        stage = Stage(seed, portals, folder, stack, without, scheduled)
        stage.score = score if score is not None else stage.score
        for number in range(passes):
            if not stage.scenes or (end is not None and time.monotonic() >= end):
                break
            stage.turn(number)
    return stage.score
