"""A report's tables against the same organ's of the year before. Pure.

That what one year carries on the next takes over is the form's own rule. The rest are hints (`info`): documents lapse or are
counted anew, work grows and shrinks, and a unit mistaken shows only by its size.
"""

from collections.abc import Iterator, Mapping

from monitor.figures.fields import APPLICANTS, FIELDS, applicant, label
from monitor.findings.model import Earlier, Finding, Subject, number, values_of
from monitor.findings.tables import named

_HEADLINES = ("requests.new.total", "review.reconsideration.total")
_JUMP = 5
"""Times by which a headline figure grows or shrinks until that is worth a look."""
_JUMP_LEAST = 50
"""And by how much at least: 2 → 14 is nothing."""
_MONEY = ("proactive.fees.amount", "proactive.procurement.amount")
_SLIP = (5_000, 20_000)
"""Between 元 and 万元 lie 10,000 times; an amount changes by itself too."""
_SLIP_LEAST = 10_000
"""万元. Below a hundred million yuan a rise may be a real one."""

_TEXTS = {
    row: tuple(f"proactive.{row}.{column}" for column in ("issued", "abolished", "in_force"))
    for row in ("rules", "normative_documents")
}
BEFORE = frozenset(
    {
        *(f"requests.carried_out.{column}" for column in APPLICANTS),
        *(codes[-1] for codes in _TEXTS.values()),
        *_MONEY,
        *_HEADLINES,
    }
)
"""Fields of the year before that `across` compares with."""


def across(subject: Subject, earlier: Earlier) -> Iterator[Finding]:
    """What does not go together with the year before."""
    values, before = values_of(subject.figures), values_of(earlier.figures)
    yield from _carried_over(values, before, earlier.year)
    yield from _in_force(values, before, earlier.year)
    yield from _unit_slips(values, before, earlier.year)
    yield from _jumps(values, before, earlier.year)


def _carried_over(values: Mapping[str, float], before: Mapping[str, float], last: int) -> Iterator[Finding]:
    wrong: dict[str, str] = {}
    for column in reversed(APPLICANTS):
        now, then = values.get(f"requests.carried_in.{column}"), before.get(f"requests.carried_out.{column}")
        if now is not None and then is not None and now != then:
            wrong[f"requests.carried_in.{column}"] = f"{applicant(column)} {number(then)} → {number(now)}"
    if wrong:
        detail = f"表三{last}年“四、结转下年度”与{last + 1}年“二、上年结转”不一致：{named(list(wrong.values()), '列')}"
        yield Finding("carried_over", "warning", detail, "表三 二、上年结转", tuple(wrong))


def _in_force(values: Mapping[str, float], before: Mapping[str, float], last: int) -> Iterator[Finding]:
    for codes in _TEXTS.values():
        then = before.get(codes[-1])
        if then is None or any(code not in values for code in codes):
            continue
        issued, abolished, now = (values[code] for code in codes)
        if now != then + issued - abolished:
            name = FIELDS[codes[0]].row_label.partition(" ")[2]
            detail = (
                f"表二“{name}”：{last}年现行有效 {number(then)} 件，{last + 1}年制发 {number(issued)}、废止 {number(abolished)}，"
                f"推算 {number(then + issued - abolished)}，填报 {number(now)}"
            )
            yield Finding("in_force", "info", detail, f"表二 {name}", codes)


def _unit_slips(values: Mapping[str, float], before: Mapping[str, float], last: int) -> Iterator[Finding]:
    for code in _MONEY:
        now, then = values.get(code, 0), before.get(code, 0)
        if min(now, then) > 0 and max(now, then) >= _SLIP_LEAST:
            times = max(now, then) / min(now, then)
            if _SLIP[0] <= times <= _SLIP[1]:
                year = last if then > now else last + 1
                detail = (
                    f"{label(code)}：{last}年 {number(then)} 万元，{last + 1}年 {number(now)} 万元，"
                    f"相差约一万倍，{year}年似以元填报"
                )
                yield Finding("unit_slip", "warning", detail, label(code), (code,))


def _jumps(values: Mapping[str, float], before: Mapping[str, float], last: int) -> Iterator[Finding]:
    for code in _HEADLINES:
        now, then = values.get(code, 0), before.get(code, 0)
        low, high = sorted((now, then))
        if low > 0 and high > _JUMP * low and high - low >= _JUMP_LEAST:
            grown = "增至" if now > then else "减至"
            times = number(round(now / then, 1)) + " 倍" if now > then else f"{now / then:.0%}"
            detail = f"{label(code)}：{last}年 {number(then)}，{last + 1}年 {number(now)}，{grown}上年的 {times}"
            yield Finding("year_jump", "info", detail, label(code), (code,))
