"""Internet addresses: what a host name spells, and which of them are no public ones. Pure."""

import ipaddress
import socket

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def literal_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that `host` spells, in any form that a resolver takes (`127.1`, `0x7f000001`, `2130706433`, IPv6)."""
    try:
        return ipaddress.ip_address(host.strip("[]").split("%", 1)[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def is_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is anything but a public unicast one: loopback, private, link-local, shared (CGNAT),
    reserved, multicast, unspecified; for IPv6 also when an IPv4 address of that kind is wrapped in it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_private(inner)
    return not address.is_global or address.is_multicast or address.is_reserved
