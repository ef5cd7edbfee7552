"""Two sequences side by side: what stayed, what was replaced by what, what came and went. Pure, and bounded in time.

Everything is compared by keys (what folding leaves of a text), so that what counts as the same is the caller's matter.
"""

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeVar

import fast_diff_match_patch
import msgspec

T = TypeVar("T")
Pair = tuple[int | None, int | None]
"""Index in the old and in the new sequence; None: it has no counterpart."""

_BAND = 24
"""How far from its expected place a changed item is looked for, in hunks too large to try every pair."""
_SMALL = 1200
"""Pairs of a hunk that are all tried."""
_SECONDS = 0.5
"""After this the longest common sequence is approximated."""
_TOKEN = re.compile(r"\d+(?:[.,，．]\d+)*[%％‰]?|[A-Za-z]+(?:[-'][A-Za-z]+)*|\s+|.", re.DOTALL)
_FIRST, _SURROGATES = 0x100, 0xD800
_MOST = 0x10F000 - 0x800


class Segment(msgspec.Struct, frozen=True):
    """A part of a changed sentence."""

    kind: Literal["same", "removed", "added"]
    text: str


def runs(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[bool, int, int, int, int]]:
    """Opcodes (same, i1, i2, j1, j2) that lead from `old` to `new`; changes that follow each other are one."""
    codes: dict[Hashable, str] = {}

    def spell(items: Sequence[Hashable]) -> str:
        letters = []
        for item in items:
            if item not in codes:
                place = _FIRST + min(len(codes), _MOST)
                codes[item] = chr(place if place < _SURROGATES else place + 0x800)
            letters.append(codes[item])
        return "".join(letters)

    steps = fast_diff_match_patch.diff(
        spell(old), spell(new), timelimit=_SECONDS, checklines=False, cleanup="No", counts_only=True
    )
    i = j = 0
    i1 = j1 = 0
    for step, count in steps:
        if step == "=":
            if i > i1 or j > j1:
                yield False, i1, i, j1, j
            yield True, i, i + count, j, j + count
            i, j = i + count, j + count
            i1, j1 = i, j
        elif step == "-":
            i += count
        else:
            j += count
    if i > i1 or j > j1:
        yield False, i1, i, j1, j


def aligned(
    old: Sequence[T],
    new: Sequence[T],
    key: Callable[[T], Hashable],
    likeness: Callable[[T, T], float],
    least: float,
) -> Iterator[Pair]:
    """Pairs of items in order. Equal keys anchor; between them items pair off so that their likeness (0 to 1, at least
    `least` each) adds up to the most."""
    keys = [key(item) for item in old], [key(item) for item in new]
    for same, i1, i2, j1, j2 in runs(*keys):
        if same:
            yield from zip(range(i1, i2), range(j1, j2), strict=True)
        elif i1 == i2 or j1 == j2:
            yield from ((i, None) for i in range(i1, i2))
            yield from ((None, j) for j in range(j1, j2))
        else:
            yield from _paired(old, new, (i1, i2), (j1, j2), likeness, least)


def _paired(
    old: Sequence[T],
    new: Sequence[T],
    span: tuple[int, int],
    other: tuple[int, int],
    likeness: Callable[[T, T], float],
    least: float,
) -> Iterator[Pair]:
    (i1, i2), (j1, j2) = span, other
    rows, columns = i2 - i1, j2 - j1
    band = max(rows, columns) if rows * columns <= _SMALL else _BAND
    best: list[dict[int, float]] = [{} for _ in range(rows + 1)]
    chosen: set[tuple[int, int]] = set()
    for i in range(rows - 1, -1, -1):
        centre = i * columns // rows
        for j in range(min(columns - 1, centre + band), max(-1, centre - band - 1), -1):
            skip = max(best[i].get(j + 1, 0.0), best[i + 1].get(j, 0.0))
            alike = likeness(old[i1 + i], new[j1 + j])
            take = alike + best[i + 1].get(j + 1, 0.0) if alike >= least else 0.0
            best[i][j] = max(take, skip)
            if take > skip:
                chosen.add((i, j))
    i = j = 0
    while i < rows or j < columns:
        if i < rows and j < columns and (i, j) in chosen:
            yield i1 + i, j1 + j
            i, j = i + 1, j + 1
        elif j >= columns or (i < rows and best[i + 1].get(j, 0.0) >= best[i].get(j + 1, 0.0)):
            yield i1 + i, None
            i += 1
        else:
            yield None, j1 + j
            j += 1


def pairs_of(text: str) -> frozenset[str]:
    """What `alike` compares: each two neighbouring characters."""
    return frozenset(map(str.__add__, text, text[1:])) or frozenset((text,))


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice's coefficient of two sets: 0 nothing in common, 1 the same."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


class Piece(NamedTuple):
    """Two versions of a sentence, in parts: what both have, each in its own characters, or what only one of them has."""

    same: bool
    old: str
    new: str


def segments(old: str, new: str, key: Callable[[str], str]) -> tuple[Segment, ...]:
    """Two versions of a sentence as one: numbers and Latin words whole, Chinese by character, in readable pieces."""
    found: list[Segment] = []
    for piece in pieces(old, new, key):
        if piece.same:
            found.append(Segment("same", piece.new))
            continue
        if piece.old:
            found.append(Segment("removed", piece.old))
        if piece.new:
            found.append(Segment("added", piece.new))
    return tuple(found)


def pieces(old: str, new: str, key: Callable[[str], str]) -> list[Piece]:
    """The same with what is the same as each side prints it: `old` and `new` are what their parts add up to."""
    words = [_TOKEN.findall(old), _TOKEN.findall(new)]
    found: list[tuple[bool, list[str], list[str]]] = []
    for same, i1, i2, j1, j2 in runs(*([key(word) or word for word in side] for side in words)):
        removed, added = "".join(words[0][i1:i2]), "".join(words[1][j1:j2])
        kept = same or bool(removed and added and key(removed) == key(added))
        if not kept and len(found) >= 2 and found[-1][0] and _crumb(found[-1][2]):
            _, was, now = found.pop()
            found[-1][1].extend(was)
            found[-1][2].extend(now)
        if not found or found[-1][0] != kept:
            found.append((kept, [], []))
        found[-1][1].append(removed)
        found[-1][2].append(added)
    made = [Piece(same, "".join(was), "".join(now)) for same, was, now in found]
    kept_size = sum(len(piece.new) for piece in made if piece.same)
    return [Piece(False, old, new)] if kept_size * 4 < max(len(old), len(new)) else made


def _crumb(kept: Sequence[str]) -> bool:
    """One character that happens to be the same between two changes: it reads better as part of the change."""
    return len(kept) == 1 and len(kept[0]) == 1 and not kept[0].isdigit()
