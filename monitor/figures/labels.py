"""Printed labels of the national tables → the parts of a field's code. Pure.

Everything here takes folded text (`monitor.figures.cells.fold`) unless it says otherwise: no white space, no
punctuation, Simplified. Numbers in front of a label, broken words and missing punctuation therefore make no difference.
Traditional gateways write Taiwan's words: 檔案 for 文件, 專案 for 项目.
"""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from monitor.figures.cells import fold

_NUMBERING = r"(?:^|[一二三四五六七八九十\d])"
_COUNTED = r"(?:事项|项目|专案)?(?:数量?|件数)?[件宗项条个次]?$"


def _pattern(rows: dict[str, str]) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """One alternation, and the name of each of its groups."""
    return re.compile("|".join(f"({words})" for words in rows.values())), tuple(rows)


_REQUEST_ROWS = _pattern(
    {
        "new": r"本年度?(?:新收|(?:新增|收到)政府信息公开申请)",
        "carried_in": r"(?:上一?|去)年度?(?:结转|转结)",
        "granted": r"(?<!不)予以公开",
        "partly_granted": r"部分公开",
        "refused.state_secret": r"国家秘密",
        "refused.barred_by_law": r"法规禁止",
        "refused.security_stability": r"三安全一稳定|国家安全公共安全|社会稳定",
        "refused.third_party": r"第三方",
        "refused.internal_affairs": r"内部(?:管理)?事务",
        "refused.process": r"过程性",
        "refused.enforcement_file": r"执法案卷",
        "refused.administrative_query": r"行政查询",
        "unavailable.not_held": r"不掌握",
        "unavailable.must_be_created": r"另行制作|没有现成",
        "unavailable.still_unclear": r"补正后",
        "not_processed.petition": r"信访",
        "not_processed.repeated": r"重复申请",
        "not_processed.publication": r"公开出版物",
        "not_processed.excessive": r"大量反复",
        "not_processed.reissue": r"重新出具",
        "other.not_corrected": r"逾期[不未]补正",
        "other.fee_unpaid": r"收费通知|缴纳费用",
        "other.other": rf"{_NUMBERING}其[他它]$",
        "other": r"其[他它]处理$",
        "handled_total": rf"{_NUMBERING}[总合]计$|办理结果[总合]计$",
        "carried_out": r"(?:结转|转结)[至到]?下一?年",
    }
)
_REQUEST_GROUPS = re.compile(r"(?:^三|本年度?)办理结果$|不予公开$|无法提供$|不予处理$")

_PROACTIVE_ROWS = _pattern(
    {
        "rules": rf"(?:^|项|\d)(?:政府|部门|行政)?规章{_COUNTED}",
        "normative_documents": rf"规范性(?:文件|档案){_COUNTED}",
        "licences": rf"行政许可{_COUNTED}",
        "other_services": r"其[他它]对外管理服务",
        "penalties": rf"行政处罚{_COUNTED}",
        "compulsion": rf"行政强制(?:措施)?{_COUNTED}",
        "fees": rf"行政事业性收费{_COUNTED}",
        "procurement": rf"政府集中采购{_COUNTED}",
    }
)
_PROACTIVE_COLUMNS = _pattern(
    {
        "issued": r"本年度?制发",
        "abolished": r"本年度?废止",
        "in_force": r"现行有效",
        "made": r"本年度?新?制作",
        "disclosed": r"本年度?新?公开",
        "disclosed_total": r"公开总数",
        "items_last_year": r"上一?年度?(?:项目|专案)数",
        "items_change": r"增减",
        "decisions": r"处理决定数",
        "amount": r"收费总?金额|采购总?金额",
        "items": r"采购(?:项目|专案)数",
    }
)
_APPLICANTS = _pattern(
    {
        "natural_person": r"自然人$",
        "business": r"企业$",
        "research": r"科研机构$",
        "welfare": r"公益组织$",
        "legal_service": r"法律服务(?:机构|组织)$",
        "other_entity": r"其[他它]$",
        "total": r"[总合]计$",
    }
)
_CASES = (
    ("direct_suit", re.compile("直接起诉")),
    ("suit_after_reconsideration", re.compile("复议后起诉")),
    ("reconsideration", re.compile("行政复议")),
)
"""The first that fits: 行政复议 also stands in the title of the table."""
_OUTCOMES = _pattern(
    {
        "upheld": r"结果维持$",
        "corrected": r"结果纠正$",
        "other": r"其[他它]结果$",
        "pending": r"尚未审结$",
        "total": r"[总合]计$",
    }
)
_OTHER_POWERS = re.compile(r"^\d*行政(?:检查|确认|征收|征用|裁决|给付|奖励|奖补|救助)$")
_SUBTOTAL = re.compile(r"[总合小]计$")
_LABEL_COLUMN = re.compile(r"信息内容$|[勾钩]稽关系")
_SUM_NOTE = re.compile("[勾钩]稽关系")
_CLAUSE = re.compile("^.{0,6}第二十条第.{1,8}$")
_MARKERS = (
    ("二", re.compile(r"第二十条第|信息内容$|制发件数|新制作数量")),
    ("三", re.compile(r"[勾钩]稽关系|申请人情况|本年度?新收|商业企业$|科研机构$")),
    ("四", re.compile(r"^行政复议$|^行政诉讼$|直接起诉|复议后起诉")),
)
_OWN_HEADERS = {
    "申请人情况": "三",
    "未经复议直接起诉": "四",
    "复议后起诉": "四",
    "本年制发件数": "二",
    "本年新制作数量": "二",
}
_HEADER_WORDS = re.compile(
    r"申请人情况$|^自然人$|法人或其[他它]组织|^信息内容$|^(?:商业企业|科研机构|社会公益组织|法律服务机构)$"
)
_REVIEW_WORDS = re.compile(r"行政复议$|行政诉讼$|起诉$|结果维持|结果纠正|其[他它]结果|尚未审结|^[总合]计$")
_CHAPTER = re.compile(r"^[一二三四五六七八九]、")
_NOTE = re.compile(r"\s*(?:(?:注|备注|说明|填表说明|附注)\s*\d?\s*[:：.、]|[※*])")


def _find(compiled: tuple[re.Pattern[str], tuple[str, ...]], folded: str) -> str:
    found = compiled[0].search(folded)
    return compiled[1][found.lastindex - 1] if found and found.lastindex else ""


@lru_cache(maxsize=4096)
def marker(folded: str) -> str:
    """The table (二, 三, 四) that a cell begins or belongs to beyond doubt, else empty."""
    for table, pattern in _MARKERS:
        if pattern.search(folded):
            return table
    return ""


def announced(words: Collection[str]) -> Iterable[str]:
    """The tables that a row with these cells is of: it has a header that no other table has."""
    found = {_OWN_HEADERS[folded] for folded in words if folded in _OWN_HEADERS}
    if any(map(begins_clause, words)):
        found.add("二")
    if any(map(_SUM_NOTE.search, words)):
        found.add("三")
    if "行政复议" in words and "行政诉讼" in words:
        found.add("四")
    return found


@lru_cache(maxsize=4096)
def begins_clause(folded: str) -> bool:
    """Whether a cell begins a section of table 2."""
    return _CLAUSE.search(folded) is not None


@lru_cache(maxsize=4096)
def row(table: str, folded: str) -> str:
    """The row that a cell names, else empty. 三: `refused.state_secret`; 二: `licences`."""
    if table == "三":
        # A group's name ("不予公开") is no row; a cell that joins group and row ends in the row.
        return "" if _REQUEST_GROUPS.search(folded) else _find(_REQUEST_ROWS, folded)
    return _find(_PROACTIVE_ROWS, folded) if table == "二" else ""


@lru_cache(maxsize=4096)
def rows(table: str, printed: str) -> frozenset[str]:
    """The rows that the words of a label as printed name, each for itself: two where two rows became one."""
    parts = [fold(part) for part in printed.split()]
    # The first word of "2.其他 法律行政法规禁止公开" is no row 其他.
    named = [(row(table, part), part[:1] == "3" or place == len(parts)) for place, part in enumerate(parts, 1)]
    found = frozenset(name for name, sure in named if name and (sure or name != "other.other"))
    # In "(六)其他处理 3.其他" the first is the group.
    return found - {"other"} if any(name.startswith("other.") for name in found) else found


@lru_cache(maxsize=4096)
def column(table: str, folded: str) -> str:
    """The column of table 2 or 3 that the stacked header cells above it name, else empty."""
    return _find(_PROACTIVE_COLUMNS if table == "二" else _APPLICANTS, folded)


@lru_cache(maxsize=1024)
def review(folded: str) -> tuple[str, str]:
    """Case and outcome that the stacked header cells of a column of table 4 name; either may be empty."""
    return next((name for name, pattern in _CASES if pattern.search(folded)), ""), _find(_OUTCOMES, folded)


def begins_row(table: str, folded: str) -> bool:
    """Whether a cell is the label of a row or a group of rows."""
    return bool(row(table, folded)) or (table == "三" and is_group(folded))


def names(table: str, folded: str) -> bool:
    """Whether a cell is the label of a row, a group or a column."""
    return begins_row(table, folded) or bool(column(table, folded))


@lru_cache(maxsize=4096)
def is_group(folded: str) -> bool:
    """Whether a cell names a group of rows of table 3 (不予公开) and no row."""
    return _REQUEST_GROUPS.search(folded) is not None


def is_no_row(table: str, folded: str) -> bool:
    """Whether a row with figures is one that offices add and the form does not have: the sum of a group, another power."""
    return is_group(folded) if table == "三" else _OTHER_POWERS.search(folded) is not None


def is_subtotal(folded: str) -> bool:
    """Whether a row's second label calls it the sum of its fellows."""
    return _SUBTOTAL.search(folded) is not None


def is_label_column(folded: str) -> bool:
    """Whether a header stands over the labels, not over figures."""
    return _LABEL_COLUMN.search(folded) is not None


@lru_cache(maxsize=4096)
def is_header(folded: str) -> bool:
    """Whether a cell stands in header rows only."""
    return _HEADER_WORDS.search(folded) is not None


@lru_cache(maxsize=4096)
def is_review_head(folded: str) -> bool:
    """Whether a cell is of the header of table 4."""
    return _REVIEW_WORDS.search(folded) is not None


def is_note(printed: str) -> bool:
    """Whether a cell as printed is a note under a table."""
    return _NOTE.match(printed) is not None


def is_chapter(paragraph: str) -> bool:
    """Whether a paragraph is a chapter's heading, which ends the table before it."""
    return len(paragraph) < 60 and _CHAPTER.match(paragraph) is not None


@lru_cache(maxsize=1024)
def money_factor(folded: str) -> float:
    """What turns a figure under this header into 万元: 1e-4 where the header says 元. `folded` has no brackets left."""
    if "万元" in folded:
        return 1.0
    if "亿元" in folded:
        return 1e4
    return 1e-4 if re.search(r"单位元|金额元", folded) else 1.0
