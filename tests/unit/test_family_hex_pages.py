"""Shaanxi's lists (Xi'an and its districts, Yan'an): page 2 is `2.html`, how many there are stands in a script's parseInt."""

import pytest

from crawler.families.base import Listing, ListPage, Step
from crawler.families.hex import Hex

FOLDER = "https://www.example.gov.cn/xxgk/zfxxgknb/bmxxgknb/"
ROW = (
    '<li><a href="./2016044464489484290.html">某区财政局2025年政府信息公开工作年度报告</a><span>2026-01-27</span></li>'
)


def read(page: str, script: str, number: int = 0) -> ListPage:
    html = f'<html><body><div class="m-lst"><ul>{ROW}</ul></div><script>{script}</script></body></html>'
    step = Step(FOLDER + page, number=number)
    return Hex().read(Listing(step.url, html, step, section=f"{FOLDER}1.html", this_year=2026))


@pytest.mark.parametrize(
    ("page", "following"), [("1.html", "2.html"), ("2.html", "3.html"), ("3.html", ""), ("", "2.html")]
)
def test_pages_are_numbered_files(page: str, following: str) -> None:
    number = int(page[0]) if page else 1
    listed = read(page, f"var total = parseInt('3'); var cur = parseInt('{number}'); pager(cur, total);", number - 1)
    assert [step.url for step in listed.next] == ([FOLDER + following] if following else [])
    assert (listed.pages, listed.problem) == (3, "")


def test_the_number_of_this_page_is_no_count() -> None:
    assert read("1.html", "var cur = parseInt('1');").next == ()
    assert read("1.html", "var size = parseInt(box.value, 10); var tp=parseInt('1'), cp=parseInt('1');").next == ()


def test_other_addresses_are_read_as_before() -> None:
    listed = read("index.html", "createPageHTML(3, 0, 'index', 'html'); var w = parseInt('1200');")
    assert [step.url for step in listed.next] == [f"{FOLDER}index_1.html"]
