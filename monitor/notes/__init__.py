"""What staff say of events: seen, assigned, commented, called false. `HOME/notes.db`, apart from the record.

The record is what was observed and is never written by people at a browser; this is what they made of it, and is written by
nothing else. Events are named by `events.key`, which a record that was restored or read anew gives them again.

Every act is a row of `actions`, which are only ever added (triggers see to it): who, when, what. The other tables say how
things stand now and are written in the same transaction. An act is acknowledged once it is on the disk (FULL).

`values`: what is noted. `file`: the file and its schema. `reading`: what it says. `acts`: what may be done, and by whom.
"""

from pathlib import Path

from monitor.notes.acts import Acts
from monitor.notes.file import NotesFile
from monitor.notes.reading import Readings
from monitor.notes.values import (
    LONGEST,
    About,
    Act,
    Assignment,
    Comment,
    EventNotes,
    NotesError,
    Proposal,
    Refused,
    checked,
)

__all__ = [
    "LONGEST", "About", "Act", "Assignment", "Comment", "EventNotes", "Notes", "NotesError", "Proposal", "Refused", "checked",
]  # fmt: skip


class Notes(Readings, Acts):
    """All that staff said of events. Its methods may be called from several threads and processes; each is one transaction. Raise
    NotesError."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened or made before it is needed."""
        self._file = NotesFile(path)
