"""How far a list that comes in answers was read, and whether its end is really the end.

A list of an interface is complete only when as many different rows came as it says it has, or, where it says no number, when
a page past the last one came back empty. Everything else is told: rows past the total, a total of 0 beside rows, a total that
changes on the way, a page that brings nothing new (the page's number was not heeded), an empty page before the end. Pure.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

_MOST_KNOWN = 20_000
"""Rows that are remembered; a longer list of one organ's reports is none."""


class Verdict(NamedTuple):
    """What one more page means."""

    more: bool
    """The next page has to be asked for."""
    new: int
    """Rows of it that no earlier page had, double ones on the page itself counted twice."""
    problem: str = ""


class Progress:
    """Rows seen so far. `plain` and `of` carry it through a `Step.state`."""

    def __init__(
        self,
        seen: int = 0,
        total: int | None = None,
        pages: int | None = None,
        known: Sequence[str] = (),
        last: str = "",
        surely: bool = True,
    ) -> None:
        self.seen, self.total, self.pages = seen, total, pages
        self._known = {*known}
        self._last = last
        self._surely = surely
        """`pages` is what an answer said, and no guess from the page that shows the list."""

    @classmethod
    def of(cls, plain: Sequence[Any]) -> "Progress":
        """What `plain` gave."""
        return cls(*plain)

    def plain(self) -> list[Any]:
        """As JSON can hold it."""
        return [self.seen, self.total, self.pages, sorted(self._known), self._last, self._surely]

    def page(self, rows: Sequence[str], number: int, total: int | None = None, pages: int | None = None) -> Verdict:
        """Counts page `number` (from 1), whose rows have these identities. `total`, `pages`: what its answer says."""
        marks = [_mark(row) for row in rows]
        whole = _mark("\n".join(rows))
        new = sum(mark not in self._known for mark in marks)
        self._known.update(marks[:_MOST_KNOWN])
        self.seen += new
        problem = self._odd(rows, new, number, total, pages)
        self.total = total if total is not None else self.total
        if pages:
            self.pages, self._surely = pages, True
        again, self._last = whole == self._last, whole
        if problem and rows and not new and again and number > 2 and self.total is None and self.pages is None:
            # Page 2 was another one than page 1, so that the number is heeded; past the end, the last page comes again.
            return Verdict(False, 0)
        if problem and (not new or total == 0):
            return Verdict(False, new, problem)
        if self.total is not None and self.seen >= self.total:
            return Verdict(False, new, problem)
        if not rows:
            return Verdict(False, new, problem or self._short(number))
        if self.total is None and self.pages is not None and number >= self.pages:
            return Verdict(False, new, problem)
        if len(self._known) >= _MOST_KNOWN:
            return Verdict(False, new, problem or f"it lists more than {_MOST_KNOWN} rows")
        return Verdict(True, new, problem)

    def _odd(self, rows: Sequence[str], new: int, number: int, total: int | None, pages: int | None) -> str:
        if total == 0 and rows:
            return f"it says that it has no rows and lists {len(rows)}"
        if total is not None and self.total is not None and total != self.total:
            return f"its total went from {self.total} to {total} while it was read"
        if pages and self.pages and self._surely and pages != self.pages:
            return f"its pages went from {self.pages} to {pages} while it was read"
        if rows and not new:
            return f"page {number} repeats earlier ones"
        said = total if total is not None else self.total
        if said is not None and self.seen > said:
            return f"it lists {self.seen} rows and says {said}"
        return ""

    def _short(self, number: int) -> str:
        """An empty page: the end, where nothing says that more must come."""
        if self.total is not None:
            return f"it gave {self.seen} of {self.total} rows" if self.seen < self.total else ""
        if number <= 1:
            return "it lists nothing and says no total"
        if self.pages is not None and number <= self.pages:
            return f"page {number} of {self.pages} is empty"
        return ""


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
