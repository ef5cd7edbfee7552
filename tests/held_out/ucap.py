# ruff: noqa: E501 (pages as their systems write them)
"""Ucap: a column read from /common/search, one from getFileListByCodeId, and plain lists with a six-argument createPageHTML."""

import json

from monitor.demo.server import Request, Response
from tests.held_out.site import TITLES, Route, Row, Site, as_json, digits, hexes, make, other, pages_of


def search() -> Site:
    channel = hexes("松原岭 channel", 32)
    organs = [
        "松原岭市人民政府",
        "松原岭市人民政府办公室",
        "松原岭市粮食和物资储备局",
        "松原岭市乡村振兴局",
        "松原岭市营商环境建设监督局",
    ]
    column = "/syl/c100241/zfxxgk_list.shtml"
    truth = make(
        "松原岭",
        organs,
        range(2019, 2025),
        lambda row, n: f"/syl/c100241/{row.date[:4]}{row.date[5:7]}/c03_{digits('syl' + str(n), 6)}.shtml",
        [TITLES[0], TITLES[2]],
        "span",
    )

    def page(title: str, inner: str, meta: str = "") -> str:
        return f"""<!DOCTYPE HTML><html><head><meta charset="utf-8"><meta http-equiv="X-UA-Compatible" content="IE=edge"><title>{title}</title><meta name="SiteName" content="松原岭市人民政府"><meta name="SiteIDCode" content="2399990003">{meta}
<meta name="others" content="页面生成时间 2026-01-01 10:%HITS%"></head><body><div class="wzws"><a href="/">首页</a><a href="/syl/c100200/gk.shtml">政务公开</a></div>{inner}<div class="footer">黑ICP备05000001号</div></body></html>"""

    def article(row: Row) -> str:
        meta = f'<meta name="ArticleTitle" content="{row.title}"><meta name="PubDate" content="{row.date} 15:02:11"><meta name="ContentSource" content="{row.organ}"><meta name="ColumnName" content="政府信息公开年报"><meta name="ColumnType" content="">'
        return page(row.title, f"""<div class="position">首页&nbsp;&gt;&nbsp;<a href="/syl/c100200/gk.shtml">政务公开</a>&nbsp;&gt;&nbsp;<a href="{column}">政府信息公开年报</a></div>
<div class="detail"><h1><UCAPTITLE>{row.title}</UCAPTITLE></h1><p>日期：<span><PUBLISHTIME>{row.date} 15:02</PUBLISHTIME></span> 来源：{row.organ}</p><div id="UCAP-CONTENT"><UCAPCONTENT>{row.html}</UCAPCONTENT></div></div>""", meta)  # fmt: skip

    def api(request: Request) -> Response:
        at, size = int(request.query.get("page") or 1), min(int(request.query.get("_pageSize") or 15), 15)
        results = [{"title": r.title, "subTitle": "", "url": r.path, "content": r.title, "contentHtml": "", "publishedTime": 1_700_000_000_000, "publishedTimeStr": r.date + " 15:02:11", "channelId": channel,
                    "domainMetaList": [{"domainName": "政务公开", "resultList": [{"key": "source", "value": r.organ}, {"key": "pubdate", "value": r.date}]}]} for r in truth[(at - 1) * size : at * size]]  # fmt: skip
        return as_json(
            {
                "code": 200,
                "data": {"total": len(truth), "page": at, "rows": size, "channelId": channel, "results": results},
            }
        )

    routes: dict[str, Route] = {row.path: article(row) for row in truth}
    routes[f"/common/search/{channel}"] = api
    routes[column] = page("政府信息公开年报", f"""<div class="position">首页 &gt; 政务公开 &gt; 政府信息公开年报</div><div class="list" id="list_box"></div><div id="page_div"></div>
<script>
var channelId = "{channel}";
function getList(p){{ $.get("/common/search/"+channelId+"?_isAgg=true&_isJson=true&_pageSize=15&_template=index&_rangeTimeGte=&_channelName=&page="+p,function(res){{
  var h=""; $.each(res.data.results,function(i,o){{ h+='<li><a href="'+o.url+'">'+o.title+'</a><span>'+o.publishedTimeStr.substr(0,10)+'</span></li>'; }}); $("#list_box").html(h); }},"json"); }}
getList(1);
</script>""", f'<meta name="channelid" content="{channel}">')  # fmt: skip
    links = ""
    for code, name, kind in (("c100245", "法治政府建设年度报告", "法治"), ("c100246", "政府网站工作年度报表", "网站")):
        wrong = [
            Row(
                f"/syl/{code}/{y + 1}02/c03_{digits(code + str(y), 6)}.shtml",
                y,
                "松原岭市人民政府",
                f"松原岭市{y}年{name}",
                f"{y + 1}-02-10",
                other(kind, "松原岭市", y),
            )
            for y in (2022, 2023, 2024)
        ]
        routes.update(
            {
                r.path: article(r).replace("政府信息公开年报", name).replace(column, f"/syl/{code}/zfxxgk_list.shtml")
                for r in wrong
            }
        )
        routes[f"/syl/{code}/zfxxgk_list.shtml"] = page(
            name, "<ul>" + "".join(f'<li><a href="{r.path}">{r.title}</a></li>' for r in wrong) + "</ul>"
        )
        links += f'<dd><a href="/syl/{code}/zfxxgk_list.shtml">{name}</a></dd>'
    routes["/syl/c100200/gk.shtml"] = page(
        "政务公开", f'<dl>{links}<dd><a href="{column}">政府信息公开年报</a></dd></dl>'
    )
    routes["/"] = page(
        "松原岭市人民政府网",
        '<div class="nav2"><a href="/syl/c100200/gk.shtml">政务公开</a><a href="/syl/c100246/zfxxgk_list.shtml">网站年度报表</a></div>',
    )
    return Site("ucap_search", "ucap", column, routes, truth)


def file_list() -> Site:
    channel = hexes("甘泉 channel", 32)
    organs = ["陇源县人民政府", "陇源县人民政府办公室", "陇源县文体广电和旅游局", "陇源县城关镇人民政府"]
    column = "/lyx/c105532/zfxxgknb.shtml"
    truth = make(
        "陇源",
        organs,
        range(2019, 2025),
        lambda row, n: f"/lyx/c105532/{row.date[:4]}{row.date[5:7]}/{hexes('ly' + str(n), 32)}.shtml",
        [TITLES[0], TITLES[1]],
    )

    def page(title: str, inner: str) -> str:
        return f"""<!DOCTYPE html><html><head><meta charset="utf-8"/><title>{title}_陇源县人民政府</title><meta name="SiteName" content="陇源县人民政府"/></head><body><script>$_ts=window['$_ts'];if(!$_ts)$_ts={{}};</script>
<div class="top"><a href="/">网站首页</a><a href="/lyx/zfxxgk/index.shtml">政府信息公开</a></div>{inner}<div>累计访问%HITS%</div></body></html>"""

    def article(row: Row) -> str:
        return page(row.title, f"""<div class="dqwz">您现在的位置：<a href="/">首页</a>/<a href="/lyx/zfxxgk/index.shtml">政府信息公开</a>/<a href="{column}">政府信息公开年报</a></div><div class="xl"><h2 class="tit"><ucaptitle>{row.title}</ucaptitle></h2>
<div class="sx"><span>发布时间：{row.date}</span><span>信息来源：{row.organ}</span></div><div id="zoomcon"><ucapcontent>{row.html}</ucapcontent></div></div>""")  # fmt: skip

    def api(request: Request) -> Response:
        form = dict(request.form)
        if request.body.strip().startswith(b"{"):
            form = {key: str(value) for key, value in json.loads(request.body).items()}
        form = {**request.query, **form}
        if request.method != "POST" or form.get("channelId") != channel:
            return as_json({"success": False, "results": None, "message": "channelId error"})
        at, size = int(form.get("page") or 1), int(form.get("size") or 10)
        results = [
            {"title": r.title, "url": r.path, "publishedTimeStr": r.date, "source": r.organ}
            for r in truth[(at - 1) * size : at * size]
        ]
        return as_json(
            {"success": True, "results": {"data": {"total": len(truth), "page": at, "rows": size, "results": results}}}
        )

    old = "".join(
        f'<li><a href="/lyx/c105532/202001/{hexes("old" + str(n), 32)}.shtml">陇源县某局{2010 + n}年政府信息公开年报</a></li>'
        for n in range(6)
    )
    routes: dict[str, Route] = {row.path: article(row) for row in truth}
    routes["/getFileListByCodeId"] = api
    routes[column] = page("政府信息公开年报", f"""<div class="left_nav"><a href="/lyx/zfxxgk/index.shtml">政府信息公开</a></div><div class="zfxxgk_zdgkc"><ul id="fileList"><!--{old}--></ul></div><div id="page"></div>
<script type="text/javascript">
var size = 10;
function loadList(page){{
  $.ajax({{ type: "post", url: "/getFileListByCodeId", data: {{ "channelId": "{channel}", "page": page, "size": size, "relateSubChannels": "true" }}, dataType: "json",
    success: function(r){{ render(r.results.data.results); }} }});
}}
$(function(){{ loadList(1); }});
</script>""")  # fmt: skip
    wrong = [
        Row(
            f"/lyx/c105540/{y + 1}01/{hexes('w' + str(y), 32)}.shtml",
            y,
            "",
            f"陇源县政府网站工作年度报表（{y}年度）",
            f"{y + 1}-01-20",
            other("网站", "陇源县", y),
        )
        for y in (2023, 2024)
    ]
    routes.update(
        {
            r.path: article(r).replace("政府信息公开年报", "网站报表").replace(column, "/lyx/c105540/list.shtml")
            for r in wrong
        }
    )
    routes["/lyx/c105540/list.shtml"] = page(
        "政府网站年度报表", "".join(f'<li><a href="{r.path}">{r.title}</a></li>' for r in wrong)
    )
    menu = "".join(
        f'<a href="/lyx/c1056{n:02d}/list.shtml">{name}</a>'
        for n, name in enumerate(
            (
                "机构职能",
                "领导信息",
                "规划计划",
                "统计信息",
                "财政预决算",
                "行政许可",
                "行政处罚",
                "公共资源交易",
                "重大建设项目",
                "公务员招考",
                "应急管理",
                "社会救助",
                "教育",
                "医疗卫生",
                "环境保护",
            )
        )
    )
    routes["/lyx/zfxxgk/index.shtml"] = page(
        "政府信息公开",
        f'<div class="nav_zfxxgk"><a href="/lyx/zn/index.shtml">指南</a><a href="/lyx/c105540/list.shtml">政府网站年度报表</a><a href="{column}">政府信息公开年报</a></div><div class="gkml">{menu}</div>',
    )
    routes["/lyx/zn/index.shtml"] = page("指南", "<p>指南</p>")
    news = "".join(
        f'<li><a href="/lyx/c105001/2025{m:02d}/{hexes("n" + str(m), 32)}.shtml">陇源县第{m}次县政府常务会议研究部署乡村振兴和生态环境保护工作</a><span>2025-{m:02d}-11</span></li>'
        for m in range(1, 13)
    )
    routes["/"] = page(
        "首页",
        f'<div class="gk"><a href="/lyx/zfxxgk/index.shtml"><img src="/lyx/gk.png" title="政府信息公开"/></a></div><ul class="xw">{news}</ul>',
    )
    return Site("ucap_file_list", "ucap", column, routes, truth, soft=page("404", "<p>抱歉，您访问的页面不存在。</p>"))


def html_list() -> Site:
    organs = [
        "青湖山区人民政府",
        "青湖山区人民政府办公室",
        "青湖山区城市管理局",
        "青湖山区塘山镇人民政府",
        "青湖山区湖坊镇人民政府",
    ]
    column = "/qhsq/zfxxgknb/zfxxgk_nb.shtml"
    truth = make(
        "青湖山",
        organs,
        range(2017, 2025),
        lambda row, n: f"/qhsq/zfxxgknb/{row.date[:4]}{row.date[5:7]}/{hexes('qhs' + str(n), 32)}.shtml",
        TITLES[:4],
        "div",
    )

    def page(title: str, inner: str) -> str:
        return f"""<!DOCTYPE html><html><head><meta charset="utf-8"/><title>{title}</title><meta name="SiteName" content="青湖山区人民政府"/><meta name="SiteDomain" content="%HOST%"/></head><body><ul class="navbar"><li><a href="/">首页</a></li>
<li><a href="/qhsq/xxgk/xxgk.shtml">信息公开</a></li></ul>{inner}<div class="ft">访问 %HITS%</div></body></html>"""

    def article(row: Row) -> str:
        return page(row.title, f"""<div class="BreadcrumbNav">当前位置：<a href="/">首页</a> &gt; <a href="/qhsq/xxgk/xxgk.shtml">信息公开</a> &gt; <a href="{column}">信息公开年报</a></div>
<div class="scroll_main ScrollStyle"><h3>{row.title}</h3><div class="time">发布日期：{row.date} 来源：{row.organ}</div><div class="scroll_cont ScrollStyle" id="zoomcon"><UCAPCONTENT>{row.html}</UCAPCONTENT></div></div>""")  # fmt: skip

    routes: dict[str, Route] = {row.path: article(row) for row in truth}
    pages = pages_of(truth, 12)
    for at, part in enumerate(pages, 1):
        items = "".join(
            f'<li><a href="{row.path}" title="{row.title}">{row.title}</a><b>{row.date}</b></li>' for row in part
        )
        routes[column if at == 1 else f"/qhsq/zfxxgknb/zfxxgk_nb_{at}.shtml"] = page("信息公开年报", f"""<div class="zfxxgk_zdgkc"><ul>{items}</ul></div><div id="page_div"></div>
<script>createPageHTML('page_div',{len(pages)},{at},'zfxxgk_nb','shtml',{len(truth)});</script>""")  # fmt: skip
    law = [
        Row(
            f"/qhsq/fzzf/{y + 1}03/{hexes('fz' + str(y), 32)}.shtml",
            y,
            "",
            f"青湖山区{y}年度法治政府建设年度报告",
            f"{y + 1}-03-09",
            other("法治", "青湖山区", y),
        )
        for y in (2022, 2023, 2024)
    ]
    routes.update(
        {r.path: article(r).replace("信息公开年报", "法治").replace(column, "/qhsq/fzzf/list.shtml") for r in law}
    )
    routes["/qhsq/fzzf/list.shtml"] = page(
        "法治政府建设年度报告", "".join(f'<li><a href="{r.path}">{r.title}</a></li>' for r in law)
    )
    routes["/qhsq/xxgk/xxgk.shtml"] = page(
        "信息公开",
        f'<div class="xxgk_navli"><a href="/qhsq/fzzf/list.shtml">法治政府建设年度报告</a><a href="{column}">信息公开年报</a></div>',
    )
    routes["/"] = page("青湖山区人民政府", "<p>欢迎</p>")
    return Site("ucap_html_list", "ucap", column, routes, truth)


SITES = (search, file_list, html_list)
