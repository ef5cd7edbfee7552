"""Two versions of a report → a change that people can read. Pure: no clock, no disk; nothing here raises.

Prose is compared sentence by sentence, and changed sentences by character, with numbers and Latin words whole; the national
tables of page, attachments and recognised pictures by their fields (monitor.diff_fields), other tables by their labels
(monitor.diff_tables); attachments by what they say. A cell that changed is told once, wherever else it is printed.
Cosmetic differences (monitor.canonical) are no change, unless they are asked for. Paragraphs that were only cut elsewhere
are the same; a sentence that stands somewhere else was moved.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Literal

import msgspec

from crawler.page.chinese import repair, strip_invisible
from crawler.page.text import Table, parse
from monitor import figures
from monitor.canonical import AttachmentState, attachment_hash, canonical, cell_key, folding, in_order
from monitor.diff_cells import CellChange, GridChange, TableChange, is_value
from monitor.diff_fields import Compared, compare_fields
from monitor.diff_grid import Grid
from monitor.diff_tables import compare_tables, formed_kinds, moved_tables, restyled_tables
from monitor.diff_text import Sentence, TextChange, compare_sentences
from monitor.figures.sources import read_tables
from monitor.sequences import Segment, aligned, alike, pairs_of, segments
from monitor.table_form import Former, Line

__all__ = ["AttachmentChange", "CellChange", "Change", "Document", "FieldChange", "GridChange", "TextChange", "diff"]

_FIELDS = {"title": "标题", "organ": "机关", "source": "来源", "published_on": "公开日期"}
_SENTENCE = re.compile(r".+?(?:[。！？；!?;]+[”’\"'）)」』】]*|$)", re.DOTALL)
_CHAPTER = re.compile(r"\s*([一二三四五六七八九十]{1,3}\s*[、．.]\s*[^。；：:，,]{2,40})")
_SECTION = re.compile(r"\s*([（(]\s*[一二三四五六七八九十]{1,3}\s*[)）])")


class Document(msgspec.Struct, frozen=True):
    """A report as one version has it. `text` is in the form of crawler.page.text."""

    title: str = ""
    organ: str = ""
    source: str = ""
    published_on: str = ""
    text: str = ""
    attachments: tuple[AttachmentState, ...] = ()
    sources: tuple[figures.Document, ...] = ()
    """Attachments and pictures as far as figures can be read from them (monitor.documents)."""
    year: int | None = None
    """Of the report, and the names of its organ: which of `sources` may lend it figures."""
    organs: tuple[str, ...] = ()


class FieldChange(msgspec.Struct, frozen=True):
    """Title, organ, source or publication date."""

    name: str
    """What readers see: 标题, 机关, 来源, 公开日期."""
    old: str
    new: str
    segments: tuple[Segment, ...]


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
    def tables(self) -> tuple[TableChange, ...]:
        return (*self.cells, *self.grids)

    @property
    def empty(self) -> bool:
        return not (self.fields or self.cells or self.grids or self.text or self.attachments)


def diff(old: Document, new: Document, *, cosmetic: bool = False) -> Change:
    """What changed from `old` to `new`. `cosmetic`: every visible difference counts, but white space."""
    fold = cache(strip_invisible if cosmetic else folding(old.title + old.text, new.title + new.text))
    fields = []
    for field, name in _FIELDS.items():
        before, after = getattr(old, field), getattr(new, field)
        if fold(before) != fold(after):
            fields.append(FieldChange(name, before, after, segments(before, after, fold)))
    compared = compare_fields(_figures(old), _figures(new), fold)
    within = _bodies(old.text, new.text, fold, cosmetic, compared)
    attachments = list(_attachments(old, new, fold, cosmetic))
    changed = {item.url for item in attachments}
    cells = [*within.cells, *(cell for cell in compared.cells if cell.url in changed)]
    cells += _elsewhere(attachments, new, tuple(cells))
    return Change(
        tuple(fields),
        tuple(cells),
        within.grids,
        within.text,
        tuple(kept for item in attachments if (kept := _untold(item, cells)) is not None),
    )


def _figures(side: Document) -> figures.Figures:
    return read_tables(parse(side.text), side.sources, year=side.year, organs=side.organs)


def _elsewhere(
    attachments: Iterable[AttachmentChange], new: Document, told: Iterable[CellChange]
) -> Iterator[CellChange]:
    """Cells that changed in the report's own tables in an attachment, while its figures are read from the page or from another
    attachment: an edit all the same."""
    known = {(cell.field, cell.new) for cell in told}
    for item in attachments:
        for source in new.sources:
            if item.within is None or source.url != item.url or source.source == "ocr":
                continue
            own = read_tables([], (source,), year=new.year, organs=new.organs).by_field()
            for cell in item.within.cells:
                if cell.field in own and (cell.field, cell.new) not in known:
                    known.add((cell.field, cell.new))
                    yield msgspec.structs.replace(cell, source=source.source, url=item.url)


def _untold(item: AttachmentChange, cells: Sequence[CellChange]) -> AttachmentChange | None:
    """An attachment's change without the cells that are told already; None if it was but those."""
    if item.within is None:
        return item
    told = {(cell.field, cell.new) for cell in cells}
    kept = tuple(cell for cell in item.within.cells if not cell.field or (cell.field, cell.new) not in told)
    if len(kept) == len(item.within.cells):
        return item
    within = msgspec.structs.replace(item.within, cells=kept)
    return None if within.empty else msgspec.structs.replace(item, within=within)


def _bodies(old: str, new: str, fold: Callable[[str], str], cosmetic: bool, compared: Compared) -> Change:
    """What differs in two bodies, of which the fields were `compared`."""
    if old == new:
        return Change()
    if not cosmetic:
        if fold(canonical(old)) == fold(canonical(new)):
            return Change()
        old, new = repair(old), repair(new)
    (said, tables), (says, grids) = _split(old, fold, cosmetic), _split(new, fold, cosmetic)
    whole = _covered(compared, tables, grids, fold)
    found = list(compare_tables(tables, grids, whole))
    formed = {f"表{kind}" for kind in formed_kinds(tables, grids)}
    fields = [cell for cell in compared.cells if not cell.url and _borne_out(cell, found, formed)]
    found = [one for one in found if not _known(one, fields, compared, formed, fold)]
    text = tuple(compare_sentences(said, says, fold))
    if not found and not text and not fields:
        found = list(moved_tables(tables, grids))
        if not found and _figures_in(tables, fold) != _figures_in(grids, fold):
            found = list(compare_tables(tables, grids))
        found = found or list(restyled_tables(tables, grids))
    return Change(
        (),
        (*fields, *(one for one in found if isinstance(one, CellChange))),
        tuple(one for one in found if isinstance(one, GridChange)),
        text,
    )


def _borne_out(cell: CellChange, found: Sequence[TableChange], formed: set[str]) -> bool:
    """Whether a field's change stands in the table too, if each cell's place in that is known: else one side was misread.
    A field that is the sum of several rows has no cell of its own."""
    if cell.table[:2] not in formed:
        return True
    here = [one for one in found if isinstance(one, CellChange) and one.table == cell.table]
    return any(one.field in ("", cell.field) for one in here)


def _known(
    one: TableChange, told: Sequence[CellChange], compared: Compared, formed: set[str], fold: Callable[[str], str]
) -> bool:
    """Whether a cell is told by its field: what its place in the grid says more is layout, or the same again."""
    if isinstance(one, GridChange):
        return False
    if one.field and any(one.field == cell.field for cell in told):
        return True
    if not (is_value(one.old) and is_value(one.new)):
        return False
    if one.field:
        return one.field in compared.known and one.table[:2] not in formed
    same = (one.table, fold(one.old), fold(one.new))
    return any(same == (cell.table, fold(cell.old), fold(cell.new)) for cell in told)


def _covered(
    compared: Compared, old: Sequence[Grid], new: Sequence[Grid], fold: Callable[[str], str]
) -> frozenset[str]:
    """The tables that were compared whole and in which no figure stands besides: of them only the words are left."""
    left = set(compared.whole)
    for grid in (*old, *new):
        if not _figures_in((grid,), fold) <= compared.printed:
            left -= grid.kinds
    return frozenset(left)


def _figures_in(grids: Iterable[Grid], fold: Callable[[str], str]) -> set[str]:
    return {fold(cell) for grid in grids for row in grid.rows for cell in row if cell and is_value(cell)}


def _split(text: str, fold: Callable[[str], str], blanks: bool) -> tuple[list[Sentence], list[Grid]]:
    """A body's sentences and its tables, each with the chapter it stands in; `blanks`: with rows in which nothing is."""
    sentences: list[Sentence] = []
    grids: list[Grid] = []
    chapter = section = ""
    size = 0
    former = Former(cell_key)

    def say(paragraph: str) -> None:
        nonlocal chapter, section, size
        if heading := _CHAPTER.match(paragraph):
            chapter, section = " ".join(heading[1].split()), ""
        elif heading := _SECTION.match(paragraph):
            section = "(" + re.sub(r"[（()）\s]", "", heading[1]) + ")"
        place = f"{chapter} {section}".strip()
        for sentence in _SENTENCE.findall(paragraph):
            if key := fold(sentence):
                sentences.append(Sentence(sentence.strip(), key, place))
                size += len(key)

    for block in parse(text):
        if not isinstance(block, Table):
            former.prose(block)
            say(block)
            continue
        rows = [row for row in block.rows if blanks or any(row)]
        if not rows:
            continue
        lines = former.table(rows)
        captions = _captions(rows, lines, fold)
        for caption in captions:
            say(caption)
        grids.append(Grid(rows[_leading(rows, captions) :] or rows, chapter, fold, size, lines))
    return sentences, grids


def _captions(rows: Sequence[Sequence[str]], lines: Sequence[Line] | None, fold: Callable[[str], str]) -> list[str]:
    """Words over a national table, which may as well stand in front of it."""
    if lines is None:
        if not Grid(rows, "", fold).kinds:
            return []
        return [set(filter(None, row)).pop() for row in itertools.takewhile(_says_one, rows)]
    found: list[str] = []
    words: list[str] = []
    table = ""
    for line in lines:
        if line.kind == "words":
            words.append(line.cells[0])
            continue
        if line.kind == "header" and line.table != table:
            found += words
        words, table = [], line.table
    return found


def _leading(rows: Sequence[Sequence[str]], captions: Sequence[str]) -> int:
    """How many rows a grid begins with that are captions."""
    alone = itertools.takewhile(_says_one, rows)
    return sum(1 for row, caption in zip(alone, captions, strict=False) if caption in row)


def _says_one(row: Sequence[str]) -> bool:
    return len(set(filter(None, row))) == 1


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
            within = _within(before.text, after.text, fold, cosmetic) if before.text and after.text else None
            yield AttachmentChange("changed", after.name or before.name, after.kind, after.url, within)


def _within(old: str, new: str, fold: Callable[[str], str], cosmetic: bool) -> Change:
    """What differs in the texts of an attachment."""
    return _bodies(old, new, fold, cosmetic, compare_fields(figures.extract(old), figures.extract(new), fold))


def _same_text(one: AttachmentState, other: AttachmentState, fold: Callable[[str], str]) -> bool:
    return _within(one.text, other.text, fold, False).empty
