"""Whether a portal would rather not be asked now: its quiet hours, and what it answered last (`Retry-After`).

The timetable heeds both. A person who names a portal is asking on purpose: the pass is made, and they are told.
"""

from collections.abc import Iterable, Iterator

from crawler.portal import Portal
from monitor.planning import hours_of
from monitor.settings import Settings
from monitor.store import Store
from monitor.times import local, shown


def reminders(store: Store | None, settings: Settings, portals: Iterable[Portal], now: str) -> Iterator[str]:
    """One sentence for each portal that would rather not be asked at `now`. `store`: None if there is no record yet."""
    zone = settings.service.timezone
    asked = (
        {row["name"]: row["not_before"] for row in store.rows("SELECT name, not_before FROM portals")} if store else {}
    )
    here = local(now, zone)
    for portal in portals:
        quiet = settings.policy.overridden(portal.policy).quiet
        hours = hours_of(quiet)
        if (until := asked.get(portal.name, "")) > now:
            yield f"{portal.name}: it asked to be left alone until {shown(until, zone)}; read all the same, as you asked for it"
        elif hours is not None and hours.hold(here.hour * 60 + here.minute):
            yield f"{portal.name}: these are its quiet hours ({quiet}); read all the same, as you asked for it"
