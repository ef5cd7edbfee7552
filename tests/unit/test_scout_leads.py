"""Where the annual-report column may be (`crawler.scout.leads`)."""

import json

import pytest

from crawler.page.address import twin_of
from crawler.scout import leads as scout
from crawler.scout.columns import above
from crawler.scout.hosts import nearness, registered
from crawler.scout.model import Lead, Seen
from crawler.scout.names import by_address, by_words
from tests.unit.scout_pages import HOST, seen

THIS_YEAR = 2026


def leads(body: str, path: str = "/", title: str = "清和县人民政府") -> tuple[Lead, ...]:
    return scout.leads(seen(path, body, title), THIS_YEAR)


def annual(body: str, path: str = "/", title: str = "清和县人民政府") -> list[str]:
    return [lead.url.removeprefix(HOST) for lead in leads(body, path, title) if lead.to == "annual"]


@pytest.mark.parametrize(
    "name",
    [
        "政府信息公开年报", "政府信息公开工作年度报告", "信息公开年报",
        "政府信息公开年度报告", "公开年报", "政務信息公開年報", "政府信息公開工作年度報告",
        "市政府信息公开工作年度报告", "清和县人民政府信息公开年报",
        "政府信息公开工作报告", "政府信息公开年报专栏", "历年政府信息公开年报", "政务公开年报",
        "政府信息公开年度工作报告", "【政府信息公开年报】", ">>政府信息公开年报(12)",
        "乡镇（街道）政府信息公开年报", "信息公开工作年度报告", "政府信息公开年度报告 >>",
        "2023年政府信息公开年报", "政府资讯公开年报",
    ],
)  # fmt: skip
def test_the_national_names_of_the_column(name: str) -> None:
    told = by_words(name)
    assert told is not None
    assert told.goal == "annual"
    assert told.score >= 0.8


@pytest.mark.parametrize("name", ["年报", "年度报告", "工作年报", "各部门年报", "市政府办公厅年报", "2022年年报"])
def test_a_name_without_information_is_a_weaker_one(name: str) -> None:
    told = by_words(name)
    assert told is not None
    assert told.goal == "annual"
    assert told.score < 0.8


@pytest.mark.parametrize(
    "name",
    [
        "网站工作年度报表", "政府网站工作年度报表", "网站年报", "政府网站年报",
        "法治政府建设年度报告", "部门预决算", "部门预算公开", "政府工作报告", "政府信息公开年报制度",
        "政府信息公开年度报告制度", "政府信息公开指南", "政府信息公开制度",
        "政府信息公开规定", "企业年报", "企业年报公示", "住房公积金年度报告", "统计年报", "环境质量年报",
        "政府信息公开年报解读", "一图读懂政府信息公开年报", "关于做好2023年政府信息公开年报编制工作的通知",
        "公共企事业单位信息公开年报", "依申请公开", "依申请公开年度报告制度",
        "新闻动态", "上市公司年度报告", "政府信息公开年报编制要求", "", "报", "年" * 300,
    ],
)  # fmt: skip
def test_near_misses_are_no_annual_columns(name: str) -> None:
    told = by_words(name)
    assert told is None or told.goal != "annual"


@pytest.mark.parametrize(
    ("name", "goal"),
    [
        ("政府信息公开", "disclosure"), ("信息公开", "disclosure"), ("政府信息公开专栏",
        "disclosure"), ("政府信息公开平台", "disclosure"), ("法定主动公开内容", "disclosure"),
        ("市审计局信息公开", "disclosure"), ("政务公开", "open"), ("政務公開", "open"), ("公开", "open"),
    ],
)  # fmt: skip
def test_what_leads_to_the_column_is_told_apart(name: str, goal: str) -> None:
    told = by_words(name)
    assert told is not None
    assert told.goal == goal
    assert told.score <= 0.5


@pytest.mark.parametrize(
    "path",
    [
        "/gongkai/zfxxgk/gknb/", "/zfxxgk/zfxxgkzl/nb/", "/zwgk/zfxxgknb/2023n/",
        "/zwgkk/bmxxgkndbg/", "/zwgk_229/zfxxgknan_ew/", "/zfxxgk/zfxxgkndbg/szfbgtnb/",
        "/szf_3410/ndbg/", "/kyzq/zfxxgk27/zfxxgknb49/5839514/", "/XxgkAnnualReport/",
        "/module/xxgk/xxgkAnnualReport.jsp?area=1", "/bmzd/hsc_74664/zfxxgknb11/",
        "/xxgk/szfyjs/xxgkndbg_10370/index.html",
    ],
)  # fmt: skip
def test_addresses_of_the_column(path: str) -> None:
    told = by_address(HOST + path)
    assert told is not None
    assert told.goal == "annual"


@pytest.mark.parametrize(
    "path", ["/zwgk/wzgznb/", "/zfxxgk/zfxxgkzn/", "/zfxxgk/zfxxgkzd/", "/fzzfjs/", "/xwzx/", "/", "/zfxxgknb/nbzd/"]
)
def test_addresses_of_other_columns(path: str) -> None:
    told = by_address(HOST + path)
    assert told is None or told.goal != "annual"


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="/x/nb/">政府信息公开年报</a>',
        '<a href="/x/nb/"><img src="/a.png" alt="政府信息公开年报"></a>',
        '<a href="/x/nb/" title="政府信息公开年报"><i class="icon"></i></a>',
        '<map><area href="/x/nb/" alt="政府信息公开年报"></map>',
        '<a href="/x/nb/"><em>政府信息</em><b>公开年报</b></a>',
        '<a href="/x/nb/">政府信息<br>公开<br>年报</a>',
        '<div><h3>政府信息公开年报</h3><a href="/x/nb/">更多&gt;&gt;</a></div>',
        """<li onclick="window.open('/x/nb/')">政府信息公开年报</li>""",
        """<div onclick="location.href='/x/nb/'"><p>政府信息公开年报</p></div>""",
        '<button data-href="/x/nb/">政府信息公开年报</button>',
        '<select><option value="/x/nb/">政府信息公开年报</option></select>',
        '<iframe src="/x/nb/" title="政府信息公开年报"></iframe>',
        """<script>document.write("<li><a href='/x/nb/'>政府信息公开年报</a></li>");</script>""",
        r"""<script>html += '<a href=\"\/x\/nb\/\" target=_blank>政府信息公开年报<\/a>';</script>""",
        '<script>menu.innerHTML = `<ul>\n<li><a href="/x/nb/">政府信息公开年报</a></li></ul>`;</script>',
        """<script>var zNodes=[{id:1,pId:0,name:"目录",open:true},{ id:'12', pId:'1', name:"政府信息公开年报",
url:"/x/nb/", target:"_self"}];</script>""",
        """<script>var menu = {"title":"公开","children":
[{"title":"\\u653f\\u5e9c\\u4fe1\\u606f\\u516c\\u5f00\\u5e74\\u62a5","link":"/x/nb/"}]}</script>""",
        r"""<script>var c = {"code":"col7","showName":"政府信息公开年报","urls":"{\"pc\":\"/x/nb/\"}","crumbs":[]};</script>""",
        """<script>var c = [{"urls":{"pc":"/x/nb/","wap":""},"showName":"政府信息公开年报"}];</script>""",
        """<a href="javascript:if(confirm('离开本站?'))window.location='/x/nb/'">政府信息公开年报</a>""",
        """<script>d.add(3, 1, '政府信息公开年报', '/x/nb/', '', 'main');</script>""",
        """<script>var cols = [["政府信息公开年报", "/x/nb/"], ["指南", "/x/zn/"]];</script>""",
    ],
)
def test_a_menu_in_any_shape_leads_to_the_column(markup: str) -> None:
    assert annual(markup)[0] == "/x/nb/"


def test_a_category_of_gkmlpt_is_a_lead() -> None:
    tree = [{"id": 1, "name": "法定主动公开内容", "children": [{"id": 4451, "name": "政府信息公开年报", "children": [], "jump_url": ""},
            {"id": 4452, "name": "政府信息公开制度", "children": []}]}]  # fmt: skip
    code = f"<script>window._CONFIG = {{ SID: '445001', TREE: {json.dumps(tree, ensure_ascii=False)} }};</script>"
    assert annual(code, "/gkmlpt/index", "政府信息公开目录") == ["/gkmlpt/index#4451"]


def test_a_json_tree_answers_too() -> None:
    answer = json.dumps([{"id": 7, "pId": 0, "name": "政府信息公开年报", "url": "list.html?id=7"}], ensure_ascii=False)
    found = scout.leads(Seen(f"{HOST}/api/tree", 200, answer), THIS_YEAR)
    assert [lead.url for lead in found] == [f"{HOST}/api/list.html?id=7"]


def test_near_misses_beside_the_column_are_left_out() -> None:
    menu = "".join(
        f'<li><a href="/c{at}/">{name}</a></li>'
        for at, name in enumerate(
            ["政府信息公开指南", "政府信息公开制度", "法定主动公开内容", "政府信息公开年报",
            "依申请公开", "网站工作年度报表", "法治政府建设年度报告", "部门预决算", "政府工作报告"]
        )
    )  # fmt: skip
    assert annual(menu) == ["/c3/"]


def test_a_near_miss_under_the_columns_address_is_left_out() -> None:
    assert (
        annual('<a href="/zfxxgknb/zd/">政府信息公开年报制度</a><a href="/zfxxgknb/tj/">政府信息公开年报解读</a>') == []
    )


def test_a_document_of_the_columns_name_is_less_sure() -> None:
    document = leads('<a href="/zwgk/202301/t20230118_2347411.html">政府信息公开年报</a>')[0]
    column = leads('<a href="/zwgk/c8/">政府信息公开年报</a>')[0]
    assert document.score < 0.65 < column.score


def test_two_steps_are_offered_in_order() -> None:
    found = leads(
        '<a href="/zwgk/">政务公开</a><a href="/zfxxgk/">政府信息公开</a>'
        '<a href="/zfxxgknb/">政府信息公开年报</a><a href="/hd/">互动交流</a>'
    )
    assert [lead.to for lead in found] == ["annual", "disclosure", "open"]
    assert [lead.score for lead in found] == sorted((lead.score for lead in found), reverse=True)
    assert all(lead.why for lead in found)


def test_a_bare_name_counts_among_its_siblings() -> None:
    menu = '<a href="/zn/">指南</a><a href="/zd/">制度</a><a href="/c9/">年报</a>'
    home = next(lead for lead in leads(menu) if lead.url.endswith("/c9/"))
    inside = next(lead for lead in leads(menu, "/zfxxgk/", "政府信息公开") if lead.url.endswith("/c9/"))
    assert home.score < inside.score
    assert inside.score >= 0.8


def test_hosts_of_the_same_government_count_and_strangers_never() -> None:
    found = leads(
        '<a href="http://xxgk.qinghe.gov.cn/">政府信息公开</a><a href="http://fgj.qinghe.gov.cn/zfxxgknb/">政府信息公开年报</a>'
        '<a href="http://www.gov.cn/zhengce/zfxxgknb/">政府信息公开年报</a><a href="http://www.qinghe-gov.com/zfxxgknb/">政府信息公开年报</a>'
        '<a href="http://www.qinghe.gov.cn.evil.com/zfxxgknb/">政府信息公开年报</a><a href="http://qinghe.gov.cn@evil.com/nb/">政府信息公开年报</a>'
    )
    assert {lead.url for lead in found if lead.to != "open"} == {
        "http://xxgk.qinghe.gov.cn/",
        "http://fgj.qinghe.gov.cn/zfxxgknb/",
    }
    own = next(lead for lead in leads('<a href="/zfxxgknb/">政府信息公开年报</a>'))
    assert own.score > next(lead.score for lead in found if "fgj" in lead.url)


@pytest.mark.parametrize(
    ("url", "home", "least", "most"),
    [
        ("https://a.gov.cn/x", "http://www.a.gov.cn/", 1, 1),
        ("https://xxgk.a.gov.cn/", "https://www.a.gov.cn/", 0.9, 0.99),
        ("https://www.a.gov.cn/", "https://xxgk.a.gov.cn/", 0.9, 0.99),
        ("https://fgw.a.gov.cn/", "https://www.a.gov.cn/", 0.5, 0.8),
        ("https://xxgk.a.gov.cn/", "https://fgw.a.gov.cn/", 0.5, 0.8),
        ("https://b.gov.cn/", "https://a.gov.cn/", 0, 0),
        ("https://gov.cn/", "https://a.gov.cn/", 0, 0),
        ("http://127.0.0.1:81/", "http://127.0.0.1:80/", 1, 1),
        ("http://127.0.0.2/", "http://127.0.0.1/", 0, 0),
        ("", "https://a.gov.cn/", 0, 0),
        ("http://[bad", "https://a.gov.cn/", 0, 0),
    ],
)
def test_nearness(url: str, home: str, least: float, most: float) -> None:
    assert least <= nearness(url, home) <= most


def test_registered_names() -> None:
    assert registered("xxgk.nl.gov.cn") == "nl.gov.cn"
    assert registered("x.y.com.cn") == "y.com.cn"
    assert registered("www.example.org") == "example.org"
    assert registered("10.0.0.8") == "10.0.0.8"


def test_a_years_column_leads_to_the_one_of_all_years() -> None:
    found = leads(
        '<a href="/zwgk/zfxxgknb/2023n/">2023年政府信息公开年报</a><a '
        'href="/zwgk/zfxxgknb/2022n/">2022年政府信息公开年报</a><a href="/zwgk/zfxxgknb/2031n/">2031年政府信息公开年报</a>'
    )
    assert found[0].url == f"{HOST}/zwgk/zfxxgknb/"
    assert found[0].via == "parent"
    assert {(lead.year, lead.via) for lead in found[1:] if lead.to == "annual"} == {(2023, "year"), (2022, "year")}


def test_year_tabs_count_only_in_the_column() -> None:
    tabs = '<a href="/c/101/">2023年</a><a href="/c/102/">2022年</a>'
    assert [lead.year for lead in leads(tabs, "/zfxxgknb/", "政府信息公开年报") if lead.via == "year"] == [2023, 2022]
    assert not [lead for lead in leads(tabs) if lead.to == "annual"]


def test_the_column_itself_is_given() -> None:
    found = leads(
        "<ul><li><a href='./202401/t20240122_1.html'>清和县2023年政府信息公开工作年度报告</a></li></ul>",
        "/zfxxgk/col8/",
        "政府信息公开年报",
    )
    assert found[0].via == "given"
    assert found[0].url == f"{HOST}/zfxxgk/col8/"


def test_year_tabs_under_a_heading_count_anywhere() -> None:
    """As a department of Gansu has them: a menu whose last heading is 政府信息公开年报."""
    menu = (
        '<h3><em></em><div>法定主动公开</div></h3><ul><li><a href="/jyt/c1/list.shtml">2024</a></li></ul>'
        '<h3><em></em><div>政府信息<br>公开年报</div><span></span></h3><ul id="nb_list"><li><span>·</span>'
        '<a href="/jyt/c250121/zwgklist.shtml">2024</a></li><li><a href="/jyt/c240106/zwgklist.shtml">2023年</a></li></ul>'
    )
    assert [(lead.year, lead.url.removeprefix(HOST)) for lead in leads(menu, "/jyt/c9/", "政策") if lead.to == "annual"] == [
        (2024, "/jyt/c250121/zwgklist.shtml"), (2023, "/jyt/c240106/zwgklist.shtml"),
    ]  # fmt: skip


def test_the_columns_type_says_what_a_years_column_is() -> None:
    head = '<meta name="ColumnName" content="2025年"><meta name="ColumnType" content="政府信息公开年报">'
    found = scout.leads(seen("/qhx/c128570/", '<a href="/qhx/c116485/">2022年</a>', "2025年", head), THIS_YEAR)
    assert (found[0].url, found[0].via) == (f"{HOST}/qhx/c128570/", "given")
    assert [(lead.year, lead.via) for lead in found[1:] if lead.to == "annual"] == [(2022, "year")]


def test_reports_that_a_home_page_links_point_at_their_column() -> None:
    found = leads(
        '<a href="/zwgk/fdzdgk/nb8/202401/t20240122_2311.html">清和县人民政府2023年政府信息公开工作年度报告</a>'
        '<a href="/art/2024/1/30/art_1229487608_4236209.html">清和县2022年政府信息公开工作年度报告</a>'
    )
    assert {(lead.url.removeprefix(HOST), lead.via) for lead in found if lead.to == "annual"} == {
        ("/zwgk/fdzdgk/nb8/", "parent"), ("/col/col1229487608/index.html", "parent"),
    }  # fmt: skip


def test_a_page_that_was_not_answered_leads_nowhere() -> None:
    page = seen("/", '<a href="/zfxxgknb/">政府信息公开年报</a>')
    assert scout.leads(Seen(page.url, 404, page.text), THIS_YEAR) == ()


def test_each_address_once_and_not_more_than_forty() -> None:
    found = leads("".join(f'<a href="/zfxxgknb/{at % 90}/">政府信息公开年报</a>' for at in range(500)))
    assert len(found) <= 40
    assert len({twin_of(lead.url) for lead in found}) == len(found)


# --- sitemaps


def test_an_xml_sitemap() -> None:
    text = f"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>{HOST}/</loc></url><url><loc> {HOST}/zwgk/zfxxgknb/ </loc></url><url><loc><![CDATA[{HOST}/zfxxgk/]]></loc></url>
<url><loc>{HOST}/zwgk/gknb9/202301/t20230118_2347411.html</loc></url><url><loc>{HOST}/wzgznb/</loc></url>
<url><loc>http://www.evil.com/zfxxgknb/</loc></url></urlset>"""
    found, further = scout.sitemap(text, f"{HOST}/sitemap.xml")
    assert further == ()
    assert [(lead.url.removeprefix(HOST), lead.to) for lead in found] == [
        ("/zwgk/zfxxgknb/", "annual"), ("/zwgk/gknb9/", "annual"), ("/zfxxgk/", "disclosure"),
    ]  # fmt: skip
    assert {lead.via for lead in found} == {"sitemap"}


def test_an_index_of_sitemaps_and_a_robots_txt_name_further_ones() -> None:
    index = f"<sitemapindex><sitemap><loc>{HOST}/sitemap_1.xml</loc></sitemap><sitemap><loc>http://x.evil.com/s.xml</loc></sitemap></sitemapindex>"
    assert scout.sitemap(index, f"{HOST}/sitemap.xml") == ((), (f"{HOST}/sitemap_1.xml",))
    robots = f"User-agent: *\nDisallow: /admin\nSitemap: {HOST}/sitemap.xml\n"
    assert scout.sitemap(robots, f"{HOST}/robots.txt") == ((), (f"{HOST}/sitemap.xml",))


def test_a_list_of_addresses_is_a_sitemap() -> None:
    found, _ = scout.sitemap(f"{HOST}/a/\n{HOST}/zwgk/zfxxgknb/\n", f"{HOST}/sitemap.txt")
    assert [lead.url for lead in found] == [f"{HOST}/zwgk/zfxxgknb/"]


def test_a_page_wangzhan_ditu() -> None:
    found, _ = scout.sitemap(
        seen("/wzdt/", '<dl><dt>政务公开</dt><dd><a href="/x9/">政府信息公开年报</a></dd></dl>', "网站地图").text,
        f"{HOST}/wzdt/",
    )
    assert (found[0].url, found[0].via) == (f"{HOST}/x9/", "sitemap")


def test_broken_sitemaps_give_what_they_hold() -> None:
    found, _ = scout.sitemap(
        f"<urlset><url><loc>{HOST}/zfxxgknb/</loc><url><loc>&xxe;</loc><loc>", f"{HOST}/sitemap.xml"
    )
    assert [lead.url for lead in found] == [f"{HOST}/zfxxgknb/"]


def test_where_sitemaps_may_be() -> None:
    places = scout.sitemap_addresses(
        seen("/", '<a href="/wzdt9/index.html">网站地图</a><a href="http://www.evil.com/map">网站地图</a>')
    )
    assert places[0] == f"{HOST}/wzdt9/index.html"
    assert f"{HOST}/sitemap.xml" in places
    assert f"{HOST}/robots.txt" in places
    assert all(nearness(place, HOST) for place in places)


# --- from one report


@pytest.mark.parametrize(
    ("path", "column"),
    [
        ("/gongkai/zfxxgk/gknb/202503/t20250331_4050078.html", "/gongkai/zfxxgk/gknb/"),
        ("/gate/big5/www.qinghe.gov.cn/gongkai/gknb/202503/t20250331_4050078.html", "/gongkai/gknb/"),
        ("/art/2023/1/4/art_1229709042_67998.html", "/col/col1229709042/index.html"),
        ("/zwgk/zfxxgknb/jd/content/post_7043272.html", "/zwgk/zfxxgknb/jd/"),
        ("/gkmlpt/content/8/8081/post_8081133.html", "/gkmlpt/index"),
        ("/nw12344/20240329/d7775c90d7775c90d7775c90d7775c90.html", "/nw12344/"),
        ("/scjhj/gknb/2020/3/9/83da306083da306083da306083da3060.shtml", "/scjhj/gknb/"),
        ("/xjwqx/c128570/202601/c531fcfdc531fcfdc531fcfdc531fcfd.shtml", "/xjwqx/c128570/"),
        ("/public/6598971/37034572.html", "/public/column/6598971"),
        ("/govxxgk/JA0/2024-02-20/9a2c3d4e-5f60-4718-8293-a4b5c6d7e8f9.html?type=2", "/govxxgk/JA0/"),
        ("/kyzq/zfxxgknb49/5839514/5886782/index.html", "/kyzq/zfxxgknb49/5839514/"),
        ("/x/zfxxgknb/2024011617343525212/index.shtml", "/x/zfxxgknb/"),
        ("/zwgk/n810214/c102384r/c5247234/content.html", "/zwgk/n810214/c102384r/"),
    ],
)
def test_the_column_stands_in_a_reports_address(path: str, column: str) -> None:
    assert above(HOST + path)[0].url == HOST + column


def test_no_column_stands_in_visual_sitebuilders_addresses() -> None:
    assert above(f"{HOST}/info/1050/64208.htm") == ()


TRAILS = [
    (
        '<div class="crumbs">当前位置：<a href="/">首页</a> &gt; <a '
        'href="/zwgk/">政务公开</a> &gt; <a href="/col/c9/">政府信息公开年报</a></div>'
    ),
    '您的位置：<a href="/">首页</a>-&gt;<a href="/zwgk/">政务公开</a>-&gt;<a href="/col/c9/">政府信息公开年报</a>-&gt;正文',
    '<p><span><a href="/">网站首页</a></span> / <a href="/zfxxgk/">政府信息公开</a> / <a href="/col/c9/">信息公开年报</a></p>',
]


@pytest.mark.parametrize("trail", TRAILS)
def test_a_reports_trail_names_its_column(trail: str) -> None:
    found = scout.parents(seen("/info/1050/64208.htm", trail, "清和县2023年政府信息公开工作年度报告"))
    assert (found[0].url, found[0].via, found[0].to) == (f"{HOST}/col/c9/", "crumb", "annual")
    assert {lead.to for lead in found[1:]} <= {"open", "disclosure"}


def test_a_trail_whose_last_step_says_nothing_is_still_the_column() -> None:
    trail = '<div class="dqwz">位置：<a href="/">首页</a> > <a href="/zfxxgk/">政府信息公开</a> > <a href="/z77/">县政府办</a></div>'
    assert scout.parents(seen("/info/1050/64208.htm", trail))[0].url == f"{HOST}/z77/"


def test_column_name_and_address_in_the_metas() -> None:
    head = '<meta name="ColumnName" content="政府信息公开年报"><meta name="Url" content="https://www.qinghe.gov.cn/zfxxgknb/202301/t20230118_2347411.html">'
    page = seen(
        "/c/2023-01-18/4655505.shtml", '<ul class="side"><li><a href="/z88/">政府信息公开年报</a></li></ul>', head=head
    )
    found = {lead.url.removeprefix(HOST): lead.via for lead in scout.parents(page)}
    assert found["/z88/"] == "crumb"
    assert found["/zfxxgknb/"] == "parent"


def test_a_clones_original_is_not_its_parent() -> None:
    head = '<meta name="Url" content="https://www.qinghe.gov.cn/zfxxgknb/202301/t20230118_2347411.html">'
    page = seen("https://www.moonvision.com/zfxxgknb/202301/t20230118_2347411.html", "", head=head)
    assert all("moonvision" in lead.url for lead in scout.parents(page))


def test_guesses_are_few_weak_and_on_the_host() -> None:
    found = scout.guesses(f"{HOST}/a/b?c=d")
    assert 5 <= len(found) <= 12
    assert all(lead.url.startswith(f"{HOST}/") and lead.via == "guess" and lead.score <= 0.3 for lead in found)
    assert [lead.score for lead in found] == sorted((lead.score for lead in found), reverse=True)
    assert found[0].to == "annual"
    assert scout.guesses("mailto:x") == ()
