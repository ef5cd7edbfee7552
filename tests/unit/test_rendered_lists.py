"""What a pass makes of what the browser says of a list: what it proves, what it does not, and when no browser is needed."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response

from crawler.families.base import Link, ListPage, Step
from crawler.fetching import Fetcher
from crawler.guard import Guard
from crawler.known import KnownPages
from crawler.observation import KNOWN, FindingSeen, Job, KnownPage, KnownReport, LinkListed, Observation, SectionRead
from crawler.page.reader import REVISION
from crawler.passes import Pass
from crawler.plain import Source, source
from crawler.portal import Policy, Portal
from crawler.rendered.wire import NO_BROWSER, Call, NotShown, Shown
from crawler.run_folder import Exchange, write_known

HOST = "http://www.x.gov.cn"
SECTION = f"{HOST}/nb/"
PORTAL = Portal("t", "t", "generic", (SECTION,), organ="某县人民政府", render=True)


def url(year: int) -> str:
    return f"{HOST}/nb/{year}.html"


def title(year: int) -> str:
    return f"某县人民政府{year}年政府信息公开工作年度报告"


def listing(*years: int) -> bytes:
    rows = "".join(f'<li><a href="{url(year)}">{title(year)}</a></li>' for year in years)
    return f"<html><title>年报</title><body><ul>{rows}</ul></body></html>".encode()


def shown(*years: int, **more: Any) -> Shown:
    return Shown(
        **{"number": 1, "url": SECTION, "status": 200, "headers": (), "body": listing(*years), "scripts": (), **more}
    )


def known(year: int) -> KnownPage:
    reports = (KnownReport(id=year, text_hash="h"),)
    return KnownPage(url(year), "primary", body_hash="h", rules="r", reports=reports, listed=((SECTION, title(year)),))


class Watch:
    """One pass over what a browser shows: the first time, the second time, and so on."""

    def __init__(
        self,
        folder: Path,
        *screens: Shown | NotShown,
        plain: bytes = b"",
        pages: tuple[KnownPage, ...] = (),
        proofs: tuple[tuple[str, str], ...] = (),
        script: bytes = b"list()",
    ) -> None:
        self.screens, self.plain, self.script = [*screens], plain, script
        self.rendered = 0
        self.told: list[Observation] = []
        write_known(folder, [*pages])
        policy = Policy(delay=0.0, obey_robots=False)
        job = Job(
            PORTAL,
            policy,
            7,
            "full",
            PORTAL.rules(REVISION),
            "2026-11-22T00:00:00Z",
            "nianbao-test/1.0",
            unrendered=proofs,
        )
        guard = Guard(PORTAL, policy)
        opened = KnownPages(folder / KNOWN)
        try:
            asyncio.run(
                Pass(job, opened, Fetcher(lambda: self, guard, policy, job.limits, job.user_agent), guard, self).run()
            )
        finally:
            opened.close()

    async def download_async(self, request: Request) -> Response:
        if not request.meta.get("render"):
            if request.url.endswith(".js"):
                return HtmlResponse(request.url, 200, body=self.script, request=request)
            return HtmlResponse(request.url, 200 if request.url == SECTION else 404, body=self.plain, request=request)
        screen = self.screens[min(self.rendered, len(self.screens) - 1)]
        self.rendered += 1
        if isinstance(screen, NotShown):
            raise screen
        request.meta["shown"] = screen
        return HtmlResponse(screen.url, screen.status, body=screen.body, request=request, encoding="utf-8")

    def tell(self, observation: Observation) -> None:
        self.told.append(observation)

    def capture(self, exchange: Exchange) -> str:
        return "0"

    def capture_list(self, exchange: Exchange) -> str:
        return "0"

    @property
    def section(self) -> SectionRead:
        (found,) = [one for one in self.told if isinstance(one, SectionRead)]
        return found

    def findings(self, rule: str) -> list[str]:
        return [one.detail for one in self.told if isinstance(one, FindingSeen) and one.rule == rule]

    @property
    def listed(self) -> list[str]:
        return sorted(one.url for one in self.told if isinstance(one, LinkListed))


def test_a_list_that_was_not_followed_to_its_end_proves_nothing(tmp_path: Path) -> None:
    seen = Watch(tmp_path, shown(2024, cut="it goes on after 60 pages", clicks=60), pages=(known(2023),))
    assert (seen.section.complete, seen.section.reason) == (False, "it goes on after 60 pages")
    assert (seen.section.first_page, seen.section.pages, seen.listed) == (True, 61, [url(2024)])
    assert seen.rendered == 1  # what is not whole is not doubted


def test_what_the_script_asked_for_in_vain_matters_where_something_is_missing(tmp_path: Path) -> None:
    trouble = "GET http://www.x.gov.cn/api: status 500"
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
    fine = Watch(tmp_path / "a", shown(2023, 2024, trouble=trouble), pages=(known(2023),))
    assert (fine.section.complete, fine.section.reason) == (True, "")
    lost = Watch(tmp_path / "b", shown(2024, trouble=trouble), pages=(known(2023),))
    assert (lost.section.complete, lost.section.reason) == (False, trouble)
    empty = Watch(tmp_path / "c", shown(trouble=trouble, body=b"<html><title>x</title><body><ul></ul></body></html>"))
    assert (empty.section.complete, empty.section.reason) == (False, trouble)


def test_a_list_of_several_pages_that_lost_one_is_read_twice(tmp_path: Path) -> None:
    """The rows slide while it is clicked through."""
    seen = Watch(tmp_path, shown(2024, clicks=2), shown(2023, 2024, clicks=2), pages=(known(2023),))
    assert seen.rendered == 2
    assert (seen.section.complete, seen.section.pages, seen.listed) == (True, 3, [url(2023), url(2024)])


def test_hosts_that_the_list_needs_are_named(tmp_path: Path) -> None:
    body = b"<html><title>x</title><body><ul></ul></body></html>"
    seen = Watch(tmp_path, shown(body=body, refused=("cdn.example.com",)))
    assert ["cdn.example.com" in one for one in seen.findings("render_refused")] == [True]
    (tmp_path / "b").mkdir()
    assert Watch(tmp_path / "b", shown(2024, refused=("cdn.example.com",))).findings("render_refused") == []


def test_a_page_that_cannot_be_shown_is_unreachable(tmp_path: Path) -> None:
    seen = Watch(tmp_path, NotShown("the page hangs"))
    assert (seen.section.complete, seen.section.first_page, seen.section.reason) == (False, False, "the page hangs")
    assert seen.rendered == 2  # tried again, once


def test_a_page_that_leads_off_the_portal_is_refused(tmp_path: Path) -> None:
    seen = Watch(tmp_path, NotShown("redirect to y.com", "off_host_redirect", "a leads to b"))
    assert (seen.section.complete, seen.section.first_page, seen.rendered) == (False, False, 1)
    assert seen.findings("off_host_redirect") == ["a leads to b"]


def test_a_list_that_led_to_the_home_page_is_none(tmp_path: Path) -> None:
    seen = Watch(tmp_path, shown(2024, url=f"{HOST}/"))
    assert (seen.section.complete, seen.section.first_page) == (False, False)
    assert "home" in seen.section.reason


@pytest.mark.parametrize(("plain", "links", "first"), [(listing(2024), 1, True), (b"<div id=app></div>", 0, False)])
def test_without_a_browser_the_page_itself_proves_what_it_names(
    tmp_path: Path, plain: bytes, links: int, first: bool
) -> None:
    seen = Watch(tmp_path, NotShown(f"{NO_BROWSER}: not installed"), plain=plain, pages=(known(2023),))
    assert (seen.section.complete, seen.section.links, seen.section.first_page) == (False, links, first)
    assert NO_BROWSER in seen.section.reason


def page(*years: int, **more: Any) -> ListPage:
    return ListPage(links=tuple(Link(url(year), title(year), "report") for year in years), **more)


def call(*years: int) -> Call:
    return Call(
        "GET", f"{HOST}/gkmlpt/api/all/1", "application/json", json.dumps([title(year) for year in years]).encode()
    )


@pytest.mark.parametrize(
    ("screen", "rendered", "plain", "found"),
    [
        (shown(2023, 2024), page(2023, 2024), page(2024, 2023), Source()),
        (shown(2023, 2024), page(2023, 2024), page(2023), None),
        (shown(2023, 2024), page(2023, 2024), None, None),
        (shown(2023, clicks=1), page(2023), page(2023), None),
        (shown(2023, clicks=1), page(2023), page(2023, next=(Step(f"{SECTION}2.html"),)), Source()),
        (shown(2023, cut="x"), page(2023), page(2023), None),
        (shown(2023, trouble="x"), page(2023), page(2023), None),
        (shown(), page(), page(), None),
        (shown(2023, 2024, calls=(call(2023, 2024),)), page(2023, 2024), page(2023, 2024),
         Source(f"GET {HOST}/gkmlpt/api/all/1", "gkmlpt")),
        (shown(2023, 2024, calls=(call(2023),)), page(2023, 2024), page(), None),
    ],
)  # fmt: skip
def test_where_a_list_is(screen: Shown, rendered: ListPage, plain: ListPage | None, found: Source | None) -> None:
    assert source(screen, rendered, plain) == found


def test_a_list_that_needs_no_browser_is_told_once(tmp_path: Path) -> None:
    seen = Watch(tmp_path, shown(2024, served=listing(2024)))
    (told,) = seen.findings("render_not_needed")
    assert "render = false" in told
    (tmp_path / "b").mkdir()
    assert Watch(tmp_path / "b", shown(2024, served=b"<div id=app></div>")).findings("render_not_needed") == []


SCRIPT = b"<script src=/a.js></script><p>7</p>"


def test_a_page_that_a_browser_shows_no_other_is_read_without_one_until_it_changes(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / str(number)).mkdir()
    pages, body = (known(2023), known(2024)), listing(2023, 2024) + SCRIPT
    made_with = ((f"{HOST}/a.js", hashlib.sha256(b"list()").hexdigest()),)
    first = Watch(tmp_path / "0", shown(2023, 2024, served=body, scripts=made_with), pages=pages)
    assert first.section.rendered
    proofs = ((SECTION, first.section.unrendered),)
    assert proofs[0][1]
    same = Watch(tmp_path / "1", shown(), plain=body.replace(b"<p>7</p>", b"<p>8</p>"), pages=pages, proofs=proofs)
    assert (same.rendered, same.section.rendered, same.section.complete) == (0, False, True)
    assert same.listed == [url(2023), url(2024)]
    for number, changed in enumerate(
        (
            listing(2022, 2024) + SCRIPT,
            listing(2023, 2024) + SCRIPT.replace(b"/a.js", b"/b.js"),
            listing(2023, 2024) + b"<p>x</p>",
        ),
        2,
    ):
        seen = Watch(tmp_path / str(number), shown(2023, 2024, 2025), plain=changed, pages=pages, proofs=proofs)
        assert seen.rendered >= 1, number
        assert url(2025) in seen.listed
    seen = Watch(tmp_path / "6", shown(2025), plain=body, pages=pages, proofs=proofs, script=b"list() // new")
    assert seen.rendered >= 1


@pytest.mark.parametrize(
    "more",
    [
        {"asked": 1},
        {"cut": "x"},
        {"trouble": "x"},
        {"clicks": 1},
        {"scripts": None},
        {"served": listing(2023)},
        {"served": b""},
    ],
)
def test_what_may_show_something_else_next_time_is_rendered(tmp_path: Path, more: dict[str, Any]) -> None:
    seen = Watch(
        tmp_path, shown(**{"served": listing(2023, 2024), "body": listing(2023, 2024), **more}), pages=(known(2023),)
    )
    assert seen.section.unrendered == ""
