"""Where a portal's annual-report column may be: what its pages, its sitemap and its addresses say, best first.

In: one fetched page (`Seen`), a sitemap's text, or an address. Out: `Lead`s with the reason for each. Pure; never raises.

A portal's menu may be links, pictures with an @alt, `onclick`, markup that a script writes, or a tree of nodes in a script; the
column is often two steps away (政务公开, 政府信息公开), so what leads to it is returned too, told apart by `Lead.to`. Only addresses of
the portal's own registered name count (`hosts.nearness`): clones of portals link each other.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser

from crawler.families.rows import column_year, is_article, squeezed
from crawler.page import titles
from crawler.page.address import host_of, is_home, join, twin_of
from crawler.scout import sitemaps
from crawler.scout.columns import above, unwrapped
from crawler.scout.hosts import nearness
from crawler.scout.links import Found, anchors, links_of, metas_of, trail_of
from crawler.scout.model import Lead, Seen, Via
from crawler.scout.names import Name, by_address, by_words, is_miss
from crawler.scout.pages import LONGEST, opened

_MOST_LEADS = 40
_FIRST_YEAR = 2000
_PAGER = re.compile(
    r"(?i)(?!20[0-3]\d$)\d{1,5}|[<>«»‹›]+|(?:上|下|前|后)一?[页頁]|(?:首|尾|末)[页頁]|next|prev\w*|last|first|加载更多|(?:我要)?(?:打印|分享|收藏)"
)

GUESSES = (
    "/zwgk/zfxxgk/zfxxgknb/", "/zwgk/zfxxgknb/", "/zfxxgk/zfxxgknb/", "/zfxxgknb/", "/xxgk/zfxxgknb/", "/zfxxgkzl/zfxxgknb/",
    "/xxgk/xxgknb/", "/gkmlpt/index", "/zfxxgk/", "/zwgk/zfxxgk/", "/xxgk/", "/zwgk/",
)  # fmt: skip
"""Paths at which portals of many provinces keep the column ("domain notes", 2), the column itself first."""


def leads(page: Seen, this_year: int) -> tuple[Lead, ...]:
    """Where a home page, a menu, a 政府信息公开 page or a JSON tree leads, best first; the page itself where it is the column."""
    if page.status != 200:
        return ()
    _, tree, base, code = opened(page)
    context = _own_name(page.url, tree)
    found = (
        [_itself(page.url, context)]
        if context is not None and context.goal == "annual" and not is_article(page.url)
        else []
    )
    reports: dict[str, list[str]] = {}
    for link in links_of(tree, base, code):
        near = nearness(link.url, page.url)
        if not near or (is_home(link.url) and host_of(link.url) == host_of(page.url)):
            continue  # another host's front page may be a portal of 信息公开
        said = titles.classify(link.words) if is_article(link.url) else None
        if said is not None and said.kind == "report" and (said.year or said.organ):
            for column in above(link.url)[:1]:
                reports.setdefault(column.url, []).append(link.words)
            continue
        lead = _lead(link, near, context, this_year)
        if lead is not None:
            found += [lead, *_whole(lead, near)]
    for url, listed in reports.items():
        score = (0.45 + 0.07 * min(len(listed), 4)) * nearness(url, page.url)
        found.append(_scored(url, "", score, f"{len(listed)} reports that it links stand under it", "parent"))
    here = twin_of(page.url)
    return tuple(
        msgspec.structs.replace(lead, via="given") if twin_of(lead.url) == here else lead for lead in _best(found)
    )


def sitemap(text: str, url: str) -> tuple[tuple[Lead, ...], tuple[str, ...]]:
    """Leads of a sitemap (XML, a page 网站地图, plain addresses, robots.txt), and the further sitemaps that it names."""
    text = text[: 4 * LONGEST]
    if not sitemaps.is_listing(text):
        further = tuple(link for link in sitemaps.linked(text, url) if nearness(link, url))
        page = leads(Seen(url, 200, text), 9999)
        return tuple(msgspec.structs.replace(lead, via="sitemap") for lead in page if lead.via == "link"), further
    listed, further = sitemaps.read(text, url)
    found: list[Lead] = []
    under: dict[str, int] = {}
    for address in listed:
        near = nearness(address, url)
        named = by_address(address) if near else None
        if named is None or named.goal != "annual":
            if named is not None and not is_article(address):
                found.append(Lead(address, "", named.score * near, named.why, "sitemap", named.goal))
        elif is_article(address):
            for column in above(address)[:1]:
                under[column.url] = under.get(column.url, 0) + 1
        else:
            found.append(_scored(address, "", named.score * near, named.why, "sitemap"))
    for column_url, count in under.items():
        score = (0.6 + 0.03 * min(count, 5)) * nearness(column_url, url)
        found.append(_scored(column_url, "", score, f"{count} of its addresses stand under it", "sitemap"))
    found += [item for lead in found for item in _whole(lead, nearness(lead.url, url))]
    return _best(found), tuple(further_ for further_ in further if nearness(further_, url))


def sitemap_addresses(page: Seen) -> tuple[str, ...]:
    """Where the portal's sitemaps may be: 网站地图 links of a page, then the well-known places."""
    _, tree, base, _ = opened(page)
    linked = [
        link.url
        for link in anchors(tree, base)
        if re.fullmatch("网站地图|站点地图|網站地圖|网站导航|sitemap", link.words, re.I)
    ]
    places = [join(page.url, place) for place in ("/sitemap.xml", "/robots.txt", "/wzdt/", "/sitemap.html")]
    return tuple(dict.fromkeys(target for target in (*linked, *places) if target and nearness(target, page.url)))


def parents(page: Seen) -> tuple[Lead, ...]:
    """The column of one report: by its trail, its ColumnName, the address it says it has, and its own address; best first."""
    _, tree, base, _ = opened(page)
    found: list[Lead] = []
    here = twin_of(page.url)
    trail = [link for link in trail_of(tree, base) if twin_of(link.url) != here and not is_article(link.url)]
    for steps, link in enumerate(reversed(trail)):
        near = nearness(link.url, page.url)
        named = by_words(link.words) or by_address(link.url)
        if not near or is_home(link.url) or is_miss(link.words):
            continue
        if named is not None and named.goal != "annual":
            found.append(Lead(link.url, link.words, named.score * near, "its trail names it", "crumb", named.goal))
            continue
        score = max(0.9 if named is not None else 0.0, 0.6 - 0.2 * steps)
        if score >= 0.2:
            found.append(_scored(link.url, link.words, score * near, "its trail names it", "crumb"))
    metas = metas_of(tree)
    column = squeezed(metas.get("columnname", ""))
    if column and not is_miss(column):
        for link in anchors(tree, base):
            if (
                link.words == column
                and nearness(link.url, page.url)
                and not is_article(link.url)
                and twin_of(link.url) != here
            ):
                sure = 0.88 if by_words(column) else 0.6
                found.append(
                    _scored(
                        link.url,
                        link.words,
                        sure * nearness(link.url, page.url),
                        "a link with its ColumnName leads there",
                        "crumb",
                    )
                )
                break
    told = join(page.url, metas.get("url", ""))
    for address in dict.fromkeys(filter(None, (page.url, told if nearness(told, page.url) else ""))):
        for place in above(address):
            named = by_address(place.url)
            goal = named.goal if named is not None else "annual"
            found.append(Lead(place.url, "", place.score, place.why, "parent", goal))
    return _best(found)


def guesses(url: str) -> tuple[Lead, ...]:
    """Well-known paths on the host of `url`, best first, each to be tried and believed only if it lists reports."""
    home = join(unwrapped(url), "/")
    found = []
    for place, path in enumerate(GUESSES):
        named = by_address(home.rstrip("/") + path)
        if home and named is not None:
            found.append(
                Lead(
                    home.rstrip("/") + path,
                    "",
                    round(0.3 - 0.02 * place, 2),
                    "many portals keep it there",
                    "guess",
                    named.goal,
                )
            )
    return tuple(found)


def _lead(link: Found, near: float, context: Name | None, this_year: int) -> Lead | None:
    """What one link leads to, by its words and its address; None for most links."""
    if is_miss(link.words) or _PAGER.fullmatch(link.words):
        return None
    words, address = by_words(link.words), by_address(link.url)
    how = f" ({link.how})" if link.how else ""
    article = is_article(link.url)
    if words is not None and words.goal == "annual":
        score = words.score + (0.03 if address is not None and address.goal == "annual" else 0.0)
        if words.score < 0.7 and ((context is not None and context.goal != "open") or score > words.score):
            score = 0.85  # 年报 among 指南 and 制度 of 政府信息公开 is no other
        score *= 0.6 if article else 1.0
        year = titles.classify(link.words).year or column_year(link.words, link.url)
        if year and (article or not _FIRST_YEAR <= year <= this_year):
            return None
        via: Via = "year" if year else "link"
        return _scored(link.url, link.words, (score - 0.3 if year else score) * near, words.why + how, via, year)
    year = column_year(link.words, link.url)
    if year and _FIRST_YEAR <= year <= this_year and _of_years(link, context):
        return _scored(
            link.url,
            link.words,
            0.5 * near,
            f"a year's column, {link.words}{f' under {link.under}' if link.under else ''}{how}",
            "year",
            year,
        )
    if words is None and address is not None and address.goal == "annual" and not article:
        return _scored(link.url, link.words, address.score * 0.9 * near, address.why + how, "link")
    best = words or address
    if best is None or article:
        return None
    boost = 0.05 if words is not None and address is not None and address.goal == words.goal else 0.0
    return Lead(link.url, link.words[:80], round((best.score + boost) * near, 3), best.why + how, "link", best.goal)


def _of_years(link: Found, context: Name | None) -> bool:
    """Whether a year's link is one of the annual reports' column, by the page or by the heading above it."""
    if context is not None and context.goal == "annual":
        return True
    heading = by_words(link.under)
    return heading is not None and heading.goal == "annual"


def _whole(lead: Lead, near: float) -> Iterator[Lead]:
    """The column of all years above a year's column."""
    steps = [step for step in urlsplit(lead.url).path.split("/") if step]
    if lead.to == "annual" and len(steps) > 1 and re.search(r"20[0-3]\d", steps[-1]) and not is_article(lead.url):
        for place in above(lead.url)[1:2]:
            named = by_address(place.url)
            if named is not None and named.goal == "annual":
                yield _scored(place.url, "", 0.72 * near, "the columns of single years stand in it", "parent")


def _scored(url: str, title: str, score: float, why: str, via: Via, year: int | None = None) -> Lead:
    return Lead(url, title[:80], round(max(0.01, min(score, 0.99)), 3), why, via, "annual", year)


def _best(found: list[Lead]) -> tuple[Lead, ...]:
    """Each address once, with its best reason; best first, page order among equals."""
    best: dict[str, Lead] = {}
    for lead in found:
        key = twin_of(lead.url)
        if key not in best or lead.score > best[key].score:
            best[key] = msgspec.structs.replace(lead, year=lead.year or (best[key].year if key in best else None))
    order = {"annual": 0, "disclosure": 1, "open": 2}
    return tuple(sorted(best.values(), key=lambda lead: (-lead.score, order[lead.to])))[:_MOST_LEADS]


def _own_name(url: str, tree: LexborHTMLParser) -> Name | None:
    """What a page's own column is, by ColumnName, ColumnType, <title> and address."""
    node = tree.css_first("title")
    metas = metas_of(tree)
    # A year's column is called 2025年, and of the type 政府信息公开年报.
    words = [metas.get("columnname", ""), metas.get("columntype", "")]
    words += re.split(r"[-_—|>»]", squeezed(node.text() or "")[:200]) if node is not None else []
    named = [name for word in words if (name := by_words(word)) is not None]
    address = by_address(url)
    if address is not None:
        named.append(address)
    annual = [name for name in named if name.goal == "annual" and name.score >= 0.55]
    return max(annual or named, key=lambda name: name.score, default=None)


def _itself(url: str, name: Name) -> Lead:
    return _scored(url, "", min(name.score, 0.9), f"the page itself: {name.why}", "given")
