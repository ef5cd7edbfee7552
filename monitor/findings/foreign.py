"""Another organ's name left standing where a report names its own. Pure.

Superiors, fellows and subordinates are named on every page. So only three places count: the title line, the sentence that
says who compiled or publishes the report, and the subject of chapter 一's first sentence; and a name counts only if it can't
be this organ's: another county, town or bureau of the same level.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from crawler.page.chinese import plain
from crawler.page.titles import classify
from monitor.findings.chapters import Chapters
from monitor.findings.model import Finding

_ORGAN = r"[\u4e00-\u9fff]{2,24}?(?:人民政府|街道办事处|[局委厅]|委员会|办公室)"
_COMPILED = re.compile(rf"[由是]({_ORGAN})(?:组织|负责|汇总|牵头|统一|(?:根据|依据|按照)[^。;\n]{{0,90}}?)?编制")
_PUBLISHES = re.compile(
    r"(?:现(?:将|予公布|公布|公开|向社会公布|向社会公开)|特向社会公布)"
    rf"({_ORGAN})(?:关于)?20\d\d年度?(?:的)?(?:政府|政务)信息公开"
)
_SUBJECT = re.compile(
    rf"^(?:\(一\)[^。,\n]{{0,16}}\n)?20\d\d年度?,({_ORGAN})(?=认真|坚持|严格|深入|紧紧|以|按照|围绕|全面|高度|积极|持续|切实|不断|始终|贯彻)"
)
_LEVELS = {"省": 1, "市": 2, "州": 2, "盟": 2, "区": 3, "县": 3, "旗": 3, "镇": 4, "乡": 4, "街道": 4, "苏木": 4}
_STEP = re.compile(r"[\u4e00-\u9fff]{1,8}?(?:自治区|自治州|自治县|自治旗|街道|苏木|省|市|州|盟|区|县|旗|镇|乡)")
_NO_REGION = re.compile(
    r"^[省市区县旗州盟镇乡全本我各该][省市区县旗州盟镇乡]$|城市|都市|[社地园辖校灾库景]区$|开发|新区|示范|高新|保税|度假"
)
_APART = re.compile(r"开发区|园区|新区|示范区|高新|保税|度假区|管委会|管理委员会|兵团|景区|自贸")
_FIELDS_OF_WORK = re.compile(
    r"教育|科技|科学技术|工业|民族|宗教|公安|民政|司法|财政|人力资源|社会保障|自然资源|规划|生态|环境|住房|建设|城乡|交通|水利|水务|农业|农村|"
    r"商务|文化|旅游|广电|卫生|健康|退役军人|应急|审计|市场监督|体育|统计|医疗保障|信访|林业|园林|气象|税务|档案|粮食|储备|发展|改革|"
    r"城市管理|综合执法|行政审批|政务|数据|机关事务|乡村振兴|金融|外事|国资|国有资产|海洋|渔业|能源|药品|知识产权"
)
_SHORTEST = 2
"""Characters of a place with what it is: 泸州, 津市."""


class _Region(NamedTuple):
    names: tuple[str, ...]
    """Outermost first: 北京市, 海淀区."""
    level: int


def foreign_organ(chapters: Chapters, names: Sequence[str]) -> Iterator[Finding]:
    """One finding for each place. `names`: the organ's."""
    own = [plain(name) for name in names if name]
    if not own:
        return
    told = set()
    for place, found in (*_title(chapters), *_matches(chapters)):
        if place not in told and all(_strangers(found, name) for name in own):
            told.add(place)
            detail = f"{place}写的是“{found}”，本报告的机关是{names[0]}"
            yield Finding("foreign_organ", "warning", detail, f"正文 {place}")


def _title(chapters: Chapters) -> Iterator[tuple[str, str]]:
    for line in chapters.title_lines():
        title = classify(line)
        if title.kind == "report" and title.organ:
            yield "文中标题", plain(title.organ)
            return


def _matches(chapters: Chapters) -> Iterator[tuple[str, str]]:
    for place, text in chapters.openings():
        if found := _COMPILED.search(text) or _PUBLISHES.search(text):
            yield place, found[1]
    if found := _SUBJECT.search(chapters.text.get("一", "")):
        yield "一、总体情况", found[1]


def _strangers(one: str, other: str) -> bool:
    """Whether two names can't be one organ's, nor one of them its superior's."""
    if _APART.search(one) or _APART.search(other):
        return False
    here, there = _region(one), _region(other)
    if not here.names or not there.names or here.level != there.level:
        return False
    if _base(here.names[-1]) != _base(there.names[-1]):
        return here.names[-1] not in other and there.names[-1] not in one
    works = [set(_FIELDS_OF_WORK.findall(name)) for name in (one, other)]
    return all(works) and not works[0] & works[1] and _both_bureaus(one, other)


def _both_bureaus(one: str, other: str) -> bool:
    """Names of one region whose fields of work are known, and share no character beside the usual ones."""
    usual = set("局委员会办公室厅中心管理和与服务省市区县人民政府")
    left = [set(name.rsplit(_region(name).names[-1], 1)[-1]) - usual for name in (one, other)]
    return one.endswith("局") and other.endswith("局") and not left[0] & left[1]


def _region(name: str) -> _Region:
    """The places that a name begins with: 北京市海淀区教育局 → 北京市, 海淀区."""
    names: list[str] = []
    place = level = 0
    while found := _STEP.match(name, place):
        word, end = found[0], found.end()
        if len(word) == _SHORTEST and name[end : end + 1] in tuple("市县区旗镇乡"):  # 泸州市, 新市区, 大旗镇
            word, end = word + name[end], end + 1
        suffix = next(one for one in (word[-2:], word[-1]) if one in _LEVELS)
        rank = 1 if word.endswith("自治区") else _LEVELS[suffix]
        if _NO_REGION.search(word) or rank <= level:
            break
        names.append(word)
        place, level = end, rank
    return _Region(tuple(names), level)


def _base(place: str) -> str:
    """A place without what it is: a county that became a district (蓬莱市, 蓬莱区) is the same."""
    return re.sub(r"(?:自治[区州县旗]|街道|苏木|[省市州盟区县旗镇乡])$", "", place)
