"""How a page's scripts ask a JSON interface for its list: which one, with what, as a form, as JSON or in the query.

In: a column's page. Out: `ListState`s, each a list and the page of it to be asked for. Pure. See `crawler.families.querylist`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser

from crawler.families import literals
from crawler.families.base import Listing, Step
from crawler.families.cursor import Cursor
from crawler.families.scan import scripts, without_comments
from crawler.page.address import join


class Dialect(msgspec.Struct, frozen=True):
    """One interface's names for things."""

    path: str
    """How its address ends."""
    page: str
    size: str
    channel: tuple[str, ...]
    """Parameters that say which column: a set of parameters without one of them is no list's."""
    root: bool = False
    """Pages need not name its address: it stands at the site's root."""


_DIALECTS = (
    Dialect("/queryList", "current", "perPage", ("channelCode", "webSiteCode", "channelId", "channelIds"), root=True),
    Dialect("/cms/JsonList", "pageno", "perPage", ("channelCode",)),
    Dialect("/loadData", "pageIndex", "pageSize", ("channel_id", "channelId", "channelid", "channelCode")),
)
_PATH = re.compile(r"(?i)/(?:queryList|cms/JsonList|\w+/loadData)/?$")
_IN_CODE = re.compile(
    r"(?i)[\"'`]([^\"'`\s<>]{0,300}?/?(?:queryList|cms/JsonList|/loadData)/?(?:\?[^\"'`\s<>]{0,600})?)[\"'`]"
)
_OBJECT = re.compile(r"\{(?=[^{}]{0,1500}?\b(?:channelCode|webSiteCode|channel_id|channelIds?)\b)", re.I)
_DATA = re.compile(r"\b(?:data|body|params)\s{0,9}:\s{0,9}(?:JSON\.stringify\s{0,9}\(\s{0,9})?")
_JSON_BODY = re.compile(r"application/json|JSON\.stringify\s{0,9}\(", re.I)
_GET = re.compile(r"\b(?:type|method)\s{0,9}:\s{0,9}[\"']get[\"']|\$\.(?:get|getJSON)\s{0,9}\(\s{0,9}$", re.I)
_POST = re.compile(r"\b(?:type|method)\s{0,9}:\s{0,9}[\"']post[\"']|\.post\s{0,9}\(\s{0,9}$", re.I)
_PAGE_KEYS = frozenset(
    {
        "current",
        "pageno",
        "pageindex",
        "pagenum",
        "pagenumber",
        "currentpage",
        "currpage",
        "curpage",
        "nowpage",
        "page",
        "p",
    }
)
_SIZE_KEYS = frozenset({"perpage", "pagesize", "rows", "limit", "size", "pagerows"})
"""Parameters in small letters."""
_SIZE = 15
_SPELLED = {
    key.lower(): key
    for key in ("current", "unitid", "webSiteCode", "channelCode", "perPage", "pageSize", "dataBefore", "dataAfter")
}
_MARKED = "[data-channelcode], [data-channel-code], [channelcode]"
_SET = re.compile(rf"\.({'|'.join(_SPELLED.values())})\s{{0,9}}=\s{{0,9}}(?=[\"'\[\d])")
_MOST = 8


class ListState(msgspec.Struct, frozen=True):
    """A list, and the page of it that is asked for."""

    url: str
    fields: tuple[tuple[str, Any], ...]
    """Parameters, the page's number and size left out; arrays stay arrays."""
    page: str
    size_keys: tuple[str, ...]
    size: int
    body: str
    """form, json or query: where the parameters stand."""
    base: str
    referer: str
    cursor: Cursor = Cursor()

    def step(self, number: int) -> Step:
        """The request for the page that the cursor stands at."""
        fields: dict[str, Any] = {self.page: self.cursor.page, **dict(self.fields)}
        fields |= dict.fromkeys(self.size_keys, self.size)
        state = msgspec.json.encode(self).decode()
        headers = (
            ("Referer", self.referer),
            ("X-Requested-With", "XMLHttpRequest"),
            ("Accept", "application/json, text/javascript, */*; q=0.01"),
        )
        if self.body == "json":
            text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
            return Step(self.url, None, headers, number, state, text)
        form = tuple(_flat(fields))
        if self.body == "query":
            joint = "&" if urlsplit(self.url).query else "?"
            return Step(f"{self.url}{joint}{urlencode(form)}", None, headers, number, state)
        return Step(self.url, form, headers, number, state)


def of_section(section: str) -> ListState | None:
    """The list of a section that is an interface's address itself; None for any other."""
    parts = urlsplit(section)
    dialect = _dialect(parts.path)
    if dialect is None or not _PATH.search(parts.path):
        return None
    fields = dict(parse_qsl(parts.query, keep_blank_values=True))
    root = urlunsplit(parts._replace(path="/", query="", fragment=""))
    return _state(section, dialect, fields, "form", root, root)


def states(listing: Listing, tree: LexborHTMLParser, base: str) -> tuple[ListState, ...]:
    """What a page's scripts ask for: interfaces that they name, with the parameters beside them; parameters of queryList
    whose address stands in a script that the page only links."""
    inputs = literals.fields(tree)
    code = "\n;\n".join(scripts(without_comments(listing.text))).replace("\\/", "/")
    marked = tree.css_first(_MARKED) is not None or "channelCode" in inputs
    if not marked and not any(word in code for word in ("channel", "webSiteCode", "queryList", "JsonList", "loadData")):
        return ()
    names: dict[str, Any] = {**inputs, **literals.variables(code)}
    found: dict[tuple[Any, ...], ListState] = {}
    for place in list(_IN_CODE.finditer(code))[:_MOST]:
        address = join(base, place[1]) if place[1].startswith(("/", "http")) else join(listing.url, f"/{place[1]}")
        dialect = _dialect(urlsplit(address).path)
        if dialect is None:
            continue
        near = code[max(0, place.start() - 300) : place.end() + 600]
        fields = _beside(code, place.start(), place.end(), names, dialect)
        fields = {**dict(parse_qsl(urlsplit(address).query, keep_blank_values=True)), **fields}
        if not _names_column(fields, dialect):
            continue
        body = "json" if _JSON_BODY.search(near) else "query" if _is_get(code, place.start(), near) else "form"
        state = _state(address, dialect, fields, body, base, listing.url)
        found.setdefault((state.url, repr(state.fields)), state)
    if not found:
        dialect = _DIALECTS[0]
        root = join(listing.url, dialect.path)
        loose = (
            [_assigned(code, names), *_attributes(tree, inputs)]
            if marked or "queryList" in code or "loadPageData" in code
            else []
        )
        for fields in (*_params(code, names), *loose):
            if _names_column(fields, dialect):
                state = _state(root, dialect, fields, "form", base, listing.url)
                found.setdefault((state.url, repr(state.fields)), state)
    return tuple(found.values())[:_MOST]


def _names_column(fields: Mapping[str, Any], dialect: Dialect) -> bool:
    """Whether parameters say which column's rows are wanted."""
    return any(value and key.removesuffix("[]") in dialect.channel for key, value in fields.items())


def _assigned(code: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters that a script sets one by one (`params.channelCode = ['col1']`)."""
    found: dict[str, Any] = {}
    for place in list(_SET.finditer(code))[: 4 * _MOST]:
        with suppress(literals.NoLiteral):
            found.setdefault(place[1], literals.literal(code, place.end(), names))
    return {key: value for key, value in found.items() if value is not None}


def _attributes(tree: LexborHTMLParser, inputs: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Parameters that elements carry (`data-channelcode`), and those of hidden inputs."""
    for node in tree.css(_MARKED)[:_MOST]:
        said = {
            name.lower().removeprefix("data-").replace("-", ""): value or "" for name, value in node.attributes.items()
        }
        yield {key: _codes(key, said[name]) for name, key in _SPELLED.items() if said.get(name)}
    yield {key: _codes(key, inputs[key]) for key in _SPELLED.values() if inputs.get(key)}


def _codes(key: str, value: str) -> Any:
    """A parameter's value: columns and sites are arrays in this interface."""
    return (
        [item.strip() for item in value.split(",") if item.strip()] if key in ("channelCode", "webSiteCode") else value
    )


def _dialect(path: str) -> Dialect | None:
    lower = path.lower().rstrip("/")
    return next((dialect for dialect in _DIALECTS if lower.endswith(dialect.path.lower())), None)


def _is_get(code: str, start: int, near: str) -> bool:
    """Whether a script asks by GET: it says so, and nowhere near says POST."""
    before = code[max(0, start - 40) : start]
    return bool(_GET.search(near) or _GET.search(before)) and not (_POST.search(near) or _POST.search(before))


def _state(address: str, dialect: Dialect, fields: Mapping[str, Any], body: str, base: str, referer: str) -> ListState:
    """A list's first page. The page's number and size go where the site's own parameters have them."""
    own = [key for key in fields if key.lower() in _PAGE_KEYS]
    page = dialect.page if dialect.page in own else next(iter(own), dialect.page)
    sizes = tuple(key for key in fields if key.lower() in _SIZE_KEYS) or (dialect.size,)
    said = next((str(fields[key]) for key in sizes if str(fields.get(key, "")).isdigit()), "")
    size = int(said) if said and 0 < int(said[:6]) <= 500 else _SIZE
    if dialect.root and "pageSize" not in sizes:
        sizes = (*sizes, "pageSize")
    kept = tuple((key, value) for key, value in fields.items() if key not in (page, *sizes) and value is not None)
    parts = urlsplit(address)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0].lower() in _SIZE_KEYS]
    plain = urlunsplit(parts._replace(query=urlencode(query) if body != "query" else "", fragment=""))
    return ListState(plain, kept, page, sizes, size, body, base, referer)


def _beside(code: str, start: int, end: int, names: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """The parameters of the call that an address stands in: its `data`, the object behind it, a variable's object."""
    after, before = code[end : end + 2500], code[max(0, start - 2500) : start]
    second = re.match(r"\s{0,9},\s{0,9}", after)
    places = [(after, second.end())] if second else []
    places += [(after, place.end()) for place in list(_DATA.finditer(after))[:4]]
    places += [(before, place.end()) for place in reversed(list(_DATA.finditer(before))[-2:])]
    for text, place in places:
        found = _object(text, place, names, code)
        if _names_column(found, dialect):
            return found
    return next((found for found in _params(code, names) if _names_column(found, dialect)), {})


def _object(text: str, place: int, names: Mapping[str, Any], code: str) -> dict[str, Any]:
    """The object at a place, or the one that the name there is set to."""
    try:
        value = literals.literal(text, place, names)
    except literals.NoLiteral:
        value = None
    if isinstance(value, str) and "=" in value:
        return dict(parse_qsl(value, keep_blank_values=True))
    if isinstance(value, dict):
        # What only the running script knows is left out, but for what the page's number is called.
        names_only = _PAGE_KEYS | _SIZE_KEYS
        return {key: item for key, item in value.items() if item is not None or key.lower() in names_only}
    name = re.compile(r"[A-Za-z_$][\w$]{0,60}").match(text, place)
    if name is None:
        return {}
    held = re.search(r"(?<![\w$.])" + re.escape(name[0]) + r"\s{0,9}=\s{0,9}(?=\{)", code)
    return _object(code, held.end(), names, "") if held and code else {}


def _params(code: str, names: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Objects that name a column, in order."""
    for place in list(_OBJECT.finditer(code))[: 4 * _MOST]:
        if found := _object(code, place.start(), names, ""):
            yield found


def _flat(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Fields as a browser's form sends them: arrays as `name[]`, true and false in small letters."""
    for key, value in fields.items():
        if isinstance(value, list):
            for item in value:
                yield (key if key.endswith("[]") else f"{key}[]"), _text(item)
        else:
            yield key, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else "" if value is None else str(value)
