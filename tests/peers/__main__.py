"""The same scripted world watched by nianbao, urlwatch and changedetection.io: what each tells, and what it makes up.

    python -m tests.peers [--scratch FOLDER] [--out FILE]

Not part of the tests: it takes the two other tools from the package index that pip is configured with, into virtual
environments under FOLDER (kept for the next time). All traffic of the comparison is on loopback. Prints a table in Markdown;
FILE gets every alert, as JSON. Some minutes.
"""

import argparse
import json
import socket
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from monitor.demo.world import World
from tests.peers.story import PORTALS, SELECTORS, Story, Truth, address
from tests.peers.tools import Alert, Changedetection, Nianbao, Urlwatch, Watched, scratch, version_of

PATIENCE = 3
"""Passes after an act in which nianbao may still tell it: confirmations take time. A tool that compares an address with what
it was there last tells at once or never."""


@dataclass
class Tool:
    """A tool's score."""

    name: str
    told: dict[Truth, int] = field(default_factory=dict)
    """By truth: how many passes after the act."""
    how: dict[Truth, Counter[str]] = field(default_factory=dict)
    false: list[tuple[int, Alert]] = field(default_factory=list)
    errors: list[tuple[int, Alert]] = field(default_factory=list)
    """Errors told of an address to which nothing had happened."""
    repeats: int = 0
    alerts: int = 0
    failing: frozenset[str] = frozenset()
    """Addresses that were in error in the pass before: an error that goes on tells nothing new."""

    def hear(self, day: int, alerts: list[Alert], truths: list[tuple[int, Truth]]) -> None:
        """Weighs what it said on a day against what is true."""
        patience = PATIENCE if self.name == "nianbao" else 0
        failing, self.failing = self.failing, frozenset(alert.url for alert in alerts if alert.what == "error")
        for alert in alerts:
            self.alerts += 1
            goes_on = alert.what == "error" and alert.url in failing
            fitting = [(then, truth) for then, truth in truths if self._fits(alert, truth)]
            fresh = [(then, truth) for then, truth in fitting if day - then <= patience and not goes_on]
            for then, truth in fresh:
                self.told.setdefault(truth, day - then)
                self.how.setdefault(truth, Counter())[alert.what] += 1
            if fresh:
                continue
            gone = any(truth.kind == "taken_down" for _, truth in fitting)
            if gone and alert.what == "error":
                self.repeats += 1
            elif alert.what == "error":
                self.errors.append((day, alert))
            else:
                self.false.append((day, alert))

    def _fits(self, alert: Alert, truth: Truth) -> bool:
        if self.name == "nianbao":
            return (alert.what, alert.organ, alert.year) == truth.key
        return alert.url in truth.urls


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "nianbao-peers")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    urlwatch = scratch(options.scratch / "urlwatch", ("urlwatch", "html2text"))
    changedetection = scratch(options.scratch / "changedetection", ("changedetection.io",))
    print(f"urlwatch {version_of(urlwatch / 'python', 'urlwatch')}, ", end="")
    print(f"changedetection.io {version_of(changedetection / 'python', 'changedetection.io')}", flush=True)
    with tempfile.TemporaryDirectory() as folder, World(*PORTALS) as world:
        days, tools, truths, log = play(Path(folder), world, urlwatch, changedetection)
    print(table(days, tools, truths))
    if options.out:
        options.out.write_text(json.dumps(log, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def play(
    folder: Path, world: World, urlwatch: Path, changedetection: Path
) -> tuple[int, list[Tool], list[tuple[int, Truth]], list[object]]:
    """Plays the story: number of passes, the tools' scores, what was true, every alert."""
    watched = [Watched(address(site, item), SELECTORS[site.name][0]) for site in world for item in site.items] + [
        Watched(site.section, SELECTORS[site.name][1]) for site in world
    ]
    nianbao = Nianbao(folder / "nianbao", world)
    watchers = [Urlwatch(folder / f"urlwatch{kind}", urlwatch, watched, kind) for kind in (False, True)]
    server = Changedetection(folder / "changedetection", changedetection, _free_port(), watched[0].url)
    try:
        names = {False: "changedetection.io", True: "changedetection.io, selector"}
        for kind, name in names.items():
            server.watch(name, watched, kind)
        tools = {name: Tool(name) for name in (nianbao.name, *(one.name for one in watchers), *names.values())}
        truths: list[tuple[int, Truth]] = []
        log: list[object] = []
        for number, day in enumerate([None, *Story(world).days()]):
            if day is not None:
                truths += [(number, truth) for truth in day.do()]
            said = {nianbao.name: nianbao.look(), **{one.name: one.look() for one in watchers}, **server.look()}
            words = day.words if day is not None else "first pass"
            log.append(
                {
                    "day": number,
                    "words": words,
                    **{name: [list(one) for one in alerts] for name, alerts in said.items()},
                }
            )
            print(
                f"{number:2} {words}: " + ", ".join(f"{name} {len(alerts)}" for name, alerts in said.items()),
                flush=True,
            )
            if number:
                for name, alerts in said.items():
                    tools[name].hear(number, alerts, truths)
    finally:
        server.close()
    return number + 1, list(tools.values()), truths, log


def table(days: int, tools: list[Tool], truths: list[tuple[int, Truth]]) -> str:
    """The score in Markdown: totals, then what became of each event."""
    one_by_one = [truth for _, truth in truths if truth.words]
    moves = [truth for _, truth in truths if not truth.words]
    lines = [
        f"{days} passes, {len(one_by_one)} single events and one migration of {len(moves)} reports.",
        "",
        "| | " + " | ".join(tool.name for tool in tools) + " |",
        "| --- |" + " ---: |" * len(tools),
    ]

    def row(name: str, cells: list[object]) -> None:
        lines.append(f"| {name} | " + " | ".join(map(str, cells)) + " |")

    row(
        "single events told",
        [f"{sum(truth in tool.told for truth in one_by_one)} of {len(one_by_one)}" for tool in tools],
    )
    row("moves told", [f"{sum(truth in tool.told for truth in moves)} of {len(moves)}" for tool in tools])
    row("alerts in all", [tool.alerts for tool in tools])
    row("of these changes where nothing had happened", [len(tool.false) for tool in tools])
    row("errors where nothing had happened", [len(tool.errors) for tool in tools])
    row("the same removal told again", [tool.repeats for tool in tools])
    lines += ["", "| event | " + " | ".join(tool.name for tool in tools) + " |", "| --- |" + " --- |" * len(tools)]
    for truth in one_by_one:
        row(truth.words, [_words(tool, truth) for tool in tools])
    return "\n".join(lines)


def _words(tool: Tool, truth: Truth) -> str:
    if truth not in tool.told:
        return "–"
    said = "/".join(sorted(tool.how[truth]))
    return f"{said}, {tool.told[truth]} later" if tool.told[truth] else said


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
