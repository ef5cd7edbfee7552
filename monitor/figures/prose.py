"""Figures told in running text → figures `prose.*`.

In: blocks in the form of `crawler.page.text`, and the report's year. Out: a figure for each number that the text states
beyond doubt as the report's own and its year's: not last year's, not a total of years, not a part of one (其中), not another
organ's. Two statements that differ make a dispute, and no figure. Precision comes first: what might be
misread is left out. Pure; nothing here raises.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from crawler.page.characters import nfkc
from crawler.page.chinese import plain, script_counts, simplified, strip_invisible
from crawler.page.statements import body_year
from crawler.page.text import Block
from monitor.figures import prose_none, prose_words
from monitor.figures.model import Figure
from monitor.figures.open_fields import PROSE
from monitor.figures.prose_scope import Scope, own
from monitor.figures.prose_words import Statement

_SHOWN = 60
"""Characters of a clause that is shown where its words cannot be found as printed."""
_HEADING = 40
_TELLING = 800
"""Characters that tell a text's script."""
_OPENING = 12
"""Characters of a sentence without figures that may say which year the next ones are about."""
_LEVEL_ONE = re.compile(r"[一二三四五六七八九十]{1,3}[、.．]|第[一二三四五六七八九十]+[章部]")
_LEVEL_TWO = re.compile(r"[(（][一二三四五六七八九十]{1,3}[)）]")
_RUN_IN = re.compile(r"[\s。：:]")
"""Ends a heading that stands in front of its paragraph."""
_ELSEWHERE = re.compile(
    r"问题|问題|問題|不足|改[进進]|打算|[计計][划劃]|下一?步|下一[阶階]段|考[虑慮]|展望|思路|建[议議]|提案|[议議]案"
)
"""Chapters that speak of other years or other matters."""

_COUNTED = r"[\d〇零一二两兩三四五六七八九十百千]\s*[万萬]?\s*(?:件|宗|份|起|[个個]|次|例|[条條]|篇|部|[项項]|人次|元)"
_HIT = re.compile(
    rf"{_COUNTED}|(?:未|[没沒]|[无無])[^。；;!！?？]{{0,60}}?(?:申[请請]|[复復複][议議]|[诉訴][讼訟]|[费費]|文件|[结結][转轉])"
)
"""What a sentence must hold to state anything; for text as printed, of any script."""
_TOPIC = re.compile(
    r"申[请請]|主[动動]公|[复復複][议議]|[诉訴]|文件|[费費]|[询詢]|予|部分公|同意|完整公|全部公|提供|不存在|其[他它]"
    r"|[转轉]|答[复復]|[办辦][结結]|[当當]面|[网網]|信函|[邮郵]|[传傳]真"
)
"""Words of which every statement has one."""
_QUANTITY = re.compile(_COUNTED)
_NONE = re.compile(r"[未没无]")
_SENTENCE = re.compile(r"[^。！!？?]+[。！!？?]*")
_CLAUSE = re.compile(r"(?:[^,，;；]|(?<=\d)[,，](?=\d{3}))+")

_QUOTES = re.compile("[“”‘’\"'「」『』]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f-\u1160\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
_TITLES = re.compile(r"《[^《》]*》|[〔\[]\d{4}[〕\]]\d*号?|\(\d{4}\)\d+号")
_WHOLE_YEAR = re.compile(r"(20\d\d年)1月1日(?:起|开始)?(?:至|到|—|-|~)+(?:20\d\d年)?12月31日(?:止|期间|间)?")


class Told(NamedTuple):
    """A statement of the text."""

    code: str
    value: float
    raw: str
    """The words, as printed."""
    place: str
    """Heading of the chapter; empty if it has none."""


class Dispute(NamedTuple):
    """One figure for which the text has several numbers."""

    code: str
    told: tuple[Told, ...]


class Prose(NamedTuple):
    """What a report's running text says in figures."""

    figures: tuple[Figure, ...] = ()
    told: tuple[Told, ...] = ()
    """All statements, in reading order, with those in dispute."""
    disputes: tuple[Dispute, ...] = ()


def read(blocks: Sequence[Block], year: int | None = None, organs: Sequence[str] = ()) -> Prose:
    """The figures of one report's running text. `year`: the report's; None: as the text tells it. `organs`: the names of its
    organ; without them, an organ that is named is taken for it."""
    told = tuple(_statements(blocks, year, tuple(map(plain, organs))))
    figures: list[Figure] = []
    disputes: list[Dispute] = []
    for code in PROSE:
        mine = tuple(one for one in told if one.code == code)
        if len({one.value for one in mine}) > 1:
            disputes.append(Dispute(code, mine))
        elif mine:
            figures.append(Figure(code, mine[0].value, mine[0].raw, "prose"))
    return Prose(tuple(figures), told, tuple(disputes))


def _statements(blocks: Sequence[Block], year: int | None, organs: Sequence[str]) -> Iterator[Told]:
    paragraphs = [block for block in blocks if isinstance(block, str)]
    fold: Callable[[str], str] | None = None
    chapter = section = ""
    skipped = 0
    for paragraph in paragraphs:
        text = paragraph.strip()
        heading = text if len(text) <= _HEADING else _RUN_IN.split(text[:_HEADING], maxsplit=1)[0]
        level = 1 if _LEVEL_ONE.match(heading) else 2 if _LEVEL_TWO.match(heading) and skipped != 1 else 0
        if level:
            chapter, section = (heading, "") if level == 1 else (chapter, heading)
            skipped = level if _ELSEWHERE.search(heading) else 0
        if skipped or not _may_tell(paragraph) or (paragraph.rstrip().endswith("|") and len(paragraph) <= _HEADING):
            continue
        if fold is None:
            fold = _folder(paragraphs)
            if year is None:
                year = body_year([fold(one) for one in paragraphs], vote=False)[0]
        yield from _paragraph(paragraph, chapter, section, year, organs, fold)


def _may_tell(printed: str) -> bool:
    """Whether words as printed, in any script, may state a figure: a quick look before they are folded."""
    return _HIT.search(printed) is not None and _TOPIC.search(printed) is not None


def _folder(paragraphs: Sequence[str]) -> Callable[[str], str]:
    """How sentences are folded: as `plain` does, without looking for the script of each. In a text that mirrors damaged,
    both scripts stand side by side."""
    if script_counts("".join(paragraphs[:60])[:_TELLING])[0] == 0:
        if not any(map(_INVISIBLE.search, paragraphs)):  # nearly always; and twice as fast
            return lambda text: "".join(nfkc(text).split())
        return lambda text: strip_invisible(nfkc(text))
    return lambda text: simplified(plain(text))


def _paragraph(
    paragraph: str,
    chapter: str,
    section: str,
    year: int | None,
    organs: Sequence[str],
    fold: Callable[[str], str],
) -> Iterator[Told]:
    scope = Scope(year, organs)
    head = fold(chapter + section + paragraph[:_HEADING])
    requests, cases = "申请" in head, "复议" in head or "诉讼" in head
    for found in _SENTENCE.finditer(paragraph):
        printed = found[0]
        if not _may_tell(printed):
            scope.begin(printed[:_OPENING].lstrip())
            continue
        sentence = _cleaned(fold(printed))
        scope.begin(sentence)
        about = "信息公开" in sentence or "依申请" in sentence
        requests = requests or (about and "申请" in sentence)
        clauses = [piece[0].rstrip("。!?") for piece in _CLAUSE.finditer(sentence)]
        stated = [_stated(clause, year, requests, cases or about) for clause in clauses]
        if any(stated):
            for clause, one in own(clauses, stated, scope):
                yield Told(f"prose.{one.code}", one.value, _raw(printed, clause, one), chapter or section)


def _stated(clause: str, year: int | None, requests: bool, cases: bool) -> tuple[Statement, ...]:
    found: list[Statement] = []
    if _QUANTITY.search(clause):
        found += prose_words.statements(clause, year, requests, cases)
    if _NONE.search(clause):
        found += prose_none.statements(clause, requests, cases)
    return tuple({(one.code, one.end): one for one in found}.values())


def _cleaned(folded: str) -> str:
    """Without quotes, titles and numbers of documents; the whole year's two dates as 全年."""
    text = _QUOTES.sub("", _TITLES.sub("", folded) if "《" in folded or "号" in folded else folded)
    return _WHOLE_YEAR.sub(r"\1全年", text) if "12月31日" in text else text


def _raw(printed: str, clause: str, one: Statement) -> str:
    """The words as printed; where folding changed them, the printed clause that folds to the same."""
    words = clause[one.start : one.end]
    if words in printed:
        return words
    digits = "".join(char for char in words if char.isdigit())
    pieces = [" ".join(piece[0].split()).rstrip("。.；;") for piece in _CLAUSE.finditer(printed)]
    likely = [piece for piece in pieces if digits in unicodedata.normalize("NFKC", piece).replace(",", "")]
    return (likely or pieces)[0][:_SHOWN]
