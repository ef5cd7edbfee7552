"""Which versions match, and in what order their reports come.

A word that stands in every report cannot be ranked among all of them in the time that a page has: newest versions come first,
and no more than MOST reports are looked at. Fewer are all ranked, by BM25, a title counting most; a report whose current
version matches comes before one that had the words once.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from monitor.search.found import MOST, Asked
from monitor.search.query import Query, expression
from monitor.sqlite import sqlite3
from monitor.store import Row, Store

_TITLES = 300
"""Versions whose titles match that are taken first."""
_CHUNK = 1000
_RANGES = 40
"""Stretches of versions, at most, that are looked at apart from what lies between them."""
_RANK_SECONDS = 0.06
_RANKED_VERSIONS = 20_000
"""In an index of more, several words are not ranked by how rare each is: that is known only after a look at all their places."""


@contextmanager
def _until(conn: sqlite3.Connection, end: float) -> Iterator[None]:
    """What is asked within it is broken off ("interrupted") once it is that late."""
    conn.set_progress_handler(lambda: time.monotonic() > end, 2000)
    try:
        yield
    finally:
        conn.set_progress_handler(None, 0)


class Matches:
    """The versions that match, and their reports."""

    def __init__(self, store: Store, conn: sqlite3.Connection, asked: Asked, query: Query, end: float) -> None:
        self.store, self.conn, self.asked, self.end = store, conn, asked, end
        self.phrases = query.phrases
        self.size: int = conn.execute("SELECT coalesce(max(version), 0) FROM documents").fetchone()[0]
        self.expression = expression(query, asked.where)
        self.in_title = expression(query, "title") if asked.where in ("", "title") else ""
        self.titled: set[int] = set()
        self.reports: dict[int, Row] = {}
        self.versions: dict[int, set[int]] = {}
        """By report: versions that match."""
        self.more = self.late = False

    def collect(self) -> None:
        allowed = _versions_of(self.store, self.conn, self.asked) if self.asked.limited else None
        for chunk in self._stream("titles", self.in_title, allowed, _TITLES) if self.in_title else ():
            self.titled.update(chunk)
            self._note(chunk)
            if len(self.reports) >= _TITLES:
                break
        for chunk in self._stream("words", self.expression, allowed, _CHUNK):
            self._note(chunk)
            if len(self.reports) > MOST:
                self.more = True
                break

    def _stream(self, table: str, match: str, allowed: set[int] | None, size: int) -> Iterator[list[int]]:
        """Versions that match in chunks, newest first; ends early once time is up."""
        sql = f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC"  # noqa: S608
        cursor = self.conn.cursor()
        cursor.arraysize = size
        chunk: list[int] = []
        try:
            for first, last in [(0, self.size)] if allowed is None else _ranges(allowed, self.size // _RANGES):
                values = (match, first, last)
                fetch: Callable[[], list[tuple[int]]] = lambda values=values: cursor.execute(sql, values).fetchmany()  # type: ignore[misc]  # noqa: E731
                while rows := self._in_time(fetch):
                    fetch = cursor.fetchmany
                    chunk += (number for (number,) in rows if allowed is None or number in allowed)
                    if len(chunk) >= size:
                        yield chunk
                        chunk = []
        finally:
            cursor.close()
        if chunk:
            yield chunk

    def _in_time(self, fetch: Callable[[], list[tuple[int]]]) -> list[tuple[int]]:
        if (
            time.monotonic() > self.end
        ):  # SQLite looks at the clock between rows; a phrase that is nowhere is one step to it
            self.late = True
            return []
        try:
            with _until(self.conn, self.end):
                return fetch()
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            self.late = True
            return []

    def _note(self, versions: Sequence[int]) -> None:
        """Takes note of versions, and of their reports, if those are to be found."""
        pairs = self.conn.execute(
            "SELECT version, report FROM documents WHERE version IN (SELECT value FROM json_each(?))",
            (as_json(versions),),
        ).fetchall()
        new = {report for _, report in pairs} - self.reports.keys()
        for row in self.store.rows(
            """SELECT id, portal, organ_id, organ, year, title, url, status, current_version FROM reports
            WHERE id IN (SELECT value FROM json_each(?)) AND withdrawn_at IS NULL""",
            (as_json(new),),
        ):
            self.reports[row["id"]] = row
        for version, report in pairs:
            known = self.reports.get(report)
            if known is not None and (self.asked.versions == "all" or known["current_version"] == version):
                self.versions.setdefault(report, set()).add(version)
        for report in new & self.reports.keys() - self.versions.keys():
            del self.reports[report]

    def ranked(self) -> list[Row]:
        """The reports in order, as many as a search looks at."""
        scores = (
            self._scores()
            if self.asked.sort == "best" and len(self.versions) > 1 and not (self.more or self.late)
            else {}
        )

        def best(row: Row) -> tuple[object, ...]:
            versions = self.versions[row["id"]]
            current = row["current_version"] in versions
            of = {row["current_version"]} if current else versions
            score = min((scores.get(one, 0.0) for one in of), default=0.0)
            titled = not versions.isdisjoint(self.titled)
            return (not current, score, not titled, -row["year"], -max(versions))

        def by_year(row: Row) -> tuple[object, ...]:
            return (-row["year"], *best(row))

        def by_capture(row: Row) -> tuple[object, ...]:
            return (-max(self.versions[row["id"]]),)

        keys: dict[str, Callable[[Row], Any]] = {"best": best, "year": by_year, "captured": by_capture}
        rows = (self.reports[report] for report in self.versions)
        return sorted(rows, key=keys[self.asked.sort])[:MOST]

    def _can_be_scored(self) -> bool:
        few = len(self.phrases) == 1 or self.size <= _RANKED_VERSIONS
        return self.asked.sort == "best" and len(self.versions) > 1 and few and not (self.more or self.late)

    def _scores(self) -> Mapping[int, float]:
        """Less is better. Nothing if it would take too long."""
        try:
            with _until(self.conn, min(self.end, time.monotonic() + _RANK_SECONDS)):
                return dict(
                    self.conn.execute(
                        "SELECT rowid, bm25(words, 8.0, 6.0, 1.0, 0.8) FROM words WHERE words MATCH ?",
                        (self.expression,),
                    ).fetchall()
                )
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            return {}

    def matching(self, versions: Sequence[int], known: set[int]) -> set[int]:
        """Which of some versions match. Where all that match were not looked at, each is asked for: they lie close together."""
        if not self.more or self.late:
            return known
        found = set(known)
        try:
            with _until(self.conn, self.end):
                for version in set(versions) - known:
                    sql = "SELECT 1 FROM words WHERE words MATCH ? AND rowid = ?"
                    if self.conn.execute(sql, (self.expression, version)).fetchone():
                        found.add(version)
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            self.late = True
        return found


def _ranges(numbers: Iterable[int], gap: int) -> list[tuple[int, int]]:
    """The stretches in which numbers lie with smaller gaps between them, the last first."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers, reverse=True):
        if found and found[-1][0] - number <= gap:
            found[-1] = (number, found[-1][1])
        else:
            found.append((number, number))
    return found


def as_json(numbers: Iterable[int]) -> str:
    return f"[{','.join(map(str, numbers))}]"


def _versions_of(store: Store, conn: sqlite3.Connection, asked: Asked) -> set[int]:
    """Versions of the reports that a search is limited to."""
    clauses = ["r.withdrawn_at IS NULL"] if asked.portal or asked.organ else []
    values: list[object] = []
    tables = "reports r"
    if asked.organ:
        tables = "organs o CROSS JOIN reports r ON r.portal = o.portal AND r.organ_id = o.id"
        clauses.append("instr(o.name, ?)")
        values.append(asked.organ)
    if asked.portal:
        clauses.append("r.portal = ?")
        values.append(asked.portal)
    elif asked.region:
        clauses.append("r.portal IN (SELECT name FROM portals WHERE substr(region, 1, ?) = ?)")
        values += (len(asked.region), asked.region)
    if asked.year:
        clauses.append("r.year = ?")
        values.append(asked.year)
    sql = f"SELECT r.id FROM {tables} WHERE {' AND '.join(clauses)}"  # noqa: S608
    reports = as_json(number for (number,) in store.values(sql, values))
    sql = "SELECT version FROM json_each(?) CROSS JOIN documents ON report = value"
    return {number for (number,) in conn.execute(sql, (reports,))}
