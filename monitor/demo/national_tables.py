"""Generated reports: the three national tables in both forms, in the shapes that portals print them, the truth known.

A plan is drawn from a `random.Random`; `grids` are rows as `crawler.page.tables` resolves them (a spanned cell
repeated in each place).
"""

import random
from dataclasses import dataclass, field

import opencc

from crawler.page.text import Block, Table, render
from monitor.figures.cells import fold
from monitor.figures.fields import APPLICANTS, FIELDS, REQUEST_ROWS, REVIEW_CELLS

Grid = list[list[str]]
_TRADITIONAL = opencc.OpenCC("s2t")
_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass
class Sheet:
    """One report: what it says (`truth`: code → value, raw) and how it is printed."""

    form: str
    truth: dict[str, tuple[float | None, str]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    @property
    def text(self) -> str:
        return render(self.blocks)


def numbers(rng: random.Random, form: str, carried_in: dict[str, int] | None = None) -> dict[str, float]:
    """Values of all cells of a form, with every identity kept. `carried_in`: applicant → last year's carried_out."""
    values: dict[str, float] = {}
    big = rng.choice([1, 5, 60, 3000])
    rows = [row for row in REQUEST_ROWS[form] if row not in ("new", "carried_in", "handled_total", "carried_out")]
    for column in APPLICANTS[:-1]:
        handled = {row: rng.randrange(big) if rng.random() < 0.4 else 0 for row in rows}
        total = sum(handled.values())
        before = carried_in[column] if carried_in is not None else rng.randrange(total + 1)
        out = max(rng.randrange(3), before - total)
        for row, count in handled.items():
            values[f"requests.{row}.{column}"] = count
        values[f"requests.handled_total.{column}"] = total
        values[f"requests.carried_in.{column}"] = before
        values[f"requests.carried_out.{column}"] = out
        values[f"requests.new.{column}"] = total + out - before
    for row in REQUEST_ROWS[form]:
        values[f"requests.{row}.total"] = sum(values[f"requests.{row}.{one}"] for one in APPLICANTS[:-1])
    for start in range(0, len(REVIEW_CELLS), 5):
        four = [rng.randrange(9) for _ in range(4)]
        values |= dict(zip(REVIEW_CELLS[start : start + 5], [*four, sum(four)], strict=True))
    for code, one in FIELDS.items():
        if one.table == "二" and form in one.forms:
            values[code] = round(rng.random() * 900, 4) if one.unit == "万元" else rng.choice([0, 3, 17, 1234, 20563])
    if form == "2019":
        for row in ("licences", "penalties", "compulsion", "fees", "other_services"):
            values[f"proactive.{row}.items_change"] = rng.choice([0, 2, -3])
    return values


def printed(rng: random.Random, value: float, unit: str, odd: float) -> tuple[float | None, str]:
    """A value as a portal may print it; `odd`: how often it is not plain digits."""
    plain = f"{value:.4f}".rstrip("0").rstrip(".") if value != int(value) else str(int(value))
    if rng.random() >= odd:
        return value, plain
    way = rng.randrange(7)
    if way == 0 and value == 0:
        return None, rng.choice(["", "/", "—", "－", "——", "\\"])
    if way == 1:
        return value, plain.translate(_DIGITS).replace("-", "－")
    if way == 2 and value == int(value):
        return value, f"{int(value):,}"
    if way == 3 and value > 0:
        return value, plain + ("万元" if unit == "万元" else rng.choice(["件", "项", "条"]))
    if way == 4 and unit == "万元":
        return value, f"{value * 1e4:.0f}元"
    if way == 5 and value < 0:
        return value, f"减少{-int(value)}"
    if way == 6:
        return value, f"{plain}　" if rng.random() < 0.5 else plain + ".0" if value == int(value) else plain
    return value, plain


def sheet(rng: random.Random, form: str, *, odd: float = 0.3, values: dict[str, float] | None = None) -> Sheet:
    """A whole report in a random shape."""
    values = values if values is not None else numbers(rng, form)
    made = Sheet(form)
    made.truth = {code: printed(rng, value, FIELDS[code].unit, odd) for code, value in values.items()}
    script = _TRADITIONAL.convert if rng.random() < 0.15 else str
    tables = [proactive(rng, made), requests(rng, made), reviews(rng, made)]
    headings = [
        "二、主动公开政府信息情况",
        "三、收到和处理政府信息公开申请情况",
        "四、政府信息公开行政复议、行政诉讼情况",
    ]
    joined = rng.random() < 0.1
    blocks: list[Block] = ["一、总体情况", "本年主动公开政府信息 120 条。"]
    if joined:
        width = max(len(row) for table in tables for row in table)
        tables = [[row + [""] * (width - len(row)) if rng.random() < 2 else row for row in table] for table in tables]
        blocks.append(_table([row for table in tables[:2] for row in table], script))
        blocks.append(_table([row[:15] for row in tables[2]], script))
    else:
        for heading, table in zip(headings, tables, strict=True):
            if rng.random() < 0.8:
                blocks.append(script(heading))
            times = rng.choice([1, 1, 1, 2, 3])
            for part in _cut(rng, table):
                blocks.append(_table([[cell for cell in row for _ in range(times)] for row in part], script))
                if rng.random() < 0.1:
                    blocks.append("（续表）")
    blocks += ["五、存在的主要问题及改进情况", "无。"]
    made.blocks = blocks
    return made


def _table(grid: Grid, script: object) -> Table:
    return Table(tuple(tuple(script(cell) for cell in row) for row in grid))  # type: ignore[operator]


def _cut(rng: random.Random, grid: Grid) -> list[Grid]:
    """The table in one piece, or in two at a place where a row of figures begins, its header repeated or not."""
    if rng.random() < 0.85 or len(grid) < 20:
        return [grid]
    place = rng.randrange(6, len(grid) - 4)
    head = grid[: next((index for index, row in enumerate(grid) if fold(row[0]).startswith("一本年新收")), 0)]
    return [grid[:place], head + grid[place:] if rng.random() < 0.5 else grid[place:]]


def spaced(rng: random.Random, words: str) -> str:
    """Header words with the white space and signs that Word leaves in them."""
    if rng.random() < 0.25 and len(words) > 2:
        place = rng.randrange(1, len(words) - 1)
        words = words[:place] + rng.choice([" ", "　", "\u200b"]) + words[place:]
    return words.replace("(", "（").replace(")", "）") if rng.random() < 0.5 else words


def requests(rng: random.Random, made: Sheet) -> Grid:
    """Table 3: one to three label columns, header in three or four rows."""
    label_columns = rng.choice([1, 2, 3, 3, 3])
    note = rng.choice(["（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）", "", "项目"])
    names = [FIELDS[f"requests.new.{column}"].column_label for column in APPLICANTS]
    left = [note] * label_columns
    legal = ["法人或其他组织"] * 5
    grid: Grid = []
    if rng.random() < 0.2:
        grid.append(["三、收到和处理政府信息公开申请情况"] * (label_columns + 7))
    grid.append([*left, *["申请人情况"] * 7])
    grid.append([*left, "自然人", *legal, "总计"])
    if rng.random() < 0.2:  # words broken into two rows of cells
        grid.append([*left, "自然人", *(name[:2] for name in names[1:6]), "总计"])
        grid.append([*left, "自然人", *(name[2:] for name in names[1:6]), "总计"])
    else:
        grid.append([*left, *(spaced(rng, name) for name in names)])
    resolved = rng.random() < 0.85
    last_group = ""
    for row in REQUEST_ROWS[made.form]:
        words = row_labels(row)
        parents, own = words[:-1], words[-1]
        if label_columns == 1:
            shown = [own] if rng.random() < 0.7 or len(words) < 2 else ["".join(words)]
            if len(parents) > 1 and parents[-1] != last_group and rng.random() < 0.5:
                grid.append([parents[-1]] * (1 + 7))
        else:
            kept = words[-label_columns:] if label_columns == 2 else words
            shown = [*kept[:-1], *[kept[-1]] * (label_columns - len(kept) + 1)]
            if not resolved and parents and parents[-1] == last_group:
                shown = ["" if word in parents else word for word in shown]
        last_group = parents[-1] if parents else ""
        cells = [made.truth[f"requests.{row}.{column}"][1] for column in APPLICANTS]
        grid.append([*(spaced(rng, word) for word in shown), *cells])
    return grid


def row_labels(row: str) -> list[str]:
    """A row's printed labels, outermost first."""
    printed_label = FIELDS[f"requests.{row}.total"].row_label
    groups = {"(三)": "(三)不予公开", "(四)": "(四)无法提供", "(五)": "(五)不予处理", "(六)": "(六)其他处理"}
    if not printed_label.startswith("三("):
        return [printed_label]
    rest = printed_label.removeprefix("三")
    for number, group in groups.items():
        if rest.startswith(number) and rest[3:4].isdigit():
            return ["三、本年度办理结果", group, rest.removeprefix(number)]
    return ["三、本年度办理结果", rest]


def reviews(rng: random.Random, made: Sheet) -> Grid:
    """Table 4; its header may have lost the second halves of its words."""
    names = ["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"]
    lost = rng.random() < 0.3
    outcome = ["结果", "结果", "其他", "尚未", "总计"] if lost else [spaced(rng, name) for name in names]
    grid: Grid = [
        [*["行政复议"] * 5, *["行政诉讼"] * 10],
        [*names, *["未经复议直接起诉"] * 5, *["复议后起诉"] * 5],
        [*names, *outcome, *outcome],
        [made.truth[code][1] for code in REVIEW_CELLS],
    ]
    return grid


def proactive(rng: random.Random, made: Sheet) -> Grid:
    """Table 2; for 2019 with other services and contracts in one row or several."""
    label_columns = 2 if made.form == "2019" and rng.random() < 0.7 else 1
    width = label_columns + 3
    grid: Grid = []
    section = columns = None
    for code, one in FIELDS.items():
        if one.table != "二" or made.form not in one.forms or not code.startswith("proactive."):
            continue
        clause, _, row_name = one.row_label.partition(" ")
        clause = {"licences": "第二十条第(五)项", "other_services": "第二十条第(五)项"}.get(one.row, clause)
        fellows = [
            other for other, f in FIELDS.items() if f.table == "二" and f.row == one.row and made.form in f.forms
        ]
        if fellows[0] != code:
            continue
        heads = [FIELDS[other].column_label for other in fellows]
        if clause != section:
            grid.append([clause] * width)
        if clause != section or heads != columns:
            grid.append([*["信息内容"] * label_columns, *(spaced(rng, head) for head in _spread(heads))])
        section, columns = clause, heads
        label = [row_name.replace("行政规范", rng.choice(["行政规范", "规范"]))] * label_columns
        if one.row in ("other_services", "procurement") and label_columns == 2 and rng.random() < 0.5:
            grid.extend(_several(rng, made, one.row, fellows, label[0]))
            continue
        grid.append([*label, *_spread([made.truth[other][1] for other in fellows])])
    return grid


def _several(rng: random.Random, made: Sheet, row: str, codes: list[str], label: str) -> Grid:
    """A row of table 2 in parts; the truth becomes their sum."""
    names = ["行政检查", "行政确认", "行政奖励"][: rng.choice([2, 3])]
    parts = [
        [round(rng.random() * 50, 4) if FIELDS[code].unit == "万元" else rng.randrange(5) for code in codes]
        for _ in names
    ]
    if row == "procurement":
        for part in parts:
            part[0] = 1
    for index, code in enumerate(codes):
        total = round(sum(part[index] for part in parts), 10)
        made.truth[code] = (total, "+".join(f"{part[index]:g}" for part in parts))
    return [
        [label, name, *_spread([f"{number:g}" if number != int(number) else str(int(number)) for number in part])]
        for name, part in zip(names, parts, strict=True)
    ]


def _spread(cells: list[str]) -> list[str]:
    """One to three cells over three grid columns, the last one spanning."""
    return [*cells, *[cells[-1]] * (3 - len(cells))]
