# ruff: noqa: E501 (pages as their systems write them)
"""Hanweb: dataproxy, a JPAAS unit, the directory of the xxgk module, and the report by organ and year."""

import json

from monitor.demo.server import Request, Response
from tests.held_out.site import TITLES, Route, Row, Site, as_json, digits, hexes, make, other

# 1. dataproxy: the column holds the first group of records, the rest comes by POST; the menu is written by a script.


def dataproxy() -> Site:
    col = "1229518877"
    organs = [
        "台岭市人民政府",
        "台岭市人民政府办公室",
        "台岭市教育局",
        "台岭市公安局",
        "台岭市财政局",
        "台岭市文化和广电旅游体育局",
        "台岭市白塔镇人民政府",
        "台岭市城南街道办事处",
    ]
    truth = make(
        "台岭",
        organs,
        range(2020, 2025),
        lambda row, n: "/art/{}/{}/{}/art_{}_{}.html".format(
            *(int(p) for p in row.date.split("-")), col, 3_985_011 + n * 17
        ),
        TITLES[1:3],
        "span",
    )

    def page(title: str, inner: str, meta: str = "") -> str:
        return f"""<!doctype html><html><head><meta charset='utf-8'><title>{title}</title><meta name='SiteName' content='台岭市政府门户网站'>
<meta name='SiteDomain' content='%HOST%'>{meta}<script src='/script/0/1705/jquery.min.js'></script></head><body>
<div id='menu'></div><script>
var menu=[{{n:'首页',u:'/'}},{{n:'走进台岭',u:'/col/col1229500001/index.html'}},{{n:'政府信息公开',u:'/col/col1229500002/index.html'}}];
for(var i=0;i<menu.length;i++){{document.write('<a href="'+menu[i].u+'">'+menu[i].n+'</a>');}}
</script>{inner}<div class='bottom'>网站标识码3399990002 浙ICP备05099999号 <script>document.write('%HITS%')</script></div></body></html>"""

    def record(row: Row) -> str:
        return f"<li><i></i><a href='{row.path}' title='{row.title}' target='_blank'>{row.title[:20]}...</a><span>{row.date}</span></li>"

    def article(row: Row) -> str:
        return page(row.title, f"""<!--<$[标题]>begin--><table id='article'><tr><td class='title'>{row.title}</td></tr><tr><td>发布日期：<!--日期begin-->{row.date}
　信息来源：<!--来源begin-->{row.organ}　访问次数：<script src='/module/visitcount/articlehits.jsp?i=1'></script></td></tr>
<tr><td><div id='zoom'><!--ZJEG_RSS.content.begin-->{row.html}<!--ZJEG_RSS.content.end--></div></td></tr></table>""",
            f"<meta name='ArticleTitle' content='{row.title}'><meta name='PubDate' content='{row.date} 09:15'><meta name='ContentSource' content='{row.organ}'>"
            f"<meta name='ColumnName' content='政府信息公开年报'><meta name='Url' content='http://%HOST%{row.path}'>")  # fmt: skip

    unit = "5602447"

    def column(request: Request) -> str:
        records = "".join(f"<record><![CDATA[{record(row)}]]></record>" for row in truth[:45][:18])
        return page("台岭市 政府信息公开年报", f"""<div class='crumb'>您当前的位置：<a href='/'>首页</a>>><a href='/col/col1229500002/index.html'>政府信息公开</a>>>
<a href='/col/col{col}/index.html'>政府信息公开年报</a></div>
<script src='/script/jpage.js'></script><div id='{unit}' class='default_pgContainer'></div>
<script type='text/xml'><datastore>
<nextgroup><![CDATA[<a href="/module/web/jpage/dataproxy.jsp?page=1&appid=1&appid=1&webid=2755&path=/&columnid={col}&unitid={unit}&webname=%25E5%258F%25B0&permissiontype=0"></a>]]></nextgroup>
<recordset>{records}</recordset></datastore></script>
<script>$(function(){{jpage({{'col':'1','webid':'2755','path':'/','columnid':'{col}','sourceContentType':'1','unitid':'{unit}','webname':'台岭市政府门户网站','permissiontype':'0'}});
new Page({{id:'{unit}',perPage:6,totalRecord:{len(truth)},groupSize:3,openCookie:false,proxyUrl:'/module/web/jpage/dataproxy.jsp'}})}});
var perPage = 6; var totalRecord = {len(truth)};</script>""", "<meta name='ColumnName' content='政府信息公开年报'>")  # fmt: skip

    def proxy(request: Request) -> Response:
        form = {**request.query, **request.form}
        if form.get("columnid") != col or form.get("unitid") != unit:
            return Response(b"", content_type="text/xml")
        start, end = int(form.get("startrecord", "1")), int(form.get("endrecord", "18"))
        if end > len(truth):
            return Response(b"<datastore></datastore>", content_type="text/xml; charset=utf-8")
        records = "".join(f"<record><![CDATA[\n{record(row)}]]></record>\n" for row in truth[start - 1 : end])
        return Response(
            f"<datastore>\n<totalrecord>{len(truth)}</totalrecord>\n<totalpage>{-(-len(truth) // 6)}</totalpage>\n<recordset>\n{records}</recordset></datastore>".encode(),
            content_type="text/xml; charset=utf-8",
        )

    routes: dict[str, Route] = {row.path: article(row) for row in truth}
    routes[f"/col/col{col}/index.html"] = column
    routes["/module/web/jpage/dataproxy.jsp"] = proxy
    wrong = [
        Row(
            f"/art/{y + 1}/1/22/art_1229518880_{digits(str(y), 7)}.html",
            y,
            "台岭市人民政府",
            f"台岭市{y}年度政府网站工作年度报表",
            f"{y + 1}-01-22",
            other("网站", "台岭市", y),
        )
        for y in (2021, 2022, 2023, 2024)
    ]
    law = [
        Row(
            f"/art/{y + 1}/3/2/art_1229518881_{digits('l' + str(y), 7)}.html",
            y,
            "台岭市司法局",
            f"台岭市人民政府{y}年度法治政府建设情况报告",
            f"{y + 1}-03-02",
            other("法治", "台岭市", y),
        )
        for y in (2022, 2023, 2024)
    ]
    routes.update({row.path: article(row).replace("政府信息公开年报", "其他") for row in [*wrong, *law]})
    for number, name, rows in (
        ("1229518880", "政府网站工作年度报表", wrong),
        ("1229518881", "法治政府建设年度报告", law),
    ):
        routes[f"/col/col{number}/index.html"] = page(name, f"<ul>{''.join(record(row) for row in rows)}</ul>")
    routes["/col/col1229500002/index.html"] = page("政府信息公开", f"""<div class='left'><a href='/col/col1229518870/index.html'>政府信息公开指南</a><a href='/col/col1229518871/index.html'>政府信息公开制度</a>
<a href='/col/col{col}/index.html'>政府信息公开年报</a><a href='/col/col1229518880/index.html'>政府网站工作年度报表</a><a href='/col/col1229518881/index.html'>法治政府建设年度报告</a></div>""")  # fmt: skip
    routes["/col/col1229500001/index.html"] = page("走进台岭", "<p>台岭市位于浙东。</p>")
    for number in ("1229518870", "1229518871"):
        routes[f"/col/col{number}/index.html"] = page("栏目", "<p>政府信息公开</p>")
    routes["/"] = page(
        "台岭市人民政府",
        "<div class='ny'><a href='/col/col1229518880/index.html'>政府网站年度报表</a><a href='/col/col1229500001/index.html'><img src='/p.jpg' alt='走进台岭'></a></div>",
    )
    return Site("hanweb_dataproxy", "hanweb", f"/col/col{col}/index.html", routes, truth)


# 2. JPAAS: the column is a shell around a unit, which answers JSON with a fragment.


def jpaas() -> Site:
    col, web, tpl = "1229610001", "3077", "8fgHb2kQ"
    organs = ["姚州区人民政府", "姚州区人民政府办公室", "姚州区科技局", "姚州区审计局", "姚州区闻家堰街道办事处"]
    truth = make(
        "姚州",
        organs,
        range(2018, 2025),
        lambda row, n: f"/art/{row.date[:4]}/art_{hexes('姚州' + str(n), 32)}.html",
        [TITLES[0], TITLES[3]],
    )

    def page(title: str, inner: str) -> str:
        return f"<!DOCTYPE html><html lang='zh-CN'><head><meta charset='UTF-8'><title>{title}</title><meta name='SiteIDCode' content='3399990011'></head><body><header><a href='/'>首页</a><a href='/col/col1229610000/index.html'>信息公开</a></header>{inner}<footer>姚州区人民政府办公室主办 今日访问%HITS%</footer></body></html>"

    def article(row: Row) -> str:
        return page(
            row.title,
            f"<div class='path'><a href='/'>首页</a> &gt; <a href='/col/col1229610000/index.html'>信息公开</a> &gt; <a href='/col/col{col}/index.html'>信息公开年报</a></div><div class='main-txt'><h1 class='art-title'>{row.title}</h1><ul class='art-info'><li>时间：{row.date}</li><li>来源：{row.organ}</li></ul><div class='zc_article_con'>{row.html}</div></div>",
        )

    query = {
        "parseType": "bulidstatic",
        "webId": web,
        "tplSetId": tpl,
        "pageType": "column",
        "tagId": "信息列表",
        "editType": "null",
        "pageId": col,
    }

    def unit(request: Request) -> Response:
        if (
            request.query.get("webId") != web
            or request.query.get("pageId") != col
            or request.query.get("tagId") != "信息列表"
        ):
            return as_json({"success": False, "code": "500", "message": "参数错误", "data": None})
        wanted = json.loads(request.query.get("paramJson") or "{}")
        number, size = int(wanted.get("pageNo", 1)), int(wanted.get("pageSize", 10))
        rows = truth[(number - 1) * size : number * size]
        items = "".join(
            f'<li class="clearfix"><a target="_blank" href="{r.path}" title="{r.title}">{r.title}</a><span class="time">{r.date}</span></li>'
            for r in rows
        )
        html = f'<div class="page-content"><ul>{items}</ul></div><div class="pagination" id="paging" rows="{size}" count="{len(truth)}" queryData="{{}}"></div>'
        return as_json({"success": True, "code": "200", "message": "", "data": {"html": html}})

    data = json.dumps(query, ensure_ascii=False).replace('"', "'")
    routes: dict[str, Route] = {row.path: article(row) for row in truth}
    routes["/api-gateway/jpaas-publish-server/front/page/build/unit"] = unit
    routes[f"/col/col{col}/index.html"] = page("信息公开年报", f"""<div class='path'><a href='/'>首页</a> &gt; <a href='/col/col1229610000/index.html'>信息公开</a> &gt; 信息公开年报</div>
<script src='/script/pagination.js' url='/api-gateway/jpaas-publish-server/front/page/build/unit' queryData="{data}" paramJson='{{"pageNo":1,"pageSize":10}}'></script><div class='list' id='信息列表'></div>""")  # fmt: skip
    routes["/col/col1229610000/index.html"] = page(
        "信息公开",
        f"<div class='xxgk_navli'><a href='/col/col1229610005/index.html'>工作报告</a><a href='/col/col1229610006/index.html'>政府网站年报</a><a href='/col/col{col}/index.html'>信息公开年报</a></div>",
    )
    for number, name, kind in (("1229610005", "政府工作报告", "工作"), ("1229610006", "政府网站工作年度报表", "网站")):
        wrong = [
            Row(
                f"/art/{y + 1}/art_{hexes(name + str(y), 32)}.html",
                y,
                "姚州区人民政府",
                f"{y}年姚州区{name}",
                f"{y + 1}-02-08",
                other(kind, "姚州区", y),
            )
            for y in (2023, 2024)
        ]
        routes.update({row.path: article(row).replace("信息公开年报", name) for row in wrong})
        routes[f"/col/col{number}/index.html"] = page(
            name, "<ul>" + "".join(f"<li><a href='{r.path}'>{r.title}</a></li>" for r in wrong) + "</ul>"
        )
    routes["/"] = page(
        "姚州区人民政府门户网站",
        "<div class='swiper'></div><div class='col'><a href='/col/col1229610006/index.html'>网站年报</a></div>",
    )
    return Site("hanweb_jpaas", "hanweb", f"/col/col{col}/index.html", routes, truth)


# 3. The directory: search.jsp by POST, a pager in its answer.


def directory() -> Site:
    area, jd = "11330182002512345C", "1"
    organs = ["桐川县人民政府", "桐川县人民政府办公室", "桐川县农业农村局", "桐川县应急管理局", "桐川县分水镇人民政府"]
    truth = make(
        "桐川",
        organs,
        range(2019, 2025),
        lambda row, n: "/art/{}/{}/{}/art_1229550666_{}.html".format(
            *(int(p) for p in row.date.split("-")), 1_770_233 + n * 5
        ),
        TITLES[2:5],
        "br",
    )
    column = "/col/col1229550666/index.html"

    def page(title: str, inner: str) -> str:
        return f"<html><head><meta charset='utf-8'><title>{title}</title></head><body><table width='1000' align='center'><tr><td><a href='/'>桐川县政府</a> | <a href='/col/col1229550600/index.html'>政府信息公开</a></td></tr><tr><td>{inner}</td></tr><tr><td>%HITS%</td></tr></table></body></html>"

    def article(row: Row) -> str:
        return page(row.title, f"""<div>首页 &gt; <a href='/col/col1229550600/index.html'>政府信息公开</a> &gt; <a href='{column}'>政府信息公开年报</a></div><table class='xxgk_table' border='1'>
<tr><td>索引号</td><td>{area}/2025-{digits(row.path, 5)}</td><td>公开方式</td><td>主动公开</td></tr><tr><td>发布机构</td><td>{row.organ}</td><td>公开日期</td><td>{row.date}</td></tr></table>
<div class='bt'>{row.title}</div><div id='zoom'>{row.html}</div>""")  # fmt: skip

    def search(request: Request) -> str:
        form = {**request.query, **request.form}
        if form.get("area") != area or form.get("jdid") != jd:
            return "<div>没有找到相关信息</div>"
        rows = truth if form.get("infotypeId") in ("A0202", "") else truth[:1]
        at, size = int(form.get("currpage") or 1), 12
        last = -(-len(rows) // size)
        lines = "".join(
            f"<tr class='tr_main_value_{'odd' if n % 2 else 'even'}'><td>{n}</td><td><a href='http://%HOST%{row.path}' target='_blank' mc='{row.title}' title='{row.title}'>{row.title}</a></td><td>{row.date}</td></tr>"
            for n, row in enumerate(rows[(at - 1) * size : at * size], 1)
        )
        return f"<table class='tb_main'><tr class='tr_main_title'><td>序号</td><td>名称</td><td>发布日期</td></tr>{lines}</table><table><tr><td>共{len(rows)}条&nbsp;共{last}页&nbsp;第{at}页 <a href='javascript:void(0)' onclick=\"toPage('{min(at + 1, last)}')\">下一页</a></td></tr></table>"

    routes: dict[str, Route] = {row.path: article(row) for row in truth}
    routes["/module/xxgk/search.jsp"] = search
    routes[column] = page("政府信息公开年报", f"""<h3>政府信息公开年报</h3><div id="div1388"></div>
<script type="text/javascript">
function loaddata(){{
  $.ajax({{ type:"POST", url:"/module/xxgk/search.jsp?standardXxgk=1&isAllList=1&texttype=&fbtime=&vc_all=&vc_filenumber=&vc_title=&vc_number=&currpage=1&sortfield=,compaltedate:0",
  data: {{ infotypeId:"A0202", jdid:"{jd}", area:"{area}", divid:"div1388", vc_title:"", vc_number:"", currpage:"1", vc_filenumber:"", vc_all:"", texttype:"", fbtime:"" }},
  success:function(msg){{ $("#div1388").html(msg); }} }});
}}
loaddata();</script>""")  # fmt: skip
    routes["/col/col1229550600/index.html"] = page(
        "政府信息公开",
        f"<ul><li><a href='/col/col1229550601/index.html'>指南</a></li><li><a href='{column}'>政府信息公开年报</a></li><li><a href='/col/col1229550602/index.html'>法治政府建设年度报告</a></li></ul>",
    )
    routes["/col/col1229550601/index.html"] = page("指南", "<p>指南</p>")
    law = Row(
        "/art/2025/2/28/art_1229550602_9920001.html",
        2024,
        "桐川县人民政府",
        "桐川县2024年法治政府建设年度报告",
        "2025-02-28",
        other("法治", "桐川县", 2024),
    )
    routes[law.path] = article(law).replace("政府信息公开年报", "法治政府建设年度报告")
    routes["/col/col1229550602/index.html"] = page("法治政府建设年度报告", f"<a href='{law.path}'>{law.title}</a>")
    routes["/"] = page(
        "桐川县人民政府",
        "<h1>欢迎访问</h1><a href='/col/col1229550600/index.html'><img src='/gk.gif' alt='政府信息公开'></a>",
    )
    tree = f"/module/xxgk/search.jsp?standardXxgk=1&isAllList=1&texttype=&fbtime=&vc_all=&vc_filenumber=&vc_title=&vc_number=&currpage=1&sortfield=,compaltedate:0&infotypeId=A0202&jdid={jd}&area={area}&divid=div1388"
    return Site("hanweb_directory", "hanweb", column, routes, truth, [tree])


# 4. xxgkAnnualReport.jsp: a report for each organ and year, no list.


def annual() -> Site:
    organs = {"370900004341": "泰原市人民政府", "370900004342": "泰原市人民政府办公室", "370900004350": "泰原市教育局"}
    base = "/module/xxgk/xxgkAnnualReport.jsp"
    codes = {name: code for code, name in organs.items()}
    truth = make(
        "泰原",
        list(organs.values()),
        range(2019, 2025),
        lambda row, n: f"{base}?area={codes[row.organ]}&fbtime={row.year}",
        TITLES[:1],
    )
    rows = {(codes[row.organ], str(row.year)): row for row in truth}

    def page(title: str, inner: str) -> str:
        return f"<html><head><meta charset='utf-8'><title>{title}</title></head><body><div><a href='/'>首页</a> <a href='/col/col190100/index.html'>政府信息公开</a></div>{inner}<div>点击量：%HITS%</div></body></html>"

    def report(request: Request) -> str | Response:
        area, year = request.query.get("area", ""), request.query.get("fbtime", "2024") or "2024"
        row = rows.get((area, year))
        tabs = "".join(
            f"<li{' class=on' if str(y) == year else ''}><a href='{base}?area={area}&fbtime={y}'>{y}</a></li>"
            for y in range(2024, 2018, -1)
        )
        others = "".join(f"<a href='{base}?area={code}'>{name}</a>" for code, name in organs.items())
        if row is None:
            return page("政府信息公开年度报告", f"<div class='organs'>{others}</div><div>请选择单位</div>")
        return page(
            "政府信息公开年度报告",
            f"<div class='organs'>{others}</div><ul class='nd'>{tabs}</ul><div class='nr'><h2>{row.title}</h2><p>发布日期：{row.date}　发布机构：{row.organ}</p><div id='zoom'>{row.html}</div></div>",
        )

    routes: dict[str, Route] = {base: report}
    start = f"{base}?area=370900004341"
    routes["/col/col190100/index.html"] = page(
        "政府信息公开",
        f"<ul><li><a href='/col/col190101/index.html'>政府信息公开指南</a></li><li><a href='{start}'>政府信息公开年度报告</a></li><li><a href='/col/col190102/index.html'>政府网站年度报表</a></li></ul>",
    )
    routes["/col/col190101/index.html"] = page("指南", "<p>指南</p>")
    routes["/col/col190102/index.html"] = page("政府网站年度报表", other("网站", "泰原市", 2024))
    routes["/"] = page("泰原市人民政府", "<a href='/col/col190100/index.html'>政府信息公开</a>")
    sections = [
        base,
        *(f"{base}?area={code}" for code in organs),
        *(f"{base}?area={code}&fbtime={{year}}" for code in organs),
    ]
    one = [row for row in truth if row.organ == "泰原市人民政府"]
    return Site(
        "hanweb_annual",
        "hanweb",
        start,
        routes,
        truth,
        sections,
        report=one[1].path,
        by_year=True,
        expected={"column": one, "report": one},
    )


SITES = (dataproxy, jpaas, directory, annual)
