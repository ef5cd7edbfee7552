"""What portals are owed, seen from their side: pauses that all processes share, robots.txt, Retry-After, quiet hours, a name."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.observation import QUIET
from crawler.pace import JITTER
from tests.e2e.polite_site import SECTION, YEARS, Answer, Site, ended, order, run, start
from tests.e2e.service_home import disable_built_in

NIANBAO = str(Path(sys.executable).parent / "nianbao")
LATE = 0.25
"""Seconds by which a request may come to the server later than it was sent, on a machine that is busy."""


def kept(site: Site, delay: float, since: int = 0) -> None:
    """The server was never asked sooner than the pause, less its jitter, after the request before."""
    gaps = site.gaps[since:]
    least = delay * (1 - JITTER)
    assert sum(gaps) >= len(gaps) * least - LATE, gaps
    assert min(gaps) >= least - LATE, gaps


@pytest.fixture
def pace(tmp_path: Path) -> str:
    return str(tmp_path / "pace")


# One request a second and host, whoever asks ----------------------------------------------------------------------------


def test_two_processes_keep_one_pause(tmp_path: Path, pace: str) -> None:
    """robots.txt, a redirect and an attachment count like any other request."""
    delay = 0.6
    with Site() as site:
        moved = f"{SECTION}2023.html"
        site.answers[moved] = lambda _: (302, {"Location": f"{SECTION}2024.html"}, "")
        site.answers[f"{SECTION}2022.html"] = lambda _: None
        folders = [
            order(tmp_path, name, site.base, {"delay": delay, "concurrency": 4, "obey_robots": True})
            for name in ("one", "two")
        ]
        processes = [start(folder, NIANBAO_PACE=pace) for folder in folders]
        results = [ended(folder, process) for folder, process in zip(folders, processes, strict=True)]
    requests = 3 + len(YEARS)
    assert len(site.asked) == 2 * requests
    assert all(result.summary.requests == requests for result in results)
    kept(site, delay)
    whole = site.asked[-1][0] - site.asked[0][0]
    assert whole <= (2 * requests - 1) * delay * (1 + JITTER) + 4, "and no more than one pause lies between two"
    starts = [[at for at, path, _ in site.asked if path == f"{SECTION}{year}.html"] for year in YEARS]
    assert all(len(times) == 2 for times in starts)


def test_one_process_is_no_slower_for_it(tmp_path: Path, pace: str) -> None:
    with Site() as site:
        run(order(tmp_path, "alone", site.base, {"delay": 0.5, "concurrency": 2}), NIANBAO_PACE=pace)
    kept(site, 0.5)
    assert len(site.gaps) == len(YEARS)
    assert sum(site.gaps) <= len(site.gaps) * 0.5 * (1 + JITTER) + 2 * LATE


def test_without_a_folder_a_pass_keeps_its_own_pause_and_says_so(tmp_path: Path) -> None:
    with Site() as site:
        folder = order(tmp_path, "alone", site.base, {"delay": 0.4})
        process = start(folder, NIANBAO_PACE=str(tmp_path / "no" / "pace"))
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 0, said
    assert said.count("keeps the pauses between its requests by itself") == 1
    assert "NIANBAO_PACE" in said
    kept(site, 0.4)


def test_scrapy_crawl_waits_too(tmp_path: Path, pace: str) -> None:
    """`scrapy crawl NAME` beside a pass: another program of the same user, the same pause."""
    with Site() as site:
        folder = order(tmp_path, "one", site.base, {"delay": 0.5})
        home = tmp_path / "home"
        (home / "portals").mkdir(parents=True)
        (home / "portals" / "far.toml").write_text(
            f'title = "远县"\nfamily = "generic"\nsections = ["{site.base}{SECTION}"]\n'
            "[policy]\ndelay = 0.5\nallow_private = true\nobey_robots = false\n"
        )
        process = start(folder, NIANBAO_PACE=pace)
        environ = {**os.environ, "NIANBAO_PACE": pace, "NIANBAO_HOME": str(home)}
        plain = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "far"],
            capture_output=True,
            text=True,
            timeout=90,
            env=environ,
            check=False,
        )
        ended(folder, process)
    assert plain.returncode == 0, plain.stderr
    assert len(site.asked) == 2 * (1 + len(YEARS)), plain.stderr
    kept(site, 0.5)


# robots.txt -----------------------------------------------------------------------------------------------------------


def test_a_pause_that_robots_txt_asks_for_is_kept(tmp_path: Path, pace: str) -> None:
    with Site() as site:
        site.robots = "\ufeffUser-agent: *\nCrawl-delay: 0.5\nDisallow:\n"
        result = run(order(tmp_path, "slow", site.base, {"obey_robots": True}), NIANBAO_PACE=pace)
    assert result.years == [*YEARS]
    kept(site, 0.5, since=1)


def test_a_pause_that_makes_a_pass_too_long_is_told(tmp_path: Path, pace: str) -> None:
    with Site() as site:
        site.robots = "User-agent: *\nCrawl-delay: 0.5\n"
        policy = {"obey_robots": True, "concurrency": 1}
        result = run(order(tmp_path, "slow", site.base, policy, limits={"pass_seconds": 0.8}), NIANBAO_PACE=pace)
    assert result.summary.outcome == "cut_short"
    assert result.summary.detail == "longer than 0.8 s: robots.txt of 127.0.0.1 asks for 0.5 s between two requests"


def test_what_robots_txt_closes_is_a_finding_with_a_remedy(tmp_path: Path) -> None:
    with Site() as site:
        site.robots = "User-agent: nianbao\nDisallow: /xxgk/\n"
        result = run(order(tmp_path, "closed", site.base, {"obey_robots": True}, known=YEARS))
    assert site.paths == ["/robots.txt"]
    assert {page.reading for page in result.pages.values()} == {"blocked"}
    assert [section.reason for section in result.sections] == ["robots"]
    [told] = result.findings
    assert (told.rule, told.severity, told.url) == ("closed_by_robots", "warning", f"{site.base}/robots.txt")
    assert "let nianbao in, or set obey_robots = false" in told.detail


# Retry-After ------------------------------------------------------------------------------------------------------------


def busy(status: int, wait: str, times: int = 1) -> Any:
    """So many times busy, then as ever."""

    def answer(number: int) -> Answer | None:
        return (status, {"Retry-After": wait}, "busy") if number <= times else None

    return answer


def test_a_short_wait_is_waited_for(tmp_path: Path) -> None:
    with Site() as site:
        site.answers[f"{SECTION}2020.html"] = busy(429, "1")
        soon = format_datetime(datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2), usegmt=True)
        site.answers[SECTION] = busy(503, soon)
        result = run(order(tmp_path, "busy", site.base, {}))
    assert (result.summary.outcome, result.summary.retry_after) == ("ok", 0.0)
    assert result.years == [*YEARS]
    assert site.paths.count(f"{SECTION}2020.html") == 2
    first, second = (at for at, path, _ in site.asked if path == f"{SECTION}2020.html")
    held = [path for at, path, _ in site.asked if first + 0.2 < at < second - 0.05]
    assert second - first >= 0.95
    assert not held, "nobody asks this host meanwhile"


@pytest.mark.parametrize(("status", "reading"), [(429, "blocked"), (503, "unreachable")])
def test_after_a_long_one_the_host_is_asked_no_more(tmp_path: Path, status: int, reading: str) -> None:
    with Site() as site:
        site.answers[f"{SECTION}2021.html"] = busy(status, "3600", 99)
        policy = {"concurrency": 1}
        result = run(order(tmp_path, "busy", site.base, policy, known=YEARS))
    assert len(site.asked) <= 4
    assert site.paths[-1] == f"{SECTION}2021.html"
    assert result.summary.outcome == "cut_short"
    assert result.summary.detail.endswith("pages left unread: the host asked to be left alone")
    assert 3590 <= result.summary.retry_after <= 3600
    assert result.readings[f"{SECTION}2021.html"] == reading
    assert "gone" not in result.readings.values()


def test_waits_add_up_to_an_end(tmp_path: Path) -> None:
    """A host that asks for a second each time, for ever."""
    with Site() as site:
        for year in YEARS:
            site.answers[f"{SECTION}{year}.html"] = busy(429, "1", 99)
        begun = time.monotonic()
        result = run(order(tmp_path, "busy", site.base, {"concurrency": 1}, limits={"pass_seconds": 4.0}))
    assert time.monotonic() - begun < 15
    assert "gone" not in result.readings.values()
    assert result.summary.outcome == "cut_short"


# As an operator sees it -------------------------------------------------------------------------------------------------


class Home:
    """A home with one portal on loopback."""

    def __init__(self, path: Path, site: Site, policy: str = "", service: str = "") -> None:
        self.path = path
        disable_built_in(path)
        (path / "nianbao.toml").write_text(service)
        (path / "portals" / "far.toml").write_text(
            f'title = "远县"\nfamily = "generic"\norgan = "甲县人民政府"\nsections = ["{site.base}{SECTION}"]\n'
            f"[policy]\ndelay = 0.0\nallow_private = true\n{policy}"
        )

    def run(self, *words: str, now: str = "", code: int = 0) -> "subprocess.CompletedProcess[str]":
        command = [NIANBAO, "--home", str(self.path), *(("--now", now) if now else ()), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == code, f"{words}: {done.stdout}\n{done.stderr}"
        return done

    def turn(self, now: str = "") -> dict[str, Any]:
        [row] = json.loads(self.run("schedule", "far", "--json", now=now).stdout)
        return dict(row)


def test_the_schedule_does_not_come_back_before(tmp_path: Path) -> None:
    now = "2026-02-10T00:30:00Z"
    with Site() as site:
        home = Home(tmp_path / "home", site)
        home.run("crawl", "far", now=now)
        before = len(site.asked)
        site.answers[SECTION] = busy(503, "28800", 99)
        done = home.run("crawl", "far", now="2026-02-10T01:00:00Z", code=1)
        assert len(site.asked) == before + 2, "robots.txt and the section"
        assert "pages left unread: the host asked to be left alone" in done.stderr
        turn = home.turn("2026-02-10T01:01:00Z")
        assert turn["why"] == "asked"
        assert "2026-02-10T08:59:00Z" <= turn["at"] <= "2026-02-10T09:02:00Z", "eight hours"
        assert turn["reason"].startswith("网站要求 2026-02-10 1")
        # Who asks by hand is told, and asks; and what it answers then is what holds.
        del site.answers[SECTION]
        done = home.run("crawl", "far", now="2026-02-10T01:05:00Z")
        assert "far: it asked to be left alone until 2026-02-10 1" in done.stderr
        assert home.turn("2026-02-10T01:06:00Z")["not_before"] is None
        events = json.loads(home.run("events", "--json", now="2026-02-10T01:07:00Z").stdout)
        assert not [event for event in events if event["kind"] in ("taken_down", "portal_down")]


def test_quiet_hours(tmp_path: Path) -> None:
    night = "2026-02-10T15:30:00Z"  # half past eleven in Shanghai
    with Site() as site:
        home = Home(tmp_path / "home", site, 'quiet = "22:00-06:00"\n')
        turn = home.turn(night)
        assert (turn["why"], turn["reason"]) == ("quiet", "安静时段（22:00-06:00）之后")
        assert "2026-02-10T22:00:00Z" <= turn["at"] <= "2026-02-10T22:10:00Z"
        done = home.run("crawl", "far", now=night)
        assert "far: these are its quiet hours (22:00-06:00); read all the same, as you asked for it" in done.stderr
        assert len(site.asked) > len(YEARS)
        assert home.turn("2026-02-10T01:00:00Z")["why"] != "quiet"
        (home.path / "portals" / "far.toml").write_text(
            (home.path / "portals" / "far.toml").read_text().replace("22:00-06:00", "22-6")
        )
        refused = home.run("crawl", "far", now=night, code=2)
        assert (
            'far.toml: policy.quiet: "22-6" is no span of hours; write HH:MM-HH:MM, such as "22:00-06:00"'
            in refused.stderr
        )


@pytest.mark.parametrize(("quiet_in", "most"), [(0.001, 0), (1.8, 3)])
def test_a_pass_ends_where_they_begin(tmp_path: Path, pace: str, quiet_in: float, most: int) -> None:
    with Site() as site:
        folder = order(
            tmp_path, "night", site.base, {"delay": 0.5, "concurrency": 1}, limits={"quiet_in": quiet_in}, known=YEARS
        )
        result = run(folder, NIANBAO_PACE=pace)
    assert len(site.asked) <= most
    assert (len(site.asked) > 0) is (most > 0)
    assert (result.summary.outcome, result.summary.detail) == ("cut_short", QUIET)


def test_whoever_asks_says_who_they_are(tmp_path: Path) -> None:
    with Site() as site:
        home = Home(tmp_path / "home", site, service='[service]\ncontact = "网信科 desk@example.cn 010-1234"\n')
        home.run("crawl", "far")
        assert {headers["From"] for _, _, headers in site.asked} == {"desk@example.cn"}
        agents = {headers["User-Agent"].encode("latin-1").decode() for _, _, headers in site.asked}
        [agent] = agents
        assert agent.startswith("nianbao/")
        assert "desk@example.cn" in agent


# Who refuses ------------------------------------------------------------------------------------------------------------


def test_a_challenge_is_told_by_its_name_and_never_solved(tmp_path: Path) -> None:
    walls: dict[int, Answer] = {
        2020: (412, {"Set-Cookie": "924omrTVcFchP=x"}, "<script r='m'>$_ts=window['$_ts'];</script>"),
        2021: (521, {"Set-Cookie": "__jsluid_s=1; path=/"}, "<script>x</script>"),
        2022: (302, {"Set-Cookie": "CT6T=1; path=/", "Location": f"{SECTION}2022.html"}, ""),
        2023: (405, {}, "<p>已被电信云防护拦截</p>"),
    }
    with Site() as site:
        for year, answer in walls.items():
            site.answers[f"{SECTION}{year}.html"] = lambda _, said=answer: said  # type: ignore[misc]
        result = run(order(tmp_path, "walls", site.base, {}, known=YEARS))
    assert {path: (page.reading, page.marker) for path, page in result.pages.items()} == {
        f"{SECTION}2020.html": ("blocked", "challenge $_ts"),
        f"{SECTION}2021.html": ("blocked", "challenge __jsl_clearance"),
        f"{SECTION}2022.html": ("blocked", "challenge cookie"),
        f"{SECTION}2023.html": ("blocked", "wall ctyun"),
    }
    asked = [path for path in site.paths if path != f"{SECTION}2022.html"]
    assert sorted(asked) == sorted({SECTION, *(f"{SECTION}{year}.html" for year in (2020, 2021, 2023))}), "once each"


def test_a_cookie_that_a_redirect_sets_is_brought_back(tmp_path: Path) -> None:
    """No challenge: any client that keeps cookies passes."""
    with Site() as site:
        path = f"{SECTION}2022.html"
        site.answers[path] = lambda number: (
            (302, {"Set-Cookie": "seen=1; path=/", "Location": path}, "") if number == 1 else None
        )
        result = run(order(tmp_path, "cookie", site.base, {}))
    assert 2022 in result.years
    assert [headers.get("Cookie") for _, asked, headers in site.asked if asked == path] == [None, "seen=1"]
