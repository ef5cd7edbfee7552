"""Hanweb's 信息公开 module: directories whose list is `/module/xxgk/search.jsp`, and their tree of categories.

`POST /module/xxgk/search.jsp?standardXxgk=&isAllList=1&currpage=N&sortfield=` with `infotypeId`, `jdid`, `area`, `divid` answers a table
with rows `tr.tr_main_value_odd|even`; how many pages there are stands as 共N页. Some sites answer GET too. A directory's page names
the call in a script (`loadDynamic('/module/xxgk/search.jsp?…', 'div4', 'A01', '', '', '1')`, `$.post`, a form) or frames
`/module/xxgk/tree.jsp?area=&divid=`, whose nodes are `funclick('A0212', …)`: the category that is called 年报 is asked for. Without an
infotypeId the interface lists everything that the organ (`area`) has published ("domain notes", 1b).
"""

import html
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser

from crawler.families import literals
from crawler.families.base import Listing, ListPage, Step
from crawler.families.cursor import Cursor, advance
from crawler.families.fragments import Fragment, fragment
from crawler.families.rows import links, squeezed
from crawler.families.scan import scripts, without_comments
from crawler.page.address import join

SEARCH = re.compile(r"(?i)/xxgk/(?:search|subjectinfo)\.jsp$")
TREE = re.compile(r"(?i)/xxgk/tree\.jsp$")
_CALL = re.compile(r"(?i)[\"'`]([^\"'`\s<>]{0,200}?(?:search|subjectinfo)\.jsp[^\"'`\s<>]{0,600})[\"'`]")
_TREE_CALL = re.compile(r"(?i)[\"'`]([^\"'`\s<>]{0,200}?tree\.jsp[^\"'`\s<>]{0,600})[\"'`]")
_KEYS = {key.lower(): key for key in ("infotypeId", "jdid", "area", "divid", "standardXxgk", "isAllList", "sortfield")}
_FIELD = re.compile(
    r"(?i)[\"']?\b(infotypeId|jdid|area|divid|standardXxgk|isAllList)\b[\"']?\s{0,9}[:=]\s{0,9}"
    r"(?:\"([\w., -]{0,60})\"|'([\w., -]{0,60})'|([\w-]{1,60}))"
)
_PLACED = re.compile(r"\s{0,9}(?:\+[^,()]{0,200})?,\s{0,9}[\"']([^\"'\n]{0,80})[\"'](?=\s{0,9}[,)])")
"""Further arguments of loadDynamic(address, divid, infotypeId, …, …, jdid)."""
_NODE = re.compile(
    r"(?i)funclick\(\s{0,9}\\?[\"']([\w-]{1,40})\\?[\"']([^)]{0,200})\)([^>]{0,80}>\s{0,20}([^<]{1,60}))?"
)
_ITEM = re.compile(r"(?i)\.add\(([^;]{1,600}?)\)\s*;")
_QUOTED = re.compile(r"\\?[\"']([^\"'\\]{0,80})\\?[\"']")
_HREF_TYPE = re.compile(r"(?i)infotypeId=([\w-]{1,40})")
_ANNUAL = re.compile(
    r"(?:信息公开|公开).{0,6}(?:年报|年度报告|年度工作报告)|^(?:年报|年度报告|工作年报|年度工作报告|公开年报)$"
)
_NOT_ANNUAL = re.compile("网站|法治|指南|制度|财政|预算|决算")
_ROWS = "tr.tr_main_value_odd, tr.tr_main_value_even, tr[class*=tr_main_value]"
_NOTHING = re.compile(r"暂无|没有(?:相关|找到|符合|查询)|无相关|查无|未找到|0条|共0页")
_BLANK = ("vc_title", "vc_number", "vc_filenumber", "vc_all", "texttype", "fbtime")
_SIGNS = ("divid", "infotypeId", "jdid")
_MOST = 8


class SearchState(msgspec.Struct, frozen=True, tag="search"):
    """A list of search.jsp, and the page of it that is asked for."""

    url: str
    query: tuple[tuple[str, str], ...]
    form: tuple[tuple[str, str], ...]
    referer: str
    cursor: Cursor = Cursor()

    def step(self, number: int) -> Step:
        """The request for the page that the cursor stands at."""
        page = ("currpage", str(self.cursor.page))
        query = [*(pair for pair in self.query if pair[0] != "currpage"), page]
        form = (*(pair for pair in self.form if pair[0] != "currpage"), page)
        headers = (("Referer", self.referer), ("X-Requested-With", "XMLHttpRequest"))
        url = f"{self.url}?{urlencode(query, safe=':,')}"
        return Step(url, form, headers, number, msgspec.json.encode(self).decode())


class TreeState(msgspec.Struct, frozen=True, tag="tree"):
    """A tree of categories that is asked for."""

    fields: dict[str, str]
    search: str
    referer: str

    def step(self, url: str, number: int) -> Step:
        """The request for the tree."""
        headers = (("Referer", self.referer),)
        return Step(url, None, headers, number, msgspec.json.encode(self).decode())


def first(section: str) -> Step | None:
    """The request for a section that is search.jsp itself; None for any other."""
    parts = urlsplit(section)
    if not SEARCH.search(parts.path):
        return None
    return _state(urlunsplit(parts._replace(fragment="")), {}, section).step(0)


def steps(listing: Listing, tree: LexborHTMLParser, base: str) -> list[Step]:
    """What a directory's page asks for: lists with their parameters, and trees that hold the categories."""
    if "xxgk/" not in listing.text.replace("\\/", "/") and "/xxgk/" not in listing.url:
        return []
    own = {_KEYS.get(key.lower(), key): value for key, value in parse_qsl(urlsplit(listing.section).query)}
    given = {key: own[key] for key in ("infotypeId", "area") if own.get(key)}
    given |= {"area": own["vc_xxgkarea"]} if own.get("vc_xxgkarea") else {}
    given |= {"infotypeId": own["number"]} if own.get("number") else {}
    found: dict[str, Step] = {}
    number = listing.step.number + 1
    annual = [{"infotypeId": key} for key in _annual(listing.text)[:_MOST]]
    for address, said in _calls(listing, tree, base):
        for fields in [{**said, **category, **given} for category in annual or [{}]] + [{**said, **given}]:
            if any(fields.get(key) for key in _SIGNS):  # a search box on every page has none
                step = _state(address, fields, listing.url).step(number)
                found.setdefault(f"{step.url}{step.form}", step)
    if given.get("infotypeId") and found:
        return list(found.values())[:1]
    for address in _trees(listing, tree, base):
        said = {_KEYS.get(key.lower(), key): value for key, value in parse_qsl(urlsplit(address).query)}
        state = TreeState({**said, **given}, join(address, "search.jsp"), listing.url)
        found.setdefault(address, state.step(address, number))
    return list(found.values())[:_MOST]


def read_tree(listing: Listing, state: TreeState | None = None) -> ListPage:
    """A tree of categories: the lists of those that are called 年报."""
    if state is None:
        said = parse_qsl(urlsplit(listing.url).query)
        fields = {_KEYS.get(key.lower(), key): value for key, value in said}
        state = TreeState(fields, join(listing.url, "search.jsp"), listing.url)
    chosen = _annual(listing.text)
    if not chosen and next(_nodes(listing.text), None) is None:
        return ListPage(problem="the directory's tree (xxgk/tree.jsp) could not be read")
    if not chosen:
        return ListPage(
            problem="no category of the directory's tree is called 年报; give the section's address as the list's own"
        )
    found = [
        _state(state.search, {**state.fields, "infotypeId": key}, state.referer).step(listing.step.number + 1)
        for key in chosen[:_MOST]
    ]
    return ListPage(next=tuple(found), annual=True)


def _annual(text: str) -> list[str]:
    """infotypeIds of the categories that are called 年报."""
    named: dict[str, str] = {}
    for identity, label in islice(_nodes(text), 5000):
        named.setdefault(identity, label)
    return [key for key, label in named.items() if _ANNUAL.search(label) and not _NOT_ANNUAL.search(label)]


def answer(listing: Listing, state: SearchState) -> ListPage:
    """One page of a list."""
    read = _table(listing.text, state.referer)
    here = state.cursor
    counted = read.total is not None or read.pages is not None
    if not read.listed and not counted and not _NOTHING.search(squeezed(listing.text)[:5000]):
        return ListPage(problem="search.jsp did not answer with a list")
    turn = advance(here, read.urls, read.listed, read.total, read.pages)
    onward = turn.onward
    if not turn.kept:
        return ListPage(annual=listing.annual, problem=turn.problem)
    return ListPage(
        links=links(read.rows, listing, listing.annual),
        next=(msgspec.structs.replace(state, cursor=onward).step(listing.step.number + 1),) if onward else (),
        rows=read.urls,
        listed=read.listed,
        expected=read.total if here.page == 1 else None,
        annual=listing.annual,
        problem=turn.problem,
    )


def _table(text: str, base: str) -> Fragment:
    read = fragment(text, base, _ROWS)
    return read if read.documents or not read.rows else Fragment(total=read.total, pages=read.pages, paged=read.paged)


def _state(address: str, fields: dict[str, str], referer: str) -> SearchState:
    parts = urlsplit(address)
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key.lower() != "currpage"]
    known = {_KEYS.get(key.lower(), key): value for key, value in query}
    known |= {key: value for key, value in fields.items() if value or key not in known}
    form = {**dict.fromkeys(_BLANK, ""), **dict.fromkeys(("infotypeId", "area", "divid"), ""), "jdid": "1", **known}
    plain = urlunsplit(parts._replace(query="", fragment=""))
    shown = [(key, known.get(_KEYS.get(key.lower(), key), value)) for key, value in query]
    return SearchState(plain, tuple(shown), tuple(form.items()), referer)


def _calls(listing: Listing, tree: LexborHTMLParser, base: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Addresses of search.jsp with the parameters beside them."""
    inputs = literals.fields(tree)
    hidden = {key: inputs[name] for name in inputs if (key := _KEYS.get(name.lstrip("#").lower(), "")) and inputs[name]}
    for form in tree.css("form[action]")[:20]:
        address = join(base, form.attributes.get("action") or "")
        if SEARCH.search(urlsplit(address).path):
            yield address, hidden
    for node in tree.css("iframe[src], frame[src]")[:20]:
        address = join(base, node.attributes.get("src") or "")
        if SEARCH.search(urlsplit(address).path):
            yield address, {}
    for code in scripts(without_comments(listing.text)):
        code = code.replace("\\/", "/")
        names = literals.variables(code)
        for place in list(_CALL.finditer(code))[:_MOST]:
            address = join(base, html.unescape(place[1]))
            if SEARCH.search(urlsplit(address).path):
                yield address, {**hidden, **_beside(code, place.start(), place.end(), names)}


def _beside(code: str, start: int, end: int, names: dict[str, str]) -> dict[str, str]:
    """The parameters that stand beside an address in a script."""
    found: dict[str, str] = {}
    placed: list[str] = []
    if re.search(r"loadDynamic\s*\(\s*$", code[max(0, start - 40) : start]):
        place = end
        while len(placed) < 5 and (argument := _PLACED.match(code, place)):
            placed.append(argument[1])
            place = argument.end()
    for key, position in (("divid", 0), ("infotypeId", 1), ("jdid", 4)):
        if len(placed) > position and placed[position]:
            found[key] = placed[position]
    for text in (code[end : end + 1200], code[max(0, start - 1200) : start]):
        for match in _FIELD.finditer(text.replace("&amp;", "&")):
            value = next((group for group in match.groups()[1:3] if group is not None), None)
            if value is None:
                value = names.get(match[4], match[4] if not match[4].isidentifier() or match[4][:3] == "div" else "")
            if value:
                found.setdefault(_KEYS[match[1].lower()], value)
    return found


def _trees(listing: Listing, tree: LexborHTMLParser, base: str) -> Iterator[str]:
    """Addresses of trees: frames, and strings in scripts that are whole."""
    for node in tree.css("iframe[src], frame[src], script[src], [data-src]")[:100]:
        address = join(base, node.attributes.get("src") or node.attributes.get("data-src") or "")
        if TREE.search(urlsplit(address).path):
            yield address
    for code in scripts(without_comments(listing.text)):
        for place in list(_TREE_CALL.finditer(code.replace("\\/", "/")))[:_MOST]:
            address = join(base, html.unescape(place[1]))
            if TREE.search(urlsplit(address).path) and not address.endswith("="):
                yield address


def _nodes(text: str) -> Iterator[tuple[str, str]]:
    """(infotypeId, label) of a tree's nodes: links that call funclick, dTree's `add(id, parent, label, action)`."""
    for match in _NODE.finditer(text):
        quoted = [item[1] for item in _QUOTED.finditer(match[2] or "")]
        label = squeezed(match[4] or "") or next(
            (word for word in map(squeezed, quoted) if re.search("[\u4e00-\u9fff]", word)), ""
        )
        if label:
            yield match[1], label
    for match in _ITEM.finditer(text):
        identity = re.search(r"funclick\(\s*\\?[\"']([\w-]{1,40})", match[1]) or _HREF_TYPE.search(match[1])
        words = [word for item in _QUOTED.finditer(match[1]) if re.search("[\u4e00-\u9fff]", word := squeezed(item[1]))]
        if identity and words:
            yield identity[1], words[0]
    for anchor in re.finditer(r"(?i)<a\b[^<>]{0,400}?infotypeId=([\w-]{1,40})[^<>]{0,400}>([^<]{1,60})", text):
        yield anchor[1], squeezed(anchor[2])
