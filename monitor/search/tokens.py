"""Text → tokens, for the index and for what is looked up in it alike. Pure; nothing here raises.

Folded first, character by character: half width, small letters, no accents, one form for all that conversion between the
scripts merges (`variants.txt`, made from `crawler.page.chinese.script_classes`; a test holds it to that). Then:

- a Chinese character is a token: a word of any length is a phrase, one character too;
- a number is one, without the commas of its thousands: 1,234 → 1234; 13.76; a date with dots is three numbers;
- a word of any other script is one;
- marks that part sentences, lines and cells are one together, so that 期开 does not find “日期、开展”. White space, brackets
  and quotation marks are none: 《条例》规定 is found by 条例规定, and 信息内容 in a cell that is printed in two lines.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

REVISION = 1
"""Another one: indexes that were made before are made anew."""

BREAK = "."
"""The token of marks."""
_HAN = "\u3005\u3007\u3041-\u3096\u309d-\u30fa\u30fc-\u30ff\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_MARKS = r"\n|。，、；：！？,;:!?."
_THOUSANDS = r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9]|,[0-9])(?:\.[0-9]+(?!\.?[0-9]))?"
_DECIMAL = r"[0-9]+\.[0-9]+(?!\.?[0-9])"
_SCAN = re.compile(
    rf"[{_HAN}]|(?<![0-9]\.)(?<![0-9],)(?:{_THOUSANDS}|{_DECIMAL})|[0-9]+"
    rf"|[^\W\d_{_HAN}][^\W_{_HAN}]{{0,63}}|[{_MARKS}](?:[^\w{_MARKS}]|_|[{_MARKS}])*"
)
_MARK = frozenset("\n|。，、；：！？,;:!?.")
_LONGEST = 64
"""Characters of a number."""
_GLOSS = re.compile(r"(?<=[\u3400-\u9fff])[(（][a-zü]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ][a-zü]*[)）]")
"""A reading that a mirror put behind a character: 區(qū)."""
_WIDE_COMMA = re.compile("(?<=[０-９])，(?=[０-９]{3}(?![０-９]))")


@cache
def _variants() -> dict[str, str]:
    """A character → the one that stands for all of its forms."""
    found: dict[str, str] = {}
    for line in Path(__file__).with_name("variants.txt").read_text(encoding="utf-8").split():
        found.update(dict.fromkeys(line[1:], line[0]))
    return found


class _Fold(dict[int, str]):
    """For str.translate: learns a character when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


def _folded(char: str) -> str:
    if char in "〇○◯":
        return "零"
    if char in "，\n":
        return char
    if char in "\r\u2028\u2029\x85":
        return "\n"
    if (decimal := unicodedata.decimal(char, None)) is not None:
        return str(decimal)
    kept = []
    for part in unicodedata.normalize("NFKD", char).casefold():
        one = _variants().get(part, part)
        if one.isspace():
            kept.append(" ")
        elif unicodedata.category(one)[0] not in "MC":
            kept.append(one)
    text = "".join(kept)
    return f" {text} " if unicodedata.category(char) == "No" else text  # ①② is not 12


_FOLD = _Fold()


def fold(text: str) -> str:
    """The form in which texts are compared."""
    return _bare(text).translate(_FOLD)


def _bare(text: str) -> str:
    """As long as it was, without what mirrors add."""
    if ")" in text or "）" in text:
        text = _GLOSS.sub(lambda found: " " * len(found[0]), text)
    return _WIDE_COMMA.sub(",", text) if "，" in text else text


def origins(text: str) -> Sequence[int]:
    """For each character of `fold(text)`: the place in `text` that it is from."""
    bare = _bare(text)
    if all(len(_FOLD[ord(char)]) == 1 for char in set(bare)):
        return range(len(bare))
    return [place for place, char in enumerate(bare) for _ in _FOLD[ord(char)]]


def _tokens(found: Sequence[str]) -> list[str]:
    return [
        one if len(one) == 1 and one not in _MARK else BREAK if one[0] in _MARK else one.replace(",", "")[:_LONGEST]
        for one in found
    ]


def tokens(text: str) -> list[str]:
    """Of a text as it stands."""
    return _tokens(_SCAN.findall(fold(text)))


def indexed(text: str) -> str:
    """What an index keeps of a text: its tokens, parted by spaces."""
    return " ".join(tokens(text))


def phrase(text: str) -> tuple[str, ...]:
    """What finds `text` wherever it stands, from a token's beginning to a token's end. Empty: nothing can be looked for."""
    found = tokens(text)
    first, last = 0, len(found)
    while first < last and found[first] == BREAK:
        first += 1
    while first < last and found[last - 1] == BREAK:
        last -= 1
    return tuple(found[first:last])


class Placed(msgspec.Struct, frozen=True):
    """Tokens of a part of a folded text, and where each begins and ends in it."""

    tokens: list[str]
    spans: list[tuple[int, int]]


def placed(folded: str, start: int, end: int) -> Placed:
    """Of whole lines of a folded text."""
    found = list(_SCAN.finditer(folded[start:end]))
    return Placed(_tokens([one[0] for one in found]), [(one.start() + start, one.end() + start) for one in found])


def likely(phrase: Sequence[str]) -> re.Pattern[str]:
    """Finds in a folded text the places where a phrase may stand, quickly; what stands there is for `placed` to tell."""
    parts = (",?".join(map(re.escape, one)) if one[0].isdigit() else re.escape(one) for one in phrase if one != BREAK)
    return re.compile(r"[\W_]*".join(parts))


@cache
def forms(char: str) -> str:
    """All characters that are folded to the same as one."""
    own = _variants().get(char, char)
    return "".join(sorted({own, *(other for other, one in _variants().items() if one == own)}))
