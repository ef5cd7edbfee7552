"""Every built-in portal against its saved pages (tests/portals/NAME): what its lists and its reports must yield.

A portal without saved pages fails. The pages have their family's markup and words of our own; `expected.json` was
written from what the pages were made to say, not from what the program read.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crawler import families
from crawler.families.base import Listing, Step
from crawler.page.model import Fetched, Hint
from crawler.page.reader import read_page
from crawler.page.text import Table, parse
from crawler.portal import BUILT_IN, Portal, parse_portal

PORTALS = sorted(path.stem for path in BUILT_IN.glob("*.toml"))
SAVED = Path(__file__).parents[1] / "portals"
THIS_YEAR = 2026


class Case(msgspec.Struct, frozen=True):
    """A saved page: of which portal, and what it must yield."""

    portal: str
    what: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.portal}-{self.what['file']}"

    @property
    def body(self) -> bytes:
        return (SAVED / self.portal / self.what["file"]).read_bytes()


def load(name: str) -> Portal:
    return parse_portal(name, (BUILT_IN / f"{name}.toml").read_text("utf-8"), families.names())


def expected(name: str) -> dict[str, Any]:
    path = SAVED / name / "expected.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def cases(kind: str) -> list[Case]:
    return [Case(name, what) for name in PORTALS for what in expected(name).get(kind, ())]


@pytest.mark.parametrize("name", PORTALS)
def test_every_portal_has_its_saved_pages(name: str) -> None:
    wanted = expected(name)
    assert wanted.get("sections"), f"{name}: save a list page under tests/portals/{name}/ and tell what it must yield"
    assert wanted.get("reports"), f"{name}: save a report page under tests/portals/{name}/ and tell what it must yield"
    named = {"expected.json", *(what["file"] for kind in ("sections", "reports") for what in wanted[kind])}
    named |= {what["then"]["file"] for what in wanted["sections"] if "then" in what}
    assert named == {path.name for path in (SAVED / name).iterdir()}


def test_no_saved_page_is_left_without_its_portal() -> None:
    assert sorted(path.name for path in SAVED.iterdir()) == PORTALS


@pytest.mark.parametrize("name", PORTALS)
def test_saved_sections_belong_to_the_portal(name: str) -> None:
    portal = load(name)
    for what in expected(name)["sections"]:
        starts = {section.partition("{year}")[0].partition("#")[0] for section in portal.sections}
        assert any(what["url"].startswith(start) for start in starts)


@pytest.mark.parametrize("case", cases("sections"), ids=str)
def test_lists(case: Case) -> None:
    family = families.get(load(case.portal).family)
    what = case.what
    step = Step(what["url"], number=what.get("number", 0))
    page = read_list(case, what, step)
    if "then" in what:
        (following,) = page.next
        read_list(case, what["then"], following)
    assert family.first(what["url"]).url == what["url"].partition("#")[0]


def read_list(case: Case, what: dict[str, Any], step: Step) -> Any:
    portal = load(case.portal)
    text = (SAVED / case.portal / what["file"]).read_text("utf-8")
    section = case.what["url"]
    listing = Listing(step.url, text, step, section=section, year=what.get("year"), this_year=THIS_YEAR)
    page = families.get(portal.family).read(msgspec.structs.replace(listing, selectors=portal.selectors))
    assert not page.problem
    found = [{"url": link.url, "title": link.title, "kind": link.kind, "date": link.date} for link in page.links]
    key = lambda link: str(link["url"])  # noqa: E731
    assert sorted(found, key=key) == sorted(what["links"], key=key)
    # A POST's address may carry parameters of its own: the path is what leads on.
    assert [next_.url if next_.form is None else next_.url.partition("?")[0] for next_ in page.next] == what["next"]
    assert [{"url": column.url, "year": column.year} for column in page.columns] == what["columns"]
    if "expected" in what:
        assert page.expected == what["expected"]
    return page


@pytest.mark.parametrize("case", cases("reports"), ids=str)
@pytest.mark.parametrize("hinted", [True, False], ids=["hinted", "bare"])
def test_reports(case: Case, hinted: bool) -> None:
    portal, what = load(case.portal), case.what
    hint = Hint(what["title"], what["published_on"]) if hinted else Hint()
    fetched = Fetched(what["url"], 200, "text/html; charset=utf-8", case.body)
    page = read_page(fetched, portal, families.markup_of(portal), hint)
    assert page.state == "present"
    (report,) = page.reports
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
    assert not [finding for finding in report.findings if finding.severity == "error"]


def trailing(prose: list[str], what: dict[str, Any]) -> int:
    """A linked document's line may close the body: 1 if it does."""
    documents = [item for item in what["attachments"] if item["kind"] == "document"]
    return int(bool(documents) and prose[-1].endswith((".pdf", ".docx")))


@pytest.mark.parametrize("name", [name for name in PORTALS if len(expected(name).get("reports", ())) > 1])
def test_views_of_one_report_say_the_same(name: str) -> None:
    portal = load(name)
    hashes = set()
    for what in expected(name)["reports"]:
        body = (SAVED / name / what["file"]).read_bytes()
        page = read_page(Fetched(what["url"], 200, "text/html", body), portal, families.markup_of(portal))
        hashes |= {report.text_hash for report in page.reports}
    assert len(hashes) == 1
