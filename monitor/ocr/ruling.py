"""The ruled tables of a picture: where their cells are. Pure.

In: a grey picture, set straight (monitor.ocr.lines). Out: its grids, measured against the table's own rows. An edge that is
only half there decides nothing by itself: the cells beside it are then `unsure`.
"""

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from monitor.ocr.lines import Picture, contrast_of, darkness_of, lines

Shares = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_MOST_LINES = 400
_FEWEST = 4
"""Cells of a table."""
_MOST_PLACES = 40_000
_LEVEL = 0.2
"""Of a table's width: what the longest piece of a rule across comes to."""
_LITTLE = 0.5
"""Share of the picture that tables should fill."""
_IN_PIECES = 1.5
"""How much longer than that all pieces of one are together, where each is shorter."""
_POST = 1.5
"""Rows that the longest piece of an upright rule stands beside."""
_SURE = 0.8
"""Share of an edge that is seen, from which on it is there."""
_CERTAIN = 0.65
"""And below which the cells beside it are unsure."""
_LIKELY = 0.5
"""From which on it parts them, as long as all cells are rectangles then."""
_ABSENT = 0.25
"""And below which it does not, without doubt."""


class Cell(NamedTuple):
    """One cell of a grid, spans resolved: rows top..bottom and columns left..right, ends excluded."""

    top: int
    bottom: int
    left: int
    right: int
    box: tuple[int, int, int, int]
    """Inside its rules: x0, y0, x1, y1 in pixels, ends excluded."""
    unsure: bool
    """An edge of it is half there, or its shape is no rectangle."""


class _Drawn(NamedTuple):
    """Masks of a table: its rules each way, and everything dark and thin."""

    across: Picture
    upright: Picture
    inked: Picture


class Grid(NamedTuple):
    """One table."""

    rows: int
    columns: int
    cells: tuple[Cell, ...]
    box: tuple[int, int, int, int]


def grids(grey: Picture) -> list[Grid]:
    """The tables, top to bottom. Where whole rules make hardly any, torn ones are looked for."""
    contrast = contrast_of(grey)
    darkness = darkness_of(contrast)
    if not darkness:
        return []
    found = _found(contrast, darkness)
    if sum((x1 - x0) * (y1 - y0) for _, _, _, (x0, y0, x1, y1) in found) < _LITTLE * grey.size:
        other = _found(contrast, darkness, torn=True)
        found = max(found, other, key=lambda some: sum(len(grid.cells) for grid in some))
    return sorted(found, key=lambda grid: (grid.box[1], grid.box[0]))


def _found(contrast: Picture, darkness: float, torn: bool = False) -> list[Grid]:
    least = max(20, contrast.shape[1] // 24)
    across = lines(contrast, darkness, (least, 1), torn)
    found: list[Grid] = []
    for x0, y0, x1, y1 in _areas(across, lines(contrast, darkness, (1, least), torn)):
        here = (slice(y0, y1), slice(x0, x1))
        levels = _places(across[here], 0, round(_LEVEL * (x1 - x0)))
        if not 2 <= len(levels) <= _MOST_LINES:
            continue
        gaps = sorted(low[0] - high[1] for high, low in pairwise(levels))
        pitch = max(10, gaps[len(gaps) // 5])
        upright = lines(contrast[here], darkness, (1, round(pitch * 0.85)), torn)
        posts = _places(upright, 1, round(_POST * pitch), levels)
        levels = _ended(levels, upright, 0, pitch)
        posts = _ended(posts, across[here], 1, pitch)
        if not 2 <= len(posts) <= _MOST_LINES or len(posts) * len(levels) > _MOST_PLACES:
            continue
        inked = (contrast[here] >= 0.3 * darkness).astype(np.uint8)
        drawn = _Drawn(across[here], upright, inked)
        grid = _resolved(drawn, levels, posts, (x0, y0, x1, y1))
        if grid is not None and len(grid.cells) >= _FEWEST:
            found.append(grid)
    return found


def _areas(across: Picture, upright: Picture) -> list[tuple[int, int, int, int]]:
    """Boxes of what hangs together by rules."""
    width = across.shape[1]
    both = cv2.dilate(across | upright, np.ones((5, 5), np.uint8), iterations=max(1, width // 400))
    _, _, stats, _ = cv2.connectedComponentsWithStats(both, connectivity=8)
    return [
        (int(x), int(y), int(x + w), int(y + h))
        for x, y, w, h, _ in stats[1:]
        if w >= width * 0.25 and h >= max(30, width // 40)
    ]


def _places(
    lines: Picture, axis: int, longest: int, crossing: list[tuple[int, int]] | None = None
) -> list[tuple[int, int]]:
    """Where lines lie, (first, last + 1) across their direction; those that nearly touch as one. One has to be `longest`
    long, or all of them a good deal longer, or one runs from one of the `crossing` lines to the next: letters make short
    lines, which touch no rules."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    near = max(3, lines.shape[1] // 250)
    pieces = sorted(
        (int(one[1 - axis]), int(one[3 - axis]), _length(int(one[axis]), int(one[2 + axis]), longest, crossing or []))
        for one in stats[1:]
    )
    places: list[tuple[int, int]] = []
    lengths: list[list[int]] = []
    for first, breadth, length in pieces:
        if places and first - places[-1][1] < near:
            places[-1] = (places[-1][0], max(places[-1][1], first + breadth))
            lengths[-1].append(length)
        else:
            places.append((first, first + breadth))
            lengths.append([length])
    return [
        place
        for place, found in zip(places, lengths, strict=True)
        if max(found) >= longest or sum(found) >= _IN_PIECES * longest
    ]


def _length(start: int, length: int, longest: int, crossing: list[tuple[int, int]]) -> int:
    """The length of a piece; `longest` for one that joins two neighbouring crossing lines."""
    joins = any(
        start <= one[1] + 1 and start + length >= other[0] - 1 and other[0] > one[1]
        for one, other in pairwise(crossing)
    )
    return max(length, longest) if joins else length


def _ended(places: list[tuple[int, int]], crossing: Picture, axis: int, pitch: int) -> list[tuple[int, int]]:
    """The places, with one more at an end that the crossing lines reach beyond: a table cut by the picture's edge."""
    reached = np.flatnonzero(crossing.any(axis=1 - axis))
    first, last = int(reached[0]), int(reached[-1]) + 1
    if places and places[0][0] - first > pitch * 0.6:
        places = [(first, first), *places]
    if places and last - places[-1][1] > pitch * 0.6:
        places = [*places, (last, last)]
    return places


def _resolved(
    drawn: _Drawn, levels: list[tuple[int, int]], posts: list[tuple[int, int]], box: tuple[int, int, int, int]
) -> Grid | None:
    """Cells out of elementary places, joined where no edge parts them."""
    while True:
        below, beside, whole = _edges(drawn, levels, posts)
        # What is nowhere an edge from corner to corner was a row of letters.
        kept = [level for level, edges in zip(levels, whole[0], strict=True) if edges.any()]
        stood = [post for post, edges in zip(posts, whole[1].T, strict=True) if edges.any()]
        if len(kept) < 2 or len(stood) < 2:
            return None
        if len(kept) == len(levels) and len(stood) == len(posts):
            break
        levels, posts = kept, stood
    for limit in (_LIKELY, _SURE, _ABSENT):
        groups = _joined(below, beside, limit)
        if groups is not None:
            break
    else:
        return None
    cells = []
    for top, bottom, left, right in groups:
        sides = [below[top, left:right], below[bottom, left:right], beside[top:bottom, left], beside[top:bottom, right]]
        inner = [*below[top + 1 : bottom, left:right].flat, *beside[top:bottom, left + 1 : right].flat]
        unsure = min(edge for side in sides for edge in side) < _CERTAIN or max(inner, default=0.0) > _ABSENT
        place = (
            box[0] + posts[left][1],
            box[1] + levels[top][1],
            box[0] + posts[right][0],
            box[1] + levels[bottom][0],
        )
        cells.append(Cell(top, bottom, left, right, place, bool(unsure)))
    return Grid(len(levels) - 1, len(posts) - 1, tuple(cells), box)


def _edges(
    drawn: _Drawn, levels: list[tuple[int, int]], posts: list[tuple[int, int]]
) -> tuple[Shares, Shares, tuple[Flags, Flags]]:
    """How much is there of each edge above and below, and left and right, of each elementary place; and which of them run
    from corner to corner. At the picture's end an edge is taken to be there."""
    rows, columns = len(levels) - 1, len(posts) - 1
    below, across = np.ones((rows + 1, columns)), np.ones((rows + 1, columns), bool)
    for i, (top, bottom) in enumerate(levels):
        reach = slice(max(0, top - 2), bottom + 2)
        for j in range(columns if bottom > top else 0):
            along = slice(posts[j][1], posts[j + 1][0])
            below[i, j], across[i, j] = _seen(drawn.across[reach, along], drawn.inked[reach, along])
    beside, upright = np.ones((rows, columns + 1)), np.ones((rows, columns + 1), bool)
    for j, (left, right) in enumerate(posts):
        reach = slice(max(0, left - 2), right + 2)
        for i in range(rows if right > left else 0):
            along = slice(levels[i][1], levels[i + 1][0])
            beside[i, j], upright[i, j] = _seen(drawn.upright[along, reach].T, drawn.inked[along, reach].T)
    return below, beside, (across, upright)


def _seen(line: Picture, inked: Picture) -> tuple[float, bool]:
    """Share of an edge that is there, its ends left out; and whether those are there too. Of a rule in many pieces none is
    a line, but all of them lie in one row of pixels, from corner to corner, as letters never do."""
    length = line.shape[1]
    inset = min(3, length // 4)
    middle = slice(inset, length - inset)
    if length - 2 * inset < 1:
        return 1.0, True
    share = float(line[:, middle].max(axis=0).mean())
    ends = [
        float(inked[:, part].max(axis=0).mean()) for part in (slice(0, inset + 1), slice(length - inset - 1, length))
    ]
    if share < _SURE and min(ends) > 0.5 and (pieces := float(inked[:, middle].mean(axis=1).max())) >= _SURE:
        share = pieces
    return share, share >= _SURE and min(ends) > 0.5


def _joined(below: Shares, beside: Shares, limit: float) -> list[tuple[int, int, int, int]] | None:
    """Rectangles of places with no edge of at least `limit` between them; None if one is no rectangle."""
    rows, columns = beside.shape[0], below.shape[1]
    owner = np.full((rows, columns), -1)
    found: list[tuple[int, int, int, int]] = []
    for i in range(rows):
        for j in range(columns):
            if owner[i, j] >= 0:
                continue
            stack, seen = [(i, j)], {(i, j)}
            while stack:
                a, b = stack.pop()
                for c, d, edge in (
                    (a + 1, b, below[a + 1, b]),
                    (a - 1, b, below[a, b]),
                    (a, b + 1, beside[a, b + 1]),
                    (a, b - 1, beside[a, b]),
                ):
                    if edge < limit and 0 <= c < rows and 0 <= d < columns and (c, d) not in seen:
                        seen.add((c, d))
                        stack.append((c, d))
            top, bottom = min(a for a, _ in seen), max(a for a, _ in seen) + 1
            left, right = min(b for _, b in seen), max(b for _, b in seen) + 1
            if (bottom - top) * (right - left) != len(seen):
                return None
            for a, b in seen:
                owner[a, b] = len(found)
            found.append((top, bottom, left, right))
    return found
