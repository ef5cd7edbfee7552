"""The record replicated by Litestream, as deploy/litestream.yml has it, while it is written: what is restored elsewhere is what
was there, whoever was killed; and nothing of ours is disturbed by it, nor disturbs it."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from monitor.backup import back_up
from monitor.home import Home
from monitor.notes.file import NotesFile
from monitor.restore import restore
from monitor.service.facts import pending_log
from monitor.service.matters import LOG_BYTES
from monitor.store import Store, StoreError

ROOT = Path(__file__).parents[2]
PROGRAM = shutil.which("litestream") or shutil.which("litestream", path=str(Path(sys.executable).parent)) or ""
NOW = "2026-03-01T00:00:00Z"
PATIENCE = 60.0

pytestmark = pytest.mark.skipif(not PROGRAM, reason="no Litestream for this machine")

WRITER = """
import sys
from pathlib import Path
from monitor.store import Store
with Store.open(Path(sys.argv[1])) as store:
    number = 0
    while True:
        number += 1
        with store.transaction():
            for name in ("written", "written_too"):
                store.run("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", (name, str(number)))
            store.run("INSERT INTO notes (name, value) VALUES (?, hex(randomblob(2000)))", (f"n{number}",))
        print(number, flush=True)
"""


class Litestream:
    """The program, with the configuration that we ship, on a home."""

    def __init__(self, home: Path, folder: Path) -> None:
        told = (ROOT / "deploy" / "litestream.yml").read_text(encoding="utf-8")
        told = told.replace("/var/lib/nianbao", str(home)).replace("/mnt/replica", str(folder / "replica"))
        settings = yaml.safe_load(told)
        for one in settings["dbs"]:
            one["monitor-interval"] = one["replica"]["sync-interval"] = "50ms"
        self.config = folder / "litestream.yml"
        self.config.write_text(yaml.safe_dump(settings), encoding="utf-8")
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._copies = 0

    def start(self) -> None:
        with (self.folder / "litestream.log").open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "replicate", "-config", str(self.config)], stdout=log, stderr=log, start_new_session=True
            )

    def begin_anew(self) -> None:
        """With a snapshot, as the unit that we ship: what a killed process wrote to the log may never have happened."""
        command = [PROGRAM, "replicate", "-once", "-force-snapshot", "-config", str(self.config)]
        with (self.folder / "litestream.log").open("ab") as log:
            subprocess.run(command, stdout=log, stderr=log, timeout=PATIENCE)
        self.start()

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """As systemd would."""
        assert self._process is not None
        self._process.terminate()
        assert self._process.wait(PATIENCE) == 0, self.log
        self._process = None

    def restored(self, database: Path, *, damaged: bool = False) -> Path | None:
        """The database as the replica has it now, checked by Litestream; None: it has nothing yet, or, where that may be,
        something damaged."""
        self._copies += 1
        copy = self.folder / f"copy{self._copies}" / database.name
        copy.parent.mkdir()
        command = [
            *(PROGRAM, "restore", "-config", str(self.config), "-integrity-check", "full"),
            *("-if-replica-exists", "-o", str(copy), str(database)),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        if damaged and done.returncode and "malformed" in done.stderr:
            return None
        assert done.returncode == 0, done.stderr
        return copy if copy.exists() else None

    @property
    def log(self) -> str:
        return (self.folder / "litestream.log").read_text(encoding="utf-8")


@pytest.fixture
def litestream(tmp_path: Path) -> Iterator[Callable[[Path], Litestream]]:
    started: list[Litestream] = []

    def make(home: Path) -> Litestream:
        (tmp_path / "elsewhere").mkdir()
        started.append(Litestream(home, tmp_path / "elsewhere"))
        return started[-1]

    yield make
    for one in started:
        one.kill()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    with made.writing():
        pass
    return made


def contents(database: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        return [line for line in conn.iterdump() if "_litestream_seq" not in line]


def wait_for_the_same(litestream: Litestream, database: Path, *, damaged: bool = False) -> Path:
    """Until the replica has all of it; what is restored then. `damaged`: it may not be sound until then."""
    end = time.monotonic() + PATIENCE
    while True:
        copy = litestream.restored(database, damaged=damaged)
        if copy is not None and contents(copy) == contents(database):
            return copy
        assert time.monotonic() < end, litestream.log
        time.sleep(0.1)


def numbers(database: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(database)) as conn:
        return [value for (value,) in conn.execute("SELECT value FROM notes WHERE name LIKE 'written%'")]


@contextlib.contextmanager
def writing(database: Path) -> Iterator[Callable[[int], int]]:
    """A process that commits as fast as it can, and is killed in the end. Gives: wait for that many commits; how many there were."""
    command = [sys.executable, "-c", WRITER, str(database)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ)
    assert process.stdout is not None

    def wait(more: int) -> int:
        for _ in range(more - 1):
            process.stdout.readline()
        return int(process.stdout.readline())

    try:
        yield wait
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_nothing_is_lost_whoever_is_killed(home, litestream) -> None:
    replicator = litestream(home.path)
    replicator.start()
    with writing(home.database) as committed:
        committed(50)
        replicator.kill()
        committed(400)
        replicator.start()
        last = committed(400)
        copy = replicator.restored(home.database)  # of some moment: whole, and never half of a transaction
        if copy is not None:
            assert len(set(numbers(copy))) <= 1
    # Now the writer was killed, maybe between writing to the log and saying so: SQLite forgets that commit, Litestream does not.
    replicator.stop()
    replicator.begin_anew()
    copy = wait_for_the_same(replicator, home.database, damaged=True)
    first, second = numbers(copy)
    assert first == second
    assert int(first) >= last
    with Store.open_reader(copy) as store:  # as `nianbao web` and `nianbao reports` would on another machine
        assert store.rows("SELECT count(*) AS n FROM portals") == [{"n": 0}]


def test_it_stands_beside_what_we_do_with_the_record(home, litestream, tmp_path) -> None:
    replicator = litestream(home.path)
    with home.writing() as store:
        store.run("INSERT INTO notes (name, value) VALUES ('a', 'backed up')")
        replicator.start()
        wait_for_the_same(replicator, home.database)
        for number in range(12):  # some 8 MB of log, unless somebody carries it over
            with store.transaction():
                store.run("INSERT INTO notes (name, value) VALUES (?, hex(randomblob(350000)))", (f"b{number}",))
            assert pending_log(store) < LOG_BYTES
        store.tidy()  # whether or not Litestream reads at that moment
        NotesFile(home.path / "notes.db").write(
            lambda notes: notes.execute("INSERT INTO seen_until VALUES ('王芳', ?)", (NOW,))
        )
        back_up(home, tmp_path / "backup.tar", NOW)
        store.run("UPDATE notes SET value = 'later' WHERE name = 'a'")
    # The service has ended; Litestream has not: the record cannot be exchanged below it.
    with pytest.raises(StoreError, match="somebody is reading the record; end that program"):
        restore(home, tmp_path / "backup.tar", NOW, replace=True)
    replicator.stop()
    restore(home, tmp_path / "backup.tar", NOW, replace=True)
    # It sees that this is another record than the one it knew, and follows it.
    replicator.start()
    with home.writing() as store:
        store.run("INSERT INTO notes (name, value) VALUES ('c', 'after the restore')")
        copy = wait_for_the_same(replicator, home.database)
    with Store.open_reader(copy) as found:
        said = {
            row["name"]: row["value"] for row in found.rows("SELECT name, value FROM notes WHERE length(value) < 50")
        }
    assert (said["a"], said["c"]) == ("backed up", "after the restore")
    wait_for_the_same(replicator, home.path / "notes.db")
