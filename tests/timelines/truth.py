"""What the world shows at an address, in the words of lifecycle.md's table. Read off the world's own state; nothing of the
program is asked.
"""

import hashlib
from typing import Literal, NamedTuple

from monitor.demo import shapes
from monitor.demo.acts import Portal
from monitor.demo.site import Item
from monitor.demo.text import TABLES, Document, Picture

Read = Literal["present", "gone", "weak", "blocked", "unreachable"]

BLOCKED = frozenset({"401", "403", "405", "418", "429", "412", "521", "202", "login", "captcha", "robots"})
UNREACHABLE = frozenset(
    {"503", "500", "502", "504", "reset", "stall", "truncate", "empty", "refused", "upkeep", "nginx"}
)
SITE_GONE = frozenset({"vanished", "homeward"})
GONE_MEANS: dict[str, Read] = {"other": "weak", "offsite": "blocked"}
"""Every other way of troubles.Gone reads gone."""

_COSMETIC = str.maketrans({'"': "“", "”": "“", "(": "（", ")": "）", ":": "：", ";": "；", ",": "，"})


_PRINTED = dict(zip(TABLES, ("proactive.", "requests.", "review."), strict=True))
"""Codes of the figures that each table prints begin so."""


class Shown(NamedTuple):
    """An address: how it reads, what it shows, and where a redirect led."""

    read: Read
    items: tuple[Item, ...] = ()
    path: str = ""


def trouble(kind: str) -> Read:
    """What an outage makes of every address behind it."""
    if kind in BLOCKED:
        return "blocked"
    return "gone" if kind in SITE_GONE else "unreachable"


def look(site: Portal, path: str) -> Shown:
    """What `path` says now."""
    if site.outage is not None:
        return Shown(trouble(site.outage), (), path)
    if closed(site, path):
        return Shown("blocked", (), path)
    if site.layout.holds_reports:
        return _column(site, path)
    for _ in range(12):
        if path not in site.redirects:
            break
        path = site.redirects[path]
        if closed(site, path):
            return Shown("blocked", (), path)
    found = [item for item in site.items if item.path == path or path in item.other_paths]
    if not found:
        return Shown("gone", (), path)
    item = next((one for one in found if one.live), found[-1])
    if item.outage is not None:
        return Shown(trouble(item.outage), (), path)
    if item.gone == "section" and 1 in site.failing_pages:
        # The redirect leads to a page that refuses to say what it is.
        return Shown(trouble(site.failing_pages[1]), (), path)
    if item.gone is not None:
        return Shown(GONE_MEANS.get(item.gone, "gone"), (), path)
    return Shown("present", (item,), path)


def closed(site: Portal, path: str) -> bool:
    """Whether robots.txt closes `path`."""
    rules = [line.removeprefix("Disallow: ") for line in site.robots.splitlines() if line.startswith("Disallow: ")]
    return any(path.startswith(rule) for rule in rules)


def _column(site: Portal, path: str) -> Shown:
    live = site.live()
    if isinstance(site.layout, shapes.Overwritten):
        live = live[:1]
    elif isinstance(site.layout, shapes.Query):
        live = [item for item in live if item.path == path][:1]
    return Shown("present" if live else "weak", tuple(live), path)


class Listing(NamedTuple):
    """The section as a pass finds it."""

    first_page: bool
    """Its first page is a list, however short."""
    complete: bool
    items: tuple[Item, ...]
    """Reports that the pages which can be read list."""


def listing(site: Portal) -> Listing:
    """What the section lists, page by page to the first that fails."""
    if site.outage is not None:
        return Listing(False, False, ())
    if site.layout.holds_reports:
        return Listing(True, True, ())
    if site.list_broken:
        return Listing(True, True, ())
    listed = [item for item in site.items if item.listed]
    if isinstance(site.layout, shapes.Topic):
        years = {item.paper.year for item in site.live()}
        return Listing(True, True, tuple(item for item in listed if item.paper.year in years))
    if not site.failing_pages:
        return Listing(True, True, tuple(listed))
    first = min(site.failing_pages)
    reached = {row.href for number, row in enumerate(site.rows()) if page_of(site, number) < first}
    if last_page(site) < first:
        return Listing(True, True, tuple(listed))
    return Listing(first > 1, False, tuple(item for item in listed if site.href(item) in reached))


def page_of(site: Portal, row: int) -> int:
    """The page (from 1) of the list that the `row`-th row (from 0) stands on."""
    many = site.layout.per_page * (3 if site.layout.family == "hanweb" else 1)
    return row // many + 1


def last_page(site: Portal) -> int:
    return page_of(site, max(0, len(site.rows()) - 1))


class Words(NamedTuple):
    """What a report says: its page, and its files by name in page order."""

    page: str
    files: tuple[tuple[str, str], ...]


def words(site: Portal, item: Item) -> Words:
    """A token of all that counts of a report; what is cosmetic is folded."""
    paper = item.paper
    head = (paper.title, paper.source, paper.published_on)
    if isinstance(site.layout, shapes.AllYears):
        head = ("", "", "")
    lines = tuple(line.translate(_COSMETIC) for line in paper.paragraphs)
    printed = tuple(_PRINTED[line] for line in paper.paragraphs if line in _PRINTED)
    figures = sorted(one for one in paper.figures.items() if one[0].startswith(printed)) if printed else []
    said = (head, lines, tuple(figures), paper.annex)
    pictures = [_picture(paper.pictures[int(line[2:])]) for line in paper.paragraphs if line[:2] == "\x02图"]
    documents = [_document(document) for document in paper.documents]
    return Words(hashlib.md5(repr(said).encode(), usedforsecurity=False).hexdigest(), (*pictures, *documents))


def _picture(picture: Picture) -> tuple[str, str]:
    return picture.name, repr(picture.bars)


def _document(document: Document) -> tuple[str, str]:
    return document.file, repr(document.lines)


def file_read(item: Item, name: str) -> Read:
    """What the address of a document or picture of a live page says."""
    if name in item.barred_files:
        return trouble(item.barred_files[name])
    return "gone" if name in item.lost_files else "present"
