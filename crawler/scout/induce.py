"""Selectors for pages of a CMS that nobody described, where the general reading falls short.

In: one list page with what the general reading made of it, or one report page. Out: `Induced`, or None where the general reading
needs no help. Pure; never raises.

How it decides. A list is helped where the general reading takes links from beside the list (a box of hot articles that changes every
day would look like reports that come and go), or finds no next page although the page has a button for it. A report is helped
where the general reading finds no title of a report, no date, no source, or a body of which links of the page's own are a part. Every
selector is tried before it is proposed: the page is read again with it, and only if that reading has everything that the
general one has, and what it lacked or without what did not belong, is it returned. Both the page's parsers must take it (cssselect
for reports and portal files, lexbor for lists).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

import cssselect
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.families.base import Link, Listing, ListPage, Step
from crawler.families.generic import Generic
from crawler.families.paging import follow
from crawler.families.rows import is_article
from crawler.families.rows import rows as rows_of
from crawler.page import titles
from crawler.page.address import host_of, join, normalise
from crawler.portal import Portal, Selectors
from crawler.scout import naming
from crawler.scout.induce_report import induced as _report
from crawler.scout.links import heading_of
from crawler.scout.model import Evidence, Induced, Seen
from crawler.scout.pages import opened

_MOST_TRIED = 60
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}")
_ASIDE = re.compile(
    r"(?i)(?:^|[-_\s])(?:side\w*|aside|hot\w*|rank\w*|recommend\w*|related\w*|relat\w*|nav\w*|menu\w*|foot\w*|head\w*|banner|rdtj|rmtj|xgyd|xglj|xgwz|tuijian|paihang|"
    r"remen|latest|newest|zxxx|friend\w*|link[-_]?box|yqlj|crumbs?|breadcrumb|ticker|marquee|gundong|roll\w*)(?:$|[-_\s])"
)
_MORE_TO_READ = re.compile(
    r"(?i)(?:^|[-_\s])(?:aside|hot(?:news|list|s)?|rank\w*|recommend\w*|related\w*|rdtj|rmtj|xgyd|xglj|xgwz|tuijian|paihang|remen|phb)(?:$|[-_\s])"
)
_ASIDE_HEADING = re.compile(
    r"最新|热[点门搜]|推荐|相关|排行|关注|聚焦|要闻|点击|猜你|延伸|友情|图片新闻|通知公告|浏览最多"
)
_NEXT_WORDS = re.compile(r"下\s?一?\s?[页頁]|[后後]一?[页頁]|next", re.I)
_NEXT_NAME = re.compile(
    r"(?i)^(?:\w*[-_])?(?:next\w{0,6}|xyy|xiayiye|xiaye|nextpage|pagenext|downpage)(?:[-_]\w{1,8})?$"
)
_BACK = re.compile(r"(?i)上一?\s?[页頁]|prev|尾[页頁]|末[页頁]|last|首[页頁]|first")
_DISABLED = re.compile(r"(?i)disabled?|nolink|unable")


def listing(page: Seen, listed: ListPage) -> Induced | None:
    """Selectors for a list page's links and its next page, if they read it better than the general reading did (`listed`)."""
    if page.status != 200 or listed.refresh:
        return None
    text, tree, base, _ = opened(page)
    evidence: list[Evidence] = []
    link = _link(page, text, tree, base, listed, evidence)
    onward = _next(page.url, text, tree, listed, evidence)
    if not link and not onward:
        return None
    return Induced(Selectors(link=link, next=onward), tuple(evidence))


def report(page: Seen, portal: Portal) -> Induced | None:
    """Selectors for a report page's title, date, source and body, for each of them only where the general reading fails and the selector
    does better."""
    return _report(page, portal) if page.status == 200 else None


def _link(page: Seen, text: str, tree: LexborHTMLParser, base: str, listed: ListPage, evidence: list[Evidence]) -> str:
    """A selector of the list's own links, where the general reading took others along."""
    wanted_urls = {link.url for link in listed.links}
    if len(wanted_urls) < 3:
        return ""
    nodes: dict[str, list[LexborNode]] = {}
    for row in islice(rows_of(tree, base), 5000):
        if row.url in wanted_urls:
            nodes.setdefault(row.url, []).append(row.node)
    kinds = {link.url: link.kind for link in listed.links}
    dates = {link.url for link in listed.links if link.date}
    shapes: Counter[tuple[str, ...]] = Counter()
    lists: Counter[tuple[str, ...]] = Counter()
    for url, found in nodes.items():
        if kinds[url] == "report":
            weight = 3 if url in dates else 1
            shapes.update(dict.fromkeys((_shape(node) for node in found), weight))
            lists.update(dict.fromkeys((_shape(node) for node in found if not _surely_aside(node)), weight))
    if not shapes:
        return ""
    apart = max(lists.values(), default=0) >= 3
    main = (lists if apart else shapes).most_common(1)[0][0]

    def listed_in(node: LexborNode) -> bool:
        return _shape(node) == main and not (apart and _surely_aside(node))

    inside = {url for url, found in nodes.items() if any(map(listed_in, found))}
    dated = sum(1 for link in listed.links if link.url in inside and link.date)
    others = [link for link in listed.links if link.url not in inside]
    # A menu's link to a column, or a 图解 in a banner, is no report that would seem to come and go.
    strays = {link.url for link in others if not _tells(link)}
    noise = [
        link
        for link in others
        if link.url not in strays and _is_aside(nodes.get(link.url, []), link, dated >= 0.8 * len(inside), page.url)
    ]
    unsure = [link for link in noise if not all(map(_surely_aside, nodes.get(link.url, [])))]
    if not noise or len(inside) < 3 or 2 * len(unsure) > len(inside):
        return ""
    keep = wanted_urls - strays - {link.url for link in noise}
    sample = [node for url in sorted(keep) for node in nodes.get(url, []) if listed_in(node)][:3]
    for selector in islice(_link_selectors(sample), _MOST_TRIED):
        if _accepted(selector, tree) and _reads(page, text, selector, keep, strays, listed):
            evidence.append(
                Evidence(
                    f"link {selector}: the {len(keep)} links of the list, without {len(noise)} from beside it",
                    noise[0].title[:120],
                    0.8,
                )
            )
            return selector
    return ""


def _reads(page: Seen, text: str, selector: str, keep: set[str], strays: set[str], listed: ListPage) -> bool:
    """Whether a page read with the selector lists all of `keep`, at most `strays` besides, and leads on as it did."""
    again = Generic().read(
        Listing(
            page.url,
            text,
            Step(page.url),
            page.url,
            this_year=9999,
            annual=listed.annual,
            selectors=Selectors(link=selector),
        )
    )
    found = {link.url for link in again.links}
    onward = [step.url for step in again.next] == [step.url for step in listed.next]
    return keep <= found <= keep | strays and onward


def _tells(link: Link) -> bool:
    """Whether a link would count as a report: it says a year or an organ, or leads to a document, and is no companion."""
    said = titles.classify(link.title)
    return link.kind == "report" and bool(said.year or said.organ or is_article(link.url))


def _shape(node: LexborNode) -> tuple[str, ...]:
    """Tags and chosen names of the boxes that a link stands in, the nearest three."""
    steps: list[str] = []
    box: LexborNode | None = node.parent
    while box is not None and len(steps) < 3 and box.tag not in ("body", "html"):
        steps.append(
            next(naming.own(str(box.tag), box.attributes.get("id"), box.attributes.get("class")), str(box.tag))
        )
        box = box.parent
    return tuple(steps)


def _is_aside(found: Sequence[LexborNode], link: Link, rows_dated: bool, url: str) -> bool:
    """Whether a link stands beside the list: on another host, in a box or under a heading that is called so, or without a date
    where every row has one."""
    if host_of(link.url) != host_of(url) or (bool(found) and all(map(_surely_aside, found))):
        return True
    return not link.date and (rows_dated or (bool(found) and all(map(_in_frame, found))))


def _in_frame(node: LexborNode) -> bool:
    """Whether a link stands in what is called a menu, a head, a foot or a side bar."""
    return any(_ASIDE.search(name) for name in _names(node))


def _surely_aside(node: LexborNode) -> bool:
    """Whether a link stands in a box, or under a heading, that says what else there is to read. A menu's or a column's name says less:
    a list may stand in a box called `nav-content`."""
    return bool(_ASIDE_HEADING.search(heading_of(node))) or any(_MORE_TO_READ.search(name) for name in _names(node))


def _names(node: LexborNode) -> Iterator[str]:
    box: LexborNode | None = node.parent
    for _ in range(8):
        if box is None or box.tag in ("body", "html"):
            return
        attributes = box.attributes
        yield f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        if box.tag in ("nav", "aside", "footer", "header"):
            yield str(box.tag)
        box = box.parent


def _link_selectors(sample: Sequence[LexborNode]) -> Iterator[str]:
    """Selectors of links like the samples, the plainest first: by a named box around all of them, then by two."""
    if not sample:
        return
    boxes: list[list[str]] = []
    box: LexborNode | None = sample[0].parent
    while box is not None and box.tag not in ("body", "html") and len(boxes) < 10:
        boxes.append(list(naming.own(str(box.tag), box.attributes.get("id"), box.attributes.get("class"))))
        box = box.parent
    own = list(naming.own("a", None, sample[0].attributes.get("class")))
    flat = [name for names in boxes for name in names]
    yield from (f"{name} a" for name in flat)
    row = [
        str(node.tag)
        for node in [sample[0].parent]
        if node is not None and node.tag in ("li", "td", "dd", "dt", "p", "h3", "h4", "span")
    ]
    yield from (f"{name} {tag} a" for name in flat for tag in row)
    yield from (f"{name} > {tag} > a" for name in flat for tag in row)
    for depth, names in enumerate(boxes):
        outer = [name for further in boxes[depth + 1 :] for name in further]
        yield from (f"{pair} a" for pair in naming.within(outer, names))
    yield from naming.within(flat, own)
    yield from own


def _next(url: str, text: str, tree: LexborHTMLParser, listed: ListPage, evidence: list[Evidence]) -> str:
    """A selector of the next page's button, where the general reading found no next page."""
    if listed.next:
        return ""
    here = normalise(url)
    for node in islice(tree.css("a[href]"), 6000):
        attributes = node.attributes
        target = join(url, attributes.get("href") or "")
        if not target or target == here or host_of(target) != host_of(url) or not _leads_on(node):
            continue
        if not _same_list(target, here):
            continue
        for selector in islice(_next_selectors(node), _MOST_TRIED):
            if _accepted(selector, tree) and follow(text, tree, url, selector).url == target:
                evidence.append(Evidence(f"next {selector}: the button of the next page", target[:120], 0.8))
                return selector
    return ""


def _leads_on(node: LexborNode) -> bool:
    """Whether a link is the next page's, by its words, its picture's, its name's or its row's."""
    said = [node.text() or ""] + [node.attributes.get(name) or "" for name in ("title", "aria-label", "rel")]
    said += [
        inner.attributes.get(name) or ""
        for inner in node.css("img, i, span, svg")[:3]
        for name in ("alt", "title", "aria-label")
    ]
    words = " ".join(said)[:200]
    names = [*(node.attributes.get("class") or "").split(), node.attributes.get("id") or ""]
    parent = node.parent
    if (
        parent is not None
        and parent.tag in ("li", "span", "td", "div")
        and sum(1 for _ in islice(parent.iter(), 4)) < 4
    ):
        names += [*(parent.attributes.get("class") or "").split(), parent.attributes.get("id") or ""]
    if (
        any(_DISABLED.search(name) for name in names)
        or _BACK.search(words)
        or any(_BACK.search(name) for name in names)
    ):
        return False
    return bool(len("".join(words.split())) <= 30 and _NEXT_WORDS.search(words)) or any(
        _NEXT_NAME.match(name) for name in names if name
    )


def _same_list(target: str, here: str) -> bool:
    """Whether two addresses can be pages of one list: one folder, or one page with other parameters."""
    return target.split("?", 1)[0].rsplit("/", 1)[0] == here.split("?", 1)[0].rsplit("/", 1)[0]


def _next_selectors(node: LexborNode) -> Iterator[str]:
    attributes = node.attributes
    own = [*naming.own("a", attributes.get("id"), attributes.get("class"))]
    for name in ("rel", "aria-label", "title"):
        value = attributes.get(name) or ""
        if re.fullmatch(r"[\w\u4e00-\u9fff -]{2,20}", value):
            own.append(f'a[{name}="{value}"]')
    boxes: list[str] = []
    box = node.parent
    while box is not None and box.tag not in ("body", "html") and len(boxes) < 8:
        boxes += naming.own(str(box.tag), box.attributes.get("id"), box.attributes.get("class"))
        box = box.parent
    named = [selector for selector in own if "[" in selector or _NEXT_NAME.match(re.split(r"[.#]", selector)[-1])]
    yield from named
    yield from naming.within(boxes, named)
    yield from (f"{box} a" for box in boxes if _NEXT_NAME.match(re.split(r"[.#]", box)[-1]))


def _accepted(selector: str, tree: LexborHTMLParser) -> bool:
    """Whether a portal file and the list's parser take a selector."""
    try:
        cssselect.parse(selector)
        return bool(tree.css(selector))
    except (cssselect.SelectorError, ValueError):
        return False
