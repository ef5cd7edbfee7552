"""What a list page gives names to: the parameters that its own script would send to the list's interface.

In: a page's HTML. Out: `Named`: its live script code, and by name the values that stand in script variables and object keys,
in attributes (`data-channel-id`, `queryData="{…}"`), in hidden inputs, in metas and in elements that an id gives a name to.
Spellings differ between sites, so names are compared without case, `_`, `-` and a leading `data`. Pure.
"""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

from crawler.families.scan import live_code, scripts, without_comments, without_scripts

_PAIR = re.compile(
    r"(?<![\w$])([A-Za-z_$][\w$-]{0,60})['\"]?\s{0,20}[:=](?!=)\s{0,20}"
    r"(?:'([^'\n]{0,400})'|\"([^\"\n]{0,400})\"|(-?\d{1,20}|true|false)\b)"
)
_ODD = re.compile(r"[^a-z0-9]")
_LONGEST_VALUE = 400
_MOST_ELEMENTS = 20_000
_SHORT_TEXT = 80
_COMMON = frozenset({"class", "style", "href", "src", "title", "id", "name", "value", "type", "alt", "target", "rel"})


class Named:
    """The names of one page. The first value that is not empty wins: scripts, then inputs, attributes, metas, elements."""

    def __init__(self, text: str, tree: LexborHTMLParser) -> None:
        live = without_comments(text)
        self.code = "\n;\n".join(live_code(script) for script in scripts(live)).replace("\\/", "/")
        """What the page's scripts say, their comments away."""
        self.markup = without_scripts(live)
        """The page without comments and scripts."""
        self._values: dict[str, str] = {}
        for name, value in pairs(self.code):
            self._add(name, value)
        for node in tree.css("input"):
            for name in ("id", "name"):
                self._add(node.attributes.get(name) or "", node.attributes.get("value") or "")
        self._read_attributes(tree)
        for node in tree.css("meta[name]"):
            self._add(node.attributes.get("name") or "", node.attributes.get("content") or "")

    def _read_attributes(self, tree: LexborHTMLParser) -> None:
        body = tree.body
        if body is None:
            return
        for count, node in enumerate(body.traverse()):
            if count >= _MOST_ELEMENTS:
                break
            for name, value in node.attributes.items():
                if value and name not in _COMMON:
                    self._add(name, value)
                if value and "{" in value and len(value) < 10 * _LONGEST_VALUE:
                    for key, inner in pairs(value):
                        self._add(key, inner)
            named = node.attributes.get("id")
            if named and node.tag not in ("input", "script", "select"):
                own = "".join((node.text(deep=False) or "").split())
                self._add(named, own if len(own) <= _SHORT_TEXT else "")

    def _add(self, name: str, value: str) -> None:
        key = squeezed_name(name)
        if key and value and len(value) <= _LONGEST_VALUE:
            self._values.setdefault(key, value.strip())

    def get(self, *names: str) -> str:
        """The value of the first of `names` that the page names, or ""."""
        return next((value for name in names if (value := self._values.get(squeezed_name(name)))), "")

    def number(self, *names: str) -> int | None:
        """The first of `names` whose value is a whole number."""
        for name in names:
            value = self.get(name)
            if value.isdecimal() and len(value) < 10:
                return int(value)
        return None


def squeezed_name(name: str) -> str:
    """A name as names are compared: `data-channel-id`, `channel_id` and `channelId` are one."""
    key = _ODD.sub("", name.lower())
    return key.removeprefix("data") if name.lower().startswith("data-") else key


def pairs(code: str) -> Iterator[tuple[str, str]]:
    """Each `name = value` and `name: value` with a plain value, in order."""
    for found in _PAIR.finditer(code):
        yield found[1], next((group for group in found.groups()[1:] if group is not None), "")
