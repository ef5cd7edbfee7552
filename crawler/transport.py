"""How the crawler speaks HTTP and TLS: as of 2018 and later, and as servers of 2008 do only where a portal's file says so.

Scrapy's own handler takes any certificate, and so does this one: what is wrong with one is a finding (crawler/tls.py), not a
reason to leave a public page unread. Scrapy also connects to every server that lacks secure renegotiation (RFC 5746), and
cannot be set to lower OpenSSL's security level, without which TLS 1.0 and 1.1 do not work: both are decided here.
"""

import re
import time
from collections.abc import Hashable
from functools import lru_cache
from typing import Any, NamedTuple

from OpenSSL import SSL
from scrapy import Request
from scrapy.core.downloader.contextfactory import _ScrapyClientContextFactory
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.internet.ssl import CertificateOptions, TLSVersion
from twisted.web.http_headers import Headers as TxHeaders

from crawler.connection import GOING_ON, Nothing, Odd, Pool
from crawler.page.address import DEFAULT_PORTS
from crawler.tls import LEGACY_CONNECT, OLD_CIPHERS

OLD_TLS = "NIANBAO_OLD_TLS"
"""The setting: `[policy] old_tls`."""

# Of a host name or an IPv4 address; without what Twisted would take apart or put together again (`;`, an empty `?`).
_URL = re.compile(r"(https?)://([a-z0-9.-]+)(?::(\d{1,5}))?(/(?!/)[!#-:<->@-~]*(?:\?[!-~]+)?)")


def configure(settings: BaseSettings, old: bool) -> None:
    """Sets a spider's TLS."""
    settings.set(OLD_TLS, old, priority="spider")


class _Options(CertificateOptions):
    """TLS 1.2 and later, with a server that knows RFC 5746."""

    def __init__(self) -> None:
        super().__init__(fixBrokenPeers=True, raiseMinimumTo=TLSVersion.TLSv1_2)


class _OldOptions(CertificateOptions):
    """Whatever the library still can."""

    def __init__(self) -> None:
        super().__init__(fixBrokenPeers=True, insecurelyLowerMinimumTo=TLSVersion.TLSv1_0)

    def _makeContext(self, *args: Any) -> SSL.Context:
        context = super()._makeContext(*args)
        context.set_cipher_list(OLD_CIPHERS.encode())
        context.set_options(LEGACY_CONNECT)
        return context


class _Factory(_ScrapyClientContextFactory):
    """Scrapy's, with options of ours: certificates are not verified."""

    def __init__(self, old: bool) -> None:
        super().__init__()
        self._old = old

    def _get_cert_options(self) -> CertificateOptions:
        return _OldOptions() if self._old else _Options()


class HttpHandler(HTTP11DownloadHandler):
    """Scrapy's handler, with the TLS of the portal's file (through a proxy's tunnel too), and less ado about what is asked over a
    connection that served already (crawler/connection.py). That tells no listener of Scrapy's signals about heads and bytes."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        factory: Any = _Factory(crawler.settings.getbool(OLD_TLS))
        self._contextFactory = factory
        from twisted.internet import reactor  # not before it is installed

        self._pool: Pool = Pool(reactor, self._pool.maxPersistentPerHost)

    async def download_request(self, request: Request) -> Response:
        """See Scrapy."""
        order = order_of(request)
        connection = self._pool.take(order.key) if order is not None else None
        if order is None or connection is None:
            return await super().download_request(request)
        meta = request.meta
        seconds = meta["download_timeout"]
        began = time.monotonic()
        try:
            whole = await connection.ask(order.head, meta["download_maxsize"], seconds)
        except Nothing:
            return await super().download_request(request)
        except Odd:
            meta["download_timeout"] = max(began + seconds - time.monotonic(), 1.0)
            token = GOING_ON.set(connection)
            try:
                return await super().download_request(request)
            finally:
                GOING_ON.reset(token)
        except TimeoutError:
            raise DownloadTimeoutError(f"Getting {order.url} took longer than {seconds} seconds.") from None
        certificate, address = connection.peer
        response = Response(
            order.url, whole.head.status, None, whole.body, None, None, certificate, address, protocol="HTTP/1.1"
        )
        response.headers = whole.head.headers
        return response


class Order(NamedTuple):
    """A request that needs nothing but a connection."""

    key: Hashable
    """Of a connection to its host, as Scrapy's agents have it."""
    url: str
    head: bytes


def order_of(request: Request) -> Order | None:
    """The bytes that Scrapy's handler would send for a request; None: it takes more than bytes (a body, a proxy)."""
    meta, headers = request.meta, request.headers
    if request.method != "GET" or request.body or meta.get("proxy") or "bindaddress" in meta or b"Host" in headers:
        return None
    url = request.url.partition("#")[0]
    parts = _URL.fullmatch(url)
    if parts is None or "download_timeout" not in meta or "download_maxsize" not in meta:
        return None
    scheme, host, port, path = parts.groups()
    key, named = _of_host(scheme, host, port)
    lines = [b"GET %b HTTP/1.1" % path.encode("ascii")]
    for name, values in dict.items(headers):
        lines += [b"%b: %b" % (_canonical(name), value) for value in values]
    head = b"\r\n".join(lines)
    # A field with a line break in it is for Twisted to mend.
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1:
        return None
    return Order(key, url, head + named)


@lru_cache(maxsize=64)
def _of_host(scheme: str, host: str, port: str | None) -> tuple[Hashable, bytes]:
    """The key of a host's connections, and the last field of a request to it."""
    number = int(port) if port else DEFAULT_PORTS[scheme]
    named = host if number == DEFAULT_PORTS[scheme] else f"{host}:{number}"
    return (scheme.encode(), host.encode(), number, None), b"\r\nHost: %b\r\n\r\n" % named.encode()


@lru_cache(maxsize=256)
def _canonical(name: bytes) -> bytes:
    """A field's name as Twisted spells it."""
    return next(iter(TxHeaders({name: [b""]}).getAllRawHeaders()))[0]
