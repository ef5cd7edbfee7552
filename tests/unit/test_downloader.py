"""What stands between a pass and Scrapy's handlers: cookies, decompression, proxies, requests per host."""

import asyncio
import gzip
from typing import Any

import pytest
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.utils.conf import build_component_list
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.downloader import SLOT, Downloader


def settings() -> Settings:
    made = Settings()
    made.setmodule("crawler.settings", priority="project")
    return made


class Web:
    """Scrapy's crawler with its middlewares, and handlers that answer from `answers`, in turn."""

    def __init__(self, *answers: dict[str, Any], concurrency: int = 2) -> None:
        own = settings()
        own.set("DOWNLOAD_HANDLERS", {"http": lambda: self}, priority="cmdline")
        crawler = Crawler(type("Asks", (Spider,), {"name": "asks"}), own)
        crawler.stats = load_object(crawler.settings["STATS_CLASS"])(crawler)
        self._middlewares = [build_from_crawler(load_object(path), crawler) for path in _components()]
        self.answers = [*answers]
        self.asked: list[Request] = []
        self.under_way = self.most = 0
        self.closed = False
        self.settings, self.signals = own, crawler.signals
        self.downloader = Downloader(self, concurrency)  # type: ignore[arg-type]

    def get_downloader_middleware(self, kind: type) -> Any:
        return next((one for one in self._middlewares if isinstance(one, kind)), None)

    async def download_request(self, request: Request) -> Response:
        self.asked.append(request)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.001)
        self.under_way -= 1
        return Response(request.url, **(self.answers.pop(0) if self.answers else {}))

    async def close(self) -> None:
        self.closed = True

    def get(self, *urls: str, **meta: Any) -> list[Response]:
        async def every() -> list[Response]:
            return await asyncio.gather(*(self.downloader.download_async(order(url, **meta)) for url in urls))

        return asyncio.run(every())


def order(url: str, **meta: Any) -> Request:
    return Request(url, meta={SLOT: url.split("/")[2], "download_maxsize": 1000, **meta})


def _components() -> list[str]:
    return [str(one) for one in build_component_list(settings().getwithbase("DOWNLOADER_MIDDLEWARES"))]


def test_passes_need_these_middlewares_and_no_other() -> None:
    """Whatever else the settings (or a new Scrapy's defaults) let in, `Downloader` would pass by."""
    assert [path.rpartition(".")[2] for path in _components()] == [
        "HttpCompressionMiddleware",
        "CookiesMiddleware",
        "HttpProxyMiddleware",
    ]


def test_handlers_are_closed_with_the_engine() -> None:
    web = Web()
    web.get("http://www.a.gov.cn/1")
    asyncio.run(web.signals.send_catch_log_async(signals.engine_stopped))
    assert web.closed


def test_cookies_come_back_to_the_host_that_set_them() -> None:
    web = Web({"headers": {"Set-Cookie": "a=1; Path=/"}})
    web.get("http://www.a.gov.cn/1")
    web.get("http://www.a.gov.cn/2")
    web.get("http://www.b.gov.cn/3")
    assert [request.headers.get("Cookie") for request in web.asked] == [None, b"a=1", None]


@pytest.mark.parametrize("remembers", [False, True])
def test_a_cookie_in_the_fields_is_not_sent_as_scrapy_would_not(remembers: bool) -> None:
    web = Web({"headers": {"Set-Cookie": "a=1"}} if remembers else {})
    web.get("http://www.a.gov.cn/1")
    asyncio.run(web.downloader.download_async(order("http://www.b.gov.cn/1").replace(headers={"Cookie": "mine=1"})))
    assert "Cookie" not in web.asked[-1].headers


def test_bodies_are_decoded_and_bounded() -> None:
    packed = {"headers": {"Content-Encoding": "gzip"}, "body": gzip.compress(b"x" * 900)}
    web = Web(packed, {"headers": {"Content-Encoding": "gzip"}, "body": gzip.compress(b"x" * 1001)})
    [response] = web.get("http://www.a.gov.cn/1")
    assert (response.body, "Content-Encoding" in response.headers) == (b"x" * 900, False)
    assert b"gzip" in (web.asked[0].headers["Accept-Encoding"] or b"")
    with pytest.raises(IgnoreRequest, match="decompress"):
        web.get("http://www.a.gov.cn/2")


def test_a_proxy_s_password_goes_into_a_field_of_its_own() -> None:
    web = Web()
    web.get("http://www.a.gov.cn/1", proxy="http://desk:secret@10.0.0.1:3128")
    [request] = web.asked
    assert request.meta["proxy"] == "http://10.0.0.1:3128"
    assert (request.headers["Proxy-Authorization"] or b"").startswith(b"Basic ")


def test_the_environment_s_proxies_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://10.0.0.1:3128")
    web = Web()
    web.get("http://www.a.gov.cn/1")
    assert web.asked[0].meta["proxy"] == "http://10.0.0.1:3128"


def test_no_more_requests_are_under_way_to_a_host_than_its_policy_says() -> None:
    web = Web(concurrency=2)
    web.get(*(f"http://www.a.gov.cn/{number}" for number in range(6)))
    assert web.most == 2
    web.get(*(f"http://{name}.gov.cn/" for name in "abc"))
    assert web.most == 3
