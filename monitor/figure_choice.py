"""Which figures somebody means: codes, patterns of codes, parts of Chinese names, tables → codes."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from monitor.store import Row, Store

TABLES = {
    "2": "表二",
    "3": "表三",
    "4": "表四",
    "二": "表二",
    "三": "表三",
    "四": "表四",
    "附表": "附表",
    "正文": "正文",
}
"""What tables may be called."""


class UnknownField(ValueError):
    """Nothing is called so; the message says what would be right."""


def known_fields(store: Store) -> list[Row]:
    """Every code that a figure of the record may have: code, name, wide (its column in 统计数据), sheet."""
    return store.rows(
        """SELECT code, name, wide, sheet FROM (SELECT code, name, wide, sheet, place FROM fields UNION ALL
            SELECT DISTINCT 指标代码, 指标名称, '', 表, 1e9 FROM 统计数据明细 WHERE 指标代码 NOT IN (SELECT code FROM fields))
        ORDER BY place, code"""
    )


def chosen_codes(store: Store, patterns: Iterable[str], tables: Iterable[str]) -> tuple[str, ...] | None:
    """Codes that fit one of the patterns and stand in one of the tables; None: nothing was asked for, so all.
    Raises UnknownField."""
    patterns, sheets = tuple(patterns), {TABLES[table] for table in tables}
    if not patterns and not sheets:
        return None
    fields = known_fields(store)
    for pattern in patterns:
        if not any(_fits(field, pattern) for field in fields):
            raise UnknownField(
                f'no figure is called "{pattern}"; give a code, a pattern (requests.*.total) or a part of a name (本年新收): '
                "`nianbao export fields` lists them"
            )
    return tuple(
        field["code"]
        for field in fields
        if (not sheets or field["sheet"] in sheets)
        and (not patterns or any(_fits(field, pattern) for pattern in patterns))
    )


def _fits(field: Row, pattern: str) -> bool:
    if pattern == field["code"] or fnmatchcase(field["code"], pattern):
        return True
    names = (field["name"], field["wide"])
    return not pattern.isascii() and any(pattern in name or fnmatchcase(name, pattern) for name in names)
