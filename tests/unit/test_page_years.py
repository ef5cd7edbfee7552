"""Pages that hold several years' reports, and those that only talk about other years."""

import pytest

from crawler.families.base import Markup
from crawler.page.model import Fetched, Page
from crawler.page.reader import read_page
from crawler.portal import Portal

PORTAL = Portal(name="t", title="t", family="generic", sections=("http://www.x.gov.cn/nb/",))
TABLE = """<table><tr><td colspan=2>第二十条第（一）项</td></tr><tr><td>规章</td><td>{0}</td></tr></table>
<table><tr><td>行政复议</td><td>行政诉讼</td></tr><tr><td>{0}</td><td>0</td></tr></table>"""


def report(year: int, organ: str = "某区城市管理中心") -> str:
    return f"""<p>依据《中华人民共和国政府信息公开条例》第五十条规定，由{organ}（以下简称中心）编制本报告。</p>
    <p>一、总体情况</p>
    <p>{year}年，中心公开信息{year - 1990}条，较{year - 1}年、{year - 2}年、{year - 3}年都有增长。</p>
    <p>二、主动公开政府信息情况</p>{TABLE.format(year)}
    <p>五、存在的主要问题及改进情况</p><p>{year + 1}年将改进工作，进一步加强组织领导，完善工作机制，提高公开质量。</p>
    <p><img src=p{year}.png></p>"""


def read(body: str, title: str = "政府信息公开年报") -> Page:
    head = f"<html><head><title>{title}-某区</title></head><body><ul><li><a href=/>首页</a></li></ul>"
    html = f"{head}<div class=c>{body}</div></body></html>"
    return read_page(
        Fetched("http://www.x.gov.cn/nb/", 200, "text/html; charset=utf-8", html.encode()), PORTAL, Markup()
    )


def years(page: Page) -> list[int | None]:
    return [item.year for item in page.reports]


PAGES = {
    "nothing between": "".join(map(report, (2022, 2021, 2020))),
    "headings": "".join(
        f"<h2>某区{year}年度政府信息公开工作年度报告</h2>{report(year)}" for year in (2022, 2021, 2020)
    ),
    "years in paragraphs": "".join(f"<p><b>{year}年</b></p>{report(year)}" for year in (2022, 2021, 2020)),
    "forewords": "".join(f"<p>引 言</p>{report(year)}" for year in (2022, 2021, 2020)),
    "tabs, two hidden": "<ul><li>2022年</li><li>2021年</li><li>2020年</li></ul>"
    + "".join(
        f"<div style='{'' if year == 2022 else 'display:none'}'>{report(year)}</div>" for year in (2022, 2021, 2020)
    ),
    "one cell of a layout table each": "<table>"
    + "".join(f"<tr><td>{report(year)}</td></tr>" for year in (2022, 2021, 2020))
    + "</table>",
    "lines by br": "".join(map(report, (2022, 2021, 2020))).replace("</p><p>", "<br>"),
}


@pytest.mark.parametrize("name", PAGES)
def test_years_come_apart(name: str) -> None:
    page = read(PAGES[name])
    assert years(page) == [2022, 2021, 2020]
    for item in page.reports:
        assert f"{item.year}年，中心公开" in item.text
        assert f"| 规章 | {item.year} |" in item.text
        assert [file.name for file in item.attachments] == [f"p{item.year}.png"]
        assert item.organ
    assert {item.year_from for item in page.reports} <= {"heading", "body"}


@pytest.mark.parametrize("tab", ["2022年", "2022", "2022年度"])
def test_the_last_tab_that_is_left_is_read_though_a_script_shows_it(tab: str) -> None:
    page = read(f"<ul><li><a href='javascript:;'>{tab}</a></li></ul><div style='display:none'>{report(2022)}</div>")
    assert years(page) == [2022]


@pytest.mark.parametrize(
    "shown",
    [
        "<p>该信息已被删除。</p>",
        "<ul><li>2015年</li></ul>",
        f"<ul><li>2022年</li></ul>{report(2021)}",
    ],
)
def test_what_is_hidden_otherwise_is_not_on_the_page(shown: str) -> None:
    page = read(f"{shown}<div style='display:none'>{report(2022)}</div>")
    assert not any("2022年，中心公开" in item.text for item in page.reports)


def test_the_other_order_and_headings_as_titles() -> None:
    page = read("".join(f"<h3>某区{year}年政府信息公开工作年度报告</h3>{report(year)}" for year in (2019, 2020, 2021)))
    assert years(page) == [2019, 2020, 2021]
    assert page.reports[0].title == "某区2019年政府信息公开工作年度报告"
    assert page.reports[0].year_from == "heading"
    assert "年度报告" not in page.reports[1].text.split("\n")[0]


def test_bare_tables_take_the_years_that_are_left() -> None:
    page = read(report(2022) + TABLE.format("七") + TABLE.format("八") + report(2019, "某区监督指挥中心"))
    assert years(page) == [2022, 2021, 2020, 2019]
    assert "| 规章 | 七 |" in page.reports[1].text
    assert [item.organ for item in page.reports] == ["某区城市管理中心"] * 3 + ["某区监督指挥中心"]


def test_bare_tables_whose_years_are_not_told_stay_where_they_stand() -> None:
    page = read(report(2022) + TABLE.format("七") + report(2017))
    assert years(page) == [2022, 2017]
    assert "| 规章 | 七 |" in page.reports[0].text


def test_a_report_that_stands_twice_is_one_and_a_finding() -> None:
    page = read(report(2022) + report(2021) + report(2021) + report(2020))
    assert years(page) == [2022, 2021, 2020]
    assert [(finding.rule, "2021" in finding.detail) for finding in page.findings] == [("duplicate_text", True)]
    under = "".join(f"<h2>{year}年</h2>{report(2011 if year == 2012 else year)}" for year in (2013, 2012, 2011, 2010))
    page = read(under)
    assert years(page) == [2013, 2011, 2010]
    assert "2012" in page.findings[0].detail


def test_two_texts_for_one_year_are_both_kept() -> None:
    page = read(report(2022) + report(2021) + report(2021, "某区另一中心"))
    assert years(page) == [2022, 2021, 2021]
    assert [finding.rule for finding in page.findings] == ["duplicate_year"]


ALONE = {
    "compares": report(2022),
    "two tables of one kind": report(2022).replace("<p>五、", f"<p>其中区本级：</p>{TABLE.format('九')}<p>五、"),
    "a table of contents": "<p>一、总体情况</p><p>二、主动公开政府信息情况</p><p>五、存在的主要问题及改进情况</p>"
    + report(2022),
    "a table of years": "<table><tr><td>2020年</td><td>1</td></tr><tr><td>2021年</td><td>2</td></tr></table>"
    + report(2022),
    "quotes the rules again": report(2022).replace(
        "<p>五、", "<p>按照《政府信息公开条例》要求，按时编制并发布2021年政府信息公开工作年度报告。</p><p>五、"
    ),
    "names last year's report": report(2022) + "<p>2021年政府信息公开工作年度报告</p><p>见上年专栏。</p>",
}


@pytest.mark.parametrize("name", ALONE)
def test_one_report_stays_whole(name: str) -> None:
    page = read(ALONE[name], "某区2022年政府信息公开工作年度报告")
    assert years(page) == [2022]
    assert page.findings == ()


def test_a_newer_report_on_top_changes_none_below_it() -> None:
    """What stands above the first report is the page's own."""

    def told(*shown: int) -> dict[int | None, str]:
        above = "<h1>某区城市管理中心政府信息公开工作年度报告</h1><p>为方便查阅，现将历年报告公布如下。</p>"
        body = above + "".join(
            f"<h2>某区城市管理中心{year}年政府信息公开工作年度报告</h2>{report(year)}" for year in shown
        )
        return {item.year: item.text for item in read(body).reports}

    before, after = told(2021, 2020), told(2022, 2021, 2020)
    assert sorted(filter(None, after)) == [2020, 2021, 2022]
    assert {year: after[year] for year in before} == before
