"""Printed labels of the national tables → the parts of a field's code. Pure.

Everything here takes folded text (`monitor.figures.cells.fold`): no white space, no punctuation, Simplified. Numbers in
front of a label, broken words and missing punctuation therefore make no difference.
"""

import re
from functools import lru_cache

_NUMBERING = r"(?:^|[一二三四五六七八九十\d])"


def _pattern(rows: dict[str, str]) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """One alternation, and the name of each of its groups."""
    return re.compile("|".join(f"({words})" for words in rows.values())), tuple(rows)


_REQUEST_ROWS = _pattern(
    {
        "new": r"本年度?新收",
        "carried_in": r"上一?年度?结转",
        "granted": r"(?<!不)予以公开",
        "partly_granted": r"部分公开",
        "refused.state_secret": r"国家秘密",
        "refused.barred_by_law": r"法律行政法规禁止",
        "refused.security_stability": r"三安全一稳定",
        "refused.third_party": r"第三方",
        "refused.internal_affairs": r"内部事务",
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
        "other.not_corrected": r"逾期不补正",
        "other.fee_unpaid": r"收费通知|缴纳费用",
        "other.other": rf"{_NUMBERING}其[他它]$",
        "other": r"其[他它]处理$",
        "handled_total": rf"{_NUMBERING}[总合]计$|办理结果[总合]计$",
        "carried_out": r"结转下一?年",
    }
)
_REQUEST_GROUPS = re.compile(r"本年度?办理结果$|不予公开$|无法提供$|不予处理$")

_PROACTIVE_ROWS = _pattern(
    {
        "rules": r"(?:^|项|[一-九\d])(?:政府|部门|行政)?规章$",
        "normative_documents": r"规范性文件$",
        "licences": r"行政许可(?:事项)?$",
        "other_services": r"其[他它]对外管理服务(?:事项)?",
        "penalties": r"行政处罚$",
        "compulsion": r"行政强制(?:措施)?$",
        "fees": r"行政事业性收费$",
        "procurement": r"政府集中采购$",
    }
)
_PROACTIVE_COLUMNS = _pattern(
    {
        "issued": r"制发件数",
        "abolished": r"废止件数",
        "in_force": r"现行有效",
        "made": r"新制作",
        "disclosed": r"新公开",
        "disclosed_total": r"公开总数",
        "items_last_year": r"上一?年度?项目数",
        "items_change": r"增减",
        "decisions": r"处理决定数",
        "amount": r"收费金额|采购总金额",
        "items": r"采购项目数",
    }
)
_APPLICANTS = _pattern(
    {
        "natural_person": r"自然人$",
        "business": r"商业企业$",
        "research": r"科研机构$",
        "welfare": r"公益组织$",
        "legal_service": r"法律服务机构$",
        "other_entity": r"其[他它]$",
        "total": r"[总合]计$",
    }
)
_CASES = _pattern(
    {"direct_suit": r"直接起诉", "suit_after_reconsideration": r"复议后起诉", "reconsideration": r"行政复议"}
)
_OUTCOMES = _pattern(
    {
        "upheld": r"结果维持$",
        "corrected": r"结果纠正$",
        "other": r"其[他它]结果$",
        "pending": r"尚未审结$",
        "total": r"[总合]计$",
    }
)
_SUBTOTAL = re.compile(r"[总合小]计$")
_LABEL_COLUMN = re.compile(r"信息内容$|勾稽关系|钩稽关系")
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
_HEADER_WORDS = re.compile(r"申请人情况$|^自然人$|法人或其[他它]组织|^信息内容$")
_CHAPTER = re.compile(r"^[一二三四五六七八九]、")


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


def announced(folded: str) -> str:
    """The table whose header, and no other table's, has this cell; else empty."""
    return _OWN_HEADERS.get(folded, "")


@lru_cache(maxsize=4096)
def row(table: str, folded: str) -> str:
    """The row that a cell names, else empty. 三: `refused.state_secret`; 二: `licences`."""
    if table == "三":
        # A group's name ("不予公开") is no row; a cell that joins group and row ends in the row.
        return "" if _REQUEST_GROUPS.search(folded) else _find(_REQUEST_ROWS, folded)
    return _find(_PROACTIVE_ROWS, folded) if table == "二" else ""


@lru_cache(maxsize=4096)
def column(table: str, folded: str) -> str:
    """The column that the stacked header cells above it name, else empty. 四: `direct_suit.upheld`, or `direct_suit.`
    if only that much can be read."""
    if table == "二":
        return _find(_PROACTIVE_COLUMNS, folded)
    if table == "三":
        return _find(_APPLICANTS, folded)
    case, outcome = _find(_CASES, folded), _find(_OUTCOMES, folded)
    return f"{case}.{outcome}" if case else ""


def is_group(folded: str) -> bool:
    """Whether a cell names a group of rows of table 3 (不予公开) and no row."""
    return _REQUEST_GROUPS.search(folded) is not None


def is_subtotal(folded: str) -> bool:
    """Whether a row's second label calls it the sum of its fellows."""
    return _SUBTOTAL.search(folded) is not None


def is_label_column(folded: str) -> bool:
    """Whether a header stands over the labels, not over figures."""
    return _LABEL_COLUMN.search(folded) is not None


def is_header(folded: str) -> bool:
    """Whether a cell stands in header rows only."""
    return _HEADER_WORDS.search(folded) is not None


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
