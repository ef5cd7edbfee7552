"""The open codes, `indicator.*` (tables of reports up to 2018) and `prose.*` (running text), and their names for readers.

Pure; read once from indicators.csv and prose.csv. An indicator that the list does not know has a code of its own printed
label: `indicator.检索服务次数`, below its parent where that alone would not tell it from another.
"""

import csv
import re
from functools import cache
from pathlib import Path

import msgspec


class OpenField(msgspec.Struct, frozen=True):
    """A known indicator, or a statement in prose."""

    code: str
    section: str
    """Heading of the indicators that it stands among; empty for prose."""
    label: str
    unit: str
    """件, 条, 次, 人 and their like, 元 or 万元."""
    forms: frozenset[str] = frozenset()
    """`2014`: the national 政府信息公开情况统计表 (国办发〔2014〕32号); `2008`: the 指标/单位/数量 tables before it."""
    aliases: tuple[str, ...] = ()


def _rows(name: str) -> list[dict[str, str]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _indicators() -> dict[str, OpenField]:
    fields: dict[str, OpenField] = {}
    for row in _rows("indicators.csv"):
        code, names = row["code"], tuple(filter(None, row["aliases"].split("|")))
        if known := fields.get(code):  # in both forms, under two labels
            forms, more = known.forms | {row["form"]}, (*known.aliases, row["label"], *names)
            fields[code] = msgspec.structs.replace(known, forms=forms, aliases=more)
        else:
            forms = frozenset((row["form"],))
            fields[code] = OpenField(code, row["section"], row["label"], row["unit"], forms, names)
    return fields


INDICATORS: dict[str, OpenField] = _indicators()
"""By code, in the order of the forms."""
PROSE: dict[str, OpenField] = {
    row["code"]: OpenField(row["code"], "", row["label"], row["unit"]) for row in _rows("prose.csv")
}
"""By code, in the order of a report."""


@cache
def label(code: str) -> str:
    """A code's name for readers: `附表 依申请公开情况 · 收到申请数`, `正文 收到政府信息公开申请`; a code that is neither is its
    own name."""
    if field := PROSE.get(code):
        return f"正文 {field.label}"
    if not code.startswith("indicator."):
        return code
    if field := INDICATORS.get(code):
        section = re.sub(r"^[一二三四五六七八九]、", "", field.section)
        return f"附表 {section} · {field.label}" if section != field.label else f"附表 {field.label}"
    # Printed labels below the longest known code: indicator.requests.received.电话申请数.
    parts = code.split(".")
    for length in range(len(parts) - 1, 1, -1):
        if known := INDICATORS.get(".".join(parts[:length])):
            return f"附表 {' · '.join((known.label, *parts[length:]))}"
    return f"附表 {' · '.join(parts[1:])}"
