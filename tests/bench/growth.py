"""What settling costs as the record grows, and as the pass grows.

    python -m tests.bench.growth [--reports 10000,100000,1000000] [--pages 1000]

For each size, a record of that many reports of other portals (tests/bench/record.py), and in it the same passes of one
portal of N pages: the first, unchanged, 1 % of the pages changed. A line a step: seconds of CPU (wall in brackets), and the most memory
that the process held (over what it held before). Nothing is fetched: what the spider would have told is written by another process.
"""

import argparse
import hashlib
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from crawler.families import markup_of
from crawler.observation import KNOWN, KnownPage, LinkListed, PageRead, ReportSeen, RunSummary, SectionRead
from crawler.page.model import Fetched, Hint, Report
from crawler.page.reader import read_page, text_hash
from crawler.portal import Policy, Portal
from crawler.run_folder import Exchange, RunWriter
from monitor import bookkeeping, outbox_store
from monitor.agenda import due_pages, facts_of
from monitor.briefing import list_rules_of, rules_of, write_briefing
from monitor.demo.text import title_of, write_paper
from monitor.demo.word import body_html
from monitor.home import Home
from monitor.settings import Channel, Settings
from monitor.settle import settle
from monitor.store import Store
from monitor.times import shift
from tests.bench.record import fill

HOST = "https://bench.gov.cn"
SECTION = f"{HOST}/nb/"
PORTAL = Portal(name="bench", title="云溪县", family="trs", sections=(SECTION,))
KINDS = ("first", "unchanged", "1 % changed", "unchanged")
YEARS = 5
DIGITS = "〇一二三四五六七八九"
START = "2026-02-10T01:00:00Z"


def organ(number: int) -> str:
    return "云溪县" + "".join(DIGITS[int(digit)] for digit in f"{number:04}") + "局"


def patterns(count: int = 8) -> list[Report]:
    """Reports as the reader finds them; the others differ from them in organ and numbers of the text."""
    made = []
    for number in range(count * YEARS):
        year = 2019 + number % YEARS
        paper = write_paper(organ(0), year, seed=number, size=3, title=title_of(organ(0), year, 0))
        page = (
            f"<html><head><title>{paper.title}</title><meta name='ArticleTitle' content='{paper.title}'>"
            f"<meta name='PubDate' content='{year + 1}-01-10 10:00'><meta name='ContentSource' content='{organ(0)}'></head>"
            f"<body><h1>{paper.title}</h1><div class='TRS_Editor'>{body_html(paper)}</div></body></html>"
        )
        fetched = Fetched(f"{HOST}/nb/x.html", 200, "text/html; charset=utf-8", page.encode())
        made += read_page(fetched, PORTAL, markup_of(PORTAL), Hint()).reports
    assert len(made) == count * YEARS
    return made


def report(pattern: list[Report], number: int, edition: int) -> Report:
    """The report on page `number`; `edition` is a number that its text tells."""
    like = pattern[number // YEARS % (len(pattern) // YEARS) * YEARS + number % YEARS]
    name = organ(number // YEARS)
    title, text = like.title.replace(organ(0), name), like.text.replace(organ(0), name)
    text += f"\n{name}政务公开电话{number * 7919}，已更新{edition}次。"
    return msgspec.structs.replace(
        like,
        title=title,
        organ=name,
        source=name,
        text=text,
        text_hash=text_hash(title, name, name, like.published_on, text),
    )


def write(folder: Path, pages: int, edition: dict[int, int], crawl: int, now: str) -> None:
    """What a spider would tell of that portal. `edition`: of pages that changed."""
    pattern = patterns()
    known = {
        page.url: page
        for line in (folder / KNOWN).read_bytes().splitlines()
        for page in [msgspec.json.decode(line, type=KnownPage)]
    }
    writer = RunWriter(folder)
    for number in range(pages):
        title = report(pattern, number, 0).title
        writer.tell(LinkListed(SECTION, SECTION, _address(number), title, "report", "2024-01-10"))
    writer.tell(
        SectionRead(SECTION, SECTION, complete=True, first_page=True, pages=pages // 50, links=pages, status=200)
    )
    for number in range(pages):
        seen = report(pattern, number, edition.get(number, 0))
        page = known.get(_address(number))
        body = hashlib.sha256(seen.text.encode()).hexdigest()
        if page is not None and page.body_hash == body:
            writer.tell(PageRead(_address(number), "same", status=200, body_hash=body))
            continue
        capture = writer.capture(Exchange(_address(number), 200, (("Content-Type", "text/html"),), b"<html>"))
        told = (ReportSeen(seen.text_hash, seen),)
        writer.tell(PageRead(_address(number), "present", status=200, body_hash=body, capture=capture, reports=told))
    writer.finish(RunSummary(PORTAL.name, crawl, "full", "ok", now, now, pages, pages, pages, 0, 0.0))


def _address(number: int) -> str:
    return f"{SECTION}202401/t20240110_{number}.html"


class Meter:
    """Takes the time and memory of steps."""

    def __init__(self) -> None:
        self.took: dict[str, str] = {}

    def __call__(self, step: str, action: Callable[[], Any]) -> Any:
        Path("/proc/self/clear_refs").write_text("5")  # the highest mark begins anew
        before = _memory("VmRSS")
        wall, cpu = time.perf_counter(), time.process_time()
        done = action()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        peak = _memory("VmHWM")
        self.took[step] = f"{cpu:8.3f} ({wall:7.3f}) s {peak:5.0f} (+{max(peak - before, 0):.0f}) MB"
        return done


def _memory(field: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{field}:")[2].split()[0]) / 1024


def one_pass(home: Home, settings: Settings, pages: int, kind: str, days: int) -> dict[str, str]:
    """One pass, step by step."""
    meter = Meter()
    now = shift(START, days * 86400.0)
    edition = dict.fromkeys(range(0, pages, 100), days) if kind == "1 % changed" else {}
    edition |= dict.fromkeys(range(0, pages, 100), 2) if days > 2 else {}
    store = meter("open", lambda: Store.open(home.database))
    with store:
        meter("recover", lambda: list(bookkeeping.recover(home, store, settings, lambda: now)))
        meter("sync_portal", lambda: store.sync_portal(PORTAL))
        meter("renew, refigure", lambda: bookkeeping._bring_up_to_date(home, store, PORTAL, now, lambda *_: None))
        meter("facts_of", lambda: facts_of(store, PORTAL.name))
        rules, lists = rules_of(PORTAL), list_rules_of(PORTAL)
        meter("due_pages", lambda: due_pages(store, PORTAL, "full", now, settings.schedule, rules, lists))
        crawl = store.start_crawl(PORTAL.name, "full", now)
        folder = meter(
            "briefing",
            lambda: write_briefing(store, home.runs, PORTAL, Policy(), crawl, "full", now, settings),
        )
        child = multiprocessing.get_context("spawn").Process(target=write, args=(folder, pages, edition, crawl, now))
        child.start()
        child.join()
        assert child.exitcode == 0
        settled = meter("settle", lambda: settle(folder, store, home.archive, settings, now))
        assert settled.healthy, settled
        place = bookkeeping.Briefed(crawl, folder)
        meter(
            "conclude again", lambda: bookkeeping.conclude(home, store, settings, place, PORTAL.name, lambda: now, "")
        )
        meter("outbox: due", lambda: (outbox_store.channels_due(store, now), outbox_store.next_due(store)))
        meter("outbox: waiting", lambda: outbox_store.waiting(store, now))
    return meter.took


def _apart(action: Callable[..., Any], *values: Any) -> Any:
    """What an action returns; in a process of its own, so that nothing of its memory is left here."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:  # whose processes may have children
        return pool.submit(action, *values).result()


def _fill(database: Path, reports: int) -> float:
    with Store.open(database) as store:
        return fill(store, reports)


def grown(reports: int, pages: int, base: Path | None) -> dict[str, dict[str, str]]:
    """By kind of pass: what its steps took in a record of that many reports."""
    with tempfile.TemporaryDirectory(dir=base) as folder:
        home = Home(Path(folder))
        home.create()
        took = _apart(_fill, home.database, reports)
        size = home.database.stat().st_size / 1e6
        print(f"{reports} reports: written in {took} s, {size:.0f} MB", flush=True)
        settings = Settings(channels=(Channel("office", "json://localhost"), Channel("second", "json://localhost")))
        found = {}
        for day, kind in enumerate(KINDS, 1):
            found[kind] = _apart(one_pass, home, settings, pages, kind, day)
            for step, line in found[kind].items():
                print(f"  {kind:12} {step:16} {line}", flush=True)
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reports", default="10000,100000,1000000", help="sizes of the record, with commas")
    parser.add_argument("--pages", default="1000", help="pages of the portal that is settled, with commas")
    parser.add_argument(
        "--in", dest="base", type=Path, help="folder for the records (up to 3.5 GB for a million reports)"
    )
    options = parser.parse_args()
    found = {}
    for pages in map(int, options.pages.split(",")):
        for reports in map(int, options.reports.split(",")):
            found[pages, reports] = grown(reports, pages, options.base)
    print("\nsettle, seconds of CPU (wall), most memory")
    for (pages, reports), kinds in found.items():
        print(
            f"  {pages} pages, {reports} reports: "
            + "; ".join(f"{kind} {steps['settle'].strip()}" for kind, steps in kinds.items())
        )


if __name__ == "__main__":
    sys.exit(main())
