"""Articles that go on at further addresses: where the rest of a report stands, and its parts as one body.

In: the page of an article's first part, and its further ones. Out: `Further`: the addresses that it goes on at, in order;
`joined`: one `Body`. A further part has the first one's address with a number in it (`t20250120_31_1.html`,
`art_17_31_2.html`, `?page=2`), is linked as a page (2, [2], 第2页, 下一页) or counted by the CMS's script, and has the first one's
title (`continues`). 上一篇 and 下一篇, the pages of a list, of comments and of picture shows are none. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import msgspec

from crawler.families.paging import script_calls
from crawler.families.scan import scripts, without_comments
from crawler.page.address import join, normalise
from crawler.page.body import Body
from crawler.page.chinese import plain
from crawler.page.dom import Element, ancestors
from crawler.page.flow import Flow, Piece
from crawler.page.metadata import Metadata
from crawler.page.reports import title_lines

MOST = 30
"""Parts of one article that are read."""

_LAST_DOT = re.compile(r"(?P<stem>[^/]+?)(?P<ext>\.(?:s?html?|jhtml|aspx?|jsp|php))$", re.I)
_LIST_STEM = re.compile(r"(?i)(?:index|list|default|column|main|common_list|zwgklist|nodes?)(?:[_-]\d+)?")
_PAGE_KEYS = frozenset(
    ("page", "pageno", "pagenum", "pageindex", "currpage", "currentpage", "p", "pn", "curpage", "page_no", "pageid")
)
_ONWARD = r"[下后]一?页|[尾末]页|最后一页|next(?:page)?|last(?:page)?|(?:阅读|查看|余下|剩余|显示)*全文|继续阅读"
_NUMBER = r"第?\d{1,2}页?|[\[(【]\d{1,2}[\])】]"
_BACK = r"首页|第一页|上一?页|前一页|first|prev(?:ious)?(?:page)?"
_ARROWS = r"[<>«»‹›|/\s·,、…:;\-]+|\.{3}"
_LINK = re.compile(rf"[<«‹]*(?:{_ONWARD}|{_NUMBER})[>»›]*|[>»›]{{1,2}}", re.I)
_SAYS_PAGE = re.compile(rf"{_ONWARD}|{_BACK}|共\d+页|\[\d{{1,2}}\]|第\d+页", re.I)
_PAGER = re.compile(
    rf"(?>(?:{_ONWARD}|{_BACK}|{_NUMBER}|共\d+页|\d+/\d+页?|页次|当前(?:页|第)?|跳?转?[到至]第?|go|{_ARROWS}))+", re.I
)
_ALIEN = re.compile(
    r"(?:^|[\s_-])(?:comments?\w*|pinglun\w*|reply\w*|replies|review\w*|liuyan\w*|messages?|aside|side-?bar|related\w*|gallery|slide\w*|"
    r"swiper\w*|carousel\w*|focus\w*|album|tuji)(?:$|[\s_-])",
    re.I,
)
_NEAR = 12
"""Pieces behind the body among which a pager of a query address may stand."""
_COUNT = re.compile(r"\bcountPage\s*=\s*['\"]?(\d{1,3})\b")
COUNTING = re.compile(
    r"\bcreatePage\w*\s*\((?=[^()]*(?<![\w\"'])(?:[2-9]|[1-9]\d))[^()]*\)|\bcountPage\s*=\s*['\"]?(?:[2-9]|[1-9]\d)"
)
"""What may count more than one page: all other pages need not be searched for it."""
_COUNTING_WORD = re.compile("(?:create|count)Page")
"""What it begins with: a plain word is looked for many times faster."""
_LINE_COMMENT = re.compile(r"(?m)(?<![:'\"])//.*$")
_PART_MARK = re.compile(r"[-_—(\[【]*第?\d{1,2}页?[)\]】]*")


class Further(msgspec.Struct, frozen=True):
    """Where an article goes on."""

    parts: tuple[tuple[int, str], ...] = ()
    """(the number in its address, the address, normalised) of each, in page order; without the first part."""
    dead: bool = False
    """Its body links a next page that only a script could ask for."""


def further(html: str, flow: Flow, body: Body, first: str, here: str, base: str) -> Further:
    """The parts that the page at `here` names of the article whose first part stands at `first`."""
    stem = _Stem(first)
    if not stem.usable:
        return Further()
    found: dict[int, str] = {}
    dead = False
    for index, element, text in flow.links:
        shown = plain(text) if len(text) <= 12 else ""
        if not shown or not _LINK.fullmatch(shown):
            continue
        inside = any(start <= index < end for start, end in body.ranges)
        href = element.get("href") or ""
        target = join(base, href)
        number = stem.number(target) if target else None
        if number is None:
            dead |= inside and not target and bool(re.search(r"\d", href + (element.get("onclick") or "")))
            continue
        near = inside or any(end <= index < end + _NEAR for _, end in body.ranges)
        if not _is_alien(element) and (near or not stem.query):
            found.setdefault(number, target)
    for number, target in stem.counted(html):
        found.setdefault(number, target)
    itself = {normalise(first), normalise(here)}
    parts = tuple(item for item in sorted(found.items()) if item[1] not in itself)
    return Further(parts, dead and not parts)


class _Stem:
    """The part of an article's address that its parts share."""

    def __init__(self, first: str) -> None:
        self.parts = urlsplit(normalise(first))
        name = _LAST_DOT.search(self.parts.path)
        self.stem = name["stem"] if name else ""
        self.ext = name["ext"].lower() if name else ""
        self.folder = self.parts.path[: -len(name[0])] if name else self.parts.path
        pairs = parse_qsl(self.parts.query, keep_blank_values=True)
        self.rest = [pair for pair in pairs if pair[0].lower() not in _PAGE_KEYS]
        self.query = False
        """The number last read stood in the query."""
        static = self.ext in (".html", ".htm", ".shtml")
        self.usable = bool(self.stem or self.rest) and not (
            _LIST_STEM.fullmatch(self.stem) and (static or not self.rest)
        )

    def number(self, url: str) -> int | None:
        """The number of the part that stands at `url`; None: it is none of this article's."""
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) != (self.parts.scheme, self.parts.netloc):
            return None
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        if parts.path == self.parts.path:
            numbers = [value for key, value in pairs if key.lower() in _PAGE_KEYS]
            rest = [pair for pair in pairs if pair[0].lower() not in _PAGE_KEYS]
            self.query = True
            return _small(numbers[0]) if len(numbers) == 1 and rest == self.rest else None
        self.query = False
        match = _LAST_DOT.search(parts.path)
        if not self.stem or match is None or pairs != self.rest or match["ext"].lower() != self.ext:
            return None
        if parts.path[: -len(match[0])] != self.folder or not match["stem"].startswith(self.stem):
            return None
        tail = match["stem"][len(self.stem) :]
        return _small(tail[1:]) if tail[:1] in ("_", "-") else None

    def counted(self, html: str) -> Iterator[tuple[int, str]]:
        """Parts that a script counts under this article's name: TRS's `createPageHTML(3, 0, "t…_31", "html")`."""
        if not self.stem or not _COUNTING_WORD.search(html):
            return
        if not any(self.stem in call or "count" in call for call in COUNTING.findall(html)):
            return
        code = without_comments(html)
        for pages, prefix, extension, first in script_calls(code):
            if prefix == self.stem:
                yield from self._numbered(pages, first, extension)
        literal = re.compile(rf"[\"'/]{re.escape(self.stem)}[\"'_.]")
        for script in scripts(code):
            script = _LINE_COMMENT.sub("", script)
            if (count := _COUNT.search(script)) and literal.search(script):
                yield from self._numbered(int(count[1]), 1, self.ext)

    def _numbered(self, pages: int, first: int, extension: str) -> Iterator[tuple[int, str]]:
        for number in range(first, first + min(pages, 99) - 1):
            path = f"{self.folder}{self.stem}_{number}.{extension.lstrip('.')}"
            yield number, normalise(urlunsplit(self.parts._replace(path=path, fragment="")))


def _small(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 100 else None


def _is_alien(element: Element) -> bool:
    """Whether a link stands among comments, in a picture show or beside the article."""
    return any(_ALIEN.search(f"{node.get('class') or ''} {node.get('id') or ''}") for node in ancestors(element))


def continues(first: Metadata, part: Metadata) -> bool:
    """Whether a page is of the same article, by its title; a number may follow it."""
    wanted, title = plain(first.title), plain(part.title)
    return title == wanted or (
        bool(wanted) and title.startswith(wanted) and _PART_MARK.fullmatch(title[len(wanted) :]) is not None
    )


def joined(first: Body, more: Iterable[tuple[Body, Sequence[str]]]) -> Body:
    """One body of an article's parts, without their pagers. `more`: further ones, each with its page's titles, which
    stand at its top again. A table that the page break cuts stays two."""
    pieces: list[Piece] = []
    addressed: list[tuple[int, Element]] = []
    marks: frozenset[str] = frozenset()
    labels: list[tuple[int, str]] = []
    for body, names in ((first, ()), *more):
        kept, places = _own(body.pieces, names)
        addressed += [
            (len(pieces) + (places[place] if place >= 0 else -1), element) for place, element in body.addressed
        ]
        labels += [(len(pieces) + (places[place - 1] + 1 if place else 0), text) for place, text in body.labels]
        pieces += kept
        marks |= body.marks
    return msgspec.structs.replace(
        first, pieces=tuple(pieces), addressed=tuple(addressed), marks=marks, labels=tuple(labels)
    )


def text_of(body: Body) -> str:
    """What a part says, for telling whether two are one."""
    return plain("".join(piece.text for piece in _own(body.pieces, ())[0]))


def _own(pieces: Sequence[Piece], names: Sequence[str]) -> tuple[list[Piece], list[int]]:
    """The pieces of a part that are its own, and for each old index that of the last one kept up to it."""
    kept = [*zip(range(len(pieces)), pieces, strict=True)]
    for name in names:
        start, end = title_lines([piece for _, piece in kept], plain(name)) if name else (0, 0)
        kept = kept[:start] + kept[end:]
    pager = _pager([piece for _, piece in kept])
    kept = [item for place, item in enumerate(kept) if place not in pager]
    places, last, left = [], -1, {index: place for place, (index, _) in enumerate(kept)}
    for index in range(len(pieces)):
        last = left.get(index, last)
        places.append(last)
    return [piece for _, piece in kept], places


def _pager(pieces: Sequence[Piece]) -> set[int]:
    """Indices of the lines of a pager: lines of page words, and bare numbers beside them."""
    plains = [plain(piece.text) if isinstance(piece.block, str) and len(piece.text) <= 80 else "" for piece in pieces]
    alike = [bool(text) and _PAGER.fullmatch(text) is not None for text in plains]
    found: set[int] = set()
    for index, text in enumerate(plains):
        if not alike[index] or not (_SAYS_PAGE.search(text) or pieces[index].linked):
            continue
        found.add(index)
        for step in (-1, 1):
            place = index + step
            while 0 <= place < len(pieces) and alike[place] and place not in found:
                found.add(place)
                place += step
    return found
