"""Menus that a page's scripts write: names with their addresses, in markup that is written out or in trees of nodes.

In: script code, or a JSON answer. Out: `Entry`s and pieces of markup, in order. One sweep over the code's tokens, no parsing:
menus come as JSON (gkmlpt's TREE), as JavaScript objects (zTree's `{id, pId, name, url}`), as arguments (`d.add(3, 1, "政府信息公开年报",
"list.jsp?id=3")`), as arrays, and broken. Pure.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from crawler.families.literals import unescape

_TOKEN = re.compile(
    r"\"(?P<double>(?:[^\"\\\n]|\\.){0,4000})\"|'(?P<single>(?:[^'\\\n]|\\.){0,4000})'|(?P<open>[{\[(])|(?P<close>[}\])])|"
    r"(?<![\w$.])(?P<number>\d{1,20})(?![\w$])|(?<![\w$])(?P<key>[A-Za-z_$][\w$]{0,40})\s{0,8}:"
)
_COLON = re.compile(r"\s{0,8}:")
_MOST_TOKENS = 200_000
_DEEPEST = 200
_MOST_PARTS = 200
"""Values of one object that are looked at."""
_HAN = re.compile(r"[\u4e00-\u9fff]")
_ADDRESS = re.compile(
    r"(?i)^(?:https?://|//|\.{0,2}/)\S+$|^[\w./%-]+(?:\.(?:s?html?|jspx?|aspx?|php|do|action)|/)(?:[?#]\S*)?$"
)
_NAME_KEYS = frozenset(
    (
        "name", "title", "text", "label", "columnname", "colname", "catname", "chnldesc", "chnlname", "nodename", "channelname",
        "menuname", "showname", "catalogname", "t",
    )
)  # fmt: skip
_URL_KEYS = frozenset(
    (
        "url", "href", "link", "linkurl", "jump_url", "jumpurl", "path", "curl", "chnlurl", "columnurl", "weburl", "menuurl", "urls", "u",
    )
)  # fmt: skip
_INSIDE = re.compile(r"\"((?:https?:/|\.{0,2})/[^\"\s]{1,300})\"")
_TEMPLATE = re.compile(r"`([^`]{1,40000})`")
_LINK = re.compile(r"<a\b", re.I)


class Entry(NamedTuple):
    """A node of a menu."""

    name: str
    url: str
    """As written; empty if the node has none."""
    id: str


def entries(code: str) -> Iterator[Entry]:
    """Every object, array or call that holds a Chinese name directly, with the address or id beside it.

    An address may stand one step down (`"urls": {"pc": "/col/…"}`) or in a string of JSON (`"urls": "{\\"pc\\": …}"`).
    """
    stack: list[_Box] = []
    key = ""
    for token in islice(_TOKEN.finditer(code), _MOST_TOKENS):
        if token["open"]:
            if len(stack) >= _DEEPEST:
                stack.pop(0)
            stack.append(_Box(key, []))
            key = ""
        elif token["close"]:
            if stack:
                box = stack.pop()
                if box.key in _URL_KEYS and stack and len(stack[-1].parts) < _MOST_PARTS:
                    stack[-1].parts.extend((box.key, text) for _, text in box.parts[:1])
                else:
                    yield from _entry(box.parts)
            key = ""
        elif token["key"]:
            key = token["key"].lower()
        else:
            text = token["number"] or token["double"] or token["single"] or ""
            if not token["number"] and _COLON.match(code, token.end()):
                key = text.lower()[:40]
                continue
            if stack and len(stack[-1].parts) < _MOST_PARTS:
                stack[-1].parts.append((key, text))
            key = ""
    for box in stack:
        yield from _entry(box.parts)


class _Box(NamedTuple):
    """An object, array or call that is open."""

    key: str
    parts: list[tuple[str, str]]


def _entry(parts: list[tuple[str, str]]) -> Iterator[Entry]:
    names = [text for key, text in parts if key in _NAME_KEYS and (_HAN.search(text) or "\\u" in text)]
    if not names:
        bare = [text for key, text in parts if not key and len(text) <= 200]
        names = [text for text in bare if _HAN.search(text) or "\\u" in text][:1]
    if not names:
        return
    urls = [address for key, text in parts if key in _URL_KEYS and text and (address := _address(text))]
    if not urls:
        loose = [unescape(text) for key, text in parts if key not in _NAME_KEYS and not text.isdigit()]
        urls = [text for text in loose if _ADDRESS.match(text)]
    ids = [text for key, text in parts if key == "id"]
    yield Entry(unescape(names[0]), urls[0] if urls else "", ids[0] if ids else "")


def _address(text: str) -> str:
    """The address in a value: itself, or the first one in a string of JSON."""
    plain = unescape(text)
    if plain[:1] not in "{[":
        return plain
    found = _INSIDE.search(plain)
    return found[1] if found else ""


def markup(code: str) -> str:
    """The links that scripts write out (`document.write('<a href=…')`, `html += "<li><a …"`), as one piece of markup."""
    parts = []
    for token in islice(_TOKEN.finditer(code), _MOST_TOKENS):
        text = token["double"] or token["single"] or ""
        if _LINK.search(text):
            parts.append(unescape(text))
    parts += [match[1] for match in islice(_TEMPLATE.finditer(code), 200) if _LINK.search(match[1])]
    return "\n".join(parts)
