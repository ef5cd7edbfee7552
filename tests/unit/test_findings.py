import random
from pathlib import Path

import pytest

from crawler.page.text import render
from monitor.demo import national_tables
from monitor.figures import Figure, Figures, extract
from monitor.findings import body_key, check

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"


def figures(form: str = "2021", seed: int = 2, **changed: float | None) -> Figures:
    """Consistent figures; `requests__new__total=9` changes one."""
    truth: dict[str, float | None] = dict(national_tables.numbers(random.Random(seed), form))
    truth |= {name.replace("__", "."): value for name, value in changed.items()}
    return Figures("2021" if form == "2021" else "2019", tuple(Figure(code, v, "") for code, v in truth.items()))


def rules(text: str = "", year: int | None = 2022, **more: object) -> list[str]:
    arguments = {"figures": Figures(), **more}
    return [one.rule for one in check(text, year=year, **arguments)]  # type: ignore[arg-type]


@pytest.mark.parametrize("block", range(5))
def test_right_reports_have_no_finding(block: int) -> None:
    for seed in range(block * 40, block * 40 + 40):
        rng = random.Random(seed)
        form = rng.choice(["2019", "2021"])
        made = national_tables.sheet(rng, form)
        year = int(form) + 1
        previous = national_tables.numbers(rng, form)
        carried = {
            column.rpartition(".")[2]: int(value)
            for column, value in previous.items()
            if column.startswith("requests.carried_out.")
        }
        following = national_tables.sheet(rng, form, values=national_tables.numbers(rng, form, carried))
        found = check(
            following.text,
            year=year,
            published_on=f"{year + 1}-01-20",
            figures=extract(following.text),
            previous=Figures(made.form, tuple(Figure(code, value, "") for code, value in previous.items())),  # type: ignore[arg-type]
            others={year - 1: body_key(made.text)},
        )
        assert found == (), seed


def test_column_out_of_balance() -> None:
    truth = national_tables.numbers(random.Random(2), "2021")
    right = truth["requests.handled_total.total"] + truth["requests.carried_out.total"]
    found = check("", year=2022, figures=figures(requests__new__total=truth["requests.new.total"] + 36))
    assert [(one.rule, one.severity) for one in found] == [("table3_column", "warning"), ("table3_row", "warning")]
    assert found[0].detail == f"表三“总计”列不平衡：一＋二 = {right + 36:g}，三(七)＋四 = {right:g}"


def test_outcomes_against_their_total() -> None:
    for form in ("2019", "2021"):
        changed = {"requests__granted__welfare": 100000, "requests__granted__total": None}
        found = check("", year=int(form), figures=figures(form, **changed))
        assert [one.rule for one in found] == ["table3_handled"]
        assert found[0].detail.startswith("表三“社会公益组织”列：三(一)至(六)合计 = ")


def test_many_rows_make_one_finding() -> None:
    changed = {f"requests__{row}__total": None for row in ("new", "carried_in", "handled_total", "carried_out")}
    rows = ("granted", "partly_granted", "refused__process", "refused__third_party")
    changed |= {f"requests__{row}__total": 100000 for row in rows}
    found = check("", year=2022, figures=figures(**changed))
    assert [one.rule for one in found] == ["table3_row"]
    assert found[0].detail.endswith("等 4 行")


def test_reviews_out_of_balance() -> None:
    found = check("", year=2022, figures=figures(review__direct_suit__total=99))
    assert [one.rule for one in found] == ["table4_total"]
    assert "未经复议直接起诉" in found[0].detail


def test_a_blank_cell_makes_nothing_wrong() -> None:
    changed = {"requests__granted__natural_person": None, "requests__granted__total": None}
    blank = figures(**changed, requests__handled_total__natural_person=None, requests__handled_total__total=None)
    assert check("", year=2022, figures=blank) == ()


def test_carried_over() -> None:
    (found,) = check(
        "",
        year=2022,
        figures=Figures("2021", (Figure("requests.carried_in.total", 5, "5"),)),
        previous=Figures("2021", (Figure("requests.carried_out.total", 6, "6"),)),
    )
    assert found.rule == "carried_over"
    assert found.detail == "表三2021年“四、结转下年度”与2022年“二、上年结转”不一致：总计 6 → 5"


@pytest.mark.parametrize(
    ("year", "form", "wrong"),
    [
        (2019, "2019", False),
        (2020, "2019", False),
        (2021, "2021", False),
        (2025, "2021", False),
        (2021, "2019", True),
        (2020, "2021", True),
        (2018, "2019", True),
        (None, "2019", False),
        (2023, "", False),
    ],
)
def test_form_of_the_year(year: int | None, form: str, wrong: bool) -> None:
    assert ("wrong_form" in rules(year=year, figures=Figures(form))) == wrong  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("所列数据的统计期限为2022年1月1日至2022年12月31日。", None),
        ("统计期限自2022年1月1日起至12月31日止。", None),
        ("統計期限為 2022 年 1 月 1 日至 2022 年 12 月 31 日。", None),
        ("本报告中所列数据的统计期限为2022年1月1日至2021年12月31日。", "impossible_period"),
        ("统计期限为2022年1月1日到2022年12月32日。", "impossible_period"),
        ("本报告数据统计时间为2021年1月1日—2021年12月31日。", "wrong_period"),
        ("统计期限为2022年3月1日至2022年12月31日。", None),
        ("2022年5月1日至2021年6月1日开展专项行动。", None),
        ("有关数据显示，2019年5月3日至2019年8月9日接待群众10次。", None),
    ],
)
def test_period(text: str, rule: str | None) -> None:
    assert rules(text) == ([rule] if rule else [])


def test_first_year_of_the_regulation() -> None:
    assert rules("统计期限为2008年5月1日至2008年12月31日。", year=2008) == []


def test_published_before_the_year_was_over() -> None:
    assert rules(published_on="2022-03-20") == ["published_early"]
    assert rules(published_on="2023-01-20") == []
    assert rules(published_on="1970-01-01") == []


@pytest.mark.parametrize(
    "text",
    [
        "配合完成1件365游戏_bet·365_365bet电脑网站委员提案办理工作",
        "在365体育投注、区政府的领导下",
        "美高梅娛樂城辦公廳關於印發",
        "中国体育彩票市人民政府办公室",
    ],
)
def test_spliced_words(text: str) -> None:
    (found,) = check(text, year=2022, figures=Figures())
    assert (found.rule, found.severity) == ("clone_words", "error")


@pytest.mark.parametrize(
    "text",
    [
        "公开体育彩票公益金使用情况、福利彩票销售数据。",
        "开展打击网络赌博专项行动，关闭博彩网站12个。",
        "依法查处某娱乐城消防违法行为。",
        "全年365天不打烊，24小时投注……",
    ],
)
def test_honest_words(text: str) -> None:
    assert rules(text) == []


def test_same_text_as_another_year() -> None:
    text = "本报告是根据要求编制的。" * 40
    found = check(text, year=2012, figures=Figures(), others={2011: body_key(text.replace("编", " 编")), 2010: "x"})
    assert [(one.rule, one.detail) for one in found] == [("same_text", "正文与2011年报告完全相同")]
    assert rules("短文", others={2011: body_key("短文")}) == []


def test_damage_is_told() -> None:
    text = "| 信息内容 | 本年制发件数 | 本年废止件数 | 现行有效件数 |\n| 规章 | 1 | 2 | 3 | 4 |"
    assert rules(text, figures=extract(text)) == ["table_damaged"]


@pytest.mark.seeds
@pytest.mark.skipif(not SEEDS.exists(), reason="../shared/seeds is not here")
@pytest.mark.parametrize(
    ("seed", "year", "expected"),
    [
        ("000", 2020, []),
        ("001", 2022, ["clone_words"]),
        ("002", 2020, ["impossible_period"]),
        ("003", 2020, []),
        ("004", 2020, []),
    ],
)
def test_seeds(seed: str, year: int, expected: list[str]) -> None:
    text = render(next(SEEDS.glob(f"{seed}_*")).read_text(encoding="utf-8").split("\n"))
    assert rules(text, year=year) == expected
