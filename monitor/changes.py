"""A change as events tell it: two readings of a report → `event_detail.Changed` and its one-line summary."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crawler.page.model import Report
from monitor import event_detail as details
from monitor import figures as tables
from monitor.diff import Change, Document, diff
from monitor.diff_render import inline, summary
from monitor.findings_store import stored_figures
from monitor.store import Row, Store
from monitor.versions import Held, stored_held

if TYPE_CHECKING:
    from monitor.announce import Context

_MOST = 12
"""Differences of each sort that an event carries; the rest is counted, and `nianbao diff` shows it."""


def document(store: Store, version: Row) -> Document:
    """A stored version as diff compares it."""
    held = stored_held(store, version["id"])
    return Document(
        version["title"],
        version["organ"],
        version["source"],
        version["published_on"],
        version["text"],
        tuple(item.state for item in held),
    )


def _read(report: Report, held: tuple[Held, ...]) -> Document:
    states = tuple(item.state for item in held)
    return Document(report.title, report.organ, report.source, report.published_on, report.text, states)


def changed_detail(store: Store, context: "Context", about: Mapping[str, Any]) -> tuple[details.Changed, str]:
    """What a `changed` event says, and its summary."""
    change = Change()
    cells: tuple[details.FigureChange, ...] = ()
    published = ""
    if context.old is not None and context.new is not None:
        change = diff(_read(*context.old), _read(*context.new))
        if change.empty:  # content all the same: a difference that only the strict comparison sees
            change = diff(_read(*context.old), _read(*context.new), cosmetic=True)
        cells = _cells(change, context.old[0].text, context.new[0].text)
        published = context.new[0].published_on
    fields = [details.FieldChange(field.name, field.old, field.new) for field in change.fields]
    says = summary(change)
    if context.rekeyed is not None and context.to_version is not None:
        row = store.row(
            "SELECT r.organ, r.year FROM versions v JOIN reports r ON r.id = v.report WHERE v.id = ?",
            (context.to_version,),
        )
        assert row is not None
        if context.rekeyed[1] != row["year"]:
            fields.insert(0, details.FieldChange("年度", str(context.rekeyed[1]), str(row["year"])))
            says = "，".join(filter(None, (f"年度 {context.rekeyed[1]} → {row['year']}", says)))
    checks = store.rows(
        "SELECT detail FROM findings WHERE version = ? AND severity <> 'info' ORDER BY id", (context.to_version,)
    )
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
        figures=cells[:_MOST],
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
        checks=tuple(check["detail"] for check in checks),
        **about,
    )
    return detail, says or "内容有变"


def _cells(change: Change, old: str, new: str) -> tuple[details.FigureChange, ...]:
    """Changed cells: the statutory ones by their field, the others by the table that holds them."""
    cells = []
    told: Counter[tuple[str, str]] = Counter()
    for one in tables.changes(tables.extract(old), tables.extract(new)):
        table, _, label = one.label.partition(" ")
        cells.append(
            details.FigureChange(label or table, one.old or "", one.new or "", table if label else "", one.field)
        )
        told[one.old or "", one.new or ""] += 1
    for cell in change.cells:
        if told[cell.old, cell.new]:
            told[cell.old, cell.new] -= 1
            continue
        cells.append(details.FigureChange(cell.label, cell.old, cell.new, cell.table))
    return tuple(sorted(cells, key=lambda cell: ("总计" not in cell.label, cell.table)))


def _grid(grid: Any) -> str:
    done = {"added": "新增", "removed": "删除", "moved": "移动"}[grid.change]
    what = {"row": "行", "column": "列", "table": "表"}.get(grid.what, grid.what)
    return f"{grid.table} {done}{what}：{grid.label} {' '.join(grid.cells)}".strip()[:200]


def headline(store: Store, version: int | None) -> details.Figures | None:
    """The figures that say at a glance what a report is about; None if it has none."""
    if version is None:
        return None
    found = stored_figures(store, version).by_field()

    def value(*fields: str) -> float | None:
        values = [found[field].value for field in fields if field in found]
        known = [one for one in values if one is not None]
        return sum(known) if known else None

    unavailable = [f"requests.unavailable.{row}.total" for row in ("not_held", "must_be_created", "still_unclear")]
    figures = details.Figures(
        new=value("requests.new.total"),
        granted=value("requests.granted.total"),
        unavailable=value(*unavailable),
        reviews=value("review.reconsideration.total"),
        lawsuits=value("review.direct_suit.total", "review.suit_after_reconsideration.total"),
        source="ocr" if any(one.source == "ocr" for one in found.values()) else "",
        confidence=min((one.confidence for one in found.values()), default=1.0),
    )
    return figures if found else None
