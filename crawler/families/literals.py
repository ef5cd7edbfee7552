"""Plain values in a page's scripts: object literals, strings, variables. Code is read, never run.

In: script text (or an attribute that holds a literal: `queryData="{'webId':'1'}"`) and where to begin. Out: Python values.
What needs a computer to know is None: a call, a condition, a name that the page does not set. Pure, linear, bounded depth.
"""

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from selectolax.lexbor import LexborHTMLParser

DEEPEST = 40
"""Levels of nested brackets; no interface's parameters have more."""
_MOST_NAMES = 500

# Possessive, with the end left out if need be: a comment or string that nobody closes is read once, not once for each quote in it.
_COMMENT = r"//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
_QUOTED = r"\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?|`(?:[^`\\]|\\.)*+`?"
_SPACE = re.compile(rf"(?:\s|{_COMMENT})*+")
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`", re.S)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?![\w$.])")
_NAME = re.compile(r"[A-Za-z_$][\w$]*(?:\s*\.\s*[A-Za-z_$][\w$]*)*")
_KEY = re.compile(r"[\w$-]+")
_FIELD = re.compile(
    r"(?:\$|jQuery)\s*\(\s*[\"']#([\w-]+)[\"']\s*\)\s*\.\s*val\s*\(\s*\)|"
    r"document\s*\.\s*getElementById\s*\(\s*[\"']([\w-]+)[\"']\s*\)\s*\.\s*value"
)
_BRACKET = re.compile(rf"[()\[\]{{}}]|,|{_QUOTED}", re.S)
TEXTS = re.compile(rf"(?<![:\"'])//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|{_QUOTED}", re.S)
"""Comments and strings."""
_SET = re.compile(
    r"(?<![\w$.])([A-Za-z_$][\w$]{0,80})[ \t]{0,20}=[ \t]{0,20}"
    r"(\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|-?\d+)(?=\s{0,20}(?:[;,\n}]|$|//))"
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.S)
_PLAIN = {"n": "\n", "t": "\t", "r": "", "\n": ""}
_SAME = frozenset(
    {"String", "Number", "parseInt", "encodeURI", "encodeURIComponent", "escape", "JSON.stringify", "$.trim", "eval"}
)
"""Calls whose value is their argument's, for us."""
_WORDS: Mapping[str, Any] = MappingProxyType({"true": True, "false": False, "null": None, "undefined": None})


class NoLiteral(ValueError):
    """There is no literal at this place."""


def literal(code: str, place: int = 0, names: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """The value at `place`. `names`: what variables hold (`variables`, `fields`). Raises NoLiteral."""
    start = _SPACE.match(code, place)
    place = start.end() if start else place
    if code[place : place + 1] in ("{", "["):
        try:
            return json.JSONDecoder().raw_decode(code, place)[0]
        except (ValueError, RecursionError):
            pass
    return _Reader(code, place, names).value(0)


def variables(code: str) -> dict[str, str]:
    """What the variables of a script are set to, by plain strings and numbers; the first setting counts."""
    found: dict[str, str] = {}
    for match in _SET.finditer(code):
        value = match[2]
        found.setdefault(match[1], unescape(value[1:-1]) if value[0] in "\"'" else value)
        if len(found) >= _MOST_NAMES:
            break
    return found


def fields(tree: LexborHTMLParser) -> dict[str, str]:
    """The page's form fields, by id (as `#id`) and by name: what `$("#channelId").val()` says."""
    found: dict[str, str] = {}
    for node in tree.css("input[value]")[:_MOST_NAMES]:
        attributes = node.attributes
        if attributes.get("id"):
            found.setdefault(f"#{attributes['id']}", attributes.get("value") or "")
        if attributes.get("name"):
            found.setdefault(str(attributes["name"]), attributes.get("value") or "")
    return found


def strings(code: str) -> Iterator[tuple[int, str]]:
    """Place and inside of each string literal that stands in the code, comments left out."""
    for token in TEXTS.finditer(code):
        text = token[0]
        if text[0] != "/" and len(text) > 1 and text[-1] == text[0]:
            yield token.start(), unescape(text[1:-1])


def unescape(literal: str) -> str:
    """A JavaScript string literal's inside, its escapes undone."""

    def char(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else _PLAIN.get(match[3], match[3])

    return _ESCAPE.sub(char, literal)


class _Reader:
    """Reads one value."""

    def __init__(self, code: str, place: int, names: Mapping[str, Any]) -> None:
        self.code = code
        self.place = place
        self.names = names

    def value(self, depth: int) -> Any:
        """A value; None where it takes running code to know it."""
        if depth > DEEPEST:
            raise NoLiteral("nested too deep")
        parts = [self.term(depth)]
        while self.next() == "+":
            self.place += 1
            parts.append(self.term(depth))
        known = all(isinstance(part, (str, int, float)) for part in parts)
        result = parts[0] if len(parts) == 1 else "".join(map(str, parts)) if known else None
        if self.next() not in ("", ",", "}", "]", ")", ";"):
            self.skip()  # a condition, a further call: whatever it is, it is no plain value
            return None
        return result

    def next(self) -> str:
        """The next character that is neither white space nor comment; "" at the end."""
        space = _SPACE.match(self.code, self.place)
        self.place = space.end() if space else self.place
        return self.code[self.place : self.place + 1]

    def term(self, depth: int) -> Any:
        """One operand."""
        begin = self.next()
        if begin == "{":
            return self.object(depth)
        if begin == "[":
            return self.array(depth)
        if begin in ("'", '"', "`") and begin:
            found = _STRING.match(self.code, self.place)
            if found is None:
                raise NoLiteral("a string without an end")
            self.place = found.end()
            inside = unescape(found[0][1:-1])
            return None if begin == "`" and "${" in inside else inside
        number = _NUMBER.match(self.code, self.place)
        if number:
            self.place = number.end()
            return float(number[0]) if "." in number[0] else int(number[0][:18])
        field = _FIELD.match(self.code, self.place)
        if field:
            self.place = field.end()
            return self.names.get(f"#{field[1] or field[2]}")
        name = _NAME.match(self.code, self.place)
        if name:
            self.place = name.end()
            return self.named("".join(name[0].split()), depth)
        if begin == "(":
            self.place += 1
            inner = self.value(depth + 1)
            self.close(")")
            return inner
        if begin in ("", ",", "}", "]", ")"):
            raise NoLiteral("nothing here")
        self.skip()
        return None

    def named(self, name: str, depth: int) -> Any:
        """What a name holds, or what a harmless call gives back."""
        if self.next() == "(" and name in _SAME:
            self.place += 1
            inner = self.value(depth + 1)
            if self.next() == ",":
                self.skip(inside=True)
            self.close(")")
            return inner
        if self.next() in ("(", "["):
            self.skip()
            return None
        return _WORDS[name] if name in _WORDS else self.names.get(name)

    def object(self, depth: int) -> dict[str, Any]:
        """`{…}`."""
        self.place += 1
        found: dict[str, Any] = {}
        while (begin := self.next()) != "}":
            if begin == "":
                raise NoLiteral("an object without an end")
            if begin == ",":
                self.place += 1
                continue
            string = _STRING.match(self.code, self.place) if begin in "'\"" else None
            key = _KEY.match(self.code, self.place) if string is None else None
            if string is None and key is None:
                self.skip()
                if self.next() not in (",", "}"):
                    raise NoLiteral("an object that ends as something else")
                continue
            self.place = (string or key or _nothing()).end()
            name = unescape(string[0][1:-1]) if string else key[0] if key else ""
            if self.next() == ":":
                self.place += 1
                found[name] = self.value(depth + 1)
            else:
                found[name] = self.names.get(name)
                if self.next() not in (",", "}"):
                    self.skip()
            if self.next() not in (",", "}"):
                raise NoLiteral("an object that ends as something else")
        self.place += 1
        return found

    def array(self, depth: int) -> list[Any]:
        """`[…]`."""
        self.place += 1
        found: list[Any] = []
        while (begin := self.next()) != "]":
            if begin == "":
                raise NoLiteral("an array without an end")
            if begin == ",":
                self.place += 1
                continue
            found.append(self.value(depth + 1))
            if self.next() not in (",", "]"):
                raise NoLiteral("an array that ends as something else")
        self.place += 1
        return found

    def close(self, bracket: str) -> None:
        if self.next() != bracket:
            raise NoLiteral(f"no {bracket}")
        self.place += 1

    def skip(self, *, inside: bool = False) -> None:
        """To the comma or bracket that ends the present value. `inside` a call: to its closing bracket."""
        depth = 0
        for token in _BRACKET.finditer(self.code, self.place):
            sign = token[0]
            if depth == 0 and (sign in (")", "]", "}") or (sign == "," and not inside)):
                self.place = token.start()
                return
            if sign in ("(", "[", "{"):
                depth += 1
            elif sign in (")", "]", "}"):
                depth -= 1
        self.place = len(self.code)


def _nothing() -> Any:
    raise NoLiteral("no key")
