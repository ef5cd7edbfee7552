"""Reports of 2008–2018 with known figures: chapters 概述 … 附表, their tables in the layouts that occur, with what happens to
them on the way to a page. Everything follows from the seed."""

from random import Random
from typing import NamedTuple

from crawler.page.text import Block, Table
from monitor.figures.open_fields import INDICATORS, OpenField

Cell = tuple[str, float | None]
"""As printed, and what it says."""

NATIONAL = "2014"
LOCAL = "2008"
_HEADINGS = ("——", "", "—", "-----")
_ROMAN = "一二三四五六七八九"
_PARTS = {  # labels of the national form that stand below another, by the last part of their code
    "normative_documents": "其中：",
    "press_conferences_by_head": "其中：",
    "online_interviews_by_head": "其中：",
    "state_secret": "其中：1.",
    "business_secret": "2.",
    "upheld": "（一）",
    "corrected": "（二）",
    "other": "（三）",
}


class Made(NamedTuple):
    """A report and its truth."""

    blocks: tuple[Block, ...]
    truth: dict[str, float | None]
    shape: str


class _Line(NamedTuple):
    label: str
    unit: str
    cell: str
    section: str


def report(seed: int) -> Made:
    """A whole report with one sort of table."""
    dice = Random(seed)
    form = dice.choice((NATIONAL, LOCAL))
    year = dice.randrange(2014, 2019) if form == NATIONAL else dice.randrange(2008, 2014)
    truth: dict[str, float | None] = {}
    lines = _lines(dice, form, truth)
    shape = dice.choice(("grid", "codes", "halves", "years", "organs", "parents", "flat", "list", "cut", "bare"))
    if shape in ("flat", "list"):  # what is blank is lost
        lines = [line if any(map(str.isdigit, line.cell)) else line._replace(cell="") for line in lines]
        kept = {code for code, value in truth.items() if value is not None}
        truth = {code: value for code, value in truth.items() if code in kept}
    blocks = _SHAPES[shape](dice, lines, year)
    caption = dice.choice((f"{year}年度政府信息公开情况统计表", "附表：政府信息公开情况统计", "（三）附表"))
    front: list[Block] = [
        "一、概述",
        f"{year}年，我局认真贯彻落实《条例》，加强组织领导，共召开专题会议3次，各项工作有序开展。",
        "四、人员和收支情况",
        Table((("项目", "单位", "数量"), ("编制人数", "人", "35"), ("公务用车", "辆", "4"))),
        "本年度部门预算如下，请予监督，具体说明另见财政预决算公开专栏的有关文件和表格。",
        Table((("科目", "金额（万元）"), ("基本支出", "812.35"), ("项目支出", "96.1"), ("合计", "908.45"))),
        "九、说明及附图附表",
        "本报告所附各表由办公室汇总，数据截至年底，如有疑问请与办公室联系，电话见政府信息公开指南。",
        caption,
    ]
    return Made((*front, *blocks, "（此表由办公室填报）"), truth, shape)


def _lines(dice: Random, form: str, truth: dict[str, float | None]) -> list[_Line]:
    fields = [field for field in INDICATORS.values() if form in field.forms]
    if form == LOCAL and dice.random() < 0.5:
        fields = fields[: dice.randrange(8, len(fields))]
    lines: list[_Line] = []
    section = ""
    for field in fields:
        own = field.section if form == NATIONAL or "、" not in field.section else ""
        if own != section and own and form == NATIONAL:
            section = own
            if field.label not in section:
                lines.append(_Line(section, "", dice.choice(_HEADINGS), section))
        label = _label(dice, field, form, section)
        unit = field.unit
        printed, truth[field.code] = _cell(dice, unit)
        if unit == "万元" and truth[field.code] is not None and dice.random() < 0.2:
            printed, unit = f"{(truth[field.code] or 0) * 1e4:.2f}".rstrip("0").rstrip("."), "元"
        lines.append(_Line(label, unit, printed, section))
    return lines


def _label(dice: Random, field: OpenField, form: str, section: str) -> str:
    name = dice.choice((field.label, *field.aliases)) if dice.random() < 0.3 else field.label
    if form == NATIONAL:
        name = field.label
    tail = field.code.rpartition(".")[2]
    number = dice.choice(
        ("", f"（{dice.choice(_ROMAN)}）", f"{dice.randrange(1, 9)}.", f"{dice.randrange(1, 9)}、", "①")
    )
    if form == NATIONAL and section.endswith(name):
        number = section[:2]
    elif tail in _PARTS and form == NATIONAL:
        number = _PARTS[tail]
    name = f"{number}{name}"
    if tail == "total" and "主动" in name and dice.random() < 0.5:
        name += "（不同渠道和方式公开相同信息计1条）"
    if dice.random() < 0.2:
        at = dice.randrange(1, len(name))
        name = f"{name[:at]}{dice.choice((' ', '　', chr(0x200B)))}{name[at:]}"
    return name.replace("（", "(").replace("）", ")") if dice.random() < 0.3 else name


def _cell(dice: Random, unit: str) -> Cell:
    kind = dice.random()
    if kind < 0.06:
        return dice.choice((("", None), ("/", None), ("—", None), ("－", None)))
    if unit in ("元", "万元"):
        number = dice.choice((0.0, 0.38, 3.8, 12.5, 240.0))
        if kind < 0.2:
            factor = 1e4 if unit == "元" else 1e-4
            other = "万元" if unit == "元" else "元"
            return f"{number:g}{other}", round(number * factor, 10)
        return f"{number:g}{unit if kind < 0.3 else ''}", number
    number = float(dice.choice((0, 0, 1, 7, 23, 268, 1467, 30239, 1200345)))
    whole = f"{number:.0f}"
    if kind < 0.15:
        return f"{number:,.0f}", number
    if kind < 0.25:
        return whole.translate({ord(char): ord(char) + 0xFEE0 for char in "0123456789"}), number
    if kind < 0.35:
        return f"{whole}{unit}", number
    if kind < 0.4:
        return f"1.5万{unit}", 15000.0
    return whole, number


# --- layouts ---


def _head(dice: Random) -> tuple[str, str, str]:
    label = dice.choice(("指标", "指 标", "统计指标", "指标名称", "项目"))
    return label, dice.choice(("单位", "单 位", "计量单位")), dice.choice(("数量", "数 量", "统计数", "数值"))


def _grid(dice: Random, lines: list[_Line], year: int) -> list[Block]:
    spanned = dice.random() < 0.3  # headings span the table
    rows = [(line.label,) * 3 if spanned and not line.unit else line[:3] for line in lines]
    return [Table((_head(dice), *rows))]


def _codes(dice: Random, lines: list[_Line], year: int) -> list[Block]:
    label, unit, cell = _head(dice)
    numbered = [(line.label, line.unit, f"{place:02}", line.cell) for place, line in enumerate(lines, 1)]
    if dice.random() < 0.5:
        return [Table(((label, unit, "代码", cell), ("甲", "乙", "丙", "1"), *numbered))]
    first = [(code, label, unit, cell) for label, unit, code, cell in numbered]
    return [Table((("序号", label, unit, cell), *first))]


def _halves(dice: Random, lines: list[_Line], year: int) -> list[Block]:
    half = (len(lines) + 1) // 2
    left, right = lines[:half], lines[half:]
    rows = [(*one[:3], *(right[at][:3] if at < len(right) else ("", "", ""))) for at, one in enumerate(left)]
    return [Table(((*_head(dice), *_head(dice)), *rows))]


def _years(dice: Random, lines: list[_Line], year: int) -> list[Block]:
    label, unit, cell = _head(dice)
    others = (f"{year - 1}年", f"{year}年") if dice.random() < 0.5 else (f"{year}年度", f"{year - 1}年度")
    mine = others.index(next(head for head in others if str(year) in head))
    rows = []
    for line in lines:
        cells = [str(dice.randrange(90)) if line.unit else "——"] * 2
        cells[mine] = line.cell
        rows.append((line.label, line.unit, *cells, "+3%"))
    if dice.random() < 0.5:
        return [Table(((label, unit, cell, cell, "同比"), (label, unit, *others, "同比"), *rows))]
    return [Table(((label, unit, *others, "增减"), *rows))]


def _organs(dice: Random, lines: list[_Line], year: int) -> list[Block]:
    label, unit, _ = _head(dice)
    rows = [(line.label, line.unit, "1", "2", line.cell) for line in lines]
    return [Table(((label, unit, "区政府", "区直单位", dice.choice(("合计", "总计"))), *rows))]


def _parents(dice: Random, lines: list[_Line], year: int) -> list[Block]:
    label, unit, cell = _head(dice)
    rows = [(line.section or "其他", line.label, line.unit, line.cell) for line in lines if line.unit]
    return [Table(((label, label, unit, cell), *rows))]


def _flat(dice: Random, lines: list[_Line], year: int) -> list[Block]:
    cells = [*_head(dice)[:2], "数量"]
    for line in lines:
        cells += filter(None, (line.label, line.unit, line.cell))
    return [f"{cell} |" for cell in cells]


def _list(dice: Random, lines: list[_Line], year: int) -> list[Block]:
    style = dice.randrange(3)
    out: list[Block] = []
    for line in lines:
        bare = line.cell.removesuffix(line.unit) if not line.cell.endswith("万元") else line.cell
        if not line.unit:
            out.append(line.label)
        elif not line.cell:
            out.append(f"{line.label}（{line.unit}）：")
        elif style == 0 or "万" in line.cell or "元" in bare:
            out.append(f"{line.label}（{line.unit}）：{line.cell if '万' in line.cell or '元' in bare else bare}")
        else:
            out.append(f"{line.label} {bare} {line.unit}" if style == 1 else f"{line.label}：{bare}{line.unit}；")
    return out


def _cut(dice: Random, lines: list[_Line], year: int) -> list[Block]:
    at = dice.randrange(3, max(4, len(lines)))
    head = _head(dice)
    again = [head] if dice.random() < 0.5 else []
    tables: list[Block] = [Table((head, *(line[:3] for line in lines[:at])))]
    rest = [line[:3] for line in lines[at:]]
    return [*tables, Table((*again, *rest))] if rest else tables


def _bare(dice: Random, lines: list[_Line], year: int) -> list[Block]:
    return [Table(tuple(line[:3] for line in lines))]


_SHAPES = {
    "grid": _grid,
    "codes": _codes,
    "halves": _halves,
    "years": _years,
    "organs": _organs,
    "parents": _parents,
    "flat": _flat,
    "list": _list,
    "cut": _cut,
    "bare": _bare,
}
