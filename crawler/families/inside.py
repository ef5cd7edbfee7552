"""Columns that stand in a year's column: the government's reports in one (`2024n/qzf/`), the departments' in another (`2024n/bm/`).

Guangzhou, Dongcheng, Gongxian and Tianjin file a year's reports so ("domain notes", 2). A year's column may list reports beside them,
the newest few, or none. Only what stands in the year's own folder counts: its address says so, whatever the link is called, and
menus lead elsewhere. Pure.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from crawler.families.base import Column, Listing
from crawler.families.rows import Row, column_year, is_article

MOST_INSIDE = 60
"""Columns of one year's column that a pass reads; one more is returned, so that whoever reads them knows."""
_PAGE = re.compile(r"(?i)(?<=/)(?:index|default|\w{0,12}list)\.(?:s?html?|jhtml|jsp)$")
_YEAR_FOLDER = re.compile(r"(?i)/(?:\w{0,30}[a-z_])?(20[0-3]\d)(?:n|nb|nd|nian|ndbg|ndgb|niandu|nbg)?(?:_\d{1,8})?/$")
_DATED = re.compile(r"(?:(?:19|20)\d{2})?(?:0[1-9]|1[0-2])(?:[0-3]\d)?")
_ONWARD = re.compile(r"[\d\[\]().<>«»‹›|…-]{0,8}|(?:上|下|前|后)一?[页頁]|[首尾末][页頁]")
_DEEPEST = 2
_LONGEST = 40
"""Characters of a column's name."""


def columns_inside(found: Iterable[Row], listing: Listing) -> tuple[Column, ...]:
    """The columns that a year's column links in its own folder; () for any other page."""
    own = _folder_of_year(listing)
    if own is None:
        return ()
    host, folder, year = own
    out: dict[str, Column] = {}
    for row in found:
        if len(out) > MOST_INSIDE:
            break
        path = _inside(row.url, host, folder)
        if not path or path in out or len(row.title) > _LONGEST or _ONWARD.fullmatch(row.title):
            continue
        if column_year(row.title, row.url) in (None, year):
            out[path] = Column(row.url, year, inside=True)
    return tuple(out.values())


def _folder_of_year(listing: Listing) -> tuple[str, str, int] | None:
    """Host, folder and year of a column that is a year's by what linked it, or by its folder's name."""
    try:
        parts = urlsplit(listing.url)
    except ValueError:
        return None
    folder = _PAGE.sub("", parts.path)
    if parts.query or not folder.endswith("/") or folder.count("/") < 2:
        return None
    named = _YEAR_FOLDER.search(folder)
    if listing.year is not None:
        # A column that is a year's by its link alone may stand above the other years' (`/zfxxgknb/`, called 2024年).
        year = listing.year
        if named is not None and int(named[1]) != year:
            return None
    elif named is not None:
        year = int(named[1])
    else:
        return None
    return parts.netloc, folder, year


def _inside(url: str, host: str, folder: str) -> str:
    """The path of a column in a folder; "" for anything else."""
    parts = urlsplit(url)
    path = _PAGE.sub("", parts.path)
    if parts.netloc != host or parts.query or not path.startswith(folder) or not path.endswith("/") or is_article(url):
        return ""
    steps = path[len(folder) : -1].split("/")
    return path if path != folder and len(steps) <= _DEEPEST and not _DATED.fullmatch(steps[-1]) else ""
