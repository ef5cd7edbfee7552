"""Checks of what is installed and set: configuration, browser, disk, memory, limits. Nothing here needs a record."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from crawler.portal import PortalError, proxy_address
from monitor.checkup.model import Check
from monitor.home import Home
from monitor.settings import APART, Settings

_BROWSER_SECONDS = 30.0
_FILES_AT_LEAST = 1024
_PASS_MEMORY, _SERVICE_MEMORY = 150_000_000, 300_000_000
"""Bytes that a process with passes and the service itself take as a rule."""
_SHARING_MEMORY = 3_000_000
"""Bytes that a pass takes in a process that it shares."""
_BROWSER_MEMORY, _PAGE_MEMORY = 500_000_000, 150_000_000
"""The same of the one browser without a page, and of each page in it."""
_FULL = 300_000_000
_FEW_FILES = 5_000
_AFAR = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"})
"""File systems over a network: SQLite's write-ahead log needs shared memory, which they lack."""


def settings(home: Home, now: str) -> Iterator[Check]:
    """nianbao.toml."""
    service = home.settings().service
    if not service.contact:
        yield Check(
            "settings",
            "warning",
            "portals cannot see whom to contact about the requests",
            'set contact = "you@example.org" under [service] in nianbao.toml',
        )
    else:
        yield Check("settings", "ok", "nianbao.toml is valid")
    if not service.heartbeat:
        yield Check(
            "heartbeat",
            "ok",
            "none is set: nobody notices when this machine is off",
            "set heartbeat under [service] to an address of a dead man's switch outside",
        )


def time_zone(home: Home, now: str) -> Iterator[Check]:
    """The time zones' data: part of the system, and missing from some container images."""
    zone = "Asia/Shanghai"
    try:
        zone = home.settings().service.timezone
        ZoneInfo(zone)
        found = len(available_timezones())
    except (KeyError, ValueError):
        found = 0
    if not found:
        yield Check("time zone", "error", f"no data on {zone}", "install the package tzdata")
    else:
        yield Check("time zone", "ok", zone)


def portals(home: Home, now: str) -> Iterator[Check]:
    """Every portal file, and the variables that it names."""
    sound, faults = home.sound_portals()
    for fault in faults.values():
        yield Check(
            "portals", "error", fault, "mend that file; until then `crawl` refuses to start, and `serve` leaves it out"
        )
    enabled = [portal for portal in sound.values() if portal.enabled]
    for portal in enabled:
        try:
            proxy_address(portal, os.environ)
        except PortalError as error:
            yield Check("portals", "error", str(error), "export it where nianbao is started (systemd: Environment=)")
    unverified = sum(1 for portal in enabled if not portal.verified)
    found = f"{len(enabled)} of {len(sound) + len(faults)} enabled"
    if unverified:
        remedy = (
            "run `nianbao portals check NAME` from a machine that reaches them, and note the date in the portal file"
        )
        yield Check("portals", "warning", f"{found}; {unverified} were never checked live", remedy)
    else:
        yield Check("portals", "ok", found)


def browser(home: Home, now: str) -> Iterator[Check]:
    """Whether the browser that a portal needs starts, really."""
    needed = [portal.name for portal in home.sound_portals()[0].values() if portal.render and portal.enabled]
    if _settings(home).service.engine != "local":
        yield Check("browser", "ok", "passes are made by workers, which need one where they take rendered ones")
        return
    if not needed:
        yield Check("browser", "ok", "no enabled portal needs one")
        return
    remedy = "run `make extras`, or install Debian's package chromium"
    path = crawlers_browser()
    if path is None:
        yield Check("browser", "error", f"none, and {', '.join(needed)} need one", remedy)
    elif not path:
        yield Check("browser", "ok", "playwright's own")
    elif error := start_browser(path):
        yield Check("browser", "error", f"{path} does not start: {error}", f"{remedy}; {', '.join(needed)} need one")
    else:
        yield Check("browser", "ok", f"{path} starts")


def crawlers_browser() -> str | None:
    """The path of the browser that passes use; empty: playwright's own; None: there is none. The crawler is asked in a
    process of its own: nothing in here imports Scrapy."""
    script = "from crawler import browser; print(browser.executable() if browser.available() else 'none')"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    path = told.stdout.strip()
    return None if told.returncode or path == "none" else path


def start_browser(path: str, seconds: float = _BROWSER_SECONDS) -> str:
    """Shows an empty page. What went wrong; empty: nothing."""
    with tempfile.TemporaryDirectory(prefix="nianbao-", ignore_cleanup_errors=True) as profile:
        command = [
            path,
            "--headless=new",
            "--disable-gpu",
            "--no-first-run",
            f"--user-data-dir={profile}",
            "--dump-dom",
        ]
        command += ["--no-sandbox"] if os.geteuid() == 0 else []
        try:
            done = subprocess.run([*command, "about:blank"], capture_output=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return f"no page within {seconds:g} s"
        except OSError as error:
            return error.strerror or str(error)
    if done.returncode or b"<html" not in done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return said[-1][:300] if said else f"status {done.returncode}"
    return ""


def disk(home: Home, now: str) -> Iterator[Check]:
    """Room for records and captures, and whether SQLite can work there."""
    folder = next(path for path in (home.path, *home.path.parents) if path.exists())
    low = _settings(home).service.disk_low_bytes
    apart = home.archive.exists() and home.archive.stat().st_dev != folder.stat().st_dev
    for where in (folder, home.archive) if apart else (folder,):
        free, files = shutil.disk_usage(where).free, os.statvfs(where)
        found = f"{free / 1e9:.1f} GB free at {where}"
        remedy = "make room, or move HOME to a larger disk; captures are never deleted"
        if files.f_files and files.f_favail < _FEW_FILES:
            yield Check("disk", "error", f"{found}, but room for {files.f_favail} files only", remedy)
        elif free < low:
            yield Check("disk", "error" if free < min(low, _FULL) else "warning", found, remedy)
        else:
            yield Check("disk", "ok", found)
    kind = file_system(folder)
    if kind in _AFAR:
        yield Check(
            "disk",
            "error",
            f"{folder} lies on {kind}, a file system over a network",
            "move HOME to a disk of this machine",
        )


def file_system(folder: Path) -> str:
    """The kind of the file system that a folder lies on, such as `ext4`; empty: unknown."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in lines:
        mount, _, rest = line.partition(" - ")
        place = mount.split()[4].replace("\\040", " ")
        inside = folder.is_relative_to(place)
        if inside and len(place) >= len(best):
            best, kind = place, rest.split()[0]
    return kind


def memory(home: Home, now: str) -> Iterator[Check]:
    """Whether as many passes as the settings allow find room."""
    available = memory_available()
    if available is None:
        return
    service = _settings(home).service
    enabled = [portal for portal in home.sound_portals()[0].values() if portal.enabled]
    rendered = sum(portal.render for portal in enabled)
    if service.engine != "local":
        found = f"{available / 1e9:.1f} GB available; passes are made by workers"
        scarce = Check("memory", "warning", found, "give the machine more memory")
        yield scarce if available < _SERVICE_MEMORY else Check("memory", "ok", found)
        return
    passes = min(service.parallel, max(len(enabled), 1))
    apart = passes if service.together == 1 else min(rendered, passes, APART)
    shared = -(-(passes - apart) // service.together)
    pages = min(rendered, service.parallel, service.browser_pages)
    rendering = _BROWSER_MEMORY + pages * _PAGE_MEMORY if pages else 0
    need = _SERVICE_MEMORY + rendering + (apart + shared) * _PASS_MEMORY + (passes - apart) * _SHARING_MEMORY
    found = f"{available / 1e9:.1f} GB available, {need / 1e9:.1f} GB for {passes} passes at once"
    if available < need:
        yield Check("memory", "warning", found, "set parallel under [service] lower, or give the machine more memory")
    else:
        yield Check("memory", "ok", found)


def memory_available() -> int | None:
    """Bytes, of the machine or of the control group that this process is held in; None: nobody says."""
    found = []
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        if limit.isdigit():
            found.append(int(limit) - int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii")))
    except (OSError, ValueError):
        pass
    return min(found, default=None)


def open_files(home: Home, now: str) -> Iterator[Check]:
    """How many files a process may hold open: each pass and each channel takes its share."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _FILES_AT_LEAST:
        remedy = "raise it: `ulimit -n 4096`, or LimitNOFILE=4096 in the systemd unit"
        yield Check("open files", "warning", f"{soft} at most (up to {hard} may be set)", remedy)
    else:
        yield Check("open files", "ok", "no limit" if soft == resource.RLIM_INFINITY else f"{soft} at most")


def _settings(home: Home) -> Settings:
    """Those of the home, else the defaults: that they are broken is said once, by `settings`."""
    try:
        return home.settings()
    except ValueError:
        return Settings()
