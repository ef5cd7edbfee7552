"""Rows that TRS scripts put together from pieces: variables inside the markup, a date behind an expression."""

from crawler.families.base import Link, Listing, Step
from crawler.families.trs import Trs

SECTION = "https://www.example.gov.cn/zwgk/zfxxgknb/"


def links(script: str) -> tuple[Link, ...]:
    html = f"<html><body><ul><script>{script}</script></ul></body></html>"
    return Trs().read(Listing(SECTION, html, Step(SECTION), section=SECTION, this_year=2026)).links


def test_an_address_in_pieces_inside_the_markup_is_none() -> None:
    written = """var url = "./t15699357.shtml"; var title="某办2022年政府信息公开工作年度报告";
document.writeln("<li><a href='" + url + "' target='_blank'>" + title + "</a>");
var docDate = "2023-01-28"; document.writeln("<span>" + docDate + "</span></li>");
var url = "./t11194522.shtml"; var title="某办2021年政府信息公开工作年度报告";
document.writeln("<li><a href='"+url+"'>" + title + "</a>"); var docDate = "2022-01-27";"""
    assert links(written) == (
        Link(f"{SECTION}t15699357.shtml", "某办2022年政府信息公开工作年度报告", "report", "2023-01-28"),
        Link(f"{SECTION}t11194522.shtml", "某办2021年政府信息公开工作年度报告", "report", "2022-01-27"),
    )


def test_the_date_of_a_written_row_stands_behind_an_expression() -> None:
    row = (
        'document.write(\'<li><a href="./202403/t20240325_{0}.html" title="某市{0}年政府信息公开工作年度报告">\''
        "+('某市{0}年政府信息公开工作年度报告'.length>20?'某市'.substring(0,20):'某市')+'</a><span>{1}</span></li>');"
    )
    found = links(row.format(2023, "2024-03-25") + row.format(2022, "2023/3/30") + row.format(2021, ""))
    assert [link.date for link in found] == ["2024-03-25", "2023/3/30", ""]
    assert [link.title for link in found] == [f"某市{year}年政府信息公开工作年度报告" for year in (2023, 2022, 2021)]


def test_a_following_row_s_date_is_not_taken() -> None:
    found = links(
        """document.write('<li><a href="./202403/t20240325_1.html">某市2023年政府信息公开工作年度报告</a></li>');
document.write('<li><a href="./202403/t20240325_2.html">某市2022年政府信息公开工作年度报告</a><b>2023-03-30</b></li>');"""
    )
    assert [link.date for link in found] == ["", "2023-03-30"]
