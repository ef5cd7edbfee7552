"""Systems whose addresses are UUIDs: Hebei and its cities, Nantong, Jing'an (Shanghai), some of Qingdao and Jiangxi.

- Hebei: columns `/columns/<uuid>/index.html` (also below a site's folder: `/zfxxgk/columns/…`), pages
  `/columns/<uuid>/YYYYMM/DD/<uuid>.html`. The month in the address is the import's, not the publication's.
- Nantong: `/ntsrmzf/szfb_2023/`, pages `content/<uuid>.html` beside it; the folder's year is the report's.
- Jing'an: `/govxxgk/JA0/`, pages `YYYY-MM-DD/<uuid>.html?type=2`.

Lists are plain rows; page 2 is `index_2.html` where only a count says that there is one ("domain notes", 1d and 2; the count
from 1 is inferred). A column of this address that ships only a template and names an interface (`/queryList`) is read as
`querylist` reads it.
"""

import re
from typing import ClassVar

from crawler.families.base import Family, Listing, ListPage, Markup
from crawler.families.generic import read_html
from crawler.families.querylist import Querylist

_INTERFACE = re.compile(r"queryList|loadPageData|JsonList", re.I)


class Uuid(Family):
    """UUID addresses."""

    name: ClassVar[str] = "uuid"
    markup: ClassVar[Markup] = Markup(
        title=("h1", ".title", ".article-title", ".bt"),
        date=(".date", ".time", "#pubtime", ".fbsj"),
        source=(".source", "#source", ".ly"),
        body=("#zoom", ".scroll_cont", ".article-content", ".Article_content", "#content", ".content"),
    )

    def read(self, listing: Listing) -> ListPage:
        """See `Family.read`."""
        if listing.step.state or _asks_elsewhere(listing.text):
            return Querylist().read(listing)
        return read_html(listing, first_suffix=2)


def _asks_elsewhere(text: str) -> bool:
    """Whether a page names one of the interfaces that `querylist` reads."""
    return _INTERFACE.search(text) is not None
