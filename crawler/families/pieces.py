"""A list that an interface answers as pieces of HTML: what a piece lists, and whether the list goes on after it.

In: an answer, and how far the list was read. Out: its rows and a `Verdict`. A whole page where a piece was asked for (an error
page, the home page, a challenge) is no piece, whatever it links. Pure.
"""

import re
from typing import NamedTuple

from crawler.families.fragments import fragment
from crawler.families.paging import script_calls
from crawler.families.progress import Progress, Verdict
from crawler.families.rows import Row

_COUNTED = re.compile(
    r"\b(pageCount|totalPages?|total|totalCount|recordCount)['\"]?\s{0,10}[:=]\s{0,10}['\"]?(\d{1,7})(?!\d)"
)
_NOTHING = re.compile(r"暂无|没有(?:相关|找到|查询)|无相关|未查询到|no data", re.I)
_PAGE = re.compile(r"<(?:html|head|title|body)\b", re.I)
_LOOKED_AT = 20_000


class Piece(NamedTuple):
    """A piece, read."""

    rows: tuple[Row, ...]
    verdict: Verdict


def read_piece(text: str, base: str, progress: Progress, number: int) -> Piece:
    """Reads page `number` (from 1) of a list; `base`: the page that shows it, from which relative links count."""
    counted = {key.lower(): int(value) for key, value in _COUNTED.findall(text)}
    piece = fragment(text, base)
    call = next(script_calls(text), None)
    pages = next((counted[key] for key in ("pagecount", "totalpages", "totalpage") if key in counted), None)
    pages = pages if pages is not None else call[0] if call is not None else piece.pages
    total = next((counted[key] for key in ("total", "totalcount", "recordcount") if key in counted), piece.total)
    found = tuple(row for row in piece.rows if row.title)
    silent = pages is None and total is None
    page = silent and _PAGE.search(text[:_LOOKED_AT]) is not None and (number > 1 or not piece.documents)
    nothing = _NOTHING.search(text[:_LOOKED_AT]) is not None
    if page or (silent and not (found and piece.documents) and not nothing):
        return Piece((), Verdict(False, 0, f"page {number} of its list is no list"))
    verdict = progress.page([f"{row.url}\n{row.title}" for row in found], number, total, pages)
    if not found and number == 1 and nothing and not total:
        verdict = Verdict(False, 0)
    return Piece(found, verdict)
