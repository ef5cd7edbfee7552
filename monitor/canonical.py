"""What counts as the same: a report and its attachments → three fingerprints.

- `text_hash`: the visible text, white space and invisible characters removed, nothing folded.
- `content_hash`: the canonical content. Differences that are cosmetic are folded away on both sides alike: full and
  half width, kinds of quotation marks and other look-alike marks, 〇/○/零 in years, what mirrors add, Traditional
  against Simplified and the words that its converters exchange. Never folded: any other change of a Chinese
  character, a letter, a digit, a cell.
- `strict_hash`: the same without folding Traditional against Simplified. Two captures of one script are compared by it
  as well, so that 乾县 → 干县 on a Simplified page is an edit; what script folding hides is hidden between scripts
  only.

Attachments count by their text, else by their pixels, else by their bytes; never by name or address, always in order.
Pure: no clock, no disk, no network. Nothing here raises.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Literal

import msgspec

from crawler.page import chinese, document
from crawler.page.text import Table, parse

REVISION = f"1 opencc={version('opencc')} unicode={unicodedata.unidata_version} document={document.REVISION}"
"""What the fingerprints depend on besides the report: versions are only comparable under one revision."""

Script = Literal["simplified", "traditional", "neutral"]
Significance = Literal["none", "cosmetic", "content"]


class AttachmentState(msgspec.Struct, frozen=True):
    """An attachment or a picture of a report as last read."""

    url: str
    name: str
    kind: str
    """`document` or `picture`."""
    sha256: str = ""
    """Of its bytes; empty: it could not be read yet."""
    text: str = ""
    """In the form of crawler.page.text."""
    pixels: str = ""


class Fingerprints(msgspec.Struct, frozen=True):
    """SHA-256 (hex) of the three forms, and the script that the report is written in."""

    text_hash: str
    content_hash: str
    strict_hash: str
    script: Script


# Separators that survive the removal of invisible characters and that no text holds: they are private use.
_ROW, _CELL = "\uf8f0", "\uf8f1"
_SEPARATORS = {ord(_ROW): "\ufffd", ord(_CELL): "\ufffd"}

# Radicals that PDF fonts give for characters and that NFKC leaves alone (Unicode: EquivalentUnifiedIdeograph).
_RADICALS = dict(
    zip(
        "⺠⺫⻁⻄⻅⻆⻉⻋⻑⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
        "民目虎西见角贝车長长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟",
        strict=True,
    )
)


def _alike(groups: Mapping[str, str]) -> dict[int, str]:
    return {ord(mark): one for one, marks in groups.items() for mark in marks}


# Marks that look alike. Applied before and after NFKC, which turns some of them into others. A comma is no 、 and no
# full stop: exchanging those changes what is said (1,000 and 1、000).
_LOOK_ALIKE = {
    **_alike(
        {
            '"': "“”„‟″〃〝〞〟「」﹁﹂＂",
            "'": "‘’‚‛′`´『』﹃﹄＇",
            "-": "‐‑‒–—―−－﹣⁃─━╌┄",
            "·": "•・･‧∙⋅●",
            ":": "∶：",
            "/": "∕⁄／",
            "~": "～〜∼˜",
            "…": "⋯",
            "[": "〔［﹝",
            "]": "〕］﹞",
            "《": "«≪",
            "》": "»≫",
            "○": "◯",
        }
    ),
    **{ord(radical): char for radical, char in _RADICALS.items()},
}
_RUNS = ((re.compile(r"-{2,}"), "-"), (re.compile(r"(?:\.{3,}|…)+"), "…"))
_BLANK_CELLS = re.compile(rf"{_CELL}+(?={_ROW})")
_NO_ROW = re.compile(rf"{_ROW}+(?={_ROW})")
"""After blank cells at the ends of rows are dropped: rows in which nothing stands."""
_ZEROS = {ord(zero): "〇" for zero in "○零0"}
_YEAR = re.compile("(?<![〇○零0一二三四五六七八九十百千])[一二][〇○零0一二三四五六七八九]{3}(?=年)")

# Words of which only the wording of the conversion differs, besides those that reading relies on.
_MORE_WORDS = {"资料": "数据", "複议": "复议", "複核": "复核", "答複": "答复", "批複": "批复"}
_TRADITIONAL_WORDS = {
    **{"微網志": "微博", "衚同": "胡同", "衚衕": "胡同"},
    **{"答覆": "答復", "答復": "答復", "批覆": "批復", "批復": "批復"},
}
# 产品质量 holds 品质 by accident.
_NOT_WORDS = ("产品质量", "食品质量", "商品质量", "作品质量")


def fingerprints(
    title: str, organ: str, source: str, published_on: str, text: str, attachments: Sequence[AttachmentState] = ()
) -> Fingerprints:
    """The fingerprints of a report as read. `text` is in the form of crawler.page.text."""
    heads = (title, organ, source, published_on)
    shown = [chinese.strip_invisible(part) for part in (*heads, _stream(text))]
    names = [[chinese.strip_invisible(attachment.name), attachment.sha256] for attachment in attachments]
    strict = [*map(_fold_marks, heads), canonical(text)]
    told = [_told(attachment) for attachment in in_order(attachments)]
    script = script_of(title + text)
    own = _variants() if script == "traditional" else None
    return Fingerprints(
        text_hash=_sha256([*shown, names]),
        content_hash=_sha256([*map(_fold_script, strict), [[how, _fold_script(what)] for how, what in told]]),
        strict_hash=_sha256([*(_fold_variants(part, own) for part in strict), told]),
        script=script,
    )


def significance(old: Fingerprints, new: Fingerprints) -> Significance:
    """How much `new` differs from `old`; both must have been made under one REVISION."""
    if old.text_hash == new.text_hash:
        return "none"
    if old.content_hash != new.content_hash:
        return "content"
    return "content" if old.script == new.script and old.strict_hash != new.strict_hash else "cosmetic"


def in_order(attachments: Sequence[AttachmentState]) -> list[AttachmentState]:
    """Documents by what they say, for the order of their links says nothing; then pictures as they stand in the body."""
    documents = [attachment for attachment in attachments if attachment.kind == "document"]
    pictures = [attachment for attachment in attachments if attachment.kind != "document"]
    return [*sorted(documents, key=attachment_hash), *pictures]


def canonical(text: str) -> str:
    """A body with all cosmetic differences folded but that of script; tables keep their grid. For hashing only."""
    return _NO_ROW.sub("", _BLANK_CELLS.sub("", _fold_marks(_stream(chinese.repair(text))))).strip(_ROW)


def comparable(text: str) -> str:
    """`text` (a sentence, a cell) with every cosmetic difference folded, script included. For hashing and matching."""
    return _fold_script(_fold_marks(text))


def folding(old: str, new: str) -> Callable[[str], str]:
    """The folding under which parts of these two bodies are to be compared: of script only where the scripts differ."""
    scripts = script_of(old), script_of(new)
    if scripts[0] != scripts[1]:
        return comparable
    if scripts[0] == "traditional":
        own = _variants()
        return lambda text: _fold_variants(_fold_marks(text), own)
    return _fold_marks


def script_of(text: str) -> Script:
    """The script that `text` as a whole is written in."""
    traditional, simplified = chinese.script_counts(text)
    if traditional == simplified:
        return "neutral"
    return "traditional" if traditional > simplified else "simplified"


def attachment_hash(attachment: AttachmentState) -> str:
    """SHA-256 (hex) of what an attachment says: its canonical text, else its pixels, else its bytes."""
    how, what = _told(attachment)
    return _sha256([how, _fold_script(what)])


def _told(attachment: AttachmentState) -> tuple[str, str]:
    if text := canonical(attachment.text):
        return "text", text
    if attachment.pixels:
        return "pixels", attachment.pixels
    return ("bytes", attachment.sha256) if attachment.sha256 else ("unread", "")


def _stream(text: str) -> str:
    """A body as one string in which the places of rows and cells are marked, and nothing else."""
    parts: list[str] = []
    for block in parse(text.translate(_SEPARATORS)):
        if isinstance(block, Table):
            parts.extend(_ROW + _CELL.join(row) for row in block.rows)
            parts.append(_ROW)
        else:
            parts.append(block)
    return "".join(parts)


def _fold_marks(text: str) -> str:
    folded = unicodedata.normalize("NFKC", chinese.repair(text).translate(_LOOK_ALIKE))
    folded = chinese.strip_invisible(folded).translate(_LOOK_ALIKE)
    for run, one in _RUNS:
        folded = run.sub(one, folded)
    return _YEAR.sub(lambda year: year[0].translate(_ZEROS), folded)


@cache
def _words() -> tuple[re.Pattern[str], Mapping[str, str]]:
    classes = chinese.script_classes()
    same = {word: word for word in _NOT_WORDS}
    words = {**chinese.REGIONAL, **_MORE_WORDS, **same}
    folded = {word.translate(classes): other.translate(classes) for word, other in words.items()}
    return re.compile("|".join(sorted(folded, key=len, reverse=True))), folded


def _fold_script(text: str) -> str:
    pattern, words = _words()
    return pattern.sub(lambda match: words[match[0]], text.translate(chinese.script_classes()))


@cache
def _variants() -> tuple[Mapping[int, str], re.Pattern[str], Mapping[str, str]]:
    """What converters to Traditional differ in among themselves: forms of one character, regional words."""
    forms = chinese.traditional_variants()
    words = {
        chinese.to_traditional(word).translate(forms): chinese.to_traditional(other).translate(forms)
        for word, other in {**chinese.REGIONAL, **_MORE_WORDS, **{word: word for word in _NOT_WORDS}}.items()
    }
    words |= _TRADITIONAL_WORDS
    return forms, re.compile("|".join(sorted(words, key=len, reverse=True))), words


def _fold_variants(text: str, own: tuple[Mapping[int, str], re.Pattern[str], Mapping[str, str]] | None) -> str:
    if own is None:
        return text
    forms, pattern, words = own
    return pattern.sub(lambda match: words[match[0]], text.translate(forms))


def _sha256(parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
