"""The rows of a list page: which of its links are reports, companions or year columns.

In: HTML (a page or a fragment) and its address. Out: `Row`s, `Link`s and `Column`s. Pure. HTML comments never count:
portals leave whole outdated lists in them ("domain notes", 1d).
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.families.base import Column, Link, Listing
from crawler.page import titles
from crawler.page.address import is_home, join, normalise

_HOUR = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-/.年](0?[1-9]|1[0-2])[-/.月](0?[1-9]|[12]\d|3[01])(?:(?!\d)日?|(?=" + _HOUR + "))"
)
"""A date, and where white space was taken away the time of day may follow it at once: 2025-03-2710:00:00."""
_TIME = re.compile(_HOUR)
_BOX = re.compile(
    r"(?i)<(/?)(?:div|span|ul|ol|li|dl|table|section|article|main|font|b|i|u|em|strong|small|center|blockquote|form|nav)\b[^>]{0,1000}>"
)
_DEEPEST = 500
_OPTION = re.compile(r"(?i)<option\b[^>]{0,1000}>")
_MOST_OPTIONS = 3000
_ROW_CHILDREN = 60
"""A box with more children than that is a list, not a row."""
_ELLIPSIS = re.compile(r"(?:\.{2,}|…+)\s*$")
_BULLETS = "·•●▪■◆►▶>＞∙・-–—*"
_DATE_LABEL = re.compile(r"(?:发布|更新|成文|发文)?(?:日期|时间)[:：]?$")
_FIRST_YEAR = 2000  # older than the Regulation of 2008 by some years; towns published before it

_ARTICLE = re.compile(
    r"(?i)(?:/t\d{5,8}_\d+|/t\d{5,}\.|/art_|/m?post_\d+|/content_?[0-9a-f-]*(?:\.s?html?)?$|/content/[0-9a-f-]+|"
    r"/c\d+/content\.|/c\d+_\d+\.|/(?:doc_)?(?:[0-9a-f]{32}|[0-9a-f]{24})(?:\.\w{3,5})?$|"
    r"/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?:\.\w{3,5})?$|/\d{4,}\.\w{3,5}$|/\d{5,}/index\.|/show/\d+|/info/\d+/\d+|"
    r"/pn[a-z]{1,12}pv\w|"  # crawler.families.query_pages
    r"/(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}/(?!index|list)[\w-]+(?:\.\w{3,5})?$|\.(?:pdf|docx?|wps|ofd|xlsx?|rtf)$)"
)
"""Addresses that lead to one document rather than to a column."""
_ARTICLE_QUERY = re.compile(r"(?i)(?:^|&)(?:wbnewsid|articleid|newsid|infoid|docid|contentid|manuscriptid)=[\w-]+")
_ANNUAL_PATH = re.compile(r"(?i)(?:gk\w*?(?:nb|ndbg|ndgb|nianbao|nan)|/nb|/ndbg|/ndgb|annual_?report)")
_ANNUAL_WORDS = re.compile(r"(?:政府|政务)?信息公开(?:工作)?(?:年度?报|年度工作报告|工作报告)|公开年报|年报专栏")
_YEAR_TEXT = re.compile(
    r"(20[0-3]\d)(?:年度?)?(?:(?:政府|政务)?信息公开)?(?:工作)?(?:年报|年度报告|报告)?(?:专栏|专题|汇总)?"
)
_YEAR_STEP = re.compile(r"(?i)/(?:\w*?[a-z_])?(20[0-3]\d)(?:n|nb|nd|nian|ndbg|ndgb|niandu|nbg?)?(?:_\d+)?/?$")
_NUMBERED = re.compile(r"(?i)/\d{5,}/(?:index\.\w{3,5})?$")
"""A folder called by a number: a document's, or a column's."""
_INDEX = re.compile(r"(?i)/(?:index|default|\w{0,12}list)\.(?:s?html?|jhtml|jsp)$")
"""A column's own page in its folder."""
_ORGAN_YEAR = re.compile(
    r"(?:20\d\d年?度?)?(?P<organ>[\u4e00-\u9fff·、（）()]{2,32}?(?:政府|局|委|会|办|办公室|厅|院|署|部|中心|街道|镇|乡|区|县|市|州|旗|"
    r"苏木|处|站|队|所|馆|集团|公司|法院|检察院|分局|支队|总队|办事处))(?:20\d\d年?度?)?(?:工作)?(?:年报|年度报告|报告)?"
)
_BEGUN = re.compile(r"^(?!.{0,30}关于).{0,40}?(?:20[0-3]\d年|(?:政府|政务)信|信息公开)")
"""What a report's title that is cut short (`2024年甲县人民政府政府信...`) still says."""
_BROKEN_OFF = re.compile(r"^(?!.{0,60}关于).{2,60}?信(?:息(?:公(?:开(?:工(?:作(?:年(?:度报?)?)?)?)?)?)?)?$")
"""One that ends within 信息公开工作年度报告: whole, that would be something else."""
_NOT_ORGAN = re.compile(
    "预算|决算|法治|网站|指南|目录|制度|解读|图解|政策|平台|系统|专栏|举报|信箱|电话|隐私|首页|登录|注册|更多|概况|职能|机构设置|"
    "新闻|服务中心|办事大厅|联系|会议|通知|领导|意见|依申请|法定主动|信息公开委"
)


class Row:
    """One link of a list page with what stands beside it."""

    __slots__ = ("node", "title", "url")

    def __init__(self, url: str, title: str, node: LexborNode) -> None:
        self.url = url
        self.title = title
        self.node = node

    @property
    def date(self) -> str:
        """The date printed in the row, white space removed, or ""."""
        return _date_in(self.around)

    @property
    def around(self) -> str:
        """The text of the row that the link stands in."""
        node: LexborNode = self.node
        text = node.text() or ""
        for _ in range(4):
            parent = node.parent
            if parent is None or parent.tag in ("ul", "ol", "tbody", "table", "body", "html"):
                break
            if sum(1 for _ in islice(parent.iter(include_text=True), _ROW_CHILDREN + 1)) > _ROW_CHILDREN:
                break
            wider = parent.text() or ""
            if len(wider) > len(text) + 400 or (parent.tag != "tr" and len(parent.css("a[href]")) > 3):
                break
            node, text = parent, wider
            if node.tag in ("li", "tr", "dd", "dl") or _date_in(text):
                break
        return _list_around(node, text)


_CELLS = 8
"""A list of more entries is no row of cells."""


def _list_around(node: LexborNode, text: str) -> str:
    """The text of a row whose date stands in a box of its own beside that of the link: `li > a` and `li > span.date`, as Lonsun
    and the cross-vendor template have them, in one list for all rows or in one for each."""
    if node.tag not in ("li", "dd", "dt") or _date_in(text):
        return text
    beside = node.next
    while beside is not None and beside.tag == "-text" and not (beside.text() or "").strip():
        beside = beside.next
    if beside is not None and beside.tag in ("li", "dd", "dt") and beside.css_first("a[href]") is None:
        words = beside.text() or ""
        if len(words) < 60 and _date_in(words):
            return f"{text} {words}"
    parent = node.parent
    if parent is None or parent.tag != "ul":
        return text
    if sum(1 for _ in islice(parent.iter(), _CELLS + 1)) > _CELLS or len(parent.css("a[href]")) != 1:
        return text
    wider = parent.text() or ""
    return wider if len(wider) <= len(text) + 400 else text


def _date_in(text: str) -> str:
    """The first date in a text, or "". White space may stand in it, and may be all that parts it from a time of day."""
    found = _DATE.search(" ".join(text.split())) or _DATE.search(squeezed(text))
    return found[0] if found else ""


def squeezed(text: str) -> str:
    """`text` without any white space (NBSP and ideographic space too)."""
    return "".join(text.split())


def tree_of(text: str) -> LexborHTMLParser:
    """HTML as a tree. Boxes nested deeper than any real page nests them are taken away: a tree of 100,000 levels takes
    minutes to walk. So are options past a few thousand: the parser takes quadratic time over those of one list."""
    if len(_OPTION.findall(text)) > _MOST_OPTIONS:
        text = _OPTION.sub(" ", text)
    depth = deepest = 0
    for tag in _BOX.finditer(text):
        depth = max(0, depth - 1) if tag[1] else depth + 1
        deepest = max(deepest, depth)
    return LexborHTMLParser(_BOX.sub(" ", text) if deepest > _DEEPEST else text)


def rows(tree: LexborHTMLParser, base: str, selector: str = "") -> Iterator[Row]:
    """The links of a page that lead somewhere, in order. `selector` (operator's): only these links, or links in them."""
    anchors: Iterable[LexborNode]
    if selector:
        anchors = [
            anchor for node in tree.css(selector) for anchor in ([node] if node.tag == "a" else node.css("a[href]"))
        ]
    else:
        anchors = tree.css("a[href]")
    for anchor in anchors:
        url = join(base, anchor.attributes.get("href") or "")
        if url:
            yield Row(url, _title(anchor), anchor)


def _title(anchor: LexborNode) -> str:
    """The link's own words; its @title where those are cut short or missing, or where only that one is a report's title."""
    shown = squeezed(anchor.text() or "").lstrip(_BULLETS)
    full = squeezed(anchor.attributes.get("title") or "").lstrip(_BULLETS)
    if full and (not shown or _ELLIPSIS.search(shown) or full.startswith(shown) or len(shown) < 5 < len(full)):
        return full
    shown_date = _DATE.search(shown)
    if shown_date:
        hour = _TIME.match(shown, shown_date.end())
        printed = shown_date[0] + (hour[0] if hour else "")
        if len(shown) > len(printed) + 2:
            shown = _DATE_LABEL.sub("", shown.replace(printed, "").strip("[]()【】"))
    if len(full) > len(shown) and titles.classify(full).kind == "report" and titles.classify(shown).kind != "report":
        return full
    return shown


def base_of(tree: LexborHTMLParser, url: str) -> str:
    """The address that relative links of the page count from (`<base href>`, where it is of use)."""
    base = tree.css_first("base[href]")
    return (join(url, base.attributes.get("href") or "") if base else "") or url


def is_article(url: str) -> bool:
    """Whether an address looks like one document's, not a column's."""
    parts = urlsplit(url)
    return bool(_ARTICLE.search(parts.path)) or bool(parts.query and _ARTICLE_QUERY.search(parts.query))


def is_annual(section: str, tree: LexborHTMLParser | None = None) -> bool:
    """Whether a column is the annual reports' one: by its address, its ColumnName or ColumnType, or its page's title."""
    if _ANNUAL_PATH.search(urlsplit(section).path):
        return True
    if tree is None:
        return False
    for meta in tree.css("meta[name]"):
        named = (meta.attributes.get("name") or "").lower() in ("columnname", "columntype")
        if named and _ANNUAL_WORDS.search(meta.attributes.get("content") or ""):
            return True
    title = tree.css_first("title")
    return bool(title and _ANNUAL_WORDS.search(squeezed(title.text() or "")))


def judge(row_title: str, url: str, annual: bool, dated: bool) -> str:
    """`report`, `companion`, or "" for any other link.

    In the annual reports' own column a bare organ name or year is a candidate too, if it leads to a document, and so is a title
    that is cut short: such columns are common, and the page itself decides ("domain notes", 4: title variants).
    """
    said = titles.classify(row_title)
    if said.kind in ("report", "companion"):
        return said.kind
    if not annual or not (is_article(url) or (dated and not is_home(url))):
        return ""
    cut = _ELLIPSIS.search(row_title)
    begun = row_title[: cut.start()] if cut else ""
    if said.near_miss and not _BROKEN_OFF.search(begun):
        return ""
    if _YEAR_TEXT.fullmatch(row_title):
        return "report"
    if begun:
        return "report" if _BEGUN.search(begun) and not _NOT_ORGAN.search(begun) else ""
    bare = _ORGAN_YEAR.fullmatch(row_title)
    return "report" if bare and not _NOT_ORGAN.search(row_title) else ""


def links(found: Iterable[Row], listing: Listing, annual: bool) -> tuple[Link, ...]:
    """The reports and companions among rows, each address once (the fullest title wins)."""
    out: dict[str, Link] = {}
    here = normalise(listing.url)
    for row in found:
        title = row.title
        if title in _WORDLESS:
            title = squeezed(row.around)
        if not 2 < len(title) < 200 or row.url == here or (is_home(row.url) and not titles.classify(title).year):
            continue  # a trail of bread crumbs: 首页 > 政府信息公开年报
        kind = judge(title, row.url, annual, False) or (annual and judge(title, row.url, annual, bool(row.date)))
        if not kind or (
            not row.date and (column_year(title, row.url) or (annual and _names_the_column(title, row.url)))
        ):
            continue
        known = out.get(row.url)
        if known is None or len(title) > len(known.title):
            out[row.url] = Link(row.url, title, "report" if kind == "report" else "companion", row.date)
    return tuple(out.values())


def _menu(title: str) -> bool:
    """Whether a title could be a column's: it names neither an organ nor a year."""
    said = titles.classify(title)
    return said.year is None and not said.organ


_WORDLESS = frozenset({"查看", "详情", "查看详情", "[详细]", "详细", "下载", "点击下载", "阅读全文", "全文", "[查看]"})


def _names_the_column(title: str, url: str) -> bool:
    """Whether a link beside the annual reports' list is a crumb or a menu's entry: 政府信息公开年报, of nobody and no year."""
    said = titles.classify(title)
    bare = said.kind == "report" and not said.year and not said.organ
    return bare and not is_article(url) and not urlsplit(url).query


def column_year(title: str, url: str) -> int | None:
    """The year of a column that a link leads to: its text is a year, or its folder is named after one."""
    text = _YEAR_TEXT.fullmatch(title)
    if is_article(url) and not (text and _NUMBERED.search(urlsplit(url).path)):
        return None
    if text:
        return int(text[1])
    step = _YEAR_STEP.search(_INDEX.sub("/", urlsplit(url).path))
    return int(step[1]) if step and (step[1] in title or "年" in title) and len(title) < 20 else None


def _folder(url: str) -> str:
    """An address without its column's own file: `/c1/`, `/c1/index.html` and `/c1/zwgklist.shtml` are one column."""
    parts = urlsplit(normalise(url))
    return parts._replace(path=_INDEX.sub("/", parts.path)).geturl()


def columns(found: Iterable[Row], listing: Listing, limit: int = 40) -> tuple[Column, ...]:
    """Year columns that a section's page links, this page itself left out; at most `limit`."""
    out: dict[str, Column] = {}
    here = {_folder(listing.url), _folder(listing.section or listing.url)}
    for row in found:
        if _folder(row.url) in here or row.url in out or len(row.title) > 24:
            continue
        year = column_year(row.title, row.url)
        if year and _FIRST_YEAR <= year <= listing.this_year and not (is_article(row.url) and row.date):
            out[row.url] = Column(row.url, year)
            if len(out) >= limit:
                break
    return tuple(out.values())
