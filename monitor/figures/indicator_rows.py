"""Rows of the tables of reports up to 2018 → codes of `open_fields`. Pure.

A label is known by its words, whatever its numbering, its brackets and the 数 at its end. 其他情形数 and its like stand in
several sections of the national form: only the section tells them apart, and without one they have no code.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from crawler.page.chinese import plain
from monitor.figures.cells import fold
from monitor.figures.open_fields import INDICATORS

_NUMBERING = (
    r"[一二三四五六七八九十]{1,3}[、.,]",
    r"\([一二三四五六七八九十]{1,3}\)",
    r"(?:其中[:,]?)?\d{1,2}(?:[.、,)](?!\d)|(?=[\u4e00-\u9fff]))",  # ① is 1, folded
    r"(?:其中[:,]?)?\(\d{1,2}\)|其中[:,]?",
)
"""By depth: 一、 · (一) · 1. · (1) and 其中."""
_LISTED, _UNNUMBERED = 2, 9
_LEVELS = tuple(re.compile(pattern) for pattern in _NUMBERING)
_ANY_NUMBERING = re.compile(rf"(?:{'|'.join(_NUMBERING)})+")
_BRACKETS = re.compile(r"\([^()]*\)")
_COUNT = re.compile(r"(?:总数|总额|数量|总量|条数|件数|次数|人次数|人次|人数|数|量)$")
_LEADING = re.compile(r"^(?:本年度?|全年)")
_GENERIC = re.compile(r"其[他它].{0,3}|[总合小]计|计|合计数|总数")
"""Labels that say nothing without their parent."""


class Row(NamedTuple):
    """One row of a table: its labels, outermost first, and its cells."""

    labels: tuple[str, ...]
    unit: str
    cell: str


class Placed(NamedTuple):
    """A row with its code."""

    code: str
    """Empty: a label that stands in several sections, and no section tells which."""
    row: Row
    known: bool


@lru_cache(maxsize=4096)
def key(label: str, brackets: bool = False) -> str:
    """What two prints of one label share. `brackets`: what stands in brackets is part of it."""
    text = _unnumbered(label)
    if not brackets:
        text = _BRACKETS.sub("", text)
    text = _LEADING.sub("", fold(text).replace("政府信息", "信息").replace("的", ""))
    return _COUNT.sub("", text)


def _unnumbered(label: str) -> str:
    text = plain(label)
    numbered = _ANY_NUMBERING.match(text)
    return text[numbered.end() :] if numbered and numbered.end() < len(text) else text


def _depth(label: str) -> int:
    """Of a row in the hierarchy: 0 for 一、 to 3 for (1) and 其中."""
    text = plain(label)
    return next((depth for depth, pattern in enumerate(_LEVELS) if pattern.match(text)), _UNNUMBERED)


@cache
def _by_key() -> dict[str, list[str]]:
    """Codes by what their labels share. Made when first asked for: folding brings in the converter of scripts, which costs
    a tenth of a second."""
    codes: dict[str, list[str]] = {}
    for field in INDICATORS.values():
        for name in (field.label, *field.aliases):
            found = codes.setdefault(key(name, "复制费" in name), [])
            if field.code not in found:
                found.append(field.code)
    return codes


@cache
def _headings() -> dict[str, str]:
    return {key(field.section): field.section for field in INDICATORS.values() if "、" in field.section}


def known(label: str) -> tuple[str, ...]:
    """The codes that a label may have, whatever stands around it."""
    codes = _by_key()
    return tuple(codes.get(key(label)) or codes.get(key(label, True)) or ())


def heading(label: str) -> str:
    """The section of the national form that a label opens (also where it has a figure: 四、行政复议数量); else empty."""
    return _headings().get(key(label), "")


def place(rows: Iterable[Row]) -> list[Placed]:
    """Rows of one table, in reading order → those that are indicators, not headings, with their codes."""
    listed = list(rows)
    names = [fold(row.labels[-1]) for row in listed]
    numbered = any(_depth(row.labels[-1]) in (0, 1) for row in listed)
    placed: list[Placed] = []
    section = ""
    above: dict[int, str] = {}
    for row, name in zip(listed, names, strict=True):
        label = row.labels[-1]
        section = next((found for found in map(heading, row.labels) if found), section)
        codes = known(label)
        code = codes[0] if len(codes) == 1 else next((one for one in codes if INDICATORS[one].section == section), "")
        depth = _depth(label)
        generic = _GENERIC.fullmatch(key(label) or name) is not None
        if depth == _UNNUMBERED and (generic or not numbered):
            depth = _LISTED if generic else 0
        if not codes and name:
            outer = [part for part in row.labels[:-1] if part != label]
            parent = next((above[level] for level in sorted(above, reverse=True) if level < depth), "indicator")
            alone = not (generic or plain(label).startswith("其中") or names.count(name) > 1)
            code = f"{'indicator' if alone else _below(outer) if outer else parent}.{_own(label)}"
        if code:
            above = {level: one for level, one in above.items() if level < depth} | {depth: code}
        if (code and (row.cell or row.unit)) or (codes and row.cell):
            placed.append(Placed(code, row, bool(codes)))
    return placed


def _below(labels: Sequence[str]) -> str:
    """The code that the label cells left of a row's own make."""
    code = "indicator"
    for label in labels:
        codes = known(label)
        code = codes[0] if len(codes) == 1 else f"{code}.{_own(label)}"
    return code


def _own(label: str) -> str:
    return fold(_unnumbered(label))
