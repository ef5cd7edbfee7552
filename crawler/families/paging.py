"""How a list goes on: the usual kinds of pagination, and where it ends.

In: a list page's HTML and address. Out: `Next`: the address of its next page, how many pages it says there are, and
what is wrong where there must be one that cannot be asked for. Pure.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.families.scan import without_comments
from crawler.page.address import join, normalise

_LINE_COMMENT = re.compile(r"(?m)(?<![:'\"])//.*$")
_CREATE = re.compile(r"(?<!function )\bcreatePage(?:HTML|s)?\s*\(([^()]*)\)")
_COUNT = re.compile(r"\b(?:var\s+)?(?:countPage|pageCount|totalPages?|page_count)\s*[=:]\s*['\"]?(\d+)")
_CONFIG_TOTAL = re.compile(r"pagination_script_config\b.{0,200}?\btotal\b['\"]?\s*[:=]\s*['\"]?(\d+)", re.S)
_SHOWN = re.compile(
    r"(?:共\s*(?:有)?\s*(\d+)\s*页|页次[:：]?\s*\d+\s*/\s*(\d+)|第\s*\d+\s*/\s*(\d+)\s*页|(?:页数|总页数)[:：]\s*(\d+))"
)
_INDEX_PATH = re.compile(r"(?i)/(?:(?P<stem>[a-z][\w-]*?)(?:_(?P<number>\d+))?\.(?P<ext>s?html?|jsp|jhtml))?$")
_NEXT_WORDS = (
    "下一页",
    "下页",
    "后一页",
    "下一頁",
    "下頁",
    "后页",
    "next",
    "nextpage",
    "»",
    ">",
    "›",
    "&gt;",
    "下一页>",
    "下一页»",
)
_MORE_WORDS = ("加载更多", "查看更多", "点击加载更多", "更多", "loadmore", "显示更多")
_DEAD = re.compile(r"(?i)^(?:#.*|javascript:\s*(?:void\(?\s*0?\s*\)?|;)?\s*;?|)$")
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
_JS_NUMBER = re.compile(r"javascript:.*?\(\s*[^)]*?(\d+)[^)]*\)", re.I)


class Next(NamedTuple):
    """How a list goes on from one page."""

    url: str = ""
    """The next page's address; "" at the end."""
    total: int | None = None
    """Pages that the list says it has."""
    problem: str = ""
    """There is a next page, but no way to ask for it."""


def script_pages(text: str) -> tuple[int, str, str, int] | None:
    """Pages as TRS's and Ucap's scripts tell them: (pages, prefix, extension, first suffix), or None."""
    code = without_comments(text)
    call = next(script_calls(code), None)
    if call is not None:
        return call
    count = _CONFIG_TOTAL.search(code) or _COUNT.search(code)
    return (int(count[1]), "", "", 1) if count else None


def script_calls(code: str) -> Iterator[tuple[int, str, str, int]]:
    """Each call of `createPageHTML` in a page without its comments: (pages, prefix, extension, first suffix).

    `createPageHTML(total, cur, "index", "shtml")` calls page 2 `index_1`; with a box's name first and a row count last
    (`createPageHTML('page_div', 10, 1, 'list', 'shtml', 200)`) page 2 is `list_2` ("domain notes", 1a and 1d).
    """
    for call in _CREATE.finditer(_LINE_COMMENT.sub("", code)):
        arguments = [argument.strip() for argument in call[1].split(",")]
        values = [argument.strip("'\"") for argument in arguments]
        numbers = [int(value) for value in values if value.isdigit()]
        words = [value for value in values if value and not value.isdigit()]
        if not numbers:
            continue
        boxed = not values[0].isdigit() and len(words) >= 3
        if boxed:
            words = words[1:]
        prefix = words[0] if words else "index"
        extension = words[1].lstrip(".") if len(words) > 1 else "html"
        yield numbers[0], prefix, extension, 2 if boxed and len(arguments) >= 6 else 1


def numbered(url: str, prefix: str, extension: str, first_suffix: int, pages: int) -> Next:
    """The page after `url` in a list `prefix.ext`, `prefix_1.ext`, … of `pages` pages."""
    parts = urlsplit(url)
    match = _INDEX_PATH.search(parts.path)
    if match is None:
        return Next("", pages, "pages are counted, but the address has no place for a number")
    suffix = int(match["number"]) if match["number"] else None
    position = 0 if suffix is None else suffix - first_suffix + 1
    if position + 1 >= pages:
        return Next("", pages)
    stem = prefix or match["stem"] or "index"
    ext = extension or match["ext"] or "html"
    path = f"{parts.path[: match.start()]}/{stem}_{position + first_suffix}.{ext}"
    return Next(urlunsplit(parts._replace(path=path, fragment="")), pages)


def follow(text: str, tree: LexborHTMLParser, url: str, selector: str = "") -> Next:
    """The next page of any list: the operator's selector, scripts, next links, numbers, load-more, counts."""
    if selector:
        node = tree.css_first(selector)
        return Next(join(url, (node.attributes.get("href") or "") if node else ""))
    shown = _shown_total(tree)
    script = script_pages(text)
    if script is not None and script[0] > 1:
        return numbered(url, script[1], script[2], script[3], script[0])
    here = normalise(url)
    button: LexborNode | None = None
    for node in tree.css("link[rel=next], a[rel=next]"):
        target = join(url, node.attributes.get("href") or "")
        if target and target != here:
            return Next(target, shown)
    for anchor in tree.css("a"):
        words = "".join((anchor.text() or "").split()).lower() or (anchor.attributes.get("title") or "")
        if words in _NEXT_WORDS:
            button = anchor
            target = join(url, anchor.attributes.get("href") or "") or _tagname(anchor, url)
            if target:
                return Next("" if target == here else target, shown)
    more = _load_more(tree, url)
    if more:
        return Next(more, shown)
    number = _number_after(tree, url)
    if number:
        return Next(number, shown)
    return _counted(url, shown, script, button)


def _counted(url: str, shown: int | None, script: tuple[int, str, str, int] | None, button: LexborNode | None) -> Next:
    """No usable link: what the counts say."""
    pages = shown or (script[0] if script else None)
    page = _page_number(url)
    if pages is not None and pages > 1:
        if page is not None and page[1] < pages:
            return Next(_with_page(url, page[0], page[1] + 1), pages)
        if page is not None:
            return Next("", pages)
        return Next("", pages, f"it says {pages} pages, but links none")
    if button is not None and pages is None:
        href = (button.attributes.get("href") or "").strip()
        script_call = None if dead(href) else _JS_NUMBER.match(href)
        disabled = (
            "dis" in (button.attributes.get("class") or "").lower() or button.attributes.get("disabled") is not None
        )
        if script_call and not disabled:
            return Next("", None, f"its next page needs a script ({href[:60]})")
    return Next("", pages)


def _shown_total(tree: LexborHTMLParser) -> int | None:
    body = tree.body
    found = _SHOWN.search(body.text() or "") if body is not None else None
    return int(next(group for group in found.groups() if group)) if found else None


def _tagname(anchor: LexborNode, url: str) -> str:
    """Addresses that pagers keep in other attributes (`tagname`, `data-href`, `data-url`; Hanweb's and Ucap's)."""
    for name in ("data-href", "data-url", "tagname", "paged"):
        value = anchor.attributes.get(name) or ""
        if "/" in value or "." in value:
            return join(url, value)
    return ""


def _load_more(tree: LexborHTMLParser, url: str) -> str:
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
                known = _page_number(join(url, target) or url)
                filled = _with_page(join(url, target), known[0] if known else "page", int(page))
            joined = join(url, filled)
            if joined and joined != normalise(url):
                return joined
        elif page.isdigit():
            return join(url, _with_page(url, "page", int(page)))
    return ""


def _number_after(tree: LexborHTMLParser, url: str) -> str:
    """The link whose text is this page's number plus one, in a row of at least two number links."""
    numbers: dict[int, str] = {}
    current: int | None = None
    for node in tree.css("a, span, strong, em, b, li"):
        text = (node.text() or "").strip()
        if not (text.isdigit() and len(text) <= 4) or int(text) > 2000:
            continue
        target = join(url, node.attributes.get("href") or "") if node.tag == "a" else ""
        mark = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}".lower()
        if target and target != normalise(url) and not node.css_first("img"):
            numbers.setdefault(int(text), target)
        elif target or any(word in mark for word in ("cur", "active", "select", "on", "now")):
            current = int(text)
    if current is None:
        page = _page_number(url)
        current = page[1] if page else 1
    neighbour = numbers.get(current + 1, "")
    same_list = neighbour and urlsplit(neighbour).path.rsplit("/", 1)[0] == urlsplit(url).path.rsplit("/", 1)[0]
    return neighbour if same_list else ""


def _page_number(url: str) -> tuple[str, int] | None:
    """(parameter, number) of an address's page parameter."""
    for key, value in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        if key.lower() in _PAGE_PARAMS and value.isdigit():
            return key, int(value)
    return None


def _with_page(url: str, key: str, number: int) -> str:
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != key]
    return urlunsplit(parts._replace(query=urlencode([*query, (key, str(number))], safe="/:,"), fragment=""))


def dead(href: str) -> bool:
    """Whether a link leads nowhere (`#`, `javascript:void(0)`)."""
    return bool(_DEAD.match(href.strip()))
