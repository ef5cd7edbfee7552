"""What can be exported: the tables, their columns, and what each of them means. Pure.

Names and descriptions are Chinese: they are what the data package's dictionary and the sheets say. Types are those of
the Table Schema (https://datapackage.org/standard/table-schema/).
"""

from typing import Literal

import msgspec

from monitor.figure_views import COLUMNS, RULE_NAMES, SEVERITY_NAMES, SOURCE_NAMES
from monitor.figures.fields import FIELDS

Type = Literal["integer", "number", "string", "date", "datetime"]


class Column(msgspec.Struct, frozen=True):
    """One column."""

    name: str
    type: Type
    description: str
    required: bool = False
    unit: str = ""
    code: str = ""
    """Of the figure it holds."""
    values: tuple[str, ...] = ()
    """All that it may hold."""
    verbatim: bool = False
    """An empty text means something: it is no missing value."""


class Reference(msgspec.Struct, frozen=True):
    """A column that names rows of another table."""

    column: str
    table: str
    key: str


class Table(msgspec.Struct, frozen=True):
    """One table that can be exported."""

    name: str
    title: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...] = ()
    fixed: int = 1
    """How many columns on the left stay in sight on a sheet."""


def _id(name: str, description: str) -> Column:
    return Column(name, "integer", description, required=True)


_REPORT = _id("年报编号", "年报在本记录中的编号")
_PORTAL = Column("门户", "string", "政府网站的名称")
_ORGAN = Column("机关", "string", "发布机关，经归一的名称")
_YEAR = Column("年度", "integer", "报告年度")
_URL = Column("网址", "string", "网页地址")
_UTC = "（协调世界时）"
_OF_REPORT = Reference("年报编号", "reports", "编号")


def _cell(code: str) -> Column:
    field = FIELDS[code]
    forms = "、".join(sorted(field.forms))
    description = (
        f"表{field.table}（{forms}年格式）：{field.row_label}，{field.column_label}。空：该格空白、填“/”或“—”，或无此格"
    )
    return Column(COLUMNS[code], "number", description, unit=field.unit, code=code)


FIGURES = Table(
    "figures",
    "统计数据",
    "每份年报一行，三张法定表格每格一列（现行版本）。空值不是 0：逐格的原文见“明细”。",
    (
        _REPORT,
        Column("门户", "string", "政府网站的名称", required=True),
        Column("地区", "string", "门户所在地区的行政区划代码（GB/T 2260）"),
        Column("机关", "string", "发布机关，经归一的名称", required=True),
        Column(
            "机关类别",
            "string",
            "政府、办公室、部门或乡镇街道",
            required=True,
            values=("政府", "办公室", "部门", "乡镇街道"),
        ),
        Column("年度", "integer", "报告年度", required=True),
        Column("公开日期", "date", "页面标注的公开日期"),
        Column(
            "表式",
            "string",
            "表格的格式：2019（国办公开办函〔2019〕60号）或 2021（〔2021〕30号）；空：没有表格",
            values=("2019", "2021"),
        ),
        Column("数据来源", "string", f"表格从何处读得：{'、'.join(SOURCE_NAMES.values())}；多处以逗号分隔"),
        Column("最低置信度", "number", "各格置信度的最低值，0 至 1；图片识别的可能有误"),
        Column("网址", "string", "年报的网页地址", required=True),
        *map(_cell, FIELDS),
    ),
    ("年报编号",),
    (_OF_REPORT,),
    fixed=6,
)

DETAILS = Table(
    "details",
    "明细",
    "每个数值一行，附原文、来源和置信度（现行版本）；2018 年及以前的附表指标和正文中的数字也在其中。",
    (
        _REPORT,
        _PORTAL,
        _ORGAN,
        _YEAR,
        Column("表", "string", "表二、表三、表四，附表，正文"),
        Column("行", "string", "表格行的名称"),
        Column("列", "string", "表格列的名称"),
        Column("指标名称", "string", "指标的简称", required=True),
        Column("指标代码", "string", "指标的代码", required=True),
        Column("数值", "number", "以“单位”计；空：该格空白、填“/”或“—”"),
        Column("单位", "string", "件、万元；附表和正文中的还有条、次、人等"),
        Column("原文", "string", "该格所印的文字；几格相加的以 + 相连；空白格为空文字", required=True, verbatim=True),
        Column("来源", "string", "从何处读得", required=True, values=tuple(SOURCE_NAMES.values())),
        Column("置信度", "number", "0 至 1；1 为无须猜测", required=True),
        Column("附件网址", "string", "所在附件或图片的地址；空：就在网页中"),
    ),
    ("年报编号", "指标代码"),
    (_OF_REPORT, Reference("指标代码", "fields", "指标代码")),
    fixed=4,
)

DICTIONARY = Table(
    "fields",
    "指标说明",
    "每个指标一行：它在法定表格中的位置、名称和单位。",
    (
        Column("指标代码", "string", "指标的代码", required=True),
        Column(
            "表式", "string", "有此格的格式：2019、2021 或两者；附表：2008（2014 年以前的指标表）、2014（全国统计表）"
        ),
        Column("表", "string", "表二、表三、表四，附表，正文"),
        Column("行", "string", "表格行的名称"),
        Column("列", "string", "表格列的名称"),
        Column("指标名称", "string", "提醒和核对中所用的简称", required=True),
        Column("单位", "string", "件、万元；附表和正文中的还有条、次、人等"),
        Column("列名", "string", "在“统计数据”中的列名"),
    ),
    ("指标代码",),
)

REPORTS = Table(
    "reports",
    "年报",
    "每份年报一行。",
    (
        _id("编号", "年报在本记录中的编号"),
        _PORTAL,
        _ORGAN,
        _YEAR,
        Column("标题", "string", "现行版本的标题"),
        Column("状态", "string", "在线；待确认：一时读不到；已撤下", values=("在线", "待确认", "已撤下")),
        Column("栏目列出", "string", "栏目是否列出它；空：不明", values=("是", "否")),
        Column("公开日期", "date", "页面标注的公开日期"),
        Column("首次发现", "datetime", f"首次读到的时间{_UTC}"),
        Column("最后核实", "datetime", f"最近一次读到的时间{_UTC}"),
        Column("版本", "integer", "现行版本是第几版"),
        Column("内容哈希", "string", "现行版本内容的 SHA-256"),
        _URL,
    ),
    ("编号",),
    fixed=4,
)

VERSIONS = Table(
    "versions",
    "版本",
    "每份年报的每个版本一行，正文不在其中。",
    (
        _id("编号", "版本编号"),
        _REPORT,
        Column("版本", "integer", "该年报的第几版", required=True),
        Column("采集时间", "datetime", f"首次读到该版的时间{_UTC}", required=True),
        Column(
            "性质", "string", "首次；内容变更；仅形式；重新基线：只是读取规则变了", required=True,
            values=("首次", "内容变更", "仅形式", "重新基线"),
        ),
        Column("标题", "string", "所印标题"),
        Column("机关", "string", "所印机关"),
        Column("公开日期", "date", "页面标注的公开日期"),
        Column("内容哈希", "string", "内容的 SHA-256", required=True),
        Column("存档", "string", "原始响应在存档中的位置"),
        _URL,
    ),
    ("编号",),
    (_OF_REPORT,),
    fixed=3,
)  # fmt: skip

FINDINGS = Table(
    "findings",
    "核对问题",
    "现行版本中自相矛盾或未能读取之处，每处一行。",
    (
        _id("编号", "问题编号"),
        Column("年报编号", "integer", "所属年报；空：不属于任何年报的网页或地址"),
        _PORTAL,
        _ORGAN,
        _YEAR,
        Column("规则", "string", f"问题的类别，例如{'、'.join(list(RULE_NAMES.values())[:3])}", required=True),
        Column("严重程度", "string", "提示、警告或错误", required=True, values=tuple(SEVERITY_NAMES.values())),
        Column("位置", "string", "表格或章节"),
        Column("说明", "string", "问题所在", required=True),
        Column("指标", "string", "有关指标的名称，以；分隔"),
        _URL,
        Column("规则代码", "string", "类别的代码", required=True),
    ),
    ("编号",),
    (_OF_REPORT,),
    fixed=5,
)

EVENTS = Table(
    "events",
    "变更记录",
    "年报和门户发生的事，每件一行：公开、变更、撤下、恢复等。",
    (
        _id("编号", "事件编号"),
        Column("年报编号", "integer", "有关的年报；空：与某一年报无关，或该年报已被剔除"),
        Column("发现时间", "datetime", f"发现的时间{_UTC}", required=True),
        Column("类型", "string", "公开、变更、撤下、恢复、迁移、逾期等", required=True),
        _PORTAL,
        Column("机关", "string", "所印机关"),
        _YEAR,
        Column("标题", "string", "标题"),
        Column("摘要", "string", "一句话的说明"),
        Column("基线", "string", "是：开始监测时就已如此", required=True, values=("是", "否")),
        _URL,
        Column("撤回时间", "datetime", f"提醒被撤回的时间{_UTC}"),
        Column("撤回原因", "string", "为何撤回"),
    ),
    ("编号",),
    (_OF_REPORT,),
    fixed=3,
)

TABLES: dict[str, Table] = {
    table.name: table for table in (FIGURES, DETAILS, DICTIONARY, REPORTS, VERSIONS, FINDINGS, EVENTS)
}
