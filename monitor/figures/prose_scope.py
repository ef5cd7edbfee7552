"""Whose a number in running text is, and of which year: what goes before it in its sentence. Pure.

In: clauses of one sentence, folded, and what they state. A year named holds until another is; 其中 makes a part of a
whole; 累计, 以来, 上半年 and their like spoil the rest of the sentence; other organs, comparisons, plans and what is
not the whole (one channel, one sort of applicant) spoil their own number.
"""

import itertools
import re
from collections.abc import Iterator, Sequence

from monitor.figures.prose_words import Statement

_YEARS = re.compile(
    r"(?P<year>20\d\d)(?:年|度)(?!度?(?:结转|转入))|(?P<own>本年度?|今年)"
    r"|(?P<other>上一?年度?(?!度?(?:结转|转入|转接|转来))|去年(?!结转)|往年|前年|历年|同期|明年|下一?年度?|次年|[近过][\d两三四五六七八九十]+年|[两三四五六七八九十]年来)"
)
_CARRIED_TO = re.compile(r"(?:结转|转|转入|转至|转到|结转至|结转到|结转入)$")
_COMPARED = re.compile(r"(?:较|比|与|同|和|于|超过?|占)$")
_BETTER = re.compile(r"较(?!大|好|多)|相比|同比|环比|比(?!例)|增长|增加|减少|下降|上升|提高")
_NOT_EXACT = re.compile(
    r"将(?!全|近)|拟|力争|预计|目标|不少于|不低于|不超过|每|最[高多少]|平均|应当|应在|必须|如果|如有|占|名义|新增"
    r"|凡|对于?未|其余|其它[^组处]"
)
_NOT_OWN = re.compile(
    r"各(?!类|项|种|界|方|申请)|下属|所属|直属|下辖|辖区|基层|乡镇|镇街|镇\(街|街镇|乡\(镇|(?<![本我该])部门|(?<![本我该])单位"
    r"|分局|派出所|本级|(?:街道|乡|镇|局|委|办)[、和及]"
)
_PARTIAL = re.compile(
    r"20\d\d年?[至到—~-]+20\d\d年|累计|以来|截至|截止|上半年|下半年|季度"
    r"|\d月|年均|近年|逐年|多年|至今|迄今|目前(?!现?行?有效)"
)
_COUNTS = re.compile(r"\d[件宗]")
_THIS_YEAR = re.compile(r"(?:今年|本年|(?<![一二三四五六七八九十])一年|20\d\d年)以?来")
_ORGAN = re.compile(
    r"(?:区|县|市|省|乡|镇)?(?:人民)?政府(?!信息|公开|网站|门户)|本级|局|部门|单位|办公室|街道|委员会|镇(?!定)|乡(?!镇)"
)
_CHANNEL = re.compile(
    r"通过|利用|借助|依托|在[^,;]{1,24}(?:网站|大厅|平台|栏目|专栏|公众号|微博|微信|网)上?"
    r"|(?:网站|平台|公众号|微博|微信|大厅|公报)[^,;]{0,4}$"
)
_ONE_WAY = re.compile(r"网络|网上|在线|信函|邮寄|邮件|当面|现场|窗口|传真|电话|平台|网站|系统")
_BY = re.compile(r"^(?:其中)?(?:全年|本年度?|20\d\d年度?)?(?:通过|以(?!来)|利用|从)")
_KINDS = (re.compile(r"公民|自然人|个人|市民"), re.compile(r"法人|企业"), re.compile(r"组织"))
_ITS_REVIEWS = re.compile(r"其中.*信息公开")
_SUBJECT = re.compile(
    r"(?P<name>[\u4e00-\u9fff]{1,24}(?:局|委员会|委|办公室|办|厅|中心|院|所|站|队|公司|街道|办事处|镇|乡))"
    r"(?:20\d\d年度?|年度|本年度?|全年|今年|共|总共|一共|新|,){0,3}$"
)
"""A named organ right in front of what is said of it."""
_SELF = re.compile(
    r"[我本该](?:局|委|办|厅|院|所|站|队|镇|乡|街|中心|街道|办公室|委员会|公司)$|(?:^|[年度,])(?:中心|街道|办事处)$"
)
_WHOLES = frozenset({"requests.new", "requests.received", "requests.accepted", "requests.handled", "consultations"})
_OTHER_MATTER = re.compile(
    r"制作(?:政府|各类)?信息|形成(?:政府)?信息|公文|发文|留言|热线|工单|12345|行政许可|审批|信访件|咨询件|来信"
)
_TOTALS = frozenset(
    {
        *("requests.received", "requests.accepted", "proactive.disclosed", "consultations"),
        *("review.reconsideration", "review.suit", "review.appeal"),
        *("normative_documents.issued", "normative_documents.in_force"),
    }
)
"""Behind 其中 these are a part of themselves."""
_OUTCOMES = frozenset(
    f"requests.{outcome}"
    for outcome in (
        *("granted", "partly_granted", "refused", "unavailable", "not_existing", "not_processed", "other"),
        *("closed", "answered", "handled", "new", "in_person", "online", "letter", "fax", "email"),
    )
)
_OPENERS = frozenset(
    {"requests.new", "requests.received", "requests.accepted", "requests.carried_in", "requests.handled"}
)
_FOLLOWERS = frozenset({"requests.closed", "requests.answered", "requests.new"})
"""Told without the word 申请 (办结10件): only behind what came in."""
_SAME = 3
"""Characters at the end of two names that make them one organ's: 市公安局."""


class Scope:
    """Whose and which year's the numbers are, read from left to right through a paragraph."""

    def __init__(self, year: int | None, organs: Sequence[str] = ()) -> None:
        self.year = year
        self.organs = organs
        """The names of the report's organ; none: whoever is named is taken for it."""
        self.paragraph = True
        """Whether what the paragraph says is of the report's year, as far as it has said so."""
        self.sentence = True
        self.spoiled = False
        self.part = False
        """Behind 其中."""

    def begin(self, sentence: str) -> None:
        first = _YEARS.search(sentence)
        if first and first.start() <= 4 and self._tells(sentence, first):
            self.paragraph = self._own(first)
        if sentence.startswith("其中"):
            self.part = False  # what it is a part of was said in the sentence before
        else:
            self.sentence, self.spoiled, self.part = self.paragraph, False, False

    def _own(self, match: re.Match[str]) -> bool:
        if match["year"]:
            return self.year is not None and int(match["year"]) == self.year
        return bool(match["own"])

    def _tells(self, clause: str, match: re.Match[str]) -> bool:
        """Whether a year says when, and not only with what something is compared or where it is carried to."""
        before = clause[: match.start()]
        return _COMPARED.search(before) is None and _CARRIED_TO.search(before) is None

    def at(self, clause: str, start: int) -> bool:
        """Whether a number whose words begin at `start` is the report's own of its year."""
        holds = self.sentence
        for match in _YEARS.finditer(clause, 0, start):
            if self._tells(clause, match):
                holds = self._own(match)
        return holds

    def end(self, clause: str) -> None:
        self.sentence = self.at(clause, len(clause))

    def is_own(self, before: str) -> bool:
        """Whether the organ that is named right in front, if one is, is the report's."""
        named = _SUBJECT.search(before)
        if named is None or _SELF.search(named["name"]):
            return True
        return any(_overlap(name, named["name"]) >= _SAME for name in self.organs)


def _overlap(one: str, other: str) -> int:
    """Characters that two names have in common at their ends."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def own(
    clauses: Sequence[str], stated: Sequence[tuple[Statement, ...]], scope: Scope
) -> Iterator[tuple[str, Statement]]:
    """What a sentence states beyond doubt as the report's own, of all that its clauses state."""
    foreign = any(map(_OTHER_MATTER.search, clauses))
    opened = False
    for place, (clause, listed) in enumerate(zip(clauses, stated, strict=True)):
        for one in listed:
            bare = one.code in _FOLLOWERS and "申请" not in clause[one.start : one.end]
            if bare and one.code != "requests.new" and not opened:
                continue
            if foreign and one.code in _OUTCOMES:
                continue
            if _certain(one, clause, scope) and _whole(one, clauses, place, scope):
                opened |= one.code in _OPENERS
                yield clause, one
        _pass(clause, scope)


def _pass(clause: str, scope: Scope) -> None:
    """What a clause says of the next ones."""
    scope.end(clause)
    scope.spoiled |= _spoils(clause) or (_NOT_OWN.search(clause) is not None and _COUNTS.search(clause) is not None)
    if scope.part or "其中" in clause:
        rest = clause if scope.part else clause.partition("其中")[2]
        scope.part = True
        scope.spoiled |= _ORGAN.search(rest) is not None


def _spoils(words: str) -> bool:
    return _PARTIAL.search(words) is not None and _PARTIAL.search(_THIS_YEAR.sub("", words)) is not None


def _certain(one: Statement, clause: str, scope: Scope) -> bool:
    """Whether a statement is of the report's year and of its organ."""
    before = clause[: one.start]
    if scope.spoiled or _spoils(before) or not scope.at(clause, one.start):
        return False
    if _BETTER.search(before) or _NOT_EXACT.search(before) or _NOT_OWN.search(before):
        return False
    return not scope.organs or scope.is_own(before)


def _whole(one: Statement, clauses: Sequence[str], place: int, scope: Scope) -> bool:
    """Whether a statement is of the whole, not of one part, way or sort; outcomes are parts by their nature."""
    clause = clauses[place]
    before, words = clause[: one.start], clause[one.start : one.end]
    part = scope.part or "其中" in before
    if part and (one.code in _TOTALS or _ORGAN.search(before.rpartition("其中")[2])):
        return False
    if one.code == "proactive.disclosed":
        return _CHANNEL.search("".join(clauses[:place]) + before) is None
    if one.code in _WHOLES:
        if _ONE_WAY.search(before) or (place and _BY.match(clauses[place - 1])):
            return False
        return sum(kind.search(words.replace("申请人", "")) is not None for kind in _KINDS) != 1
    if one.code.startswith("review."):
        return _ITS_REVIEWS.search("".join((clause[one.end :], *clauses[place + 1 :]))) is None
    return True
