"""Exchanging and counting single characters, many times faster than str.translate with a dict. Pure.

str.translate looks every character up, and each that the dict does not hold costs it an exception; here a compiled class
finds the few that matter. A class is only quick as long as it holds no character beyond the Basic Multilingual Plane, so
the few texts that have such characters go the slow way. Either way gives the same.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import pairwise

_NEAR = 0xFFFF
"""The last of the Basic Multilingual Plane."""
_SHORT = 64
_LARGE = 1000
"""A class of so many characters takes milliseconds to compile: not before there is a text with more than _SHORT."""


class Exchange:
    """`exchange(text)` is `text.translate(table)`. The table's keys are code points, its values str or None."""

    def __init__(self, table: Mapping[int, str | None]) -> None:
        self._table = table
        self._beyond = any(code > 0xFFFF for code in table)
        self._removes = not any(table.values())
        self._least = _SHORT if len(table) > _LARGE else 0

    def __call__(self, text: str) -> str:
        if len(text) <= self._least or (self._beyond and has_beyond(text)):
            return text.translate(self._table)
        self._least = 0
        if self._removes:
            return self._runs.sub("", text)
        parts = self._found.split(text)
        if len(parts) == 1:
            return text
        parts[1::2] = map(self._other.__getitem__, parts[1::2])
        return "".join(parts)

    @cached_property
    def _other(self) -> dict[str, str]:
        return {chr(code): other or "" for code, other in self._table.items() if code <= _NEAR}

    @cached_property
    def _found(self) -> re.Pattern[str]:
        return re.compile(f"({char_class(self._other)})")

    @cached_property
    def _runs(self) -> re.Pattern[str]:
        return re.compile(f"{char_class(self._other)}+")


class Counted:
    """`counted(text)`: how many of its characters are among `chars`."""

    def __init__(self, chars: Iterable[str]) -> None:
        self._chars = frozenset(chars)
        self._beyond = any(ord(char) > _NEAR for char in self._chars)
        self._least = _SHORT

    def __call__(self, text: str) -> int:
        if len(text) <= self._least or (self._beyond and has_beyond(text)):
            return sum(map(self._chars.__contains__, text))
        self._least = 0
        return self._found.subn("", text)[1]

    @cached_property
    def _found(self) -> re.Pattern[str]:
        return re.compile(char_class(char for char in self._chars if ord(char) <= _NEAR))


def char_class(chars: Iterable[str]) -> str:
    """A class of a regular expression; what stands side by side as a range, which it is compiled from faster."""
    codes = sorted(set(map(ord, chars)))
    ends = [index for index, (one, other) in enumerate(pairwise(codes)) if other != one + 1]
    runs = zip([0, *(end + 1 for end in ends)], [*ends, len(codes) - 1], strict=True)
    return "[" + "".join(f"\\U{codes[first]:08x}-\\U{codes[last]:08x}" for first, last in runs) + "]"


def has_beyond(text: str) -> bool:
    """Whether a text has characters beyond the Basic Multilingual Plane."""
    return len(text.encode("utf-16-le", "surrogatepass")) != 2 * len(text)


WIDE: dict[int, str | None] = {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in (*range(0xFF01, 0xFF5F), *range(0x2460, 0x2474), 0x2026, 0x3000, 0x00A0, 0x2103, 0x33A1)
}
"""What keeps nearly every page from being in normal form KC already, its punctuation: what that form has in its place."""
_narrowed = Exchange(WIDE)


def nfkc(text: str) -> str:
    """`text` in Unicode's normal form KC."""
    return text if text.isascii() else unicodedata.normalize("NFKC", _narrowed(text))
