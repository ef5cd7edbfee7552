"""What a pass and the browser's process say to each other: frames of MessagePack, each one of the values below.

A pass says once who it is (`Visitor`), and then what it wants to see (`Ask`). Each `Ask` gets one `Shown` or `Failed`, in
whatever order; until then `Wait` says every few seconds that somebody still sees to it. A frame is its length (four bytes,
big-endian) and that many bytes. What the other end sends is believed only as far as its size allows.
"""

import asyncio

import msgspec

from crawler.portal import Policy, Portal

NO_BROWSER = "no browser"
"""How the marker of a page begins that no browser could be started for."""
MOST_ASKED, MOST_SHOWN = 1_000_000, 120_000_000
"""Bytes of a frame to the browser's process, and from it."""


class Visitor(msgspec.Struct, frozen=True, tag="visitor"):
    """Who asks: all that decides what the browser may connect to for it."""

    portal: Portal
    policy: Policy
    user_agent: str
    proxy: str = ""
    """With its secret, if it has one."""


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """Show a page."""

    number: int
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    """For the page itself, not for what it asks for in turn."""
    seconds: float = 60.0
    """For one response."""
    most: int = 20_000_000
    """Bytes of the document."""
    links: int = 20_000


class Call(msgspec.Struct, frozen=True, tag="call"):
    """What a page's script asked the portal for, and got."""

    method: str
    url: str
    media_type: str
    body: bytes


class Shown(msgspec.Struct, frozen=True, tag="shown"):
    """What the page showed in the end."""

    number: int
    url: str
    """Of the document that was shown, redirects and scripts followed."""
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    """The document, UTF-8, with the rows of all its pages."""
    served: bytes = b""
    """The same document as it came, before any script changed it."""
    address: str = ""
    clicks: int = 0
    """How often the list was told to go on, with success."""
    cut: str = ""
    """Why the list may go on after all; empty: it was followed to its end."""
    trouble: str = ""
    """What the page's script asked the portal for in vain, first of all; empty: everything came."""
    calls: tuple[Call, ...] = ()
    asked: int = 0
    """How often its scripts asked anybody for anything but further scripts."""
    scripts: tuple[tuple[str, str], ...] | None = None
    """The portal's scripts that it is made with, by address, and the SHA-256 (hex) of each; None: nobody can say."""
    refused: tuple[str, ...] = ()
    """Hosts that the page wanted scripts or data from and that the portal file does not name."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The page could not be shown."""

    number: int
    marker: str
    rule: str = ""
    """Of the guard's refusal, if that was it."""
    detail: str = ""


class Wait(msgspec.Struct, frozen=True, tag="wait"):
    """Still at it."""


class NotShown(Exception):
    """A page could not be shown: `marker` says why. With a `rule`: the guard refused where it led."""

    def __init__(self, marker: str, rule: str = "", detail: str = "") -> None:
        super().__init__(marker)
        self.marker, self.rule, self.detail = marker, rule, detail


class Gone(ConnectionError):
    """The other end is not there any more, or talks nonsense."""


Asked = Visitor | Ask
Told = Shown | Failed | Wait

_asked: msgspec.msgpack.Decoder[Asked] = msgspec.msgpack.Decoder(Asked)
_told: msgspec.msgpack.Decoder[Told] = msgspec.msgpack.Decoder(Told)
_encode = msgspec.msgpack.Encoder().encode


async def asked(reader: asyncio.StreamReader) -> Asked:
    """The next thing that a pass says. Raises Gone."""
    return _asked.decode(await _frame(reader, MOST_ASKED))


async def told(reader: asyncio.StreamReader) -> Told:
    """The next thing that the browser's process says. Raises Gone."""
    return _told.decode(await _frame(reader, MOST_SHOWN))


def say(writer: asyncio.StreamWriter, what: Asked | Told) -> None:
    """Sends a frame, whole; `drain` afterwards."""
    data = _encode(what)
    writer.write(len(data).to_bytes(4, "big") + data)


async def _frame(reader: asyncio.StreamReader, most: int) -> bytes:
    try:
        length = int.from_bytes(await reader.readexactly(4), "big")
        if length > most:
            raise Gone(f"a frame of {length} bytes, {most} are the most")
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, OSError) as error:
        raise Gone("the other end is not there any more") from error
