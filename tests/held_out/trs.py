# ruff: noqa: E501 (pages as their systems write them)
"""TRS WCM: rows by script and createPageHTML; countPage and undated addresses; a column for each year."""

from tests.held_out.site import REPORT, TITLES, Route, Row, Site, digits, make, other, pages_of

# 1. A city like those of Hubei: rows are written by script, the date in the address is not the date of publication.

_CITY = [
    "汉川陵市人民政府",
    "汉川陵市人民政府办公室",
    "汉川陵市教育局",
    "汉川陵市民政局",
    "汉川陵市财政局",
    "汉川陵市水务局",
]


def _head(title: str, extra: str = "") -> str:
    return f"""<!DOCTYPE html>
<html lang="zh"><head><meta charset="utf-8"/><meta name="SiteName" content="汉川陵市人民政府"/><meta name="SiteDomain" content="%HOST%"/>
<meta name="SiteIDCode" content="4299990001"/>{extra}<title>{title}_汉川陵市人民政府门户网站</title>
<link rel="stylesheet" href="/material/css/pub.css"/></head><body>
<div class="topbar"><a href="javascript:void(0)" onclick="toggleOld()">长者模式</a><a href="/gate/big5/%HOST%/">繁體版</a></div>
<div class="nav"><ul><li><a href="/">首页</a></li><li><a href="/sy/whyw/">要闻</a></li><li><a href="/zwgk/">政务公开</a></li>
<li><a href="/zwfw/">政务服务</a></li><li><a href="/hdjl/">互动交流</a></li></ul></div>"""


_FOOT = """<div class="footer"><p>主办：汉川陵市人民政府办公室　网站标识码：4299990001</p><p>鄂ICP备05000000号</p>
<script>var visits=%HITS%;document.write("访问量："+visits)</script></div></body></html>"""

_SIDE = """<div class="xxgk_left"><dl><dt><a href="../zc/">政策</a></dt><dt><a href="/zwgk/jg/">机构职能</a></dt>
<dt><a href="/zwgk/zfxxgkzd/">政府信息公开制度</a></dt><dt><a href="/zwgk/zfxxgkzn/">政府信息公开指南</a></dt>
<dt><a href="/zwgk/nbxx/">政府信息公开年度报告</a></dt><dt><a href="/zwgk/wznb/">政府网站工作年度报表</a></dt>
<dt><a href="/zwgk/fzzf/">法治政府建设年度报告</a></dt><dt><a href="/zwgk/zfgzbg/">政府工作报告</a></dt></dl></div>"""


def _script_row(row: Row, base: str) -> str:
    path = "." + row.path.removeprefix(base.rstrip("/")) if row.path.startswith(base) else row.path
    return f"""<li><script>
var url="{path}";
var title="{row.title}";
var pubtime="{row.date}";
if(url.indexOf("http")==0){{document.writeln("<a href='"+url+"' target='_blank' title='"+title+"'>"+title+"</a>");}}
else{{document.writeln("<a href='"+url+"' title='"+title+"'>"+title+"</a>");}}
document.writeln("<span>"+pubtime+"</span>");
</script></li>"""


def _article(row: Row) -> str:
    meta = f'<meta name="ArticleTitle" content="{row.title}"/><meta name="PubDate" content="{row.date} 10:26"/><meta name="ContentSource" content="{row.organ}"/>'
    return f"""{_head(row.title, meta)}<div class="crumb">当前位置：<a href="../../../">首页</a> &gt; <a href="../../">政务公开</a> &gt;
<a href="../">政府信息公开年度报告</a></div><div class="article-box"><h2>{row.title}</h2>
<div class="info"><span>发布时间：{row.date} 10:26</span><span>来源：{row.organ}</span><span>字体：大 中 小</span></div>
<div class="view TRS_UEDITOR trs_paper_default trs_web">{row.html}</div></div>{_FOOT}"""


def script_rows() -> Site:
    base = "/zwgk/nbxx/"
    truth = make(
        "汉川陵",
        _CITY,
        range(2019, 2025),
        lambda row, n: (
            f"{base}{row.year + 1}{(n % 3) + 2:02d}/t{row.year + 1}{(n % 3) + 2:02d}{n % 27 + 1:02d}_{2730000 + n * 173}.shtml"
        ),
        TITLES[:3],
    )
    notice = Row(
        f"{base}202501/t20250103_2801177.shtml",
        2024,
        "",
        "市人民政府办公室关于做好2024年度政府信息公开工作年度报告编制发布工作的通知",
        "2025-01-03",
    )
    notice.html = other("通知", "汉川陵市", 2024)
    rows = sorted([*truth, notice], key=lambda row: row.date, reverse=True)
    routes: dict[str, Route] = {row.path: _article(row) for row in rows}
    pages = pages_of(rows, 15)
    for at, part in enumerate(pages):
        routes[
            base if at == 0 else f"{base}index_{at}.shtml"
        ] = f"""{_head("政府信息公开年度报告", '<meta name="ColumnName" content="政府信息公开年度报告"/>')}
{_SIDE}<div class="rightBox"><h3>政府信息公开年度报告</h3><ul class="newsList">{"".join(_script_row(row, base) for row in part)}</ul>
<div class="page"><script>createPageHTML({len(pages)}, {at}, "index", "shtml");</script></div></div>{_FOOT}"""
    for path, name, kind in (
        ("/zwgk/wznb/", "政府网站工作年度报表", "网站"),
        ("/zwgk/fzzf/", "法治政府建设年度报告", "法治"),
        ("/zwgk/zfgzbg/", "政府工作报告", "工作"),
    ):
        wrong = [Row(f"{path}{year + 1}01/t{year + 1}0120_{digits(kind + str(year), 7)}.shtml", year, _CITY[0],
                     f"汉川陵市{year}年{name}", f"{year + 1}-01-20", other(kind, "汉川陵市", year)) for year in range(2021, 2025)]  # fmt: skip
        routes.update(
            {row.path: _article(row).replace("政府信息公开年度报告</a></div>", name + "</a></div>") for row in wrong}
        )
        routes[path] = (
            f"{_head(name)}{_SIDE}<h3>{name}</h3><ul class='newsList'>{''.join(_script_row(row, path) for row in wrong)}</ul>{_FOOT}"
        )
    news = [
        Row(
            f"/sy/whyw/202501/t202501{d:02d}_28{d}0011.shtml",
            2024,
            "",
            f"汉川陵市第{d}批重点项目集中开工",
            f"2025-01-{d:02d}",
            other("新闻", "汉川陵市", 2024),
        )
        for d in range(1, 12)
    ]
    routes.update({row.path: _article(row) for row in news})
    routes["/sy/whyw/"] = (
        f"{_head('要闻')}<ul class='newsList'>{''.join(_script_row(row, '/sy/whyw/') for row in news)}</ul>{_FOOT}"
    )
    routes["/zwgk/"] = (
        f"{_head('政务公开')}{_SIDE.replace('../zc/', './zc/')}<div class='main'><h3>最新公开</h3><ul>{''.join(_script_row(row, '/zwgk/') for row in news[:4])}</ul></div>{_FOOT}"
    )
    for path in ("/zwgk/zc/", "/zwgk/jg/", "/zwgk/zfxxgkzd/", "/zwgk/zfxxgkzn/", "/zwfw/", "/hdjl/"):
        routes[path] = f"{_head('栏目')}{_SIDE}<p>内容建设中。</p>{_FOOT}"
    routes["/"] = f"""{_head("首页")}<div class="banner"><img src="/material/img/b1.jpg" alt=""></div>
<div class="home_news"><ul>{"".join(f'<li><a href="{row.path}">{row.title}</a></li>' for row in news)}</ul></div>
<div class="home_gk"><a href="/zwgk/zfxxgkzn/"><img src="/material/img/zn.png" alt="政府信息公开指南"></a>
<a href="/zwgk/zc/">政策文件</a><a href="/zwgk/wznb/"><img src="/material/img/wznb.png" alt="政府网站年度报表"></a></div>{_FOOT}"""
    return Site("trs_script_rows", "trs", base, routes, truth)


# 2. A county like those of Guangxi: undated addresses, countPage, the national template, a picture that leads to the column.

_COUNTY = ["罗沙县人民政府", "罗沙县人民政府办公室", "罗沙县林业局", "罗沙县大圩镇人民政府"]


def count_page() -> Site:
    base = "/xxgk/fdzdgknr/zfxxgknb/"
    truth = make(
        "罗沙", _COUNTY, range(2018, 2025), lambda row, n: f"{base}t{17981192 - n * 4111}.shtml", TITLES[1:4], "span"
    )

    def page(title: str, inner: str) -> str:
        return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"><html><head>
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8"><title>{title} - 罗沙县人民政府门户网站</title></head><body>
<div id="weather">温度:26-37℃</div><div class="gl-nav"><a href="/">网站首页</a>|<a href="/xxgk/">政府信息公开</a>|<a href="/xwzx/">新闻中心</a></div>
{inner}<div class="foot">版权所有：罗沙县人民政府 您是第%HITS%位访客</div></body></html>"""

    def article(row: Row) -> str:
        return page(row.title, f"""<div class="zfxxgk_zdgkc"><div class="mnlj">您现在的位置：<a href="/">首页</a>&gt;<a href="/xxgk/">政府信息公开</a>&gt;
<a href="{base}">政府信息公开年报</a></div><div class="scroll_main ScrollStyle"><div class="article"><h1>{row.title}</h1>
<div class="article-inf-left">{row.date} 16:20　　来源：{row.organ}</div><div class="scroll_cont ScrollStyle"><div class="TRS_Editor">
<style type="text/css">.TRS_Editor P{{line-height:2}}</style>{row.html}</div></div></div></div></div>""")  # fmt: skip

    routes: dict[str, Route] = {row.path: article(row) for row in truth}
    pages = pages_of(truth, 14)
    for at, part in enumerate(pages):
        items = "".join(
            f'<li><a href="./{row.path.rpartition("/")[2]}" title="{row.title}">{row.title[:24]}...</a><b>{row.date}</b></li>'
            for row in part
        )
        routes[base if at == 0 else f"{base}index_{at}.shtml"] = page("政府信息公开年报", f"""<div class="zfxxgk_zdgkc"><ul>{items}</ul></div>
<script type="text/javascript">
//分页
var currentPage = {at};//所在页从0开始
var prevPage = currentPage-1;
var nextPage = currentPage+1;
var countPage = {len(pages)};//共多少页
if(countPage>1&&currentPage!=(countPage-1)){{ document.write("<a href=\\"index"+"_" + nextPage + "."+"shtml\\">下一页</a>&nbsp;"); }}
</script>""")  # fmt: skip
    routes["/xxgk/"] = page("政府信息公开", """<div class="xxgk_navli"><ul><li><a href="/xxgk/zn/">政府信息公开指南</a></li><li><a href="/xxgk/zd/">政府信息公开制度</a></li>
<li><a href="/xxgk/fdzdgknr/">法定主动公开内容</a></li>
<li><a href="/xxgk/fdzdgknr/zfxxgknb/"><img src="/images/nb.png" alt="政府信息公开年报"/></a></li></ul></div>""")  # fmt: skip
    routes["/xxgk/fdzdgknr/"] = page(
        "法定主动公开内容",
        "<ul><li><a href='fzzfjsndbg/'>法治政府建设年度报告</a></li><li><a href='wzndbb/'>政府网站年度报表</a></li><li><a href='czyjs/'>财政预决算</a></li></ul>",
    )
    for path, name, kind in (
        ("fzzfjsndbg", "法治政府建设年度报告", "法治"),
        ("wzndbb", "政府网站工作年度报表", "网站"),
    ):
        rows = [
            Row(
                f"/xxgk/fdzdgknr/{path}/t{digits(path + str(y), 8)}.shtml",
                y,
                "",
                f"罗沙县{y}年度{name}",
                f"{y + 1}-02-02",
                other(kind, "罗沙县", y),
            )
            for y in (2022, 2023, 2024)
        ]
        routes.update({row.path: article(row) for row in rows})
        routes[f"/xxgk/fdzdgknr/{path}/"] = page(
            name,
            '<div class="zfxxgk_zdgkc"><ul>'
            + "".join(f'<li><a href="{r.path}">{r.title}</a><b>{r.date}</b></li>' for r in rows)
            + "</ul></div>",
        )
    for path in ("/xxgk/zn/", "/xxgk/zd/", "/xxgk/fdzdgknr/czyjs/", "/xwzx/"):
        routes[path] = page("栏目", "<p>正在建设</p>")
    routes["/"] = page(
        "首页",
        "<div class='pic'><a href='/xxgk/'><img src='/images/xxgk_logo.png' alt='政府信息公开'></a></div><div><a href='/xxgk/fdzdgknr/wzndbb/'>政府网站年度报表</a></div>",
    )
    return Site(
        "trs_count_page",
        "trs",
        base,
        routes,
        truth,
        soft=page("提示信息", "<div class='tip'>您访问的页面不存在或已被删除！<a href='/'>返回首页</a></div>"),
    )


# 3. A column for each year, and in it one for the government and one for the departments; rows by document.write.

_YEARS = ["渝陵区人民政府", "渝陵区人民政府办公室", "渝陵区发展和改革委员会", "渝陵区卫生健康委员会", "渝陵区统计局"]


def year_columns() -> Site:
    base = "/zwgk_99/zfxxgknb/"
    truth = make(
        "渝陵",
        _YEARS,
        range(2020, 2025),
        lambda row, n: (
            f"{base}{row.year}n/{'qzf' if row.organ[-4:] == '人民政府' else 'bm'}/{row.year + 1}{row.date[5:7]}/t{row.date.replace('-', '')}_{11545071 + n * 31}.html"
        ),
        TITLES[:2],
        "div",
    )

    def page(title: str, inner: str) -> str:
        return f"""<html><head><meta charset="utf-8"><title>{title}-渝陵区人民政府</title><meta name="SiteName" content="渝陵区人民政府"></head><body>
<div class="hd"><script>document.write('<a href="/">首页</a> <a href="/zwgk_99/">政务公开</a> <a href="/bmfw/">便民服务</a>');</script></div>{inner}
<div class="ft">渝公网安备 浏览次数：%HITS%</div></body></html>"""

    routes: dict[str, Route] = {}
    for row in truth:
        routes[row.path] = page(row.title, f"""<div class="dqwz"><a href="/">首页</a>><a href="/zwgk_99/">政务公开</a>><a href="{base}">政府信息公开年报</a>><a href="{base}{row.year}n/">{row.year}年</a></div>
<p class="tit">{row.title}</p><div class="zwxl-bar">日期：{row.date} 来源：{row.organ}</div><div class="zwxl-article"><div class="trs_editor_view TRS_UEDITOR trs_paper_default">{row.html}</div></div>""")  # fmt: skip
    links = "".join(f'<li><a href="{base}{year}n/">{year}年</a></li>' for year in range(2024, 2019, -1))
    side = f'<ul class="ndnav">{links}</ul>'
    routes[base] = page("政府信息公开年报", f"<h2>政府信息公开年报</h2>{side}<p>请选择年度</p>")
    for year in range(2020, 2025):
        routes[f"{base}{year}n/"] = page(
            f"{year}年政府信息公开年报", f'{side}<a href="./qzf/">区政府</a> <a href="./bm/">区级部门</a>'
        )
        for sub, name in (("qzf", "区政府"), ("bm", "区级部门")):
            here = f"{base}{year}n/{sub}/"
            rows = [row for row in truth if row.path.startswith(here)]
            items = "".join(
                f"""document.write('<li><a href="./{row.path.removeprefix(here)}" target="_blank">{row.title}</a><span>{row.date}</span></li>');\n"""
                for row in rows
            )
            routes[here] = page(
                f"{name}{year}年政府信息公开年报",
                f'{side}<ul class="list"><script type="text/javascript">\n{items}</script></ul><script>createPage(1,0,"index","html");</script>',
            )
    routes["/zwgk_99/"] = page(
        "政务公开",
        f'<div><a href="{base}">政府信息公开年报</a> <a href="/zwgk_99/fzzf/">法治政府建设年度报告</a> <a href="/zwgk_99/zfgzbg/">政府工作报告</a></div>',
    )
    for path, name, kind in (
        ("/zwgk_99/fzzf/", "法治政府建设年度报告", "法治"),
        ("/zwgk_99/zfgzbg/", "政府工作报告", "工作"),
    ):
        wrong = [
            Row(
                f"{path}{y + 1}02/t{y + 1}0211_{digits(path + str(y), 8)}.html",
                y,
                "",
                f"渝陵区{y}年{name}",
                f"{y + 1}-02-11",
                other(kind, "渝陵区", y),
            )
            for y in (2022, 2023, 2024)
        ]
        routes.update(
            {
                r.path: page(r.title, f'<p class="tit">{r.title}</p><div class="TRS_UEDITOR">{r.html}</div>')
                for r in wrong
            }
        )
        routes[path] = page(
            name,
            "<ul>"
            + "".join(f'<li><a href="{r.path}">{r.title}</a><span>{r.date}</span></li>' for r in wrong)
            + "</ul>",
        )
    routes["/bmfw/"] = page("便民服务", "")
    routes["/"] = page(
        "首页",
        '<div class="k"><a href="/zwgk_99/">政务公开</a></div><div><a href="/zwgk_99/fzzf/">法治政府建设年度报告</a></div>',
    )
    years = [
        f"{base}{{year}}n/",
        *(f"{base}{y}n/" for y in range(2020, 2025)),
        f"{base}{{year}}n/qzf/",
        f"{base}{{year}}n/bm/",
    ]
    years += [f"{base}{y}n/{sub}/" for y in range(2020, 2025) for sub in ("qzf", "bm")]
    return Site("trs_year_columns", "trs", base, routes, truth, years, starts=("home", "column", REPORT))


SITES = (script_rows, count_page, year_columns)
