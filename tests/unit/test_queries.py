"""The queries of docs/queries.md, run as they stand there, find what the record is known to hold."""

import re
from pathlib import Path

import pytest

from monitor.store import Store
from tests.unit.figures_record import Made, make

PAGE = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
QUERIES = {
    heading: sql
    for heading, text in re.findall(r"(?ms)^## (.+?)\n(.*?)(?=^## |\Z)", PAGE)
    for sql in re.findall(r"(?ms)^```sql\n(.*?)^```$", text)
}


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("queries") / "nianbao.db") as store:
        yield store, make(store)


def test_every_query_is_explained_in_chinese_and_is_one_statement():
    assert len(QUERIES) >= 10
    assert len(QUERIES) == PAGE.count("\n## ") == PAGE.count("```sql")
    for sql in QUERIES.values():
        assert re.match(r"-- .*[\u4e00-\u9fff]", sql)
        assert sql.count(";") == 1


def expected(made: Made, values: dict[str, float]) -> dict[str, dict[str, object]]:
    """By heading: a row that the query must find, as far as it is told here."""
    organ = "海棠区人民政府"
    edited = int(made.values[made.edited]["requests.new.total"])
    hostile = int(made.values[made.hostile]["requests.carried_in.total"])
    return {
        "Who is overdue, by region": {"地区": "3306", "逾期": 1, "机关": "云溪市民政局"},
        "What changed in a month": {"类型": "撤下", "机关": organ, "年度": 2023},
        "Which figures were edited after publication": {"指标": "总计 · 一、本年新收", "原为": "7", "现为": "9"},
        "Figures that differ between first and current version": {
            "机关": organ, "年度": 2019, "指标": "表三 总计 · 一、本年新收", "首次": "7", "现行": f"{edited}",
        },
        "Reports edited most often": {"门户": "haitang", "年度": 2019, "改动次数": 1},
        "Tables that do not add up": {"机关": organ, "年度": 2019, "规则": "表三收支不平衡", "位置": "表三 总计"},
        "What was not carried over": {"机关": organ, "年度": 2022, "上年结转下年度": hostile - 1, "本年上年结转": hostile},
        "New applications of an organ, year on year": {
            "年度": 2020, "新收": values["2020"], "增减": values["2020"] - values["2019"],
        },
        "Why applications are refused": {"年度": 2024, "理由": "三(三)1.属于国家秘密", "件数": values["secret"]},
        "Who is sued most, and loses": {"诉讼": values["suits"]},
        "Figures read from pictures that want a look": {"机关": organ, "年度": 2021, "置信度": 0.62},
        "Departments without tables": {"机关": "海棠区教育局", "年度": 2019},
        "Published late, and by how many days": {"机关": organ, "年度": 2022, "公开日期": "2023-09-01", "逾期天数": 154},
        "What was taken down, with the proof": {"年度": 2023, "状态码": 404, "存档": "haitang/1.warc.gz#9"},
        "Portals that need a look": {"代号": "qinghe", "状态": "被拦截"},
        "Alerts that did not get through": {"渠道": "office", "尝试次数": 9, "原因": "refused"},
    }  # fmt: skip


@pytest.mark.parametrize("heading", QUERIES)
def test_a_query_finds_what_is_there(record: tuple[Store, Made], heading: str) -> None:
    store, made = record
    years = {row["id"]: row["year"] for row in store.rows("SELECT id, year FROM reports")}
    reports = made.values.items()
    suits = ("review.direct_suit.total", "review.suit_after_reconsideration.total")
    values = {
        "2019": made.values[made.edited]["requests.new.total"],
        "2020": made.values[made.slashed]["requests.new.total"],
        "secret": sum(one.get("requests.refused.state_secret.total", 0) for id_, one in reports if years[id_] == 2024),
        "suits": max(sum(one.get(code, 0) for code in suits) for _, one in reports),
    }
    rows = store.rows(QUERIES[heading])
    wanted = expected(made, values)[heading]
    assert any(wanted.items() <= row.items() for row in rows), rows[:5]


@pytest.mark.parametrize(
    ("heading", "rows"),
    [("Departments without tables", 1), ("What was not carried over", 1), ("Published late, and by how many days", 1),
     ("Figures that differ between first and current version", 1), ("Figures read from pictures that want a look", 2),
     ("What was taken down, with the proof", 1), ("Portals that need a look", 1)],
)  # fmt: skip
def test_a_query_finds_nothing_else(record: tuple[Store, Made], heading: str, rows: int) -> None:
    assert len(record[0].rows(QUERIES[heading])) == rows
