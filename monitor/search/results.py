"""A search: index and record → reports, best first, each with the versions that match and where the words stand in them.

The index says which versions match; all else is the record's at this moment.
"""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from monitor.search import index
from monitor.search.found import PAGE, Asked, Found, Hit, Name, Version
from monitor.search.matches import Matches, as_json
from monitor.search.query import Query, parse
from monitor.search.snippets import Snippet, marked, snippets
from monitor.search.tokens import forms
from monitor.sqlite import sqlite3
from monitor.store import Row, Store

_NAMES = 4


def search(store: Store, conn: sqlite3.Connection, asked: Asked, seconds: float = 1.0) -> Found:
    """`conn`: of an index. `seconds`: what its questions may take. Raises sqlite3.Error."""
    query = parse(asked.text)
    progress = index.progress(conn, store)
    if not query.groups or not progress.done:
        return Found(query, names=names(store, query), progress=progress)
    end = time.monotonic() + seconds
    found = Matches(store, conn, asked, query, end)
    found.collect()
    order = found.ranked()
    pages = max(1, -(-len(order) // PAGE))
    page = min(max(1, asked.page), pages)
    chosen = order[(page - 1) * PAGE : page * PAGE]
    return Found(
        query=query,
        hits=_hits(store, query, asked, chosen, found),
        count=len(order),
        more=found.more,
        late=found.late,
        page=page,
        pages=pages,
        years=tuple(sorted(Counter(row["year"] for row in order).items(), reverse=True)),
        portals=_by_portal(store, order),
        names=names(store, query) if page == 1 and not asked.limited else (),
        progress=progress,
    )


def _by_portal(store: Store, rows: Sequence[Row]) -> tuple[tuple[str, str, int], ...]:
    """The portals with most of them."""
    most = Counter(row["portal"] for row in rows).most_common(8)
    titles = _titles(store, [name for name, _ in most])
    return tuple((name, titles.get(name, name), count) for name, count in most)


def _titles(store: Store, portals: Iterable[str]) -> dict[str, str]:
    given = msgspec.json.encode(list(portals)).decode()
    sql = "SELECT name, title FROM portals WHERE name IN (SELECT value FROM json_each(?))"
    return dict(store.values(sql, (given,)))


def _hits(store: Store, query: Query, asked: Asked, rows: Sequence[Row], found: Matches) -> tuple[Hit, ...]:
    titles = _titles(store, {row["portal"] for row in rows})
    organs = dict(
        store.values(
            "SELECT id, name FROM organs WHERE id IN (SELECT value FROM json_each(?))",
            (as_json({row["organ_id"] for row in rows}),),
        )
    )
    return tuple(_hit(store, query, asked, row, titles[row["portal"]], organs[row["organ_id"]], found) for row in rows)


def _hit(store: Store, query: Query, asked: Asked, row: Row, portal: str, organ: str, found: Matches) -> Hit:
    # The texts are long: only that of the version that is shown is read.
    all_ids = store.values("SELECT id, seq FROM versions WHERE report = ? ORDER BY seq", (row["id"],))
    seqs = dict(all_ids)
    matching = found.matching([number for number, _ in all_ids], found.versions[row["id"]]) & seqs.keys()
    ordered = sorted(matching, key=lambda one: (one != row["current_version"], -seqs[one]))
    texts = store.row("SELECT title, organ, text FROM versions WHERE id = ?", (ordered[0],))
    assert texts is not None
    times = dict(
        store.values(
            "SELECT id, captured_at FROM versions WHERE id IN (SELECT value FROM json_each(?))", (as_json(ordered),)
        )
    )
    versions = tuple(Version(one, seqs[one], times[one], one == row["current_version"]) for one in ordered)
    phrases = query.phrases
    most = 3 if len(phrases) > 2 else 2
    own = snippets(texts["text"], phrases, most) if asked.where in ("", "text") else ()
    beside: list[tuple[str, tuple[Snippet, ...]]] = []
    if asked.where in ("", "attachments"):
        for name, text in store.values(
            "SELECT name, text FROM attachments WHERE version = ? ORDER BY id", (ordered[0],)
        ):
            shown = snippets(text, phrases, most)
            if shown or any(piece.hit for piece in marked(name, phrases)):
                beside.append((name, shown))
    later = [seq for seq in seqs.values() if seq > versions[0].seq]
    return Hit(
        report=row["id"],
        portal=row["portal"],
        portal_title=portal,
        organ=organ,
        year=row["year"],
        title=row["title"],
        status=row["status"],
        url=row["url"],
        versions=versions,
        last_seq=max(seqs.values()),
        gone_in=None if versions[0].current or not later else min(later),
        new_in=min(one.seq for one in versions) if min(one.seq for one in versions) > 1 else None,
        shown=versions[0],
        shown_title=marked(texts["title"] or row["title"], phrases),
        snippets=own,
        attachments=tuple(beside[:3]),
    )


def names(store: Store, query: Query) -> tuple[Name, ...]:
    """Portals and organs whose names hold what is searched for, the shortest first, if it is one word of two characters or more."""
    if len(query.groups) != 1 or len(query.groups[0]) != 1 or query.excluded:
        return ()
    phrase = query.groups[0][0].phrases[0]
    if not 2 <= len(phrase) <= 30 or any(len(one) != 1 or one.isascii() for one in phrase):
        return ()
    pattern = f"*{''.join(f'[{forms(one)}]' for one in phrase)}*"
    portals = store.values(
        "SELECT name, title FROM portals WHERE title GLOB ? ORDER BY length(title), name LIMIT ?", (pattern, _NAMES)
    )
    organs: list[tuple[Any, ...]] = store.values(
        """SELECT o.portal, p.title, o.name, o.id FROM (SELECT id, portal, name FROM organs WHERE name GLOB ?
        ORDER BY length(name), id LIMIT ?) o JOIN portals p ON p.name = o.portal""",
        (pattern, _NAMES),
    )
    return (*(Name(*one) for one in portals), *(Name(*one) for one in organs))
