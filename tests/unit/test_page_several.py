"""Pages with several reports come apart, each with its own sentences, tables and files, whatever order and headings they have; a page
with one report stays whole, however many other years it names."""

import random

import pytest

from crawler.page.model import Page
from tests.unit import years_pages
from tests.unit.years_pages import HEADINGS, Made, Plan, wrong
from tests.unit.years_reports import Marks, Told, report

SEED = 20261122


def printed(plan: Plan) -> Made:
    return plan.page(plan.told)


@pytest.mark.parametrize("heading", HEADINGS)
def test_reports_of_several_years_come_apart(heading: str) -> None:
    for seed in range(3):
        made = printed(years_pages.several(random.Random(f"{heading} {seed} {SEED}"), heading))
        assert wrong(made) == [], (seed, made.how)


def test_reports_of_several_organs_come_apart() -> None:
    for seed in range(12):
        made = printed(years_pages.organs(random.Random(SEED + seed)))
        assert wrong(made) == [], (seed, made.how)


def test_a_year_that_stands_twice_is_one_report_or_two_and_a_finding() -> None:
    for seed in range(12):
        made = printed(years_pages.twice(random.Random(SEED + seed)))
        assert wrong(made) == [], (seed, made.how)


def test_one_report_that_names_other_years_stays_whole() -> None:
    for seed in range(40):
        made = years_pages.single(random.Random(SEED + seed))
        assert wrong(made) == [], (seed, made.how)


def state(page: Page) -> dict[int | None, tuple[object, ...]]:
    return {
        one.year: (one.title, one.organ, one.published_on, one.text_hash, [file.url for file in one.attachments])
        for one in page.reports
    }


def test_neither_order_nor_other_reports_change_one() -> None:
    """A newer report on top, whose year the page's title then names; one that is gone; the whole turned round."""
    plans = 0
    for seed in range(9):
        rng = random.Random(SEED + seed)
        plan = years_pages.several(rng)
        whole = state(printed(plan).read())
        assert state(plan.page(plan.told[::-1]).read()) == whole, (seed, plan.heading)
        if len(plan.told) > 2:
            plans += 1
            left = rng.randrange(len(plan.told))
            fewer = state(plan.page([*plan.told[:left], *plan.told[left + 1 :]]).read())
            assert fewer == {year: one for year, one in whole.items() if year != plan.told[left].year}, (
                seed,
                plan.heading,
            )
    assert plans > 3


def body_of(one: Told) -> str:
    return f"<div>{''.join(text if kind == 'table' else f'<p>{text}</p>' for kind, text in one.blocks)}</div>"


def shown(*bodies: str, head: str = "") -> Page:
    return Made(f"<html><head>{head}</head><body><div class=con>{''.join(bodies)}</div></body></html>", [], {}).read()


def test_a_part_of_which_nothing_tells_the_year_gets_none() -> None:
    """Tables alone: they are no year's with confidence."""
    rng = random.Random(SEED)
    mark = Marks(rng)
    newest, other, oldest = (
        body_of(report(rng, "某区教育局", year, mark, "period", form))
        for year, form in ((2022, ""), (2020, "bare"), (2017, ""))
    )
    assert [one.year for one in shown(newest, other).reports] == [2022]
    page = shown(newest, other, oldest)
    assert [one.year for one in page.reports] == [2022, 2017]
    assert [finding.rule for finding in page.findings] == ["year_untold"]
    assert "2022" in page.findings[0].detail


def test_a_report_has_its_own_year_in_the_title_and_no_date_of_the_page() -> None:
    rng = random.Random(SEED)
    mark = Marks(rng)
    told = [body_of(report(rng, "某区教育局", year, mark, "period")) for year in (2022, 2021)]
    title = "<meta name=ArticleTitle content='某区教育局2022年政府信息公开工作年度报告'>"
    head = f"<meta name=PubDate content='2023-01-20'>{title}"
    page = shown(*told, head=head)
    assert [(one.title, one.published_on) for one in page.reports] == [
        ("某区教育局2022年政府信息公开工作年度报告", ""),
        ("某区教育局2021年政府信息公开工作年度报告", ""),
    ]


def test_a_heading_rules_over_a_period_that_was_left_standing() -> None:
    rng = random.Random(SEED)
    mark = Marks(rng)
    parts = []
    for year in (2022, 2021, 2020):
        body = body_of(report(rng, "某区教育局", year, mark, "none"))
        parts.append(f"<h2>{year}年</h2><p>统计期限为{min(year, 2021)}年1月1日至12月31日。</p>{body}")
    page = shown(*parts)
    assert [one.year for one in page.reports] == [2022, 2021, 2020]
    assert [[finding.rule for finding in one.findings] for one in page.reports] == [["year_mismatch"], [], []]
