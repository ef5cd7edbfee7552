"""Which anti-robot system or firewall refuses, by what it leaves in a page and in headers. Pure. Named, never solved.

`CHALLENGES` are scripts and pictures that a browser or a person would have to solve; `verdict` looks for them on pages that
show little, under any status. `of_body` and `of_headers` are asked only where the status has refused already (or is a 503),
so that a word of theirs on a good page decides nothing. Seen ("domain notes", 1f): 瑞数 (412, also 202 and 200), 加速乐
(521), SafeLine, a redirect to itself until a cookie comes back, 电信云防护 (405). The other firewalls' marks are general
knowledge: where one is wrong, the reading is the same and only its name is not.
"""

import re
from collections.abc import Iterable

_TS = "challenge $_ts"
CHALLENGES = (
    (re.compile(r"\$_ts\s*=\s*window\[|\$_ts\.(?:nsd|cd)|window\[['\"]\$_ts['\"]\]"), _TS),
    (re.compile(r"jsl_clearance|__jsluid"), "challenge __jsl_clearance"),
    (
        re.compile(r"safeline_bot|SafeLineChallenge|/\.safeline/|safeline-challenge|slg-(?:title|bg|container)"),
        "challenge safeline",
    ),
    (re.compile(r"cf-browser-verification|cf_chl_opt|challenge-platform|_cf_chl"), "challenge cloudflare"),
    (re.compile(r"acw_sc__v[23]|arg1\s*=\s*['\"][0-9A-F]{40}"), "challenge acw_sc"),
    (re.compile(r"(?:geetest|gt_captcha|TencentCaptcha|captcha\.js|tcaptcha|yidun|aliyunCaptcha)", re.I), "captcha"),
    (re.compile(r"wzws_sessionid|wzwschallenge|WZWS-RAY", re.I), "challenge wzws"),
    (
        re.compile(r"document\.cookie\s*=[^;]{0,300};.{0,400}location\.(?:reload|href|replace)", re.S),
        "challenge cookie",
    ),
    (re.compile(r"/_guard/|_guard_auto|guard\.js\?|yunsuo_session|security_session_verify"), "challenge guard"),
)
SCRIPT_OF_RUISHU = re.compile(r"<(?:meta|script)[^>]{0,300}\br\s*=\s*['\"]m['\"]")
OF_RUISHU = "challenge r=m"
LEFT_ON_GOOD_PAGES = frozenset({_TS, OF_RUISHU})
"""Markers that stand on every page behind 瑞数, those that it lets through too; its challenge itself links nothing."""
COOKIE_LOOP = "challenge cookie"
"""A redirect to itself, each time with a cookie: a browser's script would have to compute one."""
_WALLS = (
    (re.compile(r"电信云防护|天翼云.{0,20}(?:防护|拦截|waf)|ctyun\.cn|云防护安全拦截", re.I), "wall ctyun"),
    (re.compile(r"errors\.aliyun\.com|aliyun(?:waf|ddos)|阿里云.{0,12}(?:防护|防火墙|拦截|盾)", re.I), "wall aliyun"),
    (re.compile(r"waf\.tencent-cloud|腾讯云.{0,12}(?:防护|防火墙|拦截|waf)|edgeone", re.I), "wall tencent"),
    (re.compile(r"HWWAFSES|CloudWAF|华为云.{0,12}(?:防护|防火墙|拦截|waf)", re.I), "wall huawei"),
    (re.compile(r"创宇盾|yunaq\.com|knownsec|加速乐", re.I), "wall knownsec"),
    (re.compile(r"玄武盾|dbapp(?:security|waf)|明御.{0,12}防火墙", re.I), "wall dbapp"),
    (re.compile(r"nsfocus|绿盟", re.I), "wall nsfocus"),
    (re.compile(r"网站卫士|wangzhan\.qianxin|360wzws|奇安信.{0,12}(?:防护|拦截)", re.I), "wall qianxin"),
    (re.compile(r"safedog|安全狗", re.I), "wall safedog"),
    (re.compile(r"yunsuo|云锁", re.I), "wall yunsuo"),
    (re.compile(r"btwaf|宝塔.{0,12}防火墙", re.I), "wall baota"),
    (re.compile(r"chinanetcenter|wangsu|网宿", re.I), "wall wangsu"),
    (
        re.compile(r"rejected\.\s{1,9}Please consult with your administrator|support ID is:?\s{0,9}\d{10}", re.I),
        "wall f5",
    ),
    (re.compile(r"cloudflare|cf-error-details", re.I), "wall cloudflare"),
)
_COOKIES = (
    ("safeline_bot", "challenge safeline"), ("__jsl_clearance", "challenge __jsl_clearance"), ("wzws_", "challenge wzws"),
    ("acw_sc__", "challenge acw_sc"), ("yunsuo_session", "challenge guard"), ("HWWAFSES", "wall huawei"),
    ("acw_tc", "wall aliyun"), ("aliyungf_tc", "wall aliyun"), ("safedog-flow", "wall safedog"), ("__jsluid", "wall knownsec"),
)  # fmt: skip
_LOOKED_AT = 200_000
"""Characters of a refusal that are looked at."""


def of_body(html: str, status: int) -> str:
    """What a refusal's page calls itself, as a marker; empty: it does not say."""
    html = html[:_LOOKED_AT]
    for pattern, marker in CHALLENGES:
        if pattern.search(html):
            return marker
    if SCRIPT_OF_RUISHU.search(html):
        return OF_RUISHU
    if status >= 500 and status != 521:
        return ""  # a server that is out of order behind a firewall: its name refuses nobody
    return next((marker for pattern, marker in _WALLS if pattern.search(html)), "")


def of_headers(headers: Iterable[tuple[str, str]], status: int) -> str:
    """The same by an answer's headers, names in any case."""
    told = [(name.lower(), value) for name, value in headers]
    cookies = [value for name, value in told if name == "set-cookie"]
    for name, marker in _COOKIES:
        if any(value.startswith(name) for value in cookies):
            return "challenge __jsl_clearance" if status == 521 and name == "__jsluid" else marker
    served = " ".join(value for name, value in told if name in ("server", "x-powered-by-waf", "x-waf"))[:500]
    return next((marker for pattern, marker in _WALLS if served and pattern.search(served)), "")
