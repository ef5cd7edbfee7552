"""A pass from start to end: brief the crawl process, watch it, settle what it brought home.

One crawl process reads several portals at once and shares its start-up; each portal's folder is settled as soon as its
pass is done, while the others are still being read. Whatever happens to the process, each pass that was given a number
ends as settled or as killed: at the latest when the next process opens the home.
"""

import contextlib
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from crawler.observation import SECTIONS, Mode
from crawler.portal import Portal, proxy_address
from monitor import ocr
from monitor.briefing import write_briefing
from monitor.home import Home
from monitor.intake import RunError, finished
from monitor.markup import printable
from monitor.ocr.recogniser import Recogniser
from monitor.pictures import AFTERWARDS, Pictures
from monitor.redact import redact
from monitor.refigure import refigure
from monitor.renew import REMEDIES, renew
from monitor.settings import Settings
from monitor.settle import Settled, SettleRefused, settle, settle_killed
from monitor.store import Store

Clock = Callable[[], str]
"""The present, UTC, as the record writes it."""

log = logging.getLogger(__name__)

KEPT_RUNS = 3
"""Run folders kept per portal after settling, for whoever wants to look."""


class Progress(msgspec.Struct, frozen=True):
    """How far a portal's pass is."""

    portal: str
    done: int
    total: int
    finished: bool = False


def crawl(
    home: Home,
    store: Store,
    settings: Settings,
    portals: Sequence[Portal],
    mode: Mode,
    clock: Clock,
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[Settled]:
    """One pass over each portal. What they came to, in the order in which they ended.

    Raises PortalError for a proxy whose variable is not set.
    """
    for portal in portals:
        proxy_address(portal, os.environ)  # a variable that is not set is an error before anything starts
    read_now = {portal.name for portal in portals}
    settled = []
    for old in recover(home, store, settings, clock):
        log.warning("%s: pass %d: %s%s", old.portal, old.crawl, old.outcome, f" ({old.trouble})" if old.trouble else "")
        # What became of a pass of an earlier process is no failure of this one, if it reads the portal anew.
        settled.append(msgspec.structs.replace(old, trouble="") if old.portal in read_now else old)
    with contextlib.ExitStack() as open_readers:
        pictures = _pictures(home, store, clock, open_readers)
        return settled + _crawl(home, store, settings, portals, mode, clock, progress, pictures)


def _crawl(
    home: Home,
    store: Store,
    settings: Settings,
    portals: Sequence[Portal],
    mode: Mode,
    clock: Clock,
    progress: Callable[[Progress], None],
    pictures: Pictures | None,
) -> list[Settled]:
    settled: list[Settled] = []
    folders: dict[str, tuple[Path, int]] = {}
    for portal in portals:
        store.sync_portal(portal)
        _bring_up_to_date(home, store, portal, clock(), progress)
        number = store.start_crawl(portal.name, mode, clock())
        policy = settings.policy.overridden(portal.policy)
        folder = write_briefing(store, home.runs, portal, policy, number, mode, clock(), settings)
        folders[portal.name] = (folder, number)
    if not folders:
        return settled
    command = [sys.executable, "-m", "crawler", *(str(folder) for folder, _ in folders.values())]
    environ = {**os.environ, "NIANBAO_HOME": str(home.path), "NIANBAO_SUPERVISOR": str(os.getpid())}
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environ
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for told in _progress(process.stdout):
                progress(told)
                if told.finished and told.portal in folders and finished(folders[told.portal][0]):
                    place = folders.pop(told.portal)
                    settled.append(_settle(home, store, settings, place, told.portal, clock, "", pictures))
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()  # the home stays locked until nobody writes to its run folders
            raise
        errors.seek(0)
        said = redact(printable(errors.read().decode("utf-8", "replace")))
    if said:
        sys.stderr.write(said)
    why = (
        f"the crawl process ended with status {code}: {said.strip().splitlines()[-1] if said.strip() else 'no message'}"
    )
    for name, place in folders.items():
        settled.append(_settle(home, store, settings, place, name, clock, why, pictures))
    return settled


def recognise(
    home: Home,
    store: Store,
    portals: Sequence[Portal],
    clock: Clock,
    progress: Callable[[Progress], None] = lambda _: None,
) -> int:
    """What passes had no time for: pictures of tables, and the figures that follow from them. How many were read.

    For after the alerts are out: it takes seconds a picture, at most a quarter of an hour, and nobody is told of it.
    """
    read = 0
    end = time.monotonic() + AFTERWARDS
    with contextlib.ExitStack() as open_readers:
        pictures = _pictures(home, store, clock, open_readers)
        if pictures is None:
            return 0
        for portal in portals:

            def show(done: int, total: int, name: str = portal.name) -> None:
                progress(Progress(name, done, total, done == total))

            if count := pictures.catch_up(portal.name, end - time.monotonic(), show):
                read += count
                refigure(store, portal.name)
    return read


def _pictures(home: Home, store: Store, clock: Clock, open_readers: contextlib.ExitStack) -> Pictures | None:
    """What recognises pictures, if that is installed. Its process starts with the first picture."""
    if not ocr.available():
        return None
    return Pictures(store, home.archive, open_readers.enter_context(Recogniser()), ocr.READER, clock)


def _bring_up_to_date(home: Home, store: Store, portal: Portal, now: str, progress: Callable[[Progress], None]) -> None:
    """What other rules read is read again before the pass, so that an upgrade or an edited portal file alerts nobody."""

    def show(done: int, total: int) -> None:
        progress(Progress(portal.name, done, total))

    try:
        renewed = renew(store, home.archive, portal, now, progress=show)
        refigure(store, portal.name, show)
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


def _progress(lines: IO[bytes]) -> Iterator[Progress]:
    for line in lines:
        try:
            told = json.loads(line)
            yield Progress(told["portal"], told.get("done", 0), told.get("total", 0), told.get("event") == "finished")
        except (ValueError, KeyError, TypeError):
            continue  # a library's print: progress is for the eye, and the run folder is what counts


def _settle(
    home: Home,
    store: Store,
    settings: Settings,
    place: tuple[Path, int],
    name: str,
    clock: Clock,
    why: str,
    pictures: Pictures | None = None,
) -> Settled:
    folder, number = place
    if not finished(folder):
        settled = settle_killed(store, folder, settings, number, name, clock(), why)
    else:
        try:
            settled = settle(folder, store, home.archive, settings, clock(), pictures)
            (folder / SECTIONS).unlink(missing_ok=True)  # in archive/ now, if anything rests on it
        except RunError as error:
            settled = settle_killed(store, folder, settings, number, name, clock(), f"damaged run folder: {error}")
        except SettleRefused as error:
            settled = settle_killed(store, folder, settings, number, name, clock(), f"refused: {error}")
        except (OSError, sqlite3.OperationalError):
            raise  # the disk or the record itself: no other portal would fare better, and the folder waits to be settled
        except Exception as error:
            # One portal's pass must not stop the others. Nothing of it was written: the next pass sees all of it again.
            log.exception("%s: pass %d could not be settled; its folder is kept in %s", name, number, folder)
            why = f"could not be settled: {type(error).__name__}: {error}"
            settled = settle_killed(store, folder, settings, number, name, clock(), why)
    _expire(home.runs / name)
    return settled


def recover(home: Home, store: Store, settings: Settings, clock: Clock) -> Iterator[Settled]:
    """Ends passes whose process died with its supervisor: settles what finished, records the rest as killed."""
    for row in store.unsettled():
        place = (home.runs / row["portal"] / str(row["id"]), row["id"])
        why = "the process was killed before the pass ended"
        yield _settle(home, store, settings, place, row["portal"], clock, why)


def _expire(folder: Path) -> None:
    runs = sorted((run for run in folder.glob("*") if run.name.isdigit()), key=lambda run: int(run.name))
    for run in runs[:-KEPT_RUNS]:
        shutil.rmtree(run, ignore_errors=True)
