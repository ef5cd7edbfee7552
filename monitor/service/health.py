"""The health endpoint: /health for people and probes, /metrics for Prometheus, on loopback.

In: what the service, its watch and the record say at that moment. Out: JSON with 200, or 503 where the service is
failing; Prometheus text. It takes GET and HEAD of these two paths, from few clients at once, in bounded time; it reads no
file and shows no secret.
"""

import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

from monitor.home import Home
from monitor.service import facts
from monitor.service.endpoint import Pages
from monitor.service.endpoint import listen as listen_at
from monitor.service.matters import IDLE, Matter
from monitor.service.metrics import Metrics
from monitor.service.state import Coming, Running, State
from monitor.service.watch import rooms
from monitor.store import StoreError
from monitor.times import shift
from monitor.workers.roster import Crews

log = logging.getLogger(__name__)

PLACE = "service.json"


class Place(msgspec.Struct, frozen=True):
    """HOME/service.json: the running service, for whoever looks for it."""

    pid: int
    started: str
    address: str
    """`http://127.0.0.1:8765`; empty: it listens nowhere."""
    version: str


class Problem(msgspec.Struct, frozen=True):
    """Something that is wrong now, in Chinese, without secrets."""

    what: str
    whom: str
    reason: str
    remedy: str = ""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What GET /health answers."""

    status: str
    """ok; degraded: it works, with `problems`; failing: it does not do its work."""
    version: str
    now: str
    since: str
    last_pass: dict[str, Any] | None = None
    running: tuple[Running, ...] = ()
    waiting: int = 0
    next_turn: Coming | None = None
    outbox: dict[str, int] = {}
    """Deliveries by state."""
    portals: dict[str, int] = {}
    """Enabled portals by health."""
    disk_free: dict[str, int] = {}
    """Bytes."""
    crews: Crews | None = None
    """Workers and queues; None: passes are made on this machine."""
    problems: tuple[Problem, ...] = ()


class Examiner:
    """Finds out how the service is. `problems` and `unrecorded_since`: the watch's."""

    def __init__(
        self,
        home: Home,
        version: str,
        clock: Callable[[], str],
        state: Callable[[], State],
        *,
        problems: Callable[[], Sequence[Matter]] = tuple,
        unrecorded_since: Callable[[], str] = str,
        portals: Callable[[], Any] = tuple,
    ) -> None:
        self._home, self._version, self._clock, self._state = home, version, clock, state
        self._problems, self._unrecorded_since, self._portals = problems, unrecorded_since, portals

    def health(self) -> Health:
        """How it is now. Raises nothing."""
        now, state = self._clock(), self._state()
        problems = [Problem(one.what, one.whom, one.reason, one.remedy) for one in self._problems()]
        failing = False
        outbox: dict[str, int] = {}
        portals: dict[str, int] = {}
        last = None
        free: dict[str, int] = {}
        try:
            free = {room.where: room.free for room in rooms(self._home)}
            with self._home.reader() as store:
                last = facts.last_pass(store)
                portals = facts.portals_by_health(store, self._portals())
                for (_, kind), number in facts.deliveries(store).items():
                    outbox[kind] = outbox.get(kind, 0) + number
        except (OSError, sqlite3.Error, StoreError) as error:
            log.warning("health: the record cannot be read: %s", error)
            problems.append(
                Problem(
                    "record", "unreadable", f"运行记录无法读取（{type(error).__name__}）。", "运行 nianbao doctor。"
                )
            )
            failing = True
        if since := self._unrecorded_since():
            problems.append(Problem("record", "unwritable", f"自 {since} 起什么都记录不下来。", "检查磁盘空间和权限。"))
            failing = True
        if state.coming is not None and not state.running and shift(state.coming.at, IDLE) <= now:
            problems.append(Problem("idle", "timetable", "到期的读取没有开始。", "查看服务日志并重启服务。"))
            failing = True
        failing = failing or any(
            one.what in ("disk", "record", "workers") and one.level > 1 for one in self._problems()
        )
        unique = tuple({(one.what, one.whom): one for one in problems}.values())
        return Health(
            status="failing" if failing else "degraded" if unique else "ok",
            version=self._version,
            now=now,
            since=state.since,
            last_pass=dict(last) if last else None,
            running=state.running,
            waiting=state.waiting,
            next_turn=state.coming,
            outbox=outbox,
            portals=portals,
            disk_free=free,
            crews=state.crews,
            problems=unique,
        )


class HealthServer:
    """The endpoint of one service. `listen`: host and port, or None: it only writes HOME/service.json."""

    def __init__(
        self,
        home: Home,
        examiner: Examiner,
        metrics: Metrics,
        listen: tuple[str, int] | None,
        started: str,
        version: str,
    ) -> None:
        self._path = home.path / PLACE
        self._server = listen_at(listen, self._pages(examiner, metrics)) if listen else None
        self.address = self._server.address if self._server else ""
        self.place = Place(os.getpid(), started, self.address, version)

    @staticmethod
    def _pages(examiner: Examiner, metrics: Metrics) -> Pages:
        def health() -> tuple[HTTPStatus, str, bytes]:
            found = examiner.health()
            status = HTTPStatus.SERVICE_UNAVAILABLE if found.status == "failing" else HTTPStatus.OK
            content = msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"
            return status, "application/json; charset=utf-8", content

        def text() -> tuple[HTTPStatus, str, bytes]:
            return HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", metrics.text()

        return {"/health": health, "/metrics": text}

    def start(self) -> None:
        """Begins to answer, and says where in HOME/service.json."""
        if self._server is not None:
            self._server.start()
            log.info("health at %s/health, metrics at %s/metrics", self.address, self.address)
        draft = self._path.with_name(f".{PLACE}.new")
        try:
            draft.write_bytes(msgspec.json.encode(self.place) + b"\n")
            draft.replace(self._path)
        except OSError as error:
            log.warning("%s could not be written: %s", self._path, error)

    def stop(self) -> None:
        """Answers no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s could not be removed: %s", self._path, error)


def read_place(home: Path) -> Place | None:
    """Where the home's service says that it runs; None: it says nothing."""
    try:
        return msgspec.json.decode((home / PLACE).read_bytes(), type=Place)
    except (OSError, msgspec.DecodeError):
        return None
