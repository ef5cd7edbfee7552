"""What a reading of a page said, in plain Chinese: for messages, `nianbao show` and evidence bundles alike. Pure.

In: a reading as the record has it: `reading`, `status`, `marker` (what decided, in the crawler's words), where it was
read. Out: a phrase, or the kind of what was read, which does not depend on how often or through which 304 it was read.
"""

import re
from urllib.parse import urlsplit

from crawler.page.address import twin_of

_BLOCKED = {
    "asked to wait": "网站要求暂停访问，未再请求",
    "robots": "robots.txt 不允许读取",
    "login page": "要求登录",
    "captcha": "要求输入验证码",
    "off_host": "转到其他网站，未跟随",
    "refused_address": "地址不允许访问",
    "challenge $_ts": "被脚本验证拦截（瑞数）",
    "challenge r=m": "被脚本验证拦截（瑞数）",
    "challenge __jsl_clearance": "被脚本验证拦截（加速乐）",
    "challenge safeline": "被脚本验证拦截（雷池）",
    "challenge cloudflare": "被脚本验证拦截（Cloudflare）",
    "challenge acw_sc": "被脚本验证拦截（阿里云）",
    "challenge wzws": "被脚本验证拦截（网站卫士）",
    "challenge cookie": "被脚本验证拦截（反复跳转，等待浏览器凭据）",
    "wall ctyun": "被防火墙拦截（电信云防护）",
    "wall aliyun": "被防火墙拦截（阿里云）",
    "wall tencent": "被防火墙拦截（腾讯云）",
    "wall huawei": "被防火墙拦截（华为云）",
    "wall knownsec": "被防火墙拦截（创宇盾）",
    "wall dbapp": "被防火墙拦截（安恒）",
    "wall nsfocus": "被防火墙拦截（绿盟）",
    "wall qianxin": "被防火墙拦截（奇安信）",
    "wall safedog": "被防火墙拦截（安全狗）",
    "wall yunsuo": "被防火墙拦截（云锁）",
    "wall baota": "被防火墙拦截（宝塔）",
    "wall wangsu": "被防火墙拦截（网宿）",
    "wall f5": "被防火墙拦截（F5）",
    "wall cloudflare": "被防火墙拦截（Cloudflare）",
}
_UNREACHABLE = {
    "asked to wait": "网站要求暂停访问，未再请求",
    "proxy: refused": "代理服务器拒绝连接",
    "proxy: DNS": "代理服务器的域名无法解析",
    "proxy: time-out": "代理服务器超时未响应",
    "proxy: is none": "代理服务器无法使用",
    "time-out": "超时未响应",
    "refused": "拒绝连接",
    "reset": "连接中断",
    "DNS": "域名无法解析",
    "TLS": "加密连接失败",
    "truncated": "内容不完整",
    "truncated body": "内容不完整",
    "empty body": "返回空白内容",
    "empty page": "页面空白",
    "redirect loop": "反复跳转",
    "unreadable": "页面无法解析",
    "status 304 unasked": "返回 304，但未曾询问",
    "the page hangs": "页面脚本停止响应",
    "the page crashed": "页面崩溃",
    "too much memory": "页面占用内存过多",
    "the browser ended": "浏览器意外退出",
    "the browser does not answer": "浏览器没有响应",
    "a download": "地址是下载的文件，不是页面",
    "it opens one window after the other": "页面不断打开新窗口",
    "leads on, nobody knows where": "页面靠脚本跳转，去向不明",
}
_REST = {
    "a companion's file": "解读、图解一类的文件",
    "a file": "其他文件",
    "JSON without a report": "没有年报的数据接口结果",
}
_OTHER = ("no report in it", "refresh", *_REST)
"""Markers of a page that is neither a report nor an error page."""
_PRESENT = re.compile(r"(?:title |marks |the list's title$|a file$|a part$)")
"""Markers of a page on which reports stand, if not this one."""


def kind_of_reading(reading: str, status: int, marker: str, final_url: str = "", url: str = "") -> str:
    """What kind of thing was read: two readings of one kind prove the same. Codes, not words."""
    if status >= 400:
        return f"status {status}"
    if marker.startswith("redirect to "):
        return marker
    if reading == "weak_gone":
        return f"other page{_led(final_url, url)}"
    if reading != "gone":
        return f"{reading}: {marker}"
    if marker in ("", f"status {status}") or _PRESENT.match(marker):
        return f"without it{_led(final_url, url)}"
    return f"notice: {marker}"


def _led(final_url: str, url: str) -> str:
    return f" at {final_url}" if final_url and url and twin_of(final_url) != twin_of(url) else ""


def in_words(
    reading: str, status: int = 0, marker: str = "", final_url: str = "", url: str = "", *, overwritten: bool = False
) -> str:
    """What was read, as a phrase that follows 读取: `返回 404`, `页面提示“已删除”`, `页面仍在，但不再含该年度报告`.

    `reading`: as in `readings.reading`, or empty (of a report that is gone); `url`: the address that was asked for.
    """
    match reading:
        case "present" | "same":
            return "报告在页面上"
        case "blocked":
            return _blocked(status, marker)
        case "unreachable":
            return _unreachable(status, marker)
        case _:
            return _gone(reading, status, marker, final_url, url, overwritten)


def _gone(reading: str, status: int, marker: str, final_url: str, url: str, overwritten: bool) -> str:
    if status >= 400:
        return f"返回 {status}"
    if marker == "redirect to the home page":
        return "跳转至首页"
    if marker == "redirect to the section":
        return "跳转至栏目页"
    if marker.startswith("redirect to "):
        return f"跳转至错误页 {marker.removeprefix('redirect to ')}"
    led = f"跳转至 {final_url}，其中" if _led(final_url, url) else "页面仍在，但"
    if overwritten:
        return f"{led}已换成其他年度的报告"
    if marker in _REST:
        return f"{led}只有{_REST[marker]}"
    if marker in _OTHER or (reading == "weak_gone" and not _PRESENT.match(marker)):
        return f"{led}已不是年度报告"
    if marker in ("", f"status {status}") or _PRESENT.match(marker):
        return f"{led}不再含该年度报告" if led.startswith("页面") else f"{led}没有该年度报告"
    return f"页面提示“{marker}”"


def _blocked(status: int, marker: str) -> str:
    if marker in _BLOCKED:
        return _BLOCKED[marker]
    if marker.startswith("challenge"):
        return "被脚本验证拦截"
    if marker.startswith("private address"):
        return "指向内网地址，未访问"
    if marker.startswith("redirect to "):
        return f"跳转至 {marker.removeprefix('redirect to ')}，未跟随"
    if marker.startswith("status ") or not marker:
        return f"拒绝访问（{status}）" if status else "被拦截"
    return f"被拦截，页面提示“{marker}”"


def _unreachable(status: int, marker: str) -> str:
    if marker in _UNREACHABLE:
        return _UNREACHABLE[marker]
    if proxied := re.fullmatch(r"proxy: answers (\d{3})|status (\d{3}) of the proxy", marker):
        return f"代理服务器返回 {proxied[1]}" if proxied[1] else f"经代理服务器无法到达网站（{proxied[2]}）"
    if status >= 400 or re.fullmatch(r"status \d+", marker):
        return f"服务器错误（{status or marker.removeprefix('status ')}）"
    if marker.startswith("too large"):
        return "内容过大，未读完"
    if marker.startswith("no browser"):
        return "浏览器无法启动"
    if marker.startswith("redirect to "):
        return f"跳转至错误页 {urlsplit(marker.removeprefix('redirect to ')).path}"
    return f"无法读取（{marker}）" if marker else "无法读取"


def section_in_words(
    complete: bool, broken: bool, links: int, reason: str, status: int, is_report: bool = False
) -> str:
    """What a pass read of a section: `完整读取，列出 12 篇`."""
    if broken:
        return "可以打开，但不再列出年报"
    if complete and is_report and not links:
        return "页面本身即年报，已读取"
    if complete:
        return f"完整读取，列出 {links} 篇"
    page, _, rest = reason.partition(": ")
    where = f"第 {page.removeprefix('page ')} 页" if page.startswith("page ") and rest else ""
    why = rest if where else reason
    if re.fullmatch(r"status \d+", why) or (status >= 400 and not why):
        why = f"返回 {why.removeprefix('status ') or status}"
    else:
        why = _BLOCKED.get(why) or _UNREACHABLE.get(why) or why or "原因不明"
    return f"未读完整：{where}{why}" + (f"（已列出 {links} 篇）" if links else "")
