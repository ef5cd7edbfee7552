"""The date of publication where no label calls it one: beside the source, the counter or the size of letters."""

import time

import pytest

from tests.unit.test_page_reader import BODY, one

TITLE = "某县2024年政府信息公开工作年度报告"


def published(head: str, above: str = "", title: str = f"<h1>{TITLE}</h1>") -> str:
    page = f"""<!DOCTYPE html><html><head><meta charset=utf-8><title>{TITLE}</title></head><body>
{above}<div class=doc>{title}{head}<div id=zoom>{BODY}</div></div><p>版权所有 2026-11-22 某县人民政府</p></body></html>"""
    return one(page).published_on


@pytest.mark.parametrize(
    "line",
    [
        "<div>2025-03-08 16:20　　来源：罗沙县人民政府</div>",  # TRS
        "<div>2025-03-08 16:20:11 来源：罗沙县人民政府办公室政务公开科</div>",
        "<div><span>2025-03-08 16:20</span><span>来源：罗沙县人民政府</span></div>",
        "<div>来源：罗沙县人民政府办公室 2025-03-08 16:20</div>",
        "<div>2025-03-08 16:20 罗沙县人民政府办公室 点击：12</div>",  # VSB
        "<div>2025-03-08 16:20 【字体：大 中 小】</div>",
        "<div>2025年3月8日 16:20　作者：罗沙县人民政府办公室</div>",
        "<div>[2025/03/08 16:20] 浏览次数：12345次　打印本页　关闭窗口</div>",
        "<div>2025-03-08 来源：罗沙县</div>",
        "<div><span>2025-03-08</span><span>来源: 罗沙县人民政府办公室</span><span>【字体：大 中 小】</span></div>",
        "<p>（2025-03-08）</p>",
        "<p>[2025-03-08 16:20]</p>",
        "<p>发稿时间：2025-03-08</p>",
        "<p>发布于 2025-03-08 16:20</p>",
    ],
)
def test_a_date_beside_other_particulars(line: str) -> None:
    assert published(line) == "2025-03-08"


def test_a_date_in_the_heading() -> None:
    """PHPCMS's own template."""
    head = f"<h1>{TITLE}<br><span>2025-03-08 10:00:00　来源：某县人民政府办公室　点击：<span>17</span></span></h1>"
    assert published("", title=head) == "2025-03-08"


def test_a_date_in_brackets_behind_the_heading() -> None:
    """Shanghai."""
    assert published("", title=f"<h2 id=ivs_title>{TITLE}<small>（2025-03-08）</small></h2>") == "2025-03-08"


@pytest.mark.parametrize("text", ["<p>一、总体情况</p><p>无</p>", "<p>本机关认真贯彻落实条例。</p>"])
def test_the_date_of_the_signature(text: str) -> None:
    signed = f"{text}<p>某县人民政府办公室</p><p>2025年1月28日</p>"
    assert published(signed) == ""
    assert published(f"<p>2025-03-17</p>{signed}") == "2025-03-17"
    assert published(signed, title=f"<b>{TITLE}</b>") == ""
    assert published(f"<p>2025-03-17</p>{signed}", "<p>您的浏览器版本过低。</p>") == "2025-03-17"


@pytest.mark.parametrize(
    ("line", "above"),
    [
        ("", "<div>2026-11-22 16:20 星期日 来源：某县气象局</div>"),
        ("", "<div>2026年11月22日 16:20　网站总浏览：123456789</div>"),
        ("<div>更新时间：2026-11-22 16:20 来源：某县人民政府</div>", ""),
        ("<div><div>更新时间：</div><div>2026-11-22 16:20 来源：某县人民政府</div></div>", ""),
        ("<div>来源：某县人民政府 更新时间：2026-11-22</div>", ""),
        ("<div>2026-11-22 16:20 星期日 【字体：大 中 小】</div>", ""),
        ("<div>今天是 2026-11-22 来源：某县人民政府</div>", ""),
        ("<p>2024年12月31日，某县人民政府门户网站浏览量为12345次。</p>", ""),
        ("<div>Copyright 2006-2026 来源：某县人民政府</div>", ""),
    ],
)
def test_the_date_of_something_else(line: str, above: str) -> None:
    assert published(line, above) == ""


def test_a_hostile_line_takes_no_time() -> None:
    begun = time.process_time()
    for line in ("来源：" + "甲" * 140, "2025-03-08 " + "甲" * 130, "[" * 149, "2025-03-08" + " " * 130):
        published(f"<div>{line}</div>" * 200)
    assert time.process_time() - begun < 5
