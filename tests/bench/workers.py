"""Passes a minute with one, two and four workers where waiting is the limit, against the local engine in the same run.

    make bench-workers
    python -m tests.bench.workers [--workers 1,2,4] [--slots 4] [--pages 20] [--delay 0.4] [--waves 5] [--json FILE]

In life a pass over a hundred reports reads its lists and a dozen pages with a second in between, ten to twenty seconds, and a worker
makes fifty at a time. Scaled to one machine of two cores: portals of twenty reports that are read whole with 0.4 s in between,
nine seconds a pass, and four at a time on each worker. Each worker is a process of `nianbao worker` with a home and pauses of its own, the
broker a real Redis, the service a fleet with its clerk; portals are served on loopback (tests/bench/fleet.py), each at a host of its own.

For each number of workers so many passes are asked for that every slot makes `--waves` of them. The rate is taken while all slots
have work: from the end of the first wave to the end of the last but one. CPU seconds are the kernel's account of each process and of
all below it, a pass of that time. Afterwards one tiny pass at a time on an idle system: from asking for it until it is settled.
"""

import argparse
import contextlib
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from crawler import kernel
from crawler.observation import RUN, RunSummary
from crawler.portal import Policy, Portal
from monitor.engine import Engine, Local, open_engine
from monitor.fleet import Fleet
from monitor.home import Home
from monitor.settings import Service, Settings
from monitor.settle import Settled
from monitor.times import format_utc, to_utc
from tests.bench import measure
from tests.bench.fleet import address, served
from tests.bench.measure import BIN, environment, spent
from tests.bench.passes import revision
from tests.workers.redis_server import RedisServer

PORT = 18096
TARGETS = {2: 1.9, 4: 3.6}
"""By the number of workers: times the rate of one, at least."""
PATIENCE = 120.0
IDLE = 12.0
"""Seconds without a pass after which the service looks seldom."""


class Rate(msgspec.Struct, frozen=True):
    """What passes came to on some slots."""

    workers: int
    """0: the local engine."""
    slots: int
    """All together."""
    passes: int
    a_minute: float
    """While all slots had work."""
    seconds: float
    """From the first submission to the last settlement."""
    took: float
    """Seconds of a pass on average, by its own run.json."""
    service: float
    """Milliseconds of CPU a pass: of the service,"""
    worker: float
    """of what makes passes,"""
    redis: float
    """and of the broker."""
    memory: float
    """MB that one worker takes with its passes, or what makes passes of the local engine; what processes share is divided."""


class Latency(msgspec.Struct, frozen=True):
    """Seconds from asking for a tiny pass until it is settled, nothing else going on."""

    engine: str
    median: float
    low: float
    high: float


class Results(msgspec.Struct, frozen=True):
    """What a file holds."""

    machine: dict[str, Any]
    revision: str
    on: str
    pages: int
    delay: float
    waves: int
    rates: list[Rate]
    latencies: list[Latency]


def now() -> str:
    """The present."""
    return format_utc(datetime.now(UTC))


class Bench:
    """A home, portals that are read, a Redis."""

    def __init__(self, folder: Path, redis: RedisServer, options: argparse.Namespace) -> None:
        self.folder, self.redis, self.options = folder, redis, options
        self.home = Home(folder / "home")
        self.home.create()
        most = options.slots * max(options.workers)
        self.portals = [
            Portal(
                name=f"p{number:03}",
                title=f"云溪{number}县",
                family="trs",
                sections=(f"http://{address(number)}:{options.port}/nb/",),
            )
            for number in range(3 * most)
        ]

    def settings(self, delay: float, engine: str = "celery") -> Settings:
        """Of the service."""
        service = Service(engine=engine, broker=self.redis.url if engine == "celery" else "", worker_lost="60s")
        return Settings(service=service, policy=Policy(delay=delay, allow_private=True))

    @contextlib.contextmanager
    def fleet(self, settings: Settings, slots: int) -> Iterator[Fleet]:
        """The service's part of it."""
        engine: Engine = (
            Local(self.home.path, slots)
            if settings.service.engine == "local"
            else open_engine(self.home, settings.service)
        )
        with self.home.writing() as store, Fleet(self.home, store, lambda: settings, now, engine) as fleet:
            yield fleet

    @contextlib.contextmanager
    def workers(self, count: int, slots: int) -> Iterator[list[int]]:
        """So many of them at work; their processes."""
        with contextlib.ExitStack() as stack:
            children = []
            for number in range(count):
                place = self.folder / f"worker{number}"
                place.mkdir(exist_ok=True)
                log = stack.enter_context((place / "log").open("ab"))
                children.append(
                    subprocess.Popen(
                        [
                            *(str(BIN / "nianbao"), "--home", str(place), "worker", "--queue", "plain"),
                            *("--slots", str(slots), "--name", f"w{number}", "--broker", self.redis.url),
                        ],
                        stdout=log,
                        stderr=log,
                        env=environment({"NIANBAO_PACE": str(place / "pace")}),
                    )
                )
            try:
                self._wait_for(count)
                yield [child.pid for child in children]
            finally:
                for child in children:
                    child.send_signal(signal.SIGTERM)
                for child in children:
                    child.wait(PATIENCE)

    def _wait_for(self, count: int) -> None:
        from monitor.workers.register import Register

        register, end = Register(self.redis.url), time.monotonic() + PATIENCE
        while len(register.workers()) != count:
            if time.monotonic() > end:
                raise SystemExit(f"no {count} workers: see {self.folder}/worker*/log")
            time.sleep(0.1)
        register.close()

    def fill(self) -> None:
        """Every portal was read before."""
        with self.fleet(self.settings(0.0, "local"), 8) as fleet:
            for future in [fleet.submit(portal, "full") for portal in self.portals]:
                assert future.result(PATIENCE).healthy

    def rate(self, workers: int) -> Rate:
        """Every slot makes its passes."""
        slots = self.options.slots * max(workers, 1)
        settings = self.settings(self.options.delay, "celery" if workers else "local")
        with self.workers(workers, self.options.slots) as pids, self.fleet(settings, slots) as fleet:
            if workers:
                time.sleep(6.0)  # until the service has seen them
            ends: list[float] = []
            marks: list[tuple[float, float, float]] = []
            memory: list[float] = []
            first, last, count = slots, slots * (self.options.waves - 1), slots * self.options.waves
            lock = threading.Lock()

            def ended(future: Future[Settled]) -> None:
                assert future.result().healthy, future.result()
                with lock:
                    ends.append(time.monotonic())
                    if len(ends) in (first, last):
                        marks.append(self._spent(pids))
                    if len(ends) == last:
                        one = (pids or _nurseries())[0]
                        memory.append(measure.together([one, *measure.below(one)]))

            begun = time.monotonic()
            futures = [fleet.submit(self.portals[n % len(self.portals)], "full") for n in range(count)]
            for future in futures:
                future.add_done_callback(ended)
            for future in futures:
                future.result(3600)
            crawls = [future.result() for future in futures]
        assert len(marks) == 2
        service, worker, redis = (1000 * (there - here) / (last - first) for here, there in zip(*marks, strict=True))
        return Rate(
            workers=workers,
            slots=slots,
            passes=count,
            a_minute=round(60 * (last - first) / (ends[last - 1] - ends[first - 1]), 2),
            seconds=round(ends[-1] - begun, 1),
            took=round(self._took(crawls), 2),
            service=round(service, 1),
            worker=round(worker, 1),
            redis=round(redis, 1),
            memory=round(memory[0]),
        )

    def _spent(self, pids: Sequence[int]) -> tuple[float, float, float]:
        """CPU seconds so far of this process, of what makes passes, of Redis."""
        own = resource.getrusage(resource.RUSAGE_SELF)
        assert self.redis.process is not None
        redis = spent(self.redis.process.pid)
        makers = pids or _nurseries()
        return own.ru_utime + own.ru_stime, sum(map(spent, makers)), redis

    def _took(self, crawls: Sequence[Settled]) -> float:
        """Seconds of a pass on average, by what the passes say themselves."""
        told = []
        for one in crawls:
            run = msgspec.json.decode(
                (self.home.runs / one.portal / str(one.crawl) / RUN).read_bytes(), type=RunSummary
            )
            told.append((to_utc(run.finished_at) - to_utc(run.started_at)).total_seconds())
        return statistics.fmean(told)

    def latency(self, engine: str, idle: float) -> Latency:
        """Of one pass at a time."""
        taken = []
        with contextlib.ExitStack() as stack:
            if engine == "celery":
                stack.enter_context(self.workers(1, self.options.slots))
            fleet = stack.enter_context(self.fleet(self.settings(0.0, engine), self.options.slots))
            for number in range(self.options.tries + 1 if not idle else 4):
                time.sleep(6.0 if engine == "celery" and not number else idle)
                begun = time.monotonic()
                assert fleet.submit(self.portals[number], "discover").result(PATIENCE).outcome == "ok"
                taken.append(time.monotonic() - begun)
        del taken[0]  # the nursery starts with the first
        name = f"{engine}, after {idle:g} s of silence" if idle else engine
        return Latency(name, round(statistics.median(taken), 3), round(min(taken), 3), round(max(taken), 3))


def _nurseries() -> list[int]:
    """Children of this process that start passes. What they fork is called like them, and counts with them."""
    found = []
    for child in kernel.processes().get(os.getpid(), ()):
        with contextlib.suppress(OSError):
            if b"crawler.nursery" in Path(f"/proc/{child.pid}/cmdline").read_bytes():
                found.append(child.pid)
    return found


def table(results: Results) -> str:
    """For people."""
    one = next((rate.a_minute for rate in results.rates if rate.workers == 1), 0.0)
    lines = ["workers  slots  passes/min  x one  target  s a pass  CPU ms a pass: service, workers, Redis; MB of one"]
    for rate in results.rates:
        times = rate.a_minute / one if one and rate.workers else 0.0
        target = TARGETS.get(rate.workers, 0.0)
        told = f"{target:.1f} {'met' if times >= target else 'MISSED'}" if target else ""
        lines.append(
            f"{rate.workers or 'local':>7}  {rate.slots:5}  {rate.a_minute:10.1f}  {f'{times:.2f}' if times else '':>5}  {told:>10}  "
            f"{rate.took:8.1f}  {rate.service:6.1f}  {rate.worker:6.1f}  {rate.redis:6.1f}  {rate.memory:5.0f}"
        )
    lines += [f"{one.engine}: {one.median:.3f} s ({one.low:.3f} to {one.high:.3f})" for one in results.latencies]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--workers", default="1,2,4", help="numbers of them, with commas")
    parser.add_argument("--slots", type=int, default=4, help="of each")
    parser.add_argument("--pages", type=int, default=20, help="of each portal")
    parser.add_argument("--delay", type=float, default=0.4, help="seconds between two requests to a portal")
    parser.add_argument("--waves", type=int, default=5, help="passes of each slot")
    parser.add_argument("--tries", type=int, default=6, help="passes by which latency is taken; 0: it is not")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.workers = [int(number) for number in options.workers.split(",")]
    rates: list[Rate] = []
    latencies: list[Latency] = []
    with tempfile.TemporaryDirectory(prefix="nianbao-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        os.environ["NIANBAO_PACE"] = str(folder / "pace")
        redis = stack.enter_context(RedisServer(folder / "redis"))
        redis.age()
        bench = Bench(folder, redis, options)
        stack.enter_context(served(len(bench.portals), options.pages, options.port))
        bench.fill()
        for workers in (0, *options.workers):
            rates.append(bench.rate(workers))
            print(rates[-1], file=sys.stderr, flush=True)
        if options.tries:
            for engine, idle in (("local", 0.0), ("celery", 0.0), ("celery", IDLE)):
                latencies.append(bench.latency(engine, idle))
                print(latencies[-1], file=sys.stderr, flush=True)
    results = Results(
        measure.machine(),
        revision(),
        time.strftime("%Y-%m-%d"),
        options.pages,
        options.delay,
        options.waves,
        rates,
        latencies,
    )
    print(table(results))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1))


if __name__ == "__main__":
    measure.stoppable()
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("stopped, and what was started is ended") from None
