"""The generated reports as PDF files with text, made by hand, in every way in which printers draw a table.

python -m tests.tables.pdf [--cases N] [--seed S] [--way NAME …] [--show N]
"""

import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from monitor.figures import Figures
from tests.tables.arrange import Block
from tests.tables.check import Case, Score, compare
from tests.tables.docx import SHAPES, draw_case, figures_of, run
from tests.tables.grid import Grid, Spanned, spans
from tests.tables.markup import heads_of
from tests.unit.documents.making import pdf_drawn

URL = "http://www.x.gov.cn/nb/P020240129500411337613.pdf"
_PAIRS = "一⼀人⼈行⾏八⼋入⼊口⼝土⼟大⼤女⼥子⼦小⼩工⼯日⽇月⽉气⽓水⽔火⽕田⽥目⽬立⽴竹⽵见⻅角⾓言⾔金⾦长⻓青⻘面⾯页⻚高⾼"
_RADICALS = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
"""Characters that some fonts' tables name by their radical."""
_RUN = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")
_MARGIN = 40.0
_LEAD = 1.3
_PAD = 2.0


@dataclass
class Style:
    """How one file is drawn."""

    rules: str = "strokes"
    """strokes, boxes (a rectangle a cell), bars (thin filled rectangles), dashes, doubled, level (no upright lines), none."""
    size: float = 8.0
    width: float = 595.0
    height: float = 842.0
    turned: int = 0
    label_share: float = 0.35
    """Of the table's width that its labels take."""
    middle: bool = False
    """Words in the middle of their cell, instead of at its upper left."""
    cut_rows: bool = False
    """A page's end may cut a row."""
    head_again: bool = False
    """The header is printed again on each page."""
    numbered: bool = False
    """Pages have numbers."""
    running: bool = False
    """Pages have the report's title above."""
    radicals: bool = False
    glyphs: str = "lines"
    """lines, runs (figures and words apart), single (each character), fonts (of a table all words, then all figures)."""
    widths: str = "/DW 1000 /W [1 95 500]"
    """What the font says of its characters' widths; 1 to 95 are the Latin ones. Each character is placed half or whole."""


def _style(rng: random.Random, way: str) -> Style:
    style = Style(size=rng.choice((6.5, 7.5, 8.0)), label_share=rng.choice((0.3, 0.4)), middle=rng.random() < 0.5)
    if way in ("boxes", "bars", "dashes", "doubled", "level", "none"):
        style.rules = way
    elif way == "cut by pages":
        style.height, style.cut_rows, style.numbered = rng.choice((300.0, 420.0)), True, rng.random() < 0.5
        style.head_again, style.running = rng.random() < 0.4, rng.random() < 0.3
        style.rules = rng.choice(("strokes", "boxes"))
    elif way == "over pages":
        style.height, style.numbered = rng.choice((300.0, 420.0)), rng.random() < 0.5
        style.head_again, style.running = rng.random() < 0.5, rng.random() < 0.3
        style.rules = rng.choice(("strokes", "boxes"))
    elif way == "narrow":
        style.width, style.label_share, style.size = rng.choice((420.0, 480.0)), 0.25, rng.choice((9.0, 10.5))
    elif way == "landscape":
        style.width, style.height, style.turned = 842.0, 595.0, rng.choice((0, 90, 270))
    elif way == "radicals":
        style.radicals = True
    elif way == "glyphs":
        style.glyphs = rng.choice(("runs", "single", "fonts"))
    elif way == "odd widths":
        style.widths = rng.choice(
            ("/DW 1000", "/DW 1000 /W [1 95 250]", "/DW 500", "/DW 1300 /W [1 95 800]", "/DW 200")
        )
        style.glyphs = "single"
    return style


WAYS = (
    "plain", "boxes", "bars", "dashes", "doubled", "over pages", "cut by pages", "narrow", "landscape", "radicals", "glyphs",
    "odd widths",
)  # fmt: skip


@dataclass
class Page:
    """What stands on one page, y downwards."""

    words: list[tuple[float, float, str]] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)
    """How many of the words stand in front of each block."""
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Of cells: left, top, right, bottom."""


@dataclass
class Placed:
    """A cell with its lines, in the columns `left` to `right` and the rows `top` to `bottom`, ends excluded."""

    top: int
    left: int
    bottom: int
    right: int
    lines: list[str]
    rest: list[str]
    """What no page has shown yet."""


class Layout:
    """Blocks laid out on pages."""

    def __init__(self, style: Style, title: str) -> None:
        self.style = style
        self.title = title
        self.pages: list[Page] = []
        self.y = 0.0
        self.turn()

    def turn(self) -> None:
        self.pages.append(Page())
        self.y = 36.0
        if self.style.running and len(self.pages) > 1:
            self.pages[-1].words.append((_MARGIN, self.y - 14, self.title))
        if self.style.numbered:
            self.pages[-1].words.append((self.style.width / 2, self.style.height - 16, f"- {len(self.pages)} -"))

    @property
    def floor(self) -> float:
        return self.style.height - 32

    def lay(self, blocks: Sequence[Block]) -> "Layout":
        for block in blocks:
            self.pages[-1].blocks.append(len(self.pages[-1].words))
            if isinstance(block, str):
                for line in wrap(block, self.style.width - 2 * _MARGIN, self.style.size):
                    if self.y + 2 * self.style.size > self.floor:
                        self.turn()
                    self.pages[-1].words.append((_MARGIN, self.y + self.style.size, line))
                    self.y += 1.8 * self.style.size
            else:
                self.table(block)
                self.y += self.style.size
        return self

    def table(self, grid: Grid) -> None:
        width = max(map(len, grid))
        edges = self._columns(grid, width)
        cells = []
        for top, left, one in places(spans(grid)):
            lines = self._lines(one, edges[left + one.cols] - edges[left])
            cells.append(Placed(top, left, top + one.rows, left + one.cols, lines, lines))
        heights = self._heights(cells, len(grid))
        head = heads_of(grid) if self.style.head_again and heads_of(grid) < len(grid) else 0
        if self.y + sum(heights[:head]) > self.floor:
            self.turn()
        start = 0
        while start < len(grid):
            if self.y + heights[start] > self.floor and self.y > 60 and not self.style.cut_rows:
                self.turn()
            begun = start
            again = head if begun else 0
            top = self.y
            rows = [*range(again), *range(begun, len(grid))]
            tops: dict[int, float] = {}
            ends: dict[int, float] = {}
            stopped = False
            for row in rows:
                room = self.floor - self.y
                if heights[row] > room and row >= begun and (row > begun or self.y > top or not self.style.cut_rows):
                    fits = int((room - 2 * _PAD) / (_LEAD * self.style.size))
                    if not self.style.cut_rows or fits < 1 or row < head:
                        stopped = row > begun
                        if stopped:
                            break
                    else:
                        tops[row], ends[row] = self.y, self.y + fits * _LEAD * self.style.size + 2 * _PAD
                        heights[row] -= fits * _LEAD * self.style.size
                        start, stopped = row, True
                        break
                tops[row], ends[row] = self.y, self.y + heights[row]
                self.y += heights[row]
                start = row + 1
            self._draw(cells, edges, tops, ends, begun, again)
            if not stopped:
                return
            self.turn()

    def _draw(
        self,
        cells: list[Placed],
        edges: list[float],
        tops: dict[int, float],
        ends: dict[int, float],
        begun: int,
        again: int,
    ) -> None:
        """What of the cells falls on these rows; words that find no room are left for the next page."""
        page = self.pages[-1]
        size = self.style.size
        for cell in cells:
            mine = [row for row in range(cell.top, cell.bottom) if row in tops and (row >= begun or row < again)]
            if not mine:
                continue
            top, bottom = tops[mine[0]], ends[mine[-1]]
            left, right = edges[cell.left], edges[cell.right]
            page.boxes.append((left, top, right, bottom))
            room = max(1, int((bottom - top - 2 * _PAD) / (_LEAD * size) + 0.01))
            repeated = begun > 0 and cell.bottom <= again
            shown = (cell.lines if repeated else cell.rest)[:room]
            cell.rest = cell.rest[len(shown) :]
            free = bottom - top - 2 * _PAD - len(shown) * _LEAD * size
            y = top + _PAD + (free / 2 if self.style.middle and free > 0 else 0)
            for index, line in enumerate(shown):
                x = left + _PAD
                if self.style.middle:
                    x = left + max(_PAD, (right - left - wide(line, size)) / 2)
                page.words.append((x, y + size * (0.9 + _LEAD * index), line))

    def _lines(self, one: Spanned, room: float) -> list[str]:
        return [line for part in one.cell.text.split("\n") for line in wrap(part, room - 2 * _PAD, self.style.size)]

    def _columns(self, grid: Grid, width: int) -> list[float]:
        """Left edges of the columns and the right edge of the last: labels take their share, figures the rest."""
        whole = self.style.width - 2 * _MARGIN
        labels = 0
        for row in grid:
            if any(cell.kind == "data" for cell in row):
                labels = max(labels, next(index for index, cell in enumerate(row) if cell.kind == "data"))
        share = self.style.label_share if labels and labels < width else 0.0
        edges = [_MARGIN]
        for column in range(width):
            part = share / labels if share and column < labels else (1 - share) / (width - (labels if share else 0))
            edges.append(edges[-1] + part * whole)
        return edges

    def _heights(self, cells: Sequence[Placed], rows: int) -> list[float]:
        lead = _LEAD * self.style.size
        heights = [lead + 2 * _PAD] * rows
        for cell in sorted(cells, key=lambda cell: cell.bottom - cell.top):
            need = len(cell.lines) * lead + 2 * _PAD
            have = sum(heights[cell.top : cell.bottom])
            if need > have:
                heights[cell.bottom - 1] += need - have
        return heights


def places(rows: Sequence[Sequence[Spanned]]) -> list[tuple[int, int, Spanned]]:
    """Each cell with the row and the column where it begins."""
    free: list[int] = []
    found = []
    for top, row in enumerate(rows):
        column = 0
        for one in row:
            while column < len(free) and free[column] > top:
                column += 1
            free.extend([0] * (column + one.cols - len(free)))
            for place in range(column, column + one.cols):
                free[place] = top + one.rows
            found.append((top, column, one))
            column += one.cols
    return found


def wide(text: str, size: float) -> float:
    return sum(size * (0.5 if char.isascii() else 1.0) for char in text)


def wrap(text: str, room: float, size: float) -> list[str]:
    """Lines of at most that width, cut wherever they are full, as printers cut Chinese."""
    lines = [""]
    for char in text:
        if char.isspace() and not lines[-1]:
            continue
        if lines[-1] and wide(lines[-1] + char, size) > room:
            lines.append("")
        lines[-1] += char
    return [line for line in lines if line] if text else []


def pdf_of(blocks: Sequence[Block], style: Style) -> bytes:
    """A PDF file."""
    layout = Layout(style, str(blocks[0])).lay(blocks)
    streams = [_stream(page, style) for page in layout.pages]
    box = f"0 0 {style.width} {style.height}"
    if style.turned:
        box = f"0 0 {style.height} {style.width}"
        matrix = f"0 1 -1 0 {style.height} 0" if style.turned == 90 else f"0 -1 1 0 0 {style.width}"
        streams = [f"q {matrix} cm\n{stream}\nQ" for stream in streams]
    return pdf_drawn(*streams, turned=style.turned, box=box, widths=style.widths)


def _stream(page: Page, style: Style) -> str:
    drawn = ["0.5 w", *dict.fromkeys(line for box in page.boxes for line in _rules(*box, style))]
    words = []
    for start, end in pairwise([0, *page.blocks, len(page.words)]):
        runs = [part for x, y, text in page.words[start:end] for part in _runs(x, y, text, style)]
        words += sorted(runs, key=lambda run: style.glyphs == "fonts" and run[2].isascii())
    shown = [
        f"BT /F2 {style.size} Tf {x:.2f} {style.height - y:.2f} Td <{text.encode('utf-16-be').hex()}> Tj ET"
        for x, y, text in words
    ]
    return "\n".join([*drawn, *shown])


def _runs(x: float, y: float, text: str, style: Style) -> Iterator[tuple[float, float, str]]:
    """What is shown at one go: a line, figures and words apart, or a character."""
    if style.radicals:
        text = "".join(_RADICALS.get(char, char) for char in text)
    if style.glyphs == "lines":
        yield x, y, text
        return
    for part in _RUN.findall(text) if style.glyphs in ("runs", "fonts") else text:
        if part.strip():
            yield x, y, part
        x += wide(part, style.size)


def _rules(left: float, top: float, right: float, bottom: float, style: Style) -> Iterator[str]:
    """How the edges of a cell are drawn."""
    top, bottom = style.height - top, style.height - bottom
    if style.rules == "boxes":
        yield f"{left:.2f} {bottom:.2f} {right - left:.2f} {top - bottom:.2f} re S"
        return
    level = [(left, y, right, y) for y in (top, bottom)]
    upright = [(x, bottom, x, top) for x in (left, right)]
    for x0, y0, x1, y1 in {"level": level, "none": []}.get(style.rules, level + upright):
        if style.rules == "bars":
            yield f"{x0 - 0.25:.2f} {y0 - 0.25:.2f} {x1 - x0 + 0.5:.2f} {y1 - y0 + 0.5:.2f} re f"
        elif style.rules == "dashes":
            whole = max(x1 - x0, y1 - y0)
            for step in range(0, int(whole), 6):
                end = min(step + 4.5, whole)
                if x0 == x1:
                    yield f"{x0:.2f} {y0 + step:.2f} m {x0:.2f} {y0 + end:.2f} l S"
                else:
                    yield f"{x0 + step:.2f} {y0:.2f} m {x0 + end:.2f} {y0:.2f} l S"
        else:
            yield f"{x0:.2f} {y0:.2f} m {x1:.2f} {y1:.2f} l S"
            if style.rules == "doubled":
                dx, dy = (1.2, 0.0) if x0 == x1 else (0.0, 1.2)
                yield f"{x0 + dx:.2f} {y0 + dy:.2f} m {x1 + dx:.2f} {y1 + dy:.2f} l S"


def without_spaces(case: Case, found: Figures) -> tuple[Case, Figures]:
    """Both sides without white space in what is printed: on paper it is no character."""
    case.truth = {code: (value, "".join(raw.split())) for code, (value, raw) in case.truth.items()}
    figures = tuple(msgspec.structs.replace(one, raw="".join(one.raw.split())) for one in found.figures)
    return case, msgspec.structs.replace(found, figures=figures)


def play(seed: int, way: str) -> Score:
    case, blocks, rng = draw_case(seed, way, [shape for shape in SHAPES if shape != "spacers"])
    style = _style(rng, way)
    style.head_again = (
        style.head_again and not case.look.joined
    )  # the header of the first table says nothing of the others
    body = pdf_of(blocks, style)
    return compare(*without_spaces(case, figures_of(body, URL)))


if __name__ == "__main__":
    sys.exit(run("PDF", WAYS, play))
