"""What portals do to the three grids before they are markup: headings inside, spacers, columns twice, cut, joined."""

import random
from dataclasses import replace
from functools import cache
from itertools import pairwise

import opencc

from tests.tables.forms import CHAPTERS, Truth
from tests.tables.grid import Cell, Grid, copied
from tests.tables.look import Look

Block = str | Grid
_NOTES = (
    "注：1.本表数据统计截至12月31日。",
    "说明：上年结转数与上年度报告中结转下年度继续办理数一致；其他处理情况见正文。",
    "备注：行政许可、行政处罚数据由各执法部门提供",
    "填表说明：1.单位为件。2.总计为各项之和",
    "※本表不含垂直管理单位数据",
)
BETWEEN = ("", "（续表）", "— 3 —", "续表", "- 12 -", "第 4 页 共 9 页", "表3（续）", "单位：件")


def arrange(rng: random.Random, tables: dict[str, Grid], truth: Truth, look: Look) -> list[Block]:
    """The article's blocks from 二 to 四: headings, grids, what stands between pieces."""
    grids = dict(tables)
    if look.lost or look.doubled:
        number = rng.choice("三三四")
        grids[number] = _columns(rng, grids[number], truth, look)
    if look.again:
        grids["三"] = _head_again(grids["三"], look.again)
    if look.spacers in ("rows", "both"):
        grids = {number: _spacer_rows(rng, grid) for number, grid in grids.items()}
    if look.spacers in ("columns", "both"):
        grids = {number: _spacer_columns(rng, grid) for number, grid in grids.items()}
    if look.notes:
        grids = {number: _noted(rng, grid) for number, grid in grids.items()}
    if look.title:
        grids = {number: [_whole(CHAPTERS[number], grid), *grid] for number, grid in grids.items()}
    blocks: list[Block] = []
    if look.joined:
        blocks = [_joined(list(grids.values()), look)]
    else:
        for number, grid in grids.items():
            if look.chapters:
                blocks.append(CHAPTERS[number])
            for index, piece in enumerate(_cut(rng, number, grid, look)):
                if index and look.between:
                    blocks.append(look.between)
                blocks.append(piece)
    return [_converted(block, look) for block in blocks]


@cache
def _converter(script: str) -> opencc.OpenCC:
    return opencc.OpenCC(script)


def _converted(block: Block, look: Look) -> Block:
    if not look.script:
        return block
    converter = _converter(look.script)
    if isinstance(block, str):
        return str(converter.convert(block))
    return copied(
        block, lambda cell: cell if cell.kind == "data" else replace(cell, text=str(converter.convert(cell.text)))
    )


def _head_of(grid: Grid) -> Grid:
    return grid[: next(index for index, row in enumerate(grid) if any(cell.kind == "data" for cell in row))]


def _columns(rng: random.Random, grid: Grid, truth: Truth, look: Look) -> Grid:
    """Without one of the columns of figures of table 3 or 4, or with one twice."""
    figures = [cell.code for cell in grid[-1] if cell.kind == "data"]
    column = rng.randrange(len(figures))
    place = column - len(figures)
    if look.lost:
        for cell in (row[place] for row in grid):
            truth.pop(cell.code, None)
        return [[*row[:place], *row[len(row) + place + 1 :]] for row in grid]
    twins: dict[int, Cell] = {}
    made = []
    for row in grid:
        cell = row[place]
        wide = any(other is cell for index, other in enumerate(row) if index != len(row) + place)
        twin = cell if wide else twins.setdefault(id(cell), replace(cell))
        made.append([*row[:place], cell, twin, *row[len(row) + place + 1 :]])
    return made


def _head_again(grid: Grid, every: int) -> Grid:
    head = _head_of(grid)
    made = list(head)
    for index, row in enumerate(grid[len(head) :]):
        if index and index % every == 0:
            made.extend(copied(head))
        made.append(row)
    return made


def _spacer_rows(rng: random.Random, grid: Grid) -> Grid:
    made = []
    for row in grid:
        if rng.random() < 0.15:
            made.append([Cell("") for _ in row] if rng.random() < 0.5 else [Cell("")] * len(row))
        made.append(row)
    return made


def _spacer_columns(rng: random.Random, grid: Grid) -> Grid:
    width = len(grid[0])
    for place in sorted(rng.sample(range(width + 1), rng.choice([1, 2, 3])), reverse=True):
        for index, row in enumerate(grid):
            spanned = 0 < place < len(row) and row[place - 1] is row[place]
            grid[index] = [*row[:place], row[place] if spanned else Cell(""), *row[place:]]
    return grid


def _noted(rng: random.Random, grid: Grid) -> Grid:
    made = [*grid, _whole(rng.choice(_NOTES), grid)]
    if rng.random() < 0.3:
        made.append(_whole(rng.choice(_NOTES), grid))
    if rng.random() < 0.3:
        made.insert(0, _whole("单位：件", grid))
    return made


def _whole(words: str, grid: Grid) -> list[Cell]:
    return [Cell(words)] * len(grid[0])


def _cut(rng: random.Random, number: str, grid: Grid, look: Look) -> list[Grid]:
    """The table in pieces. Where the header isn't repeated a piece may begin anywhere behind the first piece's header."""
    pieces = look.pieces if number == "三" or rng.random() < 0.4 else 1
    head = _head_of(grid)
    first = 0 if number == "四" else max(len(head), 2)
    places = sorted(rng.sample(range(first + 1, len(grid)), pieces - 1)) if len(grid) > first + pieces else []
    cut = [grid[start:end] for start, end in zip([0, *places], [*places, len(grid)], strict=True)]
    if look.head_again and number == "三":
        cut[1:] = [[*copied(head), *piece] for piece in cut[1:]]
    if rng.random() < 0.3:  # the group's cell is blank in the piece that goes on with it
        for before, piece in pairwise(cut):
            here = len(head) if look.head_again and number == "三" else 0
            over = {id(cell): Cell("", "label") for cell in before[-1] if cell.kind == "label" and cell in piece[here]}
            piece[here:] = [[over.get(id(cell), cell) for cell in row] for row in piece[here:]]
    return cut


def _joined(grids: list[Grid], look: Look) -> Grid:
    if look.joined == "ragged":
        return [row for grid in grids for row in grid]
    width = 60
    rows = []
    for grid in grids:
        for row in grid:
            step = width // len(row)
            wide = [cell for cell in row for _ in range(step)]
            rows.append([*wide, *[row[-1]] * (width - len(wide))])
    return rows
