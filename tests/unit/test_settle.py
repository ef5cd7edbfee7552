"""Run folders in, record out: the rules of the lifecycle as people would notice them. `site` is a portal with the
reports of 2023 and 2024; see conftest.py for how it is shown and read."""

import copy
import random

import msgspec
import pytest

from crawler.observation import Job, SectionLead
from crawler.page.chinese import to_traditional
from monitor.archive import verify
from monitor.event_detail import LikelySection
from monitor.intake import RunError
from monitor.settle import SettleRefused, settle
from monitor.times import shift


def told(events):
    return [(one.kind, one.year) for one in events if not one.baseline]


def kinds(events):
    return [one.kind for one in events if not one.baseline]


def start(site):
    """The baseline, out of the way."""
    assert kinds(site.run()) == ["baseline"]


# Baseline (rule 10) ---------------------------------------------------------------------------------------------------


def test_the_first_pass_is_told_in_one_message(site):
    events = site.run()
    assert [(one.kind, one.year, one.baseline) for one in events] == [
        ("appeared", 2023, 1),
        ("appeared", 2024, 1),
        ("baseline", None, 0),
    ]
    detail = events[-1].detail
    assert (detail.reports, detail.organs, detail.sections, detail.years) == (2, 1, 1, {"2024": 1, "2023": 1})
    assert site.report(2024).listed == 1
    assert site.health() == "ok"


def test_nothing_changed_leaves_no_trace(site):
    start(site)
    counts = {table: site.store.rows(f"SELECT count(*) n FROM {table}") for table in ("versions", "events", "readings")}
    assert site.run() == []
    for table, count in counts.items():
        assert site.store.rows(f"SELECT count(*) n FROM {table}") == count


def test_two_sections_are_told_when_the_second_is_read_completely(make_history, paper):
    other = f"{paper.HOST}/col/offices/"
    site = make_history(sections=(paper.SECTION, other))
    site.publish(paper.report(2024))
    site.publish(paper.report(2024, "临海市人民政府办公室"), at=f"{paper.HOST}/o/2024.html", section=other)
    site.sections[other].complete = False
    assert kinds(site.run()) == []
    site.sections[other].complete = True
    site.publish(paper.report(2025))  # its section was read completely before: news
    assert told(site.run()) == [("appeared", 2025), ("baseline", None)]
    assert site.events()[-1].detail.reports == 2


def test_a_first_pass_that_was_cut_short_is_no_baseline_yet(site, paper):
    site.sections[paper.SECTION].complete = False
    assert kinds(site.run()) == []
    site.publish(paper.report(2022))
    site.sections[paper.SECTION].complete = True
    assert kinds(site.run()) == ["baseline"]
    assert site.events()[-1].detail.reports == 3


def test_a_baseline_that_was_cut_short_is_told_whole_by_the_next_pass(site, paper):
    site.portal = msgspec.structs.replace(site.portal, organs=(paper.Organ("临海市教育局"),))
    assert kinds(site.run(outcome="cut_short", skip=[f"{paper.HOST}/art/2023.html"])) == []
    site.publish(paper.report(2025))
    assert told(site.run()) == [("appeared", 2025), ("baseline", None)]
    detail = site.events()[-1].detail
    assert (detail.reports, len(detail.overdue)) == (2, 1)
    assert site.run() == []


def test_a_listed_page_that_is_first_readable_later_stays_baseline(site, paper):
    site.answer(f"{paper.HOST}/art/2023.html", "blocked")
    start(site)
    site.answer(f"{paper.HOST}/art/2023.html", "present")
    events = site.run()
    assert [(one.kind, one.year, one.baseline) for one in events] == [("appeared", 2023, 1)]


def test_a_section_that_the_operator_adds_starts_a_baseline_of_its_own(site, paper):
    start(site)
    other = f"{paper.HOST}/col/offices/"
    site.portal = msgspec.structs.replace(site.portal, sections=(paper.SECTION, other))
    site.sections[other] = paper.Listing()
    site.publish(paper.report(2024, "临海市人民政府办公室"), at=f"{paper.HOST}/o/2024.html", section=other)
    events = site.run()
    assert kinds(events) == ["baseline"]
    assert events[-1].detail.reports == 1


def test_a_year_column_that_the_portal_links_later_is_news(site, paper):
    start(site)
    url = site.show(f"{paper.HOST}/art/2025.html", paper.report(2025))
    site.sections[paper.SECTION].columns[f"{paper.SECTION}2025/"] = [url]
    assert told(site.run()) == [("appeared", 2025)]


def test_the_baseline_tells_what_is_overdue_already(site, paper):
    site.portal = msgspec.structs.replace(
        site.portal, organs=(paper.Organ("临海市教育局"), paper.Organ("古城街道", since=2020))
    )
    events = site.run()
    assert kinds(events) == ["baseline"]
    assert [(one.organ, one.year) for one in events[-1].detail.overdue] == [("临海市教育局", 2025)]
    assert site.run() == []


# Appeared -------------------------------------------------------------------------------------------------------------


def test_a_new_report_appears(site, paper):
    start(site)
    url = site.publish(paper.report(2025, date="2026-02-11"))
    [event] = site.run()
    assert (event.kind, event.organ, event.year, event.url) == ("appeared", paper.ORGAN, 2025, url)
    assert event.title == "临海市人民政府2025年政府信息公开工作年度报告"
    assert event.from_version is None
    assert event.to_version == site.versions(2025)[0].id
    assert event.detail.published_on == "2026-02-11"
    assert event.detail.due_on == "2026-03-31"


def test_a_past_years_report_that_turns_up_later_is_news(site, paper):
    start(site)
    site.publish(paper.report(2022))
    assert told(site.run()) == [("appeared", 2022)]


def test_a_link_that_was_never_read_is_a_finding_and_no_report(site, paper):
    start(site)
    url = site.publish(paper.report(2025))
    for reading in ("gone", "blocked", "unreachable", "other"):
        site.answer(url, reading)
        assert site.run() == []
    assert {one.url for one in site.found("link_unread")} == {url}


def test_late_reports_have_a_finding(site, paper):
    start(site)
    site.publish(paper.report(2022, date="2023-04-05"))
    [event] = site.run()
    assert event.detail.late_days == 5
    assert "5" in site.found("late")[0].detail


# Changed --------------------------------------------------------------------------------------------------------------


def test_a_digit_that_changed_is_told(site, paper):
    start(site)
    site.publish(paper.report(2024, requests=13))
    [event] = site.run()
    first, second = site.versions(2024)
    assert (event.kind, event.from_version, event.to_version) == ("changed", first.id, second.id)
    assert second.significance == "content"
    assert event.detail.last_verified_at == first.captured_at


def test_a_cosmetic_difference_makes_a_version_and_no_event(site, paper):
    start(site)
    site.publish(paper.report(2024, text=paper.body(2024).replace("，", ",")))
    assert site.run() == []
    assert [one.significance for one in site.versions(2024)] == ["first", "cosmetic"]


def test_markup_noise_makes_nothing(site, paper):
    start(site)
    site.pages[f"{paper.HOST}/art/2024.html"].noise = 7
    assert site.run() == []
    assert len(site.versions(2024)) == 1


def test_a_b_a_is_two_changes(site, paper):
    start(site)
    site.publish(paper.report(2024, requests=13))
    assert kinds(site.run()) == ["changed"]
    site.publish(paper.report(2024))
    assert kinds(site.run()) == ["changed"]
    assert [one.content_hash for one in site.versions(2024)][::2] == [site.versions(2024)[0].content_hash] * 2


def test_a_changed_title_and_organ_are_kept_as_printed(site, paper):
    start(site)
    site.publish(paper.report(2024, title="浙江省临海市人民政府2024年政府信息公开工作年度报告", source="临海市府办"))
    assert kinds(site.run()) == ["changed"]
    assert site.report(2024).title.startswith("浙江省")


# Taken down and restored (rules 1, 4, 11) -----------------------------------------------------------------------------


def test_taken_down_after_three_confirmations(site, paper):
    start(site)
    url = f"{paper.HOST}/art/2024.html"
    site.remove(url)
    assert site.run() == []
    assert site.report(2024).status == "missing"
    assert site.run() == []
    [event] = site.run()
    assert (event.kind, event.year, event.url) == ("taken_down", 2024, url)
    assert [one.status for one in event.detail.readings] == [404] * 3
    assert event.detail.readings[0].at == site.report(2024).missing_since
    assert event.detail.listed == 1
    rows = site.store.rows("SELECT * FROM readings WHERE report = ? AND counted = 1", (site.report(2024).id,))
    assert [one["reading"] for one in rows] == ["gone"] * 3
    assert all(one["archive_ref"] for one in rows)
    assert [site.run() for _ in range(3)] == [[], [], []]


def test_confirmations_in_one_hour_are_not_enough(site, paper):
    start(site)
    site.remove(f"{paper.HOST}/art/2024.html")
    site.run()
    assert [site.run(hours=0.2) for _ in range(5)] == [[]] * 5
    assert kinds(site.run(hours=24)) == ["taken_down"]


def test_a_page_that_is_something_else_needs_one_more_confirmation(site, paper):
    start(site)
    url = f"{paper.HOST}/art/2024.html"
    site.answer(url, "other")
    assert [site.run() for _ in range(3)] == [[], [], []]
    assert kinds(site.run()) == ["taken_down"]


def test_blocked_and_unreachable_neither_count_nor_reset(site, paper):
    start(site)
    url = f"{paper.HOST}/art/2024.html"
    for reading in ("gone", "blocked", "gone", "unreachable", "blocked"):
        site.answer(url, reading)
        assert site.run() == []
    site.answer(url, "gone")
    assert kinds(site.run()) == ["taken_down"]


def test_an_unhealthy_pass_does_not_count(site, paper):
    start(site)
    site.answer(f"{paper.HOST}/art/2024.html", "gone")
    site.sections[paper.SECTION].complete = False
    assert [site.run() for _ in range(4)] == [[]] * 4
    assert site.report(2024).status == "live"
    site.sections[paper.SECTION].complete = True
    assert [site.run(outcome="cut_short") for _ in range(4)] == [[]] * 4
    assert [site.run() for _ in range(2)] == [[]] * 2
    assert kinds(site.run()) == ["taken_down"]


def test_gone_and_back_before_confirmation_leaves_no_event(site, paper):
    start(site)
    url = f"{paper.HOST}/art/2024.html"
    for _ in range(3):
        site.answer(url, "gone")
        assert [site.run(), site.run()] == [[], []]
        site.answer(url, "present")
        assert site.run() == []
    assert site.report(2024).misses == 0
    assert site.report(2024).missing_since is None


def take_down(site, paper, year=2024):
    url = f"{paper.HOST}/art/{year}.html"
    site.answer(url, "gone")
    assert [kinds(site.run()) for _ in range(3)] == [[], [], ["taken_down"]]
    return url


def test_restored(site, paper):
    start(site)
    url = take_down(site, paper)
    down = site.events()[-1]
    site.answer(url, "present")
    [event] = site.run()
    assert (event.kind, event.url) == ("restored", url)
    assert event.detail.taken_down_at == down.detected_at
    assert event.detail.gone_since == down.detail.readings[0].at
    take_down(site, paper)
    site.answer(url, "present")
    assert kinds(site.run()) == ["restored"]


def test_restored_and_edited_are_two_events_in_that_order(site, paper):
    start(site)
    take_down(site, paper)
    site.publish(paper.report(2024, requests=99))
    assert kinds(site.run()) == ["restored", "changed"]


def test_republished_elsewhere_after_its_take_down_is_restored_and_moved(site, paper):
    start(site)
    url = take_down(site, paper)
    site.remove(url)
    site.publish(paper.report(2024, requests=99), at=f"{paper.HOST}/new/2024.html")
    assert kinds(site.run()) == ["restored", "moved", "changed"]
    assert site.run() == []


# Moved (rule 2) -------------------------------------------------------------------------------------------------------


def test_a_redirect_to_the_same_report_is_moved_in_that_pass(site, paper):
    start(site)
    old = f"{paper.HOST}/art/2024.html"
    new = site.show(f"{paper.HOST}/new/2024.html", paper.report(2024))
    site.show(old, redirect=new)
    [event] = site.run()
    assert (event.kind, event.url) == ("moved", new)
    assert (event.detail.from_url, event.detail.to_url) == (old, new)
    assert [site.run(), site.run()] == [[], []]
    site.remove(old)
    site.publish(paper.report(2024), at=new)
    assert [site.run() for _ in range(4)] == [[]] * 4


def test_found_in_a_section_after_gone_is_moved_in_that_pass(site, paper):
    start(site)
    site.remove(f"{paper.HOST}/art/2024.html")
    assert site.run() == []
    site.publish(paper.report(2024), at=f"{paper.HOST}/new/2024.html")
    assert told(site.run()) == [("moved", 2024)]
    assert site.report(2024).status == "live"
    assert [site.run() for _ in range(4)] == [[]] * 4


def test_gone_and_found_elsewhere_in_one_pass_is_moved(site, paper):
    start(site)
    site.remove(f"{paper.HOST}/art/2024.html")
    site.publish(paper.report(2024), at=f"{paper.HOST}/new/2024.html")
    assert told(site.run()) == [("moved", 2024)]


def test_moved_and_edited_are_two_events(site, paper):
    start(site)
    site.remove(f"{paper.HOST}/art/2024.html")
    site.publish(paper.report(2024, requests=99), at=f"{paper.HOST}/new/2024.html")
    assert kinds(site.run()) == ["moved", "changed"]


def test_moved_by_a_redirect_to_an_address_that_the_section_lists_and_edited(site, paper):
    start(site)
    old = f"{paper.HOST}/art/2024.html"
    site.delist(old)
    new = site.publish(paper.report(2024, requests=99), at=f"{paper.HOST}/new/2024.html")
    site.show(old, redirect=new)
    assert kinds(site.run()) == ["moved", "changed"]
    assert len(site.reports()) == 2


def test_moved_back_again(site, paper):
    start(site)
    site.remove(f"{paper.HOST}/art/2024.html")
    site.publish(paper.report(2024), at=f"{paper.HOST}/new/2024.html")
    assert kinds(site.run()) == ["moved"]
    site.remove(f"{paper.HOST}/new/2024.html")
    site.publish(paper.report(2024))
    [event] = site.run()
    assert (event.kind, event.url) == ("moved", f"{paper.HOST}/art/2024.html")
    assert [site.run() for _ in range(4)] == [[]] * 4


def test_a_migration_of_the_whole_site_is_no_outage(site, paper):
    for year in range(2015, 2023):
        site.publish(paper.report(year))
    start(site)
    for year in range(2015, 2025):
        site.remove(f"{paper.HOST}/art/{year}.html")
        site.publish(paper.report(year), at=f"{paper.HOST}/new/{year}.html")
    assert kinds(site.run()) == ["moved"] * 10
    assert site.health() == "ok"


def test_a_report_with_attachments_is_recognised_at_its_new_address_under_another_organ_name(site, paper):
    file = attach(site, paper)
    start(site)
    site.remove(f"{paper.HOST}/art/2024.html")
    site.publish(paper.report(2024, files=[file]), at=f"{paper.HOST}/new/2024.html")
    assert kinds(site.run()) == ["moved"]


# Pages and reports, n to m --------------------------------------------------------------------------------------------


def column(make_history, paper, **portal):
    site = make_history(**portal)
    site.sections[paper.SECTION].is_report = True
    site.show(paper.SECTION, paper.report(2023))
    return site


def test_an_overwritten_column(make_history, paper):
    site = column(make_history, paper)
    assert kinds(site.run()) == ["baseline"]
    assert site.report(2023).listed is None
    site.show(paper.SECTION, paper.report(2024))
    assert told(site.run()) == [("appeared", 2024)]
    assert site.report(2023).status == "missing"
    assert site.run() == []  # the same bytes: the old year is as absent as before
    [event] = site.run()
    assert (event.kind, event.year, event.detail.reason) == ("taken_down", 2023, "overwritten")
    assert [site.run() for _ in range(3)] == [[]] * 3


def test_an_overwritten_column_that_a_list_links_is_news_too(site, paper):
    url = site.publish(paper.report(2022), at=f"{paper.HOST}/nb/")
    start(site)
    site.show(url, paper.report(2025))
    assert told(site.run()) == [("appeared", 2025)]


def test_an_old_year_of_an_overwritten_column_that_is_archived_elsewhere_is_moved(make_history, paper):
    site = column(make_history, paper)
    site.run()
    site.show(paper.SECTION, paper.report(2024))
    site.publish(paper.report(2023), at=f"{paper.HOST}/old/2023.html")
    assert sorted(told(site.run())) == [("appeared", 2024), ("moved", 2023)]
    assert [site.run() for _ in range(3)] == [[]] * 3


def test_an_overwritten_column_with_a_guessed_year_is_not_rekeyed(make_history, paper):
    site = column(make_history, paper)
    site.show(paper.SECTION, paper.report(2023, year_from="published"))
    site.run()
    site.show(paper.SECTION, paper.report(2024))
    assert told(site.run()) == [("appeared", 2024)]


def test_a_column_that_is_overwritten_with_the_old_year_again(make_history, paper):
    site = column(make_history, paper)
    site.run()
    site.show(paper.SECTION, paper.report(2024))
    assert [kinds(site.run()) for _ in range(3)] == [["appeared"], [], ["taken_down"]]
    site.show(paper.SECTION, paper.report(2024), paper.report(2023))
    assert told(site.run()) == [("restored", 2023)]
    assert "overwritten" not in site.report(2023).detail
    assert [site.run() for _ in range(3)] == [[]] * 3


def test_a_page_with_all_years(make_history, paper):
    site = make_history()
    site.sections[paper.SECTION].is_report = True
    site.show(paper.SECTION, *[paper.report(year) for year in range(2008, 2024)])
    events = site.run()
    assert events[-1].detail.reports == 16
    years = [paper.report(year) for year in range(2008, 2025)]
    years[3] = paper.report(2011, requests=77)
    site.show(paper.SECTION, *years)
    assert sorted(told(site.run())) == [("appeared", 2024), ("changed", 2011)]
    site.show(paper.SECTION, *[one for one in years if one.year != 2010])
    assert [told(site.run()) for _ in range(4)] == [[], [], [("taken_down", 2010)], []]


def test_variants_vanish_not(site, paper):
    start(site)
    url = site.publish(paper.report(2024, requests=500), at=f"{paper.HOST}/art/double.html")
    [event] = site.run()
    assert (event.kind, event.year, event.url) == ("appeared", 2024, url)
    assert event.detail.conflict_with == site.report(2024).title
    assert msgspec.json.decode(site.report(2024, 1).detail)["conflict_with"] == site.report(2024).id
    assert site.found("conflict")
    assert [site.run() for _ in range(3)] == [[]] * 3
    site.publish(paper.report(2024, requests=600), at=f"{paper.HOST}/art/third.html")
    assert kinds(site.run()) == ["appeared"]
    assert site.report(2024, 2)


def test_two_pages_with_one_key_in_the_first_pass(site, paper):
    site.publish(paper.report(2024, requests=500), at=f"{paper.HOST}/art/double.html")
    start(site)
    assert len(site.reports()) == 3
    assert site.found("conflict")


@pytest.mark.parametrize(
    "twin",
    ["http://big5.linhai.gov.cn/art/2024.html", "https://www.linhai.gov.cn/gate/big5/www.linhai.gov.cn/art/2024.html"],
)
def test_a_view_is_no_second_report(site, paper, twin):
    start(site)
    site.publish(paper.report(2024, text=paper.body(2024).replace("条", "條")), at=twin)
    assert site.run() == []
    assert len(site.reports()) == 2
    site.publish(paper.report(2024, requests=51), at=twin)  # only the primary address makes versions
    assert site.run() == []
    assert len(site.versions(2024)) == 1


def test_a_second_tree_with_the_same_content_is_a_view(site, paper):
    start(site)
    site.publish(paper.report(2024), at=f"{paper.HOST}/tree2/2024.html")
    assert site.run() == []
    assert len(site.reports()) == 2


def test_a_second_tree_of_a_report_with_attachments_is_a_view(site, paper):
    file = attach(site, paper)
    start(site)
    site.publish(paper.report(2024, files=[file]), at=f"{paper.HOST}/tree2/2024.html")
    assert site.run() == []
    assert len(site.reports()) == 2


def test_reports_that_differ_only_in_their_attachments_are_variants(site, paper):
    attach(site, paper)
    start(site)
    other = paper.Attachment(f"{paper.HOST}/f/other.pdf", "年报.pdf", "document")
    site.files[other.url] = (b"other", "另一份报告")
    site.publish(paper.report(2024, files=[other]), at=f"{paper.HOST}/tree2/2024.html")
    assert kinds(site.run()) == ["appeared"]
    assert site.report(2024, 1)


def test_a_simplified_page_takes_over_from_a_traditional_one(make_history, paper):
    site = make_history()
    traditional = "根據《中華人民共和國政府信息公開條例》，現公佈年度報告，統計期限自2024年1月1日起，至2024年12月31日止。機關辦理申請12件。"
    simplified = "根据《中华人民共和国政府信息公开条例》，现公布年度报告，统计期限自2024年1月1日起，至2024年12月31日止。机关办理申请12件。"
    old = site.publish(
        paper.report(2024, text=traditional), at=f"{paper.HOST}/gate/big5/www.linhai.gov.cn/art/2024.html"
    )
    start(site)
    new = site.publish(paper.report(2024, text=simplified), at=f"{paper.HOST}/art/2024.html")
    assert site.run() == []
    assert site.report(2024).url == new
    assert [one.significance for one in site.versions(2024)] == ["first", "cosmetic"]
    assert site.run() == []
    site.remove(old)
    assert [site.run() for _ in range(4)] == [[]] * 4
    site.publish(paper.report(2024, text=simplified.replace("12件", "13件")))
    assert kinds(site.run()) == ["changed"]


def test_the_simplified_page_is_primary_when_both_are_found_at_once(make_history, paper):
    site = make_history()
    traditional = "根據《中華人民共和國政府信息公開條例》，現公佈年度報告，統計期限自2024年1月1日起，機關辦理申請12件。"
    simplified = "根据《中华人民共和国政府信息公开条例》，现公布年度报告，统计期限自2024年1月1日起，机关办理申请12件。"
    site.publish(paper.report(2024, text=traditional), at=f"{paper.HOST}/gate/big5/www.linhai.gov.cn/art/2024.html")
    new = site.publish(paper.report(2024, text=simplified), at=f"{paper.HOST}/art/2024.html")
    start(site)
    assert [one.url for one in site.reports()] == [new]


def test_a_views_address_takes_over_silently_when_the_primary_one_is_gone(site, paper):
    start(site)
    twin = site.show("https://wap.linhai.gov.cn/art/2024.html", paper.report(2024))
    site.sections[paper.SECTION].links[twin] = "年报"
    assert site.run() == []
    site.remove(f"{paper.HOST}/art/2024.html")
    assert [site.run() for _ in range(5)] == [[]] * 5
    assert site.report(2024).url == twin


def test_a_view_that_shows_the_report_no_more_does_not_bring_it_back(make_history, paper):
    site = column(make_history, paper)
    url = site.publish(paper.report(2023), at=f"{paper.HOST}/archive/2023.html")
    site.run()
    own, view = site.report(2023).url, ({url, paper.SECTION} - {site.report(2023).url}).pop()
    for address in (own, view):  # whichever of the two is the report's own address
        site.show(address, paper.report(2024))
        site.run()
    site.remove(url)
    assert ("moved", 2023) not in [one for _ in range(5) for one in told(site.run())]
    assert site.report(2023).status == "taken_down"


def test_a_page_found_with_what_was_edited_in_that_pass_is_a_view(site, paper):
    start(site)
    site.publish(paper.report(2024, requests=77))
    site.publish(paper.report(2024, requests=77), at=f"{paper.HOST}/archive/2024.html")
    assert kinds(site.run()) == ["changed"]
    assert len(site.reports()) == 2


def test_companions_lend_nothing_and_are_kept(site, paper):
    listing = site.sections[paper.SECTION]
    url = f"{paper.HOST}/art/tujie.html"
    listing.links[url], listing.kinds[url] = "图解：临海市2025年政府信息公开工作年度报告", "companion"
    other = paper.Attachment(f"{paper.HOST}/art/jiedu.html", "解读", "document")
    site.pages[f"{paper.HOST}/art/2024.html"].companions = (other,)
    start(site)
    rows = {row["url"]: row for row in site.store.rows("SELECT * FROM companions")}
    assert rows.keys() == {url, other.url}
    assert rows[url]["report"] is None
    assert rows[other.url]["report"] == site.report(2024).id


# Keys -----------------------------------------------------------------------------------------------------------------


def test_a_guessed_year_that_proves_wrong_is_rekeyed_in_place(site, paper):
    text = paper.body(2022)
    url = site.publish(
        paper.report(2021, text=text, title="年度报告", date="2022-12-05", year_from="published"),
        at=f"{paper.HOST}/x.html",
    )
    start(site)
    overdue = site.events()[-1].detail.overdue
    assert [one.year for one in overdue] == [2022]
    number = site.report(2021).id
    site.show(url, paper.report(2022, text=text, title="2022年度报告", date="2022-12-05"))
    [event] = site.run()
    assert (event.kind, event.year, event.report, event.detail.reason) == ("changed", 2022, number, "rekeyed")
    assert next((one.name, one.old, one.new) for one in event.detail.fields) == ("年度", "2021", "2022")
    assert [site.run() for _ in range(4)] == [[]] * 4
    assert msgspec.json.decode(site.report(2022).detail).get("year_from", "") == ""
    assert site.store.row("SELECT retracted_at FROM events WHERE kind = 'overdue'")["retracted_at"] == event.detected_at


def test_years_that_change_places_are_rekeyed_both(site, paper):
    a, b = f"{paper.HOST}/art/2023.html", f"{paper.HOST}/art/2024.html"
    start(site)
    site.show(a, paper.report(2024, text=paper.body(2023)))
    site.show(b, paper.report(2023, text=paper.body(2024)))
    events = site.run()
    assert sorted(told(events)) == [("changed", 2023), ("changed", 2024)]
    assert len(site.reports()) == 2
    assert [site.run() for _ in range(4)] == [[]] * 4


def test_the_true_owner_of_a_wrongly_guessed_year_is_no_variant(site, paper):
    wrong = paper.report(2022, text=paper.body(2021), year_from="published")
    url = site.publish(wrong, at=f"{paper.HOST}/x.html")
    start(site)
    site.publish(paper.report(2021, text=paper.body(2021)), at=url)
    site.publish(paper.report(2022))
    assert sorted(told(site.run())) == [("appeared", 2022), ("changed", 2021)]
    assert not site.found("conflict")
    assert {one.variant for one in site.reports()} == {0}


def test_an_organ_that_was_renamed_is_one_organ_with_aliases(make_history, paper):
    site = make_history(organs=({"name": "台州市管理指挥中心", "aliases": ["台州市监督指挥中心"]},))
    site.portal = msgspec.structs.replace(
        site.portal, organs=(paper.Organ("台州市管理指挥中心", aliases=("台州市监督指挥中心",)),)
    )
    site.publish(paper.report(2023, "台州市监督指挥中心"))
    site.publish(paper.report(2024, "台州市管理指挥中心"))
    start(site)
    assert len({one.organ_id for one in site.reports()}) == 1
    assert {one.organ for one in site.reports()} == {"台州市监督指挥中心", "台州市管理指挥中心"}


def test_names_that_the_operator_unites_later_alert_nobody(site, paper):
    site.publish(paper.report(2022, "临海市监督指挥中心"))
    site.publish(paper.report(2025, "临海市管理指挥中心"))
    site.run()
    site.portal = msgspec.structs.replace(
        site.portal, organs=(paper.Organ("临海市管理指挥中心", aliases=("临海市监督指挥中心",)),)
    )
    site.pages[f"{paper.HOST}/art/2022.html"].noise = 4
    site.run()
    site.publish(paper.report(2022, "临海市监督指挥中心", requests=44))
    assert [one for one in told(site.run()) if one[0] != "overdue"] == [("changed", 2022)]
    assert site.events()[-1].detail.reason == ""
    assert len({one.organ_id for one in site.reports() if "指挥" in one.organ}) == 1


def test_a_government_and_its_office_are_two_organs(site, paper):
    start(site)
    site.publish(paper.report(2024, "临海市人民政府办公室"), at=f"{paper.HOST}/o.html")
    assert [(one.kind, one.organ, one.year) for one in site.run()] == [
        ("appeared", "临海市人民政府办公室", 2024),
        ("overdue", "临海市人民政府办公室", 2025),
    ]


def test_an_aliased_page_with_successive_names_is_one_organ(make_history, paper):
    site = make_history(organ="")
    site.sections[paper.SECTION].is_report = True
    names = {2016: "北京市海淀区监督指挥中心", 2019: "北京市海淀区服务管理指挥中心", 2022: "北京市海淀区管理指挥中心"}
    site.show(paper.SECTION, *[paper.report(year, name) for year, name in names.items()])
    start(site)
    assert len({one.organ_id for one in site.reports()}) == 1
    assert site.run() == []


# Listed or not --------------------------------------------------------------------------------------------------------


def test_delisted_and_relisted(site, paper):
    start(site)
    url = f"{paper.HOST}/art/2024.html"
    title = site.sections[paper.SECTION].links.pop(url)
    assert told(site.run()) == [("delisted", 2024)]
    assert site.run() == []
    site.sections[paper.SECTION].links[url] = title
    assert told(site.run()) == [("relisted", 2024)]
    assert site.run() == []


def test_a_section_cut_short_delists_nothing(site, paper):
    start(site)
    site.delist(f"{paper.HOST}/art/2024.html")
    site.sections[paper.SECTION].complete = False
    assert site.run() == []
    assert site.report(2024).listed == 1


def test_many_delisted_at_once_are_a_redesign(site, paper):
    for year in range(2015, 2023):
        site.publish(paper.report(year))
    start(site)
    kept = dict(site.sections[paper.SECTION].links)
    for year in range(2015, 2020):
        site.delist(f"{paper.HOST}/art/{year}.html")
    assert kinds(site.run()) == ["portal_broken"]
    assert [site.run() for _ in range(3)] == [[]] * 3
    site.sections[paper.SECTION].links = kept
    assert kinds(site.run()) == ["portal_recovered"]
    for year in range(2015, 2020):
        site.delist(f"{paper.HOST}/art/{year}.html")
    assert kinds(site.run()) == ["portal_broken"]
    assert kinds(site.run(hours=7 * 24)) == ["delisted"] * 5 + ["portal_recovered"]
    assert site.run() == []


def test_a_section_that_the_operator_takes_out_delists_nothing(make_history, paper):
    other = f"{paper.HOST}/col/offices/"
    site = make_history(sections=(paper.SECTION, other))
    site.publish(paper.report(2024))
    site.publish(paper.report(2023), section=other)
    start(site)
    site.portal = msgspec.structs.replace(site.portal, sections=(paper.SECTION,))
    assert [site.run() for _ in range(4)] == [[]] * 4
    assert site.report(2023).status == "live"


def test_a_link_that_redirects_lists_the_report_at_its_end(site, paper):
    end = site.show(f"{paper.HOST}/real/2025.html", paper.report(2025))
    alias = f"{paper.HOST}/go/2025.html"
    site.sections[paper.SECTION].links[alias] = "2025年年报"
    site.show(alias, redirect=end)
    start(site)
    assert (site.report(2025).url, site.report(2025).listed) == (end, 1)
    assert [site.run() for _ in range(3)] == [[]] * 3
    site.remove(alias)
    assert told(site.run()) == [("delisted", 2025)]
    assert [site.run() for _ in range(4)] == [[]] * 4


def test_discovery_alone_takes_nothing_for_moved_or_delisted(site, paper):
    start(site)
    old = f"{paper.HOST}/art/2024.html"
    site.remove(old)
    site.publish(paper.report(2024, requests=77), at=f"{paper.HOST}/new/2024.html")
    site.publish(paper.report(2025))
    assert told(site.run(mode="discover")) == [("appeared", 2025)]
    assert kinds(site.run()) == ["moved", "changed"]


def test_rechecking_alone_finds_changes_and_takes_nothing_down(site, paper):
    start(site)
    site.publish(paper.report(2024, requests=77))
    site.publish(paper.report(2025))
    assert told(site.run(mode="recheck")) == [("changed", 2024)]
    assert told(site.run()) == [("appeared", 2025)]


# The portal as a whole (rules 3, 5, 6) --------------------------------------------------------------------------------


def test_a_section_that_lists_nothing_any_more_is_broken(site, paper):
    start(site)
    listing = site.sections[paper.SECTION]
    kept, listing.links = listing.links, {}
    [event] = site.run()
    assert event.kind == "portal_broken"
    assert event.detail.sections == (paper.SECTION,)
    assert site.health() == "broken"
    assert site.run() == []
    assert {one.listed for one in site.reports()} == {1}
    listing.links = kept
    assert kinds(site.run()) == ["portal_recovered"]
    assert site.health() == "ok"


def test_where_a_broken_section_seems_to_be_now_is_told_with_it_and_followed_by_nothing(site, paper):
    start(site)
    site.sections[paper.SECTION].links.clear()
    site.findings = [
        SectionLead(paper.SECTION, f"{paper.HOST}/xxgk/c120011/zwgklist.shtml", "ucap", 12, "公开年报", "a menu")
    ]
    [event] = site.run()
    assert event.detail.likely == (LikelySection(f"{paper.HOST}/xxgk/c120011/zwgklist.shtml", "ucap", 12),)
    (found,) = site.store.rows("SELECT rule, severity, detail, url FROM findings WHERE rule = 'section_moved'")
    assert found["url"] == paper.SECTION
    assert "nianbao portals add" in found["detail"]
    assert f"--name {site.portal.name} --replace" in found["detail"]
    assert site.store.rows("SELECT url FROM sections") == [{"url": paper.SECTION}]


def asks_for_the_new_place(site):
    crawl = site.brief()
    return bool(msgspec.json.decode((site.folder / "job.json").read_bytes(), type=Job).seek) and crawl > 0


def test_the_new_place_of_a_section_is_looked_for_until_somebody_knows(site, paper):
    start(site)
    assert asks_for_the_new_place(site)
    site.sections[paper.SECTION].links.clear()
    site.findings = [SectionLead(paper.SECTION, f"{paper.HOST}/new/", "trs", 3)]
    site.run()
    assert site.health() == "broken"
    assert not asks_for_the_new_place(site), "people were told"
    site.brief("recheck")
    assert not msgspec.json.decode((site.folder / "job.json").read_bytes(), type=Job).seek


def test_a_section_whose_reports_are_all_gone_is_empty(site, paper):
    start(site)
    for year in (2023, 2024):
        site.remove(f"{paper.HOST}/art/{year}.html")
    assert [told(site.run()) for _ in range(3)] == [[], [], [("taken_down", 2023), ("taken_down", 2024)]]


def test_links_that_were_never_read_do_not_hide_a_broken_section(site, paper):
    start(site)
    site.answer(site.publish(paper.report(2025)), "blocked")
    assert site.run() == []
    site.sections[paper.SECTION].links.clear()
    assert kinds(site.run()) == ["portal_broken"]


def test_a_list_of_which_no_page_was_ever_read_is_broken_once_it_shows_none(make_history, paper):
    """Whether its pages stand was never known: nobody waits for them to be read."""
    other = "https://www.linhai.gov.cn/col/other/"
    site = make_history(sections=(paper.SECTION, other))
    site.publish(paper.report(2024))
    site.answer(site.publish(paper.report(2025), section=other), "blocked")
    start(site)
    site.sections[other].links.clear()
    assert kinds(site.run()) == ["portal_broken"]


def test_a_site_that_was_rebuilt_is_said_once_and_then_together(site, paper):
    for year in range(2015, 2023):
        site.publish(paper.report(year))
    start(site)
    for year in range(2015, 2019):
        site.answer(f"{paper.HOST}/art/{year}.html", "gone")
    [event] = site.run()
    assert (event.kind, event.detail.gone, event.detail.total) == ("portal_broken", 4, 10)
    assert [site.run() for _ in range(6)] == [[]] * 6
    assert told(site.run()) == [("taken_down", year) for year in range(2015, 2019)]
    assert all(one.detail.mass for one in site.events()[-4:])


def test_a_site_that_comes_back_takes_nothing_down(site, paper):
    for year in range(2015, 2023):
        site.publish(paper.report(year))
    start(site)
    for year in range(2015, 2019):
        site.answer(f"{paper.HOST}/art/{year}.html", "gone")
    assert [kinds(site.run()) for _ in range(4)] == [["portal_broken"], [], [], []]
    for year in range(2016, 2019):
        site.answer(f"{paper.HOST}/art/{year}.html", "present")
    assert sorted(kinds(site.run())) == ["portal_recovered", "taken_down"]


def test_portal_down_after_three_passes_that_read_nothing(site, paper):
    start(site)
    site.outage("blocked")
    assert [site.run(), site.run()] == [[], []]
    assert site.health() == "blocked"
    [event] = site.run()
    assert (event.kind, event.detail.passes) == ("portal_down", 3)
    assert site.run() == []
    site.recover()
    assert kinds(site.run()) == ["portal_recovered"]
    assert site.health() == "ok"


def test_killed_passes_without_a_response_count_as_empty(site, paper):
    start(site)
    site.outage()
    assert site.run() == []
    assert site.kill() == []
    assert kinds(site.kill()) == ["portal_down"]


def test_a_killed_pass_that_had_a_response_is_not_empty(site, paper):
    start(site)
    line = msgspec.json.encode(
        {"type": "section", "section": paper.SECTION, "url": "u", "complete": False, "first_page": True}
    )
    assert [site.kill(torn=line + b'\n{"type": "pa') for _ in range(4)] == [[]] * 4


def test_down_while_broken_is_said_and_recovery_ends_both(site, paper):
    start(site)
    listing = site.sections[paper.SECTION]
    kept, listing.links = listing.links, {}
    assert kinds(site.run()) == ["portal_broken"]
    site.outage()
    assert [kinds(site.run()) for _ in range(3)] == [[], [], ["portal_down"]]
    site.recover()
    assert kinds(site.run()) == ["portal_broken"]  # readable again, and still broken
    listing.links = kept
    assert kinds(site.run()) == ["portal_recovered"]


def test_a_pass_that_had_nothing_to_ask_says_nothing_of_the_portal(make_history):
    site = make_history()
    assert [site.run(mode="recheck") for _ in range(4)] == [[]] * 4
    assert site.health() == "new"


def test_a_report_that_nobody_could_verify_for_long_is_told_once(site, paper):
    start(site)
    site.answer(f"{paper.HOST}/art/2024.html", "blocked")
    assert [kinds(site.run(hours=48)) for _ in range(6)] == [[]] * 6
    [event] = site.run(hours=48)
    assert (event.kind, event.year, event.detail.what) == ("service", 2024, "unverified")
    assert site.run() == []


# Time (rule 13) and the law -------------------------------------------------------------------------------------------


def test_with_a_wrong_clock_conclusions_from_time_wait(site, paper):
    start(site)
    site.answer(f"{paper.HOST}/art/2024.html", "gone")
    assert [site.run(clock=-90000.0) for _ in range(6)] == [[]] * 6
    assert site.report(2024).status == "missing"
    assert site.run(clock=1.0) == []  # how long it has been gone is only known from here on
    assert kinds(site.run(clock=1.0)) == ["taken_down"]


@pytest.mark.parametrize("offset", [365 * 86400.0, -365 * 86400.0])
def test_what_a_wrong_clock_verified_counts_by_the_portals_own(site, paper, offset):
    start(site)
    right = site.now
    site.now = shift(right, 3600 - offset)  # the machine's clock, as it is
    assert site.run(hours=0, clock=offset) == []
    assert site.report(2024).last_verified_at == shift(right, 3600)
    site.now = shift(right, 7200)
    site.outage()
    assert [event.kind for _ in range(12) for event in site.run(hours=24)] == ["portal_down"]
    assert "service" in kinds(site.run(hours=72))  # a fortnight has passed by now, and not before


def test_a_pass_that_is_settled_late_speaks_of_the_time_when_it_read(site, paper):
    start(site)
    site.now = "2026-03-30T01:00:00Z"
    crawl = site.brief("full")
    site.write(crawl)
    site.now = "2026-04-02T01:00:00Z"  # the disk was full for three days; the report came on the 31st
    assert site.settle() == []
    assert site.store.row("SELECT finished_at FROM crawls WHERE id = ?", (crawl,))["finished_at"].startswith(
        "2026-03-30"
    )
    site.publish(paper.report(2025, date="2026-03-31"))
    assert kinds(site.run(hours=1)) == ["appeared"]


@pytest.mark.parametrize("year", ["2025", "2027"])
def test_a_clock_that_is_set_between_reading_and_settling_changes_nothing(site, paper, year):
    start(site)
    crawl = site.brief("full")
    site.write(crawl)
    read = site.now
    site.now = year + site.now[4:]
    assert site.settle() == []
    assert site.report(2024).last_verified_at == read


def test_overdue_is_said_once_and_withdrawn(site, paper):
    start(site)
    site.now = "2026-03-31T15:00:00Z"  # 23:00 in China: the last day
    assert site.run(hours=0) == []
    site.sections[paper.SECTION].complete = False
    assert site.run(hours=2) == []
    site.sections[paper.SECTION].complete = True
    assert site.run(hours=1, clock=9000.0) == []
    [event] = site.run(hours=1)
    assert (event.kind, event.organ, event.year, event.detail.due_on) == ("overdue", paper.ORGAN, 2025, "2026-03-31")
    assert site.run() == []
    site.publish(paper.report(2025, date="2026-04-02"))
    [appeared] = site.run()
    assert (appeared.kind, appeared.detail.withdraws, appeared.detail.late_days) == ("appeared", True, 2)
    row = site.store.row("SELECT retracted_at FROM events WHERE kind = 'overdue'")
    assert row["retracted_at"] == site.now
    assert site.run() == []


@pytest.mark.parametrize("told_as", ["临海市监督指挥中心", "臨海市監督指揮中心"])
def test_an_overdue_organ_that_is_renamed_is_not_told_again(site, paper, told_as):
    """Nor if an earlier release told of it as its page was printed."""
    site.portal = msgspec.structs.replace(site.portal, organs=(paper.Organ("临海市监督指挥中心"),))
    start(site)
    site.store.run("UPDATE events SET organ = ? WHERE kind = 'overdue' AND organ = '临海市监督指挥中心'", (told_as,))
    site.portal = msgspec.structs.replace(
        site.portal, organs=(paper.Organ("临海市管理指挥中心", aliases=("临海市监督指挥中心",)),)
    )
    assert site.run() == []
    site.publish(paper.report(2025, "临海市管理指挥中心"))
    [event] = site.run()
    assert event.detail.withdraws


# Other portals --------------------------------------------------------------------------------------------------------


def test_a_copy_on_another_portal_is_linked_and_told_as_one(site, make_history, paper):
    start(site)
    start_url = "https://www.zjtz.gov.cn/col/"
    city = type(site)(
        site.home,
        store=site.store,
        name="taizhou",
        title="台州市人民政府",
        sections=(start_url,),
        organ="台州市人民政府",
    )
    city.now = site.now
    city.publish(paper.report(2023, "台州市人民政府"), at="https://www.zjtz.gov.cn/2023.html")
    assert kinds(city.run()) == ["baseline"]
    long = paper.body(2024) + "\n" + "临海市各乡镇、街道和部门全年主动公开各类政府信息。" * 12
    site.publish(paper.report(2024, text=long))
    site.run()
    city.publish(
        paper.report(2024, text=long, source="市政府网站", title="临海市2024年政府信息公开工作年度报告"),
        at="https://www.zjtz.gov.cn/2024.html",
    )
    [event] = city.run()
    assert (event.kind, event.organ, event.detail.same_as) == ("appeared", paper.ORGAN, "临海市人民政府")


# Attachments ----------------------------------------------------------------------------------------------------------


def attach(site, paper, text="附件全文", data=b"pdf 1"):
    file = paper.Attachment(f"{paper.HOST}/f/2024.pdf", "年报.pdf", "document")
    site.files[file.url] = (data, text)
    site.publish(paper.report(2024, files=[file]))
    return file


def held(site):
    return site.store.rows("SELECT * FROM attachments WHERE version = ?", (site.report(2024).current_version,))


def test_an_attachment_with_other_bytes_and_the_same_text_is_cosmetic(site, paper):
    file = attach(site, paper)
    start(site)
    site.files[file.url] = (b"pdf 2", "附件全文")
    assert site.run() == []
    assert [one.significance for one in site.versions(2024)] == ["first", "cosmetic"]
    assert site.run() == []


def test_an_attachment_with_other_text_is_a_change_behind_an_unchanged_page(site, paper):
    file = attach(site, paper)
    start(site)
    site.files[file.url] = (b"pdf 2", "附件改了")
    [event] = site.run()
    assert (event.kind, [one.change for one in event.detail.attachments]) == ("changed", ["changed"])
    assert site.run() == []


def test_an_attachment_added_or_removed_is_a_change(site, paper):
    file = attach(site, paper)
    start(site)
    other = paper.Attachment(f"{paper.HOST}/f/b.pdf", "附表.pdf", "document")
    site.files[other.url] = (b"b", "附表")
    site.publish(paper.report(2024, files=[file, other]))
    assert kinds(site.run()) == ["changed"]
    site.publish(paper.report(2024, files=[file]))
    assert kinds(site.run()) == ["changed"]
    assert [one["url"] for one in held(site)] == [file.url]


def test_an_attachment_that_is_gone_is_a_change_once_confirmed(site, paper):
    file = attach(site, paper)
    start(site)
    kept = site.files.pop(file.url)
    assert [kinds(site.run()) for _ in range(5)] == [[], [], ["changed"], [], []]
    site.files[file.url] = kept
    assert [kinds(site.run()) for _ in range(2)] == [["changed"], []]


def test_a_gone_attachment_counts_only_healthy_passes_and_right_clocks(site, paper):
    file = attach(site, paper)
    start(site)
    site.files.pop(file.url)
    site.sections[paper.SECTION].complete = False
    assert [site.run() for _ in range(4)] == [[]] * 4
    site.sections[paper.SECTION].complete = True
    assert [site.run(clock=9000.0) for _ in range(4)] == [[]] * 4
    assert site.run() == []
    assert kinds(site.run()) == ["changed"]


@pytest.mark.parametrize("reading", ["blocked", "unreachable"])
def test_a_blocked_attachment_carries_its_state_over(site, paper, reading):
    file = attach(site, paper)
    start(site)
    kept = site.files[file.url]
    site.files[file.url] = reading
    assert [site.run() for _ in range(4)] == [[]] * 4
    site.publish(paper.report(2024, files=[file], requests=13))
    assert kinds(site.run()) == ["changed"]
    assert held(site)[0]["text"] == "附件全文"
    site.files[file.url] = kept
    assert site.run() == []


def test_the_same_bytes_behind_another_address_are_nothing(site, paper):
    file = attach(site, paper)
    start(site)
    other = paper.Attachment(f"{paper.HOST}/f/renamed.pdf", "年报.pdf", "document")
    site.files[other.url] = site.files.pop(file.url)
    site.publish(paper.report(2024, files=[other]))
    assert site.run() == []
    assert len(site.versions(2024)) == 1
    assert [one["url"] for one in held(site)] == [other.url]
    site.files[other.url] = (b"pdf 3", "又改了")
    assert kinds(site.run()) == ["changed"]


def test_another_name_of_an_attachment_is_cosmetic(site, paper):
    file = attach(site, paper)
    start(site)
    site.publish(paper.report(2024, files=[paper.Attachment(file.url, "附件1.pdf", "document")]))
    assert site.run() == []
    assert [one.significance for one in site.versions(2024)] == ["first", "cosmetic"]


def test_an_attachment_that_could_first_be_read_later_is_no_change(site, paper):
    file = attach(site, paper)
    kept = site.files[file.url]
    site.files[file.url] = "blocked"
    start(site)
    assert held(site)[0]["sha256"] == ""
    site.files[file.url] = kept
    assert site.run() == []
    assert [one.significance for one in site.versions(2024)] == ["first", "rebaseline"]
    assert held(site)[0]["text"] == "附件全文"
    assert site.run() == []
    site.files[file.url] = (b"pdf 9", "改")
    assert kinds(site.run()) == ["changed"]


def test_a_new_page_that_links_a_known_attachment_holds_its_bytes(site, paper):
    file = attach(site, paper)
    start(site)
    site.publish(paper.report(2025, files=[file]))
    assert told(site.run()) == [("appeared", 2025)]
    rows = site.store.rows("SELECT * FROM attachments WHERE version = ?", (site.report(2025).current_version,))
    assert rows[0]["text"] == "附件全文"
    assert site.run() == []


# Rules of reading (rule 12) -------------------------------------------------------------------------------------------


def html(requests, extra=""):
    rows = "".join(
        f"<p>第{n}项工作：主动公开政府信息{n * 7}条，办理依申请公开{n}件，没有发生投诉举报的情况。</p>"
        for n in range(1, 9)
    )
    return (
        "<html><head><title>临海市人民政府2024年政府信息公开工作年度报告</title>"
        '<meta name="ArticleTitle" content="临海市人民政府2024年政府信息公开工作年度报告">'
        '<meta name="PubDate" content="2025-01-20"></head><body>'
        '<div class="main"><h1>临海市人民政府2024年政府信息公开工作年度报告</h1><div class="article">'
        "<p>根据《中华人民共和国政府信息公开条例》编制本年度报告。</p><p>一、总体情况</p>"
        "<p>本报告所列数据的统计期限自2024年1月1日起，至2024年12月31日止。</p>"
        f"<p>收到信息公开申请{requests}件。</p>{rows}</div>"
        f"<div class='more'><p>附：说明文字一段，另有内容{extra}。</p></div></div></body></html>"
    )


@pytest.fixture
def real(make_history, paper):
    """A portal of one real page, read by the real reader with a body selector."""
    site = make_history(selectors=paper.Selectors(body=".article"))
    url = site.publish(paper.report(2024))
    site.pages[url].html = html(12)
    start(site)
    site.url = url
    return site


def test_an_edited_selector_alerts_nobody(real, paper):
    real.portal = msgspec.structs.replace(real.portal, selectors=paper.Selectors(body=".main"))
    assert real.run() == []
    assert [one.significance for one in real.versions(2024)] == ["first", "rebaseline"]
    assert "另有内容" in real.versions(2024)[1].text
    assert real.run() == []
    real.pages[real.url].html = html(13)
    assert kinds(real.run()) == ["changed"]


def test_a_true_change_in_the_pass_of_an_edited_selector_is_said(real, paper):
    real.portal = msgspec.structs.replace(real.portal, selectors=paper.Selectors(body=".main"))
    real.pages[real.url].html = html(13)
    [event] = real.run()
    assert event.kind == "changed"
    assert "另有内容" not in str(event.detail)
    assert [one.significance for one in real.versions(2024)] == ["first", "rebaseline", "content"]
    assert not [fault for fault in verify(real.store, real.home / "archive") if fault]


def test_a_lost_capture_makes_a_new_baseline_with_a_finding(real, paper):
    for file in (real.home / "archive").rglob("*.warc.gz"):
        file.unlink()
    real.portal = msgspec.structs.replace(real.portal, selectors=paper.Selectors(body=".main"))
    assert real.run() == []
    assert [one.significance for one in real.versions(2024)] == ["first", "rebaseline"]
    assert real.found("rebaselined")
    real.pages[real.url].html = html(13)
    assert kinds(real.run()) == ["changed"]


def test_a_report_that_only_the_list_names_is_reread_under_that_name(make_history, paper):
    site = make_history(selectors=paper.Selectors(body=".article"))
    url = site.publish(paper.report(2024))
    nameless = html(12).replace("临海市人民政府2024年政府信息公开工作年度报告", "")
    site.pages[url].html = nameless
    start(site)
    assert len(site.reports()) == 1
    site.portal = msgspec.structs.replace(site.portal, selectors=paper.Selectors(body=".main"))
    assert site.run() == []
    assert len(site.reports()) == 1
    assert "另有内容" in site.versions(2024)[-1].text


def test_a_year_that_new_rules_read_better_is_rekeyed_in_silence(make_history, paper):
    site = make_history(selectors=paper.Selectors(body=".article", title=".none"))
    url = site.publish(paper.report(2024))
    page = html(12)
    site.pages[url].html = page
    start(site)
    site.store.run("UPDATE reports SET year = 2025, detail = json_set(detail, '$.year_from', 'published')")
    site.portal = msgspec.structs.replace(site.portal, selectors=paper.Selectors(body=".main"))
    site.pages[url].html = page.replace("<body>", "<body><!-- touched -->")
    site.run()
    assert [one.year for one in site.reports()] == [2024]
    assert [one.kind for one in site.events() if one.kind == "changed"] == []


# Order, idempotence, damage (rules 7, 13) -----------------------------------------------------------------------------


def test_settling_again_changes_nothing(site, paper):
    start(site)
    site.publish(paper.report(2025))
    site.run()
    dump = list(site.store.conn.iterdump())
    again = settle(site.folder, site.store, site.home / "archive", site.settings, site.now)
    assert again.crawl == site.last.crawl
    assert list(site.store.conn.iterdump()) == dump


def test_an_older_pass_is_refused(site, paper):
    start(site)
    first = site.brief()
    folder = site.folder
    site.write(first)
    site.publish(paper.report(2025))
    assert kinds(site.run()) == ["appeared"]
    dump = list(site.store.conn.iterdump())
    with pytest.raises(SettleRefused, match="not newer"):
        settle(folder, site.store, site.home / "archive", site.settings, site.now)
    assert list(site.store.conn.iterdump()) == dump


def test_an_unknown_pass_is_refused(site, make_history):
    start(site)
    other = make_history("other")
    other.store.sync_portal(other.portal)
    with pytest.raises(SettleRefused, match="never gave"):
        settle(site.folder, other.store, other.home / "archive", other.settings, other.now)


@pytest.mark.parametrize("damage", ["torn", "no observations", "foreign summary", "bad job"])
def test_a_damaged_folder_is_refused_and_leaves_the_record_as_it_was(site, paper, damage):
    start(site)
    crawl = site.brief()
    site.write(crawl)
    lines = site.folder / "observations.jsonl"
    match damage:
        case "torn":
            lines.write_bytes(lines.read_bytes()[:-9])
        case "no observations":
            lines.unlink()
        case "foreign summary":
            (site.folder / "run.json").write_text((site.folder / "run.json").read_text().replace("linhai", "linhe"))
        case "bad job":
            (site.folder / "job.json").write_bytes(b"{")
    dump = list(site.store.conn.iterdump())
    with pytest.raises(RunError):
        settle(site.folder, site.store, site.home / "archive", site.settings, site.now)
    assert list(site.store.conn.iterdump()) == dump


def test_a_settle_that_breaks_leaves_nothing_and_the_next_one_says_it_all(site, paper, monkeypatch):
    start(site)
    site.publish(paper.report(2025))
    crawl = site.brief()
    site.write(crawl)
    dump = list(site.store.conn.iterdump())
    with monkeypatch.context() as patch:
        patch.setattr("monitor.settle.enqueue", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            site.settle()
    assert list(site.store.conn.iterdump()) == dump
    assert told(site.settle()) == [("appeared", 2025)]


def test_the_same_history_gives_the_same_keys(site, make_history, paper):
    again = make_history("again")
    keys = []
    for one in (site, again):
        one.sections = copy.deepcopy(site.sections) if one is site else {paper.SECTION: paper.Listing()}
        if one is again:
            again.publish(paper.report(2023))
            again.publish(paper.report(2024))
            again.kill()  # ids differ
        one.run()
        one.publish(paper.report(2025))
        one.run()
        one.publish(paper.report(2024, requests=7))
        one.answer(f"{paper.HOST}/art/2023.html", "gone")
        for _ in range(4):
            one.run()
        one.answer(f"{paper.HOST}/art/2023.html", "present")
        one.run()
        one.publish(paper.report(2024, requests=8))
        one.run()
        keys.append([event.key for event in one.events()])
    assert keys[0] == keys[1]
    assert keys[0][-1] == "changed:linhai:临海市人民政府:2024:0:2"


def test_a_renamed_portal_carries_its_record_over(site, paper):
    start(site)
    site.portal = msgspec.structs.replace(site.portal, name="linhai_new", formerly="linhai")
    site.publish(paper.report(2024, requests=88))
    assert told(site.run()) == [("changed", 2024)]
    assert {one.portal for one in site.reports()} == {"linhai_new"}
    assert site.run() == []
    assert not [fault for fault in verify(site.store, site.home / "archive") if fault]


def test_every_version_can_be_verified_against_its_capture(site, paper):
    attach(site, paper)
    start(site)
    site.publish(paper.report(2025))
    site.run()
    assert list(verify(site.store, site.home / "archive")) == [None] * (3 + 2)  # versions, and lists of two passes


def test_what_a_pass_could_not_read_is_recorded_once(site, paper):
    start(site)
    site.findings = [paper.Finding("too_large", "warning", "more than 20 MB", f"{paper.HOST}/big.html")]
    site.run()
    site.run()
    assert len(site.found("too_large")) == 1


def test_a_304_keeps_validators_that_it_does_not_repeat(site, paper):
    start(site)
    before = site.store.row("SELECT etag FROM pages WHERE url LIKE '%2024.html'")
    assert before["etag"]
    site.run()
    assert site.store.row("SELECT etag FROM pages WHERE url LIKE '%2024.html'") == before


@pytest.mark.parametrize("reading", ["blocked", "gone", "other", "unreachable"])
def test_validators_of_an_answer_that_is_not_present_are_not_kept(site, paper, reading):
    start(site)
    before = site.store.row("SELECT etag, last_modified, body_hash FROM pages WHERE url LIKE '%2024.html'")
    assert before["etag"]
    site.answer(f"{paper.HOST}/art/2024.html", reading)
    site.run()
    assert site.store.row("SELECT etag, last_modified, body_hash FROM pages WHERE url LIKE '%2024.html'") == before


# Random lives ---------------------------------------------------------------------------------------------------------


def live(site, paper, dice, passes):
    """A portal's random life: each pass is followed by History.check. What stands where in the end."""
    where: dict[int, str] = {}
    gone: dict[int, str] = {}
    twins: dict[str, str] = {}
    counter = 0
    files = {}

    def fresh(year):
        nonlocal counter
        counter += 1
        return f"{paper.HOST}/p{counter}/{year}.html"

    def version(year):
        file = files.setdefault(year, paper.Attachment(f"{paper.HOST}/f{year}.pdf", "附件.pdf", "document"))
        site.files.setdefault(file.url, (b"%d" % year, f"附件{year}"))
        return paper.report(year, requests=dice.randrange(1000), files=[file] if year % 3 == 0 else [])

    for year in range(2012, 2020):
        where[year] = site.publish(version(year), at=fresh(year))
    for _ in range(passes):
        for _ in range(dice.choice([0, 1, 1, 2])):
            year = dice.choice([*where, *gone, max([*where, *gone]) + 1])
            match dice.choice(
                ["edit", "remove", "back", "relist", "redirect", "twin", "noise", "block", "file", "move and edit"]
            ):
                case "edit" if year in where:
                    site.pages[where[year]].reports = (version(year),)
                case "remove" if year in where:
                    gone[year] = where.pop(year)
                    site.answer(gone[year], dice.choice(["gone", "other"]))
                    if dice.random() < 0.7:
                        site.delist(gone[year])
                case "back" if year in gone:
                    where[year] = gone.pop(year)
                    site.publish(*site.pages[where[year]].reports, at=where[year])
                case "relist" | "move and edit" as how if year in where:
                    old = where[year]
                    reports = site.pages[old].reports if how == "relist" else (version(year),)
                    where[year] = site.publish(*reports, at=fresh(year))
                    site.remove(old)
                case "redirect" if year in where:
                    old = where[year]
                    where[year] = site.publish(*site.pages[old].reports, at=fresh(year))
                    site.delist(old)
                    site.show(old, redirect=where[year])
                case "twin" if year in where:
                    twins[where[year].replace("www.", "wap.")] = where[year]
                case "noise" if year in where:
                    site.pages[where[year]].noise += 1
                case "block" if year in where:
                    site.answer(where[year], dice.choice(["blocked", "unreachable", "present"]))
                case "file" if files.get(year) and dice.random() < 0.5:
                    site.files[files[year].url] = dice.choice(["gone", "blocked", (b"%d" % year, f"附件{year}")])
                case _ if year not in where and year not in gone:
                    where[year] = site.publish(version(year), at=fresh(year))
        listing = site.sections[paper.SECTION]
        listing.complete = dice.random() < 0.9
        for twin, own in twins.items():  # a mirror shows what its original shows
            site.pages.pop(twin, None)
            listing.links.pop(twin, None)
            if own in where.values():
                site.show(twin, *site.pages[own].reports)
                listing.links[twin] = "年报"
        if dice.random() < 0.1:
            site.kill(hours=6)
        site.run(
            hours=dice.choice([0.5, 6, 24, 48]),
            outcome="ok" if dice.random() < 0.9 else "cut_short",
            mode=dice.choice(["full"] * 5 + ["recheck", "discover"]),
            clock=dice.choice([None, 1.0, 1.0, 1.0, 9000.0]),
        )
    listing.complete = True
    for url in where.values():
        site.answer(url, "present")
    for _ in range(14):
        site.run()
    return where, gone


@pytest.mark.parametrize("seed", range(6))
def test_after_any_life_the_record_agrees_with_the_site(make_history, paper, seed):
    site = make_history()
    where, gone = live(site, paper, random.Random(seed), 25)
    told = {one.year: one for one in site.reports() if not one.variant}
    assert not [one for one in site.reports() if one.variant]
    for year, url in where.items():
        report = told[year]
        assert (report.status, report.url) in {("live", url), ("live", url.replace("www.", "wap."))}, year
        if report.url == url:
            assert site.versions(year)[-1].text == site.pages[url].reports[0].text
    for year in gone:
        assert year not in told or told[year].status == "taken_down", year
    assert site.run() == []
    assert [fault for fault in verify(site.store, site.home / "archive") if fault] == []


@pytest.mark.parametrize("seed", range(4))
def test_after_any_life_of_a_column_the_record_agrees_with_it(make_history, paper, seed):
    """A column that shows one year, several or all, while older years move to pages of their own and back."""
    dice = random.Random(seed)
    site = make_history()
    listing = site.sections[paper.SECTION]
    listing.is_report = True
    text = {year: paper.report(year) for year in range(2015, 2035)}
    site.now = "2025-05-01T01:00:00Z"
    newest, shown, archived = 2018, {2018}, set()
    for _ in range(30):
        match dice.choice(["next", "all", "one", "archive", "unarchive", "edit", "wait", "outage", "noise"]):
            case "next":
                newest += newest < 2034
                shown = (shown | {newest}) if dice.random() < 0.4 else {newest}
            case "all":
                shown = set(range(2015, newest + 1))
            case "one":
                shown = {newest}
            case "archive":
                year = dice.randrange(2015, newest + 1)
                archived.add(year)
                site.publish(text[year], at=f"{paper.HOST}/archive/{year}.html")
            case "unarchive" if archived:
                year = dice.choice(sorted(archived))
                archived.remove(year)
                site.remove(f"{paper.HOST}/archive/{year}.html")
            case "edit":
                year = dice.randrange(2015, newest + 1)
                text[year] = paper.report(year, requests=dice.randrange(500))
                if year in archived:
                    site.publish(text[year], at=f"{paper.HOST}/archive/{year}.html")
        site.show(paper.SECTION, *[text[year] for year in sorted(shown)], noise=dice.randrange(3))
        if dice.random() < 0.1:
            site.outage(dice.choice(["blocked", "unreachable"]))
        site.run(hours=dice.choice([6, 24, 48]))
        site.recover()
    for _ in range(14):
        site.run()
    status = {one.year: one.status for one in site.reports() if not one.variant}
    assert not [one for one in site.reports() if one.variant]
    assert {year for year, said in status.items() if said == "live"} == shown | archived
    assert "missing" not in status.values()
    assert site.run() == []


# A view that becomes the primary address ------------------------------------------------------------------------------


def second_address(site, paper, **edited):
    """Another tree's page of the report of 2024: a view. Edited there alone, which nobody is told."""
    view = site.publish(paper.report(2024), at=f"{paper.HOST}/tree/2024.html")
    assert site.run() == []
    if edited:
        site.publish(paper.report(2024, **edited), at=view)
        assert [site.run(), site.run()] == [[], []]
    return view


def test_a_view_that_was_edited_is_compared_once_it_is_all_there_is(site, paper):
    start(site)
    view = second_address(site, paper, requests=13)
    site.remove(f"{paper.HOST}/art/2024.html")
    assert [kinds(site.run()) for _ in range(3)] == [["moved"], ["changed"], []]
    assert site.report(2024).url == view
    assert "13" in site.versions(2024)[-1].text


def test_a_view_that_says_the_same_becomes_the_address_without_a_change(site, paper):
    start(site)
    second_address(site, paper)
    site.remove(f"{paper.HOST}/art/2024.html")
    assert [kinds(site.run()) for _ in range(3)] == [["moved"], [], []]
    assert len(site.versions(2024)) == 1


def test_a_view_that_kept_the_old_text_is_a_change_back(site, paper):
    start(site)
    second_address(site, paper)
    site.publish(paper.report(2024, requests=13))
    assert kinds(site.run()) == ["changed"]
    site.remove(f"{paper.HOST}/art/2024.html")
    assert [kinds(site.run()) for _ in range(3)] == [["moved"], ["changed"], []]


def test_a_former_address_that_comes_back_edited_is_compared_when_it_is_needed(site, paper):
    start(site)
    old = f"{paper.HOST}/art/2024.html"
    new = f"{paper.HOST}/new/2024.html"
    site.remove(old)
    site.publish(paper.report(2024), at=new)
    assert kinds(site.run()) == ["moved"]
    site.publish(paper.report(2024, requests=13), at=old)
    assert [site.run(), site.run()] == [[], []]
    site.remove(new)
    assert [kinds(site.run()) for _ in range(3)] == [["moved"], ["changed"], []]


def test_a_view_brings_its_own_attachments(site, paper):
    old, new = f"{paper.HOST}/art/a.pdf", f"{paper.HOST}/tree/a.pdf"
    site.files = {old: (b"%PDF 1", "附件全文"), new: (b"%PDF 1", "附件全文")}
    site.publish(paper.report(2024, files=[paper.Attachment(old, "附件.pdf", "document")]))
    start(site)
    site.publish(
        paper.report(2024, files=[paper.Attachment(new, "附件.pdf", "document")]), at=f"{paper.HOST}/tree/2024.html"
    )
    assert site.run() == []
    site.remove(f"{paper.HOST}/art/2024.html")
    del site.files[old]
    assert [kinds(site.run()) for _ in range(6)] == [["moved"], [], [], [], [], []]
    site.files[new] = (b"%PDF 2", "附件全文，已修改")
    assert kinds(site.run()) == ["changed"]


def test_a_redirect_to_a_view_that_was_edited_is_compared(site, paper):
    start(site)
    view = second_address(site, paper, requests=13)
    site.pages[f"{paper.HOST}/art/2024.html"].redirect = view
    told_of = [kinds(site.run()) for _ in range(3)]
    assert sorted(kind for kinds_of_one in told_of for kind in kinds_of_one) == ["changed", "moved"]


def test_a_simplified_view_that_takes_over_is_compared(site, paper):
    text = to_traditional(paper.body(2024))
    url = site.publish(paper.report(2024, text=text), at=f"{paper.HOST}/gate/big5/{paper.HOST[8:]}/art/2024.html")
    site.delist(f"{paper.HOST}/art/2024.html")
    del site.pages[f"{paper.HOST}/art/2024.html"]
    start(site)
    assert site.report(2024).url == url
    site.publish(paper.report(2024))
    assert site.run() == []
    assert site.report(2024).url == f"{paper.HOST}/art/2024.html"
    site.publish(paper.report(2024, requests=13))
    assert kinds(site.run()) == ["changed"]


def test_a_report_that_waited_for_its_own_address_is_not_forgotten(site, paper):
    """Discovery alone reads a page of several years, which shows a report that is known from elsewhere otherwise."""
    column = site.publish(paper.report(2022), at=f"{paper.HOST}/col/all.html")
    start(site)
    site.publish(paper.report(2022), paper.report(2024, requests=13), at=column)
    assert site.run(mode="discover", skip=[f"{paper.HOST}/art/2024.html"]) == []
    site.run(outcome="cut_short", skip=[f"{paper.HOST}/art/2024.html"])
    site.remove(f"{paper.HOST}/art/2024.html")
    assert kinds(site.run()) == ["moved", "changed"]
    assert site.report(2024).url == column
