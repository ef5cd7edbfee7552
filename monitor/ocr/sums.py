"""What the sums of a table say of its cells: a kept one confirms, a broken one casts doubt. Pure. Words stay as they are."""

from collections import Counter
from collections.abc import Sequence

from monitor.figures.cells import read
from monitor.ocr.cells import Words
from monitor.ocr.form import Places, identities

_ONCE = 0.93
_TWICE = 0.97
_BROKEN = 0.6


def weighed(words: Sequence[Words], placed: Places) -> list[Words]:
    """The words, surer where a sum is kept, less sure where the only ones that hold them are broken.

    A sum cannot tell `0`, `/` and a blank cell apart: a cell that adds nothing gains nothing.
    """
    kept: Counter[int] = Counter()
    broken: Counter[int] = Counter()
    amounts = {number: _amount(words[number].text) for number in placed.cells.values()}
    for left, right in identities(placed):
        sides = [[amounts[number] for number in side] for side in (left, right)]
        known = [[one for one in side if one is not None] for side in sides]
        if sides != known:
            continue  # one cell is no figure: no sum
        whole = abs(sum(known[0]) - sum(known[1])) < 1e-6
        (kept if whole else broken).update({*left, *right})
    return [_weighed(one, amounts.get(number), kept[number], broken[number]) for number, one in enumerate(words)]


def _amount(text: str) -> float | None:
    found = read(text)
    return None if found.kind == "words" else found.amount


def _weighed(one: Words, amount: float | None, kept: int, broken: int) -> Words:
    if broken and not kept:
        return one._replace(sure=min(one.sure, _BROKEN))
    if kept and not broken and amount:
        return one._replace(sure=max(one.sure, _TWICE if kept > 1 else _ONCE))
    return one
