"""HOME/search.db: what stands in which version. Derived from the record, never written by a pass, and disposable: delete it,
and it is made again.

Versions are only ever added to the record, with rising ids: the index follows by id, each batch and how far it got in one
transaction, so that it goes on after any end. It is made anew if it is of another form, is damaged, or if the last version
that it has is not the record's (a backup was restored). Whatever a report is called, or whose it is, is asked of the record.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from monitor.search import tokens
from monitor.search.tokens import indexed
from monitor.sqlite import sqlite3
from monitor.store import Store, StoreError, is_behind, read_only

log = logging.getLogger(__name__)

FORM = 200 + tokens.REVISION
"""What `PRAGMA user_version` says of an index that can be used."""
_SCHEMA = """
CREATE VIRTUAL TABLE words USING fts5(title, organ, text, attachments, content='', tokenize="ascii tokenchars '.'");
CREATE VIRTUAL TABLE titles USING fts5(title, organ, content='', tokenize="ascii tokenchars '.'");
CREATE TABLE documents (version INTEGER PRIMARY KEY, report INTEGER NOT NULL) STRICT;
CREATE INDEX documents_by_report ON documents (report, version);
CREATE TABLE reached (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), version INTEGER NOT NULL, identity TEXT NOT NULL) STRICT;
INSERT INTO reached VALUES (1, 0, '');
"""
_LACKING = tuple(
    f"{trouble}: {table}"
    for trouble in ("no such table", "vtable constructor failed")
    for table in ("words", "titles", "documents", "reached")
)
_INSERT = "INSERT INTO words (rowid, title, organ, text, attachments) VALUES (?, ?, ?, ?, ?)"
_TOGETHER = 25
"""Versions that are read at once: some hundred kilobytes."""
_COMMIT_SECONDS = 1.5
_REST_SECONDS = 5.0
"""Between two looks for new versions."""
_TROUBLE_SECONDS = 60.0

Told = Callable[[int, int], None]
"""Hears how far the index is: the last version in it, and the record's last."""


class Progress(msgspec.Struct, frozen=True):
    """How far the index is."""

    done: int
    total: int
    """Ids of versions: the last in the index, the record's last."""

    @property
    def complete(self) -> bool:
        return self.done >= self.total

    @property
    def percent(self) -> int:
        """Rounded down: 100 is all."""
        return 100 if self.complete else 100 * self.done // self.total


class State(msgspec.Struct, frozen=True):
    """What an indexer is at."""

    progress: Progress
    running: bool
    problem: str = ""
    """Why it does not get on: one line."""


def path_of(home: Path) -> Path:
    return home / "search.db"


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}-damaged")


def condemn(path: Path) -> None:
    """Says of an index that it is damaged: whoever writes it next makes it anew."""
    with contextlib.suppress(OSError):
        _mark(path).touch()


def is_damage(error: sqlite3.Error) -> bool:
    """Whether it is the file's fault, and not that of the moment (locked, interrupted, disk full)."""
    return isinstance(error, sqlite3.DatabaseError) and any(
        words in str(error) for words in ("malformed", "not a database", *_LACKING)
    )


@contextlib.contextmanager
def _of_the_record() -> Iterator[None]:
    """Trouble with the record is no trouble of the index."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"the record cannot be read: {error}; `nianbao doctor` says more") from error


def identity(store: Store, version: int) -> str:
    """What tells a version from one that bears its number in another record; empty: there is none."""
    row = store.row(
        "SELECT report, seq, captured_at, content_hash, body_hash, previous_hash FROM versions WHERE id = ?", (version,)
    )
    return hashlib.sha256(msgspec.json.encode(row)).hexdigest() if row else ""


def last_version(store: Store) -> int:
    """The record's last; 0: it has none."""
    return int(store.values("SELECT coalesce(max(id), 0) FROM versions")[0][0])


def progress(conn: sqlite3.Connection, store: Store) -> Progress:
    """Of an index that is of this record; of any other, none is done. Raises sqlite3.Error."""
    version, known = conn.execute("SELECT version, identity FROM reached").fetchone()
    own = not version or identity(store, version) == known
    return Progress(version if own else 0, max(last_version(store), 0 if own else 1))


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Whether this is the one that writes to the index now. Raises OSError."""
    handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _open(path: Path) -> sqlite3.Connection:
    """For writing; made if it is missing, made anew if it is of no use. Raises sqlite3.Error, OSError."""
    if path.exists() and not _mark(path).exists():
        conn = _connect(path)
        try:
            if conn.execute("PRAGMA user_version").fetchone()[0] == FORM:
                conn.execute("SELECT version FROM reached").fetchone()
                return conn
        except sqlite3.Error as error:
            if not is_damage(error):
                conn.close()
                raise
        conn.close()
    return _anew(path)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)


def _anew(path: Path) -> sqlite3.Connection:
    """The file first, then what belongs to it: nobody finds an old log beside a new file. Raises sqlite3.Error, OSError."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    conn = _connect(path)
    try:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {FORM}; COMMIT;")
    except BaseException:
        conn.close()
        raise
    _mark(path).unlink(missing_ok=True)
    return conn


class Indexer:
    """Keeps an index up to the record. One at a time writes, whatever the number of processes; the others leave it to it."""

    def __init__(self, home: Path) -> None:
        self.record = home / "nianbao.db"
        self.path = path_of(home)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._state = State(Progress(0, 0), running=False)

    # In the background ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins to follow the record, in a thread that takes no more than half of one processor."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._follow, name="search-index", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends within some seconds; what is done stays done."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(20)
            self._thread = None

    def wake(self) -> None:
        """There may be something new, or something wrong with the index: looks at once."""
        self._wake.set()

    def state(self) -> State:
        return self._state

    def _follow(self) -> None:
        while not self._stop.is_set():
            problem = ""
            try:
                self._round()
            except Exception as error:  # the pages go on without
                problem = f"{type(error).__name__}: {error}"
                if problem != self._state.problem:
                    log.warning("the search index is not brought up to date: %s", problem)
            self._state = State(self._state.progress, running=False, problem=problem)
            self._wake.wait(_TROUBLE_SECONDS if problem else _REST_SECONDS)
            self._wake.clear()

    def _round(self) -> None:
        if not self.record.exists() or self.record.stat().st_size == 0:
            return
        conn = read_only(self.record)
        try:
            if not is_behind(conn):  # else its next writer brings it up to date first
                self.update(Store(conn), gently=True)
        finally:
            conn.close()

    # Now --------------------------------------------------------------------------------------------------------

    def update(self, store: Store, told: Told = lambda done, total: None, *, gently: bool = False) -> bool:
        """Brings the index up to a record. False: another process is at it, or `stop` was called. `gently`: rests as long as it
        works. Raises sqlite3.Error, OSError, StoreError."""
        with _alone(self.path) as alone:
            if not alone:
                return False
            for last_try in (False, True):
                try:
                    return self._update(store, told, gently)
                except sqlite3.Error as error:
                    if last_try or not is_damage(error):
                        raise
                    log.warning("the search index is damaged (%s) and made anew", error)
                    condemn(self.path)
        return False  # pragma: no cover

    def _update(self, store: Store, told: Told, gently: bool) -> bool:
        conn = _open(self.path)
        try:
            done, known = conn.execute("SELECT version, identity FROM reached").fetchone()
            with _of_the_record():
                same = not done or identity(store, done) == known
            if not same:
                log.info("the record is another one than the search index was made from: it is made anew")
                conn.close()
                conn = _anew(self.path)
                done = 0
            conn.execute("PRAGMA synchronous = NORMAL")
            conn.execute("PRAGMA cache_size = -32000")
            conn.execute("INSERT INTO words (words, rank) VALUES ('hashsize', 16777216)")
            return self._advance(conn, store, done, told, gently)
        finally:
            conn.close()

    def _advance(self, conn: sqlite3.Connection, store: Store, done: int, told: Told, gently: bool) -> bool:
        with _of_the_record():
            total = last_version(store)
        told(done, total)
        while done < total:
            began = time.monotonic()
            conn.execute("BEGIN IMMEDIATE")
            try:
                while done < total and time.monotonic() - began < _COMMIT_SECONDS and not self._stop.is_set():
                    round_began = time.monotonic()
                    done = _add(conn, store, done)
                    if gently:
                        self._stop.wait(min(1.0, time.monotonic() - round_began))
                with _of_the_record():
                    reached = (done, identity(store, done))
                conn.execute("UPDATE reached SET version = ?, identity = ?", reached)
                conn.execute("COMMIT")
            except BaseException:
                if conn.in_transaction:
                    conn.execute("ROLLBACK")
                raise
            with _of_the_record():
                total = max(total, last_version(store))
            self._state = State(Progress(done, total), running=done < total)
            told(done, total)
            if self._stop.is_set():
                return done >= total
        self._state = State(Progress(done, total), running=False)
        return True


def _add(conn: sqlite3.Connection, store: Store, after: int) -> int:
    """Some versions after one; the last of them."""
    with _of_the_record():
        rows = store.values(
            "SELECT id, report, title, organ, text FROM versions WHERE id > ? ORDER BY id LIMIT ?", (after, _TOGETHER)
        )
        documents = store.values(
            "SELECT version, name, text FROM attachments WHERE version > ? AND version <= ? ORDER BY id",
            (after, rows[-1][0]),
        )
    beside: dict[int, list[str]] = {}
    for version, name, text in documents:
        beside.setdefault(version, []).append(f"{name}\n{text}")
    conn.executemany("INSERT INTO documents (version, report) VALUES (?, ?)", [row[:2] for row in rows])
    for version, _, title, organ, text in rows:
        attached = "\n".join(beside.get(version, ()))
        values = [*map(indexed, (title, organ, text, attached))]
        conn.execute(_INSERT, (version, *values))
        conn.execute("INSERT INTO titles (rowid, title, organ) VALUES (?, ?, ?)", (version, *values[:2]))
    return int(rows[-1][0])
