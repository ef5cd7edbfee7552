# ruff: noqa: E501 (pages as their systems write them)
"""Columns that ship a template; the rows come from POST /queryList."""

import json

from monitor.demo.server import Request, Response
from tests.held_out.site import TITLES, Route, Row, Site, as_json, make, other, uuid_of


def query_list() -> Site:
    code, channel, unit = "ganbei", "A100541", "2f1c"
    organs = ["赣北市人民政府", "赣北市人民政府办公室", "赣北市生态环境局", "赣北市商务局", "赣北市体育局"]
    column = f"/{code}/zfxxgknb/list.shtml"
    truth = make(
        "赣北",
        organs,
        range(2019, 2025),
        lambda row, n: f"/{code}/{channel.lower()}/content/{uuid_of('gb' + str(n))}.html",
        TITLES[:2],
    )

    def page(title: str, inner: str, meta: str = "") -> str:
        return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title><meta name="SiteName" content="赣北市人民政府"><meta name="ColumnType" content="">{meta}<meta name="HtmlGenerateTime" content="2026-01-01 %HITS%"></head>
<body><div class="nav"><a href="/">首页</a><a href="/{code}/xxgk/index.shtml">政府信息公开</a></div>{inner}</body></html>"""

    def article(row: Row) -> str:
        return page(row.title, f"""<div class="bread"><a href="/">首页</a>&gt;<a href="/{code}/xxgk/index.shtml">政府信息公开</a>&gt;<a href="{column}">政府信息公开年报</a></div><h1 class="ewb-title">{row.title}</h1>
<div class="ewb-info">发布时间：{row.date} 来源：{row.organ}</div><div class="ewb-article" id="zoom">{row.html}</div>""", f'<meta name="ArticleTitle" content="{row.title}"><meta name="PubDate" content="{row.date} 08:00"><meta name="ContentSource" content="{row.organ}">')  # fmt: skip

    def api(request: Request) -> Response:
        form = {**request.query, **request.form}
        if request.body.strip().startswith(b"{"):
            form = {key: str(value) for key, value in json.loads(request.body).items()}
        if request.method != "POST":
            return Response(b"", 405)
        if channel not in "".join(v for k, v in form.items() if k.startswith("channelCode")):
            return as_json({"code": 0, "data": {"total": 0, "results": []}})
        at, size = int(form.get("current") or 1), int(form.get("pageSize") or 10)
        results = [
            {
                "id": n,
                "source": {
                    "title": r.title,
                    "pubDate": r.date,
                    "urls": json.dumps({"pc": r.path, "h5": "/h5" + r.path}),
                    "channelCode": channel,
                },
            }
            for n, r in enumerate(truth[(at - 1) * size : at * size])
        ]
        return as_json(
            {
                "code": 200,
                "message": "ok",
                "data": {"total": len(truth), "pageCount": -(-len(truth) // size), "current": at, "results": results},
            }
        )

    routes: dict[str, Route] = {row.path: article(row) for row in truth}
    routes["/queryList"] = api
    routes[column] = page("政府信息公开年报", f"""<div class="bread"><a href="/">首页</a>&gt;政府信息公开年报</div><ul id="list-{unit}"></ul><div id="pager"></div>
<script id="tpl" type="text/x-handlebars-template">{{{{#each results}}}}<li><a href="{{{{pcUrl source.urls}}}}" title="{{{{source.title}}}}">{{{{source.title}}}}</a><span>{{{{source.pubDate}}}}</span></li>{{{{/each}}}}</script>
<script>
var params = {{ current: 1, unitid: '{unit}', webSiteCode: ['{code}'], channelCode: ['{channel}'], perPage: 10, showMode: 'full', pageSize: 10 }};
function query(p) {{ params.current = p; $.ajax({{ url: '/queryList', type: 'POST', data: params, traditional: true, dataType: 'json', success: function (res) {{ render(res.data.results, res.data.total); }} }}); }}
query(1);
</script>""", '<meta name="ColumnName" content="政府信息公开年报">')  # fmt: skip
    wrong = [
        Row(
            f"/{code}/a100542/content/{uuid_of('wz' + str(y))}.html",
            y,
            "",
            f"{y}年赣北市法治政府建设年度报告",
            f"{y + 1}-02-20",
            other("法治", "赣北市", y),
        )
        for y in (2023, 2024)
    ]
    routes.update(
        {
            r.path: article(r).replace("政府信息公开年报", "法治").replace(column, f"/{code}/fz/list.shtml")
            for r in wrong
        }
    )
    routes[f"/{code}/fz/list.shtml"] = page(
        "法治政府建设年度报告", "".join(f'<li><a href="{r.path}">{r.title}</a></li>' for r in wrong)
    )
    routes[f"/{code}/xxgk/index.shtml"] = page(
        "政府信息公开",
        f'<div class="m"><a href="/{code}/fz/list.shtml">法治政府建设年度报告</a><a href="{column}">政府信息公开年报</a></div>',
    )
    routes["/"] = page("赣北市人民政府", f'<div class="xx"><a href="/{code}/fz/list.shtml">法治政府</a></div>')
    return Site("querylist", "querylist", column, routes, truth, ["/queryList"])


SITES = (query_list,)
