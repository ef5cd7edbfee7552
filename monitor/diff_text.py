"""Two texts' sentences → what changed in the prose. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from monitor.sequences import Segment, aligned, alike, pairs_of, segments

_MOVED_LEAST = 8
"""Characters that a sentence must have for its reappearing elsewhere to be called a move."""


class TextChange(msgspec.Struct, frozen=True):
    """One sentence."""

    kind: Literal["changed", "added", "removed", "moved"]
    chapter: str
    """`一、总体情况 (四)`; empty before the first chapter."""
    before: str
    """As printed; empty: it was added."""
    after: str
    segments: tuple[Segment, ...]
    """The two as one. A moved sentence is one segment."""


class Sentence(msgspec.Struct, frozen=True):
    """One sentence with the chapter it stands in."""

    text: str
    key: str
    """What folding leaves of it."""
    chapter: str
    block: int = -1
    """The block of the body that it stands in."""
    start: int = -1
    """Where in that block's text; -1: it is a cell of a table."""


class Step(NamedTuple):
    """A sentence of the old text beside one of the new; None: it has no counterpart."""

    old: int | None
    new: int | None
    change: TextChange | None = None
    """None: it says the same, cut elsewhere perhaps."""
    moved: bool = False
    """Where a sentence was that is told where it stands now."""


def compare_sentences(
    old: Sequence[Sentence], new: Sequence[Sentence], fold: Callable[[str], str]
) -> Iterator[TextChange]:
    """What changed, in the order of the new text."""
    return (step.change for step in sentence_steps(old, new, fold) if step.change is not None)


def sentence_steps(old: Sequence[Sentence], new: Sequence[Sentence], fold: Callable[[str], str]) -> Iterator[Step]:
    """All sentences of both texts, in order, with what changed in them."""
    pairs = {id(sentence): pairs_of(sentence.key) for sentence in (*old, *new)} if len(old) + len(new) < 400 else {}

    def known(sentence: Sentence) -> frozenset[str]:
        if id(sentence) not in pairs:
            pairs[id(sentence)] = pairs_of(sentence.key)
        return pairs[id(sentence)]

    steps = list(aligned(old, new, lambda item: item.key, lambda one, other: alike(known(one), known(other)), 0.45))
    changed = [(i, j) for i, j in steps if i is None or j is None or old[i].key != new[j].key]
    recut = _recut(steps, old, new)
    gone = {old[i].key for i, j in changed if i is not None and j is None}
    come = {new[j].key for i, j in changed if i is None and j is not None}
    moved = {key for key in gone & come if len(key) >= _MOVED_LEAST}
    for i, j in steps:
        change = None
        away = False
        if (i, j) in recut:
            pass
        elif i is not None and j is not None:
            if old[i].key != new[j].key:
                before, after = old[i].text, new[j].text
                change = TextChange("changed", new[j].chapter, before, after, segments(before, after, fold))
        elif j is not None:
            one = new[j]
            if one.key in moved:
                change = TextChange("moved", one.chapter, one.text, one.text, (Segment("same", one.text),))
            else:
                change = TextChange("added", one.chapter, "", one.text, (Segment("added", one.text),))
        elif i is not None:
            away = old[i].key in moved
            if not away:
                change = TextChange("removed", old[i].chapter, old[i].text, "", (Segment("removed", old[i].text),))
        yield Step(i, j, change, away)


def _recut(
    steps: Sequence[tuple[int | None, int | None]], old: Sequence[Sentence], new: Sequence[Sentence]
) -> set[tuple[int | None, int | None]]:
    """Steps that only cut the same words elsewhere: a paragraph divided, a heading joined to what follows."""
    found: set[tuple[int | None, int | None]] = set()
    hunk: list[tuple[int | None, int | None]] = []
    for i, j in [*steps, (-1, -1)]:
        if i is not None and j is not None and (i < 0 or old[i].key == new[j].key):
            if hunk:
                before = "".join(old[a].key for a, _ in hunk if a is not None)
                if before == "".join(new[b].key for _, b in hunk if b is not None):
                    found.update(hunk)
                hunk = []
        else:
            hunk.append((i, j))
    return found
