"""Every built-in portal: its file by the rules of the fleet, and what its saved pages (tests/portals/NAME) must yield.

A portal without saved pages fails. The pages have their family's markup and words of our own; `expected.json` was
written from what the pages were made to say, not from what the program read. tests/portal_pages.py says what may stand
in it.
"""

import re
import tomllib
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from crawler import families
from crawler.families.base import Listing, ListPage, Step
from crawler.page.decode import decode
from crawler.page.model import Fetched, Hint, Page, Report
from crawler.page.reader import read_page
from crawler.page.text import Table, parse
from monitor import figures
from tests import portal_table
from tests.portal_pages import KEYS, PORTALS, SAVED, Case, expected, files_of, load, same_address, sent, source_of

THIS_YEAR = 2026
LARGEST = 60_000
LARGER = {"beijing": "a whole report as Word leaves it"}
STATE = "000000"
"""Departments of the State Council belong to no province."""
each = pytest.mark.parametrize("name", PORTALS)


def cases(kind: str) -> list[Case]:
    return [Case(name, what) for name in PORTALS for what in expected(name).get(kind, ())]


# --- the files ----------------------------------------------------------------------------------------------------------


@each
def test_a_file_says_how_sure_its_addresses_are(name: str) -> None:
    comment = re.match(r"(?:# .*\n)+", source_of(name))
    assert comment, f"{name}.toml: begin with a comment that says where its addresses are from"
    words = " ".join(line.removeprefix("# ") for line in comment[0].splitlines())
    assert re.search(r"\b(?:seen|inferred)\b", words, re.I), (
        f"{name}.toml: say whether its addresses were seen or inferred"
    )
    portal = load(name)
    assert portal.verified or "not checked" in words.lower(), (
        f"{name}.toml: verified is empty: say that nobody checked it"
    )
    assert portal.enabled or "Missing:" in words, f"{name}.toml: it is off: say what is missing"


@each
def test_a_file_is_complete(name: str) -> None:
    portal, written = load(name), tomllib.loads(source_of(name))
    assert {"title", "family", "sections", "organ", "region", "level", "verified"} <= written.keys()
    assert re.fullmatch(r"\d{6}", portal.region)
    assert portal.region[:2] in portal_table.PROVINCES
    assert portal.region[:2] != "00" or portal.region == STATE
    if portal.level == "province":
        assert portal.region.endswith("0000")
    if portal.level == "prefecture":
        assert portal.region.endswith("00")
    if portal.level in ("county", "township"):
        assert not portal.region.endswith("0000")
    assert not portal.organ or portal.organ in {organ.name for organ in portal.organs}, "nobody would miss its report"
    assert all(organ.kind for organ in portal.organs)
    for host in portal.allowed_hosts:
        assert host.removeprefix("www.") not in {own.removeprefix("www.") for own in portal.hosts}, (
            "it is its own already"
        )


@each
def test_a_portal_is_a_government_s(name: str) -> None:
    portal = load(name)
    assert all(host.endswith(".gov.cn") for host in (*portal.hosts, *portal.allowed_hosts))


@each
def test_a_section_is_asked_for_in_the_clear_only_where_it_must_be(name: str) -> None:
    if any(section.startswith("http:") for section in load(name).sections):
        assert "http only" in source_of(name).lower(), (
            f"{name}.toml: write https://, or say in the comment that it answers HTTP only"
        )


def test_no_two_portals_are_the_same() -> None:
    portals = [load(name) for name in PORTALS]
    titles = [portal.title for portal in portals]
    assert len(set(titles)) == len(titles)
    sections = [
        urlsplit(section)._replace(scheme="").geturl().replace("//www.", "//").removesuffix("/index.html").rstrip("/")
        for portal in portals
        for section in portal.sections
    ]
    assert len(set(sections)) == len(sections)


def test_every_family_has_a_portal_or_a_reason() -> None:
    without = families.names() - {load(name).family for name in PORTALS}
    assert without <= set()


def test_the_table_of_portals_is_current() -> None:
    assert portal_table.PAGE.read_text("utf-8") == portal_table.text(), "run `make portals-table`"


@each
def test_the_table_names_a_portal_s_region_and_sections(name: str) -> None:
    portal, line = load(name), portal_table.row(load(name))
    assert all(f"`{section}`" in line for section in portal.sections)
    assert portal_table.sure(name) in ("seen", "inferred")
    assert portal_table.PROVINCES[portal.region[:2]]
    assert line.count("|") == 9, "a bar in a cell would break the table"


# --- the saved pages ----------------------------------------------------------------------------------------------------


@each
def test_every_portal_has_its_saved_pages(name: str) -> None:
    wanted = expected(name)
    assert wanted.get("sections"), f"{name}: save a list page under tests/portals/{name}/ and tell what it must yield"
    assert wanted.get("reports"), f"{name}: save a report page under tests/portals/{name}/ and tell what it must yield"
    assert {"expected.json", *files_of(wanted)} == {path.name for path in (SAVED / name).iterdir()}


@each
def test_expectations_hold_no_unknown_key(name: str) -> None:
    for kind, known in KEYS.items():
        for what in expected(name).get(kind, ()):
            assert what.keys() <= known, f"{name}: {kind}: {sorted(what.keys() - known)}"


def test_no_saved_page_is_left_without_its_portal() -> None:
    assert sorted(path.name for path in SAVED.iterdir()) == PORTALS


@each
def test_saved_pages_are_no_larger_than_needed(name: str) -> None:
    for path in (SAVED / name).iterdir():
        assert path.stat().st_size <= LARGEST or name in LARGER, f"{path.name}: {path.stat().st_size} bytes"
    if name in LARGER:
        assert max(path.stat().st_size for path in (SAVED / name).iterdir()) > LARGEST, "it is no exception any more"


@each
def test_saved_sections_belong_to_the_portal(name: str) -> None:
    portal = load(name)
    for what in expected(name)["sections"]:
        starts = {section.partition("{year}")[0].partition("#")[0] for section in portal.sections}
        assert any(what["url"].startswith(start) for start in starts)


# --- what lists say -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("sections"), ids=str)
def test_lists(case: Case) -> None:
    family = families.get(load(case.portal).family)
    what = case.what
    first = family.first(what["url"])
    assert first.url == what["url"].partition("#")[0]
    step = msgspec.structs.replace(first, number=what["number"]) if what.get("number") else first
    follow(case, what, step)


def follow(case: Case, what: dict[str, Any], step: Step, before: ListPage | None = None) -> None:
    """Reads a saved answer to `step`, and the saved answers to what it leads on to."""
    page = read_list(case, what, step, before)
    answers = what.get("then") or ()
    if not isinstance(answers, list):
        answers = [answers] if answers else []
    if answers:
        assert len(answers) == len(page.next)
    for answer, onward in zip(answers, page.next, strict=False):
        if answer is not None:
            follow(case, answer, onward, page)


def read_list(case: Case, what: dict[str, Any], step: Step, before: ListPage | None) -> ListPage:
    portal = load(case.portal)
    text = decode((SAVED / case.portal / what["file"]).read_bytes(), what.get("content_type", "text/html"))
    listing = Listing(
        what.get("url") or step.url, text, step, section=case.what["url"], year=case.what.get("year"),
        this_year=THIS_YEAR, annual=bool(before and before.annual), pages=before.pages if before else None,
        selectors=portal.selectors,
    )  # fmt: skip
    page = families.get(portal.family).read(listing)
    assert (what["problem"] in page.problem) if "problem" in what else not page.problem
    found = [{"url": link.url, "title": link.title, "kind": link.kind, "date": link.date} for link in page.links]
    key = lambda link: str(link["url"])  # noqa: E731
    assert sorted(found, key=key) == sorted(what["links"], key=key)
    assert len(page.next) == len(what["next"])
    assert [same_address(onward, wanted) for onward, wanted in zip(page.next, what["next"], strict=True)] == what[
        "next"
    ]
    for onward, fields in zip(page.next, what.get("sends", ()), strict="sends" in what):
        assert (fields or {}).items() <= sent(onward).items()
    assert [{"url": column.url, "year": column.year} for column in page.columns] == what["columns"]
    assert page.refresh == what.get("refresh", "")
    for name in ("expected", "pages"):
        if name in what:
            assert getattr(page, name) == what[name]
    return page


# --- what reports say ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("reports"), ids=str)
@pytest.mark.parametrize("hinted", [True, False], ids=["hinted", "bare"])
def test_reports(case: Case, hinted: bool) -> None:
    what = case.what if hinted else {**case.what, **case.what.get("bare", {})}
    page = read(
        case,
        Hint(**{"title": what["title"], "date": what["published_on"], **what.get("hint", {})}) if hinted else Hint(),
    )
    assert page.state == "present"
    report = page.reports[what.get("part", 0)]
    assert len(page.reports) == len({other["part"] for other in parts_of(case)} if "part" in what else [report])
    assert report.title == what["title"]
    assert report.organ == what["organ"]
    assert report.year == what["year"]
    assert report.source == what["source"]
    assert report.published_on == what["published_on"]
    blocks = parse(report.text)
    prose = ["".join(block.split()) for block in blocks if not isinstance(block, Table)]
    assert prose[0] == "".join(what["first"].split())
    assert prose[-1 - trailing(prose, what)] == "".join(what["last"].split())
    assert sum(isinstance(block, Table) for block in blocks) == what["tables"]
    found = [{"url": item.url, "kind": item.kind} for item in report.attachments]
    assert found == what["attachments"]
    findings = [*report.findings, *page.findings]
    wanted = set(what.get("findings", ()))
    assert wanted <= {finding.rule for finding in findings}
    assert not [finding for finding in findings if finding.severity == "error" and finding.rule not in wanted]


@pytest.mark.parametrize("case", [case for case in cases("reports") if "figures" in case.what], ids=str)
def test_figures(case: Case) -> None:
    what = case.what
    report = read(case).reports[what.get("part", 0)]
    said = figures.extract(report.text)
    values = {figure.field: figure.value for figure in said.figures}
    if what["figures"]:
        assert {code: values.get(code, "no such cell") for code in what["figures"]} == what["figures"]
        assert len(said.problems) == what.get("problems", 0), said.problems
    else:
        assert values == {}
    if "form" in what:
        assert said.form == what["form"]


@pytest.mark.parametrize("case", cases("pages"), ids=str)
def test_pages_that_are_no_report(case: Case) -> None:
    page, what = read(case), case.what
    assert page.state == what["state"]
    assert what.get("marker", "") in page.marker
    assert page.refresh == what.get("refresh", "")


def read(case: Case, hint: Hint = Hint()) -> Page:  # noqa: B008 (frozen)
    portal, what = load(case.portal), case.what
    fetched = Fetched(what["url"], what.get("status", 200), what.get("content_type", "text/html"), case.body)
    return read_page(fetched, portal, families.markup_of(portal), hint)


def parts_of(case: Case) -> list[dict[str, Any]]:
    """All expectations of the page that `case` belongs to."""
    return [what for what in expected(case.portal)["reports"] if what["file"] == case.what["file"]]


def trailing(prose: list[str], what: dict[str, Any]) -> int:
    """Lines of linked documents that close the body."""
    documents = sum(item["kind"] == "document" for item in what["attachments"])
    ending = (".pdf", ".docx", ".doc", ".wps", ".xls", ".xlsx", ".ofd", ".rtf", ".zip", ".rar")
    count = 0
    while count < documents and prose[-1 - count].lower().endswith(ending):
        count += 1
    return count


@pytest.mark.parametrize("case", [case for case in cases("reports") if "same_as" in case.what], ids=str)
def test_views_of_one_report_say_the_same(case: Case) -> None:
    (other,) = [what for what in expected(case.portal)["reports"] if what["file"] == case.what["same_as"]]
    assert only(read(case)).text_hash == only(read(Case(case.portal, other))).text_hash


def only(page: Page) -> Report:
    (report,) = page.reports
    return report
