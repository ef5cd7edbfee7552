"""What counts as the same: a report and its attachments → three fingerprints.

- `text_hash`: the visible text, white space and invisible characters removed, nothing folded.
- `content_hash`: the canonical content. Differences that are cosmetic are folded away on both sides alike: full and
  half width, kinds of quotation marks and other look-alike marks, 〇/○/零 in years, what mirrors add, Traditional
  against Simplified and the words that its converters exchange, the layout of a national table
  (`monitor.table_form`). Never folded: any other change of a Chinese character, a letter, a digit, a cell.
- `strict_hash`: the same without folding Traditional against Simplified. Two captures of one script are compared by it
  as well, so that 乾县 → 干县 on a Simplified page is an edit; what script folding hides is hidden between scripts
  only.

Attachments count by their text, else by their pixels, else by their bytes; never by name or address, always in order.
Pure: no clock, no disk, no network. Nothing here raises.
"""

import hashlib
import itertools
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from crawler.page import chinese, mirrors
from crawler.page.characters import WIDE, Exchange
from crawler.page.text import Block, Table, parse
from monitor import regional
from monitor.table_form import Former

Script = Literal["simplified", "traditional", "neutral", "mixed"]
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
_ROW, _CELL, _END = "\uf8f0", "\uf8f1", "\uf8f2"
_SEPARATORS = dict.fromkeys(map(ord, (_ROW, _CELL, _END)), "\ufffd")

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
# What NFKC makes of a character anyway is put in its place at once: the text is then nearly always in that form.
_BEFORE = Exchange(WIDE | {code: unicodedata.normalize("NFKC", one) for code, one in _LOOK_ALIKE.items()})
_AFTER = Exchange({**chinese.invisible(), **_LOOK_ALIKE})
_RUNS = (("--", re.compile(r"-{2,}"), "-"), ("...", re.compile(r"(?:\.{3,}|…)+"), "…"), ("…", re.compile("…{2,}"), "…"))
_BLANK_CELLS = re.compile(rf"{_CELL}+(?=[{_ROW}{_END}])")
_BLANK_ROWS = re.compile(rf"{_ROW}+(?=[{_ROW}{_END}])")
_ZEROS = {ord(zero): "〇" for zero in "○零0"}
_YEAR = re.compile("[一二](?<![〇○零0一二三四五六七八九十百千].)[〇○零0一二三四五六七八九]{3}(?=年)")


def fingerprints(
    title: str, organ: str, source: str, published_on: str, text: str, attachments: Sequence[AttachmentState] = ()
) -> Fingerprints:
    """The fingerprints of a report as read. `text` is in the form of crawler.page.text."""
    return with_page(title, organ, source, published_on, text, attachments)[0]


def with_page(
    title: str, organ: str, source: str, published_on: str, text: str, attachments: Sequence[AttachmentState]
) -> tuple[Fingerprints, str]:
    """The same, and the content_hash that the page has without its attachments."""
    heads = (title, organ, source, published_on)
    blocks = _blocks(text)
    shown = [chinese.strip_invisible(part) for part in (*heads, _stream(blocks))]
    names = [[_shown_name(attachment), attachment.sha256] for attachment in attachments]
    strict = [*map(_fold_marks, heads), _folded(blocks)]
    told = [_told(attachment) for attachment in in_order(attachments)]
    script = script_of(title + text)
    own = regional.traditional if script == "traditional" else str
    content = [*map(regional.across, strict)]
    page = _sha256([*content, []])
    prints = Fingerprints(
        text_hash=_sha256([*shown, names]),
        content_hash=_sha256([*content, [[how, regional.across(what)] for how, what in told]]) if told else page,
        strict_hash=_sha256([*map(own, strict), told]),
        script=script,
    )
    return prints, page


def _shown_name(item: AttachmentState) -> str:
    """What a reader sees of an attachment's name: of a picture nothing, unless it is called otherwise than its file."""
    if item.kind == "picture" and item.name == unquote(urlsplit(item.url).path.rsplit("/", 1)[-1]):
        return ""
    return chinese.strip_invisible(item.name)


def significance(old: Fingerprints, new: Fingerprints) -> Significance:
    """How much `new` differs from `old`; both must have been made under one REVISION."""
    if old.text_hash == new.text_hash:
        return "none"
    if old.content_hash != new.content_hash:
        return "content"
    strict = _one_script(old.script, new.script) and old.strict_hash != new.strict_hash
    return "content" if strict else "cosmetic"


def in_order(attachments: Sequence[AttachmentState]) -> list[AttachmentState]:
    """Documents by what they say, for the order of their links says nothing; then pictures as they stand in the body."""
    documents = [attachment for attachment in attachments if attachment.kind == "document"]
    pictures = [attachment for attachment in attachments if attachment.kind != "document"]
    return [*sorted(documents, key=attachment_hash), *pictures]


def canonical(text: str) -> str:
    """A body with all cosmetic differences folded but that of script; tables keep their grid, national ones their form.
    For hashing only."""
    return _folded(_blocks(text))


def comparable(text: str) -> str:
    """`text` (a sentence, a cell) with every cosmetic difference folded, script included. For hashing and matching."""
    return regional.across(_fold_marks(text))


def folding(old: str, new: str) -> Callable[[str], str]:
    """The folding under which parts of these two bodies are to be compared: of script only where the scripts differ."""
    before, after = script_of(old), script_of(new)
    if not _one_script(before, after):
        return comparable
    return (lambda text: regional.traditional(_fold_marks(text))) if before == "traditional" else _fold_marks


def script_of(text: str) -> Script:
    """The script that `text` as a whole is written in; mixed: a mirror put Traditional characters with readings into a
    Simplified text (海珠區(qū)人民政府)."""
    traditional, simplified = chinese.script_counts(text)
    if traditional > simplified:
        return "traditional"
    if chinese.has_mirror_characters(text):
        return "mixed"
    return "neutral" if traditional == simplified else "simplified"


def _one_script(one: Script, other: Script) -> bool:
    """Whether texts of these scripts are compared character by character. What tells nothing may be Simplified."""
    kinds = {"simplified" if script == "neutral" else script for script in (one, other)}
    return len(kinds) == 1


def attachment_hash(attachment: AttachmentState) -> str:
    """SHA-256 (hex) of what an attachment says: its canonical text, else its pixels, else its bytes."""
    how, what = _told(attachment)
    return _sha256([how, regional.across(what)])


def _told(attachment: AttachmentState) -> tuple[str, str]:
    if text := canonical(attachment.text):
        return "text", text
    if attachment.pixels:
        return "pixels", attachment.pixels
    return ("bytes", attachment.sha256) if attachment.sha256 else ("unread", "")


def _blocks(text: str) -> Sequence[Block]:
    return parse(text.translate(_SEPARATORS) if any(mark in text for mark in (_ROW, _CELL, _END)) else text)


def _stream(blocks: Sequence[Block]) -> str:
    """A body as one string in which the places of rows and cells are marked, and nothing else."""
    parts: list[str] = []
    for block in blocks:
        if isinstance(block, Table):
            parts.extend(_ROW + _CELL.join(row) for row in block.rows)
            parts.append(_END)
        else:
            parts.append(block)
    return "".join(parts)


def _folded(blocks: Sequence[Block]) -> str:
    """The same with national tables in their one form, folded."""
    former = Former(cell_key)
    parts: list[str] = []
    for block in blocks:
        if not isinstance(block, Table):
            former.prose(block)
            parts.append(block)
        elif (lines := former.table(block.rows)) is None:
            parts.append(_stream((block,)))
        else:
            # Words alone in a row are told like a paragraph: layout makes the one of the other.
            parts.extend(
                _END + line.cells[0] if line.kind == "words" else _ROW + _CELL.join(line.cells) for line in lines
            )
            parts.append(_END)
    return _without_blanks(_fold_marks("".join(parts)))


@lru_cache(maxsize=16384)
def cell_key(cell: str) -> str:
    """A cell with its marks folded: what two cells that look alike share."""
    return cell if cell.isascii() and cell.isdigit() else _fold_marks(cell)


def _without_blanks(folded: str) -> str:
    """Without blank cells at the ends of rows, blank rows and blank tables; tables that follow each other are one."""
    parts = _BLANK_ROWS.sub("", _BLANK_CELLS.sub("", folded)).split(_END)
    kept = parts[:1]
    for before, after in itertools.pairwise(parts):
        kept += (_END if _ROW in before and not after.startswith(_ROW) else "", after)
    return "".join(kept)


def _fold_marks(text: str) -> str:
    folded = "".join(unicodedata.normalize("NFKC", _BEFORE(chinese.repair(text))).split())
    folded = _AFTER(folded)
    if ")" in folded:  # readings that white space, or a zero-width character, had stood in
        folded = mirrors.without_readings(folded)
    for some, run, one in _RUNS:
        if some in folded:
            folded = run.sub(one, folded)
    return _YEAR.sub(lambda year: year[0].translate(_ZEROS), folded)


def _sha256(parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
