"""A page's body → its `Report`s: one, or one a year; and what does not add up about them.

In: metadata, flow and body of a page on which a report stands. Out: frozen reports and the page's findings. Pure.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import msgspec

from crawler.page import chrome, several, statements, titles, years
from crawler.page.attachments import absolute, attachments_of
from crawler.page.body import Body
from crawler.page.chinese import plain, strip_invisible
from crawler.page.dates import Period
from crawler.page.dom import Element, ancestors, text_of
from crawler.page.evidence import Folder
from crawler.page.flow import Flow, Piece
from crawler.page.metadata import Metadata
from crawler.page.model import Attachment, Hint, PageFinding, Report, YearFrom
from crawler.page.sections import Section
from crawler.page.text import Table, render
from crawler.portal import Portal

_FILE_BOX = re.compile(
    r"(?:^|[\s_-])(?:fujian|fj|attach\w*|appendix|annex|accessor\w*|file-?list|filebox|download\w*|enclosure)(?:$|[\s_-])",
    re.I,
)
_FILE_WORD = re.compile(r"^\s*(?:相关)?(?:附\s*件|附\s*表|相关文档|文件下载|附件下载|下载)")
_MOST_HEADING_PIECES = 6


class Draft(msgspec.Struct, frozen=True):
    """What all reports of a page share."""

    url: str
    base: str
    meta: Metadata
    hint: Hint


def text_hash(title: str, organ: str, source: str, published_on: str, text: str) -> str:
    """SHA-256 (hex) of the visible text: white space, zero-width and control characters removed, nothing folded."""
    parts = (title, organ, source, published_on, text)
    return hashlib.sha256("\x1f".join(map(strip_invisible, parts)).encode("utf-8", "replace")).hexdigest()


def file_report(url: str, hint: Hint, kind: str) -> Report:
    """The report of which a file that a list links is all there is; its words are the list's."""
    said = titles.classify(hint.title)
    name = unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    item = Attachment(url, name, "picture" if kind == "picture" else "document")
    year, year_from = (said.year, "title") if said.year else _guessed(hint, "")
    return _report(hint.title, said.organ, year, year_from, "", "", "", (item,), ())


def files_of(flow: Flow, body: Body, base: str) -> tuple[Attachment, ...]:
    """Documents and pictures in the body, then the documents that stand in an attachments' box outside it."""
    inside = {id(element) for _, element in body.addressed}
    found = attachments_of((element for _, element in body.addressed), base)
    more = [
        item
        for _, _, element in flow.addressed
        if id(element) not in inside
        for item in attachments_of((element,), base)
        if item.kind == "document" and (element.tag in ("iframe", "embed", "object") or _in_file_box(element))
    ]
    known = {item.url for item in found}
    return (*found, *{item.url: item for item in more if item.url not in known}.values())


def companions_in(flow: Flow, base: str, url: str, meta: Metadata) -> tuple[Attachment, ...]:
    """Links to companions (图解, 解读) of a report, and the page itself if it is one."""
    found: dict[str, Attachment] = {}
    if meta.said.kind == "companion":
        found[url] = Attachment(url, meta.title, "document")
    for _, element, text in flow.links:
        if len(text) > 150 or "信息公" not in plain(text[:80]):
            continue
        target = absolute(element.get("href") or "", base) if element.get("href") else ""
        if target and target not in found and titles.classify(text).kind == "companion":
            found[target] = Attachment(target, text, "document")
    return tuple(found.values())


def read_reports(
    draft: Draft, body: Body, files: tuple[Attachment, ...]
) -> tuple[tuple[Report, ...], tuple[PageFinding, ...]]:
    """The body's reports in page order, and findings about the page."""
    pieces = list(body.pieces)
    shown = range(*title_lines(pieces, plain(draft.meta.title))) if draft.meta.title else range(0)
    sections = years.sections_of(pieces, dict(body.labels), shown)
    if len(sections) == 1:
        return (_single(draft, pieces, sections[0], files),), ()
    kept, findings = several.without_copies(sections, pieces, draft.url)
    shared = several.share_out(sections, body, files, draft.base)
    if len({section.year for section in sections}) > 1:
        # It is the page's date: another one with each report that comes to stand on it, and no date of the older ones.
        draft = msgspec.structs.replace(draft, meta=msgspec.structs.replace(draft.meta, published_on=""))
    reports = [
        _of_section(draft, pieces, section, own)
        for section, own in zip(sections, shared, strict=True)
        if any(section is one for one in kept)
    ]
    return tuple(reports), findings


def site_findings(meta: Metadata, portal: Portal, url: str) -> tuple[PageFinding, ...]:
    """A page that says it belongs to another site: what copies on strange hosts do ("domain notes", 0)."""
    found = []
    host = (urlsplit(url).hostname or "").lower()
    named = meta.site_domain.strip().lower()
    domain = urlsplit(named if "//" in named else f"//{named}").hostname if named else None
    if domain and "." in domain and _registered(domain) != _registered(host):
        found.append(f"页面的 SiteDomain 是 {domain}，实际网址的主机是 {host}")
    if portal.site_id and meta.site_id and meta.site_id.strip() != portal.site_id:
        found.append(f"页面的 SiteIDCode 是 {meta.site_id}，门户登记的是 {portal.site_id}")
    return tuple(PageFinding("site_mismatch", "warning", detail, url) for detail in found)


def _single(draft: Draft, pieces: Sequence[Piece], section: Section, files: tuple[Attachment, ...]) -> Report:
    meta, hint = draft.meta, draft.hint
    linked = titles.classify(hint.title) if hint.title else titles.Title("other")
    title, said = meta.title, meta.said
    named = said.organ if said.kind == "report" else title if meta.named and titles.is_organ_name(title) else ""
    if said.kind == "report" and section.title and not (said.year or said.organ):
        # The page's title is the column's; the heading in the body is the report's.
        title, said = section.title, titles.classify(section.title)
        named = said.organ
    elif said.kind != "report" and not named:
        title, said = (
            (section.title, titles.classify(section.title)) if section.title
            else (" ".join(hint.title.split()), linked) if linked.kind == "report"
            else (title, said)
        )  # fmt: skip
    year: int | None
    year_from: YearFrom | None
    if said.year and said.kind == "report":
        year, year_from = said.year, "title"
    elif section.year:
        year, year_from = section.year, section.year_from
    elif linked.year and linked.kind == "report":
        year, year_from = linked.year, "link"
    else:
        year, year_from = _guessed(hint, meta.published_on)
    organ = _organ(named or said.organ, meta, section.organ)
    pieces = _without_title(_without_title(pieces, meta.title), title)
    text = render(_blocks(pieces))
    period = statements.period_of(_folded(pieces))
    findings = _period_findings(period, year if year_from == "title" else None, draft.url)
    return _report(title, organ, year, year_from, meta.source, meta.published_on, text, files, findings)


def _of_section(draft: Draft, pieces: Sequence[Piece], section: Section, files: tuple[Attachment, ...]) -> Report:
    own = pieces[section.start : section.end]
    period = statements.period_of(_folded(own))
    findings = _period_findings(period, section.year if section.year_from == "heading" else None, draft.url)
    title = several.title_of(section, draft.meta.title)
    organ = _organ(section.organ or draft.meta.said.organ, draft.meta, "")
    return _report(
        title, organ, section.year, section.year_from, draft.meta.source, draft.meta.published_on,
        render(_blocks(years.without_heading(own))),
        files, findings,
    )  # fmt: skip


def _report(
    title: str, organ: str, year: int | None, year_from: YearFrom | None, source: str, published_on: str, text: str,
    files: tuple[Attachment, ...], findings: tuple[PageFinding, ...],
) -> Report:  # fmt: skip
    printed = text_hash(title, organ, source, published_on, text)
    return Report(title, organ, year, year_from, source, published_on, text, files, printed, findings)


def _organ(titled: str, meta: Metadata, written: str) -> str:
    """The organ as the title names it, else source, else the page's particulars, else its text; 本局办公室 is nobody's name."""
    if titled and not titles.is_relative(titled):
        return titled
    for name in (meta.source, meta.publisher, written):
        if titles.is_organ_name(name):
            return name
    return ""


def _guessed(hint: Hint, published_on: str) -> tuple[int | None, YearFrom | None]:
    if hint.year:
        return hint.year, "column"
    if published_on:
        # A report is published in the year after the one that it is about (条例, article 50).
        return int(published_on[:4]) - 1, "published"
    return None, None


def _blocks(pieces: Iterable[Piece]) -> list[str | Table]:
    return [piece.block for piece in pieces]


def _folded(pieces: Sequence[Piece]) -> list[str]:
    fold = Folder("".join(piece.text for piece in pieces)[:20000])
    return [fold(piece.text) for piece in pieces if isinstance(piece.block, str)]


def _without_title(pieces: Sequence[Piece], title: str) -> list[Piece]:
    """The pieces without the lines at their top that repeat the title, whole or broken into several."""
    pieces = list(pieces)
    wanted = plain(title)
    first, last = title_lines(pieces, wanted) if wanted else (0, 0)
    return pieces[:first] + pieces[last:]


def title_lines(pieces: Sequence[Piece], wanted: str) -> tuple[int, int]:
    """The slice of the lines at the top that are `wanted` (plain), whole or broken into several; (0, 0): there are none."""
    for first in range(min(4, len(pieces))):
        joined = ""
        for last in range(first, min(first + _MOST_HEADING_PIECES, len(pieces))):
            if not isinstance(pieces[last].block, str):
                break
            joined += pieces[last].plain
            if joined == wanted:
                return first, last + 1
            if not wanted.startswith(joined):
                break
    return 0, 0


def _period_findings(period: Period | None, titled: int | None, url: str) -> tuple[PageFinding, ...]:
    if period is None:
        return ()
    if not period.possible:
        detail = f"统计期限不可能：{period.start} 至 {period.end}，终止日期早于起始日期"
        return (PageFinding("impossible_period", "warning", detail, url),)
    if titled and int(period.start[:4]) != titled and int(period.end[:4]) != titled:
        detail = f"标题写的是{titled}年，统计期限是 {period.start} 至 {period.end}"
        return (PageFinding("year_mismatch", "warning", detail, url),)
    return ()


def _in_file_box(element: Element) -> bool:
    """Whether a link stands where attachments are listed, and not among related links."""
    if any(element.get(key) is not None for key in ("appendix", "needdownload")):
        return True
    for depth, node in enumerate(ancestors(element)):
        if chrome.says_chrome(node):
            return False
        if depth > 4:
            break
        if node is not element and _FILE_BOX.search(f"{node.get('class') or ''} {node.get('id') or ''}"):
            return True
        if depth <= 2 and node.tag in ("p", "div", "li", "td", "a") and _FILE_WORD.match(text_of(node)[:20]):
            return True
    return False


def _registered(host: str) -> str:
    """The part of a host's name that somebody registered: example.gov.cn, example.cn; an address as it is."""
    try:
        return str(ip_address(host))
    except ValueError:
        labels = host.split(".")
        two = len(labels) > 2 and labels[-1] == "cn" and labels[-2] in ("gov", "com", "org", "net", "edu", "ac")
        return ".".join(labels[-3:] if two else labels[-2:])
