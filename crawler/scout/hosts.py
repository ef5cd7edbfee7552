"""Whose host an address is of: the portal's own, another of the same government, or a stranger's.

Pure. A government's hosts share the name that it registered under gov.cn (`www.x.gov.cn`, `xxgk.x.gov.cn`); clones of portals stand
under names of companies ("domain notes", 0), so nothing but a shared registered name makes two hosts one portal's.
"""

import re

from crawler.page.address import bare, host_of

_SECOND = frozenset({"gov", "com", "net", "org", "edu", "ac", "mil"})
_OWN_PART = re.compile(r"^(?:\w*xxgk\w*|zwgk|gk|public|open|gongkai|info|zfxxgk|gov|zw|new|old|wap|m|big5)$")
_NUMERIC = re.compile(r"[\d.]+|\[?[0-9a-f:]+\]?|localhost", re.I)


def registered(host: str) -> str:
    """The registered name that a host belongs to: `xxgk.x.gov.cn` → `x.gov.cn`; a number or a bare name is its own."""
    if not host or _NUMERIC.fullmatch(host):
        return host
    labels = host.split(".")
    count = 3 if len(labels) > 2 and labels[-1] == "cn" and labels[-2] in _SECOND else 2
    return ".".join(labels[-count:])


def nearness(url: str, home: str) -> float:
    """How surely an address is of the portal at `home`: 1 its own host, 0.95 a host of its own for 信息公开, 0.75 another host of the same
    registered name (a department's, or the government above it), 0 a stranger's."""
    there, here = bare(host_of(url)), bare(host_of(home))
    if not there or not here:
        return 0.0
    if there == here:
        return 1.0
    if registered(there) != registered(here):
        return 0.0
    # xxgk.x.gov.cn beside www.x.gov.cn, not beside fgw.x.gov.cn, which is another organ's portal.
    main = registered(here)
    parts = {host.split(".", 1)[0] for host in (there, here) if host != main}
    return 0.95 if all(_OWN_PART.match(part) for part in parts) else 0.75
