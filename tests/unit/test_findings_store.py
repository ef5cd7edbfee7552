"""Findings in the record: they follow the report's key and its neighbours, whatever the order in which years arrive."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from crawler.page.text import render
from monitor.announce import Announcer
from monitor.corrections import CorrectionError, Corrector
from monitor.demo import forms, national_tables
from monitor.demo.text import TABLES, write_paper
from monitor.findings import RULES, Finding
from monitor.findings_store import FindingWriter, Neighbour, stored_findings
from monitor.identity import find_organ
from monitor.retraction import Retractor
from monitor.versions import Draft, write_version
from tests.unit.right_reports import with_tables
from tests.unit.soak import PLAYED, TIMES

ORGAN = "云溪县人民政府"
YEARS = (2019, 2020, 2021, 2022, 2023)
OUT, IN = "requests.carried_out.", "requests.carried_in."


def text(year: int, **moved: int) -> str:
    """A right report; `out=2`: table 3 carries on two more, by a natural person, of as many new ones."""
    paper = write_paper(ORGAN, year, seed=3, size=9)
    assert paper.form is not None
    values = dict(forms.make_figures(3, ORGAN, year, 9))
    for column in ("natural_person", "total"):
        for name, row in (("out", "carried_out"), ("in_", "carried_in")):
            values[f"requests.{row}.{column}"] += moved.get(name, 0)
        values[f"requests.new.{column}"] += moved.get("out", 0) - moved.get("in_", 0)
    sheet = national_tables.Sheet(paper.form)
    sheet.truth = {code: (value, f"{value:g}") for code, value in values.items()}
    rng = random.Random(1)
    tables = (
        national_tables.proactive(rng, sheet),
        national_tables.requests(rng, sheet),
        national_tables.reviews(rng, sheet),
    )
    paragraphs = tuple(line for line in paper.paragraphs if not line.startswith("（二）"))
    grids = [national_tables.Table(tuple(map(tuple, table))) for table in tables]
    assert sum(line in TABLES for line in paragraphs) == len(grids)
    return render(with_tables(paragraphs, grids))


@pytest.fixture
def county(make_history: Any) -> Any:
    return make_history(title=ORGAN, organ=ORGAN)


@pytest.fixture
def publish(county: Any, paper: Any) -> Any:
    def put(year: int, body: str = "", **moved: int) -> str:
        one = paper.report(year, ORGAN, text=body or text(year, **moved), date=f"{year + 1}-01-20")
        return str(county.publish(one))

    return put


def findings(site: Any) -> dict[int, tuple[Finding, ...]]:
    """By year, what follows from texts and figures."""
    rows = site.store.rows("SELECT year, current_version FROM reports WHERE withdrawn_at IS NULL")
    found = {row["year"]: stored_findings(site.store, row["current_version"]) for row in rows}
    return {year: tuple(one for one in said if one.rule in RULES) for year, said in sorted(found.items())}


def rules(site: Any) -> dict[int, list[str]]:
    return {year: [one.rule for one in said] for year, said in findings(site).items() if said}


def settled(site: Any) -> None:
    """Nothing that is stored of any report would be read otherwise now."""
    writer = FindingWriter(site.store, site.portal.name, None)
    with site.store.transaction():
        for report in site.store.rows("SELECT id FROM reports WHERE withdrawn_at IS NULL"):
            assert not writer.refresh(report["id"])


def told(site: Any) -> list[tuple[int, str]]:
    events = [one for one in site.events(findings=True) if one.kind == "finding" and not one.baseline]
    return [(one.year, one.detail.rule) for one in events]


def orders(count: int) -> Iterator[list[list[int]]]:
    """The years, some at a time, in any order."""
    rng = random.Random(4)
    for _ in range(count):
        years = rng.sample(YEARS, len(YEARS))
        passes: list[list[int]] = [[]]
        for year in years:
            if passes[-1] and rng.random() < 0.6:
                passes.append([])
            passes[-1].append(year)
        yield passes


@pytest.mark.parametrize("passes", list(orders(8)), ids=str)
def test_the_order_of_arrival_makes_no_difference(county: Any, publish: Any, passes: list[list[int]]) -> None:
    """2021 takes over two more than 2020 carried on; 2023's body is 2022's."""
    bodies = {2021: text(2021, in_=2), 2023: text(2022)}
    for years in passes:
        for year in years:
            publish(year, bodies.get(year, ""))
        county.run()
        settled(county)
    assert rules(county) == {
        2021: ["carried_over"],
        2023: ["same_text", "wrong_period", "stale_year", "stale_year", *AS_2022],
    }
    said = findings(county)[2023][0]
    assert said.detail == "正文与2022年报告完全相同"


AS_2022 = ["carried_over", "in_force"]
"""The tables of 2022 do not go on from those of 2022."""


def test_a_change_of_last_year_is_told_with_it(county: Any, publish: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And so is that it was put right."""
    heard: list[tuple[Neighbour, ...]] = []
    said = Announcer.said

    def listen(self: Announcer, what: Any, context: Any) -> None:
        heard.append(context.neighbours)
        said(self, what, context)

    monkeypatch.setattr(Announcer, "said", listen)
    for year in YEARS:
        publish(year)
    county.run()
    assert rules(county) == {}
    publish(2020, out=2)
    assert [(one.kind, one.year) for one in county.run()] == [("changed", 2020)]
    settled(county)
    assert rules(county) == {2021: ["carried_over"]}
    assert told(county) == [(2021, "carried_over")]
    ((caused,),) = heard
    assert (caused.year, caused.cured) == (2021, ())
    assert caused.caused == findings(county)[2021]
    assert caused.caused[0].fields == (IN + "total", IN + "natural_person")
    publish(2020)
    county.run()
    assert rules(county) == {}
    assert heard[1][0].cured == caused.caused
    assert told(county) == [(2021, "carried_over")]


def test_both_years_set_right_in_one_pass_is_no_neighbours_matter(county: Any, publish: Any) -> None:
    publish(2020)
    publish(2021)
    county.run()
    publish(2020, out=2)
    publish(2021, in_=2)
    county.run()
    assert rules(county) == {}
    assert told(county) == []
    settled(county)


def test_a_pass_without_news_checks_nothing(county: Any, publish: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(2020, out=2)
    publish(2021)
    county.run()
    before = findings(county)

    def never(*_: object) -> None:
        raise AssertionError("checked")

    monkeypatch.setattr("monitor.findings_store.check", never)
    county.run()
    assert findings(county) == before


def test_where_it_stands_and_which_figures(county: Any, publish: Any) -> None:
    publish(2020, out=2)
    publish(2021)
    county.run()
    (row,) = county.found("carried_over")
    assert (row.place, json.loads(row.fields)) == ("表三 二、上年结转", [IN + "total", IN + "natural_person"])
    assert row.url.endswith("2021.html")


def test_what_stood_before_is_not_told_again_with_what_a_neighbour_adds(county: Any, publish: Any) -> None:
    publish(2020)
    county.run()
    publish(2021, text(2021).replace("至2021年12月31日", "至2020年12月31日"))
    county.run()
    assert told(county) == [(2021, "impossible_period")]
    publish(2020, out=2)
    county.run()
    assert told(county) == [(2021, "impossible_period"), (2021, "carried_over")]
    publish(2020, out=3)
    county.run()
    assert told(county) == [
        (2021, "impossible_period"),
        (2021, "carried_over"),
    ]  # as wrong as before, with other figures
    publish(2020)
    county.run()
    publish(2020, out=2)
    county.run()
    assert told(county)[2:] == [(2021, "carried_over")]  # again


def test_a_new_reading_of_an_old_page_is_no_news_to_a_neighbour(county: Any, paper: Any, publish: Any) -> None:
    """By other rules 2020 carries on two more; what that makes of 2021 counts as found when 2021 was read."""
    publish(2020)
    publish(2021)
    county.run()
    store, number = county.store, county.report(2020).id
    report = paper.report(2020, ORGAN, text=text(2020, out=2), date="2021-01-20")
    draft = Draft(report, "0" * 64, county.report(2020).url, 200, "", ())
    crawl = store.start_crawl(county.portal.name, "full", county.now)
    organ = find_organ(ORGAN, store.organs(county.portal.name))
    assert organ is not None
    with store.transaction():
        prints = draft.fingerprints()
        version = write_version(store, number, crawl, county.now, "other", "rebaseline", draft, prints)
        store.update("reports", number, {"current_version": version})
        writer = FindingWriter(store, county.portal.name, crawl)
        writer.on_version(number, version, draft, organ, 2020)
        writer.settle()
    (row,) = county.found("carried_over")
    assert row.crawl == county.versions(2021)[-1].crawl < crawl
    settled(county)


def test_no_hint_alerts(county: Any, publish: Any) -> None:
    publish(2021)
    county.run()
    publish(2022, text(2022).replace(problems(2022), "无。"))
    county.run()
    assert rules(county) == {2022: ["thin_chapter"]}
    assert told(county) == []
    assert county.events()[-1].detail.checks == ()


def problems(year: int) -> str:
    """Chapter 五 of a report."""
    lines = text(year).split("\n")
    start = next(index for index, line in enumerate(lines) if line.startswith("五、"))
    end = next(index for index, line in enumerate(lines) if line.startswith("六、"))
    return "\n".join(lines[start + 1 : end])


def test_what_the_baseline_holds_is_not_told_and_what_comes_later_is(county: Any, publish: Any) -> None:
    publish(2020, out=2)
    publish(2021)
    county.run()
    assert told(county) == []
    publish(2022, in_=3)
    county.run()
    assert told(county) == [(2022, "carried_over")]


# Keys ---------------------------------------------------------------------------------------------------------------


def test_findings_follow_a_correction_on_both_sides(county: Any, publish: Any) -> None:
    for year in (2020, 2021, 2022):
        publish(year, out=2 if year == 2020 else 0)
    county.run()
    before = findings(county)
    assert rules(county) == {2021: ["carried_over"]}
    corrector = Corrector(county.store, county.settings, "wang", county.now)
    number = county.report(2020).id
    organ = find_organ(ORGAN, county.store.organs(county.portal.name))
    assert organ is not None
    corrector.correct(number, organ, 2017)
    assert rules(county) == {2017: ["wrong_period", "stale_year", "stale_year", "wrong_form"]}
    settled(county)
    corrector.undo(number)
    assert findings(county) == before
    settled(county)


def test_findings_follow_an_exchange(county: Any, publish: Any) -> None:
    publish(2020, text(2021))
    publish(2021, text(2020))
    publish(2022)
    county.run()
    assert rules(county)[2020]
    organ = find_organ(ORGAN, county.store.organs(county.portal.name))
    assert organ is not None
    corrector = Corrector(county.store, county.settings, "wang", county.now)
    corrector.correct(county.report(2020).id, organ, 2021, swap=True)
    assert rules(county) == {2021: ["published_early"]}  # its page is dated as that of 2020
    settled(county)


def test_findings_follow_a_year_that_a_page_sets_right(county: Any, paper: Any, publish: Any) -> None:
    """A guessed year, 2020, turns out to be 2019: 2021 goes on from nothing."""
    guessed = paper.report(2020, ORGAN, text=text(2020, out=2), date="2021-01-20", year_from="published")
    url = county.publish(guessed, at=f"{paper.HOST}/a.html")
    publish(2021)
    county.run()
    assert rules(county) == {2021: ["carried_over"]}
    county.publish(paper.report(2019, ORGAN, text=text(2020, out=2), date="2021-01-20"), at=url)
    assert [one.detail.reason for one in county.run() if one.kind == "changed"] == ["rekeyed"]
    assert [one.year for one in county.reports()] == [2019, 2021]
    assert set(rules(county)) == {2019}
    settled(county)


def test_findings_follow_a_retraction(county: Any, publish: Any) -> None:
    publish(2019)
    publish(2021)
    county.run()
    publish(2020, out=2)
    (appeared,) = county.run()
    assert rules(county) == {2021: ["carried_over"]}
    Retractor(county.store, county.settings, "wang", county.now).retract(appeared.id, "不是年报")
    assert rules(county) == {}
    settled(county)


def test_findings_follow_an_edit_that_was_none(county: Any, publish: Any) -> None:
    publish(2020)
    publish(2021)
    county.run()
    publish(2020, out=2)
    (changed,) = county.run()
    assert rules(county) == {2021: ["carried_over"]}
    Retractor(county.store, county.settings, "wang", county.now).retract(changed.id, "门户出错")
    assert rules(county) == {}
    settled(county)


def test_a_conflict_goes_with_the_page_that_was_no_report(county: Any, paper: Any, publish: Any) -> None:
    publish(2020)
    county.run()
    other = paper.report(2020, ORGAN, text=text(2020, out=2), date="2021-01-20")
    county.publish(other, at=f"{paper.HOST}/b.html")
    (appeared,) = county.run()
    (row,) = county.found("conflict")
    assert row.version == appeared.to_version
    first = county.events()[0]
    Retractor(county.store, county.settings, "wang", county.now).retract(first.id, "不是年报")
    assert county.found("conflict") == []


# What does not follow from the text ------------------------------------------------------------------------------------


def test_what_the_reader_of_the_page_said_stays(county: Any, paper: Any) -> None:
    """A refresh finds anew what follows from the text, and leaves the rest: the page's own words, late, conflict."""
    body = text(2020).replace("至2020年12月31日", "至2019年12月31日")
    county.publish(paper.report(2020, ORGAN, text=body, date="2021-05-20"))
    county.run()
    version = county.report(2020).current_version
    said = stored_findings(county.store, version)
    assert [one.rule for one in said] == ["impossible_period", "late"]
    own = {"version": version, "url": "", "severity": "warning", "detail": "另一站点", "crawl": 1}
    county.store.insert("findings", own | {"rule": "site_mismatch"})
    county.store.insert("findings", own | {"rule": "carried_over", "place": "表三 二、上年结转"})
    county.store.run("DELETE FROM figures WHERE version = ?", (version,))
    writer = FindingWriter(county.store, county.portal.name, None)
    with county.store.transaction():
        assert writer.refresh(county.report(2020).id)
        assert not writer.refresh(county.report(2020).id)
    again = stored_findings(county.store, version)
    assert {one.rule for one in again} == {"site_mismatch", "impossible_period", "late"}
    assert set(said) < set(again)
    assert county.store.rows("SELECT count(*) AS n FROM figures WHERE version = ?", (version,))[0]["n"] > 100


# Any history -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3 * max(TIMES, 1)))
def test_whatever_happens_every_report_is_settled(county: Any, publish: Any, seed: int) -> None:
    """Years come, change, go, are mixed up, set right and taken back; after each step nothing that is stored of any report
    would be read otherwise."""
    rng = random.Random(seed)
    who = (county.store, county.settings, "wang", county.now)
    organ = None
    for _ in range(9):
        reports = [one for one in county.reports() if not one.withdrawn_at]
        act = rng.choice(["publish"] * 4 + ["correct", "correct", "undo", "retract"]) if reports else "publish"
        PLAYED[f"findings: {act}"] += 1
        try:
            if act == "publish":
                for year in rng.sample(YEARS, rng.choice([1, 1, 2])):
                    body = text(rng.choice([year] * 4 + [2021]), out=rng.choice([0, 0, 2]), in_=rng.choice([0, 0, 2]))
                    publish(year, body)
                county.run()
                organ = find_organ(ORGAN, county.store.organs(county.portal.name))
            elif act == "correct":
                assert organ is not None
                number, way = rng.choice(reports).id, rng.choice(["swap", "variant"])
                Corrector(*who).correct(number, organ, rng.choice(YEARS), **{way: True})
            elif act == "undo":
                Corrector(*who).undo(rng.choice(reports).id)
            else:
                events = [
                    one for one in county.events() if not one.retracted_at and one.kind in ("changed", "appeared")
                ]
                Retractor(*who).retract(rng.choice(events[-3:]).id, "试")
        except (CorrectionError, IndexError):
            continue
        county.check()
        settled(county)
