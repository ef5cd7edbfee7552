"""The values that the scout's parts hand to each other: frozen, without behaviour, JSON-able.

`Seen` is one page as it answered; everything else is what was read from such pages, each with the reason for it, because a
person is asked before any of it is written to a portal file.
"""

from typing import Literal

import msgspec

from crawler.portal import Selectors

Via = Literal["given", "link", "crumb", "parent", "sitemap", "guess", "year"]
"""How a lead was come by: given by the operator, a link or menu entry of a page, a page's trail (位置：首页 > …) or column metas,
the folder that an address stands in, a sitemap, a well-known path, a year's column of a section."""

Goal = Literal["annual", "disclosure", "open"]
"""annual: the annual reports' column, by what its link says. disclosure: 政府信息公开, one step before it. open: 政务公开 and the like,
two steps before it."""


class Seen(msgspec.Struct, frozen=True):
    """One fetched page."""

    url: str
    """The address that answered, after redirects."""
    status: int
    text: str
    """Decoded HTML (`crawler.page.decode`), or JSON or XML where that answered."""
    headers: tuple[tuple[str, str], ...] = ()


class Evidence(msgspec.Struct, frozen=True):
    """One reason."""

    what: str
    """English, one line: `address /col/col<id>/index.html`."""
    quote: str = ""
    """What the page says, at most 120 characters, white space squeezed."""
    weight: float = 1.0
    """How much it says, 0 to 1; below 0: it speaks against."""


class Recognised(msgspec.Struct, frozen=True):
    """A family that the pages may run on."""

    family: str
    score: float
    """0 to 1."""
    evidence: tuple[Evidence, ...]
    """Strongest first."""


class Lead(msgspec.Struct, frozen=True):
    """Where the annual-report section may be."""

    url: str
    title: str
    """What the link says, white space squeezed; empty for a guess."""
    score: float
    """0 to 1."""
    why: str
    """English, one line."""
    via: Via
    to: Goal = "annual"
    year: int | None = None
    """The year whose column it is, if it is one year's."""


class Facts(msgspec.Struct, frozen=True):
    """Of the portal, where its pages say them; empty where they do not."""

    title: str = ""
    organ: str = ""
    site_id: str = ""
    """Ten digits, or bm and eight digits."""
    region: str = ""
    """GB/T 2260, six digits."""
    level: str = ""
    """One of `crawler.portal.Level`."""


class Induced(msgspec.Struct, frozen=True):
    """Selectors found on a page of an unknown CMS: only those that read it better than the general reading."""

    selectors: Selectors
    evidence: tuple[Evidence, ...]
