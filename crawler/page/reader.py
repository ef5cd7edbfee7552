"""A response → what it says: `read_page`. Bytes in, `Page` out; pure, so that a stored capture can be read again.

Order: the status; an empty or cut-off body; the text; the tree and its flow; metadata, body, reports. Only a page on which no
report was found is asked whether it is an error page, a challenge or a redirect: their words and markers occur on good pages.
Guarantee: never raises for odd input; what cannot be read is a `Page` with the finding `unreadable`.
"""

import re

from crawler import families
from crawler.families.base import Markup
from crawler.page import dom as doms
from crawler.page import judge, titles, verdict
from crawler.page.attachments import absolute
from crawler.page.body import Body, find_body
from crawler.page.decode import decode
from crawler.page.flow import Flow, read_flow
from crawler.page.metadata import Metadata, read_metadata
from crawler.page.model import Attachment, Fetched, Hint, Page, PageFinding
from crawler.page.refresh import refresh_of
from crawler.page.reports import (
    Draft,
    companions_in,
    file_report,
    files_of,
    read_reports,
    site_findings,
    text_hash,
)  # fmt: skip
from crawler.portal import Portal

__all__ = ["REVISION", "read_page", "text_hash"]

REVISION = "1"
"""Goes into a portal's `rules`; a change here makes stored captures be read again before they are compared."""

_MAGIC = (
    (b"%PDF", "document"), (b"\xd0\xcf\x11\xe0", "document"), (b"{\\rtf", "document"), (b"Rar!", "document"), (b"7z\xbc\xaf", "document"),
    (b"\x89PNG", "picture"), (b"\xff\xd8\xff", "picture"), (b"GIF8", "picture"), (b"BM", ""), (b"PK\x03\x04", "document"),
)  # fmt: skip


def read_page(fetched: Fetched, portal: Portal, markup: Markup, hint: Hint = Hint()) -> Page:  # noqa: B008 (frozen)
    """What a response says. `markup` holds the family's selectors; the portal's own come before them."""
    if (decided := verdict.by_status(fetched.status) or verdict.by_bytes(fetched.body)) is not None:
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
    body = find_body(tree, flow, own.body, markup.body, meta.heading, base)
    files = files_of(flow, body, base)
    companions = companions_in(flow, base, fetched.url, meta)
    findings += [*meta.findings, *body.findings]
    if not judge.holds_report(meta, flow, body, files, hint):
        page = _without_report(fetched, html, tree, flow, base)
        return Page(page.state, page.marker, (), page.refresh, companions, tuple(findings))
    reports, doubled = read_reports(Draft(fetched.url, base, meta, hint), body, files)
    findings += [*doubled, *site_findings(meta, portal, fetched.url)]
    return Page("present", _because(meta, body), reports, "", companions, tuple(findings))


def _because(meta: Metadata, body: Body) -> str:
    if meta.said.kind == "report":
        return f"title {meta.title}"
    return "marks " + ", ".join(sorted(body.marks)) if body.marks else "the list's title"


def _without_report(fetched: Fetched, html: str, tree: doms.Dom, flow: Flow, base: str) -> Page:
    """A page on which no report stands: a challenge, an error page, a redirect, a notice, or another page."""
    shown = " ".join(piece.text for piece in flow.pieces)
    shell = verdict.is_shell(shown)
    named = [doms.text_of(title) for title in tree.tags.get("title", [])[:1]]
    lines = [*named, *(piece.text for piece in flow.pieces if not piece.is_link and isinstance(piece.block, str))]
    decided = verdict.challenge(html, shown, fetched.status) or verdict.missing(lines, html, shell)
    if decided is None and (target := refresh_of(html, tree, base, shell)):
        return Page("other", "refresh", refresh=target)
    decided = decided or verdict.out_of_order(lines, shell)
    if decided is None and shell and not shown.strip() and not flow.addressed:
        return Page("unreachable", "empty page")
    return Page(decided.state, decided.marker) if decided else Page("other", "no report in it")


def _unreadable(fetched: Fetched, html: str, why: str) -> Page:
    """What is no markup: a bare message, or nothing."""
    lines = html[:4000].splitlines()
    decided = verdict.missing(lines, html, True) or verdict.out_of_order(lines, True)
    if decided is not None:
        return Page(decided.state, decided.marker)
    if not re.sub(r"<[^>]*>", "", html).strip():
        return Page("unreachable", "empty page")
    finding = PageFinding("unreadable", "error", f"页面无法解析：{why}", fetched.url)
    return Page("unreachable", "unreadable", findings=(finding,))


def _flattened(url: str) -> PageFinding:
    return PageFinding("nested_too_deep", "warning", "页面标签嵌套过深，已按展平后的内容读取", url)


def _base(tree: doms.Dom, url: str) -> str:
    """The address that relative ones are resolved against: `<base href>` or the page's own."""
    for element in tree.tags.get("base", []):
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
