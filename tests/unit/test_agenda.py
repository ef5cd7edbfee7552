"""monitor.agenda over real records: how a portal's passes went, and which of its pages a scheduled pass reads."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from crawler.observation import OWN_ENDS, SERVICE_STOPS, WATCHER_ENDED, Mode
from crawler.page.model import Attachment
from crawler.portal import Selectors
from monitor.agenda import Due, due_pages, facts_of
from monitor.briefing import list_rules_of, rules_of
from monitor.settings import Schedule
from monitor.times import shift

SCHEDULE = Schedule()
WEEK = 7 * 24


def due(site: Any, hours: float = 24, mode: Mode = "full") -> Due:
    """What a scheduled pass so many hours after the last one would read."""
    portal, now = site.portal, shift(site.now, hours * 3600)
    return due_pages(site.store, portal, mode, now, SCHEDULE, rules_of(portal), list_rules_of(portal))


def addresses(site: Any, hours: float = 24, mode: Mode = "full") -> list[str]:
    """The same as addresses; fails if that is everything."""
    found = due(site, hours, mode)
    assert found.everything == ""
    ids = {row["id"]: row["url"] for row in site.store.rows("SELECT id, url FROM pages")}
    return sorted(ids[page] for page in found.pages)


def old_ones(site: Any, paper: Any, count: int = 3) -> list[str]:
    """Reports of years long past, on a portal that has no other."""
    for page in list(site.pages):
        site.remove(page)
    pages = [site.publish(paper.report(2022 - number)) for number in range(count)]
    site.run()
    return sorted(pages)


# How its passes went ------------------------------------------------------------------------------------------------


def test_a_portal_that_the_record_does_not_know_was_never_read(site):
    assert facts_of(site.store, "nowhere").last_started is None


def test_what_went_before(site, paper):
    page = site.publish(paper.report(2024))
    site.run()
    full = site.now
    site.run(2, mode="discover")
    discover = site.now
    known = facts_of(site.store, "linhai")
    assert (known.last_started, known.last_full, known.last_discover) == (discover, full, discover)
    assert (known.failures, known.empty_passes, known.missing, known.health) == (0, 0, 0, "ok")
    site.remove(page)
    site.run(2)
    assert facts_of(site.store, "linhai").missing == 1


def test_passes_that_did_not_come_to_their_end_are_counted_until_one_does(site, paper):
    site.publish(paper.report(2024))
    site.run()
    full = site.now
    site.kill(torn=b'{"type":"section","section":"x","url":"x","complete":true,"first_page":true}\n')
    site.run(outcome="cut_short")
    known = facts_of(site.store, "linhai")
    assert (known.failures, known.last_full, known.last_started) == (2, full, site.now)
    site.run()
    assert facts_of(site.store, "linhai").failures == 0


def test_of_passes_that_read_nothing_only_those_that_were_killed_are_failures(site, paper):
    site.publish(paper.report(2024))
    site.run()
    site.outage()
    site.run(outcome="cut_short")
    known = facts_of(site.store, "linhai")
    assert (known.empty_passes, known.failures) == (1, 0)
    site.kill()
    known = facts_of(site.store, "linhai")
    assert (known.empty_passes, known.failures) == (2, 1)


def test_passes_that_ended_with_the_program_are_made_up_for_at_once_a_few_times(site, paper):
    site.publish(paper.report(2024))
    site.run()
    full = site.now
    for number in (1, 2, 3):
        site.run(0.01, outcome="cut_short", detail=sorted(OWN_ENDS)[number % len(OWN_ENDS)])
        known = facts_of(site.store, "linhai")
        assert (known.failures, known.last_started) == (0, full)
    site.run(0.01, outcome="cut_short", detail=WATCHER_ENDED)
    known = facts_of(site.store, "linhai")
    assert (known.failures, known.last_started) == (4, site.now)
    site.run(outcome="cut_short", detail="longer than 7200 s")
    assert facts_of(site.store, "linhai").failures == 1


def test_a_pass_that_ended_with_the_program_before_anything_answered_says_nothing(site, paper):
    site.publish(paper.report(2024))
    site.run()
    site.outage()
    for _ in range(5):
        assert site.run(1, outcome="cut_short", detail=SERVICE_STOPS) == []
    assert facts_of(site.store, "linhai").empty_passes == 0
    said = [event for _ in range(3) for event in site.run(1, outcome="cut_short", detail="longer than 7200 s")]
    assert [event.kind for event in said] == ["portal_down"]


# How often a report is read -----------------------------------------------------------------------------------------


def test_old_reports_are_read_again_within_the_week_each_at_its_own_time(site, paper):
    pages = old_ones(site, paper, 12)
    counts = [len(addresses(site, 24 * day)) for day in range(8)]
    assert counts[1] == 0
    assert counts[7] == len(pages)
    assert counts == sorted(counts)
    assert len(set(counts)) > 2, "not all on one day"


def test_a_new_report_is_read_in_every_full_pass_and_later_after_a_tenth_of_its_age(site, paper):
    old_ones(site, paper, 1)
    page = site.publish(paper.report(2025))
    assert [event.kind for event in site.run()] == ["appeared"]
    assert addresses(site, 6) == [page]
    assert addresses(site, 6, "discover") == []
    for _ in range(6):
        site.run(5 * 24)
    assert page not in addresses(site, 24), "30 days old: every third day"
    assert page in addresses(site, 72)


def test_a_change_makes_a_report_new_again(site, paper):
    page = old_ones(site, paper, 1)[0]
    assert addresses(site, 24) == []
    site.publish(paper.report(2022, requests=13), at=page)
    assert [event.kind for event in site.run()] == ["changed"]
    assert addresses(site, 6) == [page]


def test_one_that_is_taken_down_is_looked_for_ever_less_often_and_never_forgotten(site, paper):
    page, *_ = old_ones(site, paper, 5)
    site.remove(page)
    assert [event.kind for _ in range(4) for event in site.run()] == ["taken_down"]
    assert page in addresses(site), "a moment ago"
    asked = []
    for day in range(120):
        asked += [day] if page in addresses(site) else []
        site.run()
    gaps = [later - sooner for sooner, later in pairwise(asked)]
    assert max(gaps) <= 7
    assert min(gaps[-5:]) >= 3, "and not in every pass for ever"


def test_what_could_not_be_read_stays_due(site, paper):
    page = old_ones(site, paper, 1)[0]
    site.answer(page, "blocked")
    site.run(WEEK)
    assert addresses(site, 1) == [page]


def test_discovery_reads_what_was_overlooked_for_long(site, paper):
    pages = old_ones(site, paper)
    assert addresses(site, WEEK - 1, "discover") == []
    assert addresses(site, WEEK + 1, "discover") == pages, (
        "the service was off: nobody is told that they are unverified"
    )


# What is always due -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["full", "discover"])
def test_a_page_that_the_list_names_without_a_year_may_hold_the_next_one(site, paper, mode):
    page = site.publish(paper.report(2023))
    other = site.publish(paper.report(2022))
    site.sections[paper.SECTION].links[page] = "政府信息公开年报"
    site.run()
    assert addresses(site, 24, mode) == [page]
    assert other != page


@pytest.mark.parametrize("mode", ["full", "discover"])
def test_a_page_that_has_shown_several_reports_may_hold_the_next_one(site, paper, mode):
    page = site.publish(paper.report(2020), paper.report(2021))
    site.run()
    assert addresses(site, 24, mode) == [page]


def test_pages_that_share_a_report_are_read_together(site, paper):
    page = site.publish(paper.report(2022))
    view = site.publish(paper.report(2022), at=f"{paper.HOST}/tree2/2022.html")
    site.publish(paper.report(2021))
    site.run()
    site.store.run("UPDATE pages SET body_hash = '' WHERE url = ?", (page,))
    assert addresses(site) == sorted((page, view))


def test_a_file_that_reads_gone_is_asked_for_until_it_is_confirmed(site, paper):
    file = Attachment(f"{paper.HOST}/files/P1.pdf", "附表.pdf", "document")
    site.files[file.url] = (b"%PDF-1", "开放日12场。")
    page = site.publish(paper.report(2022, files=[file]))
    site.run()
    assert addresses(site) == []
    del site.files[file.url]
    for _ in range(2):
        assert site.run() == []
        assert addresses(site) == [page]
    assert [event.kind for event in site.run()] == ["changed"]
    for _ in range(40):
        site.run()
    assert page not in addresses(site), "confirmed: nothing is counted any more"


def test_pages_that_other_rules_read_are_due(site, paper):
    pages = old_ones(site, paper)
    site.store.run("UPDATE pages SET rules = 'other' WHERE url = ?", (pages[1],))
    assert addresses(site) == [pages[1]]


def test_a_report_that_discovery_saw_back_in_the_list_is_due(site, paper):
    page, *_ = old_ones(site, paper, 8)
    title = site.sections[paper.SECTION].links[page]
    site.delist(page)
    assert [event.kind for event in site.run()] == ["delisted"]
    for _ in range(30):
        site.run()
    assert page not in addresses(site)
    site.sections[paper.SECTION].links[page] = title
    assert site.run(mode="discover") == []
    assert page in addresses(site)


# When everything is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["full", "discover"])
def test_a_missing_report_makes_everything_due_until_it_is_decided(site, paper, mode):
    page, *_ = old_ones(site, paper, 5)
    site.remove(page)
    for _ in range(2):
        site.run()
        assert due(site, 1, mode).everything.endswith("is missing")
    assert [event.kind for _ in range(2) for event in site.run()] == ["taken_down"]
    assert due(site, 1, mode).everything == ""


def test_a_report_that_discovery_found_off_the_list_makes_everything_due(site, paper):
    """Delisted is judged on the whole portal: it may be a redesign."""
    page, *_ = old_ones(site, paper, 8)
    site.delist(page)
    assert site.run(mode="discover") == []
    assert due(site).everything.endswith("is no longer listed")
    assert [event.kind for event in site.run()] == ["delisted"]
    assert due(site).everything == ""


def test_a_portal_that_is_down_is_read_whole_when_it_is_back(site, paper):
    old_ones(site, paper)
    site.outage()
    site.run()
    assert due(site).everything == "the last pass read nothing"
    site.recover()
    site.run()
    assert due(site).everything == ""


def test_a_broken_portal_is_read_whole(site, paper):
    for page in old_ones(site, paper, 5):
        site.delist(page)
    assert "portal_broken" in [event.kind for event in site.run()]
    assert due(site).everything == "the portal is broken"
    assert due(site, 2, "discover") == Due(), "and not every two hours"


def test_an_edited_portal_file_makes_everything_due(site, paper):
    old_ones(site, paper)
    site.portal = msgspec.structs.replace(site.portal, selectors=Selectors(link="ul a"))
    assert due(site).everything == f"other rules read its lists: {paper.SECTION}"
