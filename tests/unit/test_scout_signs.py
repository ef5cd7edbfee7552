"""Every sign of a family by an example, and addresses and code that are nobody's (`crawler.scout.signs`)."""

import pytest

from crawler.scout.signs import _INTERFACES, ADDRESSES, CODE, MARKUP, matches

_HEX = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
_UUID = "9a2c3d4e-5f60-4718-8293-a4b5c6d7e8f9"

EXAMPLES = {
    ("trs", "address t<date>_<id>.html"): "/gknb/202503/t20250331_4050078.html",
    ("trs", "address t<id>.html without a date"): "/zwgk/H1_/N1_/t15699357.shtml",
    ("trs", "file P<date><digits>"): "/gknb/202503/P020250331598811112222.pdf",
    ("hanweb", "address /col/col<id>/"): "/col/col1229487608/index.html",
    ("hanweb", "address /art/<day>/art_<column>_<id>.html"): "/art/2023/1/4/art_1229709042_67998.html",
    ("hanweb", "address /art/<year>/art_<hex>.html"): f"/art/2024/art_{_HEX}.html",
    ("hanweb", "address /module/xxgk/….jsp"): "/module/xxgk/xxgkAnnualReport.jsp?area=1",
    ("hanweb", "address …dataproxy.jsp"): "/module/jslib/jquery/jpage/morecolumndataproxy.jsp",
    ("hanweb", "address jpaas-publish-server"): "/api-gateway/jpaas-publish-server/front/page/build/unit",
    ("hanweb", "address /module/download/downfile.jsp"): "/module/download/downfile.jsp?classid=0&filename=1.doc",
    ("hanweb", "address /jcms_files/"): "/jcms/jcms_files/jcms1/web24/site/attach/0/1.doc",
    ("hanweb", "picture /picture/0/<digits>"): "/picture/0/1012150536125.jpg",
    ("gkmlpt", "address /gkmlpt/"): "/gzyxbyj/gkmlpt/index",
    ("gkmlpt", "address content/post_<id>.html"): "/zwgk/content/mpost_7043272.html",
    ("gkmlpt", "file /attachment/<n>/<n>/<n>/<id>"): "/attachment/1/1658/1658591/12541123.docx",
    ("ucap", "address c<code>/…/<32 hex>.shtml"): f"/xjwqx/c128570/202601/{_HEX}.shtml",
    ("ucap", "address <YYYYMM>/<32 hex>.shtml"): f"/ncqsh/zfxxgknb/202302/{_HEX}.shtml",
    ("ucap", "address c<code>/<YYYYMM>/<id>.shtml"): "/haerbin/c107681/202301/c01_733888.shtml",
    ("ucap", "address c<code>/content.html"): "/chinatax/n810214/c5247234/content.html",
    ("ucap", "address of a list: common_list.shtml, zwgklist.shtml"): "/jyt/c250121/zwgklist_2.shtml",
    ("ucap", "address of a channel: /c<code>/"): "/xjwqx/c128570/",
    ("ucap", "address of its search interface"): "/common/search/61eaab3127b040d4950fff177f09e561",
    ("ucap", "file <YYYYMM>/<32 hex>/files/"): f"/x/c1/202302/{_HEX}/files/{_HEX}.pdf",
    ("lonsun", "address /public/column/<organ>"): "/public/column/16551?type=3",
    ("lonsun", "address /public/content/<id>"): "/public/content/37034572",
    ("lonsun", "address /public/<organ>/<id>.html"): "/public/6598161/37034572.html",
    ("lonsun", "address /content/column/<id>"): "/content/column/6790181?pageIndex=1",
    ("lonsun", "address /content/article/<id>"): "/content/article/51079542.html",
    ("lonsun", "address /site/label/8888"): "/site/label/8888?labelName=publicInfoList",
    ("lonsun", "address /site/tpl/<id>"): "/site/tpl/4512",
    ("vsb", "address /info/<column>/<id>.htm"): "/info/1050/64208.htm",
    ("vsb", "address /system/_content/download.jsp"): "/system/_content/download.jsp?urltype=x",
    ("vsb", "address ?urltype=…&wbtreeid="): "/content.jsp?urltype=news.NewsContentUrl&wbtreeid=1050&wbnewsid=64208",
    ("vsb", "file /__local/"): "/__local/4/AB/7F/x.pdf",
    ("vsb", "file virtual_attach_file.vsb"): "/virtual_attach_file.vsb?afc=1",
    ("uuid", "address /columns/<uuid>/"): f"/zfxxgk/columns/{_UUID}/index.html",
    ("uuid", "address <date>/<uuid>.html"): f"/govxxgk/JA0/2024-02-20/{_UUID}.html?type=2",
    ("uuid", "address content/<uuid>.html"): f"/ntsrmzf/szfb_2023/content/{_UUID}.html",
    ("querylist", "address content/<uuid>.html"): f"/ntsrmzf/szfb_2023/content/{_UUID}.html",
    ("querylist", "address /queryList"): "/queryList?current=1",
    ("querylist", "address /cms/JsonList"): "/cms/JsonList",
    ("hex", "address <YYYYMMDD>/<32 hex>.html"): f"/nw12344/20240329/{_HEX}.html",
    ("hex", "address /nw<id>/"): "/nw12344/",
    ("hex", "address <year>/<month>/<day>/<32 hex>.shtml"): f"/scjhj/gknb/2020/3/9/{_HEX}.shtml",
    ("hex", "address channel_<24 hex>/"): f"/gongkai/channel_{_HEX[:24]}/",
    ("hex", "address doc_<24 hex>.html"): f"/gongkai/doc_{_HEX[:24]}.html",
    ("hex", "address <24 hex>.html"): f"/gk/zfxxgknb/{_HEX[:24]}.html",
    ("hex", "address <19 digits>.html"): "/zfxxgknb/2016044464489484290.html",
    ("trs", "createPageHTML with four arguments"): "createPageHTML(12, 0, 'index', 'shtml')",
    ("trs", "createPage with four arguments"): 'createPage("3",0,"index","html");',
    ("trs", "countPage counts its pages"): "var countPage = 8//共多少页",
    ("trs", "pagination_script_config"): "pagination_script_config = {total: 3}",
    ("trs", "meta others: 页面生成时间"): '<meta name="others" content="页面生成时间 2023-01-17 15:31:02" />',
    ("trs", "body class TRS_Editor, TRS_UEDITOR"): '<div class="view TRS_UEDITOR trs_web">',
    ("trs", "class CurrChnlCls in a trail"): '<a href="../" title="信息公开" class="CurrChnlCls">',
    ("trs", 'OLDSRC="/protect/…" on attachments'): '<img OLDSRC="/protect/W0202301/W0.jpg">',
    ("hanweb", "rows as <record><![CDATA["): "<record><![CDATA[<li>",
    ("hanweb", "<datastore> with <totalrecord>"): "<totalrecord>756</totalrecord>",
    ("hanweb", "dataproxy.jsp"): "'/module/web/jpage/dataproxy.jsp?startrecord=1'",
    ("hanweb", "jpaas-publish-server"): "url: '/api-gateway/jpaas-publish-server/front/'",
    ("hanweb", "bulidstatic, as it spells it"): "parseType=bulidstatic&",
    ("hanweb", "/module/xxgk/….jsp"): "$.post('/module/xxgk/search.jsp')",
    ("hanweb", "template comments <!--<$[…]>begin-->"): "<!--<$[信息内容]>begin-->",
    ("hanweb", "comment ZJEG_RSS.content"): "<!--ZJEG_RSS.content.begin-->",
    ("gkmlpt", "_CONFIG with SID and TREE"): "window._CONFIG = {SID: '1', TREE: []}",
    ("gkmlpt", "/gkmlpt/api/"): "fetch('/gkmlpt/api/all/0?page=1')",
    ("gkmlpt", "NFCMS_SITE_ID"): "window.NFCMS_SITE_ID = 755001;",
    ("gkmlpt", "Guangdong's visit counter"): "a = '//statistics.gd.gov.cn/visit/';",
    ("gkmlpt", "body class news_cont_d_wrap"): '<div class="news_cont_d_wrap">',
    ("ucap", "createPageHTML with six arguments"): "createPageHTML('page_div',10, 1,'zwgklist','shtml',200)",
    ("ucap", "/common/search/<channel>"): "'/common/search/'+channelId",
    ("ucap", "_isAgg and _isJson"): "?page=1&_isAgg=true&_isJson=true",
    ("ucap", "getFileListByCodeId"): "$.post('/getFileListByCodeId')",
    ("ucap", "loadUcapContent"): "loadUcapContent();",
    ("ucap", "<UCAPCONTENT>"): "<UCAPCONTENT><p>",
    ("ucap", "<UCAPTITLE>"): "<UCAPTITLE>报告</UCAPTITLE>",
    ("ucap", "id UCAP-CONTENT"): '<div id="UCAP-CONTENT">',
    ("lonsun", "/site/label/8888"): "$.get('/site/label/8888?IsAjax=1')",
    ("lonsun", "labelName: publicInfoList"): "labelName: 'publicInfoList'",
    ("lonsun", "class newscontnet, as it spells it"): '<div class="j-fontContent newscontnet minh500">',
    ("querylist", "/queryList with webSiteCode or channelCode"): "$.post('/queryList', {'channelCode[]': 'a'})",
    (
        "querylist",
        "webSiteCode and channelCode, which its interface asks for",
    ): "{webSiteCode: ['a'], channelCode: ['b']}",
    ("querylist", "interfaces…/loadData"): "'/szinf/xxgk/interfacesWebZcwj/loadData?pageSize=15'",
    ("querylist", "/cms/JsonList"): "'/cms/JsonList'",
    ("querylist", "a handlebars template in place of rows"): '<script id="t" type="text/x-handlebars-template">',
    ("vsb", "/system/resource/js/"): "/system/resource/js/counter.js",
    ("vsb", "_sitegray"): "/_sitegray/_sitegray.js",
    ("vsb", "_jsq_ counter"): "_jsq_(1021, '/list.jsp', -1, 1358721784)",
    ("vsb", "_showDynClicks"): '_showDynClicks("wbnews", 1, 2)',
    ("vsb", "Announced by Visual SiteBuilder"): "<!--Announced by Visual SiteBuilder 9-->",
    ("vsb", "form _newscontent_fromname"): '<form name="_newscontent_fromname">',
    ("vsb", "id vsb_content"): '<div id="vsb_content_100">',
    ("vsb", "body class v_news_content"): '<div class="v_news_content">',
    ("hex", "id ivs_content"): '<div id="ivs_content">',
}

_BY_NAME = {(sign.family, sign.what): sign for sign in (*ADDRESSES, *CODE, *MARKUP)}


def test_every_sign_has_an_example() -> None:
    assert set(EXAMPLES) == set(_BY_NAME)
    assert len(_BY_NAME) == len(ADDRESSES) + len(CODE) + len(MARKUP)
    assert all(0 < sign.weight < 1 for sign in _BY_NAME.values())


def test_interfaces_are_signs() -> None:
    assert {(sign.family, sign.what) for sign in CODE + MARKUP if sign.asks} == _INTERFACES


@pytest.mark.parametrize("name", EXAMPLES, ids=lambda name: f"{name[0]}: {name[1]}")
def test_a_sign_is_seen_in_its_example(name: tuple[str, str]) -> None:
    sign, example = _BY_NAME[name], EXAMPLES[name]
    if sign.place == "address":
        path, _, query = example.partition("?")
        assert matches(sign, path, query)
        others = {other.family for other in ADDRESSES if other.weight >= 0.5 and matches(other, path, query)}
        assert others <= {sign.family, *({"uuid", "querylist"} if "content/<uuid>" in sign.what else ())}
    else:
        assert sign.pattern.search(example)
        assert sign.beside is None or sign.beside.search(example)
        told = {
            other.family
            for other in (*CODE, *MARKUP)
            if other.pattern.search(example) and (not other.beside or other.beside.search(example))
        }
        assert told == {sign.family}


@pytest.mark.parametrize(
    "address",
    [
        "/", "/index.html", "/zwgk/", "/zwgk/zfxxgknb/index_1.html", "/zwgk/202301/12345.html",
        "/show.aspx?id=7&title=5", "/list.jsp?c=9&p=2", "/2023/01-19/2677014.html",
        "/D41X/4779287.jhtml", "/c/2023-01-28/4655505.shtml", "/XxgkAnnualReport/show/5712.html",
        "/UserData/DocHtml/731/2018/3/26/3618558579887.html", "/html/2023/tongzhi_0119/55.html",
        "/content.php?id=8", "/art/12.html", "/colour/col/", "/info/about.htm", "/public/",
        "/columns/12/", "/test123.html", "/content/2023/nb.html", "/news/t-shirt_12.html",
    ],
)  # fmt: skip
def test_addresses_that_are_anybodys(address: str) -> None:
    path, _, query = address.partition("?")
    assert [sign.what for sign in ADDRESSES if matches(sign, path, query)] == []


@pytest.mark.parametrize(
    "text",
    [
        '<div id="zoom" class="zoom">', '<div class="zfxxgk_zdgkc"><ul>', '<div class="scroll_cont ScrollStyle">',
        "createPageHTML(", "function createPageHTML(total, cur, name, ext) {",
        "var config = {TREE: 1}", "$.getJSON('/search?page=1')",
        "/resource/js/jquery.js", '<div class="content">', "/trs_search/search.do", "/jsearchfront/interfaces", "record[0]",
    ],
)  # fmt: skip
def test_code_that_is_anybodys(text: str) -> None:
    assert [
        sign.what
        for sign in (*CODE, *MARKUP)
        if sign.pattern.search(text) and (not sign.beside or sign.beside.search(text))
    ] == []
