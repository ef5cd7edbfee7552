"""What a pass costs, against bare Scrapy and a raw client reading the same pages in the same run.

    make bench
    python -m tests.bench.passes [--pages 200,1000,5000,20000] [--rounds 0] [--markup wps] [--json FILE]

For each size a portal of so many report pages is served from a process of its own (`tests.bench.portal`); in each round all
readers take their turn. This program makes the passes of `STEPS` over one home: the first; nothing changed, by the bytes; a counter
begins to count in every page, and goes on; nothing changed, by 304; one digit changed in every 100th report. After each pass its
record is asked whether it saw what there was to see: a pass that misses something is no result. Figures are of whole programs, all
their processes and their start-up included. FILE keeps what it has of other sizes. Ctrl-C ends everything that was started.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from monitor.demo.word import Style
from tests.bench import measure
from tests.bench.measure import ROOT, Cost, disk, measured
from tests.bench.portal import EVERY, Served, page, served
from tests.bench.readers import BARE, RAW, Nianbao, program
from tests.bench.results import Results, Round, Run
from tests.bench.tables import short

SIZES = (200, 1_000, 5_000, 20_000)


class Step(NamedTuple):
    """A reader's turn."""

    name: str
    switches: tuple[str, ...] = ()
    """What the portal does meanwhile."""
    reader: str = "nianbao"


STEPS = (
    Step("bare", reader="bare"),
    Step("raw", reader="raw"),
    Step("first"),
    *[Step("unchanged")] * 2,
    Step("noise begins", ("noisy",)),
    *[Step("noise", ("noisy",))] * 2,
    Step("bare", reader="bare"),
    Step("raw", reader="raw"),
    Step("learns ETags", ("validators",)),
    *[Step("304", ("validators",))] * 2,
    Step("changed", ("changed",)),
    Step("after", ("changed",)),
)
"""A round. "learns ETags": the counter is gone again and each page has an ETag now; "after": unchanged since the change."""


def rounds_of(pages: int) -> int:
    """How often, unless told: so that all sizes together take about half an hour."""
    return 5 if pages <= 1_000 else 2 if pages <= 5_000 else 1


def verify(step: str, pages: int, last: dict[str, Any]) -> None:
    """Raises AssertionError if a pass missed something, or made it up. A first pass tells more: what is overdue, findings."""
    found = last if step != "first" else {**last, "events": {"appeared": last["events"].get("appeared", 0)}}
    events = {"first": {"appeared": pages}, "changed": {"changed": -(-pages // EVERY)}}.get(step, {})
    wanted = {"outcome": "ok", "errors": 0, "seen": pages, "events": events}
    assert found == wanted, f"{step}: {found}, not {wanted}"


def play(portal: Served, pages: int, folder: Path) -> Iterator[tuple[str, Cost, dict[str, int]]]:
    """A round: each step's cost, and what the home then holds if it is this program's."""
    nianbao = Nianbao(folder, portal.address)
    others = {"bare": program(BARE, portal.address, pages), "raw": program(RAW, portal.address, pages)}
    for step in STEPS:
        with portal.switches.on(*step.switches):
            cost = measured(others.get(step.reader, nianbao.command))
        if step.reader == "nianbao":
            verify(step.name, pages, nianbao.last())
        yield step.name, cost, disk(folder) if step.reader == "nianbao" else {}


def run(pages: int, rounds: int, style: Style) -> Run:
    """All rounds of one size, each with a home of its own."""
    say(f"{pages} pages: making them")
    done: list[Round] = []
    with served(pages, style, lambda made: say(f"  {made}")) as portal:
        for number in range(rounds):
            costs: dict[str, list[Cost]] = {}
            held: dict[str, dict[str, int]] = {}
            with tempfile.TemporaryDirectory(prefix="nianbao-bench-") as folder:
                for name, cost, parts in play(portal, pages, Path(folder) / "home"):
                    costs.setdefault(name, []).append(cost)
                    held |= {name: parts} if parts and name not in held else {}
                    say(
                        f"{pages} pages, round {number + 1} of {rounds}, {name}: {cost.cpu / pages * 1000:.2f} ms of CPU a page, "
                        f"{cost.wall:.1f} s, {cost.peak:.0f} MB"
                    )
            done.append(Round(costs, held))
    return Run(pages, style, len(page(1, style)), done)


def say(line: str) -> None:
    """Progress, with the time."""
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def revision() -> str:
    """Of the sources, if they are a checkout."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", default=",".join(map(str, SIZES)), help="sizes, with commas")
    parser.add_argument("--rounds", type=int, default=0, help="0: fewer the larger the portal")
    parser.add_argument(
        "--markup", choices=("wps", "word"), default="wps", help="word: pages of 119 KB, as out of Word"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = Results(machine=measure.machine(), revision=revision(), on=time.strftime("%Y-%m-%d"))
    before = options.json and options.json.exists() and msgspec.json.decode(options.json.read_bytes(), type=Results)
    results.runs.extend(before.runs if before else ())
    for pages in sorted({int(size) for size in options.pages.split(",")}):
        results.add(run(pages, options.rounds or rounds_of(pages), options.markup))
        if options.json:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1))
        print(short(next(one for one in results.of(options.markup) if one.pages == pages)), flush=True)


if __name__ == "__main__":
    measure.stoppable()
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("stopped, and what was started is ended") from None
