"""What a page's scripts do when it is opened: where they lead, and what they write or pop up.

In: HTML. Out: `Opened`. Code is read, never run: strings and comments are told apart, and a statement counts only if nothing but
the page's opening is needed to reach it: not in a function that nobody calls (share buttons, links to the home page), not under a
question about the reader's device (telephone twins) or frame. Pure.
"""

import re
from bisect import bisect_right
from functools import cached_property

import msgspec

_PART = re.compile(
    r"<!--.*?(?:-->|$)|<noscript\b.*?(?:</noscript\s*>|$)|<script\b(?P<attributes>[^>]*)>(?P<code>.*?)(?:</script\s*>|$)|"
    r"<body\b[^>]{0,1000}?\bonload\s*=\s*(?P<onload>\"[^\"]*\"|'[^']*'|[^\s>]+)",
    re.I | re.S,
)
_DATA = re.compile(
    r"\btype\s*=\s*[\"']?(?!text/javascript|application/javascript|module|text/ecmascript)[\w./+-]+", re.I
)
_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|$)|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`", re.S
)  # fmt: skip
_WINDOW = r"(?<![\w$.])(?:(?:window|self|top|parent|document|this)\s*\.\s*)*"
_GO = re.compile(
    rf"{_WINDOW}location(?:\s*\.\s*href|\s*\[\s*[\"']\0*[\"']\s*\])?\s*=(?!=)\s*|"
    rf"{_WINDOW}location\s*\.\s*(?:replace|assign)\s*\(\s*|{_WINDOW}(?P<open>navigate|open)\s*\(\s*"
)
_WRITE = re.compile(
    r"(?:\bdocument\s*\.\s*write(?:ln)?\s*\(|\.\s*innerHTML\s*\+?=(?!=)|\.\s*(?:innerText|textContent)\s*=(?!=)|\.\s*(?:html|text|append)\s*\(|"
    r"\balert\s*\(|\bconfirm\s*\(|\blayer\s*\.\s*(?:msg|open)\s*\()\s*"
)
_LATER = re.compile(r"\b(?:setTimeout|setInterval|eval)\s*\(\s*")
_FUNCTION = re.compile(r"(?:\bfunction\b\s*(?P<name>[\w$]*)\s*\([^()]*\)|(?:\([^()]*\)|(?<![\w$])[\w$]+)\s*=>)\s*$")
_AT_ONCE = re.compile(
    r"(?:\b(?:setTimeout|setInterval|requestAnimationFrame)\s*\(|(?:\$|\bjQuery|\.\s*ready)\s*\(|\bonload\s*=|\bonreadystatechange\s*=|"
    r"(?:^|[;{}=,!&|?:(]|\breturn)\s*[(!+~-]|\bvoid)\s*$"
)
_LISTENS = re.compile(r"\baddEventListener\s*\(\s*[\"'](?:load|DOMContentLoaded|pageshow)[\"']\s*,\s*$")
_NAMED = re.compile(r"(?<![\w$])(?P<name>[\w$]+)\s*=\s*$")
_ASKS = re.compile(r"\bif\s*\(|\?|&&|\|\||\bcase\b")
_DEVICE = re.compile(
    r"userAgent|\bua\b|mobile|phone|android|ipad|\bwap\b|touch|screen|innerWidth|clientWidth|matchMedia|browser|msie|\bpc\b|ispc|"
    r"(?:top|self|parent|window)\s*[!=]==?\s*(?:window\s*\.\s*)?(?:top|self|parent|window)|frameElement|protocol|localStorage|"
    r"sessionStorage|domain|hostname|\bhost\b|referrer|cookie|location|\.search\b|indexOf|getQuery|getParam",
    re.I,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.S)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}
_MOST = 400_000
"""Characters of code that are read."""
_CALLED = re.compile(r"(?<![\w$.])(?<!function )(?P<name>[\w$]+)\s*\(")
_HANDED = re.compile(
    r"(?:(?:\b(?:setTimeout|setInterval|jQuery|ready)|\$)\s*\(\s*|\bonload\s*=\s*)(?P<name>[\w$]+)\s*(?=[,);\n]|$)"
)
_HEARD = re.compile(r"addEventListener\s*\(\s*[\"'](?:load|DOMContentLoaded)[\"']\s*,\s*(?P<name>[\w$]+)")
_DEEP = 8
"""Functions that call one another, at most."""
_NEAR, _NESTED = 20_000, 60
"""Blocks before a place that are looked at, and of those round it."""
_PATIENCE = 3000
"""Places that are looked at before the rest counts as not reached."""


class Opened(msgspec.Struct, frozen=True):
    """What a page's opening sets off."""

    targets: tuple[str, ...] = ()
    """Addresses as written, in order, of statements that lead the reader on."""
    perhaps: tuple[str, ...] = ()
    """The same of statements under a condition (a countdown that is over)."""
    lost: bool = False
    """It leads on without a condition, to an address that is only known when the code runs."""
    said: tuple[str, ...] = ()
    """Text that is written into the page or popped up, markup left out."""


def opened(html: str) -> Opened:
    """What happens when the page is opened."""
    code = "\n;".join(_codes(html))[:_MOST]
    if not code:
        return Opened()
    script = _Script(code)
    for _ in range(2):  # code in strings: setTimeout("location.href='/'", 3000), which may call what calls the next
        later = [text for place, text in script.strings_after(_LATER) if script.runs(place)]
        if not later:
            break
        script = _Script("\n;".join((code, *later))[: 2 * _MOST])
    targets, perhaps, lost = script.leads()
    said = [re.sub(r"<[^>]*>", " ", text) for place, text in script.strings_after(_WRITE) if script.runs(place)]
    return Opened(tuple(targets), tuple(perhaps), lost, tuple(said))


def _codes(html: str) -> list[str]:
    found = []
    for part in _PART.finditer(html):
        if part["code"] is not None and not _DATA.search(part["attributes"]):
            found.append(part["code"])
        elif part["onload"]:
            code = part["onload"]
            found.append(code[1:-1] if code[0] in "\"'" else code)
    return found


class _Script:
    """Code with its strings and comments told apart, and its blocks."""

    def __init__(self, code: str) -> None:
        self.code = code
        self._left = _PATIENCE
        self._deep = 0
        self._known: dict[tuple[str, int], bool] = {}
        self.literals: dict[int, int] = {}
        """Where a string begins, and where it ends."""

        def blank(match: re.Match[str]) -> str:
            text = match[0]
            if text[0] == "/":
                return " " * len(text)
            self.literals[match.start()] = match.end()
            return text[0] + "\0" * (len(text) - 2) + text[-1]

        self.bare = _TOKEN.sub(blank, code)
        self.opens: list[int] = []
        self.closes: dict[int, int] = {}
        stack: list[int] = []
        for match in re.finditer(r"[{}]", self.bare):
            if match[0] == "{":
                self.opens.append(match.start())
                stack.append(match.start())
            elif stack:
                self.closes[stack.pop()] = match.start()

    def around(self, place: int) -> list[int]:
        """Where the blocks open that a place lies in, the innermost first."""
        before = self.opens[: bisect_right(self.opens, place)]
        found = [one for one in reversed(before[-_NEAR:]) if self.closes.get(one, len(self.bare)) > place]
        return found[:_NESTED]

    def runs(self, place: int) -> bool:
        """Whether opening the page comes to this place."""
        self._left -= 1
        if self._left < 0 or self._asks_device(place):
            return False
        for block in self.around(place):
            head = self.bare[max(0, block - 200) : block]
            function = _FUNCTION.search(head)
            if function is None:
                if self._asks_device(block):
                    return False
                continue
            name, before = function.groupdict().get("name") or "", head[: function.start()].rstrip()
            if not name:
                real = self.code[max(0, block - 200) : block][: function.start()].rstrip()
                if _AT_ONCE.search(before) or _LISTENS.search(real):
                    continue
                named = _NAMED.search(before)
                name = named["name"] if named else ""
            if not name or not self._called(name, block):
                return False
        return True

    def leads(self) -> tuple[list[str], list[str], bool]:
        """Addresses that the page's opening leads to, those that it leads to under a condition, and whether it leads to one
        that cannot be told."""
        targets: list[str] = []
        perhaps: list[str] = []
        lost = False
        for match in _GO.finditer(self.bare):
            if not self.runs(match.start()):
                continue
            after = self.code[match.end() : match.end() + 2100]
            if match["open"] == "open" and not re.search(r",\s*[\"']_(?:self|top|parent)", after):
                continue
            target, asks = self._value(match.end()), self._asks(match.start())
            if target:
                (perhaps if asks else targets).append(target)
            elif not match["open"] and not asks:
                lost = True
        return targets, perhaps, lost

    def strings_after(self, pattern: re.Pattern[str]) -> list[tuple[int, str]]:
        """Strings that follow a pattern, and where the pattern stands."""
        return [
            (match.start(), self._text(match.end()))
            for match in pattern.finditer(self.bare)
            if match.end() in self.literals
        ]

    def _value(self, place: int) -> str:
        """The string at a place, or that of the variable there; empty where it is put together from parts."""
        if place in self.literals:
            after = self.bare[self.literals[place] :].lstrip()[:1]
            return "" if after == "+" else self._text(place)
        name = re.match(r"[A-Za-z_$][\w$]*(?=\s*(?:[;,)}\n]|$))", self.bare[place:])
        if name is None:
            return ""
        for match in re.finditer(rf"(?<![\w$.]){re.escape(name[0])}\s*=\s*(?=[\"'`])", self.bare):
            if match.end() in self.literals:
                return self._value(match.end())
        return ""

    def _text(self, place: int) -> str:
        raw = self.code[place + 1 : self.literals[place] - 1]
        return _ESCAPE.sub(
            lambda match: (
                chr(int(match[1] or match[2], 16)) if match[1] or match[2] else _PLAIN.get(match[3], match[3])
            ),
            raw,
        )

    def _statement(self, place: int) -> str:
        """From the start of the statement, or of the condition of a block, to a place; strings as they are."""
        start = max(self.bare.rfind(mark, 0, place) for mark in ";{}") + 1
        return self.code[max(start, place - 400) : place]

    def _asks(self, place: int) -> bool:
        """Whether there is a condition before a place or a block round it."""
        return any(_ASKS.search(self._statement(one)) for one in (place, *self.around(place)))

    def _asks_device(self, place: int) -> bool:
        said = self._statement(place)
        return bool(_ASKS.search(said) and _DEVICE.search(said)) or bool(re.match(r"\s*else\b", said))

    def _called(self, name: str, block: int) -> bool:
        """Whether opening the page calls a function: by its name, or by handing it over (setTimeout, onload)."""
        if (name, block) not in self._known:
            self._known[name, block] = False  # one that only calls itself
            self._known[name, block] = self._is_called(name, block)
        return self._known[name, block]

    def _is_called(self, name: str, block: int) -> bool:
        if self._deep >= _DEEP:
            return False
        self._deep += 1
        try:
            end = self.closes.get(block, len(self.bare))
            return any(self.runs(place) for place in self._uses.get(name, ()) if not block <= place <= end)
        finally:
            self._deep -= 1

    @cached_property
    def _uses(self) -> dict[str, list[int]]:
        """Where functions are called or handed over, by name."""
        found: dict[str, list[int]] = {}
        for text, pattern in ((self.bare, _CALLED), (self.bare, _HANDED), (self.code, _HEARD)):
            for match in pattern.finditer(text):
                found.setdefault(match["name"], []).append(match.start())
        return found
