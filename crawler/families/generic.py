"""An unknown CMS, and the plain-list half of every known one.

Reports are found by what links say: their text, their @title, their row; in a column that is called 政府信息公开年报 a bare
organ name or year that leads to a document is a candidate too, and the page itself decides. Pages of the list are
followed by next links, numbered links, load-more buttons, page parameters and page counts (`crawler.families.paging`).
Redirect shells (`location.href = "./202606/…"`, meta refresh) are handed to the spider.
"""

import re
from collections.abc import Iterable
from typing import ClassVar

from selectolax.lexbor import LexborHTMLParser

from crawler.families import query_pages
from crawler.families.base import Family, Listing, ListPage, Markup, Step
from crawler.families.inside import columns_inside
from crawler.families.paging import Next, follow
from crawler.families.rows import Row, base_of, columns, is_annual, is_article, links, rows, tree_of
from crawler.page.address import join

_LOCATION = re.compile(
    r"(?:(?:window|self|top|document)\.)?location(?:\.href)?\s*(?:=|\.replace\(|\.assign\()\s*['\"]([^'\"]+)['\"]"
)
_REFRESH = re.compile(r"(?i)^\s*(\d+)(?:\.\d+)?\s*[;,]\s*url\s*=\s*['\"]?([^'\"]+)")
_SHELL_TEXT = 120
"""A page with more visible characters than that is no redirect shell, whatever its scripts do."""


class Generic(Family):
    """Any portal whose CMS nobody described."""

    name: ClassVar[str] = "generic"
    markup: ClassVar[Markup] = Markup(
        title=("h1",),
        # Cross-vendor class names of the national platform's template ("domain notes", 1d) first.
        body=(
            ".scroll_cont", "#UCAP-CONTENT", "ucapcontent", "#zoom", "#Zoom", "#zoomcon", "#mainText", ".TRS_Editor",
            ".TRS_UEDITOR", ".article-content", "#vsb_content", ".v_news_content", ".Article_content", "#ivs_content",
            ".news_cont_d_wrap", ".zc_article_con", "#BodyLabel",
        ),
    )  # fmt: skip

    def read(self, listing: Listing) -> ListPage:
        """See `Family.read`."""
        return read_html(listing)


def read_html(
    listing: Listing, extra: Iterable[Row] = (), onward: Next | None = None, first_suffix: int = 1
) -> ListPage:  # fmt: skip
    """A list page of plain HTML, with rows that the family found elsewhere (`extra`), and its own idea of the next page, or of
    what page 2 is called (`first_suffix`) where only a count is known."""
    tree = tree_of(listing.text)
    refresh = redirect_of(tree, listing)
    if refresh:
        return ListPage(refresh=refresh)
    annual = listing.annual or is_annual(listing.section, tree)
    base = base_of(tree, listing.url)
    found = [*rows(tree, base, listing.selectors.link), *extra]
    if onward is None:
        number = listing.step.number
        onward = follow(listing.text, tree, listing.url, listing.selectors.next, number, first_suffix)
    pages = onward.total or listing.pages
    problem = onward.problem
    # Pages before it said how many there are; this one has no way on, and nothing says that it is the last.
    silent = not onward.url and not problem and not onward.ended
    if silent and pages is not None and listing.step.number + 1 < pages and not listing.selectors.next:
        problem = f"page {listing.step.number + 1} of {pages} leads no further"
    return ListPage(
        links=query_pages.own_links(listing, links(found, listing, annual)),
        next=(Step(onward.url, number=listing.step.number + 1, state=listing.step.state),) if onward.url else (),
        columns=(
            *columns(rows(tree, base), listing),
            *columns_inside(rows(tree, base), listing),
            *query_pages.columns(listing, tree, found),
        )
        if listing.step.number == 0
        else (),
        view=query_pages.is_query_page(listing.section or listing.url),
        rows=_listed(found),
        annual=annual,
        pages=pages,
        problem=problem,
    )


def _listed(found: list[Row]) -> tuple[str, ...]:
    """Addresses of what a page lists: those of documents, or else (`show.aspx?id=7`) of what stands beside a date."""
    documents = [row.url for row in found if is_article(row.url)]
    return tuple(dict.fromkeys(documents or [row.url for row in found if row.date]))


def redirect_of(tree: LexborHTMLParser, listing: Listing) -> str:
    """Where a redirect shell sends its reader, or "" for a page that says something itself."""
    for meta in tree.css("meta[http-equiv]"):
        if (meta.attributes.get("http-equiv") or "").lower() == "refresh":
            wanted = _REFRESH.match(meta.attributes.get("content") or "")
            if wanted and int(wanted[1]) <= 5:
                target = join(listing.url, wanted[2])
                return target if target != listing.url else ""
    body = tree.body
    visible = "".join((body.text() or "").split()) if body is not None else ""
    scripts = [script.text() or "" for script in tree.css("script")]
    shown = len(visible) - sum(len("".join(script.split())) for script in scripts)
    if shown > _SHELL_TEXT or tree.css_first("a[href] ~ a[href], li a[href]") is not None:
        return ""
    for script in scripts:
        assigned = _LOCATION.search(script)
        if assigned:
            joined = join(listing.url, assigned[1])
            return joined if joined != listing.url else ""
    return ""
