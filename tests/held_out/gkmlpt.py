# ruff: noqa: E501 (pages as their systems write them)
"""Guangdong: the directory platform (a tree and an interface), and a plain NFCMS column."""

import json

from monitor.demo.server import Request, Response
from tests.held_out.site import TITLES, Route, Row, Site, as_json, make, other, pages_of


def platform() -> Site:
    sid, cat = "758123", 14230
    organs = [
        "端城区人民政府",
        "端城区人民政府办公室",
        *(
            f"端城区{name}局"
            for name in (
                "教育",
                "民政",
                "财政",
                "住房和城乡建设",
                "交通运输",
                "水利",
                "文化广电旅游体育",
                "卫生健康",
                "退役军人事务",
                "应急管理",
                "审计",
                "统计",
                "医疗保障",
                "林业",
            )
        ),
        *(f"端城区{n}镇人民政府" for n in ("沙浦", "凤凰", "永安")),
    ]

    def address(row: Row, n: int) -> str:
        number = 2_981_455 - n * 1217
        return f"/gkmlpt/content/{number // 1_000_000}/{number // 1000}/post_{number}.html"

    truth = make("端城", organs, range(2019, 2025), address, TITLES[:3], "span")
    law = [
        Row(
            f"/gkmlpt/content/2/2555/post_255510{y - 2020}.html",
            y,
            "端城区司法局",
            f"端城区{y}年法治政府建设年度报告",
            f"{y + 1}-03-30",
            other("法治", "端城区", y),
        )
        for y in (2021, 2022, 2023, 2024)
    ]
    web = [
        Row(
            f"/gkmlpt/content/2/2556/post_255610{y - 2020}.html",
            y,
            "端城区人民政府办公室",
            f"端城区人民政府网站工作年度报表（{y}年度）",
            f"{y + 1}-01-25",
            other("网站", "端城区", y),
        )
        for y in (2022, 2023, 2024)
    ]
    tree = [
        {"id": 14200, "name": "机构职能", "parent": 0, "children": [], "jump_url": "", "post_count": 9},
        {"id": 14210, "name": "法规公文", "parent": 0, "jump_url": "", "post_count": 30, "children": [{"id": 14211, "name": "规范性文件", "children": [], "jump_url": "", "post_count": 30}]},
        {"id": 14220, "name": "年度报告、工作报表", "parent": 0, "jump_url": "", "post_count": 0, "children": [
            {"id": 14229, "name": "法治政府建设年度报告", "children": [], "jump_url": "", "post_count": len(law)},
            {"id": cat, "name": "政府信息公开年报", "children": [], "jump_url": "", "post_count": len(truth)},
            {"id": 14231, "name": "政府网站年度报表", "children": [], "jump_url": "", "post_count": len(web)}]},
    ]  # fmt: skip
    lists: dict[str, list[Row]] = {
        str(cat): truth,
        "14229": law,
        "14231": web,
        "0": sorted([*truth, *law, *web], key=lambda r: r.date, reverse=True),
    }

    def shell(extra: str, inner: str, title: str) -> str:
        config = json.dumps(
            {"SID": int(sid), "CATEGORY_ID": 0, "TREE": tree, "SITE_NAME": "端城区人民政府"}, ensure_ascii=False
        )
        return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title><script>window._CONFIG = {config};{extra}</script>
<link href="/gkmlpt/css/app.css" rel="stylesheet"></head><body><div class="header"><a href="/">端城区人民政府</a></div><div id="app">{inner}</div><script src="/gkmlpt/js/app.js"></script></body></html>"""

    def article(row: Row) -> str:
        return shell("", f"""<div class="classify"><table><tr><td>索引号:</td><td>11441200X/2025-00011</td><td>分类:</td><td>年报</td></tr><tr><td>发布机构:</td><td><span>{row.organ}</span></td><td>成文日期:</td><td>{row.date}</td></tr>
<tr><td>名称:</td><td colspan="3">{row.title}</td></tr><tr><td>文号:</td><td></td><td>发布日期:</td><td>{row.date}</td></tr></table></div><h1 class="title document-number">{row.title}</h1>
<div class="date-row">发布日期：{row.date} 浏览次数：<span id="visit">-</span></div><div class="article-content">{row.html}</div>""", row.title)  # fmt: skip

    def api(request: Request) -> Response:
        name = request.path.rpartition("/")[2]
        rows = lists.get(name)
        if rows is None or request.query.get("sid") != sid:
            return as_json({"articles": [], "total": 0})
        at = max(1, int(request.query.get("page") or 1))
        part = rows[(at - 1) * 100 : at * 100]
        articles = [
            {"id": n, "title": r.title, "document_number": "", "publisher": r.organ, "date": 1_700_000_000, "created_at": r.date + " 10:00:00", "display_publish_time": 1_736_000_000,
             "url": f"http://{request.headers['host']}{r.path}", "post_url": f"http://{request.headers['host']}{r.path}", "is_expired": 0, "is_abolished": 0, "attachment": []}
            for n, r in enumerate(part)
        ]  # fmt: skip
        return as_json(
            {
                "articles": articles,
                "total": len(rows),
                "classify": {"id": int(name), "post_count": len(rows)},
                "page": at,
            }
        )

    routes: dict[str, Route] = {row.path: article(row) for row in [*truth, *law, *web]}
    routes["/gkmlpt/index"] = shell("", "", "端城区人民政府-政府信息公开目录")
    for name in lists:
        routes[f"/gkmlpt/api/all/{name}"] = api
    routes[
        "/"
    ] = """<html><head><meta charset="utf-8"><title>端城区人民政府门户网站</title></head><body><ul class="nav"><li><a href="/zwgk/">政务公开</a></li><li><a href="/gkmlpt/index">政府信息公开目录</a></li></ul>
<div class="news"><a href="/zwgk/gzbg.html">2025年政府工作报告</a></div></body></html>"""
    routes["/zwgk/"] = (
        '<html><head><meta charset="utf-8"><title>政务公开</title></head><body><a href="/gkmlpt/index#14229">法治政府建设年度报告</a><a href="/gkmlpt/index"><img src="/ml.png" alt="政府信息公开平台"></a></body></html>'
    )
    routes["/zwgk/gzbg.html"] = (
        f'<html><head><meta charset="utf-8"><title>政府工作报告</title></head><body>{other("工作", "端城区", 2024)}</body></html>'
    )
    return Site("gkmlpt_platform", "gkmlpt", f"/gkmlpt/index#{cat}", routes, truth, ["/gkmlpt/index"])


def nfcms() -> Site:
    base = "/zwgk/xxgknb/bmjz/"
    organs = [
        "花溪埔区人民政府",
        "花溪埔区人民政府办公室",
        "花溪埔区司法局",
        "花溪埔区信访局",
        "花溪埔区新华街道办事处",
        "花溪埔区花山镇人民政府",
    ]
    truth = make(
        "花溪埔",
        organs,
        range(2019, 2025),
        lambda row, n: f"{base}content/post_{8_773_475 - n * 311}.html",
        [TITLES[0], TITLES[5]],
    )
    guide = Row(
        f"{base}content/post_8800001.html",
        2024,
        "花溪埔区人民政府办公室",
        "一图读懂花溪埔区人民政府2024年政府信息公开工作年度报告",
        "2025-04-02",
        "<p><img src='/img/0/1/ytdd.jpg' alt='一图读懂'></p>",
    )

    def page(title: str, inner: str, script: str = "") -> str:
        return f"""<!DOCTYPE html><html><head><meta charset="utf-8"/><title>{title} - 广州市花溪埔区人民政府门户网站</title><meta name="SiteDomain" content="%HOST%"/><meta name="SiteName" content="花溪埔区人民政府门户网站"/>
<script>var NFCMS_SITE_ID = "100123";{script}</script></head><body><div class="head"><a href="/">首页</a><a href="/zwgk/">政务公开</a><a href="/hdjl/">政民互动</a></div>{inner}
<div class="foot">本站访问 %HITS%</div></body></html>"""

    def article(row: Row) -> str:
        number = row.path.rpartition("_")[2].removesuffix(".html")
        return page(row.title, f"""<div class="local"><a href="/">首页</a> &gt; <a href="/zwgk/">政务公开</a> &gt; <a href="/zwgk/xxgknb/">信息公开年报</a> &gt; <a href="{base}">部门、街镇</a></div>
<h1 class="news_cont_d_title">{row.title}</h1><p class="margin">时间：{row.date} 16:11:03　来源：{row.organ}</p><div class="news_cont_d_wrap">{row.html}</div>
<script src="//statistics.gd.gov.cn/visit/post?site=100123&post={number}"></script>""", f'var NFCMS_POST_ID = "{number}";')  # fmt: skip

    rows = sorted([*truth, guide], key=lambda r: r.date, reverse=True)
    routes: dict[str, Route] = {row.path: article(row) for row in rows}
    pages = pages_of(rows, 20)
    for at, part in enumerate(pages, 1):
        items = "".join(
            f'<li><a href="http://%HOST%{row.path}" title="{row.title}">{row.title}</a><span class="time">{row.date}</span></li>'
            for row in part
        )
        ahead = f'<a class="next" href="http://%HOST%{base}index_{at + 1}.html">下一页</a>' if at < len(pages) else ""
        routes[base if at == 1 else f"{base}index_{at}.html"] = page(
            "部门、街镇",
            f'<div class="local">首页 &gt; 政务公开 &gt; 信息公开年报 &gt; 部门、街镇</div><ul class="news_list">{items}</ul><div class="pagediv"><span>共{len(rows)}条</span>{ahead}</div>',
        )
    routes["/zwgk/xxgknb/"] = page("信息公开年报", f'<ul><li><a href="{base}">部门、街镇</a></li></ul>')
    web = [
        Row(
            f"/zwgk/wzbb/content/post_880{y}.html",
            y,
            "",
            f"花溪埔区政府网站工作年度报表（{y}）",
            f"{y + 1}-01-30",
            other("网站", "花溪埔区", y),
        )
        for y in (2022, 2023, 2024)
    ]
    routes.update(
        {row.path: article(row).replace("信息公开年报", "网站年报").replace(base, "/zwgk/wzbb/") for row in web}
    )
    routes["/zwgk/wzbb/"] = page(
        "政府网站工作年度报表",
        "<ul>" + "".join(f'<li><a href="{row.path}">{row.title}</a></li>' for row in web) + "</ul>",
    )
    routes["/zwgk/"] = page(
        "政务公开",
        '<div class="gk"><a href="/zwgk/wzbb/">政府网站工作年度报表</a><a href="/zwgk/xxgknb/">信息公开年报</a><a href="/zwgk/xxgkzn/">信息公开指南</a></div>',
    )
    routes["/zwgk/xxgkzn/"] = page("信息公开指南", "<p>指南</p>")
    routes["/hdjl/"] = page("政民互动", "")
    routes["/"] = page("首页", '<div class="tu"><a href="/zwgk/"><img src="/img/zwgk.png" alt="政务公开"></a></div>')
    return Site("nfcms_column", "gkmlpt", base, routes, truth, ["/zwgk/xxgknb/"])


SITES = (platform, nfcms)
