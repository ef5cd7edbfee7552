"""crawler.pace: the pauses that all processes of one user keep together, in a folder that they may trust or do without."""

import asyncio
import logging
import os
import struct
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from crawler import host_files, pace
from crawler.host_files import boot_id, default_folder
from crawler.pace import Pace

HOST = "www.yunxi.gov.cn"


def even() -> float:
    return 1.0


async def ask(one: Pace, times: list[float], count: int, delay: float, host: str = HOST, concurrency: int = 2) -> None:
    for _ in range(count):
        async with one.turn(host, delay, concurrency):
            times.append(time.monotonic())


def gaps(times: list[float]) -> list[float]:
    return [later - sooner for sooner, later in pairwise(sorted(times))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pace"


def test_two_who_ask_one_host_share_one_pause(folder: Path) -> None:
    times: list[float] = []

    async def both() -> None:
        await asyncio.gather(*(ask(Pace(folder, factor=even), times, 5, 0.05) for _ in range(2)))

    asyncio.run(both())
    assert len(times) == 10
    assert min(gaps(times)) > 0.045
    assert max(times) - min(times) < 0.9, "and no more than one pause lies between two requests"


def test_they_take_turns(folder: Path) -> None:
    """Each holds one reservation at most: who asks with many workers does not keep another out."""
    order: list[str] = []

    async def worker(one: Pace, name: str) -> None:
        for _ in range(3):
            async with one.turn(HOST, 0.02, 8):
                order.append(name)

    async def all_of_them() -> None:
        greedy, modest = Pace(folder, factor=even), Pace(folder, factor=even)
        await asyncio.gather(*(worker(greedy, "greedy") for _ in range(6)), worker(modest, "modest"))

    asyncio.run(all_of_them())
    assert order.index("modest") <= 2
    assert [place for place, name in enumerate(order) if name == "modest"][-1] <= 8


def test_other_hosts_do_not_wait(folder: Path) -> None:
    times: list[float] = []

    async def many() -> None:
        one = Pace(folder, factor=even)
        await asyncio.gather(*(ask(one, times, 1, 30.0, f"h{number}.gov.cn") for number in range(20)))

    asyncio.run(many())
    assert max(times) - min(times) < 2


def test_intervals_differ_by_a_third() -> None:
    drawn = [Pace(Path("/nonexistent"))._factor() for _ in range(500)]
    assert 0.7 <= min(drawn) < 0.75
    assert 1.25 < max(drawn) <= 1.3


def test_a_busy_machine_that_wakes_nobody_in_time_makes_no_burst(folder: Path) -> None:
    """Times that were spoken for have all passed when the machine gets to them."""
    times: list[float] = []

    async def stalled() -> None:
        asking = asyncio.gather(*(ask(Pace(folder, factor=even), times, 2, 0.1) for _ in range(4)))
        await asyncio.sleep(0.05)
        time.sleep(0.6)  # the stall
        await asking

    asyncio.run(stalled())
    assert len(times) == 8
    assert min(gaps(times)) > 0.095


def test_jitter_never_shortens_what_the_host_asked_for(folder: Path) -> None:
    times: list[float] = []

    async def asks() -> None:
        one = Pace(folder, factor=lambda: 0.7)
        for _ in range(4):
            async with one.turn(HOST, 0.1, 2, 0.1):
                times.append(time.monotonic())

    asyncio.run(asks())
    assert min(gaps(times)) > 0.095


def test_no_delay_touches_no_file(folder: Path) -> None:
    times: list[float] = []
    asyncio.run(ask(Pace(folder), times, 50, 0.0))
    assert len(times) == 50
    assert not folder.exists()


def test_no_more_are_under_way_than_the_policy_lets(folder: Path) -> None:
    """However many processes ask; a place is free again as soon as the answer is there."""
    under_way = most = 0

    async def slow(one: Pace) -> None:
        nonlocal under_way, most
        async with one.turn(HOST, 0.001, 2):
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.1)
            under_way -= 1

    async def all_of_them() -> None:
        await asyncio.gather(*(slow(Pace(folder, factor=even)) for _ in range(6)))

    asyncio.run(all_of_them())
    assert most == 2


def test_a_failed_request_gives_its_place_back(folder: Path) -> None:
    async def fails() -> None:
        one = Pace(folder, factor=even)
        for _ in range(3):
            with pytest.raises(ValueError, match="reset"):
                async with one.turn(HOST, 0.001, 1):
                    raise ValueError("reset")

    asyncio.run(asyncio.wait_for(fails(), 5))


def test_a_host_that_asked_to_be_left_alone_is_left_alone_by_all(folder: Path) -> None:
    times: list[float] = []
    asked = Pace(folder, factor=even)
    begun = time.monotonic()
    asked.hold(HOST, 0.3)
    asyncio.run(ask(Pace(folder, factor=even), times, 1, 0.01))
    assert times[0] - begun >= 0.29
    times.clear()
    begun = time.monotonic()
    asked.hold(HOST, 0.2)
    asyncio.run(ask(asked, times, 1, 0.0))
    assert times[0] - begun >= 0.19, "without a delay too"


# A machine where everything goes wrong ---------------------------------------------------------------------------------

_KILLED = """
import asyncio, sys
from pathlib import Path
from crawler.pace import Pace
async def main():
    one = Pace(Path(sys.argv[1]), factor=lambda: 1.0)
    async def hang():
        async with one.turn(sys.argv[2], 0.4, 2):
            print("under way", flush=True)
            await asyncio.sleep(600)
    await asyncio.gather(*(hang() for _ in range(9)))
asyncio.run(main())
"""


def test_a_process_that_is_killed_costs_the_others_a_pause(folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _KILLED, str(folder), HOST], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"under way\n"
        assert other.stdout.readline() == b"under way\n"  # both places are taken, and seven more wait
        other.kill()
    times: list[float] = []
    begun = time.monotonic()
    asyncio.run(ask(Pace(folder, factor=even), times, 2, 0.4))
    assert times[0] - begun < 1.0
    assert times[1] - times[0] >= 0.39


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"torn",
        b"\xff" * 40,
        b"\0" * 4096,
        struct.pack("<16sddd", b"another machine.", 1e9, 1e9, 1e9),
        pytest.param(None, id="far ahead"),
        pytest.param("nan", id="not a number"),
    ],
)
def test_what_a_file_says_is_bounded_before_it_is_believed(folder: Path, said: Any) -> None:
    one = Pace(folder, factor=even)
    asyncio.run(ask(one, [], 1, 0.01))
    far = time.monotonic() + 1e6 if said is None else float("nan")
    data = said if isinstance(said, bytes) else struct.pack("<16sddd", boot_id(), far, far, far)
    (folder / f"{HOST}@").write_bytes(data)
    times: list[float] = []
    begun = time.monotonic()
    asyncio.run(ask(Pace(folder, factor=even), times, 2, 0.05))
    assert times[0] - begun < 1
    assert 0.045 < times[1] - times[0] < 1, "and what is written over it holds again"


def _link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    folder.symlink_to(tmp_path / "theirs")


def _open_to_all(folder: Path, _: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def _file(folder: Path, _: Path) -> None:
    folder.write_text("no folder")


@pytest.mark.parametrize("planted", [_link, _open_to_all, _file])
def test_a_folder_that_somebody_planted_is_not_used(
    folder: Path, tmp_path: Path, planted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    planted(folder, tmp_path)
    times: list[float] = []
    one = Pace(folder, factor=even)
    with caplog.at_level(logging.WARNING):
        asyncio.run(ask(one, times, 3, 0.05))
        one.hold(HOST, 0.01)
    assert min(gaps(times)) > 0.045, "its own pauses hold"
    assert one.alone
    assert [record.message.count("NIANBAO_PACE") for record in caplog.records] == [1], "said once"
    assert not [*(tmp_path / "theirs").iterdir()] if (tmp_path / "theirs").exists() else True


def test_a_link_in_place_of_a_host_s_file_is_not_followed(folder: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder.mkdir(mode=0o700)
    (folder / f"{HOST}@").symlink_to(victim)
    one = Pace(folder, factor=even)
    asyncio.run(ask(one, [], 2, 0.01))
    assert victim.read_text() == "precious"
    assert one.alone


def test_a_folder_of_another_user_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(mode=0o700)
    mine = os.geteuid()
    monkeypatch.setattr(host_files.os, "geteuid", lambda: mine + 1)
    one = Pace(folder, factor=even)
    asyncio.run(ask(one, [], 1, 0.01))
    assert "belongs to somebody else" in one.alone


def test_without_a_parent_it_goes_by_itself_and_says_where(tmp_path: Path) -> None:
    one = Pace(tmp_path / "no" / "pace", factor=even)
    asyncio.run(ask(one, [], 1, 0.01))
    assert one.alone == f"{tmp_path / 'no' / 'pace'}: there is no folder that it could lie in"


def test_a_disk_that_is_full_stops_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    one = Pace(folder, factor=even)
    times: list[float] = []
    asyncio.run(ask(one, times, 1, 0.01))
    monkeypatch.setattr(host_files.os, "pwrite", full)
    asyncio.run(ask(one, times, 3, 0.05))
    assert "No space left" in one.alone
    assert min(gaps(times)[1:]) > 0.045


def test_a_cleaner_may_remove_the_folder_at_any_time(folder: Path) -> None:
    one = Pace(folder, factor=even)
    times: list[float] = []
    asyncio.run(ask(one, times, 1, 0.05))
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    asyncio.run(ask(one, times, 2, 0.05))
    assert not one.alone
    assert (folder / f"{HOST}@").exists()
    assert min(gaps(times)) > 0.045


def test_a_lock_that_nobody_gives_back_is_not_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a process that was stopped in the middle of it."""
    monkeypatch.setattr(pace, "_LOCK_PATIENCE", 0.2)
    one, stopped = Pace(folder, factor=even), Pace(folder, factor=even)
    with stopped._files.times(HOST):
        asyncio.run(asyncio.wait_for(ask(one, [], 2, 0.05), 3))
    monkeypatch.setattr(pace, "_PLACE_PATIENCE", 0.2)
    held = [stopped._files.place(HOST, number) for number in range(2)]
    asyncio.run(asyncio.wait_for(ask(one, [], 1, 0.05), 3))
    for file in held:
        os.close(file)


def test_old_files_are_swept_away_and_those_in_use_stay(folder: Path) -> None:
    one = Pace(folder, factor=even)
    for number in range(30):
        asyncio.run(ask(one, [], 1, 1e-6, f"h{number}.gov.cn"))
    kept = one._files.place("h7.gov.cn", 0)
    later = Pace(folder, clock=lambda: time.monotonic() + 7300, factor=even)
    asyncio.run(ask(later, [], 1, 1e-6))
    left = {file.name for file in folder.iterdir()}
    assert left == {"sweep", "h7.gov.cn.0", f"{HOST}@", f"{HOST}.0"}
    os.close(kept)
    asyncio.run(ask(one, [], 2, 0.001, "h3.gov.cn"))  # whoever had it open notices
    assert (folder / "h3.gov.cn@").exists()


@pytest.mark.parametrize("host", ["::1", "政府.中国", "x" * 300, "../../etc/passwd", ".", "", "a\0b", "\udc80"])
def test_any_host_has_a_harmless_file(folder: Path, host: str) -> None:
    one = Pace(folder, factor=even)
    asyncio.run(ask(one, [], 1, 1e-6, host))
    assert not one.alone
    assert len([*folder.iterdir()]) == 3
    assert all(len(file.name) < 200 for file in folder.iterdir())


def test_the_folder_is_the_environment_s_else_the_machine_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NIANBAO_PACE", str(tmp_path / "here"))
    assert default_folder() == tmp_path / "here"
    monkeypatch.delenv("NIANBAO_PACE")
    assert default_folder().name == f"nianbao-pace-{os.geteuid()}"
