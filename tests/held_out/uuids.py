# ruff: noqa: E501 (pages as their systems write them)
"""Addresses that are UUIDs (Hebei)."""

from tests.held_out.site import TITLES, Route, Row, Site, make, other, pages_of, uuid_of


def hebei() -> Site:
    me, gk, wz, gz = (uuid_of("冀泽" + name) for name in ("年报", "公开", "网站", "工作"))
    organs = [
        "冀泽市人民政府",
        "冀泽市人民政府办公室",
        "冀泽市行政审批局",
        "冀泽市交通运输局",
        "冀泽市地方金融监督管理局",
    ]
    base = f"/columns/{me}/"
    truth = make(
        "冀泽",
        organs,
        range(2018, 2025),
        lambda row, n: f"{base}{row.date[:4]}{row.date[5:7]}/{row.date[8:]}/{uuid_of('jz' + str(n))}.html",
        [TITLES[4], TITLES[2]],
    )

    def page(title: str, inner: str) -> str:
        return f"""<!DOCTYPE html><html><head><meta charset="UTF-8"><title>{title}-冀泽市人民政府</title><meta name="SiteName" content="冀泽市人民政府"><meta name="SiteIDCode" content="1399990009"><meta name="SiteDomain" content="http://%HOST%"></head><body>
<header><a href="/">冀泽市人民政府</a><nav><a href="/columns/{gk}/index.html">政府信息公开</a><a href="/columns/{gz}/index.html">政府工作报告</a></nav></header><main>{inner}</main><footer>冀ICP备 浏览量:%HITS%</footer></body></html>"""

    def article(row: Row, column: str, name: str) -> str:
        return page(row.title, f"""<div class="location"><a href="/">首页</a> / <a href="/columns/{gk}/index.html">政府信息公开</a> / <a href="{column}index.html">{name}</a></div>
<article><h1>{row.title}</h1><div class="sub"><span>{row.date}</span><span>来源: {row.organ}</span><span>【字体：大 中 小】</span></div><div class="content-box">{row.html}</div></article>""")  # fmt: skip

    def listing(rows: list[Row], name: str, pager: str = "") -> str:
        items = "".join(
            f'<li><a href="{r.path}" target="_blank"><span class="t">{r.title}</span><em>{r.date}</em></a></li>'
            for r in rows
        )
        return page(
            name,
            f'<div class="location"><a href="/">首页</a> / <a href="/columns/{gk}/index.html">政府信息公开</a> / {name}</div><h3>{name}</h3><ul class="news">{items}</ul>{pager}',
        )

    routes: dict[str, Route] = {row.path: article(row, base, "政府信息公开年报") for row in truth}
    pages = pages_of(truth, 15)
    for at, part in enumerate(pages, 1):
        pager = f"""<div class="pages"><script>var pageCount = {len(pages)}; var currentPage = {at};
for (var i = 1; i <= pageCount; i++) {{ document.write(i == currentPage ? '<b>' + i + '</b>' : '<a href="' + (i == 1 ? 'index' : 'index_' + i) + '.html">' + i + '</a>'); }}</script></div>"""
        routes[f"{base}index.html" if at == 1 else f"{base}index_{at}.html"] = listing(
            list(part), "政府信息公开年报", pager
        )
    routes[base] = routes[f"{base}index.html"]
    for code, name, kind in ((wz, "政府网站工作年度报表", "网站"), (gz, "政府工作报告", "工作")):
        rows = [
            Row(
                f"/columns/{code}/{y + 1}02/01/{uuid_of(name + str(y))}.html",
                y,
                "",
                f"{y}年冀泽市{name}",
                f"{y + 1}-02-01",
                other(kind, "冀泽市", y),
            )
            for y in (2022, 2023, 2024)
        ]
        routes.update({r.path: article(r, f"/columns/{code}/", name) for r in rows})
        routes[f"/columns/{code}/index.html"] = listing(rows, name)
    routes[f"/columns/{gk}/index.html"] = page(
        "政府信息公开",
        f'<div class="gk-nav"><a href="/columns/{wz}/index.html">政府网站工作年度报表</a><a href="/columns/{me}/index.html">政府信息公开年报</a></div>',
    )
    routes["/"] = page("首页", "<section>今日冀泽</section>")
    return Site("uuid_hebei", "uuid", f"{base}index.html", routes, truth)


SITES = (hebei,)
