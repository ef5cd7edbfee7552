"""The national tables as words and figures, and the layouts that portals put them in.

`Tables` is what a reader sees; `draw` is one of the ways to lay it out. Two drawings of one `Tables` are one report.
"""

import random
from dataclasses import dataclass, replace

from crawler.page.text import Block, Table, render
from monitor.demo.national_tables import numbers, row_labels
from monitor.figures.fields import APPLICANTS, FIELDS, REQUEST_ROWS, REVIEW_CELLS, Form

NOTE = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"
HEADINGS = {
    "二": "二、主动公开政府信息情况",
    "三": "三、收到和处理政府信息公开申请情况",
    "四": "四、政府信息公开行政复议、行政诉讼情况",
}
OUTCOMES = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
Grid = list[list[str]]


@dataclass(frozen=True)
class Tables:
    """`figures`: code → as printed. `words`: a label or header → what stands in its place."""

    form: Form
    figures: dict[str, str]
    words: dict[str, str]

    def say(self, words: str) -> str:
        return self.words.get(words, words)

    def edited(self, code: str, printed: str) -> "Tables":
        return replace(self, figures={**self.figures, code: printed})

    def reworded(self, words: str, others: str) -> "Tables":
        return replace(self, words={**self.words, words: others})


def make(seed: int, form: Form) -> Tables:
    """True figures, some of them blank, `/` or with separators."""
    dice = random.Random(seed)
    printed = {}
    for code, value in numbers(dice, form).items():
        plain = f"{value:.4f}".rstrip("0").rstrip(".")
        odd = dice.random()
        printed[code] = (
            dice.choice(["", "/", "—"]) if value == 0 and odd < 0.1 else f"{value:,.0f}" if value > 999 else plain
        )
    return Tables(form, printed, {})


def labels_of(tables: Tables) -> list[str]:
    """Every word of a label or header, in no layout."""
    found = [NOTE, "申请人情况", "自然人", "法人或其他组织", "行政复议", "行政诉讼", "信息内容", *OUTCOMES]
    found += [word for row in REQUEST_ROWS[tables.form] for word in row_labels(row)]
    found += [part for one in _proactive(tables.form) for part in (one.row_label.split(" ")[1], one.column_label)]
    return list(dict.fromkeys(found))


def draw(tables: Tables, dice: random.Random) -> str:
    """A report's text with its tables laid out in some way."""
    blocks: list[Block] = ["一、总体情况", "本年主动公开政府信息若干条。"]
    parts = {"二": _proactive_table(tables, dice), "三": _requests(tables, dice), "四": _reviews(tables, dice)}
    for kind, grid in parts.items():
        spaced = _spaced(grid, dice)
        if dice.random() < 0.3:
            spaced.insert(0, [HEADINGS[kind]] * len(spaced[0]))
        else:
            blocks.append(HEADINGS[kind])
        blocks += [Table(tuple(map(tuple, piece))) for piece in _pieces(spaced, dice)]
    return render([*blocks, "五、存在的主要问题及改进情况", "无。"])


def _spaced(grid: Grid, dice: random.Random) -> Grid:
    """Columns that cover several grid columns, all of which say the same, or are blank beside it; blank rows and columns."""
    widths = [dice.choice([1, 1, 1, 2, 3]) if dice.random() < 0.5 else 1 for _ in grid[0]]
    apart = dice.random() < 0.3
    drawn: Grid = []
    for row in grid:
        figures = any(cell[:1].isdigit() or cell in ("/", "—") for cell in row)
        cells: list[str] = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            label = place < 3 and len(cell) > 1 and not cell[:1].isdigit()
            cells += [cell, *[""] * (width - 1)] if apart and figures and not label else [cell] * width
        drawn.append(cells)
        if dice.random() < 0.05:
            drawn.append([""] * len(cells))
    place = dice.choice([0, len(drawn[0])]) if dice.random() < 0.3 else None
    return drawn if place is None else [[*row[:place], "", *row[place:]] for row in drawn]


def _pieces(grid: Grid, dice: random.Random) -> list[Grid]:
    """Cut in two between rows of figures, the header repeated or not."""
    first = next((index for index, row in enumerate(grid) if any(cell.startswith("一、") for cell in row)), None)
    if first is None or dice.random() < 0.7:
        return [grid]
    place = dice.randrange(12, len(grid) - 2)
    head = [row for row in grid[:first] if any(row) and len(set(row)) > 1]
    return [grid[:place], (head if dice.random() < 0.5 else []) + grid[place:]]


def _requests(tables: Tables, dice: random.Random) -> Grid:
    say = tables.say
    names = [say(FIELDS[f"requests.new.{column}"].column_label) for column in APPLICANTS]
    person, legal = say("自然人"), [say("法人或其他组织")] * 5
    depth = dice.choice([1, 2, 3])
    note = [say(NOTE)] * depth
    lower = [*note, person, *names[1:6], names[6]]
    grid: Grid = [[*note, *[say("申请人情况")] * 7]]
    if dice.random() < 0.7:
        grid.append([*note, person, *legal, names[6]])
        grid += [lower] * dice.choice([1, 2])
    else:  # 自然人 and 总计 beneath, with nothing above them
        grid += [[*note, "", *legal, ""], lower]
    alone = dice.random() < 0.5
    group: list[str] = []
    for row in REQUEST_ROWS[tables.form]:
        path = [say(word) for word in row_labels(row)]
        figures = [tables.figures[f"requests.{row}.{column}"] for column in APPLICANTS]
        above, shown = (path[: 3 - depth], path[3 - depth :]) if len(path) > 3 - depth else (path[:-1], path[-1:])
        for place, word in enumerate(above):
            if above[: place + 1] != group[: place + 1]:
                grid.append([word] * (depth + 7) if alone else [word, *[""] * (depth + 6)])
        group = path[:-1]
        grid.append([*shown, *[shown[-1]] * (depth - len(shown)), *figures])
    return grid


def _reviews(tables: Tables, dice: random.Random) -> Grid:
    say = tables.say
    five = [say(name) for name in OUTCOMES]
    upper = [*[say("行政复议")] * 5, *[say("行政诉讼")] * 10]
    cases = [*[say("未经复议直接起诉")] * 5, *[say("复议后起诉")] * 5]
    middle = five if dice.random() < 0.5 else [""] * 5
    return [upper, [*middle, *cases], [*five, *five, *five], [tables.figures[code] for code in REVIEW_CELLS]]


def _proactive(form: Form) -> list[object]:
    return [one for one in FIELDS.values() if one.table == "二" and form in one.forms]


def _proactive_table(tables: Tables, dice: random.Random) -> Grid:
    depth = dice.choice([1, 2])
    width = depth + 3
    grid: Grid = []
    clause, heads = "", [""]
    rows = dict.fromkeys(one.row for one in _proactive(tables.form))
    for row in rows:
        fellows = [one for one in _proactive(tables.form) if one.row == row]
        over, _, name = fellows[0].row_label.partition(" ")
        columns = [tables.say(one.column_label) for one in fellows]
        if over != clause:
            grid.append([over] * width)
        if over != clause or columns != heads:
            grid.append([*[tables.say("信息内容")] * depth, *_spread(columns)])
        clause, heads = over, columns
        grid.append([*[tables.say(name)] * depth, *_spread([tables.figures[one.code] for one in fellows])])
    return grid


def _spread(cells: list[str]) -> list[str]:
    """One to three cells over three grid columns, the last one spanning."""
    return [*cells, *[cells[-1]] * (3 - len(cells))]
