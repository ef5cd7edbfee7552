"""How the crawler speaks TLS: as of 2018 and later, and as servers of 2008 do only where a portal's file says so.

Scrapy's own handler takes any certificate, and so does this one: what is wrong with one is a finding (crawler/tls.py), not a
reason to leave a public page unread. Scrapy also connects to every server that lacks secure renegotiation (RFC 5746), and
cannot be set to lower OpenSSL's security level, without which TLS 1.0 and 1.1 do not work: both are decided here.
"""

from typing import Any

from OpenSSL import SSL
from scrapy.core.downloader.contextfactory import _ScrapyClientContextFactory
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings
from twisted.internet.ssl import CertificateOptions, TLSVersion

from crawler.tls import LEGACY_CONNECT, OLD_CIPHERS

OLD_TLS = "NIANBAO_OLD_TLS"
"""The setting: `[policy] old_tls`."""


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


class HttpsHandler(HTTP11DownloadHandler):
    """Scrapy's handler, with the TLS of the portal's file; through a proxy's tunnel too."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        factory: Any = _Factory(crawler.settings.getbool(OLD_TLS))
        self._contextFactory = factory
