"""What staff say of events: seen, assigned, commented, called false. `HOME/notes.db`, apart from the record.

The record is what was observed and is never written by people at a browser; this is what they made of it, and is written by
nothing else. Events are named by `events.key`, which a record that was restored or read anew gives them again.

Every act is a row of `actions`, which are only ever added (triggers see to it): who, when, what. The other tables say how
things stand now and are written in the same transaction. An act is acknowledged once it is on the disk (FULL). Schema
changes are steps counted by `user_version`: it is one small file that only this module opens, so that a number says all that a
list of migrations would.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from monitor.sqlite import sqlite3

T = TypeVar("T")
Row = dict[str, Any]

LONGEST = 4000
"""Characters of a comment, a reason, a word."""
_BUSY_SECONDS = 10
_STEPS = (
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
_LATEST = len(_STEPS)


class NotesError(RuntimeError):
    """The notes cannot be read or written; the message is for staff, in Chinese."""


class Refused(ValueError):
    """That may not be done; the message says why, in Chinese."""


class About(msgspec.Struct, frozen=True):
    """The event that an act is about."""

    key: str
    id: int
    report: int | None = None


class Comment(msgspec.Struct, frozen=True):
    """What somebody wrote."""

    id: int
    who: str
    at: str
    text: str
    edited_at: str | None
    removed_at: str | None
    removed_by: str | None
    before: tuple[tuple[str, str], ...] = ()
    """Earlier texts, and when each was written, oldest first."""


class Proposal(msgspec.Struct, frozen=True):
    """Somebody says that an event is false."""

    id: int
    key: str
    event: int
    report: int | None
    who: str
    at: str
    kind: Literal["retract", "correct"]
    why: str
    organ: str
    year: int | None
    state: Literal["open", "accepted", "declined", "withdrawn"]
    decided_at: str | None
    decided_by: str | None
    word: str


class Assignment(msgspec.Struct, frozen=True):
    """Who looks after an event."""

    key: str
    event: int
    whom: str
    by: str
    at: str
    settled_at: str | None
    settled_by: str | None


class EventNotes(msgspec.Struct, frozen=True):
    """All that was said of one event."""

    seen: tuple[tuple[str, str], ...] = ()
    """Who, when; first come first."""
    assigned: Assignment | None = None
    comments: tuple[Comment, ...] = ()
    proposals: tuple[Proposal, ...] = ()


class Act(msgspec.Struct, frozen=True):
    """A row of the log."""

    id: int
    at: str
    who: str
    what: str
    key: str | None
    event: int | None
    text: str


class Notes:
    """The file. Its methods may be called from several threads and processes; each is one transaction. Raise NotesError."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened or made before it is needed."""
        self._path = path
        self._kept = threading.local()

    # Reading ----------------------------------------------------------------------------------------------------

    def of_event(self, key: str) -> EventNotes:
        """What was said of an event."""

        def read(conn: sqlite3.Connection) -> EventNotes:
            texts: dict[int, list[tuple[str, str]]] = {}
            written = (
                "SELECT about, at, text FROM actions WHERE key = ? AND what IN ('commented', 'edited') ORDER BY id"
            )
            for about, at, text in conn.execute(written, (key,)):
                texts.setdefault(about, []).append((at, text))
            return EventNotes(
                seen=tuple(conn.execute("SELECT who, at FROM seen WHERE key = ? ORDER BY at, who", (key,))),
                assigned=next(iter(_all(conn, Assignment, "assigned WHERE key = ?", (key,))), None),
                comments=tuple(
                    msgspec.structs.replace(one, before=tuple(texts.get(one.id, ())[:-1]))
                    for one in _all(conn, Comment, "comments WHERE key = ? ORDER BY id", (key,), but=("before",))
                ),
                proposals=tuple(_all(conn, Proposal, "proposals WHERE key = ? ORDER BY id", (key,))),
            )

        return self._read(read, EventNotes())

    def seen_among(self, who: str, keys: Sequence[str]) -> frozenset[str]:
        """Those of `keys` that somebody marked as seen, one by one."""
        marks = ", ".join("?" * len(keys))
        sql = f"SELECT key FROM seen WHERE who = ? AND key IN ({marks})"  # noqa: S608
        return self._read(lambda conn: frozenset(key for (key,) in conn.execute(sql, (who, *keys))), frozenset())

    def seen_until(self, who: str) -> str:
        """What was found up to then, somebody has declared as seen; empty: nothing."""
        sql = "SELECT at FROM seen_until WHERE who = ?"
        return self._read(lambda conn: next((str(at) for (at,) in conn.execute(sql, (who,))), ""), "")

    def assignments(self, whom: str | None, before: tuple[str, str] | None, limit: int) -> list[Assignment]:
        """Those not settled yet, newest first: one person's, or all. `before`: time and key of the last one that is known."""
        at, key = before or ("~", "")
        where = "assigned WHERE settled_at IS NULL AND (? IS NULL OR whom = ?) AND (at, key) < (?, ?)"
        where += " ORDER BY at DESC, key DESC LIMIT ?"
        return self._read(lambda conn: _all(conn, Assignment, where, (whom, whom, at, key, limit)), [])

    def proposals(self, states: Iterable[str], before: int | None, limit: int) -> list[Proposal]:
        """In one of `states`, newest first; `before`: the number of the last one that is known."""
        wanted = tuple(states)
        where = f"proposals WHERE state IN ({', '.join('?' * len(wanted))}) AND id < ? ORDER BY id DESC LIMIT ?"
        return self._read(lambda conn: _all(conn, Proposal, where, (*wanted, before or 2**62, limit)), [])

    def acts(self, before: int | None, limit: int) -> list[Act]:
        """The log, newest first."""
        where = "actions WHERE id < ? ORDER BY id DESC LIMIT ?"
        return self._read(lambda conn: _all(conn, Act, where, (before or 2**62, limit)), [])

    def counts(self, who: str) -> dict[str, int]:
        """How many are open: `mine`, `open` (all that is assigned), `proposals`."""
        sql = """SELECT (SELECT count(*) FROM assigned WHERE settled_at IS NULL AND whom = ?),
            (SELECT count(*) FROM assigned WHERE settled_at IS NULL),
            (SELECT count(*) FROM proposals WHERE state = 'open')"""
        found = self._read(lambda conn: conn.execute(sql, (who,)).fetchone(), (0, 0, 0))
        return dict(zip(("mine", "open", "proposals"), found, strict=True))

    # Acts -------------------------------------------------------------------------------------------------------

    def see(self, who: str, at: str, events: Iterable[About]) -> int:
        """Marks events as seen; how many were not yet."""

        def write(conn: sqlite3.Connection) -> int:
            number = 0
            for event in events:
                sql = "INSERT OR IGNORE INTO seen (who, key, event, at) VALUES (?, ?, ?, ?)"
                if conn.execute(sql, (who, event.key, event.id, at)).rowcount:
                    _log(conn, at, who, "seen", event)
                    number += 1
            return number

        return self._write(write)

    def unsee(self, who: str, at: str, event: About) -> None:
        def write(conn: sqlite3.Connection) -> None:
            if conn.execute("DELETE FROM seen WHERE who = ? AND key = ?", (who, event.key)).rowcount:
                _log(conn, at, who, "unseen", event)

        self._write(write)

    def see_until(self, who: str, at: str, until: str) -> None:
        """Declares all that was found up to a time as seen."""

        def write(conn: sqlite3.Connection) -> None:
            sql = """INSERT INTO seen_until (who, at) VALUES (?, ?)
                ON CONFLICT (who) DO UPDATE SET at = excluded.at WHERE excluded.at > seen_until.at"""
            if conn.execute(sql, (who, until)).rowcount:
                _log(conn, at, who, "seen_until", None, text=until)

        self._write(write)

    def assign(self, who: str, at: str, event: About, whom: str, editor: bool) -> None:
        """Gives an event to somebody; `whom` empty: to nobody. Who is no editor takes what nobody has, or gives back what is
        theirs. Raises Refused."""

        def write(conn: sqlite3.Connection) -> None:
            now = next(iter(_all(conn, Assignment, "assigned WHERE key = ?", (event.key,))), None)
            holder = now.whom if now is not None and not now.settled_at else ""
            if holder == whom:
                return
            if not editor and (holder not in ("", who) or whom not in ("", who)):
                raise Refused("只有编辑可以指派给别人，或改派别人手上的事。")
            if not whom:
                conn.execute("DELETE FROM assigned WHERE key = ?", (event.key,))
                _log(conn, at, who, "unassigned", event, text=holder)
                return
            sql = "INSERT OR REPLACE INTO assigned (key, event, whom, by, at) VALUES (?, ?, ?, ?, ?)"
            conn.execute(sql, (event.key, event.id, whom, who, at))
            _log(conn, at, who, "assigned", event, text=whom)

        self._write(write)

    def settle(self, who: str, at: str, event: About, editor: bool, open_again: bool = False) -> None:
        """The matter is done with, or is not after all. Raises Refused."""

        def write(conn: sqlite3.Connection) -> None:
            now = next(iter(_all(conn, Assignment, "assigned WHERE key = ?", (event.key,))), None)
            if now is None or bool(now.settled_at) is not open_again:
                return
            if not editor and now.whom != who:
                raise Refused("只有经办人和编辑可以办结或重新打开。")
            done = (None, None) if open_again else (at, who)
            conn.execute("UPDATE assigned SET settled_at = ?, settled_by = ? WHERE key = ?", (*done, event.key))
            _log(conn, at, who, "reopened" if open_again else "settled", event)

        self._write(write)

    def comment(self, who: str, at: str, event: About, text: str, once: str | None = None) -> int:
        """Writes a comment; its number. Raises Refused."""
        said = checked(text, "备注")

        def write(conn: sqlite3.Connection) -> int:
            if (before := _taken(conn, once)) is not None:
                return before
            sql = "INSERT INTO comments (key, event, who, at, text) VALUES (?, ?, ?, ?, ?)"
            number = conn.execute(sql, (event.key, event.id, who, at, said)).lastrowid or 0
            _log(conn, at, who, "commented", event, number, said, once)
            return number

        return self._write(write)

    def edit(self, who: str, at: str, number: int, key: str, text: str) -> None:
        """Puts another text in the place of one's own; the earlier one stays in the log. Raises Refused."""
        said = checked(text, "备注")

        def write(conn: sqlite3.Connection) -> None:
            comment = _comment(conn, number, key)
            if comment.who != who:
                raise Refused("只能修改自己写的备注。")
            if comment.text != said:
                conn.execute("UPDATE comments SET text = ?, edited_at = ? WHERE id = ?", (said, at, number))
                _log_of(conn, at, who, "edited", "comments", number, said)

        self._write(write)

    def remove(self, who: str, at: str, number: int, key: str, editor: bool) -> None:
        """Takes a comment off the page; that it was there stays. Raises Refused."""

        def write(conn: sqlite3.Connection) -> None:
            comment = _comment(conn, number, key)
            if comment.who != who and not editor:
                raise Refused("只能删除自己写的备注。")
            conn.execute("UPDATE comments SET removed_at = ?, removed_by = ? WHERE id = ?", (at, who, number))
            _log_of(conn, at, who, "removed", "comments", number)

        self._write(write)

    def propose(
        self,
        who: str,
        at: str,
        event: About,
        kind: Literal["retract", "correct"],
        why: str,
        organ: str = "",
        year: int | None = None,
        once: str | None = None,
    ) -> int:
        """Calls an event false; the proposal's number. Raises Refused."""
        said = checked(why, "理由")
        if kind == "correct" and event.report is None:
            raise Refused("这条消息不是关于一篇年报的，没有机关和年度可以更正。")
        if kind == "correct" and not organ and year is None:
            raise Refused("请写明正确的机关或年度。")

        def write(conn: sqlite3.Connection) -> int:
            if (before := _taken(conn, once)) is not None:
                return before
            same = "SELECT 1 FROM proposals WHERE key = ? AND kind = ? AND state IN ('open', 'accepted')"
            if conn.execute(same, (event.key, kind)).fetchone():
                raise Refused("已有同样的提议等待处理。")
            sql = "INSERT INTO proposals (key, event, report, who, at, kind, why, organ, year) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            given = (event.key, event.id, event.report, who, at, kind, said, organ, year)
            number = conn.execute(sql, given).lastrowid or 0
            _log(conn, at, who, "proposed", event, number, said, once)
            return number

        return self._write(write)

    def decide(
        self,
        who: str,
        at: str,
        number: int,
        state: Literal["accepted", "declined", "withdrawn"],
        word: str,
        editor: bool,
    ) -> None:
        """An editor's word on a proposal; `withdrawn`: its author's. Raises Refused."""
        said = checked(word, "意见", empty=state != "declined")

        def write(conn: sqlite3.Connection) -> None:
            found = next(iter(_all(conn, Proposal, "proposals WHERE id = ?", (number,))), None)
            if found is None:
                raise Refused("没有这个提议。")
            if state == "withdrawn" and found.who != who:
                raise Refused("只能收回自己的提议。")
            if state != "withdrawn" and not editor:
                raise Refused("只有编辑可以处理提议。")
            if found.state == state:
                return
            if found.state in ("declined", "withdrawn") or (found.state == "accepted" and state == "withdrawn"):
                raise Refused("这个提议已经处理过了。")
            sql = "UPDATE proposals SET state = ?, decided_at = ?, decided_by = ?, word = ? WHERE id = ?"
            conn.execute(sql, (state, at, who, said, number))
            _log_of(conn, at, who, state, "proposals", number, said)

        self._write(write)

    # The file ---------------------------------------------------------------------------------------------------

    def _read(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
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

    def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
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
        conn = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _prepare(conn)
        except BaseException:
            conn.close()
            raise
        self._kept.conn = (_identity(self._path), conn)
        return conn


def checked(text: str, name: str, *, empty: bool = False) -> str:
    """A text that somebody wrote, as it is kept: lines of printable characters. Raises Refused."""
    lines = "\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    said = "".join(char for char in lines if char in "\n\t" or (char.isprintable() and not _steers(char))).strip()
    if not said and not empty:
        raise Refused(f"{name}没有内容，请写下后再提交。")
    if len(said) > LONGEST:
        raise Refused(f"{name}过长（{len(said)} 字），最多 {LONGEST} 字。")
    return said


def _steers(char: str) -> bool:
    """Direction marks and zero-width characters, which would make a text read as another."""
    return (
        char in "\u061c\u200b\u200e\u200f\u2060\ufeff" or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"
    )


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
        for step in _STEPS[conn.execute("PRAGMA user_version").fetchone()[0] :]:
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


def _all(
    conn: sqlite3.Connection, form: type[T], rest: str, parameters: Sequence[object], but: Sequence[str] = ()
) -> list[T]:
    """Rows as values, by the names of their fields."""
    fields: tuple[str, ...] = form.__struct_fields__  # type: ignore[attr-defined]
    names = [name for name in fields if name not in but]
    sql = f"SELECT {', '.join(names)} FROM {rest}"  # noqa: S608
    return [form(**dict(zip(names, row, strict=True))) for row in conn.execute(sql, parameters)]


def _comment(conn: sqlite3.Connection, number: int, key: str) -> Comment:
    where = "comments WHERE id = ? AND key = ? AND removed_at IS NULL"
    found = _all(conn, Comment, where, (number, key), but=("before",))
    if not found:
        raise Refused("没有这条备注，或者它已被删除。")
    return found[0]


def _taken(conn: sqlite3.Connection, once: str | None) -> int | None:
    """What the same form made when it was sent before."""
    found = conn.execute("SELECT about FROM actions WHERE once = ?", (once,)).fetchone() if once else None
    return None if found is None else int(found[0] or 0)


def _log(
    conn: sqlite3.Connection,
    at: str,
    who: str,
    what: str,
    event: About | None,
    about: int | None = None,
    text: str = "",
    once: str | None = None,
) -> None:
    key, number = (event.key, event.id) if event is not None else (None, None)
    sql = "INSERT INTO actions (at, who, what, key, event, about, text, once) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    conn.execute(sql, (at, who, what, key, number, about, text, once or None))


def _log_of(conn: sqlite3.Connection, at: str, who: str, what: str, table: str, number: int, text: str = "") -> None:
    """An act upon a comment or proposal."""
    key, event = conn.execute(f"SELECT key, event FROM {table} WHERE id = ?", (number,)).fetchone()  # noqa: S608
    _log(conn, at, who, what, About(key, event), number, text)
