"""Names that say whose they are only to those who know where they stand: 本局办公室 is no report's organ."""

import time

import pytest

from crawler.page import titles
from crawler.scout.facts import facts
from crawler.scout.model import Seen
from tests.unit.test_page_reader import BODY, one

RELATIVE = [
    "本局", "本镇人民政府", "本局办公室", "本单位", "本机关", "本委办公室", "我局", "我办", "本局综合科", "办公室", "局办公室",
    "市局办公室",
    "委办公室",
    "街道办公室",
    "综合办公室", "党政办公室", "党政综合办公室", "综合科", "综合处", "办公室综合科", "局办公室信息科", "秘书处", "政策法规处",
    "单位办公室",
    "本中心", "本街道", "機關辦公室",
]  # fmt: skip
NAMED = [
    "本溪市人民政府", "本溪市财政局", "某县人民政府办公室", "县政府办公室", "市委办公室", "区委办公室", "松山管理处",
    "河东街道办事处", "某市办公室",
    "该布镇人民政府", "我乐街道办事处", "市财政局", "综合行政执法局", "某局办公室", "政务服务管理办公室", "机关事务管理局",
    "院前镇人民政府",
]  # fmt: skip


def page(title: str, source: str, written: str = "") -> str:
    return f"""<!DOCTYPE html><html><head><meta charset=utf-8><title>{title}</title></head><body><div class=doc><h1>{title}</h1>
<div>2025-01-20 来源：{source}</div><div id=zoom><p>本报告由{written or "我们"}编制。</p>{BODY}</div></div></body></html>"""


@pytest.mark.parametrize("name", RELATIVE)
def test_a_relative_name_is_nobodys(name: str) -> None:
    assert titles.is_relative(name)
    assert not titles.is_organ_name(name)
    assert one(page("政府信息公开工作年度报告", name)).organ == ""
    assert one(page(f"{name}2024年政府信息公开工作年度报告", "某省粮食和物资储备局")).organ == "某省粮食和物资储备局"


@pytest.mark.parametrize("name", NAMED)
def test_a_name_that_only_begins_like_one(name: str) -> None:
    assert not titles.is_relative(name)
    assert one(page(f"{name}2024年政府信息公开工作年度报告", "本局办公室")).organ == name


def test_the_source_stays_as_printed_and_the_text_says_whose() -> None:
    report = one(page("2024年政府信息公开年报", "本局办公室", "某省粮食和物资储备局"))
    assert (report.source, report.organ, report.published_on) == ("本局办公室", "某省粮食和物资储备局", "2025-01-20")


def test_a_title_that_ends_in_one_is_a_report() -> None:
    said = titles.classify("某局2024年政府信息公开年度报告 办公室")
    assert (said.kind, said.organ, said.year) == ("report", "某局", 2024)


def test_a_site_is_not_run_by_one() -> None:
    foot = "<div>主办单位：本局办公室 备案 版权所有：某省粮食和物资储备局 备案</div>"
    assert facts([Seen("https://lswz.x.gov.cn/", 200, f"<body>{foot}</body>")]).organ == "某省粮食和物资储备局"


def test_a_long_name_takes_no_time() -> None:
    begun = time.process_time()
    for name in ("本局" * 20000, "办公室" * 20000, "机关单位" * 20000 + "科", "综合管理" * 20000):
        assert not titles.is_relative(name + "甲")
    assert time.process_time() - begun < 1
