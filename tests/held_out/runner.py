"""Adds and crawls a site with the program's own command line, and compares what it recorded with the truth."""

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from monitor.demo.server import Web
from tests.held_out.site import Row, Site

BOUND = 150.0
"""Seconds for one site and start; what is not done then counts as failed."""


@dataclass
class Score:
    site: str
    start: str
    family: str = ""
    family_right: bool = False
    sections: list[str] = field(default_factory=list)
    section_right: bool = False
    expected: int = 0
    found: int = 0
    year_right: int = 0
    organ_right: int = 0
    date_right: int = 0
    date_wrong: int = 0
    """Of the others, those that say a date that is not the day of publication."""
    missed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    stirred: list[str] = field(default_factory=list)
    """Events of a second pass, where there should be none."""
    requests: int = 0
    seconds: float = 0.0
    trouble: str = ""

    def line(self) -> str:
        family = f"family {self.family or '-'}{'' if self.family_right else ' ✗'}"
        counts = f"reports {self.found}/{self.expected} · extra {len(self.extra)}"
        facts = (
            f"years {self.year_right} · organs {self.organ_right} · dates {self.date_right} (wrong {self.date_wrong})"
        )
        told = f"second pass {len(self.stirred)}"
        cost = f"{self.requests} requests · {self.seconds:.0f} s {self.trouble}".rstrip()
        section = f"section {'✓' if self.section_right else '✗'}"
        return f"{self.site:22} {self.start:7} " + " · ".join((family, section, counts, facts, told, cost))


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (
        parts.path
        + (f"?{parts.query}" if parts.query else "")
        + (f"#{parts.fragment}" if "gkmlpt" in parts.path and parts.fragment else "")
    )


def _same(target: str) -> str:
    for end in ("index.html", "index.shtml", "index.htm"):
        target = target.removesuffix(end)
    return target


def _nianbao(home: Path, *arguments: str, until: float) -> tuple[int, str, str]:
    program = str(Path(sys.executable).with_name("nianbao"))
    try:
        done = subprocess.run(
            [program, "--home", str(home), *arguments],
            capture_output=True,
            text=True,
            timeout=max(1.0, until - time.monotonic()),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, "", "out of time"
    return done.returncode, done.stdout, done.stderr


def run(site: Site, start: str, number: int = 7, keep: Path | None = None) -> Score:
    """One site from one start, in a home of its own."""
    score = Score(site.name, start)
    truth = site.expected.get(start, site.truth)
    score.expected = len(truth)
    home = Path(tempfile.mkdtemp(prefix="held_out_"))
    begun = time.monotonic()
    try:
        (home / "nianbao.toml").write_text("[policy]\ndelay = 0.0\n", encoding="utf-8")
        with Web() as web:
            listener = web.listen(site.answer, web.host(number, site.name))
            _go(site, score, truth, home, listener.url, start, begun + BOUND)
            score.requests = len(listener.log)
            if keep:
                (keep / f"{site.name}.{start}.requests.txt").write_text(
                    "".join(f"{m} {t} {s}\n" for m, t, s in listener.log), encoding="utf-8"
                )
    finally:
        score.seconds = time.monotonic() - begun
        if keep:
            for file in home.glob("portals/x.toml"):
                shutil.copy(file, keep / f"{site.name}.{start}.toml")
            for file in home.glob("*.json"):
                shutil.copy(file, keep / f"{site.name}.{start}.{file.name}")
        shutil.rmtree(home, ignore_errors=True)
    return score


def _go(site: Site, score: Score, truth: list[Row], home: Path, url: str, start: str, until: float) -> None:
    code, out, err = _nianbao(
        home, "portals", "add", url + site.start(start), "--name", "x", "--yes", "--json", until=until
    )
    (home / "add.json").write_text(out + "\n" + err, encoding="utf-8")
    file = home / "portals" / "x.toml"
    if not file.exists():
        score.trouble = (
            f"add: {code} {(err.strip() or out.strip()).splitlines()[-1][:160] if err.strip() or out.strip() else ''}"
        )
        score.missed = [row.path for row in truth]
        return
    portal = tomllib.loads(file.read_text(encoding="utf-8"))
    score.family = portal["family"]
    score.family_right = score.family == site.family
    score.sections = [_target(section) for section in portal["sections"]]
    right = {_same(section) for section in (site.column, *site.sections)}
    score.section_right = bool(score.sections) and all(_same(section) in right for section in score.sections)
    code, out, err = _nianbao(home, "crawl", "x", "--no-send", "--json", until=until)
    (home / "crawl.json").write_text(out + "\n" + err, encoding="utf-8")
    if code != 0:
        score.trouble = f"crawl: {code} {err.strip().splitlines()[-1][:160] if err.strip() else ''}"
    _compare(site, score, truth, home / "nianbao.db")
    before = _last_event(home / "nianbao.db")
    _nianbao(home, "crawl", "x", "--no-send", "--json", until=until)
    score.stirred = [*_events(home / "nianbao.db", before)]


def _last_event(database: Path) -> int:
    return max((number for number, _ in _all_events(database)), default=0)


def _events(database: Path, after: int) -> Iterator[str]:
    """What a second pass over the same site told: nothing changed there but counters."""
    yield from (told for number, told in _all_events(database) if number > after)


def _all_events(database: Path) -> list[tuple[int, str]]:
    if not database.exists():
        return []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return [
            (number, f"{kind} {title}")
            for number, kind, title in connection.execute("SELECT id, kind, title FROM events")
        ]


def _recorded(database: Path) -> Iterator[dict[str, Any]]:
    if not database.exists():
        return
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        for row in connection.execute(
            "SELECT r.id, r.url, r.year, r.organ, r.title, r.published_on, o.name FROM reports r "
            "LEFT JOIN organs o ON o.id = r.organ_id WHERE r.portal = 'x'"
        ):
            yield dict(row)


def _compare(site: Site, score: Score, truth: list[Row], database: Path) -> None:
    wanted: dict[Any, Row] = {((row.year, row.organ) if site.by_year else row.path): row for row in truth}
    known = {row.path for row in site.truth}
    seen: set[Any] = set()
    for row in _recorded(database):
        target = _target(row["url"])
        key = (row["year"], row["name"] or row["organ"]) if site.by_year else target
        if key in wanted and key not in seen:
            seen.add(key)
            score.found += 1
            score.year_right += row["year"] == wanted[key].year
            score.organ_right += wanted[key].organ in (row["organ"], row["name"])
            score.date_right += row["published_on"] == wanted[key].date
            score.date_wrong += row["published_on"] not in (None, "", wanted[key].date)
        elif target not in known or key in seen:
            score.extra.append(f"{target} {row['year']} {row['organ']} {row['title']}")
    score.missed = [wanted[key].path for key in wanted if key not in seen]


def as_dict(score: Score) -> str:
    return json.dumps(score.__dict__, ensure_ascii=False)
