"""The same pages checked by urlwatch, webchanges and changedetection.io: what a check costs, start-up included.

    make bench-peers
    python -m tests.bench.peers [--pages 200] [--rounds 3] [--scratch FOLDER] [--json FILE]

Not part of the tests: takes the three tools from the package index that pip is configured with, into virtual environments under
FOLDER (kept for the next time). Each watches every page's address and compares it whole, as its documentation begins: no filter,
which is the least it can do. Three checks: the first, nothing changed, one digit changed in every 100th page; each tool must say
what is new and what changed. In each round all take their turn, this program and bare Scrapy too. A tool that can't be installed or
fails is named with its reason. The tools reach loopback only: they are told of a proxy that is not there for https.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from tests.bench import measure
from tests.bench.measure import Cost, Failed, disk, measured, told
from tests.bench.passes import revision, say, verify
from tests.bench.portal import EVERY, Served, served
from tests.bench.readers import BARE, Nianbao, program
from tests.bench.results import STORED, Peer, Peers
from tests.bench.tables import peers as table
from tests.peers.tools import scratch, version_of

STEPS = {"first": (), "unchanged": (), "changed": ("changed",)}
"""Checks, and what the portal does meanwhile."""
ALONE = {
    **dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9"),  # the portal speaks http
    "DISABLE_VERSION_CHECK": "true",
    "ALLOW_IANA_RESTRICTED_ADDRESSES": "true",
    "LOGGER_LEVEL": "ERROR",
}
"""Nobody outside of this machine is asked, for a newer version or anything else; changedetection.io may read loopback."""


PATIENCE = 900.0
"""Seconds for one check."""


class Found(NamedTuple):
    """What a tool says of a check."""

    new: int
    changed: int


class Tool(Protocol):
    """A tool that watches the pages of a portal in a folder of its own."""

    stored: tuple[str, ...]
    """The parts of its folder that stay; none: all."""

    def check(self, step: str) -> Cost:
        """Runs it once. Raises `Failed` or AssertionError."""
        ...


class Listing:
    """urlwatch or webchanges: a file of jobs, one for each address; the summary of what it prints."""

    stored = ()

    def __init__(self, folder: Path, urls: list[str], binary: Path, jobs: str, store: str) -> None:
        """`jobs` and `store`: what the tool calls the options for its jobs and its database."""
        folder.mkdir()
        (folder / "jobs.yaml").write_text(
            "---\n".join(f'name: "job {number}"\nurl: "{url}"\n' for number, url in enumerate(urls)), "utf-8"
        )
        (folder / "config.yaml").write_text("report:\n  stdout:\n    enabled: true\n", "utf-8")
        (folder / "hooks.py").write_text("", "utf-8")
        files = {jobs: "jobs.yaml", "config": "config.yaml", "hooks": "hooks.py", store: "snapshots.db"}
        self._command = [
            str(binary),
            *(part for name, file in files.items() for part in (f"--{name}", str(folder / file))),
        ]
        self._pages = len(urls)

    def check(self, step: str) -> Cost:
        cost, output = told(self._command, ALONE, timeout=PATIENCE)
        _judge(step, self._pages, heard(output), output)
        return cost


class Changedetection:
    """changedetection.io in batch mode: as for a cron job, it checks every watch once and ends."""

    stored = ()

    def __init__(self, folder: Path, urls: list[str], binary: Path) -> None:
        self._folder, self._urls = folder, urls
        self._command = [str(binary), "-h", "127.0.0.1", "-C", "-b", "-d", str(folder)]

    def check(self, step: str) -> Cost:
        before = self._states()
        watches = [part for url in self._urls for part in ("-u", url)] if step == "first" else ["-r", "all"]
        cost, output = told([*self._command, *watches], ALONE, timeout=PATIENCE)
        after = self._states()
        new = sum(watch not in before for watch in after)
        changed = sum(states > before[watch] for watch, states in after.items() if watch in before)
        _judge(step, len(self._urls), Found(new, changed), output)
        return cost

    def _states(self) -> dict[str, int]:
        """How many states it has kept of each watch."""
        return {path.parent.name: len(path.read_text().split()) for path in self._folder.glob("*/history.txt")}


class This:
    """This program, beside them."""

    stored = STORED

    def __init__(self, folder: Path, address: str, pages: int) -> None:
        self._nianbao, self._pages = Nianbao(folder, address), pages

    def check(self, step: str) -> Cost:
        cost = measured(self._nianbao.command)
        verify(step, self._pages, self._nianbao.last())
        return cost


class Bare:
    """Scrapy that reads the pages and keeps nothing."""

    stored = ()

    def __init__(self, folder: Path, address: str, pages: int) -> None:
        folder.mkdir()
        self._command = program(BARE, address, pages)

    def check(self, step: str) -> Cost:
        return measured(self._command)


def heard(output: str) -> Found:
    """What urlwatch or webchanges says: a line for each job, numbered in a summary of several, and again above its difference."""
    words = [word for word, _ in set(re.findall(r"(?m)^(?:\d+\. )?([A-Z]+): job (\d+)", output))]
    return Found(words.count("NEW"), words.count("CHANGED"))


def _judge(step: str, pages: int, found: Found, output: str) -> None:
    wanted = Found(pages if step == "first" else 0, -(-pages // EVERY) if step == "changed" else 0)
    assert found == wanted, f"{found}, not {wanted}\n{output[-2000:]}"


def installed(folder: Path, package: str) -> tuple[Path, str]:
    """The programs of a tool, and its version. Raises CalledProcessError if it can't be installed."""
    place = folder / package.partition(".")[0]
    try:
        binaries = scratch(place, (package,))
        return binaries, version_of(binaries / "python", package)
    except subprocess.CalledProcessError:
        shutil.rmtree(place, ignore_errors=True)
        raise


def tools(folder: Path, binaries: Mapping[str, Path], portal: Served, pages: int) -> Iterator[tuple[str, Tool, Path]]:
    """The tools that are there, each with a new folder."""
    urls = [f"{portal.address}/nb/202401/t20240110_{number}.html" for number in range(pages)]
    place = folder / "bare"
    yield "bare Scrapy", Bare(place, portal.address, pages), place
    place = folder / "nianbao"
    yield "nianbao", This(place, portal.address, pages), place
    for name, path in binaries.items():
        place = folder / name
        program_of = path / name
        if name == "urlwatch":
            yield name, Listing(place, urls, program_of, "urls", "cache"), place
        elif name == "webchanges":
            yield name, Listing(place, urls, program_of, "jobs", "database"), place
        else:
            yield name, Changedetection(place, urls, program_of), place


def play(results: Peers, binaries: Mapping[str, Path], portal: Served) -> None:
    """A round: each tool makes its checks of pages it has never seen."""
    with tempfile.TemporaryDirectory(prefix="nianbao-bench-") as folder:
        for name, tool, place in tools(Path(folder), binaries, portal, results.pages):
            peer = results.peers.setdefault(name, Peer())
            if peer.trouble:
                continue
            for step, switches in STEPS.items():
                try:
                    with portal.switches.on(*switches):
                        cost = tool.check(step)
                except (Failed, AssertionError, subprocess.TimeoutExpired) as error:
                    peer.trouble = f"{step} check: {error}"[:500]
                    say(f"{name}, {peer.trouble}")
                    break
                peer.costs.setdefault(step, []).append(cost)
                say(f"{name}, {step}: {cost.cpu / results.pages * 1000:.2f} ms of CPU a page, {cost.wall:.1f} s")
                if step == "unchanged":
                    held = disk(place).items()
                    peer.stored.append(sum(size for part, size in held if not tool.stored or part in tool.stored))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "nianbao-peers")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = Peers(measure.machine(), revision(), time.strftime("%Y-%m-%d"), options.pages, options.rounds)
    binaries = {}
    for package in ("urlwatch", "webchanges", "changedetection.io"):
        try:
            binaries[package], version = installed(options.scratch, package)
            results.peers[package] = Peer(version=version)
            say(f"{package} {version}")
        except (subprocess.CalledProcessError, OSError) as error:
            results.peers[package] = Peer(trouble=f"could not be installed: {error}")
            say(f"{package} {results.peers[package].trouble}")
    with served(options.pages) as portal:
        for number in range(options.rounds):
            say(f"round {number + 1} of {options.rounds}")
            play(results, binaries, portal)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1))
    print(table(results))


if __name__ == "__main__":
    measure.stoppable()
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped, and what was started is ended")
