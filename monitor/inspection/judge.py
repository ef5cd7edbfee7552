"""What the readings of a portal's sections and of its sample of reports mean, and what an operator does about it. Pure."""

from collections.abc import Sequence

from crawler.observation import PageRead, SectionRead
from monitor.evidence import BLOCKED_STATUS
from monitor.inspection.model import LABELS, Compared, Judged, ReportFound, SectionFound, Verdict

_ORDER = [*LABELS]
_CHALLENGED = frozenset({412, 521})
"""Statuses of 瑞数 and 加速乐 alone ("domain notes", 1f)."""
_REMEDIES: dict[Verdict, str] = {
    "fewer than before": "open the section in a browser: were they taken down, or does a selector miss rows?",
    "incomplete": "part of the section could not be read: see its reason; check again later, or set `next` under [selectors]",
    "not reports": "open one of the links in a browser; if it is a report, set title and body under [selectors]",
    "no reports": "open the section in a browser: are its reports listed there? If so check `family` and [selectors]; if it needs "
    "scripts, set render = true",
    "needs a browser": "set render = true in the portal file, and run `make extras` once",
    "section gone": "the address does not exist any more: look for 政府信息公开年报 from the portal's home page",
    "closed by robots.txt": "ask the portal's operator, or take another section; obey_robots = false under [policy] is your decision",
    "refused": "the host refuses this machine: read it from an address inside the country (proxy = \"${CN_PROXY}\")",
    "challenge": "the host asks for a script or a captcha, which is never broken: try another exit (proxy), or ask the portal",
    "no answer": "open the address in a browser from here; if it answers there, check DNS, proxy and firewall of this machine",
    "failed": "see the reason; run it again, and report it if it stays",
}  # fmt: skip


def section(url: str, readings: Sequence[SectionRead]) -> SectionFound:
    """One configured section from the readings of its columns."""
    own = next((reading for reading in readings if not reading.linked), readings[0])
    links = sum(reading.links for reading in readings)
    complete = any(not reading.absent for reading in readings) and all(reading.complete for reading in readings)
    is_report = any(reading.is_report for reading in readings)
    return SectionFound(
        url,
        _section(readings, lists=bool(links) or is_report, complete=complete),
        complete,
        sum(reading.pages for reading in readings),
        links,
        columns=sum(reading.linked and not reading.absent for reading in readings),
        is_report=is_report,
        status=own.status,
    )


def _section(readings: Sequence[SectionRead], *, lists: bool, complete: bool) -> Judged:
    if all(reading.absent for reading in readings):
        return judged("section gone", "no year of it exists")
    if not any(reading.first_page and not reading.absent for reading in readings):
        told = next((reading for reading in readings if reading.reading), readings[0])
        return judged(_closed(told.reading, told.reason, told.status), told.reason)
    if not lists:
        return judged("no reports", _reason(readings))
    if not complete:
        return judged("incomplete", _reason(readings))
    return Judged("good")


def _reason(readings: Sequence[SectionRead]) -> str:
    return next((f"{reading.url}: {reading.reason}" for reading in readings if reading.reason), "")


def _closed(reading: str, marker: str, status: int) -> Verdict:
    """Why a page was not read."""
    if reading == "gone":
        return "section gone"
    low = marker.lower()
    if low.startswith("robots"):
        return "closed by robots.txt"
    if low.startswith(("challenge", "captcha")) or "验证" in marker or status in _CHALLENGED:
        return "challenge"
    if low.startswith("redirect to ") and "/" not in marker:
        return "section gone"  # on another host now, if that is the portal's
    return "refused" if reading == "blocked" or status in BLOCKED_STATUS else "no answer"


def judged(verdict: Verdict, why: str = "") -> Judged:
    """With the remedy that is usual for it."""
    return Judged(verdict, why, _REMEDIES.get(verdict, ""))


def portal(
    sections: Sequence[SectionFound],
    reports: Sequence[ReportFound],
    unread: Sequence[PageRead],
    compared: Compared | None,
) -> Judged:
    """The portal as a whole: what is worst. Reports that could not be opened for the host's sake are `incomplete`."""
    if not sections:
        return judged("no answer", "nothing was read")
    worst = max((one.judged for one in sections), key=lambda one: _ORDER.index(one.verdict))
    if worst.verdict not in ("good", "incomplete"):
        return worst
    strange = [page for page in unread if page.reading == "other"]
    if not reports and unread:
        if strange:
            return judged("not reports", f"{strange[0].url}: {strange[0].marker or 'no report on it'}")
        page = unread[0]
        if page.reading == "gone":
            return judged("not reports", f"{page.url}: {page.marker}")
        return judged(_closed(page.reading, page.marker, page.status), f"{page.url}: {page.marker}")
    if worst.verdict == "incomplete":
        return worst
    if compared is not None and compared.lost:
        return judged("fewer than before", f"{len(compared.lost)} of {compared.before} links are not listed any more")
    return Judged("good")


def missing(report: ReportFound, tables: int, pictures: int) -> tuple[str, ...]:
    """What a report lacks. `tables` on the page, `pictures` of them or documents among its attachments."""
    found = []
    if report.year is None:
        found.append("year")
    if not report.organ:
        found.append("organ (set `organ` in the portal file)")
    if not report.published_on:
        found.append("date (set `date` under [selectors])")
    if report.characters < 300 and not report.attachments:
        found.append("text (set `body` under [selectors])")
    if report.figures == 0 and (report.year or 0) >= 2019:
        found.append(
            "figures: its tables are pictures" if pictures and not tables else "figures of the statutory tables"
        )
    return tuple(found)
