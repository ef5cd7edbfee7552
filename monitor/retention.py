"""What goes and when: run folders of passes that are over, and what killed processes left behind. Captures never go.

In: HOME/runs/ and what the record knows of its passes. Out: fewer folders. `expired` decides and is pure; the others act
on it. A folder that still waits to be settled stays, however old it is: it is the only copy of what its pass saw.
"""

import contextlib
import logging
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from monitor.home import Home
from monitor.intake import finished
from monitor.settings import Service
from monitor.store import Store
from monitor.times import to_utc

DAY = 86400.0

log = logging.getLogger(__name__)


class RunFolder(msgspec.Struct, frozen=True):
    """A pass's folder under runs/."""

    crawl: int
    age: float
    """Seconds since its pass ended; where the record does not know the pass, since it was written to."""
    waits: bool = False
    """The record knows the pass, and it is not settled."""
    failed: bool = False
    """The pass came to its end and could not be settled, or the record does not know it: somebody may want to look."""


def expired(folders: Iterable[RunFolder], keep: int, seconds: float) -> list[int]:
    """The passes of one portal whose folders go. Pure.

    Of the settled ones the `keep` newest stay, and none for longer than `seconds`; of the failed all stay as long.
    """
    newest = sorted(folders, key=lambda folder: -folder.crawl)
    settled = [folder for folder in newest if not folder.waits and not folder.failed]
    failed = [folder for folder in newest if not folder.waits and folder.failed]
    old = {folder.crawl for folder in (*settled, *failed) if folder.age > seconds}
    return sorted(old | {folder.crawl for folder in settled[keep:]})


def expire(runs: Path, store: Store, portal: str, now: str, service: Service, wall: float) -> int:
    """Removes a portal's run folders that have expired; how many. `wall`: this machine's time, seconds of the epoch."""
    gone = 0
    for number in expired(_folders(runs / portal, store, now, wall), service.keep_runs, service.keep_runs_for_seconds):
        gone += _remove(runs / portal / str(number))
    return gone


def _folders(place: Path, store: Store, now: str, wall: float) -> Iterator[RunFolder]:
    for path in place.glob("*"):
        if not path.name.isdigit():
            continue
        row = store.row("SELECT finished_at, outcome FROM crawls WHERE id = ?", (int(path.name),))
        if row is None:
            with contextlib.suppress(FileNotFoundError):
                yield RunFolder(int(path.name), wall - path.stat().st_mtime, failed=True)
        elif row["outcome"] is None:
            yield RunFolder(int(path.name), 0.0, waits=True)
        else:
            age = (to_utc(now) - to_utc(row["finished_at"])).total_seconds()
            yield RunFolder(int(path.name), age, failed=row["outcome"] == "killed" and finished(path))


def sweep(home: Home, store: Store, now: str, service: Service, wall: float) -> int:
    """Removes what has expired of all portals, those that are watched no more among them, and what processes that were
    killed more than a day ago left half done. How much. For whoever holds the home."""
    gone = 0
    for place in [path for path in home.runs.glob("*") if path.is_dir()]:
        gone += expire(home.runs, store, place.name, now, service, wall)
        with contextlib.suppress(OSError):
            place.rmdir()  # if nothing is in it
    for path in _leftovers(home):
        with contextlib.suppress(FileNotFoundError):
            if wall - path.lstat().st_mtime > DAY:
                gone += _remove(path)
    return gone


def _leftovers(home: Home) -> Iterator[Path]:
    """Files and folders that have their name only while somebody writes to them."""
    yield from home.archive.glob("*/*.partial")
    yield from home.path.glob(".*.tmp")
    yield from home.path.glob(".*.partial")
    yield from home.path.glob("nianbao-*/")
    yield home.path / "restoring"


def _remove(path: Path) -> bool:
    """Whether it is gone; a log line, if not."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        log.warning("%s: could not be removed: %s", path, error)
        return False
    return True
