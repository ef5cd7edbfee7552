"""Whether a browser is needed for a list: what stands in the page itself, or in what its script asked for, is read without one.

In: what the browser showed, what a family reads in it, and what the family reads in the same page as it came. Out: where the
list is (`source`), told as a finding; and for a page that a browser shows no other than it came, what it is known by
(`proof`). Pure.

Two equal readings prove nothing for the next one: a page may hold an old list that its script replaces. But a page whose
scripts asked nobody for data shows what follows from itself and its scripts alone. As long as neither its list nor a script of
it, nor anything else in it but numbers has changed, it shows the same again, and no browser is needed to know that. So what is
concluded without a browser is only ever that nothing has changed; what has is rendered in the same pass. A script may go by
the calendar: after a week the page is rendered again.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator

import msgspec

from crawler.families.base import ListPage
from crawler.known import key_of
from crawler.page.decode import decode
from crawler.rendered.wire import Call, Shown

_VARIES = re.compile(r"[\d\s]+")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_SPACE = re.compile(r"\s+")
_SHARE = 0.8
"""Of the titles that the list shows, how many an answer must hold to be where the list comes from."""
_READ_BY = (
    ("dataproxy", "hanweb"),
    ("/common/search/", "hanweb"),
    ("/xxgk/search", "hanweb"),
    ("/api-gateway/jpaas", "hanweb"),
    ("/gkmlpt/api/", "gkmlpt"),
    ("getlabellist", "lonsun"),
    ("/igs/front", "trs"),
    ("querylist", "querylist"),
)
"""What such an address holds (lower case), and the family that reads it."""


class Source(msgspec.Struct, frozen=True):
    """Where a list is, if no browser is needed for it."""

    call: str = ""
    """What the script asks for: method and address. Empty: it stands in the page itself."""
    family: str = ""
    """The family that reads such an answer, if one does."""

    def __str__(self) -> str:
        if not self.call:
            return "the list stands in the page itself: try render = false (portals check --captures shows what that changes)"
        family = f'; family = "{self.family}" reads such lists without a browser' if self.family else ""
        return f"the list comes from {self.call}{family}"


def source(shown: Shown, page: ListPage, plain: ListPage | None) -> Source | None:
    """Where the list is that the browser showed; None: nobody can say, or only there. `plain`: the page as it came."""
    titles = {title for link in page.links if link.kind == "report" and (title := _squeezed(link.title))}
    if not titles or shown.cut or shown.trouble:
        return None
    if call := next((call for call in shown.calls if _holds(call, titles)), None):
        low = call.url.lower()
        return Source(f"{call.method} {call.url[:300]}", next((name for mark, name in _READ_BY if mark in low), ""))
    if plain is not None and _keys(plain) == _keys(page) and (not shown.clicks or plain.next):
        return Source()
    return None


class Proof(msgspec.Struct, frozen=True):
    """What a page is known by that a browser shows no other than it came."""

    page: str
    scripts: tuple[tuple[str, str], ...]
    """By address, the SHA-256 (hex) of each."""


def proof(shown: Shown, page: ListPage, plain: ListPage, text: str) -> str:
    """The proof as text, of a page that came as `text`; empty: it may show anything."""
    if shown.cut or shown.trouble or shown.clicks or shown.asked or shown.scripts is None or not page.links:
        return ""
    if _said(page) != _said(plain):
        return ""
    return msgspec.json.encode(Proof(fingerprint(plain, text), shown.scripts)).decode()


def proof_of(text: str) -> Proof | None:
    """The proof that a text says, if it says one."""
    try:
        return msgspec.json.decode(text, type=Proof) if text else None
    except msgspec.MsgspecError:
        return None


def fingerprint(plain: ListPage, text: str) -> str:
    """Of a page as it comes, whatever numbers it shows beside its list."""
    told = [_said(plain), [*_scripts(text)], _VARIES.sub("", text)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def _said(page: ListPage) -> list[object]:
    links = sorted([link.url, link.title, link.kind, link.date] for link in page.links)
    return [links, sorted([column.url, column.year] for column in page.columns), [step.url for step in page.next]]


def _scripts(text: str) -> Iterator[str]:
    """Each script as it stands in the page, with its address."""
    low, place = text.lower(), 0
    while (start := low.find("<script", place)) >= 0:
        end = low.find("</script", start)
        place = len(text) if end < 0 else end
        yield text[start:place]


def _keys(page: ListPage) -> set[int]:
    return {key_of(link.url) for link in page.links if link.kind == "report"}


def _holds(call: Call, titles: Iterable[str]) -> bool:
    text = decode(call.body, call.media_type)
    text = _squeezed(_ESCAPED.sub(lambda match: chr(int(match[1], 16)), text))
    found = [title in text for title in titles]
    return sum(found) >= _SHARE * len(found)


def _squeezed(text: str) -> str:
    return _SPACE.sub("", text)
