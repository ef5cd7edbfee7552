"""Two years with the same text, or nearly. Pure."""

import hashlib
import re
from collections.abc import Iterator, Mapping

from crawler.page.chinese import strip_invisible, strip_lines
from monitor.findings.model import Earlier, Finding

_SHORTEST = 200
"""Characters below which two years' bodies may well be the same."""
_SENTENCE = re.compile(r"[^。!?;！？；\n]+")
_YEAR = re.compile(r"20\d\d(?=年)")
_LEAST_LENGTH = 12
"""Characters of a sentence that is more than a heading."""
_LEAST_SENTENCES = 15
_ALIKE = 0.9


def body_key(text: str) -> str:
    """What two bodies with the same visible text share, whatever their titles; empty for a text too short to tell."""
    body = strip_invisible(text).replace("|", "").replace("\\", "")
    return hashlib.sha256(body.encode()).hexdigest() if len(body) >= _SHORTEST else ""


def same_text(text: str, year: int | None, others: Mapping[int, str]) -> Iterator[Finding]:
    """Word for word an earlier year's body. `others`: body keys of the organ's other reports, by year. The later of two
    says so."""
    key = body_key(text) if others else ""
    same = sorted(other for other, its in others.items() if key and its == key and (year is None or other < year))
    if same:
        detail = f"正文与{'、'.join(f'{other}年' for other in same)}报告完全相同"
        yield Finding("same_text", "warning", detail, "正文")


def similar_text(text: str, year: int | None, earlier: Earlier) -> Iterator[Finding]:
    """Nearly all sentences stand in the report of the year before, figures included; only the years were moved on."""
    if year is None or not earlier.text:
        return
    own, its = _sentences(text, year), set(_sentences(earlier.text, earlier.year))
    if len(own) < _LEAST_SENTENCES:
        return
    share = sum(sentence in its for sentence in own) / len(own)
    if share >= _ALIKE:
        detail = f"正文 {len(own)} 句中有 {share:.0%} 与{earlier.year}年报告相同（年份除外）"
        yield Finding("similar_text", "info", detail, "正文")


def _sentences(text: str, year: int) -> list[str]:
    """Sentences of the prose that tell something, with the years in them counted from the report's."""
    prose = strip_lines("\n".join([line for line in text.split("\n") if not line.startswith("|")]))
    found = "\n".join([one for one in _SENTENCE.findall(prose) if len(one) >= _LEAST_LENGTH])
    return _YEAR.sub(lambda it: f"{int(it[0]) - year:+d}", found).split("\n") if found else []
