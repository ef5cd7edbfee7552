"""What a response is before anyone looks for a report in it, and what a page without one says.

In: status and bytes or text. Out: a `Verdict`: gone, blocked, unreachable, or None for a page that must be read. The status
decides first; then what only a challenge or an error page holds. Words of an error page never decide about a page on which a
report stands: the caller asks `without_report` only after it has found none. Pure.

Anti-robot pages: 瑞数 answers 412, 202 or 200 with `$_ts=window['$_ts']` and a script or meta tag `r='m'`, but leaves
`$_ts` on good pages too ("domain notes", 1f); which system it is, is told by crawler/page/walls.py.
"""

import json
import re
from typing import Any

import msgspec

from crawler.page import walls
from crawler.page.chinese import plain
from crawler.page.model import PageState


class Verdict(msgspec.Struct, frozen=True):
    """A page's state and what decided it."""

    state: PageState
    marker: str


EMPTY_BODY, EMPTY_PAGE, LEADS_ON = "empty body", "empty page", "leads on, nobody knows where"
CUT_OFF = "truncated body"
PROXY = "proxy: "
"""What the markers of failures begin with that are the portal's proxy's own."""
WORDLESS = frozenset({EMPTY_BODY, EMPTY_PAGE, LEADS_ON})
"""Markers of pages that say nothing themselves: headers and the address at which a redirect ended may."""

_GONE = frozenset({404, 410})
_UNREACHABLE = frozenset({408, 425})
_LITTLE = 300
"""Characters of own text below which a page is a shell: a challenge, a redirect, a bare notice."""
MENU = 12
"""Links to other pages of its host from which a page is one of the site's, however little it shows."""

_BLOCKING_WORDS = re.compile(
    r"验证码|滑动验证|拖动滑块|滑块验证|人机验证|安全验证|访问验证|请完成(?:以下)?验证|请输入验证|点击.{0,6}验证|不是机器人|我是人类|"
    r"访问过于频繁|请求过于频繁|操作过于频繁|访问(?:请求)?(?:被|已被|遭到)(?:拦截|阻断|拒绝|禁止)|请求(?:已)?被(?:拦截|阻断|拒绝)|"
    r"您的(?:请求|访问|ip).{0,24}(?:拦截|威胁|异常|限制|封禁|禁止|非法|频繁|阻断)|防火墙|云防护|安全狗|网站防护|waf|"
    r"accessdenied|requestrejected|forbidden|youhavebeenblocked|checkingyourbrowser|enablejavascriptandcookies|"
    r"正在(?:进行)?(?:安全)?(?:检查|检测|验证).{0,10}(?:浏览器|环境|访问)|请开启javascript并刷新|请启用javascript|verifyyouarehuman|justamoment|没有(?:访问|浏览)权限|无权(?:访问|浏览|查看)|请先?登录后|"
    r"(?:尚|还)?未登[录陆]|登[录陆](?:状态|信息)?(?:已经|已)?(?:过期|失效|超时)|请(?:您)?(?:先|重新)登[录陆]"
)
_REFUSED = re.compile(
    r"(?:请求|访问|操作|ip|参数).{0,24}(?:拦截|阻断|封禁)|^.{0,8}(?:防火墙|安全验证|访问验证|人机验证|安全狗|安全检测|waf|accessdenied).{0,8}$"
)
"""What a firewall says even where it explains itself at length."""
_LOGIN_WORDS = re.compile(r"(?:用户|会员|统一身份|账号|帐号|密码|扫码|后台|系统)?登[录陆]|身份认证|signin|login")
_PASSWORD = re.compile(r"<input[^>]{0,200}type\s*=\s*[\"']?password", re.I)
_DOWN_WORDS = re.compile(
    r"(?:系统|网站|站点|服务器?|栏目|平台)(?:正在|正|暂时|临时)?(?:进行)?(?:维护|升级|割接|检修|关闭维护)(?:中|改造)?|正在(?:维护|升级|抢修|建设)|暂停服务|服务(?:暂)?不可用|"
    r"(?:系统|网站|站点|平台|服务)(?:已|已经|现已)(?:关停|关闭|停止|暂停)|welcometonginx|welcometoopenresty|itworks!|apachetomcat/|iiswindowsserver|"
    r"(?:java|javax|org|com)\.[\w.$]+(?:exception|error)|nullpointerexception|stacktrace|fatalerror:|servererrorin|runtimeerror|运行时错误|未知错误|内部错误|程序异常|sqlexception|"
    r"数据库(?:连接|错误|异常)|oledbprovider|odbc.{0,12}driver|sqlserver(?:不存在|拒绝)|mysqli?_connect|80004005|系统(?:繁忙|错误|异常|出错)|服务器(?:繁忙|错误|内部错误|异常|开小差|过载)|网关(?:超时|错误)|badgateway|gatewaytime-?out|"
    r"serviceunavailable|internalservererror|(?:500|502|503|504)(?:error|错误|badgateway|serviceunavailable|gateway)|连接超时|请稍[后候](?:再|重)试|errorestablishingadatabase"
)
_MISSING = re.compile(
    r"(?:页面|网页|文章|文档|信息|内容|稿件|资源|文件|链接|地址|栏目|数据|新闻|记录|网址|url|页|您要找的)(?:[^。，,！!？?]{0,12}?)"
    r"(?:不存在|找不到|未找到|没有找到|无法找到|没找到|不见了|失效|(?:已经?|被|己)+(?:被)?(?:删除|移除|下线|撤销|撤下|撤回|移走|失效|取消发布|关闭|屏蔽|清除|过期)|走丢了|丢失了|飞走了)|"
    r"(?:不存在|找不到|未找到|没有找到|无法找到|没找到|没有发现)(?:您|你|该|此|这个|任何|相关|所|要|想|需|访问|请求|查找|浏览|指定|对应|的|个)*"
    r"(?:页面?|网页|文章|文档|信息|内容|稿件|资源|文件|链接|地址|栏目|数据|记录)|"
    r"(?:该|此|本)?(?:信息|内容|稿件|文章|页面|文档|链接|网页)(?:已经|已|己)(?:被)?(?:删除|下线|移除|失效|撤销|撤稿|撤回|撤下|取消发布)|(?:^|[^\w])(?:已|己)(?:被)?(?:删除|下线)[。!！]?$|"
    r"404(?:错误|-?notfound|页面|error|-找不到|-页面|-文件)|(?:错误|error|http(?:状态)?)[:：]?404|(?<!\d)404[-–—,，.。!！]|^404$|notfound|thepage(?:youare)?(?:lookingfor|requested)?.{0,20}(?:cannotbefound|doesnotexist|hasbeenremoved)|"
    r"pagedoesnotexist|nosuchpage|暂无(?:此|该|相关)(?:信息|内容|文章|页面)|(?:没有|无)(?:此|该|这个?)(?:页面?|文章|信息|内容)"
)
_WAITING = re.compile(
    r"(?:页面|正在|努力|数据|内容)*(?:跳转|加载|载入|读取|loading|redirecting)(?:中|数据|页面|内容)*(?:请?稍[候后等])?|请?稍[候后等](?:片刻)?|pleasewait",
    re.I,
)
_MISSING_SHORT = 90
"""Characters of the longest line that is the notice of an error page rather than prose about one."""


def by_status(status: int) -> Verdict | None:
    """What the status alone says; None: the body must be looked at."""
    marker = f"status {status}"
    if status in _GONE:
        return Verdict("gone", marker)
    if status == 521 or (400 <= status < 500 and status not in _UNREACHABLE):
        # Of these 401, 403, 405, 412, 418, 429 and 451 refuse; the others complain of the request: none tells of the report.
        return Verdict("blocked", marker)
    if status >= 500 or status in _UNREACHABLE or status < 200 or 300 <= status < 400:
        return Verdict("unreachable", marker)
    return None


def by_refusal(decided: Verdict, html: str, status: int) -> Verdict:
    """What a status said, with the name of what refused: a challenge under 503 is one too."""
    if decided.state == "gone" or (decided.state == "unreachable" and status != 503):
        return decided
    named = walls.of_body(html, status)
    return Verdict("blocked", named) if named else decided


def by_bytes(body: bytes) -> Verdict | None:
    """An empty body; None: there is something to read."""
    return None if body.strip(b"\x00 \t\r\n\xef\xbb\xbf") else Verdict("unreachable", EMPTY_BODY)


def cut_off(html: str) -> Verdict | None:
    """A page that stops in the middle: its document was opened, never closed, and neither were its boxes."""
    tail = html[-4096:].lower()
    if "</html" in tail or "</body" in tail:
        return None
    low = html.lower()
    if "</html" in low or "</body" in low:
        return None
    if not re.search(r"<(?:html|body)[\s>]", low):
        # A fragment: cells and items that nobody closes are usual there.
        divs, tables = (opened - closed for opened, closed in (_tags(low, tag) for tag in ("div", "table")))
        return Verdict("unreachable", CUT_OFF) if divs + tables >= 2 and tables > 0 else None
    last = low.rfind("<")
    if last >= 0 and ">" not in low[last:] and re.match(r"<[/!a-z]", low[last:]):
        return Verdict("unreachable", CUT_OFF)
    boxes = ["div", "table", "script", "ul"]
    cells, closed_cells = _tags(low, "td")
    if closed_cells * 2 > cells:
        boxes.append("td")  # their end tags may be left out, and old pages leave out all of them
    left_open = sum(opened - closed for opened, closed in (_tags(low, tag) for tag in boxes))
    return Verdict("unreachable", CUT_OFF) if left_open >= 2 else None


def _tags(low: str, tag: str) -> tuple[int, int]:
    """How often a tag is opened and closed in a page in lower case."""
    return len(re.findall(rf"<{tag}[\s>]", low)), len(re.findall(rf"</{tag}\s*>", low))


def by_json(text: str) -> Verdict | None:
    """What an interface's answer says in place of a page; None for anything but JSON."""
    bare = text.strip()
    if bare[:1] not in "{[":
        return None
    try:
        told: Any = json.loads(bare)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    low = {str(key).lower().replace("_", ""): value for key, value in told.items()}
    for key in ("code", "status", "errcode", "errorcode", "statuscode", "resultcode", "ret", "state"):
        code = str(low.get(key, ""))
        if re.fullmatch(r"[45]\d\d", code) and (decided := by_status(int(code))) is not None:
            return Verdict(decided.state, f"JSON {key} {code}")
    words = [
        value
        for key in ("msg", "message", "errmsg", "errormsg", "error", "info", "tip", "desc", "data")
        if isinstance(value := low.get(key), str)
    ]
    for word in words:
        if match := _BLOCKING_WORDS.search(plain(word)[:_MISSING_SHORT]):
            return Verdict("blocked", match[0])
    return missing(words) or out_of_order(words) or Verdict("other", "JSON without a report")


def challenge(html: str, shown: str, title: str, status: int, links: int = 0) -> Verdict | None:
    """A challenge of an anti-robot system, or a page that lets nobody in, that shows little else (a shell).

    Markers decide only there: good pages carry them too. `shown`: what the page shows; `title`: its head's; `links`: how many
    pages of its own host it links by words, as a short menu does.
    """
    folded = plain(shown[:2000])
    if len(folded) < _LITTLE:
        good = walls.LEFT_ON_GOOD_PAGES if links >= MENU else frozenset[str]()
        for pattern, marker in walls.CHALLENGES:
            if marker not in good and pattern.search(html):
                return Verdict("blocked", marker)
        if walls.OF_RUISHU not in good and walls.SCRIPT_OF_RUISHU.search(html):
            return Verdict("blocked", walls.OF_RUISHU)
        if match := _BLOCKING_WORDS.search(folded):
            return Verdict("blocked", match[0])
        if _PASSWORD.search(html):
            return Verdict("blocked", "login page")
    if len(folded) < 2 * _LITTLE and _PASSWORD.search(html) and _LOGIN_WORDS.search(folded + plain(title)):
        return Verdict("blocked", "login page")
    if status == 202:
        return Verdict("blocked", "status 202")
    return None


def closed(lines: list[str], html: str, title: str) -> Verdict | None:
    """The same in a site's own template, where no line said that the page is missing: `lines` are the page's own."""
    for line in (title, *lines):
        if len(line) <= _MISSING_SHORT and (match := _BLOCKING_WORDS.search(plain(line))):
            return Verdict("blocked", match[0])
    if _PASSWORD.search(html) and _LOGIN_WORDS.search(plain(title)):
        return Verdict("blocked", "login page")
    return None


def refused(lines: list[str], title: str) -> Verdict | None:
    """A firewall that explains itself at length."""
    for line in (title, *lines[:6]):
        if len(line) <= _MISSING_SHORT and (match := _REFUSED.search(plain(line))):
            return Verdict("blocked", match[0])
    return None


def missing(lines: list[str]) -> Verdict | None:
    """An error page at status 200: a short line that says there is no such page; asked only of a page without a report."""
    for line in lines:
        if len(line) <= _MISSING_SHORT and (match := _MISSING.search(plain(line))):
            return Verdict("gone", match[0])
    return None


def out_of_order(lines: list[str]) -> Verdict | None:
    """A notice of maintenance or an error of the server at status 200: it says nothing about any report."""
    for line in lines:
        if len(line) <= _MISSING_SHORT and (match := _DOWN_WORDS.search(plain(line))):
            return Verdict("unreachable", match[0])
    return None


def waiting(lines: list[str]) -> Verdict | None:
    """A page that shows nothing but that it leads on, or that its text is still to come."""
    folded = [plain(line).strip(".…·。,!") for line in lines]
    folded = [line for line in folded if line]
    if folded and all(_WAITING.fullmatch(line) for line in folded):
        return Verdict("unreachable", LEADS_ON)
    return None


def is_little(text: str) -> bool:
    """Whether a text is so short that its page can only be a notice or lead on."""
    return len(plain(text[:2000])) < _LITTLE
