"""Year columns that have columns of their own: the government's in one, the departments' in another."""

import pytest

from crawler.families.base import Column
from crawler.families.inside import MOST_INSIDE
from tests.unit.family_lists import read_list

ALL = "https://www.example.gov.cn/zwgk/zfxxgknb/"
YEARS = "".join(f'<li><a href="{ALL}{year}n/">{year}年</a></li>' for year in (2025, 2024, 2023))


def inside(text: str, url: str = f"{ALL}2024n/", year: int | None = 2024, family: str = "trs") -> list[tuple[str, int]]:
    page = read_list(family, f"<ul>{YEARS}</ul>{text}", url, year=year)
    return [(column.url, column.year) for column in page.columns if column.inside]


@pytest.mark.parametrize("family", ["trs", "generic", "uuid", "vsb"])
@pytest.mark.parametrize(
    ("url", "href", "words"),
    [
        (f"{ALL}2024n/", "./bm/", "区级部门"),
        (f"{ALL}2024n/index.html", "bm/index.html", "区级部门"),
        (f"{ALL}2024nb/", "dcqzf2024/", "2024年东城区政府"),
        (f"{ALL}2024ndgb/", "xjbm/list.shtml", "县级部门"),
        ("https://www.example.gov.cn/xxgknb2024/", "/xxgknb2024/tjsrmzf/", "市人民政府"),
        (f"{ALL}c2041/", "c2042/", "市直部门"),
    ],
)
def test_found(url: str, href: str, words: str, family: str) -> None:
    ((found, year),) = inside(f'<a href="{href}">{words}</a>', url, family=family)
    assert (found.startswith(url.removesuffix("index.html")), year) == (True, 2024)


def test_a_section_that_is_one_years_column_has_them_too() -> None:
    assert inside('<a href="bm/">区级部门</a>', year=None) == [(f"{ALL}2024n/bm/", 2024)]


def test_beside_reports_too() -> None:
    row = '<li><a href="qzf/202503/t20250301_17.html">甲区人民政府2024年政府信息公开工作年度报告</a><i>2025-03-01</i></li>'
    assert inside(f'{row}<a href="qzf/">更多</a><a href="bm/">区级部门</a>') == [
        (f"{ALL}2024n/qzf/", 2024),
        (f"{ALL}2024n/bm/", 2024),
    ]


@pytest.mark.parametrize(
    ("url", "year", "href", "words"),
    [
        (f"{ALL}2024n/", 2024, "../2023n/bm/", "区级部门"),  # another year's
        (f"{ALL}2024n/", 2024, "/zwgk/zfxxgkzn/", "指南"),  # the menu's
        (f"{ALL}2024n/", 2024, "index_1.html", "下一页"),
        (f"{ALL}2024n/", 2024, "bm/t20250301_17.html", "区财政局"),  # a document
        (f"{ALL}2024n/", 2024, "202503/P020250301.pdf", "区财政局"),
        (f"{ALL}2024n/", 2024, "bm/cz/js/ks/", "某科室"),  # too far below
        (f"{ALL}2024n/", 2024, "2023/", "2023年"),  # another year's, below
        (f"{ALL}2024n/", 2024, "https://www.other.gov.cn/zwgk/zfxxgknb/2024n/bm/", "区级部门"),
        (f"{ALL}2024n/", 2024, ".", "2024年"),
        (ALL, None, "bm/", "区级部门"),  # a section of all years: its list is what the operator named
        (f"{ALL}list.html?year=2024", 2024, "bm/", "区级部门"),  # the folder is not the year's
        ("https://www.example.gov.cn/", 2024, "/zwgk/", "政务公开"),
        (f"{ALL}2024.html", 2024, "bm/", "区级部门"),
    ],
)
def test_not(url: str, year: int | None, href: str, words: str) -> None:
    assert inside(f'<a href="{href}">{words}</a>', url, year) == []


def test_there_are_not_too_many() -> None:
    many = "".join(f'<a href="d{place}/">第{place}部门</a>' for place in range(300))
    assert len(inside(many)) == MOST_INSIDE + 1  # one more than is walked tells that there are more


def test_siblings_stay_what_they_are() -> None:
    page = read_list("trs", f'<ul>{YEARS}</ul><a href="bm/">区级部门</a>', f"{ALL}2024n/", year=2024)
    assert page.columns == (
        Column(f"{ALL}2025n/", 2025),
        Column(f"{ALL}2023n/", 2023),
        Column(f"{ALL}2024n/bm/", 2024, inside=True),
    )
