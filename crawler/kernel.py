"""What the kernel offers whoever supervises processes: their tree, their memory, and that nobody outlives anybody.

Linux only. Elsewhere the calls do nothing and the answers are empty: passes run, without a limit of memory.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import NamedTuple

_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_SET_CHILD_SUBREAPER = 1, 15, 36
_LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True) if _LINUX else None
_PROC = Path("/proc")


def die_with_parent(number: signal.Signals, parent: int) -> None:
    """Asks for signal `number` when the parent dies, whatever it died of. `parent` is who forked this process: if that one
    is gone already, the signal comes now."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def adopt_orphans() -> None:
    """Processes below this one whose parent dies become its children, not those of the system's first process."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def name(text: str) -> None:
    """How `ps -o comm` and `top` call this process; 15 bytes."""
    if _libc is not None:
        _libc.prctl(_PR_SET_NAME, text.encode()[:15])


def first_to_go() -> None:
    """When the machine has no memory left, this process and those it starts are killed before others."""
    with contextlib.suppress(OSError):
        (_PROC / "self" / "oom_score_adj").write_text("500")


class Process(NamedTuple):
    """A process that is there now."""

    pid: int
    parent: int
    resident: int
    """Bytes in memory, those that it shares with others included."""


def processes() -> dict[int, list[Process]]:
    """All processes of the machine, by their parent; the dead that nobody has waited for included."""
    found: dict[int, list[Process]] = {}
    page = resource.getpagesize()
    for entry in os.listdir(_PROC) if _LINUX else ():  # noqa: PTH208 (twice a second: a Path a process is dear)
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as file:  # noqa: PTH123 (the same)
                # The name may hold anything; what follows its last bracket begins with the state.
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        one = Process(int(entry), int(fields[1]), int(fields[21]) * page)
        found.setdefault(one.parent, []).append(one)
    return found


def below(pid: int, tree: dict[int, list[Process]]) -> list[Process]:
    """The processes that `pid` started, and those that these started, and so on."""
    found = list(tree.get(pid, ()))
    for one in found:  # grows while it is walked
        found += tree.get(one.pid, ())
    return found


def proportional(pid: int) -> int | None:
    """Bytes in memory, what is shared divided among those who share it. None: it cannot be told."""
    try:
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def kill(pid: int, number: signal.Signals) -> None:
    """Sends a signal to a process that may have ended meanwhile."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def kill_group(leader: int) -> None:
    """Where the tree cannot be seen: kills what is left of a process group whose leader has ended."""
    if not _LINUX:
        with contextlib.suppress(OSError):
            os.killpg(leader, signal.SIGKILL)


def is_there(pid: int) -> bool:
    """Whether a process of that number exists, whosever it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
