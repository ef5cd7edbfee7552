"""What a response is when no report stands on it: gone, blocked, unreachable, a redirect, or another page."""

import pytest

from crawler.families.base import Markup
from crawler.page import verdict
from crawler.page.model import Fetched, Hint, Page
from crawler.page.reader import read_page
from crawler.portal import Portal

PORTAL = Portal(name="t", title="t", family="generic", sections=("http://www.x.gov.cn/nb/",))
URL = "http://www.x.gov.cn/nb/a/1.html"
TITLE = "某市人民政府2022年政府信息公开工作年度报告"
REPORT = f"""<h1>{TITLE}</h1><div id=zoom>
<p>依据《政府信息公开条例》，编制本报告。</p><p>一、总体情况</p><p>解决了页面不存在、验证码失效等问题。</p></div>"""
NAV = "".join(f"<li><a href=/{number}.html>栏目名称{number}</a></li>" for number in range(40))


def read(html: str, status: int = 200) -> Page:
    body = html.encode()
    return read_page(Fetched(URL, status, "text/html; charset=utf-8", body), PORTAL, Markup(), Hint(TITLE))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *[(status, "gone") for status in (404, 410)],
        *[(status, "blocked") for status in (401, 403, 405, 412, 418, 429, 521, 400)],
        *[(status, "unreachable") for status in (500, 502, 503, 504, 520, 522, 302)],
    ],
)  # fmt: skip
def test_the_status_decides_first(status: int, state: str) -> None:
    found = read(REPORT, status)
    assert (found.state, found.marker, found.reports) == (state, f"status {status}", ())


@pytest.mark.parametrize(
    "said",
    [
        "您访问的页面不存在", "对不起，您要查看的信息不存在或者已经被删除！", "该内容已下线", "URL已失效",
        "文档不存在或已被删除", "抱歉，页面找不到了", "已删除",
        "404 Not Found", "该文章已被删除", "您訪問的頁面不存在或已被刪除", "很抱歉，没有找到您要访问的页面", "404错误", "此信息已被撤销",
        "Sorry, page not found.",
        "您所访问的链接已失效，5秒后返回首页", "该页面已被移除或不存在", "HTTP Status 404 – Not Found",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "around", ["{}", "<ul>" + NAV + "</ul><div class=main><h2>提示</h2><p>{}</p></div><p>主办：某市 ICP备1号</p>"]
)
def test_error_pages_at_status_200(said: str, around: str) -> None:
    found = read(f"<html><head><title>提示</title></head><body>{around.format(said)}</body></html>")
    assert (found.state, found.refresh) == ("gone", ""), found


def test_an_error_in_a_script_or_in_json_or_under_the_old_title() -> None:
    assert read("<script>alert('您访问的内容不存在！');history.back();</script>").state == "gone"
    assert read('{"code":404,"msg":"内容不存在"}').state == "gone"
    assert (
        read(
            f"<title>{TITLE}</title><h1>{TITLE}</h1><div id=zoom><p>该内容已被删除，给您带来不便敬请谅解。</p></div>"
        ).state
        == "gone"
    )
    assert read("<meta http-equiv=refresh content='3;url=/'><p>您访问的页面不存在，3秒后返回首页</p>").state == "gone"


CHALLENGES = {
    "瑞数": "<html><head><meta content='abc' r=\"m\">"
    "<script r='m'>$_ts=window['$_ts'];if(!$_ts)$_ts={};$_ts.nsd=1;</script></head><body></body></html>",
    "瑞数 by its script alone": "<html><head><script>$_ts=window['$_ts'];$_ts.cd='q'</script></head><body></body></html>",
    "加速乐": "<script>document.cookie=('_')+('_')+('jsl_clearance=1');location.href=location.pathname</script>",
    "加速乐 named": "<script>var __jsl_clearance='x'</script>",
    "雷池": "<html><head><title>安全检测能力由雷池 WAF 提供</title>"
    "<script src='/.safeline/static/x.js'></script></head><body></body></html>",
    "captcha": "<title>安全验证</title><p>请输入验证码</p><img src=v.jpg>",
    "slider": "<p>请拖动滑块完成验证</p>",
    "waf": "<h1>您的访问请求可能对网站造成安全威胁，请求已被拦截</h1>",
    "login": "<title>用户登录</title><form>用户名<input name=u>密码<input type='password'><button>登录</button></form>",
    "frequent": "<p>访问过于频繁，请稍后再试</p>",
    "denied": "<title>Access Denied</title><h1>Access Denied</h1>",
}


@pytest.mark.parametrize("name", CHALLENGES)
@pytest.mark.parametrize("status", [200, 202])
def test_challenges(name: str, status: int) -> None:
    assert read(CHALLENGES[name], status).state == "blocked"


@pytest.mark.parametrize(
    ("wait", "little", "leads"),
    [(0, False, True), (1, False, True), (5, False, False), (5, True, True), (30, True, True), (600, True, False)],
)
def test_a_meta_refresh_that_waits_leads_on_from_a_page_that_shows_little(wait: int, little: bool, leads: bool) -> None:
    """A full page that leads on within moments is only passed through; one that waits is a page. After minutes, it reloads."""
    text = "<p>公告</p>" if little else "<p>会议研究了今年重点工程的推进情况。</p>" * 30
    meta = f"<meta http-equiv=refresh content='{wait};url=/'>"
    found = read(f"<html><head><title>某市</title>{meta}</head><body><h1>县政府召开会议</h1>{text}</body></html>")
    assert (found.state, found.refresh) == ("other", "http://www.x.gov.cn/" if leads else "")


FIREWALL = "<script r='m'>$_ts=window['$_ts'];</script>"


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ("<h1>县政府召开会议</h1>" + "<p>会议研究了今年重点工程的推进情况。</p>" * 30, "other"),
        (f"<ul>{NAV}</ul><h2>提示</h2><p>您访问的页面不存在</p>" + "<p>主办：某市人民政府办公室</p>" * 20, "gone"),
    ],
    ids=["another page", "an error page in the site's template"],
)
def test_a_challenges_marker_on_a_full_page_is_none(body: str, state: str) -> None:
    """瑞数 leaves it on all pages of a site: a report that is gone there must be seen to be."""
    assert read(f"<html><head><title>某市</title>{FIREWALL}</head><body>{body}</body></html>").state == state
    assert read(f"<html><head><title>某市</title>{FIREWALL}</head><body></body></html>").state == "blocked"


def menu(links: int, href: str = "/{}.html") -> str:
    rows = "".join(f"<li><a href={href.format(number)}>栏目{number}</a></li>" for number in range(links))
    return f"<html><head><title>某市</title>{FIREWALL}</head><body><ul>{rows}</ul></body></html>"


@pytest.mark.parametrize(
    ("html", "state"),
    [
        (menu(18), "other"),
        (menu(18, "http://www.x.gov.cn/{}/"), "other"),
        (menu(11), "blocked"),
        (menu(18, "http://www.y.gov.cn/{}/"), "blocked"),
        (menu(18, "/nb/a/1.html"), "blocked"),
        (menu(18, "javascript:go({})"), "blocked"),
        (menu(18).replace("栏目", ""), "blocked"),
        (menu(18).replace("<ul>", "<h1>请输入验证码</h1><ul>"), "blocked"),
        (menu(18).replace("$_ts", "acw_sc__v2"), "blocked"),
    ],
)
def test_a_menu_behind_a_firewall_is_no_challenge(html: str, state: str) -> None:
    """A short page of links (政府信息公开) shows as few words as a challenge, which links none."""
    assert read(html).state == state
    assert read(html, 412).state == "blocked"
    assert read(html, 202).state == "blocked"


def test_prose_about_lost_pages_is_no_error_page() -> None:
    """A notice is short; a page that only writes of such things is another page, and takes one confirmation more."""
    prose = "针对群众反映的部分栏目链接失效、页面不存在、附件内容已被删除等问题，市政务公开办组织各单位开展了全面排查，"
    prose += "逐条核对政府网站历年发布的信息，共更正错误链接一百二十余处，补发文件三十余件，并建立了每季度一次的定期检查制度。"
    news = f"<title>我市开展政府网站排查</title><h1>我市开展政府网站排查</h1><div id=zoom><p>{prose}</p></div>"
    assert read(news).state == "other"
    assert read(news.replace(prose, "页面不存在")).state == "gone"


def test_a_page_with_a_report_is_present_whatever_else_it_holds() -> None:
    noise = "<script>$_ts=window['$_ts'];</script><div class=login><form>登录<input type=password></form></div>"
    assert read(noise + REPORT).state == "present"
    assert read(noise + REPORT, 202).state == "present"
    assert (
        read(
            REPORT
            + "<script>function m(){location.href='/m/'} if(/Android/.test(navigator.userAgent))location.href='/wap'</script>"
        ).state
        == "present"
    )
    assert read("<meta http-equiv=refresh content='600'>" + REPORT).refresh == ""


@pytest.mark.parametrize(
    "html",
    [
        "<meta http-equiv='Refresh' content=\"0; URL='./202606/t1.html'\">", "<meta http-equiv=refresh content='0;url=202606/t1.html'>",
        '<script>window.location.href="./202606/t1.html";</script>', "<script>location.replace('202606/t1.html')</script>",
        "<body><p>正在跳转……</p><script>top.location = '/nb/a/202606/t1.html'</script></body>",
        "<script>/* location.href='/old' */\n// location.href='/older'\nself.location='202606/t1.html'</script>",
        "<frameset><frame src='202606/t1.html'></frameset>",
        "<base href='/nb/a/'><script>document.location.href = '202606/t1.html';</script>",
    ],
)  # fmt: skip
def test_redirect_shells(html: str) -> None:
    found = read(f"<html><head>{html}</head></html>")
    assert (found.state, found.refresh) == ("other", "http://www.x.gov.cn/nb/a/202606/t1.html")


@pytest.mark.parametrize(
    "script",
    [
        "location.href='/a/'+id+'.html'", "if(screen.width<700){location.href='/m/1.html'}", "location.href='javascript:void(0)'",
        "location.href='http://www.x.gov.cn/nb/a/1.html'",
    ],
)  # fmt: skip
def test_what_is_no_redirect(script: str) -> None:
    assert read(f"<html><body><p>栏目</p><script>{script}</script></body></html>").refresh == ""


def test_a_script_on_a_full_page_is_no_redirect() -> None:
    prose = "<p>本市举办了一场活动，来自各区的群众参加了活动，现场气氛热烈，秩序井然。</p>" * 20
    found = read(f"<html><body>{prose}<script>window.location.href='/x.html'</script></body></html>")
    assert (found.state, found.refresh) == ("other", "")


@pytest.mark.parametrize(
    "html",
    [
        "",
        " \n",
        "\ufeff",
        "<html><body></body></html>",
        "网站正在维护中",
        "<h1>502 Bad Gateway</h1>",
        "<p>系统繁忙，请稍后再试</p>",
    ],
)
def test_nothing_is_said(html: str) -> None:
    assert read(html).state == "unreachable"


def test_a_body_that_stops_in_the_middle() -> None:
    whole = f"<html><head></head><body><div class=a><div class=b>{REPORT}</div></div></body></html>"
    assert read(whole).state == "present"
    assert read(whole[: whole.index("验证码")]).marker == "truncated body"
    assert read(whole[:-20]).state == "present" or read(whole[:-20]).marker == "truncated body"
    assert read(whole.replace("</body></html>", "")).state == "present"


def test_a_page_of_old_days_that_closes_neither_cells_nor_itself_is_whole() -> None:
    rows = "".join(f"<TR><TD>·<A HREF='show.asp?id={n}'>第{n}条</A><TD>[2024-1-{n}]" for n in range(1, 9))
    assert verdict.cut_off(f"<HTML><BODY><TABLE>{rows}</TABLE>您是第12位访客") is None
    closed = rows.replace("<TD>[", "</TD><TD>[").replace("]<TR>", "]</TD></TR><TR>")
    cut = f"<html><body><div><table>{closed}</TD></TR><TR><TD>第9"
    assert verdict.cut_off(cut) is not None


def test_odd_bytes_never_raise() -> None:
    for body in (
        b"<",
        b"\xff\xfe<",
        b"<!--",
        b"<html",
        b"PK\x03\x04",
        b"\x00" * 9,
        b"<a" * 5000,
        b"]]>",
        "\ud7ff<p>".encode(),
    ):
        found = read_page(Fetched(URL, 200, "text/html", body), PORTAL, Markup())
        assert found.state in ("other", "unreachable")
