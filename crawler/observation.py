"""The seam: what a pass over one portal is told, and what it saw. The one definition of the run folder's files.

A run is a folder (docs/architecture.md). The monitor writes `job.json` and `known.jsonl` before the pass; the crawl
process appends to `observations.jsonl`, `capture.warc.gz` and `sections.warc` during it and writes `run.json` last. Each
`.jsonl` line is one of the values below, as JSON, with its `type`.
"""

from typing import Literal

import msgspec

from crawler.page.model import Attachment, Report, Severity
from crawler.portal import Policy, Portal

Mode = Literal["full", "discover", "recheck"]
Outcome = Literal["ok", "cut_short", "failed"]
Role = Literal["primary", "view", "attachment", "former", "section"]
Reading = Literal["present", "same", "gone", "other", "blocked", "unreachable"]
LinkKind = Literal["report", "companion"]

JOB, KNOWN, OBSERVATIONS, CAPTURE, SECTIONS, RUN = (
    "job.json",
    "known.jsonl",
    "observations.jsonl",
    "capture.warc.gz",
    "sections.warc",
    "run.json",
)
LOG = "crawl.log"
"""What the pass wrote to standard output and standard error; no part of what it saw."""

WATCHER_ENDED = "the program that watches over it ended"
SERVICE_STOPS = "the service stops"
STOPPED = "stopped"
ORPHANED = "stopped by the death of the process that started it"
CUT_OFF = "its worker was cut off from the others and ended it"
QUIET = "the portal's quiet hours begin"
BY_SIGNAL = "stopped by SIGTERM", "stopped by SIGINT"
OWN_ENDS = frozenset({WATCHER_ENDED, SERVICE_STOPS, STOPPED, ORPHANED, CUT_OFF, *BY_SIGNAL})
"""Why a pass was cut short that says nothing about its portal (RunSummary.detail): nobody's limit, the program's own end."""


class Limits(msgspec.Struct, frozen=True):
    """Bounds on one pass. Sizes in bytes, times in seconds."""

    page_bytes: int = 20_000_000
    attachment_bytes: int = 50_000_000
    section_pages: int = 400
    """Pages of one section's pagination."""
    links: int = 20_000
    """Links of one section."""
    section_bytes: int = 200_000_000
    """Responses of sections that one pass keeps until it is settled."""
    redirects: int = 8
    timeout: float = 60.0
    """One response."""
    pass_seconds: float = 4 * 3600.0
    quiet_in: float = 0.0
    """Seconds from its start to the portal's quiet hours, in which it is not asked; 0: they do not come."""
    found: int = 0
    """Pages that lists name for the first time, of which one pass reads so many, spread over the lists; 0: all."""


class Job(msgspec.Struct, frozen=True, omit_defaults=True):
    """One pass: who is read, how, and into which folder."""

    portal: Portal
    policy: Policy
    crawl: int
    mode: Mode
    rules: str
    """Rules that pages read now will carry."""
    now: str
    """The present, UTC, YYYY-MM-DDTHH:MM:SSZ: bounds the years that `{year}` expands to."""
    user_agent: str
    limits: Limits = Limits()
    list_rules: str = ""
    """Rules that sections are read by; empty: an old run folder, nobody knows."""
    unrendered: tuple[tuple[str, str], ...] = ()
    """Sections that need no browser as long as their page is the same, and what it is known by (crawler.plain)."""
    contact: str = ""
    """A mail address for the `From` header; empty: none is sent."""
    sample: bool = False
    """Of the known pages those that are due are read; all of them, as soon as anything is not as it was. False: all that
    `mode` asks for."""
    seek: bool = False
    """Where sections show no report any more, it is looked for where they may be now."""


class KnownReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """A report that a known page held when it was last read present."""

    id: int
    text_hash: str
    """Report.text_hash of it on that page."""
    down: bool = False
    """It is taken down: that the page shows it is news."""


class KnownPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """A further part of the article that a known page begins, as last read."""

    url: str
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    gone: bool = False
    """Confirmed gone, or never read though it is linked: the article is read without it."""


class KnownPage(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="known"):
    """A page to read again. Validators are those of the last response that was read present."""

    url: str
    role: Role
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    """SHA-256 (hex) of the body; empty: read and parse whatever comes."""
    rules: str = ""
    reports: tuple[KnownReport, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    """Of the reports on it: fetched too when the page itself is unchanged."""
    missing: bool = False
    """A report on it is `missing`: it is read in every pass, and the sections too."""
    title: str = ""
    """What the list or the report itself called it: the hint for reading it again."""
    year: int | None = None
    """The year of the column that listed it, if any."""
    parts: tuple[KnownPart, ...] = ()
    """Of an article that is split over several pages: the further ones, in order. They are known by this page alone."""
    due: bool = True
    """A pass over a sample reads it."""
    own: bool = True
    """It is the own page of a report that is not taken down: that it reads gone, or leads elsewhere, is news."""
    listed: tuple[tuple[str, str], ...] = ()
    """Section and title of each list that named it last."""
    skeleton: str = ""
    """Of the body that `body_hash` is of (crawler.page.skeleton); empty: it has none."""


class SectionRead(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="section"):
    """A section was read, or could not be."""

    section: str
    """As the portal file has it: its identity."""
    url: str
    """The address that was read: `{year}` filled in, or a year column that the section links."""
    complete: bool
    """Its pagination was followed to the end."""
    first_page: bool
    """Its first page was read."""
    linked: bool = False
    """A year column that the section links, not the section itself."""
    absent: bool = False
    """A year's column that does not exist (404 for a filled-in or linked address): read, and empty."""
    is_report: bool = False
    """The page itself carries a report (overwritten column, one page with all years, query page)."""
    pages: int = 0
    links: int = 0
    """Report links that it listed."""
    status: int = 0
    reading: Reading | Literal[""] = ""
    """Of its first page, where that was not read."""
    reason: str = ""
    """Why it is not complete."""
    rendered: bool = False
    """A browser showed its first page."""
    unrendered: str = ""
    """What that page is known by, if it needed none (crawler.plain)."""
    captures: tuple[str, ...] = ()
    """`OFFSET`s of the responses that its list was read from, in sections.warc, in order."""


class LinkListed(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="link"):
    """A section lists a report or a companion of one (图解, 解读)."""

    section: str
    column: str
    """SectionRead.url of the page that lists it."""
    url: str
    title: str
    kind: LinkKind
    date: str = ""
    year: int | None = None
    """The column's year, if it has one."""


class ReportSeen(msgspec.Struct, frozen=True, omit_defaults=True):
    """A report on a page. `report` is left out where its text is one that known.jsonl gave for that page."""

    text_hash: str
    report: Report | None = None
    attachments: tuple[Attachment, ...] = ()


class PartRead(msgspec.Struct, frozen=True, omit_defaults=True):
    """A further part of an article. `gone`: nothing there, or another page; told with the page that the article begins at."""

    url: str
    reading: Reading
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    capture: str = ""
    marker: str = ""


class PageRead(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="page"):
    """A page was asked for. `same`: 304, or the bytes or the skeleton that known.jsonl gave: nothing was parsed. An article of
    several pages is told as its first one: `same` if all are, `present` if all were read, else as the part that could not be."""

    url: str
    """As asked for: a known page's address, or a listed link's."""
    reading: Reading
    final_url: str = ""
    """Where redirects, refreshes and scripts led, if elsewhere."""
    status: int = 0
    marker: str = ""
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    """Of the body that was parsed: with `same` that of the one before, whatever differs in this one."""
    skeleton: str = ""
    """Of the same body."""
    capture: str = ""
    """`OFFSET` of its record in capture.warc.gz, if it was captured."""
    reports: tuple[ReportSeen, ...] = ()
    companions: tuple[Attachment, ...] = ()
    parts: tuple[PartRead, ...] = ()


class AttachmentRead(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="attachment"):
    """An attachment or picture was asked for. Told once a pass, whatever the number of pages that show it."""

    url: str
    reading: Reading
    kind: Literal["document", "picture"] = "document"
    final_url: str = ""
    status: int = 0
    marker: str = ""
    etag: str = ""
    last_modified: str = ""
    sha256: str = ""
    media_type: str = ""
    size: int = 0
    text: str = ""
    """Visible text, in the form of crawler.page.text; empty where it has none or could not be read."""
    pixels: str = ""
    """SHA-256 of the decoded pixels of a picture."""
    capture: str = ""


class FindingSeen(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="finding"):
    """Something that could not be read, or was refused."""

    rule: str
    severity: Severity
    detail: str
    url: str = ""


class SectionLead(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="lead"):
    """Where a section that shows no report any more may be now. A proposal for an operator."""

    section: str
    """As the portal file has it."""
    url: str
    family: str
    """What reads it."""
    links: int
    """Report links on what was read of it."""
    title: str = ""
    how: str = ""
    """How it was found, English."""


Observation = SectionRead | LinkListed | PageRead | AttachmentRead | FindingSeen | SectionLead


class RunSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """run.json: written last; without it the run never finished. Times are true UTC, whatever `now` was."""

    portal: str
    crawl: int
    mode: Mode
    outcome: Outcome
    started_at: str
    finished_at: str
    requests: int = 0
    responses: int = 0
    bytes: int = 0
    errors: int = 0
    clock_offset: float | None = None
    """Median of the portal's `Date` headers less this machine's true clock, in seconds; None: none was seen."""
    detail: str = ""
    files: dict[str, str] = {}
    """SHA-256 of the folder's other files, by name: a pass whose files are no longer those says nothing."""
    widened: str = ""
    """Why a pass over a sample read everything; empty: it did not, or was none."""
    retry_after: float = 0.0
    """Seconds from its end for which a host of the portal asked to be left alone (`Retry-After`)."""
    pause: float = 0.0
    """Seconds between two requests that the robots.txt of a host asks for, where that is longer than the policy's delay."""
