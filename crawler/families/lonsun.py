"""龙讯 Lonsun: Anhui, Mianyang and other cities of Sichuan.

A column is `/public/column/<organId>?type=4&action=list&nav=3&catId=<catId>`; its list comes from `/site/label/8888` (GET; POST
is answered alike) with `labelName=publicInfoList`, `siteId`, `organId`, `type`, `catId`, `pageIndex` from 1, `pageSize`,
`action=list`, `file=/xxgk/publicInfoList_newest2020` (the template): a piece of HTML with rows (`div.xxgk_navli`,
`ul.xxgk_nav_list li`, `span.date`) and a pager's script with `pageCount:5` and `total:70`; with `isJson=true` it is JSON,
`data.data[].{title,link,createDate}`. The first page may stand in the column's own page too, with the same `pageCount`.
Parameters stand in the page's script, in `<meta name="SiteId">`, and in the column's address. Some installations prefix the
path (`/anhuisousuoserver/site/label/8888`). Documents are `/public/content/<id>` and `/public/<organId>/<id>.html`.

The annual report is often no document: `/public/column/<organId>?type=3&nav=5&sub=3&timeFrame=2021&hasContent=true` shows it
inside the column's page, one year at a time; a list of years leads to the others. Such an address is a section too, also with
`timeFrame={year}`. ("domain notes", 1d and 2; public crawlers for ah.gov.cn, mpa.ah.gov.cn, sthjt.ah.gov.cn,
ahhuoshan.gov.cn.) Body: `.j-fontContent`, `.gk_content`, `#zoom`.
"""

import json
import re
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit, urlunsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser

from crawler.families import answers
from crawler.families.base import Column, Family, Listing, ListPage, Markup, Step
from crawler.families.calls import calls
from crawler.families.generic import read_html
from crawler.families.named import Named
from crawler.families.pieces import read_piece
from crawler.families.progress import Progress
from crawler.families.rows import is_annual, links, tree_of
from crawler.families.sums import is_page_number, is_page_size

_LABEL = re.compile(r"site/label/\d+", re.I)
_COLUMN = re.compile(r"(?i)/public/column/([\w-]+)")
_REPORT_PARAMETERS = frozenset({"timeframe", "hascontent"})
_PASSED_ON = ("type", "catId", "catIds", "cId", "action")
"""Of a column's address: what its list is asked for with."""
_ASKED_FOR = ("labelName", "siteId", "organId", "type", "catId", "action", "file", "isDate", "dateFormat", "length")
_YEAR = re.compile(r"(?<!\d)(20[0-3]\d)(?!\d)")
_DEFAULT_SIZE = "15"
_FIRST_YEAR = 2000
_MOST_YEARS = 40


class Lonsun(Family):
    """Lonsun."""

    name: ClassVar[str] = "lonsun"
    markup: ClassVar[Markup] = Markup(
        title=("h1.newstitle", "h1.wztit", ".gk_title", ".xxgk_title", "h1", ".title"),
        date=(".fbsj", ".date", ".time", "#pubtime"),
        source=(".res", ".source", "#source", ".ly"),
        body=(".j-fontContent", ".gk_content", ".xxgk_content", "#zoom", ".newscontnet", ".wzcon", ".scroll_cont"),
    )

    def read(self, listing: Listing) -> ListPage:
        """See `Family.read`."""
        return _answer(listing) if listing.step.state else _column(listing)


class _Request(NamedTuple):
    """What asks for a page of a list."""

    url: str
    """Without parameters."""
    params: dict[str, str]
    post: bool
    page_key: str

    def step(self, number: int, page: int, progress: Progress, shown: str) -> Step:
        """The request for page `page` (from 1) of the list that the page `shown` shows."""
        state = json.dumps([[*self], page, progress.plain(), shown], ensure_ascii=False)
        headers = (("Referer", urldefrag(shown).url), ("X-Requested-With", "XMLHttpRequest"))
        params = {**self.params, self.page_key: str(page)}
        if self.post:
            return Step(self.url, form=tuple(params.items()), headers=headers, number=number, state=state)
        return Step(f"{self.url}?{urlencode(params, safe='/:,')}", headers=headers, number=number, state=state)


def _column(listing: Listing) -> ListPage:
    """A column's own page: what to ask the label for; a report inside it; or plain rows."""
    page = read_html(listing)
    if page.refresh or listing.step.number:
        return page
    tree = tree_of(listing.text)
    named = Named(listing.text, tree)
    years = _years(listing, tree, page)
    if _shows_report(listing.url):
        # The list of other papers beside the report is not this section.
        newest = "timeframe" not in urlsplit(listing.section).query.lower()
        view = newest and bool(years)
        return ListPage(links=page.links, columns=years, rows=page.rows, annual=page.annual, view=view)
    requests = _requests(listing, named, page)
    if not requests:
        return msgspec.structs.replace(page, columns=years)
    pages = named.number("pageCount", "totalPages", "totalPage") or None
    begun = Progress(pages=pages if len(requests) == 1 else None, surely=False)
    steps = tuple(request.step(1, 1, begun, listing.url) for request in requests)
    return ListPage(links=page.links, next=steps, columns=years, annual=page.annual)


def _shows_report(url: str) -> bool:
    """Whether a column's address is that of one report, rendered inside it."""
    parts = urlsplit(url)
    query = {key.lower(): value for key, value in parse_qsl(parts.query)}
    return bool(_COLUMN.search(parts.path)) and (
        bool(_REPORT_PARAMETERS & query.keys()) or (query.get("type") == "3" and query.get("action") != "list")
    )


def _years(listing: Listing, tree: LexborHTMLParser, page: ListPage) -> tuple[Column, ...]:
    """The columns of other years: links, and what a list of years would put into `timeFrame`."""
    found = {column.url: column for column in page.columns}
    if not _shows_report(listing.url):
        return page.columns
    parts = urlsplit(listing.url)
    query = [
        (key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key.lower() != "timeframe"
    ]
    shown = next((value for key, value in parse_qsl(parts.query) if key.lower() == "timeframe"), "")
    years = {column.year for column in page.columns}
    for year in _named_years(tree):
        if (
            year in years
            or str(year) == shown
            or not _FIRST_YEAR <= year <= listing.this_year
            or len(found) >= _MOST_YEARS
        ):
            continue
        years.add(year)
        url = urlunsplit(parts._replace(query=urlencode([*query, ("timeFrame", str(year))], safe="/:,"), fragment=""))
        found[url] = Column(url, year)
    return tuple(found.values())


def _named_years(tree: LexborHTMLParser) -> list[int]:
    """Years that a page offers to choose: options, data attributes, scripted links, `timeFrame=` in addresses."""
    found: list[int] = []
    for node in tree.css("option, [data-year], [data-time-frame], [data-timeframe], [onclick], a[href]")[:2000]:
        attributes = node.attributes
        words = "".join((node.text() or "").split())
        said = (
            attributes.get("data-year") or attributes.get("data-time-frame") or attributes.get("data-timeframe") or ""
        )
        href = attributes.get("href") or ""
        if node.tag == "option":
            said = attributes.get("value") or words
        elif not said and "timeframe=" in href.lower():
            said = href.lower().partition("timeframe=")[2][:4]
        elif not said and _YEAR.search(words) and len(words) < 8:
            said = words if attributes.get("onclick") or href.lower().startswith("javascript:") else ""
        year = _YEAR.search(said[:12])
        if year and int(year[1]) not in found:
            found.append(int(year[1]))
    return found


def _requests(listing: Listing, named: Named, page: ListPage) -> list[_Request]:
    """What the page's script would ask the label for; the usual one where it names only how many pages there are, or
    shows no report and leaves the asking to a script elsewhere."""
    parts = urlsplit(listing.url)
    own = {key: value for key, value in parse_qsl(parts.query) if key in _PASSED_ON and value}
    column = _COLUMN.search(parts.path)
    found: dict[str, _Request] = {}
    for call in calls(named, _LABEL):
        place = urlsplit(urljoin(listing.url, call.url.split("?", 1)[0]))
        said = {**dict(parse_qsl(call.url.partition("?")[2], keep_blank_values=True)), **call.fields}
        if place.scheme not in ("http", "https") or "keywords" in {key.lower() for key, value in said.items() if value}:
            continue
        if said.get("labelName", "").lower().startswith("search"):
            continue
        url = urlunsplit(place._replace(query="", fragment=""))
        request = _filled(url, said, own, column[1] if column else "", named, call.post)
        found.setdefault(json.dumps([url, sorted(request.params.items())]), request)
    pages = named.number("pageCount", "totalPages", "totalPage")
    bare = not (page.links or page.columns)
    if not found and column and not page.next and (bare or (pages is not None and pages > 1)):
        url = urlunsplit(parts._replace(path="/site/label/8888", query="", fragment=""))
        return [_filled(url, {}, own, column[1], named, False)]
    return [*found.values()]


def _filled(
    url: str, said: dict[str, str], own: dict[str, str], organ: str, named: Named, post: bool
) -> _Request:  # fmt: skip
    """A request whose holes are filled from the page's names, then from the column's address."""
    page_key = next((key for key in said if is_page_number(key)), "pageIndex")
    size_key = next((key for key in said if is_page_size(key)), "pageSize")
    params = {key: value for key, value in said.items() if key not in (page_key, size_key)}
    fallback = {"labelName": "publicInfoList", "organId": organ, "action": "list", "type": "4", **own}
    spelled = {key.lower(): key for key in params}
    for key in dict.fromkeys([*_ASKED_FOR, *own]):
        name = spelled.get(key.lower(), key)
        # A script's variables are shared with its other lists, so that the column's own address goes before them.
        value = params.get(name) or own.get(key) or named.get(key, f"yx{key}", f"cur{key}") or fallback.get(key, "")
        if value:
            params[name] = value
    size = said.get(size_key, "")
    params[size_key] = size if size.isdecimal() else str(named.number("pageSize", "rows") or _DEFAULT_SIZE)
    return _Request(url, params, post, page_key)


def _answer(listing: Listing) -> ListPage:
    """One page of the label's list."""
    asked, number, plain, shown = json.loads(listing.step.state)
    request, progress = _Request(*asked), Progress.of(plain)
    text = listing.text
    if text.lstrip("\ufeff \t\r\n")[:1] in "{[" and text.strip():
        wrapped = _html_in(answers.value_of(text))
        if not wrapped:
            return _from_json(listing, request, progress, number, shown)
        text = wrapped
    return _from_html(listing, text, request, progress, number, shown)


def _html_in(value: object, depth: int = 3) -> str:
    """The piece of HTML that a JSON answer wraps, or ""."""
    if isinstance(value, str):
        return value if "<" in value and ("<a" in value.lower() or "<li" in value.lower()) else ""
    if isinstance(value, dict) and depth and not any(isinstance(item, list) and item for item in value.values()):
        return max((_html_in(item, depth - 1) for item in value.values()), key=len, default="")
    return ""


def _from_json(listing: Listing, request: _Request, progress: Progress, number: int, shown: str) -> ListPage:
    said = answers.read(listing.text, urldefrag(shown).url)
    if said.problem:
        return ListPage(problem=f"page {number} of its list: {said.problem}")
    annual = listing.annual or is_annual(listing.section)
    verdict = progress.page([f"{entry.url}\n{entry.title}" for entry in said.rows], number, said.total, said.pages)
    return ListPage(
        links=answers.links(said.rows, listing, annual),
        next=(request.step(listing.step.number + 1, number + 1, progress, shown),) if verdict.more else (),
        rows=tuple(entry.url or entry.title for entry in said.rows),
        listed=verdict.new,
        annual=annual,
        problem=verdict.problem,
    )


def _from_html(
    listing: Listing, text: str, request: _Request, progress: Progress, number: int, shown: str
) -> ListPage:  # fmt: skip
    piece = read_piece(text, urldefrag(shown).url, progress, number)
    annual = listing.annual or is_annual(listing.section)
    return ListPage(
        links=links(piece.rows, listing, annual),
        next=(request.step(listing.step.number + 1, number + 1, progress, shown),) if piece.verdict.more else (),
        rows=tuple(row.url for row in piece.rows),
        listed=piece.verdict.new,
        annual=annual,
        problem=piece.verdict.problem,
    )
