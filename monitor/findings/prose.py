"""What the text says against what the tables say. Pure.

Soft by nature: “收到申请 N 件” may mean those of the year or those carried in as well. So a figure in prose is wrong only if
no reading of it fits, every reading can be worked out, and nothing says that the text or the table leaves something out.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from monitor.figures import Figures
from monitor.figures.fields import REQUEST_ROWS, REVIEW_CELLS
from monitor.figures.open_fields import PROSE
from monitor.findings.chapters import Chapters
from monitor.findings.model import Finding, number, values_of

_LEFT_OUT = re.compile(
    r"[未不](?:能)?(?:纳入|计入|列入|统计在内)|不含|不包括|不包含|未包含|除外|剔除|口径不同|仅(?:指|含|统计)"
)
_NEW, _CARRIED_IN, _HANDLED = "一、本年新收", "二、上年结转", "三(七)总计"


def against_tables(figures: Figures, chapters: Chapters) -> Iterator[Finding]:
    """What the tables contradict."""
    values = values_of(figures)
    if not any(code.startswith("prose.") for code in values):
        return
    yield from _fee_notices(values)
    if _LEFT_OUT.search("\n".join((chapters.text.get("一", ""), chapters.text.get("三", "")))):
        return
    for code, readings in _readings(values, figures.form or "2021").items():
        said = values.get(code)
        known = {words: amount for words, amount in readings.items() if amount is not None}
        if said is None or len(known) < len(readings) or said in known.values():
            continue
        name = PROSE[code].label
        table = "表四" if code.startswith("prose.review.") else "表三"
        shown = "，".join(f"{words} {number(amount)}" for words, amount in list(known.items())[:2])
        detail = f"正文“{name}”{number(said)} 件，与{table}不符：{shown}"
        yield Finding("prose_table", "warning", detail, f"正文 {name}", (code,))


def _fee_notices(values: Mapping[str, float]) -> Iterator[Finding]:
    """Who did not pay had been sent a notice; it may have been last year's."""
    notices = values.get("prose.fees.notices")
    unpaid = values.get("requests.other.fee_unpaid.total", 0)
    if notices is not None and notices < unpaid:
        codes = ("prose.fees.notices", "requests.other.fee_unpaid.total")
        detail = f"正文称发出收费通知 {number(notices)} 件，表三“三(六)2 逾期不缴费”却有 {number(unpaid)} 件"
        yield Finding("fee_notices", "info", detail, "正文 六、其他需要报告的事项", codes)


@cache
def _totals(form: str, prefixes: tuple[str, ...]) -> tuple[str, ...]:
    """Totals of the rows, or groups of rows, of table 3 in that form."""
    rows = (row for row in REQUEST_ROWS[form] if row in prefixes or row.partition(".")[0] in prefixes)
    return tuple(f"requests.{row}.total" for row in rows)


@cache
def _outcomes(names: tuple[str, ...]) -> tuple[str, ...]:
    """Outcomes of these cases in table 4."""
    return tuple(code for code in REVIEW_CELLS if code.split(".")[1] in names and not code.endswith(".total"))


def _readings(values: Mapping[str, float], form: str) -> dict[str, dict[str, float | None]]:
    """By code of prose: everything that it may mean, in words, with what the tables say to that; None: they do not tell."""

    def rows(*prefixes: str) -> float | None:
        found = [values.get(code) for code in _totals(form, prefixes)]
        known = [value for value in found if value is not None]
        return sum(known) if len(known) == len(found) else None

    def cases(*names: str, concluded: bool = False) -> float | None:
        found = {code: values.get(code) for code in _outcomes(names)}
        known = {code: value for code, value in found.items() if value is not None}
        if len(known) < len(found):
            return None
        return sum(value for code, value in known.items() if not (concluded and code.endswith(".pending")))

    both = f"{_NEW}加{_CARRIED_IN}"
    came = {_NEW: rows("new"), both: rows("new", "carried_in")}
    suits = ("direct_suit", "suit_after_reconsideration")
    return {
        "prose.requests.new": {_NEW: rows("new")},
        "prose.requests.received": came,
        "prose.requests.accepted": {**came, _HANDLED: rows("handled_total")},
        "prose.requests.carried_in": {_CARRIED_IN: rows("carried_in")},
        "prose.requests.closed": {_HANDLED: rows("handled_total"), **came},
        "prose.requests.granted": {
            "(一)予以公开": rows("granted"),
            "加(二)部分公开": rows("granted", "partly_granted"),
        },
        "prose.requests.partly_granted": {"(二)部分公开": rows("partly_granted")},
        "prose.requests.refused": {
            "(三)不予公开": rows("refused"),
            "加(五)不予处理": rows("refused", "not_processed"),
            "加(四)无法提供": rows("refused", "unavailable"),
            "(三)至(五)": rows("refused", "unavailable", "not_processed"),
        },
        "prose.requests.unavailable": {"(四)无法提供": rows("unavailable")},
        "prose.requests.not_processed": {
            "(五)不予处理": rows("not_processed"),
            "加(六)其他处理": rows("not_processed", "other"),
        },
        "prose.requests.other": {"(六)其他处理": rows("other")},
        "prose.requests.carried_out": {"四、结转下年度": rows("carried_out")},
        "prose.review.reconsideration": {
            "行政复议总计": cases("reconsideration"),
            "其中已审结": cases("reconsideration", concluded=True),
        },
        "prose.review.suit": {
            "行政诉讼总计": cases(*suits),
            "其中已审结": cases(*suits, concluded=True),
            "未经复议直接起诉": cases(suits[0]),
            "复议后起诉": cases(suits[1]),
        },
    }
