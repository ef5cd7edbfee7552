"""What the supervisor and the nursery say to each other: JSON lines, each one of the values below with its `event`.

Light to import: the monitor reads these too.
"""

import msgspec


class Order(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="run"):
    """Make the pass of a run folder."""

    crawl: int
    portal: str
    folder: str
    seconds: float
    """By the clock; longer, and the pass is stopped."""
    memory: int = 0
    """Bytes that all processes of the pass may take together; 0: any."""
    browser: bool = False
    """It may ask the fleet's browser for pages."""
    browser_memory: int = 0
    """Bytes that all processes of that browser may take together; 0: as many as it has by default."""
    browser_pages: int = 0
    """Pages that it may have open at once; 0: as many as it has by default."""
    together: int = 1
    """Passes that may share a process with it, itself among them."""
    suspect: bool = False
    """The portal's last pass ended its process: this one is made by itself, and only a few such at a time."""


class Stop(msgspec.Struct, frozen=True, tag_field="event", tag="stop"):
    """End a pass early."""

    crawl: int
    why: str


class Started(msgspec.Struct, frozen=True, tag_field="event", tag="started"):
    """The pass runs."""

    crawl: int
    pid: int


class Progressed(msgspec.Struct, frozen=True, tag_field="event", tag="progress"):
    """How far the pass is."""

    portal: str
    crawl: int
    done: int
    total: int


class Ended(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="ended"):
    """The pass's process ended."""

    crawl: int
    status: int | None = None
    """Of its end, as subprocess has it: negative, the signal that killed it. None: nobody knows."""
    stopped: str = ""
    """Why it was told to end early, if it was."""
    forced: bool = False
    """It did not, and was killed for it."""


class Gone(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="gone"):
    """Nothing of the pass is left: no process that it started, and nobody who writes to its folder."""

    crawl: int
    memory: int = 0
    """Bytes, the most that was seen."""
    error: str = ""
    """Why it never began, if it did not."""


class Again(msgspec.Struct, frozen=True, tag_field="event", tag="again"):
    """The pass waits to be made by itself, from its beginning: the process that it shared with others ended, or it did not
    come that far. `Started` follows."""

    crawl: int


class Over(msgspec.Struct, frozen=True, tag_field="event", tag="over"):
    """A pass that shares a process has ended."""

    crawl: int


class Beat(msgspec.Struct, frozen=True, tag_field="event", tag="beat"):
    """A process that several passes share is alive."""


Said = Started | Progressed | Again | Ended | Gone
"""What comes out of the nursery."""
Asked = Order | Stop
"""What goes into it, and into a process that several passes share."""
Shared = Over | Beat
"""What comes out of such a process."""
