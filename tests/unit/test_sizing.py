"""monitor.sizing: what a plan takes of the service, of disks and of workers, by sums that can be done by hand; and what
`nianbao schedule --simulate` tells of it."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from crawler.portal import Portal
from monitor import sizing
from monitor.cli import cli
from monitor.cli.sizing import amount
from monitor.settings import Schedule
from monitor.simulate import Day, Forecast, Stale, Wait, simulate
from monitor.sizing import Machines, Sizing, Stock, due, fleet, needed, passes_a_year, size_of, sizing_of
from monitor.store import Store
from tests.bench import workers as bench

ZONE = "Asia/Shanghai"
SUMMER, SEASON = "2026-06-15T00:00:00Z", "2027-02-20T00:00:00Z"
DAILY = Schedule(jitter="0s", season_discover="", offseason_discover="", season_passes=("08:30",))
TWO = Machines(workers=0, slots=50, cores=2)


def forecast(parallel: int = 50, *, tight: bool = False, portals: int = 10, **day: Any) -> Forecast:
    load = {"full": 0, "discover": 0, "requests": 0, "busiest_requests": 0, "most_passes": 0, "slots": 40.0, **day}
    wait = Wait(0, "", "", 0, "", SUMMER if tight else "", int(tight), 0)
    days = (Day(date="2026-06-15", busiest_hour="08:00", **load),)
    return Forecast(SUMMER, SUMMER, portals, 0, 0, days, wait, parallel, (Stale("p", 0, 0, 0, 0),))


def added_up(
    told: Forecast, *, passes: int = 0, first: float = 0, reports: int = 1000, machines: Machines = TWO
) -> Sizing:
    return sizing_of(told, passes, first, machines, 1, 1, Stock(reports, 3))


# Invented fleets -----------------------------------------------------------------------------------------------------


def test_each_invented_portal_has_a_host_of_its_own_and_the_same_costs() -> None:
    made = fleet(3, 100, 0.5, Schedule(), ZONE, SUMMER)
    assert len({subject.facts.portal for subject in made}) == len({subject.hosts for subject in made}) == 3
    [discover] = {subject.discover for subject in made}
    assert (discover.requests, discover.seconds) == (3, 3.5), "robots.txt and two pages of the list, half a second each"
    [first] = {subject.first for subject in made}
    assert (first.requests, first.seconds) == (103, 53.5)
    [full] = {subject.full for subject in made}
    assert full.requests == pytest.approx(3 + 100 / 7)


def test_invented_portals_begin_as_ones_that_were_just_read() -> None:
    told = simulate(fleet(5, 10, 1.0, DAILY, ZONE, SUMMER), DAILY, ZONE, SUMMER, 2, 99)
    assert (told.passes, [day.full for day in told.days]) == (10, [5, 5]), "daily, and no rush at the beginning"


def test_how_much_is_due_follows_the_age_of_reports() -> None:
    assert due(100, Schedule(), ZONE, SUMMER) == pytest.approx(100 / 7), "none is younger than ten weeks: weekly"
    assert due(100, Schedule(), ZONE, "2027-01-05T00:00:00Z") == pytest.approx(100 / 21), "in three passes a day"
    assert due(100, Schedule(recheck_old="8h"), ZONE, SEASON) == 100
    # A tenth of what is new each year came yesterday, the day before, ...: those are read in every pass.
    assert 100 / 21 + 2 < due(100, Schedule(), ZONE, SEASON) < 20


# How many workers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("enough", "workers"), [(1, 1), (50, 1), (51, 2), (130, 3), (150, 3), (151, 4), (590, 12)])
def test_the_fewest_workers_with_which_nobody_waits_too_long(enough: int, workers: int) -> None:
    asked = []

    def play(parallel: int) -> Forecast:
        asked.append(parallel)
        return forecast(min(parallel, 600), tight=parallel < enough)

    count, told = needed(play, 50)
    assert count == workers
    assert not told.wait.tight
    assert told.most_running in (workers * 50, 600)
    assert len(asked) < 7


def test_the_forecast_is_that_of_the_workers_that_are_asked_for() -> None:
    subjects = fleet(60, 100, 60.0, DAILY, ZONE, SUMMER)
    told, takes = size_of(subjects, DAILY, ZONE, SUMMER, 1, Machines(1, 5, 2), Stock(6000, 3))
    assert (takes.workers, takes.slots, told.most_running) == (1, 5, 5)
    assert told.wait.tight, "sixty passes of a quarter of an hour on five slots"
    free, enough = size_of(subjects, DAILY, ZONE, SUMMER, 1, Machines(0, 5, 2), Stock(6000, 3))
    assert enough.for_waiting == enough.workers == takes.for_waiting > 1
    assert not free.wait.tight
    less, _ = size_of(subjects, DAILY, ZONE, SUMMER, 1, Machines(enough.workers - 1, 5, 2), Stock(6000, 3))
    assert less.wait.tight, "one fewer is too few"


def test_cores_follow_from_the_busiest_hour() -> None:
    told = added_up(forecast(most_passes=36_000, busiest_requests=360_000))
    cores = 10 * sizing.PASS + 100 * sizing.REQUEST
    assert told.cores == pytest.approx(cores, abs=0.01)
    many = added_up(forecast(most_passes=3_600_000, busiest_requests=36_000_000))
    assert many.for_cpu == -(-100 * cores // (2 * sizing.BUSY))
    assert many.needed == many.for_cpu > many.for_waiting == 1
    assert added_up(forecast()).needed == 1, "nobody manages with none"


# The service ---------------------------------------------------------------------------------------------------------


def test_the_service_s_share_is_of_one_core_over_the_busiest_day_and_in_the_worst_hour() -> None:
    told = added_up(forecast(full=43_200, discover=43_200, most_passes=7_200), reports=0)
    assert told.service_a_day == pytest.approx(sizing.SERVICE, abs=1e-4), "a pass a second"
    assert told.service_at_worst == pytest.approx(2 * sizing.SERVICE, abs=1e-4)
    assert told.within_target
    assert not added_up(forecast(most_passes=int(0.21 / sizing.SERVICE * 3600))).within_target
    assert not added_up(forecast(full=int(0.21 / sizing.SERVICE * 86400))).within_target


def test_larger_portals_cost_the_service_more_and_smaller_ones_as_much() -> None:
    shares = [added_up(forecast(most_passes=7_200), reports=10 * each).service_at_worst for each in (10, 100, 400)]
    assert shares[0] == shares[1] == pytest.approx(shares[2] / 4, abs=1e-3)


def test_what_is_new_counts_by_its_number() -> None:
    none, some = (added_up(forecast(), reports=reports).service_a_day for reports in (0, 1_000_000))
    assert none == 0
    assert some == pytest.approx(220_000 / 80 * sizing.NEW_REPORT / 86400, rel=0.01), "a fifth and 2 % within 80 days"


def test_the_first_reading_takes_the_longer_of_pauses_and_settling() -> None:
    assert added_up(forecast(), first=1_000_000, reports=0).first == 20_000, "on fifty slots"
    assert added_up(forecast(), first=1_000, reports=1_000_000).first == round(1_000_000 * sizing.NEW_REPORT)


# Disks ---------------------------------------------------------------------------------------------------------------


def test_a_year_s_growth() -> None:
    told = added_up(forecast(portals=10), passes=1_000_000, reports=1_000)
    assert told.record_by_passes == 1_000_000 * sizing.CRAWL_BYTES
    assert told.record_a_year - told.record_by_passes == 220 * sizing.REPORT_BYTES
    assert told.archive_a_year == 220 * sizing.CAPTURE_BYTES
    assert told.run_folders == 10 * 3 * sizing.RUN_BYTES


def test_a_year_s_passes_are_those_of_some_portals_for_all() -> None:
    assert passes_a_year(fleet(100, 10, 1.0, DAILY, ZONE, SUMMER), DAILY, ZONE, SUMMER) == 36_500
    assert passes_a_year([], DAILY, ZONE, SUMMER) == 0
    season = 105  # days from 1 January to 15 April
    thrice = Schedule(jitter="0s", season_discover="", offseason_discover="")
    assert passes_a_year(fleet(7, 10, 1.0, thrice, ZONE, SUMMER), thrice, ZONE, SUMMER) == 7 * (365 + 2 * season)


def test_the_whole_country_leaves_the_service_most_of_its_core() -> None:
    """14,000 portals of 100 reports, at a tenth of the size: settling stays below a fifth of a core."""
    for start in (SUMMER, SEASON):
        machines = Machines(0, 5, 2)
        told, takes = size_of(
            fleet(1400, 100, 1.0, Schedule(), ZONE, start), Schedule(), ZONE, start, 1, machines, Stock(140_000, 3)
        )
        assert told.passes > 2 * 1400
        assert 10 * max(takes.service_a_day, takes.service_at_worst) < sizing.TARGET


# The command ---------------------------------------------------------------------------------------------------------


def run(home: Path, line: str) -> Any:
    return CliRunner().invoke(cli, ["--home", str(home), "--now", SUMMER, *line.split()])


def test_a_fleet_that_is_not_there_yet_is_planned(tmp_path: Path) -> None:
    told = run(tmp_path, "schedule --simulate 1d --portals 40 --reports 200 --json")
    found = json.loads(told.output)
    assert found["portals"] == 40
    takes = msgspec.convert(found["sizing"], Sizing)
    assert (takes.workers, takes.slots, found["sizing"]["needed"]) == (1, 50, 1)
    assert takes.assumed[0].startswith("40 portals of 200 reports are invented: ")
    assert "a full pass reads 28.6 of them, with 1 s between" in takes.assumed[0]
    assert found["advice"] == []
    assert not (tmp_path / "nianbao.db").exists(), "it only looks"


def test_the_sizing_is_told_to_people_with_what_it_assumes(tmp_path: Path) -> None:
    lines = run(tmp_path, "schedule --simulate 1d --portals 40 --slots 8").output.splitlines()
    assert "40 个门户，同时至多读取 8 个（1 个工作进程，各 8 个）" in lines[0]
    assert any(line.startswith("需要 1 个工作进程：按排队需 1 个（每个同时 8 次读取）") for line in lines)
    assert any(line.startswith("主服务为读取（准备、结算、收发）占单核 0.") for line in lines)
    assert any("数据库每年增长 " in line for line in lines)
    assert sum(line.startswith("- ") for line in lines) == 5


def test_too_few_workers_are_told(tmp_path: Path) -> None:
    line = "schedule --simulate 1d --from 2027-02-20 --portals 1500 --workers 1 --slots 2 --json"
    found = json.loads(run(tmp_path, line).output)
    assert found["most_running"] == 2
    few, tight = found["advice"]
    needs = found["sizing"]["for_waiting"]
    assert needs > 1
    assert few == f"1 workers are too few: {needs} are needed for waiting, 1 for CPU"
    assert tight.endswith(" for one of 2 slots: add workers or slots, or raise schedule.jitter")


def test_a_service_that_has_too_much_to_settle_is_told(tmp_path: Path) -> None:
    (tmp_path / "nianbao.toml").write_text('[schedule]\noffseason_discover = "1h"\n', "utf-8")
    found = json.loads(run(tmp_path, "schedule --simulate 1d --portals 300 --reports 20000 --json").output)
    assert not found["sizing"]["within_target"]
    assert any("of a core on passes, more than 20%: read less often" in sentence for sentence in found["advice"])


def test_portals_that_are_there_are_sized_where_workers_make_their_passes(tmp_path: Path) -> None:
    (tmp_path / "portals").mkdir()
    file = 'title = "甲县政府"\nfamily = "generic"\nsections = ["http://a.gov.cn/nb/"]\n'
    (tmp_path / "portals" / "jia.toml").write_text(file, "utf-8")
    with Store.open(tmp_path / "nianbao.db") as store:
        store.sync_portal(Portal(name="jia", title="甲县政府", family="generic", sections=("http://a.gov.cn/nb/",)))
    assert "sizing" not in json.loads(run(tmp_path, "schedule jia --simulate 1d --json").output)
    (tmp_path / "nianbao.toml").write_text('[service]\nengine = "celery"\nbroker = "redis://127.0.0.1:1/0"\n', "utf-8")
    takes = json.loads(run(tmp_path, "schedule jia --simulate 1d --json").output)["sizing"]
    assert (takes["needed"], takes["workers"]) == (1, 1)
    assert takes["assumed"][0].startswith("the service takes ")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("schedule --portals 5", "--portals goes with --simulate"),
        ("schedule --workers 5", "--workers goes with --simulate"),
        ("schedule --simulate 1d --reports 5", "--reports goes with --portals"),
        ("schedule jia --simulate 1d --portals 5", "leave out the names"),
        ("schedule --simulate 1d --portals 0", "--portals"),
    ],
)
def test_what_is_refused(tmp_path: Path, line: str, says: str) -> None:
    told = run(tmp_path, line)
    assert told.exit_code == 2
    assert says in told.output


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (4_300, "4.3 KB"), (11_200_000_000, "11.2 GB"), (2e6, "2.0 MB")]
)
def test_sizes_are_read_at_a_glance(size: float, text: str) -> None:
    assert amount(size) == text


# Where the constants come from ---------------------------------------------------------------------------------------

RESULTS = Path(__file__).parents[1] / "bench" / "results"


def kept(name: str) -> Any:
    return json.loads((RESULTS / name).read_text("utf-8"))


def test_the_service_s_costs_are_the_highest_that_were_measured() -> None:
    told = kept("settling.json")["ms"]

    def highest(*steps: str) -> float:
        kinds = ("due", "discover", "every page")
        return max(float(sum(told[kind][step]["median"] for step in steps)) for kind in kinds)

    assert pytest.approx(1000 * sizing.BRIEF, rel=0.1) == highest("brief")
    assert pytest.approx(1000 * sizing.SETTLE, rel=0.1) == highest("settle")
    assert pytest.approx(1000 * sizing.PLAN, rel=0.1) == highest("plan")
    assert pytest.approx(1000 * sizing.PARCELS, rel=0.1) == highest("pack", "unpack")
    assert pytest.approx(sizing.RUN_BYTES, rel=0.1) == 1000 * highest("KB of the run folder")
    assert pytest.approx(sizing.CRAWL_BYTES, rel=0.1) == told["a pass of the record"]["bytes"]["median"]


def test_the_workers_costs_are_those_of_the_bench() -> None:
    local, remote = kept("workers-50.json")["rates"]
    pages = kept("workers-50.json")["pages"]
    asked = pages + 3  # robots.txt, two pages of the list at most
    assert pytest.approx(1000 * (sizing.PASS + asked * sizing.REQUEST), rel=0.25) == remote["worker"]
    assert pytest.approx(1000 * (sizing.PARCELS + sizing.DISPATCH), rel=0.35) == remote["service"] - local["service"]


def test_a_new_report_s_bytes_are_those_of_the_bench_of_passes() -> None:
    run = max(kept("passes.json")["runs"], key=lambda run: run["pages"])
    left = run["rounds"][0]["disk"]["first"]
    assert pytest.approx(sizing.REPORT_BYTES, rel=0.05) == left["nianbao.db"] / run["pages"]
    assert pytest.approx(sizing.CAPTURE_BYTES, rel=0.05) == left["archive"] / run["pages"]


def test_the_results_that_are_kept_meet_what_was_asked_for() -> None:
    results = msgspec.convert(kept("workers.json"), bench.Results)
    rates = {rate.workers: rate for rate in results.rates}
    told = bench.table(results)
    for workers, times in bench.TARGETS.items():
        assert rates[workers].a_minute >= times * rates[1].a_minute
        assert f"{rates[workers].a_minute / rates[1].a_minute:.2f}" in told
    assert "MISSED" not in told
    slow = [msgspec.structs.replace(rate, a_minute=10.0) for rate in results.rates]
    assert bench.table(msgspec.structs.replace(results, rates=slow)).count("MISSED") == 2
