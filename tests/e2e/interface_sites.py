"""Portals whose lists an interface answers, on loopback, as strict as real ones: JPAAS units, search.jsp, query pages, queryList.

Each `Column` holds what the site would list today; the tests change it between passes. Names of places are made up.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

PROSE = "依据《中华人民共和国政府信息公开条例》第五十条规定，编制本报告。一年来，本机关主动公开政府信息一百二十条，收到申请三件，均已答复。"
CHAPTERS = "".join(
    f"<p>{name}</p><p>{PROSE}</p>"
    for name in (
        "一、总体情况",
        "二、主动公开政府信息情况",
        "三、收到和处理政府信息公开申请情况",
        "五、存在的主要问题及改进情况",
    )
)


def title(organ: str, year: int) -> str:
    return f"{organ}{year}年政府信息公开工作年度报告"


def report(organ: str, year: int, extra: str = "") -> str:
    """A report's page."""
    name = title(organ, year)
    return (
        f'<html><head><meta charset="utf-8"><title>{name}</title><meta name="ArticleTitle" content="{name}">'
        f'<meta name="PubDate" content="{year + 1}-01-20"><meta name="ContentSource" content="{organ}"></head><body>{extra}'
        f"<h1>{name}</h1><div id='zoom'><p>统计期限自{year}年1月1日起至{year}年12月31日止。</p>{CHAPTERS}</div></body></html>"
    )


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    form: dict[str, list[str]]
    body: bytes
    headers: dict[str, str]


@dataclass
class Reply:
    body: str
    status: int = 200
    content_type: str = "text/html; charset=utf-8"


def as_json(value: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False), status, "application/json;charset=utf-8")


Route = Callable[[Asked], Reply | str]


class Server:
    """Routes by path, on 127.0.0.1."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.log: list[Asked] = []
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0) or 0))
                query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
                form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, parts.path, query, form, body, headers)
                served.log.append(asked)
                route = served.routes.get(parts.path)
                said = route(asked) if route else Reply("<html><body><h1>404 Not Found</h1></body></html>", 404)
                reply = Reply(said) if isinstance(said, str) else said
                data = reply.body.encode()
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.content_type)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that hangs up is none of our business."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Column:
    """What a site lists: reports by year, beside other papers."""

    server: Server
    name: str
    organ: str
    years: list[int]
    size: int = 3
    address: Callable[[str, int], str] = lambda name, year: f"/{name}/art/{year + 1}/art_{year:032x}.html"
    broken: dict[int, Reply] = field(default_factory=dict)
    """Answers for single pages of the list in place of the right ones."""
    deaf: bool = False
    """The page's number is not read."""

    def __post_init__(self) -> None:
        for year in range(2012, 2027):
            self.server.routes[self.address(self.name, year)] = lambda asked, year=year: report(self.organ, year)

    def page(self, number: int, size: int = 0) -> list[tuple[str, str, str]]:
        """(address, title, date) of a page's rows."""
        size = size or self.size
        number = 1 if self.deaf else max(number, 1)
        rows = [(self.address(self.name, year), title(self.organ, year), f"{year + 1}-01-20") for year in self.years]
        return rows[(number - 1) * size : number * size]


def jpaas(column: Column, strict: bool = True) -> str:
    """A JPAAS column; its section's address. Its unit answers 403 to whatever the column's own script would not send."""
    section = f"/{column.name}/zfxxgknb/index.html"
    path = "/api-gateway/jpaas-publish-server/front/page/build/unit"
    data = {
        "parseType": "bulidstatic",
        "webId": column.name,
        "tplSetId": "t 1",
        "pageType": "column",
        "tagId": "信息列表",
        "pageId": "77",
    }
    nav = {**data, "tagId": "导航栏"}
    literal = escape(str(data), quote=True)

    def shell(asked: Asked) -> str:
        return (
            "<!DOCTYPE html><html><head><title>政府信息公开年报</title></head><body><div id='nav'>"
            f"<script src='/u.js' queryData=\"{nav}\" url='{path}'></script></div>"
            f"<div class=list><script  queryData = '{literal}'\n url=\"{path}\" src='/u.js'></script></div></body></html>"
        )

    old = column.server.routes.get(path)

    def unit(asked: Asked) -> Reply | str:
        if asked.query.get("webId") != column.name:
            return old(asked) if old else Reply("no such site", 404)
        param = asked.query.get("paramJson", "")
        number = json.loads(param)["pageNo"] if param else 1
        wrong = " " in param or not asked.headers.get("referer", "").endswith(section)
        if strict and (
            wrong or asked.headers.get("x-requested-with") != "XMLHttpRequest" or asked.query["tplSetId"] != "t 1"
        ):
            return Reply("forbidden", 403)
        if number in column.broken:
            return column.broken[number]
        rows = "".join(
            f'<li><a href="{url}" title="{name}" class=news>{name[:9]}...</a><span>{date}</span></li>'
            for url, name, date in column.page(number)
        )
        said = f'rows="{column.size}" count="{len(column.years)}" pageNo="{number}"'
        pager = f'<div class="pagination" {said}><a href="javascript:;">下一页</a></div>'
        html = f'<div class="page-content"><ul>{rows}</ul></div>{pager}'
        return as_json({"success": True, "code": "200", "message": "", "data": {"html": html}})

    column.server.routes[section] = shell
    column.server.routes[path] = unit
    return section


def search(column: Column) -> str:
    """A directory of the 信息公开 module, its tree in a frame; its section's address. The list answers POST only."""
    section = f"/{column.name}/col/col9/index.html"
    root = f"/{column.name}/module/xxgk"
    area = f"0024{len(column.name)}"

    def shell(asked: Asked) -> str:
        frame = f"<iframe src='{root}/tree.jsp?standardXxgk=1&amp;area={area}&amp;divid=div4'></iframe>"
        return f"<html><body>{frame}<div id=div4></div></body></html>"

    def tree(asked: Asked) -> str:
        nodes = (("A01", "机构概况"), ("A0212", "政府信息公开年报"), ("A03", "政府网站年报"))
        return (
            "<script>"
            + "".join(
                f"document.write(\"<a href='javascript:void(0)' onclick=\\\"funclick('{key}','{label}')\\\">{label}</a>\");"
                for key, label in nodes
            )
            + "</script>"
        )

    def answer(asked: Asked) -> Reply | str:
        form = {key: values[-1] for key, values in asked.form.items()}
        if (
            asked.method != "POST"
            or form.get("infotypeId") != "A0212"
            or form.get("area") != area
            or form.get("divid") != "div4"
        ):
            return "<table></table>"
        number = int(form["currpage"])
        if number in column.broken:
            return column.broken[number]
        rows = "".join(
            f'<tr class="tr_main_value_{"odd" if n % 2 else "even"}"><td>{n}</td>'
            f'<td><a href="{url}" target=_blank mc="{name}" title="{name}">'
            f"{name[:8]}</a></td><td>{date}</td></tr>"
            for n, (url, name, date) in enumerate(column.page(number))
        )
        pages = -(-len(column.years) // column.size)
        onward = f"<a href='javascript:goPage({number + 1})'>下一页</a>"
        return (
            f"<table>{rows}</table><table><tr><td align=right>&nbsp;&nbsp;共{pages}页&nbsp;{onward}</td></tr></table>"
        )

    column.server.routes |= {section: shell, f"{root}/tree.jsp": tree, f"{root}/search.jsp": answer}
    return section


def query_list(column: Column, *, body: str = "form") -> str:
    """A column that ships a template only; its section's address. `body`: how its interface wants its parameters."""
    section = f"/{column.name}/col/col42/index.html"
    path = "/queryList" if body == "form" else f"/{column.name}/api/queryList"
    params = (
        f"var params = {{ current: 1, unitid: '380055', webSiteCode: ['{column.name}'], channelCode: ['col42'],\n"
        "dataBefore: '', perPage: '3', notReturnContent:false, templateContainerId: 'div1' /* , x: 1 */ };\n"
    )
    call = "loadPageData(params, '380055');"
    if body == "json":
        call = (
            f"$.ajax({{url: '{path}', type: 'POST', contentType: 'application/json', data: JSON.stringify(params)}});"
        )
    template = (
        "<script id='div1' type='text/x-handlebars-template'>{{#each data}}<li><a href='{{pcUrl}}' title='{{title}}'>{{title}}</a>"
        "<span>{{formatDate pubDate}}</span></li>{{/each}}</script>"
    )

    def shell(asked: Asked) -> str:
        head = f'<meta name="ColumnName" content="政府信息公开年报"><base href="/{column.name}/"><title>年报</title>'
        return f"<!doctype html><html><head>{head}</head><body><div id='1'></div>{template}<script>{params}{call}</script></body></html>"

    old = column.server.routes.get(path)

    def answer(asked: Asked) -> Reply | str:
        if body == "json":
            if asked.headers.get("content-type", "").partition(";")[0] != "application/json":
                return Reply("unsupported", 415)
            said = json.loads(asked.body)
            site, channel, number, size = (
                said["webSiteCode"][0],
                said["channelCode"][0],
                int(said["current"]),
                int(said["perPage"]),
            )
        else:
            form = asked.form
            if asked.method != "POST" or "webSiteCode[]" not in form:
                return as_json({"code": 400, "msg": "参数错误", "data": None})
            site, channel = form["webSiteCode[]"][0], form["channelCode[]"][0]
            number, size = int(form["current"][0]), int(form["perPage"][0])
        if site != column.name:
            return old(asked) if old else as_json({"code": 404, "data": None})
        if number in column.broken:
            return column.broken[number]
        rows = [
            {
                "id": "x",
                "source": {
                    "title": f"<p>{name}</p>",
                    "pubDate": f"{date} 10:00",
                    "urls": json.dumps({"pc": quote(url), "wap": "/w"}),
                },
            }
            for url, name, date in column.page(number, size)
        ]
        assert channel == "col42"
        return as_json(
            {"code": 200, "success": True, "data": {"total": len(column.years), "current": number, "results": rows}}
        )

    column.server.routes |= {section: shell, path: answer}
    return section
