"""What random timelines found: each a short history that was told wrongly once."""

from typing import Any

import pytest

from crawler.page.model import Attachment


def kinds(events: list[Any]) -> list[tuple[str, int | None, int]]:
    return [(event.kind, event.year, event.baseline) for event in events]


def test_a_column_that_was_empty_at_the_baseline_brings_news(site, paper):
    """A query page's crumbs link the newest year's address, which shows no report yet."""
    column = f"{paper.HOST}/query?year=2025"
    listing = site.sections[paper.SECTION]
    listing.links[column] = "政府信息公开年报"
    listing.columns[column] = []
    site.run()
    site.show(column, paper.report(2025))
    assert kinds(site.run()) == [("appeared", 2025, 0)]


def test_a_listed_page_that_is_no_column_stays_baseline(site, paper):
    page = f"{paper.HOST}/art/9.html"
    site.sections[paper.SECTION].links[page] = "临海市人民政府2022年政府信息公开工作年度报告"
    site.run()
    site.show(page, paper.report(2022))
    assert kinds(site.run()) == [("appeared", 2022, 1)]


def test_three_killed_passes_that_had_read_lists_are_no_portal_down(site, paper):
    site.run()
    told = b'{"type":"link","section":"%s","column":"%s","url":"%s/art/2024.html","title":"x","kind":"report"}\n' % (
        paper.SECTION.encode(),
        paper.SECTION.encode(),
        paper.HOST.encode(),
    )
    assert [site.kill(torn=told) for _ in range(4)] == [[], [], [], []]
    assert [event.kind for _ in range(3) for event in site.kill()] == ["portal_down"]


def many_listed(site: Any, paper: Any) -> list[str]:
    pages = [site.publish(paper.report(year)) for year in range(2016, 2023)]
    site.run()
    return pages


def test_what_a_pass_left_unread_does_not_make_a_redesign_look_like_a_few(site, paper):
    """Five of nine are off the list; the pass was cut short after two of them."""
    pages = many_listed(site, paper)
    for page in pages[:5]:
        site.delist(page)
    assert kinds(site.run(outcome="cut_short", skip=pages[2:])) == []
    assert kinds(site.run()) == [("portal_broken", None, 0)]


def test_a_discovery_between_does_not_end_a_redesign(site, paper):
    """It reads no page: what is off the lists is still off them, and the seven days go on."""
    pages = many_listed(site, paper)
    for page in pages[:5]:
        site.delist(page)
    assert kinds(site.run()) == [("portal_broken", None, 0)]
    assert [site.run(mode=mode) for mode in ("discover", "full", "recheck", "discover")] == [[], [], [], []]
    told = site.run(hours=24 * 5)
    assert [event.kind for event in told] == ["delisted"] * 5 + ["portal_recovered"]


def test_a_query_section_of_which_no_year_can_be_opened_was_not_read(make_history, paper):
    """The whole portal answers 404 for a while: two reports are too few for the mass guard, and none is taken down."""
    section = f"{paper.HOST}/query?year={{year}}"
    site = make_history(sections=(section,))
    pages = [site.publish(paper.report(year)) for year in (2023, 2024)]
    site.run()
    for page in pages:
        site.answer(page, "gone")
    site.sections[section].absent = True
    assert [site.run() for _ in range(5)] == [[], [], [], [], []]
    site.sections[section].absent = False
    for page in pages:
        site.answer(page, "present")
    assert site.run() == []


def moved_by_redirect(site: Any, paper: Any) -> tuple[str, str]:
    """A report that moved from the first address to the second, which the first one leads to."""
    old = site.publish(paper.report(2023))
    site.publish(paper.report(2022))
    site.run()
    new = site.show(f"{paper.HOST}/v2/art/2023.html", paper.report(2023))
    site.show(old, redirect=new)
    assert kinds(site.run()) == [("moved", 2023, 0)]
    return old, new


def test_an_edit_that_was_read_through_the_old_address_is_told(site, paper):
    """The pass was cut short before the report's own address: the old one's redirect had led there."""
    _, new = moved_by_redirect(site, paper)
    site.show(new, paper.report(2023, requests=99))
    assert kinds(site.run(outcome="cut_short", skip=[new])) == [("changed", 2023, 0)]
    assert kinds(site.run()) == []


def test_a_report_that_was_read_through_the_old_address_is_verified(site, paper):
    old, new = moved_by_redirect(site, paper)
    site.delist(old)
    assert kinds(site.run(outcome="cut_short", skip=[new])) == [("delisted", 2023, 0)]
    assert site.report(2023).last_verified_at == site.now


def moved_with_a_file(site: Any, paper: Any, file_reading: str) -> tuple[str, str]:
    """A report whose page and file stand in another folder now; the file there cannot be read."""
    here, there = f"{paper.HOST}/art/P1.pdf", f"{paper.HOST}/v2/art/P1.pdf"
    page = site.publish(paper.report(2023, files=[Attachment(here, "附件", "document")]))
    site.files[here] = (b"%PDF one", "开放日57场。")
    site.run()
    moved = paper.report(2023, files=[Attachment(there, "附件", "document")])
    new = site.show(f"{paper.HOST}/v2/art/2023.html", moved)
    site.show(page, redirect=new)
    site.files[there] = file_reading
    return here, there


@pytest.mark.parametrize("reading", ["gone", "blocked", "unreachable"])
def test_a_file_that_moved_with_its_page_and_cannot_be_read_there_has_not_changed(site, paper, reading):
    here, there = moved_with_a_file(site, paper, reading)
    assert kinds(site.run()) == [("moved", 2023, 0)]
    site.files[there] = site.files[here]
    assert kinds(site.run()) == []
    site.files[there] = (b"%PDF two", "开放日99场。")
    assert kinds(site.run()) == [("changed", 2023, 0)]


def test_a_file_that_moved_with_its_page_and_is_gone_there_is_content_after_confirmation(site, paper):
    moved_with_a_file(site, paper, "gone")
    assert kinds(site.run()) == [("moved", 2023, 0)]
    assert [event for _ in range(4) for event in kinds(site.run())] == [("changed", 2023, 0)]
    assert site.versions(2023)[-1].significance == "content"


def test_a_file_that_was_confirmed_gone_is_no_news_where_its_page_moved_to(site, paper):
    here, there = f"{paper.HOST}/art/P1.pdf", f"{paper.HOST}/v2/art/P1.pdf"
    site.files[here] = (b"%PDF one", "开放日57场。")
    page = site.publish(paper.report(2023, files=[Attachment(here, "附件", "document")]))
    site.run()
    del site.files[here]
    assert [event for _ in range(4) for event in kinds(site.run())] == [("changed", 2023, 0)]
    moved = paper.report(2023, files=[Attachment(there, "附件", "document")])
    site.show(page, redirect=site.show(f"{paper.HOST}/v2/art/2023.html", moved))
    assert kinds(site.run()) == [("moved", 2023, 0)]
    assert [event for _ in range(3) for event in kinds(site.run())] == []


def test_another_file_that_cannot_be_read_yet_is_a_change(site, paper):
    here = f"{paper.HOST}/art/P1.pdf"
    site.files[here] = (b"%PDF one", "开放日57场。")
    site.publish(paper.report(2023, files=[Attachment(here, "附件", "document")]))
    site.run()
    site.publish(paper.report(2023, files=[Attachment(f"{paper.HOST}/art/P2.pdf", "附件", "document")]))
    assert kinds(site.run()) == [("changed", 2023, 0)]


def test_a_file_that_was_read_before_its_report_could_be_matched_is_still_told(site, paper):
    """Discovery reads the new page with the file; whether that is the report is known only when the old page is read."""
    file = Attachment(f"{paper.HOST}/art/P1.pdf", "附件", "document")
    site.files[file.url] = (b"%PDF one", "开放日57场。")
    old = site.publish(paper.report(2023, files=[file]))
    site.run()
    site.remove(old)
    site.publish(paper.report(2023, files=[file]), at=f"{paper.HOST}/art/v2-2023.html")
    site.files[file.url] = (b"%PDF two", "开放日99场。")
    assert kinds(site.run(mode="discover")) == []
    assert kinds(site.run()) == [("moved", 2023, 0), ("changed", 2023, 0)]


def test_a_second_address_whose_picture_was_replaced_at_both_is_a_view(site, paper):
    """The page's text is as it was, so it is not parsed; the new picture is read at both addresses."""
    one, other = (Attachment(f"{paper.HOST}/{folder}/W1.png", "W1.png", "picture") for folder in ("art", "tree2"))
    site.files[one.url] = (b"png one", "开放日一场")
    site.publish(paper.report(2023, files=[one]))
    site.run()
    site.files[one.url] = site.files[other.url] = (b"png two", "开放日二场")
    site.publish(paper.report(2023, files=[other]), at=f"{paper.HOST}/tree2/2023.html")
    assert kinds(site.run()) == [("changed", 2023, 0)]
    assert [report.variant for report in site.reports() if report.year == 2023] == [0]
    assert kinds(site.run()) == []


def test_a_page_that_leads_to_its_known_view_with_another_file_is_compared(site, paper):
    """The view is read first, is unchanged and tells nothing; the page that leads there now is read with the file."""
    one, other = (Attachment(f"{paper.HOST}/{folder}/P1.pdf", "附件", "document") for folder in ("art", "v2/art"))
    site.files[one.url] = site.files[other.url] = (b"%PDF one", "开放日57场。")
    first = site.publish(paper.report(2023, files=[one]))
    site.run()
    second = site.publish(paper.report(2023, files=[other]), at=f"{paper.HOST}/v2/art/2023.html")
    assert kinds(site.run()) == []
    site.remove(first)
    assert kinds(site.run()) == [("moved", 2023, 0)]
    site.publish(paper.report(2023, files=[one]))
    assert kinds(site.run()) == []
    site.show(second, redirect=first)
    site.files[one.url] = (b"%PDF two", "开放日99场。")
    assert kinds(site.run()) == [("moved", 2023, 0), ("changed", 2023, 0)]
    assert kinds(site.run()) == []


def test_a_second_address_that_appears_with_a_file_added_at_both_is_a_view(site, paper):
    """The page's own text is unchanged: only what it links is new."""
    page = site.publish(paper.report(2024))
    site.run()
    file = Attachment(f"{paper.HOST}/files/P1.pdf", "附表.pdf", "document")
    site.files[file.url] = (b"%PDF-1", "开放日12场。")
    site.publish(paper.report(2024, files=[file]), at=page)
    site.publish(paper.report(2024, files=[file]), at=f"{paper.HOST}/tree2/2024.html")
    assert kinds(site.run()) == [("changed", 2024, 0)]
    assert site.run() == []


def test_a_file_that_two_reports_share_is_told_of_both_whenever_they_are_read(site, paper):
    """One of them was not read in the pass that found the other bytes; by then they are known bytes."""
    file = Attachment(f"{paper.HOST}/files/P1.pdf", "附表.pdf", "document")
    site.files[file.url] = (b"%PDF-1", "开放日12场。")
    site.publish(paper.report(2023, files=[file]))
    other = site.publish(paper.report(2024, files=[file]))
    site.run()
    site.files[file.url] = (b"%PDF-2", "开放日13场。")
    assert kinds(site.run(skip=[other])) == [("changed", 2023, 0)]
    assert kinds(site.run()) == [("changed", 2024, 0)]
    assert site.run() == []
