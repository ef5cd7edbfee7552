"""Who reads what: the workers, the queues that they take passes from, and what waits there. Light to import: no Redis, no Celery.

In: what workers announce of themselves, the portals that are enabled, the passes that the service has given out. Out: `Crews`, for
metrics, alerts, pages and listings. Pure. Times are UTC.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from crawler.portal import Portal
from monitor.times import to_utc
from monitor.workers.wire import QUEUES, WorkerSeen, exit_of, kind_of, queue_name

NAMED = 50
"""Portals that are named where nobody can read them; the others are counted."""


class Given(NamedTuple):
    """A pass that the service has given out."""

    queue: str
    portal: str
    claimed: bool
    """A worker makes it; else it waits."""
    since: str
    """When it was given out."""


class Crew(msgspec.Struct, frozen=True, omit_defaults=True):
    """A queue, and who takes passes from it."""

    queue: str
    workers: tuple[str, ...] = ()
    """Their names."""
    slots: int = 0
    """Passes of this queue that they can make at the same time, if they make no others."""
    under_way: int = 0
    waiting: int = 0
    """Passes that no worker has claimed."""
    since: str = ""
    """When the first of those was given out; empty: none waits."""
    nobody_since: str = ""
    """When it was first seen that no worker takes from it; empty: one does."""
    portals: int = 0
    """Enabled portals whose passes go there."""


class Crews(msgspec.Struct, frozen=True, omit_defaults=True):
    """All workers and queues at one moment."""

    at: str
    register: str = ""
    """Why the register does not answer, without secrets; empty: it does. Without it nothing is known of workers."""
    broker: str = ""
    """The same of the broker."""
    cut_off_since: str = ""
    """When one of them was first seen not to answer; empty: both do."""
    workers: tuple[WorkerSeen, ...] = ()
    queues: tuple[Crew, ...] = ()
    """Those that somebody takes from, that portals are read through, or in which passes wait."""
    unread: tuple[str, ...] = ()
    """Enabled portals that nobody can read, NAMED at most."""
    unread_total: int = 0
    skews: dict[str, float] = {}
    """Seconds by which workers' clocks are ahead of this machine's, by name of the worker."""

    @property
    def reachable(self) -> bool:
        """Whether passes can be given out and be claimed."""
        return not (self.register or self.broker)

    def queue(self, name: str) -> Crew | None:
        """The queue of that name; None: nobody has to do with it."""
        return next((crew for crew in self.queues if crew.queue == name), None)

    def reader(self, portal: str) -> WorkerSeen | None:
        """The worker that reads a portal now; None: none does."""
        return next((worker for worker in self.workers if portal in worker.running), None)

    def of_other_versions(self, version: str) -> list[WorkerSeen]:
        """Workers of another release than `version`."""
        return [worker for worker in self.workers if worker.version != version]


def queue_of(portal: Portal) -> str:
    """The queue that a portal's passes go to."""
    return queue_name("rendered" if portal.render else "plain", portal.exit)


def queues_of(portals: Mapping[str, Portal]) -> dict[str, str]:
    """The queues of those portals that are enabled, by name of the portal."""
    return {name: queue_of(portal) for name, portal in portals.items() if portal.enabled}


def of_service(
    workers: Sequence[WorkerSeen],
    trouble: Mapping[str, str],
    queues: Mapping[str, str],
    given: Sequence[Given],
    now: str,
    before: Crews | None,
) -> Crews:
    """What the service's own dispatcher knows, see `muster`. `trouble`: of `broker` and `register`, why it does not answer."""
    register, broker = trouble.get("register", ""), trouble.get("broker", "")
    if register:
        return cut_off(now, register=register, broker=broker, before=before)
    return muster(workers, queues, given, now, broker=broker, before=before)


def cut_off(now: str, *, register: str, broker: str = "", before: Crews | None = None) -> Crews:
    """What is known while the register does not answer: that."""
    return Crews(at=now, register=register, broker=broker, cut_off_since=_since(before, now))


def muster(
    workers: Sequence[WorkerSeen],
    queues: Mapping[str, str],
    given: Sequence[Given],
    now: str,
    skews: Mapping[str, float] | None = None,
    *,
    broker: str = "",
    before: Crews | None = None,
) -> Crews:
    """Workers, portals and passes put together. `queues`: of enabled portals (`queues_of`); `given`: the passes under way and
    waiting; `skews`: see there; `broker`: why that does not answer; `before`: what was known the last time, for what has lasted
    since."""
    portals: dict[str, int] = {}
    for queue in queues.values():
        portals[queue] = portals.get(queue, 0) + 1
    passes: dict[str, list[Given]] = {}
    for one in given:
        passes.setdefault(one.queue, []).append(one)
    taken = {queue for worker in workers for queue in worker.queues}
    names = sorted({*portals, *passes, *taken}, key=lambda name: (exit_of(name), QUEUES.index(kind_of(name)), name))
    unread = sorted(portal for portal, queue in queues.items() if queue not in taken)
    return Crews(
        at=now,
        broker=broker,
        cut_off_since=_since(before, now) if broker else "",
        workers=tuple(workers),
        queues=tuple(_crew(name, workers, passes.get(name, ()), portals.get(name, 0), now, before) for name in names),
        unread=tuple(unread[:NAMED]),
        unread_total=len(unread),
        skews={name: round(skew, 1) for name, skew in (skews or {}).items()},
    )


def with_passes(found: Crews, queues: Mapping[str, str], begun: Mapping[str, str], now: str) -> Crews:
    """`found` with the passes that were begun (portal → when), for whoever did not give them out: those that no worker says it
    makes wait. See `muster`."""
    if found.register:
        return found
    running = {portal for worker in found.workers for portal in worker.running}
    given = [
        Given(queues[portal], portal, portal in running, since) for portal, since in begun.items() if portal in queues
    ]
    return muster(found.workers, queues, given, now, found.skews, broker=found.broker, before=found)


def _crew(
    queue: str, workers: Sequence[WorkerSeen], passes: Collection[Given], portals: int, now: str, before: Crews | None
) -> Crew:
    who = [worker for worker in workers if queue in worker.queues]
    waiting = [one.since for one in passes if not one.claimed]
    earlier = before.queue(queue) if before is not None else None
    return Crew(
        queue=queue,
        workers=tuple(worker.name for worker in who),
        slots=sum(worker.rendered_slots if kind_of(queue) == "rendered" else worker.slots for worker in who),
        under_way=len(passes) - len(waiting),
        waiting=len(waiting),
        since=min(waiting, default=""),
        nobody_since="" if who else (earlier.nobody_since if earlier else "") or now,
        portals=portals,
    )


def _since(before: Crews | None, now: str) -> str:
    return (before.cut_off_since if before is not None else "") or now


def skews(workers: Sequence[WorkerSeen], silent: Mapping[str, float], now: datetime) -> dict[str, float]:
    """Seconds by which workers' clocks are ahead of `now`, this machine's: of those whose announcement is of a known age."""
    found = {}
    for worker in workers:
        if worker.name in silent:
            try:
                theirs = to_utc(worker.seen)
            except ValueError:
                continue
            # What it wrote has no fractions of a second, and lost half a second by that on average.
            found[worker.name] = (theirs + timedelta(seconds=silent[worker.name] + 0.5) - now).total_seconds()
    return found
