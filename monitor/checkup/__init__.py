"""What `nianbao doctor` looks at: is this installation fit to run, does it run, and if not, what is to be done."""

import subprocess
from collections.abc import Callable, Iterator

from crawler.portal import PortalError
from monitor.checkup import installation, operation
from monitor.checkup.model import Check
from monitor.checkup.pages import pages
from monitor.checkup.workers import workers
from monitor.home import Home, HomeError
from monitor.settings import SettingsError
from monitor.store import StoreError

__all__ = ["Check", "checks"]

_LOOKS: tuple[tuple[str, Callable[[Home, str], Iterator[Check]]], ...] = (
    ("home", operation.home),
    ("settings", installation.settings),
    ("time zone", installation.time_zone),
    ("portals", installation.portals),
    ("muted", operation.muted),
    ("database", operation.database),
    ("backup", operation.backup),
    ("clock", operation.clock),
    ("browser", installation.browser),
    ("pictures", operation.pictures),
    ("disk", installation.disk),
    ("memory", installation.memory),
    ("open files", installation.open_files),
    ("channels", operation.channels),
    ("staff pages", pages),
    ("workers", workers),
    ("service", operation.service),
)


def checks(home: Home, now: str) -> Iterator[Check]:
    """Everything, one after the other. `now`: the present, UTC. A look that fails is a check that says so."""
    for what, look in _LOOKS:
        try:
            yield from look(home, now)
        except (SettingsError, PortalError, HomeError, StoreError, OSError, subprocess.SubprocessError) as error:
            yield Check(what, "error", str(error), "mend what this line names")
