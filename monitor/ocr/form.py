"""The words of a recognised table → the words of the national form, where they can be no others. Pure.

A label with a wrong character is set to the form's own by its likeness to exactly one of them, or by its place among labels
that were read: the form's rows and columns have a fixed order. Figures are never touched; `places` says which of the seven
columns and of the form's rows, or of table 4's fifteen columns, they stand in.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from monitor.figures import labels
from monitor.figures.cells import fold
from monitor.figures.fields import APPLICANTS, FIELDS, REQUEST_ROWS, REVIEW_CELLS
from monitor.ocr.cells import Words
from monitor.ocr.ruling import Grid

_SHORT = 4
"""Characters that a label needs to be told by its likeness alone."""
_UNLIKE = 0.34
"""Share of a label's characters that may be wrong."""
_AGREED = 0.7
"""Share of rows or columns that must have been read for the others to follow from their places."""
_OUTCOMES = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
_CASES = ("行政复议", "未经复议直接起诉", "复议后起诉")
_HEADERS = (
    *("申请人情况", "法人或其他组织", "信息内容", "行政诉讼", "三、本年度办理结果"),
    *("(三)不予公开", "(四)无法提供", "(五)不予处理", "(六)其他处理"),
    "(本列数据的勾稽关系为:第一项加第二项之和,等于第三项加第四项之和)",
)


class Places(NamedTuple):
    """Where a table's figures stand: (row of table 3 or case of table 4, column) → number of the grid's cell."""

    table: str
    cells: dict[tuple[str, str], int]


def settled(grid: Grid, words: Sequence[Words]) -> tuple[list[Words], Places]:
    """The words with labels set right, and the places of the figures of tables 3 and 4."""
    mended = [one if one.figure or not one.text else one._replace(text=_likely(one.text)) for one in words]
    owner = [[-1] * grid.columns for _ in range(grid.rows)]
    for number, cell in enumerate(grid.cells):
        for row in range(cell.top, cell.bottom):
            owner[row][cell.left : cell.right] = [number] * (cell.right - cell.left)
    placed = _requests(owner, mended) or _reviews(owner, mended) or Places("", {})
    for number in placed.cells.values():
        cell, one = grid.cells[number], mended[number]
        if not one.figure or cell.right - cell.left > 1 or cell.bottom - cell.top > 1:
            mended[number] = one._replace(sure=min(one.sure, 0.5))
    return mended, placed


def row_label(row: str) -> str:
    """The printed label of a row of table 3, without the group that it stands in."""
    return re.sub(r"^三(?:\([三四五六]\)(?=\d))?", "", FIELDS[f"requests.{row}.total"].row_label)


@cache
def _known() -> dict[str, str]:
    """The form's words, by their folded form."""
    words = list(_HEADERS)
    for one in FIELDS.values():
        clause, _, name = one.row_label.rpartition(" ")
        words += [clause, one.column_label, *([name] if one.table != "三" else [])]
    words += [row_label(row) for order in REQUEST_ROWS.values() for row in order]
    return {fold(word): word for word in words if word}


def _likely(text: str) -> str:
    """The form's word that the text is but for a wrong character; else the text."""
    folded = fold(text)
    known = _known()
    if folded in known or len(folded) < _SHORT:
        return text
    near = sorted((_apart(folded, word), word) for word in known if abs(len(word) - len(folded)) <= 3)
    if not near or near[0][0] > max(1, _UNLIKE * len(near[0][1])) or len(near[0][1]) < _SHORT:
        return text
    if len(near) > 1 and near[1][0] - near[0][0] < 1:
        return text
    return known[near[0][1]]


@lru_cache(maxsize=50_000)
def _apart(one: str, other: str) -> int:
    """Levenshtein's distance."""
    before = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        here = [i]
        for j, b in enumerate(other, 1):
            here.append(min(before[j] + 1, here[-1] + 1, before[j - 1] + (a != b)))
        before = here
    return before[-1]


def _requests(owner: list[list[int]], words: list[Words]) -> Places | None:
    """Table 3: its figures are the last seven columns."""
    columns = len(owner[0])
    first = columns - len(APPLICANTS)
    if first < 1:
        return None
    names = [labels.row("三", fold(words[row[first - 1]].text)) for row in owner]
    votes: Counter[tuple[str, int]] = Counter()
    for index, name in enumerate(names):
        for form, order in REQUEST_ROWS.items():
            if name in order:
                votes[form, order.index(name) - index] += 1
    if not votes:
        return None
    (form, offset), count = votes.most_common(1)[0]
    order = REQUEST_ROWS[form]
    due = [
        (index, order[index + offset])
        for index, row in enumerate(owner)
        if 0 <= index + offset < len(order)
        and (names[index] or all(words[number].figure for number in row[first:]))  # not the header
    ]
    if count < max(3, _AGREED * len(due)):
        return None
    if any(names[index] not in ("", name) for index, name in due):
        return None
    for index, name in due:
        if not names[index]:
            number = owner[index][first - 1]
            words[number] = words[number]._replace(text=row_label(name))
    if due[0][0]:
        heads = [FIELDS[f"requests.new.{column}"].column_label for column in APPLICANTS]
        _headed(words, owner[due[0][0] - 1][first:], heads)
    cells = {(name, column): owner[index][first + j] for index, name in due for j, column in enumerate(APPLICANTS)}
    return Places("三", cells)


def _reviews(owner: list[list[int]], words: list[Words]) -> Places | None:
    """Table 4: fifteen columns, the figures in the last row."""
    if len(owner) < 2 or len(owner[0]) != len(REVIEW_CELLS):
        return None
    if not _headed(words, owner[-2], list(_OUTCOMES) * len(_CASES)):
        return None
    for above in owner[:-2]:
        for start, case in zip(range(0, len(REVIEW_CELLS), len(_OUTCOMES)), _CASES, strict=True):
            group = set(above[start : start + len(_OUTCOMES)])
            if len(group) == 1 and above.count(number := group.pop()) == len(_OUTCOMES):
                words[number] = words[number]._replace(text=case)
    names = (code.removeprefix("review.").split(".") for code in REVIEW_CELLS)
    return Places("四", {(case, outcome): number for (case, outcome), number in zip(names, owner[-1], strict=True)})


def _headed(words: list[Words], row: Sequence[int], due: Sequence[str]) -> bool:
    """Sets the header cells of a row to what is due in their places, if enough of them say so themselves."""
    same = sum(fold(words[number].text).endswith(fold(word)) for number, word in zip(row, due, strict=True))
    if same < _AGREED * len(due) or len(set(row)) < len(row):
        return False
    for number, word in zip(row, due, strict=True):
        if not fold(words[number].text).endswith(fold(word)):
            words[number] = words[number]._replace(text=word)
    return True


def identities(placed: Places) -> Iterator[tuple[list[int], list[int]]]:
    """The sums that a table must keep, as numbers of cells: those on the left come to the same as those on the right."""
    at = placed.cells
    if placed.table == "四":
        for start in range(0, len(REVIEW_CELLS), len(_OUTCOMES)):
            five = [at[_pair(code)] for code in REVIEW_CELLS[start : start + len(_OUTCOMES)]]
            yield five[:-1], five[-1:]
        return
    rows = list(dict.fromkeys(row for row, _ in at))
    for row in rows:
        seven = [at[row, column] for column in APPLICANTS]
        yield seven[:-1], seven[-1:]
    if not any(set(order) <= set(rows) for order in REQUEST_ROWS.values()):
        return  # cut in two: its columns are not whole
    ends = ("new", "carried_in", "handled_total", "carried_out")
    for column in APPLICANTS:
        yield [at[row, column] for row in ends[:2]], [at[row, column] for row in ends[2:]]
        yield [at[row, column] for row in rows if row not in ends], [at["handled_total", column]]


def _pair(code: str) -> tuple[str, str]:
    case, _, outcome = code.removeprefix("review.").partition(".")
    return case, outcome
