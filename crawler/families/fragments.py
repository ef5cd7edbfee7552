"""A list that an interface answers as a piece of HTML: its rows, each once, and what its pager says.

In: HTML, and the address that its relative links count from. Out: `Fragment`. A row is a box (`li`, `tr`, `dd`) with a link in it,
whatever else it holds (a picture, a category); the pager's own links are none. Pure.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.families import literals
from crawler.families.rows import Row, is_article, rows, squeezed, tree_of

_BOXES = frozenset({"li", "tr", "dd", "dl"})
_PAGER_WORDS = frozenset({
    "上一页", "下一页", "上页", "下页", "首页", "尾页", "末页", "第一页", "最后一页", "最后页", "前一页", "后一页", "跳转",
    "确定", "go", "更多", "<", ">", "<<", ">>", "«", "»", "‹", "›", "...", "…", "prev", "next", "first", "last",
})  # fmt: skip
_PAGER_CLASS = re.compile(
    r"(?i)(?:^|\s)(?:j?pages?|pager|paging|pagination|fenye|page[-_]?(?:nav|bar|num|nums|box|turn))(?:\s|$)"
)
_TOTAL = (
    "count",
    "total",
    "totalcount",
    "totalrecord",
    "totalrecords",
    "totalrows",
    "totalnum",
    "recordcount",
    "datacount",
)
_PAGES = ("totalpage", "totalpages", "pagecount", "pages", "allpage")
_NUMBER = ("pageno", "currpage", "currentpage", "curpage", "pageindex", "pagenum", "current")
_SIZE = ("rows", "pagesize", "perpage", "size")
_SAID_TOTAL = re.compile(r"(?:共|总计|合计)(?:有|计|:|：)?(\d{1,7})(?:条|项|篇|个|则|件|份)(?!页)")
_SAID_PAGES = re.compile(
    r"(?:共|总)(?:有|计)?(\d{1,6})页|(?<![\d/])\d{1,6}/(\d{1,6})页|页次[:：]?\d{1,6}/(\d{1,6})|总页数[:：]?(\d{1,6})"
)
_MOST = 2000


class Fragment(msgspec.Struct, frozen=True):
    """What a piece of a list says."""

    rows: tuple[Row, ...] = ()
    listed: int = 0
    """Rows, those without a usable link too."""
    total: int | None = None
    """Rows of the whole list, by its pager."""
    pages: int | None = None
    paged: bool = False
    """It shows a pager."""

    @property
    def urls(self) -> tuple[str, ...]:
        """The rows' addresses, each once."""
        return tuple(dict.fromkeys(row.url for row in self.rows))

    @property
    def documents(self) -> bool:
        """Whether a row leads to a document, or stands beside a date: a menu's do not."""
        return any(is_article(row.url) or row.date for row in self.rows)


def fragment(html: str, base: str, box: str = "") -> Fragment:
    """Reads a piece of HTML. `box` (CSS): only what stands in it is a row, where there is any."""
    tree = tree_of(html)
    found = boxes(tree, base)
    marked = {node.mem_id for node in tree.css(box)[:_MOST]} if box else set[int]()
    if marked:
        found = {place: row for place, row in found.items() if place in marked}
    dead = len(marked) - len(found) if marked else _dead_rows(tree, found)
    total, pages, paged = pager(tree)
    ordered = tuple(found.values())
    return Fragment(ordered, len(ordered) + dead, total, pages, paged)


def boxes(tree: LexborHTMLParser, base: str) -> dict[int, Row]:
    """One row for each box, by the box: its link to a document, or else the one with the most words."""
    best: dict[int, Row] = {}
    without: dict[str, int] = {}
    for row in rows(tree, base):
        if len(best) >= _MOST:
            break
        if _of_pager(row.node):
            continue
        box = _box(row.node)
        # A link that stands in no box is a row by itself, each address once.
        place = box.mem_id if box is not None else without.setdefault(row.url, row.node.mem_id)
        known = best.get(place)
        if known is None or (is_article(row.url), len(row.title)) > (is_article(known.url), len(known.title)):
            best[place] = row
    return best


def _dead_rows(tree: LexborHTMLParser, found: dict[int, Row]) -> int:
    """Boxes whose links lead nowhere (`javascript:`): rows all the same."""
    count: set[int] = set()
    for anchor in tree.css("li a, tr a, dd a")[:_MOST]:
        box = _box(anchor)
        if (
            box is not None
            and box.mem_id not in found
            and len(squeezed(anchor.text() or "")) > 4
            and not _of_pager(anchor)
        ):
            count.add(box.mem_id)
    return len(count)


def _box(node: LexborNode) -> LexborNode | None:
    parent = node.parent
    for _ in range(12):
        if parent is None or parent.tag in ("ul", "ol", "table", "tbody", "body", "html"):
            return None
        if parent.tag in _BOXES:
            return parent
        parent = parent.parent
    return None


def _of_pager(anchor: LexborNode) -> bool:
    words = squeezed(anchor.text() or "").lower().strip("[]【】()")
    if words.isdigit() or words in _PAGER_WORDS:
        return True
    node: LexborNode | None = anchor
    for _ in range(4):
        if node is None:
            break
        if _PAGER_CLASS.search(node.attributes.get("class") or ""):
            return True
        node = node.parent
    return False


def pager(tree: LexborHTMLParser) -> tuple[int | None, int | None, bool]:
    """(rows, pages, whether there is a pager) as a list's pager says: in attributes, in words."""
    for said in _attributes(tree):
        total, pages = _first(said, _TOTAL), _first(said, _PAGES)
        if total is not None or pages is not None:
            return total, pages, True
    body = tree.body
    words = squeezed(body.text(deep=True) or "") if body is not None else ""
    found, pages_ = _SAID_TOTAL.search(words), _SAID_PAGES.search(words)
    total = int(found[1]) if found else None
    pages = int(next(group for group in pages_.groups() if group)) if pages_ else None
    paged = bool(found or pages_) or any(word in words for word in ("下一页", "下页", "尾页", "末页"))
    return total, pages, paged


def _attributes(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    """What elements that look like pagers carry: `rows="24" count="48" pageNo="1"`, `queryData="{'count':'48'}"`."""
    selector = (
        "[count], [total], [totalcount], [totalrecord], [pageno], [querydata], [data-total], [data-count], [data-pages], "
        "[totalpage], [totalpages], [pagecount], [data-total-page]"
    )
    for node in tree.css(selector)[:50]:
        said: dict[str, Any] = {}
        for name, value in node.attributes.items():
            said[name.lower().removeprefix("data-").replace("-", "").replace("_", "")] = value or ""
        if value := said.pop("querydata", ""):
            try:
                inner = literals.literal(str(value))
            except literals.NoLiteral:
                inner = None
            if isinstance(inner, dict):
                said |= {str(key).lower(): item for key, item in inner.items()}
        named = f"{said.get('class', '')} {said.get('id', '')}".lower()
        known = sum(_first(said, keys) is not None for keys in (_TOTAL, _PAGES, _NUMBER, _SIZE))
        if known >= 2 or (known and ("pag" in named or "fenye" in named)):
            yield said


def _first(said: dict[str, Any], keys: tuple[str, ...]) -> int | None:
    for key in keys:
        value = str(said.get(key, "")).strip()
        if value.isdigit() and len(value) < 8:
            return int(value)
    return None
