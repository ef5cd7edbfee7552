"""A wrong event taken back: who is told, and that no later pass says what follows from the mistake."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from monitor.event_view import Style
from monitor.message import compose
from monitor.outbox_store import views
from monitor.retraction import RetractionError, Retractor
from monitor.settings import Channel, Settings
from monitor.store import Store

URL = "https://www.linhai.gov.cn/art/2024.html"
CHANNEL = Channel(
    name="desk",
    url="json://127.0.0.1:9",
    kinds=(
        "baseline",
        "appeared",
        "changed",
        "taken_down",
        "restored",
        "moved",
        "delisted",
        "relisted",
        "overdue",
        "portal_down",
        "portal_broken",
        "portal_recovered",
    ),
)


def kinds(events):
    return [one.kind for one in events if not one.baseline]


def retract(site, event, why="误判"):
    done = Retractor(site.store, site.settings, "wang", site.now).retract(event.id, why)
    site.check()
    return done


def silent(site, passes=6):
    """Nothing is said in so many passes over the site as it is."""
    for _ in range(passes):
        assert kinds(site.run()) == []


@pytest.fixture
def known(site):
    site.settings = Settings(channels=(CHANNEL,))
    assert kinds(site.run()) == ["baseline"]
    return site


@pytest.fixture
def down(known):
    """The report of 2024 is told to be taken down; its page is still gone."""
    known.answer(URL, "gone")
    known.run(), known.run()
    [event] = known.run()
    assert event.kind == "taken_down"
    return known, event


def deliveries(site, event):
    return {
        (row["purpose"], row["state"])
        for row in site.store.rows("SELECT purpose, state FROM deliveries WHERE event = ?", (event,))
    }


# Taken down and restored -------------------------------------------------------------------------------------------


def test_a_take_down_that_was_none(down):
    site, event = down
    done = retract(site, event)
    assert (done.events, done.state) == ((event.id,), "live again")
    report = site.report(2024)
    assert (report.status, report.misses, report.missing_since) == ("live", 0, None)
    silent(site)
    site.answer(URL, "present")
    silent(site, 2)  # in particular no `restored`


def test_after_it_was_read_again_the_same_answer_counts_again(down):
    site, event = down
    retract(site, event)
    site.answer(URL, "present")
    silent(site, 1)
    site.answer(URL, "gone")
    silent(site, 2)
    assert kinds(site.run()) == ["taken_down"]


def test_another_answer_than_the_one_that_proved_nothing_counts(down):
    site, event = down
    retract(site, event)
    silent(site, 2)
    site.answer(URL, "other")
    silent(site, 3)
    assert kinds(site.run()) == ["taken_down"]


def test_what_nobody_can_verify_for_two_weeks_is_told_to_operators(down):
    site, event = down
    retract(site, event)
    assert kinds(site.run(hours=24 * 15)) == ["service"]


def test_a_take_down_that_was_none_takes_its_restoration_with_it(down):
    site, event = down
    site.answer(URL, "present")
    [back] = site.run()
    assert back.kind == "restored"
    assert retract(site, event).events == (event.id, back.id)
    assert site.report(2024).status == "live"
    silent(site, 2)


def test_a_restoration_that_was_none(down, paper):
    site, _ = down
    site.answer(URL, "present")
    [back] = site.run()
    assert retract(site, back).state == "taken down as before"
    assert site.report(2024).status == "taken_down"
    silent(site)
    site.publish(paper.report(2024, requests=13))  # something else stands there now
    assert kinds(site.run()) == ["restored", "changed"]


def test_a_restoration_that_was_none_is_one_when_the_page_was_gone_in_between(down):
    site, _ = down
    site.answer(URL, "present")
    [back] = site.run()
    retract(site, back)
    site.answer(URL, "gone")
    silent(site, 2)
    site.answer(URL, "present")
    assert kinds(site.run()) == ["restored"]


# Listed ------------------------------------------------------------------------------------------------------------


def test_a_delisting_that_was_none(known, paper):
    known.delist(URL)
    [event] = known.run()
    assert event.kind == "delisted"
    retract(known, event)
    assert known.report(2024).listed == 1
    silent(known)
    known.publish(paper.report(2024))
    silent(known, 2)  # no `relisted`
    known.delist(URL)
    assert kinds(known.run()) == ["delisted"]


def test_a_relisting_that_was_none(known, paper):
    known.delist(URL)
    known.run()
    known.publish(paper.report(2024))
    [event] = known.run()
    assert event.kind == "relisted"
    retract(known, event)
    assert known.report(2024).listed == 0
    silent(known)
    known.delist(URL)
    silent(known, 2)
    known.publish(paper.report(2024))
    assert kinds(known.run()) == ["relisted"]


# Moved, changed ------------------------------------------------------------------------------------------------------


def test_a_move_that_was_none(known, paper):
    known.remove(URL)
    other = known.publish(paper.report(2024), at=f"{paper.HOST}/copy/2024.html")
    [event] = known.run()
    assert event.kind == "moved"
    assert retract(known, event).state == f"at {URL} as before"
    assert known.report(2024).url == URL
    assert kinds(known.run()) == []
    assert kinds(known.run()) == []
    [gone] = known.run()  # which is true: its own address is gone, and the other page is not it
    assert (gone.kind, gone.url) == ("taken_down", URL)
    silent(known, 2)
    assert other not in {one["url"] for one in known.store.rows("SELECT url FROM reports")}


def test_an_edit_that_was_none(known, paper):
    known.publish(paper.report(2024, requests=13))
    [event] = known.run()
    assert event.kind == "changed"
    done = retract(known, event)
    assert done.state == "as in v1 again"
    first, wrong, again = known.versions(2024)
    assert (again.significance, again.text, again.archive_ref) == ("rebaseline", first.text, first.archive_ref)
    assert known.report(2024).current_version == again.id
    silent(known, 3)
    known.pages[URL].noise = 5  # read and parsed again, the same words
    silent(known, 2)
    known.publish(paper.report(2024))  # what misled the pass is over
    silent(known, 2)
    known.publish(paper.report(2024, requests=13))
    [event] = known.run()
    assert (event.kind, event.to_version > wrong.id) == ("changed", True)


def test_a_true_edit_after_one_that_was_none_is_told_against_what_it_was(known, paper):
    known.publish(paper.report(2024, requests=13))
    [event] = known.run()
    retract(known, event)
    known.publish(paper.report(2024, requests=15))
    [event] = known.run()
    assert event.kind == "changed"
    assert [(one.old, one.new) for one in event.detail.figures] == [("12", "15")]


def test_an_edit_before_the_last_one_is_only_marked(known, paper):
    known.publish(paper.report(2024, requests=13))
    [first] = known.run()
    known.publish(paper.report(2024, requests=14))
    known.run()
    assert retract(known, first).state == ""
    assert len(known.versions(2024)) == 3
    silent(known, 2)


# Appeared, overdue ------------------------------------------------------------------------------------------------------


def test_a_page_that_is_no_report_at_all(known, paper):
    url = known.publish(paper.report(2025, text="关于做好年度报告编制工作的通知，请各单位于一月底前报送。" * 5))
    [event] = known.run()
    assert event.kind == "appeared"
    assert retract(known, event).state == "no longer watched: no annual report"
    silent(known, 3)
    known.pages[url].noise = 3
    silent(known, 2)
    known.remove(url)
    silent(known, 4)  # nobody misses it
    assert known.store.rows("SELECT * FROM 年报一览 WHERE 年度 = 2025") == []
    known.publish(paper.report(2025), at=f"{paper.HOST}/true/2025.html")
    [event] = known.run()  # its key was free for the true one
    assert (event.kind, event.year, known.report(2025).variant) == ("appeared", 2025, 0)
    assert event.detail.conflict_with == ""


def test_a_report_that_takes_the_place_of_what_was_none(known, paper):
    known.publish(paper.report(2025, text="年度报告即将公布，敬请期待。" * 9))
    [event] = known.run()
    retract(known, event)
    known.publish(paper.report(2025))
    assert [(one.kind, one.year) for one in known.run()] == [("appeared", 2025)]
    silent(known, 2)


def test_what_was_overdue_is_so_again_if_what_appeared_was_no_report(make_history, paper):
    site = make_history(organs=(paper.Organ("临海市教育局"),))
    site.publish(paper.report(2024))
    site.run()
    [due] = [one for one in site.events() if one.kind == "overdue"]
    site.publish(paper.report(2025, "临海市教育局"), at=f"{paper.HOST}/e/2025.html")
    [event] = site.run()
    assert event.kind == "appeared"
    assert [one.retracted_at is not None for one in site.events() if one.kind == "overdue"] == [True]
    assert retract(site, event).reinstated == (due.id,)
    assert [one.retracted_at for one in site.events() if one.kind == "overdue"] == [None]
    silent(site, 2)


def test_an_overdue_that_was_none_is_not_said_again(make_history, paper):
    site = make_history(organs=(paper.Organ("临海市教育局"),))
    site.publish(paper.report(2024))
    site.run()
    [event] = [one for one in site.events() if one.kind == "overdue"]
    retract(site, event, "该局已并入其他机关")
    silent(site)
    from monitor.owed import owed
    from monitor.times import to_utc

    assert owed(site.store, "linhai", to_utc(site.now)) == []
    assert site.store.rows("SELECT * FROM 逾期未公开") == []


# Portals -------------------------------------------------------------------------------------------------------------------


def test_an_outage_that_was_ours(known):
    known.outage()
    known.run(), known.run()
    [event] = [one for one in known.run() if one.kind == "portal_down"]
    assert "recovery will not be told" in retract(known, event).state
    silent(known, 4)
    known.recover()
    silent(known, 2)  # no `portal_recovered`
    known.outage()
    known.run(), known.run()
    assert "portal_down" in kinds(known.run())
    known.recover()
    assert "portal_recovered" in kinds(known.run())


def test_a_broken_section_that_was_none(known):
    links = dict(known.sections[known.portal.sections[0]].links)
    known.sections[known.portal.sections[0]].links.clear()
    for _ in range(4):
        events = known.run()
        if events:
            break
    [event] = events
    assert event.kind == "portal_broken"
    retract(known, event)
    silent(known, 3)
    known.sections[known.portal.sections[0]].links |= links
    silent(known, 2)


def test_a_recovery_that_was_none(known):
    known.outage()
    known.run(), known.run(), known.run()
    known.recover()
    [event] = known.run()
    assert event.kind == "portal_recovered"
    retract(known, event)
    assert known.health() == "down"
    silent(known, 3)


# Who is told -------------------------------------------------------------------------------------------------------------------


def test_receivers_are_told_what_was_wrong_and_why(down):
    site, event = down
    site.store.run("UPDATE deliveries SET state = 'sent' WHERE event = ?", (event.id,))
    done = retract(site, event, "页面当时要求登录，报告仍在")
    assert (done.told, done.dropped) == (1, 0)
    assert deliveries(site, event.id) == {("event", "sent"), ("retraction", "pending")}
    message = compose(views(site.store, [(event.id, "retraction")]), Style())
    assert message.subject == "【更正】临海市人民政府 2024 年 · 此前的“年报撤下”通知作废"
    for part in ("页面当时要求登录，报告仍在", "2026-02-14 09:00", "3 次确认", "该报告按在线处理"):
        assert part in message.text, part
    [row] = site.store.rows("SELECT * FROM 变更记录 WHERE 编号 = ?", (event.id,))
    assert (row["撤回时间"], row["撤回原因"]) == (site.now, "页面当时要求登录，报告仍在")
    detail = msgspec.json.decode(site.store.rows("SELECT detail FROM events WHERE id = ?", (event.id,))[0]["detail"])
    assert detail["retracted_by"] == "wang"


def test_what_was_not_sent_yet_is_dropped(down):
    site, event = down
    done = retract(site, event)
    assert (done.told, done.dropped) == (0, 1)
    assert deliveries(site, event.id) == {("event", "skipped")}


def test_an_event_that_nobody_was_told_of(make_history, paper):
    site = make_history()
    site.publish(paper.report(2024))
    site.run()
    first = site.events()[0]
    assert first.kind == "appeared"
    done = retract(site, first)
    assert (done.told, done.dropped) == (0, 0)
    silent(site, 2)


def test_twice_and_unknown(down):
    site, event = down
    retract(site, event)
    with pytest.raises(RetractionError, match=r"withdrawn at .* already"):
        retract(site, event)
    event.id = 999
    with pytest.raises(RetractionError, match=r"no event 999; `nianbao events`"):
        retract(site, event)


# Other rules, other organs ---------------------------------------------------------------------------------------------


def other_rules(site, paper):
    site.portal = msgspec.structs.replace(site.portal, selectors=paper.Selectors(body=".article"))


def test_a_retracted_edit_stays_one_under_other_rules(known, paper):
    known.publish(paper.report(2024, requests=13))
    [event] = known.run()
    retract(known, event)
    other_rules(known, paper)
    silent(known, 3)


def test_what_was_no_report_stays_none_under_other_rules(known, paper):
    known.publish(paper.report(2025, text="关于做好年度报告编制工作的通知，请各单位于一月底前报送。" * 5))
    [event] = known.run()
    retract(known, event)
    other_rules(known, paper)
    silent(known, 3)


def test_a_year_that_was_rekeyed_wrongly_is_kept(make_history, paper):
    site = make_history()
    text = paper.body(2024)
    site.publish(paper.report(2024, text=text, year_from="published"))
    site.run()
    site.publish(paper.report(2023, text=text), at=URL)
    [event] = [one for one in site.run() if one.kind != "overdue"]
    assert (event.kind, event.detail.reason) == ("changed", "rekeyed")
    retract(site, event)
    assert site.report(2024).variant == 0
    for _ in range(3):
        assert [kind for kind in kinds(site.run()) if kind != "overdue"] == []
    assert [one.year for one in site.reports()] == [2024]


def test_what_was_no_report_takes_no_key_when_organs_are_united(known, paper):
    known.publish(paper.report(2025, "临海市府", text="通知。" * 60), at=f"{paper.HOST}/n.html")
    [event] = [one for one in known.run() if one.kind == "appeared"]
    retract(known, event)
    known.portal = msgspec.structs.replace(known.portal, organs=(paper.Organ(paper.ORGAN, aliases=("临海市府",)),))
    silent(known, 1)
    known.publish(paper.report(2025))
    assert [one.kind for one in known.run()] == ["appeared"]
    assert known.report(2025).variant == 0


def test_a_return_at_another_address_that_was_another_page(down, paper):
    site, _ = down
    site.delist(URL)
    site.publish(paper.report(2024, requests=14), at=f"{paper.HOST}/copy/2024.html")
    events = [one for one in site.run() if one.kind not in ("relisted", "delisted")]
    assert [one.kind for one in events] == ["restored", "moved", "changed"]
    done = retract(site, events[0])
    assert done.events == tuple(one.id for one in events)
    report = site.report(2024)
    assert (report.status, report.url) == ("taken_down", URL)
    assert site.versions(2024)[-1].text == site.versions(2024)[0].text
    silent(site, 4)
    site.publish(paper.report(2024))  # at its own address
    assert "restored" in kinds(site.run())


@pytest.mark.parametrize("kind", ["baseline", "service"])
def test_what_concerns_no_state_is_only_marked(known, kind):
    if kind == "service":
        known.answer(URL, "blocked")
        known.run(hours=24 * 15)
    [event] = [one for one in known.events() if one.kind == kind]
    assert retract(known, event).state == ""
    silent(known, 2)


def test_of_several_who_take_an_event_back_at_once_one_does(down):
    """As commands do beside a service, which gives leave to each of them."""
    site, event = down
    file = next(row["file"] for row in site.store.rows("PRAGMA database_list") if row["name"] == "main")
    versions = "SELECT count(*) AS n FROM versions"
    before = site.store.row(versions)["n"]
    together = threading.Barrier(4)

    def take_back(why: str) -> str:
        with Store.open(Path(file)) as store:
            together.wait(10)
            try:
                Retractor(store, site.settings, "wang", site.now).retract(event.id, why)
            except RetractionError:
                return ""
            return why

    with ThreadPoolExecutor(4) as pool:
        [done] = filter(None, pool.map(take_back, "甲乙丙丁"))
    detail = msgspec.json.decode(site.store.row("SELECT detail FROM events WHERE id = ?", (event.id,))["detail"])
    assert detail["retracted_why"] == done
    assert site.store.row(versions)["n"] <= before + 1
    site.check()
