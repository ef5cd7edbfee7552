"""A worker that takes nothing though passes wait for it: its consumer has lost the broker and does not know. Pure.

Brokers and their clients recover from most cut connections, and now and then do not (Celery's issues 8030, 10205, 10302): the
process stands, its connection is said to be there, and nothing comes any more. What tells is the queue.
"""

import msgspec

PATIENCE = 90.0
"""Seconds for which a worker with room takes nothing, while passes wait the whole time."""


class Deafness(msgspec.Struct):
    """What was seen of a worker since it last took a pass."""

    taken: int = -1
    since: float | None = None
    """When passes were first seen to wait in vain; None: they do not."""

    def look(self, taken: int, waiting: int, room: bool, now: float) -> bool:
        """Whether the worker is deaf. `taken`: passes it has ever taken; `waiting`: messages in its queues; `room`: it could make
        one more; `now`: seconds of any clock that only goes forward."""
        if taken != self.taken or not waiting or not room:
            self.taken, self.since = taken, None
            return False
        if self.since is None:
            self.since = now
        return now - self.since >= PATIENCE
