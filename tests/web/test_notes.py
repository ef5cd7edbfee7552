"""`/notes`: what waits for somebody."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

from monitor.home import Home
from monitor.notes import About, Notes
from monitor.sqlite import sqlite3
from monitor.web.notes_data import unseen
from tests.web.conftest import NOW, Look, Pages, Served
from tests.web.signing import EDITOR, READER, guarded, sign_in

TABS = ["mine", "unseen", "open", "proposals", "all"]


def rows(pages: Pages, tab: str, **more: str) -> list[dict[str, Any]]:
    """All pages of a tab."""
    found: list[dict[str, Any]] = []
    path = f"/notes.json?tab={tab}" + "".join(f"&{key}={value}" for key, value in more.items())
    while path:
        answer = pages(path).json()
        assert answer["ok"]
        found += answer["rows"]
        path = answer["next"]
    return found


def news(home: Home) -> list[int]:
    with home.reader() as store:
        return [
            number
            for (number,) in store.values("SELECT id FROM events WHERE baseline = 0 ORDER BY detected_at DESC, id DESC")
        ]


def test_what_i_have_not_seen_is_everything_first(home: Home) -> None:
    pages = Pages(home)
    assert [row["id"] for row in rows(pages, "unseen")] == news(home)


def test_many_are_seen_at_once(home: Home) -> None:
    pages, numbers = Pages(home), news(home)
    pages("/notes?tab=unseen")
    pages.post(
        "/notes/seen",
        {"which": "one", f"e{numbers[0]}": "1", f"e{numbers[2]}": "1", "shown": "1,2,3", "ex": "1", "e": ""},
    )
    assert "2 条标为已阅" in pages("/notes?tab=unseen").text
    assert [row["id"] for row in rows(pages, "unseen")] == [numbers[1], *numbers[3:]]
    pages.post("/notes/seen", {"which": "all", "shown": f"{numbers[1]},{numbers[3]},99999,x,{'9' * 30}"})
    assert [row["id"] for row in rows(pages, "unseen")] == numbers[4:]
    pages.post("/notes/seen", {"which": "one"})
    assert "没有选中" in pages("/notes?tab=unseen").text


def test_all_until_now_is_seen(home: Home) -> None:
    pages, numbers = Pages(home), news(home)
    pages("/notes?tab=unseen")
    with home.reader() as store:
        row = store.row("SELECT max(detected_at) AS at FROM events")
    assert row is not None
    pages.post("/notes/seen", {"which": "until", "until": row["at"]})
    assert rows(pages, "unseen") == []
    assert "没有未阅的消息" in pages("/notes?tab=unseen").text
    conn = sqlite3.connect(home.database)
    conn.execute("UPDATE events SET detected_at = '2026-01-30T00:00:00Z' WHERE id = ?", (numbers[0],))
    conn.commit()
    conn.close()
    assert [row["id"] for row in rows(pages, "unseen")] == [numbers[0]]
    assert pages.post("/notes/seen", {"which": "until", "until": "tomorrow"}).status_code == 400


def test_nobody_sees_the_future_as_seen(home: Home) -> None:
    pages = Pages(home)
    pages("/notes?tab=unseen")
    pages.post("/notes/seen", {"which": "until", "until": "9999-01-01T00:00:00Z"})
    assert Notes(home.path / "notes.db").seen_until("本机用户") == NOW


def test_a_list_goes_on_where_it_ended_however_many_are_seen(home: Home) -> None:
    with home.reader() as store:
        numbers = news(home)

        def seen(keys: Sequence[str]) -> frozenset[str]:
            return frozenset(key for number, key in enumerate(keys) if number % 3)

        found: list[int] = []
        before: tuple[str, int] | None = None
        for _ in range(50):
            page = unseen(store, "", before, lambda _: frozenset(), most=7)
            found += [row["id"] for row in page.events]
            before = page.following
            if before is None:
                break
        assert found == numbers
        assert len(unseen(store, "", None, seen).events) == (len(numbers) + 2) // 3
        assert unseen(store, "", None, frozenset).events == []


def test_mine_is_what_i_was_given(home: Home) -> None:
    pages = guarded(home)
    sign_in(pages, EDITOR)
    pages("/event/1")
    for number in (1, 2, 3):
        pages.post(f"/event/{number}/assign", {"whom": READER if number < 3 else EDITOR})
    pages.post("/event/2/settle", {})
    assert [row["event"] for row in rows(pages, "mine")] == [3]
    assert {row["event"] for row in rows(pages, "open")} == {1, 3}
    pages.cookies.clear()
    sign_in(pages, READER)
    assert [row["event"] for row in rows(pages, "mine")] == [1]
    text = pages("/notes").text
    assert '<span class="count">1</span>' in text
    assert len(rows(pages, "unseen")) == len(news(home)), "what others have seen I have not"


def test_long_lists_have_pages(home: Home) -> None:
    notes = Notes(home.path / "notes.db")
    with home.reader() as store:
        events = store.rows("SELECT id, key, report FROM events")
    for one in events:
        about = About(one["key"], one["id"], one["report"])
        notes.assign("本机用户", NOW, about, "本机用户", editor=True)
        notes.propose("本机用户", NOW, about, "retract", "不是")
    pages = Pages(home)
    every = {one["id"] for one in events}
    assert len(every) > 50
    for tab in ("mine", "open", "proposals"):
        assert {row["event"] for row in rows(pages, tab)} == every, tab
    assert len(rows(pages, "all")) == 2 * len(every)
    assert "下一页" in pages("/notes?tab=open").text


def test_an_event_that_the_record_has_not_is_said_to_be_missing(home: Home) -> None:
    Notes(home.path / "notes.db").assign("王芳", NOW, About("gone/x", 4711), "本机用户", editor=True)
    text = Pages(home)("/notes?tab=mine").text
    assert "记录中没有这条消息了" in text
    assert "4711" in text


def test_an_editor_decides_where_the_proposals_are(home: Home) -> None:
    pages = Pages(home)
    pages("/event/1")
    pages.post("/event/1/propose", {"kind": "retract", "why": "不是年报"})
    text = pages("/notes?tab=proposals").text
    assert "nianbao retract 1 --why" in text
    answer = pages.post("/event/1/decide/1", {"state": "declined", "word": "是年报", "from": "notes"})
    assert answer.headers["location"] == "/notes?tab=proposals"
    assert "没有等待处理的提议" in pages("/notes?tab=proposals").text
    assert "是年报" in pages("/notes?tab=proposals&show=settled").text


@pytest.mark.parametrize("query", ["tab=x", "tab=unseen&before=2026 x", "tab=all&before=-1", "tab=proposals&before=１"])
def test_an_address_that_is_none_is_said_so(pages: Pages, query: str) -> None:
    assert pages(f"/notes?{query}").status_code == 400
    assert pages(f"/notes.json?{query}").json()["ok"] is False


def test_the_lists_use_indexes(home: Home) -> None:
    notes = Notes(home.path / "notes.db")
    notes.assign("王芳", NOW, About("x", 1), "王芳", editor=True)
    conn = sqlite3.connect(home.path / "notes.db")
    for sql in (
        "SELECT * FROM comments WHERE key = 'x' ORDER BY id",
        "SELECT who, at FROM seen WHERE key = 'x' ORDER BY at, who",
        "SELECT key FROM seen WHERE who = 'x' AND key IN ('a', 'b')",
        "SELECT * FROM actions WHERE id < 5 ORDER BY id DESC LIMIT 50",
        "SELECT count(*) FROM proposals WHERE state = 'open'",
    ):
        plan = " ".join(row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}"))
        assert "SEARCH" in plan, plan
        assert "SCAN" not in plan, plan
    conn.close()


def test_a_hundred_thousand_seen_are_no_weight(home: Home) -> None:
    """A bound that only a full scan per event would break; the benchmark measures."""
    notes = Notes(home.path / "notes.db")
    notes.see("王芳", NOW, [About(f"key/{number}", number) for number in range(100_000)])
    begun = time.monotonic()
    for _ in range(20):
        notes.seen_among("王芳", [f"key/{number}" for number in range(0, 3000, 10)])
        notes.counts("王芳")
    assert time.monotonic() - begun < 5


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_pages_open_without_a_fault(home: Home, look: Look, width: int, dark: bool) -> None:
    served = Served(home.path)
    try:
        pages = Pages(home)
        pages("/event/1")
        pages.post("/event/1/propose", {"kind": "retract", "why": "不是年报"})
        pages.post("/event/2/assign", {"whom": "本机用户"})
        for tab in TABS:
            seen = look(f"{served.url}/notes?tab={tab}", width=width, dark=dark)
            assert seen.said == ()
            assert seen.faults == ()
    finally:
        served.stop()


@pytest.mark.browser
def test_marks_are_made_in_a_browser(home: Home, look: Look) -> None:
    served, numbers = Served(home.path), news(home)

    def mark(page: Any) -> None:
        page.check(f"#e{numbers[1]}")
        page.click("text=选中的已阅")
        page.wait_for_selector("text=1 条标为已阅")

    try:
        seen = look(f"{served.url}/notes?tab=unseen", mark, judged=False)
        assert seen.said == ()
        assert f'id="e{numbers[0]}"' in seen.html
        assert f'id="e{numbers[1]}"' not in seen.html
    finally:
        served.stop()
