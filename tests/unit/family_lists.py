"""Reading lists and report pages by one family, for the tests of families."""

from crawler import families
from crawler.families.base import Listing, ListPage, Step
from crawler.page.model import Fetched, Report
from crawler.page.reader import read_page
from crawler.portal import Portal


def read_list(family: str, text: str, url: str, step: Step | None = None, **more: object) -> ListPage:
    """What `family` reads from a list page, or from the answer to `step`, of the section `url`."""
    asked = step or families.get(family).first(url)
    listing = Listing(url=asked.url, text=text, step=asked, section=url, this_year=2026, **more)  # type: ignore[arg-type]
    return families.get(family).read(listing)


def read_report(family: str, html: str, url: str) -> Report:
    """The one report on a page."""
    portal = Portal(name="t", title="t", family=family, sections=(url,))
    page = read_page(Fetched(url, 200, "text/html; charset=utf-8", html.encode()), portal, families.markup_of(portal))
    assert page.state == "present", page
    (report,) = page.reports
    return report
