"""What may be fetched: schemes, hosts, addresses.

Three gates. `Guard.refusal` judges an address as text, before each request and each redirect. `GuardedResolver` judges
the IP addresses that a name resolves to at the moment of connecting, so that a name cannot first resolve to a public
address and then to a private one. Sizes are bounded per request by Scrapy (`download_maxsize`, also while
decompressing). A refusal is recorded by the spider and is never fatal.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler.addresses import is_private, literal_address
from crawler.page.address import bare, host_of
from crawler.portal import Policy, Portal

__all__ = [
    "URL_LENGTH", "Guard", "GuardedResolver", "Refusal", "allow_proxy", "is_private", "literal_address", "refused_address",
]  # fmt: skip

URL_LENGTH = 2083
"""Characters; longer addresses are traps, no portal has one."""

# A user before the host, or a backslash that browsers take for the host's end: what shows the address may go elsewhere.
_AMBIGUOUS = re.compile(r"(?i)https?:[\\/]*[^/?#]*[@\\]")


class Refusal(NamedTuple):
    """Why an address is not fetched."""

    rule: str
    """`refused_address` (scheme, length, private address) or `off_host`."""
    detail: str


class Guard:
    """What one portal's spider may fetch."""

    def __init__(self, portal: Portal, policy: Policy) -> None:
        self._names = frozenset(bare(host.lower().rstrip(".")) for host in (*portal.hosts, *portal.allowed_hosts))
        self._exact = frozenset(host.strip("[]").lower() for host in (*portal.hosts, *portal.allowed_hosts))
        self._allow_private = policy.allow_private

    def allows_host(self, url: str) -> bool:
        """Whether the address lies on the portal's hosts or `allowed_hosts`; `www.` does not count, other subdomains do."""
        host = host_of(url)
        return bool(host) and bare(host) in self._names

    def refusal(self, url: str) -> Refusal | None:
        """Why `url` may not be fetched, or None."""
        if not url.lower().startswith(("http://", "https://")):
            return Refusal("refused_address", f"neither http nor https: {url[:200]}")
        if len(url) > URL_LENGTH:
            return Refusal("refused_address", f"longer than {URL_LENGTH} characters: {url[:200]}…")
        host = host_of(url)
        if not host:
            return Refusal("refused_address", f"not an address: {url[:200]}")
        literal = literal_address(host)
        if literal is not None and not self._allow_private and is_private(literal):
            return Refusal("refused_address", f"{host} is a private or reserved address ({literal})")
        if bare(host) not in self._names:
            return Refusal("off_host", f"{host} is neither the portal's host nor in allowed_hosts")
        if _AMBIGUOUS.match(url):
            return Refusal("refused_address", f"its host can be read in two ways: {url[:200]}")
        return None

    def open(self) -> None:
        """Lets the resolver give private addresses for this portal's names, if its policy says so."""
        if self._allow_private:
            _private_names.update(self._exact)

    def close(self) -> None:
        """Takes back `open`."""
        if self._allow_private:
            _private_names.subtract(self._exact)


_private_names: Counter[str] = Counter()
"""Names that may resolve to private addresses: the hosts of open portals with `allow_private`, and proxies."""
_refused: dict[str, str] = {}
"""Names whose last resolution was refused, and the address why."""


def allow_proxy(address: str) -> None:
    """A proxy that the operator set may lie anywhere."""
    _private_names[host_of(address)] += 1


def refused_address(host: str) -> str:
    """The private address that made the resolver refuse `host`, or ""."""
    return _refused.get(host.lower(), "")


@implementer(IResolutionReceiver)
class _Filter:
    """Passes a name's addresses on, private ones left out."""

    def __init__(self, receiver: Any, name: str) -> None:
        self._receiver = receiver
        self._name = name
        self._refuse = _private_names[name] <= 0

    def resolutionBegan(self, resolution: IHostResolution) -> None:
        _refused.pop(self._name, None)
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: IAddress) -> None:
        host = str(getattr(address, "host", ""))
        literal = literal_address(host)
        if self._refuse and (literal is None or is_private(literal)):
            _refused[self._name] = host
        else:
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:
        self._receiver.resolutionComplete()


class GuardedResolver(CachingHostnameResolver):
    """Scrapy's caching resolver (IPv4 and IPv6), private addresses refused at each connection."""

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        """See IHostnameResolver."""
        receiver: Any = _Filter(resolutionReceiver, hostName.lower())
        return super().resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)
