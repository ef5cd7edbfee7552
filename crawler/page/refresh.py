"""Where a page sends its reader on: a meta refresh, a script's `location`, or a frame that is all there is.

In: a page's HTML, its tree, its address, and whether it shows next to nothing (a shell). Out: the absolute address, or empty.
Ordinary pages mention `location` in functions (share buttons, mobile twins), so scripts count on shells alone. Pure.
"""

import re

from crawler.page.attachments import absolute
from crawler.page.dom import Dom, hidden

_CONTENT = re.compile(
    r"\s*(\d+(?:\.\d+)?)?\s*[;,]?\s*(?:url\s*=?\s*)?[\"']?\s*([^\"'>\s][^\"'>]*?)?\s*[\"']?\s*$", re.I
)
_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)(?:</script\s*>|$)", re.I | re.S)
_COMMENT = re.compile(r"/\*.*?\*/|(?:^|(?<=[\s;{}]))//[^\n]*", re.S)
_GO = re.compile(
    r"(?:\b(?:window|self|top|parent|document|this)\s*\.\s*)*\blocation(?:\s*\.\s*href)?\s*=\s*([\"'])(?P<to>[^\"']{1,1000})\1\s*(?P<after>.)?"
    r"|\blocation\s*\.\s*(?:replace|assign)\s*\(\s*([\"'])(?P<by>[^\"']{1,1000})\4\s*(?P<then>.)?"
    r"|\bwindow\s*\.\s*(?:navigate|open)\s*\(\s*([\"'])(?P<open>[^\"']{1,1000})\7\s*,\s*[\"']_self[\"']",
    re.I | re.S,
)
_DEVICE = re.compile(
    r"userAgent|\bmobile\b|iphone|android|ipad|screen\.width|matchMedia|top\s*!=|self\s*!=|isMobile", re.I
)
_LONGEST_WAIT = 30
"""Seconds: a refresh after more is a page that reloads itself now and then."""


def refresh_of(html: str, dom: Dom, base: str, shell: bool) -> str:
    """The address that the page leads on to; empty if it does not, or only back to itself."""
    target = _by_meta(dom, base, shell)
    if not target and shell:
        target = _by_script(html, base) or _by_frame(dom, base)
    return "" if target.rstrip("/") == base.partition("#")[0].rstrip("/") else target


def _by_meta(dom: Dom, base: str, shell: bool) -> str:
    for meta in dom.tags.get("meta", []):
        if (meta.get("http-equiv") or "").strip().lower() != "refresh":
            continue
        match = _CONTENT.match(meta.get("content") or "")
        if match is None or not match[2]:
            continue
        wait = float(match[1] or 0)
        # A full page that leads on within moments is only passed through; one that waits is read.
        if wait <= _LONGEST_WAIT and (shell or wait <= 1):
            return absolute(match[2], base)
    return ""


def _by_script(html: str, base: str) -> str:
    for script in _SCRIPT.findall(html):
        code = _COMMENT.sub(" ", script)
        for match in _GO.finditer(code):
            if (match["after"] or match["then"] or ";") == "+":
                continue
            if _DEVICE.search(code[max(0, match.start() - 200) : match.start()]):
                continue
            target = match["to"] or match["by"] or match["open"]
            if target.lower().startswith(("javascript:", "about:")):
                continue
            if url := absolute(target, base):
                return url
    return ""


def _by_frame(dom: Dom, base: str) -> str:
    frames = [frame for frame in (*dom.tags.get("frame", []), *dom.tags.get("iframe", [])) if not hidden(frame)]
    seen = [frame for frame in frames if (frame.get("height") or "") not in ("0", "1", "0px")]
    pages = [url for frame in seen if (url := absolute(frame.get("src") or "", base)) and "about:" not in url]
    if len(pages) == 1 and re.search(r"\.(?:s?html?|jsp|aspx?|php)(?:$|\?)|/$", pages[0], re.I):
        return pages[0]
    return ""
