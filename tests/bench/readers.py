"""Who reads the portal beside this program, and how this program is told to.

`BARE` and `RAW` are programs: they take the portal's address and the number of its pages, and fail unless they got all of them.
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.bench.measure import BIN

BARE = """
import sys, scrapy
from scrapy.crawler import AsyncCrawlerProcess

got = 0

class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        for number in range(int(sys.argv[2])):
            yield scrapy.Request(f"{sys.argv[1]}/nb/202401/t20240110_{number}.html", callback=self.parse)
    def parse(self, response):
        global got
        assert response.body
        got += 1

process = AsyncCrawlerProcess({"LOG_LEVEL": "ERROR", "REMOTE_CONTROL_ENABLED": False, "TELNETCONSOLE_ENABLED": False})
process.crawl(Bare)
process.start()
sys.exit(got != int(sys.argv[2]))
"""
"""Scrapy with its default settings, without its consoles."""

RAW = """
import asyncio, sys, aiohttp

async def main(address, count):
    numbers = iter(range(count))
    async def work(session):
        for number in numbers:
            async with session.get(f"{address}/nb/202401/t20240110_{number}.html") as answer:
                assert answer.status == 200 and await answer.read()
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(work(session) for _ in range(16)))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""
"""aiohttp, sixteen requests at a time, as Scrapy's default is: about the least that Python fetches a page for."""


def program(source: str, address: str, count: int) -> list[str]:
    """The command that runs one of the two."""
    return [sys.executable, "-c", source, address, str(count)]


class Nianbao:
    """This program, with a home of its own whose only portal is the one that is served."""

    def __init__(self, home: Path, address: str) -> None:
        self.home = home
        (home / "portals").mkdir(parents=True)
        (home / "portals" / "bench.toml").write_text(
            f'title = "云溪县"\nfamily = "trs"\nsections = ["{address}/nb/"]\n'
            "[policy]\ndelay = 0.0\nconcurrency = 16\nallow_private = true\n",
            "utf-8",
        )
        self.command = [str(BIN / "nianbao"), "--home", str(home), "crawl", "bench"]

    def last(self) -> dict[str, Any]:
        """What its record says of the last pass: outcome, errors, reports seen; appeared, changed and other events."""
        with closing(sqlite3.connect(self.home / "nianbao.db")) as record:
            crawl, outcome, errors, seen = record.execute(
                "SELECT id, outcome, errors, reports_seen FROM crawls ORDER BY id DESC LIMIT 1"
            ).fetchone()
            kinds = dict(record.execute("SELECT kind, count(*) FROM events WHERE crawl = ? GROUP BY kind", (crawl,)))
        return {"outcome": outcome, "errors": errors, "seen": seen, "events": kinds}
