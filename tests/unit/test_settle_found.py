"""What random timelines found: each a short history that was told wrongly once."""

from typing import Any


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
