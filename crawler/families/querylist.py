"""`POST /queryList` and its kin: the column's page ships a template only, its rows come as JSON.

Jiangxi, Nantong, Qingdao: the page holds `var params = {current: 1, unitid: '380055', webSiteCode: ['site'], channelCode: ['col1'],
perPage: '15', …}; loadPageData(params, '380055')`; the script behind it posts these fields (arrays as `channelCode[]`) to `/queryList`.
The answer is `data.results[].source.{title,pubDate,urls}`, where urls is a JSON string with the key `pc`; some pages embed the first
rows as `articleList`. Two single sites answer in the same way under other names, and are dialects of this family:
Suzhou, `POST /szinf/xxgk/interfacesWebZcwj/loadData?pageSize=15` (pageIndex, channel_id → `data.{allRow,totalPage,list}`), and
cac.gov.cn, `POST /cms/JsonList` (channelCode, perPage, pageno → `list[].{topic,infourl,pubtime}`). An interface that the page names in
a script (`$.ajax({url: '/x/queryList', type: 'post', data: {…}})`) is asked where it says, as a form or as JSON, as it says.
A section may be the interface's address itself, its parameters in the query. A page that names no interface is a plain list. An error,
HTML in place of JSON, the same rows again, or fewer rows than the total leave the section incomplete ("domain notes", 1d).
"""

import json
import re
from typing import ClassVar

import msgspec

from crawler.families import answers, literals
from crawler.families.base import Family, Link, Listing, ListPage, Markup, Step
from crawler.families.cursor import advance
from crawler.families.generic import read_html
from crawler.families.querylist_calls import ListState, of_section, states
from crawler.families.rows import base_of, is_annual, tree_of

_EMBEDDED = re.compile(r"\barticleList[\"']?\s{0,9}[:=]\s{0,9}(?=\[)")
_TEMPLATE = re.compile(r"(?i)x-handlebars|text/(?:x-)?(?:html-)?template|\bloadPageData\s{0,9}\(|\{\{#each\b")
_MOST = 8


class Querylist(Family):
    """Lists that a JSON interface answers."""

    name: ClassVar[str] = "querylist"
    markup: ClassVar[Markup] = Markup(
        title=("h1", ".title", "#title"),
        date=("#pubtime", ".date", ".time", ".pubtime"),
        source=("#source", ".source", ".ly"),
        body=("#zoomcon", "#zoom", "#BodyLabel", ".article-content", ".content", ".scroll_cont", "#content"),
    )

    def first(self, section: str) -> Step:
        """See `Family.first`: an interface that is the section itself is asked as it wants to be asked."""
        state = of_section(section)
        return state.step(0) if state is not None else Step(section)

    def read(self, listing: Listing) -> ListPage:
        """See `Family.read`."""
        if listing.step.state:
            return _answer(listing, msgspec.json.decode(listing.step.state, type=ListState))
        return _column(listing)


def _column(listing: Listing) -> ListPage:
    """A column's page: what its interface is to be asked, and the rows that it holds all the same."""
    tree = tree_of(listing.text)
    base = base_of(tree, listing.url)
    page = read_html(listing)
    annual = page.annual or listing.annual or is_annual(listing.section, tree)
    asked = states(listing, tree, base)
    held = _held(listing, base, annual)
    if not asked:
        problem = page.problem
        if held and not page.next and not page.rows:
            problem = problem or "it embeds the first rows of its list, and names no interface for the rest"
        elif not (page.rows or page.next or page.refresh) and _TEMPLATE.search(listing.text):
            problem = problem or "its rows are written by a script, and no interface was found that it asks for them"
        return msgspec.structs.replace(page, links=_both(page.links, held), problem=problem)
    return ListPage(
        links=_both(page.links, held),
        next=(*(state.step(listing.step.number + 1) for state in asked), *page.next),
        columns=page.columns,
        annual=annual,
    )


def _answer(listing: Listing, state: ListState) -> ListPage:
    """One page of an interface."""
    read = answers.read(listing.text, state.base, state.size)
    if read.problem:
        return ListPage(annual=listing.annual, problem=read.problem)
    here = state.cursor
    counted = any(count is not None for count in (read.total, read.pages, here.total, here.pages))
    if not read.rows and here.page == 1 and not counted:
        return ListPage(problem="the list's interface answered without a row, and does not say that there is none")
    turn = advance(here, read.urls, len(read.rows), read.total, read.pages)
    if not turn.kept:
        return ListPage(annual=listing.annual, problem=turn.problem)
    onward = turn.onward
    annual = listing.annual or is_annual(listing.section)
    return ListPage(
        links=answers.links(read.rows, listing, annual),
        next=(msgspec.structs.replace(state, cursor=onward).step(listing.step.number + 1),) if onward else (),
        rows=tuple(row.url for row in read.rows if row.url),
        listed=len(read.rows),
        expected=read.total if here.page == 1 else None,
        annual=annual,
        problem=turn.problem,
    )


def _held(listing: Listing, base: str, annual: bool) -> tuple[Link, ...]:
    """The rows that the page embeds as JSON."""
    found: tuple[Link, ...] = ()
    for place in list(_EMBEDDED.finditer(listing.text))[:_MOST]:
        try:
            rows = literals.literal(listing.text, place.end())
        except literals.NoLiteral:
            continue
        if isinstance(rows, list) and rows:
            read = answers.read(json.dumps({"list": rows}), base)
            found = _both(found, answers.links(read.rows, listing, annual))
    return found


def _both(one: tuple[Link, ...], other: tuple[Link, ...]) -> tuple[Link, ...]:
    """Links of two sources, each address once."""
    known = {link.url for link in one}
    return (*one, *(link for link in other if link.url not in known))
