"""What a page says, as frozen values: the words that every stage after the download shares."""

from typing import Literal

import msgspec

AttachmentKind = Literal["document", "picture"]
Severity = Literal["info", "warning", "error"]
YearFrom = Literal["title", "period", "heading", "body", "link", "column", "published", "operator"]
"""Where a report's year was read. `link` (the list's text) and better are certain; `column` (the section's address or
name) and `published` (publication year less one) are guesses, which settle marks as `detail.year_from`."""

GUESSED: frozenset[YearFrom] = frozenset({"column", "published"})


class Fetched(msgspec.Struct, frozen=True):
    """A response as bytes, after redirects were followed and any Content-Encoding undone."""

    url: str
    """The address that answered (after redirects)."""
    status: int
    content_type: str
    body: bytes
    asked: str = ""
    """The address that was asked for, if redirects led elsewhere."""


class Hint(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was known of a page before it was read: the words of the list that linked it."""

    title: str = ""
    date: str = ""
    """As printed in the list."""
    organ: str = ""
    year: int | None = None
    """The year of the column (`2023n/`, a year tab) that listed it."""


class Attachment(msgspec.Struct, frozen=True):
    """A document linked in a report, or a picture in its body."""

    url: str
    name: str
    kind: AttachmentKind


class PageFinding(msgspec.Struct, frozen=True):
    """Something on a page that does not add up, or could not be read."""

    rule: str
    severity: Severity
    detail: str
    url: str = ""


class Report(msgspec.Struct, frozen=True):
    """One organ's report for one year, as one page shows it.

    `text` is the body in the form of `crawler.page.text`: a paragraph a line, a table row a line of `| cell | cell |`.
    Everything is kept as printed, white space aside; nothing is folded, converted or mended.
    """

    title: str
    organ: str
    """As printed in the title, else source, else the page's metadata; empty if the page names none."""
    year: int | None
    year_from: YearFrom | None
    source: str
    published_on: str
    """The portal's local date, YYYY-MM-DD, or empty."""
    text: str
    attachments: tuple[Attachment, ...]
    text_hash: str
    """SHA-256 (hex) of the visible text: title, organ, source, date and body, stripped of white space, zero-width and
    control characters. Attachments are not in it: settle adds them."""
    findings: tuple[PageFinding, ...] = ()


PageState = Literal["present", "gone", "other", "blocked", "unreachable"]
"""present: at least one report stands on it. gone: it says that there is no such page. other: a page that is neither.
blocked, unreachable: it says nothing about any report."""


class PagePart(msgspec.Struct, frozen=True):
    """A further part of an article, and what its page turned out to be. Only `present` ones are in the article's reports."""

    url: str
    """Normalised."""
    state: PageState | None = None
    """None: it was not given."""
    marker: str = ""


class Page(msgspec.Struct, frozen=True):
    """What a response turned out to be."""

    state: PageState
    marker: str = ""
    """What decided it: `status 404`, the words matched, `challenge $_ts`, …"""
    reports: tuple[Report, ...] = ()
    refresh: str = ""
    """Absolute address that a meta refresh or a script sends the reader on to; the page itself then says nothing."""
    companions: tuple[Attachment, ...] = ()
    findings: tuple[PageFinding, ...] = ()
    parts: tuple[PagePart, ...] = ()
    """Further parts of the article that the page is the first one of, as the parts that were given name them, in order."""
