"""HOME/notes.db as a file: its schema, a connection a thread, what is wrong with it in words that staff understand.

Schema changes are steps counted by `user_version`: it is one small file that only this package opens, so that a number says all
that a list of migrations would.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from monitor.notes.values import NotesError
from monitor.sqlite import sqlite3

T = TypeVar("T")

BUSY_SECONDS = 10
STEPS = (
    """
CREATE TABLE actions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('seen', 'unseen', 'seen_until', 'assigned', 'unassigned', 'settled', 'reopened',
        'commented', 'edited', 'removed', 'proposed', 'accepted', 'declined', 'withdrawn')),
    key TEXT,                       -- events.key; null: of no single event
    event INTEGER,                  -- events.id, as it was then
    about INTEGER,                  -- the comment or proposal
    text TEXT NOT NULL DEFAULT '',  -- the comment, reason or word as it was written; whom; until when
    once TEXT UNIQUE                -- a form is taken once, however often it is sent
) STRICT;
CREATE INDEX actions_by_key ON actions (key, id);
CREATE TRIGGER actions_stay BEFORE DELETE ON actions BEGIN SELECT RAISE(ABORT, 'what was done stays'); END;
CREATE TRIGGER actions_stand BEFORE UPDATE ON actions BEGIN SELECT RAISE(ABORT, 'what was done stands'); END;
CREATE TABLE seen (
    who TEXT NOT NULL, key TEXT NOT NULL, event INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (who, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_by_key ON seen (key, at);
CREATE TABLE seen_until (who TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT;
CREATE TABLE assigned (
    key TEXT PRIMARY KEY, event INTEGER NOT NULL, whom TEXT NOT NULL, by TEXT NOT NULL, at TEXT NOT NULL,
    settled_at TEXT, settled_by TEXT
) STRICT;
CREATE INDEX assigned_open ON assigned (whom, at) WHERE settled_at IS NULL;
CREATE TABLE comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL, event INTEGER NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL, text TEXT NOT NULL,
    edited_at TEXT, removed_at TEXT, removed_by TEXT
) STRICT;
CREATE INDEX comments_by_key ON comments (key, id);
CREATE TABLE proposals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL, event INTEGER NOT NULL, report INTEGER, who TEXT NOT NULL, at TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('retract', 'correct')),
    why TEXT NOT NULL, organ TEXT NOT NULL DEFAULT '', year INTEGER,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'declined', 'withdrawn')),
    decided_at TEXT, decided_by TEXT, word TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX proposals_by_key ON proposals (key, id);
CREATE INDEX proposals_by_state ON proposals (state, id);
""",
)
_LATEST = len(STEPS)


class NotesFile:
    """The file. Each reading and each writing is one transaction, from whatever thread or process. Raise NotesError."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened or made before it is needed."""
        self._path = path
        self._kept = threading.local()

    def read(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """What `work` says of the notes as they are at one moment; `otherwise` where nobody has written any."""
        with _told(self._path):
            conn = self._connection(make=False)
            if conn is None:
                return otherwise
            conn.execute("BEGIN")
            try:
                return work(conn)
            finally:
                conn.execute("ROLLBACK")

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """All of it or none."""
        with _told(self._path):
            conn = self._connection(make=True)
            assert conn is not None
            conn.execute("BEGIN IMMEDIATE")
            try:
                done = work(conn)
                conn.execute("COMMIT")
            except BaseException:
                if conn.in_transaction:
                    conn.execute("ROLLBACK")
                raise
            return done

    def _connection(self, make: bool) -> sqlite3.Connection | None:
        """This thread's. None: there is no file yet, and none is to be made. Raises NotesError, sqlite3.Error, OSError."""
        kept: tuple[tuple[int, int], sqlite3.Connection] | None = getattr(self._kept, "conn", None)
        if kept is not None:
            with contextlib.suppress(OSError):
                if _identity(self._path) == kept[0]:
                    return kept[1]
            self._kept.conn = None
            kept[1].close()
        if not make and not self._path.exists():
            return None
        if make:
            with contextlib.suppress(FileExistsError):  # what colleagues write is for colleagues
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        conn = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _prepare(conn)
        except BaseException:
            conn.close()
            raise
        self._kept.conn = (_identity(self._path), conn)
        return conn


def rows(
    conn: sqlite3.Connection, form: type[T], rest: str, parameters: Sequence[object], but: Sequence[str] = ()
) -> list[T]:
    """Rows as values, by the names of their fields."""
    fields: tuple[str, ...] = form.__struct_fields__  # type: ignore[attr-defined]
    names = [name for name in fields if name not in but]
    sql = f"SELECT {', '.join(names)} FROM {rest}"  # noqa: S608
    return [form(**dict(zip(names, row, strict=True))) for row in conn.execute(sql, parameters)]


def _prepare(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA trusted_schema = OFF")
    version = conn.execute("PRAGMA user_version").fetchone()[0]
    if version > _LATEST:
        raise NotesError("批注由更新版本的 nianbao 写成，这个版本不能读写；请升级。")
    if version == _LATEST:
        return
    conn.execute("BEGIN IMMEDIATE")  # who opens it at the same time waits, and finds it done
    try:
        for step in STEPS[conn.execute("PRAGMA user_version").fetchone()[0] :]:
            for statement in _statements(step):
                conn.execute(statement)
        conn.execute(f"PRAGMA user_version = {_LATEST}")
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    """One by one: `executescript` would commit first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """What is wrong with the file, in words that staff understand. Raises NotesError."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise NotesError("批注正被占用，没有写入；请稍后再试。") from error
        raise NotesError("批注现在不能读写；请告知管理员检查磁盘和目录权限。") from error
    except sqlite3.DatabaseError as error:
        raise NotesError(
            f"批注文件 {path.name} 已损坏，不能读写；请告知管理员从备份恢复它，或移走后重新开始。"
        ) from error
    except OSError as error:
        raise NotesError("批注现在不能写入；请告知管理员检查磁盘和目录权限。") from error


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
