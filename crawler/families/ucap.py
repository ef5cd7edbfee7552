"""开普 Ucap: Gansu, Heilongjiang, cities of Jiangxi and Jiangsu, Xinjiang, departments of Hainan, chinatax, csrc.

Columns are `/<site>/c<code>/` with `list.shtml`, `common_list.shtml`, `zwgklist.shtml`, `xlist.shtml`, …; pages are
`/<site>/c<code>/YYYYMM/<32hex>.shtml`, `/…/c5247234/content.shtml`, `/…/c01_733888.shtml`. A list comes in one of these ways
("domain notes", 1d; public crawlers for hlj.gov.cn, csrc.gov.cn, chinatax.gov.cn, jyt.gansu.gov.cn):

- plain rows, and `createPageHTML('page_div', 10, 1, 'zwgklist', 'shtml', 200)`: box, pages, current page, prefix, extension,
  rows. Page 2 is `zwgklist_2.shtml` (not `_1`, as TRS has it).
- `GET /common/search/<channelId>?page=1&_pageSize=15&_isAgg=true&_isJson=true&_template=index`, on some sites
  `/searchList/<channelId>`: JSON, `data.{total,page,rows,results[]}`. `page` counts from 1. Addresses may lack a scheme
  (`//www.csrc.gov.cn/…`), titles may hold `<em>`, dates stand as `publishedTimeStr` or in `domainMetaList`.
- `POST /getFileListByCodeId` with `channelId, page, size, relateSubChannels`: JSON, `results.data.{total,results[]}`; an error
  is `{"code": 500}` under status 200.

The channel's id stands in the page: in the script's address, as `var channelId`, `<meta name="channelid">`, a data attribute
or a hidden input. Where a page has no rows, names a channel and its script is elsewhere, `/common/search/` is asked. A list
that the server wrote may stand in an HTML comment while the live one is fetched: comments are no rows. A side bar
(`ul#nb_list`) links one column for each year, each new year a new one. `<UCAPTITLE>` and `<UCAPCONTENT>` (or `#zoomcon`,
`#UCAP-CONTENT`) hold title and body; `#PAGE_BREAK#` in a body is cut up by a script and is no text.
"""

import json
import re
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit, urlunsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser

from crawler.families import answers
from crawler.families.base import Column, Family, Listing, ListPage, Markup, Step
from crawler.families.calls import Call, calls
from crawler.families.generic import read_html
from crawler.families.named import Named
from crawler.families.paging import script_calls
from crawler.families.pieces import read_piece
from crawler.families.progress import Progress
from crawler.families.rows import base_of, column_year, is_annual, is_article, judge, links, rows, tree_of
from crawler.families.scan import live_page
from crawler.families.sums import is_page_number, is_page_size

_SEARCH = re.compile(r"(?:common/search|searchList)(?=[/?\"'`]|$)", re.I)
_FILES = re.compile(r"getFileListByCodeId", re.I)
_INTERFACE = re.compile(r"(?:common/search|searchList)(?=[/?\"'`])|getFileListByCodeId", re.I)
_CHANNEL = ("channelId", "channel_id", "curChannelId", "currentChannelId", "channel", "chnlId", "cid")
_SIZE = ("_pageSize", "pageSize", "rows", "size")
_WORDS = frozenset({"searchword", "keyword", "keywords", "q", "query", "wd"})
_BREAK = re.compile(r"#PAGE_BREAK#|\[PAGE_BREAK\]")
_NOTHING = re.compile(r"暂无(?:相关|数据|信息|内容)")
_SIX = re.compile(
    r"createPageHTML\s{0,5}\([^(),]{1,60},\s{0,5}['\"]?(\d{1,5})['\"]?\s{0,5},[^(),]{1,40},[^(),]{1,60},[^(),]{1,20},\s{0,5}['\"]?(\d{1,6})",
    re.I,
)
_DEFAULT_SIZE = 15
_FIRST_YEAR = 2000


class Ucap(Family):
    """Ucap."""

    name: ClassVar[str] = "ucap"
    markup: ClassVar[Markup] = Markup(
        title=("ucaptitle", "h1", ".detail-title", ".title", ".bt"),
        date=(".date", ".time", "#pubtime", ".fbsj"),
        source=(".source", "#source", ".ly"),
        body=("ucapcontent", "#UCAP-CONTENT", "#zoomcon", "#zoom", ".scroll_cont", ".detail-news", ".article-content"),
    )

    def read(self, listing: Listing) -> ListPage:
        """See `Family.read`."""
        return _answer(listing) if listing.step.state else _column(listing)

    def unwrap(self, html: str) -> str:
        """A report page without its marks of page breaks."""
        return _BREAK.sub("", html)


class _Request(NamedTuple):
    """What asks for a page of a list: an address without the page's number, or fields without it."""

    url: str
    fields: dict[str, str] | None
    """Of a POST; None: the parameters stand in the address."""
    as_json: bool
    page_key: str
    start: int
    """What the first page is called."""

    def step(self, number: int, page: int, progress: Progress, shown: str) -> Step:
        """The request for page `page` (from 1) of the list that the page `shown` shows."""
        state = json.dumps([[*self], page, progress.plain(), shown], ensure_ascii=False)
        headers = (
            ("Accept", "application/json, text/javascript, */*; q=0.01"),
            ("Referer", urldefrag(shown).url),
            ("X-Requested-With", "XMLHttpRequest"),
        )
        called = str(page - 1 + self.start)
        if self.fields is None:
            parts = urlsplit(self.url)
            query = [*parse_qsl(parts.query, keep_blank_values=True), (self.page_key, called)]
            url = urlunsplit(parts._replace(query=urlencode(query, safe="/:,")))
            return Step(url, headers=headers, number=number, state=state)
        fields = {**self.fields, self.page_key: called}
        if self.as_json:
            body = json.dumps({key: _plain(value) for key, value in fields.items()}, ensure_ascii=False)
            return Step(self.url, json=body, headers=headers, number=number, state=state)
        return Step(self.url, form=tuple(fields.items()), headers=headers, number=number, state=state)


def _plain(value: str) -> str | int | bool:
    """A field as JSON would hold it."""
    if value in ("true", "false"):
        return value == "true"
    return int(value) if value.isdecimal() and len(value) < 8 and not (len(value) > 1 and value[0] == "0") else value


def _column(listing: Listing) -> ListPage:
    """A column's own page: what to ask the interface for, or its plain rows."""
    asked = _asked(listing)
    if asked is not None:
        return asked
    tree = tree_of(listing.text)
    if listing.step.number:
        return _held_to(read_html(listing), listing, tree, live_page(listing.text))
    named = Named(listing.text, tree)
    found = _listing_calls(calls(named, _INTERFACE), named.get(*_CHANNEL[:4]))
    requests = [request for call in found if (request := _request(call, named, listing.url)) is not None]
    page = read_html(listing)
    if page.refresh:
        return page
    call = next(script_calls(named.code), None)
    silent = not (page.links or page.next or page.columns or call or _NOTHING.search(named.markup))
    if not requests and silent and (channel := named.get(*_CHANNEL[:4])):
        guess = Call(f"/common/search/{channel}?_isAgg=true&_template=index", {}, post=False, json=False)
        request = _request(guess, named, listing.url)
        requests = [request] if request is not None else []
    if not requests:
        broken = found and not page.links
        problem = page.problem or ("it names the list's interface, but no channel to ask for" if broken else "")
        return _held_to(msgspec.structs.replace(page, problem=problem), listing, tree, named.code)
    requests = _distinct(requests)
    steps = tuple(request.step(1, 1, Progress(), listing.url) for request in requests)
    # The page's own rows are no rows of the list: what the interface gives is counted.
    return ListPage(links=page.links, next=steps, columns=page.columns, annual=page.annual)


def _held_to(page: ListPage, listing: Listing, tree: LexborHTMLParser, code: str) -> ListPage:
    """A plain list of several pages, held to the rows that its pager's script says it has: a whole page of them missing (a
    stub, a template without its rows) is no complete list. Fewer may be rows that lead elsewhere."""
    said = _SIX.search(code)
    pages, total = (int(said[1]), int(said[2])) if said else (0, 0)
    if pages < 2 or total < pages:
        return page
    found = {row.url for row in rows(tree, base_of(tree, listing.url)) if is_article(row.url) or row.date}
    return msgspec.structs.replace(page, listed=len(found), expected=total - -(-total // pages) + 1)


def _listing_calls(found: tuple[Call, ...], channel: str) -> tuple[Call, ...]:
    """Of the calls of a page those that may be its list's: not the news beside it, which come for another channel than the
    page's own, from another place in the script, or always as page 1."""
    own = {call.place for call in found if channel and channel in _values(call)}
    found = tuple(call for call in found if call.place in own) if own else found
    turned = tuple(call for call in found if _turns(call))
    return turned or found


def _values(call: Call) -> set[str]:
    return {*re.split(r"[/?&=]", call.url), *call.fields.values()}


def _turns(call: Call) -> bool:
    """Whether a call asks for a page whose number its script holds."""
    params = {**dict(parse_qsl(urlsplit(call.url).query, keep_blank_values=True)), **call.fields}
    return any(is_page_number(key) and not value for key, value in params.items())


def _distinct(requests: list[_Request]) -> list[_Request]:
    """One request for each list."""
    by_list: dict[tuple[str, str], _Request] = {}
    for request in requests:
        by_list.setdefault((request.url.partition("?")[0], (request.fields or {}).get("channelId", "")), request)
    return [*by_list.values()]


def _asked(listing: Listing) -> ListPage | None:
    """A section whose address is the interface's own."""
    if listing.step.number or not _SEARCH.search(urlsplit(listing.url).path) or listing.text.lstrip()[:1] not in "{[":
        return None
    request = _request(Call(listing.url, {}, post=False, json=False), None, listing.url)
    if request is None:
        return None
    step = request.step(0, 1, Progress(), listing.section or listing.url)
    return _answer(Listing(
        listing.url, listing.text, step, listing.section, listing.year, listing.this_year, listing.annual,
    ))  # fmt: skip


def _request(call: Call, named: Named | None, page: str) -> _Request | None:
    """A call as a request, its holes filled from the page; None if it asks for no channel."""
    address = call.url.replace("{", "").replace("}", "")
    if not address.startswith(("/", "http://", "https://")):
        address = f"/{address.lstrip('./')}"  # `host + "common/search/…"`, a host that the page does not name
    parts = urlsplit(urljoin(page, address))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    params = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **call.fields}
    if any(key.lower().strip("_") in _WORDS and value for key, value in params.items()):
        return None  # the box that searches the whole site

    def known(*names: str) -> str:
        return named.get(*names) if named is not None else ""

    page_key = next((key for key in params if is_page_number(key)), "page")
    start = 0 if params.pop(page_key, "") == "0" else 1
    size_key = next((key for key in params if is_page_size(key)), "")
    if size_key and not params[size_key].isdecimal():
        params[size_key] = known(*_SIZE) if known(*_SIZE).isdecimal() else str(_DEFAULT_SIZE)
    if _FILES.search(parts.path):
        channel_key = next((key for key in params if key.lower() == "channelid"), "channelId")
        params[channel_key] = params.get(channel_key) or known(*_CHANNEL)
        if not params[channel_key] and not params.get("codeId"):
            return None
        if not size_key:
            params["size"] = known(*_SIZE) if known(*_SIZE).isdecimal() else str(_DEFAULT_SIZE)
        params.setdefault("relateSubChannels", known("relateSubChannels") or "false")
        return _Request(urlunsplit(parts._replace(query="", fragment="")), params, call.json, page_key, start)
    head, _, tail = parts.path.partition(_SEARCH.findall(parts.path)[0])
    channel = tail.strip("/") or next(
        (params[key] for key in params if key.lower() == "channelid" and params[key]), known(*_CHANNEL)
    )
    if not channel:
        return None
    path = f"{head}{_SEARCH.findall(parts.path)[0]}/{channel}"
    if not size_key:
        params["_pageSize"] = known(*_SIZE) if known(*_SIZE).isdecimal() else str(_DEFAULT_SIZE)
    params = {"_isAgg": "true", "_isJson": "true", "_template": "index", **params}
    if call.post:
        return _Request(
            urlunsplit(parts._replace(path=path, query="", fragment="")), params, call.json, page_key, start
        )
    url = urlunsplit(parts._replace(path=path, query=urlencode(params, safe="/:,"), fragment=""))
    return _Request(url, None, False, page_key, start)


def _answer(listing: Listing) -> ListPage:
    """One page of the interface's list."""
    asked, number, plain, shown = json.loads(listing.step.state)
    request, progress = _Request(*asked), Progress.of(plain)
    if listing.text.lstrip("\ufeff \t\r\n")[:1] == "<":
        return _piece(listing, request, progress, number, shown)
    said = answers.read(listing.text, urldefrag(shown).url)
    if said.problem:
        return ListPage(problem=f"page {number} of its list: {said.problem}")
    entries = said.rows
    annual = listing.annual or is_annual(listing.section)
    verdict = progress.page(
        [f"{entry.url}\n{entry.title}" for entry in entries], number, said.total, said.pages
    )  # a paper that a list names twice has two rows, under two titles
    steps = (request.step(listing.step.number + 1, number + 1, progress, shown),) if verdict.more else ()
    return ListPage(
        links=answers.links(entries, listing, annual),
        next=steps,
        columns=_columns(entries, listing) if number == 1 else (),
        rows=tuple(entry.url or entry.title for entry in entries),
        listed=verdict.new,
        expected=None,
        annual=annual,
        problem=verdict.problem or _unaddressed(entries, annual),
    )


def _piece(listing: Listing, request: _Request, progress: Progress, number: int, shown: str) -> ListPage:
    """One page of the list from a site whose interface answers with HTML all the same (its `_template` drawn)."""
    piece = read_piece(listing.text, urldefrag(shown).url, progress, number)
    annual = listing.annual or is_annual(listing.section)
    return ListPage(
        links=links(piece.rows, listing, annual),
        next=(request.step(listing.step.number + 1, number + 1, progress, shown),) if piece.verdict.more else (),
        rows=tuple(row.url for row in piece.rows),
        listed=piece.verdict.new,
        annual=annual,
        problem=piece.verdict.problem,
    )


def _unaddressed(entries: tuple[answers.Entry, ...], annual: bool) -> str:
    """A report that a row names without an address: nobody can read it."""
    lost = [entry.title for entry in entries if not entry.url and judge(entry.title, "", annual, False) == "report"]
    return f"it names {lost[0][:60]!r} without an address" if lost else ""


def _columns(entries: tuple[answers.Entry, ...], listing: Listing) -> tuple[Column, ...]:
    found = ((entry, column_year(entry.title, entry.url)) for entry in entries if entry.url and not entry.date)
    return tuple(Column(entry.url, year) for entry, year in found if year and _FIRST_YEAR <= year <= listing.this_year)
