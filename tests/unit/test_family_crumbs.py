"""Links beside a list that lead to columns, not to reports: bread crumbs, side menus, years in numbered folders."""

import pytest

from crawler.families.base import Column, Listing, Step
from crawler.families.generic import Generic

SECTION = "https://www.example.gov.cn/zwgk/zfxxgknb/bm/"
ROW = (
    '<li><a href="./202301/t20230118_12.html">某县水利局2022年政府信息公开工作年度报告</a><span>2023-01-18</span></li>'
)


def page(extra: str, section: str = SECTION, head: str = "") -> tuple[list[str], tuple[Column, ...]]:
    """The report links other than ROW's, and the columns, of an annual reports' column with `extra` beside its row."""
    html = f"<html><head><title>部门</title>{head}</head><body>{extra}<ul>{ROW}</ul></body></html>"
    read = Generic().read(Listing(section, html, Step(section), section=section, this_year=2026))
    return [link.url for link in read.links if "t20230118_12" not in link.url], read.columns


@pytest.mark.parametrize(
    "href",
    [
        "../",
        "/zwgk/zfxxgknb/index.html",
        "../1.html",
        "/zfxxgk/columns/9c6ab710-4a08-4720-8ede-24428a013fda/index.html",
    ],
)
def test_the_column_s_own_name_is_no_report(href: str) -> None:
    for name in ("政府信息公开年报", "政府信息公开年度报告", "政府信息<br>公开年报"):
        assert page(f'<div class="wz"><a href="{href}">{name}</a></div>')[0] == []


def test_a_report_without_organ_and_year_is_one_all_the_same() -> None:
    assert page('<li><a href="./202201/t20220118_7.html">政府信息公开工作年度报告</a></li>')[0]
    assert page('<li><a href="show.aspx?id=7">政府信息公开工作年度报告</a></li>')[0]
    assert page('<li><a href="./nb/a7">政府信息公开工作年度报告</a><i>2022-01-18</i></li>')[0]


def test_a_general_section_s_link_to_the_annual_column_stays_a_candidate() -> None:
    found, _ = page('<a href="./nianbao/">政府信息公开年报</a>', section="https://www.example.gov.cn/zwgk/open/")
    assert found == ["https://www.example.gov.cn/zwgk/open/nianbao/"]


@pytest.mark.parametrize("href", ["/bm/5712203/index.html", "/bm/5712203/", "/bm/5712203/index.shtml"])
def test_a_bare_year_in_a_numbered_folder_is_a_column(href: str) -> None:
    found, columns = page(f'<ul><li><a href="{href}">2021年</a></li></ul>')
    assert found == []
    assert columns == (Column(f"https://www.example.gov.cn{href}", 2021),)


def test_a_dated_year_in_a_numbered_folder_is_a_report() -> None:
    found, columns = page('<ul><li><a href="/bm/5712203/index.html">2021年</a><span>2022-01-18</span></li></ul>')
    assert found == ["https://www.example.gov.cn/bm/5712203/index.html"]
    assert columns == ()


@pytest.mark.parametrize("kind", ["政府信息公开年报", "政务公开/政府信息公开年度报告"])
def test_the_type_of_a_column_says_that_it_is_the_annual_reports(kind: str) -> None:
    head = f'<meta name="ColumnName" content="2025年"/><meta name="ColumnType" content=""/><meta name="columntype" content="{kind}"/>'
    found, _ = page('<li><a href="./202301/5231/content_7.html">某县教育局</a></li>', "https://a.gov.cn/c1/", head)
    assert found == ["https://a.gov.cn/c1/202301/5231/content_7.html"]
    assert page('<li><a href="./202301/5231/content_7.html">某县教育局</a></li>', "https://a.gov.cn/c1/")[0] == []
