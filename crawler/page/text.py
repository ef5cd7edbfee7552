"""The text form of a body: blocks to text and back.

In: a sequence of blocks, each a paragraph (str) or a `Table` (grid, spans resolved). Out: text in which a paragraph is
a line and a table a run of lines `| cell | cell |`. Guarantee: `parse(render(blocks))` is `blocks` for blocks that are
`tidy`, and `render(parse(text))` is `text` for every text that `render` made. Pure.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec


class Table(msgspec.Struct, frozen=True):
    """A grid: every row has the cells that a reader sees, a spanned cell repeated in each place it covers."""

    rows: tuple[tuple[str, ...], ...]


Block = str | Table

_CELL = re.compile(r"((?:[^|\\]|\\.)*)\|")
_ESCAPE = re.compile(r"([|\\])")
_UNESCAPE = re.compile(r"\\(.)")


def squeeze(text: str) -> str:
    """`text` with every run of white space as one space and none at the ends."""
    return " ".join(text.split())


def tidy(blocks: Iterable[Block]) -> list[Block]:
    """The blocks as `render` writes them: white space squeezed; empty paragraphs, rows without cells, and tables
    without rows left out."""
    kept: list[Block] = []
    for block in blocks:
        if isinstance(block, Table):
            rows = tuple([tuple([" ".join(cell.split()) for cell in row]) for row in block.rows if row])
            if rows:
                kept.append(Table(rows))
        elif paragraph := squeeze(block):
            kept.append(paragraph)
    return kept


def render(blocks: Iterable[Block]) -> str:
    """Blocks as text. A blank line parts two tables that follow each other."""
    lines: list[str] = []
    after_table = False
    for block in tidy(blocks):
        if isinstance(block, Table):
            if after_table:
                lines.append("")
            lines.extend(_line(row) for row in block.rows)
        else:
            lines.append("\\" + block if block[0] in "|\\" else block)
        after_table = isinstance(block, Table)
    return "\n".join(lines)


def parse(text: str) -> list[Block]:
    """Text as blocks; the inverse of `render`. Never raises: a damaged row is read as far as it goes."""
    blocks: list[Block] = []
    rows: list[tuple[str, ...]] = []
    for line in text.split("\n"):
        if line.startswith("|"):
            rows.append(_cells(line))
            continue
        if rows:
            blocks.append(Table(tuple(rows)))
            rows = []
        if line:
            blocks.append(line[1:] if line[0] == "\\" else line)
    if rows:
        blocks.append(Table(tuple(rows)))
    return blocks


def words(blocks: Sequence[Block]) -> str:
    """All visible text of the blocks, cells once a grid place, parts separated by line breaks."""
    parts = (
        block if isinstance(block, str) else "\n".join(cell for row in block.rows for cell in row) for block in blocks
    )
    return "\n".join(parts)


def _line(row: tuple[str, ...]) -> str:
    if any("|" in cell or "\\" in cell for cell in row):
        row = tuple(_ESCAPE.sub(r"\\\1", cell) for cell in row)
    return f"| {' | '.join(row)} |"


def _cells(line: str) -> tuple[str, ...]:
    rest = line[1:]
    if "\\" not in rest:  # nearly every row; escapes cost ten times as much to read
        return tuple(cell.strip(" ") for cell in rest.rstrip(" ").removesuffix("|").split("|"))
    if not rest.rstrip(" ").endswith("|"):
        rest += "|"
    return tuple(_UNESCAPE.sub(r"\1", cell.strip(" ")) for cell in _CELL.findall(rest))
