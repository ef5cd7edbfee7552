"""What an operator should know before a proposal is taken: doubts about the host, the transport, the evidence, the pages."""

import re

from crawler.page.address import bare, host_of
from crawler.page.decode import decode
from crawler.page.model import Severity
from crawler.portal import Portal, Selectors
from crawler.scout import samples
from crawler.scout.asker import Asker
from crawler.scout.explore import Explorer
from crawler.scout.found import Found
from crawler.scout.model import Recognised, Seen
from crawler.scout.own import is_own, registrable
from crawler.scout.survey_model import Listed, Order

_DOMAIN = re.compile(r"<meta\b[^<>]{0,200}\bname\s*=\s*[\"']?SiteDomain\b[^<>]{0,300}>", re.I)
_CONTENT = re.compile(r"content\s*=\s*[\"']?\s*(?:https?://)?([\w.-]{3,120})", re.I)
_LOW = 0.5


def seen_of(sample: samples.Sample) -> Seen:
    """A sample's page."""
    answer = sample.answer
    return Seen(answer.url, answer.status, decode(answer.body, answer.header("Content-Type")))


def note_all(
    order: Order,
    explorer: Explorer,
    asker: Asker,
    what: Found,
    portal: Portal,
    recognised: Recognised,
    listed: tuple[Listed, ...],
) -> None:
    """What an operator should know."""
    section = what.sections[0].url
    host = host_of(section)
    if explorer.spent:
        asker.note("budget", "info", f"{explorer.spent}: what is shown is what was read by then")
    if is_own(order.url):
        asker.note("private", "info", f"{host} is an address of your own network: the file says allow_private = true")
    elif section.startswith("http://"):
        asker.note(
            "http_only", "info", f"{host} is read over plain HTTP: whoever sits on the way could alter what it says"
        )
    if (
        len(what.read) == 1
        and what.sections[0].is_report
        and not listed
        and "{year}" not in section
        and len(what.read[0].page.reports) == 1
    ):
        asker.note(
            "single",
            "warning",
            "the section is a single report's page, right for a column that each year's report overwrites; if a list names the "
            "report, give the address of the list",
        )
    if what.rendered:
        asker.note(
            "render",
            "info",
            "the section shows nothing without its scripts: the file says render = true, each pass opens a browser",
        )
    if portal.family == "generic":
        asker.note("low_evidence", "info", "its CMS is none that is known: lists and reports are read by what they say")
    elif recognised.score < _LOW:
        asker.note(
            "low_evidence",
            "warning",
            f"that it runs on {portal.family} is no more than likely ({recognised.score:.2f})",
        )
    _suspect_clone(asker, what, host)
    strange = {host_of(one.url) for one in listed} - {host_of(one.url) for one in what.sections}
    left = sorted(name for name in strange if bare(name) not in {*portal.allowed_hosts, bare(host)})
    if left:
        asker.note(
            "off_host", "warning", f"the section also lists pages on {', '.join(left[:4])}, which a crawl leaves alone"
        )
    for sample in what.read:
        if not sample.page.reports:
            asker.note(
                "unread", "warning", f"listed, but no report: {sample.url} ({sample.page.marker or sample.page.state})"
            )
    for year, address in _barren_years(explorer, what):
        asker.note(
            "empty_year",
            "warning",
            f"the column of {year} lists no report: {address}; if reports stand in columns of its own, add those as sections",
        )
    if portal.selectors != Selectors() and order.known is None:
        asker.note(
            "selectors",
            "info",
            "the selectors were induced from the pages; look at what they yield before you take them",
        )


def _barren_years(explorer: Explorer, what: Found) -> list[tuple[int, str]]:
    """Year columns that were read and list nothing, hold no report and have no columns in their own folder. The newest year's
    may still be empty."""
    found = []
    for candidate in what.chosen:
        newest = max((one.year for one in candidate.read.pages if one.year), default=0)
        for one in candidate.read.pages:
            if not one.year or one.year == newest or one.inside or one.page.links or one.page.next:
                continue
            inside = any(column.inside for column in one.page.columns)
            if not inside and not explorer.visits.holds_report(one.answer, one.year):
                found.append((one.year, one.answer.url))
    return found


def _suspect_clone(asker: Asker, what: Found, host: str) -> None:
    """A page whose SiteDomain is another authority's: what copies under foreign names do ("domain notes", 0)."""
    if is_own(f"http://{host}/"):
        return
    for seen in (what.best.visit.seen, *(seen_of(one) for one in what.read[:1])):
        meta = _DOMAIN.search(seen.text[:200_000])
        named = _CONTENT.search(meta[0]) if meta else None
        domain = named[1].lower().rstrip(".") if named else ""
        if not domain or "." not in domain or bare(domain) == bare(host):
            continue
        if registrable(domain) and registrable(domain) != registrable(host):
            severity: Severity = "warning" if registrable(host) else "error"
            asker.note(
                "clone",
                severity,
                f"its pages say that they belong to {domain}, not to {host}: it may be a copy. Is {domain} meant?",
            )
            return
    if not host.endswith(".gov.cn"):
        asker.note(
            "clone",
            "warning",
            f"{host} is no name under gov.cn: copies of government pages are common; be sure that it is the portal",
        )
