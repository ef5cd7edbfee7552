"""Where a list that an interface answers page by page stands, and whether it truly got to its end.

In: what one answer lists, and the total that it tells, if any. Out: a `Turn`: the next page to ask for, or the end, or why the
list is not complete. An interface that ignores the page's number gives the same rows again: that is never the end of a list of
which more is said to be there. Pure.
"""

import hashlib
from collections.abc import Sequence

import msgspec

_MOST = 200
"""Rows of the first page that are remembered."""


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """One page of the list, to be asked for. Counted from 1."""

    page: int = 1
    seen: int = 0
    """Rows of the pages before, double ones too."""
    new: int = 0
    """… that the first page does not have, and the first page's own."""
    first: tuple[str, ...] = ()
    """Digests of the first page's rows."""
    last: str = ""
    """Digest of the page before."""
    total: int | None = None
    pages: int | None = None


class Turn(msgspec.Struct, frozen=True):
    """What follows from an answer."""

    onward: Cursor | None = None
    problem: str = ""
    kept: bool = True
    """Its rows are rows of the list; False: they were all there before."""


def advance(
    cursor: Cursor,
    rows: Sequence[str],
    listed: int,
    total: int | None = None,
    pages: int | None = None,
    *,
    doubles: bool = False,
) -> Turn:
    """What follows after the answer to `cursor`'s page.

    `rows`: what tells its rows apart (addresses); `listed`: how many there are, those without an address too. `total`, `pages`:
    rows and pages of the whole list, as this answer tells them; an earlier answer's count where it does not. `doubles`: rows of
    the first page that come again count towards the total; otherwise one more page is asked for, because they may stand on
    top of every page and hide others.
    """
    total = cursor.total if total is None else total
    pages = cursor.pages if pages is None else pages
    page = cursor.page
    if not listed:
        return Turn(problem=_short(cursor, total, pages))
    digests = [_digest(row) for row in rows]
    whole = _digest("\n".join(rows))
    known = set(cursor.first)
    again = page > 1 and bool(rows) and (whole == cursor.last or (len(rows) > 1 and known.issuperset(digests)))
    if again:
        # Without a total, a server that repeats its last page for any number past it shows where the list ends; page 2 that
        # is page 1 shows only that the number was not read.
        ends = cursor.seen >= total if total is not None else pages is None and page > 2 and whole == cursor.last
        return Turn(problem="" if ends else f"page {page} repeats an earlier one: its number is not read", kept=False)
    fresh = [digest for digest in digests if digest not in known] if page > 1 else [*dict.fromkeys(digests)]
    onward = Cursor(
        page=page + 1,
        seen=cursor.seen + listed,
        new=cursor.new + len(fresh) + max(0, listed - len(rows)),
        first=cursor.first if page > 1 else tuple(dict.fromkeys(digests))[:_MOST],
        last=whole,
        total=total,
        pages=pages,
    )
    more = total is None and pages is None
    more |= total is not None and (onward.seen if doubles else onward.new) < total
    more |= pages is not None and page < pages
    return Turn(onward if more else None)


def _short(cursor: Cursor, total: int | None, pages: int | None) -> str:
    """What is wrong with an empty page, "" if it is just the end."""
    if total is not None:
        return f"it gave {cursor.seen} of {total} rows" if cursor.seen < total else ""
    if pages is not None and 1 < pages >= cursor.page:
        return f"page {cursor.page} of {pages} is empty"
    return ""


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
