"""Sentences of the law that a mutant (tests/mutants) showed no other test to hold: run folders in, record out."""

import copy

import msgspec
import pytest

from monitor import briefing
from monitor.settings import Channel


def told(events):
    return [(one.kind, one.year) for one in events if not one.baseline]


@pytest.fixture
def known(site):
    """A portal whose baseline was told."""
    assert [one.kind for one in site.run() if not one.baseline] == ["baseline"]
    return site


def attach(site, paper, text="附件全文", data=b"pdf 1"):
    file = paper.Attachment(f"{paper.HOST}/f/2024.pdf", "年报.pdf", "document")
    site.files[file.url] = (data, text)
    site.publish(paper.report(2024, files=[file]))
    return file


# Which report is it ---------------------------------------------------------------------------------------------------


def test_a_guessed_year_is_marked_and_alerts_say_so(known, paper):
    known.publish(paper.report(2025, year_from="published"))
    [event] = known.run()
    assert event.detail.year_from == "published"
    assert msgspec.json.decode(known.report(2025).detail)["year_from"] == "published"


def test_a_simplified_page_of_another_tree_takes_over_and_is_no_move(make_history, paper):
    site = make_history()
    traditional = "根據《中華人民共和國政府信息公開條例》，現公佈年度報告，統計期限自2024年1月1日起。機關辦理申請12件。"
    simplified = "根据《中华人民共和国政府信息公开条例》，现公布年度报告，统计期限自2024年1月1日起。机关办理申请12件。"
    site.publish(paper.report(2024, text=traditional), at=f"{paper.HOST}/hant/7.html")
    site.run()
    new = site.publish(paper.report(2024, text=simplified), at=f"{paper.HOST}/hans/9.html")
    assert site.run() == []
    assert site.report(2024).url == new
    assert [one.significance for one in site.versions(2024)] == ["first", "cosmetic"]


def test_a_link_that_is_a_companions_lists_no_report(known, paper):
    url = f"{paper.HOST}/art/2024.html"
    known.sections[paper.SECTION].kinds[url] = "companion"
    assert told(known.run()) == [("delisted", 2024)]


def test_two_organs_of_one_portal_with_the_same_text_are_no_copies(known, paper):
    text = paper.body(2024) + "\n" + "各部门全年主动公开各类政府信息。" * 30
    known.publish(paper.report(2024, text=text))
    known.run()
    known.publish(paper.report(2024, "临海市人民政府办公室", text=text), at=f"{paper.HOST}/o/2024.html")
    [event] = [one for one in known.run() if one.kind == "appeared"]
    assert event.detail.same_as == ""


def test_validators_belong_to_the_page_that_was_read_and_not_to_what_led_there(site, paper):
    end = site.show(f"{paper.HOST}/real/2025.html", paper.report(2025))
    alias = f"{paper.HOST}/go/2025.html"
    site.sections[paper.SECTION].links[alias] = "2025年年报"
    site.show(alias, redirect=end)
    site.run()
    kept = {row["url"]: bool(row["etag"]) for row in site.store.rows("SELECT url, etag FROM pages")}
    assert (kept[end], kept[alias]) == (True, False)


# Readings and their evidence ------------------------------------------------------------------------------------------


def test_each_reading_that_counts_is_stored_with_status_final_address_and_marker(known, paper):
    url, end = f"{paper.HOST}/art/2024.html", f"{paper.HOST}/404.html"
    known.show(url, redirect=end)
    assert [known.run() for _ in range(2)] == [[], []]
    [event] = known.run()
    rows = known.store.rows("SELECT * FROM readings WHERE report = ? AND counted = 1", (known.report(2024).id,))
    assert [(one["http_status"], one["final_url"], one["marker"]) for one in rows] == [(404, end, "status 404")] * 3
    assert [(one.status, one.final_url, one.marker) for one in event.detail.readings] == [(404, end, "status 404")] * 3


def test_rechecking_without_sections_counts_nothing(known, paper):
    known.answer(f"{paper.HOST}/art/2024.html", "gone")
    assert known.run(mode="recheck") == []
    assert known.report(2024).status == "live"


def test_what_each_pass_verifies_is_never_unverified(known):
    assert [known.run() for _ in range(20)] == [[]] * 20
    assert {one.last_verified_at for one in known.reports()} == {known.now}


# Sections and the portal ----------------------------------------------------------------------------------------------


def test_pages_that_are_all_blocked_behind_a_readable_list_are_no_outage(known, paper):
    for year in (2023, 2024):
        known.answer(f"{paper.HOST}/art/{year}.html", "blocked")
    assert [known.run() for _ in range(4)] == [[]] * 4
    assert known.health() == "ok"


def test_a_killed_pass_that_was_only_refused_is_empty(known):
    line = msgspec.json.encode({"type": "page", "url": "u", "reading": "blocked"}) + b"\n"
    assert [told(known.kill(torn=line)) for _ in range(3)] == [[], [], [("portal_down", None)]]


def test_what_a_killed_pass_says_is_delivered(known):
    channel = Channel(name="desk", url="json://127.0.0.1/", kinds=frozenset({"portal_down"}))
    known.settings = msgspec.structs.replace(known.settings, channels=(channel,))
    known.run()
    for _ in range(3):
        known.kill()
    rows = known.store.rows("SELECT e.kind, d.state FROM deliveries d JOIN events e ON e.id = d.event")
    assert [(row["kind"], row["state"]) for row in rows] == [("portal_down", "pending")]


def test_a_channel_added_later_gets_no_old_events(known, paper):
    known.publish(paper.report(2025))
    assert told(known.run()) == [("appeared", 2025)]
    channel = Channel(name="desk", url="json://127.0.0.1/", kinds=frozenset({"appeared"}))
    known.settings = msgspec.structs.replace(known.settings, channels=(channel,))
    known.run()
    assert known.store.rows("SELECT * FROM deliveries") == []
    known.publish(paper.report(2022))
    known.run()
    assert len(known.store.rows("SELECT * FROM deliveries")) == 1


def test_a_year_column_that_cannot_be_read_leaves_its_section_incomplete(known, paper):
    listing = known.sections[paper.SECTION]
    url = known.show(f"{paper.HOST}/art/2022.html", paper.report(2022))
    listing.columns[f"{paper.SECTION}2022/"] = [url]
    assert told(known.run()) == [("appeared", 2022)]
    known.answer(f"{paper.HOST}/art/2024.html", "gone")
    listing.complete = False  # the section's own list; its column is read to the end
    assert [known.run() for _ in range(5)] == [[]] * 5
    assert known.report(2024).status == "live"


def test_links_that_a_list_cut_short_did_not_show_are_still_listed(known, paper):
    listing = known.sections[paper.SECTION]
    kept, listing.links = listing.links, {}
    listing.complete = False
    assert known.run() == []
    rows = known.store.rows("SELECT listed FROM links")
    assert [row["listed"] for row in rows] == [1] * len(kept)


def test_listed_in_two_sections_and_seen_missing_in_one(make_history, paper):
    other = f"{paper.HOST}/col/offices/"
    site = make_history(sections=(paper.SECTION, other))
    url = site.publish(paper.report(2024))
    site.publish(paper.report(2023))
    site.publish(paper.report(2022), section=other)
    site.sections[other].links[url] = site.sections[paper.SECTION].links[url]
    site.run()
    site.delist(url)
    site.sections[other].complete = False
    assert site.run() == []
    site.sections[other].complete = True
    assert told(site.run()) == [("delisted", 2024)]


def test_a_section_that_the_operator_takes_out_delists_nothing_that_another_lists_no_more(make_history, paper):
    other = f"{paper.HOST}/col/offices/"
    site = make_history(sections=(paper.SECTION, other))
    site.publish(paper.report(2024))
    site.publish(paper.report(2023), section=other)
    site.run()
    site.portal = msgspec.structs.replace(site.portal, sections=(paper.SECTION,))
    assert [told(site.run()) for _ in range(2)] == [[], []]
    assert site.report(2023).listed == 1


def test_what_another_section_lists_no_more_is_said_though_one_that_was_taken_out_had_listed_it(make_history, paper):
    other = f"{paper.HOST}/col/offices/"
    site = make_history(sections=(paper.SECTION, other))
    site.publish(paper.report(2024))
    url = site.publish(paper.report(2023))
    site.publish(paper.report(2023), section=other)
    site.run()
    site.portal = msgspec.structs.replace(site.portal, sections=(paper.SECTION,))
    assert told(site.run()) == []
    del site.sections[paper.SECTION].links[url]
    assert told(site.run()) == [("delisted", 2023)]


# Keys and attachments -------------------------------------------------------------------------------------------------


def test_keys_do_not_depend_on_portals_whose_names_begin_alike(site, make_history, paper):
    keys = []
    for name in ("", "linhai2"):
        one = make_history(f"home {len(keys)}")
        one.sections, one.pages = copy.deepcopy(site.sections), copy.deepcopy(site.pages)
        if name:
            other = type(one)(one.home, store=one.store, name=name, title="临海市教育局", organ="临海市教育局")
            other.run()
            other.outage()
            for _ in range(3):
                other.run()
        one.run()
        one.outage()
        for _ in range(3):
            one.run()
        keys.append([event.key for event in one.events() if event.portal == "linhai"])
    assert keys[0] == keys[1]
    assert keys[0][-1] == "portal_down:linhai:1"


def test_an_extraction_that_fails_on_unchanged_bytes_keeps_the_text_last_read(known, paper):
    file = attach(known, paper)
    known.run()
    known.files[file.url] = (b"pdf 1", "")
    known.store.run("UPDATE pages SET body_hash = '' WHERE url = ?", (file.url,))
    assert known.run() == []
    rows = known.store.rows("SELECT text FROM attachments WHERE version = ?", (known.report(2024).current_version,))
    assert [row["text"] for row in rows] == ["附件全文"]


def test_a_blocked_attachment_is_not_confirmed_gone_by_time_alone(known, paper):
    """The readings *gone* must be spread over takedown_after; what lies behind the last of them is no reading."""
    file = attach(known, paper)
    known.run()
    known.files[file.url] = "gone"
    assert [known.run(hours=1) for _ in range(4)] == [[]] * 4
    known.files[file.url] = "blocked"
    assert [known.run(hours=24) for _ in range(2)] == [[], []]
    known.files[file.url] = "gone"
    known.sections[paper.SECTION].complete = False
    assert known.run() == []
    known.sections[paper.SECTION].complete = True
    assert told(known.run()) == [("changed", 2024)]


def test_an_attachment_that_was_back_in_the_pass_of_an_edit_counts_anew(known, paper):
    """A new version must not bring back what was counted before."""
    file = attach(known, paper)
    known.run()
    kept = known.files[file.url]
    known.files[file.url] = "gone"
    assert [known.run() for _ in range(2)] == [[], []]
    known.files[file.url] = kept
    known.publish(paper.report(2024, requests=77, files=[file]))
    assert told(known.run()) == [("changed", 2024)]
    known.files[file.url] = "gone"
    assert [told(known.run()) for _ in range(3)] == [[], [], [("changed", 2024)]]


def test_an_attachment_that_was_back_counts_anew(known, paper):
    file = attach(known, paper)
    known.run()
    kept = known.files[file.url]
    for there in (False, False, True, False, False):
        known.files[file.url] = kept if there else "gone"
        assert known.run() == []
    assert told(known.run()) == [("changed", 2024)]


def test_a_reading_gone_in_the_pass_of_an_edit_counts(known, paper):
    file = attach(known, paper)
    known.run()
    known.files[file.url] = "gone"
    known.publish(paper.report(2024, requests=77, files=[file]))
    assert [told(known.run()) for _ in range(3)] == [[("changed", 2024)], [], [("changed", 2024)]]


def test_moved_by_a_redirect_with_another_attachment_is_moved_and_changed(known, paper):
    file = attach(known, paper)
    known.run()
    old = f"{paper.HOST}/art/2024.html"
    new = known.show(f"{paper.HOST}/new/2024.html", paper.report(2024, files=[file]))
    known.show(old, redirect=new)
    known.files[file.url] = (b"pdf 2", "附件改了")
    assert told(known.run()) == [("moved", 2024), ("changed", 2024)]


# Rule 12 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["CANONICAL", "READER"])
def test_rules_are_the_hash_of_the_canonical_form_and_of_what_reads_the_page(site, monkeypatch, what):
    before = briefing.rules_of(site.portal)
    monkeypatch.setattr(briefing, what, "another revision")
    assert briefing.rules_of(site.portal) != before


@pytest.mark.parametrize(("off", "said"), [(599.0, True), (630.0, False), (-599.0, True), (-630.0, False)])
def test_more_than_ten_minutes_off_conclusions_from_time_wait(known, paper, off, said):
    known.answer(f"{paper.HOST}/art/2024.html", "gone")
    assert [told(known.run(clock=off)) for _ in range(3)] == [[], [], [("taken_down", 2024)] if said else []]


def test_another_organs_report_of_the_year_on_the_page_is_another_report(known, paper):
    known.show(f"{paper.HOST}/art/2024.html", paper.report(2024, "临海市教育局"))
    assert [(one.kind, one.organ) for one in known.run() if one.kind == "appeared"] == [("appeared", "临海市教育局")]
    assert {(one.organ, one.status) for one in known.reports() if one.year == 2024} == {
        (paper.ORGAN, "missing"),
        ("临海市教育局", "live"),
    }


def test_what_was_overdue_for_another_year_stays_so(make_history, paper):
    site = make_history(organs=(paper.Organ("临海市财政局", since=2023),))
    site.publish(paper.report(2024))
    site.run()
    site.publish(paper.report(2024, "临海市财政局"), at=f"{paper.HOST}/f.html")
    [appeared] = site.run()
    assert (appeared.kind, appeared.detail.withdraws) == ("appeared", True)
    due = site.store.rows("SELECT year, retracted_at FROM events WHERE kind = 'overdue' AND organ = '临海市财政局'")
    assert {row["year"]: row["retracted_at"] is not None for row in due} == {2023: False, 2024: True, 2025: False}
