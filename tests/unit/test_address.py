"""One spelling of each address, and one key for all views of a page."""

import re
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.page import address
from crawler.page.address import is_home, join, normalise, twin_of

PAGE = "https://www.beijing.gov.cn/gongkai/zfxxgk/gknb/202503/t20250331_4050078.html"


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("HTTP://WWW.X.gov.cn:80/a/../b/./c.html", "http://www.x.gov.cn/b/c.html"),
        ("https://x.gov.cn:443", "https://x.gov.cn/"),
        ("https://x.gov.cn:8443/a", "https://x.gov.cn:8443/a"),
        ("http://x.gov.cn/a;jsessionid=0A1B?b=2&a=1", "http://x.gov.cn/a?b=2&a=1"),
        ("http://x.gov.cn/a?_t=123&id=5&timestamp=9", "http://x.gov.cn/a?id=5"),
        ("http://x.gov.cn/a.html#top", "http://x.gov.cn/a.html"),
        ("http://x.gov.cn/a.html#1", "http://x.gov.cn/a.html"),
        ("http://x.gov.cn/gkmlpt/index#6", "http://x.gov.cn/gkmlpt/index#6"),
        ("http://x.gov.cn/#/list/3", "http://x.gov.cn/#/list/3"),
        ("http://x.gov.cn/年报.pdf", "http://x.gov.cn/%E5%B9%B4%E6%8A%A5.pdf"),
        ("http://x.gov.cn/%E5%B9%B4.pdf", "http://x.gov.cn/%E5%B9%B4.pdf"),
        ("http://x.gov.cn//a//b", "http://x.gov.cn/a//b"),
    ],
)
def test_normalise(given_: str, expected: str) -> None:
    assert normalise(given_) == expected


_HOSTS = st.sampled_from(
    ["x.gov.cn", "1.2.3.4", "xn--x.cn", "x", "X.cn", "-x.cn", "x_y.cn", "x.cn.", "x..cn", "[::1]", "政府.cn"]
)
_PORTS = st.sampled_from(["", ":80", ":443", ":8080", ":0", ":080", ":59999", ":65535", ":65536", ":"])
_PATHS = st.text("ab/09.-_~%:@!$&'()*+,;=?#A \\\"中", max_size=12).map(lambda path: f"/{path}") | st.just("")


@given(st.sampled_from(["http://", "https://", "HTTP://", "ftp://"]), _HOSTS, _PORTS, _PATHS)
def test_an_address_that_is_spelled_already_is_one_that_the_long_way_leaves_as_it_is(
    scheme: str, host: str, port: str, path: str
) -> None:
    url = f"{scheme}{host}{port}{path}"
    if address._SPELLED.fullmatch(url):
        with patch.object(address, "_SPELLED", re.compile("(?!)")):
            assert normalise.__wrapped__(url) == url


@pytest.mark.parametrize(
    "view",
    [
        "http://www.beijing.gov.cn/gongkai/zfxxgk/gknb/202503/t20250331_4050078.html",
        "https://beijing.gov.cn/gongkai/zfxxgk/gknb/202503/t20250331_4050078.html",
        "https://www.beijing.gov.cn/gate/big5/www.beijing.gov.cn/gongkai/zfxxgk/gknb/202503/t20250331_4050078.html",
        "https://big5.beijing.gov.cn/gate/big5/www.beijing.gov.cn/gongkai/zfxxgk/gknb/202503/t20250331_4050078.html",
        "http://zfxxgk.beijing.gov.cn/gate/big5/www.beijing.gov.cn/gongkai/zfxxgk/gknb/202503/t20250331_4050078.html",
        "https://wap.beijing.gov.cn/gongkai/zfxxgk/gknb/202503/t20250331_4050078.html",
        "https://www.beijing.gov.cn/gongkai/zfxxgk/gknb/202503/t20250331_4050078_app.html",
        "https://www.beijing.gov.cn/gongkai/zfxxgk/gknb/202503/t20250331_4050078.html?ddtab=true",
        "https://www.beijing.gov.cn/gongkai/zfxxgk/gknb/202503/t20250331_4050078.html?type=2",
    ],
)
def test_views_share_a_key(view: str) -> None:
    assert twin_of(view) == twin_of(PAGE)


def test_other_pages_do_not() -> None:
    assert twin_of("http://x.gov.cn/content/mpost_1.html") == twin_of("http://x.gov.cn/content/post_1.html")
    assert twin_of("http://x.gov.cn/a/index.html") == twin_of("http://x.gov.cn/a/")
    assert twin_of("http://fgw.x.gov.cn/a") != twin_of("http://x.gov.cn/a")
    assert twin_of("http://x.gov.cn/a?fbtime=2022") != twin_of("http://x.gov.cn/a?fbtime=2023")
    assert twin_of("http://x.gov.cn/gkmlpt/index#6") != twin_of("http://x.gov.cn/gkmlpt/index#7")


@pytest.mark.parametrize("href", ["javascript:void(0)", "#", "", "mailto:a@b.cn", "ftp://x/", "http://[::1"])
def test_links_that_lead_nowhere(href: str) -> None:
    assert join("http://x.gov.cn/a/", href) == ""


def test_join() -> None:
    assert join("http://x.gov.cn/a/", "./202301\\t1.html") == "http://x.gov.cn/a/202301/t1.html"
    assert join("http://x.gov.cn/a/", "//y.gov.cn/b") == "http://y.gov.cn/b"


def test_home() -> None:
    assert is_home("http://x.gov.cn/")
    assert is_home("http://x.gov.cn/index.html")
    assert not is_home("http://x.gov.cn/?id=1")
    assert not is_home("http://x.gov.cn/zwgk/")


@given(st.text(alphabet="abc/.%?&=#é年:@[];+ ", max_size=40))
def test_normalise_is_stable(tail: str) -> None:
    try:
        once = normalise("http://x.gov.cn/" + tail)
    except ValueError:
        return
    assert normalise(once) == once


def test_a_files_cache_buster_is_no_part_of_its_address() -> None:
    for busted in ("?v=0.83", "?t=1712000000", "?1712000000", "?_t=1&v=2"):
        assert normalise(f"https://a.gov.cn/files/P1.pdf{busted}") == "https://a.gov.cn/files/P1.pdf"
    assert normalise("https://a.gov.cn/down.pdf?id=7&v=1") == "https://a.gov.cn/down.pdf?id=7"
    assert normalise("https://a.gov.cn/report.jsp?v=2024") == "https://a.gov.cn/report.jsp?v=2024"
