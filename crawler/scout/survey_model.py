"""What a survey is asked, and what it says: `Order` in (order.json), `Survey` out (survey.json). Frozen and JSON-able.

The monitor starts surveys in processes of their own (monitor/scouting.py) and hears of them by these values alone.
"""

from typing import Literal

import msgspec

from crawler.observation import LinkKind
from crawler.page.model import Severity
from crawler.portal import Policy, Portal
from crawler.scout.model import Evidence, Facts, Via

ORDER, SURVEY = "order.json", "survey.json"

Outcome = Literal["found", "empty", "nothing", "blocked", "unreachable", "failed"]
"""found: a section and a report that can be read. empty: a section that lists no report yet. nothing: pages answered, and none is
or lists a report. blocked: challenges, robots.txt or the guard. unreachable: nothing answered. failed: the survey itself did."""


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """One survey."""

    url: str
    """What the operator gave: a home page, a section or a report, scheme and all."""
    now: str
    """The present, UTC."""
    user_agent: str
    policy: Policy = Policy()
    """As `[policy]` of nianbao.toml has it."""
    contact: str = ""
    """A mail address for the `From` header; empty: none."""
    proxy: str = ""
    """As the portal file is to have it: `${NAME}` is read from the environment by the survey."""
    known: Portal | None = None
    """A portal whose section is gone: its new address is looked for, and everything else of it stays."""
    requests: int = 40
    """The most that is asked for, robots.txt and attempts that failed included."""
    seconds: float = 300.0
    memory: int = 700_000_000
    """Bytes; a browser's come on top."""
    browser: bool = True
    """Whether a page that is empty without scripts may be opened in a browser, where one is installed."""


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """Progress: the next thing that is asked for."""

    url: str
    requests: int
    most: int


class Tried(msgspec.Struct, frozen=True, omit_defaults=True):
    """An address that was asked for, and what came of it."""

    url: str
    why: str
    """Why it was asked for."""
    said: str
    """What it turned out to be."""
    status: int = 0
    final_url: str = ""
    """Where redirects led, if elsewhere."""


class Note(msgspec.Struct, frozen=True):
    """What an operator should know before taking the proposal."""

    rule: str
    """robots, challenge, tls, http_only, new_host, clone, private, render, off_host, low_evidence, unread, empty_year, budget, …"""
    severity: Severity
    detail: str


class SectionFound(msgspec.Struct, frozen=True, omit_defaults=True):
    """A section of the proposal, and what its lists say."""

    url: str
    """As the portal file has it: may hold `{year}`."""
    title: str
    """Its page's title."""
    how: str
    """How it was found, English."""
    via: Via
    links: int = 0
    """Different report links, on what was read of it."""
    pages: int = 0
    """List pages that were read of it, those of year columns included."""
    complete: bool = False
    """That was all of it."""
    reason: str = ""
    """Why not, if more than that the survey reads only the first pages."""
    columns: tuple[tuple[int, str], ...] = ()
    """Year columns that it links: year and address."""
    is_report: bool = False
    """It is a report itself."""


class Listed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A report or companion that a section lists."""

    section: str
    url: str
    title: str
    kind: LinkKind = "report"
    date: str = ""


class ReportFound(msgspec.Struct, frozen=True, omit_defaults=True):
    """A report as a crawl with the proposal would read it."""

    url: str
    reading: str
    """present, or what the page was instead."""
    marker: str = ""
    title: str = ""
    organ: str = ""
    year: int | None = None
    published_on: str = ""
    source: str = ""
    characters: int = 0
    tables: int = 0
    attachments: int = 0
    missing: tuple[str, ...] = ()
    """What it should say and does not: organ, year, date, text."""


class Compared(msgspec.Struct, frozen=True, omit_defaults=True):
    """A family that was tried on a section, and what it found there."""

    url: str
    family: str
    score: float
    links: int
    onward: bool
    """It knows how the list goes on, or that it does not."""
    taken: bool = False


class SavedFile(msgspec.Struct, frozen=True):
    """A page as the proposal was read from it, or expected.json."""

    name: str
    body: bytes


class Survey(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one survey found."""

    url: str
    outcome: Outcome
    trouble: str = ""
    """Why it is not `found`, in one line."""
    remedy: str = ""
    portal: Portal | None = None
    """The proposal; its `name` is a placeholder unless the order named a known portal."""
    family: str = ""
    score: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    compared: tuple[Compared, ...] = ()
    sections: tuple[SectionFound, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    """Further columns that may list annual reports and are not in the proposal: address and title."""
    selected: tuple[Evidence, ...] = ()
    """Why the proposal has selectors."""
    listed: tuple[Listed, ...] = ()
    reports: tuple[ReportFound, ...] = ()
    facts: Facts = Facts()
    notes: tuple[Note, ...] = ()
    tried: tuple[Tried, ...] = ()
    saved: tuple[SavedFile, ...] = ()
    requests: int = 0
    seconds: float = 0.0
