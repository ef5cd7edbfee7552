"""A change as events tell it: two readings of a report → `event_detail.Changed` and its one-line summary."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from crawler.page.model import Report
from monitor import event_detail as details
from monitor.diff import Change, Document, diff
from monitor.diff_cells import CellChange, GridChange
from monitor.diff_render import inline, restyled, summary
from monitor.documents import documents_of
from monitor.figures.fields import FIELDS
from monitor.findings import Finding, compared
from monitor.findings_store import stored_figures, stored_findings
from monitor.store import Row, Store
from monitor.versions import Held, stored_held, stored_report

if TYPE_CHECKING:
    from monitor.announce import Context

_MOST = 12
"""Differences of each sort that an event carries; the rest is counted, and `nianbao diff` shows it."""
_BALANCES = frozenset({"table3_column", "table3_handled", "table3_row", "table4_total"})
"""Rules of what a table adds up to."""

_HEADLINE = {
    "new": ("requests.new.total",),
    "granted": ("requests.granted.total",),
    "unavailable": tuple(
        f"requests.unavailable.{row}.total" for row in ("not_held", "must_be_created", "still_unclear")
    ),
    "reviews": ("review.reconsideration.total",),
    "lawsuits": ("review.direct_suit.total", "review.suit_after_reconsideration.total"),
}
"""What a new report is told by, and the fields that make it."""
_TELLING = frozenset(code for codes in _HEADLINE.values() for code in codes)


def document(store: Store, version: Row) -> Document:
    """A stored version as diff compares it."""
    return read_document(store, version["report"], stored_report(version), stored_held(store, version["id"]))


def read_document(store: Store, report: int, read: Report, held: Sequence[Held]) -> Document:
    """A reading of a report of the record as diff compares it."""
    row = store.row(
        "SELECT r.year, r.organ, o.name, o.aliases FROM reports r JOIN organs o ON o.id = r.organ_id WHERE r.id = ?",
        (report,),
    )
    assert row is not None  # a foreign key of every version
    names = (row["name"], *msgspec.json.decode(row["aliases"], type=list[str]), row["organ"], read.organ)
    return Document(
        read.title,
        read.organ,
        read.source,
        read.published_on,
        read.text,
        tuple(item.state for item in held),
        documents_of(store, held),
        row["year"],
        tuple(dict.fromkeys(filter(None, names))),
    )


def changed_detail(store: Store, context: "Context", about: Mapping[str, Any]) -> tuple[details.Changed, str]:
    """What a `changed` event says, and its summary."""
    change = Change()
    published = ""
    report = store.row(
        "SELECT r.id, r.organ, r.year FROM versions v JOIN reports r ON r.id = v.report WHERE v.id = ?",
        (context.to_version or context.from_version,),
    )
    if context.old is not None and context.new is not None:
        assert report is not None  # its new version was written
        old, new = (read_document(store, report["id"], *side) for side in (context.old, context.new))
        change = diff(old, new)
        if change.empty:  # content all the same: a difference that only the strict comparison sees
            change = diff(old, new, cosmetic=True)
        published = context.new[0].published_on
    cells = [_cell(cell) for cell in telling_first(change.cells)]
    fields = [details.FieldChange(field.name, field.old, field.new) for field in change.fields]
    says = [summary(change)]
    year = report["year"] if report is not None else None
    if context.rekeyed is not None and context.to_version is not None and context.rekeyed[1] != year:
        fields.insert(0, details.FieldChange("年度", str(context.rekeyed[1]), str(year)))
        says.insert(0, f"年度 {context.rekeyed[1]} → {year}")
    before, after = stored_findings(store, context.from_version), stored_findings(store, context.to_version)
    effect = compared(before, after)
    caused = _told((*effect.caused, *(one for other in context.neighbours for one in other.caused)))
    was, now = _filled(store, context.from_version), _filled(store, context.to_version)
    mended = [one for one in effect.cured if one.rule not in _BALANCES or now.issuperset(one.fields)]
    cured = _told((*mended, *(one for other in context.neighbours for one in other.cured)))
    verdict = _verdict(before, [one for one in caused if was.issuperset(one.fields)], cured, after)
    says += verdict
    text = [details.TextChange(item.chapter, item.before, item.after) for item in change.text if item.kind != "moved"]
    moved = [f"{item.chapter}  移动：{inline(item.segments)}".strip() for item in change.text if item.kind == "moved"]
    grids = [_grid(grid) for grid in change.grids]
    attachments = [
        details.AttachmentChange(
            item.name or item.url, item.change, "picture" if item.kind == "picture" else "document"
        )
        for item in change.attachments
    ]
    detail = details.Changed(
        figures=tuple(cells[:_MOST]),
        text=tuple(text[:_MOST]),
        fields=tuple(fields),
        attachments=tuple(attachments[:_MOST]),
        figures_total=len(cells),
        text_total=len(text),
        attachments_total=len(attachments),
        lines=tuple((grids + moved)[:_MOST]),
        reason="rekeyed" if context.rekeyed is not None else "",
        published_on=published,
        date_changed=any(field.name == "公开日期" for field in change.fields),
        checks=tuple(one.detail for one in _told(after)),
        caused=tuple(one.detail for one in caused),
        cured=tuple(one.detail for one in cured),
        verdict=tuple(verdict),
        **about,
    )
    return detail, "，".join(filter(None, says)) or "内容有变"


def telling_first(cells: Iterable[CellChange]) -> list[CellChange]:
    """Totals first, then table by table in the order of the form."""
    order = list(FIELDS)

    def rank(cell: CellChange) -> tuple[bool, str, int]:
        return "总计" not in cell.label, cell.table, order.index(cell.field) if cell.field in FIELDS else -1

    return sorted(cells, key=rank)


def _cell(cell: CellChange) -> details.FigureChange:
    read = "" if cell.source == "html" else cell.source
    return details.FigureChange(cell.label, cell.old, cell.new, cell.table, cell.field, read, cell.confidence, cell.url)


def _grid(grid: GridChange) -> str:
    if grid.change == "restyled":
        return restyled(grid)
    done = {"added": "新增", "removed": "删除", "moved": "移动"}[grid.change]
    what = {"row": "行", "column": "列", "table": "表"}[grid.what]
    return f"{grid.table} {done}{what}：{grid.label} {' '.join(grid.cells)}".strip()[:200]


def _told(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings that alerts speak of: hints are none."""
    return tuple(one for one in found if one.severity != "info")


def _filled(store: Store, version: int | None) -> set[str]:
    """Codes of a version's figures that have a value: an identity over others was not kept, nor broken."""
    figures = stored_figures(store, version).figures if version is not None else ()
    return {one.field for one in figures if one.value is not None}


def _verdict(
    before: Sequence[Finding], caused: Sequence[Finding], cured: Sequence[Finding], after: Sequence[Finding]
) -> list[str]:
    """What the change means for the tables, at a glance: `表三不再平衡`, where everything did add up before; `表四已平衡`."""
    stood, still = _unbalanced(before), _unbalanced(after)
    return [
        *(f"{table}不再平衡" for table in _unbalanced(caused) if table not in stood),
        *(f"{table}已平衡" for table in _unbalanced(cured) if table not in still),
    ]


def _unbalanced(found: Iterable[Finding]) -> list[str]:
    """The tables that do not add up by these findings."""
    return list(dict.fromkeys(one.place.partition(" ")[0] for one in found if one.rule in _BALANCES and one.place))


def headline(store: Store, version: int | None) -> details.Figures | None:
    """The figures that say at a glance what a report is about; None if it has none."""
    if version is None:
        return None
    found = stored_figures(store, version, _TELLING).by_field()

    def value(*codes: str) -> float | None:
        known = [one.value for code in codes if (one := found.get(code)) is not None and one.value is not None]
        return sum(known) if known else None

    used = [found[code] for codes in _HEADLINE.values() for code in codes if code in found]
    seen = [one for one in used if one.source == "ocr"]
    return (
        details.Figures(
            **{name: value(*codes) for name, codes in _HEADLINE.items()},
            source="ocr" if seen else "",
            confidence=min((one.confidence for one in seen), default=1.0),
        )
        if used
        else None
    )


class ChoiceError(ValueError):
    """There is no such version to compare; the message says which there are."""


def chosen(versions: Sequence[Row], first: int | None, last: int | None) -> tuple[Row, Row]:
    """The two of a report's versions to compare, by their numbers (`seq`); else the last change. Raises ChoiceError."""
    by_number = {version["seq"]: version for version in versions}
    newest = max(by_number)
    if newest == 1:
        raise ChoiceError("the report has only one version: nothing to compare yet")
    if first is last is None:  # what an upgrade read anew is no change that anybody looks for
        last = max((number for number, one in by_number.items() if one["significance"] == "content"), default=newest)
    last = last or newest
    first = first or last - 1
    for number in (first, last):
        if number not in by_number:
            raise ChoiceError(f"there is no version {number} to compare; the report has versions 1 to {newest}")
    return by_number[first], by_number[last]
