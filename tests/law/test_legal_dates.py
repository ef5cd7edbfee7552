"""Legal dates: the sentences of docs/lifecycle.md under that heading, through whole passes into a real record."""

from typing import Any

import pytest

from crawler.portal import Organ
from monitor.settings import Channel, Settings
from tests.conftest import HOST, SECTION, History, make_report

DEPARTMENT, OFFICE, CENTRE, TOWN = (
    "临海市财政局",
    "临海市人民政府办公室",
    "临海市大数据发展中心",
    "临海市杜桥镇人民政府",
)
GOVERNMENT = "临海市人民政府"


def overdue(events: list[Any]) -> list[tuple[str, int]]:
    return [(event.organ, event.year) for event in events if event.kind == "overdue"]


def portal(make_history: Any, *organs: Organ, now: str = "2026-01-20T01:00:00Z") -> History:
    site: History = make_history(organs=organs)
    site.now = now
    site.publish(make_report(2024))
    site.run(0)
    return site


def until(site: History, now: str, **how: Any) -> list[Any]:
    site.now = now
    return site.run(0, **how)


@pytest.mark.parametrize(
    ("name", "due"),
    [
        (DEPARTMENT, "2026-02-01"),
        (OFFICE, "2026-02-01"),
        (CENTRE, "2026-02-01"),
        (GOVERNMENT, "2026-04-01"),
        (TOWN, ""),
    ],
    ids=[
        "department",
        "office of a government",
        "a centre counts as a department",
        "government",
        "towns are never overdue",
    ],
)
def test_the_organs_kind_decides(make_history: Any, name: str, due: str) -> None:
    site = portal(make_history, Organ(name))
    first = ""
    for day in ("2026-01-31", "2026-02-01", "2026-03-31", "2026-04-01", "2026-06-01"):
        found = overdue(until(site, f"{day}T03:00:00Z"))
        if (name, 2025) in found:
            assert not first, "said once for an organ and year"
            first = day
    assert first == due


def test_the_day_ends_in_china(make_history: Any) -> None:
    site = portal(make_history, Organ(DEPARTMENT))
    assert overdue(until(site, "2026-01-31T15:59:00Z")) == []
    assert overdue(until(site, "2026-01-31T16:01:00Z")) == [(DEPARTMENT, 2025)]


def test_up_to_2018_31_march_for_all(make_history: Any) -> None:
    site = portal(make_history, Organ(DEPARTMENT, since=2017), now="2019-02-10T01:00:00Z")
    assert overdue(site.events()) == [(DEPARTMENT, 2017)]
    assert overdue(until(site, "2019-04-01T03:00:00Z"))[:1] == [(DEPARTMENT, 2018)]


def test_a_named_organ_owes_from_its_since_else_the_last_due_year_only(make_history: Any) -> None:
    site = portal(make_history, Organ(DEPARTMENT, since=2022), Organ(CENTRE), now="2026-02-10T01:00:00Z")
    assert overdue(site.events()) == [(DEPARTMENT, year) for year in (2022, 2023, 2024, 2025)] + [(CENTRE, 2025)]


def test_an_organ_that_ended_owes_nothing_after_its_until(make_history: Any) -> None:
    site = portal(make_history, Organ(DEPARTMENT, since=2022, until=2023), now="2026-02-10T01:00:00Z")
    assert overdue(site.events()) == [(DEPARTMENT, 2022), (DEPARTMENT, 2023)]


def test_every_organ_seen_owes_the_years_after_the_first_one_seen(make_history: Any) -> None:
    site = portal(make_history)
    site.publish(make_report(2022, DEPARTMENT), at=f"{HOST}/a.html")
    site.publish(make_report(2024, DEPARTMENT), at=f"{HOST}/b.html")
    assert overdue(until(site, "2026-02-10T01:00:00Z")) == [(DEPARTMENT, 2023), (DEPARTMENT, 2025)]


@pytest.mark.parametrize("trouble", ["incomplete", "cut short", "wrong clock"])
def test_only_if_the_portal_was_read_completely_since_the_date(make_history: Any, trouble: str) -> None:
    site = portal(make_history, Organ(DEPARTMENT))
    site.sections[SECTION].complete = trouble != "incomplete"
    how: dict[str, Any] = {"cut short": {"outcome": "cut_short"}, "wrong clock": {"clock": 4000.0}}.get(trouble, {})
    for day in range(1, 9):
        assert overdue(until(site, f"2026-02-0{day}T03:00:00Z", **how)) == []
    site.sections[SECTION].complete = True
    assert overdue(until(site, "2026-02-09T03:00:00Z")) == [(DEPARTMENT, 2025)]


def test_what_a_list_names_is_not_overdue_though_nobody_could_read_it(make_history: Any) -> None:
    site = portal(make_history, Organ(DEPARTMENT))
    url = site.publish(make_report(2025, DEPARTMENT), at=f"{HOST}/d.html")
    site.answer(url, "blocked")
    assert overdue(until(site, "2026-02-10T01:00:00Z")) == []


def test_a_report_that_was_taken_down_had_been_published(make_history: Any) -> None:
    site = portal(make_history, Organ(DEPARTMENT))
    url = site.publish(make_report(2025, DEPARTMENT), at=f"{HOST}/d.html")
    site.run(1)
    site.remove(url)
    assert [overdue(site.run()) for _ in range(20)] == [[]] * 20


@pytest.mark.parametrize("channels", ["both kinds", "overdue alone", "not sent yet"])
def test_withdrawn_by_appeared_and_told_where_it_had_been_told(make_history: Any, channels: str) -> None:
    """Who is told that it appeared is told in that message; nobody gets two."""
    site = portal(make_history, Organ(DEPARTMENT))
    kinds = ("overdue",) if channels == "overdue alone" else ("overdue", "appeared")
    site.settings = Settings(channels=(Channel("desk", "json://x", kinds=kinds),))
    assert overdue(until(site, "2026-02-10T01:00:00Z")) == [(DEPARTMENT, 2025)]
    if channels != "not sent yet":
        site.store.run("UPDATE deliveries SET state = 'sent'")
    site.publish(make_report(2025, DEPARTMENT, date="2026-02-11"), at=f"{HOST}/d.html")
    (appeared,) = until(site, "2026-02-12T01:00:00Z")
    assert (appeared.kind, appeared.detail.withdraws, appeared.detail.late_days) == ("appeared", True, 11)
    (before,) = site.store.rows("SELECT retracted_at FROM events WHERE kind = 'overdue' AND baseline = 0")
    assert before["retracted_at"] == appeared.detected_at
    told = [
        (row["kind"], row["purpose"], row["state"])
        for row in site.store.rows(
            "SELECT e.kind, d.purpose, d.state FROM deliveries d JOIN events e ON e.id = d.event ORDER BY d.id"
        )
    ]
    assert (
        told
        == {
            "both kinds": [("overdue", "event", "sent"), ("appeared", "event", "pending")],
            "overdue alone": [("overdue", "event", "sent"), ("overdue", "retraction", "pending")],
            "not sent yet": [("overdue", "event", "skipped"), ("appeared", "event", "pending")],
        }[channels]
    )
    assert site.run() == []


def test_withdrawn_by_a_year_that_proves_to_be_another(make_history: Any) -> None:
    """Nothing appeared, so that the withdrawal is a message of its own."""
    site = portal(make_history, Organ(DEPARTMENT))
    text = make_report(2025, DEPARTMENT).text
    url = site.publish(
        make_report(2024, DEPARTMENT, text=text, title="年度报告", year_from="published"), at=f"{HOST}/d.html"
    )
    site.settings = Settings(channels=(Channel("desk", "json://x"),))
    assert overdue(until(site, "2026-02-10T01:00:00Z")) == [(DEPARTMENT, 2025)]
    site.store.run("UPDATE deliveries SET state = 'sent'")
    site.show(url, make_report(2025, DEPARTMENT, text=text, title="2025年年度报告"))
    assert [event.kind for event in site.run()] == ["changed"]
    rows = site.store.rows("SELECT purpose FROM deliveries WHERE state = 'pending' ORDER BY id")
    assert [row["purpose"] for row in rows] == ["event", "retraction"]


@pytest.mark.parametrize(
    ("published", "days"),
    [("2026-01-31", 0), ("2026-02-01", 1), ("", 4)],
    ids=["in time", "one day late", "no date: when it was seen"],
)
def test_a_report_that_came_after_its_date_has_the_finding_late_with_the_days(
    make_history: Any, published: str, days: int
) -> None:
    site = portal(make_history, Organ(DEPARTMENT))
    site.publish(make_report(2025, DEPARTMENT, date=published), at=f"{HOST}/d.html")
    events = until(site, "2026-02-04T01:00:00Z")
    assert [event.detail.late_days for event in events if event.kind == "appeared"] == [days]
    assert [str(days) in found.detail for found in site.found("late")] == ([True] if days else [])
