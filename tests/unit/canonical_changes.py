"""Changes of a report for the property tests: those that are cosmetic, and those that are content.

In: a `Draft` and dice. Out: another draft, or None where the draft has no place for that change. A cosmetic change leaves
what is said; a content change is one Chinese character, letter or digit, or a cell, that is another.
"""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from crawler.page import chinese
from tests.unit.canonical_pages import Draft, Grid, grid_at, with_block

Change = Callable[[Draft, random.Random], Draft | None]


def each_text(draft: Draft, change: Callable[[str], str]) -> Draft:
    """The draft with all of its words changed."""
    blocks = tuple(
        change(block) if isinstance(block, str) else tuple(tuple(map(change, row)) for row in block)
        for block in draft.blocks
    )
    return replace(draft, title=change(draft.title), source=change(draft.source), blocks=blocks)


# Cosmetic ---------------------------------------------------------------------------------------------------------

_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F) if chr(code) not in "'\"|\\<>&~^`_@"}
_NARROW = {0xFF0C: ",", 0xFF1A: ":", 0xFF1B: ";", 0xFF08: "(", 0xFF09: ")"}
_ALIKE = (
    *('“”„‟″"「」', "‘’′'『』"),
    *("—–―─－", "·•・", "：:∶", "〔［[", "〕］]", "《«", "》»", "…⋯", "~～〜"),
)
_YEAR = re.compile("二[〇零○0][一二三四五六七八九〇][一二三四五六七八九〇](?=年)")
_READINGS = ("qū", "xiàn", "nián", "zhèng", "gōng", "xìn", "xī", "bào", "gào", "fā", "bù", "qíng", "kuàng")
TONED = dict(zip("区县年政公信息报告发布情况", _READINGS, strict=True))


def wide(draft: Draft, dice: random.Random) -> Draft:
    """Full-width forms for half-width ones, here and there, and the other way round."""

    def change(text: str) -> str:
        return "".join(char.translate(dice.choice((_WIDE, _NARROW))) if dice.random() < 0.5 else char for char in text)

    return each_text(draft, change)


def look_alike(draft: Draft, dice: random.Random) -> Draft:
    """Other quotation marks, dashes, dots and brackets."""

    def change(text: str) -> str:
        for marks in _ALIKE:
            text = "".join(dice.choice(marks) if char in marks and dice.random() < 0.7 else char for char in text)
        return text.replace("——", dice.choice(("——", "—", "--", "———"))).replace(
            "……", dice.choice(("……", "…", "......"))
        )

    return each_text(draft, change)


def zeros(draft: Draft, dice: random.Random) -> Draft:
    """〇, ○ and 零 in years written out."""
    return each_text(
        draft, lambda text: _YEAR.sub(lambda year: re.sub("[〇零○0]", lambda _: dice.choice("〇零○"), year[0]), text)
    )


def glossed(draft: Draft, dice: random.Random) -> Draft:
    """Readings in brackets after characters, with tones or doubled, one or several."""

    def gloss(char: str, spaced: bool) -> str:
        reading = TONED[char]
        forms = (
            f"({reading})",
            f"（{reading}）",
            f"({reading})({reading})",
            f"( {reading} )",
            f"({reading} {reading})",
        )
        return char + dice.choice(forms if spaced else forms[:3])

    def change(text: str) -> str:
        spaced = len(text) > 40
        return "".join(gloss(char, spaced) if char in TONED and dice.random() < 0.3 else char for char in text)

    return replace(each_text(draft, change), title=draft.title)


def radicals(draft: Draft, dice: random.Random) -> Draft:
    """Radicals and compatibility forms that fonts of PDF files leave behind."""
    forms = str.maketrans("行一人工方水日月立走見金文高面", "⾏⼀⼈⼯⽅⽔⽇⽉⽴⾛⾒⾦⽂⾼⾯")
    return each_text(
        draft, lambda text: "".join(char.translate(forms) if dice.random() < 0.4 else char for char in text)
    )


def blank_row(draft: Draft, dice: random.Random) -> Draft | None:
    return _in_grid(draft, dice, lambda grid, _: (*grid, tuple("" for _ in grid[0])))


def renamed(draft: Draft, dice: random.Random) -> Draft | None:
    """The attachments' shown names; `read` gives them their text by their place."""
    return replace(draft, files=tuple(f"{place}号文件下载.pdf" for place, _ in enumerate(draft.files))) or None


COSMETIC: dict[str, Change] = {
    "blank_row": blank_row,
    "renamed": renamed,
    "wide": wide,
    "look_alike": look_alike,
    "zeros": zeros,
    "glossed": glossed,
    "radicals": radicals,
}

# Content ----------------------------------------------------------------------------------------------------------

_HAN = "乾干於于後后锺钟徵征覆复藉借瞭了麽么一二三四五六七八九十百千万年月日县区市镇局厅报告公开信息收到处理增减多少有无未已大太木本末"
_KINDS = ("0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", _HAN)


@cache
def _folded_with() -> dict[str, list[str]]:
    """By character: those that script folding takes for the same (乾 and 干)."""
    groups: dict[str, list[str]] = {}
    for code in range(0x4E00, 0x9FA6):
        groups.setdefault(chr(code).translate(chinese.script_classes()), []).append(chr(code))
    return {char: group for group in groups.values() if len(group) > 1 for char in group}


def _other(char: str, dice: random.Random) -> str:
    kind = next((kind for kind in _KINDS[:3] if char in kind), "")
    if not kind:
        kind = dice.choice((_HAN, "".join(_folded_with().get(char, _HAN)), chr(dice.randrange(0x4E00, 0x9FA6)) + "县"))
    return dice.choice([other for other in kind if other != char])


def edited(text: str, dice: random.Random) -> str | None:
    """`text` with one character that counts replaced, dropped, doubled, put in, or changed with its neighbour."""
    places = [place for place, char in enumerate(text) if char.isalnum() and char not in "〇零"]
    if not places:
        return None
    place = dice.choice(places)
    char = text[place]
    before, after = text[:place], text[place + 1 :]
    how = dice.choice(("replace", "replace", "drop", "double", "insert", "swap"))
    if how == "replace":
        return before + _other(char, dice) + after
    if how == "drop":
        return before + after
    if how == "double":
        return before + char * 2 + after
    if how == "insert":
        return before + _other(char, dice) + char + after
    return before + after[:1] + char + after[1:] if after[:1].isalnum() and after[0] != char else None


def title(draft: Draft, dice: random.Random) -> Draft | None:
    """In the organ's part of the title, so that it is still a report's."""
    organ = re.sub(r"\d{4}年|政府信息公开工作年度报告", "", draft.title)
    changed = edited(organ[:-2], dice)
    return replace(draft, title=draft.title.replace(organ, changed + organ[-2:])) if changed else None


def source(draft: Draft, dice: random.Random) -> Draft | None:
    changed = edited(draft.source[:-2], dice)
    return replace(draft, source=changed + draft.source[-2:]) if changed else None


def date(draft: Draft, dice: random.Random) -> Draft | None:
    day = dice.choice([day for day in range(1, 29) if day != int(draft.date[-2:])])
    return replace(draft, date=f"{draft.date[:-2]}{day:02}")


def paragraph(draft: Draft, dice: random.Random) -> Draft | None:
    place = dice.choice([place for place, block in enumerate(draft.blocks) if isinstance(block, str)])
    changed = edited(str(draft.blocks[place]), dice)
    return with_block(draft, place, changed) if changed else None


def cell(draft: Draft, dice: random.Random) -> Draft | None:
    return _in_grid(draft, dice, _edited_cell)


def shifted(draft: Draft, dice: random.Random) -> Draft | None:
    """`| 1 | 23 |` → `| 12 | 3 |`."""
    return _in_grid(draft, dice, _shifted_cell)


def cells_swapped(draft: Draft, dice: random.Random) -> Draft | None:
    return _in_grid(draft, dice, _swapped_cells)


def rows_swapped(draft: Draft, dice: random.Random) -> Draft | None:
    return _in_grid(draft, dice, _swapped_rows)


def columns_swapped(draft: Draft, dice: random.Random) -> Draft | None:
    return _in_grid(draft, dice, _swapped_columns)


def row_gone(draft: Draft, dice: random.Random) -> Draft | None:
    return _in_grid(draft, dice, lambda grid, dice: _without(grid, dice) if len(grid) > 2 else None)


def column_more(draft: Draft, dice: random.Random) -> Draft | None:
    return _in_grid(draft, dice, lambda grid, _: tuple((*row, str(place)) for place, row in enumerate(grid)))


def table_moved(draft: Draft, dice: random.Random) -> Draft | None:
    """The table stands behind the paragraph that stood behind it."""
    if not (places := [place for place in _grids(draft) if isinstance(draft.blocks[place + 1 : place + 2], tuple)]):
        return None
    place = dice.choice(places)
    if place + 1 >= len(draft.blocks) or not isinstance(draft.blocks[place + 1], str):
        return None
    blocks = (*draft.blocks[:place], draft.blocks[place + 1], draft.blocks[place], *draft.blocks[place + 2 :])
    return replace(draft, blocks=blocks)


def row_into_prose(draft: Draft, dice: random.Random) -> Draft | None:
    """The last row's words as a paragraph behind the table."""
    if not _grids(draft):
        return None
    place = grid_at(draft, dice)
    grid = draft.blocks[place]
    assert not isinstance(grid, str)
    return with_block(draft, place, grid[:-1], "".join(grid[-1])) if len(grid) > 2 else None


def sentence_gone(draft: Draft, dice: random.Random) -> Draft | None:
    places = [place for place, block in enumerate(draft.blocks) if isinstance(block, str) and block.count("。") > 1]
    if not places:
        return None
    place = dice.choice(places)
    return with_block(draft, place, str(draft.blocks[place]).split("。", 1)[1])


def paragraph_gone(draft: Draft, dice: random.Random) -> Draft | None:
    places = [place for place, block in enumerate(draft.blocks) if isinstance(block, str) and block.endswith("。")]
    return with_block(draft, dice.choice(places[1:])) if len(places) > 1 else None


def paragraphs_swapped(draft: Draft, dice: random.Random) -> Draft | None:
    blocks = list(draft.blocks)
    places = [
        place
        for place in range(1, len(blocks) - 1)
        if all(isinstance(block, str) and block.endswith("。") for block in blocks[place : place + 2])
    ]
    if not places:
        return None
    place = dice.choice(places)
    blocks[place : place + 2] = [blocks[place + 1], blocks[place]]
    return replace(draft, blocks=tuple(blocks))


def file_more(draft: Draft, dice: random.Random) -> Draft | None:
    return replace(draft, files=(*draft.files, "附件9：补充说明.pdf"))


def file_gone(draft: Draft, dice: random.Random) -> Draft | None:
    return replace(draft, files=draft.files[:-1]) if draft.files else None


def picture(draft: Draft, dice: random.Random) -> Draft | None:
    return replace(draft, picture=not draft.picture)


def _grids(draft: Draft) -> list[int]:
    return [place for place, block in enumerate(draft.blocks) if not isinstance(block, str)]


def _in_grid(draft: Draft, dice: random.Random, change: Callable[[Grid, random.Random], Grid | None]) -> Draft | None:
    if not _grids(draft):
        return None
    place = grid_at(draft, dice)
    grid = draft.blocks[place]
    assert not isinstance(grid, str)
    changed = change(grid, dice)
    return with_block(draft, place, changed) if changed is not None and changed != grid else None


def _with_row(grid: Grid, place: int, *cells: str) -> Grid:
    return (*grid[:place], cells, *grid[place + 1 :])


def _edited_cell(grid: Grid, dice: random.Random) -> Grid | None:
    row = dice.randrange(len(grid))
    column = dice.randrange(len(grid[row]))
    changed = edited(grid[row][column], dice)
    if changed is None:
        return None
    return _with_row(grid, row, *grid[row][:column], changed, *grid[row][column + 1 :])


def _shifted_cell(grid: Grid, dice: random.Random) -> Grid | None:
    row = dice.randrange(1, len(grid))
    cells = grid[row]
    columns = [column for column in range(1, len(cells) - 1) if len(cells[column + 1]) > 1]
    if not columns:
        return None
    column = dice.choice(columns)
    one, other = cells[column], cells[column + 1]
    return _with_row(grid, row, *cells[:column], one + other[0], other[1:], *cells[column + 2 :])


def _swapped_cells(grid: Grid, dice: random.Random) -> Grid | None:
    row = dice.randrange(1, len(grid))
    cells = list(grid[row])
    column = dice.randrange(len(cells) - 1)
    cells[column], cells[column + 1] = cells[column + 1], cells[column]
    return _with_row(grid, row, *cells)


def _swapped_rows(grid: Grid, dice: random.Random) -> Grid | None:
    if len(grid) < 3:
        return None
    row = dice.randrange(1, len(grid) - 1)
    return (*grid[:row], grid[row + 1], grid[row], *grid[row + 2 :])


def _swapped_columns(grid: Grid, dice: random.Random) -> Grid | None:
    column = dice.randrange(len(grid[0]) - 1)
    return tuple((*row[:column], row[column + 1], row[column], *row[column + 2 :]) for row in grid)


def _without(grid: Grid, dice: random.Random) -> Grid:
    row = dice.randrange(1, len(grid))
    return (*grid[:row], *grid[row + 1 :])


CONTENT: dict[str, Change] = {
    change.__name__: change
    for change in (
        *(title, source, date, paragraph, cell, shifted, cells_swapped, rows_swapped, columns_swapped, row_gone),
        *(column_more, table_moved, row_into_prose, sentence_gone, paragraph_gone, file_more, file_gone, picture),
        paragraphs_swapped,
    )
}
