"""What messages are made of: an event as its reader needs it, and how it is to be shown. Plain frozen values."""

from typing import Literal

import msgspec

from monitor.event_detail import Detail


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `events` with what belongs to it. Times are UTC as the record writes them."""

    id: int
    kind: str
    detected_at: str
    detail: Detail
    portal: str = ""
    portal_title: str = ""
    region: str = ""
    report: int | None = None
    organ: str = ""
    year: int | None = None
    title: str = ""
    url: str = ""
    summary: str = ""
    from_seq: int | None = None
    to_seq: int | None = None
    hash: str = ""
    """content_hash of the version that the event leads to, else of the report's current one."""
    seq: int | None = None
    """Number of that version."""
    last_verified_at: str = ""
    """The report's, as the record has it now; the detail's own is older and goes first."""
    published_on: str = ""
    findings: tuple[str, ...] = ()
    """What does not add up in the version that the event leads to."""
    purpose: Literal["event", "retraction"] = "event"
    """retraction: the event was withdrawn, and this tells so."""

    @property
    def who(self) -> str:
        """The organ, else the portal."""
        return self.organ or self.portal_title or self.portal


class Style(msgspec.Struct, frozen=True):
    """How a channel's readers are addressed."""

    language: str = "zh"
    zone: str = "Asia/Shanghai"
    web_url: str = ""
    """Where the staff pages are, without a final slash; empty: commands are named instead."""
    duplicate: bool = False
    """The message may have arrived before."""
