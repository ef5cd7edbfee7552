"""The coverage map: what a cell says, that figures and cells say the same, and pages with awkward records."""

import random
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from crawler.portal import OrganKind
from monitor.legal import due_on, late_by, local_date, overdue
from monitor.owed import years_seen
from monitor.times import format_utc, to_utc
from monitor.web import coverage_data as data
from monitor.web.coverage_cells import (
    BY_CODE,
    STATES,
    Cell,
    Tally,
    cuts,
    late_after,
    report_state,
    together,
    years_shown,
)
from tests.web.conftest import NOW as DEMO_NOW
from tests.web.conftest import Pages
from tests.web.records import NOW, Made

KINDS: tuple[OrganKind, ...] = ("government", "office", "department", "township")


@pytest.mark.parametrize(
    ("kind", "year", "status", "changed", "published_on", "baseline", "state", "late"),
    [
        ("department", 2024, "live", False, "2025-01-31", True, "ontime", 0),
        ("department", 2024, "live", False, "2025-02-01", True, "late", 1),
        ("office", 2024, "live", False, "2025-02-01", False, "late", 1),
        ("government", 2024, "live", False, "2025-03-31", False, "ontime", 0),
        ("government", 2024, "live", False, "2025-04-02", False, "late", 2),
        ("department", 2018, "live", False, "2019-03-31", False, "ontime", 0),
        ("department", 2018, "live", False, "2019-04-01", False, "late", 1),
        ("department", 2024, "live", False, "", True, "there", 0),  # nobody knows when it came
        ("department", 2024, "live", False, "", False, "late", 10),  # first seen on 2025-02-10 in China
        ("township", 2024, "live", False, "2025-12-01", False, "there", 0),
        ("department", 2024, "live", True, "2025-01-10", False, "changed", 0),
        ("department", 2024, "live", True, "2025-02-03", False, "changed", 3),
        ("department", 2024, "missing", True, "2025-02-03", False, "unsure", 3),
        ("department", 2024, "taken_down", True, "2025-01-10", False, "gone", 0),
    ],
)
def test_what_a_report_counts_as(
    kind: OrganKind, year: int, status: str, changed: bool, published_on: str, baseline: bool, state: str, late: int
) -> None:
    first_seen = "2025-02-09T16:30:00Z"
    assert report_state(kind, year, status, changed, published_on, baseline, first_seen) == (state, late)


def test_figures_call_late_what_the_law_calls_late() -> None:
    assert cuts() == ("01-31", "03-31")
    for kind in KINDS:
        for year in (2008, 2018, 2019, 2024):
            for day in ("01-01", "01-31", "02-01", "03-31", "04-01", "12-31"):
                passed = sum(day > cut for cut in cuts())
                assert late_after(kind, year, passed) == (late_by(kind, year, f"{year + 1}-{day}") > 0)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell(state="late", year=2024, late=3, report=1, published_on="2025-02-03"), "逾期 3 天公开，页面日期 2025-02-03"),
        (Cell(state="changed", year=2024, late=3, report=1), "公开后有变更，逾期 3 天公开"),
        (Cell(state="there", year=2024, report=1, baseline=True), "已有（基线）"),
        (Cell(state="there", year=2024, report=1), "已公开，无法定期限"),
        (Cell(state="unsure", year=2024, due_on="2025-01-31"), "期限已过，尚无法确认是否公开，期限 2025-01-31"),
        (Cell(state="unsure", year=2024, report=1), "待确认"),
        (Cell(state="overdue", year=2024, event=1, due_on="2025-01-31"), "逾期未公开，期限 2025-01-31"),
        (Cell(state="due", year=2025, due_on="2026-03-31"), "未到期，期限 2026-03-31"),
        (Cell(state="ontime", year=2024, report=1, others=2), "按期公开，同年度另有 2 个页面"),
    ],
)  # fmt: skip
def test_a_cell_in_words(cell: Cell, words: str) -> None:
    assert cell.words == words


def test_a_cell_that_is_edited_and_late_shows_both_signs() -> None:
    cell = Cell(state="changed", year=2024, late=3, report=1)
    assert cell.sign + cell.also == "改迟"
    assert Cell(state="late", year=2024, late=3, report=1).also == ""
    assert len({state.sign for state in STATES}) == len({state.word for state in STATES}) == len(STATES)


def test_shares_are_not_rounded_to_all_or_nothing() -> None:
    assert Tally(2024, {"ontime": 999, "gone": 1}).share == "99%"
    assert Tally(2024, {"ontime": 1, "overdue": 999}).share == "1%"
    assert Tally(2024, {"overdue": 5}).share == "0%"
    assert Tally(2024, {"ontime": 3, "there": 2}).share == "100%"
    assert Tally(2024, {"ontime": 1, "late": 1, "due": 98}).share == "50%"
    assert Tally(2024, {"due": 98}).share == ""


def test_a_bar_is_whole_and_shows_what_is_rare() -> None:
    pieces = Tally(2024, {"ontime": 9990, "gone": 1, "late": 9, "due": 10}).bar
    assert [code for code, _, _ in pieces] == ["ontime", "late", "gone", "due"]
    assert all(width >= 3 for _, _, width in pieces)
    assert pieces[-1][1] + pieces[-1][2] == pytest.approx(100, abs=0.1)
    assert Tally(2024, {}).bar == ()


def test_sums_by_year() -> None:
    sums = together([Tally(2024, {"gone": 1}), Tally(2023, {"gone": 2}), Tally(2024, {"gone": 2, "late": 1})])
    assert {year: dict(tally.counts) for year, tally in sums.items()} == {
        2024: {"gone": 3, "late": 1},
        2023: {"gone": 2},
    }


def test_years_that_are_shown() -> None:
    today = date(2026, 1, 2)
    assert years_shown([2019, 2021, 2099, 2026], today, 2) == (2025, 2021)
    assert years_shown([2019, 2099], today, None) == (2099, 2025, 2019)
    assert years_shown([], today, 8) == (2025,)


# Cells and figures --------------------------------------------------------------------------------------------------


def _chance(folder: Path, seed: int) -> Made:
    """A record of everything, by chance."""
    rng = random.Random(seed)
    made = Made(folder)
    for number in range(12):
        name = f"p{number}"
        made.portal(name, region=rng.choice(["331001", "331002", "330100", "440106", ""]))
        for index in range(rng.randrange(4)):
            declared = rng.random() < 0.4
            organ_name = f"{name}县{'甲乙丙丁'[index]}局"
            organ = made.organ(
                name, organ_name, rng.choice(KINDS), declared=int(declared),
                since=rng.choice([None, 2022, 2026]) if declared else None,
                until=rng.choice([None, None, 2023]) if declared else None,
            )  # fmt: skip
            for year in range(2017, 2026):
                if rng.random() < 0.4:
                    if rng.random() < 0.3 and 2019 < year < 2025:  # before the date nothing is overdue
                        retracted = rng.choice([None, None, NOW])
                        made.event("overdue", name, organ=organ_name, year=year, retracted_at=retracted)
                    continue
                published = rng.choice(["", f"{year + 1}-01-31", f"{year + 1}-02-01", f"{year + 1}-04-01"])
                for variant in range(rng.choice([1, 1, 1, 2])):
                    withdrawn = rng.random() < 0.1
                    report = made.report(
                        name, organ, year, variant=-1 - variant if withdrawn else variant, published_on=published,
                        status=rng.choice(["live", "live", "missing", "taken_down"]),
                        withdrawn_at=NOW if withdrawn else None,
                        detail=rng.choice(["{}", '{"baseline":true}']),
                        first_seen_at=rng.choice(["2026-01-31T15:59:59Z", "2026-01-31T16:00:00Z", "2020-05-01T00:00:00Z"]),
                    )  # fmt: skip
                    if rng.random() < 0.3:
                        detail = rng.choice(["{}", '{"reason":"rekeyed"}', '{"reason":"rekeyed","text_total":1}'])
                        retracted = rng.choice([None, None, NOW])
                        made.event("changed", name, report=report, detail=detail, retracted_at=retracted)
    return made


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("now", ["2026-01-31T15:00:00Z", "2026-02-10T01:00:00Z", "2026-11-01T00:00:00Z"])
def test_figures_count_what_the_cells_show(tmp_path: Path, seed: int, now: str) -> None:
    made = _chance(tmp_path / "home", seed)
    store, today = made.store, local_date(to_utc(now))
    rows = data.portals_in(store, "")
    cells: dict[str, dict[tuple[int, str], int]] = {}
    for row in rows:
        of = cells.setdefault(row["name"], {})
        for line in data.portal_map(store, row["name"], "", now).lines:
            for year, cell in line.cells.items():
                if cell.state != "unsure" or cell.report:  # about the others figures say nothing
                    of[year, cell.state] = of.get((year, cell.state), 0) + 1
                assert cell.state in BY_CODE
    figures = {
        line.key: {(year, state): count for year, tally in line.years.items() for state, count in tally.counts.items()}
        for line in data.portal_lines(store, rows, today)
    }
    assert figures == cells
    regions: dict[str, int] = {}
    for row in rows:
        regions[row["region"][:2]] = regions.get(row["region"][:2], 0) + sum(cells[row["name"]].values())
    assert regions == {
        line.key: sum(sum(tally.counts.values()) for tally in line.years.values())
        for line in data.region_lines(store, "", 2, today)
    }


@pytest.mark.parametrize("seed", range(8))
def test_who_is_due_is_who_the_law_will_call_overdue(tmp_path: Path, seed: int) -> None:
    store = _chance(tmp_path / "home", seed).store
    expected = {"department": 0, "government": 0}
    for row in store.rows("SELECT name FROM portals"):
        organs = {organ.id: organ for organ in store.organs(row["name"])}
        at_last = datetime(2026, 12, 31, tzinfo=UTC)
        for one in overdue(organs.values(), years_seen(store, row["name"]), at_last):
            if one.year == 2025:
                expected["government" if organs[one.organ].kind == "government" else "department"] += 1
    assert data.owing_count(store, 2025) == expected
    assert sum(expected.values()) > 0
    for kind, count in expected.items():
        found: list[data.Owing] = []
        while some := data.owing(store, 2025, kind, after=found[-1].organ_id if found else 0, most=2):
            found += some
        assert len({one.organ_id for one in found}) == len(found) == count


# Pages ----------------------------------------------------------------------------------------------------------------


def _cells(html: str) -> dict[str, list[str]]:
    """By organ, the signs of its row."""
    rows = re.findall(r'<tr><th scope="row" class="first[^"]*">([^<]+).*?</th>(.*?)</tr>', html, re.DOTALL)
    return {
        name.strip(): [(re.findall(r'aria-hidden="true">([^<]*)<', cell) or [""])[0] for cell in row.split("<td")[1:]]
        for name, row in rows
    }


def test_the_demos_cells(pages: Pages) -> None:
    html = pages("/coverage").text
    found = _cells(html)
    assert len(found) == 13
    assert found["望江区人民政府"] == ["待", "✓", "✓", "改", "✓", "✓"]
    assert found["云溪县人民政府办公室"] == ["✓"] * 6
    assert found["海棠区人民政府"] == ["待", "✓", "✓", "✓", "✓", "✓"]  # taken down, and back
    assert re.findall(r'<th scope="col">(\d+)</th>', html) == ["2025", "2024", "2023", "2022", "2021", "2020"]
    assert re.search(r'href="/report/\d+" title="望江区人民政府 2022 年：公开后有变更，页面日期 2023-01-15"', html)
    assert "海棠区审计局 2025 年：未到期，期限 2026-01-31" in html


def test_the_day_after_the_date_nothing_is_called_missing_that_no_pass_has_looked_for(demo_home: Path) -> None:
    from monitor.home import Home

    found = _cells(Pages(Home(demo_home), now="2026-01-31T15:59:59Z")("/coverage").text)
    assert found["海棠区审计局"][0] == "待"
    found = _cells(Pages(Home(demo_home), now="2026-01-31T16:00:00Z")("/coverage").text)
    assert found["海棠区审计局"][0] == "？"
    assert found["海棠区人民政府"][0] == "待"


def test_what_is_gone_missing_or_overdue_has_its_sign_and_leads_on(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    made.portal("a")
    organ = made.organ("a", "甲县教育局", aliases='["甲县教育体育局"]')
    gone = made.report("a", organ, 2020, status="taken_down")
    made.report("a", organ, 2021, status="missing")
    made.report("a", organ, 2022, published_on="2023-02-05")
    made.report("a", organ, 2023, published_on="", detail='{"baseline":true}')
    made.report("a", organ, 2023, variant=1)
    event = made.event("overdue", "a", organ="甲县教育体育局", year=2025, detail='{"due_on":"2026-01-31"}')
    made.event("overdue", "a", organ="甲县教育体育局", year=2024, retracted_at=NOW, detail='{"retracted_why":"x"}')
    html = made.pages()("/portal/a").text
    assert _cells(html)["甲县教育局"] == ["缺", "有", "迟", "？", "撤"]  # no column for a year of which nothing is said
    assert f'href="/event/{event}"' in html
    assert f'href="/report/{gone}"' in html
    assert "2022 年：逾期 5 天公开" in html
    assert "同年度另有 1 个页面" in html
    assert "又名 甲县教育体育局" in html


def test_eighteen_years_two_organs_of_one_name_and_names_that_are_markup(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    bad = "<script>alert(1)</script>局"
    for portal in ("a", "b"):
        made.portal(portal, title=f"{portal}<script>alert(2)</script>")
        organ = made.organ(portal, "甲县教育局")
        other = made.organ(portal, bad)
        for year in range(2008, 2026):
            made.report(portal, organ, year, status="taken_down" if portal == "b" else "live")
            made.report(portal, other, year)
    made.portal("empty")
    pages = made.pages()
    for path in ("/", "/coverage", "/portal/a", "/portals", "/coverage/due"):
        html = pages(path).text
        assert "<script>alert" not in html
    front, own = pages("/").text, pages("/portal/b").text
    assert len(re.findall(r'<th scope="col">\d{4}</th>', front)) == 10
    assert len(re.findall(r'<th scope="col">\d{4}</th>', own)) == 18
    assert _cells(own)["甲县教育局"] == ["撤"] * 18
    assert _cells(pages("/portal/a").text)["甲县教育局"] == ["✓"] * 18
    assert "没有年报" in front
    assert "还没有年报" in pages("/portal/empty").text


def test_a_year_that_is_yet_to_come_is_not_hidden_on_the_portals_page(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    made.portal("a")
    made.report("a", made.organ("a", "甲县教育局"), 2099)
    pages = made.pages()
    assert "2099" not in pages("/coverage").text
    assert '<th scope="col">2099</th>' in pages("/portal/a").text


def test_a_country_by_region_down_to_the_portal(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    made.portal("taizhou", title="台州市人民政府", region="331000", level="prefecture")
    for number in range(70):
        made.portal(f"p{number:02}", region="331081" if number % 2 else "331002")
        organ = made.organ(f"p{number:02}", "甲局")
        made.report(f"p{number:02}", organ, 2024, status="taken_down" if number < 3 else "live")
    made.portal("guangzhou", region="440106")
    made.report("guangzhou", made.organ("guangzhou", "乙局"), 2024, published_on="2025-02-02")
    pages = made.pages()
    whole = pages("/coverage").text
    assert re.findall(r'href="/coverage\?region=(\d+)">(.*?)</a> <span class="quiet">(\d+)', whole) == [
        ("33", "浙江", "71"),
        ("44", "广东", "1"),
    ]
    assert "共 70：按期公开 67，已撤下 3" in whole
    assert "共 71：按期公开 67，逾期公开 1，已撤下 3" in whole  # all regions together
    assert whole.count('class="bar"') == 3
    within = pages("/coverage?region=33").text
    assert re.findall(r'href="/coverage\?region=(\d{4,6})">', within) == ["331000", "331002", "331081"]
    assert "台州市" in within
    below = pages("/coverage?region=331002").text
    assert re.findall(r'rowgroup" class="first"><a href="/portal/(p\d\d)"', below) == [
        f"p{number:02}" for number in range(0, 70, 2)
    ]
    assert below.count('class="sign c-gone" href=') == 2
    assert pages("/coverage?region=3x").status_code == 400
    assert pages("/coverage?region=99").status_code == 200


def test_many_portals_in_one_region_come_page_by_page(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    with made.store.transaction():
        for number in range(14_000):
            made.store.insert(
                "portals", {"name": f"p{number:05}", "title": f"第{number}县", "family": "trs", "region": "330100"}
            )
    pages = made.pages()
    path, seen = "/coverage", []
    for _ in range(3):
        html = pages(path).text
        seen += re.findall(r'href="/portal/(p\d+)"', html)
        found = re.search(r'rel="next" href="([^"]+)"', html)
        assert found is not None
        path = found[1].replace("&amp;", "&")
    assert seen == [f"p{number:05}" for number in range(180)]
    assert len(pages("/").text) < 200_000
    assert len(pages("/portals").text) < 200_000


def test_who_is_due_is_listed_page_by_page(pages: Pages, tmp_path: Path) -> None:
    html = pages("/coverage/due").text
    assert "还有 2 天" in html
    assert "尚未见到 7 个机关" in html
    assert html.count("<tr><td>") == 7
    assert "尚未见到 5 个机关" in pages("/coverage/due?kind=government").text
    assert pages("/coverage/due?kind=x").status_code == 400
    assert pages("/coverage/due?after=x").status_code == 400
    made = Made(tmp_path / "home")
    made.portal("a")
    for number in range(150):
        made.report("a", made.organ("a", f"第{number}局"), 2023)
    own = made.pages()
    first = own("/coverage/due").text
    found = re.search(r'rel="next" href="([^"]+)"', first)
    assert found is not None
    assert "已过 10 天" in first
    assert first.count("<tr><td>") == 100
    assert own(found[1].replace("&amp;", "&")).text.count("<tr><td>") == 50


def test_dates_are_those_of_china() -> None:
    assert data.legal_date("department", 2025) == due_on("department", 2025) == date(2026, 1, 31)
    assert data.legal_date("government", 2025) == date(2026, 3, 31)
    assert format_utc(to_utc(DEMO_NOW)) == DEMO_NOW
