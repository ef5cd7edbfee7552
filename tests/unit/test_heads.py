"""The short way of reading a response's head, beside Twisted's parser."""

import pytest
from scrapy.core.downloader.handlers.http11 import _LenientHTTPClientParser, _ScrapyAgent
from twisted.internet.testing import StringTransport
from twisted.web._newclient import Request
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH

from crawler.heads import hopeless, read_head

LENGTH = b"Content-Length: 5\r\n"
ORDINARY = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + LENGTH,
    "no phrase": b"HTTP/1.1 200\r\n" + LENGTH,
    "spelling": b'HTTP/1.1 404 Not Found\r\nETAG: W/"a"\r\nx-xss-protection: 1\r\nWWW-authenticate: b\r\n' + LENGTH,
    "again": b"HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nVia: x\r\nSet-Cookie: b=2\r\n" + LENGTH,
    "of the connection": b"HTTP/1.1 200 OK\r\nConnection: close\r\nKeep-Alive: a\r\nTE: b\r\nUpgrade: c\r\n" + LENGTH,
    "values": "HTTP/1.1 200 好\r\nX: 值 \r\nY:\r\nZ:\tz\t\r\nN: a\0b\r\n".encode() + LENGTH,
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 9\r\n",
    "304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n",
    "204": b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n",
}
ODD = {
    "1.0": b"HTTP/1.0 200 OK\r\n" + LENGTH,
    "early": b"HTTP/1.1 103 Early Hints\r\n" + LENGTH,
    "no status": b"HTTP/1.1 x OK\r\n" + LENGTH,
    "no length": b"HTTP/1.1 200 OK\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\n" + LENGTH * 2,
    "lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n",
    "negative": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n",
    "encoding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
    "encodings": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "folded": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n" + LENGTH,
    "no colon": b"HTTP/1.1 200 OK\r\nnonsense\r\n" + LENGTH,
    "space in a name": b"HTTP/1.1 200 OK\r\nX : a\r\n" + LENGTH,
    "no name": b"HTTP/1.1 200 OK\r\n: a\r\n" + LENGTH,
    "LF": b"HTTP/1.1 200 OK\r\nX: a\nY: b\r\n" + LENGTH,
    "LF at once": b"HTTP/1.1 200 OK\nX: a\r\n" + LENGTH,
    "CR": b"HTTP/1.1 200 OK\r\nX: a\rb\r\n" + LENGTH,
    "empty line": b"\r\nHTTP/1.1 200 OK\r\n" + LENGTH,
    "long": b"HTTP/1.1 200 OK\r\n" + LENGTH + b"X: " + b"y" * 17_000 + b"\r\n",
}


@pytest.mark.parametrize("lines", ORDINARY.values(), ids=ORDINARY)
def test_an_ordinary_head_is_read_as_twisted_reads_it(lines: bytes) -> None:
    head = read_head(lines + b"\r\nhello")
    parser = _LenientHTTPClientParser(Request(b"GET", b"/", Headers(), None), lambda rest: None)  # type: ignore[no-untyped-call]
    parser.makeConnection(StringTransport())
    parser.dataReceived(lines + b"\r\n")  # type: ignore[no-untyped-call]
    twisted = parser.response
    assert head is not None
    assert head.status == twisted.code
    assert [*dict.items(head.headers)] == [*dict.items(_ScrapyAgent._headers_from_twisted_response(twisted))]
    assert head.size == len(lines) + 2
    assert head.length == (-1 if twisted.length == UNKNOWN_LENGTH else twisted.length)
    assert head.closes == (b"close" in parser.connHeaders.getRawHeaders(b"Connection", ()))


@pytest.mark.parametrize("lines", ODD.values(), ids=ODD)
def test_whatever_is_not_ordinary_is_left_to_twisted(lines: bytes) -> None:
    assert read_head(lines + b"\r\nhello") is None


def test_a_head_that_is_not_whole_is_waited_for_as_long_as_it_may_become_one() -> None:
    whole = ORDINARY["length"]
    assert not any(hopeless(whole[:size]) for size in range(len(whole)))
    assert read_head(whole) is None
    assert hopeless(b"<html>")
    assert hopeless(b"HTTP/1.0 200 OK\r\n")
    assert hopeless(b"HTTP/1.1 200 OK\nX: a")
    assert hopeless(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 16_000)
