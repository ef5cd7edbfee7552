"""A crawl machine: takes passes from the broker, and lets its crew make them.

Celery takes the messages, acknowledges them when the pass has been handed over, and finds the broker again when it was gone. A
worker whose consumer has gone deaf (it is idle, its connection is said to stand, and nothing comes though passes wait for it) ends
with an error, for whoever started it to start it again.
"""

import contextlib
import fcntl
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from celery import signals
from celery.exceptions import Ignore, Reject

from crawler.observation import WATCHER_ENDED
from monitor.home import HomeLocked
from monitor.times import format_utc
from monitor.workers.app import BrokerError, make_app, take_from, waiting
from monitor.workers.crew import Crew, Ending, Unwanted, this_version
from monitor.workers.deafness import Deafness
from monitor.workers.depot import Depot
from monitor.workers.register import Register
from monitor.workers.wire import TASK, Assignment, Queue, WorkerSeen, queue_name

DEAF = 75
"""Exit code of a worker that passes no longer reach: to be started again."""
_LISTEN = 15.0

log = logging.getLogger(__name__)


class Post(msgspec.Struct, frozen=True):
    """What a worker is for."""

    name: str
    """Tells it from the other workers of its machine."""
    broker: str
    register: str
    parcels: str
    queues: tuple[str, ...]
    exits: tuple[str, ...]
    slots: int
    rendered_slots: int

    def __repr__(self) -> str:
        return f"Post({self.name!r}, {self.queues!r})"  # the addresses hold passwords


def queues_of(kinds: tuple[Queue, ...], exits: tuple[str, ...], only_exits: bool) -> tuple[str, ...]:
    """Names of the queues for these kinds of passes: those of portals that are pinned to one of `exits`, and, unless
    `only_exits`, those of portals that are not pinned."""
    labels = (*exits,) if only_exits else ("", *exits)
    return tuple(queue_name(kind, label) for kind in kinds for label in labels)


def work(post: Post, scratch: Path) -> int:
    """Makes passes until the process is told to end (SIGTERM, Ctrl-C). The exit code.

    `scratch`: a folder for run folders. Raises ParcelError and ValueError for addresses that cannot be used, HomeLocked if a worker
    of this name has that folder.
    """
    with _alone(scratch / f"{post.name}.lock"):
        return _work(post, scratch / post.name)


def _now() -> str:
    """The true present, by which the service sees whether this machine's clock is right."""
    return format_utc(datetime.now(UTC))


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeLocked(f"{path}: a worker of this name is running; give this one another with --name") from None
        yield


def _work(post: Post, scratch: Path) -> int:
    name = f"{post.name}@{socket.gethostname()}"
    seen = WorkerSeen(
        name=name,
        host=socket.gethostname(),
        version=this_version(),
        since=_now(),
        seen=_now(),
        queues=post.queues,
        exits=post.exits,
        slots=post.slots,
        rendered_slots=post.rendered_slots,
    )
    register = Register(post.register)
    depot = Depot(post.parcels) if post.parcels else None
    if depot is not None:
        depot.check()  # better now than after the first pass that has much to hand over
    crew = Crew(seen, register, depot, scratch, _now)
    app = make_app(post.broker)
    take_from(app, post.queues)

    @app.task(name=TASK, bind=True)
    def crawl(task: Any, told: dict[str, Any]) -> None:
        try:
            assignment = msgspec.convert(told, Assignment)
        except msgspec.ValidationError as error:
            log.error("an assignment that this version does not understand is dropped: %s", error)
            raise Ignore from None
        try:
            crew.make(assignment)
        except Unwanted as why:
            log.info("%s: pass %d is not made here: %s", assignment.order.portal, assignment.order.crawl, why)
            raise Ignore from None
        except Ending:
            raise Reject("the worker ends", requeue=True) from None

    for chatty in ("celery.worker.strategy", "celery.app.trace"):  # the crew says it better
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().getEffectiveLevel()))
    worker = app.Worker(
        hostname=name,
        pool="threads",
        concurrency=post.slots,
        queues=[*post.queues],
        task_events=True,
        without_gossip=True,
        without_mingle=True,
        loglevel=logging.getLevelName(logging.getLogger().getEffectiveLevel()),
        quiet=True,
    )
    ending = threading.Event()

    def end(**_: Any) -> None:
        ending.set()  # in a signal handler: no lock may be taken here

    def end_passes() -> None:
        ending.wait()
        log.info("ending: passes under way are cut short and handed over")
        crew.stop(WATCHER_ENDED)

    def listen() -> None:
        deafness = Deafness()
        while not ending.wait(_LISTEN):
            try:
                number = waiting(app, post.queues)
            except BrokerError:
                number = 0  # no deafness: there is nobody to be heard
            if deafness.look(crew.taken, number, crew.room, time.monotonic()):
                log.error(
                    "%d passes wait and none comes: the broker has forgotten this worker, which ends to be started anew",
                    number,
                )
                crew.close()  # what is under way is handed over
                os._exit(DEAF)

    signals.worker_shutting_down.connect(end, weak=False)
    threading.Thread(target=end_passes, name="ending", daemon=True).start()
    threading.Thread(target=listen, name="listening", daemon=True).start()
    log.info("%s takes passes from %s, %d at a time", name, ", ".join(post.queues), post.slots)
    try:
        worker.start()
    finally:
        signals.worker_shutting_down.disconnect(end)
        ending.set()
        crew.close()
        register.close()
        if depot is not None:
            depot.close()
    return int(worker.exitcode or 0)
