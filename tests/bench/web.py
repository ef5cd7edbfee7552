"""How long the staff pages take on a record of a country: 100,000 reports of 14,000 portals.

    python -m tests.bench.web [--reports 100000] [--times 15] [--in FOLDER] [--keep] [--writing]

Makes the record (tests/bench/record.py; texts of real length, figures, events of the last days), brings the search index up to date, serves
it with `nianbao web` on loopback, and asks for each page: the first time, and `--times` more. A line a page: milliseconds of the first
answer, the median and the worst of the others, kilobytes. --writing: while somebody commits twenty times a second. FOLDER: a record that
is there already is used again. Target: 150 ms.
"""

import argparse
import contextlib
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from monitor.home import Home
from monitor.store import Store
from tests.bench.growth import patterns
from tests.bench.record import fill

NIANBAO = Path(sys.executable).with_name("nianbao")
NOW = "2026-02-10T01:00:00Z"
SIZES = (5, 5, 10, 5, 5, 15, 5, 5, 5, 10)
"""Reports of a portal: one to three organs of five years."""
PROVINCES = (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66))
CODES = 60
"""Figures of a report, of the 206 that a real one has: the most that are asked for come first."""
TARGET = 150


def make(home: Home, reports: int) -> None:
    """The record."""
    began = time.monotonic()
    home.create()
    with Store.open(home.database) as store:
        fill(store, reports, SIZES)
        _dress(store)
    print(
        f"{reports} reports: {home.database.stat().st_size / 1e6:.0f} MB in {time.monotonic() - began:.0f} s",
        flush=True,
    )


def _dress(store: Store) -> None:
    """Names, regions, texts and figures as a country has them, and a week in which something happened."""
    rng = random.Random(8)
    conn = store.conn
    conn.execute("PRAGMA synchronous = OFF")
    conn.execute("PRAGMA foreign_keys = OFF")
    texts = [one.text for one in patterns()]
    with store.transaction():
        names = [name for (name,) in store.values("SELECT name FROM portals")]
        regions = [f"{rng.choice(PROVINCES)}{rng.randrange(1, 30):02}{rng.randrange(1, 20):02}" for _ in names]
        states = rng.choices(("ok", "blocked", "down", "broken"), (95, 2, 2, 1), k=len(names))
        titles = [f"{name[1:]}县人民政府" for name in names]
        store.run_many(
            "UPDATE portals SET title = ?, region = ?, level = 'county', organ = ?, health = ? WHERE name = ?",
            list(zip(titles, regions, titles, states, names, strict=True)),
        )
        conn.execute("CREATE TEMP TABLE papers (n INTEGER PRIMARY KEY, text TEXT)")
        conn.executemany("INSERT INTO papers VALUES (?, ?)", list(enumerate(texts)))
        conn.execute(
            """UPDATE versions SET text = (SELECT text FROM papers WHERE n = versions.report % 40)
            || char(10) || '本机关编号 ' || report || '，全年收到申请 ' || ((report * 7919 + seq) % 5000) || ' 件。'"""
        )
        codes = [code for (code,) in store.values("SELECT code FROM fields WHERE wide <> '' ORDER BY place")][:CODES]
        conn.execute("DELETE FROM figures")
        conn.execute("CREATE TEMP TABLE codes (n INTEGER PRIMARY KEY, code TEXT)")
        conn.executemany("INSERT INTO codes VALUES (?, ?)", list(enumerate(codes)))
        conn.execute(
            """INSERT INTO figures (version, field, value, raw, source)
            SELECT r.current_version, c.code, (r.id * 31 + c.n * 17) % 997, (r.id * 31 + c.n * 17) % 997, 'html'
            FROM reports r CROSS JOIN codes c ORDER BY r.current_version, c.code"""
        )
        conn.execute(
            "UPDATE events SET detected_at = '2026-02-0' || (3 + id % 7) || 'T00:31:00Z' WHERE baseline = 0 AND id % 97 = 0"
        )
        conn.execute("UPDATE organs SET kind = 'government' WHERE id IN (SELECT min(id) FROM organs GROUP BY portal)")
    store.tidy()
    conn.execute("PRAGMA foreign_keys = ON")


@contextlib.contextmanager
def served(home: Home) -> Iterator[str]:
    """The pages; their address."""
    process = subprocess.Popen(
        [NIANBAO, "--home", home.path, "--now", NOW, "web", "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        line = ""
        while (found := re.search(r"http://\S+", line)) is None:
            line = process.stderr.readline()
            assert line, "it ended"
        yield found[0].rstrip("/")
    finally:
        process.terminate()
        process.communicate(timeout=30)


def addresses(store: Store) -> dict[str, str]:
    """The pages that are asked for, by name."""
    [(report, old, new)] = store.values(
        "SELECT v.report, 1, 2 FROM versions v WHERE v.seq = 2 ORDER BY v.id LIMIT 1 OFFSET 100"
    )
    [(event,)] = store.values("SELECT max(id) FROM events WHERE kind = 'changed'")
    [(portal,)] = store.values("SELECT portal FROM reports WHERE id = ?", (report,))
    return {
        "front": "/",
        "events": "/events",
        "events, filtered": "/events?kind=changed&region=33",
        "portals": "/portals",
        "portal": f"/portal/{portal}",
        "report": f"/report/{report}",
        "version": f"/report/{report}/v1",
        "diff, inline": f"/diff/{report}/{old}/{new}?view=inline",
        "diff, side": f"/diff/{report}/{old}/{new}?view=side",
        "search, common word": "/search?q=%E4%BF%A1%E6%81%AF",
        "search, rare": "/search?q=%E6%9C%AC%E6%9C%BA%E5%85%B3%E7%BC%96%E5%8F%B7%2077123",
        "search, number": "/search?q=77123",
        "search, filtered": "/search?q=%E7%94%B3%E8%AF%B7&year=2023&region=33",
        "figures": "/figures",
        "query": "/query",
        "SQL: a view": "/nianbao/%E5%B9%B4%E6%8A%A5%E4%B8%80%E8%A7%88".replace("%", "~"),
        "event": f"/event/{event}",
        "notes": "/notes",
        "feeds": "/feeds",
        "feed": "/feeds/all.atom",
        "calendar": "/calendar.ics",
        "help": "/help",
    }


def _write(home: Home, stop: threading.Event) -> None:
    with Store.open(home.database) as store:
        while not stop.wait(0.05):
            with store.transaction():
                store.run("INSERT OR REPLACE INTO notes (name, value) VALUES ('bench', ?)", (str(time.time()),))


def measure(url: str, path: str, times: int) -> dict[str, float]:
    """Milliseconds: first, median, worst; kilobytes."""
    took = []
    with httpx.Client(base_url=url, timeout=60) as client:
        client.get("/static/base.css")
        for _ in range(times + 1):
            began = time.perf_counter()
            answer = client.get(path)
            took.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 200:
                return {
                    "status": answer.status_code,
                    "first": took[0],
                    "median": 0,
                    "worst": 0,
                    "kb": len(answer.content) / 1000,
                }
    return {
        "status": 200, "first": took[0], "median": statistics.median(took[1:]), "worst": max(took[1:]), "kb": len(answer.content) / 1000,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reports", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--in", dest="folder", type=Path)
    parser.add_argument("--writing", action="store_true")
    parser.add_argument("--json", type=Path, help="also write the numbers there")
    options = parser.parse_args()
    with contextlib.ExitStack() as parts:
        folder = options.folder or Path(parts.enter_context(tempfile.TemporaryDirectory()))
        home = Home(folder)
        if not home.has_record():
            make(home, options.reports)
        began = time.monotonic()
        subprocess.run(
            [NIANBAO, "--home", home.path, "search", "信息", "--json"], check=True, stdout=subprocess.DEVNULL
        )
        print(f"search index up to date in {time.monotonic() - began:.0f} s", flush=True)
        with home.reader() as store:
            asked = addresses(store)
        stop = threading.Event()
        if options.writing:
            writer = threading.Thread(target=_write, args=(home, stop))
            writer.start()
            parts.callback(writer.join)
            parts.callback(stop.set)
        url = parts.enter_context(served(home))
        found = {}
        print(f"{'page':24}{'first':>9}{'median':>9}{'worst':>9}{'KB':>8}   ms; target {TARGET}")
        for name, path in asked.items():
            found[name] = one = measure(url, path, options.times)
            mark = f"  HTTP {one['status']:.0f}" if one["status"] != 200 else "  SLOW" if one["median"] > TARGET else ""
            print(
                f"{name:24}{one['first']:9.0f}{one['median']:9.1f}{one['worst']:9.1f}{one['kb']:8.1f}{mark}", flush=True
            )
    if options.json:
        options.json.write_text(
            json.dumps({"reports": options.reports, "writing": options.writing, "pages": found}, indent=1)
        )


if __name__ == "__main__":
    main()
