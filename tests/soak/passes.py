"""What each pass was shown: run folders as they come and go, beside the portals' own logs.

In: a home and its portals. Out: `Pass`es with the time they took, by the times of job.json and run.json, and per report what
was shown to each (`Sight`).
"""

import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from crawler.observation import JOB, RUN
from tests.soak.world import Outing, Serve, State, Watched

_EVERY = 0.05
_SLACK = 0.005
"""Seconds between a file's time and this process's clock."""


@dataclass
class Sight:
    """What one pass was shown of one report."""

    pages: list[Serve] = field(default_factory=list)
    files: list[Serve] = field(default_factory=list)

    @property
    def gone(self) -> bool:
        """Every answer said that the page is gone."""
        return bool(self.pages) and not any(page.live for page in self.pages)

    @property
    def live(self) -> bool:
        """Some answer showed it."""
        return any(page.live for page in self.pages)

    @property
    def certain(self) -> Serve | None:
        """What all answers agree on, if it is live and they do."""
        states = {(page.live, page.state, page.path) for page in self.pages}
        files = {file.state.enclosed for file in self.files if file.state is not None and file.live}
        only = self.pages[0] if len(states) == 1 else None
        if only is None or not only.live or only.state is None or not files <= {only.state.enclosed}:
            return None
        return only

    def allows(self, state: State) -> bool:
        """Whether a reader of this pass may have come to that state."""
        seen = [page.state for page in self.pages if page.state is not None]
        enclosed = {one.enclosed for one in seen} | {file.state.enclosed for file in self.files if file.state}
        return any(one.stamp == state.stamp for one in seen) and state.enclosed in enclosed


@dataclass
class Pass:
    """A pass that the record knows. `start` and `end`: seconds since the epoch, 0 where no folder told them."""

    crawl: int
    portal: str
    mode: str
    outcome: str
    reason: str
    start: float = 0.0
    end: float = 0.0
    wrong_clock: bool = False
    """The machine's clock was off at some time of it, or just before."""
    troubled: bool = False
    """The portal was in trouble at some time of it."""
    sights: dict[int, Sight] = field(default_factory=dict)
    lists: list[Serve] = field(default_factory=list)

    def sight(self, item: int) -> Sight:
        """What it was shown of a report; perhaps nothing."""
        return self.sights.get(item, Sight())

    @property
    def known(self) -> bool:
        """What it was shown is known."""
        return self.start > 0 and self.end > 0

    @property
    def empty(self) -> bool:
        """It may have read nothing at all: the portal was out, or the pass was over before anything answered."""
        return self.outcome == "killed" or self.troubled or not (self.lists or self.sights)

    @property
    def healthy(self) -> bool:
        """It read the whole portal undisturbed."""
        return self.outcome == "ok" and self.mode == "full" and self.known and not self.troubled and bool(self.lists)


class _Times(NamedTuple):
    start: float
    end: float


class Watcher:
    """Notes the times of run folders until the context ends: they expire."""

    def __init__(self, home: Path) -> None:
        self._runs = home / "runs"
        self.times: dict[tuple[str, int], _Times] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        self.look()

    def _watch(self) -> None:
        while not self._stop.wait(_EVERY):
            self.look()

    def look(self) -> None:
        """Takes over what there is now."""
        for folder in self._runs.glob("*/[0-9]*"):
            if not folder.name.isdigit():
                continue
            key = (folder.parent.name, int(folder.name))
            known = self.times.get(key)
            if known is None or not known.end:
                start, end = _time(folder / JOB), _time(folder / RUN)
                if start:
                    self.times[key] = _Times(start, end)


def _time(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def read_passes(
    record: sqlite3.Connection, watcher: Watcher, site: Watched, wrong_clock: Sequence[Outing] = ()
) -> list[Pass]:
    """All passes over a portal, in order, with what each was shown. `wrong_clock`: when the machine's was."""
    sql = "SELECT id, portal, mode, outcome, detail FROM crawls WHERE portal = ? ORDER BY id"
    passes = [Pass(*row) for row in record.execute(sql, (site.name,))]
    for one in passes:
        one.start, one.end = watcher.times.get((site.name, one.crawl), (0.0, 0.0))
        one.troubled = any(_overlaps(one, outing) for outing in site.outages)
        one.wrong_clock = any(_overlaps(one, outing) for outing in wrong_clock)
    timed = [one for one in passes if one.known]
    at = 0
    for serve in site.shown:  # in the order of time, as the passes are
        while at < len(timed) and timed[at].end + _SLACK < serve.at:
            at += 1
        if at < len(timed) and timed[at].start - _SLACK <= serve.at:
            _add(timed[at], serve)
    return passes


def _overlaps(one: Pass, outing: Outing) -> bool:
    return outing.start < (one.end or time.time()) + 0.5 and outing.end > one.start - 0.5


def _add(one: Pass, serve: Serve) -> None:
    match serve.what:
        case "page":
            one.sights.setdefault(serve.item, Sight()).pages.append(serve)
        case "file":
            one.sights.setdefault(serve.item, Sight()).files.append(serve)
        case "list":
            one.lists.append(serve)
        case "trouble":
            one.troubled = True
