"""The daily round of a service that runs for months: what has expired goes, and the record's file is kept in shape.

In: a home that this process holds, its record, the present. Out: `Tended`. Nothing of the record's contents changes.
"""

import msgspec

from monitor import retention
from monitor.home import Home
from monitor.settings import Service
from monitor.store import Store


class Tended(msgspec.Struct, frozen=True):
    """What a round came to."""

    removed: int
    """Run folders and leftovers."""
    checkpointed: bool
    """The write-ahead log is empty again; False: somebody was reading, the next round does it."""


def tend(home: Home, store: Store, service: Service, now: str, wall: float) -> Tended:
    """Makes one round, outside of any transaction. `wall`: this machine's time, seconds of the epoch."""
    removed = retention.sweep(home, store, now, service, wall)
    # Never VACUUM: it rewrites the whole file, and its room is used again anyway.
    return Tended(removed, store.tidy())
