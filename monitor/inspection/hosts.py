"""What the hosts of portals show before any page: plain HTTP or TLS, and what is wrong with the certificate."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from crawler.portal import Portal
from crawler.tls import Facts, examine
from monitor.inspection.model import HostFound
from monitor.settings import Settings

_AT_ONCE = 8
_TIMEOUT = 8.0


def hosts_of(portals: Sequence[Portal], settings: Settings) -> dict[str, tuple[HostFound, ...]]:
    """By portal: the hosts of its sections. A portal behind a proxy is not examined: it is the proxy that connects."""
    seen: dict[str, tuple[HostFound, ...]] = {}
    with ThreadPoolExecutor(_AT_ONCE, "tls") as pool:
        waiting = {portal.name: [*_asked(portal)] for portal in portals}
        private = {portal.name: settings.policy.overridden(portal.policy).allow_private for portal in portals}
        shaken = {
            (name, host, port): pool.submit(examine, host, port, timeout=_TIMEOUT, allow_private=private[name])
            for name, asked in waiting.items()
            for scheme, host, port in asked
            if scheme == "https"
        }
        for portal in portals:
            proxied = "through the proxy" if portal.proxy else ""
            seen[portal.name] = tuple(
                HostFound(host, scheme, in_words(shaken[portal.name, host, port].result()))
                if scheme == "https"
                else HostFound(host, proxied or scheme)
                for scheme, host, port in waiting[portal.name]
            )
    return seen


def _asked(portal: Portal) -> Iterator[tuple[str, str, int]]:
    """Scheme, host and port of each section, once."""
    done = set()
    for section in portal.sections:
        parts = urlsplit(section)
        host = parts.hostname or ""
        scheme = "proxy" if portal.proxy else parts.scheme
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if (host, port) not in done:
            done.add((host, port))
            yield scheme, host, port


def in_words(facts: Facts) -> str:
    """What is worth saying of a handshake; empty: nothing is wrong."""
    if facts.error:
        return f"no TLS: {facts.error}"
    said = [f"only {facts.protocol} with old ciphers: set old_tls = true under [policy]"] if facts.old else []
    said += [f"its certificate: {problem}" for problem in facts.problems]
    if not facts.trusted and not facts.problems:
        said.append(f"its certificate is not trusted: {facts.distrust}")
    return "; ".join(said)
