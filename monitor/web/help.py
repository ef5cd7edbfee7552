"""What the words, signs, colours and keys of these pages mean: `/help`."""

from datasette.utils.asgi import Request, Response

from monitor.event_detail import KINDS
from monitor.web.coverage_cells import STATES
from monitor.web.portals_data import HEALTHS
from monitor.web.site import Route, Site

_KINDS = {
    "baseline": "门户首次完整读取时已有的年报，合为一条，不算新动态",
    "appeared": "首次见到的年报",
    "changed": "内容与上一版本不同：文字、数字、表格或附件有改动；版式、标点全半角等不算",
    "taken_down": "曾在线，经多次读取、间隔足够时间，确认已不在，栏目里也没有移到别处",
    "restored": "撤下之后又重新上线",
    "moved": "同一篇年报换了网址",
    "delisted": "页面仍在线，但栏目（完整读取）不再列出",
    "relisted": "栏目又重新列出",
    "overdue": "法定期限已过，门户已完整读取，仍未见到当年的年报；之后见到即自动撤回",
    "portal_down": "连续多次什么也读不到",
    "portal_broken": "网站能打开，但栏目不再列出年报，或大批页面同时失效，疑为改版",
    "portal_recovered": "无法读取或异常之后，重新读到",
    "service": "给管理员的运行提示：通道失败、磁盘不足、久未核实等",
    "finding": "年报里对不上的地方：合计不平、结转不一致、年份错误等",
}
_HEALTHS = {
    "ok": "最近一次读取正常",
    "blocked": "网站拒绝、要求验证或登录，内容未知：不据此下任何结论",
    "down": "连续多次什么也读不到",
    "broken": "能打开，但栏目不再列出年报，或大批页面同时失效",
    "new": "还没有读取过",
}


async def show_help(site: Site, request: Request) -> Response:
    values = {
        "kinds": [(kind, _KINDS.get(kind, "")) for kind in KINDS],
        "healths": [(health, _HEALTHS[health]) for health in reversed(HEALTHS)],
        "states": STATES,
    }
    return await site.page(request, "help.html", values)


ROUTES: list[Route] = [("/help", show_help)]
