"""The record as a file: copied while others write to it, examined, exchanged for another.

In: paths. Out: files that are whole. A copy is the record of one moment, however much is committed meanwhile; an exchange
is one rename, before which the old record is sound and complete without its side files, and after which the new one is.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from monitor.archive import sync_directory
from monitor.sqlite import sqlite3
from monitor.store import BUSY_SECONDS, StoreError, applied

_PAGES_A_STEP = 4096
_ALONE_SECONDS = 10.0
"""How long an exchange waits for those who read the record."""


def copy(source: Path, target: Path, progress: Callable[[int, int], None] = lambda _done, _total: None) -> None:
    """Copies the record of this moment into a new file, for its owner's eyes only. `progress`: bytes done and in all.

    Raises StoreError.
    """
    if not source.exists():
        raise StoreError(f"{source}: there is no record yet; run `nianbao crawl` first")
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with contextlib.closing(_connect(f"{source.resolve().as_uri()}?mode=ro")) as old:
            # A step that finds other pages than the last one saw begins anew, for ever if somebody commits all the time.
            # Within one read transaction every step sees the same record, and in WAL nobody has to wait for it.
            old.execute("BEGIN")
            page = old.execute("PRAGMA page_size").fetchone()[0]
            old.execute("SELECT count(*) FROM sqlite_master").fetchone()
            with contextlib.closing(_connect(target.resolve().as_uri())) as new:
                new.execute("PRAGMA synchronous = OFF")  # whoever needs it on the disk syncs what it makes of it
                old.backup(
                    new,
                    pages=_PAGES_A_STEP,
                    progress=lambda _status, left, total: progress((total - left) * page, total * page),
                )
    except sqlite3.Error as error:
        raise StoreError(f"{source}: {error}; is it a nianbao database?") from error


def examine(path: Path) -> tuple[str, ...]:
    """The migrations that a record which nobody writes to has had. Raises StoreError if anything in it is damaged."""
    try:
        with contextlib.closing(_connect(f"{path.resolve().as_uri()}?immutable=1")) as conn:
            [problem] = conn.execute("PRAGMA integrity_check(1)").fetchone()
            if problem != "ok":
                raise StoreError(f"{path}: damaged: {problem}")
            if broken := conn.execute("PRAGMA foreign_key_check").fetchone():
                raise StoreError(f"{path}: damaged: row {broken[1]} of {broken[0]} points to no {broken[2]}")
            return tuple(applied(conn))
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}; is it a nianbao database?") from error


def exchange(old: Path, new: Path, aside: Path | None) -> None:
    """Puts the record `new` (closed, synced, on the same disk) in the place of `old`, which stays as `aside`.

    A kill at any instant leaves the one or the other at `old`. Raises StoreError if somebody is using the old record.
    """
    with _alone(old, aside) if old.exists() else contextlib.nullcontext():
        if aside is not None and old.exists():
            _link(old, aside)
            sync_directory(aside.parent)
        new.replace(old)
        sync_directory(old.parent)


@contextlib.contextmanager
def _alone(path: Path, aside: Path | None) -> Iterator[None]:
    """The record belongs to this process: complete in one file, without -wal and -shm, which its successor would take for
    its own. One that is too damaged for that has its side files put aside."""
    with contextlib.closing(_connect(path.resolve().as_uri(), _ALONE_SECONDS)) as conn:
        try:
            [mode] = conn.execute("PRAGMA journal_mode = DELETE").fetchone()
            conn.execute("BEGIN EXCLUSIVE")  # whoever comes now waits, and finds the successor
            if mode != "delete":
                raise StoreError(f"{path}: its journal is still of the mode {mode}")
        except sqlite3.Error as error:
            if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise StoreError(
                    f"{path}: somebody is reading the record; end that program, and restore again"
                ) from None
            for suffix in ("-wal", "-shm"):
                side = path.with_name(path.name + suffix)
                if side.exists() and aside is not None:
                    side.replace(aside.with_name(aside.name + suffix))
                side.unlink(missing_ok=True)
        yield


def _link(path: Path, name: Path) -> None:
    """A second name for a file, so that it outlives its replacement; a copy, where the disk knows no second names."""
    name.unlink(missing_ok=True)
    try:
        name.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, name)


def _connect(uri: str, timeout: float = BUSY_SECONDS) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)
