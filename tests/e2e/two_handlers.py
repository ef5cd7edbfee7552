"""Asks Scrapy's own handler and ours for the same things, and prints what differs: `python -m tests.e2e.two_handlers CERTIFICATE`.

A server on loopback, plain and over TLS, answers the second request of each connection as no specification allows. Each case is
asked for by both handlers: what they say of it (response or error), what they sent, how many times, and whether the next request
is answered. Standard output: JSON, `{"differences": [...], "cases": n, "short": how many answers took the short way}`.
"""

import asyncio
import contextlib
import json
import logging
import re
import ssl
import sys
from typing import Any

from scrapy import Request, Spider
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.utils.reactor import install_reactor

BODY = b"x" * 3000
CLOSE, RESET, STALL = b"close", b"reset", b"stall"
ABSENT = b"\x00"


def said(body: bytes = BODY, extra: bytes = b"", first: bytes = b"HTTP/1.1 200 OK", length: bytes = ABSENT) -> bytes:
    length = b"%d" % len(body) if length is ABSENT else length
    return first + b"\r\nContent-Type: text/html\r\nContent-Length: " + length + b"\r\n" + extra + b"\r\n" + body


def chunked(
    *parts: bytes, end: bytes = b"0\r\n\r\n", encoding: bytes = b"chunked", extra: bytes = b"", size: bytes = b""
) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + encoding + b"\r\n" + extra + b"\r\n"
    return head + b"".join((size or b"%x" % len(part)) + b"\r\n" + part + b"\r\n" for part in parts) + end


def fields(*lines: bytes) -> bytes:
    return b"".join(line + b"\r\n" for line in lines)


SHORT: dict[str, list[bytes]] = {
    "ordinary": [said()],
    "byte by byte": [said(b"hello")[place : place + 1] for place in range(len(said(b"hello")))],
    "in three": [said()[:20], said()[20:100], said()[100:]],
    "empty": [said(b"")],
    "chunks": [chunked(b"abc", BODY)],
    "chunks in three": [chunked(b"abc", BODY)[:80], chunked(b"abc", BODY)[80:500], chunked(b"abc", BODY)[500:]],
    "chunk extension": [chunked(b"abc", size=b"3;a=b")],
    "trailers": [chunked(b"abc", end=b"0\r\nX-T: 1\r\n\r\n")],
    "chunks in capitals": [chunked(BODY, encoding=b"Chunked")],
    "chunks and a length": [chunked(BODY, extra=b"Content-Length: 7\r\n")],
    "304": [b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'],
    "304 with a length": [b'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nEtag: "a"\r\n\r\n'],
    "304 in chunks": [b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"],
    "204": [b"HTTP/1.1 204 No Content\r\n\r\n"],
    "no phrase": [said(first=b"HTTP/1.1 200")],
    "phrase in Chinese": [said(first="HTTP/1.1 200 好".encode())],
    "spaces around a length": [said(b"hello", length=b"  5 \t")],
    "zeros before a length": [said(b"1234567", length=b"007")],
    "fields of the connection": [said(extra=fields(b"Keep-Alive: a", b"TE: b", b"Upgrade: c", b"Via: e"))],
    "all sorts of fields": [
        said(
            extra=fields(
                "X: 值".encode(), b"Y:", b"Z:z", b"Set-Cookie: a=1", b"set-cookie: b=2; Path=/", b"W: \xb5\xc4", b"x: again",
                b"X-XSS-Protection: 1", b'ETag: W/"q"', b"www-authenticate: basic", b"Content-Encoding: gzip", b"N: a\0b",
            )
        )
    ],
    "close": [said(extra=b"Connection: close\r\n"), CLOSE],
    "close in capitals": [said(extra=b"Connection: Close\r\n"), CLOSE],
    "redirect": [said(b"", first=b"HTTP/1.1 302 Found", extra=b"Location: /\xe4\xb8\xad\r\n")],
    "something behind it": [said() + b"more"],
    "something behind chunks": [chunked(BODY) + b"more"],
}  # fmt: skip
"""What the short way reads to its end."""

ODD: dict[str, list[bytes]] = {
    "something later": [said(), b"more"],
    "bad chunk": [chunked(b"abc", size=b"zz"), CLOSE],
    "chunk too long": [chunked(b"abcd", size=b"3"), CLOSE],
    "torn chunk": [chunked(BODY)[:-500], CLOSE],
    "no last chunk": [chunked(BODY, end=b""), CLOSE],
    "gzip in chunks": [chunked(BODY, encoding=b"gzip, chunked"), CLOSE],
    "chunks twice": [chunked(BODY, extra=b"Transfer-Encoding: chunked\r\n")],
    "identity": [said(extra=b"Transfer-Encoding: identity\r\n"), CLOSE],
    "no length": [b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n" + BODY, CLOSE],
    "torn": [said()[:-10], CLOSE],
    "torn behind the head": [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", CLOSE],
    "torn head": [b"HTTP/1.1 200 OK\r\nCont", CLOSE],
    "reset": [said()[:-10], RESET],
    "reset at once": [RESET],
    "closed at once": [CLOSE],
    "1.0": [said(first=b"HTTP/1.0 200 OK")],
    "100 before it": [b"HTTP/1.1 100 Continue\r\n\r\n" + said()],
    "103 before it": [b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", said()],
    "status 600": [said(first=b"HTTP/1.1 600 OK")],
    "status 0200": [said(first=b"HTTP/1.1 0200 OK")],
    "status x": [said(first=b"HTTP/1.1 x OK"), CLOSE],
    "two spaces": [said(first=b"HTTP/1.1  200 OK"), CLOSE],
    "small letters": [said(first=b"http/1.1 200 OK")],
    "LF only": [said().replace(b"\r\n", b"\n")],
    "LF here and there": [b"HTTP/1.1 200 OK\nContent-Length: 3000\r\n\r\n" + BODY],
    "no colon": [said(extra=b"garbage\r\n")],
    "folded": [said(extra=b"X: a\r\n b\r\n")],
    "folded at once": [b"HTTP/1.1 200 OK\r\n A: b\r\nContent-Length: 2\r\n\r\nab", CLOSE],
    "one length twice": [said(extra=b"Content-Length: 3000\r\n")],
    "two lengths": [said(extra=b"Content-Length: 2999\r\n"), CLOSE],
    "lengths in one field": [said(b"hello", length=b"5, 5")],
    "negative length": [said(length=b"-5"), CLOSE],
    "no number": [said(length=b"x"), CLOSE],
    "no length in its field": [said(length=b""), CLOSE],
    "a space behind a name": [said(extra=b"X : a\r\n"), CLOSE],
    "a name in Chinese": [said(extra="名: a\r\n".encode()), CLOSE],
    "no name": [said(extra=b": a\r\n"), CLOSE],
    "CR in a field": [said(extra=b"X: a\rb\r\n")],
    "long field": [said(extra=b"X: " + b"y" * 17000 + b"\r\n"), CLOSE],
    "long head": [said(extra=b"".join(b"X%d: " % number + b"y" * 1000 + b"\r\n" for number in range(40)))],
    "too large": [said(b"z" * 2_100_000)],
    "too large in chunks": [chunked(b"z" * 1_100_000, b"z" * 1_100_000)],
    "large": [said(b"z" * 1_500_000)],
    "large in chunks": [chunked(b"z" * 900_000, b"z" * 900_000)],
    "large, torn": [said(b"z" * 1_500_000)[:-5], CLOSE],
    "silence": [STALL],
    "silence in the head": [said()[:30], STALL],
    "silence in the body": [said()[:500], STALL],
    "silence in an odd body": [said(b"abc", first=b"HTTP/1.0 200 OK", length=b"50"), STALL],
    "another protocol": [b"\x16\x03\x01garbage\r\n\r\n", CLOSE],
    "a page": [b"<html>\r\n\r\n</html>", CLOSE],
    "an empty line before it": [b"\r\n" + said()],
}
"""What is left to Twisted's parser, or comes over another connection."""

PATHS = [
    "/a?b=c", "/a?", "/a;x", "/a%20b", "/中文/页.html?名=值", "//a", "", "?q=1", "/a#frag", "/a?b#c", "/a/../b", "/a|b", "/a?x=[1]&y={2}",
    "/A'b(c)", "/%e4", "/a?d?e", "/\"<>", "/a\\b", "/~u/@x:y", "/a?%",
]  # fmt: skip
HEADERS: list[dict[str, Any]] = [
    {"If-None-Match": '"x"'}, {"X-Thing": "a\r\nB: c"}, {"etag": "q", "x-XSS-protection": "1"},
    {"Cookie": "a=b"}, {"Host": "a.cn"}, {"X": ["a", "b"]},
]  # fmt: skip
ORDERS = [*((path, {}) for path in PATHS), *(("/a", headers) for headers in HEADERS)]


class Server:
    """Answers `warm` in order, and everything else with what its connection's case says. The case is the `X-Case` field."""

    def __init__(self) -> None:
        self.heads: dict[str, list[bytes]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            while await self._answer(await reader.readuntil(b"\r\n\r\n"), writer):
                pass
        writer.close()

    async def _answer(self, head: bytes, writer: asyncio.StreamWriter) -> bool:
        found = re.search(rb"X-Case: (.*)\r\n", head)
        case = found[1].decode() if found else ""
        if head.startswith(b"GET /warm"):
            writer.write(said(b"warm"))
            return True
        self.heads.setdefault(case, []).append(
            re.sub(rb"(Host: .*):\d+", rb"\1", head.replace(found[0] if found else b"", b""))
        )
        steps = (SHORT | ODD).get(case.partition("/")[2], SHORT["ordinary"])
        for step in steps:
            if step is RESET:
                writer.transport.abort()
            if step is STALL:
                await asyncio.sleep(2)
            if step in (CLOSE, RESET, STALL):
                return False
            writer.write(step)
            await writer.drain()
            if len(steps) > 1:
                await asyncio.sleep(0.001)
        return True


def handler(kind: type[HTTP11DownloadHandler]) -> HTTP11DownloadHandler:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    crawler = Crawler(type("Asks", (Spider,), {"name": "asks"}), settings)
    crawler.spider = crawler._create_spider()
    return kind(crawler)


async def ask(kind: HTTP11DownloadHandler, url: str, case: str, headers: dict[str, Any], seconds: float) -> list[Any]:
    meta = {"download_maxsize": 2_000_000, "download_timeout": seconds, "download_fail_on_dataloss": True}
    try:
        response = await kind.download_request(Request(url, headers={"X-Case": case, **headers}, meta=meta))
    except Exception as error:
        words = re.sub(r"longer than [\d.]+|0x[0-9a-f]+|:\d{4,5}", "", str(error))
        return [type(error).__name__, words[:300]]
    subject = response.certificate and response.certificate.original.to_cryptography().subject.rfc4514_string()
    path = response.url.partition("127.0.0.1")[2].lstrip(":0123456789")
    found = [(name.decode(), [repr(value) for value in values]) for name, values in dict.items(response.headers)]
    body = [len(response.body), response.body[:20].decode(), response.body[-20:].decode()]
    return [response.status, found, body, response.flags, str(response.ip_address), subject, path, response.protocol]


async def compare(server: Server, base: str, name: str, path: str, headers: dict[str, Any]) -> list[Any]:
    """What differs between the two in one case; empty: nothing."""
    from crawler.transport import HttpHandler

    results = []
    seconds = 0.3 if name.startswith("silence") else 20.0
    for kind in (HTTP11DownloadHandler, HttpHandler):
        case = f"{kind.__name__}/{name}"
        client = handler(kind)
        before = await ask(client, f"{base}/warm", case, {}, 20.0)
        found = await ask(client, f"{base}{path}", case, headers, seconds)
        await asyncio.sleep(0.01)
        after = await ask(client, f"{base}/warm", case, {}, 20.0)
        results.append([before, found, [repr(head) for head in server.heads.pop(case, [])], after])
        await client.close()
    return [] if results[0] == results[1] else [name, path, *results]


async def main(certificate: str) -> None:
    from crawler.connection import Connection

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    answered = Connection._finish
    short = 0

    def finish(self: Connection, *arguments: Any) -> None:
        nonlocal short
        short += 1
        answered(self, *arguments)

    Connection._finish = finish  # type: ignore[method-assign]
    cases = [(name, "/page", {}) for name in (*SHORT, *ODD)]
    cases += [(f"order {number}", path, headers) for number, (path, headers) in enumerate(ORDERS)]
    differences = []
    server = Server()
    for secure in (False, True):
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context if secure else None)
        base = f"{'https' if secure else 'http'}://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        some = [
            case for case in cases if not secure or case[0] in ("ordinary", "chunks", "304", "torn", "closed at once")
        ]
        differences += [one for one in await asyncio.gather(*(compare(server, base, *case) for case in some)) if one]
        listening.close()
    print(json.dumps({"differences": differences, "cases": len(cases), "short": short}))


def run(certificate: str) -> None:
    logging.disable(logging.CRITICAL)
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor

    task = asyncio.get_event_loop().create_task(main(certificate))
    task.add_done_callback(lambda _: reactor.stop())  # type: ignore[attr-defined]
    reactor.run(installSignalHandlers=False)  # type: ignore[attr-defined]
    task.result()


if __name__ == "__main__":
    run(sys.argv[1])
