"""What makes passes: processes of this machine, or workers on others.

A `Fleet` decides who may begin and settles what has ended; its engine makes the passes in between. It is told of a pass with a
`Process`, and calls that one's `heard` and `ended` from a thread of its own, the latter once, when the run folder is as
complete as it will ever be.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from crawler.portal import Portal
from monitor.home import Home
from monitor.processes import Process, Processes
from monitor.settings import APART, FILE, Service, SettingsError
from monitor.turns import Turn
from monitor.workers.roster import Crews

Full = Callable[[Turn], bool]
"""Whether there is no room for such a pass at present."""


class Engine(Protocol):
    """Makes passes. Any thread may use it."""

    lasting: bool
    """Its passes go on when this process ends, and the next one takes them up (`adopt`)."""

    def listen(self, room: Callable[[], None]) -> None:
        """`room` is called whenever there may be room for more passes than before, but for an end of one."""

    def full(self, under_way: Sequence[Turn]) -> Full | None:
        """For which passes there is no room beside those under way; None: for none at all."""

    def start(self, process: Process) -> None:
        """Makes a pass, of which the run folder says which. Raises OSError if it cannot be begun."""

    def adopt(self, process: Process) -> bool:
        """Takes up a pass that was begun by an earlier process of this home; False: nobody makes it any more."""

    def stop(self, crawl: int, why: str) -> None:
        """Ends a pass early; if it does not end, it is killed."""

    def withdraw(self, crawls: Collection[int]) -> frozenset[int]:
        """Of these passes, those that had not begun and never will; they are forgotten, and nobody is told."""

    def forget(self, crawl: int) -> None:
        """A pass that has ended is settled, or waits in its folder for that: whatever else there is of it need not be."""

    def crews(self, portals: Mapping[str, Portal], now: str) -> Crews | None:
        """Workers and queues as they were seen some seconds ago, for these enabled portals; None: there are none."""

    def tend(self) -> None:
        """Removes what was left behind long ago. Takes its time."""

    def kill(self) -> None:
        """Ends all passes as soon as that can be, without asking."""

    def close(self) -> None:
        """Ends the engine, and with it what it may not leave behind; returns when nothing is left."""


class Local(Processes):
    """Passes in processes of this machine. See Engine."""

    lasting = False

    def __init__(self, home: Path, parallel: int) -> None:
        """At most `parallel` passes at a time."""
        super().__init__(home)
        self._parallel = parallel

    def listen(self, room: Callable[[], None]) -> None:
        """Its room never changes."""

    def full(self, under_way: Sequence[Turn]) -> Full | None:
        """See Engine: passes that need a process of their own are few at a time."""
        if len(under_way) >= self._parallel:
            return None
        alone = sum(turn.apart for turn in under_way)
        return lambda turn: turn.apart and alone >= APART

    def adopt(self, process: Process) -> bool:
        """Whatever made it ended with that process."""
        return False

    def withdraw(self, crawls: Collection[int]) -> frozenset[int]:
        """Each begins at once."""
        return frozenset()

    def forget(self, crawl: int) -> None:
        """There is nothing else."""

    def crews(self, portals: Mapping[str, Portal], now: str) -> Crews | None:
        """There are none."""
        return None

    def tend(self) -> None:
        """Nothing is left behind."""


def open_engine(home: Home, settings: Service) -> Engine:
    """The engine that the settings name. Raises SettingsError if it is not installed."""
    if settings.engine == "local":
        return Local(home.path, settings.parallel)
    try:
        from monitor.workers.dispatch import Workers
    except ImportError as error:
        raise SettingsError(
            f'{FILE}: service.engine: celery is not installed ({error.name}): install the extra `workers`, or write "local"'
        ) from None
    return Workers(home, settings)
