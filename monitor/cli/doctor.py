"""`nianbao doctor`: is this installation fit to run, and if not, what to do."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator

import click
import msgspec

from crawler.portal import PortalError
from monitor import ocr
from monitor.cli.common import Command, Context, echo_json, line, pass_context
from monitor.home import Home, HomeError, HomeLocked
from monitor.pictures import waiting
from monitor.settings import SettingsError
from monitor.store import Store, StoreError

_LEAST_FREE = 1 << 30
_CLOCK_TOLERANCE = 600


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at. `remedy` is empty where nothing needs doing."""

    what: str
    state: str
    """ok, warning or error."""
    found: str
    remedy: str = ""


@click.command(cls=Command)
@pass_context
def doctor(context: Context) -> None:
    """Checks configuration, database, browser, channels, disk and clock, and says what to do."""
    checks = list(_checks(context.home))
    if context.json:
        echo_json(msgspec.to_builtins(checks))
    else:
        marks = {"ok": ("ok     ", "green"), "warning": ("warning", "yellow"), "error": ("ERROR  ", "red")}
        for check in checks:
            mark, colour = marks[check.state]
            shown = mark if os.environ.get("NO_COLOR") else click.style(mark, fg=colour)
            click.echo(f"{shown}  {check.what}: {line(check.found)}")
            if check.remedy:
                click.echo(f"         -> {line(check.remedy)}")
    if any(check.state == "error" for check in checks):
        sys.exit(1)


def _checks(home: Home) -> Iterator[Check]:
    yield _guarded("home", lambda: _home(home))
    yield _guarded("settings", lambda: _settings(home))
    yield _guarded("portals", lambda: _portals(home))
    yield _guarded("database", lambda: _database(home))
    yield _guarded("clock", lambda: _clock(home))
    yield _guarded("browser", lambda: _browser(home))
    yield _guarded("pictures", lambda: _pictures(home))
    yield _guarded("disk", lambda: _disk(home))
    yield _guarded("channels", lambda: _channels(home))


def _guarded(what: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except (SettingsError, PortalError, HomeError, StoreError, OSError) as error:
        return Check(what, "error", str(error), "mend what this line names")


def _home(home: Home) -> Check:
    if not home.path.exists():
        return Check("home", "ok", f"{home.path} does not exist yet; the first crawl makes it")
    try:
        with home.writing():
            return Check("home", "ok", f"{home.path} can be written")
    except HomeLocked:
        return Check("home", "ok", f"{home.path}: a nianbao process is at work")


def _settings(home: Home) -> Check:
    settings = home.settings()
    if not settings.service.contact:
        return Check(
            "settings",
            "warning",
            "portals cannot see whom to contact about the requests",
            'set contact = "you@example.org" under [service] in nianbao.toml',
        )
    return Check("settings", "ok", "nianbao.toml is valid")


def _portals(home: Home) -> Check:
    portals = home.portals()
    enabled = sum(portal.enabled for portal in portals.values())
    unverified = sum(1 for portal in portals.values() if portal.enabled and not portal.verified)
    found = f"{enabled} of {len(portals)} enabled"
    if unverified:
        remedy = (
            "run `nianbao portals check NAME` from a machine that reaches them, and note the date in the portal file"
        )
        return Check("portals", "warning", f"{found}; {unverified} were never checked live", remedy)
    return Check("portals", "ok", found)


def _database(home: Home) -> Check:
    if not home.database.exists():
        return Check("database", "ok", "no record yet; the first crawl makes it")
    with home.reader() as store:
        told = store.row("PRAGMA quick_check(1)")
        state = next(iter(told.values())) if told else "no answer"
        if state != "ok":
            return Check("database", "error", str(state), "restore the latest backup of nianbao.db")
        counts = store.row(
            "SELECT (SELECT count(*) FROM reports) AS reports, (SELECT count(*) FROM versions) AS versions"
        )
        assert counts is not None
    return Check("database", "ok", f"sound; {counts['reports']} reports, {counts['versions']} versions")


def _clock(home: Home) -> Check:
    if not home.database.exists():
        return Check("clock", "ok", "nothing to compare with yet")
    with home.reader() as store:
        offset = _offset(store)
    if offset is None:
        return Check("clock", "ok", "no portal has told its time yet")
    if abs(offset) > _CLOCK_TOLERANCE:
        remedy = "set the machine's clock (timedatectl set-ntp true); until then, conclusions from time wait"
        return Check("clock", "error", f"{abs(offset):.0f} s off what portals say", remedy)
    return Check("clock", "ok", f"within {abs(offset):.0f} s of what portals say")


def _offset(store: Store) -> float | None:
    row = store.row(
        "SELECT json_extract(detail, '$.clock_offset') AS offset FROM crawls WHERE json_extract(detail, '$.clock_offset') "
        "IS NOT NULL ORDER BY id DESC LIMIT 1"
    )
    return float(row["offset"]) if row else None


def _browser(home: Home) -> Check:
    rendered = [portal.name for portal in home.portals().values() if portal.render and portal.enabled]
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path:
        return Check("browser", "ok", path)
    remedy = "run `make extras`, or install Debian's package chromium"
    if rendered:
        return Check("browser", "error", f"no Chromium, and {', '.join(rendered)} need one", remedy)
    return Check("browser", "ok", "no Chromium, and no enabled portal needs one")


def _pictures(home: Home) -> Check:
    count = 0
    if home.database.exists():
        with home.reader() as store:
            count = waiting(store)
    if not ocr.available():
        remedy = "run `make extras`: figures that stand in pictures are then recognised"
        return Check(
            "pictures",
            "warning" if count else "ok",
            f"{count} may show tables, and nothing reads them",
            remedy if count else "",
        )
    return Check("pictures", "ok", f"{ocr.READER}; {count} wait to be recognised by the next crawl")


def _disk(home: Home) -> Check:
    folder = next(path for path in (home.path, *home.path.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    found = f"{free / (1 << 30):.1f} GiB free at {folder}"
    if free < _LEAST_FREE:
        return Check("disk", "error", found, "make room, or move HOME to a larger disk; captures are never deleted")
    return Check("disk", "ok", found)


def _channels(home: Home) -> Check:
    settings = home.settings()
    if not settings.channels:
        return Check("channels", "warning", "nobody is told anything", "add a [[channel]] to nianbao.toml")
    names = ", ".join(channel.name for channel in settings.channels)
    dead = 0
    if home.database.exists():
        with home.reader() as store:
            row = store.row("SELECT count(*) AS n FROM deliveries WHERE state = 'dead'")
            dead = row["n"] if row else 0
    if dead:
        remedy = "see `nianbao alerts --state dead`; when mended: `nianbao alerts retry`"
        return Check("channels", "error", f"{names}; {dead} deliveries were given up", remedy)
    return Check("channels", "ok", f"{names} (try them: `nianbao alerts test`)")
