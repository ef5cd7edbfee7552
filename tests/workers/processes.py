"""The program's processes in the tests of workers: a worker on a machine of its own, and the service.

Everything that descends from one is known by a variable in its environment, wherever it was re-parented to. "A machine of its
own" is a home, a folder for pauses (crawler/pace.py), and a wire (`Cut`) to Redis of its own.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

MARK = "NIANBAO_TEST_MACHINE"
ROOT = Path(__file__).parents[2]
_PROC = Path("/proc")
_serial = itertools.count(1)


class Machine:
    """One process of the program and all that descends from it."""

    def __init__(
        self, folder: Path, name: str, arguments: tuple[str, ...], extra: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.mark = f"{os.getpid()}.{next(_serial)}.{name}"
        self.home = folder / name
        self.home.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"{name}.log"
        self.arguments = arguments
        self.extra = dict(extra or {})
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, in a session of its own."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("NIANBAO")}
        own = {
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
            MARK: self.mark,
            "NIANBAO_PACE": str(self.home / "pace"),
        }
        with self.log.open("ab") as log:
            log.write(f"--- {' '.join(self.arguments)}\n".encode())
            log.flush()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.workers.program", "--home", str(self.home), *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**inherited, **own, **self.extra},
                cwd=ROOT,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """It has not ended."""
        return self.process is not None and self.process.poll() is None

    def terminate(self, within: float = 60.0) -> int:
        """Ends it as systemd does: SIGTERM to its process. The exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(within)

    def kill(self) -> None:
        """SIGKILL of its process alone: what it started is left to itself."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def power_off(self) -> None:
        """SIGKILL of everything at once, as far as anything is at once."""
        self.freeze()  # else one of them may see another die
        for pid in self.pids():
            _send(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def freeze(self) -> None:
        """A machine that sleeps: everything stops where it is."""
        while awake := [pid for pid in self.pids() if _state(pid) not in ("T", "Z", "")]:
            for pid in awake:
                _send(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """And goes on."""
        for pid in self.pids():
            _send(pid, signal.SIGCONT)

    def pids(self) -> list[int]:
        """Everything that descends from it and lives."""
        return [*marked(self.mark)]

    @property
    def said(self) -> str:
        """Its log."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


def marked(mark: str = "") -> Iterator[int]:
    """The living processes that bear a mark; those that bear any, if none is given."""
    for entry in os.listdir(_PROC):  # noqa: PTH208 (a Path a process is dear)
        if entry.isdigit() and (found := mark_of(int(entry))) and mark in ("", found):
            yield int(entry)


def mark_of(pid: int) -> str:
    """The mark that a process bears; empty: none, or it is gone."""
    with contextlib.suppress(OSError):
        for one in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
            if one.startswith(f"{MARK}=".encode()):
                return one.partition(b"=")[2].decode()
    return ""


def until(what: Callable[[], object], within: float = 90.0, why: Callable[[], str] = lambda: "") -> None:
    """Waits until it is so. Raises AssertionError with `why`."""
    end = time.monotonic() + within
    while not what():
        assert time.monotonic() < end, f"it did not come to that within {within:g} s\n{why()}"
        time.sleep(0.05)


def _state(pid: int) -> str:
    with contextlib.suppress(OSError):
        return (_PROC / str(pid) / "stat").read_text().rpartition(") ")[2][:1]
    return ""


def _send(pid: int, number: signal.Signals) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False
