"""A title that no tag names and no known class shows: pages whose <title> is the column's name (annual reports by organ and year)."""

import pytest

from tests.unit.test_page_reader import BODY, TITLE, one

ORGAN = "某市人民政府办公室"


def page(shown: str, title: str = "政府信息公开年报", body: str = BODY, meta: str = "") -> str:
    return f"""<!DOCTYPE html><html><head><meta charset=utf-8><title>{title}</title>{meta}</head><body>
<div class=top><h2>某市政府信息公开</h2></div>
<div class=annual>{shown}<div class=annual_date>发布时间：2023-01-20</div><div class=annual_con id=zoom>{body}</div></div></body></html>"""


@pytest.mark.parametrize(
    "shown",
    [
        f"<div class=annual_title>{TITLE}</div>",
        f"<p>{TITLE}</p>",
        f"<table><tr><td align=center><font size=5><b>{TITLE}</b></font></td></tr></table>",
        f"<div class=nbtit>{ORGAN}<br>2022年政府信息公开工作年度报告</div>",
    ],
    ids=["class", "plain", "layout table", "two lines"],
)
@pytest.mark.parametrize(
    "title", ["政府信息公开年报", "政府信息公开年度报告_某市人民政府", "某市人民政府办公室 2022年年报", ""]
)
def test_the_line_that_says_more_is_the_title(shown: str, title: str) -> None:
    report = one(page(shown, title))
    assert (report.title, report.organ, report.year) == (TITLE, ORGAN, 2022)
    assert report.published_on == "2023-01-20"
    assert "发布时间" not in report.text
    assert report.text.startswith("本报告依据")


def test_a_title_that_the_page_names_stays() -> None:
    report = one(
        page(f"<div class=nbtit>{TITLE}</div>", meta='<meta name="ArticleTitle" content="政府信息公开工作年报">')
    )
    assert report.title == "政府信息公开工作年报"
    assert report.year == 2022


def test_of_several_lines_none_is_the_title() -> None:
    other = "<p>某市教育局2022年政府信息公开工作年度报告</p>"
    assert one(page(f"<div>{TITLE}</div>{other}")).title == "政府信息公开年报"


def test_a_sentence_is_no_title() -> None:
    body = f"<p>现将{TITLE}公布如下。</p><p>根据要求，{TITLE}予以公开，欢迎监督</p>" + BODY
    assert one(page("", body=body)).title == "政府信息公开年报"
