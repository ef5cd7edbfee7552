"""Organ and year set by hand: kept whatever the pages print, with what follows from it, and undone."""

import msgspec
import pytest

from monitor.corrections import CorrectionError, Corrector
from monitor.identity import OrganRow
from monitor.record import ReportDetail
from monitor.settings import Channel, Settings

URL = "https://www.linhai.gov.cn/art/2023.html"


def kinds(events):
    """What is said, but for who is overdue: that a year is owed once its report turns out to be another year's is true."""
    return [(one.kind, one.year) for one in events if not one.baseline and one.kind != "overdue"]


def organ(site, name="临海市人民政府"):
    return next((one for one in site.store.organs("linhai") if one.name == name), OrganRow(0, name, (), "department"))


def corrector(site):
    return Corrector(site.store, site.settings, "wang", site.now)


def correct(site, number, year, name="临海市人民政府", **how):
    done = corrector(site).correct(number, organ(site, name), year, "标题写错年度", **how)
    site.check()
    return done


def key(site, number):
    row = site.store.row(
        "SELECT o.name, r.year, r.variant FROM reports r JOIN organs o ON o.id = r.organ_id WHERE r.id = ?", (number,)
    )
    return (row["name"], row["year"], row["variant"])


def detail(site, number):
    row = site.store.row("SELECT detail FROM reports WHERE id = ?", (number,))
    return msgspec.json.decode(row["detail"], type=ReportDetail)


def silent(site, passes=2):
    for _ in range(passes):
        assert kinds(site.run()) == []


@pytest.fixture
def known(site):
    """Reports of 2023 (number 1; it is really that of 2022) and 2024."""
    site.run()
    return site


def test_a_wrong_year_is_set_right_and_stays(known, paper):
    before = known.store.rows("SELECT count(*) AS n FROM events")
    done = correct(known, 1, 2022)
    assert (done.before, done.after) == ("临海市人民政府 2023", "临海市人民政府 2022")
    assert key(known, 1) == ("临海市人民政府", 2022, 0)
    assert known.store.rows("SELECT count(*) AS n FROM events") == before
    silent(known)
    known.pages[URL].noise = 4  # parsed again
    silent(known)
    known.publish(paper.report(2023, requests=13), at=URL)  # edited: still the same report, told under its right year
    assert kinds(known.run()) == [("changed", 2022)]
    assert key(known, 1) == ("临海市人民政府", 2022, 0)


def test_the_true_report_of_the_freed_year_is_news(known, paper):
    correct(known, 1, 2022)
    known.publish(paper.report(2023, text=paper.body(2023).replace("投诉", "举报")), at=f"{paper.HOST}/true/2023.html")
    assert kinds(known.run()) == [("appeared", 2023)]
    assert known.report(2023).variant == 0
    assert detail(known, known.report(2023).id).conflict_with is None
    silent(known)


def test_it_stays_when_it_moves(known, paper):
    correct(known, 1, 2022)
    known.remove(URL)
    new = known.publish(paper.report(2023), at=f"{paper.HOST}/new/a.html")
    assert kinds(known.run()) == [("moved", 2022)]
    assert (key(known, 1)[1], known.report(2022).url) == (2022, new)
    known.pages[new].noise = 2
    silent(known)


def test_it_stays_when_it_moves_and_is_edited(known, paper):
    correct(known, 1, 2022)
    known.remove(URL)
    known.publish(paper.report(2023, requests=14), at=f"{paper.HOST}/new/a.html")
    assert kinds(known.run()) == [("moved", 2022), ("changed", 2022)]


def test_it_stays_when_it_is_published_again_after_its_take_down(known, paper):
    correct(known, 1, 2022)
    known.remove(URL)
    for _ in range(3):
        last = known.run()
    assert kinds(last) == [("taken_down", 2022)]
    known.publish(paper.report(2023), at=f"{paper.HOST}/again/a.html")
    assert kinds(known.run()) == [("restored", 2022), ("moved", 2022)]


def test_a_view_of_it_is_no_other_report(known, paper):
    correct(known, 1, 2022)
    known.show(f"{paper.HOST}/twin/a.html", paper.report(2023))
    known.sections[paper.SECTION].links[f"{paper.HOST}/twin/a.html"] = "年度报告"
    silent(known)
    assert len(known.reports()) == 2


def test_it_stays_on_a_page_that_holds_several(make_history, paper):
    site = make_history()
    reports = [paper.report(year) for year in (2021, 2022, 2023)]
    url = site.publish(*reports, at=f"{paper.HOST}/all.html")
    site.run()
    number = site.report(2021).id
    correct(site, number, 2019)
    silent(site)
    site.pages[url].noise = 1
    silent(site)
    site.publish(paper.report(2021, requests=15), *reports[1:], at=url)
    assert kinds(site.run()) == [("changed", 2019)]
    site.publish(paper.report(2021, requests=15), *reports[1:], paper.report(2024), at=url)
    assert kinds(site.run()) == [("appeared", 2024)]
    assert key(site, number)[1] == 2019


def test_a_true_year_beside_a_corrected_one_on_a_page(make_history, paper):
    """The page prints 2021 twice; one of them is that of 2020."""
    site = make_history()
    site.publish(paper.report(2021), paper.report(2022), at=f"{paper.HOST}/all.html")
    site.run()
    number = site.report(2021).id
    correct(site, number, 2020)
    true = paper.report(2021, text=paper.body(2021, requests=77).replace("投诉", "举报").replace("办理", "答复"))
    site.publish(paper.report(2021, requests=13), paper.report(2022), true, at=f"{paper.HOST}/all.html")
    assert sorted(kinds(site.run())) == [("appeared", 2021), ("changed", 2020)]
    silent(site)


def test_the_next_report_on_an_overwritten_page_is_not_it(known, paper):
    correct(known, 1, 2022)
    known.publish(paper.report(2025), at=URL)
    assert ("appeared", 2025) in kinds(known.run())
    known.run()
    assert kinds(known.run()) == [("taken_down", 2022)]


def test_the_portal_itself_sets_it_right_later(known, paper):
    correct(known, 1, 2022)
    known.publish(paper.report(2022, text=paper.body(2023)), at=URL)
    assert kinds(known.run()) == [("changed", 2022)]
    silent(known)


def test_an_organ_is_set_right_and_lends_it_no_name(known, paper):
    done = correct(known, 1, 2023, "临海市教育局")
    assert done.after == "临海市教育局 2023"
    known.publish(paper.report(2023, requests=13), at=URL)
    assert kinds(known.run()) == [("changed", 2023)]
    assert key(known, 1) == ("临海市教育局", 2023, 0)
    assert organ(known, "临海市教育局").aliases == ()
    known.publish(paper.report(2025))
    known.run()
    assert key(known, known.report(2025).id)[0] == "临海市人民政府"


# Collisions --------------------------------------------------------------------------------------------------------------


def test_a_key_that_another_report_has_is_refused_with_the_remedies(known):
    with pytest.raises(CorrectionError, match=r"report 2 is 临海市人民政府 2024 already .*--swap.*--variant"):
        correct(known, 1, 2024)
    assert key(known, 1)[1] == 2023
    assert known.store.rows("SELECT * FROM corrections") == []


def test_two_reports_exchange_their_years(known, paper):
    assert correct(known, 1, 2024, swap=True).swapped == 2
    assert (key(known, 1)[1], key(known, 2)[1]) == (2024, 2023)
    silent(known)
    for page in known.pages.values():
        page.noise = 9
    silent(known)
    known.publish(paper.report(2023, requests=13), at=URL)
    assert kinds(known.run()) == [("changed", 2024)]
    corrector(known).undo(2)
    assert (key(known, 1)[1], key(known, 2)[1]) == (2023, 2024)
    silent(known)


def test_kept_beside_the_report_that_has_the_key(known):
    done = correct(known, 1, 2024, variant=True)
    assert (done.variant, key(known, 1)) == (1, ("临海市人民政府", 2024, 1))
    assert detail(known, 1).conflict_with == 2
    silent(known)


def test_a_variant_takes_the_place_of_the_report_that_leaves(known, paper):
    known.publish(paper.report(2023, requests=99, text="另一份报告" * 60), at=f"{paper.HOST}/other/2023.html")
    known.run()
    other = known.report(2023, 1)
    assert detail(known, other.id).conflict_with == 1
    done = correct(known, 1, 2022)
    assert (done.promoted, key(known, other.id)[2]) == (other.id, 0)
    assert detail(known, other.id).conflict_with is None


# What follows ---------------------------------------------------------------------------------------------------------------


def test_overdue_follows(make_history, paper):
    """The office's report of 2025 bears the title of 2024's: overdue was said of it, and is withdrawn."""
    site = make_history(organs=(paper.Organ("临海市教育局", since=2024),))
    site.settings = Settings(channels=(Channel(name="desk", url="json://127.0.0.1:9"),))
    site.publish(paper.report(2024))
    site.run()
    url = site.publish(paper.report(2024, "临海市教育局", date="2026-01-20"), at=f"{paper.HOST}/e.html")
    site.run()
    withdrawn = {one.year: one for one in site.events() if one.kind == "overdue"}
    assert withdrawn[2024].retracted_at
    assert not withdrawn[2025].retracted_at
    site.store.run("UPDATE deliveries SET state = 'sent'")
    number = next(one.id for one in site.reports() if one.url == url)
    events = len(site.events())
    done = correct(site, number, 2025, "临海市教育局")
    assert (done.withdrawn, done.reinstated) == ((withdrawn[2025].id,), (withdrawn[2024].id,))
    assert len(site.events()) == events
    silent(site)
    assert {one.year for one in site.events() if one.kind == "overdue" and not one.retracted_at} == {2024}


def test_the_year_that_a_report_leaves_is_owed(known):
    correct(known, 1, 2022)
    assert [(one.kind, one.year) for one in known.run()] == [("overdue", 2023)]
    assert known.run() == []


def test_findings_follow(known, paper):
    rules = "SELECT rule FROM findings WHERE version = ? ORDER BY rule"
    version = known.versions(2023)[0].id
    before = [row["rule"] for row in known.store.rows(rules, (version,))]
    assert "wrong_period" not in before
    correct(known, 1, 2020)
    after = [row["rule"] for row in known.store.rows(rules, (version,))]
    assert {"wrong_period", "late"} <= set(after)
    corrector(known).undo(1)
    assert [row["rule"] for row in known.store.rows(rules, (version,))] == before


def test_every_correction_is_on_record_and_can_be_undone(known):
    correct(known, 1, 2022)
    correct(known, 1, 2021)
    rows = known.store.rows("SELECT who, why, from_year, to_year, undone_at FROM corrections ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        ("wang", "标题写错年度", 2023, 2022, None),
        ("wang", "标题写错年度", 2022, 2021, None),
    ]
    assert detail(known, 1).printed_year == 2023
    assert corrector(known).undo(1).after == "临海市人民政府 2022"
    assert corrector(known).undo(1).after == "临海市人民政府 2023"
    assert detail(known, 1).corrected is False
    silent(known)
    with pytest.raises(CorrectionError, match="never corrected"):
        corrector(known).undo(1)


def test_a_guess_that_an_operator_confirms_is_none_any_more(make_history, paper):
    site = make_history()
    site.publish(paper.report(2024, year_from="published"))
    site.run()
    assert detail(site, 1).year_from == "published"
    done = correct(site, 1, 2024)
    assert done.before == done.after
    assert detail(site, 1).year_from == ""
    silent(site)


def test_an_exchange_is_not_undone_past_a_later_correction(known):
    correct(known, 1, 2024, swap=True)
    correct(known, 2, 2021)
    with pytest.raises(CorrectionError, match="report 2, which it was exchanged with, was corrected again"):
        corrector(known).undo(1)
    corrector(known).undo(2)
    corrector(known).undo(1)
    assert (key(known, 1)[1], key(known, 2)[1]) == (2023, 2024)


def test_it_stays_under_other_rules(known, paper):
    correct(known, 1, 2022)
    known.portal = msgspec.structs.replace(known.portal, selectors=paper.Selectors(body=".article"))
    silent(known)
    known.publish(paper.report(2023, requests=13), at=URL)
    assert kinds(known.run()) == [("changed", 2022)]
