"""What may be fetched: hosts and addresses."""

import ipaddress
from typing import Any

import pytest
from scrapy.utils.datatypes import LocalCache
from twisted.internet.address import IPv4Address

from crawler import guard
from crawler.guard import Guard, GuardedResolver, is_private, literal_address
from crawler.portal import Policy, Portal

PORTAL = Portal("p", "p", "generic", ("https://www.x.gov.cn/nb/",), allowed_hosts=("files.y.gov.cn",))


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://www.x.gov.cn/a", None),
        ("http://x.gov.cn:8080/a", None),
        ("http://files.y.gov.cn/a.pdf", None),
        ("http://zyk.x.gov.cn/a", "off_host"),
        ("http://www.x.gov.cn.evil.example/a", "off_host"),
        ("http://x.gov.cn@evil.example/", "off_host"),
        ("ftp://www.x.gov.cn/a", "refused_address"),
        ("file:///etc/passwd", "refused_address"),
        ("http://127.0.0.1/", "refused_address"),
        ("http://2130706433/", "refused_address"),
        ("http://0177.0.0.1/", "refused_address"),
        ("http://0x7f.1/", "refused_address"),
        ("http://[::1]/", "refused_address"),
        ("http://[::ffff:10.0.0.1]/", "refused_address"),
        ("http://169.254.169.254/latest/meta-data", "refused_address"),
        ("http://[oops/", "refused_address"),
        ("http://www.x.gov.cn/" + "a" * 3000, "refused_address"),
    ],
)
def test_refusals(url: str, rule: str | None) -> None:
    refusal = Guard(PORTAL, Policy()).refusal(url)
    assert (refusal.rule if refusal else None) == rule


def test_links_are_followed_on_the_hosts_that_are_named_and_on_no_other() -> None:
    own = Guard(PORTAL, Policy())
    assert all(own.allows_host(f"https://{host}/a") for host in ("www.x.gov.cn", "x.gov.cn", "files.y.gov.cn"))
    assert not any(own.allows_host(f"https://{host}/a") for host in ("zyk.x.gov.cn", "evilx.gov.cn", "y.gov.cn"))


def test_even_with_allow_private_only_the_portals_own_hosts() -> None:
    own = Guard(Portal("p", "p", "generic", ("http://127.0.0.1:8000/",)), Policy(allow_private=True))
    assert own.refusal("http://127.0.0.1:9000/a") is None
    other = own.refusal("http://127.0.0.2/a")
    assert other is not None
    assert other.rule == "off_host"


@pytest.mark.parametrize(
    "address",
    ["10.1.2.3", "172.16.0.1", "192.168.1.1", "127.9.9.9", "169.254.1.1", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "240.0.0.1", "255.255.255.255", "192.0.2.1", "::", "::1", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1",
     "2002:7f00:1::", "64:ff9b::7f00:1"],
)  # fmt: skip
def test_private(address: str) -> None:
    assert is_private(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "123.125.114.144", "2400:3200::1", "64:ff9b::808:808"])
def test_public(address: str) -> None:
    assert not is_private(ipaddress.ip_address(address))


def test_literals() -> None:
    assert str(literal_address("127.1")) == "127.0.0.1"
    assert literal_address("www.x.gov.cn") is None


class Answers:
    """A resolver whose answer changes, as an attacker's does."""

    def __init__(self, *answers: str) -> None:
        self.answers = [*answers]

    def resolveHostName(self, receiver: Any, name: str, port: int = 0, *_: Any) -> Any:
        receiver.resolutionBegan(self)
        receiver.addressResolved(IPv4Address("TCP", self.answers.pop(0), port))
        receiver.resolutionComplete()
        return self


class Seen:
    def __init__(self) -> None:
        self.addresses: list[str] = []

    def resolutionBegan(self, _: Any) -> None:
        pass

    def addressResolved(self, address: Any) -> None:
        self.addresses.append(address.host)

    def resolutionComplete(self) -> None:
        pass


class Reactor:
    def __init__(self, resolver: Any) -> None:
        self.nameResolver = resolver


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Any:
    def call(name: str, *answers: str) -> list[list[str]]:
        monkeypatch.setattr("scrapy.resolver.dnscache", LocalCache(1000))
        resolver = GuardedResolver(Reactor(Answers(*answers)), 0)  # type: ignore[arg-type]
        out = []
        for _ in answers:
            seen = Seen()
            resolver.resolveHostName(seen, name, 80)  # type: ignore[arg-type]
            out.append(seen.addresses)
        return out

    return call


def test_a_name_that_turns_private_is_refused(resolve: Any) -> None:
    assert resolve("rebind.gov.cn", "8.8.8.8", "127.0.0.1") == [["8.8.8.8"], []]
    assert guard.refused_address("rebind.gov.cn") == "127.0.0.1"


def test_a_portal_with_allow_private_may(resolve: Any) -> None:
    own = Guard(Portal("p", "p", "generic", ("http://intranet.gov.cn/",)), Policy(allow_private=True))
    own.open()
    assert resolve("intranet.gov.cn", "10.0.0.1") == [["10.0.0.1"]]
    own.close()
    assert resolve("intranet.gov.cn", "10.0.0.1") == [[]]
