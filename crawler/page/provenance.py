"""Where on a page a report's title, date, source and body stand: for whoever adds a portal or wonders what a selector reads.

In: a page's HTML, its address, the portal, and the `Report` that was read from it. Out: `Provenance`: for each of them the first
place, in the order in which the reader asks, that shows what the report has; "" where only other words of the page, or none, say
it. Pure.
"""

import msgspec

from crawler import families
from crawler.page.body import box_of, find_body
from crawler.page.chinese import plain
from crawler.page.dates import epoch_date, iso_date
from crawler.page.dom import Dom, parse, text_of
from crawler.page.flow import read_flow
from crawler.page.metadata import meta_tags, read_metadata
from crawler.page.model import Report
from crawler.portal import Portal

_TITLE_TAGS = ("ArticleTitle", "og:title")
_DATE_TAGS = ("PubDate", "PublishDate", "publish_date", "article:published_time")
_SOURCE_TAGS = ("ContentSource",)


class Provenance(msgspec.Struct, frozen=True):
    """Places, as an operator would name them: `selector h1.title`, `meta ArticleTitle`, `a line of the page`."""

    title: str = ""
    date: str = ""
    source: str = ""
    body: str = ""


def provenance(html: str, url: str, portal: Portal, report: Report) -> Provenance:
    """Where the parts of `report` stand on the page. Never raises for odd input: a page that is no markup shows nothing."""
    try:
        dom = parse(families.get(portal.family).unwrap(html))
    except ValueError:
        return Provenance()
    markup, own = families.markup_of(portal), portal.selectors
    tags = meta_tags(dom)
    flow = read_flow(dom)
    text = plain(" ".join(piece.text for piece in flow.pieces))
    meta = read_metadata(
        dom,
        flow,
        {"title": own.title, "date": own.date, "source": own.source},
        {"title": markup.title, "date": markup.date, "source": markup.source},
    )
    body = find_body(dom, flow, own.body, markup.body, meta.heading, url)
    box = box_of(dom, flow, body)

    def place(wanted: str, selectors: tuple[str, ...], names: tuple[str, ...], *, dated: bool = False) -> str:
        if not wanted:
            return ""

        def shows(words: str) -> bool:
            if dated:
                return wanted in (iso_date(words), epoch_date(words))
            return plain(wanted) in plain(words)

        metas = [f"meta {name}" for name in names if any(shows(value) for value in tags.get(name.lower(), ()))]
        chosen = [f"selector {selector}" for selector in selectors if any(map(shows, _texts(dom, selector)))]
        # An operator's selector is asked before the meta tags, the family's after them.
        ours = [words for words in chosen if words.removeprefix("selector ") in (own.title, own.date, own.source)]
        if found := next(iter([*ours, *metas, *chosen]), ""):
            return found
        if not dated and plain(wanted) in text:
            return "a line of the page"
        if dated and any(len(piece.text) < 200 and wanted == iso_date(piece.text) for piece in flow.pieces[:300]):
            return "a line of the page"
        return ""

    title = place(report.title, (*markup.title, "h1"), _TITLE_TAGS)
    if title in ("", "a line of the page") and any(
        plain(report.title) in plain(text_of(node)) for node in dom.tagged("title")
    ):
        title = "<title>"
    return Provenance(
        title=title or ("the list" if report.title else ""),
        date=place(report.published_on, markup.date, _DATE_TAGS, dated=True)
        or ("the list" if report.published_on else ""),
        source=place(report.source, markup.source, _SOURCE_TAGS),
        body=f"selector {box}" if box else ("the box around its chapters" if body.marks else "the densest part"),
    )


def _texts(dom: Dom, selector: str) -> list[str]:
    try:
        return [text_of(element)[:300] for element in dom.select(selector)[:5]]
    except ValueError:
        return []
