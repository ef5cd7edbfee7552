"""What a family of content management systems knows: how its list pages list, how they go on, how its pages are marked up.

In: a list page as text (or the answer of the list's interface), its address, and what was known when it was asked for.
Out: `ListPage`: the report links, the requests that lead on, the year columns it links. Pure: no network, no clock, no
Scrapy. The one thing that asks the network is the spider, which follows what is returned here.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import msgspec

from crawler.observation import LinkKind
from crawler.portal import Portal, Selectors

REVISION = "2"
"""Goes into a portal's `list_rules`; a change here makes each section's next complete listing a new starting point."""


class Markup(msgspec.Struct, frozen=True):
    """CSS selectors of a report page, each in order of preference. An operator's selector comes first."""

    title: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    body: tuple[str, ...] = ()


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request that leads on in one list."""

    url: str
    form: tuple[tuple[str, str], ...] | None = None
    """Fields of a POST body; None: it is a GET, unless `json` is set."""
    headers: tuple[tuple[str, str], ...] = ()
    number: int = 0
    """Which page of the list this is, 0 for the first."""
    state: str = ""
    """What the family wants to be told again with the answer (opaque to the spider)."""
    json: str = ""
    """JSON text of a POST body, sent as application/json; "": none. Never beside `form`."""


class Listing(msgspec.Struct, frozen=True):
    """A list page to be read: the answer to `step`."""

    url: str
    """The address that answered."""
    text: str
    step: Step
    section: str = ""
    """The column's address as it was asked for first (with any `#…`)."""
    year: int | None = None
    """The column's year, if it has one."""
    this_year: int = 9999
    """The year of the present: later years are no report years."""
    annual: bool = False
    """An earlier page of this column said that it is the annual reports' column."""
    pages: int | None = None
    """How many pages an earlier page said that there are."""
    selectors: Selectors = Selectors()


class Link(msgspec.Struct, frozen=True):
    """A report, or a companion of one, that a list names."""

    url: str
    title: str
    kind: LinkKind
    date: str = ""
    """As printed in the row, white space removed."""


class Column(msgspec.Struct, frozen=True):
    """A year's column that a list page links."""

    url: str
    year: int
    inside: bool = False
    """It stands in the year's column that links it, beside others of that year (crawler.families.inside)."""


class ListPage(msgspec.Struct, frozen=True):
    """What one list page says."""

    links: tuple[Link, ...] = ()
    next: tuple[Step, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[str, ...] = ()
    """Addresses of everything it lists, reports or not: two pages with the same rows are a loop."""
    listed: int = 0
    """How many rows it lists, double ones and those without an address too; 0: as many as `rows`."""
    expected: int | None = None
    """Rows that the whole list should have, where it says so."""
    pages: int | None = None
    """Pages that the list says it has."""
    view: bool = False
    """The page is no list but the answer for an organ and a year: without a year, or for one that it does not have, it may show
    what another of the section's columns shows."""
    refresh: str = ""
    """Absolute address that the page sends its reader on to (a redirect shell)."""
    annual: bool = False
    """It says that it is the annual reports' column."""
    problem: str = ""
    """Why its answer could not be read, or its pages not be followed: the list is then not complete."""


class Family(ABC):
    """One CMS. Subclasses are stateless; `names` of `crawler.families` lists them."""

    name: ClassVar[str]
    markup: ClassVar[Markup] = Markup()

    def first(self, section: str) -> Step:
        """The request for a section's first page."""
        return Step(section)

    @abstractmethod
    def read(self, listing: Listing) -> ListPage:
        """What a list page says. Never raises for odd input: `ListPage.problem` tells."""

    def unwrap(self, html: str) -> str:
        """A report page's HTML as a reader would see it, where the CMS ships the body in a script. Default: unchanged."""
        return html


def markup_of(portal: Portal, markup: Markup) -> Markup:
    """`markup` with the portal's own selectors before the family's."""
    own = portal.selectors

    def first(selector: str, rest: tuple[str, ...]) -> tuple[str, ...]:
        return (selector, *rest) if selector else rest

    return Markup(
        title=first(own.title, markup.title),
        date=first(own.date, markup.date),
        source=first(own.source, markup.source),
        body=first(own.body, markup.body),
    )
