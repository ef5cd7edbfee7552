"""Marks that are told by their shape better than by a recogniser: `/`, `—`, and the `0` that most cells hold. Pure.

A recogniser of text reads a lone `/` as 1 and a lone `—` as 一; of a `0` the shape is a second opinion that costs nothing.
"""

from typing import Literal

import cv2
import numpy as np

from monitor.ocr.ink import Mask

Shape = Literal["/", "—", "0", ""]


def shape(ink: Mask, letter: float) -> Shape:
    """What the ink of a cell is beyond doubt; empty: none of these."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    parts = [tuple(map(int, one)) for one in stats[1:]]
    if not parts:
        return ""
    left, top = min(x for x, *_ in parts), min(y for _, y, *_ in parts)
    right, bottom = max(x + w for x, _, w, *_ in parts), max(y + h for _, y, _, h, _ in parts)
    width, height = right - left, bottom - top
    if height <= max(2, 0.22 * letter) and width >= max(3 * height, 0.45 * letter):
        return "—"
    if count != 2 or height < 0.4 * letter:
        return ""
    glyph = ink[top:bottom, left:right]
    if _slanted(glyph):
        return "/"
    return "0" if _ring(glyph) else ""


def _slanted(glyph: Mask) -> bool:
    """One thin stroke from the lower left to the upper right."""
    height, width = glyph.shape
    if width < 0.25 * height or width > 1.2 * height or height < 5:
        return False
    ys, xs = np.nonzero(glyph)
    if np.bincount(ys, minlength=height).max() > max(2, 0.45 * width + 1):
        return False
    fit = np.polyfit(ys, xs, 1)
    off = np.abs(xs - np.polyval(fit, ys))
    return bool(fit[0] < -0.2 and -fit[0] * height > 0.6 * width and off.max() <= max(1.5, 0.16 * width))


def _ring(glyph: Mask) -> bool:
    """One stroke around one hole that fills most of it: narrower than high, the same on all sides."""
    height, width = glyph.shape
    if height < 6 or not 0.35 * height <= width <= 0.85 * height:
        return False
    outside = np.pad(1 - glyph, 1, constant_values=1)
    count, names, stats, _ = cv2.connectedComponentsWithStats(outside.astype(np.uint8), connectivity=4)
    holes = [number for number in range(1, count) if number != names[0, 0]]
    if len(holes) != 1:
        return False
    x, y, w, h, area = map(int, stats[holes[0]])
    if h < 0.5 * height or w < 0.25 * width or area < 0.6 * w * h:
        return False
    if abs((y - 1) * 2 + h - height) > max(1, 0.12 * height) or abs((x - 1) * 2 + w - width) > max(1, 0.2 * width):
        return False
    # The corners are empty, each of them, as in no letter and no other digit with one hole.
    corner = max(1, round(0.12 * height)), max(1, round(0.15 * width))
    corners = [
        glyph[: corner[0], : corner[1]],
        glyph[: corner[0], -corner[1] :],
        glyph[-corner[0] :, : corner[1]],
        glyph[-corner[0] :, -corner[1] :],
    ]
    return all(one.mean() < 0.7 for one in corners)
