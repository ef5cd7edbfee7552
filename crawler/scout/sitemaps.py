"""Sitemaps: which addresses a listing of addresses names.

In: a sitemap's text and address. Out: addresses, and further sitemaps. Reads sitemaps.org XML (urlset and sitemapindex), plain
lists of addresses, and the `Sitemap:` lines of a robots.txt, by a sweep rather than an XML parser: portals serve broken XML, and
entities of hostile XML then mean nothing. Pure.
"""

import html
import re
from collections.abc import Iterable
from itertools import islice

from crawler.page.address import join

_LOCATION = re.compile(
    r"<(?:\w{1,20}:)?loc>\s{0,200}(?:<!\[CDATA\[)?\s{0,200}([^<>\[\]]{1,600}?)\s{0,200}(?:\]\]>)?\s{0,200}</", re.I
)
_INDEX = re.compile(r"<(?:\w{1,20}:)?sitemapindex\b", re.I)
_URLSET = re.compile(r"<(?:\w{1,20}:)?urlset\b", re.I)
_ROBOTS = re.compile(r"(?im)^\s{0,20}sitemap\s{0,5}:\s{0,5}(\S{4,600})\s*$")
_AGENT = re.compile(r"(?im)^\s{0,20}user-agent\s{0,5}:")
_LINE = re.compile(r"(?m)^\s{0,20}(https?://[^\s<>\"']{4,600})\s*$")
_LINKED = re.compile(r"href\s{0,4}=\s{0,4}['\"]([^'\"\s<>]{1,300}sitemap[^'\"\s<>]{0,100}\.xml)['\"]", re.I)
_MOST = 50_000
_MOST_FURTHER = 50


def is_listing(text: str) -> bool:
    """Whether a text is a listing of addresses rather than a page."""
    head = text[:20_000]
    if _INDEX.search(head) or _URLSET.search(head) or (_AGENT.search(head) and "<html" not in head.lower()):
        return True
    return "<" not in head and bool(_LINE.search(head))


def read(text: str, url: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(addresses of pages, addresses of further sitemaps) that a listing names, absolute, each once."""
    head = text[:20_000]
    if "<" not in head or (_AGENT.search(head) and not _URLSET.search(head)):
        named = _absolute((match[1] for match in islice(_ROBOTS.finditer(text), _MOST_FURTHER)), url)
        pages = (
            () if _AGENT.search(head) else _absolute((match[1] for match in islice(_LINE.finditer(text), _MOST)), url)
        )
        return pages, named
    located = _absolute((html.unescape(match[1]) for match in islice(_LOCATION.finditer(text), _MOST)), url)
    if _INDEX.search(head):
        return (), located[:_MOST_FURTHER]
    return located, ()


def linked(text: str, url: str) -> tuple[str, ...]:
    """Further sitemaps that a page links."""
    return _absolute((match[1] for match in islice(_LINKED.finditer(text), _MOST_FURTHER)), url)


def _absolute(found: Iterable[str], url: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(target for item in found if (target := join(url, item))))
