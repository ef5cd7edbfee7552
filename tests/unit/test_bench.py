"""The benchmark measures what it says: its portal, its account of a command, its numbers, and the page that shows them."""

import re
import sys
import threading

import msgspec
import pytest

from crawler.families.base import Markup
from crawler.page.model import Fetched
from crawler.page.reader import read_page
from crawler.portal import Portal
from monitor import figures
from tests.bench import document, measure, passes, peers, portal
from tests.bench.measure import Cost
from tests.bench.results import Results, Round, Run
from tests.bench.tables import compared, cpu, short, targets

HOME = Portal(name="bench", title="云溪县", family="trs", sections=("http://127.0.0.1/nb/",))


def switches() -> portal.Switches:
    return portal.Switches(threading.Event(), threading.Event(), threading.Event())


def ask(site: portal.Site, path: str, tag: str = "") -> tuple[str, dict[str, str], bytes]:
    """Status, headers and body."""
    known = f"If-None-Match: {tag}\r\n" if tag else ""
    head, _, body = site.answer(f"GET {path} HTTP/1.1\r\n{known}\r\n".encode()).partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return status.split()[1], dict(line.split(": ", 1) for line in lines), body


@pytest.fixture(scope="module")
def shelf() -> portal.Shelf:
    return portal.Shelf(101)


def test_every_page_is_another_one_of_the_size_that_is_told(shelf: portal.Shelf) -> None:
    pages = [shelf.page(number)[0] for number in range(101)]
    assert len(set(pages)) == len(pages) == len(shelf)
    assert all(portal.SIZE <= len(page) < portal.SIZE * 1.02 for page in pages)
    assert pages[7] == portal.page(7), "compressed or not"
    assert len(portal.page(7, "word")) > 2 * portal.SIZE * 0.95


def test_a_changed_page_has_one_other_digit_and_another_tag(shelf: portal.Shelf) -> None:
    for number in (0, 100):
        (before, tag), (after, other) = shelf.page(number), shelf.page(number, changed=True)
        places = [place for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        assert len(places) == 1
        assert before[places[0] : places[0] + 1].isdigit()
        assert after[places[0] : places[0] + 1].isdigit()
        assert tag != other
    assert shelf.page(99) == shelf.page(99, changed=True), "one in a hundred"


def test_a_page_reads_as_a_report_with_its_three_tables_and_the_digit_is_one_of_their_figures(
    shelf: portal.Shelf,
) -> None:
    def cells(changed: bool) -> dict[str, float]:
        fetched = Fetched("http://127.0.0.1/nb/1.html", 200, "text/html; charset=utf-8", shelf.page(0, changed)[0])
        (report,) = read_page(fetched, HOME, Markup()).reports
        assert (report.organ, report.year) == (portal.organ(0), 2019)
        return {one.field: one.value for one in figures.read(report.text).figures}

    before, after = cells(False), cells(True)
    assert len(before) > 150
    assert {name.partition(".")[0] for name in before} >= {"proactive", "requests", "review"}
    assert [name for name in before if before[name] != after[name]] == ["proactive.penalties.decisions"]


def test_the_portal_counts_visits_and_sends_tags_only_when_it_is_told_to(shelf: portal.Shelf) -> None:
    does = switches()
    site = portal.Site(shelf, does)
    address = "/nb/202401/t20240110_100.html"
    assert ask(site, address)[2] == ask(site, address)[2]
    assert "ETag" not in ask(site, address)[1]
    with does.on("noisy"):
        bodies = [ask(site, address)[2] for _ in range(2)]
        assert [re.findall(rb"\d{8}", body)[0] for body in bodies] == [b"00000001", b"00000002"]
        assert len({len(body) for body in bodies}) == 1
    with does.on("validators"):
        tag = ask(site, address)[1]["ETag"]
        assert ask(site, address, tag)[::2] == ("304", b"")
    assert ask(site, address, tag)[0] == "200", "a portal without them"
    with does.on("validators", "changed"):
        assert ask(site, address, tag)[0] == "200"
    assert not any(switch.is_set() for switch in does)
    assert ask(site, "/robots.txt")[0] == "404"


def test_the_lists_name_every_page_once(shelf: portal.Shelf) -> None:
    site = portal.Site(shelf, switches())
    listed = b"".join(ask(site, path)[2] for path in ("/nb/", "/nb/index_1.html", "/nb/index_2.html"))
    assert sorted(map(int, re.findall(rb"t20240110_(\d+)\.html", listed))) == list(range(101))


BURN = "import time\nwhile time.process_time() < 0.2: pass"


@pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper")
def test_the_cpu_of_an_orphan_counts() -> None:
    """Twice removed, and still at work when the command has ended."""
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BURN!r}])"
    command = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {start!r}])"
    assert measure.measured([sys.executable, "-c", command]).cpu >= 0.2


def test_a_command_that_fails_is_no_result() -> None:
    with pytest.raises(measure.Failed, match=r"(?s)ended with 3.*so it goes"):
        measure.measured([sys.executable, "-c", "print('so it goes'); raise SystemExit(3)"])


def test_what_is_measured_may_keep_what_it_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in measure.environment({"A": "b"})


def cost(cpu: float) -> Cost:
    return Cost(cpu, wall=cpu * 2, peak=100.0, tree=150.0)


def results(*unchanged: float, pages: int = 1000) -> Results:
    """Rounds in which bare Scrapy took 2 and then 4 s: the machine became busy."""
    rounds = [
        Round(
            {
                "bare": [cost(2.0 + turn * 2), cost(2.0 + turn * 2)],
                "first": [cost(10.0 + turn * 2)],
                "unchanged": [cost(own * (turn + 1))],
                "304": [cost(1.0)],
                "noise": [cost(2.0)],
                "changed": [cost(2.0)],
            },
            {
                "first": {"nianbao.db": 30_000_000, "archive": 1_000_000, "runs": 7},
                "unchanged": {"nianbao.db": 30_000_000, "archive": 1_000_300, "runs": 9_999_999},
                "304": {"nianbao.db": 30_000_000, "archive": 1_000_300},
                "noise": {"nianbao.db": 30_000_000, "archive": 1_000_300},
                "changed": {"nianbao.db": 30_250_000, "archive": 1_000_300},
            },
        )
        for turn, own in enumerate(unchanged)
    ]
    found = Results({"cores": 2}, "abc", "2026-11-22")
    found.add(Run(pages, "wps", 59_000, rounds))
    return found


def test_ratios_are_taken_round_by_round_and_then_their_median() -> None:
    (run,) = results(1.0, 1.2).runs
    assert run.ratio("unchanged").low == 0.5
    assert run.ratio("unchanged").high == 0.6
    assert run.cpu_a_page("bare").median == 3.0, "ms"
    assert run.cpu_a_page("bare").spread == pytest.approx(2 / 3)
    assert run.above("first").median == 8.0


def test_what_is_stored_grows_from_step_to_step_and_run_folders_do_not_count() -> None:
    (run,) = results(1.0).runs
    assert run.grown("first").median == 31_000_000
    assert run.grown("unchanged").median == 300
    assert run.grown("changed").median == 250_000


def test_the_tables_say_what_was_measured_and_whether_it_is_enough() -> None:
    found = results(1.0)
    assert "| nothing changed, by the bytes | 1.00 ms, 0.50 |" in cpu(found.runs)
    assert "| nothing changed, by the bytes, 1,000 pages | 0.9 x bare | 0.50 x | met |" in targets(found.runs)
    assert "**missed**" in targets(results(1.9).runs)
    assert "nothing changed, by the bytes" in short(found.runs[0])
    assert "| 1.00 | 1.20 | 0.50 | 0.60 | 1.20 |" in compared(found, results(1.2))


def test_another_run_of_the_same_size_takes_the_place_of_the_first() -> None:
    found = results(1.0, pages=5000)
    found.add(results(1.2).runs[0])
    found.add(results(1.4, pages=5000).runs[0])
    assert [(run.pages, run.ratio("unchanged").median) for run in found.of()] == [(1000, 0.6), (5000, 0.7)]
    assert msgspec.json.decode(msgspec.json.encode(found), type=Results) == found


def test_a_pass_that_misses_something_is_no_result() -> None:
    good = {"outcome": "ok", "errors": 0, "seen": 200, "events": {"changed": 2}}
    passes.verify("changed", 200, good)
    passes.verify("first", 200, good | {"events": {"appeared": 200, "overdue": 20, "baseline": 1}})
    for bad in (
        {"events": {"changed": 1}},
        {"events": {"changed": 2, "moved": 1}},
        {"seen": 199},
        {"errors": 1},
        {"outcome": "failed"},
    ):
        with pytest.raises(AssertionError):
            passes.verify("changed", 200, good | bad)
    with pytest.raises(AssertionError):
        passes.verify("unchanged", 200, good)


def test_what_another_tool_says_is_counted_once_a_page() -> None:
    several = (
        "1. NEW: job 7\n02. CHANGED: job 71\n====\nNEW: job 7 (http://127.0.0.1/)\nCHANGED: job 71 (http://127.0.0.1/)"
    )
    assert peers.heard(several) == (1, 1)
    assert peers.heard("===\nCHANGED: job 0\n===\n\nCHANGED: job 0 ( http://127.0.0.1/ )") == (0, 1)
    assert peers.heard("ERROR: job 3\nit was NEW: job 3") == (0, 0)


def test_the_page_shows_the_results_that_are_kept() -> None:
    text = document.PAGE.read_text("utf-8")
    assert document.written(text) == text, "make bench-plots"
    images = re.findall(r"!\[([^\]]+)\]\((images/performance-\w+\.svg)\)", text)
    assert images
    for words, path in images:
        assert len(words) > 40, "what the plot shows, for whom it does not show"
        assert (document.PAGE.parent / path).stat().st_size < 60_000
