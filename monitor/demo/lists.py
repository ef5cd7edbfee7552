"""Section pages of the families: how rows, pages and counts stand in them.

In: the rows of one page (`Row`), newest first, and where the page stands in the list. Out: HTML, XML or JSON as text,
with the marks of `noise`. Near-misses and companions stand among the rows, as they do on real portals.
"""

import json
from dataclasses import dataclass
from html import escape
from typing import Any

from monitor.demo.templates import View, metas, shell


@dataclass(frozen=True)
class Row:
    """A line of a list."""

    href: str
    """As printed: absolute, or from the root."""
    title: str
    date: str


def near_misses(county: str, year: int) -> tuple[Row, ...]:
    """Rows that look like reports and are none, and one companion (图解)."""
    return (
        Row(f"/zwdt/tj{year}.html", f"图解：{county}人民政府{year}年政府信息公开工作年度报告", f"{year + 1}-03-05"),
        Row(f"/zwdt/wz{year}.html", f"{county}政府网站工作年度报表（{year}年度）", f"{year + 1}-01-20"),
        Row(f"/zwdt/fz{year}.html", f"{county}{year}年法治政府建设年度报告", f"{year + 1}-03-28"),
        Row(f"/zwdt/tz{year}.html", f"关于做好{year}年政府信息公开工作年度报告编制发布工作的通知", f"{year}-12-20"),
    )


def trs_list(view: View, rows: list[Row], page: int, pages: int) -> str:
    """TRS: half of the rows are written by script, and so is the count of pages."""
    items = []
    for index, row in enumerate(rows):
        if index % 2:
            items.append(
                f'<script>var url="{row.href}"; var title="{escape(row.title)}";'
                f'document.write(\'<li><a href="{row.href}" title="{escape(row.title)}">{escape(row.title)}</a>'
                f"<span>{row.date}</span></li>');</script>"
            )
        else:
            items.append(
                f'<li><a href="{row.href}" title="{escape(row.title)}" target="_blank">{escape(row.title)}</a>'
                f"<span>{row.date}</span></li>"
            )
    inner = f"""<div class="path">当前位置：<a href="{view.home}">首页</a> &gt; {view.column}</div>
<!-- <ul><li><a href="./200001/t20000101_1.html">{view.site}1999年政府信息公开工作年度报告</a></li></ul> -->
<div class="zfxxgk_zdgkc"><ul class="list">{"".join(items)}</ul></div>
<div class="page"><script type="text/javascript">createPageHTML({pages}, {page}, "index", "html");</script></div>"""
    return shell(view, inner, title=view.column, labels=_column_metas(view))


def hanweb_record(row: Row) -> str:
    """One record as dataproxy gives it; the link's text is cut, its title is whole, the date stands on two lines."""
    shown = row.title if len(row.title) < 24 else row.title[:20] + "..."
    return f"""<li><a href="{row.href}" target="_blank" title="{escape(row.title)}">{escape(shown)}</a><b>{row.date[:5]}
{row.date[5:]}</b></li>"""


def hanweb_store(rows: list[Row], total: int, per_page: int) -> str:
    """dataproxy.jsp's answer."""
    records = "\n".join(f"<record><![CDATA[{hanweb_record(row)}]]></record>" for row in rows)
    pages = -(-total // per_page)
    return (
        f"<datastore>\n<totalrecord>{total}</totalrecord><totalpage>{pages}</totalpage>\n"
        f"<recordset>\n{records}\n</recordset></datastore>"
    )


def hanweb_list(view: View, rows: list[Row], total: int, per_page: int, column: int, unit: int) -> str:
    """A column page: its first records are embedded; the rest comes from dataproxy.jsp."""
    proxy = (
        f"/module/web/jpage/dataproxy.jsp?page=1&appid=1&webid=3215&path=/&columnid={column}&unitid={unit}"
        "&webname=%25E5%25B8%2582&permissiontype=0"
    )
    records = "\n".join(f"<record><![CDATA[{hanweb_record(row)}]]></record>" for row in rows)
    inner = f"""<div class="position">您现在的位置：<a href="{view.home}">首页</a>&gt;{view.column}</div>
<div id="{unit}" class="default_pgContainer"></div>
<script type="text/xml"><datastore>
<nextgroup><![CDATA[<a href="{proxy}"></a>]]></nextgroup>
<recordset>
{records}
</recordset>
</datastore></script>
<script language="javascript">$(function () {{$('#{unit}').jpage({{dataUnit:'{unit}',
proxyUrl:'/module/web/jpage/dataproxy.jsp',
openCookies:true,perPage:{per_page},totalRecord:{total},showMode:'normal',buffer:3,
ajaxParam:{{col:1,appid:1,webid:3215,path:'/',columnid:{column},sourceContentType:1,unitid:'{unit}',webname:'{view.site}',permissiontype:0}}}});
}});</script>"""
    return shell(view, inner, title=view.column, labels=_column_metas(view))


def gkmlpt_index(view: View, category: int, total: int) -> str:
    """/gkmlpt/index: the tree of categories in a script; the list itself comes from the interface."""
    leaf = {"id": category, "name": "政府信息公开年报", "jump_url": "", "post_count": total, "children": []}
    other = {"id": category + 1, "name": "人事任免", "jump_url": "", "post_count": 12, "children": []}
    config: dict[str, Any] = {"SID": 755099, "SITE": view.site, "TREE": [
        {"id": 1, "name": "法定主动公开内容", "jump_url": "", "post_count": total + 12, "children": [leaf, other]},
    ]}  # fmt: skip
    inner = f"""<script>window._CONFIG = {json.dumps(config, ensure_ascii=False)};</script>
<div id="app"><div class="loading">加载中…</div></div>"""
    return shell(view, inner, title=f"{view.site}信息公开目录")


def gkmlpt_json(view: View, rows: list[tuple[int, Row, str]], category: int, total: int) -> str:
    """/gkmlpt/api/all/CATEGORY: rows are (post's id, row, publisher)."""
    articles = [
        {
            "id": post,
            "title": row.title,
            "publisher": publisher,
            "date": 1_700_000_000 + post,
            "created_at": f"{row.date} 10:00:00",
            "display_publish_time": row.date,
            "classify_main": category,
            "classify_main_name": "政府信息公开年报",
            "url": row.href,
            "post_url": row.href,
            "is_expired": 0,
            "is_abolished": 0,
            "attachment": [],
        }
        for post, row, publisher in rows
    ]
    classify = {"id": category, "name": "政府信息公开年报", "post_count": total}
    return json.dumps({"classify": classify, "total": total, "articles": articles}, ensure_ascii=False)


def nfcms_list(view: View, rows: list[Row], page: int, pages: int) -> str:
    """An NFCMS column: page 2 is index_2.html."""

    def name(number: int) -> str:
        return "index.html" if number == 1 else f"index_{number}.html"

    items = "".join(
        f'<li><a href="{row.href}" target="_blank">{escape(row.title)}</a><span class="time">{row.date}</span></li>'
        for row in rows
    )
    links = "".join(f'<a href="{name(number)}">{number}</a>' for number in range(1, pages + 1))
    after = f'<a class="next" href="{name(page + 1)}">下一页</a>' if page < pages else ""
    inner = f"""<script>var NFCMS_SITE_ID = "755099";</script>
<div class="position">当前位置：首页 &gt; {view.column}</div>
<div class="news_list"><ul class="list_con">{items}</ul></div>
<div class="page">{links}{after}<a class="last" href="{name(pages)}">尾页</a></div>"""
    return shell(view, inner, title=view.column)


def generic_list(view: View, rows: list[Row], page: int, pages: int, address: str, more: bool = False) -> str:
    """An unknown CMS: `?page=` with a next link, or a button that loads more."""
    items = "".join(
        f'<div class="item"><i>·</i><a href="{escape(row.href)}">{escape(row.title)}</a><em>[{row.date}]</em></div>'
        for row in rows
    )
    on = f"{address}{'&amp;' if '?' in address else '?'}page={page + 1}"
    if more:
        foot = (
            f'<a class="load-more" href="{on}" data-page="{page}">加载更多</a>' if page < pages else "<p>没有更多了</p>"
        )
    else:
        following = f'<a href="{on}">下一页</a>' if page < pages else "<span>下一页</span>"
        foot = f"<span>共{pages}页 第{page}页</span> {following}"
    inner = f"""<div class="crumb">首页 &gt; {view.column}</div><div class="items">{items}</div>
<div class="pager">{foot}</div>"""
    return shell(view, inner, title=view.column)


def topic_index(view: View, years: list[tuple[int, str]]) -> str:
    """A special-topic page: nothing but a link to each year's directory."""
    links = "".join(f'<li><a href="{href}">{year}年</a></li>' for year, href in years)
    inner = f'<div class="zt-banner">{view.column}专题</div><ul id="nb_list">{links}</ul>'
    return shell(view, inner, title=f"{view.column}专题")


def rendered_index(view: View, source: str) -> str:
    """A section that is empty until its script has fetched `source` (JSON: a list of title, url, date)."""
    script = (
        f"fetch('{source}').then(r=>r.json()).then(rows=>{{const list=document.getElementById('list');"
        "for(const row of rows){const li=document.createElement('li');const a=document.createElement('a');"
        "a.href=row.url;a.textContent=row.title;li.append(a,' '+row.date);list.append(li);}list.dataset.ready='1';});"
    )
    return shell(
        view, f'<div class="crumb">{view.column}</div><ul id="list"></ul><script>{script}</script>', title=view.column
    )


def _column_metas(view: View) -> str:
    """Labels of a column page, printed twice with types that contradict each other, as one real CMS does."""
    once = metas(view).splitlines()
    names = [line for line in once if 'name="Site' in line or 'name="Column' in line]
    return "\n".join(
        [*names, *(line.replace("政府信息公开年报", "") if "ColumnType" in line else line for line in names)]
    )
