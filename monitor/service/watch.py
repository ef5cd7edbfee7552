"""Keeps watch over the service itself: disk, record, channels, clock, configuration, portals that nobody reads.

In: the home, what the service knows of itself, the present. Out: events `service`, recorded with their deliveries in one
transaction. Each matter is told once, again when it gets worse, and at most once a day when it comes and goes; what the
watch remembers of it lies in `notes`, so that a restart repeats nothing. Where nothing can be recorded at all, channels
that ask for `service` are told directly, at most once an hour. `monitor.service.matters` says what is wrong;
this module reads the facts and remembers.
"""

import contextlib
import errno
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from crawler.portal import Portal
from monitor import channels
from monitor.chat import Answer
from monitor.due import quiet_until
from monitor.event_detail import Service as ServiceDetail
from monitor.event_view import EventView, Style
from monitor.home import Home
from monitor.message import Message, compose
from monitor.redact import redact
from monitor.service import matters as judge
from monitor.service.facts import clock_offsets, pending_log, portal_facts, queues, sound
from monitor.service.matters import Matter
from monitor.service.matters_workers import workers
from monitor.service.state import State
from monitor.service.telling import NOTES, Memory, Teller, lasted, name_of, recall, write
from monitor.settings import Settings
from monitor.store import Store, StoreError
from monitor.times import shift, to_utc

log = logging.getLogger(__name__)

_SETTLING_IN = 1800.0
"""Seconds after the start in which nothing is said of what the service is about to put right: queues, portals."""
_DIRECTLY = 3600.0
"""Seconds between two messages that bypass the record."""


def boot_seconds() -> float:
    """Seconds since the machine started, sleep included: what the wall clock should have gone on by."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def rooms(home: Home) -> Iterator[judge.Room]:
    """Of the disks that the home and its archive lie on. Raises OSError."""
    seen = set()
    for where, folder in (("home", home.path), ("archive", home.archive)):
        device = folder.stat().st_dev
        if device not in seen:
            seen.add(device)
            disk = os.statvfs(folder)
            files = disk.f_favail if disk.f_files else None
            yield judge.Room(where, disk.f_bavail * disk.f_frsize, files)


def try_to_write(folder: Path) -> None:
    """Writes and removes a small file: SQLite may go on for a while on a full disk, in room that it has already. Raises
    OSError."""
    probe = folder / ".probe"
    try:
        with probe.open("wb") as file:
            file.write(bytes(65536))
            file.flush()
            os.fsync(file.fileno())
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)


class Watch:
    """One service's watch. `look` is called every ten minutes or so, from one thread at a time."""

    def __init__(
        self,
        home: Home,
        settings: Callable[[], Settings],
        clock: Callable[[], str],
        *,
        portals: Callable[[], Mapping[str, Portal]] = dict,
        faults: Callable[[], Mapping[str, str]] = dict,
        state: Callable[[], State | None] = lambda: None,
        pages: Callable[[], float] = lambda: 0.0,
        send: Callable[[str, Message, float], Answer] = channels.send,
        rooms: Callable[[Home], Iterator[judge.Room]] = rooms,
        boot: Callable[[], float] = boot_seconds,
    ) -> None:
        self._home, self._settings, self._clock = home, settings, clock
        self._portals, self._faults, self._state, self._pages = portals, faults, state, pages
        self._send, self._rooms, self._boot = send, rooms, boot
        self._born = boot()
        self._last: tuple[str, float] | None = None
        self._inode = 0
        """Of the record's file, at the first look."""
        self._open: tuple[Matter, ...] = ()
        self._unrecorded_since = ""
        self._told_directly: dict[str, float] = {}
        self._end_is_news = False
        """Somebody was told directly that nothing can be recorded, and not yet that it can again."""
        self._lock = threading.Lock()
        self._senders: list[threading.Thread] = []

    @property
    def problems(self) -> tuple[Matter, ...]:
        """What is wrong, as of the last look, once it has lasted."""
        return self._open

    @property
    def unrecorded_since(self) -> str:
        """Since when nothing can be recorded (UTC); empty: it can."""
        return self._unrecorded_since

    def look(self) -> list[int]:
        """One look around. The events that it wrote, by id. What disk and record do to it is told, never raised."""
        now = self._clock()
        try:
            self._is_the_same_record()
            with Store.open(self._home.database) as store:
                events = self._look(store, now)
        except (OSError, sqlite3.Error, StoreError) as error:
            self.failed(error)
            return []
        return events

    def _is_the_same_record(self) -> None:
        """What others write goes into the file that they opened: one that was removed or replaced loses it. Raises OSError."""
        inode = self._home.database.stat().st_ino
        self._inode = self._inode or inode
        if inode != self._inode:
            raise FileNotFoundError("the record's file was replaced while the service ran")

    def failed(self, error: BaseException) -> None:
        """Something could not be recorded: says so without the record."""
        cause = f"{type(error).__name__}: {error}"
        if isinstance(error, OSError) and error.errno is not None:
            cause = f"{cause} ({errno.errorcode.get(error.errno, error.errno)})"
        log.error("nothing can be recorded: %s", redact(cause))
        now = self._clock()
        with self._lock:
            self._unrecorded_since = self._unrecorded_since or now
        reason, remedy = judge.unrecorded(cause)
        detail = ServiceDetail(what="record", reason=reason, remedy=remedy, since=self._unrecorded_since)
        self._tell_directly(detail, now)

    def wait(self, seconds: float) -> None:
        """Until what is being told directly is told; at most so long."""
        end = time.monotonic() + seconds
        for thread in self._senders:
            thread.join(max(0.0, end - time.monotonic()))

    # What is wrong ----------------------------------------------------------------------------------------------

    def _look(self, store: Store, now: str) -> list[int]:
        known = recall(store)
        found, looked_at = self._matters(store, now, known)
        with store.transaction():
            store.run("INSERT OR REPLACE INTO notes (name, value) VALUES ('watch_looked', ?)", (now,))
            events = Teller(store, self._settings(), self._portals(), now).tell(found, looked_at, known)
            if self._end_is_news:
                events += self._can_record_again(store, now)
        self._unrecorded_since, self._end_is_news = "", False
        self._open = tuple(
            matter for matter in found if matter.patience == 0 or lasted(matter, known.get(name_of(matter)), now)
        )
        return events

    def _matters(self, store: Store, now: str, known: Mapping[str, Memory]) -> tuple[list[Matter], set[str]]:
        """What is wrong, and of which sorts of matters that was looked at this time."""
        settings = self._settings()
        short = {name.rpartition("/")[2] for name in known if name.startswith(f"{NOTES}disk/")}
        found = judge.disk(self._rooms(self._home), settings.service.disk_low_bytes, short)
        found += judge.configuration(self._faults())
        found += judge.clock(clock_offsets(store, shift(now, -judge.DAY)), self._jumped(now))
        found += judge.pages(self._pages())
        found += self._of_the_record(store)
        looked_at = {"disk", "config", "clock", "record/archive", "record/log", "pages"}
        state = self._state()
        queues_told = {name.rpartition("/")[2] for name in known if name.startswith(f"{NOTES}workers/")}
        of_workers, known_of_workers = workers(state.crews if state else None, now, queues_told)
        found += of_workers
        looked_at |= known_of_workers
        if (answer := self._integrity(store, now)) is not None:
            looked_at.add("record/integrity")
            found += [judge.damaged(answer)] if answer else []
        up = self._boot() - self._born
        if up >= _SETTLING_IN:
            names = [channel.name for channel in settings.channels]
            found += judge.channels(queues(store, names, shift(now, -judge.OVERDUE)))
            tried_since = shift(now, -judge.DAY) if up < judge.DAY else ""
            facts = portal_facts(store, self._portals())
            found += judge.portals(facts, now, tried_since)
            found += judge.idle(state, now)
            looked_at |= {"channel_failing", "outbox", "portal_unread", "portal_cut", "idle"}
        return found, looked_at

    def _of_the_record(self, store: Store) -> list[Matter]:
        found = []
        try:
            for folder in (self._home.archive, self._home.runs):
                try_to_write(folder)
        except OSError as error:
            found.append(judge.archive_unwritable(error.strerror or str(error)))
        left = pending_log(store)
        if left > judge.LOG_BYTES:
            found.append(judge.log_grows(left))
        return found

    def _integrity(self, store: Store, now: str) -> str | None:
        """What SQLite's own check says against the record, once a day; empty: it is sound; None: not asked this time."""
        row = store.row("SELECT value FROM notes WHERE name = 'watch_checked'")
        if row is not None and row["value"] == now[:10]:
            return None
        with self._home.reader() as reader:
            answer = sound(reader)
        with store.transaction():
            store.run("INSERT OR REPLACE INTO notes (name, value) VALUES ('watch_checked', ?)", (now[:10],))
        return answer

    def _jumped(self, now: str) -> float:
        """Seconds by which the wall clock went on more than time did since the last look."""
        before, self._last = self._last, (now, self._boot())
        if before is None:
            return 0.0
        return (to_utc(now) - to_utc(before[0])).total_seconds() - (self._last[1] - before[1])

    # Telling without the record ----------------------------------------------------------------------------------

    def _tell_directly(self, detail: ServiceDetail, now: str) -> None:
        settings = self._settings()
        style = Style(settings.service.language, settings.service.timezone, settings.service.web_url)
        view = EventView(id=0, kind="service", detected_at=now, detail=detail, summary=detail.reason)
        message = compose([view], style)
        self._senders = [thread for thread in self._senders if thread.is_alive()]
        for channel in settings.channels:
            with self._lock:
                last = self._told_directly.get(channel.name)
                if (
                    "service" not in channel.kinds
                    or quiet_until(channel, now, style.zone)
                    or (last is not None and self._boot() - last < _DIRECTLY)
                ):
                    continue
                self._told_directly[channel.name] = self._boot()
                self._end_is_news = True

            def work(name: str = channel.name, url: str = channel.url, timeout: float = channel.timeout) -> None:
                answer = self._send(url, message, timeout)
                if answer.ok:
                    log.warning("channel %s was told directly that nothing can be recorded", name)
                else:
                    log.error("channel %s could not be told directly: %s", name, redact(answer.error))
                    self._told_directly.pop(name, None)  # the next look tries again

            thread = threading.Thread(target=work, name=f"direct {channel.name}", daemon=True)
            self._senders.append(thread)
            thread.start()

    def _can_record_again(self, store: Store, now: str) -> list[int]:
        """Within the transaction."""
        detail = ServiceDetail(
            what="record",
            ended=True,
            since=self._unrecorded_since,
            reason="运行记录恢复可写，监看已恢复。其间读到的会补结算，未完成的读取会重做。",
        )
        return write(store, self._settings(), f"service/record/unwritable/{now}", detail, now)
