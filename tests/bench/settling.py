"""What the service itself spends on a pass that found nothing new: briefing, packing, unpacking, settling, planning the next.

    python -m tests.bench.settling [--reports 1400000] [--portals 24] [--rounds 6] [--in FOLDER] [--json FILE]

A record of so many reports of other portals, a hundred each (tests/bench/record.py: 1.4 million take 8 GB), and in it some portals
of a hundred reports that are really read: served on loopback from a process of its own, without pauses, by the fleet that serves
every installation. Each is read for the first time, then on the days that follow as the timetable has it: full passes of what
is due, looks at the sections, and full passes that read every page. What the clerk does is measured by the CPU time of its
thread; packing and unpacking on the run folders that these passes left. Milliseconds a pass, medians over all portals and rounds.
The numbers of `monitor/sizing.py` come from here.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from crawler.observation import CAPTURE, JOB, KNOWN, LOG, OBSERVATIONS, RUN, SECTIONS
from crawler.portal import Policy, Portal
from monitor import bookkeeping
from monitor.agenda import facts_of
from monitor.engine import Local
from monitor.fleet import Fleet
from monitor.home import Home
from monitor.planning import next_turn
from monitor.settings import Service, Settings
from monitor.store import Store
from monitor.times import shift
from monitor.workers import parcel
from tests.bench.fleet import address, served
from tests.bench.measure import machine
from tests.bench.record import fill

PAGES = 100
START = "2027-01-11T00:30:00Z"
"""08:30 in Shanghai: in the season, when the newest reports are read more often."""
BACK = (OBSERVATIONS, CAPTURE, SECTIONS, LOG, RUN)
"""What comes back from a worker."""
PORT = 18097


class Clock:
    """The present of the passes, moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> str:
        return self.now


class Taken:
    """Milliseconds by kind of pass and step."""

    def __init__(self) -> None:
        self.kind = ""
        self.found: dict[str, dict[str, list[float]]] = {}
        self._lock = threading.Lock()

    def note(self, step: str, value: float) -> None:
        with self._lock:
            self.found.setdefault(self.kind, {}).setdefault(step, []).append(value)

    def timed(self, step: str, action: Callable[..., Any]) -> Callable[..., Any]:
        """The same action; its CPU and, as `step, wall`, its time are noted."""

        def run(*values: Any, **named: Any) -> Any:
            cpu, wall = time.thread_time(), time.perf_counter()
            try:
                return action(*values, **named)
            finally:
                self.note(step, (time.thread_time() - cpu) * 1000)
                self.note(f"{step}, wall", (time.perf_counter() - wall) * 1000)

        return run


@contextmanager
def watched(taken: Taken) -> Iterator[None]:
    """The clerk's two steps are timed."""
    brief, conclude = bookkeeping.brief, bookkeeping.conclude
    bookkeeping.brief, bookkeeping.conclude = taken.timed("brief", brief), taken.timed("settle", conclude)
    try:
        yield
    finally:
        bookkeeping.brief, bookkeeping.conclude = brief, conclude


def portals(count: int, port: int) -> list[Portal]:
    """Those that are read."""
    return [
        Portal(
            name=f"read{number:03}",
            title=f"云溪{number}县",
            family="trs",
            sections=(f"http://{address(number)}:{port}/nb/",),
        )
        for number in range(count)
    ]


def parcels(folder: Path, taken: Taken) -> None:
    """Packs and unpacks what goes to a worker and what comes back, as service and worker would."""
    with tempfile.TemporaryDirectory() as other:
        there = taken.timed("pack", parcel.send)(folder, (JOB, KNOWN), None, "to")
        taken.timed("unpack, at the worker", parcel.receive)(there, (JOB, KNOWN), Path(other), None)
    with tempfile.TemporaryDirectory() as other:
        back = taken.timed("pack, at the worker", parcel.send)(folder, BACK, None, "from")
        taken.timed("unpack", parcel.receive)(back, BACK, Path(other), None)
    taken.note("KB to the worker", there.size / 1000)
    taken.note("KB from the worker", back.size / 1000)


def one_round(home: Home, fleet: Fleet, read: list[Portal], clock: Clock, taken: Taken, settings: Settings) -> None:
    """A pass over each portal."""
    kind = taken.kind
    mode = "discover" if kind == "discover" else "full"
    everything = kind not in ("due", "discover")
    for future in [fleet.submit(portal, mode, everything=everything) for portal in read]:  # type: ignore[arg-type]
        settled = future.result(900)
        assert settled.healthy or mode == "discover", settled
        assert kind == "first" or not settled.events, settled

    def plan(name: str) -> None:
        with home.reader() as store:
            next_turn(facts_of(store, name), settings.schedule, settings.service.timezone, clock.now)

    for portal in read:
        taken.timed("plan", plan)(portal.name)
        runs = home.runs / portal.name
        last = max((folder for folder in runs.iterdir() if folder.name.isdigit()), key=lambda one: int(one.name))
        taken.note("KB of the run folder", sum(file.stat().st_size for file in last.iterdir()) / 1000)
        taken.note("requests", msgspec.json.decode((last / RUN).read_bytes())["requests"])
        parcels(last, taken)


def measured(home: Home, count: int, rounds: int, port: int) -> dict[str, dict[str, list[float]]]:
    """All rounds; milliseconds by kind of pass and step."""
    clock, taken, read = Clock(), Taken(), portals(count, port)
    settings = Settings(service=Service(together=50), policy=Policy(delay=0.0, allow_private=True))
    with (
        served(count, PAGES, port),
        home.writing() as store,
        watched(taken),
        Fleet(home, store, lambda: settings, clock, Local(home.path, 8)) as fleet,
    ):
        days = 0.0
        for kind, times in (
            ("first", 1),
            ("settling down", 1),
            ("due", rounds),
            ("discover", rounds),
            ("every page", rounds),
        ):
            taken.kind = kind
            for _ in range(times):
                clock.now = shift(START, days * 86400)
                days += 0.1 if kind == "discover" else 1.0
                one_round(home, fleet, read, clock, taken, settings)
    taken.kind = "a pass of the record"
    taken.note("bytes", row_bytes(home))
    return taken.found


def row_bytes(home: Home, count: int = 50_000) -> float:
    """What a pass that found nothing leaves in the record, with its places in indexes: of so many copies of its rows."""
    with home.reader() as store:
        rows = store.rows(
            "SELECT * FROM crawls WHERE portal LIKE 'read%' AND requests > 0 AND mode <> 'full' ORDER BY id"
        )
        rows += store.rows(
            "SELECT * FROM crawls WHERE portal LIKE 'read%' AND mode = 'full' ORDER BY id DESC LIMIT 100"
        )
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "rows.db") as store:
        store.conn.execute("PRAGMA foreign_keys = OFF")
        names = [name for name in rows[0] if name != "id"]
        line = f"INSERT INTO crawls ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})"
        with store.transaction():
            store.conn.executemany(line, [[rows[n % len(rows)][name] for name in names] for n in range(count)])
        taken = 0.0
        for index in ("crawls", "crawls_by_portal", "crawls_unsettled"):
            [row] = store.rows("SELECT pgsize FROM dbstat WHERE name = ? AND aggregate = TRUE", (index,))
            taken += row["pgsize"]
    return taken / count


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--reports", type=int, default=1_400_000, help="of other portals, a hundred each")
    parser.add_argument("--portals", type=int, default=24, help="that are really read")
    parser.add_argument("--rounds", type=int, default=6, help="of each kind of pass")
    parser.add_argument("--in", dest="base", type=Path, help="folder for the record")
    parser.add_argument("--record", type=Path, help="a record that is there already; it is written to")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.base) as folder:
        os.environ["NIANBAO_PACE"] = f"{folder}/pace"
        home = Home(Path(folder) / "home")
        home.create()
        if options.record:
            home.database.symlink_to(options.record.absolute())
        else:
            with Store.open(home.database) as store:
                fill(store, options.reports, (PAGES,))
        print(f"record: {home.database.resolve().stat().st_size / 1e9:.1f} GB", file=sys.stderr, flush=True)
        found = measured(home, options.portals, options.rounds, options.port)
    told = {
        kind: {
            step: {"median": statistics.median(values), "low": min(values), "high": max(values)}
            for step, values in steps.items()
        }
        for kind, steps in found.items()
    }
    for kind, steps in told.items():
        for step, one in steps.items():
            print(f"{kind:14} {step:24} {one['median']:9.2f} ({one['low']:.2f} to {one['high']:.2f})", flush=True)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        whole = {"machine": machine(), "on": time.strftime("%Y-%m-%d"), "reports": options.reports, "ms": told}
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1))


if __name__ == "__main__":
    main()
