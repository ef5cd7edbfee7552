"""What the record knows of one portal, loaded for judging a pass, and the writing back of judged states."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from crawler.portal import Portal
from monitor.identity import OrganRow, organ_name
from monitor.lifecycle import PortalState, ReportState, Said
from monitor.match import Known, KnownReport, OnPage
from monitor.store import Fields, Row, Store
from monitor.times import format_utc, to_utc

Reread = Literal["", "whole", "part"]


class ReportDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """reports.detail."""

    year_from: str = ""
    """Where the year was read, if that is a guess."""
    corrected: bool = False
    """An operator set organ or year by hand."""
    printed_organ: str = ""
    """corrected: the organ that its pages printed then, and"""
    printed_year: int | None = None
    """the year."""
    disregarded: tuple[str, ...] = ()
    """What an operator declared to prove nothing (monitor.reading_words.kind_of_reading), until it reads otherwise."""
    not_at: tuple[str, ...] = ()
    """Addresses of which an operator said that what they show is another page."""
    reason: str = ""
    """`overwritten`: its page holds another report now."""
    same_as: int | None = None
    """Report of another portal that this one republishes."""
    conflict_with: int | None = None
    """Report of the same organ and year with other content, on another page."""
    baseline: bool = False
    is_section: bool = False
    """Its page is a section: no list lists it."""
    reread: Reread = ""
    """Not empty: its current version is a stored capture read by other rules, and no pass has read the page by them yet.
    `whole`: it captured the last response that was read; `part`: the page was read since, where nothing that the rules of
    then read differed."""
    key_before: tuple[int, int] | None = None
    """While that is so: organ and year that it had by the rules before."""


_REPORT = """id, organ_id, organ, year, variant, title, url, status, listed, misses, weak_misses, missing_since, unlisted_since,
    last_verified_at, last_reading, unverified_said, current_version"""
_LINK = "section, url, title, kind, date, year, listed, baseline, unfound"
"""Columns of what is loaded of a portal."""


class _Same:
    """Values that many reports share, each held once."""

    def __init__(self) -> None:
        self._details: dict[str, ReportDetail] = {}
        self._times: dict[str, Any] = {}

    def detail(self, text: str) -> ReportDetail:
        if text not in self._details:
            self._details[text] = msgspec.json.decode(text, type=ReportDetail)
        return self._details[text]

    def time(self, text: str | None) -> Any:
        if text and text not in self._times:
            self._times[text] = to_utc(text)
        return self._times[text] if text else None


class PortalRecord:
    """One portal's part of the record, as it was before the pass."""

    def __init__(self, store: Store, name: str) -> None:
        self.store = store
        self.name = name
        row = store.row("SELECT * FROM portals WHERE name = ?", (name,))
        if row is None:
            raise ValueError(f"the record has no portal {name}")
        self.row: Row = row
        self.sections = {
            section["url"]: section for section in store.rows("SELECT * FROM sections WHERE portal = ?", (name,))
        }
        self.organs = store.organs(name)
        # A portal may have tens of thousands of reports: what is held of each is as small as it can be.
        shared: dict[Any, Any] = {}
        same = _Same()
        self.reports: dict[int, Fields] = {
            report["id"]: report
            for report in store.compact(
                f"SELECT {_REPORT} FROM reports WHERE portal = ? AND withdrawn_at IS NULL ORDER BY id",  # noqa: S608
                (name,),
                shared,
            )
        }
        self.details = {
            number: same.detail(detail)
            for number, detail in store.values(
                "SELECT id, detail FROM reports WHERE portal = ? AND withdrawn_at IS NULL ORDER BY id", (name,)
            )
        }
        self.pages: dict[str, Fields] = {
            page["url"]: page for page in store.compact("SELECT * FROM pages WHERE portal = ?", (name,), shared)
        }
        self.on_page: dict[int, list[Fields]] = {}
        for item in store.compact(
            "SELECT x.* FROM page_reports x JOIN pages p ON p.id = x.page WHERE p.portal = ? ORDER BY x.report",
            (name,),
            shared,
        ):
            if item["report"] in self.reports:
                self.on_page.setdefault(item["page"], []).append(item)
        self.withdrawn_at: dict[int, list[str]] = {}
        """By report that an operator found to be none: the addresses that show it."""
        for item in store.rows(
            """SELECT x.report, p.url FROM page_reports x JOIN pages p ON p.id = x.page JOIN reports r ON r.id = x.report
            WHERE r.portal = ? AND r.withdrawn_at IS NOT NULL AND x.role <> 'attachment'""",
            (name,),
        ):
            self.withdrawn_at.setdefault(item["report"], []).append(item["url"])
        told = store.row("SELECT max(crawl) AS crawl FROM events WHERE kind = 'baseline' AND portal = ?", (name,))
        self.baseline_crawl: int = (told and told["crawl"]) or 0
        """The pass that told the last baseline."""
        self.links = list(store.compact(f"SELECT {_LINK} FROM links WHERE portal = ?", (name,), shared))  # noqa: S608
        self.state = PortalState(
            health=row["health"],
            empty_passes=row["empty_passes"],
            down_said=bool(row["down_said"]),
            broken_said=bool(row["broken_said"]),
            mass_since=_time(row["mass_since"]),
            delist_since=_time(row["delist_since"]),
            empty_since=_time(row["empty_since"]),
            trouble_since=_time(row["trouble_since"]),
        )
        self.states = {number: self._state(report, same) for number, report in self.reports.items()}

    def _state(self, report: Fields, same: "_Same") -> ReportState:
        listed = report["listed"]
        return ReportState(
            id=report["id"],
            page=report["url"],
            status=report["status"],
            listed=None if listed is None else bool(listed),
            misses=report["misses"],
            weak_misses=report["weak_misses"],
            missing_since=same.time(report["missing_since"]),
            unlisted_since=same.time(report["unlisted_since"]),
            last_verified_at=same.time(report["last_verified_at"]),
            unverified_said=bool(report["unverified_said"]),
            overwritten=self.details[report["id"]].reason == "overwritten",
        )

    def known(self, portal: Portal, rules: str) -> Known:
        """The same, as matching needs it. `rules`: those of the pass."""
        reports = {
            number: KnownReport(
                id=number,
                organ=report["organ_id"],
                year=report["year"],
                variant=report["variant"],
                url=report["url"],
                status=report["status"],
                guessed=bool(self.details[number].year_from),
                printed=self._printed(number),
            )
            for number, report in self.reports.items()
        }
        pages = {
            url: tuple(
                OnPage(item["report"], item["role"], item["text_hash"], item["absent"], item["unread"])
                for item in self.on_page.get(page["id"], ())
            )
            for url, page in self.pages.items()
        }
        unproven = frozenset(url for url, page in self.pages.items() if page["rules"] not in ("", rules))
        return Known(reports, pages, tuple(self.organs), portal.organ or portal.title, self._ignored(), unproven)

    def _printed(self, number: int) -> tuple[str, int] | None:
        detail = self.details[number]
        if not detail.corrected:
            return None
        report = self.reports[number]
        own = self.organ(report["organ_id"]).name
        return organ_name(detail.printed_organ or own), detail.printed_year or report["year"]

    def _ignored(self) -> dict[str, tuple[int, ...]]:
        """By address, reports that an operator said it does not show."""
        ignored: dict[str, tuple[int, ...]] = {}
        for number, detail in self.details.items():
            for url in detail.not_at:
                ignored[url] = (*ignored.get(url, ()), number)
        for number, urls in self.withdrawn_at.items():
            for url in urls:
                ignored[url] = (*ignored.get(url, ()), number)
        return ignored

    def text(self, report: int) -> str:
        """The current version's text."""
        row = self.store.row(
            "SELECT v.text FROM versions v JOIN reports r ON r.current_version = v.id WHERE r.id = ?", (report,)
        )
        return str(row["text"]) if row else ""

    def organ(self, number: int) -> OrganRow:
        return next(organ for organ in self.organs if organ.id == number)


def load_record(store: Store, name: str) -> PortalRecord:
    """Raises ValueError if the portal is not in the record."""
    return PortalRecord(store, name)


def save_report_state(store: Store, state: ReportState) -> None:
    """Writes what the state machine decides of a report. `last_verified_at` is written with all the others' in one go."""
    store.update(
        "reports",
        state.id,
        {
            "status": state.status,
            "listed": None if state.listed is None else int(state.listed),
            "misses": state.misses,
            "weak_misses": state.weak_misses,
            "missing_since": _text(state.missing_since),
            "unlisted_since": _text(state.unlisted_since),
            "unverified_said": int(state.unverified_said),
        },
    )


def save_detail(store: Store, report: int, **changes: Any) -> None:
    """Changes keys of reports.detail."""
    row = store.row("SELECT detail FROM reports WHERE id = ?", (report,))
    assert row is not None
    detail = msgspec.structs.replace(msgspec.json.decode(row["detail"], type=ReportDetail), **changes)
    store.update("reports", report, {"detail": msgspec.json.encode(detail).decode()})


def save_portal_state(store: Store, name: str, state: PortalState) -> None:
    store.run(
        """UPDATE portals SET health = ?, empty_passes = ?, down_said = ?, broken_said = ?, mass_since = ?,
        delist_since = ?, empty_since = ?, trouble_since = ? WHERE name = ?""",
        (
            state.health,
            state.empty_passes,
            int(state.down_said),
            int(state.broken_said),
            _text(state.mass_since),
            _text(state.delist_since),
            _text(state.empty_since),
            _text(state.trouble_since),
            name,
        ),
    )


def told_of_portal(store: Store, record: PortalRecord, said: Iterable[Said]) -> list[Said]:
    """What is said of the portal as a whole. The end of trouble that an operator retracted is not: nobody was told of it, or
    they were told that it was none. Within the caller's transaction."""
    of_portal = [one for one in said if one.report is None]
    if not record.row["silent_recovery"] or not of_portal:
        return of_portal
    store.run("UPDATE portals SET silent_recovery = 0 WHERE name = ?", (record.name,))
    return [one for one in of_portal if one.kind != "portal_recovered"]


def _time(text: str | None) -> Any:
    return to_utc(text) if text else None


def _text(moment: Any) -> str | None:
    return format_utc(moment) if moment else None
