"""The ways of publishing that are not a list of pages: overwritten columns, all years on one page, queries, topics.

As layouts.py; these need to know what is published, not only what is listed.
"""

import json
from typing import TYPE_CHECKING

from monitor.demo import lists, templates
from monitor.demo.layouts import Layout, Listed
from monitor.demo.server import Request
from monitor.demo.templates import View
from monitor.demo.word import body_html

if TYPE_CHECKING:
    from monitor.demo.site import Item, Site


class Overwritten(Layout):
    """The column page is the report; next year's takes its place."""

    family = "trs"
    section = "/jbdt/auto10489/zfwj_59339/"
    holds_reports = True

    def path(self, site: "Site", item: "Item") -> str:
        return self.section

    def page(self, view: View) -> str:
        return templates.trs_page(view)

    def listed(self, site: "Site", request: Request) -> Listed | None:
        if request.path != self.section:
            return None
        shown = site.live()
        return Listed(1, site.render(shown[0]) if shown else lists.trs_list(site.view(), [], 0, 1))


class AllYears(Layout):
    """One page with every year under tabs; the parts have no titles of their own."""

    family = "trs"
    section = "/jbdt/auto4509/zfwj_59300/"
    holds_reports = True

    def path(self, site: "Site", item: "Item") -> str:
        return self.section

    def listed(self, site: "Site", request: Request) -> Listed | None:
        if request.path != self.section:
            return None
        blocks = [(item.paper.year, body_html(item.paper, site.style, self.beside)) for item in site.live()]
        return Listed(1, templates.years_page(site.view(), blocks))


class Query(Layout):
    """One address for every organ and year: the report is looked up."""

    family = "hanweb"
    section = "/module/xxgk/xxgkAnnualReport.jsp?area=001008&fbtime={year}&showType=2"
    holds_reports = True

    def path(self, site: "Site", item: "Item") -> str:
        return self.section.replace("{year}", str(item.paper.year))

    def page(self, view: View) -> str:
        return templates.hanweb_page(view)

    def listed(self, site: "Site", request: Request) -> Listed | None:
        if request.path != self.section.partition("?")[0]:
            return None
        live = site.live()
        wanted = request.query.get("fbtime") or str(live[0].paper.year if live else "")
        for item in live:
            if str(item.paper.year) == wanted:
                return Listed(1, site.render(item))
        return Listed(1, templates.plain_page(site.view(), "暂无该年度的信息。", "政府信息公开年度报告"))


class Topic(Layout):
    """A special-topic page that links a directory for each year; each directory lists that year's reports."""

    section = "/zt/zfxxgkndbgzt/"

    def path(self, site: "Site", item: "Item") -> str:
        return f"{self.section}{item.paper.year}nd/c/{item.paper.published_on}/{4_655_000 + item.serial}.shtml"

    def page(self, view: View) -> str:
        return templates.generic_page(view)

    def listed(self, site: "Site", request: Request) -> Listed | None:
        rest = request.path.removeprefix(self.section)
        if not request.path.startswith(self.section):
            return None
        years = sorted({item.paper.year for item in site.live()}, reverse=True)
        if not rest:
            return Listed(1, lists.topic_index(site.view(), [(year, f"{self.section}{year}nd/") for year in years]))
        for year in years:
            if rest == f"{year}nd/":
                view = site.view(column=f"{year}年度")
                return Listed(1, lists.generic_list(view, site.rows(year=year), 1, 1, request.path))
        return None


class Rendered(Layout):
    """A list that only a browser sees."""

    section = "/spa/nianbao.html"

    def path(self, site: "Site", item: "Item") -> str:
        return f"/spa/article/{item.serial}.html"

    def page(self, view: View) -> str:
        return templates.generic_page(view)

    def listed(self, site: "Site", request: Request) -> Listed | None:
        if request.path == self.section:
            return Listed(1, lists.rendered_index(site.view(), "/spa/list.json"))
        if request.path != "/spa/list.json":
            return None
        rows = [{"title": row.title, "url": row.href, "date": row.date} for row in site.rows()]
        return Listed(1, json.dumps(rows, ensure_ascii=False), "application/json")
