"""The record as the pages read it: beside a writer, one connection a thread, never for writing.

The record's file may be exchanged while the pages are served (`nianbao restore`): a connection whose file is no longer the
one at that place is closed, and the next question opens the new one.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, TypeVar

from datasette.app import Datasette
from datasette.database import Database, QueryInterrupted, Results
from datasette.utils import sqlite_timelimit

from monitor.sqlite import sqlite3
from monitor.store import Store, StoreError, is_behind, read_only

T = TypeVar("T")

NAME = "nianbao"
"""Of the database, in Datasette's addresses."""
_PRAGMAS = frozenset(
    {
        "schema_version",
        "table_list",
        "table_info",
        "table_xinfo",
        "index_list",
        "index_info",
        "index_xinfo",
        "foreign_key_list",
    }
)
"""`database_list` is none of them: it tells where the file lies."""
_TABLES = (
    "json_each('[]')",
    "json_tree('[]')",
    *(f"pragma_{name}" for name in sorted(_PRAGMAS - {"schema_version"})),
)
_FORBIDDEN = frozenset(
    {"load_extension", "fts3_tokenizer", "fts5", "writefile", "readfile", "edit", "sqlite_log", "json_patch"}
)
"""The last takes the square of its input's length, in one step that no time limit ends."""
_LONGEST = 4_000_000
"""Bytes of a value that a query may read or make."""
_RESULT = 32_000_000
"""Bytes of all that a query may give at once."""
_COLUMNS, _PATTERN, _WORDS, _TRIMMED = 600, 300, 1000, 100
"""The most columns of a result, bytes of a LIKE pattern, characters that are searched for and that are trimmed."""
QUESTIONS = 16
"""That are asked and wait at the same time: four threads answer each within two seconds, so nobody waits longer than ten."""
HEAP = 400_000_000
"""Bytes that SQLite may take in this process, all questions together: a statement that unfolds without bound fails."""
_PAGE_THREADS = 4
"""Own pages have threads of their own: they do not wait for what staff ask in SQL."""
_pages = ThreadPoolExecutor(_PAGE_THREADS, "pages")


class NoRecord(StoreError):
    """There is no record yet, or not in the form of this release; the message says what to do."""

    def __init__(self, message: str, why: Literal["missing", "behind", "broken"] = "missing") -> None:
        super().__init__(message)
        self.why = why


class TooBusy(Exception):
    """So many questions in SQL wait already that one more would only wait in vain."""


class TooMuch(Exception):
    """What a query gives is larger than anybody can read."""


def connect(path: Path) -> sqlite3.Connection:
    """For reading. Raises NoRecord."""
    if not path.exists() or path.stat().st_size == 0:
        raise NoRecord("there is no record yet; run `nianbao crawl` first")
    try:
        conn = read_only(path)
        if is_behind(conn):
            conn.close()
            raise NoRecord(
                "the record is of an earlier release; the next `nianbao crawl` or `nianbao serve` brings it up to date",
                "behind",
            )
        conn.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        raise NoRecord(f"the record cannot be read: {error}; `nianbao doctor` says more", "broken") from error
    return conn


def confine(conn: sqlite3.Connection) -> None:
    """What staff ask in SQL can read, and nothing else: no other file, no setting, no value beyond bounds, and no function that
    a time limit cannot end."""
    conn.execute(f"PRAGMA hard_heap_limit = {HEAP}")  # of the process: what serves the pages serves nothing else
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    conn.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, min(_COLUMNS, conn.getlimit(sqlite3.SQLITE_LIMIT_COLUMN)))
    conn.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _PATTERN)
    conn.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    conn.setlimit(sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0)
    for name, number, function in (
        ("instr", 2, _instr),
        ("replace", 3, _replace),
        ("trim", 2, lambda text, what: _stripped(str.strip, text, what)),
        ("ltrim", 2, lambda text, what: _stripped(str.lstrip, text, what)),
        ("rtrim", 2, lambda text, what: _stripped(str.rstrip, text, what)),
    ):
        conn.create_function(name, number, function, deterministic=True)
    for table in _TABLES:  # made when they are first asked for, which looks like a change of the schema
        conn.execute(f"SELECT 1 FROM {table} LIMIT 0").close()  # noqa: S608
    conn.set_authorizer(_may)


def _instr(text: Any, part: Any) -> int | None:
    """SQLite's own takes the product of both lengths."""
    if text is None or part is None:
        return None
    if isinstance(text, bytes) and isinstance(part, bytes):
        return text.find(_short(part, _WORDS)) + 1
    found: int = _words(text).find(_short(_words(part), _WORDS))
    return found + 1


def _replace(text: Any, old: Any, new: Any) -> str | None:
    if text is None or old is None or new is None:
        return None
    whole, part, instead = _words(text), _short(_words(old), _WORDS), _words(new)
    if not part:
        return whole
    if len(whole) + whole.count(part) * (len(instead) - len(part)) > _LONGEST:
        raise TooMuch
    return whole.replace(part, instead)


def _stripped(strip: Callable[[str, str], str], text: Any, what: Any) -> str | None:
    return None if text is None or what is None else strip(_words(text), _short(_words(what), _TRIMMED))


def _short(value: Any, most: int) -> Any:
    if len(value) > most:
        raise TooMuch
    return value


def _words(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _may(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
    match action:
        case sqlite3.SQLITE_SELECT | sqlite3.SQLITE_READ | sqlite3.SQLITE_RECURSIVE | sqlite3.SQLITE_TRANSACTION:
            return sqlite3.SQLITE_OK
        case sqlite3.SQLITE_FUNCTION if (second or "").lower() not in _FORBIDDEN:
            return sqlite3.SQLITE_OK
        case sqlite3.SQLITE_PRAGMA if (first or "").lower() in _PRAGMAS:
            return sqlite3.SQLITE_OK
        case sqlite3.SQLITE_UPDATE if first == "sqlite_master":
            return sqlite3.SQLITE_OK  # asked when json_each is first used; SQLite itself lets nobody change that table
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
        self._asked = 0

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """Raises NoRecord; ValueError if asked for writing."""
        if write:
            raise ValueError("the record is only read")
        return connect(self._files.path)

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """What `fn` says of a connection that can only read. Raises what it raises, NoRecord, and TooBusy."""
        if self._asked >= QUESTIONS:
            raise TooBusy

        def prepare(conn: sqlite3.Connection) -> None:
            self.ds._prepare_connection(conn, self.name)
            confine(conn)

        def in_thread() -> T:
            return fn(self._files.connection("sql", prepare))

        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.ds.executor, in_thread)
        finally:
            self._asked -= 1

    async def execute(
        self,
        sql: str,
        params: Any = None,
        truncate: bool = False,
        custom_time_limit: int | None = None,
        page_size: int | None = None,
        log_sql_errors: bool = True,
    ) -> Results:
        """As Datasette's own, but that a result is bounded in bytes too, and that no statement goes to the log. Raises
        QueryInterrupted, TooMuch, sqlite3.Error, NoRecord."""
        limit_ms = min(custom_time_limit or self.ds.sql_time_limit_ms, self.ds.sql_time_limit_ms)
        most = self.ds.max_returned_rows
        if most == (page_size or self.ds.page_size):
            most += 1

        def ask(conn: sqlite3.Connection) -> Results:
            with sqlite_timelimit(conn, limit_ms):
                try:
                    cursor = conn.execute(sql, params if params is not None else {})
                    rows = _bounded(cursor, most + 1 if most and truncate else None)
                except sqlite3.DatabaseError as error:
                    if error.args == ("interrupted",):
                        raise QueryInterrupted(error, sql, params) from None
                    raise
            truncated = bool(truncate and most and len(rows) > most)
            return Results(rows[:most] if truncated else rows, truncated, cursor.description)

        return await self.execute_fn(ask)

    async def attached_databases(self) -> list[Any]:
        """None ever is."""
        return []


def _bounded(cursor: sqlite3.Cursor, most: int | None) -> list[Any]:
    """The rows, as many as asked for. Raises TooMuch."""
    rows: list[Any] = []
    room = _RESULT
    while (most is None or len(rows) < most) and (row := cursor.fetchone()) is not None:
        room -= 100 + sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)
        if room < 0:
            cursor.close()
            raise TooMuch
        rows.append(row)
    return rows


async def read(datasette: Datasette, files: Files, work: Callable[[Store], T], limit_ms: int) -> T:
    """What `work` says of the record as it is at one moment, in a thread. Raises what it raises, NoRecord, and
    sqlite3.OperationalError ("interrupted") if it takes longer."""

    def in_thread() -> T:
        with files.snapshot() as store, sqlite_timelimit(store.conn, limit_ms):
            return work(store)

    return await asyncio.get_running_loop().run_in_executor(_pages, in_thread)
