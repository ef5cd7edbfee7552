"""What passes over a portal take: measured from past ones, else estimated from what there is to read.

In: the record, a portal as its file describes it, its policy, `[schedule]`. Out: a `Subject` for the simulation.
"""

from statistics import median

from crawler.observation import Mode
from crawler.portal import Policy, Portal
from monitor.agenda import facts_of
from monitor.planning import DAY
from monitor.settings import Schedule
from monitor.simulate import Cost, Subject
from monitor.store import Row, Store
from monitor.times import to_utc

_LATELY = 40
"""Passes that are looked at."""
_ENOUGH = 3
"""Passes of a mode that make a measure."""
_UNKNOWN_PAGES = 60
"""Pages and files of a portal that was never read."""
_YEARS = 18
"""Columns of a section with `{year}`."""
_OVERHEAD = 2.0
"""Seconds that a pass takes beside its requests."""
_ANSWER = 0.2
"""Seconds that an answer takes at least, however short the delay."""


def subject_of(store: Store, portal: Portal, policy: Policy, schedule: Schedule) -> Subject:
    """One portal for the simulation. `policy`: the portal's own, overrides applied."""
    passes = store.rows(
        """SELECT mode, requests, started_at, finished_at FROM crawls WHERE portal = ? AND outcome = 'ok'
        ORDER BY id DESC LIMIT ?""",
        (portal.name, _LATELY),
    )
    lists = 1 + sum(_YEARS if "{year}" in section else 1 for section in portal.sections)
    row = store.row(
        """SELECT count(DISTINCT r.id) AS reports, count(a.id) AS files FROM reports r
        LEFT JOIN attachments a ON a.version = r.current_version
        WHERE r.portal = ? AND r.status <> 'taken_down' AND r.withdrawn_at IS NULL""",
        (portal.name,),
    )
    assert row is not None
    every = DAY / len(schedule.offseason_passes)
    due = (row["reports"] + row["files"]) * min(1.0, every / schedule.recheck_old_seconds)
    return Subject(
        facts=facts_of(store, portal.name),
        hosts=tuple(sorted(portal.hosts | set(portal.allowed_hosts))),
        full=_measured(passes, "full") or _estimated(lists + due, policy),
        discover=_measured(passes, "discover") or _estimated(lists, policy),
        first=_estimated(lists + _UNKNOWN_PAGES, policy),
        quiet=policy.quiet,
    )


def _measured(passes: list[Row], mode: Mode) -> Cost | None:
    taken = [row for row in passes if row["mode"] == mode]
    if len(taken) < _ENOUGH:
        return None
    spans = [(to_utc(row["finished_at"]) - to_utc(row["started_at"])).total_seconds() for row in taken]
    return Cost(max(median(spans), 1.0), median(row["requests"] for row in taken), measured=True)


def _estimated(requests: float, policy: Policy) -> Cost:
    return Cost(_OVERHEAD + requests * max(policy.delay, _ANSWER), requests)
