"""Addresses that scripts add up from strings and names (`ctx + "/common/search/" + channelId + "?page=" + page`).

In: script code and a page's names (`Named`). Out: the sum's terms, and the sum with what the page gives values to filled in; a
page's number stays a hole. Nothing is run. Pure.
"""

import re
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

from crawler.families.named import Named, squeezed_name

_MOST_TERMS = 40
_REACH = 1500
STRING = re.compile(r"'((?:[^'\\\n]|\\.){0,600})'|\"((?:[^\"\\\n]|\\.){0,600})\"|`((?:[^`\\]|\\.){0,600})`")
TERM = re.compile(r"\s{0,20}(?:\(\s{0,5})?(?:encodeURI(?:Component)?\s{0,5}\(\s{0,5})?([A-Za-z_$][\w$.]{0,80})")
SELECTED = re.compile(
    r"\(\s{0,5}['\"][#.]?([\w-]{1,60})['\"]\s{0,5}\)(?:\s{0,5}\.\w{1,20}\(\s{0,5}(?:['\"]([\w-]{1,60})['\"])?\s{0,5}\))?"
    r"(?:\s{0,5}\.value)?"
)
_REST_OF_TERM = re.compile(r"(?:\s{0,5}([-+]\s{0,5}\d{1,6})\s{0,5}\))?(?:\s{0,5}\.(?:toString|trim)\(\))?\s{0,5}\)?")
_HOLE = re.compile(r"\$\{\s{0,5}([^{}]{1,80}?)\s{0,5}\}")
_MADE = re.compile(r"([A-Za-z_$][\w$.]{0,60})\s{0,5}\(([^()]{0,200})\)")
_GOING = re.compile(
    r"\blocation(?:\.href)?\s{0,5}=(?!=)\s{0,5}|\blocation\.(?:assign|replace)\s{0,5}\(\s{0,5}|\bopen\s{0,5}\(\s{0,5}"
)
FUNCTION = re.compile(
    r"\bfunction\s{1,5}([\w$]{1,60})\s{0,5}\(([^()]{0,200})\)|\b([\w$]{1,60})\s{0,5}[=:]\s{0,5}(?:async\s{1,5})?"
    r"(?:function\s{0,5}[\w$]{0,60}\s{0,5})?\(([^()]{0,200})\)\s{0,5}(?:=>\s{0,5})?\{"
)


# fmt: off
_PAGE_NAMES = frozenset({
    "page", "pageno", "pagenum", "pageindex", "pagenumber", "currpage", "currentpage", "curpage", "pagecurrent", "current",
    "nowpage", "pageid", "p", "pn", "pg", "topage", "gotopage", "startpage", "curr", "index", "pagei",
})
_SIZE_NAMES = frozenset({
    "pagesize", "size", "rows", "perpage", "limit", "pagerows", "rowsperpage", "pagelimit", "numperpage",
})
# fmt: on


def inside(literal: re.Match[str]) -> str:
    return next((group for group in literal.groups() if group is not None), "").replace("\\/", "/")


def sum_of(code: str, literal: re.Match[str]) -> tuple[list[str], int]:
    """The terms of `"…" + name + "…"` from its first string on: strings as they are, names as `${name}`."""
    terms = [inside(literal)]
    at = literal.end()
    while len(terms) < _MOST_TERMS:
        plus = re.compile(r"\s{0,40}\+\s{0,40}").match(code, at)
        if plus is None:
            break
        string = STRING.match(code, plus.end())
        if string is not None:
            terms.append(inside(string))
            at = string.end()
            continue
        term = TERM.match(code, plus.end())
        if term is None:
            break
        at = term.end()
        name = term[1]
        selected = SELECTED.match(code, at)
        if selected is not None:
            name, at = selected[2] or selected[1], selected.end()
        rest = _REST_OF_TERM.match(code, at)
        at = rest.end() if rest else at
        terms.append("${" + name + (rest[1].replace(" ", "") if rest and rest[1] else "") + "}")
    return terms, at


def head_of(code: str, begin: int, terms: list[str]) -> int:
    """What is added before the first string (`ctx + "/common/…"`)."""
    before = re.search(r"([\w$.]{1,60})\s{0,20}\+\s{0,20}$", code[max(0, begin - 120) : begin])
    if before is not None:
        terms.insert(0, "${^" + before[1] + "}")
        return begin - len(before[0])
    return begin


def fill(term: str, named: Named, values: dict[str, str]) -> str:
    def value(hole: re.Match[str]) -> str:
        name, _, more = hole[1].partition("+") if "+" in hole[1] else hole[1].partition("-")
        name = name.strip()
        head = name.startswith("^")
        selected = SELECTED.search(name)
        last = (selected[2] or selected[1]) if selected else name.lstrip("^").split("(")[0].rsplit(".", 1)[-1].strip()
        known = values.get(last) or ("" if is_page_number(last) else named.get(last))
        if more.strip().isdecimal() and known.isdecimal():
            known = str(int(known) + (int(more) if "+" in hole[1] else -int(more)))
        # A prefix is a path or a host, or nothing that we know.
        return known if not head or known.startswith(("/", "http")) else ""

    return _HOLE.sub(value, term)


def is_page_number(name: str) -> bool:
    """Whether a parameter's or variable's name is that of the page's number."""
    key = squeezed_name(name)
    return key in _PAGE_NAMES


def is_page_size(name: str) -> bool:
    """Whether a parameter's name is that of the rows of a page."""
    return squeezed_name(name) in _SIZE_NAMES


def arguments(text: str) -> list[str]:
    return [argument.strip() for argument in text.split(",")]


def scripted_address(call: str, markup: str) -> str:
    """Where a scripted link leads (`javascript:goPage(2)`), if the page's script says it in a sum of strings and names
    (`function goPage(n) { location.href = "list_" + n + ".html"; }`); relative to the page, or ""."""
    made = _MADE.match(call.removeprefix("javascript:").removeprefix("return ").strip()[:300])
    if made is None:
        return ""
    named = Named(markup, LexborHTMLParser(""))
    for function in islice(FUNCTION.finditer(named.code), 200):
        if (function[1] or function[3]) != made[1].rsplit(".", 1)[-1]:
            continue
        parameters = arguments(function[2] or function[4] or "")
        values = dict(zip(parameters, (value.strip("'\" ") for value in arguments(made[2])), strict=False))
        found = ""
        for going in islice(_GOING.finditer(named.code, function.end(), function.end() + _REACH), 10):
            literal = STRING.search(named.code, going.end(), going.end() + 80)
            if literal is None:
                continue
            terms, _ = sum_of(named.code, literal)
            head_of(named.code, literal.start(), terms)
            if any(
                hole.split(".")[-1].strip("^()") in values for term in terms for hole in re.findall(r"\$\{(\w+)", term)
            ):
                found = "".join(fill(term, named, values) for term in terms)
        return found
    return ""
