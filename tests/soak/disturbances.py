"""What a machine does to a service without killing it: each begins, lasts for some seconds, and ends.

A disturbance is told the `Ground` that it happens on: the home, its file system, the portals and the receivers.
"""

import contextlib
import os
import sqlite3
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.soak.receivers import Receivers
from tests.soak.world import World

_MANY = 1 << 20


class CannotBeMade(RuntimeError):
    """This machine does not let us; the message says why."""


@dataclass(frozen=True)
class Ground:
    """Where it happens. `disk`: the folder that the home's file system is mounted at; `clock`: see fuse/soak_clock.py."""

    home: Path
    disk: Path
    clock: Path
    world: World
    receivers: Receivers


@dataclass(frozen=True)
class Disturbance:
    """`seconds`: how long it lasts."""

    seconds: float = 4.0

    def begin(self, ground: Ground) -> None:
        """It happens."""
        raise NotImplementedError

    def end(self, ground: Ground) -> None:
        """It is over."""
        raise NotImplementedError


class FullDisk(Disturbance):
    """Nothing can be written any more."""

    def begin(self, ground: Ground) -> None:
        size = _MANY
        with (ground.disk / "ballast").open("wb", buffering=0) as file:
            while size:
                try:
                    file.write(bytes(size))
                except OSError:
                    size //= 2

    def end(self, ground: Ground) -> None:
        (ground.disk / "ballast").unlink()


class Locked(Disturbance):
    """Another program holds the record."""

    def begin(self, ground: Ground) -> None:
        self._held().append(sqlite3.connect(ground.home / "nianbao.db", timeout=30, isolation_level=None))
        self._held()[-1].execute("BEGIN EXCLUSIVE")

    def end(self, ground: Ground) -> None:
        self._held().pop().close()

    def _held(self) -> list[sqlite3.Connection]:
        held: list[sqlite3.Connection] = self.__dict__.setdefault("held", [])
        return held


class StallingMail(Disturbance):
    """The mail server takes messages and says nothing; the webhook goes on."""

    def begin(self, ground: Ground) -> None:
        ground.receivers.trouble["mail"] = "stall"

    def end(self, ground: Ground) -> None:
        ground.receivers.trouble.pop("mail")


class RefusingHook(Disturbance):
    """The webhook answers 500; mail goes on."""

    def begin(self, ground: Ground) -> None:
        ground.receivers.trouble["hook"] = "refuse"

    def end(self, ground: Ground) -> None:
        ground.receivers.trouble.pop("hook")


class NoNetwork(Disturbance):
    """No portal can be reached, and no receiver."""

    def begin(self, ground: Ground) -> None:
        ground.world.cut_off()
        ground.receivers.trouble |= {"mail": "refuse", "hook": "refuse"}

    def end(self, ground: Ground) -> None:
        ground.world.connect()
        ground.receivers.trouble.clear()


@dataclass(frozen=True)
class Clock(Disturbance):
    """Somebody sets the machine's clock `ahead` (seconds), and back; meanwhile the receivers refuse, so that times to try
    again are counted by the wrong clock."""

    ahead: float = 0.0

    def begin(self, ground: Ground) -> None:
        _set(ground.clock, self.ahead)
        ground.receivers.trouble |= {"mail": "refuse"}

    def end(self, ground: Ground) -> None:
        _set(ground.clock, 0.0)
        ground.receivers.trouble.clear()


def _set(clock: Path, ahead: float) -> None:
    with clock.open("r+b") as file:  # in place: it is mapped into the memory of others
        file.write(struct.pack("d", ahead))


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int = 64) -> Iterator[Path]:
    """A file system of its own below `folder`. Raises CannotBeMade."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        raise CannotBeMade("no file system can be mounted here (it takes root and CAP_SYS_ADMIN)")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
