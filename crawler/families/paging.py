"""How a list goes on: the usual kinds of pagination, and where it ends.

In: a list page's HTML and address. Out: `Next`: the address of its next page, how many pages it says there are, and
what is wrong where there must be one that cannot be asked for. Pure.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.families.pagers import attribute_address, load_more, number_after, option_after, page_number, with_page
from crawler.families.scan import live_page
from crawler.families.sums import scripted_address
from crawler.page.address import join, normalise

_LINE_COMMENT = re.compile(r"(?m)(?<![:'\"])//.*$")
_CREATE = re.compile(r"(?i)(?<!function )\bcreatePage(?:HTML|s)?\s{0,20}\(([^()]{0,300})\)")
_PLAIN_NUMBER = r"(?:(?:parseInt|Number)\s{0,5}\(\s{0,5})?['\"]?"
_COUNT = re.compile(
    r"\b(?:countPage|pageCount|totalPages?|page_count)['\"]?\s{0,10}[=:]\s{0,10}"
    + _PLAIN_NUMBER
    + r"(\w{1,40})(?![\w.(])"
)
_CONFIG_TOTAL = re.compile(r"pagination_script_config\b.{0,200}?\btotal\b['\"]?\s*[:=]\s*['\"]?(\d+)", re.S)
_SHOWN = re.compile(
    r"(?:共\s{0,5}(?:有|计)?\s{0,5}(\d{1,6})\s{0,5}页|页次[:：]?\s{0,5}\d{1,6}\s{0,5}/\s{0,5}(\d{1,6})|"
    r"第\s{0,5}\d{1,6}\s{0,5}/\s{0,5}(\d{1,6})\s{0,5}页|(?:页数|总页数|总页)[:：]\s{0,5}(\d{1,6})|"
    r"(?<![\d/])\d{1,4}\s{0,5}/\s{0,5}(\d{1,4})\s{0,5}页)"
)
_INDEX_PATH = re.compile(
    r"(?i)/(?:(?P<stem>[a-z][\w-]*?)(?:(?P<sep>_)(?P<number>\d{1,4})|(?P<dash>-)(?P<after>\d{1,3}))?\.(?P<ext>s?html?|jsp|jhtml))?$"
)
_BARE_NUMBER = re.compile(r"(?i)/(\d{1,3})\.s?html?$")
_MOST_CALLS = 12
_DASHED = frozenset({"column-index"})
"""Prefixes whose numbers follow a dash, from 1 (Chengdu, "domain notes", 1d)."""
_NAME = re.compile(r"[A-Za-z_$][\w$]{0,60}")
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
_DEAD = re.compile(r"(?i)^(?:#.*|javascript:\s*(?:void\(?\s*0?\s*\)?|;)?\s*;?|)$")
_JS_NUMBER = re.compile(r"javascript:.*?\(\s*[^)]*?(\d+)[^)]*\)", re.I)
_WRITTEN_EXTENSION = re.compile(
    r"\+\s{0,10}(?:\(\s{0,10})?\w{1,40}\s{0,10}(?:\)\s{0,10})?\+\s{0,10}['\"]\.(?:['\"]\s{0,10}\+\s{0,10}['\"])?(s?html?|jhtml)\b"
)
"""A script that writes the next page's address: `"index_" + nextPage + "."+"htm"`."""


class Next(NamedTuple):
    """How a list goes on from one page."""

    url: str = ""
    """The next page's address; "" at the end."""
    total: int | None = None
    """Pages that the list says it has."""
    problem: str = ""
    """There is a next page, but no way to ask for it."""
    ended: bool = False
    """The address itself says that this is the last page."""


def _script_count(code: str) -> tuple[int, str, str, int] | None:
    """Pages that a script counts without a call: (pages, prefix, extension, first suffix), or None."""
    for said in (*islice(_CONFIG_TOTAL.finditer(code), 1), *islice(_COUNT.finditer(code), _MOST_CALLS)):
        value = _looked_up(said[1], code)
        if value.isdecimal() and len(value) < 7:
            written = _WRITTEN_EXTENSION.search(code)
            return int(value), "", written[1] if written else "", 1
    return None


def script_calls(code: str) -> Iterator[tuple[int, str, str, int]]:
    """Each call of `createPageHTML` in a page without its comments: (pages, prefix, extension, first suffix).

    `createPageHTML(total, cur, "index", "shtml")` calls page 2 `index_1`; with a box's name first and a row count last
    (`createPageHTML('page_div', 10, 1, 'list', 'shtml', 200)`) page 2 is `list_2` ("domain notes", 1a and 1d). A name among
    the arguments is looked up in the page.
    """
    code = _LINE_COMMENT.sub("", code)
    looked_up = lru_cache(_looked_up)
    for call in islice(_CREATE.finditer(code), _MOST_CALLS):
        arguments = [looked_up(argument.strip(), code) for argument in call[1].split(",")]
        values = [argument.strip("'\"` ") for argument in arguments]
        numbers = [int(value) for value in values if value.isdecimal() and len(value) < 8]
        words = [value for value in values if value and not value.isdecimal()]
        if not numbers:
            continue
        boxed = not values[0].isdecimal() and len(words) >= 3
        if boxed:
            words = words[1:]
        prefix = words[0] if words else "index"
        extension = words[1].lstrip(".") if len(words) > 1 else "html"
        from_one = boxed and len(arguments) >= 5 and not (len(numbers) > 1 and numbers[1] == 0)
        yield numbers[0], prefix, extension, 2 if from_one else 1


def _looked_up(argument: str, code: str) -> str:
    """A variable's plain value, where the argument is one that the page gives a value to."""
    if not _NAME.fullmatch(argument):
        return argument
    found = re.search(rf"(?<![\w$.]){re.escape(argument)}\s{{0,10}}=\s{{0,10}}{_PLAIN_NUMBER}([\w.-]{{1,60}})", code)
    return found[1] if found else argument


def numbered(
    url: str, prefix: str, extension: str, first_suffix: int, pages: int, number: int = 0
) -> Next:  # fmt: skip
    """The page after `url` in a list `prefix.ext`, `prefix_1.ext`, … of `pages` pages. `number`: pages read before this one; it
    tells from what the addresses count, where they say more than one page."""
    parts = urlsplit(url)
    match = _INDEX_PATH.search(parts.path)
    bare = _BARE_NUMBER.search(parts.path) if match is None else None
    if bare is not None:
        # Xi'an and Yan'an: `<column>/1.html`, `2.html`, …
        if int(bare[1]) >= pages:
            return Next("", pages, ended=True)
        path = f"{parts.path[: bare.start(1)]}{int(bare[1]) + 1}{parts.path[bare.end(1) :]}"
        return Next(urlunsplit(parts._replace(path=path, fragment="")), pages)
    if match is None:
        return Next("", pages, "pages are counted, but the address has no place for a number")
    said = match["number"] or match["after"]
    stem = prefix or match["stem"] or "index"
    dash = bool(match["dash"]) or stem in _DASHED
    if dash:
        first_suffix = 2
    if said is not None and number and int(said) - number in (0, 1):
        first_suffix = int(said) - number + 1
    position = max(0, int(said) - first_suffix + 1) if said is not None else 0
    if position + 1 >= pages:
        return Next("", pages, ended=True)
    ext = extension or match["ext"] or "html"
    path = f"{parts.path[: match.start()]}/{stem}{'-' if dash else '_'}{position + first_suffix}.{ext}"
    return Next(urlunsplit(parts._replace(path=path, fragment="")), pages)


def follow(
    text: str, tree: LexborHTMLParser, url: str, selector: str = "", number: int = 0, first_suffix: int = 1
) -> Next:  # fmt: skip
    """The next page of any list: the operator's selector, scripts that write the pager, next links, numbers, load-more,
    counts. `number`: pages read before this one. `first_suffix`: what page 2 is called where only a count is known."""
    if selector:
        node = tree.css_first(selector)
        return Next((join(url, node.attributes.get("href") or "") or attribute_address(node, url)) if node else "")
    shown = _shown_total(tree)
    code = live_page(text)
    call = next(script_calls(code), None)
    if call is not None and call[0] > 1:
        return numbered(url, call[1], call[2], call[3], call[0], number)
    here = normalise(url)
    button: LexborNode | None = None
    for node in tree.css("link[rel=next], a[rel=next]"):
        target = join(url, node.attributes.get("href") or "")
        if target and target != here:
            return Next(target, shown)
    for anchor in tree.css("a, span[onclick], li[onclick], button, input[onclick], [data-href], [data-url]"):
        words = "".join((anchor.text() or "").split()).lower() or (
            anchor.attributes.get("title") or anchor.attributes.get("value") or ""
        )
        if words in _NEXT_WORDS:
            button = anchor
            target = join(url, anchor.attributes.get("href") or "") or attribute_address(anchor, url)
            if target:
                return Next("" if target == here else target, shown, ended=target == here)
    more = load_more(tree, url)
    if more:
        return Next(more, shown)
    following = number_after(tree, url) or option_after(tree, url)
    if following:
        return Next(following, shown)
    script = call or _script_count(code)
    if script is not None and script[0] > 1 and not urlsplit(url).query:
        return numbered(url, script[1], script[2], first_suffix, script[0], number)
    return _counted(url, shown, script, button, number, text)


def _counted(
    url: str,
    shown: int | None,
    script: tuple[int, str, str, int] | None,
    button: LexborNode | None,
    number: int,
    text: str,
) -> Next:
    """No usable link: what the counts say."""
    pages = shown or (script[0] if script else None)
    scripted = _scripted(button, text, url) if button is not None else ""
    if scripted and (pages is None or number + 1 < pages):
        return Next(scripted, pages)
    page = page_number(url)
    if pages is not None and pages > 1:
        if page is not None and page[1] < pages:
            return Next(with_page(url, page[0], page[1] + 1), pages)
        if page is not None or number + 1 >= pages:
            return Next("", pages, ended=True)
        return Next("", pages, f"it says {pages} pages, but links none")
    if button is not None and pages is None:
        href = (button.attributes.get("href") or "").strip()[:200]
        called = (button.attributes.get("onclick") or "")[:200]
        script_call = (None if dead(href) else _JS_NUMBER.match(href)) or re.match(
            r"[^(]{1,60}\(\s{0,5}['\"]?\d", called
        )
        disabled = (
            "dis" in (button.attributes.get("class") or "").lower() or button.attributes.get("disabled") is not None
        )
        if script_call and not disabled:
            return Next("", None, f"its next page needs a script ({(href if not dead(href) else called)[:60]})")
    return Next("", pages)


def _scripted(button: LexborNode, text: str, url: str) -> str:
    """Where a scripted button leads, if it is not this page and not switched off."""
    if "dis" in (button.attributes.get("class") or "").lower() or button.attributes.get("disabled") is not None:
        return ""
    for name in ("onclick", "href"):
        called = (button.attributes.get(name) or "").strip()
        if "(" in called and (target := join(url, scripted_address(called[:300], text))) and target != normalise(url):
            return target
    return ""


def _shown_total(tree: LexborHTMLParser) -> int | None:
    body = tree.body
    found = _SHOWN.search(body.text() or "") if body is not None else None
    return int(next(group for group in found.groups() if group)) if found else None


def dead(href: str) -> bool:
    """Whether a link leads nowhere (`#`, `javascript:void(0)`)."""
    return bool(_DEAD.match(href.strip()))
