"""Which family a portal runs on, with the evidence.

In: fetched pages of one portal, best a section and a report. Out: the families that the evidence bears out, best first, `generic`
last: the first one is the one to take. Pure; never raises.

How it weighs: a sign counts once, however often it is seen (a little more if several pages show it). Signs of one kind of place
can only say so much together (`CAPS`): ten marks in one body may all have come with one pasted text. Only what the portal itself
does counts: addresses of other hosts are left out, so a Hanweb portal whose list leads to another organ's TRS pages stays
Hanweb; of links that do count, a family gets its share among those whose shape is anybody's. A family below `SURE` is not
returned, because a wrong family loses reports where `generic` reads most plain lists; its evidence then stands with `generic`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from crawler.page.address import bare, join
from crawler.scout.model import Evidence, Recognised, Seen
from crawler.scout.pages import LONGEST, opened
from crawler.scout.signs import ADDRESSES, CODE, MARKUP, OTHER_CMS, VENDORS, Place, Sign, matches

SURE = 0.5
"""The least score of a family that is named."""
_BASE = 0.2
"""What `generic` always has: any list may be plain."""
CAPS: dict[Place, float] = {
    "address": 0.9, "links": 0.75, "script": 0.9, "template": 0.9, "body": 0.45, "vendor": 0.55,
}  # fmt: skip
"""The most that all signs of one place say together."""

_MOST_LINKS = 3000
_QUOTE = 120
_GATE = re.compile(r"(?i)^/gate/(?:big5|gb|gb2312)/(?P<host>[^/]{1,200})(?P<path>/.*)?$")
_STRING = re.compile(r"[\"']([^\"'\s<>\\]{3,300})[\"']")
_FILE = re.compile(r"(?i)\.(?:js|css|png|gif|ico|svg|woff2?)$")
_MADE_BY = re.compile(
    r"(?:技术支持|技术服务|承建单位|建设单位|开发单位|系统开发|Powered by)[^<>]{0,10}(?:<[^<>]{0,200}>\s{0,20}){0,4}[^<>]{0,40}",
    re.I,
)
_GENERATOR = re.compile(r"<meta\s[^<>]{0,80}name\s*=\s*['\"]?(?:generator|author|copyright)\b[^<>]{0,300}>", re.I)
_SERVER = frozenset({"server", "x-powered-by", "x-generator", "via-cms"})


class _Sighting:
    """A sign, where it was seen first, and on how many pages."""

    __slots__ = ("pages", "quote", "weight")

    def __init__(self, quote: str, weight: float) -> None:
        self.quote, self.weight, self.pages = quote, weight, 1


_ASKS = frozenset((sign.family, sign.what) for sign in (*CODE, *MARKUP) if sign.asks)
_Key = tuple[str, Place, str]
"""Family, place, what."""


def recognise(pages: Sequence[Seen]) -> tuple[Recognised, ...]:
    """The families that the pages bear out, best first; `generic` is always there, last. Take the first."""
    seen: dict[_Key, _Sighting] = {}
    other = ""
    home = _home(pages)
    for page in pages:
        factor = 1.0 if _host(page.url) == home else 0.5
        for (family, place, what), quote, weight in _signs(page):
            known = seen.get((family, place, what))
            if known is None:
                seen[family, place, what] = _Sighting(quote, weight * factor)
            else:
                known.pages += 1
                known.weight = max(known.weight, weight * factor)
        other = other or _other_cms(page)
    asking = {family for family, _, what in seen if (family, what) in _ASKS}
    found = [
        _weighed(family, seen, 0.6 if other or (asking and family not in asking) else 1.0)
        for family in dict.fromkeys(key[0] for key in seen)
    ]
    found.sort(key=lambda item: (-item.score, item.family))
    named = tuple(item for item in found if item.score >= SURE)
    return (*named, _generic([item for item in found if item.score < SURE], other, bool(named)))


def _weighed(family: str, seen: dict[_Key, _Sighting], factor: float) -> Recognised:
    places: dict[Place, float] = {}
    evidence = []
    for (whose, place, what), sighting in seen.items():
        if whose != family:
            continue
        weight = 1 - (1 - sighting.weight) * 0.85 ** (min(sighting.pages, 4) - 1)
        places[place] = 1 - (1 - places.get(place, 0.0)) * (1 - weight)
        evidence.append(Evidence(what, sighting.quote, round(weight, 2)))
    against = 1.0
    for place, weight in places.items():
        against *= 1 - min(weight, CAPS[place])
    score = factor * (1 - against)
    evidence.sort(key=lambda item: (-item.weight, item.what))
    return Recognised(family, round(min(score, 0.99), 3), tuple(evidence))


def _generic(weak: list[Recognised], other: str, beaten: bool) -> Recognised:
    evidence = []
    if other:
        evidence.append(Evidence("made with a CMS that no family reads", other, 0.5))
    evidence += [
        Evidence(f"too little for {item.family}: {reason.what}", reason.quote, reason.weight)
        for item in weak[:3]
        for reason in item.evidence[:2]
    ]
    if not evidence:
        evidence.append(Evidence("any list may be a plain one" if beaten else "no family shows itself", "", _BASE))
    return Recognised("generic", _BASE, tuple(evidence))


def _signs(page: Seen) -> Iterator[tuple[_Key, str, float]]:
    """Each sign that a page shows, once: key, quote, weight."""
    path, host = _path(page.url)
    query = _query(page.url)
    for sign in ADDRESSES:
        if matches(sign, path, query):
            # Where the CMS once put it, it may have been moved from: an address that answers nothing says less.
            yield (
                (sign.family, "address", sign.what),
                _squeezed(page.url),
                sign.weight * (1 if page.status == 200 else 0.7),
            )
    if page.status != 200:
        return
    text, tree, base, code = opened(page)
    for sign in MARKUP:
        if found := _search(sign, text):
            yield (sign.family, sign.place, sign.what), found, sign.weight
    yield from _made_by(page, text)
    code += "\n" + "\n".join(_sources(tree))
    for sign in CODE:
        if found := _search(sign, code):
            yield (sign.family, sign.place, sign.what), found, sign.weight
    yield from _links(tree, code, base, host)


def _links(tree: LexborHTMLParser, code: str, base: str, host: str) -> Iterator[tuple[_Key, str, float]]:
    """What the addresses of its own host on a page look like: a family's share among all that look like some family's."""
    counts: Counter[tuple[str, str]] = Counter()
    whose: Counter[str] = Counter()
    quotes: dict[tuple[str, str], str] = {}
    weights: dict[tuple[str, str], float] = {}
    total = 0
    for target in dict.fromkeys(_addresses(tree, code, base)):
        path, there = _path(target)
        if there != host or _FILE.search(path):
            continue
        query = _query(target)
        matched = [sign for sign in ADDRESSES if matches(sign, path, query)]
        total += bool(matched)
        whose.update({sign.family for sign in matched})
        for sign in matched:
            key = sign.family, sign.what
            counts[key] += 1
            weights[key] = sign.weight
            quotes.setdefault(key, _squeezed(target))
    for (family, what), count in counts.items():
        share = whose[family] / total
        # One or two links may lead to an older system that still stands beside the present one.
        weight = weights[family, what] * share * (0.45 if count == 1 else 0.7 if count == 2 else 1.0)
        if weight >= 0.05:
            yield (
                (family, "links", f"{what} in {'a link' if count == 1 else f'{count} links'}"),
                quotes[family, what],
                weight,
            )


def _addresses(tree: LexborHTMLParser, code: str, base: str) -> Iterator[str]:
    """Absolute addresses that a page names: its links, pictures and frames, and strings in its scripts."""
    for node in islice(
        tree.css("a[href], area[href], iframe[src], frame[src], img[src], [data-url], [data-href]"), _MOST_LINKS
    ):
        attributes = node.attributes
        for name in ("href", "src", "data-url", "data-href"):
            value = attributes.get(name)
            if value and len(value) < 600 and (joined := join(base, value)):
                yield joined
    for string in islice(_STRING.finditer(code), _MOST_LINKS):
        if "/" in string[1] and (joined := join(base, string[1])):
            yield joined


def _sources(tree: LexborHTMLParser) -> Iterator[str]:
    """Where a page's scripts come from and its forms lead."""
    for node in islice(tree.css("script[src], link[href], form[action]"), 500):
        attributes = node.attributes
        yield str(attributes.get("src") or attributes.get("action") or attributes.get("href") or "")[:600]


def _made_by(page: Seen, text: str) -> Iterator[tuple[_Key, str, float]]:
    """Vendors that a page or its server names as what it was made with."""
    said: list[tuple[str, str]] = [("its generator tag", match[0]) for match in islice(_GENERATOR.finditer(text), 20)]
    said += [("its footer (技术支持)", match[0]) for match in islice(_MADE_BY.finditer(text), 20)]
    said += [(f"its header {name}", value[:300]) for name, value in page.headers if name.lower() in _SERVER]
    for where, words in said:
        for family, pattern in VENDORS:
            if pattern.search(words):
                yield (family, "vendor", f"{where} names the vendor"), _squeezed(words), 0.45


def _other_cms(page: Seen) -> str:
    """The generator tag of a CMS that no family reads, or ""."""
    for match in islice(_GENERATOR.finditer(page.text[:LONGEST]), 20):
        if page.status == 200 and "generator" in match[0].lower() and OTHER_CMS.search(match[0]):
            return _squeezed(match[0])
    return ""


def _search(sign: Sign, text: str) -> str:
    """What a sign's pattern found, with a little after it, squeezed; "" if it did not."""
    found = sign.pattern.search(text)
    if found is None or (sign.beside is not None and sign.beside.search(text) is None):
        return ""
    return _squeezed(text[found.start() : found.start() + _QUOTE]) or sign.what


def _squeezed(text: str) -> str:
    return " ".join(text[: 4 * _QUOTE].split())[:_QUOTE]


def _path(url: str) -> tuple[str, str]:
    """(path, host and port without www) of an address; of the Traditional gateway's view: those of what it shows."""
    try:
        parts = urlsplit(url)
        gate = _GATE.match(parts.path)
        host = gate["host"].lower() if gate else parts.netloc.lower()
        return (gate["path"] or "/") if gate else parts.path, bare(host)
    except ValueError:
        return "", ""


def _query(url: str) -> str:
    return url.partition("#")[0].partition("?")[2][:600]


def _host(url: str) -> str:
    return _path(url)[1]


def _home(pages: Iterable[Seen]) -> str:
    """The host that most pages are of, the first one's where several are."""
    hosts = Counter(_host(page.url) for page in pages)
    return hosts.most_common(1)[0][0] if hosts else ""
