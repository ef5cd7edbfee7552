"""大汉 Hanweb JCMS: Zhejiang, Shandong, Jiangsu, cities of Gansu, older Jiangxi and Inner Mongolia.

A column `/col/col<id>/index.html` embeds its first rows as `<record><![CDATA[…]]></record>` (in a script or comment); the
rest comes from `dataproxy.jsp` (POST `startrecord`, `endrecord`, `perpage` in the query, the column's parameters as
fields). Its path differs: `/module/web/jpage/`, `/module/jpage/`, `/module/jslib/jquery/jpage/`; `morecolumndataproxy.jsp`
serves several columns. The last request must end exactly at `totalrecord`; one past it may be answered by nothing. Link
texts are cut short with `...`, `@title` is whole, dates may be split over lines ("domain notes", 1b). Columns without
records are plain lists.
"""

import json
import re
from typing import ClassVar
from urllib.parse import parse_qsl, urljoin, urlsplit

from crawler.families.base import Family, Listing, ListPage, Markup, Step
from crawler.families.generic import read_html
from crawler.families.rows import Row, rows, tree_of

_RECORD = re.compile(r"<record>", re.I)
_TOTAL = re.compile(r"<totalrecord>\s*(\d+)\s*</totalrecord>|\btotal_?record['\"]?\s*[:=]\s*['\"]?(\d+)", re.I)
_PER_PAGE = re.compile(r"\bper_?page['\"]?\s*[:=]\s*['\"]?(\d+)", re.I)
_PROXY = re.compile(r"(?:https?://[^\s'\"<>/]{1,100})?/[\w/.-]{0,120}?dataproxy\.jsp(?:\?[^\s'\"<>]*)?", re.I)
_FIELD = re.compile(
    r"(?i)\b(columnid|unitid|webid|webname|appid|col|path|sourcecontenttype|permissiontype|area|divid)"
    r"['\"]?\s*[:=]\s*(?:'([^']*)'|\"([^\"]*)\"|([^\s'\",&;}<>]*))"
)
_SPELLING = {"sourcecontenttype": "sourceContentType"}
_DEFAULTS = {"col": "1", "appid": "1", "path": "/", "sourceContentType": "1", "permissiontype": "0"}
_REQUEST_PAGES = 3
"""Pages of the list that the CMS's own script asks for at a time."""


class Hanweb(Family):
    """Hanweb JCMS."""

    name: ClassVar[str] = "hanweb"
    markup: ClassVar[Markup] = Markup(
        title=(".title", "h1", ".bt_title", "#title"),
        date=(".date", "#pubtime", ".time"),
        source=(".source", "#source"),
        body=("#zoom", ".zc_article_con", ".main-txt", ".bt_content", ".scroll_cont", ".article-content"),
    )

    def read(self, listing: Listing) -> ListPage:
        """See `Family.read`."""
        return _answer(listing) if listing.step.state else _column(listing)


def _column(listing: Listing) -> ListPage:
    """A column's own page: embedded records, and what to ask the proxy for."""
    stores = re.split(r"(?i)(?=<datastore>)", listing.text)
    steps: list[Step] = []
    found: list[Row] = []
    expected: int | None = None
    listed = 0
    problem = ""
    for position, store in enumerate(stores):
        if position == 0 and len(stores) > 1:
            continue
        records = _records(store)
        total = _number(_TOTAL, store) or (_number(_TOTAL, stores[0]) if len(stores) == 2 else None)
        proxy = _PROXY.search(store) or _PROXY.search(stores[0])
        if proxy is None and not records:
            continue
        found += _rows(records, listing)
        listed += len(records)
        if total is not None:
            expected = (expected or 0) + total
        if total is not None and len(records) >= total:
            continue
        if proxy is None:
            problem = f"it lists {len(records)} of {total} records and names no dataproxy" if total else ""
            continue
        fields = _fields(store, stores[0], proxy[0])
        per_page = _number(_PER_PAGE, store) or _number(_PER_PAGE, stores[0]) or 15
        state = _State(urljoin(listing.url, proxy[0].split("?", 1)[0]), fields, per_page, total, len(records))
        steps.append(state.step(listing.step.number + 1, listing.url))
    if not found and not steps:
        return read_html(listing)
    page = read_html(listing, extra=found)
    rows_ = tuple(dict.fromkeys(row.url for row in found))
    return ListPage(
        links=page.links,
        next=tuple(steps),
        columns=page.columns,
        rows=rows_,
        listed=listed,
        expected=expected,
        refresh=page.refresh,
        annual=page.annual,
        problem=problem,
    )


def _answer(listing: Listing) -> ListPage:
    """An answer of the proxy."""
    state = _State.parse(listing.step.state)
    records = _records(listing.text)
    if not records and "<datastore" not in listing.text.lower() and "<recordset" not in listing.text.lower():
        return ListPage(problem="the dataproxy did not answer with records")
    found = _rows(records, listing)
    rest = read_html(
        Listing(listing.url, "", listing.step, listing.section, listing.year, listing.this_year, listing.annual),
        extra=found,
    )
    total = _number(_TOTAL, listing.text) or state.total
    seen = state.seen + len(records)
    steps: tuple[Step, ...] = ()
    problem = ""
    if records and (total is None or seen < total):
        onward = _State(state.proxy, state.fields, state.per_page, total, seen)
        steps = (onward.step(listing.step.number + 1, dict(listing.step.headers).get("Referer", listing.section)),)
    elif total is not None and seen < total:
        problem = f"the dataproxy gave {seen} of {total} records"
    return ListPage(
        links=rest.links,
        next=steps,
        rows=tuple(row.url for row in found),
        listed=len(records),
        annual=listing.annual,
        problem=problem,
    )


class _State:
    """What the next request of the proxy needs to know."""

    def __init__(self, proxy: str, fields: dict[str, str], per_page: int, total: int | None, seen: int) -> None:
        self.proxy, self.fields, self.per_page, self.total, self.seen = proxy, fields, per_page, total, seen

    @classmethod
    def parse(cls, text: str) -> "_State":
        return cls(*json.loads(text))

    def step(self, number: int, referer: str) -> Step:
        """The request for the records after those seen, not one past the total."""
        last = self.seen + self.per_page * _REQUEST_PAGES
        if self.total is not None:
            last = min(last, self.total)
        url = f"{self.proxy}?startrecord={self.seen + 1}&endrecord={last}&perpage={self.per_page}"
        state = json.dumps([self.proxy, self.fields, self.per_page, self.total, self.seen], ensure_ascii=False)
        headers = (("Referer", referer), ("X-Requested-With", "XMLHttpRequest"))
        return Step(url, tuple(self.fields.items()), headers, number, state)


def _records(text: str) -> list[str]:
    found = []
    for part in _RECORD.split(text)[1:]:
        inside, end, _ = part.partition("</record>") if "</record>" in part else part.partition("</RECORD>")
        if end:
            found.append(inside.strip().removeprefix("<![CDATA[").removesuffix("]]>"))
    return found


def _rows(records: list[str], listing: Listing) -> list[Row]:
    """The first usable link of each record."""
    found = []
    for record in records:
        tree = tree_of(f"<ul>{record}</ul>" if "<tr" not in record.lower() else f"<table>{record}</table>")
        found += [*rows(tree, listing.section.split("#", 1)[0] or listing.url)][:1]
    return found


def _fields(store: str, before: str, proxy: str) -> dict[str, str]:
    """The proxy's parameters: those of its address and of the script beside the records."""
    fields = dict(_DEFAULTS)
    for text in (before, store):
        nearby = [text[max(0, at.start() - 1500) : at.end() + 1500] for at in _PROXY.finditer(text)] or [text[-3000:]]
        for match in (match for part in nearby for match in _FIELD.finditer(part)):
            key = _SPELLING.get(match[1].lower(), match[1].lower())
            value = next((group for group in match.groups()[1:] if group is not None), "")
            if value and not value.endswith("("):
                fields[key] = value
    for key, value in parse_qsl(urlsplit(proxy.replace("&amp;", "&")).query):
        if key in fields or key.lower() in ("columnid", "unitid", "webid", "webname"):
            fields[key] = value
    return fields


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return int(next(group for group in found.groups() if group)) if found else None
