"""What portals answer when they do not answer: outages, challenges, and pages that are gone in every way there is."""

from collections.abc import Callable
from typing import Literal

from monitor.demo.server import Response

Outage = Literal[
    "503", "500", "502", "504", "401", "403", "405", "418", "429", "412", "521", "202", "login", "captcha", "robots",
    "reset", "stall", "truncate", "empty", "refused", "upkeep", "nginx", "vanished", "homeward",
]  # fmt: skip
"""`robots`: robots.txt closes everything. `upkeep`, `nginx`: a notice of maintenance, a bare server's welcome, at 200.
`vanished`, `homeward`: every address answers 404, or leads to the home page."""
Gone = Literal[
    "404", "410", "soft404", "deleted", "home", "section", "refresh", "script", "errorpage", "other", "offsite"
]
"""`deleted`: the page is there, and says that its text was deleted. `offsite`: a redirect to somebody else's host."""

_HTML = "text/html; charset=utf-8"

_CHALLENGE = """<!DOCTYPE html><html><head><meta charset="utf-8">
<meta id="9DhefwqGPrzGxEp9hPaoag" content="qrcunqrtqEqmqJqDqMq" r="m">
<script type="text/javascript" charset="utf-8" src="/4QbVtADbnLVIc/d.FxJzG50F.9c24b74.js" r="m"></script>
<script type="text/javascript" r="m">$_ts=window['$_ts'];if(!$_ts)$_ts={};
$_ts.nsd=58233;$_ts.cd="qrr0qqAlrqEkDqrl";if($_ts.lcd)$_ts.lcd();</script>
</head><body></body></html>"""
_JSL = """<script>document.cookie=('_')+('_')+('jsl_clearance')+('=1763')+(';max-age=')+('3600;path=/');
location.href=location.pathname+location.search</script>"""
_LOGIN = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>统一身份认证</title></head><body>
<form action="/sso/login"
method="post"><h3>用户登录</h3><p>请输入用户名和密码</p><input name="username"/><input name="password" type="password"/>
<p>验证码 <img src="/captcha.jpg"/><input name="captcha"/></p><button>登录</button></form></body></html>"""
_CAPTCHA = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>访问验证</title></head><body>
<div id="slide"></div><p>请完成安全验证后继续访问，拖动滑块完成拼图</p><script src="/captcha.js"></script></body></html>"""
_UPKEEP = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>系统维护</title></head><body>
<h2>网站正在升级维护中，请稍后再访问</h2></body></html>"""
_NGINX = """<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and working.</p></body></html>"""
_BUSY = (
    "<html><head><title>503 Service Temporarily Unavailable</title></head><body><h1>服务暂时不可用</h1></body></html>"
)
_MISSING = "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1><hr>nginx</body></html>"


def outage(kind: Outage, real: Callable[[], Response]) -> Response:
    """The answer of a portal in trouble. `real` makes the answer that it would otherwise give (for half of it)."""
    if kind in ("reset", "stall"):
        return Response(action="reset" if kind == "reset" else "stall")
    if kind == "truncate":
        whole = real()
        return Response(whole.body, whole.status, whole.content_type, whole.headers, "truncate")
    if kind == "empty":
        return Response(b"", 200, _HTML)
    if kind in ("412", "202"):
        cookie = {"Set-Cookie": "924omrTVcFchO=60abCdEf; Path=/; HttpOnly"}
        return Response(_CHALLENGE.encode(), int(kind), _HTML, cookie)
    if kind == "521":
        return Response(
            _JSL.encode(), 521, _HTML, {"Set-Cookie": "__jsluid_h=5f1b2c; max-age=31536000; path=/; HttpOnly"}
        )
    pages = {"login": _LOGIN, "captcha": _CAPTCHA, "upkeep": _UPKEEP, "nginx": _NGINX}
    if kind in pages:
        return Response(pages[kind].encode(), 200, _HTML)
    if kind == "vanished":
        return Response(_MISSING.encode(), 404, _HTML)
    if kind == "homeward":
        return Response(b"", 302, _HTML, {"Location": "/"})
    if kind == "robots":
        return real()
    if kind == "refused":
        raise ValueError("a portal that refuses connections answers nothing: Site.start_outage closes its socket")
    return Response(_BUSY.replace("503", kind).encode(), int(kind), _HTML)


def gone(kind: Gone, *, home: str, section: str, other: Callable[[str, str], Response]) -> Response:
    """The answer at an address whose report is gone. `other` draws a page of the site from text and title."""
    match kind:
        case "404" | "410":
            return Response(_MISSING.replace("404", kind).encode(), int(kind), _HTML)
        case "deleted":
            return other("该信息已被删除。", "政府信息公开年报")
        case "errorpage":
            return Response(b"", 302, _HTML, {"Location": home + "error/404.html"})
        case "soft404":
            return other("对不起，您访问的页面不存在或已被删除，3秒后返回首页。", "页面不存在")
        case "home" | "section":
            return Response(b"", 302, _HTML, {"Location": home if kind == "home" else section})
        case "offsite":
            return Response(b"", 302, _HTML, {"Location": "http://127.0.0.250:9/lander"})
        case "refresh":
            return Response(
                f'<html><head><meta http-equiv="refresh" content="0;url={home}"></head></html>'.encode(), 200, _HTML
            )
        case "script":
            return Response(
                f'<html><body><script>window.location.href="{home}";</script></body></html>'.encode(), 200, _HTML
            )
        case "other":
            return other(
                "为方便群众办理业务，县政务服务中心自即日起延长服务时间，周六上午照常受理社会保险、不动产登记等事项，"
                "请携带有效证件到二楼综合窗口取号办理。",
                "关于政务服务大厅延长服务时间的公告",
            )
