"""What takes long to ask of a large record, kept for a minute, and given a while longer while it is asked again.

Who asks waits only where nothing is kept, or what is kept is of another day. What is kept says when it was asked, so that
a page can tell its readers.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from monitor.store import Store
from monitor.web.site import Site

T = TypeVar("T")

FRESH, STALE = 60.0, 900.0
"""Seconds for which it is given as it is, and for which it is still given while it is asked again."""


class Kept(Generic[T]):
    """A value and when it was asked."""

    def __init__(self, day: object, value: T, at: str) -> None:
        self.day, self.value, self.at = day, value, at
        self.since = monotonic()


class _Shelf:
    def __init__(self) -> None:
        self.kept: dict[str, Kept[Any]] = {}
        self.asked: dict[str, asyncio.Task[Kept[Any]]] = {}


_shelves: "WeakKeyDictionary[Site, _Shelf]" = WeakKeyDictionary()


async def kept(site: Site, name: str, day: object, work: Callable[[Store], T]) -> Kept[T]:
    """What `work` says of the record, by a name; `day`: what else it follows from. Raises what Site.read raises."""
    shelf = _shelves.setdefault(site, _Shelf())
    found: Kept[T] | None = shelf.kept.get(name)
    if found is not None and found.day == day:
        age = monotonic() - found.since
        if age < FRESH:
            return found
        if age < STALE:
            _ask(site, shelf, name, day, work)
            return found
    return await asyncio.shield(_ask(site, shelf, name, day, work))


def _ask(site: Site, shelf: _Shelf, name: str, day: object, work: Callable[[Store], T]) -> "asyncio.Task[Kept[Any]]":
    """Asks, unless somebody does already."""
    loop = asyncio.get_running_loop()
    under_way = shelf.asked.get(name)
    if under_way is not None and not under_way.done() and under_way.get_loop() is loop:
        return under_way

    async def ask() -> Kept[Any]:
        at = site.now
        shelf.kept[name] = Kept(day, await site.read(work), at)
        return shelf.kept[name]

    task = loop.create_task(ask())
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # who waits hears of it; else nobody does
    shelf.asked[name] = task
    return task
