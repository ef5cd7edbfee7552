"""Whole passes without sockets, over the scripted portals."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.demo.world import World
from monitor.home import Home
from monitor.store import Store
from monitor.times import format_utc
from tests.timelines import offline


def test_a_redirect_to_the_section_reads_gone_also_where_no_section_is_read(tmp_path: Path) -> None:
    web = offline.Offline()
    with World("yunxi", web=web, empty=True) as world:
        site = world["yunxi"]
        world.fill(site, (2023, 2024), organs=1)
        world.write_portals(tmp_path)
        home = Home(tmp_path)
        now = datetime(2025, 6, 1, tzinfo=UTC)

        def run(mode: Any) -> None:
            nonlocal now
            now += timedelta(hours=6)
            portals = [home.portals()["yunxi"]]
            offline.crawl(
                home, store, home.settings(), portals, lambda _: mode, format_utc(now), web, {}, lambda _: bool
            )

        with home.writing() as store:
            run("full")
            site.take_down(site.items[0], "section")
            run("recheck")
            rows = store.rows("SELECT reading, marker FROM readings WHERE reading <> 'present'")
    assert [(row["reading"], row["marker"]) for row in rows] == [("gone", "redirect to the section")]


class Watched:
    """A scripted portal and its record; each pass gives the events that it made."""

    def __init__(self, name: str, web: offline.Offline, home: Home, store: Store) -> None:
        self.name, self.web, self.home, self.store = name, web, home, store
        self.now = datetime(2025, 6, 1, tzinfo=UTC)

    def run(self, mode: Any = "full") -> list[tuple[str, int]]:
        self.now += timedelta(hours=6)
        last = self.store.rows("SELECT coalesce(max(id), 0) AS id FROM events")[0]["id"]
        portals = [self.home.portals()[self.name]]
        settings = self.home.settings()
        offline.crawl(
            self.home,
            self.store,
            settings,
            portals,
            lambda _: mode,
            format_utc(self.now),
            self.web,
            {},
            lambda _: bool,
        )
        found = self.store.rows(
            "SELECT kind, year FROM events WHERE id > ? AND kind NOT IN ('finding', 'baseline') AND NOT baseline ORDER BY id",
            (last,),
        )
        return [(row["kind"], row["year"]) for row in found]


@contextmanager
def watched(name: str, folder: Path) -> Iterator[tuple[Any, Any, Watched]]:
    """A portal with six reports, one of them with a document; its pass; a report with a document."""
    web = offline.Offline()
    with World(name, web=web, empty=True) as world:
        world.fill(world[name], (2022, 2023, 2024), organs=2)
        world.write_portals(folder)
        home = Home(folder)
        with home.writing() as store:
            item = next(one for one in world[name].items if one.paper.documents)
            yield world[name], item, Watched(name, web, home, store)


def replace_file(site: Any, item: Any) -> None:
    """Another document behind the same address."""
    first, *others = item.paper.documents
    site.set_documents(item, (first._replace(lines=(*first.lines[:-1], "口径一致，共223条。")), *others))


def test_a_view_that_takes_the_place_of_its_page_is_compared_with_its_files_in_that_pass(tmp_path: Path) -> None:
    """The list had led to a second address for long; the first one is gone, and the file at the second is another."""
    with watched("linhe", tmp_path) as (site, item, portal):
        portal.run()
        first = item.path
        site.move(item, "relist", "/tree2")
        item.other_paths.add(first)
        assert (portal.run(), portal.run()) == ([], [])
        item.other_paths.discard(first)
        replace_file(site, item)
        assert portal.run() == [("moved", item.paper.year), ("changed", item.paper.year)]
        assert portal.run() == []


def test_the_same_bytes_in_another_folder_have_their_files_there(tmp_path: Path) -> None:
    """A redirect leads to the page's very bytes in another folder; the file beside them there is another."""
    with watched("baishui", tmp_path) as (site, item, portal):
        assert portal.run() == portal.run("recheck") == []
        site.move(item, "301", "/v2")
        replace_file(site, item)
        assert portal.run("recheck") == [("moved", item.paper.year), ("changed", item.paper.year)]
        assert portal.run("recheck") == []
