"""博达 Visual SiteBuilder: counties of Xinjiang, cities of Gansu and Sichuan, many departments and universities.

A column is `<col>.htm`; its older pages are `<col>/N.htm` and count **down**: of nine pages, page 2 is `<col>/8.htm` and the last
is `<col>/1.htm`, so that an old page keeps its address when the list grows. How many there are stands in the pager's script
(`_simple_list_gotopage_fun(9, 'u7_goto', 2)`), as `totalpage=9`, or in words (`共85条 1/9`, `共9页`); its links are
`span.p_next a` or `a.Next` (下页), numbers `span.p_no a`. Some columns stay dynamic: `list.jsp?urltype=tree.TreeTempUrl&
wbtreeid=1046` with `PAGENUM` and `totalpage` in the links. Rows carry `id="line_u7_0"`; pages are `/info/<col>/<id>.htm`, or
`content.jsp?urltype=news.NewsContentUrl&wbtreeid=…&wbnewsid=…`. Body: `#vsb_content`, `#vsb_content_2`, …, `.v_news_content`;
a PDF is shown by `showVsbpdfIframe("/__local/….pdf", …)`, attachments are `/system/_content/download.jsp?…`. ("domain notes",
1d and 2; public crawlers for tianshui.gov.cn and for universities.)
"""

import re
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser

from crawler.families.base import Family, Listing, ListPage, Markup
from crawler.families.generic import read_html
from crawler.families.paging import Next, follow
from crawler.families.rows import rows, tree_of
from crawler.families.scan import without_comments
from crawler.page.address import join, normalise

_PAGED = re.compile(r"(?i)^(?P<column>.*/[^/]+)/(?P<number>\d{1,4})(?P<ext>\.html?)$")
_COLUMN = re.compile(r"(?i)^(?P<column>.*/[^/]+)(?P<ext>\.html?)$")
_GOTO = re.compile(r"_simple_list_gotopage_fun\s{0,5}\(\s{0,5}['\"]?(\d{1,4})")
_TOTAL = re.compile(r"(?i)\btotal_?pages?['\"]?\s{0,5}[=:]\s{0,5}['\"]?(\d{1,4})(?!\d)")
_WORDS = re.compile(
    r"共(?P<rows>\d{1,6})条(?:记录|信息)?[^\d]{0,8}(?P<page>\d{1,4})/(?P<pages>\d{1,4})|共(?P<only>\d{1,4})页"
)
_NEXT = ("span.p_next a", "a.Next", "a.next", ".p_next a", "a.p_next")
_NOT_NEXT = frozenset({"首页", "上页", "上一页", "尾页", "末页", "最后一页"})
_BOX = re.compile(r"(?i)<\w{1,10}\s[^<>]{0,300}?(?:vsb_content|v_news_content)[^<>]{0,200}>")
_LINE = "[id^=line][id*='_']"
_PDF = re.compile(r"showVsbpdfIframe\s{0,5}\(\s{0,5}(['\"])([^'\"<>]{1,400})\1")


class Vsb(Family):
    """Visual SiteBuilder."""

    name: ClassVar[str] = "vsb"
    markup: ClassVar[Markup] = Markup(
        title=(
            "form[name=_newscontent_fromname] h1",
            "form[name=_newscontent_fromname] h2",
            "h1",
            ".title",
            ".content-title",
        ),
        date=(".date", ".time", ".content-time", "#pubtime"),
        source=(".source", "#source", ".ly"),
        body=(".v_news_content", "#vsb_content", "[id^=vsb_content]", ".scroll_cont", ".article-content"),
    )

    def read(self, listing: Listing) -> ListPage:
        """See `Family.read`."""
        if listing.selectors.next:
            return read_html(listing)
        tree = tree_of(listing.text)
        live = without_comments(listing.text)
        said, pages = _said(live, tree)
        pages = pages or listing.pages
        onward = _onward(listing, tree, pages)
        page = read_html(listing, onward=onward)
        return _counted(page, tree, listing, said, pages)

    def unwrap(self, html: str) -> str:
        """A report page with a link where its script shows a PDF."""
        shown: list[str] = []

        def link(found: re.Match[str]) -> str:
            shown.append(found[2])
            return found[0]

        _PDF.sub(link, html)
        if not shown:
            return html
        links = "".join(
            f'<p><a href="{address}">{address.rsplit("/", 1)[-1]}</a></p>' for address in dict.fromkeys(shown)
        )
        box = _BOX.search(html)
        place = box.end() if box is not None else html.lower().rfind("</body>")
        return html[:place] + links + html[place:] if place >= 0 else html + links


def _said(live: str, tree: LexborHTMLParser) -> tuple[int | None, int | None]:
    """(rows, pages) that the pager says the list has."""
    body = tree.body
    words = "".join((body.text() or "").split()) if body is not None else ""
    found = _WORDS.search(words)
    listed = int(found["rows"]) if found and found["rows"] else None
    script = _GOTO.search(live) or _TOTAL.search(live)
    if script is not None:
        return listed, int(script[1])
    return listed, int(found["pages"] or found["only"]) if found else None


def _onward(listing: Listing, tree: LexborHTMLParser, pages: int | None) -> Next:
    """The next page: the pager's link where it counts down, or what the address and the number of pages make of it."""
    url = listing.url
    parts = urlsplit(url)
    if not parts.path.lower().endswith((".htm", ".html")) or parts.query:
        return _dynamic(listing, tree, pages)
    linked = _linked(tree, url)
    here = _PAGED.match(parts.path)
    if here is not None and (listing.step.number or _column_of(linked) == here["column"]):
        number = int(here["number"])
        upward = _PAGED.match(urlsplit(linked).path) if _column_of(linked) == here["column"] else None
        if upward is not None and int(upward["number"]) == number + 1:
            return Next(linked, pages)  # nobody saw one that counts up, but its own link is to be believed
        if number <= 1:
            return Next("", pages, ended=True)
        return Next(urlunsplit(parts._replace(path=f"{here['column']}/{number - 1}{here['ext']}", fragment="")), pages)
    if linked:
        return Next(linked, pages)
    column = _COLUMN.match(parts.path)
    if pages is not None and pages > 1 and column is not None:
        return Next(
            urlunsplit(parts._replace(path=f"{column['column']}/{pages - 1}{column['ext']}", fragment="")), pages
        )
    if pages is not None:
        return Next("", pages, ended=True)
    return follow(listing.text, tree, url, number=listing.step.number)


def _column_of(url: str) -> str:
    found = _PAGED.match(urlsplit(url).path) if url else None
    return found["column"] if found else ""


def _linked(tree: LexborHTMLParser, url: str) -> str:
    """The address of the pager's link to the next page."""
    here = normalise(url)
    for selector in _NEXT:
        for anchor in tree.css(selector):
            if "".join((anchor.text() or "").split()) in _NOT_NEXT:
                continue  # 尾页 has the class of 下页 in older templates
            target = join(url, anchor.attributes.get("href") or "")
            if target and target != here:
                return target
    for row in rows(tree, url):
        if row.title in ("下页", "下一页", "后一页") and row.url != here:
            return row.url
    return ""


def _dynamic(listing: Listing, tree: LexborHTMLParser, pages: int | None) -> Next:
    """A column that stays dynamic: its pager's link, or its own address with the page's number."""
    linked = _linked(tree, listing.url)
    if linked:
        return Next(linked, pages)
    parts = urlsplit(listing.url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    page = next((int(value) for key, value in query if key.lower() == "pagenum" and value.isdecimal()), 1)
    if pages is None:
        return follow(listing.text, tree, listing.url, number=listing.step.number)
    if page >= pages:
        return Next("", pages, ended=True)
    kept = [(key, value) for key, value in query if key.lower() not in ("pagenum", "totalpage")]
    kept += [("totalpage", str(pages)), ("PAGENUM", str(page + 1))]
    return Next(urlunsplit(parts._replace(query=urlencode(kept, safe="/:,"), fragment="")), pages)


def _counted(
    page: ListPage, tree: LexborHTMLParser, listing: Listing, said: int | None, pages: int | None
) -> ListPage:  # fmt: skip
    """The page with what its rows and its pager say of each other."""
    lines = len(tree.css(_LINE)[:5000])
    problem = page.problem
    read = listing.step.number + 1
    if not problem and not page.next and pages is not None and read < pages:
        problem = f"page {read} of {pages} leads no further"
    if not problem and page.next and listing.step.number and not page.rows:
        problem = f"page {read} of {pages or 'its list'} is empty"
    # Rows are numbered, and the pager says how many there are: both or neither.
    exact = lines > 0 and said is not None
    return msgspec.structs.replace(
        page,
        listed=lines or page.listed,
        expected=said if exact else page.expected,
        pages=pages or page.pages,
        problem=problem,
    )
