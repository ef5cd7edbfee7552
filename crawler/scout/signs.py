"""By what a family shows: the shapes of its addresses, what its templates and scripts write, what it leaves in bodies.

Each sign is a fact about a CMS ("domain notes", 1a–1d; the comments that Hanweb and Visual SiteBuilder write stand in public
pages). How much one says depends on where it stands: an address is given by the CMS itself; a template's scripts are its own; a
class or a comment inside a body may have been pasted with the text from another portal. What every vendor's portals share says
nothing and is not here: `#zoom`, `zfxxgk_zdgkc`, `scroll_cont` (the national platform's template), search boxes, mail boxes and
counters, which are bought beside the CMS. Patterns are linear: no nested repetition, every run bounded.
"""

import re
from typing import Literal, NamedTuple

Place = Literal["address", "links", "script", "template", "body", "vendor"]
"""Where a sign stands; each place can only say so much (`recognise.CAPS`)."""

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_DAY = r"(?:19|20)\d\d/\d{1,2}/\d{1,2}"


class Sign(NamedTuple):
    """One thing that tells a family."""

    family: str
    place: Place
    what: str
    weight: float
    pattern: re.Pattern[str]
    beside: re.Pattern[str] | None = None
    """What must stand in the same text too."""
    asks: bool = False
    """It is how the family's lists are asked for: where one is seen, addresses that look like another family's decide nothing."""


_INTERFACES = frozenset(
    {
        ("hanweb", "dataproxy.jsp"), ("hanweb", "rows as <record><![CDATA["), ("hanweb", "jpaas-publish-server"),
        ("hanweb", "bulidstatic, as it spells it"), ("hanweb", "/module/xxgk/….jsp"), ("gkmlpt", "_CONFIG with SID and TREE"),
        ("gkmlpt", "/gkmlpt/api/"), ("ucap", "/common/search/<channel>"), ("ucap", "_isAgg and _isJson"),
        ("ucap", "getFileListByCodeId"), ("lonsun", "/site/label/8888"), ("lonsun", "labelName: publicInfoList"),
        ("querylist", "/queryList with webSiteCode or channelCode"),
        ("querylist", "webSiteCode and channelCode, which its interface asks for"), ("querylist", "interfaces…/loadData"),
        ("querylist", "/cms/JsonList"),
    }
)  # fmt: skip


def matches(sign: Sign, path: str, query: str) -> bool:
    """Whether an address has the shape of a sign of `ADDRESSES`. Only a sign that speaks of the query is asked of it."""
    asked = f"{path}?{query}" if "\\?" in sign.pattern.pattern and query else path
    return sign.pattern.search(asked) is not None


def _address(family: str, what: str, weight: float, pattern: str) -> Sign:
    return Sign(family, "address", what, weight, re.compile(pattern, re.I))


def _text(family: str, place: Place, what: str, weight: float, pattern: str, beside: str = "") -> Sign:
    asks = (family, what) in _INTERFACES
    return Sign(family, place, what, weight, re.compile(pattern, re.I), re.compile(beside) if beside else None, asks)


_CLASS = r"class\s*=\s*['\"]?[\w\s-]{0,80}\b%s\b"

ADDRESSES = (
    _address("trs", "address t<date>_<id>.html", 0.75, r"/t(?:19|20)\d{6}_\d{3,}(?:_app|_wap)?\.s?html?$"),
    _address("trs", "address t<id>.html without a date", 0.6, r"/t\d{5,9}\.s?html?$"),
    _address("trs", "file P<date><digits>", 0.5, r"/[PW]0?(?:19|20)\d{12,20}\.[a-z]{3,4}$"),
    _address("hanweb", "address /col/col<id>/", 0.75, r"/col/col\d+(?:/|$)"),
    _address("hanweb", "address /art/<day>/art_<column>_<id>.html", 0.75, rf"/art/{_DAY}/art_\d+_\d+\.html?$"),
    _address("hanweb", "address /art/<year>/art_<hex>.html", 0.7, r"/art/(?:19|20)\d\d/art_[0-9a-f-]{16,40}\.html?$"),
    _address("hanweb", "address /module/xxgk/….jsp", 0.75, r"/module/xxgk/\w{1,40}\.jsp"),
    _address("hanweb", "address …dataproxy.jsp", 0.8, r"/jpage/\w{0,20}dataproxy\.jsp"),
    _address("hanweb", "address jpaas-publish-server", 0.8, r"/jpaas-publish-server/"),
    _address("hanweb", "address /module/download/downfile.jsp", 0.45, r"/module/download/downfile\.jsp"),
    _address("hanweb", "address /jcms_files/", 0.6, r"/jcms_files/"),
    _address("hanweb", "picture /picture/0/<digits>", 0.35, r"/picture/0/\d{8,24}\.\w{3,4}$"),
    _address("gkmlpt", "address /gkmlpt/", 0.75, r"/gkmlpt(?:/|$)"),
    _address("gkmlpt", "address content/post_<id>.html", 0.75, r"/content/m?post_\d+\.html?$"),
    _address("gkmlpt", "file /attachment/<n>/<n>/<n>/<id>", 0.5, r"/attachment/\d{1,3}/\d{1,6}/\d{1,9}/\d{1,12}\.\w{3,5}$"),
    _address("ucap", "file <YYYYMM>/<32 hex>/files/", 0.7, r"/(?:19|20)\d{4}/[0-9a-f]{32}/files/"),
    _address("ucap", "address c<code>/…/<32 hex>.shtml", 0.8, r"/c\d{3,}[a-z]?/(?:\d{6}/)?[0-9a-f]{32}\.s?html$"),
    _address("ucap", "address <YYYYMM>/<32 hex>.shtml", 0.7, r"/(?:19|20)\d{4}/[0-9a-f]{32}\.s?html$"),
    _address("ucap", "address c<code>/<YYYYMM>/<id>.shtml", 0.65, r"/c\d{3,}[a-z]?/(?:19|20)\d{4}/(?:c\d+_)?\d+\.shtml$"),
    _address("ucap", "address c<code>/content.html", 0.65, r"/c\d{4,}[a-z]?/content\.s?html?$"),
    _address("ucap", "address of a list: common_list.shtml, zwgklist.shtml", 0.6, r"/(?:common_list|zwgklist)(?:_\d+)?\.shtml$"),
    _address("ucap", "address of a channel: /c<code>/", 0.35, r"/c\d{5,}[a-z]?/(?:[a-z_]{2,20}\.s?html)?$"),
    _address("ucap", "address of its search interface", 0.7, r"/(?:common/search/\w{4,}|getFileListByCodeId|searchList/\w{8,})"),
    _address("lonsun", "address /public/column/<organ>", 0.7, r"/public/column/\d+"),
    _address("lonsun", "address /public/content/<id>", 0.7, r"/public/content/\d+(?:\.html)?$"),
    _address("lonsun", "address /public/<organ>/<id>.html", 0.65, r"/public/\d+/\d+\.html$"),
    _address("lonsun", "address /content/column/<id>", 0.6, r"/content/column/\d{4,}$"),
    _address("lonsun", "address /content/article/<id>", 0.6, r"/content/article/\d{4,}(?:\.html)?$"),
    _address("lonsun", "address /site/label/8888", 0.8, r"/site/label/8888(?:$|[?/])"),
    _address("lonsun", "address /site/tpl/<id>", 0.5, r"/site/tpl/\d+(?:$|[?/])"),
    _address("vsb", "address /info/<column>/<id>.htm", 0.75, r"/info/\d{3,}/\d+\.htm$"),
    _address("vsb", "address /system/_content/download.jsp", 0.7, r"/system/_content/download\.jsp"),
    _address("vsb", "address ?urltype=…&wbtreeid=", 0.75, r"\.jsp\?(?:[^#]{0,200}&)?(?:wbtreeid|wbnewsid)=\d"),
    _address("vsb", "file /__local/", 0.6, r"/__local/[0-9A-F]/"),
    _address("vsb", "file virtual_attach_file.vsb", 0.7, r"/virtual_attach_file\.vsb\b"),
    _address("uuid", "address /columns/<uuid>/", 0.8, rf"/columns/{_UUID}(?:/|$)"),
    _address("uuid", "address <date>/<uuid>.html", 0.7, rf"/(?:(?:19|20)\d\d-\d\d-\d\d|(?:19|20)\d{{4}}/\d{{1,2}})/{_UUID}\.s?html?$"),
    _address("uuid", "address content/<uuid>.html", 0.55, rf"/content/{_UUID}\.s?html?$"),
    # The same pages; what their lists ask decides between the two.
    _address("querylist", "address content/<uuid>.html", 0.3, rf"/content/{_UUID}\.s?html?$"),
    _address("querylist", "address /queryList", 0.75, r"/queryList(?:$|[?/])"),
    _address("querylist", "address /cms/JsonList", 0.75, r"/cms/JsonList(?:$|[?/])"),
    _address("hex", "address <YYYYMMDD>/<32 hex>.html", 0.75, r"/(?:19|20)\d{6}/[0-9a-f]{32}\.s?html?$"),
    _address("hex", "address /nw<id>/", 0.5, r"/nw\d{3,}/"),
    _address("hex", "address <year>/<month>/<day>/<32 hex>.shtml", 0.75, rf"/{_DAY}/[0-9a-f]{{32}}\.s?html?$"),
    _address("hex", "address channel_<24 hex>/", 0.75, r"/channel_[0-9a-f]{24}(?:/|$)"),
    _address("hex", "address doc_<24 hex>.html", 0.7, r"/doc_[0-9a-f]{24}\.s?html?$"),
    _address("hex", "address <24 hex>.html", 0.6, r"/[0-9a-f]{24}\.s?html?$"),
    _address("hex", "address <19 digits>.html", 0.42, r"/\d{19}\.html$"),
)  # fmt: skip

_NUMBER_FIRST = (
    r"\(\s*(?:\d{1,6}|parseInt\([^()]{0,40}\)|\"\d{1,6}\"|'\d{1,6}')\s*,\s*\d{1,6}\s*,\s*"
    r"['\"][\w/-]{1,40}['\"]\s*,\s*['\"]\w{3,5}['\"]\s*\)"
)

CODE = (
    _text("trs", "script", "createPageHTML with four arguments", 0.4, r"\bcreatePageHTML?" + _NUMBER_FIRST),
    _text("trs", "script", "createPage with four arguments", 0.4, r"\bcreatePages?" + _NUMBER_FIRST),
    _text("trs", "script", "countPage counts its pages", 0.3, r"\bcountPage\s*=\s*['\"]?\d"),
    _text("trs", "script", "pagination_script_config", 0.4, r"\bpagination_script_config\b"),
    _text("hanweb", "script", "dataproxy.jsp", 0.8, r"/jpage/\w{0,20}dataproxy\.jsp"),
    _text("hanweb", "script", "jpaas-publish-server", 0.8, r"/jpaas-publish-server/"),
    _text("hanweb", "script", "bulidstatic, as it spells it", 0.7, r"\bbulidstatic\b"),
    _text("hanweb", "script", "/module/xxgk/….jsp", 0.65, r"/module/xxgk/\w{1,40}\.jsp"),
    _text("gkmlpt", "script", "_CONFIG with SID and TREE", 0.85, r"\b_CONFIG\s*=\s*\{", r"\b(?:TREE|DETAIL)['\"]?\s*:"),
    _text("gkmlpt", "script", "/gkmlpt/api/", 0.8, r"/gkmlpt/api/"),
    _text("gkmlpt", "script", "NFCMS_SITE_ID", 0.8, r"\bNFCMS_(?:SITE|POST|CAT|PAGE|PUB)_\w{2,4}"),
    _text("gkmlpt", "script", "Guangdong's visit counter", 0.4, r"//statistics\.gd\.gov\.cn/visit"),
    _text("ucap", "script", "createPageHTML with six arguments", 0.65,
          r"\bcreatePageHTML\s*\(\s*['\"][\w-]{1,40}['\"]\s*,\s*\d{1,6}\s*,\s*\d{1,6}\s*,\s*['\"][\w/-]{1,60}['\"]\s*,\s*['\"]\w{3,5}['\"]\s*,\s*\d{1,9}\s*\)"),
    _text("ucap", "script", "/common/search/<channel>", 0.65, r"/common/search/[\w{}$+'\"]{4,}"),
    _text("ucap", "script", "_isAgg and _isJson", 0.7, r"\b_isAgg=\w{1,8}&(?:amp;)?_isJson="),
    _text("ucap", "script", "getFileListByCodeId", 0.75, r"/getFileListByCodeId\b"),
    _text("ucap", "script", "loadUcapContent", 0.5, r"\bloadUcapContent\b|\bmanuscriptPage_N\b"),
    _text("lonsun", "script", "/site/label/8888", 0.8, r"/site/label/8888\b"),
    _text("lonsun", "script", "labelName: publicInfoList", 0.6, r"\blabelName['\"]?\s*[=:]\s*['\"]?public(?:Info|Annual)\w{0,20}"),
    _text("querylist", "script", "/queryList with webSiteCode or channelCode", 0.8,
          r"/queryList\b", r"\b(?:webSiteCode|channelCode)\b"),
    _text("querylist", "script", "webSiteCode and channelCode, which its interface asks for", 0.8, r"\bwebSiteCode\b", r"\bchannelCode\b"),
    _text("querylist", "script", "interfaces…/loadData", 0.6, r"/interfaces\w{0,30}/loadData\b"),
    _text("querylist", "script", "/cms/JsonList", 0.75, r"/cms/JsonList\b"),
    _text("vsb", "script", "/system/resource/js/", 0.55, r"/?system/resource/js/\w"),
    _text("vsb", "script", "_sitegray", 0.45, r"/_sitegray(?:/|_d?\.)"),
    _text("vsb", "script", "_jsq_ counter", 0.35, r"\b_jsq_\s*\(\s*\d"),
    _text("vsb", "script", "_showDynClicks", 0.45, r"\b_showDynClicks\s*\("),
)  # fmt: skip
"""Searched in scripts, and in script addresses."""

MARKUP = (
    _text("hanweb", "script", "rows as <record><![CDATA[", 0.65, r"<record>\s*<!\[CDATA\["),
    _text("hanweb", "script", "<datastore> with <totalrecord>", 0.5, r"<totalrecord>\s*\d"),
    _text("trs", "template", "meta others: 页面生成时间", 0.45, r"<meta\s[^<>]{0,80}页面生成时间"),
    _text("trs", "body", "body class TRS_Editor, TRS_UEDITOR", 0.4,
          _CLASS % r"(?:TRS_Editor|TRS_UEDITOR|trs_editor_view|trs_paper_default)"),
    _text("trs", "template", "class CurrChnlCls in a trail", 0.4, _CLASS % r"CurrChnlCls"),
    _text("trs", "body", "OLDSRC=\"/protect/…\" on attachments", 0.4, r"\boldsrc\s*=\s*['\"]?/protect/"),
    _text("hanweb", "template", "template comments <!--<$[…]>begin-->", 0.5, r"<!--\s*<\$\[[^\]<>]{1,20}\]>(?:begin|end)\s*-->"),
    _text("hanweb", "body", "comment ZJEG_RSS.content", 0.4, r"<!--\s*ZJEG_RSS\.content\."),
    _text("gkmlpt", "body", "body class news_cont_d_wrap", 0.4, _CLASS % r"news_cont_d_wrap"),
    _text("ucap", "template", "<UCAPCONTENT>", 0.55, r"<ucapcontent[\s>]"),
    _text("ucap", "template", "<UCAPTITLE>", 0.6, r"<ucaptitle[\s>]"),
    _text("ucap", "template", "id UCAP-CONTENT", 0.5, r"\bid\s*=\s*['\"]?UCAP-CONTENT\b"),
    _text("lonsun", "template", "class newscontnet, as it spells it", 0.45, _CLASS % r"newscontnet"),
    _text("querylist", "template", "a handlebars template in place of rows", 0.15,
          r"<script\s[^<>]{0,120}type\s*=\s*['\"]text/x-handlebars"),
    _text("vsb", "template", "Announced by Visual SiteBuilder", 0.85, r"<!--\s*Announced by Visual SiteBuilder"),
    _text("vsb", "template", "form _newscontent_fromname", 0.6, r"<form\s[^<>]{0,120}\b_newscontent_fromname\b"),
    _text("vsb", "template", "id vsb_content", 0.5, r"\bid\s*=\s*['\"]?vsb_content\w{0,12}"),
    _text("vsb", "body", "body class v_news_content", 0.4, _CLASS % r"v_news_content"),
    _text("hex", "template", "id ivs_content", 0.4, r"\bid\s*=\s*['\"]?ivs_content\b"),
)  # fmt: skip
"""Searched in the markup itself, comments and all."""

VENDORS = (
    ("trs", re.compile(r"拓尔思|\bTRS\s?WCM\b|\btrs\.com\.cn\b", re.I)),
    ("hanweb", re.compile(r"大汉(?:科技|网络|软件|版通)|\bhanweb\b|\bjpaas\b|\bjcms\b", re.I)),
    ("gkmlpt", re.compile(r"\bNFCMS\b", re.I)),
    ("ucap", re.compile(r"开普(?:云|信息|互联)|\bucap\b", re.I)),
    ("lonsun", re.compile(r"龙讯(?:科技|信息)?|\blonsun\b", re.I)),
    ("vsb", re.compile(r"博达(?:软件|网站)|\bVisual SiteBuilder\b|\bwebber\.cn\b|\bVWebServer\b", re.I)),
)
"""Names of vendors, searched only where a page or server says what it was made with: a generator tag, 技术支持, a Server header."""

OTHER_CMS = re.compile(
    r"WordPress|Drupal|Joomla|Discuz|Dede\s?CMS|织梦|Empire\s?CMS|帝国|PHPCMS|PbootCMS|SiteServer|JEECMS|SiteFactory|PowerEasy|动易|"
    r"MetInfo|Typecho|Hexo|Hugo|Z-Blog|ThinkCMF|EyouCMS|易优|MaxCMS|FoosunCMS|Plone|TYPO3",
    re.I,
)
"""Generators of CMSs that no family reads."""
