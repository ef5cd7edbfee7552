"""The part of a re-reading that can be held against a page: what was watched since it was captured. Pure.

A capture is as old as the last change of what the rules of then read. What today's rules read besides (a box further
down, a date elsewhere) may have changed long ago, when nobody looked: by an edit of the portal file that would come out
as if it happened now. So of such parts the page's present state is the starting point, and only the rest is compared. Where
the capture is of the last response before the edit, nothing of it is long ago, and only the page's small talk (short lines
that are neither prose nor a table's: counters, dates, links) is left out: nobody ever watched it.
"""

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

import msgspec

from crawler.page.chinese import strip_invisible
from crawler.page.model import Report
from monitor.versions import Held

_HEADS = ("title", "organ", "source", "published_on")
_SIMILAR = 0.3
_LONG = 60


def starting_point(watched: Report, reread: Report, now: Report, *, fresh: bool) -> Report:
    """`reread`, with what differs from `now` in parts that `watched` did not read taken from `now`.

    `watched`: the report as the rules of then read it; `reread`: the same capture by today's; `now`: the page by today's;
    `fresh`: the capture is of the last response before the edit.
    """
    unseen = {key for key in _HEADS if not fresh and getattr(watched, key) != getattr(reread, key)}
    heads = {key: getattr(now if key in unseen else reread, key) for key in _HEADS}
    return msgspec.structs.replace(reread, text=_text(watched.text, reread.text, now.text, fresh=fresh), **heads)


def held_then(watched: Sequence[Held], reread: Sequence[Held], now: Sequence[Held]) -> tuple[Held, ...]:
    """The same for attachments: those that only today's rules find count only as far as they are there now."""
    before, after = {item.url for item in watched}, {item.url for item in now}
    kept = [item for item in reread if item.url in before or item.url in after]
    if any(item.url not in before for item in reread):
        found = {item.url for item in reread}
        kept += [item for item in now if item.url not in found]
    return tuple(kept)


def _text(watched: str, reread: str, now: str, *, fresh: bool) -> str:
    old, new = reread.splitlines(), now.splitlines()
    known = Counter(map(strip_invisible, watched.splitlines()))
    seen: list[bool] = []
    for line in old:
        key = strip_invisible(line)
        seen.append(known[key] > 0 or (fresh and _tells(line)))
        known[key] -= 1
    made: list[str] = []
    matcher = SequenceMatcher(None, [*map(strip_invisible, old)], [*map(strip_invisible, new)], autojunk=False)
    for what, i, j, k, end in matcher.get_opcodes():
        if what == "equal":
            made += old[i:j]
        elif i == j:
            around = [seen[place] for place in (i - 1, i) if 0 <= place < len(old)]
            made += [] if all(around) else new[k:end]
        elif not any(seen[i:j]):
            made += new[k:end]
        else:
            made += _mixed(old[i:j], seen[i:j], new[k:end])
    return "\n".join(made)


def _tells(line: str) -> bool:
    """Whether a line is of a report's matter: prose, or a row of a table."""
    return line.startswith("|") or "。" in line or len(line) >= _LONG


def _mixed(old: Sequence[str], seen: Sequence[bool], new: Sequence[str]) -> list[str]:
    """Lines that were watched, as they were; each other one as the line that took its place."""
    left = list(new)
    made = []
    for line, was_watched in zip(old, seen, strict=True):
        if was_watched:
            made.append(line)
            continue
        best = max(left, key=lambda other: SequenceMatcher(None, line, other, autojunk=False).ratio(), default=None)
        if best is not None and SequenceMatcher(None, line, best, autojunk=False).ratio() >= _SIMILAR:
            left.remove(best)
            made.append(best)
    return made
