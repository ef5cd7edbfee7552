"""The portals of a soak: labelled acts at any time, and a log of what each request was shown.

In: a seed. Out: portals on loopback whose reports all print a number of their own (`stamp`), so that a version, a message
and what a request was answered can be told apart whatever they say besides. `Serve` is what a site showed of a report, or
of its list, and when; the judge (judge.py) works from nothing else about the world.
"""

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from monitor.demo import layouts
from monitor.demo.acts import Portal
from monitor.demo.layouts import Listed
from monitor.demo.server import Request, Response, Web
from monitor.demo.site import Item
from monitor.demo.text import Document, Paper, title_of, write_paper
from monitor.demo.troubles import Outage
from monitor.demo.world import KINDS, portal_file

YEARS = (2023, 2024, 2025)
"""Published before the first pass. Later ones go back in time, year by year, so that none in between is overdue."""
OLDEST = 2009
OUTAGES: tuple[Outage, ...] = ("503", "refused", "reset", "500")
_PAPERS = ("yunxi", "wangjiang", "nanzhou", "haitang", "qingshi", "baishui")
_STAMP = re.compile(r"办理热线工单(\d{6})件")
_ENCLOSED = re.compile(r"附表编号(\d{6})号")
_MOST_GONE = 2
"""Reports of a portal that are gone at the same time: more would look like a site that was rebuilt (lifecycle, rule 3)."""
_FEW = 10
"""With fewer reports than this, half as many."""
_KNOWN = 5
"""Readings of a report's page after which it is taken for granted that a pass was settled that had one."""
_MOST = 14
"""Reports of a portal, so that passes stay short."""


class State(NamedTuple):
    """What tells one content of a report from another: the numbers that its page and its document print."""

    stamp: int
    enclosed: int


def state_in(page: str, documents: str) -> State | None:
    """The state that a stored version shows. None: its text is no report of this world."""
    stamp, enclosed = _STAMP.search(page), _ENCLOSED.search(documents)
    return State(int(stamp[1]), int(enclosed[1]) if enclosed else 0) if stamp else None


def stamps_in(text: str) -> set[int]:
    """Numbers of reports that a message speaks of."""
    return {int(number) for number in re.findall(r"\d{6}", text)}


class Serve(NamedTuple):
    """One answer: what a page, a document or a list showed; `trouble`: nothing that counts."""

    at: float
    """Seconds since the epoch."""
    what: Literal["page", "file", "list", "trouble"]
    item: int = 0
    """Serial number of the report in its portal."""
    live: bool = False
    state: State | None = None
    path: str = ""
    listed: frozenset[int] = frozenset()


@dataclass
class Outing:
    """A time in which the portal answered nothing that counts."""

    start: float
    end: float = float("inf")


class Watched(Portal):
    """A portal that remembers what it showed."""

    def remember(self) -> None:
        """Begins to."""
        self.shown: list[Serve] = []
        self.outages: list[Outing] = []
        self.numbers: dict[int, int] = {}
        """Numbers of items (by id), as `Serve.item` has them: an item's serial changes when it moves."""

    def number(self, item: Item) -> int:
        """The number of an item for good."""
        return self.numbers.setdefault(id(item), len(self.numbers) + 1)

    def answer(self, request: Request) -> Response:
        """See Site."""
        with self.lock:
            if self.outage is not None:
                self.shown.append(Serve(time.time(), "trouble"))
            return super().answer(request)

    def _page(self, item: Item, request: Request) -> Response:
        live = item.gone is None
        state = state_of(item.paper) if live else None
        self.shown.append(Serve(time.time(), "page", self.number(item), live, state, item.path))
        return super()._page(item, request)

    def _file(self, request: Request) -> Response | None:
        response = super()._file(request)
        name = request.path.rpartition("/")[2]
        for item in self.items:
            if response is not None and any(document.file == name for document in item.paper.documents):
                live = response.status == 200
                self.shown.append(Serve(time.time(), "file", self.number(item), live, state_of(item.paper)))
        return response

    def _listed(self, listed: Listed, request: Request) -> Response:
        numbers = frozenset(self.number(item) for item in self.items if item.listed)
        self.shown.append(Serve(time.time(), "list", listed=numbers))
        return super()._listed(listed, request)


def state_of(paper: Paper) -> State:
    """The state that a paper prints. Raises TypeError for one without a stamp."""
    found = state_in("".join(paper.prose()), "".join(line for document in paper.documents for line in document.lines))
    if found is None:
        raise TypeError(f"{paper.title} bears no stamp")
    return found


class Scene:
    """One portal: what happens to it. Every act changes it at once and counts itself in `acts`."""

    def __init__(self, site: Watched, dice: random.Random, acts: "Counter[str]", stamps: Iterator[int]) -> None:
        self.site, self.dice, self.acts = site, dice, acts
        self._stamps = stamps
        self._rests: dict[int, float] = {}
        """Until when nothing more happens to an item (by its number)."""
        self._moved: dict[int, int] = {}
        """How much had been shown when an item moved last (by its number)."""
        self._undo: list[tuple[float, int, Paper]] = []
        self._outage_ends = 0.0

    def fill(self) -> None:
        """Publishes what is there before the first pass."""
        for year in YEARS:
            for organ in KINDS[self.site.name].organs[:3]:
                self._publish(organ, year)

    def _publish(self, organ: str, year: int) -> Item:
        # A document beside every second report of one portal: attachments are read by a process of their own.
        with_document = self.site.name == "wangjiang" and year % 2 == 0
        paper = write_paper(
            organ, year, title=title_of(organ, year, year), extras="document" if with_document else "none"
        )
        lines = (
            *paper.paragraphs[:2],
            paper.paragraphs[2] + f"另办理热线工单{next(self._stamps)}件。",
            *paper.paragraphs[3:],
        )
        documents = tuple(self._enclosed(document) for document in paper.documents)
        item = self.site.publish(replace(paper, paragraphs=lines, documents=documents))
        self.site.number(item)
        return item

    def _enclosed(self, document: Document) -> Document:
        return document._replace(lines=(*document.lines[:3], f"附表编号{next(self._stamps)}号。"))

    def act(self, now: float) -> None:
        """One thing happens, if the dice find something that may happen now."""
        kinds = {
            self._edit: 8, self._flicker: 3, self._take_down: 4, self._restore: 4, self._publish_older: 2, self._move: 2,
            self._hide: 1, self._show: 2, self._cosmetic: 1, self._redesign: 0.5, self._outage: 0.35,
        }  # fmt: skip
        for act in self.dice.sample(list(kinds), counts=[round(weight * 20) for weight in kinds.values()], k=6):
            if self.site.outage is None and act(now):
                self.acts[act.__name__.strip("_")] += 1
                return

    def due(self, now: float) -> None:
        """Ends what was to end by now."""
        for at, number, paper in [one for one in self._undo if one[0] <= now]:
            self._undo.remove((at, number, paper))
            self.site.rewrite(self._by_number(number), paper)
        if self._outage_ends and now >= self._outage_ends:
            self._outage_ends = 0.0
            self.site.end_outage()
            self._outing.end = time.time()

    def settle(self) -> None:
        """Ends everything that is to end: from now on nothing happens any more."""
        self.due(float("inf"))

    def _by_number(self, number: int) -> Item:
        return next(item for item in self.site.items if self.site.number(item) == number)

    def _item(self, now: float, *, live: bool = True) -> Item | None:
        """Some item at rest. It is left alone for a while now: sometimes shorter than any pass takes."""
        ready = [
            item
            for item in self.site.items
            if item.live == live and now >= self._rests.get(self.site.number(item), 0.0)
        ]
        if not ready:
            return None
        item = self.dice.choice(ready)
        rest = self.dice.uniform(0.1, 2.0) if self.dice.random() < 0.2 else self.dice.uniform(8.0, 40.0)
        self._rests[self.site.number(item)] = now + rest
        return item

    def _read(self, item: Item) -> bool:
        """Passes have read it where it is, so that the record knows it: one that comes and goes unseen would be overdue,
        and one that moves and is hidden unseen is taken down, as far as anyone can tell."""
        number = self.site.number(item)
        since = self.site.shown[self._moved.get(number, 0) :]
        return sum(shown.what == "page" and shown.item == number for shown in since) >= _KNOWN

    # What happens ---------------------------------------------------------------------------------------------------

    def _edit(self, now: float) -> bool:
        """One digit of the page, or the text of its document, changes."""
        item = self._item(now)
        if item is None:
            return False
        if item.paper.documents and self.dice.random() < 0.5:
            self.site.set_documents(item, tuple(self._enclosed(document) for document in item.paper.documents))
        else:
            self.site.edit_text(
                item, f"办理热线工单{state_of(item.paper).stamp}件", f"办理热线工单{next(self._stamps)}件"
            )
        return True

    def _flicker(self, now: float) -> bool:
        """Edited, and back again within seconds: two changes if a pass came between, else none."""
        item = self._item(now)
        if item is None:
            return False
        before = item.paper
        self.site.edit_text(item, f"办理热线工单{state_of(before).stamp}件", f"办理热线工单{next(self._stamps)}件")
        number, until = self.site.number(item), now + self.dice.uniform(0.3, 6.0)
        self._undo.append((until, number, before))
        self._rests[number] = until + self.dice.uniform(5.0, 20.0)
        return True

    def _take_down(self, now: float) -> bool:
        most = _MOST_GONE if len(self.site.items) >= _FEW else _MOST_GONE // 2
        if sum(not item.live for item in self.site.items) >= most:
            return False
        item = self._item(now)
        if item is None or not item.listed or not self._read(item):
            return False
        self.site.take_down(item, self.dice.choice(("404", "410", "soft404", "home")))
        self._rests[self.site.number(item)] = now + self.dice.choice((1.0, 6.0, 15.0, 30.0))
        return True

    def _restore(self, now: float) -> bool:
        item = self._item(now, live=False)
        if item is None:
            return False
        self.site.restore(item)
        return True

    def _publish_older(self, now: float) -> bool:
        organ = self.dice.choice(KINDS[self.site.name].organs[:3])
        year = min(item.paper.year for item in self.site.items if item.paper.organ == organ) - 1
        if len(self.site.items) >= _MOST or year < OLDEST:
            return False
        self._publish(organ, year)
        return True

    def _move(self, now: float) -> bool:
        item = self._item(now)
        if item is None or not item.listed:
            return False
        # Without a redirect it is gone for a pass that read the list before: not beside others that are.
        gone = any(not item.live for item in self.site.items)
        self._moved[self.site.number(item)] = len(self.site.shown)
        self.site.move(item, "301" if gone else self.dice.choice(("301", "relist")))
        return True

    def _hide(self, now: float) -> bool:
        item = self._item(now)
        if item is None or not self._read(item) or not all(other.listed for other in self.site.items if other.live):
            return False
        self.site.hide_from_list(item)
        return True

    def _show(self, now: float) -> bool:
        hidden = [item for item in self.site.items if item.live and not item.listed]
        if not hidden or now < self._rests.get(self.site.number(hidden[0]), 0.0):
            return False
        self.site.hide_from_list(hidden[0], hidden=False)
        return True

    def _cosmetic(self, now: float) -> bool:
        item = self._item(now)
        if item is None:
            return False
        self.site.cosmetic(item)
        return True

    def _redesign(self, now: float) -> bool:
        self.site.redesign()
        return True

    def _outage(self, now: float) -> bool:
        self._outing = Outing(time.time())
        self.site.outages.append(self._outing)
        self.site.start_outage(self.dice.choice(OUTAGES))
        self._outage_ends = now + self.dice.choice((1.0, 4.0, 15.0))
        return True


class World:
    """The portals, served until the context ends; `step` lets things happen."""

    def __init__(self, seed: int, portals: int = 5, pace: float = 1.0) -> None:
        """`pace`: acts a second, over all portals."""
        self.dice = random.Random(f"world {seed}")
        self.pace = pace
        self.acts: Counter[str] = Counter()
        self.lock = threading.Lock()
        self._web = Web()
        self._next = 0.0
        self._cut = False
        self._outings: dict[str, Outing] = {}
        stamps = iter(self.dice.sample(range(100_000, 1_000_000), 500_000))
        self.scenes: dict[str, Scene] = {}
        for name in _PAPERS[:portals]:
            kind = KINDS[name]
            site = Watched(name, kind.title, kind.layout(), region=kind.region)
            site.remember()
            site.big5 = name == "yunxi"
            if name == "qingshi":
                site.set_encoding("gb18030", header="utf-8", meta="gb2312")
            self.scenes[name] = Scene(site, random.Random(f"{seed} {name}"), self.acts, stamps)

    def __enter__(self) -> "World":
        self._web.__enter__()
        for number, scene in enumerate(self.scenes.values(), 2):
            scene.site.start(self._web, self._web.host(number, scene.site.name))
            scene.fill()
        return self

    def __exit__(self, *error: object) -> None:
        self._web.__exit__(*error)

    def __iter__(self) -> Iterator[Watched]:
        return (scene.site for scene in self.scenes.values())

    def __getitem__(self, name: str) -> Watched:
        return self.scenes[name].site

    def write_portals(self, home: Path, confirmations: int, after: str) -> None:
        """Writes HOME/portals/NAME.toml for each."""
        folder = home / "portals"
        folder.mkdir(parents=True, exist_ok=True)
        for site in self:
            text = portal_file(site, confirmations, after)
            if isinstance(site.layout, layouts.Nfcms):  # the slow one
                text = text.replace("delay = 0.0", "delay = 0.12").replace("concurrency = 4", "concurrency = 1")
            (folder / f"{site.name}.toml").write_text(text, encoding="utf-8")

    def cut_off(self) -> None:
        """Nothing can be reached."""
        with self.lock:
            self._cut = True
            for site in self:
                self._outings[site.name] = Outing(time.time())
                site.outages.append(self._outings[site.name])
                site.listener.refuse()

    def connect(self) -> None:
        """Everything can be reached again."""
        with self.lock:
            self._cut = False
            for site in self:
                self._outings[site.name].end = time.time()
                if site.outage != "refused":
                    site.listener.accept()

    def step(self, now: float) -> None:
        """Lets happen what is to happen by `now` (any clock that only goes forward). Called often."""
        with self.lock:
            for scene in self.scenes.values() if not self._cut else ():
                scene.due(now)
            if now < self._next or self._cut:
                return
            self._next = now + self.dice.expovariate(self.pace)
            self.dice.choice(list(self.scenes.values())).act(now)

    def settle(self) -> None:
        """Ends outages and what was to be undone."""
        with self.lock:
            for scene in self.scenes.values():
                scene.settle()
