"""The calendar of legal dates, read back by a calendar's reader."""

import sqlite3
from datetime import date, datetime

import icalendar
import pytest

from monitor.home import Home
from monitor.web.calendar import Due, Scope, ics
from tests.web.conftest import Pages


def dates(pages: Pages, query: str = "") -> dict[str, icalendar.Event]:
    """By what they are called."""
    answer = pages(f"/calendar.ics{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return read(answer.content)


def read(body: bytes) -> dict[str, icalendar.Event]:
    text = body.decode()
    assert text.count("\n") == text.count("\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    made = icalendar.Calendar.from_ical(body)
    found = list(made.walk("VEVENT"))
    assert len({event["uid"] for event in found}) == len(found)
    assert not made.errors
    for event in found:
        assert not event.errors
        assert isinstance(event.decoded("dtstart"), date)
        assert not isinstance(event.decoded("dtstart"), datetime)
        assert (event.decoded("dtend") - event.decoded("dtstart")).days == 1
    return {f"{event.decoded('dtstart')}": event for event in found}


def test_legal_dates_of_last_year_this_year_and_the_next(pages: Pages) -> None:
    found = dates(pages)
    assert list(found) == [f"{year}-{day}" for year in (2025, 2026, 2027) for day in ("01-31", "03-31")]
    assert "部门（2025 年度）" in found["2026-01-31"]["summary"]
    assert "政府（2025 年度）" in found["2026-03-31"]["summary"]
    assert found["2027-01-31"]["summary"] == "年报公开期限：部门（2026 年度）"  # that year is not over


def test_who_is_still_due_is_counted(pages: Pages) -> None:
    found = dates(pages)
    assert "全部已公开" in found["2025-01-31"]["summary"]
    assert "还有 7 家未公开" in found["2026-01-31"]["summary"]  # of eight, one has published
    assert "应公开 8 家，已见到 1 家，未见到 7 家" in found["2026-01-31"]["description"]
    assert "还有 5 家未公开" in found["2026-03-31"]["summary"]


def test_past_a_date_it_is_overdue_in_china(home: Home) -> None:
    pages = Pages(home, now="2026-01-31T15:59:00Z")
    assert "还有 7 家" in dates(pages)["2026-01-31"]["summary"]
    first = pages("/calendar.ics")
    pages.now = "2026-01-31T16:00:00Z"
    assert "逾期 7 家" in dates(pages)["2026-01-31"]["summary"]
    assert pages("/calendar.ics", headers={"if-modified-since": first.headers["last-modified"]}).status_code == 200


def test_a_portal_and_a_region_have_their_own(pages: Pages) -> None:
    portal = dates(pages, "?portal=wangjiang")
    assert "还有 3 家" in portal["2026-01-31"]["summary"]
    assert "望江区教育局" in portal["2026-01-31"]["description"]
    region = dates(pages, "?region=9902")
    assert region["2026-01-31"]["summary"] == portal["2026-01-31"]["summary"]
    assert region["2026-01-31"]["uid"] != portal["2026-01-31"]["uid"]
    assert "未公开" not in dates(pages, "?region=11")["2026-01-31"]["summary"]
    for query in ("?portal=nobody", "?region=x", "?portal=%27%20OR%201"):
        assert pages(f"/calendar.ics{query}").status_code == 404


def test_an_organ_owes_as_long_as_it_is_said_to(home: Home) -> None:
    def due() -> str:
        return str(dates(Pages(home), "?portal=wangjiang")["2026-01-31"]["summary"])

    def change(sql: str) -> None:
        with sqlite3.connect(home.database) as conn:
            assert conn.execute(sql).rowcount
        conn.close()

    change("UPDATE organs SET until = 2024 WHERE name = '望江区教育局'")
    assert "还有 2 家" in due()
    change("UPDATE organs SET kind = 'township' WHERE name = '望江区水利局'")
    assert "还有 1 家" in due()
    change("INSERT INTO organs (portal, name, kind, declared) VALUES ('wangjiang', '望江区新局', 'department', 1)")
    assert "还有 2 家" in due()
    change("UPDATE organs SET since = 2026 WHERE name = '望江区新局'")
    assert "还有 1 家" in due()


def test_it_is_the_same_until_something_happens(home: Home) -> None:
    pages = Pages(home)
    first = pages("/calendar.ics")
    pages.now = "2026-01-29T03:00:00Z"
    again = pages("/calendar.ics")
    assert again.content == first.content
    assert pages("/calendar.ics", headers={"if-none-match": first.headers["etag"]}).status_code == 304
    stamps = {event.decoded("dtstamp") for event in dates(pages).values()}
    with sqlite3.connect(home.database) as conn:
        [(last,)] = conn.execute("SELECT max(finished_at) FROM crawls")
    assert stamps == {datetime.fromisoformat(last)}


@pytest.mark.parametrize(
    "name",
    [
        "甲,乙;丙:丁",
        "甲\r\nBEGIN:VEVENT\r\nSUMMARY:假",
        "反\\斜\\n",
        "长" * 300,
        "\x00\x07\u202e铃",
        '"引号"',
        "\r\nATTACH:file:///etc/passwd",
    ],
)
def test_hostile_names(name: str) -> None:
    due = Due("部门", 2025, date(2026, 1, 31), 3, 1, (name,))
    body = ics([due], Scope(portal="x"), name, "http://127.0.0.1", "2026-01-29T00:00:00Z", date(2026, 1, 29))
    assert len(read(body)) == 1
    event = read(body)["2026-01-31"]
    assert "ATTACH" not in event
    assert event["summary"] == "年报公开期限：部门（2025 年度） · 还有 1 家未公开"
    told = str(event["description"]).split("未见到：")[1]
    assert told == " ".join(name.translate({0: None, 7: None, 0x202E: None}).split())[:200]


def test_a_hostile_portal(home: Home) -> None:
    with sqlite3.connect(home.database) as conn:
        conn.execute("UPDATE portals SET title = ? WHERE name = 'wangjiang'", ("甲\r\nBEGIN:VEVENT\r\n,;\\",))
    conn.close()
    assert len(dates(Pages(home), "?portal=wangjiang")) == 6


@pytest.mark.parametrize(
    "time", [None, "2024-02-09 00:00:00", "", "soon", "2026-02-31T00:00:00Z", "9999-12-31T23:59:59Z"]
)
def test_odd_times_of_a_record_are_no_hindrance(home: Home, time: str | None) -> None:
    with sqlite3.connect(home.database) as conn:
        conn.execute("UPDATE crawls SET finished_at = ?", (time,))
    conn.close()
    answer = Pages(home)("/calendar.ics")
    assert answer.status_code == 200
    assert len(read(answer.content)) == 6


def test_a_region_is_called_by_its_name(pages: Pages) -> None:
    assert "浙江" in pages("/calendar.ics?region=33").text
    assert "浙江 3310" in pages("/calendar.ics?region=3310").text
    assert "地区 99" in pages("/calendar.ics?region=99").text
