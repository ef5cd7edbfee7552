"""What a command says of an error that its user can do something about, and the code that it ends with."""

import sqlite3
from typing import NamedTuple

from crawler.portal import PortalError
from monitor.archive import ArchiveError
from monitor.backup import BackupError
from monitor.home import HomeError, HomeLocked, ServiceError
from monitor.settings import SettingsError
from monitor.store import StoreError


class Answer(NamedTuple):
    """One line, and an exit code."""

    text: str
    code: int


def answer(error: Exception) -> Answer | None:
    """None: it is a fault of the program, and its trace is what helps."""
    if isinstance(error, SettingsError | PortalError | HomeError | StoreError | ArchiveError | BackupError):
        return Answer(f"nianbao: {error}", 2)
    if isinstance(error, OSError | sqlite3.Error):
        return Answer(f"nianbao: {error}; is there room on the disk, and may it be written?", 2)
    if isinstance(error, ServiceError):
        return Answer(f"nianbao: {error}", 1)
    if isinstance(error, HomeLocked):
        return Answer(f"nianbao: {error}", 3)
    return None
