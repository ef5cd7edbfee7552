"""What a pass means for the record, before its process and after it: brought up to date and given a number; settled.

Everything here belongs to one thread at a time: in a fleet, to its clerk.
"""

import logging
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from crawler.observation import SECTIONS, Mode
from crawler.portal import Portal
from monitor import retention
from monitor.briefing import write_briefing
from monitor.home import Home
from monitor.intake import RunError, finished
from monitor.refigure import refigure
from monitor.renew import renew
from monitor.renewed import REMEDIES
from monitor.settings import Settings
from monitor.settle import Settled, SettleRefused, settle, settle_killed
from monitor.store import Store

if TYPE_CHECKING:
    from monitor.pictures import Pictures

Clock = Callable[[], str]
"""The present, UTC, as the record writes it."""

_ENDED_IT = re.compile(r"killed by SIG|ended with status|did not stop|of memory|MemoryError")
"""In a pass's detail (monitor/processes.py, crawler/nursery.py)."""

SENT = "sent.json"
"""In the folder of a pass that a worker makes: what its engine knows of it."""

log = logging.getLogger(__name__)


class Briefed(msgspec.Struct, frozen=True):
    """A pass that may begin."""

    crawl: int
    folder: Path


def brief(
    home: Home,
    store: Store,
    settings: Settings,
    portal: Portal,
    mode: Mode,
    clock: Clock,
    *,
    everything: bool = True,
    found: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Briefed:
    """Brings the record up to date with the portal's file and the rules, and writes the run folder.

    `progress` hears of what is read again; `found`: as Limits has it. Raises what kept it from that; then no pass has begun.
    """
    store.sync_portal(portal)
    _bring_up_to_date(home, store, portal, clock(), progress)
    number = store.start_crawl(portal.name, mode, clock())
    policy = settings.policy.overridden(portal.policy)
    try:
        folder = write_briefing(
            store, home.runs, portal, policy, number, mode, clock(), settings, everything=everything, found=found
        )
    except BaseException:
        store.forget_crawl(number)
        raise
    return Briefed(number, folder)


def conclude(
    home: Home,
    store: Store,
    settings: Settings,
    place: Briefed,
    name: str,
    clock: Clock,
    why: str,
    pictures: "Pictures | None" = None,
    *,
    ours: bool = False,
) -> Settled:
    """Settles a pass whose process has ended, or records that it was killed, and `why`. `ours`: as settle_killed has it.

    Raises OSError and sqlite3.OperationalError: the disk or the record itself; the folder waits to be settled.
    """
    folder, number = place.folder, place.crawl
    if not finished(folder):
        settled = settle_killed(store, folder, settings, number, name, clock(), why, ours=ours)
    else:
        try:
            settled = settle(folder, store, home.archive, settings, clock(), pictures)
            (folder / SECTIONS).unlink(missing_ok=True)  # in archive/ now, if anything rests on it
        except RunError as error:
            why = f"damaged run folder: {error}; the next pass sees all of it again"
            settled = settle_killed(store, folder, settings, number, name, clock(), why)
        except SettleRefused as error:
            settled = settle_killed(store, folder, settings, number, name, clock(), f"refused: {error}")
        except (OSError, sqlite3.OperationalError):
            raise  # no other portal would fare better
        except Exception as error:
            # One portal's pass must not stop the others. Nothing of it was written: the next pass sees all of it again.
            log.exception("%s: pass %d could not be settled; its folder is kept in %s", name, number, folder)
            why = f"could not be settled: {type(error).__name__}: {error}"
            settled = settle_killed(store, folder, settings, number, name, clock(), why)
    retention.expire(home.runs, store, name, clock(), settings.service, time.time())
    return settled


def recover(
    home: Home,
    store: Store,
    settings: Settings,
    clock: Clock,
    wanted: Callable[[str, int], bool] = lambda _portal, _crawl: True,
) -> Iterator[Settled]:
    """Ends passes that nobody settled: settles what finished, records the rest as killed.

    `wanted` is asked for each, by its portal and number: not those that somebody still makes. Raises as `conclude` does.
    """
    for row in store.unsettled():
        if wanted(row["portal"], row["id"]):
            place = Briefed(row["id"], home.runs / row["portal"] / str(row["id"]))
            why, ours = "the process was killed before the pass ended", False
            if not finished(place.folder) and (place.folder / SENT).exists():
                why, ours = "it was at a worker, and passes are made on this machine now", True
            yield conclude(home, store, settings, place, row["portal"], clock, why, ours=ours)


def ended_its_process(store: Store, portal: str) -> bool:
    """Whether the portal's last pass crashed its process, hung in it, or took all of its memory."""
    row = store.row("SELECT detail FROM crawls WHERE portal = ? ORDER BY id DESC LIMIT 1", (portal,))
    return row is not None and _ENDED_IT.search(row["detail"] or "") is not None


def _bring_up_to_date(home: Home, store: Store, portal: Portal, now: str, progress: Callable[[int, int], None]) -> None:
    """What other rules read is read again before the pass, so that an upgrade or an edited portal file alerts nobody."""
    try:
        renewed = renew(store, home.archive, portal, now, progress=progress)
        refigure(store, portal.name, progress)
    except (OSError, sqlite3.OperationalError):
        raise  # the disk or the record itself: no other portal would fare better
    except Exception:
        # One portal's captures must not stop the others. What was not read again counts as a capture that cannot be read.
        log.exception("%s: what is stored of it could not be read again", portal.name)
        return
    for result, remedy in REMEDIES.items():
        if count := renewed.count(result):
            what = "show no report by today's rules" if result == "unread" else "cannot be read"
            log.warning(
                "%s: the stored captures of %d reports %s; %s",
                portal.name,
                count,
                what,
                remedy.replace("NAME", portal.name),
            )
