"""What a scheduled pass is for: how a portal stands (`PortalFacts`), and which of its known pages are due.

In: the record, a portal as its file describes it, `[schedule]`, the present. Out: plain values; nothing is written.

How often a report is read again falls with its age: after a tenth of the time since it was new, or since something was last
said of it, and at the latest after `schedule.recheck_old`. Pages that share a report are read together. While anything of the
portal is undecided (a report is missing, or off the lists and not told yet; the portal is down or broken; its file was
edited), everything is due: what follows is judged on the whole portal, never on a sample.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from crawler.observation import OWN_ENDS, Mode
from crawler.page.address import twin_of
from crawler.page.dates import YEAR
from crawler.portal import Portal
from monitor.planning import PortalFacts
from monitor.record import ReportDetail
from monitor.settings import Schedule
from monitor.store import Fields, Row, Store
from monitor.times import to_utc

_SHARE = 10
"""A report is read again after its age divided by this."""
_SLACK = 3600
"""Seconds by which a report is due early, so that a pass that begins some minutes sooner than yesterday's skips nothing."""
_SPREAD = 0.25
"""Share of an interval by which reports of one age differ, so that they do not all fall in one pass for ever."""
_MADE_UP_FOR = 3
"""Passes in a row that ended with the program, and are made up for at once."""
_TOLD = ("appeared", "changed", "taken_down", "restored", "moved", "delisted", "relisted")
_A_YEAR = re.compile(YEAR)


class _Detail(msgspec.Struct, frozen=True):
    detail: str = ""


def facts_of(store: Store, portal: str) -> PortalFacts:
    """How a portal's passes went so far. One that the record does not know was never read."""
    row = store.row("SELECT health, empty_passes, not_before FROM portals WHERE name = ?", (portal,))
    if row is None:
        return PortalFacts(portal)
    last = _that_count(
        store.rows(
            "SELECT outcome, started_at, detail FROM crawls WHERE portal = ? ORDER BY id DESC LIMIT 16", (portal,)
        )
    )
    missing = store.row(
        "SELECT count(*) AS n FROM reports WHERE portal = ? AND status = 'missing' AND withdrawn_at IS NULL", (portal,)
    )
    assert missing is not None
    return PortalFacts(
        portal=portal,
        health=row["health"],
        empty_passes=row["empty_passes"],
        failures=_failures([one["outcome"] for one in last if one["outcome"]], row["empty_passes"]),
        last_started=last[0]["started_at"] if last else None,
        last_full=_last(store, portal, "full"),
        last_discover=_last(store, portal, "discover"),
        missing=missing["n"],
        not_before=row["not_before"] or None,
    )


def _that_count(crawls: list[Row]) -> list[Row]:
    """Without the passes that ended with the program: they are made up for at once. But a program that ends again and
    again must not ask a portal each time: then they count as failures like any other."""
    ours = [one["outcome"] == "cut_short" and own_end(one["detail"]) for one in crawls]
    in_a_row = ours.index(False) if False in ours else len(ours)
    return [one for one, own in zip(crawls, ours, strict=True) if not own or in_a_row > _MADE_UP_FOR]


def own_end(detail: str) -> bool:
    """Whether a pass with that `crawls.detail` was cut short by the end of the program itself."""
    try:
        return msgspec.json.decode(detail, type=_Detail).detail in OWN_ENDS
    except msgspec.DecodeError:
        return False


def _failures(outcomes: Iterable[str], empty: int) -> int:
    """Of passes that read nothing, only those that were killed are our own failures: the others found nobody in."""
    failed = ("killed", "failed") if empty else ("killed", "failed", "cut_short")
    count = 0
    for outcome in outcomes:
        if outcome not in failed:
            break
        count += 1
    return count


def _last(store: Store, portal: str, mode: Mode) -> str | None:
    row = store.row(
        "SELECT started_at FROM crawls WHERE portal = ? AND mode = ? AND outcome = 'ok' ORDER BY id DESC LIMIT 1",
        (portal, mode),
    )
    return row["started_at"] if row else None


class Due(msgspec.Struct, frozen=True):
    """What of a portal a scheduled pass reads."""

    everything: str = ""
    """Why all of it; empty: only `pages`."""
    pages: frozenset[int] = frozenset()
    """Ids of pages, attachments left out: they are read with their report."""


def due_pages(
    store: Store, portal: Portal, mode: Mode, now: str, schedule: Schedule, rules: str, list_rules: str
) -> Due:
    """The known pages that a scheduled pass reads. `rules`, `list_rules`: what reads pages and lists by today's portal file.

    A pass over the sections alone reads those of them that may hold a new year's report, and what was overlooked for long.
    """
    agenda = _Agenda(store, portal, to_utc(now).timestamp(), schedule, rules)
    undecided = agenda.undecided(list_rules, mode)
    return Due(undecided) if undecided else Due("", agenda.due(mode))


class _Agenda:
    """One portal's pages and reports, loaded for the question which are due."""

    def __init__(self, store: Store, portal: Portal, now: float, schedule: Schedule, rules: str) -> None:
        self.store = store
        self.portal = portal.name
        self.now = now
        self.schedule = schedule
        self.rules = rules
        shared: dict[Any, Any] = {}
        self.reports: dict[int, Fields] = {
            row["id"]: row
            for row in store.compact(
                """SELECT id, url, status, listed, published_on, first_seen_at, last_verified_at, unlisted_since, withdrawn_at,
                detail FROM reports WHERE portal = ?""",
                (portal.name,),
                shared,
            )
        }
        self.pages: dict[int, Fields] = {
            row["id"]: row
            for row in store.compact(
                "SELECT id, url, body_hash, rules FROM pages WHERE portal = ?", (portal.name,), shared
            )
        }
        self.shown: dict[int, list[Fields]] = {}
        """By page: what it shows, or has shown; without attachments."""
        for row in store.compact(
            """SELECT x.page, x.report, x.absent FROM page_reports x JOIN reports r ON r.id = x.report
            WHERE r.portal = ? AND x.role <> 'attachment'""",
            (portal.name,),
        ):
            self.shown.setdefault(row["page"], []).append(row)
        sections = set(portal.sections)
        self.links = [
            row
            for row in store.compact(
                "SELECT section, url, title, year, listed FROM links WHERE portal = ? AND kind = 'report' AND unfound = 0",
                (portal.name,),
                shared,
            )
            if row["section"] in sections
        ]
        self.named = self._named()
        last = _last(store, portal.name, "full")
        self.last_full = to_utc(last).timestamp() if last else 0.0

    def _named(self) -> dict[int, bool]:
        """By report that a section ever named, at whatever address: whether one does now."""
        now: dict[str, bool] = {}
        for link in self.links:
            key = twin_of(link["url"])
            now[key] = now.get(key, False) or bool(link["listed"])
        named: dict[int, bool] = {}
        for page, shown in self.shown.items():
            listed = now.get(twin_of(self.pages[page]["url"]))
            for row in shown if listed is not None else ():
                named[row["report"]] = named.get(row["report"], False) or bool(listed)
        return named

    def undecided(self, list_rules: str, mode: Mode) -> str:
        """Why what happened can only be told from the whole portal; empty: nothing is open. Discovery leaves all but a missing
        report to the next full pass: a portal that stays broken is not read whole every two hours."""
        reports = {number: row for number, row in self.reports.items() if not row["withdrawn_at"]}
        if missing := next((number for number, row in reports.items() if row["status"] == "missing"), None):
            return f"report {missing} is missing"
        if mode == "discover":
            return ""
        state = self.store.row("SELECT * FROM portals WHERE name = ?", (self.portal,))
        assert state is not None  # a pass is briefed after its portal was written
        if state["empty_passes"]:
            return "the last pass read nothing"
        if state["health"] != "ok" or state["mass_since"] or state["delist_since"]:
            return f"the portal is {state['health']}"
        for section in self.store.rows(
            "SELECT url, rules FROM sections WHERE portal = ? AND active = 1", (self.portal,)
        ):
            if section["rules"] not in ("", list_rules):
                return f"other rules read its lists: {section['url']}"
        for number, row in reports.items():
            if row["unlisted_since"] or self._vanished(number, row):
                return f"report {number} is no longer listed"
        return ""

    def _vanished(self, number: int, row: Fields) -> bool:
        """Whether a report is off the lists and nothing was said of it yet."""
        if row["status"] != "live" or not row["listed"] or self.named.get(number, True):
            return False
        return "unlisted" not in msgspec.json.decode(row["detail"], type=ReportDetail).disregarded

    def due(self, mode: Mode) -> frozenset[int]:
        """The pages that are due though nothing is undecided."""
        own = {row["url"]: row for row in self.reports.values() if row["status"] != "taken_down"}
        titles = {link["url"]: link for link in self.links if link["listed"]}
        due = {page for page in self.shown if self._may_hold_more(page, own, titles)}
        if mode == "discover":
            return frozenset(self._together(due, {one for one, row in self.reports.items() if self._is_overdue(row)}))
        said, counting = self._last_said(), self._counting()
        reports = {
            number
            for number, row in self.reports.items()
            if number in counting or self._unsettled(number, row) or self._is_due(number, row, said.get(number, ""))
        }
        due |= {page for page in self.shown if self._must_be_parsed(page, own)}
        return frozenset(self._together(due, reports))

    def _may_hold_more(self, page: int, own: Mapping[str, Fields], titles: Mapping[str, Fields]) -> bool:
        """Whether next year's report may come to stand on a page that shows one now: on one that has shown several, or that
        the lists name without a year."""
        url = self.pages[page]["url"]
        if url not in own:
            return False
        link = titles.get(url)
        yearless = link is not None and link["year"] is None and not _A_YEAR.search(link["title"])
        return len(self.shown[page]) > 1 or yearless

    def _must_be_parsed(self, page: int, own: Mapping[str, Fields]) -> bool:
        row = self.pages[page]
        return row["rules"] not in ("", self.rules) or (not row["body_hash"] and row["url"] in own)

    def _is_overdue(self, row: Fields) -> bool:
        """Whether a report ought to have been read long ago, and no full pass came to its end since."""
        longest = self.schedule.recheck_old_seconds
        return self.now - max(self.last_full, to_utc(row["last_verified_at"]).timestamp()) > longest

    def _is_due(self, number: int, row: Fields, said: str) -> bool:
        """Whether a report's time has come."""
        waited = self.now - to_utc(row["last_verified_at"]).timestamp()
        since = to_utc(said or row["first_seen_at"]).timestamp()
        if not said and row["published_on"]:
            # It stood there when the portal began to be watched: it is as old as it says.
            since = min(since, _day_seconds(row["published_on"], since))
        longest = self.schedule.recheck_old_seconds
        interval = min(max(self.now - since, 0) / _SHARE, longest)
        if row["status"] == "taken_down" or row["withdrawn_at"]:
            return self._begins_anew(number, interval, longest)
        return waited < 0 or waited + _SLACK >= interval * (
            1 - _SPREAD * _fraction(f"{number} {row['last_verified_at']}")
        )

    def _begins_anew(self, number: int, interval: float, longest: float) -> bool:
        """The same of a report that no reading verifies: whether one of its own evenly spread times has come since the last
        full pass. Intervals double, so that times of a longer one are times of the shorter ones too."""
        every = longest
        while every > max(interval, _SLACK):
            every /= 2
        phase = _fraction(str(number)) * longest
        return (self.now + phase) // every > (self.last_full + phase) // every or self.last_full > self.now

    def _unsettled(self, number: int, row: Fields) -> bool:
        """Whether the next reading of a report's page writes something that waits for it."""
        relisted = bool(self.named.get(number)) and not row["listed"]
        return relisted or '"reread"' in row["detail"]

    def _last_said(self) -> dict[int, str]:
        """By report: when something was last said of it."""
        marks = ", ".join("?" for _ in _TOLD)
        return {
            row["report"]: row["at"]
            for row in self.store.rows(
                f"""SELECT e.report, max(e.detected_at) AS at FROM reports r JOIN events e ON e.report = r.id
                WHERE r.portal = ? AND e.baseline = 0 AND e.kind IN ({marks}) GROUP BY e.report""",  # noqa: S608
                (self.portal, *_TOLD),
            )
        }

    def _counting(self) -> set[int]:
        """Reports of which a file, or a further page, reads gone and is not confirmed yet: each pass counts."""
        files = self.store.rows(
            """SELECT x.report FROM page_reports x JOIN pages p ON p.id = x.page JOIN reports r ON r.id = x.report
            LEFT JOIN attachments a ON a.version = r.current_version AND a.url = p.url
            WHERE p.portal = ? AND x.role = 'attachment' AND x.misses > 0 AND coalesce(a.sha256, '') <> 'gone'""",
            (self.portal,),
        )
        parts = self.store.rows(
            "SELECT DISTINCT x.page FROM page_parts x JOIN pages p ON p.id = x.page WHERE p.portal = ? AND x.misses > 0 AND x.gone = 0",
            (self.portal,),
        )
        found = {row["report"] for row in files}
        return found | {shown["report"] for row in parts for shown in self.shown.get(row["page"], ())}

    def _together(self, pages: set[int], reports: set[int]) -> set[int]:
        """Those pages and the pages of those reports, with all that share a report with one of them."""
        of_report: dict[int, list[int]] = {}
        for page, shown in self.shown.items():
            for row in shown:
                of_report.setdefault(row["report"], []).append(page)
        found: set[int] = set()
        waiting = [*pages, *(page for report in reports for page in of_report.get(report, ()))]
        while waiting:
            page = waiting.pop()
            if page not in found:
                found.add(page)
                waiting += [other for row in self.shown[page] for other in of_report[row["report"]]]
        return found


def _day_seconds(text: str, otherwise: float) -> float:
    """The start of a date as pages print it; `otherwise` if it is none."""
    try:
        return to_utc(f"{text}T00:00:00Z").timestamp()
    except ValueError:
        return otherwise


def _fraction(text: str) -> float:
    """0 to 1, the same for the same text."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) / 0xFFFFFFFF
