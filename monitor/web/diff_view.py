"""Two versions of a report and what `monitor.diff` says of them → the diff page's values. Pure.

Every change of the `Change` bears a number and is on the page; nothing else is marked.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from crawler.page.chinese import repair
from monitor.canonical import AttachmentState
from monitor.diff import AttachmentChange, Beside, Body, Document, FieldChange, TextChange, Traced, laid_out
from monitor.diff_cells import CellChange, GridChange, TableChange
from monitor.diff_render import grid_line, inline, most_telling, summary
from monitor.sequences import pieces
from monitor.web.diff_folds import folded
from monitor.web.diff_model import Key, Kind, Mark, Note, Numbers, Piece, Stretch
from monitor.web.diff_places import Places
from monitor.web.diff_rows import Rows
from monitor.words import read_from

T = TypeVar("T", bound=TableChange)

_MOST = 6
"""Lines of the answer at the top."""


class Entry(msgspec.Struct, frozen=True):
    """One change, in the list of all."""

    n: int
    kind: Kind
    place: str
    """`表三 总计 · 一、本年新收`, `一、总体情况 (四)`."""
    old: str = ""
    new: str = ""
    text: str = ""
    """Instead of old and new."""


class Field(msgspec.Struct, frozen=True):
    """Title, organ, source, date of publication: what changed in it."""

    name: str
    old: tuple[Piece, ...]
    new: tuple[Piece, ...]
    mark: Mark


class Part(msgspec.Struct, frozen=True):
    """An attachment or a picture."""

    name: str
    kind: str
    """`document` or `picture`."""
    status: Kind
    mark: Mark
    old: AttachmentState | None
    new: AttachmentState | None
    stretches: tuple[Stretch, ...] = ()
    notes: tuple[Note, ...] = ()
    says: str = ""
    """What differs, where no text tells: 像素不同."""


class View(msgspec.Struct, frozen=True):
    """The page but for what the record tells beside."""

    summary: str
    telling: tuple[str, ...]
    entries: tuple[Entry, ...]
    fields: tuple[Field, ...]
    stretches: tuple[Stretch, ...]
    notes: tuple[Note, ...]
    parts: tuple[Part, ...]
    mended: bool
    """Readings that a mirror put into the text are left out, as they are in comparing."""


def view(old: Document, new: Document, found: Traced, *, side: bool, cosmetic: bool = False) -> View:
    """`found`: `monitor.diff.traced` of both. `side`: two columns, else both versions in one."""
    return _Composer(old, new, found, side, cosmetic).view()


class _Composer:
    def __init__(self, old: Document, new: Document, found: Traced, side: bool, cosmetic: bool) -> None:
        self._old, self._new, self._found, self._side, self._cosmetic = old, new, found, side, cosmetic
        self._numbers = Numbers()
        self._told: dict[Key, TableChange | TextChange | AttachmentChange | FieldChange] = {}
        """What each key stands for."""

    def view(self) -> View:
        change = self._found.change
        fields = tuple(self._field(at, one) for at, one in enumerate(change.fields))
        elsewhere = {item.url for one in self._found.attachments for item in (one.old, one.new) if item is not None}
        cells = self._keyed("page", change.cells)
        on_page = [(key, cell) for key, cell in cells if cell.url not in elsewhere]
        apart = [(key, cell) for key, cell in cells if cell.url in elsewhere]
        body, mended = self._laid(self._found.body, self._old.text, self._new.text)
        stretches, notes = self._body(body, [*on_page, *self._keyed("page", change.grids)], apart, "page")
        parts = tuple(self._part(at, one, cells) for at, one in enumerate(self._found.attachments))
        left = tuple(self._note(key) for key in self._told if key not in self._numbers.by_key)
        entries = sorted((self._entry(key, n) for key, n in self._numbers.by_key.items()), key=lambda one: one.n)
        lines = tuple(most_telling(change, _MOST))
        return View(summary(change), lines, tuple(entries), fields, stretches, (*notes, *left), parts, mended)

    def _keyed(self, name: str, changes: Sequence[T]) -> list[tuple[Key, T]]:
        """Cells, rows and tables, each with its key."""
        found: list[tuple[Key, T]] = [((name, type(one).__name__, at), one) for at, one in enumerate(changes)]
        self._told.update(found)
        return found

    def _field(self, at: int, change: FieldChange) -> Field:
        key = ("field", at)
        self._told[key] = change
        mark = self._numbers.mark(key)
        laid = pieces(change.old, change.new, self._found.fold)
        old = (Piece("same" if same else "removed", was, Mark(0) if same else mark) for same, was, _ in laid if was)
        new = (Piece("same" if same else "added", now, Mark(0) if same else mark) for same, _, now in laid if now)
        return Field(change.name, tuple(old), tuple(new), mark)

    # Bodies -----------------------------------------------------------------------------------------------------------

    def _laid(self, body: Body | None, old: str, new: str) -> tuple[Body, bool]:
        """Two bodies beside each other, and whether they are shown without what a mirror put in."""
        mended = not self._cosmetic and any(repair(text) != text for text in (old, new))
        if body is None:  # they say the same
            before, after = (old, new) if self._cosmetic else (repair(old), repair(new))
            body = laid_out(before, after, self._found.fold, self._cosmetic)
            steps = tuple(step._replace(change=None, moved=False) for step in body.steps)
            body = msgspec.structs.replace(body, steps=steps)
        return body, mended

    def _body(
        self,
        body: Body,
        sure: Sequence[tuple[Key, TableChange]],
        more: Sequence[tuple[Key, TableChange]],
        name: str,
    ) -> tuple[tuple[Stretch, ...], tuple[Note, ...]]:
        """Its rows, and what has no place in any table of it."""
        self._told.update(
            ((name, "text", at), step.change) for at, step in enumerate(body.steps) if step.change is not None
        )
        places = Places(body, sure, more)
        rows = Rows(body, places, name, self._numbers, self._found.fold, self._note, self._side).rows()
        return tuple(folded(rows)), tuple(self._note(key) for key in places.notes.get(("", -1), ()))

    def _part(self, at: int, one: Beside, cells: Sequence[tuple[Key, CellChange]]) -> Part:
        item = one.new or one.old
        assert item is not None
        name = f"a{at}"
        within = one.change.within if one.change is not None else None
        mark = Mark(0)
        if one.change is not None and (within is None or within.empty):
            self._told[name] = one.change
            mark = self._numbers.mark(name)
        urls = {side.url for side in (one.old, one.new) if side is not None}
        own = [(key, cell) for key, cell in cells if cell.url in urls and key not in self._numbers.by_key]
        stretches: tuple[Stretch, ...] = ()
        notes: tuple[Note, ...] = ()
        if one.body is not None and one.old is not None and one.new is not None:
            sure: list[tuple[Key, TableChange]] = [*own]
            if within is not None:
                sure += [*self._keyed(name, within.cells), *self._keyed(name, within.grids)]
            body = one.body
            if one.change is None:
                body = msgspec.structs.replace(body, steps=tuple(step._replace(change=None) for step in body.steps))
            known = {key for key, _ in own}
            stretches, notes = self._body(body, sure, [pair for pair in cells if pair[0] not in known], name)
            if all(stretch.folded for stretch in stretches):
                stretches = ()
        else:
            notes = tuple(self._note(key) for key, _ in own)
        status: Kind = one.change.change if one.change is not None else "changed" if stretches or notes else "same"
        return Part(
            item.name or item.url, item.kind, status, mark, one.old, one.new, stretches, notes, _differs(one, status)
        )

    # In words ---------------------------------------------------------------------------------------------------------

    def _note(self, key: Key) -> Note:
        entry = self._entry(key, 0)
        text = entry.text or f"{entry.old or '（空）'} → {entry.new or '（空）'}"
        return Note(f"{entry.place}  {text}".strip(), self._numbers.mark(key))

    def _entry(self, key: Key, n: int) -> Entry:
        told = self._told[key]
        where = "附件" if isinstance(key, tuple) and str(key[0]).startswith("a") else ""
        if isinstance(told, FieldChange):
            return Entry(n, "changed", told.name, told.old, told.new)
        if isinstance(told, TextChange):
            text = inline(told.segments) if told.kind == "changed" else told.after or told.before
            return Entry(n, told.kind, f"{where} {told.chapter}".strip() or "正文", text=text)
        if isinstance(told, AttachmentChange):
            return Entry(n, told.change, "图片" if told.kind == "picture" else "附件", text=told.name or told.url)
        if isinstance(told, GridChange):
            return Entry(n, "changed" if told.change == "restyled" else told.change, where, text=grid_line(told))
        read = read_from(told.source, told.confidence)
        place = f"{where} {told.table.partition(' ')[0]} {told.label}".strip()
        return Entry(n, "changed", f"{place}（{read}）" if read else place, told.old, told.new)


def _differs(one: Beside, status: Kind) -> str:
    """What differs in an attachment that is changed, where its text does not tell."""
    if status != "changed" or one.old is None or one.new is None or (one.change is not None and one.change.within):
        return ""
    if one.old.pixels and one.new.pixels:
        return "像素不同" if one.old.pixels != one.new.pixels else "像素相同，文件不同"
    if one.old.sha256 and one.new.sha256 and one.old.sha256 != one.new.sha256:
        return "文件不同"
    return ""
