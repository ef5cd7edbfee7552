"""Whose portal it is (`crawler.scout.facts`)."""

import pytest

from crawler.scout.facts import facts, level_of, plausible
from crawler.scout.model import Facts, Seen


def page(head: str = "", body: str = "", url: str = "https://www.qinghe.gov.cn/") -> Seen:
    return Seen(url, 200, f"<html><head>{head}</head><body>{body}</body></html>")


def test_what_the_guideline_makes_a_portal_say() -> None:
    told = facts(
        [
            page(
                '<title>首页-清和县人民政府</title><meta name="SiteName" '
                'content="清和县人民政府门户网站"><meta name="siteidcode" content="3601290003 ">'
            )
        ]
    )
    assert told == Facts("清和县人民政府", "清和县人民政府", "3601290003", "360129", "county")


@pytest.mark.parametrize(
    ("name", "foot", "title", "organ"),
    [
        ("首都之窗_北京市人民政府门户网站", "", "北京市人民政府", "北京市人民政府"),
        ("清和县政府网", "", "清和县政府", "清和县政府"),
        ("欢迎访问清和县人民政府网站", "", "清和县人民政府", "清和县人民政府"),
        ("清和县发展和改革局", "主办：清和县发展和改革局", "清和县发展和改革局", "清和县发展和改革局"),
        ("中国清和", "主办单位：清和县人民政府办公室 承办：大数据局", "中国清和", "清和县人民政府"),
        ("清和在线", "主办：<b>清和市人民政府办公厅</b>　备案", "清和在线", "清和市人民政府"),
        ("", "主办单位：清和县财政局 电话：0000-1", "清和县财政局", "清和县财政局"),
        ("信息网", "", "信息网", ""),
        (
            "清和在线",
            "Copyright © www.qinghe.gov.cn 清和县人民政府版权所有 清和县人民政府办公室承办",
            "清和在线",
            "清和县人民政府",
        ),
        ("清和在线", "中共清和县委 清和县人民政府主办 Tel：0000", "清和在线", "清和县人民政府"),
    ],
)
def test_names_and_organs(name: str, foot: str, title: str, organ: str) -> None:
    told = facts([page(f'<meta name="SiteName" content="{name}">', f'<div class="foot">{foot}</div>')])
    assert (told.title, told.organ) == (title, organ)


@pytest.mark.parametrize(
    "foot",
    [
        "网站标识码：3601290003",
        "网站标识码 3601290003",
        "<span>网站标识码：</span><a href='#'>3601290003</a>",
        "政府网站标识码&nbsp;:3601290003",
        "网站标识码:&nbsp;<b>3601290003</b> 赣ICP备1号",
        """<script id="_jiucuo_" sitecode='3601290003' src='https://zfwzgl.www.gov.cn/exposure/jiucuo.js'></script>""",
    ],
)
def test_the_code_in_the_foot(foot: str) -> None:
    assert facts([page(body=foot)]).site_id == "3601290003"


@pytest.mark.parametrize(
    "code",
    ["1226890001", "0000000000", "9901010001", "36012900", "360129000312", "4500", "abc", "3600290001", "6570010001"],
)
def test_a_code_that_cannot_be_is_left_out(code: str) -> None:
    told = facts([page(f'<meta name="SiteIDCode" content="{code}">')])
    assert (told.site_id, told.region) == ("", "")


def test_ministries_have_codes_without_a_region() -> None:
    told = facts([page('<meta name="SiteIDCode" content="bm07000001"><meta name="SiteName" content="国家税务总局">')])
    assert told == Facts("国家税务总局", "国家税务总局", "bm07000001", "", "department")
    named = facts(
        [page('<meta name="SiteIDCode" content="BM14000002"><meta name="SiteName" content="中国政府采购网">')]
    )
    assert (named.site_id, named.region, named.level) == ("bm14000002", "", "department")


@pytest.mark.parametrize(
    ("region", "level"),
    [("110000", "province"), ("110108", "county"), ("330000", "province"),
    ("331000", "prefecture"), ("331082", "county"), ("429004", "county"),
     ("659001", "county"), ("654300", "prefecture"), ("500110", "county"),
     ("820000", "province"), ("126890", None), ("145840", None), ("330001", None),
     ("990000", None), ("33108", None), ("", None), ("3310822", None), ("３３１０８２", None)],
)  # fmt: skip
def test_regions_and_their_levels(region: str, level: str | None) -> None:
    assert level_of(region) == level
    assert plausible(region) == (level is not None)


@pytest.mark.parametrize(
    ("organ", "code", "level"),
    [
        ("清和县教育局", "3601290003", "department"), ("江南省教育厅",
        "3600000068", "department"), ("清和镇人民政府", "3601290003", "township"),
        ("白云街道办事处", "3601290003", "township"), ("清和省人民政府", "",
        "province"), ("上海市人民政府", "", "province"), ("清和县人民政府", "", "county"),
        ("清和自治州人民政府", "", "prefecture"), ("清和市人民政府", "", ""),
        ("清和市人民政府", "3601000001", "prefecture"), ("青山区人民政府", "", "county"),
        ("清和市经济技术开发区管理委员会", "3601000001", "department"),
    ],
)  # fmt: skip
def test_levels(organ: str, code: str, level: str) -> None:
    assert (
        facts([page(f'<meta name="SiteName" content="{organ}"><meta name="SiteIDCode" content="{code}">')]).level
        == level
    )


def test_most_pages_win_and_the_block_may_stand_twice() -> None:
    own = page(
        '<meta name="SiteName" content="清和县人民政府"><meta name="SiteIDCode" '
        'content="3601290003"><meta name="SiteIDCode" content="3601290003">'
    )
    other = page('<meta name="SiteName" content="南昌市人民政府"><meta name="SiteIDCode" content="3601000001">')
    assert facts([other, own, own]).site_id == "3601290003"
    assert facts([other, own, own]).title == "清和县人民政府"


def test_a_clone_is_not_believed() -> None:
    head = (
        '<meta name="SiteName" content="清和县人民政府"><meta name="SiteIDCode" '
        'content="3601290003"><meta name="SiteDomain" content="www.qinghe.gov.cn">'
    )
    assert facts([page(head, url="https://www.moonvision.com/zfxxgknb/")]) == Facts()
    assert facts([page(head, url="https://xxgk.qinghe.gov.cn/zfxxgknb/")]).site_id == "3601290003"
    assert (
        facts([page(head.replace("www.q", "http://www.q"), url="https://www.qinghe.gov.cn/")]).site_id == "3601290003"
    )
    assert facts([page(head, url="http://127.0.0.1:8080/")]).site_id == "3601290003"


def test_a_report_is_no_name_of_the_portal() -> None:
    told = facts(
        [
            page(
                "<title>清和县2023年政府信息公开工作年度报告_清和县人民政府</title>",
                url="https://www.qinghe.gov.cn/zfxxgknb/202301/t20230118_2347411.html",
            )
        ]
    )
    assert told.title == "清和县人民政府"
    assert facts([page("<title>清和县2023年政府信息公开工作年度报告</title>")]).title == ""


def test_pages_that_did_not_answer_say_nothing() -> None:
    assert facts([]) == Facts()
    refused = page('<meta name="SiteName" content="云防护管理中心">')
    assert facts([Seen(refused.url, 412, refused.text)]) == Facts()
