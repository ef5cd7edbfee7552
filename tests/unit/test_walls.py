"""crawler.page.walls: which system refuses, and that its name alone never decides anything."""

import time

import pytest

from crawler.families.base import Markup
from crawler.page.model import Fetched, Hint
from crawler.page.reader import read_page
from crawler.page.walls import of_body, of_headers
from crawler.portal import Portal
from monitor.reading_words import in_words
from tests.unit.test_page_verdict import REPORT

PORTAL = Portal("x", "某市人民政府", "generic", ("http://www.x.gov.cn/nb/",))
RUISHU = "<html><head><meta content='abc' r=\"m\"><script r='m'>$_ts=window['$_ts'];$_ts.nsd=1;</script></head></html>"
JSL = "<script>document.cookie=('_')+('_')+('jsl_clearance_s=1763');location.href=location.pathname</script>"
CTYUN = "<html><head><title>405</title></head><body><p>您的访问可能对网站造成危险，已被电信云防护拦截</p></body></html>"
SAFELINE = (
    "<html><head><title>安全检测能力由雷池 WAF 提供</title><script src='/.safeline/static/x.js'></script></head></html>"
)
ALIYUN = "<html><body><script src='https://errors.aliyun.com/error.js'></script><h1>405</h1></body></html>"
CLOUDFLARE = "<title>Just a moment...</title><script>window._cf_chl_opt={}</script>"
F5 = (
    "The requested URL was rejected. Please consult with your administrator.<br>Your support ID is: 1234567890123456789"
)


def read(body: str, status: int) -> tuple[str, str]:
    page = read_page(
        Fetched("http://www.x.gov.cn/1.html", status, "text/html", body.encode()), PORTAL, Markup(), Hint()
    )
    return page.state, page.marker


@pytest.mark.parametrize(
    ("status", "body", "marker"),
    [
        (412, RUISHU, "challenge $_ts"),
        (412, "<html><head><meta content='x' r='m'></head></html>", "challenge r=m"),
        (412, "", "status 412"),
        (521, JSL, "challenge __jsl_clearance"),
        (468, SAFELINE, "challenge safeline"),
        (403, SAFELINE, "challenge safeline"),
        (405, CTYUN, "wall ctyun"),
        (405, ALIYUN, "wall aliyun"),
        (418, "<p>华为云 Web 应用防火墙</p>", "wall huawei"),
        (403, "<h1>网站安全狗</h1>", "wall safedog"),
        (403, F5, "wall f5"),
        (403, "<center>nginx</center>", "status 403"),
        (403, "<p>验证</p><script src='/captcha.js'></script>", "captcha"),
        (401, "<form>登录<input type=password></form>", "status 401"),
        (503, CLOUDFLARE, "challenge cloudflare"),
    ],
)
def test_what_refuses_is_named(status: int, body: str, marker: str) -> None:
    assert read(body, status) == ("blocked", marker)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (503, "<title>503</title><p>cloudflare</p>", ("unreachable", "status 503")),
        (502, CLOUDFLARE, ("unreachable", "status 502")),
        (404, RUISHU, ("gone", "status 404")),
        (410, CTYUN, ("gone", "status 410")),
    ],
)
def test_a_name_turns_no_reading_that_the_status_decides(status: int, body: str, said: tuple[str, str]) -> None:
    assert read(body, status) == said


@pytest.mark.parametrize("mark", [RUISHU, CTYUN, ALIYUN, F5, "cloudflare nsfocus 绿盟 网宿 edgeone"])
def test_a_report_stands_whatever_firewall_it_names(mark: str) -> None:
    assert read(REPORT + mark, 200)[0] == "present"


@pytest.mark.parametrize("word", ["wangsu", "绿盟", "腾讯云防护", "cloudflare", "errors.aliyun.com"])
def test_a_firewall_s_name_on_another_page_is_only_a_word(word: str) -> None:
    body = (
        f"<title>县政府召开会议</title><h1>县政府召开会议</h1><p>{word}</p>"
        + "<p>会议研究了今年重点工程的推进情况。</p>" * 30
    )
    assert read(body, 200)[0] == "other"


@pytest.mark.parametrize(
    ("headers", "status", "marker"),
    [
        ([("Set-Cookie", "__jsluid_s=abc; path=/")], 521, "challenge __jsl_clearance"),
        ([("set-cookie", "__jsluid_h=abc; path=/")], 403, "wall knownsec"),
        ([("Set-Cookie", "safeline_bot_challenge=1")], 403, "challenge safeline"),
        ([("Set-Cookie", "HWWAFSESID=1"), ("Server", "CloudWAF")], 418, "wall huawei"),
        ([("Set-Cookie", "acw_tc=1")], 405, "wall aliyun"),
        ([("Server", "cloudflare")], 403, "wall cloudflare"),
        ([("Server", "nginx"), ("Set-Cookie", "JSESSIONID=1")], 403, ""),
        ([("X-Note", "cloudflare")], 403, ""),
        ([], 412, ""),
    ],
)
def test_headers_name_it_too(headers: list[tuple[str, str]], status: int, marker: str) -> None:
    assert of_headers(headers, status) == marker


def test_each_name_has_words_for_staff() -> None:
    assert in_words("blocked", 405, "wall ctyun") == "被防火墙拦截（电信云防护）"
    assert in_words("blocked", 412, "challenge $_ts") == "被脚本验证拦截（瑞数）"
    assert in_words("blocked", 302, "challenge cookie") == "被脚本验证拦截（反复跳转，等待浏览器凭据）"


@pytest.mark.parametrize(
    "flood",
    [
        "document.cookie=",
        "<meta " * 2,
        "rejected." + " " * 9,
        "support ID is",
        "腾讯云",
        "slg-",
        "window['$_ts",
        "<script r",
    ],
)
def test_no_refusal_costs_much(flood: str) -> None:
    begun = time.perf_counter()
    of_body(flood * (2_000_000 // len(flood)), 403)
    assert time.perf_counter() - begun < 2
