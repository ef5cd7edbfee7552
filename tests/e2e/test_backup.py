"""Backups of a home that is written to all the time, and kills of both commands: real processes, SIGKILL."""

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.archive import verify
from monitor.backup import back_up
from monitor.home import Home
from monitor.restore import restore
from tests.conftest import History, make_report

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).parent / "nianbao"
NOW = "2026-03-01T00:00:00Z"
STEPS = {"os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.truncate", "sqlite3.connect", "os.scandir"}

WRITER = """
import itertools, sys
from pathlib import Path
from tests.conftest import History, make_report
site = History(Path(sys.argv[1]))
for number in itertools.count():
    site.publish(make_report(2024, requests=number))
    site.run()
    if number == 2:
        print("at work", flush=True)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Path]:
    """A home whose reports change all the time, settled by a process of its own."""
    (home := tmp_path / "home").mkdir()
    with subprocess.Popen([sys.executable, "-c", WRITER, str(home)], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"at work\n"
        yield home
        assert process.poll() is None, "the writer failed"
        process.kill()


def run(home: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([PROGRAM, "--home", home, *arguments], capture_output=True, text=True, timeout=60)


def sound(home: Home) -> None:
    """The record is whole, and every capture that it refers to is as it says."""
    with sqlite3.connect(home.database) as record:
        assert record.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert record.execute("PRAGMA foreign_key_check").fetchall() == []
    record.close()
    with home.reader() as store:
        assert [fault for fault in verify(store, home.archive) if fault is not None] == []


def test_a_backup_beside_a_writer_is_the_record_of_one_moment(writer: Path, tmp_path: Path) -> None:
    seen = set()
    for number in range(2):
        file, home = tmp_path / f"{number}.tar", Home(tmp_path / f"new{number}")
        done = run(writer, "backup", file)
        assert (done.returncode, done.stderr) == (0, "")
        assert run(home.path, "restore", file).returncode == 0
        sound(home)
        with home.writing() as store:
            site = History(home.path, store)
            [version] = store.rows("SELECT text, captured_at FROM versions ORDER BY id DESC LIMIT 1")
            requests = re.search(r"本年新收政府信息公开申请数量 \| (\d+)", version["text"])
            assert requests is not None
            seen.add(int(requests[1]))
            site.now = version["captured_at"]
            site.publish(make_report(2024, requests=int(requests[1])))
            assert site.run() == []  # the pass after a restore finds nothing new
        sound(home)
    assert len(seen) == 2, "the writer wrote nothing meanwhile"


def killed(at: int, work: Callable[[], object]) -> bool:
    """Does `work` in a child that kills itself at its step number `at`; False: it came to its end before."""
    child = os.fork()
    if child == 0:
        try:
            steps = 0

            def count(event: str, _: object) -> None:
                nonlocal steps
                steps += event in STEPS
                if event in STEPS and steps == at:
                    os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(count)
            work()
            os._exit(0)
        except BaseException as error:
            os.write(2, repr(error).encode())
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0


@pytest.fixture
def days(tmp_path: Path) -> tuple[Home, Path]:
    """A home of today, and its backup of yesterday."""
    (tmp_path / "home").mkdir()
    site = History(tmp_path / "home")
    home = Home(site.home)
    (home.path / "portals").mkdir()
    (home.path / "portals" / "linhai.toml").write_text("# yesterday")
    site.publish(make_report(2023))
    site.run()
    back_up(home, tmp_path / "yesterday.tar", NOW)
    site.publish(make_report(2024))
    site.run()
    (home.path / "portals" / "linhai.toml").write_text("# today")
    site.store.close()
    return home, tmp_path / "yesterday.tar"


def reports(home: Home) -> int:
    with home.reader() as store:
        return len(store.rows("SELECT * FROM reports"))


def test_a_restore_that_is_killed_at_any_step_leaves_the_old_record_or_the_new(
    days: tuple[Home, Path], tmp_path: Path
) -> None:
    home, file = days
    today = tmp_path / "today.tar"
    back_up(home, today, NOW)
    at, found = 1, set()
    while killed(at, lambda: restore(home, file, NOW, replace=True)):
        sound(home)
        found.add(reports(home))
        if reports(home) == 1:  # the kill came after the exchange: back to today
            kept = [path for path in home.path.glob("replaced*/nianbao.db") if not path.samefile(home.database)]
            assert kept, "the record of today is lost"
            restore(home, today, NOW, replace=True)
        at += 1
    assert at > 20
    assert found == {1, 2}
    assert reports(home) == 1
    sound(home)
    assert (home.path / "portals/linhai.toml").read_text() == "# yesterday"
    assert not [*home.path.glob("replaced.partial"), *home.path.glob("restoring")]
    for record in home.path.glob("replaced-*/nianbao.db"):
        assert not record.samefile(home.database)


def test_a_restore_onto_a_new_machine_is_finished_by_the_next_one(days: tuple[Home, Path], tmp_path: Path) -> None:
    _, file = days
    at = 1
    while True:
        home = Home(tmp_path / f"new{at}")
        if not killed(at, lambda home=home: restore(home, file, NOW)):  # type: ignore[misc]
            break
        if not home.has_record():
            restore(home, file, NOW)
        sound(home)
        assert reports(home) == 1
        assert (home.path / "portals/linhai.toml").read_text() == "# yesterday"
        at += 1
    assert at > 10


def test_a_backup_that_is_killed_leaves_the_last_one(days: tuple[Home, Path], tmp_path: Path) -> None:
    home, file = days
    chance = random.Random()
    at = 1
    while killed(at, lambda: back_up(home, file, "2026-03-02T00:00:00Z")):
        restore(new := Home(tmp_path / f"new{at}"), file, NOW)
        assert reports(new) in (1, 2)
        at += 1
    assert at > 4
    for _ in range(6):
        with subprocess.Popen([PROGRAM, "--home", home.path, "backup", file]) as process:
            time.sleep(chance.uniform(0.3, 1.0))
            process.kill()
        restore(new := Home(tmp_path / "new"), file, NOW, replace=True)
    sound(new)
    back_up(home, file, NOW)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".partial")]
