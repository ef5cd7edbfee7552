"""Where in a text the words of a query stand, and the lines around them. Pure. Pieces are plain text: whoever shows them escapes
them."""

from collections.abc import Sequence

import msgspec

from monitor.search.query import Phrase
from monitor.search.tokens import fold, likely, origins, placed

_AROUND = 38
"""Characters shown before and after what was found."""
_NEAR = 12
"""Characters from where a line begins or ends at which it is not cut."""
_WORD = 20
"""Characters more, so that no number or Latin word is cut."""
_ROW_HEAD = 30
"""Characters shown of the cells that say what a row is."""
_LONGEST = 400_000
"""Characters of a text that are looked through."""
_MOST = 40
"""Places of a phrase that are looked for: the first ones."""


class Piece(msgspec.Struct, frozen=True):
    """A part of a text."""

    text: str
    hit: bool = False


Snippet = tuple[Piece, ...]


class Span(msgspec.Struct, frozen=True, order=True):
    """A place in a text, and the number of the phrase that stands there."""

    start: int
    end: int
    phrase: int = 0


def spans(text: str, phrases: Sequence[Phrase]) -> list[Span]:
    """Where any of the phrases stands, in order; they do not overlap."""
    text = text[:_LONGEST]
    folded = fold(text)
    places = origins(text)
    found: list[Span] = []
    for number, phrase in enumerate(phrases):
        found += (
            Span(places[start], places[end - 1] + 1, number) for start, end in _standing(folded, phrase) if start < end
        )
    apart: list[Span] = []
    for one in sorted(found):
        if apart and one.start < apart[-1].end:
            last = apart.pop()
            one = Span(last.start, max(last.end, one.end), last.phrase)
        apart.append(one)
    return apart


def _standing(folded: str, phrase: Phrase) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    done = 0
    for maybe in likely(phrase).finditer(folded):
        if maybe.start() < done:
            continue
        first = folded.rfind("\n", 0, maybe.start()) + 1
        end = folded.find("\n", maybe.end())
        done = len(folded) if end < 0 else end
        line = placed(folded, first, done)
        size, index = len(phrase), 0
        while index + size <= len(line.tokens):
            if line.tokens[index] == phrase[0] and tuple(line.tokens[index : index + size]) == phrase:
                found.append((line.spans[index][0], line.spans[index + size - 1][1]))
                index += size
            else:
                index += 1
        if len(found) >= _MOST:
            break
    return found


def marked(text: str, phrases: Sequence[Phrase]) -> Snippet:
    """A whole short text."""
    return _pieces(text, 0, len(text), spans(text, phrases))


def snippets(text: str, phrases: Sequence[Phrase], most: int = 3) -> tuple[Snippet, ...]:
    """Parts of a text in which phrases stand: of each its first place, as far as there is room."""
    found = spans(text, phrases)
    seen: set[int] = set()
    first = [one for one in found if not (one.phrase in seen or seen.add(one.phrase))]  # type: ignore[func-returns-value]
    windows: list[tuple[int, int]] = []
    for one in [*first, *found]:
        if len(windows) >= most:
            break
        start, end = _window(text, one)
        if all(end <= other_start or start >= other_end for other_start, other_end in windows):
            windows.append((start, end))
    return tuple(_pieces(text, *window, found) for window in sorted(windows))


def _window(text: str, span: Span) -> tuple[int, int]:
    """Around a place, within its line; no number or Latin word is cut."""
    line_start = text.rfind("\n", 0, span.start) + 1
    line_end = text.find("\n", span.end)
    line_end = len(text) if line_end < 0 else line_end
    start, end = max(line_start, span.start - _AROUND), min(line_end, span.end + _AROUND)
    if start - line_start < _NEAR:
        start = line_start
    elif text[line_start] == "|":  # a row begins with a whole cell
        cell = text.find("|", start, span.start)
        start = cell if cell >= 0 else start
    if line_end - end < _NEAR:
        end = line_end
    least, most = max(line_start, start - _WORD), min(line_end, end + _WORD)
    while start > least and _same_word(text[start - 1 : start + 1]):
        start -= 1
    while end < most and _same_word(text[end - 1 : end + 1]):
        end += 1
    return start, end


def _same_word(two: str) -> bool:
    return all(char.isascii() and (char.isalnum() or char in ",.") for char in two)


def _pieces(text: str, start: int, end: int, found: Sequence[Span]) -> Snippet:
    pieces: list[Piece] = []
    place = start
    for one in found:
        if one.start < start or one.start >= end:
            continue
        stop = min(one.end, end)
        pieces += (Piece(_shown(text[place : one.start])), Piece(_shown(text[one.start : stop]), True))
        place = stop
    pieces.append(Piece(_shown(text[place:end])))
    if start > 0 and text[start - 1] != "\n":
        pieces = [Piece(f"{_row_head(text, start)}…"), *pieces]
    else:
        pieces[0] = Piece(pieces[0].text.lstrip(" ｜"), pieces[0].hit)
    if end < len(text) and text[end] != "\n":
        pieces.append(Piece("…"))
    else:
        pieces[-1] = Piece(pieces[-1].text.rstrip(" ｜"), pieces[-1].hit)
    return tuple(one for one in pieces if one.text)


def _row_head(text: str, place: int) -> str:
    """What a row of a table is called: its first cells, if `place` is further behind."""
    line = text[text.rfind("\n", 0, place) + 1 : place]
    if not line.startswith("|"):
        return ""
    cells = list(dict.fromkeys(cell.strip() for cell in line[1:].split("|")[:-1]))
    return _shown(" | ".join(cells[:2])[:_ROW_HEAD]) + " ｜" if cells else ""


def _shown(text: str) -> str:
    """As a line: cells are parted by a mark that no sentence has."""
    return text.replace("\n", " ").replace("|", "｜")
