"""Clauses that state that there was none: 未收到政府信息公开申请, 未发生行政复议、行政诉讼. Pure.

In: a clause, folded. From 未, 没有 or 无 to its end it may hold listed words only: 未发生行政复议[被纠错]的情况 states nothing.
"""

import re
from collections.abc import Iterator

from monitor.figures.prose_words import Statement

_NONE = re.compile(
    r"(?<![有毫并非暂])(?P<none>暂未|尚未|均未|未曾|未|没有|没|并无|均无|无)(?P<verb>(?:发生过?|出现|收到过?|接到|接收到?|产生|引发|受理|新收|制发|制定|出台|印发|收取过?)?)"
)
_WORDS = re.compile(
    r"(?:政府信息|政务信息|信息|政务|公开|依申请|申请|提起|提出|提交|被|因|由|而|针对|对|向|的|工作|引发|引起|导致|产生|发生"
    r"|有关|相关|涉及|关于|事务|事宜|方面|过程|中|行政|复议|诉讼|申诉|举报|投诉|案件|案|情况|事件|现象|情形|事项|、|和|或者?|及|与|以及"
    r"|任何形式|任何|[一1](?:件|起|例|宗)|类|书面|要求|有效|各类|本机关|本单位|本部门|本[局委办镇街区县市厅院]|我[局委办镇街区县市厅院]"
    r"|公民|法人|自然人|其[他它](?:社会)?组织|社会组织|组织|个人|社会公众|群众|公众|市民|企业|申请人|行政机关"
    r"|检索|复印|复制|邮递|邮寄|工本|成本|处理|费用|费|收费|规范性文件|等|件){1,40}+"
)
_CARRIED_IN = re.compile(
    r"(?:上一?年度?|去年)结转(?:的)?(?:至本年度?)?(?:的)?(?:政府信息公开|信息公开|依申请公开)?(?:申请|件|事项)?"
)
_CARRIED_OUT = re.compile(
    r"(?:申请)?(?:需要?)?结转(?:至|到|入)?(?:下一?年度?|次年度?)(?:继续)?(?:办理|处理)?(?:的)?(?:政府信息公开|信息公开|依申请公开)?(?:申请|情况|事项|件)?"
)
_BY_WAY = re.compile(r"当面|信函|传真|网络|邮件")
_FEE = re.compile(r"费(?:用)?(?:的?情[况形])?$")


def statements(clause: str, requests: bool, cases: bool) -> Iterator[Statement]:
    """What the clause says there was none of. `requests`, `cases`: as in `prose_words.statements`."""
    for match in _NONE.finditer(clause):
        rest = clause[match.end() :].rstrip("。.)")
        yield from (
            Statement(code, 0.0, match.start(), match.end() + len(rest))
            for code in _codes(match, rest, requests, cases)
        )


def _codes(match: re.Match[str], rest: str, requests: bool, cases: bool) -> list[str]:
    verb = match["verb"]
    if not verb and requests:
        if _CARRIED_IN.fullmatch(rest):
            return ["requests.carried_in"]
        if _CARRIED_OUT.fullmatch(rest):
            return ["requests.carried_out"]
    if _WORDS.fullmatch(rest) is None or rest.endswith("的"):
        return []
    if "复议" in rest or "诉讼" in rest:
        own = cases or "公开" in rest
        named = (("复议", "review.reconsideration"), ("诉讼", "review.suit"), ("申诉", "review.appeal"))
        return [code for noun, code in named if noun in rest] if own and not verb.startswith(("受理", "新收")) else []
    if rest.endswith("规范性文件"):
        return ["normative_documents.issued"] if verb.startswith(("制", "出台", "印发")) else []
    if verb.startswith(("收取", "产生", "发生")) and _FEE.search(rest):
        return ["fees.charged"] if requests or "公开" in rest or "信息处理" in rest else []
    if "申请" in rest.replace("申请人", "") and verb[:1] in ("", "收", "接", "受", "新", "发", "出", "产"):
        if verb.startswith("收取") or "费" in rest or "规范" in rest or "诉" in rest:
            return []
        if "公开" in rest or requests:
            return ["requests.received"]
    return []
