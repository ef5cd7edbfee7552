"""Where a page sends its reader on: a meta refresh, a `Refresh` header, a script's `location`, or a frame that is all there is.

In: a page's HTML, its tree, its address, and how little it shows. Out: a `Lead`. Ordinary pages mention `location` in functions
(share buttons, mobile twins), so scripts count only where a page shows little, and only what its opening comes to
(`crawler.page.scripts`). Pure.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from crawler.page.attachments import absolute
from crawler.page.dom import Dom, Element, ancestors, hidden
from crawler.page.scripts import Opened

_CONTENT = re.compile(
    r"\s*(\d+(?:\.\d+)?)?\s*[;,]?\s*(?:url\s*=?\s*)?[\"']?\s*([^\"'>\s][^\"'>]*?)?\s*[\"']?\s*$", re.I
)
_LONGEST_WAIT = 30
"""Seconds: a refresh after more is a page that reloads itself now and then."""
_ASIDE = re.compile(
    r"top|head|left|menu|nav|foot|bottom|banner|side|tree|weather|video|map|share|comment|login|search|count|player",
    re.I,
)
_PAGE = re.compile(r"\.(?:s?html?|jsp|aspx?|php)(?:$|\?)|/$|/[\w-]+$", re.I)
_LOW = 300
"""Pixels: a frame that is lower holds no report."""


class Lead(msgspec.Struct, frozen=True):
    """Where a page leads."""

    target: str = ""
    """Absolute address; empty if it leads nowhere, or only back to itself."""
    lost: bool = False
    """It leads on, but where to is known only to who runs its scripts."""


def lead_of(html: str, dom: Dom, base: str, opened: Opened, shell: bool, thin: bool) -> Lead:
    """Where the page leads on to. `shell`: it shows next to nothing; `thin`: nothing but its template."""
    target = _by_meta(dom, base, shell)
    if not target and (shell or thin):
        leads = (*opened.targets, *opened.perhaps) if shell else opened.targets
        target = _by_script(leads, base) or _by_frame(dom, base)
    if not target and shell and opened.lost and not opened.targets:
        return Lead(lost=True)
    return Lead("" if target.rstrip("/") == base.partition("#")[0].rstrip("/") else target)


def by_header(value: str, base: str) -> str:
    """The address of a `Refresh` header; empty if it names none, or the page's own."""
    match = _CONTENT.match(value)
    if not value or match is None or not match[2] or float(match[1] or 0) > _LONGEST_WAIT:
        return ""
    target = absolute(match[2], base)
    return "" if target.rstrip("/") == base.partition("#")[0].rstrip("/") else target


def _by_meta(dom: Dom, base: str, shell: bool) -> str:
    for meta in dom.tagged("meta"):
        if (meta.get("http-equiv") or "").strip().lower() != "refresh":
            continue
        match = _CONTENT.match(meta.get("content") or "")
        if match is None or not match[2] or any(node.tag == "noscript" for node in ancestors(meta)):
            continue
        wait = float(match[1] or 0)
        # A full page that leads on within moments is only passed through; one that waits is read.
        if wait <= _LONGEST_WAIT and (shell or wait <= 1):
            return absolute(match[2], base)
    return ""


def _by_script(leads: Iterable[str], base: str) -> str:
    for target in leads:
        if not target.lower().startswith(("javascript:", "about:")) and (url := absolute(target, base)):
            return url
    return ""


def _by_frame(dom: Dom, base: str) -> str:
    """The one frame that holds the page, of this host: all others are menus, counters, maps."""
    frames = [frame for frame in (*dom.tagged("frame"), *dom.tagged("iframe")) if not _aside(frame)]
    pages = {absolute(frame.get("src") or "", base): frame for frame in frames}
    pages = {url: frame for url, frame in pages.items() if _PAGE.search(urlsplit(url).path or "/")}
    (url,) = pages if len(pages) == 1 else ("",)
    return url if url and urlsplit(url).hostname == urlsplit(base).hostname else ""


def _aside(frame: Element) -> bool:
    if any(hidden(node) for node in ancestors(frame)) or not (frame.get("src") or "").strip():
        return True
    names = " ".join((frame.get(key) or "") for key in ("name", "id", "src"))
    height = re.match(r"\s*(\d+)\s*(?:px)?\s*$", frame.get("height") or "")
    width = re.match(r"\s*(\d+)\s*(?:px)?\s*$", frame.get("width") or "")
    small = any(int(size[1]) < _LOW for size in (height, width) if size)
    return small or "about:" in names or bool(_ASIDE.search(names))
