"""What in a text shows that an annual report stands there.

In: lines as printed, in either script. Out: marks: the opening sentence (依据《政府信息公开条例》…编制本报告), the chapters of the
national form (国办公开办函〔2019〕60号, 〔2021〕30号) and of the years before it, its tables. Pure.
"""

import re
from collections.abc import Sequence

from crawler.page.chinese import is_traditional, plain, strip_invisible
from crawler.page.flow import Piece

OPENING, CHAPTER_ONE, TABLE_TWO = "opening", "chapter 1", "table 2"

_RULES = r"(?:政府信息公开条例|《?条例》?|(?:政府)?信息公开(?:工作)?年度报告.{0,20}通知|政府信息公开工作.{0,30}要求)"
_OPENING = re.compile(
    rf"(?:依据|根据|按照|遵照|依照|按|根椐).{{0,120}}{_RULES}.{{0,260}}?(?:编制|编写|撰写|形成|汇总|现将|现公布|公布|制作|特编|制定|发布|向社会公开).{{0,110}}?(?:报告|年报|情况)|"
    r"^(?:本|现将本|本单位|本机关)?(?:年度)?(?:工作)?(?:报告|年报).{0,14}(?:依据|根据|按照|由|遵照|依照).{0,200}(?:条例|编制|信息公开)|"
    r"现将.{0,60}(?:20\d\d|本)年?度?.{0,20}信息公开.{0,30}(?:报告如下|公布如下|予以公布|情况如下)|"
    r"编制的.{0,12}年度?.{0,8}(?:政府)?信息公开.{0,4}年?度?(?:工作)?报告"
)
_HEAD = r"^(?:第?[一二三四五六七八九十]+[、.．,，章节部分:：]*|[(（]?[一二三四五六七八九十][)）]|\d{1,2}[、.．])"
_HEADS = "第一二三四五六七八九十(（"
"""What a chapter's heading begins with, digits besides."""
_CHAPTERS = {
    CHAPTER_ONE: re.compile(
        r"^(?:第?一(?:[、.．,，:：]|部分[、.．:：]?|章)).{0,14}"
        r"(?:总体情况|概述|基本情况|工作总体|工作情况|概况|总体|组织领导|主动公开)"
    ),
    "published": re.compile(rf"{_HEAD}(?:行政机关)?.{{0,8}}主动公开(?:政府)?信息?.{{0,12}}$"),
    "requests": re.compile(rf"{_HEAD}.{{0,12}}(?:收到和处理|依申请公开|办理).{{0,16}}(?:申请|信息|情况)?.{{0,8}}$"),
    "disputes": re.compile(rf"{_HEAD}.{{0,20}}(?:行政复议|行政诉讼|申诉).{{0,24}}$"),
    "problems": re.compile(rf"{_HEAD}.{{0,14}}(?:问题|不足|改进|困难).{{0,16}}$"),
    "other": re.compile(rf"{_HEAD}(?:其他|其它).{{0,4}}(?:需要|应当|须).{{0,6}}(?:报告|说明).{{0,6}}$"),
    "costs": re.compile(rf"{_HEAD}.{{0,10}}(?:收费|人员和收支|收支|减免).{{0,14}}$"),
    "enquiries": re.compile(rf"{_HEAD}.{{0,8}}咨询.{{0,10}}$"),
    "annex": re.compile(rf"{_HEAD}说明.{{0,3}}附图.{{0,6}}$"),
}
_TABLES = {
    TABLE_TWO: re.compile(r"第二十条第?[(（]?一[)）]?项"),
    "table 2b": re.compile(r"第二十条第?[(（]?[五六八九][)）]?项"),
    "table 3": re.compile(r"本年新收(?:政府)?信息公开申请|申请人情况"),
    "table 4": re.compile(r"结果维持.{0,20}结果纠?正?|未经复议直接起诉"),
    "old table": re.compile(r"主动公开(?:政府)?信息数|全文电子化的?主动公开|回应解读情况"),
}


_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u3164\ufeff\ufe0f]")


class Folder:
    """Folds lines of one page for matching: costly for Traditional or damaged pages, cheap for all others."""

    def __init__(self, sample: str) -> None:
        self.costly = is_traditional(sample) or re.search(r"[(（][a-zA-Zü]{0,6}[À-ɏ]", sample) is not None

    def __call__(self, text: str) -> str:
        if self.costly:
            return plain(text)
        bare = "".join(text.split())
        return strip_invisible(bare) if _UNSEEN.search(bare) else bare


def marks_in(line: str) -> set[str]:
    """The marks of one folded line or table (its text, cells run together)."""
    found: set[str] = set()
    if 0 < len(line) < 90 and (line[0] in _HEADS or line[0].isdecimal()):
        found.update(mark for mark, pattern in _CHAPTERS.items() if pattern.match(line))
    if len(line) > 14 and ("报告" in line or "年报" in line or "情况" in line) and _OPENING.search(line[:600]):
        found.add(OPENING)
    return found


def marks_in_table(text: str) -> set[str]:
    """The marks of a folded table, or of a line that may be a cell of one."""
    return {mark for mark, pattern in _TABLES.items() if pattern.search(text)}


def in_long_line(line: str) -> set[str]:
    """Marks of chapters that stand inside one long line: a template that lost its paragraphs."""
    found = set()
    for word, mark in (
        ("一、总体情况", CHAPTER_ONE), ("一、概述", CHAPTER_ONE), ("二、主动公开", "published"), ("三、收到和处理", "requests"),
        ("五、存在", "problems"), ("六、其他需要", "other"),
    ):  # fmt: skip
        if word in line:
            found.add(mark)
    return found


def marks_of(pieces: Sequence[Piece]) -> dict[int, set[str]]:
    """Marks by piece; a piece that is a link is a list's or a table of contents'."""
    fold = Folder("".join(piece.text for piece in pieces)[:20000])
    found: dict[int, set[str]] = {}
    for index, piece in enumerate(pieces):
        if piece.is_link:
            continue
        folded = fold(piece.text)
        if isinstance(piece.block, str):
            marks = marks_in(folded)
            if len(folded) < 40:
                marks |= marks_in_table(folded)
            elif len(folded) > 300:
                marks |= in_long_line(folded)
        else:
            marks = marks_in_table(folded)
        if marks:
            found[index] = marks
    return found
