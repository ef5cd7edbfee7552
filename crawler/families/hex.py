"""Systems whose addresses are hexadecimal ids: Shanghai, departments of Sichuan, Xi'an and its districts, Jinan and its counties.

- Shanghai: archives by year (`/nw12344/`, one such column for each), pages `/nw12344/YYYYMMDD/<32hex>.html`; page 2 is
  `index_2.html`. Rows that are commented out stand beside the live ones.
- Sichuan: `/scjhj/gknb/`, pages `YYYY/M/D/<32hex>.shtml`.
- Xi'an: `/gk/zfxxgkzl/zfxxgknb/`, pages `<24hex>.html` up to 2022 and `<19 digits>.html` since: a migration changed every
  address, so that one column lists both.
- Jinan: columns `/gongkai/channel_<24hex>/`, pages `doc_<24hex>.html` in them.

Lists are plain rows. Where only a count says that there are more pages, page 2 is `index_2.html` ("domain notes", 1d and 2;
for others than Shanghai the count from 1 is inferred). In Shaanxi (Xi'an, Yan'an) a list is `1.html`, page 2 is `2.html`, and
the number of pages stands in a script, `parseInt('3')` (a public crawler for jyj.yanan.gov.cn). Body: `.Article_content`,
`#ivs_content`, `.m-txt-article` (Shaanxi), `#zoom`.
"""

import re
from typing import ClassVar

from crawler.families.base import Family, Listing, ListPage, Markup
from crawler.families.generic import read_html
from crawler.families.paging import Next
from crawler.families.scan import without_comments
from crawler.page.address import join

_COUNTED = re.compile(r"\bparseInt\(\s{0,9}['\"](\d{1,4})['\"]")
_PAGE = re.compile(r"/(?:(\d{1,3})\.html)?$")


class Hex(Family):
    """Hexadecimal addresses."""

    name: ClassVar[str] = "hex"
    markup: ClassVar[Markup] = Markup(
        title=("h1", ".m-txt-tt", ".Article-title", "#ivs_title", ".title", ".article-title", ".bt"),
        date=(".PBtime", ".date", ".time", "#ivs_date", "#pubtime"),
        source=(".source", "#source", ".ly"),
        body=(
            ".Article_content",
            "#ivs_content",
            ".m-txt-article",
            "#zoom",
            ".scroll_cont",
            ".article-content",
            "#content",
        ),
    )

    def read(self, listing: Listing) -> ListPage:
        """See `Family.read`."""
        return read_html(listing, onward=_numbered(listing), first_suffix=2)


def _numbered(listing: Listing) -> Next | None:
    """How a list goes on whose pages are `1.html`, `2.html`; None for any other list."""
    here = _PAGE.search(listing.url)
    counts = [int(count) for count in _COUNTED.findall(without_comments(listing.text))]
    if here is None or not counts or listing.selectors.next or "createPage" in listing.text:
        return None
    number = int(here[1] or 1)
    if number >= max(counts):
        return Next("", max(counts), ended=True)
    return Next(join(listing.url, f"./{number + 1}.html"), max(counts))
