"""The views of figures and findings that staff query: SQL made from the lists of codes. Pure.

A view that has landed changes only by a new migration that runs `VIEWS` again: columns are named after `label`, and a
record keeps the names that it was made with (a test holds the text to what was landed).

Names of columns are words of letters, digits and full-width marks, so that no query need quote them: SQLite takes a
misspelt name in double quotes for a text, and says nothing.
"""

# ruff: noqa: S608 (every text in the SQL is our own)

import re
from collections.abc import Iterable

from monitor.figures.fields import FIELDS, Field, label
from monitor.figures.open_fields import INDICATORS, PROSE, OpenField

RULE_NAMES = {
    "table3_column": "表三收支不平衡",
    "table3_handled": "表三办理结果合计不符",
    "table3_row": "表三横向合计不符",
    "table4_total": "表四合计不符",
    "carried_over": "结转不一致",
    "impossible_period": "统计期限不可能",
    "wrong_period": "统计期限不是本年度",
    "published_early": "公开日期早于年度结束",
    "wrong_form": "表格式样不符",
    "table_damaged": "表格未能完整读取",
    "same_text": "正文与另一年度相同",
    "similar_text": "正文与上年几乎相同",
    "stale_year": "残留其他年度",
    "foreign_organ": "残留其他机关名称",
    "obsolete_notice": "引用已失效的格式通知",
    "missing_table": "有标题而无表格",
    "thin_chapter": "问题一章没有内容",
    "in_force": "现行有效件数不衔接",
    "unit_slip": "似误用元为单位",
    "year_jump": "较上年大幅变化",
    "prose_table": "正文与表格不符",
    "fee_notices": "收费通知与表格不符",
    "source_conflict": "网页与附件不符",
    "doubtful_ocr": "图片识别不确定",
    "clone_words": "夹有博彩词语",
    "late": "逾期公开",
    "conflict": "同一年度另有页面",
    "duplicate_year": "一页之内年度重复",
    "duplicate_text": "一页之内报告重复",
    "year_untold": "年度不明的部分",
    "year_mismatch": "年度前后不一",
    "year_unknown": "年度不明",
    "undecided": "尚不能判断",
    "part_unread": "后续分页未读",
    "link_unread": "栏目所列页面未能读取",
    "site_mismatch": "网站标识不符",
    "bad_selector": "选择器有误",
    "nested_too_deep": "页面嵌套过深",
    "unreadable": "页面无法解析",
    "unreadable_document": "附件无法读取",
    "scanned_document": "附件为扫描件",
    "attachment_unreadable": "图片无法解码",
    "section_moved": "栏目疑似迁移",
    "off_host_link": "指向站外",
    "off_host_redirect": "跳转到站外",
    "refused_address": "地址不予访问",
    "render_refused": "页面脚本指向未列明的主机",
    "render_not_needed": "栏目无需浏览器",
    "closed_by_robots": "robots.txt 不允许读取",
    "bad_certificate": "证书有问题",
    "rebaselined": "按新规则重新建立基线",
    "capture_unreadable": "存档无法读取",
    "rules_unread": "按现行规则读不出年报",
    "reread_loses_text": "按现行规则正文大部读不出",
    "list_unread": "按现行规则栏目读不出",
}
"""Rules of findings as staff read them."""

SOURCE_NAMES = {"html": "网页", "pdf": "PDF", "docx": "Word", "ocr": "图片识别", "prose": "正文"}
SEVERITY_NAMES = {"info": "提示", "warning": "警告", "error": "错误"}


def column(code: str) -> str:
    """The column of `统计数据` that holds a field: `表三_总计_一、本年新收`. KeyError for an unknown code."""
    field = FIELDS[code]
    table, _, rest = label(code).partition(" ")
    name = "_".join((table, *rest.split(" · ")))
    if field.unit != "件":
        name += f"（{field.unit}）"
    return re.sub(r"[\s“”/]", "", name).replace("(", "（").replace(")", "）")


COLUMNS: dict[str, str] = {code: column(code) for code in FIELDS}
"""Code → column of `统计数据`, in the order of the forms."""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _case(subject: str, names: dict[str, str]) -> str:
    """`CASE subject WHEN …`; what has no name keeps its own."""
    return f"CASE {subject} {' '.join(f'WHEN {_quoted(k)} THEN {_quoted(v)}' for k, v in names.items())} ELSE {subject} END"


def _in(codes: Iterable[str]) -> str:
    return f"({', '.join(map(_quoted, codes))})"


def _only(form: str, table: str) -> list[str]:
    """Codes of a table that stand in one form only: they tell it."""
    return [code for code, field in FIELDS.items() if field.table == table and field.forms == {form}]


def _form(version: str, table: str) -> str:
    """A table's form by the majority of its tellers, as monitor.figures.national tells it; null without any."""
    new, old = _only("2021", table), _only("2019", table)
    return (
        f"(SELECT CASE WHEN count(*) = 0 THEN NULL WHEN sum(field IN {_in(new)}) * 2 >= count(*) THEN '2021' ELSE '2019' END "
        f"FROM figures WHERE version = {version} AND field IN {_in(new + old)})"
    )


_TABLES = "(field BETWEEN 'proactive.' AND 'proactive/' OR field >= 'requests.')"
"""Figures of the three tables; the others are told in prose or in the old indicator tables."""


def _wide() -> str:
    """One row a report. Each cell is looked up by the primary key of `figures`: only those that a query names are."""
    head = [
        "r.id AS 年报编号",
        "p.title AS 门户",
        "p.region AS 地区",
        "o.name AS 机关",
        f"{_case('o.kind', {'government': '政府', 'office': '办公室', 'department': '部门', 'township': '乡镇街道'})} AS 机关类别",
        "r.year AS 年度",
        "nullif(r.published_on, '') AS 公开日期",
        f"coalesce({_form('r.current_version', '二')}, {_form('r.current_version', '三')}) AS 表式",
        f"(SELECT group_concat(DISTINCT {_case('source', SOURCE_NAMES)}) FROM figures "
        f"WHERE version = r.current_version AND {_TABLES}) AS 数据来源",
        f"(SELECT min(confidence) FROM figures WHERE version = r.current_version AND {_TABLES}) AS 最低置信度",
        "r.url AS 网址",
    ]
    cells = [
        f"(SELECT value FROM figures WHERE version = r.current_version AND field = {_quoted(code)}) AS {name}"
        for code, name in COLUMNS.items()
    ]
    return (
        "CREATE VIEW 统计数据 AS\nSELECT "
        + ",\n    ".join(head + cells)
        + "\nFROM reports r JOIN portals p ON p.name = r.portal JOIN organs o ON o.id = r.organ_id\n"
        "WHERE r.withdrawn_at IS NULL;\n"
    )


def _described(place: int, field: Field | OpenField) -> str:
    """A row of `fields`."""
    code = field.code
    if isinstance(field, Field):
        told = (f"表{field.table}", field.row_label, field.column_label)
    else:
        told = ("附表" if field.section else "正文", field.section, field.label)
    texts = (code, "、".join(sorted(field.forms)), *told, label(code), field.unit, COLUMNS.get(code, ""))
    return f"({place}, {', '.join(map(_quoted, texts))})"


def _dictionary() -> str:
    """What codes mean, as a table: joined with figures by the million."""
    fields: list[Field | OpenField] = [*FIELDS.values(), *INDICATORS.values(), *PROSE.values()]
    rows = ",\n    ".join(_described(place, field) for place, field in enumerate(fields, 1))
    return f"""CREATE TABLE fields (
    place INTEGER NOT NULL,
    code TEXT PRIMARY KEY,
    forms TEXT NOT NULL,
    sheet TEXT NOT NULL,
    row_label TEXT NOT NULL,
    column_label TEXT NOT NULL,
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    wide TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO fields VALUES
    {rows};
CREATE VIEW 指标说明 AS
SELECT code AS 指标代码, nullif(forms, '') AS 表式, sheet AS 表, nullif(row_label, '') AS 行, column_label AS 列,
    name AS 指标名称, nullif(unit, '') AS 单位, nullif(wide, '') AS 列名 FROM fields ORDER BY place;
"""


_UNLISTED = """CASE WHEN f.field LIKE 'indicator.%' THEN '附表 ' || coalesce(
        (SELECT k.column_label || ' · ' || replace(substr(f.field, length(k.code) + 2), '.', ' · ') FROM fields k
            WHERE substr(f.field, 1, length(k.code) + 1) = k.code || '.' ORDER BY length(k.code) DESC LIMIT 1),
        replace(substr(f.field, length('indicator.') + 1), '.', ' · ')) ELSE f.field END"""
"""The name of an indicator that has its printed label for a code, as `open_fields.label` makes it."""

_LONG = f"""CREATE VIEW 统计数据明细 AS
SELECT r.id AS 年报编号, p.title AS 门户, o.name AS 机关, r.year AS 年度,
    coalesce(d.sheet, CASE WHEN f.field LIKE 'indicator.%' THEN '附表' WHEN f.field LIKE 'prose.%' THEN '正文' END) AS 表,
    nullif(d.row_label, '') AS 行, d.column_label AS 列, coalesce(d.name, {_UNLISTED}) AS 指标名称, f.field AS 指标代码,
    f.value AS 数值, nullif(d.unit, '') AS 单位, f.raw AS 原文,
    {_case("f.source", SOURCE_NAMES)} AS 来源, f.confidence AS 置信度, nullif(f.url, '') AS 附件网址
FROM reports r JOIN figures f ON f.version = r.current_version JOIN organs o ON o.id = r.organ_id
JOIN portals p ON p.name = r.portal LEFT JOIN fields d ON d.code = f.field
WHERE r.withdrawn_at IS NULL;
"""

FINDINGS = f"""CREATE VIEW 核对问题 AS
SELECT f.id AS 编号, r.id AS 年报编号, p.title AS 门户, o.name AS 机关, r.year AS 年度,
    {_case("f.rule", RULE_NAMES)} AS 规则, {_case("f.severity", SEVERITY_NAMES)} AS 严重程度, nullif(f.place, '') AS 位置,
    f.detail AS 说明,
    (SELECT group_concat(coalesce(d.name, j.value), '；') FROM json_each(f.fields) j
        LEFT JOIN fields d ON d.code = j.value) AS 指标,
    coalesce(nullif(f.url, ''), r.url) AS 网址, f.rule AS 规则代码
FROM findings f LEFT JOIN versions v ON v.id = f.version LEFT JOIN reports r ON r.id = v.report
LEFT JOIN organs o ON o.id = r.organ_id LEFT JOIN crawls c ON c.id = f.crawl
LEFT JOIN portals p ON p.name = coalesce(r.portal, c.portal)
WHERE f.version IS NULL OR (r.current_version = f.version AND r.withdrawn_at IS NULL);
"""

VIEWS = "\n".join(
    (
        *(f"DROP VIEW IF EXISTS {view};" for view in ("核对问题", "统计数据明细", "统计数据", "指标说明")),
        "DROP TABLE IF EXISTS fields;",
        _dictionary(),
        _wide(),
        _LONG,
        FINDINGS,
    )
)
"""Makes them anew, whatever stood there."""
