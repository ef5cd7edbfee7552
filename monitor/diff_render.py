"""A change → what people see: the one-line summary, the most telling lines, the whole of it on a terminal. Pure."""

import re
from collections.abc import Iterator

from rich.text import Text

from monitor.diff import AttachmentChange, CellChange, Change, FieldChange, GridChange, TextChange
from monitor.findings import Compared
from monitor.sequences import Segment
from monitor.words import read_from

_CONTEXT = 14
"""Characters of a sentence shown before and after what changed in it."""
_BETWEEN = 24
_LONGEST = 160
_NUMBER = re.compile(r"\d")
_IN_NUMBER = re.compile(r"[\d.,%％]{2}")
_DONE = {"added": "新增", "removed": "删除", "changed": "变更", "moved": "移动"}
_WHAT = {"row": "行", "column": "列", "table": "表格"}
_KINDS = {"document": "附件", "picture": "图片"}
_STYLES = {"same": "", "removed": "red strike", "added": "green"}


def summary(change: Change) -> str:
    """`标题，表三 2 处，正文 1 处，附件 1 处`; of a table that is only laid out otherwise `表三 版式有变，数据未变`; empty for
    no change."""
    tables: dict[str, int] = {}
    layouts = []
    for item in change.tables:
        name = item.table.partition(" ")[0].partition("（")[0]
        if isinstance(item, GridChange) and item.change == "restyled":
            layouts.append(restyled(item))
        else:
            tables[name] = tables.get(name, 0) + 1
    kinds: dict[str, int] = {}
    for attachment in change.attachments:
        kinds[_KINDS[attachment.kind]] = kinds.get(_KINDS[attachment.kind], 0) + 1
    counts = {**tables, **({"正文": len(change.text)} if change.text else {}), **kinds}
    numbers = [f"{name} {n} 处" for name, n in counts.items()]
    return "，".join([*(field.name for field in change.fields), *numbers, *dict.fromkeys(layouts)])


def most_telling(change: Change, most: int = 3) -> list[str]:
    """The differences that tell most, one line each: fields, then figures and words in turn, totals and numbers
    first."""
    fields = [f"{field.name}  {_arrow(field.old, field.new)}" for field in change.fields]
    cells = sorted(change.cells, key=lambda cell: (not _NUMBER.search(cell.old + cell.new), "总计" not in cell.label))
    figures = [
        f"{cell.table.partition(' ')[0]} {cell.label}  {_arrow(cell.old, cell.new)}"
        f"　{read_from(cell.source, cell.confidence)}".rstrip()
        for cell in cells
    ]
    figures += [grid_line(grid) for grid in change.grids]
    words = [_text_line(item) for item in sorted(change.text, key=_weight)]
    others = [_attachment_line(item) for item in change.attachments]
    lines = list(dict.fromkeys(fields))
    queues = [list(dict.fromkeys(queue)) for queue in (figures, words, others) if queue]
    while queues and len(lines) < most:
        queue = queues.pop(0)
        lines.append(queue.pop(0))
        if queue:
            queues.append(queue)
    return lines[:most]


def inline(segments: tuple[Segment, ...]) -> str:
    """`…全市共受理申请 [248 → 284] 件，…`: a changed sentence in one line, what is the same cut to its
    neighbourhood."""
    parts: list[str] = []
    place = 0
    while place < len(segments):
        one = segments[place]
        if one.kind == "same":
            parts.append(_cut(one.text, place == 0, place == len(segments) - 1))
            place += 1
            continue
        removed = one.text if one.kind == "removed" else ""
        follows = segments[place + 1] if place + 1 < len(segments) else None
        added = one.text if one.kind == "added" else ""
        if one.kind == "removed" and follows is not None and follows.kind == "added":
            added = follows.text
            place += 1
        place += 1
        parts.append(f" [{_short(removed) or '∅'} → {_short(added) or '∅'}] ")
    line = "".join(parts).strip()
    return line if len(line) <= _LONGEST + 40 else line[: _LONGEST + 39] + "…"


def restyled(grid: GridChange) -> str:
    """`表三 版式有变，数据未变`."""
    return f"{grid.table.partition(' ')[0]} 版式有变，{grid.label}"


def render(change: Change) -> Text:
    """The whole change, in colour: removed in red and struck through, added in green."""
    if change.empty:
        return Text("内容没有差异\n")
    shown = Text()
    for line in _lines(change, ""):
        shown.append_text(line).append("\n")
    return shown


def render_findings(effect: Compared) -> Text:
    """What does not add up since a change, and what does now; hints left out."""
    shown = Text()
    for head, style, found in (("核对 新增问题  ", "red", effect.caused), ("核对 已无问题  ", "green", effect.cured)):
        for one in found:
            if one.severity != "info":
                shown.append(head, "bold").append(one.detail, style).append("\n")
    return shown


def _lines(change: Change, indent: str) -> Iterator[Text]:
    for field in change.fields:
        yield Text(indent).append(f"{field.name}  ", "bold").append_text(_pieces(field))
    table = ""
    for item in change.tables:
        if item.table != table:
            table = item.table
            yield Text(indent).append(table, "bold cyan")
        yield Text(indent + "  ").append_text(_cell(item) if isinstance(item, CellChange) else _grid(item))
    chapter: str | None = None
    for sentence in change.text:
        if sentence.chapter != chapter:
            chapter = sentence.chapter
            yield Text(indent).append(f"正文 {chapter}".rstrip(), "bold cyan")
        yield Text(indent + "  ").append_text(_pieces(sentence))
    for attachment in change.attachments:
        style = {"added": "green", "removed": "red"}.get(attachment.change, "bold")
        yield Text(indent).append(_attachment_line(attachment), style)
        if attachment.within is not None:
            yield from _lines(attachment.within, indent + "  ")


def _pieces(item: FieldChange | TextChange) -> Text:
    if isinstance(item, TextChange) and item.kind == "moved":
        return Text("移动 ", "yellow").append(item.after, "default")
    shown = Text()
    for segment in item.segments:
        mark = {"same": "", "removed": "[-", "added": "{+"}[segment.kind]
        end = {"same": "", "removed": "-]", "added": "+}"}[segment.kind]
        shown.append(f"{mark}{segment.text}{end}", _STYLES[segment.kind])
    return shown


def _cell(cell: CellChange) -> Text:
    shown = Text(f"{cell.label}  ")
    shown.append(cell.old or "（空）", "red strike").append(" → ").append(cell.new or "（空）", "green")
    read = read_from(cell.source, cell.confidence)
    return shown.append(f"　{read}", "yellow") if read else shown


def _grid(grid: GridChange) -> Text:
    if grid.change == "restyled":
        return Text(f"版式有变，{grid.label}", "yellow")
    style = {"added": "green", "moved": "yellow"}.get(grid.change, "red strike")
    words = " ".join(grid.cells)
    return Text(f"{_DONE[grid.change]}{_WHAT[grid.what]} ").append(f"{grid.label}  {words}".rstrip(), style)


def _weight(item: TextChange) -> tuple[int, int]:
    """Sentences in which a number changed come first, moved ones last."""
    changed = "".join(segment.text for segment in item.segments if segment.kind != "same")
    rank = {"changed": 1, "added": 2, "removed": 2, "moved": 4}[item.kind]
    return rank - bool(_NUMBER.search(changed)), -len(changed)


def _text_line(item: TextChange) -> str:
    place = f"{item.chapter}  " if item.chapter else ""
    if item.kind == "changed":
        return place + inline(item.segments)
    return f"{place}[{_DONE[item.kind]}] {_short(item.after or item.before)}"


def grid_line(grid: GridChange) -> str:
    if grid.change == "restyled":
        return restyled(grid)
    table = grid.table.partition(" ")[0]
    words = _short(" ".join(grid.cells))
    return f"{table} {_DONE[grid.change]}{_WHAT[grid.what]}  {grid.label}  {words}".rstrip()


def _attachment_line(item: AttachmentChange) -> str:
    within = f"（{summary(item.within)}）" if item.within is not None and not item.within.empty else ""
    return f"{_KINDS[item.kind]}{_DONE[item.change]}  {item.name or item.url}{within}"


def _arrow(old: str, new: str) -> str:
    return f"{_short(old) or '（空）'} → {_short(new) or '（空）'}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _cut(text: str, first: bool, last: bool) -> str:
    if first and not last:
        return _tail(text, _CONTEXT)
    if last and not first:
        return _head(text, _CONTEXT)
    return text if len(text) <= _BETWEEN else _head(text, _BETWEEN // 2) + _tail(text, _BETWEEN // 2)[1:]


def _head(text: str, size: int) -> str:
    """The first characters of `text`; a number is not cut in two."""
    while size < len(text) and _IN_NUMBER.fullmatch(text[size - 1 : size + 1]):
        size += 1
    return text if len(text) <= size else text[:size] + "…"


def _tail(text: str, size: int) -> str:
    while size < len(text) and _IN_NUMBER.fullmatch(text[-size - 1 : len(text) - size + 1]):
        size += 1
    return text if len(text) <= size else "…" + text[-size:]
