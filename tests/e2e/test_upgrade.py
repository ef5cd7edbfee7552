"""A record of an earlier release is brought to today's schema whole, whatever interrupts that: kills, a full disk, two at once."""

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.utils import sqlite3 as used_sqlite  # type: ignore[attr-defined]

from monitor.migrations import migrations
from monitor.store import Store, StoreError

RELEASES = ("m002_detection", "m003_figures", "m004_service")
"""The migration that the record of each earlier release lacks first."""


def old_record(path: Path, lacks: str, reports: int) -> None:
    """A record as an earlier release left it, with something in every table that a migration touches."""
    db = Database(path)
    db.execute("PRAGMA journal_mode = WAL")
    migrations.apply(db, stop_before=lacks)
    run = db.conn.execute
    run("BEGIN")
    run("INSERT INTO portals (name, title, family, empty_passes) VALUES ('linhai', '临海市人民政府', 'generic', 2)")
    run(
        "INSERT INTO crawls (portal, mode, started_at, outcome) VALUES ('linhai', 'full', '2026-01-01T00:00:00Z', 'ok')"
    )
    run("INSERT INTO organs (portal, name, kind) VALUES ('linhai', '临海市人民政府', 'government')")
    run("INSERT INTO sections (portal, url) VALUES ('linhai', 'https://www.linhai.gov.cn/a/')")
    columns = {row[1]: "x" for row in run("PRAGMA table_info(versions)") if row[2] == "TEXT" and row[3]}
    for number in range(1, reports + 1):
        run(
            "INSERT INTO reports (portal, organ_id, organ, year, variant, title, url, first_seen_at, last_seen_at, "
            "last_verified_at) VALUES ('linhai', 1, '临海市人民政府', ?, ?, '年报', ?, 't', 't', 't')",
            (2000 + number % 20, number // 20, f"https://www.linhai.gov.cn/{number}.html"),
        )
        values = {
            **columns,
            "report": number,
            "seq": 1,
            "crawl": 1,
            "http_status": 200,
            "significance": "first",
            "text": f"正文 {number}",
        }
        marks = ", ".join("?" * len(values))
        run(f"INSERT INTO versions ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))
        run("UPDATE reports SET current_version = ? WHERE id = ?", (number, number))
        for field in range(8):
            run(
                "INSERT INTO figures (version, field, value, raw, source) VALUES (?, ?, ?, ?, 'html')",
                (number, f"requests.new.{field}", number * field, str(number * field)),
            )
    run("INSERT INTO findings (version, crawl, rule, severity, detail) VALUES (1, 1, 'late', 'info', '迟')")
    run(
        "INSERT INTO events (key, kind, portal, report, title, url, detected_at, crawl, to_version, summary, detail) "
        "VALUES ('k', 'appeared', 'linhai', 1, 't', 'u', 't', 1, 1, 's', '{}')"
    )
    run(
        "INSERT INTO deliveries (event, channel, state, attempts, next_attempt_at) VALUES (1, 'office', 'sent', 1, 't')"
    )
    run("COMMIT")
    db.close()


def contents(path: Path) -> list[str]:
    with sqlite3.connect(path) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        told = [line for line in conn.iterdump() if "_sqlite_migrations" not in line]
        told += map(str, conn.execute("SELECT name FROM _sqlite_migrations ORDER BY id"))
    conn.close()
    return told


@pytest.fixture(params=RELEASES)
def record(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[str]]:
    """An old record, and what it is to hold once it is brought up to date."""
    old_record(tmp_path / "old.db", request.param, 40)
    shutil.copy(tmp_path / "old.db", tmp_path / "new.db")
    Store.open(tmp_path / "new.db").close()
    return tmp_path / "old.db", contents(tmp_path / "new.db")


def in_child(work: Callable[[], object]) -> int:
    """How a child that did `work` ended."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except StoreError:
            os._exit(2)
        except BaseException as error:
            os.write(2, repr(error).encode())
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def open_until(path: Path, statement: int) -> None:
    """Opens the record and dies at its statement of that number."""
    connect, seen = used_sqlite.connect, 0

    def count(_: str) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(*arguments: object, **options: object) -> object:
        conn = connect(*arguments, **options)
        conn.set_trace_callback(count)
        return conn

    used_sqlite.connect = traced
    Store.open(path).close()


def test_a_kill_at_any_statement_loses_nothing(record: tuple[Path, list[str]], tmp_path: Path) -> None:
    old, expected = record
    statement, ends = 1, set()
    while True:
        shutil.copy(old, path := tmp_path / "a.db")
        ended = in_child(lambda path=path, statement=statement: open_until(path, statement))  # type: ignore[misc]
        ends.add(ended)
        Store.open(path).close()
        assert contents(path) == expected
        if ended == 0:
            break
        statement += 1 if statement < 40 else 5
    assert ends == {0, -signal.SIGKILL}
    assert statement > 20


def test_a_kill_at_any_time_loses_nothing(tmp_path: Path) -> None:
    old_record(old := tmp_path / "old.db", "m002_detection", 2000)
    shutil.copy(old, new := tmp_path / "new.db")
    begun = time.monotonic()
    Store.open(new).close()
    takes, expected = time.monotonic() - begun, contents(new)
    chance, killed = random.Random(), 0
    for _ in range(6):
        shutil.copy(old, path := tmp_path / "a.db")
        child = os.fork()
        if child == 0:
            Store.open(path).close()
            os._exit(0)
        time.sleep(chance.uniform(0, takes))
        os.kill(child, signal.SIGKILL)
        killed += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
        Store.open(path).close()
        assert contents(path) == expected
    assert killed


def test_a_disk_that_is_full_on_the_way_loses_nothing(record: tuple[Path, list[str]], tmp_path: Path) -> None:
    old, expected = record
    size, ends = old.stat().st_size, set()
    for room in range(0, 2 * size, size // 8):
        shutil.copy(old, path := tmp_path / "a.db")

        def fill(path: Path = path, room: int = room) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
            Store.open(path).close()

        ends.add(in_child(fill))
        Store.open(path).close()
        assert contents(path) == expected
    assert ends == {0, 2}


@pytest.mark.parametrize("record", RELEASES[:1], indirect=True)
def test_several_that_open_it_at_once_bring_it_up_to_date_once(record: tuple[Path, list[str]]) -> None:
    old, expected = record
    code = "import sys; from pathlib import Path; from monitor.store import Store; input(); Store.open(Path(sys.argv[1])).close()"
    each = [subprocess.Popen([sys.executable, "-c", code, old], stdin=subprocess.PIPE) for _ in range(3)]
    time.sleep(1.0)
    for process in each:
        process.stdin.write(b"\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    for process in each:
        process.communicate(timeout=60)
    assert [process.returncode for process in each] == [0, 0, 0]
    assert contents(old) == expected


def test_a_record_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    with Store.open(path := tmp_path / "a.db") as store:
        store.run("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('nianbao', 'm999_x', '')")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer nianbao \(m999_x\)"):
        Store.open(path)
    assert path.read_bytes() == before
