"""The cells of one table → what stands in them, each with the confidence that it deserves.

A figure is read twice, at two sizes, or once and by its shape; where the two differ, ink runs into a rule, or the cell's
edges are half there, it is doubtful (below 0.9). A blank cell is blank because it holds no ink.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from monitor.ocr import ink, shapes
from monitor.ocr.lines import Picture
from monitor.ocr.model import Line, Model
from monitor.ocr.ruling import Cell, Grid

DOUBT = 0.9
"""Confidence below which a cell is doubtful."""
_TOLD = 5
"""How many of a table's noughts are read; the rest are told by their likeness to these."""
_LIKENESS = 0.9
_FIGURE = re.compile(
    r"[\d.,，。·:：;；'’\-−－—–一_/+()（）OoQD〇oIlZSB|]*[件项条个次宗笔人份]?(?:亿元|万元|元|万)?|(?:减少|增加|减|增)\d+"
)
_SAME = str.maketrans({"，": ",", "−": "-", "－": "-", "–": "-", "（": "(", "）": ")", "：": ":"})


class Words(NamedTuple):
    """What stands in a cell."""

    text: str
    sure: float
    figure: bool
    """It may be a figure: it was read twice."""


def read(grey: Picture, grid: Grid, model: Model) -> list[Words]:
    """The grid's cells, in their order."""
    edge = 1 if grey.shape[1] < 1200 else 2
    crops = [grey[y0 + edge : y1 - edge, x0 + edge : x1 - edge] for _, _, _, _, (x0, y0, x1, y1), _ in grid.cells]
    strong = ink.strength(crops)
    spots = [ink.spot(crop, strong) for crop in crops]
    letter = ink.letter_height(spots)
    rows = [ink.lines(one, letter) for one in spots]
    seen = [shapes.shape(one.ink, letter) if len(lines) == 1 else "" for one, lines in zip(spots, rows, strict=True)]

    def cut(numbers: Sequence[int], pad: float) -> list[list[Line]]:
        pieces = [ink.cut_out(spots[n], line, letter, pad) for n in numbers for line in rows[n]]
        said = iter(model.read(pieces))
        return [[next(said) for _ in rows[n]] for n in numbers]

    noughts = [n for n, shape in enumerate(seen) if shape == "0"]
    alike = _alike([ink.cut_out(spots[n], rows[n][0], letter) for n in noughts])
    told = noughts[:: max(1, len(noughts) // _TOLD)] if len(noughts) > 2 * _TOLD else noughts
    spared = {n for n, one in zip(noughts, alike, strict=True) if one} - set(told)
    inked = [n for n, shape in enumerate(seen) if rows[n] and shape not in ("/", "—") and n not in spared]
    first = dict(zip(inked, cut(inked, 0.18), strict=True))
    if any(first[n][0].text != "0" or first[n][0].sure < DOUBT for n in told):
        first |= dict(zip(spared, cut(list(spared), 0.18), strict=True))
    else:
        first |= {n: [Line("0", 0.98)] for n in spared}
    figures = [n for n in first if _FIGURE.fullmatch(_joined(first[n]).text)]
    twice = [n for n in sorted(figures) if not (seen[n] == "0" and _joined(first[n]).text == "0")]
    second = dict(zip(twice, cut(twice, 0.4), strict=True))
    found = []
    for n, cell in enumerate(grid.cells):
        if not rows[n]:
            words = Words("", 0.7 if spots[n].trace else 0.99, True)
        elif seen[n] in ("/", "—"):
            words = Words(seen[n], 0.95, True)
        elif n in second:
            words = _agreed(_joined(first[n]), _joined(second[n]))
        else:
            once = _joined(first[n])
            words = Words(once.text, once.sure, seen[n] == "0")
        found.append(_doubted(words, cell, spots[n].cut or (len(rows[n]) > 1 and words.figure)))
    return found


def _alike(noughts: Sequence[Picture]) -> list[bool]:
    """Which of them look like the most of them."""
    if not noughts:
        return []
    small = np.stack([cv2.resize(one, (16, 24), interpolation=cv2.INTER_AREA) for one in noughts]).astype(np.float32)
    usual = np.median(small, axis=0)
    return [float(np.corrcoef(one.ravel(), usual.ravel())[0, 1]) > _LIKENESS for one in small]


def _joined(lines: Sequence[Line]) -> Line:
    return Line(
        "".join(line.text for line in lines).replace(" ", "").translate(_SAME), min(line.sure for line in lines)
    )


def _agreed(one: Line, other: Line) -> Words:
    """Two readings of a figure as one."""
    better = max(one, other, key=lambda line: line.sure)
    if one.text != other.text:
        return Words(better.text, min(0.6, better.sure), True)
    return Words(one.text, min(one.sure, other.sure), True)


def _doubted(words: Words, cell: Cell, odd: bool) -> Words:
    return words._replace(sure=min(words.sure, 0.8)) if odd or cell.unsure else words
