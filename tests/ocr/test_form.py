"""Labels set right by the form, and what the sums say of the figures."""

import random

import pytest

from monitor.demo.national_tables import numbers, row_labels
from monitor.figures.cells import fold
from monitor.figures.fields import APPLICANTS, FIELDS, REQUEST_ROWS, REVIEW_CELLS

form = pytest.importorskip("monitor.ocr.form", reason="the ocr extra is not installed")
sums = pytest.importorskip("monitor.ocr.sums")
from monitor.ocr.cells import Words  # noqa: E402
from monitor.ocr.ruling import Cell, Grid  # noqa: E402

HEADS = [FIELDS[f"requests.new.{column}"].column_label for column in APPLICANTS]


def grid(rows: list[list[str]]) -> tuple[Grid, list[Words]]:
    cells = [Cell(i, i + 1, j, j + 1, (0, 0, 9, 9), False) for i, row in enumerate(rows) for j, _ in enumerate(row)]
    figure = [(word[:1].isdigit() and word.replace(".", "").isdigit()) or not word for row in rows for word in row]
    words = [Words(word, 0.95, f) for word, f in zip((w for row in rows for w in row), figure, strict=True)]
    return Grid(len(rows), len(rows[0]), tuple(cells), (0, 0, 9, 9)), words


def requests(form_name: str = "2021", seed: int = 1) -> list[list[str]]:
    values = numbers(random.Random(seed), form_name)
    rows = [["勾稽关系", *HEADS]]
    for row in REQUEST_ROWS[form_name]:
        rows.append([row_labels(row)[-1], *(str(int(values[f"requests.{row}.{column}"])) for column in APPLICANTS)])
    return rows


def reviews() -> list[list[str]]:
    outcomes = ["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"] * 3
    return [
        ["行政复议"] * 5 + ["行政诉讼"] * 10,
        outcomes[:5] + ["未经复议直接起诉"] * 5 + ["复议后起诉"] * 5,
        outcomes,
        ["1", "2", "0", "4", "7"] * 3,
    ]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("5.属于三类内部事努信息", "5.属于三类内部事务信息"),
        ("一、本午新收政府信息公开申请数置", "一、本年新收政府信息公开申请数量"),
        ("3.危及三安全稳定", "3.危及“三安全一稳定”"),
        ("行政事业姓收费", "行政事业性收费"),
        ("本年废止件敝", "本年废止件数"),
        ("法入或其他组织", "法人或其他组织"),
    ],
)
def test_a_label_like_only_one_of_the_forms_is_that_one(said: str, meant: str) -> None:
    words, _ = form.settled(*grid([[said, "5"]]))
    assert (fold(words[0].text), words[1].text) == (fold(meant), "5")


@pytest.mark.parametrize(
    "said", ["总汁", "其地", "规草", "第二十条第(七)项办公用房面积", "本单位设有三个科室", "科研经费"]
)
def test_other_words_stay(said: str) -> None:
    words, _ = form.settled(*grid([[said, "5"]]))
    assert words[0].text == said


def test_a_clause_is_not_another_clause() -> None:
    for number in "一五六八九":
        words, _ = form.settled(*grid([[f"第二十条第（{number}）项", "5"]]))
        assert words[0].text == f"第二十条第（{number}）项"


@pytest.mark.parametrize("name", ["2019", "2021"])
def test_rows_and_columns_of_table_3_follow_from_their_places(name: str) -> None:
    rows = requests(name)
    right = [list(row) for row in rows]
    rows[-2][0], rows[3][0], rows[0][6] = "(匕)总汁", "予以么", "其地"
    words, placed = form.settled(*grid(rows))
    said = [words[i * 8].text for i in range(len(rows))]
    assert [fold(one).lstrip("一二三四五六七12345678") for one in said[1:]] == [
        fold(row[0]).lstrip("一二三四五六七12345678") for row in right[1:]
    ]
    assert words[6].text == "其他"
    assert placed.table == "三"
    assert len(placed.cells) == 7 * len(REQUEST_ROWS[name])


def test_a_row_that_names_another_row_is_left_alone() -> None:
    rows = requests()
    rows[5], rows[9] = rows[9], rows[5]
    words, placed = form.settled(*grid(rows))
    assert placed.table == ""
    assert [words[i * 8].text for i in range(len(rows))] == [row[0] for row in rows]


def test_a_part_of_table_3_is_placed_but_not_summed_by_column() -> None:
    rows = requests()
    _, placed = form.settled(*grid(rows[:1] + rows[9:20]))
    assert {row for row, _ in placed.cells} == set(REQUEST_ROWS["2021"][8:19])
    assert len(list(form.identities(placed))) == 11


def test_table_4_by_position() -> None:
    rows = reviews()
    rows[0][0], rows[2][7] = "行玫复义", "其也结"
    words, placed = form.settled(*grid(rows))
    assert placed.table == "四"
    assert list(placed.cells) == [tuple(code.split(".")[1:]) for code in REVIEW_CELLS]
    assert words[2 * 15 + 7].text == "其他结果"


def test_what_the_sums_confirm_and_what_they_doubt() -> None:
    rows = requests()
    filled = next(i for i, row in enumerate(rows) if i > 2 and row[1] not in ("0", "勾稽关系") and i < 20)
    table, words = grid(rows)
    number = filled * 8 + 1
    words = [one._replace(sure=0.7) for one in words]
    words, placed = form.settled(table, words)
    sure = sums.weighed(words, placed)
    assert sure[number].sure == 0.97
    assert all(one.sure == 0.7 for one in sure if one.text == "0")  # `0`, `/` and blank add the same
    wrong = [
        one._replace(text="987654", sure=0.99) if n == number else one._replace(sure=0.99)
        for n, one in enumerate(words)
    ]
    doubted = sums.weighed(wrong, placed)
    assert [n for n, one in enumerate(doubted) if one.sure < 0.9] == [number]
    assert [one.text for one in doubted] == [one.text for one in wrong]


def test_a_cell_that_is_no_figure_leaves_its_sums_unknown() -> None:
    table, words = grid(reviews())
    words, placed = form.settled(table, words)
    words[45] = Words("于", 0.5, False)
    found = sums.weighed(words, placed)
    assert [one.sure for one in found[46:50]] == [0.95] * 4
    assert [one.sure for one in found[50:55]] == [0.95, 0.95, 0.95, 0.95, 0.95]


def test_a_figure_that_spans_columns_of_table_4_is_doubtful() -> None:
    table, words = grid(reviews())
    cells = list(table.cells)
    cells[46] = cells[46]._replace(right=cells[46].right + 1)
    merged = table._replace(cells=tuple(cells))
    found, _ = form.settled(merged, words)
    assert min(one.sure for one in found[45:]) == 0.5
