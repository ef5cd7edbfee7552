"""What goes wrong in one pass touches no other: real processes on loopback that hang, leak, crash and are killed."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor import bookkeeping
from monitor.demo.server import Web
from monitor.fleet import Fleet
from tests.bench.many_passes import many
from tests.e2e.portals_that_break import PATIENCE, Fleets, alive, below, command, faults, named, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is below a process is read from /proc")


@pytest.fixture
def fleets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleets]:
    before = set(below())
    with Web() as web, faults(tmp_path, monkeypatch):
        yield Fleets(tmp_path, web)
    assert not set(below()) - before, "a process was left behind"


def running(fleet: Fleet, name: str) -> int:
    """The process of a portal's pass, once it has one."""

    def pid() -> int:
        return next((one.pid for one in fleet.running() if one.portal == name), 0)

    assert until(pid)
    return pid()


FATES = {
    "segfault": ("killed", r"killed by SIGSEGV: File .*ctypes.*string_at"),
    "exit": ("killed", "ended with status 7"),
    "noise": ("ok", ""),
    "orphans": ("ok", ""),
    "hang": ("killed", r"longer than 2 s; it did not stop, and was killed"),
    "deaf": ("killed", r"longer than 2 s; it did not stop, and was killed"),
    "slow": ("cut_short", "longer than 2 s"),
}


def test_whatever_happens_to_some_passes_the_others_are_read(fleets: Fleets) -> None:
    with fleets.fleet(parallel=9, pass_time="2s") as fleet:
        passes = {name: fleet.submit(fleets.portal(name), "full") for name in (*FATES, "sound", "sound2")}
        came = {name: one.result(60) for name, one in passes.items()}
        # The next passes find the fleet as it was.
        again = [fleet.submit(fleets.portal(name), "full").result(30) for name in ("sound3",)]
    assert {name: one.outcome for name, one in came.items()} == {
        **{name: outcome for name, (outcome, _) in FATES.items()}, "sound": "ok", "sound2": "ok",
    }  # fmt: skip
    assert [one.outcome for one in again] == ["ok"]
    reasons = fleets.reasons()
    for name, (_, words) in FATES.items():
        assert re.search(words, reasons[name][0][1]), reasons[name]
    assert came["sound"].reports_seen == 2
    assert came["noise"].reports_seen == 2


def test_passes_that_share_a_process_fare_as_if_each_had_its_own(fleets: Fleets) -> None:
    with fleets.fleet(parallel=12, pass_time="2s", together=20) as fleet:
        names = ("slow", *FATES.keys() - {"slow"}, "leak", "sound", "sound2")
        passes = {name: fleet.submit(fleets.portal(name), "full") for name in names}
        came = {name: one.result(60) for name, one in passes.items()}
        again = [fleet.submit(fleets.portal(name), "full").result(30) for name in ("sound3", "segfault", "sound4")]
    fates = FATES | {"leak": ("cut_short", "longer than 2 s|MB of memory, more than 400"), "sound": ("ok", "")}
    assert {name: one.outcome for name, one in came.items()} == {
        **{name: outcome for name, (outcome, _) in fates.items()}, "sound2": "ok",
    }  # fmt: skip
    assert [one.outcome for one in again] == ["ok", "killed", "ok"]
    reasons = fleets.reasons()
    for name, (_, words) in fates.items():
        assert re.search(words, reasons[name][0][1]), reasons[name]
    assert came["sound"].reports_seen == came["noise"].reports_seen == 2


def test_who_shares_a_process_is_stopped_alone_and_ends_with_all(fleets: Fleets) -> None:
    with fleets.fleet(parallel=12, together=20) as fleet:
        passes = {name: fleet.submit(fleets.portal(name), "full") for name in ("slow", "slow2", "slow3", "slow4")}
        pids = {running(fleet, name) for name in passes}
        assert len(pids) < len(passes)
        killed = running(fleet, "slow")
        alone = [one.portal for one in fleet.running() if one.pid == killed]
        os.kill(killed, signal.SIGKILL)
        assert until(lambda: all(one.pid != killed for one in fleet.running()))  # they were begun anew
        (nursery,) = [pid for pid in named("crawler.nursery", below()) if named_parent(pid)]
        os.kill(nursery, signal.SIGKILL)
        assert {one.result(20).outcome for one in passes.values()} == {"cut_short"}
        passes = {name: fleet.submit(fleets.portal(name), "full") for name in ("slow5", "slow6", "slow7", "slow8")}
        assert {running(fleet, name) for name in passes}
        fleet.stop("stopped by a test")
        assert {one.result(0).outcome for one in passes.values()} == {"cut_short"}
    assert alone
    assert "stopped by a test" in fleets.reasons()["slow5"][0][1]


def test_one_that_leaks_is_stopped_in_time_and_what_it_read_counts(fleets: Fleets) -> None:
    with fleets.fleet() as fleet:
        leak, flood, sound = (fleet.submit(fleets.portal(name), "full") for name in ("leak", "flood", "sound"))
        assert leak.result(60).outcome == "cut_short"
        assert flood.result(60).outcome in ("failed", "killed")
        assert sound.result(60).outcome == "ok"
    reasons = fleets.reasons()
    assert "MB of memory, more than 400" in reasons["leak"][0][1]
    assert "MemoryError" in reasons["flood"][0][1] or "MB of memory" in reasons["flood"][0][1], reasons


def test_a_nursery_that_is_killed_takes_its_passes_with_it_and_another_one_takes_over(fleets: Fleets) -> None:
    with fleets.fleet() as fleet:
        slow, hang = (fleet.submit(fleets.portal(name), "full") for name in ("slow", "hang"))
        pids = [running(fleet, "slow"), running(fleet, "hang")]
        (nursery,) = [pid for pid in named("crawler.nursery", below()) if pid not in pids and named_parent(pid)]
        os.kill(nursery, signal.SIGKILL)
        time.sleep(0.1)
        sound = fleet.submit(fleets.portal("sound"), "full")
        assert sound.result(20).outcome == "ok"
        assert slow.result(20).outcome == "cut_short"
        assert hang.result(20).outcome == "killed"
        assert not any(alive(pid) for pid in pids)
        assert not list(Path(tempfile.gettempdir()).glob(f"nianbao-pass-{nursery}-*"))
        assert [one.portal for one in fleet.running()] == []


def named_parent(pid: int) -> bool:
    """Whether this process started it."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) == os.getpid()


def test_what_ends_a_whole_service_at_once_lets_passes_end(fleets: Fleets) -> None:
    """systemd may send SIGTERM to every process of a unit, and then the supervisor tells them too."""
    with fleets.fleet() as fleet:
        future = fleet.submit(fleets.portal("slow"), "full")
        running(fleet, "slow")
        for pid in below():
            os.kill(pid, signal.SIGTERM)
        fleet.stop("the service stops")
        assert future.result(0).outcome == "cut_short"


def test_a_keeper_that_is_killed_leaves_nothing(fleets: Fleets) -> None:
    with fleets.fleet() as fleet:
        future = fleet.submit(fleets.portal("hang"), "full")
        pid = running(fleet, "hang")
        keeper = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(keeper, signal.SIGKILL)
        assert future.result(20).outcome == "killed"
        assert not alive(pid)
        assert fleet.submit(fleets.portal("sound"), "full").result(20).outcome == "ok"


def test_a_supervisor_that_is_killed_leaves_nothing(fleets: Fleets, tmp_path: Path) -> None:
    """Passes that can end by themselves do, and are settled by the next process; the others are killed."""
    folder = fleets.home.path / "portals"
    for name in ("slow", "hang"):
        one = fleets.portal(name)
        (folder / f"{name}.toml").write_text(
            f'title = "{name}"\nfamily = "generic"\nsections = ["{one.sections[0]}"]\n'
            "[policy]\ndelay = 0.0\nallow_private = true\nobey_robots = false\n"
        )
    (fleets.home.path / "nianbao.toml").write_text("[service]\ntogether = 1\n")
    nianbao = Path(sys.executable).parent / "nianbao"
    process = subprocess.Popen(
        [str(nianbao), "--home", str(fleets.home.path), "crawl", "slow", "hang"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert until(lambda: len(named("crawler.nursery", below(process.pid))) == 5)  # itself, two keepers, two passes
        pids = below(process.pid)
    finally:
        process.kill()
        process.wait()
    assert until(lambda: not any(alive(pid) for pid in pids), PATIENCE + 10), [command(pid) for pid in pids]
    with fleets.fleet() as fleet:
        assert sorted((one.portal, one.outcome) for one in fleet.recover()) == [
            ("hang", "killed"),
            ("slow", "cut_short"),
        ]


def test_stop_ends_all_and_settles_it(fleets: Fleets) -> None:
    with fleets.fleet(parallel=2) as fleet:
        slow, hang, waits = (fleet.submit(fleets.portal(name), "full") for name in ("slow", "hang", "sound"))
        running(fleet, "slow")
        running(fleet, "hang")
        begun = time.monotonic()
        fleet.stop("stopped by a test")
        assert time.monotonic() - begun < PATIENCE + 5
        assert (slow.result(0).outcome, hang.result(0).outcome, waits.cancelled()) == ("cut_short", "killed", True)
        assert fleet.submit(fleets.portal("sound2"), "full").cancelled()
    assert "stopped by a test" in fleets.reasons()["slow"][0][1]


def test_a_finished_pass_that_could_not_be_settled_is_before_the_next_one(
    fleets: Fleets, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, full = bookkeeping.settle, [OSError(28, "No space left on device")]

    def settle(*given: Any) -> Any:
        if full:
            raise full.pop()
        return right(*given)

    monkeypatch.setattr(bookkeeping, "settle", settle)
    sound = fleets.portal("sound")
    with fleets.fleet() as fleet:
        with pytest.raises(OSError, match="No space"):
            fleet.submit(sound, "full").result(20)
        assert fleet.submit(sound, "full").result(20).crawl == 2
    assert [outcome for outcome, _ in fleets.reasons()["sound"]] == ["ok", "ok"]


def test_sixty_passes_leave_no_more_than_five(fleets: Fleets) -> None:
    """tests/bench/many_passes.py makes more of them, with Chromium."""
    few, more = many(fleets, 60, rendered=0, parallel=4, at=(5, 60))
    assert (few.processes, more.processes) == ((), ())
    assert few.files == more.files
    assert more.supervisor < few.supervisor + 12_000_000, (few, more)
    assert more.nursery < few.nursery + 4_000_000, (few, more)
