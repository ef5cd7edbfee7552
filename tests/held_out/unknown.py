# ruff: noqa: E501 (pages as their systems write them)
"""Systems that nobody knows: an old ASP site, a PHP site, tables without any class, and a list that is data in a script."""

import json

from monitor.demo.server import Request
from tests.held_out.site import TITLES, Route, Row, Site, make, other, pages_of


def asp() -> Site:
    """GBK, frames of tables, everything by number; pages by query; the national template on the report page."""
    organs = [
        "乌拉台旗人民政府",
        "乌拉台旗人民政府办公室",
        "乌拉台旗农牧局",
        "乌拉台旗林业和草原局",
        "乌拉台旗巴彦苏木人民政府",
    ]
    column = "/list.asp?classid=128"
    truth = make(
        "乌拉台",
        organs,
        range(2018, 2025),
        lambda row, n: f"/show.asp?id={20_481 - n * 3}",
        [TITLES[0], TITLES[4]],
        "br",
    )

    def page(title: str, inner: str) -> str:
        return f"""<HTML><HEAD><META http-equiv=Content-Type content="text/html; charset=gb2312"><TITLE>{title}</TITLE></HEAD><BODY bgcolor=#FFFFFF topmargin=0>
<TABLE width=980 align=center><TR><TD><A href="/index.asp">首 页</A> | <A href="/list.asp?classid=11">旗情概况</A> | <A href="/gk.asp">政府信息公开</A> | <A href="/list.asp?classid=130">政府工作报告</A></TD></TR></TABLE>{inner}
<TABLE width=980 align=center><TR><TD align=center>乌拉台旗人民政府办公室　您是本站第<FONT color=red>%HITS%</FONT>位访客</TD></TR></TABLE></BODY></HTML>"""

    law = [
        Row(
            f"/show.asp?id={30_000 + y}",
            y,
            "",
            f"乌拉台旗{y}年法治政府建设年度报告",
            f"{y + 1}-02-19",
            other("法治", "乌拉台旗", y),
        )
        for y in (2022, 2023, 2024)
    ]
    gov = [
        Row(
            f"/show.asp?id={31_000 + y}",
            y,
            "",
            f"{y}年乌拉台旗政府工作报告",
            f"{y}-01-19",
            other("工作", "乌拉台旗", y),
        )
        for y in (2023, 2024, 2025)
    ]
    lists = {"128": ("政府信息公开年报", truth), "129": ("法治政府建设年度报告", law), "130": ("政府工作报告", gov)}
    articles = {row.path.rpartition("=")[2]: (row, key) for key, (_, rows) in lists.items() for row in rows}

    def show(request: Request) -> str:
        row, key = articles.get(request.query.get("id", ""), (None, ""))
        if row is None:
            return page("错误", "<CENTER>您要查看的文章不存在！<A href='javascript:history.back()'>返回</A></CENTER>")
        return page(
            row.title,
            f"""<TABLE width=980 align=center><TR><TD>您的位置：<A href="/index.asp">首页</A> → <A href="/gk.asp">政府信息公开</A> → <A href="/list.asp?classid={key}">{lists[key][0]}</A></TD></TR>
<TR><TD align=center><FONT size=5><B>{row.title}</B></FONT></TD></TR><TR><TD align=center>作者：{row.organ}　更新时间：{row.date}　阅读：%HITS%次</TD></TR><TR><TD><div class="scroll_cont ScrollStyle">{row.html}</div></TD></TR></TABLE>""",
        )

    def listing(request: Request) -> str:
        key = request.query.get("classid", "")
        name, rows = lists.get(key, ("旗情概况", []))
        at, last = int(request.query.get("page") or 1), max(1, -(-len(rows) // 12))
        lines = "".join(
            f"<TR><TD width=20>·</TD><TD><A href='{r.path[1:]}' target=_blank>{r.title}</A></TD><TD width=90>[{r.date}]</TD></TR>"
            for r in rows[(at - 1) * 12 : at * 12]
        )
        ahead = (
            f"<A href='list.asp?classid={key}&page={at + 1}'>下一页</A> <A href='list.asp?classid={key}&page={last}'>尾页</A>"
            if at < last
            else "下一页 尾页"
        )
        return page(
            name,
            f"<TABLE width=980 align=center><TR><TD colspan=3><B>{name}</B></TD></TR>{lines}<TR><TD colspan=3 align=center>共<B>{len(rows)}</B>条 {at}/{last}页 {ahead}</TD></TR></TABLE>",
        )

    home = page(
        "乌拉台旗人民政府",
        "<TABLE align=center><TR><TD><A href='/gk.asp'><IMG src='images/gk.gif' border=0 alt='政府信息公开'></A></TD></TR></TABLE>",
    )
    gk = page(
        "政府信息公开",
        "<TABLE align=center><TR><TD><A href='list.asp?classid=129'>法治政府建设年度报告</A></TD></TR><TR><TD><A href='list.asp?classid=128'>政府信息公开年报</A></TD></TR></TABLE>",
    )
    routes: dict[str, Route] = {"/": home, "/index.asp": home, "/gk.asp": gk, "/show.asp": show, "/list.asp": listing}
    return Site("unknown_asp", "generic", column, routes, truth, charset="gb18030")


def php() -> Site:
    """index.php?m=content&c=index&a=lists&catid=: list, article and front page are one script."""
    organs = [
        "桂岩县人民政府",
        "桂岩县人民政府办公室",
        "桂岩县教育体育局",
        "桂岩县民族宗教事务局",
        "桂岩县平寨乡人民政府",
    ]
    show_base, list_base = "/index.php?m=content&c=index&a=show", "/index.php?m=content&c=index&a=lists"
    column = f"{list_base}&catid=56"
    truth = make(
        "桂岩", organs, range(2019, 2025), lambda row, n: f"{show_base}&catid=56&id={4812 - n}", [TITLES[5], TITLES[2]]
    )
    web = [
        Row(
            f"{show_base}&catid=57&id={3000 + y}",
            y,
            "",
            f"桂岩县人民政府网站{y}年度工作报表",
            f"{y + 1}-01-28",
            other("网站", "桂岩县", y),
        )
        for y in (2022, 2023, 2024)
    ]
    notice = Row(
        f"{show_base}&catid=56&id=4900",
        2024,
        "",
        "桂岩县政府信息公开年度报告制度",
        "2019-06-03",
        other("通知", "桂岩县", 2024),
    )
    lists = {"56": ("政府信息公开年度报告", [*truth, notice]), "57": ("政府网站年度报表", web)}
    articles = {row.path.rpartition("=")[2]: row for _, rows in lists.values() for row in rows}

    def page(title: str, inner: str) -> str:
        return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title} - 桂岩县人民政府网</title></head><body class="pc"><ul class="topnav"><li><a href="/index.php">首页</a></li><li><a href="{list_base}&catid=50">信息公开</a></li></ul>
<div class="wrap">{inner}</div><div class="bot">今日访问量：%HITS%</div></body></html>"""

    def index(request: Request) -> str | None:
        query = request.query
        cat = query.get("catid", "")
        if query.get("a") == "show":
            row = articles.get(query.get("id", ""))
            if row is None:
                return None
            return page(
                row.title,
                f"""<div class="crumbs"><a href="/index.php">首页</a><span> &gt; </span><a href="{list_base}&catid=50">信息公开</a> &gt; <a href="{list_base}&catid={cat}">{lists[cat][0]}</a> &gt; 正文</div>
<div id="Article"><h1>{row.title}<br /><span>{row.date} 10:00:00　来源：{row.organ}　点击：<span id="hits">%HITS%</span></span></h1><div class="content">{row.html}</div></div>""",
            )
        if query.get("a") == "lists" and cat == "50":
            return page(
                "信息公开",
                f'<dl><dt>公开内容</dt><dd><a href="{list_base}&catid=57">政府网站年度报表</a></dd><dd><a href="{column}">政府信息公开年度报告</a></dd></dl>',
            )
        if query.get("a") == "lists" and cat in lists:
            name, rows = lists[cat]
            at, last = int(query.get("page") or 1), -(-len(rows) // 10)
            items = "".join(
                f'<li><span class="rt">{r.date} 10:00:00</span>·<a href="{r.path}" target="_blank">{r.title}</a></li>'
                + ('<li class="bk20 hr"></li>' if n % 5 == 4 else "")
                for n, r in enumerate(rows[(at - 1) * 10 : at * 10])
            )
            pages = "".join(
                f" <span>{n}</span>" if n == at else f' <a href="{list_base}&catid={cat}&page={n}">{n}</a>'
                for n in range(1, last + 1)
            )
            return page(
                name,
                f'<h2>{name}</h2><ul class="lists">{items}</ul><div id="pages"><a class="a1">{len(rows)}条</a>{pages} <a href="{list_base}&catid={cat}&page={min(at + 1, last)}" class="a1">下一页</a></div>',
            )
        return page("首页", f'<div><a href="{list_base}&catid=57">网站年度报表</a></div>')

    routes: dict[str, Route] = {"/": index, "/index.php": index}
    return Site("unknown_php", "generic", column, routes, truth)


def bare_tables() -> Site:
    """Nested tables, no class, no id; rows that give the organ's name and year apart; a jump menu for pages."""
    organs = [
        "洮北河县人民政府",
        "洮北河县人民政府办公室",
        "洮北河县公安局",
        "洮北河县水利局",
        "洮北河县到保镇人民政府",
        "洮北河县平台镇人民政府",
    ]
    truth = make(
        "洮北河",
        organs,
        range(2019, 2025),
        lambda row, n: f"/gongkai/nianbao/{row.date[:4]}/{row.date[5:7]}{row.date[8:]}/{900 - n}.html",
        [TITLES[4], TITLES[3]],
        "div",
    )
    column = "/gongkai/nianbao/list.htm"

    def page(title: str, inner: str) -> str:
        return f"""<html><head><meta http-equiv="content-type" content="text/html;charset=utf-8"><title>{title}</title></head><body><table width="100%"><tr><td><a href="/">首页</a></td><td><a href="/gongkai/index.htm">信息公开</a></td><td><a href="/news/index.htm">新闻</a></td></tr></table>
<table width="100%"><tr><td width="200" valign="top"><table><tr><td><a href="/gongkai/zhinan.htm">公开指南</a></td></tr><tr><td><a href="/gongkai/nianbao/list.htm">公开年报</a></td></tr><tr><td><a href="/gongkai/wzbb.htm">网站年度报表</a></td></tr></table></td>
<td valign="top">{inner}</td></tr></table><table width="100%"><tr><td align="center">吉ICP备05000003号 %HITS%</td></tr></table></body></html>"""

    routes: dict[str, Route] = {}
    for row in truth:
        routes[row.path] = page(row.title, f"""<table width="95%"><tr><td>位置：首页 - 信息公开 - <a href="{column}">公开年报</a></td></tr><tr><td align="center"><font size="4">{row.title}</font></td></tr>
<tr><td align="center">{row.date} &nbsp; {row.organ}</td></tr><tr><td><table width="100%"><tr><td>{row.html}</td></tr></table></td></tr></table>""")  # fmt: skip
    pages = pages_of(truth, 16)
    for at, part in enumerate(pages, 1):
        lines = "".join(
            f'<tr><td>{n}</td><td><a href="{r.path}">{r.organ}政府信息公开年度报告</a></td><td>{r.year}年</td><td>{r.date}</td></tr>'
            for n, r in enumerate(part, 1)
        )
        options = "".join(
            f'<option value="list{"" if n == 1 else f"_{n}"}.htm"{" selected" if n == at else ""}>{n}</option>'
            for n in range(1, len(pages) + 1)
        )
        routes[column if at == 1 else f"/gongkai/nianbao/list_{at}.htm"] = page("公开年报", f"""<table width="95%"><tr><td>序号</td><td>名称</td><td>年度</td><td>发布日期</td></tr>{lines}</table>
<table><tr><td>第{at}页 共{len(pages)}页 转到<select onchange="window.location=this.value">{options}</select>页</td></tr></table>""")  # fmt: skip
    routes["/gongkai/index.htm"] = page("信息公开", "<table><tr><td>请从左侧选择</td></tr></table>")
    routes["/gongkai/zhinan.htm"] = page("公开指南", "<p>指南</p>")
    routes["/gongkai/wzbb.htm"] = page("网站年度报表", other("网站", "洮北河县", 2024))
    routes["/news/index.htm"] = page("新闻", "<p>无</p>")
    routes["/"] = (
        "<html><head><meta charset='utf-8'><title>洮北河县人民政府</title></head><body><map name='m'><area shape='rect' coords='0,0,10,10' href='/gongkai/index.htm' alt='信息公开'></map><img src='/top.jpg' usemap='#m'><a href='/news/index.htm'>新闻</a></body></html>"
    )
    return Site("unknown_bare_tables", "generic", column, routes, truth, soft=page("404", "<p>页面没有找到</p>"))


def script_data() -> Site:
    """The whole list is JSON in a script; a script draws rows and pages, and builds the addresses."""
    organs = [
        "云溪口市人民政府",
        "云溪口市人民政府办公室",
        "云溪口市数据局",
        "云溪口市国有资产监督管理委员会",
        "云溪口市人民防空办公室",
    ]
    column = "/open/annual/"
    truth = make(
        "云溪口",
        organs,
        range(2019, 2025),
        lambda row, n: f"/open/annual/a{71_000 - n * 9}.html",
        [TITLES[1], TITLES[5]],
        "span",
    )

    def page(title: str, inner: str) -> str:
        return f"""<!doctype html><html><head><meta charset=utf-8><title>{title} | 云溪口市人民政府</title></head><body><div id=root><a href=/>首页</a> <a href=/open/>政府信息公开</a>{inner}</div><script>window.__pv=%HITS%</script></body></html>"""

    rows = [
        {"id": n, "docTitle": r.title, "docUrl": r.path, "pubDate": r.date, "dept": r.organ}
        for n, r in enumerate(truth)
    ]
    routes: dict[str, Route] = {
        r.path: page(
            r.title,
            f"<div class=bc><a href=/>首页</a> / <a href=/open/>政府信息公开</a> / <a href=/open/annual/>政府信息公开年度报告</a></div><h1>{r.title}</h1><p class=sub>发布日期 {r.date} | 发布机构 {r.organ}</p><section>{r.html}</section>",
        )
        for r in truth
    }
    routes[column] = page("政府信息公开年度报告", f"""<h2>政府信息公开年度报告</h2><ul id=rows></ul><div id=pg></div><script>
var DATA = {json.dumps(rows, ensure_ascii=False)};
var PS = 12;
function draw(p){{ var h=''; DATA.slice((p-1)*PS,p*PS).forEach(function(d){{ h += '<li><a href="'+d.docUrl+'">'+d.docTitle+'</a> <time>'+d.pubDate+'</time></li>'; }}); document.getElementById('rows').innerHTML=h;
  var n=Math.ceil(DATA.length/PS),g=''; for(var i=1;i<=n;i++){{ g += i==p ? '<b>'+i+'</b>' : '<a href="javascript:draw('+i+')">'+i+'</a>'; }}
  if(p<n) g += '<a href="javascript:draw('+(p+1)+')">下一页</a>'; document.getElementById('pg').innerHTML='共'+DATA.length+'条 '+g; }}
draw(1);
</script>""")  # fmt: skip
    routes["/open/"] = page(
        "政府信息公开",
        "<a href=/open/guide/>指南</a> <a href=/open/law/>法治政府建设年度报告</a> <a href=/open/annual/>政府信息公开年度报告</a> <a href=/open/gzbg/>政府工作报告</a>",
    )
    routes["/open/guide/"] = page("指南", "<p>指南</p>")
    routes["/open/gzbg/"] = page("政府工作报告", other("工作", "云溪口市", 2024))
    law = Row(
        "/open/law/a80001.html",
        2024,
        "",
        "云溪口市2024年法治政府建设年度报告",
        "2025-03-01",
        other("法治", "云溪口市", 2024),
    )
    routes[law.path] = page(law.title, f"<h1>{law.title}</h1>{law.html}")
    routes["/open/law/"] = page("法治政府建设年度报告", f"<a href={law.path}>{law.title}</a>")
    routes["/"] = page("首页", "<a href=/open/gzbg/>政府工作报告</a>")
    return Site("unknown_script_data", "generic", column, routes, truth)


SITES = (asp, php, bare_tables, script_data)
