"""What a title says: a report, a companion of one, or neither; whose, and for which year.

In: a title as printed, in either script, damaged or not. Out: `Title`. Pure. The words that may follow 信息公开 are a small
grammar rather than a list of forbidden ones, because an organ's name may hold any of the forbidden words
(机构编制委员会办公室, 预算评审中心, 培训中心): what is not an annual report shows behind the core words, or in a few fixed phrases.
"""

import re
from functools import lru_cache
from typing import Literal

import msgspec

from crawler.page import chinese, mirrors
from crawler.page.dates import YEAR, year_of

Kind = Literal["report", "companion", "other"]


class Title(msgspec.Struct, frozen=True):
    """A title, read."""

    kind: Kind
    organ: str = ""
    """As printed, year and grammar taken away; empty if the title names none."""
    year: int | None = None
    near_miss: bool = False
    """It belongs to the annual reports but is none (a notice, news, a rule about them), or is another kind of report."""


# A character's reading in brackets, as mirrors insert it: 區(qū), 公(gong)(gong).
_GLOSS = r"(?:[(（][a-zA-ZÀ-ɏ]{1,7}[)）])*"
_EITHER = {
    "务": "务務", "资": "资資", "讯": "讯訊", "开": "开開", "报": "报報", "网": "网網", "总": "总總", "结": "结結",
}  # fmt: skip


def _loose(word: str) -> str:
    """A pattern for `word` in either script, with white space and readings between its characters."""
    return "".join(rf"[{_EITHER.get(character, character)}]{_GLOSS}\s*" for character in word)


_INFORMATION = f"(?:{_loose('信息')}|{_loose('资讯')})"
_CORE = re.compile(f"(?:{_loose('政府')}|{_loose('政务')})?{_INFORMATION}{_loose('公开')}")
_GOVERNMENT = re.compile(f"(?:{_loose('政府')}|{_loose('政务')})")

# Between the core words and the word for report, plain text: 工作2023年度, 工作情况的, 年度工作.
_MIDDLE = rf"(?:工作|情况|的|{YEAR}年?度?|年度|年|全年|本级|[_\-—:：\s])*?"
_REPORT = re.compile(
    rf"(?P<middle>{_MIDDLE})(?P<word>年度总?报告书?|年度工作报告|总?报告书?|年报|年度报(?!表|告)|年度公报)"
)
_CUT = re.compile(r"(?:\.{2,}|…+)$")
_CUT_TAIL = re.compile(rf"{_MIDDLE}(?:年度?(?:工作)?报?|报)?")
_FORMAT = re.compile(
    r"(?:全文|正文|原文|文字版?|文本版?|网页版?|电子版?|电子书|纸质版|pdf版?|word版?|docx?版?|html版?|ofd版?|wps版?|公开版?|定稿|终稿|"
    r"附件\d*|附表|附后|下载|最终版?|修订版?|更新版?|更正版?|发布稿|挂网稿?|上网稿?|new|热|已归档|查看|详情|[一二三四五六七八九十]|\d)+"
)
_FILE = re.compile(r"\.(?:pdf|docx?|wps|ofd|xlsx?|rtf|html?|shtml|zip|rar)$")
_COMPANION = re.compile(
    r"解读|图解|图说|图表版|图文版|图示|一图|一张图|看懂年报|读懂|看懂|速读|速览|数读|数说|问答|答记者问|h5|动画|动漫|漫画|长图|海报|"
    r"视频版|音频版|视频解|视频[:：]|有声版?|微视频|可视化|简明版|简易版|精简版|数据图"
)
_ASIDE = re.compile(
    r"法治政府|依法行政|政府工作报告|公共企事业|企事业单位信息公开|网站(?:工作|监管)|政府网站|网站(?:年度|年报)|监管年度"
)
_SERVICE = re.compile(r"(?:学校|[中小]学|幼儿园|大学|学院|医院|卫生院|公司|集团)(?:[(][^()]*[)])?$")
"""Public services (公共企事业单位) report on 信息公开 too, by rules of their own; 政府信息公开 in the title makes it one of ours."""
_MONEY = re.compile(r"(?:部门|单位|财政|三公经费|年度|年)(?:收支)?[预决]算")
_VERB_HEAD = re.compile(
    r"(?:公布|发布|公开|印发|编制|晒出|出炉|召开|部署|举办|开展|组织|启动|学习|推进|做好|完成|报送|填报|通报|培训|督办|审议|审核|规范|加强|征集|点评|评议|编写|撰写)"
    rf"(?:了|好|完善|发布|公布|编制|和|与|及|、)*(?:全[省市区县]|我[省市区县局委]|本[级年]|各[级部门单位、]*)?(?:{YEAR}年?度?)?(?:的|本级)?$"
)
_ABOUT_HEAD = re.compile(
    r"关于(?:认真|切实|进一步|全面|扎实|抓紧)*(?:做好|报送|开展|编制|编报|编写|印发|公布|发布|公开|组织|征集|加强|推进|填报|上报|提交|调整|规范|完善|撰写|"
    r"召开|举办|更新|落实|对|统一)"
)
_SUFFIX = re.compile(
    r"\s*(?:[_|｜»>＞﹥]|\s[-–—]\s?|[-–—]+(?=[^-–—]*(?:网|网站|门户|平台|政府|委员会|[局厅委办])$)).*$", re.S
)
_YEAR_MARK = re.compile(rf"(?P<year>{YEAR})(?P<word>\s*年\s*度?)?(?!\s*\d)")
_EDGE = " \t\n\r\u3000_-–—:：、，,.·|>》《【】[]〔〕"
_BRACKETED = re.compile(r"[(（\[【〔][^()（）\[\]【】〔〕]*[)）\]】〕]")
_ORGAN_END = re.compile(
    r"(?:政府|办公[室厅]|[局委厅部署院镇乡队站处所会库行馆校社旗盟]|中心|街道|办事处|苏木|管委会|委员会|集团|公司|总社|法院|[省市区县州])$"
)
_RELATIVE = re.compile(
    r"[本我该](?:[局委办厅署院部处站所队镇乡县区市州省旗盟]|街道|苏木|单位|部门|机关|机构|级|中心|系统|公司|辖区|政府|管委会)(?:[局委厅署镇乡街道]*办公[室厅]|(?:人民)?政府|机关|单位|级|"
    r"(?:[\u4e00-\u9fff]{2,10}[科股处室]))?|"
    r"(?:[省市县区州旗]?[局厅]|[委署院镇乡]|街道|机关|单位|部门)(?:办公[室厅]|机关)?|"
    r"(?:[省市县区州旗]?[局厅]|[委署院镇乡]|街道|机关|单位|部门|党政|行政|综合|办公[室厅])*(?:办公[室厅]|"
    r"(?:综合|秘书|文秘|行政|信息|信息公开|政务公开|政务|政策法规|法规|人事|宣传|机要|督查)(?:管理|工作|服务|业务)?[科股处室])"
)
"""Names that only the site's own staff can place (本局办公室, 办公室, 综合科): they are every office's, so nobody's."""


@lru_cache(maxsize=4096)
def classify(title: str) -> Title:
    """What `title` says. Never raises."""
    printed = mirrors.without_readings(" ".join(title.split()))
    if not printed:
        return Title("other")
    read = _read(printed)
    if read.kind == "other" and (mended := chinese.repair(printed)) != printed:
        return _read(mended)
    return read


def is_organ_name(name: str) -> bool:
    """Whether `name` ends as an organ's name does, and is no website, no newspaper and no `is_relative`."""
    return _ends_as_organ(name) and not is_relative(name)


def is_relative(name: str) -> bool:
    """Whether `name` says whose it is only to those who know where it stands: 本局, 本单位, 局办公室, 综合科."""
    return _RELATIVE.fullmatch(chinese.plain(name)) is not None


def _ends_as_organ(name: str) -> bool:
    folded = chinese.plain(name)
    return bool(_ORGAN_END.search(folded)) and not re.search(r"网站?$|本[网站]|日报|晚报|管理员|客户端|公众号", folded)


def without_suffix(title: str) -> str:
    """`title` without the name of the site or column that templates append: `…年度报告_某市人民政府`."""
    cores = list(_CORE.finditer(title))
    start = cores[0].end() if cores else 4
    match = _SUFFIX.search(title, start)
    while match and not title[: match.start()].strip(_EDGE):
        match = _SUFFIX.search(title, match.start() + 1)
    # 高岭镇_2017年_政府信息公开年度报告: what stands behind the line is the report itself.
    if (
        match
        and not re.search("[报報]告|年[报報]", title[: match.start()])
        and re.search("[报報]告|年[报報]", match[0])
    ):
        return title.strip()
    return title[: match.start()].strip() if match else title.strip()


def with_year(title: str, year: int) -> str:
    """`title` with `year` in the place of the one that it names; as it is if it names none."""
    said = classify(title).year
    if said is None or said == year:
        return title
    return _YEAR_MARK.sub(
        lambda match: match[0].replace(match["year"], str(year)) if year_of(match["year"]) == said else match[0], title
    )


def _read(printed: str) -> Title:
    whole = chinese.plain(printed)
    bare = without_suffix(printed)
    for core in _CORE.finditer(bare):
        head, tail = bare[: core.start()], bare[core.end() :]
        government = _GOVERNMENT.match(core[0]) is not None
        if (word := _annual(chinese.plain(tail), government, head)) is None:
            continue
        year, organ = _year(bare, core.span()), _organ(head, core[0])
        if not organ:
            organ = _bracketed_organ(tail)
        if _COMPANION.search(whole):
            return Title("companion", organ, year)
        if not word or _excluded(chinese.plain(head)) or (not government and _SERVICE.search(chinese.plain(organ))):
            return Title("other", organ, year, near_miss=True)
        return Title("report", organ, year)
    miss = bool(_CORE.search(printed) or _ASIDE.search(whole) or _MONEY.search(whole))
    companion = "信息公开" in whole and _COMPANION.search(whole) and re.search(r"年报|年度|报告", whole)
    return Title("companion" if companion else "other", "", _year(bare, (0, 0)), near_miss=miss)


def _annual(tail: str, government: bool, head: str) -> bool | None:
    """Whether the plain text behind the core words makes it an annual report; None: these are not the core words."""
    if match := _REPORT.match(tail):
        if not government and not re.search("年", match[0]):
            return None
        return _ends(tail[match.end() :])
    if cut := _CUT.search(tail):
        rest = tail[: cut.start()]
        if _CUT_TAIL.fullmatch(rest) and (rest not in ("", "工作") or re.search(YEAR, head)):
            return True
    return False if re.search("年报|年度|报告", tail) else None


def _ends(rest: str) -> bool:
    """Whether nothing but a format, a date, a bracket or an organ's name follows the word for report."""
    rest = _FILE.sub("", rest)
    for bracket in _BRACKETED.findall(rest):
        if re.search(r"通知|制度|办法|目录|指南|模板|格式|样[本式表]|解读|征求意见|草案", bracket):
            return False
    rest = re.sub(rf"{YEAR}年?(?:\d{{1,2}}月)?(?:\d{{1,2}}日)?度?", "", _BRACKETED.sub("", rest))
    rest = re.sub(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}", "", rest)
    rest = rest.strip("》】]」』”’\"'()（）《【_-–—:：。.、，,;；!！*·|>…")
    return not rest or _FORMAT.fullmatch(rest) is not None or (len(rest) <= 20 and _ends_as_organ(rest))


def _excluded(head: str) -> bool:
    return bool(
        _ASIDE.search(head) or _MONEY.search(head) or _ABOUT_HEAD.search(head) or _VERB_HEAD.search(head.strip(_EDGE))
    )


def _year(title: str, core: tuple[int, int]) -> int | None:
    """The report's year: the one that 年度 follows, else the one nearest to the core words; a date is none."""
    found: list[tuple[int, int, int]] = []
    for match in _YEAR_MARK.finditer(title):
        year = year_of(match["year"])
        rest = title[match.end() :].lstrip()
        if year is None or (match["word"] and re.match(r"[0-9０-９一二三四五六七八九十]{1,3}\s*月", rest)):
            continue
        if not match["word"] and re.match(r"[-/.]\s*\d", rest):
            continue
        word = "".join((match["word"] or "").split())
        distance = core[0] - match.end() if match.end() <= core[0] else match.start() - core[1] + 1
        found.append(({"年度": 0, "年": 1}.get(word, 2), abs(distance), year))
    return min(found)[2] if found else None


def _organ(head: str, core: str) -> str:
    """The organ in what stands before the core words, as printed."""
    named = _BRACKETED.sub(lambda match: match[0] if re.search(r"[a-zA-ZÀ-ɏ]", match[0]) else " ", head)
    named = _YEAR_MARK.sub(lambda match: " " if match["word"] or _lone(named, match) else match[0], named)
    parts = [part.strip(_EDGE) for part in re.split(r"[\s_|>》《【】:：]+", named)]
    parts = [re.sub(r"^(?:关于|關於)|(?:年度|的|本[级級]|关于|關於)$", "", part).strip(_EDGE) for part in parts]
    parts = [part for part in parts if part and part not in ("公示", "公告", "首页", "首頁", "本级", "全年")]
    organ = "".join(parts) if _spaced(parts) else (parts[-1] if parts else "")
    # 某县人民政府信息公开: the core words have swallowed the end of the name.
    if re.search(rf"人{_GLOSS}民{_GLOSS}$", organ) and (match := _GOVERNMENT.match(core)):
        organ += match[0].strip()
    return organ if len(organ) <= 60 else ""


def _spaced(parts: list[str]) -> bool:
    """Whether white space fell into one name (a line break in a heading), rather than parting several."""
    return len(parts) > 1 and not any(_ORGAN_END.search(chinese.plain(part)) for part in parts[:-1])


def _lone(text: str, match: re.Match[str]) -> bool:
    """A year without 年 that stands alone: at the start, the end, or between separators."""
    before, after = text[: match.start()].strip(), text[match.end() :].strip()
    return not before or not after or before[-1] in "_-|" or after[0] in "_-|"


def _bracketed_organ(tail: str) -> str:
    """An organ in brackets, or behind a dash, after the word for report: `…年度报告（某局）`."""
    for bracket in _BRACKETED.findall(tail):
        name: str = bracket[1:-1].strip(_EDGE)
        if 3 <= len(name) <= 40 and is_organ_name(name):
            return name
    return ""
