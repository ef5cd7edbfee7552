"""Which report is it: the sentences of docs/lifecycle.md under that heading, through whole passes into a real record."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import HOST, ORGAN, SECTION, History, make_report, paragraphs

PIN = f"{HOST}/n/"


def kinds(events: list[Any]) -> list[tuple[str, int | None]]:
    return [(event.kind, event.year) for event in events]


def days(site: History, number: int) -> list[tuple[str, int | None]]:
    """That many daily passes; what they told, `service` and `overdue` aside."""
    return [told for _ in range(number) for told in kinds(site.run()) if told[0] not in ("service", "overdue")]


@pytest.fixture
def told(site: History) -> History:
    site.run()
    return site


# --- its own address cannot be read ---


@pytest.mark.parametrize("reading", ["blocked", "unreachable"])
@pytest.mark.parametrize("requests", [12, 13], ids=["the same report", "an edited one"])
def test_a_copy_elsewhere_while_its_own_address_says_nothing(told: History, reading: str, requests: int) -> None:
    old = f"{HOST}/art/2023.html"
    told.answer(old, reading)
    told.publish(make_report(2023, requests=requests), at=f"{PIN}2023.html")
    assert days(told, 5) == []
    told.answer(old, "gone")
    said = days(told, 1)
    assert said == ([("moved", 2023)] if requests == 12 else [("moved", 2023), ("changed", 2023)])
    assert len(told.reports()) == 2


def test_a_copy_that_was_edited_is_a_variant_once_its_own_address_is_read_again(told: History) -> None:
    old = f"{HOST}/art/2023.html"
    told.answer(old, "blocked")
    told.publish(make_report(2023, requests=13), at=f"{PIN}2023.html")
    assert days(told, 2) == []
    told.answer(old, "present")
    assert days(told, 1) == [("appeared", 2023)]
    assert told.report(2023, 1).url == f"{PIN}2023.html"


# --- moved, with another title, year or organ ---


@pytest.mark.parametrize(
    "retitled",
    [
        make_report(2023, title="临海市人民政府2023年信息公开年报"),
        make_report(2022, text=paragraphs(2023), title="临海市人民政府2022年政府信息公开工作年度报告"),
        make_report(2024, text=paragraphs(2023), title="临海市人民政府2024年政府信息公开工作年度报告"),
        make_report(2023, organ="临每市人民政府", text=paragraphs(2023)),
    ],
    ids=["title", "year", "year of a report that is there", "organ"],
)
@pytest.mark.parametrize("together", [True, False], ids=["in one pass", "after it was missing"])
def test_moved_with_a_slip_in(told: History, retitled: Any, together: bool) -> None:
    old = f"{HOST}/art/2023.html"
    told.remove(old)
    if not together:
        assert days(told, 1) == []
    told.publish(retitled, at=f"{PIN}2023.html")
    said = [kind for kind, _ in days(told, 5)]
    assert said == ["moved", "changed"]
    assert len(told.reports()) == 2


def test_the_next_report_is_not_the_last_one_moved(told: History) -> None:
    told.remove(f"{HOST}/art/2024.html")
    told.publish(make_report(2025), at=f"{PIN}2025.html")
    assert days(told, 3) == [("appeared", 2025), ("taken_down", 2024)]


# --- the page shows it still, but not its year ---


def test_a_page_that_no_longer_says_the_year_still_shows_the_report(told: History) -> None:
    told.show(f"{HOST}/art/2023.html", make_report(None, text=paragraphs(2023), title="政府信息公开工作年度报告"))
    said = days(told, 6)
    assert ("taken_down", 2023) not in said
    assert said in ([("changed", 2023)], [])
    assert told.report(2023).status == "live"


def test_pictures_alone_under_another_organs_name_are_the_same_report(site: History, paper: SimpleNamespace) -> None:
    picture = paper.Attachment(f"{HOST}/p/W1.png", "W1.png", "picture")
    site.files[picture.url] = (b"pixels", "")
    url = site.publish(make_report(2022, text="", files=(picture,)))
    site.run()
    site.show(url, make_report(2022, organ="临海市人民政府办公室", text="", files=(picture,)))
    assert days(site, 6) == [("changed", 2022)]
    assert len(site.reports()) == 3


# --- one report, several addresses ---


@pytest.mark.parametrize("reading", ["blocked", "unreachable"])
def test_one_address_stays_primary_while_it_is_live(told: History, reading: str) -> None:
    first = f"{HOST}/art/2023.html"
    told.publish(make_report(2023), at=f"{HOST}/second/2023.html")
    assert days(told, 2) == []
    told.show(f"{HOST}/second/2023.html", make_report(2023, requests=99))
    assert days(told, 2) == [], "a view makes no version"
    told.answer(first, reading)
    assert days(told, 2) == []
    assert told.report(2023).url == first


def test_overwritten_and_then_back(make_history: Any) -> None:
    site = make_history()
    site.sections[SECTION].is_report = True
    site.show(SECTION, make_report(2024))
    site.run()
    site.show(SECTION, make_report(2025))
    assert days(site, 3) == [("appeared", 2025), ("taken_down", 2024)]
    site.show(SECTION, make_report(2024))
    assert days(site, 1) == [("restored", 2024)]
    assert days(site, 2) == [("taken_down", 2025)]


def test_overwritten_and_back_before_it_is_confirmed(make_history: Any) -> None:
    site = make_history()
    site.sections[SECTION].is_report = True
    site.show(SECTION, make_report(2024))
    site.run()
    site.show(SECTION, make_report(2025))
    assert days(site, 1) == [("appeared", 2025)]
    site.show(SECTION, make_report(2024))
    assert days(site, 3) == [("taken_down", 2025)]
    assert site.events()[-1].detail.reason == ""


# --- years ---


def test_a_guessed_year_that_meets_the_report_of_the_right_year(told: History) -> None:
    """The page's year was guessed 2022; it says 2023 now, of which another page shows the very same report."""
    url = told.publish(make_report(2022, text=paragraphs(2023), year_from="published"), at=f"{HOST}/q/1.html")
    days(told, 1)
    told.show(url, make_report(2023))
    said = days(told, 4)
    assert ("taken_down", 2022) not in said
    assert ("taken_down", 2023) not in said
    assert len(told.reports()) == 3
    assert [kind for kind, _ in said] == ["changed"]
    assert told.report(2023, 1).url == url


# --- organs ---


def test_successive_names_on_one_page_are_one_organ(make_history: Any) -> None:
    names = ("海淀区城市服务管理指挥中心", "海淀区网格化监督指挥中心")
    site = make_history(organ=names[0])
    site.sections[SECTION].is_report = True
    site.show(SECTION, make_report(2022, names[0]), make_report(2018, names[1]))
    site.run()
    assert {report.organ_id for report in site.reports()} == {1}


def test_a_government_and_its_office_are_two_organs_with_two_reports(told: History) -> None:
    told.publish(make_report(2023, f"{ORGAN}办公室"), at=f"{HOST}/art/o.html")
    assert days(told, 1) == [("appeared", 2023)]
    assert len({report.organ_id for report in told.reports()}) == 2


# --- copies ---


def test_a_copy_whose_original_is_edited_stays_as_it_is(make_history: Any) -> None:
    site = make_history()
    site.publish(make_report(2024))
    site.run()
    other = History(
        site.home,
        site.store,
        name="taizhou",
        title="台州市人民政府",
        sections=("https://www.tz.gov.cn/nb/",),
        organ="台州市人民政府",
    )
    try:
        other.now = site.now
        other.publish(
            make_report(2024, title="转：临海市人民政府2024年政府信息公开工作年度报告"),
            at="https://www.tz.gov.cn/nb/1.html",
        )
        other.run()
        site.show(f"{HOST}/art/2024.html", make_report(2024, requests=13))
        site.now = other.now
        assert days(site, 1) == [("changed", 2024)]
        other.now = site.now
        assert days(other, 1) == []
    finally:
        other.store = site.store


_ = replace


# --- views ---


@pytest.mark.parametrize(
    "twin",
    [
        f"{HOST}/art/2023_app.html",
        "http://www.linhai.gov.cn/art/2023.html",
        "https://linhai.gov.cn/art/2023.html",
        "https://wap.linhai.gov.cn/art/2023.html",
        f"{HOST}/gate/big5/www.linhai.gov.cn/art/2023.html",
    ],
)
def test_a_page_that_leads_to_its_own_view_has_not_moved(told: History, twin: str) -> None:
    old = f"{HOST}/art/2023.html"
    told.show(twin, make_report(2023))
    told.show(old, redirect=twin)
    assert days(told, 4) == []
    assert told.report(2023).url == old
    told.show(twin, make_report(2023, requests=14))
    assert days(told, 2) == [("changed", 2023)]
    told.show(old, make_report(2023, requests=14))
    assert days(told, 2) == []


@pytest.mark.parametrize("reading", ["gone", "other"])
def test_its_address_is_gone_and_only_a_view_is_left(told: History, reading: str) -> None:
    """A second tree that showed the same is where it stands now; a view of the same page takes over without a word."""
    second, twin = f"{HOST}/second/2023.html", f"{HOST}/art/2024_app.html"
    told.publish(make_report(2023), at=second)
    told.publish(make_report(2024), at=twin)
    assert days(told, 1) == []
    told.answer(f"{HOST}/art/2023.html", reading)
    told.answer(f"{HOST}/art/2024.html", reading)
    assert days(told, 5) == [("moved", 2023)]
    assert [told.report(year).url for year in (2023, 2024)] == [second, twin]


# --- whole sites ---


def test_a_migration_in_which_slips_are_mended(make_history: Any) -> None:
    """Thirty reports under new addresses, a few of them with other titles: each moved, none new, none taken down."""
    site = make_history()
    years = range(1996, 2026)
    for year in years:
        site.publish(make_report(year))
    site.run()
    for year in years:
        site.remove(f"{HOST}/art/{year}.html")
        title = f"{year}年度{ORGAN}信息公开年报" if year % 7 == 0 else None
        site.publish(make_report(year, title=title), at=f"{PIN}{year}.html")
    said = days(site, 4)
    assert [told for told in said if told[0] == "moved"] == [("moved", year) for year in years]
    assert {told for told in said if told[0] != "moved"} == {("changed", year) for year in years if year % 7 == 0}
