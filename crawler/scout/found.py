"""What a search finds: pages that were asked for, and those of them that may be sections. Values; nothing is asked here."""

import msgspec

from crawler.fetching import Answer
from crawler.page import verdict
from crawler.page.address import is_home, twin_of
from crawler.page.model import Page
from crawler.portal import Portal
from crawler.scout import lists, samples
from crawler.scout.model import Evidence, Lead, Recognised, Seen
from crawler.scout.survey_model import SectionFound


class Visit(msgspec.Struct):
    """A page that was asked for, and what it is by itself."""

    lead: Lead
    answer: Answer
    seen: Seen
    page: Page
    recognised: tuple[Recognised, ...]
    shell: bool = False
    """The address is no document's, and sends its readers on to one: a column that each year's report overwrites."""
    filed: bool = False
    """It is a report that says, by its trail, in which other page's column it stands."""

    @property
    def section(self) -> str:
        """The address that it has as a section: where redirects led, but with what never goes out."""
        asked, answered = self.lead.url, self.answer.url
        return asked if self.shell or "#" in asked or twin_of(asked) == twin_of(answered) else answered

    @property
    def readable(self) -> bool:
        """It answered with something that may be a list."""
        if self.answer.failure or self.answer.status != 200:
            return False
        return self.page.state in ("present", "other") or self.page.marker in verdict.WORDLESS

    @property
    def is_report(self) -> bool:
        """A report stands on it."""
        return not self.answer.failure and self.page.state == "present" and bool(self.page.reports)


class Candidate(msgspec.Struct):
    """A page that may be a section."""

    visit: Visit
    read: lists.ListRead
    others: list[tuple[lists.ListRead, float]]
    """What other families read there, and how likely those are."""
    score: float
    """How likely its family is."""
    links: int
    """Reports that it lists or holds."""
    counts: dict[str, int] = {}
    """Report links that each family found before the list was read on."""
    holds_given: bool = False
    """It lists the report that was given."""
    narrow: bool = False
    """It is one year's column, and links no other's."""
    pinned: bool = False
    """It is one year's column, or stands in one, though it links other years': next year's it may never name."""

    @property
    def url(self) -> str:
        """The section's address, as the portal file is to have it."""
        return self.visit.section

    @property
    def annual(self) -> bool:
        """It calls itself the annual reports' column, or the link to it does."""
        lead = self.visit.lead
        return self.read.annual or (lead.to == "annual" and lead.via in ("link", "crumb", "sitemap", "year"))

    @property
    def value(self) -> float:
        """What it is worth, against others."""
        worth = min(self.links, 60) * (1.0 if self.annual else 0.4)
        worth *= 0.15 if is_home(self.url) else 1.0
        return worth * (4.0 if self.holds_given else 1.0) * (0.5 if self.narrow else 1.0)

    @property
    def good(self) -> bool:
        """There is no need to look for a better one."""
        return (
            self.annual
            and not self.narrow
            and not self.pinned
            and not is_home(self.url)
            and (self.links > 1 or self.holds_given)
        )


class Found(msgspec.Struct):
    """What a search that found something came to."""

    portal: Portal
    best: Candidate
    sections: tuple[SectionFound, ...]
    chosen: tuple[Candidate, ...]
    read: tuple[samples.Sample, ...]
    selected: tuple[Evidence, ...]
    rendered: bool
