"""The record, for commands that write to it: held by this process, or with leave of the service that is running."""

import contextlib
from collections.abc import Collection, Iterator

from monitor import outbox
from monitor.cli.common import Context, tell
from monitor.home import HomeLocked
from monitor.outbox import Delivered
from monitor.settings import Settings
from monitor.store import Store


class Writer:
    """The record as long as the command may write to it."""

    def __init__(self, context: Context, held: contextlib.ExitStack, store: Store, *, served: bool) -> None:
        self.store = store
        self._context, self._held = context, held
        self.served = served
        """A service is running: it settles what earlier processes left, and sends."""

    def deliver(self, settings: Settings) -> Delivered:
        """Sends what is due: here, or by the running service. The last thing that is done with the record."""
        if not self.served:
            return outbox.deliver(self.store, settings, self._context.clock(), self._context.clock)
        from monitor.service import control

        self._held.close()  # the service sends once it may write again
        said = next(control.ask(self._context.home.path, control.Send()))
        return said.sent or Delivered()


@contextlib.contextmanager
def writing(context: Context, portals: Collection[str] | None) -> Iterator[Writer]:
    """The record to write to, while no pass of `portals` is under way (None: none of any; empty: whatever is under way).

    Raises HomeLocked (another command holds the home), HomeError, StoreError, ServiceError.
    """
    home = context.home
    with contextlib.ExitStack() as held:
        try:
            store, served = held.enter_context(home.writing()), False
        except HomeLocked as locked:
            from monitor.service import control  # brings the service's parts along: only who meets one pays for them

            try:
                held.enter_context(control.leave(home.path, portals, _waits))
            except control.NoService:
                raise locked from None
            store, served = held.enter_context(Store.open(home.database)), True
        yield Writer(context, held, store, served=served)


def _waits(portals: tuple[str, ...]) -> None:
    tell(f"the running service is reading {', '.join(portals)}; waiting for the end of that pass", err=True)
