"""Two bodies laid beside each other → rows of paragraphs and tables, every change marked. Pure.

Nothing is left out and nothing is put in: the old sides of all rows, read one after the other, are the old body, and the
new sides the new one. What is marked is what `monitor.diff` says; all else counts as the same.
"""

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from crawler.page.text import Table
from monitor.diff import Body
from monitor.diff_split import Split
from monitor.diff_text import Sentence, Step, TextChange
from monitor.sequences import Piece as Words
from monitor.sequences import pieces
from monitor.web.diff_drawn import Captions, Pen, Tell
from monitor.web.diff_model import Block, Drawn, Key, Kind, Mark, Note, Numbers, Para, Piece, Row
from monitor.web.diff_places import Pairing, Places
from monitor.web.diff_words import worded

Link = tuple[int, int]
Span = tuple[tuple[int, ...], tuple[int, ...]]
"""Blocks of the old and of the new body."""


class Rows:
    """One body's rows. `name`: what tells its changes from those of other bodies on the page."""

    def __init__(
        self,
        body: Body,
        places: Places,
        name: str,
        numbers: Numbers,
        fold: Callable[[str], str],
        tell: Tell,
        side: bool,
    ) -> None:
        self._body, self._places, self._name = body, places, name
        self._numbers, self._fold, self._tell, self._side = numbers, fold, tell, side
        self._steps = body.steps
        self._said = (
            _said(body.old, [step.old for step in body.steps]),
            _said(body.new, [step.new for step in body.steps]),
        )
        self._pairs = {pair.new.block: pair for pair in places.pairs}
        self._grids = {grid.block: grid for grid in body.old.grids}, {grid.block: grid for grid in body.new.grids}
        self._away: dict[str, list[int]] = {}
        for at, step in enumerate(body.steps):
            if step.change is not None and step.change.kind == "moved" and step.new is not None:
                self._away.setdefault(body.new.sentences[step.new].key, []).append(at)
        self._links = frozenset(links := self._linked())
        self._spans = list(self._spanned(links))
        self._pen = Pen(numbers, (places.old, places.new), (self._captions(0), self._captions(1)))

    def rows(self) -> list[Row]:
        """All of it, in order."""
        spans = self._spans
        if self._side:
            return [Row(self._blocks(0, old), self._blocks(1, new)) for old, new in spans]
        where = {(which, block): at for at, span in enumerate(spans) for which in (0, 1) for block in span[which]}
        steps: list[list[int]] = [[] for _ in spans]
        for at, step in enumerate(self._steps):
            if step.new is not None:
                steps[where[1, self._body.new.sentences[step.new].block]].append(at)
            elif step.old is not None:
                steps[where[0, self._body.old.sentences[step.old].block]].append(at)
        return [row for at, span in enumerate(spans) if (row := Row(both=tuple(self._inline(span, steps[at])))).both]

    # Which blocks belong to each other --------------------------------------------------------------------------------

    def _linked(self) -> list[Link]:
        old, new = self._body.old.sentences, self._body.new.sentences
        links = {
            (old[one.old].block, new[one.new].block)
            for one in self._steps
            if one.old is not None and one.new is not None
        }
        for same, hunk in groupby(self._steps, lambda one: one.old is not None and one.new is not None):
            quiet = [one for one in hunk if not same and one.change is None and not one.moved]
            before = [old[one.old].block for one in quiet if one.old is not None]
            after = [new[one.new].block for one in quiet if one.new is not None]
            if before and after:  # the same words, cut elsewhere
                links |= {(before[0], after[0]), (before[-1], after[-1])}
        said = sorted(links)
        highest, lowest = _highest(said), _lowest(said)
        for pair in self._places.pairs:
            p, q = pair.old.block, pair.new.block
            if highest(p) <= q <= lowest(p):
                links.add((p, q))
        return sorted(links)

    def _spanned(self, links: Sequence[Link]) -> Iterator[Span]:
        p = q = 0
        at = 0
        while at < len(links):
            first = last = links[at]
            while at < len(links) and (links[at][0] <= last[0] or links[at][1] <= last[1]):
                last = max(last[0], links[at][0]), max(last[1], links[at][1])
                at += 1
            yield from self._apart(range(p, first[0]), range(q, first[1]))
            p, q = last[0] + 1, last[1] + 1
            yield tuple(range(first[0], p)), tuple(range(first[1], q))
        yield from self._apart(range(p, len(self._body.old.blocks)), range(q, len(self._body.new.blocks)))

    def _apart(self, old: range, new: range) -> Iterator[Span]:
        """Blocks that have no counterpart. Paragraphs in whose place others stand are shown beside those."""
        before, after = list(old), list(new)
        sides = (self._body.old.blocks[p] for p in before), (self._body.new.blocks[q] for q in after)
        if any(isinstance(block, Table) for side in sides for block in side):
            yield from (((p,), ()) for p in before)
            yield from (((), (q,)) for q in after)
            return
        for at in range(max(len(before), len(after))):
            yield tuple(before[at : at + 1]), tuple(after[at : at + 1])

    # One version's side -----------------------------------------------------------------------------------------------

    def _split(self, which: int) -> Split:
        return self._body.new if which else self._body.old

    def _blocks(self, which: int, blocks: Iterable[int]) -> tuple[Block, ...]:
        found = []
        for index in blocks:
            block = self._split(which).blocks[index]
            if isinstance(block, str):
                found.append(self._paragraph(which, index, block))
            elif (drawn := self._table(which, index)) is not None:
                found.append(drawn)
        return tuple(found)

    def _paragraph(self, which: int, index: int, text: str) -> Block:
        shown: list[Piece] = []
        place = 0
        for at in self._said[which].get(index, ()):
            sentence = self._sentence(which, at)
            if sentence.start > place:
                shown.append(Piece("same", text[place : sentence.start]))
            shown.extend(piece for piece in self._one_side(at, which) if piece.text)
            place = sentence.start + len(sentence.text)
        if place < len(text):
            shown.append(Piece("same", text[place:]))
        return Para(tuple(_joined(shown)))

    def _sentence(self, which: int, at: int) -> Sentence:
        number = self._steps[at].new if which else self._steps[at].old
        assert number is not None
        return self._split(which).sentences[number]

    def _one_side(self, at: int, which: int) -> Iterator[Piece]:
        """A sentence as one version has it."""
        step = self._steps[at]
        text = self._sentence(which, at).text
        if step.moved:
            yield Piece("left", text, self._left(step))
        elif step.change is None:
            yield Piece("same", text)
        elif step.change.kind == "changed":
            kind: Kind = "added" if which else "removed"
            for same, old, new in self._pieces(step.change):
                shown = new if which else old
                if shown:
                    yield Piece("same", shown) if same else Piece(kind, shown, self._mark(at))
        else:
            yield Piece(step.change.kind, text, self._mark(at))

    def _pieces(self, change: TextChange) -> list[Words]:
        return worded(pieces(change.before, change.after, self._fold))

    def _mark(self, at: int) -> Mark:
        return self._numbers.mark((self._name, "text", at))

    def _left(self, step: Step) -> Mark:
        """Where a sentence was that stands elsewhere now."""
        assert step.old is not None
        to = self._away[self._body.old.sentences[step.old].key]
        return self._numbers.mark((self._name, "text", to[0]), "-from")

    def _captions(self, which: int) -> Captions:
        """Sentences that stand in tables: where."""
        found: dict[tuple[int, int, int], tuple[Key, Kind]] = {}
        for at, step in enumerate(self._steps):
            number = step.new if which else step.old
            if number is None or (step.change is None and not step.moved):
                continue
            sentence = self._split(which).sentences[number]
            if sentence.start >= 0:
                continue
            table = self._split(which).blocks[sentence.block]
            assert isinstance(table, Table)
            key: Key = (self._name, "text", at)
            kind: Kind = "changed"
            if step.change is not None:
                kind = step.change.kind
            else:
                key, kind = (self._name, "text", self._away[sentence.key][0]), "left"
            for row, cells in enumerate(table.rows):
                if len(set(filter(None, cells))) == 1 and any(sentence.text in cell for cell in cells):
                    found |= {(sentence.block, row, column): (key, kind) for column, cell in enumerate(cells) if cell}
        return found

    def _table(self, which: int, index: int) -> Drawn | None:
        grid = self._grids[which].get(index)
        table = self._split(which).blocks[index]
        if grid is None or isinstance(table, str):
            return None
        return self._pen.one(grid, table.rows, "new" if which else "old", self._notes("new" if which else "old", index))

    def _notes(self, side: str, block: int) -> tuple[Note, ...]:
        return tuple(self._tell(key) for key in self._places.notes.get((side, block), ()))

    # Both in one ------------------------------------------------------------------------------------------------------

    def _inline(self, span: Span, steps: Sequence[int]) -> Iterator[Block]:
        tables = _Tables(self, span)
        shown: list[Piece] = []
        p = q = -1  # the paragraphs that are being shown, of the old and of the new body
        for at in steps:
            step = self._steps[at]
            old = self._body.old.sentences[step.old] if step.old is not None else None
            new = self._body.new.sentences[step.new] if step.new is not None else None
            if (new or old).start < 0 or (new is None and step.change is None and not step.moved):  # type: ignore[union-attr]
                continue  # told in its table, or cut elsewhere
            before, after = old.block if old is not None else p, new.block if new is not None else q
            found = list(tables.before(old, new))
            fits = (q in (-1, after)) if new is not None else (p in (-1, before) or (before, q) in self._links)
            fits = fits and (p < 0 or q >= 0 or new is None or (p, after) in self._links)
            fits = fits and (q < 0 or p >= 0 or new is not None or (before, q) in self._links)
            if shown and (found or not fits):
                yield Para(tuple(_joined(shown)))
                shown = []
                p = q = -1
            yield from found
            p, q = old.block if old is not None else p, new.block if new is not None else q
            if shown and (gap := self._gap(at)):
                shown.append(Piece("same", gap))
            shown.extend(self._in_one(at))
        if shown:
            yield Para(tuple(_joined(shown)))
        yield from tables.rest()

    def _gap(self, at: int) -> str:
        """White space in front of a sentence."""
        which = int(self._steps[at].new is not None)
        sentence = self._sentence(which, at)
        text = self._split(which).blocks[sentence.block]
        assert isinstance(text, str)
        return " " if sentence.start > 0 and text[sentence.start - 1].isspace() else ""

    def _in_one(self, at: int) -> Iterator[Piece]:
        """A sentence as both versions have it."""
        step = self._steps[at]
        if step.change is None or step.change.kind != "changed":
            yield from self._one_side(at, int(step.new is not None))
            return
        for same, old, new in self._pieces(step.change):
            if same:
                yield Piece("same", new)
                continue
            if old:
                yield Piece("removed", old, self._mark(at))
            if new:
                yield Piece("added", new, self._mark(at))

    def table(self, which: int, index: int) -> Iterator[Block]:
        """A table that stands alone, in one version."""
        if (drawn := self._table(which, index)) is not None:
            yield drawn

    def pair(self, index: int) -> Pairing | None:
        """The pair of which this block of the new body is one."""
        return self._pairs.get(index)

    def drawn(self, pair: Pairing) -> Iterator[Block]:
        """A table of both versions: in one grid, if that can be."""
        if self._pen.fits(pair):
            table = self._body.new.blocks[pair.new.block]
            assert isinstance(table, Table)
            notes = (*self._notes("old", pair.old.block), *self._notes("new", pair.new.block))
            yield self._pen.both(pair, table.rows, notes)
            return
        for which, grid in enumerate((pair.old, pair.new)):
            yield from self.table(which, grid.block)


class _Tables:
    """Those of one row, in the inline view: each where it stands between the paragraphs."""

    def __init__(self, rows: Rows, span: Span) -> None:
        self._rows = rows
        self._old, self._new = list(span[0]), list(span[1])
        self._paired = {
            pair.old.block for block in span[1] if (pair := rows.pair(block)) is not None and pair.old.block in span[0]
        }

    def before(self, old: Sentence | None, new: Sentence | None) -> Iterator[Block]:
        """Those that stand before these sentences."""
        yield from self._until(old.block if old is not None else -1, new.block if new is not None else -1)

    def rest(self) -> Iterator[Block]:
        last = [max(blocks, default=-1) + 1 for blocks in (self._old, self._new)]
        yield from self._until(last[0], last[1])

    def _until(self, p: int, q: int) -> Iterator[Block]:
        while self._old and self._old[0] < p:
            if (index := self._old.pop(0)) not in self._paired:
                yield from self._rows.table(0, index)
        while self._new and self._new[0] < q:
            pair = self._rows.pair(index := self._new.pop(0))
            if pair is not None and pair.old.block in self._paired:
                yield from self._rows.drawn(pair)
            else:
                yield from self._rows.table(1, index)


def _said(split: Split, numbers: Iterable[int | None]) -> dict[int, list[int]]:
    """The steps of each paragraph's sentences."""
    found: dict[int, list[int]] = {}
    for at, number in enumerate(numbers):
        if number is not None and split.sentences[number].start >= 0:
            found.setdefault(split.sentences[number].block, []).append(at)
    return found


def _joined(shown: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces of which those that are the same in line are one."""
    kept: list[str] = []
    for piece in shown:
        if piece.kind == "same":
            kept.append(piece.text)
            continue
        if kept:
            yield Piece("same", "".join(kept))
            kept = []
        yield piece
    if kept:
        yield Piece("same", "".join(kept))


def _highest(links: Sequence[Link]) -> Callable[[int], int]:
    """Of sorted links: the last new block that belongs to an old one up to this."""
    return lambda p: max((q for one, q in links[: bisect_right(links, p, key=lambda link: link[0])][-1:]), default=-1)


def _lowest(links: Sequence[Link]) -> Callable[[int], int]:
    """Of sorted links: the first new block that belongs to an old one from this on."""
    return lambda p: min(
        (q for _, q in links[bisect_left(links, p, key=lambda link: link[0]) :][:1]), default=sys.maxsize
    )
