"""A message that is longer than its receiver takes → parts that say all of it, as far as a few of them go. Pure.

In: a text, the most that a part may hold, and how that is counted (bytes for robots, characters for others). Out: the
parts in order. They part between lines, else after sentences, else after clauses; never within a character, a Markdown
link or an address. What is too long even for the number of parts ends with a line that says how much is missing, and
with the text's last line: the links to the rest.
"""

import re
from collections.abc import Callable

import msgspec

from monitor.markup import cut
from monitor.message import Message
from monitor.words import WORDS

MOST = 4
"""Parts of one message at most: more of them is no message any more."""
NUMBER = "（{}/{}）"
ROOM_FOR_MARKS = 48
"""What a number and 可能重复 need at most in the first line, in bytes of UTF-8."""

_LINKS = r"\[[^\]\n]*\]\([^)\s]*\)|https?://[^\s)）]+"
_BOLD = r"\*\*[^*\n]+\*\*"
_PLACES = (
    (r"(?<=[。！？；])", re.compile(f"{_LINKS}|{_BOLD}")),
    (r"(?<=　)|(?<=[，、：])|(?<= )", re.compile(f"{_LINKS}|{_BOLD}")),
    (r"", re.compile(_LINKS)),
)
"""Where a line may be parted and what must stay whole, best first."""

Size = Callable[[str], int]


def in_bytes(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode())


def split(text: str, most: int, size: Size, number: int = MOST) -> list[str]:
    """`text` in at most `number` parts of at most `most` each, by `size`."""
    lines = text.split("\n")
    parts = _packed([piece for line in lines for piece in _pieces(line, most, size)], most, size)
    if len(parts) <= number:
        return parts
    links = [lines[-1]] if size(lines[-1]) <= most // 2 else []
    kept, rest = parts[: number - 1], parts[number - 1].split("\n")
    told = len("\n".join(kept)) + len("\n".join(links))
    while True:
        left = len(text) - told - len("\n".join(rest))
        end = "\n".join([*rest, f"……（篇幅所限，其余 {left} 字从略）", *links])
        if size(end) <= most or not rest:
            return [*kept, end]
        rest.pop()


def _pieces(line: str, most: int, size: Size) -> list[tuple[str, str]]:
    """A line as pieces that fit into a part, each with what joins it to the one before: a line break, or nothing."""
    pieces = _parted(line, most, size, 0)
    return [("\n" if index == 0 else "", piece) for index, piece in enumerate(pieces)]


def _parted(text: str, most: int, size: Size, place: int) -> list[str]:
    if size(text) <= most:
        return [text]
    if place == len(_PLACES):
        return [_shortened(text, most)]
    packed = [""]
    for atom in _atoms(text, *_PLACES[place]):
        if packed[-1] and size(packed[-1] + atom) > most:
            packed.append("")
        packed[-1] += atom
    return [piece for part in packed for piece in _parted(part, most, size, place + 1)]


def _atoms(text: str, place: str, whole: re.Pattern[str]) -> list[str]:
    """`text` parted at every `place` outside of what stays `whole`."""
    atoms, end = [], 0
    for link in whole.finditer(text):
        atoms += [*re.split(place, text[end : link.start()]), link[0]]
        end = link.end()
    atoms += re.split(place, text[end:])
    return [atom for atom in atoms if atom]


def _shortened(text: str, most: int) -> str:
    """What cannot be parted: an address longer than a part. Half of it would lead elsewhere: its name has to do."""
    name = text[1 : text.index("]")] if text.startswith("[") else ""
    return cut(f"{name}（网址过长，从略）", most)


def _packed(pieces: list[tuple[str, str]], most: int, size: Size) -> list[str]:
    parts: list[str] = []
    for joint, piece in pieces:
        if parts and size(parts[-1] + joint + piece) <= most:
            parts[-1] += joint + piece
        else:
            parts.append(piece)
    return parts


def numbered(message: Message, bodies: list[str], *, markdown: bool) -> list[Message]:
    """The message in parts with these bodies, each with the first line and its number."""
    parts = []
    for index, body in enumerate(bodies, 1):
        subject = message.subject + NUMBER.format(index, len(bodies))
        shown = f"{first_line(message)}{NUMBER.format(index, len(bodies))}**\n{body}" if markdown else ""
        parts.append(Message(subject=subject, text=body, html="", markdown=shown))
    return parts


def first_line(message: Message) -> str:
    """Of the Markdown form, without the end of its emphasis."""
    return message.markdown.partition("\n")[0].removesuffix("**")


def mark(message: Message, language: str) -> Message:
    """A part that may have arrived already says so."""
    word = f"（{WORDS[language]['duplicate']}）"
    _, _, body = message.markdown.partition("\n")
    shown = f"{first_line(message)}{word}**\n{body}" if message.markdown else ""
    return msgspec.structs.replace(message, subject=message.subject + word, markdown=shown)
