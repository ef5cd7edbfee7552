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


Said = Started | Progressed | Ended | Gone
"""What comes out of the nursery."""
Asked = Order | Stop
"""What goes into it."""
