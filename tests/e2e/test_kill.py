"""The record survives the kill of anything at any instant: real processes, SIGKILL, portals on loopback."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.demo.world import World

KILLS = 6
PROGRAM = Path(sys.executable).parent / "nianbao"


@pytest.fixture
def world() -> Iterator[World]:
    with World("yunxi", "linhe") as served:
        yield served


def start(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [str(PROGRAM), "--home", str(home), "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )


def children(home: Path) -> set[int]:
    """The nursery of `home`, and all that it forked: keepers and passes."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if f"\0crawler.nursery\0{home}\0" in line:
            found.add(int(entry.name))
    return found


def gone(home: Path, within: float) -> bool:
    end = time.monotonic() + within
    while children(home):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def test_sigkill_at_any_instant_leaves_the_record_whole(world: World, tmp_path: Path) -> None:
    home = tmp_path / "home"
    names = world.write_portals(home)
    for file in (home / "portals").glob("*.toml"):  # slow enough for every kill to meet a pass under way
        file.write_text(
            file.read_text().replace("delay = 0.0", "delay = 0.1").replace("concurrency = 4", "concurrency = 2")
        )
    chance = random.Random()
    for number in range(KILLS):
        process = start(home, "crawl", "--no-send", *names)
        end = time.monotonic() + 10
        while number and not children(home) and process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(chance.uniform(0.0, 1.6))
        # The supervisor, all that it started or one of those, everything: who is left records what became of the pass, or
        # the next one does.
        below = sorted(children(home))
        victims = [{process.pid}, {*below}, {*chance.sample(below, min(1, len(below)))}, {process.pid, *below}][
            number % 4
        ]
        for victim in victims if process.poll() is None else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        process.communicate(timeout=30)
    try:
        assert gone(home, 20), "a crawl process outlived the one that started it"
        process = start(home, "crawl", "--no-send", *names)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err + out
        process = start(home, "archive", "verify")
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err + out
    finally:
        for number in children(home):
            os.kill(number, signal.SIGKILL)

    with sqlite3.connect(home / "nianbao.db") as record:

        def values(sql: str) -> list[tuple[object, ...]]:
            return record.execute(sql).fetchall()

        assert values("PRAGMA integrity_check") == [("ok",)]
        assert values("PRAGMA foreign_key_check") == []
        assert values("SELECT id FROM crawls WHERE outcome IS NULL") == []
        outcomes = [outcome for (outcome,) in values("SELECT outcome FROM crawls")]
        assert "killed" in outcomes
        # Where only the process of a pass was killed, the pass was made again.
        assert outcomes.count("ok") < len(outcomes) - KILLS // 3, outcomes
        published = {(site.name, item.paper.organ, item.paper.year) for site in world for item in site.items}
        keys = "SELECT r.portal, o.name, r.year FROM reports r JOIN organs o ON o.id = r.organ_id ORDER BY 1, 2, 3"
        assert values(keys) == sorted(published)
        firsts = "SELECT count(*) FROM versions v WHERE v.report = r.id"
        appeared = "SELECT count(*) FROM events e WHERE e.report = r.id AND e.kind = 'appeared' AND e.baseline = 1"
        assert values(f"SELECT DISTINCT ({firsts}), ({appeared}) FROM reports r") == [(1, 1)]
        # Three passes in a row that were killed before anything answered are an outage (lifecycle, rule 5).
        told = """SELECT portal, kind FROM events WHERE baseline = 0 AND kind NOT LIKE 'portal%' AND kind <> 'finding'
            ORDER BY portal, kind"""
        assert values(told) == [(name, "baseline") for name in sorted(names)]
