"""A survey by itself: `python -m crawler.scout FOLDER`: order.json in, survey.json out.

Standard output: progress as JSON lines. Standard error: the log. This process only keeps the one that surveys: it ends that
when it takes too long or too much memory, or when whoever started both dies, and leaves nothing behind, a browser neither.
Exit 0: survey.json stands; 1: it does not; 2: an order that cannot be read.
"""

import contextlib
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from crawler import kernel
from crawler.keeper import Bell, become, clear, reaped
from crawler.scout.survey_model import ORDER, SURVEY, Order, Told

_GRACE = 30.0
"""Seconds beyond its own limit after which a survey is killed: it hangs in something that it cannot interrupt."""
_LOOK = 0.5
_BROWSER = 1_200_000_000


def main(arguments: list[str]) -> int:
    """Keeps the survey; the exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m crawler.scout FOLDER\n")
        return 2
    folder = Path(arguments[0])
    try:
        order = msgspec.json.decode((folder / ORDER).read_bytes(), type=Order)
    except (OSError, msgspec.MsgspecError) as error:
        sys.stderr.write(f"{folder / ORDER}: {error}\n")
        return 2
    parent, me = os.getppid(), os.getpid()
    temporary = tempfile.mkdtemp(prefix="scout-", dir=folder)
    kernel.name("scout")
    kernel.adopt_orphans()
    bell = Bell()
    child = os.fork()
    if not child:
        bell.take_down()
        become(lambda: _survey(folder, order, temporary, me))
    kernel.die_with_parent(signal.SIGTERM, parent)
    until, why = time.monotonic() + order.seconds + _GRACE, ""
    while True:
        rung, _ = bell.wait(_LOOK)
        while (one := reaped()) is not None:
            if one[0] == child:
                clear(frozenset())
                shutil.rmtree(temporary, ignore_errors=True)
                if why:
                    sys.stderr.write(f"{why}\n")
                if os.getppid() != parent:
                    shutil.rmtree(folder, ignore_errors=True)  # nobody is left to do it
                return 0 if (folder / SURVEY).exists() else 1
        if not why:
            why = _reason(order, child, late=time.monotonic() > until)
            if signal.SIGTERM in rung or os.getppid() != parent:
                why = "ended by whoever started it"
            if why:
                kernel.kill(child, signal.SIGKILL)


def _reason(order: Order, child: int, *, late: bool) -> str:
    """Why a survey is to be killed; empty: it goes on."""
    if late:
        return f"took longer than {order.seconds:g} s"
    tree = kernel.processes()
    own = sum(one.resident for one in tree.get(os.getpid(), ()) if one.pid == child)
    further = sum(one.resident for one in kernel.below(child, tree))
    if order.memory and (own > order.memory or further > _BROWSER):
        return f"took more than {order.memory / 1e6:.0f} MB of memory"
    return ""


def _survey(folder: Path, order: Order, temporary: str, keeper: int) -> int:
    """The survey itself."""
    os.setsid()
    kernel.die_with_parent(signal.SIGKILL, keeper)
    kernel.first_to_go()
    os.environ["TMPDIR"] = tempfile.tempdir = temporary
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from crawler.scout.process import run

    return run(folder, _print)


def _print(told: Told) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more; the survey goes on
        os.write(1, msgspec.json.encode(told) + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
