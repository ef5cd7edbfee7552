"""What stands between a pass and Scrapy's download handlers: in-flight requests per host, cookies, decompression, proxies.

`Downloader` does what Scrapy's engine and downloader do for a request of a pass, without what a pass has no use for: queues,
slots that pause (crawler/pace.py does), a signal at each step, a look for middlewares that are not there. Cookies,
decompression and proxies are Scrapy's own middlewares, called where they have something to do. `scrapy crawl NAME` by hand
goes through the engine, and so through all that one may add to it.
"""

import asyncio
from collections import defaultdict
from typing import TypeVar, cast

from scrapy import Request, signals
from scrapy.core.downloader.handlers import DownloadHandlerProtocol
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.httpproxy import HttpProxyMiddleware
from scrapy.http import Response
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.cookies import CookiesMiddleware

SLOT = "download_slot"
"""The key of a request's meta under which its host stands, for Scrapy too."""

T = TypeVar("T")


class Downloader:
    """Of one running crawler. `concurrency`: requests under way to one host."""

    def __init__(self, crawler: Crawler, concurrency: int) -> None:
        self._crawler = crawler
        self._handlers: dict[str, DownloadHandlerProtocol] = {}
        self._cookies = _found(crawler, CookiesMiddleware)
        self._compression = _found(crawler, HttpCompressionMiddleware)
        self._proxies = _found(crawler, HttpProxyMiddleware)
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(concurrency))
        self._remembers = False
        """A host has set a cookie."""
        crawler.signals.connect(self.close, signals.engine_stopped)

    async def download_async(self, request: Request) -> Response:
        """The response to a request, decoded. Raises what Scrapy's handlers and middlewares raise."""
        meta = request.meta
        self._compression.process_request(request)
        if self._remembers or request.cookies or b"Cookie" in request.headers:
            self._cookies.process_request(request)
        if "proxy" in meta or self._proxies.proxies:
            self._proxies.process_request(request)
        async with self._slots[meta[SLOT]]:
            response = await self._handler(request.url.partition(":")[0]).download_request(request)
        headers = response.headers
        if b"Set-Cookie" in headers or b"Set-Cookie2" in headers:
            self._remembers = True
            self._cookies.process_response(request, response)
        if b"Content-Encoding" in headers:
            response = cast("Response", self._compression.process_response(request, response))
        return response

    def _handler(self, scheme: str) -> DownloadHandlerProtocol:
        """The handler of the settings, made when it is first needed."""
        handler = self._handlers.get(scheme)
        if handler is None:
            kind = load_object(self._crawler.settings.getwithbase("DOWNLOAD_HANDLERS")[scheme])
            handler = self._handlers[scheme] = build_from_crawler(kind, self._crawler)
        return handler

    async def close(self) -> None:
        """Closes connections, and lets go of the browser."""
        for handler in self._handlers.values():
            await handler.close()


def _found(crawler: Crawler, middleware: type[T]) -> T:
    found = crawler.get_downloader_middleware(middleware)
    if found is None:
        raise ValueError(f"the settings leave out {middleware.__name__}, which passes need")
    return found
