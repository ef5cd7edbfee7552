"""What a person typed → a query, and its expression of FTS5. Pure; nothing here raises, and no text makes a wrong expression:
what goes into one is tokens, each quoted.

信息 公开: both. "信息 公开": one after the other (so is what is written without a space). 信息 OR 资讯, 信息|资讯: either. -公开 or
NOT 公开: without. Quotation marks may be Chinese, the minus sign wide.
"""

import re

import msgspec

from crawler.page.chinese import REGIONAL
from monitor.search.tokens import fold, phrase

PLACES = {"": "", "title": "title organ", "text": "text", "attachments": "attachments"}
"""Columns of the index, by where a search is to look; empty: all."""
MOST_WORDS = 16
MOST_CHARACTERS = 200

_ITEM = re.compile(
    r"""(?P<minus>[-－−–](?=[^\s\-－−–]))?
    (?:["“”„＂](?P<straight>[^"“”„＂]*)["“”„＂]?|[「『](?P<corner>[^」』]*)[」』]?|(?P<plain>[^\s"“”„＂「『|｜]+)|(?P<bar>[|｜]+))""",
    re.VERBOSE,
)
# Words of Taiwan's converters and the mainland's: only those that mean nothing else on the mainland.
_EITHER = {
    "资讯", "网路", "程式", "资料库", "连结", "软体", "硬体", "网际网路", "伺服器", "视讯", "简讯", "列印", "登入", "搜寻", "滑鼠",
}  # fmt: skip


Phrase = tuple[str, ...]
"""Tokens that follow each other."""


class Word(msgspec.Struct, frozen=True):
    """One thing that is looked for: any of its phrases (more than one: the words that converters exchange)."""

    written: str
    phrases: tuple[Phrase, ...]


class Query(msgspec.Struct, frozen=True):
    """All of the groups, any word of each, none of the excluded."""

    groups: tuple[tuple[Word, ...], ...] = ()
    excluded: tuple[Word, ...] = ()
    cut: bool = False
    """Words were left out: there were more than MOST_WORDS, or more than MOST_CHARACTERS."""

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """All that a text is marked for."""
        return tuple(one for group in self.groups for word in group for one in word.phrases)


def parse(text: str) -> Query:
    """What `text` asks for; no groups: nothing that could be looked for."""
    groups: list[tuple[Word, ...]] = []
    excluded: list[Word] = []
    either = negate = False
    found = 0
    for item in _ITEM.finditer(text[:MOST_CHARACTERS]):
        plain = item["plain"]
        if item["bar"] or plain == "OR":
            either = bool(groups)
            continue
        if plain == "NOT":
            negate = True
            continue
        if plain == "AND":
            continue
        written = (plain or item["straight"] or item["corner"] or "").strip()
        word = _word(written)
        if word is None:
            continue
        found += 1
        if found > MOST_WORDS:
            break
        if item["minus"] or negate:
            excluded.append(word)
        elif either:
            groups[-1] = (*groups[-1], word)
        else:
            groups.append((word,))
        either = negate = False
    return Query(tuple(groups), tuple(excluded), found > MOST_WORDS or len(text) > MOST_CHARACTERS)


def _word(written: str) -> Word | None:
    one = phrase(written)
    if not one:
        return None
    folded = fold(written)
    others = []
    for taiwan, mainland in REGIONAL.items():
        if taiwan in _EITHER:
            for old, new in ((fold(taiwan), fold(mainland)), (fold(mainland), fold(taiwan))):
                if old in folded:
                    others.append(phrase(folded.replace(old, new)))
    return Word(written, tuple(dict.fromkeys((one, *others))))


def expression(query: Query, where: str = "") -> str:
    """For MATCH. `where`: a key of PLACES. Empty: there is nothing to look for."""
    if not query.groups:
        return ""
    wanted = " AND ".join(_any(group) for group in query.groups)
    if query.excluded:
        wanted = f"({wanted}) NOT {_any(query.excluded)}"
    return f"{{{PLACES[where]}}} : ({wanted})" if PLACES[where] else wanted


def _any(words: tuple[Word, ...]) -> str:
    return f"({' OR '.join(_quoted(one) for word in words for one in word.phrases)})"


def _quoted(tokens: Phrase) -> str:
    return '"' + " ".join(tokens).replace('"', '""') + '"'
