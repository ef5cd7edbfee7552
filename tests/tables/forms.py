"""The three tables as grids, with the labels that portals print, after the choices of a `Look`."""

import random
import re
from collections.abc import Mapping

from monitor.demo.national_tables import row_labels
from monitor.figures.fields import APPLICANTS, FIELDS, REQUEST_ROWS, REVIEW_CELLS
from tests.tables.grid import Cell, Grid
from tests.tables.look import Look
from tests.tables.printing import Printed, plain

Truth = dict[str, Printed]
CHAPTERS = {
    "二": "二、主动公开政府信息情况",
    "三": "三、收到和处理政府信息公开申请情况",
    "四": "四、政府信息公开行政复议、行政诉讼情况",
}
_NOTE = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"
_LOOSE = {
    "new": (
        "一、本年新收",
        "本年新收政府信息公开申请数",
        "一、本年度新收政府信息公开申请数量（件）",
        "（一）本年新收信息公开申请",
    ),
    "carried_in": ("二、上年结转", "上年度结转政府信息公开申请数量", "二、上一年结转申请数", "2、上一年度结转数量"),
    "granted": ("（一）予以公开", "1、予以公开", "予以公开数", "(一)　予以公开"),
    "partly_granted": ("（二）部分公开", "部分公开", "（二）部分公开(区分处理的，只计这一情形，不计其它情形)"),
    "refused.state_secret": ("1．属于国家秘密", "国家秘密", "（1）涉及国家秘密"),
    "refused.barred_by_law": (
        "2、其他法律、行政法规禁止公开",
        "其他法律行政法规禁止公开的",
        "2.其它法律、法规禁止公开",
    ),
    "refused.security_stability": (
        "3.危及“三安全一稳定”",
        "3.危及国家安全、公共安全、经济安全和社会稳定",
        "危及 '三安全一稳定'",
    ),
    "refused.third_party": ("4、保护第三方合法权益", "（4）涉及第三方合法权益"),
    "refused.internal_affairs": ("5、属于三类内部事务信息", "属于内部事务信息", "5.属于三类内部管理事务信息"),
    "refused.process": ("6、属于四类过程性信息", "⑥属于过程性信息"),
    "refused.enforcement_file": ("7、属于行政执法案卷", "行政执法案卷信息"),
    "refused.administrative_query": ("8、属于行政查询事项", "属于行政查询、咨询事项"),
    "unavailable.not_held": ("1、本单位不掌握相关政府信息", "1.本行政机关不掌握相关政府信息", "本机关不掌握"),
    "unavailable.must_be_created": ("2、没有现成信息，需要另行制作", "2.没有现成信息需另行制作", "需要另行制作"),
    "unavailable.still_unclear": ("3、补正后申请内容仍不明确", "补正后仍不明确的"),
    "not_processed.petition": ("1、信访举报投诉类申请", "信访、举报、投诉类", "1.信访投诉举报类申请"),
    "not_processed.repeated": ("2、重复申请", "重复申请", "（2）重复申请的"),
    "not_processed.publication": ("3、要求提供公开出版物", "公开出版物"),
    "not_processed.excessive": ("4、无正当理由大量反复申请", "大量反复申请"),
    "not_processed.reissue": (
        "5、要求行政机关确认或重新出具已获取信息",
        "5.要求本机关确认或者重新出具已获取信息",
        "要求行政机关重新出具",
    ),
    "other": ("（六）其它处理", "6、其他处理", "其他处理"),
    "other.not_corrected": (
        "1、申请人无正当理由逾期不补正，行政机关不再处理其政府信息公开申请",
        "1.申请人无正当理由逾期未补正、本机关不再处理其申请",
        "逾期不补正",
    ),
    "other.fee_unpaid": (
        "2、申请人逾期未按收费通知要求缴纳费用，行政机关不再处理其政府信息公开申请",
        "2.逾期未按照收费通知要求缴纳费用、不再处理",
        "逾期未缴纳费用",
    ),
    "other.other": ("3、其他", "3.其它", "（3）其他", "其他"),
    "handled_total": ("（七）总计", "(七)合计", "总计", "7、总计"),
    "carried_out": (
        "四、结转下年度继续办理",
        "结转下年度继续办理",
        "四、结转下一年度继续办理",
        "四、结转下年继续办理（件）",
    ),
    "rules": ("政府规章", "行政规章", "规　章", "规章"),
    "normative_documents": ("规范性文件", "行政规范性文件", "行政规范性文件（件）"),
    "licences": ("行政许可事项", "行政许可（件）"),
    "other_services": ("其它对外管理服务事项", "其他对外管理服务"),
    "penalties": ("行政处罚", "行政处罚（宗）"),
    "compulsion": ("行政强制", "行政强制措施"),
    "fees": ("行政事业性收费", "行政事业性收费项目"),
    "procurement": ("政府集中采购", "政府集中采购项目"),
}
_LOOSE_HEADS = {
    "issued": ("本年制发件数", "本年制发数", "本年制发数量"),
    "abolished": ("本年废止件数", "本年废止数", "本年废止数量"),
    "in_force": ("现行有效件数", "现行有效数", "现行有效数量"),
    "made": ("本年新制作数量", "本年新制作数", "本年制作数量"),
    "disclosed": ("本年新公开数量", "本年新公开数", "本年公开数量"),
    "disclosed_total": ("对外公开总数量", "对外公开总数"),
    "items_last_year": ("上一年项目数量", "上年项目数量", "上一年度项目数"),
    "items_change": ("本年增/减", "本年增减", "本年增（+）/减（-）"),
    "decisions": ("处理决定数量", "本年处理决定数量", "本年处理决定数"),
    "amount": ("采购总金额", "采购总金额（万元）", "采购金额（单位：万元）"),
    "items": ("采购项目数量", "采购项目数"),
    "natural_person": ("自然人",),
    "business": ("商业企业", "企业"),
    "research": ("科研机构",),
    "welfare": ("社会公益组织", "公益组织"),
    "legal_service": ("法律服务机构", "法律服务组织"),
    "other_entity": ("其他", "其它"),
    "total": ("总计", "合计"),
}
_GROUPS = {"三、本年度办理结果": "三、办理结果"}
_NUMBER = re.compile(r"^(?:[一二三四五六七八]、|\([一二三四五六七八]\)|\d\.)")
_OTHER_NUMBERS = {
    "、": ("、", ".", "．", " ", ""),
    ")": ("({})", "（{}）", "{}、", ""),
    ".": (".", "、", "．", ")", "）", ""),
}


def wording(rng: random.Random, words: str, row: str, look: Look) -> str:
    """A label as this report prints it."""
    if look.wording == "loose":
        return rng.choice(_LOOSE.get(row, (_GROUPS.get(words, words),)))
    number = _NUMBER.match(words)
    if look.wording == "form" or number is None:
        return words
    rest = words[number.end() :]
    if look.wording == "bare":
        return rest
    if number[0][0] == "(":
        return rng.choice(_OTHER_NUMBERS[")"]).format(number[0][1]) + rest
    return number[0][0] + rng.choice(_OTHER_NUMBERS[number[0][1]]) + rest


def head(rng: random.Random, column: str, words: str, look: Look) -> str:
    return rng.choice(_LOOSE_HEADS[column]) if look.wording == "loose" else words


def _data(truth: Truth, code: str) -> Cell:
    return Cell(truth[code][1], "data", code)


# --- table 3 ---


def requests(rng: random.Random, form: str, truth: Truth, look: Look) -> Grid:
    """Its header, then a row for each row of the form."""
    grid = _requests_head(rng, look)
    cells: dict[str, Cell] = {}
    last: list[str] = []
    for row in _order(rng, form, look):
        own_words = row_labels(row)
        parents, own = own_words[:-1], Cell(wording(rng, own_words[-1], row, look), "label")
        shown: list[Cell] = []
        if look.labels == 1:
            if look.group_lines and parents != last:
                grid.extend(_group_line(rng, word, look) for word in parents if word not in last)
            elif len(parents) > 1 and look.wording == "form" and rng.random() < 0.1:
                own.text = parents[-1] + own.text
        else:
            for word in parents[-(look.labels - 1) :]:
                if word in last and word in cells and not look.unresolved:
                    shown.append(cells[word])
                elif word in last and word in cells:
                    shown.append(Cell("", "label"))
                else:
                    cells[word] = Cell(wording(rng, word, "", look), "label")
                    shown.append(cells[word])
        last = parents
        label = [*shown, *[own] * (look.labels - len(shown))]
        grid.append([*label, *(_data(truth, f"requests.{row}.{column}") for column in APPLICANTS)])
    return grid


def _group_line(rng: random.Random, words: str, look: Look) -> list[Cell]:
    label = Cell(wording(rng, words, "", look), "label")
    if rng.random() < 0.5:
        return [label] * (look.labels + len(APPLICANTS))
    return [*[label] * look.labels, *(Cell("") for _ in APPLICANTS)]


def _order(rng: random.Random, form: str, look: Look) -> list[str]:
    """The form's rows; shuffled, groups stay together."""
    rows = list(REQUEST_ROWS[form])
    if not look.shuffled:
        return rows
    blocks: dict[str, list[str]] = {}
    for row in rows:
        blocks.setdefault(row.partition(".")[0], []).append(row)
    keys = [key for key in blocks if key not in ("new", "carried_in", "carried_out")]
    rng.shuffle(keys)
    for block in blocks.values():
        rng.shuffle(block)
    outer = [["carried_in"], ["new"], [row for key in keys for row in blocks[key]], ["carried_out"]]
    rng.shuffle(outer)
    return [row for block in outer for row in block]


def _requests_head(rng: random.Random, look: Look) -> Grid:
    names = [
        Cell(head(rng, column, FIELDS[f"requests.new.{column}"].column_label, look), "head") for column in APPLICANTS
    ]
    if look.heads == "names only":
        return [[*[Cell(rng.choice(["项目", "", "类别"]), "head")] * look.labels, *names]]
    note = Cell({"form": _NOTE, "two rows": _NOTE, "no note": "", "bare": "项目"}[look.heads], "head")
    left, whole, legal = [note] * look.labels, Cell("申请人情况", "head"), Cell("法人或其他组织", "head")
    grid = [[*left, *[whole] * 7], [*left, names[0], *[legal] * 5, names[6]]]
    if look.heads != "two rows":
        return [*grid, [*left, *names]]
    # Words that two rows of cells share: 商业 above 企业.
    halves = [(Cell(name.text[:2], "head"), Cell(name.text[2:], "head")) for name in names[1:6]]
    for which in (0, 1):
        grid.append([*left, names[0], *(half[which] for half in halves), names[6]])
    return grid


# --- table 4 ---


def reviews(rng: random.Random, truth: Truth, look: Look) -> Grid:
    loose = look.wording == "loose" and rng.random() < 0.5
    names = ["结果维持", "结果纠正", "其它结果" if loose else "其他结果", "尚未审结", "合计" if loose else "总计"]
    review, suit = Cell("行政复议", "head"), Cell("行政诉讼", "head")
    direct, after = Cell("未经复议直接起诉", "head"), Cell("复议后起诉", "head")
    top = [Cell(name, "head") for name in names]
    rows = [[*[review] * 5, *[suit] * 10], [*top, *[direct] * 5, *[after] * 5]]
    rows.append([*top, *(Cell(name, "head") for _ in range(2) for name in names)])
    return [*rows, [_data(truth, code) for code in REVIEW_CELLS]]


# --- table 2 ---

_CLAUSES = (
    "第二十条第（{}）项",
    "第二十条第({})项",
    "第二十条第{}项",
    "第二十条第一款第（{}）项",
    "《条例》第二十条 第（{}）项",
)
_SERVICES = ("行政检查", "行政确认", "行政奖励", "行政给付", "行政裁决")


def proactive(rng: random.Random, form: str, truth: Truth, look: Look) -> Grid:
    """Its sections, each with its header. Rows printed in parts make their sum the truth."""
    sections: dict[str, list[str]] = {}
    rows: dict[str, list[str]] = {}
    for code, field in FIELDS.items():
        if field.table != "二" or form not in field.forms:
            continue
        row = field.row
        clause = {"licences": "五", "other_services": "五", "penalties": "六", "compulsion": "六"}.get(row, "")
        clause = clause or re.findall(r"\((.)\)", field.row_label)[0]
        if row not in rows:
            sections.setdefault(clause, []).append(row)
        rows.setdefault(row, []).append(code)
    clauses = sorted(sections, key="一五六八九".index)
    if look.shuffled:
        rng.shuffle(clauses)
    several = form == "2019" and look.parts
    labels = 2 if form == "2019" and (look.labels > 1 or several) else 1
    grid: Grid = []
    for clause in clauses:
        words = rng.choice(_CLAUSES).format(clause) if look.wording == "loose" else f"第二十条第（{clause}）项"
        grid.append([Cell(words, "head")] * (labels + 3))
        codes = sorted(rows[sections[clause][0]], key=_column_order)
        heads = [Cell(_proactive_head(rng, code, form, look), "head") for code in codes]
        above = rng.choice(("信息内容", "信息内容", "类别", "")) if look.wording == "loose" else "信息内容"
        grid.append([*[Cell(above, "head")] * labels, *_over_three(heads)])
        for row in sections[clause]:
            words = FIELDS[codes[0]].row_label if len(sections[clause]) == 1 else FIELDS[rows[row][0]].row_label
            words = words.partition(" ")[2]
            if row == "normative_documents":
                words = "规范性文件" if form == "2019" else "行政规范性文件"
            label = Cell(wording(rng, words, row, look), "label")
            codes = sorted(rows[row], key=_column_order)
            if several and _in_parts(row, look):
                grid.extend(_parts(rng, truth, row, codes, label, look))
            else:
                grid.append([*[label] * labels, *_over_three([_data(truth, code) for code in codes])])
    return grid


_COLUMNS = (
    "issued",
    "abolished",
    "in_force",
    "made",
    "disclosed",
    "disclosed_total",
    "items_last_year",
    "items_change",
)
_ALL_COLUMNS = (*_COLUMNS, "decisions", "items", "amount")


def _column_order(code: str) -> int:
    return _ALL_COLUMNS.index(code.rpartition(".")[2])


def _proactive_head(rng: random.Random, code: str, form: str, look: Look) -> str:
    column = code.rpartition(".")[2]
    if code == "proactive.fees.amount":
        return "本年收费金额（单位：元）" if look.yuan else "本年收费金额（单位：万元）"
    if column == "amount" and look.yuan:
        return "采购总金额（单位：元）"
    if column == "decisions" and form == "2021":
        return head(rng, column, "本年处理决定数量", look)
    return head(rng, column, FIELDS[code].column_label.replace("(", "（").replace(")", "）"), look)


def _over_three(cells: list[Cell]) -> list[Cell]:
    return [*cells, *[cells[-1]] * (3 - len(cells))]


def _in_parts(row: str, look: Look) -> bool:
    return row == {"contracts": "procurement", "services": "other_services"}.get(look.parts, row) and row in (
        "procurement",
        "other_services",
    )


def _parts(rng: random.Random, truth: Truth, row: str, codes: list[str], label: Cell, look: Look) -> Grid:
    """A row in two to four, the label spanning them; each has a label of its own."""
    count = rng.randrange(2, 5)
    names = list(_SERVICES[:count]) if row == "other_services" else [f"项目{index + 1}" for index in range(count)]
    columns: list[list[float]] = []
    for code in codes:
        money = FIELDS[code].unit == "万元"
        if money:
            columns.append([round(rng.random() * 50, 4) for _ in names])
        else:
            columns.append([1.0 if row == "procurement" else float(rng.randrange(5)) for _ in names])

    def shown(code: str, number: float) -> str:
        if FIELDS[code].unit == "万元" and look.yuan:
            return plain(round(number * 1e4))
        if FIELDS[code].unit == "万元" and look.way == "units":
            return f"{number * 1e4:.0f}元"
        return plain(number)

    grid: Grid = []
    for index, name in enumerate(names):
        cells = [Cell(shown(code, column[index]), "data", code) for code, column in zip(codes, columns, strict=True)]
        grid.append([label, Cell(name, "label"), *_over_three(cells)])
    for code, column in zip(codes, columns, strict=True):
        raws = [shown(code, number) for number in column]
        truth[code] = (round(sum(column), 10), "+".join(raws))
    if look.parts == "subtotals":
        cells = [
            Cell(shown(code, round(sum(column), 10)), "data", code) for code, column in zip(codes, columns, strict=True)
        ]
        grid.append([label, Cell("小计", "label"), *_over_three(cells)])
        for code, cell in zip(codes, cells, strict=True):
            truth[code] = (truth[code][0], cell.text)
    return grid


def tables(rng: random.Random, form: str, truth: Truth, look: Look) -> dict[str, Grid]:
    """All three. May change `truth` where rows are printed in parts."""
    return {
        "二": proactive(rng, form, truth, look),
        "三": requests(rng, form, truth, look),
        "四": reviews(rng, truth, look),
    }


def expected(truth: Mapping[str, Printed]) -> dict[str, Printed]:
    """As the extractor gives it: white space squeezed in what is printed."""
    return {code: (value, " ".join(raw.split())) for code, (value, raw) in truth.items()}
