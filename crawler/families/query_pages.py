"""Pages that are asked for by organ and year, and show that report whole: no list, and no address of its own for a report.

Hanweb's `/module/xxgk/xxgkAnnualReport.jsp?area=<organ>&fbtime=2022` (without fbtime: the newest year), and Xicheng's
`pnidpv155pntypepvnbpnnfpv2023.html`, which is `pn‹name›pv‹value›` three times: id=155, type=nb, nf=2023 ("domain notes", 1b, 1d).
Their years stand in tabs: links, options of a select, buttons with a script. Every year is a report of its own, although the path
is one; so is every organ. In: such a page. Out: the addresses of its other years, and, where the section names no organ, of organs.
Pure.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser

from crawler.families.base import Column, Link, Listing
from crawler.families.rows import Row, squeezed
from crawler.page.address import join, normalise

_ANNUAL_REPORT = re.compile(r"(?i)/xxgkAnnualReport\w*\.jsp$")
_PNPV = re.compile(r"(?i)/(pn[a-z]{1,12}pv[^/]{0,300}?)(\.\w{2,5})$")
_TRIPLE = re.compile(r"pn([a-z]{1,12}?)pv(.{0,60}?)(?=pn[a-z]{1,12}?pv|$)")
_YEAR_KEYS = ("fbtime", "nf", "year", "nd", "ndh", "niandu", "nian")
_ORGAN_KEYS = ("area", "id", "organ", "dept", "bm")
_YEAR_VALUE = re.compile(r"20[0-3]\d")
_YEAR_TAB = re.compile(r"(20[0-3]\d)(?:年(?:度)?)?(?:(?:政府|政务)?信息公开)?(?:工作)?(?:年报|年度报告|报告)?")
_CALLED = re.compile(r"\(\s{0,9}[\"']?(20[0-3]\d)(?:年度?)?[\"']?\s{0,9}[,)]|=\s{0,9}[\"']?(20[0-3]\d)[\"']?")
_FIRST_YEAR = 2000
_MOST = 400


def is_query_page(url: str) -> bool:
    """Whether an address asks for an organ's report of a year."""
    return bool(_fields(url))


def with_year(url: str, year: int) -> str:
    """The address that asks for another year; "" if `url` has no place for one."""
    parts = urlsplit(url)
    if _ANNUAL_REPORT.search(parts.path):
        query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True)]
        key = next((key for key, _ in query if key.lower() == "fbtime"), "")
        if key:
            query = [(name, str(year) if name == key else value) for name, value in query]
        else:
            query.append(("fbtime", str(year)))
        return urlunsplit(parts._replace(query=urlencode(query, safe="/:,"), fragment=""))
    named = _PNPV.search(parts.path)
    if named is None:
        return ""
    triples = _TRIPLE.findall(named[1])
    key = next((key for key, _ in triples if key in _YEAR_KEYS), "")
    triples = (
        [(name, str(year) if name == key else value) for name, value in triples]
        if key
        else [*triples, ("nf", str(year))]
    )
    name = "".join(f"pn{name}pv{value}" for name, value in triples)
    return urlunsplit(parts._replace(path=f"{parts.path[: named.start()]}/{name}{named[2]}", fragment=""))


def own_links(listing: Listing, links: tuple[Link, ...]) -> tuple[Link, ...]:
    """The links of a page, without those of a query page that names an organ to other query pages: its years are columns, and
    other organs are other sections."""
    if not _organ(_fields(listing.section.split("#", 1)[0] or listing.url)):
        return links
    return tuple(link for link in links if not is_query_page(link.url))


def columns(listing: Listing, tree: LexborHTMLParser, found: Iterable[Row]) -> tuple[Column, ...]:
    """The other years of a query page, spelled as the section is; () for any other page."""
    here = listing.section.split("#", 1)[0] or listing.url
    own = _fields(here)
    if not own:
        return ()
    years: dict[int, None] = {}
    for row in found:
        said = _fields(row.url)
        if said and _organ(said) == _organ(own) and (year := _year(said)):
            years[year] = None
    for year in _tabs(tree):
        years[year] = None
    listed = {int(value)} if (value := _year(own)) else set[int]()
    return tuple(
        Column(normalise(with_year(here, year)), year)
        for year in years
        if _FIRST_YEAR <= year <= listing.this_year and year not in listed
    )


def organs(listing: Listing, tree: LexborHTMLParser, found: Iterable[Row]) -> tuple[Link, ...]:
    """The organs that a query page without one names: each with the section's year, or with every year that its tabs name."""
    here = listing.section.split("#", 1)[0] or listing.url
    own = _fields(here)
    if not own or _organ(own):
        return ()
    year = listing.year or _year(own)
    years = [year] if year else [one for one in dict.fromkeys(_tabs(tree)) if _FIRST_YEAR <= one <= listing.this_year]
    out: dict[str, Link] = {}
    for row in found:
        said = _fields(row.url)
        if said and _organ(said) and 2 < len(row.title) < 60:
            for url in [with_year(row.url, one) for one in years if not _year(said)] or [row.url]:
                out.setdefault(url, Link(normalise(url), row.title, "report"))
    for option in tree.css("select[name=area] option, select#area option")[:_MOST]:
        value, title = option.attributes.get("value") or "", squeezed(option.text() or "")
        if value and len(title) > 2:
            url = join(here, f"?{urlencode({'area': value})}")
            for dated in [with_year(url, one) for one in years] or [url]:
                out.setdefault(dated, Link(normalise(dated), title, "report"))
    return tuple(out.values())[:_MOST]


def _fields(url: str) -> dict[str, str]:
    """What a query page's address asks for, {} for any other address."""
    parts = urlsplit(url)
    if _ANNUAL_REPORT.search(parts.path):
        return {"": "", **{key.lower(): value for key, value in parse_qsl(parts.query)}}
    named = _PNPV.search(parts.path)
    return dict(_TRIPLE.findall(named[1])) if named else {}


def _year(fields: dict[str, str]) -> int | None:
    for key in _YEAR_KEYS:
        if _YEAR_VALUE.fullmatch(fields.get(key, "")):
            return int(fields[key])
    return None


def _organ(fields: dict[str, str]) -> str:
    return next((fields[key] for key in _ORGAN_KEYS if fields.get(key)), "")


def _tabs(tree: LexborHTMLParser) -> Iterator[int]:
    """Years of tabs that are no links: options, and elements with a script."""
    for option in tree.css("option")[:_MOST]:
        said = _YEAR_TAB.fullmatch(squeezed(option.text() or ""))
        if said:
            yield int(said[1])
    for node in tree.css("[onclick], [data-year], [data-fbtime], a[href^='javascript:'], a[href^='#']")[:_MOST]:
        attributes = node.attributes
        said = _YEAR_TAB.fullmatch(squeezed(node.text() or ""))
        called = _CALLED.search(f"{attributes.get('onclick') or ''} {attributes.get('href') or ''}"[:500])
        plain = attributes.get("data-year") or attributes.get("data-fbtime") or ""
        if said and (called or plain or attributes.get("onclick") or attributes.get("href")):
            yield int(said[1])
        elif _YEAR_VALUE.fullmatch(plain):
            yield int(plain)
