"""Folding of what converters between scripts exchange: forms of characters, and words (資訊/信息, 支援/支持).

In: text whose marks are folded already. Out: a form that two texts share if one is a conversion of the other. Two
foldings: `across` for texts of different scripts (every character is what all of its forms in either script are) and
`traditional` for two Traditional texts (only the forms that Traditional standards differ in). Words are those that
OpenCC's own tables for Taiwan and Hong Kong exchange, and a few that gateways of portals were seen to write. A word is
found from left to right, the longest first. Pure.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache

from crawler.page import chinese, opencc_words
from crawler.page.characters import Exchange, char_class

_TABLES = ("TWPhrases", "HKPhrases")
# Besides those of OpenCC and those that reading relies on: seen at the big5 gateway of 首都之窗.
_MORE = {"资料": "数据", "複议": "复议", "複核": "复核", "答複": "答复", "批複": "批复", "刀片伺服器": "刀片服务器"}
_MORE_TRADITIONAL = {
    **{"微網志": "微博", "衚同": "胡同", "衚衕": "胡同", "複議": "復議", "複核": "復核"},
    **{"答覆": "答復", "答複": "答復", "批覆": "批復", "批複": "批復"},
    "托執行李": "托運行李",  # holds 運行 (執行) by accident
}
# 产品质量 holds 品质 by accident.
_NOT_WORDS = (("产品", "质量"), ("食品", "质量"), ("商品", "质量"), ("作品", "质量"))


class _Folding:
    """Characters to their representatives, then words to theirs."""

    def __init__(
        self,
        forms: Mapping[int, str],
        exchanged: Iterable[tuple[str, str]],
        apart: Iterable[tuple[str, str]],
        spelt: Iterable[tuple[str, str]] = (),
    ) -> None:
        """`exchanged`: words that stand for each other. `apart`: two words that hold a third by accident. `spelt`: a word
        in other characters, and the word; what it holds of exchanged words is folded in both."""
        self._single = Exchange(forms)
        words = _representatives((one.translate(forms), other.translate(forms)) for one, other in exchanged)
        for before, word in apart:
            before, word = before.translate(forms), word.translate(forms)
            words[before + word] = before + words.get(word, word)
        self._index(words)
        folded = {one.translate(forms): self.fold(other) for one, other in spelt}
        odd = {word: other for word, other in folded.items() if self.fold(word) != other}
        if odd:
            self._index({**odd, **words})

    def _index(self, words: Mapping[str, str]) -> None:
        self.beginnings: dict[str, list[tuple[str, str]]] = {}
        """By the first two characters of a word, or its only one: words and what stands for them, the longest first."""
        for word in sorted(words, key=len, reverse=True):
            self.beginnings.setdefault(word[:2], []).append((word, words[word]))
        pairs = [start for start in self.beginnings if len(start) == 2]
        alone = [start for start in self.beginnings if len(start) == 1]
        pair = f"{char_class(start[0] for start in pairs)}(?={char_class(start[1] for start in pairs)})"
        self.pairs = re.compile(pair)
        self.alone = re.compile(char_class(alone)) if alone else None
        self.beginning = re.compile(f"{pair}|{self.alone.pattern}") if self.alone else self.pairs

    def fold(self, text: str) -> str:
        text = self._single(text)
        # A word of one character is rare, and to look for one at each place costs more than all others.
        alone = self.alone is not None and self.alone.search(text) is not None
        parts: list[str] = []
        done = 0
        for found in (self.beginning if alone else self.pairs).finditer(text):
            start = found.start()
            words = self.beginnings.get(text[start : start + 2], [])
            if alone and start + 1 < len(text):
                words = words + self.beginnings.get(text[start], [])
            if start < done or not words:
                continue
            for word, other in words:
                if text.startswith(word, start):
                    parts += (text[done:start], other)
                    done = start + len(word)
                    break
        return "".join((*parts, text[done:])) if parts else text


@cache
def _across() -> _Folding:
    exchanged = [*_tables(), *chinese.REGIONAL.items(), *_MORE.items()]
    return _Folding(chinese.script_classes(), exchanged, _NOT_WORDS)


@cache
def _traditional() -> _Folding:
    to = cache(chinese.to_traditional)
    # A converter that meets markup within a word converts its characters one by one: 合並 for 合併; 發布 for 發佈, which it
    # makes 釋出.
    one_by_one = [("".join(map(to, chinese.simplified(word))), word) for word, _ in _tables()]
    spelt = [("".join(map(to, word)), forms[0]) for word, forms in opencc_words.dictionary("STPhrases").items()]
    own = [(to(word), to(other)) for word, other in {**chinese.REGIONAL, **_MORE}.items()]
    exchanged = [*_tables(), *one_by_one, *own, *_MORE_TRADITIONAL.items()]
    apart = [(to(one), to(other)) for one, other in _NOT_WORDS]
    return _Folding(chinese.traditional_variants(), exchanged, apart, spelt)


def _tables() -> Iterable[tuple[str, str]]:
    """A word and the first of those that a converter may put in its place, which is the one that it puts there."""
    for table in _TABLES:
        for word, others in opencc_words.dictionary(table).items():
            yield word, others[0]


def _representatives(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Every word that stands in a pair of two → one for all that pairs connect."""
    groups: dict[str, set[str]] = {}
    for one, other in pairs:
        if one != other:
            both = groups.get(one, {one}) | groups.get(other, {other})
            groups.update(dict.fromkeys(both, both))
    return {word: min(group, key=lambda item: (len(item), item)) for word, group in groups.items()}


def across(text: str) -> str:
    """`text` in the form that its conversions to the other script share."""
    return _across().fold(text)


def traditional(text: str) -> str:
    """A Traditional `text` in the form that conversions for Taiwan, Hong Kong and the mainland share."""
    return _traditional().fold(text)
