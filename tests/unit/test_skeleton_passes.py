"""A portal whose pages tick, read by real passes and settled: nothing is parsed for a tick, and nothing is missed for one."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from crawler import visits
from crawler.fetching import Fetcher
from crawler.guard import Guard
from crawler.known import KnownPages
from crawler.observation import KNOWN, RunSummary
from crawler.page import reader
from crawler.passes import Pass
from crawler.run_folder import RunWriter, read_job

HOST, ORGAN = "https://www.linhai.gov.cn", "临海市人民政府"
ONE = f"{HOST}/col/report/2024.html"


def title(year: int) -> str:
    return f"{ORGAN}{year}年政府信息公开工作年度报告"


class Ticking:
    """The portal: its pages count their readers, and what reads them counts how many it parses."""

    def __init__(self, history: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.history = history
        self.visits = 0
        self.figure = {2024: 4711, 2023: 3911}
        self.extra = ""
        self.tagged = False
        self.tags: list[str] = []
        self.parsed: list[str] = []
        whole = reader.read_page

        def read(fetched: Any, *more: Any) -> Any:
            self.parsed.append(fetched.url)
            return whole(fetched, *more)

        monkeypatch.setattr(reader, "read_page", read)

    def page(self, year: int) -> str:
        return (
            f'<html><head><meta charset="utf-8"><title>{title(year)}</title><script>var now = {self.visits}</script></head>'
            f"<body><h1>{title(year)}</h1><div>发布日期：{year + 1}-01-20 浏览次数：<span>{50 + self.visits}</span></div><div id='zoom'>"
            f"<p>依据《中华人民共和国政府信息公开条例》第五十条规定编制。</p><p>一、总体情况</p><p>全年网站运行平稳。{self.extra}</p>"
            f"<p>二、主动公开政府信息情况</p><table><tr><td>规章</td><td>3</td></tr><tr><td>行政许可</td><td>{self.figure[year]}</td></tr></table>"
            f"</div><!-- {self.visits} --></body></html>"
        )

    async def download_async(self, request: Request) -> Response:
        self.visits += 1
        years = {f"{HOST}/col/report/{year}.html": year for year in self.figure}
        if request.url not in years:
            links = "".join(f"<li><a href='{url}'>{title(year)}</a></li>" for url, year in years.items())
            body, headers = f"<html><title>年报</title><ul>{links}</ul></html>", {}
        else:
            body, headers = self.page(years[request.url]), {"ETag": f'"{self.visits}"'} if self.tagged else {}
            self.tags.append((request.headers.get("If-None-Match") or b"").decode())
        headers["Content-Type"] = "text/html; charset=utf-8"
        return Response(request.url, 200, headers=headers, body=body.encode(), request=request)

    def run(self) -> list[str]:
        """One pass, settled: the events that it made. `parsed` holds the report pages that it parsed."""
        site = self.history
        self.parsed.clear()
        self.tags.clear()
        crawl = site.brief()
        job = read_job(site.folder)
        known, writer = KnownPages(site.folder / KNOWN), RunWriter(site.folder)
        guard = Guard(job.portal, job.policy)
        fetcher = Fetcher(lambda: self, guard, job.policy, job.limits, job.user_agent)
        made = Pass(job, known, fetcher, guard, writer)
        try:
            asyncio.run(made.run())
        finally:
            known.close()
        writer.finish(RunSummary(job.portal.name, crawl, job.mode, made.outcome, site.now, site.now, 1, 1, 1, 0))
        self.parsed[:] = [url for url in self.parsed if url.endswith(".html")]
        return [one.kind for one in site.settle() if not one.baseline]

    @property
    def row(self) -> Any:
        return self.history.store.row("SELECT * FROM pages WHERE url = ?", (ONE,))


@pytest.fixture
def portal(make_history: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Ticking:
    # Whose turn it is to be parsed is drawn by the pass's number: here nobody's, until a test says otherwise.
    monkeypatch.setattr(visits, "_in_turn", lambda *_: False)
    made = Ticking(make_history(), monkeypatch)
    made.history.policy = made.history.policy.__class__(delay=0.0, obey_robots=False)
    assert made.run() == ["baseline"]
    assert len(made.parsed) == 2
    return made


def test_a_page_in_which_only_noise_is_another_is_not_parsed_and_leaves_no_trace(portal: Ticking) -> None:
    before = dict(portal.row)
    findings = portal.history.store.rows("SELECT * FROM findings")
    for _ in range(3):
        assert portal.run() == []
        assert portal.parsed == []
    # The record holds what was parsed, its hash with it: stored captures are compared with that when rules change.
    assert dict(portal.row) == before
    assert portal.history.store.rows("SELECT * FROM findings") == findings
    assert len(portal.history.versions(2024)) == 1


def test_a_digit_that_changes_with_the_counter_is_told_once(portal: Ticking) -> None:
    assert portal.run() == []
    portal.figure[2024] += 1
    assert portal.run() == ["changed"]
    assert portal.parsed == [ONE]
    for _ in range(3):
        assert portal.run() == []
        assert portal.parsed == []
    portal.figure[2024] -= 1
    assert portal.run() == ["changed"]
    assert portal.run() == []


def test_a_counter_that_comes_to_stand_in_the_report_is_content_from_then_on(portal: Ticking) -> None:
    portal.extra = "门户网站 浏览次数：12345 次。"
    assert portal.run().count("changed") == 2
    portal.extra = "门户网站 浏览次数：12346 次。"
    assert portal.run().count("changed") == 2


def test_a_page_that_was_taken_for_the_same_keeps_its_validators(portal: Ticking) -> None:
    portal.tagged, portal.extra = True, "今年。"
    portal.run()
    etag = portal.row["etag"]
    assert etag
    for _ in range(2):
        assert portal.run() == []
        assert portal.parsed == []
        # With the server's new one a 304 would keep bytes from being parsed that nobody ever parsed.
        assert portal.row["etag"] == etag
        assert etag in portal.tags


def test_now_and_then_it_is_parsed_all_the_same(portal: Ticking, monkeypatch: pytest.MonkeyPatch) -> None:
    portal.run()
    before = portal.row["body_hash"]
    monkeypatch.setattr(visits, "_in_turn", lambda url, *_: url == ONE)
    assert portal.run() == []
    assert portal.parsed == [ONE]
    assert portal.row["body_hash"] != before


def test_while_a_report_is_missing_its_page_is_parsed(portal: Ticking) -> None:
    portal.history.store.run(
        "UPDATE reports SET status = 'missing', missing_since = ? WHERE year = 2024", (portal.history.now,)
    )
    portal.run()
    assert portal.parsed == [ONE]


def test_under_other_rules_it_is_parsed_and_its_old_skeleton_forgotten(portal: Ticking) -> None:
    assert portal.row["skeleton"]
    portal.history.portal = portal.history.portal.__class__(
        **{**_fields(portal.history.portal), "organ": f"{ORGAN}办公室"}
    )
    crawl = portal.history.brief()
    assert crawl
    assert portal.row["skeleton"] == ""


def _fields(portal: Any) -> dict[str, Any]:
    return {name: getattr(portal, name) for name in portal.__struct_fields__}


@pytest.mark.parametrize("turns", [64, 8])
def test_every_pages_turn_comes(turns: int) -> None:
    addresses = [f"{HOST}/art/{number}.html" for number in range(40)]
    # A portal's passes are numbered with those of all others: every 64th is its own.
    passes = range(64, 64 * 40 * turns, 64)
    taken = {url: sum(visits._in_turn(url, crawl, turns) for crawl in passes) for url in addresses}
    assert min(taken.values()) > 15
    assert max(taken.values()) < 80
