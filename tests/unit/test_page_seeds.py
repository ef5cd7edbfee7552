"""The five real documents of ../shared/seeds, each in its family's markup. Skipped where they are not at hand."""

import html
import re
from pathlib import Path

import pytest

from crawler.families.base import Markup
from crawler.page.chinese import strip_invisible
from crawler.page.model import Fetched, Page
from crawler.page.reader import read_page
from crawler.page.text import Table, parse
from crawler.portal import Portal

SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"
pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason="../shared/seeds is not here")
PORTAL = Portal(name="t", title="t", family="generic", sections=("http://www.x.gov.cn/nb/",))


def lines(number: str) -> list[str]:
    return next(SEEDS.glob(f"{number}_*")).read_text(encoding="utf-8").split("\n")


def paragraphs(texts: list[str]) -> str:
    return "\n".join(
        f"<p style='text-indent:2em'><span>{html.escape(text)}</span></p>" for text in texts if text.strip()
    )


def read(body: str, title: str) -> Page:
    document = f"""<!DOCTYPE html><html><head><meta charset=utf-8><title>{title}</title></head><body>
    <div class=nav><a href=/>首页</a><a href=/a>政务公开</a></div>{body}
    <div class=foot>主办：某区 京ICP备05083640号</div></body></html>"""
    return read_page(
        Fetched("http://www.x.gov.cn/nb/", 200, "text/html", document.encode()), PORTAL, Markup(body=(".x",))
    )


def inner_of(text: str) -> str:
    return strip_invisible(text)


def test_haidian_2020() -> None:
    seed = lines("000")
    head = f"<h1>{seed[0]}</h1><div class=i>{seed[2]}</div><div>{seed[4]}</div><div>{seed[5]}</div>"
    report = read(f"<div>{head}<div id=mainText>{paragraphs(seed[6:])}</div></div>", "首都之窗").reports[0]
    assert (report.organ, report.year, report.published_on) == ("北京市海淀区人民政府", 2020, "2021-03-19")
    assert report.source == "北京市海淀区人民政府"
    kept = [line for line in seed[6:] if line.strip() and "即将离开" not in line and line != "已归档"]
    assert inner_of(report.text) == inner_of("".join(kept)), "not a character is lost, and no chrome is left"


@pytest.mark.parametrize("shape", ["paragraphs", "layout table", "tabs", "lines"])
def test_the_agency_page_is_fourteen_reports(shape: str) -> None:
    seed = lines("001")
    body = {
        "paragraphs": paragraphs(seed),
        "layout table": "<table>" + "".join(f"<tr><td>{html.escape(line)}</td></tr>" for line in seed) + "</table>",
        "tabs": "<ul>" + "".join(f"<li>{year}年</li>" for year in range(2022, 2007, -1)) + "</ul>" + paragraphs(seed),
        "lines": "<br>".join(html.escape(line) for line in seed),
    }[shape]
    page = read(f"<div class=con>{body}</div>", "政府信息公开年报-海淀区")
    assert [report.year for report in page.reports] == [*range(2022, 2012, -1), *range(2011, 2007, -1)]
    assert {report.year_from for report in page.reports} <= {"body", "heading"}
    assert [(finding.rule, "2011" in finding.detail) for finding in page.findings] == [("duplicate_text", True)]
    by_year = {report.year: report for report in page.reports}
    assert by_year[2022].organ == "海淀区城市管理指挥中心"
    assert by_year[2018].organ == by_year[2013].organ == "北京市海淀区城市服务管理指挥中心"
    assert by_year[2011].organ == "北京市海淀区城市管理监督指挥中心"
    assert by_year[2008].organ == "海淀区城市管理监督指挥中心"
    assert "365游戏_bet" in by_year[2016].text, "what was spliced in is printed there, and kept as evidence"
    assert by_year[2008].text.endswith("二〇〇九年三月二十日")
    assert "离开" not in by_year[2022].text
    # Tables of 2021 have the newer form, those of 2020 and 2019 the older one.
    assert "本年制发件数" in by_year[2021].text
    assert "本年新制作数量" in by_year[2020].text
    assert "本年新制作数量" in by_year[2019].text
    twice = seed.index("引言", seed.index("引言") + 1)
    once = [
        line
        for line in [*seed[:twice], *seed[seed.index("引言", twice + 1) :]]
        if "即将离开" not in line and "是否继续" not in line
    ]
    # The seed's bars stand for the edges of cells.
    assert inner_of("".join(report.text for report in page.reports)).replace("\\", "").replace("|", "") == inner_of(
        "".join(once)
    ).replace("|", "")


def test_linhai_2020() -> None:
    seed = lines("002")
    rows = ""
    for line in seed:
        cells = line.count("|")
        text = line.replace("|", "").strip()
        parts = (
            "".join(f"<p>{html.escape(part)}</p>" for part in text.split(" ")) if len(text) > 300 else html.escape(text)
        )
        rows += f"<tr><td colspan={cells or 370}>{parts}</td></tr>"
    page = read(f"<table width=1000><tr><td><table>{rows}</table></td></tr></table>", "临海市人民政府")
    report = page.reports[0]
    assert (report.title, report.organ, report.year) == ("临海市2020年政府信息公开工作年度报告", "临海市", 2020)
    assert [finding.rule for finding in report.findings] == ["impossible_period"]
    assert "2020-01-01 至 2019-12-31" in report.findings[0].detail
    assert not any(isinstance(block, Table) for block in parse(report.text))
    wanted = inner_of("".join(seed[6:10]).replace("|", ""))
    assert wanted in inner_of(report.text)
    assert not re.search("打印|首页", report.text)


def test_the_traditional_view() -> None:
    seed = lines("003")
    head = f"<h1>{seed[0]}</h1><div class=i>{seed[2]}</div><div>{seed[4]}</div><div>{seed[5]}</div>"
    report = read(f"<div>{head}<div class=unknown>{paragraphs(seed[6:])}</div></div>", "首都之窗").reports[0]
    assert (report.organ, report.year, report.published_on) == ("北京市城市管理委員會", 2020, "2021-01-29")
    kept = [line for line in seed[6:] if line.strip() and "即將離開" not in line and line != "已歸檔"]
    assert inner_of(report.text) == inner_of("".join(kept))


def test_the_damaged_copy() -> None:
    seed = lines("004")
    title = "海珠區(qū)人民政府2020年政府信息公開年度報(bào)告"
    report = read(f"<h1>{title}</h1><div class=unknown>{paragraphs(seed)}</div>", "某网").reports[0]
    assert (report.title, report.organ, report.year) == (title, "海珠區人民政府", 2020)  # a gloss is no part of a name
    assert inner_of(report.text) == inner_of("".join(seed)), "nothing is mended here"
