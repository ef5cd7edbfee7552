"""The record: the one user of sqlite_utils, which migrates it. Opening, transactions, and the operations that several share.

A `Store` is one connection; several threads may use it, one at a time. Writers take `transaction()`, which is BEGIN
IMMEDIATE: a deferred transaction that reads before it writes fails at once when another process commits in between,
whatever the time-out. The threads of one process take turns by a lock: SQLite's time-out would leave the turn to chance.
"""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import msgspec

from crawler.observation import Mode
from crawler.portal import Portal
from monitor.identity import OrganRow, kind_of, organ_key, organ_name
from monitor.migrations import migrations
from monitor.sqlite import sqlite3

Row = dict[str, Any]
_TOGETHER = 50
"""Rows that one statement writes."""


class Fields(Protocol):
    """A row that is read by the names of its columns, and no more."""

    def __getitem__(self, key: str, /) -> Any: ...
    def keys(self) -> Iterable[str]: ...


BUSY_SECONDS = 60.0
_TIDY_SECONDS = 2.0
_turns: dict[str, threading.RLock] = {}
"""By record: whose turn it is to write, among the threads of this process."""


class StoreError(RuntimeError):
    """The record cannot be opened or used; the message says where and what would help."""


class Store:
    """One connection to nianbao.db. Rows come as dicts."""

    def __init__(self, conn: sqlite3.Connection, path: Path | None = None) -> None:
        """`path`: where the record lies; None: nobody else has it."""
        self.conn = conn
        self._turn = threading.RLock() if path is None else _turns.setdefault(str(path.resolve()), threading.RLock())

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Opens for writing; creates and migrates, killed at any instant to the old schema or to the new one. Raises
        StoreError."""
        try:
            conn = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StoreError(f"{path}: {error}; choose a folder that can be written with --home") from error
        try:
            conn.execute("PRAGMA journal_mode = WAL")
            conn.execute("PRAGMA synchronous = FULL")  # a power cut must not lose a commit that was announced
            conn.execute("PRAGMA foreign_keys = ON")
            if newer := [name for name in applied(conn) if name not in migrations.names]:
                raise StoreError(f"{path}: was written by a newer nianbao ({', '.join(newer)}); install that one")
            if is_behind(conn):
                conn.execute("BEGIN IMMEDIATE")  # who opens it at the same time waits, and finds it done
                _migrate(conn)
                conn.execute("COMMIT")
        except StoreError:
            conn.close()
            raise
        except sqlite3.Error as error:
            conn.close()
            raise StoreError(f"{path}: {error}; is it a nianbao database on a disk that can be written?") from error
        return cls(conn, path)

    @classmethod
    def open_reader(cls, path: Path) -> "Store":
        """Opens beside a writer, for reading only. A record of an earlier release, which its next pass will migrate, is read
        from a private copy that is migrated already. Raises StoreError if there is no record yet."""
        if not path.exists():
            raise StoreError(f"{path}: there is no record yet; run `nianbao crawl` first")
        try:
            conn = read_only(path)
            if is_behind(conn):
                copy = sqlite3.connect("", isolation_level=None)  # SQLite's own temporary file
                conn.backup(copy)
                conn.close()
                conn = copy
                _migrate(conn)
            conn.execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            raise StoreError(f"{path}: {error}; is it a nianbao database?") from error
        return cls(conn)

    def close(self) -> None:
        self.conn.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or none. Threads of this process that write to the same record wait for each other."""
        conn = self.conn
        with self._turn:
            conn.execute("BEGIN IMMEDIATE")
            try:
                yield
                conn.execute("COMMIT")
            except BaseException:
                if conn.in_transaction:  # also after a COMMIT that failed
                    conn.execute("ROLLBACK")
                raise

    def rows(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[Row]:
        """What a statement gives. Raises ValueError for one that gives no rows."""
        cursor = self.conn.execute(sql, dict(parameters) if isinstance(parameters, Mapping) else parameters)
        if cursor.description is None:
            raise ValueError(f"gives no rows: {sql}")
        names = [column[0] for column in cursor.description]
        if len(set(names)) < len(names):
            names = _apart(names)
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def values(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The same, without the columns' names: for what has hundreds of rows a report."""
        return self.conn.execute(sql, parameters).fetchall()

    def compact(
        self, sql: str, parameters: Sequence[object], shared: dict[Any, Any] | None = None
    ) -> Iterator["Fields"]:
        """The same one by one, in a small part of a dict's room: for what is held for each of a portal's pages. Equal values are
        one object, among all that are read with the same `shared`."""
        cursor = self.conn.cursor()
        cursor.row_factory = sqlite3.Row
        if shared is not None:
            known = shared.setdefault
            cursor.row_factory = lambda cursor, values: sqlite3.Row(cursor, tuple(map(known, values, values)))
        yield from cursor.execute(sql, parameters)

    def row(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> Row | None:
        return next(iter(self.rows(sql, parameters)), None)

    def run(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> int:
        """Executes one statement; the id of the row that an INSERT made."""
        return self.conn.execute(sql, parameters).lastrowid or 0

    def run_many(self, sql: str, parameters: Sequence[Sequence[object]]) -> None:
        self.conn.executemany(sql, parameters)

    def put_many(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Inserts rows, or puts them in the place of those with their key. Many to a statement: half the time."""
        into = f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES "  # noqa: S608
        marks = f"({', '.join('?' for _ in columns)})"
        for start in range(0, len(rows), _TOGETHER):
            some = rows[start : start + _TOGETHER]
            if len(some) == _TOGETHER:
                self.conn.execute(into + ", ".join([marks] * _TOGETHER), tuple(chain.from_iterable(some)))
            else:
                self.conn.executemany(into + marks, some)

    def insert(self, table: str, values: Mapping[str, object]) -> int:
        columns = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        return self.run(f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(values.values()))  # noqa: S608

    def update(self, table: str, key: int, values: Mapping[str, object]) -> None:
        assignments = ", ".join(f"{column} = ?" for column in values)
        self.run(f"UPDATE {table} SET {assignments} WHERE id = ?", (*values.values(), key))  # noqa: S608

    def tidy(self) -> bool:
        """Renews what the planner knows, and empties the write-ahead log; whether nobody who reads kept it from that."""
        self.run("PRAGMA analysis_limit = 1000")
        with (
            self.transaction()
        ):  # by itself it reads first and then writes: 'locked' at once where another writer is at it
            self.run("PRAGMA optimize")
        self.run(
            f"PRAGMA busy_timeout = {int(_TIDY_SECONDS * 1000)}"
        )  # writers wait as long: it can be done another day
        try:
            row = self.row("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self.run(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        return row is not None and row["busy"] == 0

    # Portals and crawls -----------------------------------------------------------------------------------------

    def sync_portal(self, portal: Portal) -> None:
        """Writes what the portal file says into the record. A renamed portal's record is carried over."""
        with self.transaction():
            if portal.formerly:
                self._rename(portal.formerly, portal.name)
            self.run(
                """INSERT INTO portals (name, title, family, region, level, organ) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET title = excluded.title, family = excluded.family,
                region = excluded.region, level = excluded.level, organ = excluded.organ""",
                (portal.name, portal.title, portal.family, portal.region, portal.level, portal.organ),
            )
            self.run("UPDATE sections SET active = 0 WHERE portal = ?", (portal.name,))
            for section in portal.sections:
                self.run(
                    "INSERT INTO sections (portal, url) VALUES (?, ?) ON CONFLICT DO UPDATE SET active = 1",
                    (portal.name, section),
                )
            self._sync_organs(portal)

    def _rename(self, old: str, new: str) -> None:
        known = {row["name"] for row in self.rows("SELECT name FROM portals WHERE name IN (?, ?)", (old, new))}
        if old not in known or new in known:
            return
        self.run("PRAGMA defer_foreign_keys = ON")
        self.run("UPDATE portals SET name = ? WHERE name = ?", (new, old))
        for table in (
            "organs",
            "crawls",
            "sections",
            "links",
            "reports",
            "pages",
            "companions",
            "events",
            "section_readings",
        ):
            self.run(f"UPDATE {table} SET portal = ? WHERE portal = ?", (new, old))  # noqa: S608

    def _sync_organs(self, portal: Portal) -> None:
        self.run("UPDATE organs SET declared = 0 WHERE portal = ?", (portal.name,))
        if not portal.organs:
            return
        known = self.organs(portal.name)
        by_name = {organ_name(name): organ for organ in known for name in (organ.name, *organ.aliases)}

        @cache
        def by_key() -> dict[str, OrganRow]:
            return {organ_key(name): organ for organ in known for name in (organ.name, *organ.aliases)} | by_name

        def seen(name: str) -> OrganRow | None:
            # From the second pass on, every name that the file declares is in the record as it is written: nothing is folded.
            exact = by_name.get(organ_name(name))
            return exact or by_key().get(organ_name(name), by_key().get(organ_key(name)))

        for declared in portal.organs:
            names = (declared.name, *declared.aliases)
            others = [organ for name in names if (organ := seen(name)) is not None]
            row = next(iter(others), None)
            kind = declared.kind or kind_of(declared.name)
            seen_names = {name for organ in others for name in (organ.name, *organ.aliases)}
            aliases = sorted((set(declared.aliases) | seen_names) - {declared.name})
            values = (declared.name, msgspec.json.encode(aliases).decode(), kind, declared.since, declared.until)
            if row is None:
                self.run(
                    """INSERT INTO organs (name, aliases, kind, since, until, declared, portal)
                    VALUES (?, ?, ?, ?, ?, 1, ?)""",
                    (*values, portal.name),
                )
            else:
                self._unite(row.id, [organ.id for organ in others])
                self.run(
                    """UPDATE organs SET name = ?, aliases = ?, kind = ?, since = ?, until = ?, declared = 1
                    WHERE id = ?""",
                    (*values, row.id),
                )

    def _unite(self, organ: int, others: Sequence[int]) -> None:
        """Gives one organ the reports of others that the operator declares to be the same: no event follows from it."""
        for other in sorted(set(others) - {organ}):
            for report in self.rows(
                "SELECT id, year, withdrawn_at FROM reports WHERE organ_id = ? ORDER BY variant, id", (other,)
            ):
                if report["withdrawn_at"]:  # no report: it keeps off every key
                    self.update("reports", report["id"], {"organ_id": organ})
                    continue
                taken = self.row(
                    "SELECT max(variant) AS variant FROM reports WHERE organ_id = ? AND year = ? AND withdrawn_at IS NULL",
                    (organ, report["year"]),
                )
                variant = 0 if taken is None or taken["variant"] is None else taken["variant"] + 1
                self.update("reports", report["id"], {"organ_id": organ, "variant": variant})
            self.run("DELETE FROM organs WHERE id = ?", (other,))

    def organs(self, portal: str) -> list[OrganRow]:
        return [
            OrganRow(
                id=row["id"],
                name=row["name"],
                aliases=tuple(msgspec.json.decode(row["aliases"], type=list[str])),
                kind=row["kind"],
                since=row["since"],
                until=row["until"],
                declared=bool(row["declared"]),
            )
            for row in self.rows("SELECT * FROM organs WHERE portal = ? ORDER BY id", (portal,))
        ]

    def start_crawl(self, portal: str, mode: Mode, now: str) -> int:
        """Gives a pass its number, before it starts: the numbers order the passes."""
        with self.transaction():
            return self.insert("crawls", {"portal": portal, "mode": mode, "started_at": now})

    def last_number(self) -> int:
        """The highest number that was given to a pass; 0: none was."""
        row = self.row("SELECT seq FROM sqlite_sequence WHERE name = 'crawls'")
        return int(row["seq"]) if row else 0

    def continue_after(self, number: int) -> None:
        """Gives no pass a number up to this one: it belongs to a pass of a record that was lost."""
        if number <= self.last_number():
            return
        with self.transaction():
            self.run("DELETE FROM sqlite_sequence WHERE name = 'crawls'")
            self.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('crawls', ?)", (number,))

    def forget_crawl(self, crawl: int) -> None:
        """Takes back the number of a pass that never began."""
        with self._turn:
            # Nothing refers to a pass before it is settled; to look for it takes seconds once there are millions of rows.
            self.run("PRAGMA foreign_keys = OFF")
            try:
                with self.transaction():
                    self.run("DELETE FROM crawls WHERE id = ? AND outcome IS NULL", (crawl,))
            finally:
                self.run("PRAGMA foreign_keys = ON")

    def unsettled(self) -> list[Row]:
        """Passes that were given a number and never settled, oldest first."""
        return self.rows("SELECT id, portal, mode, started_at FROM crawls WHERE outcome IS NULL ORDER BY id")


def _apart(names: Sequence[str]) -> list[str]:
    """Columns of one name, told apart as sqlite_utils does: `id`, `id_2`."""
    apart: list[str] = []
    for name in names:
        other, number = name, 2
        while other in apart or (other != name and other in names):
            other, number = f"{name}_{number}", number + 1
        apart.append(other)
    return apart


def applied(conn: sqlite3.Connection) -> list[str]:
    """The migrations that a record has had, in their order."""
    if (
        conn.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlite_migrations'").fetchone()
        is None
    ):
        return []
    found = conn.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid", (migrations.name,)
    )
    return [name for (name,) in found.fetchall()]


def is_behind(conn: sqlite3.Connection) -> bool:
    """Whether the record is of an earlier release: its next writer migrates it."""
    return not set(migrations.names) <= {*applied(conn)}


def _migrate(conn: sqlite3.Connection) -> None:
    from sqlite_utils import Database  # a tenth of a second to import: only where there is something to migrate

    migrations.apply(Database(conn))


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, beside a writer or on a disk that cannot be written. Raises sqlite3.Error."""
    address = f"{path.resolve().as_uri()}?mode=ro"
    try:
        return _asked(address)
    except sqlite3.OperationalError:
        # On a disk that cannot be written, SQLite cannot make the files that readers and writers share: nobody writes there.
        log = path.with_name(f"{path.name}-wal")
        if os.access(path.parent, os.W_OK) or (log.exists() and log.stat().st_size):
            raise
        return _asked(f"{address}&immutable=1")


def _asked(address: str) -> sqlite3.Connection:
    conn = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        if conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:  # none: killed before it had its tables
            conn.execute("SELECT count(*) FROM portals")
    except BaseException:
        conn.close()
        raise
    return conn
