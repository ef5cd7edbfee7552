"""What saved pages of a portal must yield: the entries of an `expected.json`, computed from the pages themselves.

In: a portal file and pages as they answered. Out: plain dicts in the form of tests/portals/*/expected.json. `portals add` writes
them, and `monitor/saved_portal.py` computes them again to see what reads differently since. Pure.
"""

from typing import Any

from crawler import families
from crawler.families.base import Listing, ListPage, Step
from crawler.page.decode import decode
from crawler.page.model import Fetched, Hint, Page, Report
from crawler.page.reader import read_page
from crawler.page.text import Table, parse
from crawler.portal import Portal

HTML = "text/html"


def read_list(
    portal: Portal, entry: dict[str, Any], body: bytes, step: Step, this_year: int, before: ListPage | None = None
) -> ListPage:
    """A saved list page, read as a crawl reads it. `entry` says its address, year and content type; `before`: the page that
    led to it. Never raises for odd pages: `problem` tells."""
    listing = Listing(
        url=entry.get("url") or step.url,
        text=decode(body, entry.get("content_type", HTML)),
        step=step,
        section=entry.get("section") or entry.get("url") or step.url,
        year=entry.get("year"),
        this_year=this_year,
        annual=before.annual if before is not None else False,
        pages=before.pages if before is not None else None,
        selectors=portal.selectors,
    )
    try:
        return families.get(portal.family).read(listing)
    except Exception as error:  # it is what an edit of family or selectors is tried for
        return ListPage(problem=f"unreadable: {type(error).__name__}: {error}"[:300])


def list_says(page: ListPage) -> dict[str, Any]:
    """What a list page yields, as expected.json tells it."""
    links = [{"url": link.url, "title": link.title, "kind": link.kind, "date": link.date} for link in page.links]
    said: dict[str, Any] = {
        "links": sorted(links, key=lambda link: str(link["url"])),
        "next": [step.url if step.form is None else step.url.partition("?")[0] for step in page.next],
        "columns": [{"url": column.url, "year": column.year} for column in page.columns],
    }
    for key, value in (
        ("expected", page.expected),
        ("pages", page.pages),
        ("refresh", page.refresh),
        ("problem", page.problem),
    ):
        if value:
            said[key] = value
    return said


def read_report(portal: Portal, entry: dict[str, Any], body: bytes, hint: Hint) -> Page:
    """A saved report page, read as a crawl reads it."""
    content_type = entry.get("content_type", HTML)
    fetched = Fetched(entry["url"], 200, content_type, body)
    return read_page(fetched, portal, families.markup_of(portal), hint)


def hint_of(entry: dict[str, Any]) -> Hint:
    """What the list said of a saved report."""
    said = entry.get("hint")
    if said is None:
        return Hint(entry.get("title", ""), entry.get("published_on", ""))
    return Hint(said.get("title", ""), said.get("date", ""), year=said.get("year"))


def report_says(report: Report) -> dict[str, Any]:
    """What a report page yields, as expected.json tells it."""
    blocks = parse(report.text)
    prose = [block for block in blocks if not isinstance(block, Table)]
    attachments = [{"url": item.url, "kind": item.kind} for item in report.attachments]
    documents = any(item["kind"] == "document" for item in attachments)
    trailing = int(documents and bool(prose) and prose[-1].endswith((".pdf", ".docx")) and len(prose) > 1)
    return {
        "title": report.title,
        "organ": report.organ,
        "year": report.year,
        "source": report.source,
        "published_on": report.published_on,
        "first": prose[0] if prose else "",
        "last": prose[-1 - trailing] if prose else "",
        "tables": sum(isinstance(block, Table) for block in blocks),
        "attachments": attachments,
    }
