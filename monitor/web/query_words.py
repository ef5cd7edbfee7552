"""Words of the query pages: what SQLite says, in Chinese; names of tables; cells that lead on; file names. Pure."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from datasette.utils import tilde_encode
from markupsafe import Markup, escape

from monitor.export.values import harmless, seen
from monitor.times import shown

EXAMPLE = (
    "SELECT 机关, 年度, 表三_总计_一、本年新收 AS 新收\nFROM 统计数据\nWHERE 年度 >= 2022\nORDER BY 新收 DESC\nLIMIT 50"
)
_READ_ONLY = "这里只能读取：一条以 SELECT 或 WITH 开头的语句，不能附加其他文件、改动设置或装载扩展"
_PROBLEMS: tuple[tuple[str, str], ...] = (
    (r"bad parameter", "地址里有写错的参数"),
    (r"interrupted", "查询超过 2 秒，已停止。请缩小范围：加上年度、门户或机关的条件，少取几列，或加 LIMIT"),
    (r"no such table: (?:main\.)?(.+)", "没有名为“{}”的表或视图"),
    (r"no such column: (.+)", "没有名为“{}”的列"),
    (r"no such function: (.+)", "没有名为“{}”的函数"),
    (r"ambiguous column name: (.+)", "列名“{}”在几张表里都有，请写明是哪张表的"),
    (r'near "(.*)": syntax error', "“{}”附近有语法错误"),
    (r'unrecognized token: "(.*)"', "“{}”这里写法有误，多半是引号没有成对"),
    (r"incomplete input", "语句没有写完"),
    (r"You can only execute one statement at a time\.?", "一次只能运行一条语句"),
    (r"(?:You did not supply a value for binding (?:parameter )?:?(\w+).*)", "参数“{}”还没有填写"),
    (r"Incorrect number of bindings supplied.*", "参数请写成 :名称 的样子，不用 ?"),
    (r"not authorized.*|access to .* is prohibited.*|authorization denied.*", _READ_ONLY),
    (r"Statement must be a SELECT.*|Statement may not contain PRAGMA.*|.*execute_write.*", _READ_ONLY),
    (
        r"(?:string or blob|result) too (?:big|large)",
        "结果太大：一个值或整个结果超出了可以处理的大小。请少取几列或加 LIMIT",
    ),
    (r"too many columns.*", "列太多，请写明要取的列"),
    (r"out of memory|.*MemoryError.*", "结果太大，内存不够。请少取几列或加 LIMIT"),
    (r"misuse of aggregate.*", "聚合函数（count、sum……）用在了不能用的地方"),
    (r"wrong number of arguments to function (.+)", "函数 {} 的参数个数不对"),
    (r"LIKE or GLOB pattern too complex", "LIKE 或 GLOB 的样式太长"),
    (r"Cannot sort table by (.+)", "不能按“{}”排序：没有这一列"),
    (r"Cannot use _sort and _sort_desc at the same time", "升序和降序只能选一个"),
    (r"_(?:no)?col=(.+) - invalid columns", "没有这样的列：{}"),
)


def problem(said: object) -> str:
    """What SQLite or Datasette says is wrong, in Chinese; its own words follow where they add something."""
    text = " ".join(seen(str(said)).split())[:500]
    for pattern, words in _PROBLEMS:
        if found := re.fullmatch(pattern, text):
            told = words.format(*(group or "" for group in found.groups()))
            own = text in ("interrupted", "bad parameter", "result too large") or words == _READ_ONLY
            return told + "。" if own else f"{told}。（SQLite：{text}）"
    return f"这条查询不能运行。（SQLite：{text}）"


_LOOKUPS = {
    "exact": "等于", "not": "不等于", "contains": "包含", "endswith": "结尾是", "startswith": "开头是", "gt": "大于",
    "gte": "不小于", "lt": "小于", "lte": "不大于", "like": "像（LIKE）", "notlike": "不像（LIKE）", "glob": "像（GLOB）",
    "in": "是其中之一", "notin": "不在其中", "arraycontains": "数组含有", "arraynotcontains": "数组不含", "date": "日期是",
    "isnull": "为空", "notnull": "不为空", "isblank": "空白", "notblank": "不空白", "notcontains": "不包含",
}  # fmt: skip


def lookup(key: str) -> str:
    """A way of filtering, in Chinese."""
    return _LOOKUPS.get(key, key)


TABLES = {
    "portals": "门户", "organs": "机关", "crawls": "读取", "sections": "栏目", "links": "栏目所列", "reports": "年报", "pages": "页面",
    "page_parts": "分页", "article_parts": "分页存档", "page_reports": "页面与年报", "companions": "相关材料", "versions": "版本",
    "attachments": "附件", "section_readings": "栏目读取", "corrections": "人工更正", "readings": "年报读取", "figures": "数值",
    "fields": "指标", "picture_readings": "图片识别", "findings": "核对", "events": "事件", "deliveries": "送达", "told": "已告知",
    "notes": "备忘",
}  # fmt: skip
"""Tables, as people would call them."""


def table(name: str) -> str:
    """What a table holds; nothing for a name that says it itself."""
    return TABLES.get(name, "")


def parameters(sql: str) -> list[str]:
    """Names after a colon, in the order in which they come; what stands in quotes and comments is left aside."""
    bare = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\[[^\]]*\]|--[^\n]*|/\*.*?(?:\*/|\Z)", " ", sql, flags=re.DOTALL)
    return list(dict.fromkeys(re.findall(r":(\w+)", bare)))


def _leads_to(row: Any, column: str, table: str | None) -> str:
    """`report`, `event` or nothing: what the number in this column is of."""
    if column in ("年报编号", "事件编号"):
        return {"年报编号": "report", "事件编号": "event"}[column]
    if column != "编号":
        return ""
    if table is not None:
        return {"年报一览": "report", "变更记录": "event", "逾期未公开": "event"}.get(table, "")
    names = set(row.keys())
    if "规则" in names or "规则代码" in names:
        return ""
    return "event" if "发现时间" in names else "report" if "首次发现" in names else ""


_NULL = Markup('<span class="null">空</span>')


def cell(path: Callable[..., str], zone: str, row: Any, value: Any, column: str, table: str | None) -> Markup | None:
    """NULL as 空, times in the readers' zone, ids that lead on; None: as Datasette would show it. Asked for each cell of a
    thousand rows: what is a number or a time is put between tags as it is."""
    if value is None:
        return _NULL
    if isinstance(value, int) and not isinstance(value, bool):
        leads = _leads_to(row, column, table)
        if leads and 0 < value < 2**63:
            return Markup(f'<a href="{escape(path(f"/{leads}/{value}"))}">{value}</a>')  # noqa: S704
        return Markup(f'<span class="num">{value}</span>')  # noqa: S704
    if isinstance(value, float):
        text = f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
        return Markup(f'<span class="num">{text}</span>')  # noqa: S704
    if isinstance(value, str) and len(value) == 20 and value.endswith("Z"):
        told = shown(value, zone)
        if told != value:  # so it is a time, and nothing else
            return Markup(f'<time class="num" datetime="{value}" title="{value}（协调世界时）">{told}</time>')  # noqa: S704
    return None


def tilde(part: str) -> str:
    """A part of an address as Datasette writes it."""
    return str(tilde_encode(part))


def plain(name: str) -> str:
    """The name of a column in a file."""
    return harmless(name).strip()[:200] or "列"


def sheet(name: str) -> str:
    """A name that a sheet may have."""
    return re.sub(r"[\[\]:*?/\\']", " ", seen(name)).strip()[:31] or "结果"


def as_file(name: str) -> str:
    """`content-disposition` for a file that may have a Chinese name."""
    safe = re.sub(r'[\x00-\x1f\x7f"\\/:*?<>|]', "_", seen(name))[:120]
    ascii_name = re.sub(r"[^A-Za-z0-9._-]+", "_", safe).lstrip("_.") or "nianbao.csv"
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(safe, safe='')}"
