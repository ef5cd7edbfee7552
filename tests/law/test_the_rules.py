"""The numbered rules of docs/lifecycle.md, each in its own words, through whole passes into a real record. What other tests prove
already is named in the table at the end of that page."""

from typing import Any

import msgspec
import pytest

from monitor.settings import Channel, Settings
from tests.conftest import HOST, ORGAN, SECTION, History, Listing, make_report

OTHER = f"{HOST}/col/offices/"
OFFICE = f"{ORGAN}办公室"


def kinds(events: list[Any]) -> list[tuple[str, int | None]]:
    return [(event.kind, event.year) for event in events if not event.baseline and event.kind != "overdue"]


def days(site: History, number: int, **how: Any) -> list[tuple[str, int | None]]:
    return [told for _ in range(number) for told in kinds(site.run(**how))]


def page_of(year: int) -> str:
    return f"{HOST}/art/{year}.html"


@pytest.fixture
def told(site: History) -> History:
    site.run()
    return site


@pytest.fixture
def ten(make_history: Any) -> History:
    """Reports of 2015 to 2024, each on its page."""
    site: History = make_history()
    for year in range(2015, 2025):
        site.publish(make_report(year))
    site.run()
    return site


# --- 1: taken_down ---


@pytest.mark.parametrize("between", ["blocked", "unreachable", "unhealthy", "cut_short"])
def test_1_what_neither_counts_nor_resets(told: History, between: str) -> None:
    url = page_of(2023)
    told.answer(url, "gone")
    assert days(told, 2) == []
    if between in ("blocked", "unreachable"):
        told.answer(url, between)
        assert days(told, 5) == []
    elif between == "unhealthy":
        told.sections[SECTION].complete = False
        assert days(told, 5) == []
    else:
        assert days(told, 5, outcome="cut_short") == []
    assert told.report(2023).misses == 2
    told.sections[SECTION].complete = True
    told.answer(url, "gone")
    assert days(told, 1) == [("taken_down", 2023)]


def test_1_consecutive(told: History) -> None:
    url = page_of(2023)
    for _ in range(3):
        told.answer(url, "gone")
        assert days(told, 2) == []
        told.answer(url, "present")
        assert days(told, 1) == []
    assert [event.kind for event in told.events() if event.kind == "taken_down"] == []


def test_1_a_link_of_the_list_that_answers_an_error_leaves_the_portal_healthy(told: History) -> None:
    """Every section's list was read, whatever its links answer."""
    told.sections[SECTION].links[f"{HOST}/art/dead.html"] = "临海市财政局2023年政府信息公开工作年度报告"
    told.answer(page_of(2023), "gone")
    assert days(told, 3) == [("taken_down", 2023)]
    assert told.found("link_unread")


def test_1_one_of_two_sections_that_fails_makes_a_pass_unhealthy(make_history: Any) -> None:
    site = make_history(sections=(SECTION, OTHER))
    site.publish(make_report(2024))
    site.publish(make_report(2024, OFFICE), at=f"{HOST}/o/2024.html", section=OTHER)
    site.run()
    site.sections[OTHER].first_page = False
    site.answer(page_of(2024), "gone")
    assert days(site, 5) == []
    assert site.report(2024).status == "live"
    site.sections[OTHER].first_page = True
    assert days(site, 3) == [("taken_down", 2024)]


@pytest.mark.parametrize(("reading", "passes"), [("gone", 3), ("other", 4)])
def test_1_a_page_in_an_attachments_place_takes_one_confirmation_more(
    site: History, paper: Any, reading: str, passes: int
) -> None:
    file = paper.Attachment(f"{HOST}/f/1.pdf", "年报.pdf", "document")
    site.files[file.url] = (b"%PDF", "本年新收申请12件。")
    site.publish(make_report(2022, files=(file,)))
    site.run()
    site.files[file.url] = reading
    assert [days(site, 1) for _ in range(passes)] == [[]] * (passes - 1) + [[("changed", 2022)]]
    assert days(site, 2) == []


def test_1_every_pass_of_whatever_mode_reads_what_is_missing(told: History) -> None:
    told.answer(page_of(2023), "gone")
    assert days(told, 1) == []
    assert told.report(2023).status == "missing"
    assert days(told, 1, mode="discover") == []
    assert days(told, 1, mode="recheck") == [("taken_down", 2023)]


# --- 2: moved, before it is taken down ---


def test_2_sections_that_were_not_read_completely_prove_no_take_down(told: History) -> None:
    """It may stand on the page of the list that failed."""
    told.remove(page_of(2023))
    told.sections[SECTION].complete = False
    assert days(told, 6) == []
    told.sections[SECTION].complete = True
    told.publish(make_report(2023), at=f"{HOST}/n/2023.html")
    assert days(told, 1) == [("moved", 2023)]


def test_2_found_in_the_very_pass_that_would_have_confirmed(told: History) -> None:
    told.remove(page_of(2023))
    assert days(told, 2) == []
    told.publish(make_report(2023), at=f"{HOST}/n/2023.html")
    assert days(told, 1) == [("moved", 2023)]
    assert days(told, 4) == []


def test_2_found_at_an_address_that_cannot_be_read_yet(told: History) -> None:
    """The list names it at another address, which is blocked: gone at its own all the same, and moved as soon as that is read."""
    told.remove(page_of(2023))
    new = told.publish(make_report(2023), at=f"{HOST}/n/2023.html")
    told.answer(new, "blocked")
    assert days(told, 5) == []
    assert days(told, 20) == [("service", 2023)], "operators are told that nobody could verify it"
    told.answer(new, "present")
    assert days(told, 1) == [("moved", 2023)]


def test_2_the_new_address_is_gone_too(told: History) -> None:
    told.remove(page_of(2023))
    told.sections[SECTION].links[f"{HOST}/n/2023.html"] = f"{ORGAN}2023年政府信息公开工作年度报告"
    assert days(told, 3) == [("taken_down", 2023)]


def test_2_in_another_section(make_history: Any) -> None:
    site = make_history(sections=(SECTION, OTHER))
    site.publish(make_report(2023))
    site.publish(make_report(2024))
    site.run()
    site.remove(page_of(2023))
    site.publish(make_report(2023), at=f"{HOST}/o/2023.html", section=OTHER)
    assert days(site, 4) == [("moved", 2023)]


# --- 3: mass disappearance ---


@pytest.mark.parametrize(("gone", "mass"), [(2, False), (3, False), (4, True)])
def test_3_at_least_three_and_more_than_thirty_percent(ten: History, gone: int, mass: bool) -> None:
    for year in range(2015, 2015 + gone):
        ten.answer(page_of(year), "gone")
    said = days(ten, 4)
    if mass:
        assert said == [("portal_broken", None)]
    else:
        assert said == [("taken_down", year) for year in range(2015, 2015 + gone)]


def test_3_half_of_the_site_cannot_be_read(ten: History) -> None:
    """Two pages gone of which one knows, while the rest says nothing; then the rest turns out to be gone too."""
    for year in range(2015, 2025):
        ten.answer(page_of(year), "gone" if year < 2018 else "unreachable")
    assert days(ten, 1) == []
    for year in range(2018, 2025):
        ten.answer(page_of(year), "gone")
    for year in range(2015, 2018):
        ten.answer(page_of(year), "unreachable")
    assert days(ten, 2) == [("portal_broken", None)]


def test_3_pages_count_not_the_reports_on_them(make_history: Any) -> None:
    """Eight years on one page that goes are one page of four."""
    site = make_history()
    site.publish(*[make_report(year) for year in range(2012, 2020)], at=f"{HOST}/all.html")
    for year in range(2021, 2024):
        site.publish(make_report(year))
    site.run()
    site.answer(f"{HOST}/all.html", "gone")
    assert days(site, 3) == [("taken_down", year) for year in range(2012, 2020)]


def test_3_after_pairing_off_moves_and_overwritten_columns(ten: History) -> None:
    for year in range(2015, 2020):
        ten.remove(page_of(year))
        ten.publish(make_report(year), at=f"{HOST}/n/{year}.html")
    ten.answer(page_of(2020), "gone")
    assert days(ten, 3) == [*[("moved", year) for year in range(2015, 2020)], ("taken_down", 2020)]


def test_3_seven_days_later_they_are_said_in_one_message(ten: History) -> None:
    ten.settings = Settings(channels=(Channel("desk", "json://x"),))
    for year in range(2015, 2020):
        ten.answer(page_of(year), "gone")
    assert days(ten, 7) == [("portal_broken", None)]
    said = days(ten, 1)
    assert said[:5] == [("taken_down", year) for year in range(2015, 2020)]
    rows = ten.store.rows(
        "SELECT DISTINCT d.message FROM deliveries d JOIN events e ON e.id = d.event WHERE e.kind = 'taken_down'"
    )
    assert len(rows) == 1
    assert rows[0]["message"]


def test_3_their_readings_count_on(ten: History) -> None:
    for year in range(2015, 2020):
        ten.answer(page_of(year), "gone")
    assert days(ten, 4) == [("portal_broken", None)]
    for year in range(2015, 2018):
        ten.answer(page_of(year), "present")
    assert days(ten, 1) == [("taken_down", 2018), ("taken_down", 2019), ("portal_recovered", None)]


def test_3_the_same_guard_holds_for_delisted(ten: History) -> None:
    for year in range(2015, 2020):
        ten.delist(page_of(year))
    assert days(ten, 7) == [("portal_broken", None)]
    said = days(ten, 1)
    assert [told for told in said if told[0] == "delisted"] == [("delisted", year) for year in range(2015, 2020)]


# --- 4 ---


def test_4_gone_and_back_before_confirmation_leaves_no_event(ten: History) -> None:
    ten.answer(page_of(2020), "gone")
    assert days(ten, 2) == []
    ten.answer(page_of(2020), "present")
    assert days(ten, 4) == []
    assert [event.kind for event in ten.events() if event.kind not in ("appeared", "overdue")] == ["baseline"]


# --- 5: portal_down, portal_recovered ---


@pytest.mark.parametrize("reading", ["blocked", "unreachable"])
def test_5_portal_down_after_three_passes_that_read_nothing_at_all_and_recovered(told: History, reading: str) -> None:
    told.outage(reading)
    assert days(told, 2) == []
    first = told.store.rows("SELECT finished_at FROM crawls ORDER BY id DESC LIMIT 2")[1]["finished_at"]
    (down,) = told.run()
    assert (down.kind, down.detail.passes, down.detail.since) == ("portal_down", 3, first)
    assert days(told, 3) == []
    told.recover()
    (back,) = told.run()
    assert (back.kind, back.detail.since) == ("portal_recovered", first)
    assert days(told, 3) == []
    told.outage(reading)
    (again,) = [event for _ in range(3) for event in told.run()]
    assert (again.kind, again.detail.since) != ("portal_down", first)


def test_5_portal_recovered_ends_both_down_and_broken(told: History) -> None:
    told.sections[SECTION].links.clear()
    (broken,) = told.run()
    assert (broken.kind, broken.detail.since) == ("portal_broken", broken.detected_at)
    told.outage()
    (down,) = [event for _ in range(3) for event in told.run()]
    assert down.kind == "portal_down"
    assert down.detail.since > broken.detected_at
    told.recover()
    told.sections[SECTION].links = {page_of(year): f"{ORGAN}{year}年政府信息公开工作年度报告" for year in (2023, 2024)}
    (back,) = told.run()
    assert (back.kind, back.detail.since) == ("portal_recovered", broken.detected_at)


def test_5_a_killed_pass_is_one_of_them_if_its_folder_holds_no_response(told: History) -> None:
    told.outage()
    assert days(told, 1) == []
    first = told.now
    assert kinds(told.kill()) == []
    (down,) = told.kill()
    assert (down.kind, down.detail.passes, down.detail.since) == ("portal_down", 3, first)


def test_5_unverified_for_fourteen_days_is_told_to_operators(told: History) -> None:
    told.answer(page_of(2023), "blocked")
    said = days(told, 20)
    assert said == [("service", 2023)]
    assert days(told, 20) == []


# --- 6: broken, empty, cut short ---


def test_6_a_section_whose_first_page_was_not_read_is_neither_broken_nor_empty(told: History) -> None:
    told.sections[SECTION].first_page = False
    told.sections[SECTION].status = 404
    assert days(told, 5) == []
    assert told.health() == "ok"


def test_6_read_and_without_a_link_it_is_broken(told: History) -> None:
    told.sections[SECTION].links.clear()
    assert days(told, 4) == [("portal_broken", None)]


def test_6_one_link_that_vanished_and_does_not_read_gone_is_enough(told: History) -> None:
    """What a pass that was cut short left unread cannot make the section an empty one."""
    told.sections[SECTION].links.clear()
    assert kinds(told.run(outcome="cut_short", skip=[page_of(2023)])) == [("portal_broken", None)]


def test_6_nothing_is_said_while_all_that_was_read_is_gone_and_the_rest_unread(told: History) -> None:
    told.sections[SECTION].links.clear()
    told.answer(page_of(2024), "gone")
    assert told.run(outcome="cut_short", skip=[page_of(2023)]) == []


def test_6_unless_every_link_that_vanished_reads_gone(told: History) -> None:
    for year in (2023, 2024):
        told.remove(page_of(year))
    assert days(told, 3) == [("taken_down", 2023), ("taken_down", 2024)]
    assert told.health() == "ok"


def test_6_one_link_that_vanished_is_blocked(told: History) -> None:
    told.sections[SECTION].links.clear()
    told.answer(page_of(2023), "gone")
    told.answer(page_of(2024), "blocked")
    assert days(told, 5) == [("portal_broken", None)]


def test_6_two_sections_and_one_of_them_is_broken(make_history: Any) -> None:
    site = make_history(sections=(SECTION, OTHER))
    site.publish(make_report(2024))
    site.publish(make_report(2024, OFFICE), at=f"{HOST}/o/2024.html", section=OTHER)
    site.run()
    site.sections[OTHER].links.clear()
    (broken,) = site.run()
    assert (broken.kind, broken.detail.sections) == ("portal_broken", (OTHER,))
    site.publish(make_report(2025), at=page_of(2025))
    assert days(site, 1) == [("appeared", 2025)], "the other section is read all the same"


def test_6_a_year_column_that_is_empty_is_not_the_section(make_history: Any) -> None:
    site = make_history()
    site.sections[SECTION].columns = {f"{HOST}/2023n/": [page_of(2023)], f"{HOST}/2024n/": [page_of(2024)]}
    for year in (2023, 2024):
        site.show(page_of(year), make_report(year))
    site.run()
    site.sections[SECTION].columns[f"{HOST}/2023n/"] = []
    del site.pages[page_of(2023)]
    assert days(site, 3) == [("taken_down", 2023)]
    assert site.health() == "ok"


def test_6_cut_short_it_proves_nothing_about_what_was_not_seen(ten: History) -> None:
    links = ten.sections[SECTION].links
    for year in range(2015, 2018):
        del links[page_of(year)]
    ten.sections[SECTION].complete = False
    assert days(ten, 10) == []
    assert {report.listed for report in ten.reports()} == {1}


# --- 9 ---


def test_9_what_was_refused_is_a_finding_and_no_event(told: History, paper: Any) -> None:
    told.findings.append(paper.Finding("off_host_redirect", "warning", "leads to clone.example", page_of(2023)))
    told.answer(page_of(2023), "blocked")
    assert days(told, 3) == []
    assert len(told.found("off_host_redirect")) == 1


# --- 10: baseline ---


def test_10_several_sections_and_a_first_listing_that_is_cut_short(make_history: Any) -> None:
    site = make_history(sections=(SECTION, OTHER))
    site.publish(make_report(2023))
    site.publish(make_report(2024))
    site.publish(make_report(2024, OFFICE), at=f"{HOST}/o/2024.html", section=OTHER)
    site.sections[OTHER].first_page = False
    assert days(site, 2) == []
    site.sections[OTHER].first_page, site.sections[OTHER].complete = True, False
    assert days(site, 2) == []
    site.sections[OTHER].complete = True
    (baseline,) = [event for event in site.run() if event.kind == "baseline"]
    assert (baseline.detail.reports, baseline.detail.sections) == (3, 2)
    assert days(site, 3) == []


def test_10_listed_then_and_first_readable_later_whenever_its_page_is_first_read(make_history: Any) -> None:
    site = make_history()
    site.publish(make_report(2023))
    url = site.publish(make_report(2024))
    site.answer(url, "blocked")
    assert days(site, 1) == [("baseline", None)]
    assert days(site, 9) == []
    site.answer(url, "present")
    assert days(site, 2) == []
    assert site.report(2024).first_seen_at


def test_10_a_past_years_report_that_turns_up_later_is_news(told: History) -> None:
    told.publish(make_report(2015))
    assert days(told, 1) == [("appeared", 2015)]


def test_10_it_starts_again_for_a_section_that_the_operator_adds(told: History) -> None:
    told.portal = msgspec.structs.replace(told.portal, sections=(SECTION, OTHER))
    told.sections[OTHER] = Listing()
    told.publish(make_report(2024, OFFICE), at=f"{HOST}/o/2024.html", section=OTHER)
    told.publish(make_report(2025))
    assert sorted(days(told, 1), key=str) == [("appeared", 2025), ("baseline", None)]


# --- 11: one event for each true statement ---


def test_11_moved_and_edited_and_restored_in_that_order_told_in_one_message(told: History) -> None:
    told.settings = Settings(channels=(Channel("desk", "json://x"),))
    told.remove(page_of(2023))
    assert days(told, 3) == [("taken_down", 2023)]
    told.publish(make_report(2023, requests=77), at=f"{HOST}/n/2023.html")
    assert days(told, 1) == [("restored", 2023), ("moved", 2023), ("changed", 2023)]
    last = told.store.rows("SELECT message FROM deliveries ORDER BY id DESC LIMIT 3")
    assert len({row["message"] for row in last}) == 1


def test_11_a_migration_of_n_reports_is_n_moved_told_in_one_message(ten: History) -> None:
    ten.settings = Settings(channels=(Channel("desk", "json://x"),))
    for year in range(2015, 2025):
        ten.remove(page_of(year))
        ten.publish(make_report(year), at=f"{HOST}/n/{year}.html")
    assert days(ten, 5) == [("moved", year) for year in range(2015, 2025)]
    assert len(ten.store.rows("SELECT DISTINCT message FROM deliveries")) == 1


# --- 13: order and clocks ---


def test_13_conclusions_from_time_wait_while_the_clock_is_off(told: History) -> None:
    told.answer(page_of(2023), "gone")
    assert days(told, 5, clock=700.0) == []
    assert days(told, 1) == [], "no time was measured while the clock was wrong"
    assert days(told, 1) == [("taken_down", 2023)]


def test_13_ten_minutes_are_borne(told: History) -> None:
    told.answer(page_of(2023), "gone")
    assert days(told, 3, clock=-590.0) == [("taken_down", 2023)]


def test_13_a_change_needs_no_clock(told: History) -> None:
    told.show(page_of(2023), make_report(2023, requests=5))
    assert days(told, 1, clock=9000.0) == [("changed", 2023)]


# --- listed or not ---


def test_delisted_and_relisted_are_said_of_live_pages_alone(told: History) -> None:
    told.delist(page_of(2023))
    assert days(told, 1) == [("delisted", 2023)]
    assert days(told, 3) == []
    told.sections[SECTION].links[page_of(2023)] = "x"
    assert days(told, 1) == [("relisted", 2023)]
    told.delist(page_of(2023))
    told.answer(page_of(2023), "blocked")
    assert days(told, 3) == []
    told.answer(page_of(2023), "present")
    assert days(told, 1) == [("delisted", 2023)]


def test_restored_where_it_stood_and_taken_down_again(told: History) -> None:
    told.answer(page_of(2023), "gone")
    assert days(told, 3) == [("taken_down", 2023)]
    told.answer(page_of(2023), "blocked")
    assert days(told, 3) == []
    told.answer(page_of(2023), "present")
    assert days(told, 1) == [("restored", 2023)]
    told.answer(page_of(2023), "gone")
    assert days(told, 3) == [("taken_down", 2023)]
