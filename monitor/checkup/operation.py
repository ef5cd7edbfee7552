"""Checks of what runs: the record and its backup, the clock, what waits in the outbox, the service itself."""

import os
from collections.abc import Iterator

import msgspec
import requests

from monitor import ocr
from monitor.backup import last_backup
from monitor.checkup.model import Check
from monitor.due import NO_END
from monitor.home import Home, HomeLocked
from monitor.pictures import waiting
from monitor.service.facts import clock_offsets, deliveries, sound
from monitor.service.health import Health, Place, read_place
from monitor.service.matters import CLOCK_TOLERANCE, typical
from monitor.store import Store
from monitor.times import shift, to_utc

_DAY = 86400
_BACKUP_OLD = 8 * _DAY
_MUTED_LONG, _HELD_LONG = 30 * _DAY, 7 * _DAY
_PASS_OLD = 26 * 3600
_PATIENCE = 10.0
"""Seconds for the service's own answer."""


def home(home: Home, now: str) -> Iterator[Check]:
    """The folder, and who holds it."""
    if not home.path.exists():
        yield Check("home", "ok", f"{home.path} does not exist yet; the first crawl makes it")
        return
    try:
        with home.held():
            yield Check("home", "ok", f"{home.path} can be written")
    except HomeLocked:
        holder = lock_holder(home)
        yield Check(
            "home", "ok", f"{home.path}: a nianbao process is at work{f' (process {holder})' if holder else ''}"
        )


def held(home: Home) -> bool:
    """Whether some process writes to the home: a service holds it for as long as it lives."""
    try:
        with home.held():
            return False
    except HomeLocked:
        return True


def lock_holder(home: Home) -> int | None:
    """The process that holds the home's lock, as far as the kernel says."""
    try:
        inode = (home.path / ".lock").stat().st_ino
        with open("/proc/locks", encoding="ascii") as locks:  # noqa: PTH123
            for line in locks:
                fields = line.split()
                if len(fields) > 5 and fields[5].rpartition(":")[2] == str(inode) and fields[4].isdigit():
                    return int(fields[4])
    except OSError:
        return None
    return None


def database(home: Home, now: str) -> Iterator[Check]:
    """Whether the record is sound, and of this release."""
    if not home.has_record():
        yield Check("database", "ok", "no record yet; the first crawl makes it")
        return
    with home.reader() as store:
        if answer := sound(store):
            remedy = "stop the service, keep a copy of nianbao.db and its -wal, check the disk, `nianbao restore` the last backup"
            yield Check("database", "error", answer, remedy)
            return
        row = store.row("SELECT (SELECT count(*) FROM reports) AS reports, (SELECT count(*) FROM versions) AS versions")
        assert row is not None
        counts = f"{row['reports']} reports, {row['versions']} versions"
        # A record of an earlier release is read from a private copy, which is no file of ours.
        old = not any(row["file"] for row in store.rows("PRAGMA database_list") if row["name"] == "main")
        steps = store.row("SELECT count(*) AS n FROM _sqlite_migrations") or {"n": 0}
    if old:
        remedy = "the next `nianbao crawl` or `serve` brings it up to date; make a backup first"
        yield Check("database", "warning", f"sound; {counts}; of an earlier release", remedy)
    else:
        yield Check("database", "ok", f"sound; {counts}; schema {steps['n']}, write-ahead log")


def backup(home: Home, now: str) -> Iterator[Check]:
    """How old the last backup is."""
    if not home.has_record():
        return
    last = last_backup(home.path)
    remedy = "run `nianbao backup FILE` every night (docs/operations.md), to another machine"
    if last is None:
        yield Check("backup", "warning", "none is known of", remedy)
        return
    age = _seconds(last.at, now)
    found = f"{last.file}, {age / _DAY:.1f} days old{'' if last.archive else ', without captures'}"
    yield Check("backup", "warning", found, remedy) if age > _BACKUP_OLD else Check("backup", "ok", found)


def clock(home: Home, now: str) -> Iterator[Check]:
    """This machine's clock against what portals say."""
    if not home.has_record():
        yield Check("clock", "ok", "nothing to compare with yet")
        return
    with home.reader() as store:
        offsets = clock_offsets(store, shift(now, -30 * _DAY))
    if not offsets:
        yield Check("clock", "ok", "no portal has told its time lately")
        return
    off = typical(offsets.values())
    if abs(off) > CLOCK_TOLERANCE:
        remedy = "set the machine's clock (timedatectl set-ntp true); until then, conclusions from time wait"
        yield Check(
            "clock", "error", f"{abs(off):.0f} s {'behind' if off > 0 else 'ahead of'} what portals say", remedy
        )
        return
    yield Check("clock", "ok", f"within {abs(off):.0f} s of what {len(offsets)} portals say")
    for portal, own in offsets.items():
        if abs(own - off) > CLOCK_TOLERANCE:
            remedy = "nothing to do here; take-downs and overdue reports of this portal wait for its clock"
            yield Check("clock", "warning", f"{portal}'s own clock is {abs(own - off):.0f} s off", remedy)


def muted(home: Home, now: str) -> Iterator[Check]:
    """Portals whose alerts are held for long."""
    if not home.has_record():
        return
    with home.reader() as store:
        rows = store.rows(
            """SELECT p.name, p.muted_until, count(h.id) AS held, min(h.detected_at) AS since FROM portals p
            LEFT JOIN (SELECT d.id, e.portal, e.detected_at FROM deliveries d JOIN events e ON e.id = d.event
                       WHERE d.state = 'held') h ON h.portal = p.name
            WHERE p.muted_until > ? GROUP BY p.name ORDER BY p.name""",
            (now,),
        )
    for row in rows:
        if row["muted_until"] > shift(now, _MUTED_LONG) or (row["since"] or now) < shift(now, -_HELD_LONG):
            until = "without an end" if row["muted_until"] >= NO_END else f"until {row['muted_until']}"
            found = f"{row['name']} is muted {until}; {row['held']} alerts wait"
            yield Check("muted", "warning", found, f"`nianbao portals unmute {row['name']}` tells them")


def pictures(home: Home, now: str) -> Iterator[Check]:
    """Whether pictures of tables are recognised."""
    count = 0
    if home.has_record():
        with home.reader() as store:
            count = waiting(store)
    if ocr.available():
        yield Check("pictures", "ok", f"{ocr.reads_with()}; {count} wait to be recognised by the next crawl")
    elif count:
        remedy = "run `make extras`: figures that stand in pictures are then recognised"
        yield Check("pictures", "warning", f"{count} may show tables, and nothing reads them", remedy)
    else:
        yield Check("pictures", "ok", "none may show tables, and nothing would read them")


def channels(home: Home, now: str) -> Iterator[Check]:
    """Who is told, and what did not get through."""
    settings = home.settings()
    if not settings.channels:
        yield Check("channels", "warning", "nobody is told anything", "add a [[channel]] to nianbao.toml")
        return
    counts: dict[tuple[str, str], int] = {}
    if home.has_record():
        with home.reader() as store:
            counts = deliveries(store)
            gone = _unknown(store, {channel.name for channel in settings.channels})
        if gone:
            remedy = "set the channel again, or `nianbao alerts` shows what is lost"
            yield Check(
                "channels",
                "warning",
                f"deliveries wait for {', '.join(gone)}, which nianbao.toml no longer names",
                remedy,
            )
    for channel in settings.channels:
        failed, dead = (counts.get((channel.name, state), 0) for state in ("failed", "dead"))
        if dead:
            remedy = f"`nianbao alerts --state dead --channel {channel.name}`; when mended: `nianbao alerts retry`"
            yield Check("channels", "error", f"{channel.name}: {dead} deliveries were given up", remedy)
        elif failed:
            remedy = f"`nianbao alerts --state failed --channel {channel.name}` says why; `nianbao alerts test {channel.name}`"
            yield Check("channels", "warning", f"{channel.name}: {failed} deliveries are tried again", remedy)
        else:
            yield Check("channels", "ok", f"{channel.name} (try it: `nianbao alerts test {channel.name}`)")
    if not any("service" in channel.kinds for channel in settings.channels):
        remedy = 'add "service" to the kinds of a channel that operators read'
        yield Check("channels", "warning", "nobody hears of trouble with the service itself", remedy)


def _unknown(store: Store, known: set[str]) -> list[str]:
    rows = store.rows("SELECT DISTINCT channel FROM deliveries WHERE state IN ('pending', 'held', 'failed', 'sending')")
    return sorted({row["channel"] for row in rows} - known)


def service(home: Home, now: str) -> Iterator[Check]:
    """The running service, if there is one: by its own word."""
    place = read_place(home.path)
    if place is None:
        yield Check("service", "ok", "none runs here (`nianbao serve` starts it)")
        return
    if not alive(place.pid) or not held(home):
        found = f"the one started {place.started} (process {place.pid}) ended without a word"
        yield Check("service", "warning", found, "start it again: `nianbao serve`, or `systemctl start nianbao`")
        return
    about = f"process {place.pid} since {place.started}, version {place.version}"
    if not place.address:
        yield Check("service", "ok", f"{about}; it listens nowhere (service.listen is empty)")
        return
    try:
        health = ask(place)
    except (requests.RequestException, ValueError) as error:
        remedy = "see its log; restart it if it hangs"
        yield Check(
            "service", "error", f"{about}; {place.address}/health does not answer: {type(error).__name__}", remedy
        )
        return
    if health.since != place.started:
        yield Check("service", "error", f"{about}; another service answers at {place.address}", "restart it")
        return
    state = {"ok": "ok", "degraded": "warning"}.get(health.status, "error")
    ended = str((health.last_pass or {}).get("finished_at", ""))
    age = _seconds(ended, health.now) if ended else None
    passes = f"last pass {age / 3600:.1f} h ago" if age is not None else "no pass yet"
    found = (
        f"{health.status}; {about}; {passes}; {len(health.running)} under way, {health.waiting} wait; {place.address}"
    )
    if state == "ok" and (age or 0.0) > _PASS_OLD and not health.running:
        yield Check("service", "warning", found, "`nianbao schedule` shows what runs next, the log why nothing did")
    else:
        yield Check("service", state, found, "" if state == "ok" else "what is wrong follows")  # type: ignore[arg-type]
    for problem in health.problems:
        worst = "error" if state == "error" and problem.what in ("disk", "record", "idle", "workers") else "warning"
        yield Check("service", worst, f"{problem.what} {problem.whom}: {problem.reason}", problem.remedy)  # type: ignore[arg-type]


def ask(place: Place) -> Health:
    """The service's own word. Raises requests.RequestException, ValueError (it is no nianbao, or another)."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy does not know this machine's loopback
        answer = session.get(f"{place.address}/health", timeout=_PATIENCE, allow_redirects=False)
    return msgspec.json.decode(answer.content, type=Health)


def alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _seconds(since: str, now: str) -> float:
    return (to_utc(now) - to_utc(since)).total_seconds()
