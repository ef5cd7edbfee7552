"""A report's figures as its page shows them: the statutory tables, last year's beneath each, marks where a finding is."""

from collections.abc import Mapping

import msgspec

from monitor.figure_sheets import Sheet, sheets
from monitor.figure_views import SOURCE_NAMES
from monitor.findings.model import SURE, number
from monitor.markup import is_web
from monitor.store import Row, Store

_LONGEST = 60
"""Characters of a cell as printed."""


class FigureCell(msgspec.Struct, frozen=True):
    """One figure. Texts as people write numbers."""

    text: str
    printed: str = ""
    """As it stands in the report, where that is not the number itself."""
    before: str = ""
    """Last year's; empty: none, or both are 0."""
    change: str = ""
    """`+7`, `−7`; empty: none can be told."""
    doubtful: bool = False
    missing: bool = False
    findings: tuple[str, ...] = ()


class FigureLine(msgspec.Struct, frozen=True):
    label: str
    cells: tuple[FigureCell, ...]
    heads: tuple[str, ...] = ()
    """Of a heading: what stands over the columns."""


class FigureSource(msgspec.Struct, frozen=True):
    """Where figures stand. `url`: empty for the page itself, and where it may not become a link."""

    name: str
    url: str
    confidence: float


class FigureTable(msgspec.Struct, frozen=True):
    title: str
    width: int
    lines: tuple[FigureLine, ...]
    sources: tuple[FigureSource, ...]
    doubtful: bool
    marked: bool


def figure_tables(store: Store, report: Row) -> tuple[tuple[FigureTable, ...], int | None]:
    """The tables, and the id of the report whose figures stand beneath as last year's."""
    now = _figures(store, report["current_version"])
    if not now:
        return (), None
    last = store.row(
        """SELECT id, current_version FROM reports WHERE portal = ? AND organ_id = ? AND year = ? AND variant = 0
        AND withdrawn_at IS NULL""",
        (report["portal"], report["organ_id"], report["year"] - 1),
    )
    was = _figures(store, last["current_version"]) if last else {}
    marks: dict[str, list[str]] = {}
    for finding in store.rows("SELECT detail, fields FROM findings WHERE version = ?", (report["current_version"],)):
        for code in msgspec.json.decode(finding["fields"] or "[]", type=list[str]):
            marks.setdefault(code, []).append(finding["detail"])
    told = store.row("SELECT 表式 AS form FROM 统计数据 WHERE 年报编号 = ?", (report["id"],))
    form = (told or {}).get("form") or ("2021" if report["year"] >= 2021 else "2019")
    return tuple(_table(sheet, now, was, marks) for sheet in sheets(now, form)), last["id"] if last and was else None


def _figures(store: Store, version: int | None) -> dict[str, Row]:
    rows = store.rows("SELECT field, value, raw, source, confidence, url FROM figures WHERE version = ?", (version,))
    return {row["field"]: row for row in rows}


def _table(sheet: Sheet, now: Mapping[str, Row], was: Mapping[str, Row], marks: Mapping[str, list[str]]) -> FigureTable:
    lines = []
    for line in sheet.lines:
        if line.heading:
            lines.append(FigureLine(line.label, (), line.cells))
        else:
            cells = tuple(_cell(now.get(code), was.get(code), tuple(marks.get(code, ()))) for code in line.cells)
            lines.append(FigureLine(line.label, cells))
    held = [now[code] for code in sheet.codes if code in now]
    places: dict[tuple[str, str], float] = {}
    for row in held:
        place = (row["source"], row["url"])
        places[place] = min(row["confidence"], places.get(place, 1.0))
    return FigureTable(
        sheet.title,
        max(len(line.cells) for line in sheet.lines),
        tuple(lines),
        tuple(
            FigureSource(SOURCE_NAMES.get(source, source), url if is_web(url) else "", confidence)
            for (source, url), confidence in places.items()
        ),
        any(row["confidence"] < SURE for row in held),
        any(code in marks for code in sheet.codes),
    )


def _cell(now: Row | None, was: Row | None, findings: tuple[str, ...]) -> FigureCell:
    if now is None:
        return FigureCell("缺", missing=True, findings=findings)
    value, before = now["value"], was["value"] if was else None
    text = number(value) if value is not None else now["raw"][:_LONGEST]
    change = ""
    if value is not None and before is not None and value != before:
        change = ("+" if value > before else "−") + number(abs(round(value - before, 6)))
    return FigureCell(
        text,
        printed=now["raw"][:_LONGEST] if value is not None and now["raw"].strip() != text else "",
        before=number(before) if before is not None and (before or value) else "",
        change=change,
        doubtful=now["confidence"] < SURE,
        findings=findings,
    )
