"""What the watch tells of, and when: matters → events `service` with their deliveries, and the memory in between.

In: the matters of one look, the memory of those before (`notes`, names that begin with `watch/`). Out: events, each told
once while its matter lasts, again when it gets worse or its time has come, at most once a day when it comes and goes; and
that it is over, where that is worth a message. All of it within the caller's transaction.
"""

import contextlib
import logging
from collections.abc import Collection, Mapping

import msgspec

from crawler.portal import Portal
from monitor.event_detail import Service as ServiceDetail
from monitor.event_detail import encode
from monitor.recipients import enqueue
from monitor.service import matters as judge
from monitor.service.matters import Matter
from monitor.settings import Settings
from monitor.store import Store
from monitor.times import shift

log = logging.getLogger(__name__)

_TOGETHER = frozenset({"portal_unread", "portal_cut", "config", "workers"})
"""Told in one message, however many."""
NOTES = "watch/"


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered of a matter while it lasts."""

    since: str
    told: str = ""
    level: int = 0
    """As it was told."""
    ended: str = ""
    portal: str = ""
    channel: str = ""


class Teller:
    """Decides of each matter whether it is told now, and remembers. Lives within one transaction."""

    def __init__(self, store: Store, settings: Settings, portals: Mapping[str, Portal], now: str) -> None:
        self._store, self._settings, self._now = store, settings, now
        self._titles = {name: portal.title for name, portal in portals.items()}
        self._watched = portals

    def tell(self, found: list[Matter], looked_at: Collection[str], known: Mapping[str, Memory]) -> list[int]:
        """The events that were written."""
        events = []
        due: list[tuple[Matter, Memory]] = []
        for matter in found:
            name = name_of(matter)
            memory = _remembered(matter, known.get(name), self._now)
            if _due(matter, memory, self._now):
                due.append((matter, memory))
            else:
                self._keep(name, memory)
        for group in _groups(due):
            written = self._say(group)
            events += written
            for matter, memory in group:
                told = {"told": self._now, "level": matter.level} if written else {}
                self._keep(name_of(matter), msgspec.structs.replace(memory, **told))
        return events + self._endings({name_of(matter) for matter in found}, looked_at, known)

    def _say(self, group: list[tuple[Matter, Memory]]) -> list[int]:
        matters = [matter for matter, _ in group]
        matter = judge.together(matters, self._titles)
        if self._said_lately(matter):
            return []
        starts = [one.since or (memory.since if one.patience else "") for one, memory in group]
        detail = ServiceDetail(
            what=matter.what,
            reason=matter.reason,
            remedy=matter.remedy,
            since=min(starts),
            channel=matter.channel,
            count=matter.count,
            portals=tuple(
                self._titles.get(one.portal, one.portal) for one in matters if one.portal and len(matters) > 1
            ),
        )
        worse = "" if matter.level == 1 else f"/{matter.level}"
        key = f"service/{matter.what}/{matter.whom}/{self._now[:10]}{worse}"
        return write(self._store, self._settings, key, detail, self._now, matter.portal)

    def _said_lately(self, matter: Matter) -> bool:
        """Whether it was said, as bad as this, since it may be said again: keys end with day and level."""
        start = f"service/{matter.what}/{matter.whom}/"
        earliest = start + shift(self._now, -matter.rest)[:10]
        today = start + self._now[:10]  # a key of the future is one of a clock that was wrong
        said = self._store.rows("SELECT key FROM events WHERE key >= ? AND key <= ?", (earliest, today + "/2"))
        return max((2 if row["key"].endswith("/2") else 1 for row in said), default=0) >= matter.level

    def _endings(self, found: Collection[str], looked_at: Collection[str], known: Mapping[str, Memory]) -> list[int]:
        events: list[int] = []
        over: list[tuple[str, Memory]] = []
        for name, memory in known.items():
            what, _, whom = name.removeprefix(NOTES).partition("/")
            if name in found or not ({what, f"{what}/{whom}"} & set(looked_at)):
                continue
            self._store.run("DELETE FROM notes WHERE name = ?", (name,))
            if memory.portal and memory.portal not in self._watched:
                continue
            if memory.told and memory.ended:
                over.append((name.removeprefix(NOTES), memory))
        for what in {name.partition("/")[0] for name, _ in over}:
            same = [(name, memory) for name, memory in over if name.partition("/")[0] == what]
            for group in [same] if what in _TOGETHER else [[one] for one in same]:
                events += self._say_ended(what, group)
        return events

    def _say_ended(self, what: str, group: list[tuple[str, Memory]]) -> list[int]:
        name, memory = group[0]
        reason = memory.ended
        if len(group) > 1:
            names = [self._titles.get(one.portal, "") or key.partition("/")[2] for key, one in group]
            reason = f"{len(group)} 件已恢复：{'、'.join(names[:3])}{' 等' if len(names) > 3 else ''}。"
        detail = ServiceDetail(
            what=what,  # type: ignore[arg-type]
            ended=True,
            reason=reason,
            channel=memory.channel,
            since=min(one.since for _, one in group),
            count=len(group) if len(group) > 1 else 0,
        )
        portal = memory.portal if len(group) == 1 else ""
        return write(self._store, self._settings, f"service/{name}/{self._now}/ended", detail, self._now, portal)

    def _keep(self, name: str, memory: Memory) -> None:
        value = msgspec.json.encode(memory).decode()
        self._store.run("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", (name, value))


def name_of(matter: Matter) -> str:
    """The note that remembers it."""
    return f"{NOTES}{matter.what}/{matter.whom}"


def recall(store: Store) -> dict[str, Memory]:
    """All that is remembered, by the name of its note; what nobody can read any more is forgotten."""
    known = {}
    for row in store.rows("SELECT name, value FROM notes WHERE name >= ? AND name < ?", (NOTES, "watch0")):
        with contextlib.suppress(msgspec.DecodeError):
            known[row["name"]] = msgspec.json.decode(row["value"], type=Memory)
    return known


def _remembered(matter: Matter, memory: Memory | None, now: str) -> Memory:
    """The memory of a matter that is there now."""
    since = memory.since if memory is not None and memory.since <= now else now
    if memory is None or since < matter.not_before:
        memory, since = None, now
    return Memory(
        since=since,
        told=memory.told if memory is not None and memory.told <= now else "",
        level=min(memory.level, matter.level) if memory is not None else 0,
        ended=matter.ended,
        portal=matter.portal,
        channel=matter.channel,
    )


def lasted(matter: Matter, memory: Memory | None, now: str) -> bool:
    """Whether it has been there for as long as it must before it counts."""
    return memory is not None and shift(memory.since, matter.patience) <= now


def _due(matter: Matter, memory: Memory, now: str) -> bool:
    if not lasted(matter, memory, now):
        return False
    if not memory.told or matter.level > memory.level:
        return True
    return matter.again > 0 and shift(memory.told, matter.again) <= now


def _groups(due: list[tuple[Matter, Memory]]) -> list[list[tuple[Matter, Memory]]]:
    """What is told in one message."""
    groups: dict[object, list[tuple[Matter, Memory]]] = {}
    for matter, memory in due:
        key = (matter.what, matter.level) if matter.what in _TOGETHER else name_of(matter)
        groups.setdefault(key, []).append((matter, memory))
    return list(groups.values())


def write(store: Store, settings: Settings, key: str, detail: ServiceDetail, now: str, portal: str = "") -> list[int]:
    """The event and its deliveries, within the caller's transaction; none if its key is there already. A channel's own
    trouble is told to the others."""
    if store.row("SELECT 1 FROM events WHERE key = ?", (key,)):
        return []
    values = {"key": key, "kind": "service", "detected_at": now, "summary": detail.reason, "detail": encode(detail)}
    event = store.insert("events", values | ({"portal": portal} if portal else {}))
    log.log(logging.INFO if detail.ended else logging.WARNING, "%s: %s%s", key, portal and f"{portal}: ", detail.reason)
    others = [channel for channel in settings.channels if channel.name != detail.channel or detail.ended]
    enqueue(store, [event], others, now, settings.service.timezone)
    return [event]
