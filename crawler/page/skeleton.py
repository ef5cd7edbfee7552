"""What of a page its reader looks at, as one short hash: of two pages with one skeleton the second need not be read.

In: a page's bytes. Out: its skeleton, a hash of its markup without comments, without what stands in scripts, without addresses of scripts
and style sheets, values of form controls and tokens in meta tags, and without the digits of view counters. Law: where the skeletons
of two bodies are the same, `read_page` gives the same `Page` for both, at the same address and by the same rules. "" is no skeleton:
such a page is read whenever its bytes are others. Pure.

Why the law holds:

- Where those places are is not guessed. The markup is taken apart from its first to its last byte by the rules by which libxml2 does
  it since 2.14 (HTML Living Standard, 13.2.5). Only as much of them is known here as well-made pages need; markup that is made
  otherwise, or might read otherwise once `dom.parse` has taken the invisible out of it, has no skeleton.
- A comment is nobody's text, nor is a script. Readers of the tree ask scripts, style sheets and form controls for nothing but class
  and id, and meta tags for a few names, none of which is a token's. Whoever asks the source instead of the tree is asked here as well
  (`unwrap`, `cut_off`), or there is no skeleton where it might answer (scripts that count an article's parts), or it is never
  asked about a page that holds a report (`crawler.page.without`).
- A counter keeps its length. Its digits are left out only behind the labels with which `crawler.page.chrome` drops a line, and only on a
  page where no such label with a number reached what was read: 全年网站浏览量：12345 in a report is content. What might be a
  year, a date or an error's number is no counter's.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lxml import etree

from crawler import families
from crawler.families.base import Family
from crawler.page import parts, verdict
from crawler.page.decode import decode
from crawler.page.model import Page
from crawler.portal import Portal

_EDITION = "1"
"""Another one whenever anything here changes: skeletons of two editions are never the same."""
_KNOWN_PARSER = etree.LIBXML_VERSION >= (2, 14)
"""Older ones have rules of their own for comments and scripts."""

_PARTS = {
    b"%W": rb"\t\n\f\r ",
    # Unseen: what `dom.parse` may take out. It must not stand where its going would make a tag, or the end of one.
    b"%X": rb"(?:[\xc2\xe2\xef]|&(?:shy|zwn?j|[lr]rm|#))",
    # The tags that `dom.parse` takes out wherever they stand, up to the next `>`. As tags they are like others: no value of an attribute
    # that is known here holds a `<`, so that whichever `>` ends them, text follows.
    b"%H": rb"</?(?i:html|body)\b",
    # Elements with something else inside than markup, and those of which something is left out.
    b"%S": rb"(?i:(?:script|style|textarea|title|iframe|noframes|noembed|xmp|plaintext|input|meta|link)(?=[%W/>]))",
    b"%T": rb"[a-zA-Z][!#-%(-.0-;?-~]{0,90}+(?=[%W/>])%L>",
    b"%L": rb"(?:[%W/]++|%N(?:%V)?+)*+",
    b"%N": rb"[!-%'-.0-;?-~]{1,90}+",
    b"%V": rb"[%W]*+=[%W]*+(?:\"[^\"<]*+\"|'[^'<]*+'|[!#-%(-;=?-~\xc3-\xe1\xe3-\xee][^%W<>]*+(?=[%W>])|(?=>))",
    b"%E": rb"[%W/a-zA-Z0-9_:.@-]*+",
    # What may stand between a counter's label and its number.
    b"%G": rb"(?:[%W]|\xe3\x80\x80|\xc2\xa0|&nbsp;|</%I>|<%I(?:[%W]+(?:id|class|color|size)=%Q)*+[%W]*+>)",
    b"%Q": rb"(?:\"[^\"<>]*+\"|'[^'<>]*+'|[\w-]++)",
    b"%I": rb"(?i:span|em|i|b|u|font|strong|label)",
}  # fmt: skip


def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    while found := next((mark for mark in _PARTS if mark in pattern), None):
        pattern = pattern.replace(found, _PARTS[found])
    return re.compile(pattern)


_TOKENS = _compiled(
    rb"((?:[^<]++|"
    # Tags as nearly all are written; then all others.
    rb"</[a-zA-Z][a-zA-Z0-9:]*+[%W]*+>|"
    rb"<(?!(?i:s[ct]|t[ei][tx]|i[fn]|no[fe]|xmp|pla|met|lin))[a-zA-Z][a-zA-Z0-9:]*+"
    rb"(?:[%W]%E(?:(?<![%W/\"'])=(?:\"[^\"<]*+\"|'[^'<]*+')%E)*+)?+>|"
    rb"<(?!%S)%T|</%T|<!(?=[a-zA-Z\[])[^<>]*+>|<\?[^<>]*+>|<(?=[0-9%W.,])"
    rb")*+)(?:(?P<comment><!--(?:-?>|(?s:.*?)--!?>))|(?P<tag><(?P<name>%S)%L>)|\Z)"
)
_ATTRIBUTE = _compiled(rb"(%N)(%V)?+")
_INSIDE = {
    name: re.compile(rb"(?i)</" + name + rb"(?=[\t\n\f\r />])")
    for name in (b"script", b"style", b"textarea", b"title", b"iframe", b"noframes", b"noembed", b"xmp")
}
"""Elements in which there is no markup, and what ends them."""
_ODD_COMMENT = _compiled(rb"[-!](?:%X|%H)|%H[^>]*+>\Z")
_ODD_INSIDE = _compiled(rb"<[!/a-zA-Z-]*+(?:%X|%H)|%H[^>]*+\Z")
_TWICE_ESCAPED = re.compile(rb"(?is)<!--.*<script")
_WORD = re.compile(rb"[0-9A-Za-z]")
_LEFT_OUT = {
    b"script": (b"src", b"nonce", b"integrity"), b"link": (b"href", b"nonce", b"integrity"), b"input": (b"value",),
    b"meta": (b"content",),
}  # fmt: skip
"""Attributes of which only that they are there is looked at. Of meta tags only where `_TOKEN` is the name."""
_TOKEN = re.compile(rb"(?i)=\s*[\"']?\s*[\w.:-]*(?:csrf|xsrf|token|nonce|request-?id|trace-?id)[\w.:-]*\s*[\"']?")

_LABELS = dict(
    zip("abcdefghij", ("浏览", "访问", "点击", "阅读", "点阅", "人气", "瀏覽", "訪問", "點擊", "閱讀"), strict=True)
)
_ANY_LABEL = re.compile("|".join(_LABELS.values()).encode())
_BEFORE = _compiled(
    "(?:[>%W|]|　|&nbsp;|\u00a0|｜|[\\])]|】|）)(?:本文|该文|文章|此文|本?页面?|本站|信息|网友)?(?:共|已被?|被)?"
    "(?:今日|累计|总|本页)?\\Z".encode()
)
_BEHIND = _compiled(
    "(?:次数|次數|人数|人數|人次|量|数|數)?%G{0,3}+(?::|：)%G{0,6}+([0-9]{1,8})(?![0-9])%G{0,6}+(?:人?次)?%G{0,6}+"
    "(?![0-9.,:/%~&-]|０|１|２|３|４|５|６|７|８|９|年|月|日|号|號|点|點|时|時|：|．|，|。|；|、|万|千|％|～|—)".encode()
)
_NO_COUNTER = re.compile(rb"(?:19|20)[0-9]{2}(?:[0-9]{2}){0,2}|404")
_COUNTED = {
    key: re.compile(label + r"(?:次[数數]|人[数數]|人次|量|[数數])?\s*[:：]\s*\d") for key, label in _LABELS.items()
}


class _Odd(Exception):
    """Markup of a kind that is not known here."""


class _Counter(NamedTuple):
    label: str
    place: int
    """Where its label begins."""
    start: int
    end: int


def of_read(body: bytes, content_type: str, portal: Portal, page: Page) -> str:
    """The skeleton of a body that was read as `page`."""
    odd = page.state != "present" or not page.reports or page.parts
    if odd or any(finding.rule == "nested_too_deep" for finding in page.findings):
        return ""
    return _skeleton(body, content_type, portal, page)


def same(known: str, body: bytes, content_type: str, portal: Portal) -> bool:
    """Whether a body's skeleton is `known`."""
    edition, _, rest = known.partition(":")
    labels, _, digest = rest.partition(":")
    if edition != _EDITION or not digest or not _LABELS.keys() >= {*labels}:
        return False
    return _skeleton(body, content_type, portal, labels) == known


def _skeleton(body: bytes, content_type: str, portal: Portal, counted: Page | str) -> str:
    """`counted`: the labels whose counters are left out; or the page that was read, in which to see which may be."""
    own = portal.selectors
    if not _KNOWN_PARSER or any(mark in one for one in (own.title, own.date, own.source, own.body) for mark in "[:("):
        return ""
    try:
        markup = _markup(body, content_type, families.get(portal.family))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):  # what `read_page` then raises too
        return ""
    if markup is None:
        return ""
    labels = counted if isinstance(counted, str) else "".join(_labels(markup, counted))
    try:
        kept, masked = _stripped(markup, _counters(markup, labels))
    except _Odd:
        return ""
    if not isinstance(counted, str):
        labels = "".join(sorted(masked))
    return f"{_EDITION}:{labels}:{hashlib.sha256(kept).hexdigest()[:32]}"


def _markup(body: bytes, content_type: str, family: Family) -> bytes | None:
    """What the reader makes the tree of, as UTF-8; None where it may not come to that, or asks the source for more."""
    text = family.unwrap(decode(body, content_type))
    markup = text.encode("utf-8", "replace")
    if markup.lstrip()[:1] != b"<" or verdict.cut_off(text) is not None:
        return None
    if (b"createPage" in markup or b"countPage" in markup) and parts.COUNTING.search(text):
        return None
    return markup


def _labels(markup: bytes, page: Page) -> Iterator[str]:
    """The labels that stand in a page without that a number behind them reached what was read of it."""
    words = {*_ANY_LABEL.findall(markup)}
    here = [key for key, label in _LABELS.items() if label.encode() in words]
    read = "\n".join(_strings(page)) if here else ""
    yield from (key for key in here if _COUNTED[key].search(read) is None)


def _strings(page: Page) -> Iterator[str]:
    for report in page.reports:
        yield from (report.title, report.organ, report.source, report.text)
        yield from (item.name for item in report.attachments)
        yield from (finding.detail for finding in report.findings)
    yield from (item.name for item in page.companions)
    yield from (finding.detail for finding in page.findings)


def _counters(markup: bytes, labels: str) -> list[_Counter]:
    """What looks like a counter with one of these labels, in page order."""
    found = []
    for key in labels:
        label = _LABELS[key].encode()
        place = markup.find(label)
        while place >= 0:
            end = place + len(label)
            behind = _BEHIND.match(markup, end)
            if (
                behind is not None
                and not _NO_COUNTER.fullmatch(behind[1])
                and _BEFORE.search(markup, max(0, place - 60), place)
            ):
                found.append(_Counter(key, place, *behind.span(1)))
            place = markup.find(label, end)
    return sorted(found, key=lambda counter: counter.place)


def _stripped(markup: bytes, counters: Sequence[_Counter]) -> tuple[bytes, set[str]]:
    """The markup without what nobody reads, and the labels of the counters among that. Raises _Odd."""
    kept: list[bytes] = []
    masked: set[str] = set()
    place = 0
    for label, stop, start, end in counters:
        place = _read_to(markup, place, stop, kept)
        if place == stop:  # else it stands in a tag, a comment, a script
            kept += (markup[stop:start], b"0" * (end - start))
            masked.add(label)
            place = end
    if _read_to(markup, place, len(markup), kept) != len(markup):
        raise _Odd
    return b"".join(kept), masked


def _read_to(markup: bytes, place: int, stop: int, kept: list[bytes]) -> int:
    """Reads tokens from `place` on, as long as they end by `stop`. Where the last one ends. Raises _Odd."""
    while (token := _TOKENS.match(markup, place, stop)) is not None:
        if token.lastgroup is None:
            kept.append(token[1])
            return token.end()
        if token["comment"] is not None:
            if _ODD_COMMENT.search(token["comment"]):
                raise _Odd
            kept += (token[1], b"<!---->")
            place = token.end()
            continue
        name, tag, end = token["name"].lower(), token["tag"], token.end()
        inside = b""
        if ends := _INSIDE.get(name):
            close = ends.search(markup, end, stop)
            if close is None:
                return place
            inside, end = _read_inside(name, tag, markup[end : close.start()]), close.start()
        elif name == b"plaintext":
            raise _Odd
        kept += (token[1], _read_tag(name, tag), inside)
        place = end
    return place


def _read_inside(name: bytes, tag: bytes, inside: bytes) -> bytes:
    """What is looked at of the inside of an element without markup. Raises _Odd."""
    # The parser takes `<script/>` for empty, browsers do not.
    if tag.endswith(b"/>") or _ODD_INSIDE.search(inside) or (name == b"script" and _TWICE_ESCAPED.search(inside)):
        raise _Odd
    return b"x" if name == b"script" and _WORD.search(inside) else inside


def _read_tag(name: bytes, tag: bytes) -> bytes:
    """What is looked at of a tag."""
    left_out = _LEFT_OUT.get(name)
    attributes = [*_ATTRIBUTE.finditer(tag, len(name) + 1)] if left_out else []
    if name == b"meta":
        named = (one[2] or b"" for one in attributes if one[1].lower() in (b"name", b"property"))
        left_out = left_out if any(map(_TOKEN.fullmatch, named)) else None
    if not left_out:
        return tag
    kept = []
    place = 0
    for attribute in attributes:
        if attribute[2] and attribute[1].lower() in left_out:
            kept.append(tag[place : attribute.start(2)])
            place = attribute.end(2)
    return b"=".join((*kept, tag[place:]))
