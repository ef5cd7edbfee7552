"""What one clause of running text states: codes of prose.csv, numbers, and where they stand. Pure.

In: a clause, folded (Simplified, half-width, no white space). A statement is a pattern of listed words from its verb or noun
to its number: one foreign word between them (收到[行政许可]申请 N 件) and there is no statement. Numbers that are
not exact (近、约、余、以上) and shares (N%) are none. Whose and which year's the number is, `monitor.figures.prose` tells.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from monitor.figures.prose_numbers import NUMBER, amount

_LINK = r"(?:总数量?|数量|总量|件数|条数|数|量)?(?:共计|总计|合计|共有|总共|一共|共|计|为|是|有|达到?|:){0,3}+"
_ITEM = r"(?:件次|件|宗|份|起|个|次|例)"
_NO_MORE = r"(?![余多左以的几至到%/~—\-])"
_ITEMS = rf"{NUMBER}{_ITEM}{_NO_MORE}"
_YUAN = rf"{NUMBER}元{_NO_MORE}"
_DONE = r"(?=$|[(),、。]|其中|均|全部|已|并|和)"

_WHO = r"公民|法人|自然人|其[他它](?:社会)?组织|社会组织|组织|个人|社会公众|群众|公众|市民|企业|申请人"
_REQUEST_WORDS = (
    rf"(?:政府信息|政务信息|信息|政务|公开件|公开|依申请|申请书|申请表|申请件|申请|办件|事项|{_WHO}|提出|提交|递交|要求|有关|相关"
    r"|关于|各类|有效|书面|或者|以及|或|和|及|与|、|等|的|类){1,16}+"
)
_VERB = r"(?P<verb>新收到?|收到并(?:全部)?受理|收到|接到|接收到?|受理|办理|办结|答复|回复)了?"
_VERB_CODES = (
    ("新收", "requests.new"),
    ("收到", "requests.received"),
    ("接", "requests.received"),
    ("受理", "requests.accepted"),
    ("办理", "requests.handled"),
    ("办结", "requests.closed"),
    ("答复", "requests.answered"),
    ("回复", "requests.answered"),
)
_RECEIVED = re.compile(
    rf"(?<![不未没予])(?<!继续)(?<!正在)(?<!仍在)(?<!尚在)(?<!按时)(?<!按期)(?<!延期)(?<!逾期){_VERB}(?:的)?(?P<what>{_REQUEST_WORDS}){_LINK}{_ITEMS}"
)
_RECEIVED_BEFORE = re.compile(
    rf"(?<![不未没予])(?<!继续)(?<!正在)(?<!仍在)(?<!尚在)(?<!按时)(?<!按期)(?<!延期)(?<!逾期){_VERB}共?{NUMBER}{_ITEM}(?P<what>{_REQUEST_WORDS}){_DONE}"
)
_NUMBERED = re.compile(
    rf"(?:^|[年度共、])(?P<what>(?:政府|政务)?信息公开的?申请|依申请公开申请)(?:总数量?|数量|总量|数)(?:共计|共|为|是|有|:){{0,2}}{_ITEMS}"
)
_BARE = re.compile(rf"(?:^|[、年度共已并均件宗份:]|其中|全部)(?P<verb>新收|办结|答复)(?:申请)?{_LINK}{_ITEMS}")

_OUTCOME_WORDS = r"(?:的|答复|决定|申请|情形|类){0,3}+"
_OUTCOMES = {
    "requests.granted": r"(?:(?<![不未])(?:予以|同意|准予)(?:全部)?公开|完整公开|(?:^|(?<=[、:])|(?<=其中)|(?<=答复))全部公开)",
    "requests.partly_granted": r"(?:予以|同意)?部分公开",
    "requests.refused": r"(?:不予|不同意)公开",
    "requests.unavailable": r"无法提供(?:政府信息|信息)?",
    "requests.not_existing": r"信息不存在",
    "requests.not_processed": r"不予处理",
    "requests.other": r"其[他它]处理",
}
_AFTER = {code: re.compile(rf"{words}{_OUTCOME_WORDS}{_LINK}{_ITEMS}") for code, words in _OUTCOMES.items()}
_BEFORE = {
    code: re.compile(rf"(?:^|(?<=[、:(中有])){NUMBER}(?:件|宗|份)(?:申请)?(?:均|全部|已)?{words}(?=$|[、()])")
    for code, words in _OUTCOMES.items()
}
_OUTCOME_CUE = re.compile(r"予以?公开|部分公开|同意公开|完整公开|全部公开|无法提供|不存在|不予|其[他它]处理")
_SHARED_OUTCOME = re.compile(r"(?:公开|提供|处理|不存在)(?:的)?(?:、|和|及|与|或|以及)$")
"""One number for two outcomes."""
_REASON = re.compile(r"因|涉及|属于|由于|按照|根据|余|撤销|纠正|变更|维持")
"""In front of an outcome: it is one reason's part, or no outcome of the year."""

_ABOUT = r"(?:的|政府信息公开|信息公开|依申请公开|政府信息|申请|件|事项){0,3}+"
_LAST = r"(?:上一?年度?|去年度?|上年度|LAST年度?)"
_NEXT = r"(?:下一?年度?|次年度?|明年|NEXT年度?)"
_CARRIED: dict[str, tuple[str, ...]] = {
    "requests.carried_in": (
        rf"{_LAST}(?:度)?(?:结转|转入|转接|转来)(?:至|到|入)?(?:本年度?|今年)?(?:继续)?(?:办理|处理)?{_ABOUT}{_LINK}{_ITEMS}",
        rf"(?:结转|承接){_LAST}{_ABOUT}{_LINK}{_ITEMS}",
    ),
    "requests.carried_out": (
        rf"(?:结转|转入|转至|转到|转)(?:至|到|入)?{_NEXT}(?:继续)?(?:办理|处理|答复)?{_ABOUT}{_LINK}{_ITEMS}",
        rf"(?:^|(?<=[、:(中有余])){NUMBER}(?:件|宗|份)(?:申请)?(?:结转|转入|转至|转到|转)(?:至|到|入)?{_NEXT}(?:继续)?(?:办理|处理|答复)?(?=$|[、()])",
    ),
}

_WAYS = {
    "requests.in_person": r"(?:当面|现场)",
    "requests.online": r"(?:网络|网上|互联网|在线|网站)",
    "requests.letter": r"(?:信函|邮寄|信件)",
    "requests.fax": r"传真",
    "requests.email": r"(?:电子邮件|电子邮箱)",
}
_WAY = {
    code: (
        re.compile(
            rf"{words}(?:在线)?(?:方式|渠道|途径|形式|平台)?(?:提交|递交|提出|收到|接收)?(?:的)?(?:政府信息公开|信息公开)?的?申请(?:的)?{_LINK}{_ITEMS}"
        ),
        re.compile(
            rf"(?:^|(?<=[、:(中])|通过|以|采[用取]){words}(?:方式|渠道|途径|形式)?(?:申请|收到)?(?:的)?{_ITEMS}(?=$|[、()])"
        ),
    )
    for code, words in _WAYS.items()
}
_WAY_CUE = re.compile(r"当面|现场|网|在线|信函|邮|信件|传真")
_SHARED_WAY = re.compile(r"(?:当面|现场|网络|网上|在线|信函|邮寄|信件|传真|邮件)(?:申请|方式)?(?:、|和|及|与|或|以及)$")

_CASES = {
    "review.reconsideration": r"行政复议(?:申请|案件|案|事项)?",
    "review.suit": r"(?:行政诉讼|信息公开(?:类|相关)?的?(?:行政)?诉讼)(?:案件|案|事项)?",
    "review.appeal": r"申诉(?:案件|案|事项)?",
}
_CASE = {code: re.compile(rf"{words}(?:均|都)?{_LINK}{_ITEMS}") for code, words in _CASES.items()}
_CASE_BEFORE = {
    code: re.compile(
        rf"(?:发生|引发|产生|收到|涉及|提起|被申请|有|共){NUMBER}(?:件|起|宗|例)(?:因|涉及|针对|有关|关于|与|政府信息公开|信息公开|依申请公开|引发|引起|相关|工作|类|的){{0,6}}+{words}{_DONE}"
    )
    for code, words in _CASES.items()
}
_ADJUDICATED = re.compile(
    r"受理|审理|审结|办理|办结|代理|应诉|出庭|处理|答辩|承办|审查|一审|二审|再审|化解|调解"
    r"|纠正|维持|撤销|驳回|败诉|胜诉"
)
"""Cases of a court's or an agency's own work, and those of one outcome."""
_OTHER_CASE = re.compile(
    r"(?:复议|诉讼|申诉)(?:申请|案件|案|事项)?(?:、|和|及|与|或|以及)(?:被)?(?:提起|申请)?(?:的)?$"
)

_DOCUMENT = r"(?:行政|部门)?规范性文件"
_NORMATIVE: dict[str, tuple[str, ...]] = {
    "normative_documents.issued": (
        rf"(?<![未没不])(?:制定并?(?:出台|印发|发布)|制发|制定|出台|印发)了?(?:政府|本级|本机关)?{_DOCUMENT}{_LINK}{NUMBER}(?:件|个|份|部|篇|项)(?:次)?{_NO_MORE}",
        rf"(?<![未没不])(?:制定并?(?:出台|印发|发布)|制发|制定|出台|印发)了?{NUMBER}(?:件|个|份|部|篇|项){_DOCUMENT}{_DONE}",
    ),
    "normative_documents.abolished": (
        rf"(?<![未没不拟])废止(?:了|的)?{_DOCUMENT}{_LINK}{NUMBER}(?:件|个|份|部|篇|项){_NO_MORE}",
        rf"(?<![未没不拟])废止了?{NUMBER}(?:件|个|份|部|篇|项){_DOCUMENT}{_DONE}",
    ),
    "normative_documents.in_force": (
        rf"(?:现行|现|目前|继续)有效的?{_DOCUMENT}{_LINK}{NUMBER}(?:件|个|份|部|篇|项){_NO_MORE}",
        rf"{_DOCUMENT}(?:现行|继续)有效的?{_LINK}{NUMBER}(?:件|个|份|部|篇|项){_NO_MORE}",
    ),
}
_PROACTIVE = (
    rf"(?<![未不应拟可需于为])主动公开了?(?:的|各类|各项|政府信息|政务信息|信息){{1,3}}+{_LINK}{NUMBER}(?:条次?|件|篇){_NO_MORE}",
    rf"(?<![未不应拟可需于为])主动公开了?{NUMBER}(?:条|件|篇)(?:各类|各项)?(?:政府信息|政务信息|信息){_DONE}",
)
_FEE_WORDS = (
    r"(?:检索|复印|复制|邮递|邮寄|寄送|递送|打印|工本|资料|成本|信息处理|政府信息公开|信息公开|依申请公开|提供政府信息|申请人"
    r"|收费|费用|费|各类|任何|相关|的|、|和|及|等){1,16}+"
)
_MONEY: dict[str, tuple[str, ...]] = {
    "fees.charged": (
        rf"(?<!未)(?<!减免)(?<!免予)收取了?(?P<what>{_FEE_WORDS}){_LINK}{_YUAN}",
        rf"实际收取(?:的)?(?:信息处理费)?(?:的)?(?:总金额|金额|费用|总额){_LINK}{_YUAN}",
        rf"实际收取{_LINK}{_YUAN}",
        rf"实收(?:信息处理费|费用|金额)(?:总金额)?{_LINK}{_YUAN}",
    ),
    "fees.waived": (rf"减免(?:收取)?了?(?P<what>{_FEE_WORDS}){_LINK}{_YUAN}",),
    "fees.notices": (
        rf"收费通知书?(?:的)?{_LINK}{NUMBER}(?:件|份){_NO_MORE}",
        rf"发出{NUMBER}(?:件|份)收费通知书?{_DONE}",
    ),
    "fees.notified": (rf"(?<!收取的)(?<!收取)(?<!实收)总金额{_LINK}{_YUAN}",),
    "fees.suits": (rf"与诉讼有关的(?:总?费用|费用支出|支出费用){_LINK}{_YUAN}",),
}
_CONSULTED = (
    rf"(?:接受|受理|接待|接听|解答)(?P<what>(?:(?!热线|窗口|业务)[^,;。\d]){{0,40}}?信息公开(?:(?!热线|窗口|业务)[^,;。\d]){{0,8}}?)咨询{_LINK}{NUMBER}(?:人次|次|件|人){_NO_MORE}",
)


class Statement(NamedTuple):
    """A number that a clause states."""

    code: str
    """Without `prose.`"""
    value: float
    start: int
    end: int


_SIMPLE: dict[str, dict[str, tuple[str, ...]]] = {
    "规范性文件": _NORMATIVE,
    "主动公开": {"proactive.disclosed": _PROACTIVE},
    "元": {code: _MONEY[code] for code in ("fees.charged", "fees.waived", "fees.notified", "fees.suits")},
    "收费通知": {"fees.notices": _MONEY["fees.notices"]},
    "咨询": {"consultations": _CONSULTED},
}
_BY_CUE = tuple(
    (cue, tuple((code, re.compile(pattern)) for code, patterns in coded.items() for pattern in patterns))
    for cue, coded in _SIMPLE.items()
)
"""Patterns that need no context, by a word without which none of them matches."""


def statements(clause: str, year: int | None, requests: bool, cases: bool) -> Iterator[Statement]:
    """All statements of one clause in the report for `year`. `requests`, `cases`: what is said around it is about requests
    for disclosure, about reviews of them."""
    for cue, patterns in _BY_CUE:
        if cue not in clause:
            continue
        for code, pattern in patterns:
            for match in pattern.finditer(clause):
                if "what" not in pattern.groupindex or not code.startswith("fees") or "费" in match["what"]:
                    yield from _made(code, match)
    if "申请" in clause or "依申请" in clause:
        yield from _received(clause, requests)
    if requests:
        yield from _bare(clause)
        if _OUTCOME_CUE.search(clause):
            yield from _outcomes(clause)
        if "转" in clause:
            for code, pattern in _carry(year):
                for match in pattern.finditer(clause):
                    yield from _made(code, match)
        if _WAY_CUE.search(clause):
            yield from _ways(clause)
    if cases and ("复议" in clause or "诉" in clause):
        yield from _cases(clause)


def _made(code: str, match: re.Match[str]) -> Iterator[Statement]:
    value = amount(match)
    if value is not None:
        yield Statement(code, value, match.start(), match.end())


def _received(clause: str, requests: bool) -> Iterator[Statement]:
    for pattern in (_RECEIVED, _RECEIVED_BEFORE):
        for match in pattern.finditer(clause):
            what = match["what"].replace("申请人", "")
            if "依申请公开" in what or ("申请" in what and ("公开" in what or requests)):
                code = next(code for verb, code in _VERB_CODES if match["verb"].startswith(verb))
                yield from _made(code, match)
    for match in _NUMBERED.finditer(clause):
        yield from _made("requests.received", match)


def _bare(clause: str) -> Iterator[Statement]:
    for match in _BARE.finditer(clause):
        yield from _made(next(code for verb, code in _VERB_CODES if match["verb"].startswith(verb)), match)


def _outcomes(clause: str) -> Iterator[Statement]:
    for patterns in (_AFTER, _BEFORE):
        for code, pattern in patterns.items():
            for match in pattern.finditer(clause):
                before = clause[: match.start()]
                if not _REASON.search(before.rpartition("、")[2]) and not _SHARED_OUTCOME.search(before):
                    yield from _made(code, match)


@lru_cache(maxsize=64)
def _carry(year: int | None) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """What came from the year before and went to the year after, which may be named."""
    last, following = (str(year - 1), str(year + 1)) if year else ("-", "-")
    return tuple(
        (code, re.compile(pattern.replace("LAST", last).replace("NEXT", following)))
        for code, patterns in _CARRIED.items()
        for pattern in patterns
    )


def _ways(clause: str) -> Iterator[Statement]:
    for code, patterns in _WAY.items():
        for pattern in patterns:
            for match in pattern.finditer(clause):
                if not _SHARED_WAY.search(clause[: match.start()]):
                    yield from _made(code, match)


def _cases(clause: str) -> Iterator[Statement]:
    for patterns in (_CASE, _CASE_BEFORE):
        for code, pattern in patterns.items():
            for match in pattern.finditer(clause):
                before = clause[: match.start()]
                if _ADJUDICATED.search(before):
                    continue
                if _OTHER_CASE.search(before) is None:
                    yield from _made(code, match)
                elif amount(match) == 0:  # none of either
                    for other in _named(clause[: match.end()]):
                        yield Statement(other, 0.0, match.start(), match.end())


def _named(words: str) -> Iterator[str]:
    for noun, code in (("复议", "reconsideration"), ("诉讼", "suit"), ("申诉", "appeal")):
        if noun in words:
            yield f"review.{code}"
