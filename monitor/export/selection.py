"""What an export holds: filters → rows of the tables of `columns`, streamed.

Rows of one report stand together; a row that belongs to no report (a portal's event, a page that could not be read) is
there where its own portal, organ and year fit.
"""

from collections.abc import Iterator, Sequence

import msgspec

from monitor.export.columns import Table
from monitor.figures.fields import order
from monitor.store import Store

Cells = tuple[object, ...]

_SIGNIFICANCE = """CASE v.significance WHEN 'first' THEN '首次' WHEN 'content' THEN '内容变更' WHEN 'cosmetic' THEN '仅形式'
    ELSE '重新基线' END"""
_UNLISTED = """SELECT DISTINCT 指标代码, NULL, 表, NULL, NULL, 指标名称, NULL, NULL FROM 统计数据明细
    WHERE 指标代码 NOT IN (SELECT code FROM fields)"""
"""Indicators that have their printed label for a code: 指标说明 cannot know them."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Filters; None: no limit. Each narrows the tables that it means something for."""

    portal: str | None = None
    organ: str | None = None
    """A part of its name."""
    year: int | None = None
    status: str | None = None
    """Of reports."""
    since: str | None = None
    """The record's time: of events, findings and versions."""
    kind: str | None = None
    """Of events."""
    rule: str | None = None
    severity: str | None = None
    codes: tuple[str, ...] | None = None
    """Of figures: columns of `figures`, rows of `details`."""


APPLIES: dict[str, frozenset[str]] = {
    "status": frozenset({"figures", "details", "reports", "versions"}),
    "since": frozenset({"versions", "findings", "events"}),
    "kind": frozenset({"events"}),
    "rule": frozenset({"findings"}),
    "severity": frozenset({"findings"}),
    "codes": frozenset({"figures", "details", "fields"}),
}
"""Which tables a filter narrows; one that is not named here narrows all."""


class _Where:
    """Conditions and their values."""

    def __init__(self) -> None:
        self.clauses: list[str] = ["1"]
        self.values: list[object] = []

    def add(self, clause: str, *values: object) -> None:
        if all(value is not None for value in values):
            self.clauses.append(clause)
            self.values += values

    def __str__(self) -> str:
        return " AND ".join(self.clauses)


def narrowed(table: Table, selection: Selection) -> Table:
    """The table with the columns that the selection leaves it."""
    if table.name != "figures" or selection.codes is None:
        return table
    columns = tuple(one for one in table.columns if not one.code or one.code in selection.codes)
    return msgspec.structs.replace(table, columns=columns)


def _reports(selection: Selection) -> tuple[str, list[object]]:
    where = _Where()
    where.add("r.portal = ?", selection.portal)
    where.add("(instr(o.name, ?) OR instr(r.organ, ?))", selection.organ, selection.organ)
    where.add("r.year = ?", selection.year)
    where.add("r.status = ?", selection.status)
    sql = f"SELECT r.id FROM reports r JOIN organs o ON o.id = r.organ_id WHERE r.withdrawn_at IS NULL AND {where}"  # noqa: S608
    return sql, where.values


def _by_itself(selection: Selection, portal: str, organ: str, year: str) -> _Where:
    """For a row that belongs to no report."""
    where = _Where()
    where.add(f"{portal} = ?", selection.portal)
    where.add(f"instr({organ}, ?)", selection.organ)
    where.add(f"{year} = ?", selection.year)
    return where


def query(table: Table, selection: Selection) -> tuple[str, list[object]]:
    """One statement for all rows of a table other than `figures` and `details`, in order."""
    chosen, values = _reports(selection)
    names = ", ".join(f"t.{one.name}" for one in table.columns)
    own = _Where()
    match table.name:
        case "reports":
            return f"SELECT {names} FROM 年报一览 t WHERE t.编号 IN ({chosen}) ORDER BY t.编号", values  # noqa: S608
        case "versions":
            own.add("v.captured_at >= ?", selection.since)
            sql = f"""SELECT v.id, v.report, v.seq, v.captured_at, {_SIGNIFICANCE}, v.title, v.organ,
                v.published_on, v.content_hash, v.archive_ref, v.url
                FROM versions v WHERE v.report IN ({chosen}) AND {own} ORDER BY v.id"""  # noqa: S608
            return sql, values + own.values
        case "findings":
            alone = _by_itself(selection, "c.portal", "NULL", "NULL")
            own.add("c.started_at >= ?", selection.since)
            own.add("t.规则代码 = ?", selection.rule)
            own.add("f.severity = ?", selection.severity)
            sql = f"""SELECT {names} FROM 核对问题 t JOIN findings f ON f.id = t.编号 LEFT JOIN crawls c ON c.id = f.crawl
                WHERE (t.年报编号 IN ({chosen}) OR (t.年报编号 IS NULL AND {alone})) AND {own} ORDER BY t.编号"""  # noqa: S608
            return sql, values + alone.values + own.values
        case "events":
            alone = _by_itself(selection, "e.portal", "e.organ", "e.year")
            own.add("e.detected_at >= ?", selection.since)
            own.add("e.kind = ?", selection.kind)
            names = names.replace("t.年报编号", "r.id")
            sql = f"""SELECT {names} FROM 变更记录 t JOIN events e ON e.id = t.编号
                LEFT JOIN reports r ON r.id = e.report AND r.withdrawn_at IS NULL
                WHERE (r.id IN ({chosen}) OR (r.id IS NULL AND {alone})) AND {own} ORDER BY t.编号"""  # noqa: S608
            return sql, values + alone.values + own.values
        case _:
            codes = "" if selection.codes is None else f" WHERE 指标代码 IN ({', '.join('?' for _ in selection.codes)})"
            sql = f"SELECT {names} FROM (SELECT * FROM 指标说明 UNION ALL {_UNLISTED}) t{codes}"  # noqa: S608
            return sql, list(selection.codes or ())


def count(store: Store, table: Table, selection: Selection) -> int:
    """How many rows there will be: those that are read for it, where a row is a figure."""
    if table.name in ("figures", "details"):
        sql, values = _reports(selection)
    else:
        sql, values = query(table, selection)
    row = store.row(f"SELECT count(*) AS rows FROM ({sql})", values)  # noqa: S608
    return int(row["rows"]) if row else 0


def rows(store: Store, table: Table, selection: Selection) -> Iterator[Sequence[Cells]]:
    """The rows of a (narrowed) table, those that were read together at a time."""
    conn = store.conn
    if table.name not in ("figures", "details"):
        for row in conn.execute(*query(table, selection)):
            yield (row,)
        return
    view = "统计数据" if table.name == "figures" else "统计数据明细"
    names = [one.name for one in table.columns]
    # The view's head is looked at report by report: sorting rows of 237 columns, or by the million, takes room.
    chosen, values = _reports(selection)
    ordered = f"""SELECT r.id FROM reports r JOIN organs o ON o.id = r.organ_id JOIN portals p ON p.name = r.portal
        WHERE r.id IN ({chosen}) ORDER BY p.title, p.name, o.name, r.year, r.variant, r.id"""  # noqa: S608
    sql = f"SELECT {', '.join(names)} FROM {view} WHERE 年报编号 = ?"  # noqa: S608
    codes: tuple[str, ...] = ()
    if table.name == "details" and selection.codes is not None:
        codes = selection.codes
        sql += f" AND 指标代码 IN ({', '.join('?' for _ in codes)})"
    for (number,) in conn.execute(ordered, values).fetchall():
        found: list[Cells] = conn.execute(sql, (number, *codes)).fetchall()
        if table.name == "details":
            code = names.index("指标代码")
            found.sort(key=lambda row: order(str(row[code])))
        yield found
