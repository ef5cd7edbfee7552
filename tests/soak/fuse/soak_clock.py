"""A clock that can be set while a process runs: `SOAK_CLOCK` names a file of eight bytes, the seconds that it is ahead (a double).

What Python asks of the wall clock (`time.time`, `datetime.now`) answers with it; monotonic clocks and files' times do not, as
when somebody sets the machine's clock.
"""

import datetime
import mmap
import struct
import time
from pathlib import Path
from typing import Any

_REAL, _REAL_NS = time.time, time.time_ns
_Real = datetime.datetime


class _Kind(type):
    """Every datetime counts as one of ours: those made by C code are of the real class."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _Real)


class Shifted(_Real, metaclass=_Kind):
    """`datetime` by that clock."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.fromtimestamp(time.time(), datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return cls.now()


def shift(file: str) -> None:
    """From now on this process goes by the clock of that file."""
    with Path(file).open("rb") as opened:
        shared = mmap.mmap(opened.fileno(), 8, access=mmap.ACCESS_READ)

    def ahead() -> float:
        (seconds,) = struct.unpack("d", shared[:8])
        return float(seconds)

    time.time = lambda: _REAL() + ahead()
    time.time_ns = lambda: _REAL_NS() + int(ahead() * 1e9)
    datetime.datetime = Shifted  # type: ignore[misc]
