"""The front page: what happened, who is due, whether it works; and the listings in a browser."""

import asyncio
import re
from datetime import date
from pathlib import Path

import pytest

from monitor.home import Home
from monitor.settings import Schedule, Settings
from monitor.store import Store
from monitor.web import front_data, kept
from monitor.web.site import Site
from tests.web.conftest import NOW as DEMO_NOW
from tests.web.conftest import Look, Pages, Served
from tests.web.records import NOW, SEEN, Made

PATHS = [
    "/", "/coverage", "/coverage/due", "/events", "/events?baseline=1&year=2024", "/portals", "/portal/wangjiang", "/help",
]  # fmt: skip
ZONE = "Asia/Shanghai"


@pytest.mark.browser
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_page_opens_without_a_fault(served: Served, look: Look, path: str, width: int, dark: bool) -> None:
    widths: list[int] = []
    seen = look(
        served.url + path,
        then=lambda page: widths.append(page.evaluate("document.documentElement.scrollWidth")),
        width=width,
        dark=dark,
    )
    assert seen.said == ()
    assert seen.faults == ()
    assert widths == [width]  # the map scrolls in its own box, never the page


@pytest.mark.browser
def test_on_a_phone_the_maps_first_column_stays(served: Served, look: Look) -> None:
    found: dict[str, float] = {}

    def scroll(page: object) -> None:
        script = """() => { const box = document.querySelector('.map-box'); box.scrollLeft = 100;
            const first = box.querySelector('tbody tr:nth-child(2) .first').getBoundingClientRect();
            return { moved: box.scrollLeft, gap: first.left - box.getBoundingClientRect().left } }"""
        found.update(page.evaluate(script))  # type: ignore[attr-defined]

    look(served.url + "/coverage", then=scroll, width=390, judged=False)
    assert found["moved"] > 20
    assert 0 <= found["gap"] < 3


@pytest.mark.browser
def test_keys_walk_through_the_events(served: Served, look: Look) -> None:
    focused: list[str] = []

    def press(page: object) -> None:
        for key in ("j", "j", "k", "/"):
            page.keyboard.press(key)  # type: ignore[attr-defined]
            focused.append(page.evaluate("document.activeElement.textContent || document.activeElement.id"))  # type: ignore[attr-defined]

    look(served.url + "/events?kind=taken_down,restored", then=press, judged=False)
    assert focused == ["海棠区人民政府 2021 年", "海棠区人民政府 2021 年", "海棠区人民政府 2021 年", "top-q"]


# What happened ------------------------------------------------------------------------------------------------------


def test_the_demos_front_page(pages: Pages) -> None:
    html = pages("/").text
    tiles = re.findall(r"<b>([\d,]+)</b><span>(.*?) · 昨天以来</span></a>\s*<a[^>]*>近 7 天 ([\d,]+)", html)
    assert [(kind, recent, week) for recent, kind, week in tiles] == [
        ("撤下", "1", "1"), ("变更", "0", "1"), ("逾期未公开", "0", "0"), ("公开", "0", "1"), ("恢复", "1", "1"), ("迁移", "1", "1"),
    ]  # fmt: skip
    events = re.findall(r'badge k-(\w+)">[^<]*</span>\s*<a class="what" href="/event/\d+">([^<]*)</a>', html)
    assert events == [
        ("taken_down", "海棠区人民政府 2021 年"), ("restored", "海棠区人民政府 2021 年"), ("moved", "望江区教育局 2023 年"),
        ("changed", "望江区人民政府 2022 年"), ("appeared", "云溪县人民政府办公室 2025 年"),
    ]  # fmt: skip
    assert 'href="/events?kind=taken_down&amp;since=2026-01-28&amp;standing=1"' in html
    assert "近 7 天新纳入 5 个门户" in html
    assert "新发现核对问题 2 处" in html
    assert re.search(r"最近读取 .*今天 08:30.*（.+区?县?人民政府）", html)
    assert "5 / 5 个门户" in html
    assert "提醒均已送出" in html
    assert "还有 2 天" in html
    assert "还有 61 天" in html
    assert "没有无法读取、异常或被拦截的门户" in html


def test_what_counts_as_yesterday_and_this_week_goes_by_local_midnights(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    made.portal("a")
    for at in ("2026-02-08T15:59:59Z", "2026-02-08T16:00:00Z", "2026-02-03T15:59:59Z", "2026-02-03T16:00:00Z", NOW):
        made.event("appeared", "a", organ=at, detected_at=at, crawl=None)
    made.event("appeared", "a", organ="taken back", detected_at=NOW, retracted_at=NOW)
    made.event("appeared", "a", organ="of the baseline", detected_at=NOW, baseline=1)
    made.event("baseline", "a", organ="baseline", detected_at=NOW)
    made.event("finding", "a", organ="finding", detected_at=NOW)
    news = front_data.news(made.store, ZONE, NOW)
    assert (news.yesterday, news.week) == ("2026-02-09", "2026-02-04")
    (count,) = [one for one in news.counts if one.kind == "appeared"]
    assert (count.recent, count.week) == (2, 4)
    assert [line.event["organ"] for line in news.recent.lines] == ["taken back", NOW, "2026-02-08T16:00:00Z"]
    assert [line.event["organ"] for line in news.earlier.lines] == ["2026-02-03T16:00:00Z", "2026-02-08T15:59:59Z"]
    assert news.baselines == 1
    assert (news.findings.recent, news.findings.week) == (1, 1)
    html = made.pages()("/").text
    assert '<li class="event retracted">' in html
    assert "of the baseline" not in html


def test_the_most_serious_comes_first_and_masses_are_one_line(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    crawl = made.portal("a", title="甲县人民政府")
    for number in range(3):
        made.event("appeared", "a", organ=f"appeared {number}", crawl=crawl, detected_at=NOW)
    made.event("taken_down", "a", organ="gone", crawl=crawl, detected_at=NOW)
    for number in range(37):
        made.event("moved", "a", organ=f"moved {number}", crawl=crawl, detected_at=NOW)
    made.event("changed", "a", organ="changed", crawl=crawl, detected_at=NOW)
    for number in range(40):
        own = made.portal(f"p{number}")
        made.event("overdue", f"p{number}", organ=f"late {number}", crawl=own, detected_at=NOW)
    recent = front_data.news(made.store, ZONE, NOW).recent
    assert [(line.kind, line.count, line.portals) for line in recent.lines] == [
        ("taken_down", 1, 1), ("changed", 1, 1), ("overdue", 40, 40), ("moved", 37, 1), *[("appeared", 1, 1)] * 3,
    ]  # fmt: skip
    html = made.pages()("/").text
    assert "甲县人民政府 37 件" in html
    assert "/events?kind=moved&amp;portal=a&amp;since=2026-02-09" in html
    assert "40 个门户 40 件" in html
    assert "moved 3<" not in html


def test_of_a_kind_with_many_lines_some_are_shown_and_the_rest_are_linked(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    for number in range(15):
        crawl = made.portal(f"p{number}")
        made.event("changed", f"p{number}", organ=f"organ {number}", crawl=crawl, detected_at=NOW)
    recent = front_data.news(made.store, ZONE, NOW).recent
    assert len(recent.lines) == 8
    assert recent.left == (("changed", 7),)
    assert "变更 7 件" in made.pages()("/").text


def test_a_quiet_day_says_so(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    made.portal("a")
    assert "昨天以来没有新的动态" in made.pages()("/").text


# Who is due ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "year", "season", "days", "said"),
    [
        ("2025-12-31T15:59:59Z", 2024, False, [-334, -275], "2024 年度年报：尚未见到"),
        ("2025-12-31T16:00:00Z", 2025, True, [30, 89], "还有 30 天"),
        ("2026-01-30T16:00:00Z", 2025, True, [0, 59], "今天到期"),
        ("2026-01-31T16:00:00Z", 2025, True, [-1, 58], "已过 1 天"),
        ("2026-03-31T15:59:59Z", 2025, True, [-59, 0], "今天到期"),
        ("2026-04-15T15:59:59Z", 2025, True, [-74, -15], "已过 15 天"),
        ("2026-04-15T16:00:00Z", 2025, False, [-75, -16], "2025 年度年报：尚未见到"),
    ],
)
def test_the_countdown(tmp_path: Path, now: str, year: int, season: bool, days: list[int], said: str) -> None:
    made = Made(tmp_path / "home")
    made.portal("a")
    for name, kind in (("甲县教育局", "department"), ("甲县人民政府", "government"), ("甲镇", "township")):
        made.report("a", made.organ("a", name, kind), 2023)
    found = front_data.season(made.store, Schedule(), ZONE, now)
    assert (found.year, found.in_season) == (year, season)
    assert [one.days for one in found.deadlines] == days
    assert [[who.organ for who in one.first] for one in found.deadlines] == [["甲县教育局"], ["甲县人民政府"]]
    html = made.pages(now)("/").text
    assert said in html
    assert html.count("尚未见到 1 个机关") == 2


def test_the_year_that_a_season_is_about() -> None:
    assert front_data.year_due(date(2026, 1, 1), True) == 2025
    assert front_data.year_due(date(2026, 11, 20), False) == 2025
    assert front_data.year_due(date(2026, 11, 20), True) == 2026  # a season that begins in autumn


def test_what_is_confirmed_overdue_is_counted_apart(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    made.portal("a")
    for name in ("甲局", "乙局"):
        made.report("a", made.organ("a", name), 2024)
    made.event("overdue", "a", organ="甲局", year=2025, detail='{"kind":"department"}')
    made.event("overdue", "a", organ="乙局", year=2025, detail='{"kind":"department"}', retracted_at=NOW)
    made.event("overdue", "a", organ="甲县人民政府", year=2024, detail='{"kind":"government"}')
    department, government = front_data.season(made.store, Schedule(), ZONE, NOW).deadlines
    assert (department.missing, department.overdue) == (2, 1)
    assert (government.missing, government.overdue) == (0, 0)
    html = made.pages()("/").text
    assert "尚未见到 2 个机关" in html
    assert "逾期 1 个" in html


# Whether it works ---------------------------------------------------------------------------------------------------


def test_portals_in_trouble_with_why(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    blocked = '{"trouble":"nothing could be read (blocked): challenge $_ts","health":"blocked"}'
    made.portal("a", title="甲县", health="blocked", empty_since=SEEN, pass_detail=blocked)
    made.portal("b", title="乙县", health="broken", trouble_since=NOW)
    made.event("portal_broken", "b", summary="栏目页可以打开，但不再列出年报：https://b/", detected_at=NOW)
    made.portal(
        "c",
        title="丙县",
        health="down",
        trouble_since=SEEN,
        pass_detail='{"trouble":"nothing could be read: time-out"}',
    )
    made.portal("d")
    html = made.pages()("/").text
    found = re.findall(r'<li><span class="badge h-(\w+)">[^<]*</span> <a href="/portal/(\w)">', html)
    assert found == [("broken", "b"), ("down", "c"), ("blocked", "a")]
    assert "什么也没有读到：被脚本验证拦截（瑞数）" in html
    assert "什么也没有读到：超时未响应" in html
    assert "不再列出年报：https://b/" in html
    assert "自 <time" in html


def test_deliveries_that_are_dead_or_wait(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    made.portal("a")
    for number, state in enumerate(("dead", "dead", "pending", "held", "failed", "sent", "skipped")):
        event = made.event("appeared", "a")
        made.store.insert(
            "deliveries", {"event": event, "channel": f"c{number}", "state": state, "next_attempt_at": SEEN}
        )
    pulse = front_data.pulse(made.store, NOW)
    assert (pulse.dead, pulse.waiting) == (2, 3)
    assert (pulse.portals, pulse.read) == (1, 0)  # its last pass was weeks ago
    html = made.pages()("/").text
    assert "2 条提醒未能送达" in html
    assert "3 条提醒待发送" in html


def test_without_a_record_and_with_an_empty_one(tmp_path: Path) -> None:
    home = Home(tmp_path / "none")
    home.create()
    for path in ("/", "/coverage", "/events", "/portals", "/portal/a", "/events.json", "/coverage/due"):
        assert Pages(home)(path).status_code == 503
    assert Pages(home)("/help").status_code == 200
    empty = Made(tmp_path / "empty").pages()
    for path in ("/", "/coverage", "/events", "/portals", "/coverage/due"):
        assert empty(path).status_code == 200
    assert "还没有读取过任何门户" in empty("/").text
    assert "还没有年报" in empty("/").text


# What is kept -------------------------------------------------------------------------------------------------------


def test_a_large_record_is_asked_once_a_minute_and_readers_do_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site: Site = Made(tmp_path / "home").pages().site
    clock, asked = [1000.0], []
    monkeypatch.setattr(kept, "monotonic", lambda: clock[0])

    def work(store: Store) -> int:
        asked.append(clock[0])
        return len(asked)

    async def ask(day: int = 1) -> int:
        return (await kept.kept(site, "x", day, work)).value

    async def many() -> None:
        assert await asyncio.gather(ask(), ask(), ask()) == [1, 1, 1]  # who comes meanwhile waits for the same
        clock[0] += kept.FRESH - 1
        assert await ask() == 1
        clock[0] += 2
        assert await ask() == 1  # at once; and it is asked again
        await asyncio.sleep(0.3)
        assert await ask() == 2
        assert await ask(day=2) == 3  # of another day: not what was kept
        clock[0] += kept.STALE
        assert await ask(day=2) == 4  # too old to be given

    asyncio.run(many())
    assert len(asked) == 4


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    site: Site = Made(tmp_path / "home").pages().site
    answers = [ZeroDivisionError(), 5]

    def work(store: Store) -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def ask() -> int:
        return (await kept.kept(site, "x", 1, work)).value

    with pytest.raises(ZeroDivisionError):
        asyncio.run(ask())
    assert asyncio.run(ask()) == 5


def test_addresses_lie_below_the_base_path(demo_home: Path) -> None:
    settings = Settings()
    settings = Settings(service=type(settings.service)(web_url="https://desk.example.cn/nianbao"))
    under = Pages(Home(demo_home), settings, DEMO_NOW)
    for path in ("/", "/events", "/portals", "/portal/haitang", "/coverage", "/coverage/due", "/help"):
        answer = under(f"/nianbao{path}")
        if answer.status_code == 404:
            answer = under(path)
        addresses = re.findall(r'(?:href|action|src)="(/[^"]*)"', answer.text)
        assert addresses
        assert [one for one in addresses if not one.startswith("/nianbao/")] == []
