"""crawler.robots and crawler.waiting: what a host asks of whoever reads it, by robots.txt and by Retry-After."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.robots import LONGEST_DELAY, READ, parse, product_token
from crawler.waiting import LONGEST, retry_after

SITE = "https://www.yunxi.gov.cn"
ALL = b"User-agent: *\nDisallow: /\n"


def allowed(body: bytes, path: str, token: str = "nianbao") -> bool:
    return parse(body, token).allows(SITE + path)


@pytest.mark.parametrize(
    ("body", "path", "open_"),
    [
        (ALL, "/zwgk/", False),
        (b"User-agent: *\nDisallow:\n", "/zwgk/", True),
        (b"", "/zwgk/", True),
        (b"User-agent: *\nDisallow: /zwgk/\nAllow: /zwgk/nb/\n", "/zwgk/nb/1.html", True),
        (b"User-agent: *\nAllow: /zwgk/nb/\nDisallow: /zwgk/\n", "/zwgk/x.html", False),
        (b"User-agent: *\nDisallow: /a\nAllow: /a\n", "/a", True),
        (b"User-agent: *\nDisallow: /*.pdf$\n", "/f/1.pdf", False),
        (b"User-agent: *\nDisallow: /*.pdf$\n", "/f/1.pdf.html", True),
        (b"User-agent: *\nDisallow: /\n\nUser-agent: nianbao\nAllow: /\n", "/a", True),
        (b"User-agent: NianBao\nDisallow: /\n\nUser-agent: *\nDisallow:\n", "/a", False),
        (b"User-agent: bbao\nDisallow: /\n", "/a", True),
        (b"User-agent: nianbao\nDisallow: /a\n\nUser-agent: nianbao\nDisallow: /b\n", "/b", False),
        (b"User-agent: monitor\nDisallow: /\n", "/a", True),
        (b"user-agent:*\rdisallow:/zwgk\r", "/zwgk/1", False),
        (b"# only words\nSitemap: https://www.yunxi.gov.cn/sitemap.xml\n", "/a", True),
        (b"Disallow: /\n", "/a", True),
        (b"User-agent: *\nDisallow: /%E5%B9%B4%E6%8A%A5/\n", "/%e5%b9%b4%e6%8a%a5/1", False),
        ("User-agent: *\nDisallow: /年报/\n".encode(), "/%E5%B9%B4%E6%8A%A5/1", False),
        (ALL, "/robots.txt", True),
    ],
)
def test_what_is_open(body: bytes, path: str, open_: bool) -> None:
    assert allowed(body, path) is open_


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + ALL,
        "\ufeffUser-agent: *\nDisallow: /\n".encode("utf-16-le"),
        "\ufeffUser-agent: *\nDisallow: /\n".encode("utf-16-be"),
        "# 本站禁止抓取\nUser-agent: *\nDisallow: /\n".encode("gb18030"),
        ALL.replace(b"\n", b"\r\n"),
    ],
)
def test_any_charset_closes(body: bytes) -> None:
    assert not allowed(body, "/a")


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>404 Not Found\nUser-agent: *\nDisallow: /\n</body></html>",
        b"\xef\xbb\xbf<!DOCTYPE html>\nUser-agent: *\nDisallow: /\n",
        b"\r\n\r\n  <script>$_ts=window['$_ts'];</script>\nUser-agent: *\nDisallow: /\n",
        b"\xff\xfe\x00\xd8",
        bytes(range(256)) * 50,
    ],
)
def test_what_is_no_robots_txt_closes_nothing(body: bytes) -> None:
    assert allowed(body, "/a")


def test_only_so_much_is_read_and_no_half_line_counts() -> None:
    filler = b"User-agent: *\nDisallow: /secret/\n" + b"# filler\n" * ((READ - 50) // 9)
    cut = filler + b"#" * (READ - len(filler) - 12) + b"\nDisallow: /zwgk/closed/\n"
    assert len(cut) > READ > cut.index(b"Disallow: /zwgk")
    assert not allowed(cut, "/secret/1")
    assert allowed(cut, "/zwgk/open/"), "half of the last line would have closed it"


def test_megabytes_of_rules_cost_little() -> None:
    body = b"User-agent: *\n" + b"".join(b"Disallow: /%06d*a*b*c$\n" % number for number in range(20_000))
    begun = time.perf_counter()
    rules = parse(body, "nianbao")
    assert rules.allows(f"{SITE}/{'a' * 2000}")
    assert time.perf_counter() - begun < 3


@pytest.mark.parametrize(
    ("rules", "seconds"),
    [
        ("Crawl-delay: 5", 5),
        ("crawl-delay: 2.5", 2.5),
        ("Crawl-delay: 86400", LONGEST_DELAY),
        ("Crawl-delay: -3", 0),
        ("Crawl-delay: soon", 0),
        ("Crawl-delay: inf", 0),
        ("Crawl-delay:", 0),
        ("Request-rate: 1/10", 10),
        ("Request-rate: 2/1m", 30),
        ("Request-rate: 1/0", 0),
        ("Crawl-delay: 3\nRequest-rate: 1/10", 10),
        ("Disallow: /x", 0),
    ],
)
def test_the_pause_that_it_asks_for(rules: str, seconds: float) -> None:
    assert parse(f"User-agent: *\n{rules}\n".encode(), "nianbao").delay == seconds


def test_a_pause_for_others_is_not_ours() -> None:
    assert parse(b"User-agent: Baiduspider\nCrawl-delay: 30\n", "nianbao").delay == 0
    assert parse(b"User-agent: nianbao\nCrawl-delay: 30\n\nUser-agent: *\nCrawl-delay: 2\n", "nianbao").delay == 30


@pytest.mark.parametrize(
    ("agent", "token"),
    [
        ("nianbao/0.1 (annual report monitor; desk@example.cn)", "nianbao"),
        ("nianbao (+https://example.cn)", "nianbao"),
        ("Mozilla/5.0 (compatible; DeskWatch/2.0; desk@example.cn)", "DeskWatch"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", "nianbao"),
        ("desk-watch/1.0", "desk-watch"),
        ("", "nianbao"),
        ("政府监测/1.0", "nianbao"),
    ],
)
def test_the_name_by_which_it_calls_us(agent: str, token: str) -> None:
    assert product_token(agent) == token


@given(st.binary(max_size=400), st.text(max_size=60))
def test_nothing_that_a_host_sends_breaks_it(body: bytes, path: str) -> None:
    rules = parse(b"User-agent: *\n" + body, "nianbao")
    rules.allows(f"{SITE}/{path}")
    assert 0 <= rules.delay <= LONGEST_DELAY


# Retry-After ------------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def asked(value: str, date: str = "") -> float | None:
    return retry_after(value, date, NOW.timestamp())


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0), ("30", 30), (" 120 ", 120), ("1.5", 1), ("999999999999", LONGEST), ("9" * 400, None), ("-5", None),
        ("soon", None), ("", None), ("1e9", None), ("60, 120", None),
    ],
)  # fmt: skip
def test_seconds(value: str, seconds: float | None) -> None:
    assert asked(value) == seconds


def test_a_date_counts_from_the_answer_s_own() -> None:
    """Neither clock need be right."""
    wrong = NOW - timedelta(days=400)
    until = format_datetime(wrong + timedelta(seconds=90), usegmt=True)
    assert asked(until, format_datetime(wrong, usegmt=True)) == 90
    assert asked(until) == 0, "without one it is long over"
    assert asked(format_datetime(NOW + timedelta(seconds=90), usegmt=True)) == 90
    assert asked(format_datetime(NOW + timedelta(days=900), usegmt=True)) == LONGEST
    assert asked("Sunday, 22-Nov-26 04:01:00 GMT") == 60
    assert asked("Sun Nov 22 04:01:00 2026") == 60


@given(st.text(max_size=120), st.text(max_size=40))
def test_any_header_is_bounded(value: str, date: str) -> None:
    seconds = asked(value, date)
    assert seconds is None or 0 <= seconds <= LONGEST
