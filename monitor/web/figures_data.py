"""Figures by organ and year, as the page of figures shows them: a choice → whose they are and what they are. Plain values."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from monitor.figure_views import COLUMNS, RULE_NAMES
from monitor.figures.fields import label
from monitor.store import Row, Store
from monitor.words import read_from

KINDS = {"government": "政府", "office": "办公室", "department": "部门", "township": "乡镇街道"}
FIRST = "requests.new.total"
"""The field of a page on which nothing is chosen."""
FIRST_YEAR, LAST_YEAR = 2000, 2100


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to see; what is empty does not narrow."""

    fields: tuple[str, ...] = ()
    organs: tuple[int, ...] = ()
    """By id; given, nothing else says whose."""
    name: str = ""
    """A part of the organ's."""
    portal: str = ""
    """Its name, or a part of its title."""
    region: str = ""
    """How it begins."""
    kind: str = ""
    since: int | None = None
    until: int | None = None

    @property
    def whose(self) -> bool:
        """It says whose figures."""
        return bool(self.organs or self.name or self.portal or self.region or self.kind)


class Field(msgspec.Struct, frozen=True):
    """A figure that may be chosen."""

    code: str
    sheet: str
    row: str
    column: str
    name: str
    unit: str
    forms: str = ""

    @property
    def head(self) -> str:
        """As a column of a file: its column in 统计数据, else its name and unit."""
        name = COLUMNS.get(self.code, self.name)
        return name if not self.unit or self.unit == "件" or "（" in name else f"{name}（{self.unit}）"


class Organ(msgspec.Struct, frozen=True):
    """Whose figures they are."""

    id: int
    name: str
    kind: str
    portal: str
    portal_title: str
    region: str


class Cell(msgspec.Struct, frozen=True):
    """One figure of one report."""

    value: float | None
    """None: the cell is blank, `/` or a dash, or the report has none such."""
    raw: str | None
    """None: the report has none such."""
    report: int
    doubts: tuple[str, ...] = ()
    """Why it may be wrong, in words."""


class Figures(msgspec.Struct, frozen=True):
    """What was asked for. A report that is not there has no cell."""

    organs: tuple[Organ, ...]
    years: tuple[int, ...]
    """Without gaps, oldest first."""
    cells: dict[tuple[str, int, int], Cell]
    """By field, organ, year."""
    urls: dict[tuple[int, int], tuple[int, str]]
    """By organ and year: the report and where it was published."""


T = TypeVar("T")


def batched(values: Iterable[T], most: int) -> Iterator[list[T]]:
    """So many at a time: a statement takes only so many parameters."""
    kept = list(values)
    for place in range(0, len(kept), most):
        yield kept[place : place + most]


def fields(store: Store) -> list[Field]:
    """Those of the lists, in the order of the forms."""
    return [
        Field(row["code"], row["sheet"], row["row_label"], row["column_label"], row["name"], row["unit"], row["forms"])
        for row in store.rows("SELECT * FROM fields ORDER BY place")
    ]


def field(known: Iterable[Field], code: str) -> Field | None:
    """By its code; one that no list has is an indicator with its printed label for a code. None: not a code."""
    for one in known:
        if one.code == code:
            return one
    if code.startswith("indicator.") and len(code) <= 200:
        return Field(code, "附表", "", label(code), label(code), "")
    return None


def _where(choice: Choice) -> tuple[str, list[object]]:
    if choice.organs:
        return f"o.id IN ({', '.join('?' * len(choice.organs))})", list(choice.organs)
    clauses, values = ["1"], list[object]()
    for clause, value in (
        ("instr(o.name, ?) > 0", choice.name),
        ("? IN (p.name, p.title) OR instr(p.title, ?) > 0", choice.portal),
        ("substr(p.region, 1, length(?)) = ?", choice.region),
        ("o.kind = ?", choice.kind),
    ):
        if value:
            clauses.append(f"({clause})")
            values += [value] * clause.count("?")
    return " AND ".join(clauses), values


_WITH_REPORTS = (
    """EXISTS (SELECT 1 FROM reports r WHERE r.portal = o.portal AND r.organ_id = o.id AND r.withdrawn_at IS NULL)"""
)


def organs(store: Store, choice: Choice, most: int, skip: int = 0) -> tuple[Organ, ...]:
    """Whose figures are chosen, at most so many: those with reports; all that are named by id."""
    where, values = _where(choice)
    given = "1" if choice.organs else _WITH_REPORTS
    tables, order = "organs o CROSS JOIN portals p ON p.name = o.portal", "o.id"
    if (choice.portal or choice.region) and not choice.organs:
        tables, order = "portals p CROSS JOIN organs o ON o.portal = p.name", "p.region, p.name, o.id"
    sql = f"""SELECT o.id, o.name, o.kind, p.name AS portal, p.title AS portal_title, p.region
        FROM {tables} WHERE {where} AND {given} ORDER BY {order} LIMIT ? OFFSET ?"""  # noqa: S608
    return tuple(Organ(**row) for row in store.rows(sql, [*values, most, skip]))


def figures(store: Store, choice: Choice, whose: Sequence[Organ], codes: Collection[str]) -> Figures:
    """The figures of these organs."""
    reports = [row for some in batched((one.id for one in whose), 200) for row in _reports(store, choice, some, codes)]
    first: dict[tuple[int, int], int] = {}
    twice: set[tuple[int, int]] = set()
    urls: dict[tuple[int, int], tuple[int, str]] = {}
    for row in reports:  # by variant: the first is the report, others are in conflict with it
        key = row["organ_id"], row["year"]
        if first.setdefault(key, row["id"]) != row["id"]:
            twice.add(key)
        else:
            urls[key] = row["id"], row["url"]
    doubts = _doubts(store, {row["current_version"] for row in reports if row["current_version"] is not None})
    cells = {}
    for row in reports:
        key = row["organ_id"], row["year"]
        if first[key] != row["id"] or row["field"] is None:
            continue
        told = doubts.get((row["current_version"], row["field"]), ())
        cells[(row["field"], *key)] = _cell(row, told, key in twice)
    for key, report in first.items():
        for code in codes:
            cells.setdefault((code, *key), Cell(None, None, report))
    years = [year for _, year in first]
    return Figures(tuple(whose), tuple(range(min(years), max(years) + 1)) if years else (), cells, urls)


def count(store: Store, choice: Choice, whose: Sequence[Organ]) -> int:
    """How many organs and years there are reports of."""
    sql = """SELECT count(DISTINCT r.organ_id || ' ' || r.year) AS n FROM organs o
        CROSS JOIN reports r ON r.portal = o.portal AND r.organ_id = o.id
        WHERE o.id IN ({}) AND r.withdrawn_at IS NULL AND r.year BETWEEN ? AND ?"""
    return sum(
        row["n"]
        for some in batched((one.id for one in whose), 500)
        if (row := store.row(sql.format(", ".join("?" * len(some))), [*some, *_years(choice)])) is not None
    )


def _years(choice: Choice) -> tuple[int, int]:
    since = FIRST_YEAR if choice.since is None else choice.since
    return since, LAST_YEAR if choice.until is None else choice.until


def _reports(store: Store, choice: Choice, ids: Sequence[int], codes: Collection[str]) -> list[Row]:
    sql = f"""SELECT r.id, r.organ_id, r.year, r.url, r.current_version, f.field, f.value, f.raw, f.source, f.confidence
        FROM organs o CROSS JOIN reports r ON r.portal = o.portal AND r.organ_id = o.id
        LEFT JOIN figures f ON f.version = r.current_version AND f.field IN ({", ".join("?" * len(codes))})
        WHERE o.id IN ({", ".join("?" * len(ids))}) AND r.withdrawn_at IS NULL AND r.year BETWEEN ? AND ?
        ORDER BY r.variant, r.id"""  # noqa: S608
    return store.rows(sql, [*codes, *ids, *_years(choice)])


def _doubts(store: Store, versions: Collection[int]) -> dict[tuple[int, str], tuple[str, ...]]:
    """By version and field: what its findings say of it."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for some in batched(sorted(versions), 500):
        sql = f"""SELECT version, rule, fields FROM findings WHERE version IN ({", ".join("?" * len(some))})
            AND (severity <> 'info' OR rule = 'doubtful_ocr') AND fields <> '[]' ORDER BY id"""  # noqa: S608
        for row in store.rows(sql, some):
            for code in json.loads(row["fields"]):
                found[row["version"], str(code)].append(RULE_NAMES.get(str(row["rule"]), str(row["rule"])))
    return {key: tuple(dict.fromkeys(words)) for key, words in found.items()}


def _cell(row: Row, told: Sequence[str], twice: bool) -> Cell:
    doubts = list(told)
    if row["source"] == "ocr":
        doubts.insert(0, read_from("ocr", row["confidence"]))
    elif row["confidence"] < 1:
        doubts.insert(0, f"置信度 {row['confidence']:.2f}")
    if twice:
        doubts.append("同一年度另有页面")
    return Cell(row["value"], row["raw"], row["id"], tuple(doubts))
