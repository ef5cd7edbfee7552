"""Hanweb JPAAS: columns whose list is a unit that a script asks for.

`GET /api-gateway/jpaas-publish-server/front/page/build/unit?webId=&pageId=&parseType=bulidstatic&pageType=column&tagId=&tplSetId=&
paramJson={"pageNo":1,"pageSize":15}` answers JSON whose `data.html` is a piece of the list. "bulidstatic" is the CMS's own spelling.
The parameters stand in the column's page, as attributes (`<script url="…/unit" queryData="{'webId':'…'}">`) or in a script.
paramJson is compact and the Referer is the column: some sites answer 403 otherwise. The pager of the piece tells how many rows
there are (`rows="24" count="48" pageNo="1"`, or `queryData="{'rows':'20','count':'48'}"`). From abroad, pageNo may be ignored: the
same rows again are an error here, not the end ("domain notes", 1b).
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser

from crawler.families import answers, literals
from crawler.families.base import Listing, ListPage, Step
from crawler.families.cursor import Cursor, advance
from crawler.families.fragments import fragment
from crawler.families.rows import links
from crawler.families.scan import scripts, without_comments
from crawler.page.address import join

_UNIT = re.compile(r"(?i)(?:front/page/build|page/build)/unit(?![\w-])")
_IN_CODE = re.compile(r"[\"'`]([^\"'`\s<>]{0,300}?page/build/unit[^\"'`\s<>]{0,1500})[\"'`]", re.I)
_OBJECT = re.compile(r"\{(?=\s{0,20}[\"']?(?:webId|pageId|tplSetId|parseType|pageType|tagId)\b)", re.I)
_PAIR = re.compile(
    r"(?i)[\"']?\b(webId|pageId|tplSetId|parseType|pageType|tagId|editType)\b[\"']?\s{0,9}[:=]\s{0,9}(?:\"([^\"\n]{0,200})\"|'([^'\n]{0,200})'|(\w{1,80}))"
)
_KEYS = {key.lower(): key for key in ("webId", "pageId", "tplSetId", "parseType", "pageType", "tagId", "editType")}
_NEEDED = ("webid", "pageid", "tplsetid")
_CHROME = re.compile(
    r"(?i)导航|位置|面包屑|菜单|头部|底部|页脚|页头|版权|友情|侧边|搜索|轮播|专题图|nav|crumb|menu|header|footer|banner|logo"
)
"""tagIds of units that are no list."""
_PAGE_KEYS = ("pageNo", "pageno", "pageNum", "pageIndex", "currentPage", "page")
_SIZE_KEYS = ("pageSize", "pagesize", "rows", "perPage")
_MOST_UNITS = 8
_SIZE = 15


class UnitState(msgspec.Struct, frozen=True, tag="unit"):
    """A unit, and the page of it that is asked for."""

    url: str
    """Without paramJson."""
    param: dict[str, Any]
    """What stands in paramJson beside the page's number and size."""
    page_key: str
    size_key: str
    size: int
    base: str
    """What links of the piece count from."""
    referer: str
    alone: bool
    """It is the page's only unit: it must be the list."""
    cursor: Cursor = Cursor()

    def step(self, number: int) -> Step:
        """The request for the page that the cursor stands at."""
        param = {**self.param, self.page_key: self.cursor.page, self.size_key: self.size}
        compact = json.dumps(param, ensure_ascii=False, separators=(",", ":"))
        joint = "&" if urlsplit(self.url).query else "?"
        headers = (
            ("Referer", self.referer),
            ("X-Requested-With", "XMLHttpRequest"),
            ("Accept", "application/json, text/javascript, */*; q=0.01"),
        )
        state = msgspec.json.encode(self).decode()
        return Step(f"{self.url}{joint}{urlencode({'paramJson': compact})}", None, headers, number, state)


class Units(msgspec.Struct, frozen=True):
    """What a column's page names."""

    states: tuple[UnitState, ...] = ()
    problem: str = ""


def units(listing: Listing, tree: LexborHTMLParser, base: str, *, rows: bool = False) -> Units:
    """The units that a column's page asks for, those of menus and crumbs left out where another remains. `rows`: the page
    lists documents itself, so that no unit has to be its list."""
    if not _UNIT.search(listing.text.replace("\\/", "/")):
        return Units()
    named = list(_named(listing, tree, base))
    asked: dict[str, tuple[dict[str, str], dict[str, Any], str]] = {}
    for address, params in named:
        parts = urlsplit(address)
        query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **params}
        spelled = {key.lower(): key for key in query}
        param = _param(query.pop(spelled.get("paramjson", ""), None))
        if not any(query.get(spelled.get(key, "")) for key in _NEEDED):
            continue
        for key, value in (("parseType", "bulidstatic"), ("pageType", "column")):
            if key.lower() not in spelled:
                query[key] = value
        plain = {key: str(value) for key, value in query.items() if isinstance(value, (str, int))}
        url = urlunsplit(parts._replace(query=urlencode(plain), fragment=""))
        asked.setdefault(url, (plain, param, address))
    if not asked:
        return Units(problem="it names its list's interface (build/unit), but not with which webId and pageId")
    lists = {url: said for url, said in asked.items() if not _CHROME.search(_tag(said[0]))}
    if not lists and not rows:
        lists = asked
    chosen = list(lists.items())[:_MOST_UNITS]
    return Units(tuple(_state(url, said[1], listing, base, len(chosen) == 1 and not rows) for url, said in chosen))


def answer(listing: Listing, state: UnitState) -> ListPage:
    """One page of a unit."""
    value = answers.value_of(listing.text)
    piece = _piece(value)
    if piece is None:
        start = "HTML" if listing.text.lstrip()[:1] == "<" else "nothing that holds data.html"
        return ListPage(problem=answers.error_of(value) or f"the list's interface answered with {start}")
    read = fragment(piece, state.base)
    total = read.total if read.total is not None else _told(value)
    here = state.cursor
    counted = any(count is not None for count in (total, read.pages, here.total, here.pages))
    if not read.listed and (wrong := answers.error_of(value)):
        return ListPage(problem=wrong)
    if not read.listed and here.page == 1 and not counted and state.alone:
        return ListPage(problem="the list's interface answered without a row, and does not say that there is none")
    turn = advance(here, read.urls, read.listed, total, read.pages)
    listless = not counted and not state.alone
    if listless and (not read.documents or turn.problem):
        # A menu, or a box of the latest news: one of several units, without a pager, that is the same on each page.
        return ListPage(links=links(read.rows, listing, listing.annual) if turn.kept else (), annual=listing.annual)
    onward = turn.onward
    steps = (msgspec.structs.replace(state, cursor=onward).step(listing.step.number + 1),) if onward else ()
    if not turn.kept:
        return ListPage(annual=listing.annual, problem=turn.problem)
    return ListPage(
        links=links(read.rows, listing, listing.annual),
        next=steps,
        rows=read.urls,
        listed=read.listed,
        expected=total if here.page == 1 else None,
        annual=listing.annual,
        problem=turn.problem,
    )


def _tag(params: dict[str, str]) -> str:
    return next((value for key, value in params.items() if key.lower() == "tagid"), "")


def _state(url: str, param: dict[str, Any], listing: Listing, base: str, alone: bool) -> UnitState:
    page_key = next((key for key in _PAGE_KEYS if key in param), "pageNo")
    size_key = next((key for key in _SIZE_KEYS if key in param), "pageSize")
    said = str(param.pop(size_key, ""))
    param.pop(page_key, None)
    size = int(said) if said.isdigit() and 0 < int(said) <= 500 else _SIZE
    return UnitState(url, param, page_key, size_key, size, base, listing.url, alone)


def _named(listing: Listing, tree: LexborHTMLParser, base: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Addresses of units with their parameters: from attributes, then from scripts."""
    for node in tree.css("[url], [data-url], [querydata], [query-data], [data-querydata]")[:100]:
        attributes = {
            name.lower().replace("-", "").removeprefix("data"): value or "" for name, value in node.attributes.items()
        }
        address = join(base, attributes.get("url", "").strip())
        if _UNIT.search(address):
            yield address, _object(attributes.get("querydata", ""))
    for code in scripts(without_comments(listing.text)):
        code = code.replace("\\/", "/")
        if not _UNIT.search(code):
            continue
        names: dict[str, str] = literals.variables(code)
        for place in list(_IN_CODE.finditer(code))[:_MOST_UNITS]:
            address = join(base, place[1].replace("&amp;", "&"))
            if address:
                yield address, _beside(code, place.start(), place.end(), names)


def _beside(code: str, start: int, end: int, names: dict[str, str]) -> dict[str, Any]:
    """The parameters that stand beside an address in a script: the nearest object of them, or loose settings."""
    after, before = code[end : end + 3000], code[max(0, start - 3000) : start]
    for text, places in ((after, _OBJECT.finditer(after)), (before, reversed(list(_OBJECT.finditer(before))))):
        for place in places:
            found = _object(text, place.start(), names)
            if found:
                return found
            break
    loose: dict[str, Any] = {}
    for match in _PAIR.finditer(before + after):
        key = _KEYS[match[1].lower()]
        value = next((group for group in match.groups()[1:3] if group is not None), None)
        loose.setdefault(key, value if value is not None else names.get(match[4], ""))
    return {key: value for key, value in loose.items() if value}


def _object(text: str, place: int = 0, names: dict[str, str] | None = None) -> dict[str, Any]:
    """A literal's keys, as the page spells them, and what is known of their values; or {}."""
    text = text.replace("&quot;", '"').replace("&#39;", "'") if "&" in text else text
    try:
        value = literals.literal(text, place, names or {})
    except literals.NoLiteral:
        return {}
    if not isinstance(value, dict):
        return {}
    return {str(key): item for key, item in value.items() if item is not None}


def _param(value: Any) -> dict[str, Any]:
    """What paramJson holds, as text or as an object."""
    if isinstance(value, str):
        value = _object(value)
    return dict(value) if isinstance(value, dict) else {}


def _piece(value: Any) -> str | None:
    """The HTML of an answer: `data.html`, with more or fewer wrappings."""
    for _ in range(4):
        if isinstance(value, str):
            return value
        if not isinstance(value, dict):
            return None
        value = next(
            (value[key] for key in ("html", "data", "result", "body", "content") if value.get(key) is not None), None
        )
    return value if isinstance(value, str) else None


def _told(value: Any) -> int | None:
    """A total beside the HTML."""
    for item in (value, value.get("data") if isinstance(value, dict) else None):
        for key in ("total", "totalCount", "count", "totalRecord"):
            found = item.get(key) if isinstance(item, dict) else None
            if isinstance(found, int) and not isinstance(found, bool):
                return found
    return None
