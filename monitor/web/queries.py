"""Asking in SQL: the page of saved queries, what Datasette's own pages need to speak our language, results as files.

Hooks of `plugin` that belong here: `canned` (saved queries at `/nianbao/NAME`), `cell` (ids that lead on, 空 for NULL),
`teach` (words of the templates), `failed` (a query that failed, in words).
"""

import asyncio
import io
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urlencode

import msgspec
from datasette.database import QueryInterrupted
from datasette.utils import InvalidSql, tilde_decode
from datasette.utils.asgi import NotFound, Request, Response
from datasette.views.base import DatasetteError
from datasette.views.database import DatabaseView
from datasette.views.table import TableView
from jinja2 import Environment

from monitor.export.columns import Column, Table
from monitor.export.writers import MEDIA_TYPES, Content, write_csv, write_xlsx
from monitor.figure_views import COLUMNS
from monitor.sqlite import sqlite3
from monitor.store import Row, Store
from monitor.times import local
from monitor.web import query_words
from monitor.web.record import NAME, TooMuch
from monitor.web.saved_queries import GROUPS, MONTH, NOW, SAVED, VIEWS, Saved
from monitor.web.site import Route, Site

_SUFFIXES = (".json", ".csv", ".xlsx")


def asked_now(one: Saved, site: Site) -> str:
    """A saved query's SQL at the pages' present."""
    month = f"{local(site.now, 'Asia/Shanghai'):%Y-%m}"
    return one.sql.replace(MONTH, f"'{month}'").replace(NOW, f"'{site.now}'")


def canned(site: Site) -> dict[str, dict[str, Any]]:
    """Saved queries as Datasette wants them."""
    return {
        one.name: {
            "sql": asked_now(one, site),
            "title": one.name,
            "description": one.about,
            "params": [parameter.name for parameter in one.parameters],
            "fields": msgspec.to_builtins(one.parameters),
            "group": one.group,
        }
        for one in SAVED
    }


def cell(site: Site, row: Any, value: Any, column: str, table: str | None) -> Any:
    """How Datasette's pages show a cell; None: as they would."""
    return query_words.cell(site.path, site.zone, row, value, column, table)


def teach(env: Environment, site: Site) -> None:
    """Words of the templates."""
    env.filters |= {"sql_problem": query_words.problem, "lookup": query_words.lookup, "own_name": query_words.table}

    async def people_columns() -> dict[str, list[str]]:
        return await site.read(_columns)

    env.globals |= {
        "people_columns": people_columns,
        "sql_parameters": query_words.parameters,
        "saved_queries": SAVED,
        "query_groups": GROUPS,
        "people_views": VIEWS,
        "wide_view": WIDE,
    }


async def failed(site: Site, request: Request, exception: Exception) -> Response | None:
    """The answer to a query that failed, with the query to mend; None: it is no query's failure."""
    interrupted = isinstance(exception, QueryInterrupted)
    if isinstance(exception, DatasetteError):
        interrupted = exception.title == "SQL Interrupted"
    elif not interrupted and not isinstance(exception, InvalidSql | TooMuch | sqlite3.DatabaseError | ValueError):
        return None
    path = request.path.removeprefix(str(site.datasette.setting("base_url")).rstrip("/"))
    if path != f"/{NAME}" and not path.startswith((f"/{NAME}.", f"/{NAME}/", f"/{NAME}?")):
        return None
    said = "interrupted" if interrupted else str(getattr(exception, "message", exception))
    if isinstance(exception, TooMuch):
        said = "result too large"
    elif isinstance(exception, ValueError):  # Datasette takes numbers and JSON of an address for what they should be
        said = "bad parameter"
    problem = query_words.problem(said)
    if path.partition("?")[0].endswith(".json"):
        return Response.json({"ok": False, "error": problem, "sqlite": said, "status": 400}, status=400)
    values = {"problem": problem, "sql": request.args.get("sql") or "", "interrupted": interrupted}
    return await site.page(request, "query_failed.html", values, status=400)


def _columns(store: Store) -> dict[str, list[str]]:
    """Columns of each view for people, in order."""
    return {
        name: [row["name"] for row in store.rows("SELECT name FROM pragma_table_info(?)", (name,))] for name, _ in VIEWS
    }


def _tables(store: Store) -> list[Row]:
    return store.rows(
        """SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%\\_%\\_%' ESCAPE '\\'
        AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name"""
    )


async def home(site: Site, request: Request) -> Response:
    """Where querying begins."""
    columns, tables = await site.read(lambda store: (_columns(store), _tables(store)))
    host = site.settings.service.web_url.rstrip("/") or f"{request.scheme}://{request.host}{site.path('/')}".rstrip("/")
    values = {"columns": columns, "tables": [row["name"] for row in tables], "host": host, "sql": query_words.EXAMPLE}
    return await site.page(request, "query_home.html", values)


async def renamed(site: Site, request: Request) -> Response:
    """Chinese names as browsers write them, to the form that Datasette knows."""
    path, suffix = unquote(request.url_vars["rest"]), ""
    for one in _SUFFIXES:
        if path.endswith(one):
            path, suffix = path.removesuffix(one), one
    parts = [str(site.datasette.urls.database(NAME)), *(query_words.tilde(part) for part in path.split("/"))]
    query = f"?{request.query_string}" if request.query_string else ""
    return Response.redirect("/".join(parts) + suffix + query)


def _cell(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"（{len(value)} 字节）"
    return value["label"] if isinstance(value, dict) else value


def _contents(name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Content:
    """A result as a table to be written. A column is of numbers if nothing else is in it."""

    def kind(place: int) -> Column:
        found = [row[place] for row in rows if row[place] is not None]
        numbers = bool(found) and all(isinstance(value, int | float) for value in found)
        return Column(query_words.plain(columns[place]), "number" if numbers else "string", "", verbatim=not numbers)

    def cells() -> Iterator[list[tuple[object, ...]]]:
        yield [tuple(map(_cell, row)) for row in rows]

    table = Table("result", query_words.sheet(name), "", tuple(kind(place) for place in range(len(columns))), ())
    return Content(table, cells())


async def download(site: Site, request: Request) -> Response:
    """A result as CSV (as Excel opens it) or XLSX."""
    table, form = request.url_vars.get("table"), request.url_vars["format"]
    view = (TableView if table else DatabaseView)(site.datasette)
    if not table and not request.args.get("sql"):
        raise NotFound("没有要下载的内容")
    answer = await view.data(_told(request, "_nocount=1"))
    if isinstance(answer, Response):
        return answer
    data = answer[0]
    if data.get("error"):
        raise InvalidSql(str(data["error"]))
    name = tilde_decode(table) if table else "查询结果"
    content = _contents(name, list(data["columns"]), [tuple(row) for row in data["rows"]])

    def written() -> bytes:
        out = io.BytesIO()
        if form == "csv":
            write_csv(out, content, bom=True)
        else:
            write_xlsx(out, [content])
        return out.getvalue()

    body = await asyncio.to_thread(written)
    headers = {"content-disposition": query_words.as_file(f"{name}.{form}")}
    if data.get("truncated") or data.get("next"):
        headers["x-truncated"] = "1"
    return Response(body, headers=headers, content_type=MEDIA_TYPES["csv" if form == "csv" else "xlsx"])


async def database(site: Site, request: Request) -> Response:
    """Own SQL; without any, the page of queries, as counting all tables takes long."""
    if not request.args.get("sql"):
        return Response.redirect(site.path("/query"))
    answer: Response = await DatabaseView(site.datasette).dispatch_request(request)
    return answer


def _told(request: Request, more: str) -> Request:
    """The request, as if its address said more."""
    told = "&".join(filter(None, (request.query_string, more)))
    return Request({**request.scope, "query_string": told.encode("latin-1")}, request.receive)


WIDE = "统计数据"
"""The view with a column for each cell of the forms: each is a look-up of its own in each row."""
FEW = (
    "年报编号", "门户", "地区", "机关", "年度", "公开日期", "数据来源",
    *(COLUMNS[code] for code in (
        "requests.new.total", "requests.carried_in.total", "requests.granted.total", "requests.partly_granted.total",
        "requests.handled_total.total", "requests.carried_out.total", "review.reconsideration.total", "review.direct_suit.total",
        "review.suit_after_reconsideration.total", "proactive.normative_documents.issued", "proactive.fees.amount",
    )),
    "网址",
)  # fmt: skip
"""Its columns that a page shows where none are asked for."""


def _narrowed(request: Request) -> Request:
    """The page of the wide view with few columns and those that it is filtered or sorted by; with all of them if the address
    says so (`_wide`)."""
    if any(request.args.get(key) for key in ("_wide", "_col", "_nocol")):
        return request
    named = {key.partition("__")[0] for key in request.args}
    named |= {value for key in ("_sort", "_sort_desc", "_facet") for value in request.args.getlist(key)}
    columns = (*FEW, *(name for name in COLUMNS.values() if name in named and name not in FEW))
    return _told(request, urlencode([("_col", name) for name in columns]))


async def database_json(site: Site, request: Request) -> Response:
    """What there is to be asked, or the answer to own SQL, as JSON."""
    if not request.args.get("sql") and request.args.get("_shape") in ("array", "arrayfirst"):
        problem = "没有查询，也就没有行：_shape 只用于查询的结果"
        return Response.json({"ok": False, "error": problem, "status": 400}, status=400)
    answer: Response = await DatabaseView(site.datasette).dispatch_request(request)
    return answer


async def table(site: Site, request: Request) -> Response:
    """A table, view or saved query; its rows are counted only where that is asked for (`_count`), as it may take seconds."""
    if tilde_decode(request.url_vars["table"]) == WIDE:
        request = _narrowed(request)
    if not request.args.get("_count") and not request.args.get("_nocount"):
        request = _told(request, "_nocount=1")
    answer: Response = await TableView(site.datasette).dispatch_request(request)
    return answer


ROUTES: list[Route] = [
    ("/query", home),
    (rf"/(?P<database>{NAME})(?P<format>never)?", database),
    (rf"/(?P<database>{NAME})\.(?P<format>json)", database_json),
    (rf"/(?P<database>{NAME})/(?P<table>[^/%.]+)(?P<format>never)?", table),
    (rf"/{NAME}/(?P<rest>[^?]*%[^?]*)", renamed),
    (rf"/(?P<database>{NAME})\.(?P<format>csv|xlsx)", download),
    (rf"/(?P<database>{NAME})/(?P<table>[^/%]+)\.(?P<format>csv|xlsx)", download),
]
