"""Calls of a list's interface, as a page's scripts make them.

In: a page's names (`Named`) and a pattern of the interface's path. Out: `Call`s: address and fields with what the page gives
values to filled in, and holes where it does not (a page's number). Scripts are not run: an address is read as a sum of
strings and names (`"/common/search/" + channelId + "?page=" + page`, or a template literal), fields as the object beside it
(`data: {…}`, `$.post(url, {…})`, `JSON.stringify({…})`, a variable that holds one). A name that is a function's parameter
takes what the page calls that function with. Pure.
"""

import re
from collections.abc import Iterator
from html import unescape
from itertools import islice
from typing import NamedTuple

from crawler.families.named import Named
from crawler.families.sums import (
    FUNCTION,
    SELECTED,
    STRING,
    TERM,
    arguments,
    fill,
    head_of,
    inside,
    is_page_number,
    sum_of,
)

_WINDOW = 1500
_LONGEST_OBJECT = 4000
_MOST_CALLS = 12
_MOST_PLACES = 40
_OPENER = re.compile(
    r"\b(?:ajax|get|post|getJSON|fetch|axios|request|http|load|open)\s{0,5}(?:\.\w{1,12}\s{0,5})?\(", re.I
)
_POST = re.compile(
    r"\b(?:type|method)['\"]?\s{0,5}:\s{0,5}['\"]post|\.post\s{0,5}\(|\bopen\s{0,5}\(\s{0,5}['\"]post", re.I
)
_JSON = re.compile(
    r"content-?type['\"]?\s{0,5}[:,]\s{0,5}['\"]application/json|JSON\.stringify\s{0,5}\(|\baxios\b(?![^;]{0,400}(?:Qs\.|URLSearchParams|urlencoded))",
    re.I,
)
"""What goes out as JSON; axios sends objects so unless told otherwise."""
_WRAPPED = (
    r"(?:(?:JSON|Qs|\$|jQuery)\.(?:stringify|param)\s{0,5}\(\s{0,20}|new\s{1,5}URLSearchParams\s{0,5}\(\s{0,20})?"
)
_FIELDS = re.compile(r"\b(?:data|params|body)['\"]?\s{0,20}:\s{0,20}" + _WRAPPED + r"(\{|[\w$.]{1,60})")
_SECOND = re.compile(
    r"\s{0,20},\s{0,20}" + _WRAPPED + r"(?:\{\s{0,20}params\s{0,5}:\s{0,20})?(\{|[\w$.]{1,60}(?=\s{0,5}[,)]))"
)
_OPTIONS = frozenset({"method", "headers", "body", "data", "params", "success", "dataType", "contentType"})
"""Keys of a call's options: such an object is not the fields, it holds them."""
_ENTRY = re.compile(r"(?<![\w$.])['\"]?([A-Za-z_$][\w$.-]{0,60})['\"]?\s{0,20}:\s{0,20}")
_PLAIN = re.compile(r"(-?\d{1,20}|true|false)(?![\w$])")


class Call(NamedTuple):
    """One call of an interface. A value that the page does not give is empty."""

    url: str
    """As written, holes empty: absolute, or relative to the page."""
    fields: dict[str, str]
    post: bool
    json: bool
    """Its fields go out as JSON."""
    place: int = 0
    """Where it stands: the calls that a function makes for several lists share it."""


def calls(named: Named, path: re.Pattern[str]) -> tuple[Call, ...]:
    """The calls of interfaces whose address holds `path`, those of scripts before addresses in attributes, each once."""
    found: list[Call] = []
    for code in (named.code, named.markup):
        for place in islice(path.finditer(code), _MOST_PLACES):
            if len(found) >= _MOST_CALLS:
                return tuple(found)
            for call in _calls_at(named, code, place.start(), code is named.markup):
                if call[:-1] not in [known[:-1] for known in found]:
                    found.append(call._replace(place=place.start() + (code is named.markup) * len(named.code)))
    return tuple(found)


def _calls_at(named: Named, code: str, place: int, attribute: bool) -> Iterator[Call]:
    begin = max(code.rfind(quote, max(0, place - 300), place) for quote in "'\"`")
    literal = STRING.match(code, begin) if begin >= 0 else None
    if literal is None or literal.end() <= place:
        return
    terms, end = ([inside(literal)], literal.end()) if attribute else sum_of(code, literal)
    begin = head_of(code, begin, terms) if not attribute else begin
    for values in _worlds(named, code, begin, terms) if not attribute else ({},):
        parts = [fill(term, named, values) for term in terms]
        url = unescape("".join(parts)) if attribute else "".join(parts)
        before, after = _window(code, begin, end)
        around = before + after
        fields = {} if attribute else _fields(named, code, end, after, around, values)
        yield Call(url.strip(), fields, bool(_POST.search(around)), bool(_JSON.search(around)))


def _worlds(named: Named, code: str, begin: int, terms: list[str]) -> list[dict[str, str]]:
    """What the parameters of the function that makes the call hold: one set for each way that the page calls it."""
    functions = [*FUNCTION.finditer(code, max(0, begin - 6 * _WINDOW), begin)]
    if not functions:
        return [{}]
    function = functions[-1]
    name = function[1] or function[3]
    parameters = [parameter.split("=")[0].strip() for parameter in (function[2] or function[4] or "").split(",")]
    if not any(parameters):
        return [{}]
    found: list[dict[str, str]] = []
    call = re.compile(r"(?<![\w$.])(?<!function )" + re.escape(name) + r"\s{0,5}\(([^()]{0,300})\)")
    for text in (code, named.markup):
        for made in call.finditer(text):
            if (
                made.start() == function.start()
                or made.start() == function.start(1)
                or made.start() == function.start(3)
            ):
                continue
            values = {}
            for parameter, argument in zip(parameters, arguments(unescape(made[1])), strict=False):
                literal = STRING.fullmatch(argument)
                known = inside(literal) if literal else named.get(argument) if not argument.isdecimal() else argument
                if known and not is_page_number(parameter):
                    values[parameter] = known
            if values and values not in found and len(found) < _MOST_CALLS:
                found.append(values)
    return found or [{}]


def _window(code: str, begin: int, end: int) -> tuple[str, str]:
    """What stands before and after an address in the same call."""
    before = code[max(0, begin - _WINDOW // 3) : begin]
    openers = [*_OPENER.finditer(before)]
    inside = bool(openers) and before[openers[-1].end() :].count(")") <= before[openers[-1].end() :].count("(")
    before = before[max(0, openers[-1].start() - 1) :] if inside else ""
    after = code[end : end + _WINDOW]
    ahead = [*_OPENER.finditer(after)]
    if inside and ahead:
        after = after[: ahead[0].start()]
    elif not inside and len(ahead) > 1:
        after = after[: ahead[1].start()]
    return before, after


def _fields(named: Named, code: str, end: int, after: str, around: str, values: dict[str, str]) -> dict[str, str]:
    """The object of fields beside an address."""
    second = _SECOND.match(after)
    if second is not None and second[1] == "{":
        fields = _object(after[second.end() - 1 : second.end() + _LONGEST_OBJECT], named, values)
        if not _OPTIONS & fields.keys():
            return fields
        second = None
    found = second or _FIELDS.search(after) or _FIELDS.search(around)
    if found is None:
        return {}
    text = after if found.string == after else around
    if found[1] == "{":
        return _object(text[found.end() - 1 : found.end() + _LONGEST_OBJECT], named, values)
    held = re.compile(r"(?<![\w$])" + re.escape(found[1].rsplit(".", 1)[-1]) + r"\s{0,10}[:=]\s{0,10}\{").search(code)
    return _object(code[held.end() - 1 : held.end() + _LONGEST_OBJECT], named, values) if held else {}


def _object(text: str, named: Named, values: dict[str, str]) -> dict[str, str]:
    """The entries of an object literal at the start of `text`; nested objects are passed over."""
    fields: dict[str, str] = {}
    depth, at = 0, 0
    while at < len(text):
        char = text[at]
        if char in "{[":
            depth += 1
        elif char in "}]":
            depth -= 1
            if depth <= 0:
                break
        elif depth == 1 and (entry := _ENTRY.match(text, at)):
            key, at = entry[1], entry.end()
            string, plain = STRING.match(text, at), _PLAIN.match(text, at)
            if string is not None:
                fields[key], at = inside(string), string.end()
            elif plain is not None:
                fields[key], at = plain[1], plain.end()
            elif text[at : at + 1] not in ("{", "["):
                fields[key], at = _value(text, at, named, values)
            continue
        elif char in "'\"`" and (string := STRING.match(text, at)):
            at = string.end()
            continue
        at += 1
    return fields


def _value(text: str, at: int, named: Named, values: dict[str, str]) -> tuple[str, int]:
    """The value of a name in an object literal: what the page gives it, or ""."""
    term = TERM.match(text, at)
    if term is None:
        return "", at + 1
    name, end = term[1], term.end()
    selected = SELECTED.match(text, end)
    if selected is not None:
        name, end = selected[2] or selected[1], selected.end()
    last = name.rsplit(".", 1)[-1]
    return values.get(last) or ("" if is_page_number(last) else named.get(last)), end
