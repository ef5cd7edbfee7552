"""How portals are reached: old TLS where a file says so, certificates that are wrong, proxies, IPv6, and plain HTTP."""

import json
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crawler.tls import examine
from tests.e2e.polite_site import SECTION, YEARS, Proxy, Site, certificate, order, run, tls
from tests.e2e.test_engine import column, row
from tests.e2e.test_politeness import Home

OLD = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


# TLS --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", OLD, ids=lambda version: version.name)
def test_old_tls_is_spoken_only_where_the_portal_s_file_says_so(tmp_path: Path, version: ssl.TLSVersion) -> None:
    file = certificate(tmp_path, "127.0.0.1")
    with Site(context=tls(file, version)) as site:
        refused = run(order(tmp_path, "strict", site.base, {}))
        assert [(section.reason, section.first_page) for section in refused.sections] == [("TLS", False)]
        assert not site.asked
        read = run(order(tmp_path, "lenient", site.base, {"old_tls": True}))
        assert read.years == [*YEARS]
        facts = examine("127.0.0.1", site.port, allow_private=True)
        assert (facts.protocol, facts.old) == (version.name.replace("_", "."), True)


def test_a_file_that_allows_old_tls_still_speaks_the_best_that_both_can(tmp_path: Path) -> None:
    with Site(context=tls(certificate(tmp_path, "127.0.0.1"))) as site:
        assert run(order(tmp_path, "lenient", site.base, {"old_tls": True})).years == [*YEARS]
        facts = examine("127.0.0.1", site.port, allow_private=True)
        assert (facts.protocol, facts.old) == ("TLSv1.3", False)


@pytest.mark.parametrize(
    ("name", "days", "said"),
    [
        ("127.0.0.1", (-9, -1), "it expired on"),
        ("127.0.0.1", (1, 9), "it is not valid before"),
        ("www.other.gov.cn", (-1, 1), "it is for www.other.gov.cn"),
    ],
    ids=["expired", "not yet", "another name"],
)
def test_a_certificate_that_is_wrong_is_told_and_the_page_is_read(
    tmp_path: Path, name: str, days: tuple[int, int], said: str
) -> None:
    with Site(context=tls(certificate(tmp_path, name, days=days))) as site:
        result = run(order(tmp_path, "wrong", site.base, {}))
        facts = examine("127.0.0.1", site.port, allow_private=True)
    assert result.years == [*YEARS]
    [told] = [finding for finding in result.findings if finding.rule == "bad_certificate"]
    assert said in told.detail
    assert told.detail.endswith("its pages are read all the same")
    assert (told.severity, told.url) == ("info", f"{site.base}/")
    assert not facts.trusted
    assert facts.distrust
    assert any(problem.startswith(said) for problem in facts.problems)


def test_what_a_host_s_tls_is_like_or_why_it_has_none(tmp_path: Path) -> None:
    with Site() as plain:
        said = examine("127.0.0.1", plain.port, allow_private=True, timeout=3)
        assert said.error.startswith("TLS: ")
    assert examine("127.0.0.1", closed_port(), allow_private=True).error == "Connection refused"
    assert "private" in examine("127.0.0.1", 1).error
    assert examine("no-such-host.invalid", 443).error
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert examine("127.0.0.1", port, allow_private=True, timeout=0.3).error == "time-out"


# A proxy ------------------------------------------------------------------------------------------------------------------


def test_everything_goes_through_the_portal_s_proxy(tmp_path: Path) -> None:
    with Site() as site, Proxy() as proxy:
        result = run(order(tmp_path, "far", site.base, {"obey_robots": True}, proxy=proxy.address))
    assert result.years == [*YEARS]
    assert all(head.startswith(f"GET {site.base}/") for head in proxy.heads)
    assert "/robots.txt" in proxy.heads[0]


def test_https_goes_through_a_tunnel_and_ends_at_the_portal(tmp_path: Path) -> None:
    with Site(context=tls(certificate(tmp_path, "127.0.0.1"))) as site, Proxy() as proxy:
        address = proxy.address.replace("http://", "http://desk:${CN_PASSWORD}@")
        result = run(order(tmp_path, "far", site.base, {}, proxy=address), CN_PASSWORD="s3cret")
    assert result.years == [*YEARS]
    assert {head.split("\r\n")[0] for head in proxy.heads} == {f"CONNECT 127.0.0.1:{site.port} HTTP/1.1"}
    assert all("Proxy-Authorization: Basic " in head for head in proxy.heads)
    for path in result.folder.iterdir():
        assert b"s3cret" not in path.read_bytes(), path


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
@pytest.mark.parametrize(
    ("status", "marker"),
    [(None, "proxy: refused"), (407, "proxy: answers 407")],
    ids=["nobody there", "password"],
)
def test_a_proxy_that_fails_is_told_as_a_proxy(tmp_path: Path, secure: bool, status: int | None, marker: str) -> None:
    context = tls(certificate(tmp_path, "127.0.0.1")) if secure else None
    with Site(context=context) as site, Proxy(status or 0) as proxy:
        address = proxy.address if status else f"http://127.0.0.1:{closed_port()}"
        result = run(order(tmp_path, "far", site.base, {}, proxy=address, known=YEARS))
    assert not site.asked
    assert [section.reason for section in result.sections] == [marker]
    assert {(page.reading, page.marker) for page in result.pages.values()} == {("unreachable", marker)}


def test_a_portal_that_its_proxy_does_not_reach_is_the_portal_s_failure(tmp_path: Path) -> None:
    with Site(context=tls(certificate(tmp_path, "127.0.0.1"))) as site, Proxy(503) as proxy:
        result = run(order(tmp_path, "far", site.base, {}, proxy=proxy.address))
    assert [section.reason for section in result.sections] == ["status 503 of the proxy"]


# Addresses ----------------------------------------------------------------------------------------------------------------


def _ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not _ipv6(), reason="no IPv6 on this machine")
def test_a_host_that_has_an_ipv6_address_only(tmp_path: Path) -> None:
    with Site("::1") as site:
        result = run(order(tmp_path, "six", site.base, {"obey_robots": True}))
        assert result.years == [*YEARS]
        assert "/robots.txt" in site.paths
    with Site("::1", tls(certificate(tmp_path, "::1"))) as site:
        assert run(order(tmp_path, "secure", site.base, {})).years == [*YEARS]
        assert examine("::1", site.port, allow_private=True).protocol == "TLSv1.3"


def test_a_host_that_speaks_http_only_is_asked_over_http_only(tmp_path: Path) -> None:
    """Whatever it says of upgrades: it has no TLS to upgrade to."""
    with Site() as site:
        body = column(row(f"{SECTION}2020.html", 2020))
        headers: dict[str, Any] = {
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            "Content-Security-Policy": "upgrade-insecure-requests",
        }
        site.answers[SECTION] = lambda _: (200, headers, body)
        result = run(order(tmp_path, "plain", site.base, {}))
    assert result.years == [2020]
    assert not result.summary.errors


def test_a_dead_proxy_is_no_dead_portal(tmp_path: Path) -> None:
    """Rule 5: nobody can read it, and that is said; but not that it is the portal's doing."""
    with Site() as site:
        home = Home(tmp_path / "home", site)
        home.run("crawl", "far", now="2026-02-10T00:30:00Z")
        file = home.path / "portals" / "far.toml"
        file.write_text(f'proxy = "http://127.0.0.1:{closed_port()}"\n{file.read_text()}')
        before = len(site.asked)
        for hour in (2, 3, 4):
            done = home.run("crawl", "far", now=f"2026-02-10T0{hour}:00:00Z", code=1)
            assert "proxy: refused" in done.stderr
        assert len(site.asked) == before
        events = json.loads(home.run("events", "--json", now="2026-02-10T05:00:00Z").stdout)
        [down] = [event for event in events if event["kind"] == "portal_down"]
        assert down["summary"].startswith("代理服务器连续 3 次不可用，未能访问门户（门户本身可能正常）")
        assert not [event for event in events if event["kind"] == "taken_down"]
        file.write_text(file.read_text().partition("\n")[2])
        home.run("crawl", "far", now="2026-02-10T06:00:00Z")
        events = json.loads(home.run("events", "--json", now="2026-02-10T06:01:00Z").stdout)
        assert "portal_recovered" in {event["kind"] for event in events}


# The short way -----------------------------------------------------------------------------------------------------------


def test_what_servers_do_ends_as_it_does_with_scrapy_s_own_handler(tmp_path: Path) -> None:
    """Same responses, same errors, same bytes sent, whatever a server does; and most of it took the short way."""
    command = [sys.executable, "-m", "tests.e2e.two_handlers", str(certificate(tmp_path, "127.0.0.1"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["differences"] == []
    assert told["short"] >= told["cases"]
