"""What `nianbao portals check` makes of readings: verdicts, comparison with last time, places on a page, `verified` in a file."""

from pathlib import Path

import msgspec
import pytest

from crawler import families
from crawler.observation import PageRead, SectionRead
from crawler.page.model import Fetched
from crawler.page.provenance import provenance
from crawler.page.reader import read_page
from crawler.portal import BUILT_IN, Portal, PortalError, Selectors, parse_portal
from monitor.home import Home
from monitor.inspection import judge, memory
from monitor.inspection.model import LABELS, Compared, LinkFound, ReportFound, SectionFound
from monitor.portal_file import mark_verified, with_key

SECTION = "https://www.yunxi.gov.cn/nb/"


def reading(**given: object) -> SectionRead:
    plain = SectionRead(SECTION, SECTION, complete=True, first_page=True, pages=1, links=3)
    return msgspec.structs.replace(plain, **given)


def unread(kind: str, marker: str, status: int = 0) -> SectionRead:
    return reading(complete=False, first_page=False, links=0, reading=kind, reason=marker, status=status)


def report(**given: object) -> ReportFound:
    plain = ReportFound(f"{SECTION}1.html", "云溪县2024年年报", "云溪县", 2024, "2025-01-20", "云溪县", 3000, 200, 0)
    return msgspec.structs.replace(plain, **given)


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (reading(), "good"),
        (reading(links=0), "no reports"),
        (reading(links=0, is_report=True), "good"),
        (reading(complete=False, reason="page 2: time-out"), "incomplete"),
        (unread("gone", "status 404", 404), "section gone"),
        (unread("gone", "您访问的页面不存在", 200), "section gone"),
        (unread("gone", "redirect to the home page", 200), "section gone"),
        (unread("blocked", "redirect to www.other.gov.cn"), "section gone"),
        (unread("blocked", "redirect to /login", 200), "refused"),
        (unread("blocked", "robots"), "closed by robots.txt"),
        (unread("blocked", "status 403", 403), "refused"),
        (unread("blocked", "status 412", 412), "challenge"),
        (unread("blocked", "challenge $_ts", 200), "challenge"),
        (unread("blocked", "status 521", 521), "challenge"),
        (unread("unreachable", "DNS"), "no answer"),
        (unread("unreachable", "status 503", 503), "no answer"),
        (unread("unreachable", "DownloadFailedError: closed"), "no answer"),
    ],
)
def test_a_section_by_its_reading(seen: SectionRead, verdict: str) -> None:
    found = judge.section(SECTION, [seen])
    assert found.judged.verdict == verdict
    assert bool(found.judged.remedy) == (verdict != "good")
    assert seen.reason in found.judged.why


def test_years_that_do_not_exist_are_no_fault_unless_none_does() -> None:
    absent = reading(url=f"{SECTION}2011/", absent=True, links=0, reading="gone")
    assert judge.section(SECTION, [reading(url=f"{SECTION}2024/"), absent]).judged.verdict == "good"
    assert judge.section(SECTION, [absent, absent]).judged.verdict == "section gone"


def test_year_columns_are_counted_beside_the_section() -> None:
    found = judge.section(SECTION, [reading(links=0), reading(url=f"{SECTION}2024/", linked=True, links=2)])
    assert (found.judged.verdict, found.columns, found.links) == ("good", 1, 2)


def whole(*sections: SectionFound, reports: int = 3, pages: tuple[PageRead, ...] = (), lost: int = 0) -> str:
    links = tuple(LinkFound(f"{SECTION}{number}.html", "年报") for number in range(lost))
    compared = Compared("2026-01-01T00:00:00Z", "record", 9, 0, links)
    return judge.portal(sections, [report()] * reports, pages, compared).verdict


def test_the_worst_section_decides() -> None:
    good = judge.section(SECTION, [reading()])
    order = [
        judge.section(SECTION, [seen])
        for seen in (reading(complete=False), unread("gone", "status 404"), unread("blocked", "robots"))
    ]
    for worse in order:
        assert whole(good, worse) == worse.judged.verdict
    assert whole(*order) == "closed by robots.txt"
    assert whole() == "no answer"


def test_links_that_lead_to_no_report() -> None:
    good = judge.section(SECTION, [reading()])
    other = PageRead(f"{SECTION}1.html", "other", marker="a list")
    assert whole(good, reports=0, pages=(other,)) == "not reports"
    assert whole(good, reports=1, pages=(other,)) == "good"
    assert (
        whole(good, reports=0, pages=(PageRead(f"{SECTION}1.html", "blocked", marker="status 403", status=403),))
        == "refused"
    )
    assert (
        whole(good, reports=0, pages=(PageRead(f"{SECTION}1.html", "gone", marker="status 404", status=404),))
        == "not reports"
    )


def test_fewer_than_before() -> None:
    assert whole(judge.section(SECTION, [reading()]), lost=2) == "fewer than before"


def test_every_verdict_has_a_label_and_all_but_good_a_remedy() -> None:
    assert all(judge.judged(verdict).remedy for verdict in LABELS if verdict != "good")


def test_what_a_report_lacks() -> None:
    assert judge.missing(report(), 50, 0) == ()
    bare = report(year=None, organ="", published_on="", characters=20, figures=0)
    said = judge.missing(bare, 0, 0)
    assert [part.split(" ")[0] for part in said] == ["year", "organ", "date", "text"]
    assert judge.missing(report(figures=0), 0, 4) == ("figures: its tables are pictures",)
    assert judge.missing(report(figures=0, year=2016), 0, 0) == ()


LINKS = tuple(
    LinkFound(f"{SECTION}t2025012{number}_1.html", f"年报{number}", year=2020 + number) for number in range(4)
)


def test_compared_with_last_time(tmp_path: Path) -> None:
    assert memory.last_check(tmp_path / "checks", "yunxi") is None
    memory.keep(tmp_path / "checks", "yunxi", memory.Seen("2026-01-01T00:00:00Z", LINKS))
    before = memory.last_check(tmp_path / "checks", "yunxi")
    assert before is not None
    moved = LinkFound(LINKS[0].url.replace("https://www.", "http://"), "年报")  # the same page
    now = (moved, *LINKS[2:], LinkFound(f"{SECTION}new.html", "年报"))
    compared = memory.compare(before, now, False, complete=True)
    assert (compared.before, compared.new, compared.lost) == (4, 1, (LINKS[1],))
    assert memory.compare(before, now, False, complete=False).lost == ()
    (tmp_path / "checks" / "yunxi.json").write_text("{")
    assert memory.last_check(tmp_path / "checks", "yunxi") is None


PAGE = """<html><head><title>某某网</title><meta name="PubDate" content="2025-01-20 10:00"></head><body>
<h1 class="bt">云溪县人民政府2024年政府信息公开工作年度报告</h1><p class="xx">来源：县政府办公室 浏览次数：12</p>
<div id="nr"><p>一、总体情况</p><p>{words}</p><p>二、主动公开政府信息情况</p>
<p>三、收到和处理政府信息公开申请情况</p></div></body></html>"""


def places(selectors: Selectors, page: str = PAGE) -> dict[str, str]:
    html = page.format(words="本年度主动公开政府信息若干条。" * 20)
    portal = Portal("yunxi", "云溪县", "generic", (SECTION,), selectors=selectors)
    fetched = Fetched(f"{SECTION}1.html", 200, "text/html; charset=utf-8", html.encode())
    (seen,) = read_page(fetched, portal, families.markup_of(portal)).reports
    return dict(msgspec.to_builtins(provenance(html, fetched.url, portal, seen)))


def test_where_on_a_page_things_stand() -> None:
    found = places(Selectors())
    assert found == {
        "title": "selector h1",
        "date": "meta PubDate",
        "source": "a line of the page",
        "body": "selector #nr",
    }
    assert places(Selectors(title="h1.bt", source="p.xx"))["title"] == "selector h1.bt"
    assert places(Selectors(source="p.xx"))["source"] == "selector p.xx"
    assert places(Selectors(), PAGE.replace("PubDate", "X"))["date"] == ""


def test_nothing_stands_on_what_is_no_page() -> None:
    portal = Portal("yunxi", "云溪县", "generic", (SECTION,))
    html = PAGE.format(words="本年度。" * 50)
    (seen,) = read_page(Fetched(SECTION, 200, "text/html", html.encode()), portal, families.markup_of(portal)).reports
    assert provenance("", SECTION, portal, seen) is not None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            'title = "甲"\nverified = ""\n[policy]\ndelay = 1.0\n',
            'title = "甲"\nverified = "D"\n[policy]\ndelay = 1.0\n',
        ),
        ('title = "甲"\nverified  = "2020-01-01" # 旧\n', 'title = "甲"\nverified  = "D"\n'),
        ('title = "甲"', 'title = "甲"\nverified = "D"\n'),
        ('title = "甲"\n\n[policy]\nverified = 1\n', 'title = "甲"\nverified = "D"\n\n[policy]\nverified = 1\n'),
        ("", 'verified = "D"\n'),
    ],
)
def test_a_key_is_set_where_it_belongs(text: str, wanted: str) -> None:
    assert with_key(text, "verified", '"D"') == wanted


def test_verified_goes_into_a_copy_of_the_built_in_file(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert mark_verified(home, "linhai", "2026-11-22")
    own = tmp_path / "portals" / "linhai.toml"
    assert parse_portal("linhai", own.read_text("utf-8"), families.names()).verified == "2026-11-22"
    before = (BUILT_IN / "linhai.toml").read_text("utf-8")
    assert [line for line in own.read_text("utf-8").splitlines() if not line.startswith("verified")] == [
        line for line in before.splitlines() if not line.startswith("verified")
    ]
    assert not mark_verified(home, "linhai", "2026-11-22")
    own.write_text("title = ", "utf-8")
    with pytest.raises(PortalError):
        mark_verified(home, "linhai", "2026-11-23")
    assert own.read_text("utf-8") == "title = "
