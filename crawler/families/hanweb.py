"""大汉 Hanweb JCMS and JPAAS: Zhejiang, Shandong, Jiangsu, cities of Gansu, older Jiangxi and Inner Mongolia, ministries.

Columns are `/col/col<id>/index.html`, reports `/art/YYYY/M/D/art_<col>_<id>.html`, `/art/YYYY/art_<hex>.html` or
`/col/col<id>/art/YYYY/art_<uuid>.html`. What a column lists comes in one of five ways, told apart by what its page holds:

- `<record>`s in the page, the rest from `dataproxy.jsp` (`hanweb_proxy`);
- a unit of JPAAS, asked for as `…/front/page/build/unit` (`hanweb_jpaas`);
- a directory of the 信息公开 module, asked for as `/module/xxgk/search.jsp`, its categories from `tree.jsp` (`hanweb_xxgk`).
  A section may be the address of either itself;
- `/module/xxgk/xxgkAnnualReport.jsp?area=<organ>&fbtime=2022`: the report itself, for an organ and a year; its tabs are the other
  years. Give the section with `fbtime={year}`, or without fbtime; without area, the organs that it links are read (`query_pages`);
- plain rows and next links.

Answers that are no list (an error in JSON, HTML in place of JSON, the same rows again, fewer rows than there are said to be) leave
the section incomplete ("domain notes", 1b).
"""

import re
from typing import ClassVar
from urllib.parse import urlsplit

import msgspec

from crawler.families import hanweb_jpaas, hanweb_proxy, hanweb_xxgk, query_pages
from crawler.families.base import Family, Listing, ListPage, Markup, Step
from crawler.families.generic import read_html
from crawler.families.rows import base_of, is_annual, rows, tree_of
from crawler.page import titles

_COLUMN = re.compile(r"(?i)/col/col\d+/(?:index\.html)?(?:[?#]|$)")
_State = hanweb_proxy.ProxyState | hanweb_jpaas.UnitState | hanweb_xxgk.SearchState | hanweb_xxgk.TreeState
_decode = msgspec.json.Decoder(_State).decode


class Hanweb(Family):
    """Hanweb JCMS and JPAAS."""

    name: ClassVar[str] = "hanweb"
    markup: ClassVar[Markup] = Markup(
        title=(".title", "h1", ".bt_title", "#title"),
        date=(".date", "#pubtime", ".time"),
        source=(".source", "#source"),
        body=("#zoom", ".zc_article_con", ".main-txt", ".bt_content", ".scroll_cont", ".article-content"),
    )

    def first(self, section: str) -> Step:
        """See `Family.first`: search.jsp is asked by POST."""
        return hanweb_xxgk.first(section) or Step(section)

    def read(self, listing: Listing) -> ListPage:
        """See `Family.read`."""
        if not listing.step.state:
            return _column(listing)
        state = _decode(listing.step.state)
        if isinstance(state, hanweb_proxy.ProxyState):
            return hanweb_proxy.answer(listing, state)
        if isinstance(state, hanweb_jpaas.UnitState):
            return hanweb_jpaas.answer(listing, state)
        if isinstance(state, hanweb_xxgk.TreeState):
            return hanweb_xxgk.read_tree(listing, state)
        return hanweb_xxgk.answer(listing, state)


def _column(listing: Listing) -> ListPage:
    """A column's own page, without its menu's links to columns: one that names no year (政府信息公开年报) is no report."""
    page = _read_column(listing)
    kept = tuple(link for link in page.links if titles.classify(link.title).year or not _COLUMN.search(link.url))
    return msgspec.structs.replace(page, links=kept)


def _read_column(listing: Listing) -> ListPage:
    """What a column's page holds, and what to ask its interfaces for."""
    if hanweb_xxgk.TREE.search(urlsplit(listing.url).path):
        return hanweb_xxgk.read_tree(listing)
    tree = tree_of(listing.text)
    base = base_of(tree, listing.url)
    if query_pages.is_query_page(listing.section or listing.url):
        found = [*rows(tree, base)]
        page = read_html(listing)
        return ListPage(
            links=(*page.links, *query_pages.organs(listing, tree, found)),
            columns=query_pages.columns(listing, tree, found),
            view=True,
            refresh=page.refresh,
            annual=True,
        )
    embedded = hanweb_proxy.embedded(listing, base)
    plain = read_html(listing)
    units = hanweb_jpaas.units(listing, tree, base, rows=bool(plain.rows))
    directory = hanweb_xxgk.steps(listing, tree, base)
    if not (embedded.rows or embedded.states or units.states or directory):
        page = plain
        lost = embedded.problem or (units.problem if not page.rows else "")
        return msgspec.structs.replace(page, problem=page.problem or lost)
    page = read_html(listing, extra=embedded.rows) if embedded.rows else plain
    number = listing.step.number + 1
    steps = [
        *(state.step(number) for state in embedded.states),
        *(state.step(number) for state in units.states),
        *directory,
    ]
    if not embedded.states and not embedded.rows:
        steps += page.next  # rows in the page that go on as plain lists do
    return ListPage(
        links=page.links,
        next=tuple(steps),
        columns=page.columns,
        rows=tuple(dict.fromkeys(row.url for row in embedded.rows)),
        listed=embedded.listed,
        expected=embedded.expected if not (units.states or directory) else None,
        refresh=page.refresh if not steps else "",
        annual=page.annual or listing.annual or is_annual(listing.section, tree),
        problem=embedded.problem,
    )
