"""crawler.passes over a table of answers that stands for the portal: what a pass asks for, says of it and captures. The
fetcher is the real one; what it downloads with is not: no process, no socket."""

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as replaced
from scrapy import Request
from scrapy.http import Response

from crawler.families.base import Markup
from crawler.fetching import Fetcher
from crawler.guard import Guard
from crawler.known import KnownPages
from crawler.observation import (
    KNOWN,
    AttachmentRead,
    FindingSeen,
    Job,
    KnownPage,
    KnownPart,
    KnownReport,
    LinkListed,
    Mode,
    Observation,
    PageRead,
    SectionRead,
)
from crawler.page.model import Attachment, Fetched, Hint
from crawler.page.reader import REVISION, read_page
from crawler.passes import Pass
from crawler.portal import Policy, Portal
from crawler.run_folder import Exchange, write_known
from crawler.sections import Sections, Target

HOST = "http://www.x.gov.cn"
SECTION, ONE, TWO = f"{HOST}/nb/", f"{HOST}/nb/202501/t20250120_31.html", f"{HOST}/nb/202401/t20240120_30.html"
SECOND, THIRD, FOURTH = (ONE.replace("31", f"31_{number}") for number in (1, 2, 3))
FILE = f"{HOST}/files/P1.pdf"
ORGAN = "某县人民政府"
PORTAL = Portal(name="t", title="t", family="generic", sections=(SECTION,), organ=ORGAN)
RULES = PORTAL.rules(REVISION)


@dataclass(frozen=True)
class Reply:
    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def title(year: int) -> str:
    return f"{ORGAN}{year}年政府信息公开工作年度报告"


def chapters(year: int) -> str:
    return (
        f"<p>依据《中华人民共和国政府信息公开条例》第五十条规定编制。</p><p>一、总体情况</p><p>{year}年公开信息{year % 89}条。</p>"
        f"<p>二、主动公开政府信息情况</p><p>公开规章{year % 7}件。</p>"
    )


def shown(body: str, name: str, head: str = "") -> str:
    return (
        f'<html><head><meta charset="utf-8"><title>{name}</title>{head}</head><body><h1>{name}</h1>'
        f'<div>发布日期：2025-01-20</div><div id="zoom">{body}</div></body></html>'
    )


def report(year: int, more: str = "", head: str = "") -> str:
    return shown(chapters(year) + more, title(year), head)


LIST = "".join(f'<li><a href="{url}">{title(year)}</a></li>' for url, year in ((ONE, 2024), (TWO, 2023)))
SITE = {SECTION: f"<html><title>年报</title><ul>{LIST}</ul></html>", ONE: report(2024), TWO: report(2023)}
NEWS = shown("<p>县政府召开会议，研究今年重点工程推进情况。</p>" * 9, "县政府召开会议")
EDITED = report(2024).replace("公开规章", "公开规章和文件")


def answer(reply: str | Reply | None, request: Request) -> Response:
    one = Reply("404 Not Found", 404) if reply is None else reply if isinstance(reply, Reply) else Reply(reply)
    tag = one.headers.get("ETag")
    if tag and request.headers.get("If-None-Match") == tag.encode():
        one = replace(one, status=304, body="")
    headers = {"Content-Type": "text/html; charset=utf-8", **one.headers}
    return Response(request.url, one.status, headers=headers, body=one.body.encode(), request=request)


class Watch:
    """The site, and what one pass makes of it: it downloads for the pass, and is what the pass tells. A tuple: what an
    address answers the first time, the second time, and so on."""

    def __init__(
        self,
        folder: Path,
        site: Mapping[str, str | Reply | tuple[str | Reply | None, ...] | None],
        known: list[KnownPage],
        mode: Mode,
        ahead: float,
        sample: bool,
    ) -> None:
        self.site = site
        self.asked: list[str] = []
        self.told: list[Observation] = []
        self.captured: list[Exchange] = []
        self.lists: list[Exchange] = []
        write_known(folder, known)
        pages = KnownPages(folder / KNOWN)
        policy = Policy(delay=0.0, obey_robots=False)
        job = Job(PORTAL, policy, 7, mode, RULES, "2026-11-22T00:00:00Z", "nianbao-test/1.0", sample=sample)
        guard = Guard(PORTAL, policy)
        self.fetcher = Fetcher(lambda: self, guard, policy, job.limits, job.user_agent, ahead=ahead)
        made = Pass(job, pages, self.fetcher, guard, self)
        try:
            asyncio.run(made.run())
        finally:
            pages.close()
        self.widened = made.widened
        self.progress = made.progress

    async def download_async(self, request: Request) -> Response:
        turns = self.site.get(request.url)
        if isinstance(turns, tuple):
            turns = turns[min(self.asked.count(request.url), len(turns) - 1)]
        self.asked.append(request.url)
        return answer(turns, request)

    def tell(self, observation: Observation) -> None:
        self.told.append(observation)

    def capture(self, exchange: Exchange) -> str:
        self.captured.append(exchange)
        return str(len(self.captured))

    def capture_list(self, exchange: Exchange) -> str:
        self.lists.append(exchange)
        return str(len(self.lists))

    @property
    def sections(self) -> list[str]:
        return [one.url for one in self.told if isinstance(one, SectionRead)]

    @property
    def findings(self) -> list[str]:
        return [one.rule for one in self.told if isinstance(one, FindingSeen)]

    @property
    def page(self) -> PageRead:
        """What was told of `ONE`."""
        [one] = [one for one in self.told if isinstance(one, PageRead) and one.url == ONE]
        return one

    @property
    def file(self) -> AttachmentRead:
        [one] = [one for one in self.told if isinstance(one, AttachmentRead)]
        return one

    @property
    def parts(self) -> list[tuple[str, str]]:
        return [(part.url, part.reading) for part in self.page.parts]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def known_page(url: str = ONE, html: str = SITE[ONE], **more: Any) -> KnownPage:
    """A page as the record gives it that was last read with `html`."""
    found = read_page(Fetched(url, 200, "text/html", html.encode()), PORTAL, Markup(), Hint()).reports
    fields = {
        "url": url,
        "role": "primary",
        "body_hash": digest(html),
        "rules": RULES,
        "reports": tuple(KnownReport(number, one.text_hash) for number, one in enumerate(found, 1)),
    }
    return KnownPage(**{**fields, **more})


@pytest.fixture
def watch(tmp_path: Path) -> Any:
    def run(
        site: Mapping[str, Any], *known: KnownPage, mode: Mode = "full", ahead: float = 0.0, sample: bool = False
    ) -> Watch:
        return Watch(tmp_path, {**SITE, **site}, list(known), mode, ahead, sample)

    return run


# What a pass reads ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "missing", "sections"),
    [
        ({}, False, []),
        ({ONE: Reply("busy", 503)}, False, []),
        ({}, True, [SECTION]),
        ({ONE: None}, True, [SECTION]),
        ({ONE: None}, False, [SECTION]),
        ({ONE: NEWS}, False, [SECTION]),
    ],
    ids=["all there", "unreachable", "was missing", "still missing", "gone in this pass", "another page in this pass"],
)
def test_re_checking_reads_sections_where_a_report_is_missing(
    watch: Any, site: Any, missing: bool, sections: list[str]
) -> None:
    new = TWO.replace("30", "99")
    listed = {SECTION: SITE[SECTION].replace("</ul>", f'<li><a href="{new}">{title(2022)}</a></li></ul>')}
    found = watch(
        {**listed, new: report(2022), **site},
        known_page(missing=missing),
        known_page(TWO, SITE[TWO]),
        mode="recheck",
    )
    assert found.sections == sections
    assert (new in found.asked) == bool(sections), "what the sections list elsewhere is read too"


@pytest.mark.parametrize(
    ("mode", "pages"), [("full", [ONE, TWO]), ("recheck", [ONE, TWO]), ("discover", [ONE])], ids=str
)
def test_a_pass_of_whatever_mode_reads_what_is_missing(watch: Any, mode: Mode, pages: list[str]) -> None:
    found = watch({ONE: None}, known_page(missing=True), known_page(TWO, SITE[TWO]), mode=mode)
    assert [url for url in found.asked if url != SECTION] == pages
    assert found.sections == [SECTION]


def listed(url: str, year: int) -> tuple[tuple[str, str], ...]:
    """What the list says of a page as the record gives it."""
    return ((SECTION, title(year)),)


def sampled(watch: Any, site: Any, mode: Mode = "full", first: Any = None, second: Any = None) -> Watch:
    """A pass over a sample in which `ONE` is due and `TWO` is not."""
    pages = (
        known_page(**{"listed": listed(ONE, 2024), **(first or {})}),
        known_page(TWO, SITE[TWO], **{"due": False, "listed": listed(TWO, 2023), **(second or {})}),
    )
    return watch(site, *pages, mode=mode, sample=True)  # type: ignore[no-any-return]


@pytest.mark.parametrize("mode", ["full", "discover"])
def test_a_sample_reads_what_is_due_while_all_is_as_it_was(watch: Any, mode: Mode) -> None:
    found = sampled(watch, {}, mode)
    assert (found.sections, found.asked, found.widened) == ([SECTION], [SECTION, ONE], "")
    assert (found.progress.done, found.progress.total) == (2, 2)


NEW = TWO.replace("30", "99")
NEWLY = {NEW: report(2022), SECTION: SITE[SECTION].replace("</ul>", f'<li><a href="{NEW}">{title(2022)}</a></li></ul>')}
RENAMED = SITE[SECTION].replace(title(2023), title(2023) + "（修订）")
ONE_ROW = SITE[SECTION].replace(f'<li><a href="{TWO}">{title(2023)}</a></li>', "")
ELSEWHERE = ONE.replace("31", "77")


@pytest.mark.parametrize(
    ("site", "first", "second", "why"),
    [
        ({ONE: None}, {}, {}, f"gone: {ONE}"),
        ({ONE: NEWS}, {}, {}, f"other: {ONE}"),
        ({ONE: EDITED}, {}, {}, f"present: {ONE}"),
        ({ONE: Reply("", 301, {"Location": ELSEWHERE}), ELSEWHERE: report(2024)}, {}, {}, f"same: {ONE}"),
        (NEWLY, {}, {}, f"present: {NEW}"),
        ({SECTION: RENAMED}, {}, {}, f"listed as {title(2023) + '（修订）'!r}: {TWO}"),
        ({SECTION: ONE_ROW}, {}, {}, f"no longer listed: {TWO}"),
        ({}, {}, {"listed": ()}, f"listed as {title(2023)!r}: {TWO}"),
        ({}, {"missing": True}, {}, "a report is missing"),
        ({}, {}, {"missing": True}, "a report is missing"),
        ({}, {"reports": (), "body_hash": ""}, {}, f"present: {ONE}"),
    ],
    ids=[
        "gone", "another page", "edited", "leads elsewhere", "a new link", "renamed in the list", "off the list",
        "back in the list", "missing", "missing and not due", "a report where none was",
    ],
)  # fmt: skip
def test_a_sample_becomes_the_whole_as_soon_as_anything_is_not_as_it_was(
    watch: Any, site: Any, first: Any, second: Any, why: str
) -> None:
    found = sampled(watch, site, "full", first, second)
    assert found.widened == why
    assert {ONE, TWO} <= set(found.asked)


def test_what_discovery_finds_off_a_list_waits_for_the_next_full_pass(watch: Any) -> None:
    found = sampled(watch, {SECTION: ONE_ROW}, "discover")
    assert found.widened == ""
    assert TWO not in found.asked
    assert sampled(watch, NEWLY, "discover").widened == f"present: {NEW}"


def test_a_taken_down_report_that_is_back_makes_the_whole(watch: Any) -> None:
    text = known_page().reports[0].text_hash
    found = sampled(watch, {}, first={"own": False, "reports": (KnownReport(1, text, down=True),)})
    assert found.widened == f"same: {ONE}"


@pytest.mark.parametrize(
    ("site", "first"),
    [
        ({ONE: Reply("busy", 503)}, {}),
        ({ONE: Reply("no", 403)}, {}),
        ({ONE: None}, {"own": False}),
        ({ONE: Reply("", 301, {"Location": ELSEWHERE}), ELSEWHERE: report(2024)}, {"own": False}),
        ({SECTION: Reply("busy", 503)}, {}),
        ({**NEWLY, NEW: None}, {}),
    ],
    ids=[
        "unreachable",
        "blocked",
        "a former address",
        "a view that leads on",
        "no list",
        "a link that nobody can read",
    ],
)
def test_what_says_nothing_new_leaves_the_sample(watch: Any, site: Any, first: Any) -> None:
    found = sampled(watch, site, first=first)
    assert found.widened == ""
    assert TWO not in found.asked


def test_columns_that_name_a_page_in_several_ways_say_nothing_new(watch: Any) -> None:
    column = f"{SECTION}2024/"
    linked = SITE[SECTION].replace(
        "</ul>", f'</ul><div><a href="{column}">2024年</a><a href="{SECTION}2023/">2023年</a></div>'
    )
    short = f'<html><title>年报</title><ul><li><a href="{ONE}">{title(2024)[:-1]}…</a></li></ul></html>'
    found = sampled(watch, {SECTION: linked, column: short, f"{SECTION}2023/": SITE[SECTION]})
    assert len({one.title for one in found.told if isinstance(one, LinkListed) and one.url == ONE}) == 2
    assert found.widened == ""


def test_a_list_that_was_not_read_to_its_end_loses_nothing(watch: Any) -> None:
    rows = ONE_ROW.replace("</html>", f"{NEXT}</html>")
    found = sampled(watch, {SECTION: rows, f"{SECTION}p2.html": Reply("busy", 503)})
    assert [one.complete for one in found.told if isinstance(one, SectionRead)] == [False]
    assert found.widened == ""


def test_by_hand_everything_is_read_whether_due_or_not(watch: Any) -> None:
    found = watch({}, known_page(due=False), known_page(TWO, SITE[TWO], due=False))
    assert [url for url in found.asked if url != SECTION] == [ONE, TWO]


NEXT = '<div class="page"><a href="p2.html">下一页</a></div>'
ROWS = f'<li><a href="{ONE}">{title(2024)}</a></li>'


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (f'<html><ul><li><a href="{TWO}">{title(2023)}</a></li></ul></html>', ""),
        (Reply("busy", 503), "page 2: status 503"),
        (None, "page 2: status 404"),
        (Reply("", 302, {"Location": "/"}), "page 2: redirect"),
        (Reply("", 302, {"Location": "/error/404.html"}), "page 2: redirect"),
        (f"<html><ul>{ROWS}</ul></html>", "repeats an earlier one"),
        (Reply("<html><body><p>请输入验证码</p></body></html>"), "page 2: 请输入验证"),
        ("<html><body><ul></ul></body></html>", "page 2"),
    ],
    ids=["whole", "503", "404", "leads home", "leads to an error page", "page 1 again", "captcha", "nothing"],
)
def test_a_section_is_read_to_its_end_or_says_why_not(watch: Any, second: Any, reason: str) -> None:
    home = f'<html><body><ul><li><a href="{TWO}">{title(2023)}</a></li></ul></body></html>'
    site = {SECTION: f"<html><ul>{ROWS}</ul>{NEXT}</html>", f"{SECTION}p2.html": second, f"{HOST}/": home}
    found = watch({**site, f"{HOST}/error/404.html": home})
    [section] = [one for one in found.told if isinstance(one, SectionRead)]
    assert (section.first_page, section.complete, reason in section.reason) == (True, not reason, True), section.reason
    assert bool(section.reason) == bool(reason)


# Lists that change while they are read ---------------------------------------------------------------------------------

PAGE_TWO = f"{SECTION}p2.html"
REST = {year: f"{HOST}/nb/{year}01/t{year}0120_9.html" for year in range(2019, 2025)}
YEARS = {url: report(year) for year, url in REST.items()}


def rows(*years: int, more: str = "") -> str:
    listed = "".join(f'<li><a href="{REST[year]}">{title(year)}</a></li>' for year in years)
    return f"<html><title>年报</title><ul>{listed}</ul>{more}</html>"


def paged(*years: int) -> str:
    """A first page that leads on."""
    return rows(*years, more=NEXT)


def lists(watch: Any, first: Any, second: Any, *known: int, **more: Any) -> tuple[Watch, SectionRead, set[int]]:
    """A pass over a list of two pages that named `known` before; the section as told, and the years that it named now."""
    pages = (
        known_page(REST[year], YEARS[REST[year]], listed=((SECTION, title(year)),), **({"due": False} if more else {}))
        for year in known
    )
    found = watch({**YEARS, SECTION: first, PAGE_TWO: second}, *pages, **more)
    [section] = [one for one in found.told if isinstance(one, SectionRead)]
    named = [one.url for one in found.told if isinstance(one, LinkListed)]
    assert len(named) == len(set(named)) == section.links, "each is told once"
    return found, section, {year for year, url in REST.items() if url in named}


def read_as(found: Watch, section: SectionRead) -> list[str]:
    """What the list responses that stand behind a section were, in order."""
    return [found.lists[int(place) - 1].body.decode() for place in section.captures]


def test_a_list_that_did_not_change_is_asked_for_once(watch: Any) -> None:
    found, section, named = lists(watch, paged(2024, 2023), rows(2022), 2024, 2023, 2022)
    assert (section.complete, section.pages, named) == (True, 2, {2024, 2023, 2022})
    assert (found.asked.count(SECTION), found.asked.count(PAGE_TWO), len(found.asked)) == (1, 1, 5)
    assert (found.progress.done, found.progress.total) == (4, 4)


def test_an_entry_that_slides_to_a_page_already_read_is_found(watch: Any) -> None:
    """2024 is taken off page 1 after that was read: 2022 slides to page 1."""
    now = paged(2023, 2022)
    found, section, named = lists(watch, (paged(2024, 2023), now), rows(2021), 2024, 2023, 2022, 2021)
    assert (section.complete, section.reason, section.pages) == (True, "", 2)
    assert named == {2024, 2023, 2022, 2021}, "what either walk found is listed"
    assert read_as(found, section) == [now, rows(2021)], "evidence is the walk that is told"
    assert (found.progress.done, found.progress.total) == (6, 6)


def test_an_entry_that_slides_to_a_page_still_to_be_read_is_listed_once(watch: Any) -> None:
    """2024 is put on page 1 after that was read: 2022 slides to page 2, and the next pass finds 2024."""
    first = (paged(2023, 2022), paged(2024, 2023))
    found, section, named = lists(watch, first, rows(2022, 2021), 2023, 2022, 2021)
    assert (section.complete, named, found.asked.count(SECTION)) == (True, {2023, 2022, 2021}, 1)


def test_a_new_entry_among_lost_ones_is_found(watch: Any) -> None:
    """Pages that are read while 2024 is put on and 2020 taken off in between."""
    first = (paged(2023, 2020), paged(2024, 2023))
    found, section, named = lists(watch, first, (rows(2021), rows(2022, 2021)), 2023, 2022, 2021, 2020)
    assert (section.complete, named) == (True, {2024, 2023, 2022, 2021, 2020})
    assert REST[2024] in found.asked


@pytest.mark.parametrize("mode", ["full", "discover"])
def test_what_is_off_the_list_for_good_is_told_in_the_same_pass(watch: Any, mode: Mode) -> None:
    found, section, named = lists(watch, paged(2024, 2022), rows(2021), 2024, 2023, 2022, 2021, mode=mode)
    assert (section.complete, section.links, named) == (True, 3, {2024, 2022, 2021})
    assert (found.asked.count(SECTION), found.asked.count(PAGE_TWO)) == (2, 2)


def test_a_list_of_one_page_is_never_read_twice(watch: Any) -> None:
    found, section, named = lists(watch, rows(2024), None, 2024, 2023)
    assert (section.complete, named, found.asked.count(SECTION)) == (True, {2024}, 1)


def test_a_list_that_changes_faster_than_it_is_read_proves_nothing(watch: Any) -> None:
    """2022 slides from page 2 to page 1 after it was read, comes back to page 2, and slides again."""
    first = (paged(2024, 2023), paged(2020, 2023))
    _, section, named = lists(watch, first, rows(2021), 2024, 2023, 2022, 2021)
    assert (section.complete, section.first_page, section.reason) == (False, True, "it changed while it was read")
    assert named == {2024, 2023, 2021, 2020}


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (paged(2024, 2023), (rows(2021), Reply("busy", 503)), "read again: page 2: status 503"),
        ((paged(2024, 2023), Reply("busy", 503)), rows(2021), "read again: status 503"),
        ((paged(2024, 2023), None), rows(2021), "read again: status 404"),
    ],
    ids=["page 2 busy", "page 1 busy", "page 1 gone"],
)
def test_a_second_walk_that_fails_proves_nothing(watch: Any, first: Any, second: Any, reason: str) -> None:
    found, section, named = lists(watch, first, second, 2024, 2023, 2022, 2021)
    assert (section.complete, section.first_page, section.pages, section.reason) == (False, True, 2, reason)
    assert read_as(found, section) == [paged(2024, 2023), rows(2021)], "the walk that is told is the first"
    assert named == {2024, 2023, 2021}


def test_a_pass_that_is_stopped_before_the_second_walk_proves_nothing(watch: Any, monkeypatch: Any) -> None:
    again = Sections.again
    made: list[Pass] = []

    def stopped(self: Sections) -> list[Target]:
        made[0].stop("the service stops")
        return again(self)

    begin = Pass.__init__

    def begun(self: Pass, *given: Any) -> None:
        made.append(self)
        begin(self, *given)

    monkeypatch.setattr(Pass, "__init__", begun)
    monkeypatch.setattr(Sections, "again", stopped)
    found, section, _ = lists(watch, paged(2024, 2023), rows(2021), 2024, 2023, 2022, 2021)
    assert (section.complete, section.reason) == (False, "read again: the pass was stopped")
    assert found.asked == [SECTION, PAGE_TWO]


def test_a_pass_that_fails_in_the_second_walk_proves_nothing(watch: Any, monkeypatch: Any) -> None:
    told: list[Observation] = []
    again = Sections.again

    def broken(self: Sections) -> list[Target]:
        again(self)
        raise MemoryError

    monkeypatch.setattr(Watch, "tell", lambda self, one: told.append(one))
    monkeypatch.setattr(Sections, "again", broken)
    with pytest.raises(MemoryError):
        lists(watch, paged(2024, 2023), rows(2021), 2024, 2023, 2022, 2021)
    [section] = [one for one in told if isinstance(one, SectionRead)]
    assert (section.complete, section.first_page, section.reason) == (False, True, "not read again")


def test_an_entry_that_slid_leaves_the_sample(watch: Any) -> None:
    """A sample is as it was if the second walk finds what the first one missed; else everything is read."""
    known = 2024, 2023, 2022, 2021
    found, _, _ = lists(watch, (paged(2024, 2023), paged(2023, 2022)), rows(2021), *known, sample=True)
    assert (found.widened, REST[2022] in found.asked) == ("", False)
    found, _, _ = lists(watch, paged(2024, 2023), rows(2021), *known, sample=True)
    assert (found.widened, REST[2022] in found.asked) == (f"no longer listed: {REST[2022]}", True)


def test_columns_of_one_section_are_read_again_together(watch: Any) -> None:
    """An entry goes from one year's column to another's: the new one was read before, the old one after."""
    columns = [f"{SECTION}{year}/" for year in (2024, 2023)]
    index = rows(more="<div>" + "".join(f'<a href="{url}">{url[-5:-1]}年</a>' for url in columns) + "</div>")
    pages = [known_page(REST[year], YEARS[REST[year]], listed=((SECTION, title(year)),)) for year in (2024, 2023, 2022)]
    site = {SECTION: index, columns[0]: (rows(2024), rows(2024, 2022)), columns[1]: rows(2023)}
    found = watch({**YEARS, **site}, *pages)
    told = [one for one in found.told if isinstance(one, SectionRead)]
    assert [(one.url, one.complete, one.links) for one in told] == [
        (SECTION, True, 0), (columns[0], True, 2), (columns[1], True, 1)
    ]  # fmt: skip
    assert [found.asked.count(one.url) for one in told] == [2, 2, 2]


def test_a_list_that_an_interface_gives_is_read_again_from_its_first_page(watch: Any, monkeypatch: Any) -> None:
    """2022 is pinned to the top of gkmlpt's list after page 1 was read: as many rows as the interface says, and one twice."""
    shell = f"{HOST}/gkmlpt/index"
    interface = [f"{HOST}/gkmlpt/api/all/6?page={number}&sid=9" for number in (1, 2)]
    posts = {year: f"{HOST}/gkmlpt/content/1/{year}/post_{year}.html" for year in range(2021, 2025)}

    def articles(*years: int) -> str:
        found = [{"id": year, "title": title(year), "url": posts[year], "date": 1611100800} for year in years]
        return json.dumps({"classify": {"post_count": 4}, "articles": found})

    monkeypatch.setitem(globals(), "PORTAL", replaced(PORTAL, family="gkmlpt", sections=(f"{shell}#6",)))
    config = json.dumps({"SID": "9", "TREE": [{"id": 6, "name": "政府信息公开年报"}]})
    pages = [known_page(url, report(year), listed=((f"{shell}#6", title(year)),)) for year, url in posts.items()]
    site = {
        **{url: report(year) for year, url in posts.items()},
        shell: f"<script>window._CONFIG = {config}</script>",
        interface[0]: (articles(2024, 2023), articles(2022, 2024)),
        interface[1]: (articles(2023, 2021), articles(2023, 2021)),
    }
    found = watch(site, *pages)
    [section] = [one for one in found.told if isinstance(one, SectionRead)]
    assert (section.complete, section.reason, section.links) == (True, "", 4)
    assert [found.asked.count(url) for url in (shell, *interface)] == [2, 2, 2]
    assert [found.lists[int(place) - 1].url for place in section.captures] == [shell, *interface]


# Other hosts, and clocks -----------------------------------------------------------------------------------------------

CLONE = "http://clone.example/a.html"


def test_links_off_the_portals_hosts_are_told_and_not_followed(watch: Any) -> None:
    found = watch({SECTION: SITE[SECTION].replace(TWO, CLONE), CLONE: report(2023)})
    assert CLONE not in found.asked
    assert CLONE not in [one.url for one in found.told if isinstance(one, LinkListed)]
    assert "off_host_link" in found.findings


@pytest.mark.parametrize("lead", [Reply("", 302, {"Location": CLONE}), f"<script>location.href='{CLONE}'</script>"])
def test_redirects_off_the_portals_hosts_are_told_and_not_followed(watch: Any, lead: Any) -> None:
    found = watch({ONE: lead, CLONE: report(2024)}, known_page())
    assert CLONE not in found.asked
    assert found.page.reading == "blocked"
    assert [rule for rule in found.findings if rule.startswith("off_host")], "a finding"


@pytest.mark.parametrize("off", [-3600, 3600])
def test_the_portals_date_headers_tell_how_far_the_clock_is_off(watch: Any, off: int) -> None:
    dated = {
        url: Reply(html, headers={"Date": formatdate(time.time() + off, usegmt=True)}) for url, html in SITE.items()
    }
    assert watch(dated).fetcher.clock_offset == pytest.approx(off, abs=60)
    assert watch({}).fetcher.clock_offset is None


@pytest.mark.parametrize(
    ("ahead", "dated", "off"),
    [
        (30 * 86400, 30 * 86400, 0),  # a rehearsal whose servers play along
        (30 * 86400, 0, 0),  # one whose servers do not
        (30 * 86400, 86400, 86400),  # neither
        (3600, 3600, 3600),  # no rehearsal: the machine's clock is off
    ],
)
def test_in_a_rehearsal_both_presents_are_right(watch: Any, ahead: int, dated: int, off: int) -> None:
    """With `--now` servers may tell the machine's time, or the one that the command is told."""
    site = {u: Reply(h, headers={"Date": formatdate(time.time() + dated, usegmt=True)}) for u, h in SITE.items()}
    assert watch(site, ahead=ahead).fetcher.clock_offset == pytest.approx(off, abs=60)


# What a page says, and what is captured -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "reading", "captured"),
    [
        (None, "gone", True),
        (Reply(shown("<p>您访问的页面不存在</p>", "提示")), "gone", True),
        (NEWS, "other", True),
        (EDITED, "present", True),
        (report(2025), "present", True),
        (report(2024, head="<!-- 7 -->"), "present", False),
        (report(2024), "same", False),
        (Reply("no", 403), "blocked", False),
        (Reply("busy", 503), "unreachable", False),
    ],
    ids=["404", "soft 404", "another page", "edited", "the next year's", "noise", "the same", "blocked", "unreachable"],
)  # fmt: skip
def test_each_reading_that_counts_is_captured(watch: Any, now: Any, reading: str, captured: bool) -> None:
    found = watch({ONE: now}, known_page())
    assert (found.page.reading, bool(found.page.capture)) == (reading, captured)
    assert [one.url for one in found.captured if one.url == ONE] == [ONE] * captured


def test_a_page_that_shows_all_but_one_of_its_reports_is_captured(watch: Any) -> None:
    """What it still shows was read before; the response is what the other one's reading *gone* rests on."""
    before = known_page().reports
    found = watch({ONE: report(2024, head="<!-- 7 -->")}, known_page(reports=(*before, KnownReport(2, "of 2023"))))
    assert ([seen.report for seen in found.page.reports], found.page.reading) == ([None], "present")
    assert found.page.capture


def test_a_missing_report_that_is_back_as_it_was_is_captured(watch: Any) -> None:
    found = watch({ONE: report(2024, head="<!-- 7 -->")}, known_page(missing=True))
    assert [seen.report for seen in found.page.reports] == [None]
    assert found.page.capture


def test_bytes_already_read_are_not_parsed(watch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.page.reader.read_page", lambda *_: pytest.fail("parsed"))
    assert watch({}, known_page(), known_page(TWO, SITE[TWO]), mode="recheck").page.reading == "same"


@pytest.mark.parametrize(
    ("etag", "now", "reading", "marker"),
    [
        ('"v1"', Reply(SITE[ONE], headers={"ETag": '"v1"'}), "same", "status 304"),
        ("", Reply("", 304), "unreachable", "unasked"),
        ('"v1"', Reply("", 302, {"Location": "/elsewhere.html"}), "unreachable", "unasked"),
    ],
    ids=["304", "304 that nobody asked for", "304 behind a redirect, where nobody asked"],
)
def test_a_304_is_the_reading_that_the_response_had(
    watch: Any, etag: str, now: Reply, reading: str, marker: str
) -> None:
    site = {ONE: now, f"{HOST}/elsewhere.html": Reply("", 304)}
    found = watch(site, known_page(etag=etag)).page
    assert (found.reading, marker in found.marker) == (reading, True)


@pytest.mark.parametrize(
    ("target", "shows", "reading", "marker"),
    [
        ("/", NEWS, "gone", "home page"),
        ("/index.html", NEWS, "gone", "home page"),
        ("/", report(2025), "gone", "home page"),
        ("/error/404.html", NEWS, "gone", "404"),
        ("/nb/", None, "gone", "section"),
        ("/sso/login", NEWS, "blocked", ""),
        ("/elsewhere.html", report(2024), "same", ""),
        ("/elsewhere.html", EDITED, "present", ""),
        ("http://clone.example/a.html", report(2024), "blocked", "clone.example"),
    ],
)
@pytest.mark.parametrize("how", ["by HTTP", "by meta refresh", "by script"])
def test_where_a_page_leads_says_what_it_is(
    watch: Any, target: str, shows: str | None, reading: str, marker: str, how: str
) -> None:
    lead = {
        "by HTTP": Reply("", 302, {"Location": target}),
        "by meta refresh": f'<html><head><meta http-equiv="refresh" content="0;url={target}"></head></html>',
        "by script": f"<html><body><script>location.href='{target}'</script></body></html>",
    }[how]
    site = {ONE: lead} if shows is None else {ONE: lead, HOST + target: shows}
    found = watch(site, known_page()).page
    assert (found.reading, marker in found.marker) == (reading, True)


# Attachments ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "reading", "captured"),
    [
        (None, "gone", True),
        (Reply("", 410), "gone", True),
        (shown("<p>该文件不存在或已被删除</p>", "提示"), "gone", True),
        (NEWS, "other", True),
        (Reply("no", 403), "blocked", False),
        (Reply("busy", 503), "unreachable", False),
        ("", "unreachable", False),
        ("%PDF-1.4 as before", "same", False),
    ],
    ids=["404", "410", "soft 404", "another page", "blocked", "unreachable", "empty", "the same"],
)
def test_the_same_readings_hold_for_an_attachment(watch: Any, now: Any, reading: str, captured: bool) -> None:
    page = known_page(attachments=(Attachment(FILE, "附件.pdf", "document"),))
    file = KnownPage(url=FILE, role="attachment", body_hash=digest("%PDF-1.4 as before"), rules=RULES)
    found = watch({FILE: now}, page, file, mode="recheck").file
    assert (found.reading, bool(found.capture)) == (reading, captured)


# Articles of several pages --------------------------------------------------------------------------------------------

COUNTED = '<script>createPageHTML({}, 0, "t20250120_31", "html");</script>'
FURTHER = {
    SECOND: "<p>三、收到和处理政府信息公开申请情况</p><p>收到申请5件。</p>",
    THIRD: "<p>五、存在的主要问题及改进情况</p><p>一是不足。</p>",
}
ARTICLE = {ONE: report(2024, COUNTED.format(3)), **{url: shown(body, title(2024)) for url, body in FURTHER.items()}}


def known_article(**parts: dict[str, Any]) -> KnownPage:
    """As it was last read, whole; `parts`: what else is known of each."""
    known = [KnownPart(url, body_hash=digest(ARTICLE[url]), **parts.get(name, {})) for name, url in
             (("second", SECOND), ("third", THIRD))]  # fmt: skip
    return known_page(html=ARTICLE[ONE], reports=(KnownReport(1, "as it was"),), parts=tuple(known))


def test_an_article_is_read_whole(watch: Any) -> None:
    found = watch(ARTICLE)
    [seen] = found.page.reports
    assert [words in seen.report.text for words in ("公开规章", "收到申请5件", "一是不足")] == [True] * 3
    assert found.parts == [(SECOND, "present"), (THIRD, "present")]
    assert [part.body_hash for part in found.page.parts] == [digest(ARTICLE[url]) for url in (SECOND, THIRD)]
    assert all(part.capture for part in found.page.parts)
    assert [one.url for one in found.captured if one.url in ARTICLE] == [ONE, SECOND, THIRD]


def test_an_article_whose_parts_are_unchanged_is_the_same(watch: Any) -> None:
    found = watch(ARTICLE, known_article())
    assert (found.page.reading, found.parts) == ("same", [(SECOND, "same"), (THIRD, "same")])
    assert sorted(url for url in found.asked if url in ARTICLE) == sorted(ARTICLE), "each once"


def test_a_part_is_asked_for_changes_only(watch: Any) -> None:
    """A 304 is its bytes; where a redirect led there, it would be another page's."""
    tagged = {**ARTICLE, SECOND: Reply(ARTICLE[SECOND], headers={"ETag": '"2"'})}
    assert watch(tagged, known_article(second={"etag": '"2"'})).page.reading == "same"
    assert [part.etag for part in watch(tagged).page.parts] == ['"2"', ""]
    led = {
        **tagged,
        SECOND: Reply("", 302, {"Location": THIRD.replace("_2", "_9")}),
        THIRD.replace("_2", "_9"): tagged[SECOND],
    }
    assert [part.etag for part in watch(led).page.parts] == ["", ""]


@pytest.mark.parametrize("url", [SECOND, THIRD])
def test_an_edit_of_any_part_is_an_edit_of_the_report(watch: Any, url: str) -> None:
    found = watch({**ARTICLE, url: ARTICLE[url].replace("</p></div>", "另有说明。</p></div>")}, known_article())
    assert found.page.reading == "present"
    assert "另有说明" in found.page.reports[0].report.text
    assert "公开规章" in found.page.reports[0].report.text


@pytest.mark.parametrize(
    ("now", "reading", "counts"),
    [
        (Reply("busy", 503), "unreachable", False),
        (Reply("no", 403), "blocked", False),
        (Reply("<script>$_ts=window['$_ts'];$_ts.cd='x'</script>"), "blocked", False),
        (None, "unreachable", True),
        (Reply("", 410), "unreachable", True),
        (Reply(NEWS), "unreachable", True),
    ],
    ids=["unreachable", "blocked", "a challenge", "404", "410", "another page"],
)
@pytest.mark.parametrize("edited", [False, True])
def test_while_a_part_cannot_be_read_an_article_says_nothing(
    watch: Any, now: Any, reading: str, counts: bool, edited: bool
) -> None:
    """`counts`: the part's own reading, with its evidence, towards its being confirmed gone."""
    first = {ONE: ARTICLE[ONE].replace("公开规章", "公开文件")} if edited else {}
    found = watch({**ARTICLE, **first, SECOND: now}, known_article())
    assert (found.page.reading, found.page.reports) == (reading, ())
    assert found.page.marker.startswith("part 2: ")
    assert [(part.reading, bool(part.capture)) for part in found.page.parts if part.url == SECOND] == [
        ("gone", True)
    ] * counts


@pytest.mark.parametrize("status", [503, 403])
def test_a_new_article_waits_until_all_of_it_can_be_read(watch: Any, status: int) -> None:
    found = watch({**ARTICLE, THIRD: Reply("no", status)})
    assert (found.page.reading, found.page.reports) == ({503: "unreachable", 403: "blocked"}[status], ())


def test_a_part_that_was_never_there_is_left_out(watch: Any) -> None:
    site = {**ARTICLE, ONE: report(2024, COUNTED.format(4))}
    found = watch(site)
    assert (found.page.reading, found.parts[-1]) == ("present", (FOURTH, "gone"))
    assert "一是不足" in found.page.reports[0].report.text


@pytest.mark.parametrize("back", [False, True])
def test_a_part_that_was_confirmed_gone_is_left_out_until_it_is_back(watch: Any, back: bool) -> None:
    site = {**ARTICLE, SECOND: ARTICLE[SECOND] if back else None}
    known = known_article(second={"gone": True})
    found = watch(site, known)
    if not back:
        assert (found.page.reading, found.parts) == ("same", [(SECOND, "gone"), (THIRD, "same")])
        found = watch({**site, THIRD: ARTICLE[THIRD].replace("不足", "不够")}, known)
    assert found.page.reading == "present"
    assert ("收到申请5件" in found.page.reports[0].report.text) == back


def test_a_part_that_is_no_longer_linked_is_an_edit_at_once(watch: Any) -> None:
    found = watch({**ARTICLE, ONE: report(2024, COUNTED.format(2)), THIRD: None}, known_article())
    assert (found.page.reading, found.parts) == ("present", [(SECOND, "present")])
    assert "一是不足" not in found.page.reports[0].report.text
