"""One portal: what it has published, what is wrong with it, and what it therefore answers.

The acts (acts.py) change a `Site` from any thread while it serves; every answer is made under the same lock.
"""

import hashlib
import re
import threading
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Literal

from monitor.demo import templates, troubles
from monitor.demo.files import MEDIA_TYPES, document_bytes, png
from monitor.demo.layouts import Layout, Listed
from monitor.demo.lists import Row, near_misses
from monitor.demo.noise import Noise
from monitor.demo.server import Listener, Request, Response, Web
from monitor.demo.templates import View
from monitor.demo.text import Paper, county_of
from monitor.demo.troubles import Gone, Outage
from monitor.demo.word import Style, body_html, body_pages

Hrefs = Literal["plain", "absolute", "gate", "session", "https"]
"""How a list prints addresses: as its CMS does, whole, through the Traditional gateway, with a session's token, by https."""
_CLOSED = "User-agent: *\nDisallow: /\n"
_NOBODY = Paper("", 0, "", "", "2026-01-01", ())


@dataclass
class Item:
    """A published report: what it says now, and where it stands."""

    paper: Paper
    serial: int
    path: str = ""
    listed: bool = True
    gone: Gone | None = None
    outage: Outage | None = None
    """This page alone is in trouble."""
    lost_files: set[str] = field(default_factory=set)
    """Names of its documents and pictures that answer 404."""
    barred_files: dict[str, Outage] = field(default_factory=dict)
    """Names of those that are in trouble."""
    other_paths: set[str] = field(default_factory=set)
    """More addresses that show the same page: a CMS's second tree."""
    traditional: bool = False
    glossed: bool = False
    """Traditional, with readings in brackets, as a mirror damages it."""
    pages: int = 1
    """Pages that the article is split over."""
    revision: int = 0

    @property
    def live(self) -> bool:
        """It has not been taken down."""
        return self.gone is None


class Site:
    """A portal's state. `title` is its name, `organ` what it names as issuing organ in the portal file."""

    def __init__(
        self, name: str, title: str, layout: Layout, *, region: str = "", level: str = "county", organ: str = ""
    ) -> None:
        self.name, self.title, self.layout = name, title, layout
        self.region, self.level, self.organ = region, level, organ
        self.county = county_of(title) or title
        self.items: list[Item] = []
        self.redirects: dict[str, str] = {}
        self.failing_pages: dict[int, Outage] = {}
        self.list_broken = False
        """The section answers, and lists nothing: a redesign."""
        self.hrefs: Hrefs = "plain"
        self.more_rows: list[Row] = []
        """Rows of the list that are no items of this portal: clones elsewhere, companions."""
        self.outage: Outage | None = None
        self.style: Style = "word"
        self.redesigned = False
        self.encoding, self.header_charset, self.meta_charset = "utf-8", "utf-8", "utf-8"
        self.validators = False
        self.misses = True
        """Near-misses and companions stand among the rows."""
        self.big5 = False
        self.robots = ""
        self.lock = threading.RLock()
        self._noise = Noise(self.county)
        self._still = Noise(self.county, frozen=True)
        self._drawn: dict[tuple[object, ...], str] = {}
        self._listener: Listener | None = None

    @property
    def listener(self) -> Listener:
        """Where it answers. Raises RuntimeError before `start`."""
        if self._listener is None:
            raise RuntimeError(f"{self.name} is not being served")
        return self._listener

    @property
    def url(self) -> str:
        """http://HOST:PORT."""
        return self.listener.url

    @property
    def section(self) -> str:
        """Its section as a portal file has it."""
        return self.url + self.layout.section

    def start(self, web: Web, host: str) -> None:
        """Begins to answer, at a free port of `host`."""
        self._listener = web.listen(self.answer, host)

    def live(self) -> list[Item]:
        """Items that are not taken down, the newest report first."""
        found = [item for item in self.items if item.live]
        return sorted(found, key=lambda item: (item.paper.year, item.paper.published_on, item.serial), reverse=True)

    def rows(self, year: int | None = None) -> list[Row]:
        """What the section lists, newest first. A report that is taken down may still be listed."""
        rows = [
            Row(self.href(item), item.paper.title, item.paper.published_on)
            for item in self.items
            if item.listed and year in (None, item.paper.year)
        ]
        years = {item.paper.year for item in self.items} if year is None else {year}
        if self.misses and self.items:
            rows += near_misses(self.county, max(years))
        rows += self.more_rows
        return sorted(rows, key=lambda row: (row.date, row.href), reverse=True)

    def href(self, item: Item) -> str:
        """How the list prints the address of an item."""
        path = item.path
        match self.hrefs:
            case "absolute":
                return self.url + path
            case "https":
                return f"https://{self.listener.netloc}{path}"
            case "gate":
                return f"/gate/big5/{self.listener.netloc}{path}"
            case "session":
                return f"{path}{'&' if '?' in path else '?'}_t={len(self._drawn)}"
            case _:
                return self.layout.href(path)

    def view(self, item: Item | None = None, body: str = "", column: str = "政府信息公开年报") -> View:
        """What a template needs to know."""
        path = item.path if item else self.layout.section.partition("#")[0]
        return View(
            paper=item.paper if item else _NOBODY,
            body=body,
            url=self.url + path,
            site=self.title,
            county=self.county,
            host=self.listener.netloc,
            site_id=f"{self.region or '990000'}0001",
            home=f"{self.url}/",
            section=self.section.replace("{year}", "2024"),
            column=column,
            serial=item.serial if item else 0,
            charset=self.meta_charset,
            big5=f"{self.url}/gate/big5/{self.listener.netloc}{path}" if self.big5 else "",
            redesigned=self.redesigned,
        )

    def render(self, item: Item, number: int = 1) -> str:
        """A report's page (its `number`th, from 1) with the marks of noise, drawn once for each state."""
        state = (item.serial, item.revision, item.path, item.pages, item.traditional, item.glossed)
        key = (*state, number, self.style, self.redesigned, self.meta_charset)
        if key not in self._drawn:
            if item.pages > 1:
                body = body_pages(item.paper, item.pages, self.style, self.layout.beside)[number - 1]
                body += self.layout.pager(item.path, number, item.pages)
            else:
                body = body_html(item.paper, self.style, self.layout.beside)
            html = self.layout.page(self.view(item, body))
            if item.traditional or item.glossed:
                html = _traditional(html)
            self._drawn[key] = _glossed(html) if item.glossed else html
        return self._drawn[key]

    def answer(self, request: Request) -> Response:
        """What it answers now."""
        with self.lock:
            if request.path == "/robots.txt":
                robots = "User-agent: *\nDisallow: /\n" if self.outage == "robots" else self.robots
                return Response(robots.encode(), 200 if robots else 404, "text/plain")
            if self.outage is not None:
                return troubles.outage(self.outage, lambda: self._healthy(request))
            return self._healthy(request)

    def _healthy(self, request: Request) -> Response:
        gate = f"/gate/big5/{self.listener.netloc}"
        if self.big5 and request.path.startswith(gate + "/"):
            inner = request._replace(path=request.path.removeprefix(gate), target=request.target.removeprefix(gate))
            original = self._healthy(inner)
            if original.action or not original.content_type.startswith("text/html"):
                return original
            page = original.body.decode(self.encoding, "replace")
            headers = {name: value for name, value in original.headers.items() if name == "Location"}
            return Response(_traditional(page).encode(), original.status, "text/html; charset=utf-8", headers)
        asked = request.path + (f"?{query}" if (query := _idle_less(request.target)) else "")
        request = request._replace(target=asked)
        target = self.redirects.get(request.target) or self.redirects.get(request.path)
        if target is not None:
            return Response(b"", 301, headers={"Location": self.url + target})
        item = self._at(request)
        if item is not None:
            if item.outage is not None:
                return troubles.outage(item.outage, lambda: self._page(item, request))
            return self._page(item, request)
        listed = self.layout.listed(self, request)
        if listed is not None:
            return self._listed(listed, request)
        return self._file(request) or self._rest(request)

    def _at(self, request: Request) -> Item | None:
        if self.layout.holds_reports:
            return None
        found = [item for item in self.items if self._number(item, request)]
        return next((item for item in found if item.live), found[-1] if found else None)

    def _number(self, item: Item, request: Request) -> int:
        """Which page of an item is asked for, from 1; 0: none."""
        asked = {request.target, request.path}
        if item.other_paths & asked:
            return 1
        parts = [item.path, *(self.layout.part_path(item.path, number) for number in range(2, item.pages + 1))]
        return next((number for number in range(len(parts), 0, -1) if parts[number - 1] in asked), 0)

    def _page(self, item: Item, request: Request) -> Response:
        if item.gone is not None:
            section = self.section.partition("#")[0]
            return troubles.gone(item.gone, home=f"{self.url}/", section=section, other=self._other)
        return self._send(self.render(item, self._number(item, request)), "text/html", request)

    def _listed(self, listed: Listed, request: Request) -> Response:
        if self.list_broken and not self.layout.holds_reports:
            return self._other(
                "本栏目由办公室维护，公布本地区各单位依法编制的有关材料，欢迎公众查阅和监督。", "信息公开"
            )
        trouble = self.failing_pages.get(listed.page)
        if trouble is not None:
            return troubles.outage(trouble, lambda: self._send(listed.text, listed.media_type, request))
        return self._send(listed.text, listed.media_type, request)

    def _file(self, request: Request) -> Response | None:
        name = request.path.rpartition("/")[2]
        for item in self.items:
            contents = {picture.name: lambda p=picture: png(p) for picture in item.paper.pictures}
            contents |= {document.file: lambda d=document: document_bytes(d) for document in item.paper.documents}
            if name in contents:
                if name in item.barred_files:
                    return troubles.outage(item.barred_files[name], self._missing)
                if name in item.lost_files or not item.live:
                    return self._missing()
                media_type = MEDIA_TYPES[name.rpartition(".")[2]]
                return self._conditional(Response(contents[name](), content_type=media_type), request)
        return None

    def _rest(self, request: Request) -> Response:
        if request.path in ("/", "/index.html"):
            return self._other(
                f"{self.title}门户网站：要闻动态、政务公开、办事服务、互动交流。", f"{self.title}门户网站"
            )
        if request.path == "/error/404.html":
            return self._other("您要访问的页面找不到了。", "出错了")
        if request.path.startswith("/zwdt/"):
            return self._other(f"{self.county}有关部门近日召开会议，安排部署近期重点工作。", "政务动态")
        return self._missing()

    def _missing(self) -> Response:
        return troubles.gone("404", home="", section="", other=self._other)

    def _other(self, text: str, title: str) -> Response:
        page = (self._still if self.validators else self._noise).fill(templates.plain_page(self.view(), text, title))
        return Response(page.encode(self.encoding, "xmlcharrefreplace"), 200, self._type("text/html"))

    def _send(self, text: str, media_type: str, request: Request) -> Response:
        if media_type == "text/html":
            text = (self._still if self.validators else self._noise).fill(text)
        body = text.encode("utf-8" if media_type == "application/json" else self.encoding, "xmlcharrefreplace")
        return self._conditional(Response(body, content_type=self._type(media_type)), request)

    def _type(self, media_type: str) -> str:
        return f"{media_type}; charset={self.header_charset}" if self.header_charset else media_type

    def _conditional(self, response: Response, request: Request) -> Response:
        """With validators, where the portal has any; 304 to a client that knows this body."""
        if not self.validators or response.status != 200:
            return response
        digest = hashlib.md5(response.body, usedforsecurity=False).hexdigest()
        # A date that follows from the bytes: another body, another second.
        headers = {"ETag": f'"{digest}"', "Last-Modified": formatdate(1.6e9 + int(digest[:7], 16) % 10**8, usegmt=True)}
        known = request.headers.get("if-none-match", "").removeprefix("W/") == headers["ETag"]
        since = (
            "if-none-match" not in request.headers
            and request.headers.get("if-modified-since") == headers["Last-Modified"]
        )
        return Response(response.body, 304 if known or since else 200, response.content_type, headers)


def _idle_less(target: str) -> str:
    """The query of `target` without the token that `session` addresses carry."""
    return "&".join(part for part in target.partition("?")[2].split("&") if part and not part.startswith("_t="))


_READINGS = {
    "區": "qū",
    "開": "kāi",
    "報": "bào",
    "關": "guān",
    "規": "guī",
    "會": "huì",
    "機": "jī",
    "務": "wù",
    "應": "yīng",
}
_TEXT = re.compile(r">[^<>{}]+<")


def _glossed(html: str) -> str:
    """The page's text with a reading in brackets after some characters: 區(qū)."""

    def gloss(match: re.Match[str]) -> str:
        return "".join(char + (f"({_READINGS[char]})" if char in _READINGS else "") for char in match[0])

    head, body, rest = html.partition("<body>")
    return head + body + _TEXT.sub(gloss, rest)


def _traditional(text: str) -> str:
    """As the gateways do it: Traditional characters and the words of Taiwan."""
    import opencc  # Its dictionaries take a while to load, and few sites need them.

    return str(opencc.OpenCC("s2twp").convert(text))
