"""Every figure outside the national tables that stands in ../shared/seeds, read by hand and pinned; and no other."""

import html

import pytest

from crawler.page.model import Report
from monitor.figures import read as figures_of
from tests.unit.test_page_seeds import SEEDS, lines, paragraphs, read

pytestmark = [pytest.mark.seeds, pytest.mark.skipif(not SEEDS.is_dir(), reason="../shared/seeds is not here")]


def told(report: Report) -> dict[str, float | None]:
    """Open codes, shortened: `p.` for prose."""
    found = figures_of(report.text, year=report.year, organs=(report.organ,))
    assert found.problems == ()
    return {
        one.field.replace("prose.", "p.").replace("indicator.", "i."): one.value
        for one in found.figures
        if one.field.startswith(("indicator.", "prose."))
    }


def titled(number: str, body: str) -> Report:
    seed = lines(number)
    head = f"<h1>{seed[0]}</h1><div class=i>{seed[2]}</div><div>{seed[4]}</div><div>{seed[5]}</div>"
    return read(f"<div>{head}<div class={body}>{paragraphs(seed[6:])}</div></div>", "首都之窗").reports[0]


def test_haidian() -> None:
    # Not: 规范性文件5个 (预公开), 区政府受理352件, 行政复议8件 and 行政诉讼15件 (parts of the district's).
    assert told(titled("000", "x")) == {
        "p.proactive.disclosed": 30239,
        "p.requests.accepted": 1379,
        "p.review.reconsideration": 82,
        "p.review.suit": 162,
    }


def test_linhai() -> None:
    # Not: the kinds of applicant, which no code names; 解读文件209件; 网民留言7100余条.
    rows = ""
    for line in lines("002"):
        text = line.replace("|", "").strip()
        parts = "".join(f"<p>{html.escape(part)}</p>" for part in text.split(" "))
        rows += f"<tr><td colspan={line.count('|') or 370}>{parts if len(text) > 300 else html.escape(text)}</td></tr>"
    assert told(read(f"<table><tr><td><table>{rows}</table></td></tr></table>", "临海市人民政府").reports[0]) == {
        "p.requests.accepted": 248,
        "p.requests.granted": 115,  # 完整公开
        "p.requests.partly_granted": 33,
        "p.requests.refused": 11,
        "p.requests.unavailable": 64,
        "p.requests.not_processed": 7,
        "p.requests.other": 8,
        "p.requests.carried_out": 10,
    }


def test_the_traditional_view() -> None:
    # Not: 22件規範性文件報送及公開, 確定150條, 近3000條.
    assert told(titled("003", "unknown")) == {"p.requests.handled": 53}


def test_the_damaged_copy() -> None:
    title = "海珠區(qū)人民政府2020年政府信息公開年度報(bào)告"
    page = read(f"<h1>{title}</h1><div class=unknown>{paragraphs(lines('004'))}</div>", "某网")
    assert told(page.reports[0]) == {
        "p.requests.received": 417,
        "p.requests.carried_in": 10,
        "p.requests.granted": 141,
        "p.requests.partly_granted": 13,
        "p.requests.refused": 103,
        "p.requests.unavailable": 135,
        "p.requests.not_processed": 18,
        "p.requests.carried_out": 17,
    }


def none_of(*codes: str) -> dict[str, float]:
    return dict.fromkeys((f"p.{code}" for code in codes), 0.0)


YEARLY = none_of("review.reconsideration", "review.suit", "review.appeal", "fees.suits", "consultations")
"""What the agency's reports of 2008 to 2018 all say there was none of."""
FREE = none_of("fees.charged", "fees.waived")


def listed(number: float) -> dict[str, float]:
    """The three rows of the 附表."""
    return {"i.proactive.total": number, "i.proactive.electronic": number, "i.proactive.normative_documents_added": 0}


# Not: what was disclosed on one site or by one service (2014: 1196条, 2015 to 2018), 累计1112条 and 1467条, the sorts of
# what was disclosed, staff, 2件委员提案, 来电31052件.
AGENCY: dict[int, dict[str, float]] = {
    2022: {
        "p.proactive.disclosed": 75,
        "p.requests.received": 1,
        **none_of("fees.notices", "fees.notified", "fees.charged"),
    },
    2021: {},
    2020: {},
    2019: {},
    2018: {
        **listed(234),
        **YEARLY,
        "p.requests.received": 4,
        "p.requests.granted": 3,
        "p.fees.charged": 0,
        "p.fees.waived": 4.6,
    },
    2017: {
        **listed(261),
        **YEARLY,
        **FREE,
        "p.requests.received": 7,
        "p.requests.granted": 6,
        "p.requests.not_existing": 1,
    },
    2016: {**listed(585), **YEARLY, **FREE, "p.requests.received": 2},
    2015: {**YEARLY, **FREE, "p.requests.received": 2},
    2014: {**YEARLY, "p.fees.charged": 3.8, "p.fees.waived": 3.8, "p.requests.received": 1},
    2013: {**listed(505), **YEARLY, **FREE, "p.requests.received": 0, "p.proactive.disclosed": 505},
    2011: {**listed(268), **YEARLY, **FREE, "p.requests.received": 0, "p.proactive.disclosed": 268},
    2010: {**YEARLY, **FREE, "p.requests.received": 0, "p.proactive.disclosed": 437},
    2009: {**YEARLY, **FREE, "p.requests.received": 0, "p.proactive.disclosed": 27},
    2008: {**YEARLY, **FREE, "p.requests.received": 0, "p.proactive.disclosed": 41},
}


def test_fourteen_reports_of_an_agency() -> None:
    page = read(f"<div class=con>{paragraphs(lines('001'))}</div>", "政府信息公开年报-海淀区")
    assert {report.year: told(report) for report in page.reports} == AGENCY
