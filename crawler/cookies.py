"""Scrapy's cookies, imported by the first one: most portals set none, and the list of public suffixes brings an HTTP client of its
own along."""

from typing import TYPE_CHECKING, Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

if TYPE_CHECKING:
    from scrapy.downloadermiddlewares.cookies import CookiesMiddleware as Scrapys


class CookiesMiddleware:
    """Asked about a request without cookies while none was set, it has nothing to do; all else is Scrapy's."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._made: Scrapys | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """See Scrapy."""
        return cls(crawler)

    def process_request(self, request: Request) -> Any:
        """See Scrapy."""
        if self._made is None and not request.cookies and b"Cookie" not in request.headers:
            return None
        return self._scrapys.process_request(request)

    def process_response(self, request: Request, response: Response) -> Any:
        """See Scrapy."""
        if self._made is None and b"Set-Cookie" not in response.headers and b"Set-Cookie2" not in response.headers:
            return response
        return self._scrapys.process_response(request, response)

    @property
    def _scrapys(self) -> "Scrapys":
        if self._made is None:
            from scrapy.downloadermiddlewares.cookies import CookiesMiddleware as Scrapys

            self._made = Scrapys.from_crawler(self._crawler)
        return self._made
