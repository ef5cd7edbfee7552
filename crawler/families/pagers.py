"""The pagers that a list page shows: load-more buttons, rows of numbers, lists of pages, addresses kept in attributes and code.

In: a page's tree and address. Out: the next page's address, or "". Pure.
"""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.page.address import join, normalise

_IN_CODE = re.compile(r"['\"]([^'\"\s]{1,300})['\"]")
_MORE_WORDS = ("加载更多", "查看更多", "点击加载更多", "更多", "loadmore", "显示更多")
_PAGE_PARAMS = (
    "page",
    "pageno",
    "pagenum",
    "pageindex",
    "currpage",
    "currentpage",
    "p",
    "pn",
    "curpage",
    "page_no",
    "pageid",
)


def option_after(tree: LexborHTMLParser, url: str) -> str:
    """The address of the option behind this page's in a list of pages (`<select onchange="location.href=this.value">`)."""
    for select in tree.css("select"):
        options = select.css("option")
        targets = [join(url, option.attributes.get("value") or "") for option in options[:500]]
        texts = ["".join((option.text() or "").split()).strip("第页") for option in options[:500]]
        values = [option.attributes.get("value") or "" for option in options[:500]]
        if len(options) < 2 or not all(text.isdecimal() and len(text) < 5 for text in texts):
            continue
        if not all("." in value or "/" in value for value in values):
            continue
        here = normalise(url)
        chosen = [option.attributes.get("selected", "no") != "no" for option in options[:500]]
        place = targets.index(here) if here in targets else chosen.index(True) if True in chosen else 0
        if place + 1 < len(targets):
            return targets[place + 1]
    return ""


def attribute_address(anchor: LexborNode, url: str) -> str:
    """Addresses that pagers keep in other attributes (`tagname`, `data-href`, `data-url`; Hanweb's and Ucap's), or in code
    (`onclick="location.href=encodeURI('index_2.jhtml')"`, JEECMS's)."""
    for name in ("data-href", "data-url", "tagname", "paged"):
        value = anchor.attributes.get(name) or ""
        if "/" in value or "." in value:
            return join(url, value)
    for name in ("onclick", "href"):
        code = (anchor.attributes.get(name) or "")[:600]
        if name == "onclick" or code.lower().startswith("javascript:"):
            for found in _IN_CODE.finditer(code):
                if re.search(r"(?i)[/?]|\.(?:s?html?|jhtml|jsp|aspx?|php)$", found[1]):
                    return join(url, found[1])
    return ""


def load_more(tree: LexborHTMLParser, url: str) -> str:
    """A load-more button's address: `data-url`/`data-href`, with `data-page` or `data-next` filled in."""
    for node in tree.css("[data-url], [data-next-url], [data-href], [data-next], [data-page]"):
        attributes = node.attributes
        words = "".join((node.text() or "").split()).lower()
        marked = (
            words in _MORE_WORDS or "more" in f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()
        )
        if not marked or "dis" in (attributes.get("class") or "").lower().split("-"):
            continue
        target = next(
            (value for key in ("data-next-url", "data-url", "data-href") if (value := attributes.get(key))), ""
        )
        page = attributes.get("data-next") or attributes.get("data-next-page") or ""
        current = attributes.get("data-page") or attributes.get("data-current") or ""
        if not page and current.isdigit():
            page = str(int(current) + 1)
        total = attributes.get("data-total") or attributes.get("data-pages") or attributes.get("data-total-page") or ""
        if total.isdigit() and page.isdigit() and int(page) > int(total):
            return ""
        if target:
            filled = re.sub(r"\{\s*(?:page|pageNo|pageNum|n)\s*\}", page, target)
            if filled == target and page.isdigit() and "data-next-url" not in attributes:
                known = page_number(join(url, target) or url)
                filled = with_page(join(url, target), known[0] if known else "page", int(page))
            joined = join(url, filled)
            if joined and joined != normalise(url):
                return joined
        elif page.isdigit():
            return join(url, with_page(url, "page", int(page)))
    return ""


def number_after(tree: LexborHTMLParser, url: str) -> str:
    """The link whose text is this page's number plus one, in a row of at least two number links."""
    numbers: dict[int, str] = {}
    current: int | None = None
    for node in tree.css("a, span, strong, em, b, li"):
        text = (node.text() or "").strip()
        if not (text.isdigit() and len(text) <= 4) or int(text) > 2000:
            continue
        target = (
            (join(url, node.attributes.get("href") or "") or attribute_address(node, url)) if node.tag == "a" else ""
        )
        mark = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}".lower()
        if target and target != normalise(url) and not node.css_first("img"):
            numbers.setdefault(int(text), target)
        elif target or any(word in mark for word in ("cur", "active", "select", "on", "now")):
            current = int(text)
    if current is None:
        page = page_number(url)
        current = page[1] if page else 1
    neighbour = numbers.get(current + 1, "")
    same_list = neighbour and urlsplit(neighbour).path.rsplit("/", 1)[0] == urlsplit(url).path.rsplit("/", 1)[0]
    return neighbour if same_list else ""


def page_number(url: str) -> tuple[str, int] | None:
    """(parameter, number) of an address's page parameter."""
    for key, value in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        if key.lower() in _PAGE_PARAMS and value.isdigit():
            return key, int(value)
    return None


def with_page(url: str, key: str, number: int) -> str:
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != key]
    return urlunsplit(parts._replace(query=urlencode([*query, (key, str(number))], safe="/:,"), fragment=""))
