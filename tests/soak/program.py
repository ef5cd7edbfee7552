"""The program under test as a user would start it, its processes, and their deaths.

Every process that descends from it is known by a variable in its environment, wherever it was re-parented to; this
process adopts orphans (`adopt`), so that one that nobody waits for is seen as what it is.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from tests.soak.boundaries import FUSES

ROOT = Path(__file__).parents[2]
_MARK = "NIANBAO_SOAK"
_PR_SET_CHILD_SUBREAPER = 36
_PROC = Path("/proc")
_WAITED_FOR: set[int] = set()
"""Children that somebody else waits for."""

Part = Literal["service", "nursery", "keeper", "pass", "other"]


class Process(NamedTuple):
    """A process of the program. `rss` is its resident memory in bytes."""

    pid: int
    parent: int
    part: Part
    zombie: bool
    rss: int


def adopt() -> None:
    """Orphans of this process's descendants become its children (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process of the program: this checkout, whichever is installed, and the fuses."""
    inherited = {
        name: value for name, value in os.environ.items() if name != "SOAK_FUSE" and "proxy" not in name.lower()
    }
    own = {
        "PYTHONPATH": f"{FUSES}{os.pathsep}{ROOT}",
        _MARK: str(home),
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return {**inherited, **own, **extra}


class Program:
    """`nianbao ARGUMENTS` on a home: started, killed, started again."""

    def __init__(self, home: Path, log: Path, extra: Mapping[str, str] | None = None) -> None:
        self.home, self.log, self.extra = home, log, dict(extra or {})
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0

    def command(self, *arguments: str) -> list[str]:
        """The command line of a command on this home."""
        return [str(Path(sys.executable).with_name("nianbao")), "--home", str(self.home), *arguments]

    def start(self, *arguments: str, fuse: Mapping[str, str] | None = None) -> None:
        """Starts it in a process group of its own."""
        with self.log.open("ab") as log:
            log.write(f"--- {time.time():.2f} {' '.join(arguments)} {(fuse or {}).get('SOAK_FUSE', '')}\n".encode())
            log.flush()
            self.process = subprocess.Popen(
                self.command(*arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(self.home, {**self.extra, **(fuse or {})}),
                start_new_session=True,
            )
        _WAITED_FOR.add(self.process.pid)
        self.started = time.monotonic()

    def run(self, *arguments: str, timeout: float = 60) -> tuple[int, str]:
        """Runs another command on the home; its exit code (-1: it did not end in time) and what it said."""
        try:
            done = subprocess.run(
                self.command(*arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment(self.home, self.extra),
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self.say_where()
            return -1, f"{' '.join(arguments)}: no end within {timeout:g} s"
        return done.returncode, done.stdout.decode("utf-8", "replace")

    @property
    def running(self) -> bool:
        """The process that was started last has not ended."""
        return self.process is not None and self.process.poll() is None

    def kill(self, parts: set[Part]) -> int:
        """SIGKILL to all its processes of these parts. How many there were."""
        victims = [process for process in self.processes() if process.part in parts and not process.zombie]
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim.pid, signal.SIGKILL)
        if "service" in parts and self.process is not None:
            self.process.wait()
        return len(victims)

    def say_where(self) -> None:
        """Has the service write into its log where its threads are."""
        if self.process is not None and self.running:
            self.process.send_signal(signal.SIGUSR1)
            time.sleep(0.5)

    def stop(self, within: float = 30.0) -> int | None:
        """Ends it as systemd does. Its exit code; None: it did not end, and was killed."""
        if self.process is None:
            return 0
        self.process.terminate()
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.say_where()
            self.process.kill()
            self.process.wait()
            return None

    def processes(self) -> list[Process]:
        """Its processes now: the living, orphans among them, and children of theirs that died and were not buried."""
        mark = f"{_MARK}={self.home}".encode()
        living, dead = [], []
        for pid in _pids():
            try:
                name, state, parent = _status(pid)
                if state == "Z":  # it has no environment any more
                    dead.append(Process(pid, parent, "other", True, 0))
                elif mark in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                    living.append(Process(pid, parent, self._part(pid, name), False, _resident(pid)))
            except (OSError, ValueError):
                continue  # it ended meanwhile
        parents = {process.pid for process in living}
        return living + [process for process in dead if process.parent in parents]

    def _part(self, pid: int, name: str) -> Part:
        if self.process is not None and pid == self.process.pid:
            return "service"
        if name.startswith(("keep ", "pass ")):
            return "keeper" if name.startswith("keep ") else "pass"
        words = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        return "nursery" if b"crawler.nursery" in words else "other"

    def gone(self, within: float) -> list[Process]:
        """Waits until none of its processes is left; those that still are."""
        end = time.monotonic() + within
        while True:
            bury()
            left = self.processes()
            if not left or time.monotonic() > end:
                return left
            time.sleep(0.05)


def bury() -> None:
    """Waits for adopted orphans that died. Only for a process that has no other children to wait for than `Program`s."""
    for pid in _pids():
        with contextlib.suppress(OSError, ValueError, ChildProcessError):
            _, state, parent = _status(pid)
            if state == "Z" and parent == os.getpid() and pid not in _WAITED_FOR:
                os.waitpid(pid, os.WNOHANG)


def _pids() -> list[int]:
    return [int(entry) for entry in os.listdir(_PROC) if entry.isdigit()]  # noqa: PTH208 (a Path a process is dear)


def _status(pid: int) -> tuple[str, str, int]:
    """Name, state and parent of a process. Raises OSError if it is gone."""
    head, _, rest = (_PROC / str(pid) / "stat").read_text().rpartition(") ")
    state, parent = rest.split()[:2]
    return head.partition(" (")[2], state, int(parent)


def _resident(pid: int) -> int:
    return int((_PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
