"""The views that staff query: every figure in its place, nothing invented, and fast because of how it is looked up."""

import hashlib
import re
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.utils import sqlite3

from monitor.figure_views import COLUMNS, RULE_NAMES, SOURCE_NAMES, VIEWS
from monitor.figures.fields import FIELDS, label
from monitor.figures.open_fields import INDICATORS, PROSE
from monitor.migrations import migrations
from monitor.store import Store
from tests.unit.figures_record import Made, finding, make

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("views") / "nianbao.db") as store:
        yield store, make(store)


def test_a_landed_view_is_changed_by_a_new_migration_only():
    """Records keep the views that they were migrated to: if this text has to change, add a migration that runs VIEWS
    again, and tell it in the changelog."""
    assert hashlib.sha256(VIEWS.encode()).hexdigest()[:16] == "b37d67e9cc16e37a"


def test_a_record_of_the_last_release_gets_the_names_of_the_new_rules(tmp_path):
    with Store.open(tmp_path / "nianbao.db") as store:
        fresh = store.rows("SELECT sql FROM sqlite_master WHERE name = '核对问题'")
        with store.transaction():  # as m003 left it
            store.run("DROP VIEW 核对问题")
            store.run("CREATE VIEW 核对问题 AS SELECT 1 AS 规则")
            store.run("ALTER TABLE portals DROP COLUMN not_before")
            store.run("ALTER TABLE sections DROP COLUMN unrendered")
            store.run("ALTER TABLE sections DROP COLUMN rendered_at")
            store.run("DELETE FROM _sqlite_migrations WHERE name = 'm005_country'")
    with Store.open(tmp_path / "nianbao.db") as store:
        assert store.rows("SELECT sql FROM sqlite_master WHERE name = '核对问题'") == fresh
        assert "栏目疑似迁移" in fresh[0]["sql"]


def test_columns_have_readable_names_that_need_no_quotes(record):
    store, _ = record
    assert COLUMNS.keys() == FIELDS.keys()
    assert len(set(COLUMNS.values())) == len(COLUMNS)
    assert COLUMNS["requests.new.total"] == "表三_总计_一、本年新收"
    assert COLUMNS["requests.refused.state_secret.total"] == "表三_总计_三（三）1属于国家秘密"
    assert COLUMNS["proactive.fees.amount"] == "表二_行政事业性收费_本年收费金额（万元）"
    columns = [row["name"] for row in store.rows("PRAGMA table_info(统计数据)")]
    assert columns[11:] == list(COLUMNS.values())
    assert store.rows(f"SELECT {', '.join(columns)} FROM 统计数据 LIMIT 1")[0].keys() == set(columns)


def test_every_report_is_one_row_with_every_figure_in_its_column(record: tuple[Store, Made]):
    store, made = record
    rows = {row["年报编号"]: row for row in store.rows("SELECT * FROM 统计数据")}
    assert rows.keys() == made.values.keys()
    assert made.withdrawn not in rows
    for report, values in made.values.items():
        row = rows[report]
        assert {code: row[name] for code, name in COLUMNS.items()} == {code: values.get(code) for code in COLUMNS}
        assert row["表式"] == (None if not values else "2021" if row["年度"] >= 2021 else "2019")


def test_the_head_of_a_row_says_whose_it_is_and_where_it_was_read(record):
    store, made = record
    rows = {row["年报编号"]: row for row in store.rows("SELECT * FROM 统计数据")}
    edited = {name: value for name, value in rows[made.edited].items() if not name.startswith("表") or name == "表式"}
    assert edited == {
        "年报编号": made.edited, "门户": "海棠区人民政府", "地区": "330281", "机关": "海棠区人民政府", "机关类别": "政府",
        "年度": 2019, "公开日期": "2020-03-11", "表式": "2019", "数据来源": "网页", "最低置信度": 1.0,
        "网址": "http://haitang.example/art/1/2019.html",
    }  # fmt: skip
    assert (rows[made.recognised]["数据来源"], rows[made.recognised]["最低置信度"]) == ("图片识别", 0.62)
    assert rows[made.bare]["数据来源"] is None


def test_what_is_told_in_prose_has_no_say_in_where_the_tables_were_read(record):
    store, made = record
    version = store.row("SELECT current_version FROM reports WHERE id = ?", (made.edited,))["current_version"]
    store.run("SAVEPOINT prose")
    codes = (
        "prose.requests.new",
        "indicator.proactive.total",
        "indicator.检索服务次数",
        "indicator.proactive.total.电子化.其中",
    )
    store.run_many(
        "INSERT INTO figures VALUES (?, ?, 12, '12件', ?, 0.7, '')",
        [(version, code, "prose" if code.startswith("prose") else "html") for code in codes],
    )
    row = store.row("SELECT 数据来源, 最低置信度, 表式 FROM 统计数据 WHERE 年报编号 = ?", (made.edited,))
    told = store.rows("SELECT * FROM 统计数据明细 WHERE 年报编号 = ? AND 表 IN ('正文', '附表')", (made.edited,))
    store.run("ROLLBACK TO prose")
    assert row == {"数据来源": "网页", "最低置信度": 1.0, "表式": "2019"}
    assert {one["指标代码"]: one["指标名称"] for one in told} == {code: label(code) for code in codes}
    assert {one["指标代码"]: (one["表"], one["来源"], one["单位"]) for one in told} == {
        "prose.requests.new": ("正文", "正文", "件"),
        "indicator.proactive.total": ("附表", "网页", "条"),
        "indicator.检索服务次数": ("附表", "网页", None),
        "indicator.proactive.total.电子化.其中": ("附表", "网页", None),
    }


@pytest.mark.parametrize(
    ("codes", "form"),
    [
        (("requests.other.total",), "2019"),
        (("requests.other.other.total",), "2021"),
        (("requests.other.total", "requests.other.other.total", "requests.other.fee_unpaid.total"), "2021"),
        (("requests.other.other.total", "proactive.procurement.items"), "2019"),
        (("requests.new.total", "proactive.licences.decisions"), None),
        ((), None),
    ],
)
def test_the_form_is_told_by_table_2_before_table_3_and_by_the_more(record, codes, form):
    store, made = record
    version = store.row("SELECT current_version FROM reports WHERE id = ?", (made.bare,))["current_version"]
    store.run("SAVEPOINT form")
    store.run_many("INSERT INTO figures VALUES (?, ?, 1, '1', 'html', 1.0, '')", [(version, code) for code in codes])
    row = store.row("SELECT 表式 FROM 统计数据 WHERE 年报编号 = ?", (made.bare,))
    store.run("ROLLBACK TO form")
    assert row == {"表式": form}


def test_details_have_every_figure_with_its_name_and_unit(record: tuple[Store, Made]):
    store, made = record
    rows = store.rows("SELECT * FROM 统计数据明细")
    assert len(rows) == sum(map(len, made.values.values()))
    for row in rows:
        code = row["指标代码"]
        field = FIELDS[code]
        assert row["数值"] == made.values[row["年报编号"]][code]
        assert (row["表"], row["行"], row["列"], row["指标名称"], row["单位"]) == (
            f"表{field.table}", field.row_label, field.column_label, label(code), field.unit,
        )  # fmt: skip
        assert row["来源"] == ("图片识别" if row["年报编号"] == made.recognised else "网页")
        assert row["附件网址"] == ("http://haitang.example/table.png" if row["年报编号"] == made.recognised else None)
    slashed = [
        row for row in rows if row["年报编号"] == made.slashed and row["指标代码"].startswith("review.reconsideration")
    ]
    assert [(row["数值"], row["原文"]) for row in slashed if row["数值"] is None] == [(None, ""), (None, "/")]


def test_the_dictionary_names_every_code_in_the_order_of_the_forms(record):
    store, _ = record
    rows = store.rows("SELECT * FROM 指标说明")
    assert [row["指标代码"] for row in rows] == [*FIELDS, *INDICATORS, *PROSE]
    assert [row["列名"] for row in rows if row["列名"]] == list(COLUMNS.values())
    assert [row["指标名称"] for row in rows] == [label(row["指标代码"]) for row in rows]
    assert {row["表"] for row in rows} == {"表二", "表三", "表四", "附表", "正文"}
    assert {row["表式"] for row in rows if row["列名"]} == {"2019", "2021", "2019、2021"}


def test_findings_are_in_chinese_and_of_current_versions(record: tuple[Store, Made]):
    store, made = record
    rows = store.rows("SELECT * FROM 核对问题")
    assert [(row["年报编号"], row["规则"], row["严重程度"]) for row in rows] == [
        (made.edited, "表三收支不平衡", "警告"),
        (made.slashed, "结转不一致", "错误"),
        (made.hostile, "逾期公开", "警告"),
        (None, "页面无法解析", "警告"),
    ]
    assert rows[0]["指标"] == "表三 总计 · 一、本年新收；表三 总计 · 二、上年结转"
    assert rows[0]["位置"] == "表三 总计"
    assert [rows[3][name] for name in ("门户", "机关", "年度", "位置", "指标")] == [
        "云溪市人民政府",
        None,
        None,
        None,
        None,
    ]
    store.run("SAVEPOINT more")
    finding(store, made.edited, "new_rule", "…", fields='["prose.unheard_of"]')
    row = store.rows("SELECT * FROM 核对问题")[-1]
    store.run("ROLLBACK TO more")
    assert (row["规则"], row["规则代码"], row["指标"]) == ("new_rule", "new_rule", "prose.unheard_of")


def test_every_documented_rule_has_a_chinese_name():
    page = (ROOT / "docs" / "database.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| (`.*?) \|", page.partition("| rule | says")[2].partition("###")[0])
    documented = {rule for row in rows for rule in re.findall(r"`(\w+)`", row)}
    assert len(documented) > 20
    assert documented == RULE_NAMES.keys()
    assert len(set(RULE_NAMES.values())) == len(RULE_NAMES)


def test_every_source_that_the_table_takes_has_a_name(record):
    store, _ = record
    table = store.row("SELECT sql FROM sqlite_master WHERE name = 'figures'")["sql"]
    assert set(re.findall(r"'(\w+)'", re.search(r"source IN \((.*?)\)", table)[1])) == SOURCE_NAMES.keys()


def test_cells_are_looked_up_by_key_and_only_those_that_are_asked_for(record):
    """What makes `WHERE 机关 = …` cost milliseconds on two million figures."""
    store, _ = record
    columns = ", ".join(list(COLUMNS.values())[:3])
    plan = store.rows(f"EXPLAIN QUERY PLAN SELECT 机关, {columns} FROM 统计数据 WHERE 机关 = 'x' AND 年度 = 2023")
    figures = [row["detail"] for row in plan if "figures" in row["detail"]]
    assert figures == ["SEARCH figures USING PRIMARY KEY (version=? AND field=?)"] * 3
    assert not any(row["detail"].startswith(("MATERIALIZE", "CO-ROUTINE")) for row in plan)
    plan = store.rows(
        "EXPLAIN QUERY PLAN SELECT * FROM 统计数据明细 WHERE 年度 = 2023 AND 指标代码 = 'requests.new.total'"
    )
    assert any(re.match(r"SEARCH f USING PRIMARY KEY \(version=\? AND field=\?\)", row["detail"]) for row in plan)


def test_a_record_of_an_earlier_release_keeps_its_figures(tmp_path):
    path = tmp_path / "nianbao.db"
    conn = sqlite3.connect(path, isolation_level=None)
    migrations.apply(Database(conn), stop_before="m003_figures")
    conn.execute("INSERT INTO portals (name, title, family) VALUES ('a', '甲县人民政府', 'trs')")
    conn.execute("INSERT INTO organs (portal, name, kind) VALUES ('a', '甲县人民政府', 'government')")
    conn.execute("INSERT INTO crawls (portal, mode, started_at) VALUES ('a', 'full', 't')")
    conn.execute(
        """INSERT INTO reports (portal, organ_id, organ, year, title, url, first_seen_at, last_seen_at, last_verified_at)
        VALUES ('a', 1, '甲县人民政府', 2022, 't', 'u', 't', 't', 't')"""
    )
    conn.execute(
        """INSERT INTO versions (report, seq, crawl, captured_at, content_hash, text_hash, body_hash, rules, title, organ,
        source, published_on, url, http_status, text, significance, archive_ref, previous_hash, strict_hash, page_hash,
        page_text_hash, body_key) VALUES (1, 1, 1, 't', 'c', 't', 'b', 'r', 't', 'o', 's', '', 'u', 200, '', 'first', 'a', '',
        's', 'p', 'pt', '')"""
    )
    conn.execute("UPDATE reports SET current_version = 1")
    conn.execute("INSERT INTO figures VALUES (1, 'requests.new.total', 12, '12', 'html', 1.0)")
    conn.execute("INSERT INTO figures VALUES (1, 'proactive.rules.issued', NULL, '/', 'html', 1.0)")
    old = [row[0] for row in conn.execute("SELECT 指标代码 FROM 统计数据")]
    assert sorted(old) == ["proactive.rules.issued", "requests.new.total"]
    before = list(conn.iterdump())
    sql = "SELECT 表三_总计_一、本年新收 AS new, 表二_规章_本年制发件数 AS issued, 表式 AS form FROM 统计数据"
    with Store.open_reader(path) as reader:
        assert reader.rows(sql) == [{"new": 12.0, "issued": None, "form": "2021"}]
        assert reader.row("SELECT 原文 FROM 统计数据明细 WHERE 数值 IS NULL") == {"原文": "/"}
    assert list(conn.iterdump()) == before  # who reads does not migrate
    conn.close()
    with Store.open(path) as store:
        assert store.rows(sql) == [{"new": 12.0, "issued": None, "form": "2021"}]
        store.conn.executescript(VIEWS)  # made anew by a later migration
        assert store.rows(sql) == [{"new": 12.0, "issued": None, "form": "2021"}]
        assert store.rows("PRAGMA foreign_key_check") == []
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            store.run("INSERT INTO figures VALUES (99, 'x', 1, '1', 'html', 1.0, '')")
