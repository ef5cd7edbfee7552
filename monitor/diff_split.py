"""A body's text → what is compared of it: sentences and tables, each with the place where it stands. Pure."""

import itertools
import re
from collections.abc import Callable, Sequence

import msgspec

from crawler.page.text import Block, Table, parse
from monitor.canonical import cell_key
from monitor.diff_grid import Grid
from monitor.diff_text import Sentence
from monitor.table_form import Former, Line

_SENTENCE = re.compile(r".+?(?:[。！？；!?;]+[”’\"'）)」』】]*|$)", re.DOTALL)
_CHAPTER = re.compile(r"\s*([一二三四五六七八九十]{1,3}\s*[、．.]\s*[^。；：:，,]{2,40})")
_SECTION = re.compile(r"\s*([（(]\s*[一二三四五六七八九十]{1,3}\s*[)）])")


class Split(msgspec.Struct, frozen=True):
    """A body in parts."""

    blocks: Sequence[Block]
    """All of it, in reading order."""
    sentences: Sequence[Sentence]
    grids: Sequence[Grid]


def split(text: str, fold: Callable[[str], str], blanks: bool) -> Split:
    """A body's sentences and its tables, each with the chapter it stands in; `blanks`: with rows in which nothing is."""
    blocks = parse(text)
    sentences: list[Sentence] = []
    grids: list[Grid] = []
    chapter = section = ""
    size = 0
    former = Former(cell_key)

    def say(paragraph: str, block: int, caption: bool = False) -> None:
        nonlocal chapter, section, size
        if heading := _CHAPTER.match(paragraph):
            chapter, section = " ".join(heading[1].split()), ""
        elif heading := _SECTION.match(paragraph):
            section = "(" + re.sub(r"[（()）\s]", "", heading[1]) + ")"
        place = f"{chapter} {section}".strip()
        for found in _SENTENCE.finditer(paragraph):
            if key := fold(found[0]):
                text = found[0].strip()
                start = -1 if caption else found.start() + len(found[0]) - len(found[0].lstrip())
                sentences.append(Sentence(text, key, place, block, start))
                size += len(key)

    for index, block in enumerate(blocks):
        if not isinstance(block, Table):
            former.prose(block)
            say(block, index)
            continue
        shown = [place for place, row in enumerate(block.rows) if blanks or any(row)]
        rows = [block.rows[place] for place in shown]
        if not rows:
            continue
        lines = former.table(rows)
        captions = _captions(rows, lines, fold)
        for caption in captions:
            say(caption, index, caption=True)
        leading = _leading(rows, captions) % len(rows)
        grids.append(Grid(rows[leading:], chapter, fold, size, lines, index, shown[leading:]))
    return Split(blocks, sentences, grids)


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
