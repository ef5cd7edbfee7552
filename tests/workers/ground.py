"""A service, four crawl machines, a Redis between them and portals that know who asks: where faults are played.

    with Ground(folder, "yunxi", "linhe") as ground:
        ground.baseline()
        worker = ground.under_way("yunxi")     # a pass that waits for an answer of its portal, and who makes it
        worker.machine.kill()
        ground.go_on("yunxi")
        ...
        ground.judge()                         # what holds whatever happened

Each machine reaches Redis by a wire of its own (`Cut`) and keeps its pauses for itself, as if it stood elsewhere.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import redis

from monitor.demo.acts import Portal
from monitor.demo.world import World
from monitor.service import control
from monitor.workers.register import Register, RegisterError
from monitor.workers.wire import PREFIX
from tests.e2e.service_home import disable_built_in
from tests.workers.cut import Cut
from tests.workers.processes import Machine, until
from tests.workers.program import INLINE
from tests.workers.redis_server import RedisServer
from tests.workers.watched_web import Asked, WatchedWeb, overlaps

LOST = 9
"""Seconds after which a worker counts as lost."""
DAWDLE = 2.0
"""Seconds between two requests of a pass that takes its time."""
YEARS = (2022, 2023, 2024)
_SETTINGS = """\
[service]
listen = ""
engine = "celery"
broker = "{broker}"
parcels = "{parcels}"
worker_lost = "{lost}s"

[schedule]
jitter = "0s"
season_discover = "12h"
offseason_discover = "12h"
"""


class Worker:
    """A crawl machine and its wire."""

    def __init__(self, folder: Path, name: str, redis: RedisServer, *words: str, inline: int | None = None) -> None:
        self.name = name
        self.wire = Cut(redis.port)
        extra = {} if inline is None else {INLINE: str(inline)}
        command = ("worker", "--name", name, "--broker", self.wire.url, "--queue", "plain", "--slots", "4", *words)
        self.machine = Machine(folder, name, command, extra)

    @property
    def said(self) -> str:
        """Its log, for a failing test."""
        return f"=== {self.name}\n{self.machine.said}"


class Pass:
    """One that somebody asked the service for."""

    def __init__(self, home: Path, portal: str) -> None:
        self.portal = portal
        self.said: list[control.Said] = []
        self.error = ""
        self._thread = threading.Thread(target=self._ask, args=(home,), daemon=True)
        self._thread.start()

    def _ask(self, home: Path) -> None:
        try:
            self.said.extend(control.ask(home, control.Crawl((self.portal,), "full", send=False)))
        except Exception as error:  # the service died
            self.error = f"{type(error).__name__}: {error}"

    @property
    def over(self) -> bool:
        """It was settled, or nobody is there who would say so."""
        return not self._thread.is_alive()


class Ground:
    """See above. A context manager."""

    def __init__(
        self,
        folder: Path,
        *portals: str,
        workers: int = 4,
        inline: int | None = None,
        slow: Mapping[str, float] | None = None,
        pinned: Mapping[str, str] | None = None,
    ) -> None:
        """`inline`: bytes that travel in messages, if not as many as ever; the rest goes through a shared folder. `slow`: seconds
        between two requests to these portals; the others are asked without. `pinned`: labels of these portals; the first worker
        bears all labels."""
        self.folder = folder
        self.portals = portals
        self.slow, self.pinned = slow or {}, pinned or {}
        self.redis = RedisServer(folder / "redis", keeps=True)
        self.web = WatchedWeb()
        self.world = World(*portals, empty=True, web=self.web)
        self.parts = contextlib.ExitStack()
        parcels = ("--parcels", str(folder / "parcels"))
        labels = [word for label in self.pinned.values() for word in ("--exit", label)]
        self.workers = [
            Worker(folder, f"w{number}", self.redis, *parcels, *(labels if number == 1 else ()), inline=inline)
            for number in range(1, workers + 1)
        ]
        self._marks = {worker.machine.mark: worker for worker in self.workers}
        self.wire = Cut(self.redis.port)
        extra = {} if inline is None else {INLINE: str(inline)}
        self.service = Machine(folder, "service", ("serve",), extra)
        self.register: Register
        self.told: dict[str, int] = {}
        """The last event of each portal that `news` has named."""
        self.up = False
        """The service is meant to run."""

    def __enter__(self) -> Self:
        enter = self.parts.enter_context
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            enter(self.redis)
            self.redis.age()
            enter(self.world)
            for wire in (self.wire, *(worker.wire for worker in self.workers)):
                enter(wire)
            self.register = Register(self.redis.url, timeout=2.0)
            self.parts.callback(self.register.close)
            self._furnish()
            for worker in self.workers:
                worker.machine.start()
            self.service.start()
            self.up = True
            self.await_workers()
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing of it is left."""
        self.up = False
        for machine in self.machines:
            machine.power_off()
        self.parts.close()

    @property
    def machines(self) -> list[Machine]:
        """All of them."""
        return [self.service, *(worker.machine for worker in self.workers)]

    @property
    def home(self) -> Path:
        """Of the service."""
        return self.service.home

    def _furnish(self) -> None:
        (self.folder / "parcels").mkdir()
        self._furnish_home(self.home)
        for site in self.world:
            self.world.fill(site, YEARS, organs=1)
            self.write_portal(self.home, site)

    def _furnish_home(self, home: Path) -> None:
        disable_built_in(home)
        settings = _SETTINGS.format(broker=self.wire.url, parcels=self.folder / "parcels", lost=LOST)
        (home / "nianbao.toml").write_text(settings, encoding="utf-8")

    def write_portal(self, home: Path, site: Portal, delay: float | None = None) -> None:
        """Its file, in a home."""
        label = self.pinned.get(site.name)
        lines = (f'exit = "{label}"',) if label else ()
        self.world.write_portal(home, site, confirmations=2, after="0s", lines=lines)
        delay = self.slow.get(site.name, 0.0) if delay is None else delay
        if delay:
            file = home / "portals" / f"{site.name}.toml"
            text = file.read_text(encoding="utf-8").replace("delay = 0.0", f"delay = {delay:g}")
            file.write_text(text.replace("concurrency = 4", "concurrency = 1"), encoding="utf-8")

    # What is done -------------------------------------------------------------------------------------------------

    def until(self, what: Callable[[], object], within: float = 90.0) -> None:
        """Waits until it is so. Raises AssertionError with what all have written, at once if the service ended by itself."""

        def so() -> bool:
            assert not self.up or self.service.running, f"the service ended by itself\n{self.story()}"
            return bool(what())

        until(so, within, self.story)

    def await_workers(self, *names: str) -> None:
        """Returns when these (all, if none is named) have announced themselves."""
        wanted = {*(names or (worker.name for worker in self.workers))}

        def there() -> bool:
            with contextlib.suppress(RegisterError):
                return wanted <= {one.name.partition("@")[0] for one in self.register.workers()}
            return False

        self.until(there)

    def baseline(self) -> None:
        """Returns when the first pass of each portal has been settled: the timetable asks for them."""
        self.until(lambda: len(self.rows("SELECT 1 FROM events WHERE kind = 'baseline'")) == len(self.portals))
        self.until(self.at_rest)

    def at_rest(self) -> bool:
        """No pass is under way."""
        return not self.rows("SELECT 1 FROM crawls WHERE outcome IS NULL")

    def ask(self, portal: str) -> Pass:
        """Asks for a pass."""
        return Pass(self.home, portal)

    def crawl(self, portal: str) -> str:
        """Makes a pass; its outcome."""
        asked = self.ask(portal)
        self.until(lambda: asked.over)
        settled = [one.settled.outcome for one in asked.said if one.settled]
        assert len(settled) == 1, f"{asked.said} {asked.error}\n{self.story()}"
        return settled[0]

    def under_way(self, portal: str) -> tuple[Pass, Worker]:
        """Asks for a pass, and returns when it waits for the portal's answer: the pass, and who makes it."""
        host = self.world[portal].listener.host
        before = len(self.web.of(host))
        self.web.held.add(host)
        asked = self.ask(portal)
        self.until(lambda: len(self.web.of(host)) > before)
        return asked, self.maker(self.web.of(host)[before])

    def dawdling(self, portal: str) -> tuple[Pass, Worker]:
        """As `under_way`, but the pass is at work: it makes long pauses between its requests, and has made one."""
        site = self.world[portal]
        before = len(self.asked(portal))
        self.write_portal(self.home, site, delay=DAWDLE)
        asked = self.ask(portal)
        self.until(lambda: len(self.asked(portal)) > before + 1)
        self.write_portal(self.home, site)
        return asked, self.maker(self.asked(portal)[before])

    def go_on(self, portal: str) -> None:
        """The portal answers again."""
        self.web.held.discard(self.world[portal].listener.host)

    def maker(self, asked: Asked) -> Worker:
        """The worker that a request came from."""
        return self._marks[asked.machine]

    def lodge(self, name: str, portal: str) -> Machine:
        """Another home that shares the workers: started, it makes one pass over a portal of this ground."""
        machine = Machine(self.folder, name, ("crawl", portal))
        self._furnish_home(machine.home)
        self.write_portal(machine.home, self.world[portal])
        self.parts.callback(machine.power_off)
        return machine

    def revive(self, worker: Worker) -> None:
        """A machine that was powered off or ended is started again."""
        worker.machine.power_off()
        worker.wire.heal()
        worker.machine.start()
        self.await_workers(worker.name)

    def waits_for_the_service(self) -> bool:
        """Something was handed over that nobody has taken yet."""
        with redis.Redis.from_url(self.redis.url) as asked:
            return any(asked.scan_iter(f"{PREFIX}:pass:*:handed"))

    def heal(self) -> None:
        """Whatever a test has cut or held."""
        self.web.held.clear()
        for wire in (self.wire, *(worker.wire for worker in self.workers)):
            wire.heal()

    # What came of it ----------------------------------------------------------------------------------------------

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Of the record; none as long as there is no record."""
        with (
            contextlib.suppress(sqlite3.OperationalError),
            contextlib.closing(
                sqlite3.connect(f"{(self.home / 'nianbao.db').as_uri()}?mode=ro", uri=True, timeout=30)
            ) as record,
        ):
            return record.execute(sql, values).fetchall()
        return []

    def news(self, portal: str, again: bool = False) -> list[str]:
        """Kinds of what was told of a portal since this was asked last, or since its baseline. `again`: the next call names them
        once more."""
        sql = """SELECT id, kind FROM events WHERE portal = ? AND id > ? AND baseline = 0
            AND kind NOT IN ('finding', 'baseline') ORDER BY id"""
        told = self.rows(sql, portal, self.told.get(portal, 0))
        if not again:
            self.told[portal] = max((number for number, _ in told), default=self.told.get(portal, 0))
        return [kind for _, kind in told]

    def outcomes(self, portal: str) -> list[str]:
        """Of its passes, oldest first."""
        return [outcome for (outcome,) in self.rows("SELECT outcome FROM crawls WHERE portal = ? ORDER BY id", portal)]

    def detail(self, portal: str) -> str:
        """Why its last pass ended as it did."""
        [(detail,)] = self.rows("SELECT detail FROM crawls WHERE portal = ? ORDER BY id DESC LIMIT 1", portal)
        return str(detail)

    def asked(self, portal: str, after: float = 0.0) -> list[Asked]:
        """What the portal was asked."""
        return self.web.of(self.world[portal].listener.host, after)

    def judge(self) -> None:
        """What holds whatever happened: no host was asked by two machines at once, every pass has ended, the record is whole."""
        self.until(self.at_rest)
        assert not overlaps(self.web.asked), f"{overlaps(self.web.asked)}\n{self.story()}"
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        assert self.rows("PRAGMA foreign_key_check") == []
        assert not [one for one in self.web.asked if not one.machine], "somebody asked who is no machine of ours"

    def story(self) -> str:
        """The end of each log, for a failing test."""
        logs = [f"=== {machine.name}\n{machine.said[-6000:]}" for machine in self.machines]
        passes = self.rows("SELECT id, portal, outcome, detail FROM crawls ORDER BY id")
        return "\n".join([*logs, f"passes: {passes}"])
