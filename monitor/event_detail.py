"""`events.detail`: one schema per kind of event, stored as JSON (a value equal to its default is left out).

settle fills these; monitor.message turns them into what a reader sees. Times are UTC as the record writes them, dates
the portal's local ones (YYYY-MM-DD), addresses absolute. Texts are as printed on the portal: nothing is escaped here.
Reading is lenient towards keys that a later version added; writing goes through these types only.
"""

from typing import Literal

import msgspec

from crawler.page.model import YearFrom


class Said(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the detail of every event may say."""

    retracted_why: str = ""
    """Why the event was withdrawn, in Chinese, for those who had been told."""
    retracted_by: str = ""
    """Who withdrew it; empty: a later pass proved it wrong."""


class About(Said, frozen=True, omit_defaults=True, kw_only=True):
    """What the detail of every event about a report may say."""

    last_verified_at: str = ""
    """When the report was last read as it had been, before the pass that found the event."""
    year_from: YearFrom | None = None
    """Set where the report's year is a guess (crawler.page.model.GUESSED): the message then says 年份为推定."""
    same_as: str = ""
    """Organ or portal title of the report that this one republishes: the message says 转载."""
    checks: tuple[str, ...] = ()
    """What does not add up in the new version, a sentence each, most telling first (the 核对 lines)."""


class FigureChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """One cell or one figure."""

    label: str
    """Row and column: `总计 · 一、本年新收申请`."""
    old: str
    new: str
    table: str = ""
    """`表三 收到和处理政府信息公开申请情况`."""
    field: str = ""
    """Code of fields.csv, if the cell has one."""
    source: Literal["", "pdf", "docx", "ocr", "prose"] = ""
    """What it was read from; empty: the page. `ocr` if that is so of either version."""
    confidence: float = 1.0
    url: str = ""
    """Of the document or picture that it stands in."""


class TextChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sentence or paragraph. `before` empty: added; `after` empty: removed."""

    chapter: str
    """`一、总体情况 (四)`, or empty."""
    before: str
    after: str


class FieldChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """Title, organ, source or publication date. `name` is what readers see: 标题, 机关, 来源, 公开日期."""

    name: str
    old: str
    new: str


class AttachmentChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """A document or a picture."""

    name: str
    change: Literal["added", "removed", "changed"]
    kind: Literal["document", "picture"] = "document"


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reading that counted towards the event."""

    at: str
    status: int = 0
    marker: str = ""
    """What decided it: `status 404`, the words matched."""
    final_url: str = ""
    reading: str = ""
    """As in `readings.reading`; empty: gone."""


class Changed(About, frozen=True, omit_defaults=True):
    """changed. The tuples hold the most telling differences first and may be shortened; the totals count all."""

    figures: tuple[FigureChange, ...] = ()
    text: tuple[TextChange, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    attachments: tuple[AttachmentChange, ...] = ()
    figures_total: int = 0
    """0: as many as `figures` holds. The other totals likewise."""
    text_total: int = 0
    attachments_total: int = 0
    lines: tuple[str, ...] = ()
    """Further differences that fit none of the above, one line each."""
    reason: Literal["", "rekeyed"] = ""
    """rekeyed: the guessed year (or the organ) proved wrong; `fields` says from what to what."""
    published_on: str = ""
    """As the page shows it now; the message says whether it moved with the change."""
    date_changed: bool = False
    caused: tuple[str, ...] = ()
    """Those of `checks` that came with the change, and what it makes not add up in another year's report."""
    cured: tuple[str, ...] = ()
    """What did not add up before, and does now: as it was said then."""
    verdict: tuple[str, ...] = ()
    """What that comes to at a glance: `表三不再平衡`, `表四已平衡`."""


class TakenDown(About, frozen=True, omit_defaults=True):
    """taken_down."""

    readings: tuple[Reading, ...] = ()
    """Those that confirmed it, oldest first."""
    reason: Literal["", "overwritten"] = ""
    """overwritten: its page now holds the next year's report."""
    listed: int | None = None
    """Report links that the sections listed in the last of these passes."""
    online_since: str = ""
    """UTC time it was first seen, or its date of publication."""
    mass: bool = False
    """Said together with others under lifecycle rule 3: the portal was rebuilt and a week has passed."""


class Figures(msgspec.Struct, frozen=True, omit_defaults=True):
    """The figures that say at a glance what a report is about. None: blank, or not read."""

    new: float | None = None
    """新收申请."""
    granted: float | None = None
    """予以公开."""
    unavailable: float | None = None
    """无法提供."""
    reviews: float | None = None
    """复议."""
    lawsuits: float | None = None
    """诉讼."""
    source: str = ""
    """`ocr` where they were recognised in a picture; else empty."""
    confidence: float = 1.0


class Appeared(About, frozen=True, omit_defaults=True):
    """appeared."""

    published_on: str = ""
    due_on: str = ""
    """The legal date; empty where the law names none for this organ."""
    late_days: int = 0
    """Days by which it came after `due_on`."""
    figures: Figures | None = None
    previous: Figures | None = None
    """Those of the year before."""
    checked: bool = False
    """The figures were checked: with empty `checks` the message says 无问题."""
    withdraws: bool = False
    """It withdraws an `overdue` that was said."""
    conflict_with: str = ""
    """Title or address of another page with the same organ and year: kept as a variant."""


class Restored(About, frozen=True, omit_defaults=True):
    """restored."""

    taken_down_at: str = ""
    """When its take-down was said."""
    gone_since: str = ""
    """First reading that found it gone."""


class Moved(About, frozen=True, omit_defaults=True):
    """moved."""

    from_url: str
    to_url: str


class Listing(About, frozen=True, omit_defaults=True):
    """delisted, relisted."""

    section: str = ""
    listed: int | None = None
    """Report links that the section lists now."""
    since: str = ""
    """relisted: since when it was not listed."""
    mass: bool = False


class OverdueOrgan(msgspec.Struct, frozen=True, omit_defaults=True):
    """An organ whose report the law required by now."""

    organ: str
    year: int
    due_on: str


class Baseline(Said, frozen=True, omit_defaults=True):
    """baseline: everything that was there already."""

    reports: int = 0
    organs: int = 0
    years: dict[str, int] = {}
    """Reports per report year."""
    findings: int = 0
    overdue: tuple[OverdueOrgan, ...] = ()
    sections: int = 0


class Overdue(Said, frozen=True, omit_defaults=True):
    """overdue."""

    due_on: str
    kind: str = ""
    """The organ's kind: government, office, department."""
    last_year: int | None = None
    """Latest year of which the organ's report was seen."""
    read_at: str = ""
    """When the portal was last read completely since `due_on`."""


class LikelySection(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a section that shows no report any more may be now."""

    url: str
    family: str
    """The content management system that reads it: the portal's own, or its new one."""
    reports: int
    """How many it lists, on what was read of it."""


class PortalTrouble(Said, frozen=True, omit_defaults=True):
    """portal_down, portal_broken, portal_recovered."""

    reason: str = ""
    """`连续 3 次无法读取（412 验证）`, `栏目页不再列出年报（上次 12 篇）`; for recovered, what ended."""
    passes: int = 0
    """Passes in a row that read nothing."""
    since: str = ""
    """First of them; for recovered, since when it was down or broken."""
    sections: tuple[str, ...] = ()
    gone: int = 0
    """Reports that read gone at once (rule 3)."""
    total: int = 0
    """Of how many."""
    likely: tuple[LikelySection, ...] = ()
    """portal_broken: sections that the portal seems to have instead."""


class Service(Said, frozen=True, omit_defaults=True, kw_only=True):
    """service: for operators."""

    what: Literal[
        "channel_dead", "channel_failing", "outbox", "unverified", "portal_unread", "portal_cut", "disk", "record", "clock",
        "config", "idle", "pages", "workers", "other",
    ]  # fmt: skip
    reason: str = ""
    """What is wrong and how bad it is, in Chinese, without secrets."""
    remedy: str = ""
    """What to do about it, in Chinese; empty where `reason` says it, or nothing need be done."""
    ended: bool = False
    """It is over: `reason` says so."""
    since: str = ""
    channel: str = ""
    last_verified_at: str = ""
    count: int = 0
    portals: tuple[str, ...] = ()
    """Names of the portals concerned, where it is about several."""


class Finding(Said, frozen=True, omit_defaults=True):
    """finding."""

    rule: str
    severity: Literal["info", "warning", "error"]
    detail: str
    url: str = ""


Detail = (
    Changed | TakenDown | Appeared | Restored | Moved | Listing | Baseline | Overdue | PortalTrouble | Service | Finding
)

KINDS: dict[str, type[Detail]] = {
    "baseline": Baseline,
    "appeared": Appeared,
    "changed": Changed,
    "taken_down": TakenDown,
    "restored": Restored,
    "moved": Moved,
    "delisted": Listing,
    "relisted": Listing,
    "overdue": Overdue,
    "portal_down": PortalTrouble,
    "portal_broken": PortalTrouble,
    "portal_recovered": PortalTrouble,
    "service": Service,
    "finding": Finding,
}
"""Every kind of event, in the contract's order, and the schema of its detail."""


def encode(detail: Detail) -> str:
    """The JSON text for `events.detail`; equal values give equal text."""
    return msgspec.json.encode(detail, order="deterministic").decode()


def decode(kind: str, text: str) -> Detail:
    """What `encode` wrote. Raises ValueError: unknown kind, or JSON that does not fit the kind's schema."""
    schema = KINDS.get(kind)
    if schema is None:
        raise ValueError(f'events.kind: "{kind}" is none of {", ".join(KINDS)}')
    try:
        return msgspec.json.decode(text, type=schema)
    except msgspec.DecodeError as error:
        raise ValueError(f"events.detail of a {kind}: {error}") from None
