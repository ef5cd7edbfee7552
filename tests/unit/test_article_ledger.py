"""Articles of several pages in the record: when a further part counts as gone for good, and where the captures are."""

import hashlib
from typing import Any

import msgspec
import pytest

from crawler.observation import (
    KNOWN,
    KnownPage,
    LinkListed,
    PageRead,
    PartRead,
    ReportSeen,
    RunSummary,
    SectionRead,
)
from crawler.run_folder import Exchange, RunWriter
from monitor.archive import article_parts
from monitor.times import shift
from tests.conftest import HOST, SECTION, History, make_report

FIRST = f"{HOST}/art/2024.html"
SECOND, THIRD = f"{HOST}/art/2024_1.html", f"{HOST}/art/2024_2.html"
DAY = 24.0


class Article:
    """A portal of one report that goes on at two further addresses."""

    def __init__(self, site: History) -> None:
        self.site = site
        self.report = make_report(2024)

    def turn(
        self, second: str = "present", hours: float = DAY, complete: bool = True, clock: float | None = None
    ) -> list[str]:
        """One pass that reads the second part as `second`. The kinds of its events."""
        site = self.site
        site.now = shift(site.now, hours * 3600)
        crawl = site.brief()
        writer = RunWriter(site.folder)
        writer.tell(LinkListed(SECTION, SECTION, FIRST, self.report.title, "report"))
        writer.tell(SectionRead(SECTION, SECTION, complete, True, pages=1, links=1, status=200))
        whole = second == "present"
        captures = [
            writer.capture(Exchange(url, 200, (("Content-Type", "text/html"),), url.encode()))
            for url in (FIRST, SECOND, THIRD)
            if whole
        ] or [""] * 3
        parts = tuple(
            PartRead(url, reading, f'"{url[-6]}"', body_hash=hashlib.sha256(url.encode()).hexdigest(), capture=capture)  # type: ignore[arg-type]
            for url, reading, capture in ((SECOND, second, captures[1]), (THIRD, "present", captures[2]))
        )
        seen = ReportSeen(self.report.text_hash, self.report)
        writer.tell(
            PageRead(
                FIRST,
                "present" if whole else "unreachable",
                status=200,
                body_hash=hashlib.sha256(FIRST.encode()).hexdigest(),
                capture=captures[0],
                reports=(seen,) if whole else (),
                parts=parts,
            )
        )
        writer.finish(RunSummary("linhai", crawl, "full", "ok", site.now, site.now, 1, 1, 1, 0, clock))
        return [event.kind for event in site.settle()]

    def known(self) -> KnownPage:
        """What the next pass is told of the article."""
        self.site.brief()
        (page,) = (
            msgspec.json.decode(line, type=KnownPage) for line in (self.site.folder / KNOWN).read_bytes().splitlines()
        )
        return page

    @property
    def confirmed(self) -> bool:
        """The second part is taken for gone, and the page must be read anew."""
        page = self.known()
        assert page.parts[0].gone == (page.body_hash == "")
        return page.parts[0].gone


@pytest.fixture
def article(make_history: Any) -> Article:
    made = Article(make_history())
    assert made.turn()[-1] == "baseline"
    return made


def test_the_next_pass_knows_the_parts_as_they_were_read(article: Article) -> None:
    page = article.known()
    assert [part.etag for part in page.parts] == ['"1"', '"2"']
    assert [part.url for part in page.parts] == [SECOND, THIRD]
    assert [part.body_hash for part in page.parts] == [
        hashlib.sha256(url.encode()).hexdigest() for url in (SECOND, THIRD)
    ]


def test_a_part_is_confirmed_gone_like_an_attachment(article: Article) -> None:
    for confirmed in (False, False, True):
        assert article.turn("gone") == []
        assert article.confirmed == confirmed
    assert article.known().parts[1].gone is False


def test_its_readings_are_consecutive(article: Article) -> None:
    for second in ("gone", "gone", "present", "gone", "gone"):
        assert article.turn(second) == []
    assert not article.confirmed
    article.turn("gone")
    assert article.confirmed


@pytest.mark.parametrize("between", ["blocked", "unreachable"])
def test_what_neither_counts_nor_resets(article: Article, between: str) -> None:
    for second in ("gone", between, between, between, "gone"):
        article.turn(second)
    assert not article.confirmed
    article.turn("gone")
    assert article.confirmed


def test_they_span_takedown_after(article: Article) -> None:
    for _ in range(5):
        article.turn("gone", hours=1)
    assert not article.confirmed
    article.turn("gone", hours=20)
    assert article.confirmed


def test_each_in_a_healthy_pass(article: Article) -> None:
    for _ in range(5):
        article.turn("gone", complete=False)
    assert not article.confirmed


def test_with_a_wrong_clock_it_waits(article: Article) -> None:
    for _ in range(5):
        article.turn("gone", clock=4000.0)
    assert not article.confirmed
    article.turn("gone")
    assert not article.confirmed, "no time has passed that anybody could tell"
    article.turn("gone")
    assert article.confirmed


def test_a_wrong_clock_confirms_nothing(article: Article) -> None:
    for clock in (None, None, 4000.0):
        article.turn("gone", clock=clock)
    assert not article.confirmed
    article.turn("gone")
    assert article.confirmed


def test_a_capture_of_each_part_stands_by_the_first_ones(article: Article) -> None:
    site = article.site
    ref = site.versions(2024)[0].archive_ref
    parts = article_parts(site.store, ref)
    assert [part["url"] for part in parts] == [SECOND, THIRD]
    assert len({ref, *(part["archive_ref"] for part in parts)}) == 3
