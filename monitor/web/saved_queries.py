"""Questions that staff ask again and again, as SQL with a name, at a stable address. Plain values.

Of a parameter that is left blank, everything is meant. Names of queries and of their columns are stable: people link to
them and programs read them. docs/queries.md holds plain SQL for the same questions; a test holds both together.
"""

# ruff: noqa: S608 (every text in the SQL is our own)

from typing import Literal

import msgspec


class Parameter(msgspec.Struct, frozen=True):
    """What a query asks for; its name stands in the SQL, after a colon."""

    name: str
    type: Literal["number", "text", "month"] = "text"
    hint: str = ""
    required: bool = False


class Saved(msgspec.Struct, frozen=True):
    """One question. `name` is the last part of its address."""

    name: str
    group: str
    about: str
    sql: str
    parameters: tuple[Parameter, ...] = ()


MONTH, NOW = "'本月'", "'now'"
"""Stand in the SQL for the month (`'2026-01'`) and the moment in which it is asked, as the pages' clock has them."""

_YEAR = Parameter("年度", "number", "如 2024；空：全部")
_DUE_YEAR = Parameter("年度", "number", "如 2024；空：最近一个期限全部已过的年度")
_PORTAL = Parameter("门户", "text", "代号或名称的一部分；空：全部")
_ORGAN = Parameter("机关", "text", "名称的一部分，必填", required=True)
_REGION = Parameter("地区", "text", "行政区划代码的开头，如 33；空：全部")
_MONTH = Parameter("月份", "month", "如 2026-01；空：本月")
_DAYS = Parameter("天数", "number", "空：7")

_BY_PORTAL = "(:门户 = '' OR p.name = :门户 OR instr(p.title, :门户) > 0)"
_BY_REGION = "(:地区 = '' OR substr(p.region, 1, length(:地区)) = :地区)"


def _by_year(column: str) -> str:
    return f"(:年度 = '' OR {column} = CAST(:年度 AS INTEGER))"


_BY_DUE_YEAR = "r.year = CAST(coalesce(nullif(:年度, ''), strftime('%Y', 'now', '-90 days') - 1) AS INTEGER)"
"""Where all years at once would take longer than a query may."""


def _by_organ(column: str) -> str:
    return f"(:机关 <> '' AND instr({column}, :机关) > 0)"


_IN_MONTH = "strftime('%Y-%m', {0}, '+8 hours') = coalesce(nullif(:月份, ''), '本月')"

SAVED: tuple[Saved, ...] = (
    Saved(
        "逾期机关", "期限", "法定期限已过而没有公开的年报",
        f"""SELECT e.id AS 事件编号, p.title AS 门户, e.organ AS 机关, e.year AS 年度,
    json_extract(e.detail, '$.due_on') AS 法定期限, e.detected_at AS 发现时间
FROM events e JOIN portals p ON p.name = e.portal
WHERE e.kind = 'overdue' AND e.retracted_at IS NULL
    AND {_by_year("e.year")}
    AND {_BY_PORTAL}
    AND {_BY_REGION}
ORDER BY e.year DESC, p.region, p.title, e.organ""",
        (_YEAR, _PORTAL, _REGION),
    ),
    Saved(
        "各地逾期数", "期限", "逾期未公开，按地级市（行政区划代码前四位）",
        f"""SELECT substr(p.region, 1, 4) AS 地区, count(*) AS 逾期, group_concat(e.organ, '、') AS 机关
FROM events e JOIN portals p ON p.name = e.portal
WHERE e.kind = 'overdue' AND e.retracted_at IS NULL
    AND {_by_year("e.year")}
GROUP BY 地区 ORDER BY 逾期 DESC, 地区""",
        (_YEAR,),
    ),
    Saved(
        "逾期公开天数", "期限", "公开了，但晚于法定期限：政府 3 月 31 日，其他机关 1 月 31 日；2018 年度及以前一律 3 月 31 日",
        f"""SELECT * FROM (
    SELECT r.id AS 年报编号, p.title AS 门户, o.name AS 机关, r.year AS 年度, r.published_on AS 公开日期,
        CAST(julianday(r.published_on) - julianday((r.year + 1) || CASE WHEN o.kind = 'government' OR r.year <= 2018
            THEN '-03-31' ELSE '-01-31' END) AS INTEGER) AS 逾期天数
    FROM reports r JOIN organs o ON o.id = r.organ_id JOIN portals p ON p.name = r.portal
    WHERE r.withdrawn_at IS NULL AND r.published_on <> '' AND o.kind <> 'township'
        AND {_by_year("r.year")}
        AND {_BY_PORTAL})
WHERE 逾期天数 > 0 ORDER BY 逾期天数 DESC, 年报编号""",
        (_YEAR, _PORTAL),
    ),
    Saved(
        "本月变更", "变化", "一个月里的公开、变更、撤下等；建立基线时已有的和已撤回的不在其中",
        f"""SELECT e.id AS 事件编号, e.detected_at AS 发现时间, v.类型, p.title AS 门户, e.organ AS 机关, e.year AS 年度,
    e.summary AS 摘要, e.report AS 年报编号
FROM events e JOIN 变更记录 v ON v.编号 = e.id LEFT JOIN portals p ON p.name = e.portal
WHERE e.baseline = 0 AND e.retracted_at IS NULL
    AND {_IN_MONTH.format("e.detected_at")}
    AND {_BY_PORTAL}
ORDER BY e.id DESC""",
        (_MONTH, _PORTAL),
    ),
    Saved(
        "公开后被改动的数值", "变化", "公开之后被改动的数值，改前改后",
        f"""SELECT e.report AS 年报编号, e.detected_at AS 发现时间, p.title AS 门户, e.organ AS 机关, e.year AS 年度,
    json_extract(f.value, '$.label') AS 指标, json_extract(f.value, '$.old') AS 原为,
    json_extract(f.value, '$.new') AS 现为, e.id AS 事件编号
FROM events e JOIN portals p ON p.name = e.portal JOIN json_each(e.detail, '$.figures') f
WHERE e.kind = 'changed' AND e.retracted_at IS NULL
    AND {_by_year("e.year")}
    AND {_BY_PORTAL}
ORDER BY e.id DESC""",
        (_YEAR, _PORTAL),
    ),
    Saved(
        "首版与现行不同的数值", "变化", "首次公开与现行版本之间，数值不同的指标",
        f"""SELECT r.id AS 年报编号, p.title AS 门户, r.organ AS 机关, r.year AS 年度, d.name AS 指标, o.raw AS 首次, n.raw AS 现行
FROM (SELECT report FROM versions GROUP BY report HAVING count(*) > 1) m
CROSS JOIN reports r ON r.id = m.report JOIN portals p ON p.name = r.portal
JOIN versions v ON v.report = r.id AND v.seq = 1
JOIN figures o ON o.version = v.id JOIN figures n ON n.version = r.current_version AND n.field = o.field
LEFT JOIN fields d ON d.code = o.field
WHERE r.current_version <> v.id AND o.value IS NOT n.value AND r.withdrawn_at IS NULL
    AND {_by_year("r.year")}
    AND {_BY_PORTAL}
ORDER BY r.id, d.place""",
        (_YEAR, _PORTAL),
    ),
    Saved(
        "改动最多的年报", "变化", "公开之后改动次数最多的年报",
        f"""SELECT r.id AS 年报编号, p.title AS 门户, r.organ AS 机关, r.year AS 年度, count(*) AS 改动次数,
    max(v.captured_at) AS 最近一次
FROM (SELECT report FROM versions GROUP BY report HAVING count(*) > 1) m
CROSS JOIN reports r ON r.id = m.report JOIN portals p ON p.name = r.portal JOIN versions v ON v.report = r.id
WHERE v.significance = 'content' AND r.withdrawn_at IS NULL
    AND {_by_year("r.year")}
    AND {_BY_PORTAL}
GROUP BY r.id ORDER BY 改动次数 DESC, 最近一次 DESC LIMIT 100""",
        (_YEAR, _PORTAL),
    ),
    Saved(
        "已撤下的年报", "变化", "已撤下的年报，和确认其撤下的每次读取",
        f"""SELECT r.id AS 年报编号, p.title AS 门户, r.organ AS 机关, r.year AS 年度, x.http_status AS 状态码, x.marker AS 依据,
    c.finished_at AS 读取时间, x.archive_ref AS 存档, r.url AS 网址
FROM reports r JOIN portals p ON p.name = r.portal
JOIN readings x ON x.report = r.id AND x.counted = 1 AND x.reading IN ('gone', 'weak_gone')
JOIN crawls c ON c.id = x.crawl
WHERE r.status = 'taken_down' AND r.withdrawn_at IS NULL
    AND {_by_year("r.year")}
    AND {_BY_PORTAL}
ORDER BY r.id, x.id""",
        (_YEAR, _PORTAL),
    ),
    Saved(
        "撤回的提醒", "变化", "发出后被撤回的提醒，和撤回的原因",
        f"""SELECT e.id AS 事件编号, v.类型, p.title AS 门户, e.organ AS 机关, e.year AS 年度, e.summary AS 摘要,
    e.detected_at AS 发现时间, e.retracted_at AS 撤回时间, v.撤回原因
FROM events e JOIN 变更记录 v ON v.编号 = e.id LEFT JOIN portals p ON p.name = e.portal
WHERE e.retracted_at IS NOT NULL
    AND {_by_year("e.year")}
ORDER BY e.retracted_at DESC""",
        (_YEAR,),
    ),
    Saved(
        "数据不平衡", "核对", "表三、表四的合计不符",
        f"""SELECT r.id AS 年报编号, p.title AS 门户, o.name AS 机关, r.year AS 年度, f.规则, f.位置, f.说明, f.网址
FROM 核对问题 f JOIN reports r ON r.id = f.年报编号 JOIN organs o ON o.id = r.organ_id JOIN portals p ON p.name = r.portal
WHERE f.规则代码 IN ('table3_column', 'table3_handled', 'table3_row', 'table4_total')
    AND {_by_year("r.year")}
    AND {_BY_PORTAL}
ORDER BY p.title, o.name, r.year, f.编号""",
        (_YEAR, _PORTAL),
    ),
    Saved(
        "结转不一致", "核对", "上年“结转下年度”与本年“上年结转”不同",
        f"""SELECT r.id AS 年报编号, p.title AS 门户, o.name AS 机关, r.year AS 年度, a.value AS 上年结转下年度, b.value AS 本年上年结转
FROM reports r JOIN organs o ON o.id = r.organ_id JOIN portals p ON p.name = r.portal
JOIN reports q ON q.portal = r.portal AND q.organ_id = r.organ_id AND q.year = r.year - 1 AND q.variant = 0
JOIN figures a ON a.version = q.current_version AND a.field = 'requests.carried_out.total'
JOIN figures b ON b.version = r.current_version AND b.field = 'requests.carried_in.total'
WHERE a.value <> b.value AND r.withdrawn_at IS NULL AND q.withdrawn_at IS NULL
    AND {_BY_DUE_YEAR}
    AND {_BY_PORTAL}
ORDER BY o.name, r.year""",
        (_DUE_YEAR, _PORTAL),
    ),
    Saved(
        "正文雷同", "核对", "正文与另一年度相同，或与上年几乎相同",
        f"""SELECT r.id AS 年报编号, p.title AS 门户, o.name AS 机关, r.year AS 年度, f.规则, f.说明
FROM 核对问题 f JOIN reports r ON r.id = f.年报编号 JOIN organs o ON o.id = r.organ_id JOIN portals p ON p.name = r.portal
WHERE f.规则代码 IN ('same_text', 'similar_text')
    AND {_by_year("r.year")}
    AND {_BY_PORTAL}
ORDER BY p.title, o.name, r.year""",
        (_YEAR, _PORTAL),
    ),
    Saved(
        "图片识别待核", "核对", "图片识别、置信度低于 0.9 的数值",
        f"""SELECT r.id AS 年报编号, p.title AS 门户, o.name AS 机关, r.year AS 年度, coalesce(d.name, f.field) AS 指标名称,
    f.value AS 数值, f.raw AS 原文, f.confidence AS 置信度, nullif(f.url, '') AS 附件网址
FROM reports r JOIN organs o ON o.id = r.organ_id JOIN portals p ON p.name = r.portal
JOIN figures f ON f.version = r.current_version LEFT JOIN fields d ON d.code = f.field
WHERE r.withdrawn_at IS NULL AND f.source = 'ocr' AND f.confidence < 0.9
    AND {_BY_DUE_YEAR}
    AND {_BY_PORTAL}
ORDER BY f.confidence, r.id""",
        (_DUE_YEAR, _PORTAL),
    ),
    Saved(
        "没有表格的部门年报", "核对", "2019 年度起没有表格的部门年报",
        f"""SELECT r.id AS 年报编号, p.title AS 门户, o.name AS 机关, r.year AS 年度, r.url AS 网址
FROM reports r JOIN organs o ON o.id = r.organ_id JOIN portals p ON p.name = r.portal
WHERE r.withdrawn_at IS NULL AND o.kind = 'department' AND r.year >= 2019
    AND NOT EXISTS (SELECT 1 FROM figures f WHERE f.version = r.current_version AND f.field BETWEEN 'proactive.' AND 'proactive/')
    AND NOT EXISTS (SELECT 1 FROM figures f WHERE f.version = r.current_version AND f.field BETWEEN 'requests.' AND 'requests/')
    AND {_BY_DUE_YEAR}
    AND {_BY_PORTAL}
ORDER BY p.title, o.name, r.year""",
        (_DUE_YEAR, _PORTAL),
    ),
    Saved(
        "机关历年新收", "数据", "新收申请、同比和办理结果，逐年",
        f"""SELECT 年报编号, 机关, 年度, 新收, 新收 - 上年 AS 增减,
    round(100.0 * 新收 / nullif(上年, 0) - 100, 1) AS 同比百分之, 予以公开, 办结
FROM (SELECT r.id AS 年报编号, o.name AS 机关, r.year AS 年度, a.value AS 新收,
        lag(a.value) OVER (PARTITION BY r.organ_id ORDER BY r.year) AS 上年, b.value AS 予以公开, c.value AS 办结
    FROM organs o JOIN reports r ON r.portal = o.portal AND r.organ_id = o.id AND r.variant = 0 AND r.withdrawn_at IS NULL
    LEFT JOIN figures a ON a.version = r.current_version AND a.field = 'requests.new.total'
    LEFT JOIN figures b ON b.version = r.current_version AND b.field = 'requests.granted.total'
    LEFT JOIN figures c ON c.version = r.current_version AND c.field = 'requests.handled_total.total'
    WHERE {_by_organ("o.name")})
ORDER BY 机关, 年度 DESC""",
        (_ORGAN,),
    ),
    Saved(
        "不予公开的理由", "数据", "各不予公开理由的件数，及占办结总数的比例",
        f"""SELECT r.year AS 年度, d.row_label AS 理由, sum(f.value) AS 件数, round(100.0 * sum(f.value) / sum(w.value), 2) AS 占办结百分之
FROM fields d JOIN reports r JOIN portals p ON p.name = r.portal
JOIN figures f ON f.version = r.current_version AND f.field = d.code
LEFT JOIN figures w ON w.version = r.current_version AND w.field = 'requests.handled_total.total'
WHERE d.code GLOB 'requests.refused.*.total' AND r.withdrawn_at IS NULL
    AND {_BY_DUE_YEAR}
    AND {_BY_REGION}
GROUP BY r.year, d.row_label ORDER BY r.year DESC, 件数 DESC""",
        (_DUE_YEAR, _REGION),
    ),
    Saved(
        "复议诉讼最多", "数据", "行政复议和诉讼最多的机关，及其中被纠正的",
        f"""SELECT * FROM (SELECT r.id AS 年报编号, p.title AS 门户, o.name AS 机关, r.year AS 年度,
        sum(CASE WHEN f.field = 'review.reconsideration.total' THEN f.value END) AS 复议,
        total(CASE WHEN f.field IN ('review.direct_suit.total', 'review.suit_after_reconsideration.total') THEN f.value END) AS 诉讼,
        total(CASE WHEN f.field GLOB 'review.*.corrected' THEN f.value END) AS 被纠正
    FROM reports r JOIN organs o ON o.id = r.organ_id JOIN portals p ON p.name = r.portal
    JOIN figures f ON f.version = r.current_version AND f.field BETWEEN 'review.' AND 'review/'
    WHERE r.withdrawn_at IS NULL
        AND {_BY_DUE_YEAR}
        AND {_BY_REGION}
    GROUP BY r.id)
WHERE 复议 > 0 OR 诉讼 > 0 ORDER BY 诉讼 DESC, 复议 DESC LIMIT 100""",
        (_DUE_YEAR, _REGION),
    ),
    Saved(
        "待处理的门户", "运行", "读不到、被拦截或久未完整读取的门户",
        """SELECT 代号, 门户, 状态, 最近一次, 最近完整读取 FROM 门户健康
WHERE 状态 <> '正常' OR 最近完整读取 IS NULL ORDER BY 最近完整读取, 代号""",
    ),
    Saved(
        "未核实的年报", "运行", "在线，但已有若干天没有核实（一天以协调世界时计）；最久的在前",
        f"""SELECT r.id AS 年报编号, p.title AS 门户, r.organ AS 机关, r.year AS 年度, r.last_verified_at AS 最后核实,
    CAST(julianday('now') - julianday(r.last_verified_at) AS INTEGER) AS 天数
FROM reports r JOIN portals p ON p.name = r.portal
WHERE r.withdrawn_at IS NULL AND r.status <> 'taken_down'
    AND r.last_verified_at < strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-' || CAST(coalesce(nullif(:天数, ''), 7) AS INTEGER) || ' days')
    AND {_BY_PORTAL}
ORDER BY r.last_verified_at""",
        (_DAYS, _PORTAL),
    ),
    Saved(
        "未送达的提醒", "运行", "没有送达的提醒，和原因",
        """SELECT d.event AS 事件编号, d.channel AS 渠道, d.attempts AS 尝试次数, d.last_error AS 原因, e.summary AS 摘要,
    e.detected_at AS 发现时间
FROM deliveries d JOIN events e ON e.id = d.event
WHERE d.state IN ('failed', 'dead') ORDER BY d.id""",
    ),
    Saved(
        "最近的读取", "运行", "最近 200 次读取门户：结果、请求数、流量",
        """SELECT p.title AS 门户, c.started_at AS 开始, c.finished_at AS 结束,
    CASE c.outcome WHEN 'ok' THEN '完成' WHEN 'cut_short' THEN '中断' WHEN 'failed' THEN '失败' WHEN 'killed' THEN '被终止'
        ELSE '进行中' END AS 结果,
    c.requests AS 请求数, c.errors AS 出错, round(c.bytes / 1e6, 1) AS 兆字节, c.reports_seen AS 读到年报
FROM crawls c JOIN portals p ON p.name = c.portal ORDER BY c.id DESC LIMIT 200""",
    ),
)  # fmt: skip
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(one.group for one in SAVED))

VIEWS: tuple[tuple[str, str], ...] = (
    ("年报一览", "每份年报一行：机关、年度、状态、公开日期、版本、网址"),
    ("变更记录", "每个事件一行：公开、变更、撤下、恢复、迁移、逾期……"),
    ("统计数据", "每份年报一行，三张法定表格每格一列"),
    ("统计数据明细", "每个数值一行：表、行、列、数值、单位、原文、来源、置信度"),
    ("指标说明", "每个指标一行：代码、名称、单位、在“统计数据”中的列名"),
    ("核对问题", "自相矛盾或未能读取之处，每处一行"),
    ("逾期未公开", "法定期限已过而未公开：机关、年度、期限"),
    ("门户健康", "每个门户一行：状态、最近一次读取、年报数"),
)
"""Views for people, and what they hold."""
