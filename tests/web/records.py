"""Records made by hand, for pages that the demo's has no case of."""

import itertools
from pathlib import Path
from typing import Any

from monitor.home import Home
from monitor.settings import Settings
from monitor.store import Store
from tests.web.conftest import Pages

NOW = "2026-02-10T01:00:00Z"
SEEN = "2026-01-20T00:30:00Z"


class Made:
    """A home with a record. Each method writes one row and gives its id; what is not given is plausible."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.home.create()
        self.store = Store.open(self.home.database)
        self.store.run("PRAGMA synchronous = OFF")
        self._keys = itertools.count()

    def pages(self, now: str = NOW, settings: Settings | None = None) -> Pages:
        return Pages(self.home, settings, now)

    def portal(self, name: str, **values: Any) -> int:
        """A portal with one settled pass; its id."""
        row = {"name": name, "title": f"{name}县人民政府", "family": "trs", "region": "331001", "level": "county"}
        detail = values.pop("pass_detail", "{}")
        outcome = values.pop("outcome", "ok")
        self.store.insert("portals", {**row, "health": "ok", "organ": f"{name}县人民政府", **values})
        crawl = self.store.insert(
            "crawls",
            {
                "portal": name, "mode": "full", "started_at": SEEN, "finished_at": SEEN, "outcome": outcome, "detail": detail,
            },
        )  # fmt: skip
        self.store.run("UPDATE portals SET last_crawl = ? WHERE name = ?", (crawl, name))
        return crawl

    def organ(self, portal: str, name: str, kind: str = "department", **values: Any) -> int:
        return self.store.insert("organs", {"portal": portal, "name": name, "kind": kind, **values})

    def report(self, portal: str, organ: int, year: int, **values: Any) -> int:
        name = self.store.values("SELECT name FROM organs WHERE id = ?", (organ,))[0][0]
        row = {
            "portal": portal, "organ_id": organ, "organ": name, "year": year, "title": f"{name}{year}年年度报告",
            "url": f"https://{portal}.gov.cn/{organ}/{year}", "published_on": f"{year + 1}-01-15", "first_seen_at": SEEN,
            "last_seen_at": SEEN, "last_verified_at": SEEN,
        }  # fmt: skip
        return self.store.insert("reports", {**row, **values})

    def event(self, kind: str, portal: str | None = None, **values: Any) -> int:
        row = {
            "key": f"{kind}:{next(self._keys)}",
            "kind": kind,
            "portal": portal,
            "detected_at": SEEN,
            "summary": kind,
        }
        return self.store.insert("events", {**row, **values})
