"""What the place where an answer came from adds to what it says: redirects to the home page, error pages, logins. Pure."""

import re
from collections.abc import Collection
from urllib.parse import urldefrag, urlsplit

from crawler.observation import Reading
from crawler.page import verdict
from crawler.page.address import is_home, normalise, twin_of
from crawler.page.model import Page

_ERROR_PATH = re.compile(
    r"(?i)/(?:[\w-]*error[\w-]*|err|[\w-]*404[\w-]*|notfound|not_found|nopage|page_?lost)(?:[./?]|$)"
)
_ERROR_CODE = re.compile(r"(?i)/(?:[a-z]*[-_]?)?(40[135]|412|418|429|5\d\d|50x)\.?\w*$")
_LOGIN_PATH = re.compile(
    r"(?i)/(?:sso|cas|uaa|oauth2?|login|signin|passport|logon)(?:[/.?]|$)|/(?:user|member)?login\.\w+$"
)


def where(asked: str, end: str, page: Page, columns: Collection[str]) -> tuple[Reading, str]:
    """Reading and marker of the page that an address led to: the page's own verdict, and what `end`, where redirects
    ended, adds to it. `columns`: the places (`place`) of the portal's sections."""
    wordless = page.marker in verdict.WORDLESS
    if place(end) == place(asked) or (page.state in ("blocked", "unreachable", "gone") and not wordless):
        return page.state, page.marker
    if dead := dead_end(end):
        return dead
    if page.state != "present" and is_home(end.partition("?")[0]):
        return "gone", "redirect to the home page"
    if page.state != "present" and place(end) in columns:
        return "gone", "redirect to the section"
    return page.state, page.marker


def dead_end(url: str) -> tuple[Reading, str] | None:
    """What a redirect's end says by its address alone: the home page and error pages are no report's."""
    if is_home(url):
        return "gone", "redirect to the home page"
    path = urlsplit(url).path
    code = _ERROR_CODE.search(path)
    if code:
        return ("blocked", f"redirect to {path}") if code[1].startswith("4") else ("unreachable", f"redirect to {path}")
    if _ERROR_PATH.search(path):
        return "gone", f"redirect to {path}"
    if _LOGIN_PATH.search(path):
        return "blocked", f"redirect to {path}"
    return None


def place(url: str) -> str:
    """What an address and its views share. Without the fragment: an answer never tells it (gkmlpt's `#5021`)."""
    return twin_of(urldefrag(url).url)


def same(one: str, other: str) -> bool:
    """Whether two addresses are one, for asking."""
    return one == other or normalise(one) == normalise(other)
