"""What service and workers say to each other: plain frozen values, JSON on the wire. Times are UTC.

A pass is known by its `task`: a random name that no other pass of any home has, so that a late answer to a pass of a record that
was lost since is nobody's. Light to import; no Celery, no Redis.
"""

from typing import Annotated, Literal

import msgspec

from crawler.orders import Ended, Order

Queue = Literal["plain", "rendered"]
QUEUES: tuple[Queue, ...] = ("plain", "rendered")
"""Kinds of passes: those of portals with `render = true` need a browser."""
PREFIX = "nianbao"
"""Of names of queues, and of keys in the register."""
TASK = "nianbao.crawl"
"""The one Celery task."""

Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
"""What no record and no arithmetic stumbles over."""
TaskName = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$", max_length=32)]
"""Also a folder's name on the worker: nothing else will do."""


class Parcel(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run folder on its way: packed into the message where it is small, else at a place of the depot."""

    size: Count
    """Bytes, packed."""
    sha256: str
    """Of the packed bytes, in hexadecimal."""
    inline: str = ""
    """The packed bytes in Base64; empty: they are at `place`."""
    place: str = ""
    """A name within the depot."""


class Assignment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Make this pass: the argument of the task."""

    task: TaskName
    order: Order
    """Its `folder` means nothing: each worker has its own."""
    hosts: tuple[str, ...]
    """That the pass may ask, without `www.`; no two passes at a time ask the same."""
    parcel: Parcel
    """job.json and known.jsonl."""
    lost: Annotated[float, msgspec.Meta(ge=1.0, le=86_400.0)]
    """Seconds after which a worker that could not renew its hold counts as lost."""
    pause: Annotated[float, msgspec.Meta(ge=0.0, le=86_400.0)]
    """Seconds for which the hosts are left alone after the pass, wherever the next one is made."""


class Handed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a pass: what its worker leaves in the register."""

    task: TaskName
    crawl: Count
    worker: str
    ended: Ended | None = None
    """How its process ended; None: it never began, or nobody saw."""
    never: str = ""
    """Why it never began."""
    memory: Count = 0
    """Bytes, the most that was seen."""
    parcel: Parcel | None = None
    """What it wrote; None: nothing, or it could not be handed over (`never` or `lost` says why)."""
    lost: str = ""
    """Why what it wrote cannot be handed over."""


class Beat(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sign of life of a pass, written whenever its hold is renewed."""

    worker: str
    number: Count
    """Grows with each."""
    pid: Count = 0
    done: Count = 0
    total: Count = 0
    waits: bool = False
    """It is to be made again, by itself, when there is room on its machine."""


class WorkerSeen(msgspec.Struct, frozen=True, omit_defaults=True):
    """A worker, as it announces itself every few seconds."""

    name: str
    """`NAME@HOST`, as Celery and Flower call it."""
    host: str
    version: str
    """Of nianbao."""
    since: str
    """When it was started."""
    seen: str
    """When it wrote this, by its own clock."""
    queues: tuple[str, ...]
    """Names of the queues that it takes passes from: `queue_name`."""
    exits: tuple[str, ...] = ()
    slots: Count = 0
    """Passes that it makes at the same time,"""
    rendered_slots: Count = 0
    """and of these, such as need a browser; 0: none."""
    running: tuple[str, ...] = ()
    """Portals that it reads now."""
    made: Count = 0
    """Passes that it has made since it was started."""
    memory: Count = 0
    """Bytes that it and all of its passes take."""


def queue_name(kind: Queue, exit: str = "") -> str:
    """The queue of passes of a kind, for portals that are pinned to the workers with a label or (`""`) are not."""
    return f"{PREFIX}.{kind}.{exit}" if exit else f"{PREFIX}.{kind}"


def kind_of(queue: str) -> Queue:
    """The kind of passes in a queue of that name."""
    return "rendered" if queue.split(".")[1:2] == ["rendered"] else "plain"


def exit_of(queue: str) -> str:
    """The label of the workers that take passes from a queue of that name; empty: any."""
    return queue.partition(".")[2].partition(".")[2]
