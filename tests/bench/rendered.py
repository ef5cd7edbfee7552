"""Rendered passes of one fleet: what they cost, and what is left of them.

    python -m tests.bench.rendered [--passes 200] [--parallel 4] [--own] [--kill 10]

Portals on loopback whose lists a script writes, on three pages that are clicked through, are read again and again. `--own`:
each pass starts a browser of its own, for comparison. `--kill N`: every N-th pass is killed with SIGKILL in the middle.
"""

import argparse
import json
import logging
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from crawler import kernel
from monitor.demo.server import Request, Response, Web
from monitor.fleet import Fleet
from tests.e2e.pages_that_misbehave import HEAD, MORE
from tests.e2e.portals_that_break import Fleets, below, command, named
from tests.e2e.portals_that_break import answer as answer_plainly

OWN = """
import sys
if "crawler.nursery" in sys.orig_argv:
    import crawler.rendered.client
    crawler.rendered.client.inherit = lambda door: None
"""


def answer(request: Request) -> Response:
    """A list of five reports on three pages, and these."""
    if request.path == "/nb/":
        return Response(f"{HEAD}<ul id=list></ul>{MORE}".encode())
    if request.path == "/api":
        number = int(request.query["page"])
        rows = [[2023, 2022], [2021, 2020], [2019]][number - 1] if number <= 3 else []
        return Response(json.dumps(rows).encode(), content_type="application/json")
    return answer_plainly(request)


class Sample(msgspec.Struct, frozen=True):
    """What is there when no pass runs. Memory in MB, what is shared divided among those who share it."""

    passes: int
    seconds: float
    supervisor: float
    nursery: float
    browser: float
    processes: int
    """Below the supervisor."""
    pages: int
    """Renderers: a page or a context that nobody closed has one."""
    files: int
    """Of the nursery, open."""
    temporary: int
    """Files in the temporary folder."""
    most: float
    """Of all together, since the last sample."""


class Meter:
    """The most that all processes below this one took together."""

    def __init__(self) -> None:
        self.most = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._measure, daemon=True)
        self._thread.start()

    def _measure(self) -> None:
        while not self._over.wait(0.5):
            self.most = max(self.most, taken(below()))

    def take(self) -> float:
        """And begins anew."""
        most, self.most = self.most, 0.0
        return most

    def stop(self) -> None:
        """No more."""
        self._over.set()
        self._thread.join()


def taken(pids: list[int]) -> float:
    """MB."""
    return round(sum(kernel.proportional(pid) or 0 for pid in pids) / 1e6, 1)


def sample(passes: int, began: float, meter: Meter, folder: Path) -> Sample:
    """Now."""
    mine = [one.pid for one in kernel.processes().get(os.getpid(), ())]
    (nursery,) = named("crawler.nursery", mine)
    others = [pid for pid in below() if pid != nursery]
    return Sample(
        passes,
        round(time.monotonic() - began, 1),
        taken([os.getpid()]),
        taken([nursery]),
        taken(others),
        len(others) + 1,
        sum("--type=renderer" in command(pid) for pid in others),
        len(os.listdir(f"/proc/{nursery}/fd")),  # noqa: PTH208
        sum(len(files) for _, _, files in os.walk(folder)),
        meter.take(),
    )


def rendered(
    fleets: Fleets, web: Web, count: int, parallel: int, kill: int, folder: Path, shown: Callable[[Sample], None]
) -> Iterator[dict[str, int]]:
    """Makes `count` passes; tells samples on the way, and gives their outcomes."""
    portals = [fleets.portal(f"rendered{number}", render=True, answer=answer) for number in range(parallel)]
    outcomes: dict[str, int] = {}
    meter = Meter()
    with fleets.fleet(parallel=parallel, pass_memory="2GB", pass_time="300s") as fleet:
        began, done = time.monotonic(), 0
        while done < count:
            stop = min(count, done + max(parallel, 20))
            futures = [fleet.submit(portals[number % parallel], "full") for number in range(done, stop)]
            if kill:
                _kill_some(fleet, max(1, (stop - done) // kill))
            for future in futures:
                outcome = future.result(900).outcome
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
            done = stop
            time.sleep(0.5)
            shown(sample(done, began, meter, folder))
        yield outcomes
    meter.stop()


def _kill_some(fleet: Fleet, count: int) -> None:
    """The next passes that are in the middle of something."""
    killed: set[int] = set()
    end = time.monotonic() + 60
    while len(killed) < count and time.monotonic() < end:
        time.sleep(0.3)
        for one in fleet.running():
            if one.pid and one.pid not in killed and len(killed) < count:
                time.sleep(0.4)
                kernel.kill(one.pid, signal.SIGKILL)
                killed.add(one.pid)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--passes", type=int, default=200)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--own", action="store_true", help="a browser for each pass")
    parser.add_argument("--kill", type=int, default=0, help="every N-th pass is killed")
    options = parser.parse_args()
    logging.disable()
    print("\t".join(Sample.__struct_fields__), flush=True)
    with (
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryDirectory() as folder,
        Web() as web,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TMPDIR", folder)
        if options.own:
            (Path(home) / "sitecustomize.py").write_text(OWN)
            patch.setenv("PYTHONPATH", home)
        fleets = Fleets(Path(home), web)
        for outcomes in rendered(
            fleets,
            web,
            options.passes,
            options.parallel,
            options.kill,
            Path(folder),
            lambda one: print("\t".join(map(str, msgspec.structs.astuple(one))), flush=True),
        ):
            print(outcomes)
        files = [one for one in Path(folder).rglob("*") if one.is_file()]
        print(f"left: {len(below())} processes, {len(files)} temporary files")


if __name__ == "__main__":
    main()
