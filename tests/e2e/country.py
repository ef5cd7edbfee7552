"""Websites under names of gov.cn, served by an HTTP proxy on loopback: what a survey meets outside, without a network.

    with Country() as country:
        site = county(country, "www.qinghe.gov.cn")
        run("portals", "add", "http://www.qinghe.gov.cn/", "--proxy", country.url)

Whoever asks through the proxy gets what stands in `pages` under host and path; `asked` holds every address that was asked for.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from monitor.demo.text import write_paper
from monitor.demo.word import body_html


@dataclass(frozen=True)
class Reply:
    body: str | bytes = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Page = Reply | str | Callable[[str], Reply | str]
"""What stands at an address; a function is given the query."""


class Country:
    """The proxy, and what stands behind it."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        """By host and path: `www.qinghe.gov.cn/nb/`."""
        self.asked: list[str] = []
        self.dead: set[str] = set()
        """Hosts that nobody answers for."""
        self.slow = 0.0
        country = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                country._answer(self)

            do_POST = do_GET

            def do_CONNECT(self) -> None:
                country.asked.append(f"CONNECT {self.path}")
                self.send_error(502)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that went away is none of our business."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.asked.append(handler.path)
        handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        time.sleep(self.slow)
        if parts.netloc in self.dead:
            handler.close_connection = True
            handler.connection.close()
            return
        page = self.pages.get(
            f"{parts.netloc}{parts.path}", Reply("<html><body><h1>404 Not Found</h1></body></html>", 404)
        )
        reply = page(parts.query) if callable(page) else page
        reply = Reply(reply) if isinstance(reply, str) else reply
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        handler.send_response(reply.status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **reply.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def hosts(self) -> set[str]:
        """Hosts that were asked."""
        return {urlsplit(url).netloc for url in self.asked}


def shell(title: str, inner: str, head: str = "") -> str:
    """A page of a website that nobody knows the system of."""
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>
<div class="top"><a href="/">首页</a> <a href="/zwgk/">政务公开</a> <a href="/bsfw/">办事服务</a> <a href="/hdjl/">互动交流</a></div>
<div class="main">{inner}</div><div class="foot">主办单位 版权所有 <a href="/about/">关于我们</a> <a href="/map.html">网站地图</a>
</div></body></html>"""


def rows(links: list[tuple[str, str, str]]) -> str:
    """Rows of a list: address, title, date."""
    return "".join(f'<div class="row"><a href="{url}">{title}</a><em>{date}</em></div>' for url, title, date in links)


@dataclass
class County:
    """A county's portal: front page → 政务公开 → 政府信息公开 → annual reports on several pages → reports."""

    country: Country
    host: str
    organ: str = "清河县人民政府"
    departments: tuple[str, ...] = ("清河县教育局", "清河县林业局")
    years: tuple[int, ...] = (2024, 2023, 2022, 2021)
    section: str = "/channel/1207/"
    per_page: int = 5
    head: str = ""
    reports: dict[str, str] = field(default_factory=dict)
    """Titles by address."""

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def put(self, path: str, page: Page) -> None:
        """Publishes a page."""
        self.country.pages[f"{self.host}{path}"] = page

    def build(self) -> "County":
        """Publishes everything."""
        news = [(f"/dt/2025/{number}.html", f"全县重点工作调度会召开第{number}次", "2025-03-01") for number in range(8)]
        self.put("/", shell(f"{self.organ}门户网站", rows(news), self.head))
        self.put(
            "/zwgk/",
            shell("政务公开", '<a href="/zwgk/xxgk/">政府信息公开</a> <a href="/zwgk/rsrm/">人事任免</a>', self.head),
        )
        tree = [
            ("/zwgk/xxgk/zn/", "政府信息公开指南"),
            ("/zwgk/xxgk/zd/", "政府信息公开制度"),
            (self.section, "政府信息公开年报"),
        ]
        links = "".join(f'<li><a href="{url}">{title}</a></li>' for url, title in tree)
        self.put("/zwgk/xxgk/", shell("政府信息公开", f"<ul>{links}</ul>", self.head))
        listed = []
        for year in self.years:
            for number, organ in enumerate((self.organ, *self.departments)):
                paper = write_paper(organ, year, published_on=f"{year + 1}-01-{12 + number}")
                path = f"/doc/{year}{number}077.html"
                title = f"{organ}{year}年政府信息公开工作年度报告"
                self.reports[self.url + path] = title
                listed.append((path, title, f"{year + 1}-01-{12 + number}"))
                trail = f'<div class="trail">当前位置：<a href="/">首页</a> &gt; <a href="{self.section}">政府信息公开年报</a></div>'
                inner = f"""{trail}<h2>{title}</h2><p class="when">发布日期：{year + 1}-01-{12 + number} 来源：{organ}</p>
<div class="text">{body_html(paper)}</div>"""
                self.put(path, shell(title, inner, self.head))
        pages = [listed[at : at + self.per_page] for at in range(0, len(listed), self.per_page)]

        def column(query: str) -> str:
            number = int(query.removeprefix("p=")) if query.startswith("p=") else 1
            onward = f'<a href="{self.section}?p={number + 1}">下一页</a>' if number < len(pages) else ""
            inner = f"<h3>政府信息公开年报</h3>{rows(pages[number - 1])}<div>共{len(pages)}页 {onward}</div>"
            return shell(f"政府信息公开年报-{self.organ}", inner, self.head)

        self.put(self.section, column)
        return self


def county(country: Country, host: str, **said: Any) -> County:
    """A county's portal, built."""
    return County(country, host, **said).build()
