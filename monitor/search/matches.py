"""Which versions match, and in what order their reports come.

A word that stands in every report cannot be ranked among all of them in the time that a page has: newest versions come first,
and no more than MOST reports are looked at. Fewer are all ranked, by BM25, a title counting most; a report whose current
version matches comes before one that had the words once.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from monitor.search.found import MOST, Asked
from monitor.search.query import Query, expression
from monitor.sqlite import sqlite3
from monitor.store import Row, Store

_TITLES = 300
"""Versions whose titles match that are taken first."""
_CHUNK = 1000
_FAR = {"words": 200, "titles": 2000}
"""Versions between two that are allowed: to look anew takes as long as to step over so many."""
_RANK_SECONDS = 0.06
_SCORED = 5_000
"""More versions that match than this are not ranked: BM25 takes a look at every place of every word."""


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
        # A word that is not to stand anywhere may stand in the text of a version whose title is as it should be.
        told_by_title = asked.where == "title" or (asked.where == "" and not query.excluded)
        self.in_title = expression(query, "title") if told_by_title else ""
        self.titled: set[int] = set()
        self.reports: dict[int, Row] = {}
        self.versions: dict[int, set[int]] = {}
        """By report: versions that match."""
        self.matched = self.looked_at = 0
        """Versions that match, of so many."""
        self.more = self.late = False

    def collect(self) -> None:
        allowed = _versions_of(self.store, self.conn, self.asked) if self.asked.limited else None
        self.looked_at = self.size if allowed is None else len(allowed)
        for chunk in self._stream("titles", self.in_title, allowed, _TITLES) if self.in_title else ():
            self.titled.update(chunk)
            self._note(chunk)
            if len(self.reports) >= _TITLES:
                break
        for chunk in self._stream("words", self.expression, allowed, _CHUNK):
            self.matched += len(chunk)
            self._note(chunk)
            if len(self.reports) > MOST:
                self.more = True
                break

    def _stream(self, table: str, match: str, allowed: set[int] | None, size: int) -> Iterator[list[int]]:
        """Versions that match in chunks, newest first if not all are looked at; ends early once time is up."""
        found = _all(self.conn, table, match) if allowed is None else _among(self.conn, table, match, allowed)
        while chunk := self._in_time(lambda: list(islice(found, size))):
            yield chunk

    def _in_time(self, fetch: Callable[[], list[int]]) -> list[int]:
        # SQLite looks at the clock between rows; a phrase that is nowhere is one step to it.
        if time.monotonic() > self.end:
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
        scores = self._scores() if self._can_be_scored() else {}

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
        """Whether all that match, the limits of the search aside, are few enough. The same search says the same each time."""
        if self.asked.sort != "best" or self.more or self.late or len(self.versions) < 2:
            return False
        return self.matched * self.size <= _SCORED * max(1, self.looked_at)

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


def _all(conn: sqlite3.Connection, table: str, match: str) -> Iterator[int]:
    sql = f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rowid DESC"  # noqa: S608
    return (version for (version,) in conn.execute(sql, (match,)))


def _among(conn: sqlite3.Connection, table: str, match: str, allowed: Collection[int]) -> Iterator[int]:
    """Those of `allowed` that match: steps from one match to the next, and where none is allowed for long looks anew from the
    next that is. A word that is everywhere is not followed through all versions, nor is one that is rare looked for twice in
    the same stretch. The newest first, unless all are looked at anyway: forwards is quicker."""
    back = len(allowed) > MOST
    bound = "<= ? ORDER BY rowid DESC" if back else ">= ? ORDER BY rowid"
    sql = f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid {bound}"  # noqa: S608
    left = sorted(allowed, reverse=not back)
    far = _FAR[table]
    on = True
    while left and on:
        on = False
        for (version,) in conn.execute(sql, (match, left[-1])):
            while left and (left[-1] > version if back else left[-1] < version):
                left.pop()
            if left and left[-1] == version:
                yield left.pop()
            if not left or abs(version - left[-1]) > far:
                on = True
                break


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
