"""The scout on the saved pages of every built-in portal (tests/portals/NAME), as if nobody had described it."""

from collections.abc import Iterator

import msgspec
import pytest

from crawler import families
from crawler.page.address import twin_of
from crawler.page.decode import decode
from crawler.portal import Portal
from crawler.scout import induce, leads
from crawler.scout.model import Seen
from crawler.scout.recognise import recognise
from tests.portal_pages import PORTALS, SAVED, expected, load

OTHER_FAMILY = {
    "sichuan_jhj": "ucap",  # its pages are Ucap's (UCAPTITLE, six arguments) under the hex addresses that the file goes by; both read them
    "kunming": "generic",  # a special topic's directory on the city's host: its reports stand on departments' hosts, which count half
}
"""Portals whose pages bear out another family than their file names, and why that is no mistake."""

NO_PARENT = {
    "anhui",  # /UserData/DocHtml/731/… belongs to /UserData/SortHtml/731/GK731.html
    "chinatax",  # the column is a tab (?tab=gknb) of the folder that is found
    "henan_fgw",  # /2023/01-19/<id>.html, and no trail
    "kunming",  # /c/<day>/<id>.shtml, and no trail
    "kunming_rsj",
    "shucheng",  # /public/content/<id>, and no trail
    "tianjin_kfq",  # /contents/10994/… belongs to /channels/10994.html
    "wenquan",  # /info/<id>/<id>.htm, and no trail
    "zhengzhou",  # /D41X/<id>.jhtml belongs to ?a=dir&p=D41X
    "zhengzhou_zrzy",
}
"""Portals whose reports name their column neither by trail nor by address: there the engine needs the home page."""


def pages(name: str, kind: str) -> Iterator[Seen]:
    for case in expected(name).get(kind, ()):
        saved = SAVED / name / case["file"]
        yield Seen(case["url"], 200, decode(saved.read_bytes()))


def described(name: str) -> Portal:
    return load(name)


@pytest.mark.parametrize("name", PORTALS)
def test_its_pages_tell_its_family(name: str) -> None:
    found = recognise([*pages(name, "sections"), *pages(name, "reports")])
    assert found[0].family == OTHER_FAMILY.get(name, described(name).family), found[:2]


@pytest.mark.parametrize("name", PORTALS)
def test_its_pages_tell_no_wrong_family_without_their_addresses(name: str) -> None:
    bare = [
        Seen(f"https://www.example.gov.cn/{at}", 200, page.text)
        for at, page in enumerate([*pages(name, "sections"), *pages(name, "reports")])
    ]
    right = {described(name).family, OTHER_FAMILY.get(name, "generic"), "generic"}
    if described(name).family == "querylist":
        right.add("uuid")
    if name == "kunming":
        right.add("ucap")
    assert recognise(bare)[0].family in right


@pytest.mark.parametrize("name", PORTALS)
def test_one_report_leads_to_its_section(name: str) -> None:
    columns = {
        twin_of(section.replace("{year}", str(year)))
        for section in described(name).sections
        for year in range(2008, 2027)
    }
    columns |= {twin_of(case["url"]) for case in expected(name)["sections"]}
    missed = []
    for page in pages(name, "reports"):
        if twin_of(page.url) in columns:
            continue  # the column is the report
        found = [twin_of(lead.url) for lead in leads.parents(page)]
        if not columns & set(found[:4]):
            missed.append((page.url, found[:4]))
    assert bool(missed) == (name in NO_PARENT), missed


@pytest.mark.parametrize("name", PORTALS)
def test_a_selector_for_its_lists_loses_no_report(name: str) -> None:
    from crawler.families.base import Listing, Step

    portal = described(name)
    for case in expected(name)["sections"]:
        if not case["file"].endswith("html"):
            continue
        text = decode((SAVED / name / case["file"]).read_bytes())
        listing = Listing(case["url"], text, Step(case["url"]), case["url"], this_year=2026)
        found = induce.listing(Seen(case["url"], 200, text), families.get("generic").read(listing))
        if found is None or not found.selectors.link:
            continue
        again = families.get(portal.family).read(msgspec.structs.replace(listing, selectors=found.selectors))
        wanted = {link["url"] for link in case["links"] if link["kind"] == "report"}
        assert wanted <= {link.url for link in again.links}, found


@pytest.mark.parametrize("name", PORTALS)
def test_its_reports_need_no_title_or_body(name: str) -> None:
    """The general reading and the family's read them: nothing may be proposed that changes what is read well."""
    for page in pages(name, "reports"):
        found = induce.report(page, described(name))
        assert found is None or not (found.selectors.title or found.selectors.body), found


def test_the_lists_of_exceptions_name_portals() -> None:
    assert {*OTHER_FAMILY, *NO_PARENT} <= set(PORTALS)
