"""Atom feeds: what is in them, that they are well-formed whatever pages say, what withdrawals do, and who has them already."""

import re
import sqlite3
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from lxml import etree

from monitor.event_detail import KINDS
from monitor.home import Home
from monitor.settings import Settings
from monitor.web import feeds
from tests.web.conftest import Look, Pages, Served

ATOM = "{http://www.w3.org/2005/Atom}"
ALL = "/feeds/all.atom"
PATHS = ["/feeds", "/feeds?q=海棠", "/feeds?q=没有"]


@pytest.mark.browser
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_page_opens_without_a_fault(served: Served, look: Look, path: str, width: int, dark: bool) -> None:
    seen = look(served.url + path, width=width, dark=dark)
    assert seen.said == ()
    assert seen.faults == ()


class Read:
    """A feed as a reader has it: checked for all that Atom demands (RFC 4287)."""

    def __init__(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.text[:500]
        assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
        self.root = etree.fromstring(answer.content)
        assert self.root.tag == f"{ATOM}feed"
        self.entries = self.root.findall(f"{ATOM}entry")
        for one in (self.root, *self.entries):
            for name in ("id", "title", "updated"):
                [found] = one.findall(f"{ATOM}{name}")
                assert found.text
            assert re.fullmatch(r"tag:nianbao,2026:[!-~]+", one.findtext(f"{ATOM}id") or "")
            assert datetime.fromisoformat(one.findtext(f"{ATOM}updated") or "").tzinfo is not None
            for link in one.findall(f"{ATOM}link"):
                assert urlsplit(link.attrib["href"]).scheme in ("http", "https")
        assert len(set(self.ids)) == len(self.ids)
        assert self.root.find(f"{ATOM}author/{ATOM}name") is not None
        assert [link.attrib["rel"] for link in self.root.findall(f"{ATOM}link")].count("self") == 1

    def texts(self, name: str) -> list[str]:
        return [one.findtext(f"{ATOM}{name}") or "" for one in self.entries]

    @property
    def ids(self) -> list[str]:
        return self.texts("id")

    @property
    def kinds(self) -> list[str]:
        return [one.find(f"{ATOM}category").attrib["term"] for one in self.entries]  # type: ignore[union-attr]


def change(home: Home, sql: str, *values: object) -> None:
    with sqlite3.connect(home.database) as conn:
        assert conn.execute(sql, values).rowcount
    conn.close()


def test_all_that_happened_is_told_as_alerts_tell_it(pages: Pages) -> None:
    feed = Read(pages(ALL))
    titles = "\n".join(feed.texts("title"))
    assert "【年报变更】望江区人民政府 2022 年 · " in titles
    assert "【年报撤下】海棠区人民政府" in titles
    changed = feed.texts("content")[feed.kinds.index("changed")]
    assert "142 → 146" in changed
    assert [one.find(f"{ATOM}content").attrib["type"] for one in feed.entries] == ["html"] * len(feed.entries)  # type: ignore[union-attr]
    assert feed.texts("updated") == sorted(feed.texts("updated"), reverse=True)
    assert feed.root.findtext(f"{ATOM}updated") == feed.texts("updated")[0]


def test_the_baseline_is_one_event_a_portal(pages: Pages) -> None:
    feed = Read(pages(ALL))
    assert feed.kinds.count("baseline") == 5
    assert feed.kinds.count("appeared") == 1  # ten times that many were there before
    assert len(feed.entries) < 20


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("/feeds/portal/haitang.atom", lambda feed: {"taken_down", "restored"} <= set(feed.kinds) and "moved" not in feed.kinds),
        ("/feeds/kind/changed.atom", lambda feed: feed.kinds == ["changed"]),
        ("/feeds/kind/overdue.atom", lambda feed: feed.kinds == []),
        ("/feeds/region/99.atom", lambda feed: len(feed.entries) > 10),
        ("/feeds/region/9903.atom", lambda feed: {"taken_down"} <= set(feed.kinds) and "moved" not in feed.kinds),
        ("/feeds/region/11.atom", lambda feed: feed.entries == []),
    ],
)  # fmt: skip
def test_a_feed_holds_what_it_is_of(pages: Pages, path: str, test) -> None:  # type: ignore[no-untyped-def]
    assert test(Read(pages(path)))


@pytest.mark.parametrize(
    "path",
    ["/feeds/portal/nobody.atom", "/feeds/kind/nothing.atom", "/feeds/region/x.atom", "/feeds/region/1234567.atom",
     "/feeds/portal/%27.atom",
     "/feeds/portal/..%2F..%2Fetc.atom", "/feeds/all.xml"],
)  # fmt: skip
def test_what_is_not_there_is_no_feed(pages: Pages, path: str) -> None:
    answer = pages(path, follow_redirects=True)
    assert answer.status_code == 404


def test_a_withdrawal_reaches_who_read_the_event(home: Home) -> None:
    pages = Pages(home)
    before = Read(pages(ALL))
    place = before.kinds.index("taken_down")
    change(
        home,
        "UPDATE events SET retracted_at = '2026-01-29T00:45:00Z', detail = json_set(detail, '$.retracted_why', '页面仍在') "
        "WHERE kind = 'taken_down'",
    )
    after = Read(pages(ALL))
    assert after.ids[0] == before.ids[place]
    assert after.texts("updated")[0] == "2026-01-29T00:45:00+00:00"
    assert after.texts("title")[0].startswith("【更正】")
    assert "页面仍在" in after.texts("content")[0]
    assert set(after.ids) == set(before.ids)
    assert after.texts("published")[0] == before.texts("published")[place]


def test_an_old_event_that_is_withdrawn_comes_back(home: Home) -> None:
    with sqlite3.connect(home.database) as conn:
        names = [row[1] for row in conn.execute("PRAGMA table_info(events)") if row[1] not in ("id", "key")]
        for n in range(150):
            conn.execute(
                f"INSERT INTO events (key, {', '.join(names)}) SELECT 'copy:{n}', {', '.join(names)} "
                "FROM events WHERE kind = 'changed' LIMIT 1"
            )
        conn.execute("UPDATE events SET retracted_at = '2026-01-29T00:50:00Z' WHERE kind = 'taken_down'")
    feed = Read(Pages(home)(ALL))
    assert len(feed.entries) == feeds.MOST
    assert feed.kinds[0] == "taken_down"
    assert set(feed.kinds[1:]) <= {"changed", "moved", "restored"}


HOSTILE = "<script>alert(1)</script>&]]>\x00\x08\x1b[31m\u202e\ufffe\ufffe=1+1\"'"


def test_pages_that_want_to_break_a_feed(home: Home) -> None:
    change(
        home,
        "UPDATE events SET organ = ?, title = ?, summary = ?, key = key || ?",
        HOSTILE,
        HOSTILE,
        HOSTILE,
        " <&'é\n",
    )
    change(home, "UPDATE portals SET title = ? WHERE name = 'haitang'", HOSTILE)
    change(home, "UPDATE events SET url = 'javascript:alert(1)' WHERE report IS NOT NULL")
    pages = Pages(home)
    for path in (ALL, "/feeds/portal/haitang.atom", "/feeds/kind/baseline.atom"):
        answer = pages(path)
        feed = Read(answer)
        assert feed.entries
        for title, content in zip(feed.texts("title"), feed.texts("content"), strict=True):
            assert "<script" not in content  # escaped in the HTML that the reader shows
            assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202e\ufffe]", title + content)
            assert 'href="javascript' not in content
    assert "<script>alert" not in pages("/feeds").text


def test_who_has_a_feed_is_not_sent_it_again(home: Home) -> None:
    pages = Pages(home)
    first = pages(ALL)
    again = pages(ALL, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert pages(ALL, headers={"if-none-match": f'"x", W/{first.headers["etag"]}'}).status_code == 304
    assert pages(ALL, headers={"if-none-match": '"x"'}).status_code == 200
    assert pages(ALL, headers={"if-modified-since": first.headers["last-modified"]}).status_code == 304
    assert pages(ALL, headers={"if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT"}).status_code == 200
    assert pages(ALL, headers={"if-modified-since": "yesterday"}).status_code == 200
    assert (
        pages(ALL, headers={"if-modified-since": first.headers["last-modified"], "if-none-match": '"x"'}).status_code
        == 200
    )
    change(home, "UPDATE events SET retracted_at = '2026-01-29T00:59:00Z' WHERE kind = 'moved'")
    assert pages(ALL, headers={"if-none-match": first.headers["etag"]}).status_code == 200
    assert pages(ALL, headers={"if-modified-since": first.headers["last-modified"]}).status_code == 200


def test_a_feed_does_not_change_with_the_time_of_day(home: Home) -> None:
    pages = Pages(home)
    first = pages(ALL).content
    pages.now = "2026-06-01T00:00:00Z"
    assert pages(ALL).content == first


def test_links_lead_where_the_pages_are_reached(home: Home) -> None:
    feed = Read(Pages(home)(ALL))
    assert feed.entries[0].find(f"{ATOM}link").attrib["href"].startswith("http://127.0.0.1:8766/event/")  # type: ignore[union-attr]
    settings = Settings()
    service = msgspec.structs.replace(settings.service, web_url="https://pages.example/年报")
    feed = Read(Pages(home, msgspec.structs.replace(settings, service=service))(ALL))
    hrefs = [link.attrib["href"] for link in feed.root.iter(f"{ATOM}link")]
    assert all(href.startswith("https://pages.example/年报/") for href in hrefs)
    assert "https://pages.example/年报/report/" in "".join(feed.texts("content"))


def test_a_record_without_events(home: Home) -> None:
    with sqlite3.connect(home.database) as conn:
        conn.execute("DELETE FROM deliveries")
        conn.execute("DELETE FROM events")
    pages = Pages(home)
    assert Read(pages(ALL)).entries == []
    assert pages("/feeds").status_code == 200


def test_the_page_lists_every_feed(pages: Pages) -> None:
    page = pages("/feeds").text
    found = re.findall(r'href="(http://127\.0\.0\.1:8766/[^"]+\.(?:atom|ics)[^"]*)"', page)
    assert len(found) > len(KINDS) + 5
    for address in found:
        assert pages(address.removeprefix("http://127.0.0.1:8766").replace("&amp;", "&")).status_code == 200
    assert "没有找到这样的门户" in pages("/feeds?q=没有").text
    assert pages("/feeds?q=海棠").text.count("/feeds/portal/") == 1


def test_regions_are_named(home: Home) -> None:
    change(home, "UPDATE portals SET region = '331002' WHERE name = 'haitang'")
    pages = Pages(home)
    page = pages("/feeds").text
    assert re.search(r'/feeds/region/33\.atom">浙江</a> <span class="quiet">33</span>', page)
    assert re.search(r'/calendar\.ics\?region=33">浙江</a>', page)
    assert "年报监测 · 浙江<" in pages("/feeds/region/33.atom").text
    assert "年报监测 · 浙江 3310<" in pages("/feeds/region/3310.atom").text


@pytest.mark.parametrize("time", ["2024-02-09 00:00:00", "", "soon"])
def test_odd_times_of_a_record_are_no_hindrance(home: Home, time: str) -> None:
    change(home, "UPDATE events SET detected_at = ? WHERE baseline = 0", time)
    change(
        home, "UPDATE events SET retracted_at = ? WHERE id IN (SELECT id FROM events WHERE baseline = 0 LIMIT 1)", time
    )
    assert len(Read(Pages(home)("/feeds/all.atom")).entries) > 5
