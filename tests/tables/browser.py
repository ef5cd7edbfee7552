"""The generated reports as PDF files that Chromium prints, read through the real path.

python -m tests.tables.browser [--cases N] [--seed S] [--way NAME …] [--show N]
"""

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

from tests.chromium import chromium
from tests.tables.arrange import Block
from tests.tables.check import Score, compare
from tests.tables.docx import SHAPES, draw_case, figures_of, run
from tests.tables.grid import Grid, spans
from tests.tables.markup import heads_of
from tests.tables.pdf import URL, without_spaces

WAYS = {
    "plain": "table { border-collapse: collapse } td { border: 1px solid }",
    "hair lines": "table { border-collapse: collapse } td { border: 0.2pt solid #888 }",
    "separate borders": "table { border-collapse: separate; border-spacing: 0 } td { border: 0.5pt solid }",
    "spaced borders": "table { border-collapse: separate; border-spacing: 2px; border: 1px solid } td { border: 1px solid }",
    "dashed": "table { border-collapse: collapse } td { border: 1px dashed }",
    "double": "table { border-collapse: collapse } td { border: 3px double }",
    "header rows": "table { border-collapse: collapse } td { border: 1px solid } tr { break-inside: avoid }",
    "cut rows": "table { border-collapse: collapse } td { border: 1px solid; vertical-align: middle }",
    "narrow": "table { border-collapse: collapse; table-layout: fixed } td { border: 1px solid; word-break: break-all }",
    "spread words": "table { border-collapse: collapse } td { border: 1px solid; letter-spacing: 0.25em }",
    "justified": "table { border-collapse: collapse } td { border: 1px solid; text-align: justify !important }",
    "small": "table { border-collapse: collapse } td { border: 1px solid; font-size: 5pt !important; line-height: 1 }",
    "stacked": "table { border-collapse: collapse } td { border: 1px solid; padding: 0 !important; line-height: 1 }",
}
"""How the tables look."""
_FONTS = ("Noto Sans CJK SC", "Noto Serif CJK SC", "SimSun, serif", "'Times New Roman', 'Noto Serif CJK SC'")
_GROUPED = {"header rows", "cut rows"}
_SHAPES = [shape for shape in SHAPES if shape not in ("spacers", "joined")]
"""No browser shows columns without words, and three tables as one it lays out anew."""


@contextmanager
def printer() -> Iterator[Callable[[str, dict[str, Any]], bytes]]:
    """A browser that prints pages of HTML. Ends with the block."""
    with chromium() as drive:

        def printed(html: str, paper: dict[str, Any]) -> bytes:
            def shown(browser: Any) -> bytes:
                page = browser.new_page()
                try:
                    page.set_content(html)
                    return bytes(page.pdf(**paper))
                finally:
                    page.close()

            return bytes(drive(shown))

        yield printed


def html_of(rng: random.Random, blocks: Sequence[Block], way: str, grouped: bool) -> str:
    """`grouped`: header rows are printed again on each page."""
    size = rng.choice(("7pt", "9pt", "10.5pt"))
    style = (
        f"body {{ font-family: {rng.choice(_FONTS)}; font-size: {size} }} table {{ width: 100%; margin: 6pt 0 }} "
        f"td {{ padding: {rng.choice((1, 3))}px; text-align: {rng.choice(('center', 'left'))} }} {WAYS[way]}"
    )
    body = "".join(f"<p>{escape(one)}</p>" if isinstance(one, str) else _table(one, grouped) for one in blocks)
    return f"<!DOCTYPE html><html lang=zh><head><meta charset=utf-8><style>{style}</style></head><body>{body}</body></html>"


def _table(grid: Grid, grouped: bool) -> str:
    lines = []
    for row in spans(grid):
        cells = "".join(
            f"<td rowspan={one.rows} colspan={one.cols}>{escape(one.cell.text).replace(chr(10), '<br>')}</td>"
            for one in row
        )
        lines.append(f"<tr>{cells}</tr>")
    heads = heads_of(grid) if grouped else 0
    head = f"<thead>{''.join(lines[:heads])}</thead>" if 0 < heads < len(lines) else ""
    return f"<table>{head}<tbody>{''.join(lines[heads if head else 0 :])}</tbody></table>"


def paper_of(rng: random.Random) -> dict[str, Any]:
    """The page's size, margins, what is printed on each."""
    size = rng.choice(("A4", "A4", "A5", "Letter"))
    paper: dict[str, Any] = {"format": size, "landscape": size == "A5" or rng.random() < 0.2}
    paper["margin"] = dict.fromkeys(("top", "bottom", "left", "right"), "12mm")
    if rng.random() < 0.3:
        paper["display_header_footer"] = True
        paper["header_template"] = rng.choice(
            ("<span></span>", "<span style='font-size:7px'>某某县水利局年度报告</span>")
        )
        number = "<span class=pageNumber></span>"
        paper["footer_template"] = f"<span style='font-size:7px'>{rng.choice((number, f'- {number} -'))}</span>"
    return paper


def play(seed: int, way: str, printed: Callable[[str, dict[str, Any]], bytes]) -> Score:
    case, blocks, rng = draw_case(seed, way, _SHAPES)
    body = printed(html_of(rng, blocks, way, way in _GROUPED), paper_of(rng))
    return compare(*without_spaces(case, figures_of(body, URL)))


if __name__ == "__main__":
    with printer() as printed:
        sys.exit(run("PDF", tuple(WAYS), lambda seed, way: play(seed, way, printed)))
