"""Many passes of one fleet, and what is left of them: memory, processes, open files.

    python -m tests.bench.many_passes [--passes 500] [--rendered 10] [--parallel 4]

Four small portals on loopback are read again and again; every tenth pass is one of a portal that needs Chromium, and some
crash, exit or leave orphans behind. Looked at after 5 passes and from then on ever more seldom.
"""

import argparse
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import msgspec
import pytest

from crawler import browser, kernel
from monitor.demo.server import Web
from monitor.fleet import Fleet
from monitor.settle import Settled
from tests.e2e.portals_that_break import Fleets, below, faults, named

SOUND = ("sound1", "sound2", "sound3", "noise")
CRASHES = ("segfault", "exit", "orphans")


class Sample(msgspec.Struct, frozen=True):
    """What is there when no pass runs. Memory in bytes, shared pages divided among those who share them."""

    passes: int
    supervisor: int
    nursery: int
    files: tuple[int, int]
    """Open ones of supervisor and nursery."""
    processes: tuple[str, ...]
    """Below the supervisor, the dead that nobody waited for included; but for the nursery and what was there before."""


def sample(passes: int, before: frozenset[int]) -> Sample:
    """Now. `before`: processes that are not the fleet's, such as the Chromium that other tests of this process share."""
    mine = [one.pid for one in kernel.processes().get(os.getpid(), ()) if one.pid not in before]
    (nursery,) = named("crawler.nursery", mine)
    others = [pid for pid in below() if pid != nursery and pid not in before]
    states = tuple(Path(f"/proc/{pid}/stat").read_text() for pid in others)
    files = tuple(len(os.listdir(f"/proc/{pid}/fd")) for pid in (os.getpid(), nursery))  # noqa: PTH208
    return Sample(
        passes, kernel.proportional(os.getpid()) or 0, kernel.proportional(nursery) or 0, (files[0], files[1]), states
    )


def many(fleets: Fleets, count: int, rendered: int, parallel: int, at: tuple[int, ...]) -> Iterator[Sample]:
    """Makes `count` passes, every `rendered`-th in Chromium (0: none); samples after those of `at`."""
    portals = [fleets.portal(name) for name in SOUND]
    crashing = [fleets.portal(name) for name in CRASHES]
    chromium = fleets.portal("rendered", render=True) if rendered else None
    outcomes: dict[str, int] = {}
    before = frozenset(below())
    with fleets.fleet(parallel=parallel, pass_memory="2GB", pass_time="120s") as fleet:
        done = 0
        for stop in at:
            for future in [_submit(fleet, portals, crashing, chromium, rendered, n) for n in range(done, stop)]:
                outcome = future.result(600).outcome
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
            done = stop
            yield sample(done, before)
    assert outcomes["ok"] > count * 0.8, outcomes


def _submit(fleet: Fleet, portals, crashing, chromium, rendered: int, number: int) -> "Future[Settled]":  # type: ignore[no-untyped-def]
    if chromium is not None and number % rendered == rendered - 1:
        return fleet.submit(chromium, "full")
    if number % 12 == 3:
        return fleet.submit(crashing[number // 12 % len(crashing)], "full")
    return fleet.submit(portals[number % len(portals)], "full")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--passes", type=int, default=500)
    parser.add_argument("--rendered", type=int, default=10 if browser.available() else 0)
    parser.add_argument("--parallel", type=int, default=4)
    options = parser.parse_args()
    at = [5]
    while at[-1] < options.passes:
        at.append(min(options.passes, max(at[-1] * 2, 25)))
    logging.disable()  # crashes are meant
    began = time.monotonic()
    print("passes  supervisor MB  nursery MB  open files  other processes  s", flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Web() as web,
        pytest.MonkeyPatch.context() as patch,
        faults(Path(folder), patch),
    ):
        for one in many(Fleets(Path(folder), web), options.passes, options.rendered, options.parallel, tuple(at)):
            print(
                f"{one.passes:6}  {one.supervisor / 1e6:13.1f}  {one.nursery / 1e6:10.1f}  {one.files!s:>10}"
                f"  {len(one.processes):15}  {time.monotonic() - began:.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
