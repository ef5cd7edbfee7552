"""What a running service knows of itself, for whoever watches it. Plain frozen values; times are UTC."""

import msgspec

from monitor.workers.roster import Crews


class Running(msgspec.Struct, frozen=True):
    """A pass under way."""

    portal: str
    mode: str
    crawl: int
    started: str
    done: int = 0
    total: int = 0


class Coming(msgspec.Struct, frozen=True):
    """A pass that is planned."""

    portal: str
    mode: str
    at: str


class State(msgspec.Struct, frozen=True):
    """The service at one moment."""

    since: str
    """When it was started."""
    running: tuple[Running, ...] = ()
    waiting: int = 0
    """Passes that are due and wait for their turn."""
    coming: Coming | None = None
    """The next one that is not due yet, or that nobody has begun."""
    crews: Crews | None = None
    """Workers and queues; None: passes are made on this machine, or nobody has asked yet."""
