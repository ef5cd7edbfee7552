"""What is searched for, and what is found: plain values."""

import msgspec

from monitor.search.index import Progress
from monitor.search.query import Query
from monitor.search.snippets import Snippet

MOST = 1000
"""Reports that a search looks at."""
PAGE = 20
SORTS = ("best", "year", "captured")
VERSIONS = ("all", "current")


class Asked(msgspec.Struct, frozen=True):
    """What is searched for."""

    text: str = ""
    portal: str = ""
    organ: str = ""
    """A part of the organ's name."""
    year: int | None = None
    region: str = ""
    """The beginning of a region's code (GB/T 2260): 33 is all of Zhejiang."""
    where: str = ""
    """`title`, `text`, `attachments`; empty: anywhere."""
    versions: str = "all"
    sort: str = "best"
    page: int = 1

    @property
    def limited(self) -> bool:
        return bool(self.portal or self.organ or self.year or self.region)


class Version(msgspec.Struct, frozen=True):
    """A version in which the words stand."""

    id: int
    seq: int
    captured_at: str
    current: bool


class Hit(msgspec.Struct, frozen=True):
    """A report that was found."""

    report: int
    portal: str
    portal_title: str
    organ: str
    year: int
    title: str
    status: str
    url: str
    versions: tuple[Version, ...]
    """Newest first."""
    last_seq: int
    gone_in: int | None
    """The version in which it no longer stood, if the current one does not have it."""
    new_in: int | None
    """The version in which it first stood, if the first one does not have it."""
    shown: Version
    """The one that title and snippets are from."""
    shown_title: Snippet
    snippets: tuple[Snippet, ...]
    attachments: tuple[tuple[str, tuple[Snippet, ...]], ...]
    """Name of an attachment, and what stands in it."""

    @property
    def only_old(self) -> bool:
        return not self.versions[0].current


class Name(msgspec.Struct, frozen=True):
    """A portal or organ that is called so."""

    portal: str
    portal_title: str
    organ: str = ""
    organ_id: int = 0


class Found(msgspec.Struct, frozen=True):
    """What a search found."""

    query: Query
    hits: tuple[Hit, ...] = ()
    count: int = 0
    more: bool = False
    """There are more than were counted."""
    late: bool = False
    """Time was up: not all that match were found."""
    page: int = 1
    pages: int = 0
    years: tuple[tuple[int, int], ...] = ()
    portals: tuple[tuple[str, str, int], ...] = ()
    """Name, title, reports."""
    names: tuple[Name, ...] = ()
    progress: Progress = Progress(0, 0)
