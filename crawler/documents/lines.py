"""Printed lines → paragraphs and table rows, for formats that know only where words stand (PDF, OFD, plain text). Pure."""

import re
from collections.abc import Iterable, Sequence

from crawler.documents.model import without_marks
from crawler.page.text import Block, Table

_NUMERIC = re.compile(r"[-−+]?[\d,.]+%?|[/／—-]+")
_PROSE = re.compile(r"[，。；！？：]")
_DATED = re.compile(r"\d\s+[年月日]")
"""`某某县 2025 年…`: printers part figures from characters, and a date or a title is no row."""
HEADING = re.compile(
    r"[（(]?[一二三四五六七八九十\d]{1,3}[)）、.．]|第[一二三四五六七八九十]+[章条]|表[一二三四五\d]|附"
)
"""How a line of its own begins."""
_CAPTION = re.compile(r"(?:附|续)?表\d{0,2}[（(]?续?表?[）)]?")
PAGE_NUMBER = re.compile(r"[-—– ]*(\d{1,3})[-—– ]*|第 ?(\d{1,3}) ?[页⻚頁].{0,12}")
"""A line that is no more than the number of its page."""
_ODD = {0xFFFE: "", 0: ""}


def paragraphs(lines: Iterable[Block]) -> list[Block]:
    """Lines as blocks; tables among them, and lines that are only the mark of a picture, stay as they are.

    A line of several words with a number among them and no marks of prose is a row: without that, the cells `6 7` and
    `67` would be the same text once white space is gone. A long line without an end goes on in the next one.
    """
    blocks: list[Block] = []
    rows: list[tuple[str, ...]] = []
    open_end = False
    for item in lines:
        line = "" if isinstance(item, Table) else item.translate(_ODD).strip()
        fixed = isinstance(item, Table) or (line and not without_marks(line).strip())
        if not line and not fixed:
            continue
        words = tuple(line.split())
        if (
            not fixed
            and len(words) > 1
            and not _PROSE.search(line)
            and not _DATED.search(line)
            and not PAGE_NUMBER.fullmatch(line)
            and not _CAPTION.fullmatch("".join(words))
            and any(map(_NUMERIC.fullmatch, words))
        ):
            above = blocks[-1].split() if not rows and blocks and isinstance(blocks[-1], str) else []
            if len(above) == len(words):
                rows.append(tuple(above))  # as many words as the first row: its header
                blocks.pop()
            rows.append(words)
            open_end = False
            continue
        if rows:
            blocks.append(Table(tuple(rows)))
            rows = []
        if fixed:
            blocks.append(item)
            open_end = False
            continue
        last = blocks[-1] if blocks else None
        if open_end and isinstance(last, str) and not HEADING.match(line):
            blocks[-1] = last + line
        else:
            blocks.append(line)
        open_end = len(line) >= 25 and line[-1] not in "。！？：；"
    if rows:
        blocks.append(Table(tuple(rows)))
    return blocks


def wrapped(parts: Sequence[str]) -> str:
    """The lines of one cell as its text: a space only where two Latin words would run together."""
    text = ""
    for part in (line.translate(_ODD).strip() for line in parts):
        both = text[-1:] + part[:1]
        text += (" " if len(both) == 2 and both.isascii() and both.isalpha() else "") + part
    return text
