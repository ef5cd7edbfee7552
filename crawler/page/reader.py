"""A response → what it says: `read_page`. Bytes in, `Page` out; pure, so that a stored capture can be read again.

Order: the status; an empty or cut-off body; the text; the tree and its flow; metadata, body, reports. Only a page on which no
report was found is asked whether it is an error page, a challenge or a redirect: their words and markers occur on good pages.
An article that goes on at further addresses is read whole if its further parts are given (`crawler.page.parts`).
Guarantee: never raises for odd input; what cannot be read is a `Page` with the finding `unreadable`.
"""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from crawler import families
from crawler.families.base import Markup
from crawler.page import dom as doms
from crawler.page import judge, parts, titles, verdict
from crawler.page.attachments import absolute
from crawler.page.body import Body, box_of, find_body
from crawler.page.decode import decode
from crawler.page.flow import Flow, read_flow
from crawler.page.metadata import Metadata, read_metadata
from crawler.page.model import Attachment, Fetched, Hint, Page, PageFinding, PagePart
from crawler.page.reports import (
    Draft,
    companions_in,
    file_report,
    files_of,
    read_reports,
    site_findings,
    text_hash,
)  # fmt: skip
from crawler.page.revision import REVISION
from crawler.page.without import without_report
from crawler.portal import Portal

__all__ = ["REVISION", "read_page", "text_hash"]

_ANOTHER = "another title"
_REFUSAL_BYTES = 400_000
"""Of a page that refuses, those that are looked at for who it is."""
_MAGIC = (
    (b"%PDF", "document"), (b"\xd0\xcf\x11\xe0", "document"), (b"{\\rtf", "document"), (b"Rar!", "document"), (b"7z\xbc\xaf", "document"),
    (b"\x89PNG", "picture"), (b"\xff\xd8\xff", "picture"), (b"GIF8", "picture"), (b"BM", ""), (b"PK\x03\x04", "document"),
    (b"MIME-Version:", "document"),
)  # fmt: skip


class _Opened(NamedTuple):
    """A page as far as it is read before anyone asks what stands on it."""

    fetched: Fetched
    html: str
    tree: doms.Dom
    flow: Flow
    base: str
    meta: Metadata
    body: Body
    files: tuple[Attachment, ...]
    findings: tuple[PageFinding, ...]


def read_page(
    fetched: Fetched,
    portal: Portal,
    markup: Markup,
    hint: Hint = Hint(),  # noqa: B008 (frozen)
    further: Mapping[str, Fetched] = MappingProxyType({}),
) -> Page:
    """What a response says. `markup` holds the family's selectors; the portal's own come before them. `further`: by address
    as `Page.parts` names it, what the further parts of the article answered; a part that is not given is left out."""
    opened = _open(fetched, portal, markup, hint)
    if isinstance(opened, Page):
        return opened
    companions = companions_in(opened.flow, opened.base, fetched.url, opened.meta)
    if not judge.holds_report(opened.meta, opened.flow, opened.body, opened.files, hint):
        page = without_report(fetched, opened.html, opened.tree, opened.flow, opened.base)
        return Page(page.state, page.marker, (), page.refresh, companions, opened.findings)
    article = _article(opened, portal, markup, further)
    reports, doubled = read_reports(Draft(fetched.url, opened.base, opened.meta, hint), article.body, article.files)
    findings = (*opened.findings, *article.findings, *doubled, *site_findings(opened.meta, portal, fetched.url))
    return Page("present", _because(opened.meta, opened.body), reports, "", companions, findings, article.parts)


def _open(fetched: Fetched, portal: Portal, markup: Markup, hint: Hint, box: str = "") -> Page | _Opened:
    """A page, taken apart; a `Page` where status, bytes or text settle what it is. `box`: a selector of the body's box."""
    if (decided := verdict.by_status(fetched.status)) is not None and decided.state != "gone":
        said = decode(fetched.body[:_REFUSAL_BYTES], fetched.content_type)
        decided = verdict.by_refusal(decided, said, fetched.status)
    if (decided := decided or verdict.by_bytes(fetched.body)) is not None:
        return Page(decided.state, decided.marker)
    if (kind := _file_kind(fetched.body)) is not None:
        return _read_file(fetched, hint, kind)
    html = families.get(portal.family).unwrap(decode(fetched.body, fetched.content_type))
    if (decided := verdict.cut_off(html)) is not None:
        return Page(decided.state, decided.marker)
    try:
        tree = doms.parse(html)
    except ValueError as error:
        return _unreadable(fetched, html, str(error))
    findings = [_flattened(fetched.url)] if tree.flattened else []
    base = _base(tree, fetched.url)
    flow = read_flow(tree)
    own = portal.selectors
    family = {"title": markup.title, "date": markup.date, "source": markup.source}
    meta = read_metadata(tree, flow, {"title": own.title, "date": own.date, "source": own.source}, family)
    body = find_body(tree, flow, own.body or box, markup.body, meta.heading, base)
    findings += [*meta.findings, *body.findings]
    return _Opened(fetched, html, tree, flow, base, meta, body, files_of(flow, body, base), tuple(findings))


class _Article(NamedTuple):
    body: Body
    files: tuple[Attachment, ...]
    parts: tuple[PagePart, ...]
    findings: tuple[PageFinding, ...]


def _article(first: _Opened, portal: Portal, markup: Markup, given: Mapping[str, Fetched]) -> _Article:
    """The article that `first` begins, as far as its further parts are given."""
    url = first.fetched.url
    linked = parts.further(first.html, first.flow, first.body, url, url, first.base)
    if not linked.parts:
        dead = PageFinding("part_unread", "warning", "正文分页，后续页只能由脚本打开，未读取", url)
        return _Article(first.body, first.files, (), (dead,) if linked.dead else ())
    named = dict(linked.parts)
    read: dict[int, PagePart] = {}
    pages: dict[int, _Opened] = {}
    said = {_says(first)}
    box = box_of(first.tree, first.flow, first.body)
    while (waiting := sorted(named.keys() - read.keys())) and len(read) < parts.MOST:
        number = waiting[0]
        target = named[number]
        answer = given.get(target)
        if answer is None:
            read[number] = PagePart(target)
            continue
        opened = _open(answer, portal, markup, Hint(), box)
        read[number] = _part(first, target, opened, said)
        if isinstance(opened, _Opened) and read[number].state == "present":
            pages[number] = opened
            said.add(_says(opened))
            again = parts.further(opened.html, opened.flow, opened.body, url, answer.url, opened.base)
            named = {**dict(again.parts), **named}
    findings = [finding for page in pages.values() for finding in page.findings]
    findings += [
        PageFinding("part_unread", "warning", "页面链接的后续页标题不同，未并入正文", part.url)
        for part in read.values()
        if part.marker == _ANOTHER
    ]
    if len(named) > len(read):
        findings.append(PageFinding("part_unread", "warning", f"正文超过{parts.MOST + 1}页，其余未读取", url))
    order = [pages[number] for number in sorted(pages)]
    body = parts.joined(first.body, ((page.body, (page.meta.title, first.meta.title)) for page in order))
    files = {item.url: item for page in (first, *order) for item in page.files}
    return _Article(body, (*files.values(),), tuple(read[number] for number in sorted(read)), tuple(findings))


def _part(first: _Opened, url: str, opened: Page | _Opened, said: Collection[object]) -> PagePart:
    """What the answer at a further part's address is."""
    if isinstance(opened, Page):
        return PagePart(url, "other" if opened.state == "present" else opened.state, opened.marker)
    continues = parts.continues(first.meta, opened.meta)
    if not continues or first.meta.said.kind != "report":
        page = without_report(opened.fetched, opened.html, opened.tree, opened.flow, opened.base)
        if page.state in ("gone", "blocked", "unreachable"):
            return PagePart(url, page.state, page.marker)
        if not continues:
            return PagePart(url, "other", _ANOTHER)
    if judge.looks_like_list(opened.flow, opened.body):
        return PagePart(url, "other", "a list")
    shown = _says(opened)
    return PagePart(url, "present") if any(shown) and shown not in said else PagePart(url, "other", "nothing new in it")


def _says(opened: _Opened) -> tuple[str, frozenset[str]]:
    """What a part shows; two with the same are one."""
    return parts.text_of(opened.body), frozenset(item.url for item in opened.files)


def _because(meta: Metadata, body: Body) -> str:
    if meta.said.kind == "report":
        return f"title {meta.title}"
    return "marks " + ", ".join(sorted(body.marks)) if body.marks else "the list's title"


def _unreadable(fetched: Fetched, html: str, why: str) -> Page:
    """What is no markup: a bare message, or nothing."""
    lines = html[:4000].splitlines()
    decided = verdict.by_json(html) or verdict.missing(lines) or verdict.out_of_order(lines)
    if decided is not None:
        return Page(decided.state, decided.marker)
    if not re.sub(r"<[^<>]*>", "", html).strip():
        return Page("unreachable", "empty page")
    finding = PageFinding("unreadable", "error", f"页面无法解析：{why}", fetched.url)
    return Page("unreachable", "unreadable", findings=(finding,))


def _flattened(url: str) -> PageFinding:
    return PageFinding("nested_too_deep", "warning", "页面标签嵌套过深，已按展平后的内容读取", url)


def _base(tree: doms.Dom, url: str) -> str:
    """The address that relative ones are resolved against: `<base href>` or the page's own."""
    for element in tree.tagged("base"):
        if (href := (element.get("href") or "").strip()) and (found := absolute(href, url)):
            return found
    return url


def _file_kind(body: bytes) -> str | None:
    """`document` or `picture` for a body that is a file rather than a page."""
    return next((kind for magic, kind in _MAGIC if kind and body.startswith(magic)), None)


def _read_file(fetched: Fetched, hint: Hint, kind: str) -> Page:
    """A list that links a report's file itself: the file is the report's only attachment."""
    said = titles.classify(hint.title)
    if said.kind == "report":
        return Page("present", "a file", (file_report(fetched.url, hint, kind),))
    if said.kind == "companion":
        return Page("other", "a companion's file", companions=(Attachment(fetched.url, hint.title, "document"),))
    return Page("other", "a file")
