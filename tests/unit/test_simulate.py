"""monitor.simulate: small plans whose outcome can be told by hand, and what `nianbao schedule` makes of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from crawler.portal import Policy, Portal
from monitor.cli import cli
from monitor.cli.schedule import span
from monitor.costs import subject_of
from monitor.planning import PortalFacts
from monitor.settings import Schedule
from monitor.simulate import Cost, Forecast, Subject, simulate
from monitor.store import Store

ZONE = "Asia/Shanghai"
START = "2026-06-01T00:00:00Z"  # 08:00 in Shanghai
DAILY = Schedule(jitter="0s", season_discover="", offseason_discover="")


def subject(number: int, seconds: float = 600, host: str = "", **facts: Any) -> Subject:
    last = "2026-05-31T00:30:00Z"
    known = {"health": "ok", "last_started": last, "last_full": last, **facts}
    cost = Cost(seconds, 60)
    return Subject(PortalFacts(f"p{number}", **known), (host or f"h{number}",), cost, Cost(6, 3), Cost(1200, 120))


def play(*subjects: Subject, schedule: Schedule = DAILY, days: float = 2, parallel: int = 8) -> Forecast:
    return simulate(subjects, schedule, ZONE, START, days, parallel)


def test_one_portal_once_a_day() -> None:
    told = play(subject(1))
    assert (told.passes, told.requests, told.most_running, told.wait.seconds) == (2, 120, 1, 0)
    assert [(day.date, day.full, day.requests) for day in told.days] == [("2026-06-01", 1, 60), ("2026-06-02", 1, 60)]
    assert told.days[0].busiest_hour == "08:00"
    [stale] = told.stale
    assert (stale.new, stale.fresh, stale.old) == (86400, 86400, 8 * 86400)
    assert stale.missing == 12 * 3600 * 5 // 4, "as soon as one is missing, the portal is read twice a day"


def test_looks_at_the_lists_make_new_reports_seen_sooner() -> None:
    [stale] = play(subject(1), schedule=Schedule(jitter="0s", offseason_discover="2h")).stale
    assert stale.new <= 2.5 * 3600
    assert stale.fresh == 86400


def test_who_comes_late_waits_for_a_slot() -> None:
    told = play(*map(subject, range(5)), days=1, parallel=2)
    assert told.most_running == 2
    assert told.wait.seconds == 1200, "the fifth begins after two others"
    assert told.wait.waiting == 3
    assert told.wait.tight == ""


def test_too_many_for_the_slots_is_said_with_its_time() -> None:
    told = play(*map(subject, range(12)), days=1, parallel=2)
    assert told.wait.seconds == 3000
    assert (told.wait.tight, told.wait.tight_passes, told.wait.tight_seconds) == ("2026-06-01T00:30:00Z", 4, 3000)


def test_no_two_passes_share_a_host() -> None:
    told = play(subject(1, host="h"), subject(2, host="h"), subject(3), days=1)
    assert told.most_running == 2
    assert told.wait.seconds == 600


def test_jitter_spreads_the_load() -> None:
    last = "2026-05-31T07:00:00Z"
    crowd = [subject(number, last_started=last, last_full=last) for number in range(100)]
    together = play(*crowd, days=1, parallel=4)
    spread = play(*crowd, days=1.2, parallel=4, schedule=Schedule(jitter="6h", offseason_discover=""))
    assert spread.wait.seconds < together.wait.seconds / 4


def test_a_portal_that_was_never_read_is_read_at_once_and_whole() -> None:
    told = play(subject(1, last_started=None, last_full=None), days=0.01)
    assert (told.passes, told.requests) == (1, 120)


def test_a_portal_that_is_down_is_taken_to_answer_again() -> None:
    told = play(subject(1, empty_passes=9, last_started="2026-05-31T23:00:00Z"), days=3)
    assert [(day.date, day.full) for day in told.days] == [("2026-06-02", 2), ("2026-06-03", 1)], (
        "a day later, then daily"
    )


# What passes take ---------------------------------------------------------------------------------------------------

PORTAL = Portal(
    name="linhai", title="临海", family="generic", sections=("https://www.x.gov.cn/a/", "https://www.x.gov.cn/{year}/")
)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store.open(tmp_path / "nianbao.db") as opened:
        opened.sync_portal(PORTAL)
        yield opened


def test_costs_are_estimated_from_what_there_is_to_read(store: Store) -> None:
    found = subject_of(store, PORTAL, Policy(delay=2.0), Schedule())
    assert found.discover == Cost(42.0, 20), "robots.txt, a section, eighteen years"
    assert found.first == Cost(162.0, 80)
    assert found.hosts == ("www.x.gov.cn",)
    assert not found.full.measured


def test_costs_are_measured_as_soon_as_there_are_passes(store: Store) -> None:
    for minutes, requests in ((1, 10), (2, 20), (50, 500)):
        number = store.start_crawl("linhai", "discover", "2026-06-01T00:00:00Z")
        store.update(
            "crawls", number, {"outcome": "ok", "finished_at": f"2026-06-01T00:{minutes:02}:00Z", "requests": requests}
        )
    found = subject_of(store, PORTAL, Policy(), Schedule())
    assert found.discover == Cost(120.0, 20, measured=True), "the median"
    assert not found.full.measured


# The command --------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "portals").mkdir()
    file = 'title = "甲县政府"\nfamily = "generic"\nsections = ["http://a.gov.cn/nb/"]\n'
    (tmp_path / "portals" / "jia.toml").write_text(file, "utf-8")
    return tmp_path


def run(home: Path, line: str) -> Any:
    return CliRunner().invoke(cli, ["--home", str(home), "--now", "2026-06-01T00:00:00Z", *line.split()])


def test_schedule_says_what_is_next_and_why(home: Path) -> None:
    told = run(home, "schedule jia")
    assert told.output.splitlines() == [
        "下次\t代号\t门户\t方式\t原因\t上次开始\t上次全面读取",
        "现在\tjia\t甲县政府\t全面\t首次读取\t\t",
    ]
    assert not (home / "nianbao.db").exists(), "it only looks"


def test_schedule_tells_the_reason_with_its_numbers(home: Path) -> None:
    with Store.open(home / "nianbao.db") as store:
        store.sync_portal(Portal(name="jia", title="甲县政府", family="generic", sections=("http://a.gov.cn/nb/",)))
        number = store.start_crawl("jia", "full", "2026-05-31T00:31:00Z")
        store.update("crawls", number, {"outcome": "ok", "finished_at": "2026-05-31T00:40:00Z"})
        store.run("UPDATE portals SET health = 'down', empty_passes = 4")
    [row] = json.loads(run(home, "schedule jia --json").output)
    assert (row["why"], row["reason"], row["health"]) == ("down", "连续 4 次无法读取，放慢", "down")
    assert (row["at"], row["due"]) == ("2026-05-31T04:31:00Z", True), "four hours after the last try"


def test_schedule_plays_the_season_from_november(home: Path) -> None:
    told = run(home, "schedule jia --simulate 3d --from 2027-01-10T00:00:00Z --json")
    forecast = json.loads(told.output)
    assert (forecast["start"], forecast["portals"]) == ("2027-01-10T00:00:00Z", 1)
    assert forecast["days"][1]["full"] == 3
    assert forecast["days"][1]["discover"] >= 8
    assert forecast["advice"] == []
    assert "最久未核实" in run(home, "schedule jia --simulate 3d").output


def test_schedule_says_in_a_sentence_what_is_too_tight(home: Path) -> None:
    for number in range(60):
        file = f'title = "乙{number}"\nfamily = "generic"\nsections = ["http://b{number}.gov.cn/nb/"]\n[policy]\ndelay = 9.0\n'
        (home / "portals" / f"yi{number}.toml").write_text(file, "utf-8")
    (home / "nianbao.toml").write_text("[service]\nparallel = 1\n", "utf-8")
    names = " ".join(f"yi{number}" for number in range(60))
    [sentence] = json.loads(run(home, f"schedule {names} --simulate 1d --json").output)["advice"]
    assert sentence.startswith("at 2026-06-01 08:00, 73 passes wait up to 9 h 10 min for ")
    assert sentence.endswith(" for one of 1 slots: raise service.parallel or schedule.jitter")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("schedule --from 2027-01-01", "--from goes with --simulate"),
        ("schedule --simulate 30h", "no number of days"),
        ("schedule --simulate 0d", "no number of days"),
        ("schedule nowhere", "no portal nowhere"),
    ],
)
def test_what_schedule_refuses(home: Path, line: str, says: str) -> None:
    told = run(home, line)
    assert told.exit_code == 2
    assert says in told.output


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (6720, "1 h 52 min"), (90061, "1 d 1 h"), (604800, "7 d")]
)
def test_spans_are_read_at_a_glance(seconds: int, text: str) -> None:
    assert span(seconds) == text
