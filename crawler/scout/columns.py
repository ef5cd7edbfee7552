"""The columns that a document's address stands in, read from the address alone.

Pure. Each family files its pages under their column in a way of its own ("domain notes", 1a–1d): in folders (TRS, Ucap, uuid and
hex systems), by the column's id in the page's name (Hanweb), by the organ's (Lonsun). What stands between the column and the page
is a date or `content`.
"""

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from crawler.families.rows import is_article
from crawler.scout.names import by_address

_GATE = re.compile(r"(?i)^/gate/(?:big5|gb|gb2312)/(?P<host>[^/]{1,200})(?P<path>/.*)?$")
_HANWEB = re.compile(r"(?i)^(?P<site>/.{0,200}?)?/art/(?:\d{4}/\d{1,2}/\d{1,2}/)?art_(?P<column>\d+)_\d+\.html?$")
_HANWEB_INSIDE = re.compile(r"(?i)^(?P<path>.{0,200}/col/col\d+)/art/")
_LONSUN = re.compile(r"(?i)^(?P<site>/.{0,100}?)?/public/(?P<organ>\d+)/\d+\.html$")
_GKMLPT = re.compile(r"(?i)^(?P<site>/.{0,200}?)?/gkmlpt/content/")
_DATED = re.compile(
    r"(?i)^(?:(?:19|20)\d{2}|(?:19|20)\d{4}|(?:19|20)\d{6}|\d{1,2}|(?:19|20)\d\d-\d{1,2}(?:-\d{1,2})?|\d\d-\d\d|content|art|doc|docs|show|info|detail|"
    r"details|article|articles|c)$"
)
_YEAR_STEP = re.compile(
    r"(?i)^(?:[a-z_]{0,16})?20\d\d(?:n|nb|nd|nian|ndbg|ndgb|niandu|nbg|ndnb|nianbao)?(?:_\d{1,8})?$"
)
_OWN_FOLDER = re.compile(r"(?i)^(?:\d{5,}|c\d{4,})$")
_VSB = re.compile(r"(?i)/info/\d+/\d+\.htm$")
_LISTS = (
    (re.compile(r"(?i)/c\d{4,}[a-z]?/(?:\d{6}/)?(?:[0-9a-f]{32}|\d{6,}|c\d+_\d+)\.shtml$"), "zwgklist.shtml"),
    (re.compile(r"(?i)/c\d{4,}[a-z]?/(?:\d{6}/)?(?:[0-9a-f]{32}|\d{6,}|c\d+_\d+)\.shtml$"), "common_list.shtml"),
    (re.compile(r"(?i)/(?:[0-9a-f]{24}|\d{19})\.html$"), "1.html"),
)
"""Documents' addresses of systems whose columns answer at a page of their own, not at the folder (Ucap; Xi'an's)."""


def year_of_step(step: str) -> bool:
    """Whether a folder is called after a year: `2023n`, `xxgknb2020`. The folders of a date (`202301`) are not."""
    return _YEAR_STEP.match(step) is not None


class Above(NamedTuple):
    """A column above an address."""

    url: str
    score: float
    why: str


def unwrapped(url: str) -> str:
    """The address that a Traditional gateway's address (`/gate/big5/HOST/…`) is a view of; any other as it is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    gate = _GATE.match(parts.path)
    if gate is None:
        return url
    return str(urlunsplit((parts.scheme, gate["host"].lower(), gate["path"] or "/", parts.query, parts.fragment)))


def above(url: str) -> tuple[Above, ...]:
    """The columns that a document's address stands in, nearest first; those above a year's column too."""
    try:
        parts = urlsplit(unwrapped(url))
    except ValueError:
        return ()
    path = parts.path

    def at(folder: str) -> str:
        return urlunsplit((parts.scheme, parts.netloc, folder, "", ""))

    if inside := _HANWEB_INSIDE.match(path):
        return (Above(at(f"{inside['path']}/index.html"), 0.75, "its column's folder is in its address"),)
    if art := _HANWEB.match(path):
        return (
            Above(
                at(f"{art['site'] or ''}/col/col{art['column']}/index.html"),
                0.75,
                f"its name holds its column's id {art['column']}",
            ),
        )
    if organ := _LONSUN.match(path):
        return (
            Above(at(f"{organ['site'] or ''}/public/column/{organ['organ']}"), 0.5, "its address holds its organ's id"),
        )
    if directory := _GKMLPT.match(path):
        return (Above(at(f"{directory['site'] or ''}/gkmlpt/index"), 0.6, "it stands in this directory"),)
    if _VSB.search(path):
        return ()  # /info/<id of the column>/ is no address of the column
    return tuple(_folders(at, path, is_article(url)))


def _folders(at: Callable[[str], str], path: str, article: bool) -> list[Above]:
    steps = [step for step in path.split("/") if step]
    if not path.endswith("/") and steps:
        page = steps.pop()
        # /column/5886782/index.html, /c5247234/content.html: the folder is the document.
        if article and steps and re.match(r"(?i)(?:index|content)\.", page) and _OWN_FOLDER.match(steps[-1]):
            steps.pop()
    elif article and steps:
        steps.pop()
    while steps and _DATED.match(steps[-1]):
        steps.pop()
    found: list[Above] = []
    score, below = 0.6, ""
    while steps and len(found) < 3:
        address = at("/" + "/".join(steps) + "/")
        named = by_address(address)
        if named is not None and named.goal == "annual":
            score = 0.8 if not found or _YEAR_STEP.match(below) else 0.6
        why = "it stands in this folder" if not found else "its column's folder stands in it"
        found.append(Above(address, score, why))
        below = steps.pop()
        # Above a year's column stands the one of all years; above that only a column that says what it is.
        score = 0.45 if _YEAR_STEP.match(below) else 0.2
    if found and article:
        found += [
            Above(found[0].url + page, 0.5, f"such systems list it at {page}")
            for pattern, page in _LISTS
            if pattern.search(path)
        ]
    return found
