# ruff: noqa: E501 (pages as their systems write them)
"""Addresses that are hexadecimal: Shanghai, departments of Sichuan, Xi'an, Jinan."""

from tests.held_out.site import TITLES, Route, Row, Site, hexes, make, other, pages_of


def shanghai() -> Site:
    base = "/nw32801/"
    organs = [
        "申江区人民政府",
        "申江区人民政府办公室",
        "申江区商务委员会",
        "申江区建设和交通委员会",
        "申江区民族和宗教事务办公室",
    ]
    truth = make(
        "申江",
        organs,
        range(2020, 2025),
        lambda row, n: f"{base}{row.date.replace('-', '')}/{hexes('sj' + str(n), 32)}.html",
        [TITLES[1]],
    )

    def page(title: str, inner: str) -> str:
        return f"""<!DOCTYPE html><html lang="zh-cmn-Hans"><head><meta charset="utf-8" /><title>{title}_申江区人民政府</title><meta name="SiteName" content="上海市申江区人民政府"/><meta name="SiteDomain" content="%HOST%"/></head>
<body class="bootstrap"><nav class="navbar"><a href="/">首页</a><a href="/nw32700/index.html">政府信息公开</a></nav><div class="container">{inner}</div><div class="hidden">%HITS%</div></body></html>"""

    def article(row: Row, name: str, column: str) -> str:
        return page(row.title, f"""<ol class="breadcrumb"><li><a href="/">首页</a></li><li><a href="/nw32700/index.html">政府信息公开</a></li><li><a href="{column}">{name}</a></li></ol>
<div class="Article"><h2 id="ivs_title">{row.title}<small>{row.date}</small></h2><div class="Article_content" id="ivs_content">{row.html}</div></div>""")  # fmt: skip

    routes: dict[str, Route] = {row.path: article(row, "政府信息公开年度报告", f"{base}index.html") for row in truth}
    pages = pages_of(truth, 10)
    for at, part in enumerate(pages, 1):
        items = "".join(
            f'<li><a href="{row.path}" title="{row.title}" target="_blank">{row.title}</a><span class="time pull-right">{row.date}</span></li>'
            for row in part
        )
        hidden = "".join(f'<li><a href="{row.path}" title="{row.title}">{row.title}</a></li>' for row in part[:2])
        pager = f'<div class="pagination"><ul class="pagination">{"".join(f"""<li><a href="{base}index{"" if n == 1 else f"_{n}"}.html">{n}</a></li>""" for n in range(1, len(pages) + 1))}</ul></div>'
        routes[f"{base}index.html" if at == 1 else f"{base}index_{at}.html"] = page(
            "政府信息公开年度报告",
            f'<h4>政府信息公开年度报告</h4><ul class="uli14 nowrapli list-date"><!--{hidden}-->{items}</ul>{pager}',
        )
    routes[base] = routes[f"{base}index.html"]
    web = [
        Row(
            f"/nw32802/{y + 1}0120/{hexes('sjw' + str(y), 32)}.html",
            y,
            "",
            f"申江区政府网站工作年度报表({y}年度)",
            f"{y + 1}-01-20",
            other("网站", "申江区", y),
        )
        for y in (2022, 2023, 2024)
    ]
    routes.update({r.path: article(r, "政府网站工作年度报表", "/nw32802/index.html") for r in web})
    routes["/nw32802/index.html"] = page(
        "政府网站工作年度报表", "<ul>" + "".join(f'<li><a href="{r.path}">{r.title}</a></li>' for r in web) + "</ul>"
    )
    routes["/nw32700/index.html"] = page(
        "政府信息公开",
        '<div class="row"><a href="/nw32802/index.html">政府网站工作年度报表</a><a href="/nw32801/index.html">政府信息公开年度报告</a></div>',
    )
    routes["/"] = page("首页", '<div class="col-md-4">欢迎来到申江</div>')
    return Site("hex_shanghai", "hex", f"{base}index.html", routes, truth)


def sichuan() -> Site:
    base = "/scljh/gknb/"
    organs = ["四川岷江合作局", "四川岷江合作局机关服务中心"]
    truth = make(
        "岷江",
        organs,
        range(2015, 2025),
        lambda row, n: "/scljh/gknb/{}/{}/{}/{}.shtml".format(
            *(int(p) for p in row.date.split("-")), hexes("mj" + str(n), 32)
        ),
        [TITLES[0], TITLES[4]],
        "br",
    )

    def page(title: str, inner: str) -> str:
        return f"""<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8" /><title>{title}-四川岷江合作局</title></head><body><div id="container"><div id="nav"><ul><li><a href="/scljh/index.shtml">首页</a></li>
<li><a href="/scljh/zfxxgk/zfxxgk.shtml">政府信息公开</a></li></ul></div>{inner}<div id="bottom">蜀ICP备 %HITS%</div></div></body></html>"""

    def article(row: Row) -> str:
        return page(row.title, f"""<div id="position"><a href="/scljh/index.shtml">首页</a> &gt; <a href="/scljh/zfxxgk/zfxxgk.shtml">政府信息公开</a> &gt; <a href="{base}gknb.shtml">公开年报</a></div><div id="articlecontent"><h2>{row.title}</h2>
<div id="articleattribute"><ul><li>发布时间：{row.date}</li><li>来源：{row.organ}</li><li>选择阅读字号：[ 大 中 小 ]</li></ul></div><div id="cmsArticleContent">{row.html}</div></div>""")  # fmt: skip

    routes: dict[str, Route] = {row.path: article(row) for row in truth}
    pages = pages_of(truth, 8)
    for at, part in enumerate(pages, 1):
        items = "".join(
            f'<li><b>{row.date}</b><a href="{row.path}" target="_blank">{row.title}</a></li>' for row in part
        )
        more = (
            f'<a href="{base}gknb_{at + 1}.shtml">下一页</a> <a href="{base}gknb_{len(pages)}.shtml">末页</a>'
            if at < len(pages)
            else "下一页 末页"
        )
        routes[f"{base}gknb.shtml" if at == 1 else f"{base}gknb_{at}.shtml"] = page(
            "公开年报",
            f'<div class="zfxxgk_zdgkc"><ul>{items}</ul></div><div id="page_div">总记录数：{len(truth)} 每页8条 当前页：{at}/{len(pages)} {more}</div>',
        )
    routes["/scljh/zfxxgk/zfxxgk.shtml"] = page(
        "政府信息公开",
        f'<div class="zfxxgk_nav"><a href="/scljh/zn/zn.shtml">公开指南</a><a href="{base}gknb.shtml">公开年报</a><a href="/scljh/fzzf/fzzf.shtml">法治政府建设年度报告</a></div>',
    )
    law = Row(
        f"/scljh/fzzf/2025/3/3/{hexes('mjfz', 32)}.shtml",
        2024,
        "",
        "四川岷江合作局2024年度法治政府建设年度报告",
        "2025-03-03",
        other("法治", "四川岷江合作局", 2024),
    )
    routes[law.path] = (
        article(law).replace("公开年报", "法治政府").replace(f"{base}gknb.shtml", "/scljh/fzzf/fzzf.shtml")
    )
    routes["/scljh/fzzf/fzzf.shtml"] = page(
        "法治政府建设年度报告", f'<ul><li><a href="{law.path}">{law.title}</a></li></ul>'
    )
    routes["/scljh/zn/zn.shtml"] = page("公开指南", "<p>指南</p>")
    home = page("首页", "<div>四川岷江合作局欢迎您</div>")
    routes["/"], routes["/scljh/index.shtml"] = home, home
    return Site(
        "hex_sichuan", "hex", f"{base}gknb.shtml", routes, truth, soft=page("出错了", "<h2>文档不存在或已被删除</h2>")
    )


def xian() -> Site:
    base = "/xxgk/qzfxxgkml/zfxxgknb/"
    organs = ["灞原区人民政府", "灞原区人民政府办公室", "灞原区文化和旅游体育局", "灞原区纺织城街道办事处"]
    truth = make(
        "灞原",
        organs,
        range(2018, 2025),
        lambda row, n: (
            f"{base}{'20160444644' + f'{89484290 - n * 13}' if row.year > 2021 else hexes('by' + str(n), 24)}.html"
        ),
        [TITLES[0], TITLES[1]],
    )

    def page(title: str, inner: str) -> str:
        return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title><meta name="SiteName" content="灞原区人民政府"><meta name="SiteIDCode" content="6199990011"></head><body><div class="header"><a href="/">首页</a><a href="/xxgk/xxgkzn/1.html">政府信息公开</a></div>
{inner}<div class="footer">陕ICP备 %HITS%</div></body></html>"""

    def article(row: Row) -> str:
        return page(row.title, f"""<div class="m-loca">当前位置：<a href="/">首页</a>&gt;<a href="/xxgk/xxgkzn/1.html">政府信息公开</a>&gt;<a href="{base}1.html">政府信息公开年报</a></div><div class="m-txt-article"><h1>{row.title}</h1>
<p class="m-txt-crm">来源：{row.organ} 发布时间：{row.date} 09:44</p><div id="article" class="con">{row.html}</div></div>""")  # fmt: skip

    routes: dict[str, Route] = {row.path: article(row) for row in truth}
    pages = pages_of(truth, 10)
    for at, part in enumerate(pages, 1):
        items = "".join(
            f'<li class="clearfix"><a href="{row.path.rpartition("/")[2]}" title="{row.title}">{row.title}</a><span>{row.date[5:]}</span></li>'
            for row in part
        )
        routes[f"{base}{at}.html"] = page("政府信息公开年报", f"""<div class="m-lst"><ul>{items}</ul></div><div class="pagination"><script>var total={len(pages)},cur={at};
for(var i=1;i<=total;i++)document.write('<a href="'+i+'.html">'+i+'</a>');</script><a href="{min(at + 1, len(pages))}.html">下一页</a></div>""")  # fmt: skip
    routes[base] = routes[f"{base}1.html"]
    routes["/xxgk/xxgkzn/1.html"] = page(
        "政府信息公开指南",
        f'<div class="xxgk_navli"><a href="/xxgk/xxgkzn/1.html">指南</a><a href="/xxgk/zfgzbg/1.html">政府工作报告</a><a href="{base}1.html">政府信息公开年报</a></div><p>为方便公民查阅，编制本指南。</p>',
    )
    gov = Row(
        f"/xxgk/zfgzbg/{hexes('bygz', 24)}.html",
        2024,
        "",
        "2025年灞原区政府工作报告",
        "2025-02-11",
        other("工作", "灞原区", 2024),
    )
    routes[gov.path] = article(gov).replace("政府信息公开年报", "政府工作报告").replace(base, "/xxgk/zfgzbg/")
    routes["/xxgk/zfgzbg/1.html"] = page("政府工作报告", f'<ul><li><a href="{gov.path}">{gov.title}</a></li></ul>')
    routes["/"] = page(
        "灞原区人民政府",
        '<a href="/xxgk/zfgzbg/1.html">政府工作报告</a><a href="/xxgk/xxgkzn/1.html"><img src="/i/gk.png" title="政府信息公开"></a>',
    )
    return Site("hex_xian", "hex", f"{base}1.html", routes, truth, [base])


def jinan() -> Site:
    channel = hexes("泉平", 24)
    base = f"/gongkai/channel_{channel}/"
    organs = [
        "泉平县人民政府",
        "泉平县人民政府办公室",
        "泉平县自然资源局",
        "泉平县行政审批服务局",
        "泉平县玫瑰镇人民政府",
    ]
    truth = make(
        "泉平",
        organs,
        range(2019, 2025),
        lambda row, n: f"{base}doc_{hexes('qp' + str(n), 24)}.html",
        [TITLES[2], TITLES[0]],
        "div",
    )

    def page(title: str, inner: str) -> str:
        return f"""<!DOCTYPE html><html><head><meta charset="utf-8"/><title>{title} - 泉平县人民政府</title></head><body><div id="app-head"><a href="/">首页</a> <a href="/gongkai/index.html">政府信息公开</a></div>{inner}<div>%HITS%</div></body></html>"""

    def article(row: Row) -> str:
        return page(row.title, f"""<div class="crumbs"><a href="/">首页</a><i>&gt;</i><a href="/gongkai/index.html">政府信息公开</a><i>&gt;</i><a href="{base}">政府信息公开年度报告</a></div><div class="doc-title">{row.title}</div>
<div class="doc-meta">发布日期：{row.date}　发布单位：{row.organ}</div><div class="doc-content">{row.html}</div>""")  # fmt: skip

    routes: dict[str, Route] = {row.path: article(row) for row in truth}
    pages = pages_of(truth, 20)
    for at, part in enumerate(pages, 1):
        items = "".join(f'<dd><a href="{row.path}">{row.title}</a><i>{row.date}</i></dd>' for row in part)
        select = "".join(
            f'<option value="{base}{"" if n == 1 else f"index_{n}.html"}">第{n}页</option>'
            for n in range(1, len(pages) + 1)
        )
        routes[base if at == 1 else f"{base}index_{at}.html"] = page(
            "政府信息公开年度报告",
            f'<dl class="doc-list">{items}</dl><select onchange="location.href=this.value">{select}</select>',
        )
    news = [
        Row(
            f"/gongkai/channel_{hexes('news', 24)}/doc_{hexes('n' + str(d), 24)}.html",
            2024,
            "",
            f"泉平县召开政府信息公开工作年度报告编制部署会（{d}）",
            f"2025-01-{d:02d}",
            other("新闻", "泉平县", 2024),
        )
        for d in (5, 6)
    ]
    routes.update(
        {r.path: article(r).replace("政府信息公开年度报告", "动态").replace(base, "/gongkai/index.html") for r in news}
    )
    routes["/gongkai/index.html"] = page(
        "政府信息公开",
        f'<div class="side"><a href="/gongkai/channel_{hexes("zn", 24)}/">政府信息公开指南</a><a href="{base}">政府信息公开年度报告</a></div><ul>{"".join(f"""<li><a href="{r.path}">{r.title}</a></li>""" for r in news)}</ul>',
    )
    routes[f"/gongkai/channel_{hexes('zn', 24)}/"] = page("政府信息公开指南", "<p>指南</p>")
    routes["/"] = page(
        "首页",
        "<script>var links=[['政府信息公开','/gongkai/index.html'],['走进泉平','/zj/index.html']];links.forEach(function(l){document.write('<a href=\"'+l[1]+'\">'+l[0]+'</a>')});</script>",
    )
    return Site("hex_jinan", "hex", base, routes, truth)


SITES = (shanghai, sichuan, xian, jinan)
