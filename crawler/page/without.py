"""What a page is on which no report stands: a challenge, an error page, a way on to another page, a notice, or another page.

In: the response, its text, tree and flow. Out: a `Page` without reports. The words of an error page decide where the page's own
text says them; what scripts write and pictures are called, and where it leads on, count only on a page that shows little more than
its site's template. Pure.
"""

from urllib.parse import urlsplit

from crawler.page import chrome, verdict
from crawler.page import dom as doms
from crawler.page.attachments import absolute
from crawler.page.flow import Flow
from crawler.page.model import Fetched, Page
from crawler.page.refresh import lead_of
from crawler.page.scripts import Opened, opened

_MOST_LINKS = 200
"""Links that are looked at: a shell has fewer."""


def without_report(fetched: Fetched, html: str, tree: doms.Dom, flow: Flow, base: str) -> Page:
    """A page on which no report stands: a challenge, an error page, a redirect, a notice, or another page."""
    if (decided := verdict.by_json(html)) is not None:
        return Page(decided.state, decided.marker)
    shown = " ".join(piece.text for piece in flow.pieces)
    own = [piece for piece in flow.pieces if not piece.is_link and not chrome.is_chrome_line(piece.text)]
    shell = verdict.is_little(shown)
    thin = verdict.is_little(" ".join(piece.text for piece in own))
    title = next((doms.text_of(title) for title in tree.tagged("title")[:1]), "")
    lines = [
        *([title] if title else []),
        *(piece.text for piece in flow.pieces if not piece.is_link and isinstance(piece.block, str)),
    ]
    links = _own_links(flow, fetched.url, base)
    decided = verdict.challenge(html, shown, title, fetched.status, links) or verdict.missing(lines)
    if decided is None and thin:
        own_lines = [piece.text for piece in own]
        did = opened(html)
        decided = (
            verdict.closed(own_lines, html, title)
            or verdict.out_of_order([title, *own_lines])
            or verdict.missing([*did.said, *_named_by_pictures(tree)])
        )
        if decided is None:
            lead = lead_of(html, tree, base, did, shell, thin)
            if lead.target:
                return Page("other", "refresh", refresh=lead.target)
            if lead.lost:
                return Page("unreachable", verdict.LEADS_ON)
            decided = verdict.waiting([piece.text for piece in flow.pieces])
    elif decided is None:
        if target := lead_of(html, tree, base, Opened(), shell, thin).target:
            return Page("other", "refresh", refresh=target)
        decided = verdict.refused([piece.text for piece in own], title)
    if decided is None and shell and not shown.strip() and not flow.addressed:
        return Page("unreachable", verdict.EMPTY_PAGE)
    return Page(decided.state, decided.marker) if decided else Page("other", "no report in it")


def _own_links(flow: Flow, url: str, base: str) -> int:
    """How many other pages of its own host a page links by words."""
    here = urlsplit(url)
    found = {
        (target.path, target.query)
        for _, element, text in flow.links[:_MOST_LINKS]
        if len(text) > 1 and (target := urlsplit(absolute(element.get("href") or "", base))).netloc == here.netloc
    }
    return len(found - {(here.path, here.query)})


def _named_by_pictures(tree: doms.Dom) -> list[str]:
    """What pictures are called: an error page may be nothing but one."""
    return [
        name for picture in tree.tagged("img") for key in ("alt", "title") if (name := (picture.get(key) or "").strip())
    ]
