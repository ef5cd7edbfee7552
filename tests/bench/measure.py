"""What a command costs as a whole: CPU, time and memory of it and of every process that comes of it.

In: a command. Out: `Cost`. It runs below a process of its own that adopts its orphans and waits for all of them, so that the
kernel's own account of user and system time is whole. Memory is looked at from outside, four times a second.
"""

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
LOOK = 0.25
"""Seconds between two looks at the memory."""


class Cost(msgspec.Struct, frozen=True):
    """What a command took."""

    cpu: float
    """Seconds, user and system, of all its processes."""
    wall: float
    """Seconds."""
    peak: float
    """MB of its largest process, as the kernel noted it."""
    tree: float
    """MB of all its processes together at a look, memory that they share divided among them. 0: too short for a look."""


class Failed(RuntimeError):
    """The command ended with an error."""


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a command is started with. Never with PYTHONDONTWRITEBYTECODE: where a shell sets it, every start of a program that
    was just changed compiles its sources again, half a second that no user pays."""
    environ = {**os.environ, **(more or {})}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return environ


def measured(
    command: Sequence[str],
    environ: Mapping[str, str] | None = None,
    *,
    timeout: float = 3600.0,
    good: Iterable[int] = (0,),
) -> Cost:
    """Runs a command to its end. Raises `Failed` if it ends with another code than those of `good`."""
    return told(command, environ, timeout=timeout, good=good)[0]


def told(
    command: Sequence[str],
    environ: Mapping[str, str] | None = None,
    *,
    timeout: float = 3600.0,
    good: Iterable[int] = (0,),
) -> tuple[Cost, str]:
    """The same, and what the command wrote."""
    with tempfile.TemporaryDirectory() as folder:
        result, output = Path(folder) / "result", Path(folder) / "output"
        with output.open("wb") as file:
            keeper = subprocess.Popen(
                [sys.executable, str(Path(__file__)), str(result), *command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment(environ),
            )
            try:
                keeper.wait(timeout)
            except BaseException:
                keeper.terminate()  # it ends what it keeps
                keeper.wait()
                raise
        text = output.read_text("utf-8", "replace")
        try:
            found = json.loads(result.read_text())
        except OSError:
            raise Failed(f"{command} was not measured:\n{text}") from None
    if found["code"] not in set(good):
        raise Failed(f"{command} ended with {found['code']}:\n{text}")
    return Cost(*(found[name] for name in Cost.__struct_fields__)), text


def below(pid: int) -> list[int]:
    """The processes that come of `pid`, as far as they live."""
    from crawler import kernel

    return [one.pid for one in kernel.below(pid, kernel.processes())]


def spent(pid: int) -> float:
    """CPU seconds so far of a process and of all that came of it and lives, or was waited for."""
    ticks = 0
    for one in (pid, *below(pid)):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_bytes().rpartition(b")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def together(pids: Iterable[int]) -> float:
    """MB of these processes, memory that they share divided among them."""
    from crawler import kernel

    return sum(kernel.proportional(pid) or 0 for pid in pids) / 1e6


class Meter:
    """Looks at the memory of what comes of a process, until it is stopped."""

    def __init__(self, pid: int, itself: bool) -> None:
        self.most = 0.0
        self._pid, self._itself = pid, itself
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(LOOK):
            pids = below(self._pid)
            self.most = max(self.most, together([self._pid, *pids] if self._itself else pids))

    def take(self) -> float:
        """The most so far; begins anew."""
        most, self.most = self.most, 0.0
        return most

    def stop(self) -> float:
        """No more looks."""
        self._over.set()
        self._thread.join()
        return self.most


def keep(result: Path, command: list[str]) -> int:
    """The process between: runs the command, adopts and waits for whatever comes of it, writes down what it took."""
    import resource

    from crawler import kernel

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kernel.adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    kernel.die_with_parent(signal.SIGTERM, os.getppid())
    start = time.perf_counter()
    child = subprocess.Popen(command)
    meter = Meter(os.getpid(), itself=False)
    try:
        code = child.wait()
        while True:  # orphans: daemons that nobody waited for
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                break
        wall = time.perf_counter() - start
        use = resource.getrusage(resource.RUSAGE_CHILDREN)
        cost = Cost(use.ru_utime + use.ru_stime, wall, use.ru_maxrss * 1024 / 1e6, meter.stop())
        result.write_text(json.dumps({"code": code, **msgspec.to_builtins(cost)}))
        return code
    finally:
        while pids := [one for one in below(os.getpid()) if kernel.is_there(one)]:
            for pid in pids:
                kernel.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, 0)


def stoppable() -> None:
    """SIGTERM ends this process as Ctrl-C does: what it started is ended before."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def disk(folder: Path) -> dict[str, int]:
    """Bytes of the files in a folder, by the first part of their path; a file of two names counts once, at its first."""
    found: dict[str, int] = {}
    seen: set[tuple[int, int]] = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            stat = path.stat()
            part = path.relative_to(folder).parts[0]
            if (stat.st_dev, stat.st_ino) not in seen:
                seen.add((stat.st_dev, stat.st_ino))
                found[part] = found.get(part, 0) + stat.st_size
    return found


class Summary(msgspec.Struct, frozen=True):
    """Some numbers in short."""

    median: float
    low: float
    high: float

    @property
    def spread(self) -> float:
        """From the lowest to the highest, as a part of the median."""
        return (self.high - self.low) / self.median if self.median else 0.0


def summary(numbers: Sequence[float]) -> Summary:
    """Of at least one."""
    return Summary(statistics.median(numbers), min(numbers), max(numbers))


def machine() -> dict[str, Any]:
    """Where this ran, as far as it matters to the numbers."""
    import importlib.metadata
    import platform

    cpuinfo = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
    ]
    release = Path("/etc/os-release")
    system = (
        dict(line.split("=", 1) for line in release.read_text().splitlines() if "=" in line) if release.exists() else {}
    )
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": system.get("PRETTY_NAME", platform.system()).strip('"'),
        "python": platform.python_version(),
        **{name.lower(): importlib.metadata.version(name) for name in ("Scrapy", "Twisted", "lxml", "aiohttp")},
    }


if __name__ == "__main__":
    # Started as a file: where `crawler` lies is for the keeper alone to know, the command has its own paths.
    sys.path.insert(0, str(ROOT))
    raise SystemExit(keep(Path(sys.argv[1]), sys.argv[2:]))
