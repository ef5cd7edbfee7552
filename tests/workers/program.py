"""The program with limits that tests can wait for: a worker counts as lost after seconds, not minutes.

In: `python -m tests.workers.program ARGUMENTS`, as of `nianbao`. Nothing else of it is changed.
"""

import os
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import monitor.settings
from monitor import processes
from monitor.cli import main

ANSWER = 1.0
"""Seconds that Redis gets for an answer: as much of what counts as lost as ten seconds are of 40."""
INLINE = "NIANBAO_TEST_INLINE"
"""Of the environment: bytes that travel in the message; more goes into the depot."""


def shorten() -> None:
    """Lets settings name times that no operator may, and shortens those that nobody can set."""
    _set(monitor.settings, check_workers=lambda _: None)
    from monitor.workers import parcel, patience

    _set(patience, AGAIN=4.0, MARGIN=0.5, HANDED=4.0)
    from monitor.workers import app, register

    _set(app, TIMEOUT=ANSWER)
    register.Register.__init__.__defaults__ = (ANSWER,)
    _set(processes, subprocess=SimpleNamespace(Popen=_start, PIPE=subprocess.PIPE))
    if INLINE in os.environ:
        _set(parcel, INLINE=int(os.environ[INLINE]))
    from monitor.workers import crew, dispatch

    _set(crew, _EVERY=1.0)
    _set(dispatch, _ROSTER=1.0)


def _start(command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
    """Of monitor.processes: another nursery, whose passes end sooner."""
    assert command[1:3] == ["-m", "crawler.nursery"]
    return subprocess.Popen([command[0], "-m", "tests.workers.nursery", *command[3:]], **options)


def _set(module: ModuleType, **values: object) -> None:
    for name, value in values.items():
        assert hasattr(module, name), f"{module.__name__} has no {name} any more"
        setattr(module, name, value)


if __name__ == "__main__":
    shorten()
    sys.exit(main())
