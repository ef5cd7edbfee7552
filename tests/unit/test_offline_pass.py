"""Whole passes without sockets, over the scripted portals."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.demo.world import World
from monitor.home import Home
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
