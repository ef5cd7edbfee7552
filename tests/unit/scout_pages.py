"""Pages for the scout's tests: what each family's templates write, with text of our own and what real pages mix in.

Each entry of `FAMILIES` is (family, section page, report page); `MIXED` are pages of one family that carry another's marks.
"""

from crawler.scout.model import Seen

HOST = "https://www.qinghe.gov.cn"
"""A county that there is not."""

_HEAD = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}-清和县人民政府</title>
<meta name="SiteName" content="清和县人民政府"><meta name="SiteDomain" content="www.qinghe.gov.cn">
<meta name="SiteIDCode" content="3601290003">
{head}</head><body><div class="nav"><a href="/">首页</a><a href="/zwgk/">政务公开</a><a href="http://www.gov.cn/">中国政府网</a>
<a href="https://search.qinghe.gov.cn/jsearchfront/search.do">检索</a></div>"""
_FOOT = """<div class="footer">主办：清和县人民政府办公室　网站标识码：3601290003　<a href="/wzdt/">网站地图</a>
<a href="http://www.beian.gov.cn/portal">公安备案</a></div></body></html>"""
_FORM = """<p>一、总体情况</p><p>2023年，我县主动公开政府信息512条，收到申请7件，均按期答复。</p><p>二、主动公开政府信息情况</p>
<table><tr><td colspan="4">第二十条第（一）项</td></tr><tr>
<td>信息内容</td><td>本年制发件数</td><td>本年废止件数</td><td>现行有效件数</td></tr>
<tr><td>规章</td><td>0</td><td>0</td><td>0</td></tr><tr><td>行政规范性文件</td><td>2</td><td>1</td><td>9</td></tr></table>
<p>三、收到和处理政府信息公开申请情况</p><p>四、政府信息公开行政复议、行政诉讼情况</p><p>五、存在的主要问题及改进情况</p>
<p>公开的深度不够，今后加强培训。</p><p>六、其他需要报告的事项</p><p>无收费。</p>"""
TITLE = "清和县人民政府2023年政府信息公开工作年度报告"


def page(body: str, title: str = "政府信息公开年报", head: str = "") -> str:
    """A whole page with a portal's head, menu and foot."""
    return _HEAD.format(title=title, head=head) + body + _FOOT


def seen(path: str, body: str, title: str = "政府信息公开年报", head: str = "") -> Seen:
    return Seen(path if "://" in path else HOST + path, 200, page(body, title, head))


def report(path: str, opening: str, closing: str, head: str = "") -> Seen:
    """A report in its CMS's body box."""
    return seen(path, f"<h1>{TITLE}</h1>{opening}{_FORM}{closing}", TITLE, head)


def _rows(*addresses: str) -> str:
    return "".join(
        (
            f'<li><a href="{address}" title="清和县{2024 - at}年政府信息公开工作年度报告">清和县{2024 - at}年政府信息公…</a>'
            f"<span>{2025 - at}-01-2{at}</span></li>"
        )
        for at, address in enumerate(addresses)
    )


_HEX = ["0a1b2c3d4e5f60718293a4b5c6d7e8f9", "1b2c3d4e5f60718293a4b5c6d7e8f90a", "2c3d4e5f60718293a4b5c6d7e8f90a1b"]
_UUID = [f"{part}2c3d4e-5f60-4718-8293-a4b5c6d7e8f9" for part in ("9a", "8b", "7c")]

FAMILIES: tuple[tuple[str, Seen, Seen], ...] = (
    (
        "trs",
        seen("/zwgk/zfxxgknb/", f"""<ul class="list">{_rows("./202401/t20240122_1.shtml", "./202301/t20230118_2347411.shtml")}</ul>
<script>var url="./202201/t20220119_2214501.shtml"; var title="清和县2021年政府信息公开工作年度报告"; document.writeln("<li>");</script>
<script>createPageHTML(3, 0, "index", "shtml");</script>"""),
        report("/zwgk/zfxxgknb/202301/t20230118_2347411.shtml", '<div class="view TRS_UEDITOR trs_paper_default trs_web">',
               '</div><a href="./P020230118598811112222.pdf" appendix="true" OLDSRC="/protect/P0202301/x.pdf">附件</a>'),
    ),
    (
        "trs",  # undated, the column's ids only; what Guangxi and Hainan have
        seen("/zwgk/H1_/N1_/", f"""<ul>{_rows("./t15699357.shtml", "./t13382710.shtml", "./t11820044.shtml")}</ul>
<script>var currentPage = 0; var countPage = 4; //共几页</script>"""),
        report("/zwgk/H1_/N1_/t15699357.shtml", '<div class="TRS_Editor">', "</div>"),
    ),
    (
        "hanweb",
        seen("/col/col1229487608/index.html", """<div id="5187132"><script type="text/xml"><datastore><nextgroup><![CDATA[<a
href="/module/web/jpage/dataproxy.jsp?page=1&columnid=1229487608&unitid=5187132"></a>]]></nextgroup><recordset>
<record><![CDATA[<li><a href="/art/2024/1/30/art_1229487608_4236209.html" title="清和县2023年政府信息公开工作年度报告">清和县2023…</a>
<b>2024-01-30</b></li>]]></record>
</recordset><totalrecord>1</totalrecord></datastore></script></div><script src="/script/jquery.js"></script>"""),
        report("/art/2024/1/30/art_1229487608_4236209.html", '<div id="zoom"><!--<$[信息内容]>begin--><!--ZJEG_RSS.content.begin-->',
               "<!--ZJEG_RSS.content.end--><!--<$[信息内容]>end--></div>"),
    ),
    (
        "hanweb",  # JPAAS
        seen("/col/col341595/index.html", """<div
 class="ls" queryData="{'webId':'f7c1','pageId':'a2','parseType':'bulidstatic','pageType':'column','tagId':'x'}"
url="/api-gateway/jpaas-publish-server/front/page/build/unit"></div>"""),
        report("/art/2024/art_9d8c7b6a5f4e3d2c1b0a998877665544.html", '<div id="zoom">', "</div>"),
    ),
    (
        "hanweb",  # the report itself, for an organ and a year
        seen("/module/xxgk/xxgkAnnualReport.jsp?area=370900004341&fbtime=2022", """<ul><li><a
href="/module/xxgk/xxgkAnnualReport.jsp?area=370900004341&fbtime=2021">2021年</a></li></ul>""" + _FORM),
        report("/module/xxgk/xxgkAnnualReport.jsp?area=370900004341&fbtime=2021", '<div id="zoom">', "</div>"),
    ),
    (
        "gkmlpt",
        seen("/gkmlpt/index", """<div id="app"></div><script>window._CONFIG = { SITE_ID: 445, SID: '445001', TREE:
[{"id":1,"name":"目录","children":[{"id":4451,"name":"政府信息公开年报","children":[],"jump_url":""}]}], LIST: null };</script>"""),
        report("/gkmlpt/content/8/8081/post_8081133.html", '<div class="article-content">',
               "</div><script>window._CONFIG = {DETAIL: {\"id\": 8081133}};</script>"),
    ),
    (
        "gkmlpt",  # NFCMS columns beside it
        seen("/zwgk/zfxxgknb/", f"""<ul>{_rows("./content/post_7043272.html",
 "./content/post_6043271.html", "./content/mpost_5043270.html")}</ul>
<script>window.NFCMS_SITE_ID = 445001; window.NFCMS_CAT_ID = 33;</script><script>createPageHTML(2, 0, "index", "html");</script>"""),
        report("/zwgk/zfxxgknb/content/post_7043272.html", '<div class="news_cont_d_wrap">',
               '</div><script src="//statistics.gd.gov.cn/visit/post?site=445001&post=7043272"></script>'),
    ),
    (
        "ucap",
        seen("/qhx/c120001/zwgklist.shtml", f"""<ul>{_rows(f"/qhx/c120001/202401/{_HEX[0]}.shtml",
 f"/qhx/c120001/202301/{_HEX[1]}.shtml")}</ul>
<script>createPageHTML('page_div', 4, 1, 'zwgklist', 'shtml', 57);</script>"""),
        report(f"/qhx/c120001/202401/{_HEX[0]}.shtml", '<div id="zoomcon"><UCAPCONTENT>', "</UCAPCONTENT></div>"),
    ),
    (
        "ucap",  # its rows come from the interface
        seen("/chinabm/n810214/c102384r/index.html", """<ul id="rows"></ul>
<script>$.getJSON("/common/search/61eaab3127b040d4950fff177f09e561?page="+n+
"&_pageSize=15&_isAgg=true&_isJson=true&_template=index", show);</script>"""),
        report("/chinabm/n810214/c102384r/c5247234/content.html", '<div id="UCAP-CONTENT">', "</div>", "<UCAPTITLE></UCAPTITLE>"),
    ),
    (
        "lonsun",
        seen("/public/column/6598971?type=4&action=list", ("""<div class="xxgk_navli"></div>"""
            """<script>$.get("/site/label/8888?labelName=publicInfoList&siteId=6788031&organId=6598971&type=4");</script>""")),
        report("/public/content/37034572", '<div class="j-fontContent newscontnet minh500">', "</div>"),
    ),
    (
        "querylist",
        seen("/ntsrmzf/szfb_2023/", """<ul id="list"></ul>
<script type="text/x-handlebars-template">{{#each results}}<li>{{source.title}}</li>{{/each}}</script>
<script>$.post("/queryList", {current: 1, unitid: "380055", "webSiteCode[]": "ntsrmzf",
 "channelCode[]": "szfb_2023", perPage: 15}, show);</script>"""),
        report(f"/ntsrmzf/szfb_2023/content/{_UUID[0]}.html", '<div class="article">', "</div>"),
    ),
    (
        "vsb",
        seen("/zwgk/zfxxgknb.htm", f"""<!--Announced by Visual SiteBuilder 9--><script src="/system/resource/js/counter.js"></script>
<ul>{_rows("../info/1050/64208.htm", "../info/1050/53107.htm")}</ul><span class="p_pages"><a href="zfxxgknb/2.htm">下页</a></span>"""),
        report("/info/1050/64208.htm", ('<form name="_newscontent_fromname"><div '
            'id="vsb_content_100"><div class="v_news_content">'), "</div></div></form>"),
    ),
    (
        "uuid",
        seen(f"/columns/{_UUID[0]}/index.html",
             "<ul>" + _rows(f"/columns/{_UUID[0]}/202301/29/{_UUID[1]}.html", f"/columns/{_UUID[0]}/202201/28/{_UUID[2]}.html") + "</ul>"),
        report(f"/columns/{_UUID[0]}/202301/29/{_UUID[1]}.html", '<div class="txt">', "</div>"),
    ),
    (
        "hex",
        seen("/nw12344/", f"""<ul>{_rows(f"/nw12344/20240329/{_HEX[0]}.html", f"/nw12344/20230330/{_HEX[1]}.html")}</ul>"""),
        report(f"/nw12344/20240329/{_HEX[0]}.html", '<div class="Article_content" id="ivs_content">', "</div>"),
    ),
    (
        "hex",  # Jinan's counties
        seen("/gongkai/channel_63eddb7c68ea3dce65a6f862/", f"""<ul>{_rows("doc_63eddb7c68ea3dce65a6f863.html",
        "doc_62eddb7c68ea3dce65a6f864.html")}</ul>"""),
        report("/gongkai/channel_63eddb7c68ea3dce65a6f862/doc_63eddb7c68ea3dce65a6f863.html", '<div id="zoom">', "</div>"),
    ),
    (
        "generic",
        seen("/XxgkAnnualReport/", (f"""<div class="zfxxgk_zdgkc"><ul>"""
            f"""{_rows("/XxgkAnnualReport/show/5712.html", "/XxgkAnnualReport/show/5103.html")}</ul></div>""")),
        report("/XxgkAnnualReport/show/5712.html", '<div class="scroll_cont ScrollStyle" id="zoom">', "</div>"),
    ),
    (
        "generic",  # ASP.NET
        seen("/xxgk/list.aspx?c=91", f"""<table>{_rows("show.aspx?id=8812", "show.aspx?id=7911", "show.aspx?id=7011")}</table>"""),
        report("/xxgk/show.aspx?id=8812", '<div id="content">', "</div>"),
    ),
)  # fmt: skip

MIXED: tuple[tuple[str, str, tuple[Seen, ...]], ...] = (
    (
        "a Hanweb list that leads to another organ's TRS pages",
        "hanweb",
        (
            seen("/col/col18829/index.html",
            "<ul>" + _rows(*(f"http://fgj.qinghe.gov.cn/zfxxgknb/202{at}01/t202{at}0119_23474{at}.shtml" for at in range(5))) + "</ul>"),
        ),
    ),
    (
        "a TRS page whose body has the id zoom and was pasted from a Hanweb portal",
        "trs",
        (
            report("/zwgk/zfxxgknb/202301/t20230118_2347411.html", ('<div id="zoom" class="zoom">'
                '<!--ZJEG_RSS.content.begin-->'), "<!--ZJEG_RSS.content.end--></div>"),
        ),
    ),
    (
        "an unknown CMS whose body was pasted from a TRS portal, attachments and all",
        "generic",
        (
            report("/xxgk/show.aspx?id=8812", '<div class="TRS_Editor"><div class="Custom_UnionStyle">',
                   ('<a href="http://www.other.gov.cn/zwgk/202301/P020230118598811112222.pdf" OLDSRC="/protect/P0202301/x.pdf">附件</a>'
                       '</div></div>')),
        ),
    ),
    (
        "a Ucap portal with six arguments, which TRS's pager has four of",
        "ucap",
        (seen("/qhx/xxgknb/common_list.shtml", "<script>createPageHTML('page_div',10,1,'common_list','shtml',200);</script>"),),
    ),
    (
        "a TRS portal with Hanweb's search box and mail box beside it",
        "trs",
        (
            seen("/zwgk/zfxxgknb/", '<form action="https://search.qinghe.gov.cn/jsearchfront/search.do"></form><a href="http://xx.qinghe.gov.cn/jact/front/mailpubdetail.do">信箱</a><ul>'
                 + _rows("./202401/t20240122_2311111.html",
                 "./202301/t20230118_2347411.html") + "</ul><script>createPageHTML(1, 0, 'index', 'html');</script>"),
        ),
    ),
    (
        "a list of an unknown CMS with one old TRS page in it",
        "generic",
        (seen("/xxgk/list.jsp?c=91", "<ul>" + _rows("show.jsp?id=1",
        "show.jsp?id=2", "show.jsp?id=3", "/zwgk/200901/t20090118_2347.html") + "</ul>"),),
    ),
    (
        "the national template's classes, which every vendor uses",
        "generic",
        (seen("/x/", ('<div class="zfxxgk_zdgkc"><ul><li><a href="/x/5.html">年报</a>'
            '<b>2023-01-01</b></li></ul></div><div class="scroll_cont ScrollStyle"></div>')),),
    ),
    (
        "a CMS that names itself, with marks of TRS in its body",
        "generic",
        (
            seen("/?p=12", ('<div class="TRS_Editor"></div>'
                '<script>var countPage = 3;</script>'), head='<meta name="generator" content="WordPress 5.8">'),
        ),
    ),
    (
        "a Hanweb list in an HTML comment beside the live TRS one",
        "trs",
        (
            seen("/zwgk/zfxxgknb/", "<!--<ul>" + _rows(*(f"/art/202{at}/1/3{at}/art_1_{at}.html" for at in range(1, 4))) + "</ul>--><ul>"
                 + _rows("./202401/t20240122_2311111.html",
                 "./202301/t20230118_2347411.html", "./202201/t20220118_2347411.html") + "</ul>"),
        ),
    ),
)  # fmt: skip
