"""What the notes say."""

from collections.abc import Iterable, Sequence

import msgspec

from monitor.notes.file import NotesFile, rows
from monitor.notes.values import Act, Assignment, Comment, EventNotes, Proposal
from monitor.sqlite import sqlite3


class Readings:
    """Questions to the file. Raise NotesError."""

    _file: NotesFile

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
                assigned=next(iter(rows(conn, Assignment, "assigned WHERE key = ?", (key,))), None),
                comments=tuple(
                    msgspec.structs.replace(one, before=tuple(texts.get(one.id, ())[:-1]))
                    for one in rows(conn, Comment, "comments WHERE key = ? ORDER BY id", (key,), but=("before",))
                ),
                proposals=tuple(rows(conn, Proposal, "proposals WHERE key = ? ORDER BY id", (key,))),
            )

        return self._file.read(read, EventNotes())

    def seen_among(self, who: str, keys: Sequence[str]) -> frozenset[str]:
        """Those of `keys` that somebody marked as seen, one by one."""
        marks = ", ".join("?" * len(keys))
        sql = f"SELECT key FROM seen WHERE who = ? AND key IN ({marks})"  # noqa: S608
        return self._file.read(lambda conn: frozenset(key for (key,) in conn.execute(sql, (who, *keys))), frozenset())

    def seen_until(self, who: str) -> str:
        """What was found up to then, somebody has declared as seen; empty: nothing."""
        sql = "SELECT at FROM seen_until WHERE who = ?"
        return self._file.read(lambda conn: next((str(at) for (at,) in conn.execute(sql, (who,))), ""), "")

    def assignments(self, whom: str | None, before: tuple[str, str] | None, limit: int) -> list[Assignment]:
        """Those not settled yet, newest first: one person's, or all. `before`: time and key of the last one that is known."""
        at, key = before or ("~", "")
        where = "assigned WHERE settled_at IS NULL AND (? IS NULL OR whom = ?) AND (at, key) < (?, ?)"
        where += " ORDER BY at DESC, key DESC LIMIT ?"
        return self._file.read(lambda conn: rows(conn, Assignment, where, (whom, whom, at, key, limit)), [])

    def proposals(self, states: Iterable[str], before: int | None, limit: int) -> list[Proposal]:
        """In one of `states`, newest first; `before`: the number of the last one that is known."""
        wanted = tuple(states)
        where = f"proposals WHERE state IN ({', '.join('?' * len(wanted))}) AND id < ? ORDER BY id DESC LIMIT ?"
        return self._file.read(lambda conn: rows(conn, Proposal, where, (*wanted, before or 2**62, limit)), [])

    def acts(self, before: int | None, limit: int) -> list[Act]:
        """The log, newest first."""
        where = "actions WHERE id < ? ORDER BY id DESC LIMIT ?"
        return self._file.read(lambda conn: rows(conn, Act, where, (before or 2**62, limit)), [])

    def counts(self, who: str) -> dict[str, int]:
        """How many are open: `mine`, `open` (all that is assigned), `proposals`."""
        sql = """SELECT (SELECT count(*) FROM assigned WHERE settled_at IS NULL AND whom = ?),
            (SELECT count(*) FROM assigned WHERE settled_at IS NULL),
            (SELECT count(*) FROM proposals WHERE state = 'open')"""
        found = self._file.read(lambda conn: conn.execute(sql, (who,)).fetchone(), (0, 0, 0))
        return dict(zip(("mine", "open", "proposals"), found, strict=True))
