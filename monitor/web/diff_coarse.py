"""Two versions that differ in so much that laying each sentence beside its likeliest other would take long → a comparison by
paragraphs and whole tables. Pure, and bounded in time."""

import re

from crawler.page.text import Table
from monitor.canonical import AttachmentState
from monitor.diff import AttachmentChange, Beside, Body, Change, Document, Traced, changed_fields
from monitor.diff_cells import GridChange
from monitor.diff_split import Split, split
from monitor.diff_tables import told_table
from monitor.diff_text import Sentence, Step, TextChange
from monitor.sequences import Segment, runs

_END = re.compile(r"[。！？；!?;\n]")
_BAND = 49
"""Sentences of the other version that each changed one is tried with (monitor.sequences)."""
_MOST_TRIES = 150_000
"""About four seconds' work."""
_MOST_CHARACTERS = 400_000
"""In sentences that changed."""


def is_heavy(old: Document, new: Document) -> bool:
    """Whether comparing them in full would take longer than a reader waits."""
    was, now = (
        {words for text in (side.text, *(one.text for one in side.attachments)) for words in _END.split(text)}
        for side in (old, new)
    )
    gone, come = was - now, now - was
    tries = min(len(gone) * len(come), _BAND * max(len(gone), len(come)))
    return tries > _MOST_TRIES or sum(map(len, gone | come)) > _MOST_CHARACTERS


def coarsely(old: Document, new: Document) -> Traced:
    """What changed by fields, paragraphs, tables and files."""
    body, texts, grids = _body(old.text, new.text)
    besides = tuple(_attachments(old.attachments, new.attachments))
    fields = tuple(changed_fields(old, new, _fold))
    changes = tuple(one.change for one in besides if one.change is not None)
    return Traced(Change(fields, (), grids, texts, changes), _fold, body, besides)


def _fold(text: str) -> str:
    return "".join(text.split())


def _whole(text: str) -> Split:
    """A body of which each paragraph is one sentence."""
    made = split(text, _fold, False)
    sentences = [
        Sentence(block.strip(), _fold(block), "", at, len(block) - len(block.lstrip()))
        for at, block in enumerate(made.blocks)
        if not isinstance(block, Table) and block.strip()
    ]
    return Split(made.blocks, sentences, made.grids)


def _body(old: str, new: str) -> tuple[Body, tuple[TextChange, ...], tuple[GridChange, ...]]:
    before, after = _whole(old), _whole(new)
    steps: list[Step] = []
    keys = [[sentence.key for sentence in side.sentences] for side in (before, after)]
    for same, i1, i2, j1, j2 in runs(*keys):
        if same:
            steps += [Step(i, j) for i, j in zip(range(i1, i2), range(j1, j2), strict=True)]
            continue
        for i in range(i1, i2):
            text = before.sentences[i].text
            steps.append(Step(i, None, TextChange("removed", "", text, "", (Segment("removed", text),))))
        for j in range(j1, j2):
            text = after.sentences[j].text
            steps.append(Step(None, j, TextChange("added", "", "", text, (Segment("added", text),))))
    grids = []
    known = [{grid.keyed for grid in side.grids} for side in (before, after)]
    grids += [told_table(grid, "removed") for grid in before.grids if grid.keyed not in known[1]]
    grids += [told_table(grid, "added") for grid in after.grids if grid.keyed not in known[0]]
    return Body(before, after, tuple(steps)), tuple(one.change for one in steps if one.change), tuple(grids)


def _attachments(old: tuple[AttachmentState, ...], new: tuple[AttachmentState, ...]) -> list[Beside]:
    """Files by their addresses."""
    were, are = {one.url: one for one in old}, {one.url: one for one in new}
    found = []
    for url in dict.fromkeys((*were, *are)):
        before, after = were.get(url), are.get(url)
        item = after or before
        assert item is not None
        if before is None or after is None:
            change = AttachmentChange("added" if before is None else "removed", item.name, item.kind, url)
            found.append(Beside(before, after, change))
        elif (before.sha256, before.text, before.pixels) != (after.sha256, after.text, after.pixels):
            found.append(Beside(before, after, AttachmentChange("changed", item.name, item.kind, url)))
        else:
            found.append(Beside(before, after))
    return found
