"""What a column is called, and what its address says: the annual reports' one, or one that leads to it.

In: a link's words and its address. Out: `Name`. Pure. The national names of the column come from portals of 27 provinces ("domain
notes", 2 and 4); what they share is 信息公开 or 公开 and a word for the annual report, and nothing behind it but 专栏, 列表 and the
like. Without 信息公开 (年报, 年度报告) the whole text must be that, for many other things report once a year.
"""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from crawler.page import titles
from crawler.page.chinese import plain
from crawler.scout.model import Goal

_ANNUAL = r"(?:工作)?(?:年度?(?:总结|工作|总)?报告|年度?报(?!表)|年报|工作年报|年度公报|报告)"
_TAIL = (
    r"(?:专栏|专题|栏目|列表|目录|汇编|汇总|集中公开|公开|公示|公布|查询|统一发布平台|统一发布|发布平台|平台|发布|全文|更多|more|"
    r"\(?\d{4}.{0,8}\)?)*"
)
_YEAR = r"(?:20\d\d年?度?|历年|近[三五]年|各年度|年度)?"
_FULL = re.compile(rf"(?P<organ>.{{0,40}}?){_YEAR}(?:政府|政务)?(?:信息|资讯)公开(?:工作)?{_YEAR}的?{_ANNUAL}{_TAIL}")
_SHORT = re.compile(rf"{_YEAR}(?:公开|政务公开|政府公开|信息公开工作)(?:工作)?{_ANNUAL}{_TAIL}")
_BARE = re.compile(rf"{_YEAR}(?:工作)?(?:年报|年度报告|年度工作报告){_TAIL}")
_ORGANS = re.compile(
    rf"{_YEAR}(?:各|市|区|县|镇|直|属|及|、|[\u4e00-\u9fff]){{0,14}}?(?:政府|部门|单位|局|委|办|厅|室|院|镇|乡|街道|街|区|县){_YEAR}(?:工作)?(?:年报|年度报告)(?:专栏|列表)?"
)
_MISS = re.compile(
    r"网站|网页|报表|统计表|法治|依法|执法|预算|决算|财政|三公|审计|统计|制度|指南|规定|办法|条例|规范|要求|通知|模板|格式|样表|解读|图解|"
    r"企业|企事业|个体|工商|公司|信用|社会组织|社会责任|上市|环境|质量|公积金|教育|高校|学校|医院|科技|气象|水资源|知识产权|年鉴|"
    r"工作要点|工作总结|培训|考核|评估|依申请|政府工作报告|总结报告|述职|述法|双公示|年报公示|建议提案|人大|政协|安全|党务|政策|规划"
)
_STRICT_MISS = re.compile(
    r"网站|报表|法治政府|预算|决算|制度|指南|规定|办法|通知|模板|格式|解读|图解|企事业|依申请|政府工作报告|年报公示|读懂|要求|培训|部署"
)
_ORGAN = re.compile(r"[\u4e00-\u9fff]{2,12}?(?:局|厅|委员会|委|办公室|办|部|院)")
"""An organ's name may hold any of these words: 市审计局信息公开."""
_DISCLOSURE = re.compile(
    r"(?:政府|政务)?信息公开(?:专栏|专题|平台|目录|栏|网|专区|工作|基础平台|统一平台|栏目|导航|首页|大厅|一站式)*|"
    r".{2,20}(?:政府)?信息公开(?:专栏|平台|目录|栏|专区|基础平台)?|法定主动公开(?:内容)?|主动公开(?:目录|内容|信息)?|公开目录|信息公开目录导航"
)
_OPEN = re.compile(
    r"(?:政务|政府|阳光)?(?:公开|政务)(?:专栏|平台|大厅|栏目|频道)?|(?:走进|要闻)?政务公开|公开|信息|政府信息|组织机构信息公开"
)
_NOT_ON_THE_WAY = re.compile(
    r"指南|制度|规定|条例|办法|依申请|申请|意见箱|电话|保密|解读|标准|规范化|试点|重点领域|企事业|网站|规划|投诉|举报|收费|年度工作要点|表格|监督|培训|新闻|会议|动态"
)

_ANNUAL_STEP = re.compile(
    r"(?i)^(?:\w{0,12}?xxgk\w{0,8}?(?:nb|ndbg|ndgb|nian_?bao|gzbg|nan|annual\w*)\w{0,12}|zf(?:xx)?gk\w{0,4}(?:nb|ndbg)\w{0,8}|gk(?:gz)?(?:nb|ndbg|ndgzbg|nianbao)\w{0,8}|"
    r"xxgkannualreport(?:\.jsp)?|annual_?reports?|zfxxgknanbao|nb_list)$"
)
_MAYBE_STEP = re.compile(r"(?i)^(?:nb|ndbg|ndgb|nianbao|ndbgzl|gknb\w{0,8}|ndgzbg|niandubaogao)(?:_?\d{1,8})?$")
_MISS_STEP = re.compile(
    r"(?i)^(?:\w{0,8}?wz(?:gz)?(?:nb|ndbb|ndbg)\w*|fzzf\w*|yfxz\w*|czyjs\w*|yjsgk\w*|zfgzbg\w*|\w{0,12}nbzd|\w{0,8}xxgkzn|\w{0,8}xxgkzd|zhidu)$"
)
_INDEX = re.compile(r"(?i)^(?:index|default|list|main)(?:_\d+)?(?:\.\w{2,5})?$")
_DISCLOSURE_STEP = re.compile(
    r"(?i)^(?:zfxxgk(?:ml|zl|pt|zt|s|_\d+)?|xxgk(?:ml|pt|zl|_\d+)?|govxxgk|gkmlpt|zfxxgkzl|zfxxgkpt)\d{0,4}$"
)
_OPEN_STEP = re.compile(r"(?i)^(?:zwgk\w?|gongkai|gk|openness|zw|public|zwxxgk)(?:_\d+)?$")


class Name(NamedTuple):
    """What a column is, by its name or address."""

    goal: Goal
    score: float
    why: str


@lru_cache(maxsize=8192)
def by_words(words: str) -> Name | None:
    """What a link's words say of the column that it leads to; None: nothing, or that it is something else."""
    folded = _edged(plain(words))
    if not 1 < len(folded) <= 60:
        return None
    if "公开" in folded and (full := _FULL.fullmatch(folded)):
        if _STRICT_MISS.search(folded):
            return None
        core = folded[len(full["organ"]) :]
        if not re.search("年|度", core) and "报告" not in core:
            return None
        sure = 0.95 if re.search("年报|年度", core) else 0.8
        return Name("annual", sure - (0.03 if full["organ"] else 0), f"its link says {words[:40]}")
    if _STRICT_MISS.search(folded):
        return None
    if _SHORT.fullmatch(folded):
        return Name("annual", 0.88, f"its link says {words[:40]}")
    if _BARE.fullmatch(folded):
        return Name("annual", 0.6, f"its link says only {words[:40]}")
    if _ORGANS.fullmatch(folded):
        return Name("annual", 0.5, f"its link says {words[:40]}")
    if _NOT_ON_THE_WAY.search(folded) or _MISS.search(_ORGAN.sub("", folded)):
        return None
    if _DISCLOSURE.fullmatch(folded):
        whole = re.fullmatch("(?:政府|政务)?信息公开(?:专栏|平台|目录|栏|专区|网)?", folded)
        return Name("disclosure", 0.5 if whole else 0.4, f"{words[:40]} leads to it on most portals")
    if _OPEN.fullmatch(folded):
        return Name("open", 0.35 if "公开" in folded else 0.15, f"{words[:40]} leads to 政府信息公开")
    return None


def is_miss(words: str) -> bool:
    """Whether a link's words say that it is another kind of report or a rule about them (网站年报, 年报制度, 指南)."""
    folded = plain(words)
    return bool(_STRICT_MISS.search(folded)) or titles.classify(words).kind == "companion"


@lru_cache(maxsize=8192)
def by_address(url: str) -> Name | None:
    """What an address's folders say (`/zwgk/zfxxgknb/2023n/`): the last telling one, its page's name left out."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    steps = [step for step in parts.path.split("/") if step]
    if steps and _INDEX.match(steps[-1]):
        steps.pop()
    for depth, step in enumerate(reversed(steps[-6:])):
        if _MISS_STEP.match(step):
            return None
        if _ANNUAL_STEP.match(step):
            return Name("annual", 0.7 - 0.05 * depth, f"its address has /{step[:40]}/")
        if _MAYBE_STEP.match(step):
            return Name("annual", 0.55 - 0.05 * depth, f"its address has /{step[:40]}/")
        if depth == 0 and _DISCLOSURE_STEP.match(step):
            return Name("disclosure", 0.35, f"its address has /{step[:40]}/")
        if depth == 0 and _OPEN_STEP.match(step):
            return Name("open", 0.25, f"its address has /{step[:40]}/")
    return None


def _edged(folded: str) -> str:
    """Without marks around it, `更多>>` and a count behind: `【政府信息公开年报】`, `>>政府信息公开年报(12)`."""
    bare = re.sub(r"^(?:[^\w\u4e00-\u9fff]|\d{1,2}[.、])+|[^\w\u4e00-\u9fff)]+$", "", folded)
    bare = re.sub(r"\(\d{1,5}\)$", "", re.sub(r"[>»›＞﹥]+", "", bare))
    return bare.strip("()（）[]【】")
