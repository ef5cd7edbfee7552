"""What stands in a cell, as ink: whether there is any, and its lines, cut out dark on white. Pure.

A cell without ink is blank, whatever a recogniser would say of it; one with traces of ink is blank in doubt.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from monitor.ocr.lines import Picture

Mask = npt.NDArray[np.uint8]

_INK = 0.35
"""Of the darkest ink of the table: what counts as ink."""
_PALEST = 0.45
"""Of the table's darkest ink: what a cell's own ink comes to at least."""
_TRACE = 0.1
"""And what as a trace of it."""


class Spot(NamedTuple):
    """One cell, looked at."""

    dark: Picture
    """By how much each pixel is darker than the cell's ground; remains of rules and specks wiped out."""
    ink: Mask
    strong: float
    """How dark its own ink is: small print is paler."""
    trace: bool
    """There is something fainter than ink."""
    cut: bool
    """Ink runs into the cell's edge."""


def strength(crops: Sequence[Picture]) -> float:
    """How dark the table's ink is, against its ground."""
    most = [_most(_dark(crop)) for crop in crops]
    inked = [one for one in most if one > 40]
    return float(np.median(inked)) if inked else 255.0


def _most(dark: Picture) -> float:
    """The darkest that more than a speck is."""
    return float(np.partition(dark.ravel(), -3)[-3]) if dark.size > 3 else 0.0


def _dark(crop: Picture) -> Picture:
    ground = float(np.median(crop)) if crop.size else 255.0
    dark: Picture = np.clip(ground - crop.astype(np.float32), 0, 255).astype(np.uint8)
    return dark


def spot(crop: Picture, strong: float) -> Spot:
    """Looks at the inside of a cell. `strong`: see `strength`."""
    dark = _dark(crop)
    own = float(np.clip(_most(dark), strong * _PALEST, strong))
    ink, litter, cut = _cleaned((dark > own * _INK).astype(np.uint8))
    trace = False
    if not ink.any():
        faint, _, _ = _cleaned((dark > strong * _TRACE).astype(np.uint8))
        trace = bool(faint.any())
    elif litter.any():
        far = cv2.dilate(ink, np.ones((3, 3), np.uint8)) == 0
        dark = np.where((cv2.dilate(litter, np.ones((3, 3), np.uint8)) > 0) & far, 0, dark).astype(np.uint8)
    return Spot(dark, ink, own, trace, cut)


def _cleaned(mask: Mask) -> tuple[Mask, Mask, bool]:
    """Without remains of rules at the edges and single specks; these; and whether letters run into an edge."""
    height, width = mask.shape
    count, names, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    kept = np.zeros(count, bool)
    cut = False
    for number in range(1, count):
        x, y, w, h, area = map(int, stats[number])
        level, upright = y == 0 or y + h == height, x == 0 or x + w == width
        touches = level or upright
        if area < 2 or (level and h <= 2 and w > h) or (upright and w <= 2 and h > w) or (touches and area <= 4):
            continue
        if touches and (h >= 0.9 * height or w >= 0.9 * width) and area < 0.3 * w * h:
            continue  # a frame: the rule all around
        kept[number] = True
        cut = cut or touches
    cleaned: Mask = kept[names].astype(np.uint8)
    return cleaned, mask - cleaned, cut


def bands(ink: Mask) -> list[tuple[int, int]]:
    """Runs of rows with ink, (top, bottom)."""
    rows = np.flatnonzero(ink.any(axis=1))
    found: list[tuple[int, int]] = []
    for row in map(int, rows):
        if found and row - found[-1][1] < 1:
            found[-1] = (found[-1][0], row + 1)
        else:
            found.append((row, row + 1))
    return found


def letter_height(spots: Sequence[Spot]) -> float:
    """The height of the table's letters: digits are a little lower, Chinese characters as high."""
    heights = sorted(bottom - top for one in spots for top, bottom in bands(one.ink))
    tall = [height for height in heights if height > 4]
    return float(tall[len(tall) * 7 // 10]) if tall else 12.0


def lines(one: Spot, letter: float) -> list[tuple[int, int]]:
    """The rows (top, bottom) of each line of text."""
    found: list[tuple[int, int]] = []
    for top, bottom in bands(one.ink):
        if found and bottom - found[-1][0] <= 1.2 * letter:
            found[-1] = (found[-1][0], bottom)
        else:
            found.append((top, bottom))
    parted: list[tuple[int, int]] = []
    for top, bottom in found:
        count = max(1, round((bottom - top) / (1.25 * letter)))
        step = (bottom - top) / count
        parted.extend((round(top + step * k), round(top + step * (k + 1))) for k in range(count))
    return parted


def cut_out(one: Spot, rows: tuple[int, int], letter: float, pad: float = 0.18) -> Picture:
    """One line, dark on white, its letters filling the height. `pad`: white around them, in letters."""
    top, bottom = rows
    columns = np.flatnonzero(one.ink[top:bottom].any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    # A stroke or a point stays small beside the letters of its table.
    missing = max(0.0, 0.75 * letter - (bottom - top)) / 2
    above, aside = round(missing + pad * letter), round(pad * letter) + 1
    height, width = one.dark.shape
    shown = np.zeros((bottom - top + 2 * above, right - left + 2 * aside), np.float32)
    y0, x0 = max(0, top - 1), max(0, left - 1)
    y1, x1 = min(height, bottom + 1), min(width, right + 1)
    piece = one.dark[y0:y1, x0:x1].astype(np.float32)
    a, b = y0 - top + above, x0 - left + aside
    if a < 0 or b < 0 or a + piece.shape[0] > shown.shape[0] or b + piece.shape[1] > shown.shape[1]:
        return cut_out(one, rows, letter, pad + 0.1)
    shown[a : a + piece.shape[0], b : b + piece.shape[1]] = piece
    white: Picture = (255 - np.clip(shown / one.strong, 0, 1) * 255).astype(np.uint8)
    return white
