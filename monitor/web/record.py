"""The record as the pages read it: beside a writer, one connection a thread, never for writing.

The record's file may be exchanged while the pages are served (`nianbao restore`): a connection whose file is no longer the
one at that place is closed, and the next question opens the new one.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from datasette.app import Datasette
from datasette.database import Database
from datasette.utils import sqlite_timelimit

from monitor.sqlite import sqlite3
from monitor.store import Store, StoreError, is_behind, read_only

T = TypeVar("T")

NAME = "nianbao"
"""Of the database, in Datasette's addresses."""
_PRAGMAS = frozenset(
    {
        "schema_version", "database_list", "table_list", "table_info", "table_xinfo",
        "index_list", "index_info", "index_xinfo", "foreign_key_list",
    }
)  # fmt: skip
_FORBIDDEN = frozenset({"load_extension", "fts3_tokenizer", "writefile", "readfile", "edit"})
_LONGEST = 20_000_000
"""Bytes of a value that a query may make."""


class NoRecord(StoreError):
    """There is no record yet, or not in the form of this release; the message says what to do."""


def connect(path: Path) -> sqlite3.Connection:
    """For reading. Raises NoRecord."""
    if not path.exists() or path.stat().st_size == 0:
        raise NoRecord("there is no record yet; run `nianbao crawl` first")
    try:
        conn = read_only(path)
        if is_behind(conn):
            conn.close()
            raise NoRecord(
                "the record is of an earlier release; the next `nianbao crawl` or `nianbao serve` brings it up to date"
            )
        conn.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        raise NoRecord(f"the record cannot be read: {error}; `nianbao doctor` says more") from error
    return conn


def confine(conn: sqlite3.Connection) -> None:
    """What staff ask in SQL can read, and nothing else: no other file, no setting, no value beyond bounds."""
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    conn.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000)
    conn.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    conn.set_authorizer(_may)


def _may(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
    match action:
        case sqlite3.SQLITE_SELECT | sqlite3.SQLITE_READ | sqlite3.SQLITE_RECURSIVE | sqlite3.SQLITE_TRANSACTION:
            return sqlite3.SQLITE_OK
        case sqlite3.SQLITE_FUNCTION if (second or "").lower() not in _FORBIDDEN:
            return sqlite3.SQLITE_OK
        case sqlite3.SQLITE_PRAGMA if (first or "").lower() in _PRAGMAS:
            return sqlite3.SQLITE_OK
        case _:
            return sqlite3.SQLITE_DENY


class _Kept(threading.local):
    """A thread's connection, by what it is for, and the file that it is to."""

    def __init__(self) -> None:
        self.by_use: dict[str, tuple[tuple[int, int], sqlite3.Connection]] = {}


class Files:
    """Connections to one file: one a thread and use. `prepare` is called with each new one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept = _Kept()

    def connection(self, use: str, prepare: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
        """Raises NoRecord."""
        found = self._kept.by_use.get(use)
        if found is not None:
            with contextlib.suppress(OSError):
                if _identity(self.path) == found[0]:
                    return found[1]
            del self._kept.by_use[use]
            found[1].close()
        conn = connect(self.path)
        prepare(conn)
        self._kept.by_use[use] = (_identity(self.path), conn)
        return conn

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Store]:
        """The record as it is at one moment. Raises NoRecord."""
        conn = self.connection("pages", lambda _: None)
        conn.execute("BEGIN")
        try:
            yield Store(conn)
        finally:
            conn.rollback()


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


class Record(Database):  # type: ignore[misc]  # Datasette has no types
    """The record as Datasette's own pages and what staff ask in SQL see it."""

    def __init__(self, datasette: Datasette, path: Path) -> None:
        super().__init__(datasette, path=str(path), is_mutable=True)
        self._files = Files(path)

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """Raises NoRecord; ValueError if asked for writing."""
        if write:
            raise ValueError("the record is only read")
        return connect(self._files.path)

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """What `fn` says of a connection that can only read. Raises what it raises, and NoRecord."""

        def prepare(conn: sqlite3.Connection) -> None:
            self.ds._prepare_connection(conn, self.name)
            confine(conn)

        def in_thread() -> T:
            return fn(self._files.connection("sql", prepare))

        return await _threaded(self.ds, in_thread)


async def _threaded(datasette: Datasette, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(datasette.executor, work)


async def read(datasette: Datasette, files: Files, work: Callable[[Store], T], limit_ms: int) -> T:
    """What `work` says of the record as it is at one moment, in a thread. Raises what it raises, NoRecord, and
    sqlite3.OperationalError ("interrupted") if it takes longer."""

    def in_thread() -> T:
        with files.snapshot() as store, sqlite_timelimit(store.conn, limit_ms):
            return work(store)

    return await _threaded(datasette, in_thread)
