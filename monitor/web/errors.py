"""What a visitor is told when something is not there or goes wrong: in Chinese, with what to do, and without a path, a
statement or a secret. What really happened goes to the log."""

import logging

from datasette.database import QueryInterrupted
from datasette.utils.asgi import Base400, Request, Response
from datasette.views.base import DatasetteError

from monitor.web.record import NoRecord
from monitor.web.site import Site

log = logging.getLogger(__name__)

_SLOW = "这个页面要查询的内容太多，没能在限定时间内完成。请缩小范围后再试。"


async def answer(site: Site, request: Request, exception: Exception) -> Response:
    """The page, or the JSON, for whatever a handler raised."""
    if isinstance(exception, NoRecord):
        return await _shown(site, request, 503, "还没有记录", "先运行一次 nianbao crawl；运行中的服务会自行建立。")
    if isinstance(exception, QueryInterrupted) or "interrupted" in exception.args:
        return await _shown(site, request, 400, "查询超时", _SLOW)
    if isinstance(exception, DatasetteError):
        return await _shown(site, request, exception.status, exception.title or "查询有误", str(exception.message))
    if isinstance(exception, Base400):
        title = "没有这个页面" if exception.status == 404 else "请求有误"
        return await _shown(site, request, exception.status, title, str(exception.args[0]) if exception.args else "")
    log.error("%s failed", request.path, exc_info=exception)
    return await _shown(site, request, 500, "出错了", "这个页面没能生成；原因已记入日志，请告知管理员。")


async def refusal(site: Site, request: Request) -> Response:
    """For what nobody may see."""
    return await _shown(site, request, 403, "无权查看", "这里没有可以查看的内容。")


async def _shown(site: Site, request: Request, status: int, title: str, message: str) -> Response:
    if request.path.endswith(".json"):
        return Response.json({"ok": False, "error": message or title, "title": title, "status": status}, status=status)
    return await site.page(request, "error.html", {"title": title, "error": message, "status": status}, status=status)
