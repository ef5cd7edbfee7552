"""Hanweb's dataproxy: rows that a column's page embeds as `<record>`s, and the interface that gives the rest.

The interface is asked (POST) for `startrecord` to `endrecord`, `perpage` in the query, the column's parameters as fields. Its path
differs: `/module/web/jpage/`, `/module/jpage/`, `/module/jslib/jquery/jpage/`; `morecolumndataproxy.jsp` serves several columns.
The last request must end exactly at `totalrecord`: one past it may be answered by nothing, so where nobody tells the total, an
empty answer is asked again for one record ("domain notes", 1b and the details that differ).
"""

import re
from urllib.parse import parse_qsl, urlsplit

import msgspec

from crawler.families.base import Listing, ListPage, Step
from crawler.families.fragments import boxes
from crawler.families.rows import Row, links, rows, tree_of
from crawler.page.address import join

_RECORD = re.compile(r"<record>", re.I)
_TOTAL = re.compile(r"<totalrecord>\s*(\d+)\s*</totalrecord>|\btotal_?record['\"]?\s*[:=]\s*['\"]?(\d+)", re.I)
_PER_PAGE = re.compile(r"\bper_?page['\"]?\s*[:=]\s*['\"]?(\d+)", re.I)
_PROXY = re.compile(r"(?:(?:https?:)?//[^\s'\"<>/]{1,100})?/[\w/.-]{0,120}?dataproxy\.jsp(?:\?[^\s'\"<>]*)?", re.I)
_FIELD = re.compile(
    r"(?i)\b(columnid|unitid|webid|webname|appid|col|path|sourcecontenttype|permissiontype|area|divid)"
    r"['\"]?\s*[:=]\s*(?:'([^']*)'|\"([^\"]*)\"|([^\s'\",&;}<>]*))"
)
_SPELLING = {"sourcecontenttype": "sourceContentType"}
_DEFAULTS = {"col": "1", "appid": "1", "path": "/", "sourceContentType": "1", "permissiontype": "0"}
_REQUEST_PAGES = 3
"""Pages of the list that the CMS's own script asks for at a time."""
_MOST_STORES = 20


class ProxyState(msgspec.Struct, frozen=True, tag="proxy"):
    """What the next request needs to know."""

    proxy: str
    fields: dict[str, str]
    per_page: int
    total: int | None
    seen: int
    base: str
    """The column's address: relative links count from it."""
    first: tuple[str, ...] = ()
    """Addresses of the first answer's rows: a proxy that gives them again does not read what it is asked for."""
    probing: bool = False
    """An earlier request was answered by nothing."""

    def step(self, number: int) -> Step:
        """The request for the records after those seen, not one past the total."""
        last = self.seen + (1 if self.probing else self.per_page * _REQUEST_PAGES)
        if self.total is not None:
            last = min(last, self.total)
        url = f"{self.proxy}?startrecord={self.seen + 1}&endrecord={last}&perpage={self.per_page}"
        headers = (("Referer", self.base), ("X-Requested-With", "XMLHttpRequest"))
        return Step(url, tuple(self.fields.items()), headers, number, msgspec.json.encode(self).decode())


class Embedded(msgspec.Struct, frozen=True):
    """What a column's page holds of the proxy's lists."""

    rows: tuple[Row, ...] = ()
    listed: int = 0
    expected: int | None = None
    states: tuple[ProxyState, ...] = ()
    problem: str = ""


def embedded(listing: Listing, base: str) -> Embedded:
    """The records that a column's page embeds, and what to ask the proxy for. `base`: what its links count from."""
    stores = re.split(r"(?i)(?=<datastore>)", listing.text.replace("\\/", "/"), maxsplit=_MOST_STORES)
    states: list[ProxyState] = []
    found: list[Row] = []
    expected: int | None = None
    listed = 0
    problem = ""
    for position, store in enumerate(stores):
        if position == 0 and len(stores) > 1:
            continue
        records = _records(store)
        total = _number(_TOTAL, store)
        if total is None and len(stores) == 2:
            total = _number(_TOTAL, stores[0])
        proxy = _PROXY.search(store) or _PROXY.search(stores[0])
        if proxy is None and not records:
            continue
        own = _rows(records, base)
        found += own
        listed += len(records)
        if total is not None:
            expected = (expected or 0) + total
        if total is not None and len(records) >= total:
            continue
        address = join(listing.url, proxy[0].split("?", 1)[0]) if proxy else ""
        if proxy is None or not address:
            problem = f"it lists {len(records)} of {total} records and names no dataproxy" if total else problem
            continue
        per_page = _number(_PER_PAGE, store) or _number(_PER_PAGE, stores[0]) or 15
        states.append(
            ProxyState(
                address, _fields(store, stores[0], proxy[0]), min(per_page, 500), total, len(records), base,
                tuple(row.url for row in own)[:100],
            )
        )  # fmt: skip
    return Embedded(tuple(found), listed, expected, tuple(states), problem)


def answer(listing: Listing, state: ProxyState) -> ListPage:
    """An answer of the proxy."""
    records = _records(listing.text)
    # Nothing at all is how some answer a range past the end; where nobody told the total, one record is asked for next.
    silent = not listing.text.strip() and state.total is None and not state.probing
    marked = "<datastore" in listing.text.lower() or "<recordset" in listing.text.lower()
    if not records and not marked and not silent:
        return ListPage(problem="the dataproxy did not answer with records")
    found = _rows(records, state.base)
    total = _number(_TOTAL, listing.text)
    total = state.total if total is None else total
    seen = state.seen + len(records)
    urls = tuple(row.url for row in found)
    steps: tuple[Step, ...] = ()
    problem = ""
    if len(urls) > 1 and set(state.first).issuperset(urls):
        return ListPage(problem="the dataproxy gives the first records again, whatever it is asked for")
    if records and (total is None or seen < total):
        onward = msgspec.structs.replace(state, total=total, seen=seen, first=state.first or urls[:100], probing=False)
        steps = (onward.step(listing.step.number + 1),)
    elif not records and total is None and not state.probing:
        steps = (msgspec.structs.replace(state, probing=True).step(listing.step.number + 1),)
    elif total is not None and seen < total:
        problem = f"the dataproxy gave {seen} of {total} records"
    return ListPage(
        links=links(found, listing, listing.annual),
        next=steps,
        rows=urls,
        listed=len(records),
        annual=listing.annual,
        problem=problem,
    )


def _records(text: str) -> list[str]:
    found = []
    for part in _RECORD.split(text)[1:]:
        inside, end, _ = part.partition("</record>") if "</record>" in part else part.partition("</RECORD>")
        if end:
            inside = inside.strip()
            if inside[:9].upper() == "<![CDATA[":
                inside = inside[9:].rpartition("]]>")[0] or inside[9:]
            found.append(inside)
    return found


def _rows(records: list[str], base: str) -> list[Row]:
    """The link of each record: the one to a document, or else the first."""
    found = []
    for record in records:
        tree = tree_of(f"<ul>{record}</ul>" if "<tr" not in record.lower() else f"<table>{record}</table>")
        found += [*boxes(tree, base).values()][:1] or [*rows(tree, base)][:1]
    return found


def _fields(store: str, before: str, proxy: str) -> dict[str, str]:
    """The proxy's parameters: those of its address and of the script beside the records."""
    fields = dict(_DEFAULTS)
    for text in (before, store):
        nearby = [text[max(0, at.start() - 1500) : at.end() + 1500] for at in _PROXY.finditer(text)][:10]
        for match in (match for part in nearby or [text[-3000:]] for match in _FIELD.finditer(part)):
            key = _SPELLING.get(match[1].lower(), match[1].lower())
            value = next((group for group in match.groups()[1:] if group is not None), "")
            if value and not value.endswith("("):
                fields[key] = value
    for key, value in parse_qsl(urlsplit(proxy.replace("&amp;", "&")).query):
        known = _SPELLING.get(key.lower(), key.lower())
        if key in fields or known in (*_SPELLING.values(), "columnid", "unitid", "webid", "webname"):
            fields[key if key in fields else known] = value
    return fields


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return int(next(group for group in found.groups() if group)[:9]) if found else None
