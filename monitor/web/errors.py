"""What a visitor is told when something is not there or goes wrong: in Chinese, with what to do, and without a path, a
statement or a secret. What really happened goes to the log."""

import errno
import logging
import re

from datasette.database import QueryInterrupted
from datasette.utils import InvalidSql
from datasette.utils.asgi import Base400, Request, Response
from datasette.views.base import DatasetteError

from monitor.sqlite import sqlite3
from monitor.web.record import NoRecord, TooBusy, TooMuch
from monitor.web.site import Site

log = logging.getLogger(__name__)

SLOW = "要查询的内容太多，没能在限定时间内完成。请缩小范围后再试。"
LARGE = "查询结果太大。请少选几列，或加上条件、LIMIT 后再试。"
_HELD = "记录正被占用，请稍后再试。"
_BROKEN = "记录无法读取；请告知管理员，运行 nianbao doctor 可以查明原因。"
_NOT_ALLOWED = "这里只能查询：语句要以 SELECT 或 WITH 开头，不能修改内容，也不能读取别的文件或设置。"
_LIKE_NAME = r"[\w.\u4e00-\u9fff（）()、%‘’“” -]{1,80}"
_SAID: tuple[tuple[str, str], ...] = (
    (r"interrupted|SQL query took too long|SQL Interrupted", SLOW),
    (r"string or blob too big|too much|out of memory", LARGE),
    (r"database (?:table )?is locked", _HELD),
    (r"disk image is malformed|not a database|disk I/O error|unable to open", _BROKEN),
    (rf"no such table: ({_LIKE_NAME})", "没有名为{}的表或视图；可用的见“查询”页。"),
    (rf"no such column: ({_LIKE_NAME})", "没有名为{}的列。文字要用单引号，列名有空格或符号时用双引号。"),
    (rf"ambiguous column name: ({_LIKE_NAME})", "有几个表都有名为{}的列；请写成“表名.列名”。"),
    (rf"no such function: ({_LIKE_NAME})", "没有名为{}的函数。"),
    (rf"wrong number of arguments to function ({_LIKE_NAME})\(\)", "函数{}的参数个数不对。"),
    (r'near "([^"]{1,40})": syntax error', "语句在{}附近有语法错误。"),
    (r"incomplete input", "语句没有写完。"),
    (r"unrecognized token", "语句里有不认识的符号；文字要用英文单引号，逗号、括号也要用英文的。"),
    (r"misuse of aggregate", "汇总函数用错了位置；对汇总结果设条件请用 HAVING。"),
    (r"only execute one statement", "一次只能执行一条语句。"),
    (r"malformed MATCH|fts5: syntax error|unterminated string", "检索词的写法有误。"),
    (r"malformed JSON", "JSON 的写法有误。"),
    (r"LIKE or GLOB pattern too complex", "LIKE 或 GLOB 的式样过长。"),
    (r"too many (?:columns|terms|SQL variables|levels|FROM|attached)|parser stack overflow|too large", "语句过于复杂。"),
    (r"must be a SELECT|contain(?:s|ed)? (?:a )?disallowed|not authorized|prohibited|readonly|read-only", _NOT_ALLOWED),
    (r"[Tt]able not found|[Dd]atabase not found|[Rr]ecord not found|Row not found", "没有这个表、视图或记录。"),
    (r"_next not allowed|streaming", "这里不能这样分页下载。"),
    (r"_size must be|_sort|_facet|Cannot use|Invalid", "网址中的查询条件有误。"),
    (r"Did not supply a value for binding|incorrect number of binding|You did not supply", "语句中的参数还没有填写。"),
    (r"integer overflow|too large to convert", "数字过大。"),
)  # fmt: skip
"""What SQLite and Datasette say, and what a reader needs to know of it."""


def in_chinese(message: str) -> str:
    """What a message of SQLite or Datasette comes to; empty for one that readers need not see."""
    if re.search(r"[\u4e00-\u9fff]", re.sub(r":.*", "", message, flags=re.DOTALL)):
        return message
    for pattern, said in _SAID:
        if (found := re.search(pattern, message)) is not None:
            return said.format(*(f"“{group}”" for group in found.groups()))
    return ""


async def answer(site: Site, request: Request, exception: Exception) -> Response:
    """The page, or the JSON, for whatever a handler raised."""
    status, title, message = _told(request, exception)
    return await _shown(site, request, status, title, message)


def _told(request: Request, exception: Exception) -> tuple[int, str, str]:
    text = str(exception.args[0]) if exception.args else ""
    if isinstance(exception, NoRecord):
        return 503, "还没有可读的记录", _missing(exception)
    if isinstance(exception, TooBusy):
        return 503, "查询太多", "正在等待的查询太多，请过几秒再试。"
    if isinstance(exception, QueryInterrupted) or text == "interrupted":
        return 400, "查询超时", SLOW
    if isinstance(exception, TooMuch | MemoryError):
        return 400, "查询结果太大", LARGE
    if isinstance(exception, DatasetteError):
        said = in_chinese(str(exception.title or "")) or in_chinese(str(exception.message))
        if exception.status >= 500:
            log.error("%s failed: %s", request.path, type(exception).__name__, exc_info=exception)
        title = "查询超时" if said == SLOW else "查询有误"
        return exception.status, title, said or "这个查询不能执行。"
    if isinstance(exception, Base400):
        found = "没有这个页面" if exception.status == 404 else "请求有误"
        return (
            exception.status,
            found,
            in_chinese(text) or ("" if exception.status == 404 else "网址中的查询条件有误。"),
        )
    if isinstance(exception, InvalidSql):
        return 400, "查询有误", in_chinese(text) or _NOT_ALLOWED
    if isinstance(exception, OverflowError):
        return 400, "请求有误", "数字过大。"
    if isinstance(exception, OSError) and exception.errno == errno.ENAMETOOLONG:  # of a sheet that nobody could have
        return 404, "没有这个页面", ""
    # Datasette takes the JSON of this one apart unseen.
    if isinstance(exception, LookupError | TypeError | ValueError) and "_through" in request.args:
        return 400, "请求有误", "网址中的查询条件有误。"
    if isinstance(exception, sqlite3.DatabaseError):
        said = in_chinese(text)
        if said in (_HELD, _BROKEN):
            log.error("%s: the record: %s", request.path, text)
            return 503, "记录暂时无法读取", said
    log.error("%s failed", request.path, exc_info=exception)
    return 500, "出错了", "这个页面没能生成；原因已记入日志，请告知管理员。"


def _missing(exception: NoRecord) -> str:
    """What there is to do: without a record, with one of an earlier release, with one that is damaged."""
    match exception.why:
        case "behind":
            return "记录还是旧版本的；下一次 nianbao crawl 或 nianbao serve 会自动更新它。"
        case "broken":
            log.error("the record cannot be read: %s", exception)
            return _BROKEN
        case _:
            return "先运行一次 nianbao crawl；运行中的服务会自行建立。"


async def refusal(site: Site, request: Request) -> Response:
    """For what nobody may see."""
    return await _shown(site, request, 403, "无权查看", "这里没有可以查看的内容。")


async def _shown(site: Site, request: Request, status: int, title: str, message: str) -> Response:
    if request.path.endswith(".json"):
        said = {"ok": False, "error": message or title, "title": title, "status": status}
        return Response.json(said, status=status)
    values = {"title": title, "error": message, "status": status}
    return await site.page(request, "error.html", values, status=status)
