"""Selectors for pages of an unknown CMS (`crawler.scout.induce`)."""

import msgspec
import pytest

from crawler import families
from crawler.families.base import Listing, ListPage, Step
from crawler.families.generic import Generic
from crawler.page.model import Fetched, Report
from crawler.page.reader import read_page
from crawler.portal import Portal, Selectors, parse_portal
from crawler.scout import induce, naming
from crawler.scout.model import Induced, Seen
from tests.unit.scout_pages import HOST, page

PORTAL = Portal("qinghe", "清和县人民政府", "generic", (f"{HOST}/xxgk/nb/",))
LIST = f"{HOST}/xxgk/nb/"


def read(text: str, selectors: Selectors = Selectors(), url: str = LIST) -> ListPage:  # noqa: B008
    return Generic().read(Listing(url, text, Step(url), url, this_year=2026, selectors=selectors))


def listing(text: str, url: str = LIST) -> Induced | None:
    return induce.listing(Seen(url, 200, text), read(text, url=url))


def rows(*years: int, dated: bool = True) -> str:
    return "".join(
        (
            f'<li><a href="show.jsp?id={year}">清和县{year}年政府信息公开工作年度报告</a>'
            f"{f'<em>{year + 1}-01-2{year % 10}</em>' if dated else ''}</li>"
        )
        for year in years
    )


HOT = """<div class="hot-news"><h3>热点信息</h3><ul>
<li><a href="/fgj/8812.html">清和县发展和改革局2023年政府信息公开工作年度报告</a></li><li>
<a href="/jyj/771.html">清和县教育局2022年政府信息公开年报</a></li></ul></div>"""
"""Other organs' reports beside the list; other ones tomorrow."""


def test_the_lists_own_links_without_those_beside_it() -> None:
    text = page(f'<div class="main"><ul class="news-list">{rows(2024, 2023, 2022, 2021)}</ul></div>{HOT}')
    assert len(read(text).links) == 6
    found = listing(text)
    assert found is not None
    again = read(text, found.selectors)
    assert [link.title[3:7] for link in again.links] == ["2024", "2023", "2022", "2021"]
    assert found.evidence[0].quote


def test_a_selector_reads_the_lists_other_pages_too() -> None:
    first = page(f'<div class="main"><ul class="news-list">{rows(2024, 2023, 2022, 2021)}</ul></div>{HOT}')
    found = listing(first)
    assert found is not None
    second = page(f'<div class="main"><ul class="news-list">{rows(2020)}</ul></div>{HOT}')
    assert [link.title for link in read(second, found.selectors).links] == ["清和县2020年政府信息公开工作年度报告"]


def test_a_table_of_layout_has_a_named_box_around_it() -> None:
    table = "".join(
        f'<tr><td><a href="show.jsp?id={year}">清和县{year}年政府信息公开工作年度报告</a></td><td>{year + 1}-01-20</td></tr>'
        for year in (2023, 2022, 2021)
    )
    text = page(f'<table id="nblist"><tr><td><table>{table}</table></td></tr></table>{HOT}')
    found = listing(text)
    assert found is not None
    assert found.selectors.link.startswith("#nblist ")
    assert len(read(text, found.selectors).links) == 3


def test_a_list_that_is_read_well_gets_no_selectors() -> None:
    plain = page(f'<ul class="news-list">{rows(2024, 2023, 2022, 2021)}</ul><a href="index_2.html">下一页</a>')
    assert read(plain).next
    assert listing(plain) is None


def test_a_menus_link_to_the_column_is_no_reason_for_a_selector() -> None:
    text = page(
        f'<div class="side"><a href="/xxgk/nb/index.html">政府信息公开年报</a>'
        f'</div><ul class="news-list">{rows(2024, 2023, 2022, 2021)}</ul>'
    )
    assert listing(text) is None


def test_a_companion_beside_the_list_is_no_reason_for_a_selector() -> None:
    text = page(
        f'<div class="side"><a href="/tj/">一图读懂政府信息公开年报</a></div><ul class="news-list">{rows(2024, 2023, 2022, 2021)}</ul>'
    )
    assert len(read(text).links) == 5
    assert listing(text) is None


def test_an_undated_row_of_the_list_is_kept() -> None:
    pinned = '<li><a href="show.jsp?id=9">清和县2020年政府信息公开工作年度报告</a></li>'
    text = page(f'<div class="main"><ul class="news-list">{pinned}{rows(2024, 2023, 2022, 2021)}</ul></div>{HOT}')
    found = listing(text)
    assert found is not None
    assert len(read(text, found.selectors).links) == 5


def test_two_boxes_of_reports_are_both_the_list() -> None:
    text = page(
        f'<div class="year-box"><h3>2023</h3><ul>{rows(2023, 2022)}</ul></div>'
        f'<div class="year-box"><h3>早年</h3><ul>{rows(2019, 2018)}</ul></div>'
    )
    found = listing(text)
    assert found is None or len(read(text, found.selectors).links) == 4


BESIDE = [
    '<div class="box9"><h3>最新信息</h3><ul>{}</ul></div>',
    '<table><tr><td><b>点击排行</b></td></tr></table><ul class="phb">{}</ul>',
    "<aside><ul>{}</ul></aside>",
    '<div class="xgyd"><ul>{}</ul></div>',
]


@pytest.mark.parametrize("box", BESIDE)
@pytest.mark.parametrize("count", [2, 6])
def test_boxes_beside_the_list_even_with_dates_and_more_rows(box: str, count: int) -> None:
    others = "".join(
        f'<li><a href="show.jsp?id=88{at}">清和县第{at}局2023年政府信息公开工作年度报告</a> 2024-01-1{at}</li>'
        for at in range(count)
    )
    text = page(
        f'<div class="main"><ul class="news-list">{rows(2024, 2023, 2022, 2021)}</ul></div>{box.format(others)}'
    )
    assert len(read(text).links) == 4 + count
    found = listing(text)
    assert found is not None
    assert {link.title[3:7] for link in read(text, found.selectors).links} == {"2024", "2023", "2022", "2021"}


@pytest.mark.parametrize("count", [3, 6])
def test_a_list_in_a_box_that_is_called_like_a_menu_is_kept(count: int) -> None:
    others = "".join(
        f'<li><a href="other.jsp?id=88{at}">清和县第{at}局2023年政府信息公开工作年度报告</a> 2024-01-1{at}</li>'
        for at in range(count)
    )
    text = page(
        f'<div class="nav-content"><ul class="news-list">{rows(2024, 2023, 2022, 2021)}</ul></div><div class="box9"><ul>{others}</ul></div>'
    )
    found = listing(text)
    kept = read(text, found.selectors if found is not None else Selectors()).links
    assert {"2024", "2023", "2022", "2021"} <= {link.title[3:7] for link in kept if "show.jsp" in link.url}


def test_a_rows_class_that_other_boxes_share_does_not_name_the_list() -> None:
    def items(part: str, *years: int) -> str:
        return "".join(
            (
                f'<li class="item"><div class="tit"><a '
                f'href="{part}.jsp?id={year}">清和县{year}年政府信息公开工作年度报告</a></div>{year + 1}-01-20</li>'
            )
            for year in years
        )

    text = page(
        f'<div class="main-list"><ul>{items("show", 2024, 2023, 2022, 2021)}</ul>'
        f'</div><div class="hot-news"><ul>{items("hot", 2019, 2018)}</ul></div>'
    )
    found = listing(text)
    assert found is not None
    assert "main-list" in found.selectors.link
    assert {link.url for link in read(text, found.selectors).links} == {
        f"{LIST}show.jsp?id={year}" for year in range(2021, 2025)
    }


def test_many_undated_reports_elsewhere_may_be_the_list_too() -> None:
    others = "".join(
        f'<p><a href="old.jsp?id={year}">清和县{year}年政府信息公开工作年度报告</a></p>' for year in range(2008, 2013)
    )
    text = page(f'<ul class="news-list">{rows(2024, 2023, 2022)}</ul><div class="years">{others}</div>')
    assert len(read(text).links) == 8
    assert listing(text) is None


def test_a_list_of_several_organs_boxes_loses_none() -> None:
    """Departments and towns in boxes of their own, each under its heading."""
    boxes = "".join(
        f'<div class="dept-{name}"><h3>{head}</h3><ul>'
        + "".join(
            f'<li><a href="{name}.jsp?id={at}">清和县第{at}{unit}2023年政府信息公开工作年度报告</a><em>2024-01-1{at}</em></li>'
            for at in range(3)
        )
        + "</ul></div>"
        for name, head, unit in (("bm", "县政府部门", "局"), ("xz", "乡镇", "镇"))
    )
    text = page(boxes)
    found = listing(text)
    assert found is None or len(read(text, found.selectors).links) == 6


def test_without_a_name_that_stays_nothing_is_proposed() -> None:
    text = page(f'<div class="sc-3fK2a9"><ul>{rows(2024, 2023, 2022, 2021)}</ul></div><div><ul>{HOT}</ul></div>')
    found = listing(text)
    assert found is None or "3fK2a9" not in found.selectors.link


NEXT = [
    '<div class="pager"><a class="btn-prev"></a><a class="btn-next" href="list.jsp?start=20"><i></i></a></div>',
    '<div class="pager"><a href="list.jsp?start=20" title="下一页"><img src="r.png"></a></div>',
    '<ul class="pages"><li class="prev"><a href="#">←</a></li><li class="next"><a href="list.jsp?start=20">→</a></li></ul>',
    '<div class="fanye"><a id="xyy" href="list.jsp?start=20">&rarr;</a></div>',
    '<div class="fanye"><a aria-label="Next page" href="list.jsp?start=20">&rsaquo;&rsaquo;</a></div>',
    '<div class="fanye"><a class="page-next" href="list.jsp?start=20">【下一页】</a></div>',
]


@pytest.mark.parametrize("pager", NEXT)
def test_the_button_of_the_next_page(pager: str) -> None:
    url = f"{HOST}/xxgk/list.jsp"
    text = page(f'<ul class="news-list">{rows(2024, 2023, 2022, 2021)}</ul>{pager}')
    before = read(text, url=url)
    found = induce.listing(Seen(url, 200, text), before)
    if before.next:
        assert found is None  # the general reading finds it
        return
    assert found is not None
    assert [step.url for step in read(text, found.selectors, url).next] == [f"{HOST}/xxgk/list.jsp?start=20"]
    last = page(
        f'<ul class="news-list">{rows(2020)}</ul>'
        + pager.replace('href="list.jsp?start=20"', "").replace("list.jsp?start=20", "#")
    )
    assert read(last, found.selectors, url).next == ()


def test_most_buttons_need_a_selector() -> None:
    url = f"{HOST}/xxgk/list.jsp"
    assert sum(not read(page(f"<ul>{rows(2024, 2023, 2022)}</ul>{pager}"), url=url).next for pager in NEXT) >= 4


def test_the_next_article_or_another_section_is_no_next_page() -> None:
    for button in (
        '<a class="slide-next" href="/photos/7.html"></a>',
        '<a class="next" href="http://www.evil.com/xxgk/nb/2"></a>',
        '<a class="next disabled" href="p2.html"></a>',
    ):
        assert listing(page(f"<ul>{rows(2024, 2023, 2022)}</ul>{button}")) is None


def test_a_shell_and_an_error_get_none() -> None:
    assert induce.listing(Seen(LIST, 200, "<html></html>"), ListPage(refresh=f"{HOST}/x")) is None
    assert induce.listing(Seen(LIST, 404, page(rows(2024))), ListPage()) is None


# --- reports

_BODY = """<p>本报告根据《中华人民共和国政府信息公开条例》编制，统计期限为2023年1月1日至2023年12月31日，由清和县人民政府办公室汇总。</p>
<p>一、总体情况</p><p>2023年，全县主动公开政府信息512条，其中规范性文件3件；收到申请7件，均在法定期限内答复，没有被纠错。</p>
<p>二、主动公开政府信息情况</p><table><tr><td colspan="4">第二十条第（一）项</td></tr>
<tr><td>信息内容</td><td>本年制发件数</td><td>本年废止件数</td><td>现行有效件数</td></tr>
<tr><td>规章</td><td>0</td><td>0</td><td>0</td></tr><tr><td>行政规范性文件</td><td>3</td><td>1</td><td>9</td></tr></table>
<p>三、收到和处理政府信息公开申请情况</p><p>全年收到7件，结转0件。</p><p>四、政府信息公开行政复议、行政诉讼情况</p><p>没有发生。</p>
<p>五、存在的主要问题及改进情况</p><p>公开的深度不够，今后加强培训，落实责任。</p><p>六、其他需要报告的事项</p><p>没有收取信息处理费。</p>"""
_OLD = """<p>我县2009年政府信息公开工作在上级的指导下有序开展，全年公开信息三百余条，未收到申请，未发生复议和诉讼，
经费由财政保障，群众反映良好。</p>
<p>今后我们将进一步健全机构，充实人员，完善目录，方便群众查询，努力把这项工作做得更好，让权力在阳光下运行，接受社会的监督。</p>"""
_RELATED = """<div class="tuijian"><h4>推荐阅读</h4><ul><li>
<a href="/a/1">我县召开春季农业生产现场会，部署田间管理工作任务</a></li><li><a href="/a/2">县政府常务会议研究民生实事清单及进度安排</a></li>
<li><a href="/a/3">清和县城乡居民医保缴费办法有了新的变化请看这里</a></li></ul></div>"""


def one(text: str, selectors: Selectors = Selectors(), family: str = "generic") -> Report | None:  # noqa: B008
    portal = msgspec.structs.replace(PORTAL, selectors=selectors, family=family)
    said = read_page(
        Fetched(f"{HOST}/xxgk/8.html", 200, "text/html", text.encode()), portal, families.markup_of(portal)
    )
    return said.reports[0] if len(said.reports) == 1 else None


def report(text: str, family: str = "generic") -> Induced | None:
    return induce.report(Seen(f"{HOST}/xxgk/8.html", 200, text), msgspec.structs.replace(PORTAL, family=family))


TITLE = "清和县人民政府2023年政府信息公开工作年度报告"


def test_a_report_that_is_read_well_gets_no_selectors() -> None:
    text = page(
        f'<h1>{TITLE}</h1><div class="info">发布日期：2024-01-22 来源：清和县人民政府办公室</div><div id="zoom">{_BODY}</div>',
        TITLE,
    )
    read_well = one(text)
    assert read_well is not None
    assert (read_well.published_on, read_well.source) == ("2024-01-22", "清和县人民政府办公室")
    assert report(text) is None


def test_every_family_reads_its_own_pages_without_help() -> None:
    from tests.unit.scout_pages import FAMILIES

    for family, _, seen in FAMILIES:
        found = induce.report(seen, msgspec.structs.replace(PORTAL, family=family))
        assert found is None or not (found.selectors.title or found.selectors.body), (family, seen.url, found)


def test_a_date_without_a_word_for_it() -> None:
    text = page(
        f'<h1>{TITLE}</h1><div class="bar"><span class="fbsj">公示于 2024/01/22</span><b>点击 8</b></div><div id="zoom">{_BODY}</div>',
        TITLE,
    )
    before = one(text)
    assert before is not None
    assert before.published_on == ""
    found = report(text)
    assert found is not None
    after = one(text, found.selectors)
    assert after is not None
    assert (after.published_on, after.text) == ("2024-01-22", before.text)


@pytest.mark.parametrize(
    "other",
    [
        "今天是2024年1月22日 星期一",
        "成文日期：2023-12-30",
        "更新时间：2024-02-02",
        "版权所有 2024-01-01",
        "有效期至2026-01-01",
    ],
)
def test_another_date_is_not_the_day_of_publication(other: str) -> None:
    text = page(
        f'<h1>{TITLE}</h1><div class="date-bar"><span class="riqi">{other}</span></div><div id="zoom">{_BODY}</div>',
        TITLE,
    )
    found = report(text)
    assert found is None or not found.selectors.date


def test_a_source_without_its_word() -> None:
    text = page(
        (
            f'<h1>{TITLE}</h1><div class="bar">发布日期：2024-01-22 <span '
            f'class="fbjg">清和县人民政府办公室</span></div><div id="zoom">{_BODY}</div>'
        ),
        TITLE,
    )
    before = one(text)
    assert before is not None
    assert before.source == ""
    found = report(text)
    assert found is not None
    after = one(text, found.selectors)
    assert after is not None
    assert (after.source, after.text) == ("清和县人民政府办公室", before.text)


TITLES = [
    f'<div class="zt-t">政府信息公开</div><h1>清和县人民政府</h1><div class="wz-headline">{TITLE}</div>',
    '<div class="wz-headline"><div>清和县人民政府</div><div>2023年政府信息公开工作年度报告</div></div>',
    f'<h1>政府信息公开</h1><table class="xx-index"><tr><td>名称</td><td class="mc">{TITLE}</td></tr></table>',
]


@pytest.mark.parametrize("heading", TITLES)
def test_a_title_that_the_general_reading_does_not_find(heading: str) -> None:
    text = page(f'{heading}<div class="bar">发布日期：2024-01-22</div><div class="wz-txt">{_OLD}</div>', "文章内容")
    assert one(text) is None
    found = report(text)
    assert found is not None
    after = one(text, found.selectors)
    assert after is not None
    assert ("".join(after.title.split()), after.year, after.organ) == (TITLE, 2023, "清和县人民政府")
    assert "".join(found.evidence[0].quote.split()) == TITLE


def test_a_bare_organs_name_over_a_year_is_title_enough() -> None:
    text = page((f'<div class="gk"><h2>乌溪县教育局</h2><h4>2023年政府信息公开工作年度报告</h4>'
        f'<div>发布日期：2024-01-22 来源：乌溪县教育局</div><div id="zoom">{_BODY}</div></div>'),
                head='<meta name="ArticleTitle" content="乌溪县教育局">')  # fmt: skip
    found = report(text)
    assert found is None or not found.selectors.title


_MENU = (
    '<ul class="bd"><li><a href="/1">信息公开指南</a></li><li><a '
    'href="/2">信息公开制度</a></li><li><a href="/3">法定主动公开内容</a></li></ul>'
)


@pytest.mark.parametrize("body", [_OLD, _BODY])
@pytest.mark.parametrize("beside", [_RELATED.replace("推荐阅读", "部门动态"), _MENU])
def test_a_body_in_which_the_pages_own_links_stand(body: str, beside: str) -> None:
    title = "清和县2009年政府信息公开工作年度报告"
    text = page(f'<h1>{title}</h1><div id="content"><div class="wz-body">{body}</div>{beside}</div>', title)
    before = one(text)
    assert before is not None
    assert "指南" in before.text or "医保" in before.text
    found = report(text)
    assert found is not None
    assert found.selectors == Selectors(body="div.wz-body")
    after = one(text, found.selectors)
    assert after is not None
    assert before.text.startswith(after.text)
    assert after.text.endswith(("接受社会的监督。", "没有收取信息处理费。"))


def test_a_body_without_such_links_gets_no_selector() -> None:
    title = "清和县2009年政府信息公开工作年度报告"
    assert (
        report(page(f'<h1>{title}</h1><div class="wrap2"><div class="wz-body">{_OLD}</div>{_RELATED}</div>', title))
        is None
    )


def test_a_reports_own_links_are_not_cut_away() -> None:
    """Rules that the text cites, and files that belong to it."""
    cited = (
        '<p><a href="/a/1">《清和县政府信息公开办法》</a></p><p><a href="/a/2">《清和县依申请公开规程》</a>'
        "</p><p>以上办法自2010年1月1日起施行，请各单位遵照执行，并于每年一月报送情况，逾期不报的将予以通报批评。</p>"
    )
    files = '<p><a href="/a/1.doc">附件1：统计表.doc</a></p><p><a href="/a/2.doc">附件2：说明.doc</a></p>'
    for more in (cited, files):
        text = page(f'<h1>{TITLE}</h1><div id="content"><div class="wz-body">{_OLD}{more}</div></div>', TITLE)
        found = report(text)
        assert found is None or not found.selectors.body


def test_a_box_that_would_lose_a_line_of_prose_is_not_proposed() -> None:
    title = "清和县2009年政府信息公开工作年度报告"
    text = page(
        f'<h1>{title}</h1><div id="content"><div class="wz-body">{_OLD}</div><p>特此报告。</p>{_MENU}</div>', title
    )
    before = one(text)
    assert before is not None
    assert "特此报告" in before.text
    assert "指南" in before.text
    found = report(text)
    assert found is None or "特此报告" in (one(text, found.selectors) or before).text


def test_what_is_proposed_is_a_portal_files() -> None:
    text = page(
        f'<div class="wz-headline">{TITLE}</div><div class="bar"><i class="fbsj">公示于 2024/01/22</i></div><div id="zoom">{_OLD}</div>',
        "文章内容",
    )
    found = report(text)
    assert found is not None
    lines = [
        f"{key} = '''{getattr(found.selectors, key)}'''"
        for key in found.selectors.__struct_fields__
        if getattr(found.selectors, key)
    ]
    written = f'title = "清和县"\nfamily = "generic"\nsections = ["{LIST}"]\n[selectors]\n' + "\n".join(lines)
    assert parse_portal("qinghe", written, families.names()).selectors == found.selectors
    assert "nth" not in str(found.selectors)


def test_several_reports_on_a_page_and_pages_without_any_get_none() -> None:
    years = "".join(
        f"<h2>清和县{year}年政府信息公开工作年度报告</h2>{_BODY.replace('2023', str(year))}" for year in (2023, 2022)
    )
    assert report(page(f'<div class="all">{years}</div>')) is None
    assert report(page("<p>您访问的页面不存在</p>", "404")) is None
    assert induce.report(Seen(LIST, 404, page(_BODY)), PORTAL) is None
    assert report("") is None


@pytest.mark.parametrize(
    "name",
    ["news-list", "xl_title", "TRS_Editor", "content", "zoom", "wz-body", "listBox", "list01", "article", "nb_list"],
)
def test_names_that_stay(name: str) -> None:
    assert naming.stable(name)


@pytest.mark.parametrize(
    "name", ["active", "on", "odd", "row-odd", "tab_current", "clearfix", "fl", "mt20", "sc-3fK2a9",
    "css-1q2w3e", "post-7043272", "a1b2c3d4e5", "_3fK2a", "ng-scope", "1a", "", "a b", "x" * 60]
)  # fmt: skip
def test_names_that_do_not(name: str) -> None:
    assert not naming.stable(name)
