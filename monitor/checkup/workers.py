"""Workers on other machines: whether they can be given passes, who they are, and whether every portal has one that reads it."""

from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version

from monitor.checkup.model import Check
from monitor.home import Home
from monitor.settings import Service, SettingsError
from monitor.workers.address import is_redis, place
from monitor.workers.asking import Question, Unanswered, keeps, missing
from monitor.workers.outside import PortalQueues, look
from monitor.workers.roster import Crews
from monitor.workers.wire import exit_of, kind_of

_WHAT = "workers"
_SKEW = 5.0
"""Seconds by which clocks may differ."""
_DEPOT = 15.0
"""Seconds that a place for big run folders gets, to be written and read."""
_NAMED = 5


def workers(home: Home, now: str) -> Iterator[Check]:
    """By the settings, the register and the workers' own word."""
    try:
        service = home.settings().service
    except SettingsError:
        return  # said by another check
    if service.engine == "local":
        yield from _local(home)
        return
    if absent := missing():
        yield Check(_WHAT, "error", absent, 'run `make extras`, or install the extra "workers"')
        return
    crews = look(home, service, now, PortalQueues(home).read())
    yield from _servers(service, crews)
    if service.parcels:
        yield _depot(service)
    if not crews.register:
        yield from _crews(crews)


def _local(home: Home) -> Iterator[Check]:
    pinned = [portal.name for portal in home.sound_portals()[0].values() if portal.enabled and portal.exit]
    if pinned:
        found = f'{_some(pinned)}: exit is set, and with service.engine = "local" nobody heeds it'
        yield Check(
            _WHAT, "warning", found, 'set engine = "celery" under [service], or take exit out of the portal file'
        )


def _servers(service: Service, crews: Crews) -> Iterator[Check]:
    """Broker and register: whether they answer, and whether they forget."""
    parts = {"broker": (service.broker, crews.broker), "register": (service.register_address, crews.register)}
    if service.broker == service.register_address:
        parts = {"broker and register": (service.broker, crews.register)}
    for name, (address, trouble) in parts.items():
        if trouble:
            remedy = "see that it runs, that this machine may reach it, and that service.broker and service.results are right"
            yield Check(_WHAT, "error", f"{name} at {place(address)}: {trouble}", remedy)
        elif is_redis(address):
            yield from _redis(name, address)
        else:
            yield Check(_WHAT, "ok", f"{name} at {place(address)} answers")


def _redis(name: str, address: str) -> Iterator[Check]:
    about = f"{name} at {place(address)}"
    try:
        found = keeps(address)
    except Unanswered as error:
        yield Check(_WHAT, "warning", f"{about} does not say how it is set up: {error}", "let the user ask for INFO")
        return
    if found.policy not in ("noeviction", ""):
        evicts = f"{about}: maxmemory-policy is {found.policy}: when memory is short, passes are thrown away"
        yield Check(_WHAT, "error", evicts, "set maxmemory-policy noeviction in redis.conf")
    if not found.persists:
        forgets = f"{about}: nothing is kept on disk: after a restart of Redis what waited is given out once more"
        yield Check(_WHAT, "warning", forgets, "set appendonly yes in redis.conf")
    if found.policy in ("noeviction", "") and found.persists:
        yield Check(_WHAT, "ok", f"{about} answers")


def _depot(service: Service) -> Check:
    from monitor.workers.depot import Depot  # with what packs and unpacks
    from monitor.workers.parcel import ParcelError

    def work() -> str:
        try:
            with closing(Depot(service.parcels, timeout=_DEPOT / 2)) as depot:
                depot.check()
                return ""
        except ParcelError as error:
            return str(error)

    try:
        trouble = Question(work, service.parcels).answer(_DEPOT)
    except Unanswered as error:
        trouble = str(error)
    if trouble:
        found, _, remedy = trouble.rpartition("; ")
        return Check(_WHAT, "error", found or f"parcels: {trouble}", remedy if found else "mend service.parcels")
    return Check(_WHAT, "ok", "parcels: the place can be written and read")


def _crews(crews: Crews) -> Iterator[Check]:
    """Who is there, for what."""
    for crew in crews.queues:
        many = f"{_number(len(crew.workers), 'worker')}, {_number(crew.slots, 'slot')}"
        passes = f"{crew.under_way} under way, {crew.waiting} waiting"
        found = f"{crew.queue}: {many}; {passes}; {_number(crew.portals, 'portal')}"
        if crew.workers:
            yield Check(_WHAT, "ok", found)
        elif crew.portals or crew.waiting:
            label = exit_of(crew.queue)
            options = " --queue rendered" if kind_of(crew.queue) == "rendered" else ""
            remedy = f"start `nianbao worker{options}{f' --exit {label}' if label else ''}` where they can be reached"
            yield Check(_WHAT, "error", f"{found}: nobody takes passes from it", remedy)
    for worker in crews.workers:
        skew = crews.skews.get(worker.name, 0.0)
        if abs(skew) > _SKEW:
            found = (
                f"{worker.name}: its clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's"
            )
            yield Check(_WHAT, "warning", found, "set the clocks of both machines (timedatectl set-ntp true)")
    own = version("nianbao")
    if others := crews.of_other_versions(own):
        found = f"{_some([f'{one.name} ({one.version})' for one in others])}: not of this release, {own}"
        yield Check(_WHAT, "warning", found, "bring all machines to one release: docs/scaling.md says in which order")


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
