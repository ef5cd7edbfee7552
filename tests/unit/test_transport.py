"""Which requests go the short way, and the bytes that they are. What Scrapy sends: tests/e2e/two_handlers.py."""

from typing import Any

import pytest
from scrapy import Request

from crawler.transport import order_of

META = {"download_timeout": 60.0, "download_maxsize": 1000}


def request(url: str = "http://www.a.gov.cn/a.html", meta: dict[str, Any] | None = None, **more: Any) -> Request:
    return Request(url, meta=META | (meta or {}), **more)


@pytest.mark.parametrize(
    ("url", "host", "path", "key"),
    [
        ("http://www.a.gov.cn/a.html?b=c#d", "www.a.gov.cn", "/a.html?b=c", (b"http", b"www.a.gov.cn", 80, None)),
        ("https://a.gov.cn:8443/", "a.gov.cn:8443", "/", (b"https", b"a.gov.cn", 8443, None)),
        ("https://10.0.0.1:443/%E5%B9%B4", "10.0.0.1", "/%E5%B9%B4", (b"https", b"10.0.0.1", 443, None)),
    ],
)
def test_an_order_is_what_scrapy_s_handler_would_send(url: str, host: str, path: str, key: object) -> None:
    order = order_of(request(url, headers={"etag": "x", "Accept": "*/*"}))
    assert order is not None
    head = f"GET {path} HTTP/1.1\r\nETag: x\r\nAccept: */*\r\nHost: {host}\r\n\r\n"
    assert (order.head.decode(), order.url, order.key) == (head, url.partition("#")[0], key)


@pytest.mark.parametrize(
    "long",
    [
        request(method="POST", body=b"a=b"),
        request(method="HEAD"),
        request(body=b"a"),
        request(meta={"proxy": "http://10.0.0.1:3128"}),
        request(meta={"bindaddress": "10.0.0.2"}),
        request(headers={"Host": "b.gov.cn"}),
        request(headers={"X": "a\r\nB: c"}),
        request(headers={"X": "a\rb"}),
        request("http://[::1]/"),
        request("http://a.gov.cn"),
        request("http://a.gov.cn//a"),
        request("http://a.gov.cn/a;b"),
        request("http://desk:secret@a.gov.cn/a"),
        Request("http://a.gov.cn/a", meta={"download_maxsize": 1}),
        Request("http://a.gov.cn/a", meta={"download_timeout": 1}),
    ],
    ids=lambda one: f"{one.method} {one.url} {one.headers} {sorted(one.meta)}",
)
def test_what_takes_more_than_bytes_goes_scrapy_s_way(long: Request) -> None:
    assert order_of(long) is None
