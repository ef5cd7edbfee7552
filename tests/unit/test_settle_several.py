"""The life of a page that holds all years' reports, read by the real reader: what happens to one report is said of that one alone."""

import random
import re
from dataclasses import replace

import pytest

from monitor.store import Store
from tests.unit.years_layouts import Style
from tests.unit.years_pages import TITLES, Plan
from tests.unit.years_reports import Marks, Told, report

STYLE = Style("<p>{}</p>", "<h3>{}</h3>", lines=False)


def told(events):
    return sorted((one.kind, one.year) for one in events if not one.baseline and one.kind != "overdue")


def edited(one: Told) -> Told:
    """The same with another figure in one cell of its first table."""
    place = next(index for index, (kind, _) in enumerate(one.blocks) if kind == "table")
    html, times = re.subn(
        r"(<td[^>]*>(?:<p class=MsoNormal><span>)?)\d+(?=<)", r"\g<1>987654", one.blocks[place][1], count=1
    )
    assert times == 1
    return replace(one, blocks=[*one.blocks[:place], ("table", html), *one.blocks[place + 1 :]])


@pytest.fixture(
    params=[("title", "div"), ("tabs by id", "flat"), ("details", "flat"), ("untitled", "flat"), ("year", "row")]
)
def page(request, make_history, paper):
    """A site whose section is the page, and how to print it."""
    heading, box = request.param
    site = make_history()
    site.sections[paper.SECTION].is_report = True
    rng = random.Random(7)
    mark = Marks(rng)
    reports = [report(rng, paper.ORGAN, year, mark, "period") for year in range(2024, 2015, -1)]
    form = {"title": TITLES[0], "details": TITLES[2], "untitled": "{organ}政府信息公开工作年度报告"}.get(
        heading, "{year}年度"
    )

    def show(shown: list[Told]) -> None:
        site.show(paper.SECTION, html=Plan(shown, heading, box, STYLE, form, 0.25).page(shown).html)

    return site, reports, show


def test_each_year_lives_on_its_own(page):
    site, reports, show = page
    show(reports[1:])
    assert site.run()[-1].detail.reports == 8
    show([*reports[1:4], edited(reports[4]), *reports[5:]])
    assert told(site.run()) == [("changed", 2020)]
    now = [*reports[:4], edited(reports[4]), *reports[5:]]
    show(now)
    assert told(site.run()) == [("appeared", 2024)]
    show(now[::-1])
    assert told(site.run()) == []
    gone = [one for one in now if one.year != 2018]
    show(gone)
    assert [told(site.run()) for _ in range(4)] == [[], [], [("taken_down", 2018)], []]
    assert site.report(2018).status == "taken_down"
    show(now)
    assert told(site.run()) == [("restored", 2018)]


def test_two_organs_on_one_page_are_two_reports(make_history, paper):
    site = make_history()
    site.sections[paper.SECTION].is_report = True
    rng = random.Random(8)
    mark = Marks(rng)
    organs = ["临海市大洋街道办事处", "临海市古城街道办事处", "临海市江南街道办事处"]
    reports = [report(rng, organ, 2024, mark, "none") for organ in organs]

    def show(shown: list[Told]) -> None:
        site.show(paper.SECTION, html=Plan(shown, "title", "div", STYLE, TITLES[0], 0.25).page(shown).html)

    def names(store: Store, events) -> list[tuple[str, str]]:
        of = {row["id"]: row["organ"] for row in store.rows("SELECT id, organ FROM reports")}
        return [(one.kind, of[one.report]) for one in events if not one.baseline and one.report]

    show(reports[:2])
    assert site.run()[-1].detail.reports == 2
    show([reports[2], reports[0], edited(reports[1])])
    assert sorted(names(site.store, site.run())) == [("appeared", organs[2]), ("changed", organs[1])]
    show(reports[1:])
    site.run()
    site.run()
    assert ("taken_down", organs[0]) in names(site.store, site.run())
