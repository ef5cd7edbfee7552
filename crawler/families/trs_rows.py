"""Rows that a page's scripts write. TRS templates do it in several styles ("domain notes", 1a):

- `var url="./202602/t20260214_2730572.shtml"; var title="…"; document.writeln(…)`;
- `document.write('<li><a href="./202602/t….html" title="…">…</a></li>')`, or the same in a string that is shown later;
- objects and arrays, `{"title": "…", "url": "./202602/t….html"}`, `["./202602/t….html", "…", "2026-02-14"]`;
- calls, `writeRow("./202602/t….html", "…", "2026-02-14")`.

In: a list page. Out: the page with the rows behind the scripts that write them, so that what stands beside them (a date) is
beside them. Code is read, never run: a string that is cut by an expression holds no link. Pure.
"""

import re
from collections.abc import Iterator
from itertools import chain, islice

import msgspec

from crawler.families.base import Listing
from crawler.families.literals import TEXTS, strings, unescape
from crawler.families.rows import is_article, squeezed
from crawler.families.scan import without_comments
from crawler.page.address import join

_STRING = r"[\"']?\s{0,20}[=:]\s{0,20}(?P<%s>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
_URL = re.compile(r"\b(?:url|href|link|docurl|linkurl|docpuburl)" + _STRING % "url", re.I)
_TITLE = re.compile(r"\b(?:title|doctitle|linktitle|docname)" + _STRING % "title", re.I)
_DATE = re.compile(r"[\"']((?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?)")
_TAG = re.compile(r"<a\b[^<>]*>", re.I)
_HREF = re.compile(r"\bhref\s{0,9}=\s{0,9}[\"']?[^\s\"'<>]", re.I)
_ADDRESS = re.compile(r"(?!data:)[^\s<>'\"{}|\\^`+$]{4,300}")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_DAY = re.compile(r"(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:\s.*)?")
_BRACKET = re.compile(r"[\[\](){};]")
_DEEPEST = 60
_SCRIPT = re.compile(r"<script\b[^<>]*>", re.I)
_SCRIPT_END = re.compile(r"</script\s*>", re.I)
_MOST = 3000
_MOST_BEHIND = 12
_AROUND = 4000
"""Characters round an address in which its title is looked for."""


def with_rows(listing: Listing) -> Listing:
    """The page with its scripts' rows in place. Each address once a script: whole links first, then named pairs, then what stands
    in one bracket."""
    text = without_comments(listing.text)
    if not any(word in text for word in ("document.write", "url", "Url", "URL", "href", "/t")):
        return listing
    kept: list[str] = []
    place = count = 0
    while count < _MOST and (start := _SCRIPT.search(text, place)):
        end = _SCRIPT_END.search(text, start.end())
        if end is None:
            break
        written = _rows(text[start.end() : end.start()], listing.url)
        count += len(written)
        kept += [text[place : end.end()], *written]
        place = end.end()
    return msgspec.structs.replace(listing, text="".join((*kept, text[place:]))) if count else listing


def _rows(code: str, base: str) -> list[str]:
    """The rows that one script writes."""
    found: dict[str, str] = {}
    for url, html in chain(_written(code, base), _pairs(code, base), _grouped(code, base)):
        found.setdefault(url, html)
        if len(found) >= _MOST:
            break
    return list(found.values())


def _pairs(code: str, base: str) -> Iterator[tuple[str, str]]:
    """`url = "…"` with the `title = "…"` that belongs to it."""
    starts = [url for url in islice(_URL.finditer(code), _MOST) if _ADDRESS.fullmatch(_inside(url["url"]))]
    for position, url in enumerate(starts):
        # A title stands between its own address and the next one, or just before it.
        end = min(starts[position + 1].start() if position + 1 < len(starts) else len(code), url.end() + _AROUND)
        begin = max(starts[position - 1].end() if position else 0, url.start() - _AROUND)
        title = _TITLE.search(code, url.end(), end) or _TITLE.search(code, begin, url.start())
        if title is None:
            continue
        date = _DATE.search(code, url.end(), end) or _DATE.search(code, begin, url.start())
        yield _row(_inside(url["url"]), _inside(title["title"]), date[1] if date else "", base)


def _written(code: str, base: str) -> Iterator[tuple[str, str]]:
    """Strings that hold a whole link, with the markup that is written behind it in further strings. One that ends inside the
    tag (`'<a href="' + url + …`) holds none."""
    lower = code.lower()
    if not any(mark in lower for mark in ("<a", "\\x3ca", "\\u003ca")):
        return
    held: list[str] = []
    behind = 0
    for _, html in strings(code):
        link = "<" in html and "${" not in html and any(_HREF.search(tag[0]) for tag in _TAG.finditer(html))
        if link:
            yield from _closed(held, base)
            held, behind = [html], 0
        elif held and behind < _MOST_BEHIND and (html[:1] == "<" or _DAY.fullmatch(html)):
            held.append(html)
            behind += 1
    yield from _closed(held, base)


def _closed(held: list[str], base: str) -> Iterator[tuple[str, str]]:
    """What strings write, its tags closed."""
    html = "".join(held)
    if not html:
        return
    lower = html.lower()
    for tag in ("a", "li"):
        missing = len(re.findall(rf"<{tag}\b", lower)) - lower.count(f"</{tag}>")
        html += f"</{tag}>" * min(max(missing, 0), 50)
    yield html, html


def _grouped(code: str, base: str) -> Iterator[tuple[str, str]]:
    """Brackets that hold one document's address and words beside it, whatever they are called."""
    literals = [(place, text) for place, text in strings(code) if text]
    if not any(_is_document(text, base) for _, text in literals):
        return
    blank = _blanked(code, literals)
    marks = [(match.start(), match[0]) for match in _BRACKET.finditer(blank)]
    stack: list[list[str]] = [[]]
    at = 0
    for place, sign in marks:
        while at < len(literals) and literals[at][0] < place:
            stack[-1].append(literals[at][1])
            at += 1
        if sign in "([{" and len(stack) < _DEEPEST:
            stack.append([])
        elif sign == ";":
            stack[-1] = []  # statements of their own: what belongs together there is told by names
        elif sign in ")]}" and len(stack) > 1:
            yield from _group(stack.pop(), base)


def _group(texts: list[str], base: str) -> Iterator[tuple[str, str]]:
    addresses = [text for text in texts if _is_document(text, base)]
    words = [text for text in texts if _CHINESE.search(text) and not _DAY.fullmatch(text) and "<" not in text]
    dates = [text for text in texts if _DAY.fullmatch(text)]
    if len(addresses) == 1 and words and len(texts) <= 60:
        yield _row(addresses[0], max(words, key=len), dates[0] if dates else "", base)


def _is_document(text: str, base: str) -> bool:
    return bool(
        "." in text and _ADDRESS.fullmatch(text) and ("/" in text or text[:1] == "t") and is_article(f"/{text}")
    )


def _blanked(code: str, literals: list[tuple[int, str]]) -> str:
    """The code without its strings and comments, places kept."""
    return TEXTS.sub(lambda match: " " * len(match[0]), code) if literals else code


def _inside(literal: str) -> str:
    return unescape(literal[1:-1])


def _row(url: str, title: str, date: str, base: str) -> tuple[str, str]:
    """(address, a row's HTML)."""
    plain = squeezed(title.replace("<br>", "").replace("<br/>", ""))
    html = f'<li><a href="{_attribute(url)}" title="{_attribute(plain)}"></a><span>{_attribute(date)}</span></li>'
    return join(base, url), html


def _attribute(text: str) -> str:
    return text.replace('"', "&quot;").replace("<", "&lt;")
