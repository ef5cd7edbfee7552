"""What a report of the national form must have and lacks: its tables, a word on its problems, the notice in force. Pure."""

import re
from collections.abc import Iterator

from monitor.findings.chapters import GRID, Chapters
from monitor.findings.model import Finding, Subject

_TABLES = {
    "二": ("proactive.", "主动公开政府信息情况"),
    "三": ("requests.", "收到和处理政府信息公开申请情况"),
    "四": ("review.", "行政复议、行政诉讼情况"),
}
_FIRST_YEAR = 2019
"""Of the tables."""
_NEW_NOTICE = 2021
"""Report year from which 国办公开办函〔2021〕30号 holds in place of 〔2019〕60号."""
_SAYS_NONE = re.compile(r"无|未|没有|不涉及|均?为?0[件条项宗次]?|零")
_ELSEWHERE = re.compile(r"(?:详见|参见|见|如)(?:后附|所附|附|下)(?:件|表|图)?|附(?:件|表)\d*|如下(?:表|图)")
_NOTHING = re.compile(
    r"(?:本年度?|本(?:机关|单位|局|委|镇|街道))?(?:暂)?(?:无|没有)(?:存在)?(?:主要)?(?:问题)?(?:及改进情况)?"
)
_SHORT = 10
_NOTICE_60 = re.compile(r"国办公开办函[\[〔(【]?2019[\]〕)】]?60号|[\[〔(【]2019[\]〕)】]60号")
_NOTICE_30 = re.compile(r"[\[〔(【]2021[\]〕)】]30号")


def structure(subject: Subject, chapters: Chapters) -> Iterator[Finding]:
    """What is announced and missing."""
    if subject.year is None or subject.year < _FIRST_YEAR:
        return
    yield from _missing_tables(subject, chapters)
    yield from _thin_chapter(subject, chapters)
    if subject.year >= _NEW_NOTICE:
        yield from _obsolete_notice(chapters)


def _missing_tables(subject: Subject, chapters: Chapters) -> Iterator[Finding]:
    """Headings with no table under them, nor anywhere else, nor a file that may hold it."""
    if subject.has_files:
        return
    damaged = {problem.table for problem in subject.figures.problems}
    bare = []
    for number, (family, title) in _TABLES.items():
        said = chapters.text.get(number)
        if said is None or GRID in said or number in damaged:
            continue
        if any(one.field.startswith(family) for one in subject.figures.figures):
            continue
        words = said.replace("\n", "").strip("。;,:")
        if not words or _ELSEWHERE.search(words) or title in words[: len(title) + 6]:
            bare.append(f"“{number}、{title}”")
        elif _SAYS_NONE.search(words[:60]) and len(words) <= 200:
            detail = f"“{number}、{title}”没有列表，正文写“{_clipped(words)}”；格式要求列表填报（无则填 0）"
            yield Finding("missing_table", "info", detail, f"表{number}")
        else:
            detail = f"“{number}、{title}”没有列表，只有文字：“{_clipped(words)}”"
            yield Finding("missing_table", "warning", detail, f"表{number}")
    if bare:
        detail = f"{'、'.join(bare)}有标题而无表格，也未见附件或图片"
        yield Finding("missing_table", "warning", detail, "表格")


def _thin_chapter(subject: Subject, chapters: Chapters) -> Iterator[Finding]:
    """A chapter on problems that names none."""
    said = chapters.text.get("五")
    if said is None:
        return
    words = re.sub(r"[\s。.;,:、!?]", "", said)
    if GRID in said or (not words and (subject.has_files or "六" not in chapters.text)):
        return  # what stands under the last heading may stand in a file, or on a page that ends early
    if len(words) < _SHORT or _NOTHING.fullmatch(words):
        shown = f"只写“{_clipped(words)}”" if words else "没有内容"
        yield Finding("thin_chapter", "info", f"“五、存在的主要问题及改进情况”{shown}", "正文 五、存在的主要问题")


def _obsolete_notice(chapters: Chapters) -> Iterator[Finding]:
    text = "\n".join((chapters.preface, *chapters.text.values()))
    found = _NOTICE_60.search(text)
    if found is None or _NOTICE_30.search(text):
        return
    sentence = text[max(0, found.start() - 60) : found.end() + 30]
    if "年度报告" in sentence and not re.search(r"废止|失效|取代|替代", sentence):
        detail = "引用已被取代的国办公开办函〔2019〕60号；2021年度起适用〔2021〕30号"
        yield Finding("obsolete_notice", "info", detail, "正文")


def _clipped(words: str) -> str:
    return words if len(words) <= 24 else words[:24] + "…"
