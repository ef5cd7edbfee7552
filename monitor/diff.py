"""Two versions of a report → a change that people can read. Pure: no clock, no disk; nothing here raises.

Prose is compared sentence by sentence, and changed sentences by character, with numbers and Latin words whole; the national
tables of page, attachments and recognised pictures by their fields (monitor.diff_fields), other tables by their labels
(monitor.diff_tables); attachments by what they say. A cell that changed is told once, wherever else it is printed.
Cosmetic differences (monitor.canonical) are no change, unless they are asked for. Paragraphs that were only cut elsewhere
are the same; a sentence that stands somewhere else was moved.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Literal

import msgspec

from crawler.page.chinese import repair, strip_invisible
from crawler.page.text import parse
from monitor import figures
from monitor.canonical import AttachmentState, attachment_hash, canonical, folding, in_order
from monitor.diff_cells import CellChange, GridChange, TableChange, is_value
from monitor.diff_fields import Compared, compare_fields
from monitor.diff_grid import Grid
from monitor.diff_split import Split, split
from monitor.diff_tables import compare_tables, formed_kinds, moved_tables, restyled_tables
from monitor.diff_text import Step, TextChange, sentence_steps
from monitor.figures.sources import read_tables
from monitor.sequences import Segment, aligned, alike, pairs_of, segments

__all__ = ["AttachmentChange", "CellChange", "Change", "Document", "FieldChange", "GridChange", "TextChange", "diff"]

_FIELDS = {"title": "标题", "organ": "机关", "source": "来源", "published_on": "公开日期"}


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


class Body(msgspec.Struct, frozen=True):
    """Two bodies in parts, laid beside each other."""

    old: Split
    new: Split
    steps: tuple[Step, ...]


class Beside(msgspec.Struct, frozen=True):
    """An attachment of both versions, or of one."""

    old: AttachmentState | None
    new: AttachmentState | None
    change: AttachmentChange | None = None
    """None: it says the same, or only what is told elsewhere."""
    body: Body | None = None
    """None: one of them has no text, or the texts are the same."""


class Traced(msgspec.Struct, frozen=True):
    """A change, and how the versions were laid beside each other to find it."""

    change: Change
    fold: Callable[[str], str]
    """What makes two printed words one."""
    body: Body | None
    """None: the bodies say the same."""
    attachments: tuple[Beside, ...]


def diff(old: Document, new: Document, *, cosmetic: bool = False) -> Change:
    """What changed from `old` to `new`. `cosmetic`: every visible difference counts, but white space."""
    return traced(old, new, cosmetic=cosmetic).change


def traced(old: Document, new: Document, *, cosmetic: bool = False) -> Traced:
    """The same, with what it rests on."""
    fold = cache(strip_invisible if cosmetic else folding(old.title + old.text, new.title + new.text))
    compared = compare_fields(_figures(old), _figures(new), fold)
    within, body = _bodies(old.text, new.text, fold, cosmetic, compared)
    beside = list(_attachments(old, new, fold, cosmetic))
    attachments = [one.change for one in beside if one.change is not None]
    changed = {item.url for item in attachments}
    cells = [*within.cells, *(cell for cell in compared.cells if cell.url in changed)]
    cells += _elsewhere(attachments, new, tuple(cells))
    kept = [
        one if one.change is None else msgspec.structs.replace(one, change=_untold(one.change, cells)) for one in beside
    ]
    change = Change(
        tuple(changed_fields(old, new, fold)),
        tuple(cells),
        within.grids,
        within.text,
        tuple(one.change for one in kept if one.change is not None),
    )
    return Traced(change, fold, body, tuple(kept))


def changed_fields(old: Document, new: Document, fold: Callable[[str], str]) -> Iterator[FieldChange]:
    """What changed in title, organ, source and date of publication."""
    for field, name in _FIELDS.items():
        before, after = getattr(old, field), getattr(new, field)
        if fold(before) != fold(after):
            yield FieldChange(name, before, after, segments(before, after, fold))


def laid_out(old: str, new: str, fold: Callable[[str], str], blanks: bool) -> Body:
    """Two bodies' sentences beside each other."""
    before, after = split(old, fold, blanks), split(new, fold, blanks)
    return Body(before, after, tuple(sentence_steps(before.sentences, after.sentences, fold)))


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


def _bodies(
    old: str, new: str, fold: Callable[[str], str], cosmetic: bool, compared: Compared
) -> tuple[Change, Body | None]:
    """What differs in two bodies, of which the fields were `compared`."""
    if old == new:
        return Change(), None
    if not cosmetic:
        if fold(canonical(old)) == fold(canonical(new)):
            return Change(), None
        old, new = repair(old), repair(new)
    body = laid_out(old, new, fold, cosmetic)
    tables, grids = body.old.grids, body.new.grids
    whole = _covered(compared, tables, grids, fold)
    found = list(compare_tables(tables, grids, whole))
    formed = {f"表{kind}" for kind in formed_kinds(tables, grids)}
    fields = [cell for cell in compared.cells if not cell.url and _borne_out(cell, found, formed)]
    found = [one for one in found if not _known(one, fields, compared, formed, fold)]
    text = tuple(step.change for step in body.steps if step.change is not None)
    if not found and not text and not fields:
        found = list(moved_tables(tables, grids))
        if not found and _figures_in(tables, fold) != _figures_in(grids, fold):
            found = list(compare_tables(tables, grids))
        found = found or list(restyled_tables(tables, grids))
    cells = (*fields, *(one for one in found if isinstance(one, CellChange)))
    return Change((), cells, tuple(one for one in found if isinstance(one, GridChange)), text), body


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


def _attachments(old: Document, new: Document, fold: Callable[[str], str], cosmetic: bool) -> Iterator[Beside]:
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
        before, after = were[i] if i is not None else None, are[j] if j is not None else None
        if before is None or after is None:
            change = _alone(before, "removed") or _alone(after, "added")
            yield Beside(before, after, change)
        elif says(before) == says(after):
            yield Beside(before, after)
        else:
            yield _compared(before, after, fold, cosmetic)


def _alone(item: AttachmentState | None, change: Literal["added", "removed"]) -> AttachmentChange | None:
    return AttachmentChange(change, item.name, item.kind, item.url) if item is not None else None


def _compared(before: AttachmentState, after: AttachmentState, fold: Callable[[str], str], cosmetic: bool) -> Beside:
    """Two states of one attachment, of which the hashes differ."""
    within, body = _within(before.text, after.text, fold, cosmetic)
    if not cosmetic and fold(before.text) and within.empty:
        return Beside(before, after, None, body)
    both = bool(before.text and after.text)
    change = AttachmentChange("changed", after.name or before.name, after.kind, after.url, within if both else None)
    return Beside(before, after, change, body if both else None)


def _within(old: str, new: str, fold: Callable[[str], str], cosmetic: bool) -> tuple[Change, Body | None]:
    """What differs in the texts of an attachment."""
    return _bodies(old, new, fold, cosmetic, compare_fields(figures.extract(old), figures.extract(new), fold))
