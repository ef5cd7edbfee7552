"""What is noted: plain values, and the form in which a text that somebody wrote is kept. Pure."""

from typing import Literal

import msgspec

LONGEST = 4000
"""Characters of a comment, a reason, a word."""


class NotesError(RuntimeError):
    """The notes cannot be read or written; the message is for staff, in Chinese."""


class Refused(ValueError):
    """That may not be done; the message says why, in Chinese."""


class About(msgspec.Struct, frozen=True):
    """The event that an act is about."""

    key: str
    id: int
    report: int | None = None


class Comment(msgspec.Struct, frozen=True):
    """What somebody wrote."""

    id: int
    who: str
    at: str
    text: str
    edited_at: str | None
    removed_at: str | None
    removed_by: str | None
    before: tuple[tuple[str, str], ...] = ()
    """Earlier texts, and when each was written, oldest first."""


class Proposal(msgspec.Struct, frozen=True):
    """Somebody says that an event is false."""

    id: int
    key: str
    event: int
    report: int | None
    who: str
    at: str
    kind: Literal["retract", "correct"]
    why: str
    organ: str
    year: int | None
    state: Literal["open", "accepted", "declined", "withdrawn"]
    decided_at: str | None
    decided_by: str | None
    word: str


class Assignment(msgspec.Struct, frozen=True):
    """Who looks after an event."""

    key: str
    event: int
    whom: str
    by: str
    at: str
    settled_at: str | None
    settled_by: str | None


class EventNotes(msgspec.Struct, frozen=True):
    """All that was said of one event."""

    seen: tuple[tuple[str, str], ...] = ()
    """Who, when; first come first."""
    assigned: Assignment | None = None
    comments: tuple[Comment, ...] = ()
    proposals: tuple[Proposal, ...] = ()


class Act(msgspec.Struct, frozen=True):
    """A row of the log."""

    id: int
    at: str
    who: str
    what: str
    key: str | None
    event: int | None
    text: str


def checked(text: str, name: str, *, empty: bool = False) -> str:
    """A text that somebody wrote, as it is kept: lines of printable characters. Raises Refused."""
    lines = "\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    said = "".join(char for char in lines if char in "\n\t" or (char.isprintable() and not _steers(char))).strip()
    if not said and not empty:
        raise Refused(f"{name}没有内容，请写下后再提交。")
    if len(said) > LONGEST:
        raise Refused(f"{name}过长（{len(said)} 字），最多 {LONGEST} 字。")
    return said


def _steers(char: str) -> bool:
    """Direction marks and zero-width characters, which would make a text read as another."""
    return (
        char in "\u061c\u200b\u200e\u200f\u2060\ufeff" or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"
    )
