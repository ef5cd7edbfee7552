"""A list that an interface answers as JSON: its rows, how many there are in all, or what its error is.

In: the answer as text. Out: `Answer`. Interfaces agree on nothing but that a row has a title and an address, so both are
looked for by their usual names ("domain notes", 1b to 1d): `data.results[].source.{title,pubDate,urls}` with `urls` a JSON string
that has the key `pc` (queryList), `data.list[].{TITLE,URL,PUBLISHED_TIME_FORMAT}` with `allRow` and `totalPage` (Suzhou),
`list[].{topic,infourl,pubtime}` with `totalRec` (cac.gov.cn). Pure, bounded depth.
"""

import html
import json
import re
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from crawler.families.base import Link, Listing
from crawler.families.rows import column_year, judge, squeezed
from crawler.page.address import is_home, join

_TITLE = (
    "title",
    "titlehtml",
    "subtitle",
    "subtitlehtml",
    "showtitle",
    "doctitle",
    "topic",
    "longtopic",
    "infotitle",
    "articletitle",
    "subject",
    "contenttitle",
    "name",
)
_URL = (
    "urls", "url", "pcurl", "docpuburl", "infourl", "linkurl", "link", "href", "docurl", "posturl", "puburl", "htmlurl", "visiturl",
    "contenturl", "path",
)  # fmt: skip
_DATE = (
    "pubdate", "publishedtimeformat", "publishedtimestr", "publishtime", "publishdate", "pubtime", "publishedtime", "releasetime",
    "releasedate", "docreltime", "docpubtime", "displaypublishtime", "date", "time", "writedate", "createtime", "createdate",
)  # fmt: skip
_TOTAL = (
    "total", "totalcount", "totalrec", "totalrecord", "totalrecords", "allrow", "allrows", "totalrow", "totalrows", "totalelements",
    "totalnum", "totalhits", "totalsize", "recordcount", "rowcount", "numfound", "recordstotal",
)  # fmt: skip
_PAGES = ("totalpage", "totalpages", "pagecount", "pages", "pagetotal", "allpage", "allpages", "totalpagenum")
_LISTS = (
    "results",
    "list",
    "rows",
    "records",
    "items",
    "datas",
    "data",
    "content",
    "articles",
    "articlelist",
    "resultlist",
)
_INNER = ("source", "_source", "fields", "article", "data")
_CODES = ("code", "status", "errcode", "errorcode", "state", "retcode", "ret")
_GOOD = frozenset({"0", "1", "200", "00000", "0000", "000000", "success", "ok", "true", "y", "none", ""})
_WORDS = ("msg", "message", "errmsg", "error", "info")
_CALL = re.compile(r"^\s*[\w$.]{1,80}\s*\(")
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)")
_TAG = re.compile(r"<[^<>]*>")
_CHINA = timedelta(hours=8)
_DEEPEST = 8
_MOST = 5000


class Entry(msgspec.Struct, frozen=True):
    """One row."""

    url: str = ""
    """Absolute; "": it names none."""
    title: str = ""
    date: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What an interface answered."""

    rows: tuple[Entry, ...] = ()
    total: int | None = None
    pages: int | None = None
    problem: str = ""
    """It holds no list."""

    @property
    def urls(self) -> tuple[str, ...]:
        """What tells its rows apart."""
        return tuple(dict.fromkeys(row.url or row.title for row in self.rows))


def value_of(text: str) -> Any:
    """The JSON of an answer, a callback's brackets and a second coat of JSON taken off; None if there is none."""
    text = text.strip().lstrip("\ufeff")
    call = _CALL.match(text[:200])
    if call:
        text = text[call.end() : text.rfind(")")] if ")" in text else ""
    for _ in range(2):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, str):
            return value
        text = value
    return None


def error_of(value: Any) -> str:
    """What an answer says went wrong, "" if it says nothing of the kind."""
    if not isinstance(value, dict):
        return ""
    fields = {str(key).lower(): item for key, item in value.items()}
    bad = str(fields.get("success", "")).lower() == "false"
    for key in _CODES:
        item = fields.get(key)
        if isinstance(item, (str, int)) and str(item).lower() not in _GOOD:
            bad = True
    if not bad:
        return ""
    words = next((str(item)[:120] for key in _WORDS if isinstance(item := fields.get(key), str) and item), "")
    return f"the interface answered with an error{': ' + words if words else ''}"


def read(text: str, base: str, size: int = 0) -> Answer:
    """The answer's rows. `base`: the address that relative links count from; `size`: how many rows were asked for."""
    value = value_of(text)
    if not isinstance(value, (dict, list)):
        start = "HTML" if text.lstrip()[:1] == "<" else "no JSON"
        return Answer(problem=f"the list's interface answered with {start}")
    found = _rows(value)
    if found is None:
        return Answer(problem=error_of(value) or "the interface's answer holds no list of rows")
    raw, around = found
    entries = tuple(_entry(row, base) for row in raw[:_MOST])
    total, pages = _count(around, _TOTAL), _count(around, _PAGES)
    if total is None and (count := _count(around, ("count",))) is not None and (count != len(entries) or count < size):
        total = count  # as many as this page has, and the page is full: that may count the page alone
    problem = "" if entries else error_of(value)
    return Answer(entries, total, pages, problem)


def links(entries: tuple[Entry, ...], listing: Listing, annual: bool) -> tuple[Link, ...]:
    """The reports and companions among rows, each address once (the fullest title wins)."""
    out: dict[str, Link] = {}
    for entry in entries:
        if not entry.url or not 2 < len(entry.title) < 200 or is_home(entry.url):
            continue
        # Everything that such a list names is a document, whatever its address looks like.
        kind = judge(entry.title, entry.url, annual, True)
        if not kind or (column_year(entry.title, entry.url) and not entry.date):
            continue
        known = out.get(entry.url)
        if known is None or len(entry.title) > len(known.title):
            out[entry.url] = Link(entry.url, entry.title, "report" if kind == "report" else "companion", entry.date)
    return tuple(out.values())


def _rows(value: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]] | None:
    """The list of rows, and the objects round it, innermost first. None: there is none."""
    empty: tuple[list[dict[str, Any]], list[dict[str, Any]]] | None = None
    waiting = deque([("", value, [], 0)])  # type: deque[tuple[str, Any, list[dict[str, Any]], int]]
    looked = 0
    while waiting and looked < _MOST:
        name, item, around, depth = waiting.popleft()
        looked += 1
        if isinstance(item, list):
            objects = [_inner(row) for row in item if isinstance(row, dict)]
            if objects and sum(1 for row in objects if _is_row(row)) * 2 >= len(objects):
                return objects, around
            if not item and (name in _LISTS or not name) and empty is None:
                empty = [], around
            if depth < _DEEPEST:
                waiting.extend(
                    (name, child, around, depth + 1) for child in item[:20] if isinstance(child, (list, dict))
                )
        elif isinstance(item, dict) and depth < _DEEPEST:
            outside = [item, *around]
            for key, child in sorted(item.items(), key=lambda pair: str(pair[0]).lower() not in _LISTS):
                if isinstance(child, str) and child[:1] in ("{", "[") and str(key).lower() in _LISTS:
                    child = value_of(child)  # a coat of JSON inside
                if isinstance(child, (list, dict)):
                    waiting.append((str(key).lower(), child, outside, depth + 1))
    return empty or _nothing(value)


def _nothing(value: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]] | None:
    """An answer whose list is null and whose total is 0: a list of nothing."""
    around = [value] if isinstance(value, dict) else []
    around += [item for item in value.values() if isinstance(item, dict)] if isinstance(value, dict) else []
    return ([], around) if _count(around, _TOTAL) == 0 and not error_of(value) else None


def _inner(row: dict[str, Any]) -> dict[str, Any]:
    """A row's own fields: search engines wrap them (`source`)."""
    for key in _INNER:
        inner = row.get(key)
        if isinstance(inner, str) and inner[:1] == "{":
            inner = value_of(inner)
        if isinstance(inner, dict) and _is_row(inner):
            return {**row, **inner}
    return row


def _plain(key: Any) -> str:
    return str(key).lower().replace("_", "").replace("-", "")


def _is_row(row: dict[str, Any]) -> bool:
    keys = {_plain(key) for key in row}
    return not keys.isdisjoint(_TITLE) and not keys.isdisjoint(_URL)


def _entry(row: dict[str, Any], base: str) -> Entry:
    fields = {_plain(key): item for key, item in row.items()}
    title = ""
    for key in _TITLE:
        if isinstance(value := fields.get(key), str) and (title := _words(value)):
            break
    url = ""
    for key in _URL:
        if url := next((joined for said in _addresses(fields.get(key)) if (joined := join(base, said))), ""):
            break
    date = next((day for key in _DATE if (day := day_of(fields.get(key)))), "")
    return Entry(url, title, date)


def _words(text: str) -> str:
    """A title without markup and white space."""
    return squeezed(html.unescape(_TAG.sub("", html.unescape(text) if "&lt;" in text else text)))


def _addresses(value: Any) -> Iterator[str]:
    """The addresses of a field: itself, or those of an object or of its JSON text, the one for desks first."""
    if isinstance(value, str):
        value = html.unescape(value).strip()
        if value[:1] not in ("{", "["):
            if value and not value.startswith("<"):
                yield value
            return
        value = value_of(value) or value_of(value.replace('\\"', '"'))
    if isinstance(value, list):
        value = value[0] if value else None
        if isinstance(value, str):
            yield value
    if isinstance(value, dict):
        for key in sorted(
            value, key=lambda key: (str(key).lower() != "pc", str(key).lower() in ("wap", "mobile", "app"))
        ):
            if isinstance(value[key], str) and value[key]:
                yield value[key]


def day_of(value: Any) -> str:
    """A date as 2021-01-20: of text, of a number of seconds or milliseconds since 1970; "" for anything else."""
    if isinstance(value, str):
        found = _DAY.search(value)
        if found:
            return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}"
        value = int(value) if value.isdigit() and len(value) in (10, 13) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        return ""
    try:
        return (datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC) + _CHINA).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _count(around: list[dict[str, Any]], keys: tuple[str, ...]) -> int | None:
    """A count from the objects round the list, the nearest first."""
    for item in around:
        fields = {_plain(key): value for key, value in item.items()}
        for key in keys:
            value = fields.get(key)
            if isinstance(value, dict):
                value = value.get("value")
            if isinstance(value, str) and value.strip().isdigit() and len(value) < 9:
                value = int(value)
            if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
                return value
    return None
