"""Ruled lines on a printed page → the tables that they draw. Pure.

A table is lines that meet. Its edges cut it into the smallest cells; where no line parts two of those, they are one
merged cell. So the grid has the merged cell's text in each place, as crawler.page.text wants it. Lines that form no
grid (a letterhead's rule, an underlined word, a frame around a page) are no table. Lengths are in points.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from crawler.documents import model
from crawler.documents.grid import nearest, snapped

SLACK = 4.0
"""Lines nearer than this are one, or meet: the two of a double line, or of two cells with a space between."""
_GAP = 4.0
"""A dashed line's."""
_SHORT = 4.0
_THIN = 2.0
"""A filled rectangle of at most that is a line."""
_STRAIGHT = 0.5
"""How far a line may lean."""
_MAX_LINES = 20_000
_MAX_PLACES = 40_000


class Rule(NamedTuple):
    """A horizontal or vertical line: where it lies across, and from where to where it runs."""

    at: float
    start: float
    end: float


class Ruled:
    """One table. Rows from top to bottom; `down`: y grows downwards."""

    def __init__(self, xs: list[float], ys: list[float], across: list[Rule], upright: list[Rule], down: bool) -> None:
        self.xs, self.ys = xs, ys if down else ys[::-1]
        self.merged = self._merge(across, upright)
        """The number of the merged cell in each place."""
        self.area = (xs[-1] - xs[0]) * (ys[-1] - ys[0])

    def _merge(self, across: list[Rule], upright: list[Rule]) -> list[list[int]]:
        """The number of the merged cell in each place."""
        height, width = len(self.ys) - 1, len(self.xs) - 1
        parent = list(range(height * width))

        def root(place: int) -> int:
            while parent[place] != place:
                parent[place] = parent[parent[place]]
                place = parent[place]
            return place

        walls_up = _by_place(upright, self.xs)
        walls_across = _by_place(across, self.ys)
        for row in range(height):
            middle = (self.ys[row] + self.ys[row + 1]) / 2
            for column in range(width):
                place = row * width + column
                if column + 1 < width and not _covers(walls_up[column + 1], middle):
                    parent[root(place + 1)] = root(place)
                if row + 1 < height and not _covers(walls_across[row + 1], (self.xs[column] + self.xs[column + 1]) / 2):
                    parent[root(place + width)] = root(place)
        return [[root(row * width + column) for column in range(width)] for row in range(height)]

    @property
    def cells(self) -> int:
        """How many it has, merged ones counted once."""
        return len({cell for row in self.merged for cell in row})

    def holds(self, x: float, y: float) -> bool:
        low, high = min(self.ys[0], self.ys[-1]), max(self.ys[0], self.ys[-1])
        return self.xs[0] <= x <= self.xs[-1] and low <= y <= high

    def cell(self, x: float, y: float) -> int:
        """The merged cell at a place inside."""
        column = next((index for index in range(len(self.xs) - 1) if x <= self.xs[index + 1]), len(self.xs) - 2)
        down = self.ys[-1] > self.ys[0]
        row = next(
            (i for i in range(len(self.ys) - 1) if (y <= self.ys[i + 1] if down else y >= self.ys[i + 1])),
            len(self.ys) - 2,
        )
        return self.merged[row][column]


def add_shape(points: Sequence[tuple[float, float]], stroked: bool, across: list[Rule], upright: list[Rule]) -> None:
    """Adds the lines of a drawn shape: its straight strokes; as a filled one, itself if it is as thin as a line."""
    if len(points) > 2:
        (left, right), (low, high) = ((min(side), max(side)) for side in zip(*points, strict=True))
        if right - left <= _THIN < high - low:
            upright.append(Rule((left + right) / 2, low, high))
            return
        if high - low <= _THIN < right - left:
            across.append(Rule((low + high) / 2, left, right))
            return
    if stroked:
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            if abs(x1 - x0) <= _STRAIGHT < abs(y1 - y0):
                upright.append(Rule((x0 + x1) / 2, min(y0, y1), max(y0, y1)))
            elif abs(y1 - y0) <= _STRAIGHT < abs(x1 - x0):
                across.append(Rule((y0 + y1) / 2, min(x0, x1), max(x0, x1)))


def tables(across: Iterable[Rule], upright: Iterable[Rule], *, down: bool) -> list[Ruled]:
    """The tables that lines draw, smallest first, so that a word belongs to the innermost."""
    level, plumb = _joined(across), _joined(upright)
    if not level or not plumb or len(level) + len(plumb) > _MAX_LINES:
        return []
    found = []
    for flat, meeting in _meeting(level, plumb):
        tall = _beside(flat, meeting, plumb)
        xs = _closed(snapped((rule.at for rule in tall), SLACK), flat)
        ys = _closed(snapped((rule.at for rule in flat), SLACK), tall)
        places = (len(xs) - 1) * (len(ys) - 1)
        if 2 <= places <= _MAX_PLACES and len(xs) - 1 <= model.MAX_COLUMNS:
            table = Ruled(xs, ys, flat, tall, down)
            if table.cells > 1:
                found.append(table)
    return sorted(found, key=lambda table: table.area)


def _closed(edges: list[float], crossing: Sequence[Rule]) -> list[float]:
    """The edges, and those that nobody drew: where crossing lines end together beyond the outermost edge, as at a
    page's end, or in tables that are open at their sides."""
    starts, ends = [rule.start for rule in crossing], [rule.end for rule in crossing]
    first, last = min(starts), max(ends)
    before = [first] if edges[0] - first > _SHORT and _together(starts, first) else []
    behind = [last] if last - edges[-1] > _SHORT and _together(ends, last) else []
    return before + edges + behind


def _together(ends: Sequence[float], outermost: float) -> bool:
    reaching = sum(abs(end - outermost) <= SLACK for end in ends)
    return reaching > 2 or 2 * reaching > len(ends)


def _beside(flat: Sequence[Rule], tall: list[Rule], upright: Sequence[Rule]) -> list[Rule]:
    """The upright lines, and on each side the nearest one that no level line meets though it is as high as the table: a
    cell that is merged over the whole of a page has no others."""
    low, high = flat[0].at, flat[-1].at
    known = set(tall)
    alone = [rule for rule in upright if rule.start <= low + SLACK and rule.end >= high - SLACK and rule not in known]
    left = max((rule for rule in alone if rule.at < tall[0].at), default=None)
    right = min((rule for rule in alone if rule.at > tall[-1].at), default=None)
    return [*filter(None, (left,)), *tall, *filter(None, (right,))]


def _joined(rules: Iterable[Rule]) -> list[Rule]:
    """Lines on one height as one, overlapping and dashed pieces joined; what stays short is no line of a table."""
    ordered = sorted(rules)
    kept: list[Rule] = []
    group: list[Rule] = []
    for rule in [*ordered, Rule(float("inf"), 0, 0)]:
        if group and rule.at - group[0].at > SLACK / 2:
            at = group[0].at
            start, end = min((one.start, one.end) for one in group)
            for one in sorted(group, key=lambda one: one.start):
                if one.start > end + _GAP:
                    kept.append(Rule(at, start, end))
                    start, end = one.start, one.end
                end = max(end, one.end)
            kept.append(Rule(at, start, end))
            group = []
        group.append(rule)
    return [rule for rule in kept if rule.end - rule.start >= _SHORT]


def _meeting(across: list[Rule], upright: list[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """Lines that meet, directly or over others: one table each."""
    parent = list(range(len(across) + len(upright)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for i, flat in enumerate(across):
        for j, tall in enumerate(upright, len(across)):
            if flat.start - SLACK <= tall.at <= flat.end + SLACK and tall.start - SLACK <= flat.at <= tall.end + SLACK:
                parent[root(i)] = root(j)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for i, flat in enumerate(across):
        groups.setdefault(root(i), ([], []))[0].append(flat)
    for j, tall in enumerate(upright, len(across)):
        groups.setdefault(root(j), ([], []))[1].append(tall)
    return [group for group in groups.values() if len(group[0]) > 1 and len(group[1]) > 1]


def _by_place(rules: Sequence[Rule], edges: Sequence[float]) -> list[list[Rule]]:
    placed: list[list[Rule]] = [[] for _ in edges]
    for rule in rules:
        placed[nearest(edges, rule.at)].append(rule)
    return placed


def _covers(rules: Sequence[Rule], place: float) -> bool:
    return any(rule.start <= place <= rule.end for rule in rules)
