# ruff: noqa: E501 (pages as their systems write them)
"""博达 VSB: older pages count down; the national template; the date is outside of the link."""

from tests.held_out.site import TITLES, Route, Row, Site, make, other, pages_of


def counting_down() -> Site:
    organs = [
        "温河县人民政府",
        "温河县人民政府办公室",
        "温河县教育和科学技术局",
        "温河县住房和城乡建设局",
        "温河县查干屯镇人民政府",
        "温河县哈日布呼镇人民政府",
    ]
    base = "/zwgk/zfxxgknb"
    truth = make(
        "温河",
        organs,
        range(2019, 2025),
        lambda row, n: f"/info/1050/{64_208 - n * 7}.htm",
        [TITLES[3], TITLES[0]],
        "span",
    )

    def page(title: str, inner: str, up: str = "") -> str:
        return f"""<!DOCTYPE html><html><HEAD><TITLE>{title}-温河县人民政府网</TITLE><META Name="keywords" Content="温河县人民政府" /><META charset="utf-8"><META name="SiteName" content="温河县人民政府网"></HEAD><BODY>
<!--[if !IE]><div>--><div class="menu"><a href="{up}index.htm">网站首页</a><a href="{up}zwgk.htm">政务公开</a></div>{inner}<script language="javascript" src="/system/resource/js/dynclicks.js"></script>
<p>您是第%HITS%位访问者 新ICP备05000002号</p></BODY></html>"""

    def article(row: Row, name: str = "政府信息公开年报", column: str = "../../zwgk/zfxxgknb.htm") -> str:
        return page(row.title, f"""<div class="wz"><a href="../../index.htm">网站首页</a> >> <a href="../../zwgk.htm">政务公开</a> >> <a href="{column}">{name}</a> >> 正文</div>
<form name="_newscontent_fromname"><h1 align="center">{row.title}</h1><div align="center">{row.date} 11:39 {row.organ} 点击：[<script>_showDynClicks("wbnews", 1, 2)</script>]</div>
<div id="vsb_content" class="v_news_content_box"><div class="v_news_content">{row.html}</div></div></form>""", "../../")  # fmt: skip

    routes: dict[str, Route] = {row.path: article(row) for row in truth}
    pages = pages_of(truth, 10)
    count = len(pages)
    for at, part in enumerate(pages, 1):
        up = "../" if at == 1 else "../../"
        items = "".join(
            f'<li id="line_u9_{n}"><b>{row.date}</b><a href="{up}info/1050/{row.path.rpartition("/")[2]}" title="{row.title}">{row.title}</a></li>'
            for n, row in enumerate(part)
        )
        near = "zfxxgknb/" if at == 1 else ""
        older = (
            f'<span class="p_next p_fun"><a href="{near}{count - at}.htm">下页</a></span><span class="p_last p_fun"><a href="{near}1.htm">尾页</a></span>'
            if at < count
            else '<span class="p_next_d p_fun_d">下页</span>'
        )
        numbers = "".join(
            f'<span class="p_no"><a href="{near}{count - n + 1}.htm">{n}</a></span>' for n in range(at + 1, count + 1)
        )
        pager = f'<div class="pb_sys_common pb_sys_normal pb_sys_style1"><span class="p_pages"><span class="p_t">共{len(truth)}条</span><span class="p_no_d">{at}</span>{numbers}{older}</span></div>'
        routes[f"{base}.htm" if at == 1 else f"{base}/{count - at + 1}.htm"] = page(
            "政府信息公开年报",
            f'<div class="wz">网站首页 >> 政务公开 >> 政府信息公开年报</div><div class="zfxxgk_zdgkc"><ul>{items}</ul></div>{pager}',
            up,
        )
    law = [
        Row(
            f"/info/1061/{50_000 + y}.htm",
            y,
            "",
            f"温河县{y}年法治政府建设年度报告",
            f"{y + 1}-02-17",
            other("法治", "温河县", y),
        )
        for y in (2022, 2023, 2024)
    ]
    routes.update({r.path: article(r, "法治政府建设年度报告", "../../zwgk/fzzfjs.htm") for r in law})
    routes["/zwgk/fzzfjs.htm"] = page(
        "法治政府建设年度报告",
        "<ul>"
        + "".join(f'<li><a href="../info/1061/{r.path.rpartition("/")[2]}">{r.title}</a></li>' for r in law)
        + "</ul>",
        "../",
    )
    routes["/zwgk.htm"] = page(
        "政务公开",
        """<div class="xxgk_navli"><a href="zwgk/fzzfjs.htm">法治政府建设年度报告</a><a href="zwgk/zfgzbg.htm">政府工作报告</a><a href="zwgk/zfxxgknb.htm">政府信息公开年报</a></div>""",
    )
    routes["/zwgk/zfgzbg.htm"] = page("政府工作报告", other("工作", "温河县", 2024), "../")
    home = page(
        "首页", '<table><tr><td><a href="zwgk.htm"><img src="images/zwgk.jpg" alt="政务公开"></a></td></tr></table>'
    )
    routes["/"], routes["/index.htm"] = home, home
    return Site("vsb_counting_down", "vsb", f"{base}.htm", routes, truth)


SITES = (counting_down,)
