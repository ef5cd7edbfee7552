"""TRS WCM (拓尔思): Beijing, most of Hubei, Chongqing, Fujian, Guizhou, Ningxia, Tianjin, many ministries.

Lists are `<column>/index.html|.htm|.shtml`, page 2 is `index_1`, counted from 0; how many there are stands in a script
(`createPageHTML(total, cur, "index", "shtml")`, `createPage`, `countPage = N`, `pagination_script_config.total`, or a count of records
and a page's size), not in links. Rows are plain `li > a[title] + span`, or written by script (`crawler.families.trs_rows`).
Pages are `./YYYYMM/tYYYYMMDD_<id>.html`, without a date in Guangxi (`t17981192.shtml`); the date in the address is not the publication
date (`t19700101_…`), and none is taken from it. `_app.shtml` is a telephone's view of the same page. Pages deep in a list may be stubs
of 300 bytes: the list is not complete then, and the pages behind a stub are read all the same ("domain notes", 1a).
"""

import re
from typing import ClassVar

import msgspec

from crawler.families.base import Family, Listing, ListPage, Markup, Step
from crawler.families.generic import read_html
from crawler.families.paging import Next, numbered
from crawler.families.scan import without_comments
from crawler.families.trs_rows import with_rows

_RECORDS = re.compile(r"(?i)\b(?:m_n|n)?RecordCount['\"]?\s{0,9}[=:]\s{0,9}['\"]?(\d{1,6})")
_SIZE = re.compile(r"(?i)\b(?:m_n|n)?PageSize['\"]?\s{0,9}[=:]\s{0,9}['\"]?(\d{1,4})")
_NUMBERED = re.compile(r"(?i)/[a-z][\w-]*?_(\d{1,4})\.\w{3,5}$")
_MOST_BEHIND = 60
"""Pages of a list up to which those behind a stub are asked for."""


class Trs(Family):
    """TRS WCM."""

    name: ClassVar[str] = "trs"
    markup: ClassVar[Markup] = Markup(
        title=("h1", ".xl_title", ".bt", ".header h1"),
        date=(".date", ".time", "#pubtime"),
        source=(".source", "#source", ".ly"),
        body=("#mainText", ".TRS_UEDITOR", ".trs_editor_view", ".TRS_Editor", "#Zoom", "#zoom", ".scroll_cont"),
    )

    def read(self, listing: Listing) -> ListPage:
        """See `Family.read`."""
        listing = with_rows(listing)
        page = read_html(listing)
        if page.next or page.refresh or listing.selectors.next:
            return page
        counted = _counted(listing)
        if counted is not None:
            return read_html(listing, onward=counted)
        behind = _behind(listing) if page.problem and not page.rows else None
        if behind is None or not behind.url:
            return page
        step = Step(behind.url, number=listing.step.number + 1, state=listing.step.state)
        return msgspec.structs.replace(page, next=(step,))


def _counted(listing: Listing) -> Next | None:
    """The next page of a list that counts its records, and names no pages."""
    code = without_comments(listing.text)
    records, size = _RECORDS.search(code), _SIZE.search(code)
    if records is None or size is None or not int(size[1]):
        return None
    pages = -(-int(records[1]) // int(size[1]))
    return numbered(listing.url, "", "", 1, pages, listing.step.number) if pages > 1 else None


def _behind(listing: Listing) -> Next | None:
    """The page behind a stub, where pages before it said how many there are."""
    if not listing.pages or listing.pages > _MOST_BEHIND or not _NUMBERED.search(listing.url):
        return None
    return numbered(listing.url, "", "", 1, listing.pages, listing.step.number)
