"""How each kind of portal lays out its sections, addresses and pages.

A `Layout` knows addresses and markup; a `Site` (site.py) knows what is published and what is wrong with it. In: a site
and a request. Out: `Listed`, a page of the section, or None where the address is none of the section's.
"""

from typing import TYPE_CHECKING, NamedTuple

from monitor.demo import lists, templates
from monitor.demo.server import Request
from monitor.demo.templates import View

if TYPE_CHECKING:
    from monitor.demo.site import Item, Site

_HTML = "text/html"


class Listed(NamedTuple):
    """A page of a section: its number (from 1), text and media type."""

    page: int
    text: str
    media_type: str = _HTML


class Layout:
    """One kind of portal."""

    family = "generic"
    section = "/"
    per_page = 6
    beside = "./"
    """Where documents and pictures lie, as written in pages."""
    holds_reports = False
    """The section itself is where the reports stand; there are no pages of their own."""

    def path(self, site: "Site", item: "Item") -> str:
        """The address of a new report's page."""
        raise NotImplementedError

    def page(self, view: View) -> str:
        """A report's page."""
        raise NotImplementedError

    def href(self, path: str) -> str:
        """How a list prints the address `path`."""
        return path

    def part_path(self, path: str, number: int) -> str:
        """The address of page `number` (from 2) of a report that is split over several."""
        stem, _, extension = path.rpartition(".")
        return f"{stem}_{number}.{extension}"

    def pager(self, path: str, number: int, pages: int) -> str:
        """What leads from page `number` of such a report to the others."""
        links = "".join(
            f'<a href="{self.part_path(path, other) if other > 1 else path}">{other}</a>' if other != number
            else f'<span class="current">{other}</span>'
            for other in range(1, pages + 1)
        )  # fmt: skip
        onward = f'<a href="{self.part_path(path, number + 1)}">下一页</a>' if number < pages else ""
        return f'<div class="pagination">{links}{onward}</div>'

    def listed(self, site: "Site", request: Request) -> Listed | None:
        """A page of the section."""
        raise NotImplementedError

    def pages(self, rows: int) -> int:
        """Pages that so many rows fill."""
        return max(1, -(-rows // self.per_page))

    def slice(self, rows: list[lists.Row], page: int) -> list[lists.Row]:
        """Rows of a page (from 1)."""
        return rows[(page - 1) * self.per_page : page * self.per_page]


class Trs(Layout):
    """TRS WCM: index.html, index_1.html, …; 2024-01-20 stands at 202401/t20240120_3000007.html."""

    family = "trs"
    section = "/zwgk/zfxxgk/gknb/"

    def path(self, site: "Site", item: "Item") -> str:
        day = item.paper.published_on.replace("-", "")
        return f"{self.section}{day[:6]}/t{day}_{3_000_000 + item.serial}.html"

    def page(self, view: View) -> str:
        return templates.trs_page(view)

    def href(self, path: str) -> str:
        return "./" + path.removeprefix(self.section) if path.startswith(self.section) else path

    def part_path(self, path: str, number: int) -> str:
        return super().part_path(path, number - 1)

    def pager(self, path: str, number: int, pages: int) -> str:
        stem = path.rpartition("/")[2].removesuffix(".html")
        return f'<script>createPageHTML({pages}, {number - 1}, "{stem}", "html");</script>'

    def listed(self, site: "Site", request: Request) -> Listed | None:
        name = request.path.removeprefix(self.section)
        if not request.path.startswith(self.section) or "/" in name:
            return None
        stem = name.removesuffix(".html").removeprefix("index")
        if stem and not stem.removeprefix("_").isdigit():
            return None
        page = int(stem.removeprefix("_") or 0) + 1
        rows = site.rows()
        if page > self.pages(len(rows)):
            return None
        return Listed(page, lists.trs_list(site.view(), self.slice(rows, page), page - 1, self.pages(len(rows))))


class Hanweb(Layout):
    """大汉 JCMS: the column embeds its first records; dataproxy.jsp, GET or POST, has the rest."""

    family = "hanweb"
    column, unit = 1229317620, 4861530
    section = f"/col/col{column}/index.html"

    def path(self, site: "Site", item: "Item") -> str:
        year, month, day = map(int, item.paper.published_on.split("-"))
        return f"/art/{year}/{month}/{day}/art_{self.column}_{58_000_000 + item.serial}.html"

    def page(self, view: View) -> str:
        return templates.hanweb_page(view)

    def listed(self, site: "Site", request: Request) -> Listed | None:
        rows = site.rows()
        if request.path == self.section:
            text = lists.hanweb_list(
                site.view(), rows[: self.per_page * 3], len(rows), self.per_page, self.column, self.unit
            )
            return Listed(1, text)
        if not request.path.endswith("/jpage/dataproxy.jsp"):
            return None
        asked = {**request.query, **request.form}
        if asked.get("columnid") != str(self.column):
            return Listed(1, lists.hanweb_store([], 0, self.per_page), "text/xml")
        first = int(asked.get("startrecord", 1))
        last = int(asked.get("endrecord", first + self.per_page - 1))
        # An endrecord past the total answers nothing on some servers: this one is such.
        some = rows[first - 1 : last] if last <= len(rows) else []
        page = (first - 1) // (self.per_page * 3) + 1
        return Listed(page, lists.hanweb_store(some, len(rows), self.per_page), "text/xml")


class Gkmlpt(Layout):
    """Guangdong's directory: /gkmlpt/index with the tree, a JSON interface with 100 rows a page."""

    family = "gkmlpt"
    category = 5021
    section = f"/gkmlpt/index#{category}"
    per_page = 100
    beside = "/attachment/7/755/"

    def path(self, site: "Site", item: "Item") -> str:
        post = 8_081_000 + item.serial
        return f"/gkmlpt/content/{post // 10**6}/{post // 10**3}/post_{post}.html"

    def page(self, view: View) -> str:
        return templates.gkmlpt_page(view)

    def listed(self, site: "Site", request: Request) -> Listed | None:
        rows = site.rows()
        if request.path == "/gkmlpt/index":
            return Listed(1, lists.gkmlpt_index(site.view(), self.category, len(rows)))
        if not request.path.startswith("/gkmlpt/api/all/"):
            return None
        wanted = request.path.rpartition("/")[2]
        if request.query.get("sid") != "755099" or wanted not in (str(self.category), "0"):
            return Listed(1, lists.gkmlpt_json(site.view(), [], self.category, 0), "application/json")
        page = max(1, int(request.query.get("page", 1)))  # Pages 0 and 1 are the same.
        some = [(8_000_000 + i, row, site.title) for i, row in enumerate(self.slice(rows, page), (page - 1) * 100)]
        return Listed(page, lists.gkmlpt_json(site.view(), some, self.category, len(rows)), "application/json")


class Nfcms(Layout):
    """An NFCMS column of the same CMS: index.html, index_2.html, …"""

    family = "gkmlpt"
    section = "/zwgk/zfxxgknb/jd/"

    def path(self, site: "Site", item: "Item") -> str:
        return f"{self.section}content/post_{7_043_000 + item.serial}.html"

    def page(self, view: View) -> str:
        return templates.nfcms_page(view)

    def listed(self, site: "Site", request: Request) -> Listed | None:
        name = request.path.removeprefix(self.section).removesuffix(".html").removeprefix("index").removeprefix("_")
        if not request.path.startswith(self.section) or (name and not name.isdigit()):
            return None
        page, rows = int(name or 1), site.rows()
        if page > self.pages(len(rows)):
            return None
        return Listed(page, lists.nfcms_list(site.view(), self.slice(rows, page), page, self.pages(len(rows))))


class Generic(Layout):
    """A CMS that nobody described: a query address, `page=` in it, a next link or a button for more."""

    section = "/xxgk/list.aspx?cat=12"
    more = False

    def path(self, site: "Site", item: "Item") -> str:
        return f"/xxgk/show.aspx?id={2600 + item.serial}"

    def part_path(self, path: str, number: int) -> str:
        return f"{path}&page={number}" if "?" in path else super().part_path(path, number)

    def page(self, view: View) -> str:
        return templates.generic_page(view)

    def listed(self, site: "Site", request: Request) -> Listed | None:
        if request.path != self.section.partition("?")[0]:
            return None
        page, rows = int(request.query.get("page", 1)), site.rows()
        pages = self.pages(len(rows))
        return Listed(
            page, lists.generic_list(site.view(), self.slice(rows, page), page, pages, self.section, self.more)
        )


class LoadMore(Generic):
    """The same with a button that loads more."""

    section = "/xxgk/nianbao/"
    more = True

    def path(self, site: "Site", item: "Item") -> str:
        return f"/xxgk/nianbao/{item.paper.published_on}/{77_000 + item.serial}.shtml"
