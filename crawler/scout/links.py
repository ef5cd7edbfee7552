"""The links of a page, however they are written, and its trail.

In: a page's tree and scripts (`pages.Opened`). Out: `Found`: absolute addresses with the words that say most about them. Pure.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.families.rows import Row, squeezed, tree_of
from crawler.page.address import join
from crawler.scout import menus
from crawler.scout.columns import unwrapped
from crawler.scout.names import by_words

MOST = 6000
"""Links of a page that are looked at."""
_CLICK = re.compile(r"(?:location(?:\.href)?\s{0,4}=\s{0,4}|\(\s{0,4})['\"]([^'\"\s]{2,300})['\"]")
_ADDRESS = re.compile(r"[!-~]*[/.?][!-~]*")
_YEAR = re.compile(r"20[0-3]\d(?:年度?)?(?:年报|年度报告)?")
_MORE = re.compile(r"(?:查看更多|更多|more|进入专栏|点击进入|进入|详情|查看|[>»＞+\[\]…. ])*+", re.I)
_HOME_WORDS = frozenset({"首页", "网站首页", "首頁", "本站首页", "主页", "门户首页", "home", "返回首页"})
_TRAIL = re.compile(r"[>»›→＞﹥／/]|位置")
_ARROW = re.compile(r"(?:&gt;|[-=>»›→＞﹥／/|·])+")
_TRAIL_CLASS = (
    ".crumb, .crumbs, .breadcrumb, .breadcrumbs, .bread, .position, .weizhi, .dqwz, .curpos, .location, .local, .path, .nav-path, "
    ".currentpath, .wz, .BreadcrumbNav, #crumbs, #position, #dqwz, #location"
)


class Found(NamedTuple):
    """A link of a page, however it is written."""

    url: str
    words: str
    how: str
    """"" for a plain link."""
    under: str = ""
    """Of a link that is only a year: what the heading above its list says."""


def links_of(tree: LexborHTMLParser, base: str, code: str) -> Iterator[Found]:
    """Every link of a page: anchors, what opens by a click, what scripts write, nodes of menus in scripts."""
    yield from anchors(tree, base)
    yield from _clicked(tree, base)
    written = menus.markup(code)
    if written:
        for link in anchors(tree_of(written), base):
            yield Found(link.url, link.words, "written by a script")
    directory = re.match(r"^(.{0,300}?/gkmlpt)(?:/|$)", urlsplit(base).path)
    for entry in menus.entries(code):
        words = squeezed(re.sub(r"<[^<>]*>", "", entry.name))[:120]
        if url := join(base, entry.url):
            yield Found(unwrapped(url), words, "a node in a script")
        elif directory and entry.id.isdigit():
            yield Found(join(base, f"{directory[1]}/index") + f"#{entry.id}", words, "a category of its TREE")


def anchors(tree: LexborHTMLParser, base: str) -> Iterator[Found]:
    """Links and frames with the words that say most: text, @title, a picture's @alt, the heading beside 更多."""
    for node in islice(tree.css("a[href], area[href], iframe[src], frame[src], option[value]"), MOST):
        attributes = node.attributes
        url = join(base, attributes.get("href") or attributes.get("src") or attributes.get("value") or "")
        if url:
            words = _words(node, url)
            yield Found(unwrapped(url), words, "", heading_of(node) if _YEAR.fullmatch(words) else "")


def heading_of(node: LexborNode) -> str:
    """What stands right before the list that a link is in: `<h3>政府信息<br>公开年报</h3><ul>… 2024 2023 …`. Rows before it are none."""
    box: LexborNode | None = node
    for _ in range(6):
        if box is None or box.tag in ("body", "html"):
            break
        before = box.prev
        for _ in range(40):
            if before is None:
                break
            text = "" if _is_row_of(before, box) else _little(before)
            if text:
                if len(text) <= 40 and not _YEAR.match(text) and any(letter >= "\u4e00" for letter in text):
                    return text
                break
            before = before.prev
        box = box.parent
    return ""


def _little(node: LexborNode) -> str:
    """The text of an element of few parts; of a larger one (no heading has thirty) only that there is some."""
    if sum(1 for _ in islice(node.traverse(include_text=True), 31)) > 30:
        return "…"
    return squeezed((node.text() or "")[:400])


def _is_row_of(before: LexborNode, box: LexborNode) -> bool:
    """Whether an element is a row like the one that follows it."""
    if before.tag != box.tag:
        return False
    return box.tag in ("li", "tr", "td", "dd", "a") or before.attributes.get("class") == box.attributes.get("class")


def _clicked(tree: LexborHTMLParser, base: str) -> Iterator[Found]:
    """What leads on without being a link: `onclick="window.open('/zfxxgknb/')"`, `data-href`."""
    for node in islice(tree.css("[onclick], [data-href], [data-url], a[href^='javascript:']"), MOST):
        attributes = node.attributes
        code = f"{attributes.get('onclick') or ''} {attributes.get('href') or ''}"
        clicked = [match[1] for match in islice(_CLICK.finditer(code[:600]), 5)] if "'" in code or '"' in code else []
        shown = next((target for target in clicked if _ADDRESS.fullmatch(target)), "")
        for target in (attributes.get("data-href"), attributes.get("data-url"), shown):
            if target and (url := join(base, target)):
                yield Found(unwrapped(url), _words(node, url), "opened by a script")
                break


def _words(node: LexborNode, url: str) -> str:
    attributes = node.attributes
    shown = squeezed((node.text() or "")[:400])
    picture = node.css_first("img[alt], img[title]")
    said = [
        shown,
        attributes.get("title"),
        attributes.get("aria-label"),
        attributes.get("alt"),
        attributes.get("name") if node.tag in ("iframe", "frame") else "",
    ]
    if picture is not None:
        said += [picture.attributes.get("alt"), picture.attributes.get("title")]
    words = [text for value in said if (text := squeezed((value or "")[:400]))]
    best = max(words, key=lambda text: name.score if (name := by_words(text)) is not None else 0.0, default="")
    if not _MORE.fullmatch(best):
        return best[:120]
    around = squeezed(Row(url, "", node).around)[:80]
    return re.sub(r"(?:查看更多|更多|more|[>»＞+])++$", "", around, flags=re.I)


def trail_of(tree: LexborHTMLParser, base: str) -> list[Found]:
    """The links of a page's trail (位置：首页 > 政务公开 > 年报), in order, without 首页."""
    boxes: list[LexborNode] = list(islice(tree.css(_TRAIL_CLASS), 20))
    for node in islice(tree.css("a[href]"), MOST):
        if squeezed((node.text() or "")[:40]).lower() not in _HOME_WORDS:
            continue
        if chain := _chained(node, base):
            return chain
        box: LexborNode | None = node.parent
        for _ in range(3):
            if box is None or box.tag in ("body", "html"):
                break
            if len(_few(box)) >= 2:
                boxes.append(box)
                break
            box = box.parent
        if len(boxes) > 30:
            break
    for box in boxes:
        text = squeezed((box.text() or "")[:2000])
        links = [link for node in _few(box) for link in _one(node, base)]
        if links and len(text) < 200 and len(links) <= 10 and _TRAIL.search(text):
            return [link for link in links if link.words.lower() not in _HOME_WORDS]
    return []


def _chained(home: LexborNode, base: str) -> list[Found]:
    """The links behind a link 首页, as long as nothing but an arrow stands before each: a trail that has no box of its own."""
    links: list[Found] = []
    arrow = False
    node = home.next
    for _ in range(40):
        if node is None:
            break
        if node.tag == "a":
            if not arrow:
                break
            links += _one(node, base)
            arrow = False
        elif text := squeezed((node.text() or "")[:60]):
            if not _ARROW.fullmatch(text):
                break
            arrow = True
        node = node.next
    return links


def _few(box: LexborNode) -> list[LexborNode]:
    """At most twelve links in an element."""
    return list(islice(box.css("a[href]"), 12))


def _one(node: LexborNode, base: str) -> Iterator[Found]:
    if url := join(base, node.attributes.get("href") or ""):
        yield Found(unwrapped(url), _words(node, url), "")


def metas_of(tree: LexborHTMLParser) -> dict[str, str]:
    """Meta tags by lower-case name; of several the last that is not empty."""
    found: dict[str, str] = {}
    for node in islice(tree.css("meta[name]"), 200):
        name, content = (
            (node.attributes.get("name") or "").strip().lower(),
            (node.attributes.get("content") or "").strip(),
        )
        if name and content:
            found[name] = content[:600]
    return found
