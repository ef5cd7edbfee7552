"""The bytes of a picture or a scanned document → blocks, as `crawler.page.text` has them.

Tables are `Table`s of `Recognised` cells, a spanned cell repeated in each place that it covers; what stands between them
are paragraphs. Needs the `ocr` extra. Call it in a process of its own (monitor.ocr.recogniser) for whatever comes from outside.
"""

from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np

from crawler.page.text import Block, Table
from monitor.figures.cells import Recognised
from monitor.ocr import cells, form, ink, lines, raster, ruling, sums
from monitor.ocr.cells import Words
from monitor.ocr.lines import Picture
from monitor.ocr.model import Model
from monitor.ocr.ruling import Grid

_MOST_LINES = 200
"""Of text outside tables, in one picture."""
_LINE_PAD = 0.2


def read(body: bytes, media_type: str) -> tuple[Block, ...]:
    """What the picture, or each page of the document, says. Raises Unreadable, and what Pillow and PDFium raise over
    damaged bytes."""
    cv2.setNumThreads(1)
    blocks: list[Block] = []
    for page in raster.pages(body, media_type):
        blocks.extend(_page(page))
    return tuple(blocks)


@cache
def _model() -> Model:
    return Model()


def _page(grey: Picture) -> Iterator[Block]:
    grey = lines.straightened(grey)
    found = ruling.grids(grey)
    above = 0
    for grid in found:
        _, top, _, bottom = grid.box
        yield from _paragraphs(grey[above : max(above, top)])
        yield _table(grey, grid)
        above = max(above, bottom)
    yield from _paragraphs(grey[above:])


def _table(grey: Picture, grid: Grid) -> Table:
    words, placed = form.settled(grid, cells.read(grey, grid, _model()))
    return _spread(grid, sums.weighed(words, placed))


def _spread(grid: Grid, words: list[Words]) -> Table:
    rows = [[Recognised("", 0.0)] * grid.columns for _ in range(grid.rows)]
    for cell, one in zip(grid.cells, words, strict=True):
        told = Recognised(one.text, one.sure)
        for row in range(cell.top, cell.bottom):
            rows[row][cell.left : cell.right] = [told] * (cell.right - cell.left)
    return Table(tuple(map(tuple, rows)))


def _paragraphs(strip: Picture) -> Iterator[str]:
    """The lines of text in a strip across the picture."""
    if min(strip.shape) < 8:
        return
    strong = ink.strength([strip])
    one = ink.spot(strip, strong)
    letters = [(top, bottom) for top, bottom in ink.bands(one.ink) if bottom - top >= 7]
    if not letters or len(letters) > _MOST_LINES:
        return
    height = float(np.median([bottom - top for top, bottom in letters]))
    # Taller than three lines is a seal or a photograph.
    pieces = [ink.cut_out(one, band, height, _LINE_PAD) for band in letters if band[1] - band[0] <= 3 * height]
    yield from (line.text for line in _model().read(pieces) if line.text.strip() and line.sure > 0.2)
