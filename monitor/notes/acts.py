"""What staff do: each act is a row of the log, and how things stand then, in one transaction."""

from collections.abc import Iterable
from typing import Literal

from monitor.notes.file import NotesFile, rows
from monitor.notes.values import About, Assignment, Comment, Proposal, Refused, checked
from monitor.sqlite import sqlite3


class Acts:
    """Acts upon the file. Raise NotesError."""

    _file: NotesFile

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

        return self._file.write(write)

    def unsee(self, who: str, at: str, event: About) -> None:
        def write(conn: sqlite3.Connection) -> None:
            if conn.execute("DELETE FROM seen WHERE who = ? AND key = ?", (who, event.key)).rowcount:
                _log(conn, at, who, "unseen", event)

        self._file.write(write)

    def see_until(self, who: str, at: str, until: str) -> None:
        """Declares all that was found up to a time as seen."""

        def write(conn: sqlite3.Connection) -> None:
            sql = """INSERT INTO seen_until (who, at) VALUES (?, ?)
                ON CONFLICT (who) DO UPDATE SET at = excluded.at WHERE excluded.at > seen_until.at"""
            if conn.execute(sql, (who, until)).rowcount:
                _log(conn, at, who, "seen_until", None, text=until)

        self._file.write(write)

    def assign(self, who: str, at: str, event: About, whom: str, editor: bool) -> None:
        """Gives an event to somebody; `whom` empty: to nobody. Who is no editor takes what nobody has, or gives back what is
        theirs. Raises Refused."""

        def write(conn: sqlite3.Connection) -> None:
            now = next(iter(rows(conn, Assignment, "assigned WHERE key = ?", (event.key,))), None)
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

        self._file.write(write)

    def settle(self, who: str, at: str, event: About, editor: bool, open_again: bool = False) -> None:
        """The matter is done with, or is not after all. Raises Refused."""

        def write(conn: sqlite3.Connection) -> None:
            now = next(iter(rows(conn, Assignment, "assigned WHERE key = ?", (event.key,))), None)
            if now is None or bool(now.settled_at) is not open_again:
                return
            if not editor and now.whom != who:
                raise Refused("只有经办人和编辑可以办结或重新打开。")
            done = (None, None) if open_again else (at, who)
            conn.execute("UPDATE assigned SET settled_at = ?, settled_by = ? WHERE key = ?", (*done, event.key))
            _log(conn, at, who, "reopened" if open_again else "settled", event)

        self._file.write(write)

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

        return self._file.write(write)

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

        self._file.write(write)

    def remove(self, who: str, at: str, number: int, key: str, editor: bool) -> None:
        """Takes a comment off the page; that it was there stays. Raises Refused."""

        def write(conn: sqlite3.Connection) -> None:
            comment = _comment(conn, number, key)
            if comment.who != who and not editor:
                raise Refused("只能删除自己写的备注。")
            conn.execute("UPDATE comments SET removed_at = ?, removed_by = ? WHERE id = ?", (at, who, number))
            _log_of(conn, at, who, "removed", "comments", number)

        self._file.write(write)

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

        return self._file.write(write)

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
            found = next(iter(rows(conn, Proposal, "proposals WHERE id = ?", (number,))), None)
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

        self._file.write(write)


def _comment(conn: sqlite3.Connection, number: int, key: str) -> Comment:
    where = "comments WHERE id = ? AND key = ? AND removed_at IS NULL"
    found = rows(conn, Comment, where, (number, key), but=("before",))
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
