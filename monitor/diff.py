"""Two versions of a report → a change that people can read. Pure: no clock, no disk; nothing here raises.

Prose is compared sentence by sentence, and changed sentences by character, with numbers and Latin words whole; tables
cell by cell (monitor.diff_tables); attachments by what they say. Cosmetic differences (monitor.canonical) are no
change, unless they are asked for. Paragraphs that were only cut elsewhere are the same; a sentence that stands
somewhere else was moved.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from crawler.page.chinese import repair, strip_invisible
from crawler.page.text import Table, parse
from monitor.canonical import AttachmentState, attachment_hash, canonical, folding, in_order
from monitor.diff_tables import CellChange, Grid, GridChange, compare_tables, moved_tables
from monitor.sequences import Segment, aligned, alike, pairs_of, segments

__all__ = ["AttachmentChange", "CellChange", "Change", "Document", "FieldChange", "GridChange", "TextChange", "diff"]

_FIELDS = {"title": "标题", "organ": "机关", "source": "来源", "published_on": "公开日期"}
_SENTENCE = re.compile(r".+?(?:[。！？；!?;]+[”’\"'）)」』】]*|$)", re.DOTALL)
_CHAPTER = re.compile(r"\s*([一二三四五六七八九十]{1,3}\s*[、．.]\s*[^。；：:，,]{2,40})")
_SECTION = re.compile(r"\s*([（(]\s*[一二三四五六七八九十]{1,3}\s*[)）])")
_MOVED_LEAST = 8
"""Characters that a sentence must have for its reappearing elsewhere to be called a move."""


class Document(msgspec.Struct, frozen=True):
    """A report as one version has it. `text` is in the form of crawler.page.text."""

    title: str = ""
    organ: str = ""
    source: str = ""
    published_on: str = ""
    text: str = ""
    attachments: tuple[AttachmentState, ...] = ()


class FieldChange(msgspec.Struct, frozen=True):
    """Title, organ, source or publication date."""

    name: str
    """What readers see: 标题, 机关, 来源, 公开日期."""
    old: str
    new: str
    segments: tuple[Segment, ...]


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


class AttachmentChange(msgspec.Struct, frozen=True):
    """A document or a picture."""

    change: Literal["added", "removed", "changed"]
    name: str
    kind: str
    """`document` or `picture`."""
    url: str
    within: "Change | None" = None
    """What changed in its text, where both versions of it have one."""


class Change(msgspec.Struct, frozen=True):
    """Everything that differs, in the order of the new version."""

    fields: tuple[FieldChange, ...] = ()
    cells: tuple[CellChange, ...] = ()
    grids: tuple[GridChange, ...] = ()
    text: tuple[TextChange, ...] = ()
    attachments: tuple[AttachmentChange, ...] = ()

    @property
    def tables(self) -> tuple[CellChange | GridChange, ...]:
        return (*self.cells, *self.grids)

    @property
    def empty(self) -> bool:
        return not (self.fields or self.cells or self.grids or self.text or self.attachments)


class _Sentence(msgspec.Struct, frozen=True):
    text: str
    key: str
    chapter: str


def diff(old: Document, new: Document, *, cosmetic: bool = False) -> Change:
    """What changed from `old` to `new`. `cosmetic`: every visible difference counts, but white space."""
    fold = strip_invisible if cosmetic else folding(old.title + old.text, new.title + new.text)
    fields = []
    for field, name in _FIELDS.items():
        before, after = getattr(old, field), getattr(new, field)
        if fold(before) != fold(after):
            fields.append(FieldChange(name, before, after, segments(before, after, fold)))
    cells, grids, text = _bodies(old.text, new.text, fold, cosmetic)
    return Change(tuple(fields), cells, grids, text, tuple(_attachments(old, new, fold, cosmetic)))


def _bodies(
    old: str, new: str, fold: Callable[[str], str], cosmetic: bool
) -> tuple[tuple[CellChange, ...], tuple[GridChange, ...], tuple[TextChange, ...]]:
    if not cosmetic:
        if fold(canonical(old)) == fold(canonical(new)):
            return (), (), ()
        old, new = repair(old), repair(new)
    (said, tables), (says, grids) = _split(old, fold, cosmetic), _split(new, fold, cosmetic)
    found = list(compare_tables(tables, grids))
    text = tuple(_sentences(said, says, fold))
    if not found and not text:
        found.extend(moved_tables(tables, grids))
    return (
        tuple(change for change in found if isinstance(change, CellChange)),
        tuple(change for change in found if isinstance(change, GridChange)),
        text,
    )


def _split(text: str, fold: Callable[[str], str], blanks: bool) -> tuple[list[_Sentence], list[Grid]]:
    """A body's sentences and its tables, each with the chapter it stands in; `blanks`: with rows in which nothing is."""
    sentences: list[_Sentence] = []
    grids: list[Grid] = []
    chapter = section = ""
    size = 0
    for block in parse(text):
        if isinstance(block, Table):
            rows = [row for row in block.rows if blanks or any(row)]
            if rows:
                grids.append(Grid(rows, chapter, fold, size))
            continue
        if heading := _CHAPTER.match(block):
            chapter, section = " ".join(heading[1].split()), ""
        elif heading := _SECTION.match(block):
            section = "(" + re.sub(r"[（()）\s]", "", heading[1]) + ")"
        place = f"{chapter} {section}".strip()
        for sentence in _SENTENCE.findall(block):
            if key := fold(sentence):
                sentences.append(_Sentence(sentence.strip(), key, place))
                size += len(key)
    return sentences, grids


def _sentences(old: Sequence[_Sentence], new: Sequence[_Sentence], fold: Callable[[str], str]) -> Iterator[TextChange]:
    pairs = {id(sentence): pairs_of(sentence.key) for sentence in (*old, *new)} if len(old) + len(new) < 400 else {}

    def known(sentence: _Sentence) -> frozenset[str]:
        if id(sentence) not in pairs:
            pairs[id(sentence)] = pairs_of(sentence.key)
        return pairs[id(sentence)]

    steps = list(aligned(old, new, lambda item: item.key, lambda one, other: alike(known(one), known(other)), 0.45))
    changed = [(i, j) for i, j in steps if i is None or j is None or old[i].key != new[j].key]
    recut = _recut(steps, old, new)
    gone = {old[i].key for i, j in changed if i is not None and j is None}
    come = {new[j].key for i, j in changed if i is None and j is not None}
    moved = {key for key in gone & come if len(key) >= _MOVED_LEAST}
    for i, j in changed:
        if (i, j) in recut:
            continue
        if i is not None and j is not None:
            before, after = old[i].text, new[j].text
            yield TextChange("changed", new[j].chapter, before, after, segments(before, after, fold))
        elif j is not None:
            one = new[j]
            if one.key in moved:
                yield TextChange("moved", one.chapter, one.text, one.text, (Segment("same", one.text),))
            else:
                yield TextChange("added", one.chapter, "", one.text, (Segment("added", one.text),))
        elif i is not None and old[i].key not in moved:
            yield TextChange("removed", old[i].chapter, old[i].text, "", (Segment("removed", old[i].text),))


def _recut(
    steps: Sequence[tuple[int | None, int | None]], old: Sequence[_Sentence], new: Sequence[_Sentence]
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


def _attachments(
    old: Document, new: Document, fold: Callable[[str], str], cosmetic: bool
) -> Iterator[AttachmentChange]:
    def says(item: AttachmentState) -> str:
        return f"{item.sha256} {strip_invisible(item.name)}" if cosmetic else attachment_hash(item)

    def likeness(one: AttachmentState, other: AttachmentState) -> float:
        if one.kind != other.kind:
            return 0.0
        same_name = bool(one.name) and fold(one.name) == fold(other.name)
        words = alike(pairs_of(fold(one.text)), pairs_of(fold(other.text))) if one.text and other.text else 0.0
        return max(0.9 * (one.url == other.url), 0.8 * same_name, words)

    were, are = in_order(old.attachments), in_order(new.attachments)
    for i, j in aligned(were, are, says, likeness, 0.5):
        if j is None and i is not None:
            gone = were[i]
            yield AttachmentChange("removed", gone.name, gone.kind, gone.url)
        elif i is None and j is not None:
            come = are[j]
            yield AttachmentChange("added", come.name, come.kind, come.url)
        elif i is not None and j is not None:
            before, after = were[i], are[j]
            if says(before) == says(after) or (not cosmetic and fold(before.text) and _same_text(before, after, fold)):
                continue
            within = None
            if before.text and after.text:
                within = Change((), *_bodies(before.text, after.text, fold, cosmetic))
            yield AttachmentChange("changed", after.name or before.name, after.kind, after.url, within)


def _same_text(one: AttachmentState, other: AttachmentState, fold: Callable[[str], str]) -> bool:
    cells, grids, text = _bodies(one.text, other.text, fold, False)
    return not (cells or grids or text)
