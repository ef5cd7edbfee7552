"""One soak: a home, its portals and receivers, the service that is killed, and the quiet after it.

In: `Plan`. Out: `Outcome`. Everything that chance decides follows from the seed; what the machine's scheduler decides does
not, so that the same seed is the same plan of kills and acts, not the same run.
"""

import contextlib
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from monitor.service import control
from tests.e2e.service_home import disable_built_in
from tests.soak.boundaries import BOUNDARIES, Boundary
from tests.soak.disturbances import Clock, Disturbance, Ground
from tests.soak.judge import Judge, Verdict
from tests.soak.passes import Watcher
from tests.soak.program import Part, Process, Program, bury
from tests.soak.receivers import Receivers
from tests.soak.world import Outing, World

CONFIRMATIONS, AFTER = 2, 3.0
"""Of take-downs: readings, and seconds between the first and the last."""
_SETTINGS = """\
[service]
listen = ""
log_level = "warning"
disk_low = "1MB"

[schedule]
jitter = "0s"
"""
EVERYTHING: set[Part] = {"service", "nursery", "keeper", "pass", "other"}
_VICTIMS: tuple[tuple[set[Part], int], ...] = (
    ({"service"}, 45), ({"pass"}, 15), ({"keeper"}, 8), ({"nursery"}, 10), ({"service", "nursery"}, 8), (EVERYTHING, 14),
)  # fmt: skip
"""What is killed at random instants, and how often."""
_TICK = 0.02
_TIMEOUT, _PATIENCE = 3.0, 20.0
"""Seconds that a receiver may take for one step: where it may be made to stall, and where only the machine can be slow. A message
that is given up for slow and sent again is no repeat that a kill led to."""
_BURIAL = 2.0
"""Seconds after which a process that died is a zombie, if nobody waited for it."""
_BREATH = 2.0
"""Seconds between two disturbances."""
_PAUSE = 0.3
"""Seconds between two passes over a portal."""
_FUSE_WAITS = 15.0
"""Seconds that a boundary may take to be reached."""


@dataclass(frozen=True)
class Plan:
    """What is to happen. `pace`: acts a second."""

    seed: int
    kills: int
    portals: int = 5
    pace: float = 1.5
    boundaries: tuple[Boundary, ...] = BOUNDARIES
    boundary_share: float = 0.45
    """Of the kills; the others are at random instants."""
    longest_wait: float = 4.0
    """Seconds that a service lives, or a kill lets it be, at most, once it has begun."""
    hit_all: bool = False
    """After the kills, go on until each boundary was hit (three times tried)."""
    disturbances: tuple[Disturbance, ...] = ()
    """After the kills, one by one."""
    quiet_passes: int = 0
    """Passes that are made after the kills without any, while acts go on: what memory does."""


@dataclass(frozen=True)
class Kill:
    """One kill: `what` died, when (seconds after its start, 0: unknown), and what it was in the middle of."""

    what: str
    boundary: str = ""
    age: float = 0.0
    phase: str = ""


@dataclass
class Memory:
    """Resident bytes of the service's process, and of all processes, after so many undisturbed passes."""

    passes: int
    service: int
    all: int
    processes: int
    zombies: int


@dataclass
class Outcome:
    """What a soak came to."""

    seed: int
    kills: list[Kill] = field(default_factory=list)
    seconds: float = 0.0
    """Wall time, of the kills alone."""
    quiet: float = 0.0
    acts: Counter[str] = field(default_factory=Counter)
    unreached: Counter[str] = field(default_factory=Counter)
    """Boundaries that were armed and not reached in time."""
    memory: list[Memory] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)


class Soak:
    """Use: `Soak(plan, folder, tell).run()`. `tell` hears of each kill. The home lies in folder/disk, if that is there."""

    def __init__(self, plan: Plan, folder: Path, tell: Callable[[Kill], None] = lambda _: None) -> None:
        self.plan, self.folder, self.tell = plan, folder, tell
        disk = folder / "disk"
        self.home = (disk if disk.is_dir() else folder) / "home"
        self.clock = folder / "clock"
        self.clock.write_bytes(bytes(8))
        self.dice = random.Random(f"kills {plan.seed}")
        self.world = World(plan.seed, plan.portals, plan.pace)
        self.receivers = Receivers(self.home / "nianbao.db", plan.seed)
        self.watcher = Watcher(self.home)
        self.ground = Ground(self.home, disk, self.clock, self.world, self.receivers)
        extra = {"SOAK_CLOCK": str(self.clock)} if plan.disturbances else {}
        self.program = Program(self.home, folder / "service.log", extra)
        self.outcome = Outcome(plan.seed)
        self.in_flight: set[tuple[int, str, int]] = set()
        """(event, channel, attempt) that a kill met on their way."""
        self._stop, self._acting = threading.Event(), threading.Event()
        self.wrong_clock: list[Outing] = []
        self._fuses = 0
        self._queue = self._boundaries()

    def run(self) -> Outcome:
        """Everything, to the verdict."""
        with self.world, self.receivers, self.watcher, self._threads():
            try:
                self._prepare()
                started = time.monotonic()
                self._starts()
                self._baseline()
                self._acting.set()
                while len(self.outcome.kills) < self.plan.kills:
                    self._one_kill()
                if self.plan.hit_all:
                    self._hit_the_rest()
                self._disturb()
                self.outcome.seconds = time.monotonic() - started
                self._quiet()
                self.outcome.quiet = time.monotonic() - started - self.outcome.seconds
            finally:
                self.program.kill(EVERYTHING)
        return self.outcome

    # Set-up -----------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self.home.mkdir(parents=True)
        self.world.write_portals(self.home, CONFIRMATIONS, f"{AFTER:g}s")
        disable_built_in(self.home)
        timeout = _TIMEOUT if self.plan.disturbances else _PATIENCE
        channels = "".join(
            f'\n[[channel]]\nname = "{name}"\nurl = "{url}"\ntimeout = {timeout:g}\n'
            for name, url in self.receivers.urls.items()
        )
        (self.home / "nianbao.toml").write_text(_SETTINGS + channels, encoding="utf-8")

    @contextlib.contextmanager
    def _threads(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._live, daemon=True)]
        threads += [threading.Thread(target=self._ask, args=(site.name,), daemon=True) for site in self.world]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _live(self) -> None:
        """The world goes on."""
        while not self._stop.wait(_TICK):
            if self._acting.is_set():
                self.world.step(time.monotonic())

    def _ask(self, portal: str) -> None:
        """Somebody asks for passes all the time, so that there is always one under way or due."""
        while not self._stop.wait(_PAUSE):
            with contextlib.suppress(RuntimeError):  # there is no service, or it was killed
                for _ in control.ask(self.home, control.Crawl((portal,), "full", send=False)):
                    if self._stop.is_set():
                        break

    def _start(self, fuse: dict[str, str] | None = None) -> None:
        self.program.start("serve", fuse=fuse)

    # Kills ------------------------------------------------------------------------------------------------------

    def _boundaries(self) -> Iterator[Boundary]:
        """All of them in turn, in another order each time."""
        chosen = [boundary for boundary in self.plan.boundaries if boundary.when != "start"]
        while chosen:
            self.dice.shuffle(chosen)
            yield from chosen

    def _starts(self) -> None:
        """Kills within the first start on an empty home."""
        for boundary in self.plan.boundaries:
            if boundary.when == "start" and len(self.outcome.kills) < self.plan.kills:
                self._at_boundary(boundary)

    def _hit_the_rest(self) -> None:
        for boundary in 3 * self.plan.boundaries:
            if boundary.when != "start" and boundary.name not in {kill.boundary for kill in self.outcome.kills}:
                if self.program.running:
                    self.program.kill(EVERYTHING)
                    self._phase()  # what was on its way then may come twice
                self._at_boundary(boundary)

    def _one_kill(self) -> None:
        alive = self.program.running
        if not alive and self.dice.random() < self.plan.boundary_share:
            self._at_boundary(next(self._queue))
            return
        if not alive:
            self._start()
        self._at_random()

    def _at_boundary(self, boundary: Boundary) -> None:
        if boundary.when == "killed":
            self._start()
            self._at_random(parts=EVERYTHING)
        self._fuses += 1
        file = self.folder / f"fuse{self._fuses}"
        nth = self.dice.randint(1, boundary.most)
        self._start(boundary.environment(file, nth))
        end = time.monotonic() + _FUSE_WAITS
        while not file.exists() and self.program.running and time.monotonic() < end:
            time.sleep(_TICK)
        if file.exists():
            victim = int(file.read_text() or 0)
            file.unlink()
            assert self.program.process is not None
            if victim == self.program.process.pid:
                self.program.process.wait()
            self._killed("service" if victim == self.program.process.pid else "child", boundary.name)
            return
        self.outcome.unreached[boundary.name] += 1
        self._at_random(at_once=True)

    def _at_random(self, *, at_once: bool = False, parts: set[Part] | None = None) -> None:
        early = self.dice.random() < 0.2 and parts is None
        wait = self.dice.uniform(0.0, 1.2) if early else self.dice.uniform(0.2, 1.0) * self.plan.longest_wait
        chosen = self.dice.choices([victims for victims, _ in _VICTIMS], [weight for _, weight in _VICTIMS])[0]
        parts = parts or chosen
        end = time.monotonic() + (0.0 if at_once else wait)
        while time.monotonic() < end and self.program.running:
            time.sleep(_TICK)
        if not self.program.running:
            return  # said by _ended
        if not self.program.kill(parts):
            self.program.kill({"service"})  # there was no pass to kill
            parts = {"service"}
        self._killed("all" if parts == EVERYTHING else "+".join(sorted(parts)))

    def _killed(self, what: str, boundary: str = "") -> None:
        age = time.monotonic() - self.program.started
        bury()
        phase = ""
        if not self.program.running:
            self._check_end()
            phase = self._phase()
        kill = Kill(what, boundary, round(age, 2), phase)
        self.outcome.kills.append(kill)
        self.tell(kill)

    def _check_end(self, during: str = "") -> None:
        """The service died by SIGKILL, and by nothing else."""
        assert self.program.process is not None
        code = self.program.process.returncode
        if code != -9:
            self.outcome.verdict.unsound.append(
                f"the service ended by itself with {code} {during}: {self._last_words()}"
            )

    def _last_words(self) -> str:
        lines = self.program.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def _phase(self) -> str:
        """What the dead service was in the middle of; notes what was on its way to a receiver."""
        try:
            with self._record() as record:
                sending = record.execute(
                    "SELECT event, channel, attempts FROM deliveries WHERE state = 'sending'"
                ).fetchall()
                open_ = record.execute("SELECT portal, id FROM crawls WHERE outcome IS NULL").fetchall()
        except sqlite3.Error:
            return "starting"
        self.in_flight.update((int(event), str(channel), int(attempt)) for event, channel, attempt in sending)
        phases = ["sending"] if sending else []
        ended = [(self.home / "runs" / portal / str(number) / "run.json").exists() for portal, number in open_]
        phases += ["settling"] if any(ended) else []
        phases += ["pass"] if not all(ended) else []
        return "+".join(phases) or ("starting" if time.monotonic() - self.program.started < 1.0 else "idle")

    @contextlib.contextmanager
    def _record(self) -> Iterator[sqlite3.Connection]:
        record = sqlite3.connect(f"{(self.home / 'nianbao.db').as_uri()}?mode=ro", uri=True, timeout=30)
        try:
            yield record
        finally:
            record.close()

    def _disturb(self) -> None:
        """One thing after another; the service must live on, and whatever could not be sent is asked for again."""
        if self.plan.disturbances and not self.program.running:
            self._start()
        for disturbance in self.plan.disturbances:
            outing = Outing(time.time())
            disturbance.begin(self.ground)
            time.sleep(disturbance.seconds)
            disturbance.end(self.ground)
            outing.end = time.time()
            if isinstance(disturbance, Clock):
                self.wrong_clock.append(outing)
            time.sleep(_BREATH)
            if not self.program.running:
                self._check_end(during=str(disturbance))
                self._start()
        if self.plan.disturbances:
            # It waits for what had piled up, two minutes at most: on a busy machine receivers take their time.
            answers = lambda _: self.program.run("alerts", "retry", timeout=180)[0] == 0  # noqa: E731
            self._until("the service answers", 300, answers)

    # The quiet ----------------------------------------------------------------------------------------------------

    def _baseline(self) -> None:
        """Runs undisturbed until each portal has its baseline: acts before that would belong to it."""
        self._start()
        self._until("every portal has its baseline", 120, lambda record: (
            record.execute("SELECT count(*) FROM events WHERE kind = 'baseline'").fetchone()[0] == self.plan.portals
        ))  # fmt: skip

    def _until(self, what: str, within: float, done: Callable[[sqlite3.Connection], bool]) -> bool:
        """Waits until the record says so; the service must live on meanwhile."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            with contextlib.suppress(sqlite3.Error), self._record() as record:
                if done(record):
                    return True
            if not self.program.running:
                self._check_end()
                self._start()
            time.sleep(0.1)
        self.program.say_where()
        self.outcome.verdict.unsound.append(f"it did not come to this within {within:g} s: {what}")
        return False

    def _quiet(self) -> None:
        if not self.program.running:
            self._start()
        if self.plan.quiet_passes:
            self._measure()
        self._acting.clear()
        self.world.settle()
        with self._record() as record:
            (last,) = record.execute("SELECT coalesce(max(id), 0) FROM crawls").fetchone()
        rest = time.monotonic() + AFTER + 5.0
        self._until("undisturbed passes over every portal", 120, lambda record: (
            time.monotonic() > rest and _full_passes(record, last) >= CONFIRMATIONS + 3
        ))  # fmt: skip
        self._until("everything is sent", 600, lambda record: (
            not record.execute("SELECT 1 FROM deliveries WHERE state NOT IN ('sent', 'skipped') LIMIT 1").fetchall()
        ))  # fmt: skip
        self._end()
        self.outcome.acts = self.world.acts
        with self._record() as record:
            evidence = (self.world, self.receivers, self.watcher, record)
            disturbed = bool(self.plan.disturbances)
            judge = Judge(*evidence, CONFIRMATIONS, AFTER, self.wrong_clock, disturbed=disturbed)
            self.outcome.verdict.add(judge.judge(Counter((event, channel) for event, channel, _ in self.in_flight)))

    def _measure(self) -> None:
        """Memory after five undisturbed passes a portal, and after all."""
        first = self._passes()
        for passes in (5 * self.plan.portals, self.plan.quiet_passes):
            self._until(f"{passes} passes", 30 + 5 * passes, lambda record, n=passes: _settled(record) >= first + n)  # type: ignore[misc]
            found = self.program.processes()
            service = sum(process.rss for process in found if process.part == "service")
            time.sleep(_BURIAL)
            zombies = [process for process in self.program.processes() if process.zombie and process in found]
            everything = sum(process.rss for process in found)
            self.outcome.memory.append(Memory(passes, service, everything, len(found), len(zombies)))
            if zombies:
                self.outcome.verdict.unsound.append(f"after {passes} passes there are zombies: {zombies}")

    def _passes(self) -> int:
        with self._record() as record:
            return _settled(record)

    def _end(self) -> None:
        """The service stops as it should, nothing of it is left, and its archive is whole."""
        wrong = self.outcome.verdict.unsound
        self._stop.set()
        code = self.program.stop()
        if code != 0:
            wrong.append(f"on SIGTERM the service ended with {code}: {self._last_words()}")
        left: list[Process] = self.program.gone(20)
        if left:
            wrong.append(f"processes are left over: {left}")
        code, said = self.program.run("archive", "verify")
        if code:
            wrong.append(f"archive verify: {said}")


def _full_passes(record: sqlite3.Connection, after: int) -> int:
    """How many full passes that ended well every portal has had after that number."""
    sql = """SELECT count(c.id) FROM (SELECT DISTINCT portal FROM crawls) p LEFT JOIN crawls c
        ON c.portal = p.portal AND c.id > ? AND c.outcome = 'ok' AND c.mode = 'full' GROUP BY p.portal"""
    return min((int(row[0]) for row in record.execute(sql, (after,))), default=0)


def _settled(record: sqlite3.Connection) -> int:
    return int(record.execute("SELECT count(*) FROM crawls WHERE outcome IS NOT NULL").fetchone()[0])
