# ruff: noqa: E501 (pages as their systems write them)
"""Lonsun: a column read from the label interface, and reports that stand inside their column, a year each."""

from monitor.demo.server import Request
from tests.held_out.site import TITLES, Route, Row, Site, digits, make, other


def label() -> Site:
    organ_id, cat, site_id = "7019", "3318171", "6795621"
    organs = [
        "皖川县人民政府",
        "皖川县人民政府办公室",
        "皖川县市场监督管理局",
        "皖川县农业农村局",
        "皖川县桃溪镇人民政府",
    ]
    column = f"/public/column/{organ_id}?type=4&catId={cat}&action=list"
    truth = make(
        "皖川",
        organs,
        range(2019, 2025),
        lambda row, n: f"/public/{organ_id}/{37_034_572 - n * 113}.html",
        [TITLES[0], TITLES[3]],
    )

    def page(title: str, inner: str) -> str:
        return f"""<!DOCTYPE html><html><head><meta charset="utf-8"/><title>{title}-皖川县人民政府</title><meta name="SiteName" content="皖川县人民政府"/><meta name="SiteDomain" content="%HOST%"/><script>var siteId='{site_id}';</script></head>
<body><div class="nav"><a href="/">首页</a><a href="/public/column/{organ_id}?type=2">政府信息公开</a></div>{inner}<div class="footer">皖ICP备 %HITS%</div></body></html>"""

    def article(row: Row) -> str:
        return page(row.title, f"""<div class="xxgk_wz">当前位置：<a href="/">首页</a> &gt; <a href="/public/column/{organ_id}?type=2">政府信息公开</a> &gt; <a href="{column}">政府信息公开年度报告</a></div>
<table class="xxgk_table"><tr><th>索引号：</th><td>{digits(row.path, 9)}</td><th>发布机构：</th><td>{row.organ}</td></tr><tr><th>发布日期：</th><td>{row.date}</td><th>名称：</th><td>{row.title}</td></tr></table>
<h1 class="wztit">{row.title}</h1><div class="wzcon j-fontContent">{row.html}</div>""")  # fmt: skip

    wrong = [
        Row(
            f"/public/{organ_id}/3801{y}.html",
            y,
            "皖川县人民政府办公室",
            f"皖川县政府网站工作年度报表（{y}年）",
            f"{y + 1}-01-18",
            other("网站", "皖川县", y),
        )
        for y in (2022, 2023, 2024)
    ]
    lists = {cat: truth, "3318199": wrong}

    def fragment(request: Request) -> str:
        form = {**request.query, **request.form}
        rows = lists.get(form.get("catId", ""))
        if rows is None or form.get("organId") != organ_id or form.get("labelName") != "publicInfoList":
            return "<div class='xxgk_navli'>暂无内容</div>"
        size, at = int(form.get("pageSize") or 15), int(form.get("pageIndex") or 1)
        last = -(-len(rows) // size)
        items = "".join(
            f"""<div class="xxgk_navli"><ul><li class="rq"><span class="date">{r.date}</span></li><li class="mc"><a href="http://%HOST%{r.path}" title="{r.title}" target="_blank">{r.title}</a></li></ul></div>"""
            for r in rows[(at - 1) * size : at * size]
        )
        return f"""<div class="xxgk_list">{items}</div><div id="page_list"></div><script>$('#page_list').pagination({{ pageIndex:{at}, pageCount:{last}, total:{len(rows)} }});</script>"""

    side = f"""<ul class="tree"><li><a href="/public/column/{organ_id}?type=4&catId=3318150&action=list">政府信息公开制度</a></li><li><a href="/public/column/{organ_id}?type=4&catId=3318199&action=list">政府网站工作年度报表</a></li>
<li><a href="{column.replace("&", "&amp;")}">政府信息公开年度报告</a></li></ul>"""

    def columns(request: Request) -> str:
        now = request.query.get("catId", "")
        name = {cat: "政府信息公开年度报告", "3318199": "政府网站工作年度报表"}.get(now, "政府信息公开")
        if not now:
            return page("政府信息公开", side)
        return page(name, f"""{side}<div class="bt">{name}</div><div id="xxgk_lmcon" class="xxgk_right"></div><script>
$(function(){{ Ls.ajax({{ url: "/site/label/8888", dataType:"html", data: {{ labelName: "publicInfoList", siteId: "{site_id}", organId: "{organ_id}", type: "4", catId: "{now}", cId: "", result: "", pageSize: "15", pageIndex: 1, action: "list", isDate: "true", dateFormat: "yyyy-MM-dd", length: "50", file: "/xxgk/publicInfoList_newest2020" }} }}).done(function(h){{ $("#xxgk_lmcon").html(h); }}); }});
</script>""")  # fmt: skip

    routes: dict[str, Route] = {row.path: article(row) for row in [*truth]}
    routes.update(
        {r.path: article(r).replace("政府信息公开年度报告", "网站报表").replace(cat, "3318199") for r in wrong}
    )
    routes["/site/label/8888"] = fragment
    routes[f"/public/column/{organ_id}"] = columns
    routes["/"] = page("皖川县人民政府", f'<div><a href="/public/column/{organ_id}?type=2">政府信息公开</a></div>')
    return Site("lonsun_label", "lonsun", column, routes, truth)


def inside() -> Site:
    organ_id = "16551"
    organ = "安昌区人民政府办公室"
    base = f"/public/column/{organ_id}"
    column = f"{base}?type=3&nav=5&sub=3"
    truth = make(
        "安昌",
        [organ],
        range(2013, 2025),
        lambda row, n: f"{base}?type=3&nav=5&sub=3&timeFrame={row.year}&hasContent=true",
        TITLES[:1],
    )
    by_year = {str(row.year): row for row in truth}

    def page(title: str, inner: str) -> str:
        return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title><meta name="SiteName" content="安昌区人民政府"></head><body><a href="/">首页</a> <a href="{base}?type=1&nav=1">政府信息公开</a>{inner}<p>%HITS%</p></body></html>"""

    nav = f"""<div class="gknav"><a href="{base}?type=1&nav=1">政府信息公开指南</a><a href="{base}?type=2&nav=2">政府信息公开制度</a><a href="{base}?type=4&nav=3">法定主动公开内容</a><a href="{column}">政府信息公开年报</a></div>"""

    def columns(request: Request) -> str:
        if request.query.get("type") != "3":
            return page("政府信息公开", f"{nav}<div>政府信息公开指南由{organ}编制。</div>")
        row = by_year.get(request.query.get("timeFrame", "2024") or "2024")
        years = "".join(
            f'<li><a href="{base}?type=3&amp;nav=5&amp;sub=3&amp;timeFrame={y}&amp;hasContent=true">{y}年</a></li>'
            for y in range(2024, 2012, -1)
        )
        if row is None:
            return page("政府信息公开年报", f"{nav}<ul class='years'>{years}</ul><p>暂无内容</p>")
        return page(
            f"政府信息公开年报-{organ}",
            f"""{nav}<ul class="years">{years}</ul><div class="xxgk_nb"><h1>{row.title}</h1><div class="ly">发布日期：{row.date}　发布机构：{organ}</div><div class="nbcon j-fontContent">{row.html}</div></div>""",
        )

    routes: dict[str, Route] = {base: columns}
    routes["/"] = page("安昌区人民政府", f"<a href='{base}?type=4&nav=3'>法定主动公开内容</a>")
    return Site(
        "lonsun_inside",
        "lonsun",
        column,
        routes,
        truth,
        [f"{column}&timeFrame={{year}}", f"{column}&timeFrame={{year}}&hasContent=true"],
        by_year=True,
    )


SITES = (label, inside)
