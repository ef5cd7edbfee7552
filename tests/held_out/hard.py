# ruff: noqa: E501 (pages as their systems write them)
"""Structures that are hard whatever the system: several columns, frames, titles that say nothing, one page for all years, shells, mixed columns."""

from tests.held_out.site import TITLES, Route, Row, Site, body, digits, make, other, pages_of


def _links(rows: list[Row]) -> str:
    return "".join(
        f'<li><a href="{row.path}" title="{row.title}">{row.title}</a><span>{row.date}</span></li>' for row in rows
    )


def several_columns() -> Site:
    """The government, its departments and its towns have a column each; their parent lists nothing."""
    base = "/zwgk/xxgkndbg/"
    organs = {
        "qzf": ["澜平区人民政府", "澜平区人民政府办公室"],
        "qzbm": ["澜平区教育局", "澜平区财政局", "澜平区民政局", "澜平区司法局"],
        "xzjd": ["澜平区松山镇人民政府", "澜平区河东街道办事处", "澜平区石门镇人民政府"],
    }
    names = {"qzf": "区政府", "qzbm": "区政府部门", "xzjd": "乡镇街道"}
    parts: dict[str, list[Row]] = {}
    for code, members in organs.items():
        parts[code] = make(
            "澜平" + code,
            members,
            range(2020, 2025),
            lambda row, n, code=code: (
                f"{base}{code}/{row.date[:4]}{row.date[5:7]}/t{row.date.replace('-', '')}_{digits(code, 6)}{n:02d}.html"
            ),
            TITLES[:2],
        )
    truth = [row for rows in parts.values() for row in rows]

    def page(title: str, inner: str) -> str:
        return f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}-澜平区人民政府</title></head><body><div class='nav'><a href='/'>首页</a><a href='/zwgk/'>政务公开</a></div>{inner}<div class='foot'>%HITS%</div></body></html>"

    routes: dict[str, Route] = {}
    side = "".join(f"<li><a href='{base}{code}/'>{name}</a></li>" for code, name in names.items())
    for code, rows in parts.items():
        for row in rows:
            routes[row.path] = page(
                row.title,
                f"<div class='bc'><a href='/'>首页</a> &gt; <a href='/zwgk/'>政务公开</a> &gt; <a href='{base}'>政府信息公开年度报告</a> &gt; <a href='{base}{code}/'>{names[code]}</a></div><h1>{row.title}</h1><div class='inf'>{row.date}　来源：{row.organ}</div><div class='TRS_Editor'>{row.html}</div>",
            )
        pages = pages_of(rows, 10)
        for at, part in enumerate(pages):
            routes[f"{base}{code}/" if at == 0 else f"{base}{code}/index_{at}.html"] = page(
                f"{names[code]}-政府信息公开年度报告",
                f"<ul class='side'>{side}</ul><h3>{names[code]}</h3><ul class='list'>{_links(list(part))}</ul><script>createPageHTML({len(pages)},{at},'index','html');</script>",
            )
    routes[base] = page("政府信息公开年度报告", f"<h2>政府信息公开年度报告</h2><ul class='side'>{side}</ul>")
    routes["/zwgk/"] = page(
        "政务公开", f"<a href='/zwgk/fzzf/'>法治政府建设年度报告</a><a href='{base}'>政府信息公开年度报告</a>"
    )
    routes["/zwgk/fzzf/"] = page("法治政府建设年度报告", "<p>无</p>")
    routes["/"] = page("首页", "<p>澜平要闻</p>")
    sections = [f"{base}{code}/" for code in parts]
    return Site(
        "hard_several_columns",
        "trs",
        base,
        routes,
        truth,
        sections,
        report=parts["qzbm"][2].path,
        expected={"report": parts["qzbm"]},
    )


def frame() -> Site:
    """The list stands in a frame."""
    organs = ["洱源川县人民政府", "洱源川县人民政府办公室", "洱源川县统计局", "洱源川县右所镇人民政府"]
    truth = make(
        "洱源川", organs, range(2019, 2025), lambda row, n: f"/doc/view/{88_120 - n * 7}.html", TITLES[:2], "div"
    )
    column = "/xxgk/nb.html"

    def page(title: str, inner: str) -> str:
        return f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}</title></head><body><div><a href='/'>首页</a> <a href='/xxgk/'>政府信息公开</a></div>{inner}<p>%HITS%</p></body></html>"

    routes: dict[str, Route] = {
        row.path: page(
            row.title,
            f"<div>首页 &gt; <a href='/xxgk/'>政府信息公开</a> &gt; <a href='{column}'>政府信息公开年报</a></div><h2>{row.title}</h2><p>发布时间：{row.date} 来源：{row.organ}</p><div class='nr'>{row.html}</div>",
        )
        for row in truth
    }
    pages = pages_of(truth, 10)
    for at, part in enumerate(pages, 1):
        rows = "".join(
            f'<li><a href="{row.path}" target="_parent">{row.title}</a><i>{row.date}</i></li>' for row in part
        )
        ahead = f"<a href='/xxgk/frame/77_{at + 1}.html'>下一页</a>" if at < len(pages) else ""
        routes[f"/xxgk/frame/77_{at}.html"] = (
            f"<html><head><meta charset='utf-8'><base target='_parent'></head><body><ul>{rows}</ul><div>共{len(pages)}页 {ahead}</div></body></html>"
        )
    routes[column] = page(
        "政府信息公开年报",
        "<h3>政府信息公开年报</h3><iframe src='/xxgk/frame/77_1.html' width='100%' height='600' frameborder='0'></iframe>",
    )
    routes["/xxgk/"] = page(
        "政府信息公开",
        f"<ul><li><a href='/xxgk/zn.html'>政府信息公开指南</a></li><li><a href='{column}'>政府信息公开年报</a></li></ul>",
    )
    routes["/xxgk/zn.html"] = page("指南", "<p>指南</p>")
    routes["/"] = page("洱源川县人民政府", "<p>欢迎</p>")
    return Site("hard_frame", "generic", column, routes, truth, ["/xxgk/frame/77_1.html"])


def opened_by_script() -> Site:
    """Rows open by a function of the page, which makes the address from a number."""
    organs = ["邓赕县人民政府", "邓赕县人民政府办公室", "邓赕县水务局", "邓赕县牛井镇人民政府"]
    truth = make(
        "邓赕", organs, range(2019, 2025), lambda row, n: f"/doc/view/{71_620 - n * 7}.html", TITLES[:2], "div"
    )
    column = "/xxgk/nb.html"

    def page(title: str, inner: str) -> str:
        return f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}</title><script>function openDoc(id){{window.open('/doc/view/'+id+'.html');}}</script></head><body><div><a href='/'>首页</a> <a href='/xxgk/'>政府信息公开</a></div>{inner}<p>%HITS%</p></body></html>"

    routes: dict[str, Route] = {
        row.path: page(
            row.title,
            f"<div>首页 &gt; <a href='/xxgk/'>政府信息公开</a> &gt; <a href='{column}'>政府信息公开年报</a></div><h2>{row.title}</h2><p>发布时间：{row.date} 来源：{row.organ}</p><div class='nr'>{row.html}</div>",
        )
        for row in truth
    }
    pages = pages_of(truth, 10)
    for at, part in enumerate(pages, 1):
        rows = "".join(
            f"""<li><a href="javascript:void(0)" onclick="openDoc('{row.path.rpartition("/")[2].removesuffix(".html")}')">{row.title}</a><i>{row.date}</i></li>"""
            for row in part
        )
        ahead = f"<a href='/xxgk/nb_{at + 1}.html'>下一页</a>" if at < len(pages) else ""
        routes[column if at == 1 else f"/xxgk/nb_{at}.html"] = page(
            "政府信息公开年报", f"<h3>政府信息公开年报</h3><ul>{rows}</ul><div>共{len(pages)}页 {ahead}</div>"
        )
    routes["/xxgk/"] = page(
        "政府信息公开",
        f"<ul><li><a href='/xxgk/zn.html'>政府信息公开指南</a></li><li><a href='{column}'>政府信息公开年报</a></li></ul>",
    )
    routes["/xxgk/zn.html"] = page("指南", "<p>指南</p>")
    routes["/"] = page("邓赕县人民政府", "<p>欢迎</p>")
    return Site("hard_onclick", "generic", column, routes, truth)


def bare_titles() -> Site:
    """A department's own site: every title is the same but for its year, or without it; the organ stands in the foot and in the report."""
    organ = "吉岭省粮食和物资储备局"
    column = "/zfxxgk/ndbg/"
    truth = make(
        "吉岭",
        [organ],
        range(2012, 2025),
        lambda row, n: f"/zfxxgk/ndbg/{row.date[:4]}/{row.date[5:].replace('-', '/')}/content_{7001 - n}.html",
        [lambda organ, year: "政府信息公开工作年度报告", lambda organ, year: f"{year}年政府信息公开年报"],
    )

    def page(title: str, inner: str) -> str:
        return f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}-{organ}</title><meta name='SiteName' content='{organ}'></head><body><div class='top'><a href='/'>首页</a><a href='/zfxxgk/'>政府信息公开</a></div>{inner}<div class='bottom'>主办单位：{organ} %HITS%</div></body></html>"

    routes: dict[str, Route] = {
        row.path: page(
            row.title,
            f"<div><a href='/'>首页</a>&gt;<a href='/zfxxgk/'>政府信息公开</a>&gt;<a href='{column}'>政府信息公开年报</a></div><h1>{row.title}</h1><p>{row.date} 来源：本局办公室</p><div id='content'>{row.html}</div>",
        )
        for row in truth
    }
    routes[column] = page("政府信息公开年报", f"<ul class='list'>{_links(truth)}</ul>")
    routes["/zfxxgk/"] = page(
        "政府信息公开",
        f"<a href='/zfxxgk/zn/'>指南</a><a href='/zfxxgk/fz/'>法治政府建设年度报告</a><a href='{column}'>政府信息公开年报</a>",
    )
    law = Row(
        "/zfxxgk/fz/2025/03/01/content_6001.html",
        2024,
        organ,
        "2024年度法治政府建设年度报告",
        "2025-03-01",
        other("法治", organ, 2024),
    )
    routes[law.path] = page(law.title, f"<h1>{law.title}</h1>{law.html}")
    routes["/zfxxgk/fz/"] = page("法治政府建设年度报告", _links([law]))
    routes["/zfxxgk/zn/"] = page("指南", "<p>指南</p>")
    routes["/"] = page("首页", "<p>粮食安全</p>")
    return Site("hard_bare_titles", "generic", column, routes, truth)


def one_page() -> Site:
    """All years on one page, one below the other."""
    organ = "海岚区机关事务管理局"
    column = "/jgsw/zfxxgk/nb/index.html"
    years = range(2024, 2016, -1)
    truth = [Row(column, year, organ, TITLES[0](organ, year), f"{year + 1}-01-20") for year in years]
    content = "".join(
        f"<h2 align='center'>{row.title}</h2><p align='center'>（{row.date}）</p>{body(organ, row.year, '海岚')}<hr/>"
        for row in truth
    )

    def page(title: str, inner: str) -> str:
        return f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}-海岚区机关事务管理局</title></head><body><div><a href='/'>首页</a><a href='/jgsw/zfxxgk/'>信息公开</a></div>{inner}<p>%HITS%</p></body></html>"

    routes: dict[str, Route] = {
        column: page(
            "政府信息公开年报", f"<div>首页 &gt; 信息公开 &gt; 政府信息公开年报</div><div id='zoom'>{content}</div>"
        ),
        "/jgsw/zfxxgk/": page("信息公开", f"<a href='{column}'>政府信息公开年报</a>"),
        "/": page("首页", "<p>服务保障</p>"),
    }
    return Site("hard_one_page", "generic", column, routes, truth, starts=("home", "column"), by_year=True)


def shell() -> Site:
    """The column forwards by script to its list, which forwards nothing; the rows' texts are cut."""
    organs = ["赤岩县人民政府", "赤岩县人民政府办公室", "赤岩县发展和改革局", "赤岩县铜鼓镇人民政府"]
    truth = make(
        "赤岩",
        organs,
        range(2020, 2025),
        lambda row, n: f"/zwgk/nb/lb/{row.date[:4]}{row.date[5:7]}/t{row.date.replace('-', '')}_{901_233 - n}.html",
        TITLES[1:3],
        "span",
    )
    column = "/zwgk/nb/"

    def page(title: str, inner: str) -> str:
        return f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}</title></head><body><div><a href='/'>首页</a><a href='/zwgk/'>政务公开</a></div>{inner}<p>%HITS%</p></body></html>"

    routes: dict[str, Route] = {
        row.path: page(
            row.title,
            f"<div><a href='/'>首页</a>><a href='/zwgk/'>政务公开</a>><a href='{column}'>信息公开年报</a></div><h1>{row.title}</h1><div>{row.date} {row.organ}</div><div class='trs_editor_view'>{row.html}</div>",
        )
        for row in truth
    }
    routes[column] = (
        "<html><head><meta charset='utf-8'><title>信息公开年报</title><script type='text/javascript'>window.location.href=\"./lb/\";</script></head><body></body></html>"
    )
    pages = pages_of(truth, 9)
    for at, part in enumerate(pages):
        rows = "".join(
            f'<li><a href="{row.path.removeprefix("/zwgk/nb/lb/")}">{row.title[:16]}...</a><span>{row.date}</span></li>'
            for row in part
        )
        routes["/zwgk/nb/lb/" if at == 0 else f"/zwgk/nb/lb/index_{at}.html"] = page(
            "信息公开年报", f'<ul>{rows}</ul><script>createPageHTML({len(pages)},{at},"index","html");</script>'
        )
    routes["/zwgk/"] = page("政务公开", f"<a href='{column}'>信息公开年报</a><a href='/zwgk/gzbg/'>政府工作报告</a>")
    routes["/zwgk/gzbg/"] = page("政府工作报告", other("工作", "赤岩县", 2024))
    routes["/"] = page("赤岩县人民政府", "<p>要闻</p>")
    return Site("hard_shell", "trs", column, routes, truth, ["/zwgk/nb/lb/"])


def mixed() -> Site:
    """One column, 年度报告, for everything that is yearly; beside each report its explanation, and notices about it."""
    organs = ["浒关市人民政府", "浒关市人民政府办公室", "浒关市科学技术局", "浒关市工业和信息化局"]
    column = "/xxgk/ndbg/"
    truth = make("浒关", organs, range(2019, 2025), lambda row, n: f"/xxgk/ndbg/{row.date}/{5000 - n}.html", TITLES)
    wrong: list[Row] = []
    for year in range(2019, 2025):
        for kind, title in (
            ("网站", f"浒关市政府网站工作年度报表（{year}年度）"),
            ("法治", f"浒关市人民政府{year}年度法治政府建设情况报告"),
            ("工作", f"{year}年浒关市政府工作报告"),
            ("通知", f"关于编制{year}年政府信息公开工作年度报告的通知"),
            ("新闻", f"图解：浒关市{year}年政府信息公开工作年度报告"),
            ("新闻", f"浒关市自来水公司{year}年公共企事业单位信息公开年度报告"),
            ("新闻", f"浒关市{year}年度部门预算公开情况"),
        ):
            wrong.append(
                Row(
                    f"/xxgk/ndbg/{year + 1}-02-10/{digits(title, 4)}{year}.html",
                    year,
                    "浒关市人民政府办公室",
                    title,
                    f"{year + 1}-02-10",
                    other(kind, "浒关市", year),
                )
            )
    rows = sorted([*truth, *wrong], key=lambda row: row.date, reverse=True)

    def page(title: str, inner: str) -> str:
        return f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}_浒关市人民政府</title></head><body><div class='n'><a href='/'>首页</a><a href='/xxgk/'>信息公开</a></div>{inner}<p>%HITS%</p></body></html>"

    routes: dict[str, Route] = {
        row.path: page(
            row.title,
            f"<div><a href='/'>首页</a>-<a href='/xxgk/'>信息公开</a>-<a href='{column}'>年度报告</a></div><h1>{row.title}</h1><div class='meta'>{row.date} 来源：{row.organ}</div><div class='text'>{row.html}</div>",
        )
        for row in rows
    }
    pages = pages_of(rows, 20)
    for at, part in enumerate(pages, 1):
        numbers = "".join(
            f"<a href='{column}{'' if n == 1 else f'?page={n}'}'>{n}</a>" for n in range(1, len(pages) + 1)
        )
        routes[column if at == 1 else f"{column}?page={at}"] = page(
            "年度报告", f"<h2>年度报告</h2><ul>{_links(list(part))}</ul><div class='pager'>{numbers}</div>"
        )
    routes["/xxgk/"] = page("信息公开", f"<a href='/xxgk/zn/'>指南</a><a href='{column}'>年度报告</a>")
    routes["/xxgk/zn/"] = page("指南", "<p>指南</p>")
    routes["/"] = page("浒关市人民政府", "<p>要闻</p>")
    return Site("hard_mixed", "generic", column, routes, truth)


SITES = (several_columns, frame, opened_by_script, bare_titles, one_page, shell, mixed)
