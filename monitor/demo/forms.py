"""The national form's three tables, filled with figures that add up.

In: an organ, a year and a seed. Out: figures by the codes of fields.csv, and the tables as grids of spanning cells,
laid out as the General Office's forms of 2019 and 2021 are (report years 2019 and 2020; 2021 and later). The
identities of the form hold: new + carried in = handled + carried out, every total is the sum of its parts, and what
one year carries out the next carries in.
"""

import hashlib
from collections.abc import Mapping
from typing import Literal, NamedTuple

FormYear = Literal["2019", "2021"]
Figures = Mapping[str, int | float]

APPLICANTS = ("natural_person", "business", "research", "welfare", "legal_service", "other_entity")

_REFUSED = (
    ("state_secret", "1.属于国家秘密"),
    ("barred_by_law", "2.其他法律行政法规禁止公开"),
    ("security_stability", "3.危及“三安全一稳定”"),
    ("third_party", "4.保护第三方合法权益"),
    ("internal_affairs", "5.属于三类内部事务信息"),
    ("process", "6.属于四类过程性信息"),
    ("enforcement_file", "7.属于行政执法案卷"),
    ("administrative_query", "8.属于行政查询事项"),
)
_UNAVAILABLE = (
    ("not_held", "1.本机关不掌握相关政府信息"),
    ("must_be_created", "2.没有现成信息需要另行制作"),
    ("still_unclear", "3.补正后申请内容仍不明确"),
)
_NOT_PROCESSED = (
    ("petition", "1.信访举报投诉类申请"),
    ("repeated", "2.重复申请"),
    ("publication", "3.要求提供公开出版物"),
    ("excessive", "4.无正当理由大量反复申请"),
    ("reissue", "5.要求行政机关确认或重新出具已获取信息"),
)
_OTHER = (
    ("not_corrected", "1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请"),
    ("fee_unpaid", "2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请"),
    ("other", "3.其他"),
)
_GROUPS = (
    ("refused", "（三）不予公开", _REFUSED),
    ("unavailable", "（四）无法提供", _UNAVAILABLE),
    ("not_processed", "（五）不予处理", _NOT_PROCESSED),
)
_REVIEWS = ("reconsideration", "direct_suit", "suit_after_reconsideration")
_RESULTS = ("upheld", "corrected", "other", "pending")
_NOTE = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"


class Cell(NamedTuple):
    """A cell of a printed table: its text and how many rows and columns it covers."""

    text: str
    rows: int = 1
    cols: int = 1


Grid = tuple[tuple[Cell, ...], ...]


class Dice:
    """Numbers that are the same on every machine and Python for the same words (`random` promises that to nobody)."""

    def __init__(self, *words: object) -> None:
        self._words = "\x1f".join(map(str, words))
        self._throws = 0

    def below(self, bound: int) -> int:
        """0 ≤ n < bound."""
        self._throws += 1
        digest = hashlib.sha256(f"{self._words}\x1f{self._throws}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % bound

    def between(self, low: int, high: int) -> int:
        """low ≤ n ≤ high."""
        return low + self.below(high - low + 1)

    def seldom(self, high: int) -> int:
        """0 three times of four, as most cells of the form are; else 1 ≤ n ≤ high."""
        return self.between(1, high) if self.below(4) == 0 else 0


def form_of(year: int) -> FormYear:
    """The form that is usual for a report year (2019 or later)."""
    return "2019" if year < 2021 else "2021"


def outcomes(form: FormYear) -> tuple[str, ...]:
    """Codes of the rows of 三、本年度办理结果, (一) to (六), in the order of the form."""
    codes = ["granted", "partly_granted"]
    codes += [f"{group}.{code}" for group, _, rows in _GROUPS for code, _ in rows]
    codes += ["other"] if form == "2019" else [f"other.{code}" for code, _ in _OTHER]
    return tuple(codes)


def make_figures(
    seed: int, organ: str, year: int, size: int = 3, form: FormYear | None = None
) -> dict[str, int | float]:
    """Figures of `organ`'s report for `year`. `size` scales the requests: 3 for a bureau, 30 for a busy county."""
    form = form or form_of(year)
    dice = Dice(seed, organ, year)
    figures: dict[str, int | float] = {}
    for applicant in APPLICANTS:
        natural = applicant == "natural_person"
        scale = size if natural else max(1, size // 6)
        handled = 0
        for code in outcomes(form):
            often = code in ("granted", "unavailable.not_held")
            number = dice.between(1, scale * 4) if often and natural else dice.seldom(scale)
            figures[f"requests.{code}.{applicant}"] = number
            handled += number
        carried_in, carried_out = (_carried(seed, organ, when, applicant, scale) for when in (year - 1, year))
        if handled + carried_out < carried_in:
            figures[f"requests.granted.{applicant}"] += carried_in - handled - carried_out
            handled = carried_in - carried_out
        figures[f"requests.new.{applicant}"] = handled + carried_out - carried_in
        figures[f"requests.carried_in.{applicant}"] = carried_in
        figures[f"requests.handled_total.{applicant}"] = handled
        figures[f"requests.carried_out.{applicant}"] = carried_out
    for row in ("new", "carried_in", *outcomes(form), "handled_total", "carried_out"):
        figures[f"requests.{row}.total"] = sum(figures[f"requests.{row}.{one}"] for one in APPLICANTS)
    for review in _REVIEWS:
        numbers = [dice.seldom(max(2, size // 4)) for _ in _RESULTS]
        figures |= {f"review.{review}.{result}": n for result, n in zip(_RESULTS, numbers, strict=True)}
        figures[f"review.{review}.total"] = sum(numbers)
    proactive = _proactive_2019(dice) if form == "2019" else _proactive_2021(dice)
    if form == "2021":
        proactive |= _in_force(seed, organ, year)
    return figures | proactive


def _in_force(seed: int, organ: str, year: int) -> dict[str, int | float]:
    """Documents in force: those of the year before, and what was issued, less what was abolished."""
    total = Dice(seed, organ, "in force").between(60, 140)
    issued = abolished = 0
    for when in range(2021, year + 1):
        dice = Dice(seed, organ, when, "documents")
        issued, abolished = dice.between(0, 8), dice.between(0, 8)
        total += issued - abolished
    row = "proactive.normative_documents"
    return {f"{row}.issued": issued, f"{row}.abolished": abolished, f"{row}.in_force": max(0, total)}


def _carried(seed: int, organ: str, year: int, applicant: str, scale: int) -> int:
    return Dice(seed, organ, year, "carried", applicant).seldom(max(1, scale // 2))


def _proactive_2019(dice: Dice) -> dict[str, int | float]:
    figures: dict[str, int | float] = {}
    for row in ("rules", "normative_documents"):
        made = dice.between(0, 6) if row == "normative_documents" else 0
        figures |= {f"proactive.{row}.made": made, f"proactive.{row}.disclosed": made}
        figures[f"proactive.{row}.disclosed_total"] = made + (dice.between(5, 40) if made else 0)
    for row in ("licences", "other_services", "penalties", "compulsion"):
        figures[f"proactive.{row}.items_last_year"] = dice.between(3, 300)
        figures[f"proactive.{row}.items_change"] = dice.between(-12, 20)
        figures[f"proactive.{row}.decisions"] = dice.between(0, 4800)
    figures |= {"proactive.fees.items_last_year": dice.between(0, 9), "proactive.fees.items_change": -dice.below(3)}
    figures["proactive.procurement.items"] = dice.between(4, 90)
    figures["proactive.procurement.amount"] = dice.between(80_000, 99_999_999) / 10_000
    return figures


def _proactive_2021(dice: Dice) -> dict[str, int | float]:
    figures: dict[str, int | float] = {}
    for row in ("rules", "normative_documents"):
        figures |= {f"proactive.{row}.{column}": 0 for column in ("issued", "abolished", "in_force")}
    for row in ("licences", "penalties", "compulsion"):
        figures[f"proactive.{row}.decisions"] = dice.between(0, 5200)
    figures["proactive.fees.amount"] = dice.between(0, 999_999) / 100
    return figures


def _text(value: int | float, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def table_two(form: FormYear, figures: Figures) -> Grid:
    """二、主动公开政府信息情况, four columns."""

    def row(label: str, code: str, columns: tuple[str, ...], spans: tuple[int, ...]) -> tuple[Cell, ...]:
        digits = 4 if form == "2019" else 2
        values = (_text(figures[f"proactive.{code}.{column}"], digits) for column in columns)
        return (Cell(label), *(Cell(value, 1, span) for value, span in zip(values, spans, strict=True)))

    def part(clause: str, heads: tuple[str, ...], columns: tuple[str, ...], rows: tuple[tuple[str, str], ...]) -> Grid:
        spans = {1: (3,), 2: (1, 2), 3: (1, 1, 1)}[len(columns)]
        top = (Cell(f"第二十条第（{clause}）项", 1, 4),)
        names = (Cell("信息内容"), *(Cell(head, 1, span) for head, span in zip(heads, spans, strict=True)))
        return (top, names, *(row(label, code, columns, spans) for label, code in rows))

    licences, force = ("行政许可", "licences"), (("行政处罚", "penalties"), ("行政强制", "compulsion"))
    if form == "2021":
        decisions = ("本年处理决定数量",), ("decisions",)
        documents = (("规章", "rules"), ("行政规范性文件", "normative_documents"))
        return (
            *part(
                "一", ("本年制发件数", "本年废止件数", "现行有效件数"), ("issued", "abolished", "in_force"), documents
            ),
            *part("五", *decisions, (licences,)),
            *part("六", *decisions, force),
            *part("八", ("本年收费金额（单位：万元）",), ("amount",), (("行政事业性收费", "fees"),)),
        )
    documents = (("规章", "rules"), ("规范性文件", "normative_documents"))
    items = ("上一年项目数量", "本年增/减", "处理决定数量"), ("items_last_year", "items_change", "decisions")
    made = ("本年新制作数量", "本年新公开数量", "对外公开总数量"), ("made", "disclosed", "disclosed_total")
    buying = ("采购项目数量", "采购总金额（单位：万元）"), ("items", "amount")
    return (
        *part("一", *made, documents),
        *part("五", *items, (licences, ("其他对外管理服务事项", "other_services"))),
        *part("六", *items, force),
        *part("八", items[0][:2], items[1][:2], (("行政事业性收费", "fees"),)),
        *part("九", *buying, (("政府集中采购", "procurement"),)),
    )


def table_three(form: FormYear, figures: Figures) -> Grid:
    """三、收到和处理政府信息公开申请情况: three columns of labels, seven of figures, under three rows of headings."""

    def numbers(code: str) -> tuple[Cell, ...]:
        return tuple(Cell(str(figures[f"requests.{code}.{one}"])) for one in (*APPLICANTS, "total"))

    groups = [(name, label, rows) for name, label, rows in _GROUPS]
    if form == "2021":
        groups.append(("other", "（六）其他处理", _OTHER))
    height = 3 + sum(len(rows) for _, _, rows in groups) + (1 if form == "2019" else 0)
    body: list[tuple[Cell, ...]] = [
        (Cell("一、本年新收政府信息公开申请数量", 1, 3), *numbers("new")),
        (Cell("二、上年结转政府信息公开申请数量", 1, 3), *numbers("carried_in")),
        (Cell("三、本年度办理结果", height), Cell("（一）予以公开", 1, 2), *numbers("granted")),
        (Cell("（二）部分公开（区分处理的，只计这一情形，不计其他情形）", 1, 2), *numbers("partly_granted")),
    ]
    for name, label, rows in groups:
        for index, (code, text) in enumerate(rows):
            head = (Cell(label, len(rows)),) if index == 0 else ()
            body.append((*head, Cell(text), *numbers(f"{name}.{code}")))
    if form == "2019":
        body.append((Cell("（六）其他处理", 1, 2), *numbers("other")))
    body.append((Cell("（七）总计", 1, 2), *numbers("handled_total")))
    body.append((Cell("四、结转下年度继续办理", 1, 3), *numbers("carried_out")))
    entities = ("商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他")
    return (
        (Cell(_NOTE, 3, 3), Cell("申请人情况", 1, 7)),
        (Cell("自然人", 2), Cell("法人或其他组织", 1, 5), Cell("总计", 2)),
        tuple(Cell(name) for name in entities),
        *body,
    )


def table_four(figures: Figures) -> Grid:
    """四、行政复议、行政诉讼情况: fifteen columns, one row of figures under three of headings."""
    heads = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
    return (
        (Cell("行政复议", 1, 5), Cell("行政诉讼", 1, 10)),
        (*(Cell(head, 2) for head in heads), Cell("未经复议直接起诉", 1, 5), Cell("复议后起诉", 1, 5)),
        tuple(Cell(head) for head in heads * 2),
        tuple(Cell(str(figures[f"review.{review}.{one}"])) for review in _REVIEWS for one in (*_RESULTS, "total")),
    )
