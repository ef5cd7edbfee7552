"""Report pages in the markup of the families, with everything round the report that a reader must not take for it.

In: a `View` (what the page is of, where it stands). Out: HTML with the marks of `noise`. Which CMS prints what where is
told in the families' manuals (crawler/families); the markup here is written anew.
"""

import json
from dataclasses import dataclass
from html import escape

from monitor.demo.text import Paper


@dataclass(frozen=True)
class View:
    """A report page to be drawn."""

    paper: Paper
    body: str
    """HTML of the report."""
    url: str
    site: str
    """The portal's name: 云溪县人民政府."""
    county: str
    host: str
    """HOST:PORT of the portal."""
    site_id: str
    home: str
    section: str
    """Address of the column that lists it."""
    column: str = "政府信息公开年报"
    serial: int = 1
    charset: str = "utf-8"
    big5: str = ""
    """Address of its Traditional view, if the portal has such a gateway."""
    redesigned: bool = False


def metas(view: View) -> str:
    """The national page labels (国办发〔2017〕47号)."""
    paper = view.paper
    labels = (
        ("SiteName", view.site),
        ("SiteDomain", view.host),
        ("SiteIDCode", view.site_id),
        ("ColumnName", view.column),
        ("ColumnType", "政府信息公开年报"),
        ("ArticleTitle", paper.title),
        ("PubDate", f"{paper.published_on} 10:0{view.serial % 10}"),
        ("ContentSource", paper.source),
        ("Keywords", "政府信息公开;年度报告"),
        ("Url", view.url),
        ("HtmlGenerateTime", "{{clock}}"),
    )
    return "\n".join(f'<meta name="{name}" content="{escape(content)}"/>' for name, content in labels)


def shell(view: View, inner: str, *, title: str = "", labels: str = "") -> str:
    """A whole page: site header, `inner`, related links, leave-site dialog, footer."""
    gateway = f'<a href="{view.big5}">繁體版</a>' if view.big5 else ""
    return f"""<!DOCTYPE html>
<html lang="zh"><head>
<meta http-equiv="Content-Type" content="text/html; charset={view.charset}"/>
<title>{escape(title or view.paper.title)}_{view.site}</title>
{labels}
<link rel="stylesheet" href="/static/site.css?v={{{{token}}}}"/>
<script>var _sid="{{{{token}}}}";window.onload=function(){{}};</script>
</head><body>
<div class="top"><span id="weather">{{{{weather}}}}</span><span class="date">{{{{today}}}} {{{{weekday}}}}</span>
<a href="javascript:void(0)" onclick="toWza()">无障碍</a> <a href="#">长者版</a> {gateway}
<a href="javascript:;">退出老年模式</a>
</div>
<div class="nav"><ul><li><a href="{view.home}">首页</a></li><li><a href="{view.home}zwdt/">政务动态</a></li>
<li><a href="{view.section}">政府信息公开</a></li><li><a href="{view.home}hdjl/">互动交流</a></li></ul></div>
<div class="search"><input name="token" type="hidden" value="{{{{token}}}}"/>热词：{{{{hot}}}}</div>
{inner}
<div class="related"><h4>相关链接</h4><ul>{{{{related}}}}</ul></div>
<div id="leave" style="display:none"><p>您访问的链接即将离开“{view.site}”门户网站</p><p>是否继续？</p>
<button>继续访问</button><button>放弃</button></div>
<div class="footer"><p>主办：{view.site}办公室　网站标识码：{view.site_id}</p><p>备案号：云ICP备05000001号
今日访问量：{{{{number}}}}</p></div>
<script src="/static/count.js?t={{{{token}}}}"></script>
</body></html>"""


def trs_page(view: View) -> str:
    """TRS WCM as Beijing's portals have it; redesigned: the template of `TRS_Editor`."""
    paper = view.paper
    crumbs = f"""<div class="path">当前位置：<a href="{view.home}">首页</a> &gt;
<a href="{view.section}">{view.column}</a></div>"""
    if view.redesigned:
        inner = f"""{crumbs}<div class="con"><div class="cont_title"><h2>{escape(paper.title)}</h2></div>
<ul class="xxbox"><li><b>发布日期：</b><span>{paper.published_on}</span></li><li><b>来源：</b>
<span>{paper.source}</span></li>
<li>浏览次数：<em id="hits">{{{{number}}}}</em></li></ul><div class="TRS_Editor">{view.body}</div></div>"""
        return shell(view, inner, labels=metas(view))
    inner = f"""{crumbs}
<!-- <ul class="list"><li><a href="./200001/t20000101_1.html">{escape(paper.organ)}1999年政府信息公开工作年度报告</a>
</li></ul> -->
<div class="container"><div class="header"><p><h1>{escape(paper.title)}</h1></p></div>
<div class="info">
<span>日期：{paper.published_on} 10:00</span>&nbsp;&nbsp;&nbsp;&nbsp;<span>来源：{paper.source}</span></div>
<div class="share">分享：<a class="wx"></a><a class="wb"></a></div>
<div class="font">字号：<a href="javascript:doZoom(18)">大</a> <a href="javascript:doZoom(16)">中</a> <a>小</a>
<a href="javascript:window.print()">打印</a></div>
<div id="mainText"><div class="view TRS_UEDITOR trs_paper_default trs_web">
{view.body}
</div></div><div class="gd" style="display:none">已归档</div>
<div class="ewm">扫一扫在手机打开当前页<img src="/static/qr.png?u={{{{token}}}}" width="80"/></div></div>"""
    return shell(view, inner, labels=metas(view))


def hanweb_page(view: View) -> str:
    """大汉 JCMS of today; redesigned: the layout-table template of old days."""
    paper = view.paper
    year, month, day = paper.published_on.split("-")
    if view.redesigned:
        inner = f"""<table width="1000" align="center" border="0" cellpadding="0" cellspacing="0"><tr><td height="30">
<table width="100%"><tr><td>当前位置 :<a href="{view.home}">首页</a> &gt; <a href="{view.section}">{view.column}</a>
</td></tr></table>
</td></tr><tr><td><table id="article" width="960" align="center" border="0"><tbody>
<tr><td class="title" align="center" colspan="370">
<!--<$[标题名称(html)]>begin-->{escape(paper.title)}<!--<$[标题名称(html)]>end--></td></tr>
<tr><td align="center" colspan="370">{escape(paper.organ)}</td></tr>
<tr>
<td align="center" colspan="370">发布日期：{year}-{month}-{day}　访问次数：
<script>document.write("{{{{number}}}}")</script>　字号：[ 大 中 小 ]</td>
</tr>
<tr><td class="bt_content" colspan="370"><div id="zoom">
<!--ZJEG_RSS.content.begin-->{view.body}<!--ZJEG_RSS.content.end--></div></td></tr>
<tr>
<td align="right" colspan="370">【<a href="javascript:window.print()">打印本页</a>】
【<a href="javascript:window.close()">关闭窗口</a>】</td>
</tr>
</tbody></table></td></tr></table>"""
        return shell(view, inner, labels=metas(view))
    inner = f"""<div class="position">您现在的位置：<a href="{view.home}">首页</a>&gt;
<a href="{view.section}">{view.column}</a>
</div>
<div class="article"><div class="sp_title"><h1>{escape(paper.title)}</h1></div>
<div class="sp_time"><span>发布时间：{year}-{month}-{day} 09:{view.serial % 60:02}</span>
<span>信息来源：{paper.source}</span>
<span>浏览次数：<i id="hit">{{{{number}}}}</i></span></div>
<div id="zoom" class="zc_article_con"><!--ZJEG_RSS.content.begin-->
{view.body}
<!--ZJEG_RSS.content.end--></div>
<div class="pagenav"><a href="javascript:window.print()">【打印】</a><a href="javascript:window.close()">【关闭】</a>
</div></div>"""
    return shell(view, inner, labels=metas(view))


def gkmlpt_page(view: View) -> str:
    """A document of Guangdong's disclosure directory: the text stands in a script, the page shows it."""
    paper = view.paper
    detail = {
        "id": view.serial,
        "title": paper.title,
        "publisher": paper.source,
        "content": view.body,
        "display_publish_time": paper.published_on,
        "url": view.url,
        "attachment": [],
    }
    config = json.dumps({"SID": 755099, "DETAIL": detail}, ensure_ascii=False).replace("</", "<\\/")
    inner = f"""<script>$_ts=window['$_ts'];if(!$_ts)$_ts={{}};$_ts.nsd={{{{number}}}};</script>
<script>window._CONFIG = {config};</script>
<div class="classify"><table><tr><td>索引号：</td><td>007{view.serial}/2026-{view.serial % 1000:05}</td>
<td>分类：</td><td>政府信息公开年报</td></tr>
<tr><td>发布机构：</td><td>{escape(paper.source)}</td><td>成文日期：</td><td>{paper.published_on}</td></tr>
<tr><td>名称：</td><td colspan="3">{escape(paper.title)}</td></tr><tr><td>文号：</td><td></td><td>发布日期：</td>
<td>{paper.published_on}</td></tr>
<tr><td>主题词：</td><td colspan="3"></td></tr></table></div>
<div class="content"><h1 class="title document-number">{escape(paper.title)}</h1>
<p class="date">发布日期：{paper.published_on}　浏览次数：<span id="visit">-</span></p>
<div class="article-content">{view.body}</div></div>"""
    return shell(view, inner, labels=metas(view) if view.serial % 2 else "")


def nfcms_page(view: View) -> str:
    """An NFCMS (南方) article; redesigned: the `article-content` template."""
    paper = view.paper
    inside = (
        f'<div class="article-content">{view.body}</div>'
        if view.redesigned
        else f'<div class="news_cont_d_wrap" id="zoomcon">{view.body}</div>'
    )
    inner = f"""<script>var NFCMS_SITE_ID = "755099"; var NFCMS_POST_ID = "{view.serial}";</script>
<div class="position">当前位置：<a href="{view.home}">首页</a> &gt; <a href="{view.section}">{view.column}</a></div>
<div class="news"><h1 class="title content_title">{escape(paper.title)}</h1><div class="date_row"><span class="time">
发布时间：{paper.published_on} 11:2{view.serial % 10}:0{view.serial % 7}</span>
<span class="ly">来源：{escape(paper.source)}</span>
<span>阅读次数：{{{{number}}}}</span> <span class="fx">分享到：</span></div>
{inside}</div><script src="//statistics.example.invalid/visit/post?site=755099&post={view.serial}"></script>"""
    return shell(view, inner, labels=metas(view))


def generic_page(view: View) -> str:
    """A CMS that nobody described: no page labels, class names of its own."""
    paper = view.paper
    wrap = "ny-main" if view.redesigned else "detail-box"
    inner = f"""<div class="crumb">首页 &gt; 信息公开 &gt; {view.column}</div><div class="{wrap}">
<div class="tit">{escape(paper.title)}</div>
<div class="sub">时间：{paper.published_on}　来源：{escape(paper.source)}　点击数：{{{{number}}}}</div>
<div class="txt-{view.serial % 5}">
{view.body}
</div><div class="updown"><p>上一篇：<a href="#">没有了</a></p>
<p>下一篇：<a href="/zwdt/{{{{number}}}}.html">{view.county}要闻</a></p></div></div>"""
    return shell(view, inner)


def years_page(view: View, blocks: list[tuple[int, str]]) -> str:
    """One page that holds every year, newest first, under year tabs that are not titles."""
    tabs = "".join(f'<li class="tab" data-y="{year}"><a href="javascript:;">{year}年</a></li>' for year, _ in blocks)
    parts = "".join(f'<div class="tabcon" style="display:none">{body}</div>' for _, body in blocks)
    inner = f"""<div class="path">当前位置：<a href="{view.home}">首页</a> &gt; {view.column}</div>
<h1>{view.site}政府信息公开工作年度报告</h1><ul class="tabs">{tabs}</ul><div id="mainText">{parts}</div>"""
    return shell(view, inner, title=f"{view.site}政府信息公开工作年度报告")


def plain_page(view: View, text: str, title: str) -> str:
    """A page of the site that is no report: home, news, a `no such page` page with status 200."""
    return shell(view, f'<div class="box"><h2>{title}</h2><p>{text}</p></div>', title=title)
