"""What a fetch of a known page says, for each report on it: the table of docs/lifecycle.md, row by row, over the wire."""

import gzip
import zlib
from typing import Any

import pytest

from tests.e2e.test_unseen import CAPTCHA, JSL, LOGIN, NGINX, RUISHU, SERVICE, TRACE, Asked, Reply, column, redirect
from tests.law.wire import DOC, ORGAN, SECTION, Case, body, framed, modern, page, plain, run

REPORT = modern(DOC)
HEAD, TAIL = plain().split("<body>")
RUISHU_HEAD = (
    '<meta id="9DhefwqGPrzGxEp9hPaoag" content="abc" r="m">'
    "<script r=\"m\">$_ts=window['$_ts'];if(!$_ts)$_ts={};$_ts.nsd=66;</script>"
)
DEVICE = """<script>
function go(){ window.location.href = "/wap/index.html"; }
if (/Android|iPhone|Mobile/i.test(navigator.userAgent)) { location.replace("/wap/xxgk.html"); }
</script>"""
LOGIN_BOX = (
    '<div class="login"><form action="/sso"><input name="u" placeholder="用户名">'
    '<input type="password" name="p"><a>登录</a></form></div>'
)


def script(code: str, text: str = "") -> str:
    return page(f"{text}<script>{code}</script>", title="")


def once_cookie(asked: Asked) -> Reply:
    return (
        Reply(REPORT)
        if "__jsluid=1" in asked.headers.get("cookie", "")
        else Reply("", 302, headers={"Location": asked.path, "Set-Cookie": "__jsluid=1; path=/"})
    )


def raw(head: str, body: bytes) -> Reply:
    return Reply(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body, mode="raw")


PRESENT = {
    "plain": Case(REPORT, "present"),
    "status 202": Case(Reply(REPORT, 202), "present"),
    "with $_ts in the head": Case(REPORT.replace("<head>", "<head>" + RUISHU_HEAD), "present"),
    "with a login form in the header": Case(REPORT.replace("<body>", "<body>" + LOGIN_BOX), "present"),
    "with the words of an error page among the related links": Case(
        REPORT.replace(
            "</body>",
            "<div class=rel><a href=/x>关于“页面不存在”问题的答复</a><p>该信息已被删除</p><p>请输入验证码</p></div></body>",
        ),
        "present",
    ),
    "with a script for telephones": Case(REPORT.replace("</head>", DEVICE + "</head>"), "present"),
    "with a refresh in noscript": Case(
        REPORT.replace("</head>", '<noscript><meta http-equiv="refresh" content="0;url=/nojs.html"></noscript></head>'),
        "present",
    ),
    "behind a cookie": Case(once_cookie, "present"),
    "whatever the form of the transfer: gzip": Case(Reply(REPORT, mode="gzip"), "present"),
    "whatever the form of the transfer: chunked": Case(Reply(REPORT, mode="chunked"), "present"),
    "whatever the form of the transfer: to the end of the connection": Case(Reply(REPORT, mode="http10"), "present"),
}

SAME = {
    "304": Case(Reply("", 304), "same", etag='"v1"'),
    "the bytes of a response already read": Case(plain(), "same"),
    "304 that nobody asked for": Case(Reply("", 304), "unreachable", "unasked"),
    "304 behind a redirect, where nobody asked": Case(
        redirect("/other.html"), "unreachable", "unasked", {"/other.html": Reply("", 304)}, etag='"v1"'
    ),
}

GONE_STATUS = {
    "404": Case(None, "gone", "404"),
    "410": Case(Reply("", 410), "gone", "410"),
    "404 with the full report in it": Case(Reply(REPORT, 404), "gone", "404"),
    "404 with a challenge's script in it": Case(Reply(RUISHU, 404), "gone", "404"),
    "404 after a redirect": Case(redirect("/nowhere.html", 301), "gone", "404"),
    "404 with an empty body": Case(Reply("", 404), "gone", "404"),
}

SORRY = "<h2>提示</h2><p>对不起，您访问的页面不存在或已被删除！</p>"
SOFT = {
    "a short notice": Case(page("<p>您访问的内容已下线</p>"), "gone"),
    "in the site's template with menus and related links": Case(framed(SORRY), "gone"),
    "the report's own title over the notice": Case(
        page(f"<h1>{DOC.name}</h1><div id=zoom><p>该信息已被删除</p></div>", title=DOC.name), "gone"
    ),
    "in the alt of a picture": Case(framed('<img src="/images/404.jpg" alt="您访问的页面不存在">'), "gone"),
    "in the title of a picture": Case(
        framed('<img src="/images/p.jpg" title="抱歉，您要查看的页面不存在或已删除">'), "gone"
    ),
    "in the title of the page over a picture": Case(page('<img src="/images/a.jpg">', title="404 页面未找到"), "gone"),
    "无法找到该页": Case(page("<h2>提示</h2><p>无法找到该页</p>"), "gone"),
    "written by script": Case(page("<script>document.write('<p>您访问的页面不存在</p>')</script>"), "gone"),
    "written by script into the site's template": Case(
        framed(
            '<div id="m"></div><script>document.getElementById("m").innerHTML="您访问的页面不存在或已被删除";</script>'
        ),
        "gone",
    ),
    "alert and back": Case(page("<script>alert('您查看的信息不存在!');window.history.go(-1);</script>"), "gone"),
    "alert and home": Case(page("<script>alert('该信息已被删除或不存在');location.href='/';</script>"), "gone"),
    "JSON with code 404": Case(
        Reply('{"code":404,"msg":"Not Found","data":null}', content_type="application/json"), "gone"
    ),
    "JSON with a message": Case(
        Reply('{"success":false,"message":"文章不存在或已下线"}', content_type="application/json;charset=UTF-8"), "gone"
    ),
    "JSON with status and error": Case(
        Reply(
            '{"timestamp":"2026-11-22","status":404,"error":"Not Found","path":"/x"}', content_type="application/json"
        ),
        "gone",
    ),
    "JSON whose code is a string": Case(
        Reply('{"errcode":"404","errmsg":"内容为空"}', content_type="application/json"), "gone"
    ),
    "JSON in escapes": Case(
        Reply('{"code":-1,"msg":"\\u5185\\u5bb9\\u4e0d\\u5b58\\u5728"}', content_type="application/json"), "gone"
    ),
    "URL已失效": Case(page("<div>URL已失效</div>"), "gone"),
    "in Traditional script": Case(page("<p>您訪問的頁面不存在</p>"), "gone"),
    "with a countdown to the home page": Case(
        page("<p>您访问的页面不存在，<span>5</span>秒后返回首页</p>", '<meta http-equiv="refresh" content="5;url=/">'),
        "gone",
    ),
    "in English": Case(
        page("<h1>Not Found</h1><p>The requested URL was not found on this server.</p>", title="404"), "gone"
    ),
    "暂无数据": Case(framed("<div>暂无相关信息</div>"), "gone"),
}

REDIRECTED = {
    "HTTP to the home page": Case(redirect("/"), "gone", "home"),
    "HTTP to the home page with a query": Case(redirect("/?from=404"), "gone", "home"),
    "HTTP to the home page with a query that is kept": Case(redirect("/?code=404"), "gone", "home"),
    "HTTP to an error page that shows nothing": Case(
        redirect("/error.html"), "gone", "error", {"/error.html": "<html><body></body></html>"}
    ),
    "HTTP to index.html of the home page": Case(
        redirect("/index.html"), "gone", "home", {"/index.html": page("<p>首页</p>")}
    ),
    "HTTP in two steps to the home page": Case(redirect("/step"), "gone", "home", {"/step": redirect("/", 301)}),
    "HTTP to an error page": Case(redirect("/error/404.html"), "gone", "404", {"/error/404.html": page("<p>出错</p>")}),
    "HTTP to an error page by name": Case(
        redirect("/errorpage/notfound.html"), "gone", "", {"/errorpage/notfound.html": page("<img src=/a.png>")}
    ),
    "HTTP to the section": Case(redirect(SECTION), "gone", "section"),
    "HTTP to the section's index": Case(
        redirect(SECTION + "index.html"), "gone", "section", {SECTION + "index.html": column([])}
    ),
    "meta refresh to the home page": Case(page("", '<meta http-equiv="refresh" content="0;url=/">'), "gone", "home"),
    "meta refresh to the section": Case(
        page("<p>请稍候</p>", f'<meta HTTP-EQUIV="Refresh" CONTENT="3; URL={SECTION}">'), "gone", "section"
    ),
    "a Refresh header to the home page": Case(
        Reply(page("<p>跳转</p>"), headers={"Refresh": "0; url=/"}), "gone", "home"
    ),
    "a Refresh header and nothing else": Case(Reply("", headers={"Refresh": "0; url=/"}), "gone", "home"),
    "script: location.href": Case(script("location.href='/';"), "gone", "home"),
    "script: window.location": Case(
        script('window.location = "/index.html"'), "gone", "home", {"/index.html": page("<p>首页</p>")}
    ),
    "script: top.location": Case(script("top.location.href = '/'"), "gone", "home"),
    "script: self.location": Case(script("self.location='/'"), "gone", "home"),
    "script: parent.location.replace": Case(script("parent.location.replace('/')"), "gone", "home"),
    "script: document.location.replace": Case(script("document.location.replace('/')"), "gone", "home"),
    "script: location.assign": Case(script("location.assign('/')"), "gone", "home"),
    "script: window.open in place": Case(script("window.open('/','_self')"), "gone", "home"),
    "script: setTimeout of a string": Case(
        script("setTimeout(\"window.location.href='/'\", 3000)", "<p>3秒后跳转</p>"), "gone", "home"
    ),
    "script: setTimeout of a string with escaped quotes": Case(
        script('setTimeout("location.href=\\"/\\"", 100)'), "gone", "home"
    ),
    "script: setTimeout of a function": Case(
        script("setTimeout(function(){ location.href = '/'; }, 10)"), "gone", "home"
    ),
    "script: an arrow function": Case(script("setTimeout(() => { window.location.href = '/' }, 10)"), "gone", "home"),
    "script: a function that is called": Case(script("function go(){ location.href='/'; }\ngo();"), "gone", "home"),
    "script: window.onload": Case(script("window.onload = function () { location.href = '/'; }"), "gone", "home"),
    "script: jQuery's ready": Case(script("$(function(){ location.href = '/'; });"), "gone", "home"),
    "script: body onload": Case(
        page("", title="").replace("<body>", "<body onload=\"location.href='/'\">"), "gone", "home"
    ),
    "script: a function that onload names": Case(
        script("function jump(){location.href='/';}").replace("<body>", '<body onload="jump()">'), "gone", "home"
    ),
    "script: a variable": Case(script("var url = '/'; window.location.href = url;"), "gone", "home"),
    "script: to an error page": Case(
        script("location.href='/404.html'"), "gone", "404", {"/404.html": page("<img src=/404.png>")}
    ),
    "script: to the section": Case(script(f"location.href='{SECTION}'"), "gone", "section"),
    "a frame round the home page": Case('<html><frameset rows="*"><frame src="/"></frameset></html>', "gone", "home"),
}

NEWS = "<p>会议研究了今年重点工程推进情况，对下一步工作作出部署，要求各单位压实责任、加快进度、确保质量。</p>" * 8
OTHER = {
    "news": Case(framed("<h1>县政府召开常务会议</h1>" + NEWS, "县政府召开常务会议"), "other"),
    "an empty place in the template": Case(framed(f"<h1>{ORGAN}</h1><div id='zoom'></div>"), "other"),
    "a wrong parameter": Case(page("<p>参数错误！</p>"), "other"),
    "JSON with a wrong parameter": Case(
        Reply('{"code":1001,"msg":"参数错误"}', content_type="application/json"), "other"
    ),
    "another section's list by redirect": Case(
        redirect("/zwgk/list.html"),
        "other",
        "",
        {
            "/zwgk/list.html": framed(
                "<ul>" + "".join(f"<li><a href='/a/{n}.html'>{n}号文件</a></li>" for n in range(30)) + "</ul>"
            )
        },
    ),
}

BLOCKED = {
    **{
        f"{status}": Case(Reply("<p>no</p>", status), "blocked", str(status))
        for status in (401, 403, 405, 412, 418, 429, 521)
    },
    "403 with the words of a missing page": Case(Reply(page("<p>页面不存在</p>"), 403), "blocked", "403"),
    "a script challenge $_ts at 412": Case(Reply(RUISHU, 412), "blocked"),
    "a script challenge $_ts at 202": Case(Reply(RUISHU, 202), "blocked"),
    "a script challenge $_ts at 200": Case(RUISHU, "blocked"),
    "a script challenge __jsl_clearance at 521": Case(
        Reply(JSL, 521, headers={"Set-Cookie": "__jsluid_s=1; path=/"}), "blocked"
    ),
    "a script challenge __jsl_clearance at 200": Case(JSL, "blocked"),
    "a challenge that leads to the home page by script": Case(
        script(
            "document.cookie='acw_sc__v2='+x();location.reload();var arg1='3A5B0C1D2E3F4A5B6C7D8E9F0A1B2C3D4E5F6A7B';"
        ),
        "blocked",
    ),
    "a login page": Case(LOGIN, "blocked", "login"),
    "a login page in the site's template": Case(
        framed(
            '<h2>用户登录</h2><form>账号<input name=u>密码<input type="password"><button>登录</button></form>',
            "用户登录",
        ),
        "blocked",
        "login",
    ),
    "a login page by redirect on the same host": Case(
        redirect("/sso/login?service=x"), "blocked", "", {"/sso/login": LOGIN}
    ),
    "a login page whose form is written by script": Case(
        redirect("/cas/login?service=x"),
        "blocked",
        "",
        {"/cas/login": page('<div id="app"></div><script src="/static/app.js"></script>', title="统一身份认证平台")},
    ),
    "您尚未登录": Case(framed("<p>您尚未登录，请先登录后查看。</p>"), "blocked"),
    "JSON that wants a login": Case(
        Reply('{"code":401,"msg":"未登录或登录已过期"}', content_type="application/json"), "blocked"
    ),
    "JSON that refuses": Case(Reply('{"code":403,"message":"Forbidden"}', content_type="application/json"), "blocked"),
    "a captcha page": Case(CAPTCHA, "blocked"),
    "a captcha page by redirect": Case(
        redirect("/verify.html"), "blocked", "", {"/verify.html": page("<p>请输入验证码</p><input>", title="访问验证")}
    ),
    "a firewall's notice in a big page": Case(
        page(
            "<h1>网站防火墙</h1><p>您的请求带有不合法参数，已被网站管理员设置拦截！</p><p>可能原因：您提交的内容包含危险的攻击请求</p>"
            + "<p>如何解决：检查提交内容；如网站托管，请联系空间提供商；普通网站访客，请联系网站管理员；</p>" * 6,
            title="网站防火墙",
        ),
        "blocked",
    ),
    "a redirect to a host that is not allowed": Case(
        redirect("http://clone.example/a.html"), "blocked", "clone.example"
    ),
    "a script that leads to a host that is not allowed": Case(
        script("location.href='http://clone.example/'"), "blocked", "clone.example"
    ),
    "a redirect to the error page of a refusal": Case(
        redirect("/403.html"), "blocked", "403", {"/403.html": page("<p>x</p>")}
    ),
}

GZIPPED = gzip.compress(REPORT.encode())
CUT = REPORT.encode()[: REPORT.encode().index("三、收到和处理".encode())]
BARE = f"<h1>{DOC.name}</h1>{body()}".encode()
BARE_CUT = BARE[: BARE.index("行政许可".encode())]
UNREACHABLE = {
    **{
        f"{status}": Case(Reply("<p>no</p>", status), "unreachable", str(status))
        for status in (500, 502, 503, 504, 520, 408)
    },
    "503 with the words of a missing page": Case(Reply(page("<p>页面不存在</p>"), 503), "unreachable", "503"),
    "time-out": Case(
        Reply(b"HTTP/1.1 200 x\r\nContent-Length: 99999\r\n\r\n<html>", mode="stall"), "unreachable", "time-out"
    ),
    "reset": Case(Reply(mode="reset"), "unreachable"),
    "closed without an answer": Case(Reply(b"", mode="raw"), "unreachable"),
    "not HTTP at all": Case(Reply(b"SSH-2.0-OpenSSH_8.2\r\n", mode="raw"), "unreachable"),
    "truncated body: shorter than Content-Length": Case(Reply(REPORT, mode="truncate"), "unreachable", "truncated"),
    "truncated body: chunks without an end": Case(
        raw("HTTP/1.1 200 x\nContent-Type: text/html\nTransfer-Encoding: chunked", b"%x\r\n%s\r\n" % (len(CUT), CUT)),
        "unreachable",
        "truncated",
    ),
    "truncated body: gzip without its end": Case(
        Reply(GZIPPED[: len(GZIPPED) * 2 // 3], headers={"Content-Encoding": "gzip"}), "unreachable", "truncated"
    ),
    "truncated body: deflate without its end": Case(
        Reply(zlib.compress(REPORT.encode())[:-200], headers={"Content-Encoding": "deflate"}),
        "unreachable",
        "truncated",
    ),
    "truncated body: a page that nobody closed": Case(Reply(CUT, mode="http10"), "unreachable", "truncated"),
    "truncated body: a fragment within a table": Case(Reply(BARE_CUT, mode="http10"), "unreachable", "truncated"),
    "a wrong Content-Encoding": Case(Reply(REPORT, headers={"Content-Encoding": "gzip"}), "unreachable"),
    "empty body": Case("", "unreachable", "empty"),
    "empty body: white space": Case(" \r\n\ufeff", "unreachable", "empty"),
    "empty page": Case("<html><head></head><body></body></html>", "unreachable", "empty"),
    "a notice of maintenance": Case(SERVICE, "unreachable"),
    "a notice of maintenance in the site's template": Case(framed("<p>系统维护中，请稍后再访问。</p>"), "unreachable"),
    "a notice of maintenance that leads to the home page": Case(
        page("<p>系统繁忙，3秒后返回首页</p>", '<meta http-equiv="refresh" content="3;url=/">'), "unreachable"
    ),
    "a notice of maintenance with a button to the home page": Case(
        page(
            "<p>网站升级改造中</p><button onclick='back()'>返回首页</button><script>function back(){window.location.href='/';}</script>"
        ),
        "unreachable",
    ),
    "系统繁忙": Case(page("<p>系统繁忙</p>"), "unreachable"),
    "a database that does not answer": Case(
        page(
            "<p>Microsoft OLE DB Provider for SQL Server 错误 '80004005'</p><p>SQL Server 不存在或拒绝访问。</p><p>/conn.asp，行 12</p>"
        ),
        "unreachable",
    ),
    "JSON 系统繁忙": Case(
        Reply('{"code":500,"msg":"系统繁忙，请稍后再试"}', content_type="application/json"), "unreachable"
    ),
    "JSON of an error of the server": Case(
        Reply('{"status":500,"error":"Internal Server Error"}', content_type="application/json"), "unreachable"
    ),
    "a server's welcome page": Case(NGINX, "unreachable"),
    "an error of the program": Case(TRACE, "unreachable"),
    "redirect loop": Case(
        redirect("/loop/a"), "unreachable", "loop", {"/loop/a": redirect("/loop/b"), "/loop/b": redirect("/loop/a")}
    ),
    "redirect loop by script": Case(
        script("location.href='/jsloop/a'"),
        "unreachable",
        "loop",
        {"/jsloop/a": script("location.href='/jsloop/b'"), "/jsloop/b": script("location.href='/jsloop/a'")},
    ),
    "redirect to the error page of an outage": Case(
        redirect("/50x.html"), "unreachable", "50x", {"/50x.html": page("<p>x</p>")}
    ),
    "a redirect that says not where": Case(Reply("", 302), "unreachable"),
    "a page that scripts would fill": Case(
        page(
            '<noscript><meta http-equiv="refresh" content="0;url=/error/nojs.html"></noscript><div id="app">加载中…</div>',
            title=DOC.name,
        ),
        "unreachable",
        "leads on",
    ),
    "an empty page behind a redirect": Case(
        redirect("/app/1"), "unreachable", "empty", {"/app/1": page('<div id="app"></div>', title="")}
    ),
    "a page that leads on, nobody knows where": Case(
        script("location.href = decode(q('id')) + '.html'", "<p>正在跳转，请稍候……</p>"), "unreachable"
    ),
}

NOT_LED_ON = {
    "a function that is never called": Case(
        framed("<h1>县政府召开会议</h1>" + NEWS).replace(
            "</head>", "<script>function home(){location.href='/';}</script></head>"
        ),
        "other",
    ),
    "a function that is never called, on a short page": Case(
        page(
            "<h1>通知</h1><p>近期安排见栏目。</p><script>function home(){location.href='/';}</script><a onclick='home()'>首页</a>"
        ),
        "other",
    ),
    "for telephones alone": Case(page("<h1>通知</h1><p>近期安排见栏目。</p>" + DEVICE), "other"),
    "in a comment": Case(
        page("<!-- <meta http-equiv='refresh' content='0;url=/'> --><h1>通知</h1><p>近期安排见栏目。</p>"), "other"
    ),
    "in a comment of a script": Case(
        page("<h1>通知</h1><p>近期安排见栏目。</p><script>//location.href='/';\n/* location='/' */</script>"), "other"
    ),
    "in noscript": Case(
        page("<noscript><meta http-equiv='refresh' content='0;url=/'></noscript><h1>通知</h1><p>近期安排见栏目。</p>"),
        "other",
    ),
}

MOVED = {
    "by HTTP": Case(redirect("/n/1.html", 301), "present", "", {"/n/1.html": REPORT}, final="/n/1.html"),
    "by meta refresh": Case(
        page("", '<meta http-equiv="refresh" content="0; url=/n/2.html">'),
        "present",
        "",
        {"/n/2.html": REPORT},
        final="/n/2.html",
    ),
    "by script": Case(script("location.href='/n/3.html'"), "present", "", {"/n/3.html": REPORT}, final="/n/3.html"),
    "by a chain of all three": Case(
        redirect("/n/4"),
        "present",
        "",
        {
            "/n/4": page("", '<meta http-equiv="refresh" content="0; url=/n/4.html">'),
            "/n/4.html": script("var u='/n/44.html';\nlocation.replace(u)"),
            "/n/44.html": REPORT,
        },
        final="/n/44.html",
    ),
    "to the page's mobile twin by script": Case(
        script("window.location.href=location.pathname.replace('.html','_app.html')"), "unreachable"
    ),
    "by a frame round it": Case(
        '<html><frameset rows="90,*"><frame src="/top.html" name="top" noresize>'
        '<frame src="/n/5.html" name="main"></frameset></html>',
        "present",
        "",
        {"/top.html": page("<img src=/logo.png>"), "/n/5.html": REPORT},
        final="/n/5.html",
    ),
    "by an iframe in the site's template": Case(
        framed('<iframe src="/n/6.html" width="100%" height="3000" frameborder="0"></iframe>'),
        "present",
        "",
        {"/n/6.html": REPORT},
        final="/n/6.html",
    ),
    "to the home page of a site that holds the report under a query": Case(
        redirect("/?id=7"), "present", "", {}, final="/?id=7"
    ),
}

GROUPS = {
    "present": PRESENT,
    "same": SAME,
    "gone by status": GONE_STATUS,
    "gone by text": SOFT,
    "gone by redirect": REDIRECTED,
    "other": OTHER,
    "blocked": BLOCKED,
    "unreachable": UNREACHABLE,
    "not led on": NOT_LED_ON,
    "moved": MOVED,
}
CASES = {f"{group}: {name}": case for group, cases in GROUPS.items() for name, case in cases.items()}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    def more(site: Any) -> None:
        home = site.routes["/"]
        site.routes["/"] = lambda asked: REPORT if asked.query == "id=7" else home(asked)

    return run(tmp_path_factory.mktemp("law") / "run", CASES, more=more)


@pytest.mark.parametrize("name", CASES)
def test_row(told: dict[str, Any], name: str) -> None:
    case, read = CASES[name], told[name]
    assert read is not None
    assert (read.reading, case.marker in read.marker) == (case.reading, True), read
    assert read.final_url.endswith(case.final)
