"""Scrapy's side: a download handler whose requests with `render` in their meta are answered by the browser.

What the page showed stands in the request's meta as `shown`; the response is the document with the rows of all its pages.
All other requests go where they went before.
"""

import time
from typing import Any

import msgspec
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Response
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.rendered.client import Browser
from crawler.rendered.wire import Visitor


class RenderingHandler:
    """Answers http and https alike. One browser connection each, opened by the first page that is to be rendered."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        base = crawler.settings["RENDERED_OTHERWISE"]
        self._otherwise: Any = build_from_crawler(load_object(base), crawler)
        self._visitor = msgspec.convert(crawler.settings.getdict("RENDERED_FOR"), Visitor)
        self._browser: Browser | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "RenderingHandler":
        """See Scrapy."""
        return cls(crawler)

    async def download_request(self, request: Request) -> Response:
        """See Scrapy. Raises NotShown for a page that could not be shown."""
        if not request.meta.get("render"):
            response: Response = await self._otherwise.download_request(request)
            return response
        if self._browser is None:
            self._browser = Browser(self._visitor)
        began = time.monotonic()
        headers = {
            name.decode("latin-1"): b", ".join(values).decode("latin-1") for name, values in request.headers.items()
        }
        most = int(request.meta["download_maxsize"])
        shown = await self._browser.show(request.url, headers, float(request.meta["download_timeout"]), most)
        request.meta["download_latency"] = time.monotonic() - began
        request.meta["shown"] = shown
        fields: dict[str, list[str]] = {}
        for name, value in shown.headers:
            fields.setdefault(name, []).append(value)
        return HtmlResponse(
            shown.url,
            status=shown.status,
            headers=fields,
            body=shown.body,
            request=request,
            flags=["rendered"],
            encoding="utf-8",
        )

    async def close(self) -> None:
        """See Scrapy."""
        if self._browser is not None:
            await self._browser.close()
        await self._otherwise.close()
