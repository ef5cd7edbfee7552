"""Portals that know who asks them: each request with its machine, its process and its time; and that can let a pass wait.

In: a `World(web=WatchedWeb())`. Out: `asked`, from which politeness across machines follows (`overlaps`, `gaps`).
"""

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from monitor.demo.server import Answer, Listener, Request, Response, Web
from tests.workers.processes import mark_of, marked


@dataclass
class Asked:
    """One request. Times by the monotonic clock."""

    host: str
    target: str
    machine: str
    """The mark of who asked; empty: a process without one."""
    pid: int
    start: float
    end: float = float("inf")


class WatchedListener(Listener):
    """A host that writes down who asks."""

    _web: "WatchedWeb"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        pid, machine = _who(writer.get_extra_info("peername")[1], self.port)
        self._web.clients[task] = (pid, machine, reader)
        try:
            await super()._serve(reader, writer)
        finally:
            del self._web.clients[task]

    async def _send(self, writer: asyncio.StreamWriter, request: Request, response: Response) -> bool:
        task = asyncio.current_task()
        assert task is not None
        pid, machine, reader = self._web.clients[task]
        asked = Asked(self.host, request.target, machine, pid, time.monotonic())
        self._web.asked.append(asked)
        try:
            while self.host in self._web.held and not reader.at_eof():
                await asyncio.sleep(0.01)
            return await super()._send(writer, request, response)
        finally:
            asked.end = time.monotonic()


class WatchedWeb(Web):
    """Serves portals at hosts that are watched."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self.held: set[str] = set()
        """Hosts that answer nobody at present."""
        self.clients: dict[asyncio.Task[None], tuple[int, str, asyncio.StreamReader]] = {}

    def listen(self, answer: Answer, host: str = "127.0.0.1") -> Listener:
        """As Web has it."""
        listener = WatchedListener(self, answer, host)
        listener.accept()
        self._listeners.append(listener)
        return listener

    def of(self, host: str, after: float = 0.0) -> list[Asked]:
        """What a host was asked since then, in order."""
        return [one for one in self.asked if one.host == host and one.start >= after]


def overlaps(asked: list[Asked]) -> list[tuple[Asked, Asked]]:
    """Requests of two machines for one host of which the second began before the first had ended."""
    found = []
    for host in {one.host for one in asked}:
        here = sorted((one for one in asked if one.host == host), key=lambda one: one.start)
        for place, one in enumerate(here):
            for other in here[place + 1 :]:
                if other.start >= one.end:
                    continue
                if other.machine != one.machine:
                    found.append((one, other))
    return found


def shortest_gap(asked: list[Asked]) -> float:
    """Seconds between two consecutive requests for one host, whoever made them."""
    starts = sorted(one.start for one in asked)
    return min((second - first for first, second in pairwise(starts)), default=float("inf"))


def _who(peer: int, own: int) -> tuple[int, str]:
    """The process at the other end of a connection on loopback, and its mark."""
    inode = ""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(f":{peer:04X}") and words[2].endswith(f":{own:04X}"):
            inode = f"socket:[{words[9]}]"
    for pid in marked() if inode else ():
        with contextlib.suppress(OSError):
            folder = f"/proc/{pid}/fd"
            for name in os.listdir(folder):  # noqa: PTH208
                with contextlib.suppress(OSError):
                    if os.readlink(f"{folder}/{name}") == inode:  # noqa: PTH115
                        return pid, mark_of(pid)
    return 0, ""
