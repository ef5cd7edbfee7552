"""TRS pagers that count pages in a variable and write the next page's address themselves: its extension stands in the script."""

import pytest

from crawler.families.base import Listing, Step
from crawler.families.trs import Trs

SECTION = "https://www.example.gov.cn/zfxxgk/nb/"
ROW = '<li><a href="./202301/t20230118_12.htm">某县水利局2022年政府信息公开工作年度报告</a><span>2023-01-18</span></li>'


@pytest.mark.parametrize(
    ("written", "extension"),
    [
        (r'document.write("<a href=\"index"+"_" + nextPage + "."+"htm\">下一页</a>");', "htm"),
        (r"document.write('<a href=index_'+nextPage+'.shtml>下一页</a>');", "shtml"),
        (r'document.write("<a href=\"index_" + nextPage + ".html\">下一页</a>");', "html"),
        (r'document.write("<a href=\"index_"+(nextPage)+".shtml\">下一页</a>");', "shtml"),
        ("", "html"),
    ],
)
def test_the_extension_is_the_scripts(written: str, extension: str) -> None:
    html = f"<html><body><ul>{ROW}</ul><script>var currentPage = 0;var nextPage = currentPage+1;\nvar countPage = 3;//共多少页\n"
    html += f"if(countPage>1&&currentPage!=(countPage-1))\n{written}\n</script></body></html>"
    page = Trs().read(Listing(SECTION, html, Step(SECTION), section=SECTION, this_year=2026))
    assert [step.url for step in page.next] == [f"{SECTION}index_1.{extension}"]
    assert page.pages == 3


def test_an_address_that_has_an_extension_keeps_it() -> None:
    html = f"<html><body><ul>{ROW}</ul><script>var countPage = 3;</script></body></html>"
    page = Trs().read(
        Listing(f"{SECTION}index.htm", html, Step(f"{SECTION}index.htm"), section=SECTION, this_year=2026)
    )
    assert [step.url for step in page.next] == [f"{SECTION}index_1.htm"]
